//! T1, T2, T9, T10 and take-overs: who owns a job, and for how long.

use std::collections::HashMap;
use std::time::Duration;

use socialsched::domain::{AccountId, Failure, FailureCode, Outcome, Platform, Remedy, Scope};
use socialsched::store::{Next, Phase, Settled, Staged};

use super::queue::jobs;
use super::{LEASE, Queue, failure, on_every_engine, worker};

/// **T1**: a claim counts the attempt and raises the fence.
#[test]
fn claim_counts_attempt_and_raises_fence() {
    on_every_engine(|queue| {
        let a = worker("a");
        let id = queue.schedule();
        let claim = queue.claim(&a);
        assert_eq!((claim.post_id, claim.attempts, claim.fence.0), (id, 1, 1));
        assert!(claim.due && !claim.cancel_requested && claim.open_intents.is_empty());
        assert_eq!(queue.states(id), "processing/processing");
        assert_eq!(queue.post(id).attempts, 1, "the post counts with its job");
        assert_eq!(queue.job(id, "worker_id"), "a");
        assert_eq!(queue.job(id, "lease_until > locked_at"), "1");
        let before = queue.tables();
        assert_eq!(queue.claims(&worker("b")).len(), 0, "it is taken");
        assert_eq!(queue.tables(), before);
    });
}

/// **T1**: only due posts of accounts that are neither paused nor throttled are
/// claimed.
#[test]
fn only_due_posts_of_active_accounts_are_claimed() {
    on_every_engine(|queue| {
        let a = worker("a");
        let mut draft = queue.draft();
        let now = queue.wait(queue.store.now()).unwrap();
        draft.run_at = Some(now + chrono::Duration::minutes(10));
        queue.insert(&draft);
        assert_eq!(queue.claims(&a).len(), 0, "not due");
        queue.database.age(Duration::from_secs(11 * 60));
        queue.wait(queue.store.pause_account(queue.company, queue.account, "a holiday")).unwrap();
        assert_eq!(queue.claims(&a).len(), 0, "paused");
        queue.wait(queue.store.resume_account(queue.company, queue.account)).unwrap();
        let rest = Remedy::Wait { rest: Duration::from_secs(60), scope: Scope::Account };
        let limit = Failure::new(rest, FailureCode::from("429".to_owned()), "a limit");
        queue.wait(queue.store.rest_accounts(draft.post_id, &limit)).unwrap();
        assert_eq!(queue.claims(&a).len(), 0, "resting");
        queue.database.age(Duration::from_secs(61));
        queue.claim(&a);
    });
}

/// **T1**: no throttle makes a longer one shorter. A moment's throttle of a
/// whole app must not end an account's long one.
#[test]
fn shorter_throttle_never_shortens_a_longer_one() {
    on_every_engine(|queue| {
        let draft = queue.draft();
        queue.insert(&draft);
        let rest = |seconds, scope| {
            let rest = Remedy::Wait { rest: Duration::from_secs(seconds), scope };
            let limit = Failure::new(rest, FailureCode::from("429".to_owned()), "a limit");
            queue.wait(queue.store.rest_accounts(draft.post_id, &limit)).unwrap();
        };
        rest(3600, Scope::Account);
        rest(60, Scope::App);
        queue.database.age(Duration::from_secs(3500));
        assert_eq!(queue.claims(&worker("a")).len(), 0);
        rest(600, Scope::Account);
        queue.database.age(Duration::from_secs(500));
        assert_eq!(queue.claims(&worker("a")).len(), 0, "a longer one counts");
        queue.database.age(Duration::from_secs(101));
        queue.claim(&worker("a"));
    });
}

/// **T1**: a post waits for its next attempt.
#[test]
fn post_waits_for_its_next_attempt() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let next = Next::Retry(Duration::from_secs(60));
        queue.record_failure(&claim, &Phase::Prepare, &failure("no"), Staged::Keep, &next).unwrap();
        assert_eq!(queue.claims(&a).len(), 0);
        queue.database.age(Duration::from_secs(61));
        assert_eq!(queue.claim(&a).attempts, 2);
    });
}

/// **T1**: posts due soon are claimed for preparing only.
#[test]
fn posts_due_soon_are_only_prepared() {
    on_every_engine(|queue| {
        let a = worker("a");
        let mut draft = queue.draft();
        let now = queue.wait(queue.store.now()).unwrap();
        draft.run_at = Some(now + chrono::Duration::minutes(4));
        let id = queue.insert(&draft);
        let mut request = queue.claim_request(&a, 10);
        request.ahead = Duration::from_secs(5 * 60);
        let claim = jobs(queue.wait(queue.store.claim_due(&request)).unwrap()).remove(0);
        assert!(!claim.due);
        let settled = queue.release_until_due(&claim).unwrap();
        assert_eq!(settled, Settled::Done);
        assert_eq!(queue.job(id, "next_attempt_at = run_at"), "1");
        assert_eq!(queue.post(id).attempts, 0, "preparing costs no attempt");
        assert_eq!(queue.wait(queue.store.due(&request)).unwrap(), [], "prepared once is enough");
        queue.database.age(Duration::from_secs(5 * 60));
        assert!(queue.claim(&a).due);
    });
}

