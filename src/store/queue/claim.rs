//! Taking due jobs from the queue.
//!
//! A claim marks and counts in the transaction that selects: between the two
//! no other worker can see the job as free, and a process that dies right
//! after the commit has used up an attempt.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{Claim, Fence, Job, JobId, Lease, MISSED, Only, PostId, WorkerId};

use crate::store::queue::invalid_rows::{self, Ended};
use crate::store::queue::lines;
pub use crate::store::queue::lines::ClaimRequest;
use crate::store::queue::logged;
use crate::store::queue::logs;
use crate::store::queue::owned::{Pair, jobs_of};
use crate::store::queue::transitions::{self, Reason};
use crate::store::rows;
use crate::store::sql::db::{Row, Sql, Tx, sql};
use crate::store::{Store, StoreError, reading, transaction};

/// A job that is now this worker's.
#[derive(Debug, Clone)]
pub enum Claimed {
    Job(Box<Claim>),
    /// Its rows cannot be read as a post: to be failed with the reason.
    Unreadable {
        lease: Lease,
        why: String,
    },
    /// No claim can be written into its row: it was ended instead.
    Ended(Ended),
}

impl Store {
    /// Claims due jobs (T1), account by account. Jobs whose account is paused are passed
    /// over.
    ///
    /// # Errors
    /// The database is away; then nothing was taken.
    pub async fn claim_due(&self, request: &ClaimRequest) -> Result<Vec<Claimed>, StoreError> {
        if request.limit == 0 {
            return Ok(Vec::new());
        }
        transaction!(self, tx, {
            let mut ended = Vec::new();
            let never = invalid_rows::never_due_query(&request.only);
            invalid_rows::without_into(tx, never, &mut ended).await?;
            let taken = lines::lock_heads(tx, request, &mut ended).await?;
            let ClaimRequest { worker, lease, max_attempts, .. } = request;
            transitions::claim(tx, &taken, worker, *lease, *max_attempts).await?;
            let mut claimed = claimed(tx, &taken, worker).await?;
            claimed.extend(ended.into_iter().map(Claimed::Ended));
            claimed
        })
    }

    /// The posts that [`Store::claim_due`] would take, without taking them; where it would
    /// not take all, those that wait longest.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due(&self, request: &ClaimRequest) -> Result<Vec<PostId>, StoreError> {
        let mut tx = reading!(self).await?;
        let rows = tx.all(due_query(request)).await?;
        let chosen = choose(&rows, request, request.limit);
        Ok(chosen.into_iter().map(|pair| pair.post).collect())
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
        if reading!(self).await?.first(query("")).await?.is_none() {
            return Ok(Vec::new());
        }
        transaction!(self, tx, {
            // What cannot be read is left to the claim, which ends it with the reason.
            let rows = tx.all(query(" {skip locked s, d}")).await?;
            let mut missed = Vec::new();
            for row in rows.iter().filter(|row| invalid_rows::is_good(row)) {
                let pair = Pair { job: row.job("job_id")?, post: row.post("post_id")? };
                let message = format!(
                    "not sent: its time was {} and the worker may be late by at most {}",
                    row.time("run_at")?.format("%Y-%m-%d %H:%M UTC"),
                    in_words(max_late),
                );
                missed.push((pair, Reason::new(MISSED, message)));
            }
            transitions::miss(tx, &missed).await?;
            missed.iter().map(|(pair, _)| pair.post).collect()
        })
    }

    /// Posts that need review, for one more look: read
    /// only, they stay as they are.
    ///
    /// # Errors
    /// The database is away.
    pub async fn needs_review(&self, limit: u32) -> Result<Vec<Read>, StoreError> {
        let mut tx = reading!(self).await?;
        let rows = tx.all(needs_review_query(limit)).await?;
        let found: Vec<_> = rows.iter().filter_map(invalid_rows::claim_of).collect();
        load_jobs(&mut tx, &found).await
    }
}

