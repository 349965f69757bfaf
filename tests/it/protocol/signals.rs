//! G4, G5, G8, G9: processes that are stopped, killed, or run twice.

use std::time::Duration;

use serde_json::{Value, json};

use super::exhausted_resources::in_shell;
use crate::support::{Daemon, Starving, World, eventually, publish_call, staging_call_of};

const LOOKS: Duration = Duration::from_secs(150);

fn injected(world: &World) -> usize {
    world.calls().iter().filter(|call| call["fault"].is_string()).count()
}

/// **G4**: SIGTERM waits for a publish call that is under way.
#[test]
fn sigterm_waits_for_the_publish_call() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": publish_call("facebook"), "fault": "slow_first_byte", "delay_ms": 1500,
    }));
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let mut worker = world.start_worker(&[]);
    eventually("the publish call is on its way", || world.fault_injected());
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// **G4**: a second SIGTERM ends at once, and the post is recovered.
#[test]
fn second_sigterm_ends_at_once() {
    for (fault, code) in [("after_commit_hang", 143), ("before_commit_hang", 130)] {
        let world = World::new();
        let page = world.account("facebook");
        world.fault(&json!({
            "match": publish_call("facebook"), "when": {"nth": 1}, "fault": fault,
        }));
        let id = world.schedule(&page, &["--caption", "Hello"]);
        let mut worker = world.start_worker(&["-v"]);
        eventually("the publish call hangs", || world.fault_injected());
        let stop = |worker: &Daemon| {
            if code == 143 { worker.terminate() } else { worker.interrupt() }
        };
        stop(&worker);
        eventually("the signal has arrived", || worker.stderr().contains("stopping"));
        assert!(worker.is_running(), "it waits for the call");
        stop(&worker);
        assert_eq!(worker.wait(), code, "{}", worker.stderr());
        assert_eq!(world.status(&id), "processing");
        world.work_for(LOOKS, 60);
        assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
        world.assert_healthy();
    }
}

/// **G4**: what still runs after the grace period is left to be recovered.
#[test]
fn calls_beyond_the_grace_are_recovered() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": publish_call("facebook"), "when": {"nth": 1}, "fault": "after_commit_hang",
    }));
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let mut worker = world.start_worker(&["--grace", "1s"]);
    eventually("the publish call hangs", || world.fault_injected());
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert_eq!(world.status(&id), "processing");
    world.work_for(LOOKS, 60);
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// Calls of staging that hang: an image's upload by the program itself, and a
/// container that the platform makes.
const STAGING: [&str; 2] = ["linkedin", "instagram"];

/// A worker whose only post hangs while it is staged.
fn hangs_while_staging(platform: &'static str, args: &[&str]) -> (World, String, Daemon) {
    let world = World::new();
    let account = world.account(platform);
    let call = match platform {
        "linkedin" => json!({"method": "PUT"}),
        _ => staging_call_of(&account),
    };
    world.fault(&json!({"match": call, "when": {"nth": 1}, "fault": "before_commit_hang"}));
    let id = world.schedule(&account, &["--caption", "Hello", "--image", &world.media("one.jpg")]);
    let worker = world.start_worker(args);
    eventually("staging hangs", || world.fault_injected());
    (world, id, worker)
}

/// **G4**: what still is staged after the grace period is requeued without an
/// attempt. A restart of the program costs no attempt, and no lease has to be
/// waited for.
#[test]
fn staging_beyond_the_grace_is_requeued() {
    for platform in STAGING {
        let (world, id, mut worker) = hangs_while_staging(platform, &["--grace", "1s"]);
        worker.terminate();
        assert_eq!(worker.wait(), 0, "{}", worker.stderr());
        let post = world.post(&id);
        assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
        world.work(&[]);
        assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
        world.assert_healthy();
    }
}

