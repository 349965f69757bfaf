//! J1–J4, J8: `migrate` on every engine.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use serde_json::json;
use socialsched::sandbox::SandboxOptions;
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;

use super::{seed, shape};
use crate::support::{Engine, PLATFORMS, World, eventually, publish_call};

/// The schema's version.
const NEWEST: i32 = 4;

fn bare() -> World {
    World::bare(Engine::of_this_run(), SandboxOptions::default())
}

#[test]
fn migrate_reports_missing_and_applied_changes() {
    let world = bare();
    let states = world.json(&["migrate", "--status"]);
    assert_eq!(states["data"][0]["appliedAt"], serde_json::Value::Null, "{states}");
    world.run(&["migrate", "--check"]).exits(8).complains("schema change");
    world.run(&["migrate", "--dry-run"]).ok();
    world.run(&["list"]).exits(5).complains("no socialsched schema");
    world.run(&["migrate", "-o", "table"]).ok().says("Applied");
    let states = world.json(&["migrate", "--status"]);
    assert!(states["data"][0]["appliedAt"].is_string(), "{states}");
    world.run(&["migrate", "--check"]).ok();
    world.run(&["migrate", "-o", "table"]).ok().says("up to date");
    assert!(world.run(&["migrate", "--sql"]).ok().stdout.is_empty(), "nothing is missing");
    world.run(&["list"]).ok();
}

/// The SQL that `migrate` prints does what `migrate` does. It is run by a database
/// administrator who allows no program to change a schema.
#[test]
fn printed_migration_sql_equals_migrating() {
    let worlds = [Some((bare(), bare())), seed().zip(seed())];
    for (by_hand, by_migrate) in worlds.into_iter().flatten() {
        let script = by_hand.run(&["migrate", "--sql"]).ok().stdout;
        if Engine::of_this_run() == Engine::Sqlite {
            std::fs::write(by_hand.database.path(), "").unwrap();
        }
        by_hand.database.execute(&script);
        by_migrate.run(&["migrate"]).ok();
        assert_eq!(shape(&by_hand), shape(&by_migrate));
        by_hand.run(&["migrate", "--check"]).ok();
        by_hand.run(&["list"]).ok();
    }
}

/// The points that `migrate` passes, as `name:n`.
fn points(world: &World) -> Vec<String> {
    let trace = world.path("trace");
    let status = world.command(&["migrate"]).env("SOCIALSCHED_KILL_TRACE", &trace).status();
    assert!(status.unwrap().success());
    let mut passages = BTreeMap::new();
    let nth = |name: &str| {
        let nth = passages.entry(name.to_owned()).or_insert(0);
        *nth += 1;
        format!("{name}:{nth}")
    };
    std::fs::read_to_string(trace).unwrap().lines().map(nth).collect()
}

/// **J1**: `migrate` killed after any statement is completed by the next run.
/// Statements commit by themselves on MariaDB, where each has a point; on the
/// other engines all of them are one transaction.
#[test]
fn killed_migrate_is_completed_by_next_run() {
    let make = || seed().unwrap_or_else(bare);
    let whole = make();
    let points = points(&whole);
    let expected = shape(&whole);
    let statements = points.iter().filter(|point| point.contains("statement")).count();
    assert_eq!(statements > 50, Engine::of_this_run() == Engine::MariaDb, "{points:?}");
    let (last, others) = points.split_last().unwrap();
    assert!(last.starts_with("migrate.committed"), "{last}");
    for point in others {
        let world = make();
        let killed = world.command(&["migrate"]).env("SOCIALSCHED_KILL_AT", point).status();
        assert_eq!(killed.unwrap().signal(), Some(9), "{point}");
        // There, too, the last mark has been committed: everything is done.
        let is_whole = statements > 0 && point == &format!("migrate.before_commit:{}", NEWEST + 1);
        if !is_whole {
            // No other command takes half a schema for a whole one.
            world.run(&["list"]).exits(5).complains("socialsched migrate");
        }
        world.run(&["migrate"]).ok();
        assert_eq!(shape(&world), expected, "killed at {point}");
        world.run(&["migrate", "--check"]).ok();
    }
}

