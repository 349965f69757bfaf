//! The publish log, written: append-only. `logged` reads it back.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use crate::domain::{
    Artifact, Failure, FailureCode, Fence, JobId, LogEvent, Receipt, Remedy, StepKind, WorkerId,
};

use crate::store::StoreError;
use crate::store::sql::db::{Sql, Tx, sql};
use crate::store::sql::statement::padded;

/// Codes of the marks behind which earlier staged objects count no more: to be
/// made anew, or anew for a post that is published with one call.
pub(crate) const RESTAGE: &str = "restage";
pub(crate) const DIRECT: &str = "direct";
/// Codes of intents that are not a gate's: of another program's call, and of
/// one that a restored backup may not know.
pub(crate) const FOREIGN: &str = "foreign";
pub(crate) const RESTORED: &str = FailureCode::Restored.as_str();
/// Keys in the detail of a row: what the platform's refusal asked for, and a
/// passing fault, which costs no attempt.
pub(crate) const REFUSAL: &str = "refusal";
pub(crate) const OUTAGE: &str = "outage";

/// No job comes near this many steps under one fence.
pub(crate) const STEP_MAX: i32 = 1_000_000;

/// One row to be appended.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) job: JobId,
    pub(crate) fence: Fence,
    pub(crate) step_no: i32,
    pub(crate) kind: StepKind,
    pub(crate) event: LogEvent,
    pub(crate) worker: Option<&'a WorkerId>,
    pub(crate) step: Option<&'a str>,
    pub(crate) remote_id: Option<&'a str>,
    pub(crate) detail: Option<Json>,
    pub(crate) http_status: Option<u16>,
    pub(crate) error_code: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) trace_id: Option<&'a str>,
    /// `None`: now.
    pub(crate) at: Option<DateTime<Utc>>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(
        job: JobId,
        (fence, step_no): (Fence, i32),
        kind: StepKind,
        event: LogEvent,
    ) -> Self {
        Self {
            job,
            fence,
            step_no,
            kind,
            event,
            worker: None,
            step: None,
            remote_id: None,
            detail: None,
            http_status: None,
            error_code: None,
            message: None,
            trace_id: None,
            at: None,
        }
    }

    pub(crate) fn worker(mut self, worker: &'a WorkerId) -> Self {
        self.worker = Some(worker);
        self
    }

    pub(crate) fn step(mut self, step: &'a str) -> Self {
        self.step = Some(step);
        self
    }

    pub(crate) fn artifact(mut self, artifact: &'a Artifact) -> Self {
        self.step = Some(&artifact.name);
        self.remote_id = Some(&artifact.remote_id);
        self.detail = (!artifact.detail.is_null()).then(|| artifact.detail.clone());
        self
    }

    pub(crate) fn failure(mut self, failure: &'a Failure) -> Self {
        self.error_code = Some(failure.code.as_str());
        self.message = Some(&failure.message);
        self.http_status = failure.http_status;
        self.trace_id = failure.trace_id.as_deref();
        self.detail = (!failure.detail.is_null()).then(|| failure.detail.clone());
        if matches!(failure.remedy, Remedy::Outage(_)) {
            self.detail.get_or_insert_with(|| json!({}))[OUTAGE] = json!(true);
        }
        self
    }

    /// The failure as the platform's own refusal, which proves nothing yet.
    pub(crate) fn refusal(mut self, failure: &'a Failure) -> Self {
        self = self.failure(failure);
        self.detail.get_or_insert_with(|| json!({}))[REFUSAL] = json!(failure.remedy);
        self
    }

    pub(crate) fn object(mut self, object: Option<&'a str>) -> Self {
        self.remote_id = object;
        self
    }

    pub(crate) fn receipt(mut self, receipt: &'a Receipt) -> Self {
        self.remote_id = receipt.external_id.as_deref();
        self.http_status = receipt.http_status;
        self.trace_id = receipt.trace_id.as_deref();
        self.message = receipt.evidence.as_deref();
        self
    }

    pub(crate) fn note(mut self, code: &'a str, message: &'a str) -> Self {
        self.error_code = Some(code);
        self.message = Some(message);
        self
    }

    /// At this instant instead of now.
    pub(crate) fn at(mut self, at: Option<DateTime<Utc>>) -> Self {
        self.at = at;
        self
    }

    /// The row behind its own intent, for a step that was done without announcing it:
    /// repeatable steps need no earlier record.
    pub(crate) fn done(self) -> [Self; 2] {
        let announced = Self {
            event: LogEvent::Intent,
            remote_id: None,
            detail: None,
            error_code: None,
            message: None,
            ..self.clone()
        };
        [announced, self]
    }

    fn row(self) -> Sql {
        let irreversible = matches!(self.kind, StepKind::Publish | StepKind::After);
        let at = if self.at.is_some() { "?" } else { "{now}" };
        let row = sql(format!("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {at})"))
            .id(self.job.uuid())
            .int(self.fence.0)
            .int(i64::from(self.step_no))
            .text(self.kind.as_str())
            .text(self.event.as_str())
            .int(i64::from(irreversible))
            .opt_text(self.step.map(str::to_owned))
            .opt_text(self.remote_id.map(|id| short(id, 255)))
            .opt_json(self.detail)
            .opt_int(self.http_status.map(i64::from))
            .opt_text(self.error_code.map(|code| short(code, 191)))
            .opt_text(self.message.map(str::to_owned))
            .opt_text(self.trace_id.map(|id| short(id, 255)))
            .opt_text(self.worker.map(|worker| worker.as_str().to_owned()));
        match self.at {
            Some(at) => row.time(at),
            None => row,
        }
    }
}

