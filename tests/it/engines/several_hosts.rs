//! Several hosts on one database server: their clocks, names and connections.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use crate::support::{Engine, PrivateServer, World, eventually, publish_call};

fn server() -> Option<World> {
    (Engine::of_this_run() != Engine::Sqlite).then(World::new)
}

const FAKETIME: &str = "/usr/bin/faketime";

/// Runs the program on a host whose clock is off by so much, as in `+2h`.
fn run_with_clock(world: &World, off: &str, args: &[&str]) -> Output {
    let program = world.command(args);
    let mut command = Command::new(FAKETIME);
    command.args(["-m", "-f", off]).arg(program.get_program()).args(args).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").output().unwrap()
}

/// **B13**: only the clock of the database server decides what is due.
#[test]
fn database_clock_decides_what_is_due() {
    let Some(world) = server() else { return };
    assert!(Path::new(FAKETIME).exists(), "no {FAKETIME}: tests/run installs it");
    let page = world.account("facebook");
    let later = world.schedule(&page, &["--caption", "Later", "--at", "+1h"]);
    let once = ["run-worker", "--once", "--json"];
    let claimed = |off: &str| {
        let ran = run_with_clock(&world, off, &once);
        assert!(ran.status.success(), "{off}: {ran:?}");
        let json: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        json["data"]["published"].as_u64().unwrap()
    };
    // The clock really is off: a civil time of tomorrow is another one there.
    let date = Command::new(FAKETIME).args(["-f", "+400d", "date", "+%Y"]).output().unwrap();
    assert!(String::from_utf8(date.stdout).unwrap() > world.in_days(0));
    assert_eq!(claimed("+2h"), 0, "a fast clock sends nothing early");
    assert_eq!(world.status(&later), "pending");
    let due = world.schedule(&page, &["--caption", "Due"]);
    assert_eq!(claimed("-2h"), 1, "a slow clock sends nothing late");
    assert_eq!(world.status(&due), "published");
    // Relative times in texts also use the server's clock.
    let add = ["schedule", "--account", &page.id, "--caption", "Soon", "--at", "+10m", "--json"];
    let added = run_with_clock(&world, "+3h", &add);
    assert!(added.status.success(), "{added:?}");
    let minutes = world.database.value(&format!(
        "SELECT {} FROM post_schedule s JOIN post_details d ON d.id = s.post_detail_id
          WHERE d.caption = 'Soon'",
        world.database.seconds_until("s.run_at")
    ));
    let seconds: i64 = minutes.parse().unwrap();
    assert!((480..=600).contains(&seconds), "due in {seconds} s");
    world.assert_healthy();
}

