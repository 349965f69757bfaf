//! What a worker learned about jobs that it owns, written down: what it staged,
//! what failed, what may have gone through. Every change of state needs the lease.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Artifact, Failure, FailureCode, Fence, Intent, JobId, Lease, LogEvent, NOT_SENT, Outcome,
    StepKind, WorkerId,
};

use crate::store::queue::clean_up::CleanUps;
use crate::store::queue::log::{self, Entry, Steps};
use crate::store::queue::logs;
use crate::store::queue::owned::{self, Owned};
use crate::store::queue::transitions::{self, Reason, Requeue, When};
use crate::store::sql::db::{Tx, sql};
use crate::store::{Store, StoreError, transaction};

/// Which part of the work a failure belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Preparing: nothing can be live from it.
    Prepare,
    /// The publish call cleared by this intent.
    Publish(Box<Intent>),
    /// A look-up after which these intents are known to have made nothing live.
    Lookup(Vec<Intent>),
}

/// What becomes of the objects that were staged for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Staged {
    /// They are used again.
    Keep,
    /// They are dead: new ones are made.
    Anew,
    /// New ones are made, for publishing with one call.
    Direct,
}

/// What becomes of a job that was not published this time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Next {
    /// Another attempt after this long (T6).
    Retry(Duration),
    /// Another attempt after this long, but not later than the post's own time,
    /// and this one counts as not made (T11).
    GiveBack(Duration),
    /// Ended: provably not published (T7).
    Fail,
}

/// What a settling call did to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// As asked.
    Done,
    /// Cancelled instead: an operator had asked for it.
    Cancelled,
    /// Nothing: the job is no longer this worker's.
    Lost,
}

/// A failure that provably made nothing live, and what becomes of its job.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    pub lease: &'a Lease,
    pub phase: &'a Phase,
    pub failure: &'a Failure,
    pub staged: Staged,
    pub next: &'a Next,
}

impl Store {
    /// Records objects staged at the platform (T3). `false`: the job is no
    /// longer its worker's; the objects are orphans there.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_staged(
        &self,
        staged: &[(&Lease, &[Artifact])],
    ) -> Result<Vec<bool>, StoreError> {
        transaction!(self, tx, {
            let owned = owned::lock(tx, staged.iter().map(|(lease, _)| *lease).collect()).await?;
            let mut steps = Steps::of(tx, &jobs(&owned)).await?;
            let mut entries = Vec::new();
            for (owned, (lease, artifacts)) in owned.iter().zip(staged) {
                for artifact in owned.iter().flat_map(|_| artifacts.iter()) {
                    let key = steps.next(lease.job(), lease.fence());
                    let entry = Entry::new(lease.job(), key, artifact.kind, LogEvent::Ok);
                    entries.extend(entry.worker(lease.worker()).artifact(artifact).done());
                }
            }
            log::append(tx, entries).await?;
            owned.iter().map(Option::is_some).collect()
        })
    }

    /// Records failures that provably made nothing live, and what becomes of
    /// their jobs (T6, T7, T4c when a cancellation was requested). The refusal of a
    /// publish call may come late, and of a database that was restored meanwhile:
    /// it counts only for the very call that it answers.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_failure(&self, failed: &[Failed<'_>]) -> Result<Vec<Settled>, StoreError> {
        transaction!(self, tx, {
            let mut owned = owned::lock(tx, failed.iter().map(|one| one.lease).collect()).await?;
            let answered = failed.iter().filter(|one| matches!(one.phase, Phase::Publish(_)));
            let answered: Vec<JobId> = answered.map(|one| one.lease.job()).collect();
            let open = logs::open_intents(tx, &answered).await?;
            for (owned, one) in owned.iter_mut().zip(failed) {
                let is_open = |call: &Intent| {
                    let same = |open: &&Intent| key(open) == key(call);
                    let open = open.get(&one.lease.job()).into_iter().flatten().find(same);
                    open.is_some_and(|open| open.at == call.at)
                };
                if matches!(one.phase, Phase::Publish(call) if !is_open(call)) {
                    *owned = None;
                }
            }
            let mut steps = Steps::of(tx, &jobs(&owned)).await?;
            let mut entries = Vec::new();
            for (_, one) in owned.iter().zip(failed).filter(|(owned, _)| owned.is_some()) {
                log_failure(&mut entries, &mut steps, one);
            }
            log::append(tx, entries).await?;
            let leaving = failed
                .iter()
                .map(|one| Leaving { failure: Some(one.failure), next: Some(one.next.clone()) });
            leave(tx, &owned, leaving.collect()).await?
        })
    }

    /// Puts jobs back without a failure and without counting the attempt: each
    /// waits for its time, for processing at the platform, or for another worker.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn release(&self, jobs: &[(&Lease, Duration)]) -> Result<Vec<Settled>, StoreError> {
        transaction!(self, tx, {
            let owned = owned::lock(tx, jobs.iter().map(|(lease, _)| *lease).collect()).await?;
            let leaving = jobs
                .iter()
                .map(|(_, after)| Leaving { failure: None, next: Some(Next::GiveBack(*after)) })
                .collect();
            leave(tx, &owned, leaving).await?
        })
    }

    /// Puts prepared jobs back until their own time, not counting the attempt.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn release_until_due(&self, leases: &[&Lease]) -> Result<Vec<Settled>, StoreError> {
        transaction!(self, tx, {
            let owned = owned::lock(tx, leases.to_vec()).await?;
            let leaving = leases.iter().map(|_| Leaving::UNTIL_DUE).collect();
            leave(tx, &owned, leaving).await?
        })
    }

    /// Ends claimed jobs whose rows cannot be read as a post, with the reason: as failed
    /// (T7), or for review when a publish call may have gone out (T8). `None`: the job
    /// is no longer its worker's.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn fail_unreadable(
        &self,
        unreadable: &[(&Lease, &str)],
    ) -> Result<Vec<Option<Outcome>>, StoreError> {
        transaction!(self, tx, {
            let owned =
                owned::lock(tx, unreadable.iter().map(|(lease, _)| *lease).collect()).await?;
            let now = tx.now().await?;
            let may_be_live = logs::may_be_live(tx, &owned, now).await?;
            let mut outcomes = Vec::with_capacity(owned.len());
            let (mut failed, mut unknown) = (Vec::new(), Vec::new());
            for (owned, (lease, why)) in owned.iter().zip(unreadable) {
                let message = format!("this row cannot be published: {why}");
                let Some(owned) = owned else {
                    outcomes.push(None);
                    continue;
                };
                if may_be_live.contains(&lease.job()) {
                    let why = Reason::new(
                        FailureCode::InvalidRow.as_str(),
                        format!("may be live: {message}"),
                    );
                    unknown.push((owned, why, None));
                    outcomes.push(Some(Outcome::Unknown));
                } else {
                    failed.push((owned, Reason::new(FailureCode::InvalidRow.as_str(), message)));
                    outcomes.push(Some(Outcome::NotPublished));
                }
            }
            transitions::fail_owned(tx, &failed, &CleanUps::default()).await?;
            transitions::ask_for_review(tx, &unknown).await?;
            outcomes
        })
    }
}

