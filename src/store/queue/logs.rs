//! Reads the publish logs of jobs. The log is what proves that nothing was sent: where a
//! row that cannot be read may be a publish call's, the post may be live. Whatever is
//! wrong with a job's log concerns that job alone.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::domain::{Fence, Intent, JobId, Lease, LogEvent, StepKind};

use crate::store::StoreError;
use crate::store::queue::log::{self, Entry, STEP_MAX};
use crate::store::queue::logged::{self, Logged};
use crate::store::queue::owned::Owned;
use crate::store::sql::db::{Row, Tx, sql};

/// Code of the intent that stands for a row that cannot be read.
const UNREADABLE: &str = "unreadable_log";

/// Reads the log of several jobs, each by itself.
pub(crate) async fn read(
    tx: &mut Tx,
    jobs: &[JobId],
    now: DateTime<Utc>,
) -> Result<HashMap<JobId, Result<Logged, UnreadableLog>>, StoreError> {
    let mut by_job: HashMap<JobId, Vec<Row>> = HashMap::new();
    if jobs.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .all(
            sql("SELECT post_schedule_id, fence, step_no, kind, event, step, remote_id, detail,
                        http_status, error_code, message, trace_id, at
                   FROM publish_log WHERE post_schedule_id IN ")
            .ids(jobs.iter().map(|job| job.uuid()))
            .and(" ORDER BY post_schedule_id, fence, step_no"),
        )
        .await?;
    for row in rows {
        by_job.entry(row.job("post_schedule_id")?).or_default().push(row);
    }
    Ok(by_job.into_iter().map(|(job, rows)| (job, read_one(&rows, now))).collect())
}

/// Why a job's log cannot be read.
#[derive(Debug)]
pub(crate) struct UnreadableLog {
    why: StoreError,
    /// The row may be a publish call's, and whether that is settled is unknown.
    may_be_call: bool,
}

impl From<UnreadableLog> for StoreError {
    fn from(log: UnreadableLog) -> Self {
        log.why
    }
}

/// Reads the rows of one job, which come in order of fence and step.
fn read_one(rows: &[Row], now: DateTime<Utc>) -> Result<Logged, UnreadableLog> {
    if let Some((row, why)) = rows.iter().find_map(|row| Some((row, check_key(row).err()?))) {
        return Err(unreadable(row, why));
    }
    logged::logged(rows, now).map_err(|why| {
        let fails = |row: &&Row| logged::logged(std::slice::from_ref(*row), now).is_err();
        match rows.iter().find(fails) {
            Some(row) => unreadable(row, why),
            None => UnreadableLog { why, may_be_call: true },
        }
    })
}

/// This program's keys are counted up from 1.
fn check_key(row: &Row) -> Result<(), StoreError> {
    for (column, most) in [("fence", i64::MAX / 2), ("step_no", i64::from(STEP_MAX))] {
        let number = row.int(column)?;
        if !(0..=most).contains(&number) {
            return Err(row.wrong(column, format!("{number} is out of range")));
        }
    }
    Ok(())
}

fn unreadable(row: &Row, why: StoreError) -> UnreadableLog {
    UnreadableLog { why: why.in_row("publish_log", name(row)), may_be_call: may_be_call(row) }
}

/// The row's key, as far as it can be read.
pub(crate) fn name(row: &Row) -> String {
    let number = |column| row.int(column).map_or("?".to_owned(), |number| number.to_string());
    let event = row.opt_lossy("event").ok().flatten().unwrap_or_default();
    format!("fence {}, step {} ({event})", number("fence"), number("step_no"))
}

fn may_be_call(row: &Row) -> bool {
    match (row.word::<StepKind>("kind"), row.word::<LogEvent>("event"), check_key(row)) {
        (Ok(kind), ..) if kind != StepKind::Publish => false,
        // Whether such a call is open every query sees, whatever else is wrong.
        (Ok(_), Ok(LogEvent::Intent | LogEvent::Refused | LogEvent::Unknown), Ok(())) => false,
        _ => true,
    }
}

/// Those of these jobs of which a publish call may have gone out, as far as their logs
/// show. A row that cannot be read gets an open intent beside it: what needs review has
/// one.
pub(crate) async fn may_be_live(
    tx: &mut Tx,
    owned: &[Option<Owned<'_>>],
    now: DateTime<Utc>,
) -> Result<HashSet<JobId>, StoreError> {
    let leases: Vec<&Lease> = owned.iter().flatten().map(Owned::lease).collect();
    if leases.is_empty() {
        return Ok(HashSet::new());
    }
    let jobs: Vec<JobId> = leases.iter().map(|lease| lease.job()).collect();
    let open = sql("SELECT s.id AS job_id FROM post_schedule s WHERE {open call} AND s.id IN ")
        .ids(jobs.iter().map(|job| job.uuid()));
    let rows = tx.all(open).await?;
    let mut live = rows.iter().map(|row| row.job("job_id")).collect::<Result<HashSet<_>, _>>()?;
    let logs = read(tx, &jobs, now).await?;
    let mut steps = log::Steps::of(tx, &jobs).await?;
    let mut entries = Vec::new();
    for lease in leases {
        let Some(Err(UnreadableLog { why, may_be_call: true })) = logs.get(&lease.job()) else {
            continue;
        };
        if live.insert(lease.job()) {
            let key = steps.next(lease.job(), lease.fence());
            entries.push((lease, key, why.to_string()));
        }
    }
    let rows = entries.iter().map(|(lease, key, why)| {
        Entry::new(lease.job(), *key, StepKind::Publish, LogEvent::Intent)
            .worker(lease.worker())
            .note(UNREADABLE, why)
    });
    log::append(tx, rows.collect()).await?;
    Ok(live)
}

/// The open calls of a job among the rows that can be read, oldest first.
pub(crate) async fn open_calls(tx: &mut Tx, job: JobId) -> Result<Vec<Intent>, StoreError> {
    let rows = tx
        .all(
            sql("SELECT i.fence AS fence, i.step_no AS step_no, i.at AS at
                   FROM publish_log i
                  WHERE i.post_schedule_id = ? AND i.kind = 'publish' AND i.event = 'intent'
                    AND NOT EXISTS (SELECT 1 FROM publish_log r
                                     WHERE r.post_schedule_id = i.post_schedule_id
                                       AND r.fence = i.fence AND r.step_no = i.step_no
                                       AND r.event IN ('ok', 'refused'))
                  ORDER BY i.fence, i.step_no")
            .id(job.uuid()),
        )
        .await?;
    let call = |row: &Row| {
        check_key(row).ok()?;
        let step = i32::try_from(row.int("step_no").ok()?).ok()?;
        Some(Intent::cleared(Fence(row.int("fence").ok()?), step, row.time("at").ok()?))
    };
    Ok(rows.iter().filter_map(call).collect())
}

/// The publish calls of each job that may have gone out and are not settled.
pub(crate) async fn open_intents(
    tx: &mut Tx,
    jobs: &[JobId],
) -> Result<HashMap<JobId, Vec<Intent>>, StoreError> {
    let now = tx.now().await?;
    let open = |(job, log): (JobId, Result<Logged, UnreadableLog>)| Ok((job, log?.open_intents));
    read(tx, jobs, now).await?.into_iter().map(open).collect()
}
