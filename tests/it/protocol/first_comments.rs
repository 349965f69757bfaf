//! First comments: sent once, and without effect on the post.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use socialsched::domain::proof::Witness;
use socialsched::domain::{
    AccessToken, AccountId, Answer, CommentState, Draft, Failure, Intent, Platform, PostId,
    Preparation, Receipt, Sighting,
};
use socialsched::platforms::{BoxFuture, Publisher, Publishers, Settings};
use socialsched::worker::{Options, Worker};
use tokio_util::sync::CancellationToken;

use crate::store::queue::{Queue, on_every_engine, receipt, worker};
use crate::support::{PLATFORMS, World, eventually};

fn schedule(world: &World, platform: &'static str) -> String {
    let account = world.account(platform);
    let image = world.media("one.jpg");
    world
        .schedule(&account, &["--caption", "Hello", "--image", &image, "--first-comment", "First!"])
}

fn comments(world: &World) -> Vec<usize> {
    world.live().iter().map(|item| item["comments"].as_array().map_or(0, Vec::len)).collect()
}

fn state(world: &World, id: &str) -> String {
    world.database.value(&format!("SELECT first_comment_state FROM post_details WHERE id = '{id}'"))
}

/// A first comment is sent once, below its post.
#[test]
fn first_comment_is_sent_once() {
    let world = World::new();
    let ids = PLATFORMS.map(|platform| schedule(&world, platform));
    for _ in 0..3 {
        world.work_until_done();
        world.advance(Duration::from_secs(600));
        world.work(&[]);
    }
    assert_eq!(comments(&world), [1, 1, 1]);
    assert_eq!(world.live()[0]["comments"][0], json!("First!"));
    for id in &ids {
        assert_eq!(state(&world, id), "sent");
    }
    world.assert_healthy();
}

/// Runs workers for this long, every two and a half minutes.
fn work_for(world: &World, hours: u32) {
    for _ in 0..hours * 24 {
        world.work(&[]);
        world.advance(Duration::from_secs(150));
    }
}

fn comment_calls(world: &World) -> usize {
    world.calls().iter().filter(|call| call["call"] == "comment").count()
}

#[track_caller]
fn assert_posts_are_published(world: &World, ids: &[String]) {
    for id in ids {
        let post: Value = world.post(id);
        assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)));
        assert_eq!(post["errorMessage"], Value::Null, "{post}");
    }
}

/// **H23, P12**: a comment that is there is found and not sent again. The call
/// made the comment, whatever it was answered.
#[test]
fn live_comment_is_found_and_not_resent() {
    for fault in [
        json!({"fault": "after_commit_drop"}),
        json!({"fault": "after_commit_5xx"}),
        json!({"fault": "refuse", "code": 100, "effect": "once"}),
        json!({"fault": "refuse", "code": 200, "status": 403, "effect": "once"}),
        json!({"fault": "refuse", "code": 190, "status": 401, "effect": "once"}),
        json!({"fault": "empty_body"}),
        json!({"fault": "429", "effect": "once"}),
    ] {
        let world = World::new();
        let ids = PLATFORMS.map(|platform| schedule(&world, platform));
        let mut rule = fault.clone();
        rule["match"] = json!({"call": "comment"});
        world.fault(&rule);
        world.work_until_done();
        world.heal();
        work_for(&world, 1);
        for id in &ids {
            let account = world.post(id)["socialAccountId"].as_str().unwrap().to_owned();
            let _ = world.run(&["accounts", "resume", &account]);
        }
        work_for(&world, 1);
        assert_posts_are_published(&world, &ids);
        for id in &ids {
            assert_eq!(state(&world, id), "sent", "{fault}: {}", world.post(id));
        }
        assert_eq!((comments(&world), comment_calls(&world)), (vec![1; 3], 3), "{fault}");
        world.assert_healthy();
    }
}

/// **H23, P12**: a comment that is not there is sent again. The call made
/// nothing, and will succeed the next time.
#[test]
fn missing_comment_is_sent_again() {
    for fault in [
        json!({"fault": "before_commit_drop"}),
        json!({"fault": "before_commit_5xx"}),
        json!({"fault": "429", "retry_after": 300}),
        json!({"fault": "refuse", "code": 200, "status": 403}),
    ] {
        let world = World::new();
        let ids = PLATFORMS.map(|platform| schedule(&world, platform));
        for platform in PLATFORMS {
            let mut rule = fault.clone();
            rule["match"] = json!({"call": "comment", "platform": platform});
            rule["when"] = json!({"nth": 1});
            world.fault(&rule);
        }
        world.work_until_done();
        assert!(world.fault_injected(), "{fault}");
        work_for(&world, 2);
        assert_posts_are_published(&world, &ids);
        for id in &ids {
            assert_eq!(state(&world, id), "sent", "{fault}: {}", world.post(id));
        }
        assert_eq!((comments(&world), comment_calls(&world)), (vec![1; 3], 6), "{fault}");
        world.assert_healthy();
    }
}

