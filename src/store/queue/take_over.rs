//! Taking jobs whose worker stopped renewing its lease (T9, T10).

use std::time::Duration;

use crate::domain::{FailureCode, JobId, LogEvent, Only, PostId, StepKind, Transition, WorkerId};

use crate::store::queue::claim::{Claimed, claimed, fences};
use crate::store::queue::invalid_rows;
use crate::store::queue::log::{self, Entry};
use crate::store::queue::owned::{Pair, jobs_of};
use crate::store::queue::transitions::{self, Abandoned, Reason};
use crate::store::rows::{self, FOREIGN_LOCK};
use crate::store::sql::db::{Sql, Tx, sql};
use crate::store::{Store, StoreError, reading, transaction};

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
    /// Ended as cancelled, as was requested.
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
        if reading!(self).await?.first(abandoned_query(request, "")).await?.is_none() {
            return Ok(TakenOver::default());
        }
        transaction!(self, tx, {
            let mut ended = Vec::new();
            let query = abandoned_query(request, "{skip locked s, d}");
            let rows = invalid_rows::without_into(tx, query, &mut ended).await?;
            let mut foreign = Vec::new();
            let (mut idle, mut cancelled, mut exhausted) = (Vec::new(), Vec::new(), Vec::new());
            let mut taken = Vec::new();
            for row in &rows {
                let pair = Pair { job: row.job("job_id")?, post: row.post("post_id")? };
                let is_foreign = row.flag("is_foreign")?;
                if is_foreign {
                    foreign.push(pair);
                }
                if is_foreign || row.flag("is_open")? {
                    taken.push((pair, Abandoned::InCall));
                    continue;
                }
                // Another program may have put the post back without its job.
                idle.push(pair);
                let attempts = row.int("attempts")?;
                if row.is_set("cancel_requested_at")? {
                    cancelled.push(pair);
                } else if attempts >= row.int("max_attempts")? {
                    let times = match attempts {
                        1 => "once".to_owned(),
                        more => format!("{more} times"),
                    };
                    let message = format!("the worker died {times} while handling this post");
                    exhausted.push((pair, Reason::new(FailureCode::WorkerDied.as_str(), message)));
                } else {
                    let worker = row.opt_lossy("worker_id")?.unwrap_or_default();
                    let message =
                        format!("worker {worker} stopped in the middle of attempt {attempts}");
                    taken.push((pair, Abandoned::InAttempt(message)));
                }
            }
            adopt_foreign(tx, &foreign).await?;
            transitions::mirror_processing(tx, Transition::TakeOver, &idle).await?;
            transitions::cancel_abandoned(tx, &cancelled).await?;
            transitions::fail_exhausted(tx, &exhausted).await?;
            transitions::take_over(tx, &taken, &request.worker, request.lease).await?;
            let taken: Vec<Pair> = taken.into_iter().map(|(pair, _)| pair).collect();
            let mut claimed = claimed(tx, &taken, &request.worker).await?;
            claimed.extend(ended.into_iter().map(Claimed::Ended));
            TakenOver {
                claimed,
                exhausted: exhausted.into_iter().map(|(pair, _)| pair.post).collect(),
                cancelled: cancelled.into_iter().map(|pair| pair.post).collect(),
            }
        })
    }

    /// The posts that [`Store::take_over`] would handle.
    ///
    /// # Errors
    /// The database is away.
    pub async fn abandoned(&self, request: &TakeOver) -> Result<Vec<PostId>, StoreError> {
        let mut tx = reading!(self).await?;
        let rows = tx.all(abandoned_query(request, "")).await?;
        Ok(rows.iter().filter_map(invalid_rows::ids).map(|pair| pair.post).collect())
    }
}

pub(crate) fn abandoned_query(request: &TakeOver, tail: &str) -> Sql {
    let mut query = sql("SELECT {claim columns}, s.worker_id AS worker_id,
                d.cancel_requested_at AS cancel_requested_at,
                CASE WHEN {open call} THEN 1 ELSE 0 END AS is_open,
                CASE WHEN s.lease_until IS NULL THEN 1 ELSE 0 END AS is_foreign
           FROM post_schedule s {force index open} {straight join} post_details d
          WHERE d.id = s.post_detail_id
            AND s.status = 'processing' AND {open d}
            AND (s.lease_until < {now} OR s.lease_until {beyond time}
                 OR (s.lease_until IS NULL
                     AND (s.locked_at < {now+ms} OR s.locked_at {beyond time})))")
    .before(request.foreign_lock);
    query = rows::only(query, &request.only);
    if !request.except.is_empty() {
        query = query.and(" AND s.id NOT IN ").ids(request.except.iter().map(|job| job.uuid()));
    }
    query.and(" ORDER BY s.run_at, s.id LIMIT ? ").int(request.limit).and(tail)
}

/// Jobs that another program locked and left: their calls may have gone out, so each
/// gets an intent of its own and is looked up, never sent blindly (T0m).
async fn adopt_foreign(tx: &mut Tx, pairs: &[Pair]) -> Result<(), StoreError> {
    if pairs.is_empty() {
        return Ok(());
    }
    transitions::adopt_foreign_locks(tx, pairs).await?;
    let fences = fences(tx, &jobs_of(pairs)).await?;
    let entries = fences.iter().map(|(job, fence)| {
        Entry::new(*job, (*fence, 1), StepKind::Publish, LogEvent::Intent)
            .note(log::FOREIGN, "locked by another program, which may have published it")
    });
    log::append(tx, entries.collect()).await
}
