//! First comments: sent once, and never the post's trouble.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use socialsched::domain::{
    AccessToken, AccountId, Answer, CommentState, Draft, Failure, Intent, Platform, PostId,
    Preparation, Receipt, Sighting,
};
use socialsched::platforms::{Publisher, Publishers, Settings, Step};
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

#[test]
fn a_first_comment_is_sent_once_below_its_post() {
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

#[test]
fn h23_a_first_comment_that_fails_or_is_lost_changes_nothing_and_is_not_sent_again() {
    let refusal =
        json!({"error": {"message": "No permission", "type": "OAuthException", "code": 200}});
    for (fault, expected, count) in [("status", "failed", 0), ("after_commit_drop", "unknown", 1)] {
        let world = World::new();
        let ids = PLATFORMS.map(|platform| schedule(&world, platform));
        world.fault(&json!({
            "match": {"method": "POST", "path_contains": "/comments"}, "fault": fault,
            "status": 403, "body": refusal,
        }));
        world.work_until_done();
        world.heal();
        for round in 0..4 {
            for id in &ids {
                let post: Value = world.post(id);
                assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)));
                assert_eq!(post["errorMessage"], Value::Null, "{fault}: {post}");
                assert_eq!(state(&world, id), expected, "{fault}, round {round}: {post}");
            }
            assert_eq!(comments(&world), [count; 3], "{fault}, round {round}");
            world.advance(Duration::from_secs(600));
            world.work(&[]);
        }
        world.assert_healthy();
    }
}

#[test]
fn h23_a_comment_whose_worker_died_while_sending_is_not_sent_again() {
    let world = World::new();
    let id = schedule(&world, "facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/comments"}, "fault": "after_commit_hang",
    }));
    let mut worker = world.start_worker(&[]);
    eventually("the comment hangs", || world.fault_struck());
    worker.kill();
    world.heal();
    world.advance(Duration::from_secs(600));
    world.work(&[]);
    assert_eq!(comments(&world), [1]);
    assert_eq!(
        (world.status(&id), state(&world, &id)),
        ("published".to_owned(), "unknown".to_owned())
    );
    world.assert_healthy();
}

/// A platform that only takes comments.
struct Commented;

impl Publisher for Commented {
    fn prepare<'a>(&'a self, _: &'a Draft) -> Step<'a, Result<Preparation, Failure>> {
        unreachable!()
    }

    fn publish<'a>(&'a self, _: &'a Draft) -> Step<'a, Answer> {
        unreachable!()
    }

    fn look_up<'a>(&'a self, _: &'a Draft, _: &'a Intent) -> Step<'a, Sighting> {
        unreachable!()
    }

    fn permalink<'a>(&'a self, _: &'a Draft, _: &'a Receipt) -> Step<'a, Option<String>> {
        unreachable!()
    }

    fn comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> Step<'a, Answer> {
        Box::pin(async { Answer::Published(Receipt::default()) })
    }

    fn discard<'a>(&'a self, _: &'a Draft) -> Step<'a, ()> {
        unreachable!()
    }
}

/// A live post whose first comment is owed.
fn owing(queue: &Queue, account: AccountId, id: &str) -> PostId {
    let a = worker("a");
    let mut draft = queue.draft();
    draft.account_id = account;
    draft.content.first_comment = Some("First!".to_owned());
    let post = queue.insert(&draft);
    let claim = queue.claim(&a);
    let intent = queue.intent(&a, &claim);
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

#[test]
fn comments_that_cannot_be_sent_keep_neither_a_run_going_nor_others_waiting() {
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
fn a_paused_accounts_comments_wait_until_it_is_resumed() {
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

#[test]
fn a_comment_below_a_post_that_cannot_be_read_any_more_keeps_no_run_going() {
    on_every_engine(|queue| {
        let post = owing(queue, queue.account, "fb_1");
        queue.database.execute("UPDATE post_details SET media = '{\"not\": \"a list\"}'");
        run_without_token_of(queue, AccountId::generate());
        let state = format!("SELECT first_comment_state FROM post_details WHERE id = '{post}'");
        assert_eq!(queue.database.value(&state), "failed");
    });
}
