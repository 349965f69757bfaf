//! Publish calls whose answer is lost or false.

use std::time::Duration;

use serde_json::{Value, json};
use socialsched::sandbox::SandboxOptions;

use crate::support::{Account, World, publish_call, publish_call_of};

/// Pause between runs when look-ups continue for an hour or two.
const LOOKS: Duration = Duration::from_secs(150);

/// A flow: what is scheduled, and which call makes it visible.
struct Flow {
    name: &'static str,
    platform: &'static str,
    args: &'static [&'static str],
    /// `match` of the publish call; `{account}` stands for the account's id there.
    call: &'static str,
}

const FLIP: &str = r#"{"method": "POST", "path_contains": "{account}_", "body_contains": "\"is_published\":true"}"#;
const IG: &str = r#"{"method": "POST", "path_contains": "{account}/media_publish"}"#;
const LI: &str =
    r#"{"method": "POST", "path_contains": "/rest/posts", "body_contains": "{account}"}"#;

#[rustfmt::skip]
const FLOWS: &[Flow] = &[
    Flow { name: "Page text", platform: "facebook", args: &[], call: FLIP },
    Flow { name: "Page photos", platform: "facebook", args: &["--image", "a.jpg", "--image", "b.jpg"], call: FLIP },
    Flow { name: "Page video", platform: "facebook", args: &["--type", "video", "--video", "a.mp4"],
        call: r#"{"method": "POST", "body_contains": "\"published\":true"}"# },
    Flow { name: "Page reel", platform: "facebook", args: &["--type", "reel", "--video", "a.mp4"],
        call: r#"{"method": "POST", "path_contains": "{account}/video_reels", "body_contains": "finish"}"# },
    Flow { name: "Instagram image", platform: "instagram", args: &["--image", "a.jpg"], call: IG },
    Flow { name: "Instagram reel", platform: "instagram", args: &["--type", "reel", "--video", "a.mp4"], call: IG },
    Flow { name: "Instagram carousel", platform: "instagram",
        args: &["--type", "carousel", "--image", "a.jpg", "--image", "b.jpg"], call: IG },
    Flow { name: "LinkedIn text", platform: "linkedin", args: &[], call: LI },
    Flow { name: "LinkedIn images", platform: "linkedin", args: &["--image", "a.jpg", "--image", "b.jpg"], call: LI },
    Flow { name: "LinkedIn member", platform: "member", args: &[], call: LI },
];

impl Flow {
    /// Schedules one on an account of its own, with a fault at its first publish call.
    fn schedule(&self, world: &World, fault: &str) -> (Account, String) {
        let account = match self.platform {
            "member" => world.member(),
            platform => world.account(platform),
        };
        let call: Value =
            serde_json::from_str(&self.call.replace("{account}", &account.external_id)).unwrap();
        world.fault(&json!({"match": call, "when": {"nth": 1}, "fault": fault}));
        let text = format!("{} only once", self.name);
        let mut args = vec!["--caption".to_owned(), text];
        for arg in self.args {
            args.push(if arg.contains('.') { world.media(arg) } else { (*arg).to_owned() });
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let id = world.schedule(&account, &args);
        (account, id)
    }
}

fn live_on(world: &World, account: &Account) -> usize {
    let on = |item: &Value| item["account"] == account.external_id.as_str();
    world.live().iter().filter(|item| on(item)).count()
}

/// Number of injected faults: proves that the test covers what it claims.
fn injected(world: &World) -> usize {
    world.calls().iter().filter(|call| call["fault"].is_string()).count()
}

/// Every flow with its first publish call gone wrong, run to its end.
fn all_flows(fault: &str) -> (World, Vec<(&'static Flow, Account, String)>) {
    let world = World::new();
    let posts: Vec<_> = FLOWS
        .iter()
        .map(|flow| {
            let (account, id) = flow.schedule(&world, fault);
            (flow, account, id)
        })
        .collect();
    world.work_for(LOOKS, 60);
    assert_eq!(injected(&world), FLOWS.len(), "each publish call went wrong once");
    world.assert_healthy();
    (world, posts)
}

/// **H2**: a post whose answer was lost is looked up and published exactly
/// once.
#[test]
fn lost_answer_is_published_exactly_once() {
    for fault in ["after_commit_drop", "after_commit_5xx"] {
        let (world, posts) = all_flows(fault);
        for (flow, account, id) in posts {
            let (name, post) = (flow.name, world.post(&id));
            assert_eq!(live_on(&world, &account), 1, "{fault}, {name}: {post}");
            if flow.platform == "member" {
                // Only a person can see a member's posts.
                assert_eq!(post["outcome"], "unknown", "{fault}, {name}: {post}");
            } else {
                assert_eq!(post["status"], "published", "{fault}, {name}: {post}");
                assert_eq!(post["attempts"], 1, "{fault}, {name}: {post}");
            }
        }
    }
}

/// **H4**: a refusal that lies doubles no post. Only of a member's post nothing
/// can be read: there LinkedIn's own refusal is believed.
#[test]
fn lying_refusal_doubles_no_post() {
    let (world, posts) = all_flows("after_commit_4xx");
    for (flow, account, id) in posts {
        let (name, post) = (flow.name, world.post(&id));
        assert_eq!(live_on(&world, &account), 1, "{name}: {post}");
        if flow.platform != "member" {
            assert_eq!(post["status"], "published", "{name}: {post}");
        }
    }
}

/// **H2**: a call that never arrived is repeated only where the platform shows
/// that the post is not there.
#[test]
fn undelivered_call_repeats_only_if_proven_absent() {
    let (world, posts) = all_flows("before_commit_drop");
    for (flow, account, id) in posts {
        let (name, post) = (flow.name, world.post(&id));
        if flow.platform == "member" {
            assert_eq!(live_on(&world, &account), 0, "{name}: {post}");
            assert_eq!(post["outcome"], "unknown", "{name}: {post}");
        } else {
            assert_eq!(live_on(&world, &account), 1, "{name}: {post}");
            assert_eq!(post["status"], "published", "{name}: {post}");
        }
    }
}

/// **H4**: a throttling answer to a call that went through doubles no post.
/// Seen below posts of Instagram that are live: an error that says "too many
/// actions".
#[test]
fn throttled_but_live_call_doubles_nothing() {
    let world = World::new();
    let account = world.account("instagram");
    world.fault(&json!({
        "match": publish_call("instagram"), "fault": "after_commit_status", "status": 403,
        "body": {"error": {"message": "Application request limit reached", "code": 4,
                           "error_subcode": 2_207_051, "type": "OAuthException"}},
    }));
    let image = world.media("a.jpg");
    let id = world.schedule(&account, &["--caption", "Only once", "--image", &image]);
    world.work(&[]);
    assert_eq!(world.status(&id), "processing", "it is looked up, not sent again");
    world.work_for(LOOKS, 60);
    let post = world.post(&id);
    assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)), "{post}");
    assert_eq!(live_on(&world, &account), 1);
    world.assert_healthy();
}

/// **H9**: a duplicate that Meta reports is looked up and never sent again. Meta's errors
/// for a post that is there already are doubted like a missing answer, and fail the post
/// in the end if they are true.
#[test]
fn meta_duplicate_is_looked_up_never_resent() {
    for (fault, live) in [("after_commit_status", 1), ("status", 0)] {
        let world = World::new();
        let posts = [(506, 0), (100, 1_366_051)].map(|(code, subcode)| {
            let page = world.account("facebook");
            world.fault(&json!({
                "match": publish_call_of(&page), "when": {"nth": 1}, "fault": fault, "status": 400,
                "body": {"error": {"message": "Duplicate status message", "code": code,
                                   "error_subcode": subcode, "type": "OAuthException"}},
            }));
            let image = world.media("a.jpg");
            let id = world.schedule(&page, &["--caption", "Only once", "--image", &image]);
            (page, id)
        });
        world.work(&[]);
        let (soon, late) = match live {
            1 => ("published", "published"),
            _ => ("processing", "failed"),
        };
        for (_, id) in &posts {
            assert_eq!(world.status(id), soon, "{fault}: {}", world.post(id));
        }
        world.work_for(LOOKS, 60);
        for (page, id) in &posts {
            assert_eq!(world.status(id), late, "{fault}: {}", world.post(id));
            assert_eq!(live_on(&world, page), live, "{fault}");
            assert_eq!(world.post(id)["attempts"], 1, "{fault}");
        }
        world.assert_healthy();
    }
}

/// A member's post with an unknown outcome.
fn unknown(fault: &str) -> (World, Account, String) {
    let world = World::new();
    let flow = FLOWS.iter().find(|flow| flow.platform == "member").unwrap();
    let (account, id) = flow.schedule(&world, fault);
    world.work_for(LOOKS, 60);
    assert_eq!(world.post(&id)["outcome"], "unknown");
    (world, account, id)
}

#[test]
fn person_who_sees_post_names_id() {
    let (world, account, id) = unknown("after_commit_drop");
    let seen = world.live()[0]["id"].as_str().unwrap().to_owned();
    world.run(&["recover", &id, "--published", &seen, "--yes"]).ok();
    let post = world.post(&id);
    assert_eq!(post["status"], "published", "{post}");
    assert_eq!(post["externalPostId"], json!(seen), "{post}");
    world.advance(Duration::from_secs(3600));
    world.work(&[]);
    assert_eq!(live_on(&world, &account), 1);
    world.assert_healthy();
}

/// A person who does not see the post has it sent again.
#[test]
fn person_who_sees_nothing_resends_post() {
    let (world, account, id) = unknown("before_commit_drop");
    // Without a decision it is never sent.
    world.advance(Duration::from_secs(24 * 3600));
    world.work(&[]);
    world.run(&["retry", &id]).exits(4);
    assert_eq!(live_on(&world, &account), 0);
    world.run(&["recover", &id, "--not-published", "--yes"]).ok();
    world.work_until_done();
    assert_eq!((world.status(&id), live_on(&world, &account)), ("published".to_owned(), 1));
    world.assert_healthy();
}

#[test]
fn a_person_may_give_up() {
    let (world, account, id) = unknown("before_commit_drop");
    world.run(&["recover", &id, "--abandon"]).ok();
    world.advance(Duration::from_secs(3600));
    world.work(&[]);
    world.run(&["recover"]).ok();
    assert_eq!(live_on(&world, &account), 0);
    assert_eq!(world.json(&["list", "--status", "unknown"])["data"], json!([]));
    assert_eq!(world.json(&["list", "--status", "failed"])["data"].as_array().unwrap().len(), 1);
    world.assert_healthy();
}

/// **H9**: a post with the same text is not matched to the one whose answer was
/// lost. Two posts of one account with the same text, of which only the first
/// one's publish call arrived: the live one is not the second.
#[test]
fn equal_text_is_not_matched() {
    let world = World::new();
    let page = world.account("linkedin");
    world.fault(&json!({
        "match": publish_call("linkedin"), "when": {"nth": 2}, "fault": "before_commit_drop",
    }));
    let text = ["--caption", "Same words", "--allow-duplicate"];
    let ids = [world.schedule(&page, &text), world.schedule(&page, &text)];
    world.work_for(LOOKS, 60);
    let found = ids.map(|id| world.post(&id)["externalPostId"].as_str().unwrap().to_owned());
    let mut live: Vec<String> =
        world.live().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    live.sort_unstable();
    let mut ids = found.to_vec();
    ids.sort_unstable();
    assert_eq!(ids, live, "each is live under an id of its own");
    assert_eq!(live.len(), 2);
    world.assert_healthy();
}

/// **H9**: a duplicate of another post of this database fails and is not
/// matched to it.
#[test]
fn duplicate_of_own_other_post_fails() {
    let world = World::new();
    let page = world.account("linkedin");
    let text = ["--caption", "Same words", "--allow-duplicate"];
    let ids = [world.schedule(&page, &text), world.schedule(&page, &text)];
    world.work_for(LOOKS, 60);
    let posts = ids.map(|id| world.post(&id));
    let failed = posts.iter().find(|post| post["status"] == "failed").unwrap();
    assert_eq!(failed["outcome"], "not_published", "{failed}");
    assert_eq!(failed["errorCode"], "duplicate_post", "{failed}");
    assert!(posts.iter().any(|post| post["status"] == "published"));
    assert_eq!(live_on(&world, &page), 1);
    world.assert_healthy();
}

/// **H10**: a duplicate of a post that is not there is not matched to it. The
/// duplicate that LinkedIn names cannot be read: that proves nothing about a
/// member's post; a Page shows that it does not have its own.
#[test]
fn duplicate_of_missing_post_is_not_matched() {
    let ghosts = SandboxOptions {
        duplicate_names_ghost: true,
        duplicate_window_ms: 7 * 86_400_000,
        ..SandboxOptions::default()
    };
    let world = World::with(ghosts);
    let (member, page) = (world.member(), world.account("linkedin"));
    world.fault(&json!({
        "match": publish_call_of(&member), "when": {"nth": 1}, "fault": "after_commit_5xx",
    }));
    let first = world.schedule(&member, &["--caption", "Only once"]);
    // Of the page's two posts one is live, and the other one its duplicate.
    let text = ["--caption", "Same words", "--allow-duplicate"];
    let two = [world.schedule(&page, &text), world.schedule(&page, &text)];
    world.work_for(LOOKS, 60);
    assert_eq!(world.post(&first)["outcome"], "unknown", "{}", world.post(&first));
    // A person who has not looked well.
    world.run(&["recover", &first, "--not-published", "--yes"]).ok();
    world.work_for(LOOKS, 60);
    let posts = two.map(|id| world.post(&id));
    let second = posts.iter().find(|post| post["status"] != "published").unwrap();
    assert!(posts.iter().any(|post| post["status"] == "published"), "{posts:?}");
    for (post, outcome) in [(second, "not_published"), (&world.post(&first), "unknown")] {
        assert_eq!(post["outcome"], outcome, "{post}");
        assert_eq!(post["externalPostId"], Value::Null, "adopted a ghost: {post}");
    }
    assert_eq!(second["errorCode"], "duplicate_post", "{second}");
    world.advance(Duration::from_secs(24 * 3600));
    world.work(&[]);
    assert_eq!((live_on(&world, &member), live_on(&world, &page)), (1, 1));
    assert_eq!(world.json(&["list", "--status", "unknown"])["data"].as_array().unwrap().len(), 1);
    world.assert_healthy();
}

/// **F12**: that our own object is not live does not prove that another program
/// published nothing. Another program took a post that was staged here, and may
/// have published it as an object of its own.
#[test]
fn own_object_proves_nothing_about_other_programs() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+4m"]);
    world.work(&[]);
    assert_eq!(world.drafts().len(), 1, "it is staged");
    let long_ago = world.database.in_seconds(-11 * 60);
    world.database.execute(&format!(
        "UPDATE post_schedule SET status = 'processing', worker_id = 'node', locked_at = {long_ago};
         UPDATE post_details SET status = 'processing'"
    ));
    world.work_for(LOOKS, 60);
    assert_eq!(world.post(&id)["outcome"], "unknown", "{}", world.post(&id));
    assert_eq!(live_on(&world, &page), 0);
    world.assert_healthy();
}

