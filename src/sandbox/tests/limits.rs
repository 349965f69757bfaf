//! Limits of calls by their scope, and the headers that report them.

use super::linkedin::{PAGE, call, created, post};
use super::*;

/// A read of the feed with a token: status, code, and the two usage headers.
async fn feed(bench: &Bench, account: &str, token: &str) -> (u16, i64, Value, Value) {
    let url = format!("{}/graph.facebook.com/v25.0/{account}/feed", bench.base);
    let answer = bench.http.get(url).bearer_auth(token).send().await.unwrap();
    let header = |name: &str| {
        serde_json::from_str::<Value>(answer.headers()[name].to_str().unwrap()).unwrap()
    };
    let (app, business) = (header("x-app-usage"), header("x-business-use-case-usage"));
    let (status, body) = read(answer).await;
    let code = body["error"]["code"].as_i64().unwrap_or(0);
    (status, code, app, business[account][0].clone())
}

#[tokio::test]
async fn the_limit_of_the_app_is_everybodys() {
    let bench = Bench::new().await;
    bench.options(json!({"app_hourly_calls": 4})).await;
    let mut seen = Vec::new();
    for account in ["1", "2", "3", "4", "5", "1"] {
        let (status, code, app, business) = feed(&bench, account, account).await;
        seen.push((status, code, app["call_count"].as_u64().unwrap()));
        assert_eq!(business["call_count"], 0, "an account without limit uses none of it");
    }
    let ok = |percent| (200, 0, percent);
    let expected = [ok(25), ok(50), ok(75), ok(100), (400, 4, 125), (400, 4, 150)];
    assert_eq!(seen, expected);
    bench.advance(3_600_000).await;
    assert_eq!(feed(&bench, "1", "1").await.0, 200);
}

/// The limit of a person is that of a token.
#[tokio::test]
async fn person_limit_is_that_of_token() {
    let bench = Bench::new().await;
    bench.options(json!({"user_hourly_calls": 1})).await;
    assert_eq!(feed(&bench, "1", "a").await.1, 0);
    assert_eq!(feed(&bench, "2", "a").await.1, 17);
    assert_eq!(feed(&bench, "1", "b").await.1, 0);
}

#[tokio::test]
async fn account_limit_counts_calls_on_its_objects() {
    let bench = Bench::new().await;
    bench.options(json!({"graph_hourly_calls": 2})).await;
    let id = bench.create("1000001/feed", json!({"message": "x"})).await;
    bench.ok("GET", &id, json!({})).await;
    bench.advance(60_000).await;
    let (_, code, _, business) = feed(&bench, "1000001", "page").await;
    assert_eq!((code, &business["call_count"]), (80001, &json!(150)));
    assert_eq!(business["type"], "pages");
    // Two of the three have to be an hour old, and the second came a minute ago.
    assert_eq!(business["estimated_time_to_regain_access"], 59);
    assert_eq!(feed(&bench, "1000001", "user-x").await.1, 32);
    assert_eq!(feed(&bench, "1000002", "user-x").await.1, 0);
    let path = format!("{}/media?limit=1", instagram::ACCOUNT);
    for _ in 0..2 {
        bench.ok("GET", &path, json!({})).await;
    }
    assert_eq!(bench.refused("GET", &path, json!({})).await.0, 80002);
}

#[tokio::test]
async fn without_a_limit_nothing_is_used() {
    let bench = Bench::new().await;
    let (_, _, app, business) = feed(&bench, "1", "a").await;
    assert_eq!((&app["call_count"], &business["call_count"]), (&json!(0), &json!(0)));
    assert_eq!(business["estimated_time_to_regain_access"], 0);
}

/// The daily limit of a LinkedIn app is shared by all its accounts.
#[tokio::test]
async fn linkedin_app_limit_is_shared_by_all() {
    let bench = Bench::new().await;
    let midnight = 1_790_000_000_000i64 / 86_400_000 * 86_400_000;
    bench.sim("POST", "clock", json!({ "set_ms": midnight })).await;
    bench.options(json!({"linkedin_app_daily_calls": 1})).await;
    created(&bench, &post(PAGE, "a", Value::Null)).await;
    let (status, answer) = call(&bench, "POST", "posts", &post(PAGE, "b", Value::Null)).await;
    assert_eq!((status, &answer["status"]), (429, &json!(429)));
    assert!(answer["message"].as_str().unwrap().contains(" APPLICATION DAY limit"), "{answer}");
    bench.advance(86_399_999).await;
    assert_eq!(call(&bench, "POST", "posts", &post(PAGE, "b", Value::Null)).await.0, 429);
    bench.advance(1).await;
    created(&bench, &post(PAGE, "b", Value::Null)).await;
}
