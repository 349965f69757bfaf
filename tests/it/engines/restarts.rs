//! A server that dies and comes back on the same data while workers run, as
//! in a failover that loses no commit. `RESTARTS` says how often (default 4).

use std::fs;

use serde_json::json;

use crate::support::{Engine, PLATFORMS, PrivateServer, World, eventually, publish_call};

/// A worker that looks often, and whose lost jobs others take over soon.
const EAGER: [&str; 4] = ["--poll-interval", "100ms", "--lease", "3s"];

/// Lines that wait in spools.
fn spooled(world: &World) -> usize {
    let lines = |file| fs::read_to_string(file).unwrap_or_default().lines().count();
    world.spool_files().into_iter().map(lines).sum()
}

/// **F2**: a worker outlives the death of its server, and the answers that came
/// meanwhile are recorded.
#[test]
fn worker_outlives_server_with_answers_recorded() {
    if Engine::of_this_run() == Engine::Sqlite {
        return;
    }
    let mut server = PrivateServer::start(Engine::of_this_run());
    let world = World::on(&server);
    let accounts = PLATFORMS.map(|platform| world.account(platform));
    let mut texts = Vec::new();
    let mut schedule = |when: &str| {
        for account in &accounts {
            let text = format!("{when} on {}", account.platform);
            let image = world.media("photo.jpg");
            world.schedule(account, &["--caption", &text, "--image", &image]);
            texts.push(text);
        }
    };
    // The server dies when the calls took effect, and before their answers come.
    for platform in PLATFORMS {
        world.fault(&json!({
            "match": publish_call(platform), "when": {"nth": 1},
            "fault": "slow_first_byte", "delay_ms": 4000,
        }));
    }
    schedule("In flight");
    let mut worker = world.start_worker(&EAGER);
    eventually("all posts are live", || world.live().len() == PLATFORMS.len());
    server.kill();
    eventually("the answers are kept", || spooled(&world) == PLATFORMS.len());
    let page = &accounts[0].id;
    let while_away = ["schedule", "--account", page, "--caption", "While away", "--now"];
    world.run(&while_away).exits(6).complains("nothing was changed");
    assert!(worker.is_running(), "{}", worker.stderr());

    server.start_again();
    eventually("the answers are stored", || world.open_posts() == 0 && spooled(&world) == 0);
    schedule("Afterwards");
    eventually("the same worker goes on", || world.open_posts() == 0);
    assert!(worker.is_running(), "{}", worker.stderr());
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());

    for post in world.posts() {
        assert_eq!(post["status"], "published", "{post}");
    }
    let mut live: Vec<String> =
        world.live().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    live.sort();
    texts.sort();
    assert_eq!(live, texts);
    world.assert_healthy();
}

/// **F2**: no post is lost or doubled although the server dies again and again.
/// Three workers, posts of every flow, and a server that dies whenever some
/// more posts have gone out.
#[cfg(feature = "kill-points")]
#[test]
fn restarting_server_loses_and_doubles_no_post() {
    use crate::kills::flows::FLOWS;
    use crate::kills::harness::Harness;
    use crate::kills::settings::{number, report};

    /// Of each round.
    const POSTS: usize = 70;
    const DEATHS: usize = 4;
    /// Between two deaths; some of the round's posts go out after the last.
    const LIVE: usize = 12;

    if Engine::of_this_run() == Engine::Sqlite {
        return;
    }
    let mut server = PrivateServer::start(Engine::of_this_run());
    let harness = Harness::on(&server);
    let world = &harness.world;
    world.fault(&json!({
        "match": {"method": "POST"}, "when": {"probability": 0.5},
        "fault": "slow_first_byte", "delay_ms": 500,
    }));
    let (restarts, mut done, mut faults) = (number("RESTARTS", 4), 0, Vec::new());
    while done < restarts {
        for flow in FLOWS.iter().cycle().take(POSTS) {
            harness.plant(flow);
        }
        let before = world.live().len();
        let mut workers = [(); 3].map(|()| world.start_worker(&EAGER));
        let [a, b, c] = [0, 1, 2].map(|n: usize| workers[n].pid());
        let there = format!("SELECT COUNT(*) FROM workers WHERE pid IN ({a}, {b}, {c})");
        eventually("all workers are there", || world.database.value(&there) == "3");
        for death in 1..=DEATHS {
            eventually("more posts are live", || world.live().len() >= before + death * LIVE);
            server.kill();
            server.start_again();
            done += 1;
        }
        for worker in &mut workers {
            assert!(worker.is_running(), "{}", worker.stderr());
            worker.terminate();
            assert_eq!(worker.wait(), 0, "{}", worker.stderr());
        }
        faults.extend(harness.check_posts());
    }
    report(&format!("RESTARTS\t{:?}\t{done}", world.database.engine()));
    harness.assert_sound("restarts", &faults);
}
