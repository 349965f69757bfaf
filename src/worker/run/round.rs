//! One round: look what waits in the queue, and take as many jobs as there is room for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::{Claim, HELD_FOR};
use crate::store::{ClaimRequest, Claimed, Look, StoreError, TakeOver, Waits};
use crate::worker::caught::caught;
use crate::worker::context::Context;
use crate::worker::on_time::time_left;
use crate::worker::{End, Event, recovery};

use super::Run;

/// Jobs of one account in flight at once: one that publishes, one that prepares.
const PER_ACCOUNT: u32 = 2;

/// Posts that another program ended without their jobs are looked for no more
/// often: it reads all that is due, and such jobs are not claimed anyway.
const REPAIR_EVERY: Duration = Duration::from_secs(10);

impl Run {
    /// Does what waits and is not in hand yet. Tells whether there was anything. An error
    /// or a panic in one part does not keep the others from being done; the first one is
    /// returned.
    pub(super) async fn round(&mut self) -> Result<bool, StoreError> {
        let fed = caught("recording spooled answers", self.feed_spool()).await;
        let waits = caught("looking what waits", self.look()).await;
        let (waits, looked) = match waits {
            Ok(waits) => (waits, Ok(false)),
            // An outage is everything's; of all else, each part may find what it can.
            Err(error) if error.is_outage() => (Waits::default(), Err(error)),
            Err(error) => (Waits::UNKNOWN, Err(error)),
        };
        let ended = caught("ending missed posts", self.end_missed(&waits)).await;
        let abandoned = caught("taking jobs over", self.take_abandoned(&waits)).await;
        let due = match ended {
            // There may be more of them, which must not be sent: looked for again first.
            Ok(true) => {
                self.looked = None;
                self.may_be_due = false;
                Ok(true)
            }
            Ok(false) | Err(_) => {
                self.may_be_due = waits.due;
                // Once a second, clients take turns.
                caught("claiming", self.take_due(true)).await
            }
        };
        let owed = caught("following up", self.start_follow_ups(&waits)).await;
        Ok(fed? | looked? | ended? | abandoned? | due? | owed?)
    }

    /// Looks at the queue, without taking anything.
    async fn look(&mut self) -> Result<Waits, StoreError> {
        self.looked = Some(Instant::now());
        let context = &self.parts.context;
        let look = Look {
            claims: claim_request(context, 1),
            take_over: self.take_over_request(1),
            max_late: context.options.max_late,
        };
        let waits = context.store.look(&look).await?;
        self.next_due = waits.next_due.map(|next| Instant::now() + next.saturating_sub(HELD_FOR));
        Ok(waits)
    }

