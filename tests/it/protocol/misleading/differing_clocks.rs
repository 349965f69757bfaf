//! P9 and H24: clocks that differ.

use std::slice;
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    INSTAGRAM, LOOKS, MINUTE, PAGE, Way, assert_published_once, calls, ever, lost, post, work_on,
};
use crate::support::World;

/// How many minutes the platforms' clock is ahead of this machine's.
const OFFSETS: [i64; 7] = [-120, -10, -1, 0, 10, 120, 25 * 60];

fn world(minutes: i64) -> World {
    let world = World::new();
    world.options(&json!({"clock_offset_ms": minutes * 60_000}));
    world
}

/// **P9**: an Instagram post with a lost answer is found whatever the clocks
/// say.
#[test]
fn instagram_post_is_found_by_any_clock() {
    for minutes in OFFSETS {
        let world = world(minutes);
        let posts = INSTAGRAM.map(|way| post(&world, way, &[lost()]));
        world.work_for(LOOKS, 60);
        work_on(&world, 8, 3 * MINUTE);
        for post in &posts {
            assert_published_once(&world, post, 1);
            let made = calls(&world, &post.account, "stage").len();
            let containers = if post.way.contains("carousel") { 3 } else { 1 };
            assert_eq!(made, containers, "{minutes} min, {}", post.way);
            let (shown, ever) = (world.post(&post.id), ever(&world, &post.account));
            assert_eq!(shown["externalPostId"], ever[0]["id"], "{minutes} min, {}", post.way);
        }
        world.assert_healthy();
    }
}

/// **P9**: a container that cannot be read yet costs no attempt, whatever the
/// clocks say. 100/33: a container that cannot be read yet is young, by any
/// clock.
#[test]
fn young_container_costs_no_attempt() {
    for minutes in [-120, -10, 10, 25 * 60] {
        let world = world(minutes);
        world.options(&json!({"read_lag_ms": 20_000}));
        let posts = INSTAGRAM.map(|way| post(&world, way, &[]));
        world.work_for(Duration::from_secs(15), 60);
        for post in &posts {
            assert_published_once(&world, post, 1);
            let made = calls(&world, &post.account, "stage").len();
            let containers = if post.way.contains("carousel") { 3 } else { 1 };
            assert_eq!(made, containers, "{minutes} min, {}", post.way);
        }
        world.assert_healthy();
    }
}

/// **H24**: a lost answer is found by its text and time although the platform's clock
/// differs. Only a text and a time distinguish the post from others.
#[test]
fn lost_answer_is_found_despite_platform_clock() {
    let ways: [Way; 3] = [
        PAGE,
        ("direct", "facebook", &[]),
        ("Instagram image", "instagram", &["--image", "a.jpg"]),
    ];
    for minutes in OFFSETS {
        let world = world(minutes);
        let posts = ways.map(|way| post(&world, way, &[lost()]));
        world.run(&["accounts", "set", &posts[1].account.id, "--publish-mode", "direct"]).ok();
        world.work_for(LOOKS, 60);
        for post in &posts {
            assert_published_once(&world, post, 1);
            assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{minutes}");
            let (shown, ever) = (world.post(&post.id), ever(&world, &post.account));
            assert_eq!(shown["externalPostId"], ever[0]["id"], "{minutes} min: {shown}");
        }
        world.assert_healthy();
    }
}

/// **H24**: a post of the day before is not matched although the platform's
/// clock differs. The same text from the day before is another post, by any
/// clock.
#[test]
fn yesterdays_post_is_not_matched() {
    for minutes in [-120, 120, 25 * 60] {
        let world = world(minutes);
        world.options(&json!({"duplicate_window_ms": 0}));
        let ways: [Way; 2] = [PAGE, ("direct", "facebook", &[])];
        let other = World::new();
        other.set("SOCIALSCHED_PLATFORM_GATEWAY", world.base_url());
        let never = json!({"match": {"call": "publish"}, "when": {"nth": 2}, "fault": "before_commit_drop"});
        let posts = ways.map(|way| post(&world, way, slice::from_ref(&never)));
        for (ours, way) in posts.iter().zip(ways) {
            let account = other.account_of(way.1, &ours.account.external_id);
            for (world, account) in [(&other, &account), (&world, &ours.account)] {
                if way.1 == "facebook" {
                    world.run(&["accounts", "set", &account.id, "--publish-mode", "direct"]).ok();
                }
            }
            super::post_on(&other, &account, &[], ours.way);
        }
        other.work(&[]);
        let yesterday: Vec<Value> = world.live().iter().map(|item| item["id"].clone()).collect();
        assert_eq!(yesterday.len(), 2);
        // Only theirs: our posts stay due.
        crate::support::Simulator::advance(&world, Duration::from_secs(23 * 60 * 60));
        world.work_for(LOOKS, 60);
        for post in &posts {
            let shown = world.post(&post.id);
            assert_eq!(shown["status"], "published", "{minutes}: {shown}");
            assert!(!yesterday.contains(&shown["externalPostId"]), "{minutes}: {shown}");
            assert_eq!(ever(&world, &post.account).len(), 2, "{minutes}: {shown}");
        }
        world.assert_healthy();
    }
}
