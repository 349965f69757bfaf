//! How punctual a worker is that runs all the time, and what it costs while it waits.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::Options;
use crate::commands::wall_ms;
use crate::database::{Database, Kind, Posts};
use crate::line::{Line, percentile};
use crate::process::{self, Running};
use crate::server::{Engine, Server};
use crate::stand_in::{MEDIA_HOSTS, StandIn, now};
use crate::wire::Wire;

/// For a worker to start and come to rest.
const START: Duration = Duration::from_secs(3);
/// After this long without the last post, it counts as missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A worker with its defaults, but for the options of the command line.
fn start(
    database: &Database,
    stand_in: &StandIn,
    options: &Options,
    url: Option<&str>,
) -> Result<Running> {
    let mut command = database.program();
    command.env("SOCIALSCHED_PLATFORM_GATEWAY", stand_in.gateway());
    if let Some(url) = url {
        command.env("SOCIALSCHED_DATABASE_URL", url);
    }
    command.arg("run-worker").args(options.worker_args()).stdout(Stdio::null());
    Ok(Running(command.spawn()?))
}

/// Milliseconds from a post's time until its call arrived, for the posts of which one did.
fn lateness(stand_in: &StandIn, posts: &Posts) -> Result<Vec<f64>> {
    let deadline = Instant::now() + PATIENCE + Duration::from_millis(posts.spread_ms);
    let wanted = posts.first..posts.first + posts.count;
    loop {
        let mut late = BTreeMap::new();
        for arrival in stand_in.arrivals()? {
            if wanted.contains(&arrival.post) {
                let after = arrival.at - posts.run_at(arrival.post) * 1000;
                let again = late.insert(arrival.post, after as f64 / 1000.0);
                ensure!(again.is_none(), "post {} was sent twice", arrival.post);
            }
        }
        if late.len() as u64 == posts.count || Instant::now() > deadline {
            return Ok(late.into_values().collect());
        }
        // Rarely: the answer grows with every call.
        thread::sleep(Duration::from_millis(500));
    }
}

/// How late posts go out that are spread over some seconds.
pub fn spread(options: &Options, server: &Server) -> Result<()> {
    let (posts, seconds) = (options.posts.unwrap_or(200), options.seconds.unwrap_or(20));
    on_time("lateness", options, server, posts, seconds)
}

/// How late posts go out of which many are due in the same second.
pub fn burst(options: &Options, server: &Server) -> Result<()> {
    let (posts, seconds) = (options.posts.unwrap_or(1000), options.seconds.unwrap_or(1));
    on_time("burst", options, server, posts, seconds)
}

fn on_time(
    figure: &str,
    options: &Options,
    server: &Server,
    count: u64,
    seconds: u64,
) -> Result<()> {
    let database = Database::new(server)?;
    let stand_in = StandIn::start(options.latency())?;
    let accounts = options.accounts.unwrap_or(1000).min(count);
    database.add_accounts(&Kind::Text, 1, accounts)?;
    // Posts ahead of their time may be prepared: not while they are due.
    let lead_ms = START.as_millis() as i64 + 2000 + count as i64 * 25;
    let posts = Posts {
        first: 1,
        count,
        first_account: 1,
        accounts,
        from_ms: now() / 1000 + lead_ms,
        spread_ms: seconds * 1000,
    };
    database.add_posts(&Kind::Text, &posts)?;
    database.analyze()?;
    let mut worker = start(&database, &stand_in, options, None)?;
    thread::sleep(Duration::from_millis(lead_ms as u64));
    let mut late = lateness(&stand_in, &posts)?;
    let peak = process::status_kb(worker.0.id(), "VmHWM");
    process::terminate(&mut worker.0)?;
    let last = stand_in.arrivals()?.last().map(|arrival| arrival.at);
    let last = last.map(|last| (last - posts.from_ms * 1000) as f64 / 1000.0);
    Line::new(figure, database.engine().name())
        .set("posts", posts.count)
        .set("accounts", posts.accounts)
        .set("seconds", seconds)
        .set("latency_ms", options.latency_ms.unwrap_or(0))
        .set("concurrency", options.concurrency)
        .set("batch_size", options.batch_size)
        .set("arrived", late.len())
        .times("late", &mut late)
        .number("last_out_ms", last)
        .set("worker_peak_kb", peak)
        .print()
}

