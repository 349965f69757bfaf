//! Taking due jobs from the queue.
//!
//! A claim marks and counts in the transaction that selects: between the two
//! no other worker can see the job as free, and a process that dies right
//! after the commit has used up an attempt.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{AccountId, Claim, ClaimId, Fence, JobId, MISSED, Only, PostId, WorkerId};

use super::db::{Row, Sql, Tx, sql};
use super::load::{self, BEYOND_TIME, HELD, OPEN_INTENT, READABLE_TIME, RESTS};
use super::nameless::{COLUMNS, Ended};
use super::settle::CleanUp;
use super::{Store, StoreError, logged, nameless, posts, transaction};

/// Which jobs a worker asks for.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    pub worker: WorkerId,
    pub lease: Duration,
    /// At most so many.
    pub limit: u32,
    /// Also jobs due within this time, to be prepared.
    pub ahead: Duration,
    /// Jobs already held per account.
    pub held: HashMap<AccountId, u32>,
    /// At most so many jobs held per account: publish calls of one account
    /// go out one after the other, so more would only block others' slots.
    pub per_account: u32,
    /// How many attempts a post gets that has had none; `None`: as stored with it.
    pub max_attempts: Option<u32>,
    pub only: Only,
}

/// A job that is now this worker's.
#[derive(Debug, Clone)]
pub enum Claimed {
    Job(Box<Claim>),
    /// Its rows cannot be read as a post: to be failed with the reason.
    Unreadable {
        claim: ClaimId,
        why: String,
    },
    /// No claim can be written into its row: it was ended instead.
    Ended(Ended),
}

impl Store {
    /// Takes due jobs (T1). Jobs whose account rests are passed over.
    ///
    /// # Errors
    /// The database is away; then nothing was taken.
    pub async fn claim_due(&self, request: &ClaimRequest) -> Result<Vec<Claimed>, StoreError> {
        if request.limit == 0 {
            return Ok(Vec::new());
        }
        // Look first without the write lock: mostly nothing is due.
        let mut tx = self.pool.begin_read().await?;
        let nothing = tx.first(due_query(request)).await?.is_none()
            && tx.first(nameless::never_due_query(&request.only)).await?.is_none();
        drop(tx);
        if nothing {
            return Ok(Vec::new());
        }
        transaction!(self, tx, {
            let mut ended = Vec::new();
            let never = nameless::never_due_query(&request.only);
            nameless::without_into(tx, never, &mut ended).await?;
            let rows = nameless::without_into(tx, due_query(request), &mut ended).await?;
            let candidates = choose(&rows, request, u32::MAX);
            let free = lock_free(tx, &candidates, request.limit).await?;
            let mut taken = Vec::new();
            for (job, post) in candidates.into_iter().filter(|(job, _)| free.contains(job)) {
                taken.push((job, post, mark(tx, job, post, request).await?));
            }
            let mut claimed = load_claims(tx, &taken).await?;
            claimed.extend(ended.into_iter().map(Claimed::Ended));
            claimed
        })
    }

