//! The numbers behind `queue-status`.

use chrono::{DateTime, Utc};

use super::{AccountId, CompanyId, Pause, Platform, PostId, WorkerId};

/// The state of the queue, by the database's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueStats {
    /// Posts still open or ended, per stored status.
    pub pending: i64,
    pub processing: i64,
    /// Pending posts whose time has come.
    pub due: i64,
    /// Age of the oldest due post, in seconds.
    pub lag_seconds: i64,
    /// Claimed, and the lease ended more than five minutes ago.
    pub stuck: i64,
    /// Failed with an unknown outcome: they need review.
    pub unknown: i64,
    /// The oldest of these, with their companies.
    pub unknown_posts: Vec<(PostId, CompanyId)>,
    pub published_24h: i64,
    pub failed_24h: i64,
    /// The next post that is not yet due.
    pub next: Option<(PostId, DateTime<Utc>)>,
    pub platforms: Vec<PlatformStats>,
    pub accounts: Vec<AccountStats>,
    pub workers: Vec<WorkerBeat>,
}

/// Open posts of one platform.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformStats {
    pub platform: Platform,
    pub pending: i64,
    pub processing: i64,
    pub due: i64,
    /// It does not answer and is left alone.
    pub rest: Option<Pause>,
}

/// Open posts of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountStats {
    pub id: AccountId,
    pub name: String,
    pub platform: Platform,
    pub pending: i64,
    pub processing: i64,
    pub due: i64,
    pub pause: Option<Pause>,
}

/// A worker's last sign of life.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerBeat {
    pub id: WorkerId,
    pub version: String,
    pub started_at: DateTime<Utc>,
    pub beat_at: DateTime<Utc>,
    /// Seconds since then.
    pub age_seconds: i64,
}
