//! T0, T12, T13, T15, T16, T17: what people ask for, and posts that are too late.

use std::time::Duration;

use socialsched::domain::{
    AccountId, CommentState, CompanyId, Only, Outcome, Platform, PostId, PostStatus,
};
use socialsched::store::{
    CancelAnswer, Inserted, Next, Phase, Rescheduled, Retried, Settled, Staged,
};

use super::{Queue, failure, on_every_engine, receipt, worker};

fn cancel(queue: &Queue, id: PostId) -> CancelAnswer {
    queue.wait(queue.store.cancel_posts(queue.company, &[id], Some("a typo"))).unwrap().remove(0)
}

fn retry(queue: &Queue, id: PostId) -> Retried {
    queue.wait(queue.store.retry_posts(queue.company, &[id], false)).unwrap().remove(0)
}

/// **T0**: a new post is pending with its job.
#[test]
fn new_post_is_pending_with_its_job() {
    on_every_engine(|queue| {
        let id = queue.schedule();
        assert_eq!(queue.states(id), "pending/pending");
        let post = queue.post(id);
        assert_eq!((post.attempts, post.max_attempts, post.due), (0, 3, true));
        assert_eq!(queue.job(id, "fence"), "0");
    });
}

/// **T0**: a post that may not be stored leaves no row.
#[test]
fn refused_post_leaves_no_row() {
    on_every_engine(|queue| {
        let now = queue.wait(queue.store.now()).unwrap();
        let removed = AccountId::generate();
        queue.add_account(removed, Platform::Facebook);
        queue.database.execute(&format!(
            "UPDATE meta_social_accounts SET is_added = 0 WHERE id = '{removed}'"
        ));
        let wrong_platform = AccountId::generate();
        queue.add_account(wrong_platform, Platform::LinkedIn);
        let before = queue.tables();
        let mut drafts = Vec::new();
        for account in [AccountId::generate(), removed, wrong_platform] {
            let mut draft = queue.draft();
            draft.account_id = account;
            drafts.push((draft, "NoAccount"));
        }
        let mut draft = queue.draft();
        draft.company_id = CompanyId::generate();
        drafts.push((draft, "NoAccount"));
        let mut draft = queue.draft();
        draft.run_at = Some(now);
        drafts.push((draft, "Past"));
        for (draft, expected) in drafts {
            let inserted = queue.wait(queue.store.insert_post(&draft, false, false)).unwrap();
            assert!(format!("{inserted:?}").starts_with(expected), "{inserted:?}");
        }
        let dry = queue.wait(queue.store.insert_post(&queue.draft(), false, true)).unwrap();
        assert!(matches!(dry, Inserted::New { .. }), "{dry:?}");
        assert_eq!(queue.tables(), before);
    });
}

/// **T0**: a key names one post, and equal posts near each other are refused.
#[test]
fn key_names_one_post() {
    on_every_engine(|queue| {
        let mut draft = queue.draft();
        draft.idempotency_key = Some("order-7".to_owned());
        queue.insert(&draft);
        let before = queue.tables();
        let again = queue.wait(queue.store.insert_post(&draft, false, false)).unwrap();
        assert!(matches!(&again, Inserted::Known(post) if post.id == draft.post_id), "{again:?}");
        let mut other = queue.draft();
        other.idempotency_key = Some("order-7".to_owned());
        let used = queue.wait(queue.store.insert_post(&other, false, false)).unwrap();
        assert_eq!(used, Inserted::KeyUsed { existing: draft.post_id });
        let mut twin = queue.draft();
        twin.content_hash.clone_from(&draft.content_hash);
        let twice = queue.wait(queue.store.insert_post(&twin, false, false)).unwrap();
        assert!(matches!(twice, Inserted::Duplicate { existing, .. } if existing == draft.post_id));
        assert_eq!(queue.tables(), before);
        let wanted = queue.wait(queue.store.insert_post(&twin, true, false)).unwrap();
        assert!(matches!(wanted, Inserted::New { .. }), "{wanted:?}");
    });
}

/// **T12**: a cancelled pending post is never claimed.
#[test]
fn cancelled_pending_post_is_never_claimed() {
    on_every_engine(|queue| {
        let id = queue.schedule();
        assert_eq!(cancel(queue, id), CancelAnswer::Cancelled);
        assert_eq!(queue.states(id), "cancelled/done");
        assert_eq!(queue.claims(&worker("a")).len(), 0);
        assert_eq!(cancel(queue, id), CancelAnswer::Already);
        let before = queue.tables();
        assert_eq!(cancel(queue, PostId::generate()), CancelAnswer::NotFound);
        let other = CompanyId::generate();
        let answer = queue.wait(queue.store.cancel_posts(other, &[id], None)).unwrap();
        assert_eq!(answer, [CancelAnswer::NotFound]);
        assert_eq!(queue.tables(), before);
    });
}

/// **T12**: a post waiting for its next attempt can be cancelled.
#[test]
fn post_awaiting_attempt_can_be_cancelled() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let next = Next::Retry(Duration::from_secs(60));
        let settled = queue
            .record_failure(&claim, &Phase::Prepare, &failure("no"), Staged::Keep, &next)
            .unwrap();
        assert_eq!(settled, Settled::Done);
        assert_eq!(cancel(queue, claim.post_id), CancelAnswer::Cancelled);
        assert_eq!(queue.states(claim.post_id), "cancelled/done");
    });
}

