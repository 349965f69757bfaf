//! Where a database is.

use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};

pub use crate::domain::Engine;
use crate::store::StoreError;

/// Where the database is: engine and address.
#[derive(Debug, Clone)]
pub enum Location {
    /// A file on a local disk.
    Sqlite(PathBuf),
    /// A MariaDB or MySQL server; the URL may hold a password.
    MySql(SecretString),
    /// A PostgreSQL server; the URL may hold a password.
    Postgres(SecretString),
}

impl Location {
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::MySql(_) => Engine::MySql,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The URL that names it; may hold a password.
    #[must_use]
    pub fn url(&self) -> SecretString {
        match self {
            Self::Sqlite(path) => {
                let path = path.display().to_string().replace('%', "%25").replace('?', "%3F");
                format!("sqlite://{path}").into()
            }
            Self::MySql(url) | Self::Postgres(url) => url.clone(),
        }
    }
}

impl FromStr for Location {
    type Err = StoreError;

    /// Reads a URL. The error never holds any of it.
    fn from_str(url: &str) -> Result<Self, StoreError> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match Engine::of_scheme(scheme) {
            Some(Engine::Sqlite) => {
                // Once: what follows four slashes is an absolute path, too.
                let path = rest.strip_prefix("//").unwrap_or(rest);
                let path = path.split('?').next().unwrap_or_default();
                if path.is_empty() || path == ":memory:" {
                    return Err(StoreError::BadInput(
                        "a sqlite URL names a file: sqlite:///var/lib/socialsched/socialsched.db"
                            .to_owned(),
                    ));
                }
                let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
                Ok(Self::Sqlite(PathBuf::from(path.into_owned())))
            }
            Some(Engine::MySql) => Ok(Self::MySql(url.to_owned().into())),
            Some(Engine::Postgres) => Ok(Self::Postgres(url.to_owned().into())),
            None => Err(StoreError::BadInput(
                "the database URL must start with sqlite://, mysql:// or postgres://".to_owned(),
            )),
        }
    }
}

impl std::fmt::Display for Location {
    /// Without credentials: the file, or server and database name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::MySql(url) | Self::Postgres(url) => {
                let Ok(url) = url::Url::parse(url.expose_secret()) else {
                    return f.write_str("the database server");
                };
                let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
                write!(f, "{}://{host}{}", url.scheme(), url.path())
            }
        }
    }
}

pub(crate) fn unreadable_url() -> StoreError {
    StoreError::BadInput("the database URL cannot be used (not shown)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_becomes_location_hiding_its_password() {
        let file = "sqlite://a%20b.db?mode=rwc".parse::<Location>().unwrap();
        assert_eq!((file.engine(), file.to_string()), (Engine::Sqlite, "a b.db".to_owned()));
        assert_eq!(file.url().expose_secret(), "sqlite://a b.db");
        let absolute: Location = "sqlite:////tmp/a.db".parse().unwrap();
        assert_eq!(absolute.to_string(), "//tmp/a.db");
        let odd = Location::Sqlite("/tmp/50%?/a.db".into());
        let again: Location = odd.url().expose_secret().parse().unwrap();
        assert_eq!(again.to_string(), odd.to_string());
        let server: Location = "mariadb://me:canary@db.example:3307/app".parse().unwrap();
        assert_eq!(server.engine(), Engine::MySql);
        assert_eq!(server.to_string(), "mariadb://db.example/app");
        assert!(!format!("{server:?}").contains("canary"));
        assert_eq!(
            "postgres:///app".parse::<Location>().unwrap().to_string(),
            "postgres://localhost/app"
        );
        for url in ["", "sqlite://", "sqlite::memory:", "oracle://me:canary@x", "/tmp/a.db"] {
            let error = url.parse::<Location>().unwrap_err();
            assert!(!error.to_string().contains("canary"), "{url}");
        }
    }
}
