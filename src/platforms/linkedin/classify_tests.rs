use reqwest::header::{HeaderMap, HeaderName};
use serde_json::json;

use super::super::stand_in::{calls, time};
use super::*;

const URN: &str = "urn:li:share:7487189920416108544";

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

/// With LinkedIn's own marks: its status again, and a header of its servers.
fn signed(status: u16, mut body: Value) -> HttpAnswer {
    body["status"] = json!(status);
    answer(status, &body.to_string(), &[("x-li-uuid", "AAY1")])
}

fn duplicate_body(urn: &str) -> Value {
    json!({
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": format!("com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"),
        "errorDetails": {"inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]},
        "status": 422
    })
}

fn token() -> AccessToken {
    AccessToken::new("canary".to_owned())
}

fn wait(seconds: u64, scope: Scope) -> Remedy {
    Remedy::Wait { rest: Duration::from_secs(seconds), scope }
}

const ACCOUNT: Remedy = Remedy::Operator(Scope::Account);
const PLATFORM: Remedy = Remedy::Operator(Scope::App);
const OUTAGE: Remedy = Remedy::Outage(Away::Platform);

#[test]
fn every_table_row_has_its_error_class() {
    use CreateClass::{Refused, Unknown};
    use Remedy::{GiveUp, PollAgain, Restage, Retry};
    let two_minutes = PollAgain(Duration::from_secs(120));
    let invalid_image = json!({"errorDetails": {"inputErrors": [{"code": "INVALID_IMAGE_ID"}]}});
    for (status, body, class_wanted, remedy_wanted) in [
        (400, json!({"code": "VERSION_MISSING"}), Refused, PLATFORM),
        (400, json!({"code": "FIELD_LENGTH_TOO_LONG"}), Refused, GiveUp),
        (400, json!({"code": "MISSING_FIELD"}), Refused, GiveUp),
        (400, invalid_image, Refused, GiveUp),
        (400, json!({"code": "MEDIA_ASSET_WAITING_UPLOAD"}), Refused, two_minutes),
        (400, json!({"message": "The video is still processing"}), Refused, two_minutes),
        (422, json!({"message": "Asset Still Processing"}), Refused, two_minutes),
        (400, json!({"code": "MEDIA_ASSET_PROCESSING_FAILED"}), Refused, GiveUp),
        (400, json!({"code": "EXPIRED_UPLOAD_URL"}), Refused, Restage),
        (401, json!({"serviceErrorCode": 65600}), Refused, ACCOUNT),
        (403, json!({"message": ""}), Refused, ACCOUNT),
        (404, json!({"code": "NOT_FOUND"}), Refused, GiveUp),
        (405, json!({}), Refused, GiveUp),
        (411, json!({}), Refused, GiveUp),
        (413, json!({}), Refused, GiveUp),
        (415, json!({}), Refused, GiveUp),
        (408, json!({}), Unknown, Retry),
        (409, json!({"code": "CONFLICT"}), Unknown, Retry),
        (422, json!({"code": "UNPROCESSABLE_ENTITY"}), Refused, GiveUp),
        (426, json!({"code": "NONEXISTENT_VERSION"}), Refused, PLATFORM),
        (429, json!({}), Refused, wait(60, Scope::Account)),
        (500, json!({"code": "INTERNAL_SERVER_ERROR"}), Unknown, OUTAGE),
        (502, json!({}), Unknown, OUTAGE),
        (503, json!({}), Unknown, OUTAGE),
        (504, json!({}), Unknown, OUTAGE),
        (302, json!({}), Unknown, OUTAGE),
    ] {
        let answer = signed(status, body.clone());
        assert_eq!(classify_create(&answer), class_wanted, "{status} {body}");
        assert_eq!(failure(&answer, &token()).remedy, remedy_wanted, "{status} {body}");
    }
}

/// **P5**: proxies, sign-in pages and maintenance pages answer with any status.
#[test]
fn whatever_lacks_linkedins_marks_is_unknown() {
    for status in [200, 201, 202, 204, 206, 302, 400, 401, 403, 404, 413, 422, 426, 429, 500, 503] {
        let bodies =
            ["", "null", "{}", "[]", "<html>Sign in</html>", r#"{"message":"x"}"#, r#"{"id":1}"#];
        for body in bodies {
            let answer = answer(status, body, &[]);
            assert_eq!(classify_create(&answer), CreateClass::Unknown, "{status} {body}");
            let failure = failure(&answer, &token());
            assert_eq!(failure.remedy, OUTAGE, "{status} {body}: no pause, no failed post");
            assert_eq!(failure.http_status, Some(status));
        }
        // Its own status is missing, or another one.
        for body in [json!({"serviceErrorCode": 100}), json!({"status": 999, "code": "X"})] {
            let answer = answer(status, &body.to_string(), &[("x-li-uuid", "AAY1")]);
            assert_eq!(classify_create(&answer), CreateClass::Unknown, "{status} {body}");
        }
    }
}

#[test]
fn each_of_linkedins_marks_signs_a_refusal() {
    let is_refused = |more: Value, headers: &[(&'static str, &str)]| {
        let mut body = json!({"status": 403, "message": "m"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        classify_create(&answer(403, &body.to_string(), headers)) == CreateClass::Refused
    };
    assert!(!is_refused(json!({}), &[]), "anybody can repeat a status");
    assert!(is_refused(json!({"serviceErrorCode": 100}), &[]));
    assert!(is_refused(json!({"errorDetailType": "com.linkedin.common.error"}), &[]));
    for header in [
        "x-li-uuid",
        "x-restli-protocol-version",
        "x-restli-error-response",
        "x-linkedin-error-response",
    ] {
        assert!(is_refused(json!({}), &[(header, "1")]), "{header}");
    }
    assert!(!is_refused(json!({}), &[("server", "nginx")]));
}

#[test]
fn an_id_header_proves_a_post() {
    let encoded = "urn%3Ali%3Ashare%3A7487189920416108544";
    let created = CreateClass::Created(Some(URN.to_owned()));
    for status in [200, 201] {
        for header in ["x-restli-id", "x-linkedin-id"] {
            for id in [URN, encoded, " urn:li:share:7487189920416108544 "] {
                let answer = answer(status, "", &[(header, id)]);
                assert_eq!(classify_create(&answer), created, "{status} {header} {id}");
            }
        }
        // Whatever became of the body.
        let html = answer(status, "<html>", &[("x-restli-id", URN)]);
        assert_eq!(classify_create(&html), created);
        let broken = HttpAnswer { broken: true, ..html };
        assert_eq!(classify_create(&broken), created);
    }
    for urn in ["urn:li:ugcPost:7487189920416108544", "urn:li:activity:1"] {
        let named = answer(201, "", &[("x-restli-id", urn)]);
        assert_eq!(classify_create(&named), CreateClass::Created(Some(urn.to_owned())));
    }
}

/// **P4**: an id with any other status contradicts itself.
#[test]
fn an_id_with_another_status_proves_nothing() {
    let id = [("x-restli-id", URN), ("x-li-uuid", "AAY1")];
    for status in [202, 204, 206, 302, 400, 401, 403, 409, 422, 429, 500, 503] {
        assert_eq!(classify_create(&answer(status, "", &id)), CreateClass::Unknown, "{status}");
        let body = json!({"status": status, "code": "X"}).to_string();
        assert_eq!(classify_create(&answer(status, &body, &id)), CreateClass::Unknown, "{status}");
    }
    let duplicate = answer(422, &duplicate_body(URN).to_string(), &id);
    assert_eq!(classify_create(&duplicate), CreateClass::Unknown);
}

#[test]
fn a_post_without_an_id_needs_linkedins_header() {
    for header in ["x-li-uuid", "x-restli-protocol-version"] {
        let marks = [(header, "2.0.0")];
        assert_eq!(
            classify_create(&answer(201, "", &marks)),
            CreateClass::Created(None),
            "{header}"
        );
        assert_eq!(
            classify_create(&answer(200, "", &marks)),
            CreateClass::Created(None),
            "{header}"
        );
        assert_eq!(
            classify_create(&answer(201, "{}", &marks)),
            CreateClass::Unknown,
            "LinkedIn sends none"
        );
        assert_eq!(classify_create(&answer(202, "", &marks)), CreateClass::Unknown);
        let cut = HttpAnswer { broken: true, ..answer(201, "", &marks) };
        assert_eq!(
            classify_create(&cut),
            CreateClass::Unknown,
            "what it would have said is not known"
        );
    }
    assert_eq!(classify_create(&answer(201, "", &[("x-li-fabric", "prod")])), CreateClass::Unknown);
}

/// None of them must reach the database, and none throws a success away.
#[test]
fn an_odd_id_is_no_id() {
    let long = format!("urn:li:share:{}", "9".repeat(300));
    for id in [
        "",
        "7487189920416108544",
        "urn:li:share:",
        "urn:li:share:12x",
        "urn:li:share:12,urn:li:share:13",
        "urn:li:person:abc",
        "urn:li:image:C4",
        "urn:li:share:12%00",
        long.as_str(),
    ] {
        let bare = answer(201, "", &[("x-restli-id", id)]);
        assert_eq!(classify_create(&bare), CreateClass::Unknown, "{id}");
        let marked = answer(201, "", &[("x-restli-id", id), ("x-li-uuid", "AAY1")]);
        assert_eq!(classify_create(&marked), CreateClass::Created(None), "{id}");
        let both = answer(201, "", &[("x-restli-id", id), ("x-linkedin-id", URN)]);
        assert_eq!(classify_create(&both), CreateClass::Created(Some(URN.to_owned())), "{id}");
    }
}

#[test]
fn a_refusal_that_broke_off_is_unknown() {
    let mut answer = answer(422, r#"{"errorDetailType":"#, &[("x-li-uuid", "AAY1")]);
    answer.broken = true;
    assert_eq!(classify_create(&answer), CreateClass::Unknown, "it may be the duplicate one");
}

#[test]
fn the_duplicate_filter_is_known_in_every_form() {
    let named = CreateClass::Duplicate(Some(URN.to_owned()));
    for status in [400, 409, 422] {
        assert_eq!(classify_create(&signed(status, duplicate_body(URN))), named, "{status}");
    }
    assert_eq!(
        classify_create(&signed(400, json!({"message": format!("Duplicate Of {URN}")}))),
        named
    );
    let without_urn = CreateClass::Duplicate(None);
    assert_eq!(classify_create(&signed(422, duplicate_body("urn:li:person:abc"))), without_urn);
    assert_eq!(classify_create(&signed(422, json!({"code": "DUPLICATE_POST"}))), without_urn);
    assert_eq!(classify_create(&signed(500, duplicate_body(URN))), CreateClass::Unknown);
    let text = format!("Duplicate of {URN}");
    assert_eq!(
        classify_create(&answer(400, &text, &[])),
        CreateClass::Unknown,
        "anybody may say so"
    );
}

const APPS_DAY: &str =
    "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.";
const MEMBERS_DAY: &str = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached.";

#[test]
fn used_up_day_throttles_until_midnight() {
    let rest = |message: &str, date: Option<&str>| {
        let body = json!({"status": 429, "message": message}).to_string();
        let mut headers = vec![("x-li-uuid", "AAY1"), ("retry-after", "5")];
        headers.extend(date.map(|date| ("date", date)));
        failure(&answer(429, &body, &headers), &token()).remedy
    };
    let half_past_ten = Some("Tue, 24 Nov 2026 22:30:00 GMT");
    assert_eq!(rest(MEMBERS_DAY, half_past_ten), wait(90 * 60, Scope::Account));
    assert_eq!(rest(MEMBERS_DAY, None), wait(60 * 60, Scope::Account));
    let unverified = "Member has not been verified";
    assert_eq!(rest(unverified, half_past_ten), wait(90 * 60, Scope::Account));
    assert_eq!(rest("Too many requests", half_past_ten), wait(5, Scope::Account));
}

/// **P8**: a limit of the app throttles all accounts, one of a member only
/// theirs.
#[test]
fn a_limit_concerns_whom_its_text_names() {
    let scope = |message: &str| match failure(&signed(429, json!({ "message": message })), &token())
        .remedy
    {
        Remedy::Wait { scope, .. } => scope,
        other => panic!("{other:?}"),
    };
    assert_eq!(scope(APPS_DAY), Scope::App);
    assert_eq!(scope(MEMBERS_DAY), Scope::Account);
    assert_eq!(scope("Resource level throttle MEMBER DAY limit is reached."), Scope::Account);
    assert_eq!(scope("Too many requests"), Scope::Account);
}

#[test]
fn a_failure_has_words_but_no_token() {
    let body = json!({"status": 401, "serviceErrorCode": 65601,
        "message": "The token canary was revoked."});
    let failure = failure(&answer(401, &body.to_string(), &[("x-li-uuid", "trace-1")]), &token());
    assert_eq!((failure.code.as_str(), failure.http_status), ("65601", Some(401)));
    assert_eq!(failure.trace_id.as_deref(), Some("trace-1"));
    let words = &failure.message;
    let start = "LinkedIn: the token was revoked (\"The token [token] was revoked\"). ";
    assert!(words.starts_with(start) && words.contains("falsely"), "{words}");
}

/// **P19**: the source, the meaning, its own message, and the next step.
#[test]
fn every_refusal_says_what_to_do() {
    for (status, body, means, advice) in [
        (401, json!({"code": "EXPIRED_ACCESS_TOKEN"}), "has expired", "Reconnect"),
        (401, json!({"serviceErrorCode": 65600}), "token is not valid", "Reconnect"),
        (403, json!({"message": ""}), "a scope is missing", "posting role"),
        (426, json!({"code": "NONEXISTENT_VERSION"}), "version of the API", "newer version"),
        (429, json!({"message": APPS_DAY}), "a limit of calls", "by itself"),
        (400, json!({"code": "FIELD_LENGTH_TOO_LONG"}), "too long", "Change the content"),
        (400, json!({"code": "MEDIA_ASSET_PROCESSING_FAILED"}), "processed", "another file"),
        (422, json!({"code": "DUPLICATE_POST"}), "posted before", "Change the content"),
        (404, json!({"code": "NOT_FOUND"}), "was refused", "Change the content"),
        (500, json!({"code": "INTERNAL_SERVER_ERROR"}), "the server failed", "by itself"),
    ] {
        let words = failure(&signed(status, body.clone()), &token()).message;
        assert!(words.starts_with("LinkedIn: ") && words.contains(means), "{words}");
        assert!(words.contains(advice) && words.ends_with('.'), "{words}");
        assert!(words.contains("(\""), "{words}");
    }
}

#[test]
fn proxy_answers_are_not_attributed_to_linkedin() {
    for (status, named) in [(202, "202 Accepted"), (403, "403 Forbidden"), (302, "302 Found")] {
        let failure = failure(&answer(status, "<html>", &[]), &token());
        let expected = format!("a proxy between here and LinkedIn answered {named}");
        assert!(failure.message.starts_with(&expected), "{}", failure.message);
        assert_eq!(failure.code.as_str(), format!("http_{status}"));
    }
}

fn duplicate_answer(calls: &[Intent], offset: i64) -> Answer {
    let refusal = failure(&signed(422, duplicate_body(URN)), &token());
    duplicate(refusal, Some(URN), calls, TimeDelta::seconds(offset))
}

/// It was minted at 16:59:42.289.
#[test]
fn post_minted_during_our_calls_is_matched() {
    for sent_at in [
        // This very call: the request was repeated in transit.
        &["2026-07-26T16:59:42Z"][..],
        // An earlier call, long before this one.
        &["2026-07-26T16:59:40Z", "2026-07-26T17:05:00Z"][..],
        // Within the tolerance of the clocks.
        &["2026-07-26T16:59:47.289Z"][..],
        &["2026-07-26T16:56:42.289Z"][..],
    ] {
        let answer = duplicate_answer(&calls(sent_at), 0);
        let Answer::Matched(receipt) = answer else { panic!("{sent_at:?}: {answer:?}") };
        assert_eq!(receipt.external_id.as_deref(), Some(URN));
        assert_eq!(receipt.evidence.as_deref(), Some("duplicate"));
        assert_eq!(receipt.permalink, Some(linkedin::address(URN)));
    }
}

#[test]
fn a_post_minted_outside_our_calls_is_another() {
    for sent_at in [
        &["2026-07-26T16:59:47.290Z"][..],
        &["2026-07-26T16:56:42.288Z"][..],
        &["2026-07-26T16:50:00Z", "2026-07-26T17:05:00Z"][..],
    ] {
        let answer = duplicate_answer(&calls(sent_at), 0);
        let Answer::Refused(failure) = answer else { panic!("{sent_at:?}: {answer:?}") };
        assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::GiveUp, "duplicate_post"));
        assert!(!failure.is_marked(SPENT), "it says nothing of our calls");
        let expected = format!(
            "LinkedIn: the same text was already posted at 2026-07-26 16:59:42 UTC as {}. Change \
             the content and schedule it again.",
            linkedin::address(URN)
        );
        assert_eq!(failure.message, expected);
    }
}

/// **P17**: a person posted it by hand after our call was refused.
#[test]
fn a_post_after_a_refused_call_is_another() {
    let mut sent = calls(&["2026-07-26T16:58:42Z", "2026-07-26T17:05:00Z"]);
    assert!(
        matches!(duplicate_answer(&sent, 0), Answer::Matched(_)),
        "the first call got no answer"
    );
    sent[0].refusal = Some(Failure::new(wait(60, Scope::Account), "429".into(), "…"));
    sent[0].answered_at = Some(time("2026-07-26T16:58:43Z"));
    assert!(matches!(duplicate_answer(&sent, 0), Answer::Refused(_)));
    sent[0].answered_at = Some(time("2026-07-26T16:59:38Z"));
    assert!(matches!(duplicate_answer(&sent, 0), Answer::Matched(_)), "the call took so long");
}

#[test]
fn another_clock_hides_no_own_post() {
    let late = calls(&["2026-07-26T17:01:12Z"]);
    assert!(matches!(duplicate_answer(&late, 0), Answer::Refused(_)));
    assert!(matches!(duplicate_answer(&late, -90), Answer::Matched(_)));
    let early = calls(&["2026-07-26T16:59:40Z"]);
    assert!(
        matches!(duplicate_answer(&early, 30), Answer::Matched(_)),
        "a slow answer is no other clock"
    );
    assert!(matches!(duplicate_answer(&early, 90), Answer::Refused(_)));
    let hours = calls(&["2026-07-26T14:59:42Z"]);
    assert!(matches!(duplicate_answer(&hours, 2 * 3600), Answer::Matched(_)));
    let day = calls(&["2026-07-27T17:59:42Z"]);
    assert!(matches!(duplicate_answer(&day, -25 * 3600), Answer::Matched(_)));
}

#[test]
fn a_duplicate_of_nothing_known_is_no_match() {
    let refusal = failure(&signed(422, duplicate_body("urn:li:person:a")), &token());
    let one = calls(&["2026-07-26T16:59:42Z"]);
    let without_urn = duplicate(refusal.clone(), None, &one, TimeDelta::zero());
    let Answer::Refused(failure) = without_urn else { panic!("{without_urn:?}") };
    assert_eq!(failure.remedy, Remedy::GiveUp);
    assert!(failure.is_marked(SPENT), "{failure:?}");
    let odd = duplicate(refusal.clone(), Some("urn:li:share:12345"), &one, TimeDelta::zero());
    assert!(matches!(odd, Answer::Unknown(_)), "it has no time: {odd:?}");
    // What LinkedIn does not name may be what an earlier call of this post made.
    let two = calls(&["2026-07-26T16:59:42Z", "2026-07-26T17:05:00Z"]);
    let without_urn = duplicate(refusal, None, &two, TimeDelta::zero());
    assert!(matches!(without_urn, Answer::Unknown(_)), "{without_urn:?}");
}
