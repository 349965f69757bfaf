//! Versioned schema changes, embedded in the program and applied only by `migrate`.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::db::{Location, Tx, sql};
use super::{Store, StoreError, files, transaction};

/// One step of the schema. Steps are never changed once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

const SQLITE: &[Migration] = &[Migration {
    version: 1,
    name: "posts_and_queue",
    sql: include_str!("../../migrations/sqlite/0001_posts_and_queue.sql"),
}];

/// A migration with the time it was applied, if it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    pub migration: Migration,
    pub applied_at: Option<DateTime<Utc>>,
}

impl Location {
    /// The migrations of this engine, in order.
    #[must_use]
    pub fn migrations(&self) -> &'static [Migration] {
        match self {
            Self::Sqlite(_) => SQLITE,
        }
    }

    fn schema_version(&self) -> i64 {
        self.migrations().last().map_or(0, |last| last.version)
    }
}

/// The table of applied migrations; one statement, so that two migrators that
/// start together may both run it.
const STATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_state (
  version    INTEGER PRIMARY KEY NOT NULL,
  name       TEXT NOT NULL,
  applied_at TEXT NOT NULL
)";

impl Store {
    /// Opens a database for migrating, creating its file if it is not there.
    ///
    /// # Errors
    /// The file cannot be created, or is something else than a database.
    pub async fn open_for_migration(
        location: &Location,
        timeout: Duration,
    ) -> Result<Self, StoreError> {
        let Location::Sqlite(path) = location;
        files::create(path)?;
        if files::is_empty(path) {
            // A valid empty database needs one write to get its header.
            return Ok(Self {
                pool: super::Pool::sqlite(path, timeout),
                location: location.clone(),
            });
        }
        Self::open_any_schema(location, timeout)
    }

    /// Every migration with the time it was applied. Reads only; a database
    /// that does not exist yet has applied none.
    ///
    /// # Errors
    /// The database cannot be read, or is newer than this program.
    pub async fn migration_states(
        location: &Location,
        timeout: Duration,
    ) -> Result<Vec<MigrationState>, StoreError> {
        let applied = match Self::open_any_schema(location, timeout) {
            Ok(store) => {
                let mut tx = store.pool.begin_read().await?;
                let applied = applied(&mut tx).await?;
                drop(tx);
                store.close().await;
                applied
            }
            Err(StoreError::NoSchema(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        refuse_newer(location, &applied)?;
        Ok(location
            .migrations()
            .iter()
            .map(|migration| MigrationState {
                migration: *migration,
                applied_at: applied
                    .iter()
                    .find(|(version, _)| *version == migration.version)
                    .map(|(_, at)| *at),
            })
            .collect())
    }

    /// Applies what is missing, each migration in one transaction together
    /// with its mark, and tells `progress` of each. A second migrator waits
    /// and finds nothing left to do. Returns what was applied.
    ///
    /// # Errors
    /// The database is newer than this program, or a statement failed: then
    /// that migration did not happen.
    pub async fn migrate(
        &self,
        mut progress: impl FnMut(&Migration),
    ) -> Result<Vec<Migration>, StoreError> {
        transaction!(self, tx, { tx.script(STATE_TABLE).await? })?;
        let mut done = Vec::new();
        for migration in self.location.migrations() {
            progress(migration);
            let applied_now = transaction!(self, tx, {
                // Read under the write lock: another migrator may have been first.
                let applied = applied(tx).await?;
                refuse_newer(&self.location, &applied)?;
                if applied.iter().any(|(version, _)| *version == migration.version) {
                    false
                } else {
                    tx.script(migration.sql).await?;
                    tx.execute_one(
                        "mark migration",
                        sql("INSERT INTO schema_state (version, name, applied_at)
                             VALUES (?, ?, {now})")
                        .int(migration.version)
                        .text(migration.name),
                    )
                    .await?;
                    true
                }
            })?;
            if applied_now {
                done.push(*migration);
            }
        }
        Ok(done)
    }

    /// Refuses a schema that this program was not made for.
    pub(super) async fn check_schema(&self) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let applied = applied(&mut tx).await?;
        refuse_newer(&self.location, &applied)?;
        let needed = self.location.schema_version();
        match applied.last() {
            None => Err(StoreError::NoSchema(self.location.to_string())),
            Some((found, _)) if *found < needed => {
                Err(StoreError::SchemaOlder { found: *found, needed })
            }
            Some(_) => Ok(()),
        }
    }
}

fn refuse_newer(location: &Location, applied: &[(i64, DateTime<Utc>)]) -> Result<(), StoreError> {
    let known = location.schema_version();
    match applied.last() {
        Some((found, _)) if *found > known => Err(StoreError::SchemaNewer { found: *found, known }),
        _ => Ok(()),
    }
}

/// The applied versions in order; none when the table is not there yet.
async fn applied(tx: &mut Tx) -> Result<Vec<(i64, DateTime<Utc>)>, StoreError> {
    let rows = match tx
        .all(sql("SELECT version, applied_at FROM schema_state ORDER BY version"))
        .await
    {
        Ok(rows) => rows,
        Err(StoreError::Statement(text)) if text.contains("schema_state") => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    rows.iter().map(|row| Ok((row.int("version")?, row.time("applied_at")?))).collect()
}
