//! F18: very many posts. The variables `TEST_FINISHED` and `TEST_DUE` make
//! them more; with `--nocapture` the test prints its figures.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::support::{Engine, World, eventually};

/// So many posts are published before the worker's memory is looked at.
const PUBLISHED: usize = 20;
/// How much more memory a long queue may cost than a short one, in KiB: SQLite
/// keeps up to 2 MB of pages for each of a worker's connections.
const MORE_MAX: u64 = 14_000;
/// The posts are theirs in turn.
const ACCOUNTS: usize = 10;

#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Posts that ended days ago, and posts that are due.
fn plant(world: &World, (finished, due): (u32, u32)) {
    let database = &world.database;
    let id = |letter: &str| {
        let number = match database.engine() {
            Engine::Sqlite => "printf('%012d', i)",
            Engine::MariaDb => "LPAD(i, 12, '0')",
            Engine::Postgres => "LPAD(CAST(i AS TEXT), 12, '0')",
        };
        let prefix = format!("'{letter}0000000-0000-4000-8000-'");
        match database.engine() {
            Engine::Sqlite => format!("{prefix} || {number}"),
            Engine::MariaDb => format!("CONCAT({prefix}, {number})"),
            Engine::Postgres => format!("CAST({prefix} || {number} AS UUID)"),
        }
    };
    let (post, job) = (id("a"), id("b"));
    let (then, now) = (database.in_seconds(-300_000), database.in_seconds(-60));
    let (company, all) = (world.company(), finished + due);
    let digits: String = (1..10).map(|n| format!(" UNION ALL SELECT {n}")).collect();
    let places = 0..all.to_string().len();
    let sum: Vec<_> =
        places.clone().map(|p| format!("n{p}.n * {}", 10_u32.pow(p as u32))).collect();
    let from: Vec<_> = places.map(|place| format!("n n{place}")).collect();
    let (sum, from) = (sum.join(" + "), from.join(", "));
    database.execute(&format!(
        "CREATE TABLE numbers (i BIGINT NOT NULL PRIMARY KEY);
         INSERT INTO numbers
         WITH n AS (SELECT 0 AS n{digits})
         SELECT {sum} FROM {from} WHERE {sum} < {all};"
    ));
    for turn in 0..ACCOUNTS {
        let account = world.account("facebook").id;
        database.execute(&format!(
            "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type,
                                       caption, status, outcome, updated_at)
             SELECT {post}, '{company}', '{account}', 'facebook', 'post', 'Hello',
                    CASE WHEN i < {finished} THEN 'published' ELSE 'pending' END,
                    CASE WHEN i < {finished} THEN 'published' END, {then}
               FROM numbers WHERE i % {ACCOUNTS} = {turn}"
        ));
    }
    database.execute(&format!(
        "INSERT INTO post_schedule (id, post_detail_id, run_at, status)
         SELECT {job}, {post}, CASE WHEN i < {finished} THEN {then} ELSE {now} END,
                CASE WHEN i < {finished} THEN 'done' ELSE 'pending' END FROM numbers;
         DROP TABLE numbers;"
    ));
}

/// The most memory that a worker held until it had published some posts, in
/// KiB, and how long that took.
fn peak(posts: (u32, u32)) -> (u64, Duration) {
    let world = World::new();
    plant(&world, posts);
    let start = Instant::now();
    let mut worker = world.start_worker(&[]);
    eventually("it has published some", || world.live().len() >= PUBLISHED);
    let took = start.elapsed();
    let status = fs::read_to_string(format!("/proc/{}/status", worker.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().trim_end_matches(" kB").parse().unwrap();
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    (peak, took)
}

/// **F18**: a worker needs no more memory for a long queue than for a short
/// one.
#[test]
fn long_queue_needs_no_more_memory() {
    let (finished, due) = (number("TEST_FINISHED", 20_000), number("TEST_DUE", 20_000));
    let (short, took_short) = peak((100, 100));
    let (long, took_long) = peak((finished, due));
    writeln!(
        std::io::stderr(),
        "{PUBLISHED} posts: {short} KiB in {took_short:?}; \
         among {due} due and {finished} finished: {long} KiB in {took_long:?}"
    )
    .unwrap();
    assert!(long < short + MORE_MAX, "{long} KiB instead of {short}");
}
