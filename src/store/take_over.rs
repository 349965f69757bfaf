//! Taking jobs whose worker stopped renewing its lease (T9, T10).

use std::time::Duration;

use crate::domain::{Fence, JobId, LogEvent, Only, PostId, StepKind, WorkerId};

use super::claim::{Claimed, end_failed, fence_of, load_claims, mirror_processing};
use super::db::{Row, Sql, Tx, sql};
use super::load::{self, BEYOND_TIME, FOREIGN_LOCK, OPEN_INTENT};
use super::log::{self, Entry};
use super::nameless::COLUMNS;
use super::settle::CleanUp;
use super::{Store, StoreError, nameless, transaction};

/// Which abandoned jobs to take over.
#[derive(Debug, Clone)]
pub struct TakeOver {
    pub worker: WorkerId,
    pub lease: Duration,
    pub limit: u32,
    /// Rows that another program locked without a lease count as abandoned after this long.
    pub foreign_lock: Duration,
    /// Jobs that this process is at itself: it may have slept past their leases.
    pub except: Vec<JobId>,
    pub only: Only,
}

impl TakeOver {
    /// With the old scheduler's ten minutes for rows without a lease.
    #[must_use]
    pub fn new(worker: WorkerId, lease: Duration, limit: u32) -> Self {
        Self {
            worker,
            lease,
            limit,
            foreign_lock: FOREIGN_LOCK,
            except: Vec::new(),
            only: Only::default(),
        }
    }
}

/// What became of abandoned jobs.
#[derive(Debug, Clone, Default)]
pub struct TakenOver {
    /// Now this worker's.
    pub claimed: Vec<Claimed>,
    /// Ended as failed: their workers died in every attempt they had.
    pub exhausted: Vec<PostId>,
    /// Ended as cancelled, as somebody had asked.
    pub cancelled: Vec<PostId>,
}

impl Store {
    /// Takes jobs whose lease ended (T9), ends those whose attempts are used
    /// up (T10) or that were asked to be cancelled (T4c). A job with an open
    /// intent is always taken over, whatever its attempts: it must be looked up.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn take_over(&self, request: &TakeOver) -> Result<TakenOver, StoreError> {
        if self.pool.begin_read().await?.first(abandoned_query(request, "")).await?.is_none() {
            return Ok(TakenOver::default());
        }
        transaction!(self, tx, {
            let query = abandoned_query(request, "{skip locked s, d}");
            let mut ended = Vec::new();
            let rows = nameless::without_into(tx, query, &mut ended).await?;
            let mut result = TakenOver::default();
            let mut taken = Vec::new();
            for row in &rows {
                let (job, post) = (row.job("job_id")?, row.post("post_id")?);
                if row.flag("is_foreign")? {
                    adopt_foreign(tx, job).await?;
                }
                let open = row.flag("is_open")? || row.flag("is_foreign")?;
                let spent = row.int("attempts")? >= row.int("max_attempts")?;
                if !open {
                    // Another program may have put the post back without its job.
                    tx.execute_one("take post over", mirror_processing(post)).await?;
                }
                if !open && row.is_set("cancel_requested_at")? {
                    end_cancelled(tx, job, post).await?;
                    result.cancelled.push(post);
                } else if !open && spent {
                    end_exhausted(tx, job, post, row.int("attempts")?).await?;
                    result.exhausted.push(post);
                } else {
                    let fence = reclaim(tx, row, job, post, request, open).await?;
                    taken.push((job, post, fence));
                }
            }
            result.claimed = load_claims(tx, &taken).await?;
            result.claimed.extend(ended.into_iter().map(Claimed::Ended));
            result
        })
    }

    /// The posts that [`Store::take_over`] would handle.
    ///
    /// # Errors
    /// The database is away.
    pub async fn abandoned(&self, request: &TakeOver) -> Result<Vec<PostId>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let rows = tx.all(abandoned_query(request, "")).await?;
        Ok(rows.iter().filter_map(nameless::ids).map(|(_, post)| post).collect())
    }
}

