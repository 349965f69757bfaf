//! P11 and P15: what cannot be read at first is read later.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    HOUR, LOOKS, MINUTE, Post, Way, assert_published_once, calls, ever, first_publish_call, lost,
    post, rule_for, work_on,
};
use crate::support::World;

const COMMENTED: Way =
    ("Instagram image", "instagram", &["--image", "a.jpg", "--first-comment", "First!"]);

/// **P11**: a post is published at once, and its id and comment follow when the
/// list shows it. The container says that it is published; under which id, only
/// the list says.
#[test]
fn id_and_comment_follow_once_listed() {
    for lag in [18, 4 * 60, 14 * 60] {
        let world = World::new();
        world.options(&json!({"list_delay_ms": lag * 1000}));
        let commented = post(&world, COMMENTED, &[lost()]);
        let reel: Way = ("Instagram reel", "instagram", &["--type", "reel", "--video", "a.mp4"]);
        let plain = post(&world, reel, &[lost()]);
        let is_live = |post: &Post| !ever(&world, &post.account).is_empty();
        for _ in 0..60 {
            if is_live(&commented) && is_live(&plain) {
                break;
            }
            world.work(&["--max-runtime", "2s"]);
            world.advance(Duration::from_secs(2));
        }
        world.advance(Duration::from_secs(60));
        world.work(&[]);
        for post in [&commented, &plain] {
            assert_eq!(world.status(&post.id), "published", "{lag}: {}", world.post(&post.id));
        }
        work_on(&world, 20, MINUTE);
        for post in [&commented, &plain] {
            let (shown, ever) = (world.post(&post.id), ever(&world, &post.account));
            assert_eq!(shown["externalPostId"], ever[0]["id"], "{lag}, {}: {shown}", post.way);
            assert!(shown["permalink"].is_string(), "{lag}, {}: {shown}", post.way);
            assert_published_once(&world, post, 1);
        }
        assert_eq!(ever(&world, &commented.account)[0]["comments"], json!(["First!"]), "{lag}");
        world.assert_healthy();
    }
}

/// Posts of Meta whose outcome cannot be read and which need review.
fn needing_review(fault: &str) -> (World, Vec<Post>) {
    let world = World::new();
    let ways: [Way; 2] =
        [("Page text", "facebook", &[]), ("image", "instagram", &["--image", "a.jpg"])];
    let posts: Vec<_> =
        ways.map(|way| post(&world, way, &[first_publish_call(json!({"fault": fault}))])).into();
    world.work(&["--max-runtime", "2s"]);
    let unreadable = json!({"match": {"method": "GET"}, "fault": "refuse", "code": 3000});
    posts.iter().for_each(|post| rule_for(&world, &post.account, unreadable.clone()));
    world.work_for(LOOKS, 80);
    for post in &posts {
        assert_eq!(world.post(&post.id)["outcome"], "unknown", "{}", world.post(&post.id));
    }
    (world, posts)
}

/// **P15**: a Meta post that needs review is asked about every hour and found.
#[test]
fn unknown_meta_post_is_asked_hourly() {
    let (world, posts) = needing_review("after_commit_drop");
    for _ in 0..8 {
        let before: Vec<usize> =
            posts.iter().map(|post| calls(&world, &post.account, "any").len()).collect();
        world.advance(HOUR);
        world.work(&[]);
        world.advance(MINUTE);
        world.work(&[]);
        for (post, before) in posts.iter().zip(before) {
            let asked = calls(&world, &post.account, "any").len() - before;
            assert!((1..=4).contains(&asked), "{}: {asked} calls in an hour", post.way);
        }
    }
    world.heal();
    world.advance(HOUR);
    world.work(&[]);
    for post in &posts {
        assert_published_once(&world, post, 1);
        let (shown, ever) = (world.post(&post.id), ever(&world, &post.account));
        assert_eq!(shown["externalPostId"], ever[0]["id"], "{shown}");
        assert_eq!(calls(&world, &post.account, "publish").len(), 1);
    }
    world.assert_healthy();
}

/// **P15**: a Meta post that needs review and is read as unpublished has failed, and is
/// never sent again automatically.
#[test]
fn unknown_meta_post_read_unpublished_fails() {
    let (world, posts) = needing_review("before_commit_drop");
    world.heal();
    for _ in 0..30 {
        world.advance(HOUR);
        world.work(&[]);
    }
    for post in &posts {
        let shown = world.post(&post.id);
        assert_eq!(
            (&shown["status"], &shown["outcome"]),
            (&json!("failed"), &json!("not_published"))
        );
        assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{}", post.way);
    }
    assert_eq!(world.live(), [Value::Null; 0]);
    world.assert_healthy();
}
