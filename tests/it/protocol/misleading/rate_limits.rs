//! P8: which accounts a limit concerns.

use chrono::Days;
use serde_json::{Value, json};

use super::{HOUR, MINUTE, Post, assert_published_once, assert_waits, calls, pauses, post};
use crate::support::{Account, Simulator, World};

const IMAGE: &[&str] = &["--image", "a.jpg"];

/// An account that is used with the token of this variable.
fn account_of(world: &World, platform: &'static str, variable: &str, number: u32) -> Account {
    world.set(variable, format!("canary-{variable}"));
    let (name, external_id) = (format!("{platform} {number}"), (2_000_000 + number).to_string());
    #[rustfmt::skip]
    let added = world.json(&[
        "accounts", "add", "--platform", platform, "--name", &name, "--external-id", &external_id,
        "--token-env", variable,
    ]);
    Account { id: added["data"]["id"].as_str().unwrap().to_owned(), name, platform, external_id }
}

fn on(world: &World, way: &'static str, account: Account) -> Post {
    let id = super::post_on(world, &account, IMAGE, way);
    Post { way, account, id }
}

/// There is no call during the block; then each post goes out, with no attempt spent.
fn assert_throttled_until_end(world: &World, posts: &[Post]) {
    let meta =
        |world: &World| world.calls().iter().filter(|call| call["platform"] != "linkedin").count();
    let called = meta(world);
    world.work(&["--max-runtime", "2s"]);
    posts.iter().for_each(|post| assert_waits(world, post, 0));
    world.advance(HOUR / 2);
    world.work(&["--max-runtime", "2s"]);
    assert_eq!(meta(world), called, "called into the block");
    world.advance(HOUR / 2);
    world.work_for(MINUTE, 60);
    posts.iter().for_each(|post| assert_published_once(world, post, 1));
    world.assert_healthy();
}

/// **P8**: a limit of the app throttles both platforms of Meta, and LinkedIn
/// goes on.
#[test]
fn meta_app_limit_throttles_both_meta_platforms() {
    for (code, call) in [(4, "stage"), (4, "publish"), (341, "stage"), (341, "publish")] {
        for begins in ["facebook", "instagram"] {
            let world = World::new();
            let accounts = ["facebook", "facebook", "instagram"].map(|name| world.account(name));
            let limit = json!({
                "match": {"call": call}, "when": {"nth": 1}, "fault": "refuse", "code": code,
            });
            let first = post(&world, ("the first", begins, IMAGE), &[limit]);
            let linkedin = post(&world, ("LinkedIn", "linkedin", IMAGE), &[]);
            world.work(&["--max-runtime", "2s"]);
            assert_published_once(&world, &linkedin, 1);
            assert_waits(&world, &first, 0);
            let paused = pauses(&world);
            assert_eq!(paused.len(), 1 + accounts.len(), "{code}, {begins}: {paused:?}");
            for (id, why, left) in &paused {
                assert_ne!(*id, linkedin.account.id);
                assert!(why.starts_with(&format!("{code}: ")), "{why}");
                assert!((3500..=3600).contains(left), "{left}");
            }
            let others = accounts.map(|account| on(&world, "another", account));
            let mut posts = vec![first];
            posts.extend(others);
            assert_throttled_until_end(&world, &posts);
        }
    }
}

/// **P8**: a limit of a person throttles the accounts of the same token and no
/// others.
#[test]
fn person_limit_throttles_accounts_of_one_token() {
    for (platform, call) in [("facebook", "stage"), ("facebook", "publish"), ("instagram", "stage")]
    {
        let world = World::new();
        let [ann, bob] = ["TOKEN_OF_ANN", "TOKEN_OF_BOB"];
        let first = account_of(&world, platform, ann, 1);
        let hers = account_of(&world, platform, ann, 2);
        let paused_by_hand = account_of(&world, platform, ann, 3);
        world.run(&["accounts", "pause", &paused_by_hand.id, "--reason", "Holidays"]).ok();
        let others = [
            account_of(&world, platform, bob, 4),
            world.account(platform),
            world.account("linkedin"),
        ];
        let limit =
            json!({"match": {"call": call}, "when": {"nth": 1}, "fault": "refuse", "code": 17});
        super::rule_for(&world, &first, limit);
        let first = on(&world, "the first", first);
        world.work(&["--max-runtime", "2s"]);
        let paused = pauses(&world);
        assert_eq!(paused.len(), 3, "{paused:?}");
        for (id, why, left) in &paused {
            // A person's pause is left unchanged.
            let is_by_hand = *id == paused_by_hand.id;
            assert_eq!(is_by_hand, why == "Holidays" && *left == -1, "{why}");
            assert_eq!(!is_by_hand, why.starts_with("17: ") && (3500..=3600).contains(left));
        }
        let posts: Vec<_> = others.map(|account| on(&world, "another person's", account)).into();
        world.work(&["--max-runtime", "2s"]);
        posts.iter().for_each(|post| assert_published_once(&world, post, 1));
        let hers = on(&world, "the same person's", hers);
        assert_throttled_until_end(&world, &[first, hers]);
    }
}

