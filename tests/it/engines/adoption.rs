//! J5, C9: `migrate` on the Node.js scheduler's own database.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{publishes, refusal, seed, seed_of, shape};
use crate::support::World;

/// The scheduler's own columns of its rows.
fn rows(world: &World) -> Vec<Vec<String>> {
    let queries = [
        "SELECT id, company_id, platform, account_name, instagram_business_id, is_added,
                created_at, updated_at FROM meta_social_accounts ORDER BY id",
        "SELECT id, company_id, assigned_client_id, social_account_id, platform, post_type, caption,
                media, status, external_post_id, error_message, attempts, created_at, updated_at
           FROM post_details ORDER BY id",
        "SELECT id, post_detail_id, run_at, status, locked_at, worker_id, attempts, created_at,
                updated_at FROM post_schedule ORDER BY id",
    ];
    queries.iter().flat_map(|query| world.database.rows(query)).collect()
}

fn columns(world: &World) -> BTreeSet<Vec<String>> {
    let columns = world.database.rows(
        "SELECT table_name, column_name, column_type, is_nullable, column_default, column_comment
           FROM information_schema.columns WHERE table_schema = DATABASE()",
    );
    columns.into_iter().collect()
}

/// **J5**: a clean database of the old scheduler is adopted and keeps its
/// columns, values and rows.
#[test]
fn clean_old_database_is_adopted_unchanged() {
    let Some(world) = seed() else { return };
    let (old_columns, old_rows) = (columns(&world), rows(&world));
    world.run(&["list"]).exits(5).complains("socialsched migrate");
    let checked = world.run(&["migrate", "--check", "--json"]).exits(8).json();
    assert_eq!(checked["meta"]["dirtyRows"], Value::Array(vec![]), "{checked}");
    let ran = world.run(&["migrate"]).ok();
    assert_eq!(ran.stderr, "", "nothing to warn of");
    assert_eq!(rows(&world), old_rows);
    let new_columns = columns(&world);
    let lost: Vec<_> = old_columns.difference(&new_columns).collect();
    assert!(lost.is_empty(), "{lost:?}");
    world.run(&["migrate", "--check"]).ok();
    world.run(&["migrate", "-o", "table"]).ok().says("up to date");
    let statuses: BTreeSet<String> = world
        .posts()
        .iter()
        .map(|post| format!("{} {}", post["caption"], post["status"]))
        .collect();
    assert_eq!(
        statuses.into_iter().collect::<Vec<_>>(),
        [
            "\"Cancelled\" \"cancelled\"",
            "\"Failed\" \"failed\"",
            "\"Later, at the café\" \"pending\"",
            "\"Published\" \"published\"",
        ]
    );
    world.run(&["show", "d0000000-0000-4000-8000-000000000003"]).ok().says("Invalid credentials");
    world.assert_healthy();
}

/// **C9**: emoji fit into adopted tables, for both programs.
#[test]
fn emoji_fit_into_adopted_tables() {
    let Some(world) = seed() else { return };
    let insert = "UPDATE post_details SET caption = 'Old 🎉' WHERE caption = 'Failed'";
    let before = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
                    AND character_set_name = 'utf8mb3' AND data_type NOT IN ('char', 'enum')";
    assert_ne!(world.database.value(before), "0");
    world.run(&["migrate"]).ok();
    assert_eq!(world.database.value(before), "0");
    world.database.execute(insert);
    world.run(&["show", "d0000000-0000-4000-8000-000000000003"]).ok().says("Old 🎉");
    let (account, photo) = ("a0000000-0000-4000-8000-000000000001", world.media("photo.jpg"));
    let args =
        ["schedule", "--account", account, "--caption", "New 🎉", "--media", &photo, "--now"];
    world.run(&args).ok();
    publishes(&world, &["New 🎉"]);
    world.assert_healthy();
}

/// The rows of the findings, as the screen lists them.
fn printed_findings(world: &World) -> Vec<(String, String, bool)> {
    let ran = world.run(&["migrate", "--check", "--json"]).exits(8);
    let json = ran.json();
    let rows = json["meta"]["dirtyRows"].as_array().unwrap().iter();
    let printed: Vec<_> = rows
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            (text("table"), text("id"), row["blocks"].as_bool().unwrap())
        })
        .collect();
    let human = world.run(&["migrate", "--check"]).exits(8);
    for (table, id, _) in &printed {
        assert!(human.stderr.contains(&format!("{table} {id}: ")), "{id} in {human}");
    }
    printed
}

