//! The faults of time: B1 to B9 in docs/faults.md.

use super::*;

/// **B1**: past times and the present instant are refused, and the database's
/// time is shown.
#[test]
fn past_times_are_refused_with_database_time() {
    for text in
        ["today 8am", "2025-03-07T15:00:00Z", "2025-03-07T14:59:59Z", "2h ago", "yesterday 9am"]
    {
        let error = read(text).unwrap_err();
        assert!(matches!(error, WhenError::Past { .. }), "{text}: {error}");
        assert!(error.to_string().contains(BASE), "{error}");
        assert!(error.hint().unwrap().contains("--now"));
    }
    reads("2025-03-07T15:00:00.001Z", "2025-03-07T15:00:00.001Z");
    assert_eq!(read("+0h"), Err(WhenError::EmptySpan));
}

/// **B1**: a millisecond of the database's clock that has begun is past.
#[test]
fn started_millisecond_of_the_clock_is_past() {
    let now = utc("2025-03-07T15:00:00.0005Z");
    let at_now = parse_when("2025-03-07T15:00:00.000Z", &Zone::utc(), now, Dst::Reject);
    assert!(matches!(at_now, Err(WhenError::Past { .. })));
}

/// **B2**: a time without a zone is read in the given one.
#[test]
fn time_without_zone_uses_the_given_zone() {
    reads("2025-03-10 14:00", "2025-03-10T18:00:00Z");
    reads("2025-03-10T14:00:30", "2025-03-10T18:00:30Z");
    let at = parse_when("2025-03-10 14:00", &Zone::utc(), utc(BASE), Dst::Reject);
    assert_eq!(at, Ok(utc("2025-03-10T14:00:00Z")));
}

/// **B3**: a time that a daylight-saving change skips is refused with both
/// neighbours.
#[test]
fn time_in_a_dst_gap_names_both_neighbours() {
    let error = read("2025-03-09 02:30").unwrap_err();
    assert_eq!(
        error.to_string(),
        "this time does not exist in America/New_York (clocks go forward)"
    );
    assert_eq!(
        error.hint().unwrap(),
        "use 01:30 -05:00 or 03:30 -04:00, or pass --dst earlier|later"
    );
    assert_eq!(read("sunday 2:30am"), Err(error));
}

/// **B3**: `earlier` and `later` choose the neighbours that the hint names.
#[test]
fn dst_flag_chooses_a_neighbour_of_the_gap() {
    for (dst, expected, hinted) in [
        (Dst::Earlier, "2025-03-09T06:30:00Z", "2025-03-09 01:30 -05:00"),
        (Dst::Later, "2025-03-09T07:30:00Z", "2025-03-09 03:30 -04:00"),
    ] {
        assert_eq!(read_with("2025-03-09 02:30", dst).as_deref(), Ok(expected));
        assert_eq!(read_with("2025-03-09T02:30[America/New_York]", dst).as_deref(), Ok(expected));
        reads(hinted, expected);
    }
}

/// **B3**: a span of days that ends in a gap is refused, too.
#[test]
fn span_of_days_into_a_gap_is_refused() {
    let now = utc("2025-03-08T07:30:00Z");
    let error = parse_when("+1d", &new_york(), now, Dst::Reject).unwrap_err();
    assert!(matches!(error, WhenError::Gap { .. }), "{error}");
    assert!(parse_when("+24h", &new_york(), now, Dst::Reject).is_ok());
}

/// **B3**: a day that the zone skips is refused with neighbours that show their
/// dates.
#[test]
fn skipped_day_names_neighbours_with_dates() {
    let apia = parse_zone("Pacific/Apia").unwrap();
    let error = parse_when("2011-12-30 12:00", &apia, utc("2011-12-01T00:00:00Z"), Dst::Reject);
    let hint = error.unwrap_err().hint().unwrap();
    assert!(hint.contains("2011-12-29 12:00 -10:00 or 2011-12-31 12:00 +14:00"), "{hint}");
}

