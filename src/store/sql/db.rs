//! Connections and transactions: how each engine is reached, and how `Tx`
//! executes the statements of `sql.rs`. Rows are read in `row.rs`.
//!
//! Store functions are plain Rust around statements and serve every engine;
//! what they need for that is named here.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, MySql, Postgres, Sqlite};

use crate::domain::Transition;
use crate::store::StoreError;
use crate::store::sql::connections::{Held, Kept};
pub(crate) use crate::store::sql::location::{Engine, Location};
pub(crate) use crate::store::sql::row::Row;
pub(crate) use crate::store::sql::statement::{Sql, sql};
use crate::store::sql::{files, location};

/// Connections kept to a database server, of one process.
const SERVER_CONNECTIONS_MAX: u32 = 8;
/// Connections to a database file that only read.
const READERS_MAX: u32 = 4;

/// Texts of statements that a connection keeps prepared: those of the queue, each for
/// every size of a set ([`padded`](crate::store::sql::statement::padded)).
const PREPARED_MAX: usize = 1_000;

/// Longest wait for a connection. A refused one is tried again until then, so
/// that a server's restart is sat out.
const SERVER_CONNECT_MAX: Duration = Duration::from_secs(5);

/// Connections to one database. SQLite has one writer, so one connection
/// writes and a few read.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    on: Connections,
    counts: Arc<Counts>,
}

#[derive(Debug, Clone)]
enum Connections {
    Sqlite { write: Kept<Sqlite>, read: Kept<Sqlite> },
    MySql(Kept<MySql>),
    Postgres(Kept<Postgres>),
}

impl Pool {
    /// Connects when first used. `timeout` limits waiting for a connection,
    /// for locks, and each statement.
    pub(crate) fn new(location: &Location, timeout: Duration) -> Result<Self, StoreError> {
        if let Location::MySql(url) | Location::Postgres(url) = location {
            files::check_tls_files(url.expose_secret())?;
        }
        let on = match location {
            Location::Sqlite(path) => Connections::sqlite(path, timeout),
            Location::MySql(url) => Connections::mysql(url.expose_secret(), timeout)?,
            Location::Postgres(url) => Connections::postgres(url.expose_secret(), timeout)?,
        };
        Ok(Self { on, counts: Arc::default() })
    }

    /// What this process has asked of the database so far.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A transaction is tried once more.
    pub(crate) fn repeats(&self) {
        self.counts.repeated.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs one statement outside of a transaction, as CREATE DATABASE wants it.
    pub(crate) async fn alone(&self, text: &str) -> Result<(), StoreError> {
        self.connected("alone").await?.script(text).await
    }

    /// Begins a transaction that will write. `name` is that of the store's function.
    pub(crate) async fn begin(&self, name: &'static str) -> Result<Tx, StoreError> {
        let on = match &self.on {
            // Deferred, the step from reading to writing would fail at once
            // when another process wrote meanwhile.
            Connections::Sqlite { write, .. } => {
                let begun = write.begin("BEGIN IMMEDIATE").await;
                Engaged::Sqlite(begun.map_err(|error| match StoreError::from(error) {
                    StoreError::Busy(None) => {
                        StoreError::Busy(files::writer(write.options().get_filename()))
                    }
                    other => other,
                })?)
            }
            Connections::MySql(kept) => Engaged::MySql(kept.begin("BEGIN").await?),
            Connections::Postgres(kept) => Engaged::Postgres(kept.begin("BEGIN").await?),
        };
        Ok(self.begun(name, on))
    }

    /// Begins to read: on SQLite one state of the database, on a server each statement
    /// the newest one, as in any transaction there of ours.
    pub(crate) async fn begin_read(&self, name: &'static str) -> Result<Tx, StoreError> {
        match &self.on {
            Connections::Sqlite { read, .. } => {
                Ok(self.begun(name, Engaged::Sqlite(read.begin("BEGIN").await?)))
            }
            Connections::MySql(_) | Connections::Postgres(_) => self.connected(name).await,
        }
    }

    /// A connection outside of any transaction.
    async fn connected(&self, name: &'static str) -> Result<Tx, StoreError> {
        let on = match &self.on {
            Connections::Sqlite { write, .. } => Engaged::Sqlite(write.take().await?),
            Connections::MySql(kept) => Engaged::MySql(kept.take().await?),
            Connections::Postgres(kept) => Engaged::Postgres(kept.take().await?),
        };
        Ok(self.tx(name, on))
    }

    fn begun(&self, name: &'static str, on: Engaged) -> Tx {
        self.counts.transactions.fetch_add(1, Ordering::Relaxed);
        self.tx(name, on)
    }

    fn tx(&self, name: &'static str, on: Engaged) -> Tx {
        Tx { name, on, counts: Arc::clone(&self.counts) }
    }

    pub(crate) async fn close(&self) {
        match &self.on {
            Connections::Sqlite { write, read } => {
                read.close(READERS_MAX).await;
                write.close(1).await;
            }
            Connections::MySql(kept) => kept.close(SERVER_CONNECTIONS_MAX).await,
            Connections::Postgres(kept) => kept.close(SERVER_CONNECTIONS_MAX).await,
        }
    }
}

impl Connections {
    /// Opens an existing database file; never creates one.
    fn sqlite(path: &Path, timeout: Duration) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may lose the last commits at a power cut, and with them
            // the record that a publish call went out.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(timeout)
            .statement_cache_capacity(PREPARED_MAX);
        let write = Kept::new(options.clone(), 1, timeout * 2);
        let read = Kept::new(options, READERS_MAX as usize, timeout);
        Self::Sqlite { write, read }
    }

