//! P1 to P19: platforms that mislead, by the cases that once broke the guarantee, as an
//! independent review of the platforms found them. First comments (P12) have their tests
//! in `first_comments`.

mod after_refusal;
mod busy_pages;
mod differing_clocks;
mod error_texts;
mod late_readings;
mod linkedin_answers;
mod lying_refusals;
mod outages;
mod publish_modes;
mod rate_limits;
mod signals;
mod video_uploads;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Account, World};

/// Pause between runs when look-ups continue for an hour or two.
const LOOKS: Duration = Duration::from_secs(150);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A flow: its name, its platform (`member` is LinkedIn's), and what is scheduled. Names
/// with `.jpg` or `.mp4` stand for the sandbox's media.
type Way = (&'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const FACEBOOK: [Way; 8] = [
    ("Page text", "facebook", &[]),
    ("Page link", "facebook", &["--link", "https://example.com/news"]),
    ("Page photo", "facebook", &["--image", "a.jpg"]),
    ("Page photos", "facebook", &["--image", "a.jpg", "--image", "b.jpg"]),
    ("Page video", "facebook", &["--type", "video", "--video", "a.mp4"]),
    ("Page reel", "facebook", &["--type", "reel", "--video", "a.mp4"]),
    ("Page photo story", "facebook", &["--type", "story", "--image", "a.jpg"]),
    ("Page video story", "facebook", &["--type", "story", "--video", "a.mp4"]),
];

#[rustfmt::skip]
const INSTAGRAM: [Way; 6] = [
    ("Instagram image", "instagram", &["--image", "a.jpg"]),
    ("Instagram reel", "instagram", &["--type", "reel", "--video", "a.mp4"]),
    ("Instagram carousel", "instagram", &["--type", "carousel", "--image", "a.jpg", "--image", "b.jpg"]),
    ("Instagram mixed carousel", "instagram", &["--type", "carousel", "--image", "a.jpg", "--video", "b.mp4"]),
    ("Instagram story", "instagram", &["--type", "story", "--image", "a.jpg"]),
    ("Instagram video story", "instagram", &["--type", "story", "--video", "a.mp4"]),
];

const PAGE: Way = ("LinkedIn page", "linkedin", &[]);
const MEMBER: Way = ("LinkedIn member", "member", &[]);

fn on_meta() -> impl Iterator<Item = Way> {
    FACEBOOK.into_iter().chain(INSTAGRAM)
}

/// A post on an account of its own.
struct Post {
    way: &'static str,
    account: Account,
    id: String,
}

/// Schedules one, and sets the rules for the calls of its account.
fn post(world: &World, (way, platform, args): Way, rules: &[Value]) -> Post {
    let account = match platform {
        "member" => world.member(),
        platform => world.account(platform),
    };
    for rule in rules {
        rule_for(world, &account, rule.clone());
    }
    let id = post_on(world, &account, args, way);
    Post { way, account, id }
}

/// Schedules one on this account.
fn post_on(world: &World, account: &Account, args: &[&str], text: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    if !args.contains(&"story") {
        all.extend(["--caption".to_owned(), format!("{text}, only once")]);
    }
    for arg in args {
        let is_media = [".jpg", ".mp4"].iter().any(|kind| arg.contains(kind));
        all.push(if is_media { world.media(arg) } else { (*arg).to_owned() });
    }
    world.schedule(account, &all.iter().map(String::as_str).collect::<Vec<_>>())
}

fn rule_for(world: &World, account: &Account, mut rule: Value) {
    rule["match"]["account"] = json!(account.external_id);
    world.fault(&rule);
}

/// A rule for the first call that makes a post visible.
fn first_publish_call(mut fault: Value) -> Value {
    fault["match"] = json!({"call": "publish"});
    fault["when"] = json!({"nth": 1});
    fault
}

/// Its answer never comes, and it took effect.
fn lost() -> Value {
    first_publish_call(json!({"fault": "after_commit_drop"}))
}

/// The calls of this kind for an account that arrived at the platforms.
fn calls(world: &World, account: &Account, kind: &str) -> Vec<Value> {
    let is_it = |call: &Value| {
        call["account"] == account.external_id.as_str() && (kind == "any" || call["call"] == kind)
    };
    world.calls().into_iter().filter(is_it).collect()
}

/// What readers ever saw of an account.
fn ever(world: &World, account: &Account) -> Vec<Value> {
    let is_its = |item: &Value| item["account"] == account.external_id.as_str();
    world.ever().into_iter().filter(is_its).collect()
}

/// Reported as published, seen once by readers, and still there; with one call.
#[track_caller]
fn assert_published_once(world: &World, post: &Post, attempts: u32) {
    let (way, shown) = (post.way, world.post(&post.id));
    let seen = (&shown["status"], &shown["attempts"]);
    assert_eq!(seen, (&json!("published"), &json!(attempts)), "{way}: {shown}");
    let ever = ever(world, &post.account);
    assert_eq!(ever.len(), 1, "{way}: {ever:?}");
    assert_eq!(ever[0]["deleted_at"], Value::Null, "{way}: {shown}");
}

/// Not failed, not sent, and with all its attempts.
#[track_caller]
fn assert_waits(world: &World, post: &Post, attempts: u32) {
    let (way, shown) = (post.way, world.post(&post.id));
    let seen = (&shown["status"], &shown["attempts"]);
    assert_eq!(seen, (&json!("pending"), &json!(attempts)), "{way}: {shown}");
}

/// Runs workers `runs` times, with this pause between them.
fn work_on(world: &World, runs: u32, pause: Duration) {
    for _ in 0..runs {
        world.work(&["--max-runtime", "2s"]);
        world.advance(pause);
    }
}

/// The reasons for which accounts are paused, with the seconds that are left.
fn pauses(world: &World) -> Vec<(String, String, i64)> {
    let left = world.database.seconds_until("paused_until");
    let rows = world.database.rows(&format!(
        "SELECT id, pause_reason, COALESCE({left}, -1) FROM meta_social_accounts
          WHERE paused_at IS NOT NULL ORDER BY id"
    ));
    rows.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].parse().unwrap())).collect()
}