/// **G4**: a second SIGTERM during staging ends at once, and the post is
/// recovered.
#[test]
fn second_sigterm_while_staging_ends_at_once() {
    for platform in STAGING {
        let (world, id, mut worker) = hangs_while_staging(platform, &["-v"]);
        worker.terminate();
        eventually("the signal has arrived", || worker.stderr().contains("stopping"));
        assert!(worker.is_running(), "it waits for the upload");
        worker.terminate();
        assert_eq!(worker.wait(), 143, "{}", worker.stderr());
        assert_eq!(world.status(&id), "processing");
        world.work_for(LOOKS, 60);
        assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
        world.assert_healthy();
    }
}

/// A post whose worker dies three times while it is staged, one due behind it,
/// and only one at a time.
#[track_caller]
fn a_poison_fails_after_three_deaths(die: impl Fn(&mut Daemon)) {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos", "body_contains": "poison"},
        "fault": "before_commit_hang",
    }));
    let image = world.media("poison.jpg");
    let poison = world.schedule(&page, &["--caption", "Poison", "--image", &image]);
    let fine = world.schedule(&page, &["--caption", "Fine"]);
    for death in 1..=3 {
        let mut worker = world.start_worker(&["--concurrency", "1", "--lease", "2s"]);
        eventually("it hangs", || injected(&world) == death);
        die(&mut worker);
        assert_eq!(world.post(&poison)["attempts"], json!(death));
        world.advance(Duration::from_secs(120));
    }
    world.run(&["run-worker", "--once", "--concurrency", "1", "--fail-on-error"]).exits(7);
    let post = world.post(&poison);
    assert_eq!(
        (&post["status"], &post["outcome"]),
        (&json!("failed"), &json!("not_published")),
        "{post}"
    );
    assert_eq!(post["errorMessage"], "the worker died 3 times while handling this post");
    assert_eq!(world.status(&fine), "published");
    let texts: Vec<Value> = world.live().iter().map(|item| item["text"].clone()).collect();
    assert_eq!(texts, ["Fine"]);
    world.assert_healthy();
}

/// **G5**: a post that kills its worker three times fails, and the queue moves
/// on.
#[test]
fn post_killing_three_workers_fails() {
    a_poison_fails_after_three_deaths(Daemon::kill);
}

/// **G5**: a post whose worker is killed for want of memory fails, and the
/// queue moves on. The kernel's own kill for want of memory; where no memory
/// cgroup may be made, SIGKILL replaces it.
#[test]
#[expect(clippy::print_stderr, reason = "which kill it was")]
fn post_exhausting_memory_fails() {
    a_poison_fails_after_three_deaths(|worker| {
        let Some(starving) = Starving::of(worker.pid()) else {
            eprintln!("no memory cgroup may be made here: SIGKILL stands in for the kernel's kill");
            return worker.kill();
        };
        // Its heartbeat asks for memory before long.
        assert_eq!(worker.wait(), 128 + 9, "{}", worker.stderr());
        assert_eq!(starving.kills(), 1);
    });
}

/// **G8**: workers of the same name never take the same job.
#[test]
fn namesakes_never_take_the_same_job() {
    let world = World::new();
    let page = world.account("facebook");
    let count = 16;
    for number in 0..count {
        world.schedule(&page, &["--caption", &format!("Post {number}")]);
    }
    let args = ["--worker-id", "server-1", "--batch-size", "2", "--concurrency", "2"];
    let mut workers = [world.start_worker(&args), world.start_worker(&args)];
    eventually("all posts are published", || world.open_posts() == 0);
    for worker in &mut workers {
        worker.terminate();
        assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    }
    assert_eq!(world.database.rows("SELECT DISTINCT attempts FROM post_schedule"), [["1"]]);
    let sent = "SELECT COUNT(*) FROM publish_log WHERE kind = 'publish' AND event = 'intent'";
    assert_eq!(world.database.value(sent), count.to_string());
    assert_eq!(world.live().len(), count);
    world.assert_healthy();
}

