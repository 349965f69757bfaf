//! When to publish: a strict reading of what people write, and how times are shown.
//!
//! ```text
//! WHEN  = RFC3339 | RFC9557 ("…[Zone]") | LOCAL | REL | DAY TIME | TIME DAY
//! LOCAL = YYYY-MM-DD ("T"|" ") HH:MM[:SS]       in the given zone
//! REL   = ("+" | "in ") SPAN | SPAN " ago"       jiff friendly or ISO 8601 span, > 0
//! DAY   = yesterday | today | tomorrow | ["next"] weekday    strictly after today
//! TIME  = HH:MM[:SS] | H[:MM]am/pm | noon | midnight
//! ```
//!
//! RFC 3339 may leave the seconds out and have a blank before the offset, as the
//! hints of this program write it.
//!
//! `SPAN ago` and `yesterday` serve filters; as a time to publish at they are
//! refused as past. Days, weeks, months and years of a span are civil (the
//! clock shows the same time), hours and less are elapsed time.

mod error;
mod grammar;
mod show;
#[cfg(test)]
mod tests;
mod zone;

use chrono::{DateTime, Months, Utc};
use jiff::tz::{AmbiguousOffset, Offset};
use jiff::{Span, Timestamp, civil};

pub use error::WhenError;
pub use show::{describe, relative, rfc3339, short};
pub use zone::{Zone, ZoneError, parse_zone};

use super::platform::words;
use grammar::{Day, Given, When};

/// How far ahead a post may be scheduled, in months: five years.
const FARTHEST: Months = Months::new(60);

/// What to do with a civil time that the clocks skip or show twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dst {
    /// Refuse and name both readings.
    #[default]
    Reject,
    /// The earlier of the two readings.
    Earlier,
    /// The later of the two readings.
    Later,
}

words!(Dst { Reject = "reject", Earlier = "earlier", Later = "later" });

/// Reads a time to publish at: after `now` and at most five years away.
///
/// `zone` is where a civil time is meant, `now` the database's clock. The
/// result is in whole milliseconds; finer fractions are cut off.
///
/// # Errors
/// The text is outside the grammar, names no or two times, or is out of range.
pub fn parse_when(
    text: &str,
    zone: &Zone,
    now: DateTime<Utc>,
    dst: Dst,
) -> Result<DateTime<Utc>, WhenError> {
    let at = resolve(grammar::read(text)?, zone, now, dst)?;
    let latest = now.checked_add_months(FARTHEST).unwrap_or(DateTime::<Utc>::MAX_UTC);
    if at <= now {
        Err(WhenError::Past { at: rfc3339(at), now: rfc3339(now) })
    } else if at > latest {
        Err(out_of_range(at, now, latest))
    } else {
        Ok(at)
    }
}

/// Reads a time to filter by (`--since`, `--until`): from 1970 to 9999.
///
/// # Errors
/// As [`parse_when`], but the past is no error.
pub fn parse_moment(
    text: &str,
    zone: &Zone,
    now: DateTime<Utc>,
    dst: Dst,
) -> Result<DateTime<Utc>, WhenError> {
    let at = resolve(grammar::read(text)?, zone, now, dst)?;
    if at < DateTime::UNIX_EPOCH {
        return Err(out_of_range(at, DateTime::UNIX_EPOCH, chrono_time(Timestamp::MAX)));
    }
    Ok(at)
}

fn out_of_range(at: DateTime<Utc>, from: DateTime<Utc>, to: DateTime<Utc>) -> WhenError {
    WhenError::OutOfRange { at: rfc3339(at), from: rfc3339(from), to: rfc3339(to) }
}

