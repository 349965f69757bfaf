//! The grammar: text to parts. No zone or clock is consulted here.
//!
//! Every form is recognised by its whole shape, never by trying one parser
//! after another: a guess that is wrong publishes at the wrong time.

use jiff::Span;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::Offset;

use super::zone::offset_of;
use super::{WhenError, Zone, parse_zone};

/// A text of the grammar.
#[derive(Debug)]
pub(super) enum When {
    /// A civil time, or an instant if it has an offset.
    Absolute { civil: DateTime, offset: Option<Given>, zone: Option<Zone> },
    /// Away from now; negative for `2h ago`.
    Relative(Span),
    /// A day seen from today.
    Day { day: Day, time: Time },
}

/// The offset written behind a time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given {
    /// `Z`: an instant, whatever the zone's own offset (RFC 9557, section 2.2).
    Z,
    Offset(Offset),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Day {
    Yesterday,
    Today,
    Tomorrow,
    /// The first one strictly after today.
    Next(Weekday),
}

pub(super) fn read(text: &str) -> Result<When, WhenError> {
    let text = text.trim_matches([' ', '\t']);
    if let Some(odd) = text.chars().find(|c| !matches!(c, ' '..='~')) {
        return Err(if odd.is_ascii() { WhenError::Unparsable } else { WhenError::NotAscii(odd) });
    }
    let lower = text.to_ascii_lowercase();
    if text.as_bytes().get(4) == Some(&b'-') && text.as_bytes()[0].is_ascii_digit() {
        absolute(text)
    } else if let Some(span) = text.strip_prefix('+').or_else(|| text.strip_prefix("in ")) {
        relative(span)
    } else if text.ends_with(" ago") {
        relative(text)
    } else {
        let words: Vec<&str> = lower.split_ascii_whitespace().collect();
        day_and_time(&words)?.ok_or(WhenError::Unparsable)
    }
}

/// `YYYY-MM-DD("T"|" ")HH:MM[:SS[.f]][offset]["["zone"]"]`.
fn absolute(text: &str) -> Result<When, WhenError> {
    let (body, zone) = match text.split_once('[') {
        Some((body, rest)) => (body, Some(rest.strip_suffix(']').ok_or(WhenError::Unparsable)?)),
        None => (text, None),
    };
    let (date, rest) = body.split_at_checked(10).ok_or(WhenError::Unparsable)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).ok_or(WhenError::Unparsable)?;
    let (time, offset) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
    let time = if offset.is_empty() { time } else { time.strip_suffix(' ').unwrap_or(time) };
    let offset = match offset {
        "" => None,
        "Z" | "z" => Some(Given::Z),
        other => Some(Given::Offset(
            offset_of(other).ok_or_else(|| WhenError::NoSuchOffset(other.to_owned()))?,
        )),
    };
    let (time, millis) = match time.split_once('.') {
        // A fraction belongs to instants; the civil form ends with the seconds.
        Some((time, fraction)) if offset.is_some() || zone.is_some() => (
            time,
            if time.len() == 8 { millis_of(fraction) } else { None }
                .ok_or(WhenError::Unparsable)?,
        ),
        Some(_) => return Err(WhenError::Unparsable),
        None => (time, 0),
    };
    let date = date_of(date)?;
    let time = clock_of(time)?.ok_or(WhenError::Unparsable)?;
    let zone = zone.map(parse_zone).transpose()?;
    let time = time.with().millisecond(millis).build().map_err(|_| WhenError::Unparsable)?;
    Ok(When::Absolute { civil: date.to_datetime(time), offset, zone })
}

/// A jiff span (friendly or ISO 8601) without a sign of its own.
fn relative(text: &str) -> Result<When, WhenError> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == 'P') {
        return Err(WhenError::Unparsable);
    }
    let span: Span = text.parse().map_err(|_| WhenError::Unparsable)?;
    if span.is_zero() { Err(WhenError::EmptySpan) } else { Ok(When::Relative(span)) }
}

