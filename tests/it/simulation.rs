//! `simulate`: the crash proof as its users run it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use socialsched::domain::Platform;
use socialsched::sandbox::{Sandbox, SandboxOptions};
use socialsched::simulation::{Outcome, Plan, Program, Simulation};
use socialsched::store::{Location, Scratch};

use crate::support::{Engine, World, eventually};

/// A world that keeps its throw-away files to itself, and the arguments of a
/// small simulation on the engine of this run.
fn machine() -> (World, Vec<String>) {
    let world = World::new();
    fs::create_dir(world.path("tmp")).unwrap();
    world.set("TMPDIR", world.path("tmp"));
    let mut args = vec!["simulate".to_owned()];
    if world.database.engine() != Engine::Sqlite {
        args.extend(["--database-url".to_owned(), world.database.url()]);
    }
    (world, args)
}

fn with<'a>(args: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

/// Nothing of a simulation is left.
#[track_caller]
fn assert_clean(world: &World) {
    let left: Vec<_> = fs::read_dir(world.path("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let (_, processes) = workers(&world.path("tmp"));
    assert_eq!(processes, [""; 0], "workers are left");
}

/// The environments and the command lines of the workers whose files are here.
fn workers(folder: &Path) -> (Vec<String>, Vec<String>) {
    let read = |path: std::path::PathBuf| {
        // A process may end meanwhile.
        let bytes = fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    };
    let mut found = (Vec::new(), Vec::new());
    for entry in fs::read_dir("/proc").unwrap() {
        let process = entry.unwrap().path();
        let line = read(process.join("cmdline"));
        if line.contains("run-worker") && line.contains(folder.to_str().unwrap()) {
            found.0.push(read(process.join("environ")));
            found.1.push(line);
        }
    }
    found
}

/// A simulation loses and doubles nothing and touches no other database.
#[test]
fn simulation_is_safe_and_isolated() {
    let (world, args) = machine();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "Mine"]);
    let before = world.database.dump();
    let more = ["--posts", "15", "--kills", "12", "--seed", "5", "--json"];
    let ran = world.run(&with(&args, &more)).ok();
    let found = &ran.json()["data"];
    for figure in
        ["publishedTwice", "lost", "failed", "notEnded", "disagreements", "brokenInvariants"]
    {
        assert_eq!(found[figure], 0, "{figure}: {ran}");
    }
    assert_eq!(found["unknown"]["twoStep"], 0, "{ran}");
    let number = |value: &Value| value.as_u64().unwrap();
    let unknown = number(&found["unknown"]["oneStep"]);
    assert_eq!(number(&found["publishedOnce"]) + unknown, 15, "{ran}");
    assert!(number(&found["publishedOnce"]) > 0, "{ran}");
    assert_eq!(found["takeOver"]["notTimed"], 0, "every wait is measured to its end: {ran}");
    let name = match world.database.engine() {
        Engine::Sqlite => "SQLite 3.",
        Engine::MariaDb => "MariaDB ",
        Engine::Postgres => "PostgreSQL ",
    };
    assert!(found["database"].as_str().unwrap().starts_with(name), "{ran}");
    assert_eq!(found["kills"], 12, "{ran}");
    assert_eq!((&found["seed"], &found["posts"]), (&json!(5), &json!(15)));
    let repeat = "socialsched simulate --posts 15 --kills 12 --seed 5";
    assert!(found["repeat"].as_str().unwrap().starts_with(repeat), "{ran}");
    assert!(ran.stderr.contains(repeat), "{ran}");
    assert_eq!(world.database.dump(), before);
    assert_eq!(world.live().len(), 0, "it has platforms of its own");
    assert_clean(&world);
}

#[test]
fn the_same_seed_is_the_same_plan() {
    let (world, args) = machine();
    let plan = |seed| world.run(&with(&args, &["--seed", seed, "-n", "--json"])).ok().json();
    assert_eq!(plan("7")["data"], plan("7")["data"]);
    assert_ne!(plan("7")["data"], plan("8")["data"]);
    // Without one, each run has another, and reports it.
    let random = || world.run(&with(&args, &["-n", "--json"])).ok().json()["data"]["seed"].clone();
    assert_ne!(random(), random());
    assert_clean(&world);
}

