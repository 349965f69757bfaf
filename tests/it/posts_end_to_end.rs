//! Posts from `schedule` to what readers of the platforms see.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Account, PLATFORMS, World, eventually, publish_call};

/// What a kind of post is made of.
struct Kind {
    name: &'static str,
    account: fn(&World) -> Account,
    post_type: &'static str,
    /// `--image`, `--video` and `--link` with names of sample files or a URL.
    parts: &'static [(&'static str, &'static str)],
    /// Stories show no text.
    caption: bool,
}

const fn kind(
    name: &'static str,
    account: fn(&World) -> Account,
    post_type: &'static str,
    parts: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { name, account, post_type, parts, caption: true }
}

const fn story(
    name: &'static str,
    account: fn(&World) -> Account,
    parts: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { name, account, post_type: "story", parts, caption: false }
}

fn page(world: &World) -> Account {
    world.account("facebook")
}

fn instagram(world: &World) -> Account {
    world.account("instagram")
}

fn organization(world: &World) -> Account {
    world.account("linkedin")
}

const IMAGE: (&str, &str) = ("--image", "one.jpg");
const VIDEO: (&str, &str) = ("--video", "clip.mp4");
const LINK: (&str, &str) = ("--link", "https://acme.example/menu");
const IMAGES: &[(&str, &str)] =
    &[("--image", "one.jpg"), ("--image", "two.jpg"), ("--image", "three.jpg")];

/// Every kind of post of the three platforms.
const KINDS: &[Kind] = &[
    kind("Facebook text", page, "post", &[]),
    kind("Facebook link", page, "post", &[LINK]),
    kind("Facebook photo", page, "post", &[IMAGE]),
    kind("Facebook photos", page, "post", IMAGES),
    kind("Facebook video", page, "video", &[VIDEO]),
    kind("Facebook reel", page, "reel", &[VIDEO]),
    story("Facebook photo story", page, &[IMAGE]),
    story("Facebook video story", page, &[VIDEO]),
    kind("Instagram image", instagram, "post", &[IMAGE]),
    kind("Instagram reel", instagram, "reel", &[VIDEO]),
    kind("Instagram video", instagram, "video", &[VIDEO]),
    kind("Instagram carousel", instagram, "carousel", &[IMAGE, VIDEO, ("--image", "two.jpg")]),
    story("Instagram image story", instagram, &[IMAGE]),
    story("Instagram video story", instagram, &[VIDEO]),
    kind("LinkedIn text", organization, "post", &[]),
    kind("LinkedIn article", organization, "post", &[LINK]),
    kind("LinkedIn image", organization, "post", &[IMAGE]),
    kind("LinkedIn images", organization, "post", IMAGES),
    kind("LinkedIn video", organization, "video", &[VIDEO]),
    kind("LinkedIn member's text", World::member, "post", &[]),
    kind("LinkedIn member's images", World::member, "post", IMAGES),
    kind("LinkedIn member's video", World::member, "video", &[VIDEO]),
];

impl Kind {
    fn text(&self) -> String {
        if self.caption { format!("New: {} (50 % off) #menu", self.name) } else { String::new() }
    }

    /// Schedules one on an account of its own.
    fn schedule(&self, world: &World) -> (Account, String) {
        let account = (self.account)(world);
        let mut args = vec!["--type".to_owned(), self.post_type.to_owned()];
        if self.caption {
            args.extend(["--caption".to_owned(), self.text()]);
        }
        for (flag, value) in self.parts {
            let url = if *flag == "--link" { (*value).to_owned() } else { world.media(value) };
            args.extend([(*flag).to_owned(), url]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let id = world.schedule(&account, &args);
        (account, id)
    }

    fn media_count(&self) -> usize {
        self.parts.iter().filter(|(flag, _)| *flag != "--link").count()
    }
}

/// What is live on an account.
fn live_on(world: &World, account: &Account) -> Vec<Value> {
    let mut items = world.live();
    items.retain(|item| {
        item["account"] == account.external_id.as_str() && item["platform"] == account.platform
    });
    items
}

/// Every kind of post is published once and listed with its id and link.
#[test]
fn every_kind_is_published_once_with_link() {
    let world = World::new();
    let posts: Vec<_> = KINDS.iter().map(|kind| (kind, kind.schedule(&world))).collect();
    world.work_until_done();
    for (kind, (account, id)) in &posts {
        let (name, post) = (kind.name, world.post(id));
        assert_eq!(post["status"], "published", "{name}: {post}");
        assert_eq!(post["outcome"], "published", "{name}: {post}");
        assert_eq!(post["attempts"], 1, "{name}: {post}");
        assert_eq!(post["errorMessage"], Value::Null, "{name}: {post}");
        assert!(post["externalPostId"].as_str().is_some_and(|id| !id.is_empty()), "{name}: {post}");
        assert!(
            post["permalink"].as_str().is_some_and(|link| link.starts_with("https://")),
            "{name}: {post}"
        );
        let live = live_on(&world, account);
        assert_eq!(live.len(), 1, "{name}: {live:#?}");
        assert_eq!(live[0]["text"], kind.text(), "{name}");
        let media = live[0]["media"].as_array().unwrap().len();
        assert_eq!(media, kind.media_count(), "{name}: {:#}", live[0]);
    }
    assert_eq!(world.live().len(), KINDS.len(), "nothing else is live");
    world.assert_healthy();
}

#[test]
fn a_cancelled_post_never_goes_out() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Never mind", "--at", "+1h"]);
    let image = world.media("one.jpg");
    let other = world.schedule(&page, &["--image", &image, "--at", "+1h"]);
    // Its photo is already with the platform.
    world.advance(Duration::from_secs(57 * 60));
    world.work(&[]);
    assert!(!world.drafts().is_empty());
    let cancelled = world.json(&["cancel", &id]);
    assert_eq!(cancelled["message"], "Post cancelled successfully");
    world.json(&["cancel", &other]);
    world.json(&["cancel", &id]);
    world.advance(Duration::from_secs(2 * 60 * 60));
    world.work(&[]);
    assert_eq!(world.status(&id), "cancelled");
    assert_eq!(world.status(&other), "cancelled");
    assert_eq!(world.live(), [Value::Null; 0]);
    assert_eq!(world.drafts(), [Value::Null; 0], "nothing invisible is left behind");
    world.assert_healthy();
}

#[test]
fn a_post_waits_for_its_time() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Soon", "--at", "+10m"]);
    world.run(&["run-worker", "--once"]).ok().silent();
    assert_eq!((world.status(&id), world.live().len()), ("pending".to_owned(), 0));
    world.advance(Duration::from_secs(11 * 60));
    world.work(&[]);
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// A refused post fails with the platform's reason, and nothing is live.
#[test]
fn refused_post_fails_with_the_platforms_reason() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/feed"},
        "fault": "status", "status": 400,
        "body": {"error": {"message": "Not like this", "type": "OAuthException", "code": 100, "fbtrace_id": "Atrace"}},
    }));
    let id = world.schedule(&page, &["--caption", "Hello"]);
    world.run(&["run-worker", "--once", "--fail-on-error"]).exits(7);
    let post = world.post(&id);
    assert_eq!(post["status"], "failed", "{post}");
    assert_eq!(post["outcome"], "not_published", "{post}");
    assert!(post["errorMessage"].as_str().unwrap().contains("Not like this"), "{post}");
    world.run(&["show", &id, "--json"]).ok().says("Atrace");
    assert_eq!(world.live().len(), 0);
    world.assert_healthy();
}

