//! First comments: sent once, and never the post's trouble.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PLATFORMS, World, eventually};

fn schedule(world: &World, platform: &'static str) -> String {
    let account = world.account(platform);
    let image = world.media("one.jpg");
    world
        .schedule(&account, &["--caption", "Hello", "--image", &image, "--first-comment", "First!"])
}

fn comments(world: &World) -> Vec<usize> {
    world.live().iter().map(|item| item["comments"].as_array().map_or(0, Vec::len)).collect()
}

fn state(world: &World, id: &str) -> String {
    world.database.value(&format!("SELECT first_comment_state FROM post_details WHERE id = '{id}'"))
}

#[test]
fn a_first_comment_is_sent_once_below_its_post() {
    let world = World::new();
    let ids = PLATFORMS.map(|platform| schedule(&world, platform));
    for _ in 0..3 {
        world.work_until_done();
        world.advance(Duration::from_secs(600));
        world.work(&[]);
    }
    assert_eq!(comments(&world), [1, 1, 1]);
    assert_eq!(world.live()[0]["comments"][0], json!("First!"));
    for id in &ids {
        assert_eq!(state(&world, id), "sent");
    }
    world.assert_healthy();
}

#[test]
fn h23_a_first_comment_that_fails_or_is_lost_changes_nothing_and_is_not_sent_again() {
    let refusal =
        json!({"error": {"message": "No permission", "type": "OAuthException", "code": 200}});
    for (fault, expected, count) in [("status", "failed", 0), ("after_commit_drop", "unknown", 1)] {
        let world = World::new();
        let ids = PLATFORMS.map(|platform| schedule(&world, platform));
        world.fault(&json!({
            "match": {"method": "POST", "path_contains": "/comments"}, "fault": fault,
            "status": 403, "body": refusal,
        }));
        world.work_until_done();
        world.heal();
        for round in 0..4 {
            for id in &ids {
                let post: Value = world.post(id);
                assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)));
                assert_eq!(post["errorMessage"], Value::Null, "{fault}: {post}");
                assert_eq!(state(&world, id), expected, "{fault}, round {round}: {post}");
            }
            assert_eq!(comments(&world), [count; 3], "{fault}, round {round}");
            world.advance(Duration::from_secs(600));
            world.work(&[]);
        }
        world.assert_healthy();
    }
}

#[test]
fn h23_a_comment_whose_worker_died_while_sending_is_not_sent_again() {
    let world = World::new();
    let id = schedule(&world, "facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/comments"}, "fault": "after_commit_hang",
    }));
    let mut worker = world.start_worker(&[]);
    eventually("the comment hangs", || world.fault_struck());
    worker.kill();
    world.heal();
    world.advance(Duration::from_secs(600));
    world.work(&[]);
    assert_eq!(comments(&world), [1]);
    assert_eq!(
        (world.status(&id), state(&world, &id)),
        ("published".to_owned(), "unknown".to_owned())
    );
    world.assert_healthy();
}
