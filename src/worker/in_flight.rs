//! The jobs in flight in this process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::{AccountId, Claim, Intent, Lease};

/// Jobs in flight: what the heartbeat renews, and how full each account is.
#[derive(Debug)]
pub(super) struct InFlight {
    /// Room for jobs that are worked on; the others wait for it.
    slots: Semaphore,
    jobs: Mutex<HashMap<Lease, Entry>>,
    accounts: Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<()>>>>,
    /// How often this process has paused an account or a platform.
    pauses: AtomicU64,
}

#[derive(Debug, Clone)]
struct Entry {
    account: AccountId,
    /// It has been worked on; before, it waits for a slot.
    is_begun: bool,
    /// Set once a publish call was cleared: after a panic the outcome is unknown.
    intent: Option<Intent>,
}

/// A panic while a lock is held cannot leave these maps half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InFlight {
    /// At most so many jobs are worked on at once.
    pub(super) fn new(concurrency: u32) -> Self {
        let slots = Semaphore::new(usize::try_from(concurrency).unwrap_or(Semaphore::MAX_PERMITS));
        Self {
            slots,
            jobs: Mutex::default(),
            accounts: Mutex::default(),
            pauses: AtomicU64::new(0),
        }
    }

    /// Waits until one more job may be worked on. Nothing closes it.
    pub(super) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    pub(super) fn add(&self, claim: &Claim) {
        let entry = Entry { account: claim.account.id, is_begun: false, intent: None };
        lock(&self.jobs).insert(claim.lease.clone(), entry);
    }

    pub(super) fn begun(&self, lease: &Lease) {
        if let Some(entry) = lock(&self.jobs).get_mut(lease) {
            entry.is_begun = true;
        }
    }

    /// Takes a job off the list. Returns whether it has been worked on, and the intent of its
    /// call if one was cleared.
    pub(super) fn remove(&self, lease: &Lease) -> (bool, Option<Intent>) {
        let entry = lock(&self.jobs).remove(lease);
        entry.map_or((false, None), |entry| (entry.is_begun, entry.intent))
    }

    /// An account or a platform was paused: what was claimed before may be of it.
    pub(super) fn paused(&self) {
        self.pauses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn pauses(&self) -> u64 {
        self.pauses.load(Ordering::Relaxed)
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
