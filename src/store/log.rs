//! The publish log, written: append-only. `logged` reads it back.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use crate::domain::{
    Artifact, Failure, FailureCode, Fence, JobId, LogEntry, LogEvent, Receipt, Remedy, StepKind,
    WorkerId,
};

use super::db::{Row, Tx, sql};
use super::{StoreError, unread_log};

/// Codes of the marks behind which earlier staged objects count no more: to be
/// made anew, or anew for a post that is published with one call.
pub(super) const RESTAGE: &str = "restage";
pub(super) const DIRECT: &str = "direct";
/// Codes of intents that are not a gate's: of another program's call, and of
/// one that a restored backup may not know.
pub(super) const FOREIGN: &str = "foreign";
pub(super) const RESTORED: &str = FailureCode::Restored.as_str();
/// Keys in the detail of a row: what the platform's refusal asked for, and a
/// passing fault, which costs no attempt.
pub(super) const REFUSAL: &str = "refusal";
pub(super) const OUTAGE: &str = "outage";

/// No job comes near so many steps under one fence.
pub(super) const STEP_MAX: i32 = 1_000_000;

/// One row to be appended.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) job: JobId,
    pub(super) fence: Fence,
    pub(super) step_no: i32,
    pub(super) kind: StepKind,
    pub(super) event: LogEvent,
    pub(super) worker: Option<&'a WorkerId>,
    pub(super) step: Option<&'a str>,
    pub(super) remote_id: Option<&'a str>,
    pub(super) detail: Option<Json>,
    pub(super) http_status: Option<u16>,
    pub(super) error_code: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) trace_id: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
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
        }
    }

    pub(super) fn worker(mut self, worker: &'a WorkerId) -> Self {
        self.worker = Some(worker);
        self
    }

    pub(super) fn step(mut self, step: &'a str) -> Self {
        self.step = Some(step);
        self
    }

    pub(super) fn artifact(mut self, artifact: &'a Artifact) -> Self {
        self.step = Some(&artifact.name);
        self.remote_id = Some(&artifact.remote_id);
        self.detail = (!artifact.detail.is_null()).then(|| artifact.detail.clone());
        self
    }

    pub(super) fn failure(mut self, failure: &'a Failure) -> Self {
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
    pub(super) fn refusal(mut self, failure: &'a Failure) -> Self {
        self = self.failure(failure);
        self.detail.get_or_insert_with(|| json!({}))[REFUSAL] = json!(failure.remedy);
        self
    }

    pub(super) fn object(mut self, object: Option<&'a str>) -> Self {
        self.remote_id = object;
        self
    }

    pub(super) fn receipt(mut self, receipt: &'a Receipt) -> Self {
        self.remote_id = receipt.external_id.as_deref();
        self.http_status = receipt.http_status;
        self.trace_id = receipt.trace_id.as_deref();
        self.message = receipt.evidence.as_deref();
        self
    }

    pub(super) fn note(mut self, code: &'a str, message: &'a str) -> Self {
        self.error_code = Some(code);
        self.message = Some(message);
        self
    }

    /// Appends the row. A row of that key that is there already stays as it
    /// is: evidence may arrive twice.
    pub(super) async fn append(self, tx: &mut Tx) -> Result<(), StoreError> {
        let irreversible = matches!(self.kind, StepKind::Publish | StepKind::After);
        tx.execute(
            sql("INSERT INTO publish_log
                   (post_schedule_id, fence, step_no, kind, event, irreversible, step, remote_id,
                    detail, http_status, error_code, message, trace_id, worker_id, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {now}) {or skip}")
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
            .opt_text(self.worker.map(|worker| worker.as_str().to_owned())),
        )
        .await?;
        Ok(())
    }

    /// Appends the row behind its own intent, for a step that was done
    /// without announcing it: repeatable steps need no earlier record.
    pub(super) async fn append_done(self, tx: &mut Tx) -> Result<(), StoreError> {
        let announced = Self { event: LogEvent::Intent, ..self.clone() };
        Entry { remote_id: None, detail: None, error_code: None, message: None, ..announced }
            .append(tx)
            .await?;
        self.append(tx).await
    }
}

/// Adds the id to evidence that came without one.
pub(super) async fn fill_in_id(
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

/// True when something may be left at the platform for a job that is not live.
pub(super) async fn has_artifacts(tx: &mut Tx, job: JobId) -> Result<bool, StoreError> {
    let count = tx
        .count(
            sql("SELECT COUNT(*) FROM publish_log
                  WHERE post_schedule_id = ? AND kind IN ('upload', 'create') AND event = 'ok'")
            .id(job.uuid()),
        )
        .await?;
    Ok(count > 0)
}

/// Whose gate wrote the intent of this key, and when, if there is such an intent.
pub(super) async fn cleared_by(
    tx: &mut Tx,
    job: JobId,
    (fence, step_no): (Fence, i32),
) -> Result<Option<(String, DateTime<Utc>)>, StoreError> {
    let row = tx
        .first(
            sql("SELECT worker_id, at FROM publish_log
                  WHERE post_schedule_id = ? AND fence = ? AND step_no = ?
                    AND kind = 'publish' AND event = 'intent'")
            .id(job.uuid())
            .int(fence.0)
            .int(i64::from(step_no)),
        )
        .await?;
    row.map(|row| Ok((row.opt_text("worker_id")?.unwrap_or_default(), row.time("at")?))).transpose()
}

/// When the intent of this key was written.
pub(super) async fn cleared_at(
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

/// The next free step number of a fence.
pub(super) async fn next_step(tx: &mut Tx, job: JobId, fence: Fence) -> Result<i32, StoreError> {
    let last = tx
        .count(
            sql("SELECT COALESCE(MAX(step_no), 0) FROM publish_log
                  WHERE post_schedule_id = ? AND fence = ? AND step_no BETWEEN 0 AND ?
                    AND {as text step_no} NOT LIKE '%.%'")
            .id(job.uuid())
            .int(fence.0)
            .int(STEP_MAX),
        )
        .await?;
    // Not even then a number that is taken: the row would be passed over.
    Ok(i32::try_from(last).unwrap_or(STEP_MAX) + 1)
}

/// A job's log, for people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// In the order things happened.
    pub entries: Vec<LogEntry>,
    /// Rows that cannot be read, with the reason.
    pub unreadable: Vec<String>,
}

pub(super) async fn history(tx: &mut Tx, job: JobId) -> Result<History, StoreError> {
    let rows = tx
        .all(
            sql("SELECT fence, step_no, kind, event, worker_id, step, remote_id, http_status,
                        error_code, message, trace_id, at
                   FROM publish_log WHERE post_schedule_id = ?
                  ORDER BY at, fence, step_no, CASE event WHEN 'intent' THEN 0 ELSE 1 END")
            .id(job.uuid()),
        )
        .await?;
    let mut history = History::default();
    for row in &rows {
        match entry(row) {
            Ok(entry) => history.entries.push(entry),
            Err(error) => {
                let error = error.in_row("publish_log", unread_log::name(row));
                history.unreadable.push(error.to_string());
            }
        }
    }
    Ok(history)
}

fn entry(row: &Row) -> Result<LogEntry, StoreError> {
    Ok(LogEntry {
        fence: row.int("fence")?,
        step_no: i32::try_from(row.int("step_no")?).unwrap_or(i32::MAX),
        kind: row.word("kind")?,
        event: row.word("event")?,
        worker_id: row.opt_lossy("worker_id")?,
        step: row.opt_lossy("step")?,
        remote_id: row.opt_lossy("remote_id")?,
        http_status: row.opt_int("http_status")?.and_then(|s| u16::try_from(s).ok()),
        error_code: row.opt_lossy("error_code")?,
        message: row.opt_lossy("message")?,
        trace_id: row.opt_lossy("trace_id")?,
        at: row.time("at")?,
    })
}
