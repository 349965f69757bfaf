//! The publish protocol: take a job, prepare it, gate, publish, write down
//! what came of it; and find out what became of calls whose answers were lost.
//!
//! - [`publish`]: one claimed job, from its preparation to its publish call;
//! - [`reconcile`]: what became of calls whose answers prove nothing;
//! - [`recorder`], [`settle`]: what was learned, on its way into the database;
//! - [`writer`]: the steps of all jobs, brought into the database in sets;
//! - [`follow_up`]: what follows the end of a post;
//! - [`run`]: the loop that claims jobs and hands them out.
//!
//! Knows the store and the platforms, never the command line or the screen:
//! what happens is reported as [`Event`]s.

mod caught;
mod context;
mod evidence;
mod follow_up;
mod health;
mod heartbeat;
mod in_flight;
mod on_time;
mod publish;
mod reconcile;
mod recorder;
mod recovery;
mod run;
mod settle;
mod spool;
mod summary;
mod uptime;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::proof::CALL_IS_OVER;
use crate::domain::{AccessToken, Failure, Job, Only, Platform, PostId, SocialAccount, WorkerId};
use crate::platforms::Publishers;
use crate::store::{Store, StoreError};

pub use recovery::Recovery;
pub use run::BrokenOff;
pub use spool::Spool;
pub use summary::Summary;

use context::Context;
use follow_up::FollowUps;
use in_flight::InFlight;
use on_time::OnTime;
use publish::Publishing;
use reconcile::Reconciler;
use recorder::Recorder;
use writer::Writer;

/// Finds an account's token, or says why it cannot (without the value).
pub type TokenSource = Arc<dyn Fn(&SocialAccount) -> Result<AccessToken, String> + Send + Sync>;

/// Hears what happens to jobs, as it happens.
pub type EventSink = Arc<dyn Fn(&Event) + Send + Sync>;

/// How a worker works. Times are explained in docs/protocol.md.
#[derive(Debug, Clone)]
pub struct Options {
    pub id: WorkerId,
    pub host: String,
    pub pid: u32,
    /// Jobs per claim.
    pub batch_size: u32,
    /// Jobs in flight.
    pub concurrency: u32,
    /// Stop claiming after this long.
    pub max_runtime: Option<Duration>,
    /// Stop claiming after this many jobs.
    pub max_jobs: Option<u64>,
    /// How long a job stays ours without a heartbeat.
    pub lease: Duration,
    /// Attempts of a post that has had none; `None`: as stored with it.
    pub max_attempts: Option<u32>,
    /// Older due posts are no longer sent.
    pub max_late: Duration,
    /// Longest sleep between looks at the queue.
    pub poll_interval: Duration,
    /// Prepare posts due within this time.
    pub prepare_ahead: Duration,
    /// An answer "not there" counts only this long after the call.
    pub settle: Duration,
    /// How long running jobs may go on after a stop was asked for.
    pub grace: Duration,
    /// Which posts it serves.
    pub only: Only,
    /// Media URLs may point at private addresses.
    pub allow_private_media: bool,
    /// Where answers wait that the database could not take.
    pub spool: Option<Spool>,
}

impl Options {
    /// The defaults for a worker of that name on that host.
    #[must_use]
    pub fn new(id: WorkerId, host: String, pid: u32) -> Self {
        Self {
            id,
            host,
            pid,
            batch_size: 50,
            concurrency: 50,
            max_runtime: None,
            max_jobs: None,
            lease: Duration::from_secs(60),
            max_attempts: None,
            max_late: Duration::from_secs(24 * 60 * 60),
            poll_interval: Duration::from_secs(1),
            prepare_ahead: Duration::from_secs(5 * 60),
            settle: CALL_IS_OVER,
            grace: Duration::from_secs(30),
            only: Only::default(),
            allow_private_media: false,
            spool: None,
        }
    }
}

/// What became of a job this time.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It is live.
    Published { external_id: Option<String>, late: Duration },
    /// Ready at the platform; waits for its time.
    Prepared,
    /// The platform still works on its media; looked at again after this long.
    Waiting(Duration),
    /// Failed this time; another attempt follows.
    Retrying(Failure),
    /// Its account is paused; it waits with no attempt counted.
    Paused(Failure),
    /// Failed for good; provably not live.
    Failed(Failure),
    /// May be live: will be looked up after this long.
    LookingUp(Failure, Duration),
    /// May be live, and no reading decides it: a person must.
    Unknown(Failure),
    /// Cancelled, as was requested.
    Cancelled,
    /// Not sent: its time had passed long ago.
    Missed,
    /// Put back because this worker stops.
    Released,
    /// Another worker took it over.
    Lost,
}

impl End {
    /// Whether it changes what an operator should know about the post.
    #[must_use]
    pub fn is_news(&self) -> bool {
        match self {
            Self::Prepared | Self::Waiting(_) | Self::Released => false,
            Self::Published { .. }
            | Self::Retrying(_)
            | Self::Paused(_)
            | Self::Failed(_)
            | Self::LookingUp(..)
            | Self::Unknown(_)
            | Self::Cancelled
            | Self::Missed
            | Self::Lost => true,
        }
    }
}

/// One job's end of this time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub post_id: PostId,
    pub platform: Option<Platform>,
    pub account: Option<String>,
    pub attempt: Option<u32>,
    pub end: End,
}

impl Event {
    fn of(job: &Job, end: End) -> Self {
        Self {
            post_id: job.post_id,
            platform: Some(job.content.platform),
            account: Some(job.account.name.clone()),
            attempt: Some(job.attempts),
            end,
        }
    }

    fn without_claim(post_id: PostId, end: End) -> Self {
        Self { post_id, platform: None, account: None, attempt: None, end }
    }
}

/// A worker on one database.
#[derive(Clone)]
pub struct Worker {
    parts: Arc<Parts>,
}

/// What a worker is made of. Each part knows only the ones before it.
struct Parts {
    context: Arc<Context>,
    recorder: Arc<Recorder>,
    reconciler: Arc<Reconciler>,
    publishing: Publishing,
    follow_ups: FollowUps,
}

impl Worker {
    #[must_use]
    pub fn new(
        store: Store,
        publishers: Publishers,
        tokens: TokenSource,
        events: EventSink,
        options: Options,
    ) -> Self {
        let in_flight = InFlight::new(options.concurrency);
        let writer = Writer::new(&store, &options);
        let on_time = OnTime::default();
        let context = Arc::new(Context {
            store,
            writer,
            publishers,
            tokens,
            events,
            options,
            in_flight,
            on_time,
        });
        let recorder = Arc::new(Recorder::new(Arc::clone(&context)));
        let reconciler = Arc::new(Reconciler::new(Arc::clone(&context), Arc::clone(&recorder)));
        let publishing =
            Publishing::new(Arc::clone(&context), Arc::clone(&recorder), Arc::clone(&reconciler));
        let follow_ups =
            FollowUps::new(Arc::clone(&context), Arc::clone(&recorder), Arc::clone(&reconciler));
        let parts = Parts { context, recorder, reconciler, publishing, follow_ups };
        Self { parts: Arc::new(parts) }
    }
}

/// The answer for the only member of a set.
fn only<T>(answers: Vec<T>) -> Result<T, StoreError> {
    let none = || StoreError::Statement("a set of one got no answer".to_owned());
    answers.into_iter().next().ok_or_else(none)
}
