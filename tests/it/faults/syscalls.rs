//! The program is killed, or its disk fails, at any system call that
//! touches SQLite's files. Needs strace, which `tests/run` provides. On the
//! servers these tests have nothing to do.
//!
//! `TEST_SWEEP=full` takes every call instead of some.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{Account, Engine, Ran, World, publish_call, some_of};

/// System calls on files.
const CALLS: &str =
    "openat,pread64,pwrite64,fsync,fdatasync,ftruncate,fallocate,fcntl,unlink,unlinkat,mmap";
/// What a disk that is broken, or full, answers, and to which of the calls.
const ERRORS: [(&str, &[&str]); 2] = [
    ("error=EIO", &["pread64", "pwrite64", "fsync", "fdatasync", "ftruncate"]),
    ("error=ENOSPC", &["pwrite64", "fsync", "fdatasync", "ftruncate", "openat", "fallocate"]),
];

fn world_of_files() -> Option<World> {
    (Engine::of_this_run() == Engine::Sqlite).then(World::new)
}

/// Runs the program under strace with these options.
fn traced(world: &World, options: &[&str], args: &[&str]) -> Ran {
    let places = ["/usr/bin/strace", "/usr/local/bin/strace", "/bin/strace"];
    let Some(strace) = places.into_iter().find(|place| Path::new(place).exists()) else {
        panic!("no strace: install the package strace, or run tests/run, which does");
    };
    let program = world.command(args);
    let mut command = Command::new(strace);
    let variables = program.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.args(["-f", "-qq"]).args(options).arg(program.get_program()).args(program.get_args());
    command.env_clear().envs(variables).current_dir(world.path(""));
    let ran = world.run_unanswered(command);
    assert!(!ran.stderr.contains("ptrace"), "strace may not trace here: {ran}");
    assert!(!ran.stderr.contains("panicked"), "{options:?}: {ran}");
    ran
}

/// How often the program makes each of the calls: the most in one of its
/// threads, since strace counts those apart.
fn counted(world: &World, calls: &str, args: &[&str]) -> BTreeMap<String, u64> {
    let file = world.path("trace");
    let trace = format!("trace={calls}");
    traced(world, &["-o", file.to_str().unwrap(), "-e", &trace], args).ok();
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for line in fs::read_to_string(file).unwrap().lines() {
        let Some((head, _)) = line.split_once('(') else { continue };
        let Some((thread, call)) = head.split_once(char::is_whitespace) else { continue };
        *counts.entry((call.trim().to_owned(), thread.to_owned())).or_default() += 1;
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in counts {
        let entry = most.entry(call).or_insert(0);
        *entry = count.max(*entry);
    }
    most
}

/// Every fault at every one of those calls, as strace's `inject`.
fn faults(counts: &BTreeMap<String, u64>) -> Vec<String> {
    let mut faults = Vec::new();
    for (call, count) in counts {
        let fitting = ERRORS.iter().filter(|(_, calls)| calls.contains(&call.as_str()));
        let kinds: Vec<&str> =
            ["signal=KILL"].into_iter().chain(fitting.map(|(error, _)| *error)).collect();
        for n in 1..=*count {
            faults.extend(kinds.iter().map(|kind| format!("inject={call}:{kind}:when={n}")));
        }
    }
    faults
}

/// What must hold between two runs, whatever happened in the first one.
#[track_caller]
fn assert_sound(world: &World, fault: &str) {
    assert_eq!(world.database.value("PRAGMA integrity_check"), "ok", "{fault}");
    assert_eq!(world.database.breaches(), [""; 0], "{fault}");
}

/// Runs workers to the end; each of the texts must then be live once, and nothing else.
#[track_caller]
fn assert_each_published_once(world: &World, texts: &[String]) {
    world.work_for(Duration::from_secs(150), 60);
    for post in world.posts() {
        assert_eq!(post["status"], "published", "{post}");
    }
    let mut live: Vec<String> =
        world.live().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    let mut expected = texts.to_vec();
    live.sort();
    expected.sort();
    assert_eq!(live, expected);
    world.assert_healthy();
}

fn schedule<'a>(account: &'a Account, text: &'a str) -> [&'a str; 9] {
    #[rustfmt::skip]
    let args = ["schedule", "--account", &account.id, "--now", "--caption", text, "--key", text, "--json"];
    args
}

/// **G2**: a schedule that dies or fails at any system call stores one post or
/// none.
#[test]
fn schedule_survives_death_at_any_syscall() {
    let Some(world) = world_of_files() else { return };
    let page = world.account("facebook");
    let mut texts = vec!["undisturbed".to_owned()];
    let faults = faults(&counted(&world, CALLS, &schedule(&page, "undisturbed")));
    assert!(faults.len() > 100, "{}", faults.len());
    let mut struck = 0;
    for fault in some_of(&faults, 40) {
        let args = schedule(&page, fault);
        let ran = traced(&world, &["-o", "/dev/null", "-e", fault], &args);
        struck += u32::from(ran.code != Some(0));
        assert_sound(&world, fault);
        let again = world.run(&args).ok();
        let id = |ran: &Ran| ran.json()["data"]["postDetailId"].clone();
        assert!(ran.code != Some(0) || id(&ran) == id(&again), "{fault}: {ran}");
        texts.push(fault.clone());
    }
    assert!(struck >= 20, "only {struck} of the faults struck");
    assert_eq!(world.posts().len(), texts.len(), "each stored once");
    assert_each_published_once(&world, &texts);
}

