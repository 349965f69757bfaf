//! The loop: one round after another, sleep in between, note how jobs ended, stop.

mod round;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::domain::{Claim, Failure, FailureCode, Intent, Remedy};
use crate::store::{Heard, Phase, StoreError};

use super::follow_up::FollowedUp;
use super::heartbeat::Heartbeat;
use super::summary::Summary;
use super::{End, Event, Parts, Worker};
use round::claim_request;

/// How long jobs that were broken off may take to be put back.
const PUT_BACK_LIMIT: Duration = Duration::from_secs(5);
/// What waits is looked for no less often while jobs run.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A job that the database could not keep up with is tried again this soon.
const OUTAGE_REST: Duration = Duration::from_secs(30);

/// How long a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Nothing is due.
    Idle,
    /// Somebody stops it.
    Stopped,
}

/// A run that an outage of the database broke off.
#[derive(Debug)]
pub struct BrokenOff {
    pub error: StoreError,
    /// What it had done before.
    pub summary: Summary,
}

/// One run of a worker.
struct Run {
    parts: Arc<Parts>,
    stop: CancellationToken,
    /// Jobs that were not begun with go back into the queue.
    closing: CancellationToken,
    jobs: JoinSet<Result<End, StoreError>>,
    running: HashMap<Id, Claim>,
    /// Follow-ups of ended posts, beside the jobs and never more than one round of them.
    follow_ups: JoinSet<Result<FollowedUp, StoreError>>,
    heartbeat: Option<Heartbeat>,
    summary: Summary,
    /// When due jobs put back for processing at the platform are to be looked at again.
    waiting: BTreeSet<Instant>,
    began: Instant,
    /// When the queue was last looked at.
    looked: Option<Instant>,
    /// When posts were last looked for that another program ended.
    repaired: Option<Instant>,
    /// Nothing waited at the last look, and nothing has ended since.
    is_idle: bool,
    /// Something may be claimed: a look saw it, or an account has room again.
    may_be_due: bool,
    /// How many jobs ran after the last claim.
    claimed_to: usize,
    /// When the next pending job's time comes, as of the last look.
    next_due: Option<Instant>,
    /// The first outage that kept the database from taking what became of a job.
    outage: Option<StoreError>,
}

impl Worker {
    /// Publishes until nothing is due, and as long as media of due posts is
    /// being processed, within the limits of the options.
    ///
    /// # Errors
    /// The database is away, or was when it should have taken what became of a
    /// job: everything else is done even so.
    pub async fn run_once(&self, stop: CancellationToken) -> Result<Summary, BrokenOff> {
        self.run(Until::Idle, stop).await
    }

    /// Publishes until stopped. A database that goes away is waited for.
    ///
    /// # Errors
    /// The database was away at the start.
    pub async fn run_until_stopped(&self, stop: CancellationToken) -> Result<Summary, BrokenOff> {
        self.run(Until::Stopped, stop).await
    }

    /// The posts a run would publish now, without taking any.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due(&self) -> Result<Vec<crate::domain::PostId>, StoreError> {
        let mut request = claim_request(&self.parts.context, u32::MAX / 4);
        request.per_account = u32::MAX;
        request.ahead = Duration::ZERO;
        self.parts.context.store.due(&request).await
    }

    async fn run(&self, until: Until, stop: CancellationToken) -> Result<Summary, BrokenOff> {
        let mut run = Run {
            parts: Arc::clone(&self.parts),
            closing: stop.child_token(),
            stop,
            jobs: JoinSet::new(),
            running: HashMap::new(),
            follow_ups: JoinSet::new(),
            heartbeat: None,
            summary: Summary::default(),
            waiting: BTreeSet::new(),
            began: Instant::now(),
            looked: None,
            repaired: None,
            is_idle: false,
            may_be_due: false,
            claimed_to: 0,
            next_due: None,
            outage: None,
        };
        if until == Until::Stopped {
            // A daemon shows itself also while there is nothing to do.
            run.beat();
        }
        let result = run.rounds(until).await;
        run.drain().await;
        if let Err(error) = run.feed_spool().await {
            tracing::warn!(%error, "answers stay in the spool until the next start");
        }
        if let Some(heartbeat) = run.heartbeat.take() {
            heartbeat.stop().await;
        }
        let summary = run.summary;
        let outage = run.outage.filter(|_| until == Until::Idle);
        match result.err().or(outage) {
            Some(error) => Err(BrokenOff { error, summary }),
            None => Ok(summary),
        }
    }
}

