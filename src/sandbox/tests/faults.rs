use super::*;

const FEED: &str = "1000001/feed";

/// A live post through the given fault: what the client saw, and what is true.
async fn strike(rule: Value) -> (Result<(u16, String), reqwest::Error>, usize) {
    let bench = Bench::new().await;
    bench.faults(json!([rule])).await;
    let seen = match bench.try_graph("POST", FEED, json!({"message": "x"})).await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            answer.text().await.map(|text| (status, text))
        }
        Err(error) => Err(error),
    };
    (seen, bench.live().await.len())
}

/// A fault before the commit leaves nothing, and one after it leaves the post.
#[tokio::test]
async fn fault_after_commit_leaves_the_post() {
    for (fault, status, posts) in [
        ("before_commit_5xx", 500, 0),
        ("after_commit_5xx", 500, 1),
        ("before_commit_4xx", 400, 0),
        ("after_commit_4xx", 400, 1),
        ("html_502", 502, 0),
        ("after_commit_html_502", 502, 1),
        ("429", 429, 0),
        ("duplicate_delivery", 200, 2),
        ("no_id", 200, 1),
    ] {
        let (seen, live) = strike(json!({ "fault": fault })).await;
        let (got, body) = seen.unwrap();
        assert_eq!((got, live), (status, posts), "{fault}: {body}");
        if fault == "no_id" {
            assert!(!body.contains("\"id\""));
        }
    }
}

#[tokio::test]
async fn a_drop_cuts_the_connection_before_any_answer() {
    for (fault, posts) in [("before_commit_drop", 0), ("after_commit_drop", 1)] {
        let (seen, live) = strike(json!({ "fault": fault })).await;
        let error = seen.unwrap_err();
        assert!(error.is_request() && !error.is_connect(), "{error:?}");
        assert_eq!(live, posts, "{fault}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_is_dropped_too() {
    let bench = Bench::new().await;
    bench.faults(json!([{"fault": "after_commit_drop"}])).await;
    let path = "api.linkedin.com/rest/posts/urn%3Ali%3Ashare%3A1";
    let call = bench
        .http
        .delete(format!("{}/{path}", bench.base))
        .bearer_auth("good")
        .header("linkedin-version", "202609")
        .header("x-restli-protocol-version", "2.0.0");
    assert!(call.send().await.unwrap_err().is_request());
    let log = bench.sim("GET", "log", json!({})).await;
    assert_eq!((&log[0]["status"], &log[0]["fault"]), (&Value::Null, &json!("after_commit_drop")));
}

#[tokio::test]
async fn a_truncated_body_breaks_after_the_head() {
    let (seen, live) = strike(json!({"fault": "truncate_body"})).await;
    let error = seen.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(live, 1);
}

#[tokio::test]
async fn a_hang_never_answers() {
    for (fault, posts) in [("before_commit_hang", 0), ("after_commit_hang", 1)] {
        let bench = Bench::new().await;
        bench.faults(json!([{ "fault": fault }])).await;
        let url = format!("{}/graph.facebook.com/v25.0/{FEED}", bench.base);
        let call = bench.http.post(url).bearer_auth("good").json(&json!({"message": "x"}));
        let call = tokio::spawn(call.send());
        while bench.sim("GET", "log", json!({})).await == json!([]) {
            tokio::task::yield_now().await;
        }
        assert_eq!(bench.live().await.len(), posts, "{fault}");
        assert!(!call.is_finished());
        call.abort();
    }
}

#[tokio::test]
async fn rule_fires_for_nth_call_only() {
    let bench = Bench::new().await;
    bench
        .faults(json!([{"match": {"method": "POST", "path_contains": "/feed", "platform": "facebook", "body_contains": "x"},
            "when": {"nth": 2}, "fault": "status", "status": 503, "body": {"odd": true}}]))
        .await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(bench.graph("POST", FEED, json!({"message": "x"})).await.0);
        bench.graph("POST", FEED, json!({"message": "y"})).await;
    }
    assert_eq!(seen, [200, 503, 200]);
    bench.faults(json!([{"when": {"count": 2}, "fault": "429", "retry_after": 7}])).await;
    let answer = bench.try_graph("GET", "me/accounts", json!({})).await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    bench.sim("DELETE", "faults", json!({})).await;
    bench.ok("GET", "me/accounts", json!({})).await;
}

#[tokio::test]
async fn a_stale_status_shows_the_state_before_publication() {
    let bench = Bench::new().await;
    let account = "17841400000000001";
    let body = json!({"image_url": bench.media("a.jpg")});
    let id = bench.create(&format!("{account}/media"), body).await;
    bench.create(&format!("{account}/media_publish"), json!({ "creation_id": id })).await;
    bench
        .faults(
            json!([{"match": {"method": "GET"}, "when": {"count": 1}, "fault": "stale_status"}]),
        )
        .await;
    let path = format!("{id}?fields=status_code");
    assert_eq!(bench.ok("GET", &path, json!({})).await["status_code"], "FINISHED");
    assert_eq!(bench.ok("GET", &path, json!({})).await["status_code"], "PUBLISHED");
}

#[tokio::test]
async fn unknown_words_in_a_rule_are_refused() {
    let bench = Bench::new().await;
    let url = format!("{}/__sim/faults", bench.base);
    for rule in [json!([{"fault": "earthquake"}]), json!([{"fault": "429", "wen": {}}])] {
        assert_eq!(bench.http.post(&url).json(&rule).send().await.unwrap().status(), 400);
    }
}
