//! What comes back, and what it proves about the call.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::domain::{AccessToken, Away, Failure, FailureCode, Remedy, Scope};

/// No answer that matters is larger; a longer one is cut.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Longest pause that a `Retry-After` may ask for: after a day it is worth asking again.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest text of a platform that is kept in a failure, in characters.
const MAX_MESSAGE_CHARS: usize = 1000;

/// What came back: at least a status line.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As much of it as arrived, at most 1 MiB.
    pub body: Vec<u8>,
    /// The body when it is whole and JSON; else `Null`.
    pub json: Value,
    /// The body ended early or was cut off: what it would have said is not known.
    pub broken: bool,
}

impl HttpAnswer {
    /// Reads the body of an answer whose status line has come.
    pub(super) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let (body, broken) = read_capped(response).await;
        let json = match broken {
            true => Value::Null,
            false => serde_json::from_slice(&body).unwrap_or(Value::Null),
        };
        Self { status, headers, body, json, broken }
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// When it was given, by the answering server's clock.
    #[must_use]
    pub fn date(&self) -> Option<DateTime<Utc>> {
        let date = DateTime::parse_from_rfc2822(self.header(DATE.as_str())?).ok()?;
        Some(date.to_utc())
    }

    /// Whether the body is a web page: of a proxy.
    #[must_use]
    pub fn is_web_page(&self) -> bool {
        let kind = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        kind.contains("html") || self.body.trim_ascii_start().starts_with(b"<")
    }

    /// The pause that `Retry-After` asks for: seconds, or a date measured against the
    /// answer's own `Date`. At most 24 hours; an unreadable one counts as absent.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header(RETRY_AFTER.as_str())?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = DateTime::parse_from_rfc2822(text).ok()?;
                (until.to_utc() - self.date()?).to_std().ok()?
            }
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }
}

/// A call without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoAnswer {
    pub reach: Reach,
    pub code: FailureCode,
    /// For people; holds neither the URL nor a token.
    pub message: String,
}

/// How far a call without an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Provably nothing was sent: no connection came about.
    NotSent,
    /// It may have arrived and been done.
    Interrupted,
}

impl NoAnswer {
    /// The same as a failure: most often the network is to blame.
    #[must_use]
    pub fn into_failure(self, platform: &str) -> Failure {
        let remedy = match self.code {
            FailureCode::InvalidToken => Remedy::Operator(Scope::Account),
            FailureCode::NotSent => Remedy::PollAgain(Duration::from_secs(1)),
            FailureCode::Request => Remedy::Retry,
            _ => Remedy::Outage(Away::Platform),
        };
        let what = match self.reach {
            Reach::NotSent => "the call did not get there",
            Reach::Interrupted => "no whole answer came",
        };
        Failure::new(remedy, self.code, format!("{platform}: {what} ({})", self.message))
    }

    pub(super) fn not_sent(code: FailureCode, message: impl Into<String>) -> Self {
        Self { reach: Reach::NotSent, code, message: message.into() }
    }

    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        let (reach, code) = if error.is_connect() {
            (Reach::NotSent, FailureCode::Connect)
        } else if error.is_builder() {
            (Reach::NotSent, FailureCode::Request)
        } else if error.is_timeout() {
            (Reach::Interrupted, FailureCode::Timeout)
        } else {
            (Reach::Interrupted, FailureCode::Interrupted)
        };
        Self { reach, code, message: whole_message(&error.without_url()) }
    }
}

/// An error with its causes: reqwest's own text says only "error sending request".
pub(super) fn whole_message(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}

/// Reads the body up to its cap; true: it broke off or was longer.
async fn read_capped(mut response: reqwest::Response) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return (body, false),
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BODY_BYTES => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk[..MAX_BODY_BYTES - body.len()]);
                return (body, true);
            }
            Err(_) => return (body, true),
        }
    }
}

