//! Connections to a database server that break at any message, lose the
//! answer to a COMMIT, or are slow. On SQLite these tests have nothing to do.
//!
//! `TEST_SWEEP=full` breaks them at every message instead of at some.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use socialsched::sandbox::SandboxOptions;

use crate::support::{Account, Engine, PLATFORMS, Proxy, Ran, World, eventually, some_of};

/// A world whose program talks to the server through a proxy.
pub fn world_behind_a_proxy() -> Option<(World, Proxy)> {
    if Engine::of_this_run() == Engine::Sqlite {
        return None;
    }
    // Many posts a day on few accounts.
    let world = World::with(SandboxOptions {
        instagram_daily_posts: u32::MAX,
        instagram_daily_containers: u32::MAX,
        ..SandboxOptions::default()
    });
    let proxy = Proxy::before(&world.database);
    world.set("SOCIALSCHED_DATABASE_URL", proxy.url());
    Some((world, proxy))
}

/// How often each text is live.
fn live_texts(world: &World) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    for item in world.live() {
        *texts.entry(item["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    texts
}

/// Runs workers to the end; each of the texts must then be live once, nothing
/// else, and no post of unknown outcome.
#[track_caller]
pub fn assert_each_published_once(world: &World, texts: &[String]) {
    world.work_for(Duration::from_secs(150), 60);
    for post in world.posts() {
        assert_eq!(post["status"], "published", "{post}");
    }
    let expected: BTreeMap<String, usize> = texts.iter().map(|text| (text.clone(), 1)).collect();
    assert_eq!(live_texts(world), expected);
    world.assert_healthy();
}

/// Asserts that the cuts were no dead letters. Not more than half of them: an
/// undisturbed run on a busy machine exchanges many messages while it waits,
/// and a cut planned behind the last one of a quicker run does not strike.
#[track_caller]
fn assert_half(struck: usize, planned: usize) {
    assert!(struck * 2 >= planned, "{struck} of {planned}");
}

/// `schedule` with a key; what was stored under it answers again.
fn schedule(world: &World, account: &Account, text: &str) -> Ran {
    let key = text.replace(' ', "-");
    #[rustfmt::skip]
    let args = ["schedule", "--account", &account.id, "--now", "--caption", text, "--key", &key, "--json"];
    world.run(&args)
}

fn id(ran: &Ran) -> Value {
    ran.json()["data"]["postDetailId"].clone()
}

/// An account on each platform.
fn accounts(world: &World) -> Vec<Account> {
    PLATFORMS.iter().map(|platform| world.account(platform)).collect()
}

/// Schedules a due post with an image, past all faults.
fn schedule_image(world: &World, proxy: &Proxy, account: &Account, text: &str) {
    proxy.heal();
    world.schedule(account, &["--caption", text, "--image", &world.media("photo.jpg")]);
}

/// **F3**: a schedule whose commit is not confirmed is stored once and says so.
#[test]
fn unconfirmed_schedule_is_stored_once() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let page = world.account("facebook");
    proxy.heal();
    let first = schedule(&world, &page, "Undisturbed").ok();
    let commits = proxy.commits();
    assert!(commits > 0);
    for n in 1..=commits {
        let text = format!("Unconfirmed {n}");
        proxy.lose_commit(n);
        let ran = schedule(&world, &page, &text).ok();
        assert!(proxy.struck(), "commit {n} was not lost: {ran}");
        proxy.heal();
        assert_eq!(id(&ran), id(&schedule(&world, &page, &text).ok()), "stored twice");
    }
    assert_ne!(id(&first), Value::Null);
    assert_eq!(world.posts().len() as u64, 1 + commits);
    world.assert_healthy();
}

/// **F3**: a schedule that cannot read its post again says so and can be
/// repeated.
#[test]
fn unreadable_schedule_can_be_repeated() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let page = world.account("facebook");
    proxy.heal();
    schedule(&world, &page, "Undisturbed").ok();
    // The last one stores the post.
    proxy.lose_commit(proxy.commits());
    proxy.then_refuse();
    let ran = schedule(&world, &page, "Stored or not").exits(6);
    assert!(proxy.struck(), "{ran}");
    assert!(ran.json()["message"].as_str().unwrap().contains("did not confirm"), "{ran}");
    proxy.heal();
    schedule(&world, &page, "Stored or not").ok();
    assert_eq!(world.posts().len(), 2);
    world.assert_healthy();
}

