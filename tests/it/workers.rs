//! Workers that are killed, stopped, frozen, and that run side by side.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::{Daemon, PLATFORMS, World, eventually, publish_call};

/// Pause between runs when look-ups continue for an hour or two.
const LOOKS: Duration = Duration::from_secs(150);

/// How often each text is live.
fn live_texts(world: &World) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    for item in world.live() {
        *texts.entry(item["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    texts
}

/// Schedules due posts with texts of their own on accounts of all platforms.
fn schedule_posts(world: &World, count: usize) -> Vec<String> {
    let accounts = PLATFORMS.map(|platform| world.account(platform));
    let mut texts = Vec::new();
    for number in 0..count {
        let account = &accounts[number % accounts.len()];
        let text = format!("Post number {number}");
        let image = world.media(&format!("{number}.jpg"));
        world.schedule(account, &["--caption", &text, "--image", &image]);
        texts.push(text);
    }
    texts
}

#[track_caller]
fn assert_each_live_once(world: &World, texts: &[String]) {
    let expected: BTreeMap<String, usize> = texts.iter().map(|text| (text.clone(), 1)).collect();
    assert_eq!(live_texts(world), expected);
    for post in world.posts() {
        assert_eq!(post["status"], "published", "{post}");
    }
    world.assert_healthy();
}

/// Hangs the publish call of one post per platform, before or after its
/// effect, and kills the worker in all of them.
fn killed_in_the_publish_call(fault: &str) -> (World, Vec<String>) {
    let world = World::new();
    for platform in PLATFORMS {
        world.fault(&json!({
            "match": publish_call(platform), "when": {"nth": 1}, "fault": fault,
        }));
    }
    let texts = schedule_posts(&world, PLATFORMS.len());
    let mut worker = world.start_worker(&[]);
    eventually("all publish calls hang", || {
        world.calls().iter().filter(|call| call["fault"].is_string()).count() == PLATFORMS.len()
    });
    worker.kill();
    assert!(world.posts().iter().all(|post| post["status"] == "processing"));
    (world, texts)
}

/// A post goes out at its time and never before it, claimed once if there is nothing to
/// prepare. An instant by the sandbox's clock, which is the machine's.
#[test]
fn post_goes_out_at_its_time_not_before() {
    let world = World::new();
    let time = world.database.now() + chrono::Duration::seconds(4);
    let time = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let accounts = PLATFORMS.map(|platform| world.account(platform));
    let image = world.media("photo.jpg");
    for account in &accounts {
        let media: &[&str] =
            if account.platform == "linkedin" { &[] } else { &["--image", &image] };
        world.schedule(account, &[&["--at", &time, "--caption", "On time"], media].concat());
    }
    let mut worker = world.start_worker(&["-vv"]);
    eventually("all are live", || world.live().len() == PLATFORMS.len());
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    let time: DateTime<Utc> = time.parse().unwrap();
    for post in world.live() {
        let at: DateTime<Utc> = post["created_at"].as_str().unwrap().parse().unwrap();
        assert!(at >= time, "{post}");
    }
    assert!(world.posts().iter().all(|post| post["attempts"] == 1), "{:?}", world.posts());
    let linkedin = &accounts[2].id;
    let claims = format!(
        "SELECT fence FROM post_schedule WHERE post_detail_id =
           (SELECT id FROM post_details WHERE social_account_id = '{linkedin}')"
    );
    assert_eq!(world.database.value(&claims), "1", "claimed once");
    world.assert_healthy();
}

/// After a gate that took long the next one is opened early; its call waits for the time.
#[test]
fn call_after_early_gate_waits_for_its_time() {
    let world = World::new();
    let start = world.database.now();
    let at = |seconds| {
        let time = start + chrono::Duration::seconds(seconds);
        (time.format("%Y-%m-%dT%H:%M:%SZ").to_string(), time.timestamp())
    };
    let [slow, quick] = [at(3), at(6)].map(|(text, second)| {
        let id = world.schedule(&world.account("linkedin"), &["--at", &text, "--caption", &text]);
        (id, second)
    });
    let mut worker = world.start_worker(&[]);
    eventually("it is claimed before its time", || world.status(&slow.0) == "processing");
    let mut session = world.database.session();
    session.execute("BEGIN; UPDATE post_details SET caption = caption");
    eventually("its time is over", || world.database.now().timestamp() > slow.1);
    session.execute("ROLLBACK");
    eventually("both are live", || world.live().len() == 2);
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    let live = world.live();
    let live: DateTime<Utc> = live[1]["created_at"].as_str().unwrap().parse().unwrap();
    assert!(live.timestamp() >= quick.1, "{live}");
    world.assert_healthy();
}

/// **T17**: of very many posts that are too late, none is sent, also beyond those that are
/// ended at once; a post that is due is.
#[test]
fn very_many_missed_posts_are_not_sent() {
    let world = World::new();
    let page = world.account("linkedin");
    for number in 0..103 {
        world.schedule(&page, &["--caption", &format!("Late {number}")]);
    }
    let late = world.database.in_seconds(-100_000);
    world.database.execute(&format!("UPDATE post_schedule SET run_at = {late}"));
    world.schedule(&page, &["--caption", "On time"]);
    world.work(&[]);
    let live: Vec<_> = world.live().iter().map(|post| post["text"].clone()).collect();
    assert_eq!(live, ["On time"]);
    let missed = "SELECT COUNT(*) FROM post_details WHERE error_code = 'missed'";
    assert_eq!(world.database.value(missed), "103");
    world.assert_healthy();
}

/// A worker that may take so many jobs works on all of them.
#[test]
fn limited_jobs_are_all_worked_on() {
    let world = World::new();
    for number in 0..6 {
        world.schedule(&world.account("linkedin"), &["--caption", &format!("Post {number}")]);
    }
    let ran = world.json(&["run-worker", "--once", "--max-jobs", "4"]);
    assert_eq!((&ran["data"]["claimed"], &ran["data"]["published"]), (&json!(4), &json!(4)));
    assert_eq!(world.live().len(), 4);
}

/// A worker killed after its publish call took effect doubles no post.
#[test]
fn worker_killed_after_publishing_doubles_nothing() {
    let (world, texts) = killed_in_the_publish_call("after_commit_hang");
    world.work_for(LOOKS, 60);
    assert_each_live_once(&world, &texts);
}

/// A post whose worker died in its call is found as soon as the lease is over.
#[test]
fn dead_workers_post_is_found_after_lease() {
    let (world, texts) = killed_in_the_publish_call("after_commit_hang");
    world.advance(Duration::from_secs(61));
    world.work(&[]);
    assert_each_live_once(&world, &texts);
}

/// Nothing is decided about a post while its call may be under way. The
/// platform may still carry out what a dead worker sent to it.
#[test]
fn call_under_way_leaves_post_undecided() {
    let (world, _) = killed_in_the_publish_call("before_commit_hang");
    for seconds in [61, 40] {
        world.advance(Duration::from_secs(seconds));
        world.work(&["--settle", "10s"]);
    }
    let looked = world.calls().iter().filter(|call| call["method"] == "GET").count();
    assert!(looked > PLATFORMS.len(), "{looked}");
    assert!(world.posts().iter().all(|post| post["status"] == "processing"));
    let called =
        |world: &World| world.calls().iter().filter(|call| call["call"] == "publish").count();
    let before = called(&world);
    world.advance(Duration::from_secs(60));
    world.work(&["--settle", "10s"]);
    assert_eq!(called(&world), before, "what a second call does is not known");
    world.work_for(Duration::from_secs(300), 12);
    assert_eq!(called(&world), before + PLATFORMS.len());
}

/// A worker killed before its publish call took effect loses no post.
#[test]
fn worker_killed_before_publishing_loses_nothing() {
    let (world, texts) = killed_in_the_publish_call("before_commit_hang");
    world.work_for(LOOKS, 60);
    assert_each_live_once(&world, &texts);
}

/// A member's post whose worker died in its call is left to a person. A
/// member's posts cannot be read back.
#[test]
fn dead_workers_member_post_needs_review() {
    for fault in ["before_commit_hang", "after_commit_hang"] {
        let world = World::new();
        world.fault(&json!({
            "match": publish_call("linkedin"), "when": {"nth": 1}, "fault": fault,
        }));
        let id = world.schedule(&world.member(), &["--caption", "Only once"]);
        let mut worker = world.start_worker(&[]);
        eventually("the publish call hangs", || world.fault_injected());
        worker.kill();
        world.work_for(LOOKS, 60);
        assert_eq!(world.post(&id)["outcome"], "unknown", "{fault}: {}", world.post(&id));
        look_in_person(&world);
        world.work_until_done();
        assert_each_live_once(&world, &["Only once".to_owned()]);
    }
}

/// Makes the decisions that an operator would make after a look at the platforms.
fn look_in_person(world: &World) {
    let live = world.live();
    for post in world.json(&["list", "--status", "unknown", "--all"])["data"].as_array().unwrap() {
        let id = post["id"].as_str().unwrap();
        match live.iter().find(|item| item["text"] == post["caption"]) {
            Some(item) => {
                let seen = item["id"].as_str().unwrap();
                world.run(&["recover", id, "--published", seen, "--yes"]).ok();
            }
            None => {
                world.run(&["recover", id, "--not-published", "--yes"]).ok();
            }
        }
    }
}

/// Workers killed again and again publish each post once.
#[test]
fn repeatedly_killed_workers_publish_once() {
    let world = World::new();
    let texts = schedule_posts(&world, 12);
    // A little later in each round, so that another moment is hit.
    for round in 0..12_usize {
        let before = world.calls().len();
        let mut worker = world.start_worker(&["--lease", "1s", "--max-attempts", "50"]);
        // There may be nothing to do until time passes.
        for _ in 0..50 {
            if world.calls().len() > before + round || world.open_posts() == 0 {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        worker.kill();
        world.advance(Duration::from_secs(120));
    }
    world.work_for(LOOKS, 60);
    look_in_person(&world);
    world.work_until_done();
    assert_each_live_once(&world, &texts);
}

/// A restarted worker takes over when the lease is over. The leases are real
/// time: nothing helps the second worker.
#[test]
fn restarted_worker_takes_over_after_lease() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos"}, "when": {"nth": 1},
        "fault": "before_commit_hang",
    }));
    let image = world.media("one.jpg");
    world.schedule(&page, &["--caption", "Hello", "--image", &image]);
    let mut first = world.start_worker(&["--lease", "1s"]);
    eventually("the upload hangs", || world.fault_injected());
    first.kill();
    let mut second = world.start_worker(&["--lease", "1s"]);
    eventually("the post is published", || world.open_posts() == 0);
    second.terminate();
    assert_eq!(second.wait(), 0);
    assert_each_live_once(&world, &["Hello".to_owned()]);
}

