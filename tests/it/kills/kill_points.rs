//! The points there are: a new transaction, or a new call to a platform, turns
//! a test red until a process is killed at it.

use std::collections::BTreeSet;

use socialsched::domain::Platform;

use super::commands;
use super::flows::{FLOWS, Flow};
use super::rare_paths::RARE_PATHS;
use crate::source::files;

/// Transactions of the store that no process is killed in here, and why.
const NOT_HERE: &[(&str, &str)] = &[
    ("let_time_pass", "of `simulate` and its throw-away database, while no worker runs"),
    ("migrate", "its own driver is in engines/migrating.rs"),
];

/// Points that a run may or may not pass, depending on timing: media that is being
/// processed, and the heartbeat of a job that may be over already.
const TIMED: &[&str] = &["release.", "renew_leases.", "beat."];

/// What an undisturbed worker does for one post of a flow: transactions of its
/// own kind, and calls.
fn done_for(flow: &str) -> (&'static [&'static str], &'static [&'static str]) {
    const GRAPH: &[&str] =
        &["claim_due", "record_staged", "open_gates", "record_live", "record_permalink", "goodbye"];
    const LINKEDIN: &[&str] =
        &["claim_due", "record_staged", "open_gates", "record_live", "goodbye"];
    match flow {
        "Facebook text" | "Facebook comment" => (
            GRAPH,
            &[
                "staging/POST/graph.facebook.com/feed",
                "publish/POST/graph.facebook.com",
                "read/GET/graph.facebook.com",
            ],
        ),
        "Facebook photo" | "Facebook photos" => (
            GRAPH,
            &[
                "staging/POST/graph.facebook.com/photos",
                "staging/POST/graph.facebook.com/feed",
                "publish/POST/graph.facebook.com",
                "read/GET/graph.facebook.com",
            ],
        ),
        "Facebook video" => (
            GRAPH,
            &[
                "download",
                "staging/POST/graph.facebook.com/videos",
                "publish/POST/graph.facebook.com/videos",
                "read/GET/graph.facebook.com",
            ],
        ),
        "Facebook reel" => (
            GRAPH,
            &[
                "staging/POST/graph.facebook.com/video_reels",
                "staging/POST/127.0.0.1",
                "publish/POST/graph.facebook.com/video_reels",
                "read/GET/graph.facebook.com",
            ],
        ),
        "Facebook photo story" => (
            GRAPH,
            &[
                "staging/POST/graph.facebook.com/photos",
                "publish/POST/graph.facebook.com/photo_stories",
                "read/GET/graph.facebook.com/stories",
            ],
        ),
        "Facebook video story" => (
            GRAPH,
            &[
                "staging/POST/graph.facebook.com/video_stories",
                "staging/POST/127.0.0.1",
                "publish/POST/graph.facebook.com/video_stories",
                "read/GET/graph.facebook.com",
                "read/GET/graph.facebook.com/stories",
            ],
        ),
        "LinkedIn text" | "LinkedIn member" => (
            &["claim_due", "open_gates", "record_live", "goodbye"],
            &["publish/POST/api.linkedin.com/rest/posts"],
        ),
        "LinkedIn image" | "LinkedIn comment" => (
            LINKEDIN,
            &[
                "download",
                "staging/POST/api.linkedin.com/rest/images",
                "staging/PUT/127.0.0.1/image",
                "read/GET/api.linkedin.com/rest/images",
                "publish/POST/api.linkedin.com/rest/posts",
            ],
        ),
        "LinkedIn video" => (
            LINKEDIN,
            &[
                "download",
                "staging/POST/api.linkedin.com/rest/videos",
                "staging/PUT/127.0.0.1/video",
                "read/GET/api.linkedin.com/rest/videos",
                "publish/POST/api.linkedin.com/rest/posts",
            ],
        ),
        instagram if instagram.starts_with("Instagram") => (
            GRAPH,
            &[
                "staging/POST/graph.facebook.com/media",
                "read/GET/graph.facebook.com",
                "publish/POST/graph.facebook.com/media_publish",
            ],
        ),
        other => panic!("nothing is written down about {other}"),
    }
}

/// The call that sends a first comment.
fn comment_call(platform: Platform) -> &'static str {
    match platform {
        Platform::Facebook | Platform::Instagram => "publish/POST/graph.facebook.com/comments",
        Platform::LinkedIn => "publish/POST/api.linkedin.com/rest/comments",
    }
}

/// What the platform has answered a worker at this point: a column of `post_details`, and
/// its value in the end.
pub fn answered_at(point: &str) -> Option<(&'static str, &'static str)> {
    let is_answered = point.starts_with("publish/") && point.ends_with(".read:1");
    let expected = match point.contains("/comments.") {
        true => ("first_comment_state", "sent"),
        false => ("status", "published"),
    };
    is_answered.then_some(expected)
}

/// Whether a point is passed only if time will have it.
pub fn is_timed(point: &str) -> bool {
    TIMED.iter().any(|timed| point.starts_with(timed))
}

/// The transactions of an undisturbed worker for one post of a flow.
fn transactions_of(flow: &Flow) -> Vec<&'static str> {
    let comment = ["begin_comment", "record_comment", "take_follow_ups"];
    let comment = flow.first_comment.map_or(&[][..], |_| &comment);
    [done_for(flow.name).0, comment].concat()
}

/// Asserts that these are the points which a worker passes for such a post.
#[track_caller]
pub fn assert_known(flow: &Flow, passed: &[String]) {
    let mut calls = done_for(flow.name).1.to_vec();
    if flow.first_comment.is_some() {
        calls.push(comment_call(flow.platform));
    }
    let mut known = BTreeSet::new();
    for name in transactions_of(flow) {
        known.extend([format!("{name}.before_commit"), format!("{name}.committed")]);
    }
    for name in calls {
        let moments: &[&str] =
            if name == "download" { &["before", "answered"] } else { &["before", "sent", "read"] };
        known.extend(moments.iter().map(|moment| format!("{name}.{moment}")));
    }
    let names = passed.iter().map(|point| point.rsplit_once(':').unwrap().0.to_owned());
    let passed: BTreeSet<String> = names.filter(|name| !is_timed(name)).collect();
    assert_eq!(passed, known, "left: the points of {}, right: the table", flow.name);
}

/// The transactions among these points.
pub fn transactions(points: &[String]) -> BTreeSet<&str> {
    points.iter().filter_map(|point| Some(point.split_once(".committed")?.0)).collect()
}

/// **G1**: a process is killed at both points of every transaction. The drivers
/// assert that they kill at both points of what they name.
#[test]
fn every_transaction_is_killed_at_both_points() {
    let mut found = BTreeSet::new();
    for file in files().iter().filter(|file| file.path.starts_with("src/store/")) {
        let mut function = String::new();
        for line in file.code.lines() {
            if let Some((_, rest)) = line.split_once("fn ") {
                let is_name = |c: &char| c.is_alphanumeric() || *c == '_';
                function = rest.chars().take_while(is_name).collect();
            }
            if line.contains("transaction!(") {
                found.insert(function.clone());
            }
        }
    }
    let mut killed: BTreeSet<&str> = NOT_HERE.iter().map(|(name, _)| *name).collect();
    for flow in FLOWS {
        killed.extend(transactions_of(flow));
    }
    killed.extend(RARE_PATHS.iter().flat_map(|path| path.transactions));
    killed.extend(commands::TRANSACTIONS);
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, killed, "left: transactions in src/store, right: those a process dies in");
}