#[test]
fn transient_failure_is_retried_after_a_minute() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos"},
        "when": {"nth": 1}, "fault": "before_commit_5xx",
    }));
    let image = world.media("one.jpg");
    let id = world.schedule(&page, &["--caption", "Hello", "--image", &image]);
    world.work(&[]);
    let post = world.post(&id);
    assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
    assert!(post["errorMessage"].is_string(), "the reason is shown meanwhile: {post}");
    world.advance(Duration::from_secs(80));
    world.work_until_done();
    let post = world.post(&id);
    assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)), "{post}");
    assert_eq!(live_on(&world, &page).len(), 1);
    world.assert_healthy();
}

/// The answer to the publish call is lost in transit: the post is live and the worker
/// does not know.
#[test]
fn lost_answer_is_looked_up_never_resent() {
    let world = World::new();
    let accounts = PLATFORMS.map(|platform| world.account(platform));
    for platform in PLATFORMS {
        world.fault(&json!({
            "match": publish_call(platform), "when": {"nth": 1}, "fault": "after_commit_drop",
        }));
    }
    let image = world.media("one.jpg");
    let ids = accounts.clone().map(|account| {
        let image: &[&str] =
            if account.platform == "instagram" { &["--image", &image] } else { &[] };
        world.schedule(&account, &[&["--caption", "Only once"], image].concat())
    });
    world.work_until_done();
    for (account, id) in accounts.iter().zip(&ids) {
        let post = world.post(id);
        assert_eq!(live_on(&world, account).len(), 1, "{post}");
        assert_eq!(post["status"], "published", "{post}");
        assert!(post["externalPostId"].is_string(), "{post}");
        let sent =
            "SELECT COUNT(*) FROM publish_log l JOIN post_schedule s ON s.id = l.post_schedule_id
            WHERE l.kind = 'publish' AND l.event = 'intent' AND s.post_detail_id";
        assert_eq!(world.database.value(&format!("{sent} = '{id}'")), "1", "{post}");
    }
    world.assert_healthy();
}

#[test]
fn video_in_processing_delays_no_other_post() {
    let world = World::new();
    // Longer than the test takes on the slowest machine: only `advance` ends it.
    world.options(&json!({"video_processing_ms": 60_000}));
    let video = world.media("clip.mp4");
    let slow = [("facebook", "reel"), ("instagram", "reel"), ("linkedin", "video")].map(
        |(platform, kind)| {
            world.schedule(&world.account(platform), &["--type", kind, "--video", &video])
        },
    );
    let quick = world.schedule(&world.account("facebook"), &["--caption", "Hello"]);
    // It was scheduled last and has the only slot after the three others.
    let mut worker = world.start_worker(&["--concurrency", "1"]);
    eventually("the quick one is published", || world.status(&quick) == "published");
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert!(slow.iter().all(|id| world.status(id) == "pending"), "{:#?}", world.posts());
    assert_eq!(world.live().len(), 1);
    world.work_until_done();
    for id in &slow {
        let post = world.post(id);
        assert_eq!(
            (&post["status"], &post["attempts"]),
            (&json!("published"), &json!(1)),
            "{post}"
        );
    }
    world.assert_healthy();
}
