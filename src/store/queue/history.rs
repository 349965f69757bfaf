//! A job's publish log, for people.

use crate::domain::{JobId, LogEntry};
use crate::store::StoreError;
use crate::store::queue::logs;
use crate::store::sql::db::{Row, Tx, sql};

/// What happened to a job.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// In the order things happened.
    pub entries: Vec<LogEntry>,
    /// Rows that cannot be read, with the reason.
    pub unreadable: Vec<String>,
}

pub(crate) async fn history(tx: &mut Tx, job: JobId) -> Result<History, StoreError> {
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
                let error = error.in_row("publish_log", logs::name(row));
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
