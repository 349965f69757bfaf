//! How a worker's events are shown: as lines for people, as objects for programs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::domain::{Failure, Platform, Remedy, Scope, visible};
use crate::worker::{End, Event};

/// One object per attempt.
pub(super) fn event_json(event: &Event) -> Value {
    let failure = failure_of(&event.end);
    let mut object = json!({
        "id": event.post_id,
        "platform": event.platform,
        "accountName": event.account,
        "attempt": event.attempt,
        "result": result_of(&event.end),
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

/// When a platform is paused as a whole, every post in flight ends with the same
/// failure: people need to read it once.
#[derive(Default)]
pub(super) struct Pauses(Mutex<HashMap<Platform, Instant>>);

impl Pauses {
    /// Longer than the posts in flight can take to find out, too.
    const SAME: Duration = Duration::from_secs(5 * 60);

    /// Whether the failure was not printed just before.
    pub(super) fn is_new(&self, event: &Event) -> bool {
        let (End::Paused(failure), Some(platform)) = (&event.end, event.platform) else {
            return true;
        };
        if failure.remedy != Remedy::Operator(Scope::App) {
            return true;
        }
        let mut printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = printed.insert(platform, Instant::now());
        before.is_none_or(|at| at.elapsed() >= Self::SAME)
    }
}

/// One line per attempt.
pub(super) fn event_line(event: &Event) -> String {
    let failure = failure_of(&event.end);
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
    format!("{} {}{place}{detail}", event.post_id.short(), phrase_of(&event.end))
}

/// The word of an end in JSON.
fn result_of(end: &End) -> &'static str {
    match end {
        End::Published { .. } => "published",
        End::Prepared => "prepared",
        End::Waiting(_) => "waiting",
        End::Retrying(_) => "retrying",
        End::Paused(_) => "paused",
        End::Failed(_) => "failed",
        End::LookingUp(..) => "looking-up",
        End::Unknown(_) => "unknown",
        End::Cancelled => "cancelled",
        End::Missed => "missed",
        End::Released => "released",
        End::Lost => "lost",
    }
}

/// The same for people, where one word does not say it.
fn phrase_of(end: &End) -> &'static str {
    match end {
        End::LookingUp(..) => "being looked up",
        End::Released => "returned to the queue",
        End::Lost => "taken over by another worker",
        clear => result_of(clear),
    }
}

fn failure_of(end: &End) -> Option<&Failure> {
    match end {
        End::Retrying(failure)
        | End::Paused(failure)
        | End::Failed(failure)
        | End::LookingUp(failure, _)
        | End::Unknown(failure) => Some(failure),
        End::Published { .. }
        | End::Prepared
        | End::Waiting(_)
        | End::Cancelled
        | End::Missed
        | End::Released
        | End::Lost => None,
    }
}
