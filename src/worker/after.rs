//! What follows a published or ended post: its address, its first comment,
//! and the removal of invisible leftovers. Nothing here can change a post's state.

use crate::domain::{Answer, Claim, CommentState, Draft, Failure, Receipt, Remedy};
use crate::store::{OwedComment, StoreError};

use super::Shared;

/// Comments and clean-ups handled per round.
const PER_ROUND: u32 = 5;

impl Shared {
    /// Reads and stores the address of a live post. Best effort.
    pub(super) async fn describe(&self, claim: &Claim, draft: Draft, receipt: &Receipt) {
        if receipt.permalink.is_some() {
            return;
        }
        let publisher = self.publishers.get(claim.content.platform);
        if let Some(permalink) = publisher.permalink(&draft, receipt).await
            && let Err(error) = self.store.record_permalink(claim.post_id, &permalink).await
        {
            tracing::warn!(post = %claim.post_id, %error, "the address was not stored");
        }
    }

    /// Sends owed first comments and deletes leftovers of ended posts.
    pub(super) async fn clean_up(&self) -> Result<(), StoreError> {
        let only = &self.options.only;
        for comment in self.store.owed_comments(only, PER_ROUND).await? {
            self.comment(&comment).await?;
        }
        for claim in self.store.take_leftovers(&self.options.id, only, PER_ROUND).await? {
            if let Ok(draft) = self.draft(&claim) {
                self.publishers.get(claim.content.platform).discard(&draft).await;
            }
        }
        Ok(())
    }

    async fn comment(&self, owed: &OwedComment) -> Result<(), StoreError> {
        let draft = match self.draft(&owed.post) {
            Ok(draft) => draft,
            // It stays owed. Its account rests as for a post, or this comment
            // would be met again and again, before those of other accounts.
            Err(failure) => return self.rest_if_asked(&owed.post, &failure).await,
        };
        let Some(turn) = self.store.begin_comment(&self.options.id, owed).await? else {
            return Ok(());
        };
        let publisher = self.publishers.get(owed.post.content.platform);
        let answer = match &owed.post_external_id {
            Some(id) => publisher.comment(&draft, id, &owed.text).await,
            None => Answer::Refused(Failure::new(
                Remedy::GiveUp,
                "no_post_id",
                "the post is live under an id that we were not told",
            )),
        };
        let result = match answer {
            Answer::Published(receipt) | Answer::Found(receipt) => Ok(receipt),
            Answer::Refused(failure) => Err((CommentState::Failed, failure)),
            Answer::Unknown(failure) => Err((CommentState::Unknown, failure)),
        };
        if let Err((state, failure)) = &result {
            tracing::warn!(post = %owed.post.post_id, %state, code = %failure.code,
                message = %failure.message, "the first comment was not confirmed");
        }
        self.store.record_comment(&self.options.id, owed, turn, &result).await
    }
}