pub(crate) fn key(intent: &Intent) -> (Fence, i32) {
    (intent.fence, intent.step_no)
}

pub(crate) fn jobs(owned: &[Option<Owned<'_>>]) -> Vec<JobId> {
    owned.iter().flatten().map(|owned| owned.pair().job).collect()
}

pub(crate) fn settled(owned: &[Option<Owned<'_>>]) -> Vec<Settled> {
    let did = |owned: &Option<Owned<'_>>| match owned {
        Some(_) => Settled::Done,
        None => Settled::Lost,
    };
    owned.iter().map(did).collect()
}

/// The rows of what failed.
fn log_failure<'a>(entries: &mut Vec<Entry<'a>>, steps: &mut Steps, failed: &Failed<'a>) {
    let (lease, failure) = (failed.lease, failed.failure);
    match failed.phase {
        Phase::Prepare => {
            let key = steps.next(lease.job(), lease.fence());
            let entry = Entry::new(lease.job(), key, StepKind::Create, LogEvent::Refused);
            entries.extend(entry.worker(lease.worker()).failure(failure).done());
        }
        Phase::Publish(intent) => {
            entries.push(refusal_of(lease.worker(), lease.job(), intent, failure));
        }
        Phase::Lookup(intents) => {
            let key = steps.next(lease.job(), lease.fence());
            let event = LogEvent::Ok;
            entries.extend(log::reading(lease.worker(), lease.job(), key, event, failure));
            for intent in intents {
                entries.push(refusal_of(lease.worker(), lease.job(), intent, failure));
            }
        }
    }
    let code = match failed.staged {
        Staged::Keep => return,
        Staged::Anew => log::RESTAGE,
        Staged::Direct => log::DIRECT,
    };
    entries.extend(restage_mark(lease.worker(), lease.job(), lease.fence(), steps, code));
}