    fn mysql(url: &str, timeout: Duration) -> Result<Self, StoreError> {
        let url = match url.strip_prefix("mariadb:") {
            Some(rest) => format!("mysql:{rest}"),
            None => url.to_owned(),
        };
        // sqlx itself asks for utf8mb4 and UTC on every connection.
        let options = url
            .parse::<MySqlConnectOptions>()
            .map_err(|_| location::unreadable_url())?
            .statement_cache_capacity(PREPARED_MAX);
        let lock_wait = timeout.as_secs().clamp(1, 5);
        let session = format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,\
             NO_ENGINE_SUBSTITUTION'; \
             SET SESSION innodb_lock_wait_timeout = {lock_wait}; \
             SET SESSION lock_wait_timeout = {lock_wait}"
        );
        let patience = timeout.min(SERVER_CONNECT_MAX);
        let most = SERVER_CONNECTIONS_MAX as usize;
        Ok(Self::MySql(Kept::with(options, most, patience, Some(session), None)))
    }

    fn postgres(url: &str, timeout: Duration) -> Result<Self, StoreError> {
        let timeout_ms = timeout.as_millis().clamp(1_000, 3_600_000);
        let options = url
            .parse::<PgConnectOptions>()
            .map_err(|_| location::unreadable_url())?
            .statement_cache_capacity(PREPARED_MAX)
            .options([
                ("timezone", "UTC".to_owned()),
                ("default_transaction_isolation", "read committed".to_owned()),
                ("synchronous_commit", "on".to_owned()),
                ("lock_timeout", timeout_ms.min(5_000).to_string()),
                ("statement_timeout", timeout_ms.to_string()),
                // Every query is meant to go from a few rows to others by an index,
                // and the open rows are in memory; the default of 4 fits a rotating
                // disk, and has the whole history scanned instead. To plan takes longer
                // than to execute.
                ("random_page_cost", "1.1".to_owned()),
                ("plan_cache_mode", "force_generic_plan".to_owned()),
                // Helpers begin to work when our queries are over.
                ("max_parallel_workers_per_gather", "0".to_owned()),
                ("jit", "off".to_owned()),
                // A frozen process must not hold rows for ever.
                ("idle_in_transaction_session_timeout", "30000".to_owned()),
            ]);
        let patience = timeout.min(SERVER_CONNECT_MAX);
        // A plan that is kept was made for the tables as they were: a log that was empty
        // then would be scanned for ever.
        let (most, refresh) = (SERVER_CONNECTIONS_MAX as usize, Some("DISCARD PLANS"));
        Ok(Self::Postgres(Kept::with(options, most, patience, None, refresh)))
    }
}