/// **B4**: a time that the clocks show twice is refused with both readings.
#[test]
fn time_in_a_dst_fold_names_both_readings() {
    let error = read("2025-11-02 01:30").unwrap_err();
    assert_eq!(error.to_string(), "this time occurs twice in America/New_York (clocks go back)");
    assert_eq!(
        error.hint().unwrap(),
        "use 01:30 -04:00 or 01:30 -05:00, or pass --dst earlier|later"
    );
    assert_eq!(read_with("2025-11-02 01:30", Dst::Earlier).as_deref(), Ok("2025-11-02T05:30:00Z"));
    assert_eq!(read_with("2025-11-02 01:30", Dst::Later).as_deref(), Ok("2025-11-02T06:30:00Z"));
    reads("2025-11-02T01:30:00-05:00[America/New_York]", "2025-11-02T06:30:00Z");
}

/// **B5**: the second 60 is refused.
#[test]
fn second_60_is_refused() {
    for text in
        ["2025-03-10T10:00:60Z", "2025-06-30T23:59:60Z", "2025-03-10 10:00:60", "tomorrow 10:00:60"]
    {
        assert_eq!(read(text), Err(WhenError::LeapSecond), "{text}");
    }
}

/// **B6**: dates and times that do not exist are refused.
#[test]
fn impossible_dates_and_times_are_refused() {
    for text in [
        "2025-02-29 10:00",
        "2025-02-30 10:00",
        "2025-13-01 10:00",
        "2025-00-10 10:00",
        "2025-04-31T10:00:00Z",
    ] {
        assert!(matches!(read(text), Err(WhenError::NoSuchDate(_))), "{text}");
    }
    for text in [
        "2025-03-10 24:00",
        "2025-03-10 25:00",
        "tomorrow 25:00",
        "tomorrow 10:60",
        "tomorrow 13pm",
        "tomorrow 0am",
        "2025-03-10T10:00:61Z",
    ] {
        assert!(matches!(read(text), Err(WhenError::NoSuchTime(_))), "{text}");
    }
    for text in [
        "2025-03-10T10:00:00+99:00",
        "2025-03-10T10:00:00+05:60",
        "2025-03-10T10:00:00+24:00",
        "2025-03-10T10:00:00+5",
        "2025-03-10T10:00:00Zulu",
    ] {
        assert!(matches!(read(text), Err(WhenError::NoSuchOffset(_))), "{text}");
    }
    reads("2028-02-29 10:00", "2028-02-29T15:00:00Z");
}

/// **B7**: only years from now to five years ahead are accepted.
#[test]
fn years_beyond_five_from_now_are_refused() {
    for text in ["0000-01-01T00:00:00Z", "1969-12-31T00:00:00Z"] {
        assert!(matches!(read(text), Err(WhenError::Past { .. })), "{text}");
    }
    for text in ["-0001-01-01T00:00:00Z", "+262142-01-01T00:00:00Z", "10000-01-01T00:00:00Z"] {
        unparsable(text);
    }
    for text in
        ["9999-12-31T23:59:59Z", "9999-12-31 23:59", "2030-03-07T15:00:00.001Z", "+6y", "+19998y"]
    {
        assert!(
            matches!(read(text), Err(WhenError::OutOfRange { .. })),
            "{text}: {:?}",
            read(text)
        );
    }
    reads("2030-03-07T15:00:00Z", "2030-03-07T15:00:00Z");
}

/// **B8**: characters that look like digits or signs are refused; outer blanks
/// are trimmed.
#[test]
fn look_alike_characters_are_refused() {
    for (text, odd) in [
        ("2025-03-10T10:00:00\u{2212}05:00", '\u{2212}'),
        ("２025-03-10 10:00", '２'),
        ("tomorrow\u{a0}9am", '\u{a0}'),
        ("\u{feff}+2h", '\u{feff}'),
    ] {
        assert_eq!(read(text), Err(WhenError::NotAscii(odd)), "{text}");
    }
    reads("  +2h\t", "2025-03-07T17:00:00Z");
}

/// **B9**: fractions of a second are cut to milliseconds, never rounded.
#[test]
fn fractions_are_cut_to_milliseconds() {
    reads("2025-03-10T10:00:00.9999999999Z", "2025-03-10T10:00:00.999Z");
    reads("2025-03-10T10:00:00.5Z", "2025-03-10T10:00:00.500Z");
    reads("2025-03-10T10:00:00.0009Z", "2025-03-10T10:00:00Z");
    reads("+1.0005s", "2025-03-07T15:00:01Z");
}
