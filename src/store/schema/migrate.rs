//! Versioned schema changes, embedded in the program and applied only by `migrate`.
//!
//! A step runs while workers of the release before are at work; they looked at
//! the version when they started. So a step only adds: tables, indexes, and
//! columns that may be NULL or have a default. What is no longer used goes
//! in a step of a later release; an index that no statement of it names, at once. And every
//! statement of ours names the columns that it reads and writes.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::kill_point::kill_point;

use crate::store::schema::import;
use crate::store::sql::db::{Engine, Location, Tx, sql};
use crate::store::sql::dialect;
use crate::store::sql::files;
use crate::store::{Store, StoreError, reading, transaction};

/// One step of the schema. Steps are never changed once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

/// The same versions and names for every engine.
macro_rules! migrations {
    ($engine:literal) => {
        &[
            Migration {
                version: 1,
                name: "posts_and_queue",
                sql: include_str!(concat!(
                    "../../../migrations/",
                    $engine,
                    "/0001_posts_and_queue.sql"
                )),
            },
            Migration {
                version: 2,
                name: "follow_ups",
                sql: include_str!(concat!("../../../migrations/", $engine, "/0002_follow_ups.sql")),
            },
            Migration {
                version: 3,
                name: "lines_of_accounts",
                sql: include_str!(concat!(
                    "../../../migrations/",
                    $engine,
                    "/0003_lines_of_accounts.sql"
                )),
            },
            Migration {
                version: 4,
                name: "listing",
                sql: include_str!(concat!("../../../migrations/", $engine, "/0004_listing.sql")),
            },
        ]
    };
}

const SQLITE: &[Migration] = migrations!("sqlite");
const MYSQL: &[Migration] = migrations!("mysql");
const POSTGRES: &[Migration] = migrations!("postgres");

/// A migration with the time it was applied, if it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    pub migration: Migration,
    pub is_applied: bool,
    /// `None` also where another program wrote what is no time.
    pub applied_at: Option<DateTime<Utc>>,
}

impl Location {
    /// The migrations of this engine, in order.
    #[must_use]
    pub fn migrations(&self) -> &'static [Migration] {
        match self.engine() {
            Engine::Sqlite => SQLITE,
            Engine::MySql => MYSQL,
            Engine::Postgres => POSTGRES,
        }
    }

    pub(crate) fn schema_version(&self) -> i64 {
        self.migrations().last().map_or(0, |last| last.version)
    }
}

/// The table of applied migrations; one statement, so that two migrators that
/// start together may both run it.
fn state_table(engine: Engine) -> String {
    let (name, time) = match engine {
        Engine::Sqlite => ("TEXT", "TEXT"),
        Engine::MySql => ("VARCHAR(191)", "DATETIME(3)"),
        Engine::Postgres => ("TEXT", "TIMESTAMPTZ"),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS schema_state (
           version BIGINT NOT NULL PRIMARY KEY, name {name} NOT NULL, applied_at {time} NOT NULL)"
    )
}

