//! What the command line promises to scripts.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Account, World};

/// A world with a post in every state.
struct Everything {
    world: World,
    page: Account,
    client: String,
    pending: String,
    published: String,
    failed: String,
    cancelled: String,
    unknown: String,
    /// Claimed by a worker that is gone.
    abandoned: String,
}

impl Everything {
    fn new() -> Self {
        let world = World::new();
        let (page, member) = (world.account("facebook"), world.member());
        #[rustfmt::skip]
        let client = world.json(&["clients", "add", "--first-name", "John", "--last-name", "Doe"]);
        let client = client["data"]["id"].to_string();
        let published = world.schedule(&page, &["--caption", "Published"]);
        world.work(&[]);
        world.fault(&json!({
            "match": {"path_contains": "/feed"}, "fault": "status", "status": 400,
            "body": {"error": {"message": "No", "code": 100}},
        }));
        world.fault(&json!({
            "match": {"method": "POST", "path_contains": "/rest/posts"}, "fault": "after_commit_drop",
        }));
        let failed = world.schedule(&page, &["--caption", "Failed"]);
        let unknown = world.schedule(&member, &["--caption", "Unknown"]);
        world.work(&["--settle", "0s"]);
        world.work_until_done();
        world.heal();
        let cancelled = world.schedule(&page, &["--caption", "Cancelled", "--at", "+1h"]);
        world.run(&["cancel", &cancelled]).ok();
        let abandoned = world.schedule(&page, &["--caption", "Abandoned"]);
        let (locked, ended) =
            (world.database.in_seconds(-3_600), world.database.in_seconds(-3_540));
        world.database.execute(&format!(
            "UPDATE post_schedule SET status = 'processing', worker_id = 'gone', attempts = 1, fence = 1,
               locked_at = {locked}, lease_until = {ended}
               WHERE post_detail_id = '{abandoned}';
             UPDATE post_details SET status = 'processing', attempts = 1 WHERE id = '{abandoned}';"
        ));
        let pending = world.schedule(&page, &["--caption", "Pending", "--at", "+1h"]);
        Self { world, page, client, pending, published, failed, cancelled, unknown, abandoned }
    }
}

#[test]
fn a_dry_run_of_no_command_changes_anything() {
    let all = Everything::new();
    let world = &all.world;
    let states: BTreeSet<String> =
        world.posts().iter().map(|post| post["state"].as_str().unwrap().to_owned()).collect();
    for state in ["pending", "published", "failed", "cancelled", "unknown"] {
        assert!(states.contains(state), "{states:?}");
    }
    let due = world.schedule(&all.page, &["--caption", "Due"]);
    let before = world.database.dump();
    let live = world.live();
    let schedule = ["schedule", "--account", &all.page.id, "--caption", "New"];
    for args in [
        [&schedule[..], &["--now"]].concat().as_slice(),
        &[&schedule[..], &["--at", "+1h", "--key", "k"]].concat(),
        &["cancel", &all.pending],
        &["cancel", &all.pending, &due, &all.abandoned],
        &["cancel", &all.abandoned, "--wait"],
        &["reschedule", &all.pending, "--now"],
        &["reschedule", &all.pending, "--at", "+2h"],
        &["retry", &all.failed],
        &["retry", "--failed"],
        &["recover"],
        &["recover", &all.unknown, "--published", "urn:li:share:1"],
        &["recover", &all.unknown, "--not-published"],
        &["recover", &all.unknown, "--abandon"],
        &["accounts", "add", "--platform", "facebook", "--name", "N", "--external-id", "9"],
        &["accounts", "pause", &all.page.id],
        &["accounts", "resume", &all.page.id],
        &["clients", "add", "--first-name", "A", "--last-name", "B"],
        &["clients", "remove", &all.client],
        &["run-worker"],
        &["run-worker", "--once"],
        &["migrate"],
        &["demo"],
        &["simulate"],
    ] {
        for format in ["tsv", "json"] {
            let args = [args, &["-n", "-o", format]].concat();
            let ran = world.run_unanswered(world.command(&args)).ok();
            let after = world.database.dump();
            assert!(after == before, "it changed the database: {ran}");
        }
    }
    // What would be refused is refused in a dry run, too.
    world.run(&["cancel", &all.published, "-n"]).exits(4);
    world.run(&["retry", &all.unknown, "-n"]).exits(4);
    world.run(&["reschedule", &all.cancelled, "--now", "-n"]).exits(4);
    world.run(&["accounts", "remove", &all.page.id, "-n"]).exits(4);
    fs::create_dir(world.path("pages")).unwrap();
    world.run(&["man", "--dir", "pages", "-n"]);
    assert_eq!(fs::read_dir(world.path("pages")).unwrap().count(), 0);
    assert!(world.database.dump() == before);
    assert_eq!(world.live(), live);
}

