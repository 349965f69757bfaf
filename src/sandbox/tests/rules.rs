//! Rules that make up answers and decide how often a call takes effect.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::linkedin::{PAGE, post, request};
use super::*;

const FEED: &str = "1000001/feed";

/// One post through the rule: status, headers, body, and how many posts are live.
async fn strike(rule: Value) -> (u16, reqwest::header::HeaderMap, Value, usize) {
    let bench = Bench::new().await;
    bench.faults(json!([rule])).await;
    let answer = bench.try_graph("POST", FEED, json!({"message": "x"})).await.unwrap();
    let headers = answer.headers().clone();
    let (status, body) = read(answer).await;
    (status, headers, body, bench.live().await.len())
}

/// The same on LinkedIn.
async fn strike_linkedin(rule: Value) -> (u16, reqwest::header::HeaderMap, Value, usize) {
    let bench = Bench::new().await;
    bench.faults(json!([rule])).await;
    let call = request(&bench, "POST", "posts").json(&post(PAGE, "x", Value::Null));
    let answer = call.send().await.unwrap();
    let headers = answer.headers().clone();
    let (status, body) = read(answer).await;
    (status, headers, body, bench.live().await.len())
}

#[tokio::test]
async fn rule_sets_how_often_call_takes_effect() {
    for (fault, effect, posts) in [
        ("refuse", "none", 0),
        ("refuse", "once", 1),
        ("refuse", "twice", 2),
        ("answer", "once", 1),
        ("html_502", "once", 1),
        ("after_commit_5xx", "none", 0),
        ("no_id", "none", 0),
        ("empty_body", "none", 0),
        ("duplicate_delivery", "once", 1),
        ("slow_first_byte", "twice", 2),
    ] {
        let live = strike(json!({"fault": fault, "effect": effect})).await.3;
        assert_eq!(live, posts, "{fault} {effect}");
    }
}

