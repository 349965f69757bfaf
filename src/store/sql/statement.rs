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

use crate::store::StoreError;
use crate::store::sql::dialect;
use crate::store::sql::location::Engine;
use crate::store::sql::raw::Key;

/// One value bound to a `?`.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Id(Uuid),
    Bytes(Vec<u8>),
    Text(Option<String>),
    Int(Option<i64>),
    Time(Option<DateTime<Utc>>),
    Json(Option<Json>),
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(Some(int))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

/// In milliseconds.
impl From<Duration> for Value {
    fn from(delay: Duration) -> Self {
        Self::Int(Some(milliseconds(delay)))
    }
}

/// A statement with its values.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

/// Starts a statement.
pub(crate) fn sql(text: impl Into<String>) -> Sql {
    Sql { text: text.into(), values: Vec::new() }
}

/// A statement as an engine's query: its spelling, and its encodings of ids,
/// times and JSON.
macro_rules! query {
    ($sql:expr, $name:expr, $engine:expr, $id:expr, $time:expr, $json:expr) => {{
        let sql: Sql = $sql;
        let mut query = sqlx::query(AssertSqlSafe(sql.spelt($name, $engine)?));
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
        Ok(query)
    }};
}

impl Sql {
    /// Appends to the text; for conditions that are there only sometimes.
    pub(crate) fn and(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends another statement's text and values.
    pub(crate) fn append(mut self, other: Sql) -> Self {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
        self
    }

    /// Appends another query's text and values, between brackets.
    pub(crate) fn query(mut self, query: Sql) -> Self {
        self.text.push_str(&format!("({})", query.text));
        self.values.extend(query.values);
        self
    }

    /// Puts a text without values in front; what follows may be asked for in several ways.
    pub(crate) fn after_start(mut self, start: &str) -> Self {
        self.text.insert_str(0, start);
        self
    }

    /// Asks how the engine would run the statement, instead of running it.
    #[cfg(test)]
    pub(crate) fn explained(mut self, engine: Engine) -> Self {
        let word = if engine == Engine::Sqlite { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
        self.text.insert_str(0, word);
        self
    }

    pub(crate) fn id(mut self, id: Uuid) -> Self {
        self.values.push(Value::Id(id));
        self
    }

    /// An id as it is stored, whatever it is.
    pub(crate) fn key(mut self, key: Key) -> Self {
        self.values.push(match key {
            Key::Id(id) => Value::Id(id),
            Key::Text(text) => Value::Text(Some(text)),
            Key::Blob(bytes) => Value::Bytes(bytes),
        });
        self
    }

    pub(crate) fn text(self, text: impl Into<String>) -> Self {
        self.opt_text(Some(text.into()))
    }

    pub(crate) fn opt_text(mut self, text: Option<String>) -> Self {
        self.values.push(Value::Text(text));
        self
    }

    pub(crate) fn int(self, int: impl Into<i64>) -> Self {
        self.opt_int(Some(int.into()))
    }

    pub(crate) fn opt_int(mut self, int: Option<i64>) -> Self {
        self.values.push(Value::Int(int));
        self
    }

    pub(crate) fn time(mut self, time: DateTime<Utc>) -> Self {
        self.values.push(Value::Time(Some(time)));
        self
    }

    pub(crate) fn opt_json(mut self, json: Option<Json>) -> Self {
        self.values.push(Value::Json(json));
        self
    }

    /// Milliseconds for `{now+ms}`.
    pub(crate) fn after(self, delay: Duration) -> Self {
        self.int(milliseconds(delay))
    }

    /// Milliseconds for `{now+ms}`, backwards.
    pub(crate) fn before(self, delay: Duration) -> Self {
        self.int(-milliseconds(delay))
    }

    /// Appends `(?, ?, …)` with the ids.
    pub(crate) fn ids(self, ids: impl IntoIterator<Item = Uuid>) -> Self {
        self.any_of(ids.into_iter().map(Value::Id).collect())
    }

    /// Appends `(?, ?, …)` with the texts.
    pub(crate) fn texts<'a>(self, texts: impl IntoIterator<Item = &'a str>) -> Self {
        self.any_of(texts.into_iter().map(Value::from).collect())
    }

    fn any_of(mut self, values: Vec<Value>) -> Self {
        let values = padded(values);
        let marks = vec!["?"; values.len()].join(", ");
        self.text.push_str(&format!("({marks})"));
        self.values.extend(values);
        self
    }

    /// Appends the value that each row of a set gets: `CASE id WHEN ? THEN ? … END`.
    pub(crate) fn by_id<V: Into<Value>>(
        mut self,
        values: impl IntoIterator<Item = (Uuid, V)>,
    ) -> Self {
        self.text.push_str("CASE id");
        for (id, value) in padded(values.into_iter().map(|(id, v)| (id, v.into())).collect()) {
            self.text.push_str(" WHEN ? THEN ?");
            self.values.extend([Value::Id(id), value]);
        }
        self.text.push_str(" END");
        self
    }

    /// Appends the instant of each row of a set, so long from now.
    pub(crate) fn after_by_id(self, delays: impl IntoIterator<Item = (Uuid, Duration)>) -> Self {
        self.and("{now+ms of (").by_id(delays).and(")}")
    }

    /// Appends `(?, ?, …), (?, ?, …)`: the rows of an INSERT.
    pub(crate) fn rows(mut self, rows: impl IntoIterator<Item = Sql>) -> Self {
        for (number, row) in rows.into_iter().enumerate() {
            self.text.push_str(if number == 0 { "" } else { ", " });
            self = self.append(row);
        }
        self
    }

    /// The text as the engine reads it, with the name of its transaction in front, as
    /// the server's log shows it.
    fn spelt(&self, transaction: &str, engine: Engine) -> Result<String, StoreError> {
        debug_assert_eq!(
            dialect::spell(Engine::Sqlite, &self.text).matches('?').count(),
            self.values.len(),
            "values do not fit the marks of: {}",
            self.text
        );
        let spelt = dialect::spell(engine, &self.text);
        match dialect::unknown_token(&spelt) {
            None => Ok(format!("/* {transaction} */ {spelt}")),
            Some(token) => Err(StoreError::Statement(format!("{token}}} is no token of ours"))),
        }
    }

    /// The statement as SQLite's query.
    pub(crate) fn for_sqlite(
        self,
        transaction: &str,
    ) -> Result<Query<'static, Sqlite, SqliteArguments>, StoreError> {
        query!(
            self,
            transaction,
            Engine::Sqlite,
            |id: Uuid| id.hyphenated().to_string(),
            |time: DateTime<Utc>| time.format(dialect::SQLITE_TIME_FORMAT).to_string(),
            |json: Json| json.to_string()
        )
    }

