//! The ways to publish on a Page, in two steps or in one, and the fall-backs.

use std::slice;

use serde_json::{Value, json};

use super::{
    FACEBOOK, INSTAGRAM, LOOKS, MINUTE, Post, Way, assert_published_once, calls, ever,
    first_publish_call, lost, on_meta, post, work_on,
};
use crate::support::World;

/// Text, link, photo and photos.
const FEED: [Way; 4] = [FACEBOOK[0], FACEBOOK[1], FACEBOOK[2], FACEBOOK[3]];
const VIDEO: Way = FACEBOOK[4];

fn configure(world: &World, settings: &str) {
    let file = world.path("modes.toml");
    std::fs::write(&file, settings).unwrap();
    world.set("SOCIALSCHED_CONFIG", file);
}

fn set_mode(world: &World, post: &Post, mode: &str) {
    world.run(&["accounts", "set", &post.account.id, "--publish-mode", mode]).ok();
}

/// Calls that made something of the feed, or a video, of this account: what they
/// said about whether it is published.
fn made(world: &World, post: &Post) -> Vec<Value> {
    let is_made = |call: &&Value| {
        let path = call["path"].as_str().unwrap();
        call["method"] == "POST" && (path.ends_with("/feed") || path.ends_with("/videos"))
    };
    let calls = calls(world, &post.account, "any");
    calls.iter().filter(is_made).map(|call| call["params"]["published"].clone()).collect()
}

#[track_caller]
fn assert_direct(world: &World, post: &Post) {
    assert_eq!(calls(world, &post.account, "publish").len(), 1, "{}", post.way);
    let made = made(world, post);
    assert!(made.len() == 1 && made[0] != json!(false), "{}: {made:?}", post.way);
    let shown = world.post(&post.id);
    let (id, seen) = (&shown["externalPostId"], &ever(world, &post.account)[0]["id"]);
    // A video is reported by its own id, and readers see the post around it.
    assert!(id == seen || id.is_string() && post.way == VIDEO.0, "{shown}");
}

#[track_caller]
fn assert_two_steps(world: &World, post: &Post) {
    assert_eq!(calls(world, &post.account, "publish").len(), 1, "{}", post.way);
    assert_eq!(made(world, post), [json!(false)], "{}", post.way);
}

/// The publish mode is as configured unless the account has one of its own.
#[test]
fn publish_mode_follows_account_then_configuration() {
    for (configured, other) in [("direct", "two-step"), ("two-step", "direct")] {
        let world = World::new();
        let hosted = "video_upload = \"hosted\"";
        configure(&world, &format!("[facebook]\npublish_mode = \"{configured}\"\n{hosted}\n"));
        let ways = [FEED[0], FEED[1], FEED[2], FEED[3], VIDEO];
        let as_configured = ways.map(|way| post(&world, way, &[]));
        let of_its_own = ways.map(|way| post(&world, way, &[]));
        of_its_own.iter().for_each(|post| set_mode(&world, post, other));
        let set_back = post(&world, FEED[0], &[]);
        set_mode(&world, &set_back, other);
        set_mode(&world, &set_back, "default");
        world.work_for(MINUTE, 30);
        world.advance(MINUTE);
        for (post, mode) in as_configured
            .iter()
            .chain([&set_back])
            .map(|post| (post, configured))
            .chain(of_its_own.iter().map(|post| (post, other)))
        {
            assert_published_once(&world, post, 1);
            match mode {
                "direct" => assert_direct(&world, post),
                _ => assert_two_steps(&world, post),
            }
        }
        world.assert_healthy();
    }
}

/// Posts that go out in one call have no id before: only the Page's list shows them.
fn direct(rule: &Value) -> (World, Vec<Post>) {
    let world = World::new();
    configure(&world, "[facebook]\npublish_mode = \"direct\"\nvideo_upload = \"hosted\"\n");
    let ways = [FEED[0], FEED[1], FEED[2], FEED[3], VIDEO];
    let posts = ways.map(|way| post(&world, way, slice::from_ref(rule)));
    // Where answers are lost, the platform as a whole is paused for a while.
    for _ in 0..8 {
        world.work(&["--max-runtime", "2s"]);
        if posts.iter().all(|post| !calls(&world, &post.account, "publish").is_empty()) {
            break;
        }
        world.advance(MINUTE);
    }
    (world, posts.into())
}

