//! Calls that may have gone through: looked up, held for a person, or found
//! not to be live. Every change of state needs the fence.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Claim, ClaimId, Failure, Intent, LogEvent, PostId, Remedy, StepKind, WorkerId,
};

use super::db::{Tx, sql};
use super::load::HELD;
use super::log::{self, Entry};
use super::raw::Key;
use super::settle::{CleanUp, Settled, Staged, Step, end_job, log_failure, open_call, touch};
use super::{Store, StoreError, accounts, follow_ups, transaction};

/// What a publish call was answered that may be live all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Heard {
    /// The platform's own refusal: what it asks for outlives the look-up.
    Refusal(Failure),
    /// Nothing, or nothing that tells.
    Nothing(Failure),
}

impl Heard {
    #[must_use]
    pub fn failure(&self) -> &Failure {
        match self {
            Self::Refusal(failure) | Self::Nothing(failure) => failure,
        }
    }
}

impl Store {
    /// Records that a publish call may or may not have gone through, as long as
    /// nobody has settled it, and leaves the job to be looked up after `look_again`: until then nobody
    /// holds it, and whoever finds the lease over looks it up.
    ///
    /// # Errors
    /// The database is away; then the open intent alone tells the same.
    pub async fn record_unknown(
        &self,
        worker: &WorkerId,
        claim: impl Into<ClaimId>,
        intent: &Intent,
        answer: &Heard,
        look_again: Duration,
    ) -> Result<Settled, StoreError> {
        let claim = claim.into();
        transaction!(self, tx, {
            let failure = answer.failure();
            if failure.asks_to_rest() {
                accounts::rest_as_asked(tx, claim.post, failure).await?;
            }
            if open_call(tx, claim.job, intent).await?.is_some() {
                let key = (intent.fence, intent.step_no);
                let entry =
                    Entry::new(claim.job, key, StepKind::Publish, LogEvent::Unknown).worker(worker);
                let entry = match answer {
                    Heard::Refusal(failure) => entry.refusal(failure),
                    Heard::Nothing(failure) => entry.failure(failure),
                };
                entry.append(tx).await?;
                park(tx, worker, claim, failure, look_again).await?
            } else {
                Settled::Lost
            }
        })
    }

    /// Records a look-up that settled nothing, and when to look again. One that
    /// the platform refused, for a dead token or a limit, counts as none.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_lookup(
        &self,
        worker: &WorkerId,
        claim: &Claim,
        seen: &Failure,
        look_again: Duration,
    ) -> Result<Settled, StoreError> {
        transaction!(self, tx, {
            if touch(tx, worker, claim.into()).await? {
                let event = if says_nothing(seen) { LogEvent::Refused } else { LogEvent::Unknown };
                append_lookup(tx, worker, claim.into(), event, seen).await?;
                park(tx, worker, claim.into(), seen, look_again).await?
            } else {
                Settled::Lost
            }
        })
    }

    /// Gives up finding out (T8): failed, outcome unknown, for a person to decide.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn hold(
        &self,
        worker: &WorkerId,
        claim: &Claim,
        seen: &Failure,
        look_again: Option<Duration>,
    ) -> Result<Settled, StoreError> {
        transaction!(self, tx, {
            if touch(tx, worker, claim.into()).await? {
                append_lookup(tx, worker, claim.into(), LogEvent::Unknown, seen).await?;
                let message = format!("may be live: {}", seen.message);
                end_job(tx, claim.job_id, "failed", Some(&message)).await?;
                hold_post(tx, claim.post_id, seen.code.as_str(), &message, look_again).await?;
                Settled::Done
            } else {
                Settled::Lost
            }
        })
    }

    /// Records a look-up of a held post that settled nothing; it stays held, and
    /// is looked at again after this long.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_held_lookup(
        &self,
        worker: &WorkerId,
        claim: &Claim,
        seen: &Failure,
        look_again: Option<Duration>,
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            if is_held(tx, claim).await? {
                let event = if says_nothing(seen) { LogEvent::Refused } else { LogEvent::Unknown };
                append_lookup(tx, worker, claim.into(), event, seen).await?;
                follow_ups::schedule(tx, &Key::Id(claim.post_id.uuid()), look_again).await?;
            }
        })
    }

    /// Records that a look-up of a held post found it provably not live: it
    /// stays failed, and can be retried (T14).
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn unhold(
        &self,
        worker: &WorkerId,
        claim: &Claim,
        failure: &Failure,
    ) -> Result<Settled, StoreError> {
        transaction!(self, tx, {
            if is_held(tx, claim).await? {
                let step = Step::Lookup(claim.open_intents.clone());
                log_failure(tx, worker, claim.into(), &step, failure, Staged::Keep).await?;
                let clean_up = CleanUp::of(tx, claim.job_id).await?;
                tx.execute_one(
                    "settle held post",
                    sql("UPDATE post_details
                            SET outcome = 'not_published', error_code = ?, error_message = ?,
                                updated_at = {now}, ")
                    .text(failure.code.as_str())
                    .text(failure.message.clone())
                    .and_clean_up(clean_up)
                    .and(" WHERE id = ? AND status = 'failed' AND outcome = 'unknown'")
                    .id(claim.post_id.uuid()),
                )
                .await?;
                Settled::Done
            } else {
                Settled::Lost
            }
        })
    }
}

