//! What LinkedIn's answers mean.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::urn;
use crate::domain::{AccessToken, Answer, Failure, Receipt, Remedy, Scope};
use crate::platforms::http::{HttpAnswer, NoAnswer, Reach, scrub};

/// Rest after a 429 that says neither how long nor that the day's quota is used up.
const SHORT_REST: Duration = Duration::from_secs(60);

/// Rest after a used-up day when the answer has no `Date` to count from.
const LONG_REST: Duration = Duration::from_secs(60 * 60);

/// LinkedIn needs about this long when a post names media it still works on.
const MEDIA_REST: Duration = Duration::from_secs(120);

/// How much earlier than our send a post's number may have been minted.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// What the answer to the create call says about the post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Created,
    /// Proven: nothing was created.
    Refused,
    /// It may have been created.
    Unknown,
    /// Refused for being the same as an existing post, named or not.
    Duplicate(Option<String>),
}

/// Judges the answer to `POST /rest/posts`. Only what is known to be decided
/// before anything is created counts as refused.
#[must_use]
pub fn verdict(answer: &HttpAnswer) -> Verdict {
    let status = answer.status.as_u16();
    if answer.status.is_success() {
        return Verdict::Created;
    }
    if matches!(status, 400 | 409 | 422) && is_duplicate(answer) {
        return Verdict::Duplicate(urn::find_post(&body_text(answer)).map(str::to_owned));
    }
    match status {
        // Without its body it may be the duplicate refusal, which says the opposite.
        400 | 422 if answer.broken => Verdict::Unknown,
        400 | 401 | 403 | 404 | 405 | 411 | 413 | 415 | 422 | 426 | 429 => Verdict::Refused,
        _ => Verdict::Unknown,
    }
}

/// LinkedIn's duplicate filter; it has answered with each of 400, 409 and 422.
fn is_duplicate(answer: &HttpAnswer) -> bool {
    let body = body_text(answer);
    body.contains("DUPLICATE_POST") || body.to_lowercase().contains("duplicate of urn:li:")
}

/// Puts an answer other than success into words and says what to do about it,
/// provided that the call made nothing visible.
#[must_use]
pub fn failure(answer: &HttpAnswer, token: &AccessToken) -> Failure {
    let code = code(answer);
    let words = words(answer);
    let message = match answer.status.as_u16() {
        401 if code.contains("65601") || code == "REVOKED_ACCESS_TOKEN" => format!(
            "{words} (right after connecting an account LinkedIn says this falsely for some \
             seconds: resume the account once, and reconnect it if that does not help)"
        ),
        401 => format!("{words} (reconnect the account)"),
        403 => format!(
            "{words} (a missing scope, a lost page role, or an author that is not the token's)"
        ),
        426 => format!("{words} (set a newer LinkedIn API version)"),
        _ => words,
    };
    Failure {
        remedy: remedy(answer, &code),
        code: scrub(&code, token),
        message: scrub(&message, token),
        http_status: Some(answer.status.as_u16()),
        trace_id: trace_id(answer),
        detail: Value::Null,
    }
}

/// The same for a call that nobody answered.
#[must_use]
pub fn no_answer(error: &NoAnswer) -> Failure {
    Failure::new(Remedy::Retry, error.code, &error.message)
}

/// What an unanswered call of no return means.
#[must_use]
pub fn unanswered(error: &NoAnswer) -> Answer {
    match error.reach {
        Reach::NotSent => Answer::Refused(no_answer(error)),
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
            Remedy::PollAgain(MEDIA_REST)
        }
        400 if code == "EXPIRED_UPLOAD_URL" => Remedy::Restage,
        400 if code == "VERSION_MISSING" => Remedy::Operator(Scope::Platform),
        401 | 403 => Remedy::Operator(Scope::Account),
        426 => Remedy::Operator(Scope::Platform),
        // The limit for members who have not verified themselves also ends with the day.
        429 if text.contains(" DAY ") || text.to_lowercase().contains("verif") => {
            Remedy::Wait(until_midnight(answer).unwrap_or(LONG_REST))
        }
        429 => Remedy::Wait(answer.retry_after().unwrap_or(SHORT_REST)),
        408 | 409 => Remedy::Retry,
        400..500 => Remedy::GiveUp,
        _ => Remedy::Retry,
    }
}

