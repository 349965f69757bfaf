//! Rows that other programs wrote.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Engine, World, eventually, publish_call_of};

/// **F10**: bad rows of another program end or are reported, and the queue goes
/// on.
#[test]
fn bad_foreign_rows_let_queue_go_on() {
    let world = World::new();
    let page = world.account("facebook");
    let insert = |n: u32,
                  account: &str,
                  platform: &str,
                  kind: &str,
                  caption: &str,
                  run_at: &str| {
        let id = |letter: &str| format!("{letter}0000000-0000-4000-8000-00000000000{n}");
        let planted = world.database.try_unchecked(
            &format!(
                "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption, media)
                   VALUES ('{}', '{}', '{account}', '{platform}', '{kind}', {caption}, '[]');
                 INSERT INTO post_schedule (id, post_detail_id, run_at)
                   VALUES ('{}', '{}', {run_at});",
                id("a"), world.company(), id("b"), id("a"),
            ),
        );
        planted.map(|()| id("a"))
    };
    let now = world.database.in_seconds(-60);
    let now = now.as_str();
    let engine = world.database.engine();
    let (nul, huge) = match engine {
        Engine::Sqlite => ("'a' || char(0) || 'b'", "printf('%.*c', 1000000, 'x')"),
        // Its TEXT keeps 65,535 of them.
        Engine::MariaDb => ("CONCAT('a', CHAR(0), 'b')", "REPEAT('x', 1000000)"),
        Engine::Postgres => ("'a' || chr(0) || 'b'", "REPEAT('x', 1000000)"),
    };
    let nobody = "0198c2f4-0000-4000-8000-000000000000";
    let unknown_account = insert(1, nobody, "facebook", "post", "'x'", now);
    let no_caption = insert(2, &page.id, "facebook", "post", "NULL", now);
    let no_platform = insert(3, &page.id, "myspace", "post", "'x'", now);
    let no_type = insert(4, &page.id, "facebook", "poem", "'x'", now);
    let other_platform = insert(6, &page.id, "linkedin", "post", "'x'", now);
    let zero_date = insert(5, &page.id, "facebook", "post", "'x'", "'0000-00-00 00:00:00'");
    let nul = insert(7, &page.id, "facebook", "post", nul, now);
    let huge = insert(8, &page.id, "facebook", "post", huge, now);
    let good = world.schedule(&page, &["--caption", "Good"]);
    for _ in 0..3 {
        world.work(&[]);
    }
    let live: Vec<Value> = world.live().iter().map(|post| post["text"].clone()).collect();
    assert_eq!(live, ["Good"]);
    let status = |id: &str| {
        world.database.rows(&format!(
            "SELECT status, outcome, error_message FROM post_details WHERE id = '{id}'"
        ))[0]
            .clone()
    };
    assert_eq!(status(&good)[0], "published");
    let listed = world.run(&["list", "--all"]).ok();
    // What PostgreSQL refuses by itself is never there.
    let refused = [&zero_date, &nul].map(|planted| planted.is_err());
    assert_eq!(refused, [engine == Engine::Postgres; 2], "{zero_date:?} {nul:?}");
    for id in
        [no_caption, no_platform, no_type, other_platform, unknown_account, zero_date, nul, huge]
    {
        let Ok(id) = id else { continue };
        let row = status(&id);
        let ended = row[0] == "failed" && row[1] == "not_published" && !row[2].is_empty();
        let reported = listed.stderr.contains(&id);
        assert!(ended || reported, "{id} {row:?} {}", listed.stderr);
        let ran = world.run(&["show", &id]);
        assert!(matches!(ran.code, Some(0 | 3 | 5)), "{ran}");
    }
    world.run(&["queue-status"]).ok();
    world.run(&["recover"]).ok();
}

