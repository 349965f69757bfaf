//! The jobs this process holds now, and one-time recovery for the `recover` command.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{AccountId, Claim, Fence, Intent, JobId, PostId};
use crate::store::{Claimed, StoreError, TakeOver};

use super::{End, Event, Worker};

/// Jobs in flight: what the heartbeat renews, and how full each account is.
#[derive(Debug, Default)]
pub(super) struct HeldJobs {
    jobs: Mutex<HashMap<JobId, Held>>,
    accounts: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug, Clone)]
struct Held {
    fence: Fence,
    account: AccountId,
    /// Set once a publish call was cleared: after a panic the outcome is unknown.
    intent: Option<Intent>,
}

/// A panic while a lock is held cannot leave these maps half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HeldJobs {
    pub(super) fn add(&self, claim: &Claim) {
        let held = Held { fence: claim.fence, account: claim.account.id, intent: None };
        lock(&self.jobs).insert(claim.job_id, held);
    }

    /// Takes a job off the list, and tells whether its publish call was cleared.
    pub(super) fn remove(&self, job: JobId) -> Option<Intent> {
        lock(&self.jobs).remove(&job).and_then(|held| held.intent)
    }

    pub(super) fn cleared(&self, job: JobId, intent: &Intent) {
        if let Some(held) = lock(&self.jobs).get_mut(&job) {
            held.intent = Some(intent.clone());
        }
    }

    pub(super) fn fences(&self) -> Vec<(JobId, Fence)> {
        lock(&self.jobs).iter().map(|(job, held)| (*job, held.fence)).collect()
    }

    pub(super) fn per_account(&self) -> HashMap<AccountId, u32> {
        let mut counts = HashMap::new();
        for held in lock(&self.jobs).values() {
            *counts.entry(held.account).or_default() += 1;
        }
        counts
    }

    /// The lock under which an account's publish calls go out one by one.
    pub(super) fn account(&self, account: AccountId) -> Arc<tokio::sync::Mutex<()>> {
        lock(&self.accounts).entry(account).or_default().clone()
    }
}

/// What the `recover` command did.
#[derive(Debug, Clone, Default)]
pub struct Recovery {
    /// Back in the queue, or ended, after their worker had died.
    pub recovered: Vec<Event>,
    /// Looked up at the platform; some of them are settled now.
    pub reconciled: Vec<Event>,
    /// Repaired halves of other programs' changes.
    pub repaired: Vec<PostId>,
}

impl Worker {
    /// Takes over abandoned jobs, looks up open and held outcomes, repairs
    /// what other programs left half done. Publishes nothing.
    ///
    /// # Errors
    /// The database is away.
    pub async fn recover(
        &self,
        foreign_lock: std::time::Duration,
        limit: u32,
    ) -> Result<Recovery, StoreError> {
        let shared = &self.shared;
        let options = &shared.options;
        let mut recovery = Recovery {
            repaired: shared.store.repair_halves(None, false).await?,
            ..Recovery::default()
        };
        let mut request = TakeOver::new(options.id.clone(), options.lease, limit);
        request.foreign_lock = foreign_lock;
        let taken = shared.store.take_over(&request).await?;
        for post in taken.exhausted {
            let failure = crate::domain::Failure::new(
                crate::domain::Remedy::GiveUp,
                "worker_died",
                "the worker died in every attempt",
            );
            recovery.recovered.push(Event::without_claim(post, End::Failed(failure)));
        }
        for post in taken.cancelled {
            recovery.recovered.push(Event::without_claim(post, End::Cancelled));
        }
        for claimed in taken.claimed {
            match claimed {
                Claimed::Unreadable { job_id, post_id, fence, why } => {
                    let event = shared.fail_unreadable((job_id, post_id, fence), why).await?;
                    recovery.recovered.push(event);
                }
                Claimed::Job(claim) if claim.open_intents.is_empty() => {
                    let end = shared.give_back(&claim).await?;
                    recovery.recovered.push(Event::of(&claim, end));
                }
                Claimed::Job(claim) => {
                    let end = shared.reconcile(&claim).await?;
                    recovery.reconciled.push(Event::of(&claim, end));
                }
            }
        }
        for claimed in shared.store.held(limit).await? {
            let Claimed::Job(claim) = claimed else { continue };
            let end = shared.look_at_held(&claim).await?;
            recovery.reconciled.push(Event::of(&claim, end));
        }
        Ok(recovery)
    }
}
