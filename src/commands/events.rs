//! How a worker's events are told: as lines for people, as objects for programs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::domain::{Failure, Platform, Remedy, Scope, visible};
use crate::worker::{End, Event};

/// One object per attempt.
pub(super) fn event_json(event: &Event) -> Value {
    let (end, failure) = parts(&event.end);
    let mut object = json!({
        "id": event.post_id,
        "platform": event.platform,
        "accountName": event.account,
        "attempt": event.attempt,
        "result": end,
        "code": failure.map(|failure| failure.code.clone()),
        "message": failure.map(|failure| failure.message.clone()),
        "httpStatus": failure.and_then(|failure| failure.http_status),
        "traceId": failure.and_then(|failure| failure.trace_id.clone()),
    });
    match &event.end {
        End::Published { external_id, late } => {
            object["externalPostId"] = json!(external_id);
            object["lateSeconds"] = json!(late.as_secs_f64());
        }
        End::Waiting(delay) | End::LookingUp(_, delay) => {
            object["againInSeconds"] = json!(delay.as_secs_f64());
        }
        _ => {}
    }
    object
}

/// A platform that rests as a whole tells every post in flight the same: people
/// need to hear it once.
#[derive(Default)]
pub(super) struct Rests(Mutex<HashMap<Platform, Instant>>);

impl Rests {
    /// Longer than what is in flight can take to hear it, too.
    const SAME: Duration = Duration::from_secs(5 * 60);

    /// Whether people have not just been told.
    pub(super) fn is_new(&self, event: &Event) -> bool {
        let (End::Paused(failure), Some(platform)) = (&event.end, event.platform) else {
            return true;
        };
        if failure.remedy != Remedy::Operator(Scope::App) {
            return true;
        }
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.insert(platform, Instant::now());
        before.is_none_or(|at| at.elapsed() >= Self::SAME)
    }
}

/// One line per attempt.
pub(super) fn event_line(event: &Event) -> String {
    let (end, failure) = parts(&event.end);
    let place = match (&event.platform, &event.account) {
        (Some(platform), Some(account)) => format!(" on {platform} as \"{}\"", visible(account)),
        _ => String::new(),
    };
    let detail = match (&event.end, failure) {
        (End::Published { external_id: Some(id), .. }, _) => format!(": {}", visible(id)),
        (_, Some(failure)) => {
            format!(": {} ({})", visible(&failure.message), visible(failure.code.as_str()))
        }
        _ => String::new(),
    };
    format!("{} {end}{place}{detail}", event.post_id.short())
}

fn parts(end: &End) -> (&'static str, Option<&Failure>) {
    match end {
        End::Published { .. } => ("published", None),
        End::Prepared => ("prepared", None),
        End::Waiting(_) => ("waiting", None),
        End::Retrying(failure) => ("retrying", Some(failure)),
        End::Paused(failure) => ("resting", Some(failure)),
        End::Failed(failure) => ("failed", Some(failure)),
        End::LookingUp(failure, _) => ("looking-up", Some(failure)),
        End::Unknown(failure) => ("unknown", Some(failure)),
        End::Cancelled => ("cancelled", None),
        End::Missed => ("missed", None),
        End::Released => ("released", None),
        End::Lost => ("lost", None),
    }
}