/// **F10**: media that is no JSON blocks no other post.
#[test]
fn broken_media_blocks_no_other_post() {
    let world = World::new();
    let page = world.account("facebook");
    // Past MariaDB's check for JSON, which then refuses every change of the row.
    let plant = |n: u32, run_at: String| {
        let id = |letter: &str| format!("{letter}0000000-0000-4000-8000-00000000000{n}");
        world.database.try_unchecked(
            &format!(
                "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption, media)
                   VALUES ('{}', '{}', '{}', 'facebook', 'post', 'Bad', '[{{\"url\": oops');
                 INSERT INTO post_schedule (id, post_detail_id, run_at) VALUES ('{}', '{}', {run_at});",
                id("a"), world.company(), page.id, id("b"), id("a"),
            ),
        )
    };
    let planted =
        [plant(1, world.database.in_seconds(-60)), plant(2, world.database.in_seconds(-200_000))];
    let refused = planted.iter().all(Result::is_err);
    assert_eq!(refused, world.database.engine() == Engine::Postgres, "{planted:?}");
    let good = world.schedule(&page, &["--caption", "Good"]);
    world.work(&[]);
    assert_eq!(world.status(&good), "published");
    let rows = world.database.rows(
        "SELECT status, outcome, error_code, error_message FROM post_details
          WHERE caption = 'Bad' ORDER BY id",
    );
    assert_eq!(rows.is_empty(), refused);
    for (row, code) in rows.iter().zip(["invalid_row", "missed"]) {
        assert_eq!(row[..3], ["failed", "not_published", code], "{rows:?}");
    }
    assert_eq!(world.live().len(), 1);
    world.assert_healthy();
}

/// **F10**: ids that are no UUIDs end as failed and keep no other post waiting.
/// No statement of this program can name such rows: they must be ended
/// nevertheless.
#[test]
fn invalid_ids_fail_and_block_nothing() {
    let world = World::new();
    let page = world.account("facebook");
    let plant = |post: &str, job: &str, caption: &str, job_columns: &str, job_values: &str| {
        world.database.try_unchecked(&format!(
            "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption)
               VALUES ('{post}', '{}', '{}', 'facebook', 'post', '{caption}');
             INSERT INTO post_schedule (id, post_detail_id{job_columns})
               VALUES ('{job}', '{post}'{job_values});",
            world.company(), page.id,
        ))
    };
    let ago = |seconds: i64| world.database.in_seconds(-seconds);
    let run_at = |seconds: i64| format!(", {}", ago(seconds));
    // Before the good one, and more of them than a claim looks at.
    let mut planted: Vec<_> = (10..40)
        .map(|n| {
            let uuid = format!("a0000000-0000-4000-8000-0000000000{n}");
            let (post, job) =
                if n % 2 == 0 { (uuid, format!("job {n}")) } else { (format!("post {n}"), uuid) };
            plant(&post, &job, "Bad", ", run_at", &run_at(600))
        })
        .collect();
    let capitals = "AAAAAAAA-0000-4000-8000-AAAAAAAAAAAA";
    planted.push(plant(
        capitals,
        &capitals.replace("AAAA", "BBBB"),
        "Bad",
        ", run_at",
        &run_at(500),
    ));
    planted.push(plant("late post", "late job", "Bad", ", run_at", &run_at(200_000)));
    planted.push(plant(
        "begun post",
        "begun job",
        "Begun",
        ", run_at, status, worker_id, locked_at",
        &format!("{}, 'processing', 'old-host', {}", run_at(1500), ago(1200)),
    ));
    planted.push(plant("ended post", "ended job", "Ended", ", run_at", &run_at(700)));
    if world.database.engine() == Engine::Postgres {
        // Nothing but UUIDs can be there, and it reads them in either case.
        assert_eq!(planted.iter().filter(|planted| planted.is_ok()).count(), 1, "{planted:?}");
        return;
    }
    assert!(planted.iter().all(Result::is_ok), "{planted:?}");
    world.database.execute_unchecked(
        "UPDATE post_details SET status = 'processing' WHERE caption = 'Begun';
         UPDATE post_details SET status = 'cancelled' WHERE caption = 'Ended'",
    );
    let good = world.schedule(&page, &["--caption", "Good"]);
    for args in [
        &["list", "--all"][..],
        &["list", "--limit", "3"],
        &["queue-status"],
        &["recover", "-n"],
        &["run-worker", "-n"],
    ] {
        world.run(args).ok();
    }
    world.work(&[]);
    assert_eq!(world.status(&good), "published");
    assert_eq!(world.live().len(), 1);
    let ended = |caption: &str| {
        world.database.rows(&format!(
            "SELECT DISTINCT d.status, s.status, COALESCE(d.outcome, ''), d.error_message
               FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
              WHERE d.caption = '{caption}'"
        ))
    };
    let why = "another program gave it an id that is not a lower-case UUID";
    assert_eq!(ended("Bad"), [["failed", "failed", "not_published", &format!("not sent: {why}")]]);
    assert_eq!(
        ended("Begun"),
        [["failed", "failed", "unknown", &format!("may be live: {why}, and locked it")]]
    );
    assert_eq!(ended("Ended"), [["cancelled", "done", "", ""]]);
    let status = world.json(&["queue-status"]);
    assert_eq!((&status["data"]["unknown"], &status["data"]["due"]), (&1.into(), &0.into()));
    let listed = world.run(&["list", "--all"]).ok();
    assert!(listed.stderr.contains("not a lower-case UUID"), "{listed}");
    world.run(&["recover"]).ok();
    world.assert_healthy();
}

