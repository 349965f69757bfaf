//! `simulate`: the crash proof, for everyone to repeat.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::signals::Signals;
use super::throwaway::Throwaway;
use crate::config::{Settings, variable_of_platform};
use crate::context::Context;
use crate::domain::Platform;
use crate::exit::{CommandError, Exit, Explained, Fault};
use crate::output::{Align, Cell, Report, Table, counted};
use crate::simulation::{
    LEASE, Outcome, Plan, Program, Progress, Simulation, SimulationError, WORKERS, percentile,
    platforms,
};
use crate::store::{Engine, Location, Scratch};

/// What the PostgreSQL client reads besides the URL, as this process does.
const POSTGRES_VARIABLES: &[&str] = &[
    "HOME",
    "PGHOST",
    "PGHOSTADDR",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGPORT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGUSER",
];

/// Kill workers at random, and compare every post with what is live
///
/// Three worker processes publish to a local stand-in for the platforms, which
/// also loses answers and lies: refusals and errors for calls that took effect,
/// pages of proxies, calls that arrive twice, stale reads of what is live, lists
/// and clocks that lag behind. They are killed with SIGKILL at random instants and
/// replaced; at the end each post must have been live exactly once. Only the post
/// of a LinkedIn member may be unknown instead, because such posts cannot be looked
/// up. Refusals of such posts are always true here, since a worker has to believe
/// them.
///
/// Exits 8 when a post is lost or doubled, has failed, was deleted, or is unknown
/// although its platform can be asked, when the database and the platform disagree,
/// when an invariant is broken, or when nothing was published at all.
///
/// Runs on a throw-away SQLite file. With --database-url on the command line: in
/// such a file next to the one it names, or in a new database on the server, which
/// is dropped at the end. Never among other posts; so that no proof runs on a
/// production server by accident, variables and the configuration file are ignored.
#[derive(Args)]
pub struct SimulateArgs {
    /// Posts to publish, of all platforms and kinds
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    posts: u32,
    /// How often to kill one of the three workers
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    kills: u32,
    /// The same seed gives the same posts, faults and instants of kills [default: random]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl SimulateArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let seed = self.seed.unwrap_or_else(random_seed);
        let plan = Plan::new(seed, self.posts, self.kills);
        let repeat = self.repeat(context, seed);
        if let Some(ignored) = ignored(&context.settings) {
            context.printer.note(&ignored);
        }
        if context.dry_run {
            return preview(context, &plan, &repeat);
        }
        context.printer.note(&format!("seed {seed}; to repeat: {repeat}"));
        let timeout = context.settings.timeout;
        let mut signals = Signals::watch()?;
        // Dropped after the workers, whatever ends the run.
        let folder = folder(context)?;
        let near = match context.location()? {
            server if context.settings.database_is_typed && server.engine() != Engine::Sqlite => {
                server
            }
            _ => Location::Sqlite(folder.path().join("simulate.db")),
        };
        let scratch = Scratch::make(&near, timeout).await?;
        let result = tokio::select! {
            result = simulate(context, &scratch, &folder, &plan) => result.map(Ok),
            exit = signals.next() => Ok(Err(exit)),
        };
        let removed = scratch.remove(timeout).await;
        let outcome = result?;
        removed?;
        match outcome {
            Ok(outcome) => {
                let report = report(&plan, near.engine(), &outcome, &repeat);
                Ok(context.printer.report(&report)?)
            }
            Err(exit) => Ok(exit),
        }
    }

    /// The command that does the same again.
    fn repeat(&self, context: &Context, seed: u64) -> String {
        let Self { posts, kills, .. } = self;
        let socialsched = context.socialsched();
        format!("{socialsched} simulate --posts {posts} --kills {kills} --seed {seed}")
    }
}

/// Short enough to be typed.
fn random_seed() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0 & 0xFFFF_FFFF
}

/// A database that is configured but not typed is not used: the proof is not about it.
fn ignored(settings: &Settings) -> Option<String> {
    let named_by = settings.database_named_by?;
    // A variable's own text is not shown: it may hold a password.
    let url = if named_by.ends_with("DATABASE_URL") {
        format!("\"${named_by}\"")
    } else {
        "URL".to_owned()
    };
    Some(format!(
        "{named_by} is ignored: this runs on a throw-away SQLite file; for a database of its own \
         on that server, pass --database-url {url}"
    ))
}

/// Where throw-away files go: beside the SQLite file that was named, so that
/// they are on the same disk.
fn folder(context: &Context) -> Result<Throwaway, CommandError> {
    match context.location()? {
        Location::Sqlite(path) if context.settings.database_is_typed => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let made = Throwaway::new(folder, "simulate");
            Ok(made.map_err(|fault| {
                fault.code("bad_database_file").field("--database-url").hint(
                    "this runs beside the file that --database-url names: name one in a folder \
                     that exists and that you may write to",
                )
            })?)
        }
        _ => Ok(Throwaway::new(&context.temp_dir(), "simulate")?),
    }
}

