use super::*;
use crate::sandbox::SecondPublish;

pub(super) const ACCOUNT: &str = "17841400000000001";

pub(super) async fn container(bench: &Bench, body: Value) -> String {
    bench.create(&format!("{ACCOUNT}/media"), body).await
}

pub(super) async fn status(bench: &Bench, id: &str) -> String {
    let answer = bench.ok("GET", &format!("{id}?fields=status_code,status,id"), json!({})).await;
    answer["status_code"].as_str().unwrap().to_owned()
}

fn publish(id: &str) -> (&'static str, String, Value) {
    ("POST", format!("{ACCOUNT}/media_publish"), json!({ "creation_id": id }))
}

pub(super) async fn published(bench: &Bench, id: &str) -> String {
    let (method, path, body) = publish(id);
    bench.ok(method, &path, body).await["id"].as_str().unwrap().to_owned()
}

async fn refused(bench: &Bench, id: &str) -> (i64, u64) {
    let (method, path, body) = publish(id);
    bench.refused(method, &path, body).await
}

#[tokio::test]
async fn an_image_becomes_one_photo() {
    let bench = Bench::new().await;
    let body =
        json!({"image_url": bench.media("photo.jpg"), "caption": "Hello #x", "alt_text": "alt"});
    let id = container(&bench, body).await;
    assert_eq!(status(&bench, &id).await, "FINISHED");
    assert_eq!(bench.live().await.len(), 0);
    let media = published(&bench, &id).await;
    assert_ne!(media, id);
    assert_eq!(status(&bench, &id).await, "PUBLISHED");
    let item = bench.one().await;
    assert_eq!(
        (&item["kind"], &item["id"], &item["text"]),
        (&json!("photo"), &json!(media), &json!("Hello #x"))
    );
    let read = bench
        .ok("GET", &format!("{media}?fields=id,permalink,timestamp,media_product_type"), json!({}))
        .await;
    assert_eq!(read["media_product_type"], "FEED");
    let list =
        bench.ok("GET", &format!("{ACCOUNT}/media?fields=id,caption,timestamp"), json!({})).await;
    assert_eq!(list["data"][0]["id"], json!(media));
    let limit = bench
        .ok(
            "GET",
            &format!("{ACCOUNT}/content_publishing_limit?fields=config,quota_usage"),
            json!({}),
        )
        .await;
    assert_eq!(limit["data"][0]["quota_usage"], 1);
}

#[tokio::test]
async fn unprocessed_reel_cannot_be_published() {
    let bench = Bench::new().await;
    let body = json!({"media_type": "REELS", "video_url": bench.media("clip.mp4"), "caption": "c",
        "cover_url": bench.media("cover.jpg"), "share_to_feed": true});
    let id = container(&bench, body).await;
    assert_eq!(status(&bench, &id).await, "IN_PROGRESS");
    assert_eq!(refused(&bench, &id).await, (9007, 2_207_027));
    bench.advance(300).await;
    published(&bench, &id).await;
    assert_eq!(bench.one().await["kind"], "reel");
}

#[tokio::test]
async fn stories_are_listed_apart() {
    let bench = Bench::new().await;
    for body in [
        json!({"media_type": "STORIES", "image_url": bench.media("tall.jpg?width=1080&height=1920")}),
        json!({"media_type": "STORIES", "video_url": bench.media("clip.mp4")}),
    ] {
        let id = container(&bench, body).await;
        bench.advance(300).await;
        published(&bench, &id).await;
    }
    let stories = bench
        .ok("GET", &format!("{ACCOUNT}/stories?fields=id,timestamp,media_type"), json!({}))
        .await;
    assert_eq!(stories["data"].as_array().unwrap().len(), 2);
    let media = bench.ok("GET", &format!("{ACCOUNT}/media"), json!({})).await;
    assert_eq!(media["data"], json!([]));
    assert!(bench.live().await.iter().all(|item| item["kind"] == "story"));
}

#[tokio::test]
async fn a_carousel_is_one_post_of_its_children() {
    let bench = Bench::new().await;
    let a = container(&bench, json!({"image_url": bench.media("a.jpg"), "is_carousel_item": true}))
        .await;
    let video =
        json!({"media_type": "VIDEO", "video_url": bench.media("b.mp4"), "is_carousel_item": true});
    let b = container(&bench, video).await;
    let parent = json!({"media_type": "CAROUSEL", "children": [a, b], "caption": "c"});
    let path = format!("{ACCOUNT}/media");
    assert_eq!(bench.refused("POST", &path, parent.clone()).await, (9007, 2_207_027));
    bench.advance(300).await;
    let id = container(&bench, parent).await;
    published(&bench, &id).await;
    let item = bench.one().await;
    assert_eq!(item["kind"], "carousel");
    assert_eq!(item["media"][1]["url"], bench.media("b.mp4"));
    let single = json!({"media_type": "CAROUSEL", "children": a});
    assert_eq!(bench.refused("POST", &path, single).await, (100, 2_207_028));
    assert_eq!(refused(&bench, &a).await, (24, 2_207_006), "a child is not a post");
}

