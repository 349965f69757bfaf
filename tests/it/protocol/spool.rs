//! S, G17, G18: answers that arrive when the database is away, or too late.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Daemon, Engine, Session, World, eventually, publish_call};

/// Long enough to lock the database while a publish call waits for its answer.
const SLOW_MS: u64 = 4000;

/// Blocks every write of others until the session executes `unlock`.
fn lock(world: &World) -> (Session, &'static str) {
    let (lock, unlock) = match world.database.engine() {
        Engine::Sqlite => ("BEGIN IMMEDIATE", "ROLLBACK"),
        Engine::MariaDb => ("LOCK TABLES post_schedule WRITE", "UNLOCK TABLES"),
        Engine::Postgres => ("BEGIN; LOCK TABLE post_schedule", "ROLLBACK"),
    };
    let mut session = world.database.session();
    session.execute(lock);
    (session, unlock)
}

/// A world whose database goes away while the call of a member's post waits for its
/// answer: no other process can ever find out what became of it.
struct Away {
    world: World,
    id: String,
    worker: Daemon,
    session: Session,
    unlock: &'static str,
}

impl Away {
    fn new(worker: &[&str]) -> Self {
        Self::in_world(World::new(), &json!({"fault": "slow_first_byte"}), worker)
    }

    /// The first publish call meets the fault, and is answered late.
    fn in_world(world: World, fault: &Value, worker: &[&str]) -> Self {
        let injected = injected(&world);
        let mut rule = json!({
            "match": publish_call("linkedin"), "when": {"nth": 1}, "delay_ms": SLOW_MS,
        });
        rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        world.fault(&rule);
        let id = world.schedule(&world.member(), &["--caption", "Hello"]);
        let worker = world.start(&[&["run-worker"], worker].concat());
        eventually("the publish call is on its way", || self::injected(&world) > injected);
        let (session, unlock) = lock(&world);
        eventually("the answer is in the spool", || !spooled(&world).is_empty());
        Self { world, id, worker, session, unlock }
    }

    fn back(&mut self) {
        self.session.execute(self.unlock);
    }

    /// The worker dies, and the database comes back.
    fn killed() -> Self {
        Self::killed_after(&json!({"fault": "slow_first_byte"}))
    }

    fn killed_after(fault: &Value) -> Self {
        let mut away = Self::in_world(World::new(), fault, &[]);
        away.worker.kill();
        away.back();
        assert_eq!(away.world.status(&away.id), "processing");
        away
    }

    #[track_caller]
    fn assert_published(&self) {
        let (world, post) = (&self.world, self.world.post(&self.id));
        assert_eq!((&post["status"], &post["attempts"]), (&json!("published"), &json!(1)));
        assert_eq!(world.live().len(), 1);
        assert_eq!(post["externalPostId"], world.live()[0]["id"], "{post}");
        world.assert_healthy();
    }
}

/// Calls that met a fault.
fn injected(world: &World) -> usize {
    world.calls().iter().filter(|call| call["fault"].is_string()).count()
}

/// The contents of the spool.
fn spooled(world: &World) -> String {
    world.spool_files().iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect()
}

/// **S**: an answer that the database could not take outlives its worker.
#[test]
fn spooled_answer_outlives_its_worker() {
    let away = Away::killed();
    let files = away.world.spool_files();
    assert_eq!(files.len(), 1);
    let mode = fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{}", files[0].display());
    away.world.assert_no_secret();
    // Before any lease is over, and without asking the platform anything.
    let calls = away.world.calls().len();
    away.world.work(&[]);
    away.assert_published();
    assert_eq!(away.world.calls().len(), calls);
    assert!(away.world.spool_files().is_empty());
}

/// **S**: a worker that runs all the time records the answer of one that died.
#[test]
fn running_worker_records_dead_workers_answer() {
    let world = World::new();
    // It has looked at the empty spool before it took this post, which keeps it busy.
    world.fault(&json!({"match": publish_call("facebook"), "fault": "before_commit_hang"}));
    world.schedule(&world.account("facebook"), &["--caption", "Busy"]);
    let mut living = world.start_worker(&["--concurrency", "1"]);
    eventually("it is busy", || injected(&world) == 1);
    let mut away = Away::in_world(world, &json!({"fault": "slow_first_byte"}), &[]);
    away.worker.kill();
    let calls = away.world.calls().len();
    away.back();
    // Before any lease is over, and without asking the platform anything.
    eventually("it is recorded", || spooled(&away.world).is_empty());
    assert!(living.is_running(), "{}", living.stderr());
    assert_eq!(away.world.calls().len(), calls);
    away.assert_published();
}