/// `DAY ["at"] TIME` or `TIME DAY`; `None` when it is neither.
fn day_and_time(words: &[&str]) -> Result<Option<When>, WhenError> {
    if let [day @ .., time] = words
        && let Some(day) = day_of(day.strip_suffix(&["at"]).unwrap_or(day))
        && let Some(time) = time_of(time)?
    {
        return Ok(Some(When::Day { day, time }));
    }
    if let [time, day @ ..] = words
        && let Some(day) = day_of(day)
        && let Some(time) = time_of(time)?
    {
        return Ok(Some(When::Day { day, time }));
    }
    Ok(None)
}

fn day_of(words: &[&str]) -> Option<Day> {
    match words {
        ["yesterday"] => Some(Day::Yesterday),
        ["today"] => Some(Day::Today),
        ["tomorrow"] => Some(Day::Tomorrow),
        ["next", name] | [name] => weekday_of(name).map(Day::Next),
        _ => None,
    }
}

fn weekday_of(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tue" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// `HH:MM[:SS]`, `H[:MM]am|pm`, `noon`, `midnight`; `None` for any other shape.
fn time_of(word: &str) -> Result<Option<Time>, WhenError> {
    match word {
        "noon" => return Ok(Some(Time::midnight().with().hour(12).build().unwrap_or_default())),
        "midnight" => return Ok(Some(Time::midnight())),
        _ => {}
    }
    let (digits, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(digits), _) => (digits, 0),
        (_, Some(digits)) => (digits, 12),
        _ => return clock_of(word),
    };
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "00"));
    if !matches!(hour.len(), 1 | 2) || minute.len() != 2 {
        return Ok(None);
    }
    let (Some(hour), Some(minute)) = (number(hour), number(minute)) else { return Ok(None) };
    if !(1..=12).contains(&hour) || minute > 59 {
        return Err(WhenError::NoSuchTime(word.to_owned()));
    }
    time(word, hour % 12 + half, minute, 0).map(Some)
}

/// `HH:MM[:SS]`; `None` for any other shape.
fn clock_of(text: &str) -> Result<Option<Time>, WhenError> {
    let parts: Vec<&str> = text.split(':').collect();
    if parts.iter().any(|part| part.len() != 2) {
        return Ok(None);
    }
    let numbers: Option<Vec<i16>> = parts.iter().map(|part| number(part)).collect();
    let (hour, minute, second) = match numbers.as_deref() {
        Some(&[hour, minute]) => (hour, minute, 0),
        Some(&[hour, minute, second]) => (hour, minute, second),
        _ => return Ok(None),
    };
    if second == 60 {
        return Err(WhenError::LeapSecond);
    }
    time(text, hour, minute, second).map(Some)
}

fn time(text: &str, hour: i16, minute: i16, second: i16) -> Result<Time, WhenError> {
    let narrow = |value: i16| i8::try_from(value).unwrap_or(i8::MAX);
    Time::new(narrow(hour), narrow(minute), narrow(second), 0)
        .map_err(|_| WhenError::NoSuchTime(text.to_owned()))
}

/// `YYYY-MM-DD`.
fn date_of(text: &str) -> Result<Date, WhenError> {
    let numbers: Option<Vec<i16>> = text.split('-').map(number).collect();
    let Some(&[year, month, day]) = numbers.as_deref() else { return Err(WhenError::Unparsable) };
    if text.as_bytes().get(7) != Some(&b'-') {
        return Err(WhenError::Unparsable);
    }
    let narrow = |value: i16| i8::try_from(value).unwrap_or(i8::MAX);
    Date::new(year, narrow(month), narrow(day)).map_err(|_| WhenError::NoSuchDate(text.to_owned()))
}

/// The fraction of a second in whole milliseconds; finer digits are cut off.
fn millis_of(fraction: &str) -> Option<i16> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number(&format!("{fraction:0<3}")[..3])
}

/// Digits only: no sign, no blank.
fn number(digits: &str) -> Option<i16> {
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}
