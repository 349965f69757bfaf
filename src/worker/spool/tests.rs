//! What a spool file keeps, and how it bears other processes and torn lines.

use std::os::unix::fs::PermissionsExt as _;

use rustix::fs::{CWD, FileType, mknodat};
use serde_json::json;

use crate::domain::{Away, Failure, Receipt, Remedy, SPENT, Scope};
use crate::store::{Heard, Next, Staged};

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn spool(folder: &Path) -> Spool {
    Spool::new(folder.join("not/there/yet"), InstanceId::generate())
}

fn evidence(fence: i64) -> Evidence {
    evidence_of(fence, Proof::Live(Receipt { http_status: Some(201), ..Receipt::default() }))
}

fn evidence_of(fence: i64, proof: Proof) -> Evidence {
    let line = Line {
        version: VERSION,
        database: InstanceId::generate(),
        job: JobId::generate(),
        post: PostId::generate(),
        fence: Fence(fence),
        step: 1,
        at: DateTime::from_timestamp_micros(1_764_288_000_123_456).unwrap(),
        proof,
        worker: worker(),
    };
    line.into_waiting(PathBuf::new(), String::new()).evidence
}

fn worker() -> WorkerId {
    WorkerId::named("host/1/a")
}

#[test]
fn an_answer_comes_back_as_it_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    assert!(spool.waiting().unwrap().waiting.is_empty());
    let receipt = Receipt {
        external_id: Some("id \"1\"\n\u{2028}".to_owned()),
        evidence: Some("duplicate".to_owned()),
        ..Receipt::default()
    };
    let failure = Failure {
        detail: json!({ (SPENT): true }),
        ..Failure::new(Remedy::GiveUp, "100/33".into(), "gone \u{0}\n")
    };
    let unknown = |answer: fn(Failure) -> Heard, failure: &Failure| Proof::Unknown {
        answer: answer(failure.clone()),
        look_again: MINUTE,
    };
    let refused =
        |staged, next, failure: &Failure| Proof::Refused { failure: failure.clone(), staged, next };
    let mut proofs = vec![
        Proof::Live(receipt.clone()),
        Proof::Matched(receipt),
        refused(Staged::Anew, Next::Retry(MINUTE), &failure),
        refused(Staged::Keep, Next::GiveBack(Duration::ZERO), &failure),
        refused(Staged::Direct, Next::Fail, &failure),
    ];
    for remedy in [
        Remedy::Retry,
        Remedy::Outage(Away::Platform),
        Remedy::Outage(Away::MediaHost),
        Remedy::Restage,
        Remedy::Direct,
        Remedy::PollAgain(MINUTE),
        Remedy::Wait { rest: MINUTE, scope: Scope::Person },
        Remedy::Operator(Scope::App),
    ] {
        let failure = Failure { remedy, ..failure.clone() };
        proofs.push(unknown(Heard::Refusal, &failure));
        proofs.push(unknown(Heard::Nothing, &failure));
    }
    for (n, proof) in proofs.into_iter().enumerate() {
        let evidence = evidence_of(3, proof);
        let kept = spool.keep(&evidence).unwrap();
        let waiting = spool.waiting().unwrap().waiting;
        let read = waiting.last().unwrap();
        assert_eq!(waiting.len(), n + 1);
        assert_eq!((&read.text, read.evidence.lease.worker()), (&kept.text, &worker()));
        assert_eq!(read.evidence, evidence);
    }
    let all = spool.waiting().unwrap().waiting;
    spool.remove(&all[..1]).unwrap();
    assert_eq!(spool.waiting().unwrap().waiting[0].text, all[1].text);
    spool.remove(&all).unwrap();
    assert!(!spool.file(0).exists());
    spool.remove(&all).unwrap();
}

/// Lines of a newer program or of another database are kept.
#[test]
fn foreign_or_newer_lines_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let kept = spool.keep(&evidence(1)).unwrap();
    let newer = kept.text.replace("\"version\":2", "\"version\":3");
    let unknown = kept.text.replace("\"version\"", "\"more\":1,\"version\"");
    let others = kept.text.replace(&spool.instance.to_string(), &PostId::generate().to_string());
    let odd = [newer, unknown, others].map(|line| format!("{line}\n")).concat();
    // A process died in the middle of a line; the next one goes on behind it.
    fs::write(spool.file(0), format!("{odd}{}\n{{\"versi", kept.text)).unwrap();
    spool.keep(&evidence(2)).unwrap();
    let waiting = spool.waiting().unwrap().waiting;
    assert_eq!(waiting.len(), 2);
    spool.remove(&waiting).unwrap();
    assert_eq!(fs::read_to_string(spool.file(0)).unwrap(), odd);
}

