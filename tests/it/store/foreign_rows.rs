//! T0f, T0m, T1c, T1r: rows of other programs that know only the old columns.

use std::time::Duration;

use socialsched::domain::{LogEvent, Only, Outcome, PostId, PostStatus, StepKind};
use socialsched::store::{CancelAnswer, Claimed, Settled, TakeOver};

use super::queue::jobs;
use super::{LEASE, Queue, failure, on_every_engine, worker};
use crate::support::{Engine, bad_times};

/// Inserts a post and its job as the old scheduler does, with a lock of this age in
/// seconds.
fn insert(queue: &Queue, post_status: &str, job_status: &str, lock: Option<i64>) -> PostId {
    let (post, job) = (PostId::generate(), PostId::generate());
    let (company, account) = (queue.company, queue.account);
    let locked_at = lock.map_or("NULL".to_owned(), |age| queue.database.in_seconds(-age));
    let due = queue.database.in_seconds(-60);
    let worker_id = if lock.is_some() { "'server-1'" } else { "NULL" };
    let error = if post_status == "failed" { "'API error'" } else { "NULL" };
    queue.database.execute(&format!(
        "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, caption,
                                   media, status, error_message)
         VALUES ('{post}', '{company}', '{account}', 'facebook', 'post', 'From Node.js', '[]',
                 '{post_status}', {error});
         INSERT INTO post_schedule (id, post_detail_id, run_at, status, locked_at, worker_id)
         VALUES ('{job}', '{post}', {due}, '{job_status}', {locked_at},
                 {worker_id});"
    ));
    post
}

fn repair(queue: &Queue) -> Vec<PostId> {
    queue.wait(queue.store.repair_halves(Some(Duration::ZERO), false)).unwrap()
}

fn status_and_outcome(queue: &Queue, id: PostId) -> Vec<String> {
    let sql = format!("SELECT status, outcome FROM post_details WHERE id = '{id}'");
    queue.database.rows(&sql).remove(0)
}

/// **T0f**: a plain insert is published like any other post.
#[test]
fn plain_insert_is_published_like_any_other() {
    on_every_engine(|queue| {
        let id = insert(queue, "pending", "pending", None);
        let a = worker("a");
        let claim = queue.claim(&a);
        assert_eq!((claim.post_id, claim.content.caption.as_str()), (id, "From Node.js"));
        let intent = queue.intent(&claim);
        queue.live(&a, &claim, &intent, &super::receipt("fb_1")).unwrap();
        assert_eq!(queue.states(id), "published/done");
    });
}

/// **T0f**: attempts of the old scheduler count.
#[test]
fn attempts_of_old_scheduler_count() {
    on_every_engine(|queue| {
        let id = insert(queue, "pending", "pending", None);
        queue
            .database
            .execute("UPDATE post_schedule SET attempts = 2; UPDATE post_details SET attempts = 2");
        let claim = queue.claim(&worker("a"));
        assert_eq!((claim.attempts, claim.fence.0), (3, 3));
        assert_eq!(queue.post(id).attempts, 3);
    });
}

/// **T0m**: a job that the old scheduler left locked is looked up and never
/// sent blindly.
#[test]
fn old_locked_job_is_looked_up() {
    on_every_engine(|queue| {
        // The old scheduler marks only the job.
        let id = insert(queue, "pending", "processing", Some(11 * 60));
        let b = worker("b");
        let claim = jobs(queue.take_over(&b).claimed).remove(0);
        assert_eq!(claim.post_id, id);
        assert_eq!(claim.open_intents.len(), 1, "its call may have gone out");
        assert_eq!(queue.gate(&claim), socialsched::store::Gate::Lost);
        let result = queue.ask_for_review(&claim, &failure("no id to ask for"), None).unwrap();
        assert_eq!(result, Settled::Done);
        assert_eq!(queue.post(id).outcome, Some(Outcome::Unknown));
        let log = queue.history(id);
        assert_eq!((log[0].kind, log[0].event), (StepKind::Publish, LogEvent::Intent));
    });
}

/// **T0m**: a lock of the old scheduler is respected for ten minutes.
#[test]
fn old_lock_is_respected_ten_minutes() {
    on_every_engine(|queue| {
        insert(queue, "processing", "processing", Some(9 * 60));
        let before = queue.tables();
        assert_eq!(queue.take_over(&worker("b")).claimed.len(), 0);
        assert_eq!(queue.claims(&worker("b")).len(), 0);
        assert_eq!(queue.tables(), before);
        let mut request = TakeOver::new(worker("b"), LEASE, 10);
        request.foreign_lock = Duration::from_secs(60);
        assert_eq!(queue.wait(queue.store.take_over(&request)).unwrap().claimed.len(), 1);
    });
}

