//! LinkedIn: member profiles and organization pages, through the versioned API.
//!
//! One call of no return, `POST /rest/posts`, without an idempotency key. What
//! became of a lost call is found in the page's list, by the media URN that a post
//! contains, or by its text and time. Facts by the official
//! documentation of the Posts, Images, Videos and Comments APIs.

mod classify;
mod comment;
mod content;
#[cfg(test)]
mod flow_tests;
mod media;
mod post;
#[cfg(test)]
mod stand_in;
mod text;
mod urn;
mod video;

use std::sync::Arc;
use std::time::Duration;

use super::http::{AuthScheme, Call, CallKind, Http, HttpAnswer};
use super::media_source::MediaSource;
use super::{BoxFuture, Publisher};
use crate::domain::linkedin::{Author, address, find_post};
use crate::domain::{
    AccessToken, Answer, Draft, Failure, FailureCode, Intent, Preparation, Receipt, Remedy,
    Sighting, proof::Witness,
};

const API: &str = "https://api.linkedin.com/rest";

/// What may differ between installations and tests.
#[derive(Debug, Clone)]
pub struct LinkedInSettings {
    /// The API's version, `YYYYMM`. Each lives about a year and then answers
    /// 426, and not every month has one: never computed from a clock.
    pub version: String,
    /// First wait before a comment is sent again to a post that LinkedIn does
    /// not find yet; doubles each time.
    pub comment_delay: Duration,
    /// Pauses while media is processed are divided by this: 1 for the real service, more
    /// for a sandbox that processes at once.
    pub poll_divisor: u32,
}

impl Default for LinkedInSettings {
    fn default() -> Self {
        Self {
            version: "202609".to_owned(),
            comment_delay: Duration::from_millis(1500),
            poll_divisor: 1,
        }
    }
}

/// Publishes to LinkedIn.
pub struct LinkedIn {
    http: Arc<Http>,
    media: MediaSource,
    settings: LinkedInSettings,
}

impl LinkedIn {
    /// A client that sends through `http` and reads the posts' media from `media`.
    #[must_use]
    pub fn new(http: Arc<Http>, media: MediaSource, settings: LinkedInSettings) -> Self {
        Self { http, media, settings }
    }

    fn get(&self, path: &str, token: &AccessToken) -> Call {
        self.with_headers(Call::get(format!("{API}{path}")), token)
    }

    fn post(&self, kind: CallKind, path: &str, token: &AccessToken) -> Call {
        self.with_headers(Call::post(kind, format!("{API}{path}")), token)
    }

    fn with_headers(&self, call: Call, token: &AccessToken) -> Call {
        call.auth(AuthScheme::Bearer, token)
            .header("LinkedIn-Version", &self.settings.version)
            .header("X-Restli-Protocol-Version", "2.0.0")
    }

    /// Sends a call that may be repeated freely and expects success.
    async fn expect_success(&self, call: Call, token: &AccessToken) -> Result<HttpAnswer, Failure> {
        let answer = self.http.send(call).await.map_err(classify::no_answer)?;
        match answer.status.is_success() {
            true if answer.is_web_page() => {
                Err(media::unexpected("LinkedIn: a web page answered the call"))
            }
            true => Ok(answer),
            false => Err(classify::failure(&answer, token)),
        }
    }
}

/// The account's author, checked before anything is sent in its name.
fn author(draft: &Draft) -> Result<Author<'_>, Failure> {
    Author::parse(&draft.account.external_id).ok_or_else(|| {
        Failure::new(
            Remedy::GiveUp,
            FailureCode::InvalidExternalId,
            format!(
                "the account's external id {:?} is neither urn:li:person:<id> nor \
                 urn:li:organization:<number>",
                draft.account.external_id
            ),
        )
    })
}

impl Publisher for LinkedIn {
    fn prepare<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        Box::pin(async move {
            Ok(match self.stage(draft).await? {
                Preparation::Wait(rest, artifacts) => {
                    Preparation::Wait(rest / self.settings.poll_divisor.max(1), artifacts)
                }
                other => other,
            })
        })
    }

    fn object(&self, draft: &Draft) -> Option<String> {
        let shape = content::Content::of(&draft.content).ok()?;
        content::media_urns(draft, &shape)?.first().map(|urn| (*urn).to_owned())
    }

    fn witness(&self, draft: &Draft) -> Witness {
        match author(draft) {
            Ok(Author::Organization(_)) => Witness::List,
            Ok(Author::Person(_)) | Err(_) => Witness::Nobody,
        }
    }

    fn publish<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Answer> {
        Box::pin(self.create_post(draft))
    }

    fn look_up<'a>(&'a self, draft: &'a Draft, call: &'a Intent) -> BoxFuture<'a, Sighting> {
        Box::pin(self.find_post(draft, call))
    }

    /// Computed, without a call.
    fn permalink<'a>(
        &'a self,
        _draft: &'a Draft,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Option<String>> {
        Box::pin(async { receipt.external_id.as_deref().and_then(find_post).map(address) })
    }

    fn comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(self.send_comment(draft, post_id, text))
    }

    fn find_comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(self.look_for_comment(draft, post_id, text))
    }

    /// Staged media is invisible and LinkedIn offers no call to delete it.
    fn discard<'a>(&'a self, _draft: &'a Draft, _object: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}