/// Loses the answer to each COMMIT of a worker in turn. Every post is
/// published once, and nobody must be asked: the gate is read again instead of
/// being left open.
fn worker_with_unconfirmed_commits(platform: &'static str) {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let account = world.account(platform);
    schedule_image(&world, &proxy, &account, "Undisturbed");
    proxy.heal();
    world.work(&[]);
    let commits: Vec<u64> = (1..=proxy.commits()).collect();
    let (mut texts, mut struck) = (vec!["Undisturbed".to_owned()], 0);
    assert!(commits.len() >= 4, "{commits:?}: at least claim, staging, gate and evidence");
    for n in some_of(&commits, 10) {
        let text = format!("Unconfirmed {n}");
        schedule_image(&world, &proxy, &account, &text);
        texts.push(text);
        proxy.lose_commit(*n);
        world.run(&["run-worker", "--once", "--max-runtime", "2s"]);
        struck += usize::from(proxy.struck());
    }
    proxy.heal();
    assert_each_published_once(&world, &texts);
    assert_half(struck, texts.len() - 1);
}

/// **F3**: no unconfirmed commit of a worker doubles or loses a Page post.
#[test]
fn unconfirmed_commit_spares_page_posts() {
    worker_with_unconfirmed_commits("facebook");
}

/// **F3**: no unconfirmed commit of a worker doubles or loses a LinkedIn post.
/// LinkedIn could not be asked whether the post is there.
#[test]
fn unconfirmed_commit_spares_linkedin_posts() {
    worker_with_unconfirmed_commits("linkedin");
}

/// **F4**: a schedule cut off at any message stores one post or none.
#[test]
fn schedule_cut_at_any_message_is_whole() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let page = world.account("facebook");
    proxy.heal();
    schedule(&world, &page, "Undisturbed").ok();
    let messages: Vec<u64> = (1..=proxy.messages()).collect();
    let (mut texts, mut struck) = (vec!["Undisturbed".to_owned()], 0);
    for n in some_of(&messages, 8) {
        let text = format!("Cut at {n}");
        proxy.cut_at(*n);
        let ran = schedule(&world, &page, &text);
        struck += usize::from(proxy.struck());
        assert!(matches!(ran.code, Some(0 | 6)), "{ran}");
        proxy.heal();
        let stored = id(&schedule(&world, &page, &text).ok());
        assert!(ran.code != Some(0) || stored == id(&ran), "{ran}");
        texts.push(text);
    }
    assert_eq!(world.posts().len(), texts.len(), "each stored once");
    assert_each_published_once(&world, &texts);
    assert_half(struck, texts.len() - 1);
}

/// **F4**: a worker cut off at any message doubles and loses no post.
#[test]
fn worker_cut_at_any_message_is_safe() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let mut texts = Vec::new();
    let mut struck = 0;
    for account in &accounts(&world) {
        let text = format!("Undisturbed {}", account.platform);
        schedule_image(&world, &proxy, account, &text);
        texts.push(text);
        proxy.heal();
        world.work(&[]);
        let messages: Vec<u64> = (1..=proxy.messages()).collect();
        for n in some_of(&messages, 4) {
            let text = format!("{} cut at {n}", account.platform);
            schedule_image(&world, &proxy, account, &text);
            texts.push(text);
            proxy.cut_at(*n);
            let ran = world.run(&["run-worker", "--once", "--max-runtime", "2s"]);
            struck += usize::from(proxy.struck());
            assert!(matches!(ran.code, Some(0 | 6)), "{ran}");
            // The next cut is another post's trouble.
            proxy.heal();
            world.work_for(Duration::from_secs(150), 30);
        }
    }
    assert_each_published_once(&world, &texts);
    assert_half(struck, texts.len() - PLATFORMS.len());
}

/// **F5**: a slow database costs time and no post. Every round trip takes a
/// quarter of a second, and two workers would like the same jobs.
#[test]
fn slow_database_costs_time_and_no_post() {
    let Some((world, proxy)) = world_behind_a_proxy() else { return };
    let mut texts = Vec::new();
    for account in &accounts(&world) {
        let text = format!("Slowly on {}", account.platform);
        schedule_image(&world, &proxy, account, &text);
        texts.push(text);
    }
    for lease in ["1s", "10s"] {
        proxy.delay(Duration::from_millis(250));
        let args = ["--lease", lease, "--max-runtime", "20s", "--once"];
        let mut workers = [(); 2].map(|()| world.start_worker(&args));
        for worker in &mut workers {
            eventually("the slow worker ends", || !worker.is_running());
        }
        proxy.heal();
        for (text, count) in live_texts(&world) {
            assert!(count <= 1, "{text} is live {count} times");
        }
        assert_eq!(world.database.breaches(), [""; 0]);
    }
    assert_each_published_once(&world, &texts);
}
