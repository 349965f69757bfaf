//! T3, T6, T7, T8, T11: what a worker found out about a post that is not live.

use std::time::Duration;

use socialsched::domain::{
    Artifact, Claim, Failure, FailureCode, LogEvent, Outcome, Remedy, StepKind,
};
use socialsched::store::{Next, Phase, Settled, Staged};

use super::{Queue, failure, on_every_engine, worker};

const MINUTE: Duration = Duration::from_secs(60);

fn fail(queue: &Queue, claim: &Claim, step: &Phase, next: &Next) -> Settled {
    let why = failure("the platform said no");
    queue.record_failure(claim, step, &why, Staged::Keep, next).unwrap()
}

fn upload(number: u32) -> Artifact {
    Artifact::new(StepKind::Upload, format!("photo/{number}"), format!("id-{number}"))
}

/// **T3**: staged objects are handed to the next worker.
#[test]
fn staged_objects_pass_to_next_worker() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        for number in 0..2 {
            assert!(queue.record_staged(&claim, &[upload(number)]).unwrap());
        }
        let next = queue.successor(&worker("b"));
        assert_eq!(next.staging.id("photo/0"), Some("id-0"));
        assert_eq!(next.staging.id("photo/1"), Some("id-1"));
    });
}

/// **T3**: objects from before a restage no longer count.
#[test]
fn objects_before_restage_are_dropped() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.record_staged(&claim, &[upload(0)]).unwrap();
        let next = Next::Retry(Duration::ZERO);
        let dead =
            Failure::new(Remedy::Restage, FailureCode::StagingExpired, "the container expired");
        queue.record_failure(&claim, &Phase::Prepare, &dead, Staged::Anew, &next).unwrap();
        queue.database.age(MINUTE);
        let again = queue.claim(&a);
        assert!(!again.staging.has("photo/0"));
        queue.record_staged(&again, &[upload(1)]).unwrap();
        let next = queue.successor(&worker("b"));
        assert!(next.staging.has("photo/1") && !next.staging.has("photo/0"));
    });
}

/// **T3**: staged objects are not used when they are a day old.
#[test]
fn day_old_objects_are_not_used() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.record_staged(&claim, &[upload(0)]).unwrap();
        queue.database.age(Duration::from_secs(21 * 60 * 60));
        assert!(!queue.successor(&worker("b")).staging.has("photo/0"));
    });
}

/// **T3**: objects of an open call are kept, however old they are.
#[test]
fn objects_of_open_call_are_kept() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.record_staged(&claim, &[upload(0)]).unwrap();
        queue.intent(&claim);
        queue.database.age(Duration::from_secs(21 * 60 * 60));
        assert!(queue.successor(&worker("b")).staging.has("photo/0"));
    });
}

/// **T6**: a failed attempt is requeued with its reason.
#[test]
fn failed_attempt_requeues_with_reason() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        let step = Phase::Publish(Box::new(intent));
        assert_eq!(fail(queue, &claim, &step, &Next::Retry(MINUTE)), Settled::Done);
        assert_eq!(queue.states(claim.post_id), "pending/pending");
        let post = queue.post(claim.post_id);
        assert_eq!(post.attempts, 1, "the attempt counts");
        assert_eq!(post.error_message.as_deref(), Some("the platform said no"));
        let wait = post.next_attempt_at.unwrap() - queue.wait(queue.store.now()).unwrap();
        assert!((55..=60).contains(&wait.num_seconds()), "{wait}");
        assert_eq!((queue.job(claim.post_id, "worker_id"), post.worker_id), (String::new(), None));
        let events: Vec<_> = queue.history(claim.post_id).iter().map(|row| row.event).collect();
        assert_eq!(events, [LogEvent::Intent, LogEvent::Refused]);
    });
}

/// **T6**: an attempt that was given back does not count.
#[test]
fn returned_attempt_does_not_count() {
    on_every_engine(|queue| {
        let a = worker("a");
        for round in 1..=5 {
            let claim = if round == 1 { queue.claimed(&a) } else { queue.claim(&a) };
            assert_eq!((claim.attempts, claim.fence.0), (1, round));
            fail(queue, &claim, &Phase::Prepare, &Next::GiveBack(MINUTE));
            assert_eq!(queue.post(claim.post_id).attempts, 0);
            queue.database.age(MINUTE);
        }
    });
}

/// **T6**: a job with an open call never goes back to the queue.
#[test]
fn open_call_is_never_requeued() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, _) = queue.sent(&a);
        let before = queue.tables();
        for next in [Next::Retry(MINUTE), Next::GiveBack(MINUTE), Next::Fail] {
            let why = failure("no");
            let put_back = queue.record_failure(&claim, &Phase::Prepare, &why, Staged::Keep, &next);
            assert!(put_back.is_err(), "{next:?}");
        }
        assert!(queue.release(&claim, MINUTE).is_err());
        assert!(queue.release_until_due(&claim).is_err());
        assert_eq!(queue.tables(), before);
    });
}

