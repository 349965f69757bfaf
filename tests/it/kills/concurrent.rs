//! G15: `recover`, a person's decision, and a worker, all at the same post at once.
//! One wins, by its fence; the others change nothing.

use std::process::Command;

use super::commands::silent;
use super::flows::{FACEBOOK_TEXT, Flow, LINKEDIN_IMAGE, LINKEDIN_MEMBER};
use super::harness::{Harness, LEASE_OVER, Planted};
use super::kill_points;
use super::sigstop::Frozen;
use crate::support::{Engine, eventually};

/// A post whose worker died at a point that begins so.
pub fn dead(harness: &Harness, flow: &'static Flow, point: &str) -> Planted {
    let post = harness.plant(flow);
    assert!(harness.killed_at(harness.worker(&post), point), "did not come to {point}");
    harness.world.advance(LEASE_OVER);
    post
}

/// The worker's point behind the answer that its post is live.
fn answered(harness: &Harness, flow: &'static Flow) -> String {
    let points = harness.trace(harness.worker(&harness.plant(flow)));
    points.into_iter().find(|point| kill_points::answered_at(point).is_some()).unwrap()
}

pub fn recover(harness: &Harness) -> Command {
    silent(harness.world.command(&["recover"]))
}

/// The two commands that look a dead worker's post up.
type Rival = fn(&Harness, &Planted) -> Command;
const RIVALS: [Rival; 2] = [|harness, _| recover(harness), |harness, post| harness.worker(post)];

/// Whether something about the post is stored or was received at this point.
fn is_about_the_post(point: &str) -> bool {
    let stored = ["take_over.", "record_", "ask_for_review."];
    point.contains(".read:") || stored.iter().any(|name| point.starts_with(name))
}

/// One of the two is stopped at each of these points; meanwhile the other one does its
/// work, or waits for the first one's locks; then the first continues. Of posts that are
/// live, and where that can be read, of posts that are not.
fn look_up_at_once(flow: &'static Flow) {
    let harness = Harness::new();
    let answered = answered(&harness, flow);
    let unsent = answered.replace(".read:", ".before:");
    let mut faults = harness.check_posts();
    for (first, second) in [(RIVALS[0], RIVALS[1]), (RIVALS[1], RIVALS[0])] {
        for dies_at in if flow.is_two_step() { vec![&answered, &unsent] } else { vec![&answered] } {
            let post = dead(&harness, flow, dies_at);
            let points = harness.trace(first(&harness, &post));
            assert!(points.iter().any(|point| point.starts_with("take_over.before_commit:")));
            for point in points.iter().filter(|point| is_about_the_post(point)) {
                for lease_is_over in [false, true] {
                    // Its locks would keep time from passing.
                    if lease_is_over && point.contains(".before_commit:") {
                        continue;
                    }
                    let post = dead(&harness, flow, dies_at);
                    let Some(stands) = Frozen::at(first(&harness, &post), point) else { continue };
                    harness.note(1);
                    if lease_is_over {
                        harness.world.advance(LEASE_OVER);
                    }
                    let mut other = second(&harness, &post).spawn().unwrap();
                    stands.go_on();
                    assert_eq!(stands.end(), Some(0), "{point}");
                    assert!(other.wait().unwrap().success(), "{point}");
                    faults.extend(harness.check_posts());
                }
            }
        }
    }
    // A worker that looks up has taken the job over, under a fence of its own; only posts
    // that need review have no owner.
    let lookups = |having: &str| {
        let sql = format!(
            "SELECT COUNT(*) FROM (
               SELECT l.post_schedule_id FROM publish_log l
                 JOIN post_schedule s ON s.id = l.post_schedule_id
                 JOIN post_details d ON d.id = s.post_detail_id
                WHERE l.kind = 'lookup' AND d.outcome = 'published'
                GROUP BY l.post_schedule_id, l.fence
               HAVING COUNT(DISTINCT l.worker_id) {having}) found"
        );
        harness.world.database.value(&sql)
    };
    assert!(!flow.is_two_step() || lookups("= 1") != "0");
    assert_eq!(lookups("> 1"), "0");
    harness.assert_sound(&format!("rivals that look up, {}", flow.name), &faults);
}

/// **G15**: `recover` and a worker at the same Page post settle it once.
#[test]
fn recover_and_worker_settle_page_post_once() {
    look_up_at_once(&FACEBOOK_TEXT);
}

/// **G15**: `recover` and a worker at the same LinkedIn post settle it once.
#[test]
fn recover_and_worker_settle_linkedin_post_once() {
    look_up_at_once(&LINKEDIN_IMAGE);
}

/// **G15**: `recover` and a worker leave the same member's post for review and
/// send nothing.
#[test]
fn recover_and_worker_never_resend_members_post() {
    look_up_at_once(&LINKEDIN_MEMBER);
}

/// A person's possible decisions; `--published` needs the id at the platform.
const DECISIONS: [&str; 3] = ["--published", "--not-published", "--abandon"];