/// **J5**: dirty rows are reported by table, id and reason before anything is
/// changed.
#[test]
fn dirty_rows_are_reported_before_any_change() {
    let Some(world) = seed() else { return };
    world.database.execute(include_str!("seed_dirty.sql"));
    let before = (shape(&world), world.database.dump());
    let printed: BTreeSet<_> = printed_findings(&world).into_iter().collect();
    let job = |n: u32| format!("e0000000-0000-4000-8000-0000000000{n}");
    let post = |n: u32| format!("d0000000-0000-4000-8000-0000000000{n}");
    let expected = [
        ("post_details", post(11)),
        ("post_details", post(12)),
        ("post_details", post(13)),
        ("post_schedule", job(11)),
        ("post_schedule", job(14)),
        ("post_schedule", job(15)),
        ("post_schedule", job(16)),
        ("post_schedule", job(17)),
        ("post_schedule", job(18)),
    ];
    let expected: BTreeSet<_> =
        expected.into_iter().map(|(table, id)| (table.to_owned(), id, false)).collect();
    assert_eq!(printed, expected);
    assert_eq!((shape(&world), world.database.dump()), before);
    let old_rows = rows(&world);
    let ran = world.run(&["migrate"]).ok();
    for (table, id, _) in &expected {
        assert!(ran.stderr.contains(&format!("warning: {table} {id}: ")), "{ran}");
    }
    assert_eq!(rows(&world), old_rows);
}

/// **J5**: rows that no index or constraint would accept stop `migrate` with
/// nothing changed.
#[test]
fn rows_that_break_constraints_stop_migrate_unchanged() {
    for (spoil, table, ids) in [
        (
            "UPDATE post_details SET status = 'published', external_post_id = '17900000000000001'
              WHERE caption IN ('Failed', 'Published')",
            "post_details",
            &["d0000000-0000-4000-8000-000000000002", "d0000000-0000-4000-8000-000000000003"][..],
        ),
        (
            "UPDATE post_schedule SET id = 'job-1' WHERE status = 'pending'",
            "post_schedule",
            &["job-1"],
        ),
        (
            "UPDATE post_details SET id = UPPER(id) WHERE caption = 'Failed'",
            "post_details",
            &["D0000000-0000-4000-8000-000000000003"],
        ),
        (
            "UPDATE post_schedule SET status = 'processing' WHERE status = 'pending'",
            "post_schedule",
            &["e0000000-0000-4000-8000-000000000001"],
        ),
        (
            "SET foreign_key_checks = 0; ALTER TABLE post_schedule DROP KEY post_detail_id;
             UPDATE post_schedule SET post_detail_id = 'd0000000-0000-4000-8000-000000000003'
              WHERE id = 'e0000000-0000-4000-8000-000000000004';",
            "post_schedule",
            &["e0000000-0000-4000-8000-000000000003", "e0000000-0000-4000-8000-000000000004"],
        ),
        ("ALTER TABLE post_details DROP COLUMN error_message", "post_details", &["error_message"]),
        (
            "ALTER TABLE post_schedule MODIFY status ENUM('pending', 'done') DEFAULT 'pending'",
            "post_schedule",
            &["status"],
        ),
    ] {
        let Some(world) = seed() else { return };
        world.database.execute(&format!("SET SESSION sql_mode = ''; {spoil}"));
        let before = (shape(&world), world.database.dump());
        let blocking: BTreeSet<_> = printed_findings(&world)
            .into_iter()
            .filter(|(.., blocks)| *blocks)
            .map(|(table, id, _)| (table, id))
            .collect();
        for id in ids {
            assert!(blocking.contains(&(table.to_owned(), (*id).to_owned())), "{id} {blocking:?}");
        }
        let ran = world.run(&["migrate"]).exits(8).complains("nothing was changed");
        for id in ids {
            assert!(ran.stderr.contains(&format!("{table} {id}: ")), "{ran}");
        }
        assert_eq!((shape(&world), world.database.dump()), before, "{spoil}");
    }
}

