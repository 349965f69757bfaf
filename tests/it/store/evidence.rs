//! T5 and T5L: evidence that a post is live counts from whatever state.

use std::time::Duration;

use socialsched::domain::{AccountId, CommentState, Intent, Outcome, Platform, Receipt};
use socialsched::store::{Decision, Next, Phase, Recorded, Settled, Staged};

use super::queue::evidence;
use super::{Queue, failure, on_every_engine, receipt, worker};
use crate::support::Engine;

#[track_caller]
fn assert_published(queue: &Queue, id: socialsched::domain::PostId, external_id: Option<&str>) {
    let post = queue.post(id);
    assert_eq!(queue.states(id), "published/done");
    assert_eq!(post.outcome, Some(Outcome::Published));
    assert_eq!(post.external_post_id.as_deref(), external_id);
    assert_eq!((post.error_code, post.error_message), (None, None));
    assert!(post.published_at.is_some());
}

/// **T5**: a live post is published with its id.
#[test]
fn live_post_is_published_with_its_id() {
    on_every_engine(|queue| {
        let a = worker("a");
        let mut draft = queue.draft();
        draft.content.first_comment = Some("First!".to_owned());
        let id = queue.insert(&draft);
        let claim = queue.claim(&a);
        let intent = queue.intent(&claim);
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_published(queue, id, Some("fb_1"));
        assert_eq!(queue.post(id).comment_state, Some(CommentState::Pending));
        assert_eq!(queue.job(id, "fence"), claim.fence.to_string());
    });
}

/// **T5**: the same evidence twice changes nothing.
#[test]
fn repeated_evidence_changes_nothing() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        let published = queue.post(claim.post_id);
        let log = queue.history(claim.post_id);
        queue.live(&worker("b"), &claim, &intent, &receipt("fb_1")).unwrap();
        assert_eq!(queue.post(claim.post_id), published);
        assert_eq!(queue.history(claim.post_id), log);
    });
}

/// **T5**: a post may be live under an id that is not known.
#[test]
fn post_may_be_live_without_an_id() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.live(&a, &claim, &intent, &Receipt::default()).unwrap();
        assert_published(queue, claim.post_id, None);
    });
}

/// **T5**: an id of another post is not recorded twice.
#[test]
fn id_of_another_post_is_not_reused() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (first, intent) = queue.sent(&a);
        queue.live(&a, &first, &intent, &receipt("fb_1")).unwrap();
        let (second, intent) = queue.sent(&a);
        queue.live(&a, &second, &intent, &receipt("fb_1")).unwrap();
        assert_published(queue, second.post_id, None);
        let log = queue.history(second.post_id);
        assert!(log.iter().any(|row| row.message.as_deref().is_some_and(|m| m.contains("fb_1"))));
    });
}

/// **T5**: posts of two platforms may have equal ids.
#[test]
fn platforms_may_have_equal_ids() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (first, intent) = queue.sent(&a);
        queue.live(&a, &first, &intent, &receipt("1")).unwrap();
        let other = AccountId::generate();
        queue.add_account(other, Platform::LinkedIn);
        let mut draft = queue.draft();
        (draft.account_id, draft.content.platform) = (other, Platform::LinkedIn);
        queue.insert(&draft);
        let second = queue.claim(&a);
        let intent = queue.intent(&second);
        queue.live(&a, &second, &intent, &receipt("1")).unwrap();
        assert_published(queue, second.post_id, Some("1"));
    });
}

/// **T5L**: late evidence takes the job from a successor. The frozen worker
/// wakes up while its successor looks the call up.
#[test]
fn late_evidence_beats_a_successor() {
    on_every_engine(|queue| {
        let (a, b) = (worker("a"), worker("b"));
        let (claim, intent) = queue.sent(&a);
        let next = queue.successor(&b);
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_1"));
        assert_eq!(queue.job(claim.post_id, "fence"), (next.fence.0 + 1).to_string());
        let before = queue.tables();
        let lost = queue.ask_for_review(&next, &failure("who knows"), None).unwrap();
        assert_eq!(lost, Settled::Lost);
        assert_eq!(queue.tables(), before);
    });
}

/// **T5L**: late evidence wins over a post that waits for another attempt.
#[test]
fn late_evidence_beats_a_waiting_post() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        let (step, next) = (Phase::Publish(Box::new(intent.clone())), Next::Retry(Duration::ZERO));
        queue.record_failure(&claim, &step, &failure("no"), Staged::Keep, &next).unwrap();
        assert_eq!(queue.states(claim.post_id), "pending/pending");
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_1"));
        assert_eq!(queue.claims(&a).len(), 0);
    });
}

