//! One round: look after the queue, and take as many jobs as there is room for.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::domain::Claim;
use crate::store::{ClaimRequest, Claimed, StoreError, TakeOver};
use crate::worker::context::Context;
use crate::worker::{End, Event, recovery};

use super::Run;

/// Jobs of one account in flight at once: one that publishes, one that prepares.
const PER_ACCOUNT: u32 = 2;

/// Posts that another program ended without their jobs are looked for no more
/// often: it reads all that is due, and such jobs are not claimed anyway.
const REPAIR_EVERY: Duration = Duration::from_secs(10);

impl Run {
    /// Looks after the queue and fills free slots. Tells whether a job was
    /// taken or ended. An error or a panic in one part does not keep the others
    /// from being done; the first one is returned.
    pub(super) async fn round(&mut self) -> Result<bool, StoreError> {
        let fed = caught("recording spooled answers", self.feed_spool()).await;
        let ended = caught("ending missed posts", self.end_missed()).await;
        let abandoned = caught("taking jobs over", self.take_abandoned()).await;
        let due = caught("claiming", self.take_due()).await;
        let owed = caught("following up", self.start_follow_ups()).await;
        Ok(fed? | ended? | abandoned? | due? | owed?)
    }

    async fn end_missed(&mut self) -> Result<bool, StoreError> {
        let (store, options) = (&self.parts.context.store, &self.parts.context.options);
        let missed = store.fail_missed(options.max_late, &options.only).await?;
        let repaired = if self.repaired.is_none_or(|at| at.elapsed() >= REPAIR_EVERY) {
            self.repaired = Some(Instant::now());
            store.repair_halves(Some(options.prepare_ahead), false).await?
        } else {
            Vec::new()
        };
        for post in &missed {
            self.note(Event::without_claim(*post, End::Missed));
        }
        Ok(!missed.is_empty() || !repaired.is_empty())
    }

    async fn take_abandoned(&mut self) -> Result<bool, StoreError> {
        let options = &self.parts.context.options;
        // Look-ups of old trouble leave a slot for what is due.
        let looking = self.running.values().filter(|claim| !claim.open_intents.is_empty()).count();
        let most = options.concurrency.saturating_sub(1).max(1);
        let looking = u32::try_from(looking).unwrap_or(most);
        let limit = self.free_slots().min(most.saturating_sub(looking));
        if limit == 0 {
            return Ok(false);
        }
        let mut request = TakeOver::new(options.id.clone(), options.lease, limit);
        request.only = options.only;
        request.except = self.running.values().map(|claim| claim.job_id).collect();
        let taken = self.parts.context.store.take_over(&request).await?;
        let events = recovery::ended(&taken);
        let ended = !events.is_empty();
        for event in events {
            self.note(event);
        }
        Ok(self.start_all(taken.claimed).await? | ended)
    }

    async fn take_due(&mut self) -> Result<bool, StoreError> {
        let limit = self.free_slots();
        let claimed =
            self.parts.context.store.claim_due(&claim_request(&self.parts.context, limit)).await?;
        self.start_all(claimed).await
    }

    /// How many jobs may be taken now.
    fn free_slots(&self) -> u32 {
        let options = &self.parts.context.options;
        let free = options.concurrency.saturating_sub(self.in_flight()).min(options.batch_size);
        let left =
            options.max_jobs.map_or(u64::MAX, |max| max.saturating_sub(self.summary.claimed));
        free.min(u32::try_from(left).unwrap_or(u32::MAX))
    }

    async fn start_all(&mut self, claimed: Vec<Claimed>) -> Result<bool, StoreError> {
        let any = !claimed.is_empty();
        let mut result = Ok(any);
        for claimed in claimed {
            match &claimed {
                Claimed::Job(claim) if !claim.due => self.summary.prepared += 1,
                Claimed::Job(_) | Claimed::Unreadable { .. } => self.summary.claimed += 1,
                Claimed::Ended(_) => {}
            }
            match claimed {
                Claimed::Job(claim) => self.start(*claim),
                Claimed::Unreadable { lease, why } => {
                    match self.parts.recorder.fail_unreadable(&lease, why).await {
                        Ok(event) => self.note(event),
                        Err(error) => result = Err(error),
                    }
                }
                Claimed::Ended(ended) => {
                    if let Some(event) = recovery::unclaimable(ended) {
                        self.note(event);
                    }
                }
            }
        }
        result
    }

    async fn start_follow_ups(&mut self) -> Result<bool, StoreError> {
        while let Some(ended) = self.follow_ups.try_join_next() {
            self.followed_up(ended);
        }
        let (store, only) = (&self.parts.context.store, &self.parts.context.options.only);
        if self.follow_ups.is_empty() && store.owes_follow_up(only).await? {
            let parts = Arc::clone(&self.parts);
            self.follow_ups.spawn(async move { parts.follow_ups.run().await });
        }
        Ok(false)
    }

    fn in_flight(&self) -> u32 {
        u32::try_from(self.running.len()).unwrap_or(u32::MAX)
    }

    fn start(&mut self, claim: Claim) {
        self.parts.context.in_flight.add(&claim);
        self.beat();
        let parts = Arc::clone(&self.parts);
        let stop = self.stop.clone();
        let job = claim.clone();
        let handle = self.jobs.spawn(async move { parts.publishing.work(job, &stop).await });
        self.running.insert(handle.id(), claim);
    }
}

/// Runs a part of a round; a panic in it is an error like any other. What it was
/// at in the database is rolled back.
async fn caught<T>(
    part: &'static str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut work = Box::pin(work);
    poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(StoreError::BrokeOff(part))))
    })
    .await
}

/// What a worker asks for when it takes jobs.
pub(super) fn claim_request(context: &Context, limit: u32) -> ClaimRequest {
    let options = &context.options;
    ClaimRequest {
        worker: options.id.clone(),
        lease: options.lease,
        limit,
        ahead: options.prepare_ahead,
        in_flight: context.in_flight.per_account(),
        per_account: PER_ACCOUNT,
        max_attempts: options.max_attempts,
        only: options.only,
    }
}