/// The row that says that a call made nothing live.
pub(crate) fn refusal_of<'a>(
    worker: &'a WorkerId,
    job: JobId,
    intent: &Intent,
    failure: &'a Failure,
) -> Entry<'a> {
    let entry = Entry::new(job, key(intent), StepKind::Publish, LogEvent::Refused).worker(worker);
    let is_answer = failure.code != FailureCode::NotLive && !failure.is_marked(NOT_SENT);
    if is_answer { entry.refusal(failure) } else { entry.failure(failure) }
}

/// The rows behind which objects staged before count no more.
pub(crate) fn restage_mark<'a>(
    worker: &'a WorkerId,
    job: JobId,
    fence: Fence,
    steps: &mut Steps,
    code: &'static str,
) -> [Entry<'a>; 2] {
    Entry::new(job, steps.next(job, fence), StepKind::Create, LogEvent::Refused)
        .worker(worker)
        .note(code, "objects staged so far are no longer used")
        .done()
}

/// How a job leaves its worker.
struct Leaving<'a> {
    failure: Option<&'a Failure>,
    /// `None`: back into the queue until the post's own time.
    next: Option<Next>,
}

impl Leaving<'_> {
    const UNTIL_DUE: Self = Self { failure: None, next: None };
}

/// Takes jobs from their workers: each goes back to the queue, to its end, or to cancelled when that
/// was requested and no publish call is open.
async fn leave(
    tx: &mut Tx,
    owned: &[Option<Owned<'_>>],
    leaving: Vec<Leaving<'_>>,
) -> Result<Vec<Settled>, StoreError> {
    let states = states(tx, &jobs(owned)).await?;
    let mut settled = settled(owned);
    let reasons: Vec<Option<Reason>> = leaving
        .iter()
        .map(|leaving| leaving.failure.map(|why| Reason::new(why.code.as_str(), &why.message)))
        .collect();
    let (mut cancelled, mut requeued, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (owned, leaving)) in owned.iter().zip(&leaving).enumerate() {
        let Some(owned) = owned else { continue };
        let Some(state) = states.iter().find(|state| state.job == owned.pair().job) else {
            settled[at] = Settled::Lost;
            continue;
        };
        if state.has_open_call {
            return Err(StoreError::Statement(
                "a job with an open publish intent cannot go back to the queue".to_owned(),
            ));
        }
        if state.cancel_requested {
            cancelled.push(owned);
            settled[at] = Settled::Cancelled;
            continue;
        }
        let spent = state.attempts >= state.max_attempts;
        let why = reasons[at].as_ref();
        match leaving.next {
            None => {
                let when = When::AtItsTime;
                requeued.push((owned, Requeue { when, gives_back: true, why }));
            }
            Some(Next::GiveBack(after)) => {
                let when = When::After(after);
                requeued.push((owned, Requeue { when, gives_back: true, why }));
            }
            Some(Next::Retry(after)) if !spent => {
                let when = When::After(after);
                requeued.push((owned, Requeue { when, gives_back: false, why }));
            }
            Some(Next::Retry(_) | Next::Fail) => {
                let why = why.cloned().unwrap_or_else(|| Reason::new("failed", "failed"));
                failed.push((owned, why));
            }
        }
    }
    transitions::cancel_owned(tx, &cancelled).await?;
    transitions::requeue(tx, &requeued).await?;
    let ended: Vec<JobId> = failed.iter().map(|(owned, _)| owned.pair().job).collect();
    let clean_ups = CleanUps::of(tx, &ended).await?;
    transitions::fail_owned(tx, &failed, &clean_ups).await?;
    Ok(settled)
}

/// What decides how a job may leave its worker.
struct LeaseState {
    job: JobId,
    attempts: i64,
    max_attempts: i64,
    cancel_requested: bool,
    has_open_call: bool,
}

/// Reads it, under locks of both rows.
async fn states(tx: &mut Tx, jobs: &[JobId]) -> Result<Vec<LeaseState>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .all(
            sql("SELECT s.id AS job_id, d.cancel_requested_at AS cancel_requested_at,
                        s.attempts AS attempts, s.max_attempts AS max_attempts,
                        CASE WHEN {open call} THEN 1 ELSE 0 END AS has_open_call
                   FROM post_schedule s JOIN post_details d ON d.id = s.post_detail_id
                  WHERE s.id IN ")
            .ids(jobs.iter().map(|job| job.uuid()))
            .and(" ORDER BY s.id {lock s, d}"),
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LeaseState {
                job: row.job("job_id")?,
                attempts: row.int("attempts")?,
                max_attempts: row.int("max_attempts")?,
                cancel_requested: row.is_set("cancel_requested_at")?,
                has_open_call: row.flag("has_open_call")?,
            })
        })
        .collect()
}
