//! P13: an outage is no post's fault.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use super::{LOOKS, MINUTE, Post, Way, assert_published_once, assert_waits, ever, post, post_on};
use crate::support::{PLATFORMS, World};

/// How long no call is answered.
const OUTAGE: Duration = Duration::from_secs(20 * 60);
const STEP: Duration = Duration::from_secs(30);
/// Pauses of a platform as a whole, in seconds.
const GROWING: [i64; 5] = [60, 120, 240, 480, 900];

const IMAGE: &[&str] = &["--image", "a.jpg"];

/// Three posts on each platform, one of which has two of its three attempts
/// behind it.
fn posts(world: &World) -> (Vec<Post>, Vec<Post>) {
    let mut tried = Vec::new();
    for platform in PLATFORMS {
        let mut refused = match platform {
            "linkedin" => json!({
                "match": {"call": "stage"}, "fault": "refuse", "status": 409, "code": "CONFLICT",
            }),
            _ => json!({"match": {"call": "stage"}, "fault": "refuse", "code": 324}),
        };
        refused["when"] = json!({"count": 2});
        let post = post(world, ("tried twice", platform, IMAGE), &[refused]);
        for _ in 0..20 {
            if world.post(&post.id)["attempts"] == 2 {
                break;
            }
            world.work(&[]);
            world.advance(STEP);
        }
        // Its third attempt waits until the outage is there.
        world.run(&["accounts", "pause", &post.account.id, "--reason", "Not yet"]).ok();
        tried.push(post);
    }
    tried.iter().for_each(|post| assert_waits(world, post, 2));
    let fresh: Vec<Post> = PLATFORMS
        .iter()
        .flat_map(|platform| {
            let ways: [Way; 2] = [("one", platform, IMAGE), ("two", platform, IMAGE)];
            ways.map(|way| post(world, way, &[]))
        })
        .collect();
    world.advance(6 * MINUTE);
    for post in &tried {
        world.run(&["accounts", "resume", &post.account.id]).ok();
    }
    (fresh, tried)
}

