//! What every call of every flow is for, and whose it is.

use super::facebook::photo;
use super::instagram::{ACCOUNT, container, published};
use super::linkedin::{PAGE, call, created, encoded, image, post};
use super::*;

const FB: &str = "1000001";

/// Class and account of every call since the last look, without those of `skip`.
async fn seen(bench: &Bench) -> Vec<(String, String)> {
    let log = bench.list("log").await;
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let seen = log.iter().map(|call| (text(&call["call"]), text(&call["account"])));
    let seen = seen.collect();
    bench.sim("POST", "reset", json!({})).await;
    seen
}

fn expect(account: &str, classes: &[&str]) -> Vec<(String, String)> {
    classes.iter().map(|class| ((*class).to_owned(), account.to_owned())).collect()
}

/// Facebook posts are staged, flipped, read, commented on and deleted.
#[tokio::test]
async fn facebook_posts_pass_every_stage() {
    let bench = Bench::new().await;
    let image = photo(&bench, "a.jpg").await;
    let body = json!({"attached_media": [{"media_fbid": image}], "published": false});
    let id = bench.create("1000001/feed", body).await;
    bench.ok("POST", &id, json!({"is_published": true})).await;
    bench.ok("POST", &id, json!({"message": "edited"})).await;
    bench.ok("GET", &format!("{id}?fields=is_published"), json!({})).await;
    bench.ok("GET", &format!("{image}?fields=id"), json!({})).await;
    for edge in ["feed", "published_posts", "stories", "videos", "video_reels"] {
        bench.ok("GET", &format!("{FB}/{edge}"), json!({})).await;
    }
    let comment = bench.create(&format!("{id}/comments"), json!({"message": "x"})).await;
    bench.ok("GET", &format!("{id}/comments"), json!({})).await;
    bench.ok("DELETE", &comment, json!({})).await;
    bench.ok("DELETE", &id, json!({})).await;
    bench.refused("GET", &format!("{image}?fields=link"), json!({})).await;
    let classes = [
        "stage", "stage", "publish", "-", "read", "read", "list", "list", "list", "list", "list",
        "comment", "comments", "delete", "delete", "read",
    ];
    assert_eq!(seen(&bench).await, expect(FB, &classes));
}

#[tokio::test]
async fn direct_facebook_calls_publish() {
    let bench = Bench::new().await;
    bench.create("1000001/feed", json!({"message": "x"})).await;
    bench.create("1000001/photos", json!({"url": bench.media("a.jpg"), "published": true})).await;
    bench.create("1000001/videos", json!({"file_url": bench.media("c.mp4")})).await;
    let file = json!({"file_url": bench.media("c.mp4"), "published": false});
    let video = bench.create("1000001/videos", file).await;
    bench.advance(300).await;
    bench.ok("POST", &video, json!({"published": true})).await;
    let image = photo(&bench, "b.jpg").await;
    bench.ok("POST", "1000001/photo_stories", json!({ "photo_id": image })).await;
    let classes = ["publish", "publish", "publish", "stage", "publish", "stage", "publish"];
    assert_eq!(seen(&bench).await, expect(FB, &classes));
}

#[tokio::test]
async fn videos_in_phases_are_staged_until_they_finish() {
    let bench = Bench::new().await;
    for edge in ["1000001/video_reels", "1000001/video_stories"] {
        // Also tries to finish before the upload, which is refused.
        let id = facebook::uploaded(&bench, edge).await;
        bench.ok("GET", &format!("{id}?fields=status"), json!({})).await;
        let finish = json!({"upload_phase": "finish", "video_id": id, "video_state": "PUBLISHED"});
        bench.ok("POST", edge, finish).await;
        let classes = ["stage", "publish", "stage", "read", "publish"];
        assert_eq!(seen(&bench).await, expect(FB, &classes), "{edge}");
    }
    let (id, session) = chunks::started(&bench, 200).await;
    chunks::send(&bench, &session, "0", &[0; 200]).await;
    let finish = json!({"upload_phase": "finish", "upload_session_id": session});
    bench.ok("POST", "1000001/videos", finish).await;
    bench.ok("GET", &format!("{id}?fields=status"), json!({})).await;
    let classes = ["stage", "stage", "publish", "read"];
    assert_eq!(seen(&bench).await, expect(FB, &classes));
}

