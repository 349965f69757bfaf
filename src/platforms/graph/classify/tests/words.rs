//! What people read of an error.

use super::*;

/// Every number that is known.
const CODES: [i64; 34] = [
    -2, -1, 1, 2, 3, 4, 10, 12, 17, 20, 32, 100, 102, 104, 190, 194, 197, 324, 341, 352, 368, 382,
    389, 450, 452, 506, 613, 1500, 2500, 6000, 6001, 80_001, 80_002, 1_609_005,
];
const PRODUCT_LIMITS: [i64; 9] =
    [80_000, 80_003, 80_004, 80_005, 80_006, 80_008, 80_009, 80_014, 1_609_008];
const SUBCODES: [(i64, i64); 56] = [
    (190, 458),
    (190, 459),
    (190, 460),
    (190, 463),
    (190, 464),
    (190, 466),
    (190, 467),
    (190, 490),
    (190, 492),
    (20, 1_772_107),
    (100, 33),
    (368, 1_390_008),
    (613, 1996),
    (100, 1_346_003),
    (100, 1_349_125),
    (100, 1_363_047),
    (100, 1_366_046),
    (100, 1_366_051),
    (100, 1_404_006),
    (100, 1_404_078),
    (100, 1_404_102),
    (100, 1_404_112),
    (100, 1_609_010),
    (100, 2_061_006),
    (100, 2_069_019),
    (100, 4_854_002),
    (-2, 2_207_003),
    (-2, 2_207_020),
    (-1, 2_207_001),
    (-1, 2_207_032),
    (-1, 2_207_053),
    (1, 2_207_057),
    (4, 2_207_051),
    (9, 2_207_042),
    (24, 2_207_006),
    (24, 2_207_008),
    (25, 2_207_050),
    (100, 2_207_023),
    (100, 2_207_028),
    (100, 2_207_035),
    (100, 2_207_036),
    (100, 2_207_037),
    (100, 2_207_040),
    (352, 2_207_026),
    (9004, 2_207_052),
    (9007, 2_207_027),
    (36_000, 2_207_004),
    (36_001, 2_207_005),
    (36_003, 2_207_009),
    (36_004, 2_207_010),
    (-1, 2_207_076),
    (-1, 2_207_077),
    (100, 2_207_081),
    (-1, 2_207_082),
    (100, 1_363_127),
    (100, 1_363_129),
];

fn words(code: i64, subcode: Option<i64>, said: &str) -> String {
    let error = GraphError { message: said.into(), ..error(code, subcode) };
    error.in_words("Instagram", true)
}

/// The source of the error, its meaning, its own message, and the next step.
fn assert_whole(code: i64, subcode: Option<i64>) {
    let words = words(code, subcode, "(#9) An error occurred.");
    let rest = words.strip_prefix("Instagram: ").unwrap_or_else(|| panic!("{words}"));
    let parts = rest.split_once(" (\"(#9) An error occurred\"). ");
    let (means, advice) = parts.unwrap_or_else(|| panic!("{words}"));
    assert!(means.len() > 10 && !means.ends_with('.'), "{words}");
    assert!(advice.len() > 10 && advice.ends_with('.'), "{words}");
    assert!(advice.starts_with(char::is_uppercase), "{words}");
    assert!(!words.contains("no reason that is known"), "{words}");
}

#[test]
fn every_number_of_the_contract_has_words() {
    for code in CODES.into_iter().chain(PRODUCT_LIMITS).chain(200..=299) {
        assert_whole(code, None);
    }
    for (code, subcode) in SUBCODES {
        assert_whole(code, Some(subcode));
        // Meta's reference leaves the code out of some rows.
        if subcode != 33 {
            assert_whole(77_777, Some(subcode));
        }
    }
}

#[test]
fn an_unknown_number_still_names_a_next_step() {
    let words = words(77_777, Some(1_234_567), "Odd.");
    assert!(words.starts_with("Instagram gives no reason that is known: \"Odd\". "), "{words}");
    assert!(words.contains("`socialsched show`"), "{words}");
}

#[test]
fn an_unknown_subcode_has_its_codes_words() {
    let known = words(190, None, "m");
    assert_eq!(words(190, Some(1_234_567), "m"), known);
    assert!(known.contains("token is not valid"), "{known}");
}

/// Field reports: the number alone gave the wrong advice.
#[test]
fn a_telling_text_gives_the_advice() {
    for (code, said, means, advice) in [
        (1, "The session has been invalidated", "session was ended", "Reconnect"),
        (100, "User is not an Instagram Business", "no Instagram professional account", "settings"),
        (100, "No permission to publish the video", "may not publish videos", "grant"),
        (368, "You already posted this", "posted before", "Change the content"),
        (1, "collaborators is not allowed", "not allowed", "Change the content"),
    ] {
        let words = words(code, None, said);
        assert!(words.contains(means) && words.contains(said), "{words}");
        assert!(words.contains(advice), "{words}");
        assert!(!words.contains("by itself"), "{words}");
    }
    let changed = "The session has been invalidated because the user changed their password";
    let words = words(190, Some(460), changed);
    assert!(words.contains("the password was changed"), "a subcode says more: {words}");
}

/// The four of them got the wrong advice, or none.
#[test]
fn what_an_operator_must_do_is_said() {
    for (code, subcode, advice) in [
        (12, None, "Add the account again with its Instagram user id"),
        (200, None, "the token is a person's and not the Page's"),
        (100, Some(1_404_078), "in the Page's settings at facebook.com"),
        (190, Some(459), "Log in at facebook.com as that person"),
        (2635, None, "Set a newer graph_version"),
        (190, Some(463), "the token has expired"),
    ] {
        let words = words(code, subcode, "…");
        assert!(words.contains(advice), "{words}");
    }
}

#[test]
fn a_failed_objects_number_has_words() {
    let (means, advice) = words_of(2_207_026).unwrap();
    assert_eq!(means, "the video format is not supported");
    assert!(advice.contains("H.264"));
    assert!(words_of(352).is_some() && words_of(1_234_567).is_none());
}

#[test]
fn an_error_is_read_with_few_fields() {
    let full = json!({"error": {"message": "m", "type": "OAuthException", "code": 190,
        "error_subcode": 463, "error_user_msg": "Log in again", "is_transient": true,
        "fbtrace_id": "A1"}});
    let error = GraphError::read(&full).unwrap();
    assert_eq!(error.label(), "190/463");
    assert_eq!((error.message.as_str(), error.transient), ("Log in again", true));
    assert_eq!(error.trace_id.as_deref(), Some("A1"));
    let bare = GraphError::read(&json!({"error": {"message": "m", "code": -2}})).unwrap();
    assert_eq!((bare.label().as_str(), bare.message.as_str()), ("-2", "m"));
    let silent = GraphError::read(&json!({"error": {}})).unwrap();
    assert_eq!((silent.code, silent.message.as_str()), (0, "no reason given"));
    assert_eq!(GraphError::read(&json!({"success": false})), None);
    assert_eq!(GraphError::read(&json!({"error": "text"})), None);
    assert_eq!(GraphError::read(&Value::Null), None);
}