/// Shows the plan, and does nothing.
fn preview(context: &Context, plan: &Plan, repeat: &str) -> Result<Exit, CommandError> {
    let report = Report {
        message: Some(format!(
            "Would publish {} in {}, and kill workers {}",
            counted(plan.posts.len(), "post"),
            counted(plan.rounds.len(), "round"),
            counted(plan.kills(), "time")
        )),
        data: serde_json::to_value(plan).map_err(|error| Fault::bug(error.to_string()))?,
        notes: vec![format!("seed {}; to run it: {repeat}", plan.seed)],
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

/// The whole simulation in this database.
async fn simulate(
    context: &Context,
    scratch: &Scratch,
    folder: &Throwaway,
    plan: &Plan,
) -> Result<Outcome, CommandError> {
    let sandbox = platforms(plan).await.map_err(explained)?;
    let program = Program {
        path: context.program()?,
        variables: variables(context, scratch.location(), sandbox.base_url()),
        folder: folder.path().join("workers"),
    };
    let simulation = Simulation::new(scratch, plan, sandbox, context.settings.timeout);
    let simulation = simulation.await.map_err(explained)?;
    let bars = context.printer.bars();
    let bar = bars.bar(plan.kills() as u64, "killing workers");
    let finishing = std::sync::OnceLock::new();
    let progress = |progress| match progress {
        Progress::Killed(count) => bar.set_position(count),
        Progress::Finishing => {
            bar.finish_and_clear();
            finishing.get_or_init(|| bars.spinner("letting clean workers finish"));
        }
    };
    let outcome = simulation.run(&program, &progress).await;
    bar.finish_and_clear();
    if let Some(spinner) = finishing.get() {
        spinner.finish_and_clear();
    }
    outcome.map_err(explained)
}

fn explained(error: SimulationError) -> CommandError {
    match error {
        SimulationError::Store(error) => error.into(),
        SimulationError::Io(error) => error.into(),
        SimulationError::Worker { status, .. }
            if status.code() == Some(Exit::Unavailable.code().into()) =>
        {
            Fault::unavailable(error.to_string()).into()
        }
        SimulationError::Worker { .. } | SimulationError::Hangs(_) | SimulationError::Bug(_) => {
            Fault::internal(error.to_string()).into()
        }
    }
}

/// All that the workers are given; of this process's own variables only what
/// the way to the database needs.
fn variables(context: &Context, database: &Location, platforms: &str) -> Vec<(String, OsString)> {
    let mut variables = match database.engine() {
        Engine::Postgres => context.variables(POSTGRES_VARIABLES),
        Engine::Sqlite | Engine::MySql => Vec::new(),
    };
    let url = database.url();
    for (name, value) in [
        ("SOCIALSCHED_DATABASE_URL", url.expose_secret()),
        ("SOCIALSCHED_PLATFORM_GATEWAY", platforms),
        ("SOCIALSCHED_ALLOW_PRIVATE_MEDIA", "1"),
    ] {
        variables.push((name.to_owned(), value.into()));
    }
    for platform in Platform::ALL {
        variables.push((variable_of_platform(*platform), "simulated".into()));
    }
    variables
}

fn report(plan: &Plan, engine: Engine, outcome: &Outcome, repeat: &str) -> Report {
    let comparison = &outcome.comparison;
    let findings = outcome.findings();
    let wait = |percent| percentile(&outcome.waits, percent);
    let seconds = |wait: Option<Duration>| {
        Cell::Text(wait.map_or("-".to_owned(), |wait| format!("{:.2} s", wait.as_secs_f64())))
    };
    let count = |number: u32| Cell::Number(number.into());
    let mut table = Table::new([("figure", Align::Left), ("value", Align::Right)]);
    for (figure, value) in [
        ("seed", Cell::Text(plan.seed.to_string())),
        ("database", Cell::Text(outcome.engine.clone())),
        ("posts", Cell::Number(plan.posts.len() as i64)),
        ("published once", count(comparison.once)),
        ("published twice", count(comparison.twice)),
        ("lost", count(comparison.lost)),
        ("failed and not live", count(comparison.failed)),
        ("deleted though live", count(comparison.deleted)),
        ("unknown, can be asked for", count(comparison.unknown_two_step)),
        ("unknown, of members", count(comparison.unknown_one_step)),
        ("not ended", count(comparison.open)),
        ("disagreements", count(comparison.disagreements())),
        ("broken invariants", Cell::Number(outcome.breaches.len() as i64)),
        ("kills", count(outcome.kills)),
        ("kills with a post in hand", count(outcome.kills_at_work)),
        ("kills in a publish call", count(outcome.kills_in_call)),
        ("faults of the platforms", count(outcome.faults)),
        ("take-overs timed", Cell::Number(outcome.waits.len() as i64)),
        ("take-overs not timed", count(outcome.untimed)),
        ("take-over time p50", seconds(wait(50))),
        ("take-over time p99", seconds(wait(99))),
    ] {
        table.push([Cell::Text(figure.to_owned()), value]);
    }
    let failure = (!findings.is_empty()).then(|| {
        let message = format!("the simulation found {}", counted(findings.len(), "fault"));
        let mut fault = Fault::unhealthy(message).hint(format!("to repeat: {repeat}"));
        fault.details.clone_from(&findings);
        Explained::from(fault)
    });
    Report {
        message: Some(format!(
            "{} of {} published once, {} lost, {} doubled",
            comparison.once,
            counted(plan.posts.len(), "post"),
            comparison.lost,
            comparison.twice
        )),
        data: figures(plan, engine, outcome, &findings, repeat),
        table: Some(table),
        notes: vec![format!(
            "\n{WORKERS} workers with a lease of {} s; take-over time is from a kill to the next \
             worker\nto repeat: {repeat}",
            LEASE.as_secs()
        )],
        failure,
        ..Report::default()
    }
}

fn figures(
    plan: &Plan,
    engine: Engine,
    outcome: &Outcome,
    findings: &[String],
    repeat: &str,
) -> Value {
    let comparison = &outcome.comparison;
    let wait = |percent| percentile(&outcome.waits, percent).map(|wait| wait.as_millis() as u64);
    json!({
        "seed": plan.seed,
        "engine": match engine {
            Engine::Sqlite => "sqlite",
            Engine::MySql => "mysql",
            Engine::Postgres => "postgres",
        },
        "database": outcome.engine,
        "posts": plan.posts.len(),
        "publishedOnce": comparison.once,
        "publishedTwice": comparison.twice,
        "lost": comparison.lost,
        "failed": comparison.failed,
        "deleted": comparison.deleted,
        "unknown": {
            "twoStep": comparison.unknown_two_step,
            "oneStep": comparison.unknown_one_step,
        },
        "notEnded": comparison.open,
        "disagreements": comparison.disagreements(),
        "brokenInvariants": outcome.breaches.len(),
        "findings": findings,
        "kills": outcome.kills,
        "killsWithPostInHand": outcome.kills_at_work,
        "killsInPublishCall": outcome.kills_in_call,
        "platformFaults": outcome.faults,
        "workers": WORKERS,
        "leaseMs": LEASE.as_millis() as u64,
        "takeOver": {
            "timed": outcome.waits.len(),
            "notTimed": outcome.untimed,
            "p50Ms": wait(50),
            "p99Ms": wait(99),
        },
        "repeat": repeat,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Comparison;
    use crate::store::Breach;

    fn outcome(comparison: Comparison, breaches: Vec<Breach>) -> Outcome {
        Outcome {
            comparison,
            breaches,
            kills: 3,
            kills_at_work: 2,
            kills_in_call: 1,
            faults: 0,
            waits: Vec::new(),
            untimed: 0,
            engine: "SQLite 3".to_owned(),
        }
    }

    /// Every fault is named and ends the run as unhealthy.
    #[test]
    fn every_fault_is_named_and_unhealthy() {
        let plan = Plan::new(1, 2, 3);
        let reported = |outcome| report(&plan, Engine::Sqlite, &outcome, "again");
        let well = reported(outcome(Comparison { once: 2, ..Comparison::default() }, Vec::new()));
        assert_eq!(well.exit(), Exit::Success);
        let double = Comparison {
            once: 1,
            twice: 1,
            findings: vec!["post 7: published more than once".to_owned()],
            ..Comparison::default()
        };
        let breach = Breach { invariant: "I11", says: "no known double post", row: "x".to_owned() };
        let held = Comparison { unknown_one_step: 2, ..Comparison::default() };
        for (outcome, named) in [
            (outcome(double, Vec::new()), "post 7"),
            (outcome(Comparison { once: 2, ..Comparison::default() }, vec![breach]), "I11"),
            (outcome(held, Vec::new()), "no post was published"),
        ] {
            let report = reported(outcome);
            assert_eq!(report.exit(), Exit::Unhealthy);
            let failure = report.failure.unwrap();
            assert!(failure.details.iter().any(|line| line.contains(named)), "{failure:?}");
            assert!(failure.hint.unwrap().contains("again"));
        }
    }
}
