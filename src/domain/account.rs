//! Social accounts and the references to their tokens.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{AccountId, ClientId, CompanyId, Platform, PublishMode};

/// A Page, an Instagram account, or a LinkedIn member or organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocialAccount {
    pub id: AccountId,
    pub company_id: CompanyId,
    pub platform: Platform,
    pub name: String,
    /// Page id, Instagram user id, or LinkedIn URN.
    pub external_id: String,
    pub client_id: Option<ClientId>,
    /// Where the token is found; `None` means the default variables.
    pub token_ref: Option<TokenRef>,
    /// The seed's `is_added`.
    pub is_added: bool,
    /// Set while nothing is published to the account.
    pub pause: Option<Pause>,
    /// `None`: as the configuration says.
    pub publish_mode: Option<PublishMode>,
}

/// Why an account publishes nothing for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    pub reason: String,
    /// `None`: until an operator resumes it.
    pub until: Option<DateTime<Utc>>,
}

/// An account to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    pub id: AccountId,
    pub company_id: CompanyId,
    pub platform: Platform,
    pub name: String,
    pub external_id: String,
    pub client_id: Option<ClientId>,
    pub token_ref: Option<TokenRef>,
    /// `None`: as the configuration says.
    pub publish_mode: Option<PublishMode>,
}

/// Where a token is kept. The database holds this reference, never the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRef {
    /// `env:VAR`: an environment variable of the worker.
    Env(String),
    /// `file:PATH`: the first line of a file only its owner can read.
    File(PathBuf),
}

impl fmt::Display for TokenRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// A stored token reference that starts with neither `env:` nor `file:`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token reference starts with env: or file:")]
pub struct BadTokenRef;

impl FromStr for TokenRef {
    type Err = BadTokenRef;

    fn from_str(text: &str) -> Result<Self, BadTokenRef> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err(BadTokenRef),
        }
    }
}

/// A platform access token. Neither `Debug` nor any other trait shows it.
#[derive(Clone, Debug)]
pub struct AccessToken(SecretString);

impl AccessToken {
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token.into())
    }

    /// The token itself: for an `Authorization` header and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_shows_in_debug_output() {
        let token = AccessToken::new("canary-secret".to_owned());
        assert!(!format!("{token:?}").contains("canary"));
    }

    #[test]
    fn token_references_read_back() {
        for text in ["env:ACME_TOKEN", "file:/run/secrets/acme"] {
            assert_eq!(text.parse::<TokenRef>().unwrap().to_string(), text);
        }
        assert_eq!("EAAB…".parse::<TokenRef>(), Err(BadTokenRef));
    }
}