#[test]
fn a_simulation_takes_only_numbers_that_make_sense() {
    let (world, _) = machine();
    for flags in [["--posts", "0"], ["--kills", "0"], ["--posts", "10001"], ["--kills", "100001"]] {
        world.run(&["simulate", flags[0], flags[1]]).exits(2);
    }
}

/// A database that is configured but not typed is reported as ignored. It is
/// not proven by the run, and the output must not suggest so.
#[test]
fn untyped_configured_database_is_reported_ignored() {
    let (world, _) = machine();
    let printed = world.run(&["simulate", "-n"]).ok().stderr;
    let lines: Vec<&str> = printed.lines().filter(|line| line.contains("is ignored:")).collect();
    assert_eq!(lines.len(), 1, "{printed}");
    assert!(lines[0].starts_with("SOCIALSCHED_DATABASE_URL is ignored"), "{printed}");
    assert!(lines[0].ends_with("--database-url \"$SOCIALSCHED_DATABASE_URL\""), "{printed}");
    let typed = world.run(&["simulate", "-n", "--database-url", "sqlite:///a.db"]).ok().stderr;
    assert!(!typed.contains("is ignored:"), "{typed}");
}

/// The command that repeats a simulation is whole but for the password.
#[test]
fn repeating_command_hides_only_the_password() {
    let (world, _) = machine();
    let url = "mysql://me:canary@localhost/app?socket=/run/my.sock";
    let printed = world.run(&["simulate", "-n", "--seed", "5", "--database-url", url]).ok().stderr;
    let shown = "socialsched --database-url 'mysql://me:PASSWORD@localhost/app?socket=/run/my.sock' \
                 simulate --posts 60 --kills 50 --seed 5";
    assert!(printed.contains(shown), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
}

/// A missing folder is named, and whose it is.
#[test]
fn missing_folder_is_named_with_its_owner() {
    let (world, _) = machine();
    let path = world.path("nowhere");
    let url = format!("sqlite://{}/queue.db", path.display());
    let printed = world.run(&["simulate", "--database-url", &url]).exits(5).stderr.clone();
    assert!(
        printed.contains(path.to_str().unwrap()) && printed.contains("--database-url"),
        "{printed}"
    );
    assert!(!path.exists());
    world.set("TMPDIR", &path);
    for command in ["simulate", "demo"] {
        let printed = world.run(&[command]).exits(5).stderr.clone();
        assert!(
            printed.contains(path.to_str().unwrap()) && printed.contains("TMPDIR"),
            "{printed}"
        );
    }
}

/// An interrupted simulation leaves nothing, and its workers know no secret. They get
/// none of the user's tokens and settings.
#[test]
fn interrupted_simulation_cleans_up() {
    let (world, args) = machine();
    let mut run = world.start(&with(&args, &["--kills", "5000"]));
    let mut known = Vec::new();
    eventually("workers run", || {
        let (environments, lines) = workers(&world.path("tmp"));
        // Between fork and exec a child still has its parent's environment.
        let started = environments.iter().all(|all| all.contains("SOCIALSCHED_DATABASE_URL"));
        known = environments;
        lines.len() == 3 && started
    });
    for environment in known {
        assert!(!environment.contains("canary"), "{environment}");
        assert!(!environment.contains("SOCIALSCHED_COMPANY"), "{environment}");
    }
    run.interrupt();
    assert_eq!(run.wait(), 130, "{}", run.stderr());
    assert_clean(&world);
}

/// Runs a simulation on platforms with faults that no plan has.
fn simulate(world: &World, options: SandboxOptions, faults: Value) -> Outcome {
    let program = Program {
        path: env!("CARGO_BIN_EXE_socialsched").into(),
        variables: Vec::new(),
        folder: world.path("tmp").join("workers"),
    };
    let near = match world.database.engine() {
        Engine::Sqlite => Location::Sqlite(world.path("tmp").join("simulation.db")),
        _ => world.database.url().parse().unwrap(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let timeout = Duration::from_secs(10);
        let scratch = Scratch::make(&near, timeout).await.unwrap();
        let plan = Plan::new(3, 12, 1);
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let sandbox = Sandbox::bind(any_port, options).await.unwrap().start();
        let variables = workers_variables(&scratch, sandbox.base_url());
        let program = Program { variables, ..program };
        let simulation = Simulation::new(&scratch, &plan, sandbox, timeout).await.unwrap();
        let outcome = simulation.with_faults(faults).run(&program, &|_| {}).await;
        scratch.remove(timeout).await.unwrap();
        outcome.unwrap()
    })
}

fn workers_variables(scratch: &Scratch, platforms: &str) -> Vec<(String, std::ffi::OsString)> {
    use secrecy::ExposeSecret;
    let url = scratch.location().url();
    let mut variables = vec![
        ("SOCIALSCHED_DATABASE_URL".to_owned(), url.expose_secret().into()),
        ("SOCIALSCHED_PLATFORM_GATEWAY".to_owned(), platforms.into()),
        ("SOCIALSCHED_ALLOW_PRIVATE_MEDIA".to_owned(), "1".into()),
    ];
    for platform in ["FACEBOOK", "INSTAGRAM", "LINKEDIN"] {
        variables.push((format!("SOCIALSCHED_TOKEN_{platform}"), "simulated".into()));
    }
    variables
}

/// The proof can fail: against a platform that makes two posts of one call no protocol
/// helps, and the comparison finds each of them.
#[test]
fn a_platform_that_doubles_posts_is_found_out() {
    let (world, _) = machine();
    let options = SandboxOptions { duplicate_window_ms: 0, ..SandboxOptions::default() };
    let twice = json!([{
        "match": {"method": "POST", "path_contains": "/rest/posts"}, "fault": "duplicate_delivery",
    }]);
    let outcome = simulate(&world, options, twice);
    let linkedin = posts_on(Platform::LinkedIn);
    let comparison = &outcome.comparison;
    assert!(comparison.twice > 0, "{comparison:?}");
    // The one kill may have hit a call.
    assert_eq!(
        (comparison.twice + comparison.unknown_one_step) as usize,
        linkedin,
        "{comparison:?}"
    );
    assert_eq!(comparison.once as usize, 12 - linkedin, "{comparison:?}");
    let findings = outcome.findings();
    assert_eq!(findings.len(), comparison.twice as usize, "{findings:?}");
    assert!(findings[0].contains("more than once"), "{findings:?}");
}

/// The posts of [`simulate`] on this platform.
fn posts_on(platform: Platform) -> usize {
    Plan::new(3, 12, 1).posts.iter().filter(|post| post.platform() == platform).count()
}

/// A post that fails is a finding, whatever its platform says: the usual
/// faults are none that justify it.
#[test]
fn posts_that_fail_are_found_out() {
    let (world, _) = machine();
    let refusal = json!([{
        "match": {"method": "POST", "platform": "facebook"}, "fault": "status", "status": 400,
        "body": {"error": {"code": 100, "message": "Invalid parameter", "type": "OAuthException"}},
    }]);
    let outcome = simulate(&world, SandboxOptions::default(), refusal);
    let failed = posts_on(Platform::Facebook);
    assert!(failed > 0);
    assert_eq!(outcome.comparison.failed as usize, failed, "{outcome:?}");
    let findings = outcome.findings();
    assert_eq!(findings.len(), failed, "{findings:?}");
    assert!(findings[0].contains("nothing justifies"), "{findings:?}");
}

/// Unknown posts of a platform with look-ups are found. A platform that always lies
/// leaves posts unknown that it could have revealed; the simulation's comparison accepts
/// none of them.
#[test]
fn simulation_rejects_readable_posts_left_unknown() {
    let (world, _) = machine();
    let unknown = posts_on(Platform::Instagram);
    let lies = json!([
        {
            "match": {"method": "POST", "path_contains": "media_publish"},
            "fault": "after_commit_drop", "when": {"count": unknown},
        },
        {"match": {"method": "GET", "platform": "instagram"}, "fault": "stale_status"},
    ]);
    let outcome = simulate(&world, SandboxOptions::default(), lies);
    assert!(unknown > 0);
    let comparison = &outcome.comparison;
    assert_eq!(
        (comparison.unknown_two_step as usize, comparison.twice),
        (unknown, 0),
        "{outcome:?}"
    );
    let findings = outcome.findings();
    assert_eq!(findings.len(), unknown, "{findings:?}");
    assert!(findings[0].contains("its platform can be asked"), "{findings:?}");
}