#[test]
fn no_command_waits_for_an_input() {
    let all = Everything::new();
    let world = &all.world;
    for args in [
        ["list"].as_slice(),
        &["show", &all.unknown],
        &["schedule", "--caption", "x", "--now"],
        &["cancel", &all.pending, &all.failed],
        &["retry", &all.failed, &all.published],
        &["reschedule", &all.pending, "--now"],
        &["recover"],
        &["recover", &all.unknown, "--not-published"],
        &["accounts"],
        &["accounts", "remove", &all.page.id],
        &["clients", "remove", &all.client],
        &["queue-status"],
        &["run-worker", "--once"],
        &["migrate"],
        &["demo"],
        &["completions", "fish"],
    ] {
        world.run_unanswered(world.command(&[args, &["--no-input"]].concat()));
    }
    world.run_unanswered(world.command(&["cancel", "-", "--timeout", "200ms"])).exits(2);
    world
        .run_unanswered(world.command(&["schedule", "--body", "-", "--timeout", "200ms"]))
        .exits(2);
}

/// What a value of the contract is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// Text or null.
    Perhaps,
    Number,
    Bool,
    Time,
    Object,
    List,
}

use Kind::{Bool, List, Number, Object, Perhaps, Text, Time};

#[track_caller]
fn assert_keys(value: &Value, keys: &[(&str, Kind)]) {
    for (key, kind) in keys {
        let found = value.get(key).unwrap_or_else(|| panic!("no {key} in {value:#}"));
        let fits = match kind {
            Text => found.is_string(),
            Perhaps => found.is_string() || found.is_null(),
            Number => found.is_number(),
            Bool => found.is_boolean(),
            Object => found.is_object(),
            List => found.is_array(),
            Time => found.as_str().is_some_and(|text| {
                text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
            }),
        };
        assert!(fits, "{key} is no {kind:?}: {value:#}");
    }
}