/// **B13**: a lease ends by the clock of the database server.
#[test]
fn lease_ends_by_database_clock() {
    let Some(world) = server() else { return };
    assert!(Path::new(FAKETIME).exists(), "no {FAKETIME}: tests/run installs it");
    let page = world.account("facebook");
    world.fault(&json!({
        "match": publish_call("facebook"), "when": {"nth": 1}, "fault": "before_commit_hang",
    }));
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let mut holder = world.start_worker(&[]);
    eventually("its call hangs", || world.fault_injected());
    // To this host all leases ended long ago.
    let other = run_with_clock(&world, "+5h", &["run-worker", "--once", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(json["data"]["claimed"], 0, "{json}");
    assert_eq!(world.status(&id), "processing");
    // And a host that disappears leaves it to the others when its lease is over.
    holder.kill();
    world.work_until_done();
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// **F6**: the wait for a server without a free connection is limited.
#[test]
fn server_without_free_connection_is_not_awaited_forever() {
    let Some(world) = server() else { return };
    let user = world.database.user("canary-f06", "SELECT, INSERT, UPDATE, DELETE");
    let name = url::Url::parse(&user.url("x")).unwrap().username().to_owned();
    world.database.execute(&match world.database.engine() {
        Engine::MariaDb => format!("ALTER USER '{name}'@'localhost' WITH MAX_USER_CONNECTIONS 1"),
        _ => format!("ALTER ROLE {name} CONNECTION LIMIT 1"),
    });
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let before = world.database.dump();
    let taken = user.session("canary-f06");
    world.set("SOCIALSCHED_DATABASE_URL", user.url("canary-f06"));
    for args in [&["list"][..], &["cancel", &id], &["run-worker", "--once"], &["migrate"]] {
        let ran = world.run(args).exits(6);
        assert!(ran.took.as_secs() < 10, "{ran}");
        assert!(!ran.stderr.contains("canary"), "{ran}");
    }
    assert_eq!(world.database.dump(), before);
    assert_eq!(world.live().len(), 0);
    drop(taken);
}

/// **F6**: a busy worker makes do with ten connections. As many as
/// docs/databases.md has the server provide for each.
#[test]
fn busy_worker_needs_only_ten_connections() {
    let Some(world) = server() else { return };
    let user = world.database.user("canary-f06", "SELECT, INSERT, UPDATE, DELETE");
    let name = url::Url::parse(&user.url("x")).unwrap().username().to_owned();
    let ids: Vec<String> = (0..32)
        .map(|_| world.schedule(&world.account("facebook"), &["--caption", "Hello"]))
        .collect();
    world.database.execute(&match world.database.engine() {
        Engine::MariaDb => format!("ALTER USER '{name}'@'localhost' WITH MAX_USER_CONNECTIONS 10"),
        _ => format!("ALTER ROLE {name} CONNECTION LIMIT 10"),
    });
    world.set("SOCIALSCHED_DATABASE_URL", user.url("canary-f06"));
    let ran = world.work(&["--concurrency", "64", "--batch-size", "64", "--lease", "1s"]);
    assert!(!ran.stderr.contains("not available"), "{ran}");
    world.set("SOCIALSCHED_DATABASE_URL", world.database.url());
    for id in &ids {
        assert_eq!(world.status(id), "published");
    }
    assert_eq!(world.live().len(), ids.len());
    world.assert_healthy();
}

/// Server settings that may lose commits are warned of.
#[test]
fn commit_losing_server_settings_are_warned_of() {
    let engine = Engine::of_this_run();
    if engine == Engine::Sqlite {
        return;
    }
    let server = PrivateServer::start(engine);
    let world = World::on(&server);
    let commands = [&["run-worker", "--once"][..], &["migrate"]];
    for args in commands {
        let ran = world.run(args).ok();
        assert!(!ran.stderr.contains("crash may lose"), "{ran}");
    }
    let (sql, setting) = match engine {
        Engine::MariaDb => {
            ("SET GLOBAL innodb_flush_log_at_trx_commit = 2", "innodb_flush_log_at_trx_commit = 2")
        }
        _ => ("ALTER SYSTEM SET full_page_writes = off", "full_page_writes = off"),
    };
    world.database.server_session().execute(sql);
    if engine == Engine::Postgres {
        world.database.server_session().execute("SELECT pg_reload_conf()");
        eventually("it is in force", || world.database.value("SHOW full_page_writes") == "off");
    }
    for args in commands {
        world.run(args).ok().complains(setting).complains("crash may lose");
    }
}

/// **F14**: with a database that became read-only, nothing is sent. MariaDB can be made
/// read-only only as a whole, and for users without special rights.
#[test]
fn read_only_database_sends_nothing() {
    let engine = Engine::of_this_run();
    let server = (engine == Engine::MariaDb).then(|| PrivateServer::start(engine));
    let world = match (&server, engine) {
        (_, Engine::Sqlite) => return,
        (Some(server), _) => World::on(server),
        (None, _) => World::new(),
    };
    let name = world.database.name();
    if engine == Engine::MariaDb {
        world.database.server_session().execute(&format!(
            "CREATE USER worker@localhost;
             GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO worker@localhost"
        ));
        let url = world.database.url().replace("//root@", "//worker@");
        world.set("SOCIALSCHED_DATABASE_URL", url);
    }
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    let read_only = |word: &str| {
        let sql = match engine {
            Engine::MariaDb => format!("SET GLOBAL read_only = {word}"),
            _ => format!("ALTER DATABASE {name} SET default_transaction_read_only = {word}"),
        };
        world.database.server_session().execute(&sql);
    };
    read_only("on");
    for args in [&["list"][..], &["show", &id], &["queue-status"]] {
        world.run(args).ok();
    }
    let later = ["schedule", "--account", &page.id, "--caption", "Later", "--at", "+1h"];
    for args in [&later[..], &["cancel", &id], &["run-worker", "--once"]] {
        let ran = world.run(args).exits(6).complains("server is read-only");
        ran.complains("nothing was changed");
    }
    let mut worker = world.start_worker(&["--poll-interval", "100ms"]);
    eventually("it has met it", || worker.stderr().contains("read-only"));
    assert_eq!(world.live().len(), 0);
    assert!(worker.is_running());
    // Its connections keep what they began with: a server in that state ends them.
    read_only("off");
    world.database.kill_connections();
    eventually("it goes on", || world.live().len() == 1);
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert_eq!((world.status(&id), world.posts().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}