    async fn end_missed(&mut self, waits: &Waits) -> Result<bool, StoreError> {
        let (store, options) = (&self.parts.context.store, &self.parts.context.options);
        let missed = match waits.missed {
            true => match store.fail_missed(options.max_late, &options.only).await {
                Err(StoreError::Constraint(_)) if self.repair().await? => {
                    store.fail_missed(options.max_late, &options.only).await?
                }
                result => result?,
            },
            false => Vec::new(),
        };
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

    async fn take_abandoned(&mut self, waits: &Waits) -> Result<bool, StoreError> {
        let options = &self.parts.context.options;
        // Look-ups of old trouble leave a slot for what is due.
        let looking = self.running.values().filter(|claim| !claim.open_intents.is_empty()).count();
        let most = options.concurrency.saturating_sub(1).max(1);
        let looking = u32::try_from(looking).unwrap_or(most);
        let limit = self.room().min(most.saturating_sub(looking));
        if limit == 0 || !waits.abandoned {
            return Ok(false);
        }
        let request = self.take_over_request(limit);
        let pauses = self.parts.context.in_flight.pauses();
        let taken = self.parts.context.store.take_over(&request).await?;
        let events = recovery::ended(&taken);
        let ended = !events.is_empty();
        for event in events {
            self.note(event);
        }
        Ok(self.start_all(taken.claimed, pauses).await? | ended)
    }

    fn take_over_request(&self, limit: u32) -> TakeOver {
        let options = &self.parts.context.options;
        let mut request = TakeOver::new(options.id.clone(), options.lease, limit);
        request.only = options.only;
        request.except = self.running.values().map(|claim| claim.job_id).collect();
        request
    }

    /// Claims in sets: not before half of what ran has ended, but from then on before the
    /// other half has.
    pub(super) fn is_time_to_claim(&self) -> bool {
        self.may_be_due && self.running.len() <= self.claimed_to / 2 && self.room() > 0
    }

    pub(super) async fn take_due(&mut self, in_turns: bool) -> Result<bool, StoreError> {
        let limit = self.room().min(self.parts.context.options.batch_size);
        if !self.may_be_due || limit == 0 {
            return Ok(false);
        }
        let request = ClaimRequest { in_turns, ..claim_request(&self.parts.context, limit) };
        let pauses = self.parts.context.in_flight.pauses();
        let claimed = self.parts.context.store.claim_due(&request).await?;
        self.may_be_due = !claimed.is_empty();
        let any = self.start_all(claimed, pauses).await?;
        self.claimed_to = self.running.len();
        Ok(any)
    }

    /// How many jobs may be taken now. A batch of them waits for slots, so that no slot waits
    /// for a claim.
    fn room(&self) -> u32 {
        let options = &self.parts.context.options;
        let ahead = options.batch_size.min(options.concurrency);
        let most = options.concurrency.saturating_add(ahead);
        let left =
            options.max_jobs.map_or(u64::MAX, |max| max.saturating_sub(self.summary.claimed));
        most.saturating_sub(self.in_flight()).min(u32::try_from(left).unwrap_or(u32::MAX))
    }

    async fn start_all(&mut self, claimed: Vec<Claimed>, pauses: u64) -> Result<bool, StoreError> {
        let any = !claimed.is_empty();
        let mut result = Ok(any);
        for claimed in claimed {
            match &claimed {
                Claimed::Job(claim) if !claim.due && !is_held(claim) => self.summary.prepared += 1,
                Claimed::Job(_) | Claimed::Unreadable { .. } => self.summary.claimed += 1,
                Claimed::Ended(_) => {}
            }
            match claimed {
                Claimed::Job(claim) => self.start(*claim, pauses),
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

    async fn start_follow_ups(&mut self, waits: &Waits) -> Result<bool, StoreError> {
        if self.follow_ups.is_empty() && waits.follow_ups {
            self.follow_up();
        }
        Ok(false)
    }

    pub(super) fn follow_up(&mut self) {
        let parts = Arc::clone(&self.parts);
        self.follow_ups.spawn(async move { parts.follow_ups.run().await });
    }

    fn in_flight(&self) -> u32 {
        u32::try_from(self.running.len()).unwrap_or(u32::MAX)
    }

    /// Begins with a job as soon as there is a slot for it; `pauses` were seen when it was
    /// claimed.
    fn start(&mut self, mut claim: Claim, pauses: u64) {
        let is_held = !claim.due && is_held(&claim);
        claim.job.due |= is_held;
        self.parts.context.in_flight.add(&claim);
        self.beat();
        let parts = Arc::clone(&self.parts);
        let (stop, closing) = (self.stop.clone(), self.closing.clone());
        let job = claim.clone();
        let handle = self.jobs.spawn(async move {
            let Context { in_flight, on_time, .. } = &*parts.context;
            let slot = async {
                if is_held {
                    on_time.until_gate(&job).await;
                }
                in_flight.slot().await
            };
            let slot = tokio::select! {
                biased;
                () = closing.cancelled() => None,
                slot = slot => slot,
            };
            let is_outdated = slot.is_none() || in_flight.pauses() != pauses;
            if is_outdated && job.open_intents.is_empty() {
                return parts.recorder.requeue(&job.lease, Duration::ZERO, End::Released).await;
            }
            in_flight.begun(&job.lease);
            parts.publishing.work(job, &stop).await
        });
        self.running.insert(handle.id(), claim);
    }
}

/// Whether a job that is not due waits for its time in memory.
fn is_held(claim: &Claim) -> bool {
    time_left(claim) <= HELD_FOR
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
        in_turns: false,
        max_attempts: options.max_attempts,
        only: options.only,
    }
}
