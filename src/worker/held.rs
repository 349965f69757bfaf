//! The jobs this process holds now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{AccountId, Claim, Fence, Intent, JobId};

/// Jobs in flight: what the heartbeat renews, and how full each account is.
#[derive(Debug, Default)]
pub(super) struct HeldJobs {
    jobs: Mutex<HashMap<(JobId, Fence), Held>>,
    accounts: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug, Clone)]
struct Held {
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
        let held = Held { account: claim.account.id, intent: None };
        lock(&self.jobs).insert((claim.job_id, claim.fence), held);
    }

    /// Takes a job off the list, and tells whether its publish call was cleared.
    pub(super) fn remove(&self, claim: &Claim) -> Option<Intent> {
        lock(&self.jobs).remove(&(claim.job_id, claim.fence)).and_then(|held| held.intent)
    }

    pub(super) fn cleared(&self, claim: &Claim, intent: &Intent) {
        if let Some(held) = lock(&self.jobs).get_mut(&(claim.job_id, claim.fence)) {
            held.intent = Some(intent.clone());
        }
    }

    pub(super) fn fences(&self) -> Vec<(JobId, Fence)> {
        lock(&self.jobs).keys().copied().collect()
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
