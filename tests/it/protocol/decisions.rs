//! A person's decision about posts that may be live, and the commands that the
//! program prints for it: pasted into a shell, they do what they say.

use std::time::Duration;

use serde_json::json;

use crate::support::{Account, Engine, Ran, World, publish_call};

/// After this time, a look-up that finds nothing counts.
const LOOKS: Duration = Duration::from_secs(150);

const PLACEHOLDER: &str = "--published '<ID OF THE POST>'";

/// A member's posts that went out, and whose answers were lost.
fn unknown(count: usize) -> (World, Account, Vec<String>) {
    let world = World::new();
    let member = world.member();
    world.fault(&json!({"match": publish_call("linkedin"), "fault": "after_commit_drop"}));
    let ids = (0..count).map(|n| world.schedule(&member, &["--caption", &format!("Post {n}")]));
    let ids: Vec<String> = ids.collect();
    world.work_for(LOOKS, 60);
    world.heal();
    ids.iter().for_each(|id| assert_eq!(world.post(id)["outcome"], "unknown"));
    (world, member, ids)
}

/// The command lines of a run with this decision, as they were printed.
fn lines(ran: &Ran, decision: &str) -> Vec<String> {
    let is_command = |line: &&str| line.trim_start().starts_with("socialsched ");
    let lines = ran.stderr.lines().filter(is_command);
    lines.filter(|line| line.ends_with(decision)).map(str::to_owned).collect()
}

fn line(ran: &Ran, decision: &str) -> String {
    let mut lines = lines(ran, decision);
    assert_eq!(lines.len(), 1, "{decision}: {ran}");
    lines.remove(0)
}

/// Each post that may be live is shown with a line for each decision.
#[test]
fn each_decision_has_a_printed_command() {
    let (world, _, mut ids) = unknown(3);
    ids.sort_unstable();
    for args in [&["list"][..], &["list", "-o", "json"], &["queue-status"], &["recover"]] {
        let ran = world.run(args).ok();
        for decision in [PLACEHOLDER, "--not-published", "--abandon"] {
            let mut shown = lines(&ran, decision);
            shown.sort_unstable();
            let wanted =
                ids.iter().map(|id| format!("socialsched recover {} {decision}", &id[..8]));
            assert_eq!(shown, wanted.collect::<Vec<_>>(), "{args:?}");
        }
    }
    for ran in [world.run(&["show", &ids[0]]).ok(), world.run(&["retry", &ids[0]]).exits(4)] {
        for decision in [PLACEHOLDER, "--not-published", "--abandon"] {
            assert!(line(&ran, decision).contains(&ids[0][..8]), "{ran}");
        }
    }
    world.assert_healthy();
}

/// The command for a decision that needs an id changes nothing if it is pasted
/// as it is.
#[test]
fn pasted_command_without_id_changes_nothing() {
    let (world, _, ids) = unknown(1);
    let pasted = line(&world.run(&["list"]).ok(), PLACEHOLDER);
    let before = world.database.dump();
    let files = || std::fs::read_dir(world.path("")).unwrap().count();
    let count = files();
    let ran = world.shell(&pasted).exits(2);
    ran.complains("<ID OF THE POST>").complains("urn:li:share:NUMBER");
    // The shell itself refuses it where the quotes got lost.
    world.shell(&pasted.replace('\'', "")).exits(2);
    // As do people who take the brackets for a part of the syntax.
    world.shell(&pasted.replace("ID OF THE POST", "urn:li:share:77")).exits(2);
    assert_eq!((world.database.dump(), files()), (before, count));
    // With the id in its place it is the decision.
    let seen = world.live()[0]["id"].as_str().unwrap().to_owned();
    world.shell(&pasted.replace("<ID OF THE POST>", &seen)).ok();
    assert_eq!(world.post(&ids[0])["externalPostId"], json!(seen));
    world.assert_healthy();
}