/// **T1**: an account gives no more than its share.
#[test]
fn account_gives_only_its_share() {
    on_every_engine(|queue| {
        let a = worker("a");
        let other = AccountId::generate();
        queue.add_account(other, Platform::Facebook);
        for _ in 0..5 {
            queue.schedule();
        }
        let mut draft = queue.draft();
        draft.account_id = other;
        let last = queue.insert(&draft);
        let mut request = queue.claim_request(&a, 4);
        request.per_account = 2;
        let claims = jobs(queue.wait(queue.store.claim_due(&request)).unwrap());
        let of_other = claims.iter().filter(|claim| claim.account.id == other).count();
        assert_eq!((claims.len(), of_other), (3, 1));
        assert_eq!(queue.states(last), "processing/processing");
        request.in_flight = HashMap::from([(queue.account, 2), (other, 1)]);
        assert_eq!(queue.wait(queue.store.claim_due(&request)).unwrap().len(), 0);
    });
}

/// **T2**: a heartbeat prolongs a lease and never revives one.
#[test]
fn heartbeat_prolongs_but_never_revives_leases() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let beat = || {
            queue.wait(queue.store.renew_leases(std::slice::from_ref(&claim.lease), LEASE)).unwrap()
        };
        let left = queue.database.seconds_until("lease_until");
        queue.database.age(Duration::from_secs(50));
        assert_eq!(beat(), []);
        assert_eq!(queue.job(claim.post_id, &left), "60");
        let locked_for = queue.job(claim.post_id, &queue.database.seconds_until("locked_at"));
        assert!(locked_for.parse::<i64>().unwrap() > -5, "{locked_for}");
        queue.leases_end();
        let before = queue.tables();
        assert_eq!(beat(), [claim.job_id], "over is over");
        assert_eq!(queue.tables(), before);
        queue.successor(&worker("b"));
        assert_eq!(beat(), [claim.job_id], "it is another worker's");
        queue.database.execute("UPDATE post_schedule SET worker_id = 'a'");
        assert_eq!(beat(), [claim.job_id], "it is another claim's");
    });
}

/// **T9**: an abandoned job goes to another worker with a higher fence.
#[test]
fn abandoned_job_is_taken_over_with_new_fence() {
    on_every_engine(|queue| {
        let claim = queue.claimed(&worker("a"));
        assert_eq!(queue.take_over(&worker("b")).claimed.len(), 0, "the lease still runs");
        let next = queue.successor(&worker("b"));
        assert_eq!((next.post_id, next.attempts), (claim.post_id, 2));
        assert_eq!(next.fence.0, claim.fence.0 + 1);
        assert_eq!(queue.job(claim.post_id, "worker_id"), "b");
        let reason = queue.post(claim.post_id).error_message.unwrap();
        assert_eq!(reason, "worker a stopped in the middle of attempt 1");
    });
}

/// **T9**: a job whose call may have gone out is taken over without counting.
#[test]
fn take_over_of_sent_call_counts_nothing() {
    on_every_engine(|queue| {
        let (claim, intent) = queue.sent(&worker("a"));
        // Also when no attempts are left: it is only looked up.
        queue.database.execute("UPDATE post_schedule SET max_attempts = 1");
        let next = queue.successor(&worker("b"));
        assert_eq!((next.attempts, next.fence.0), (1, claim.fence.0 + 1));
        let open: Vec<_> =
            next.open_intents.iter().map(|open| (open.fence, open.step_no)).collect();
        assert_eq!(open, [(intent.fence, intent.step_no)]);
        assert!(next.open_intents[0].age >= Duration::from_secs(600));
    });
}

/// **T9**: a cancel request is honoured when the worker died before its gate.
#[test]
fn cancel_is_honoured_before_the_gate() {
    on_every_engine(|queue| {
        let claim = queue.claimed(&worker("a"));
        queue.wait(queue.store.cancel_posts(queue.company, &[claim.post_id], None)).unwrap();
        queue.leases_end();
        let taken = queue.take_over(&worker("b"));
        assert_eq!(taken.cancelled, [claim.post_id]);
        assert_eq!(queue.states(claim.post_id), "cancelled/done");
    });
}

/// **T9**: a cancel request is not honoured while the call may have gone out.
#[test]
fn cancel_is_refused_after_the_gate() {
    on_every_engine(|queue| {
        let (claim, _) = queue.sent(&worker("a"));
        queue.wait(queue.store.cancel_posts(queue.company, &[claim.post_id], None)).unwrap();
        let next = queue.successor(&worker("b"));
        assert!(next.cancel_requested);
        assert_eq!(queue.states(claim.post_id), "processing/processing");
    });
}

/// **T10**: a post whose workers died in every attempt fails with the reason.
#[test]
fn exhausted_attempts_fail_with_the_reason() {
    on_every_engine(|queue: &Queue| {
        let claim = queue.claimed(&worker("w1"));
        for name in ["w2", "w3"] {
            queue.successor(&worker(name));
        }
        queue.leases_end();
        let taken = queue.take_over(&worker("w4"));
        assert_eq!(taken.exhausted, [claim.post_id]);
        assert_eq!(taken.claimed.len(), 0);
        let post = queue.post(claim.post_id);
        assert_eq!(queue.states(claim.post_id), "failed/failed");
        assert_eq!((post.attempts, post.outcome), (3, Some(Outcome::NotPublished)));
        assert_eq!(post.error_message.unwrap(), "the worker died 3 times while handling this post");
    });
}
