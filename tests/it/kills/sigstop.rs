//! Workers that stand still at every point until their leases are over and
//! others have finished their posts, and then go on as if nothing had been.
//!
//! All of them have the same name, and less real time passes than they would need
//! to notice it by the clock, so that only fences and single-use objects protect
//! the posts. What no such object protects is kept from going out late by the clock
//! alone: comments, and posts of LinkedIn. There time passes for workers, too.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::json;

use super::flows::{FACEBOOK_TEXT, Flow, INSTAGRAM_IMAGE, LINKEDIN_IMAGE, test_every_flow};
use super::harness::{Harness, LEASE_OVER, Planted};
use super::kill_points;
use super::settings::{Dice, number};
use crate::support::{Engine, eventually};

/// Where a successor has done nothing yet.
const TAKEN: &str = "take_over.committed:1";

/// Behind it a publish call may go out.
const GATE: &str = "open_gates.committed:";

/// Some worker may still hold a lock when it is frozen: one that had to wait
/// for another one's.
const TRIES: u32 = 5;

/// A process that is stopped at a point.
pub struct Frozen(Child);

impl Frozen {
    /// `None`: it ended before it came there.
    pub fn at(mut command: Command, point: &str) -> Option<Self> {
        let mut child = command.env("SOCIALSCHED_STOP_AT", point).spawn().unwrap();
        let either = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(Pid::from_child(&child)), either).unwrap().unwrap();
        if status.stopped() {
            return Some(Self(child));
        }
        child.wait().unwrap();
        None
    }

    /// Continues it; it has not ended when this returns.
    pub fn go_on(&self) {
        kill_process(Pid::from_child(&self.0), Signal::CONT).unwrap();
    }

    /// Its exit code, once it has ended.
    pub fn end(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }

    /// Continues it and waits for its end.
    fn thaw(self) {
        self.go_on();
        self.end();
    }
}

impl Drop for Frozen {
    /// After a failed test: a database that it still uses could not be dropped.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A worker for this post, with the name of all of them and this lease.
fn namesake(harness: &Harness, post: &Planted, lease: &str) -> Command {
    let mut worker = harness.worker(post);
    worker.args(["--worker-id", "server-1", "--lease", lease]);
    if !post.flow.is_two_step() || post.flow.first_comment.is_some() {
        worker.env("SOCIALSCHED_KILL_CLOCK", harness.world.passed());
    }
    worker
}

/// Whether there is no lock on this post, nor on the list of workers.
fn is_free(harness: &Harness, post: &Planted) -> bool {
    let rows = format!(
        "SELECT id FROM post_schedule WHERE post_detail_id = '{}' FOR UPDATE;
         SELECT id FROM workers FOR UPDATE",
        post.id
    );
    let sql = match harness.world.database.engine() {
        Engine::Sqlite => "PRAGMA busy_timeout = 200; BEGIN IMMEDIATE; ROLLBACK;".to_owned(),
        Engine::MariaDb => format!("SET innodb_lock_wait_timeout = 1; BEGIN; {rows}; ROLLBACK;"),
        Engine::Postgres => format!("SET lock_timeout = '200ms'; BEGIN; {rows}; ROLLBACK;"),
    };
    harness.world.database.try_execute(&sql).is_ok()
}

/// Number of workers frozen at the same time: each keeps connections to its database, and
/// a server has a limit of them.
fn at_once(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 50,
        Engine::MariaDb | Engine::Postgres => 6,
    }
}

/// Freezes one worker at every point outside of a transaction; others finish their posts;
/// then all of them continue.
fn outside_of_transactions(flow: &'static Flow) {
    let harness = Harness::new();
    let post = harness.plant(flow);
    let mut at = harness.trace(harness.worker(&post));
    at.retain(|point| !point.contains(".before_commit:"));
    let mut plans = Vec::new();
    for points in at.chunks(at_once(harness.world.database.engine())) {
        let frozen: Vec<Frozen> =
            points.iter().filter_map(|point| freeze(&harness, flow, point, &mut plans)).collect();
        harness.world.advance(LEASE_OVER);
        harness.finish();
        frozen.into_iter().for_each(Frozen::thaw);
    }
    let reached: Vec<&String> = plans.iter().map(|(_, point)| point).collect();
    let surely = at.iter().filter(|point| point.ends_with(":1") && !kill_points::is_timed(point));
    for point in surely {
        assert!(reached.contains(&point), "{} was not frozen at {point}", flow.name);
    }
    harness.world.advance(LEASE_OVER);
    let mut faults = harness.check_posts();
    for (post, point) in &plans {
        let Some((column, answered)) = kill_points::answered_at(point) else { continue };
        let sql = format!("SELECT {column} FROM post_details WHERE id = '{}'", post.id);
        let stored = harness.world.database.value(&sql);
        if stored != answered {
            faults.push((
                post.clone(),
                format!("{column} {stored} although {answered} was answered"),
            ));
        }
    }
    sum_up(&harness, &format!("outside of transactions, {}", flow.name), &plans, faults);
}

