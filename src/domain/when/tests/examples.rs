//! What the grammar accepts and refuses.

use super::*;

#[test]
fn a_span_of_hours_elapses() {
    reads("+2h", "2025-03-07T17:00:00Z");
    reads("in 2 hours", "2025-03-07T17:00:00Z");
    reads("+1h30m", "2025-03-07T16:30:00Z");
    reads("+PT2H", "2025-03-07T17:00:00Z");
    reads("in 90 minutes", "2025-03-07T16:30:00Z");
}

#[test]
fn span_of_days_keeps_the_clock_time() {
    reads("+2d", "2025-03-09T14:00:00Z");
    reads("+48h", "2025-03-09T15:00:00Z");
    reads("+2d1h", "2025-03-09T15:00:00Z");
    reads("+1w", "2025-03-14T14:00:00Z");
}

#[test]
fn day_and_time_are_read_in_either_order() {
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

/// An offset that the zone never has is refused.
#[test]
fn offset_foreign_to_the_zone_is_refused() {
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
fn ambiguous_time_is_refused_with_four_valid_forms() {
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
        "+1M",
        "+p2d",
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
