use super::*;

pub(super) async fn photo(bench: &Bench, file: &str) -> String {
    let body = json!({"url": bench.media(file), "published": false, "alt_text_custom": "alt"});
    bench.create("1000001/photos", body).await
}

/// A text post goes live with the flip, and stays one post when flipped twice.
#[tokio::test]
async fn flipping_twice_makes_one_post() {
    let bench = Bench::new().await;
    let id = bench.create("1000001/feed", json!({"message": "Hello", "published": false})).await;
    assert!(id.starts_with("1000001_"));
    assert_eq!(bench.live().await.len(), 0);
    let fields = format!("{id}?fields=is_published,permalink_url,message");
    assert_eq!(
        bench.ok("GET", &fields, json!({})).await,
        json!({"id": id, "message": "Hello", "is_published": false})
    );
    for _ in 0..2 {
        let flipped = bench.ok("POST", &id, json!({"is_published": true})).await;
        assert_eq!(flipped, json!({"success": true}));
        let item = bench.one().await;
        assert_eq!(
            (&item["id"], &item["text"], &item["kind"]),
            (&json!(id), &json!("Hello"), &json!("post"))
        );
    }
    let read = bench.ok("GET", &fields, json!({})).await;
    assert_eq!(read["is_published"], true);
    assert!(read["permalink_url"].as_str().unwrap().contains(&id));
}

/// Photos come in order and can be read back from `published_posts`.
#[tokio::test]
async fn photos_keep_their_order_when_read() {
    let bench = Bench::new().await;
    let (a, b) = (photo(&bench, "a.jpg").await, photo(&bench, "b.jpg").await);
    let attached = json!([{"media_fbid": b}, {"media_fbid": a}]);
    let id = bench
        .create(
            "1000001/feed",
            json!({"message": "Two", "attached_media": attached, "published": false}),
        )
        .await;
    bench.ok("POST", &id, json!({"is_published": true})).await;
    let item = bench.one().await;
    assert_eq!(item["kind"], "photos");
    assert_eq!(item["media"][0]["url"], bench.media("b.jpg"));
    let list = "1000001/published_posts?fields=id,message,attachments{media_type,target{id},subattachments{target{id}}}&limit=25";
    let list = bench.ok("GET", list, json!({})).await;
    let inner = &list["data"][0]["attachments"]["data"][0]["subattachments"]["data"];
    assert_eq!(inner, &json!([{"target": {"id": b}}, {"target": {"id": a}}]));
}

#[tokio::test]
async fn a_photo_is_used_once() {
    let bench = Bench::new().await;
    let id = photo(&bench, "a.jpg").await;
    let body = json!({"attached_media": [{"media_fbid": id}], "published": false});
    bench.create("1000001/feed", body.clone()).await;
    assert_eq!(bench.refused("POST", "1000001/feed", body).await, (100, 1_366_051));
    assert_eq!(bench.refused("DELETE", &id, json!({})).await, (100, 33));
}

#[tokio::test]
async fn an_unused_photo_expires_after_a_day() {
    let bench = Bench::new().await;
    let id = photo(&bench, "a.jpg").await;
    bench.advance(86_400_001).await;
    let body = json!({"attached_media": [{"media_fbid": id}], "published": false});
    assert_eq!(bench.refused("POST", "1000001/feed", body).await, (100, 33));
}

#[tokio::test]
async fn a_deleted_post_is_gone_with_its_photos() {
    let bench = Bench::new().await;
    let id = bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    bench.ok("DELETE", &id, json!({})).await;
    assert_eq!(bench.refused("POST", &id, json!({"is_published": true})).await, (100, 33));
}

/// The feed shows unpublished posts, and `published_posts` does not.
#[tokio::test]
async fn feed_lists_unpublished_posts_too() {
    let bench = Bench::new().await;
    bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    let count =
        async |edge: &str| bench.ok("GET", edge, json!({})).await["data"].as_array().unwrap().len();
    assert_eq!(count("1000001/feed?fields=id,is_published").await, 1);
    assert_eq!(count("1000001/published_posts?fields=id").await, 0);
}

pub(super) async fn uploaded(bench: &Bench, edge: &str) -> String {
    let started = bench.ok("POST", edge, json!({"upload_phase": "start"})).await;
    let id = started["video_id"].as_str().unwrap().to_owned();
    let finish = json!({"upload_phase": "finish", "video_id": id, "video_state": "PUBLISHED"});
    assert_eq!(bench.refused("POST", edge, finish).await.0, 6000);
    let answer = bench
        .http
        .post(started["upload_url"].as_str().unwrap())
        .header("authorization", "OAuth good")
        .header("file_url", bench.media("clip.mp4"))
        .header("content-length", "0")
        .send()
        .await
        .unwrap();
    assert_eq!(read(answer).await, (200, json!({"success": true})));
    id
}

