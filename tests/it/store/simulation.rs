//! What `simulate` sees of killed workers' jobs, and how it advances time.

use std::time::Duration;

use socialsched::store::{AfterDeath, Location, OwnedJob, Scratch, Store};

use super::{LEASE, Queue, on_every_engine, receipt, worker};
use crate::support::Engine;

#[track_caller]
fn in_flight(queue: &Queue, name: &str) -> Vec<OwnedJob> {
    queue.wait(queue.store.owned_by(&worker(name))).unwrap()
}

#[track_caller]
fn now(queue: &Queue, jobs: &[OwnedJob]) -> Vec<AfterDeath> {
    queue.wait(queue.store.after_death(jobs)).unwrap()
}

/// A job belongs to its worker until it ends, or the lease does.
#[test]
fn job_belongs_to_worker_until_lease_ends() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let job = OwnedJob { job_id: claim.job_id, fence: claim.fence, in_call: false };
        assert_eq!((in_flight(queue, "a"), in_flight(queue, "b")), (vec![job], vec![]));
        let intent = queue.intent(&claim);
        assert_eq!(in_flight(queue, "a"), [OwnedJob { in_call: true, ..job }]);
        queue.live(&a, &claim, &intent, &receipt("1_2")).unwrap();
        assert_eq!(in_flight(queue, "a"), []);
        let claim = queue.claimed(&a);
        queue.leases_end();
        assert_eq!(in_flight(queue, "a"), [], "fence {}", claim.fence);
    });
}

#[test]
fn a_job_waits_until_another_worker_takes_it() {
    on_every_engine(|queue| {
        queue.claimed(&worker("a"));
        let jobs = in_flight(queue, "a");
        queue.leases_end();
        assert_eq!(now(queue, &jobs), [AfterDeath::Waits], "no worker has taken it");
        assert_eq!(queue.take_over(&worker("b")).claimed.len(), 1);
        assert_eq!(now(queue, &jobs), [AfterDeath::Taken]);
        // Also when that one is at its end, or dies: a living worker had it.
        queue.leases_end();
        assert_eq!(now(queue, &jobs), [AfterDeath::Taken]);
        assert_eq!(now(queue, &[]), []);
    });
}

/// A job that a dead worker had ended is waited for by no other one.
#[test]
fn job_ended_by_dead_worker_is_final() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let intent = queue.intent(&claim);
        let jobs = in_flight(queue, "a");
        assert_eq!(now(queue, &jobs), [AfterDeath::Waits]);
        queue.live(&a, &claim, &intent, &receipt("1_2")).unwrap();
        assert_eq!(now(queue, &jobs), [AfterDeath::Settled]);
    });
}

/// Time that passes moves due times and ends leases.
#[test]
fn simulated_time_moves_due_times_and_leases() {
    on_every_engine(|queue| {
        let near = match queue.database.engine() {
            Engine::Sqlite => Location::Sqlite(queue.database.path().with_extension("scratch")),
            _ => queue.database.url().parse().unwrap(),
        };
        let timeout = Duration::from_secs(20);
        let scratch = queue.wait(Scratch::make(&near, timeout)).unwrap();
        let store = queue.wait(Store::open_scratch(&scratch, timeout)).unwrap();
        let mut other = Queue::new(queue.database.engine());
        let own = std::mem::replace(&mut other.store, store);
        other.add_account(other.account, socialsched::domain::Platform::Facebook);
        let post = other.schedule();
        let (before, claimed) = (other.post(post).run_at, other.claims(&worker("a")).len());
        assert_eq!((claimed, in_flight(&other, "a").len()), (1, 1));
        let pass = |time| other.wait(scratch.let_time_pass(time, timeout)).unwrap();
        pass(LEASE / 2);
        assert_eq!(in_flight(&other, "a").len(), 1, "the lease runs on");
        pass(LEASE);
        assert_eq!(in_flight(&other, "a").len(), 0);
        let passed = before - other.post(post).run_at;
        assert_eq!(passed.num_milliseconds(), 90_000);
        let store = std::mem::replace(&mut other.store, own);
        queue.wait(store.close());
        queue.wait(scratch.remove(timeout)).unwrap();
    });
}