/// The only thing that executes statements. Dropped without [`Tx::commit`], it rolls back.
pub(crate) struct Tx {
    /// The store's function that it belongs to: a comment in all its statements.
    name: &'static str,
    on: Engaged,
    counts: Arc<Counts>,
}

enum Engaged {
    Sqlite(Held<Sqlite>),
    MySql(Held<MySql>),
    Postgres(Held<Postgres>),
}

/// What a process has asked of its database so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    transactions: AtomicU64,
    repeated: AtomicU64,
    statements: AtomicU64,
}

/// The same at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub transactions: u64,
    /// Tried once more after a conflict.
    pub repeated: u64,
    /// BEGIN and COMMIT aside.
    pub statements: u64,
}

impl Counts {
    pub(crate) fn read(&self) -> Asked {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Asked {
            transactions: read(&self.transactions),
            repeated: read(&self.repeated),
            statements: read(&self.statements),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transactions, repeated, statements } = self;
        write!(f, "{transactions} transactions ({repeated} repeated), {statements} statements")
    }
}

impl Tx {
    /// Which engine's words a statement needs, for the few that differ wholly.
    pub(crate) fn engine(&self) -> Engine {
        match self.on {
            Engaged::Sqlite(_) => Engine::Sqlite,
            Engaged::MySql(_) => Engine::MySql,
            Engaged::Postgres(_) => Engine::Postgres,
        }
    }

