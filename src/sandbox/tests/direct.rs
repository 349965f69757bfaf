//! Facebook posts that one call makes and publishes.

use super::facebook::photo;
use super::*;

const POSTS: &str = "1000001/published_posts?fields=id,message,attachments{media_type,target{id},subattachments{target{id}}}";

async fn posts(bench: &Bench) -> Vec<Value> {
    let list = bench.ok("GET", POSTS, json!({})).await;
    serde_json::from_value(list["data"].clone()).unwrap()
}

/// A feed call makes a post of its photos.
#[tokio::test]
async fn feed_call_publishes_its_photos() {
    let bench = Bench::new().await;
    let (a, b) = (photo(&bench, "a.jpg").await, photo(&bench, "b.jpg").await);
    let attached = json!([{"media_fbid": a}, {"media_fbid": b}]);
    let id = bench
        .create("1000001/feed", json!({"message": "Two", "attached_media": attached.clone()}))
        .await;
    let posts = posts(&bench).await;
    assert_eq!((posts.len(), &posts[0]["id"]), (1, &json!(id)));
    let album = &posts[0]["attachments"]["data"][0];
    assert_eq!(album["media_type"], "album");
    let targets = json!([{"target": {"id": a}}, {"target": {"id": b}}]);
    assert_eq!(album["subattachments"]["data"], targets);
    let again = json!({"attached_media": attached, "published": true});
    assert_eq!(bench.refused("POST", "1000001/feed", again).await, (100, 1_366_051));
    bench.one().await;
}

#[tokio::test]
async fn photo_call_makes_post_with_own_id() {
    let bench = Bench::new().await;
    let body = json!({"url": bench.media("a.jpg"), "caption": "One", "published": true});
    let answer = bench.ok("POST", "1000001/photos", body).await;
    assert!(answer["post_id"].as_str().unwrap().starts_with("1000001_"));
    let posts = posts(&bench).await;
    assert_eq!((posts.len(), &posts[0]["id"]), (1, &answer["post_id"]));
    assert_eq!(posts[0]["message"], "One");
    assert_eq!(posts[0]["attachments"]["data"][0]["target"]["id"], answer["id"]);
    let again = json!({"attached_media": [{"media_fbid": answer["id"]}]});
    assert_eq!(bench.refused("POST", "1000001/feed", again).await, (100, 1_366_051));
    let story = json!({"photo_id": answer["id"]});
    assert_eq!(bench.refused("POST", "1000001/photo_stories", story).await, (100, 1_366_051));
}

#[tokio::test]
async fn video_call_makes_post_after_processing() {
    let bench = Bench::new().await;
    let body = json!({"file_url": bench.media("c.mp4"), "description": "Film"});
    let id = bench.create("1000001/videos", body).await;
    assert_eq!(posts(&bench).await, [Value::Null; 0]);
    bench.advance(300).await;
    let posts = posts(&bench).await;
    assert_eq!(posts[0]["attachments"]["data"][0]["target"]["id"], json!(id));
    let read = bench.ok("GET", &format!("{id}?fields=post_id,published"), json!({})).await;
    assert_eq!((&read["post_id"], &read["published"]), (&posts[0]["id"], &json!(true)));
}

#[tokio::test]
async fn files_may_come_as_multipart() {
    let bench = Bench::new().await;
    for (edge, file) in [("photos", "a.jpg"), ("videos", "c.mp4")] {
        let bytes = bench.http.get(bench.media(file)).send().await.unwrap().bytes().await.unwrap();
        let head = "--b\r\nContent-Disposition: form-data; name=\"source\"; filename=\"f\"\r\n\r\n";
        let call = bench
            .http
            .post(format!("{}/graph.facebook.com/v25.0/1000001/{edge}", bench.base))
            .bearer_auth("good")
            .header("content-type", "multipart/form-data; boundary=b")
            .body([head.as_bytes(), &bytes, b"\r\n--b--\r\n"].concat());
        assert_eq!(call.send().await.unwrap().status(), 200, "{edge}");
    }
    bench.advance(300).await;
    assert_eq!(bench.live().await.len(), 2);
}
