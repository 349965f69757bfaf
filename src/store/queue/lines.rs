//! The lines that open jobs wait in, one for each account. A claim looks at the heads of
//! the lines, so that an account costs it one row, however many posts wait there, and
//! also while the account is paused or full.
//!
//! `post_schedule.account_id` says in which line a job stands, and nothing else: for
//! which account a post is sent is the word of `post_details.social_account_id`, which
//! the claim reads and the gate compares. Another program may leave the line out or
//! change the post's account later; such a job is put in line before it is claimed.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::{AccountId, Only, WorkerId};

use crate::store::StoreError;
use crate::store::queue::invalid_rows::{self, Ended};
use crate::store::queue::owned::Pair;
use crate::store::rows;
use crate::store::sql::db::{Row, Sql, Tx, sql};

/// Which jobs a worker asks for.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    pub worker: WorkerId,
    pub lease: Duration,
    /// The maximum number of jobs to claim.
    pub limit: u32,
    /// Also jobs due within this time, to be prepared.
    pub ahead: Duration,
    /// Jobs of each account that are in flight already.
    pub in_flight: HashMap<AccountId, u32>,
    /// The maximum number of jobs in flight per account: publish calls of one account
    /// go out one after the other, so more would only block others' slots.
    pub per_account: u32,
    /// Clients take turns, which costs a look at each account. Else what waits longest is
    /// taken, where that is of enough accounts.
    pub in_turns: bool,
    /// How many attempts a post gets that has had none; `None`: as stored with it.
    pub max_attempts: Option<u32>,
    pub only: Only,
}

/// The maximum number of jobs that one transaction puts in line.
const PUT_IN_LINE_MAX: i64 = 500;

/// Locks the jobs that a claim is to take, the fairest first: the first of each line, then
/// the second of each, and so on, passing over those that another worker holds.
pub(crate) async fn lock_heads(
    tx: &mut Tx,
    request: &ClaimRequest,
    ended: &mut Vec<Ended>,
) -> Result<Vec<Pair>, StoreError> {
    let unlined = unlined_query(request, "{skip locked s, d}");
    let unlined = invalid_rows::without_into(tx, unlined, ended).await?;
    let (of_account, of_none): (Vec<&Row>, Vec<&Row>) =
        unlined.iter().partition(|row| row.flag("has_account").unwrap_or_default());
    put_in_line(tx, &pairs(of_account)).await?;
    // These are no account's. They are claimed to be failed with the reason.
    let limit = request.limit as usize;
    let mut taken = pairs(of_none);
    taken.truncate(limit);
    if !request.in_turns
        && taken.is_empty()
        && let Some(longest) = lock_longest(tx, request, ended).await?
    {
        return Ok(longest);
    }
    let mut put_right = false;
    for rank in 0..request.per_account {
        if taken.len() == limit {
            break;
        }
        let query = heads_query(request, rank);
        let mut heads = invalid_rows::without_into(tx, query.clone(), ended).await?;
        if !put_right && !heads.iter().all(is_in_line) {
            // Once in a claim, since there may be very many.
            put_right = true;
            put_moved_in_line(tx, Some(request.ahead)).await?;
            heads = invalid_rows::without_into(tx, query, ended).await?;
        }
        if heads.is_empty() {
            break;
        }
        lock_free(tx, pairs(heads.iter().filter(|head| is_in_line(head))), limit, &mut taken)
            .await?;
    }
    Ok(taken)
}

/// Locks the jobs whose time came first; `None` if the lines have to be asked instead, since
/// one account has more of them than its share, or some are looked at again and again.
async fn lock_longest(
    tx: &mut Tx,
    request: &ClaimRequest,
    ended: &mut Vec<Ended>,
) -> Result<Option<Vec<Pair>>, StoreError> {
    let rows = invalid_rows::without_into(tx, longest_query(request), ended).await?;
    let limit = request.limit as usize;
    let mut in_flight: HashMap<Uuid, u32> =
        request.in_flight.iter().map(|(account, jobs)| (account.uuid(), *jobs)).collect();
    let (mut chosen, mut is_all) = (Vec::new(), rows.len() < window(request));
    for row in &rows {
        let first_time = row
            .opt_time("next_attempt_at")?
            .is_none_or(|next| row.time("run_at").is_ok_and(|time| time == next));
        if !first_time || !is_in_line(row) {
            is_all = false;
            continue;
        }
        let jobs = in_flight.entry(row.id("account_id")?).or_default();
        if *jobs < request.per_account && !row.flag("is_paused")? && chosen.len() < limit {
            *jobs += 1;
            chosen.extend(invalid_rows::ids(row));
        }
    }
    if chosen.len() < limit && !is_all {
        return Ok(None);
    }
    let mut taken = Vec::new();
    lock_free(tx, chosen, limit, &mut taken).await?;
    Ok(Some(taken))
}

