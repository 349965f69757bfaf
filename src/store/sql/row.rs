//! Reading a row of any engine. A value that cannot be read is an error of its
//! own, which names the table, the column and the row: callers go on with the
//! next row.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
#[cfg(test)]
use sqlx::{Column as _, Row as _};
use uuid::Uuid;

use crate::domain::{JobId, PostId};
use crate::store::StoreError;
pub(crate) use crate::store::sql::raw::Row;
use crate::store::sql::raw::{self, Key, Why, shown};

/// Whose column a name stands for in a query over posts and their jobs.
fn column_of(name: &'static str) -> (&'static str, &'static str) {
    match name {
        "job_id" => ("post_schedule", "id"),
        "job_status" => ("post_schedule", "status"),
        "post_id" => ("post_details", "id"),
        "account_id" => ("post_details", "social_account_id"),
        "account_name" => ("meta_social_accounts", name),
        "run_at" | "next_attempt_at" | "lease_until" | "locked_at" | "max_attempts" | "fence"
        | "worker_id" => ("post_schedule", name),
        other => ("post_details", other),
    }
}

impl Row {
    /// What is wrong with a value. Without further words it is said of the post.
    pub(crate) fn wrong(&self, name: &'static str, why: impl ToString) -> StoreError {
        let (table, column) = column_of(name);
        StoreError::Inconsistent { table, column, row: self.post_name(), why: why.to_string() }
    }

    /// What a post is called by, as far as its id can be read.
    pub(crate) fn post_name(&self) -> String {
        let id = |name| self.opt_lossy(name).ok().flatten();
        format!("post {}", id("post_id").or_else(|| id("id")).unwrap_or_default())
    }

    fn read<T>(&self, column: &'static str, value: Result<T, Why>) -> Result<T, StoreError> {
        value.map_err(|why| match why {
            Why::Value(why) => self.wrong(column, why),
            Why::Column(error) => error.into(),
        })
    }

    fn missing(&self, column: &'static str) -> StoreError {
        self.wrong(column, "is NULL")
    }

    /// The value as text, whatever the column's declared type: other programs
    /// give SQLite strange things, and each engine has its own types for ids,
    /// JSON and closed lists.
    pub(crate) fn opt_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self.read(column, raw::bytes(self, column))?.map(String::from_utf8).transpose() {
            Ok(text) => Ok(text),
            Err(error) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                Err(self.wrong(column, format!("{} is not UTF-8", shown(&text))))
            }
        }
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| self.missing(column))
    }

    /// The same for what is only shown: what is no text shows as `\u{fffd}`.
    pub(crate) fn opt_lossy(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        let bytes = self.read(column, raw::bytes(self, column))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The same of a column that has no name of its own.
    pub(crate) fn text_at(&self, index: usize) -> Result<Option<String>, StoreError> {
        let bytes = self.read("a text", raw::bytes(self, index))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Whether there is a value, whatever it is.
    pub(crate) fn is_set(&self, column: &'static str) -> Result<bool, StoreError> {
        self.read(column, raw::is_set(self, column))
    }

    pub(crate) fn opt_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.read(column, raw::int(self, column))
    }

    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| self.missing(column))
    }

    pub(crate) fn int_at(&self, index: usize) -> Result<Option<i64>, StoreError> {
        self.read("a number", raw::int(self, index))
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.opt_int(column)?.unwrap_or(0) != 0)
    }

    pub(crate) fn opt_id(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        match self.opt_text(column)? {
            None => Ok(None),
            Some(text) => Uuid::try_parse(&text)
                .map(Some)
                .map_err(|_| self.wrong(column, format!("{} is not a UUID", shown(&text)))),
        }
    }

    pub(crate) fn id(&self, column: &'static str) -> Result<Uuid, StoreError> {
        self.opt_id(column)?.ok_or_else(|| self.missing(column))
    }

    /// The id of a job, if a statement can name the row by it.
    pub(crate) fn job(&self, column: &'static str) -> Result<JobId, StoreError> {
        self.key(column).map(JobId::from_uuid)
    }

    /// The id of a post, if a statement can name the row by it.
    pub(crate) fn post(&self, column: &'static str) -> Result<PostId, StoreError> {
        self.key(column).map(PostId::from_uuid)
    }

    /// A key as we write it: in capitals it would be another text, and as a
    /// BLOB none at all.
    fn key(&self, column: &'static str) -> Result<Uuid, StoreError> {
        let id = self.id(column)?;
        let is_text = self.read(column, raw::is_text(self, column))?;
        if is_text && self.text(column)? == id.hyphenated().to_string() {
            return Ok(id);
        }
        Err(self.wrong(column, "is not a lower-case UUID"))
    }

    /// What names the row in a statement, also if it is no UUID.
    pub(crate) fn any_key(&self, column: &'static str) -> Result<Key, StoreError> {
        match self.key(column) {
            Ok(id) => Ok(Key::Id(id)),
            Err(_) => self.read(column, raw::key(self, column)),
        }
    }

    pub(crate) fn opt_time(
        &self,
        column: &'static str,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read(column, raw::time(self, column))
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        self.opt_time(column)?.ok_or_else(|| self.missing(column))
    }

    pub(crate) fn opt_json(&self, column: &'static str) -> Result<Option<Json>, StoreError> {
        let Some(text) = self.opt_text(column)? else { return Ok(None) };
        let parsed = serde_json::from_str(&text).map(Some);
        parsed.map_err(|error| self.wrong(column, format!("{} is not JSON: {error}", shown(&text))))
    }

    /// A word of one of our closed lists.
    pub(crate) fn word<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err = crate::domain::UnknownWord>,
    {
        self.opt_word(column)?.ok_or_else(|| self.missing(column))
    }

    pub(crate) fn opt_word<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err = crate::domain::UnknownWord>,
    {
        let Some(text) = self.opt_text(column)? else { return Ok(None) };
        let why = |error: crate::domain::UnknownWord| {
            self.wrong(column, format!("{} is not one of {}", shown(&error.word), error.allowed))
        };
        text.parse().map(Some).map_err(why)
    }
}

impl Row {
    /// All texts, for query plans; of MariaDB with their columns' names.
    #[cfg(test)]
    pub(crate) fn dump(&self) -> String {
        let texts: Vec<String> = match self {
            Self::Sqlite(row) => {
                let text = |n| row.try_get_unchecked::<String, _>(n).unwrap_or_default();
                row.columns().iter().map(|column| text(column.ordinal())).collect()
            }
            Self::MySql(row) => {
                let text = |n| row.try_get_unchecked::<String, _>(n).unwrap_or_default();
                let named =
                    |c: &sqlx::mysql::MySqlColumn| format!("{}={}", c.name(), text(c.ordinal()));
                row.columns().iter().map(named).collect()
            }
            Self::Postgres(row) => {
                let text = |n| row.try_get_unchecked::<String, _>(n).unwrap_or_default();
                row.columns().iter().map(|column| text(column.ordinal())).collect()
            }
        };
        texts.join(" ")
    }
}
