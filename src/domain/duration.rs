//! Lengths of time as flags spell them: `60s`, `5m`, `24h`, `1h30m`, `14d`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Reads a length of time; a day is 24 hours.
///
/// # Errors
/// What is wrong, as a fragment for people: no unit, a sign, or a unit whose
/// length depends on the calendar (weeks, months, years).
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim_matches(' ');
    if text.starts_with(['-', '+']) || text.ends_with("ago") {
        return Err("a length of time has no sign or direction".to_owned());
    }
    let span: Span =
        text.parse().map_err(|_| "not a length of time such as 60s, 5m, 1h30m or 2d".to_owned())?;
    if span.get_years() != 0 || span.get_months() != 0 || span.get_weeks() != 0 {
        return Err("weeks, months and years are not taken: use days, such as 14d".to_owned());
    }
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "out of range".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn flags_read_as_people_write_them() {
        for (text, seconds) in [
            ("60s", 60),
            ("5m", 300),
            ("24h", 86_400),
            ("2s", 2),
            ("1h30m", 5_400),
            ("1h 30m", 5_400),
            ("14d", 14 * 86_400),
            ("0s", 0),
            ("PT90S", 90),
            (" 10s ", 10),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn signs_calendar_units_and_bare_numbers_are_refused() {
        for text in
            ["", "60", "-5m", "+5m", "5m ago", "1w", "1mo", "1y", "P1M", "1M", "5 bananas", "s"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(parse_duration("60").unwrap_err().contains("5m"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}|[0-9]{1,25}[a-zµ]{0,4}[ ,.0-9a-z]{0,8}") {
            let _ = parse_duration(&text);
        }
    }
}