#[tokio::test]
async fn a_reel_goes_live_once_although_finished_twice() {
    let bench = Bench::new().await;
    let id = uploaded(&bench, "1000001/video_reels").await;
    let status = format!("{id}?fields=status");
    let state = bench.ok("GET", &status, json!({})).await;
    assert_eq!(state["status"]["video_status"], "processing");
    bench.advance(300).await;
    let state = bench.ok("GET", &status, json!({})).await;
    assert_eq!(state["status"]["video_status"], "ready");
    assert_eq!(state["status"]["publishing_phase"]["status"], "not_started");
    for _ in 0..2 {
        let finish = json!({"upload_phase": "finish", "video_id": id, "video_state": "PUBLISHED", "description": "Reel"});
        bench.ok("POST", "1000001/video_reels", finish).await;
        let item = bench.one().await;
        assert_eq!((&item["kind"], &item["text"]), (&json!("reel"), &json!("Reel")));
    }
    let state = bench.ok("GET", &status, json!({})).await;
    assert_eq!(state["status"]["publishing_phase"]["publish_status"], "published");
}

#[tokio::test]
async fn a_video_story_is_listed_by_its_video() {
    let bench = Bench::new().await;
    let id = uploaded(&bench, "1000001/video_stories").await;
    bench.advance(300).await;
    let finish = json!({"upload_phase": "finish", "video_id": id});
    bench.ok("POST", "1000001/video_stories", finish).await;
    assert_eq!(bench.one().await["kind"], "story");
    let list = bench.ok("GET", "1000001/stories", json!({})).await;
    assert_eq!(list["data"][0]["media_id"], json!(id));
}

/// A photo story is listed by its photo and archived after a day.
#[tokio::test]
async fn photo_story_is_archived_after_a_day() {
    let bench = Bench::new().await;
    let id = photo(&bench, "a.jpg").await;
    let body = json!({ "photo_id": id });
    bench.ok("POST", "1000001/photo_stories", body.clone()).await;
    assert_eq!(bench.refused("POST", "1000001/photo_stories", body).await, (100, 1_366_051));
    let list = bench.ok("GET", "1000001/stories", json!({})).await;
    assert_eq!(list["data"][0]["media_id"], json!(id));
    assert_eq!(bench.one().await["kind"], "story");
    bench.advance(86_400_000).await;
    assert_eq!(bench.live().await.len(), 0);
}

#[tokio::test]
async fn hosted_video_is_flipped_when_ready() {
    let bench = Bench::new().await;
    let body =
        json!({"file_url": bench.media("clip.mp4"), "description": "Film", "published": false});
    let id = bench.create("1000001/videos", body).await;
    let flip = json!({"published": true});
    assert_eq!(bench.refused("POST", &id, flip.clone()).await.0, 100);
    bench.advance(300).await;
    for _ in 0..2 {
        bench.ok("POST", &id, flip.clone()).await;
        assert_eq!(bench.one().await["kind"], "video");
    }
    let read = bench
        .ok("GET", &format!("{id}?fields=status,published,post_id,permalink_url"), json!({}))
        .await;
    assert_eq!(read["published"], true);
    assert!(read["post_id"].as_str().unwrap().starts_with("1000001_"));
}

#[tokio::test]
async fn files_that_do_not_fit_are_refused() {
    let bench = Bench::new().await;
    for (file, subcode) in [
        ("missing.jpg", 2_069_019),
        ("page.html", 2_069_019),
        ("clip.mp4", 2_069_019),
        ("a.jpg?bytes=10000001", 1_366_046),
    ] {
        let body = json!({"url": bench.media(file), "published": false});
        let answer = bench.refused("POST", "1000001/photos", body).await;
        assert_eq!(answer, (324, subcode), "{file}");
    }
    let body = json!({"file_url": bench.media("missing.mp4"), "published": false});
    assert_eq!(bench.refused("POST", "1000001/videos", body).await.0, 389);
    let body = json!({"url": "https://example.com/a.jpg", "published": false});
    assert_eq!(bench.refused("POST", "1000001/photos", body).await.0, 324);
}

#[tokio::test]
async fn empty_post_and_null_message_are_refused() {
    let bench = Bench::new().await;
    for body in [json!({}), json!({"message": null, "link": "https://example.com"})] {
        assert_eq!(bench.refused("POST", "1000001/feed", body).await.0, 197);
    }
}

/// A comment call that asks for fields fails after it took effect.
#[tokio::test]
async fn comment_with_fields_fails_after_taking_effect() {
    let bench = Bench::new().await;
    let id = bench.create("1000001/feed", json!({"message": "x"})).await;
    let edge = format!("{id}/comments");
    bench.create(&edge, json!({"message": "first"})).await;
    let answer =
        bench.refused("POST", &format!("{edge}?fields=id"), json!({"message": "second"})).await;
    assert_eq!(answer, (20, 1_772_107));
    assert_eq!(bench.one().await["comments"], json!(["first", "second"]));
    let list = bench.ok("GET", &format!("{edge}?fields=id,message,from"), json!({})).await;
    assert_eq!(list["data"][0]["from"]["id"], "1000001");
}