    /// The posts that [`Store::claim_due`] would take, without taking them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due(&self, request: &ClaimRequest) -> Result<Vec<PostId>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let rows = tx.all(due_query(request)).await?;
        let chosen = choose(&rows, request, request.limit);
        Ok(chosen.into_iter().map(|(_, post)| post).collect())
    }

    /// How long until the next pending job's time comes; `None` when there is none.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next_due_in(&self) -> Result<Option<Duration>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let row = tx.first(next_due_query()).await?;
        match row {
            None => Ok(None),
            // What is no time comes never; it is looked for with every claim.
            Some(row) => Ok(row
                .time("run_at")
                .ok()
                .zip(row.time("now").ok())
                .map(|(at, now)| (at - now).to_std().unwrap_or_default())),
        }
    }

    /// Fails pending posts whose time passed more than `max_late` ago (T17):
    /// after a long outage they must not all go out at once.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn fail_missed(
        &self,
        max_late: Duration,
        only: &Only,
    ) -> Result<Vec<PostId>, StoreError> {
        let query = |tail: &str| missed_query(max_late, only, tail);
        if self.pool.begin_read().await?.first(query("")).await?.is_none() {
            return Ok(Vec::new());
        }
        transaction!(self, tx, {
            let mut missed = Vec::new();
            // What cannot be read is left to the claim, which ends it with the reason.
            let rows = tx.all(query(" {skip locked s, d}")).await?;
            for row in rows.iter().filter(|row| nameless::is_good(row)) {
                let (job, post) = (row.job("job_id")?, row.post("post_id")?);
                let message = format!(
                    "not sent: its time was {} and the worker may be late by at most {}",
                    row.time("run_at")?.format("%Y-%m-%d %H:%M UTC"),
                    in_words(max_late),
                );
                end_failed(tx, job, post, "pending", MISSED, &message).await?;
                missed.push(post);
            }
            missed
        })
    }

    /// Failed posts whose outcome nobody could tell, for one more look: read
    /// only, they stay as they are.
    ///
    /// # Errors
    /// The database is away.
    pub async fn held(&self, limit: u32) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let rows = tx.all(held_query(limit)).await?;
        let found: Vec<_> = rows.iter().filter_map(nameless::claim_of).collect();
        load_claims(&mut tx, &found).await
    }
}

pub(super) fn held_query(limit: u32) -> Sql {
    sql(format!(
        "SELECT s.id AS job_id, d.id AS post_id, s.fence AS fence
           FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
          WHERE {HELD} ORDER BY d.updated_at, d.id LIMIT ?"
    ))
    .int(limit)
}

/// Pending jobs whose time has come, earliest first. The open states are
/// named so that the small index of open jobs serves the query, and the queue
/// is read first: with a platform or an account it would else begin with all
/// posts of that one.
pub(super) fn due_query(request: &ClaimRequest) -> Sql {
    let mut query = sql(format!(
        "SELECT {COLUMNS}, d.social_account_id AS account_id
           FROM post_schedule s {{open index}} {{then}} post_details d
          WHERE d.id = s.post_detail_id
            AND {{open s}} AND s.status = 'pending' AND s.run_at <= {{now+ms}}
            AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= {{now}}
                 OR s.next_attempt_at {BEYOND_TIME})
            AND {{open d}} AND NOT {RESTS}"
    ))
    .after(request.ahead);
    query = load::only(query, &request.only);
    let full: Vec<Uuid> = request
        .held
        .iter()
        .filter(|(_, held)| **held >= request.per_account)
        .map(|(account, _)| account.uuid())
        .collect();
    if !full.is_empty() {
        query = query.and(" AND d.social_account_id NOT IN ").ids(full);
    }
    // More than needed, since an account takes only so many.
    query.and(" ORDER BY s.run_at, s.id LIMIT ?").int(i64::from(request.limit.saturating_mul(4)))
}

/// Locks at most `limit` of the candidates, in their order, passing over those
/// that another worker holds or has taken meanwhile. Queue rows only: a lock
/// on an account's row would make all its other jobs look taken.
async fn lock_free(
    tx: &mut Tx,
    candidates: &[(JobId, PostId)],
    limit: u32,
) -> Result<Vec<JobId>, StoreError> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .all(
            sql("SELECT s.id AS job_id FROM post_schedule s WHERE s.id IN ")
                .ids(candidates.iter().map(|(job, _)| job.uuid()))
                .and(" AND s.status = 'pending' ORDER BY s.run_at, s.id LIMIT ? {skip locked s}")
                .int(limit),
        )
        .await?;
    rows.iter().map(|row| row.job("job_id")).collect()
}

