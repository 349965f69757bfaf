//! Measures the program: one command per figure, one line of JSON per result.
//! benches/README.md says what each figure means and how to repeat it.

mod alone;
mod commands;
mod daemon;
mod database;
mod dialect;
mod drain;
mod line;
mod peers;
mod process;
mod server;
mod stand_in;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use server::{Engine, Server};

/// Measures the program.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    figure: Option<Figure>,
    /// Passed by cargo.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// What to measure.
#[derive(Subcommand)]
enum Figure {
    /// Posts per second that are due already, with the call
    Drain(Options),
    /// The same with the publish call answered inside the process
    DrainAlone(Options),
    /// Posts per second of several worker processes, against one
    Workers(Options),
    /// Posts per second at a slow platform, against concurrency / latency
    Latency(Options),
    /// Posts per second beside many finished posts, against empty tables
    History(Options),
    /// Statements, round trips and durable commits of a post
    Counts(Options),
    /// How late posts go out that are spread over some seconds
    Lateness(Options),
    /// How late posts go out that are due in the same second
    Burst(Options),
    /// How late the posts of small accounts are beside a big one
    Fair(Options),
    /// How late texts go out beside media that hardly comes, or that is never ready
    Slow(Options),
    /// What a worker costs that has nothing to do
    Idle(Options),
    /// How long commands take beside many finished posts
    Commands(Options),
    /// Posts per second of other queues: of a no-op job, and of one with the same call
    Peers(Options),
    #[command(hide = true)]
    StandIn {
        #[arg(long, default_value_t = 0)]
        latency_ms: u64,
    },
    #[command(hide = true)]
    Worker {
        database_url: String,
        spool: PathBuf,
        #[arg(long)]
        batch_size: Option<u32>,
        #[arg(long)]
        concurrency: Option<u32>,
    },
}

/// What a figure is measured with.
#[derive(Args, Clone)]
pub struct Options {
    /// The database: sqlite, mariadb, postgres or all
    #[arg(long, value_parser = engines, default_value = "all")]
    engine: Engines,
    /// How many posts
    #[arg(long)]
    posts: Option<u64>,
    /// On how many accounts; one account has one call at a time
    #[arg(long)]
    accounts: Option<u64>,
    /// How long the stand-in takes to answer
    #[arg(long, value_name = "N")]
    latency_ms: Option<u64>,
    /// How many finished posts are there
    #[arg(long)]
    history: Option<u64>,
    /// How long posts are spread, or a worker is watched
    #[arg(long)]
    seconds: Option<u64>,
    /// How many worker processes
    #[arg(long)]
    processes: Option<u32>,
    /// Where the peers are installed [default: beside what cargo builds]
    #[arg(long, value_name = "DIR")]
    peers_dir: Option<PathBuf>,
    /// Of the worker [default: its own]
    #[arg(long)]
    concurrency: Option<u32>,
    /// Of the worker [default: its own]
    #[arg(long)]
    batch_size: Option<u32>,
    /// A MariaDB server on which databases may be made [default: a private one]
    #[arg(long, env = "BENCH_MARIADB_URL")]
    mariadb_url: Option<String>,
    /// A PostgreSQL server on which databases may be made [default: a private one]
    #[arg(long, env = "BENCH_POSTGRES_URL")]
    postgres_url: Option<String>,
}

#[derive(Clone)]
struct Engines(Vec<Engine>);

fn engines(word: &str) -> Result<Engines, String> {
    use clap::ValueEnum as _;
    match word {
        "all" => Ok(Engines(vec![Engine::Sqlite, Engine::MariaDb, Engine::Postgres])),
        word => Ok(Engines(vec![Engine::from_str(word, false)?])),
    }
}

impl Options {
    /// Measures on each engine that was asked for.
    fn on_each(&self, measure: impl Fn(&Self, &Server) -> Result<()>) -> Result<()> {
        for engine in &self.engine.0 {
            let url = match engine {
                Engine::Sqlite => None,
                Engine::MariaDb => self.mariadb_url.as_deref(),
                Engine::Postgres => self.postgres_url.as_deref(),
            };
            measure(self, &Server::provide(*engine, url)?)?;
        }
        Ok(())
    }

    fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms.unwrap_or(0))
    }

    /// The worker's own options, for its command line.
    fn worker_args(&self) -> Vec<String> {
        let option = |name: &str, value: Option<u32>| value.map(|value| format!("{name}={value}"));
        [option("--concurrency", self.concurrency), option("--batch-size", self.batch_size)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// What `cargo bench` alone measures: something that every machine does in seconds.
const SHORT: [&str; 4] = ["measure", "drain", "--engine=sqlite", "--posts=1000"];

fn main() -> Result<()> {
    let Some(figure) = Cli::parse().figure.or_else(|| Cli::parse_from(SHORT).figure) else {
        return Ok(());
    };
    match figure {
        Figure::Drain(options) => options.on_each(drain::with_the_call),
        Figure::DrainAlone(options) => options.on_each(drain::alone),
        Figure::Workers(options) => options.on_each(drain::workers),
        Figure::Latency(options) => options.on_each(drain::latency),
        Figure::History(options) => options.on_each(drain::history),
        Figure::Counts(options) => options.on_each(drain::counts),
        Figure::Lateness(options) => options.on_each(daemon::spread),
        Figure::Burst(options) => options.on_each(daemon::burst),
        Figure::Fair(options) => options.on_each(daemon::fair),
        Figure::Slow(options) => options.on_each(daemon::slow),
        Figure::Idle(options) => options.on_each(daemon::idle),
        Figure::Commands(options) => options.on_each(commands::all),
        Figure::Peers(options) => options.on_each(peers::all),
        Figure::StandIn { latency_ms } => stand_in::serve(Duration::from_millis(latency_ms)),
        Figure::Worker { database_url, spool, batch_size, concurrency } => {
            alone::run(alone::Wanted { database_url, spool, batch_size, concurrency })
        }
    }
}
