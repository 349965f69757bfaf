//! The types between the worker and a platform: what is staged, what a call answered,
//! what a look-up saw.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AccessToken, Failure, Intent, PostContent, Scope, SocialAccount, StepKind};

/// All that a platform needs to know to work on one post.
#[derive(Debug, Clone)]
pub struct Draft {
    pub account: SocialAccount,
    pub token: AccessToken,
    pub content: PostContent,
    /// What earlier steps, of any worker, made at the platform.
    pub staging: Staging,
    /// The publish calls for this post that may have left, oldest first. While
    /// one is sent it is the last of them.
    pub calls: Vec<Intent>,
    /// Whether the publish call may still go out.
    pub clearance: Clearance,
    /// The database's time when this step began: the one clock that ages are
    /// measured by.
    pub now: DateTime<Utc>,
    pub usage: UsageMeter,
}

impl Draft {
    /// How long ago an artifact was stored; zero for one of this very step.
    #[must_use]
    pub fn age_of(&self, artifact: &Artifact) -> Duration {
        let age = artifact.stored_at.map(|at| self.now - at);
        age.and_then(|age| age.to_std().ok()).unwrap_or_default()
    }

    /// How far the platform's clock is ahead of the database's, by the `Date` of an
    /// answer that came this long `after` the step began. Differences that rounding and
    /// latency explain count as none.
    #[must_use]
    pub fn clock_offset(&self, answered: Option<DateTime<Utc>>, after: Duration) -> TimeDelta {
        let after = TimeDelta::from_std(after).unwrap_or_default();
        let offset = answered.map(|answered| answered - (self.now + after)).unwrap_or_default();
        if offset.abs() <= TimeDelta::seconds(2) { TimeDelta::zero() } else { offset }
    }

    /// Whether an earlier call of this post had no answer, and was settled only
    /// by reading that it made nothing live.
    #[must_use]
    pub fn is_repeat(&self) -> bool {
        let earlier = self.calls.split_last().map_or(&[][..], |(_, earlier)| earlier);
        earlier.iter().any(|call| call.settled_by_reading)
    }
}

/// How near its limits an app or account is, as a platform reports in its headers.
#[derive(Debug, Clone, Default)]
pub struct UsageMeter(Arc<Mutex<Option<NearLimit>>>);

/// A limit that is nearly used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearLimit {
    pub percent: u32,
    /// What the limit is counted for.
    pub scope: Scope,
}

impl UsageMeter {
    /// Keeps the report nearest to its limit.
    pub fn note(&self, near: NearLimit) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none_or(|kept| kept.percent < near.percent) {
            *kept = Some(near);
        }
    }

    /// What was noted since the last time.
    #[must_use]
    pub fn take(&self) -> Option<NearLimit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
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

    /// Whether the call may still be sent.
    #[must_use]
    pub fn is_good(&self) -> bool {
        (self.0)()
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

/// What a call of no return was answered. What that proves is decided in
/// [`proof`](super::proof).
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It says that the post, or the comment, is live.
    Published(Receipt),
    /// Refused as the same text as a post that was made while this call, or an earlier
    /// one of the same post, was under way: it is this post unless it is known to be
    /// another one that this program made.
    Matched(Receipt),
    /// Nothing left this machine.
    NotSent(Failure),
    /// The platform itself says that it did nothing.
    Refused(Failure),
    /// No answer, or one that need not come from the platform.
    Unknown(Failure),
}

impl From<Result<Receipt, Answer>> for Answer {
    fn from(sent: Result<Receipt, Answer>) -> Self {
        sent.map_or_else(|answer| answer, Self::Published)
    }
}

/// Evidence that a post is live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The platform's id of the post; `None` when it is live under an id that no answer
    /// named.
    pub external_id: Option<String>,
    /// Address for people, when the platform's answer already gives it.
    pub permalink: Option<String>,
    pub http_status: Option<u16>,
    pub trace_id: Option<String>,
    /// How we know, when it is not the plain answer of the publish call:
    /// `duplicate`, `read-back`, `operator`.
    pub evidence: Option<String>,
}

impl Receipt {
    /// The receipt of a post that a reading saw, under this id if the reading named one.
    #[must_use]
    pub fn read_back(external_id: Option<String>) -> Self {
        Self { external_id, evidence: Some("read-back".to_owned()), ..Self::default() }
    }
}

/// What one reading of a publish call's traces saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Sighting {
    /// It is live.
    Live(Receipt),
    /// A post is live that has its text, on its account, at its time: it is this post
    /// unless it is known to be another one that this program made.
    Matched(Receipt),
    /// The object that the call named is not live, or a complete list does not
    /// show the post. Of a call without an answer this counts only once the call
    /// is as old as `after`: states and lists lag behind.
    NotLive { after: Duration },
    /// The object can no longer become live: staging again is safe.
    Dead(Failure),
    /// The platform is still working on it: look again.
    InProgress,
    /// This reading decides nothing; another may.
    CannotTell(Failure),
    /// No reading will ever decide it: only a person can.
    NeverTells(Failure),
}

#[cfg(test)]
#[path = "publishing_tests.rs"]
mod tests;