    /// The statement as MariaDB's and MySQL's query.
    pub(crate) fn for_mysql(
        self,
        transaction: &str,
    ) -> Result<Query<'static, MySql, MySqlArguments>, StoreError> {
        query!(
            self,
            transaction,
            Engine::MySql,
            |id: Uuid| id.hyphenated().to_string(),
            |time: DateTime<Utc>| time,
            |json: Json| json.to_string()
        )
    }

    /// The statement as PostgreSQL's query.
    pub(crate) fn for_postgres(
        self,
        transaction: &str,
    ) -> Result<Query<'static, Postgres, PgArguments>, StoreError> {
        query!(
            self,
            transaction,
            Engine::Postgres,
            |id: Uuid| id,
            |time: DateTime<Utc>| time,
            |json: Json| json
        )
    }
}

/// Repeats the last member of a set up to the next of a few sizes: a server plans each text
/// of a statement once, and the number of its marks belongs to the text. Where a set is
/// asked or named, it may have a member twice.
pub(crate) fn padded<T: Clone>(mut set: Vec<T>) -> Vec<T> {
    if let Some(last) = set.last().cloned() {
        set.resize(size_of_set(set.len()), last);
    }
    set
}

/// 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64 …
fn size_of_set(members: usize) -> usize {
    let power = members.next_power_of_two();
    if members <= power / 4 * 3 && power > 2 { power / 4 * 3 } else { power }
}

/// At most ten years: beyond some year every engine's date arithmetic gives
/// up, and NULL would compare with nothing.
fn milliseconds(delay: Duration) -> i64 {
    const MOST: i64 = 10 * 366 * 24 * 60 * 60 * 1000;
    i64::try_from(delay.as_millis()).unwrap_or(MOST).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server's log shows which transaction a statement belongs to.
    #[test]
    fn statements_bear_the_name_of_their_transaction() {
        let spelt = sql("SELECT {now}, ?").int(1).spelt("claim_due", Engine::Postgres).unwrap();
        assert!(spelt.starts_with("/* claim_due */ SELECT date_trunc("), "{spelt}");
        assert!(spelt.ends_with(", $1"), "{spelt}");
    }

    #[test]
    fn unknown_token_is_an_error_of_ours() {
        let error = sql("SELECT {nwo}").spelt("claim_due", Engine::Sqlite).unwrap_err();
        assert!(error.to_string().contains("{nwo}"), "{error}");
    }

    /// A set of 50 and one of 64 are one text.
    #[test]
    fn sets_have_few_sizes() {
        let sizes: Vec<usize> = [1, 2, 3, 4, 5, 6, 7, 9, 13, 33, 50].map(size_of_set).into();
        assert_eq!(sizes, [1, 2, 3, 4, 6, 6, 8, 12, 16, 48, 64]);
        assert_eq!(padded(vec![1, 2, 3, 4, 5]), [1, 2, 3, 4, 5, 5]);
        assert!(padded(Vec::<i32>::new()).is_empty());
    }

    #[test]
    fn each_row_of_a_set_gets_its_value() {
        let [one, two] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let set =
            sql("SET a = ").by_id([(one, 1i64), (two, 2)]).and(" WHERE id IN ").ids([one, two]);
        let spelt = set.spelt("x", Engine::MySql).unwrap();
        let expected = "/* x */ SET a = CASE id WHEN ? THEN ? WHEN ? THEN ? END WHERE id IN (?, ?)";
        assert_eq!(spelt, expected);
    }
}