/// Every command's JSON has the keys of the contract.
#[test]
fn every_commands_json_follows_the_contract() {
    let all = Everything::new();
    let world = &all.world;
    let data = |args: &[&str]| {
        let document = world.json(args);
        assert_eq!(document["success"], true, "{document}");
        document["data"].clone()
    };
    let post: &[(&str, Kind)] = &[
        ("id", Text),
        ("platform", Text),
        ("caption", Text),
        ("status", Text),
        ("postSchedule", Object),
        ("postType", Text),
        ("accountName", Text),
        ("attempts", Number),
        ("errorMessage", Perhaps),
        ("externalPostId", Perhaps),
        ("outcome", Perhaps),
        ("permalink", Perhaps),
    ];
    let listing = world.json(&["list", "--limit", "3"]);
    assert_keys(&listing["meta"], &[("total", Number), ("returned", Number), ("next", Text)]);
    for item in data(&["list"]).as_array().unwrap() {
        assert_keys(item, post);
        assert_keys(&item["postSchedule"], &[("runAt", Time), ("status", Text)]);
    }
    for id in [&all.pending, &all.published, &all.failed, &all.unknown, &all.cancelled] {
        assert_keys(&data(&["show", id]), post);
    }
    let schedule = ["schedule", "--account", &all.page.id, "--caption", "New", "--now"];
    let scheduled: &[(&str, Kind)] = &[
        ("postDetailId", Text),
        ("postScheduleId", Text),
        ("scheduledFor", Time),
        ("status", Text),
        ("message", Text),
    ];
    assert_keys(&data(&schedule), scheduled);
    let account: &[(&str, Kind)] = &[
        ("id", Text),
        ("platform", Text),
        ("accountName", Text),
        ("instagramBusinessId", Perhaps),
        ("isAdded", Bool),
    ];
    let instagram = world.account("instagram");
    for item in data(&["accounts"]).as_array().unwrap() {
        assert_keys(item, account);
        let is_instagram = item["platform"] == "instagram";
        assert_eq!(item["instagramBusinessId"].is_string(), is_instagram, "{item}");
    }
    for action in ["pause", "resume"] {
        assert_keys(&data(&["accounts", action, &instagram.id]), account);
    }
    let clients = data(&["clients"]);
    assert_keys(&clients, &[("count", Number), ("rows", List)]);
    let client: &[(&str, Kind)] = &[
        ("id", Number),
        ("clientfirstName", Text),
        ("clientLastName", Text),
        ("logo", Perhaps),
        ("metaSocialAccounts", List),
    ];
    assert_keys(&clients["rows"][0], client);
    let several = world.run(&["cancel", &all.pending, &all.published, "--yes", "--json"]).exits(4);
    let several = several.json();
    assert_keys(&several["data"][0], &[("id", Text), ("cancelled", Bool), ("error", Perhaps)]);
    assert_keys(&several["data"][1], &[("id", Text), ("cancelled", Bool), ("error", Text)]);
    assert_eq!(several["success"], false, "{several}");
    assert_keys(
        &data(&["recover"]),
        &[("recovered", List), ("reconciled", List), ("needsReview", List)],
    );
    assert_keys(
        &data(&["queue-status"]),
        &[("pending", Number), ("due", Number), ("stuck", Number), ("unknown", Number)],
    );
    let summary: &[(&str, Kind)] = &[
        ("claimed", Number),
        ("published", Number),
        ("retried", Number),
        ("failed", Number),
        ("unknown", Number),
        ("missed", Number),
        ("maxLagSeconds", Number),
    ];
    assert_keys(&data(&["run-worker", "--once"]), summary);
    assert_keys(&data(&["run-worker", "--once"]), summary);
    assert_keys(
        &data(&["retry", &all.failed])[0],
        &[("id", Text), ("retried", Bool), ("error", Perhaps)],
    );
    assert!(data(&["migrate", "--status"]).is_array());
    // Failures.
    for (args, code, word) in [
        (["show", "0198c2f4"].as_slice(), 3, "not_found"),
        (&["cancel", &all.published], 4, "not_pending"),
        (&["show", "x"], 2, "invalid_input"),
        (&["list", "--bogus"], 2, "usage"),
        (&["cancel", &all.published, &all.failed], 2, "no_terminal"),
        (&["list", "--database-url", "sqlite:///nowhere/x.db"], 5, "no_schema"),
    ] {
        for format in ["json", "jsonl"] {
            let ran = world.run(&[args, &["-o", format]].concat()).exits(code);
            assert!(ran.stderr.starts_with("error: "), "{ran}");
            let failure = ran.json();
            assert_keys(&failure, &[("success", Bool), ("message", Text), ("error", Object)]);
            let error: &[(&str, Kind)] =
                &[("code", Text), ("exitCode", Number), ("field", Perhaps), ("hint", Perhaps)];
            assert_keys(&failure["error"], error);
            assert_eq!(
                (&failure["success"], &failure["error"]["code"]),
                (&json!(false), &json!(word))
            );
            assert_eq!(failure["error"]["exitCode"], code);
        }
    }
}

#[test]
fn one_cancelled_id_answers_like_old_scheduler() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let answer = world.json(&["cancel", &id]);
    assert_eq!(answer["success"], true);
    assert_eq!(answer["message"], "Post cancelled successfully");
}

/// A stream of JSON lines has one object per line, and `run-worker` one per
/// attempt.
#[test]
fn jsonl_has_one_object_per_line() {
    let all = Everything::new();
    let world = &all.world;
    let lines = world.run(&["list", "-o", "jsonl"]).ok().json_lines();
    assert_eq!(lines.len(), world.posts().len());
    assert!(lines.iter().all(|line| line["id"].is_string()));
    assert_eq!(world.run(&["accounts", "-o", "jsonl"]).ok().json_lines().len(), 2);
    let due: Vec<String> =
        (0..3).map(|n| world.schedule(&all.page, &["--caption", &format!("Due {n}")])).collect();
    let lines = world.run(&["run-worker", "--once", "-o", "jsonl"]).ok().json_lines();
    for id in &due {
        let of_it: Vec<&Value> = lines.iter().filter(|line| line["id"] == id.as_str()).collect();
        assert_eq!(of_it.len(), 1, "{lines:#?}");
        assert_eq!(of_it[0]["result"], "published");
        assert!(of_it[0]["externalPostId"].is_string());
    }
    assert!(lines.last().unwrap()["claimed"].is_number(), "{lines:#?}");
}

