//! `demo --database-url`: in a database of its own, never among rows of others.

use std::fs;

use socialsched::sandbox::SandboxOptions;
use url::Url;

use crate::support::{Engine, Ran, World, eventually};

/// Databases of demos that this user of the server made or is in.
fn demos(world: &World, user: &str) -> Vec<Vec<String>> {
    world.database.rows(&match world.database.engine() {
        Engine::Sqlite => panic!("SQLite knows no users"),
        Engine::MariaDb => format!(
            "SELECT DISTINCT db FROM information_schema.processlist
              WHERE user = '{user}' AND db LIKE 'socialsched\\_scratch\\_%'"
        ),
        Engine::Postgres => format!(
            "SELECT datname::text FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba
              WHERE rolname = '{user}'"
        ),
    })
}

/// Whether the server has a database of this name.
fn exists(world: &World, name: &str) -> bool {
    let list = match world.database.engine() {
        Engine::MariaDb => "SELECT schema_name FROM information_schema.schemata",
        _ => "SELECT datname::text FROM pg_database",
    };
    world.database.rows(list).iter().any(|row| row[0] == name)
}

/// The statement that would give the missing right.
#[track_caller]
fn grant(refused: &Ran) -> String {
    let advice = "let an administrator run: ";
    let Some((_, rest)) = refused.stderr.split_once(advice) else { panic!("no advice: {refused}") };
    rest.lines().next().unwrap().to_owned()
}

#[track_caller]
fn all_published(ran: &Ran) {
    let json = ran.json();
    assert_eq!(json["data"].as_array().unwrap().len(), 9, "{ran}");
    for post in json["data"].as_array().unwrap() {
        assert_eq!(post["status"], "published", "{post}");
    }
}

/// A demo in a named file creates it and leaves it there.
#[test]
fn demo_creates_and_keeps_a_named_file() {
    if Engine::of_this_run() != Engine::Sqlite {
        return;
    }
    let world = World::bare(Engine::Sqlite, SandboxOptions::default());
    let url = world.database.url();
    let demo = ["demo", "--json", "--database-url", &url];
    world.run(&["demo", "-n", "--database-url", &url]).ok();
    assert!(!world.database.path().exists());
    let ran = world.run(&demo).ok();
    all_published(&ran);
    assert_eq!(world.database.breaches(), [""; 0]);
    // It prints how to look at it.
    let line = ran.stderr.lines().find(|line| line.contains("socialsched --database-url")).unwrap();
    let listed = world.shell(&format!("{line} --json")).ok();
    assert_eq!(listed.json()["data"].as_array().unwrap().len(), 9, "{line}");
    // Whatever is there already is left alone.
    let before = world.database.dump();
    assert_eq!(world.run(&demo).exits(4).error_code(), "file_exists");
    assert_eq!(world.database.dump(), before);
    let empty = world.path("empty.db");
    fs::write(&empty, "").unwrap();
    let url = format!("sqlite://{}", empty.display());
    world.run(&["demo", "--database-url", &url]).exits(4).complains("already exists");
    assert_eq!(fs::read(&empty).unwrap(), b"");
}

/// A demo ignores a database that only the environment names.
#[test]
fn demo_ignores_database_named_by_environment() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Mine"]);
    let before = world.database.dump();
    all_published(&world.run(&["demo", "--json"]).ok());
    assert_eq!(world.database.dump(), before);
    for name in ["SOCIALSCHED_DATABASE_URL", "DATABASE_URL"] {
        world.unset("SOCIALSCHED_DATABASE_URL");
        world.set(name, "postgres://me@no-such-host.invalid/production");
        all_published(&world.run(&["demo", "--json"]).ok());
    }
}

/// A demo on a server makes a database of its own and drops it.
#[test]
fn demo_on_server_drops_its_own_database() {
    if Engine::of_this_run() == Engine::Sqlite {
        return;
    }
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Mine"]);
    let before = world.database.dump();
    let user = world.database.user("canary-demo", "SELECT");
    let url = user.url("canary-demo");
    let name = Url::parse(&url).unwrap().username().to_owned();
    let demo = ["demo", "--json", "--database-url", &url];
    // A user with the rights in docs/databases.md may not; the message says what is missing.
    let refused = world.run(&demo).exits(5);
    assert_eq!(refused.error_code(), "access_denied");
    let text = world.run(&["demo", "--database-url", &url]).exits(5);
    for output in [&refused.stdout, &refused.stderr, &text.stdout, &text.stderr] {
        assert!(!output.contains("canary"), "{output}");
    }
    world.database.execute(&grant(&text));
    all_published(&world.run(&demo).ok());
    assert!(demos(&world, &name).is_empty());
    assert_eq!(world.database.dump(), before);
    assert_eq!(world.live().len(), 0, "it has platforms of its own");

    // Stopped midway, it drops the database as well.
    let mut run = world.start(&demo);
    let mut found = Vec::new();
    eventually("it has made its database", || {
        found = demos(&world, &name);
        !found.is_empty()
    });
    run.terminate();
    assert_eq!(run.wait(), 143, "{}", run.stderr());
    assert!(!exists(&world, &found[0][0]), "{found:?} is still there");
    assert_eq!(world.database.dump(), before);
}
