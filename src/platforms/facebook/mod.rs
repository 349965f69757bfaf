//! Facebook Pages: everything is made invisible first, under an id that is
//! kept, and then made visible by one call on that id.

mod sighting;
mod staging;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::graph::{FACEBOOK_HOST, Graph, MetaSettings, Reply, Session, Trouble, text_of};
use super::http::Http;
use super::{Publisher, Step};
use crate::domain::{
    Answer, Draft, Failure, Intent, MediaKind, PostContent, PostType, Preparation, Receipt, Remedy,
    Sighting, StepKind,
};

/// Publishes to Facebook Pages.
pub struct Facebook {
    graph: Graph,
}

/// The five ways in which a Page post comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Text, link, one or more photos: an unpublished post that is flipped.
    Feed,
    /// A hosted video, unpublished, that is flipped.
    Video,
    Reel,
    PhotoStory,
    VideoStory,
}

impl Flow {
    fn of(content: &PostContent) -> Result<Self, Failure> {
        let images = content.media.iter().filter(|item| item.kind == MediaKind::Image).count();
        let videos = content.media.len() - images;
        match (content.post_type, images, videos) {
            (PostType::Post, 0, 0) if content.caption.is_empty() && content.link.is_none() => {
                Err(unfit("there is nothing to post"))
            }
            (PostType::Post, _, 0) | (PostType::Carousel, 1.., 0) => Ok(Self::Feed),
            (PostType::Post | PostType::Video, 0, 1) => Ok(Self::Video),
            (PostType::Reel, 0, 1) => Ok(Self::Reel),
            (PostType::Story, 1, 0) => Ok(Self::PhotoStory),
            (PostType::Story, 0, 1) => Ok(Self::VideoStory),
            _ => Err(unfit("Facebook takes no such combination of post type and media")),
        }
    }

    /// The edge of the three-phase upload.
    fn edge(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Video => "videos",
            Self::Reel => "video_reels",
            Self::PhotoStory => "photo_stories",
            Self::VideoStory => "video_stories",
        }
    }

    /// The artifact whose id the publish call names.
    fn anchor(self) -> &'static str {
        match self {
            Self::Feed => "post",
            Self::PhotoStory => "photo/0",
            Self::Video | Self::Reel | Self::VideoStory => "video",
        }
    }
}

fn unfit(message: &str) -> Failure {
    Failure::new(Remedy::GiveUp, "unsupported", message)
}

/// The text under media takes the link along: there is no preview beside media.
fn text(content: &PostContent) -> String {
    match &content.link {
        Some(link) if !content.media.is_empty() && !content.caption.contains(link.as_str()) => {
            format!("{}\n\n{link}", content.caption).trim_start().to_owned()
        }
        _ => content.caption.clone(),
    }
}

/// Adds a text that is not empty: an empty field is an error to Meta.
fn set(body: &mut Value, name: &str, text: &str) {
    if !text.is_empty() {
        body[name] = json!(text);
    }
}

impl Facebook {
    /// A client that sends through `http`.
    #[must_use]
    pub fn new(http: Arc<Http>, settings: MetaSettings) -> Self {
        Self { graph: Graph::new(http, settings) }
    }

    fn session<'a>(&'a self, draft: &'a Draft) -> Session<'a> {
        self.graph.session(FACEBOOK_HOST, draft)
    }

    async fn send(&self, draft: &Draft) -> Result<Receipt, Answer> {
        let flow = Flow::of(&draft.content).map_err(Answer::Refused)?;
        let anchor = draft.staging.id(flow.anchor()).ok_or_else(|| {
            let message = "there is nothing staged that could be published";
            Answer::Refused(Failure::new(Remedy::Restage, "not_staged", message))
        })?;
        // A flip may be repeated; for the other calls nobody has proven that.
        if let [first, _, ..] = draft.sent_at[..]
            && flow != Flow::Feed
            && let Some(receipt) = self.seen_before(draft, flow, first).await?
        {
            return Ok(receipt);
        }
        draft.clearance.check().map_err(Answer::Refused)?;
        let page = draft.account.external_id.as_str();
        let reply = match flow {
            Flow::Feed => self.flip(draft, anchor, json!({"is_published": true})).await,
            Flow::Video => self.flip(draft, anchor, json!({"published": true})).await,
            Flow::PhotoStory => {
                let body = json!({"photo_id": anchor});
                self.session(draft).publish(&[page, flow.edge()], &body).await
            }
            Flow::Reel | Flow::VideoStory => {
                let mut body = json!({"upload_phase": "finish", "video_id": anchor});
                if flow == Flow::Reel {
                    body["video_state"] = json!("PUBLISHED");
                    set(&mut body, "description", &text(&draft.content));
                }
                self.session(draft).publish(&[page, flow.edge()], &body).await
            }
        };
        let reply = reply.map_err(Trouble::into_answer)?;
        let external_id = match flow {
            Flow::PhotoStory | Flow::VideoStory => reply.text("post_id"),
            Flow::Feed | Flow::Video | Flow::Reel => Some(anchor.to_owned()),
        };
        Ok(Receipt {
            external_id,
            http_status: Some(reply.status),
            trace_id: reply.trace_id,
            ..Receipt::default()
        })
    }