/// Among how many jobs those are looked for that wait longest: at least twice as many as
/// are wanted, and few different numbers.
fn window(request: &ClaimRequest) -> usize {
    (request.limit as usize).saturating_mul(2).checked_next_power_of_two().unwrap_or(usize::MAX / 2)
}

/// The jobs whose time came first, of whatever account.
pub(crate) fn longest_query(request: &ClaimRequest) -> Sql {
    let query = sql("SELECT {claim columns}, s.account_id AS line,
                d.social_account_id AS account_id,
                CASE WHEN {paused} THEN 1 ELSE 0 END AS is_paused
           FROM post_schedule s {force index open} {straight join} post_details d
          WHERE {due} AND s.account_id IS NOT NULL")
    .after(request.ahead);
    // Written out: of any number PostgreSQL would plan for very many, and sort.
    let end = format!(" ORDER BY s.run_at, s.id LIMIT {}", window(request));
    rows::only(query, &request.only).and(&end)
}

/// Locks the first of these jobs, until `taken` holds `limit`, passing over those that
/// another worker holds or has taken meanwhile. Queue rows only: a lock on an account's
/// row would make all its other jobs look taken.
async fn lock_free(
    tx: &mut Tx,
    mut heads: Vec<Pair>,
    limit: usize,
    taken: &mut Vec<Pair>,
) -> Result<(), StoreError> {
    // What another program puts before a head moves it to the next rank.
    heads.retain(|head| !taken.contains(head));
    let mut heads = heads.as_slice();
    while taken.len() < limit && !heads.is_empty() {
        let (next, rest) = heads.split_at(heads.len().min(limit - taken.len()));
        heads = rest;
        let rows = tx
            .all(
                sql("SELECT s.id AS job_id FROM post_schedule s WHERE s.id IN ")
                    .ids(next.iter().map(|pair| pair.job.uuid()))
                    .and(" AND s.status = 'pending' {skip locked s}"),
            )
            .await?;
        let free = rows.iter().map(|row| row.job("job_id")).collect::<Result<Vec<_>, _>>()?;
        taken.extend(next.iter().filter(|pair| free.contains(&pair.job)));
    }
    Ok(())
}

/// Whether no other program has changed the post's account since the job was put in line.
/// It may write ids in other letters.
fn is_in_line(head: &Row) -> bool {
    let [line, account] = ["line", "account_id"].map(|id| head.opt_lossy(id).ok().flatten());
    line.zip(account).is_some_and(|(line, account)| line.eq_ignore_ascii_case(&account))
}

/// The ids of rows that were found to have some.
fn pairs<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<Pair> {
    rows.into_iter().filter_map(invalid_rows::ids).collect()
}

/// Whether any line has a head that is due: a row, or none.
pub(crate) fn any_head_query(request: &ClaimRequest) -> Sql {
    let [head, lines] = lines(request, 0);
    sql("SELECT a.id AS id FROM ")
        .append(lines)
        .and(" AND ")
        .append(head)
        .and(" IS NOT NULL LIMIT 1")
}

/// Of each line the due job with this many before it. Clients take turns, and the jobs
/// that the worker is at count as turns that their clients have had: one with very many
/// accounts or old posts keeps none of the others waiting. What is due comes before what
/// is only to be prepared, and among equals what has been waiting for the longest: what is
/// looked at again and again comes after what has not been looked at.
pub(crate) fn heads_query(request: &ClaimRequest, rank: u32) -> Sql {
    let [head, lines] = lines(request, rank);
    // DISTINCT keeps MariaDB from merging this into the outer query, which it could not
    // run a second time.
    let mut jobs = sql("SELECT DISTINCT ").append(head).and(" AS id FROM ").append(lines);
    if !request.in_flight.is_empty() {
        jobs = jobs
            .and(
                " UNION ALL SELECT s.id FROM post_schedule s {force index account}
                   WHERE s.status = 'processing' AND s.worker_id = ?
                     AND {account of s} IN ",
            )
            .text(request.worker.as_str())
            .ids(request.in_flight.keys().map(|account| account.uuid()));
    }
    sql("SELECT * FROM (
           SELECT {claim columns}, s.status AS status, s.account_id AS line,
                  d.social_account_id AS account_id,
                  CASE WHEN s.run_at <= {now} THEN 0 ELSE 1 END AS is_ahead,
                  ROW_NUMBER() OVER (PARTITION BY d.company_id, d.assigned_client_id
                                     ORDER BY CASE s.status WHEN 'pending' THEN 1 ELSE 0 END,
                                              COALESCE(s.next_attempt_at, s.run_at), s.id)
                      AS turn
             FROM (")
    .append(jobs)
    .and(
        ") job {straight join} post_schedule s {straight join} post_details d
            WHERE s.id = job.id AND d.id = s.post_detail_id) head
          WHERE status = 'pending' ORDER BY is_ahead, turn, COALESCE(next_attempt_at, run_at), job_id LIMIT ?",
    )
    // Others may hold some of them.
    .int(i64::from(request.limit.saturating_mul(4)))
}

/// A line's due job with this many before it, as a value; and the lines that the worker
/// serves and that have room for it, with the start of a condition.
fn lines(request: &ClaimRequest, rank: u32) -> [Sql; 2] {
    let head = sql("(
             SELECT s.id FROM post_schedule s {force index account} {straight join} post_details d
              WHERE s.account_id = a.id AND {due}
              ORDER BY s.run_at, s.id LIMIT 1 OFFSET ?)")
    .after(request.ahead)
    .int(rank);
    let mut lines = sql("meta_social_accounts a WHERE NOT {account paused}");
    if let Some(platform) = request.only.platform {
        lines = lines.and(" AND a.platform = ?").text(platform.as_str());
    }
    if let Some(account) = request.only.account {
        lines = lines.and(" AND a.id = ?").id(account.uuid());
    }
    let full: Vec<Uuid> = request
        .in_flight
        .iter()
        .filter(|(_, jobs)| jobs.saturating_add(rank) >= request.per_account)
        .map(|(account, _)| account.uuid())
        .collect();
    if !full.is_empty() {
        lines = lines.and(" AND a.id NOT IN ").ids(full);
    }
    [head, lines]
}

/// Due jobs that are in no line: rows of other programs, also of accounts that are not
/// there.
pub(crate) fn unlined_query(request: &ClaimRequest, tail: &str) -> Sql {
    sql("SELECT {claim columns},
                CASE WHEN EXISTS (SELECT 1 FROM meta_social_accounts a
                                   WHERE a.id = d.social_account_id)
                     THEN 1 ELSE 0 END AS has_account
           FROM post_schedule s {force index account} {straight join} post_details d
          WHERE s.account_id IS NULL AND {due} ORDER BY s.run_at, s.id LIMIT ? ")
    .after(request.ahead)
    .int(PUT_IN_LINE_MAX)
    .and(tail)
}

/// Pending jobs in the line of another account than their post's. Looks at every due job, so
/// not for each claim.
pub(crate) fn moved_query(due_within: Option<Duration>, tail: &str) -> Sql {
    let query = sql("SELECT s.id AS job_id, d.id AS post_id
           FROM post_schedule s {force index open} {straight join} post_details d
          WHERE d.id = s.post_detail_id AND {open s} AND s.status = 'pending'
            AND s.account_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM meta_social_accounts a
                             WHERE a.id = d.social_account_id AND a.id = s.account_id)");
    let query = match due_within {
        Some(ahead) => query.and(" AND s.run_at <= {now+ms}").after(ahead),
        None => query,
    };
    query.and(" ORDER BY s.run_at, s.id LIMIT ? ").int(PUT_IN_LINE_MAX).and(tail)
}

/// Puts jobs whose posts another program has given another account into its line.
pub(crate) async fn put_moved_in_line(
    tx: &mut Tx,
    due_within: Option<Duration>,
) -> Result<(), StoreError> {
    let moved = tx.all(moved_query(due_within, "{skip locked s, d}")).await?;
    put_in_line(tx, &pairs(&moved)).await
}

/// Puts pending jobs in the lines of their posts' accounts. Guarded by the rows' locks.
async fn put_in_line(tx: &mut Tx, pairs: &[Pair]) -> Result<(), StoreError> {
    if pairs.is_empty() {
        return Ok(());
    }
    tx.execute_exactly(
        "put jobs in line",
        pairs.len(),
        sql("{skip check constraints} UPDATE post_schedule
                SET account_id = (SELECT a.id FROM post_details d
                                    JOIN meta_social_accounts a ON a.id = d.social_account_id
                                   WHERE d.id = post_schedule.post_detail_id)
              WHERE status = 'pending' AND id IN ")
        .ids(pairs.iter().map(|pair| pair.job.uuid())),
    )
    .await
}
