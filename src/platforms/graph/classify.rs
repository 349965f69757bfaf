//! What Meta's error answers mean for a post: by `code` and `error_subcode`,
//! never by HTTP status alone, since limits and dead tokens come as 400 too.

use std::time::Duration;

use serde_json::Value;

use super::codes::{self, CodeClass, Meaning};
use crate::domain::{Away, Remedy, Scope};

/// Whether the failed call could have made something visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Makes nothing visible, or only reads.
    Staging,
    /// The call of no return: most errors do not prove that nothing went live.
    Publish,
}

/// What an answer that is not a success says about the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Meta says that this call did nothing.
    Refused(Remedy),
    /// The same, with an error that also stands for a post that is already published.
    Spent(Remedy),
    /// The same: such a post is there already, or its object was spent on one.
    Exists(Remedy),
    /// It may have done it.
    Unknown,
    /// The same, and the account or app must be throttled for a while.
    Doubtful(Remedy),
}

/// What decides besides the error itself.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    pub phase: Phase,
    pub status: u16,
    /// Pause that the usage headers or `Retry-After` ask for.
    pub pause: Option<Duration>,
    /// Publish calls of this post so far; a repeated block means a longer pause.
    pub calls: usize,
    /// Pause before a state is read again.
    pub poll: Duration,
}

/// The `error` object of a Graph answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    pub code: i64,
    pub subcode: Option<i64>,
    /// `error_user_msg` when there is one: it names the fault better than `message`.
    pub message: String,
    /// Says that it passes; its absence proves nothing.
    pub transient: bool,
    pub trace_id: Option<String>,
}

impl GraphError {
    /// Reads an answer; `None` when it holds no `error` object.
    #[must_use]
    pub fn read(json: &Value) -> Option<Self> {
        let error = json.get("error")?.as_object()?;
        let text = |name: &str| error.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
        Some(Self {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            subcode: error.get("error_subcode").and_then(Value::as_i64),
            message: text("error_user_msg").or(text("message")).unwrap_or("no reason given").into(),
            transient: error.get("is_transient").and_then(Value::as_bool).unwrap_or(false),
            trace_id: text("fbtrace_id").map(str::to_owned),
        })
    }

    /// `code/subcode`, or the code alone.
    #[must_use]
    pub fn label(&self) -> String {
        match self.subcode {
            Some(subcode) => format!("{}/{subcode}", self.code),
            None => self.code.to_string(),
        }
    }

    /// The object is missing, not visible yet, or closed to this token: Meta does not
    /// distinguish these.
    #[must_use]
    pub fn is_missing_object(&self) -> bool {
        matches!((self.code, self.subcode), (100, Some(33)) | (24, Some(2_207_006)))
    }

    /// What it means: by its subcode, its text or its code.
    fn meaning(&self) -> Option<Meaning> {
        let meaning = match (self.code, self.subcode) {
            (100, Some(33)) => Some(Meaning {
                staging: Retry,
                publish: Gone,
                means: "the object is missing, not visible yet, or closed to this token",
                advice: "It is tried again by itself.",
            }),
            (_, Some(subcode)) => codes::of_subcode(subcode),
            (_, None) => None,
        };
        meaning
            .or_else(|| codes::of_text(self.code, &self.message))
            .or_else(|| codes::of_code(self.code))
    }

    /// The error as text: its source, its meaning, its own message, and the next step, if
    /// this error decides about it.
    #[must_use]
    pub fn in_words(&self, platform: &str, with_advice: bool) -> String {
        let said = self.message.trim().trim_end_matches('.');
        match self.meaning() {
            Some(Meaning { means, advice, .. }) if !means.is_empty() => match with_advice {
                true => format!("{platform}: {means} (\"{said}\"). {advice}"),
                false => format!("{platform}: {means} (\"{said}\")"),
            },
            _ => format!(
                "{platform} gives no reason that is known: \"{said}\". `socialsched show` has \
                 the trace id that Meta's support asks for."
            ),
        }
    }
}

use CodeClass::{
    Account, App, AppLimit, Bad, Blocked, Doubtful, Duplicate, Gone, Limit, PersonLimit, Poll,
    Restage, Retry, Unknown,
};

/// Minutes for which a blocked account is throttled, by the number of publish calls so
/// far.
const BLOCKED_MINUTES: [u64; 4] = [15, 60, 4 * 60, 24 * 60];

