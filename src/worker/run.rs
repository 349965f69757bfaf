//! The loop: look after the queue, take jobs, let them run, sleep, stop.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::domain::{Claim, Failure, Remedy};
use crate::store::{ClaimRequest, Claimed, Step, StoreError, TakeOver};

use super::heartbeat::Heartbeat;
use super::{End, Event, Shared, Worker};

/// Jobs of one account held at once: one that publishes, one that prepares.
const PER_ACCOUNT: u32 = 2;

/// What a run did, for its last line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Jobs taken from the queue or from dead workers.
    pub claimed: u64,
    pub published: u64,
    /// Attempts that failed and will be repeated.
    pub retried: u64,
    pub failed: u64,
    /// Posts held because nobody can tell whether they are live.
    pub unknown: u64,
    pub missed: u64,
    /// Longest time between a post's due time and its publish call.
    pub max_lag_seconds: u64,
}

impl Summary {
    fn add(&mut self, end: &End) {
        match end {
            End::Published { late, .. } => {
                self.published += 1;
                self.max_lag_seconds = self.max_lag_seconds.max(late.as_secs());
            }
            End::Retrying(_) => self.retried += 1,
            End::Failed(_) => self.failed += 1,
            End::Unknown(_) => self.unknown += 1,
            End::Missed => self.missed += 1,
            End::Prepared
            | End::Waiting(_)
            | End::Resting(_)
            | End::LookingUp(..)
            | End::Cancelled
            | End::Released
            | End::Lost => {}
        }
    }
}

/// How long a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Nothing is due any more.
    Idle,
    /// Somebody stops it.
    Stopped,
}

/// One run of a worker.
struct Run {
    shared: Arc<Shared>,
    stop: CancellationToken,
    jobs: JoinSet<Result<End, StoreError>>,
    running: HashMap<Id, Claim>,
    heartbeat: Option<Heartbeat>,
    summary: Summary,
    /// When due jobs put back for processing at the platform are to be looked at again.
    waiting: BTreeSet<Instant>,
    began: Instant,
}

impl Worker {
    /// Publishes until nothing is due, and as long as media of due posts is
    /// being processed, within the limits of the options.
    ///
    /// # Errors
    /// The database is away.
    pub async fn run_once(&self, stop: CancellationToken) -> Result<Summary, StoreError> {
        self.run(Until::Idle, stop).await
    }

    /// Publishes until stopped. A database that goes away is waited for.
    ///
    /// # Errors
    /// The database was away at the start.
    pub async fn run_until_stopped(&self, stop: CancellationToken) -> Result<Summary, StoreError> {
        self.run(Until::Stopped, stop).await
    }

    /// The posts a run would publish now, without taking any.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due(&self) -> Result<Vec<crate::domain::PostId>, StoreError> {
        let mut request = claim_request(&self.shared, u32::MAX / 4);
        request.per_account = u32::MAX;
        request.ahead = Duration::ZERO;
        self.shared.store.due(&request).await
    }

    async fn run(&self, until: Until, stop: CancellationToken) -> Result<Summary, StoreError> {
        let mut run = Run {
            shared: Arc::clone(&self.shared),
            stop,
            jobs: JoinSet::new(),
            running: HashMap::new(),
            heartbeat: None,
            summary: Summary::default(),
            waiting: BTreeSet::new(),
            began: Instant::now(),
        };
        if until == Until::Stopped {
            // A daemon shows itself also while there is nothing to do.
            run.beat();
        }
        let mut first = true;
        while !run.stop.is_cancelled() && !run.limits_reached() {
            let worked = match run.round().await {
                Ok(worked) => worked,
                Err(error) if until == Until::Stopped && !first && error.is_outage() => {
                    tracing::warn!(%error, "the database is away; waiting for it");
                    false
                }
                Err(error) => {
                    run.drain().await;
                    return Err(error);
                }
            };
            first = false;
            if worked {
                continue;
            }
            if until == Until::Idle && run.running.is_empty() {
                match run.waiting.pop_first() {
                    Some(again) if run.within_runtime(again) => run.sleep_until(again).await,
                    _ => break,
                }
            } else {
                run.sleep().await;
            }
        }
        run.drain().await;
        Ok(run.summary)
    }
}

fn claim_request(shared: &Shared, limit: u32) -> ClaimRequest {
    let options = &shared.options;
    ClaimRequest {
        worker: options.id.clone(),
        lease: options.lease,
        limit,
        ahead: options.prepare_ahead,
        held: shared.held.per_account(),
        per_account: PER_ACCOUNT,
        max_attempts: options.max_attempts,
        platform: options.platform,
        account: options.account,
    }
}

