//! J6: a database that was restored from a backup knows nothing of what was
//! done since.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{World, eventually};

/// Tables in an order in which their rows can be put back.
const TABLES: [&str; 3] = ["post_details", "post_schedule", "publish_log"];

/// Keeps what is stored, as a backup does.
fn back_up(world: &World) {
    for table in TABLES {
        world.database.execute(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"));
    }
}

/// Puts the backup back, which was taken that long ago.
fn restore(world: &World, age: Duration) {
    for table in TABLES.iter().rev() {
        world.database.execute(&format!("DELETE FROM {table}"));
    }
    for table in TABLES {
        world.database.execute(&format!("INSERT INTO {table} SELECT * FROM kept_{table}"));
        world.database.execute(&format!("DROP TABLE kept_{table}"));
    }
    world.database.age(age);
}

fn texts(world: &World) -> Vec<String> {
    let mut texts: Vec<String> =
        world.live().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    texts.sort_unstable();
    texts
}

fn comments_below(world: &World, text: &str) -> usize {
    let post = world.live().into_iter().find(|item| item["text"] == text).unwrap();
    post["comments"].as_array().unwrap().len()
}

fn live_id(world: &World, text: &str) -> Value {
    world.live().iter().find(|item| item["text"] == text).unwrap()["id"].clone()
}

/// **J6, F20**: what may have gone out since the backup needs review and is
/// never sent blindly.
#[test]
fn posts_after_backup_need_review() {
    let world = World::new();
    let (page, other) = (world.account("facebook"), world.account("facebook"));
    let company = world.account("linkedin");
    let on =
        |account, text: &str, at: &str| world.schedule(account, &["--caption", text, "--at", at]);
    let commented = world.schedule(&page, &["--caption", "Commented", "--first-comment", "First"]);
    // Staged before the backup; one of them will not go out.
    let prepared = on(&page, "Prepared", "+4m");
    let stopped = on(&other, "Stopped", "+4m");
    world.work(&[]);
    // As if the backup had been taken before that comment was sent.
    let owed = "UPDATE post_details SET first_comment_state = 'pending'";
    world.database.execute(&format!("{owed} WHERE id = '{commented}'"));
    let sent = on(&page, "Sent", "+10m");
    let searched = on(&company, "Searched", "+10m");
    let later = on(&page, "Later", "+2h");
    back_up(&world);

    let passed = Duration::from_secs(11 * 60);
    world.advance(passed);
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": other.external_id}, "fault": "before_commit_drop",
    }));
    world.work(&["--max-runtime", "5s"]);
    world.heal();
    let live = ["Commented", "Prepared", "Searched", "Sent"];
    assert_eq!(texts(&world), live, "{:#?}", world.posts());
    let comments = comments_below(&world, "Commented");
    restore(&world, passed);
    assert_eq!(world.status(&sent), "pending");

    // Nothing happens without confirmation.
    let preview = world.run(&["recover", "--after-restore", "-n"]).ok().says("Would mark 4 posts");
    assert!(preview.stdout.contains("last written to: 20"), "{preview}");
    world.run(&["recover", "--after-restore"]).exits(2).complains("--yes");
    assert_eq!(world.status(&sent), "pending");
    let restored = world.json(&["recover", "--after-restore", "--yes"]);
    assert_eq!(restored["data"]["needsReview"].as_array().unwrap().len(), 4, "{restored}");
    assert_eq!(restored["data"]["commentsStopped"], 1, "{restored}");
    for id in [&prepared, &stopped, &sent, &searched] {
        let post = world.post(id);
        assert_eq!((&post["status"], &post["outcome"]), (&json!("failed"), &json!("unknown")));
        let why = post["errorMessage"].as_str().unwrap();
        assert!(why.starts_with("may be live: a backup was restored"), "{why}");
    }
    assert_eq!(world.status(&later), "pending");
    world.assert_healthy();
    let again = world.json(&["recover", "--after-restore", "--yes"]);
    assert_eq!(again["data"]["needsReview"], json!([]), "there is nothing left to hold");

    // Workers send what is due later, and nothing else.
    world.advance(Duration::from_secs(3 * 3600));
    world.work(&[]);
    assert_eq!(texts(&world), ["Commented", "Later", "Prepared", "Searched", "Sent"]);
    assert_eq!(comments_below(&world, "Commented"), comments, "none is sent again");

    // The platforms show two of them; the others need a person's decision.
    for _ in 0..3 {
        world.run(&["recover"]).ok();
        world.advance(Duration::from_secs(150));
    }
    assert_eq!(world.status(&prepared), "published");
    assert_eq!(world.status(&searched), "published");
    assert_eq!(world.post(&searched)["externalPostId"], live_id(&world, "Searched"));
    for id in [&stopped, &sent] {
        assert_eq!(world.post(id)["outcome"], "unknown", "our object proves nothing");
    }
    let seen = live_id(&world, "Sent");
    world.run(&["recover", &sent, "--published", seen.as_str().unwrap()]).ok();
    world.run(&["recover", &stopped, "--not-published", "--yes"]).ok();
    world.work_until_done();
    for id in [&sent, &stopped] {
        assert_eq!(world.status(id), "published");
    }
    assert_eq!(texts(&world), ["Commented", "Later", "Prepared", "Searched", "Sent", "Stopped"]);
    world.assert_healthy();
}

/// **J6**: no worker may run while posts need review after a restoration.
#[test]
fn no_worker_runs_before_review() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let mut worker = world.start_worker(&[]);
    let workers = || world.database.value("SELECT COUNT(*) FROM workers");
    eventually("the worker shows itself", || workers() == "1");
    let refused = world.run(&["recover", "--after-restore", "--yes"]).exits(4);
    assert!(refused.stderr.contains("stop every worker first"), "{refused}");
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    world.run(&["recover", "--after-restore", "--yes"]).ok().says("Marked 0 posts");
    assert_eq!(world.status(&id), "pending");
    world.assert_healthy();
}
