use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::answer::rest_asked_for;
use super::session::address;
use super::*;
use crate::domain::AccessToken;
use crate::platforms::http::HttpAnswer;

fn answer(status: u16, headers: &[(&'static str, &str)], json: Value) -> HttpAnswer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    HttpAnswer { status, headers, body: Vec::new(), json, broken: false }
}

fn judge(phase: Phase, answer: HttpAnswer) -> Result<Reply, Trouble> {
    let token = AccessToken::new("canary-token".to_owned());
    answer::judge(answer, phase, (1, false), Duration::from_secs(3), &token)
}

#[test]
fn a_token_that_the_platform_echoes_never_enters_a_failure() {
    let json = json!({"error": {"message": "Bad token canary-token", "code": 190,
        "fbtrace_id": "canary-token"}});
    let trouble = judge(Phase::Publish, answer(400, &[], json)).unwrap_err();
    assert!(!format!("{trouble:?}").contains("canary"));
    assert!(trouble.failure.message.contains("reconnect"));
}

#[test]
fn a_token_in_a_success_is_hidden_as_well() {
    let json = json!({"status": "Error: canary-token", "data": [{"url": "?t=canary-token"}]});
    let reply = judge(Phase::Staging, answer(200, &[], json)).unwrap();
    assert_eq!(reply.json["status"], "Error: [token]");
    assert!(!format!("{reply:?}").contains("canary"));
}

#[test]
fn a_success_status_with_a_failure_in_its_body_is_a_failure() {
    for json in [json!({"success": false}), json!({"error": {"code": 2, "message": "m"}})] {
        let trouble = judge(Phase::Publish, answer(200, &[], json)).unwrap_err();
        assert!(!trouble.refused);
    }
}

#[test]
fn a_failed_upload_is_repeated_only_when_the_platform_says_so() {
    let remedy = |retriable| {
        let json = json!({"debug_info": {"retriable": retriable, "type": "OffsetInvalidError",
            "message": "m"}});
        let trouble = judge(Phase::Staging, answer(400, &[], json)).unwrap_err();
        assert_eq!(trouble.failure.code, "OffsetInvalidError");
        trouble.failure.remedy
    };
    assert_eq!(remedy(true), Remedy::Retry);
    assert_eq!(remedy(false), Remedy::Restage);
}

#[test]
fn the_longest_rest_of_all_usage_entries_counts_even_when_keys_repeat() {
    let usage = r#"{"1":[{"type":"pages","estimated_time_to_regain_access":5}],
        "1":[{"type":"instagram","estimated_time_to_regain_access": 37}],
        "2":[{"estimated_time_to_regain_access":0}]}"#
        .replace('\n', " ");
    let both = [("x-business-use-case-usage", usage.as_str()), ("retry-after", "9")];
    let rest = rest_asked_for(&answer(400, &both, Value::Null));
    assert_eq!(rest, Some(Duration::from_secs(37 * 60)));
    let none = r#"{"2":[{"estimated_time_to_regain_access":0}]}"#;
    let after = [("x-business-use-case-usage", none), ("retry-after", "9")];
    assert_eq!(rest_asked_for(&answer(400, &after, Value::Null)), Some(Duration::from_secs(9)));
    assert_eq!(rest_asked_for(&answer(400, &[], Value::Null)), None);
}

#[test]
fn polls_become_rarer_as_the_object_ages() {
    let timing = Timing::default();
    let delay = |age| timing.delay(Some(Duration::from_secs(age))).as_secs();
    assert_eq!([0, 2, 5, 30, 300].map(delay), [3, 3, 5, 30, 60]);
    assert_eq!(timing.delay(None).as_secs(), 3);
}

#[test]
fn an_id_cannot_leave_its_place_in_the_address() {
    let query = [("fields", "id,message")];
    let url = address(FACEBOOK_HOST, DEFAULT_VERSION, &["1/../2?x=1", "feed"], &query).unwrap();
    assert_eq!(url, "https://graph.facebook.com/v25.0/1%2F..%2F2%3Fx=1/feed?fields=id%2Cmessage");
}
