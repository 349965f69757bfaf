//! T3, T6, T7, T8, T11: what a worker learnt about a post that is not live.

use std::time::Duration;

use socialsched::domain::{
    Artifact, Claim, Failure, FailureCode, LogEvent, Outcome, Remedy, StepKind,
};
use socialsched::store::{Next, Settled, Staged, Step};

use super::{Queue, failure, on_every_engine, worker};

const MINUTE: Duration = Duration::from_secs(60);

fn fail(queue: &Queue, claim: &Claim, step: &Step, next: &Next) -> Settled {
    let a = worker("a");
    let why = failure("the platform said no");
    queue.wait(queue.store.record_failure(&a, claim, step, &why, Staged::Keep, next)).unwrap()
}

fn upload(number: u32) -> Artifact {
    Artifact::new(StepKind::Upload, format!("photo/{number}"), format!("id-{number}"))
}

#[test]
fn t3_staged_objects_are_handed_to_the_next_worker() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        for number in 0..2 {
            assert!(queue.wait(queue.store.record_staged(&a, &claim, &[upload(number)])).unwrap());
        }
        let next = queue.successor(&worker("b"));
        assert_eq!(next.staging.id("photo/0"), Some("id-0"));
        assert_eq!(next.staging.id("photo/1"), Some("id-1"));
    });
}

#[test]
fn t3_objects_before_a_restage_count_no_more() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.wait(queue.store.record_staged(&a, &claim, &[upload(0)])).unwrap();
        let next = Next::Retry(Duration::ZERO);
        let dead =
            Failure::new(Remedy::Restage, FailureCode::StagingExpired, "the container expired");
        queue
            .wait(queue.store.record_failure(
                &a,
                &claim,
                &Step::Prepare,
                &dead,
                Staged::Anew,
                &next,
            ))
            .unwrap();
        queue.database.age(MINUTE);
        let again = queue.claim(&a);
        assert!(!again.staging.has("photo/0"));
        queue.wait(queue.store.record_staged(&a, &again, &[upload(1)])).unwrap();
        let next = queue.successor(&worker("b"));
        assert!(next.staging.has("photo/1") && !next.staging.has("photo/0"));
    });
}

#[test]
fn t3_staged_objects_are_not_used_when_they_are_a_day_old() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.wait(queue.store.record_staged(&a, &claim, &[upload(0)])).unwrap();
        queue.database.age(Duration::from_secs(21 * 60 * 60));
        assert!(!queue.successor(&worker("b")).staging.has("photo/0"));
    });
}

#[test]
fn t3_objects_of_an_open_call_are_kept_however_old() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.wait(queue.store.record_staged(&a, &claim, &[upload(0)])).unwrap();
        queue.intent(&a, &claim);
        queue.database.age(Duration::from_secs(21 * 60 * 60));
        assert!(queue.successor(&worker("b")).staging.has("photo/0"));
    });
}

#[test]
fn t6_a_failed_attempt_is_put_back_with_its_reason() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        let step = Step::Publish(Box::new(intent));
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

#[test]
fn t6_a_given_back_attempt_does_not_count() {
    on_every_engine(|queue| {
        let a = worker("a");
        for round in 1..=5 {
            let claim = if round == 1 { queue.claimed(&a) } else { queue.claim(&a) };
            assert_eq!((claim.attempts, claim.fence.0), (1, round));
            fail(queue, &claim, &Step::Prepare, &Next::GiveBack(MINUTE));
            assert_eq!(queue.post(claim.post_id).attempts, 0);
            queue.database.age(MINUTE);
        }
    });
}

#[test]
fn t6_a_job_with_an_open_call_never_goes_back_to_the_queue() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, _) = queue.sent(&a);
        let before = queue.tables();
        for next in [Next::Retry(MINUTE), Next::GiveBack(MINUTE), Next::Fail] {
            let why = failure("no");
            let put_back = queue.wait(queue.store.record_failure(
                &a,
                &claim,
                &Step::Prepare,
                &why,
                Staged::Keep,
                &next,
            ));
            assert!(put_back.is_err(), "{next:?}");
        }
        assert!(queue.wait(queue.store.release(&a, &claim, MINUTE)).is_err());
        assert!(queue.wait(queue.store.release_until_due(&a, &claim)).is_err());
        assert_eq!(queue.tables(), before);
    });
}

#[test]
fn t6_a_wish_is_honoured_instead_of_going_back() {
    for next in [Next::Retry(MINUTE), Next::GiveBack(MINUTE), Next::Fail] {
        on_every_engine(|queue| {
            let a = worker("a");
            let (claim, intent) = queue.sent(&a);
            queue.wait(queue.store.cancel_posts(queue.company, &[claim.post_id], None)).unwrap();
            let settled = fail(queue, &claim, &Step::Publish(Box::new(intent)), &next);
            assert_eq!(settled, Settled::Cancelled);
            assert_eq!(queue.states(claim.post_id), "cancelled/done");
        });
    }
}

