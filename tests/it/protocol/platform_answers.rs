//! What platforms answer, with the real program against the sandbox.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use socialsched::sandbox::SandboxOptions;

use crate::support::{
    PLATFORMS, Simulator, World, eventually, publish_call, publish_call_of, staging_call_of,
};

/// Pause between runs when look-ups continue for an hour or two.
const LOOKS: Duration = Duration::from_secs(150);

/// One post of an image on each platform, by the platform's order.
fn one_each(world: &World) -> [String; 3] {
    let image = world.media("one.jpg");
    PLATFORMS.map(|platform| {
        let account = world.account(platform);
        world.schedule(&account, &["--caption", "Only once", "--image", &image])
    })
}

/// **H1**: a platform that cannot be reached is tried again, and nothing is
/// looked up.
#[test]
fn unreachable_platform_is_retried_without_look_up() {
    let world = World::new();
    let image = world.media("one.jpg");
    let ids = PLATFORMS.map(|platform| {
        let args = ["--caption", "Hello", "--image", &image, "--at", "+4m"];
        world.schedule(&world.account(platform), &args)
    });
    world.work(&[]);
    world.advance(Duration::from_secs(5 * 60));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.set("SOCIALSCHED_PLATFORM_GATEWAY", format!("http://{closed}"));
    world.work(&[]);
    for id in &ids {
        let post = world.post(id);
        assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
        assert_eq!(post["errorCode"], "connect", "{post}");
    }
    let sent = "SELECT COUNT(*) FROM publish_log WHERE kind = 'publish' AND event";
    assert_eq!(world.database.value(&format!("{sent} = 'intent'")), "3");
    assert_eq!(world.database.value(&format!("{sent} = 'refused'")), "3", "nothing was sent");
    world.set("SOCIALSCHED_PLATFORM_GATEWAY", world.base_url());
    world.advance(Duration::from_secs(60));
    world.work(&[]);
    for id in &ids {
        assert_eq!(world.status(id), "published", "{}", world.post(id));
    }
    assert_eq!(world.live().len(), PLATFORMS.len());
    world.assert_healthy();
}

/// **H3**: a server error is repeated while staging and looked up after the
/// publish call.
#[test]
fn server_error_in_publishing_is_looked_up() {
    let world = World::new();
    let image = world.media("one.jpg");
    let (mut staged, mut sent) = (Vec::new(), Vec::new());
    for platform in PLATFORMS {
        for (status, body) in [
            (500, json!("")),
            (502, json!("<html><h1>Bad Gateway</h1></html>")),
            (503, Value::Null),
            (504, json!({"odd": true})),
        ] {
            for (call_of, posts) in [
                (staging_call_of as fn(&_) -> _, &mut staged),
                (publish_call_of as fn(&_) -> _, &mut sent),
            ] {
                let account = world.account(platform);
                world.fault(&json!({
                    "match": call_of(&account), "when": {"nth": 1},
                    "fault": "status", "status": status, "body": body,
                }));
                let id = world.schedule(&account, &["--caption", "Hello", "--image", &image]);
                posts.push((id, platform));
            }
        }
    }
    world.work(&[]);
    for (id, platform) in &staged {
        let post = world.post(id);
        let seen = (&post["status"], &post["attempts"]);
        assert_eq!(seen, (&json!("pending"), &json!(0)), "{platform}: {post}");
    }
    // Where a platform as a whole is paused, some were not sent yet.
    for (id, platform) in &sent {
        let status = world.status(id);
        assert!(["processing", "pending"].contains(&status.as_str()), "{platform}: {status}");
    }
    assert_eq!(world.live().len(), 0);
    world.work_for(LOOKS, 60);
    for (id, platform) in &staged {
        assert_eq!(world.status(id), "published", "{platform}: {}", world.post(id));
    }
    for (id, platform) in &sent {
        let post = world.post(id);
        assert_eq!(post["outcome"], "published", "{platform}: {post}");
        assert_eq!(post["attempts"], 1, "{platform}: {post}");
    }
    assert_eq!(world.live().len(), staged.len() + sent.len());
    world.assert_healthy();
}

/// **H5**: a success that is cut off, has no id or is a web page is published
/// once.
#[test]
fn broken_success_is_published_once() {
    for fault in ["truncate_body", "no_id", "after_commit_html_502"] {
        let world = World::new();
        for platform in PLATFORMS {
            world.fault(&json!({
                "match": publish_call(platform), "when": {"nth": 1}, "fault": fault,
            }));
        }
        let ids = one_each(&world);
        world.work_for(LOOKS, 60);
        assert!(world.fault_injected(), "{fault}");
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

/// **H15**: a post whose link cannot be read is published nevertheless.
#[test]
fn published_post_without_link_stays_published() {
    let world = World::new();
    world.fault(&json!({
        "match": {"method": "GET", "path_contains": "fields=permalink"}, "fault": "before_commit_5xx",
    }));
    let ids = one_each(&world);
    world.work_until_done();
    assert!(world.fault_injected());
    for id in &ids {
        let post = world.post(id);
        assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)));
    }
    let id = world.post(&ids[0])["externalPostId"].as_str().unwrap().to_owned();
    assert_eq!(world.post(&ids[0])["permalink"], format!("https://www.facebook.com/{id}"));
    assert_eq!(world.live().len(), PLATFORMS.len());
    world.assert_healthy();
}