#[tokio::test]
async fn graph_refusal_may_have_any_code() {
    let usual = strike(json!({"fault": "refuse"})).await;
    assert_eq!((usual.0, &usual.2["error"]["code"], usual.3), (400, &json!(100), 0));
    let rule = json!({"fault": "refuse", "code": -2, "subcode": 2207020, "message": "Expired",
        "status": 403, "transient": true, "effect": "once"});
    let (status, headers, body, live) = strike(rule).await;
    let error = &body["error"];
    assert_eq!((status, live), (403, 1));
    assert_eq!((&error["code"], &error["error_subcode"]), (&json!(-2), &json!(2_207_020)));
    assert_eq!((&error["message"], &error["is_transient"]), (&json!("Expired"), &json!(true)));
    assert!(error["fbtrace_id"].is_string());
    for name in ["x-app-usage", "x-business-use-case-usage", "facebook-api-version"] {
        assert!(headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn upload_refusal_has_form_of_uploads() {
    let bench = Bench::new().await;
    let reel = json!({"upload_phase": "start"});
    let started = bench.ok("POST", "1000001/video_reels", reel).await;
    bench.faults(json!([{"fault": "refuse", "code": "OffsetInvalidError"}])).await;
    let upload = bench.http.post(started["upload_url"].as_str().unwrap());
    let upload = upload.header("authorization", "OAuth good").header("content-length", "0");
    let (status, body) = read(upload.send().await.unwrap()).await;
    assert_eq!((status, &body["debug_info"]["type"]), (400, &json!("OffsetInvalidError")));
}

/// A refusal of LinkedIn is signed unless a proxy speaks.
#[tokio::test]
async fn linkedin_refusal_is_signed_unless_proxied() {
    let rule = json!({"fault": "refuse", "code": "ACCESS_DENIED", "status": 403, "effect": "once"});
    let (status, headers, body, live) = strike_linkedin(rule).await;
    assert_eq!((status, live), (403, 1));
    assert_eq!((&body["status"], &body["code"]), (&json!(403), &json!("ACCESS_DENIED")));
    assert!(headers.contains_key("x-li-uuid"));
    let rule = json!({"fault": "refuse", "code": 65601, "status": 401, "message": "Gone"});
    let (_, _, body, live) = strike_linkedin(rule).await;
    let expected = json!({"status": 401, "serviceErrorCode": 65601, "message": "Gone"});
    assert_eq!((body, live), (expected, 0));
    let rule = json!({"fault": "refuse", "code": "X", "status": 403, "signed": false});
    let (status, headers, body, _) = strike_linkedin(rule).await;
    assert_eq!((status, &body["status"]), (403, &Value::Null));
    assert!(headers.keys().all(|name| !name.as_str().starts_with("x-")), "{headers:?}");
}

#[tokio::test]
async fn an_answer_may_be_anything() {
    let rule = json!({"fault": "answer", "status": 203, "headers": {"X-Cache": "HIT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
        "body": "<html>Sign in</html>"});
    let (status, headers, body, live) = strike(rule).await;
    assert_eq!((status, body, live), (203, json!("<html>Sign in</html>"), 0));
    assert_eq!(headers["content-type"], "text/html");
    assert_eq!(headers["x-cache"], "HIT");
    assert_eq!(headers["date"], "Thu, 01 Jan 1970 00:00:00 GMT");
    assert!(!headers.contains_key("x-app-usage"));
    for (rule, kind, text) in [
        (json!({"body": {"id": "1"}}), Some("application/json"), "{\"id\":\"1\"}"),
        (json!({"body": "hello"}), Some("text/plain"), "hello"),
        (json!({"body": "a,b", "content_type": "text/csv"}), Some("text/csv"), "a,b"),
        (json!({"body": null}), None, ""),
    ] {
        let mut rule = rule;
        rule["fault"] = json!("answer");
        let (status, headers, body, _) = strike(rule.clone()).await;
        assert_eq!(status, 200);
        let got = headers.get("content-type").map(|kind| kind.to_str().unwrap());
        assert!(got.is_some() == kind.is_some(), "{rule}: {got:?}");
        assert!(got.is_none_or(|got| got.starts_with(kind.unwrap())), "{rule}: {got:?}");
        let shown = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        assert_eq!(shown, text, "{rule}");
    }
}

/// An answer in place of LinkedIn's is unsigned unless the rule says otherwise.
#[tokio::test]
async fn replaced_linkedin_answer_is_unsigned_by_default() {
    let rule = json!({"fault": "answer", "status": 201, "headers": {"x-restli-id": "urn:li:share:1"},
        "effect": "once"});
    let (status, headers, _, live) = strike_linkedin(rule).await;
    assert_eq!((status, live), (201, 1));
    assert_eq!(headers["x-restli-id"], "urn:li:share:1");
    assert!(!headers.contains_key("x-li-uuid"));
}

#[tokio::test]
async fn of_two_deliveries_either_answer_is_returned() {
    for (which, status) in [("first", 200), ("second", 400)] {
        let bench = Bench::new().await;
        let image = facebook::photo(&bench, "a.jpg").await;
        bench.faults(json!([{"fault": "duplicate_delivery", "which": which}])).await;
        let body = json!({"attached_media": [{"media_fbid": image}]});
        assert_eq!(bench.graph("POST", FEED, body).await.0, status, "{which}");
        bench.one().await;
    }
}

#[tokio::test]
async fn a_success_that_was_not_taken_changes_nothing() {
    let (status, _, body, live) = strike(json!({"fault": "not_taken"})).await;
    assert_eq!((status, body["id"].is_string(), live), (200, true, 0));
    let (status, headers, _, live) = strike_linkedin(json!({"fault": "not_taken"})).await;
    assert_eq!((status, headers.contains_key("x-restli-id"), live), (201, true, 0));
}

#[tokio::test]
async fn upload_not_taken_is_still_awaited() {
    let bench = Bench::new().await;
    let init = json!({"initializeUploadRequest": {"owner": PAGE}});
    let path = "images?action=initializeUpload";
    let (_, answer) = linkedin::call(&bench, "POST", path, &init).await;
    bench.faults(json!([{"match": {"method": "PUT"}, "fault": "not_taken"}])).await;
    let url = answer["value"]["uploadUrl"].as_str().unwrap();
    let photo = bench.http.get(bench.media("a.jpg")).send().await.unwrap().bytes().await.unwrap();
    let put = bench.http.put(url).bearer_auth("good").body(photo).send().await.unwrap();
    assert_eq!(put.status(), 201);
    let body = post(PAGE, "x", json!({"media": {"id": answer["value"]["image"]}}));
    let (status, refused) = linkedin::call(&bench, "POST", "posts", &body).await;
    assert_eq!((status, &refused["code"]), (400, &json!("MEDIA_ASSET_WAITING_UPLOAD")));
}

/// An id that was given out for nothing is never given out again.
#[tokio::test]
async fn wasted_ids_are_never_reused() {
    let bench = Bench::new().await;
    bench.faults(json!([{"when": {"nth": 1}, "fault": "not_taken"}])).await;
    let phantom = bench.create(FEED, json!({"message": "x"})).await;
    let real = bench.create(FEED, json!({"message": "x"})).await;
    assert_ne!(phantom, real);
    assert_eq!(bench.refused("GET", &phantom, json!({})).await, (100, 33));
}

#[tokio::test]
async fn an_empty_body_has_length_zero() {
    let bench = Bench::new().await;
    bench.faults(json!([{"fault": "empty_body"}])).await;
    let answer = bench.try_graph("POST", FEED, json!({"message": "x"})).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-length"]),
        (200, &"0".parse().unwrap())
    );
    assert!(!answer.headers().contains_key("content-type"));
    assert_eq!(answer.text().await.unwrap(), "");
    bench.one().await;
}

#[tokio::test]
async fn second_answer_follows_on_same_connection() {
    let bench = Bench::new().await;
    let rule = json!({"fault": "two_answers", "when": {"nth": 1}, "status": 502, "body": "<p>Bad Gateway</p>"});
    bench.faults(json!([rule])).await;
    let body = "{\"message\":\"x\"}";
    let request = format!(
        "POST /graph.facebook.com/v25.0/{FEED} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(bench.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut chunk = [0; 4096];
    while !seen.contains("</p>") {
        // Without the second answer nothing more would ever come.
        let more = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut chunk));
        let n = more.await.expect("a second answer").unwrap();
        assert_ne!(n, 0, "the connection stays open: {seen}");
        seen.push_str(std::str::from_utf8(&chunk[..n]).unwrap());
    }
    let (first, second) = seen.split_at(seen.rfind("HTTP/1.1").unwrap());
    assert!(first.starts_with("HTTP/1.1 200 ") && first.contains("\"id\""), "{first}");
    assert!(first.ends_with('}'), "the first answer is whole: {first}");
    assert!(second.starts_with("HTTP/1.1 502 "), "{second}");
    assert!(second.contains("content-length: 18\r\n"), "{second}");
    // The connection serves on, and only one call has two answers.
    stream
        .write_all(request.replace("Host", "Connection: close\r\nHost").as_bytes())
        .await
        .unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!((rest.starts_with("HTTP/1.1 200 "), rest.matches("HTTP/1.1").count()), (true, 1));
    assert_eq!(bench.live().await.len(), 2);
}

#[tokio::test]
async fn rule_with_useless_field_is_refused() {
    let bench = Bench::new().await;
    let url = format!("{}/__sim/faults", bench.base);
    for rule in [
        json!({"fault": "429", "code": 4}),
        json!({"fault": "status", "headers": {}}),
        json!({"fault": "refuse", "which": "second"}),
        json!({"fault": "answer", "status": 99}),
        json!({"fault": "answer", "headers": {"a b": "c"}}),
        json!({"fault": "answer", "headers": {"a": "b\r\nc: d"}}),
        json!({"fault": "answer", "effect": "thrice"}),
        json!({"fault": "answer", "match": {"call": "poke"}}),
    ] {
        let answer = bench.http.post(&url).json(&json!([rule])).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{rule}");
    }
    assert_eq!(bench.list("faults").await, [Value::Null; 0]);
}
