//! What follows the end of a post: its address, its first comment, an id that is
//! not known yet, the removal of what is left at the platform, and one more look
//! at what was reported as not published. Only evidence can change a state here.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::proof::CALL_IS_OVER;
use crate::domain::{
    Answer, Clearance, CommentState, Draft, Failure, FailureCode, Intent, Job, NOT_SENT, Outcome,
    PostStatus, Receipt, Remedy, Sighting,
};
use crate::store::{CommentEnd, CommentTurn, FollowUp, OwedComment, StoreError};

use super::context::Context;
use super::evidence::Proof;
use super::publish::LEAVES_WITHIN;
use super::reconcile::Reconciler;
use super::recorder::Recorder;
use super::uptime::Uptime;
use super::{End, Event};

/// Follow-ups handled per round.
const PER_ROUND: u32 = 5;

/// A comment is sent so often at most.
const COMMENT_CALLS_MAX: usize = 3;
/// When a comment is looked for whose call had no answer.
const COMMENT_LOOK: Duration = Duration::from_secs(2 * 60);
/// When something that cannot be read now is read again.
const LATER: Duration = Duration::from_secs(15 * 60);
/// What a publish call made shows itself by then. What it named is deleted no sooner:
/// what is left is invisible.
const SEEN_BY: Duration = Duration::from_secs(24 * 60 * 60);
/// A last look that decides nothing is taken again until the call is this old.
const LAST_LOOK_BY: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// After this, nothing more is asked for.
const ASKED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What was done for ended posts.
pub(super) struct FollowedUp {
    pub(super) events: Vec<Event>,
    pub(super) may_be_more: bool,
}

/// Does what follows the end of posts.
pub(super) struct FollowUps {
    context: Arc<Context>,
    recorder: Arc<Recorder>,
    reconciler: Arc<Reconciler>,
}

impl FollowUps {
    pub(super) fn new(
        context: Arc<Context>,
        recorder: Arc<Recorder>,
        reconciler: Arc<Reconciler>,
    ) -> Self {
        Self { context, recorder, reconciler }
    }

    /// Does what is due for ended posts.
    pub(super) async fn run(&self) -> Result<FollowedUp, StoreError> {
        let mut events = Vec::new();
        let mut may_be_more = true;
        for _ in 0..PER_ROUND {
            // One by one: what is taken has only so long until others take it.
            let taken = self.context.store.take_follow_ups(&self.context.options.only, 1).await?;
            let Some(follow_up) = taken.into_iter().next() else {
                may_be_more = false;
                break;
            };
            match self.follow_up(&follow_up).await {
                Ok(Some(end)) => events.push(Event::of(&follow_up.post, end)),
                Ok(None) => {}
                Err(error) => tracing::warn!(post = %follow_up.post.post_id, %error,
                    "the follow-up of the post could not be recorded"),
            }
        }
        Ok(FollowedUp { events, may_be_more })
    }

    async fn follow_up(&self, follow_up: &FollowUp) -> Result<Option<End>, StoreError> {
        let post = &follow_up.post;
        let draft = match self.context.draft(post) {
            Ok(draft) => draft,
            Err(failure) => {
                // Its account is paused as for a post, or it would be met again and again.
                self.context.store.pause_accounts(post.post_id, &failure).await?;
                self.context.store.schedule_follow_up(post, Some(Duration::ZERO)).await?;
                return Ok(None);
            }
        };
        match (follow_up.status, follow_up.outcome) {
            (PostStatus::Published, _) => self.follow_up_published(follow_up, &draft).await,
            (PostStatus::Failed, Some(Outcome::Unknown)) => {
                // That it is still unknown is no news.
                let end = self.reconciler.review(post).await?;
                Ok(Some(end).filter(|end| !matches!(end, End::Unknown(_) | End::Lost)))
            }
            (PostStatus::Failed | PostStatus::Cancelled, _) => self.last_look(post, &draft).await,
            (PostStatus::Pending | PostStatus::Processing, _) => {
                self.context.store.schedule_follow_up(post, None).await?;
                Ok(None)
            }
        }
    }

    /// Looks for the id, sends the comment, reads the address.
    async fn follow_up_published(
        &self,
        follow_up: &FollowUp,
        draft: &Draft,
    ) -> Result<Option<End>, StoreError> {
        let post = &follow_up.post;
        let Some(id) = &follow_up.external_id else {
            self.look_for_id(follow_up, draft).await?;
            return Ok(None);
        };
        if follow_up.permalink.is_none() {
            let receipt = Receipt { external_id: Some(id.clone()), ..Receipt::default() };
            self.reconciler.describe(post, draft, &receipt).await;
        }
        match &follow_up.comment {
            Some(comment) => self.comment(post, draft, id, comment).await?,
            None => self.context.store.schedule_follow_up(post, None).await?,
        }
        Ok(None)
    }

