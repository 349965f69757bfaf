//! Failures that published nothing: what they cost and when they are tried again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Account, World, publish_call};

fn pauses(world: &World) -> Vec<Vec<String>> {
    let left = world.database.seconds_until("paused_until");
    world.database.rows(&format!(
        "SELECT id, {left}, pause_reason FROM meta_social_accounts WHERE paused_at IS NOT NULL"
    ))
}

/// Seconds until the next attempt, as `show` tells them.
fn wait(world: &World, id: &str) -> i64 {
    let left = world.database.seconds_until("next_attempt_at");
    let sql = format!("SELECT {left} FROM post_schedule WHERE post_detail_id = '{id}'");
    world.database.value(&sql).parse().unwrap()
}

/// A code that only an operator can do something about.
fn dead_token(account: &Account) -> Value {
    json!({
        "match": {"method": "POST", "path_contains": account.external_id}, "fault": "status", "status": 400,
        "body": {"error": {"message": "Session has expired", "type": "OAuthException", "code": 190,
                           "error_subcode": 463, "fbtrace_id": "Atrace"}},
    })
}

#[test]
fn a_429_lets_its_account_rest_costs_no_attempt_and_others_go_on() {
    for staging in [true, false] {
        let world = World::new();
        let (page, other) = (world.account("facebook"), world.account("facebook"));
        let call = if staging {
            json!({"method": "POST", "path_contains": format!("{}/photos", page.external_id)})
        } else {
            json!({"path_contains": page.external_id, "body_contains": "\"is_published\":true"})
        };
        world.fault(&json!({"match": call, "when": {"nth": 1}, "fault": "429", "retry_after": 90}));
        let image = world.media("one.jpg");
        let first = world.schedule(&page, &["--caption", "One", "--image", &image]);
        let second = world.schedule(&page, &["--caption", "Two"]);
        let others = world.schedule(&other, &["--caption", "Three"]);
        world.work(&["--concurrency", "1"]);
        let paused = pauses(&world);
        assert_eq!(paused.len(), 1, "staging {staging}: {paused:?}");
        assert_eq!(paused[0][0], page.id);
        let rest: i64 = paused[0][1].parse().unwrap();
        assert!((80..=90).contains(&rest), "staging {staging}: {paused:?}");
        for id in [&first, &second] {
            let post = world.post(id);
            assert_eq!(
                (&post["status"], &post["attempts"]),
                (&json!("pending"), &json!(0)),
                "{post}"
            );
        }
        assert_eq!(world.status(&others), "published", "others go on");
        world.advance(Duration::from_secs(95));
        world.work_until_done();
        assert_eq!(world.post(&first)["attempts"], 1);
        assert_eq!(world.live().len(), 3);
        world.assert_healthy();
    }
}

#[test]
fn a_dead_token_pauses_its_account_and_its_posts_wait_until_it_is_resumed() {
    let world = World::new();
    let (page, other) = (world.account("facebook"), world.account("facebook"));
    world.fault(&dead_token(&page));
    let ids = ["One", "Two"].map(|text| world.schedule(&page, &["--caption", text]));
    world.work(&[]);
    let paused = pauses(&world);
    assert_eq!(
        (paused.len(), paused[0][0].as_str(), paused[0][1].as_str()),
        (1, page.id.as_str(), "")
    );
    assert!(paused[0][2].contains("190/463"), "{paused:?}");
    world.heal();
    world.advance(Duration::from_secs(3600));
    let others = world.schedule(&other, &["--caption", "Three"]);
    world.work(&[]);
    for id in &ids {
        let post = world.post(id);
        assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
    }
    assert_eq!(world.status(&others), "published");
    world.run(&["accounts", "resume", &page.id]).ok();
    world.work_until_done();
    assert_eq!(world.live().len(), 3);
    world.assert_healthy();
}

#[test]
fn attempts_are_tried_again_after_one_five_and_thirty_minutes_and_each_reason_is_kept() {
    let world = World::new();
    let page = world.account("facebook");
    let image = world.media("one.jpg");
    let id = world.schedule(&page, &["--caption", "Hello", "--image", &image]);
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos"}, "fault": "before_commit_5xx",
    }));
    for minutes in [1, 5, 30] {
        world.work(&["--max-attempts", "4"]);
        let (least, most) = (minutes * 30, minutes * 60);
        let seconds = wait(&world, &id);
        assert!((least - 5..=most).contains(&seconds), "{minutes} min: {seconds} s");
        assert_eq!(world.status(&id), "pending");
        assert!(world.post(&id)["errorMessage"].is_string());
        world.advance(Duration::from_secs(u64::try_from(most).unwrap() + 1));
    }
    world.work(&[]);
    let post = world.post(&id);
    assert_eq!(
        (&post["status"], &post["outcome"]),
        (&json!("failed"), &json!("not_published")),
        "{post}"
    );
    assert_eq!(post["attempts"], 4);
    let shown = world.json(&["show", &id]);
    let refused = shown["data"]["log"].as_array().unwrap().iter().filter(|row| {
        row["event"] == "refused" && row["httpStatus"] == 500 && row["message"].is_string()
    });
    assert_eq!(refused.count(), 4, "{shown:#}");
    assert_eq!(world.live().len(), 0);
    world.assert_healthy();
}

#[test]
fn media_that_is_not_there_fails_the_post_with_the_reason_of_each_attempt() {
    for platform in ["facebook", "instagram", "linkedin"] {
        let world = World::new();
        let account = world.account(platform);
        let image = world.media("missing.jpg");
        let id = world.schedule(&account, &["--caption", "Hello", "--image", &image]);
        let other =
            world.schedule(&account, &["--caption", "Fine", "--image", &world.media("one.jpg")]);
        world.work_for(Duration::from_secs(600), 20);
        let post = world.post(&id);
        assert_eq!(
            (&post["status"], &post["outcome"]),
            (&json!("failed"), &json!("not_published")),
            "{post}"
        );
        assert!(!post["errorMessage"].as_str().unwrap().is_empty(), "{post}");
        let attempts = post["attempts"].as_u64().unwrap();
        let shown = world.json(&["show", &id]);
        let refused = shown["data"]["log"].as_array().unwrap().iter().filter(|row| {
            row["event"] == "refused" && row["code"] != "restage" && row["message"].is_string()
        });
        assert_eq!(refused.count() as u64, attempts, "{shown:#}");
        assert_eq!(world.status(&other), "published", "the queue moves on");
        assert_eq!(world.live().len(), 1);
        world.assert_healthy();
    }
}

#[test]
fn a_refused_publish_call_is_tried_again_on_every_platform() {
    for platform in crate::support::PLATFORMS {
        let world = World::new();
        let account = world.account(platform);
        world.fault(&json!({"match": publish_call(platform), "when": {"nth": 1}, "fault": "429", "retry_after": 60}));
        let image = world.media("one.jpg");
        let id = world.schedule(&account, &["--caption", "Hello", "--image", &image]);
        world.work(&[]);
        assert_eq!(world.status(&id), "pending", "{platform}");
        world.advance(Duration::from_secs(61));
        world.work_until_done();
        let post = world.post(&id);
        assert_eq!(
            (&post["status"], &post["attempts"]),
            (&json!("published"), &json!(1)),
            "{post}"
        );
        assert_eq!(world.live().len(), 1, "{platform}");
        world.assert_healthy();
    }
}
