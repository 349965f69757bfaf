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
use sqlx::mysql::{MySqlConnectOptions, MySqlPool, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::domain::Transition;
use crate::store::StoreError;
pub(crate) use crate::store::sql::location::{Engine, Location};
pub(crate) use crate::store::sql::row::Row;
pub(crate) use crate::store::sql::statement::{Sql, sql};
use crate::store::sql::{files, location};

/// Connections kept to a database server, of one process.
const SERVER_CONNECTIONS_MAX: u32 = 8;

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
    Sqlite { write: SqlitePool, read: SqlitePool },
    MySql(MySqlPool),
    Postgres(PgPool),
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
        let statement = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        match &self.on {
            Connections::Sqlite { write, .. } => statement.execute(write).await.map(|_| ())?,
            Connections::MySql(pool) => statement.execute(pool).await.map(|_| ())?,
            Connections::Postgres(pool) => statement.execute(pool).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Begins a transaction that will write. `name` is that of the store's function.
    pub(crate) async fn begin(&self, name: &'static str) -> Result<Tx, StoreError> {
        let on = match &self.on {
            // Deferred, the step from reading to writing would fail at once
            // when another process wrote meanwhile.
            Connections::Sqlite { write, .. } => {
                let begun = write.begin_with("BEGIN IMMEDIATE").await;
                Engaged::Sqlite(begun.map_err(|error| match StoreError::from(error) {
                    StoreError::Busy(None) => {
                        StoreError::Busy(files::writer(write.connect_options().get_filename()))
                    }
                    other => other,
                })?)
            }
            Connections::MySql(pool) => Engaged::MySql(pool.begin().await?),
            Connections::Postgres(pool) => Engaged::Postgres(pool.begin().await?),
        };
        Ok(self.begun(name, on))
    }

    /// Begins a transaction that only reads.
    pub(crate) async fn begin_read(&self, name: &'static str) -> Result<Tx, StoreError> {
        match &self.on {
            Connections::Sqlite { read, .. } => {
                let on = Engaged::Sqlite(read.begin().await?);
                Ok(self.begun(name, on))
            }
            Connections::MySql(_) | Connections::Postgres(_) => self.begin(name).await,
        }
    }

    fn begun(&self, name: &'static str, on: Engaged) -> Tx {
        self.counts.transactions.fetch_add(1, Ordering::Relaxed);
        Tx { name, on, counts: Arc::clone(&self.counts) }
    }

    pub(crate) async fn close(&self) {
        match &self.on {
            Connections::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Connections::MySql(pool) => pool.close().await,
            Connections::Postgres(pool) => pool.close().await,
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
            .busy_timeout(timeout);
        // After an error like that of a full disk SQLite has rolled back by
        // itself, and sqlx believes in an open transaction for ever.
        let pool = SqlitePoolOptions::new().after_release(|connection, _| {
            Box::pin(async {
                // Answered after a rollback that is still to be done.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        });
        let write = pool
            .clone()
            .max_connections(1)
            .acquire_timeout(timeout * 2)
            .connect_lazy_with(options.clone());
        let read = pool.max_connections(4).acquire_timeout(timeout).connect_lazy_with(options);
        Self::Sqlite { write, read }
    }

    fn mysql(url: &str, timeout: Duration) -> Result<Self, StoreError> {
        let url = match url.strip_prefix("mariadb:") {
            Some(rest) => format!("mysql:{rest}"),
            None => url.to_owned(),
        };
        // sqlx itself asks for utf8mb4 and UTC on every connection.
        let options = url.parse::<MySqlConnectOptions>().map_err(|_| location::unreadable_url())?;
        let lock_wait = timeout.as_secs().clamp(1, 5);
        let session = format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,\
             NO_ENGINE_SUBSTITUTION'; \
             SET SESSION innodb_lock_wait_timeout = {lock_wait}; \
             SET SESSION lock_wait_timeout = {lock_wait}"
        );
        let pool = MySqlPoolOptions::new()
            .max_connections(SERVER_CONNECTIONS_MAX)
            .acquire_timeout(timeout.min(SERVER_CONNECT_MAX))
            .after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move {
                    connection.execute(sqlx::raw_sql(AssertSqlSafe(session))).await.map(|_| ())
                })
            })
            .connect_lazy_with(options);
        Ok(Self::MySql(pool))
    }

    fn postgres(url: &str, timeout: Duration) -> Result<Self, StoreError> {
        let timeout_ms = timeout.as_millis().clamp(1_000, 3_600_000);
        let options =
            url.parse::<PgConnectOptions>().map_err(|_| location::unreadable_url())?.options([
                ("timezone", "UTC".to_owned()),
                ("default_transaction_isolation", "read committed".to_owned()),
                ("synchronous_commit", "on".to_owned()),
                ("lock_timeout", timeout_ms.min(5_000).to_string()),
                ("statement_timeout", timeout_ms.to_string()),
                // Every query is meant to go from a few rows to others by an index,
                // and the open rows are in memory; the default of 4 fits a rotating
                // disk, and has the whole history scanned instead.
                ("random_page_cost", "1.1".to_owned()),
                // A frozen process must not hold rows for ever.
                ("idle_in_transaction_session_timeout", "30000".to_owned()),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(SERVER_CONNECTIONS_MAX)
            .acquire_timeout(timeout.min(SERVER_CONNECT_MAX))
            .connect_lazy_with(options);
        Ok(Self::Postgres(pool))
    }
}

/// The only thing that executes statements. Dropped without
/// [`Tx::commit`], it rolls back.
pub(crate) struct Tx {
    /// The store's function that it belongs to: a comment in all its statements.
    name: &'static str,
    on: Engaged,
    counts: Arc<Counts>,
}

enum Engaged {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    MySql(sqlx::Transaction<'static, sqlx::MySql>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
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
            Engaged::Sqlite(tx) => sql.for_sqlite(name)?.execute(&mut **tx).await?.rows_affected(),
            Engaged::MySql(tx) => sql.for_mysql(name)?.execute(&mut **tx).await?.rows_affected(),
            Engaged::Postgres(tx) => {
                sql.for_postgres(name)?.execute(&mut **tx).await?.rows_affected()
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
            Engaged::Sqlite(tx) => {
                Ok(sql.for_sqlite(name)?.execute(&mut **tx).await?.last_insert_rowid())
            }
            Engaged::MySql(tx) => {
                let id = sql.for_mysql(name)?.execute(&mut **tx).await?.last_insert_id();
                Ok(i64::try_from(id).unwrap_or(i64::MAX))
            }
            Engaged::Postgres(tx) => {
                let sql = sql.and(" RETURNING id").for_postgres(name)?;
                Row::Postgres(sql.fetch_one(&mut **tx).await?).int("id")
            }
        }
    }

    /// All rows of a query.
    pub(crate) async fn all(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        let name = self.counted();
        Ok(match &mut self.on {
            Engaged::Sqlite(tx) => {
                let rows = sql.for_sqlite(name)?.fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Engaged::MySql(tx) => {
                let rows = sql.for_mysql(name)?.fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::MySql).collect()
            }
            Engaged::Postgres(tx) => {
                let rows = sql.for_postgres(name)?.fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query, if any.
    pub(crate) async fn first(&mut self, sql: Sql) -> Result<Option<Row>, StoreError> {
        let name = self.counted();
        Ok(match &mut self.on {
            Engaged::Sqlite(tx) => {
                sql.for_sqlite(name)?.fetch_optional(&mut **tx).await?.map(Row::Sqlite)
            }
            Engaged::MySql(tx) => {
                sql.for_mysql(name)?.fetch_optional(&mut **tx).await?.map(Row::MySql)
            }
            Engaged::Postgres(tx) => {
                sql.for_postgres(name)?.fetch_optional(&mut **tx).await?.map(Row::Postgres)
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
            Engaged::Sqlite(tx) => script.execute(&mut **tx).await.map(|_| ())?,
            Engaged::MySql(tx) => script.execute(&mut **tx).await.map(|_| ())?,
            Engaged::Postgres(tx) => script.execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let committed = match self.on {
            Engaged::Sqlite(tx) => tx.commit().await,
            Engaged::MySql(tx) => tx.commit().await,
            Engaged::Postgres(tx) => tx.commit().await,
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
