//! J1–J3, J8: `migrate` on every engine.

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

/// How far the schema has come.
fn progress(world: &World) -> usize {
    let count = match Engine::of_this_run() {
        Engine::Sqlite => return 0,
        Engine::MariaDb => {
            "SELECT (SELECT COUNT(*) FROM information_schema.columns
                      WHERE table_schema = DATABASE() AND table_name <> 'schema_state')
                  + (SELECT COUNT(DISTINCT table_name, index_name) FROM information_schema.statistics
                      WHERE table_schema = DATABASE() AND table_name <> 'schema_state')
                  + (SELECT COUNT(*) FROM information_schema.table_constraints
                      WHERE table_schema = DATABASE() AND constraint_type = 'CHECK')"
        }
        Engine::Postgres => {
            "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    world.database.value(count).parse().unwrap()
}

/// SIGKILL as soon as a statement's effect can be seen, all along the way.
/// Each commits by itself on MariaDB; the other engines have one transaction.
#[test]
fn j01_migrate_killed_after_any_statement_is_completed_by_the_next_run() {
    if Engine::of_this_run() != Engine::MariaDb {
        return;
    }
    let whole = seed().unwrap();
    let before = progress(&whole);
    whole.run(&["migrate"]).ok();
    let (after, expected) = (progress(&whole), shape(&whole));
    let mut reached = std::collections::BTreeSet::new();
    for goal in (before..after).step_by(4) {
        let world = seed().unwrap();
        let mut migrator = world.start(&["migrate"]);
        while progress(&world) < goal && migrator.is_running() {}
        migrator.kill();
        reached.insert(progress(&world));
        if progress(&world) < after {
            // No other command takes half a schema for a whole one.
            world.run(&["list"]).exits(5).complains("socialsched migrate");
        }
        world.run(&["migrate"]).ok();
        assert_eq!(shape(&world), expected, "killed at {goal}");
        world.run(&["migrate", "--check"]).ok();
    }
    assert!(reached.len() >= 10, "too few places were hit: {reached:?}");
}

/// The same without luck: exactly the first statements, as a kill leaves them; every
/// second beginning, since each takes a second.
#[test]
fn j01_migrate_completes_any_beginning_of_its_statements() {
    if Engine::of_this_run() != Engine::MariaDb {
        return;
    }
    let whole = seed().unwrap();
    let script = whole.run(&["migrate", "--sql"]).ok().stdout;
    whole.run(&["migrate"]).ok();
    let expected = shape(&whole);
    let statements: Vec<&str> = script.split(";\n").collect();
    // Without the mark and what follows it.
    for count in (1..statements.len() - 1).step_by(2) {
        let world = seed().unwrap();
        world.database.execute(&statements[..count].join(";\n"));
        world.run(&["migrate"]).ok();
        assert_eq!(shape(&world), expected, "after {count} statements");
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
