//! P1 to P3: a refusal of a call that took effect is no refusal.

use std::slice;

use serde_json::{Value, json};

use super::{
    FACEBOOK, HOUR, INSTAGRAM, LOOKS, MINUTE, assert_published_once, calls, ever,
    first_publish_call, on_meta, post, rule_for, work_on,
};
use crate::support::{Simulator, World};

/// Codes that say that the content will never pass, with their subcodes.
const BAD: [(i64, u64); 9] = [
    (100, 0),
    (12, 0),
    (194, 0),
    (197, 0),
    (352, 0),
    (382, 0),
    (1500, 0),
    (36_003, 0),
    (100, 1_366_046),
];

/// **P1**: a post whose refused call took effect is published and never
/// deleted.
#[test]
fn lying_refusal_publishes_and_deletes_nothing() {
    let world = World::new();
    let refused = |(code, subcode)| {
        first_publish_call(
            json!({"fault": "refuse", "code": code, "subcode": subcode, "effect": "once"}),
        )
    };
    let mut posts = Vec::new();
    for (n, way) in on_meta().enumerate() {
        for code in [BAD[n % BAD.len()], BAD[(n + 4) % BAD.len()]] {
            posts.push(post(&world, way, &[refused(code)]));
        }
    }
    work_on(&world, 4, MINUTE);
    work_on(&world, 6, 10 * MINUTE);
    for post in &posts {
        assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{}", post.way);
        assert_eq!(calls(&world, &post.account, "delete").len(), 0, "{}", post.way);
        assert_published_once(&world, post, 1);
    }
    world.assert_healthy();
}

/// **P1**: a call that is delivered twice and refused the second time is published. A
/// proxy repeats the call, and only the second answer arrives: that the object is
/// published already.
#[test]
fn twice_delivered_call_is_published() {
    let world = World::new();
    world.options(&json!({
        "second_flip": "refused", "second_video_flip": "refused", "second_finish": "refused",
        "second_story": "refused", "second_publish": "refused",
    }));
    let twice = first_publish_call(json!({"fault": "duplicate_delivery", "which": "second"}));
    let posts: Vec<_> = on_meta().map(|way| post(&world, way, slice::from_ref(&twice))).collect();
    work_on(&world, 4, MINUTE);
    work_on(&world, 6, 10 * MINUTE);
    for post in &posts {
        assert_published_once(&world, post, 1);
    }
    world.assert_healthy();
}

/// **P1**: what is left of a refused post is deleted only after it was read as
/// unpublished.
#[test]
fn refused_post_is_deleted_only_when_unpublished() {
    let world = World::new();
    let refused = json!({"match": {"call": "publish"}, "fault": "refuse", "code": 197});
    let left = post(&world, FACEBOOK[0], slice::from_ref(&refused));
    let by_hand = post(&world, FACEBOOK[0], slice::from_ref(&refused));
    // Readings of this one lag behind: only the read right before a delete shows it.
    let stale = json!({"match": {"call": "read"}, "when": {"nth": 1}, "fault": "stale_status"});
    let lagging = post(&world, FACEBOOK[0], &[refused]);
    world.work(&[]);
    for post in [&left, &by_hand, &lagging] {
        assert_eq!(world.post(&post.id)["outcome"], "not_published", "{}", world.post(&post.id));
    }
    // A person helps two of them before we clean up.
    world.heal();
    for post in [&by_hand, &lagging] {
        let page = post.account.external_id.as_str();
        let drafts = world.drafts();
        let draft = drafts.iter().find(|draft| draft["account"] == page).unwrap();
        let object = draft["id"].as_str().unwrap();
        let flip = format!("/graph.facebook.com/v25.0/{object}?access_token=x");
        Simulator::post(&world, &flip, &json!({"is_published": true}));
    }
    rule_for(&world, &lagging.account, stale);
    work_on(&world, 4, 10 * MINUTE);
    work_on(&world, 1, 23 * HOUR);
    world.work(&[]);
    assert_eq!(calls(&world, &left.account, "delete").len(), 0, "within a day of its call");
    work_on(&world, 1, 2 * HOUR);
    world.work(&[]);

    let of_it = calls(&world, &left.account, "any");
    let deleted = of_it.iter().position(|call| call["call"] == "delete").unwrap();
    let before = &of_it[deleted - 1];
    assert_eq!((&before["call"], &before["status"]), (&json!("read"), &json!(200)), "{before}");
    assert_eq!(before["path"], of_it[deleted]["path"]);
    assert_eq!(world.drafts(), [Value::Null; 0]);
    assert_eq!(ever(&world, &left.account), [Value::Null; 0]);

    assert_eq!(calls(&world, &by_hand.account, "delete").len(), 0);
    assert_published_once(&world, &by_hand, 1);
    assert_eq!(calls(&world, &lagging.account, "delete").len(), 0);
    assert_eq!(ever(&world, &lagging.account)[0]["deleted_at"], Value::Null);
    world.assert_healthy();
}

