//! The last local step before a call of no return (T4).
//!
//! The gate commits "this call goes out now" durably and only then lets it
//! go. Whoever finds such an intent without evidence knows that the post may
//! be live, whatever happened to the process that wrote it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::domain::{AccountId, Fence, Intent, JobId, Lease, LogEvent, StepKind, Transition};

use crate::store::queue::log::{self, Entry, Steps};
use crate::store::queue::logs;
use crate::store::queue::owned;
use crate::store::sql::db::{Engine, Row, Sql, Tx, sql};
use crate::store::{Store, StoreError, transaction};

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Send now: the intent is durable.
    Open(Box<Intent>),
    /// An operator asked for it to be cancelled: do not send.
    CancelRequested,
    /// The account was paused, removed, or is another one now: do not send.
    AccountPaused(String),
    /// Another job's publish call is under way for the account: come back soon.
    AccountBusy,
    /// The lease ended or another worker took over: stop without side effects.
    Lost,
}

/// A claimed job whose publish call is to go out.
#[derive(Debug, Clone, Copy)]
pub struct ToPublish<'a> {
    pub lease: &'a Lease,
    pub account: AccountId,
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
    /// the worker that takes the job over.
    pub async fn open_gates(
        &self,
        jobs: &[ToPublish<'_>],
        lease: Duration,
    ) -> Result<Vec<Gate>, StoreError> {
        let opened = transaction!(self, tx, { open(tx, jobs, lease).await? });
        let Err(StoreError::CommitLost(lost)) = &opened else { return opened };
        if self.location.engine() == Engine::Sqlite {
            // Not lost on the way: the disk has failed, and is not asked again so soon.
            return opened;
        }
        tracing::warn!(error = %lost, "the commit was not confirmed: reading again whether calls were cleared");
        transaction!(self, tx, {
            let mut before = opened_before(tx, jobs).await?;
            let others: Vec<ToPublish<'_>> =
                jobs.iter().filter(|job| !before.contains_key(&job.lease.job())).copied().collect();
            let mut others = open(tx, &others, lease).await?.into_iter();
            let gate = |job: &ToPublish<'_>| match before.remove(&job.lease.job()) {
                Some(intent) => Gate::Open(Box::new(intent)),
                None => others.next().unwrap_or(Gate::Lost),
            };
            jobs.iter().map(gate).collect()
        })
    }
}