/// **T6**: a cancel request is honoured before the job is requeued.
#[test]
fn cancel_is_honoured_before_requeueing() {
    for next in [Next::Retry(MINUTE), Next::GiveBack(MINUTE), Next::Fail] {
        on_every_engine(|queue| {
            let a = worker("a");
            let (claim, intent) = queue.sent(&a);
            queue.wait(queue.store.cancel_posts(queue.company, &[claim.post_id], None)).unwrap();
            let settled = fail(queue, &claim, &Phase::Publish(Box::new(intent)), &next);
            assert_eq!(settled, Settled::Cancelled);
            assert_eq!(queue.states(claim.post_id), "cancelled/done");
        });
    }
}

/// **T7**: the last attempt and a hopeless one end as failed.
#[test]
fn last_or_hopeless_attempt_ends_as_failed() {
    on_every_engine(|queue| {
        let a = worker("a");
        let mut draft = queue.draft();
        draft.max_attempts = 1;
        let last = queue.insert(&draft);
        let claim = queue.claim(&a);
        fail(queue, &claim, &Phase::Prepare, &Next::Retry(MINUTE));
        let claim = queue.claimed(&a);
        fail(queue, &claim, &Phase::Prepare, &Next::Fail);
        for id in [last, claim.post_id] {
            let post = queue.post(id);
            assert_eq!(queue.states(id), "failed/failed");
            assert_eq!(post.outcome, Some(Outcome::NotPublished));
            assert_eq!(post.error_message.as_deref(), Some("the platform said no"));
            assert_eq!(post.error_code.as_deref(), Some("some_code"));
        }
    });
}

/// **T7**: a platform that gives no reason still leaves one.
#[test]
fn missing_platform_reason_still_leaves_one() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let (step, why) = (Phase::Prepare, failure(""));
        queue.record_failure(&claim, &step, &why, Staged::Keep, &Next::Fail).unwrap();
        let reason = queue.post(claim.post_id).error_message.unwrap();
        assert_eq!(reason, "the platform gave no reason");
    });
}

/// **T8**: an outcome that cannot be determined needs review.
#[test]
fn undeterminable_outcome_needs_review() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, _) = queue.sent(&a);
        let result = queue.ask_for_review(&claim, &failure("no right to read"), None).unwrap();
        assert_eq!(result, Settled::Done);
        let post = queue.post(claim.post_id);
        assert_eq!(queue.states(claim.post_id), "failed/failed");
        assert_eq!(post.outcome, Some(Outcome::Unknown));
        assert_eq!(post.error_message.unwrap(), "may be live: no right to read");
        queue.leases_end();
        assert_eq!(queue.claims(&a).len() + queue.take_over(&a).claimed.len(), 0);
        assert_eq!(queue.needs_review().len(), 1);
    });
}

/// **T8**: an unanswered call is looked up by the first worker that is free.
#[test]
fn first_free_worker_looks_up_unanswered_call() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        let lost = failure("no answer");
        let parked = queue.record_unknown(&claim, &intent, &unanswered(&lost), MINUTE).unwrap();
        assert_eq!(parked, Settled::Done);
        assert_eq!(queue.states(claim.post_id), "processing/processing");
        assert_eq!(queue.take_over(&a).claimed.len(), 0, "not yet");
        queue.database.age(MINUTE);
        let next = queue.successor(&worker("b"));
        let seen = Failure::new(Remedy::Retry, FailureCode::NotLive, "not there");
        queue.record_lookup(&next, &seen, MINUTE).unwrap();
        let again = queue.successor(&a);
        assert_eq!(again.attempts, 1, "looking costs no attempt");
        assert_eq!(again.open_intents[0].lookups, 1);
        assert!(again.open_intents[0].not_live_for.unwrap() >= Duration::from_secs(600));
        let step = Phase::Lookup(again.open_intents.clone());
        assert_eq!(fail(queue, &again, &step, &Next::Retry(MINUTE)), Settled::Done);
        assert_eq!(queue.states(claim.post_id), "pending/pending");
        queue.database.age(MINUTE);
        assert_eq!(queue.claim(&a).open_intents, []);
    });
}

/// **T11**: a worker that stops requeues its job uncounted.
#[test]
fn stopping_worker_requeues_its_job_uncounted() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let settled = queue.release(&claim, Duration::ZERO).unwrap();
        assert_eq!(settled, Settled::Done);
        let post = queue.post(claim.post_id);
        assert_eq!((queue.states(claim.post_id).as_str(), post.attempts), ("pending/pending", 0));
        assert_eq!(post.error_message, None);
        assert_eq!(queue.claim(&worker("b")).attempts, 1);
    });
}

/// **T11**: a cancel request is honoured when a worker stops.
#[test]
fn cancel_is_honoured_when_worker_stops() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.wait(queue.store.cancel_posts(queue.company, &[claim.post_id], None)).unwrap();
        let settled = queue.release(&claim, Duration::ZERO).unwrap();
        assert_eq!(settled, Settled::Cancelled);
    });
}

fn unanswered(failure: &socialsched::domain::Failure) -> socialsched::store::Heard {
    socialsched::store::Heard::Nothing(failure.clone())
}
