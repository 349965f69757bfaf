//! Each command does its job, once, in the plainest way.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use socialsched::sandbox::SandboxOptions;

use crate::support::{Engine, World, ask, eventually};

#[test]
fn only_migrate_creates_a_private_file() {
    let world = World::bare(Engine::Sqlite, SandboxOptions::default());
    let path = world.database.path().to_owned();
    world.run(&["list"]).exits(5).complains("socialsched migrate");
    assert!(!path.exists());
    world.run(&["migrate", "--check"]).exits(8);
    world.run(&["migrate", "--dry-run"]).ok();
    assert!(!path.exists());
    world.run(&["migrate"]).ok();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    world.run(&["migrate"]).ok();
    world.run(&["migrate", "--check"]).ok();
    world.run(&["migrate", "--status"]).ok();
    assert!(world.run(&["migrate", "--sql"]).ok().stdout.is_empty(), "nothing is missing");
}

/// `migrate` prints the SQL of missing changes and nothing else.
#[test]
fn migrate_prints_sql_of_missing_changes() {
    let world = World::bare(Engine::Sqlite, SandboxOptions::default());
    let sql = world.run(&["migrate", "--sql"]).ok().says("CREATE TABLE post_details").stdout;
    assert!(sql.contains("CREATE TABLE post_schedule"));
    assert!(!world.database.path().exists());
}

#[test]
fn schedule_answers_with_the_old_schedulers_keys() {
    let world = World::new();
    let page = world.account("facebook");
    let at = world.in_days(30);
    #[rustfmt::skip]
    let answer = world.json(&[
        "schedule", "--account", &page.name, "--caption", "Hello", "--at", &at,
    ]);
    assert_eq!(answer["success"], true);
    assert_eq!(answer["message"], "Post scheduled successfully");
    let data = &answer["data"];
    assert_eq!(data["status"], "pending");
    assert_eq!(data["scheduledFor"], json!(at));
    assert_eq!(data["message"], "Post will be published automatically at the scheduled time");
    assert!(data["postDetailId"].is_string() && data["postScheduleId"].is_string(), "{data}");
}

#[test]
fn schedule_takes_the_old_schedulers_request() {
    let world = World::new();
    let account = world.account("instagram");
    let body = json!({
        "companyId": world.company(), "assignedClientId": null, "socialAccountId": account.id,
        "platform": "instagram", "postType": "post", "caption": "Hello",
        "mediaUrls": [{"url": world.media("one.jpg"), "type": "image"}],
        "scheduleAt": world.in_days(30),
    });
    world.run_with_input(&["schedule", "--body", "-"], &body.to_string()).ok();
    let posts = world.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["caption"], "Hello");
}

#[test]
fn a_dry_run_stores_nothing() {
    let world = World::new();
    let page = world.account("facebook");
    world.run(&["schedule", "--account", &page.id, "--caption", "Hello", "--now", "-n"]).ok();
    assert_eq!(world.posts(), [Value::Null; 0]);
}

#[test]
fn list_and_show_describe_a_post() {
    let world = World::new();
    let page = world.account("facebook");
    let at = world.in_days(30);
    let id = world.schedule(&page, &["--caption", "Hello", "--at", &at]);
    let list = world.json(&["list"]);
    assert_eq!(list["meta"]["total"], 1);
    let post = &list["data"][0];
    let expected = json!({"id": id, "platform": "facebook", "caption": "Hello", "status": "pending",
        "postType": "post", "accountName": page.name, "attempts": 0, "errorMessage": null,
        "externalPostId": null, "outcome": null, "permalink": null});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&post[key], value, "{key}");
    }
    assert_eq!(post["postSchedule"]["runAt"], json!(at));
    assert_eq!(post["postSchedule"]["status"], "pending");
    let shown = world.json(&["show", &id]);
    assert_eq!(shown["data"]["id"], json!(id));
    assert_eq!(world.json(&["list", "--status", "published"])["data"], json!([]));
}

