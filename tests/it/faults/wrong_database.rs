//! F15 and J7: a database that is not the one that was meant.

use std::fs;

use crate::support::World;

/// Another id than that of any database.
const OTHER: &str = "0198c2f4-0000-4000-8000-000000000000";

fn instance(world: &World) -> String {
    world.json(&["queue-status"])["data"]["instanceId"].as_str().unwrap().to_owned()
}

/// A world with a post that is due.
fn world() -> (World, String) {
    let world = World::new();
    let page = world.account("facebook");
    let post = world.schedule(&page, &["--caption", "Hello"]);
    (world, post)
}

/// **F15**: every database has an id of its own, which the commands show.
#[test]
fn every_database_has_its_own_id() {
    let (one, other) = (World::new(), World::new());
    let id = instance(&one);
    assert_ne!(id, instance(&other));
    assert_eq!(
        one.database.value("SELECT CAST(instance_id AS CHAR(36)) FROM database_instance"),
        id
    );
    let told = format!("database  {id}");
    one.run(&["queue-status", "-o", "table"]).ok().complains(&told);
    one.run(&["migrate", "--status", "-o", "table"]).ok().complains(&told);
    assert_eq!(one.json(&["migrate", "--status"])["meta"]["instanceId"], *id);
    let ran = one.run(&["run-worker", "--once", "--json", "-v"]).ok();
    assert_eq!(ran.json()["data"]["instanceId"], *id, "{ran}");
    ran.complains(&id);
}

/// **F15**: another database than the expected one is refused before anything
/// is done.
#[test]
fn unexpected_database_is_refused_first() {
    let (world, post) = world();
    let id = instance(&world);
    let before = world.database.dump();
    let page = "Acme";
    world.set("SOCIALSCHED_EXPECT_INSTANCE", OTHER);
    for args in [
        &["run-worker", "--once"][..],
        &["run-worker"],
        &["run-worker", "-n"],
        &["recover"],
        &["recover", "--after-restore", "--yes"],
        &["schedule", "--account", page, "--caption", "Bye", "--now"],
        &["cancel", &post],
        &["list"],
        &["queue-status"],
        &["migrate"],
        &["migrate", "--status"],
    ] {
        let ran = world.run(&[args, &["--json"]].concat()).exits(5);
        assert_eq!(ran.error_code(), "wrong_instance", "{ran}");
        let ran = world.run(args).exits(5);
        ran.complains(&format!("this is the database {id}, but {OTHER} is expected"));
    }
    assert_eq!((world.database.dump(), world.live().len()), (before, 0));
    // A beginning is no id: the whole of it must be told.
    world.set("SOCIALSCHED_EXPECT_INSTANCE", &id[..8]);
    world.run(&["run-worker", "--once"]).exits(2);
    assert_eq!(world.live().len(), 0);
    world.set("SOCIALSCHED_EXPECT_INSTANCE", id);
    world.work(&[]);
    assert_eq!((world.status(&post), world.live().len()), ("published".to_owned(), 1));
}

/// **F15**: the expected database may stand in the configuration file, and a
/// flag wins.
#[test]
fn expected_database_flag_beats_the_file() {
    let (world, post) = world();
    let id = instance(&world);
    let path = world.path("config.toml");
    fs::write(&path, format!("expect_instance = \"{OTHER}\"\n")).unwrap();
    let worker = ["run-worker", "--once", "--config", path.to_str().unwrap()];
    world.run(&worker).exits(5).complains("is expected");
    assert_eq!(world.status(&post), "pending");
    world.run(&[&worker[..], &["--expect-instance", &id]].concat()).ok();
    assert_eq!(world.status(&post), "published");
}

/// **J7**: a copy of a database publishes only after it was given an id of its
/// own. The staging database is a copy of the live one, and so are the tokens.
#[test]
fn database_copy_needs_its_own_id() {
    let (copy, post) = world();
    let live = instance(&copy);
    copy.set("SOCIALSCHED_EXPECT_INSTANCE", OTHER);
    copy.run(&["run-worker", "--once"]).exits(5).complains(&live);
    assert_eq!((copy.live().len(), copy.database.breaches().len()), (0, 0));
    copy.database.execute(&format!("UPDATE database_instance SET instance_id = '{OTHER}'"));
    copy.work(&[]);
    assert_eq!(copy.status(&post), "published");
    copy.set("SOCIALSCHED_EXPECT_INSTANCE", live);
    copy.run(&["list"]).exits(5).complains(OTHER);
}
