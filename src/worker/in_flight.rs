//! The jobs in flight in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{AccountId, Claim, Intent, Lease};

/// Jobs in flight: what the heartbeat renews, and how full each account is.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    jobs: Mutex<HashMap<Lease, Entry>>,
    accounts: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug, Clone)]
struct Entry {
    account: AccountId,
    /// Set once a publish call was cleared: after a panic the outcome is unknown.
    intent: Option<Intent>,
}

/// A panic while a lock is held cannot leave these maps half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InFlight {
    pub(super) fn add(&self, claim: &Claim) {
        let entry = Entry { account: claim.account.id, intent: None };
        lock(&self.jobs).insert(claim.lease.clone(), entry);
    }

    /// Takes a job off the list, and returns the intent of its call if one was cleared.
    pub(super) fn remove(&self, lease: &Lease) -> Option<Intent> {
        lock(&self.jobs).remove(lease).and_then(|entry| entry.intent)
    }

    pub(super) fn cleared(&self, lease: &Lease, intent: &Intent) {
        if let Some(entry) = lock(&self.jobs).get_mut(lease) {
            entry.intent = Some(intent.clone());
        }
    }

    pub(super) fn leases(&self) -> Vec<Lease> {
        lock(&self.jobs).keys().cloned().collect()
    }

    pub(super) fn per_account(&self) -> HashMap<AccountId, u32> {
        let mut counts = HashMap::new();
        for entry in lock(&self.jobs).values() {
            *counts.entry(entry.account).or_default() += 1;
        }
        counts
    }

    /// The lock under which an account's publish calls go out one by one.
    pub(super) fn account(&self, account: AccountId) -> Arc<tokio::sync::Mutex<()>> {
        lock(&self.accounts).entry(account).or_default().clone()
    }
}