/// A slow disk may make others wait for the lock again and again.
fn patiently<T>(work: impl Fn() -> io::Result<T>) -> T {
    loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => return other.unwrap(),
        }
    }
}

#[test]
fn workers_that_share_a_spool_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let (mut kept, mut fed) = (HashSet::new(), HashSet::new());
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| -> Vec<String> {
                    let keep = |n| patiently(|| spool.keep(&evidence(n))).text;
                    (0..20).map(keep).collect()
                })
            })
            .collect();
        let feeders: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = Vec::new();
                    for _ in 0..40 {
                        let waiting = patiently(|| spool.waiting()).waiting;
                        patiently(|| spool.remove(&waiting));
                        seen.extend(waiting.into_iter().map(|waiting| waiting.text));
                    }
                    seen
                })
            })
            .collect();
        kept.extend(writers.into_iter().flat_map(|writer| writer.join().unwrap()));
        fed.extend(feeders.into_iter().flat_map(|feeder| feeder.join().unwrap()));
    });
    fed.extend(spool.waiting().unwrap().waiting.into_iter().map(|waiting| waiting.text));
    assert_eq!(kept.len(), 80);
    assert_eq!(fed, kept);
}

#[test]
fn every_change_is_seen_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let mut looks = vec![spool.look()];
    assert_eq!(looks[0], Ok(Vec::new()));
    let mut look = || {
        let look = spool.look();
        assert!(!looks.contains(&look), "{look:?}");
        assert_eq!(spool.look(), look, "nobody wrote");
        looks.push(look);
    };
    let first = spool.keep(&evidence(1)).unwrap();
    look();
    spool.keep(&evidence(2)).unwrap();
    look();
    spool.remove(&[first]).unwrap();
    look();
}

/// A process that stands still with the lock delays no other process.
#[test]
fn frozen_lock_holder_delays_no_other_process() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let kept = spool.keep(&evidence(1)).unwrap();
    let held = locked(&spool.file(0), false).unwrap();
    let brought = spool.folder.join(format!("answers-{}-host2.jsonl", spool.instance));
    fs::copy(spool.file(0), &brought).unwrap();
    let reading = spool.waiting().unwrap();
    assert!(reading.is_busy && reading.waiting.len() == 1, "{reading:?}");
    fs::remove_file(brought).unwrap();
    for error in [spool.remove(&[kept]).unwrap_err(), spool.keep(&evidence(2)).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    }
    drop(held);
    assert_eq!(spool.waiting().unwrap().waiting.len(), 1);
}

/// A folder that cannot be written to is reported.
#[test]
fn unwritable_folder_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(spool(folder.path()).trouble(), None);
    let file = folder.path().join("file");
    fs::write(&file, "no folder").unwrap();
    let spool = spool(&file);
    assert!(spool.trouble().unwrap().ends_with("file is not a directory"));
    assert!(spool.keep(&evidence(1)).is_err());
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Every kind of foreign file, each beside a file of this program's.
#[test]
fn only_own_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let line = spool.keep(&evidence(1)).unwrap().text;
    let bad = spool.folder.join(format!("answers-{}-bad.jsonl", spool.instance));
    let text = format!("{line}\n");
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, &text).unwrap();
    let make: [(&str, &dyn Fn()); 7] = [
        ("named pipe", &|| mknodat(CWD, &bad, FileType::Fifo, 0o600.into(), 0).unwrap()),
        ("directory", &|| fs::create_dir(&bad).unwrap()),
        ("symbolic link", &|| std::os::unix::fs::symlink(&elsewhere, &bad).unwrap()),
        ("others may write", &|| {
            fs::write(&bad, &text).unwrap();
            set_mode(&bad, 0o620);
        }),
        ("others may write", &|| {
            fs::write(&bad, &text).unwrap();
            set_mode(&bad, 0o602);
        }),
        ("larger than", &|| {
            let file = File::create(&bad).unwrap();
            file.set_len(strict::FILE_MAX + 1).unwrap();
        }),
        ("belongs to user 12345", &|| {
            fs::write(&bad, &text).unwrap();
            std::os::unix::fs::chown(&bad, Some(12345), None).unwrap();
        }),
    ];
    for (why, make) in make.into_iter().filter(|(why, _)| !why.contains("user") || is_root()) {
        make();
        let refusal = strict::open(&bad).unwrap_err();
        assert!(refusal.to_string().contains(why), "{why}: {refusal}");
        let read = spool.waiting().unwrap();
        assert_eq!(read.waiting.len(), 1, "{why}");
        assert!(!read.is_busy && read.waiting[0].file == spool.file(0), "{why}");
        assert!(spool.look().is_ok(), "{why}");
        if bad.is_dir() { fs::remove_dir(&bad) } else { fs::remove_file(&bad) }.unwrap();
    }
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), text, "left as it was");
}

