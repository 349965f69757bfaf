//! T14: a person's decision, or a later look, about a post that may be live.

use socialsched::domain::{ABANDONED, Claim, Outcome, PostId, PostStatus};
use socialsched::store::{Decided, Decision, Settled};

use super::{Queue, failure, on_every_engine, receipt, worker};

/// A post whose outcome could not be determined.
fn needing_review(queue: &Queue) -> Claim {
    let a = worker("a");
    let (claim, _) = queue.sent(&a);
    queue.ask_for_review(&claim, &failure("who knows"), None).unwrap();
    claim
}

fn decide(queue: &Queue, id: PostId, decision: &Decision) -> Decided {
    queue.wait(queue.store.decide(queue.company, id, decision, "ann", false)).unwrap()
}

/// **T14**: a person decides that a post is live.
#[test]
fn person_decides_post_is_live() {
    on_every_engine(|queue| {
        let claim = needing_review(queue);
        let decision = Decision::Published("fb_1".to_owned());
        assert_eq!(decide(queue, claim.post_id, &decision), Decided::Done);
        let post = queue.post(claim.post_id);
        assert_eq!(queue.states(claim.post_id), "published/done");
        assert_eq!(post.external_post_id.as_deref(), Some("fb_1"));
        let log = queue.history(claim.post_id);
        assert!(log.iter().any(|row| row.message.as_deref() == Some("operator ann")));
        let again = decide(queue, claim.post_id, &decision);
        assert_eq!(again, Decided::NotUnknown(PostStatus::Published));
    });
}

/// **T14**: an id of another post is refused.
#[test]
fn id_of_another_post_is_refused() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (other, intent) = queue.sent(&a);
        queue.live(&a, &other, &intent, &receipt("fb_1")).unwrap();
        let claim = needing_review(queue);
        let before = queue.tables();
        let decision = Decision::Published("fb_1".to_owned());
        assert_eq!(decide(queue, claim.post_id, &decision), Decided::IdTaken);
        assert_eq!(queue.tables(), before);
    });
}

/// **T14**: a person decides that a post is not there, and it is sent again.
#[test]
fn absent_post_is_sent_again() {
    on_every_engine(|queue| {
        let claim = needing_review(queue);
        assert_eq!(decide(queue, claim.post_id, &Decision::NotPublished), Decided::Done);
        let post = queue.post(claim.post_id);
        assert_eq!(queue.states(claim.post_id), "pending/pending");
        assert_eq!((post.outcome, post.max_attempts), (None, 4));
        let b = worker("b");
        let again = queue.claim(&b);
        assert_eq!(again.open_intents, []);
        queue.intent(&again);
    });
}

/// **T14**: a person gives a post up.
#[test]
fn person_gives_up_a_post() {
    on_every_engine(|queue| {
        let claim = needing_review(queue);
        assert_eq!(decide(queue, claim.post_id, &Decision::Abandon), Decided::Done);
        let post = queue.post(claim.post_id);
        assert_eq!(queue.states(claim.post_id), "failed/failed");
        assert_eq!(post.outcome, Some(Outcome::Unknown), "it still may be live");
        assert_eq!(post.error_code.as_deref(), Some(ABANDONED));
        assert_eq!(
            queue.wait(queue.store.needs_review(10)).unwrap().len(),
            0,
            "no longer looked up"
        );
        // A second thought is allowed.
        assert_eq!(decide(queue, claim.post_id, &Decision::NotPublished), Decided::Done);
    });
}

/// **T14**: only an unknown outcome is decided.
#[test]
fn only_unknown_outcomes_are_decided() {
    on_every_engine(|queue| {
        let a = worker("a");
        let id = queue.schedule();
        let decisions =
            [Decision::Published("fb_1".to_owned()), Decision::NotPublished, Decision::Abandon];
        let before = queue.tables();
        for decision in &decisions {
            assert_eq!(decide(queue, id, decision), Decided::NotUnknown(PostStatus::Pending));
            assert_eq!(decide(queue, PostId::generate(), decision), Decided::NotFound);
        }
        assert_eq!(queue.tables(), before);
        let claim = queue.claim(&a);
        queue.intent(&claim);
        let before = queue.tables();
        for decision in &decisions {
            let decided = decide(queue, id, decision);
            assert_eq!(
                decided,
                Decided::NotUnknown(PostStatus::Processing),
                "a worker looks it up"
            );
        }
        assert_eq!(queue.tables(), before);
    });
}

/// **T14**: a later look settles a post that needs review.
#[test]
fn later_look_settles_unknown_post() {
    on_every_engine(|queue| {
        let claim = needing_review(queue);
        let seen = queue.needs_review().remove(0);
        queue.record_review(&seen, &failure("not yet"), None).unwrap();
        assert_eq!(queue.post(claim.post_id).outcome, Some(Outcome::Unknown));
        let seen = queue.needs_review().remove(0);
        assert_eq!(seen.open_intents[0].lookups, 2);
        let settled = queue.fail_reviewed(&seen, &failure("deleted")).unwrap();
        assert_eq!(settled, Settled::Done);
        assert_eq!(queue.states(claim.post_id), "failed/failed");
        assert_eq!(queue.post(claim.post_id).outcome, Some(Outcome::NotPublished));
    });
}

/// **T14**: a look that comes too late changes nothing. Two people, or a person
/// and a look, decide at the same time.
#[test]
fn look_after_decision_changes_nothing() {
    on_every_engine(|queue| {
        let claim = needing_review(queue);
        let seen = queue.needs_review().remove(0);
        decide(queue, claim.post_id, &Decision::NotPublished);
        queue.claim(&worker("b"));
        let before = queue.tables();
        let settled = queue.fail_reviewed(&seen, &failure("deleted")).unwrap();
        assert_eq!(settled, Settled::Lost);
        assert_eq!(queue.tables(), before);
    });
}
