//! The address of the database, which may hold a password.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::domain::Engine;

/// The parameters of a server's URL. Drivers ignore others, and a misspelt one
/// would leave a connection unverified.
fn parameters(engine: Engine) -> &'static [&'static str] {
    match engine {
        // Read past everything: SQLite's own.
        Engine::Sqlite => &[],
        Engine::MySql => &["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"],
        Engine::Postgres => &[
            "sslmode",
            "sslrootcert",
            "sslcert",
            "sslkey",
            "host",
            "hostaddr",
            "port",
            "dbname",
            "user",
            "password",
            "application_name",
            "options",
        ],
    }
}

/// A database URL. `Debug` and `Display` leave the password out.
#[derive(Clone)]
pub struct DatabaseUrl {
    engine: Engine,
    url: SecretString,
}

/// Why a text is no database URL; never holds any of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    #[error("starts with none of sqlite://, mysql:// and postgres:// (value not shown)")]
    Scheme,
    #[error("not a usable database URL (value not shown)")]
    Unreadable,
    #[error("sqlite:// is not followed by a file name")]
    NoFile,
    #[error("has a parameter that is none of {} (value not shown)", parameters(*.0).join(", "))]
    Parameter(Engine),
}

impl DatabaseUrlError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Scheme => "postgres://user:password@host/name, or sqlite:///path/to/file.db",
            Self::Unreadable => "inside a password write @ as %40, / as %2F, # as %23, ? as %3F",
            Self::NoFile => "sqlite:///path/to/file.db",
            Self::Parameter(_) => {
                "inside a password write & as %26; docs/databases.md lists those of TLS"
            }
        }
    }
}

impl DatabaseUrl {
    /// The URL of a SQLite file.
    #[must_use]
    pub fn sqlite(path: &Path) -> Self {
        let path = path.display().to_string().replace('%', "%25").replace('?', "%3F");
        Self { engine: Engine::Sqlite, url: format!("sqlite://{path}").into() }
    }

    /// The whole URL: for the database driver and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }

    /// Whether this URL holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.engine != Engine::Sqlite
            && Url::parse(self.expose()).map_or(true, |url| {
                url.password().is_some()
                    || url.query_pairs().any(|(key, _)| key.to_ascii_lowercase().contains("pass"))
            })
    }
}

/// What stands for a password in [`DatabaseUrl::without_password`].
const PASSWORD: &str = "PASSWORD";

impl DatabaseUrl {
    /// The whole URL with [`PASSWORD`] for each password: who puts the real one
    /// in has the same URL again.
    #[must_use]
    pub fn without_password(&self) -> String {
        if !self.has_password() {
            return self.expose().to_owned();
        }
        let Ok(mut url) = Url::parse(self.expose()) else { return self.to_string() };
        if url.password().is_some() && url.set_password(Some(PASSWORD)).is_err() {
            return self.to_string();
        }
        let is_secret = |key: &str| key.to_ascii_lowercase().contains("pass");
        if url.query_pairs().any(|(key, _)| is_secret(&key)) {
            let pairs: Vec<_> = url
                .query_pairs()
                .map(|(key, value)| {
                    let shown = if is_secret(&key) { PASSWORD } else { &*value };
                    (key.to_string(), shown.to_owned())
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(pairs);
        }
        url.into()
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let (scheme, rest) = text.trim().split_once(':').ok_or(DatabaseUrlError::Scheme)?;
        let engine = Engine::of_scheme(scheme).ok_or(DatabaseUrlError::Scheme)?;
        if engine == Engine::Sqlite {
            if rest.trim_start_matches('/').is_empty() {
                return Err(DatabaseUrlError::NoFile);
            }
        } else {
            let url = Url::parse(text.trim()).map_err(|_| DatabaseUrlError::Unreadable)?;
            // A password with an unescaped / or # ends up in these parts.
            let tail = [Some(url.path()), url.query(), url.fragment()];
            if !rest.starts_with("//") || tail.into_iter().flatten().any(|part| part.contains('@'))
            {
                return Err(DatabaseUrlError::Unreadable);
            }
            if url.query_pairs().any(|(key, _)| !parameters(engine).contains(&&*key)) {
                return Err(DatabaseUrlError::Parameter(engine));
            }
        }
        Ok(Self { engine, url: text.trim().to_owned().into() })
    }
}

impl fmt::Display for DatabaseUrl {
    /// `postgres://user:***@host/name`; the query, which may hold anything, is
    /// left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.engine == Engine::Sqlite {
            return f.write_str(self.expose());
        }
        let Ok(mut url) = Url::parse(self.expose()) else { return f.write_str("(not shown)") };
        url.set_query(None);
        url.set_fragment(None);
        // Fails only for URLs without a host, which hold no password either.
        if url.password().is_some() && url.set_password(Some("***")).is_err() {
            return f.write_str("(not shown)");
        }
        f.write_str(url.as_str())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl<'de> serde::Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_hidden_in_display_and_debug() {
        for text in [
            "postgres://me:canary@db.example/app?sslmode=require",
            "mysql://me:can%40canary@db/app",
            "postgres:///app?host=/run/pg&password=canary",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert!(url.has_password(), "{text}");
            let shown = format!("{url} {url:?}");
            assert!(!shown.contains("canary"), "{shown}");
            assert!(shown.contains("app"), "{shown}");
            assert_eq!(url.expose(), text);
        }
        assert!(!"postgres://me@db/app".parse::<DatabaseUrl>().unwrap().has_password());
    }

