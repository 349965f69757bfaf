//! P10, and videos in parts: an upload whose answer is lost is asked about.

use std::slice;

use serde_json::{Value, json};

use super::{
    FACEBOOK, LOOKS, MINUTE, Way, assert_published_once, assert_waits, calls, lost, post, work_on,
};
use crate::support::World;

/// Of five parts.
const VIDEO: Way = ("Page video", "facebook", &["--type", "video", "--video", "a.mp4?bytes=50000"]);
const REEL: Way = FACEBOOK[5];
const VIDEO_STORY: Way = FACEBOOK[7];

fn uploads(world: &World, post: &super::Post, phase: &str) -> Vec<Value> {
    let of_phase = |call: &Value| call["params"]["upload_phase"] == phase;
    calls(world, &post.account, "any").into_iter().filter(of_phase).collect()
}

/// **P10**: a hand-over whose answer is lost is read before it is repeated, and
/// costs no attempt.
#[test]
fn lost_hand_over_is_read_before_repeating() {
    for fault in ["after_commit_drop", "after_commit_5xx", "before_commit_drop"] {
        let world = World::new();
        let hand_over = json!({
            "match": {"method": "POST", "path_contains": "rupload"}, "when": {"nth": 1}, "fault": fault,
        });
        let posts = [REEL, VIDEO_STORY].map(|way| post(&world, way, slice::from_ref(&hand_over)));
        world.work_for(MINUTE, 30);
        for post in &posts {
            assert_published_once(&world, post, 1);
            let all = calls(&world, &post.account, "any");
            let handed: Vec<usize> = (0..all.len())
                .filter(|n| {
                    all[*n]["host"] == "rupload.facebook.com" && all[*n]["method"] == "POST"
                })
                .collect();
            let arrived = fault.starts_with("after");
            assert_eq!(handed.len(), if arrived { 1 } else { 2 }, "{fault}, {}", post.way);
            let next = &all[handed[0] + 1];
            assert_eq!(next["method"], "GET", "{fault}, {}: {next}", post.way);
            assert_eq!(uploads(&world, post, "start").len(), 1, "{fault}, {}", post.way);
        }
        world.assert_healthy();
    }
}

/// A video in parts is published once, whichever answer of its upload is lost.
/// It has an id from its first call on.
#[test]
fn chunked_video_survives_any_lost_answer() {
    for (phase, nth) in [("start", 1), ("transfer", 1), ("transfer", 2), ("finish", 1)] {
        for fault in ["after_commit_drop", "after_commit_5xx", "before_commit_drop"] {
            let world = World::new();
            world.options(&json!({"facebook_chunk_bytes": 10_000}));
            let matched = json!({"path_contains": "/videos", "body_contains": phase});
            let lost = json!({"match": matched, "when": {"nth": nth}, "fault": fault});
            let video = post(&world, VIDEO, &[lost]);
            world.work_for(LOOKS, 30);
            world.advance(MINUTE);
            let what = format!("{phase} {nth}, {fault}");
            assert!(world.fault_injected(), "{what}");
            // A part that Facebook has is not taken twice: the upload starts again.
            let attempts = if phase == "transfer" && fault.starts_with("after") { 2 } else { 1 };
            assert_published_once(&world, &video, attempts);
            let shown = world.post(&video.id);
            assert!(shown["externalPostId"].is_string(), "{what}: {shown}");
            let sent = uploads(&world, &video, "finish").len();
            let repeated = phase == "finish" && fault == "before_commit_drop";
            assert_eq!(sent, 1 + usize::from(repeated), "{what}");
            let parts = uploads(&world, &video, "transfer").len();
            assert!(parts > 2, "{what}: {parts} parts");
            world.assert_healthy();
        }
    }
}

/// A video in parts is one upload from start to finish, in order.
#[test]
fn chunked_video_is_one_ordered_upload() {
    let world = World::new();
    world.options(&json!({"facebook_chunk_bytes": 10_000}));
    let video = post(&world, VIDEO, &[]);
    world.work_for(MINUTE, 30);
    world.advance(MINUTE);
    assert_published_once(&world, &video, 1);
    let phases: Vec<String> = calls(&world, &video.account, "any")
        .iter()
        .filter_map(|call| call["params"]["upload_phase"].as_str().map(str::to_owned))
        .collect();
    let inner = &phases[1..phases.len() - 1];
    assert_eq!((phases[0].as_str(), phases[phases.len() - 1].as_str()), ("start", "finish"));
    assert!(inner.len() > 1 && inner.iter().all(|phase| phase == "transfer"), "{phases:?}");
    world.assert_healthy();
}

/// A refused finish of a video in parts is read before anything else. A refused
/// `finish` whose video reads as not published makes no second video.
#[test]
fn refused_video_finish_is_read_first() {
    for effect in ["once", "none"] {
        let world = World::new();
        let mut rule = lost();
        rule["fault"] = json!("refuse");
        rule["code"] = json!(100);
        rule["effect"] = json!(effect);
        let video = post(&world, VIDEO, &[rule]);
        world.work(&["--max-runtime", "3s"]);
        let all = calls(&world, &video.account, "any");
        let finish = all.iter().position(|call| call["call"] == "publish").unwrap();
        assert_eq!(all[finish + 1]["method"], "GET", "{}", all[finish + 1]);
        work_on(&world, 6, 10 * MINUTE);
        if effect == "once" {
            assert_published_once(&world, &video, 1);
        } else {
            let shown = world.post(&video.id);
            assert_eq!(shown["outcome"], "not_published", "{shown}");
            assert_eq!(world.ever(), [Value::Null; 0]);
        }
        world.assert_healthy();
    }
}

/// Readings that fail while a video is processed cost nothing.
#[test]
fn repeated_video_state_reads_cost_no_attempt() {
    let world = World::new();
    world.options(&json!({"video_processing_ms": 20 * 60 * 1000}));
    let unread = json!({"match": {"call": "read"}, "when": {"count": 3}, "fault": "html_502"});
    let ways: [Way; 3] = [
        REEL,
        VIDEO_STORY,
        ("Instagram reel", "instagram", &["--type", "reel", "--video", "a.mp4"]),
    ];
    let posts = ways.map(|way| post(&world, way, slice::from_ref(&unread)));
    work_on(&world, 5, MINUTE);
    posts.iter().for_each(|post| assert_waits(&world, post, 0));
    world.work_for(LOOKS, 30);
    posts.iter().for_each(|post| assert_published_once(&world, post, 1));
    world.assert_healthy();
}
