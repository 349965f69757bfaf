//! T0f, T0m, T1c, T1r: rows of other programs that know only the old columns.

use std::time::Duration;

use socialsched::domain::{LogEvent, Only, Outcome, PostId, PostStatus, StepKind};
use socialsched::store::{CancelAnswer, Claimed, Settled, TakeOver};

use super::queue::jobs;
use super::{LEASE, Queue, failure, on_every_engine, worker};
use crate::support::{Engine, bad_times};

/// Inserts a post and its job as the old scheduler does, locked so many seconds ago.
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

#[test]
fn t0f_a_plain_insert_is_published_like_any_other() {
    on_every_engine(|queue| {
        let id = insert(queue, "pending", "pending", None);
        let a = worker("a");
        let claim = queue.claim(&a);
        assert_eq!((claim.post_id, claim.content.caption.as_str()), (id, "From Node.js"));
        let intent = queue.intent(&a, &claim);
        queue.live(&a, &claim, &intent, &super::receipt("fb_1")).unwrap();
        assert_eq!(queue.states(id), "published/done");
    });
}

#[test]
fn t0f_attempts_of_the_old_scheduler_count() {
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

#[test]
fn t0m_a_job_the_old_scheduler_left_locked_is_looked_up_and_never_sent_blindly() {
    on_every_engine(|queue| {
        // The old scheduler marks only the job.
        let id = insert(queue, "pending", "processing", Some(11 * 60));
        let b = worker("b");
        let claim = jobs(queue.take_over(&b).claimed).remove(0);
        assert_eq!(claim.post_id, id);
        assert_eq!(claim.open_intents.len(), 1, "its call may have gone out");
        assert_eq!(queue.gate(&b, &claim), socialsched::store::Gate::Lost);
        let held =
            queue.wait(queue.store.hold(&b, &claim, &failure("no id to ask for"), None)).unwrap();
        assert_eq!(held, Settled::Done);
        assert_eq!(queue.post(id).outcome, Some(Outcome::Unknown));
        let log = queue.history(id);
        assert_eq!((log[0].kind, log[0].event), (StepKind::Publish, LogEvent::Intent));
    });
}

#[test]
fn t0m_a_lock_of_the_old_scheduler_is_respected_for_ten_minutes() {
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

#[test]
fn t0m_more_attempts_than_ours_break_nothing() {
    on_every_engine(|queue| {
        insert(queue, "pending", "processing", Some(11 * 60));
        queue.database.execute("UPDATE post_schedule SET attempts = 7");
        assert_eq!(queue.take_over(&worker("b")).claimed.len(), 1);
    });
}

#[test]
fn a_job_locked_by_the_old_scheduler_is_not_cancelled_behind_its_back() {
    on_every_engine(|queue| {
        let id = insert(queue, "pending", "processing", Some(60));
        let answer = queue.wait(queue.store.cancel_posts(queue.company, &[id], None)).unwrap();
        assert_eq!(answer, [CancelAnswer::Asked]);
        assert_eq!(queue.job(id, "status"), "processing");
    });
}

#[test]
fn a_pending_post_whose_job_another_program_ended_can_be_cancelled() {
    on_every_engine(|queue| {
        for job in ["done", "failed"] {
            let id = insert(queue, "pending", job, None);
            let answer = queue.wait(queue.store.cancel_posts(queue.company, &[id], None)).unwrap();
            assert_eq!(answer, [CancelAnswer::Cancelled], "{job}");
            assert_eq!(queue.states(id), "cancelled/done");
        }
    });
}

#[test]
fn t1c_a_post_cancelled_by_another_program_is_never_claimed_and_its_job_ended() {
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

#[test]
fn halves_of_a_later_time_are_repaired_when_asked_for() {
    on_every_engine(|queue| {
        let id = insert(queue, "cancelled", "pending", None);
        let later = queue.database.in_seconds(3600);
        queue.database.execute(&format!("UPDATE post_schedule SET run_at = {later}"));
        assert_eq!(repair(queue), []);
        assert_eq!(queue.wait(queue.store.repair_halves(None, false)).unwrap(), [id]);
    });
}

/// The old scheduler marks the post first and its job later, and may die in between.
#[test]
fn a_job_left_open_by_another_program_ends_as_its_post_did() {
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

/// Another program changed the half it knows of a post this program was sending.
#[test]
fn a_post_ended_by_another_program_while_its_call_is_open_is_looked_up() {
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
            assert!(next.cancel_wished, "it was ended: it shall not be sent again");
            assert_eq!(queue.states(claim.post_id), "processing/processing");
        });
    }
}

/// The reset of the old scheduler knows only the job. It has decided to send
/// it again, and this program knows of no call of its own.
#[test]
fn a_job_reset_without_its_post_is_claimed_like_any_other() {
    on_every_engine(|queue| {
        let id = insert(queue, "processing", "pending", None);
        assert_eq!(repair(queue), []);
        assert_eq!(queue.claim(&worker("a")).post_id, id);
    });
}

#[test]
fn t1r_a_job_put_back_by_another_program_while_its_call_is_open_is_looked_up() {
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
        assert_eq!(queue.gate(&b, &next), socialsched::store::Gate::Lost);
    });
}

/// Even when its attempts are used up: it must be looked up, not forgotten.
#[test]
fn t1r_a_last_attempt_put_back_by_another_program_is_looked_up_too() {
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

#[test]
fn the_reset_of_the_old_scheduler_cannot_take_a_job_from_this_one() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        // Longer at it than the ten minutes of the old scheduler.
        for _ in 0..13 {
            queue.database.age(Duration::from_secs(50));
            let held = [(claim.job_id, claim.fence)];
            assert_eq!(queue.wait(queue.store.renew_leases(&a, &held, LEASE)).unwrap(), []);
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
fn a_row_that_cannot_be_read_fails_with_the_reason() {
    on_every_engine(|queue| {
        let id = insert(queue, "pending", "pending", None);
        queue.database.execute("UPDATE post_details SET media = '{\"not\": \"a list\"}'");
        let a = worker("a");
        let request = queue.claim_request(&a, 10);
        let claimed = queue.wait(queue.store.claim_due(&request)).unwrap();
        let [Claimed::Unreadable { claim, why }] = claimed.as_slice() else {
            panic!("{claimed:?}")
        };
        queue.wait(queue.store.fail_unreadable(&a, *claim, why)).unwrap();
        assert_eq!(status_and_outcome(queue, id), ["failed", "not_published"]);
    });
}

/// It may be live: that it cannot be read any more proves nothing.
#[test]
fn a_row_that_cannot_be_read_any_more_after_its_call_is_held() {
    on_every_engine(|queue| {
        queue.sent(&worker("a"));
        queue.database.execute("UPDATE post_details SET media = '{\"not\": \"a list\"}'");
        queue.leases_end();
        let b = worker("b");
        let taken = queue.take_over(&b).claimed;
        let [Claimed::Unreadable { claim, why }] = taken.as_slice() else { panic!("{taken:?}") };
        queue.wait(queue.store.fail_unreadable(&b, *claim, why)).unwrap();
        assert_eq!(status_and_outcome(queue, claim.post), ["failed", "unknown"]);
    });
}

#[test]
fn an_open_call_beside_a_bad_time_is_held() {
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

/// Else nobody could ever take such a job over.
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

/// Such a row must not keep all other abandoned jobs from being taken over.
#[test]
fn an_abandoned_job_whose_post_was_put_back_by_another_program_ends_like_any_other() {
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
