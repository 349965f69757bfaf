//! People who change their mind while a worker is at it, and posts that are
//! prepared before their time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{World, eventually, publish_call};

/// Long enough for a command to run meanwhile on a busy machine.
const SLOW: u64 = 3000;

#[test]
fn a_wish_that_comes_before_the_publish_call_is_honoured() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos"},
        "fault": "slow_first_byte", "delay_ms": SLOW,
    }));
    let image = world.media("one.jpg");
    let id = world.schedule(&page, &["--caption", "Never mind", "--image", &image]);
    let mut worker = world.start_worker(&[]);
    eventually("the upload is on its way", || world.fault_struck());
    world.run(&["cancel", &id, "--json"]).ok();
    assert_eq!(world.status(&id), "processing", "it is only asked");
    eventually("it has ended", || world.open_posts() == 0);
    assert_eq!(world.status(&id), "cancelled");
    eventually("what was staged is deleted", || world.drafts().is_empty());
    worker.terminate();
    assert_eq!(worker.wait(), 0);
    assert_eq!(world.live(), [Value::Null; 0]);
    world.assert_healthy();
}

#[test]
fn a_wish_that_comes_after_the_publish_call_is_too_late() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": publish_call("facebook"), "fault": "slow_first_byte", "delay_ms": SLOW,
    }));
    let id = world.schedule(&page, &["--caption", "Too late"]);
    let mut worker = world.start_worker(&[]);
    eventually("the publish call is on its way", || world.fault_struck());
    world.run(&["reschedule", &id, "--at", "+2h"]).exits(4).complains("processing");
    world.run(&["cancel", &id]).ok();
    eventually("it has ended", || world.open_posts() == 0);
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.run(&["cancel", &id]).exits(4);
    worker.terminate();
    assert_eq!(worker.wait(), 0);
    world.assert_healthy();
}

/// The wish is remembered over the worker's death and the look-up.
#[test]
fn a_wish_is_honoured_after_a_lost_call_that_turns_out_not_to_have_arrived() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": publish_call("facebook"), "when": {"nth": 1}, "fault": "before_commit_hang",
    }));
    let id = world.schedule(&page, &["--caption", "Never mind"]);
    let mut worker = world.start_worker(&[]);
    eventually("the publish call hangs", || world.fault_struck());
    world.run(&["cancel", &id]).ok();
    worker.kill();
    world.work_for(Duration::from_secs(150), 60);
    assert_eq!((world.status(&id), world.live().len()), ("cancelled".to_owned(), 0));
    world.assert_healthy();
}

#[test]
fn a_post_is_staged_before_its_time_and_goes_out_on_time() {
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
fn what_was_staged_for_a_cancelled_post_is_deleted() {
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
fn a_staged_post_that_is_moved_waits_for_its_new_time() {
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
