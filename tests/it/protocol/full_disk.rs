//! I1: a disk that is full at any write.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::exhausted_resources::in_shell;
use crate::support::{Engine, World, eventually, may_mount};

/// What SQLite and the disk write at a time.
const PAGE: usize = 4096;
/// More than any run of a worker writes.
const PAGES: usize = 120;
/// Longer than any lease.
const LEASE_OVER: Duration = Duration::from_secs(120);
/// Names a directory with room to the test when it runs on its small disk.
const ROOMY: &str = "TEST_BESIDE_SMALL_DISK";

/// **I1**: while no write gets through nothing is sent, and all goes on when
/// there is room. A limit on the size of files stands in for the disk: no write
/// gets through.
#[test]
fn file_limit_sends_nothing_until_room() {
    let world = World::new();
    if world.database.engine() != Engine::Sqlite {
        return;
    }
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    for args in ["run-worker --once", &format!("cancel {id}"), "recover"] {
        let script = format!("trap '' XFSZ; ulimit -f 1; exec \"$0\" {args} --timeout 2s");
        let ran = in_shell(&world, &script).output().unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        let expected = if args == "recover" { [Some(0), Some(6)] } else { [Some(6); 2] };
        assert!(expected.contains(&ran.status.code()), "{args}: {:?} {stderr}", ran.status);
        assert_eq!((world.status(&id), world.live().len()), ("pending".to_owned(), 0), "{args}");
    }
    world.work(&[]);
    assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), 1));
    assert_intact(&world);
    assert!(fs::metadata(world.database.path()).unwrap().len() > 0);
}

#[track_caller]
fn assert_intact(world: &World) {
    assert_eq!(world.database.value("PRAGMA integrity_check"), "ok");
    world.assert_healthy();
}

/// **I1**: a disk that fills up at any write loses and doubles nothing. The
/// disk really is full, after one page more each time. The test runs again in a
/// mount namespace of its own, where a small disk holds its world. Where none
/// may be mounted it says so; the test with a limit below stands in.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
#[expect(clippy::print_stderr, clippy::print_stdout, reason = "which disk it was")]
fn full_disk_at_any_write_is_harmless() {
    const NAME: &str = "protocol::full_disk::full_disk_at_any_write_is_harmless";
    if Engine::of_this_run() != Engine::Sqlite {
        return;
    }
    if let Some(roomy) = std::env::var_os(ROOMY) {
        return on_a_small_disk(Path::new(&roomy));
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = |then: &str| {
        let script = format!("mount -t tmpfs -o size=16m,mode=700 small \"$0\" && {then}");
        let mut command = Command::new("unshare");
        let user = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
        command.args([user, "/bin/sh", "-c", &script]).arg(&disk);
        command
    };
    let probe = mounted("true").output();
    if !probe.as_ref().is_ok_and(|probe| probe.status.success()) {
        assert!(!may_mount(), "a disk may be mounted here, and is not: {probe:?}");
        eprintln!("SKIPPED: no disk may be mounted here: {probe:?}");
        return;
    }
    println!("on a small disk of its own");
    let mut again = mounted("exec \"$1\" --exact \"$2\" --nocapture");
    again.arg(std::env::current_exe().unwrap()).arg(NAME);
    let ran = again.env("TMPDIR", &disk).env(ROOMY, folder.path()).output().unwrap();
    let output = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(ran.status.success() && output[0].contains("1 passed"), "{}", output.concat());
    println!("{}", output[0]);
}

/// **I1**: a limit on files that is met at any write loses and doubles nothing.
/// A worker whose files may not grow beyond one page more each time, until the
/// limit no longer matters. What it could write decides whether it sends.
#[test]
#[expect(clippy::print_stdout, reason = "how workers ended, to be seen with --no-capture")]
fn file_limit_at_any_write_is_harmless() {
    if Engine::of_this_run() != Engine::Sqlite {
        return;
    }
    let world = World::new();
    let page = world.account("facebook");
    let (mut unsent, mut sent) = (0, 0);
    for blocks in (0..).step_by(PAGE / 512) {
        let id = world.schedule(&page, &["--caption", &format!("{blocks} blocks")]);
        let live = world.live().len();
        let args = "run-worker --once --timeout 2s";
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {args}");
        let ran = in_shell(&world, &script).output().unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        let is_sent = world.live().len() > live;
        let in_the_way = world.status(&id) != "published";
        assert!(is_sent || in_the_way, "{blocks}: {stderr}");
        if is_sent {
            sent += 1
        } else {
            unsent += 1
        }
        world.advance(LEASE_OVER);
        world.work(&[]);
        assert_eq!((world.status(&id), world.live().len()), ("published".to_owned(), live + 1));
        assert_intact(&world);
        if !in_the_way {
            break;
        }
        assert!(blocks < PAGES * PAGE, "the limit never gives way: {stderr}");
    }
    println!("{unsent} not sent, {sent} sent");
    assert!(unsent > 0 && sent > 0, "{unsent} not sent, {sent} sent");
}

/// How a worker got on while the disk was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Before its post was sent.
    Unsent,
    /// Its post is live, and neither the database nor the spool takes that.
    NotRecorded,
    /// There was room for everything.
    Published,
}

