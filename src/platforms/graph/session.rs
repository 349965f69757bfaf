//! The calls of one step: addresses, tokens, and what counts as success.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use url::Url;

use super::answer::{Around, CallError, Reply, classify_answer, text_of, unreadable};
use super::codes;
use super::lists::same_text;
use super::{Graph, Phase, UPLOAD_HOST};
use crate::domain::proof::LISTS_LAG;
use crate::domain::{Answer, Draft, Failure, FailureCode, Receipt, Remedy, Sighting};
use crate::platforms::http::{AuthScheme, Call, CallKind};

/// The calls of one step, with its token.
pub(in crate::platforms) struct Session<'a> {
    graph: &'a Graph,
    host: &'static str,
    draft: &'a Draft,
    began: Instant,
}

impl<'a> Session<'a> {
    /// Calls for one post on `host`.
    pub fn new(graph: &'a Graph, host: &'static str, draft: &'a Draft) -> Self {
        Self { graph, host, draft, began: Instant::now() }
    }

    /// How far Meta's clock is ahead of the database's, by the date of an answer
    /// that came just now.
    pub fn clock_offset(&self, answered: Option<DateTime<Utc>>) -> TimeDelta {
        self.draft.clock_offset(answered, self.began.elapsed())
    }

    /// Reads a node or edge.
    pub async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Reply, CallError> {
        let url = self.url(path, query)?;
        let reply = self.send(Phase::Staging, Call::get(url), AuthScheme::Bearer).await?;
        match reply.json.is_object() {
            true => Ok(reply),
            false => Err(unreadable(reply)),
        }
    }

