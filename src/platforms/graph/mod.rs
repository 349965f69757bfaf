//! Meta's Graph API as Facebook and Instagram share it: addresses, tokens,
//! answers and their errors.

mod classify;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use url::Url;

pub use classify::{
    Circumstances, GraphError, Phase, Verdict, classify, dead_container, dead_object,
};

use super::http::{AuthScheme, Call, CallKind, Http, HttpAnswer, NoAnswer, Reach, scrub};
use crate::domain::{AccessToken, Answer, Artifact, Draft, Failure, Receipt, Remedy};

/// Facebook tokens, for Pages and for Instagram through Facebook Login.
pub const FACEBOOK_HOST: &str = "graph.facebook.com";
/// Tokens of Instagram Login.
pub const INSTAGRAM_HOST: &str = "graph.instagram.com";
/// Takes uploads; the only host that an upload address may name.
pub const UPLOAD_HOST: &str = "rupload.facebook.com";

/// Graph API version asked for: available until 29 July 2028.
pub const DEFAULT_VERSION: &str = "v25.0";

/// How long a new object may answer "no such object" before that is believed.
const YOUNG: Duration = Duration::from_secs(5 * 60);

/// Staged objects live 24 hours; processing that lasts this long will not end in time.
const STALE: Duration = Duration::from_secs(23 * 60 * 60);

/// What an operator may set about Meta.
#[derive(Debug, Clone)]
pub struct MetaSettings {
    /// Graph API version with its `v`.
    pub version: String,
    pub timing: Timing,
}

impl Default for MetaSettings {
    fn default() -> Self {
        Self { version: DEFAULT_VERSION.to_owned(), timing: Timing::default() }
    }
}

/// When a state that is not final yet is read again.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    pub first_poll: Duration,
    pub longest_poll: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        // Images are ready after seconds; for videos Meta advises one read per minute.
        Self { first_poll: Duration::from_secs(3), longest_poll: Duration::from_secs(60) }
    }
}

impl Timing {
    /// Waits as long again as the object is old: 3, 6, 12 … 60 seconds.
    fn delay(&self, age: Option<Duration>) -> Duration {
        age.unwrap_or_default().clamp(self.first_poll, self.longest_poll.max(self.first_poll))
    }
}

/// An answer that is a success.
#[derive(Debug)]
pub(super) struct Reply {
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
pub(super) fn text_of(json: &Value, name: &str) -> Option<String> {
    match json.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A call that did not succeed.
#[derive(Debug)]
pub(super) struct Trouble {
    /// `false`: it may have been done.
    pub refused: bool,
    pub failure: Failure,
    /// The object is missing, or not visible yet.
    pub missing: bool,
    pub date: Option<DateTime<Utc>>,
}

impl Trouble {
    fn without_answer(error: NoAnswer, phase: Phase) -> Self {
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

/// The shared half of both platforms.
pub(super) struct Graph {
    http: Arc<Http>,
    settings: MetaSettings,
}

impl Graph {
    pub fn new(http: Arc<Http>, settings: MetaSettings) -> Self {
        Self { http, settings }
    }

    /// Calls for one post on `host`.
    pub fn session<'a>(&'a self, host: &'static str, draft: &'a Draft) -> Session<'a> {
        Session { graph: self, host, token: &draft.token, sends: draft.sent_at.len() }
    }

    /// When to read again the state of an object that is not ready; an error
    /// once it never will be.
    pub fn poll_delay(&self, age: Option<Duration>) -> Result<Duration, Failure> {
        if age.is_some_and(|age| age > STALE) {
            let message = "still not processed after 23 hours";
            return Err(Failure::new(Remedy::Restage, "processing_stuck", message));
        }
        Ok(self.settings.timing.delay(age))
    }

    /// What a failed read of a staged object means: a young one may not be
    /// visible yet, an old one that is missing is gone.
    pub fn failed_poll(&self, trouble: Trouble, artifact: &Artifact) -> Result<Duration, Failure> {
        if !trouble.missing {
            return Err(trouble.failure);
        }
        let age =
            trouble.date.zip(artifact.stored_at).and_then(|(now, at)| (now - at).to_std().ok());
        match age {
            Some(age) if age > YOUNG => Err(Failure { remedy: Remedy::Restage, ..trouble.failure }),
            age => Ok(self.settings.timing.delay(age)),
        }
    }
}

/// The calls of one step, with its token.
pub(super) struct Session<'a> {
    graph: &'a Graph,
    host: &'static str,
    token: &'a AccessToken,
    sends: usize,
}

impl Session<'_> {
    /// Reads a node or edge.
    pub async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Reply, Trouble> {
        let url = self.url(path, query)?;
        let reply = self.send(Phase::Staging, Call::get(url), AuthScheme::Bearer).await?;
        match reply.json.is_object() {
            true => Ok(reply),
            false => Err(unreadable(reply, Phase::Staging)),
        }
    }

    /// Reads all items of an edge, at most `MAX_PAGES` pages.
    pub async fn read_all(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>, Trouble> {
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = query.to_vec();
            if let Some(cursor) = &after {
                query.push(("after", cursor));
            }
            let page = self.read(path, &query).await?.json;
            items.extend(page["data"].as_array().into_iter().flatten().cloned());
            // The end is a missing `next`; the address itself holds the token and is not used.
            after = page["paging"]["next"]
                .is_string()
                .then(|| &page["paging"]["cursors"]["after"])
                .and_then(Value::as_str)
                .map(str::to_owned);
            if after.is_none() {
                return Ok(items);
            }
        }
        let message = "the list is too long to be read to its end";
        Err(Trouble {
            refused: true,
            failure: Failure::new(Remedy::Retry, "list_too_long", message),
            missing: false,
            date: None,
        })
    }

