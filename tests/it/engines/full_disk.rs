//! F14: a server whose disk is full. Only PostgreSQL: it asks for room page by
//! page, so that it is known which statement meets the end.

use std::time::Duration;

use serde_json::json;

use crate::support::{Engine, PrivateServer, World, eventually, staging_call_of};

const FULL: &str = "disk of the database is full";
/// Longer than any lease.
const LEASE_OVER: Duration = Duration::from_secs(120);

/// A world on a server with a small disk; `None` where there can be none.
fn small() -> Option<(PrivateServer, World)> {
    if Engine::of_this_run() != Engine::Postgres {
        return None;
    }
    let server = PrivateServer::with_small_disk()?;
    let world = World::on(&server);
    Some((server, world))
}

/// Gives the tables and indexes that a claim writes to their first pages. The
/// log still has none: its first row asks for room.
fn make_room_for_claims(world: &World) {
    world.database.execute(
        "BEGIN;
         UPDATE post_schedule SET status = 'processing', worker_id = 'w', locked_at = now();
         ROLLBACK",
    );
}

fn in_log(world: &World) -> String {
    world.database.value("SELECT COUNT(*) FROM publish_log")
}

#[track_caller]
fn assert_goes_on(world: &World, id: &str) {
    world.work_for(LEASE_OVER, 60);
    assert_eq!((world.status(id), world.live().len()), ("published".to_owned(), 1));
    world.assert_healthy();
}

/// **F14**: a claim on a server whose disk is full changes nothing, and works
/// when there is room.
#[test]
fn claim_on_full_disk_changes_nothing() {
    let Some((mut server, world)) = small() else { return };
    let id = world.schedule(&world.account("facebook"), &["--caption", "Hello"]);
    server.fill_disk();
    world.run(&["run-worker", "--once"]).exits(6).complains(FULL);
    let post = world.post(&id);
    assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
    assert_eq!(world.calls(), [json!(null); 0]);
    server.empty_disk();
    assert_goes_on(&world, &id);
}

/// **F14**: a gate on a server whose disk is full sends nothing, and opens when
/// there is room. The gate cannot write down that the call goes out.
#[test]
fn gate_on_full_disk_sends_nothing() {
    let Some((mut server, world)) = small() else { return };
    // A text on LinkedIn is not staged: the gate is the first to write to the log.
    let id = world.schedule(&world.account("linkedin"), &["--caption", "Hello"]);
    make_room_for_claims(&world);
    server.fill_disk();
    // More often than a post may be tried: it is not the post's fault.
    for _ in 0..4 {
        world.run(&["run-worker", "--once"]).exits(6).complains(FULL).complains("stays published");
        world.advance(LEASE_OVER);
    }
    assert_eq!(world.post(&id)["attempts"], 0, "{}", world.post(&id));
    assert_eq!((in_log(&world).as_str(), world.calls()), ("0", vec![]), "sent");
    server.empty_disk();
    assert_goes_on(&world, &id);
}

/// **F14**: a server whose disk fills up while a post is staged sends nothing until there
/// is room. The staged object cannot be recorded; a daemon survives this.
#[test]
fn disk_filling_while_staging_sends_nothing() {
    let Some((mut server, world)) = small() else { return };
    let page = world.account("facebook");
    world.fault(&json!({
        "match": staging_call_of(&page), "when": {"nth": 1},
        "fault": "slow_first_byte", "delay_ms": 3000,
    }));
    let id = world.schedule(&page, &["--caption", "Hello", "--image", &world.media("photo.jpg")]);
    let mut worker = world.start_worker(&["--poll-interval", "100ms"]);
    eventually("staging is on its way", || world.fault_injected());
    server.fill_disk();
    eventually("it has met it", || worker.stderr().contains("did not accept the result"));
    assert!(worker.stderr().contains(FULL), "{}", worker.stderr());
    assert_eq!((in_log(&world).as_str(), world.live().len()), ("0", 0));
    assert!(worker.is_running(), "{}", worker.stderr());
    server.empty_disk();
    world.advance(LEASE_OVER);
    eventually("it goes on", || world.status(&id) == "published");
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
    assert_goes_on(&world, &id);
}
