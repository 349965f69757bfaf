//! What a spool file keeps, and how it bears other processes and torn lines.

use serde_json::json;

use crate::domain::{Failure, Receipt, Remedy, SPENT};
use crate::store::Next;

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
        worker: WorkerId::named("w"),
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
    assert!(spool.waiting().unwrap().is_empty());
    let receipt = Receipt {
        external_id: Some("id \"1\"\n\u{2028}".to_owned()),
        evidence: Some("duplicate".to_owned()),
        ..Receipt::default()
    };
    let failure = Failure {
        detail: json!({ (SPENT): true }),
        ..Failure::new(Remedy::Wait(MINUTE), "100/33", "gone \u{0}\n")
    };
    let again = || Proof::Unknown { failure: failure.clone(), look_again: MINUTE };
    let refused = |restage, next| Proof::Refused { failure: failure.clone(), restage, next };
    let proofs = [
        Proof::Live(receipt.clone()),
        Proof::Found(receipt),
        refused(true, Next::Retry(MINUTE)),
        refused(false, Next::GiveBack(Duration::ZERO)),
        refused(false, Next::Fail),
        again(),
    ];
    for (n, proof) in proofs.into_iter().enumerate() {
        let evidence = evidence_of(3, proof);
        let kept = spool.keep(&worker(), &evidence).unwrap();
        let waiting = spool.waiting().unwrap();
        let read = waiting.last().unwrap();
        assert_eq!(waiting.len(), n + 1);
        assert_eq!((&read.text, &read.worker), (&kept.text, &worker()));
        assert_eq!(read.evidence, evidence);
    }
    let all = spool.waiting().unwrap();
    spool.remove(&all[..1]).unwrap();
    assert_eq!(spool.waiting().unwrap()[0].text, all[1].text);
    spool.remove(&all).unwrap();
    assert!(!spool.file().exists());
    spool.remove(&all).unwrap();
}

#[test]
fn a_line_of_a_newer_program_or_of_another_database_stays() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let kept = spool.keep(&worker(), &evidence(1)).unwrap();
    let newer = kept.text.replace("\"version\":1", "\"version\":2");
    let unknown = kept.text.replace("\"version\"", "\"more\":1,\"version\"");
    let others = kept.text.replace(&spool.instance.to_string(), &PostId::generate().to_string());
    let odd = [newer, unknown, others].map(|line| format!("{line}\n")).concat();
    // A process died in the middle of a line; the next one goes on behind it.
    fs::write(spool.file(), format!("{odd}{}\n{{\"versi", kept.text)).unwrap();
    spool.keep(&worker(), &evidence(2)).unwrap();
    let waiting = spool.waiting().unwrap();
    assert_eq!(waiting.len(), 2);
    spool.remove(&waiting).unwrap();
    assert_eq!(fs::read_to_string(spool.file()).unwrap(), odd);
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
                    let keep = |n| patiently(|| spool.keep(&worker(), &evidence(n))).text;
                    (0..20).map(keep).collect()
                })
            })
            .collect();
        let feeders: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = Vec::new();
                    for _ in 0..40 {
                        let waiting = patiently(|| spool.waiting());
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
    fed.extend(spool.waiting().unwrap().into_iter().map(|waiting| waiting.text));
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
    let first = spool.keep(&worker(), &evidence(1)).unwrap();
    look();
    spool.keep(&worker(), &evidence(2)).unwrap();
    look();
    spool.remove(&[first]).unwrap();
    look();
}

#[test]
fn a_process_that_stands_still_with_the_lock_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let kept = spool.keep(&worker(), &evidence(1)).unwrap();
    let held = locked(&spool.file(), false).unwrap();
    for error in [
        spool.waiting().unwrap_err(),
        spool.remove(&[kept]).unwrap_err(),
        spool.keep(&worker(), &evidence(2)).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    }
    drop(held);
    assert_eq!(spool.waiting().unwrap().len(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(spool(folder.path()).trouble(), None);
    let file = folder.path().join("file");
    fs::write(&file, "no folder").unwrap();
    let spool = spool(&file);
    assert!(spool.trouble().unwrap().ends_with("file is not a directory"));
    assert!(spool.keep(&worker(), &evidence(1)).is_err());
}