impl Store {
    /// Opens a database for migrating, creating its file if it is not there.
    ///
    /// # Errors
    /// The file cannot be created, or is something else than a database.
    pub async fn open_for_migration(
        location: &Location,
        timeout: Duration,
    ) -> Result<Self, StoreError> {
        if let Location::Sqlite(path) = location {
            files::create(path)?;
            if files::is_empty(path) {
                // A valid empty database gets its header by the first write.
                let pool = crate::store::sql::db::Pool::new(location, timeout)?;
                return Ok(Self::on(pool, location));
            }
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
                let mut tx = reading!(store).await?;
                let applied = applied(&mut tx).await?;
                drop(tx);
                store.close().await;
                applied
            }
            Err(StoreError::NoSchema(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        refuse_newer(location, newest(&applied))?;
        Ok(location
            .migrations()
            .iter()
            .map(|migration| {
                let applied = applied.iter().find(|(version, _)| *version == migration.version);
                MigrationState {
                    migration: *migration,
                    is_applied: applied.is_some(),
                    applied_at: applied.and_then(|(_, at)| *at),
                }
            })
            .collect())
    }

    /// The SQL that [`Store::migrate`] would run, as one script. Reads only.
    ///
    /// # Errors
    /// The database cannot be read, or is newer than this program.
    pub async fn missing_sql(location: &Location, timeout: Duration) -> Result<String, StoreError> {
        let states = Self::migration_states(location, timeout).await?;
        let engine = location.engine();
        let mut script = String::new();
        for state in states.iter().filter(|state| !state.is_applied) {
            let migration = &state.migration;
            let sql = if engine == Engine::MySql {
                let store = Self::open_any_schema(location, timeout)?;
                let mut tx = reading!(store).await?;
                let missing = missing_statements(&mut tx, migration).await?;
                drop(tx);
                store.close().await;
                missing.iter().map(|statement| format!("{statement};\n")).collect()
            } else {
                migration.sql.to_owned()
            };
            if script.is_empty() {
                script.push_str(&format!("{};\n\n", state_table(engine)));
            }
            let mark = dialect::spell(engine, &mark(migration));
            let (version, name) = (migration.version, migration.name);
            script.push_str(&format!("-- {version:04} {name}\n{sql}\n{mark};\n"));
        }
        Ok(script)
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
        let engine = self.location.engine();
        self.check_server().await?;
        transaction!(self, tx, {
            lock_migrators(tx).await?;
            tx.script(&state_table(engine)).await?;
            unlock_migrators(tx).await?;
        })?;
        let mut done = Vec::new();
        for migration in self.location.migrations() {
            progress(migration);
            let applied_now = transaction!(self, tx, {
                // Read under the lock: another migrator may have been first.
                lock_migrators(tx).await?;
                let applied = applied(tx).await?;
                refuse_newer(&self.location, newest(&applied))?;
                let applied_now =
                    if applied.iter().any(|(version, _)| *version == migration.version) {
                        false
                    } else {
                        apply(tx, migration).await?;
                        tx.execute_one("mark migration", sql(mark(migration))).await?;
                        true
                    };
                unlock_migrators(tx).await?;
                applied_now
            })?;
            if applied_now {
                done.push(*migration);
            }
        }
        Ok(done)
    }
}

/// Versions with the time when they were applied, if it can be read.
pub(crate) type Applied = Vec<(i64, Option<DateTime<Utc>>)>;

fn newest(applied: &Applied) -> Option<i64> {
    applied.last().map(|(version, _)| *version)
}

pub(crate) fn refuse_newer(location: &Location, found: Option<i64>) -> Result<(), StoreError> {
    let known = location.schema_version();
    match found {
        Some(found) if found > known => Err(StoreError::SchemaNewer { found, known }),
        _ => Ok(()),
    }
}

/// The applied versions in order; none when the table is not there yet.
pub(crate) async fn applied(tx: &mut Tx) -> Result<Applied, StoreError> {
    let table = match tx.engine() {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_state'",
        Engine::MySql => {
            "SELECT COUNT(*) FROM information_schema.tables
              WHERE table_schema = DATABASE() AND table_name = 'schema_state'"
        }
        Engine::Postgres => {
            "SELECT COUNT(*) FROM information_schema.tables
              WHERE table_schema = ANY (current_schemas(false)) AND table_name = 'schema_state'"
        }
    };
    if tx.count(sql(table)).await? == 0 {
        return Ok(Vec::new());
    }
    let rows = tx.all(sql("SELECT version, applied_at FROM schema_state ORDER BY version")).await?;
    rows.iter().map(|row| Ok((row.int("version")?, row.time("applied_at").ok()))).collect()
}

/// Any number that no other program is likely to use.
const MIGRATION_LOCK: i64 = 7_361_054_112;

/// MariaDB's lock names are the whole server's, and at most 64 letters long.
const MIGRATORS: &str = "CONCAT('socialsched ', LEFT(SHA2(DATABASE(), 256), 40))";

/// Keeps a second migrator waiting. SQLite's write lock does it by itself.
async fn lock_migrators(tx: &mut Tx) -> Result<(), StoreError> {
    match tx.engine() {
        Engine::Sqlite => Ok(()),
        Engine::MySql => match tx.count(sql(format!("SELECT GET_LOCK({MIGRATORS}, 60)"))).await? {
            1 => Ok(()),
            _ => Err(StoreError::Busy(None)),
        },
        Engine::Postgres => {
            tx.all(sql(format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))).await?;
            Ok(())
        }
    }
}

/// MariaDB's lock is the session's, not the transaction's. After an error the
/// connection keeps it until it is closed, which the end of the command does.
async fn unlock_migrators(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.engine() == Engine::MySql {
        tx.all(sql(format!("SELECT RELEASE_LOCK({MIGRATORS})"))).await?;
    }
    Ok(())
}

/// Runs a migration's statements. On MariaDB and MySQL each commits by itself.
async fn apply(tx: &mut Tx, migration: &Migration) -> Result<(), StoreError> {
    if tx.engine() != Engine::MySql {
        return tx.script(migration.sql).await;
    }
    for statement in missing_statements(tx, migration).await? {
        tx.script(&statement).await?;
        kill_point!("migrate.statement");
    }
    Ok(())
}

/// What is left to do of a migration on MariaDB or MySQL: the conversion of
/// adopted tables, and the statements whose column, index or constraint is not
/// there already.
async fn missing_statements(tx: &mut Tx, migration: &Migration) -> Result<Vec<String>, StoreError> {
    let mut missing = Vec::new();
    if migration.version == 1 {
        missing = import::conversions(tx).await?;
    }
    // What an earlier step will make, this one cannot have dropped.
    let is_next = newest(&applied(tx).await?).unwrap_or(0) + 1 >= migration.version;
    for statement in statements(migration.sql) {
        let may_be_done = is_next || !statement.starts_with("DROP ");
        if !(may_be_done && is_done(tx, &statement).await?) {
            missing.push(statement);
        }
    }
    if !missing.is_empty() {
        // MySQL checks the foreign keys of every row when it copies a table, and
        // an adopted one may hold orphans.
        missing.insert(0, "SET SESSION foreign_key_checks = 0".to_owned());
        missing.push("SET SESSION foreign_key_checks = 1".to_owned());
    }
    Ok(missing)
}

/// Marks a migration as applied.
fn mark(migration: &Migration) -> String {
    format!(
        "INSERT INTO schema_state (version, name, applied_at) VALUES ({}, '{}', {{now}})",
        migration.version, migration.name
    )
}

/// The statements of a script, without its comment lines.
fn statements(script: &str) -> Vec<String> {
    let lines: Vec<&str> =
        script.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    lines
        .join("\n")
        .split(";\n")
        .map(|statement| statement.trim().trim_end_matches(';').to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// Whether the column, index or constraint that a statement adds is there already, or
/// the index that it drops is gone.
async fn is_done(tx: &mut Tx, statement: &str) -> Result<bool, StoreError> {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let count = match words.as_slice() {
        ["ALTER", "TABLE", table, "ADD", "COLUMN", column, ..] => {
            sql("SELECT COUNT(*) FROM information_schema.columns
                  WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?")
            .text(*table)
            .text(*column)
        }
        ["CREATE", "INDEX", index, "ON", table, ..]
        | ["CREATE", "UNIQUE", "INDEX", index, "ON", table, ..] => {
            sql("SELECT COUNT(*) FROM information_schema.statistics
                  WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?")
            .text(*table)
            .text(*index)
        }
        ["DROP", "INDEX", index, "ON", table] => {
            sql("SELECT COUNT(*) = 0 FROM information_schema.statistics
                  WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?")
            .text(*table)
            .text(*index)
        }
        ["ALTER", "TABLE", table, "ADD", "CONSTRAINT", name, ..] => {
            sql("SELECT COUNT(*) FROM information_schema.table_constraints
                  WHERE table_schema = DATABASE() AND table_name = ? AND constraint_name = ?")
            .text(*table)
            .text(*name)
        }
        _ => return Ok(false),
    };
    Ok(tx.count(count).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_falls_apart_into_its_statements() {
        let parts = statements(
            "-- a; b\nCREATE TABLE a (\n  -- c;\n  id INT\n);\n\nCREATE INDEX i ON a (id);\n",
        );
        assert_eq!(parts, ["CREATE TABLE a (\n  id INT\n)", "CREATE INDEX i ON a (id)"]);
    }

    #[test]
    fn every_engine_has_the_same_migrations() {
        let names =
            |list: &[Migration]| list.iter().map(|m| (m.version, m.name)).collect::<Vec<_>>();
        assert_eq!(names(SQLITE), names(MYSQL));
        assert_eq!(names(SQLITE), names(POSTGRES));
    }
}