/// A direct post whose answer is lost is found in the Page's list and not sent
/// again.
#[test]
fn lost_direct_answer_is_found_in_list() {
    for rule in [
        lost(),
        first_publish_call(json!({"fault": "after_commit_5xx"})),
        first_publish_call(json!({"fault": "no_id"})),
        first_publish_call(json!({"fault": "empty_body"})),
        first_publish_call(json!({"fault": "refuse", "code": 100, "effect": "once"})),
        first_publish_call(json!({"fault": "refuse", "code": 368, "effect": "once"})),
        first_publish_call(json!({"fault": "answer", "body": "<p>Hello</p>", "effect": "once"})),
    ] {
        let (world, posts) = direct(&rule);
        world.work_for(LOOKS, 60);
        work_on(&world, 4, 10 * MINUTE);
        for post in &posts {
            assert_published_once(&world, post, 1);
            assert_direct(&world, post);
        }
        world.assert_healthy();
    }
}

/// A direct post whose call never arrived is sent again only after the list
/// lacked it.
#[test]
fn lost_direct_call_is_resent_if_unlisted() {
    for lag in [0, 10] {
        let (world, posts) = direct(&first_publish_call(json!({"fault": "before_commit_drop"})));
        world.options(&json!({"list_delay_ms": lag * 60_000}));
        // Not before the list had a quarter of an hour.
        for _ in 0..12 {
            world.work(&["--max-runtime", "2s"]);
            world.advance(MINUTE);
        }
        for post in &posts {
            assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{}", post.way);
        }
        world.work_for(LOOKS, 60);
        world.advance(MINUTE);
        for post in &posts {
            assert_published_once(&world, post, 1);
            let calls = calls(&world, &post.account, "any");
            let sent: Vec<usize> =
                (0..calls.len()).filter(|n| calls[*n]["call"] == "publish").collect();
            assert_eq!(sent.len(), 2, "{}", post.way);
            assert_eq!(calls[sent[1] - 1]["call"], "list", "{}: sent without a look", post.way);
        }
        world.assert_healthy();
    }
}

fn refusing_flips() -> World {
    let world = World::new();
    world.options(&json!({"feed_flip": "refused", "video_flip": "refused"}));
    world
}

/// A refused flip is followed by one direct call, after the post was read as
/// unpublished.
#[test]
fn refused_flip_falls_back_to_direct_call() {
    let world = refusing_flips();
    configure(&world, "[facebook]\nvideo_upload = \"hosted\"\n");
    let posts = [FEED[0], FEED[1], FEED[2], FEED[3], VIDEO].map(|way| post(&world, way, &[]));
    world.work_for(MINUTE, 60);
    work_on(&world, 4, 10 * MINUTE);
    for post in &posts {
        assert_published_once(&world, post, 1);
        let calls = calls(&world, &post.account, "any");
        let sent: Vec<usize> =
            (0..calls.len()).filter(|n| calls[*n]["call"] == "publish").collect();
        assert_eq!(sent.len(), 2, "{}", post.way);
        let between = &calls[sent[0] + 1..sent[1]];
        assert!(between.iter().any(|call| call["call"] == "read"), "{}: no read", post.way);
        assert_eq!(made(&world, post).len(), 2, "{}", post.way);
    }
    // What was staged at first is not left lying about.
    let left = world.drafts().into_iter().filter(|draft| draft["kind"] != "photo");
    assert_eq!(left.count(), 0, "{:?}", world.drafts());
    world.assert_healthy();
}

/// A direct call that is refused after a refused flip fails the post. There is
/// no third call.
#[test]
fn refused_direct_fallback_fails_the_post() {
    let world = World::new();
    let refused = json!({"match": {"call": "publish"}, "fault": "refuse", "code": 100});
    let posts = FEED.map(|way| post(&world, way, slice::from_ref(&refused)));
    world.work_for(MINUTE, 60);
    for post in &posts {
        let shown = world.post(&post.id);
        assert_eq!((&shown["outcome"], &shown["attempts"]), (&json!("not_published"), &json!(1)));
        assert_eq!(calls(&world, &post.account, "publish").len(), 2, "{}: {shown}", post.way);
    }
    assert_eq!(world.ever(), [Value::Null; 0]);
    world.assert_healthy();
}

