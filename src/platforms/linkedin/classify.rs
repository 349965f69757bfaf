//! What LinkedIn's answers mean.

use std::time::Duration;

use chrono::{NaiveTime, TimeDelta};
use reqwest::StatusCode;
use serde_json::Value;

use super::urn;
use crate::domain::{
    AccessToken, Answer, Away, EXISTS, Failure, FailureCode, Intent, Receipt, Remedy, SPENT, Scope,
    linkedin, made_by_one_of,
};
use crate::platforms::http::{HttpAnswer, NoAnswer, Reach, scrub};

/// Pause after a 429 that says neither how long nor that the day's quota is used up.
const SHORT_PAUSE: Duration = Duration::from_secs(60);

/// Pause after a used-up day when the answer has no `Date` to count from.
const LONG_PAUSE: Duration = Duration::from_secs(60 * 60);

/// LinkedIn needs about this long when a post names media it still works on.
const MEDIA_PAUSE: Duration = Duration::from_secs(120);

/// What the answer to the create call says about the post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateClass {
    /// With its URN; `None` when the answer does not contain it.
    Created(Option<String>),
    /// LinkedIn says that nothing was created.
    Refused,
    /// It may have been created, or a proxy answered.
    Unknown,
    /// Refused for being the same as an existing post, named or not.
    Duplicate(Option<String>),
}

/// Classifies the answer to `POST /rest/posts`. Between us and LinkedIn stand
/// proxies, sign-in pages and maintenance pages, which answer with any status:
/// only what bears LinkedIn's own marks counts.
#[must_use]
pub fn classify_create(answer: &HttpAnswer) -> CreateClass {
    let status = answer.status.as_u16();
    let created = created_id(answer);
    match (status, created) {
        // The header alone proves it, whatever became of the body.
        (200 | 201, Some(urn)) => CreateClass::Created(Some(urn)),
        (200 | 201, None)
            if has_restli_header(answer) && answer.body.is_empty() && !answer.broken =>
        {
            CreateClass::Created(None)
        }
        // A refusal that names what it created contradicts itself.
        (_, Some(_)) => CreateClass::Unknown,
        (400 | 409 | 422, None) if is_duplicate(answer) && is_signed(answer) => {
            CreateClass::Duplicate(linkedin::find_post(&body_text(answer)).map(str::to_owned))
        }
        (400 | 401 | 403 | 404 | 405 | 411 | 413 | 415 | 422 | 426 | 429, None)
            if is_signed(answer) =>
        {
            CreateClass::Refused
        }
        _ => CreateClass::Unknown,
    }
}

/// The created post's URN, from the headers that carry it, maybe percent-encoded.
/// What is no URN of a post is none of LinkedIn's.
fn created_id(answer: &HttpAnswer) -> Option<String> {
    ["x-restli-id", "x-linkedin-id"]
        .iter()
        .filter_map(|name| answer.header(name))
        .map(|id| urn::decode(id.trim()))
        .find(|id| linkedin::is_post(id))
}

/// Whether an answer has headers that only LinkedIn's servers set.
fn has_restli_header(answer: &HttpAnswer) -> bool {
    ["x-li-uuid", "x-restli-protocol-version"].iter().any(|name| answer.header(name).is_some())
}

/// Whether a refusal is LinkedIn's own: its body repeats the status, and body or headers
/// have a mark of LinkedIn's.
#[must_use]
pub fn is_signed(answer: &HttpAnswer) -> bool {
    let json = &answer.json;
    let repeats = json["status"].as_u64() == Some(u64::from(answer.status.as_u16()));
    let marked = json["serviceErrorCode"].is_i64() || json["errorDetailType"].is_string();
    let headers = ["x-restli-error-response", "x-linkedin-error-response"];
    let headers = headers.iter().any(|name| answer.header(name).is_some());
    repeats && (marked || headers || has_restli_header(answer))
}

/// LinkedIn's duplicate filter; it has answered with each of 400, 409 and 422.
fn is_duplicate(answer: &HttpAnswer) -> bool {
    let body = body_text(answer);
    body.contains("DUPLICATE_POST") || body.to_lowercase().contains("duplicate of urn:li:")
}

/// Turns an answer other than success into a failure with its remedy, provided that the
/// call made nothing visible.
#[must_use]
pub fn failure(answer: &HttpAnswer, token: &AccessToken) -> Failure {
    let status = answer.status.as_u16();
    let code = code(answer, token);
    let (remedy, message) = match status {
        ..500 if !is_signed(answer) => (
            Remedy::Outage(Away::Platform),
            format!("{}. It is tried again by itself.", proxy_answered(answer)),
        ),
        _ => (remedy(answer, code.as_str()), in_words(code.as_str(), status, &words(answer))),
    };
    Failure {
        remedy,
        code,
        message: scrub(&message, token),
        http_status: Some(status),
        trace_id: trace_id(answer),
        detail: Value::Null,
    }
}