/// **H23, P12**: a comment refused for a dead token waits until the account is
/// resumed. The account is paused as it is for a post.
#[test]
fn comment_with_dead_token_awaits_resume() {
    let world = World::new();
    let ids = PLATFORMS.map(|platform| schedule(&world, platform));
    world.fault(&json!({
        "match": {"call": "comment"}, "fault": "refuse", "status": 401, "code": 190,
    }));
    world.work_until_done();
    work_for(&world, 1);
    assert_posts_are_published(&world, &ids);
    let paused = "SELECT COUNT(*) FROM meta_social_accounts WHERE paused_at IS NOT NULL";
    assert_eq!(world.database.value(paused), "3");
    assert_eq!(comment_calls(&world), 3);
    world.heal();
    for id in &ids {
        assert_eq!(state(&world, id), "pending");
        let account = world.post(id)["socialAccountId"].as_str().unwrap().to_owned();
        world.run(&["accounts", "resume", &account]).ok();
    }
    work_for(&world, 1);
    assert!(ids.iter().all(|id| state(&world, id) == "sent"));
    assert_eq!(comments(&world), [1, 1, 1]);
    world.assert_healthy();
}

/// **H23**: a comment that is refused for good fails, and a person may send it
/// again. Comments take permissions of their own: posts go on without.
#[test]
fn comment_refused_for_good_can_be_resent() {
    let world = World::new();
    let ids = PLATFORMS.map(|platform| schedule(&world, platform));
    world.fault(&json!({
        "match": {"call": "comment"}, "fault": "refuse", "status": 403, "code": 200,
    }));
    world.work_until_done();
    work_for(&world, 2);
    assert_posts_are_published(&world, &ids);
    let paused = "SELECT COUNT(*) FROM meta_social_accounts WHERE paused_at IS NOT NULL";
    assert_eq!(world.database.value(paused), "0", "posts need other permissions");
    assert_eq!(comment_calls(&world), 9, "three of each");
    world.heal();
    for id in &ids {
        assert_eq!(state(&world, id), "failed", "{}", world.post(id));
        world.run(&["retry", "--comment", id]).ok();
    }
    work_for(&world, 1);
    assert!(ids.iter().all(|id| state(&world, id) == "sent"));
    assert_eq!(comments(&world), [1, 1, 1]);
    world.run(&["retry", "--comment", &ids[0]]).exits(4);
    world.assert_healthy();
}

/// **H23**: an account that may neither write nor read comments goes on with
/// its posts. Reading comments may take the same permission as writing them.
#[test]
fn account_without_comment_rights_keeps_posting() {
    let world = World::new();
    let ids = PLATFORMS.map(|platform| schedule(&world, platform));
    for call in ["comment", "comments"] {
        world.fault(&json!({
            "match": {"call": call}, "fault": "refuse", "status": 403, "code": 10,
        }));
    }
    world.work_until_done();
    work_for(&world, 2);
    assert_posts_are_published(&world, &ids);
    let paused = "SELECT COUNT(*) FROM meta_social_accounts WHERE paused_at IS NOT NULL";
    assert_eq!(world.database.value(paused), "0");
    assert!(ids.iter().all(|id| state(&world, id) == "failed"));
    assert_eq!(comment_calls(&world), 9, "three of each");
    world.assert_healthy();
}

/// **H23**: a lost comment is found by what readers see. Platforms trim what
/// they store, and write letters in another form.
#[test]
fn lost_comment_is_found_by_visible_text() {
    let world = World::new();
    let image = world.media("one.jpg");
    let ids = PLATFORMS.map(|platform| {
        let text = "Un cafe\u{301}? ";
        let all = ["--caption", "Hello", "--image", &image, "--first-comment", text];
        world.schedule(&world.account(platform), &all)
    });
    world.fault(&json!({"match": {"call": "comment"}, "fault": "after_commit_drop"}));
    world.work_until_done();
    work_for(&world, 1);
    assert!(ids.iter().all(|id| state(&world, id) == "sent"));
    assert_eq!(comments(&world), [1, 1, 1]);
    world.assert_healthy();
}

/// **H23**: a comment whose worker died while sending it is found and not sent
/// again.
#[test]
fn comment_sent_by_dying_worker_is_found() {
    for (fault, calls) in [("after_commit_hang", 1), ("before_commit_hang", 2)] {
        let world = World::new();
        let id = schedule(&world, "facebook");
        world.fault(&json!({"match": {"call": "comment"}, "fault": fault}));
        let mut worker = world.start_worker(&[]);
        eventually("the comment hangs", || world.fault_injected());
        worker.kill();
        world.heal();
        work_for(&world, 1);
        assert_eq!((comments(&world), comment_calls(&world)), (vec![1], calls), "{fault}");
        let shown = (world.status(&id), state(&world, &id));
        assert_eq!(shown, ("published".to_owned(), "sent".to_owned()), "{fault}");
        world.assert_healthy();
    }
}