impl Run {
    /// Looks after the queue and fills free slots. Tells whether anything was done.
    async fn round(&mut self) -> Result<bool, StoreError> {
        let store = self.shared.store.clone();
        let options = self.shared.options.clone();
        let mut worked = false;
        for post in store.fail_missed(options.max_late).await? {
            worked = true;
            self.note(Event::without_claim(post, End::Missed));
        }
        store.repair_halves(false).await?;
        let free = options.concurrency.saturating_sub(self.in_flight());
        if free == 0 {
            return Ok(worked);
        }
        let mut limit = free.min(options.batch_size);
        if let Some(max) = options.max_jobs {
            let left = max.saturating_sub(self.summary.claimed);
            limit = limit.min(u32::try_from(left).unwrap_or(u32::MAX));
        }
        let request = TakeOver::new(options.id.clone(), options.lease, limit);
        let taken = store.take_over(&request).await?;
        for post in taken.exhausted {
            worked = true;
            let failure = Failure::new(
                Remedy::GiveUp,
                "worker_died",
                "the worker died in every attempt at this post",
            );
            self.note(Event::without_claim(post, End::Failed(failure)));
        }
        for post in taken.cancelled {
            worked = true;
            self.note(Event::without_claim(post, End::Cancelled));
        }
        let mut claimed = taken.claimed;
        let left = limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
        claimed.extend(store.claim_due(&claim_request(&self.shared, left)).await?);
        worked |= !claimed.is_empty();
        for claimed in claimed {
            self.summary.claimed += 1;
            match claimed {
                Claimed::Job(claim) => self.start(*claim),
                Claimed::Unreadable { job_id, post_id, fence, why } => {
                    let event = self.shared.fail_unreadable((job_id, post_id, fence), why).await?;
                    self.note(event);
                }
            }
        }
        worked |= self.shared.clean_up().await?;
        Ok(worked)
    }

    fn in_flight(&self) -> u32 {
        u32::try_from(self.running.len()).unwrap_or(u32::MAX)
    }

    fn beat(&mut self) {
        if self.heartbeat.is_none() {
            match Heartbeat::start(&self.shared) {
                Ok(heartbeat) => self.heartbeat = Some(heartbeat),
                // Jobs then live as long as their first lease.
                Err(error) => tracing::error!(%error, "no thread for the heartbeat"),
            }
        }
    }

    fn start(&mut self, claim: Claim) {
        self.shared.held.add(&claim);
        self.beat();
        let shared = Arc::clone(&self.shared);
        let stop = self.stop.clone();
        let job = claim.clone();
        let handle = self.jobs.spawn(async move { shared.work(job, &stop).await });
        self.running.insert(handle.id(), claim);
    }

    /// Sleeps until a job ends, the next post is due, or it is time to look again.
    async fn sleep(&mut self) {
        let mut longest = self.shared.options.poll_interval;
        if let Ok(Some(next)) = self.shared.store.next_due_in().await {
            longest = longest.min(next);
        }
        let stop = self.stop.clone();
        tokio::select! {
            Some(ended) = self.jobs.join_next_with_id(), if !self.jobs.is_empty() => {
                self.finished(ended).await;
            }
            () = tokio::time::sleep(longest) => {}
            () = stop.cancelled() => {}
        }
    }

    async fn sleep_until(&self, again: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(again.into()) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Lets running jobs finish: until the grace is over, if a stop was asked for.
    async fn drain(&mut self) {
        let asked = self.stop.is_cancelled();
        let deadline = Instant::now() + self.shared.options.grace;
        let mut stopping = asked;
        while !self.jobs.is_empty() {
            let stop = self.stop.clone();
            tokio::select! {
                Some(ended) = self.jobs.join_next_with_id() => self.finished(ended).await,
                () = stop.cancelled(), if !stopping => stopping = true,
                () = tokio::time::sleep_until(deadline.into()), if stopping => {
                    tracing::warn!(jobs = self.jobs.len(),
                        "grace is over: what still runs is left to be recovered");
                    self.jobs.abort_all();
                    break;
                }
            }
        }
    }

    async fn finished(
        &mut self,
        ended: Result<(Id, Result<End, StoreError>), tokio::task::JoinError>,
    ) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(claim) = self.running.remove(&id) else { return };
        let intent = self.shared.held.remove(claim.job_id);
        let end = match result {
            Ok(Ok(end)) => end,
            Ok(Err(error)) => {
                tracing::error!(post = %claim.post_id, %error,
                    "the database did not take the result; the job will be taken over");
                return;
            }
            Err(error) if error.is_cancelled() => return,
            Err(_) => match self.panicked(&claim, intent).await {
                Ok(end) => end,
                Err(error) => {
                    tracing::error!(post = %claim.post_id, %error, "after a panic");
                    return;
                }
            },
        };
        if let (End::Waiting(delay), true) = (&end, claim.due) {
            self.waiting.insert(Instant::now() + *delay);
        }
        self.note(Event::of(&claim, end));
    }

    /// A bug in one job costs that job one attempt; what it may have sent is looked up.
    async fn panicked(
        &self,
        claim: &Claim,
        intent: Option<crate::domain::Intent>,
    ) -> Result<End, StoreError> {
        let failure =
            Failure::new(Remedy::Retry, "panic", "the program failed while handling this post");
        match intent {
            Some(intent) => self.shared.unknown(claim, &intent, failure).await,
            None => self.shared.fail(claim, &Step::Prepare, failure).await,
        }
    }

    fn note(&mut self, event: Event) {
        self.summary.add(&event.end);
        self.shared.tell(&event);
    }

    fn limits_reached(&self) -> bool {
        let options = &self.shared.options;
        options.max_runtime.is_some_and(|max| self.began.elapsed() >= max)
            || options.max_jobs.is_some_and(|max| self.summary.claimed >= max)
    }

    fn within_runtime(&self, instant: Instant) -> bool {
        self.shared.options.max_runtime.is_none_or(|max| instant < self.began + max)
    }
}