/// Runs a line of shell in which `socialsched` is the program.
fn shell(world: &World, line: &str) -> (i32, String, String) {
    let ran = world.shell(line);
    (ran.code.unwrap(), ran.stdout, ran.stderr)
}

/// Ids go through `xargs`, and `head` stops a list.
#[test]
fn ids_pass_xargs_head_stops_list() {
    let world = World::new();
    let page = world.account("facebook");
    for n in 0..20 {
        world.schedule(&page, &["--caption", &format!("Post {n}"), "--at", "+1h"]);
    }
    let (code, out, err) = shell(&world, "socialsched list -o id | head -1");
    assert_eq!((code, out.lines().count(), err.as_str()), (0, 1, ""));
    let (code, out, err) =
        shell(&world, "socialsched list -o id | head -3 | xargs -n 1 \"$SOCIALSCHED\" show -o id");
    assert_eq!((code, out.lines().count(), err.as_str()), (0, 3, ""));
    let line = "socialsched list --status pending -o id | xargs \"$SOCIALSCHED\" cancel --yes";
    let (code, _, err) = shell(&world, line);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(world.posts().iter().all(|post| post["status"] == "cancelled"));
    // Other commands give bare ids, too.
    for args in
        [["accounts"].as_slice(), &["clients", "add", "--first-name", "A", "--last-name", "B"]]
    {
        let ran = world.run(&[args, &["-o", "id"]].concat()).ok();
        assert!(
            !ran.stdout.trim().contains(char::is_whitespace) && !ran.stdout.is_empty(),
            "{ran}"
        );
    }
    let new = ["schedule", "--account", &page.id, "--caption", "New", "--at", "+1h", "-o", "id"];
    let id = world.run(&new).ok().stdout.trim().to_owned();
    assert_eq!(world.status(&id), "pending");
}

#[test]
fn every_long_flag_has_its_variable() {
    fn walk(command: &clap::Command, seen: &mut BTreeSet<String>) {
        for arg in command.get_arguments() {
            let Some(long) = arg.get_long().filter(|long| !matches!(*long, "help" | "version"))
            else {
                continue;
            };
            let expected = format!("SOCIALSCHED_{}", long.to_uppercase().replace('-', "_"));
            let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned());
            assert_eq!(variable.as_ref(), Some(&expected), "--{long} of {}", command.get_name());
            assert!(arg.is_hide_env_values_set(), "--{long} shows its variable's value");
            seen.insert(long.to_owned());
        }
        command.get_subcommands().for_each(|command| walk(command, seen));
    }
    let mut seen = BTreeSet::new();
    walk(&socialsched::cli::tree(), &mut seen);
    for flag in [
        "database-url",
        "config",
        "company",
        "output",
        "json",
        "tz",
        "color",
        "quiet",
        "verbose",
        "log-format",
        "yes",
        "no-input",
        "dry-run",
        "timeout",
        "account",
        "platform",
        "type",
        "caption",
        "caption-file",
        "image",
        "video",
        "media",
        "alt",
        "link",
        "first-comment",
        "at",
        "now",
        "dst",
        "client",
        "key",
        "allow-duplicate",
        "probe",
        "body",
        "status",
        "since",
        "until",
        "sort",
        "limit",
        "all",
        "after",
        "reason",
        "wait",
        "failed",
        "name",
        "external-id",
        "id",
        "token-env",
        "token-file",
        "first-name",
        "last-name",
        "logo",
        "older-than",
        "published",
        "not-published",
        "abandon",
        "once",
        "batch-size",
        "concurrency",
        "max-runtime",
        "max-jobs",
        "lease",
        "max-attempts",
        "max-late",
        "poll-interval",
        "prepare-ahead",
        "worker-id",
        "grace",
        "fail-on-error",
        "check",
        "sql",
        "listen",
        "dir",
    ] {
        assert!(seen.contains(flag), "there is no --{flag}");
    }
}

