//! Meta's Graph API as Facebook and Instagram share it: addresses, tokens,
//! answers and their errors.

mod answer;
mod classify;
mod session;

use std::sync::Arc;
use std::time::Duration;

pub(super) use answer::{Reply, Trouble, text_of};
pub use classify::{
    Circumstances, GraphError, Phase, Verdict, classify, dead_container, dead_object,
};
pub(super) use session::Session;

use super::http::Http;
use crate::domain::{Artifact, Draft, Failure, Remedy, Sighting};

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
    Sighting::NeverTells(Failure::new(Remedy::GiveUp, "story_gone", message))
}

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
        Session::new(self, host, draft)
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

#[cfg(test)]
mod tests;