/// **T0m**: more attempts than this program's maximum break nothing.
#[test]
fn surplus_attempts_break_nothing() {
    on_every_engine(|queue| {
        insert(queue, "pending", "processing", Some(11 * 60));
        queue.database.execute("UPDATE post_schedule SET attempts = 7");
        assert_eq!(queue.take_over(&worker("b")).claimed.len(), 1);
    });
}

#[test]
fn job_locked_by_old_scheduler_is_not_cancelled() {
    on_every_engine(|queue| {
        let id = insert(queue, "pending", "processing", Some(60));
        let answer = queue.wait(queue.store.cancel_posts(queue.company, &[id], None)).unwrap();
        assert_eq!(answer, [CancelAnswer::Asked]);
        assert_eq!(queue.job(id, "status"), "processing");
    });
}

/// A pending post whose job another program ended can be cancelled.
#[test]
fn pending_post_with_ended_job_is_cancellable() {
    on_every_engine(|queue| {
        for job in ["done", "failed"] {
            let id = insert(queue, "pending", job, None);
            let answer = queue.wait(queue.store.cancel_posts(queue.company, &[id], None)).unwrap();
            assert_eq!(answer, [CancelAnswer::Cancelled], "{job}");
            assert_eq!(queue.states(id), "cancelled/done");
        }
    });
}

/// **T1c**: a post cancelled by another program is never claimed, and its job
/// is ended.
#[test]
fn post_cancelled_elsewhere_ends_its_job() {
    on_every_engine(|queue| {
        let id = insert(queue, "cancelled", "pending", None);
        assert_eq!(queue.claims(&worker("a")).len(), 0);
        assert_eq!(queue.wait(queue.store.repair_halves(None, true)).unwrap(), [id]);
        assert_eq!(queue.states(id), "cancelled/pending", "only looked");
        assert_eq!(repair(queue), [id]);
        assert_eq!(queue.states(id), "cancelled/done");
        assert_eq!(repair(queue), []);
    });
}

/// Posts and jobs that got out of step later are repaired when asked for.
#[test]
fn later_half_repairs_wait_for_request() {
    on_every_engine(|queue| {
        let id = insert(queue, "cancelled", "pending", None);
        let later = queue.database.in_seconds(3600);
        queue.database.execute(&format!("UPDATE post_schedule SET run_at = {later}"));
        assert_eq!(repair(queue), []);
        assert_eq!(queue.wait(queue.store.repair_halves(None, false)).unwrap(), [id]);
    });
}

/// A job left open by another program ends as its post did. The old scheduler
/// marks the post first and its job later, and may die in between.
#[test]
fn job_left_open_ends_like_its_post() {
    on_every_engine(|queue| {
        let ended = [("published", "done"), ("failed", "failed"), ("cancelled", "done")];
        let posts: Vec<_> = ended
            .iter()
            .flat_map(|(post, job)| {
                let lock = Some(11 * 60);
                [
                    (insert(queue, post, "processing", lock), *job),
                    (insert(queue, post, "pending", None), *job),
                ]
            })
            .collect();
        let fresh = insert(queue, "published", "processing", Some(60));
        let other = queue.schedule();
        // One such row must not stop the others.
        assert_eq!(queue.take_over(&worker("a")).claimed.len(), 0);
        assert_eq!(repair(queue).len(), posts.len());
        for (id, job) in posts {
            assert_eq!(queue.job(id, "status"), job);
        }
        assert_eq!(queue.job(fresh, "status"), "processing", "its worker may still be at it");
        assert_eq!(queue.claim(&worker("a")).post_id, other);
    });
}

/// A post that another program ended while its call was open is looked up. Another
/// program changed the columns that it knows of a post that this program was sending.
#[test]
fn post_ended_elsewhere_mid_call_is_looked_up() {
    for status in ["cancelled", "failed"] {
        on_every_engine(|queue| {
            let (claim, _) = queue.sent(&worker("a"));
            queue.database.execute(&format!(
                "UPDATE post_details SET status = '{status}', error_message = 'by hand'"
            ));
            queue.leases_end();
            assert_eq!(repair(queue), [claim.post_id]);
            let next = queue.successor(&worker("b"));
            assert_eq!(next.open_intents.len(), 1);
            assert!(next.cancel_requested, "it was ended: it shall not be sent again");
            assert_eq!(queue.states(claim.post_id), "processing/processing");
        });
    }
}