#[test]
fn two_workers_never_take_the_same_job() {
    let world = World::new();
    let texts = schedule_posts(&world, 24);
    let mut workers: Vec<Daemon> = (0..3)
        .map(|number| {
            let name = format!("worker-{number}");
            world.start_worker(&["--worker-id", &name, "--batch-size", "2", "--concurrency", "2"])
        })
        .collect();
    eventually("all posts are published", || world.open_posts() == 0);
    for worker in &mut workers {
        worker.terminate();
        assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    }
    let twice =
        "SELECT post_schedule_id FROM publish_log WHERE kind = 'publish' AND event = 'intent'
                 GROUP BY post_schedule_id HAVING COUNT(*) > 1 OR COUNT(DISTINCT worker_id) > 1";
    assert_eq!(world.database.rows(twice), Vec::<Vec<String>>::new());
    let attempts = world.database.rows("SELECT DISTINCT attempts FROM post_schedule");
    assert_eq!(attempts, [["1"]], "each was taken once");
    assert_each_live_once(&world, &texts);
}

#[test]
fn overlapping_runs_from_cron_publish_nothing_twice() {
    // Slow enough that every run meets the ones before it.
    let world = World::new();
    world.fault(&json!({
        "match": {"method": "POST"}, "fault": "slow_first_byte", "delay_ms": 300,
    }));
    let texts = schedule_posts(&world, 15);
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(world.start(&["run-worker", "--once", "--concurrency", "2"]));
        thread::sleep(Duration::from_millis(200));
    }
    let overlapping = runs.iter_mut().filter_map(|run| run.is_running().then_some(())).count();
    assert!(overlapping >= 2, "the runs overlap");
    for run in &mut runs {
        assert_eq!(run.wait(), 0, "{}", run.stderr());
    }
    world.work_until_done();
    assert_each_live_once(&world, &texts);
}

