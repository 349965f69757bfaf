//! A worker that was declared dead writes nothing more.

use std::time::Duration;

use socialsched::domain::{Artifact, Claim, Fence, Intent, StepKind, WorkerId};
use socialsched::store::{Gate, Next, Settled, Staged, Step};

use super::{LEASE, Queue, failure, on_every_engine, worker};

const MINUTE: Duration = Duration::from_secs(60);

/// One write of a worker that needs its claim; `true`: it was refused.
type Write = fn(&Queue, &WorkerId, &Claim, &Intent) -> bool;

fn failed(queue: &Queue, worker: &WorkerId, claim: &Claim, step: &Step, next: &Next) -> bool {
    let why = failure("too late");
    let settled = queue.store.record_failure(worker, claim, step, &why, Staged::Anew, next);
    queue.wait(settled).unwrap() == Settled::Lost
}

/// Every write but evidence.
const WRITES: &[(&str, Write)] = &[
    ("T2 heartbeat", |q, w, c, _| {
        q.wait(q.store.renew_leases(w, &[(c.job_id, c.fence)], LEASE)).unwrap() == [c.job_id]
    }),
    ("T3 staged", |q, w, c, _| {
        let artifact = Artifact::new(StepKind::Create, "container", "17");
        !q.wait(q.store.record_staged(w, c, &[artifact])).unwrap()
    }),
    ("T4 gate", |q, w, c, _| q.gate(w, c) == Gate::Lost),
    ("T4c cancel", |q, w, c, _| q.wait(q.store.cancel_claimed(w, c)).unwrap() == Settled::Lost),
    ("T6 retry", |q, w, c, _| failed(q, w, c, &Step::Prepare, &Next::Retry(MINUTE))),
    ("T6 give back", |q, w, c, _| failed(q, w, c, &Step::Prepare, &Next::GiveBack(MINUTE))),
    ("T6 refused call", |q, w, c, i| {
        failed(q, w, c, &Step::Publish(Box::new(i.clone())), &Next::Retry(MINUTE))
    }),
    ("T6 looked up", |q, w, c, i| {
        failed(q, w, c, &Step::Lookup(vec![i.clone()]), &Next::Retry(MINUTE))
    }),
    ("T7 fail", |q, w, c, _| failed(q, w, c, &Step::Prepare, &Next::Fail)),
    ("T8 hold", |q, w, c, _| {
        q.wait(q.store.hold(w, c, &failure("who knows"), None)).unwrap() == Settled::Lost
    }),
    ("T8 look-up", |q, w, c, _| {
        q.wait(q.store.record_lookup(w, c, &failure("not yet"), MINUTE)).unwrap() == Settled::Lost
    }),
    ("T11 release", |q, w, c, _| q.wait(q.store.release(w, c, MINUTE)).unwrap() == Settled::Lost),
    ("T11 release until due", |q, w, c, _| {
        q.wait(q.store.release_until_due(w, c)).unwrap() == Settled::Lost
    }),
    ("T14 unhold", |q, w, c, _| {
        q.wait(q.store.unhold(w, c, &failure("deleted"))).unwrap() == Settled::Lost
    }),
];

#[track_caller]
fn assert_all_refused(queue: &Queue, worker: &WorkerId, claim: &Claim, intent: &Intent) {
    let before = queue.tables();
    for (name, write) in WRITES {
        assert!(write(queue, worker, claim, intent), "{name} was not refused");
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
        assert_all_refused(queue, &a, &claim, &imagined(&claim));
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
        assert_all_refused(queue, &a, &claim, &imagined(&claim));
    });
}

/// Every write is refused with a fence of the future.
#[test]
fn future_fence_refuses_every_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let mut claim = queue.claimed(&a);
        claim.fence = Fence(claim.fence.0 + 1);
        assert_all_refused(queue, &a, &claim, &imagined(&claim));
    });
}

#[test]
fn every_write_is_refused_under_another_workers_name() {
    on_every_engine(|queue| {
        let claim = queue.claimed(&worker("a"));
        assert_all_refused(queue, &worker("b"), &claim, &imagined(&claim));
    });
}

/// Every write is refused after the job was requeued.
#[test]
fn requeueing_refuses_every_stale_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        queue.wait(queue.store.release(&a, &claim, Duration::ZERO)).unwrap();
        assert_all_refused(queue, &a, &claim, &imagined(&claim));
    });
}

/// Every write is refused after the post went live.
#[test]
fn publication_refuses_every_stale_write() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.live(&a, &claim, &intent, &super::receipt("fb_1")).unwrap();
        assert_all_refused(queue, &a, &claim, &intent);
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
            let unknown = queue.store.record_unknown(&a, &claim, &intent, &lost, MINUTE);
            assert_eq!(queue.wait(unknown).unwrap(), Settled::Lost);
            assert_eq!(queue.post(claim.post_id), post);
            assert_eq!(queue.database.rows("SELECT * FROM post_schedule"), jobs);
            assert_eq!(queue.history(claim.post_id).len(), 2);
        });
    }
}

fn unanswered(failure: &socialsched::domain::Failure) -> socialsched::store::Heard {
    socialsched::store::Heard::Nothing(failure.clone())
}