/// **J5**: adopted ids may be case-insensitive and of another character set. As
/// a database whose ids were made without BINARY has them.
#[test]
fn adopted_ids_may_have_any_collation() {
    let seed = include_str!("seed.sql");
    for (was, is) in [
        ("utf8mb3", "utf8mb3 COLLATE utf8mb3_unicode_ci"),
        ("utf8mb3", "utf8mb4 COLLATE utf8mb4_general_ci"),
        ("utf8mb3", "latin1"),
        ("utf8mb3", "utf8mb3 ROW_FORMAT = COMPACT"),
    ] {
        let ids = if is.contains("ROW_FORMAT") { "BINARY" } else { "" };
        let script = seed.replace(&format!("CHARSET = {was}"), &format!("CHARSET = {is}"));
        let Some(world) = seed_of(&script.replace("BINARY", ids)) else { return };
        // Upper case is the same id there, to a foreign key.
        if ids.is_empty() {
            world
                .database
                .execute("UPDATE post_schedule SET post_detail_id = UPPER(post_detail_id)");
        }
        let old_rows = rows(&world);
        world.run(&["migrate"]).ok();
        assert_eq!(rows(&world), old_rows, "{is}");
        let photo = world.media("photo.jpg");
        world.database.execute(&format!(
            "UPDATE post_schedule SET run_at = UTC_TIMESTAMP() WHERE status = 'pending';
             UPDATE post_details SET media = '[{{\"url\": \"{photo}\", \"type\": \"image\"}}]'"
        ));
        let account = "a0000000-0000-4000-8000-000000000001";
        let args = ["schedule", "--account", account, "--caption", "New 🎉", "--media", &photo];
        world.run(&[&args[..], &["--now"]].concat()).ok();
        let later = world.json(&[&args[..], &["--at", "+1h", "--allow-duplicate"]].concat());
        let later = later["data"]["postDetailId"].as_str().unwrap().to_owned();
        world.run(&["cancel", &later[..8], "--yes"]).ok();
        publishes(&world, &["Later, at the café", "New 🎉"]);
        world.run(&["queue-status"]).ok();
        // The publish log distinguishes upper and lower case: no other id is accepted.
        let refused = refusal(&world, "UPDATE post_schedule SET id = UPPER(id)");
        assert!(refused.contains("post_schedule_id"), "{refused}");
        world.assert_healthy();
    }
}

/// **T0m**: after adoption old jobs in flight are looked up, fresh ones are
/// left alone, and bad ones stop nothing.
#[test]
fn adopted_jobs_in_flight_are_looked_up() {
    let Some(world) = seed() else { return };
    world.database.execute(include_str!("seed_dirty.sql"));
    world.run(&["migrate"]).ok();
    let photo = world.media("photo.jpg");
    let account = "a0000000-0000-4000-8000-000000000001";
    let args = ["schedule", "--account", account, "--caption", "New", "--media", &photo, "--now"];
    world.run(&args).ok();
    for _ in 0..3 {
        world.work(&[]);
    }
    let live: Vec<_> = world.live().iter().map(|post| post["text"].clone()).collect();
    assert_eq!(live, ["New"]);
    let state = |n: u32| {
        world.database.value(&format!(
            "SELECT CONCAT(d.status, '/', s.status, '/', COALESCE(d.outcome, ''))
               FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
              WHERE d.id = 'd0000000-0000-4000-8000-0000000000{n}'"
        ))
    };
    assert_eq!(state(11), "//", "no status: not claimed");
    assert_eq!(state(13), "failed/failed/not_published", "no account");
    assert_eq!(state(14), "failed/failed/not_published", "no time");
    assert!(
        ["processing/processing/", "failed/failed/unknown"].contains(&state(15).as_str()),
        "{}: left behind, it is looked up",
        state(15)
    );
    assert_eq!(state(16), "pending/processing/", "its worker may be at it");
    assert_eq!(state(17), "cancelled/done/", "cancelled by halves");
    assert_eq!(
        world
            .calls()
            .iter()
            .filter(|call| call["params"].to_string().contains("Left behind"))
            .count(),
        0
    );
}
