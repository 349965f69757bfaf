//! Instagram: a container is made, waited for and published; its id is what a
//! look-up asks about, since a published container says so.

mod sighting;
mod staging;

use std::sync::Arc;

use serde_json::json;

use super::graph::{FACEBOOK_HOST, Graph, INSTAGRAM_HOST, MetaSettings, Session, Trouble};
use super::http::Http;
use super::{Publisher, Step};
use crate::domain::{
    Answer, Draft, Failure, Intent, MediaKind, PostContent, PostType, Preparation, Receipt, Remedy,
    Sighting,
};

/// Publishes to Instagram, with tokens of Facebook Login and of Instagram Login.
pub struct Instagram {
    graph: Graph,
}

/// What kind of container a post needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Image,
    Reel,
    Story,
    Carousel,
}

impl Flow {
    fn of(content: &PostContent) -> Result<Self, Failure> {
        let kinds: Vec<MediaKind> = content.media.iter().map(|item| item.kind).collect();
        match (content.post_type, kinds.as_slice()) {
            (PostType::Post, [MediaKind::Image]) => Ok(Self::Image),
            // A lone feed video is a reel since July 2023.
            (PostType::Post | PostType::Video | PostType::Reel, [MediaKind::Video]) => {
                Ok(Self::Reel)
            }
            (PostType::Story, [_]) => Ok(Self::Story),
            (PostType::Post | PostType::Carousel, [_, _, ..]) => Ok(Self::Carousel),
            _ => {
                let message = "Instagram takes no such combination of post type and media";
                Err(Failure::new(Remedy::GiveUp, "unsupported", message))
            }
        }
    }
}

/// The artifact that is published.
const CONTAINER: &str = "container";

impl Instagram {
    /// A client that sends through `http`.
    #[must_use]
    pub fn new(http: Arc<Http>, settings: MetaSettings) -> Self {
        Self { graph: Graph::new(http, settings) }
    }

    /// Tokens of Instagram Login start with `IG` and work on their own host only.
    fn session<'a>(&'a self, draft: &'a Draft) -> Session<'a> {
        let host = match draft.token.expose().starts_with("IG") {
            true => INSTAGRAM_HOST,
            false => FACEBOOK_HOST,
        };
        self.graph.session(host, draft)
    }

    async fn send(&self, draft: &Draft) -> Result<Receipt, Answer> {
        let session = self.session(draft);
        let container = draft.staging.id(CONTAINER).ok_or_else(|| {
            let message = "there is no container that could be published";
            Answer::Refused(Failure::new(Remedy::Restage, "not_staged", message))
        })?;
        if draft.sent_at.len() > 1 {
            self.ask_before_sending_again(&session, draft, container).await?;
        }
        draft.clearance.check().map_err(Answer::Refused)?;
        let path = [draft.account.external_id.as_str(), "media_publish"];
        let reply = session.publish(&path, &json!({"creation_id": container})).await;
        let reply = reply.map_err(Trouble::into_answer)?;
        let Some(media) = reply.text("id") else {
            let message = "the answer names no media id";
            let failure = Failure::new(Remedy::Retry, "unreadable_answer", message);
            return Err(Answer::Unknown(failure));
        };
        Ok(Receipt {
            external_id: Some(media),
            http_status: Some(reply.status),
            trace_id: reply.trace_id,
            ..Receipt::default()
        })
    }

    /// What a second publish call on a container does is documented nowhere:
    /// it goes out only while the container still says that it waits for one.
    async fn ask_before_sending_again(
        &self,
        session: &Session<'_>,
        draft: &Draft,
        container: &str,
    ) -> Result<(), Answer> {
        match sighting::state(session, container).await {
            Ok(sighting::State::Finished) => Ok(()),
            Ok(sighting::State::Published) => {
                let sent = draft.sent_at.first().copied();
                let receipt = sighting::live(session, draft, sent).await;
                Err(Answer::Published(receipt))
            }
            Ok(sighting::State::Dead(failure)) => Err(Answer::Refused(failure)),
            Ok(sighting::State::InProgress) => {
                let delay = self.graph.poll_delay(None).map_err(Answer::Refused)?;
                let message = "the container is still being processed";
                let failure = Failure::new(Remedy::PollAgain(delay), "in_progress", message);
                Err(Answer::Refused(failure))
            }
            Err(trouble) => Err(Answer::Refused(trouble.failure)),
        }
    }
}

impl Publisher for Instagram {
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
        Box::pin(async move { sighting::look(&self.session(draft), draft, intent).await })
    }

    fn permalink<'a>(&'a self, draft: &'a Draft, receipt: &'a Receipt) -> Step<'a, Option<String>> {
        Box::pin(async move {
            if receipt.permalink.is_some() {
                return receipt.permalink.clone();
            }
            let id = receipt.external_id.as_deref()?;
            let reply = self.session(draft).read(&[id], &[("fields", "permalink")]).await;
            reply.ok()?.text("permalink")
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

    /// Containers cannot be deleted; unpublished ones end after 24 hours.
    fn discard<'a>(&'a self, _draft: &'a Draft) -> Step<'a, ()> {
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests;