fn resolve(
    when: When,
    zone: &Zone,
    now: DateTime<Utc>,
    dst: Dst,
) -> Result<DateTime<Utc>, WhenError> {
    let now = timestamp(now);
    let here = zone.0.to_datetime(now);
    let at = match when {
        When::Absolute { civil, offset: None, zone: own } => {
            instant(civil, own.as_ref().unwrap_or(zone), dst)?
        }
        When::Absolute { civil, offset: Some(Given::Z), .. } => at_offset(civil, Offset::UTC)?,
        When::Absolute { civil, offset: Some(Given::Offset(offset)), zone: own } => {
            let at = at_offset(civil, offset)?;
            if let Some(own) = own {
                agree(&own, offset, at)?;
            }
            at
        }
        When::Relative(span) => after(span, now, here, zone, dst)?,
        When::Day { day, time } => {
            let today = here.date();
            let date = match day {
                Day::Yesterday => today.yesterday(),
                Day::Today => Ok(today),
                Day::Tomorrow => today.tomorrow(),
                Day::Next(weekday) => today.nth_weekday(1, weekday),
            };
            instant(date.map_err(beyond)?.to_datetime(time), zone, dst)?
        }
    };
    Ok(chrono_time(at))
}

/// The calendar part of the span moves the date; the remainder elapses after it.
fn after(
    span: Span,
    now: Timestamp,
    here: civil::DateTime,
    zone: &Zone,
    dst: Dst,
) -> Result<Timestamp, WhenError> {
    let time = span.years(0).months(0).weeks(0).days(0);
    let calendar =
        span.hours(0).minutes(0).seconds(0).milliseconds(0).microseconds(0).nanoseconds(0);
    let day = if calendar.is_zero() {
        now
    } else {
        instant(here.checked_add(calendar).map_err(beyond)?, zone, dst)?
    };
    day.checked_add(time).map_err(beyond)
}

/// The one instant at which the clocks of `zone` show `civil`.
fn instant(civil: civil::DateTime, zone: &Zone, dst: Dst) -> Result<Timestamp, WhenError> {
    let (earlier, later, gap) = match zone.0.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => return at_offset(civil, offset),
        // In a gap, the offset from before it leads past it, and vice versa.
        AmbiguousOffset::Gap { before, after } => (after, before, true),
        AmbiguousOffset::Fold { before, after } => (before, after, false),
    };
    let (earlier, later) = (at_offset(civil, earlier)?, at_offset(civil, later)?);
    match dst {
        Dst::Earlier => Ok(earlier),
        Dst::Later => Ok(later),
        Dst::Reject => {
            let shown = |at| with_offset(at, zone, civil.date());
            let (zone, earlier, later) = (zone.to_string(), shown(earlier), shown(later));
            Err(if gap {
                WhenError::Gap { zone, earlier, later }
            } else {
                WhenError::Fold { zone, earlier, later }
            })
        }
    }
}

/// `01:30 -05:00`, with the date if it is not `date`.
fn with_offset(at: Timestamp, zone: &Zone, date: civil::Date) -> String {
    let offset = zone.0.to_offset(at);
    let civil = offset.to_datetime(at);
    let form = if civil.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    let day = if civil.date() == date { String::new() } else { format!("{} ", civil.date()) };
    format!("{day}{} {}", civil.strftime(form), zone::shown(offset))
}

fn agree(zone: &Zone, given: Offset, at: Timestamp) -> Result<(), WhenError> {
    let actual = zone.0.to_offset(at);
    if actual == given {
        return Ok(());
    }
    Err(WhenError::OffsetMismatch {
        zone: zone.to_string(),
        given: zone::shown(given),
        actual: zone::shown(actual),
    })
}

fn at_offset(civil: civil::DateTime, offset: Offset) -> Result<Timestamp, WhenError> {
    offset.to_timestamp(civil).map_err(beyond)
}

/// jiff's calendar ended: the years −9999 to 9999.
fn beyond(_: jiff::Error) -> WhenError {
    WhenError::OutOfRange {
        at: "this".to_owned(),
        from: rfc3339(DateTime::UNIX_EPOCH),
        to: rfc3339(chrono_time(Timestamp::MAX)),
    }
}

/// To jiff, in whole milliseconds; beyond its range, the end of it.
fn timestamp(at: DateTime<Utc>) -> Timestamp {
    let end = if at < DateTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at.timestamp_millis()).unwrap_or(end)
}

/// To chrono, whose range is wider, in whole milliseconds.
fn chrono_time(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.as_millisecond()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
