//! What a second publish call on one object does, and publishing that does not work.

use super::*;

/// Code of an answer; 0 for a success.
fn code((_, answer): (u16, Value)) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or(0)
}

/// Every value of an option, with the code of the second call and the number of posts
/// then.
const WORDS: [(&str, i64, usize); 3] = [("same", 0, 1), ("refused", 100, 1), ("second_post", 0, 2)];

#[tokio::test]
async fn a_second_flip_of_a_post_is_switchable() {
    for (word, refusal, posts) in WORDS {
        let bench = Bench::new().await;
        bench.options(json!({ "second_flip": word })).await;
        let image = facebook::photo(&bench, "a.jpg").await;
        let attached = json!([{"media_fbid": image}]);
        let body = json!({"message": "x", "attached_media": attached, "published": false});
        let id = bench.create("1000001/feed", body).await;
        let flip = json!({"is_published": true});
        bench.ok("POST", &id, flip.clone()).await;
        bench.advance(1).await;
        assert_eq!(code(bench.graph("POST", &id, flip).await), refusal, "{word}");
        let live = bench.live().await;
        assert_eq!(live.len(), posts, "{word}");
        let first = json!({"text": live[0]["text"], "media": live[0]["media"]});
        let last = live.last().unwrap();
        assert_eq!(first, json!({"text": last["text"], "media": last["media"]}), "{word}");
    }
}

#[tokio::test]
async fn a_second_flip_of_a_video_is_switchable() {
    for (word, refusal, posts) in WORDS {
        let bench = Bench::new().await;
        bench.options(json!({ "second_video_flip": word })).await;
        let body = json!({"file_url": bench.media("c.mp4"), "published": false});
        let id = bench.create("1000001/videos", body).await;
        bench.advance(300).await;
        let flip = json!({"published": true});
        bench.ok("POST", &id, flip.clone()).await;
        assert_eq!(code(bench.graph("POST", &id, flip).await), refusal, "{word}");
        assert_eq!(bench.live().await.len(), posts, "{word}");
    }
}

#[tokio::test]
async fn a_second_story_of_a_photo_is_switchable() {
    for (word, refusal, posts) in WORDS {
        let bench = Bench::new().await;
        bench.options(json!({ "second_story": word })).await;
        let body = json!({"photo_id": facebook::photo(&bench, "a.jpg").await});
        let first = bench.ok("POST", "1000001/photo_stories", body.clone()).await;
        let second = bench.graph("POST", "1000001/photo_stories", body).await;
        assert_eq!(second.1["post_id"] == first["post_id"], word == "same", "{word}");
        assert_eq!(code(second), refusal, "{word}");
        assert_eq!(bench.live().await.len(), posts, "{word}");
    }
}

/// A second `finish` can be switched for reels and stories.
#[tokio::test]
async fn second_finish_is_switchable() {
    for edge in ["1000001/video_reels", "1000001/video_stories"] {
        for (word, refusal, posts) in WORDS {
            let bench = Bench::new().await;
            bench.options(json!({ "second_finish": word })).await;
            let id = facebook::uploaded(&bench, edge).await;
            bench.advance(300).await;
            let finish =
                json!({"upload_phase": "finish", "video_id": id, "video_state": "PUBLISHED"});
            bench.ok("POST", edge, finish.clone()).await;
            assert_eq!(code(bench.graph("POST", edge, finish).await), refusal, "{edge} {word}");
            assert_eq!(bench.live().await.len(), posts, "{edge} {word}");
        }
    }
}

#[tokio::test]
async fn a_second_publish_knows_the_common_words() {
    for (word, refusal, posts) in [("same", 0, 1), ("refused", 24, 1), ("second_post", 0, 2)] {
        let bench = Bench::new().await;
        bench.options(json!({ "second_publish": word })).await;
        let body = json!({"image_url": bench.media("a.jpg")});
        let id = instagram::container(&bench, body).await;
        instagram::published(&bench, &id).await;
        let path = format!("{}/media_publish", instagram::ACCOUNT);
        let second = bench.graph("POST", &path, json!({ "creation_id": id })).await;
        assert_eq!(code(second), refusal, "{word}");
        assert_eq!(bench.live().await.len(), posts, "{word}");
    }
}

#[tokio::test]
async fn flips_may_be_refused() {
    let bench = Bench::new().await;
    bench.options(json!({"feed_flip": "refused", "video_flip": "refused"})).await;
    let id = bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    let flip = json!({"is_published": true, "message": "y"});
    assert_eq!(bench.refused("POST", &id, flip).await, (100, 0));
    let read = bench.ok("GET", &format!("{id}?fields=is_published,message"), json!({})).await;
    assert_eq!(read, json!({"id": id, "is_published": false, "message": "x"}));
    let body = json!({"file_url": bench.media("c.mp4"), "published": false});
    let video = bench.create("1000001/videos", body).await;
    bench.advance(300).await;
    assert_eq!(bench.refused("POST", &video, json!({"published": true})).await, (100, 0));
    assert_eq!(bench.live().await.len(), 0);
    // Only publishing later does not work.
    bench.create("1000001/feed", json!({"message": "x"})).await;
    bench.one().await;
}

#[tokio::test]
async fn fields_may_be_unknown_to_a_version() {
    let bench = Bench::new().await;
    let body = json!({"file_url": bench.media("c.mp4"), "published": false});
    let video = bench.create("1000001/videos", body).await;
    bench.options(json!({"unknown_fields": ["post_id", "media_type"]})).await;
    let path = format!("{video}?fields=status,post_id");
    let (_, answer) = bench.graph("GET", &path, json!({})).await;
    let message = "(#100) Tried accessing nonexisting field (post_id) on node type (Video)";
    assert_eq!(answer["error"]["message"], message);
    bench.ok("GET", &format!("{video}?fields=status"), json!({})).await;
    let nested = "1000001/published_posts?fields=id,attachments.limit(1){media_type}";
    assert_eq!(bench.refused("GET", nested, json!({})).await, (100, 0));
}

#[tokio::test]
async fn children_may_be_understood_in_one_spelling_only() {
    let bench = Bench::new().await;
    let path = format!("{}/media", instagram::ACCOUNT);
    let child = async || {
        let body = json!({"image_url": bench.media("a.jpg"), "is_carousel_item": true});
        instagram::container(&bench, body).await
    };
    let (a, b) = (child().await, child().await);
    for (form, of_list, of_text) in [("both", 200, 200), ("list", 200, 400), ("text", 400, 200)] {
        bench.options(json!({ "children_form": form })).await;
        for (children, expected) in [(json!([a, b]), of_list), (json!(format!("{a},{b}")), of_text)]
        {
            let body = json!({"media_type": "CAROUSEL", "children": children});
            let (status, answer) = bench.graph("POST", &path, body).await;
            assert_eq!(status, expected, "{form} {children}: {answer}");
            let said = answer["error"]["message"].as_str().unwrap_or("(#100) Param children");
            assert!(said.starts_with("(#100) Param children"), "{said}");
        }
    }
}