#[test]
fn posts_of_another_company_do_not_exist() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    world.set("SOCIALSCHED_COMPANY", "22222222-2222-4222-8222-222222222222");
    for args in [["show", &id].as_slice(), &["cancel", &id], &["reschedule", &id, "--at", "+2h"]] {
        let theirs = world.run(args).exits(3);
        let unknown: Vec<_> = args
            .iter()
            .map(|arg| if *arg == id { "0198c2f4-0000-7000-8000-000000000000" } else { arg })
            .collect();
        let nobodys = world.run(&unknown).exits(3);
        assert_eq!(theirs.stderr.replace(&id, "ID"), nobodys.stderr.replace(unknown[1], "ID"));
    }
    assert_eq!(world.posts(), [Value::Null; 0]);
}

#[test]
fn a_company_must_be_named() {
    let world = World::new();
    world.unset("SOCIALSCHED_COMPANY");
    for args in [["list"].as_slice(), &["accounts"], &["clients"], &["cancel", "0198c2f4"]] {
        world.run(args).exits(2).complains("--company");
    }
}

#[test]
fn reschedule_moves_a_post_and_cancel_ends_it() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let at = world.in_days(30);
    world.run(&["reschedule", &id, "--at", &at]).ok();
    assert_eq!(world.post(&id)["postSchedule"]["runAt"], json!(at));
    world.run(&["cancel", &id, "--reason", "Rain"]).ok();
    world.run(&["cancel", &id]).ok();
    world.run(&["reschedule", &id, "--at", "+1h"]).exits(4);
    assert_eq!(world.run(&["retry", &id, "--json"]).exits(4).json()["success"], false);
}

#[test]
fn a_failed_post_can_be_tried_again() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/feed"}, "fault": "status", "status": 400,
        "body": {"error": {"message": "No", "type": "OAuthException", "code": 100}},
    }));
    let id = world.schedule(&page, &["--caption", "Hello"]);
    world.work(&[]);
    assert_eq!(world.status(&id), "failed");
    world.heal();
    world.run(&["retry", "--failed"]).ok();
    world.work(&[]);
    assert_eq!(world.status(&id), "published");
    world.run(&["cancel", &id]).exits(4);
    world.assert_healthy();
}

#[test]
fn accounts_are_added_paused_resumed_and_removed() {
    let world = World::new();
    let page = world.account("facebook");
    let list = world.json(&["accounts"]);
    let shown = &list["data"][0];
    assert_eq!(shown["id"], json!(page.id));
    assert_eq!(shown["platform"], "facebook");
    assert_eq!(shown["accountName"], json!(page.name));
    assert_eq!(shown["isAdded"], true);
    world.run(&["accounts", "pause", &page.name]).ok();
    let id = world.schedule(&page, &["--caption", "Hello"]);
    world.work(&[]);
    assert_eq!(world.status(&id), "pending");
    world.run(&["accounts", "resume", &page.id]).ok();
    world.work(&[]);
    assert_eq!(world.status(&id), "published");
    world.run(&["accounts", "remove", &page.id, "--yes"]).ok();
    assert_eq!(world.json(&["accounts"])["data"], json!([]));
    world.assert_healthy();
}

#[test]
fn clients_are_listed_with_the_old_schedulers_keys() {
    let world = World::new();
    #[rustfmt::skip]
    world.run(&[
        "clients", "add", "--first-name", "John", "--last-name", "Doe", "--logo", "https://cdn.example/l.png",
    ]).ok();
    let listed = world.json(&["clients"]);
    let data = if listed["data"].is_null() { &listed } else { &listed["data"] };
    assert_eq!(data["count"], 1, "{listed}");
    let row = &data["rows"][0];
    assert_eq!(row["clientfirstName"], "John", "{listed}");
    assert_eq!(row["clientLastName"], "Doe");
    assert_eq!(row["logo"], "https://cdn.example/l.png");
    assert_eq!(row["metaSocialAccounts"], json!([]));
    world.run(&["clients", "remove", &row["id"].to_string(), "--yes"]).ok();
    assert_eq!(world.json(&["clients"])["data"]["count"], 0);
}

#[test]
fn queue_status_counts() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let status = world.json(&["queue-status"]);
    assert_eq!(status["success"], true);
    assert!(status["data"].to_string().contains("pending"), "{status}");
    world.run(&["queue-status"]).ok();
}