    /// Reads all items of an edge. A list that cannot be read to its end is an
    /// error, since what it lacks is taken for absent.
    pub async fn read_all(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>, CallError> {
        Ok(self.read_all_dated(path, query).await?.0)
    }

    /// The same with the time of the last page, by the platform's clock.
    pub async fn read_all_dated(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<(Vec<Value>, Option<DateTime<Utc>>), CallError> {
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = query.to_vec();
            query.extend(after.as_deref().map(|cursor| ("after", cursor)));
            let page = self.read(path, &query).await?;
            let Some(data) = page.json["data"].as_array() else {
                return Err(unreadable(page));
            };
            items.extend(data.iter().cloned());
            let paging = &page.json["paging"];
            // An empty page is not the end, a missing `next` is. The address in it
            // holds the token: only the cursor is used.
            if !paging["next"].is_string() {
                return Ok((items, page.date));
            }
            match paging["cursors"]["after"].as_str() {
                Some(cursor) => after = Some(cursor.to_owned()),
                None => return Err(unreadable(page)),
            }
        }
        let message = "the list is too long to be read to its end";
        Err(CallError::not_sent(Failure::new(Remedy::Retry, FailureCode::ListTooLong, message)))
    }

    /// The same for what was made since a time, with one field more if this version
    /// of the API knows it: one that it does not makes a whole read fail.
    pub async fn read_all_since(
        &self,
        path: &[&str],
        since: DateTime<Utc>,
        fields: &str,
        one_more: &str,
    ) -> Result<(Vec<Value>, Option<DateTime<Utc>>), CallError> {
        let since = since.timestamp().to_string();
        let list = |fields: String| {
            let since = since.as_str();
            async move {
                let query = [("fields", fields.as_str()), ("since", since), ("limit", "100")];
                self.read_all_dated(path, &query).await
            }
        };
        match list(format!("{fields},{one_more}")).await {
            Err(error) if !error.failure.passes() => list(fields.to_owned()).await,
            items => items,
        }
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
        match reply.id(id_name) {
            Some(id) => Ok((id, reply)),
            None => Err(unreadable(reply).failure),
        }
    }

    /// Sends a part of a file, in a form.
    pub async fn transfer(
        &self,
        path: &[&str],
        fields: &[(&str, String)],
        file: (&str, Vec<u8>),
    ) -> Result<Reply, Failure> {
        let call = Call::post(CallKind::Staging, self.url(path, &[])?).form(fields, file);
        Ok(self.send(Phase::Staging, call, AuthScheme::Bearer).await?)
    }

    /// Looks for our comment below our post; `field` is the name of its text in lists.
    /// Lists lag behind.
    pub async fn find_comment(
        &self,
        post: &str,
        fields: &str,
        field: &str,
        text: &str,
    ) -> Sighting {
        let account = self.draft.account.external_id.as_str();
        let is_ours = |comment: &Value| {
            text_of(comment, field).is_some_and(|said| same_text(&said, text))
                && text_of(&comment["from"], "id").is_none_or(|from| from == account)
        };
        let query = [("fields", fields), ("limit", "50")];
        match self.read_all(&[post, "comments"], &query).await {
            Ok(comments) => match comments.iter().find(|comment| is_ours(comment)) {
                Some(comment) => Sighting::Live(Receipt::read_back(text_of(comment, "id"))),
                None => Sighting::NotLive { after: LISTS_LAG },
            },
            // The permission to comment is missing, not one that posts need: no reason to
            // pause the account.
            Err(error) if codes::is_permission(error.failure.code.as_str()) => {
                let failure = Failure { remedy: Remedy::GiveUp, ..error.failure };
                Sighting::NeverTells(failure)
            }
            Err(error) => Sighting::CannotTell(error.failure),
        }
    }

    /// Hands Meta the address of a file at an upload address that it gave us.
    pub async fn hand_over(&self, upload_url: &str, file_url: &str) -> Result<Reply, Failure> {
        self.graph
            .http
            .check_upload_url(upload_url, &[UPLOAD_HOST])
            .map_err(|message| Failure::new(Remedy::Restage, FailureCode::UploadUrl, message))?;
        // `file_url` must be a header: as a body Meta complains about a missing offset.
        let call = Call::post(CallKind::Staging, upload_url).header("file_url", file_url);
        let reply = self.send(Phase::Staging, call, AuthScheme::OAuth).await?;
        match reply.json["success"] == json!(true) {
            true => Ok(reply),
            false => Err(unreadable(reply).failure),
        }
    }

    /// Sends a call of no return. A success says so or names an id.
    pub async fn publish(&self, path: &[&str], body: &Value) -> Result<Reply, CallError> {
        let kind = CallKind::Publish(self.draft.clearance.clone());
        let call = Call::post(kind, self.url(path, &[])?).json(body);
        let reply = self.send(Phase::Publish, call, AuthScheme::Bearer).await?;
        match reply.json["success"] == json!(true) || reply.id("id").is_some() {
            true => Ok(reply),
            false => Err(unreadable(reply)),
        }
    }

    /// Sends a comment below an object.
    pub async fn comment(&self, parent: &str, text: &str) -> Answer {
        // No `fields`: Meta answered 20/1772107 to that after the comment was made.
        match self.publish(&[parent, "comments"], &json!({"message": text})).await {
            Ok(reply) => reply.named("id").into(),
            Err(error) => match error.into_answer() {
                Answer::Refused(failure) if codes::is_permission(failure.code.as_str()) => {
                    Answer::Refused(failure.of_comment_permission())
                }
                answer => answer,
            },
        }
    }

    /// Deletes an object; whether that worked does not matter.
    pub async fn delete(&self, id: &str) {
        let Ok(url) = self.url(&[id], &[]) else { return };
        if let Err(error) = self.send(Phase::Staging, Call::delete(url), AuthScheme::Bearer).await {
            tracing::debug!(id, code = %error.failure.code, "leftover not deleted");
        }
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<String, CallError> {
        address(self.host, &self.graph.settings.version, path, query).ok_or_else(|| {
            let message = "the address of the call cannot be built";
            CallError::not_sent(Failure::new(Remedy::GiveUp, FailureCode::Request, message))
        })
    }

    async fn send(&self, phase: Phase, call: Call, scheme: AuthScheme) -> Result<Reply, CallError> {
        let Draft { token, calls, usage, account, .. } = self.draft;
        let platform = account.platform.profile().name;
        let answer = self.graph.http.send(call.auth(scheme, token)).await;
        let answer = answer.map_err(|error| CallError::without_answer(error, platform))?;
        let poll = self.graph.settings.timing.first_poll;
        classify_answer(answer, &Around { platform, phase, calls: calls.len(), poll, token, usage })
    }
}

/// More pages of a hundred than an account fills while an outcome is open.
const MAX_PAGES: usize = 20;

/// `https://host/version/path…?query`; no part of it can change its structure.
pub(super) fn address(
    host: &str,
    version: &str,
    path: &[&str],
    query: &[(&str, &str)],
) -> Option<String> {
    let mut url = Url::parse(&format!("https://{host}")).ok()?;
    url.path_segments_mut().ok()?.push(version).extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Some(url.into())
}