/// Takes every secret out of a text that came from a platform, and shortens it.
///
/// Platforms echo the token in error texts and in paging addresses.
#[must_use]
pub fn scrub(text: &str, token: &AccessToken) -> String {
    let mut clean = text.to_owned();
    if !token.expose().is_empty() {
        clean = clean.replace(token.expose(), "[token]");
    }
    for name in ["access_token=", "appsecret_proof="] {
        let mut parts = clean.split(name);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(['&', '"', '\'', ' ', '\n', '\\']).unwrap_or(part.len());
            kept.push_str(name);
            kept.push_str("[token]");
            kept.push_str(&part[end..]);
        }
        clean = kept;
    }
    match clean.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &str)]) -> HttpAnswer {
        let headers = headers.iter().map(|(name, value)| {
            (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
        });
        HttpAnswer {
            status: StatusCode::OK,
            headers: headers.collect(),
            body: Vec::new(),
            json: Value::Null,
            broken: false,
        }
    }

    /// `Retry-After` is seconds or a date, and never more than a day.
    #[test]
    fn retry_after_is_bounded_by_a_day() {
        let seconds = |text| answer(&[("retry-after", text)]).retry_after().map(|d| d.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("99999999"), Some(86_400));
        assert_eq!(seconds("-5"), None);
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("Tue, 24 Nov 2026 10:00:00 GMT"), None, "no clock to compare with");
        let dated = |until| {
            answer(&[("retry-after", until), ("date", "Tue, 24 Nov 2026 10:00:00 GMT")])
                .retry_after()
                .map(|d| d.as_secs())
        };
        assert_eq!(dated("Tue, 24 Nov 2026 10:01:30 GMT"), Some(90));
        assert_eq!(dated("Tue, 24 Nov 2026 09:00:00 GMT"), None);
        assert_eq!(dated("Thu, 24 Nov 2033 09:00:00 GMT"), Some(86_400));
    }

    #[test]
    fn a_web_page_is_known_as_one() {
        let is_page = |kind: &str, body: &[u8]| {
            let headers: &[_] = if kind.is_empty() { &[] } else { &[("content-type", kind)] };
            HttpAnswer { body: body.to_vec(), ..answer(headers) }.is_web_page()
        };
        assert!(is_page("text/html", b""));
        assert!(is_page("text/html; charset=utf-8", b"Sign in"));
        assert!(is_page("application/xhtml+xml", b"x"));
        assert!(is_page("application/json", b" \r\n\t<!doctype html>"), "a lying type");
        assert!(is_page("", b"<html>"));
        assert!(!is_page("application/json", b"{\"a\": \"<html>\"}"));
        assert!(!is_page("", b""), "an upload's empty success");
        assert!(!is_page("text/plain", b"no page"));
    }

    #[test]
    fn a_passing_fault_costs_no_attempt() {
        for lost in [NoAnswer::not_sent(FailureCode::Connect, "m"), interrupted()] {
            let failure = lost.clone().into_failure("Facebook");
            assert_eq!(failure.remedy, Remedy::Outage(Away::Platform));
            assert_eq!(failure.code, lost.code);
            assert!(failure.message.starts_with("Facebook: "), "{}", failure.message);
            assert!(failure.message.ends_with("(m)"), "{}", failure.message);
        }
        let token = NoAnswer::not_sent(FailureCode::InvalidToken, "m").into_failure("Facebook");
        assert_eq!(token.remedy, Remedy::Operator(Scope::Account));
    }

    fn interrupted() -> NoAnswer {
        NoAnswer { reach: Reach::Interrupted, ..NoAnswer::not_sent(FailureCode::Timeout, "m") }
    }

    /// **E6**: a token that the platform repeats is removed from the text.
    #[test]
    fn echoed_token_is_removed_from_text() {
        let token = AccessToken::new("canary".to_owned());
        assert_eq!(scrub("Bad token: canary.", &token), "Bad token: [token].");
        assert_eq!(
            scrub("next: https://x/?access_token=other&after=1", &token),
            "next: https://x/?access_token=[token]&after=1"
        );
        assert_eq!(scrub(&"é".repeat(2000), &token).chars().count(), 1001);
        assert_eq!(scrub("text", &AccessToken::new(String::new())), "text");
    }
}
