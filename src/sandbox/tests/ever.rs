//! What readers ever saw, also when it is gone.

use super::facebook::photo;
use super::linkedin::{PAGE, call, created, encoded, post};
use super::*;

#[tokio::test]
async fn a_deleted_post_was_live_once() {
    let bench = Bench::new().await;
    let kept = bench.create("1000001/feed", json!({"message": "kept"})).await;
    let gone = bench.create("1000001/feed", json!({"message": "gone"})).await;
    let draft = bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    for id in [&gone, &draft] {
        bench.ok("DELETE", id, json!({})).await;
    }
    call(&bench, "DELETE", &format!("posts/{}", encoded(&urn)), &Value::Null).await;
    assert_eq!(bench.one().await["id"], json!(kept));
    let ever = bench.list("ever").await;
    let ever: Vec<_> = ever.iter().map(|e| (&e["id"], e["deleted_at"].is_string())).collect();
    let (kept, gone, urn) = (json!(kept), json!(gone), json!(urn));
    assert_eq!(ever.len(), 3, "{ever:?}");
    for item in [(&kept, false), (&gone, true), (&urn, true)] {
        assert!(ever.contains(&item), "{item:?} of {ever:?}");
    }
    let page = bench.list("ever?account=1234567").await;
    assert_eq!((page.len(), &page[0]["text"]), (1, &json!("x")));
}

#[tokio::test]
async fn a_deletion_that_does_not_happen_deletes_nothing() {
    let bench = Bench::new().await;
    let id = bench.create("1000001/feed", json!({"message": "x"})).await;
    bench.faults(json!([{"match": {"call": "delete"}, "fault": "not_taken"}])).await;
    bench.ok("DELETE", &id, json!({})).await;
    bench.one().await;
    assert_eq!(bench.list("ever").await[0]["deleted_at"], Value::Null);
}

#[tokio::test]
async fn stories_stay_after_their_day() {
    let bench = Bench::new().await;
    let image = photo(&bench, "a.jpg").await;
    bench.ok("POST", "1000001/photo_stories", json!({ "photo_id": image })).await;
    let tall = bench.media("a.jpg?width=1080&height=1920");
    let body = json!({"media_type": "STORIES", "image_url": tall});
    let container = instagram::container(&bench, body).await;
    instagram::published(&bench, &container).await;
    bench.advance(86_400_000).await;
    assert_eq!(bench.live().await.len(), 0);
    let ever = bench.list("ever").await;
    assert_eq!(ever.len(), 2);
    assert!(ever.iter().all(|item| item["deleted_at"].is_null() && item["kind"] == "story"));
}

#[tokio::test]
async fn this_process_sees_them_too() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = "127.0.0.1:0".parse().unwrap();
    let sandbox = Sandbox::bind(address, SandboxOptions::default()).await.unwrap().start();
    let http = reqwest::Client::builder().build().unwrap();
    let url = |path: &str| format!("{}/graph.facebook.com/v25.0/{path}", sandbox.base_url());
    let post = http.post(url("1000001/feed")).bearer_auth("good").json(&json!({"message": "x"}));
    let (_, answer) = read(post.send().await.unwrap()).await;
    let id = answer["id"].as_str().unwrap();
    assert_eq!((sandbox.live().len(), sandbox.ever_live()[0].deleted), (1, false));
    http.delete(url(id)).bearer_auth("good").send().await.unwrap();
    assert_eq!((sandbox.live().len(), sandbox.ever_live()[0].deleted), (0, true));
}
