//! How fast a full queue is emptied.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::Options;
use crate::database::{Database, Posts};
use crate::line::Line;
use crate::process::{self, Ran};
use crate::server::Server;
use crate::stand_in::{StandIn, now};

/// Longer than any drain takes.
const NO_LIMIT: &str = "--max-runtime=24h";

/// Posts that are due already: one a minute over the hour before.
pub fn due(options: &Options, posts: u64) -> Posts {
    let accounts = options.accounts.unwrap_or(1000).min(posts);
    let from_ms = now() / 1000 - 3_600_000;
    Posts { first: 1, count: posts, first_account: 1, accounts, from_ms, spread_ms: 3_500_000 }
}

/// `run-worker --once` against the stand-in.
pub fn worker(database: &Database, stand_in: &StandIn, options: &Options) -> Command {
    let mut command = database.program();
    command.env("SOCIALSCHED_PLATFORM_GATEWAY", stand_in.gateway());
    command.args(["run-worker", "--once", NO_LIMIT]).args(options.worker_args());
    command
}

/// The same with the call answered inside the process.
fn worker_alone(database: &Database, options: &Options) -> Result<Command> {
    let mut command = database.with_environment(Command::new(std::env::current_exe()?));
    command.arg("worker").arg(database.url()).arg(database.dir().join("spool"));
    command.args(options.worker_args());
    Ok(command)
}

/// Posts per second, with the call.
pub fn with_the_call(options: &Options, server: &Server) -> Result<()> {
    let posts = due(options, options.posts.unwrap_or(2000));
    let database = Database::new(server)?;
    database.add_accounts(1, posts.accounts)?;
    let stand_in = StandIn::start(options.latency())?;
    let worker = worker(&database, &stand_in, options);
    measure("drain", options, &database, &posts, worker)?;
    ensure!(stand_in.count()? as u64 == posts.count, "not one call per post");
    Ok(())
}

/// Posts per second of the queue alone.
pub fn alone(options: &Options, server: &Server) -> Result<()> {
    let posts = due(options, options.posts.unwrap_or(2000));
    let database = Database::new(server)?;
    database.add_accounts(1, posts.accounts)?;
    let worker = worker_alone(&database, options)?;
    measure("drain-alone", options, &database, &posts, worker)
}

/// Puts in the posts, runs the worker, and prints what it took.
fn measure(
    figure: &str,
    options: &Options,
    database: &Database,
    posts: &Posts,
    mut worker: Command,
) -> Result<()> {
    database.add_posts(posts)?;
    database.analyze()?;
    let before = database.counters()?;
    let ran = process::run(&mut worker)?;
    let after = database.counters()?;
    let published = database.published()?;
    ensure!(
        published == posts.count && ran.ok,
        "{published} of {} published: {}",
        posts.count,
        database.last_error()
    );
    rate(Line::new(figure, database.engine().name()), options, posts, &[ran])
        .counted(&before, &after, posts.count)
        .set("private_server", database.is_private())
        .print()
}

/// The parameters, the rate and what the processes used.
pub fn rate(line: Line, options: &Options, posts: &Posts, ran: &[Ran]) -> Line {
    let wall = ran.iter().map(|ran| ran.wall).max().unwrap_or_default().as_secs_f64();
    line.set("posts", posts.count)
        .set("accounts", posts.accounts)
        .set("latency_ms", options.latency_ms.unwrap_or(0))
        .set("concurrency", options.concurrency)
        .set("batch_size", options.batch_size)
        .number("seconds", Some(wall))
        .number("rate", Some(posts.count as f64 / wall))
        .used(ran, posts.count)
}
