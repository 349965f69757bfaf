//! Posts: what is to be published, and how far it came.

use chrono::{DateTime, Utc};

use super::platform::words;
use super::{
    AccountId, ClientId, CompanyId, JobId, JobStatus, MediaItem, Platform, PostId, PostType,
};

/// What is to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostContent {
    pub platform: Platform,
    pub post_type: PostType,
    /// Empty when the post has no text.
    pub caption: String,
    pub media: Vec<MediaItem>,
    pub link: Option<String>,
    pub first_comment: Option<String>,
}

/// A checked post to be stored with its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    pub post_id: PostId,
    pub job_id: JobId,
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub client_id: Option<ClientId>,
    pub content: PostContent,
    /// `None`: now, by the database's clock.
    pub run_at: Option<DateTime<Utc>>,
    pub idempotency_key: Option<String>,
    /// Hash of account and content; equal for posts that a reader cannot distinguish.
    pub content_hash: String,
    pub max_attempts: u32,
}

/// `post_details.status`, the seed's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostStatus {
    Pending,
    Processing,
    Published,
    Failed,
    Cancelled,
}

words!(PostStatus {
    Pending = "pending",
    Processing = "processing",
    Published = "published",
    Failed = "failed",
    Cancelled = "cancelled",
});

/// What became of the post at the platform, once that is settled or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Published,
    NotPublished,
    /// May be live. The post is failed, needs review and is never sent again
    /// automatically.
    Unknown,
}

words!(Outcome {
    Published = "published",
    NotPublished = "not_published",
    Unknown = "unknown",
});

/// The first comment's own state: it can never change the post's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommentState {
    /// To be sent once the post is live.
    Pending,
    /// The call is allowed; the state remains when the worker dies in between.
    Sending,
    Sent,
    Failed,
    Unknown,
}

words!(CommentState {
    Pending = "pending",
    Sending = "sending",
    Sent = "sent",
    Failed = "failed",
    Unknown = "unknown",
});

/// A post with its job, as `list` and `show` report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    pub job_id: JobId,
    pub company_id: CompanyId,
    pub account_id: AccountId,
    pub account_name: String,
    pub client_id: Option<ClientId>,
    pub content: PostContent,
    pub status: PostStatus,
    pub job_status: JobStatus,
    pub run_at: DateTime<Utc>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub attempts: u32,
    pub max_attempts: u32,
    pub outcome: Option<Outcome>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub external_post_id: Option<String>,
    pub permalink: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub comment_state: Option<CommentState>,
    pub idempotency_key: Option<String>,
    pub worker_id: Option<String>,
    pub created_at: DateTime<Utc>,
    /// By the database's clock when it was read: pending and its time has come.
    pub due: bool,
    /// By the database's clock when it was read: claimed, and the lease ended a while ago.
    pub stuck: bool,
}

/// `publish_log.kind`: the part of publishing that a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Bytes handed over.
    Upload,
    /// An invisible object made.
    Create,
    /// A wait for processing.
    Wait,
    /// The call that makes it live.
    Publish,
    /// A look-up of an open intent.
    Lookup,
    /// The first comment.
    After,
}

words!(StepKind {
    Upload = "upload",
    Create = "create",
    Wait = "wait",
    Publish = "publish",
    Lookup = "lookup",
    After = "after",
});

/// `publish_log.event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogEvent {
    /// About to be done.
    Intent,
    /// It succeeded.
    Ok,
    /// It provably did nothing.
    Refused,
    /// Not known yet.
    Unknown,
}

words!(LogEvent {
    Intent = "intent",
    Ok = "ok",
    Refused = "refused",
    Unknown = "unknown",
});

/// One row of the publish log, for `show`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    pub fence: i64,
    pub step_no: i32,
    pub kind: StepKind,
    pub event: LogEvent,
    pub worker_id: Option<String>,
    pub step: Option<String>,
    pub remote_id: Option<String>,
    pub http_status: Option<u16>,
    pub error_code: Option<String>,
    pub message: Option<String>,
    pub trace_id: Option<String>,
    pub at: DateTime<Utc>,
}
