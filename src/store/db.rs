//! The one file that names the database engines: connections, transactions,
//! bound values and read rows.
//!
//! A statement is one readable text with `?` for values and the tokens of
//! `dialect.rs`. Store functions are plain Rust around such texts; a further
//! engine adds a variant to [`Pool`], [`Tx`] and [`Row`] and an encoding to
//! the two `match`es, and every store function serves it.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use serde_json::Value as Json;
#[cfg(test)]
use sqlx::Column as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Row as _, ValueRef as _};
use uuid::Uuid;

use super::StoreError;
use super::dialect;

/// Where the database is: engine and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file on a local disk.
    Sqlite(PathBuf),
}

impl FromStr for Location {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "sqlite" => {
                let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
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
            _ => Err(StoreError::BadInput(
                "the database URL must start with sqlite://, as in sqlite:///var/lib/socialsched/socialsched.db"
                    .to_owned(),
            )),
        }
    }
}

impl std::fmt::Display for Location {
    /// Without any credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One value bound to a `?`.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Id(Uuid),
    Text(Option<String>),
    Int(Option<i64>),
    Time(Option<DateTime<Utc>>),
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
    pub(super) fn explained(mut self) -> Self {
        self.text.insert_str(0, "EXPLAIN QUERY PLAN ");
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
}

/// At most ten years: beyond some year every engine's date arithmetic gives
/// up, and NULL would compare with nothing.
fn milliseconds(delay: Duration) -> i64 {
    const MOST: i64 = 10 * 366 * 24 * 60 * 60 * 1000;
    i64::try_from(delay.as_millis()).unwrap_or(MOST).min(MOST)
}

macro_rules! query {
    ($statement:expr) => {{
        let text = dialect::sqlite(&$statement.text);
        debug_assert_eq!(
            text.matches('?').count(),
            $statement.values.len(),
            "values do not fit the marks of: {text}"
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for value in $statement.values {
            query = match value {
                Value::Id(id) => query.bind(id.hyphenated().to_string()),
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
                Value::Time(time) => query.bind(time.map(encode_time)),
            };
        }
        query
    }};
}

fn encode_time(time: DateTime<Utc>) -> String {
    time.trunc_subsecs(3).format(dialect::SQLITE_TIME_FORMAT).to_string()
}

/// Reads a time as this program or a program of the seed's kind wrote it.
fn decode_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim_end_matches('Z');
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|time| time.and_utc())
}

/// Connections to one database: one for writing, since SQLite has one writer,
/// and a few for reading.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite { write: SqlitePool, read: SqlitePool },
}

impl Pool {
    /// Opens an existing database file; never creates one.
    pub(super) fn sqlite(path: &Path, timeout: Duration) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may lose the last commits at a power cut, and with them
            // the record that a publish call went out.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(timeout);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(timeout * 2)
            .connect_lazy_with(options.clone());
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(timeout)
            .connect_lazy_with(options);
        Self::Sqlite { write, read }
    }

    /// Begins a transaction that will write.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            // Deferred, the step from reading to writing would fail at once
            // when another process wrote meanwhile.
            Self::Sqlite { write, .. } => {
                Ok(Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?))
            }
        }
    }

    /// Begins a transaction that only reads: one snapshot for several statements.
    pub(super) async fn begin_read(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { read, .. } => Ok(Tx::Sqlite(read.begin().await?)),
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

/// The only thing that executes statements. Dropped without
/// [`Tx::commit`], it rolls back.
pub(super) enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
}

impl Tx {
    /// Runs a statement and tells how many rows it changed.
    pub(super) async fn execute(&mut self, statement: Sql) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(tx) => Ok(query!(statement).execute(&mut **tx).await?.rows_affected()),
        }
    }

    /// Runs a guarded statement that must change exactly one row.
    pub(super) async fn execute_one(
        &mut self,
        what: &'static str,
        statement: Sql,
    ) -> Result<(), StoreError> {
        match self.execute(statement).await? {
            1 => Ok(()),
            actual => Err(StoreError::RowsChanged { what, expected: 1, actual }),
        }
    }

    /// All rows of a query.
    pub(super) async fn all(&mut self, statement: Sql) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                let rows = query!(statement).fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
        }
    }

    /// The first row of a query, if any.
    pub(super) async fn first(&mut self, statement: Sql) -> Result<Option<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                Ok(query!(statement).fetch_optional(&mut **tx).await?.map(Row::Sqlite))
            }
        }
    }

    /// The one number a query answers.
    pub(super) async fn count(&mut self, statement: Sql) -> Result<i64, StoreError> {
        match self.first(statement).await? {
            Some(row) => Ok(row.int_at(0).unwrap_or(0)),
            None => Ok(0),
        }
    }

    /// Runs a text of several statements without values, as in a migration.
    pub(super) async fn script(&mut self, text: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => {
                sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut **tx).await?;
                Ok(())
            }
        }
    }

    /// Makes it durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.map_err(|error| match StoreError::from(error) {
                full @ StoreError::Full => full,
                other => StoreError::CommitLost(other.to_string()),
            }),
        }
    }
}