/// **P8**: a day's limit of LinkedIn's app throttles all of LinkedIn until
/// midnight, and Meta goes on. LinkedIn's apps have a limit of their own, which
/// ends with the day.
#[test]
fn linkedin_app_limit_throttles_until_midnight() {
    let world = World::new();
    let late = (world.database.now().date_naive() + Days::new(2)).and_hms_opt(22, 30, 0).unwrap();
    let late = json!({"set_ms": late.and_utc().timestamp_millis()});
    Simulator::post(&world, "/__sim/clock", &late);
    let page = world.account("linkedin");
    world.options(&json!({"linkedin_app_daily_calls": 0}));
    let first = post(&world, ("member", "member", IMAGE), &[]);
    let meta = post(&world, ("Page", "facebook", IMAGE), &[]);
    world.work(&["--max-runtime", "2s"]);
    assert_published_once(&world, &meta, 1);
    let paused = pauses(&world);
    assert_eq!(paused.len(), 2, "{paused:?}");
    for (id, _, left) in &paused {
        assert!(*id == page.id || *id == first.account.id);
        assert!((5350..=5400).contains(left), "{left} seconds until midnight");
    }
    let called = world.calls().len();
    let second = on(&world, "page", page);
    world.work(&["--max-runtime", "2s"]);
    assert_eq!(world.calls().len(), called, "called into the block");
    world.options(&json!({"linkedin_app_daily_calls": null}));
    world.advance(2 * HOUR);
    world.work_for(MINUTE, 30);
    [first, second].iter().for_each(|post| assert_published_once(&world, post, 1));
    world.assert_healthy();
}

/// **P8**: a limit of the app that is nearly used up throttles before it
/// refuses a call. The headers report a limit before a call is refused for it.
#[test]
fn nearly_used_app_limit_throttles_early() {
    for platform in ["facebook", "instagram"] {
        let world = World::new();
        // Each post takes three or four calls; all of them would take more.
        world.options(&json!({"app_hourly_calls": 60}));
        let posts: Vec<Post> =
            (0..25).map(|_| post(&world, ("one of many", platform, IMAGE), &[])).collect();
        let linkedin = post(&world, ("LinkedIn", "linkedin", IMAGE), &[]);
        world.work(&["--concurrency", "1"]);
        assert_published_once(&world, &linkedin, 1);
        let paused = pauses(&world);
        assert_eq!(paused.len(), posts.len(), "all of the app, and no others: {paused:?}");
        assert!(paused.iter().all(|(_, why, _)| why.starts_with("near_limit: 9")), "{paused:?}");
        let meta = |call: &&Value| call["platform"] != "linkedin";
        let calls = world.calls();
        let calls: Vec<&Value> = calls.iter().filter(meta).collect();
        assert!((54..=60).contains(&calls.len()), "{platform}: {}", calls.len());
        assert!(calls.iter().all(|call| call["status"] == 200), "{platform}: refused");
        for _ in 0..3 {
            world.advance(HOUR);
            world.work(&["--concurrency", "1"]);
        }
        world.work_for(10 * MINUTE, 30);
        posts.iter().for_each(|post| assert_published_once(&world, post, 1));
        world.assert_healthy();
    }
}

/// **P8**: an account near its own limit is throttled alone, while the others
/// go on.
#[test]
fn account_near_its_limit_throttles_alone() {
    for (platform, limit) in [("facebook", 14), ("instagram", 20)] {
        let world = World::new();
        world.options(&json!({"graph_hourly_calls": limit}));
        let busy = world.account(platform);
        let texts = ["one", "two", "three", "four", "five", "six", "seven"];
        let posts = texts.map(|text| Post {
            way: text,
            account: busy.clone(),
            id: super::post_on(&world, &busy, IMAGE, text),
        });
        world.work(&["--concurrency", "1"]);
        let other = post(&world, ("other", platform, IMAGE), &[]);
        world.work(&[]);
        assert_published_once(&world, &other, 1);
        let paused = pauses(&world);
        assert_eq!((paused.len(), &paused[0].0), (1, &busy.id), "{paused:?}");
        assert!(paused[0].1.starts_with("near_limit: "), "{paused:?}");
        let refused = calls(&world, &busy, "any").into_iter().filter(|c| c["status"] != 200);
        assert_eq!(refused.count(), 0, "{platform}");
        let waiting = posts.iter().filter(|post| world.status(&post.id) == "pending");
        let waiting: Vec<_> = waiting.inspect(|post| assert_waits(&world, post, 0)).collect();
        assert!(!waiting.is_empty(), "{platform}: the limit was not met");
        for _ in 0..3 {
            world.advance(HOUR);
            world.work(&["--concurrency", "1"]);
        }
        world.work_for(10 * MINUTE, 30);
        for post in &posts {
            let shown = world.post(&post.id);
            assert_eq!((&shown["status"], &shown["attempts"]), (&json!("published"), &json!(1)));
        }
        world.assert_healthy();
    }
}
