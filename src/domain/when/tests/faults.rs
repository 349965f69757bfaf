//! The faults of time: B1 to B9 in docs/faults.md.

use super::*;

#[test]
fn b1_past_times_and_exactly_now_are_refused_with_the_database_time() {
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

#[test]
fn b1_a_millisecond_of_the_database_clock_that_has_begun_is_past() {
    let now = utc("2025-03-07T15:00:00.0005Z");
    let at_now = parse_when("2025-03-07T15:00:00.000Z", &Zone::utc(), now, Dst::Reject);
    assert!(matches!(at_now, Err(WhenError::Past { .. })));
}

#[test]
fn b2_a_time_without_a_zone_is_read_in_the_given_one() {
    reads("2025-03-10 14:00", "2025-03-10T18:00:00Z");
    reads("2025-03-10T14:00:30", "2025-03-10T18:00:30Z");
    let at = parse_when("2025-03-10 14:00", &Zone::utc(), utc(BASE), Dst::Reject);
    assert_eq!(at, Ok(utc("2025-03-10T14:00:00Z")));
}

#[test]
fn b3_a_time_in_a_dst_gap_is_refused_with_both_neighbours() {
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

#[test]
fn b3_dst_earlier_and_later_choose_the_neighbours_that_the_hint_names() {
    for (dst, expected, hinted) in [
        (Dst::Earlier, "2025-03-09T06:30:00Z", "2025-03-09 01:30 -05:00"),
        (Dst::Later, "2025-03-09T07:30:00Z", "2025-03-09 03:30 -04:00"),
    ] {
        assert_eq!(read_with("2025-03-09 02:30", dst).as_deref(), Ok(expected));
        assert_eq!(read_with("2025-03-09T02:30[America/New_York]", dst).as_deref(), Ok(expected));
        reads(hinted, expected);
    }
}

#[test]
fn b3_a_span_of_days_that_ends_in_a_gap_is_refused_too() {
    let now = utc("2025-03-08T07:30:00Z");
    let error = parse_when("+1d", &new_york(), now, Dst::Reject).unwrap_err();
    assert!(matches!(error, WhenError::Gap { .. }), "{error}");
    assert!(parse_when("+24h", &new_york(), now, Dst::Reject).is_ok());
}

#[test]
fn b3_a_skipped_day_names_its_neighbours_with_their_dates() {
    let apia = parse_zone("Pacific/Apia").unwrap();
    let error = parse_when("2011-12-30 12:00", &apia, utc("2011-12-01T00:00:00Z"), Dst::Reject);
    let hint = error.unwrap_err().hint().unwrap();
    assert!(hint.contains("2011-12-29 12:00 -10:00 or 2011-12-31 12:00 +14:00"), "{hint}");
}

#[test]
fn b4_a_time_in_a_dst_fold_is_refused_with_both_readings() {
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

#[test]
fn b5_second_60_is_refused() {
    for text in
        ["2025-03-10T10:00:60Z", "2025-06-30T23:59:60Z", "2025-03-10 10:00:60", "tomorrow 10:00:60"]
    {
        assert_eq!(read(text), Err(WhenError::LeapSecond), "{text}");
    }
}

#[test]
fn b6_dates_and_times_that_do_not_exist_are_refused() {
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

#[test]
fn b7_years_outside_now_to_five_years_are_refused() {
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

#[test]
fn b8_look_alike_characters_are_refused_and_outer_blanks_trimmed() {
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

#[test]
fn b9_fractions_are_cut_to_milliseconds() {
    reads("2025-03-10T10:00:00.9999999999Z", "2025-03-10T10:00:00.999Z");
    reads("2025-03-10T10:00:00.5Z", "2025-03-10T10:00:00.500Z");
    reads("2025-03-10T10:00:00.0009Z", "2025-03-10T10:00:00Z");
    reads("+1.0005s", "2025-03-07T15:00:01Z");
}