/// **T13**: a claimed post is only requested to be cancelled.
#[test]
fn claimed_post_is_only_requested_to_cancel() {
    on_every_engine(|queue| {
        let claim = queue.claimed(&worker("a"));
        assert_eq!(cancel(queue, claim.post_id), CancelAnswer::Asked);
        let first = queue.post(claim.post_id).cancel_requested_at;
        assert!(first.is_some());
        assert_eq!(queue.states(claim.post_id), "processing/processing");
        queue.database.age(Duration::from_secs(5));
        let aged = queue.post(claim.post_id).cancel_requested_at;
        assert_eq!(cancel(queue, claim.post_id), CancelAnswer::Asked);
        assert_eq!(queue.post(claim.post_id).cancel_requested_at, aged, "the first request stays");
    });
}

/// **T13**: an ended post says how it ended.
#[test]
fn ended_post_says_how_it_ended() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, intent) = queue.sent(&a);
        queue.live(&a, &claim, &intent, &receipt("fb_1")).unwrap();
        let before = queue.tables();
        let live = CancelAnswer::Ended(PostStatus::Published, Some("fb_1".to_owned()));
        assert_eq!(cancel(queue, claim.post_id), live);
        assert_eq!(queue.tables(), before);
    });
}

/// **T15**: a failed post gets three more attempts and is due now.
#[test]
fn failed_post_gets_three_more_attempts() {
    on_every_engine(|queue| {
        let a = worker("a");
        let mut draft = queue.draft();
        draft.content.first_comment = Some("First!".to_owned());
        let id = queue.insert(&draft);
        let claim = queue.claim(&a);
        assert_eq!(retry(queue, id), Retried::NotFailed(PostStatus::Processing));
        let step = Phase::Prepare;
        queue.record_failure(&claim, &step, &failure("no"), Staged::Keep, &Next::Fail).unwrap();
        assert_eq!(queue.states(id), "failed/failed");
        assert_eq!(retry(queue, id), Retried::Done);
        let post = queue.post(id);
        assert_eq!(queue.states(id), "pending/pending");
        assert_eq!((post.attempts, post.max_attempts), (1, 4));
        assert_eq!((post.outcome, post.error_message), (None, None));
        assert_eq!(post.comment_state, None::<CommentState>);
        let again = queue.claim(&a);
        assert!(again.fence > claim.fence && again.attempts == 2);
        assert_eq!(retry(queue, PostId::generate()), Retried::NotFound);
    });
}

/// **T15**: a post that may be live is not retried.
#[test]
fn possibly_live_post_is_not_retried() {
    on_every_engine(|queue| {
        let a = worker("a");
        let (claim, _) = queue.sent(&a);
        queue.ask_for_review(&claim, &failure("who knows"), None).unwrap();
        let before = queue.tables();
        assert_eq!(retry(queue, claim.post_id), Retried::UnknownOutcome);
        assert_eq!(queue.tables(), before);
    });
}

/// **T16**: only a pending post is moved.
#[test]
fn only_pending_posts_are_moved() {
    on_every_engine(|queue| {
        let id = queue.schedule();
        let now = queue.wait(queue.store.now()).unwrap();
        let later = now + chrono::Duration::hours(1);
        let moved =
            |id, at| queue.wait(queue.store.reschedule_post(queue.company, id, at, false)).unwrap();
        assert!(matches!(moved(id, Some(later)), Rescheduled::Done { .. }));
        assert_eq!(queue.claims(&worker("a")).len(), 0);
        assert!(matches!(moved(id, Some(now)), Rescheduled::Past { .. }));
        assert!(matches!(moved(id, None), Rescheduled::Done { .. }));
        let claim = queue.claim(&worker("a"));
        let before = queue.tables();
        let answer = moved(claim.post_id, Some(later));
        assert_eq!(answer, Rescheduled::NotPending(PostStatus::Processing));
        assert_eq!(moved(PostId::generate(), None), Rescheduled::NotFound);
        assert_eq!(queue.tables(), before);
    });
}

/// **T17**: only posts that are too late and not begun are missed.
#[test]
fn only_late_unstarted_posts_are_missed() {
    on_every_engine(|queue| {
        let a = worker("a");
        let begun = queue.claimed(&a);
        let late = queue.schedule();
        queue.database.age(Duration::from_secs(3600));
        let on_time = queue.schedule();
        let missed = queue
            .wait(queue.store.fail_missed(Duration::from_secs(1800), &Only::default()))
            .unwrap();
        assert_eq!(missed, [late]);
        let post = queue.post(late);
        assert_eq!(queue.states(late), "failed/failed");
        assert_eq!(post.outcome, Some(Outcome::NotPublished));
        assert_eq!(post.error_code.as_deref(), Some("missed"));
        assert!(post.error_message.unwrap().contains("30 min"));
        assert_eq!(queue.states(begun.post_id), "processing/processing");
        assert_eq!(queue.states(on_time), "pending/pending");
        assert_eq!(retry(queue, late), Retried::Done);
        assert_eq!(queue.claims(&a).len(), 2);
    });
}