/// **H8**: a look-up is not given up while the token that it needs is dead. A
/// person is not asked before the platform can be: a new token settles it.
#[test]
fn dead_token_keeps_the_look_up_open() {
    let world = World::new();
    let (account, id) = FLOWS[0].schedule(&world, "after_commit_drop");
    world.fault(&json!({
        "match": {"method": "GET", "platform": "facebook"}, "fault": "status", "status": 400,
        "body": {"error": {"message": "Session has expired", "type": "OAuthException", "code": 190,
            "error_subcode": 463}},
    }));
    for _ in 0..14 {
        world.work(&[]);
        world.advance(Duration::from_secs(11 * 60));
    }
    assert!(injected(&world) > 10, "it was asked more often than a person waits for");
    assert_eq!(world.status(&id), "processing");
    world.heal();
    // Nor is it one look-up later, after another failure.
    world.fault(&json!({"match": {"method": "GET"}, "when": {"nth": 1}, "fault": "html_502"}));
    world.work(&[]);
    assert_eq!(world.status(&id), "processing");
    world.run(&["accounts", "resume", &account.id]).ok();
    world.work_for(LOOKS, 20);
    assert_eq!((world.status(&id), live_on(&world, &account)), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// **H8**: a person is asked after a day with a dead token.
#[test]
fn dead_token_for_a_day_needs_review() {
    let world = World::new();
    let (_, id) = FLOWS[0].schedule(&world, "after_commit_drop");
    world.work(&[]);
    world.fault(&json!({
        "match": {"method": "GET", "platform": "facebook"}, "fault": "status", "status": 400,
        "body": {"error": {"message": "Session has expired", "type": "OAuthException", "code": 190}},
    }));
    world.advance(Duration::from_secs(25 * 60 * 60));
    world.work(&[]);
    let post = world.post(&id);
    assert_eq!((&post["status"], &post["outcome"]), (&json!("failed"), &json!("unknown")));
    world.assert_healthy();
}
