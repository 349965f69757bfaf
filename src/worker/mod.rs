//! The publish protocol: take a job, prepare it, gate, publish, write down
//! what came of it; and find out what became of calls nobody saw the end of.
//!
//! Knows the store and the platforms, never the command line or the screen:
//! what happens is reported as [`Event`]s.

mod evidence;
mod follow_up;
mod health;
mod heartbeat;
mod held;
mod job;
mod reconcile;
mod recovery;
mod repeat;
mod run;
mod spool;
mod summary;
mod uptime;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::proof::CALL_IS_OVER;
use crate::domain::{
    AccessToken, Claim, Clearance, Draft, Failure, FailureCode, Only, Platform, PostId, Remedy,
    Scope, SocialAccount, UsageMeter, WorkerId,
};
use crate::platforms::Publishers;
use crate::store::Store;

pub use recovery::Recovery;
pub use run::BrokenOff;
pub use spool::Spool;
pub use summary::Summary;

use held::HeldJobs;

/// How long an account rests whose token is not found.
const NO_TOKEN_REST: Duration = Duration::from_secs(60);

/// Finds an account's token, or says why it cannot (without the value).
pub type TokenSource = Arc<dyn Fn(&SocialAccount) -> Result<AccessToken, String> + Send + Sync>;

/// Hears what happens to jobs, as it happens.
pub type EventSink = Arc<dyn Fn(&Event) + Send + Sync>;

/// How a worker works. Times are explained in the README.
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
    /// Stop claiming after so many jobs.
    pub max_jobs: Option<u64>,
    /// How long a job stays ours without a heartbeat.
    pub lease: Duration,
    /// Attempts of a post that has had none; `None`: as stored with it.
    pub max_attempts: Option<u32>,
    /// Older due posts are not sent any more.
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
            batch_size: 5,
            concurrency: 5,
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
    /// Its account rests; it waits with no attempt counted.
    Resting(Failure),
    /// Failed for good; provably not live.
    Failed(Failure),
    /// May be live: will be looked up after this long.
    LookingUp(Failure, Duration),
    /// May be live, and nobody can tell: a person must decide.
    Unknown(Failure),
    /// Cancelled, as somebody had asked.
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
            | Self::Resting(_)
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
    fn of(claim: &Claim, end: End) -> Self {
        Self {
            post_id: claim.post_id,
            platform: Some(claim.content.platform),
            account: Some(claim.account.name.clone()),
            attempt: Some(claim.attempts),
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
    shared: Arc<Shared>,
}

/// What all jobs of a worker use.
struct Shared {
    store: Store,
    publishers: Publishers,
    tokens: TokenSource,
    events: EventSink,
    options: Options,
    held: Arc<HeldJobs>,
    health: health::Checks,
    /// The spool when it was last fed to the database.
    spool_seen: tokio::sync::Mutex<spool::Look>,
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
        let held = Arc::new(HeldJobs::default());
        let spool_seen = tokio::sync::Mutex::new(Ok(Vec::new()));
        let health = health::Checks::default();
        let shared =
            Shared { store, publishers, tokens, events, options, held, health, spool_seen };
        Self { shared: Arc::new(shared) }
    }
}

impl Shared {
    fn tell(&self, event: &Event) {
        (self.events)(event);
    }

    /// Everything a platform needs for a job, or what its account lacks.
    fn draft(&self, claim: &Claim) -> Result<Draft, Failure> {
        if claim.account.external_id.is_empty() {
            // The old scheduler's tables have no column for it.
            let why = format!(
                "its id at the platform is not known; accounts add --id {} --external-id … tells it",
                claim.account.id
            );
            return Err(Failure::new(
                Remedy::Operator(Scope::Account),
                FailureCode::NoExternalId,
                why,
            ));
        }
        // Rests only for a while: setting the token is enough to go on.
        let rest = Remedy::Wait { rest: NO_TOKEN_REST, scope: Scope::Account };
        let token = (self.tokens)(&claim.account)
            .map_err(|why| Failure::new(rest, FailureCode::NoToken, why))?;
        Ok(Draft {
            account: claim.account.clone(),
            token,
            content: claim.content.clone(),
            staging: claim.staging.clone(),
            calls: claim.calls.clone(),
            clearance: Clearance::unlimited(),
            now: claim.now(),
            usage: UsageMeter::default(),
        })
    }
}