/// **S**: a refusal that the database could not take outlives its worker.
/// Without it a member's post would need review.
#[test]
fn spooled_refusal_outlives_its_worker() {
    let away = Away::killed_after(&json!({
        "fault": "status", "status": 422,
        "body": {"status": 422, "message": "commentary :: is too long", "code": "FIELD_LENGTH_TOO_LONG"},
    }));
    // Before any lease is over, and without asking the platform anything.
    let calls = away.world.calls().len();
    let recovered = away.world.json(&["recover"]);
    assert_eq!(recovered["data"]["recovered"][0]["result"], "failed", "{recovered}");
    let post = away.world.post(&away.id);
    assert_eq!((&post["status"], &post["outcome"]), (&json!("failed"), &json!("not_published")));
    assert_eq!(post["errorCode"], "FIELD_LENGTH_TOO_LONG", "{post}");
    assert_eq!(away.world.calls().len(), calls);
    assert!(away.world.spool_files().is_empty());
    away.world.assert_healthy();
}

/// **S**: a post goes on after a passing refusal that the database could not
/// take.
#[test]
fn post_continues_after_spooled_passing_refusal() {
    let away = Away::killed_after(&json!({"fault": "429", "retry_after": 1}));
    away.world.work(&[]);
    let post = away.world.post(&away.id);
    assert_eq!((&post["status"], &post["attempts"]), (&json!("pending"), &json!(0)), "{post}");
    // The next call waits until this one must be over.
    away.world.advance(Duration::from_secs(120));
    away.world.work(&[]);
    away.assert_published();
    assert!(away.world.spool_files().is_empty());
}

/// **S**: a refusal of another call is ignored. Of a call that a restored
/// backup does not know, though its key is the same.
#[test]
fn refusal_of_another_call_is_ignored() {
    let Away { world, id, .. } = &Away::killed_after(&json!({"fault": "429"}));
    let path = &world.spool_files()[0];
    let mut line: Value = serde_json::from_str(fs::read_to_string(path).unwrap().trim()).unwrap();
    let at = line["at"].as_str().unwrap().replace("20", "19");
    line["at"] = json!(at);
    fs::write(path, format!("{line}\n")).unwrap();
    let recovered = world.json(&["recover"]);
    assert_eq!(recovered["data"]["recovered"], json!([]), "{recovered}");
    assert_eq!((spooled(world), world.status(id)), (String::new(), "processing".to_owned()));
}

/// **S**: `recover` records what waits in the spool.
#[test]
fn recover_records_the_spool() {
    let away = Away::killed();
    let recovered = away.world.json(&["recover"]);
    assert_eq!(recovered["data"]["recovered"][0]["id"], json!(away.id), "{recovered}");
    assert_eq!(recovered["data"]["recovered"][0]["result"], "published", "{recovered}");
    away.assert_published();
    assert!(away.world.spool_files().is_empty());
}

/// **S**: a spooled answer about another post is ignored. One that was matched by its
/// text may belong to another of our posts by now.
#[test]
fn spooled_answer_about_another_post_is_ignored() {
    let Away { world, id, .. } = &Away::killed();
    let other = world.schedule(&world.member(), &["--caption", "Other"]);
    world.database.execute(&format!(
        "UPDATE post_schedule SET status = 'done' WHERE post_detail_id = '{other}';
         UPDATE post_details SET status = 'published', external_post_id = 'urn:li:share:1'
          WHERE id = '{other}'"
    ));
    let path = &world.spool_files()[0];
    let mut line: Value = serde_json::from_str(fs::read_to_string(path).unwrap().trim()).unwrap();
    line["proof"] = json!({"matched": line["proof"]["live"]});
    line["proof"]["matched"]["externalId"] = json!("urn:li:share:1");
    fs::write(path, format!("{line}\n")).unwrap();
    let recovered = world.json(&["recover"]);
    assert_eq!(recovered["data"]["recovered"], json!([]), "{recovered}");
    assert_eq!((spooled(world), world.status(id)), (String::new(), "processing".to_owned()));
}

