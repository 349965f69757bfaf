//! Facebook Pages: everything is made invisible first, under an id that is
//! kept, and then made visible by one call on that id; or, where the account
//! wants it or Facebook refuses that, by one call alone (`flow`).

mod chunks;
mod flow;
mod listing;
mod names;
mod sighting;
mod staging;

use std::sync::Arc;

use serde_json::{Value, json};

use super::graph::{
    CallError, FACEBOOK_HOST, Graph, MetaSettings, Session, is_missing, text_of, words_of,
};
use super::http::Http;
use super::media_source::MediaSource;
use super::{BoxFuture, Publisher, shape_of};
use crate::domain::{
    Answer, Draft, Failure, FailureCode, Intent, Preparation, Receipt, Remedy, Shape, Sighting,
    proof::Witness,
};
use flow::{Flow, Kind};
use staging::feed_body;

/// Publishes to Facebook Pages.
pub struct Facebook {
    graph: Graph,
    media: MediaSource,
}

/// Adds a text that is not empty: an empty field is an error to Meta.
fn set(body: &mut Value, name: &str, text: &str) {
    if !text.is_empty() {
        body[name] = json!(text);
    }
}

impl Facebook {
    /// A client that sends through `http`, and reads videos from `media`.
    #[must_use]
    pub fn new(http: Arc<Http>, media: MediaSource, settings: MetaSettings) -> Self {
        Self { graph: Graph::new(http, settings), media }
    }

    fn session<'a>(&'a self, draft: &'a Draft) -> Session<'a> {
        self.graph.session(FACEBOOK_HOST, draft)
    }

    fn flow(&self, draft: &Draft) -> Result<Flow, Failure> {
        Flow::of(draft, self.graph.settings())
    }

    async fn send(&self, draft: &Draft) -> Result<Receipt, Answer> {
        let flow = self.flow(draft).map_err(Answer::NotSent)?;
        let object = match flow.object() {
            None => None,
            Some(name) => Some(draft.staging.id(name).ok_or_else(|| {
                let message = "there is nothing staged that could be published";
                Answer::NotSent(Failure::new(Remedy::Restage, FailureCode::NotStaged, message))
            })?),
        };
        let page = draft.account.external_id.as_str();
        let session = self.session(draft);
        let (path, body) = match (flow, object) {
            (Flow::Feed, Some(post)) => (vec![post], json!({"is_published": true})),
            (Flow::HostedVideo, Some(video)) => (vec![video], json!({"published": true})),
            (Flow::PhotoStory, Some(photo)) => {
                (vec![page, flow.edge()], json!({"photo_id": photo}))
            }
            (Flow::ChunkedVideo, Some(_)) => {
                (vec![page, flow.edge()], chunks::finish_body(draft).map_err(Answer::NotSent)?)
            }
            (_, Some(video)) => {
                let mut body = json!({"upload_phase": "finish", "video_id": video});
                if flow == Flow::Reel {
                    body["video_state"] = json!("PUBLISHED");
                    set(&mut body, "description", &draft.content.caption);
                }
                (vec![page, flow.edge()], body)
            }
            (Flow::DirectVideo, None) => {
                let body = staging::hosted_body(draft, true).map_err(Answer::NotSent)?;
                (vec![page, flow.edge()], body)
            }
            (_, None) => (vec![page, flow.edge()], feed_body(draft, true)),
        };
        let reply = session.publish(&path, &body).await;
        let reply = reply.map_err(|error| self.refused(draft, flow, error))?;
        match (flow, object) {
            (Flow::PhotoStory | Flow::VideoStory, _) => {
                let story = reply.id("post_id");
                Ok(reply.receipt(story))
            }
            (_, Some(object)) => Ok(reply.receipt(Some(object.to_owned()))),
            (_, None) => reply.named("id"),
        }
    }

