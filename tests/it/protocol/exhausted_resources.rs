//! G10 to G12, G16, I10: a busy runtime, exhausted handles, closed streams, a
//! frozen neighbour.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::{Value, json};
use socialsched::domain::proof::Witness;
use socialsched::domain::{
    AccessToken, Answer, Draft, Failure, Intent, Platform, Preparation, Receipt, Sighting,
};
use socialsched::platforms::{BoxFuture, Publisher, Publishers, Settings};
use socialsched::store::TakeOver;
use socialsched::worker::{Options, Worker};
use tokio_util::sync::CancellationToken;

use crate::store::queue::{Queue, on_every_engine, worker};
use crate::support::{Engine, World, eventually, staging_call_of};

/// Blocks the thread of the runtime until it is released.
struct Blocking {
    begun: mpsc::SyncSender<()>,
    go_on: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Publisher for Blocking {
    fn prepare<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        Box::pin(async {
            self.begun.send(()).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
            Ok(Preparation::Ready)
        })
    }

    fn publish<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Answer> {
        let receipt = Receipt { external_id: Some("fb_1".to_owned()), ..Receipt::default() };
        Box::pin(async { Answer::Published(receipt) })
    }

    fn look_up<'a>(&'a self, _: &'a Draft, _: &'a Intent) -> BoxFuture<'a, Sighting> {
        Box::pin(async { Sighting::NotLive { after: Duration::ZERO } })
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
        unreachable!()
    }

    fn discard<'a>(&'a self, _: &'a Draft, _: &'a str) -> BoxFuture<'a, ()> {
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
    // Connections of its own, since those of a blocked runtime are blocked as well.
    (Worker::new(queue.another_store(), publishers, tokens, events, options), begun, go)
}