/// **T5L**: late evidence wins over a new claim of the same post.
#[test]
fn late_evidence_beats_a_new_claim() {
    on_every_engine(|queue| {
        let (a, b) = (worker("a"), worker("b"));
        let (claim, intent) = queue.sent(&a);
        let (step, next) = (Phase::Publish(Box::new(intent.clone())), Next::Retry(Duration::ZERO));
        queue.record_failure(&claim, &step, &failure("no"), Staged::Keep, &next).unwrap();
        queue.database.age(Duration::from_secs(1));
        let again = queue.claim(&b);
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_1"));
        let before = queue.tables();
        assert_eq!(queue.gate(&again), socialsched::store::Gate::Lost);
        assert_eq!(queue.tables(), before);
    });
}

/// **T5L**: late evidence wins over a failed, an unknown and a cancelled post.
#[test]
fn late_evidence_beats_ended_posts() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (failed, failed_intent) = queue.sent(&a);
        let step = Phase::Publish(Box::new(failed_intent.clone()));
        queue.record_failure(&failed, &step, &failure("no"), Staged::Keep, &Next::Fail).unwrap();
        let (review, review_intent) = queue.sent(&a);
        queue.ask_for_review(&review, &failure("who knows"), None).unwrap();
        let (cancelled, cancelled_intent) = queue.sent(&a);
        queue.wait(queue.store.cancel_posts(queue.company, &[cancelled.post_id], None)).unwrap();
        let step = Phase::Publish(Box::new(cancelled_intent.clone()));
        queue.record_failure(&cancelled, &step, &failure("no"), Staged::Keep, &Next::Fail).unwrap();
        assert_eq!(queue.states(cancelled.post_id), "cancelled/done");
        let late =
            [(failed, failed_intent), (review, review_intent), (cancelled, cancelled_intent)];
        for (number, (claim, intent)) in late.iter().enumerate() {
            let id = format!("fb_{number}");
            queue.live(&a, claim, intent, &receipt(&id)).unwrap();
            assert_published(queue, claim.post_id, Some(&id));
        }
    });
}

/// **T5L**: late evidence fills in an id that was missing. The successor saw
/// that it is live but not its id; the frozen worker knows it.
#[test]
fn late_evidence_fills_a_missing_id() {
    on_every_engine(|queue| {
        let (a, b) = (worker("a"), worker("b"));
        let (claim, intent) = queue.sent(&a);
        let next = queue.successor(&b);
        queue.live(&b, &next, &next.open_intents[0], &Receipt::default()).unwrap();
        assert_published(queue, claim.post_id, None);
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_1"));
        queue.live(&b, &next, &intent, &receipt("fb_2")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_1"));
    });
}

/// **T14**: a late look-up schedules none for an abandoned post. It was under way when a
/// person gave the post up.
#[test]
fn late_look_ignores_an_abandoned_post() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, _) = queue.sent(&a);
        let soon = Some(Duration::ZERO);
        queue.ask_for_review(&claim, &failure("who knows"), soon).unwrap();
        let review = queue.wait(queue.store.take_follow_ups(&Default::default(), 9)).unwrap();
        let decision = Decision::Abandon;
        queue
            .wait(queue.store.decide(queue.company, claim.post_id, &decision, "ann", false))
            .unwrap();
        let review = &review[0].post;
        queue.record_review(review, &failure("no"), soon).unwrap();
        assert_eq!(queue.fail_reviewed(review, &failure("no")).unwrap(), Settled::Lost);
        let due = queue.wait(queue.store.take_follow_ups(&Default::default(), 9)).unwrap();
        assert_eq!(due.len(), 0);
        assert_eq!(queue.post(claim.post_id).error_code.as_deref(), Some("abandoned"));
    });
}

/// **T5L**: late evidence wins over an abandoned post.
#[test]
fn late_evidence_beats_an_abandoned_post() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.ask_for_review(&claim, &failure("who knows"), None).unwrap();
        let decision = Decision::Abandon;
        queue
            .wait(queue.store.decide(queue.company, claim.post_id, &decision, "ann", false))
            .unwrap();
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_1"));
    });
}

/// **T5L**: an answer without its intent settles nothing. The intent was
/// written after the backup was taken; or there never was one, and the answer
/// is forged. The post is asked about, and neither believed to be live nor
/// sent.
#[test]
fn answer_without_intent_settles_nothing() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.database.execute(
            "DELETE FROM publish_log;
             UPDATE post_schedule SET status = 'pending', fence = 0, attempts = 0,
                    worker_id = NULL, locked_at = NULL, lease_until = NULL;
             UPDATE post_details SET status = 'pending', attempts = 0",
        );
        let recorded = queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_eq!(recorded, Recorded::Stray);
        assert_eq!(queue.states(claim.post_id), "failed/failed");
        assert_eq!(queue.post(claim.post_id).outcome, Some(Outcome::Unknown));
        assert!(queue.claims(&a).is_empty());
        // What it named is what a look asks for.
        let due = queue.wait(queue.store.take_follow_ups(&Default::default(), 9)).unwrap();
        assert_eq!(due[0].post.open_intents[0].object.as_deref(), Some("fb_1"));
        let found = &due[0].post.open_intents[0];
        queue.live(&worker("b"), &claim, found, &receipt("fb_1")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_1"));
    });
}

