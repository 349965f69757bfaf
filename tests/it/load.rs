//! The load proof: many workers and people on one database, until the queue is
//! empty. `tests/load` runs it; see there for the variables.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socialsched::sandbox::SandboxOptions;
use uuid::Uuid;

use crate::support::{Daemon, Database, PLATFORMS, World};

const WORKERS: usize = 8;
const CANCELLERS: usize = 4;
/// Jobs of one account, so that accounts are many but also contended.
const JOBS_PER_ACCOUNT: usize = 30;
/// Rows of one INSERT.
const ROWS: usize = 500;
/// One in this many posts is cancelled while the workers run.
const CANCELLED_OF: usize = 8;
/// After this long without any progress, it hangs.
const STALLED: Duration = Duration::from_secs(120);

#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn jobs() -> usize {
    std::env::var("LOAD_JOBS").map_or(10_000, |text| text.parse().unwrap())
}

/// Posts that are due at once, on accounts of all three platforms. Each post's
/// text is its own, so that the truth at the platforms can be matched.
fn plant(world: &World, jobs: usize) {
    let company = world.company();
    let image = world.media("1.jpg");
    let accounts: Vec<(Uuid, &str)> = (0..jobs.div_ceil(JOBS_PER_ACCOUNT).max(3))
        .map(|number| (Uuid::new_v4(), PLATFORMS[number % PLATFORMS.len()]))
        .collect();
    let rows = accounts.iter().enumerate().map(|(number, (id, platform))| {
        let number = 2_000_000 + number;
        let external = match *platform {
            "linkedin" => format!("urn:li:organization:{number}"),
            _ => number.to_string(),
        };
        format!("('{id}', '{company}', '{platform}', 'Account {number}', '{external}')")
    });
    insert(
        world,
        "meta_social_accounts (id, company_id, platform, account_name, external_id)",
        rows,
    );
    let posts: Vec<Uuid> = (0..jobs).map(|_| Uuid::now_v7()).collect();
    let rows = posts.iter().enumerate().map(|(number, id)| {
        let (account, platform) = &accounts[number % accounts.len()];
        let media = match *platform {
            "instagram" => format!("'{}'", json!([{"url": image, "type": "image"}])),
            _ => "NULL".to_owned(),
        };
        format!(
            "('{id}', '{company}', '{account}', '{platform}', 'post', 'Post {number}', {media})"
        )
    });
    insert(
        world,
        "post_details (id, company_id, social_account_id, platform, post_type, caption, media)",
        rows,
    );
    let due = world.database.in_seconds(-1);
    let rows = posts.iter().map(|id| format!("('{}', '{id}', {due})", Uuid::now_v7()));
    insert(world, "post_schedule (id, post_detail_id, run_at)", rows);
}

fn insert(world: &World, into: &str, rows: impl Iterator<Item = String>) {
    let rows: Vec<String> = rows.collect();
    for part in rows.chunks(ROWS) {
        world.database.execute(&format!("INSERT INTO {into} VALUES {}", part.join(", ")));
    }
}

/// Cancels posts that workers are publishing or will claim soon, evenly over the whole
/// run; returns the runs' standard errors. `program` is one without arguments.
fn cancel(
    (database, program): (&Database, &Command),
    (quota, jobs): (usize, usize),
    open: &AtomicUsize,
    number: usize,
) -> String {
    let mut log = String::new();
    let variables = || program.get_envs().filter_map(|(name, value)| Some((name, value?)));
    for done in 0..quota {
        let due_at = jobs - jobs * done / quota;
        while open.load(Ordering::Relaxed) > due_at {
            thread::sleep(Duration::from_millis(5));
        }
        let next = database.rows(
            "SELECT CAST(s.post_detail_id AS CHAR(36)) FROM post_schedule s
              WHERE s.status IN ('pending', 'processing') ORDER BY s.run_at, s.id LIMIT 40",
        );
        let Some(post) = next.get((done * 7 + number * 11) % 40).or(next.last()) else { break };
        let mut cancel = Command::new(program.get_program());
        cancel.args(["cancel", &post[0], "--yes"]).env_clear().envs(variables());
        let output = cancel.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        // 4: it was published meanwhile.
        assert!(matches!(output.status.code(), Some(0 | 4)), "{:?}: {stderr}", output.status);
        log.push_str(&stderr);
    }
    log
}