/// Whether a post is still held as it was when it was read; locks it.
async fn is_held(tx: &mut Tx, claim: &Claim) -> Result<bool, StoreError> {
    let held = sql(format!("SELECT COUNT(*) FROM post_details d WHERE d.id = ? AND {HELD}"));
    Ok(follow_ups::is_same(tx, claim).await? && tx.count(held.id(claim.post_id.uuid())).await? == 1)
}

pub(super) async fn append_lookup(
    tx: &mut Tx,
    worker: &WorkerId,
    claim: ClaimId,
    event: LogEvent,
    seen: &Failure,
) -> Result<(), StoreError> {
    let step = log::next_step(tx, claim.job, claim.fence).await?;
    Entry::new(claim.job, (claim.fence, step), StepKind::Lookup, event)
        .worker(worker)
        .failure(seen)
        .append_done(tx)
        .await
}

/// Leaves a job claimed by nobody in particular until its next look-up.
async fn park(
    tx: &mut Tx,
    worker: &WorkerId,
    claim: ClaimId,
    failure: &Failure,
    look_again: Duration,
) -> Result<Settled, StoreError> {
    let message = format!("may be live, being looked up: {}", failure.message);
    let rows = tx
        .execute(
            sql("UPDATE post_schedule
                    SET lease_until = {now+ms}, locked_at = {now}, error_message = ?,
                        updated_at = {now}
                  WHERE id = ? AND fence = ? AND worker_id = ? AND status = 'processing'")
            .after(look_again)
            .text(message.clone())
            .id(claim.job.uuid())
            .int(claim.fence.0)
            .text(worker.as_str()),
        )
        .await?;
    if rows != 1 {
        return Ok(Settled::Lost);
    }
    tx.execute_one(
        "note unknown outcome",
        sql("UPDATE post_details SET error_code = ?, error_message = ?, updated_at = {now}
              WHERE id = ? AND status = 'processing'")
        .text(failure.code.as_str())
        .text(message)
        .id(claim.post.uuid()),
    )
    .await?;
    Ok(Settled::Done)
}

/// Leaves a post that may be live for a person to decide.
pub(super) async fn hold_post(
    tx: &mut Tx,
    post: PostId,
    code: &str,
    message: &str,
    look_again: Option<Duration>,
) -> Result<(), StoreError> {
    tx.execute_one(
        "hold post",
        sql("UPDATE post_details
                SET status = 'failed', outcome = 'unknown', error_code = ?,
                    error_message = ?, updated_at = {now}
              WHERE id = ? AND status = 'processing'")
        .text(code)
        .text(message)
        .id(post.uuid()),
    )
    .await?;
    follow_ups::schedule(tx, &Key::Id(post.uuid()), look_again).await
}

/// Whether a look-up was no look at all: refused for a dead token or a limit, or
/// met by silence. Such ones do not count.
fn says_nothing(seen: &Failure) -> bool {
    seen.asks_to_rest() || matches!(seen.remedy, Remedy::Outage(_))
}
