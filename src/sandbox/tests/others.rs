//! Posts by others, which push a client's own off the first page.

use super::instagram::{ACCOUNT, container, published};
use super::linkedin::{PAGE, call, created, encoded, post};
use super::*;

/// Follows the cursors of a list; answers the ids of all pages, and their number.
async fn all_pages(bench: &Bench, edge: &str) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let path = format!("{edge}&limit=2{after}");
        let answer = bench.ok("GET", &path, json!({})).await;
        let data = answer["data"].as_array().unwrap();
        assert!(data.len() <= 2);
        let id =
            |item: &Value| item["id"].as_str().or(item["media_id"].as_str()).map(str::to_owned);
        ids.extend(data.iter().filter_map(id));
        pages += 1;
        if answer["paging"]["next"].is_null() {
            return (ids, pages);
        }
        let cursor = answer["paging"]["cursors"]["after"].as_str().unwrap();
        after = format!("&after={cursor}");
    }
}

#[tokio::test]
async fn newer_facebook_posts_need_paging() {
    let bench = Bench::new().await;
    let image = facebook::photo(&bench, "a.jpg").await;
    let reel = facebook::uploaded(&bench, "1000001/video_reels").await;
    bench.advance(300).await;
    bench.options(json!({"newer_posts": 3})).await;
    let post = bench.create("1000001/feed", json!({"message": "x", "published": false})).await;
    assert_eq!(bench.list("live?all=1").await.len(), 0, "no posts by others for a draft");
    bench.ok("POST", &post, json!({"is_published": true})).await;
    let (ids, pages) = all_pages(&bench, "1000001/published_posts?fields=id").await;
    assert_eq!((ids.len(), pages, ids.last()), (4, 2, Some(&post)));
    bench.ok("POST", "1000001/photo_stories", json!({ "photo_id": image })).await;
    let (ids, pages) = all_pages(&bench, "1000001/stories?status[]=PUBLISHED").await;
    assert_eq!((ids.len(), pages, ids.last()), (4, 2, Some(&image)));
    let finish = json!({"upload_phase": "finish", "video_id": reel, "video_state": "PUBLISHED"});
    bench.ok("POST", "1000001/video_reels", finish).await;
    let (ids, pages) = all_pages(&bench, "1000001/video_reels?fields=id").await;
    assert_eq!((ids.len(), pages, ids.last()), (4, 2, Some(&reel)));
    for list in ["live", "ever"] {
        assert_eq!(bench.list(list).await.len(), 3, "{list} leaves out what others made");
        assert_eq!(bench.list(&format!("{list}?all=1")).await.len(), 12, "{list}");
    }
}

/// Newer Instagram media need paging and use up no quota.
#[tokio::test]
async fn newer_media_need_paging_and_no_quota() {
    let bench = Bench::new().await;
    bench.options(json!({"newer_posts": 3, "instagram_daily_posts": 2})).await;
    let tall = bench.media("a.jpg?width=1080&height=1920");
    for (body, edge) in [
        (json!({"image_url": bench.media("a.jpg")}), "media"),
        (json!({"media_type": "STORIES", "image_url": tall}), "stories"),
    ] {
        let media = published(&bench, &container(&bench, body).await).await;
        let (ids, pages) = all_pages(&bench, &format!("{ACCOUNT}/{edge}?fields=id")).await;
        assert_eq!((ids.len(), pages, ids.last()), (4, 2, Some(&media)), "{edge}");
    }
    assert_eq!(bench.live().await.len(), 2);
}

#[tokio::test]
async fn newer_linkedin_posts_need_paging() {
    let bench = Bench::new().await;
    bench.options(json!({"newer_posts": 120})).await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let finder = format!("posts?q=author&author={}&sortBy=CREATED", encoded(PAGE));
    let page = async |rest: &str| {
        let (status, answer) = call(&bench, "GET", &format!("{finder}{rest}"), &Value::Null).await;
        let ids = answer["elements"].as_array().into_iter().flatten();
        (status, ids.map(|post| post["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    let (_, first) = page("&count=100").await;
    let (_, second) = page("&count=100&start=100").await;
    assert_eq!((first.len(), second.len(), second.last()), (100, 21, Some(&urn)));
    assert_eq!(page("").await.1.len(), 10);
    assert_eq!(page("&count=101").await.0, 400);
    assert_eq!(page("&count=100&start=121").await, (200, Vec::new()));
    assert_eq!(bench.one().await["id"], json!(urn));
    assert_eq!(bench.list("live?all=1").await.len(), 121);
}

#[tokio::test]
async fn comments_of_linkedin_come_in_pages() {
    let bench = Bench::new().await;
    let urn = created(&bench, &post(PAGE, "x", Value::Null)).await;
    let path = format!("socialActions/{}/comments", encoded(&urn));
    for n in 0..12 {
        let text = format!("comment {n}");
        let body = json!({"actor": PAGE, "object": urn, "message": {"text": text}});
        assert_eq!(call(&bench, "POST", &path, &body).await.0, 201);
    }
    for (query, count) in [("", 10), ("?start=10", 2), ("?count=12", 12)] {
        let (_, page) = call(&bench, "GET", &format!("{path}{query}"), &Value::Null).await;
        assert_eq!(page["elements"].as_array().unwrap().len(), count, "{query}");
    }
}