    /// A URL can be shown whole but for its passwords.
    #[test]
    fn url_is_shown_whole_but_passwords() {
        for (text, shown) in [
            (
                "mysql://me:canary@db:3307/app?socket=/run/s&ssl-mode=REQUIRED",
                "mysql://me:PASSWORD@db:3307/app?socket=/run/s&ssl-mode=REQUIRED",
            ),
            (
                "postgres:///app?host=/run/pg&password=canary",
                "postgres:///app?host=%2Frun%2Fpg&password=PASSWORD",
            ),
            ("postgres://me@db/app?sslmode=require", "postgres://me@db/app?sslmode=require"),
            ("sqlite:///a/b?c.db", "sqlite:///a/b?c.db"),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().without_password(), shown);
        }
    }

    #[test]
    fn unreadable_url_is_refused_without_showing_it() {
        for text in [
            "",
            "canary",
            "canary:secret",
            "oracle://me:canary@db/app",
            "postgress://me:canary@db/app",
            "postgres:me:canary@db/app",
            "postgres://me:canary/x@db/app",
            "postgres://me:canary#x@db/app",
            "postgres://me:12?canary@db/app",
            "postgres://me:12/canary@db/app",
            "postgres://me:12#canary@db/app",
            "mysql://me:canary@db:port/app",
            "postgres://me@db/app?password=1&canary=2",
            "mariadb://db/app?user=me&password=canary",
            "sqlite://",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{text}: {error}");
        }
    }

    #[test]
    fn a_misspelt_parameter_is_refused_and_not_ignored() {
        for (text, known) in [
            ("mysql://db/app?ssl_mode=VERIFY_IDENTITY", "ssl-mode"),
            ("mysql://db/app?sslmode=VERIFY_IDENTITY", "ssl-mode"),
            ("mysql://db/app?time-zone=%2B05:30", "ssl-mode"),
            ("postgres://db/app?ssl-mode=verify-full", "sslmode"),
            ("postgres://db/app?sslmode=verify-full&sslrotcert=/ca.pem", "sslrootcert"),
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains(known), "{text}: {error}");
        }
        let url = "postgres://db/app?sslmode=verify-full&sslrootcert=/ca.pem&application_name=a";
        url.parse::<DatabaseUrl>().unwrap();
    }

    #[test]
    fn kinds_follow_the_scheme() {
        for (text, engine) in [
            ("sqlite://a.db", Engine::Sqlite),
            ("sqlite:///var/lib/a.db?mode=ro", Engine::Sqlite),
            ("mysql://db/app", Engine::MySql),
            ("mariadb://db/app", Engine::MySql),
            ("postgresql://db/app", Engine::Postgres),
        ] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().engine, engine, "{text}");
        }
    }
}