/// The same for an answer to the create call that proves nothing: it is looked up.
#[must_use]
pub fn unclear(answer: &HttpAnswer, token: &AccessToken) -> Failure {
    let message = match is_signed(answer) || answer.status.is_server_error() {
        true => format!("LinkedIn answered {} (\"{}\")", status_text(answer.status), words(answer)),
        false => proxy_answered(answer),
    };
    let message = scrub(&message, token);
    Failure { remedy: Remedy::Outage(Away::Platform), message, ..failure(answer, token) }
}

fn proxy_answered(answer: &HttpAnswer) -> String {
    format!("a proxy between here and LinkedIn answered {}", status_text(answer.status))
}

/// A refusal in a sentence, with LinkedIn's own message and the next step.
fn in_words(code: &str, status: u16, said: &str) -> String {
    const RECONNECT: &str = "Reconnect the account, then resume it.";
    const EDIT: &str = "Change the content and schedule it again.";
    const LATER: &str = "It is tried again by itself when the limit has passed.";
    const AGAIN: &str = "It is tried again by itself.";
    let (means, advice) = match (code, status) {
        ("65601" | "REVOKED_ACCESS_TOKEN", _) => (
            "the token was revoked",
            "Right after connecting an account LinkedIn says this falsely for some seconds: \
             resume the account once, and reconnect it if that does not help.",
        ),
        ("65602" | "EXPIRED_ACCESS_TOKEN", _) => ("the token has expired", RECONNECT),
        (_, 401) => ("the token is not valid", RECONNECT),
        (_, 403) => (
            "a scope is missing, the role on the page was lost, or the author is not the token's",
            "Reconnect the account as a person with a posting role, then resume it.",
        ),
        ("NONEXISTENT_VERSION" | "VERSION_MISSING", _) | (_, 426) => (
            "this version of the API is retired",
            "Set a newer version under [linkedin], or update this program.",
        ),
        (_, 429) => ("a limit of calls is used up", LATER),
        ("MEDIA_ASSET_WAITING_UPLOAD", _) => ("the media is not ready yet", AGAIN),
        ("MEDIA_ASSET_PROCESSING_FAILED", _) => {
            ("the media could not be processed", "Schedule it with another file.")
        }
        ("EXPIRED_UPLOAD_URL", _) => ("the upload address has expired", AGAIN),
        ("FIELD_LENGTH_TOO_LONG", _) => ("a text is too long", EDIT),
        ("MISSING_FIELD" | "INVALID_VALUE_BLANK_FIELD", _) => ("a value is missing", EDIT),
        ("DUPLICATE_POST", _) => ("the same text was posted before", EDIT),
        ("INVALID_IMAGE_ID" | "INVALID_VIDEO_ID", _) => ("the media is not known", AGAIN),
        (_, 413 | 415) => ("the file is too large or of a wrong kind", EDIT),
        (_, 400..500) => ("the post was refused", EDIT),
        _ => ("the server failed", AGAIN),
    };
    let said = said.trim_end_matches('.');
    format!("LinkedIn: {means} (\"{said}\"). {advice}")
}

/// The same for a call without an answer.
#[must_use]
pub fn no_answer(error: NoAnswer) -> Failure {
    error.into_failure("LinkedIn")
}

/// The same as the answer to a call of no return.
#[must_use]
pub fn unanswered(error: NoAnswer) -> Answer {
    match error.reach {
        Reach::NotSent => Answer::NotSent(no_answer(error)),
        Reach::Interrupted => Answer::Unknown(no_answer(error)),
    }
}

/// What LinkedIn's support asks for.
#[must_use]
pub fn trace_id(answer: &HttpAnswer) -> Option<String> {
    ["x-li-uuid", "x-li-request-id"].iter().find_map(|name| answer.header(name)).map(str::to_owned)
}

