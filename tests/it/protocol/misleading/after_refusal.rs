//! P7, P16 and P17: what a refused or lost call leaves behind, and what a second
//! one would do.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    HOUR, LOOKS, MINUTE, Post, Way, assert_published_once, assert_waits, calls, ever,
    first_publish_call, lost, on_meta, pauses, post, post_on, work_on,
};
use crate::support::World;

/// A block, a limit and a dead token, as Meta reports them, and for how many seconds each
/// pauses the account: -1 is until an operator resumes it.
const REFUSALS: [(i64, i64); 3] = [(368, 900), (32, 3600), (190, -1)];

/// **P7**: the error class of a refused call survives its look-up and throttles
/// the account's next post. The look-up that follows the refusal decides
/// nothing.
#[test]
fn error_class_survives_look_up() {
    // With the number of the first read that follows the publish call.
    let ways: [(Way, u32); 2] =
        [(("text", "facebook", &[]), 1), (("image", "instagram", &["--image", "a.jpg"]), 2)];
    for (code, rest) in REFUSALS {
        let world = World::new();
        let mut posts = ways.map(|(way, nth)| {
            let refused = first_publish_call(json!({"fault": "refuse", "code": code}));
            let unread =
                json!({"match": {"call": "read"}, "when": {"nth": nth}, "fault": "html_502"});
            post(&world, way, &[refused, unread])
        });
        world.work(&["--max-runtime", "2s"]);
        for post in &posts {
            let shown = world.post(&post.id);
            assert_eq!(shown["status"], "processing", "{code}, {}: {shown}", post.way);
        }
        let next = posts.each_ref().map(|first| {
            let args = ways.iter().find(|(way, _)| way.0 == first.way).unwrap().0.2;
            let id = post_on(&world, &first.account, args, "The next one");
            Post { way: "next", account: first.account.clone(), id }
        });
        let began = world.database.now();
        let mut passed = 0;
        for _ in 0..4 {
            world.work(&["--max-runtime", "2s"]);
            for post in &posts {
                let sent = calls(&world, &post.account, "publish").len();
                assert_eq!(sent, 1, "{code}, {}: called into the block", post.way);
            }
            world.advance(Duration::from_secs(40));
            passed += 40;
        }
        passed += (world.database.now() - began).num_seconds() + 5;
        let paused = pauses(&world);
        assert_eq!(paused.len(), 2, "{code}: {paused:?}");
        for (_, why, left) in &paused {
            assert!(why.starts_with(&code.to_string()), "{code}: {why}");
            assert!(*left == -1 && rest == -1 || (rest - passed..=rest).contains(left), "{left}");
        }
        posts.iter().chain(&next).for_each(|post| assert_waits(&world, post, 0));
        if rest == -1 {
            for post in &posts {
                world.run(&["accounts", "resume", &post.account.id]).ok();
            }
        } else {
            world.advance(Duration::from_secs(rest.unsigned_abs()));
        }
        world.work_for(MINUTE, 60);
        posts[0].way = "first";
        for post in posts.iter().chain(&next) {
            let shown = world.post(&post.id);
            let seen = (&shown["status"], &shown["attempts"]);
            assert_eq!(seen, (&json!("published"), &json!(1)), "{code}, {}: {shown}", post.way);
        }
        assert_eq!(world.ever().len(), 4, "{code}");
        world.assert_healthy();
    }
}

/// **P7**: a block that proves nothing throttles its account, too, and no
/// others. Below 4/2207051, "taken for spam", posts went live: the call is
/// looked up as one without an answer, and its account is throttled
/// nevertheless.
#[test]
fn unproven_block_throttles_only_its_account() {
    for effect in ["once", "none"] {
        let world = World::new();
        let block = json!({"fault": "refuse", "status": 403, "code": 4, "subcode": 2_207_051,
            "effect": effect});
        let image: Way = ("image", "instagram", &["--image", "a.jpg"]);
        let posts = [1, 2, 3].map(|_| post(&world, image, &[first_publish_call(block.clone())]));
        world.work(&["--max-runtime", "2s"]);
        let next = posts.each_ref().map(|first| Post {
            way: "the next one",
            account: first.account.clone(),
            id: post_on(&world, &first.account, image.2, "The next one"),
        });
        let other = post(&world, image, &[]);
        // Its own look-ups end within the hour.
        for _ in 0..11 {
            world.work(&["--max-runtime", "2s"]);
            world.advance(5 * MINUTE);
        }
        for (first, next) in posts.iter().zip(&next) {
            let sent = calls(&world, &first.account, "publish").len();
            assert_eq!(sent, 1, "{effect}: called into the block");
            assert_waits(&world, next, 0);
        }
        assert_published_once(&world, &other, 1);
        let of_all = "SELECT COUNT(*) FROM platform_health WHERE faults > 0 OR rests > 0";
        assert_eq!(world.database.value(of_all), "0", "{effect}: a block is no outage");
        let paused = pauses(&world);
        assert_eq!(paused.len(), posts.len(), "{effect}: {paused:?}");
        assert!(paused.iter().all(|(_, why, _)| why.starts_with("4/2207051: ")), "{paused:?}");
        world.advance(10 * MINUTE);
        world.work_for(LOOKS, 60);
        for post in posts.iter().chain(&next) {
            let shown = world.post(&post.id);
            let seen = (&shown["status"], &shown["attempts"]);
            assert_eq!(seen, (&json!("published"), &json!(1)), "{effect}, {}: {shown}", post.way);
        }
        assert_eq!(world.ever().len(), 7, "{effect}");
        world.assert_healthy();
    }
}

