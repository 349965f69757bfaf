//! P4 to P6: what comes from LinkedIn, and what only looks so.

use std::slice;

use serde_json::{Value, json};

use super::{
    LOOKS, MEMBER, MINUTE, PAGE, Way, assert_published_once, calls, ever, first_publish_call,
    pauses, post, rule_for, work_on,
};
use crate::support::{PLATFORMS, World};

const SIGN_IN: &str = "<!doctype html><title>Sign in</title><p>Please sign in to go on.</p>";

/// What proxies, portals and maintenance pages answer.
fn of_others() -> Vec<Value> {
    vec![
        json!({"status": 200, "body": SIGN_IN}),
        json!({"status": 201, "body": SIGN_IN}),
        json!({"status": 200}),
        json!({"status": 201}),
        json!({"status": 200, "body": "null", "content_type": "application/json"}),
        json!({"status": 200, "body": {}}),
        json!({"status": 202}),
        json!({"status": 204}),
        json!({"status": 206, "body": "{\"id\""}),
        // Contradictions, and ids that are none.
        json!({"status": 422, "headers": {"x-restli-id": "urn:li:share:77"}}),
        json!({"status": 201, "headers": {"x-restli-id": format!("urn:li:share:{}", "7".repeat(300))}}),
        json!({"status": 201, "headers": {"x-restli-id": "urn:li:person:Somebody"}}),
    ]
}

fn answered(answer: &Value, effect: &str) -> Value {
    let mut rule = answer.clone();
    rule["fault"] = json!("answer");
    rule["effect"] = json!(effect);
    first_publish_call(rule)
}

/// **P4**: an answer that is not LinkedIn's publishes no post of a Page.
#[test]
fn unsigned_answer_publishes_no_page_post() {
    for effect in ["none", "once"] {
        let world = World::new();
        let posts: Vec<_> = of_others()
            .iter()
            .map(|answer| (post(&world, PAGE, &[answered(answer, effect)]), answer.clone()))
            .collect();
        world.work(&[]);
        for (post, answer) in &posts {
            let live = ever(&world, &post.account).len();
            let shown = world.post(&post.id);
            assert!(shown["status"] != "published" || live == 1, "{answer}: {shown}");
        }
        world.work_for(LOOKS, 60);
        for (post, answer) in &posts {
            assert_published_once(&world, post, 1);
            let sent = if effect == "once" { 1 } else { 2 };
            assert_eq!(calls(&world, &post.account, "publish").len(), sent, "{answer}");
            let seen = &ever(&world, &post.account)[0]["id"];
            assert_eq!(&world.post(&post.id)["externalPostId"], seen, "{answer}");
        }
        world.assert_healthy();
    }
}

/// **P4**: an answer that is not LinkedIn's leaves a member's post to a person.
#[test]
fn unsigned_answer_to_members_post_needs_review() {
    let world = World::new();
    let posts: Vec<_> = of_others()
        .iter()
        .map(|answer| post(&world, MEMBER, &[answered(answer, "none")]))
        .collect();
    world.work_for(LOOKS, 60);
    for (post, answer) in posts.iter().zip(of_others()) {
        let shown = world.post(&post.id);
        assert_eq!(shown["outcome"], "unknown", "{answer}: {shown}");
        assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{answer}: sent again");
    }
    assert_eq!(world.live(), [Value::Null; 0]);
    world.assert_healthy();
}

/// **P4, P12**: a first comment that a web page answered is looked for and sent
/// again. A web page in place of the platform says nothing about a comment.
#[test]
fn comment_answered_by_web_page_is_resent() {
    let world = World::new();
    let comment: &[&str] = &["--image", "a.jpg", "--first-comment", "First!"];
    let rule = json!({
        "match": {"call": "comment"}, "when": {"nth": 1},
        "fault": "answer", "status": 200, "body": SIGN_IN,
    });
    let posts: Vec<_> = PLATFORMS
        .iter()
        .map(|platform| post(&world, ("commented", platform, comment), slice::from_ref(&rule)))
        .collect();
    world.work_for(LOOKS, 60);
    work_on(&world, 20, LOOKS);
    for post in &posts {
        let ever = ever(&world, &post.account);
        assert_eq!(ever[0]["comments"], json!(["First!"]), "{}", post.account.platform);
        assert_eq!(calls(&world, &post.account, "comment").len(), 2, "{}", post.account.platform);
        let state = "SELECT first_comment_state FROM post_details WHERE id =";
        assert_eq!(world.database.value(&format!("{state} '{}'", post.id)), "sent");
    }
    world.assert_healthy();
}

