//! Statements: one readable text with `?` for values and the tokens of
//! `dialect.rs`, and the values. Here is how they are put together, and how
//! each engine wants the text spelt and the values encoded; `db.rs` runs them.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value as Json;
use sqlx::mysql::MySqlArguments;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, MySql, Postgres, Sqlite};
use uuid::Uuid;

use super::dialect;
use super::location::Engine;
use super::raw::Key;

/// One value bound to a `?`.
#[derive(Debug, Clone)]
enum Value {
    Id(Uuid),
    Bytes(Vec<u8>),
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

/// A statement as an engine's query: its spelling, and its encodings of ids,
/// times and JSON.
macro_rules! query {
    ($sql:expr, $engine:expr, $id:expr, $time:expr, $json:expr) => {{
        let sql: Sql = $sql;
        let mut query = sqlx::query(AssertSqlSafe(sql.spelt($engine)));
        for value in sql.values {
            query = match value {
                Value::Id(id) => query.bind($id(id)),
                Value::Bytes(bytes) => query.bind(bytes),
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
                Value::Time(time) => query.bind(time.map(|time| $time(time.trunc_subsecs(3)))),
                Value::Json(json) => query.bind(json.map($json)),
            };
        }
        query
    }};
}

impl Sql {
    /// Appends to the text; for conditions that are there only sometimes.
    pub(super) fn and(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Puts a text without values in front; what follows may be asked for in several ways.
    pub(super) fn after_start(mut self, start: &str) -> Self {
        self.text.insert_str(0, start);
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

    /// An id as it is stored, whatever it is.
    pub(super) fn key(mut self, key: Key) -> Self {
        self.values.push(match key {
            Key::Id(id) => Value::Id(id),
            Key::Text(text) => Value::Text(Some(text)),
            Key::Blob(bytes) => Value::Bytes(bytes),
        });
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

    /// The statement as SQLite's query.
    pub(super) fn for_sqlite(self) -> Query<'static, Sqlite, SqliteArguments> {
        query!(
            self,
            Engine::Sqlite,
            |id: Uuid| id.hyphenated().to_string(),
            |time: DateTime<Utc>| time.format(dialect::SQLITE_TIME_FORMAT).to_string(),
            |json: Json| json.to_string()
        )
    }

    /// The statement as MariaDB's and MySQL's query.
    pub(super) fn for_mysql(self) -> Query<'static, MySql, MySqlArguments> {
        query!(
            self,
            Engine::MySql,
            |id: Uuid| id.hyphenated().to_string(),
            |time: DateTime<Utc>| time,
            |json: Json| json.to_string()
        )
    }

    /// The statement as PostgreSQL's query.
    pub(super) fn for_postgres(self) -> Query<'static, Postgres, PgArguments> {
        query!(self, Engine::Postgres, |id: Uuid| id, |time: DateTime<Utc>| time, |json: Json| json)
    }
}

/// At most ten years: beyond some year every engine's date arithmetic gives
/// up, and NULL would compare with nothing.
fn milliseconds(delay: Duration) -> i64 {
    const MOST: i64 = 10 * 366 * 24 * 60 * 60 * 1000;
    i64::try_from(delay.as_millis()).unwrap_or(MOST).min(MOST)
}