/// **F10**: an account whose id is no UUID hides no other.
#[test]
fn invalid_account_id_hides_no_other() {
    let world = World::new();
    let page = world.account("facebook");
    let planted = world.database.try_unchecked(&format!(
        "INSERT INTO meta_social_accounts (id, company_id, platform, account_name, external_id)
           VALUES ('no uuid', '{}', 'facebook', 'Bad', '999');
         INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption)
           VALUES ('a0000000-0000-4000-8000-000000000001', '{0}', 'no uuid', 'facebook', 'post', 'Bad');
         INSERT INTO post_schedule (id, post_detail_id, run_at)
           VALUES ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', {});",
        world.company(), world.database.in_seconds(-60),
    ));
    assert_eq!(planted.is_err(), world.database.engine() == Engine::Postgres, "{planted:?}");
    if planted.is_err() {
        return;
    }
    let good = world.schedule(&page, &["--caption", "Good"]);
    world.run(&["queue-status"]).ok();
    let accounts = world.run(&["accounts"]).ok();
    assert!(
        accounts.stdout.contains(&page.id) && accounts.stderr.contains("no uuid"),
        "{accounts}"
    );
    world.work(&[]);
    assert_eq!(world.status(&good), "published");
    let bad = "SELECT status, outcome, error_code FROM post_details WHERE caption = 'Bad'";
    assert_eq!(world.database.rows(bad), [["failed", "not_published", "invalid_row"]]);
    world.assert_healthy();
}

/// **F16**: a job without a known status is not claimed and is a breach of an
/// invariant.
#[test]
fn job_without_known_status_is_a_breach() {
    let world = World::new();
    let page = world.account("facebook");
    let ids = ["One", "Two"].map(|text| world.schedule(&page, &["--caption", text]));
    world.database.execute_unchecked(&format!(
        "UPDATE post_schedule SET status = '' WHERE post_detail_id = '{}';
         UPDATE post_details SET status = 'queued' WHERE id = '{}'",
        ids[0], ids[1],
    ));
    world.work(&[]);
    assert_eq!(world.live(), [Value::Null; 0]);
    let breaches = world.database.breaches();
    assert!(breaches.iter().any(|breach| breach.starts_with("I22")), "{breaches:?}");
    let ran = world.run(&["list", "--all"]).ok();
    assert!(ran.stderr.contains(&ids[0]) && ran.stderr.contains(&ids[1]), "{ran}");
    world.run(&["queue-status"]).ok();
}

