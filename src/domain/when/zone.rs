//! Time zones by name.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{Offset, TimeZone};

/// The zone in which civil times are read and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(pub(super) TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// True for `UTC` itself, not for zones that happen to agree with it.
    #[must_use]
    pub fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.iana_name(), self.0.to_fixed_offset()) {
            (Some(name), _) => f.write_str(name),
            (None, Ok(offset)) => f.write_str(&shown(offset)),
            (None, Err(_)) => f.write_str("unknown zone"),
        }
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        parse_zone(text)
    }
}

/// A name that is no zone of the time zone database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a time zone of the IANA database", super::super::escape::visible(.name))]
pub struct ZoneError {
    pub name: String,
    /// Names that look or sound alike, best first; at most three.
    pub close: Vec<String>,
}

impl ZoneError {
    /// What to write instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.close.as_slice() {
            [] => "use a name such as Europe/Paris, UTC, or an offset such as +02:00".to_owned(),
            close => format!("did you mean {} ?", close.join(" or ")),
        }
    }
}

/// Reads an IANA name in any case (`Europe/Paris`, `UTC`) or a fixed offset (`+02:00`).
///
/// # Errors
/// The name is unknown; the error suggests close ones.
pub fn parse_zone(text: &str) -> Result<Zone, ZoneError> {
    let name = text.trim_matches(' ');
    if let Some(offset) = offset_of(name) {
        return Ok(Zone(TimeZone::fixed(offset)));
    }
    if name.eq_ignore_ascii_case("utc") {
        return Ok(Zone::utc());
    }
    let plain =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    let found = if plain { TimeZone::get(name).ok() } else { None };
    found.filter(|zone| !zone.is_unknown()).map(Zone).ok_or_else(|| ZoneError {
        close: close_names(name),
        name: name.chars().take(64).collect(),
    })
}

/// Reads `+HH:MM` or `-HH:MM`, less than a day.
pub(super) fn offset_of(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let [h1, h2, b':', m1, m2] = digits else { return None };
    let two = |a: &u8, b: &u8| {
        (a.is_ascii_digit() && b.is_ascii_digit())
            .then(|| i32::from(a - b'0') * 10 + i32::from(b - b'0'))
    };
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// `+02:00`.
pub(super) fn shown(offset: Offset) -> String {
    let minutes = offset.seconds().abs() / 60;
    let sign = if offset.seconds() < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn close_names(name: &str) -> Vec<String> {
    let wanted: String = name.chars().take(64).collect::<String>().to_lowercase().replace(' ', "_");
    let score = |zone: &str| {
        let zone = zone.to_lowercase();
        let city = zone.rsplit('/').next().unwrap_or(&zone);
        let typed = wanted.rsplit('/').next().unwrap_or(&wanted);
        // A right city with a wrong or missing region beats a similar spelling.
        if city == typed { 1.0 } else { strsim::jaro_winkler(&zone, &wanted) }
    };
    let mut scored: Vec<(f64, String)> = jiff::tz::db()
        .available()
        .map(|zone| (score(zone.as_str()), zone.as_str().to_owned()))
        .filter(|(score, _)| *score > 0.88)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(3).map(|(_, zone)| zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iana_names_utc_and_fixed_offsets_are_zones() {
        for (text, name) in [
            ("Europe/Paris", "Europe/Paris"),
            ("america/new_york", "America/New_York"),
            ("UTC", "UTC"),
            ("utc", "UTC"),
            ("+02:00", "+02:00"),
            ("-05:30", "-05:30"),
        ] {
            assert_eq!(parse_zone(text).unwrap().to_string(), name);
        }
        assert!(parse_zone("utc").unwrap().is_utc());
    }

    #[test]
    fn an_unknown_zone_suggests_close_names() {
        for (text, close) in [
            ("Europe/Pariss", "Europe/Paris"),
            ("paris", "Europe/Paris"),
            ("New York", "America/New_York"),
            ("Amerika/New_York", "America/New_York"),
        ] {
            let error = parse_zone(text).unwrap_err();
            assert!(error.close.iter().any(|name| name == close), "{text}: {:?}", error.close);
            assert!(error.hint().contains(close));
        }
    }

    #[test]
    fn abbreviations_paths_and_wild_offsets_are_no_zones() {
        for text in [
            "",
            "PST",
            "local",
            "../../etc/passwd",
            "/etc/localtime",
            "+99:00",
            "+2",
            "\u{2212}05:00",
            "Etc/Unknown",
        ] {
            assert!(parse_zone(text).is_err(), "{text}");
        }
        assert!(parse_zone("a\u{1b}[31m").unwrap_err().to_string().contains("\\u{1b}"));
    }
}
