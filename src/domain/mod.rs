//! The vocabulary of this program: pure types and rules.
//!
//! Nothing here does I/O, waits, reads a clock or the environment, or knows a database, a
//! platform's wire format or the screen.

mod account;
mod client;
mod code;
pub(crate) mod duration;
mod engine;
pub(crate) mod escape;
mod failure;
mod filter;
mod gateway;
mod ids;
mod job;
mod law;
mod media;
mod platform;
mod post;
mod problem;
pub mod proof;
mod publishing;
mod retry;
pub(crate) mod rules;
mod stats;
pub(crate) mod when;

pub use account::{AccessToken, BadTokenRef, NewAccount, Pause, SocialAccount, TokenRef};
pub use client::{AgencyClient, NewClient};
pub use code::FailureCode;
pub use engine::Engine;
pub(crate) use escape::visible;
pub use failure::{Away, EXISTS, Failure, NOT_SENT, Remedy, SPENT, Scope};
pub use filter::{ABANDONED, MISSED, Only, Page, PostFilter, ShownStatus, Sort};
pub use gateway::Gateway;
pub use ids::{
    AccountId, ClientId, CompanyId, Fence, ID_PREFIX_MIN, InstanceId, JobId, PostId, WorkerId,
};
pub use job::{Claim, HELD_FOR, Intent, Job, JobStatus, Lease, made_by_one_of};
pub use law::{By, Rule, State, Transition};
pub use media::{MediaItem, MediaKind};
pub use platform::{
    Form, MediaSet, Platform, PostType, Profile, PublishMode, Shape, UnknownWord, VideoUpload,
};
pub(crate) use platform::{linkedin, words};
pub use post::{
    CommentState, LogEntry, LogEvent, NewPost, Outcome, Post, PostContent, PostStatus, StepKind,
};
pub use problem::{Problem, Problems};
pub use publishing::{
    Answer, Artifact, Clearance, Draft, NearLimit, PUBLISH_LIMIT, Preparation, Receipt, Sighting,
    Staging, UsageMeter,
};
pub use retry::{ATTEMPTS_MAX, retry_delay};
pub use stats::{AccountStats, PlatformStats, QueueStats, WorkerBeat};
