//! What people and scripts type.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use crate::support::{World, eventually};

const OTHER_COMPANY: &str = "22222222-2222-4222-8222-222222222222";

/// **A1**: a misspelt word gets a suggestion.
#[test]
fn misspelt_word_gets_a_suggestion() {
    let world = World::new();
    world.run(&["shedule"]).exits(2).complains("schedule");
    world.run(&["schedule", "--acount", "x"]).exits(2).complains("--account");
    world.run(&["list", "--status", "publishd"]).exits(2).complains("published");
    world.run(&["list", "-o", "jsom"]).exits(2).complains("json");
    let ran = world.run(&["shedule", "--json"]).exits(2);
    assert_eq!(ran.json()["error"]["exitCode"], 2, "{ran}");
}

/// **A2**: ids are UUIDs in either case, and nothing else.
#[test]
fn ids_are_uuids_in_either_case() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let upper = id.to_uppercase();
    assert_eq!(world.json(&["show", &upper])["data"]["id"], json!(id));
    let braces = format!("{{{id}}}");
    let huge = "a".repeat(100_000);
    for bad in ["not-an-id", &braces, &huge, "", "0x1234", "12 34"] {
        let ran = world.run(&["show", bad]).exits(2);
        assert!(ran.stderr.len() < 2_000, "{} bytes of message", ran.stderr.len());
    }
    world.run(&["show", "00000000-0000-0000-0000-000000000000"]).exits(3);
    let ran = world.run_with_input(&["cancel", "-", "--yes"], &"a".repeat(1_000_000)).exits(2);
    assert!(ran.stderr.len() < 2_000, "{} bytes of message", ran.stderr.len());
    let company = world.company();
    world.run(&["list", "--company", &company.to_uppercase()]).ok().says(&id);
    let braces = format!("{{{company}}}");
    for bad in ["x", &braces, "00000000-0000-0000-0000-000000000000", &huge] {
        let ran = world.run(&["list", "--company", bad]).exits(2);
        assert!(ran.stderr.len() < 2_000, "{} bytes of message", ran.stderr.len());
    }
    world.assert_healthy();
}

/// **A3**: a refused platform or type is answered with the allowed ones.
#[test]
fn refused_platform_or_type_lists_allowed_ones() {
    let world = World::new();
    let organization = world.account("linkedin");
    let ran = world.run(&["list", "--platform", "tiktok"]).exits(2);
    ran.complains("facebook").complains("instagram").complains("linkedin");
    let url = world.media("one.jpg");
    #[rustfmt::skip]
    let args = [
        "schedule", "--account", &organization.id, "--type", "story", "--image", &url, "--at", "+1h",
    ];
    let ran = world.run(&args).exits(2);
    ran.complains("--type").complains("story").complains("use --type post");
    assert_eq!(world.posts(), [Value::Null; 0]);
}

/// **A4**: an account of another company or platform is refused.
#[test]
fn account_of_other_company_is_refused() {
    let world = World::new();
    let page = world.account("facebook");
    let schedule = |account: &str, more: &[&str]| {
        let args = ["schedule", "--account", account, "--caption", "Hello", "--at", "+1h"];
        world.run(&[&args, more].concat())
    };
    schedule(&page.id, &["--platform", "linkedin"]).exits(2).complains("facebook");
    schedule(&page.id, &["--platform", "facebook"]).ok();
    world.set("SOCIALSCHED_COMPANY", OTHER_COMPANY);
    let nobodys = "0198c2f4-0000-4000-8000-000000000000";
    let known = schedule(&page.id, &[]).exits(3).stderr.replace(&page.id, "ID");
    let unknown = schedule(nobodys, &[]).exits(3).stderr.replace(nobodys, "ID");
    assert_eq!(known, unknown, "its existence is not revealed");
    schedule(&page.name, &[]).exits(3);
    let body = json!({
        "companyId": OTHER_COMPANY, "assignedClientId": null, "socialAccountId": page.id,
        "platform": "facebook", "postType": "post", "caption": "Hello", "mediaUrls": [],
        "scheduleAt": "2028-02-01T08:00:00Z",
    });
    world.run_with_input(&["schedule", "--body", "-"], &body.to_string()).exits(3);
    assert_eq!(world.posts(), [Value::Null; 0]);
}

