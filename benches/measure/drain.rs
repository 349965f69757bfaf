//! How fast a full queue is emptied.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::Options;
use crate::database::{Database, Kind, Posts};
use crate::line::Line;
use crate::process::{self, Ran};
use crate::server::{Engine, Server};
use crate::stand_in::{StandIn, now};
use crate::wire::Wire;

/// Longer than any drain takes.
const NO_LIMIT: &str = "--max-runtime=24h";

/// A database with posts that are due already, spread over the hour before, and a platform.
pub struct Full<'a> {
    pub database: Database<'a>,
    pub stand_in: StandIn,
    pub posts: Posts,
}

impl<'a> Full<'a> {
    /// With this many finished posts before them.
    pub fn new(options: &Options, server: &'a Server, count: u64, history: u64) -> Result<Self> {
        let database = Database::new(server)?;
        let stand_in = StandIn::start(options.latency())?;
        let accounts = options.accounts.unwrap_or(1000).min(count);
        database.add_accounts(&Kind::Text, 1, accounts)?;
        if history > 0 {
            finished(&database, &stand_in, options, history, accounts)?;
        }
        let from_ms = now() / 1000 - 3_600_000;
        let (first, spread_ms) = (history + 1, 3_500_000);
        let posts = Posts { first, count, first_account: 1, accounts, from_ms, spread_ms };
        database.add_posts(&Kind::Text, &posts)?;
        database.analyze()?;
        Ok(Self { database, stand_in, posts })
    }

    /// Runs the workers until nothing is due. Every post must have been published, once.
    fn drain(&self, workers: &mut [Command]) -> Result<Vec<Ran>> {
        let published = self.database.published()?;
        let began = Instant::now();
        let children: Vec<_> =
            workers.iter_mut().map(Command::spawn).collect::<std::io::Result<_>>()?;
        let ran = children.into_iter().map(|child| process::finish(child, began));
        let ran: Vec<Ran> = ran.collect::<Result<_>>()?;
        let published = self.database.published()? - published;
        ensure!(
            published == self.posts.count && ran.iter().all(|ran| ran.ok),
            "{published} of {} published: {}",
            self.posts.count,
            self.database.last_error()
        );
        Ok(ran)
    }
}

/// Puts finished posts into the database: one that the program publishes, and its copies.
pub fn finished(
    database: &Database,
    stand_in: &StandIn,
    options: &Options,
    count: u64,
    accounts: u64,
) -> Result<()> {
    const YEAR: i64 = 365 * 24 * 3_600_000;
    let template = Posts {
        first: 1,
        count: 1,
        first_account: 1,
        accounts: 1,
        from_ms: now() / 1000 - 3_600_000,
        spread_ms: 0,
    };
    database.add_posts(&Kind::Text, &template)?;
    process::run(&mut worker(database, stand_in, options))?;
    ensure!(database.published()? == 1, "no post published: {}", database.last_error());
    let history = Posts {
        first: 2,
        count: count - 1,
        accounts,
        from_ms: now() / 1000 - YEAR,
        spread_ms: YEAR.unsigned_abs() - 24 * 3_600_000,
        ..template
    };
    if count > 1 {
        database.add_history(1, &history)?;
    }
    Ok(())
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
    let full = Full::new(options, server, options.posts.unwrap_or(2000), 0)?;
    let worker = worker(&full.database, &full.stand_in, options);
    measure("drain", options, &full, worker)?;
    let calls = full.stand_in.count()? as u64;
    ensure!(calls == full.posts.count, "{calls} calls for {} posts", full.posts.count);
    Ok(())
}

/// Posts per second of the queue alone.
pub fn alone(options: &Options, server: &Server) -> Result<()> {
    let full = Full::new(options, server, options.posts.unwrap_or(2000), 0)?;
    let worker = worker_alone(&full.database, options)?;
    measure("drain-alone", options, &full, worker)
}

fn measure(figure: &str, options: &Options, full: &Full, worker: Command) -> Result<()> {
    let before = full.database.counters()?;
    let ran = full.drain(&mut [worker])?;
    let after = full.database.counters()?;
    line(figure, options, full, &ran).counted(&before, &after, full.posts.count).print()
}

/// The parameters, the rate and what the processes used.
fn line(figure: &str, options: &Options, full: &Full, ran: &[Ran]) -> Line {
    let Full { database, posts, .. } = full;
    let wall = ran.iter().map(|ran| ran.wall).max().unwrap_or_default().as_secs_f64();
    Line::new(figure, database.engine().name())
        .set("posts", posts.count)
        .set("accounts", posts.accounts)
        .set("latency_ms", options.latency_ms.unwrap_or(0))
        .set("concurrency", options.concurrency)
        .set("batch_size", options.batch_size)
        .set("private_server", database.is_private())
        .number("seconds", Some(wall))
        .number("rate", Some(posts.count as f64 / wall))
        .used(ran, posts.count)
}