/// Freezes a worker with a post of its own at this point, none of its threads
/// holding a lock.
fn freeze(
    harness: &Harness,
    flow: &'static Flow,
    point: &str,
    plans: &mut Vec<(Planted, String)>,
) -> Option<Frozen> {
    for _ in 0..TRIES {
        let post = harness.plant(flow);
        let worker = Frozen::at(namesake(harness, &post, "60s"), point)?;
        if is_free(harness, &post) {
            plans.push((post, point.to_owned()));
            return Some(worker);
        }
        worker.thaw();
    }
    None
}

fn sum_up(
    harness: &Harness,
    what: &str,
    plans: &[(Planted, String)],
    mut faults: Vec<(Planted, String)>,
) {
    for (post, fault) in &mut faults {
        let point = plans.iter().find(|(planned, _)| planned.id == post.id).map(|(_, p)| p);
        *fault = format!("frozen at {point:?}: {fault}");
    }
    harness.note(plans.len());
    harness.assert_sound(&format!("frozen {what}"), &faults);
}

/// Freezes a worker in every transaction until its lease is really over. Its locks
/// remain; a successor comes and both continue together.
fn in_transactions(flow: &'static Flow) {
    let harness = Harness::new();
    let post = harness.plant(flow);
    let mut at = harness.trace(harness.worker(&post));
    at.retain(|point| point.contains(".before_commit:"));
    let mut plans = Vec::new();
    for point in &at {
        let post = harness.plant(flow);
        let worker = namesake(&harness, &post, "1s");
        let Some(worker) = Frozen::at(worker, point) else { continue };
        wait_for_the_lease(&harness, &post);
        let mut successor = namesake(&harness, &post, "1s").spawn().unwrap();
        worker.thaw();
        successor.wait().unwrap();
        plans.push((post, point.clone()));
    }
    assert!(plans.len() + 3 >= at.len(), "most were frozen: {plans:?}");
    harness.world.advance(LEASE_OVER);
    let faults = harness.check_posts();
    sum_up(&harness, &format!("in transactions, {}", flow.name), &plans, faults);
}

/// Waits until a short lease is over; the long one of a gate is not waited for.
fn wait_for_the_lease(harness: &Harness, post: &Planted) {
    let database = &harness.world.database;
    let left = database.seconds_until("lease_until");
    let sql = format!(
        "SELECT COUNT(*) FROM post_schedule WHERE post_detail_id = '{}' AND {left} BETWEEN 0 AND 5",
        post.id
    );
    let began = Instant::now();
    eventually("the lease is over", || {
        // A frozen heartbeat renews nothing, a live one would continue without end.
        database.value(&sql) == "0" || began.elapsed() > Duration::from_secs(10)
    });
}

/// What is stored about a post: its state, and in further rows its log.
fn rows(harness: &Harness, post: &Planted) -> Vec<Vec<String>> {
    let of = format!("post_detail_id = '{}'", post.id);
    let state = harness.world.database.rows(&format!(
        "SELECT d.status, d.outcome, d.error_code, d.external_post_id, s.status, s.fence,
                s.attempts, s.lease_until, s.next_attempt_at
           FROM post_schedule s JOIN post_details d ON d.id = s.post_detail_id WHERE s.{of}"
    ));
    let log = harness.world.database.rows(&format!(
        "SELECT fence, step_no, kind, event FROM publish_log
          WHERE post_schedule_id = (SELECT id FROM post_schedule WHERE {of})
          ORDER BY fence, step_no, event"
    ));
    [state, log].concat()
}

/// Whether a worker has left a post unchanged whose lease it had lost. It may record what
/// it was answered behind its gate; the state changes only for evidence that the post is
/// live.
fn left_alone(before: &[Vec<String>], after: &[Vec<String>], before_gate: bool) -> bool {
    let is_published = after[0][0] == "published";
    before == after || !before_gate && (before[0] == after[0] || is_published)
}

/// Loses every call that would change something before it arrives.
fn lose_everything(harness: &Harness) {
    harness.world.fault(&json!({"match": {"method": "POST"}, "fault": "before_commit_5xx"}));
}

