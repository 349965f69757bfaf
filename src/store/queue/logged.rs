//! The publish log, read back: what is staged, which publish calls are open,
//! and what was seen of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::domain::proof::{self, IN_PROGRESS, NOT_LIVE};
use crate::domain::{Artifact, Failure, Fence, Intent, LogEvent, NOT_SENT, Staging, StepKind};

use crate::store::StoreError;
use crate::store::queue::log::{DIRECT, FOREIGN, OUTAGE, REFUSAL, RESTAGE, RESTORED};
use crate::store::sql::db::Row;

/// Staged objects are not used beyond this age: unpublished photos and
/// containers live about 24 hours.
const STAGED_USABLE_FOR: Duration = Duration::from_secs(20 * 60 * 60);

/// What the log says about one job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logged {
    pub(crate) staging: Staging,
    /// Calls that may have left and are not settled.
    pub(crate) open_intents: Vec<Intent>,
    /// All calls that may have left.
    pub(crate) calls: Vec<Intent>,
    /// Passing faults in a row, since anything was achieved.
    pub(crate) faults: u32,
    /// Something may have been left at the platform.
    pub(crate) has_artifacts: bool,
    /// The first comment's calls.
    pub(crate) comment_calls: Vec<Intent>,
}

/// Works out what is staged and which calls went out from one job's rows, which
/// come in order of fence and step, an intent before its answers.
pub(crate) fn logged(rows: &[Row], now: DateTime<Utc>) -> Result<Logged, StoreError> {
    let mut logged = Logged::default();
    let mut settled = Vec::new();
    let mut calls: Vec<Intent> = Vec::new();
    let in_order = |event: &LogEvent| match event {
        LogEvent::Intent => 0,
        LogEvent::Unknown => 1,
        LogEvent::Ok | LogEvent::Refused => 2,
    };
    let mut entries = rows.iter().map(Logbook::read).collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|entry| (entry.key, in_order(&entry.event)));
    for entry in entries {
        let Logbook { key, kind, event, at, ref code, ref detail, .. } = entry;
        match (kind, event) {
            (StepKind::Upload | StepKind::Create | StepKind::Wait, LogEvent::Ok) => {
                logged.faults = 0;
                logged.has_artifacts |= kind != StepKind::Wait;
                logged.staging.0.push(entry.artifact());
            }
            (StepKind::Create, LogEvent::Refused) => match code.as_deref() {
                Some(RESTAGE) => logged.staging.0.retain(|made| made.name == DIRECT),
                Some(DIRECT) => {
                    let mark = Artifact::new(StepKind::Create, DIRECT, DIRECT);
                    logged.staging.0 = vec![Artifact { stored_at: Some(at), ..mark }];
                }
                _ if detail[OUTAGE] == true => logged.faults += 1,
                _ => {}
            },
            (StepKind::Publish, LogEvent::Intent) => {
                calls.push(Intent {
                    age: since(at, now),
                    object: entry.remote_id.clone(),
                    blind: matches!(code.as_deref(), Some(FOREIGN | RESTORED)),
                    ..Intent::cleared(key.0, key.1, at)
                });
            }
            (StepKind::Publish, LogEvent::Unknown) => {
                logged.faults = 0;
                if let Some(call) = find(&mut calls, key) {
                    call.answered_at = Some(at);
                    call.refusal = entry.refusal();
                }
            }
            (StepKind::Publish, LogEvent::Refused) if detail[NOT_SENT] == true => {
                logged.faults += u32::from(detail[OUTAGE] == true);
                calls.retain(|call| (call.fence, call.step_no) != key);
            }
            (StepKind::Publish, LogEvent::Ok | LogEvent::Refused) => {
                logged.faults = 0;
                settled.push(key);
                if let Some(call) = find(&mut calls, key) {
                    call.settled_by_reading = code.as_deref() == Some(NOT_LIVE);
                    if call.answered_at.is_none()
                        && let Some(refusal) = entry.refusal()
                    {
                        call.answered_at = Some(at);
                        call.refusal = Some(refusal);
                    }
                }
            }
            (StepKind::Lookup, LogEvent::Ok | LogEvent::Unknown) => {
                for call in &mut calls {
                    call.lookups += 1;
                    match code.as_deref() {
                        Some(NOT_LIVE) => {
                            call.not_live_for.get_or_insert_with(|| since(at, now));
                        }
                        // The call arrived late: what was read before it counts no more.
                        Some(IN_PROGRESS) => call.not_live_for = None,
                        _ => {}
                    }
                }
            }
            (StepKind::After, LogEvent::Intent) => logged
                .comment_calls
                .push(Intent { age: since(at, now), ..Intent::cleared(key.0, key.1, at) }),
            (StepKind::After, LogEvent::Refused) if detail[NOT_SENT] == true => {
                logged.comment_calls.retain(|call| (call.fence, call.step_no) != key);
            }
            _ => {}
        }
    }
    let mut repeats = false;
    for call in &mut calls {
        call.doubted = call.refusal.as_ref().is_some_and(|no| proof::contradicts(no, repeats));
        repeats |= call.settled_by_reading;
    }
    logged.open_intents = calls
        .iter()
        .filter(|call| !settled.contains(&(call.fence, call.step_no)))
        .cloned()
        .collect();
    logged.calls = calls;
    if logged.open_intents.is_empty() {
        let usable = chrono::Duration::from_std(STAGED_USABLE_FOR).unwrap_or_default();
        logged.staging.0.retain(|made| {
            made.name == DIRECT || made.stored_at.is_none_or(|at| now - at < usable)
        });
    }
    Ok(logged)
}

fn find(calls: &mut [Intent], key: (Fence, i32)) -> Option<&mut Intent> {
    calls.iter_mut().find(|call| (call.fence, call.step_no) == key)
}

/// A row of the log, read.
struct Logbook {
    key: (Fence, i32),
    kind: StepKind,
    event: LogEvent,
    at: DateTime<Utc>,
    step: Option<String>,
    remote_id: Option<String>,
    detail: Json,
    http_status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    trace_id: Option<String>,
}

impl Logbook {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let step_no = i32::try_from(row.int("step_no")?).unwrap_or(0);
        Ok(Self {
            key: (Fence(row.int("fence")?), step_no),
            kind: row.word("kind")?,
            event: row.word("event")?,
            at: row.time("at")?,
            step: row.opt_text("step")?,
            remote_id: row.opt_text("remote_id")?,
            detail: row.opt_json("detail")?.unwrap_or(Json::Null),
            http_status: row.opt_int("http_status")?.and_then(|s| u16::try_from(s).ok()),
            code: row.opt_text("error_code")?,
            message: row.opt_text("message")?,
            trace_id: row.opt_text("trace_id")?,
        })
    }

    fn artifact(&self) -> Artifact {
        Artifact {
            kind: self.kind,
            name: self.step.clone().unwrap_or_default(),
            remote_id: self.remote_id.clone().unwrap_or_default(),
            detail: self.detail.clone(),
            stored_at: Some(self.at),
        }
    }

    /// The platform's refusal that the row records, if it does.
    fn refusal(&self) -> Option<Failure> {
        let remedy = serde_json::from_value(self.detail.get(REFUSAL)?.clone()).ok()?;
        Some(Failure {
            remedy,
            code: self.code.clone().unwrap_or_default().into(),
            message: self.message.clone().unwrap_or_default(),
            http_status: self.http_status,
            trace_id: self.trace_id.clone(),
            detail: self.detail.clone(),
        })
    }
}

fn since(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - at).to_std().unwrap_or(Duration::ZERO)
}