/// **T5L**: another worker's name does not make an answer.
#[test]
fn another_workers_name_makes_no_answer() {
    on_every_engine(|queue| {
        let (claim, intent) = queue.sent(&worker("a"));
        // Of the same key in another history.
        let other = Intent { at: intent.at - chrono::Duration::days(1), ..intent.clone() };
        let recorded = queue.live(&worker("b"), &claim, &other, &receipt("fb_1")).unwrap();
        assert_eq!(recorded, Recorded::Stray);
        assert_eq!(queue.post(claim.post_id).outcome, Some(Outcome::Unknown));
        // The one that sent it can still bring evidence.
        queue.live(&worker("a"), &claim, &intent, &receipt("fb_2")).unwrap();
        assert_published(queue, claim.post_id, Some("fb_2"));
    });
}

/// **T5L**: what a slow look saw counts although another worker has the job.
/// The worker that looked the call up was slow, and its job was taken over.
#[test]
fn slow_look_counts_after_take_over() {
    on_every_engine(|queue| {
        let (claim, intent) = queue.sent(&worker("a"));
        let recorded = queue.live(&worker("b"), &claim, &intent, &receipt("fb_1")).unwrap();
        assert_eq!(recorded, Recorded::Live);
        assert_published(queue, claim.post_id, Some("fb_1"));
    });
}

/// **T5, F10**: a row of another program with the same id at the platform, whatever its
/// own id is, keeps no evidence from being recorded.
#[test]
fn foreign_row_with_same_id_stops_nothing() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.will_be_broken();
        let id = match queue.database.engine() {
            Engine::Sqlite | Engine::MariaDb => "no-uuid",
            // Its column takes nothing else.
            Engine::Postgres => "a0000000-0000-4000-8000-000000000001",
        };
        let (company, account) = (queue.company, queue.account);
        queue.database.lax(&format!(
            "INSERT INTO post_details (id, company_id, social_account_id, platform, post_type,
                                       caption, status, external_post_id, error_message)
             VALUES ('{id}', '{company}', '{account}', 'facebook', 'post', 'x', 'failed', 'fb_1', 'x')"
        ));
        let recorded = queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        assert_eq!(recorded, Recorded::Live);
        assert_published(queue, claim.post_id, None);
    });
}

/// **T5**: a post found by its text is not another one of this database.
#[test]
fn matched_post_is_not_another_of_ours() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (first, sent) = queue.sent(&a);
        queue.live(&a, &first, &sent, &receipt("fb_1")).unwrap();
        let (claim, intent) = queue.sent(&a);
        let tables = queue.tables();
        let found = |id| evidence(&claim, &intent, &receipt(id));
        assert_eq!(queue.record_matched(&a, &found("fb_1")).unwrap(), Recorded::Anothers);
        assert_eq!(queue.tables(), tables, "nothing was recorded");
        assert_eq!(queue.record_matched(&a, &found("fb_2")).unwrap(), Recorded::Live);
        assert_published(queue, claim.post_id, Some("fb_2"));
    });
}

/// **T5**: a post found by its text is not matched while a call for the same
/// text is open. Both have the same text, and the other one's call may have
/// made what was found.
#[test]
fn match_is_ambiguous_while_calls_are_open() {
    on_every_engine(|queue| {
        let (a, b) = (worker("a"), worker("b"));
        let (lost, intent) = queue.sent(&a);
        let look = Duration::from_secs(20);
        let why = failure("no answer");
        queue.record_unknown(&lost, &intent, &unanswered(&why), look).unwrap();
        let (other, others_intent) = queue.sent(&b);
        // LinkedIn lists the other one's post before its answer is stored.
        let found = evidence(&lost, &intent, &receipt("fb_1"));
        let tables = queue.tables();
        let finding = queue.record_matched(&a, &found).unwrap();
        assert_eq!(finding, Recorded::Unclear);
        assert_eq!(queue.tables(), tables, "nothing was recorded");
        queue.live(&b, &other, &others_intent, &receipt("fb_1")).unwrap();
        assert_published(queue, other.post_id, Some("fb_1"));
        let finding = queue.record_matched(&a, &found).unwrap();
        assert_eq!(finding, Recorded::Anothers);
        assert_eq!(queue.states(lost.post_id), "processing/processing");
    });
}

fn unanswered(failure: &socialsched::domain::Failure) -> socialsched::store::Heard {
    socialsched::store::Heard::Nothing(failure.clone())
}
