//! What a worker learnt, written down: staged objects and failures. Every
//! change of state needs the fence.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Artifact, Claim, ClaimId, Failure, FailureCode, Fence, Intent, JobId, LogEvent, NOT_SENT,
    Outcome, PostId, StepKind, WorkerId,
};

use super::db::{Sql, Tx, sql};
use super::load::OPEN_INTENT;
use super::log::{self, Entry};
use super::logged;
use super::unknown::{append_lookup, hold_post};
use super::{Store, StoreError, posts, transaction, unread_log};

/// `error_code` of a row that cannot be read as a post.
pub(super) const INVALID_ROW: &str = FailureCode::InvalidRow.as_str();

/// Which part of the work a failure belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
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
    /// and this one counts as not made (T6).
    GiveBack(Duration),
    /// Ended: provably not published (T7).
    Fail,
}

/// What a settling call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// As asked.
    Done,
    /// Cancelled instead: somebody had asked for it.
    Cancelled,
    /// Nothing: the job is no longer this worker's.
    Lost,
}

impl Store {
    /// Records objects staged at the platform (T3). `false`: the job is no
    /// longer this worker's; the objects are orphans there.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_staged(
        &self,
        worker: &WorkerId,
        claim: &Claim,
        artifacts: &[Artifact],
    ) -> Result<bool, StoreError> {
        transaction!(self, tx, {
            let ours = touch(tx, worker, claim.into()).await?;
            if ours {
                let first = log::next_step(tx, claim.job_id, claim.fence).await?;
                for (step, artifact) in (first..).zip(artifacts) {
                    Entry::new(claim.job_id, (claim.fence, step), artifact.kind, LogEvent::Ok)
                        .worker(worker)
                        .artifact(artifact)
                        .append_done(tx)
                        .await?;
                }
            }
            ours
        })
    }

    /// Records a failure that provably made nothing live, and what becomes of
    /// the job (T6, T7, T4c when a cancellation was asked for). The refusal of a
    /// publish call may come late, and of a database that was restored meanwhile:
    /// it counts only for the very call that it answers.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_failure(
        &self,
        worker: &WorkerId,
        claim: impl Into<ClaimId>,
        step: &Step,
        failure: &Failure,
        staged: Staged,
        next: &Next,
    ) -> Result<Settled, StoreError> {
        let claim = claim.into();
        transaction!(self, tx, {
            let ours = touch(tx, worker, claim).await?
                && match step {
                    Step::Publish(intent) => open_call(tx, claim.job, intent)
                        .await?
                        .is_some_and(|open| open.at == intent.at),
                    Step::Prepare | Step::Lookup(_) => true,
                };
            if ours {
                log_failure(tx, worker, claim, step, failure, staged).await?;
                leave(tx, claim, Some(failure), next).await?
            } else {
                Settled::Lost
            }
        })
    }

    /// Puts a job back without a failure and without counting the attempt: it
    /// waits for its time, for processing at the platform, or for another worker.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn release(
        &self,
        worker: &WorkerId,
        claim: &Claim,
        after: Duration,
    ) -> Result<Settled, StoreError> {
        transaction!(self, tx, {
            if touch(tx, worker, claim.into()).await? {
                leave(tx, claim.into(), None, &Next::GiveBack(after)).await?
            } else {
                Settled::Lost
            }
        })
    }

    /// Puts a prepared job back until its own time, not counting the attempt.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn release_until_due(
        &self,
        worker: &WorkerId,
        claim: &Claim,
    ) -> Result<Settled, StoreError> {
        transaction!(self, tx, {
            if touch(tx, worker, claim.into()).await? {
                let settled =
                    leave(tx, claim.into(), None, &Next::GiveBack(Duration::ZERO)).await?;
                tx.execute(
                    sql("UPDATE post_schedule SET next_attempt_at = run_at
                          WHERE id = ? AND status = 'pending'")
                    .id(claim.job_id.uuid()),
                )
                .await?;
                settled
            } else {
                Settled::Lost
            }
        })
    }

    /// Cancels a claimed job whose publish call has not gone out (T4c).
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn cancel_claimed(
        &self,
        worker: &WorkerId,
        claim: &Claim,
    ) -> Result<Settled, StoreError> {
        // A wish is honoured wherever a job is put back.
        self.release(worker, claim, Duration::ZERO).await
    }

    /// Ends a claimed job whose rows cannot be read as a post: as failed (T7),
    /// or held when its publish call may have gone out (T8). `None`: the job
    /// is no longer this worker's.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn fail_unreadable(
        &self,
        worker: &WorkerId,
        claim: ClaimId,
        why: &str,
    ) -> Result<Option<Outcome>, StoreError> {
        let ClaimId { job, post, .. } = claim;
        transaction!(self, tx, {
            if touch(tx, worker, claim).await? {
                let message = format!("this row cannot be published: {why}");
                let now = posts::now(tx).await?;
                if !unread_log::may_be_live(tx, worker, claim, now).await? {
                    end_job(tx, job, "failed", Some(&message)).await?;
                    fail_post(tx, post, INVALID_ROW, &message, CleanUp::None).await?;
                    Some(Outcome::NotPublished)
                } else {
                    let message = format!("may be live: {message}");
                    end_job(tx, job, "failed", Some(&message)).await?;
                    hold_post(tx, post, INVALID_ROW, &message, None).await?;
                    Some(Outcome::Unknown)
                }
            } else {
                None
            }
        })
    }
}

