//! Values as an engine sends them. Other programs may have written anything
//! that a column takes, and some of that the drivers do not decode, or panic at
//! (PostgreSQL's `infinity`), or take for NULL (MariaDB's `0000-00-00`): what
//! could be such a value is decoded here.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde_json::Value as Json;
use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Row as _, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

use crate::domain::escape::{ellipsis, visible};

/// One row of a query. The getters name the column in their errors.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    MySql(MySqlRow),
    Postgres(PgRow),
}

/// A column's name in the query, or its place.
pub(crate) trait Column:
    ColumnIndex<SqliteRow> + ColumnIndex<MySqlRow> + ColumnIndex<PgRow> + Copy
{
}

impl Column for &str {}
impl Column for usize {}

/// Why a value cannot be read.
#[derive(Debug)]
pub(crate) enum Why {
    /// Another program wrote it so.
    Value(String),
    /// The query has no such column: a bug.
    Column(sqlx::Error),
}

impl Why {
    fn value(why: impl ToString) -> Self {
        Self::Value(why.to_string())
    }
}

impl From<sqlx::Error> for Why {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::ColumnDecode { source, .. } => Self::value(source),
            other => Self::Column(other),
        }
    }
}

/// What is shown of a value at most.
const SHOWN_COLUMNS: usize = 60;

/// A value for people: safe on a terminal, and cut.
pub(crate) fn shown(value: &str) -> String {
    // Far more than is shown, lest megabytes be measured.
    let start: String = value.chars().take(4 * SHOWN_COLUMNS).collect();
    format!("\"{}\"", ellipsis(&visible(&start), SHOWN_COLUMNS))
}

/// The bytes of a text, also where SQLite keeps something else; of PostgreSQL's
/// ids and JSON their text.
pub(crate) fn bytes(row: &Row, column: impl Column) -> Result<Option<Vec<u8>>, Why> {
    match row {
        Row::Sqlite(row) => {
            if row.try_get_raw(column)?.is_null() {
                return Ok(None);
            }
            Ok(Some(row.try_get_unchecked(column)?))
        }
        Row::MySql(row) => mysql_bytes(row, column),
        Row::Postgres(row) => {
            let raw = row.try_get_raw(column)?;
            if raw.is_null() {
                return Ok(None);
            }
            let kind = raw.type_info().name().to_owned();
            Ok(Some(match kind.as_str() {
                "UUID" => row.try_get::<Uuid, _>(column)?.to_string().into_bytes(),
                "JSONB" | "JSON" => row.try_get::<Json, _>(column)?.to_string().into_bytes(),
                _ => row.try_get_unchecked::<String, _>(column)?.into_bytes(),
            }))
        }
    }
}

/// An id as it is stored.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    Id(Uuid),
    Text(String),
    /// SQLite lets it pass as an id, and finds it under no text.
    Blob(Vec<u8>),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Blob(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
        }
    }
}