#[tokio::test]
async fn instagram_containers_are_staged_and_published() {
    let bench = Bench::new().await;
    let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
    let reel = json!({"media_type": "REELS", "upload_type": "resumable"});
    let answer = bench.ok("POST", &format!("{ACCOUNT}/media"), reel).await;
    let upload = bench.http.post(answer["uri"].as_str().unwrap());
    let upload = upload.header("authorization", "OAuth good").header("content-length", "0");
    upload.header("file_url", bench.media("c.mp4")).send().await.unwrap();
    bench.ok("GET", &format!("{id}?fields=status_code"), json!({})).await;
    let media = published(&bench, &id).await;
    bench.ok("GET", &format!("{media}?fields=permalink"), json!({})).await;
    for edge in ["media", "stories", "content_publishing_limit"] {
        bench.ok("GET", &format!("{ACCOUNT}/{edge}"), json!({})).await;
    }
    bench.create(&format!("{media}/comments"), json!({"message": "x"})).await;
    bench.ok("GET", &format!("{media}/comments"), json!({})).await;
    let classes = [
        "stage", "stage", "stage", "read", "publish", "read", "list", "list", "list", "comment",
        "comments",
    ];
    assert_eq!(seen(&bench).await, expect(ACCOUNT, &classes));
}

#[tokio::test]
async fn linkedin_calls_belong_to_the_author() {
    let bench = Bench::new().await;
    // Initialize, two PUTs (the first lacks its token).
    let image = image(&bench, PAGE).await;
    call(&bench, "GET", &format!("images/{}", encoded(&image)), &Value::Null).await;
    let init = json!({"initializeUploadRequest": {"owner": PAGE, "fileSizeBytes": 80_000}});
    let (_, video) = call(&bench, "POST", "videos?action=initializeUpload", &init).await;
    let finalize = json!({"finalizeUploadRequest": {"video": video["value"]["video"]}});
    call(&bench, "POST", "videos?action=finalizeUpload", &finalize).await;
    let urn = created(&bench, &post(PAGE, "x", json!({"media": {"id": image}}))).await;
    let one = encoded(&urn);
    call(&bench, "GET", &format!("posts/{one}"), &Value::Null).await;
    call(&bench, "GET", &format!("posts?ids=List({one})"), &Value::Null).await;
    call(&bench, "GET", &format!("posts?q=author&author={}", encoded(PAGE)), &Value::Null).await;
    let comment = json!({"actor": PAGE, "object": urn, "message": {"text": "x"}});
    call(&bench, "POST", &format!("socialActions/{one}/comments"), &comment).await;
    call(&bench, "GET", &format!("socialActions/{one}/comments"), &Value::Null).await;
    call(&bench, "DELETE", &format!("posts/{one}"), &Value::Null).await;
    let classes = [
        "stage", "stage", "stage", "read", "stage", "stage", "publish", "read", "read", "list",
        "comment", "comments", "delete",
    ];
    assert_eq!(seen(&bench).await, expect(PAGE, &classes));
}

#[tokio::test]
async fn calls_about_tokens_count_for_no_account() {
    let bench = Bench::new().await;
    for path in ["me", "debug_token?input_token=x"] {
        bench.ok("GET", path, json!({})).await;
    }
    let userinfo = format!("{}/api.linkedin.com/v2/userinfo", bench.base);
    bench.http.get(userinfo).bearer_auth("good").send().await.unwrap();
    assert_eq!(seen(&bench).await, expect("-", &["-", "-", "-"]));
}

/// A rule affects one kind of call of one account.
#[tokio::test]
async fn rule_affects_one_call_of_one_account() {
    let bench = Bench::new().await;
    let rule = json!({"match": {"account": FB, "call": "publish"}, "fault": "refuse"});
    bench.faults(json!([rule])).await;
    bench.create("1000002/feed", json!({"message": "x"})).await;
    let id = bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    assert_eq!(bench.refused("POST", &id, json!({"is_published": true})).await, (100, 0));
    assert_eq!(bench.one().await["account"], "1000002");
}

/// A LinkedIn author may be named without its kind.
#[tokio::test]
async fn linkedin_author_may_lack_its_kind() {
    let bench = Bench::new().await;
    let rule = json!({"match": {"account": "1234567"}, "fault": "429"});
    bench.faults(json!([rule])).await;
    assert_eq!(call(&bench, "POST", "posts", &post(PAGE, "x", Value::Null)).await.0, 429);
    created(&bench, &post("urn:li:organization:234567", "x", Value::Null)).await;
}

#[tokio::test]
async fn calls_are_counted_per_account() {
    let bench = Bench::new().await;
    let id = bench.create("1000001/feed", json!({"message": "x"})).await;
    bench.ok("GET", &id, json!({})).await;
    bench.create("1000002/feed", json!({"message": "x"})).await;
    bench.ok("GET", "me", json!({})).await;
    created(&bench, &post(PAGE, "x", Value::Null)).await;
    for (query, calls) in [
        ("calls", 5),
        ("calls?account=1000001", 2),
        ("calls?account=1000002", 1),
        ("calls?account=1234567", 1),
        ("calls?account=3", 0),
    ] {
        let answer = bench.sim("GET", query, json!({})).await;
        assert_eq!(answer, json!({ "calls": calls }), "{query}");
    }
}
