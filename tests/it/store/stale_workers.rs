//! A worker that was declared dead writes nothing more.

use std::time::Duration;

use socialsched::domain::{Artifact, Claim, Intent, StepKind};
use socialsched::store::{Gate, Next, Phase, Settled, Staged};

use super::{LEASE, Queue, failure, on_every_engine, worker};

const MINUTE: Duration = Duration::from_secs(60);

/// One write of a worker that needs its claim; `true`: it was refused.
type Write = fn(&Queue, &Claim, &Intent) -> bool;

fn failed(queue: &Queue, claim: &Claim, phase: &Phase, next: &Next) -> bool {
    let why = failure("too late");
    queue.record_failure(claim, phase, &why, Staged::Anew, next).unwrap() == Settled::Lost
}

/// Every write but evidence.
const WRITES: &[(&str, Write)] = &[
    ("T2 heartbeat", |q, c, _| {
        q.wait(q.store.renew_leases(std::slice::from_ref(&c.lease), LEASE)).unwrap() == [c.job_id]
    }),
    ("T3 staged", |q, c, _| {
        let artifact = Artifact::new(StepKind::Create, "container", "17");
        !q.record_staged(c, &[artifact]).unwrap()
    }),
    ("T4 gate", |q, c, _| q.gate(c) == Gate::Lost),
    ("T4c cancel", |q, c, _| q.release(c, Duration::ZERO).unwrap() == Settled::Lost),
    ("T6 retry", |q, c, _| failed(q, c, &Phase::Prepare, &Next::Retry(MINUTE))),
    ("T6 give back", |q, c, _| failed(q, c, &Phase::Prepare, &Next::GiveBack(MINUTE))),
    ("T6 refused call", |q, c, i| {
        failed(q, c, &Phase::Publish(Box::new(i.clone())), &Next::Retry(MINUTE))
    }),
    ("T6 looked up", |q, c, i| failed(q, c, &Phase::Lookup(vec![i.clone()]), &Next::Retry(MINUTE))),
    ("T7 fail", |q, c, _| failed(q, c, &Phase::Prepare, &Next::Fail)),
    ("T8 hold", |q, c, _| {
        q.ask_for_review(c, &failure("who knows"), None).unwrap() == Settled::Lost
    }),
    ("T8 look-up", |q, c, _| {
        q.record_lookup(c, &failure("not yet"), MINUTE).unwrap() == Settled::Lost
    }),
    ("T11 release", |q, c, _| q.release(c, MINUTE).unwrap() == Settled::Lost),
    ("T11 release until due", |q, c, _| q.release_until_due(c).unwrap() == Settled::Lost),
    ("T14 fail_reviewed", |q, c, _| {
        q.fail_reviewed(c, &failure("deleted")).unwrap() == Settled::Lost
    }),
];

#[track_caller]
fn assert_all_refused(queue: &Queue, claim: &Claim, intent: &Intent) {
    let before = queue.tables();
    for (name, write) in WRITES {
        assert!(write(queue, claim, intent), "{name} was not refused");
        assert_eq!(queue.tables(), before, "{name} changed something");
    }
}

/// An intent as the claim would have had, had it come that far.
fn imagined(claim: &Claim) -> Intent {
    Intent::cleared(claim.fence, 1, claim.run_at)
}

/// Every write is refused once another worker has taken over.
#[test]
fn take_over_refuses_every_stale_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.successor(&worker("b"));
        assert_all_refused(queue, &claim, &imagined(&claim));
    });
}

/// Every write is refused with an older fence of the same name. The name does
/// not decide: a restarted worker may be called the same.
#[test]
fn older_fence_refuses_every_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.successor(&a);
        assert_all_refused(queue, &claim, &imagined(&claim));
    });
}

/// Every write is refused with a fence of the future.
#[test]
fn future_fence_refuses_every_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.will_be_broken();
        queue.database.execute("UPDATE post_schedule SET fence = fence - 1");
        assert_all_refused(queue, &claim, &imagined(&claim));
    });
}

#[test]
fn every_write_is_refused_under_another_workers_name() {
    on_every_engine(|queue| {
        let claim = queue.claimed(&worker("a"));
        queue.database.execute("UPDATE post_schedule SET worker_id = 'b'");
        assert_all_refused(queue, &claim, &imagined(&claim));
    });
}

/// Every write is refused after the job was requeued.
#[test]
fn requeueing_refuses_every_stale_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.release(&claim, Duration::ZERO).unwrap();
        assert_all_refused(queue, &claim, &imagined(&claim));
    });
}

/// Every write is refused after the post went live.
#[test]
fn publication_refuses_every_stale_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.live(&a, &claim, &intent, &super::receipt("fb_1")).unwrap();
        assert_all_refused(queue, &claim, &intent);
    });
}

/// An unanswered call of a stale worker leaves evidence and no other change.
/// What the worker knows about its call is a fact; the job is no longer its,
/// whatever its successor is called.
#[test]
fn stale_unanswered_call_leaves_only_evidence() {
    for successor in ["a", "b"] {
        on_every_engine(|queue| {
            let a = worker("a");
            let (claim, intent) = queue.sent(&a);
            queue.successor(&worker(successor));
            let post = queue.post(claim.post_id);
            let jobs = queue.database.rows("SELECT * FROM post_schedule");
            let lost = unanswered(&failure("no answer"));
            let settled = queue.record_unknown(&claim, &intent, &lost, MINUTE).unwrap();
            assert_eq!(settled, Settled::Lost);
            assert_eq!(queue.post(claim.post_id), post);
            assert_eq!(queue.database.rows("SELECT * FROM post_schedule"), jobs);
            assert_eq!(queue.history(claim.post_id).len(), 2);
        });
    }
}

fn unanswered(failure: &socialsched::domain::Failure) -> socialsched::store::Heard {
    socialsched::store::Heard::Nothing(failure.clone())
}
