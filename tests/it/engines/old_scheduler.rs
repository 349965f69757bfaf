//! T0f, T0m, F12: the Node.js scheduler's own statements next to this program.

use std::time::Duration;

use super::{publishes, refusal, seed};
use crate::support::{World, eventually};

const ACCOUNT: &str = "a0000000-0000-4000-8000-000000000001";

/// Its reset of stuck jobs, each minute.
const RESET: &str = "UPDATE post_schedule
    SET status='pending', locked_at=NULL, worker_id=NULL
    WHERE status='processing'
    AND locked_at < NOW() - INTERVAL 10 MINUTE";
/// The statement that its manual has for operators.
const RESET_BY_HAND: &str = "UPDATE post_schedule SET status='pending', locked_at=NULL WHERE status='processing' AND locked_at < NOW() - INTERVAL 10 MINUTE";

fn adopted() -> Option<World> {
    let world = seed()?;
    world.run(&["migrate"]).ok();
    Some(world)
}

/// Stores a post as the Node.js API does: its columns, its two INSERTs.
fn insert(world: &World, n: u32, caption: &str) -> String {
    let id = |letter: char| format!("{letter}0000000-0000-4000-8000-0000000000{n}");
    let (post, job, company) = (id('d'), id('e'), world.company());
    let photo = world.media("photo.jpg");
    world.database.execute(&format!(
        "START TRANSACTION;
         INSERT INTO `post_details` (`id`,`company_id`,`assigned_client_id`,`social_account_id`,`platform`,`post_type`,`caption`,`media`,`status`,`attempts`,`created_at`,`updated_at`)
           VALUES ('{post}','{company}',NULL,'{ACCOUNT}','instagram','post','{caption}','[{{\"url\":\"{photo}\",\"type\":\"image\"}}]','pending',0,NOW(),NOW());
         INSERT INTO `post_schedule` (`id`,`post_detail_id`,`run_at`,`status`,`attempts`,`created_at`,`updated_at`)
           VALUES ('{job}','{post}',NOW(),'pending',0,NOW(),NOW());
         COMMIT;"
    ));
    post
}

/// **T0f**: a post that the old API inserts is published once.
#[test]
fn post_inserted_by_old_api_is_published_once() {
    let Some(world) = adopted() else { return };
    let id = insert(&world, 21, "From the Node.js API 🎉");
    publishes(&world, &["From the Node.js API 🎉"]);
    assert_eq!(world.status(&id), "published");
    let row = world.database.rows(&format!(
        "SELECT pd.status, ps.status, pd.external_post_id <> '', pd.attempts FROM post_details pd
           JOIN post_schedule ps ON ps.post_detail_id = pd.id WHERE pd.id = '{id}'"
    ));
    assert_eq!(row, [["published", "done", "1", "1"]]);
    world.assert_healthy();
}

