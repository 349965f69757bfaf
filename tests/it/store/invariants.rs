//! Each of the 26 invariants finds its own planted fault; a healthy database breaks none.

use std::time::Duration;

use socialsched::domain::{AccountId, Only, Platform};
use socialsched::store::{Decision, Next, Phase, Staged};

use super::{Queue, failure, on_every_engine, receipt, worker};
use crate::support::Engine;

/// Everything a database may hold: every state, and rows of the old scheduler.
fn fill(queue: &Queue) {
    let a = worker("a");
    let ended = |next: &Next| {
        let (claim, intent) = queue.sent(&a);
        let step = Phase::Publish(Box::new(intent));
        let why = failure("no");
        queue.record_failure(&claim, &step, &why, Staged::Keep, next).unwrap();
    };
    let (live, intent) = queue.sent(&a);
    queue.live(&a, &live, &intent, &receipt("fb_1")).unwrap();
    let (without_id, intent) = queue.sent(&a);
    queue.live(&a, &without_id, &intent, &Default::default()).unwrap();
    ended(&Next::Fail);
    let (review, _) = queue.sent(&a);
    queue.ask_for_review(&review, &failure("who knows"), None).unwrap();
    let (abandoned, _) = queue.sent(&a);
    queue.ask_for_review(&abandoned, &failure("who knows"), None).unwrap();
    let decision = Decision::Abandon;
    queue
        .wait(queue.store.decide(queue.company, abandoned.post_id, &decision, "ann", false))
        .unwrap();
    let cancelled = queue.schedule();
    queue.wait(queue.store.cancel_posts(queue.company, &[cancelled], None)).unwrap();
    queue.schedule();
    queue.database.age(Duration::from_secs(3600));
    queue.wait(queue.store.fail_missed(Duration::from_secs(60), &Only::default())).unwrap();
    ended(&Next::Retry(Duration::from_secs(3600)));
    let cancel_requested = queue.claimed(&a);
    queue.wait(queue.store.cancel_posts(queue.company, &[cancel_requested.post_id], None)).unwrap();
    queue.sent(&a);
    queue.claimed(&a);
    queue.schedule();
    let now = queue.database.in_seconds(0);
    let now = now.as_str();
    let old = [
        ("pending", "pending", "NULL", "NULL"),
        ("pending", "processing", now, "'server-1'"),
        ("published", "done", "NULL", "NULL"),
        ("failed", "failed", now, "'server-1'"),
        ("cancelled", "pending", "NULL", "NULL"),
    ];
    for (number, (post, job, locked_at, worker_id)) in old.iter().enumerate() {
        let (company, account) = (queue.company, queue.account);
        let id = format!("00000000-0000-4000-8000-00000000000{number}");
        queue.database.execute(&format!(
            "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption,
                                       status, error_message)
             VALUES ('{id}', '{company}', '{account}', 'facebook', 'post', 'Old', '{post}', 'e');
             INSERT INTO post_schedule (id, post_detail_id, run_at, status, locked_at, worker_id)
             VALUES ('{id}', '{id}', {now}, '{job}', {locked_at}, {worker_id});"
        ));
    }
}

/// A healthy database with every state and old rows breaks none.
#[test]
fn healthy_database_breaks_no_invariant() {
    on_every_engine(|queue| {
        fill(queue);
        assert_eq!(queue.breaches(), [""; 0]);
        let states = queue.database.rows(
            "SELECT DISTINCT d.status, s.status FROM post_details d
               JOIN post_schedule s ON s.post_detail_id = d.id WHERE s.fence > 0",
        );
        let mut words: Vec<String> = states.iter().map(|row| row.join("/")).collect();
        // An ENUM has an order of its own.
        words.sort();
        let handled =
            ["failed/failed", "pending/pending", "processing/processing", "published/done"];
        assert_eq!(words, handled, "cancelled posts had not been claimed");
    });
}

/// The post or job of the n-th state that [`FAULTS`] speaks of.
struct Planted {
    pending: String,
    claimed: String,
    sent: String,
    live: String,
    failed: String,
    review: String,
}

fn plant(queue: &Queue) -> Planted {
    let a = worker("a");
    let (live, intent) = queue.sent(&a);
    queue.live(&a, &live, &intent, &receipt("fb_1")).unwrap();
    let (failed, intent) = queue.sent(&a);
    let (step, why) = (Phase::Publish(Box::new(intent)), failure("no"));
    queue.record_failure(&failed, &step, &why, Staged::Keep, &Next::Fail).unwrap();
    let (review, _) = queue.sent(&a);
    queue.ask_for_review(&review, &failure("who knows"), None).unwrap();
    let (sent, _) = queue.sent(&a);
    let pending = queue.claimed(&a);
    let next = Next::Retry(Duration::from_secs(3600));
    let step = Phase::Prepare;
    queue.record_failure(&pending, &step, &failure("no"), Staged::Keep, &next).unwrap();
    let claimed = queue.claimed(&a);
    let other = AccountId::generate();
    queue.add_account(other, Platform::LinkedIn);
    Planted {
        pending: pending.post_id.to_string(),
        claimed: claimed.post_id.to_string(),
        sent: sent.post_id.to_string(),
        live: live.post_id.to_string(),
        failed: failed.post_id.to_string(),
        review: review.post_id.to_string(),
    }
}