/// Posts per second at a platform that takes its time, against what the number of posts in
/// flight allows.
pub fn latency(options: &Options, server: &Server) -> Result<()> {
    let latencies = options.latency_ms.map_or(vec![50, 500], |latency| vec![latency]);
    let concurrencies = options.concurrency.map_or(vec![5, 50, 200], |number| vec![number]);
    for latency_ms in latencies {
        for &concurrency in &concurrencies {
            let options = Options {
                latency_ms: Some(latency_ms),
                concurrency: Some(concurrency),
                ..options.clone()
            };
            let ideal = f64::from(concurrency) * 1000.0 / latency_ms as f64;
            // For some seconds at the ideal rate.
            let count = options.posts.unwrap_or((ideal * 6.0) as u64);
            let options = Options { accounts: options.accounts.or(Some(count)), ..options };
            let full = Full::new(&options, server, count, 0)?;
            let worker = worker(&full.database, &full.stand_in, &options);
            let ran = full.drain(&mut [worker])?;
            let rate = count as f64 / ran[0].wall.as_secs_f64();
            line("latency", &options, &full, &ran)
                .number("ideal_rate", Some(ideal))
                .number("share_of_ideal", Some(rate / ideal))
                .print()?;
        }
    }
    Ok(())
}

/// Posts per second of a database with many finished posts, against an empty one.
pub fn history(options: &Options, server: &Server) -> Result<()> {
    let mut empty = None;
    for history in [0, options.history.unwrap_or(1_000_000)] {
        let full = Full::new(options, server, options.posts.unwrap_or(2000), history)?;
        let ran = full.drain(&mut [worker(&full.database, &full.stand_in, options)])?;
        let rate = full.posts.count as f64 / ran[0].wall.as_secs_f64();
        let share = empty.map(|empty| rate / empty);
        line("history", options, &full, &ran)
            .set("history", history)
            .number("share_of_empty", share)
            .print()?;
        empty = Some(rate);
    }
    Ok(())
}

/// Posts per second of several worker processes, against one.
pub fn workers(options: &Options, server: &Server) -> Result<()> {
    let mut one = None;
    for number in [1, options.processes.unwrap_or(4)] {
        let full = Full::new(options, server, options.posts.unwrap_or(2000), 0)?;
        let worker = || worker(&full.database, &full.stand_in, options);
        let mut workers: Vec<Command> = (0..number).map(|_| worker()).collect();
        let ran = full.drain(&mut workers)?;
        let wall = ran.iter().map(|ran| ran.wall).max().unwrap_or_default();
        let rate = full.posts.count as f64 / wall.as_secs_f64();
        line("workers", options, &full, &ran)
            .set("processes", number)
            .number("share_of_one", one.map(|one| rate / one))
            .print()?;
        one = Some(rate);
    }
    Ok(())
}

/// What a post costs in statements, round trips and durable commits, counted from outside
/// in a run that this makes slow.
pub fn counts(options: &Options, server: &Server) -> Result<()> {
    let full = Full::new(options, server, options.posts.unwrap_or(500), 0)?;
    let Full { database, stand_in, posts } = &full;
    let mut worker = worker(database, stand_in, options);
    let per_post = |value: u64| value as f64 / posts.count as f64;
    let (mut statements, mut round_trips, mut syncs) = (None, None, None);
    let before = database.counters()?;
    if database.engine() == Engine::Sqlite {
        let report = database.dir().join("syncs");
        let mut strace = Command::new("strace");
        strace.args(["-c", "-f", "-e", "trace=fsync,fdatasync", "-o"]).arg(&report);
        strace.arg(worker.get_program()).args(worker.get_args());
        full.drain(&mut [database.with_variables_of(strace, &worker)])
            .context("is strace installed?")?;
        syncs = Some(per_post(calls(&fs::read_to_string(report)?)));
    } else {
        let wire = Wire::before(database.engine(), &database.url())?;
        worker.env("SOCIALSCHED_DATABASE_URL", wire.url());
        full.drain(&mut [worker])?;
        statements = Some(per_post(wire.statements()));
        round_trips = Some(per_post(wire.round_trips()));
    }
    let after = database.counters()?;
    let count = |name| Some(per_post(after.get(name)? - before.get(name)?));
    Line::new("counts", database.engine().name())
        .set("posts", posts.count)
        .set("concurrency", options.concurrency)
        .set("batch_size", options.batch_size)
        .number("statements_per_post", statements)
        .number("round_trips_per_post", round_trips)
        .number("commits_per_post", count("commits"))
        .number("syncs_per_post", syncs.or_else(|| count("syncs")))
        .number("rows_written_per_post", count("rows_written"))
        .print()
}

/// The number of calls in strace's table.
fn calls(table: &str) -> u64 {
    let rows = table.lines().filter(|line| line.ends_with("sync"));
    rows.filter_map(|row| row.split_whitespace().nth(3)?.parse::<u64>().ok()).sum()
}
