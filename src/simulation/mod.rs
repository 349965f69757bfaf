//! The proof that a crash neither loses nor doubles a post, repeatable for everyone: real
//! worker processes publish to the sandbox, are killed at random instants and replaced;
//! in the end every post of the database is compared with what readers see.
//!
//! Time is real while workers run. Between two rounds, while none does, the clocks of the
//! database and the platforms are advanced: by hours of leases, retries and look-ups,
//! with the same durations as in production.

mod comparison;
mod fleet;

mod lies;
mod plan;
mod posts;
mod takeover;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::domain::{AccountId, CompanyId, Page, PostFilter, PostId};
use crate::sandbox::{Running, Sandbox};
use crate::store::{Breach, Scratch, Store, StoreError};

pub use comparison::Comparison;
pub use fleet::{LEASE, Program};
pub use plan::{Plan, WORKERS};
pub use takeover::percentile;

use comparison::{ReportedPost, ReportedState, compare};
use fleet::Fleet;
use plan::Victim;
use takeover::TakeOvers;

/// Between two looks at the clock and at killed workers' jobs.
const TICK: Duration = Duration::from_millis(20);
/// How long the jobs of killed workers may wait at the end of a round, before
/// their waits count as not measured.
const TAKE_OVER_LIMIT: Duration = Duration::from_secs(60);
/// Workers that finish in the end, at the same time.
const FINISHERS: usize = 2;
/// Pause without workers between two runs of these: at first, and later.
const FINISH_PAUSE: [Duration; 2] = [Duration::from_secs(180), Duration::from_secs(900)];
const FINISH_SHORT_PAUSES: u32 = 10;
/// Look-ups continue for hours, and then the post needs review.
const FINISH_RUNS_MAX: u32 = 150;

/// Why a simulation came to no comparison.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A worker exited although it was not stopped.
    #[error("a worker exited unexpectedly, with {status}: {said}")]
    Worker { status: ExitStatus, said: String },
    /// A worker does not end.
    #[error("a worker did not stop within {0:?}")]
    Hangs(Duration),
    /// The simulation itself is wrong.
    #[error("{0}")]
    Bug(String),
}

/// What is reported while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Number of workers killed so far.
    Killed(u64),
    /// No more kills: clean workers finish.
    Finishing,
}

/// What a simulation found.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub comparison: Comparison,
    /// Rows that break an invariant.
    pub breaches: Vec<Breach>,
    pub kills: u32,
    /// Kills of a worker that was working on a post.
    pub kills_at_work: u32,
    /// Kills of a worker that was in a publish call.
    pub kills_in_call: u32,
    /// Calls with an injected fault.
    pub faults: u32,
    /// From a kill until another worker took the job, shortest first.
    pub waits: Vec<Duration>,
    /// Jobs of killed workers whose wait could not be measured.
    pub untimed: u32,
    /// The database's engine and version, such as `MariaDB 10.11.6`.
    pub engine: String,
}

impl Outcome {
    /// Everything that must not be, a line each.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let breach = |b: &Breach| format!("{} {}: {}", b.invariant, b.says, b.row);
        // Nothing lost of nothing published would be no proof.
        let nothing = (self.comparison.once == 0).then(|| "no post was published".to_owned());
        let posts = self.comparison.findings.iter().cloned();
        posts.chain(self.breaches.iter().map(breach)).chain(nothing).collect()
    }
}

/// A simulation that runs.
pub struct Simulation<'a> {
    scratch: &'a Scratch,
    store: Store,
    timeout: Duration,
    plan: &'a Plan,
    sandbox: Running,
    /// Faults of the platforms: while workers are killed, and after that.
    faults: [Value; 2],
    company: CompanyId,
    /// Post number `n` is `ids[n]`.
    ids: Vec<PostId>,
    take_overs: TakeOvers,
    kills: u32,
    kills_at_work: u32,
    kills_in_call: u32,
}

/// Where workers find the platforms of a simulation.
///
/// # Errors
/// No port of this machine is free.
pub async fn platforms(plan: &Plan) -> Result<Running, SimulationError> {
    let sandbox =
        Sandbox::bind(SocketAddr::from(([127, 0, 0, 1], 0)), lies::options(plan)).await?.start();
    Ok(sandbox)
}

impl<'a> Simulation<'a> {
    /// In a new database, with platforms of its own.
    ///
    /// # Errors
    /// The schema cannot be made.
    pub async fn new(
        scratch: &'a Scratch,
        plan: &'a Plan,
        sandbox: Running,
        timeout: Duration,
    ) -> Result<Self, SimulationError> {
        Ok(Self {
            scratch,
            store: Store::open_scratch(scratch, timeout).await?,
            timeout,
            plan,
            sandbox,
            faults: [lies::rules(plan), json!([])],
            company: CompanyId::generate(),
            ids: Vec::new(),
            take_overs: TakeOvers::default(),
            kills: 0,
            kills_at_work: 0,
            kills_in_call: 0,
        })
    }

