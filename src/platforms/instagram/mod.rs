//! Instagram: a container is made, waited for and published; its id is what a
//! look-up asks about, since a published container says so.

mod sighting;
mod staging;

use std::sync::Arc;

use serde_json::json;

use super::graph::{CallError, FACEBOOK_HOST, Graph, INSTAGRAM_HOST, MetaSettings, Session};
use super::http::Http;
use super::{BoxFuture, Publisher, shape_of, unfit};
use crate::domain::{
    Answer, Draft, Failure, FailureCode, Intent, PostContent, Preparation, Receipt, Remedy, Shape,
    Sighting, proof::Witness,
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
        match shape_of(content)? {
            Shape::Images => Ok(Self::Image),
            Shape::Reel => Ok(Self::Reel),
            Shape::PhotoStory | Shape::VideoStory => Ok(Self::Story),
            Shape::Carousel => Ok(Self::Carousel),
            Shape::Text => Err(unfit("Instagram has no posts without media")),
            Shape::Video => Err(unfit("Instagram has no videos but reels")),
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
        let container = draft.staging.id(CONTAINER).ok_or_else(|| {
            let message = "there is no container that could be published";
            Answer::NotSent(Failure::new(Remedy::Restage, FailureCode::NotStaged, message))
        })?;
        let path = [draft.account.external_id.as_str(), "media_publish"];
        let reply = self.session(draft).publish(&path, &json!({"creation_id": container})).await;
        let reply = reply.map_err(CallError::into_answer)?;
        reply.named("id")
    }
}

impl Publisher for Instagram {
    fn prepare<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        Box::pin(async move {
            let flow = Flow::of(&draft.content)?;
            staging::next(&self.graph, &self.session(draft), draft, flow).await
        })
    }

    fn object(&self, draft: &Draft) -> Option<String> {
        draft.staging.id(CONTAINER).map(str::to_owned)
    }

    fn witness(&self, _draft: &Draft) -> Witness {
        Witness::Object
    }

    fn publish<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.send(draft).await.into() })
    }

    fn look_up<'a>(&'a self, draft: &'a Draft, call: &'a Intent) -> BoxFuture<'a, Sighting> {
        Box::pin(async move { sighting::look(&self.session(draft), draft, call).await })
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
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.session(draft).comment(post_id, text).await })
    }

    /// The text is called `message` when written and `text` when read.
    fn find_comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let fields = "id,text,timestamp";
            self.session(draft).find_comment(post_id, fields, "text", text).await
        })
    }

    /// Containers cannot be deleted; unpublished ones end after 24 hours.
    fn discard<'a>(&'a self, _draft: &'a Draft, _object: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests;