/// Every monitoring statement of the old scheduler's manual but the fetch,
/// letter by letter, on tables of this program and on adopted ones.
#[test]
fn old_monitoring_statements_run_unchanged() {
    let Some(adopted) = adopted() else { return };
    let fresh = World::new();
    fresh.database.execute(
        "INSERT INTO meta_social_accounts (id, company_id, platform, account_name, instagram_business_id, is_added)
           VALUES ('a0000000-0000-4000-8000-000000000001', '11111111-1111-4111-8111-111111111111',
                   'instagram', 'Acme', '17841400000000001', 1)",
    );
    for world in [&adopted, &fresh] {
        insert(world, 21, "Waiting");
        let failed = insert(world, 22, "Bad");
        world
            .database
            .execute(&format!("UPDATE post_details SET media = '[]' WHERE id = '{failed}'"));
        let stuck = insert(world, 23, "Stuck");
        world.work(&["--max-jobs", "2"]);
        world.database.execute(&format!(
            "UPDATE post_schedule SET status='processing', locked_at=NOW() - INTERVAL 11 MINUTE,
               worker_id='server-1' WHERE post_detail_id='{stuck}' AND status='pending'"
        ));
        insert(world, 24, "Due");
        let count = |sql: &str| world.database.value(sql);
        let pending = "SELECT COUNT(*) FROM post_schedule WHERE status='pending';";
        assert!(count(pending).parse::<u32>().unwrap() >= 1);
        assert_eq!(count("SELECT COUNT(*) FROM post_schedule WHERE status='processing';"), "1");
        let failed_jobs = world.database.rows(
            "SELECT id, post_detail_id, error_message 
FROM post_schedule 
WHERE status='failed'
ORDER BY updated_at DESC;",
        );
        let row = failed_jobs.iter().find(|row| row[1] == failed).unwrap();
        assert!(!row[2].is_empty(), "{row:?}");
        let ready = world.database.rows(
            "SELECT ps.id, ps.run_at, pd.platform, pd.caption
FROM post_schedule ps
JOIN post_details pd ON ps.post_detail_id = pd.id
WHERE ps.status='pending' AND ps.run_at <= NOW();",
        );
        assert_eq!(ready.iter().map(|row| row[3].as_str()).collect::<Vec<_>>(), ["Due"]);
        let stuck_jobs = world.database.rows(
            "SELECT ps.id, ps.locked_at, ps.worker_id
FROM post_schedule ps
WHERE status='processing'
AND locked_at < DATE_SUB(NOW(), INTERVAL 10 MINUTE);",
        );
        assert_eq!(stuck_jobs.iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["server-1"]);
        let indexes = world.database.rows("SHOW INDEX FROM post_schedule;");
        assert!(indexes.iter().any(|row| row[4] == "status"), "{indexes:?}");
        let plan = world.database.rows(
            "EXPLAIN SELECT * FROM post_schedule
WHERE status='pending' AND run_at <= NOW()
ORDER BY run_at ASC LIMIT 5;",
        );
        // Possible keys.
        assert!(plan[0][4].contains("post_schedule_"), "{plan:?}");
        let depth = world.database.rows(
            "SELECT 
  status, 
  COUNT(*) as count,
  MIN(created_at) as oldest,
  MAX(updated_at) as newest
FROM post_schedule
GROUP BY status;",
        );
        assert!(depth.iter().all(|row| row.len() == 4 && !row[3].is_empty()), "{depth:?}");
        let due = "SELECT * FROM post_schedule WHERE status='pending'";
        assert!(!world.database.rows(due).is_empty());
        // Its lock and both its ends.
        world.database.execute(
            "UPDATE post_schedule SET
     status='processing',
     locked_at=NOW(),
     worker_id='hostname'
   WHERE id IN ('e0000000-0000-4000-8000-000000000024')",
        );
        world.database.execute(
            "UPDATE post_details SET status='published', external_post_id='insta_12345'
              WHERE id='d0000000-0000-4000-8000-000000000024';
             UPDATE post_schedule SET status='done' WHERE id='e0000000-0000-4000-8000-000000000024';",
        );
        assert_eq!(world.status("d0000000-0000-4000-8000-000000000024"), "published");
        // Its recovery, on a job of its own: none of our fences prevents it.
        world.database.execute(RESET);
        assert_eq!(count("SELECT COUNT(*) FROM post_schedule WHERE status='processing';"), "0");
        world.database.execute(RESET_BY_HAND);
    }
}

/// **F12**: the resets of the old scheduler cannot take a job from a live
/// worker.
#[test]
fn old_resets_cannot_take_live_jobs() {
    let Some(world) = adopted() else { return };
    let id = insert(&world, 21, "Slow");
    world.fault(&serde_json::json!({
        "match": crate::support::publish_call("instagram"), "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": 4000,
    }));
    let worker = world.start_worker(&["--once"]);
    let status =
        "SELECT status FROM post_schedule WHERE id = 'e0000000-0000-4000-8000-000000000021'";
    eventually("it is claimed", || world.database.value(status) == "processing");
    for reset in [RESET, RESET_BY_HAND] {
        world.database.execute(reset);
        assert_eq!(world.database.value(status), "processing");
    }
    // Where the server's own zone is east of UTC, NOW() is hours ahead.
    for reset in [RESET, RESET_BY_HAND] {
        let refused = refusal(&world, &format!("SET time_zone = '+05:30'; {reset}"));
        assert!(refused.contains("post_schedule_lease"), "{refused}");
        assert_eq!(world.database.value(status), "processing");
    }
    drop(worker);
    world.advance(Duration::from_secs(90));
    publishes(&world, &["Slow"]);
    assert_eq!(world.live().iter().filter(|post| post["text"] == "Slow").count(), 1);
    assert_eq!(world.status(&id), "published");
}

