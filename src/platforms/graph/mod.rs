//! Meta's Graph API as Facebook and Instagram share it: addresses, tokens,
//! answers and their errors.

mod answer;
mod classify;
mod codes;
mod lists;
mod session;

use std::sync::Arc;
use std::time::Duration;

pub(super) use answer::{CallError, Reply, text_of};
pub(super) use classify::{dead_container, dead_object, words_of};
pub(super) use codes::is_missing;
pub(super) use lists::{SLACK, is_recent, same_text};
pub(super) use session::Session;

use classify::Phase;

use super::http::Http;
use crate::domain::{Draft, Failure, FailureCode, PublishMode, Remedy, Sighting, VideoUpload};

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

/// Stories leave their lists after 24 hours: later their absence says nothing.
pub(super) const STORY_LIST_LIFE: Duration = Duration::from_secs(20 * 60 * 60);

/// What the absence of a story says by then.
pub(super) fn story_gone() -> Sighting {
    let message = "after a day stories are not listed any more";
    Sighting::NeverTells(Failure::new(Remedy::GiveUp, FailureCode::StoryGone, message))
}

/// What an operator may set about Meta.
#[derive(Debug, Clone)]
pub struct MetaSettings {
    /// Graph API version with its `v`.
    pub version: String,
    pub timing: Timing,
    /// How posts of Facebook Pages are published, unless their account sets it.
    pub publish_mode: PublishMode,
    /// A post whose two-step publishing Facebook refuses is published directly, once.
    pub direct_fallback: bool,
    /// How videos get to a Page.
    pub video_upload: VideoUpload,
}

impl Default for MetaSettings {
    fn default() -> Self {
        Self {
            version: DEFAULT_VERSION.to_owned(),
            timing: Timing::default(),
            publish_mode: PublishMode::TwoStep,
            direct_fallback: true,
            video_upload: VideoUpload::Chunked,
        }
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
    fn delay(&self, age: Duration) -> Duration {
        age.clamp(self.first_poll, self.longest_poll.max(self.first_poll))
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

    pub fn settings(&self) -> &MetaSettings {
        &self.settings
    }

    /// Calls for one post on `host`.
    pub fn session<'a>(&'a self, host: &'static str, draft: &'a Draft) -> Session<'a> {
        Session::new(self, host, draft)
    }

    /// When to read again the state of an object that is not ready; an error
    /// once it never will be.
    pub fn poll_delay(&self, age: Duration) -> Result<Duration, Failure> {
        if age > STALE {
            let message = "still not processed after 23 hours";
            return Err(Failure::new(Remedy::Restage, FailureCode::ProcessingStuck, message));
        }
        Ok(self.settings.timing.delay(age))
    }

    /// What a failed read of a staged object of this age means: a young one may
    /// not be visible yet, an old one that is missing is gone.
    pub fn failed_poll(&self, error: CallError, age: Duration) -> Result<Duration, Failure> {
        match error.missing {
            false => Err(error.failure),
            true if age > YOUNG => Err(Failure { remedy: Remedy::Restage, ..error.failure }),
            true => Ok(self.settings.timing.delay(age)),
        }
    }
}

#[cfg(test)]
mod tests;