/// One fault per invariant. `D` and `S` stand for the conditions that pick the
/// post's row and its job's row; the third field names the post.
#[rustfmt::skip]
const FAULTS: &[(&str, &str, &str)] = &[
    ("I01", "pending", "UPDATE post_details SET status = 'processing' WHERE D"),
    ("I02", "pending", "DELETE FROM publish_log WHERE L; DELETE FROM post_schedule WHERE S"),
    ("I03", "pending", "DELETE FROM post_details WHERE D"),
    ("I04", "claimed", "UPDATE post_schedule SET worker_id = NULL WHERE S"),
    ("I05", "pending", "UPDATE post_schedule SET worker_id = 'a' WHERE S"),
    ("I06", "live", "UPDATE post_details SET outcome = NULL WHERE D"),
    ("I07", "pending", "UPDATE post_details SET external_post_id = 'fb_9' WHERE D"),
    ("I08", "failed", "UPDATE post_details SET error_message = '' WHERE D"),
    ("I09", "pending", "UPDATE post_details SET attempts = attempts + 1 WHERE D"),
    ("I10", "pending", "DROP INDEX EXTERNAL; UPDATE post_details SET external_post_id = 'fb_1' WHERE D"),
    ("I11", "live", "UPDATE post_schedule SET fence = fence + 1 WHERE S;
        INSERT INTO publish_log (post_schedule_id, fence, step_no, kind, event, remote_id, at)
        SELECT id, fence, 1, 'publish', e, r, updated_at FROM post_schedule, (SELECT 'intent' AS e, NULL AS r UNION SELECT 'ok', 'fb_2') AS two WHERE S"),
    ("I12", "sent", "UPDATE post_schedule SET status = 'pending', worker_id = NULL, locked_at = NULL, lease_until = NULL WHERE S;
        UPDATE post_details SET status = 'pending' WHERE D"),
    ("I13", "live", "UPDATE post_details SET status = 'failed', error_message = 'e', external_post_id = NULL, outcome = NULL WHERE D;
        UPDATE post_schedule SET status = 'failed' WHERE S"),
    ("I14", "live", "DELETE FROM publish_log WHERE L AND event = 'ok'"),
    ("I15", "sent", "UPDATE post_schedule SET status = 'done', lease_until = NULL WHERE S; UPDATE post_details SET status = 'cancelled' WHERE D"),
    ("I16", "held", "UPDATE post_details SET outcome = 'not_published' WHERE D"),
    ("I17", "failed", "UPDATE post_details SET outcome = 'unknown' WHERE D"),
    ("I18", "sent", "INSERT INTO publish_log (post_schedule_id, fence, step_no, kind, event, at) SELECT id, fence, 99, 'publish', 'intent', updated_at FROM post_schedule WHERE S"),
    ("I19", "claimed", "INSERT INTO publish_log (post_schedule_id, fence, step_no, kind, event, at) SELECT id, fence + 1, 1, 'upload', 'intent', updated_at FROM post_schedule WHERE S"),
    ("I20", "claimed", "INSERT INTO publish_log (post_schedule_id, fence, step_no, kind, event, at) SELECT id, fence, 1, 'upload', 'ok', updated_at FROM post_schedule WHERE S"),
    ("I21", "pending", "UPDATE post_details SET social_account_id = (SELECT id FROM meta_social_accounts WHERE platform = 'linkedin') WHERE D"),
    ("I22", "pending", "UPDATE post_details SET status = '' WHERE D"),
    ("I23", "claimed", "UPDATE post_schedule SET lease_until = '2020-01-01 00:00:00.000' WHERE S"),
    ("I24", "pending", "UPDATE post_details SET cancel_requested_at = updated_at WHERE D"),
    ("I25", "live", "UPDATE post_details SET external_post_id = NULL WHERE D"),
    ("I26", "live", "UPDATE post_details SET external_post_id = 'fb_3' WHERE D"),
];

#[test]
fn each_invariant_finds_its_own_planted_fault() {
    let names: Vec<String> = (1..=26).map(|number| format!("I{number:02}")).collect();
    assert_eq!(FAULTS.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), names);
    for (invariant, which, fault) in FAULTS {
        on_every_engine(|queue| {
            queue.will_be_broken();
            let planted = plant(queue);
            assert_eq!(queue.breaches(), [""; 0]);
            let id = match *which {
                "pending" => &planted.pending,
                "claimed" => &planted.claimed,
                "sent" => &planted.sent,
                "live" => &planted.live,
                "failed" => &planted.failed,
                _ => &planted.review,
            };
            let index = match queue.database.engine() {
                Engine::MariaDb => "post_details_external ON post_details",
                Engine::Sqlite | Engine::Postgres => "post_details_external",
            };
            let script = fault
                .replace("EXTERNAL", index)
                .replace("WHERE D", &format!("WHERE id = '{id}'"))
                .replace("WHERE S", &format!("WHERE post_detail_id = '{id}'"))
                .replace(
                    "WHERE L",
                    &format!("WHERE post_schedule_id = (SELECT id FROM post_schedule WHERE post_detail_id = '{id}')"),
                );
            queue.database.execute_unchecked(&script);
            let found = queue.breaches();
            assert!(found.contains(invariant), "{invariant} is not among {found:?}");
        });
    }
}