/// **S**: a worker that lives on records its answer when the database is back.
#[test]
fn surviving_worker_records_its_answer_later() {
    let mut away = Away::new(&[]);
    away.back();
    eventually("it is recorded", || {
        away.world.open_posts() == 0 && away.world.spool_files().is_empty()
    });
    away.worker.terminate();
    assert_eq!(away.worker.wait(), 0, "{}", away.worker.stderr());
    away.assert_published();
}

/// **S**: a run from cron ends while the database is away, and the next one
/// records its answer.
#[test]
fn cron_run_leaves_answer_to_the_next() {
    let mut away = Away::new(&["--once", "--timeout", "1s"]);
    assert_eq!(away.worker.wait(), 6, "{}", away.worker.stderr());
    away.back();
    away.world.work(&[]);
    away.assert_published();
    assert!(away.world.spool_files().is_empty());
}

/// **G17**: an answer that comes after the post was put up for review is still
/// recorded.
#[test]
fn answer_after_unknown_outcome_is_recorded() {
    let world = World::new();
    world.fault(&json!({
        "match": publish_call("linkedin"), "fault": "slow_first_byte", "delay_ms": SLOW_MS,
    }));
    let id = world.schedule(&world.member(), &["--caption", "Hello"]);
    let mut frozen = world.start_worker(&[]);
    eventually("the publish call is on its way", || world.fault_injected());
    frozen.pause();
    world.advance(Duration::from_secs(10 * 60));
    world.work(&[]);
    assert_eq!(world.post(&id)["outcome"], "unknown");
    frozen.resume();
    eventually("its answer is recorded", || world.status(&id) == "published");
    frozen.terminate();
    frozen.wait();
    let post = world.post(&id);
    assert_eq!((&post["outcome"], &post["errorMessage"]), (&json!("published"), &json!(null)));
    assert_eq!(post["externalPostId"], world.live()[0]["id"]);
    world.assert_healthy();
}

/// **G18**: a spool file may be doubled, torn, brought from elsewhere or of
/// another database.
#[test]
fn odd_spool_files_are_read_safely() {
    let away = Away::killed();
    let world = &away.world;
    let ours = world.spool_files().remove(0);
    let line = fs::read_to_string(&ours).unwrap();
    let instance = ours.file_stem().unwrap().to_str().unwrap()["answers-".len()..].to_owned();
    let other = "0f0e0d0c-0b0a-4908-8706-050403020100";
    let foreign = line.replace(&instance, other);
    let torn = &line[..line.len() / 2];
    fs::write(&ours, format!("{line}{foreign}{line}{torn}")).unwrap();
    // From a dead host; and the file of another database.
    let brought = ours.with_file_name(format!("answers-{instance}-host2.jsonl"));
    let others = ours.with_file_name(format!("answers-{other}.jsonl"));
    fs::write(&brought, &line).unwrap();
    fs::write(&others, &foreign).unwrap();
    world.work(&[]).complains("for another database").complains("unfinished");
    away.assert_published();
    assert_eq!(fs::read_to_string(&ours).unwrap(), foreign, "left, and nothing else is");
    assert!(!brought.exists());
    assert_eq!(fs::read_to_string(&others).unwrap(), foreign);
    // Once more, as a copy of the file.
    let tables = world.database.rows("SELECT * FROM publish_log ORDER BY 1, 2, 3, 4, 5");
    fs::write(&brought, format!("{line}{line}")).unwrap();
    world.work(&[]);
    let after = world.database.rows("SELECT * FROM publish_log ORDER BY 1, 2, 3, 4, 5");
    assert_eq!(after, tables);
    away.assert_published();
}

/// A line that says about another post what this file's line says about its own.
fn forged(line: &str, world: &World, post: &str) -> String {
    let job = format!("SELECT id FROM post_schedule WHERE post_detail_id = '{post}'");
    let mut forged: Value = serde_json::from_str(line.trim()).unwrap();
    forged["post"] = json!(post);
    forged["job"] = json!(world.database.value(&job));
    format!("{forged}\n")
}