/// The direct call after a refused flip is looked up when its answer is lost.
#[test]
fn lost_answer_of_fallback_is_looked_up() {
    for (fault, sent) in [("after_commit_drop", 2), ("before_commit_drop", 3)] {
        let world = refusing_flips();
        let lost = json!({"match": {"call": "publish"}, "when": {"nth": 2}, "fault": fault});
        let posts = FEED.map(|way| post(&world, way, slice::from_ref(&lost)));
        world.work_for(LOOKS, 60);
        work_on(&world, 4, 10 * MINUTE);
        for post in &posts {
            assert_published_once(&world, post, 1);
            let calls = calls(&world, &post.account, "publish").len();
            assert_eq!(calls, sent, "{fault}, {}", post.way);
        }
        world.assert_healthy();
    }
}

/// Without the direct fallback a refused flip fails the post.
#[test]
fn refused_flip_without_fallback_fails_the_post() {
    let world = refusing_flips();
    configure(&world, "[facebook]\ndirect_fallback = false\n");
    let posts = FEED.map(|way| post(&world, way, &[]));
    world.work_for(MINUTE, 60);
    work_on(&world, 4, 10 * MINUTE);
    for post in &posts {
        let shown = world.post(&post.id);
        assert_eq!(shown["outcome"], "not_published", "{}: {shown}", post.way);
        assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{}", post.way);
        assert_eq!(made(&world, post), [json!(false)], "{}", post.way);
    }
    assert_eq!(world.ever(), [Value::Null; 0]);
    world.assert_healthy();
}

/// A field that an API version does not know fails no post. Also in the look-up
/// after a lost answer.
#[test]
fn unknown_field_of_version_fails_no_post() {
    for rule in [None, Some(lost())] {
        let world = World::new();
        world.options(&json!({"unknown_fields": [
            "permalink_url", "permalink", "published", "quota_usage", "upload_complete",
        ]}));
        let posts: Vec<_> = on_meta().map(|way| post(&world, way, rule.as_slice())).collect();
        world.work_for(LOOKS, 60);
        for post in &posts {
            assert_published_once(&world, post, 1);
            assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{}", post.way);
        }
        world.assert_healthy();
    }
}

/// A link that cannot be read is made of the id.
#[test]
fn unreadable_link_is_made_of_the_id() {
    let world = World::new();
    world.options(&json!({"unknown_fields": ["permalink_url"]}));
    let posts: Vec<_> = FACEBOOK[..6].iter().map(|way| post(&world, *way, &[])).collect();
    world.work_for(MINUTE, 30);
    for post in &posts {
        let shown = world.post(&post.id);
        let id = shown["externalPostId"].as_str().unwrap();
        let address = match post.way {
            "Page reel" => format!("https://www.facebook.com/reel/{id}"),
            _ => format!("https://www.facebook.com/{id}"),
        };
        assert_eq!(shown["permalink"], address, "{}", post.way);
    }
    world.assert_healthy();
}

/// A carousel is made in whichever spelling its children are understood.
#[test]
fn carousel_uses_the_understood_spelling() {
    for form in ["list", "text"] {
        let world = World::new();
        world.options(&json!({"children_form": form}));
        let posts = [INSTAGRAM[2], INSTAGRAM[3]].map(|way| post(&world, way, &[]));
        world.work_for(MINUTE, 30);
        for post in &posts {
            assert_published_once(&world, post, 1);
            let refused =
                calls(&world, &post.account, "stage").iter().filter(|c| c["status"] == 400).count();
            assert_eq!(refused, usize::from(form == "text"), "{form}, {}", post.way);
            assert_eq!(ever(&world, &post.account)[0]["media"].as_array().unwrap().len(), 2);
        }
        world.assert_healthy();
    }
}
