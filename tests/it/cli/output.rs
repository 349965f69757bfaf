//! What scripts rely on: streams, formats, exit codes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::support::World;

#[test]
fn ids_go_through_xargs() {
    let world = World::new();
    let page = world.account("facebook");
    let mut ids: Vec<String> = (0..3)
        .map(|n| world.schedule(&page, &["--caption", &format!("Post {n}"), "--at", "+1h"]))
        .collect();
    let listed = world.run(&["list", "-o", "id"]).ok().stdout;
    let mut shown: Vec<&str> = listed.lines().collect();
    ids.sort();
    shown.sort_unstable();
    assert_eq!(shown, ids);
    world.run_with_input(&["cancel", "-", "--yes"], &listed).ok();
    assert!(world.posts().iter().all(|post| post["status"] == "cancelled"));
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let world = World::new();
    let page = world.account("facebook");
    let caption = "word ".repeat(2000);
    for n in 0..40 {
        world.schedule(&page, &["--caption", &format!("{n} {caption}"), "--at", "+1h"]);
    }
    for format in ["tsv", "json", "jsonl", "csv", "table"] {
        let mut child = world
            .command(&["list", "-o", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        // As `head -1` does; the pipe is closed while much is still to come.
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
        assert!(!line.is_empty(), "{format}");
    }
}

/// An empty list is no error and says so beside the data.
#[test]
fn empty_list_succeeds_with_a_remark() {
    let world = World::new();
    let table = world.run(&["list"]).ok();
    assert!(table.stdout.is_empty() && !table.stderr.is_empty(), "{table}");
    assert_eq!(world.json(&["list"])["data"], json!([]));
}

#[test]
fn piped_output_is_whole_and_without_colour() {
    let world = World::new();
    let page = world.account("facebook");
    let caption =
        "A long caption that no terminal of a hundred columns would show whole, ".repeat(3);
    world.schedule(&page, &["--caption", &caption, "--at", "+1h"]);
    let piped = world.run(&["list"]).ok().says(caption.trim_end()).says("\t").stdout;
    assert!(!piped.contains('\u{1b}'));
}

/// Problems come all at once and name their flags.
#[test]
fn all_problems_name_their_flags() {
    let world = World::new();
    let page = world.account("facebook");
    #[rustfmt::skip]
    let args = [
        "schedule", "--account", &page.id, "--image", "cdn.example/a.jpg", "--at", "2025-02-30 10:00",
    ];
    let ran = world.run(&args).exits(2);
    assert!(ran.stdout.is_empty(), "{ran}");
    ran.complains("2 problems").complains("--at").complains("--image");
}

/// Failures are JSON on standard output when JSON was asked for.
#[test]
fn json_failures_are_on_standard_output() {
    let world = World::new();
    let ran = world.run(&["show", "0198c2f4", "--json"]).exits(3);
    let failure = ran.json();
    assert_eq!(failure["success"], false);
    assert_eq!(failure["error"]["exitCode"], 3);
    let ran = world.run(&["list", "--json", "--no-such-flag"]).exits(2);
    assert_eq!(ran.json()["error"]["exitCode"], 2);
}

/// A post is known by the beginning of its id.
#[test]
fn post_is_known_by_id_prefix() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    // Ids that begin with the time differ at their end.
    assert_eq!(world.json(&["show", &id[..20]])["data"]["id"], json!(id));
    world.run(&["show", &id[..3]]).exits(2);
}

#[test]
fn question_without_terminal_names_answering_flag() {
    let world = World::new();
    let page = world.account("facebook");
    let ids: Vec<String> = (0..2)
        .map(|n| world.schedule(&page, &["--caption", &format!("Post {n}"), "--at", "+1h"]))
        .collect();
    world.run(&["cancel", &ids[0], &ids[1]]).exits(2).complains("--yes");
    assert!(world.posts().iter().all(|post| post["status"] == "pending"));
}

/// A worker reports each attempt as a line of JSON.
#[test]
fn worker_reports_attempts_as_json_lines() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let lines = world.work(&["-o", "jsonl"]).json_lines();
    assert_eq!(lines.len(), 2, "an attempt and the summary: {lines:?}");
    assert_eq!(lines[0]["id"], json!(id));
    assert_eq!(lines[0]["result"], "published");
    let summary =
        json!({"claimed": 1, "published": 1, "retried": 0, "failed": 0, "unknown": 0, "missed": 0});
    for (key, count) in summary.as_object().unwrap() {
        assert_eq!(&lines[1][key], count, "{key}: {lines:?}");
    }
}

#[test]
fn a_key_makes_scheduling_repeatable() {
    let world = World::new();
    let page = world.account("facebook");
    let at = world.in_days(3);
    let first = world.schedule(&page, &["--caption", "Hello", "--at", &at, "--key", "k1"]);
    let again = world.schedule(&page, &["--caption", "Hello", "--at", &at, "--key", "k1"]);
    assert_eq!(first, again);
    #[rustfmt::skip]
    let other = world.run(&[
        "schedule", "--account", &page.id, "--caption", "Bye", "--at", &at, "--key", "k1", "--json",
    ]).exits(4);
    assert!(!other.error_code().is_empty());
    assert_eq!(world.posts().len(), 1);
}

/// The same content twice within a day must be allowed explicitly.
#[test]
fn repeated_content_needs_explicit_permission() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let again = ["schedule", "--account", &page.id, "--caption", "Hello", "--at", "+2h"];
    world.run(&again).exits(4).complains("--allow-duplicate");
    world.run(&[again.as_slice(), &["--allow-duplicate"]].concat()).ok();
    assert_eq!(world.posts().len(), 2);
}