/// SIGTERM: running posts finish and no new ones are claimed.
#[test]
fn sigterm_finishes_posts_and_stops_claiming() {
    let world = World::new();
    world.fault(&json!({
        "match": publish_call("facebook"), "fault": "slow_first_byte", "delay_ms": 700,
    }));
    let page = world.account("facebook");
    for text in ["One", "Two", "Three"] {
        world.schedule(&page, &["--caption", text]);
    }
    let mut worker = world.start_worker(&["--concurrency", "1"]);
    eventually("the first is on its way", || world.fault_injected());
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    let count = |status: &str| world.posts().iter().filter(|post| post["status"] == status).count();
    assert_eq!((count("published"), count("pending")), (1, 2));
    world.heal();
    world.work_until_done();
    assert_each_live_once(&world, &["One", "Three", "Two"].map(str::to_owned));
}

/// **B12, G3**: a worker frozen past its lease does not publish what another
/// has taken over. A machine that sleeps: the worker wakes up when others have
/// its job.
#[test]
fn frozen_worker_publishes_nothing_taken_over() {
    let world = World::new();
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos"}, "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": 500,
    }));
    let page = world.account("facebook");
    let image = world.media("one.jpg");
    world.schedule(&page, &["--caption", "Hello", "--image", &image]);
    let mut frozen = world.start_worker(&["--lease", "2s", "-v"]);
    eventually("the upload is on its way", || world.fault_injected());
    frozen.pause();
    world.advance(Duration::from_secs(60));
    world.work_until_done();
    frozen.resume();
    let published = |item: &Value| item["text"] == "Hello";
    eventually("it has woken up", || {
        frozen.stderr().contains("taken over") || !frozen.is_running()
    });
    frozen.terminate();
    frozen.wait();
    assert_eq!(world.live().iter().filter(|item| published(item)).count(), 1);
    assert_each_live_once(&world, &["Hello".to_owned()]);
}

#[test]
fn a_run_with_nothing_to_do_says_nothing() {
    let world = World::new();
    world.run(&["run-worker", "--once"]).ok().silent();
}

/// The second SIGINT stops at once, and the post is found again.
#[test]
fn second_sigint_stops_and_post_is_found() {
    let world = World::new();
    world.fault(&json!({
        "match": publish_call("facebook"), "when": {"nth": 1}, "fault": "after_commit_hang",
    }));
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello"]);
    let mut worker = world.start_worker(&["-v"]);
    eventually("the publish call hangs", || world.fault_injected());
    worker.interrupt();
    eventually("it says that it stops", || worker.stderr().contains("stopping"));
    worker.interrupt();
    assert!([130, 143].contains(&worker.wait()), "{}", worker.stderr());
    world.work_until_done();
    assert_each_live_once(&world, &["Hello".to_owned()]);
}