    /// A flip that Facebook does not take is met by publishing in one call, once.
    /// Its class shows only what the flip of a post that is not live would bring:
    /// whether it is live is read first.
    fn refused(&self, draft: &Draft, flow: Flow, error: CallError) -> Answer {
        match error.into_answer() {
            // The call named nothing but photos, which were never taken; it says nothing of
            // the post.
            Answer::Refused(failure)
                if matches!(flow, Flow::DirectFeed | Flow::PhotoStory)
                    && is_missing(failure.code.as_str()) =>
            {
                let detail = Value::Null;
                Answer::Refused(Failure { remedy: Remedy::Restage, detail, ..failure })
            }
            Answer::Refused(failure)
                if flow.is_flip()
                    && is_of_the_call(&failure)
                    && self.graph.settings().direct_fallback
                    && !draft.staging.has(names::DIRECT) =>
            {
                Answer::Refused(Failure { remedy: Remedy::Direct, ..failure })
            }
            answer => answer,
        }
    }
}

/// Whether a refusal is about the call itself, and not about what is posted, which
/// another call would not change: a value that Facebook does not take, without a
/// subcode that says more.
fn is_of_the_call(failure: &Failure) -> bool {
    let (code, subcode) =
        failure.code.as_str().split_once('/').unwrap_or((failure.code.as_str(), ""));
    let says_more = subcode.parse().ok().and_then(words_of).is_some();
    failure.remedy == Remedy::GiveUp && code == "100" && !says_more
}

impl Publisher for Facebook {
    fn prepare<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        Box::pin(async move {
            let flow = self.flow(draft)?;
            staging::next(&self.graph, &self.media, &self.session(draft), draft, flow).await
        })
    }

    fn object(&self, draft: &Draft) -> Option<String> {
        let name = self.flow(draft).ok()?.object()?;
        draft.staging.id(name).map(str::to_owned)
    }

    fn witness(&self, draft: &Draft) -> Witness {
        self.flow(draft).map_or(Witness::Object, Flow::witness)
    }

    fn publish<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.send(draft).await.into() })
    }

    fn look_up<'a>(&'a self, draft: &'a Draft, call: &'a Intent) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let session = self.session(draft);
            match (Kind::of(&draft.content), call.object.as_deref()) {
                (Err(failure), _) => Sighting::NeverTells(failure),
                (Ok(kind), Some(object)) => {
                    sighting::look(&session, draft, kind, object, call).await
                }
                // Other programs' calls named something that was never recorded.
                (Ok(_), None) if call.blind => {
                    let message = "what was published is not known";
                    Sighting::NeverTells(Failure::new(Remedy::GiveUp, FailureCode::Blind, message))
                }
                (Ok(kind), None) => listing::look(&session, draft, kind).await,
            }
        })
    }

    fn permalink<'a>(
        &'a self,
        draft: &'a Draft,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Option<String>> {
        Box::pin(async move {
            if receipt.permalink.is_some() {
                return receipt.permalink.clone();
            }
            let shape = shape_of(&draft.content).ok()?;
            if matches!(shape, Shape::PhotoStory | Shape::VideoStory) {
                // Only the list of stories contains a story's address.
                let call = draft.calls.last()?;
                let media = call.object.as_deref()?;
                let story = listing::story_of(&self.session(draft), draft, media, call).await;
                return story.ok().flatten()?.permalink;
            }
            let id = receipt.external_id.as_deref()?;
            let query = [("fields", "permalink_url")];
            let reply = self.session(draft).read(&[id], &query).await;
            let made_up = || (draft.content.platform.profile().post_ids.address)(id, shape);
            reply.ok().and_then(|reply| address(&reply.json)).or_else(made_up)
        })
    }

    fn comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.session(draft).comment(post_id, text).await })
    }

    fn find_comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let fields = "id,message,from";
            self.session(draft).find_comment(post_id, fields, "message", text).await
        })
    }

    /// Deletes a post or a video, which Facebook keeps. Photos go with the post that took
    /// them, and expire after a day.
    fn discard<'a>(&'a self, draft: &'a Draft, object: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // A photo has no state that shows whether it is published.
            if matches!(Kind::of(&draft.content), Ok(Kind::PhotoStory)) {
                return;
            }
            let session = self.session(draft);
            // A person may have published it by hand.
            if sighting::is_unpublished(&session, object).await {
                session.delete(object).await;
            }
        })
    }
}

/// The address in a node, which for videos lacks the host.
fn address(node: &Value) -> Option<String> {
    let link = text_of(node, "permalink_url")?;
    Some(match link.strip_prefix('/') {
        Some(path) => format!("https://www.facebook.com/{path}"),
        None => link,
    })
}

#[cfg(test)]
mod tests;