/// The rows of a reading of a job's publish calls, and what it saw.
pub(crate) fn reading<'a>(
    worker: &'a WorkerId,
    job: JobId,
    key: (Fence, i32),
    event: LogEvent,
    seen: &'a Failure,
) -> [Entry<'a>; 2] {
    Entry::new(job, key, StepKind::Lookup, event).worker(worker).failure(seen).done()
}

/// Rows of one INSERT: far below every engine's limit of bound values.
const ROWS_MAX: usize = 500;

/// Appends rows. One whose key is there already stays as it is: evidence may arrive
/// twice.
pub(crate) async fn append(tx: &mut Tx, entries: Vec<Entry<'_>>) -> Result<(), StoreError> {
    let mut rows: Vec<Sql> = entries.into_iter().map(Entry::row).collect();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_MAX));
        tx.execute(
            sql("INSERT INTO publish_log
                   (post_schedule_id, fence, step_no, kind, event, irreversible, step, remote_id,
                    detail, http_status, error_code, message, trace_id, worker_id, at)
                 VALUES ")
            .rows(padded(rows))
            .and(" {on conflict do nothing}"),
        )
        .await?;
        rows = rest;
    }
    Ok(())
}

/// Adds the id to evidence that came without one.
pub(crate) async fn fill_in_id(
    tx: &mut Tx,
    job: JobId,
    (fence, step_no): (Fence, i32),
    id: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE publish_log SET remote_id = ?
              WHERE post_schedule_id = ? AND fence = ? AND step_no = ? AND kind = 'publish'
                AND event = 'ok' AND remote_id IS NULL")
        .text(id)
        .id(job.uuid())
        .int(fence.0)
        .int(i64::from(step_no)),
    )
    .await?;
    Ok(())
}

/// Cut to what its column holds, in characters.
fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// A publish call's place in the log.
pub(crate) type CallKey = (JobId, Fence, i32);

/// Whose gate wrote an intent, and when.
#[derive(Debug, Clone)]
pub(crate) struct ClearedBy {
    pub(crate) worker: String,
    pub(crate) at: DateTime<Utc>,
}

/// The intents of all publish calls of these jobs.
pub(crate) async fn cleared(
    tx: &mut Tx,
    jobs: &[JobId],
) -> Result<HashMap<CallKey, ClearedBy>, StoreError> {
    let rows = tx
        .all(
            sql("SELECT post_schedule_id, fence, step_no, worker_id, at FROM publish_log
                  WHERE kind = 'publish' AND event = 'intent' AND post_schedule_id IN ")
            .ids(jobs.iter().map(|job| job.uuid())),
        )
        .await?;
    let mut cleared = HashMap::new();
    for row in &rows {
        // A row that cannot be read is no intent of this program's.
        if let (Ok(fence), Ok(step), Ok(at)) =
            (row.int("fence"), row.int("step_no"), row.time("at"))
        {
            let job = row.job("post_schedule_id")?;
            let worker = row.opt_lossy("worker_id")?.unwrap_or_default();
            let step = i32::try_from(step).unwrap_or(i32::MAX);
            cleared.insert((job, Fence(fence), step), ClearedBy { worker, at });
        }
    }
    Ok(cleared)
}

/// When the intent of this key was written.
pub(crate) async fn written_at(
    tx: &mut Tx,
    job: JobId,
    (fence, step_no): (Fence, i32),
) -> Result<DateTime<Utc>, StoreError> {
    tx.first(
        sql("SELECT at FROM publish_log
              WHERE post_schedule_id = ? AND fence = ? AND step_no = ? AND event = 'intent'")
        .id(job.uuid())
        .int(fence.0)
        .int(i64::from(step_no)),
    )
    .await?
    .ok_or(StoreError::RowsChanged { what: "write intent", expected: 1, actual: 0 })?
    .time("at")
}

/// The step numbers that come next, under the fences of some jobs.
#[derive(Debug, Default)]
pub(crate) struct Steps(HashMap<(JobId, Fence), i32>);

impl Steps {
    /// Begins behind those that are taken.
    pub(crate) async fn of(tx: &mut Tx, jobs: &[JobId]) -> Result<Self, StoreError> {
        if jobs.is_empty() {
            return Ok(Self::default());
        }
        let rows = tx
            .all(
                sql("SELECT post_schedule_id, fence, MAX(step_no) AS step_no FROM publish_log
                      WHERE step_no BETWEEN 0 AND ? AND {as text step_no} NOT LIKE '%.%'
                        AND post_schedule_id IN ")
                .int(STEP_MAX)
                .ids(jobs.iter().map(|job| job.uuid()))
                .and(" GROUP BY post_schedule_id, fence"),
            )
            .await?;
        let mut taken = HashMap::new();
        for row in &rows {
            if let Ok(fence) = row.int("fence") {
                // Not even then a number that is taken: the row would be passed over.
                let last = i32::try_from(row.int("step_no")?).unwrap_or(STEP_MAX);
                taken.insert((row.job("post_schedule_id")?, Fence(fence)), last);
            }
        }
        Ok(Self(taken))
    }

    /// Takes the next one.
    pub(crate) fn next(&mut self, job: JobId, fence: Fence) -> (Fence, i32) {
        let last = self.0.entry((job, fence)).or_default();
        *last += 1;
        (fence, *last)
    }
}
