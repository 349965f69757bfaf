//! F3: a command whose COMMIT happens on the server while its answer is lost.
//! Given again it ends as if nothing had been lost. On SQLite these tests have
//! nothing to do.

use std::time::Duration;

use serde_json::json;

use super::connections::{assert_each_published_once, world_behind_a_proxy};
use crate::support::{Account, Proxy, World, eventually, publish_call_of, staging_call_of};

/// Longer than any lease.
const LEASE_OVER: Duration = Duration::from_secs(120);
/// Between look-ups.
const LOOKS: Duration = Duration::from_secs(150);

/// Everything about a post that a command may change, but for times.
fn state(world: &World, id: &str) -> Vec<Vec<String>> {
    let mut state = world.database.rows(&format!(
        "SELECT d.status, s.status, d.outcome, d.error_code, d.attempts, s.attempts,
                s.max_attempts, s.fence, d.external_post_id,
                CASE WHEN d.cancel_requested_at IS NULL THEN 'none' ELSE 'wish' END
           FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
          WHERE d.id = '{id}'"
    ));
    state.extend(world.database.rows(&format!(
        "SELECT l.kind, l.event, COUNT(*) FROM publish_log l
           JOIN post_schedule s ON s.id = l.post_schedule_id
          WHERE s.post_detail_id = '{id}' GROUP BY l.kind, l.event ORDER BY l.kind, l.event"
    )));
    state
}

/// Gives a command about a post of its own for each of its COMMITs, whose
/// answer is lost. It either has found out by itself what became of it or says
/// that it does not know; given again it does what is left, or says that there
/// is nothing left (exit 4), and the post ends as without any loss. Returns the posts.
fn again_after_every_lost_commit(
    (world, proxy): (&World, &Proxy),
    command: &[&str],
    post: impl Fn() -> String,
) -> Vec<String> {
    let run = |id: &str| {
        let args: Vec<&str> =
            command.iter().map(|arg| if *arg == "ID" { id } else { arg }).collect();
        world.run(&args)
    };
    let post = || {
        proxy.heal();
        post()
    };
    let undisturbed = post();
    proxy.heal();
    run(&undisturbed).ok();
    let commits = proxy.commits();
    assert!(commits > 0);
    let expected = state(world, &undisturbed);
    let (mut posts, mut unsure) = (vec![undisturbed], 0);
    for n in 1..=commits {
        let id = post();
        proxy.lose_commit(n);
        let ran = run(&id);
        assert!(proxy.struck(), "commit {n} of {commits} was not lost: {ran}");
        proxy.heal();
        if ran.code != Some(0) {
            let ran = ran.exits(6);
            unsure += usize::from(ran.stderr.contains("did not confirm a commit"));
        }
        let again = run(&id);
        let is_done = again.code == Some(4) && state(world, &id) == expected;
        assert!(again.code == Some(0) || is_done, "after commit {n} of {commits}: {again}");
        assert_eq!(state(world, &id), expected, "after commit {n} of {commits}: {again}");
        posts.push(id);
    }
    assert!(unsure > 0, "no command was left without an answer to its own commit");
    posts
}

/// **F3**: a cancel whose commit is not confirmed can be repeated.
#[test]
fn unconfirmed_cancel_can_be_repeated() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let page = world.account("facebook");
    let post = || world.schedule(&page, &["--caption", "Hello", "--allow-duplicate"]);
    for id in again_after_every_lost_commit((&world, &proxy), &["cancel", "ID"], post) {
        assert_eq!(world.status(&id), "cancelled");
    }
    world.work(&[]);
    assert!(world.live().is_empty());
    world.assert_healthy();
}

/// **F3**: a retry whose commit is not confirmed can be repeated.
#[test]
fn unconfirmed_retry_can_be_repeated() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let page = world.account("facebook");
    world.fault(&json!({"match": staging_call_of(&page), "fault": "before_commit_4xx"}));
    let image = world.media("photo.jpg");
    let post = || {
        let args = ["--caption", "Hello", "--image", &image, "--allow-duplicate"];
        let id = world.schedule(&page, &args);
        world.work_for(Duration::from_secs(3600), 10);
        assert_eq!(world.post(&id)["outcome"], "not_published");
        id
    };
    let posts = again_after_every_lost_commit((&world, &proxy), &["retry", "ID"], post);
    world.heal();
    // Those that came first have failed again since.
    for id in &posts {
        assert!(matches!(world.run(&["retry", id]).code, Some(0 | 4)));
    }
    world.work_until_done();
    assert_eq!(world.live().len(), posts.len());
    world.assert_healthy();
}

/// A post that a platform took, or did not take, and that nobody can look up.
fn held(world: &World, number: u32) -> String {
    let member = world.member();
    world.fault(&json!({
        "match": publish_call_of(&member), "when": {"nth": 1}, "fault": "before_commit_drop",
    }));
    let id = world.schedule(&member, &["--caption", &format!("Hello {number}")]);
    world.work_for(LOOKS, 60);
    assert_eq!(world.post(&id)["outcome"], "unknown");
    id
}

