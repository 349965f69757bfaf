//! The last local step before a call of no return (T4).
//!
//! The gate commits "this call goes out now" durably and only then lets it
//! go. Whoever finds such an intent without evidence knows that the post may
//! be live, whatever happened to the process that wrote it.

use std::time::Duration;

use crate::domain::{AccountId, Claim, Intent, JobId, LogEvent, StepKind, WorkerId};

use super::db::{Engine, Sql, Tx, sql};
use super::load::OPEN_INTENT;
use super::log::{self, Entry};
use super::logged;
use super::{Store, StoreError, transaction};

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Send now: the intent is durable.
    Open(Box<Intent>),
    /// Somebody asked for it to be cancelled: do not send.
    CancelWished,
    /// The account was paused, removed, or is another one now: do not send.
    AccountRests(String),
    /// Another job's publish call is under way for the account: come back soon.
    AccountBusy,
    /// The lease ended or another worker took over: stop without side effects.
    Lost,
}

/// A claimed job whose publish call is to go out.
#[derive(Debug, Clone, Copy)]
pub struct ToPublish<'a> {
    pub claim: &'a Claim,
    /// The platform's id of what the call will name, if it names anything.
    pub object: Option<&'a str>,
}

impl Store {
    /// Opens the gate for claimed jobs: renews each lease to last for the
    /// whole call, checks everything that may forbid it, writes the intents,
    /// and commits. Where a server's answer to COMMIT is lost it reads again
    /// whether the intents stand. An error means: do not send.
    ///
    /// # Errors
    /// The database is away. Whether an intent was stored will be seen by
    /// whoever takes the job over.
    pub async fn open_gates(
        &self,
        worker: &WorkerId,
        jobs: &[ToPublish<'_>],
        lease: Duration,
    ) -> Result<Vec<Gate>, StoreError> {
        let opened = transaction!(self, tx, {
            let mut gates = Vec::with_capacity(jobs.len());
            for job in jobs {
                gates.push(open(tx, worker, *job, lease).await?);
            }
            gates
        });
        let Err(StoreError::CommitLost(lost)) = &opened else { return opened };
        if self.location.engine() == Engine::Sqlite {
            // Not lost on the way: the disk has failed, and is not asked again so soon.
            return opened;
        }
        tracing::warn!(error = %lost, "reading again whether a gate is open");
        transaction!(self, tx, {
            let mut gates = Vec::with_capacity(jobs.len());
            for job in jobs {
                gates.push(match opened_before(tx, worker, job.claim).await? {
                    Some(intent) => Gate::Open(Box::new(intent)),
                    None => open(tx, worker, *job, lease).await?,
                });
            }
            gates
        })
    }
}

/// The intent that this claim's gate has stored, when its commit came through
/// after all and the job is still this worker's. Waits for a commit under way.
async fn opened_before(
    tx: &mut Tx,
    worker: &WorkerId,
    claim: &Claim,
) -> Result<Option<Intent>, StoreError> {
    let ours = tx
        .first(
            sql("SELECT s.id AS id FROM post_schedule s
                  WHERE s.id = ? AND s.fence = ? AND s.worker_id = ? AND s.status = 'processing'
                    AND s.lease_until > {now} {lock s}")
            .id(claim.job_id.uuid())
            .int(claim.fence.0)
            .text(worker.as_str()),
        )
        .await?;
    if ours.is_none() {
        return Ok(None);
    }
    let open = logged::open_intents(tx, claim.job_id).await?;
    Ok(open.into_iter().find(|intent| intent.fence == claim.fence))
}

async fn open(
    tx: &mut Tx,
    worker: &WorkerId,
    ToPublish { claim, object }: ToPublish<'_>,
    lease: Duration,
) -> Result<Gate, StoreError> {
    // Gates of one account pass one by one, so that two cannot both find it idle.
    tx.all(
        sql("SELECT a.id AS id FROM meta_social_accounts a WHERE a.id = ? {lock a}")
            .id(claim.account.id.uuid()),
    )
    .await?;
    if account_is_busy(tx, claim).await? {
        return Ok(Gate::AccountBusy);
    }
    let renewed = tx
        .execute(
            sql(format!(
                "UPDATE post_schedule AS s
                    SET lease_until = {{now+ms}}, locked_at = {{now}}, updated_at = {{now}}
                  WHERE s.id = ? AND s.fence = ? AND s.worker_id = ? AND s.status = 'processing'
                    AND s.lease_until > {{now}} AND NOT {OPEN_INTENT}"
            ))
            .after(lease)
            .id(claim.job_id.uuid())
            .int(claim.fence.0)
            .text(worker.as_str()),
        )
        .await?;
    if renewed != 1 {
        return Ok(Gate::Lost);
    }
    let post = tx
        .first(
            sql("SELECT d.status AS status, d.cancel_requested_at AS cancel_requested_at,
                        a.is_added AS is_added, a.paused_at AS paused_at,
                        a.pause_reason AS pause_reason,
                        CASE WHEN a.paused_until <= {now} THEN 1 ELSE 0 END AS pause_is_over,
                        CASE WHEN a.company_id = d.company_id AND a.platform = d.platform
                              AND a.id = ? THEN 1 ELSE 0 END AS fits,
                        (SELECT h.reason FROM platform_health h
                          WHERE h.platform = d.platform AND h.rests_until > {now}) AS outage
                   FROM post_details d
                   LEFT JOIN meta_social_accounts a ON a.id = d.social_account_id
                  WHERE d.id = ? {lock d}")
            .id(claim.account.id.uuid())
            .id(claim.post_id.uuid()),
        )
        .await?;
    let Some(post) = post else { return Ok(Gate::Lost) };
    if post.text("status")? != "processing" {
        return Ok(Gate::Lost);
    }
    if post.is_set("cancel_requested_at")? {
        return Ok(Gate::CancelWished);
    }
    if !post.flag("fits")? || !post.flag("is_added")? {
        return Ok(Gate::AccountRests("the account was removed or changed".to_owned()));
    }
    if post.is_set("paused_at")? && !post.flag("pause_is_over")? {
        return Ok(Gate::AccountRests(post.opt_lossy("pause_reason")?.unwrap_or_default()));
    }
    if let Some(outage) = post.opt_text("outage")? {
        return Ok(Gate::AccountRests(outage));
    }
    let key = (claim.fence, log::next_step(tx, claim.job_id, claim.fence).await?);
    Entry::new(claim.job_id, key, StepKind::Publish, LogEvent::Intent)
        .worker(worker)
        .object(object)
        .append(tx)
        .await?;
    let at = log::cleared_at(tx, claim.job_id, key).await?;
    let object = object.map(str::to_owned);
    Ok(Gate::Open(Box::new(Intent { object, ..Intent::cleared(key.0, key.1, at) })))
}

/// Whether a publish call for the same account is under way: cleared, without
/// any answer yet, by a worker whose lease runs.
async fn account_is_busy(tx: &mut Tx, claim: &Claim) -> Result<bool, StoreError> {
    Ok(tx.count(busy_query(claim.account.id, claim.job_id)).await? > 0)
}

/// Begins with the few claimed jobs: an account may have a long history.
pub(super) fn busy_query(account: AccountId, except: JobId) -> Sql {
    sql("SELECT COUNT(*)
           FROM post_schedule s {open index} {then} post_details d
          WHERE d.id = s.post_detail_id AND s.status = 'processing'
            AND s.lease_until > {now} AND d.social_account_id = ? AND s.id <> ?
            AND EXISTS (
              SELECT 1 FROM publish_log i
               WHERE i.post_schedule_id = s.id AND i.fence = s.fence
                 AND i.kind = 'publish' AND i.event = 'intent'
                 AND NOT EXISTS (SELECT 1 FROM publish_log r
                                  WHERE r.post_schedule_id = i.post_schedule_id
                                    AND r.fence = i.fence AND r.step_no = i.step_no
                                    AND r.event <> 'intent'))")
    .id(account.uuid())
    .id(except.uuid())
}
