//! How times are shown to people: in the zone that they asked for, next to the UTC
//! result, so that a wrong reading is noticed at once.

use chrono::{DateTime, Utc};
use jiff::civil;
use jiff::tz::TimeZone;

use super::{Zone, timestamp};

/// `Sat 2025-02-01 09:00 Europe/Paris = 08:00 UTC (in 14h 12m)`.
///
/// The UTC date is written out when it is another day.
#[must_use]
pub fn describe(at: DateTime<Utc>, zone: &Zone, now: DateTime<Utc>) -> String {
    let here = civil_time(at, &zone.0);
    let utc = civil_time(at, &TimeZone::UTC);
    let shown = format!("{} {} {zone}", here.strftime("%a %Y-%m-%d"), clock(here));
    let distance = relative(at, now);
    if zone.is_utc() {
        format!("{shown} ({distance})")
    } else if here.date() == utc.date() {
        format!("{shown} = {} UTC ({distance})", clock(utc))
    } else {
        format!("{shown} = {} {} UTC ({distance})", utc.strftime("%a %Y-%m-%d"), clock(utc))
    }
}

/// `2025-02-01 09:00`: the civil time in `zone`, for table columns.
#[must_use]
pub fn short(at: DateTime<Utc>, zone: &Zone) -> String {
    civil_time(at, &zone.0).strftime("%Y-%m-%d %H:%M").to_string()
}

/// How far away: `in 14h 12m`, `now`, `3d 2h ago`. The two largest units, cut off.
#[must_use]
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (at - now).num_seconds();
    let rest = seconds.unsigned_abs();
    let (days, hours, minutes) = (rest / 86_400, rest / 3_600 % 24, rest / 60 % 60);
    let units = [(days, 'd'), (hours, 'h'), (minutes, 'm'), (rest % 60, 's')];
    let Some(first) = units.iter().position(|(count, _)| *count > 0) else {
        return "now".to_owned();
    };
    let length: Vec<String> = units[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    let length = length.join(" ");
    if seconds > 0 { format!("in {length}") } else { format!("{length} ago") }
}

/// RFC 3339 in UTC with `Z`, as JSON carries it: whole seconds, or milliseconds if there are any.
#[must_use]
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(
        if at.timestamp_subsec_millis() == 0 {
            chrono::SecondsFormat::Secs
        } else {
            chrono::SecondsFormat::Millis
        },
        true,
    )
}

fn civil_time(at: DateTime<Utc>, zone: &TimeZone) -> civil::DateTime {
    zone.to_datetime(timestamp(at))
}

/// `HH:MM`, with the seconds only if there are any.
fn clock(time: civil::DateTime) -> String {
    time.strftime(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::when::parse_zone;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn time_is_shown_in_its_zone_and_utc() {
        let now = at("2025-01-31T17:48:00Z");
        let paris = parse_zone("Europe/Paris").unwrap();
        assert_eq!(
            describe(at("2025-02-01T08:00:00Z"), &paris, now),
            "Sat 2025-02-01 09:00 Europe/Paris = 08:00 UTC (in 14h 12m)"
        );
        assert_eq!(
            describe(at("2025-01-31T23:30:15Z"), &paris, now),
            "Sat 2025-02-01 00:30:15 Europe/Paris = Fri 2025-01-31 23:30:15 UTC (in 5h 42m)"
        );
        assert_eq!(
            describe(at("2025-02-01T08:00:00Z"), &Zone::utc(), now),
            "Sat 2025-02-01 08:00 UTC (in 14h 12m)"
        );
        assert_eq!(short(at("2025-02-01T08:00:00Z"), &paris), "2025-02-01 09:00");
    }

    #[test]
    fn distances_name_the_two_largest_units() {
        let now = at("2025-01-31T12:00:00Z");
        for (time, shown) in [
            ("2025-01-31T12:00:00Z", "now"),
            ("2025-01-31T12:00:45Z", "in 45s"),
            ("2025-01-31T12:02:00Z", "in 2m"),
            ("2025-02-03T14:59:00Z", "in 3d 2h"),
            ("2025-02-01T12:00:30Z", "in 1d"),
            ("2025-01-31T09:55:00Z", "2h 5m ago"),
        ] {
            assert_eq!(relative(at(time), now), shown, "{time}");
        }
    }

    #[test]
    fn extreme_times_are_shown_without_a_panic() {
        let paris = parse_zone("Europe/Paris").unwrap();
        for time in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!(!describe(time, &paris, DateTime::UNIX_EPOCH).is_empty());
        }
    }

    #[test]
    fn json_times_end_with_z() {
        assert_eq!(rfc3339(at("2025-02-01T08:00:00Z")), "2025-02-01T08:00:00Z");
        assert_eq!(rfc3339(at("2025-02-01T08:00:00.250Z")), "2025-02-01T08:00:00.250Z");
    }
}