/// **J2**: two migrators at once both succeed and apply each change once.
#[test]
fn two_migrators_apply_each_change_once() {
    for world in [Some(bare()), seed()].into_iter().flatten() {
        let runs: Vec<String> = thread::scope(|scope| {
            let commands: Vec<_> =
                (0..4).map(|_| world.command(&["migrate", "-o", "table"])).collect();
            let runs: Vec<_> = commands
                .into_iter()
                .map(|mut command| scope.spawn(move || command.output().unwrap()))
                .collect();
            let text = |run: thread::ScopedJoinHandle<'_, std::process::Output>| {
                let output = run.join().unwrap();
                assert!(output.status.success(), "{output:?}");
                String::from_utf8(output.stdout).unwrap()
            };
            runs.into_iter().map(text).collect()
        });
        // Each step is a transaction of its own: the rivals may share them out.
        let applied = runs.iter().filter_map(|text| text.strip_prefix("Applied ")?.split_once(' '));
        let applied: i32 = applied.map(|(count, _)| count.parse::<i32>().unwrap()).sum();
        assert_eq!(applied, NEWEST, "{runs:?}");
        world.run(&["migrate", "--check"]).ok();
        world.run(&["list"]).ok();
    }
}

/// **J3, J9**: a newer or older schema is refused by every other command and
/// not touched.
#[test]
fn other_schema_versions_are_refused_untouched() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello"]);
    let version = |from: i32, to: i32| {
        let change = format!("UPDATE schema_state SET version = {to} WHERE version = {from}");
        world.database.execute(&change);
    };
    for (other, text) in [(8, "knows only"), (0, "needs")] {
        version(NEWEST, other);
        let before = world.database.dump();
        for args in [
            &["list"][..],
            &["queue-status"],
            &["accounts"],
            &["run-worker", "--once"],
            &["recover"],
            &["cancel", "0198c2f4"],
            &["schedule", "--account", &page.id, "--caption", "x", "--now"],
        ] {
            world.run(args).exits(5).complains("database schema is at").complains(text);
        }
        if other > NEWEST {
            world.run(&["migrate"]).exits(5).complains("knows only");
            world.run(&["migrate", "--check"]).exits(5);
        }
        assert_eq!(world.database.dump(), before);
        version(other, NEWEST);
    }
    assert!(world.live().is_empty());
    world.run(&["list"]).ok();
}

/// **J8**: `migrate` that meets a table in use gives up soon and is completed
/// later. A table that a long transaction uses cannot be altered.
#[test]
fn migrate_gives_up_on_a_used_table() {
    let Some(world) = seed() else { return };
    let url = world.database.url();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut rival = runtime.block_on(MySqlConnection::connect(&url)).unwrap();
    let mut execute = |sql: &'static str| {
        runtime.block_on(sqlx::raw_sql(sql).execute(&mut rival)).unwrap();
    };
    execute("BEGIN; SELECT * FROM post_schedule");
    let ran = world.run(&["migrate", "--timeout", "1s"]).exits(6);
    assert!(ran.took.as_secs() < 20, "{ran}");
    world.run(&["list"]).exits(5).complains("socialsched migrate");
    execute("COMMIT");
    world.run(&["migrate"]).ok();
    world.run(&["list"]).ok();
}

/// What the next release's schema changes may do while this one's workers run:
/// see `src/store/migrate.rs`.
fn expand(world: &World) {
    let tables = world.database.rows(match world.database.engine() {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        Engine::MariaDb => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
        Engine::Postgres => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        }
    });
    assert_eq!(tables.len(), 9, "{tables:?}");
    let first = if world.database.engine() == Engine::MariaDb { "FIRST" } else { "" };
    for table in tables {
        let table = &table[0];
        world.database.execute(&format!(
            "ALTER TABLE {table} ADD COLUMN next_text VARCHAR(50) {first};
             ALTER TABLE {table} ADD COLUMN next_number INT NOT NULL DEFAULT 7;
             CREATE INDEX {table}_next ON {table} (next_number);"
        ));
    }
    world.database.execute("CREATE TABLE next_table (id INT PRIMARY KEY)");
}