fn remedy(answer: &HttpAnswer, code: &str) -> Remedy {
    let text = body_text(answer);
    match answer.status.as_u16() {
        400 | 422
            if code == "MEDIA_ASSET_WAITING_UPLOAD"
                || text.to_lowercase().contains("still processing") =>
        {
            Remedy::PollAgain(MEDIA_PAUSE)
        }
        400 if code == "EXPIRED_UPLOAD_URL" => Remedy::Restage,
        400 if code == "VERSION_MISSING" => Remedy::Operator(Scope::App),
        401 | 403 => Remedy::Operator(Scope::Account),
        426 => Remedy::Operator(Scope::App),
        // The limit for members who have not verified themselves also ends with the day.
        429 if text.contains(" DAY ") || text.to_lowercase().contains("verif") => {
            wait(until_midnight(answer).unwrap_or(LONG_PAUSE), scope_of(&text))
        }
        429 => wait(answer.retry_after().unwrap_or(SHORT_PAUSE), scope_of(&text)),
        408 | 409 => Remedy::Retry,
        400..500 => Remedy::GiveUp,
        _ => Remedy::Outage(Away::Platform),
    }
}

fn wait(rest: Duration, scope: Scope) -> Remedy {
    Remedy::Wait { rest, scope }
}

/// Whose limit it is: `APPLICATION` alone is the app's, with `AND_MEMBER` that of
/// one person in it.
fn scope_of(text: &str) -> Scope {
    match text.contains("APPLICATION ") && !text.contains("APPLICATION_AND_MEMBER") {
        true => Scope::App,
        false => Scope::Account,
    }
}

/// LinkedIn's quotas reset at 00:00 UTC.
fn until_midnight(answer: &HttpAnswer) -> Option<Duration> {
    let now = answer.date()?;
    let midnight = now.date_naive().succ_opt()?.and_time(NaiveTime::MIN).and_utc();
    (midnight - now).to_std().ok()
}

/// Decides whether the post that a duplicate refusal names is the one we sent:
/// the time within its URN must be that of one of our calls. One that names
/// none may mean what an earlier call of this post has made.
///
/// `offset` is how far LinkedIn's clock is ahead.
#[must_use]
pub fn duplicate(
    refusal: Failure,
    named: Option<&str>,
    calls: &[Intent],
    offset: TimeDelta,
) -> Answer {
    let refusal = Failure { remedy: Remedy::GiveUp, code: FailureCode::DuplicatePost, ..refusal };
    let Some(named) = named else {
        let message = format!("{} LinkedIn does not say of which post.", refusal.message);
        let failure = Failure { message, ..refusal };
        return match calls {
            [_, _, ..] => Answer::Unknown(failure),
            _ => Answer::Refused(exists(failure)),
        };
    };
    let latest = calls.last().map(|call| call.at + offset);
    let Some(minted) = latest.and_then(|latest| urn::minted_at(named, latest)) else {
        let message =
            format!("{} It is not certain whether {named} is this post.", refusal.message);
        return Answer::Unknown(Failure { message, ..refusal });
    };
    if made_by_one_of(calls, minted, offset) {
        return Answer::Matched(Receipt {
            external_id: Some(named.to_owned()),
            permalink: Some(linkedin::address(named)),
            http_status: refusal.http_status,
            trace_id: refusal.trace_id,
            evidence: Some("duplicate".to_owned()),
        });
    }
    Answer::Refused(Failure {
        message: format!(
            "LinkedIn: the same text was already posted at {} as {}. Change the content and \
             schedule it again.",
            minted.format("%Y-%m-%d %H:%M:%S UTC"),
            linkedin::address(named)
        ),
        ..refusal
    })
}

/// Marks a refusal as a duplicate's that may be of this very post.
pub(super) fn exists(refusal: Failure) -> Failure {
    refusal.mark(SPENT).mark(EXISTS)
}

/// LinkedIn's code: the most exact one that the answer holds.
fn code(answer: &HttpAnswer, token: &AccessToken) -> FailureCode {
    let json = &answer.json;
    let word = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    word(&json["errorDetails"]["inputErrors"][0]["code"])
        .or_else(|| word(&json["code"]))
        .or_else(|| json["serviceErrorCode"].as_i64().map(|number| number.to_string()))
        .or_else(|| word(&json["error"]))
        .map_or_else(
            || FailureCode::http(answer.status.as_u16()),
            |code| FailureCode::Platform(scrub(&code, token)),
        )
}

/// LinkedIn's message, or the status's reason when there is none.
fn words(answer: &HttpAnswer) -> String {
    let json = &answer.json;
    let input = &json["errorDetails"]["inputErrors"][0]["description"];
    [&json["message"], input, &json["error_description"]]
        .into_iter()
        .filter_map(Value::as_str)
        .map(str::trim)
        .find(|text| !text.is_empty())
        .map_or_else(|| format!("answered {}", status_text(answer.status)), str::to_owned)
}

fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn body_text(answer: &HttpAnswer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