pub(crate) fn needs_review_query(limit: u32) -> Sql {
    sql("SELECT s.id AS job_id, d.id AS post_id, s.fence AS fence
           FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
          WHERE {needs review} ORDER BY d.updated_at, d.id LIMIT ?")
    .int(limit)
}

/// Pending jobs whose time has come, earliest first. Reads all of them, so only for people.
fn due_query(request: &ClaimRequest) -> Sql {
    let query = sql("SELECT {claim columns}, d.social_account_id AS account_id
           FROM post_schedule s {force index open} {straight join} post_details d
          WHERE {due} AND NOT {paused}")
    .after(request.ahead);
    rows::only(query, &request.only).and(" ORDER BY s.run_at, s.id")
}

/// The time of the pending job that comes next.
pub(crate) fn next_due_query() -> Sql {
    sql("SELECT s.run_at AS run_at FROM post_schedule s {force index open}
          WHERE {open s} AND s.status = 'pending' AND s.run_at > {now}
          ORDER BY s.run_at, s.id LIMIT 1")
}

pub(crate) fn missed_query(max_late: Duration, only: &Only, tail: &str) -> Sql {
    let query = sql("SELECT {claim columns}
           FROM post_schedule s {force index open} {straight join} post_details d
          WHERE d.id = s.post_detail_id
            AND {open s} AND s.status = 'pending'
            AND d.status = 'pending' AND s.run_at < {now+ms} AND s.run_at {readable time}
            AND NOT {open call}")
    .before(max_late);
    rows::only(query, only).and(" ORDER BY s.run_at, s.id LIMIT 100 ").and(tail)
}

/// Picks at most `limit` jobs, and of each account no more than may be in flight.
fn choose(rows: &[Row], request: &ClaimRequest, limit: u32) -> Vec<Pair> {
    let mut in_flight: HashMap<Uuid, u32> =
        request.in_flight.iter().map(|(account, jobs)| (account.uuid(), *jobs)).collect();
    let mut chosen = Vec::new();
    for row in rows {
        if chosen.len() == limit as usize {
            break;
        }
        let Some(pair) = invalid_rows::ids(row) else { continue };
        // A row whose account id is no UUID is still taken, to be failed with a reason.
        let account = row.id("account_id").unwrap_or(Uuid::nil());
        let count = in_flight.entry(account).or_default();
        if *count < request.per_account {
            *count += 1;
            chosen.push(pair);
        }
    }
    chosen
}

/// Everything about jobs that this worker has just claimed or taken over, with the
/// leases.
pub(crate) async fn claimed(
    tx: &mut Tx,
    taken: &[Pair],
    worker: &WorkerId,
) -> Result<Vec<Claimed>, StoreError> {
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let fences = fences(tx, &jobs_of(taken)).await?;
    let mut keys = Vec::with_capacity(taken.len());
    for pair in taken {
        let gone = StoreError::Statement("a claimed job is gone".to_owned());
        keys.push((*pair, *fences.get(&pair.job).ok_or(gone)?));
    }
    let read = load_jobs(tx, &keys).await?;
    let claimed = |read: Read| {
        let lease = Lease::granted(read.pair.job, read.pair.post, read.fence, worker.clone());
        match read.job {
            Ok(job) => Claimed::Job(Box::new(Claim { lease, job })),
            Err(why) => Claimed::Unreadable { lease, why },
        }
    };
    Ok(read.into_iter().map(claimed).collect())
}

/// The fences of jobs, whatever their state.
pub(crate) async fn fences(
    tx: &mut Tx,
    jobs: &[JobId],
) -> Result<HashMap<JobId, Fence>, StoreError> {
    let rows = tx
        .all(
            sql("SELECT id AS job_id, fence FROM post_schedule WHERE id IN ")
                .ids(jobs.iter().map(|job| job.uuid())),
        )
        .await?;
    rows.iter().map(|row| Ok((row.job("job_id")?, Fence(row.int("fence")?)))).collect()
}

/// A job as it was read, or why its rows cannot be read as a post.
#[derive(Debug, Clone)]
pub struct Read {
    pub(crate) pair: Pair,
    fence: Fence,
    pub job: Result<Job, String>,
}

impl Read {
    #[must_use]
    pub fn post(&self) -> PostId {
        self.pair.post
    }
}

/// Reads everything about jobs: rows, logs and accounts in one query each.
pub(crate) async fn load_jobs(
    tx: &mut Tx,
    jobs: &[(Pair, Fence)],
) -> Result<Vec<Read>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let now = tx.now().await?;
    let ids: Vec<JobId> = jobs.iter().map(|(pair, _)| pair.job).collect();
    let mut logs = logs::read(tx, &ids, now).await?;
    let rows = tx
        .all(rows::select_posts().and(" WHERE s.id IN ").ids(ids.iter().map(|job| job.uuid())))
        .await?;
    let accounts = accounts_of(tx, &rows).await?;
    let mut read = Vec::with_capacity(jobs.len());
    for (pair, fence) in jobs.iter().copied() {
        let row = rows.iter().find(|row| row.id("job_id").ok() == Some(pair.job.uuid()));
        let logged = logs.remove(&pair.job).unwrap_or_else(|| Ok(logged::Logged::default()));
        let job = match (row, logged) {
            (Some(row), Ok(logged)) => job(row, &accounts, logged, (pair, fence), now),
            (_, Err(unreadable)) => Err(unreadable.into()),
            (None, _) => Err(StoreError::Statement("a claimed job is gone".to_owned())),
        };
        let job = match job {
            Ok(job) => Ok(job),
            Err(error @ StoreError::Inconsistent { .. }) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        read.push(Read { pair, fence, job });
    }
    Ok(read)
}

/// The accounts that these posts name, as far as they can be named.
async fn accounts_of(tx: &mut Tx, posts: &[Row]) -> Result<Vec<Row>, StoreError> {
    let mut named: Vec<Uuid> =
        posts.iter().filter_map(|row| row.id("social_account_id").ok()).collect();
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(sql(rows::SELECT_ACCOUNTS).and(" WHERE a.id IN ").ids(named)).await
}

fn job(
    row: &Row,
    accounts: &[Row],
    logged: logged::Logged,
    (Pair { job: job_id, post: post_id }, fence): (Pair, Fence),
    now: DateTime<Utc>,
) -> Result<Job, StoreError> {
    let account_id = row.id("social_account_id")?;
    let account = accounts
        .iter()
        .find(|account| account.id("id").ok() == Some(account_id))
        .map(rows::account)
        .transpose()?
        .ok_or_else(|| wrong_account(post_id, "names an account that is not there"))?;
    let content = rows::content(row)?;
    let company = row.id("company_id")?;
    if account.company_id.uuid() != company || account.platform != content.platform {
        return Err(wrong_account(post_id, "names an account of another company or platform"));
    }
    let run_at = row.time("run_at")?;
    Ok(Job {
        job_id,
        post_id,
        fence,
        attempts: rows::count(row, "attempts")?,
        max_attempts: rows::count(row, "max_attempts")?,
        run_at,
        due: run_at <= now,
        cancel_requested: row.opt_time("cancel_requested_at")?.is_some(),
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
