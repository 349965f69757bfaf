//! Two kills: one at every point, and one at every point of the workers that
//! recover from it. The ordered pairs of every flow.

use std::collections::BTreeSet;
use std::time::Duration;

use super::flows::{Flow, test_every_flow};
use super::harness::{Harness, LEASE_OVER, Planted};
use super::kill_points::transactions;
use super::settings::{Dice, number, report};

/// The second kill comes within this many runs of the recovering worker, or never, since
/// the first one left nothing to recover from.
const RECOVERING_RUNS: u32 = 14;

/// Time passes between them: first that of leases, then that of look-ups,
/// which come more and more rarely.
fn pause(run: u32) -> Duration {
    if run < 4 { LEASE_OVER } else { LEASE_OVER * 5 }
}

/// The recovering workers' points after a kill at `first`.
fn recovery(harness: &Harness, flow: &'static Flow, first: &str) -> Vec<String> {
    let post = harness.plant(flow);
    harness.killed_at(harness.worker(&post), first);
    let mut points = Vec::new();
    for run in 0..RECOVERING_RUNS {
        harness.world.advance(pause(run));
        for point in harness.trace(harness.worker(&post)) {
            if !points.contains(&point) {
                points.push(point);
            }
        }
        if harness.is_settled() {
            break;
        }
    }
    points
}

/// One in this many, at least, of the second points after one first point is tried: to
/// find them takes as long as to die at some of them.
const SECONDS_OF: u64 = 8;

/// Number of first points that are tried of every flow.
const FIRSTS_LEAST: usize = 3;

/// The transactions that recovering workers must have reached.
fn expected(flow: &Flow) -> &'static [&'static str] {
    match flow.name {
        _ if flow.first_comment.is_some() => &["record_comment", "take_follow_ups"],
        "LinkedIn text" => {
            &["take_over", "record_lookup", "ask_for_review", "record_matched", "record_live"]
        }
        "LinkedIn member" => &["take_over", "ask_for_review", "record_live"],
        _ if flow.is_two_step() => &["take_over", "record_lookup", "record_failure", "record_live"],
        _ => &["take_over", "record_lookup", "ask_for_review", "record_live"],
    }
}

/// Of flows with a comment, the first kill is when it is sent, or later: what
/// comes before is in the flow without one.
fn all_pairs(flow: &'static Flow) {
    let share = number("KILL_SHARE", 64);
    let (of_seconds, of_firsts) = (share.min(SECONDS_OF), share.div_ceil(SECONDS_OF));
    let mut dice = Dice::new(number("KILL_SEED", 1));
    let harness = Harness::new();
    let post = harness.plant(flow);
    let mut firsts = harness.trace(harness.worker(&post));
    if flow.first_comment.is_some() {
        let from = firsts.iter().position(|point| point.starts_with("begin_comment"));
        firsts.drain(..from.unwrap());
    }
    let possible = firsts.len();
    let every = usize::try_from(of_firsts).unwrap().min(possible.div_ceil(FIRSTS_LEAST));
    let from = usize::try_from(dice.below(every as u64)).unwrap();
    firsts = firsts.into_iter().skip(from).step_by(every).collect();
    let mut faults = harness.check_posts();
    let mut recovering = BTreeSet::new();
    let (mut known, mut tried) = (0, 0);
    for first in &firsts {
        let mut seconds = recovery(&harness, flow, first);
        recovering.extend(transactions(&seconds).into_iter().map(str::to_owned));
        known += seconds.len();
        seconds.retain(|_| dice.one_in(of_seconds));
        tried += seconds.len();
        let plans: Vec<(Planted, &String)> =
            seconds.iter().map(|second| (harness.plant(flow), second)).collect();
        for (post, _) in &plans {
            harness.killed_at(harness.worker(post), first);
        }
        let mut waiting: Vec<&(Planted, &String)> = plans.iter().collect();
        for run in 0..RECOVERING_RUNS {
            if waiting.is_empty() || harness.is_settled() {
                break;
            }
            harness.world.advance(pause(run));
            waiting.retain(|(post, second)| !harness.killed_at(harness.worker(post), second));
        }
        harness.world.advance(LEASE_OVER);
        for (post, fault) in harness.check_posts() {
            let second = plans.iter().find(|(planned, _)| planned.id == post.id).map(|(_, s)| *s);
            report(&format!("{} killed at {first}, then at {second:?}: {fault}", flow.name));
            faults.push((post, fault));
        }
    }
    let all = known * possible / firsts.len();
    harness.assert_sound(&format!("{tried} of about {all} pairs of {}", flow.name), &faults);
    if of_firsts == 1 {
        for transaction in expected(flow) {
            assert!(recovering.contains(*transaction), "never recovered by {transaction}");
        }
    }
}

test_every_flow!(all_pairs);