#[test]
fn t7_the_last_attempt_and_a_hopeless_one_end_as_failed() {
    on_every_engine(|queue| {
        let a = worker("a");
        let mut draft = queue.draft();
        draft.max_attempts = 1;
        let last = queue.insert(&draft);
        let claim = queue.claim(&a);
        fail(queue, &claim, &Step::Prepare, &Next::Retry(MINUTE));
        let claim = queue.claimed(&a);
        fail(queue, &claim, &Step::Prepare, &Next::Fail);
        for id in [last, claim.post_id] {
            let post = queue.post(id);
            assert_eq!(queue.states(id), "failed/failed");
            assert_eq!(post.outcome, Some(Outcome::NotPublished));
            assert_eq!(post.error_message.as_deref(), Some("the platform said no"));
            assert_eq!(post.error_code.as_deref(), Some("some_code"));
        }
    });
}

#[test]
fn t7_a_platform_that_gives_no_reason_still_leaves_one() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let (step, why) = (Step::Prepare, failure(""));
        queue
            .wait(queue.store.record_failure(&a, &claim, &step, &why, Staged::Keep, &Next::Fail))
            .unwrap();
        let reason = queue.post(claim.post_id).error_message.unwrap();
        assert_eq!(reason, "the platform gave no reason");
    });
}

#[test]
fn t8_an_outcome_nobody_can_tell_is_held_for_a_person() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, _) = queue.sent(&a);
        let held =
            queue.wait(queue.store.hold(&a, &claim, &failure("no right to read"), None)).unwrap();
        assert_eq!(held, Settled::Done);
        let post = queue.post(claim.post_id);
        assert_eq!(queue.states(claim.post_id), "failed/failed");
        assert_eq!(post.outcome, Some(Outcome::Unknown));
        assert_eq!(post.error_message.unwrap(), "may be live: no right to read");
        queue.leases_end();
        assert_eq!(queue.claims(&a).len() + queue.take_over(&a).claimed.len(), 0);
        assert_eq!(queue.wait(queue.store.held(10)).unwrap().len(), 1);
    });
}

#[test]
fn t8_an_unanswered_call_is_looked_up_by_whoever_comes_first() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        let lost = failure("no answer");
        let parked = queue
            .wait(queue.store.record_unknown(&a, &claim, &intent, &unanswered(&lost), MINUTE))
            .unwrap();
        assert_eq!(parked, Settled::Done);
        assert_eq!(queue.states(claim.post_id), "processing/processing");
        assert_eq!(queue.take_over(&a).claimed.len(), 0, "not yet");
        queue.database.age(MINUTE);
        let next = queue.successor(&worker("b"));
        let seen = Failure::new(Remedy::Retry, FailureCode::NotLive, "not there");
        let b = worker("b");
        queue.wait(queue.store.record_lookup(&b, &next, &seen, MINUTE)).unwrap();
        let again = queue.successor(&a);
        assert_eq!(again.attempts, 1, "looking costs no attempt");
        assert_eq!(again.open_intents[0].lookups, 1);
        assert!(again.open_intents[0].not_live_for.unwrap() >= Duration::from_secs(600));
        let step = Step::Lookup(again.open_intents.clone());
        assert_eq!(fail(queue, &again, &step, &Next::Retry(MINUTE)), Settled::Done);
        assert_eq!(queue.states(claim.post_id), "pending/pending");
        queue.database.age(MINUTE);
        assert_eq!(queue.claim(&a).open_intents, []);
    });
}

#[test]
fn t11_a_worker_that_stops_gives_its_job_back_uncounted() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let settled = queue.wait(queue.store.release(&a, &claim, Duration::ZERO)).unwrap();
        assert_eq!(settled, Settled::Done);
        let post = queue.post(claim.post_id);
        assert_eq!((queue.states(claim.post_id).as_str(), post.attempts), ("pending/pending", 0));
        assert_eq!(post.error_message, None);
        assert_eq!(queue.claim(&worker("b")).attempts, 1);
    });
}

#[test]
fn t11_a_wish_is_honoured_when_a_worker_stops() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.wait(queue.store.cancel_posts(queue.company, &[claim.post_id], None)).unwrap();
        let settled = queue.wait(queue.store.release(&a, &claim, Duration::ZERO)).unwrap();
        assert_eq!(settled, Settled::Cancelled);
    });
}

fn unanswered(failure: &socialsched::domain::Failure) -> socialsched::store::Heard {
    socialsched::store::Heard::Nothing(failure.clone())
}