/// **G18**: traps next to a spool file change nothing. A user who can write into the
/// folder can neither hang a worker nor forge an answer.
#[test]
fn traps_beside_spool_file_change_nothing() {
    let away = Away::killed();
    let world = &away.world;
    let page = world.account("facebook");
    let later = world.schedule(&page, &["--caption", "Later", "--at", &world.in_days(3)]);
    let ours = world.spool_files().remove(0);
    let line = fs::read_to_string(&ours).unwrap();
    let beside = |name: &str| {
        let stem = ours.file_stem().unwrap().to_string_lossy().into_owned();
        ours.with_file_name(format!("{stem}-{name}.jsonl"))
    };
    let lie = forged(&line, world, &later);
    let set_mode = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    assert!(Command::new("mkfifo").arg(beside("0pipe")).status().unwrap().success());
    fs::create_dir(beside("1folder")).unwrap();
    fs::write(world.path("lie"), &lie).unwrap();
    std::os::unix::fs::symlink(world.path("lie"), beside("2link")).unwrap();
    fs::write(beside("3others"), &lie).unwrap();
    set_mode(&beside("3others"), 0o666);
    fs::write(beside("4junk"), "\n{]".repeat(300_000)).unwrap();
    set_mode(&beside("4junk"), 0o600);
    fs::write(beside("5owner"), &lie).unwrap();
    let is_root = std::os::unix::fs::chown(beside("5owner"), Some(12345), None).is_ok();
    if !is_root {
        fs::remove_file(beside("5owner")).unwrap();
    }
    let ran = world.work(&[]);
    for (name, why) in [
        ("0pipe", "named pipe"),
        ("1folder", "directory"),
        ("2link", "symbolic link"),
        ("3others", "others may write to it (mode 0666)"),
        ("4junk", "unfinished (300000)"),
        ("5owner", "belongs to user 12345"),
    ] {
        let of_it = ran.stderr.lines().filter(|line| line.contains(name)).collect::<Vec<_>>();
        let expected = usize::from(name != "5owner" || is_root);
        assert_eq!(of_it.len(), expected, "{name}: {ran}");
        assert!(of_it.iter().all(|line| line.contains(why)), "{name}: {of_it:?}");
    }
    assert!(ran.stderr.len() < 5000, "{ran}");
    world.run(&["recover"]).ok();
    assert_eq!(world.status(&later), "pending");
    fs::remove_dir(beside("1folder")).unwrap();
    fs::remove_file(beside("0pipe")).unwrap();
    away.assert_published();
}

/// **G18**: a daemon warns of a file once. Of files that stay as they are; the
/// daemon looks at every write.
#[test]
fn daemon_warns_of_a_file_once() {
    let away = Away::killed();
    let ours = away.world.spool_files().remove(0);
    let stem = ours.file_stem().unwrap().to_string_lossy().into_owned();
    let bad = ours.with_file_name(format!("{stem}-bad.jsonl"));
    let fresh =
        |n: u32| fs::write(ours.with_file_name(format!("{stem}-{n}.jsonl")), "{}\n{").unwrap();
    fs::create_dir(&bad).unwrap();
    let mut worker = away.world.start_worker(&["--poll-interval", "50ms"]);
    let warned = |what: &str| worker.stderr().matches(what).count();
    for n in 1..4 {
        fresh(n);
        eventually("the new file is looked at", || warned(&format!("{stem}-{n}.jsonl")) == 1);
    }
    assert_eq!(warned("-bad.jsonl"), 1);
    fs::remove_dir(&bad).unwrap();
    std::os::unix::fs::symlink("/dev/null", &bad).unwrap();
    eventually("it has changed", || warned("-bad.jsonl") == 2);
    worker.terminate();
    assert_eq!(worker.wait(), 0, "{}", worker.stderr());
}

#[test]
fn run_worker_names_folder_others_can_change() {
    let world = World::new();
    let folder = world.path("answers");
    fs::create_dir(&folder).unwrap();
    world.set("SOCIALSCHED_STATE_DIR", &folder);
    for (mode, why) in [(0o777, "others may write to it (mode 0777)"), (0o720, "(mode 0720)")] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        world.work(&[]).complains("answers cannot be kept").complains(why);
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(world.work(&[]).stderr, "");
}