#[test]
fn decision_to_resend_asks_first() {
    let (world, _, ids) = unknown(1);
    let pasted = line(&world.run(&["list"]).ok(), "--not-published");
    let before = world.database.dump();
    world.shell(&pasted).exits(2).complains("--yes");
    assert_eq!(world.database.dump(), before);
    world.shell(&format!("{pasted} --yes")).ok();
    assert_eq!(world.status(&ids[0]), "pending");
    world.assert_healthy();
}

/// A decision to leave a post as it is can be followed by another one.
#[test]
fn postponed_decision_allows_another() {
    let (world, _, ids) = unknown(1);
    let listed = world.run(&["list"]).ok();
    world.shell(&line(&listed, "--abandon")).ok();
    let post = world.post(&ids[0]);
    assert_eq!((&post["errorCode"], &post["outcome"]), (&json!("abandoned"), &json!("unknown")));
    assert_eq!(lines(&world.run(&["list"]).ok(), "--abandon"), [""; 0]);
    let seen = world.live()[0]["id"].as_str().unwrap().to_owned();
    world.shell(&line(&listed, PLACEHOLDER).replace("<ID OF THE POST>", &seen)).ok();
    assert_eq!(world.status(&ids[0]), "published");
    world.assert_healthy();
}

#[test]
fn decision_names_post_as_platform_does() {
    let world = World::new();
    let posts = ["facebook", "instagram", "linkedin"].map(|platform| {
        let account = world.account(platform);
        let image = world.media("photo.jpg");
        world.schedule(&account, &["--caption", "Hello", "--image", &image])
    });
    world.run(&["recover", "--after-restore", "--yes"]).ok();
    let bad = [
        ["not-a-number", "EXTERNAL_ID", "urn:li:share:77", "https://www.facebook.com/1000001_77"],
        ["not-a-number", "1000001_77", "SB100007919", "https://www.instagram.com/p/SB100007919/"],
        [
            "not-a-urn",
            "12345",
            "urn:li:person:Ann1",
            "https://www.linkedin.com/feed/update/urn:li:share:77/",
        ],
    ];
    let good = ["1000001_77", "17904100007919", "urn:li:activity:77"];
    let before = world.database.dump();
    for (id, bad) in posts.iter().zip(bad) {
        for value in bad {
            let ran = world.run(&["recover", id, "--published", value]).exits(2);
            ran.complains("--published").complains(value);
            world.run(&["recover", id, "--published", value, "-n"]).exits(2);
        }
    }
    assert_eq!(world.database.dump(), before);
    let address = "https://www.facebook.com/1000001_77";
    let ran = world.run(&["recover", &posts[0], "--published", address, "--json"]).exits(2);
    let error = &ran.json()["error"];
    assert_eq!((&error["field"], &error["code"]), (&json!("--published"), &json!("invalid_input")));
    assert!(error["hint"].as_str().unwrap().contains("that of 1000001_77"), "{error}");
    for (id, good) in posts.iter().zip(good) {
        let ran = world.run(&["recover", id, "--published", good, "--json"]).ok();
        let wanted = json!({
            "recovered": [], "needsReview": [], "reconciled": [{"id": id, "result": "published"}],
        });
        assert_eq!(ran.json()["data"], wanted, "{ran}");
        assert_eq!(world.post(id)["externalPostId"], good);
    }
    world.assert_healthy();
}