pub(super) fn abandoned_query(request: &TakeOver, tail: &str) -> Sql {
    let mut query = sql(format!(
        "SELECT {COLUMNS}, s.worker_id AS worker_id,
                d.cancel_requested_at AS cancel_requested_at,
                CASE WHEN {OPEN_INTENT} THEN 1 ELSE 0 END AS is_open,
                CASE WHEN s.lease_until IS NULL THEN 1 ELSE 0 END AS is_foreign
           FROM post_schedule s {{open index}} {{then}} post_details d
          WHERE d.id = s.post_detail_id
            AND s.status = 'processing' AND {{open d}}
            AND (s.lease_until < {{now}} OR s.lease_until {BEYOND_TIME}
                 OR (s.lease_until IS NULL
                     AND (s.locked_at < {{now+ms}} OR s.locked_at {BEYOND_TIME})))"
    ))
    .before(request.foreign_lock);
    query = load::only(query, &request.only);
    if !request.except.is_empty() {
        query = query.and(" AND s.id NOT IN ").ids(request.except.iter().map(|job| job.uuid()));
    }
    query.and(" ORDER BY s.run_at, s.id LIMIT ? ").int(request.limit).and(tail)
}

/// A job that another program locked and left: its call may have gone out, so
/// it gets an intent of its own and is looked up, never sent blindly (T0m).
async fn adopt_foreign(tx: &mut Tx, job: JobId) -> Result<(), StoreError> {
    tx.execute_one(
        "adopt job of another program",
        sql("UPDATE post_schedule
                SET fence = CASE WHEN fence > attempts THEN fence ELSE attempts END + 1,
                    lease_until = locked_at,
                    attempts = CASE WHEN attempts < 1 THEN 1 ELSE attempts END,
                    max_attempts = CASE WHEN attempts > max_attempts THEN attempts
                                        ELSE max_attempts END
              WHERE id = ? AND status = 'processing' AND lease_until IS NULL")
        .id(job.uuid()),
    )
    .await?;
    let fence = fence_of(tx, job).await?;
    Entry::new(job, (fence, 1), StepKind::Publish, LogEvent::Intent)
        .note(log::FOREIGN, "locked by another program, which may have published it")
        .append(tx)
        .await
}

async fn reclaim(
    tx: &mut Tx,
    row: &Row,
    job: JobId,
    post: PostId,
    request: &TakeOver,
    open: bool,
) -> Result<Fence, StoreError> {
    // What was open costs no attempt: it is only looked up.
    let attempts = i64::from(!open);
    tx.execute_one(
        "take job over",
        sql("UPDATE post_schedule
                SET attempts = attempts + ?, fence = fence + 1, worker_id = ?,
                    locked_at = {now}, lease_until = {now+ms}, updated_at = {now}
              WHERE id = ? AND status = 'processing'")
        .int(attempts)
        .text(request.worker.as_str())
        .after(request.lease)
        .id(job.uuid()),
    )
    .await?;
    tx.execute_one("take post over", mirror_processing(post)).await?;
    if !open {
        let message = format!(
            "worker {} stopped in the middle of attempt {}",
            row.opt_lossy("worker_id")?.unwrap_or_default(),
            row.int("attempts")?,
        );
        tx.execute(
            sql("UPDATE post_details SET error_code = 'worker_died', error_message = ?
                  WHERE id = ?")
            .text(message)
            .id(post.uuid()),
        )
        .await?;
    }
    fence_of(tx, job).await
}

async fn end_cancelled(tx: &mut Tx, job: JobId, post: PostId) -> Result<(), StoreError> {
    tx.execute_one(
        "end cancelled job",
        sql("UPDATE post_schedule
                SET status = 'done', lease_until = NULL, locked_at = NULL, worker_id = NULL,
                    next_attempt_at = NULL, updated_at = {now}
              WHERE id = ? AND status = 'processing'")
        .id(job.uuid()),
    )
    .await?;
    let clean_up = CleanUp::of(tx, job).await?;
    tx.execute_one(
        "cancel post",
        sql("UPDATE post_details SET status = 'cancelled', updated_at = {now}, ")
            .and_clean_up(clean_up)
            .and(" WHERE id = ? AND status = 'processing'")
            .id(post.uuid()),
    )
    .await
}

async fn end_exhausted(
    tx: &mut Tx,
    job: JobId,
    post: PostId,
    attempts: i64,
) -> Result<(), StoreError> {
    let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    let message = format!("the worker died {times} while handling this post");
    end_failed(tx, job, post, "processing", "worker_died", &message).await
}