    /// Counts one more statement, and gives the name that it bears.
    fn counted(&self) -> &'static str {
        self.counts.statements.fetch_add(1, Ordering::Relaxed);
        self.name
    }

    /// Runs a statement, and returns how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<u64, StoreError> {
        let name = self.counted();
        Ok(match &mut self.on {
            Engaged::Sqlite(on) => {
                let query = sql.for_sqlite(name)?;
                on.run(async |on| query.execute(on).await).await?.rows_affected()
            }
            Engaged::MySql(on) => {
                let query = sql.for_mysql(name)?;
                on.run(async |on| query.execute(on).await).await?.rows_affected()
            }
            Engaged::Postgres(on) => {
                let query = sql.for_postgres(name)?;
                on.run(async |on| query.execute(on).await).await?.rows_affected()
            }
        })
    }

    /// Runs a guarded statement that must change exactly one row.
    pub(crate) async fn execute_one(
        &mut self,
        what: &'static str,
        sql: Sql,
    ) -> Result<(), StoreError> {
        self.execute_exactly(what, 1, sql).await
    }

    /// Runs a guarded statement that must change exactly this many rows.
    pub(crate) async fn execute_exactly(
        &mut self,
        what: &'static str,
        expected: usize,
        sql: Sql,
    ) -> Result<(), StoreError> {
        let expected = expected as u64;
        match self.execute(sql).await? {
            actual if actual == expected => Ok(()),
            actual => Err(StoreError::RowsChanged { what, expected, actual }),
        }
    }

    /// Runs a statement of a transition, which must change exactly this many rows. For no
    /// rows at all, nothing is run.
    pub(crate) async fn change(
        &mut self,
        transition: Transition,
        expected: usize,
        sql: Sql,
    ) -> Result<(), StoreError> {
        match expected {
            0 => Ok(()),
            _ => self.execute_exactly(transition.rule().id, expected, sql).await,
        }
    }

    /// Inserts a row that the database numbers, and returns its `id`.
    pub(crate) async fn insert_numbered(&mut self, sql: Sql) -> Result<i64, StoreError> {
        let name = self.counted();
        match &mut self.on {
            Engaged::Sqlite(on) => {
                let query = sql.for_sqlite(name)?;
                Ok(on.run(async |on| query.execute(on).await).await?.last_insert_rowid())
            }
            Engaged::MySql(on) => {
                let query = sql.for_mysql(name)?;
                let id = on.run(async |on| query.execute(on).await).await?.last_insert_id();
                Ok(i64::try_from(id).unwrap_or(i64::MAX))
            }
            Engaged::Postgres(on) => {
                let query = sql.and(" RETURNING id").for_postgres(name)?;
                Row::Postgres(on.run(async |on| query.fetch_one(on).await).await?).int("id")
            }
        }
    }

    /// All rows of a query.
    pub(crate) async fn all(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        let name = self.counted();
        Ok(match &mut self.on {
            Engaged::Sqlite(on) => {
                let query = sql.for_sqlite(name)?;
                let rows = on.run(async |on| query.fetch_all(on).await).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Engaged::MySql(on) => {
                let query = sql.for_mysql(name)?;
                let rows = on.run(async |on| query.fetch_all(on).await).await?;
                rows.into_iter().map(Row::MySql).collect()
            }
            Engaged::Postgres(on) => {
                let query = sql.for_postgres(name)?;
                let rows = on.run(async |on| query.fetch_all(on).await).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query, if any.
    pub(crate) async fn first(&mut self, sql: Sql) -> Result<Option<Row>, StoreError> {
        let name = self.counted();
        Ok(match &mut self.on {
            Engaged::Sqlite(on) => {
                let query = sql.for_sqlite(name)?;
                on.run(async |on| query.fetch_optional(on).await).await?.map(Row::Sqlite)
            }
            Engaged::MySql(on) => {
                let query = sql.for_mysql(name)?;
                on.run(async |on| query.fetch_optional(on).await).await?.map(Row::MySql)
            }
            Engaged::Postgres(on) => {
                let query = sql.for_postgres(name)?;
                on.run(async |on| query.fetch_optional(on).await).await?.map(Row::Postgres)
            }
        })
    }

    /// The one number a query answers.
    pub(crate) async fn count(&mut self, sql: Sql) -> Result<i64, StoreError> {
        match self.first(sql).await? {
            Some(row) => Ok(row.int_at(0)?.unwrap_or(0)),
            None => Ok(0),
        }
    }

    /// This instant by the database's clock.
    pub(crate) async fn now(&mut self) -> Result<DateTime<Utc>, StoreError> {
        match self.first(sql("SELECT {now} AS now")).await? {
            Some(row) => row.time("now"),
            None => Err(StoreError::Statement("the database answered no time".to_owned())),
        }
    }

    /// Runs a text of several statements without values, as in a migration.
    pub(crate) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        let script = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        self.counted();
        match &mut self.on {
            Engaged::Sqlite(on) => {
                on.run(async |on| script.execute(on).await).await?.rows_affected()
            }
            Engaged::MySql(on) => {
                on.run(async |on| script.execute(on).await).await?.rows_affected()
            }
            Engaged::Postgres(on) => {
                on.run(async |on| script.execute(on).await).await?.rows_affected()
            }
        };
        Ok(())
    }

    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let committed = match self.on {
            Engaged::Sqlite(on) => on.commit().await,
            Engaged::MySql(on) => on.commit().await,
            Engaged::Postgres(on) => on.commit().await,
        };
        committed.map_err(|error| match StoreError::from(error) {
            // These two are answers: nothing was committed.
            error @ (StoreError::Full | StoreError::Busy(_) | StoreError::Conflict) => error,
            other => StoreError::CommitLost(other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 is FULL. With NORMAL a power cut may take the record that a publish
    /// call went out, and the post would be sent again.
    #[tokio::test]
    async fn every_commit_on_sqlite_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let pool = Pool::new(&Location::Sqlite(path), Duration::from_secs(5)).unwrap();
        let mut tx = pool.begin("test").await.unwrap();
        assert_eq!(tx.count(sql("PRAGMA synchronous")).await.unwrap(), 2);
    }

    /// An error that ended a transaction on SQLite does not affect the next
    /// one.
    #[tokio::test]
    async fn sqlite_transaction_error_spares_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let pool = Pool::new(&Location::Sqlite(path), Duration::from_secs(5)).unwrap();
        let mut tx = pool.begin("test").await.unwrap();
        tx.script("CREATE TABLE some (bytes)").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = pool.begin("test").await.unwrap();
        tx.script("PRAGMA max_page_count = 2").await.unwrap();
        let full = tx.script("INSERT INTO some VALUES (randomblob(100000))").await;
        assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
        drop(tx);
        let mut tx = pool.begin("test").await.unwrap();
        tx.script("INSERT INTO some VALUES (1)").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = pool.begin_read("test").await.unwrap();
        assert_eq!(tx.count(sql("SELECT COUNT(*) FROM some")).await.unwrap(), 1);
    }
}
