//! Recovery on an operator's word, beside or instead of a running worker.

use std::time::Duration;

use crate::domain::{Claim, Failure, FailureCode, Outcome, PostId, Remedy};
use crate::store::{Claimed, Ended, StoreError, TakeOver, TakenOver};

use super::heartbeat::Heartbeat;
use super::{End, Event, Parts, Worker};

/// Jobs taken over at a time: few, so that each is looked at soon.
const BATCH: u32 = 5;

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
    /// Records answers that wait in the spool, takes over abandoned jobs, looks
    /// up open calls and posts that need review, repairs what other programs left half done.
    /// Publishes nothing. Handles at most `most` jobs and `most` posts that need review.
    ///
    /// # Errors
    /// The database is away.
    pub async fn recover(&self, foreign_lock: Duration, most: u32) -> Result<Recovery, StoreError> {
        let parts = &self.parts;
        let mut recovery = Recovery {
            recovered: parts.recorder.feed_spool().await?,
            repaired: parts.context.store.repair_halves(None, false).await?,
            ..Recovery::default()
        };
        let heartbeat = Heartbeat::start(&parts.context).ok();
        let result = self.recover_into(&mut recovery, foreign_lock, most).await;
        if let Some(heartbeat) = heartbeat {
            heartbeat.stop().await;
        }
        result.map(|()| recovery)
    }

    /// Records answers that wait in the spool, and nothing else.
    ///
    /// # Errors
    /// The database is away.
    pub async fn record_spooled(&self) -> Result<(), StoreError> {
        self.parts.recorder.feed_spool().await.map(|_| ())
    }

    async fn recover_into(
        &self,
        recovery: &mut Recovery,
        foreign_lock: Duration,
        most: u32,
    ) -> Result<(), StoreError> {
        let parts = &self.parts;
        let options = &parts.context.options;
        let mut request = TakeOver::new(options.id.clone(), options.lease, BATCH);
        request.foreign_lock = foreign_lock;
        for _ in 0..most.div_ceil(BATCH) {
            let taken = parts.context.store.take_over(&request).await?;
            recovery.recovered.extend(ended(&taken));
            if taken.claimed.is_empty() {
                break;
            }
            // All of them, not only the one at hand: one whose lease ran out while it
            // waits would be taken over again, and its dead worker counted twice.
            for claimed in &taken.claimed {
                if let Claimed::Job(claim) = claimed {
                    parts.context.in_flight.add(claim);
                }
            }
            for claimed in taken.claimed {
                parts.recover_one(claimed, recovery).await?;
            }
        }
        for read in parts.context.store.needs_review(most).await? {
            let post = read.post();
            // Marked so just now, after a look.
            if recovery.reconciled.iter().any(|event| event.post_id == post) {
                continue;
            }
            match &read.job {
                Ok(job) => {
                    let end = parts.reconciler.review(job).await?;
                    recovery.reconciled.push(Event::of(job, end));
                }
                // Read only: nothing is ended.
                Err(why) => tracing::warn!(%post, "the post stays as it is: {why}"),
            }
        }
        Ok(())
    }
}

/// The jobs that taking over has ended.
pub(super) fn ended(taken: &TakenOver) -> Vec<Event> {
    let died = || {
        let message = "the worker died in every attempt at this post";
        End::Failed(Failure::new(Remedy::GiveUp, FailureCode::WorkerDied, message))
    };
    let exhausted = taken.exhausted.iter().map(|post| Event::without_claim(*post, died()));
    let cancelled = taken.cancelled.iter().map(|post| Event::without_claim(*post, End::Cancelled));
    exhausted.chain(cancelled).collect()
}

/// The end of a post whose job cannot be claimed, if it can be named.
pub(super) fn unclaimable(ended: Ended) -> Option<Event> {
    let failure = Failure::new(Remedy::GiveUp, FailureCode::InvalidRow, ended.why);
    let end = match ended.outcome {
        Outcome::Unknown => End::Unknown(failure),
        Outcome::NotPublished | Outcome::Published => End::Failed(failure),
    };
    Some(Event::without_claim(ended.post?, end))
}

impl Parts {
    async fn recover_one(
        &self,
        claimed: Claimed,
        recovery: &mut Recovery,
    ) -> Result<(), StoreError> {
        match claimed {
            Claimed::Unreadable { lease, why } => {
                let event = self.recorder.fail_unreadable(&lease, why).await?;
                recovery.recovered.push(event);
            }
            Claimed::Ended(ended) => recovery.recovered.extend(unclaimable(ended)),
            Claimed::Job(claim) => {
                let is_open = !claim.open_intents.is_empty();
                let end = self.recover_job(&claim).await;
                self.context.in_flight.remove(&claim.lease);
                let event = Event::of(&claim, end?);
                if is_open { &mut recovery.reconciled } else { &mut recovery.recovered }
                    .push(event);
            }
        }
        Ok(())
    }

    async fn recover_job(&self, claim: &Claim) -> Result<End, StoreError> {
        if claim.open_intents.is_empty() {
            self.recorder.requeue(&claim.lease, Duration::ZERO, End::Released).await
        } else {
            self.reconciler.reconcile(claim).await
        }
    }
}