impl Run {
    /// Works until stopped, idle, or at a limit.
    async fn rounds(&mut self, until: Until) -> Result<(), StoreError> {
        while !self.stop.is_cancelled() && !self.limits_reached() {
            self.collect().await;
            let worked = match self.step(until).await {
                Ok(worked) => worked,
                Err(StoreError::Constraint(_)) if self.repair().await? => true,
                Err(error) if until == Until::Stopped && !error.is_final() => {
                    // A daemon outlives its database's outages, and a bad row.
                    tracing::error!(%error, "this round failed; trying again");
                    self.rest_after_error().await;
                    false
                }
                Err(error) => return Err(error),
            };
            let is_over = until == Until::Idle && self.nothing_runs();
            if worked || (is_over && !self.is_idle) {
                continue;
            }
            if is_over {
                match self.waiting.pop_first() {
                    Some(again) if self.within_runtime(again) => self.sleep_until(again).await,
                    _ => break,
                }
                self.is_idle = false;
            } else {
                self.sleep().await;
            }
        }
        Ok(())
    }

    /// Claims, or looks at the queue, if it is time for that.
    async fn step(&mut self, until: Until) -> Result<bool, StoreError> {
        let is_last = until == Until::Idle
            && self.nothing_runs()
            && !self.is_idle
            && !self.is_time_to_claim();
        if is_last || self.next_look().is_none_or(|at| at <= Instant::now()) {
            let worked = self.round().await?;
            self.is_idle = !worked;
            return Ok(worked);
        }
        if self.next_due.is_some_and(|at| at <= Instant::now()) {
            self.next_due = None;
            self.may_be_due = true;
        }
        match self.is_time_to_claim() {
            true => self.take_due(false).await,
            false => Ok(false),
        }
    }

    /// When the queue is to be looked at again; `None`: now.
    fn next_look(&self) -> Option<Instant> {
        let interval = match self.parts.context.options.poll_interval {
            poll if self.nothing_runs() => poll,
            poll => poll.min(LOOK_EVERY),
        };
        self.looked.map(|at| at + interval)
    }

    fn nothing_runs(&self) -> bool {
        self.running.is_empty() && self.follow_ups.is_empty()
    }

    async fn feed_spool(&self) -> Result<bool, StoreError> {
        Ok(!self.parts.recorder.feed_spool().await?.is_empty())
    }

    /// Repairs rows that the database refuses to change. Returns whether there were any.
    async fn repair(&self) -> Result<bool, StoreError> {
        let quoted = self.parts.context.store.quote_broken_media().await?;
        for post in &quoted {
            tracing::warn!(%post, "another program wrote media that is not JSON");
        }
        Ok(!quoted.is_empty())
    }

    fn beat(&mut self) {
        if self.heartbeat.is_none() {
            match Heartbeat::start(&self.parts.context) {
                Ok(heartbeat) => self.heartbeat = Some(heartbeat),
                // Jobs then live as long as their first lease.
                Err(error) => tracing::error!(%error, "cannot start a thread for the heartbeat"),
            }
        }
    }

    /// Notes what has ended meanwhile.
    async fn collect(&mut self) {
        while let Some(ended) = self.jobs.try_join_next_with_id() {
            self.finished(ended).await;
        }
        while let Some(ended) = self.follow_ups.try_join_next() {
            self.followed_up(ended);
        }
    }

    /// Sleeps until a job or follow-up ends, the next post is due, or it is time to look again.
    async fn sleep(&mut self) {
        let now = Instant::now();
        let look = self.next_look().unwrap_or(now);
        let until = self.next_due.map_or(look, |due| look.min(due));
        let stop = self.stop.clone();
        tokio::select! {
            Some(ended) = self.jobs.join_next_with_id(), if !self.jobs.is_empty() => {
                self.finished(ended).await;
            }
            Some(ended) = self.follow_ups.join_next(), if !self.follow_ups.is_empty() => {
                self.followed_up(ended);
            }
            () = tokio::time::sleep_until(until.into()) => {}
            () = stop.cancelled() => {}
        }
    }