/// How late the posts of small accounts are beside a big one: nothing, many due posts, or
/// the same while the account is paused.
pub fn fair(options: &Options, server: &Server) -> Result<()> {
    const SMALL: u64 = 50;
    let big = options.posts.unwrap_or(20_000);
    let latency = Duration::from_millis(options.latency_ms.unwrap_or(50));
    let mut alone = None;
    for beside in ["nothing", "due", "paused"] {
        let database = Database::new(server)?;
        let stand_in = StandIn::start(latency)?;
        database.add_accounts(&Kind::Text, 1, SMALL + 1)?;
        if beside != "nothing" {
            database.add_posts(
                &Kind::Text,
                &Posts {
                    first: 1,
                    count: big,
                    first_account: 1,
                    accounts: 1,
                    from_ms: now() / 1000 - 3_600_000,
                    spread_ms: 3_000_000,
                },
            )?;
        }
        if beside == "paused" {
            let pause = database.program().args(["accounts", "pause", "Account 1"]).status()?;
            ensure!(pause.success(), "not paused: {}", database.last_error());
        }
        let lead_ms = START.as_millis() as i64 + 2000;
        let posts = Posts {
            first: big + 1,
            count: SMALL,
            first_account: 2,
            accounts: SMALL,
            from_ms: now() / 1000 + lead_ms,
            spread_ms: 0,
        };
        database.add_posts(&Kind::Text, &posts)?;
        database.analyze()?;
        let worker = start(&database, &stand_in, options, None)?;
        let mut late = lateness(&stand_in, &posts)?;
        drop(worker);
        let line = Line::new("fair", database.engine().name())
            .set("beside", beside)
            .set("big_posts", if beside == "nothing" { 0 } else { big })
            .set("small_posts", SMALL)
            .set("latency_ms", latency.as_millis() as u64)
            .set("arrived", late.len())
            .times("late", &mut late);
        let median = percentile(&late, 0.5);
        line.number("share_of_alone", median.zip(alone).map(|(median, alone)| median / alone))
            .print()?;
        alone = alone.or(median);
    }
    Ok(())
}

/// How late texts go out beside media that hardly comes, or that is never ready.
pub fn slow(options: &Options, server: &Server) -> Result<()> {
    const TEXTS: u64 = 20;
    const REELS: u64 = 300;
    for beside in ["nothing", "slow downloads", "reels in processing"] {
        let database = Database::new(server)?;
        let stand_in = StandIn::start(options.latency())?;
        let before = |first, count| Posts {
            first,
            count,
            first_account: first,
            accounts: count,
            from_ms: now() / 1000 - 60_000,
            spread_ms: 0,
        };
        match beside {
            "slow downloads" => {
                for host in 0..MEDIA_HOSTS {
                    let image = Kind::Image(stand_in.slow_image(host));
                    // Two posts each.
                    let posts = before(u64::from(host) * 2 + 1, 2);
                    database.add_accounts(&image, posts.first, posts.count)?;
                    database.add_posts(&image, &posts)?;
                }
            }
            "reels in processing" => {
                database.add_accounts(&Kind::Reel, 1, REELS)?;
                database.add_posts(&Kind::Reel, &before(1, REELS))?;
            }
            _ => {}
        }
        // Late enough for each of the others to have been begun.
        let lead_ms = START.as_millis() as i64 + 5000;
        let (from_ms, spread_ms) = (now() / 1000 + lead_ms, 10_000);
        let texts = Posts { from_ms, spread_ms, ..before(1001, TEXTS) };
        database.add_accounts(&Kind::Text, texts.first_account, TEXTS)?;
        database.add_posts(&Kind::Text, &texts)?;
        database.analyze()?;
        let worker = start(&database, &stand_in, options, None)?;
        let mut late = lateness(&stand_in, &texts)?;
        drop(worker);
        Line::new("slow", database.engine().name())
            .set("beside", beside)
            .set("posts", TEXTS)
            .set("latency_ms", options.latency_ms.unwrap_or(0))
            .set("arrived", late.len())
            .times("late", &mut late)
            .print()?;
    }
    Ok(())
}

/// What a worker costs that has nothing to do.
pub fn idle(options: &Options, server: &Server) -> Result<()> {
    let database = Database::new(server)?;
    let stand_in = StandIn::start(Duration::ZERO)?;
    database.add_accounts(&Kind::Text, 1, options.accounts.unwrap_or(1000))?;
    database.analyze()?;
    let mut once = Vec::new();
    for _ in 0..21 {
        let mut command = database.program();
        command.args(["run-worker", "--once"]);
        once.push(wall_ms(&mut command, &database)?);
    }
    once.sort_by(f64::total_cmp);
    // Counted from outside; a file cannot be counted so.
    let wire = match database.engine() {
        Engine::Sqlite => None,
        Engine::MariaDb | Engine::Postgres => {
            Some(Wire::before(database.engine(), &database.url())?)
        }
    };
    let mut worker = start(&database, &stand_in, options, wire.as_ref().map(Wire::url))?;
    thread::sleep(START);
    let pid = worker.0.id();
    let asked = || wire.as_ref().map(|wire| (wire.statements(), wire.round_trips()));
    let (cpu, before, began) = (process::cpu_ns(pid), asked(), Instant::now());
    thread::sleep(Duration::from_secs(options.seconds.unwrap_or(20)));
    let (cpu_after, after, seconds) = (process::cpu_ns(pid), asked(), began.elapsed());
    let rss = process::status_kb(pid, "VmRSS");
    process::terminate(&mut worker.0)?;
    let seconds = seconds.as_secs_f64();
    let cpu = cpu_after.zip(cpu).context("the worker is not in /proc")?;
    let asked = before.zip(after);
    let per_second = |count: u64| count as f64 / seconds;
    Line::new("idle", database.engine().name())
        .number("seconds", Some(seconds))
        .number("statements_per_second", asked.map(|(b, a)| per_second(a.0 - b.0)))
        .number("round_trips_per_second", asked.map(|(b, a)| per_second(a.1 - b.1)))
        .number("cpu_percent", Some((cpu.0 - cpu.1) as f64 / 1e7 / seconds))
        .set("worker_rss_kb", rss)
        .number("once_min_ms", once.first().copied())
        .number("once_p50_ms", percentile(&once, 0.5))
        .print()
}
