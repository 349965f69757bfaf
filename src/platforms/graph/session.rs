//! The calls of one step: addresses, tokens, and what counts as success.

use serde_json::{Value, json};
use url::Url;

use super::answer::{Reply, Trouble, judge, unreadable};
use super::{Graph, Phase, UPLOAD_HOST};
use crate::domain::{AccessToken, Answer, Draft, Failure, Receipt, Remedy};
use crate::platforms::http::{AuthScheme, Call, CallKind};

/// The calls of one step, with its token.
pub(in crate::platforms) struct Session<'a> {
    graph: &'a Graph,
    host: &'static str,
    token: &'a AccessToken,
    sends: usize,
    is_repeat: bool,
}

impl<'a> Session<'a> {
    /// Calls for one post on `host`.
    pub fn new(graph: &'a Graph, host: &'static str, draft: &'a Draft) -> Self {
        Self {
            graph,
            host,
            token: &draft.token,
            sends: draft.sent_at.len(),
            is_repeat: draft.is_repeat,
        }
    }

    /// Reads a node or edge.
    pub async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Reply, Trouble> {
        let url = self.url(path, query)?;
        let reply = self.send(Phase::Staging, Call::get(url), AuthScheme::Bearer).await?;
        match reply.json.is_object() {
            true => Ok(reply),
            false => Err(unreadable(reply, Phase::Staging)),
        }
    }

    /// Reads all items of an edge. A list that cannot be read to its end is an
    /// error, since what it lacks is taken for absent.
    pub async fn read_all(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>, Trouble> {
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = query.to_vec();
            query.extend(after.as_deref().map(|cursor| ("after", cursor)));
            let page = self.read(path, &query).await?;
            let Some(data) = page.json["data"].as_array() else {
                return Err(unreadable(page, Phase::Staging));
            };
            items.extend(data.iter().cloned());
            let paging = &page.json["paging"];
            // An empty page is not the end, a missing `next` is. The address in it
            // holds the token: only the cursor is used.
            if !paging["next"].is_string() {
                return Ok(items);
            }
            match paging["cursors"]["after"].as_str() {
                Some(cursor) => after = Some(cursor.to_owned()),
                None => return Err(unreadable(page, Phase::Staging)),
            }
        }
        let message = "the list is too long to be read to its end";
        Err(Trouble::refused(Failure::new(Remedy::Retry, "list_too_long", message)))
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
        // The post's calls were repeated, not the comment's.
        let once = Self { is_repeat: false, ..*self };
        // No `fields`: Meta answered 20/1772107 to that after the comment was made.
        match once.publish(&[parent, "comments"], &json!({"message": text})).await {
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
        address(self.host, &self.graph.settings.version, path, query).ok_or_else(|| {
            let message = "cannot build the address";
            Trouble::refused(Failure::new(Remedy::GiveUp, "request", message))
        })
    }

    async fn send(&self, phase: Phase, call: Call, scheme: AuthScheme) -> Result<Reply, Trouble> {
        let call = call.auth(scheme, self.token);
        match self.graph.http.send(call).await {
            Ok(answer) => {
                let poll = self.graph.settings.timing.first_poll;
                judge(answer, phase, (self.sends, self.is_repeat), poll, self.token)
            }
            Err(error) => Err(Trouble::without_answer(error, phase)),
        }
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
