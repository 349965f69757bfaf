//! Workers killed at random instants, several at a time, while the platforms
//! have faults. A failure names its seed; this runs the same plan again:
//!
//! ```text
//! KILL_SEED=<seed> KILLS=1 cargo nextest run --features kill-points -E 'test(kills::random::first)'
//! ```

use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use socialsched::sandbox::SandboxOptions;

use super::flows::FLOWS;
use super::harness::{Harness, Planted};
use super::settings::{Dice, number, report};

/// Posts die and end together; few enough that each round's end comes soon.
const KILLS_PER_ROUND: u32 = 50;
/// A worker with a full queue is at it for longer.
const LONGEST_LIFE_MS: u64 = 150;
/// Fake time that passes after a death: from nothing to any lease.
const PAUSES: [u64; 6] = [0, 0, 20, 60, 150, 300];

/// The calls that make something visible.
pub const PUBLISH_CALLS: [&str; 3] = [
    r#"{"call": "publish", "platform": "facebook"}"#,
    r#"{"call": "publish", "platform": "instagram"}"#,
    r#"{"call": "publish", "platform": "linkedin"}"#,
];

/// The possible faults of a publish call. The refusals of members' posts are believed,
/// and a call that LinkedIn itself takes twice is a double post that this program cannot
/// prevent.
fn publish_faults(call: &str, dice: &mut Dice) -> Value {
    const LOST: [&str; 6] = [
        "after_commit_drop",
        "after_commit_5xx",
        "after_commit_html_502",
        "before_commit_drop",
        "duplicate_delivery",
        "after_commit_4xx",
    ];
    if call.contains("linkedin") {
        return json!({"fault": dice.pick(&LOST[..4])});
    }
    // None that an operator would have to do something about.
    if dice.one_in(3) {
        let code = dice.pick(&[1, 2, 4, 100, 194, 352, 506, -1, -2, 9007]);
        return json!({"fault": "refuse", "effect": "once", "code": code});
    }
    json!({"fault": dice.pick(&LOST)})
}

/// Delays the answers of publish calls so that many workers die waiting.
fn dawdle(harness: &Harness) {
    for call in PUBLISH_CALLS {
        harness.world.fault(&json!({
            "match": serde_json::from_str::<Value>(call).unwrap(),
            "when": {"probability": 0.5}, "fault": "slow_first_byte", "delay_ms": 50,
        }));
    }
}

/// Platforms with random faults: lost and false answers, and lags.
fn set_faults(harness: &Harness, dice: &mut Dice) -> Vec<String> {
    let mut rules = Vec::new();
    for call in PUBLISH_CALLS {
        if dice.one_in(2) {
            let mut rule = publish_faults(call, dice);
            rule["match"] = serde_json::from_str(call).unwrap();
            rule["when"] = json!({"probability": 0.3});
            rules.push(rule);
        }
    }
    if dice.one_in(2) {
        rules.push(json!({
            "match": {"method": "GET", "platform": dice.pick(&["facebook", "instagram", "linkedin"])},
            "when": {"probability": 0.2}, "fault": "stale_status",
        }));
    }
    if dice.one_in(2) {
        let fault = dice.pick(&["before_commit_5xx", "after_commit_drop", "after_commit_5xx"]);
        rules.push(json!({
            "match": {"method": "POST"}, "when": {"probability": 0.1}, "fault": fault,
        }));
    }
    rules.iter().for_each(|rule| harness.world.fault(rule));
    rules.iter().map(Value::to_string).collect()
}

/// Lists and states that lag behind, and clocks that differ.
fn options(seed: u64, dice: &mut Dice) -> SandboxOptions {
    SandboxOptions {
        seed,
        list_delay_ms: *dice.pick(&[0, 0, 30_000]),
        stale_state_ms: *dice.pick(&[0, 0, 20_000, 160_000]),
        clock_offset_ms: *dice.pick(&[0, 0, -7_200_000, 600_000, 90_000_000]),
        ..SandboxOptions::default()
    }
}

/// Kills a worker that has lived long enough, unless it was faster.
fn kill(harness: &Harness, mut worker: Child, life: Duration) {
    thread::sleep(life);
    worker.kill().unwrap();
    if worker.wait().unwrap().signal().is_some() {
        harness.count_kill();
    }
}

/// One round: posts of every flow, deaths, and the judgement.
fn round(seed: u64) -> u32 {
    let mut dice = Dice::new(seed);
    let mut plan = Vec::new();
    let harness = Harness::with(options(seed, &mut dice));
    if dice.one_in(2) {
        plan = set_faults(&harness, &mut dice);
        harness.expect_refusals();
    }
    if dice.one_in(2) {
        plan.push("slow answers".to_owned());
        dawdle(&harness);
    }
    let mut faults = Vec::new();
    let mut open: Vec<Planted> = Vec::new();
    while harness.kills() < KILLS_PER_ROUND {
        if harness.world.open_posts() == 0 {
            faults.extend(harness.check_posts());
            open = FLOWS.iter().map(|flow| harness.plant(flow)).collect();
        }
        if dice.one_in(20) {
            let post = dice.pick(&open);
            plan.push(format!("cancel {}", post.flow.name));
            // Too late for some; what matters is that it does what it says.
            harness.world.run(&["cancel", &post.id]);
        }
        let workers = 1 + dice.below(3);
        let mut lives: Vec<u64> = (0..workers).map(|_| dice.below(LONGEST_LIFE_MS)).collect();
        lives.sort_unstable();
        let pause = *dice.pick(&PAUSES);
        plan.push(format!("lives of {lives:?} ms, then {pause} s"));
        let running: Vec<Child> =
            lives.iter().map(|_| harness.any_worker().spawn().unwrap()).collect();
        let mut before = 0;
        for (worker, life) in running.into_iter().zip(lives) {
            kill(&harness, worker, Duration::from_millis(life - before));
            before = life;
        }
        harness.world.advance(Duration::from_secs(pause));
    }
    faults.extend(harness.check_posts());
    if !faults.is_empty() {
        report(&format!("random kills, KILL_SEED={seed}:\n  {}", plan.join("\n  ")));
    }
    harness.assert_sound(&format!("random kills, seed {seed}"), &faults);
    harness.kills()
}

/// Rounds until there were enough kills. `part` keeps the seeds of tests apart.
fn rounds(part: u64) {
    let wanted = number("KILLS", 200);
    let first = number("KILL_SEED", 1) + part * 1_000_000;
    let mut kills = 0;
    for seed in first.. {
        if kills >= wanted {
            break;
        }
        kills += u64::from(round(seed));
    }
}

#[test]
fn first() {
    rounds(0);
}

#[test]
fn second() {
    rounds(1);
}

#[test]
fn third() {
    rounds(2);
}

#[test]
fn fourth() {
    rounds(3);
}
