//! G10 to G12, G16, I10: a busy runtime, exhausted handles, closed streams, a
//! frozen neighbour.

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use socialsched::domain::{
    AccessToken, Answer, Draft, Failure, Intent, Platform, Preparation, Receipt, Sighting,
};
use socialsched::platforms::{Publisher, Publishers, Settings, Step};
use socialsched::store::TakeOver;
use socialsched::worker::{Options, Worker};
use tokio_util::sync::CancellationToken;

use crate::store::queue::{Queue, on_every_engine, worker};
use crate::support::{Engine, World, eventually};

/// Blocks the thread of the runtime until it is told to go on.
struct Blocking {
    begun: mpsc::SyncSender<()>,
    go_on: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Publisher for Blocking {
    fn prepare<'a>(&'a self, _: &'a Draft) -> Step<'a, Result<Preparation, Failure>> {
        Box::pin(async {
            self.begun.send(()).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
            Ok(Preparation::Ready)
        })
    }

    fn publish<'a>(&'a self, _: &'a Draft) -> Step<'a, Answer> {
        let receipt = Receipt { external_id: Some("fb_1".to_owned()), ..Receipt::default() };
        Box::pin(async { Answer::Published(receipt) })
    }

    fn look_up<'a>(&'a self, _: &'a Draft, _: &'a Intent) -> Step<'a, Sighting> {
        Box::pin(async { Sighting::NotLive })
    }

    fn permalink<'a>(&'a self, _: &'a Draft, _: &'a Receipt) -> Step<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> Step<'a, Answer> {
        Box::pin(async { Answer::Published(Receipt::default()) })
    }

    fn discard<'a>(&'a self, _: &'a Draft) -> Step<'a, ()> {
        Box::pin(async {})
    }
}

fn blocked_worker(queue: &Queue) -> (Worker, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (begin, begun) = mpsc::sync_channel(1);
    let (go, go_on) = mpsc::channel();
    let blocking = Arc::new(Blocking { begun: begin, go_on: go_on.into() });
    let publishers = Publishers::new(Settings::default())
        .with(Platform::Facebook, blocking as Arc<dyn Publisher>);
    let options = Options {
        lease: Duration::from_secs(2),
        max_runtime: Some(Duration::from_secs(30)),
        prepare_ahead: Duration::ZERO,
        ..Options::new(worker("busy"), "host".to_owned(), 1)
    };
    let tokens = Arc::new(|_: &_| Ok(AccessToken::new("a token".to_owned())));
    let events = Arc::new(|_: &_| {});
    // Connections of its own: those of a runtime that stands still do so, too.
    (Worker::new(queue.another_store(), publishers, tokens, events, options), begun, go)
}

#[test]
fn g10_a_runtime_that_stands_still_loses_no_lease() {
    on_every_engine(|queue| {
        let id = queue.schedule();
        let (busy, begun, go) = blocked_worker(queue);
        // A runtime of one thread, which the step keeps to itself.
        let run = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(busy.run_once(CancellationToken::new()))
        });
        begun.recv().unwrap();
        // For two leases the heartbeat's own thread goes on.
        let renewed = |at: &str| {
            let mut locked_at = at.to_owned();
            eventually("the lease is renewed", || {
                locked_at = queue.job(id, "locked_at");
                locked_at != at
            });
            locked_at
        };
        let mut at = queue.job(id, "locked_at");
        for _ in 0..8 {
            at = renewed(&at);
            let request = TakeOver::new(worker("rival"), Duration::from_secs(60), 9);
            let taken = queue.wait(queue.store.take_over(&request)).unwrap();
            assert!(taken.claimed.is_empty(), "its lease is over");
        }
        go.send(()).unwrap();
        assert_eq!(run.join().unwrap().unwrap().published, 1);
        assert_eq!(queue.job(id, "fence"), "1");
    });
}

/// The program under limits or redirections of a shell.
pub fn in_shell(world: &World, script: &str) -> Command {
    let program = world.command(&[]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script, program.get_program().to_str().unwrap()]);
    shell.env_clear().current_dir(world.path(""));
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap());
    }
    shell
}

