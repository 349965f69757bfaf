//! Clocks that jump while a worker runs. Needs libfaketime, which
//! `tests/run` provides.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::support::{Daemon, Engine, PLATFORMS, PrivateServer, World, eventually, publish_call};

/// The library that turns a process's clock, as its dynamic linker wants it.
fn libfaketime() -> PathBuf {
    let places = fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    places
        .map(|place| place.path().join("faketime/libfaketimeMT.so.1"))
        .chain([PathBuf::from("/usr/lib/faketime/libfaketimeMT.so.1")])
        .find(|library| library.exists())
        .unwrap_or_else(|| panic!("no libfaketime: install the package faketime, or run tests/run"))
}

/// Turns the clock of every program that starts from now on in this world, as
/// the file says: `+2h`, `-2h`, `+5y`.
fn turn_clocks_by_a_file(world: &World) -> PathBuf {
    let file = world.path("clock");
    fs::write(&file, "+0").unwrap();
    world.set("LD_PRELOAD", libfaketime());
    world.set("FAKETIME_TIMESTAMP_FILE", &file);
    world.set("FAKETIME_NO_CACHE", "1");
    // Waits go on as ever; only the time of day jumps.
    world.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    world.set("DONT_FAKE_MONOTONIC", "1");
    file
}

fn leave_clocks_alone(world: &World) {
    for name in [
        "LD_PRELOAD",
        "FAKETIME_TIMESTAMP_FILE",
        "FAKETIME_NO_CACHE",
        "FAKETIME_DONT_FAKE_MONOTONIC",
        "DONT_FAKE_MONOTONIC",
    ] {
        world.unset(name);
    }
}

/// Waits until the worker has been through its loop and its heartbeat anew.
fn await_a_round(world: &World, worker: &mut Daemon) {
    let beats = || world.database.value("SELECT COUNT(DISTINCT beat_at) FROM workers");
    let last = || world.database.value("SELECT MAX(beat_at) FROM workers");
    assert_eq!(beats(), "1", "one worker");
    for _ in 0..2 {
        let before = last();
        eventually("the worker beats", || {
            assert!(worker.is_running(), "{}", worker.stderr());
            last() != before
        });
    }
}

/// **B11**: a worker whose clock jumps publishes nothing early or twice. The
/// due time is decided by the database. On SQLite the database's clock is the
/// worker's own, so there a post may be early or late with it, but never twice.
#[test]
fn clock_jump_of_worker_doubles_nothing() {
    let world = World::new();
    let page = world.account("facebook");
    let on_a_server = Engine::of_this_run() != Engine::Sqlite;
    let in_future = world.schedule(&page, &["--caption", "Not yet", "--at", &world.in_days(1)]);

    let clock = turn_clocks_by_a_file(&world);
    let mut worker = world.start_worker(&["--poll-interval", "50ms", "--lease", "2s"]);
    leave_clocks_alone(&world);
    eventually("the worker is there", || {
        world.database.value("SELECT COUNT(*) FROM workers") == "1"
    });
    let mut texts = Vec::new();
    for jump in ["-2h", "+2h", "+5y", "+0", "-2h"] {
        fs::write(&clock, jump).unwrap();
        await_a_round(&world, &mut worker);
        if !on_a_server && jump == "+2h" {
            let ahead = world.database.seconds_until("beat_at");
            let ahead = world.database.value(&format!("SELECT {ahead} FROM workers"));
            assert!(ahead.parse::<u32>().unwrap() > 7000, "the clock did not jump: {ahead} s");
        }
        // Elsewhere what is due waits two hours, or is years too late to be sent.
        if on_a_server || !["-2h", "+5y"].contains(&jump) {
            let text = format!("After a jump of {jump} number {}", texts.len());
            let id = world.schedule(&page, &["--caption", &text]);
            eventually("a due post is published", || world.status(&id) == "published");
            texts.push(text);
        }
    }
    if on_a_server {
        assert_eq!(world.status(&in_future), "pending");
    }
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert_eq!(
        world.live().iter().filter(|item| item["text"] != "Not yet").count(),
        texts.len(),
        "{:?}",
        world.live()
    );
    let early = world.live().iter().filter(|item| item["text"] == "Not yet").count();
    assert!(early == 0 || !on_a_server && early == 1, "{early}");
    world.advance(Duration::from_secs(1));
    world.assert_healthy();
}

/// **F19**: a server whose clock jumps doubles and loses no post. Leases end
/// early when the server's clock jumps: then the fence holds.
#[test]
fn clock_jump_of_server_doubles_nothing() {
    let engine = Engine::of_this_run();
    if engine == Engine::Sqlite {
        return;
    }
    let server = PrivateServer::start(engine);
    let world = World::on(&server);
    let accounts = PLATFORMS.map(|platform| world.account(platform));
    let mut texts = Vec::new();
    let mut schedule = |when: &str| -> Vec<String> {
        let post = |account: &crate::support::Account| {
            let text = format!("{when} on {}", account.platform);
            let image = world.media("photo.jpg");
            texts.push(text.clone());
            world.schedule(account, &["--caption", &text, "--image", &image])
        };
        accounts.iter().map(post).collect()
    };
    let all_published = |ids: &[String]| ids.iter().all(|id| world.status(id) == "published");

    // Every first publish call takes effect, and its answer never comes.
    for platform in PLATFORMS {
        let call = publish_call(platform);
        world.fault(&json!({"match": call, "when": {"nth": 1}, "fault": "after_commit_hang"}));
    }
    let hung = schedule("Hung");
    let workers = ["--poll-interval", "100ms", "--lease", "2s"];
    let mut first = world.start_worker(&workers);
    eventually("all calls hang", || {
        world.calls().iter().filter(|call| call["fault"].is_string()).count() == PLATFORMS.len()
    });
    server.turn_clock("+2h");
    let mut second = world.start_worker(&workers);
    eventually("another worker finds them live", || all_published(&hung));
    // It would keep its accounts' next posts behind the calls that hang.
    first.kill();
    for jump in ["-2h", "+5y", "+0"] {
        server.turn_clock(jump);
        let posts = schedule(&format!("At {jump}"));
        eventually(&format!("due posts are published at {jump}"), || all_published(&posts));
    }
    second.terminate();
    assert_eq!(second.wait(), 0, "{}", second.stderr());
    let mut live: Vec<String> =
        world.live().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    live.sort();
    texts.sort();
    assert_eq!(live, texts);
    world.assert_healthy();
}
