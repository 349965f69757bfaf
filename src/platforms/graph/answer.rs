//! What came back: successes with their fields, failures with what they prove.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::classify::{Circumstances, ErrorClass, GraphError, Phase, classify};
use crate::domain::{
    AccessToken, Answer, Away, EXISTS, Failure, FailureCode, NearLimit, Receipt, Remedy, SPENT,
    Scope, UsageMeter,
};
use crate::platforms::http::{HttpAnswer, NoAnswer, Reach, scrub};

/// An answer that is a success.
#[derive(Debug)]
pub(in crate::platforms) struct Reply {
    pub platform: &'static str,
    pub json: Value,
    pub status: u16,
    pub trace_id: Option<String>,
    /// The answering server's clock.
    pub date: Option<DateTime<Utc>>,
}

impl Reply {
    /// A text field that is not empty; ids are taken as numbers too.
    pub fn text(&self, name: &str) -> Option<String> {
        text_of(&self.json, name)
    }

    /// An id that Meta can have given.
    pub fn id(&self, name: &str) -> Option<String> {
        self.text(name).filter(|id| is_id(id))
    }

    /// Evidence of what it made, under this id if it named one.
    pub fn receipt(self, external_id: Option<String>) -> Receipt {
        Receipt {
            external_id,
            http_status: Some(self.status),
            trace_id: self.trace_id,
            ..Receipt::default()
        }
    }

    /// Evidence of what it made, which it must name under this name: without its
    /// id the answer is not one of Meta's.
    pub fn named(self, name: &str) -> Result<Receipt, Answer> {
        match self.id(name) {
            Some(id) => Ok(self.receipt(Some(id))),
            None => Err(unreadable(self).into_answer()),
        }
    }
}