    /// At least a second, so that a lasting error does not flood the log.
    async fn rest_after_error(&self) {
        let rest = self.parts.context.options.poll_interval.max(Duration::from_secs(1));
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = self.stop.cancelled() => {}
        }
    }

    async fn sleep_until(&self, again: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(again.into()) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Lets what runs finish: until the grace is over, if a stop was asked for.
    async fn drain(&mut self) {
        if !self.has_its_jobs() {
            self.closing.cancel();
        }
        let stop = self.stop.clone();
        let grace = self.parts.context.options.grace;
        let over = async move {
            stop.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        tokio::pin!(over);
        while !self.jobs.is_empty() || !self.follow_ups.is_empty() {
            tokio::select! {
                Some(ended) = self.jobs.join_next_with_id(), if !self.jobs.is_empty() => {
                    self.finished(ended).await;
                }
                Some(ended) = self.follow_ups.join_next(), if !self.follow_ups.is_empty() => {
                    self.followed_up(ended);
                }
                () = &mut over => {
                    tracing::warn!(jobs = self.jobs.len(),
                        "the grace period is over: jobs that were not sent are returned to the queue, the others are left to be recovered");
                    self.jobs.abort_all();
                    // A database that is away is not waited for.
                    let _ = tokio::time::timeout(PUT_BACK_LIMIT, self.join_all()).await;
                    break;
                }
            }
        }
    }

    /// Waits for the jobs that were broken off.
    async fn join_all(&mut self) {
        while let Some(ended) = self.jobs.join_next_with_id().await {
            self.finished(ended).await;
        }
    }

    async fn finished(&mut self, ended: Result<(Id, Result<End, StoreError>), JoinError>) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, Ok(result)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(claim) = self.running.remove(&id) else { return };
        // Its account has room for another one.
        self.may_be_due = true;
        self.is_idle = false;
        let (is_begun, intent) = self.parts.context.in_flight.remove(&claim.lease);
        let end = match result {
            Ok(Ok(end)) => end,
            Ok(Err(error)) => {
                tracing::error!(post = %claim.post_id, %error,
                    "the database did not accept the result");
                // A full disk and rivals are no fault of the post: they cost no attempt.
                // A database that is away would not take this either, and a row that
                // is wrong must not go on for ever.
                let answers = matches!(error, StoreError::Full | StoreError::Conflict);
                if error.is_outage() {
                    self.outage.get_or_insert(error);
                }
                if !answers || may_be_sent(&claim, intent.as_ref()) {
                    return;
                }
                match self.put_back(&claim, OUTAGE_REST).await {
                    Some(end) => end,
                    None => return,
                }
            }
            // It may be live: the worker that takes it over asks the platform.
            Err(error) if error.is_cancelled() && may_be_sent(&claim, intent.as_ref()) => return,
            Err(error) if error.is_cancelled() => match self.put_back(&claim, Duration::ZERO).await
            {
                Some(end) => end,
                None => return,
            },
            Err(_) => match self.panicked(&claim, intent).await {
                Ok(end) => end,
                Err(error) => {
                    tracing::error!(post = %claim.post_id, %error, "the post of a panic could not be settled");
                    return;
                }
            },
        };
        if end == End::Released && !is_begun {
            self.summary.put_back(claim.due);
        }
        if let (End::Waiting(delay), true) = (&end, claim.due) {
            self.waiting.insert(Instant::now() + *delay);
        }
        self.note(Event::of(&claim, end));
    }

    /// Puts a job back from which no call went out. `None`: it will be taken over.
    async fn put_back(&self, claim: &Claim, rest: Duration) -> Option<End> {
        match self.parts.recorder.requeue(&claim.lease, rest, End::Released).await {
            Ok(end) => Some(end),
            Err(error) => {
                tracing::warn!(post = %claim.post_id, %error,
                    "the job could not be returned to the queue; it will be taken over");
                None
            }
        }
    }

    /// A bug in one job costs that job one attempt; what it may have sent is looked up.
    async fn panicked(&self, claim: &Claim, intent: Option<Intent>) -> Result<End, StoreError> {
        let failure = Failure::new(
            Remedy::Retry,
            FailureCode::Panic,
            "the program failed while handling this post",
        );
        match (intent, claim.open_intents.last()) {
            (Some(intent), _) => {
                self.parts.recorder.unknown(claim, &intent, Heard::Nothing(failure)).await
            }
            // In a look-up: only a person can decide when all of them go wrong.
            (None, Some(open)) => self.parts.reconciler.undecided(claim, open, failure).await,
            (None, None) => self.parts.recorder.fail(claim, &Phase::Prepare, failure).await,
        }
    }

    /// A follow-up that failed changes nothing about its post; it comes back.
    fn followed_up(&mut self, ended: Result<Result<FollowedUp, StoreError>, JoinError>) {
        self.is_idle = false;
        match ended {
            Ok(Ok(FollowedUp { events, may_be_more })) => {
                events.into_iter().for_each(|event| self.note(event));
                if may_be_more && !self.stop.is_cancelled() {
                    self.follow_up();
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "a follow-up could not be recorded"),
            Err(error) => tracing::error!(%error, "a follow-up failed unexpectedly"),
        }
    }

    fn note(&mut self, event: Event) {
        self.summary.add(&event.end);
        self.parts.context.report(&event);
    }

    fn limits_reached(&self) -> bool {
        let options = &self.parts.context.options;
        options.max_runtime.is_some_and(|max| self.began.elapsed() >= max) || self.has_its_jobs()
    }

    /// It has claimed as many jobs as it may, and is to work on all of them.
    fn has_its_jobs(&self) -> bool {
        self.parts.context.options.max_jobs.is_some_and(|max| self.summary.claimed >= max)
    }

    fn within_runtime(&self, instant: Instant) -> bool {
        self.parts.context.options.max_runtime.is_none_or(|max| instant < self.began + max)
    }
}

/// Whether a publish call of this job was cleared, now or by an earlier worker.
fn may_be_sent(claim: &Claim, cleared: Option<&Intent>) -> bool {
    cleared.is_some() || !claim.open_intents.is_empty()
}