/// A folder that others can change is not used.
#[test]
fn folder_writable_by_others_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    spool.keep(&evidence(1)).unwrap();
    for bits in [0o770, 0o702, 0o1777] {
        set_mode(&spool.folder, bits);
        let trouble = spool.trouble().unwrap();
        assert!(trouble.contains(&format!("mode {bits:04o}")), "{trouble}");
        assert!(spool.waiting().is_err() && spool.keep(&evidence(2)).is_err());
    }
    set_mode(&spool.folder, 0o755);
    assert_eq!((spool.trouble(), spool.waiting().unwrap().waiting.len()), (None, 1));
    if is_root() {
        std::os::unix::fs::chown(&spool.folder, Some(12345), None).unwrap();
        assert!(spool.trouble().unwrap().contains("belongs to user 12345"));
        assert!(spool.waiting().is_err());
    }
}

/// Bad lines keep no good one from being read.
#[test]
fn bad_lines_hide_no_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let good = spool.keep(&evidence(1)).unwrap().text;
    let long = good.replace("host/", &"x".repeat(LINE_MAX));
    let mut text = vec![b'{'; 200_000];
    for line in [b"\n\xff\xfe\n\n\0\n".as_slice(), long.as_bytes(), b"\n", good.as_bytes()] {
        text.extend(line);
    }
    fs::write(spool.file(0), text).unwrap();
    let waiting = spool.waiting().unwrap().waiting;
    assert_eq!(waiting.iter().map(|read| &read.text).collect::<Vec<_>>(), [&good]);
}

/// What lies under its name may be a trap, or full.
#[test]
fn an_answer_finds_another_name_beside_a_trap() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    fs::create_dir_all(spool.file(0)).unwrap();
    std::os::unix::fs::symlink("/dev/zero", spool.file(1)).unwrap();
    File::create(spool.file(2)).unwrap().set_len(strict::FILE_MAX).unwrap();
    let kept = spool.keep(&evidence(1)).unwrap();
    assert_eq!(kept.file, spool.file(3));
    let waiting = spool.waiting().unwrap().waiting;
    assert_eq!(waiting.len(), 1);
    spool.remove(&waiting).unwrap();
    assert!(!spool.file(3).exists());
}

#[test]
#[ignore = "started by the test below"]
fn child_keeps_an_answer() {
    let folder = std::env::temp_dir();
    rustix::process::umask(0o000.into());
    let [open, closed] = [folder.join("open/a"), folder.join("closed/a")];
    let keep = |folder: &Path| {
        let spool = Spool::new(folder.to_owned(), InstanceId::generate());
        let kept = [1, 2].map(|fence| spool.keep(&evidence(fence)).unwrap());
        spool.remove(&kept[..1]).unwrap();
        assert_eq!((mode(&spool.file(0)), mode(folder)), (0o600, 0o700));
        assert_eq!(mode(folder.parent().unwrap()), 0o700);
    };
    keep(&open);
    rustix::process::umask(0o377.into());
    keep(&closed);
}

/// The umask is the whole process's, so that a process of its own changes it.
#[test]
fn modes_stand_whatever_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["worker::spool::tests::child_keeps_an_answer", "--exact", "--ignored"]);
    let output = child.env("TMPDIR", folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