/// The length of each pause of each platform.
struct Pauses(Vec<(&'static str, Vec<i64>)>);

impl Pauses {
    fn note(&mut self, world: &World) {
        let left = world.database.seconds_until("rests_until");
        for (platform, seen) in &mut self.0 {
            let rows = world.database.rows(&format!(
                "SELECT rests, {left} FROM platform_health
                  WHERE platform = '{platform}' AND rests_until IS NOT NULL"
            ));
            let Some(row) = rows.first() else { continue };
            let rests: usize = row[0].parse().unwrap();
            if rests > seen.len() {
                seen.push(row[1].parse().unwrap());
                assert_eq!(rests, seen.len(), "{platform}: {seen:?}");
            }
        }
    }

    /// They grew from one minute to fifteen.
    fn assert_grew(&self) {
        for (platform, seen) in &self.0 {
            assert_eq!(seen.len(), GROWING.len(), "{platform}: {seen:?}");
            for (rest, most) in seen.iter().zip(GROWING) {
                assert!((most - 20..=most).contains(rest), "{platform}: {seen:?}");
            }
        }
    }
}

/// The pause of each platform is shown, as long as it lasts.
fn assert_reported(world: &World) {
    let shown = world.json(&["queue-status"])["data"]["platforms"].clone();
    for platform in shown.as_array().unwrap() {
        let paused = &platform["paused"];
        assert!(paused["until"].is_string(), "{shown}");
        assert!(paused["reason"].to_string().contains("does not answer"), "{shown}");
    }
    let lines = world.run(&["queue-status", "-o", "table"]).ok().stderr;
    assert_eq!(lines.matches("does not answer").count(), 3, "{lines}");
}

/// No call is answered for twenty minutes.
fn outage(begin: impl Fn(&World), end: impl Fn(&World), is_counted: bool) {
    let world = World::new();
    let (fresh, tried) = posts(&world);
    begin(&world);
    let before = world.calls().len();
    let mut rests = Pauses(PLATFORMS.map(|platform| (platform, Vec::new())).into());
    let mut passed = Duration::ZERO;
    while passed < OUTAGE {
        world.work(&[]);
        rests.note(&world);
        assert_reported(&world);
        fresh.iter().for_each(|post| assert_waits(&world, post, 0));
        tried.iter().for_each(|post| assert_waits(&world, post, 2));
        world.advance(STEP);
        passed += STEP;
    }
    rests.assert_grew();
    if is_counted {
        // Nine posts call a dead platform no more often than its pauses allow.
        let called = world.calls().len() - before;
        assert!((3..=60).contains(&called), "{called} calls into the outage");
    }
    assert_eq!(world.live(), [Value::Null; 0]);
    end(&world);
    world.work_for(MINUTE, 60);
    fresh.iter().for_each(|post| assert_published_once(&world, post, 1));
    tried.iter().for_each(|post| assert_published_once(&world, post, 3));
    let left = "SELECT COUNT(*) FROM platform_health WHERE faults > 0 OR rests > 0";
    assert_eq!(world.database.value(left), "0", "the faults are forgotten");
    world.assert_healthy();
}

/// **P13**: twenty minutes of server errors fail no post and cost no attempt.
#[test]
fn server_error_outage_costs_no_attempt() {
    let begin = |world: &World| {
        for platform in PLATFORMS {
            world.fault(&json!({"match": {"platform": platform}, "fault": "before_commit_5xx"}));
        }
    };
    outage(begin, |world| world.heal(), true);
}

/// **P13**: twenty minutes without a connection fail no post and cost no
/// attempt.
#[test]
fn connection_outage_costs_no_attempt() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = "SOCIALSCHED_PLATFORM_GATEWAY";
    let begin = |world: &World| world.set(gateway, format!("http://{closed}"));
    outage(begin, |world| world.set(gateway, world.base_url()), false);
}

/// **P13**: posts whose answers an outage swallowed are found when it ends and
/// are not doubled. It begins between calls that took effect and their answers.
#[test]
fn answers_lost_in_outage_are_found() {
    for effect in ["once", "none"] {
        let world = World::new();
        let fault = if effect == "once" { "after_commit_5xx" } else { "before_commit_5xx" };
        for platform in PLATFORMS {
            world.fault(
                &json!({"match": {"call": "publish", "platform": platform}, "fault": fault}),
            );
        }
        let posts = PLATFORMS.map(|platform| post(&world, ("swallowed", platform, IMAGE), &[]));
        world.work(&["--max-runtime", "2s"]);
        for platform in PLATFORMS {
            world.fault(&json!({"match": {"platform": platform}, "fault": "html_502"}));
        }
        let mut passed = Duration::ZERO;
        while passed < OUTAGE {
            world.work(&["--max-runtime", "2s"]);
            world.advance(STEP);
            passed += STEP;
        }
        for post in &posts {
            assert_eq!(world.status(&post.id), "processing", "{effect}: {}", world.post(&post.id));
        }
        world.heal();
        world.work_for(LOOKS, 60);
        posts.iter().for_each(|post| assert_published_once(&world, post, 1));
        world.assert_healthy();
    }
}

/// **P13**: an outage of one platform delays no post on the others.
#[test]
fn outage_of_one_platform_delays_no_other() {
    let world = World::new();
    world.fault(&json!({"match": {"platform": "facebook"}, "fault": "before_commit_5xx"}));
    let down = ["one", "two", "three"].map(|way| post(&world, (way, "facebook", IMAGE), &[]));
    for _ in 0..4 {
        world.work(&[]);
        world.advance(MINUTE);
        for platform in ["instagram", "linkedin"] {
            let up = post(&world, ("up", platform, IMAGE), &[]);
            world.work(&[]);
            assert_published_once(&world, &up, 1);
        }
    }
    down.iter().for_each(|post| assert_waits(&world, post, 0));
    // Posts that come meanwhile wait with the others.
    let late = Post {
        way: "late",
        account: down[0].account.clone(),
        id: post_on(&world, &down[0].account, IMAGE, "late"),
    };
    world.work(&[]);
    assert_waits(&world, &late, 0);
    world.heal();
    world.work_for(MINUTE, 60);
    assert_eq!(ever(&world, &late.account).len(), 2);
    down[1..].iter().for_each(|post| assert_published_once(&world, post, 1));
    world.assert_healthy();
}
