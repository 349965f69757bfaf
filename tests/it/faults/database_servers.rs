//! A database server that is away, refuses, waits, or ends connections.
//! On SQLite these tests have nothing to do.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use socialsched::sandbox::SandboxOptions;
use url::Url;

use crate::support::{Engine, Proxy, World, eventually};

/// Commands that need a database.
const COMMANDS: &[&[&str]] = &[
    &["list"],
    &["queue-status"],
    &["accounts"],
    &["run-worker", "--once"],
    &["recover"],
    &["cancel", "0198c2f4"],
    &["migrate"],
    &["migrate", "--status"],
];

fn server() -> Option<World> {
    (Engine::of_this_run() != Engine::Sqlite).then(World::new)
}

fn scheme() -> &'static str {
    if Engine::of_this_run() == Engine::MariaDb { "mysql" } else { "postgres" }
}

/// Runs every command; each must fail with one of the codes, soon, and
/// without a word of the password.
#[track_caller]
fn all_fail(world: &World, commands: &[&[&str]], codes: &[i32], what: &str) {
    for args in commands {
        for format in ["table", "json"] {
            let ran = world.run(&[args, &["-o", format][..]].concat());
            assert!(codes.contains(&ran.code.unwrap()), "{what}: {ran}");
            assert!(ran.took < Duration::from_secs(10), "{what}: {ran}");
            let output = format!("{}{}", ran.stdout, ran.stderr);
            assert!(output.contains(what), "{what}: {ran}");
            assert!(!output.contains("canary"), "{what}: {ran}");
        }
    }
}

/// **F1**: a server that is down or unknown is reported within ten seconds.
#[test]
fn unreachable_server_is_reported_in_ten_seconds() {
    let Some(world) = server() else { return };
    let scheme = scheme();
    // A port that nobody listens on.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for host in [&format!("127.0.0.1:{port}"), "no-such-host.invalid"] {
        let url = format!("{scheme}://me:canary-password@{host}/app");
        world.set("SOCIALSCHED_DATABASE_URL", url);
        // Each waits for a while, as the server may be starting.
        all_fail(
            &world,
            &[&["list"], &["run-worker", "--once"]],
            &[6],
            host.split(':').next().unwrap(),
        );
    }
}

/// **F1**: a wrong password or database is reported and not tried again.
#[test]
fn wrong_password_or_database_is_not_retried() {
    let Some(world) = server() else { return };
    let user = world.database.user("right", "SELECT");
    let mut url = Url::parse(&user.url("canary-password")).unwrap();
    if world.database.engine() == Engine::Postgres {
        // A server that trusts everybody asks for no password, but for a user.
        url.set_username("ss_nobody").unwrap();
    }
    world.set("SOCIALSCHED_DATABASE_URL", url.as_str());
    all_fail(&world, COMMANDS, &[5], "refuses");
    let mut url = Url::parse(&world.database.url()).unwrap();
    url.set_path("ss_no_such_database");
    url.set_password(Some("canary-password")).unwrap();
    if url.as_str().contains('@') && world.database.engine() == Engine::MariaDb {
        // Root has no password here.
        url.set_password(None).unwrap();
    }
    world.set("SOCIALSCHED_DATABASE_URL", url.as_str());
    all_fail(&world, COMMANDS, &[5], "ss_no_such_database");
}