#[expect(clippy::print_stdout, reason = "how workers ended, to be seen with --no-capture")]
fn on_a_small_disk(roomy: &Path) {
    let world = World::new();
    let page = world.account("facebook");
    for args in [&["run-worker", "--once"][..], &["run-worker"]] {
        let mut ends = Vec::new();
        // With fewer than ten it cannot even open the database.
        for room in [0, 5].into_iter().chain(10..) {
            let id = world.schedule(&page, &["--caption", &format!("{args:?} {room}")]);
            ends.push(with_free_pages(&world, &id, room, args, &roomy.join("stderr")));
            assert_intact(&world);
            if ends.ends_with(&[End::Published; 2]) {
                break;
            }
        }
        println!("{args:?} by free pages: {ends:?}");
        for end in [End::Unsent, End::NotRecorded] {
            assert!(ends.contains(&end), "none ended as {end:?}: {ends:?}");
        }
    }
}

/// Runs a worker with so much room, and then with enough.
fn with_free_pages(world: &World, id: &str, room: usize, args: &[&str], stderr: &Path) -> End {
    assert!(room < PAGES, "the disk is never full");
    let (live, filler) = (world.live().len(), world.path("filler"));
    fill(&filler, room);
    let mut worker = world
        .command(&[args, &["--timeout", "2s"]].concat())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(stderr).unwrap())
        .spawn()
        .unwrap();
    let log = || fs::read_to_string(stderr).unwrap();
    let sent = || world.live().len() > live;
    let sql = format!("SELECT status FROM post_details WHERE id = '{id}'");
    let status = || world.database.value(&sql);
    let mut ended = None;
    eventually("it ends, is done, or waits for room", || {
        ended = worker.try_wait().unwrap();
        ended.is_some()
            || log().contains("could not be written to the spool")
            || log().contains("this round failed")
            || log().contains("did not accept the result")
            || (sent() && status() == "published")
    });
    let end = match (sent(), log().contains("could not be written to the spool")) {
        (false, false) => End::Unsent,
        (true, true) => End::NotRecorded,
        (true, false) => End::Published,
        (false, true) => panic!("{room} free pages: {}", log()),
    };
    assert!(end == End::Published || log().contains("disk"), "{room} free pages: {}", log());
    fs::remove_file(&filler).unwrap();
    if ended.is_some() || args.contains(&"--once") {
        worker.wait().unwrap();
        world.advance(LEASE_OVER);
        world.work(&[]);
    } else {
        world.advance(LEASE_OVER);
        eventually("it goes on by itself", || status() == "published");
        kill_process(Pid::from_child(&worker), Signal::TERM).unwrap();
        assert!(worker.wait().unwrap().success(), "{room} free pages: {}", log());
    }
    assert_eq!((status(), world.live().len()), ("published".to_owned(), live + 1));
    end
}

/// Leaves this many free pages.
fn fill(filler: &Path, room: usize) {
    let mut file = OpenOptions::new().create(true).append(true).open(filler).unwrap();
    let mut pages = 0;
    while file.write_all(&[1; PAGE]).is_ok() {
        pages += 1;
    }
    let left = usize::saturating_sub(pages, room);
    file.set_len(u64::try_from(left * PAGE).unwrap()).unwrap();
}
