//! Commands killed at every point, and then given again.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::flows::FACEBOOK_TEXT;
use super::ground::{Ground, LEASE_OVER, Planted};

fn silent(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills the command at every point, each with a post of its own, and gives
/// it again to its end.
fn again_after_every_point(
    ground: &Ground,
    prepare: impl Fn() -> Planted,
    command: impl Fn(&Planted) -> Command,
    least: usize,
) -> Vec<Planted> {
    let post = prepare();
    let points = ground.trace(silent(command(&post)));
    assert!(points.len() >= least, "{points:?}");
    let mut posts = vec![post];
    for point in &points {
        let post = prepare();
        assert!(ground.killed_at(silent(command(&post)), point), "did not come to {point}");
        let output = command(&post).output().unwrap();
        assert!(output.status.success(), "{point}: {output:?}");
        posts.push(post);
    }
    posts
}

#[test]
fn a_schedule_given_again_with_its_key_stores_one_post() {
    let ground = Ground::new();
    let schedule = |key: &str, account: &str| {
        let mut args = vec!["schedule", "--now", "--account", account, "--key", key];
        args.extend(["--caption", key, "--json"]);
        ground.world.command(&args)
    };
    let keyed = |post: &Planted| schedule(&post.id, &post.account.to_string());
    // Until it is stored, its key stands for the post.
    let unstored = || ground.unstored(&FACEBOOK_TEXT);
    let posts = again_after_every_point(&ground, unstored, keyed, 2);
    for post in posts {
        let sql = format!("SELECT id FROM post_details WHERE idempotency_key = '{}'", post.id);
        ground.watch(Planted { id: ground.world.database.value(&sql), ..post });
    }
    let faults = ground.judge();
    ground.assert_sound("schedule", &faults);
}

#[test]
fn a_cancelled_post_is_never_live() {
    let ground = Ground::new();
    let cancel = |post: &Planted| ground.world.command(&["cancel", &post.id]);
    let posts = again_after_every_point(&ground, || ground.plant(&FACEBOOK_TEXT), cancel, 2);
    let faults = ground.judge();
    for post in posts {
        assert_eq!(ground.world.status(&post.id), "cancelled");
    }
    ground.assert_sound("cancel", &faults);
}

#[test]
fn a_rescheduled_post_goes_out_once() {
    let ground = Ground::new();
    let reschedule =
        |post: &Planted| ground.world.command(&["reschedule", &post.id, "--at", "+1h"]);
    again_after_every_point(&ground, || ground.plant(&FACEBOOK_TEXT), reschedule, 2);
    ground.world.advance(Duration::from_secs(3700));
    let faults = ground.judge();
    ground.assert_sound("reschedule", &faults);
}

#[test]
fn recover_killed_anywhere_settles_nothing_wrongly() {
    let ground = Ground::new();
    let dead_in_the_call = || {
        let post = ground.plant(&FACEBOOK_TEXT);
        assert!(ground.killed_at(ground.worker(&post), "publish/POST/graph.facebook.com.sent"));
        ground.world.advance(LEASE_OVER);
        post
    };
    let recover = |_: &Planted| ground.world.command(&["recover"]);
    again_after_every_point(&ground, dead_in_the_call, recover, 6);
    let faults = ground.judge();
    ground.assert_sound("recover", &faults);
}
