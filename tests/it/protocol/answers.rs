//! H: what platforms answer, with the real program against the sandbox.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PLATFORMS, World, eventually, publish_call};

/// Pause between runs when look-ups go on for an hour or two.
const LOOKS: Duration = Duration::from_secs(150);

/// One post of an image on each platform, by the platform's order.
fn one_each(world: &World) -> [String; 3] {
    let image = world.media("one.jpg");
    PLATFORMS.map(|platform| {
        let account = world.account(platform);
        world.schedule(&account, &["--caption", "Only once", "--image", &image])
    })
}

#[test]
fn h05_a_success_that_is_cut_off_nameless_or_a_web_page_is_published_once() {
    for fault in ["truncate_body", "no_id", "after_commit_html_502"] {
        let world = World::new();
        for platform in PLATFORMS {
            world.fault(&json!({
                "match": publish_call(platform), "when": {"nth": 1}, "fault": fault,
            }));
        }
        let ids = one_each(&world);
        world.work_for(LOOKS, 60);
        assert!(world.fault_struck(), "{fault}");
        for (platform, id) in PLATFORMS.iter().zip(&ids) {
            let post = world.post(id);
            assert_eq!(post["status"], "published", "{fault}, {platform}: {post}");
            assert_eq!(post["attempts"], 1, "{fault}, {platform}: {post}");
            // LinkedIn names its post in the head of that very answer only.
            let named = post["externalPostId"].is_string();
            assert!(named || (fault, *platform) == ("no_id", "linkedin"), "{fault}: {post}");
        }
        assert_eq!(world.live().len(), PLATFORMS.len(), "{fault}");
        world.assert_healthy();
    }
}

#[test]
fn h15_a_post_whose_address_cannot_be_read_is_published_all_the_same() {
    let world = World::new();
    world.fault(&json!({
        "match": {"method": "GET", "path_contains": "fields=permalink"}, "fault": "before_commit_5xx",
    }));
    let ids = one_each(&world);
    world.work_until_done();
    assert!(world.fault_struck());
    for id in &ids {
        let post = world.post(id);
        assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)));
    }
    assert_eq!(world.post(&ids[0])["permalink"], Value::Null);
    assert_eq!(world.live().len(), PLATFORMS.len());
    world.assert_healthy();
}

#[test]
fn h17_a_redirect_is_not_followed_and_proves_nothing() {
    let world = World::new();
    for platform in PLATFORMS {
        world.fault(&json!({
            "match": publish_call(platform), "when": {"nth": 1},
            "fault": "after_commit_status", "status": 307, "body": {},
        }));
    }
    let ids = one_each(&world);
    world.work_for(LOOKS, 60);
    for id in &ids {
        assert_eq!(world.status(id), "published", "{}", world.post(id));
    }
    assert_eq!(world.live().len(), PLATFORMS.len());
    world.assert_healthy();
}

/// The versions that platforms do not serve any more.
#[test]
fn h21_a_retired_version_rests_its_whole_platform_costs_no_attempt_and_others_go_on() {
    for (platform, status, body) in [
        (
            "facebook",
            400,
            json!({"error": {"message": "Unsupported version", "code": 2635,
                                           "type": "OAuthException", "fbtrace_id": "A"}}),
        ),
        ("linkedin", 426, json!({"status": 426, "code": "NONEXISTENT_VERSION", "message": "old"})),
    ] {
        let world = World::new();
        let [one, two] = [world.account(platform), world.account(platform)];
        let image = world.media("one.jpg");
        world.fault(&json!({
            "match": {"method": "POST", "platform": platform}, "fault": "status",
            "status": status, "body": body,
        }));
        let first = world.schedule(&one, &["--caption", "One", "--image", &image]);
        world.work(&[]);
        let second = world.schedule(&two, &["--caption", "Two", "--image", &image]);
        let other = world.account("instagram");
        let other = world.schedule(&other, &["--caption", "Three", "--image", &image]);
        world.work(&[]);
        assert_eq!(world.status(&other), "published", "others go on");
        for id in [&first, &second] {
            let post = world.post(id);
            assert_eq!(
                (&post["status"], &post["attempts"]),
                (&json!("pending"), &json!(0)),
                "{post}"
            );
        }
        let paused = "SELECT COUNT(*) FROM meta_social_accounts WHERE paused_at IS NOT NULL";
        assert_eq!(world.database.value(&format!("{paused} AND platform = '{platform}'")), "2");
        world.heal();
        for account in [&one, &two] {
            world.run(&["accounts", "resume", &account.id]).ok();
        }
        world.work_until_done();
        assert_eq!(world.live().len(), 3);
        world.assert_healthy();
    }
}

#[test]
fn h22_calls_of_one_account_go_out_one_by_one_also_from_two_workers() {
    let world = World::new();
    let (page, other) = (world.account("facebook"), world.account("facebook"));
    let call = json!({
        "method": "POST", "path_contains": format!("{}_", page.external_id),
        "body_contains": "\"is_published\":true",
    });
    world.fault(&json!({"match": call, "when": {"nth": 1}, "fault": "before_commit_hang"}));
    for number in 0..8 {
        world.schedule(&page, &["--caption", &format!("Post {number}")]);
    }
    let last = world.schedule(&other, &["--caption", "Other"]);
    let mut workers =
        [world.start_worker(&["--concurrency", "9"]), world.start_worker(&["--concurrency", "9"])];
    eventually("a publish call hangs", || world.fault_struck());
    eventually("others are staged", || world.drafts().len() >= 4);
    eventually("another account goes on", || world.status(&last) == "published");
    let sent =
        "SELECT COUNT(*) FROM publish_log l JOIN post_schedule s ON s.id = l.post_schedule_id
                  JOIN post_details d ON d.id = s.post_detail_id
                 WHERE l.kind = 'publish' AND l.event = 'intent' AND d.social_account_id";
    assert_eq!(world.database.value(&format!("{sent} = '{}'", page.id)), "1");
    for worker in &mut workers {
        worker.kill();
    }
    world.work_for(LOOKS, 60);
    assert_eq!(world.live().len(), 9);
    world.assert_healthy();
}
