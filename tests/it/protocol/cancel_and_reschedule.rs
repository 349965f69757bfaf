//! People who change their mind while a worker is at it, and posts that are
//! prepared before their time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Daemon, PLATFORMS, World, eventually, publish_call, staging_call_of};

/// Long enough for a command to run meanwhile on a busy machine.
const SLOW: u64 = 3000;

/// Number of calls with an injected fault.
fn injected(world: &World) -> usize {
    world.calls().iter().filter(|call| call["fault"].is_string()).count()
}

/// A post on each platform, in their publish calls, and the worker that waits
/// for the answers.
fn being_published(world: &World) -> ([String; 3], Daemon) {
    let image = world.media("one.jpg");
    let ids = PLATFORMS.map(|platform| {
        world.fault(&json!({
            "match": publish_call(platform), "fault": "slow_first_byte", "delay_ms": SLOW,
        }));
        world.schedule(&world.account(platform), &["--caption", "Hello", "--image", &image])
    });
    let worker = world.start_worker(&[]);
    eventually("all publish calls are on their way", || injected(world) == ids.len());
    (ids, worker)
}

/// **G13**: a cancel request that comes before the publish call is honoured.
#[test]
fn cancel_before_publish_call_is_honoured() {
    let world = World::new();
    let image = world.media("one.jpg");
    let ids = PLATFORMS.map(|platform| {
        let account = world.account(platform);
        world.fault(&json!({
            "match": staging_call_of(&account), "fault": "slow_first_byte", "delay_ms": SLOW,
        }));
        world.schedule(&account, &["--caption", "Never mind", "--image", &image])
    });
    let mut worker = world.start_worker(&[]);
    eventually("all are being staged", || injected(&world) == ids.len());
    for id in &ids {
        world.run(&["cancel", id]).ok().says("is being published: cancellation requested");
        assert_eq!(world.status(id), "processing", "it is only asked");
    }
    eventually("they have ended", || world.open_posts() == 0);
    for id in &ids {
        assert_eq!(world.status(id), "cancelled");
    }
    // Instagram's containers and LinkedIn's images cannot be deleted.
    let on_page = |draft: &Value| draft["platform"] == "facebook";
    eventually("what was staged is deleted", || !world.drafts().iter().any(on_page));
    worker.terminate();
    assert_eq!(worker.wait(), 0);
    assert_eq!(world.live(), [Value::Null; 0]);
    world.assert_healthy();
}

/// **G13**: a cancel request that comes after the publish call is too late and
/// says so.
#[test]
fn cancel_after_publish_call_is_too_late() {
    let world = World::new();
    let (ids, mut worker) = being_published(&world);
    for id in &ids {
        world.run(&["cancel", id]).ok().says("unless the post was already sent");
    }
    eventually("they have ended", || world.open_posts() == 0);
    for id in &ids {
        assert_eq!(world.status(id), "published");
        world.run(&["cancel", id]).exits(4).complains("was already published as");
    }
    assert_eq!(world.live().len(), ids.len());
    worker.terminate();
    assert_eq!(worker.wait(), 0);
    world.assert_healthy();
}

/// **G14**: a post that is being published cannot be moved.
#[test]
fn post_in_flight_cannot_be_moved() {
    let world = World::new();
    let (ids, mut worker) = being_published(&world);
    let times = "SELECT id, run_at, next_attempt_at FROM post_schedule ORDER BY id";
    let before = world.database.rows(times);
    for id in &ids {
        for when in [&["--at", "+2h"][..], &["--now"]] {
            let ran = world.run(&[&["reschedule", id], when].concat());
            ran.exits(4).complains("is being published, not pending");
        }
        world.run(&["retry", id]).exits(4);
    }
    assert_eq!(world.database.rows(times), before);
    eventually("they have ended", || world.open_posts() == 0);
    for id in &ids {
        assert_eq!(world.status(id), "published");
    }
    assert_eq!(world.live().len(), ids.len());
    worker.terminate();
    assert_eq!(worker.wait(), 0);
    world.assert_healthy();
}

