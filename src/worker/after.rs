//! What follows a published or ended post: its address, its first comment,
//! and the removal of invisible leftovers. Nothing here can change a post's state.

use crate::domain::{Answer, Claim, CommentState, Draft, Receipt};
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
        for comment in self.store.take_comments(&self.options.id, PER_ROUND).await? {
            self.comment(&comment).await?;
        }
        for claim in self.store.take_leftovers(&self.options.id, PER_ROUND).await? {
            if let Ok(draft) = self.draft(&claim) {
                self.publishers.get(claim.content.platform).discard(&draft).await;
            }
        }
        Ok(())
    }

    /// Whether there is such work.
    pub(super) async fn owes_clean_up(&self) -> Result<bool, StoreError> {
        self.store.owes_clean_up().await
    }

    async fn comment(&self, owed: &OwedComment) -> Result<(), StoreError> {
        let publisher = self.publishers.get(owed.post.content.platform);
        let result = match self.draft(&owed.post) {
            Err(failure) => Err((CommentState::Failed, failure)),
            Ok(draft) => {
                match publisher.comment(&draft, &owed.post_external_id, &owed.text).await {
                    Answer::Published(receipt) => Ok(receipt),
                    Answer::Refused(failure) => Err((CommentState::Failed, failure)),
                    Answer::Unknown(failure) => Err((CommentState::Unknown, failure)),
                }
            }
        };
        if let Err((state, failure)) = &result {
            tracing::warn!(post = %owed.post.post_id, %state, code = %failure.code,
                message = %failure.message, "the first comment was not confirmed");
        }
        self.store.record_comment(&self.options.id, owed, &result).await
    }
}
