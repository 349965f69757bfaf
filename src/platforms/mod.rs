//! All HTTP: one client per platform behind one small interface.
//!
//! A platform never decides what happens to a job. It does one step, says
//! what the answer means, and the worker commits that before the next step.

mod facebook;
mod graph;
mod http;
mod instagram;
mod linkedin;
mod media_source;
mod public_address;
#[cfg(test)]
mod rehearsal;
#[cfg(test)]
mod stand_in;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::{
    Answer, Draft, Failure, FailureCode, Gateway, Intent, Platform, PostContent, Preparation,
    Receipt, Remedy, Shape, Sighting, proof::Witness, rules,
};

use facebook::Facebook;
use graph::{MetaSettings, Timing};
use http::Http;
use instagram::Instagram;
use linkedin::{LinkedIn, LinkedInSettings};
use media_source::MediaSource;

/// A boxed future, since each platform is used through `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a platform must offer to the publish protocol.
pub trait Publisher: Send + Sync {
    /// Does the next preparing step that `draft.staging` does not show yet.
    ///
    /// Every step is invisible to readers and may be repeated: a lost answer
    /// costs an orphan at the platform, never a second post. At most one call
    /// that makes something at the platform happens per step, so that its id
    /// is committed before the next. A step never waits for processing: it
    /// reads the state once and answers [`Preparation::Wait`].
    fn prepare<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>>;

    /// The platform's id of what the publish call will name, once it is staged;
    /// `None` where the call makes the post in one step.
    fn object(&self, draft: &Draft) -> Option<String>;

    /// What shows, next to its answer, what became of the publish call.
    fn witness(&self, draft: &Draft) -> Witness;

    /// Sends the one call of no return, exactly once. Called only after
    /// [`Preparation::Ready`] and a committed intent, which is the last of
    /// `draft.calls`.
    fn publish<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Answer>;

    /// Reads once what became of a publish call.
    fn look_up<'a>(&'a self, draft: &'a Draft, call: &'a Intent) -> BoxFuture<'a, Sighting>;

    /// Reads the address of a live post, for people. Best effort.
    fn permalink<'a>(
        &'a self,
        draft: &'a Draft,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Option<String>>;

    /// Sends the first comment below a live post, exactly once.
    /// The receipt's `external_id` is the comment's id.
    fn comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Answer>;

    /// Looks once for the first comment below a live post.
    fn find_comment<'a>(
        &'a self,
        draft: &'a Draft,
        post_id: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Sighting>;

    /// Deletes an object that was staged, if it clearly is not published. Best effort.
    fn discard<'a>(&'a self, draft: &'a Draft, object: &'a str) -> BoxFuture<'a, ()>;
}

/// What a platform makes of a post: each client has its calls by this alone.
fn shape_of(content: &PostContent) -> Result<Shape, Failure> {
    rules::shape(content).map_err(|problem| unfit(problem.what))
}

/// A post that its platform does not take.
fn unfit(message: impl Into<String>) -> Failure {
    Failure::new(Remedy::GiveUp, FailureCode::InvalidPost, message)
}

/// How soon a sandbox is asked again whether media is ready.
const SANDBOX_POLL: Duration = Duration::from_millis(100);

/// Settings of the platform clients.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where every call goes instead: a sandbox on this machine.
    pub gateway: Option<Gateway>,
    /// Media may come from private addresses.
    pub allow_private_media: bool,
    /// For Facebook and Instagram.
    pub meta: MetaSettings,
    pub linkedin: LinkedInSettings,
}

/// One client per platform. Making it opens no connection and builds no HTTP
/// client: a run that finds nothing to do stays cheap.
#[derive(Clone)]
pub struct Publishers {
    facebook: Arc<dyn Publisher>,
    instagram: Arc<dyn Publisher>,
    linkedin: Arc<dyn Publisher>,
}

impl Publishers {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let Settings { gateway, allow_private_media, mut meta, mut linkedin } = settings;
        if gateway.is_some() {
            // A sandbox processes media at once, and its calls spend no quota.
            meta.timing = Timing { first_poll: SANDBOX_POLL, longest_poll: SANDBOX_POLL * 5 };
            linkedin.poll_divisor = 100;
        }
        let http = Arc::new(Http::new(gateway));
        let media = || MediaSource::new(allow_private_media);
        Self {
            facebook: Arc::new(Facebook::new(Arc::clone(&http), media(), meta.clone())),
            instagram: Arc::new(Instagram::new(Arc::clone(&http), meta)),
            linkedin: Arc::new(LinkedIn::new(http, media(), linkedin)),
        }
    }

    /// Replaces the client of a platform, for example by a test's stand-in.
    #[must_use]
    pub fn with(mut self, platform: Platform, publisher: Arc<dyn Publisher>) -> Self {
        match platform {
            Platform::Facebook => self.facebook = publisher,
            Platform::Instagram => self.instagram = publisher,
            Platform::LinkedIn => self.linkedin = publisher,
        }
        self
    }

    /// The client of a platform.
    #[must_use]
    pub fn get(&self, platform: Platform) -> &dyn Publisher {
        match platform {
            Platform::Facebook => &*self.facebook,
            Platform::Instagram => &*self.instagram,
            Platform::LinkedIn => &*self.linkedin,
        }
    }
}

#[cfg(test)]
mod tests;