/// **A5**: no command touches another company's post.
#[test]
fn other_companys_posts_are_untouchable() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let before = world.database.dump();
    world.set("SOCIALSCHED_COMPANY", OTHER_COMPANY);
    for args in [
        ["show", &id].as_slice(),
        &["cancel", &id],
        &["cancel", &id[..8]],
        &["reschedule", &id, "--now"],
        &["retry", &id],
        &["recover", &id, "--abandon"],
        &["recover", &id, "--published", "1"],
        &["recover", &id, "--not-published", "--yes"],
        &["accounts", "pause", &page.id],
        &["accounts", "resume", &page.id],
        &["accounts", "remove", &page.name, "--yes"],
    ] {
        world.run(args).exits(3);
    }
    assert_eq!(world.database.dump(), before);
}

/// **A6**: the same key gives the same post, also from parallel processes.
#[test]
fn same_key_gives_the_same_post() {
    let world = World::new();
    let page = world.account("facebook");
    #[rustfmt::skip]
    let args = [
        "schedule", "--account", &page.id, "--caption", "Hello", "--at", "2028-01-01T00:00:00Z",
        "--key", "order-7", "--json",
    ];
    let started: Vec<_> = (0..8).map(|_| world.start(&args)).collect();
    let mut ids: Vec<String> = started
        .into_iter()
        .map(|mut process| {
            assert_eq!(process.wait(), 0, "{}", process.stderr());
            let answer: Value = serde_json::from_str(&process.stdout()).unwrap();
            answer["data"]["postDetailId"].as_str().unwrap().to_owned()
        })
        .collect();
    ids.push(world.json(&args[..args.len() - 1])["data"]["postDetailId"].as_str().unwrap().into());
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(world.posts().len(), 1);
    world.assert_healthy();
}

/// **A7**: a key used with other content is a conflict.
#[test]
fn key_with_other_content_conflicts() {
    let world = World::new();
    let page = world.account("facebook");
    let args = ["--key", "order-7", "--at", "+1h", "--caption"];
    let id = world.schedule(&page, &[&args[..], &["Hello"]].concat());
    let other = [&["schedule", "--account", &page.id], &args[..], &["Good-bye"]].concat();
    let ran = world.run(&other).exits(4);
    ran.complains("order-7").complains("other content").complains(&id);
    assert_eq!(world.posts().len(), 1);
}

/// **A8**: the same content within a day needs a flag.
#[test]
fn repeated_content_needs_a_flag() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello", "--at", "2028-01-01T00:00:00Z"]);
    let again = |at: &'static str| {
        vec!["schedule", "--account", &page.id, "--caption", "Hello", "--at", at]
    };
    let ran = world.run(&again("2028-01-01T23:00:00Z")).exits(4).complains("--allow-duplicate");
    assert_eq!(ran.stdout, "");
    let json = [&again("2028-01-01T23:00:00Z")[..], &["--json"]].concat();
    assert_eq!(world.run(&json).exits(4).error_code(), "duplicate_content");
    world.run(&[&again("2028-01-01T23:00:00Z")[..], &["--allow-duplicate"]].concat()).ok();
    world.run(&again("2028-01-03T00:00:01Z")).ok();
    assert_eq!(world.posts().len(), 3);
}

/// **A9**: bytes that are no text are shown escaped.
#[test]
fn non_text_bytes_are_shown_escaped() {
    let world = World::new();
    let mut command = world.command(&["schedule", "--caption"]);
    command.arg(OsStr::from_bytes(b"caf\xff"));
    let ran = world.run_unanswered(command).exits(2).complains(r"caf\xff");
    assert_eq!(ran.stdout, "");
}

