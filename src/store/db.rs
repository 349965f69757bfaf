//! What differs between the database engines: connections, transactions and
//! bound values. Rows are read in `row.rs`.
//!
//! A statement is one readable text with `?` for values and the tokens of
//! `dialect.rs`. Store functions are plain Rust around such texts and serve
//! every engine.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use secrecy::ExposeSecret as _;
use serde_json::Value as Json;
use sqlx::mysql::{MySqlConnectOptions, MySqlPool, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use uuid::Uuid;

use super::dialect;
pub(super) use super::location::{Engine, Location};
pub(super) use super::row::Row;
use super::{StoreError, files};

/// One value bound to a `?`.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Id(Uuid),
    Text(Option<String>),
    Int(Option<i64>),
    Time(Option<DateTime<Utc>>),
    Json(Option<Json>),
}

/// A statement with its values.
#[derive(Debug, Clone)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

/// Starts a statement.
pub(super) fn sql(text: impl Into<String>) -> Sql {
    Sql { text: text.into(), values: Vec::new() }
}

impl Sql {
    /// Appends to the text; for conditions that are there only sometimes.
    pub(super) fn and(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Asks how the engine would run the statement, instead of running it.
    #[cfg(test)]
    pub(super) fn explained(mut self, engine: Engine) -> Self {
        let word = if engine == Engine::Sqlite { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
        self.text.insert_str(0, word);
        self
    }

    pub(super) fn id(mut self, id: Uuid) -> Self {
        self.values.push(Value::Id(id));
        self
    }

    pub(super) fn text(self, text: impl Into<String>) -> Self {
        self.opt_text(Some(text.into()))
    }

    pub(super) fn opt_text(mut self, text: Option<String>) -> Self {
        self.values.push(Value::Text(text));
        self
    }

    pub(super) fn int(self, int: impl Into<i64>) -> Self {
        self.opt_int(Some(int.into()))
    }

    pub(super) fn opt_int(mut self, int: Option<i64>) -> Self {
        self.values.push(Value::Int(int));
        self
    }

    pub(super) fn time(mut self, time: DateTime<Utc>) -> Self {
        self.values.push(Value::Time(Some(time)));
        self
    }

    pub(super) fn opt_json(mut self, json: Option<Json>) -> Self {
        self.values.push(Value::Json(json));
        self
    }

    /// Milliseconds for `{now+ms}`.
    pub(super) fn after(self, delay: Duration) -> Self {
        self.int(milliseconds(delay))
    }

    /// Milliseconds for `{now+ms}`, backwards.
    pub(super) fn before(self, delay: Duration) -> Self {
        self.int(-milliseconds(delay))
    }

    /// Appends `(?, ?, …)` with the ids.
    pub(super) fn ids(mut self, ids: impl IntoIterator<Item = Uuid>) -> Self {
        let first = self.values.len();
        self.values.extend(ids.into_iter().map(Value::Id));
        let marks = vec!["?"; self.values.len() - first].join(", ");
        self.text.push_str(&format!("({marks})"));
        self
    }

    fn spelt(&self, engine: Engine) -> String {
        debug_assert_eq!(
            dialect::spell(Engine::Sqlite, &self.text).matches('?').count(),
            self.values.len(),
            "values do not fit the marks of: {}",
            self.text
        );
        dialect::spell(engine, &self.text)
    }
}

/// At most ten years: beyond some year every engine's date arithmetic gives
/// up, and NULL would compare with nothing.
fn milliseconds(delay: Duration) -> i64 {
    const MOST: i64 = 10 * 366 * 24 * 60 * 60 * 1000;
    i64::try_from(delay.as_millis()).unwrap_or(MOST).min(MOST)
}

/// The statement as the engine's query: the encodings of values in one place.
macro_rules! query {
    (Sqlite, $sql:expr) => {
        query!(@bind $sql, Engine::Sqlite, |id: Uuid| id.hyphenated().to_string(),
               |time: DateTime<Utc>| time.format(dialect::SQLITE_TIME_FORMAT).to_string(),
               |json: Json| json.to_string())
    };
    (MySql, $sql:expr) => {
        query!(@bind $sql, Engine::MySql, |id: Uuid| id.hyphenated().to_string(),
               |time: DateTime<Utc>| time, |json: Json| json.to_string())
    };
    (Postgres, $sql:expr) => {
        query!(@bind $sql, Engine::Postgres, |id: Uuid| id, |time: DateTime<Utc>| time,
               |json: Json| json)
    };
    (@bind $sql:expr, $engine:expr, $id:expr, $time:expr, $json:expr) => {{
        let sql: Sql = $sql;
        let mut query = sqlx::query(AssertSqlSafe(sql.spelt($engine)));
        for value in sql.values {
            query = match value {
                Value::Id(id) => query.bind($id(id)),
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
                Value::Time(time) => query.bind(time.map(|time| $time(time.trunc_subsecs(3)))),
                Value::Json(json) => query.bind(json.map($json)),
            };
        }
        query
    }};
}

/// Connections kept to a database server, of one process.
const SERVER_CONNECTIONS_MAX: u32 = 8;

/// Longest wait for a connection. A refused one is tried again until then, so
/// that a server's restart is sat out.
const SERVER_CONNECT_MAX: Duration = Duration::from_secs(5);

/// Connections to one database. SQLite has one writer, so one connection
/// writes and a few read.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite { write: SqlitePool, read: SqlitePool },
    MySql(MySqlPool),
    Postgres(PgPool),
}

impl Pool {
    /// Connects when first used. `timeout` limits waiting for a connection,
    /// for locks, and each statement.
    pub(super) fn new(location: &Location, timeout: Duration) -> Result<Self, StoreError> {
        if let Location::MySql(url) | Location::Postgres(url) = location {
            super::server::check_files(url.expose_secret())?;
        }
        match location {
            Location::Sqlite(path) => Ok(Self::sqlite(path, timeout)),
            Location::MySql(url) => Self::mysql(url.expose_secret(), timeout),
            Location::Postgres(url) => Self::postgres(url.expose_secret(), timeout),
        }
    }

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
        let options = url.parse::<MySqlConnectOptions>().map_err(|_| unreadable_url())?;
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
        let options = url.parse::<PgConnectOptions>().map_err(|_| unreadable_url())?.options([
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

    /// Runs one statement outside of a transaction, as CREATE DATABASE wants it.
    pub(super) async fn alone(&self, text: &str) -> Result<(), StoreError> {
        let statement = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        match self {
            Self::Sqlite { write, .. } => statement.execute(write).await.map(|_| ())?,
            Self::MySql(pool) => statement.execute(pool).await.map(|_| ())?,
            Self::Postgres(pool) => statement.execute(pool).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            // Deferred, the step from reading to writing would fail at once
            // when another process wrote meanwhile.
            Self::Sqlite { write, .. } => {
                let begun = write.begin_with("BEGIN IMMEDIATE").await;
                Tx::Sqlite(begun.map_err(|error| match StoreError::from(error) {
                    StoreError::Busy(None) => {
                        StoreError::Busy(files::writer(write.connect_options().get_filename()))
                    }
                    other => other,
                })?)
            }
            Self::MySql(pool) => Tx::MySql(pool.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads.
    pub(super) async fn begin_read(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { read, .. } => Ok(Tx::Sqlite(read.begin().await?)),
            Self::MySql(_) | Self::Postgres(_) => self.begin().await,
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::MySql(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

pub(super) fn unreadable_url() -> StoreError {
    StoreError::BadInput("the database URL cannot be used (not shown)".to_owned())
}

/// The only thing that executes statements. Dropped without
/// [`Tx::commit`], it rolls back.
pub(super) enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    MySql(sqlx::Transaction<'static, sqlx::MySql>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    /// Which engine's words a statement needs, for the few that differ wholly.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::MySql(_) => Engine::MySql,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement and tells how many rows it changed.
    pub(super) async fn execute(&mut self, sql: Sql) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => query!(Sqlite, sql).execute(&mut **tx).await?.rows_affected(),
            Self::MySql(tx) => query!(MySql, sql).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => query!(Postgres, sql).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs a guarded statement that must change exactly one row.
    pub(super) async fn execute_one(
        &mut self,
        what: &'static str,
        sql: Sql,
    ) -> Result<(), StoreError> {
        match self.execute(sql).await? {
            1 => Ok(()),
            actual => Err(StoreError::RowsChanged { what, expected: 1, actual }),
        }
    }

    /// Inserts a row that the database numbers, and tells its `id`.
    pub(super) async fn insert_numbered(&mut self, sql: Sql) -> Result<i64, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                Ok(query!(Sqlite, sql).execute(&mut **tx).await?.last_insert_rowid())
            }
            Self::MySql(tx) => {
                let id = query!(MySql, sql).execute(&mut **tx).await?.last_insert_id();
                Ok(i64::try_from(id).unwrap_or(i64::MAX))
            }
            Self::Postgres(_) => match self.first(sql.and(" RETURNING id")).await? {
                Some(row) => row.int("id"),
                None => Err(StoreError::RowsChanged { what: "insert", expected: 1, actual: 0 }),
            },
        }
    }

    /// All rows of a query.
    pub(super) async fn all(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let rows = query!(Sqlite, sql).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::MySql(tx) => {
                let rows = query!(MySql, sql).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::MySql).collect()
            }
            Self::Postgres(tx) => {
                let rows = query!(Postgres, sql).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a query, if any.
    pub(super) async fn first(&mut self, sql: Sql) -> Result<Option<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                query!(Sqlite, sql).fetch_optional(&mut **tx).await?.map(Row::Sqlite)
            }
            Self::MySql(tx) => query!(MySql, sql).fetch_optional(&mut **tx).await?.map(Row::MySql),
            Self::Postgres(tx) => {
                query!(Postgres, sql).fetch_optional(&mut **tx).await?.map(Row::Postgres)
            }
        })
    }

    /// The one number a query answers.
    pub(super) async fn count(&mut self, sql: Sql) -> Result<i64, StoreError> {
        match self.first(sql).await? {
            Some(row) => Ok(row.int_at(0)?.unwrap_or(0)),
            None => Ok(0),
        }
    }

    /// Runs a text of several statements without values, as in a migration.
    pub(super) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        let script = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
        match self {
            Self::Sqlite(tx) => script.execute(&mut **tx).await.map(|_| ())?,
            Self::MySql(tx) => script.execute(&mut **tx).await.map(|_| ())?,
            Self::Postgres(tx) => script.execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Makes it durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let committed = match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::MySql(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
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
        let mut tx = pool.begin().await.unwrap();
        assert_eq!(tx.count(sql("PRAGMA synchronous")).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn an_error_that_ended_a_transaction_on_sqlite_leaves_the_next_one_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some.db");
        std::fs::write(&path, "").unwrap();
        let pool = Pool::new(&Location::Sqlite(path), Duration::from_secs(5)).unwrap();
        let mut tx = pool.begin().await.unwrap();
        tx.script("CREATE TABLE some (bytes)").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = pool.begin().await.unwrap();
        tx.script("PRAGMA max_page_count = 2").await.unwrap();
        let full = tx.script("INSERT INTO some VALUES (randomblob(100000))").await;
        assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
        drop(tx);
        let mut tx = pool.begin().await.unwrap();
        tx.script("INSERT INTO some VALUES (1)").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = pool.begin_read().await.unwrap();
        assert_eq!(tx.count(sql("SELECT COUNT(*) FROM some")).await.unwrap(), 1);
    }
}