/// Freezes a worker, and then its successor, and continues the first one while the
/// successor still has the post. Tries every ordered pair of points, or some; those
/// always where the successor has only taken the post.
fn overtaken(flow: &'static Flow) {
    let share = number("KILL_SHARE", 4);
    let mut dice = Dice::new(number("KILL_SEED", 1));
    let harness = Harness::new();
    let post = harness.plant(flow);
    let mut at = harness.trace(harness.worker(&post));
    at.retain(|point| !point.contains(".before_commit:") && !kill_points::is_timed(point));
    let successors: Vec<String> = [TAKEN.to_owned()].into_iter().chain(at.clone()).collect();
    let (mut plans, mut faults) = (Vec::new(), Vec::new());
    let mut before_gate = true;
    for first in &at {
        before_gate &= !first.starts_with(GATE);
        let is_tried = |second: &&String| second.starts_with(TAKEN) || dice.one_in(share);
        let seconds: Vec<&String> = successors.iter().filter(is_tried).collect();
        for seconds in seconds.chunks(at_once(harness.world.database.engine()) / 2) {
            let mut firsts = Vec::new();
            for second in seconds {
                let worker = freeze(&harness, flow, first, &mut plans);
                firsts.extend(worker.map(|worker| (worker, plans.len() - 1, *second)));
            }
            harness.world.advance(LEASE_OVER);
            let mut late = Vec::new();
            for (worker, plan, second) in firsts {
                let (post, point) = &mut plans[plan];
                *point = format!("{first}, its successor at {second}");
                let mut is_lost = true;
                match Frozen::at(namesake(&harness, post, "60s"), second) {
                    Some(successor) if is_free(&harness, post) => late.push(successor),
                    ended => {
                        // The first one would wait for its heartbeat's lock without end.
                        ended.into_iter().for_each(Frozen::thaw);
                        is_lost = false;
                    }
                }
                match dice.below(3) {
                    0 => {
                        harness.expect_refusals();
                        harness.refuse_everything();
                    }
                    1 => lose_everything(&harness),
                    _ => {}
                }
                let before = rows(&harness, post);
                worker.thaw();
                harness.world.heal();
                if is_lost && !left_alone(&before, &rows(&harness, post), before_gate) {
                    faults.push((post.clone(), "changed by a worker without a right".to_owned()));
                }
            }
            late.into_iter().for_each(Frozen::thaw);
        }
    }
    assert!(!plans.is_empty());
    harness.world.advance(LEASE_OVER);
    faults.extend(harness.check_posts());
    sum_up(
        &harness,
        &format!("with their successors, {}, one in {share}", flow.name),
        &plans,
        faults,
    );
}

/// **G3**: a frozen worker of any Facebook flow does no harm when it wakes up
/// after its successors.
#[test]
fn facebook_and_successors() {
    overtaken(&FACEBOOK_TEXT);
}

/// **G3**: a frozen worker of any Instagram flow does no harm when it wakes up
/// after its successors.
#[test]
fn instagram_and_successors() {
    overtaken(&INSTAGRAM_IMAGE);
}

/// **G3**: a frozen worker of any LinkedIn flow does no harm when it wakes up
/// after its successors.
#[test]
fn linkedin_and_successors() {
    overtaken(&LINKEDIN_IMAGE);
}

test_every_flow!(outside_of_transactions);

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

/// Freezes one worker at every point; a person requests the cancellation of each post;
/// then the workers continue, with their leases or with successors. A request that came
/// before the gate is granted.
fn freeze_and_cancel(flow: &'static Flow) {
    let harness = Harness::new();
    let post = harness.plant(flow);
    let mut at = harness.trace(harness.worker(&post));
    at.retain(|point| !point.contains(".before_commit:") && !kill_points::is_timed(point));
    let gate = at.iter().position(|point| point.starts_with(GATE)).unwrap();
    let mut faults = Vec::new();
    let mut plans = Vec::new();
    for overtaken in [false, true] {
        for points in at.chunks(at_once(harness.world.database.engine())) {
            let first = plans.len();
            let stop = |point: &String| freeze(&harness, flow, point, &mut plans);
            let frozen: Vec<Frozen> = points.iter().filter_map(stop).collect();
            for (post, _) in &plans[first..] {
                harness.world.run(&["cancel", &post.id]);
            }
            if overtaken {
                harness.world.advance(LEASE_OVER);
                harness.finish();
            }
            frozen.into_iter().for_each(Frozen::thaw);
        }
    }
    harness.world.advance(LEASE_OVER);
    faults.extend(harness.check_posts());
    for (post, _) in plans.iter().filter(|(_, point)| at[..gate].contains(point)) {
        let status = harness.world.status(&post.id);
        if status != "cancelled" {
            faults.push((post.clone(), format!("{status} although it was cancelled in time")));
        }
    }
    assert!(plans.len() + 2 >= 2 * at.len(), "most were frozen: {plans:?}");
    sum_up(&harness, &format!("and cancelled, {}", flow.name), &plans, faults);
}

#[test]
fn facebook_cancelled() {
    freeze_and_cancel(&FACEBOOK_TEXT);
}

#[test]
fn instagram_cancelled() {
    freeze_and_cancel(&INSTAGRAM_IMAGE);
}

#[test]
fn linkedin_cancelled() {
    freeze_and_cancel(&LINKEDIN_IMAGE);
}
