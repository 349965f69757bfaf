//! The points there are, in one place: a new transaction or a new call to a
//! platform turns a test red until it is written down here.

use std::collections::BTreeSet;

use socialsched::domain::Platform;

use super::flows::Flow;
use crate::source::files;

/// Transactions of the store that a worker makes for a post; workers are
/// killed at both points of each.
const OF_WORKERS: &[&str] = &[
    "beat",
    "claim_due",
    "fail_missed",
    "fail_unreadable",
    "goodbye",
    "hold",
    "open_gates",
    "record_failure",
    "record_live",
    "record_lookup",
    "record_permalink",
    "record_staged",
    "record_unknown",
    "release",
    "release_until_due",
    "renew_leases",
    "repair_halves",
    "rest",
    "take_leftovers",
    "take_over",
];

/// Those of first comments.
const OF_COMMENTS: &[&str] = &["begin_comment", "end_lost_comments", "record_comment"];

/// Those that a worker makes only for posts that are found by a search, or that
/// another program broke; nobody is killed there.
const RARE: &[&str] = &["quote_broken_media", "record_found"];

/// Those of commands.
const OF_COMMANDS: &[&str] = &[
    "add_account",
    "add_client",
    "cancel_posts",
    "hold_after_restore",
    "insert_post",
    "judge",
    "let_time_pass",
    "migrate",
    "pause_account",
    "record_held_lookup",
    "remove_account",
    "remove_client",
    "reschedule_post",
    "resume_account",
    "retry_posts",
    "unhold",
];

/// Points that a run passes or not as time will have it: media that is being
/// processed, and the heartbeat beside a job that may be over already.
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
                "staging/POST/graph.facebook.com/videos",
                "publish/POST/graph.facebook.com",
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

/// What a worker at this point has been told by the platform: a column of
/// `post_details`, and what it must say in the end.
pub fn told_at(point: &str) -> Option<(&'static str, &'static str)> {
    let is_told = point.starts_with("publish/") && point.ends_with(".read:1");
    let told = match point.contains("/comments.") {
        true => ("first_comment_state", "sent"),
        false => ("status", "published"),
    };
    is_told.then_some(told)
}

/// Whether a point is passed only if time will have it.
pub fn is_timed(point: &str) -> bool {
    TIMED.iter().any(|timed| point.starts_with(timed))
}

/// Asserts that these are the points which a worker passes for such a post.
#[track_caller]
pub fn assert_known(flow: &Flow, passed: &[String]) {
    let (transactions, calls) = done_for(flow.name);
    let (mut transactions, mut calls) = (transactions.to_vec(), calls.to_vec());
    if flow.first_comment.is_some() {
        transactions.extend(["begin_comment", "record_comment", "take_leftovers"]);
        calls.push(comment_call(flow.platform));
    }
    let mut known = BTreeSet::new();
    for name in transactions {
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

#[test]
fn g01_every_transaction_is_known() {
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
    let known = [OF_WORKERS, OF_COMMENTS, RARE, OF_COMMANDS].concat();
    let known: BTreeSet<String> = known.into_iter().map(str::to_owned).collect();
    assert_eq!(found, known, "left: transactions in src/store, right: the table");
}