#[test]
fn g11_without_file_handles_a_worker_ends_and_loses_nothing() {
    let world = World::new();
    let id = world.schedule(&world.account("facebook"), &["--caption", "Hello"]);
    let mut ended = 0;
    for handles in [4, 8, 12, 16] {
        let mut limited = in_shell(
            &world,
            &format!("ulimit -n {handles}; exec \"$0\" run-worker --once --timeout 1s"),
        );
        let ran = limited.output().unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(!stderr.contains("panicked"), "{handles} handles: {stderr}");
        if !ran.status.success() {
            ended += 1;
            assert!(!stderr.is_empty(), "{handles} handles: no word");
        }
    }
    assert!(ended > 0, "no limit was tight enough");
    world.advance(Duration::from_secs(120));
    world.work_for(Duration::from_secs(60), 60);
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

#[test]
fn g12_closed_streams_and_a_full_log_keep_no_post_from_being_published() {
    let world = World::new();
    let page = world.account("facebook");
    for (number, streams) in [">&- 2>&-", ">/dev/full 2>/dev/full", "2>&-"].iter().enumerate() {
        let id = world.schedule(&page, &["--caption", &format!("Post {number}")]);
        let script = format!("exec \"$0\" run-worker --once -vv -o jsonl {streams}");
        let mut shell = in_shell(&world, &script);
        shell.output().unwrap();
        assert_eq!(world.status(&id), "published", "{streams}");
    }
    assert_eq!(world.live().len(), 3);
    world.assert_healthy();
}

#[test]
fn g16_a_clean_stop_leaves_nothing_processing() {
    let world = World::new();
    let image = world.media("one.jpg");
    for platform in crate::support::PLATFORMS {
        let account = world.account(platform);
        for text in ["One", "Two"] {
            world.schedule(&account, &["--caption", text, "--image", &image]);
        }
    }
    let mut worker = world.start_worker(&[]);
    eventually("it is at work", || !world.calls().is_empty());
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    let status = world.json(&["queue-status"]);
    assert_eq!(status["data"]["processing"], 0, "{status}");
    assert_eq!(status["data"]["workers"], serde_json::json!([]), "{status}");
    world.work_until_done();
    assert_eq!(world.live().len(), 6);
    world.assert_healthy();
}

/// A frozen process that holds SQLite's write lock.
#[test]
fn i10_a_frozen_holder_of_the_lock_is_waited_for_with_an_end_and_named_as_such() {
    let world = World::new();
    if world.database.engine() != Engine::Sqlite {
        return;
    }
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let mut frozen = world.database.session();
    frozen.execute("BEGIN IMMEDIATE");
    for args in [&["cancel", &id][..], &["run-worker", "--once"], &["recover"]] {
        let ran = world.run(&[args, &["--timeout", "1s"]].concat());
        if args[0] == "recover" {
            assert!([Some(0), Some(6)].contains(&ran.code), "{ran}");
        } else {
            ran.exits(6).complains(&format!("locked by process {} (", std::process::id()));
        }
    }
    assert_eq!(world.status(&id), "pending", "reading goes on");
    frozen.execute("ROLLBACK");
    world.work(&[]);
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// The same, and the program that stands still is this one, as people meet it.
#[cfg(feature = "kill-points")]
#[test]
fn i10_a_frozen_process_of_ours_is_named_to_whoever_waits_for_its_lock() {
    let world = World::new();
    if world.database.engine() != Engine::Sqlite {
        return;
    }
    let page = world.account("facebook");
    let [one, two] = ["One", "Two"].map(|text| world.schedule(&page, &["--caption", text]));
    world.set("SOCIALSCHED_STOP_AT", "cancel_posts.before_commit");
    let mut frozen = world.start(&["cancel", &one]);
    world.unset("SOCIALSCHED_STOP_AT");
    let state = format!("/proc/{}/stat", frozen.pid());
    eventually("it stands still", || std::fs::read_to_string(&state).unwrap().contains(") T "));
    // Also by another way to the file.
    std::os::unix::fs::symlink(world.database.path(), world.path("link")).unwrap();
    let link = format!("sqlite://{}", world.path("link").display());
    let holder = format!("locked by process {} (socialsched)", frozen.pid());
    for args in
        [&["cancel", &two][..], &["run-worker", "--once"], &["accounts", "remove", &page.id]]
    {
        let args = [args, &["--timeout", "1s"]].concat();
        world.run(&args).exits(6).complains(&holder);
        world.run(&[&args[..], &["--database-url", &link]].concat()).exits(6).complains(&holder);
    }
    frozen.resume();
    assert_eq!(frozen.wait(), 0, "{}", frozen.stderr());
    world.work(&[]);
    assert_eq!((world.status(&one), world.status(&two)), ("cancelled".into(), "published".into()));
    world.assert_healthy();
}
