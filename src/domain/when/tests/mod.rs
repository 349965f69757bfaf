//! The grammar by example, by fault and by chance.

mod examples;
mod faults;

use proptest::prelude::*;

use super::*;

/// A Friday: 2025-03-07 10:00 in New York, two days before its clocks go forward.
const BASE: &str = "2025-03-07T15:00:00Z";

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn new_york() -> Zone {
    parse_zone("America/New_York").unwrap()
}

fn read(text: &str) -> Result<String, WhenError> {
    read_with(text, Dst::Reject)
}

fn read_with(text: &str, dst: Dst) -> Result<String, WhenError> {
    parse_when(text, &new_york(), utc(BASE), dst).map(rfc3339)
}

#[track_caller]
fn reads(text: &str, expected: &str) {
    assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
}

#[track_caller]
fn unparsable(text: &str) {
    assert_eq!(read(text), Err(WhenError::Unparsable), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        let _ = parse_when(&text, &new_york(), utc(BASE), Dst::Reject);
    }

    #[test]
    fn no_nearly_valid_text_makes_it_panic(
        text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(\\.[0-9]{0,12})?(Z|[+-][0-9]{2}:[0-9]{2})?(\\[[A-Za-z/+:0-9]{0,12}\\])?\
                |(\\+|in )[0-9.,]{1,20}(h|d|mo|y|w|ns|ms)?( ago)?|(next )?(today|mon|friday) (at )?[0-9:]{0,6}(am|pm)?"
    ) {
        for dst in Dst::ALL {
            let _ = parse_when(&text, &new_york(), utc(BASE), *dst);
            let _ = parse_moment(&text, &new_york(), utc(BASE), *dst);
        }
    }

    #[test]
    fn rfc_3339_round_trips(ahead in 1_i64..157_000_000_000) {
        let at = utc(BASE) + chrono::Duration::milliseconds(ahead);
        let read = parse_when(&rfc3339(at), &new_york(), utc(BASE), Dst::Reject);
        prop_assert_eq!(read, Ok(at));
    }

    #[test]
    fn table_times_read_back_to_the_minute(minutes in 1_i64..2_600_000) {
        let at = utc(BASE) + chrono::Duration::minutes(minutes);
        let shown = short(at, &new_york());
        let readings = [Dst::Earlier, Dst::Later].map(|dst| parse_when(&shown, &new_york(), utc(BASE), dst));
        prop_assert!(readings.contains(&Ok(at)), "{shown}: {readings:?}");
    }
}
