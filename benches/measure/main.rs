//! Measures the program: one command per figure, one line of JSON per result.
//! benches/README.md says what each figure means and how to repeat it.

mod alone;
mod database;
mod drain;
mod line;
mod process;
mod server;
mod stand_in;

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

fn main() -> Result<()> {
    let figure = Cli::parse().figure;
    match figure.unwrap_or_else(short) {
        Figure::Drain(options) => options.on_each(drain::with_the_call),
        Figure::DrainAlone(options) => options.on_each(drain::alone),
        Figure::StandIn { latency_ms } => stand_in::serve(Duration::from_millis(latency_ms)),
        Figure::Worker { database_url, spool, batch_size, concurrency } => {
            alone::run(alone::Wanted { database_url, spool, batch_size, concurrency })
        }
    }
}

/// What `cargo bench` alone measures: something that every machine does in seconds.
fn short() -> Figure {
    Figure::Drain(Options {
        engine: Engines(vec![Engine::Sqlite]),
        posts: Some(1000),
        accounts: None,
        latency_ms: None,
        concurrency: None,
        batch_size: None,
        mariadb_url: None,
        postgres_url: None,
    })
}
