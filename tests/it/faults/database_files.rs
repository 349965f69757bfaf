//! The file of an SQLite database.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;
use socialsched::sandbox::SandboxOptions;

use crate::support::{Engine, World, eventually};

/// Commands that need a database.
const COMMANDS: &[&[&str]] = &[
    &["list"],
    &["queue-status"],
    &["accounts"],
    &["run-worker", "--once"],
    &["recover"],
    &["cancel", "0198c2f4"],
    &["schedule", "--account", "x", "--caption", "x", "--now"],
];

fn no_database() -> World {
    World::bare(Engine::Sqlite, SandboxOptions::default())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// **F1**: a database that is not there is reported at once and not created.
#[test]
fn missing_database_is_reported_not_created() {
    let world = no_database();
    fs::write(world.path("file"), "text").unwrap();
    for path in ["missing.db", "missing-directory/x.db", "file/x.db", "home"] {
        world.set("SOCIALSCHED_DATABASE_URL", format!("sqlite://{}", world.path(path).display()));
        for args in COMMANDS {
            let ran = world.run(args).exits(5).complains(path);
            assert_eq!(ran.stdout, "", "{ran}");
            assert!(ran.took.as_secs() < 10, "{ran}");
        }
        let ran = world.run(&["list", "--json"]).exits(5);
        assert_eq!(ran.json()["error"]["exitCode"], 5);
    }
    assert!(!world.path("missing.db").exists() && !world.path("missing-directory").exists());
    for path in ["file/x.db", "home"] {
        world.set("SOCIALSCHED_DATABASE_URL", format!("sqlite://{}", world.path(path).display()));
        world.run(&["migrate"]).exits(5).complains(path);
    }
}

/// **I3**: a read-only file or directory is named as such.
#[test]
fn read_only_paths_are_named() {
    let world = World::new();
    let page = world.account("facebook");
    let path = world.database.path().to_owned();
    let directory = path.parent().unwrap();
    let before = fs::read(&path).unwrap();
    // Permissions do not bind root: it works as somebody else then.
    let is_root = rustix::process::geteuid().is_root();
    let run = |args: &[&str]| {
        let mut command = world.command(args);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        world.run_unanswered(command)
    };
    let as_owner = |path: &Path, mode: u32| {
        if is_root {
            std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    as_owner(directory, 0o700);
    for (file, folder) in [(0o400, 0o700), (0o400, 0o500)] {
        as_owner(&path, file);
        as_owner(directory, folder);
        let args = ["schedule", "--account", &page.id, "--caption", "Hello", "--at", "+1h"];
        let ran = run(&args).exits(5).complains("socialsched.db");
        assert!(ran.stderr.contains("read-only") || ran.stderr.contains("ermission"), "{ran}");
    }
    as_owner(directory, 0o700);
    as_owner(&path, 0o000);
    run(&["list"]).exits(5).complains("socialsched.db").complains("ermission");
    as_owner(&path, 0o600);
    run(&["list"]).ok();
    assert_eq!(fs::read(&path).unwrap().len(), before.len());
    assert_eq!(world.posts(), [Value::Null; 0]);
}

/// **I4**: a damaged file is named and never overwritten.
#[test]
fn damaged_file_is_named_never_overwritten() {
    for (what, damage) in [
        (
            "a text",
            &(|path: &Path| fs::write(path, "hello, world\n".repeat(100)).unwrap())
                as &dyn Fn(&Path),
        ),
        ("random bytes", &|path| {
            let noise: Vec<u8> =
                (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
            fs::write(path, noise).unwrap();
        }),
        ("a broken header", &|path| write_at(path, 16, &[0xff; 84])),
        ("a broken schema page", &|path| write_at(path, 100, &[0xff; 900])),
        ("a cut-off file", &|path| {
            OpenOptions::new().write(true).open(path).unwrap().set_len(6_000).unwrap();
        }),
    ] {
        let world = World::new();
        let path = world.database.path().to_owned();
        world.database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        for side in ["-wal", "-shm"] {
            fs::remove_file(format!("{}{side}", path.display())).ok();
        }
        damage(&path);
        let before = fs::read(&path).unwrap();
        for args in
            COMMANDS.iter().copied().chain([["migrate"].as_slice(), &["migrate", "--status"]])
        {
            let ran = world.run(args).exits(5);
            assert!(
                ran.stderr.contains("damaged") || ran.stderr.contains("not a"),
                "{what}: {ran}"
            );
            ran.complains("socialsched.db").complains("backup");
        }
        assert!(fs::read(&path).unwrap() == before, "{what}: it was written to");
    }
}

fn write_at(path: &Path, place: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(place)).unwrap();
    file.write_all(bytes).unwrap();
}

/// **I5**: an empty file is no database until `migrate` makes it one.
#[test]
fn empty_file_needs_migrate_first() {
    let world = no_database();
    let path = world.database.path().to_owned();
    fs::write(&path, "").unwrap();
    for args in COMMANDS {
        world.run(args).exits(5).complains("no socialsched schema").complains("migrate");
    }
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    world.run(&["migrate", "--check"]).exits(8);
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    // Another program's database is not ours.
    world.run(&["migrate"]).ok();
    world.run(&["list"]).ok();
    let other = no_database();
    other.set(
        "SOCIALSCHED_DATABASE_URL",
        format!("sqlite://{}?mode=rwc", other.database.path().display()),
    );
    for args in COMMANDS {
        other.run(args).exits(5);
    }
    assert!(!other.database.path().exists(), "no URL makes another command create it");
}

/// **I6**: what is no file is refused, and a link to one is followed.
#[test]
fn non_files_are_refused_links_followed() {
    let world = World::new();
    let url = |name: &str| format!("sqlite://{}", world.path(name).display());
    fs::create_dir(world.path("directory")).unwrap();
    mknodat(CWD, world.path("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    symlink("nowhere", world.path("dangling")).unwrap();
    for (name, what) in [("directory", "directory"), ("fifo", "regular file"), ("dangling", "")] {
        world.set("SOCIALSCHED_DATABASE_URL", url(name));
        for args in COMMANDS {
            world.run(args).exits(5).complains(name).complains(what);
        }
    }
    world.set("SOCIALSCHED_DATABASE_URL", "sqlite:///dev/null");
    world.run(&["list"]).exits(5).complains("regular file");
    world.run(&["migrate"]).exits(5).complains("regular file");
    symlink(world.database.path(), world.path("link.db")).unwrap();
    world.set("SOCIALSCHED_DATABASE_URL", url("link.db"));
    world.run(&["list"]).ok();
}

/// **I7**: the file and its side files are private, and a wider mode is warned
/// of.
#[test]
fn database_files_are_private() {
    let world = World::new();
    let page = world.account("facebook");
    let path = world.database.path().to_owned();
    assert_eq!(mode(&path), 0o600);
    let side = |end: &str| format!("{}{end}", path.display());
    // A running worker keeps the side files there.
    let worker = world.start_worker(&[]);
    crate::support::eventually("it has opened the database", || Path::new(&side("-wal")).exists());
    world.schedule(&page, &["--caption", "Hello", "--at", "+1h"]);
    for end in ["-wal", "-shm"] {
        assert_eq!(mode(Path::new(&side(end))), 0o600, "{end}");
    }
    drop(worker);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    world.run(&["list"]).ok().complains("chmod 600").complains("0644");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let ran = world.run(&["list"]).ok();
    assert!(!ran.stderr.contains("chmod"), "{ran}");
}

/// A process that opens SQLite's file beside SQLite loses its locks on it; the
/// next process to close the file would then take the log away from under it.
#[test]
fn worker_keeps_lock_on_database_file() {
    use std::os::unix::fs::MetadataExt as _;
    let world = World::new();
    let page = world.account("facebook");
    let mut worker = world.start_worker(&["--poll-interval", "50ms", "--lease", "1s"]);
    world.schedule(&page, &["--caption", "Hello"]);
    eventually("it is published", || world.live().len() == 1);
    let inode = std::fs::metadata(world.database.path()).unwrap().ino();
    let is_its_lock = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.contains(&worker.pid().to_string().as_str())
            && words.iter().any(|word| word.ends_with(&format!(":{inode}")))
    };
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    assert!(locks.lines().any(is_its_lock), "{locks}");
    worker.terminate();
    assert_eq!(worker.wait(), 0);
    world.assert_healthy();
}