/// A job that was reset without its post is claimed like any other. The reset
/// of the old scheduler knows only the job. It has decided to send it again,
/// and this program knows of no call of its own.
#[test]
fn job_reset_without_post_is_claimed() {
    on_every_engine(|queue| {
        let id = insert(queue, "processing", "pending", None);
        assert_eq!(repair(queue), []);
        assert_eq!(queue.claim(&worker("a")).post_id, id);
    });
}

/// **T1r**: a job that another program requeued while its call was open is
/// looked up.
#[test]
fn job_requeued_elsewhere_is_looked_up() {
    on_every_engine(|queue| {
        let (claim, _) = queue.sent(&worker("a"));
        queue.database.execute(
            "UPDATE post_schedule SET status = 'pending', locked_at = NULL, worker_id = NULL,
                                      lease_until = NULL;
             UPDATE post_details SET status = 'pending';",
        );
        let b = worker("b");
        let ids = [claim.post_id];
        let answer = queue.wait(queue.store.cancel_posts(queue.company, &ids, None)).unwrap();
        assert_eq!(answer, [CancelAnswer::Ended(PostStatus::Processing, None)]);
        queue.database.age(Duration::from_secs(3600));
        assert_eq!(
            queue.wait(queue.store.fail_missed(Duration::from_secs(60), &Only::default())).unwrap(),
            []
        );
        let next = queue.claim(&b);
        assert_eq!(next.open_intents.len(), 1);
        assert_eq!(queue.gate(&next), socialsched::store::Gate::Lost);
    });
}

/// **T1r**: a last attempt that another program requeued is looked up, too.
/// Even when its attempts are used up: it must be looked up, not forgotten.
#[test]
fn last_attempt_requeued_elsewhere_is_looked_up() {
    on_every_engine(|queue| {
        queue.sent(&worker("a"));
        queue.database.execute(
            "UPDATE post_schedule SET status = 'pending', locked_at = NULL, worker_id = NULL,
                                      lease_until = NULL, max_attempts = 1;
             UPDATE post_details SET status = 'pending';",
        );
        let next = queue.claim(&worker("b"));
        assert_eq!(next.open_intents.len(), 1);
    });
}

/// The reset of the old scheduler cannot take a job from this program.
#[test]
fn old_reset_cannot_take_our_job() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        // Longer at it than the ten minutes of the old scheduler.
        for _ in 0..13 {
            queue.database.age(Duration::from_secs(50));
            let leases = [claim.lease.clone()];
            assert_eq!(queue.wait(queue.store.renew_leases(&leases, LEASE)).unwrap(), []);
        }
        let blind = "UPDATE post_schedule
                        SET status = 'pending', locked_at = NULL, worker_id = NULL
                      WHERE status = 'processing'";
        let long_ago = queue.database.in_seconds(-600);
        queue.database.execute(&format!("{blind} AND locked_at < {long_ago}"));
        assert_eq!(queue.states(claim.post_id), "processing/processing");
        // A reset that asks for no time is refused where the schema has checks.
        if queue.database.engine() != Engine::MariaDb {
            let refusal = queue.database.try_execute(blind).unwrap_err().to_string();
            assert!(refusal.to_lowercase().contains("constraint"), "{refusal}");
            assert_eq!(queue.states(claim.post_id), "processing/processing");
        }
    });
}

#[test]
fn unreadable_row_fails_with_the_reason() {
    on_every_engine(|queue| {
        let id = insert(queue, "pending", "pending", None);
        queue.database.execute("UPDATE post_details SET media = '{\"not\": \"a list\"}'");
        let a = worker("a");
        let request = queue.claim_request(&a, 10);
        let claimed = queue.wait(queue.store.claim_due(&request)).unwrap();
        let [Claimed::Unreadable { lease, why }] = claimed.as_slice() else {
            panic!("{claimed:?}")
        };
        queue.fail_unreadable(lease, why).unwrap();
        assert_eq!(status_and_outcome(queue, id), ["failed", "not_published"]);
    });
}

