//! The publish log: written append-only, read back as what is staged and
//! which publish calls are open.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::domain::{
    Artifact, Failure, Fence, Intent, JobId, LogEntry, LogEvent, Receipt, SPENT, Staging, StepKind,
    WorkerId,
};

use super::db::{Row, Tx, sql};
use super::{StoreError, posts};

/// Staged objects are not used beyond this age: unpublished photos and
/// containers live about 24 hours (meta.md 7.10).
const STAGED_USABLE_FOR: Duration = Duration::from_secs(20 * 60 * 60);

/// Codes of the mark behind which earlier staged objects count no more.
pub(super) const RESTAGE: &str = "restage";
/// Codes of intents that are not a gate's: of another program's call, and of
/// one that a restored backup may not know.
pub(super) const FOREIGN: &str = "foreign";
pub(super) const RESTORED: &str = "restored";
/// A look-up that saw the object and saw it not live.
pub const NOT_LIVE: &str = "not_live";
/// A look-up that saw the platform still working on the object.
pub const IN_PROGRESS: &str = "in_progress";

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
        self.error_code = Some(&failure.code);
        self.message = Some(&failure.message);
        self.http_status = failure.http_status;
        self.trace_id = failure.trace_id.as_deref();
        self.detail = (!failure.detail.is_null()).then(|| failure.detail.clone());
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
            .opt_text(self.remote_id.map(str::to_owned))
            .opt_json(self.detail)
            .opt_int(self.http_status.map(i64::from))
            .opt_text(self.error_code.map(str::to_owned))
            .opt_text(self.message.map(str::to_owned))
            .opt_text(self.trace_id.map(str::to_owned))
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

/// What the log says about one job.
#[derive(Debug, Clone, Default)]
pub(super) struct Logged {
    pub(super) staging: Staging,
    pub(super) open_intents: Vec<Intent>,
    pub(super) sent_at: Vec<DateTime<Utc>>,
    pub(super) is_repeat: bool,
}

/// Reads the log of several jobs.
pub(super) async fn read(
    tx: &mut Tx,
    jobs: &[JobId],
    now: DateTime<Utc>,
) -> Result<HashMap<JobId, Logged>, StoreError> {
    let mut by_job: HashMap<JobId, Vec<Row>> = HashMap::new();
    if jobs.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .all(
            sql("SELECT post_schedule_id, fence, step_no, kind, event, step, remote_id, detail,
                        error_code, at
                   FROM publish_log WHERE post_schedule_id IN ")
            .ids(jobs.iter().map(|job| job.uuid()))
            .and(" ORDER BY post_schedule_id, fence, step_no"),
        )
        .await?;
    for row in rows {
        by_job.entry(row.job("post_schedule_id")?).or_default().push(row);
    }
    by_job.into_iter().map(|(job, rows)| Ok((job, logged(&rows, now)?))).collect()
}

/// Works out staging and open intents from one job's rows, which come in
/// order of fence and step.
fn logged(rows: &[Row], now: DateTime<Utc>) -> Result<Logged, StoreError> {
    let mut logged = Logged::default();
    let mut settled = Vec::new();
    let mut spent = Vec::new();
    let mut intents: Vec<Intent> = Vec::new();
    for row in rows {
        let kind: StepKind = row.word("kind")?;
        let event: LogEvent = row.word("event")?;
        let key = (Fence(row.int("fence")?), i32::try_from(row.int("step_no")?).unwrap_or(0));
        let at = row.time("at")?;
        let code = row.opt_text("error_code")?;
        match (kind, event) {
            (StepKind::Upload | StepKind::Create | StepKind::Wait, LogEvent::Ok) => {
                logged.staging.0.push(Artifact {
                    kind,
                    name: row.opt_text("step")?.unwrap_or_default(),
                    remote_id: row.opt_text("remote_id")?.unwrap_or_default(),
                    detail: row.opt_json("detail")?.unwrap_or(Json::Null),
                    stored_at: Some(at),
                });
            }
            (StepKind::Create, LogEvent::Refused) if code.as_deref() == Some(RESTAGE) => {
                logged.staging.0.clear();
            }
            (StepKind::Publish, LogEvent::Intent) => {
                logged.sent_at.push(at);
                intents.push(Intent {
                    age: since(at, now),
                    blind: matches!(code.as_deref(), Some(FOREIGN | RESTORED)),
                    ..Intent::cleared(key.0, key.1, at)
                });
            }
            (StepKind::Publish, LogEvent::Ok | LogEvent::Refused) => {
                settled.push(key);
                logged.is_repeat |= code.as_deref() == Some(NOT_LIVE);
            }
            (StepKind::Publish, LogEvent::Unknown) => {
                let detail = row.opt_json("detail")?.unwrap_or(Json::Null);
                spent.extend((detail[SPENT] == true).then_some(key));
            }
            (StepKind::Lookup, LogEvent::Ok | LogEvent::Unknown) => {
                for intent in &mut intents {
                    intent.lookups += 1;
                    match code.as_deref() {
                        Some(NOT_LIVE) => {
                            intent.not_live_for.get_or_insert_with(|| since(at, now));
                        }
                        // The call arrived late: what was read before it counts no more.
                        Some(IN_PROGRESS) => intent.not_live_for = None,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    logged.sent_at.sort_unstable();
    intents.retain(|intent| !settled.contains(&(intent.fence, intent.step_no)));
    for intent in &mut intents {
        intent.blind |= spent.contains(&(intent.fence, intent.step_no));
    }
    logged.open_intents = intents;
    if logged.open_intents.is_empty() {
        // Objects of an open intent are its anchor, however old they are.
        let usable = chrono::Duration::from_std(STAGED_USABLE_FOR).unwrap_or_default();
        logged.staging.0.retain(|artifact| artifact.stored_at.is_none_or(|at| now - at < usable));
    }
    Ok(logged)
}

fn since(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - at).to_std().unwrap_or(Duration::ZERO)
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

/// The publish calls of a job that may have gone out and are not settled.
pub(super) async fn open_intents(tx: &mut Tx, job: JobId) -> Result<Vec<Intent>, StoreError> {
    let now = posts::now(tx).await?;
    Ok(read(tx, &[job], now).await?.remove(&job).unwrap_or_default().open_intents)
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
                  WHERE post_schedule_id = ? AND fence = ?")
            .id(job.uuid())
            .int(fence.0),
        )
        .await?;
    Ok(i32::try_from(last).unwrap_or(i32::MAX - 1) + 1)
}

/// Every row of a job in the order things happened.
pub(super) async fn history(tx: &mut Tx, job: JobId) -> Result<Vec<LogEntry>, StoreError> {
    let rows = tx
        .all(
            sql("SELECT fence, step_no, kind, event, worker_id, step, remote_id, http_status,
                        error_code, message, trace_id, at
                   FROM publish_log WHERE post_schedule_id = ?
                  ORDER BY at, fence, step_no, CASE event WHEN 'intent' THEN 0 ELSE 1 END")
            .id(job.uuid()),
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LogEntry {
                fence: row.int("fence")?,
                step_no: i32::try_from(row.int("step_no")?).unwrap_or(0),
                kind: row.word("kind")?,
                event: row.word("event")?,
                worker_id: row.opt_text("worker_id")?,
                step: row.opt_text("step")?,
                remote_id: row.opt_text("remote_id")?,
                http_status: row.opt_int("http_status")?.and_then(|s| u16::try_from(s).ok()),
                error_code: row.opt_text("error_code")?,
                message: row.opt_text("message")?,
                trace_id: row.opt_text("trace_id")?,
                at: row.time("at")?,
            })
        })
        .collect()
}
