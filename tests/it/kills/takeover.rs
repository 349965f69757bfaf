//! How long a dead worker's posts wait until another one has them, with the usual lease
//! and in real time. A measurement: it takes minutes, so only `tests/nightly` makes it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use socialsched::simulation::percentile;

use super::flows::{FACEBOOK_TEXT, Flow};
use super::harness::{Harness, Planted};
use super::settings::{Dice, number, report};
use crate::support::{Daemon, Engine, eventually};

/// Workers that die within two heartbeats, each with five posts. A server gives
/// away 100 connections or little more, and each worker takes several.
fn victims(engine: Engine) -> u32 {
    if engine == Engine::Sqlite { 20 } else { 4 }
}

/// They die in different moments of the heartbeat, which comes every 15 s.
const HEARTBEAT_MS: u64 = 15_000;
/// Longer than any lease.
const LIMIT: Duration = Duration::from_secs(240);
/// What 99 of 100 posts may wait: the lease of 60 s, and then a worker that
/// looks for abandoned ones.
const P99_MAX: Duration = Duration::from_secs(75);

/// Kills workers whose posts hang in this call and measures until a standby
/// worker has each post. Shortest first.
fn measure(flow: &'static Flow, call: &str) -> Vec<Duration> {
    let harness = Harness::new();
    harness.world.fault(&json!({
        "match": serde_json::from_str::<serde_json::Value>(call).unwrap(),
        "fault": "before_commit_hang",
    }));
    let mut dice = Dice::new(number("KILL_SEED", 1));
    let mut dying: Vec<(Daemon, Vec<Planted>)> = Vec::new();
    let victims = victims(harness.world.database.engine());
    for number in 1..=victims {
        let posts: Vec<Planted> = (0..5).map(|_| harness.plant(flow)).collect();
        let worker = harness.world.start_worker(&[]);
        let hanging = || {
            let calls = harness.world.calls();
            calls.iter().filter(|call| call["fault"].is_string()).count()
        };
        eventually("the calls hang", || hanging() == 5 * number as usize);
        dying.push((worker, posts));
    }
    harness.world.heal();
    let standby = harness.world.start_worker(&["--concurrency", "64", "--batch-size", "64"]);
    let mut died: BTreeMap<String, (Instant, String)> = BTreeMap::new();
    let owner = |id: &str| {
        let sql = format!("SELECT worker_id FROM post_schedule WHERE post_detail_id = '{id}'");
        harness.world.database.value(&sql)
    };
    for (mut worker, posts) in dying {
        thread::sleep(Duration::from_millis(dice.below(2 * HEARTBEAT_MS / u64::from(victims))));
        worker.kill();
        harness.count_kill();
        let now = Instant::now();
        died.extend(posts.into_iter().map(|post| {
            let owner = owner(&post.id);
            (post.id, (now, owner))
        }));
    }
    let mut took = Vec::new();
    let began = Instant::now();
    while !died.is_empty() {
        assert!(began.elapsed() < LIMIT, "never taken over: {died:?}");
        died.retain(|id, (at, dead)| {
            let waits = owner(id) == *dead;
            if !waits {
                took.push(at.elapsed());
            }
            waits
        });
        thread::sleep(Duration::from_millis(20));
    }
    drop(standby);
    harness.world.advance(super::harness::LEASE_OVER);
    let faults = harness.check_posts();
    harness.assert_sound("taking over", &faults);
    took.sort_unstable();
    took
}

fn tell(what: &str, took: &[Duration]) {
    let at = |share| percentile(took, share).unwrap();
    report(&format!(
        "TAKEOVER\t{what}\tposts={}\tp50={} ms\tp99={} ms\tmax={} ms",
        took.len(),
        at(50).as_millis(),
        at(99).as_millis(),
        at(100).as_millis()
    ));
    assert!(at(99) <= P99_MAX, "p99 is {:?}", at(99));
}

#[test]
#[ignore = "a measurement in real time, made by tests/nightly"]
fn of_posts_that_were_being_prepared() {
    let call = r#"{"method": "POST", "path_contains": "/feed"}"#;
    tell("dead while preparing", &measure(&FACEBOOK_TEXT, call));
}

#[test]
#[ignore = "a measurement in real time, made by tests/nightly"]
fn of_posts_that_were_being_published() {
    let call = r#"{"method": "POST", "body_contains": "\"is_published\":true"}"#;
    tell("dead while publishing", &measure(&FACEBOOK_TEXT, call));
}
