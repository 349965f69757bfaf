//! P14: more newer posts by others than a list shows at once.

use serde_json::json;

use super::{
    INSTAGRAM, LOOKS, PAGE, Way, assert_published_once, calls, ever, first_publish_call, lost,
    post, work_on,
};
use crate::support::World;

fn busy(newer: u32) -> World {
    let world = World::new();
    world.options(&json!({"newer_posts": newer}));
    world
}

const WAYS: [Way; 5] = [
    PAGE,
    ("LinkedIn link", "linkedin", &["--link", "https://example.com/news"]),
    ("LinkedIn image", "linkedin", &["--image", "a.jpg"]),
    ("direct", "facebook", &[]),
    INSTAGRAM[0],
];

/// **P14**: a lost answer is found behind 60 and behind 250 newer posts and is
/// not doubled.
#[test]
fn lost_answer_is_found_behind_newer_posts() {
    for newer in [60, 250] {
        let world = busy(newer);
        let posts = WAYS.map(|way| post(&world, way, &[lost()]));
        world.run(&["accounts", "set", &posts[3].account.id, "--publish-mode", "direct"]).ok();
        world.work_for(LOOKS, 60);
        work_on(&world, 4, LOOKS);
        for post in &posts {
            assert_published_once(&world, post, 1);
            assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{newer}, {}", post.way);
            let (shown, ever) = (world.post(&post.id), ever(&world, &post.account));
            assert_eq!(shown["externalPostId"], ever[0]["id"], "{newer}, {}: {shown}", post.way);
        }
        world.assert_healthy();
    }
}

/// **P14**: a busy Page's post is sent again only if its whole list lacks it.
/// The same where the call was refused, and where it never arrived.
#[test]
fn resend_needs_the_whole_list() {
    let world = busy(60);
    let lie =
        json!({"fault": "refuse", "status": 429, "code": "TOO_MANY_REQUESTS", "effect": "once"});
    let refused = post(&world, PAGE, &[first_publish_call(lie)]);
    let never =
        json!({"match": {"call": "publish"}, "when": {"nth": 2}, "fault": "before_commit_drop"});
    // Others' posts follow the first one of this account.
    let first = post(&world, PAGE, &[never]);
    world.work(&[]);
    let id = super::post_on(&world, &first.account, &[], "Another text");
    world.work_for(LOOKS, 60);
    for post in [&refused, &first] {
        assert_eq!(world.status(&post.id), "published", "{}", world.post(&post.id));
    }
    assert_published_once(&world, &refused, 1);
    assert_eq!(calls(&world, &refused.account, "publish").len(), 1);
    assert_eq!(world.status(&id), "published", "{}", world.post(&id));
    assert_eq!(calls(&world, &first.account, "publish").len(), 3);
    assert_eq!(ever(&world, &first.account).len(), 2);
    world.assert_healthy();
}