/// A printed decision repeats what was typed and applies to the same post. The
/// database and the company that were typed are in every command that is
/// printed.
#[test]
fn printed_decision_repeats_the_typed_options() {
    let (world, member, ids) = unknown(4);
    let (url, company) = (world.database.url(), world.company());
    let config = world.path("it's mine.toml");
    std::fs::write(&config, "tz = \"Europe/Paris\"\n").unwrap();
    let config = config.to_str().unwrap();
    world.unset("SOCIALSCHED_DATABASE_URL");
    world.unset("SOCIALSCHED_COMPANY");
    let before = ["--database-url", &url, "-C", company, "--config", config];
    let settle = |ran: &Ran, id: &str| {
        let lines = lines(ran, "--abandon");
        world.shell(lines.iter().find(|line| line.contains(&id[..8])).unwrap()).ok();
    };
    settle(&world.run(&[&before[..], &["list"]].concat()).ok(), &ids[0]);
    // Behind the command they count as much.
    settle(&world.run(&[&["queue-status"][..], &before].concat()).ok(), &ids[1]);
    settle(&world.run(&[&before[..], &["retry", &ids[2]]].concat()).exits(4), &ids[2]);
    // Who looks after all companies needs each post's own.
    settle(&world.run(&["queue-status", "--database-url", &url, "--tz", "UTC"]).ok(), &ids[3]);
    // Answers and looks are not repeated; what variables say holds on anyway.
    world.set("SOCIALSCHED_DATABASE_URL", url);
    let more = ["-y", "-v", "-o", "table", "--color", "never", "-n", "--timeout", "9s"];
    let args = ["schedule", "--account", &member.id, "--caption", "Later", "--at", "+2h"];
    let ran = world.run(&[&args[..], &["-C", company, "--tz", "Asia/Tokyo"]].concat()).ok();
    let (head, undo) = ran.stdout.trim_end().split_once("Undo: ").unwrap();
    let flags = format!("--company {company} --tz Asia/Tokyo");
    let change = head.split_once("Change it: ").unwrap().1.trim_end();
    assert!(change.starts_with(&format!("socialsched {flags} reschedule ")), "{ran}");
    assert!(change.ends_with(" --at ..."), "{ran}");
    world.shell(change).exits(2).complains("--at");
    let moved = world.shell(&change.replace("...", "'2031-01-01 09:00'")).ok();
    moved.says("2031-01-01 09:00 Asia/Tokyo = 00:00 UTC");
    world.shell(undo).ok().says("Cancelled");
    let ran = world.run(&[&["show", "-C", company, "abcd"][..], &more].concat()).exits(3);
    ran.complains(&format!("socialsched --company {company} --timeout 9s list shows"));
    world.set("SOCIALSCHED_COMPANY", company);
    ids.iter().for_each(|id| assert_eq!(world.post(id)["errorCode"], "abandoned"));
    world.assert_healthy();
}

#[test]
fn printed_decision_lacks_only_the_password() {
    if Engine::of_this_run() == Engine::Sqlite {
        return;
    }
    let (world, _, ids) = unknown(1);
    let right = if Engine::of_this_run() == Engine::MariaDb { "ALL" } else { "ALL PRIVILEGES" };
    let user = world.database.user("canary-word", right);
    let before = world.database.dump();
    let ran = world.run(&["list", "--database-url", &user.url("canary-word")]).ok();
    assert!(!ran.stderr.contains("canary-word"), "{ran}");
    let pasted = line(&ran, "--abandon");
    // PostgreSQL may trust all users here.
    if Engine::of_this_run() == Engine::MariaDb {
        world.shell(&pasted).exits(5);
        assert_eq!(world.database.dump(), before);
    }
    world.shell(&pasted.replace("PASSWORD", "canary-word")).ok();
    assert_eq!(world.post(&ids[0])["errorCode"], "abandoned");
    world.assert_healthy();
}

/// A missing schema is made where the command looked for it.
#[test]
fn missing_schema_is_made_where_expected() {
    let world = World::bare(Engine::of_this_run(), Default::default());
    let url = world.database.url();
    world.unset("SOCIALSCHED_DATABASE_URL");
    let ran = world.run(&["list", "--database-url", &url]).exits(5);
    let hint = ran.stderr.lines().find_map(|line| line.trim_start().strip_prefix("run "));
    world.shell(hint.unwrap()).ok();
    world.run(&["list", "--database-url", &url]).ok();
}