/// **A10**: a caption comes from a text file of bounded size and time.
#[test]
fn caption_file_is_bounded_text() {
    let world = World::new();
    let page = world.account("facebook");
    fs::write(world.path("good.txt"), "Hello\n").unwrap();
    fs::write(world.path("binary"), b"caf\xff").unwrap();
    File::create(world.path("huge")).unwrap().set_len(1 << 30).unwrap();
    mknodat(CWD, world.path("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let args = |file: &'static str| {
        let schedule = ["schedule", "--account", &page.id, "--at", "+1h", "--timeout", "300ms"];
        [&schedule[..], &["--caption-file", file]].concat()
    };
    for (file, why) in [
        ("missing", "no such file"),
        (".", "directory"),
        ("huge", "larger than"),
        ("fifo", "in time"),
        ("binary", "UTF-8"),
        ("/dev/zero", "larger than"),
        ("-", "in time"),
    ] {
        let ran = world.run_unanswered(world.command(&args(file))).exits(2);
        ran.complains("--caption-file").complains(why);
    }
    let mut endless = world.command(&args("-"));
    endless.stdin(File::open("/dev/zero").unwrap());
    assert_eq!(endless.output().unwrap().status.code(), Some(2));
    assert_eq!(world.posts(), [Value::Null; 0]);
    world.run(&args("good.txt")).ok();
    assert_eq!(world.posts()[0]["caption"], "Hello");
}

/// **A11**: a question that cannot be answered names `--yes` and never hangs.
#[test]
fn unanswerable_question_names_yes_flag() {
    let world = World::new();
    let page = world.account("facebook");
    let ids = ["One", "Two"].map(|text| world.schedule(&page, &["--caption", text]));
    let before = world.database.dump();
    let cancel = ["cancel", &ids[0], &ids[1]];
    world.run_unanswered(world.command(&cancel)).exits(2).complains("--yes");
    // CI is no yes.
    world.set("CI", "true");
    world.run_unanswered(world.command(&cancel)).exits(2).complains("--yes");
    world.run(&[&cancel[..], &["--no-input"]].concat()).exits(2).complains("--yes");
    let schedule = ["schedule", "--caption", "Three", "--now"];
    world.run_unanswered(world.command(&schedule)).exits(2).complains("--account");
    assert_eq!(world.database.dump(), before);
    world.fault(&json!({"match": {"path_contains": "/feed"}, "fault": "status", "status": 400,
        "body": {"error": {"message": "No", "code": 100}}}));
    world.work(&[]);
    assert!(ids.iter().all(|id| world.status(id) == "failed"), "{:?}", world.posts());
    world.run_unanswered(world.command(&["retry", "--failed"])).exits(2).complains("--yes");
    world.run_unanswered(world.command(&["retry", "--failed", "--yes"])).ok();
}

/// **A12**: a closed pipe is a silent success.
#[test]
fn closed_pipe_is_a_silent_success() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    for args in [
        ["list"].as_slice(),
        &["list", "--json"],
        &["list", "-o", "jsonl"],
        &["list", "-o", "table"],
        &["show", &id],
        &["accounts"],
        &["accounts", "--json"],
        &["queue-status", "--quiet"],
        &["recover", "--json"],
        &["completions", "bash"],
        &["--help"],
        &["list", "--help"],
        &["--version"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = world.command(args);
        let output = command.stdout(writer).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

/// **A13**: cancelling twice is fine, and cancelling what is published is not.
#[test]
fn cancelling_twice_works_unless_published() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    world.run(&["cancel", &id]).ok().says("Cancelled");
    world.run(&["cancel", &id]).ok().says("already");
    let published = world.schedule(&page, &["--caption", "Other"]);
    world.work(&[]);
    let name = world.post(&published)["externalPostId"].as_str().unwrap().to_owned();
    world.run(&["cancel", &published]).exits(4).complains(&name);
    let ran = world.run(&["cancel", &published, "--json"]).exits(4);
    assert_eq!(ran.error_code(), "not_pending");
    let both = world.run(&["cancel", &id, &published, "--yes", "--json"]).exits(4);
    let items = both.json()["data"].clone();
    assert_eq!((&items[0]["id"], &items[0]["cancelled"]), (&json!(id), &json!(true)), "{both}");
    assert_eq!(items[0]["error"], Value::Null, "{both}");
    assert_eq!((&items[1]["cancelled"], items[1]["error"].is_string()), (&json!(false), true));
    world.assert_healthy();
}

/// **A13**: a request to cancel what is being published is recorded and its
/// result awaited.
#[test]
fn cancel_request_in_flight_is_awaited() {
    let world = World::new();
    let page = world.account("facebook");
    let slow = |path: &str| {
        world.fault(&json!({
            "match": {"method": "POST", "path_contains": path},
            "fault": "slow_first_byte", "delay_ms": 1500,
        }));
    };
    // The photo is on its way: the wish comes in time.
    slow("/photos");
    let image = world.media("one.jpg");
    let early = world.schedule(&page, &["--caption", "Hello", "--image", &image]);
    let mut worker = world.start(&["run-worker", "--once"]);
    eventually("the worker is at it", || world.status(&early) == "processing");
    let ran = world.run(&["cancel", &early, "--json"]).ok();
    let message = ran.json()["message"].as_str().unwrap().to_owned();
    assert!(!message.contains("successfully"), "nothing is cancelled yet: {ran}");
    world.run(&["cancel", &early, "--wait"]).ok().says("Cancelled");
    assert_eq!(world.status(&early), "cancelled");
    worker.wait();
    world.heal();
    // The publish call is out: too late.
    slow("/feed");
    let late = world.schedule(&page, &["--caption", "Too late"]);
    let mut worker = world.start(&["run-worker", "--once"]);
    eventually("the call is out", || intents(&world) == "1");
    world.run(&["cancel", &late, "--wait"]).exits(4).complains("already published");
    worker.wait();
    assert_eq!(world.status(&late), "published");
    world.assert_healthy();
}

/// How many publish calls were cleared to go out.
fn intents(world: &World) -> String {
    let sql = "SELECT COUNT(*) FROM publish_log WHERE kind = 'publish' AND event = 'intent'";
    world.database.value(sql)
}

/// **A14**: limits are numbers from one, and pages end.
#[test]
fn limits_start_at_one_pages_end() {
    let world = World::new();
    let page = world.account("facebook");
    for n in 0..3 {
        world.schedule(&page, &["--caption", &format!("Post {n}"), "--at", "+1h"]);
    }
    for limit in ["0", "-1", "100000000000000000000", "x", "1.5", ""] {
        world.run(&["list", "--limit", limit]).exits(2).complains("--limit");
        world.run(&["list", &format!("--limit={limit}")]).exits(2).complains("--limit");
    }
    let mut seen = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let mut args = vec!["list", "--limit", "2"];
        if let Some(cursor) = &cursor {
            args.extend(["--after", cursor]);
        }
        let listing = world.json(&args);
        assert_eq!(listing["meta"]["total"], 3, "{listing}");
        let data = listing["data"].as_array().unwrap();
        assert_eq!(listing["meta"]["returned"], data.len(), "{listing}");
        seen.extend(data.iter().map(|post| post["id"].as_str().unwrap().to_owned()));
        match listing["meta"]["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3);
    world.run(&["list", "--limit", "2"]).ok().complains("2 of 3 posts shown");
    for cursor in ["garbage", "' OR 1=1 --", "%"] {
        world.run(&["list", "--after", cursor]).exits(2).complains("--after");
    }
}

/// **A15**: an interrupted schedule leaves both rows or none.
#[test]
fn interrupted_schedule_leaves_both_rows_or_none() {
    let world = World::new();
    let page = world.account("facebook");
    for n in 0..30_u64 {
        let caption = format!("Post {n}");
        let mut process =
            world.start(&["schedule", "--account", &page.id, "--caption", &caption, "--now"]);
        // Not to wait for something: each round is hit at another place.
        thread::sleep(Duration::from_millis(n));
        if process.is_running() {
            process.interrupt();
        }
        let code = process.wait();
        assert!(code == 0 || code == 130, "exit code {code}: {}", process.stderr());
    }
    let count = |table: &str| world.database.value(&format!("SELECT COUNT(*) FROM {table}"));
    assert_eq!(count("post_details"), count("post_schedule"));
    world.assert_healthy();
}

/// **A16**: SQL in names and texts is text.
#[test]
fn sql_in_names_and_texts_is_text() {
    let world = World::new();
    let evil = "'; DROP TABLE post_details; -- % _ \\";
    #[rustfmt::skip]
    let added = world.json(&[
        "accounts", "add", "--platform", "facebook", "--name", evil, "--external-id", "7",
    ]);
    let account = added["data"]["id"].as_str().unwrap().to_owned();
    world.account("facebook");
    #[rustfmt::skip]
    let args = [
        "schedule", "--account", evil, "--caption", evil, "--key", evil, "--at", "+1h",
        "--first-comment", evil,
    ];
    let id = world.json(&args)["data"]["postDetailId"].as_str().unwrap().to_owned();
    assert_eq!(world.post(&id)["caption"], evil);
    assert_eq!(world.post(&id)["accountName"], evil);
    assert_eq!(world.json(&["list", "--account", evil])["meta"]["total"], 1);
    for pattern in ["%", "_", "Acme%", "Acme facebook _", "____", "%%%%"] {
        world.run(&["list", "--account", pattern]).exits(3);
        world.run(&["accounts", "pause", pattern]).exits(3);
    }
    for pattern in ["%%%%", "____", "' OR '1'='1", &format!("{}%", &id[..8])] {
        world.run(&["show", pattern]).exits(2);
        world.run(&["cancel", pattern]).exits(2);
    }
    world.run(&["cancel", &id, "--reason", evil]).ok();
    #[rustfmt::skip]
    world.run(&["clients", "add", "--first-name", evil, "--last-name", "%"]).ok();
    assert_eq!(world.json(&["clients"])["data"]["rows"][0]["clientfirstName"], evil);
    world.run(&["accounts", "pause", &account, "--reason", evil]).ok();
    world.run(&["run-worker", "--once", "--worker-id", evil]).ok();
    assert_eq!(world.posts().len(), 1);
    world.assert_healthy();
}
