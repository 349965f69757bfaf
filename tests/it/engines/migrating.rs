//! J1–J3, J8: `migrate` on every engine.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::thread;

use socialsched::sandbox::SandboxOptions;
use sqlx::Connection;
use sqlx::mysql::MySqlConnection;

use super::{seed, shape};
use crate::support::{Engine, World};

fn bare() -> World {
    World::bare(Engine::of_this_run(), SandboxOptions::default())
}

#[test]
fn migrate_tells_what_is_missing_and_what_was_applied() {
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

/// By a database administrator who lets no program change a schema.
#[test]
fn the_sql_that_migrate_prints_does_what_migrate_does() {
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

/// Statements commit by themselves on MariaDB, where each has a point; on the
/// other engines all of them are one transaction.
#[test]
fn j01_migrate_killed_after_any_statement_is_completed_by_the_next_run() {
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
        // There, too, the mark has committed by itself: everything is done.
        let is_whole = statements > 0 && point == "migrate.before_commit:2";
        if !is_whole {
            // No other command takes half a schema for a whole one.
            world.run(&["list"]).exits(5).complains("socialsched migrate");
        }
        world.run(&["migrate"]).ok();
        assert_eq!(shape(&world), expected, "killed at {point}");
        world.run(&["migrate", "--check"]).ok();
    }
}

#[test]
fn j02_two_migrators_at_once_both_succeed_and_apply_each_change_once() {
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
        let applied = runs.iter().filter(|text| text.contains("Applied")).count();
        assert_eq!(applied, 1, "{runs:?}");
        world.run(&["migrate", "--check"]).ok();
        world.run(&["list"]).ok();
    }
}

#[test]
fn j03_a_newer_or_older_schema_is_refused_by_every_other_command_and_not_touched() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello"]);
    let version = |version: &str| {
        world.database.execute(&format!("UPDATE schema_state SET version = version + {version}"));
    };
    for (change, text, back) in [("6", "knows only", "-6"), ("-1", "needs", "1")] {
        version(change);
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
        if change == "6" {
            world.run(&["migrate"]).exits(5).complains("knows only");
            world.run(&["migrate", "--check"]).exits(5);
        }
        assert_eq!(world.database.dump(), before);
        version(back);
    }
    assert!(world.live().is_empty());
    world.run(&["list"]).ok();
}

/// A table that a long transaction uses cannot be altered.
#[test]
fn j08_migrate_that_meets_a_used_table_gives_up_soon_and_is_completed_later() {
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
