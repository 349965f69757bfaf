use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::answer::{self, Around, Effect, pause_asked_for};
use super::session::address;
use super::*;
use crate::domain::{
    AccessToken, Answer, Away, NearLimit, Platform, PostType, SPENT, Scope, UsageMeter,
};
use crate::platforms::http::{HttpAnswer, NoAnswer, Reach};
use crate::platforms::rehearsal;
use crate::platforms::stand_in::{Reply as Script, StandIn};

fn answer(status: u16, headers: &[(&'static str, &str)], json: Value) -> HttpAnswer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    HttpAnswer { status, headers, body: Vec::new(), json, broken: false }
}

fn classify(phase: Phase, answer: HttpAnswer) -> Result<Reply, CallError> {
    classify_with(&UsageMeter::default(), phase, answer)
}

fn classify_with(usage: &UsageMeter, phase: Phase, answer: HttpAnswer) -> Result<Reply, CallError> {
    let token = AccessToken::new("canary-token".to_owned());
    let poll = Duration::from_secs(3);
    let around = Around { platform: "Facebook", phase, calls: 1, poll, token: &token, usage };
    answer::classify_answer(answer, &around)
}

fn refusal(code: i64) -> Value {
    json!({"error": {"message": "m", "code": code}})
}

/// **E6**: a token that the platform repeats never enters a failure.
#[test]
fn an_echoed_token_never_enters_a_failure() {
    let json = json!({"error": {"message": "Bad token canary-token", "code": 190,
        "fbtrace_id": "canary-token"}});
    let error = classify(Phase::Publish, answer(400, &[], json)).unwrap_err();
    assert!(!format!("{error:?}").contains("canary"));
    assert!(error.failure.message.contains("Reconnect"));
    let upload = json!({"debug_info": {"type": "canary-token", "message": "canary-token"}});
    let error = classify(Phase::Staging, answer(400, &[], upload)).unwrap_err();
    assert!(!format!("{error:?}").contains("canary"));
}

#[test]
fn a_token_in_a_success_is_hidden() {
    let json = json!({"status": "Error: canary-token", "data": [{"url": "?t=canary-token"}]});
    let reply = classify(Phase::Staging, answer(200, &[], json)).unwrap();
    assert_eq!(reply.json["status"], "Error: [token]");
    assert!(!format!("{reply:?}").contains("canary"));
}

#[test]
fn a_success_status_may_still_be_a_failure() {
    for json in [json!({"success": false}), refusal(2), json!({"debug_info": {"type": "t"}})] {
        let error = classify(Phase::Publish, answer(200, &[], json.clone())).unwrap_err();
        assert_eq!(error.effect, Effect::Unknown, "{json}");
        assert!(matches!(error.into_answer(), Answer::Unknown(_)), "{json}");
    }
}

/// What a publish call that did not succeed was answered, and with which mark.
#[test]
fn refused_spent_and_unknown_calls_are_distinguished() {
    let answer_of = |status, json| {
        let error = classify(Phase::Publish, answer(status, &[], json)).unwrap_err();
        match error.into_answer() {
            Answer::Refused(failure) => ("refused", failure.is_marked(SPENT)),
            Answer::Unknown(failure) => ("unknown", failure.is_marked(SPENT)),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(answer_of(400, refusal(190)), ("refused", false));
    assert_eq!(answer_of(400, refusal(100)), ("refused", true));
    assert_eq!(answer_of(400, refusal(9007)), ("refused", true));
    assert_eq!(answer_of(500, refusal(100)), ("unknown", false));
    assert_eq!(answer_of(400, Value::Null), ("unknown", false), "a proxy's page");
    assert_eq!(answer_of(404, Value::Null), ("unknown", false));
    assert_eq!(answer_of(502, Value::Null), ("unknown", false));
}

#[test]
fn a_call_that_never_left_is_not_sent() {
    let answer_of = |reach| {
        let lost = NoAnswer { reach, code: FailureCode::Connect, message: "m".to_owned() };
        CallError::without_answer(lost, "Facebook").into_answer()
    };
    let Answer::NotSent(failure) = answer_of(Reach::NotSent) else { panic!() };
    assert_eq!(failure.remedy, Remedy::Outage(Away::Platform), "costs no attempt");
    assert!(matches!(answer_of(Reach::Interrupted), Answer::Unknown(_)));
}

#[test]
fn failed_upload_is_repeated_on_request() {
    let remedy = |retriable| {
        let json = json!({"debug_info": {"retriable": retriable, "type": "OffsetInvalidError",
            "message": "m"}});
        let error = classify(Phase::Staging, answer(400, &[], json)).unwrap_err();
        assert_eq!(error.failure.code, "OffsetInvalidError");
        let next =
            error.failure.message.strip_prefix("Facebook: the upload failed (\"m\"). It is ");
        (error.failure.remedy, next.unwrap().to_owned())
    };
    assert_eq!(remedy(true), (Remedy::Retry, "tried again by itself.".to_owned()));
    assert_eq!(remedy(false), (Remedy::Restage, "uploaded anew.".to_owned()));
}

#[test]
fn an_answer_without_reason_names_the_platform() {
    let words = |status, json| {
        classify(Phase::Staging, answer(status, &[], json)).unwrap_err().failure.message
    };
    let page = words(502, Value::Null);
    assert!(page.starts_with("Facebook: answered 502 Bad Gateway"), "{page}");
    let no = words(200, json!({"success": false}));
    assert!(no.starts_with("Facebook: "), "{no}");
}

#[test]
fn ids_have_the_shape_that_meta_gives() {
    let id = |id: Value| {
        classify(Phase::Publish, answer(200, &[], json!({ "id": id }))).unwrap().id("id")
    };
    for good in ["1", "17841400000000001", "1000001_2000001", "1_2_3"] {
        assert_eq!(id(json!(good)).as_deref(), Some(good));
    }
    assert_eq!(id(json!(42)).as_deref(), Some("42"), "sometimes a number");
    let long = "1".repeat(41);
    for bad in ["", "abc", "1_", "_1", "1__2", "1_2_3_4", "1 ", "1\0", "-1", "1/2", &long] {
        assert_eq!(id(json!(bad)), None, "{bad:?}");
    }
}

#[test]
fn longest_throttle_of_all_usage_entries_counts() {
    let usage = r#"{"1":[{"type":"pages","estimated_time_to_regain_access":5}],
        "1":[{"type":"instagram","estimated_time_to_regain_access": 37}],
        "2":[{"estimated_time_to_regain_access":0}]}"#
        .replace('\n', " ");
    let both = [("x-business-use-case-usage", usage.as_str()), ("retry-after", "9")];
    let pause = pause_asked_for(&answer(400, &both, Value::Null));
    assert_eq!(pause, Some(Duration::from_secs(37 * 60)));
    let none = r#"{"2":[{"estimated_time_to_regain_access":0}]}"#;
    let after = [("x-business-use-case-usage", none), ("retry-after", "9")];
    assert_eq!(pause_asked_for(&answer(400, &after, Value::Null)), Some(Duration::from_secs(9)));
    assert_eq!(pause_asked_for(&answer(400, &[], Value::Null)), None);
}

/// Successes report it, too: a limit that is nearly used up is noticed before a refusal.
#[test]
fn a_nearly_used_up_limit_is_noted() {
    let noted = |name: &'static str, value: &str, status| {
        let usage = UsageMeter::default();
        let _ = classify_with(&usage, Phase::Staging, answer(status, &[(name, value)], json!({})));
        let noted = usage.take();
        assert_eq!(usage.take(), None, "reported once");
        noted.map(|near| (near.percent, near.scope))
    };
    let app = |calls| format!(r#"{{"call_count":{calls},"total_time":12,"total_cputime":9}}"#);
    assert_eq!(noted("x-app-usage", &app(89), 200), None);
    assert_eq!(noted("x-app-usage", &app(90), 200), Some((90, Scope::App)));
    assert_eq!(noted("x-page-usage", &app(95), 400), Some((95, Scope::Account)));
    let business = r#"{"1":[{"type":"pages","call_count":10,"total_cputime":97,"total_time":14}],
        "1":[{"type":"instagram","call_count":3}]}"#
        .replace('\n', " ");
    let name = "x-business-use-case-usage";
    assert_eq!(noted(name, &business, 200), Some((97, Scope::Account)));
    assert_eq!(noted(name, "nonsense", 200), None);
}

#[test]
fn the_fullest_limit_is_kept() {
    let usage = UsageMeter::default();
    let near = |percent| NearLimit { percent, scope: Scope::Account };
    for percent in [91, 99, 95] {
        usage.note(near(percent));
    }
    assert_eq!(usage.clone().take(), Some(near(99)));
}

#[test]
fn polls_become_rarer_as_the_object_ages() {
    let timing = Timing::default();
    let delay = |age| timing.delay(Duration::from_secs(age)).as_secs();
    assert_eq!([0, 2, 5, 30, 300].map(delay), [3, 3, 5, 30, 60]);
    let odd = Timing { first_poll: Duration::from_secs(9), longest_poll: Duration::from_secs(1) };
    assert_eq!(odd.delay(Duration::ZERO).as_secs(), 9);
}

#[test]
fn a_missing_object_is_waited_for_while_young() {
    let graph = Graph::new(Arc::new(Http::new(None)), MetaSettings::default());
    let missing = || {
        let json = json!({"error": {"message": "m", "code": 100, "error_subcode": 33}});
        classify(Phase::Staging, answer(400, &[], json)).unwrap_err()
    };
    assert!(graph.failed_poll(missing(), Duration::from_secs(299)).is_ok());
    let old = graph.failed_poll(missing(), Duration::from_secs(301)).unwrap_err();
    assert_eq!((old.remedy, old.code.as_str()), (Remedy::Restage, "100/33"));
    let token = classify(Phase::Staging, answer(400, &[], refusal(190))).unwrap_err();
    let token = graph.failed_poll(token, Duration::ZERO).unwrap_err();
    assert_eq!(token.remedy, Remedy::Operator(Scope::Account));
    assert!(graph.poll_delay(Duration::from_secs(22 * 3600)).is_ok());
    let stuck = graph.poll_delay(Duration::from_secs(24 * 3600)).unwrap_err();
    assert_eq!((stuck.remedy, stuck.code.as_str()), (Remedy::Restage, "processing_stuck"));
}

#[test]
fn no_id_leaves_its_place_in_addresses() {
    let query = [("fields", "id,message")];
    let url = address(FACEBOOK_HOST, DEFAULT_VERSION, &["1/../2?x=1", "feed"], &query).unwrap();
    assert_eq!(url, "https://graph.facebook.com/v25.0/1%2F..%2F2%3Fx=1/feed?fields=id%2Cmessage");
}

/// Reads a list whose pages this script gives.
async fn read_all(
    page: impl Fn(usize) -> Value + Send + Sync + 'static,
) -> Result<usize, CallError> {
    let pages = std::sync::atomic::AtomicUsize::new(0);
    let stand_in = StandIn::start(move |_| {
        Script::json(200, &page(pages.fetch_add(1, std::sync::atomic::Ordering::SeqCst)))
    })
    .await;
    let graph = Graph::new(stand_in.http(), MetaSettings::default());
    let draft = rehearsal::draft(Platform::Facebook, "1", PostType::Post, "", Vec::new());
    let session = graph.session(FACEBOOK_HOST, &draft);
    session.read_all(&["1", "feed"], &[]).await.map(|items| items.len())
}

fn page(items: usize, cursors: Value) -> Value {
    json!({"data": vec![json!({"id": "1"}); items], "paging": cursors})
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let more = || json!({"cursors": {"after": "x"}, "next": "https://…"});
    let listed = read_all(move |number| match number {
        // An empty page is not the end.
        0 | 2 => page(100, more()),
        1 => page(0, more()),
        _ => page(7, json!({"cursors": {"after": "x"}})),
    });
    assert_eq!(listed.await.unwrap(), 207);
}

/// What a list lacks is taken for absent.
#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let endless = || page(1, json!({"cursors": {"after": "x"}, "next": "https://…"}));
    let error = read_all(move |_| endless()).await.unwrap_err();
    assert_eq!(error.failure.code, "list_too_long");
    let lost = || page(1, json!({"next": "https://…"}));
    let error = read_all(move |_| lost()).await.unwrap_err();
    assert_eq!(error.failure.code, "unreadable_answer");
    let no_list = read_all(|_| json!({"id": "1"})).await.unwrap_err();
    assert_eq!(no_list.failure.code, "unreadable_answer");
}

#[tokio::test]
async fn a_comment_is_made_only_with_an_id() {
    for (reply, is_made) in [
        (Script::json(200, &json!({"id": "1_2"})), true),
        (Script::json(200, &json!({"success": true})), false),
        (Script::json(200, &json!({"id": "odd"})), false),
        (Script::json(200, &json!({})), false),
        (Script::web_page(200), false),
        (Script::status(204), false),
    ] {
        let script = reply.clone();
        let stand_in = StandIn::start(move |_| script.clone()).await;
        let graph = Graph::new(stand_in.http(), MetaSettings::default());
        let draft = rehearsal::draft(Platform::Facebook, "1", PostType::Post, "", Vec::new());
        let answer = graph.session(FACEBOOK_HOST, &draft).comment("1_1", "First!").await;
        assert_eq!(matches!(answer, Answer::Published(_)), is_made, "{reply:?}: {answer:?}");
        assert_eq!(matches!(answer, Answer::Unknown(_)), !is_made, "{reply:?}: {answer:?}");
        assert_eq!(stand_in.seen()[0].json(), json!({"message": "First!"}), "nothing else");
    }
}