/// A flag beats its variable, and the variable the file.
#[test]
fn flag_beats_variable_beats_file() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let directory = world.path("home/config/socialsched");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("config.toml"), "output = \"csv\"\n").unwrap();
    world.run(&["list"]).ok().says("id,when");
    world.set("SOCIALSCHED_OUTPUT", "jsonl");
    assert_eq!(world.run(&["list"]).ok().json_lines().len(), 1);
    let ids = world.run(&["list", "-o", "id"]).ok().stdout;
    assert_eq!(ids.trim().len(), 36);
    world.set("SOCIALSCHED_OUTPUT", "");
    world.run(&["list"]).ok().says("id,when");
    for (word, count) in [("1", 0), ("yes", 0), ("true", 0), ("0", 1), ("no", 1), ("false", 1)] {
        world.set("SOCIALSCHED_DRY_RUN", word);
        world.run(&["cancel", "nonsense"]).exits(2);
        let caption = format!("Dry {word}");
        let before = world.posts().len();
        world.run(&["schedule", "--account", &page.id, "--caption", &caption, "--at", "+1h"]).ok();
        assert_eq!(world.posts().len() - before, count, "{word}");
    }
    world.set("SOCIALSCHED_DRY_RUN", "perhaps");
    world.run(&["list"]).exits(2).complains("perhaps");
}

#[test]
fn an_ambiguous_beginning_lists_its_matches() {
    let world = World::new();
    let page = world.account("facebook");
    let ids = ["One", "Two"].map(|text| world.schedule(&page, &["--caption", text, "--at", "+1h"]));
    let twins = ["abcdef00-0000-4000-8000-000000000001", "abcdef00-0000-4000-8000-000000000002"];
    for (id, twin) in ids.iter().zip(twins) {
        world.database.execute_unchecked(&format!(
            "UPDATE post_details SET id = '{twin}' WHERE id = '{id}';
             UPDATE post_schedule SET post_detail_id = '{twin}' WHERE post_detail_id = '{id}';"
        ));
    }
    let ran = world.run(&["show", "abcdef"]).exits(3);
    ran.clone().complains(twins[0]).complains(twins[1]);
    let failure = world.run(&["cancel", "abcd", "--json"]).exits(3);
    assert_eq!(failure.error_code(), "ambiguous");
    world.run(&["show", &twins[1].to_uppercase()]).ok();
    assert!(world.posts().iter().all(|post| post["status"] == "pending"));
}

/// Only an id counts as a decision about a post that may be live.
#[test]
fn only_an_id_decides_a_live_post() {
    let all = Everything::new();
    let world = &all.world;
    for bad in ["", " ", "two words", "a\nb", "café", &"9".repeat(300)] {
        world.run(&["recover", &all.unknown, "--published", bad]).exits(2).complains("--published");
    }
    world.run(&["recover", &all.published, "--published", "1000001_1"]).exits(4);
    world.run(&["recover", &all.unknown, "--published", "urn:li:share:1"]).ok();
    assert_eq!(world.post(&all.unknown)["externalPostId"], "urn:li:share:1");
    assert_eq!(world.status(&all.unknown), "published");
    world.work(&[]);
    world.assert_healthy();
}

#[test]
fn what_failed_entirely_says_nothing_on_standard_output() {
    let all = Everything::new();
    let world = &all.world;
    for args in [
        ["retry", &all.pending].as_slice(),
        &["retry", &all.unknown],
        &["retry", &all.pending, &all.published, "--yes"],
        &["cancel", &all.published],
        &["reschedule", &all.published, "--now"],
        &["show", "0198c2f4"],
        &["recover", &all.failed, "--abandon"],
        &["accounts", "remove", &all.page.id],
        &["schedule", "--account", &all.page.id, "--caption", "Pending", "--at", "+1h"],
    ] {
        let ran = world.run(args);
        assert!(matches!(ran.code, Some(3 | 4)), "{ran}");
        assert_eq!(ran.stdout, "", "{ran}");
        assert!(ran.stderr.starts_with("error: "), "{ran}");
    }
}