/// Checks under the row lock that the job is still this worker's.
pub(super) async fn touch(
    tx: &mut Tx,
    worker: &WorkerId,
    claim: ClaimId,
) -> Result<bool, StoreError> {
    let rows = tx
        .execute(
            sql("UPDATE post_schedule SET updated_at = {now}
                  WHERE id = ? AND fence = ? AND worker_id = ? AND status = 'processing'")
            .id(claim.job.uuid())
            .int(claim.fence.0)
            .text(worker.as_str()),
        )
        .await?;
    Ok(rows == 1)
}

/// A publish call as the log has it, as long as it is not settled.
pub(super) async fn open_call(
    tx: &mut Tx,
    job: JobId,
    call: &Intent,
) -> Result<Option<Intent>, StoreError> {
    let key = |intent: &Intent| (intent.fence, intent.step_no);
    Ok(logged::open_intents(tx, job).await?.into_iter().find(|open| key(open) == key(call)))
}

/// Writes down what failed.
pub(super) async fn log_failure(
    tx: &mut Tx,
    worker: &WorkerId,
    claim: ClaimId,
    step: &Step,
    failure: &Failure,
    staged: Staged,
) -> Result<(), StoreError> {
    match step {
        Step::Prepare => {
            let key = (claim.fence, log::next_step(tx, claim.job, claim.fence).await?);
            Entry::new(claim.job, key, StepKind::Create, LogEvent::Refused)
                .worker(worker)
                .failure(failure)
                .append_done(tx)
                .await?;
        }
        Step::Publish(intent) => {
            refuse(tx, worker, claim.job, intent, failure).await?;
        }
        Step::Lookup(intents) => {
            append_lookup(tx, worker, claim, LogEvent::Ok, failure).await?;
            for intent in intents {
                refuse(tx, worker, claim.job, intent, failure).await?;
            }
        }
    }
    match staged {
        Staged::Keep => Ok(()),
        Staged::Anew => restage_mark(tx, Some(worker), claim.job, claim.fence, log::RESTAGE).await,
        Staged::Direct => restage_mark(tx, Some(worker), claim.job, claim.fence, log::DIRECT).await,
    }
}

pub(super) async fn refuse(
    tx: &mut Tx,
    worker: &WorkerId,
    job: JobId,
    intent: &Intent,
    failure: &Failure,
) -> Result<(), StoreError> {
    let entry =
        Entry::new(job, (intent.fence, intent.step_no), StepKind::Publish, LogEvent::Refused)
            .worker(worker);
    let is_answer = failure.code != FailureCode::NotLive && !failure.is_marked(NOT_SENT);
    let entry = if is_answer { entry.refusal(failure) } else { entry.failure(failure) };
    entry.append(tx).await
}

/// From here on, objects staged before count no more.
pub(super) async fn restage_mark(
    tx: &mut Tx,
    worker: Option<&WorkerId>,
    job: JobId,
    fence: Fence,
    code: &'static str,
) -> Result<(), StoreError> {
    let step = log::next_step(tx, job, fence).await?;
    let mut mark = Entry::new(job, (fence, step), StepKind::Create, LogEvent::Refused)
        .note(code, "objects staged so far are no longer used");
    mark.worker = worker;
    mark.append_done(tx).await
}

/// Gives a claimed job up: back to the queue, to its end, or to cancelled
/// when somebody asked for that and no publish call is open.
async fn leave(
    tx: &mut Tx,
    claim: ClaimId,
    failure: Option<&Failure>,
    next: &Next,
) -> Result<Settled, StoreError> {
    let state = tx
        .first(
            sql(format!(
                "SELECT d.cancel_requested_at AS cancel_requested_at, s.attempts AS attempts,
                        s.max_attempts AS max_attempts,
                        CASE WHEN {OPEN_INTENT} THEN 1 ELSE 0 END AS is_open
                   FROM post_schedule s JOIN post_details d ON d.id = s.post_detail_id
                  WHERE s.id = ? {{lock s, d}}"
            ))
            .id(claim.job.uuid()),
        )
        .await?;
    let Some(state) = state else { return Ok(Settled::Lost) };
    if state.flag("is_open")? {
        return Err(StoreError::Statement(
            "a job with an open publish intent cannot go back to the queue".to_owned(),
        ));
    }
    if state.is_set("cancel_requested_at")? {
        end_job(tx, claim.job, "done", None).await?;
        let clean_up = CleanUp::of(tx, claim.job).await?;
        tx.execute_one(
            "cancel claimed post",
            sql("UPDATE post_details SET status = 'cancelled', updated_at = {now}, ")
                .and_clean_up(clean_up)
                .and(" WHERE id = ? AND status = 'processing'")
                .id(claim.post.uuid()),
        )
        .await?;
        return Ok(Settled::Cancelled);
    }
    let spent = state.int("attempts")? >= state.int("max_attempts")?;
    let (delay, given_back) = match next {
        Next::GiveBack(delay) => (*delay, 1),
        Next::Retry(delay) if !spent => (*delay, 0),
        Next::Retry(_) | Next::Fail => {
            let (code, message) =
                failure.map_or(("failed", "failed"), |f| (f.code.as_str(), f.message.as_str()));
            end_job(tx, claim.job, "failed", Some(message)).await?;
            let clean_up = CleanUp::of(tx, claim.job).await?;
            fail_post(tx, claim.post, code, message, clean_up).await?;
            return Ok(Settled::Done);
        }
    };
    tx.execute_one(
        "put job back",
        sql("UPDATE post_schedule
                SET status = 'pending', lease_until = NULL, locked_at = NULL, worker_id = NULL,
                    attempts = attempts - ?,
                    next_attempt_at = CASE WHEN run_at > {now} AND run_at < {now+ms}
                                           THEN run_at ELSE {now+ms} END,
                    error_message = COALESCE(?, error_message), updated_at = {now}
              WHERE id = ? AND status = 'processing'")
        .int(given_back)
        .after(delay)
        .after(delay)
        .opt_text(failure.map(|failure| failure.message.clone()))
        .id(claim.job.uuid()),
    )
    .await?;
    tx.execute_one(
        "put post back",
        sql("UPDATE post_details
                SET status = 'pending', updated_at = {now},
                    error_code = COALESCE(?, error_code),
                    error_message = COALESCE(?, error_message),
                    attempts = (SELECT attempts FROM post_schedule
                                 WHERE post_detail_id = post_details.id)
              WHERE id = ? AND status = 'processing'")
        .opt_text(failure.map(|failure| failure.code.to_string()))
        .opt_text(failure.map(|failure| failure.message.clone()))
        .id(claim.post.uuid()),
    )
    .await?;
    Ok(Settled::Done)
}

pub(super) async fn end_job(
    tx: &mut Tx,
    job: JobId,
    status: &'static str,
    message: Option<&str>,
) -> Result<(), StoreError> {
    tx.execute_one(
        "end job",
        sql("UPDATE post_schedule
                SET status = ?, lease_until = NULL, locked_at = NULL, next_attempt_at = NULL,
                    error_message = ?, updated_at = {now}
              WHERE id = ? AND status = 'processing'")
        .text(status)
        .opt_text(message.map(str::to_owned))
        .id(job.uuid()),
    )
    .await
}

pub(super) async fn fail_post(
    tx: &mut Tx,
    post: PostId,
    code: &str,
    message: &str,
    clean_up: CleanUp,
) -> Result<(), StoreError> {
    let message = if message.is_empty() { "the platform gave no reason" } else { message };
    tx.execute_one(
        "fail post",
        sql("UPDATE post_details
                SET status = 'failed', outcome = 'not_published', error_code = ?,
                    error_message = ?, updated_at = {now}, ")
        .text(code)
        .text(message)
        .and_clean_up(clean_up)
        .and(" WHERE id = ? AND status = 'processing'")
        .id(post.uuid()),
    )
    .await
}

/// What a post that ended without being published leaves at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CleanUp {
    /// Nothing.
    None,
    /// Objects that never were called to be published.
    Now,
    /// A publish call went out: what it named is looked at once more before
    /// anything is deleted, when states and lists must have caught up.
    Later,
}

/// How long a post is left alone after a publish call that made nothing live.
const LAST_LOOK: Duration = Duration::from_secs(20 * 60);

impl CleanUp {
    /// What the log of a job says.
    pub(super) async fn of(tx: &mut Tx, job: JobId) -> Result<Self, StoreError> {
        Ok(match logged::has_calls(tx, job).await? {
            true => Self::Later,
            false if log::has_artifacts(tx, job).await? => Self::Now,
            false => Self::None,
        })
    }
}

impl Sql {
    /// Appends the columns that say so.
    pub(super) fn and_clean_up(self, clean_up: CleanUp) -> Self {
        match clean_up {
            CleanUp::None => self.and("leftovers = 0, follow_up_at = NULL"),
            CleanUp::Now => self.and("leftovers = 1, follow_up_at = {now}"),
            CleanUp::Later => self.and("leftovers = 1, follow_up_at = {now+ms}").after(LAST_LOOK),
        }
    }
}