/// **H17**: a redirect is not followed and proves nothing. A client that
/// follows a 307 sends the whole call once more, to another place.
#[test]
fn redirect_is_not_followed_and_proves_nothing() {
    let world = World::new();
    let elsewhere = Simulator::start(SandboxOptions::default());
    for (platform, host) in
        PLATFORMS.iter().zip(["graph.facebook.com", "graph.instagram.com", "api.linkedin.com"])
    {
        world.fault(&json!({
            "match": publish_call(platform), "when": {"nth": 1},
            "fault": "after_commit_status", "status": 307, "body": {},
            "location": format!("{}/{host}/followed", elsewhere.base_url()),
        }));
    }
    let ids = one_each(&world);
    world.work(&[]);
    for id in &ids {
        assert_eq!(world.status(id), "processing", "{}", world.post(id));
    }
    let unknown = "SELECT COUNT(*) FROM publish_log WHERE kind = 'publish' AND event = 'unknown'";
    assert_eq!(world.database.value(unknown), PLATFORMS.len().to_string());
    world.work_for(LOOKS, 60);
    for id in &ids {
        let post = world.post(id);
        assert_eq!(
            (&post["status"], &post["attempts"]),
            (&json!("published"), &json!(1)),
            "{post}"
        );
    }
    assert_eq!(world.live().len(), PLATFORMS.len());
    assert_eq!(elsewhere.calls(), [Value::Null; 0], "followed");
    world.assert_healthy();
}

/// **H18**: an upload address elsewhere gets neither token nor media. Hosts
/// that the sandbox knows, and that are none for that platform's uploads.
#[test]
fn foreign_upload_address_gets_nothing() {
    let world = World::new();
    let (video, image) = (world.media("clip.mp4"), world.media("one.jpg"));
    let value = |value: Value| json!({ "value": value });
    let (far, meta) = ("https://www.linkedin.com/leak", "https://rupload.facebook.com/leak");
    let part = json!([{"uploadUrl": meta, "firstByte": 0, "lastByte": 9}]);
    for (platform, path, body) in [
        ("facebook", "/video_reels", json!({"video_id": "77", "upload_url": far})),
        ("facebook", "/video_stories", json!({"video_id": "78", "upload_url": far})),
        ("linkedin", "/rest/images", value(json!({"image": "urn:li:image:1", "uploadUrl": meta}))),
        (
            "linkedin",
            "/rest/videos",
            value(
                json!({"video": "urn:li:video:1", "uploadInstructions": part, "uploadToken": ""}),
            ),
        ),
    ] {
        world.fault(&json!({
            "match": {"method": "POST", "platform": platform, "path_contains": path},
            "fault": "status", "status": 200, "body": body,
        }));
    }
    let ids = [
        ("facebook", "reel", ["--video", &video]),
        ("facebook", "story", ["--video", &video]),
        ("linkedin", "post", ["--image", &image]),
        ("linkedin", "video", ["--video", &video]),
    ]
    .map(|(platform, kind, media)| {
        world.schedule(&world.account(platform), &[&["--type", kind], &media[..]].concat())
    });
    world.work_for(Duration::from_secs(600), 20);
    for id in &ids {
        let post = world.post(id);
        assert_eq!(post["outcome"], "not_published", "{post}");
        let why = post["errorMessage"].as_str().unwrap();
        assert!(why.contains("unexpected host"), "{post}");
    }
    let leaks = world.calls().into_iter().filter(|call| call["path"] == "/leak");
    assert_eq!(leaks.count(), 0, "nothing goes there");
    assert_eq!(world.live(), [Value::Null; 0]);
    world.assert_healthy();
}

/// **H21**: a retired API version throttles its whole platform, costs no
/// attempt, and other platforms go on. The versions that platforms no longer
/// serve.
#[test]
fn retired_version_throttles_only_its_platform() {
    for (platform, status, word, body) in [
        (
            "facebook",
            400,
            "(2635)",
            json!({"error": {"message": "Unsupported version", "code": 2635,
                                           "type": "OAuthException", "fbtrace_id": "A"}}),
        ),
        (
            "linkedin",
            426,
            "(NONEXISTENT_VERSION)",
            json!({"status": 426, "code": "NONEXISTENT_VERSION", "message": "old"}),
        ),
    ] {
        let world = World::new();
        let [one, two] = [world.account(platform), world.account(platform)];
        let image = world.media("one.jpg");
        world.fault(&json!({
            "match": {"method": "POST", "platform": platform}, "fault": "status",
            "status": status, "body": body,
        }));
        let first = world.schedule(&one, &["--caption", "One", "--image", &image]);
        let waiting = world.schedule(&two, &["--caption", "Four", "--image", &image]);
        let ran = world.work(&[]);
        let notices = ran.stderr.lines().filter(|line| line.contains(word)).count();
        assert_eq!(notices, 1, "{ran}");
        let second = world.schedule(&two, &["--caption", "Two", "--image", &image]);
        let other = world.account("instagram");
        let other = world.schedule(&other, &["--caption", "Three", "--image", &image]);
        let ran = world.work(&[]);
        assert!(!ran.stderr.contains(word), "reported again: {ran}");
        assert_eq!(world.status(&other), "published", "others go on");
        for id in [&first, &waiting, &second] {
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
        assert_eq!(world.live().len(), 4);
        world.assert_healthy();
    }
}

/// **H22**: calls of one account go out one by one, also from two workers.
#[test]
fn calls_of_one_account_are_serialised() {
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
    eventually("a publish call hangs", || world.fault_injected());
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