/// **P5**: a Page's post that was refused by a lie is read before it is sent
/// again or fails.
#[test]
fn lying_page_refusal_is_read_first() {
    let world = World::new();
    let ways: [Way; 2] = [PAGE, ("LinkedIn image", "linkedin", &["--image", "a.jpg"])];
    let mut posts = Vec::new();
    for (status, code) in [
        (400, "INVALID_VALUE_FOR_FIELD"),
        (401, "EXPIRED_ACCESS_TOKEN"),
        (403, "ACCESS_DENIED"),
        (422, "UNPROCESSABLE_ENTITY"),
        (429, "TOO_MANY_REQUESTS"),
    ] {
        let lie = json!({"fault": "refuse", "status": status, "code": code, "effect": "once"});
        posts.extend(ways.map(|way| post(&world, way, &[first_publish_call(lie.clone())])));
    }
    work_on(&world, 20, 5 * MINUTE);
    for post in &posts {
        assert_published_once(&world, post, 1);
        assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{}", post.way);
    }
    world.assert_healthy();
}

/// **P5**: a refusal that is not signed by LinkedIn neither fails a post nor
/// pauses its account.
#[test]
fn unsigned_refusal_fails_and_pauses_nothing() {
    let world = World::new();
    let mut posts = Vec::new();
    for status in [400, 401, 403, 404, 422, 429] {
        let page = json!({"fault": "answer", "status": status, "body": SIGN_IN});
        let json = json!({"fault": "refuse", "status": status, "signed": false});
        for answer in [page, json] {
            let rule = first_publish_call(answer);
            posts.extend([PAGE, MEMBER].map(|way| post(&world, way, slice::from_ref(&rule))));
        }
    }
    world.work(&[]);
    assert_eq!(pauses(&world), []);
    world.work_for(LOOKS, 60);
    for post in &posts {
        if post.way == PAGE.0 {
            assert_published_once(&world, post, 1);
        } else {
            let shown = world.post(&post.id);
            assert_eq!(shown["outcome"], "unknown", "{shown}");
            assert_eq!(calls(&world, &post.account, "publish").len(), 1, "{shown}");
        }
    }
    world.assert_healthy();
}

/// **P6**: an upload that was not taken is made anew after a few calls. The
/// upload's answer is 2xx although nothing was taken, or the web page of a
/// portal.
#[test]
fn upload_not_taken_is_made_anew() {
    let world = World::new();
    let ways: [Way; 3] = [
        ("image", "linkedin", &["--image", "a.jpg"]),
        ("images", "linkedin", &["--image", "a.jpg", "--image", "b.jpg"]),
        ("member's image", "member", &["--image", "a.jpg"]),
    ];
    let upload = json!({"method": "PUT"});
    let not_taken = json!({"match": upload, "when": {"nth": 1}, "fault": "not_taken"});
    let portal = json!({
        "match": upload, "when": {"nth": 1}, "fault": "answer", "status": 200, "body": SIGN_IN,
    });
    let mut posts = Vec::new();
    for rule in [not_taken, portal] {
        posts.extend(ways.map(|way| post(&world, way, slice::from_ref(&rule))));
    }
    world.work_for(MINUTE, 60);
    for post in &posts {
        let shown = world.post(&post.id);
        assert_eq!(shown["status"], "published", "{}: {shown}", post.way);
        assert_eq!(ever(&world, &post.account).len(), 1, "{}", post.way);
        let sent = calls(&world, &post.account, "publish").len();
        assert!(sent <= 4, "{}: {sent} publish calls", post.way);
    }
    world.assert_healthy();
}

/// **P6**: uploads that are never taken fail the post in the end.
#[test]
fn uploads_never_taken_fail_the_post() {
    let world = World::new();
    let image: Way = ("image", "member", &["--image", "a.jpg"]);
    let never = post(&world, image, &[]);
    rule_for(&world, &never.account, json!({"match": {"method": "PUT"}, "fault": "not_taken"}));
    world.work_for(5 * MINUTE, 60);
    let shown = world.post(&never.id);
    assert_eq!(shown["outcome"], "not_published", "{shown}");
    assert_eq!(shown["attempts"], 3, "{shown}");
    let sent = calls(&world, &never.account, "publish").len();
    assert!(sent <= 9, "{sent} publish calls");
    assert_eq!(world.live(), [Value::Null; 0]);
    world.assert_healthy();
}