    /// Looks for the id of a post that is live under an unknown one: lists
    /// lag behind, by seconds or by minutes.
    async fn look_for_id(&self, follow_up: &FollowUp, draft: &Draft) -> Result<(), StoreError> {
        let post = &follow_up.post;
        let publisher = self.context.publishers.get(post.content.platform);
        for call in post.calls.iter().rev() {
            let Ok((receipt, proof)) = Proof::of(publisher.look_up(draft, call).await) else {
                continue;
            };
            if receipt.external_id.is_some()
                && self.reconciler.found(post, call, receipt, proof).await.is_ok()
                // It may be that of another job's post.
                && self.context.store.knows_id(post.post_id).await?
            {
                let comment = follow_up.comment.as_ref().map(|_| Duration::ZERO);
                return self.context.store.schedule_follow_up(post, comment).await;
            }
        }
        let next = match follow_up.published_for.as_secs() / 60 {
            0..5 => Some(Duration::from_secs(3 * 60)),
            5..15 => Some(Duration::from_secs(10 * 60)),
            _ if follow_up.comment.is_none() => None,
            15..1440 => Some(Duration::from_secs(60 * 60)),
            _ => {
                let why = "no_post_id: the post is live under an id that is not known";
                return self.context.store.fail_comment(post, why).await;
            }
        };
        self.context.store.schedule_follow_up(post, next).await
    }

    /// Looks once more at a post that was reported as not published: a refusal may
    /// have been a lie, and a state have lagged. Then removes what is left of it.
    async fn last_look(&self, post: &Job, draft: &Draft) -> Result<Option<End>, StoreError> {
        let publisher = self.context.publishers.get(post.content.platform);
        // What contradicts itself is not deleted.
        let mut is_clear = !post.calls.iter().any(|call| call.doubted || call.blind);
        let mut looks_again = false;
        let calls = post.newest_calls();
        for call in &calls {
            let (receipt, proof) = match Proof::of(publisher.look_up(draft, call).await) {
                Ok(seen) => seen,
                Err(Sighting::NotLive { .. } | Sighting::Dead(_)) => {
                    looks_again |= call.age < SEEN_BY;
                    continue;
                }
                Err(Sighting::NeverTells(_)) => {
                    is_clear = false;
                    continue;
                }
                Err(_) => return self.look_later(post, call).await,
            };
            match self.reconciler.found(post, call, receipt, proof).await {
                Ok(end) => return Ok(Some(end)),
                Err(failure) if failure.code == FailureCode::Anothers => {
                    looks_again |= call.age < SEEN_BY;
                }
                Err(_) => return self.look_later(post, call).await,
            }
        }
        if looks_again {
            let youngest = post.calls.iter().map(|call| call.age).min().unwrap_or_default();
            let rest = SEEN_BY.saturating_sub(youngest);
            self.context.store.schedule_follow_up(post, Some(rest)).await?;
            return Ok(None);
        }
        let ours = self.context.store.record_cleaned_up(&self.context.options.id, post).await?;
        if ours && is_clear {
            let staged = publisher.object(draft);
            let named = calls.iter().filter_map(|call| call.object.as_deref());
            let objects: BTreeSet<&str> = named.chain(staged.as_deref()).collect();
            for object in objects {
                publisher.discard(draft, object).await;
            }
        }
        Ok(None)
    }

    /// The last look decides nothing now.
    async fn look_later(&self, post: &Job, call: &Intent) -> Result<Option<End>, StoreError> {
        let again = (call.age < LAST_LOOK_BY).then_some(LATER);
        self.context.store.schedule_follow_up(post, again).await?;
        Ok(None)
    }

    /// Sends a comment that is owed, or finds out whether it is there.
    async fn comment(
        &self,
        post: &Job,
        draft: &Draft,
        post_id: &str,
        owed: &OwedComment,
    ) -> Result<(), StoreError> {
        let last = post.comment_calls.last();
        let end = match (owed.state, last) {
            (CommentState::Pending, None) => None,
            (CommentState::Pending, Some(call)) => {
                self.ask_before_commenting_again(post, draft, post_id, owed, call).await
            }
            // Its process died, or it got no answer.
            (_, Some(call)) => Some(self.look_for_comment(post, draft, post_id, owed, call).await),
            (_, None) => {
                let why = "a restored backup does not know whether its comment was sent";
                return self.context.store.fail_comment(post, why).await;
            }
        };
        match (end, last) {
            (Some(end), Some(call)) => {
                let turn = CommentTurn { intent: call.clone() };
                self.record_comment(post, &turn, &end).await
            }
            (None, _) | (_, None) => self.send_comment(post, draft, post_id, owed).await,
        }
    }