/// All readings show an old state for this long, and a second call would make a second
/// post, except for the flip of a feed's post, which was proven not to.
fn behind(minutes: u64, lists: u64) -> (World, Vec<Post>) {
    let world = World::new();
    world.options(&json!({
        "second_publish": "second_post", "second_finish": "second_post",
        "second_video_flip": "second_post", "second_story": "second_post",
        "stale_state_ms": minutes * 60_000, "list_delay_ms": lists * 60_000,
    }));
    let posts: Vec<_> = on_meta().map(|way| post(&world, way, &[lost()])).collect();
    // Where answers are lost, the platform as a whole is paused for a while.
    for _ in 0..20 {
        world.work(&["--max-runtime", "2s"]);
        if posts.iter().all(|post| !calls(&world, &post.account, "publish").is_empty()) {
            break;
        }
        world.advance(Duration::from_secs(20));
    }
    posts.iter().for_each(|post| assert_called_once(&world, post));
    (world, posts)
}

#[track_caller]
fn assert_called_once(world: &World, post: &Post) {
    let sent = calls(world, &post.account, "publish").len();
    let is_flip = ["Page text", "Page link", "Page photo", "Page photos"].contains(&post.way);
    assert!(sent == 1 || sent == 2 && is_flip, "{}: {sent} publish calls", post.way);
}

/// **P16**: a state and a list that lag for thirteen minutes double no post.
#[test]
fn lagging_state_and_list_double_nothing() {
    let (world, posts) = behind(13, 13);
    for _ in 0..13 * 2 {
        world.work(&["--max-runtime", "2s"]);
        world.advance(Duration::from_secs(30));
    }
    world.work_for(LOOKS, 60);
    work_on(&world, 4, 10 * MINUTE);
    for post in &posts {
        assert_called_once(&world, post);
        assert_published_once(&world, post, 1);
    }
    world.assert_healthy();
}

/// **P16**: a state that lags for fifty minutes doubles no post that a list
/// shows. The list is a second witness. Only stories of Instagram cannot be
/// distinguished there: what it shows keeps them from being sent again for
/// an hour.
#[test]
fn list_disproves_a_long_lagging_state() {
    let (world, posts) = behind(50, 0);
    for _ in 0..4 {
        world.work(&["--max-runtime", "2s"]);
        world.advance(10 * MINUTE);
    }
    for post in &posts {
        assert_called_once(&world, post);
        let shown = world.post(&post.id);
        match post.way.starts_with("Instagram") && post.way.contains("story") {
            true => assert_eq!(shown["status"], "processing", "{}: {shown}", post.way),
            false => assert_eq!(shown["status"], "published", "{}: {shown}", post.way),
        }
    }
    work_on(&world, 6, 10 * MINUTE);
    for post in &posts {
        assert_called_once(&world, post);
        assert_published_once(&world, post, 1);
    }
    world.assert_healthy();
}

/// **P17**: a post written by hand between a refusal and the next call is not
/// matched. A person posts the same text by hand while the account is
/// throttled; then the program's own call is lost. What the person made is not
/// the program's.
#[test]
fn handwritten_post_after_refusal_is_not_matched() {
    // Also so soon that a call without an answer could still have made it.
    for (arrives, minutes) in [(true, 1), (false, 1), (false, 10)] {
        let world = World::new();
        // Nothing else distinguishes the two.
        world.options(&json!({"duplicate_window_ms": 0}));
        let limits = json!({"match": {"call": "publish"}, "when": {"nth": 1}, "fault": "refuse",
            "code": 32});
        let fault = if arrives { "after_commit_drop" } else { "before_commit_drop" };
        let lost = json!({"match": {"call": "publish"}, "when": {"nth": 2}, "fault": fault});
        let ways: [Way; 2] = [("by hand", "linkedin", &[]), ("by hand", "facebook", &[])];
        let posts = ways.map(|way| {
            let limit = match way.1 {
                "linkedin" => first_publish_call(json!({"fault": "429", "retry_after": 1200})),
                _ => limits.clone(),
            };
            post(&world, way, &[limit, lost.clone()])
        });
        let page = &posts[1].account;
        world.run(&["accounts", "set", &page.id, "--publish-mode", "direct"]).ok();
        world.work(&[]);
        posts.iter().for_each(|post| assert_waits(&world, post, 0));
        world.advance(minutes * MINUTE);
        // A person who posts by hand uses another program.
        let other = World::new();
        other.set("SOCIALSCHED_PLATFORM_GATEWAY", world.base_url());
        let by_hand = posts.each_ref().map(|ours| {
            let account = other.account_of(ours.account.platform, &ours.account.external_id);
            if account.platform == "facebook" {
                other.run(&["accounts", "set", &account.id, "--publish-mode", "direct"]).ok();
            }
            post_on(&other, &account, &[], ours.way)
        });
        other.work(&[]);
        let by_hand =
            by_hand.map(|id| other.post(&id)["externalPostId"].as_str().unwrap().to_owned());
        assert_eq!(world.live().len(), 2);
        world.advance(HOUR);
        world.work_for(LOOKS, 60);
        for (post, by_hand) in posts.iter().zip(by_hand) {
            let shown = world.post(&post.id);
            let what = format!("{arrives}, {minutes}, {}: {shown}", post.account.platform);
            assert_eq!(shown["status"], "published", "{what}");
            assert!(shown["externalPostId"].is_string(), "{what}");
            assert_ne!(shown["externalPostId"], Value::from(by_hand), "{what}");
            let sent = calls(&world, &post.account, "publish").len();
            assert_eq!(sent, if arrives { 3 } else { 4 }, "{what}");
            assert_eq!(ever(&world, &post.account).len(), 2, "{what}");
        }
        world.assert_healthy();
    }
}
