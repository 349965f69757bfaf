//! A job of the queue and the claim a worker holds on it.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::platform::words;
use super::{
    ATTEMPTS_MAX, Failure, Fence, JobId, PUBLISH_LIMIT, PostContent, PostId, SocialAccount,
    Staging, WorkerId,
};

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
    /// Ended without being published, or with an unknown outcome.
    Failed,
}

words!(JobStatus {
    Pending = "pending",
    Processing = "processing",
    Done = "done",
    Failed = "failed",
});

/// The right of one worker to write the state of one job, granted by a claim or a
/// take-over. It ends with the first higher fence: every write that needs it compares
/// fence and worker with the row, and changes nothing when they differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    job: JobId,
    post: PostId,
    fence: Fence,
    worker: WorkerId,
}

impl Lease {
    /// The store grants it, and the spool remembers one that was granted.
    pub(crate) fn granted(job: JobId, post: PostId, fence: Fence, worker: WorkerId) -> Self {
        Self { job, post, fence, worker }
    }

    #[must_use]
    pub fn job(&self) -> JobId {
        self.job
    }

    #[must_use]
    pub fn post(&self) -> PostId {
        self.post
    }

    #[must_use]
    pub fn fence(&self) -> Fence {
        self.fence
    }

    #[must_use]
    pub fn worker(&self) -> &WorkerId {
        &self.worker
    }
}

/// A job may be claimed this long before its time, and is held in memory until then: when
/// its time comes, nothing is left to do but the gate and the call.
pub const HELD_FOR: Duration = Duration::from_millis(500);

/// A job that a worker has claimed: everything known about it, and the lease.
#[derive(Debug, Clone)]
pub struct Claim {
    pub lease: Lease,
    pub job: Job,
}

/// A claim is used as the job that it is about wherever nothing is written.
impl std::ops::Deref for Claim {
    type Target = Job;

    fn deref(&self) -> &Job {
        &self.job
    }
}

/// Everything that publishing needs to know of a job, its post and its log.
#[derive(Debug, Clone)]
pub struct Job {
    pub job_id: JobId,
    pub post_id: PostId,
    pub fence: Fence,
    /// Attempts including this one.
    pub attempts: u32,
    pub max_attempts: u32,
    pub run_at: DateTime<Utc>,
    /// By the database's clock when it was read: the publish call may go out now.
    pub due: bool,
    /// An operator asked for it to be cancelled.
    pub cancel_requested: bool,
    pub content: PostContent,
    pub account: SocialAccount,
    pub staging: Staging,
    /// Publish calls that were cleared to go out and have no evidence: none of
    /// them may be followed by another call before it is settled.
    pub open_intents: Vec<Intent>,
    /// All publish calls that may have left, oldest first, settled ones included.
    pub calls: Vec<Intent>,
    /// Passing faults in a row since anything was achieved.
    pub faults: u32,
    /// The calls that sent its first comment and may have left.
    pub comment_calls: Vec<Intent>,
    /// By the database's clock, when this was read.
    pub read_at: DateTime<Utc>,
    /// The same by this machine's clock, to measure how long ago that was.
    pub read: Instant,
}

impl Job {
    /// The database's time now, as far as this machine measures time rightly.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.read_at + self.read.elapsed()
    }

    /// The newest of the publish calls that named each object, newest first.
    #[must_use]
    pub fn newest_calls(&self) -> Vec<&Intent> {
        let mut newest: Vec<&Intent> = Vec::new();
        for call in self.calls.iter().rev() {
            if newest.iter().all(|later| later.object != call.object) {
                newest.push(call);
            }
        }
        newest
    }

    /// Attempts since the last time an operator gave the post new ones, when
    /// a post gets `per_round` of them.
    #[must_use]
    pub fn attempts_of_this_round(&self, per_round: u32) -> u32 {
        let earlier = self.max_attempts.saturating_sub(per_round.max(ATTEMPTS_MAX));
        self.attempts.saturating_sub(earlier).max(1)
    }
}

/// A committed "the publish call goes out now", and what is known about that call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub fence: Fence,
    pub step_no: i32,
    /// When the gate committed it, by the database's clock.
    pub at: DateTime<Utc>,
    /// How long ago that was when it was read.
    pub age: Duration,
    /// The platform's id of the object that the call names; `None` when it makes
    /// the post in one step, and for calls that are not our own.
    pub object: Option<String>,
    /// When its answer was recorded.
    pub answered_at: Option<DateTime<Utc>>,
    /// The platform's own "no". It proves nothing where the object can be read.
    pub refusal: Option<Failure>,
    /// Since the first reading that said "not live", when there was one.
    pub not_live_for: Option<Duration>,
    /// How often it was looked up without deciding anything.
    pub lookups: u32,
    /// Its call may have published an object that is not in the database, so no object can
    /// prove that nothing is live: the call is another program's, or one that a restored
    /// backup does not know.
    pub blind: bool,
    /// Its refusal contradicts what was read before
    /// ([`contradicts`](super::proof::contradicts)).
    pub doubted: bool,
    /// It had no answer, and a reading settled that it made nothing live.
    pub settled_by_reading: bool,
}

/// A call may take this long to make a post whose answer never comes: its own
/// limit, and two minutes for the platform to finish what it began.
const MADE_WITHIN: Duration = PUBLISH_LIMIT.saturating_add(Duration::from_secs(120));
/// Clocks differ by a little, and an id may be minted before the call is counted.
const TOLERANCE: Duration = Duration::from_secs(5);

impl Intent {
    /// As its gate made it, at this time of the database.
    #[must_use]
    pub fn cleared(fence: Fence, step_no: i32, at: DateTime<Utc>) -> Self {
        Self {
            fence,
            step_no,
            at,
            age: Duration::ZERO,
            object: None,
            answered_at: None,
            refusal: None,
            not_live_for: None,
            lookups: 0,
            blind: false,
            doubted: false,
            settled_by_reading: false,
        }
    }

    /// The instants between which a post was made, if this call made it, by the
    /// platform's clock: `offset` is how far that is ahead of the database's. A
    /// call that was refused cannot have made anything after it was answered.
    #[must_use]
    pub fn window(&self, offset: TimeDelta) -> RangeInclusive<DateTime<Utc>> {
        let latest = self.at + MADE_WITHIN;
        let end = match (&self.refusal, self.answered_at) {
            (Some(_), Some(answered)) => latest.min(answered + TOLERANCE),
            _ => latest,
        };
        // What a slow answer looks like is no other clock.
        let (early, late) = match offset.abs() <= TimeDelta::seconds(60) {
            true => (offset.min(TimeDelta::zero()), offset.max(TimeDelta::zero())),
            false => (offset, offset),
        };
        self.at - TOLERANCE + early..=end + late
    }
}

/// Whether something that the platform made at this time may come from one of the calls.
#[must_use]
pub fn made_by_one_of(calls: &[Intent], made: DateTime<Utc>, offset: TimeDelta) -> bool {
    calls.iter().any(|call| call.window(offset).contains(&made))
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
