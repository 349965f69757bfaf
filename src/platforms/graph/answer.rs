//! What came back: successes with their fields, failures with what they prove.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::classify::{Circumstances, GraphError, Phase, Verdict, classify};
use crate::domain::{AccessToken, Answer, Artifact, Failure, Remedy, SPENT};
use crate::platforms::http::{HttpAnswer, NoAnswer, Reach, scrub};

/// An answer that is a success.
#[derive(Debug)]
pub(in crate::platforms) struct Reply {
    pub json: Value,
    pub status: u16,
    pub trace_id: Option<String>,
    /// The answering server's clock: there is none of our own in this layer.
    pub date: Option<DateTime<Utc>>,
}

impl Reply {
    /// A text field that is not empty; ids are taken as numbers too.
    pub fn text(&self, name: &str) -> Option<String> {
        text_of(&self.json, name)
    }

    /// How old an artifact was when this answer was given.
    pub fn age_of(&self, artifact: &Artifact) -> Option<Duration> {
        (self.date? - artifact.stored_at?).to_std().ok()
    }
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
pub(in crate::platforms) struct Trouble {
    /// `false`: it may have been done.
    pub refused: bool,
    pub failure: Failure,
    /// The object is missing, or not visible yet.
    pub missing: bool,
    pub date: Option<DateTime<Utc>>,
}

impl Trouble {
    /// A failure that provably did nothing.
    pub(super) fn refused(failure: Failure) -> Self {
        Self { refused: true, failure, missing: false, date: None }
    }

    pub(super) fn without_answer(error: NoAnswer, phase: Phase) -> Self {
        let refused = phase == Phase::Staging || error.reach == Reach::NotSent;
        let failure = Failure::new(Remedy::Retry, error.code, error.message);
        Self { refused, failure, missing: false, date: None }
    }

    /// The same as the outcome of a publish call.
    pub fn into_answer(self) -> Answer {
        if self.refused { Answer::Refused(self.failure) } else { Answer::Unknown(self.failure) }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        trouble.failure
    }
}

/// Tells success from failure; a success may still lack what was asked for.
pub(super) fn judge(
    answer: HttpAnswer,
    phase: Phase,
    (sends, is_repeat): (usize, bool),
    poll: Duration,
    token: &AccessToken,
) -> Result<Reply, Trouble> {
    let status = answer.status.as_u16();
    let date = answer
        .header("date")
        .and_then(|text| DateTime::parse_from_rfc2822(text).ok())
        .map(|date| date.to_utc());
    let error = GraphError::read(&answer.json);
    let trace_id = error
        .as_ref()
        .and_then(|error| error.trace_id.clone())
        .or_else(|| answer.header("x-fb-trace-id").map(str::to_owned));
    let said_no = answer.json["success"] == json!(false) || answer.json["debug_info"].is_object();
    if answer.status.is_success() && error.is_none() && !said_no {
        let mut json = answer.json;
        hide_token(&mut json, token.expose());
        return Ok(Reply { json, status, trace_id, date });
    }
    let rest = rest_asked_for(&answer);
    let around = Circumstances { phase, status, rest, sends, is_repeat, poll };
    let (code, message) = describe(error.as_ref(), &answer);
    let verdict = match upload_remedy(&answer.json) {
        Some(remedy) if error.is_none() && phase == Phase::Staging => Verdict::Refused(remedy),
        _ => classify(error.as_ref(), &around),
    };
    let (refused, remedy) = match verdict {
        Verdict::Refused(remedy) => (true, remedy),
        Verdict::Unknown | Verdict::Spent => (false, Remedy::Retry),
    };
    let failure = Failure {
        http_status: Some(status),
        trace_id: trace_id.map(|id| scrub(&id, token)),
        detail: if verdict == Verdict::Spent { json!({ SPENT: true }) } else { Value::Null },
        ..Failure::new(remedy, scrub(&code, token), scrub(&message, token))
    };
    let missing = error.is_some_and(|error| error.is_missing_object());
    Err(Trouble { refused, failure, missing, date })
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

/// A success that lacks what it should hold.
pub(super) fn unreadable(reply: Reply, phase: Phase) -> Trouble {
    let message = "the answer says neither what was made nor what went wrong";
    let mut failure = Failure::new(Remedy::Retry, "unreadable_answer", message);
    failure.http_status = Some(reply.status);
    failure.trace_id = reply.trace_id;
    Trouble { refused: phase == Phase::Staging, failure, missing: false, date: reply.date }
}

/// Code and text of a failed answer, not yet scrubbed.
fn describe(error: Option<&GraphError>, answer: &HttpAnswer) -> (String, String) {
    if let Some(error) = error {
        let message = match error.hint() {
            Some(hint) => format!("{} ({hint})", error.message.trim_end_matches('.')),
            None => error.message.clone(),
        };
        return (error.label(), message);
    }
    let upload = &answer.json["debug_info"];
    if upload.is_object() {
        let text = |name| text_of(upload, name);
        let code = text("type").unwrap_or_else(|| "upload".to_owned());
        return (code, text("message").unwrap_or_else(|| "the upload failed".to_owned()));
    }
    if answer.status.is_success() {
        return ("not_successful".to_owned(), "the answer says that it did not succeed".to_owned());
    }
    let status = answer.status.as_u16();
    (format!("http_{status}"), format!("answered {} without a readable reason", answer.status))
}

/// What an upload that failed needs: rupload answers in a shape of its own.
fn upload_remedy(json: &Value) -> Option<Remedy> {
    let upload = json.get("debug_info")?;
    Some(if upload["retriable"] == json!(true) { Remedy::Retry } else { Remedy::Restage })
}

/// The rest that an answer asks for: the longest of its usage headers, else `Retry-After`.
pub(super) fn rest_asked_for(answer: &HttpAnswer) -> Option<Duration> {
    // Read as text: the header's keys may repeat, which a JSON map would lose.
    const MINUTES: &str = "\"estimated_time_to_regain_access\":";
    let usage = answer.header("x-business-use-case-usage").unwrap_or_default();
    let minutes = usage
        .split(MINUTES)
        .skip(1)
        .filter_map(|rest| {
            let rest = rest.trim_start();
            rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
        })
        .max()
        .filter(|minutes: &u32| *minutes > 0);
    minutes
        .map(|minutes| Duration::from_secs(u64::from(minutes) * 60))
        .or_else(|| answer.retry_after())
}