/// One row of a query. The getters name the column in their errors.
pub(super) enum Row {
    Sqlite(SqliteRow),
}

impl Row {
    fn wrong(&self, column: &'static str, why: impl ToString) -> StoreError {
        StoreError::Inconsistent {
            table: "row",
            column,
            row: self.opt_text("id").ok().flatten().unwrap_or_default(),
            why: why.to_string(),
        }
    }

    fn missing(&self, column: &'static str) -> StoreError {
        self.wrong(column, "is NULL")
    }

    /// The value as text, whatever the column's declared type: SQLite keeps
    /// what it was given, and other programs give strange things.
    pub(super) fn opt_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self {
            Self::Sqlite(row) => {
                let raw = row.try_get_raw(column)?;
                if raw.is_null() {
                    return Ok(None);
                }
                match row.try_get_unchecked::<String, _>(column) {
                    Ok(text) => Ok(Some(text)),
                    Err(_) => {
                        let bytes: Vec<u8> = row.try_get_unchecked(column)?;
                        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
                    }
                }
            }
        }
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| self.missing(column))
    }

    pub(super) fn opt_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => Ok(row.try_get_unchecked(column)?),
        }
    }

    pub(super) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| self.missing(column))
    }

    fn int_at(&self, index: usize) -> Option<i64> {
        match self {
            Self::Sqlite(row) => row.try_get_unchecked(index).ok(),
        }
    }

    pub(super) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.opt_int(column)?.unwrap_or(0) != 0)
    }

    pub(super) fn opt_id(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        match self.opt_text(column)? {
            None => Ok(None),
            Some(text) => Uuid::try_parse(&text).map(Some).map_err(|e| self.wrong(column, e)),
        }
    }

    pub(super) fn id(&self, column: &'static str) -> Result<Uuid, StoreError> {
        self.opt_id(column)?.ok_or_else(|| self.missing(column))
    }

    pub(super) fn opt_time(
        &self,
        column: &'static str,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        match self.opt_text(column)? {
            None => Ok(None),
            Some(text) => decode_time(&text)
                .map(Some)
                .ok_or_else(|| self.wrong(column, format!("\"{text}\" is no time"))),
        }
    }

    pub(super) fn time(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        self.opt_time(column)?.ok_or_else(|| self.missing(column))
    }

    pub(super) fn opt_json(&self, column: &'static str) -> Result<Option<Json>, StoreError> {
        match self.opt_text(column)? {
            None => Ok(None),
            Some(text) => serde_json::from_str(&text).map(Some).map_err(|e| self.wrong(column, e)),
        }
    }

    /// A word of one of our closed lists.
    pub(super) fn word<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err = crate::domain::UnknownWord>,
    {
        self.text(column)?.parse().map_err(|e| self.wrong(column, e))
    }

    pub(super) fn opt_word<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err = crate::domain::UnknownWord>,
    {
        match self.opt_text(column)? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|e| self.wrong(column, e)),
        }
    }

    /// All values as text, for query plans.
    #[cfg(test)]
    pub(super) fn dump(&self) -> String {
        match self {
            Self::Sqlite(row) => row
                .columns()
                .iter()
                .map(|column| {
                    row.try_get_unchecked::<String, _>(column.ordinal()).unwrap_or_default()
                })
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_time_reads_back_and_text_order_is_time_order() {
        let early: DateTime<Utc> = "2026-11-24T09:00:00.120Z".parse().unwrap();
        let late: DateTime<Utc> = "2026-11-24T09:00:00.121Z".parse().unwrap();
        assert_eq!(decode_time(&encode_time(early)), Some(early));
        assert!(encode_time(early) < encode_time(late));
        // What another program writes without fractions is not later than ours.
        assert!("2026-11-24 09:00:00" < encode_time(early).as_str());
        assert_eq!(decode_time("2026-11-24T09:00:00.120Z"), Some(early));
        assert_eq!(decode_time("0000-00-00 00:00:00"), None);
    }

    #[test]
    fn only_file_urls_are_locations() {
        assert_eq!(
            "sqlite:///tmp/a.db".parse::<Location>().unwrap(),
            Location::Sqlite(PathBuf::from("/tmp/a.db"))
        );
        assert_eq!(
            "sqlite://a.db?mode=rwc".parse::<Location>().unwrap(),
            Location::Sqlite(PathBuf::from("a.db"))
        );
        for url in ["", "sqlite://", "sqlite::memory:", "oracle://x", "/tmp/a.db"] {
            assert!(url.parse::<Location>().is_err(), "{url}");
        }
    }
}
