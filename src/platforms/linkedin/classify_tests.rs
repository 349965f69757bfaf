use reqwest::header::{HeaderMap, HeaderName};

use super::*;

const URN: &str = "urn:li:share:7487189920416108544";
/// When that post was minted.
const MINTED: &str = "2026-07-26T16:59:42.289Z";

fn answer(status: u16, body: &str, headers: &[(&'static str, &str)]) -> HttpAnswer {
    let pairs =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    HttpAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: pairs.collect::<HeaderMap>(),
        body: body.as_bytes().to_vec(),
        json: serde_json::from_str(body).unwrap_or(Value::Null),
        broken: false,
    }
}

fn duplicate_body(urn: &str) -> String {
    json!({
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": format!("com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"),
        "errorDetails": {"inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]},
        "status": 422
    })
    .to_string()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn token() -> AccessToken {
    AccessToken::new("canary".to_owned())
}

#[test]
fn every_row_of_the_error_table_has_its_verdict_and_remedy() {
    use Remedy::{GiveUp, Operator, PollAgain, Restage, Retry, Wait};
    use Verdict::{Refused, Unknown};
    let account = Operator(Scope::Account);
    let platform = Operator(Scope::Platform);
    let two_minutes = PollAgain(Duration::from_secs(120));
    for (status, body, verdict_wanted, remedy_wanted) in [
        (
            400,
            r#"{"code":"VERSION_MISSING","message":"A version must be present"}"#,
            Refused,
            platform,
        ),
        (400, r#"{"code":"FIELD_LENGTH_TOO_LONG","message":"too long"}"#, Refused, GiveUp),
        (400, r#"{"errorDetails":{"inputErrors":[{"code":"INVALID_IMAGE_ID"}]}}"#, Refused, GiveUp),
        (400, r#"{"code":"MEDIA_ASSET_WAITING_UPLOAD"}"#, Refused, two_minutes),
        (400, r#"{"message":"The video is still processing"}"#, Refused, two_minutes),
        (422, r#"{"message":"Asset Still Processing"}"#, Refused, two_minutes),
        (400, r#"{"code":"MEDIA_ASSET_PROCESSING_FAILED"}"#, Refused, GiveUp),
        (400, r#"{"code":"EXPIRED_UPLOAD_URL"}"#, Refused, Restage),
        (401, r#"{"serviceErrorCode":65600,"message":"Invalid access token"}"#, Refused, account),
        (403, r#"{"message":"","status":403}"#, Refused, account),
        (404, r#"{"code":"NOT_FOUND"}"#, Refused, GiveUp),
        (405, "", Refused, GiveUp),
        (411, "", Refused, GiveUp),
        (413, "<html>", Refused, GiveUp),
        (415, "", Refused, GiveUp),
        (409, r#"{"code":"CONFLICT"}"#, Unknown, Retry),
        (422, r#"{"code":"UNPROCESSABLE_ENTITY"}"#, Refused, GiveUp),
        (
            426,
            r#"{"code":"NONEXISTENT_VERSION","message":"Requested version 20250401 is not active"}"#,
            Refused,
            platform,
        ),
        (429, "<html>", Refused, Wait(Duration::from_secs(60))),
        (500, r#"{"code":"INTERNAL_SERVER_ERROR"}"#, Unknown, Retry),
        (502, "", Unknown, Retry),
        (503, "<html>", Unknown, Retry),
        (504, "", Unknown, Retry),
        (302, "", Unknown, Retry),
        (408, "", Unknown, Retry),
    ] {
        let answer = answer(status, body, &[]);
        assert_eq!(verdict(&answer), verdict_wanted, "{status} {body}");
        assert_eq!(failure(&answer, &token()).remedy, remedy_wanted, "{status} {body}");
    }
}

#[test]
fn a_refusal_that_broke_off_may_be_the_duplicate_one() {
    let mut answer = answer(422, r#"{"errorDetailType":"#, &[]);
    answer.broken = true;
    assert_eq!(verdict(&answer), Verdict::Unknown);
}

#[test]
fn success_counts_even_when_its_body_broke_off() {
    let mut answer = answer(201, "", &[("x-restli-id", URN)]);
    answer.broken = true;
    assert_eq!(verdict(&answer), Verdict::Created);
}

#[test]
fn the_duplicate_filter_is_recognised_in_all_its_forms() {
    let named = Verdict::Duplicate(Some(URN.to_owned()));
    assert_eq!(verdict(&answer(422, &duplicate_body(URN), &[])), named);
    assert_eq!(verdict(&answer(409, &duplicate_body(URN), &[])), named);
    assert_eq!(verdict(&answer(400, &format!("Duplicate Of {URN}"), &[])), named);
    assert_eq!(
        verdict(&answer(422, &duplicate_body("urn:li:person:abc"), &[])),
        Verdict::Duplicate(None)
    );
    assert_eq!(
        verdict(&answer(422, r#"{"code":"DUPLICATE_POST"}"#, &[])),
        Verdict::Duplicate(None)
    );
    assert_eq!(verdict(&answer(500, &duplicate_body(URN), &[])), Verdict::Unknown);
}

#[test]
fn a_used_up_day_rests_until_midnight_utc() {
    let body = r#"{"message":"Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."}"#;
    let dated =
        answer(429, body, &[("date", "Tue, 24 Nov 2026 22:30:00 GMT"), ("retry-after", "5")]);
    assert_eq!(failure(&dated, &token()).remedy, Remedy::Wait(Duration::from_secs(90 * 60)));
    let undated = answer(429, body, &[]);
    assert_eq!(failure(&undated, &token()).remedy, Remedy::Wait(Duration::from_secs(3600)));
}

#[test]
fn other_throttling_rests_as_long_as_it_asks() {
    let asked = answer(429, "", &[("retry-after", "300")]);
    assert_eq!(failure(&asked, &token()).remedy, Remedy::Wait(Duration::from_secs(300)));
}

#[test]
fn a_failure_carries_words_code_and_trace_but_no_token() {
    let body =
        r#"{"status":401,"serviceErrorCode":65601,"message":"The token canary was revoked"}"#;
    let failure = failure(&answer(401, body, &[("x-li-uuid", "trace-1")]), &token());
    assert_eq!(failure.code, "65601");
    assert_eq!(failure.http_status, Some(401));
    assert_eq!(failure.trace_id.as_deref(), Some("trace-1"));
    assert!(failure.message.starts_with("The token [token] was revoked"), "{}", failure.message);
    assert!(failure.message.contains("falsely"), "{}", failure.message);
    let silent = super::failure(&answer(503, "<html>", &[]), &token());
    assert_eq!(
        (silent.code.as_str(), silent.message.as_str()),
        ("http-503", "LinkedIn answered 503 Service Unavailable")
    );
}

fn judged(sent_at: &[&str], offset: TimeDelta) -> Answer {
    let refusal = failure(&answer(422, &duplicate_body(URN), &[]), &token());
    let sent_at: Vec<_> = sent_at.iter().map(|text| time(text)).collect();
    duplicate(refusal, Some(URN), &sent_at, offset)
}

#[test]
fn a_post_minted_after_the_first_send_is_ours() {
    for sent_at in [
        // This very call: the request was repeated on its way.
        &["2026-07-26T16:59:42Z"][..],
        // An earlier call, long before this one.
        &["2026-07-26T16:59:40Z", "2026-07-26T17:05:00Z"][..],
        // Within the tolerance of the clocks.
        &["2026-07-26T16:59:47.289Z"][..],
    ] {
        let Answer::Found(receipt) = judged(sent_at, TimeDelta::zero()) else {
            panic!("not adopted with {sent_at:?}");
        };
        assert_eq!(receipt.external_id.as_deref(), Some(URN));
        assert_eq!(receipt.evidence.as_deref(), Some("duplicate"));
        assert_eq!(receipt.permalink, Some(urn::address(URN)));
    }
}

#[test]
fn a_post_minted_before_the_first_send_is_somebody_elses() {
    let Answer::Refused(failure) = judged(&["2026-07-26T16:59:47.290Z"], TimeDelta::zero()) else {
        panic!("not refused");
    };
    assert_eq!(failure.remedy, Remedy::GiveUp);
    assert_eq!(
        failure.message,
        format!(
            "the same text was already posted at 2026-07-26 16:59:42 UTC as {}",
            urn::address(URN)
        )
    );
    assert_eq!(failure.detail["posted_at"], MINTED);
}

#[test]
fn a_clock_that_is_behind_does_not_hide_our_post() {
    let sent = ["2026-07-26T17:00:12Z"];
    assert!(matches!(judged(&sent, TimeDelta::zero()), Answer::Refused(_)));
    assert!(matches!(judged(&sent, TimeDelta::seconds(-30)), Answer::Found(_)));
    let early = ["2026-07-26T16:59:40Z"];
    assert!(matches!(judged(&early, TimeDelta::seconds(30)), Answer::Refused(_)));
}

#[test]
fn a_duplicate_of_no_post_gives_up_and_one_of_no_time_stays_open() {
    let refusal = failure(&answer(422, &duplicate_body("urn:li:person:a"), &[]), &token());
    let sent_at = [time("2026-07-26T16:59:42Z")];
    let nameless = duplicate(refusal.clone(), None, &sent_at, TimeDelta::zero());
    let Answer::Refused(failure) = nameless else { panic!("not refused") };
    assert_eq!(failure.remedy, Remedy::GiveUp);
    let odd = duplicate(refusal, Some("urn:li:share:12345"), &sent_at, TimeDelta::zero());
    assert!(matches!(odd, Answer::Unknown(_)));
}

/// What LinkedIn does not name may be what an earlier call of this post made.
#[test]
fn a_duplicate_of_no_named_post_stays_open_after_an_earlier_call() {
    let refusal = failure(&answer(422, r#"{"code":"DUPLICATE_POST"}"#, &[]), &token());
    let sent_at = [time("2026-07-26T16:59:42Z"), time("2026-07-26T17:05:00Z")];
    let nameless = duplicate(refusal, None, &sent_at, TimeDelta::zero());
    assert!(matches!(nameless, Answer::Unknown(_)), "{nameless:?}");
}

#[test]
fn the_clock_offset_ignores_what_a_call_itself_takes() {
    let sent = time("2026-11-24T10:00:00Z");
    let dated = |date| answer(422, "", &[("date", date)]);
    let offset = |date, after| clock_offset(&dated(date), sent, Duration::from_secs(after));
    assert_eq!(offset("Tue, 24 Nov 2026 10:00:20 GMT", 20), TimeDelta::zero());
    assert_eq!(offset("Tue, 24 Nov 2026 10:00:01 GMT", 0), TimeDelta::zero());
    assert_eq!(offset("Tue, 24 Nov 2026 10:01:00 GMT", 10), TimeDelta::seconds(50));
    assert_eq!(offset("Tue, 24 Nov 2026 09:59:00 GMT", 0), TimeDelta::seconds(-60));
    assert_eq!(clock_offset(&answer(422, "", &[]), sent, Duration::ZERO), TimeDelta::zero());
}