#[tokio::test]
async fn form_bodies_nest_json_text() {
    let bench = Bench::new().await;
    let id = photo(&bench, "a.jpg").await;
    let nested = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("attached_media[0]", &format!("{{\"media_fbid\":\"{id}\"}}"))
        .append_pair("access_token", "good")
        .finish();
    let answer = bench
        .http
        .post(format!("{}/graph.facebook.com/v25.0/1000001/feed", bench.base))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(nested)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(bench.one().await["kind"], "photo");
    let log = bench.sim("GET", "log", json!({})).await;
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!((&last["auth"], &last["encoding"]), (&json!("body"), &json!("form")));
    assert!(!log.to_string().contains("good"));
}

/// Bad tokens answer their codes, and `debug_token` agrees.
#[tokio::test]
async fn bad_tokens_answer_their_codes() {
    let bench = Bench::new().await;
    for (prefix, code, subcode) in [
        ("expired-", 190, 463),
        ("revoked-", 190, 458),
        ("password-", 190, 460),
        ("wrongpage-", 190, 492),
        ("noscope-", 200, 0),
    ] {
        let url = format!("{}/graph.facebook.com/v25.0/1000001/feed", bench.base);
        let answer = bench.http.post(url).bearer_auth(format!("{prefix}x"));
        let (_, body) = read(answer.json(&json!({"message": "x"})).send().await.unwrap()).await;
        assert_eq!(body["error"]["code"], code, "{prefix}");
        assert_eq!(body["error"]["error_subcode"].as_u64().unwrap_or(0), subcode);
        let path = format!("debug_token?input_token={prefix}x");
        let debug = bench.ok("GET", &path, json!({})).await;
        assert_eq!(debug["data"]["is_valid"], json!(code == 200));
        assert_eq!(debug["data"]["error"]["subcode"].as_u64().unwrap_or(0), subcode);
    }
    assert_eq!(bench.live().await.len(), 0);
}

#[tokio::test]
async fn new_objects_and_lists_lag_behind() {
    let options =
        SandboxOptions { read_lag_ms: 1000, list_delay_ms: 5000, ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    let id = bench.create("1000001/feed", json!({"message": "x"})).await;
    assert_eq!(bench.refused("GET", &id, json!({})).await, (100, 33));
    bench.advance(1000).await;
    bench.ok("GET", &id, json!({})).await;
    let list = "1000001/published_posts?fields=id";
    assert_eq!(bench.ok("GET", list, json!({})).await["data"], json!([]));
    bench.advance(4000).await;
    assert_eq!(bench.ok("GET", list, json!({})).await["data"], json!([{ "id": id }]));
}

#[tokio::test]
async fn reels_are_limited_per_day() {
    let options = SandboxOptions { facebook_daily_reels: 0, ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    let id = uploaded(&bench, "1000001/video_reels").await;
    let finish = json!({"upload_phase": "finish", "video_id": id, "video_state": "PUBLISHED"});
    assert_eq!(bench.refused("POST", "1000001/video_reels", finish).await.0, 613);
}

#[tokio::test]
async fn unknown_fields_are_refused_lists_are_paged() {
    let bench = Bench::new().await;
    for n in 0..3 {
        bench.advance(1000).await;
        bench.create("1000001/feed", json!({ "message": n.to_string() })).await;
    }
    let path = "1000001/published_posts?fields=id,mesage";
    assert_eq!(bench.refused("GET", path, json!({})).await.0, 100);
    let first = bench.ok("GET", "1000001/published_posts?fields=message&limit=2", json!({})).await;
    assert_eq!(
        (&first["data"][0]["message"], &first["data"][1]["message"]),
        (&json!("2"), &json!("1"))
    );
    assert!(first["paging"]["next"].is_string());
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let path = format!("1000001/published_posts?fields=message&limit=2&after={after}");
    let second = bench.ok("GET", &path, json!({})).await;
    assert_eq!(second["data"][0]["message"], "0");
    assert!(second["paging"]["next"].is_null());
}

#[tokio::test]
async fn natively_scheduled_post_goes_live_in_time() {
    let bench = Bench::new().await;
    let now = bench.sim("GET", "clock", json!({})).await["now_ms"].as_i64().unwrap() / 1000;
    let body = |ahead: i64| json!({"message": "x", "published": false, "scheduled_publish_time": now + ahead});
    assert_eq!(bench.refused("POST", "1000001/feed", body(60)).await.0, 100);
    bench.create("1000001/feed", body(3600)).await;
    assert_eq!(bench.live().await.len(), 0);
    bench.advance(3_600_000).await;
    bench.one().await;
}

#[tokio::test]
async fn account_calls_name_page_and_instagram_account() {
    let bench = Bench::new().await;
    let path =
        "me/accounts?fields=id,name,access_token,tasks,instagram_business_account{id,username}";
    let page = bench.ok("GET", path, json!({})).await["data"][0].clone();
    assert_eq!(page["id"], "1000001");
    assert_eq!(page["instagram_business_account"]["username"], "sandbox");
    let node = bench.ok("GET", "777?fields=id,name", json!({})).await;
    assert_eq!(node["id"], "777");
    assert_eq!(bench.refused("GET", "777?fields=status", json!({})).await, (100, 33));
    let missing = "1000001_777?fields=is_published";
    assert_eq!(bench.refused("GET", missing, json!({})).await, (100, 33));
}