pub fn decision(harness: &Harness, post: &Planted, word: &str) -> Command {
    let mut args = vec!["recover", &post.id, "--yes", word];
    let live = harness.world.live();
    let item = live.iter().find(|item| item["account"] == post.external_account.as_str());
    if word == "--published" {
        let unseen = if post.external_account.starts_with("urn:") { "urn:li:share:1" } else { "1" };
        args.push(item.map_or(unseen, |item| item["id"].as_str().unwrap()));
    }
    silent(harness.world.command(&args))
}

/// Waits until a command waits for the locks of one that stands still. SQLite does not
/// report this, but allows only one writer at a time.
fn until_it_waits(harness: &Harness) {
    let database = &harness.world.database;
    if database.engine() != Engine::Sqlite {
        eventually("it waits", || database.waiting() > 0);
    }
}

/// **G15**: a decision that meets a worker's transaction waits for it and
/// changes nothing. The worker has the post: nothing is unknown yet, so the
/// decision is refused.
#[test]
fn decision_waits_for_transaction_and_is_refused() {
    for flow in [&FACEBOOK_TEXT, &LINKEDIN_IMAGE] {
        let harness = Harness::new();
        let points = harness.trace(harness.worker(&harness.plant(flow)));
        let is_recorded = |point: &&String| {
            let names = ["record_staged.before", "open_gates.before", "record_live.before"];
            names.iter().any(|name| point.starts_with(name))
        };
        let points: Vec<&String> = points.iter().filter(is_recorded).collect();
        assert!(points.len() >= 3, "{points:?}");
        for word in DECISIONS {
            for point in &points {
                let post = harness.plant(flow);
                let worker = Frozen::at(harness.worker(&post), point).unwrap();
                let mut person = decision(&harness, &post, word).spawn().unwrap();
                until_it_waits(&harness);
                worker.go_on();
                assert_eq!(worker.end(), Some(0), "{word} at {point}");
                assert_eq!(person.wait().unwrap().code(), Some(4), "{word} at {point}");
                harness.note(1);
            }
        }
        let faults = harness.check_posts();
        harness.assert_sound(&format!("decisions next to a worker, {}", flow.name), &faults);
    }
}

/// **G15**: a decision waits until a worker has put the post up for review. It
/// takes effect after that.
#[test]
fn decision_waits_until_review_is_needed() {
    for (word, ends) in [("--published", "published"), ("--not-published", "published")] {
        let harness = Harness::new();
        let answered = answered(&harness, &LINKEDIN_MEMBER);
        let unsent = answered.replace(".read:", ".before:");
        let dies_at = if word == "--published" { &answered } else { &unsent };
        let post = dead(&harness, &LINKEDIN_MEMBER, dies_at);
        let worker = Frozen::at(harness.worker(&post), "ask_for_review.before_commit:1").unwrap();
        let mut person = decision(&harness, &post, word).spawn().unwrap();
        until_it_waits(&harness);
        worker.go_on();
        assert_eq!(worker.end(), Some(0), "{word}");
        assert_eq!(person.wait().unwrap().code(), Some(0), "{word}");
        harness.note(1);
        let faults = harness.check_posts();
        assert_eq!(harness.world.status(&post.id), ends, "{word}");
        harness.assert_sound(&format!("{word} behind a hold"), &faults);
    }
}

/// **G15**: an answer that arrives next to a decision is kept, and nothing is sent again.
/// The post needs review although it is live. While a person's decision is recorded, its
/// first worker comes back with the platform's answer, which counts more than any
/// decision.
#[test]
fn answer_beside_decision_is_kept() {
    let harness = Harness::new();
    let answered = answered(&harness, &LINKEDIN_MEMBER);
    for word in DECISIONS {
        for point in ["decide.before_commit", "decide.committed"] {
            for answer_comes_first in [false, true] {
                let post = harness.plant(&LINKEDIN_MEMBER);
                let worker = Frozen::at(harness.worker(&post), &answered).unwrap();
                harness.world.advance(LEASE_OVER);
                harness.finish();
                assert_eq!(harness.world.post(&post.id)["outcome"], "unknown");
                if answer_comes_first {
                    worker.go_on();
                    let person = decision(&harness, &post, word).status().unwrap();
                    assert!(matches!(person.code(), Some(0 | 4)), "{word}: {person}");
                    assert_eq!(worker.end(), Some(0), "{word}");
                } else {
                    let person = Frozen::at(decision(&harness, &post, word), point).unwrap();
                    worker.go_on();
                    person.go_on();
                    assert_eq!(person.end(), Some(0), "{word} at {point}");
                    assert_eq!(worker.end(), Some(0), "{word} at {point}");
                }
                harness.note(1);
                harness.finish();
                let shown = harness.world.post(&post.id);
                let live = harness.world.live();
                let account = post.external_account.as_str();
                let mine: Vec<_> = live.iter().filter(|item| item["account"] == account).collect();
                assert_eq!(mine.len(), 1, "{word} at {point}");
                assert_eq!(
                    (&shown["status"], &shown["externalPostId"]),
                    (&"published".into(), &mine[0]["id"]),
                    "{word} at {point}: {shown}"
                );
            }
        }
    }
    let faults = harness.check_posts();
    harness.assert_sound("answers next to decisions", &faults);
}