/// Whether the answer is the only evidence, or a state that lags agrees with it.
fn failed_though_live(world: &World) -> Vec<super::Post> {
    let lag = 10 * 60 * 1000;
    world.options(&json!({"stale_state_ms": lag, "list_delay_ms": lag}));
    let refused = first_publish_call(json!({"fault": "refuse", "code": 100, "effect": "once"}));
    let posts: Vec<_> = INSTAGRAM.map(|way| post(world, way, slice::from_ref(&refused))).into();
    for _ in 0..3 {
        world.work(&["--max-runtime", "2s"]);
        world.advance(MINUTE);
    }
    for post in &posts {
        let shown = world.post(&post.id);
        assert_eq!(shown["outcome"], "not_published", "{}: {shown}", post.way);
        assert_eq!(ever(world, &post.account).len(), 1, "{}", post.way);
    }
    posts
}

/// **P2**: a retry of what was reported as failed asks for the old container
/// before it makes one.
#[test]
fn retry_asks_for_old_container_first() {
    let world = World::new();
    let posts = failed_though_live(&world);
    world.advance(10 * MINUTE);
    for post in &posts {
        world.run(&["retry", &post.id]).ok();
    }
    world.work_for(LOOKS, 20);
    for post in &posts {
        let (publish, made) =
            (calls(&world, &post.account, "publish"), calls(&world, &post.account, "stage"));
        let children = if post.way.contains("carousel") { 2 } else { 0 };
        assert_eq!((publish.len(), made.len()), (1, 1 + children), "{}", post.way);
        assert_eq!(world.status(&post.id), "published", "{}: {}", post.way, world.post(&post.id));
        assert_eq!(ever(&world, &post.account).len(), 1, "{}", post.way);
    }
    world.assert_healthy();
}

/// **P2**: what was reported as failed is read once more and reported as
/// published.
#[test]
fn reported_failure_is_read_once_more() {
    let world = World::new();
    let posts = failed_though_live(&world);
    work_on(&world, 4, 10 * MINUTE);
    posts.iter().for_each(|post| assert_published_once(&world, post, 1));
    world.assert_healthy();
}

/// **P3**: a call refused because the media had expired is looked up before
/// anything is made anew. -2/2207020 on the publish call: "the media has
/// expired".
#[test]
fn expired_media_refusal_is_looked_up_first() {
    for effect in ["once", "none"] {
        let world = World::new();
        let refused = first_publish_call(
            json!({"fault": "refuse", "code": -2, "subcode": 2_207_020, "effect": effect}),
        );
        let posts: Vec<_> =
            on_meta().map(|way| post(&world, way, slice::from_ref(&refused))).collect();
        while posts.iter().any(|post| calls(&world, &post.account, "publish").is_empty()) {
            world.work(&["--max-runtime", "2s"]);
        }
        for post in &posts {
            // Nothing is made, nor sent, between the refusal and a read.
            let calls = calls(&world, &post.account, "any");
            let publish = calls.iter().position(|call| call["call"] == "publish").unwrap();
            let next = calls.get(publish + 1).unwrap_or_else(|| panic!("{}: no read", post.way));
            assert_eq!(next["method"], "GET", "{effect}, {}: {next}", post.way);
            let is_live = usize::from(effect == "once");
            assert_eq!(ever(&world, &post.account).len(), is_live, "{effect}, {}", post.way);
        }
        world.work_for(LOOKS, 60);
        world.advance(HOUR);
        world.work(&[]);
        for post in &posts {
            let shown = world.post(&post.id);
            assert_eq!(shown["status"], "published", "{effect}, {}: {shown}", post.way);
            assert_eq!(ever(&world, &post.account).len(), 1, "{effect}, {}", post.way);
            if effect == "once" {
                assert_published_once(&world, post, 1);
                assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{}", post.way);
            }
        }
        world.assert_healthy();
    }
}
