//! A job of the queue and the claim a worker holds on it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::platform::words;
use super::{ATTEMPTS_MAX, Fence, JobId, PostContent, PostId, SocialAccount, Staging};

/// `post_schedule.status`, the seed's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Waits for its time, or for its next attempt.
    Pending,
    /// A worker holds it under a lease, or it waits there for its unknown
    /// outcome to be looked up.
    Processing,
    /// Nothing more to do: published or cancelled.
    Done,
    /// Ended without being published, or with an outcome nobody can tell.
    Failed,
}

words!(JobStatus {
    Pending = "pending",
    Processing = "processing",
    Done = "done",
    Failed = "failed",
});

/// A job that this worker owns: until its lease ends, and for writes only as
/// long as the fence is the newest one.
#[derive(Debug, Clone)]
pub struct Claim {
    pub job_id: JobId,
    pub post_id: PostId,
    pub fence: Fence,
    /// Attempts including this one.
    pub attempts: u32,
    pub max_attempts: u32,
    pub run_at: DateTime<Utc>,
    /// By the database's clock at the claim: the publish call may go out now.
    pub due: bool,
    /// Somebody asked for it to be cancelled.
    pub cancel_wished: bool,
    pub content: PostContent,
    pub account: SocialAccount,
    pub staging: Staging,
    /// Publish calls that were cleared to go out and have no evidence: none of
    /// them may be followed by another call before it is settled.
    pub open_intents: Vec<Intent>,
    /// When publish calls were cleared, oldest first, settled ones included.
    pub sent_at: Vec<DateTime<Utc>>,
    /// An earlier call was never answered, and settled only by reading that it
    /// made nothing live.
    pub is_repeat: bool,
}

/// Which claim of which job it is: what a write of its worker is guarded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimId {
    pub job: JobId,
    pub post: PostId,
    pub fence: Fence,
}

impl From<&Claim> for ClaimId {
    fn from(claim: &Claim) -> Self {
        Self { job: claim.job_id, post: claim.post_id, fence: claim.fence }
    }
}

impl Claim {
    /// Attempts since the last time an operator gave the post new ones, when
    /// a post gets `per_round` of them.
    #[must_use]
    pub fn attempts_of_this_round(&self, per_round: u32) -> u32 {
        let earlier = self.max_attempts.saturating_sub(per_round.max(ATTEMPTS_MAX));
        self.attempts.saturating_sub(earlier).max(1)
    }
}

/// A committed "the publish call goes out now".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub fence: Fence,
    pub step_no: i32,
    /// By the database's clock.
    pub at: DateTime<Utc>,
    /// By the database's clock at the claim or gate: how long ago that was.
    pub age: std::time::Duration,
    /// Since the first reading that said "not live", when there was one.
    pub not_live_for: Option<std::time::Duration>,
    /// How often it was looked up in vain.
    pub lookups: u32,
    /// No object of ours can prove that nothing is live. Not our own record:
    /// another program's call, or one that a restored backup does not know, may
    /// have published an object that we never heard of. Or our object shows as
    /// not published and is refused as [`SPENT`](super::SPENT).
    pub blind: bool,
}

impl Intent {
    /// As its gate made it, at this time of the database.
    #[must_use]
    pub fn cleared(fence: Fence, step_no: i32, at: DateTime<Utc>) -> Self {
        Self {
            fence,
            step_no,
            at,
            age: std::time::Duration::ZERO,
            not_live_for: None,
            lookups: 0,
            blind: false,
        }
    }
}
