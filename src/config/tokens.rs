//! Finds access tokens where their references point.

use super::{Env, secret_file};
use crate::domain::{AccessToken, Platform, SocialAccount, TokenRef};

/// Reads tokens from the worker's own environment and files. Nothing is kept:
/// a renewed file is seen by the next call.
#[derive(Clone)]
pub struct Tokens {
    env: Env,
    insecure: bool,
}

impl Tokens {
    /// `insecure`: accept token files that others can read.
    #[must_use]
    pub fn new(env: Env, insecure: bool) -> Self {
        Self { env, insecure }
    }

    /// The account's token: where its reference points and nowhere else, or,
    /// without a reference, in `SOCIALSCHED_TOKEN_<ACCOUNT-ID>` and then in
    /// `SOCIALSCHED_TOKEN_<PLATFORM>`.
    ///
    /// # Errors
    /// Why there is none, without any of its text.
    pub fn resolve(&self, account: &SocialAccount) -> Result<AccessToken, String> {
        match &account.token_ref {
            Some(TokenRef::Env(name)) => {
                self.variable(name)?.ok_or_else(|| format!("the variable {name} is not set"))
            }
            Some(TokenRef::File(path)) => {
                let token = secret_file::first_line(path, &self.env, self.insecure)?;
                checked(&token, || path.display().to_string())
            }
            None => {
                let own = variable_of(&account.id.to_string());
                let shared = variable_of_platform(account.platform);
                match self.variable(&own)? {
                    Some(token) => Ok(token),
                    None => self
                        .variable(&shared)?
                        .ok_or_else(|| format!("neither {own} nor {shared} is set")),
                }
            }
        }
    }

    fn variable(&self, name: &str) -> Result<Option<AccessToken>, String> {
        let value = self.env.text(name).map_err(|_| format!("the variable {name} is not UTF-8"))?;
        value.map(|token| checked(&token, || format!("the variable {name}"))).transpose()
    }
}

/// The variable that holds the token of a platform's accounts.
#[must_use]
pub fn variable_of_platform(platform: Platform) -> String {
    variable_of(platform.as_str())
}

fn variable_of(name: &str) -> String {
    format!("SOCIALSCHED_TOKEN_{}", name.to_uppercase().replace('-', "_"))
}

/// A token goes into a header: one word of visible ASCII.
fn checked(token: &str, place: impl FnOnce() -> String) -> Result<AccessToken, String> {
    let token = token.trim();
    if !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic()) {
        Ok(AccessToken::new(token.to_owned()))
    } else {
        Err(format!(
            "{} does not hold a token: it is blank, or contains spaces or unusual characters",
            place()
        ))
    }
}
