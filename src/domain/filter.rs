//! Which posts a listing shows.

use chrono::{DateTime, Utc};

use super::platform::words;
use super::{AccountId, ClientId, CompanyId, FailureCode, Outcome, Platform, Post, PostStatus};

/// A status as people see it: the stored one, or one derived from other columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShownStatus {
    Pending,
    Processing,
    Published,
    Failed,
    Cancelled,
    /// Failed with an unknown outcome.
    Unknown,
    /// Failed because its time had long passed.
    Missed,
    /// Pending, and its time has come.
    Due,
    /// Claimed by a worker whose lease ended a while ago.
    Stuck,
}

words!(ShownStatus {
    Pending = "pending",
    Processing = "processing",
    Published = "published",
    Failed = "failed",
    Cancelled = "cancelled",
    Unknown = "unknown",
    Missed = "missed",
    Due = "due",
    Stuck = "stuck",
});

/// `post_details.error_code` of a post that was not sent because it was too late.
pub const MISSED: &str = FailureCode::Missed.as_str();
/// `post_details.error_code` of an unknown outcome an operator gave up on.
pub const ABANDONED: &str = FailureCode::Abandoned.as_str();

impl ShownStatus {
    /// The most specific status of a post.
    #[must_use]
    pub fn of(post: &Post) -> Self {
        match post.status {
            PostStatus::Pending if post.due => Self::Due,
            PostStatus::Pending => Self::Pending,
            PostStatus::Processing if post.stuck => Self::Stuck,
            PostStatus::Processing => Self::Processing,
            PostStatus::Published => Self::Published,
            PostStatus::Cancelled => Self::Cancelled,
            PostStatus::Failed => match (post.outcome, post.error_code.as_deref()) {
                (Some(Outcome::Unknown), Some(ABANDONED)) => Self::Failed,
                (Some(Outcome::Unknown), _) => Self::Unknown,
                (_, Some(MISSED)) => Self::Missed,
                _ => Self::Failed,
            },
        }
    }
}

/// The order of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    /// Earliest publishing time first.
    #[default]
    RunAt,
    /// Latest publishing time first.
    RunAtDescending,
    /// Newest scheduled first.
    Created,
}

words!(Sort {
    RunAt = "run-at",
    RunAtDescending = "-run-at",
    Created = "created",
});

/// Conditions of a listing; all given ones must hold.
#[derive(Debug, Clone)]
pub struct PostFilter {
    pub company_id: CompanyId,
    /// Any of these; empty means all.
    pub statuses: Vec<ShownStatus>,
    pub platform: Option<Platform>,
    pub account_id: Option<AccountId>,
    pub client_id: Option<ClientId>,
    /// `run_at` not before.
    pub since: Option<DateTime<Utc>>,
    /// `run_at` before.
    pub until: Option<DateTime<Utc>>,
}

impl PostFilter {
    /// All posts of a company.
    #[must_use]
    pub fn all(company_id: CompanyId) -> Self {
        Self {
            company_id,
            statuses: Vec::new(),
            platform: None,
            account_id: None,
            client_id: None,
            since: None,
            until: None,
        }
    }

    /// Those of all that have this status.
    #[must_use]
    pub fn of_status(company_id: CompanyId, status: ShownStatus) -> Self {
        Self { statuses: vec![status], ..Self::all(company_id) }
    }
}

/// Which posts a worker serves; all given conditions must hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Only {
    pub platform: Option<Platform>,
    pub account: Option<AccountId>,
}

/// Which part of a listing.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub sort: Sort,
    /// `None`: all rows.
    pub limit: Option<u32>,
    /// The cursor of the last row already seen.
    pub after: Option<String>,
    /// Count what meets the filter also where this means to count very many posts.
    pub exact_total: bool,
}