/// The intents that the gates of these claims have stored, where the commit came
/// through after all and the job is still its worker's. Waits for a commit under way.
async fn opened_before(
    tx: &mut Tx,
    jobs: &[ToPublish<'_>],
) -> Result<HashMap<JobId, Intent>, StoreError> {
    let owned = owned::lock(tx, jobs.iter().map(|job| job.lease).collect()).await?;
    let owned: Vec<JobId> = owned.iter().flatten().map(|owned| owned.pair().job).collect();
    let running = running(tx, &owned).await?;
    let mut open = logs::open_intents(tx, &owned).await?;
    let mut before = HashMap::new();
    for ToPublish { lease, .. } in jobs.iter().filter(|job| running.contains(&job.lease.job())) {
        let calls = open.remove(&lease.job()).unwrap_or_default();
        if let Some(intent) = calls.into_iter().find(|intent| intent.fence == lease.fence()) {
            before.insert(lease.job(), intent);
        }
    }
    Ok(before)
}

/// Those of these jobs whose leases run.
async fn running(tx: &mut Tx, jobs: &[JobId]) -> Result<HashSet<JobId>, StoreError> {
    if jobs.is_empty() {
        return Ok(HashSet::new());
    }
    let query = sql("SELECT s.id AS job_id FROM post_schedule s
                      WHERE s.lease_until > {now} AND s.id IN ")
    .ids(jobs.iter().map(|job| job.uuid()));
    tx.all(query).await?.iter().map(|row| row.job("job_id")).collect()
}

async fn open(
    tx: &mut Tx,
    jobs: &[ToPublish<'_>],
    lease: Duration,
) -> Result<Vec<Gate>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let mut calls = calls_under_way(tx, jobs).await?;
    let owned = owned::lock(tx, jobs.iter().map(|job| job.lease).collect()).await?;
    let ours: Vec<JobId> = owned.iter().flatten().map(|owned| owned.pair().job).collect();
    let facts = facts(tx, &ours).await?;
    let mut steps = Steps::of(tx, &ours).await?;
    let mut gates = Vec::with_capacity(jobs.len());
    let mut cleared = Vec::new();
    for (job, owned) in jobs.iter().zip(&owned) {
        let gate = match owned.as_ref().and_then(|_| facts.get(&job.lease.job())) {
            _ if is_busy(&calls, job) => Some(Gate::AccountBusy),
            None => Some(Gate::Lost),
            Some(row) => shut(row, job.account)?,
        };
        if gate.is_none() {
            // Its call goes out now: another one of the account has to wait.
            calls.push((job.account, Some(job.lease.job())));
            cleared.push((*job, steps.next(job.lease.job(), job.lease.fence())));
        }
        gates.push(gate);
    }
    let mut intents = clear(tx, &cleared, lease).await?;
    let mut opened = |job: JobId| match intents.remove(&job) {
        Some(intent) => Gate::Open(Box::new(intent)),
        None => Gate::Lost,
    };
    Ok(gates
        .into_iter()
        .zip(jobs)
        .map(|(gate, job)| gate.unwrap_or_else(|| opened(job.lease.job())))
        .collect())
}

/// Renews the leases of these jobs, and writes their intents.
async fn clear(
    tx: &mut Tx,
    cleared: &[(ToPublish<'_>, (Fence, i32))],
    lease: Duration,
) -> Result<HashMap<JobId, Intent>, StoreError> {
    if cleared.is_empty() {
        return Ok(HashMap::new());
    }
    let jobs: Vec<JobId> = cleared.iter().map(|(job, _)| job.lease.job()).collect();
    tx.change(
        Transition::OpenGate,
        cleared.len(),
        sql("UPDATE post_schedule
                SET lease_until = {now+ms}, locked_at = {now}, updated_at = {now}
              WHERE status = 'processing' AND lease_until > {now} AND id IN ")
        .after(lease)
        .ids(jobs.iter().map(|job| job.uuid())),
    )
    .await?;
    let entries = cleared.iter().map(|(job, key)| {
        Entry::new(job.lease.job(), *key, StepKind::Publish, LogEvent::Intent)
            .worker(job.lease.worker())
            .object(job.object)
    });
    log::append(tx, entries.collect()).await?;
    let written = log::cleared(tx, &jobs).await?;
    let mut intents = HashMap::new();
    for (job, (fence, step_no)) in cleared {
        let id = job.lease.job();
        let unwritten = StoreError::RowsChanged { what: "T4", expected: 1, actual: 0 };
        let at = written.get(&(id, *fence, *step_no)).ok_or(unwritten)?.at;
        let object = job.object.map(str::to_owned);
        intents.insert(id, Intent { object, ..Intent::cleared(*fence, *step_no, at) });
    }
    Ok(intents)
}

/// A publish call under way: of which account, and of which job if that can be named.
type UnderWay = (AccountId, Option<JobId>);

/// Whether a call of another job is under way for the account.
fn is_busy(calls: &[UnderWay], job: &ToPublish<'_>) -> bool {
    calls.iter().any(|(account, of)| *account == job.account && *of != Some(job.lease.job()))
}

/// The publish calls under way for the accounts of these jobs. Gates of one account pass
/// one by one, so that two cannot both find it idle.
async fn calls_under_way(tx: &mut Tx, jobs: &[ToPublish<'_>]) -> Result<Vec<UnderWay>, StoreError> {
    let accounts: Vec<AccountId> = jobs.iter().map(|job| job.account).collect();
    tx.all(
        sql("SELECT a.id AS id FROM meta_social_accounts a WHERE a.id IN ")
            .ids(accounts.iter().map(|account| account.uuid()))
            .and(" ORDER BY a.id {lock a}"),
    )
    .await?;
    let rows = tx.all(under_way_query(&accounts)).await?;
    rows.iter()
        .map(|row| Ok((AccountId::from_uuid(row.id("account_id")?), row.job("job_id").ok())))
        .collect()
}

/// The publish calls of these accounts that are under way: cleared, without any answer
/// yet, by a worker whose lease runs. Begins with the few claimed jobs: an account may
/// have a long history. A call goes out for the account in whose line its job stands.
/// The log is asked job by job, as in `{open call}`.
pub(crate) fn under_way_query(accounts: &[AccountId]) -> Sql {
    sql("SELECT {account of s} AS account_id, s.id AS job_id
           FROM post_schedule s {force index account}
          WHERE s.status = 'processing' AND s.lease_until > {now} AND {account of s} IN ")
    .ids(accounts.iter().map(|account| account.uuid()))
    .and(
        " AND (SELECT COUNT(*)
                 FROM publish_log i
                 LEFT JOIN publish_log r ON r.post_schedule_id = i.post_schedule_id
                                        AND r.fence = i.fence AND r.step_no = i.step_no
                                        AND r.event <> 'intent'
                WHERE i.post_schedule_id = s.id AND i.fence = s.fence
                  AND i.kind = 'publish' AND i.event = 'intent'
                  AND r.post_schedule_id IS NULL) > 0",
    )
}

/// Everything else that may forbid a call, under locks of the jobs and posts.
async fn facts(tx: &mut Tx, jobs: &[JobId]) -> Result<HashMap<JobId, Row>, StoreError> {
    if jobs.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .all(
            sql("SELECT s.id AS job_id, d.status AS status,
                        CASE WHEN s.lease_until > {now} THEN 1 ELSE 0 END AS lease_runs,
                        CASE WHEN {open call} THEN 1 ELSE 0 END AS has_open_call,
                        d.cancel_requested_at AS cancel_requested_at, a.id AS account_id,
                        a.is_added AS is_added, a.paused_at AS paused_at,
                        a.pause_reason AS pause_reason,
                        CASE WHEN a.paused_until <= {now} THEN 1 ELSE 0 END AS pause_is_over,
                        CASE WHEN a.company_id = d.company_id AND a.platform = d.platform
                             THEN 1 ELSE 0 END AS fits,
                        CASE WHEN s.account_id <> a.id THEN 1 ELSE 0 END AS is_moved,
                        (SELECT h.reason FROM platform_health h
                          WHERE h.platform = d.platform AND h.rests_until > {now}) AS outage
                   FROM post_schedule s
                   JOIN post_details d ON d.id = s.post_detail_id
                   LEFT JOIN meta_social_accounts a ON a.id = d.social_account_id
                  WHERE s.id IN ")
            .ids(jobs.iter().map(|job| job.uuid()))
            .and(" ORDER BY s.id {lock s, d}"),
        )
        .await?;
    rows.into_iter().map(|row| Ok((row.job("job_id")?, row))).collect()
}

/// What keeps a gate shut, if anything does.
fn shut(row: &Row, account: AccountId) -> Result<Option<Gate>, StoreError> {
    if !row.flag("lease_runs")? || row.flag("has_open_call")? || row.text("status")? != "processing"
    {
        return Ok(Some(Gate::Lost));
    }
    if row.is_set("cancel_requested_at")? {
        return Ok(Some(Gate::CancelRequested));
    }
    let is_same = row.id("account_id").ok() == Some(account.uuid());
    // Calls of the account look for this one in the line of its job.
    let is_same = is_same && !row.flag("is_moved")?;
    if !is_same || !row.flag("fits")? || !row.flag("is_added")? {
        return Ok(Some(Gate::AccountPaused("the account was removed or changed".to_owned())));
    }
    if row.is_set("paused_at")? && !row.flag("pause_is_over")? {
        return Ok(Some(Gate::AccountPaused(row.opt_lossy("pause_reason")?.unwrap_or_default())));
    }
    Ok(row.opt_text("outage")?.map(Gate::AccountPaused))
}
