//! Reading a row of any engine.

use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value as Json;
use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

use super::StoreError;
use crate::domain::{JobId, PostId};

/// Reads a time as this program or a program of the seed's kind wrote it.
fn decode_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim_end_matches('Z');
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|time| time.and_utc())
}
/// One row of a query. The getters name the column in their errors.
pub(super) enum Row {
    Sqlite(SqliteRow),
    MySql(MySqlRow),
    Postgres(PgRow),
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

    /// The value as text, whatever the column's declared type: other programs
    /// give SQLite strange things, and each engine has its own types for ids,
    /// JSON and closed lists.
    pub(super) fn opt_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self {
            Self::Sqlite(row) => {
                if row.try_get_raw(column)?.is_null() {
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
            Self::MySql(row) => match row.try_get_unchecked::<Option<Vec<u8>>, _>(column) {
                Ok(bytes) => Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
                Err(error) => Err(error.into()),
            },
            Self::Postgres(row) => {
                let raw = row.try_get_raw(column)?;
                if raw.is_null() {
                    return Ok(None);
                }
                let kind = raw.type_info().name().to_owned();
                Ok(Some(match kind.as_str() {
                    "UUID" => row.try_get::<Uuid, _>(column)?.to_string(),
                    "JSONB" | "JSON" => row.try_get::<Json, _>(column)?.to_string(),
                    _ => row.try_get_unchecked::<String, _>(column)?,
                }))
            }
        }
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| self.missing(column))
    }

    pub(super) fn opt_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => Ok(row.try_get_unchecked(column)?),
            Self::MySql(row) => Ok(row.try_get_unchecked(column)?),
            Self::Postgres(row) => postgres_int(row, row.try_column(column)?.ordinal()),
        }
    }

    pub(super) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| self.missing(column))
    }

    pub(super) fn int_at(&self, index: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => Ok(row.try_get_unchecked(index)?),
            Self::MySql(row) => Ok(row.try_get_unchecked(index)?),
            Self::Postgres(row) => postgres_int(row, index),
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

    /// The id of a job, if a statement of ours can name the row by it.
    pub(super) fn job(&self, column: &'static str) -> Result<JobId, StoreError> {
        self.key(column).map(JobId::from_uuid)
    }

    /// The id of a post, if a statement of ours can name the row by it.
    pub(super) fn post(&self, column: &'static str) -> Result<PostId, StoreError> {
        self.key(column).map(PostId::from_uuid)
    }

    /// A key as we write it: in capitals it would be another text.
    fn key(&self, column: &'static str) -> Result<Uuid, StoreError> {
        let id = self.id(column)?;
        if self.text(column)? == id.hyphenated().to_string() {
            return Ok(id);
        }
        Err(self.wrong(column, "is no UUID in lower case"))
    }

    pub(super) fn opt_time(
        &self,
        column: &'static str,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        match self {
            Self::Sqlite(_) => match self.opt_text(column)? {
                None => Ok(None),
                Some(text) => decode_time(&text)
                    .map(Some)
                    .ok_or_else(|| self.wrong(column, format!("\"{text}\" is no time"))),
            },
            Self::MySql(row) => row
                .try_get_unchecked::<Option<NaiveDateTime>, _>(column)
                .map(|time| time.map(|time| time.and_utc()))
                .map_err(|error| self.wrong(column, error)),
            Self::Postgres(row) => Ok(row.try_get(column)?),
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
}

impl Row {
    /// All texts, for query plans; of MariaDB with their columns' names.
    #[cfg(test)]
    pub(super) fn dump(&self) -> String {
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

/// PostgreSQL sends each width of integer in its own encoding.
fn postgres_int(row: &PgRow, index: usize) -> Result<Option<i64>, StoreError> {
    let kind = row.try_get_raw(index)?.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INT2" => row.try_get::<Option<i16>, _>(index)?.map(i64::from),
        "INT4" => row.try_get::<Option<i32>, _>(index)?.map(i64::from),
        _ => row.try_get::<Option<i64>, _>(index)?,
    })
}

#[cfg(test)]
mod tests {
    use chrono::SubsecRound as _;

    use super::*;
    use crate::store::dialect;

    fn encode(time: DateTime<Utc>) -> String {
        time.trunc_subsecs(3).format(dialect::SQLITE_TIME_FORMAT).to_string()
    }

    #[test]
    fn a_stored_time_reads_back_and_text_order_is_time_order() {
        let early: DateTime<Utc> = "2026-11-24T09:00:00.120Z".parse().unwrap();
        let late: DateTime<Utc> = "2026-11-24T09:00:00.121Z".parse().unwrap();
        assert_eq!(decode_time(&encode(early)), Some(early));
        assert!(encode(early) < encode(late));
        // What another program writes without fractions is not later than ours.
        assert!("2026-11-24 09:00:00" < encode(early).as_str());
        assert_eq!(decode_time("2026-11-24T09:00:00.120Z"), Some(early));
        assert_eq!(decode_time("0000-00-00 00:00:00"), None);
    }
}
