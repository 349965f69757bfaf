//! P18: signals that are not meant to kill.

use std::slice;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{assert_published_once, post};
use crate::support::{Daemon, PLATFORMS, World, eventually};

const SLOW: u64 = 1500;

fn signal(worker: &Daemon, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(worker.pid()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// A post on each platform whose publish calls are under way.
fn on_their_way(world: &World) -> (Vec<super::Post>, Daemon) {
    let slow = json!({
        "match": {"call": "publish"}, "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": SLOW,
    });
    let mut posts: Vec<_> = PLATFORMS
        .map(|platform| {
            post(world, ("image", platform, &["--image", "a.jpg"]), slice::from_ref(&slow))
        })
        .into();
    posts.push(post(world, ("member", "member", &[]), &[slow]));
    let worker = world.start_worker(&["-v"]);
    eventually("all publish calls are on their way", || {
        world.calls().iter().filter(|call| call["fault"].is_string()).count() == posts.len()
    });
    (posts, worker)
}

/// **P18**: SIGHUP drains a daemon like SIGTERM. A terminal that closes, or a
/// log that is rotated.
#[test]
fn sighup_drains_like_sigterm() {
    let world = World::new();
    let (posts, mut worker) = on_their_way(&world);
    signal(&worker, Signal::HUP);
    eventually("the signal has arrived", || worker.stderr().contains("stopping"));
    // Nor does a second one hurry it.
    signal(&worker, Signal::HUP);
    assert!(worker.is_running(), "{}", worker.stderr());
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    posts.iter().for_each(|post| assert_published_once(&world, post, 1));
    world.assert_healthy();
}

/// **P18**: signals that mean nothing are ignored.
#[test]
fn meaningless_signals_are_ignored() {
    let world = World::new();
    let (posts, mut worker) = on_their_way(&world);
    for ignored in [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::PIPE] {
        signal(&worker, ignored);
    }
    eventually("all are published", || {
        posts.iter().all(|post| world.status(&post.id) == "published")
    });
    assert!(worker.is_running(), "{}", worker.stderr());
    let later = post(&world, ("later", "facebook", &[]), &[]);
    eventually("it goes on", || world.status(&later.id) == "published");
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    posts.iter().for_each(|post| assert_published_once(&world, post, 1));
    world.assert_healthy();
}

/// **P18**: a run from cron drains at SIGHUP, too. It would end without a signal as well.
#[test]
fn cron_run_drains_at_sighup() {
    let world = World::new();
    let slow = json!({
        "match": {"call": "publish"}, "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": SLOW,
    });
    let member = post(&world, ("member", "member", &[]), &[slow]);
    let mut run = world.start(&["run-worker", "--once"]);
    eventually("the call is on its way", || world.fault_injected());
    for ignored in [Signal::USR1, Signal::USR2, Signal::ALARM] {
        signal(&run, ignored);
    }
    signal(&run, Signal::HUP);
    run.wait();
    assert_published_once(&world, &member, 1);
    world.advance(Duration::from_secs(3600));
    world.work(&[]);
    assert_published_once(&world, &member, 1);
    world.assert_healthy();
}
