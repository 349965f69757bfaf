//! Why a text is not a time to publish at.

use super::ZoneError;
use crate::domain::Problem;
use crate::domain::escape::visible;

/// Why a text is not a usable time. `Display` is a fragment for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// In none of the forms of the grammar.
    #[error("this is not a time in a form that can only mean one thing")]
    Unparsable,
    /// Look-alike digits, dashes and blanks.
    #[error("a time is written in plain ASCII; this has U+{:04X}", u32::from(*.0))]
    NotAscii(char),
    /// 30 February, month 13.
    #[error("the calendar has no {0}")]
    NoSuchDate(String),
    /// 24:00, 25:00, 10:60.
    #[error("the clock has no {0}")]
    NoSuchTime(String),
    /// Second 60.
    #[error("leap seconds (second 60) are not supported")]
    LeapSecond,
    /// Neither `Z` nor `±HH:MM` below a day.
    #[error("\"{}\" is not an offset from UTC", visible(.0))]
    NoSuchOffset(String),
    #[error("{0}")]
    Zone(#[from] ZoneError),
    /// `…+03:00[Europe/Paris]`.
    #[error("{zone} is at {actual} then, not at {given}")]
    OffsetMismatch { zone: String, given: String, actual: String },
    /// The clocks skip this civil time.
    #[error("this time does not exist in {zone} (clocks go forward)")]
    Gap { zone: String, earlier: String, later: String },
    /// The clocks show this civil time twice.
    #[error("this time occurs twice in {zone} (clocks go back)")]
    Fold { zone: String, earlier: String, later: String },
    /// A span of no length.
    #[error("a span must be longer than zero")]
    EmptySpan,
    /// Not after the database's clock. Both in UTC.
    #[error("this is not in the future: it is {at}, and the database's clock shows {now}")]
    Past { at: String, now: String },
    /// Outside the years that are taken.
    #[error("{at} is outside the accepted range, {from} to {to}")]
    OutOfRange { at: String, from: String, to: String },
}

impl WhenError {
    /// What to write instead.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unparsable | Self::NotAscii(_) => Some(
                "write 2027-03-10 14:00 (in --tz), 2027-03-10T14:00:00Z, +2h30m, or tomorrow 9am"
                    .to_owned(),
            ),
            Self::Gap { earlier, later, .. } | Self::Fold { earlier, later, .. } => {
                Some(format!("use {earlier} or {later}, or pass --dst earlier|later"))
            }
            Self::Zone(error) => Some(error.hint()),
            Self::OffsetMismatch { .. } => Some("leave the offset or the [zone] out".to_owned()),
            Self::NoSuchOffset(_) => Some("write Z, +02:00 or -05:00".to_owned()),
            Self::Past { .. } => Some("schedule --now publishes at once".to_owned()),
            Self::NoSuchDate(_)
            | Self::NoSuchTime(_)
            | Self::LeapSecond
            | Self::EmptySpan
            | Self::OutOfRange { .. } => None,
        }
    }

    /// The problem to show for a flag such as `--at`.
    #[must_use]
    pub fn problem(&self, field: &str, text: &str) -> Problem {
        let problem = Problem::new(field, self.to_string()).value(text);
        match self.hint() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}
