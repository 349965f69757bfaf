//! Two kills: one at every point, and one at every point of the workers that
//! recover from it. The ordered pairs of one flow per platform.

use std::collections::BTreeSet;
use std::time::Duration;

use super::flows::{FACEBOOK_COMMENT, FACEBOOK_TEXT, Flow, INSTAGRAM_IMAGE, LINKEDIN_IMAGE};
use super::ground::{Ground, LEASE_OVER, Planted};
use super::points::transactions;
use super::settings::{Dice, number, report};

/// The second kill comes within so many runs of the recovering worker, or
/// never, since the first one left nothing to recover from.
const RECOVERING_RUNS: u32 = 14;

/// Time passes between them: first that of leases, then that of look-ups,
/// which come more and more rarely.
fn pause(run: u32) -> Duration {
    if run < 4 { LEASE_OVER } else { LEASE_OVER * 5 }
}

/// The recovering workers' points after a kill at `first`.
fn recovery(ground: &Ground, flow: &'static Flow, first: &str) -> Vec<String> {
    let post = ground.plant(flow);
    ground.killed_at(ground.worker(&post), first);
    let mut points = Vec::new();
    for run in 0..RECOVERING_RUNS {
        ground.world.advance(pause(run));
        for point in ground.trace(ground.worker(&post)) {
            if !points.contains(&point) {
                points.push(point);
            }
        }
        if ground.is_settled() {
            break;
        }
    }
    points
}

/// `from`: the first kill is at a point that begins so, or later. `expected`:
/// transactions that recovering workers must have come to.
fn all_pairs(flow: &'static Flow, from: &str, expected: &[&str]) {
    let share = number("KILL_SHARE", 4);
    let mut dice = Dice::new(number("KILL_SEED", 1));
    let ground = Ground::new();
    let post = ground.plant(flow);
    let mut firsts = ground.trace(ground.worker(&post));
    firsts.drain(..firsts.iter().position(|point| point.starts_with(from)).unwrap());
    let mut faults = ground.judge();
    let mut recovering = BTreeSet::new();
    for first in &firsts {
        let mut seconds = recovery(&ground, flow, first);
        recovering.extend(transactions(&seconds).into_iter().map(str::to_owned));
        seconds.retain(|_| dice.one_in(share));
        let plans: Vec<(Planted, &String)> =
            seconds.iter().map(|second| (ground.plant(flow), second)).collect();
        for (post, _) in &plans {
            ground.killed_at(ground.worker(post), first);
        }
        let mut waiting: Vec<&(Planted, &String)> = plans.iter().collect();
        for run in 0..RECOVERING_RUNS {
            if waiting.is_empty() {
                break;
            }
            ground.world.advance(pause(run));
            waiting.retain(|(post, second)| !ground.killed_at(ground.worker(post), second));
        }
        ground.world.advance(LEASE_OVER);
        for (post, fault) in ground.judge() {
            let second = plans.iter().find(|(planned, _)| planned.id == post.id).map(|(_, s)| *s);
            report(&format!("{} killed at {first}, then at {second:?}: {fault}", flow.name));
            faults.push((post, fault));
        }
    }
    ground.assert_sound(&format!("pairs of {}, one in {share}", flow.name), &faults);
    for transaction in expected {
        assert!(recovering.contains(*transaction), "never recovered by {transaction}");
    }
}

#[test]
fn facebook() {
    all_pairs(&FACEBOOK_TEXT, "", &["take_over", "record_lookup", "record_failure", "record_live"]);
}

#[test]
fn instagram() {
    all_pairs(
        &INSTAGRAM_IMAGE,
        "",
        &["take_over", "record_lookup", "record_failure", "record_live"],
    );
}

#[test]
fn linkedin() {
    all_pairs(&LINKEDIN_IMAGE, "", &["take_over", "record_lookup", "hold", "record_live"]);
}

/// From the moment on when the comment is sent.
#[test]
fn first_comment() {
    all_pairs(&FACEBOOK_COMMENT, "begin_comment", &["record_comment", "end_lost_comments"]);
}