#[tokio::test]
async fn the_second_publish_is_switchable() {
    for (second, expected, posts) in [
        (SecondPublish::NotFound, Some((24, 2_207_006)), 1),
        (SecondPublish::NotReady, Some((9007, 2_207_027)), 1),
        (SecondPublish::SameMedia, None, 1),
        (SecondPublish::SecondPost, None, 2),
    ] {
        let options = SandboxOptions { second_publish: second, ..SandboxOptions::default() };
        let bench = Bench::with(options).await;
        let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
        let first = published(&bench, &id).await;
        match expected {
            Some(codes) => assert_eq!(refused(&bench, &id).await, codes),
            None => assert_eq!(published(&bench, &id).await == first, posts == 1),
        }
        assert_eq!(bench.live().await.len(), posts, "{second:?}");
    }
}

/// Containers expire after a day, and unknown ones do not exist.
#[tokio::test]
async fn containers_expire_after_a_day() {
    let bench = Bench::new().await;
    let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
    bench.advance(86_400_001).await;
    assert_eq!(status(&bench, &id).await, "EXPIRED");
    assert_eq!(refused(&bench, &id).await, (24, 2_207_008));
    assert_eq!(refused(&bench, "18000000000000").await, (24, 2_207_008));
}

/// Images that do not fit are refused at once.
#[tokio::test]
async fn images_that_do_not_fit_are_refused() {
    let bench = Bench::new().await;
    for (file, expected) in [
        ("missing.jpg", (9004, 2_207_052)),
        ("page.html", (9004, 2_207_052)),
        ("clip.mp4", (9004, 2_207_052)),
        ("photo.png", (36001, 2_207_005)),
        ("photo.jpg?bytes=9000000", (36000, 2_207_004)),
        ("photo.jpg?width=1080&height=1920", (36003, 2_207_009)),
    ] {
        let body = json!({"image_url": bench.media(file)});
        let answer = bench.refused("POST", &format!("{ACCOUNT}/media"), body).await;
        assert_eq!(answer, expected, "{file}");
    }
    let body = json!({"image_url": bench.media("a.jpg"), "caption": "x".repeat(2201)});
    assert_eq!(bench.refused("POST", &format!("{ACCOUNT}/media"), body).await, (36004, 2_207_010));
}

#[tokio::test]
async fn video_problems_show_only_in_the_status() {
    let bench = Bench::new().await;
    for (file, subcode) in [
        ("photo.jpg", "2207026"),
        ("clip.mp4?ranges=no", "2207077"),
        ("missing.mp4", "2207077"),
        ("clip.mp4?bytes=300000001", "2207082"),
    ] {
        let body = json!({"media_type": "REELS", "video_url": bench.media(file)});
        let id = container(&bench, body).await;
        bench.advance(300).await;
        let answer = bench.ok("GET", &format!("{id}?fields=status_code,status"), json!({})).await;
        assert_eq!(answer["status_code"], "ERROR", "{file}");
        assert!(answer["status"].as_str().unwrap().ends_with(subcode), "{file}: {answer}");
    }
}

#[tokio::test]
async fn publishes_are_limited_per_day() {
    let options = SandboxOptions { instagram_daily_posts: 1, ..SandboxOptions::default() };
    let bench = Bench::with(options).await;
    for n in 0..2 {
        let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
        if n == 0 {
            published(&bench, &id).await;
        } else {
            assert_eq!(refused(&bench, &id).await, (9, 2_207_042));
            bench.advance(86_300_000).await;
            assert_eq!(refused(&bench, &id).await, (9, 2_207_042));
        }
    }
    assert_eq!(bench.live().await.len(), 1);
}

#[tokio::test]
async fn a_resumable_upload_fills_the_container() {
    let bench = Bench::new().await;
    let path = format!("{ACCOUNT}/media");
    let body = json!({"media_type": "REELS", "upload_type": "resumable"});
    let answer = bench.ok("POST", &path, body).await;
    let id = answer["id"].as_str().unwrap();
    assert_eq!(status(&bench, id).await, "IN_PROGRESS");
    let clip = bench.http.get(bench.media("clip.mp4")).send().await.unwrap().bytes().await.unwrap();
    let upload = bench
        .http
        .post(answer["uri"].as_str().unwrap())
        .header("authorization", "OAuth good")
        .header("offset", "0")
        .header("file_size", clip.len().to_string())
        .body(clip);
    assert_eq!(upload.send().await.unwrap().status(), 200);
    bench.advance(300).await;
    assert_eq!(status(&bench, id).await, "FINISHED");
}

/// A comment is written as `message` and read as `text`.
#[tokio::test]
async fn comment_is_sent_message_read_text() {
    let bench = Bench::new().await;
    let id = container(&bench, json!({"image_url": bench.media("a.jpg")})).await;
    let media = published(&bench, &id).await;
    bench.create(&format!("{media}/comments"), json!({"message": "first"})).await;
    let list =
        bench.ok("GET", &format!("{media}/comments?fields=id,text,username"), json!({})).await;
    assert_eq!(list["data"][0]["text"], "first");
    assert_eq!(bench.one().await["comments"], json!(["first"]));
}