/// An id that is no UUID.
pub(crate) fn key(row: &Row, column: &str) -> Result<Key, Why> {
    let bytes = bytes(row, column)?.unwrap_or_default();
    if is_text(row, column)? {
        return Ok(Key::Text(String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(Key::Blob(bytes))
}

/// Whether SQLite keeps the value as a text: as a BLOB it would compare with none.
pub(crate) fn is_text(row: &Row, column: &str) -> Result<bool, Why> {
    Ok(match row {
        Row::Sqlite(row) => row.try_get_raw(column)?.type_info().name() == "TEXT",
        Row::MySql(_) | Row::Postgres(_) => true,
    })
}

/// Whether there is a value, whatever it is.
pub(crate) fn is_set(row: &Row, column: &str) -> Result<bool, Why> {
    Ok(match row {
        Row::Sqlite(row) => !row.try_get_raw(column)?.is_null(),
        Row::MySql(row) => mysql_bytes(row, column)?.is_some(),
        Row::Postgres(row) => !row.try_get_raw(column)?.is_null(),
    })
}

/// A whole number of any width.
pub(crate) fn int(row: &Row, index: impl Column) -> Result<Option<i64>, Why> {
    match row {
        Row::Sqlite(row) => {
            let kind = row.try_get_raw(index)?.type_info().name().to_owned();
            match kind.as_str() {
                "NULL" => Ok(None),
                "INTEGER" => Ok(row.try_get_unchecked(index)?),
                // The engine would take any text for a 0.
                _ => {
                    let bytes: Vec<u8> = row.try_get_unchecked(index)?;
                    Err(Why::Value(no_number(&bytes)))
                }
            }
        }
        Row::MySql(row) => {
            let raw = row.try_get_raw(index)?;
            if raw.is_null() {
                return Ok(None);
            }
            let kind = raw.type_info().name().to_owned();
            if kind == "BIGINT UNSIGNED" {
                let wide: u64 = row.try_get_unchecked(index)?;
                return i64::try_from(wide).map(Some).map_err(|_| Why::value(too_large(wide)));
            }
            if kind.contains("INT") || kind == "BOOLEAN" {
                return Ok(row.try_get_unchecked(index)?);
            }
            let bytes: Vec<u8> = row.try_get_unchecked(index)?;
            let text = std::str::from_utf8(&bytes).ok();
            text.and_then(|text| text.parse().ok()).map(Some).ok_or(Why::Value(no_number(&bytes)))
        }
        // It sends each width in its own encoding.
        Row::Postgres(row) => {
            let raw = row.try_get_raw(index)?;
            let kind = raw.type_info().name().to_owned();
            Ok(match kind.as_str() {
                "INT2" => row.try_get::<Option<i16>, _>(index)?.map(i64::from),
                "INT4" => row.try_get::<Option<i32>, _>(index)?.map(i64::from),
                _ => row.try_get::<Option<i64>, _>(index)?,
            })
        }
    }
}

fn no_number(bytes: &[u8]) -> String {
    format!("{} is not a whole number", shown(&String::from_utf8_lossy(bytes)))
}

fn too_large(number: u64) -> String {
    format!("{number} is too large")
}

/// An instant of the years 1 to 9999.
pub(crate) fn time(row: &Row, column: &str) -> Result<Option<DateTime<Utc>>, Why> {
    match row {
        Row::Sqlite(_) => {
            let Some(bytes) = bytes(row, column)? else { return Ok(None) };
            let text = String::from_utf8_lossy(&bytes);
            match decode_time(&text) {
                // Compared with others as a text, a BLOB would come last.
                Some(time) if is_text(row, column)? => Ok(Some(time)),
                _ => Err(Why::Value(no_time(&text))),
            }
        }
        Row::MySql(row) => match mysql_bytes(row, column)? {
            None => Ok(None),
            Some(bytes) => mysql_time(&bytes).map(Some).map_err(Why::Value),
        },
        Row::Postgres(row) => {
            let raw = row.try_get_raw(column)?;
            let kind = raw.type_info().name().to_owned();
            if !kind.starts_with("TIMESTAMP") {
                return Err(Why::Value(format!("is of type {kind}, which is not a time")));
            }
            match row.try_get_unchecked::<Option<i64>, _>(column)? {
                None => Ok(None),
                Some(microseconds) => postgres_time(microseconds).map(Some).map_err(Why::Value),
            }
        }
    }
}

fn no_time(text: &str) -> String {
    format!("{} is not a time", shown(text))
}

fn in_calendar(time: NaiveDateTime) -> Option<DateTime<Utc>> {
    (1..=9999).contains(&time.year()).then(|| time.and_utc())
}

/// Reads a time as this program or a program of the seed's kind wrote it.
fn decode_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    // chrono would also read signs and spaces.
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .and_then(in_calendar)
}

/// Microseconds since the year 2000; the ends of their range are infinite.
fn postgres_time(microseconds: i64) -> Result<DateTime<Utc>, String> {
    match microseconds {
        i64::MAX => return Err(no_time("infinity")),
        i64::MIN => return Err(no_time("-infinity")),
        _ => {}
    }
    let epoch = NaiveDate::from_ymd_opt(2000, 1, 1).and_then(|date| date.and_hms_opt(0, 0, 0));
    let time =
        epoch.and_then(|epoch| epoch.checked_add_signed(TimeDelta::microseconds(microseconds)));
    time.and_then(in_calendar).ok_or_else(|| {
        // Of 365.2425 days.
        let year = 2000 + microseconds.div_euclid(31_556_952_000_000);
        format!("a time about the year {year} is beyond the years 1 to 9999")
    })
}

/// The bytes of any value; the driver takes zero dates for NULL.
fn mysql_bytes(row: &MySqlRow, index: impl Column) -> Result<Option<Vec<u8>>, Why> {
    row.try_get_raw(index)?;
    // There is no other error: bytes are decoded as they are.
    Ok(row.try_get_unchecked::<Vec<u8>, _>(index).ok())
}

/// As the server sends it: a length, and then the year, month and day, the time
/// of day, and microseconds, each only if there is anything but zeros.
fn mysql_time(bytes: &[u8]) -> Result<DateTime<Utc>, String> {
    let mut parts = [0_u8; 11];
    let sent = bytes.get(1..).unwrap_or_default();
    for (part, byte) in parts.iter_mut().zip(sent) {
        *part = *byte;
    }
    let [y0, y1, month, day, hour, minute, second, m0, m1, m2, m3] = parts;
    let year = u16::from_le_bytes([y0, y1]);
    let micros = u32::from_le_bytes([m0, m1, m2, m3]);
    let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
    date.and_then(|date| date.and_hms_micro_opt(hour.into(), minute.into(), second.into(), micros))
        .and_then(in_calendar)
        .ok_or_else(|| {
            no_time(&format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
        })
}

#[cfg(test)]
mod tests {
    use chrono::SubsecRound as _;

    use super::*;
    use crate::store::sql::dialect;

    fn encode(time: DateTime<Utc>) -> String {
        time.trunc_subsecs(3).format(dialect::SQLITE_TIME_FORMAT).to_string()
    }

    /// A stored time reads back, and the order of its text is the order of
    /// time.
    #[test]
    fn stored_time_reads_back_and_sorts() {
        let early: DateTime<Utc> = "2026-11-24T09:00:00.120Z".parse().unwrap();
        let late: DateTime<Utc> = "2026-11-24T09:00:00.121Z".parse().unwrap();
        assert_eq!(decode_time(&encode(early)), Some(early));
        assert!(encode(early) < encode(late));
        // What another program writes without fractions is not later than ours.
        assert!("2026-11-24 09:00:00" < encode(early).as_str());
        assert_eq!(decode_time("2026-11-24T09:00:00.120Z"), Some(early));
        for bad in ["0000-00-00 00:00:00", "0000-01-01 00:00:00", "+12026-11-24 09:00:00", ""] {
            assert_eq!(decode_time(bad), None, "{bad}");
        }
    }

    /// The ends of every range are read, or refused.
    #[test]
    fn range_ends_are_read_or_refused() {
        let year = |year: i64| (year - 2000) * 31_556_952_000_000;
        for far in [i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1, year(-4713), year(294_276)] {
            assert!(postgres_time(far).is_err(), "{far}");
        }
        assert!(postgres_time(year(20_000)).unwrap_err().contains("20000"));
        let new_year = "2000-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(postgres_time(0), Ok(new_year));
        let zero_date = no_time("0000-00-00 00:00:00");
        assert_eq!(mysql_time(&[0]), Err(zero_date.clone()));
        assert_eq!(mysql_time(&[]), Err(zero_date));
        assert_eq!(mysql_time(&[4, 0xd0, 7, 1, 1]), Ok(new_year));
        assert!(mysql_time(&[4, 0xea, 7, 2, 31]).unwrap_err().contains("2026-02-31"));
        assert!(mysql_time(&[11, 0xea, 7, 2, 1, 24, 0, 0, 0, 0, 0, 0]).is_err());
    }
}