/// **J4**: every command works with columns and tables of the next release.
#[test]
fn commands_work_beside_next_release_schema() {
    let world = World::new();
    expand(&world);
    let mut worker = world.start_worker(&["--poll-interval", "50ms"]);
    eventually("it shows itself", || {
        world.json(&["queue-status"])["data"]["workers"][0].is_object()
    });
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    let person = ["--first-name", "Ann", "--last-name", "Lee"];
    let client = world.json(&[&["clients", "add"], &person[..]].concat())["data"]["id"].to_string();
    let accounts = PLATFORMS.map(|platform| world.account(platform));
    let image = world.media("1.jpg");
    let all =
        ["--caption", "Hello", "--image", &image, "--client", &client, "--first-comment", "Me"];
    let mut posts: Vec<_> = accounts.iter().map(|account| world.schedule(account, &all)).collect();
    let page = &accounts[0];
    // One post for each outcome.
    let later = |text: &str| world.schedule(page, &["--caption", text, "--at", "+1h"]);
    let [cancelled, moved] = ["Cancelled", "Moved"].map(later);
    world.run(&["cancel", &cancelled, "--reason", "No"]).ok();
    world.run(&["reschedule", &moved, "--now"]).ok();
    world.fault(&json!({
        "match": publish_call("instagram"), "when": {"nth": 1}, "fault": "after_commit_drop",
    }));
    world.work_until_done();
    let refused = world.schedule(page, &["--caption", "Refused"]);
    let with_media = |media: &str| {
        world
            .database
            .execute(&format!("UPDATE post_details SET media = {media} WHERE id = '{refused}'"));
    };
    with_media("'{}'");
    world.work(&[]);
    // It cannot be read, so no listing shows it.
    let status = format!("SELECT status FROM post_details WHERE id = '{refused}'");
    assert_eq!(world.database.value(&status), "failed");
    with_media("NULL");
    world.run(&["retry", &refused]).ok();
    world.run(&["accounts", "pause", &page.id, "--reason", "Rest"]).ok();
    world.run(&["accounts", "resume", &page.id]).ok();
    world.work_until_done();
    // One that needs review, with a person's decision.
    let member = world.member();
    let unknown = world.schedule(&member, &["--caption", "Held"]);
    world.fault(&json!({
        "match": publish_call("linkedin"), "when": {"nth": 1}, "fault": "after_commit_drop",
    }));
    world.work_for(Duration::from_secs(150), 60);
    world.run(&["recover"]).ok();
    assert_eq!(world.post(&unknown)["outcome"], "unknown");
    world.run(&["recover", &unknown, "--published", "urn:li:share:77"]).ok();
    posts.extend([moved, refused, unknown]);
    for post in &posts {
        assert_eq!(world.status(post), "published");
        world.run(&["show", post]).ok();
    }
    for args in [
        &["list", "--all"][..],
        &["accounts"],
        &["clients"],
        &["queue-status"],
        &["recover"],
        &["recover", "--after-restore", "--yes"],
        &["accounts", "remove", &member.id, "--yes"],
        &["migrate", "--check"],
        &["migrate"],
    ] {
        world.run(args).ok();
    }
    assert_eq!(world.status(&cancelled), "cancelled");
    world.assert_healthy();
}

/// **J4**: a running worker continues when the next release has migrated. It looked at
/// the schema when it started: its prepared statements must keep working, and so must its
/// new connections.
#[test]
fn running_worker_survives_next_release_migration() {
    let world = World::new();
    let page = world.account("facebook");
    let mut worker = world.start_worker(&["--poll-interval", "50ms"]);
    let first = world.schedule(&page, &["--caption", "Before"]);
    eventually("it has published", || world.status(&first) == "published");
    let second = world.schedule(&page, &["--caption", "After", "--at", "+1h"]);
    expand(&world);
    let now = world.database.in_seconds(0);
    world.database.execute(&format!(
        "INSERT INTO schema_state (version, name, applied_at) VALUES ({}, 'next', {now})",
        NEWEST + 1
    ));
    // This release's other commands are refused from now on.
    world.run(&["list"]).exits(5).complains(&format!("knows only {NEWEST}"));
    world
        .database
        .execute(&format!("UPDATE post_schedule SET run_at = {now} WHERE status = 'pending'"));
    let status = format!("SELECT status FROM post_details WHERE id = '{second}'");
    eventually("it has published", || world.database.value(&status) == "published");
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert!(!worker.stderr().contains("ERROR"), "{}", worker.stderr());
    assert_eq!(world.live().len(), 2);
}