/// **H23**: a member's lost comment is left to a person. A member's comments
/// cannot be read back.
#[test]
fn members_lost_comment_needs_review() {
    let world = World::new();
    let id = world.schedule(&world.member(), &["--caption", "Hello", "--first-comment", "First!"]);
    world.fault(&json!({"match": {"call": "comment"}, "fault": "after_commit_drop"}));
    world.work_until_done();
    world.heal();
    work_for(&world, 1);
    assert_eq!((state(&world, &id), comments(&world)), ("unknown".to_owned(), vec![1]));
    world.run(&["retry", "--comment", &id]).ok();
    work_for(&world, 1);
    assert_eq!((state(&world, &id), comments(&world)), ("sent".to_owned(), vec![2]));
    world.assert_healthy();
}

/// A platform that only takes comments.
struct Commented;

impl Publisher for Commented {
    fn prepare<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        unreachable!()
    }

    fn publish<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Answer> {
        unreachable!()
    }

    fn look_up<'a>(&'a self, _: &'a Draft, _: &'a Intent) -> BoxFuture<'a, Sighting> {
        unreachable!()
    }

    fn permalink<'a>(&'a self, _: &'a Draft, _: &'a Receipt) -> BoxFuture<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::Published(Receipt::default()) })
    }

    fn object(&self, _: &Draft) -> Option<String> {
        None
    }

    fn witness(&self, _: &Draft) -> Witness {
        Witness::Object
    }

    fn find_comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> BoxFuture<'a, Sighting> {
        Box::pin(async { Sighting::NotLive { after: Duration::ZERO } })
    }

    fn discard<'a>(&'a self, _: &'a Draft, _: &'a str) -> BoxFuture<'a, ()> {
        unreachable!()
    }
}

/// A live post whose first comment is due.
fn owing(queue: &Queue, account: AccountId, id: &str) -> PostId {
    let a = worker("a");
    let mut draft = queue.draft();
    draft.account_id = account;
    draft.content.first_comment = Some("First!".to_owned());
    let post = queue.insert(&draft);
    let claim = queue.claim(&a);
    let intent = queue.intent(&claim);
    queue.live(&a, &claim, &intent, &receipt(id)).unwrap();
    post
}

/// A run to its end, of a worker that has no token for one account.
fn run_without_token_of(queue: &Queue, account: AccountId) {
    let publishers =
        Publishers::new(Settings::default()).with(Platform::Facebook, Arc::new(Commented));
    let options = Options::new(worker("w"), "host".to_owned(), 1);
    let tokens = Arc::new(move |of: &socialsched::domain::SocialAccount| match of.id == account {
        true => Err("its variable is not set".to_owned()),
        false => Ok(AccessToken::new("a token".to_owned())),
    });
    let worker = Worker::new(queue.store.clone(), publishers, tokens, Arc::new(|_| {}), options);
    queue.wait(async {
        let run = worker.run_once(CancellationToken::new());
        tokio::time::timeout(Duration::from_secs(20), run).await.expect("the run ends").unwrap();
    });
}

/// Comments that cannot be sent keep neither a run going nor other comments
/// waiting.
#[test]
fn unsendable_comments_block_no_run_or_post() {
    on_every_engine(|queue| {
        let other = AccountId::generate();
        queue.add_account(other, Platform::Facebook);
        let owed: Vec<PostId> =
            (0..6).map(|n| owing(queue, queue.account, &format!("fb_{n}"))).collect();
        let ours = owing(queue, other, "fb_ours");
        run_without_token_of(queue, queue.account);
        assert_eq!(queue.post(ours).comment_state, Some(CommentState::Sent));
        for id in &owed {
            assert_eq!(queue.post(*id).comment_state, Some(CommentState::Pending));
        }
        // As soon as the token is there.
        queue.database.age(Duration::from_secs(120));
        run_without_token_of(queue, other);
        for id in &owed {
            assert_eq!(queue.post(*id).comment_state, Some(CommentState::Sent));
        }
    });
}

#[test]
fn paused_accounts_comments_await_resume() {
    on_every_engine(|queue| {
        let post = owing(queue, queue.account, "fb_1");
        queue.wait(queue.store.pause_account(queue.company, queue.account, "not now")).unwrap();
        run_without_token_of(queue, AccountId::generate());
        assert_eq!(queue.post(post).comment_state, Some(CommentState::Pending));
        queue.wait(queue.store.resume_account(queue.company, queue.account)).unwrap();
        run_without_token_of(queue, AccountId::generate());
        assert_eq!(queue.post(post).comment_state, Some(CommentState::Sent));
    });
}

/// A comment below a post that can no longer be read does not prolong a run.
#[test]
fn comment_below_unreadable_post_ends_run() {
    on_every_engine(|queue| {
        let post = owing(queue, queue.account, "fb_1");
        queue.database.execute("UPDATE post_details SET media = '{\"not\": \"a list\"}'");
        run_without_token_of(queue, AccountId::generate());
        let state = format!("SELECT first_comment_state FROM post_details WHERE id = '{post}'");
        assert_eq!(queue.database.value(&state), "failed");
    });
}