    /// Makes something invisible and gives its id, found under `id_name`.
    pub async fn make(
        &self,
        path: &[&str],
        body: &Value,
        id_name: &str,
    ) -> Result<(String, Reply), Failure> {
        let call = Call::post(CallKind::Staging, self.url(path, &[])?).json(body);
        let reply = self.send(Phase::Staging, call, AuthScheme::Bearer).await?;
        match reply.text(id_name) {
            Some(id) => Ok((id, reply)),
            None => Err(unreadable(reply, Phase::Staging).failure),
        }
    }

    /// Hands Meta the address of a file at an upload address that it gave us.
    pub async fn hand_over(&self, upload_url: &str, file_url: &str) -> Result<Reply, Failure> {
        self.graph
            .http
            .check_upload_url(upload_url, &[UPLOAD_HOST])
            .map_err(|message| Failure::new(Remedy::Restage, "upload_url", message))?;
        // `file_url` must be a header: as a body Meta complains about a missing offset.
        let call = Call::post(CallKind::Staging, upload_url).header("file_url", file_url);
        let reply = self.send(Phase::Staging, call, AuthScheme::OAuth).await?;
        match reply.json["success"] == json!(true) {
            true => Ok(reply),
            false => Err(unreadable(reply, Phase::Staging).failure),
        }
    }

    /// Sends a call of no return. A success says so or names an id.
    pub async fn publish(&self, path: &[&str], body: &Value) -> Result<Reply, Trouble> {
        // A request that cannot be built was not sent either.
        let call = Call::post(CallKind::Publish, self.url(path, &[])?).json(body);
        let reply = self.send(Phase::Publish, call, AuthScheme::Bearer).await?;
        match reply.json["success"] == json!(true) || reply.text("id").is_some() {
            true => Ok(reply),
            false => Err(unreadable(reply, Phase::Publish)),
        }
    }

    /// Sends a comment below an object.
    pub async fn comment(&self, parent: &str, text: &str) -> Answer {
        // No `fields`: Meta answered 20/1772107 to that after the comment was made.
        match self.publish(&[parent, "comments"], &json!({"message": text})).await {
            Ok(reply) => Answer::Published(Receipt {
                external_id: reply.text("id"),
                http_status: Some(reply.status),
                trace_id: reply.trace_id,
                ..Receipt::default()
            }),
            Err(trouble) => trouble.into_answer(),
        }
    }

    /// Deletes an object; whether that worked does not matter.
    pub async fn delete(&self, id: &str) {
        let Ok(url) = self.url(&[id], &[]) else { return };
        if let Err(trouble) = self.send(Phase::Staging, Call::delete(url), AuthScheme::Bearer).await
        {
            tracing::debug!(id, code = trouble.failure.code, "leftover not deleted");
        }
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<String, Trouble> {
        let built = Url::parse(&format!("https://{}", self.host)).ok().and_then(|mut url| {
            url.path_segments_mut().ok()?.push(&self.graph.settings.version).extend(path);
            if !query.is_empty() {
                url.query_pairs_mut().extend_pairs(query);
            }
            Some(url.into())
        });
        built.ok_or_else(|| Trouble {
            refused: true,
            failure: Failure::new(Remedy::GiveUp, "request", "cannot build the address"),
            missing: false,
            date: None,
        })
    }

    async fn send(&self, phase: Phase, call: Call, scheme: AuthScheme) -> Result<Reply, Trouble> {
        let call = call.auth(scheme, self.token);
        match self.graph.http.send(call).await {
            Ok(answer) => self.judge(phase, answer),
            Err(error) => Err(Trouble::without_answer(error, phase)),
        }
    }

    /// Tells success from failure; a success may still lack what was asked for.
    fn judge(&self, phase: Phase, answer: HttpAnswer) -> Result<Reply, Trouble> {
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
        let said_no =
            answer.json["success"] == json!(false) || answer.json["debug_info"].is_object();
        if answer.status.is_success() && error.is_none() && !said_no {
            return Ok(Reply { json: answer.json, status, trace_id, date });
        }
        let around = Circumstances {
            phase,
            status,
            rest: rest_asked_for(&answer),
            sends: self.sends,
            poll: self.graph.settings.timing.first_poll,
        };
        let (code, message) = describe(error.as_ref(), &answer);
        let verdict = match upload_remedy(&answer.json) {
            Some(remedy) if error.is_none() && phase == Phase::Staging => Verdict::Refused(remedy),
            _ => classify(error.as_ref(), &around),
        };
        let (refused, remedy) = match verdict {
            Verdict::Refused(remedy) => (true, remedy),
            Verdict::Unknown => (false, Remedy::Retry),
        };
        let failure = Failure {
            http_status: Some(status),
            trace_id: trace_id.map(|id| scrub(&id, self.token)),
            ..Failure::new(remedy, scrub(&code, self.token), scrub(&message, self.token))
        };
        let missing = error.is_some_and(|error| error.is_missing_object());
        Err(Trouble { refused, failure, missing, date })
    }
}

/// More pages of a hundred than an account fills while an outcome is open.
const MAX_PAGES: usize = 20;

/// A success that lacks what it should hold.
fn unreadable(reply: Reply, phase: Phase) -> Trouble {
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
fn rest_asked_for(answer: &HttpAnswer) -> Option<Duration> {
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

#[cfg(test)]
mod tests;
