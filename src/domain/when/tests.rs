//! The examples of the grammar and the faults of time, row by row.

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

#[test]
fn a_span_of_hours_elapses() {
    reads("+2h", "2025-03-07T17:00:00Z");
    reads("in 2 hours", "2025-03-07T17:00:00Z");
    reads("+1h30m", "2025-03-07T16:30:00Z");
    reads("+PT2H", "2025-03-07T17:00:00Z");
    reads("In 90 minutes", "2025-03-07T16:30:00Z");
}

#[test]
fn a_span_of_days_keeps_the_time_on_the_clock() {
    reads("+2d", "2025-03-09T14:00:00Z");
    reads("+48h", "2025-03-09T15:00:00Z");
    reads("+2d1h", "2025-03-09T15:00:00Z");
    reads("+1w", "2025-03-14T14:00:00Z");
}

#[test]
fn a_day_and_a_time_are_read_in_either_order() {
    reads("tomorrow at 9:30pm", "2025-03-09T02:30:00Z");
    reads("9am tomorrow", "2025-03-08T14:00:00Z");
    reads("tomorrow 9am", "2025-03-08T14:00:00Z");
    reads("Tomorrow 09:00:30", "2025-03-08T14:00:30Z");
    reads("tomorrow noon", "2025-03-08T17:00:00Z");
    reads("tomorrow midnight", "2025-03-08T05:00:00Z");
    reads("today 12pm", "2025-03-07T17:00:00Z");
    reads("tomorrow 12am", "2025-03-08T05:00:00Z");
}

#[test]
fn a_weekday_is_strictly_after_today() {
    reads("friday 8pm", "2025-03-15T00:00:00Z");
    reads("next friday 8pm", "2025-03-15T00:00:00Z");
    reads("8pm next friday", "2025-03-15T00:00:00Z");
    reads("sat 10:00", "2025-03-08T15:00:00Z");
}

#[test]
fn rfc_9557_names_its_own_zone() {
    reads("2025-03-10T14:00[Europe/Paris]", "2025-03-10T13:00:00Z");
    reads("2025-03-10T14:00:00+01:00[Europe/Paris]", "2025-03-10T13:00:00Z");
    reads("2025-03-10T14:00:00Z[Europe/Paris]", "2025-03-10T14:00:00Z");
    reads("2025-03-10T14:00[+02:00]", "2025-03-10T12:00:00Z");
}

#[test]
fn an_offset_that_the_zone_never_has_is_refused() {
    let error = read("2025-03-10T14:00:00+05:00[Europe/Paris]").unwrap_err();
    assert_eq!(error.to_string(), "Europe/Paris is at +01:00 then, not at +05:00");
}

#[test]
fn an_unknown_zone_in_brackets_suggests_close_names() {
    let error = read("2025-03-10T14:00[Europe/Pariss]").unwrap_err();
    assert!(error.hint().unwrap().contains("Europe/Paris"));
}

#[test]
fn rfc_3339_is_read_whatever_the_zone() {
    reads("2025-03-10T14:00:00Z", "2025-03-10T14:00:00Z");
    reads("2025-03-10t14:00:00z", "2025-03-10T14:00:00Z");
    reads("2025-03-10T14:00:00-04:00", "2025-03-10T18:00:00Z");
    reads("2025-03-10 14:00 -04:00", "2025-03-10T18:00:00Z");
}

#[test]
fn what_could_mean_two_things_is_refused_with_four_valid_forms() {
    for text in [
        "",
        "2h",
        "5",
        "9am",
        "tomorrow",
        "03/10/2025 14:00",
        "tomorrow 9am PST",
        "-2h",
        "now",
        "2025-03-10",
        "14:00",
        "tomorrow 9",
        "tomorrow 9:30",
        "tomorrow at",
        "at 9am tomorrow",
        "9am at tomorrow",
        "next tomorrow 9am",
        "tomorrow 9 am",
        "+",
        "+ 2h",
        "+-2h",
        "+2",
        "in",
        "in -2h",
        "2025-03-10T14",
        "2025-03-10T1400",
        "20250310T140000Z",
        "2025-3-10 14:00",
        "2025-03-10  14:00",
        "2025-03-10 14:00 UTC",
        "2025-03-10 14:00 extra",
        "2025-03-10_14:00",
        "2025-03-10 14:00.5",
        "2025-03-10T14:00[Europe/Paris",
        "2025-069T14:00:00Z",
        "tomorrow\n9am",
        "tomorrow 9am tomorrow",
        "2025-03-10 14:00:00.5",
        "2025-03-10T14:00:00.Z",
    ] {
        unparsable(text);
    }
    let hint = WhenError::Unparsable.hint().unwrap();
    for form in ["2027-03-10 14:00", "2027-03-10T14:00:00Z", "+2h30m", "tomorrow 9am"] {
        assert!(hint.contains(form), "{hint}");
        let now = utc("2027-01-01T00:00:00Z");
        assert!(parse_when(form, &Zone::utc(), now, Dst::Reject).is_ok(), "{form}");
    }
}

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

#[test]
fn filters_may_look_back() {
    let moment = |text| parse_moment(text, &new_york(), utc(BASE), Dst::Reject).map(rfc3339);
    assert_eq!(moment("today 8am").as_deref(), Ok("2025-03-07T13:00:00Z"));
    assert_eq!(moment("yesterday 8am").as_deref(), Ok("2025-03-06T13:00:00Z"));
    assert_eq!(moment("2h ago").as_deref(), Ok("2025-03-07T13:00:00Z"));
    assert_eq!(moment("1 day ago").as_deref(), Ok("2025-03-06T15:00:00Z"));
    assert_eq!(moment("2024-01-01 00:00").as_deref(), Ok("2024-01-01T05:00:00Z"));
    assert!(matches!(moment("0000-01-01T00:00:00Z"), Err(WhenError::OutOfRange { .. })));
    assert_eq!(moment("2h"), Err(WhenError::Unparsable));
}

#[test]
fn dst_words_read_back() {
    for dst in Dst::ALL {
        assert_eq!(dst.as_str().parse(), Ok(*dst));
    }
}

#[test]
fn a_problem_carries_flag_value_reason_and_hint() {
    let text = "2025-03-09 02:30";
    let problem = read(text).unwrap_err().problem("--at", text);
    assert_eq!((problem.field.as_str(), problem.value.as_deref()), ("--at", Some(text)));
    assert!(problem.hint.unwrap().starts_with("use 01:30"));
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
    fn what_is_shown_in_a_table_reads_back_to_the_minute(minutes in 1_i64..2_600_000) {
        let at = utc(BASE) + chrono::Duration::minutes(minutes);
        let shown = short(at, &new_york());
        let readings = [Dst::Earlier, Dst::Later].map(|dst| parse_when(&shown, &new_york(), utc(BASE), dst));
        prop_assert!(readings.contains(&Ok(at)), "{shown}: {readings:?}");
    }
}
