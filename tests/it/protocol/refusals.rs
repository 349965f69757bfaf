//! Failures that published nothing: what they cost and when they are tried again.

use std::time::Duration;

use chrono::Days;
use serde_json::{Value, json};
use socialsched::sandbox::SandboxOptions;

use crate::support::{
    Account, PLATFORMS, Simulator, World, publish_call, publish_call_of, staging_call_of,
};

fn pauses(world: &World) -> Vec<Vec<String>> {
    let left = world.database.seconds_until("paused_until");
    world.database.rows(&format!(
        "SELECT id, {left}, pause_reason FROM meta_social_accounts WHERE paused_at IS NOT NULL"
    ))
}

/// Seconds until the next attempt, as `show` reports them.
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

/// **H6**: a 429 throttles its account and costs no attempt, and other accounts
/// go on.
#[test]
fn throttled_account_costs_no_attempt_alone() {
    for staging in [true, false] {
        let world = World::new();
        let (page, other) = (world.account("facebook"), world.account("facebook"));
        let call = if staging {
            json!({"method": "POST", "path_contains": format!("{}/photos", page.external_id)})
        } else {
            json!({"path_contains": page.external_id, "body_contains": "\"is_published\":true"})
        };
        world.fault(&json!({
            "match": call, "when": {"nth": 1}, "fault": "429", "retry_after": 90,
            "body": graph(32, None, "Page request limit reached"),
        }));
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

/// **H8, E8**: a dead token pauses its account, and its posts wait until it is
/// resumed.
#[test]
fn dead_token_pauses_account_until_resumed() {
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

/// Attempts are tried again after one, five and thirty minutes, and each reason
/// is kept.
#[test]
fn attempts_follow_the_schedule_with_reasons() {
    let world = World::new();
    let page = world.account("facebook");
    let image = world.media("one.jpg");
    let id = world.schedule(&page, &["--caption", "Hello", "--image", &image]);
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos"},
        "fault": "status", "status": 400, "body": graph(324, None, "Missing or invalid image file"),
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
        row["event"] == "refused" && row["httpStatus"] == 400 && row["message"].is_string()
    });
    assert_eq!(refused.count(), 4, "{shown:#}");
    assert_eq!(world.live().len(), 0);
    world.assert_healthy();
}

/// Media that is not there fails the post with the reason of each attempt.
#[test]
fn missing_media_fails_with_every_reason() {
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

/// A refused publish call is tried again on every platform.
#[test]
fn refused_publish_call_is_retried_everywhere() {
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

/// **H6**: what a 429 asks for may be a date, huge, negative or nonsense.
/// Seconds, a date, more than a day, and what is no time at all.
#[test]
fn odd_retry_after_values_are_bounded() {
    let world = World::new();
    let image = world.media("one.jpg");
    let date =
        (world.database.now() + Duration::from_secs(120)).format("%a, %d %b %Y %H:%M:%S GMT");
    let (date, mut posts) = (date.to_string(), Vec::new());
    for platform in PLATFORMS {
        // Meta's limits count over an hour.
        let usual = if platform == "linkedin" { 60 } else { 3600 };
        for (asked, rest) in [
            (json!(90), 90),
            (json!(date), 120),
            (json!(99_999_999), 86_400),
            (json!(-5), usual),
            (json!("soon"), usual),
        ] {
            let account = world.account(platform);
            let body = match platform {
                "linkedin" => json!({"status": 429, "code": "TOO_MANY_REQUESTS", "message": "No"}),
                _ => graph(613, None, "Calls to this api have exceeded the rate limit"),
            };
            world.fault(&json!({
                "match": publish_call_of(&account), "when": {"nth": 1},
                "fault": "429", "retry_after": asked, "body": body,
            }));
            let id = world.schedule(&account, &["--caption", "Hello", "--image", &image]);
            posts.push((id, account, asked, rest));
        }
    }
    world.work(&[]);
    let paused = pauses(&world);
    for (id, account, asked, rest) in &posts {
        let post = world.post(id);
        assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
        let pause = paused.iter().find(|pause| pause[0] == account.id);
        let left: i64 = pause.unwrap()[1].parse().unwrap();
        assert!((rest - 30..=*rest).contains(&left), "{asked} on {}: {left}", account.platform);
    }
    world.advance(Duration::from_secs(3601));
    world.work(&[]);
    for (id, account, asked, rest) in &posts {
        let (post, platform) = (world.post(id), account.platform);
        match *rest {
            86_400 => assert_waits(&world, id),
            _ => assert_eq!(post["status"], "published", "{asked} on {platform}: {post}"),
        }
    }
    assert_eq!(world.live().len(), posts.len() - PLATFORMS.len());
    world.assert_healthy();
}

/// The answer of a Graph API.
fn graph(code: u32, subcode: Option<u32>, message: &str) -> Value {
    let mut error = json!({"message": message, "type": "OAuthException", "code": code,
                           "fbtrace_id": "Atrace"});
    if let Some(subcode) = subcode {
        error["error_subcode"] = json!(subcode);
    }
    json!({ "error": error })
}

/// One post on an account of its own, whose first such call gets this answer.
fn refused(world: &World, account: &Account, call: Value, status: u16, body: &Value) -> String {
    world.fault(&json!({
        "match": call, "when": {"nth": 1}, "fault": "status", "status": status, "body": body,
    }));
    world.schedule(account, &["--caption", "Hello", "--image", &world.media("one.jpg")])
}

#[track_caller]
fn assert_waits(world: &World, id: &str) {
    let post = world.post(id);
    assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
    assert_eq!(post["outcome"], Value::Null, "{post}");
}

/// **H7**: a limit is known by its code although it comes as HTTP 400.
#[test]
fn limit_is_recognised_by_its_code() {
    let world = World::new();
    let mut posts = Vec::new();
    for platform in ["facebook", "instagram"] {
        for code in [9, 32, 613, 80_001, 80_002] {
            for call_of in [staging_call_of, publish_call_of] {
                let account = world.account(platform);
                let body = graph(code, None, "Too many calls");
                posts.push(refused(&world, &account, call_of(&account), 400, &body));
            }
        }
    }
    world.work(&[]);
    let paused = pauses(&world);
    assert_eq!(paused.len(), posts.len(), "{paused:?}");
    for pause in paused {
        let left: i64 = pause[1].parse().unwrap();
        assert!((3500..=3600).contains(&left), "{pause:?}");
    }
    posts.iter().for_each(|id| assert_waits(&world, id));
    assert_eq!(world.live().len(), 0);
    world.advance(Duration::from_secs(3601));
    world.work_until_done();
    assert!(posts.iter().all(|id| world.post(id)["attempts"] == 1));
    assert_eq!(world.live().len(), posts.len());
    world.assert_healthy();
}

/// Posts of accounts that the platforms refuse wait until an operator resumes them, and
/// those of all others go out.
fn paused_until_resumed(refusals: &[(&'static str, u16, Value, &str)]) {
    let world = World::new();
    let mut posts = Vec::new();
    for (number, (platform, status, body, reason)) in refusals.iter().enumerate() {
        let account = world.account(platform);
        let call = if number % 2 == 0 { publish_call_of } else { staging_call_of };
        let id = refused(&world, &account, call(&account), *status, body);
        posts.push((id, account, *reason));
    }
    let image = world.media("two.jpg");
    let others = PLATFORMS.map(|platform| {
        world.schedule(&world.account(platform), &["--caption", "Fine", "--image", &image])
    });
    for _ in 0..2 {
        world.work(&[]);
        world.advance(Duration::from_secs(6 * 60 * 60));
    }
    assert!(others.iter().all(|id| world.status(id) == "published"), "others go on");
    let paused = pauses(&world);
    assert_eq!(paused.len(), posts.len(), "{paused:?}");
    for (id, account, reason) in &posts {
        assert_waits(&world, id);
        let pause = paused.iter().find(|pause| pause[0] == account.id).unwrap();
        assert_eq!(pause[1], "", "no end without a person: {pause:?}");
        assert!(pause[2].contains(reason), "{reason}: {pause:?}");
        world.run(&["accounts", "resume", &account.id]).ok();
    }
    world.work_until_done();
    assert_eq!(world.live().len(), posts.len() + others.len());
    world.assert_healthy();
}

/// **H8**: what only a person can cure pauses the account by its code.
#[test]
fn permission_codes_pause_the_account() {
    let dead = "Error validating access token";
    let linkedin = |status: u16, code: &str| {
        ("linkedin", status, json!({"status": status, "code": code, "message": "No"}), "econnect")
    };
    let mut refusals =
        vec![linkedin(401, "REVOKED_ACCESS_TOKEN"), linkedin(401, "EXPIRED_ACCESS_TOKEN")];
    for platform in ["facebook", "instagram"] {
        for (subcode, label) in [
            (None, "190: "),
            (Some(458), "190/458: "),
            (Some(459), "190/459: "),
            (Some(460), "190/460: "),
            (Some(463), "190/463: "),
            (Some(464), "190/464: "),
            (Some(467), "190/467: "),
        ] {
            refusals.push((platform, 400, graph(190, subcode, dead), label));
        }
        refusals.push((platform, 403, graph(10, None, "No permission"), "10: "));
        refusals.push((platform, 403, graph(200, None, "No permission"), "200: "));
    }
    paused_until_resumed(&refusals);
}

/// **H8**: a blocked account is throttled and continues afterwards.
#[test]
fn blocked_account_resumes_by_itself() {
    let world = World::new();
    let accounts = ["facebook", "instagram"].map(|platform| world.account(platform));
    let blocked = graph(368, None, "The action attempted has been deemed abusive");
    let ids = accounts
        .each_ref()
        .map(|account| refused(&world, account, publish_call_of(account), 400, &blocked));
    world.work(&[]);
    ids.iter().for_each(|id| assert_waits(&world, id));
    for pause in pauses(&world) {
        let left: i64 = pause[1].parse().unwrap();
        assert!((850..=900).contains(&left), "{pause:?}");
    }
    world.advance(Duration::from_secs(901));
    world.work_until_done();
    assert_eq!(world.live().len(), ids.len());
    world.assert_healthy();
}

/// **H20**: a lost role or account is reported with its reason, and other accounts
/// continue.
#[test]
fn lost_role_or_account_is_explained() {
    paused_until_resumed(&[
        ("facebook", 400, graph(190, Some(492), "Session does not match"), "lost the role"),
        ("facebook", 400, graph(100, Some(1_404_078), "Authorize the Page"), "Authorize the Page"),
        ("facebook", 403, graph(283, None, "Requires pages_read"), "a permission is missing"),
        ("instagram", 400, graph(25, Some(2_207_050), "The account is restricted"), "restricted"),
        ("instagram", 400, graph(100, None, "The user is not an Instagram Business"), "Business"),
        ("linkedin", 403, json!({"message": "", "status": 403}), "the role on the page was lost"),
        ("linkedin", 403, json!({"message": "No access", "status": 403}), "No access"),
    ]);
}

/// **H19**: a used-up day at Instagram is waited for, and other accounts go on.
/// Instagram counts over the last 24 hours.
#[test]
fn instagram_day_limit_is_waited_for() {
    let world =
        World::with(SandboxOptions { instagram_daily_posts: 1, ..SandboxOptions::default() });
    let (account, other) = (world.account("instagram"), world.account("instagram"));
    let image = world.media("one.jpg");
    let post = |account: &Account, text: &str| {
        world.schedule(account, &["--caption", text, "--image", &image])
    };
    post(&account, "Earlier");
    world.work_until_done();
    world.advance(Duration::from_secs(22 * 60 * 60 + 1800));
    let (waiting, others) = (post(&account, "One more"), post(&other, "Fine"));
    for _ in 0..2 {
        world.work(&[]);
        assert_waits(&world, &waiting);
        let paused = pauses(&world);
        assert_eq!((paused.len(), &paused[0][0]), (1, &account.id));
        let left: i64 = paused[0][1].parse().unwrap();
        assert!((3550..=3600).contains(&left), "{paused:?}");
        assert_eq!(world.status(&others), "published", "others go on");
        world.advance(Duration::from_secs(3601));
    }
    world.work_for(Duration::from_secs(600), 10);
    assert_eq!(world.post(&waiting)["attempts"], 1);
    assert_eq!(world.live().len(), 3);
    world.assert_healthy();
}

/// **H19**: a used-up day at LinkedIn is waited for, and other accounts go on.
/// LinkedIn counts until midnight UTC, by its own clock.
#[test]
fn linkedin_day_limit_is_waited_for() {
    let world = World::new();
    let late = (world.database.now().date_naive() + Days::new(2)).and_hms_opt(22, 30, 0).unwrap();
    Simulator::post(&world, "/__sim/clock", &json!({"set_ms": late.and_utc().timestamp_millis()}));
    let (account, other) = (world.account("linkedin"), world.account("linkedin"));
    let day = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls is reached";
    let body = json!({"message": day, "status": 429});
    let waiting = refused(&world, &account, publish_call_of(&account), 429, &body);
    let others = world.schedule(&other, &["--caption", "Fine"]);
    world.work(&[]);
    assert_waits(&world, &waiting);
    let left: i64 = pauses(&world)[0][1].parse().unwrap();
    assert!((5350..=5400).contains(&left), "{left} seconds until midnight");
    assert_eq!(world.status(&others), "published", "others go on");
    world.advance(Duration::from_secs(5401));
    world.work_until_done();
    assert_eq!(world.post(&waiting)["attempts"], 1);
    assert_eq!(world.live().len(), 2);
    world.assert_healthy();
}
