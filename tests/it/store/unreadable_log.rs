//! Rows of the publish log that cannot be read. The log is what proves that
//! nothing was sent.

use socialsched::domain::{Claim, PostId};
use socialsched::store::{Claimed, Decided, Decision, StoreError};

use super::{Queue, failure, on_every_engine, worker};
use crate::support::{Engine, bad_times};

/// What becomes of the post.
const HELD: &str = "unknown";
const FAILED: &str = "not_published";

/// Kind, event, fence, step, other columns and their values, and what becomes of
/// the post.
type Case = (&'static str, &'static str, &'static str, &'static str, String, &'static str);

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for time in bad_times() {
        let at = format!("at = {time}");
        cases.push(("publish", "intent", "1", "1", at.clone(), HELD));
        cases.push(("publish", "ok", "1", "1", at.clone(), HELD));
        cases.push(("publish", "refused", "1", "1", at.clone(), FAILED));
        cases.push(("upload", "ok", "1", "1", at.clone(), FAILED));
        cases.push(("lookup", "unknown", "1", "1", at, FAILED));
    }
    let none = String::new;
    cases.push(("", "intent", "1", "1", none(), HELD));
    cases.push(("", "ok", "1", "1", none(), HELD));
    cases.push(("publish", "", "1", "1", none(), HELD));
    cases.push(("upload", "", "1", "1", none(), FAILED));
    cases.push(("publish", "refused", "1", "-1", none(), HELD));
    cases.push(("publish", "refused", "-7", "1", none(), HELD));
    cases.push(("create", "ok", "-7", "1", none(), FAILED));
    cases.push(("publish", "ok", "1", "2147483647", none(), HELD));
    cases.push(("upload", "ok", "9223372036854775807", "1", none(), FAILED));
    if Engine::of_this_run() != Engine::Postgres {
        cases.push(("upload", "ok", "1", "1", "detail = '{\"a\"'".to_owned(), FAILED));
    }
    if Engine::of_this_run() == Engine::Sqlite {
        let text = |column: &str| format!("{column} = CAST(x'41ff' AS TEXT)");
        cases.push(("upload", "ok", "1", "1", text("remote_id"), FAILED));
        cases.push(("publish", "ok", "1", "1", text("error_code"), HELD));
        cases.push(("publish", "ok", "'x'", "1", none(), HELD));
        cases.push(("publish", "refused", "1", "5000000000", none(), HELD));
        cases.push(("publish", "refused", "1", "1.5", none(), HELD));
    }
    cases
}

/// Puts a row into the log of a post.
fn plant(queue: &Queue, post: PostId, (kind, event, fence, step, change, _): &Case) {
    let job = queue.job(post, "id");
    let now = queue.database.in_seconds(-1);
    let change = match change.as_str() {
        "" => String::new(),
        change => format!("UPDATE publish_log SET {change} WHERE post_schedule_id = '{job}'"),
    };
    queue.database.lax(&format!(
        "INSERT INTO publish_log (post_schedule_id, fence, step_no, kind, event, at)
           VALUES ('{job}', {fence}, {step}, '{kind}', '{event}', {now}); {change}"
    ));
}

fn outcome(queue: &Queue, id: PostId) -> Vec<String> {
    let sql = format!("SELECT status, outcome, error_code FROM post_details WHERE id = '{id}'");
    queue.database.rows(&sql).remove(0)
}

#[test]
fn an_unreadable_log_is_its_own_jobs_fault() {
    on_every_engine(|queue| {
        queue.will_be_broken();
        let a = worker("a");
        let cases = cases();
        let odd: Vec<PostId> = cases.iter().map(|_| queue.schedule()).collect();
        let mut good: Vec<PostId> = (0..3).map(|_| queue.schedule()).collect();
        for (post, case) in odd.iter().zip(&cases) {
            plant(queue, *post, case);
        }
        let request = queue.claim_request(&a, 1000);
        let mut claimed = Vec::new();
        for taken in queue.wait(queue.store.claim_due(&request)).unwrap() {
            match taken {
                Claimed::Job(claim) => claimed.push(claim.post_id),
                Claimed::Unreadable { lease, why } => {
                    assert!(why.starts_with("publish_log."), "{why}");
                    queue.fail_unreadable(&lease, &why).unwrap();
                }
                Claimed::Ended(ended) => panic!("{ended:?}"),
            }
        }
        claimed.sort();
        good.sort();
        assert_eq!(claimed, good, "those and no others");
        for (post, case) in odd.iter().zip(&cases) {
            assert_eq!(outcome(queue, *post), ["failed", case.5, "invalid_row"], "{case:?}");
        }
        // Unknown is what is open, and nothing else.
        let breaches = queue.breaches();
        assert!(!breaches.iter().any(|name| ["I16", "I17"].contains(name)), "{breaches:?}");
    });
}

/// Needs review after a look-up whose log another program's row then made unreadable.
fn needing_review(queue: &Queue) -> Claim {
    let a = worker("a");
    let (claim, _) = queue.sent(&a);
    queue.ask_for_review(&claim, &failure("who knows"), None).unwrap();
    claim
}

#[test]
fn a_person_decides_about_an_unreadable_log() {
    for (decision, status) in
        [(Decision::Published("fb_1".to_owned()), "published"), (Decision::Abandon, "failed")]
    {
        on_every_engine(|queue| {
            queue.will_be_broken();
            let other = needing_review(queue);
            let odd = needing_review(queue);
            plant(queue, odd.post_id, &("", "intent", "1", "7", String::new(), HELD));
            let seen = queue.wait(queue.store.needs_review(10)).unwrap();
            let [Ok(first), Err(why)] = [&seen[0].job, &seen[1].job] else { panic!("{seen:?}") };
            assert_eq!((first.post_id, seen[1].post()), (other.post_id, odd.post_id));
            assert!(why.contains("publish_log.kind of fence 1, step 7 (intent)"), "{why}");
            let decide = |decision| {
                queue.wait(queue.store.decide(queue.company, odd.post_id, decision, "ann", false))
            };
            // Sent again, it would only need review again.
            let refused = decide(&Decision::NotPublished);
            assert!(matches!(refused, Err(StoreError::Inconsistent { .. })), "{refused:?}");
            assert_eq!(decide(&decision).unwrap(), Decided::Done);
            assert_eq!(outcome(queue, odd.post_id)[0], status);
        });
    }
}

/// Otherwise a row behind all others would take the place of the next call's.
#[test]
fn a_huge_step_number_takes_no_calls_place() {
    on_every_engine(|queue| {
        queue.will_be_broken();
        let a = worker("a");
        let claim = queue.claimed(&a);
        for event in ["intent", "refused"] {
            plant(queue, claim.post_id, &("publish", event, "1", "2147483647", String::new(), ""));
        }
        let intent = queue.intent(&claim);
        assert_eq!(intent.step_no, 1);
    });
}