/// Pause after a bare HTTP 429.
const THROTTLED: Duration = Duration::from_secs(60);

/// Longest pause: after a day, asking again costs nothing.
const MAX_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Decides about an answer that is not a success.
///
/// `error` is its `error` object; without one the status decides.
#[must_use]
pub fn classify(error: Option<&GraphError>, around: &Circumstances) -> ErrorClass {
    let Some(error) = error else {
        return match around.status {
            429 => {
                let wait = wait(around.pause.unwrap_or(THROTTLED), Scope::Account);
                match around.phase {
                    Phase::Staging => ErrorClass::Refused(wait),
                    // It may be a proxy's.
                    Phase::Publish => ErrorClass::Doubtful(wait),
                }
            }
            _ => error_class(Unknown, around, true),
        };
    };
    let meaning = error.meaning();
    let class = match around.phase {
        Phase::Staging => meaning.map_or(Unknown, |meaning| meaning.staging),
        Phase::Publish => meaning.map_or(Unknown, |meaning| meaning.publish),
    };
    // A server fault, or one that says it passes, is no statement about the content.
    let passes = error.transient || around.status >= 500;
    match class {
        Bad if passes => error_class(Unknown, around, true),
        // These codes are server faults as well, where no subcode says more.
        class => error_class(class, around, passes || matches!(error.code, -2..=2)),
    }
}

/// What becomes of a post whose container Instagram declared dead: its
/// `status` text ends with a subcode.
#[must_use]
pub fn dead_container(status: &str) -> (Option<i64>, Remedy) {
    let digits: Vec<&str> = status.split(|c: char| !c.is_ascii_digit()).collect();
    let subcode = digits.iter().rev().find(|run| run.len() == 7).and_then(|run| run.parse().ok());
    (subcode, dead_object(subcode))
}

/// What becomes of a post whose staged object failed in processing with this
/// code or subcode.
#[must_use]
pub fn dead_object(number: Option<i64>) -> Remedy {
    let known = |number| codes::of_subcode(number).or_else(|| codes::of_code(number));
    match number.and_then(known) {
        Some(Meaning { staging: Bad, .. }) => Remedy::GiveUp,
        // Waiting or asking again would find the same dead object.
        _ => Remedy::Restage,
    }
}

/// Meaning and advice for the number that a failed object names.
#[must_use]
pub fn words_of(number: i64) -> Option<(&'static str, &'static str)> {
    let meaning = codes::of_subcode(number).or_else(|| codes::of_code(number))?;
    (!meaning.means.is_empty()).then_some((meaning.means, meaning.advice))
}

fn wait(pause: Duration, scope: Scope) -> Remedy {
    Remedy::Wait { rest: pause.min(MAX_PAUSE), scope }
}

/// `is_servers`: the fault is the server's, not the call's.
fn error_class(class: CodeClass, around: &Circumstances, is_servers: bool) -> ErrorClass {
    let pause = |minutes: u64| around.pause.unwrap_or(Duration::from_secs(minutes * 60));
    let publishes = around.phase == Phase::Publish;
    let remedy = match class {
        Unknown if publishes => return ErrorClass::Unknown,
        Unknown | Retry if is_servers => Remedy::Outage(Away::Platform),
        Unknown | Retry | Gone => Remedy::Retry,
        Restage => Remedy::Restage,
        Poll => Remedy::PollAgain(around.poll),
        Doubtful(minutes) if publishes => {
            return ErrorClass::Doubtful(wait(pause(minutes), Scope::Account));
        }
        Limit(minutes) | Doubtful(minutes) => wait(pause(minutes), Scope::Account),
        PersonLimit(minutes) => wait(pause(minutes), Scope::Person),
        AppLimit(minutes) => wait(pause(minutes), Scope::App),
        Blocked => {
            let step = around.calls.saturating_sub(1).min(BLOCKED_MINUTES.len() - 1);
            wait(pause(BLOCKED_MINUTES[step]), Scope::Account)
        }
        Account => Remedy::Operator(Scope::Account),
        App => Remedy::Operator(Scope::App),
        Bad | Duplicate => Remedy::GiveUp,
    };
    match class {
        Duplicate | Gone if publishes => ErrorClass::Exists(remedy),
        Poll | Bad if publishes => ErrorClass::Spent(remedy),
        _ => ErrorClass::Refused(remedy),
    }
}

#[cfg(test)]
mod tests;
