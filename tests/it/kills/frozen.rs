//! Workers that stand still at every point until their leases are over and
//! others have finished their posts, and then go on as if nothing had been.
//!
//! Less real time passes than they would need to notice it by the clock, so
//! that only fences and single-use objects protect the posts.

use std::collections::BTreeSet;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::flows::{FACEBOOK_TEXT, FLOWS, Flow, INSTAGRAM_IMAGE, LINKEDIN_IMAGE};
use super::ground::{Ground, LEASE_OVER, Planted};
use super::points;
use super::settings::{Dice, number};
use crate::support::{Engine, eventually};

/// The heartbeat of a worker may hold a lock at the moment it is frozen.
const TRIES: u32 = 5;

/// A worker that stands still at a point.
struct Frozen(Child);

impl Frozen {
    /// `None`: it ended before it came there.
    fn at(ground: &Ground, post: &Planted, point: &str, lease: &str) -> Option<Self> {
        let mut worker = ground.worker(post);
        worker.args(["--lease", lease]).env("SOCIALSCHED_STOP_AT", point);
        let mut child = worker.spawn().unwrap();
        let either = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(Pid::from_child(&child)), either).unwrap().unwrap();
        if status.stopped() {
            return Some(Self(child));
        }
        child.wait().unwrap();
        None
    }

    /// Lets it go on to its end.
    fn thaw(mut self) {
        kill_process(Pid::from_child(&self.0), Signal::CONT).unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Frozen {
    /// After a failed test: nobody could drop a database that it still uses.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether nobody holds a lock on this post, nor on the list of workers.
fn is_free(ground: &Ground, post: &Planted) -> bool {
    let rows = format!(
        "SELECT id FROM post_schedule WHERE post_detail_id = '{}' FOR UPDATE;
         SELECT id FROM workers FOR UPDATE",
        post.id
    );
    let sql = match ground.world.database.engine() {
        Engine::Sqlite => "PRAGMA busy_timeout = 200; BEGIN IMMEDIATE; ROLLBACK;".to_owned(),
        Engine::MariaDb => format!("SET innodb_lock_wait_timeout = 1; BEGIN; {rows}; ROLLBACK;"),
        Engine::Postgres => format!("SET lock_timeout = '200ms'; BEGIN; {rows}; ROLLBACK;"),
    };
    ground.world.database.try_execute(&sql).is_ok()
}

/// Workers frozen at the same time: each keeps connections to its database,
/// and a server has only so many.
fn at_once(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 50,
        Engine::MariaDb | Engine::Postgres => 6,
    }
}

/// Freezes one worker at every point outside of a transaction; others finish
/// their posts; then all of them go on.
fn outside_of_transactions(flow: &'static Flow) {
    let ground = Ground::new();
    let post = ground.plant(flow);
    let mut at = ground.trace(ground.worker(&post));
    at.retain(|point| !point.contains(".before_commit:"));
    let mut plans = Vec::new();
    for points in at.chunks(at_once(ground.world.database.engine())) {
        let frozen: Vec<Frozen> =
            points.iter().filter_map(|point| freeze(&ground, flow, point, &mut plans)).collect();
        ground.world.advance(LEASE_OVER);
        ground.finish();
        frozen.into_iter().for_each(Frozen::thaw);
    }
    let reached: Vec<&String> = plans.iter().map(|(_, point)| point).collect();
    let surely = at.iter().filter(|point| point.ends_with(":1") && !points::is_timed(point));
    for point in surely {
        assert!(reached.contains(&point), "{} was not frozen at {point}", flow.name);
    }
    ground.world.advance(LEASE_OVER);
    let faults = ground.judge();
    sum_up(&ground, &format!("outside of transactions, {}", flow.name), &plans, faults);
}

/// Freezes a worker with a post of its own at this point, none of its threads
/// holding a lock.
fn freeze(
    ground: &Ground,
    flow: &'static Flow,
    point: &str,
    plans: &mut Vec<(Planted, String)>,
) -> Option<Frozen> {
    for _ in 0..TRIES {
        let post = ground.plant(flow);
        let worker = Frozen::at(ground, &post, point, "60s")?;
        if is_free(ground, &post) {
            plans.push((post, point.to_owned()));
            return Some(worker);
        }
        worker.thaw();
    }
    None
}

fn sum_up(
    ground: &Ground,
    what: &str,
    plans: &[(Planted, String)],
    mut faults: Vec<(Planted, String)>,
) {
    for (post, fault) in &mut faults {
        let point = plans.iter().find(|(planned, _)| planned.id == post.id).map(|(_, p)| p);
        *fault = format!("frozen at {point:?}: {fault}");
    }
    ground.note(plans.len());
    ground.assert_sound(&format!("frozen {what}"), &faults);
}

/// Freezes a worker in every transaction until its lease is really over. What
/// it locked stays locked; a successor comes and both go on together.
fn in_transactions(flow: &'static Flow) {
    let ground = Ground::new();
    let post = ground.plant(flow);
    let mut at = ground.trace(ground.worker(&post));
    at.retain(|point| point.contains(".before_commit:"));
    let mut plans = Vec::new();
    for point in &at {
        let post = ground.plant(flow);
        let Some(worker) = Frozen::at(&ground, &post, point, "1s") else { continue };
        wait_for_the_lease(&ground, &post);
        let mut successor = ground.worker(&post).args(["--lease", "1s"]).spawn().unwrap();
        worker.thaw();
        successor.wait().unwrap();
        plans.push((post, point.clone()));
    }
    assert!(plans.len() + 3 >= at.len(), "most were frozen: {plans:?}");
    ground.world.advance(LEASE_OVER);
    let faults = ground.judge();
    sum_up(&ground, &format!("in transactions, {}", flow.name), &plans, faults);
}

/// Waits until a short lease is over; the long one of a gate is not waited for.
fn wait_for_the_lease(ground: &Ground, post: &Planted) {
    let database = &ground.world.database;
    let left = database.seconds_until("lease_until");
    let sql = format!(
        "SELECT COUNT(*) FROM post_schedule WHERE post_detail_id = '{}' AND {left} BETWEEN 0 AND 5",
        post.id
    );
    let began = Instant::now();
    eventually("the lease is over", || {
        // A frozen heartbeat renews nothing, a live one would for ever.
        database.value(&sql) == "0" || began.elapsed() > Duration::from_secs(10)
    });
}

/// Freezes a worker, and then its successor, and lets the first one go on
/// while the successor still has the post. Every ordered pair of points.
fn overtaken(flow: &'static Flow) {
    let share = number("KILL_SHARE", 4);
    let mut dice = Dice::new(number("KILL_SEED", 1));
    let ground = Ground::new();
    let post = ground.plant(flow);
    let mut at = ground.trace(ground.worker(&post));
    at.retain(|point| !point.contains(".before_commit:") && !points::is_timed(point));
    let successors: Vec<String> =
        ["take_over.committed:1".to_owned()].into_iter().chain(at.clone()).collect();
    let mut plans = Vec::new();
    for first in &at {
        let seconds: Vec<&String> = successors.iter().filter(|_| dice.one_in(share)).collect();
        for seconds in seconds.chunks(at_once(ground.world.database.engine()) / 2) {
            let mut firsts = Vec::new();
            for second in seconds {
                let worker = freeze(&ground, flow, first, &mut plans);
                firsts.extend(worker.map(|worker| (worker, plans.len() - 1, *second)));
            }
            ground.world.advance(LEASE_OVER);
            let mut late = Vec::new();
            for (worker, plan, second) in firsts {
                let post = &plans[plan].0;
                match Frozen::at(&ground, post, second, "60s") {
                    Some(successor) if is_free(&ground, post) => late.push(successor),
                    // The first one would wait for its heartbeat's lock for ever.
                    Some(successor) => successor.thaw(),
                    None => {}
                }
                plans[plan].1 = format!("{first}, its successor at {second}");
                worker.thaw();
            }
            late.into_iter().for_each(Frozen::thaw);
        }
    }
    assert!(!plans.is_empty());
    ground.world.advance(LEASE_OVER);
    let faults = ground.judge();
    sum_up(
        &ground,
        &format!("with their successors, {}, one in {share}", flow.name),
        &plans,
        faults,
    );
}

#[test]
fn facebook_and_successors() {
    overtaken(&FACEBOOK_TEXT);
}

#[test]
fn instagram_and_successors() {
    overtaken(&INSTAGRAM_IMAGE);
}

#[test]
fn linkedin_and_successors() {
    overtaken(&LINKEDIN_IMAGE);
}

macro_rules! matrix {
    ($($test:ident: $flow:literal),+ $(,)?) => {
        $(#[test] fn $test() {
            outside_of_transactions(FLOWS.iter().find(|flow| flow.name == $flow).unwrap());
        })+
        #[test]
        fn g03_every_flow_is_frozen_at_every_point() {
            let tested = BTreeSet::from([$($flow),+]);
            assert_eq!(tested, FLOWS.iter().map(|flow| flow.name).collect());
        }
    };
}

matrix! {
    facebook_text: "Facebook text",
    facebook_photo: "Facebook photo",
    facebook_photos: "Facebook photos",
    facebook_video: "Facebook video",
    facebook_reel: "Facebook reel",
    facebook_photo_story: "Facebook photo story",
    facebook_video_story: "Facebook video story",
    instagram_image: "Instagram image",
    instagram_carousel: "Instagram carousel",
    instagram_reel: "Instagram reel",
    instagram_story: "Instagram story",
    linkedin_text: "LinkedIn text",
    linkedin_image: "LinkedIn image",
    linkedin_video: "LinkedIn video",
}

#[test]
fn facebook_in_transactions() {
    in_transactions(&FACEBOOK_TEXT);
}

#[test]
fn instagram_in_transactions() {
    in_transactions(&INSTAGRAM_IMAGE);
}

#[test]
fn linkedin_in_transactions() {
    in_transactions(&LINKEDIN_IMAGE);
}