    /// With other faults of the platforms, to the end: a list as for
    /// `POST /__sim/faults`.
    #[must_use]
    pub fn with_faults(self, faults: Value) -> Self {
        Self { faults: [faults.clone(), faults], ..self }
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// The database is away, or no worker can be run.
    pub async fn run(
        mut self,
        program: &Program,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Outcome, SimulationError> {
        let accounts = posts::add_accounts(&self.store, self.company).await?;
        self.set_faults(&self.faults[0])?;
        let mut fleet = Fleet::new(program, WORKERS)?;
        for round in &self.plan.rounds {
            for kill in &round.kills {
                self.schedule(&accounts, kill.posts).await?;
                fleet.fill().await?;
                self.let_work(Duration::from_millis(kill.after_ms)).await?;
                self.kill(&mut fleet, kill.who).await?;
                progress(Progress::Killed(self.kills.into()));
            }
            self.let_take_over(&mut fleet).await?;
            fleet.stop_all().await?;
            self.pause(Duration::from_secs(round.pause_s)).await?;
        }
        progress(Progress::Finishing);
        self.set_faults(&self.faults[1])?;
        self.finish(program, &accounts).await?;
        self.outcome().await
    }

    /// Makes the next `count` posts of the plan due now.
    async fn schedule(
        &mut self,
        accounts: &[AccountId],
        count: usize,
    ) -> Result<(), SimulationError> {
        let (store, company, media) = (&self.store, self.company, self.sandbox.base_url());
        let first = self.ids.len();
        for (number, post) in self.plan.posts.iter().enumerate().skip(first).take(count) {
            let account = accounts[post.account];
            self.ids.push(posts::schedule(store, company, account, number, post, media).await?);
        }
        Ok(())
    }

    /// Waits, and looks meanwhile who takes over what.
    async fn let_work(&mut self, time: Duration) -> Result<(), SimulationError> {
        let began = Instant::now();
        while let Some(rest) = time.checked_sub(began.elapsed()).filter(|rest| !rest.is_zero()) {
            tokio::time::sleep(rest.min(TICK)).await;
            self.take_overs.look(&self.store).await?;
        }
        Ok(())
    }

    /// Runs workers until no job of a killed one waits: the last to die have successors,
    /// too, and every wait is measured to its end.
    async fn let_take_over(&mut self, fleet: &mut Fleet<'_>) -> Result<(), SimulationError> {
        let began = Instant::now();
        while self.take_overs.is_open() && began.elapsed() < TAKE_OVER_LIMIT {
            fleet.fill().await?;
            self.let_work(TICK).await?;
        }
        Ok(())
    }

    async fn kill(&mut self, fleet: &mut Fleet<'_>, who: Victim) -> Result<(), SimulationError> {
        // One may have exited on its own: then its successor is killed.
        fleet.fill().await?;
        let at = Instant::now();
        let killed = match who {
            Victim::Worker(place) => fleet.kill(place).into_iter().collect(),
            Victim::All => fleet.kill_all(),
        };
        for worker in killed {
            let jobs = self.store.owned_by(&worker).await?;
            self.kills += 1;
            self.kills_at_work += u32::from(!jobs.is_empty());
            self.kills_in_call += u32::from(jobs.iter().any(|job| job.in_call));
            self.take_overs.killed(&jobs, at);
        }
        Ok(())
    }

    /// Advances all clocks while no worker runs.
    async fn pause(&mut self, time: Duration) -> Result<(), SimulationError> {
        self.take_overs.give_up();
        self.scratch.let_time_pass(time, self.timeout).await?;
        self.sandbox.advance(time);
        Ok(())
    }

    /// Runs workers without kills until all posts have ended. An operator resumes what is
    /// paused for a token that was reported as dead.
    async fn finish(
        &mut self,
        program: &Program,
        accounts: &[AccountId],
    ) -> Result<(), SimulationError> {
        let mut fleet = Fleet::new(program, FINISHERS)?;
        for run in 0..FINISH_RUNS_MAX {
            for account in accounts {
                self.store.resume_account(self.company, *account).await?;
            }
            fleet.run_once().await?;
            if self.reported().await?.values().all(|post| post.state != ReportedState::Open) {
                break;
            }
            self.pause(FINISH_PAUSE[usize::from(run >= FINISH_SHORT_PAUSES)]).await?;
        }
        Ok(())
    }

    /// What the database reports.
    async fn reported(&self) -> Result<BTreeMap<PostId, ReportedPost>, SimulationError> {
        let filter = PostFilter::all(self.company);
        let posts = self.store.list_posts(&filter, &Page::default()).await?.posts;
        let number = |id| self.ids.iter().position(|own| *own == id);
        let reported = posts.into_iter().map(|post| {
            let reported = ReportedPost {
                platform: post.content.platform,
                is_members: number(post.id).is_some_and(|n| self.plan.posts[n].is_members()),
                state: ReportedState::of(&post),
                external_id: post.external_post_id,
            };
            (post.id, reported)
        });
        Ok(reported.collect())
    }

    async fn outcome(self) -> Result<Outcome, SimulationError> {
        // Stories disappear after a day, and what was deleted was seen.
        let comparison = compare(&self.ids, &self.reported().await?, &self.sandbox.ever_live());
        let breaches = self.store.breaches().await?;
        let engine = self.store.engine_version().await?;
        self.store.close().await;
        let (waits, untimed) = self.take_overs.waits();
        Ok(Outcome {
            comparison,
            breaches,
            kills: self.kills,
            kills_at_work: self.kills_at_work,
            kills_in_call: self.kills_in_call,
            faults: self.sandbox.faults_injected(),
            waits,
            untimed,
            engine,
        })
    }

    fn set_faults(&self, rules: &Value) -> Result<(), SimulationError> {
        self.sandbox.set_faults(rules).map_err(|error| SimulationError::Bug(error.to_string()))
    }
}