/// **F12**: the heartbeat renews the time that the reset of the old scheduler
/// looks at.
#[test]
fn heartbeat_renews_the_old_lock_time() {
    let Some(world) = adopted() else { return };
    insert(&world, 21, "Slow");
    world.fault(&serde_json::json!({
        "match": crate::support::publish_call("instagram"), "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": 25000,
    }));
    let _worker = world.start_worker(&["--once"]);
    let locked_at = "SELECT COALESCE(locked_at, '') FROM post_schedule
                      WHERE id = 'e0000000-0000-4000-8000-000000000021'";
    eventually("it is claimed", || !world.database.value(locked_at).is_empty());
    let first = world.database.value(locked_at);
    eventually("it is renewed", || world.database.value(locked_at) > first);
}

/// Locks a job as the old worker does, with a lock of this age in minutes.
fn locked_by_the_old_worker(world: &World, post: &str, minutes: u32) {
    world.database.execute(&format!(
        "UPDATE post_schedule SET status='processing', locked_at=NOW() - INTERVAL {minutes} MINUTE,
           worker_id='server-1' WHERE post_detail_id='{post}'"
    ));
}

fn states(world: &World, post: &str) -> String {
    world.database.value(&format!(
        "SELECT CONCAT(d.status, '/', s.status, '/', COALESCE(d.outcome, ''))
           FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id WHERE d.id = '{post}'"
    ))
}

/// **T0m**: what the old worker left for ten minutes is looked up and never
/// sent again.
#[test]
fn job_left_by_old_worker_is_not_resent() {
    let Some(world) = adopted() else { return };
    let left = insert(&world, 21, "Left behind");
    let fresh = insert(&world, 22, "Being sent");
    locked_by_the_old_worker(&world, &left, 11);
    locked_by_the_old_worker(&world, &fresh, 8);
    world.work(&["--max-runtime", "2s"]);
    assert_eq!(states(&world, &fresh), "pending/processing/", "its worker may be at it");
    // Not before a call of its worker must be over.
    assert_eq!(states(&world, &left), "processing/processing/");
    world.advance(Duration::from_secs(110));
    world.work(&["--max-runtime", "2s"]);
    assert_eq!(states(&world, &fresh), "pending/processing/", "its worker may be at it");
    assert_eq!(states(&world, &left), "failed/failed/unknown");
    // Its worker never comes back.
    for _ in 0..20 {
        world.advance(Duration::from_secs(60));
        world.work(&["--max-runtime", "2s"]);
    }
    for post in [&left, &fresh] {
        assert_eq!(states(&world, post), "failed/failed/unknown");
        world.run(&["show", post]).ok().says("may be live");
    }
    assert!(world.live().is_empty());
    let posted = world.calls().iter().filter(|call| call["method"] == "POST").count();
    assert_eq!(posted, 0, "{:?}", world.calls());
    world.assert_healthy();
}

/// **T0m**: what the old worker had published before it died is not published
/// again.
#[test]
fn post_published_by_old_worker_is_not_repeated() {
    let Some(world) = adopted() else { return };
    let sent = insert(&world, 21, "Sent by the old worker");
    publishes(&world, &["Sent by the old worker"]);
    // As if the old worker had sent it, and died before it could store that.
    world.database.execute(&format!(
        "DELETE FROM publish_log;
         UPDATE post_schedule SET fence = 0, attempts = 0, locked_at = NULL, status = 'pending'
          WHERE post_detail_id = '{sent}';
         UPDATE post_details SET status = 'pending', external_post_id = NULL, outcome = NULL,
                attempts = 0, published_at = NULL, permalink = NULL WHERE id = '{sent}'"
    ));
    locked_by_the_old_worker(&world, &sent, 11);
    for _ in 0..10 {
        world.work(&["--max-runtime", "2s"]);
        world.advance(Duration::from_secs(60));
    }
    assert_eq!(world.live().len(), 1, "never twice");
    // The container that could prove it is not in the old tables.
    assert_eq!(states(&world, &sent), "failed/failed/unknown");
    world.assert_healthy();
}