/// Ids are decimal numbers, of up to three objects one below the other: a
/// comment below a post of a Page.
fn is_id(text: &str) -> bool {
    let is_number = |part: &str| (1..=40).contains(&part.len()) && is_digits(part);
    text.split('_').count() <= 3 && text.split('_').all(is_number)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text field of an object that is not empty; ids are taken as numbers too.
pub(in crate::platforms) fn text_of(json: &Value, name: &str) -> Option<String> {
    match json.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A call that did not succeed.
#[derive(Debug)]
pub(in crate::platforms) struct CallError {
    pub effect: Effect,
    pub failure: Failure,
    /// The object is missing, or not visible yet.
    pub missing: bool,
}

/// What a call that did not succeed was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platforms) enum Effect {
    /// It never left.
    NotSent,
    /// A refusal.
    Refused,
    /// Nothing that shows whether it was done.
    Unknown,
}

impl CallError {
    /// For a call that was not sent.
    pub(super) fn not_sent(failure: Failure) -> Self {
        Self { effect: Effect::NotSent, failure, missing: false }
    }

    pub(super) fn without_answer(error: NoAnswer, platform: &str) -> Self {
        let effect = match error.reach {
            Reach::NotSent => Effect::NotSent,
            Reach::Interrupted => Effect::Unknown,
        };
        Self { effect, failure: error.into_failure(platform), missing: false }
    }

    /// The same as the answer to a call of no return.
    pub fn into_answer(self) -> Answer {
        match self.effect {
            Effect::NotSent => Answer::NotSent(self.failure),
            Effect::Refused => Answer::Refused(self.failure),
            Effect::Unknown => Answer::Unknown(self.failure),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        error.failure
    }
}

/// What surrounds a call, for classifying its answer.
pub(super) struct Around<'a> {
    pub platform: &'static str,
    pub phase: Phase,
    /// Publish calls of the post so far.
    pub calls: usize,
    pub poll: Duration,
    pub token: &'a AccessToken,
    pub usage: &'a UsageMeter,
}

/// Separates success from failure; a success may still lack what was asked for.
pub(super) fn classify_answer(answer: HttpAnswer, around: &Around<'_>) -> Result<Reply, CallError> {
    let (status, token) = (answer.status.as_u16(), around.token);
    let error = GraphError::read(&answer.json);
    let trace_id = error
        .as_ref()
        .and_then(|error| error.trace_id.clone())
        .or_else(|| answer.header("x-fb-trace-id").map(str::to_owned));
    note_usage(&answer, around.usage);
    let said_no = answer.json["success"] == json!(false) || answer.json["debug_info"].is_object();
    if answer.status.is_success() && error.is_none() && !said_no {
        let date = answer.date();
        let mut json = answer.json;
        hide_token(&mut json, token.expose());
        return Ok(Reply { platform: around.platform, json, status, trace_id, date });
    }
    let circumstances = Circumstances {
        phase: around.phase,
        status,
        pause: pause_asked_for(&answer),
        calls: around.calls,
        poll: around.poll,
    };
    let class = match upload_remedy(&answer.json) {
        Some(remedy) if error.is_none() && around.phase == Phase::Staging => {
            ErrorClass::Refused(remedy)
        }
        _ => classify(error.as_ref(), &circumstances),
    };
    let (effect, remedy) = match class {
        ErrorClass::Refused(remedy) | ErrorClass::Spent(remedy) | ErrorClass::Exists(remedy) => {
            (Effect::Refused, remedy)
        }
        ErrorClass::Unknown => (Effect::Unknown, Remedy::Outage(Away::Platform)),
        ErrorClass::Doubtful(remedy) => (Effect::Unknown, remedy),
    };
    let (code, message) = describe(error.as_ref(), &answer, around.platform, effect, remedy);
    let code = match code {
        FailureCode::Platform(code) => FailureCode::Platform(scrub(&code, token)),
        ours => ours,
    };
    let failure = Failure {
        http_status: Some(status),
        trace_id: trace_id.map(|id| scrub(&id, token)),
        ..Failure::new(remedy, code, scrub(&message, token))
    };
    let failure = match class {
        ErrorClass::Spent(_) => failure.mark(SPENT),
        ErrorClass::Exists(_) => failure.mark(SPENT).mark(EXISTS),
        ErrorClass::Refused(_) | ErrorClass::Unknown | ErrorClass::Doubtful(_) => failure,
    };
    let missing = error.is_some_and(|error| error.is_missing_object());
    Err(CallError { effect, failure, missing })
}

/// Texts of a success end up in failures and artifacts too (the state of a
/// container, the reason in a video's phase): none of them may hold the token.
fn hide_token(json: &mut Value, token: &str) {
    match json {
        Value::String(text) if !token.is_empty() && text.contains(token) => {
            *text = text.replace(token, "[token]");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_token(item, token)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide_token(field, token)),
        _ => {}
    }
}

/// A success that lacks what it should hold: not Meta's, or not whole.
pub(super) fn unreadable(reply: Reply) -> CallError {
    let message =
        format!("{}: the answer says neither what was made nor what went wrong", reply.platform);
    let mut failure =
        Failure::new(Remedy::Outage(Away::Platform), FailureCode::UnreadableAnswer, message);
    failure.http_status = Some(reply.status);
    failure.trace_id = reply.trace_id;
    CallError { effect: Effect::Unknown, failure, missing: false }
}

/// Code and text of a failed answer, not yet scrubbed. A call that may have taken effect
/// is looked up, whatever the number advises.
fn describe(
    error: Option<&GraphError>,
    answer: &HttpAnswer,
    platform: &str,
    effect: Effect,
    remedy: Remedy,
) -> (FailureCode, String) {
    if let Some(error) = error {
        return (
            FailureCode::Platform(error.label()),
            error.in_words(platform, effect != Effect::Unknown),
        );
    }
    let next = match (effect, remedy) {
        (Effect::Unknown, _) => "",
        (_, Remedy::Restage) => ". It is uploaded anew.",
        _ => ". It is tried again by itself.",
    };
    let upload = &answer.json["debug_info"];
    if upload.is_object() {
        let text = |name| text_of(upload, name);
        let code = text("type").map_or(FailureCode::UploadFailed, FailureCode::Platform);
        let said = text("message").unwrap_or_else(|| "no reason given".to_owned());
        return (code, format!("{platform}: the upload failed (\"{said}\"){next}"));
    }
    if answer.status.is_success() {
        let message = format!("{platform}: the answer says that it did not succeed{next}");
        return (FailureCode::NotSuccessful, message);
    }
    let status = answer.status.as_u16();
    let message = format!("{platform}: answered {} without a readable reason{next}", answer.status);
    (FailureCode::http(status), message)
}

/// What an upload that failed needs: rupload answers in a shape of its own.
fn upload_remedy(json: &Value) -> Option<Remedy> {
    let upload = json.get("debug_info")?;
    Some(if upload["retriable"] == json!(true) { Remedy::Retry } else { Remedy::Restage })
}

/// The pause that an answer asks for: the longest of its usage headers, else
/// `Retry-After`.
pub(super) fn pause_asked_for(answer: &HttpAnswer) -> Option<Duration> {
    const MINUTES: &str = "\"estimated_time_to_regain_access\":";
    let usage = answer.header("x-business-use-case-usage").unwrap_or_default();
    let minutes = numbers_after(usage, MINUTES).max().filter(|minutes| *minutes > 0);
    minutes
        .map(|minutes| Duration::from_secs(u64::from(minutes) * 60))
        .or_else(|| answer.retry_after())
}

/// From here on a limit counts as nearly used up.
const NEAR_LIMIT_PERCENT: u32 = 90;

/// Notes how near its limits the app, and the account, is: all figures are
/// percent of what is allowed.
fn note_usage(answer: &HttpAnswer, meter: &UsageMeter) {
    for (header, scope) in [
        ("x-app-usage", Scope::App),
        ("x-page-usage", Scope::Account),
        ("x-business-use-case-usage", Scope::Account),
    ] {
        let percent = answer.header(header).and_then(highest_usage).unwrap_or_default();
        if percent >= NEAR_LIMIT_PERCENT {
            meter.note(NearLimit { percent, scope });
        }
    }
}

/// The highest of the figures in a usage header. Read as text: its keys may
/// repeat, which a JSON map would lose.
fn highest_usage(header: &str) -> Option<u32> {
    const FIGURES: [&str; 3] = ["\"call_count\":", "\"total_cputime\":", "\"total_time\":"];
    FIGURES.iter().flat_map(|name| numbers_after(header, name)).max()
}

/// The numbers after each occurrence of `name`.
fn numbers_after<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = u32> + 'a {
    text.split(name).skip(1).filter_map(|rest| {
        let rest = rest.trim_start();
        rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
    })
}
