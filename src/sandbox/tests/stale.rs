//! Reads by id and lists that lag behind, each by its own option.

use super::instagram::{ACCOUNT, container, published, status};
use super::linkedin::{PAGE, call, created, encoded, post};
use super::*;

const LAG: u64 = 5000;

async fn stale() -> Bench {
    Bench::with(SandboxOptions { stale_state_ms: LAG, ..SandboxOptions::default() }).await
}

async fn late_lists() -> Bench {
    Bench::with(SandboxOptions { list_delay_ms: LAG, ..SandboxOptions::default() }).await
}

/// The length of a list of the Graph API.
async fn length(bench: &Bench, edge: &str) -> usize {
    bench.ok("GET", edge, json!({})).await["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_flipped_post_still_reads_as_unpublished() {
    let bench = stale().await;
    let id = bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    bench.ok("POST", &id, json!({"is_published": true})).await;
    bench.one().await;
    let path = format!("{id}?fields=is_published,permalink_url");
    let read = bench.ok("GET", &path, json!({})).await;
    assert_eq!(read, json!({"id": id, "is_published": false}));
    assert_eq!(length(&bench, "1000001/published_posts").await, 1, "lists have their own delay");
    bench.advance(LAG).await;
    assert_eq!(bench.ok("GET", &path, json!({})).await["is_published"], true);
}

#[tokio::test]
async fn a_finished_reel_still_reads_as_not_started() {
    let bench = stale().await;
    let id = facebook::uploaded(&bench, "1000001/video_reels").await;
    bench.advance(300).await;
    let finish = json!({"upload_phase": "finish", "video_id": id, "video_state": "PUBLISHED"});
    bench.ok("POST", "1000001/video_reels", finish).await;
    bench.one().await;
    let path = format!("{id}?fields=status,published,post_id");
    let read = bench.ok("GET", &path, json!({})).await;
    assert_eq!(read["status"]["publishing_phase"], json!({"status": "not_started"}));
    assert_eq!((&read["published"], &read["post_id"]), (&json!(false), &Value::Null));
    bench.advance(LAG).await;
    let read = bench.ok("GET", &path, json!({})).await;
    assert_eq!(read["status"]["publishing_phase"]["publish_status"], "published");
    assert_eq!(read["published"], true);
}

/// A published container can still read as finished, and its media as missing.
#[tokio::test]
async fn published_container_may_still_read_finished() {
    let bench = stale().await;
    let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
    let media = published(&bench, &id).await;
    assert_eq!(status(&bench, &id).await, "FINISHED");
    assert_eq!(bench.refused("GET", &media, json!({})).await, (100, 33));
    bench.advance(LAG).await;
    assert_eq!(status(&bench, &id).await, "PUBLISHED");
    bench.ok("GET", &media, json!({})).await;
}

/// A LinkedIn post can be in the finder before it reads by its id.
#[tokio::test]
async fn linkedin_finder_may_precede_reading_by_id() {
    let bench = stale().await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let one = format!("posts/{}", encoded(&urn));
    let batch = format!("posts?ids=List({})", encoded(&urn));
    let finder = format!("posts?q=author&author={}", encoded(PAGE));
    assert_eq!(call(&bench, "GET", &one, &Value::Null).await.0, 404);
    assert_eq!(call(&bench, "GET", &batch, &Value::Null).await.1["results"], json!({}));
    assert_eq!(call(&bench, "GET", &finder, &Value::Null).await.1["elements"][0]["id"], json!(urn));
    bench.advance(LAG).await;
    assert_eq!(call(&bench, "GET", &one, &Value::Null).await.0, 200);
    assert_eq!(call(&bench, "GET", &batch, &Value::Null).await.1["statuses"][&urn], 200);
}

#[tokio::test]
async fn every_list_of_the_graph_api_is_late() {
    let bench = late_lists().await;
    let post = bench.create("1000001/feed", json!({"message": "x"})).await;
    let image = facebook::photo(&bench, "a.jpg").await;
    bench.ok("POST", "1000001/photo_stories", json!({ "photo_id": image })).await;
    let reel = facebook::uploaded(&bench, "1000001/video_reels").await;
    bench.advance(300).await;
    let finish = json!({"upload_phase": "finish", "video_id": reel, "video_state": "PUBLISHED"});
    bench.ok("POST", "1000001/video_reels", finish).await;
    bench.create("1000001/videos", json!({"file_url": bench.media("c.mp4")})).await;
    bench.create(&format!("{post}/comments"), json!({"message": "x"})).await;
    let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
    let media = published(&bench, &id).await;
    bench.create(&format!("{media}/comments"), json!({"message": "x"})).await;
    let tall = bench.media("a.jpg?width=1080&height=1920");
    let story = json!({"media_type": "STORIES", "image_url": tall});
    published(&bench, &container(&bench, story).await).await;
    let edges = [
        "1000001/published_posts".to_owned(),
        "1000001/feed".to_owned(),
        "1000001/video_reels".to_owned(),
        "1000001/videos".to_owned(),
        "1000001/stories".to_owned(),
        format!("{post}/comments"),
        format!("{ACCOUNT}/media"),
        format!("{ACCOUNT}/stories"),
        format!("{media}/comments"),
    ];
    bench.advance(LAG - 301).await;
    for edge in &edges {
        assert_eq!(length(&bench, edge).await, 0, "{edge}");
    }
    bench.ok("GET", &post, json!({})).await;
    bench.advance(301 + 300).await;
    for edge in &edges {
        assert_ne!(length(&bench, edge).await, 0, "{edge}");
    }
}

#[tokio::test]
async fn late_feed_shows_flipped_post_unpublished() {
    let bench = late_lists().await;
    let id = bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    bench.advance(LAG).await;
    bench.ok("POST", &id, json!({"is_published": true})).await;
    let feed = "1000001/feed?fields=is_published";
    assert_eq!(bench.ok("GET", feed, json!({})).await["data"][0]["is_published"], false);
    bench.advance(LAG).await;
    assert_eq!(bench.ok("GET", feed, json!({})).await["data"][0]["is_published"], true);
}

#[tokio::test]
async fn the_lists_of_linkedin_are_late() {
    let bench = late_lists().await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let comments = format!("socialActions/{}/comments", encoded(&urn));
    let comment = json!({"actor": PAGE, "object": urn, "message": {"text": "x"}});
    assert_eq!(call(&bench, "POST", &comments, &comment).await.0, 201);
    let finder = format!("posts?q=author&author={}", encoded(PAGE));
    for path in [&comments, &finder] {
        let (status, list) = call(&bench, "GET", path, &Value::Null).await;
        assert_eq!((status, &list["elements"]), (200, &json!([])), "{path}");
    }
    bench.advance(LAG).await;
    for path in [&comments, &finder] {
        let (_, list) = call(&bench, "GET", path, &Value::Null).await;
        assert_eq!(list["elements"].as_array().unwrap().len(), 1, "{path}");
    }
}

#[tokio::test]
async fn the_clock_may_begin_off_real_time() {
    let year_ms = 365 * 86_400_000;
    let options = SandboxOptions { clock_offset_ms: -year_ms, ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    let real = Bench::new().await;
    let now = async |bench: &Bench| {
        bench.sim("GET", "clock", json!({})).await["now_ms"].as_i64().unwrap()
    };
    let minute = 60_000;
    assert!((now(&real).await - now(&bench).await - year_ms).abs() < minute);
    bench.options(json!({"clock_offset_ms": 0})).await;
    assert!((now(&real).await - now(&bench).await).abs() < minute);
}
