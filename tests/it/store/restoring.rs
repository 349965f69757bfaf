//! J6: what needs review after a backup was restored.

use std::time::Duration;

use chrono::TimeDelta;
use socialsched::domain::{CommentState, Outcome, PostId};
use socialsched::store::{Decided, Decision, Evidence, Phase, Settled, Staged};

use super::{Queue, failure, on_every_engine, receipt, worker};

#[track_caller]
fn assert_needs_review(queue: &Queue, id: PostId) {
    assert_eq!(queue.states(id), "failed/failed");
    assert_eq!(queue.post(id).outcome, Some(Outcome::Unknown));
    assert!(queue.breaches().is_empty(), "{:?}", queue.breaches());
}

/// **J6, T20**: pending, claimed, sent and exhausted posts need review, and frozen
/// workers lose them.
#[test]
fn posts_in_backup_need_review() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (sent, intent) = queue.sent(&a);
        let claimed = queue.claimed(&a);
        queue.database.execute(&format!(
            "UPDATE post_schedule SET attempts = 3 WHERE id = '{0}';
             UPDATE post_details SET attempts = 3 WHERE id = '{1}'",
            claimed.job_id, claimed.post_id,
        ));
        queue.database.execute(&format!(
            "UPDATE post_schedule SET fence = 3 WHERE id = '{}'",
            claimed.job_id
        ));
        let pending = queue.schedule();
        // The backup is an hour old: whatever was sent was not sent just now.
        queue.database.age(Duration::from_secs(3600));
        let risky = queue.wait(queue.store.may_have_gone_out()).unwrap();
        let restored = queue.wait(queue.store.hold_after_restore()).unwrap();
        assert_eq!(restored.held, risky);
        let mut review = restored.held;
        review.sort_unstable();
        let mut all = vec![sent.post_id, claimed.post_id, pending];
        all.sort_unstable();
        assert_eq!(review, all);
        for id in all {
            assert_needs_review(queue, id);
            let sent_at = queue.history(id).last().unwrap().at;
            assert!(sent_at < queue.database.now() - TimeDelta::minutes(50), "{sent_at}");
        }
        // A worker from before the restoration changes nothing but by evidence
        // about a call that the backup knows.
        let step = Phase::Publish(Box::new(intent.clone()));
        let next = socialsched::store::Next::Fail;
        let refused = failure("no");
        let settled = queue.record_failure(&sent, &step, &refused, Staged::Keep, &next).unwrap();
        assert_eq!(settled, Settled::Lost);
        queue.live(&a, &sent, &intent, &receipt("fb_1")).unwrap();
        assert_eq!(queue.states(sent.post_id), "published/done");
        // A person sends the others again.
        for id in [claimed.post_id, pending] {
            let decision = Decision::NotPublished;
            let decided = queue.store.decide(queue.company, id, &decision, "ann", false);
            assert_eq!(queue.wait(decided).unwrap(), Decided::Done);
        }
        let mut again: Vec<_> = queue.claims(&a).iter().map(|claim| claim.post_id).collect();
        again.sort_unstable();
        let mut both = vec![claimed.post_id, pending];
        both.sort_unstable();
        assert_eq!(again, both);
    });
}

/// **J6**: nothing is deleted at the platforms after a restoration. What ended
/// in the backup may have been tried again and be live by now.
#[test]
fn nothing_is_deleted_after_a_restoration() {
    on_every_engine(|queue| {
        let id = queue.schedule();
        queue.wait(queue.store.cancel_posts(queue.company, &[id], None)).unwrap();
        queue.database.execute(&format!(
            "UPDATE post_details SET leftovers = 1, follow_up_at = updated_at WHERE id = '{id}'"
        ));
        let restored = queue.wait(queue.store.hold_after_restore()).unwrap();
        assert_eq!((restored.held.len(), restored.leftovers), (0, 1));
        let taken = queue.wait(queue.store.take_follow_ups(&Default::default(), 9));
        assert!(taken.unwrap().is_empty());
        assert_eq!(queue.states(id), "cancelled/done");
    });
}

/// **J6**: the first comment of a post found live is not sent again. It was due once the
/// post was live, and that may have been before the restoration.
#[test]
fn comment_of_live_post_is_not_repeated() {
    on_every_engine(|queue| {
        let a = worker("a");
        let commented = || {
            let mut draft = queue.draft();
            draft.content.first_comment = Some("First!".to_owned());
            queue.insert(&draft)
        };
        let [found, again] = [commented(), commented()];
        queue.wait(queue.store.hold_after_restore()).unwrap();
        for review in queue.needs_review() {
            if review.post_id == found {
                let seen = Evidence {
                    job: review.job_id,
                    post: review.post_id,
                    intent: review.open_intents[0].clone(),
                    receipt: receipt("fb_1"),
                };
                queue.wait(queue.store.record_live(&a, &[seen])).unwrap();
            }
        }
        assert_eq!(queue.states(found), "published/done");
        assert_eq!(queue.post(found).comment_state, Some(CommentState::Unknown));
        // What a person says is not there has no comment either.
        let decision = Decision::NotPublished;
        let decided = queue.store.decide(queue.company, again, &decision, "ann", false);
        assert_eq!(queue.wait(decided).unwrap(), Decided::Done);
        let claim = queue.claim(&a);
        let intent = queue.intent(&claim);
        queue.live(&a, &claim, &intent, &receipt("fb_2")).unwrap();
        assert_eq!(queue.post(again).comment_state, Some(CommentState::Pending));
    });
}