/// **G10**: a blocked runtime loses no lease.
#[test]
fn frozen_runtime_loses_no_lease() {
    on_every_engine(|queue| {
        let id = queue.schedule();
        let (busy, begun, go) = blocked_worker(queue);
        // A runtime of one thread, which the step blocks.
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

/// **G10**: without a renewed lease, no call is sent. A lock of another program on its
/// job keeps the heartbeat from renewing the lease while a step at the platform takes its
/// time.
#[test]
fn unrenewed_lease_lets_no_call_out() {
    let world = World::new();
    let page = world.account("facebook");
    world.fault(&json!({
        "match": staging_call_of(&page), "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": 1500,
    }));
    let id = world.schedule(&page, &["--caption", "Hello", "--image", &world.media("one.jpg")]);
    let mut worker = world.start_worker(&["--lease", "1s"]);
    eventually("staging is on its way", || world.fault_injected());
    let mut other = world.database.session();
    other.execute(match world.database.engine() {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        _ => "BEGIN; SELECT id FROM post_schedule FOR UPDATE",
    });
    let seconds = world.database.seconds_until("lease_until");
    let left = format!("SELECT {seconds} FROM post_schedule");
    // A whole second more than the lease: what is left is rounded.
    eventually("the lease is over", || world.database.value(&left).parse::<i64>().unwrap() < 0);
    other.execute("ROLLBACK");
    eventually("it is published after all", || world.status(&id) == "published");
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert!(worker.stderr().contains("taken over"), "{}", worker.stderr());
    let fences = "SELECT DISTINCT fence FROM publish_log WHERE kind = 'publish'";
    assert_eq!(world.database.rows(fences), [["2"]], "sent without a lease");
    assert_eq!(world.live().len(), 1);
    world.assert_healthy();
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

/// Asserts that a run that fails at a limit reports a temporary failure (exit 6), and no
/// bug. Returns whether it succeeded.
#[track_caller]
fn got_through(mut limited: Command, limit: &str) -> bool {
    let ran = limited.output().unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    for word in ["panicked", "bug"] {
        assert!(!stderr.contains(word), "{limit}: {stderr}");
    }
    if !ran.status.success() {
        assert_eq!(ran.status.code(), Some(6), "{limit}: {:?} {stderr}", ran.status);
        assert!(stderr.contains("error: "), "{limit}: {stderr}");
    }
    ran.status.success()
}

#[track_caller]
fn assert_survived(world: &World, id: &str) {
    world.advance(Duration::from_secs(120));
    world.work_for(Duration::from_secs(60), 60);
    assert_eq!((world.status(id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// **G11**: without file handles a worker ends and loses nothing.
#[test]
fn worker_without_handles_loses_nothing() {
    let world = World::new();
    let id = world.schedule(&world.account("facebook"), &["--caption", "Hello"]);
    // With fewer than four no library of it can be read.
    let ended = (4..24).filter(|handles| {
        let script = format!("ulimit -n {handles}; exec \"$0\" run-worker --once --timeout 1s");
        !got_through(in_shell(&world, &script), &format!("{handles} handles"))
    });
    assert!(ended.count() > 4, "no limit was tight enough");
    assert_survived(&world, &id);
}

/// **G11**: a daemon without file handles for its calls does not spin, and goes
/// on once it has them. The limit comes down to what a daemon has open: its
/// calls get no handles.
#[test]
fn daemon_without_handles_does_not_spin() {
    let world = World::new();
    let page = world.account("facebook");
    let mut worker = world.start_worker(&["--poll-interval", "100ms"]);
    let beats = "SELECT COUNT(*) FROM workers";
    eventually("it shows itself", || world.database.value(beats) == "1");
    let pid = Pid::from_raw(i32::try_from(worker.pid()).unwrap()).unwrap();
    let limit = |handles| {
        let limit = Rlimit { current: Some(handles), maximum: Some(1024) };
        prlimit(Some(pid), Resource::Nofile, limit).unwrap()
    };
    // The next handle would be the lowest number that is free.
    let is_open = |fd: &u64| fs::exists(format!("/proc/{}/fd/{fd}", worker.pid())).unwrap();
    let before = limit((0..).find(|fd| !is_open(fd)).unwrap());
    let id = world.schedule(&page, &["--caption", "Hello"]);
    eventually("it has met it", || {
        let post = world.post(&id);
        let message = format!("{} {}", worker.stderr(), post["errorMessage"]);
        assert_ne!(post["status"], "published", "the limit does not bind: {message}");
        message.contains("open files") || message.contains("unable to open")
    });
    let (spent, since) = (processor_time(worker.pid()), Instant::now());
    eventually("some rounds went by", || since.elapsed() >= Duration::from_secs(3));
    let spent = processor_time(worker.pid()) - spent;
    assert!(spent < Duration::from_secs(1), "it spins: {spent:?} in {:?}", since.elapsed());
    assert!(worker.stderr().lines().count() < 100, "{}", worker.stderr());
    assert!(worker.is_running() && world.live().is_empty(), "{}", worker.stderr());
    limit(before.current.unwrap_or(1024).min(1024));
    world.advance(Duration::from_secs(120));
    eventually("it goes on", || world.status(&id) == "published");
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert_survived(&world, &id);
}

/// Of all threads of a process, from the kernel's clock ticks of 10 ms.
fn processor_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |n: usize| fields[n].parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// **G11**: without threads a worker ends and loses nothing. The limit does not
/// bind root, so the test runs the program as another user.
#[test]
#[expect(clippy::print_stderr, reason = "why it was skipped")]
fn worker_without_threads_loses_nothing() {
    let world = World::new();
    let id = world.schedule(&world.account("facebook"), &["--caption", "Hello"]);
    let on_a_server = Engine::of_this_run() != Engine::Sqlite;
    let user = on_a_server
        .then(|| world.database.user("canary-g11", "SELECT, INSERT, UPDATE, DELETE"))
        .inspect(|user| world.set("SOCIALSCHED_DATABASE_URL", user.url("canary-g11")));
    let somebody = if rustix::process::geteuid().is_root() {
        let owned = Command::new("chown").arg("-R").arg("65534:65534").arg(world.path("")).status();
        assert!(owned.unwrap().success());
        "setpriv --reuid 65534 --regid 65534 --clear-groups"
    } else {
        ""
    };
    let as_user = |limit: &str, args: &str| {
        in_shell(&world, &format!("exec {somebody} /bin/sh -c '{limit} exec \"$0\" {args}' \"$0\""))
    };
    if !as_user("", "list").output().unwrap().status.success() {
        eprintln!("SKIPPED: another user cannot run the program here");
        return;
    }
    let ended = (1..16).filter(|threads| {
        let args = "run-worker --once --timeout 1s --max-runtime 5s";
        // What each shell calls the limit differs.
        let limit = format!("ulimit -u {threads} 2>/dev/null || ulimit -p {threads};");
        !got_through(as_user(&limit, args), &format!("{threads} threads"))
    });
    // SQLite has a thread for each connection; with a server it works without any.
    assert_eq!(ended.count() > 0, !on_a_server);
    assert_survived(&world, &id);
    drop(user);
}

/// **G12**: closed streams and a full log keep no post from being published.
#[test]
fn closed_streams_and_full_log_stop_nothing() {
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

/// **G12**: a log that is full stops nothing and counts the records it lost. A
/// log that takes nothing for a while, as on a full disk: the daemon goes on,
/// and the log mentions the gap as soon as it takes records again.
#[test]
fn full_log_counts_its_lost_records() {
    let world = World::new();
    let page = world.account("facebook");
    let (mut log, full) = std::io::pipe().unwrap();
    for end in [log.as_fd(), full.as_fd()] {
        fcntl_setfl(end, OFlags::NONBLOCK).unwrap();
    }
    let mut filler = full.try_clone().unwrap();
    while filler.write(&[b'.'; 4096]).is_ok() {}
    while filler.write(b".").is_ok() {}
    // Enough records: every statement.
    world.set("SOCIALSCHED_LOG", "warn,sqlx=debug");
    let mut command = world.command(&["run-worker", "--poll-interval", "100ms"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(full);
    let mut worker = Killed(command.spawn().unwrap());
    let first = world.schedule(&page, &["--caption", "One"]);
    eventually("it publishes nevertheless", || world.status(&first) == "published");
    let mut written = String::new();
    let mut read = || {
        let mut bytes = [0; 65536];
        while let Ok(count @ 1..) = log.read(&mut bytes) {
            written.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        written.trim_start_matches('.').to_owned()
    };
    assert_eq!(read(), "", "nothing had room");
    let second = world.schedule(&page, &["--caption", "Two"]);
    eventually("it goes on", || world.status(&second) == "published");
    let mut gap = None;
    eventually("it reports the gap", || {
        gap = read().lines().find(|line| line.contains("could not be written")).map(str::to_owned);
        gap.is_some()
    });
    let gap: Value = serde_json::from_str(&gap.unwrap()).unwrap();
    assert!(gap["lost"].as_u64().unwrap() > 3, "{gap}");
    kill_process(Pid::from_child(&worker.0), Signal::TERM).unwrap();
    // Read all the while: another gap would be reported, too.
    eventually("it stops", || {
        read();
        worker.0.try_wait().unwrap().is_some()
    });
    assert!(worker.0.wait().unwrap().success());
    assert_eq!(read().matches("could not be written").count(), 1, "reported once");
    assert_eq!(world.live().len(), 2);
    world.assert_healthy();
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// **G16**: a clean stop leaves nothing processing.
#[test]
fn clean_stop_leaves_nothing_processing() {
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

/// **I10**: the wait for a frozen holder of the lock is limited, and the
/// message names the holder. A frozen process that holds SQLite's write lock.
#[test]
fn frozen_lock_holder_is_named() {
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

/// **I10**: a frozen process of this program is named to every process that
/// waits for its lock.
#[cfg(feature = "kill-points")]
#[test]
fn frozen_process_of_ours_is_named() {
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
    // Also by another path to the file.
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