    async fn flip(&self, draft: &Draft, id: &str, body: Value) -> Result<Reply, Trouble> {
        self.session(draft).publish(&[id], &body).await
    }

    /// Looks before a publish call is sent once more: it may have gone through
    /// after the last look-up.
    async fn seen_before(
        &self,
        draft: &Draft,
        flow: Flow,
        first_sent: DateTime<Utc>,
    ) -> Result<Option<Receipt>, Answer> {
        let session = self.session(draft);
        match sighting::look(&session, draft, flow, first_sent, Duration::ZERO).await {
            Sighting::Live(receipt) | Sighting::Found(receipt) => Ok(Some(receipt)),
            Sighting::NotLive => Ok(None),
            Sighting::InProgress => {
                let delay = self.graph.poll_delay(None).map_err(Answer::Refused)?;
                let message = "an earlier publish call is still being worked on";
                let failure = Failure::new(Remedy::PollAgain(delay), "in_progress", message);
                Err(Answer::Refused(failure))
            }
            Sighting::Dead(failure)
            | Sighting::CannotTell(failure)
            | Sighting::NeverTells(failure) => Err(Answer::Refused(failure)),
        }
    }
}

impl Publisher for Facebook {
    fn prepare<'a>(&'a self, draft: &'a Draft) -> Step<'a, Result<Preparation, Failure>> {
        Box::pin(async move {
            let flow = Flow::of(&draft.content)?;
            staging::next(&self.graph, &self.session(draft), draft, flow).await
        })
    }

    fn publish<'a>(&'a self, draft: &'a Draft) -> Step<'a, Answer> {
        Box::pin(async move {
            match self.send(draft).await {
                Ok(receipt) => Answer::Published(receipt),
                Err(answer) => answer,
            }
        })
    }

    fn look_up<'a>(&'a self, draft: &'a Draft, intent: &'a Intent) -> Step<'a, Sighting> {
        Box::pin(async move {
            match Flow::of(&draft.content) {
                Ok(flow) => {
                    let sent =
                        draft.sent_at.first().map_or(intent.at, |first| *first.min(&intent.at));
                    sighting::look(&self.session(draft), draft, flow, sent, intent.age).await
                }
                Err(failure) => Sighting::NeverTells(failure),
            }
        })
    }

    fn permalink<'a>(&'a self, draft: &'a Draft, receipt: &'a Receipt) -> Step<'a, Option<String>> {
        Box::pin(async move {
            if receipt.permalink.is_some() {
                return receipt.permalink.clone();
            }
            let flow = Flow::of(&draft.content).ok()?;
            if matches!(flow, Flow::PhotoStory | Flow::VideoStory) {
                // Only the list of stories tells a story's address.
                let media = draft.staging.id(flow.anchor())?;
                let sent = *draft.sent_at.last()?;
                let story = sighting::story_of(&self.session(draft), draft, media, sent).await;
                return story.ok().flatten()?.permalink;
            }
            let id = receipt.external_id.as_deref()?;
            let query = [("fields", "permalink_url")];
            match self.session(draft).read(&[id], &query).await {
                Ok(reply) => address(&reply.json),
                Err(_) => None,
            }
        })
    }

    fn comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> Step<'a, Answer> {
        Box::pin(async move { self.session(draft).comment(post_id, text).await })
    }

    fn discard<'a>(&'a self, draft: &'a Draft) -> Step<'a, ()> {
        Box::pin(async move {
            let session = self.session(draft);
            // Photos go with the post that uses them.
            if let Some(post) = draft.staging.id("post") {
                return session.delete(post).await;
            }
            let makes = |kind| matches!(kind, StepKind::Upload | StepKind::Create);
            for artifact in &draft.staging.0 {
                if makes(artifact.kind) && artifact.name != staging::UPLOADED {
                    session.delete(&artifact.remote_id).await;
                }
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