/// **F17**: a server without SKIP LOCKED is refused with its version. The
/// servers' answers pass a proxy that reports another version.
#[test]
fn server_without_skip_locked_is_refused() {
    let Some(world) = server() else { return };
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Hello"]);
    let before = world.database.dump();
    let (version, old) = match world.database.engine() {
        Engine::MariaDb => ("SELECT VERSION()", &["10.5.29-MariaDB", "5.7.44-log"][..]),
        _ => ("SELECT current_setting('server_version')", &["12.22 "][..]),
    };
    let version = world.database.value(version);
    let proxy = Proxy::before(&world.database);
    world.set("SOCIALSCHED_DATABASE_URL", proxy.url());
    // All but the one that only tells what is there.
    let (_, commands) = COMMANDS.split_last().unwrap();
    for old in old {
        proxy.rename(&version, &format!("{old:-<0$}", version.len()));
        all_fail(&world, commands, &[5], old.trim());
        let ran = world.run(&["run-worker", "--once", "--json"]).exits(5);
        assert_eq!(ran.error_code(), "server_too_old", "{ran}");
        let message = ran.json()["message"].as_str().unwrap().to_owned();
        let needed = ["needs MariaDB 10.6", "needs MySQL 8.0", "needs PostgreSQL 13"];
        assert!(needed.iter().any(|needed| message.contains(needed)), "{ran}");
    }
    assert_eq!((world.database.dump(), world.live().len()), (before, 0));
    proxy.heal();
    world.work(&[]);
    assert_eq!(world.live().len(), 1);
}

/// **F13**: a user who may only read is shown the missing right.
#[test]
fn read_only_user_learns_missing_right() {
    let Some(world) = server() else { return };
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let user = world.database.user("canary-right", "SELECT");
    world.set("SOCIALSCHED_DATABASE_URL", user.url("canary-right"));
    world.run(&["list"]).ok();
    world.run(&["show", &id]).ok();
    let schedule = ["schedule", "--account", &page.id, "--caption", "Bye", "--at", "+1h"];
    for args in [
        &schedule[..],
        &["cancel", &id],
        &["run-worker", "--once"],
        &["reschedule", &id, "--at", "+1h"],
    ] {
        let ran = world.run(args).exits(5);
        let named = ran.stderr.contains("denied");
        assert!(named && ran.stderr.contains("grants"), "{ran}");
        assert!(!ran.stderr.contains("canary"), "{ran}");
    }
    assert_eq!(world.live().len(), 0);
    world.set("SOCIALSCHED_DATABASE_URL", world.database.url());
    assert_eq!(world.status(&id), "pending");
    assert_eq!(world.posts().len(), 1);
}

/// **F8**: a row that another session holds is waited for, and nothing is half
/// done.
#[test]
fn row_lock_is_awaited_nothing_half_done() {
    let Some(world) = server() else { return };
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    let before = world.database.dump();
    let mut session = world.database.session();
    session.execute("BEGIN; UPDATE post_details SET caption = 'Changed'");
    for args in [&["cancel", &id][..], &["reschedule", &id, "--at", "+2h"]] {
        let ran = world.run(args).exits(6);
        assert!(ran.took < Duration::from_secs(10), "{ran}");
        ran.complains("locked");
    }
    session.execute("ROLLBACK");
    assert_eq!(world.database.dump(), before);
    // Held for a moment only, it costs nothing but that moment.
    session.execute("BEGIN; UPDATE post_details SET caption = 'Changed'");
    let mut command = world.start(&["cancel", &id]);
    eventually("it waits", || world.database.waiting() > 0);
    session.execute("ROLLBACK");
    assert_eq!(command.wait(), 0, "{}", command.stderr());
    assert_eq!(world.status(&id), "cancelled");
    world.assert_healthy();
}

/// **F9**: the wait for a locked table is limited, and the worker loses
/// nothing.
#[test]
fn table_lock_wait_is_limited() {
    let Some(world) = server() else { return };
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let mut session = world.database.session();
    let (lock, unlock) = match world.database.engine() {
        Engine::MariaDb => ("LOCK TABLES post_schedule WRITE", "UNLOCK TABLES"),
        _ => ("BEGIN; LOCK TABLE post_schedule", "ROLLBACK"),
    };
    session.execute(lock);
    for args in [&["list"][..], &["cancel", &id]] {
        let ran = world.run(args).exits(6);
        assert!(ran.took < Duration::from_secs(10), "{ran}");
    }
    // A worker that keeps running comes through.
    let mut worker = world.start_worker(&[]);
    let start = Instant::now();
    eventually("it has met the lock", || {
        start.elapsed() > Duration::from_secs(7) || worker.stderr().contains("locked")
    });
    assert!(worker.is_running(), "{}", worker.stderr());
    session.execute(unlock);
    eventually("it is live", || world.live().len() == 1 && world.open_posts() == 0);
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert_eq!(world.status(&id), "published");
    world.assert_healthy();
}