/// **F3**: a person's decision whose commit is not confirmed can be repeated.
#[test]
fn unconfirmed_decision_can_be_repeated() {
    for verdict in ["--not-published", "--abandon"] {
        let Some((world, proxy)) = world_behind_a_proxy() else { return };
        let number = std::cell::Cell::new(0);
        let post = || {
            number.set(number.get() + 1);
            held(&world, number.get())
        };
        let command = ["recover", "ID", verdict, "--yes"];
        let posts = again_after_every_lost_commit((&world, &proxy), &command, post);
        world.work_until_done();
        let live = if verdict == "--abandon" { 0 } else { posts.len() };
        assert_eq!(world.live().len(), live, "{verdict}");
        world.assert_healthy();
    }
}

/// How the worker of a post died.
#[derive(Clone, Copy)]
enum Death {
    /// While it was staged.
    Staging,
    /// In the publish call, which arrived.
    Publishing,
}

/// A post whose worker died, its lease over.
fn abandoned(world: &World, account: &Account, text: &str, death: Death) {
    let call = match death {
        Death::Staging => staging_call_of(account),
        Death::Publishing => publish_call_of(account),
    };
    let fault = match death {
        Death::Staging => "before_commit_hang",
        Death::Publishing => "after_commit_hang",
    };
    world.fault(&json!({"match": call, "when": {"nth": 1}, "fault": fault}));
    world.schedule(account, &["--caption", text, "--image", &world.media("photo.jpg")]);
    let hanging = || world.calls().iter().filter(|call| call["fault"].is_string()).count();
    let before = hanging();
    let mut worker = world.start_worker(&[]);
    eventually("it hangs", || hanging() > before);
    worker.kill();
    world.advance(LEASE_OVER);
}

/// Loses the answer to each COMMIT of the worker that takes such a post over
/// and, after a publish call, looks it up.
fn taken_over_with_unconfirmed_commits(death: Death) {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let text = |n: u64| format!("Taken over {n}");
    let run = ["run-worker", "--once", "--max-runtime", "2s"];
    abandoned(&world, &world.account("facebook"), &text(0), death);
    proxy.heal();
    world.run(&run).ok();
    let commits = proxy.commits();
    assert!(commits >= 3, "{commits}: at least take-over, its work and its result");
    let (mut texts, mut struck) = (vec![text(0)], 0);
    for n in 1..=commits {
        proxy.heal();
        abandoned(&world, &world.account("facebook"), &text(n), death);
        texts.push(text(n));
        proxy.lose_commit(n);
        let ran = world.run(&run);
        struck += usize::from(proxy.struck());
        assert!(matches!(ran.code, Some(0 | 6)), "{ran}");
        proxy.heal();
        // It may have two deaths behind it, and the next worker dies with all it has.
        world.work_for(LOOKS, 60);
    }
    assert_each_published_once(&world, &texts);
    assert!(struck * 2 >= texts.len() - 1, "{struck} of {commits}");
}

/// **F3**: no unconfirmed commit of a take-over doubles or loses a post that
/// was staged.
#[test]
fn unconfirmed_take_over_spares_staged_posts() {
    taken_over_with_unconfirmed_commits(Death::Staging);
}

/// **F3**: no unconfirmed commit of a look-up doubles or loses a post that may
/// be live.
#[test]
fn unconfirmed_look_up_spares_live_posts() {
    taken_over_with_unconfirmed_commits(Death::Publishing);
}

/// **F3**: no unconfirmed commit keeps a post from being put up for review, or
/// sends it again. The last look-up of a post that cannot be read records that
/// it needs review.
#[test]
fn unconfirmed_commit_resends_no_unknown_post() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let sent = |text: &str| {
        let member = world.member();
        world.fault(&json!({
            "match": publish_call_of(&member), "when": {"nth": 1}, "fault": "after_commit_drop",
        }));
        world.schedule(&member, &["--caption", text]);
        world.work(&["--max-runtime", "2s"]);
        assert_eq!(world.open_posts(), 1, "to be looked up");
        world.advance(LOOKS);
    };
    let run = ["run-worker", "--once", "--max-runtime", "2s"];
    sent("Marked 0");
    proxy.heal();
    world.run(&run).ok();
    let commits = proxy.commits();
    world.work_for(LOOKS, 60);
    let mut struck = 0;
    for n in 1..=commits {
        sent(&format!("Marked {n}"));
        proxy.lose_commit(n);
        world.run(&run);
        struck += u64::from(proxy.struck());
        proxy.heal();
        world.work_for(LOOKS, 60);
    }
    for post in world.posts() {
        assert_eq!(post["outcome"], "unknown", "{post}");
    }
    assert_eq!(world.live().len() as u64, 1 + commits, "none was sent again");
    assert!(struck * 2 >= commits, "{struck} of {commits}");
    world.assert_healthy();
}