/// **G2**: a worker that dies or fails at any system call doubles and loses no
/// post.
#[test]
fn worker_survives_death_at_any_syscall() {
    let Some(world) = world_of_files() else { return };
    let account = world.account("facebook");
    let add = |text: &str| {
        world.schedule(&account, &["--caption", text, "--image", &world.media("photo.jpg")])
    };
    let work = ["run-worker", "--once", "--max-runtime", "2s"];
    let mut texts = vec!["undisturbed".to_owned()];
    add(&texts[0]);
    let faults = faults(&counted(&world, CALLS, &work));
    assert!(faults.len() > 200, "{}", faults.len());
    let mut struck = 0;
    for fault in some_of(&faults, 40) {
        add(fault);
        texts.push(fault.clone());
        let ran = traced(&world, &["-o", "/dev/null", "-e", fault], &work);
        struck += u32::from(ran.code != Some(0) || ran.stderr.contains("ERROR"));
        assert_sound(&world, fault);
        // One fault for each post: three deaths would end it.
        world.work_for(Duration::from_secs(150), 60);
    }
    assert!(struck >= 15, "only {struck} of the faults struck");
    assert_each_published_once(&world, &texts);
}

/// **I1**: on a full disk nothing is stored or sent, and later all is well.
/// Both with files that SQLite already has, where it recognises the fault best,
/// and without them.
#[test]
fn full_disk_stores_and_sends_nothing() {
    let Some(world) = world_of_files() else { return };
    let page = world.account("facebook");
    let before = world.schedule(&page, &["--caption", "Before"]);
    let full = ["-o", "/dev/null", "-e", "inject=pwrite64,fallocate:error=ENOSPC:when=1+"];
    for files_exist in [true, false] {
        let other = files_exist.then(|| {
            let mut session = world.database.session();
            session.execute("SELECT COUNT(*) FROM post_details");
            session
        });
        for args in [&schedule(&page, "Full")[..], &["run-worker", "--once"]] {
            let ran = traced(&world, &full, args).exits(6);
            let output = format!("{}{}", ran.stdout, ran.stderr);
            assert!(output.contains(if files_exist { "full" } else { "disk" }), "{ran}");
            assert_sound(&world, "full");
        }
        drop(other);
    }
    assert!(world.live().is_empty() && world.drafts().is_empty());
    assert_eq!((world.posts().len(), world.status(&before)), (1, "pending".to_owned()));
    world.run(&schedule(&page, "Full")).ok();
    assert_each_published_once(&world, &["Before".to_owned(), "Full".to_owned()]);
}

/// **I2**: a gate that is not on the disk lets no call out. The gate's commit
/// does not reach the disk: then the call must not go out.
#[test]
fn undurable_gate_lets_no_call_out() {
    let Some(world) = world_of_files() else { return };
    let account = world.account("instagram");
    let media = world.media("photo.jpg");
    let sent = || {
        let path = publish_call("instagram")["path_contains"].as_str().unwrap().to_owned();
        let is_publish = |call: &&serde_json::Value| call["path"].as_str().unwrap().contains(&path);
        world.calls().iter().filter(is_publish).count()
    };
    let intents = || {
        let sql = "SELECT COUNT(*) FROM publish_log WHERE kind = 'publish' AND event = 'intent'";
        world.database.value(sql).parse::<usize>().unwrap()
    };
    let (mut texts, mut kept_back) = (Vec::new(), 0);
    for n in 1..=8 {
        let text = format!("Sync {n}");
        world.schedule(&account, &["--caption", &text, "--image", &media]);
        texts.push(text);
        let staged = world.drafts().len();
        // Long enough for one commit and its repetitions.
        let fault = format!("inject=fsync,fdatasync:error=EIO:when={n}..{}", n + 2);
        let work = ["run-worker", "--once", "--max-runtime", "2s"];
        traced(&world, &["-o", "/dev/null", "-e", &fault], &work);
        assert!(sent() <= intents(), "{fault}: {} calls, {} intents", sent(), intents());
        kept_back += usize::from(world.drafts().len() > staged);
        assert_sound(&world, &fault);
    }
    assert!(kept_back > 0, "no gate has failed");
    assert_each_published_once(&world, &texts);
}

/// Every commit is on the disk before anything else happens. With
/// `synchronous=NORMAL` a commit is not on the disk when it is done, and a
/// power cut would take the record that a call went out. Another connection
/// keeps SQLite from syncing at the end anyway.
#[test]
fn every_commit_is_durable_first() {
    let Some(world) = world_of_files() else { return };
    let mut other = world.database.session();
    other.execute("SELECT COUNT(*) FROM post_details");
    let page = world.account("facebook");
    let synced =
        |args: &[&str]| -> u64 { counted(&world, "fsync,fdatasync", args).into_values().sum() };
    assert!(synced(&schedule(&page, "Durable")) >= 1);
    let syncs = synced(&["run-worker", "--once"]);
    assert!(syncs >= 4, "claim, staging, gate and evidence took {syncs} syncs");
    assert_each_published_once(&world, &["Durable".to_owned()]);
}