/// **G8**: eight workers of the same host and process id never take the same
/// job. Eight containers of one image: each worker is process 1 of a host with
/// the same name, and some are even given the same name. Where no such
/// namespace may be made they only share host and name.
#[test]
fn eight_identical_workers_share_no_job() {
    let namespaces = if rustix::process::geteuid().is_root() { "-pu" } else { "-rpu" };
    let unshare =
        |then: &str| format!("exec unshare {namespaces} --fork /bin/sh -c '{then}' \"$0\"");
    let named = "echo twin >/proc/sys/kernel/hostname";
    for name in ["", "--worker-id server-1"] {
        let world = World::new();
        let probe = in_shell(&world, &unshare(named)).status().unwrap();
        // One post of each account: none has to come back because of another.
        let expected: Vec<String> = (10..34).map(|number| format!("Post {number}")).collect();
        for text in &expected {
            world.schedule(&world.account("facebook"), &["--caption", text]);
        }
        let run = format!("exec \"$0\" run-worker --once --batch-size 2 --concurrency 2 {name}");
        let script = if probe.success() {
            unshare(&format!("{named}; echo I am $(cat /proc/sys/kernel/hostname) $$; {run}"))
        } else {
            run
        };
        let mut workers = [(); 8].map(|()| world.start_command(in_shell(&world, &script)));
        for worker in &mut workers {
            assert_eq!(worker.wait(), 0, "{}", worker.stderr());
            let twin = worker.stdout().starts_with("I am twin 1\n");
            assert!(twin || !probe.success(), "{}", worker.stdout());
        }
        world.work_until_done();
        let tries = "SELECT DISTINCT attempts, fence FROM post_schedule";
        assert_eq!(world.database.rows(tries), [["1", "1"]], "taken twice");
        let sent = "SELECT COUNT(*) FROM publish_log WHERE kind = 'publish' AND event = 'intent'";
        assert_eq!(world.database.value(sent), expected.len().to_string());
        let mut live: Vec<String> =
            world.live().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
        live.sort();
        assert_eq!(live, expected);
        world.assert_healthy();
    }
}

/// **G8**: a frozen worker does not take back what its namesake took over. The
/// name of the worker that froze is the name of the one that took over.
#[test]
fn frozen_worker_takes_nothing_from_its_namesake() {
    let world = World::new();
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/photos"}, "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": 3000,
    }));
    let page = world.account("facebook");
    let image = world.media("one.jpg");
    let id = world.schedule(&page, &["--caption", "Hello", "--image", &image]);
    let mut frozen = world.start_worker(&["--worker-id", "server-1", "-v"]);
    eventually("the upload is on its way", || world.fault_injected());
    // Frozen in a transaction it would keep SQLite's lock.
    let announced = "SELECT COUNT(*) FROM workers WHERE id = 'server-1'";
    eventually("its first heartbeat is over", || world.database.value(announced) == "1");
    frozen.pause();
    world.advance(Duration::from_secs(120));
    world.work(&["--worker-id", "server-1"]);
    assert_eq!(world.status(&id), "published");
    frozen.resume();
    eventually("it has noticed", || frozen.stderr().contains("taken over") || !frozen.is_running());
    frozen.terminate();
    frozen.wait();
    assert_eq!(world.live().len(), 1);
    world.assert_healthy();
}

/// **G9**: a run takes nothing new after its time and finishes what it has.
#[test]
fn deadline_stops_claims_and_finishes_running_posts() {
    let world = World::new();
    let page = world.account("facebook");
    for text in ["One", "Two", "Three"] {
        world.schedule(&page, &["--caption", text]);
    }
    // The first call alone takes longer than the whole run may.
    world.fault(&json!({
        "match": publish_call("facebook"), "fault": "slow_first_byte", "delay_ms": 1500,
    }));
    let ran = world.json(&["run-worker", "--once", "--concurrency", "1", "--max-runtime", "1s"]);
    assert_eq!((&ran["data"]["claimed"], &ran["data"]["published"]), (&json!(1), &json!(1)));
    assert_eq!((world.live().len(), world.open_posts()), (1, 2));
    world.heal();
    world.work_until_done();
    assert_eq!(world.live().len(), 3);
    world.assert_healthy();
}
