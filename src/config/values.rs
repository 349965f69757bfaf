//! Values that flags, variables and files share.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::domain::words;

/// When output gets colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorWhen {
    /// On a terminal, unless variables say otherwise.
    Auto,
    Always,
    Never,
}

words!(ColorWhen { Auto = "auto", Always = "always", Never = "never" });

impl ColorWhen {
    /// The decision for one stream.
    #[must_use]
    pub fn on(self, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Reads a length of time such as `10s`, `5m` or `1h30m`.
///
/// # Errors
/// What is wrong with it.
pub fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    read.filter(|span| !span.is_zero())
        .ok_or_else(|| "not a length of time such as 10s, 5m or 1h30m".to_owned())
}

/// Finds a time zone by its name in the zone database.
///
/// # Errors
/// No such zone.
pub fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "not a time zone such as UTC or Europe/Paris".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_positive_and_have_units() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for bad in ["", "10", "0s", "-5s", "soon", "99999999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn zones_are_found_by_name() {
        assert_eq!(time_zone("Europe/Paris").unwrap().iana_name(), Some("Europe/Paris"));
        assert!(time_zone("Europe/Atlantis").is_err());
    }
}