/// A row that can no longer be read after its call needs review. It may be
/// live: that it cannot be read proves nothing.
#[test]
fn row_unreadable_after_call_needs_review() {
    on_every_engine(|queue| {
        queue.sent(&worker("a"));
        queue.database.execute("UPDATE post_details SET media = '{\"not\": \"a list\"}'");
        queue.leases_end();
        let b = worker("b");
        let taken = queue.take_over(&b).claimed;
        let [Claimed::Unreadable { lease, why }] = taken.as_slice() else { panic!("{taken:?}") };
        queue.fail_unreadable(lease, why).unwrap();
        assert_eq!(status_and_outcome(queue, lease.post()), ["failed", "unknown"]);
    });
}

/// **T19**: a post with an open call and a bad time needs review.
#[test]
fn open_call_with_bad_time_needs_review() {
    on_every_engine(|queue| {
        let a = worker("a");
        let over = queue.database.in_seconds(-5);
        let mut posts = Vec::new();
        for time in bad_times() {
            for column in ["run_at", "next_attempt_at"] {
                for sent in [true, false] {
                    let post = match sent {
                        true => queue.sent(&a).0.post_id,
                        false => queue.claimed(&a).post_id,
                    };
                    queue.database.lax(&format!(
                        "UPDATE post_schedule SET {column} = {time}, lease_until = {over}
                          WHERE post_detail_id = '{post}'"
                    ));
                    posts.push((post, if sent { "unknown" } else { "not_published" }));
                }
            }
        }
        let (other, _) = queue.sent(&a);
        queue.database.execute(&format!(
            "UPDATE post_schedule SET lease_until = {over} WHERE id = '{}'",
            other.job_id
        ));
        let mut claimed = queue.take_over(&worker("b")).claimed;
        let ended = claimed.iter().filter(|claimed| matches!(claimed, Claimed::Ended(_)));
        assert_eq!(ended.count(), posts.len());
        claimed.retain(|claimed| !matches!(claimed, Claimed::Ended(_)));
        let taken = jobs(claimed);
        assert_eq!(taken.iter().map(|claim| claim.job_id).collect::<Vec<_>>(), [other.job_id]);
        for (post, outcome) in posts {
            assert_eq!(status_and_outcome(queue, post), ["failed", outcome]);
        }
    });
}

/// Otherwise no worker could ever take such a job over.
#[test]
fn a_lease_that_is_no_time_is_over() {
    on_every_engine(|queue| {
        let mut odd = Vec::new();
        for time in bad_times() {
            let claim = queue.claimed(&worker("a"));
            queue.database.lax(&format!(
                "UPDATE post_schedule SET lease_until = {time} WHERE id = '{}'",
                claim.job_id
            ));
            let locked = insert(queue, "pending", "processing", Some(1));
            queue.database.lax(&format!(
                "UPDATE post_schedule SET locked_at = {time} WHERE post_detail_id = '{locked}'"
            ));
            odd.extend([(claim.post_id, 0), (locked, 1)]);
        }
        let mut request = TakeOver::new(worker("b"), LEASE, 100);
        request.foreign_lock = Duration::from_secs(600);
        let mut taken = jobs(queue.wait(queue.store.take_over(&request)).unwrap().claimed);
        taken.sort_by_key(|claim| odd.iter().position(|(post, _)| *post == claim.post_id));
        let open = taken.iter().map(|claim| (claim.post_id, claim.open_intents.len()));
        assert_eq!(open.collect::<Vec<_>>(), odd);
    });
}

/// An abandoned job whose post another program requeued ends like any other.
/// Such a row must not keep all other abandoned jobs from being taken over.
#[test]
fn abandoned_job_with_requeued_post_is_ended() {
    on_every_engine(|queue| {
        let a = worker("a");
        let [spent, unwanted, other] = [(); 3].map(|()| queue.claimed(&a));
        queue.wait(queue.store.cancel_posts(queue.company, &[unwanted.post_id], None)).unwrap();
        queue.database.execute(&format!(
            "UPDATE post_schedule SET max_attempts = 1 WHERE post_detail_id = '{}';
             UPDATE post_details SET status = 'pending' WHERE id <> '{}';",
            spent.post_id, other.post_id,
        ));
        queue.leases_end();
        let taken = queue.take_over(&worker("b"));
        assert_eq!(taken.exhausted, [spent.post_id]);
        assert_eq!(taken.cancelled, [unwanted.post_id]);
        assert_eq!(taken.claimed.len(), 1);
        assert_eq!(queue.states(spent.post_id), "failed/failed");
        assert_eq!(queue.states(unwanted.post_id), "cancelled/done");
    });
}
