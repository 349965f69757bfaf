//! F10: where values that cannot be read are named for people.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::odd_values::{Odd, bad_counts};
use crate::support::{Engine, bad_times};

/// The values that `migrate --check` names: table, column and how many.
fn checked(odd: &Odd) -> BTreeMap<(String, String), usize> {
    let ran = odd.world.run(&["migrate", "--check", "--json"]).exits(8);
    let json = ran.json();
    let columns = json["meta"]["oddRows"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let count = |column: &Value| usize::try_from(column["count"].as_u64().unwrap()).unwrap();
    let key = |column: &Value| (text(&column["table"]), text(&column["column"]));
    columns.iter().map(|column| (key(column), count(column))).collect()
}

/// **F10**: `migrate --check` names every odd value. Every column that is
/// looked at, and as many values of it as were planted.
#[test]
fn migrate_check_names_every_odd_value() {
    let mut odd = Odd::new();
    odd.world.run(&["migrate", "--check"]).ok();
    for column in ["created_at", "updated_at", "published_at", "cancel_requested_at"] {
        odd.plant("post_details", column, bad_times());
    }
    for column in ["created_at", "updated_at", "run_at", "next_attempt_at", "locked_at"] {
        odd.plant("post_schedule", column, bad_times());
    }
    for column in ["attempts", "fence"] {
        odd.plant("post_schedule", column, bad_counts(column));
    }
    odd.plant("post_details", "media", &["'null'", "'{}'"]);
    match odd.world.database.engine() {
        Engine::Postgres => {
            odd.plant("post_details", "platform", &["'myspace'"]);
            odd.plant("post_schedule", "status", &["'odd'"]);
        }
        Engine::MariaDb => {
            odd.plant("post_details", "platform", &["''"]);
            odd.plant("post_schedule", "status", &["''"]);
            odd.plant(
                "post_details",
                "company_id",
                &["'x'", "'AAAAAAAA-0000-4000-8000-000000000000'"],
            );
        }
        Engine::Sqlite => {
            odd.plant("post_details", "platform", &["''", "x'00'"]);
            odd.plant("post_schedule", "status", &["NULLIF('odd', 'x')"]);
            odd.plant("post_details", "company_id", &["'x'", "x'00'"]);
            odd.plant("post_details", "media", &["'['"]);
        }
    }
    let mut expected = BTreeMap::new();
    for (table, column, ..) in &odd.bad {
        *expected.entry((String::from(*table), String::from(*column))).or_insert(0) += 1;
    }
    let log = |n: usize, kind: &str, at: &str| {
        odd.world.database.lax(&format!(
            "INSERT INTO publish_log (post_schedule_id, fence, step_no, kind, event, at)
             SELECT id, 1, {n}, '{kind}', 'ok', {at} FROM post_schedule
              WHERE post_detail_id = '{}'",
            odd.good[0]
        ));
    };
    for (n, time) in bad_times().iter().enumerate() {
        log(n, "upload", time);
    }
    log(100, "", &odd.world.database.in_seconds(-1));
    expected.insert(("publish_log".to_owned(), "at".to_owned()), bad_times().len());
    expected.insert(("publish_log".to_owned(), "kind".to_owned()), 1);
    // What can be read at the edges.
    for time in ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999", "2024-02-29 23:59:59"] {
        odd.good();
        let last = odd.good.last().unwrap();
        odd.world.database.lax(&format!(
            "UPDATE post_details SET created_at = '{time}', updated_at = '{time}' WHERE id = '{last}'"
        ));
    }
    assert_eq!(checked(&odd), expected);
    let told = odd.world.run(&["migrate", "--check"]).exits(8);
    for (table, column, value, id) in odd.bad.iter().filter(|bad| bad.1 == "media") {
        let line = format!("{table}.{column} of post {id}");
        assert!(told.stderr.contains(&line), "{value}: {told}");
    }
    let unlisted = odd.world.run(&["list", "--all"]).ok();
    assert!(odd.good.iter().all(|id| !unlisted.stderr.contains(id.as_str())), "{unlisted}");
    assert!(told.stderr.contains("publish_log.kind: its post needs review"), "{told}");
}

/// **F10**: `migrate --check` names some of many odd values.
#[test]
fn migrate_check_names_some_of_many() {
    let mut odd = Odd::new();
    for _ in 0..25 {
        odd.plant("post_schedule", "next_attempt_at", &bad_times()[..1]);
    }
    let told = odd.world.run(&["migrate", "--check"]).exits(8);
    let told = told
        .complains("25 values cannot be read")
        .complains("and 5 other values of post_schedule.next_attempt_at");
    assert_eq!(told.stderr.matches("post_schedule.next_attempt_at of job").count(), 20, "{told}");
}

/// **F10**: `queue-status` names odd posts.
#[test]
fn queue_status_names_odd_posts() {
    let mut odd = Odd::new();
    odd.plant("post_schedule", "run_at", &bad_times()[..2]);
    odd.plant("post_details", "media", &["'null'"]);
    odd.plant("post_details", "created_at", &bad_times()[..1]);
    let held = odd.world.schedule(&odd.page, &["--caption", "Held"]);
    let job = format!("SELECT id FROM post_schedule WHERE post_detail_id = '{held}'");
    let job = odd.world.database.value(&job);
    odd.world.database.lax(&format!(
        "INSERT INTO publish_log (post_schedule_id, fence, step_no, kind, event, at)
           VALUES ('{job}', 1, 1, '', 'intent', {})",
        odd.world.database.in_seconds(-1)
    ));
    odd.bad.push(("publish_log", "kind", "''", held.clone()));
    let check = |odd: &Odd| {
        let status = odd.world.json(&["queue-status"]);
        let rows = status["data"]["oddRows"].as_array().unwrap().clone();
        for (table, column, value, id) in &odd.bad {
            let is_it = |row: &&Value| {
                row["table"] == *table && row["column"] == *column && row["row"] == json!(id)
            };
            let row =
                rows.iter().find(is_it).unwrap_or_else(|| panic!("{column} {value}: {status}"));
            assert!(row["why"].as_str().unwrap().contains(" is "), "{row}");
        }
        assert_eq!(rows.len(), odd.bad.len(), "{status}");
        let shown = odd.world.run(&["queue-status"]).ok();
        shown.complains("5 posts with values that cannot be read").complains(&odd.bad[0].3);
    };
    check(&odd);
    odd.work();
    assert_eq!(odd.row(&held)[..4], ["failed", "failed", "unknown", "invalid_row"]);
    check(&odd);
}