#[test]
fn recover_finds_nothing_in_a_healthy_queue() {
    let world = World::new();
    let recovered = world.json(&["recover"]);
    assert_eq!(recovered["data"], json!({"recovered": [], "reconciled": [], "needsReview": []}));
}

/// The sandbox prints what to export and serves until it is stopped.
#[test]
fn sandbox_prints_exports_and_serves() {
    let world = World::new();
    let mut sandbox = world.start(&["sandbox"]);
    eventually("it names its address", || {
        sandbox.stdout().contains("SOCIALSCHED_PLATFORM_GATEWAY")
            || sandbox.stderr().contains("SOCIALSCHED_PLATFORM_GATEWAY")
    });
    assert!(sandbox.is_running());
    sandbox.terminate();
    sandbox.wait();
    world.run(&["sandbox", "--listen", "0.0.0.0:0"]).exits(5);
}

#[test]
fn the_sandbox_begins_with_options_and_fault_rules() {
    let world = World::new();
    let rules = world.path("rules.json");
    fs::write(&rules, r#"[{"match": {"call": "publish"}, "fault": "not_taken"}]"#).unwrap();
    let rules = rules.to_str().unwrap();
    #[rustfmt::skip]
    let mut sandbox = world.start(&[
        "sandbox", "--json", "--set", "newer_posts=60", "--set", "unknown_fields=a,b",
        "--set", "container_ends=EXPIRED", "--faults", rules,
    ]);
    eventually("it names its address", || sandbox.stdout().contains("\"url\""));
    let report: Value = serde_json::from_str(&sandbox.stdout()).unwrap();
    let address = report["data"]["url"].as_str().unwrap().trim_start_matches("http://");
    let options = ask(address, "GET", "/__sim/options", "");
    assert_eq!(
        (&options["newer_posts"], &options["container_ends"]),
        (&json!(60), &json!("EXPIRED"))
    );
    assert_eq!(options["unknown_fields"], json!(["a", "b"]));
    let faults = ask(address, "GET", "/__sim/faults", "");
    assert_eq!(faults[0]["fault"], "not_taken");
    sandbox.terminate();
    sandbox.wait();
}

#[test]
fn the_sandbox_refuses_what_it_cannot_do() {
    let world = World::new();
    for setting in ["newer_post=1", "newer_posts", "newer_posts=many", "feed_flip=maybe"] {
        let refused = world.run(&["sandbox", "--set", setting]).exits(2);
        refused.complains(setting).complains("processing_stuck");
    }
    for rules in
        ["not JSON", "{}", r#"[{"fault": "earthquake"}]"#, r#"[{"fault": "429", "code": 4}]"#]
    {
        world.run_with_input(&["sandbox", "--faults", "-"], rules).exits(2).complains("--faults");
    }
    world.run(&["sandbox", "--faults", "no-such-file"]).exits(2).complains("--faults");
}

#[test]
fn the_demo_shows_posts_of_all_platforms_published() {
    let world = World::bare(Engine::Sqlite, SandboxOptions::default());
    let ran = world.run(&["demo", "--json"]).ok();
    let posts = ran.json()["data"].as_array().unwrap().clone();
    for platform in ["facebook", "instagram", "linkedin"] {
        assert!(posts.iter().any(|post| post["platform"] == platform), "{platform}: {ran}");
    }
    for post in &posts {
        assert!(post["externalPostId"].is_string(), "{post}");
    }
    assert!(ran.took.as_secs() < 10, "{:?}", ran.took);
    assert!(!world.database.path().exists(), "it leaves nothing behind");
}

#[test]
fn completions_and_man_pages_are_made() {
    let world = World::bare(Engine::Sqlite, SandboxOptions::default());
    for shell in ["bash", "zsh", "fish"] {
        world.run(&["completions", shell]).ok().says("run-worker");
    }
    fs::create_dir(world.path("pages")).unwrap();
    world.run(&["man", "--dir", "pages"]).ok();
    assert!(world.path("pages/socialsched.1").exists());
    assert!(world.path("pages/socialsched-schedule.1").exists());
}