/// LinkedIn's quotas begin anew at 00:00 UTC.
fn until_midnight(answer: &HttpAnswer) -> Option<Duration> {
    let now = date(answer)?;
    let midnight = now.date_naive().succ_opt()?.and_time(NaiveTime::MIN).and_utc();
    (midnight - now).to_std().ok()
}

/// When LinkedIn answered, by its own clock.
fn date(answer: &HttpAnswer) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc2822(answer.header("date")?).ok()?;
    Some(date.with_timezone(&Utc))
}

/// How far LinkedIn's clock is ahead of the one that said `sent`, learned from
/// an answer that came `after` that. Zero when the answer has no date.
#[must_use]
pub fn clock_offset(answer: &HttpAnswer, sent: DateTime<Utc>, after: Duration) -> TimeDelta {
    let after = TimeDelta::from_std(after).unwrap_or_default();
    let offset = date(answer).map(|date| date - (sent + after)).unwrap_or_default();
    // Dates are cut to the second, and the calls take part of one.
    if offset.abs() <= TimeDelta::seconds(2) { TimeDelta::zero() } else { offset }
}

/// Decides whether the post that a duplicate refusal names is the one we sent:
/// the time within its URN cannot lie before the first send. One that names
/// none may mean what an earlier call of this post has made.
///
/// `sent_at` and `offset` are as in [`clock_offset`].
#[must_use]
pub fn duplicate(
    refusal: Failure,
    named: Option<&str>,
    sent_at: &[DateTime<Utc>],
    offset: TimeDelta,
) -> Answer {
    let Some(named) = named else {
        let failure = Failure {
            remedy: Remedy::GiveUp,
            message: format!("{} (LinkedIn does not say of which post)", refusal.message),
            ..refusal
        };
        return match sent_at {
            [_, _, ..] => Answer::Unknown(failure),
            _ => Answer::Refused(failure),
        };
    };
    let times = sent_at.first().zip(sent_at.last());
    let minted =
        times.and_then(|(first, last)| Some((urn::minted_at(named, *last + offset)?, first)));
    let Some((minted, first)) = minted else {
        return Answer::Unknown(Failure {
            remedy: Remedy::GiveUp,
            message: format!(
                "{} (it cannot be told whether {named} is this post)",
                refusal.message
            ),
            detail: json!({ "named": named }),
            ..refusal
        });
    };
    if minted >= *first + offset - CLOCK_TOLERANCE {
        return Answer::Found(Receipt {
            external_id: Some(named.to_owned()),
            permalink: Some(urn::address(named)),
            http_status: refusal.http_status,
            trace_id: refusal.trace_id,
            evidence: Some("duplicate".to_owned()),
        });
    }
    Answer::Refused(Failure {
        remedy: Remedy::GiveUp,
        code: "DUPLICATE_POST".to_owned(),
        message: format!(
            "the same text was already posted at {} as {}",
            minted.format("%Y-%m-%d %H:%M:%S UTC"),
            urn::address(named)
        ),
        detail: json!({ "named": named, "posted_at": minted }),
        ..refusal
    })
}

/// LinkedIn's code: the most exact one that the answer holds.
fn code(answer: &HttpAnswer) -> String {
    let json = &answer.json;
    let word = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    word(&json["errorDetails"]["inputErrors"][0]["code"])
        .or_else(|| word(&json["code"]))
        .or_else(|| json["serviceErrorCode"].as_i64().map(|number| number.to_string()))
        .or_else(|| word(&json["error"]))
        .unwrap_or_else(|| format!("http-{}", answer.status.as_u16()))
}

/// LinkedIn's words, or the status's where it has none.
fn words(answer: &HttpAnswer) -> String {
    let json = &answer.json;
    let input = &json["errorDetails"]["inputErrors"][0]["description"];
    [&json["message"], input, &json["error_description"]]
        .into_iter()
        .filter_map(Value::as_str)
        .map(str::trim)
        .find(|text| !text.is_empty())
        .map_or_else(|| format!("LinkedIn answered {}", status_text(answer.status)), str::to_owned)
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
