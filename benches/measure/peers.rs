//! Other queues on the same database, in the same run, so that a ratio means something.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::Options;
use crate::database::Database;
use crate::line::Line;
use crate::process;
use crate::server::{Engine, Server};
use crate::stand_in::StandIn;

/// Another queue, and how many jobs it is given at a time.
struct Peer {
    name: &'static str,
    engine: Engine,
    script: &'static str,
    concurrency: u32,
}

const PEERS: &[Peer] = &[
    Peer { name: "huey", engine: Engine::Sqlite, script: "huey_worker.py", concurrency: 1 },
    Peer { name: "huey", engine: Engine::Sqlite, script: "huey_worker.py", concurrency: 10 },
    Peer { name: "old-script", engine: Engine::MariaDb, script: "old-script.mjs", concurrency: 1 },
    Peer { name: "old-script", engine: Engine::MariaDb, script: "old-script.mjs", concurrency: 10 },
    Peer {
        name: "graphile-worker",
        engine: Engine::Postgres,
        script: "graphile-worker.mjs",
        concurrency: 24,
    },
];

/// The versions that are installed.
const NODE_PACKAGES: &[&str] = &["graphile-worker@0.18.0", "mysql2@3.24.6", "pg@8.23.1"];
const PYTHON_PACKAGES: &[&str] = &["huey==3.5.4"];

/// Measures the peers of an engine: a job that does nothing, and one that makes the call.
pub fn all(options: &Options, server: &Server) -> Result<()> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    for peer in PEERS.iter().filter(|peer| peer.engine == server.engine) {
        let mut program = install(peer, &scripts, options)?;
        for with_call in [false, true] {
            let database = Database::empty(server)?;
            let stand_in = StandIn::start(options.latency())?;
            let jobs = options.posts.unwrap_or(2000);
            let address = match server.engine {
                Engine::Sqlite => database.dir().join("peer.db").display().to_string(),
                Engine::MariaDb | Engine::Postgres => database.url(),
            };
            program
                .env("PEER_URL", address)
                .env("PEER_JOBS", jobs.to_string())
                .env("PEER_CONCURRENCY", peer.concurrency.to_string())
                .env("PEER_CALL", if with_call { stand_in.create_post() } else { String::new() });
            measure(peer, &mut program, &database, jobs, with_call)?;
            let calls = stand_in.count()? as u64;
            ensure!(calls == if with_call { jobs } else { 0 }, "{calls} calls for {jobs} jobs");
        }
    }
    Ok(())
}

fn measure(
    peer: &Peer,
    program: &mut Command,
    database: &Database,
    jobs: u64,
    with_call: bool,
) -> Result<()> {
    let output = database.dir().join("output");
    program.stdin(Stdio::null()).stdout(fs::File::create(&output)?);
    let before = database.counters()?;
    let ran = process::run(program)?;
    let after = database.counters()?;
    let report = fs::read_to_string(output)?;
    ensure!(ran.ok, "{} failed", peer.name);
    let report: serde_json::Value = serde_json::from_str(&report)?;
    let seconds = report["seconds"].as_f64().context("it did not say how long it took")?;
    Line::new("peers", peer.engine.name())
        .set("peer", peer.name)
        .set("job", if with_call { "call" } else { "no-op" })
        .set("posts", jobs)
        .set("concurrency", peer.concurrency)
        .number("seconds", Some(seconds))
        .number("rate", Some(jobs as f64 / seconds))
        // With its start and the filling of its queue.
        .used(&[ran], jobs)
        .counted(&before, &after, jobs)
        .print()
}

/// The peer's program, from the registries where it is not there yet, outside of this
/// repository: its packages are found beside the copy of the script.
fn install(peer: &Peer, scripts: &Path, options: &Options) -> Result<Command> {
    let dir: PathBuf = options
        .peers_dir
        .clone()
        .unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers"));
    fs::create_dir_all(&dir)?;
    if peer.script.ends_with(".py") {
        let python = dir.join("python/bin/python");
        if !python.exists() {
            succeed(Command::new("python3").args(["-m", "venv"]).arg(dir.join("python")))?;
        }
        succeed(Command::new(&python).args(["-m", "pip", "install", "-q"]).args(PYTHON_PACKAGES))?;
        let mut command = Command::new(python);
        command.arg(scripts.join(peer.script));
        return Ok(command);
    }
    if !dir.join("node_modules/graphile-worker").exists() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&dir);
        succeed(npm.args(NODE_PACKAGES))?;
    }
    for script in ["call.mjs", peer.script] {
        fs::copy(scripts.join(script), dir.join(script))?;
    }
    let mut command = Command::new("node");
    command.arg(dir.join(peer.script));
    Ok(command)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