/// **F2**: every post goes out once although the server ends all connections
/// again and again.
#[test]
fn ended_connections_publish_every_post_once() {
    const POSTS: usize = 100;
    let Some(world) = server() else { return };
    let pages: Vec<_> = (0..2).map(|_| world.account("facebook")).collect();
    let ids: Vec<String> = (0..POSTS)
        .map(|n| world.schedule(&pages[n % pages.len()], &["--caption", &format!("Number {n}")]))
        .collect();
    let mut worker = world.start_worker(&[]);
    // A worker that finds no database at its start ends.
    eventually("it has begun", || !world.live().is_empty());
    let (mut killed, start) = (0, Instant::now());
    while killed < 3 || (world.live().len() < POSTS && start.elapsed() < Duration::from_secs(20)) {
        assert!(worker.is_running(), "{}", worker.stderr());
        killed += world.database.kill_connections();
        thread::sleep(Duration::from_millis(200));
    }
    assert!(worker.is_running(), "{}", worker.stderr());
    worker.terminate();
    worker.wait();
    world.work_until_done();
    let live = world.live();
    let texts: HashSet<String> = live.iter().map(|post| post["text"].to_string()).collect();
    assert_eq!((live.len(), texts.len()), (POSTS, POSTS), "{killed} connections were ended");
    for id in &ids {
        assert_eq!(world.status(id), "published");
    }
    world.assert_healthy();
}

/// The server's own zone, put back at the end.
struct Zone<'a>(&'a World);

impl Drop for Zone<'_> {
    fn drop(&mut self) {
        if self.0.database.engine() == Engine::MariaDb {
            self.0.database.server_session().execute("SET GLOBAL time_zone = 'SYSTEM'");
        }
    }
}

/// **B10**: the zone of the server changes no due time.
#[test]
fn server_zone_changes_no_due_time() {
    let Some(world) = server() else { return };
    let page = world.account("facebook");
    let at = "2028-07-01T12:00:00Z";
    let before = world.schedule(&page, &["--caption", "Before", "--at", at]);
    let zone = Zone(&world);
    let name = world.database.name();
    world.database.server_session().execute(&match world.database.engine() {
        Engine::MariaDb => "SET GLOBAL time_zone = '+05:30'".to_owned(),
        _ => format!("ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'"),
    });
    let after = world.schedule(&page, &["--caption", "After", "--at", at]);
    let due = world.schedule(&page, &["--caption", "Due"]);
    for id in [&before, &after] {
        assert_eq!(world.post(id)["postSchedule"]["runAt"], at);
    }
    world.work(&[]);
    assert_eq!((world.status(&due), world.live().len()), ("published".to_owned(), 1));
    drop(zone);
    for id in [&before, &after] {
        assert_eq!(world.post(id)["postSchedule"]["runAt"], at);
    }
    world.assert_healthy();
}

/// **I5**: an empty database is not usable until `migrate` has run.
#[test]
fn empty_server_database_needs_migrate() {
    if Engine::of_this_run() == Engine::Sqlite {
        return;
    }
    let world = World::bare(Engine::of_this_run(), SandboxOptions::default());
    for args in COMMANDS.iter().filter(|args| args[0] != "migrate") {
        world.run(args).exits(5).complains("no socialsched schema").complains("migrate");
    }
    world.run(&["migrate", "--check"]).exits(8);
    world.run(&["migrate"]).ok();
    world.run(&["migrate", "--check"]).ok();
    world.run(&["list"]).ok();
}