    async fn record_comment(
        &self,
        post: &Job,
        turn: &CommentTurn,
        end: &CommentEnd,
    ) -> Result<(), StoreError> {
        if let CommentEnd::Again(failure, _)
        | CommentEnd::Failed(failure)
        | CommentEnd::Unknown(failure, _) = end
        {
            tracing::warn!(post = %post.post_id, code = %failure.code, message = %failure.message,
                "the first comment was not confirmed");
            self.recorder.pause_or_go_on(post, failure).await;
            self.recorder.health.count_if_outage(post, failure).await;
        }
        self.context.store.record_comment(&self.context.options.id, post, turn, end).await
    }

    /// A refused comment may be there even so. `None`: it is not; send it again.
    async fn ask_before_commenting_again(
        &self,
        post: &Job,
        draft: &Draft,
        post_id: &str,
        owed: &OwedComment,
        call: &Intent,
    ) -> Option<CommentEnd> {
        let refused = |rest| {
            let message = "the comment is looked for before it is sent again";
            CommentEnd::Again(
                Failure::new(Remedy::Retry, FailureCode::CommentRefused, message),
                rest,
            )
        };
        if let Some(rest) = CALL_IS_OVER.checked_sub(call.age).filter(|rest| !rest.is_zero()) {
            return Some(refused(rest));
        }
        let publisher = self.context.publishers.get(post.content.platform);
        match publisher.find_comment(draft, post_id, &owed.text).await {
            Sighting::Live(receipt) | Sighting::Matched(receipt) => Some(CommentEnd::Sent(receipt)),
            Sighting::NotLive { after } if call.age < after => Some(refused(after - call.age)),
            Sighting::CannotTell(failure) => Some(match call.age < ASKED_FOR {
                true => CommentEnd::Again(failure, LATER),
                false => CommentEnd::Unknown(failure, None),
            }),
            _ => None,
        }
    }

    /// Looks for a comment whose call had no answer.
    async fn look_for_comment(
        &self,
        post: &Job,
        draft: &Draft,
        post_id: &str,
        owed: &OwedComment,
        call: &Intent,
    ) -> CommentEnd {
        let not_seen =
            || Failure::new(Remedy::Retry, FailureCode::NotSeen, "the comment is not listed");
        let publisher = self.context.publishers.get(post.content.platform);
        match publisher.find_comment(draft, post_id, &owed.text).await {
            Sighting::Live(receipt) | Sighting::Matched(receipt) => CommentEnd::Sent(receipt),
            Sighting::NotLive { after } if call.age < after => {
                CommentEnd::Unknown(not_seen(), Some(after - call.age))
            }
            Sighting::NotLive { .. } | Sighting::Dead(_) => {
                match post.comment_calls.len() < COMMENT_CALLS_MAX {
                    true => CommentEnd::Again(not_seen(), Duration::ZERO),
                    false => CommentEnd::Failed(not_seen()),
                }
            }
            Sighting::InProgress => CommentEnd::Unknown(not_seen(), Some(LATER)),
            Sighting::CannotTell(failure) => {
                CommentEnd::Unknown(failure, (call.age < ASKED_FOR).then_some(LATER))
            }
            Sighting::NeverTells(failure) => CommentEnd::Unknown(failure, None),
        }
    }

    async fn send_comment(
        &self,
        post: &Job,
        draft: &Draft,
        post_id: &str,
        owed: &OwedComment,
    ) -> Result<(), StoreError> {
        let began = Uptime::now();
        let Some(turn) = self.context.store.begin_comment(&self.context.options.id, post).await?
        else {
            return Ok(());
        };
        let clearance = Clearance::new(move || began.elapsed() < LEAVES_WITHIN);
        let cleared = Draft { clearance, ..draft.clone() };
        let publisher = self.context.publishers.get(post.content.platform);
        let end = match publisher.comment(&cleared, post_id, &owed.text).await {
            Answer::Published(receipt) | Answer::Matched(receipt) => CommentEnd::Sent(receipt),
            Answer::NotSent(failure) => CommentEnd::Again(failure.mark(NOT_SENT), COMMENT_LOOK),
            Answer::Unknown(failure) => CommentEnd::Unknown(failure, Some(COMMENT_LOOK)),
            // Its account is paused meanwhile.
            Answer::Refused(failure) if failure.asks_to_rest() => {
                CommentEnd::Again(failure, COMMENT_LOOK)
            }
            Answer::Refused(failure)
                if failure.remedy != Remedy::GiveUp
                    && post.comment_calls.len() + 1 < COMMENT_CALLS_MAX =>
            {
                CommentEnd::Again(failure, LATER)
            }
            Answer::Refused(failure) => {
                // Also a refusal for good may have come after the comment was made.
                match publisher.find_comment(draft, post_id, &owed.text).await {
                    Sighting::Live(receipt) | Sighting::Matched(receipt) => {
                        CommentEnd::Sent(receipt)
                    }
                    Sighting::CannotTell(_) | Sighting::InProgress => {
                        CommentEnd::Unknown(failure, Some(COMMENT_LOOK))
                    }
                    _ => CommentEnd::Failed(failure),
                }
            }
        };
        self.record_comment(post, &turn, &end).await
    }
}
