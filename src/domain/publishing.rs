//! The words between the worker and a platform: what is staged, what a call
//! answered, what a look-up saw.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AccessToken, Failure, PostContent, Remedy, SocialAccount, StepKind};

/// All that a platform needs to know to work on one post.
#[derive(Debug, Clone)]
pub struct Draft {
    pub account: SocialAccount,
    pub token: AccessToken,
    pub content: PostContent,
    /// What earlier steps, of any worker, made at the platform.
    pub staging: Staging,
    /// When publish calls for this post were cleared to go out, oldest first, by
    /// the database's clock; the last one is the call now at hand.
    pub sent_at: Vec<DateTime<Utc>>,
    /// An earlier one was never answered, and settled only by reading that it
    /// made nothing live: a refusal of this one may be due to it.
    pub is_repeat: bool,
    /// Whether the publish call may still go out.
    pub clearance: Clearance,
}

/// How long a publish call may take, from its first byte to the last one of its answer.
pub const PUBLISH_LIMIT: Duration = Duration::from_secs(60);

/// Asked right before the first byte of a publish call: whether the gate that
/// cleared it is still good.
#[derive(Clone)]
pub struct Clearance(Arc<dyn Fn() -> bool + Send + Sync>);

impl Clearance {
    #[must_use]
    pub fn new(is_good: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_good))
    }

    /// For drafts whose call is not limited in time.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(|| true)
    }

    /// # Errors
    /// The failure to answer instead of sending, when it is too late.
    pub fn check(&self) -> Result<(), Failure> {
        if (self.0)() {
            return Ok(());
        }
        Err(Failure::new(
            Remedy::PollAgain(Duration::from_secs(1)),
            "not_sent",
            "the call was not sent: too much time had passed since it was cleared",
        ))
    }
}

impl std::fmt::Debug for Clearance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clearance")
    }
}

/// A fact about something made at the platform: an uploaded photo, a
/// container, a finished wait. Stored as it becomes known and handed back to
/// every later step, so that a restarted worker continues instead of starting over.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    pub kind: StepKind,
    /// The platform's own name for it, unique within a post: `photo/0`, `container`.
    pub name: String,
    pub remote_id: String,
    /// What later steps need besides the id; `Null` when nothing.
    pub detail: Value,
    /// When it was stored, by the database's clock; `None` before that.
    pub stored_at: Option<DateTime<Utc>>,
}

impl Artifact {
    #[must_use]
    pub fn new(kind: StepKind, name: impl Into<String>, remote_id: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            remote_id: remote_id.into(),
            detail: Value::Null,
            stored_at: None,
        }
    }

    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// The artifacts of one post, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Staging(pub Vec<Artifact>);

impl Staging {
    /// The newest artifact of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Artifact> {
        self.0.iter().rev().find(|artifact| artifact.name == name)
    }

    /// Its remote id.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<&str> {
        self.get(name).map(|artifact| artifact.remote_id.as_str())
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// How far one preparing step came.
#[derive(Debug, Clone, PartialEq)]
pub enum Preparation {
    /// New facts: commit them, then ask again.
    Staged(Vec<Artifact>),
    /// The platform is still working: commit the facts, release the job, ask again after this long.
    Wait(Duration, Vec<Artifact>),
    /// The publish call may go out.
    Ready,
}

/// What a publish call came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is live.
    Published(Receipt),
    /// Refused as the same text as a post that was made after this call was
    /// cleared: it is this one unless it is known to be another one of ours.
    Found(Receipt),
    /// Proven: this call made nothing live, now or later.
    Refused(Failure),
    /// It may be live. Never repeated blindly.
    Unknown(Failure),
}

/// Evidence that a post is live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The platform's id of the post; `None` when it is live under an id we were not told.
    pub external_id: Option<String>,
    /// Address for people, when the platform's answer already gives it.
    pub permalink: Option<String>,
    pub http_status: Option<u16>,
    pub trace_id: Option<String>,
    /// How we know, when it is not the plain answer of the publish call:
    /// `duplicate`, `read-back`, `operator`.
    pub evidence: Option<String>,
}

/// What a look-up of a post with an open intent saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Sighting {
    /// It is live.
    Live(Receipt),
    /// A post is live that has its text, on its account, at its time: it is this
    /// one unless it is known to be another one of ours.
    Found(Receipt),
    /// The object exists, is not live, and publishing that same object again is safe.
    /// The worker believes it only when two readings lie far enough apart.
    NotLive,
    /// The object can never become live any more: staging anew is safe.
    Dead(Failure),
    /// The platform is still working on it: look again.
    InProgress,
    /// This reading decides nothing; another may.
    CannotTell(Failure),
    /// No reading will ever decide it: only a person can.
    NeverTells(Failure),
}