/// **G13**: a cancel request is honoured after a lost call that turns out not
/// to have arrived. The request survives the worker's death and the look-up.
#[test]
fn cancel_survives_death_and_look_up() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": publish_call("facebook"), "when": {"nth": 1}, "fault": "before_commit_hang",
    }));
    let id = world.schedule(&page, &["--caption", "Never mind"]);
    let mut worker = world.start_worker(&[]);
    eventually("the publish call hangs", || world.fault_injected());
    world.run(&["cancel", &id]).ok();
    worker.kill();
    world.work_for(Duration::from_secs(150), 60);
    assert_eq!((world.status(&id), world.live().len()), ("cancelled".to_owned(), 0));
    world.assert_healthy();
}

#[test]
fn post_is_staged_early_and_published_on_time() {
    let world = World::new();
    let accounts = ["facebook", "instagram"].map(|platform| world.account(platform));
    let image = world.media("one.jpg");
    let ids = accounts.map(|account| {
        world.schedule(&account, &["--caption", "On time", "--image", &image, "--at", "+1h"])
    });
    let soon = world.database.in_seconds(3);
    world.database.execute(&format!("UPDATE post_schedule SET run_at = {soon}"));
    let mut worker = world.start_worker(&[]);
    let prepared = "SELECT COUNT(*) FROM post_schedule WHERE next_attempt_at = run_at";
    eventually("both are prepared", || world.database.value(prepared) == "2");
    assert_eq!(world.live().len(), 0, "not before its time");
    assert!(world.drafts().len() >= 2);
    eventually("both are live", || world.open_posts() == 0);
    worker.terminate();
    assert_eq!(worker.wait(), 0);
    let early =
        "SELECT COUNT(*) FROM publish_log l JOIN post_schedule s ON s.id = l.post_schedule_id
                  WHERE l.kind = 'publish' AND l.event = 'intent' AND l.at < s.run_at";
    assert_eq!(world.database.value(early), "0", "a call went out early");
    for id in &ids {
        let post = world.post(id);
        assert_eq!(
            (&post["status"], &post["attempts"]),
            (&json!("published"), &json!(1)),
            "{post}"
        );
    }
    assert_eq!(world.live().len(), 2);
    world.assert_healthy();
}

#[test]
fn media_staged_for_cancelled_post_is_deleted() {
    let world = World::new();
    let page = world.account("facebook");
    let images = ["one.jpg", "two.jpg"].map(|name| world.media(name));
    let args =
        ["--caption", "Never mind", "--image", &images[0], "--image", &images[1], "--at", "+4m"];
    let id = world.schedule(&page, &args);
    world.work(&[]);
    assert!(!world.drafts().is_empty(), "it is staged");
    assert_eq!((world.status(&id), world.live().len()), ("pending".to_owned(), 0));
    world.run(&["cancel", &id]).ok();
    world.work(&[]);
    assert_eq!(world.drafts(), [Value::Null; 0]);
    world.advance(Duration::from_secs(600));
    world.work(&[]);
    assert_eq!((world.status(&id), world.live().len()), ("cancelled".to_owned(), 0));
    world.assert_healthy();
}

#[test]
fn moved_staged_post_waits_for_new_time() {
    let world = World::new();
    let page = world.account("facebook");
    let image = world.media("one.jpg");
    let id = world.schedule(&page, &["--caption", "Later", "--image", &image, "--at", "+4m"]);
    world.work(&[]);
    world.run(&["reschedule", &id, "--at", "+2h"]).ok();
    world.advance(Duration::from_secs(600));
    world.work(&[]);
    assert_eq!((world.status(&id), world.live().len()), ("pending".to_owned(), 0));
    world.advance(Duration::from_secs(2 * 3600));
    world.work_until_done();
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}
