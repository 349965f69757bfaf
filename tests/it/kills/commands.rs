//! Commands killed at every point, and then given again.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::flows::{FACEBOOK_TEXT, Flow, INSTAGRAM_IMAGE, LINKEDIN_MEMBER};
use super::harness::{Harness, LEASE_OVER, Planted};
use super::settings::report;

pub fn silent(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The exit code of `cancel` and similar commands when there is nothing left to change.
const WRONG_STATE: Option<i32> = Some(4);

/// The transactions of these commands, each killed at both points.
pub const TRANSACTIONS: &[&str] =
    &["cancel_posts", "insert_post", "reschedule_post", "retry_posts", "take_over"];

/// Kills the command at every point, those of this transaction among them, each
/// with a post of its own, and gives it again to its end.
fn again_after_every_point(
    harness: &Harness,
    prepare: impl Fn() -> Planted,
    command: impl Fn(&Planted) -> Command,
    transaction: &'static str,
) -> Vec<Planted> {
    assert!(TRANSACTIONS.contains(&transaction), "{transaction}");
    let post = prepare();
    let points = harness.trace(silent(command(&post)));
    for moment in ["before_commit", "committed"] {
        assert!(points.contains(&format!("{transaction}.{moment}:1")), "{points:?}");
    }
    let mut posts = vec![post];
    for point in &points {
        let post = prepare();
        assert!(harness.killed_at(silent(command(&post)), point), "did not come to {point}");
        let output = command(&post).output().unwrap();
        let done_before = output.status.code() == WRONG_STATE && point.contains(".committed");
        assert!(output.status.success() || done_before, "{point}: {output:?}");
        posts.push(post);
    }
    posts
}

/// A schedule given again with its key stores one post.
#[test]
fn repeated_schedule_stores_one_post() {
    let harness = Harness::new();
    let schedule = |key: &str, account: &str| {
        let mut args = vec!["schedule", "--now", "--account", account, "--key", key];
        args.extend(["--caption", key, "--json"]);
        harness.world.command(&args)
    };
    let keyed = |post: &Planted| schedule(&post.id, &post.account.to_string());
    // Until it is stored, its key stands for the post.
    let unstored = || harness.unstored(&FACEBOOK_TEXT);
    let posts = again_after_every_point(&harness, unstored, keyed, "insert_post");
    for post in posts {
        let sql = format!("SELECT id FROM post_details WHERE idempotency_key = '{}'", post.id);
        harness.watch(Planted { id: harness.world.database.value(&sql), ..post });
    }
    let faults = harness.check_posts();
    harness.assert_sound("schedule", &faults);
}

#[test]
fn a_cancelled_post_is_never_live() {
    let harness = Harness::new();
    let cancel = |post: &Planted| harness.world.command(&["cancel", &post.id]);
    let posts =
        again_after_every_point(&harness, || harness.plant(&FACEBOOK_TEXT), cancel, "cancel_posts");
    let faults = harness.check_posts();
    for post in posts {
        assert_eq!(harness.world.status(&post.id), "cancelled");
    }
    harness.assert_sound("cancel", &faults);
}

#[test]
fn a_rescheduled_post_goes_out_once() {
    let harness = Harness::new();
    let reschedule =
        |post: &Planted| harness.world.command(&["reschedule", &post.id, "--at", "+1h"]);
    again_after_every_point(
        &harness,
        || harness.plant(&FACEBOOK_TEXT),
        reschedule,
        "reschedule_post",
    );
    harness.world.advance(Duration::from_secs(3700));
    let faults = harness.check_posts();
    harness.assert_sound("reschedule", &faults);
}

#[test]
fn recover_killed_anywhere_settles_nothing_wrongly() {
    // Before the call left, and after its answer came: in between, it is a race whether
    // the platform has it.
    for moment in ["before", "read"] {
        let harness = Harness::new();
        let dead_in_the_call = || {
            let post = harness.plant(&FACEBOOK_TEXT);
            let point = format!("publish/POST/graph.facebook.com.{moment}");
            assert!(harness.killed_at(harness.worker(&post), &point));
            harness.world.advance(LEASE_OVER);
            post
        };
        let recover = |_: &Planted| harness.world.command(&["recover"]);
        again_after_every_point(&harness, dead_in_the_call, recover, "take_over");
        let faults = harness.check_posts();
        harness.assert_sound(&format!("recover {moment}"), &faults);
    }
}

/// A post that the platform has refused.
fn refused(harness: &Harness, flow: &'static Flow) -> Planted {
    let post = harness.plant(flow);
    harness.refuse_everything();
    assert!(harness.worker(&post).status().unwrap().success());
    harness.world.heal();
    assert_eq!(harness.world.status(&post.id), "failed");
    post
}

#[test]
fn a_retried_post_goes_out_once() {
    let harness = Harness::new();
    let retry = |post: &Planted| harness.world.command(&["retry", &post.id]);
    again_after_every_point(&harness, || refused(&harness, &FACEBOOK_TEXT), retry, "retry_posts");
    let faults = harness.check_posts();
    harness.assert_sound("retry", &faults);
}

/// The worker that has a retried post dies anywhere, and `retry` is given once
/// more at once and when its lease is over: it sends nothing that may be live.
fn retry_after_a_dead_worker(flow: &'static Flow) {
    let harness = Harness::new();
    let retry = |post: &Planted| harness.world.run(&["retry", &post.id]);
    let retried = || {
        let post = refused(&harness, flow);
        retry(&post).ok();
        post
    };
    let points = harness.trace(harness.worker(&retried()));
    let mut plans = Vec::new();
    for point in &points {
        let post = retried();
        harness.killed_at(harness.worker(&post), point);
        retry(&post).exits(4);
        plans.push((post, point));
    }
    harness.world.advance(LEASE_OVER);
    for _ in 0..3 {
        plans.iter().for_each(|(post, _)| drop(retry(post).exits(4)));
        harness.world.run(&["recover"]).ok();
        harness.world.advance(LEASE_OVER);
    }
    let faults = harness.check_posts();
    for (post, fault) in &faults {
        let point = plans.iter().find(|(planned, _)| planned.id == post.id).map(|(_, p)| *p);
        report(&format!("retry after a kill at {point:?}: {fault}"));
    }
    harness.assert_sound(&format!("retry after a dead worker, {}", flow.name), &faults);
}

/// A retry after a worker died at a Page post doubles and loses nothing.
#[test]
fn retry_after_death_at_page_post() {
    retry_after_a_dead_worker(&FACEBOOK_TEXT);
}

/// A retry after a worker died at an Instagram post doubles and loses nothing.
#[test]
fn retry_after_death_at_instagram_post() {
    retry_after_a_dead_worker(&INSTAGRAM_IMAGE);
}

/// A retry after a worker died at a LinkedIn post doubles and loses nothing.
#[test]
fn retry_after_death_at_linkedin_post() {
    retry_after_a_dead_worker(&LINKEDIN_MEMBER);
}