pub(super) fn next_due_query() -> Sql {
    sql("SELECT s.run_at AS run_at, {now} AS now FROM post_schedule s {open index}
          WHERE {open s} AND s.status = 'pending' AND s.run_at > {now}
          ORDER BY s.run_at, s.id LIMIT 1")
}

pub(super) fn missed_query(max_late: Duration, only: &Only, tail: &str) -> Sql {
    let query = sql(format!(
        "SELECT {COLUMNS}
           FROM post_schedule s {{open index}} {{then}} post_details d
          WHERE d.id = s.post_detail_id
            AND {{open s}} AND s.status = 'pending'
            AND d.status = 'pending' AND s.run_at < {{now+ms}} AND s.run_at {READABLE_TIME}
            AND NOT {OPEN_INTENT}"
    ))
    .before(max_late);
    load::only(query, only).and(" ORDER BY s.run_at, s.id LIMIT 500 ").and(tail)
}

/// Picks at most `limit` jobs, and of each account no more than it may hold.
fn choose(rows: &[Row], request: &ClaimRequest, limit: u32) -> Vec<(JobId, PostId)> {
    let mut held: HashMap<Uuid, u32> =
        request.held.iter().map(|(account, held)| (account.uuid(), *held)).collect();
    let mut chosen = Vec::new();
    for row in rows {
        if chosen.len() == limit as usize {
            break;
        }
        let Some(ids) = nameless::ids(row) else { continue };
        // A row whose account id is no UUID is still taken, to be failed with a reason.
        let account = row.id("account_id").unwrap_or(Uuid::nil());
        let count = held.entry(account).or_default();
        if *count < request.per_account {
            *count += 1;
            chosen.push(ids);
        }
    }
    chosen
}

/// Marks a selected job as this worker's. A row that another program had tried
/// before still gets an attempt, and a fence at or above its attempts.
async fn mark(
    tx: &mut Tx,
    job: JobId,
    post: PostId,
    request: &ClaimRequest,
) -> Result<Fence, StoreError> {
    tx.execute_one(
        "claim job",
        // MariaDB sets from left to right: what reads `attempts` comes first.
        sql("UPDATE post_schedule
                SET status = 'processing',
                    max_attempts = CASE WHEN attempts = 0 THEN COALESCE(?, max_attempts)
                                        WHEN attempts >= max_attempts THEN attempts + 1
                                        ELSE max_attempts END,
                    fence = CASE WHEN fence > attempts THEN fence ELSE attempts END + 1,
                    attempts = attempts + 1, worker_id = ?, locked_at = {now}, lease_until = {now+ms},
                    next_attempt_at = NULL, updated_at = {now}
              WHERE id = ? AND status = 'pending'")
        .opt_int(request.max_attempts.map(i64::from))
        .text(request.worker.as_str())
        .after(request.lease)
        .id(job.uuid()),
    )
    .await?;
    tx.execute_one("claim post", mirror_processing(post)).await?;
    fence_of(tx, job).await
}

/// The post's half of a claim: same status, same attempts.
pub(super) fn mirror_processing(post: PostId) -> Sql {
    sql("UPDATE post_details
            SET status = 'processing', updated_at = {now},
                attempts = (SELECT attempts FROM post_schedule
                             WHERE post_detail_id = post_details.id)
          WHERE id = ? AND {open}")
    .id(post.uuid())
}

pub(super) async fn fence_of(tx: &mut Tx, job: JobId) -> Result<Fence, StoreError> {
    let fence =
        tx.count(sql("SELECT fence FROM post_schedule WHERE id = ?").id(job.uuid())).await?;
    Ok(Fence(fence))
}

/// Ends a job that provably published nothing.
pub(super) async fn end_failed(
    tx: &mut Tx,
    job: JobId,
    post: PostId,
    status: &'static str,
    code: &str,
    message: &str,
) -> Result<(), StoreError> {
    tx.execute_one(
        "fail job",
        sql("UPDATE post_schedule
                SET status = 'failed', lease_until = NULL, locked_at = NULL,
                    next_attempt_at = NULL, error_message = ?, updated_at = {now}
              WHERE id = ? AND status = ?")
        .text(message)
        .id(job.uuid())
        .text(status),
    )
    .await?;
    let clean_up = CleanUp::of(tx, job).await?;
    tx.execute_one(
        "fail post",
        sql("UPDATE post_details
                SET status = 'failed', outcome = 'not_published', error_code = ?,
                    error_message = ?, updated_at = {now},
                    attempts = (SELECT attempts FROM post_schedule
                                 WHERE post_detail_id = post_details.id), ")
        .text(code)
        .text(message)
        .and_clean_up(clean_up)
        .and(" WHERE id = ? AND status = ?")
        .id(post.uuid())
        .text(status),
    )
    .await
}

/// Reads everything about taken jobs: the logs and rows in one query each, then
/// each account.
pub(super) async fn load_claims(
    tx: &mut Tx,
    taken: &[(JobId, PostId, Fence)],
) -> Result<Vec<Claimed>, StoreError> {
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let now = posts::now(tx).await?;
    let jobs: Vec<JobId> = taken.iter().map(|(job, ..)| *job).collect();
    let mut logs = logged::read(tx, &jobs, now).await?;
    let rows = tx
        .all(load::select_posts().and(" WHERE s.id IN ").ids(jobs.iter().map(|job| job.uuid())))
        .await?;
    let mut claims = Vec::with_capacity(taken.len());
    for (job_id, post_id, fence) in taken.iter().copied() {
        let row = rows.iter().find(|row| row.id("job_id").ok() == Some(job_id.uuid()));
        let logged = logs.remove(&job_id).unwrap_or_else(|| Ok(logged::Logged::default()));
        let claim = match (row, logged) {
            (Some(row), Ok(logged)) => claim(tx, row, logged, (job_id, post_id, fence), now).await,
            (_, Err(unreadable)) => Err(unreadable.into()),
            (None, _) => Err(StoreError::Statement("a claimed job is gone".to_owned())),
        };
        claims.push(match claim {
            Ok(claim) => Claimed::Job(Box::new(claim)),
            Err(error @ StoreError::Inconsistent { .. }) => Claimed::Unreadable {
                claim: ClaimId { job: job_id, post: post_id, fence },
                why: error.to_string(),
            },
            Err(error) => return Err(error),
        });
    }
    Ok(claims)
}

async fn claim(
    tx: &mut Tx,
    row: &Row,
    logged: logged::Logged,
    (job_id, post_id, fence): (JobId, PostId, Fence),
    now: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    let account_id = row.id("social_account_id")?;
    let account = tx
        .first(sql(load::SELECT_ACCOUNTS).and(" WHERE a.id = ?").id(account_id))
        .await?
        .map(|account| load::account(&account))
        .transpose()?
        .ok_or_else(|| wrong_account(post_id, "names an account that is not there"))?;
    let content = load::content(row)?;
    let company = row.id("company_id")?;
    if account.company_id.uuid() != company || account.platform != content.platform {
        return Err(wrong_account(post_id, "names an account of another company or platform"));
    }
    let run_at = row.time("run_at")?;
    Ok(Claim {
        job_id,
        post_id,
        fence,
        attempts: load::count(row, "attempts")?,
        max_attempts: load::count(row, "max_attempts")?,
        run_at,
        due: run_at <= now,
        cancel_wished: row.opt_time("cancel_requested_at")?.is_some(),
        content,
        account,
        staging: logged.staging,
        open_intents: logged.open_intents,
        calls: logged.calls,
        faults: logged.faults,
        comment_calls: logged.comment_calls,
        read_at: now,
        read: Instant::now(),
    })
}

fn wrong_account(post: PostId, why: &str) -> StoreError {
    StoreError::Inconsistent {
        table: "post_details",
        column: "social_account_id",
        row: format!("post {post}"),
        why: why.to_owned(),
    }
}

fn in_words(duration: Duration) -> String {
    match duration.as_secs() {
        hours if hours >= 3600 && hours % 3600 == 0 => format!("{} h", hours / 3600),
        minutes if minutes >= 60 && minutes % 60 == 0 => format!("{} min", minutes / 60),
        seconds => format!("{seconds} s"),
    }
}
