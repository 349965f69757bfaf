//! A database for one run only: made new, so that no row of anybody else can
//! be in it.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::store::sql::db::{Engine, Pool, sql};
use crate::store::sql::files;
use crate::store::sql::location::unreadable_url;
use crate::store::{Location, Store, StoreError};

/// How the names of such databases on a server begin.
const PREFIX: &str = "socialsched_scratch_";

/// A new, empty database: a file, or one on a server.
#[derive(Debug)]
pub struct Scratch {
    location: Location,
    /// Of a server: where to drop it, and its name.
    server: Option<(Location, String)>,
}

impl Scratch {
    /// Makes the file that `near` names, or a database with a name of its own
    /// on the server that `near` names.
    ///
    /// # Errors
    /// The file exists already; the server is away, or lets this user make
    /// no database.
    pub async fn make(near: &Location, timeout: Duration) -> Result<Self, StoreError> {
        let name = format!("{PREFIX}{}", uuid::Uuid::new_v4().simple());
        let (server, location) = match near {
            Location::Sqlite(path) => {
                files::create_new(path)?;
                return Ok(Self { location: near.clone(), server: None });
            }
            // Needs no database to log in.
            Location::MySql(url) => {
                (Location::MySql(named(url, "")?), { Location::MySql(named(url, &name)?) })
            }
            Location::Postgres(url) => (near.clone(), Location::Postgres(named(url, &name)?)),
        };
        let pool = Pool::new(&server, timeout)?;
        let made = match pool.alone(&format!("CREATE DATABASE {name}")).await {
            Err(StoreError::Denied(why)) => Err(match grant(&pool).await {
                Ok(grant) => StoreError::MayNotCreate { why, grant },
                // It was the log-in that was refused.
                Err(_) => StoreError::Denied(why),
            }),
            other => other,
        };
        pool.close().await;
        made.map(|()| Self { location, server: Some((server, name)) })
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Drops a server's database, even while others are connected to it; a file stays.
    ///
    /// # Errors
    /// The server is away; then it stays.
    pub async fn remove(self, timeout: Duration) -> Result<(), StoreError> {
        let Some((server, name)) = self.server else { return Ok(()) };
        let pool = Pool::new(&server, timeout)?;
        let force = if server.engine() == Engine::Postgres { " WITH (FORCE)" } else { "" };
        let dropped = pool.alone(&format!("DROP DATABASE {name}{force}")).await;
        pool.close().await;
        dropped
    }
}

impl Store {
    /// Opens a database that was just made, with its schema.
    ///
    /// # Errors
    /// The schema cannot be made.
    pub async fn open_scratch(scratch: &Scratch, timeout: Duration) -> Result<Self, StoreError> {
        let location = scratch.location();
        let store = Self::open_for_migration(location, timeout).await?;
        store.migrate(|_| {}).await?;
        store.close().await;
        Self::open(location, timeout).await
    }
}

/// The same server with another database.
fn named(url: &SecretString, name: &str) -> Result<SecretString, StoreError> {
    let mut url = Url::parse(url.expose_secret()).map_err(|_| unreadable_url())?;
    if url.cannot_be_a_base() {
        return Err(unreadable_url());
    }
    url.set_path(name);
    // PostgreSQL's other way to name one, which would win over the path.
    let options: Vec<_> =
        url.query_pairs().into_owned().filter(|(option, _)| option != "dbname").collect();
    if options.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(options);
    }
    Ok(String::from(url).into())
}

/// What an administrator types so that the user of these connections may make
/// such databases.
async fn grant(pool: &Pool) -> Result<String, StoreError> {
    let mut tx = pool.begin_read("grant").await?;
    let user = match tx.engine() {
        Engine::Postgres => "SELECT quote_ident(current_user) AS name",
        // 'name'@'host', each quoted.
        Engine::Sqlite | Engine::MySql => {
            "SELECT CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@',
                           QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1))) AS name"
        }
    };
    let user = match tx.first(sql(user)).await? {
        Some(row) => row.text("name")?,
        None => String::new(),
    };
    Ok(match tx.engine() {
        Engine::Postgres => format!("ALTER ROLE {user} CREATEDB"),
        Engine::Sqlite | Engine::MySql => format!(
            "GRANT CREATE, DROP, ALTER, INDEX, SELECT, INSERT, UPDATE, DELETE \
             ON `socialsched\\_scratch\\_%`.* TO {user}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_url_is_another() {
        for (url, expected) in [
            (
                "mysql://me:a%40b@db:3307/app?socket=/run/s",
                "mysql://me:a%40b@db:3307/NEW?socket=%2Frun%2Fs",
            ),
            ("postgres://me@db/app", "postgres://me@db/NEW"),
            ("postgres://me@db", "postgres://me@db/NEW"),
            ("postgres:///app?host=/run/pg&dbname=prod", "postgres:///NEW?host=%2Frun%2Fpg"),
            ("postgres://db/app?dbname=prod", "postgres://db/NEW"),
        ] {
            let named = named(&url.to_owned().into(), "NEW").unwrap();
            assert_eq!(named.expose_secret(), expected);
        }
    }
}