/// Posts of an account without an external id wait until it is given. The old
/// scheduler's tables hold no ids of Pages and organizations.
#[test]
fn posts_wait_for_missing_external_account_id() {
    let world = World::new();
    let page = world.account("facebook");
    let post = world.schedule(&page, &["--caption", "Hello"]);
    world.database.execute(&format!(
        "UPDATE meta_social_accounts SET external_id = NULL WHERE id = '{}'",
        page.id
    ));
    world.work(&[]);
    assert_eq!((world.status(&post), world.live().len()), ("pending".to_owned(), 0));
    let accounts = world.run(&["accounts"]).ok();
    assert!(accounts.stdout.contains("accounts add --id"), "{}", accounts.stdout);

    let add = |name: &str, external_id: &str| {
        let flags = ["--platform", "facebook", "--name", name, "--external-id", external_id];
        world.run(&[&["accounts", "add", "--id", &page.id], &flags[..]].concat())
    };
    let told = add("Acme Page", &page.external_id).ok();
    assert!(told.stdout.contains("Completed Acme Page"), "{}", told.stdout);
    world.work(&[]);
    assert_eq!((world.status(&post), world.live().len()), ("published".to_owned(), 1));
    // What is known is not replaced.
    add("Other Page", "777").exits(4);
    world.assert_healthy();
}

/// **F11**: rows that another program changes while they are sent are live once
/// and kept as such. While a worker is in the publish calls of eight posts: the
/// answers come after another program has changed or deleted the rows.
#[test]
fn rows_changed_in_flight_are_live_once() {
    let world = World::new();
    let changes: [(&str, &str); 4] = [
        (
            "reset",
            "UPDATE post_schedule SET status = 'pending', worker_id = NULL, locked_at = NULL,
                          lease_until = NULL WHERE post_detail_id = '{id}';
                   UPDATE post_details SET status = 'pending' WHERE id = '{id}'",
        ),
        ("cancelled", "UPDATE post_details SET status = 'cancelled' WHERE id = '{id}'"),
        (
            "failed",
            "UPDATE post_schedule SET status = 'failed', lease_until = NULL
                     WHERE post_detail_id = '{id}';
                    UPDATE post_details SET status = 'failed', error_message = 'API error'
                     WHERE id = '{id}'",
        ),
        (
            "deleted",
            "DELETE FROM publish_log WHERE post_schedule_id IN
                       (SELECT id FROM post_schedule WHERE post_detail_id = '{id}');
                     DELETE FROM post_schedule WHERE post_detail_id = '{id}';
                     DELETE FROM post_details WHERE id = '{id}'",
        ),
    ];
    let mut posts = Vec::new();
    for platform in ["facebook", "linkedin"] {
        for (what, change) in changes {
            let account = world.account(platform);
            world.fault(&json!({
                "match": publish_call_of(&account), "when": {"nth": 1},
                "fault": "slow_first_byte", "delay_ms": 4000,
            }));
            let text = format!("{what} on {platform}");
            posts.push((world.schedule(&account, &["--caption", &text]), what, change));
        }
    }
    let mut worker = world.start_worker(&["--batch-size", "8", "--concurrency", "8"]);
    let struck = || world.calls().iter().filter(|call| call["fault"].is_string()).count();
    eventually("all publish calls are on their way", || struck() == posts.len());
    for (id, what, change) in &posts {
        let changed = world.database.try_execute(&change.replace("{id}", id));
        assert!(changed.is_ok(), "{what}: {changed:?}");
    }
    // Another worker comes by meanwhile.
    world.work(&["--max-runtime", "2s"]);
    eventually("all answers are recorded", || {
        let published = "SELECT COUNT(*) FROM post_details WHERE status = 'published'";
        world.database.value(published) == "6"
    });
    let deleted = posts.iter().filter(|(_, what, _)| *what == "deleted");
    eventually("what cannot be stored is told", || {
        deleted.clone().all(|(id, ..)| worker.stderr().contains(id.as_str()))
    });
    worker.terminate();
    worker.wait();
    world.run(&["recover"]).ok();
    for _ in 0..3 {
        world.advance(Duration::from_secs(600));
        world.work(&["--max-runtime", "2s"]);
    }
    for (id, what, _) in posts.iter().filter(|(_, what, _)| *what != "deleted") {
        let post = world.post(id);
        let is_live = post["externalPostId"].is_string() && post["status"] == "published";
        assert!(is_live, "{what}: {post}");
    }
    assert_eq!(world.live().len(), posts.len(), "each went out once");
    world.assert_healthy();
}