/// Runs workers and cancellers until no post is open; their logs, and how long it took.
fn run(world: &World, jobs: usize) -> (String, Duration) {
    let start = Instant::now();
    let workers: Vec<Daemon> = (0..WORKERS)
        .map(|number| {
            // Two workers share even one name: only the fence distinguishes their claims.
            let name = format!("worker-{}", number.max(1));
            world.start_worker(&["--worker-id", &name, "--poll-interval", "200ms"])
        })
        .collect();
    let open = AtomicUsize::new(jobs);
    let program = world.command(&[]);
    let (mut log, took) = thread::scope(|scope| {
        let cancellers: Vec<_> = (0..CANCELLERS)
            .map(|number| {
                let (on, open) = ((&world.database, &program), &open);
                let quota = jobs / CANCELLED_OF / CANCELLERS;
                scope.spawn(move || cancel(on, (quota, jobs), open, number))
            })
            .collect();
        let (mut least, mut since) = (jobs, Instant::now());
        loop {
            let left = world.open_posts();
            open.store(left, Ordering::Relaxed);
            if left == 0 {
                break;
            }
            if left < least {
                (least, since) = (left, Instant::now());
            }
            if since.elapsed() > STALLED {
                // Makes the cancellers end.
                open.store(0, Ordering::Relaxed);
                panic!("{left} posts are open and none ended for {STALLED:?}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        let took = start.elapsed();
        let logs = cancellers.into_iter().map(|canceller| canceller.join().unwrap());
        (logs.collect::<String>(), took)
    });
    for mut worker in workers {
        worker.terminate();
        assert_eq!(worker.wait(), 0, "{}", worker.stderr());
        log.push_str(&worker.stderr());
    }
    (log, took)
}

/// What must not be: each as a sentence.
fn faults(world: &World, log: &str) -> Vec<String> {
    let mut live: HashMap<String, usize> = HashMap::new();
    for item in world.live() {
        *live.entry(item["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let mut faults: Vec<String> = live
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(text, times)| format!("{text} is live {times} times"))
        .collect();
    for row in world.database.rows("SELECT caption, status FROM post_details") {
        match (row[1].as_str(), live.contains_key(&row[0])) {
            ("published", true) | ("cancelled", false) => {}
            (status, live) => faults.push(format!("{} is {status}, live: {live}", row[0])),
        }
    }
    faults.extend(world.database.breaches());
    // No job was lost to an error, not even for a while.
    faults.extend(log.lines().filter(|line| line.contains("\"ERROR\"")).map(str::to_owned));
    faults
}

#[test]
#[ignore = "takes minutes: tests/load runs it"]
fn load_publishes_every_job_at_most_once() {
    let jobs = jobs();
    let world =
        World::with(SandboxOptions { instagram_daily_posts: 1000, ..SandboxOptions::default() });
    world.set("SOCIALSCHED_LOG", "socialsched=info,socialsched::store=debug");
    world.set("SOCIALSCHED_LOG_FORMAT", "json");
    plant(&world, jobs);
    let before = world.database.counters();
    let (log, took) = run(&world, jobs);
    let after = world.database.counters();
    let faults = faults(&world, &log);

    let count = |sql: &str| world.database.value(sql).parse::<usize>().unwrap();
    let ended = |status: &str| {
        count(&format!("SELECT COUNT(*) FROM post_details WHERE status = '{status}'"))
    };
    let deadlocks = after.deadlocks - before.deadlocks;
    let transactions = after.transactions - before.transactions;
    let rate = deadlocks as f64 * 10_000.0 / transactions.max(1) as f64;
    let mut repeated: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines().filter(|line| line.contains("transaction repeated")) {
        let json: Value = serde_json::from_str(line).unwrap();
        let why = [&json["error"], &json["fields"]["error"]].into_iter().find_map(Value::as_str);
        *repeated.entry(why.unwrap_or(line).to_owned()).or_default() += 1;
    }
    let double = faults.iter().filter(|fault| fault.contains(" times")).count();
    let cancelled_live =
        faults.iter().filter(|fault| fault.contains("is cancelled, live: true")).count();
    let mut table = String::new();
    let mut row = |name: &str, value: String| writeln!(table, "  {name:<50} {value:>10}").unwrap();
    row("jobs", jobs.to_string());
    row("seconds", format!("{:.1}", took.as_secs_f64()));
    row("jobs per second", format!("{:.1}", jobs as f64 / took.as_secs_f64()));
    row("published", ended("published").to_string());
    row("cancelled", ended("cancelled").to_string());
    row(
        "claimed more than once",
        count("SELECT COUNT(*) FROM post_schedule WHERE fence > 1").to_string(),
    );
    row("live more than once", double.to_string());
    row("cancelled but live", cancelled_live.to_string());
    row("transactions", transactions.to_string());
    row("deadlocks", deadlocks.to_string());
    row("deadlocks per 10,000 transactions", format!("{rate:.2}"));
    row("transactions repeated", repeated.values().sum::<usize>().to_string());
    for (why, times) in &repeated {
        row(&format!("  {why}"), times.to_string());
    }
    row("all faults", faults.len().to_string());
    let engine = world.database.engine();
    write!(std::io::stdout(), "\n{engine:?}\n{table}\n").unwrap();

    assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(50)]);
    assert!(rate <= 1.0, "{deadlocks} deadlocks in {transactions} transactions");
    world.assert_healthy();
}
