//! Work owed after a post has ended: first comments to send, and invisible
//! leftovers to delete. Neither can change the post's state.

use crate::domain::{
    Claim, CommentState, Failure, Fence, JobId, LogEvent, PostId, Receipt, StepKind, WorkerId,
};

use super::claim::{Claimed, load_claims};
use super::db::{Tx, sql};
use super::log::{self, Entry};
use super::{Store, StoreError, settle, transaction};

const OWED_COMMENTS: &str = "
    SELECT s.id AS job_id, d.id AS post_id, s.fence AS fence,
           d.external_post_id AS external_post_id, d.first_comment AS first_comment
      FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
     WHERE d.first_comment_state = 'pending' AND d.status = 'published'
       AND d.external_post_id IS NOT NULL
     ORDER BY d.published_at, d.id LIMIT ?";

const LEFTOVERS: &str = "
    SELECT s.id AS job_id, d.id AS post_id, s.fence AS fence
      FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
     WHERE d.leftovers = 1 AND d.status IN ('cancelled', 'failed')
     ORDER BY d.updated_at, d.id LIMIT ?";

/// A first comment this process alone may now send, once.
#[derive(Debug, Clone)]
pub struct OwedComment {
    /// The post's rows; it is not a claim on its job, which is done.
    pub post: Claim,
    /// The post's id at the platform.
    pub post_external_id: String,
    pub text: String,
    step_no: i32,
}

impl Store {
    /// Whether comments or clean-ups are owed.
    ///
    /// # Errors
    /// The database is away.
    pub async fn owes_clean_up(&self) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let comments = tx.first(sql(OWED_COMMENTS).int(1)).await?;
        let leftovers = tx.first(sql(LEFTOVERS).int(1)).await?;
        Ok(comments.is_some() || leftovers.is_some())
    }

    /// Takes comments owed below published posts: each is marked as being
    /// sent before anybody sends it, so that no process sends it twice. One
    /// whose process dies in between stays marked and is not sent again.
    ///
    /// # Errors
    /// The database is away; then nothing was taken.
    pub async fn take_comments(
        &self,
        worker: &WorkerId,
        limit: u32,
    ) -> Result<Vec<OwedComment>, StoreError> {
        transaction!(self, tx, {
            let mut owed = Vec::new();
            for row in tx.all(sql(OWED_COMMENTS).int(limit)).await? {
                let job = JobId::from_uuid(row.id("job_id")?);
                let post = PostId::from_uuid(row.id("post_id")?);
                let fence = Fence(row.int("fence")?);
                tx.execute_one("take comment", move_comment(post, "pending", "sending")).await?;
                let step_no = log::next_step(tx, job, fence).await?;
                Entry::new(job, (fence, step_no), StepKind::After, LogEvent::Intent)
                    .worker(worker)
                    .step("first-comment")
                    .append(tx)
                    .await?;
                let Some(Claimed::Job(claim)) = load_claims(tx, &[(job, post, fence)]).await?.pop()
                else {
                    continue;
                };
                owed.push(OwedComment {
                    post: *claim,
                    post_external_id: row.text("external_post_id")?,
                    text: row.text("first_comment")?,
                    step_no,
                });
            }
            owed
        })
    }

    /// Records what became of a comment.
    ///
    /// # Errors
    /// The database is away; the comment then stays marked as being sent.
    pub async fn record_comment(
        &self,
        worker: &WorkerId,
        comment: &OwedComment,
        result: &Result<Receipt, (CommentState, Failure)>,
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            let key = (comment.post.fence, comment.step_no);
            let (state, event) = match result {
                Ok(_) => (CommentState::Sent, LogEvent::Ok),
                Err((CommentState::Unknown, _)) => (CommentState::Unknown, LogEvent::Unknown),
                Err((state, _)) => (*state, LogEvent::Refused),
            };
            let entry = Entry::new(comment.post.job_id, key, StepKind::After, event)
                .worker(worker)
                .step("first-comment");
            let (entry, id) = match result {
                Ok(receipt) => (entry.receipt(receipt), receipt.external_id.clone()),
                Err((_, failure)) => (entry.failure(failure), None),
            };
            entry.append(tx).await?;
            tx.execute_one(
                "record comment",
                sql("UPDATE post_details
                        SET first_comment_state = ?, first_comment_id = ?, updated_at = {now}
                      WHERE id = ? AND first_comment_state = 'sending'")
                .text(state.as_str())
                .opt_text(id)
                .id(comment.post.post_id.uuid()),
            )
            .await?;
        })
    }

    /// Adds the address of a live post, when it was not known before.
    ///
    /// # Errors
    /// The database is away.
    pub async fn record_permalink(&self, post: PostId, permalink: &str) -> Result<(), StoreError> {
        transaction!(self, tx, {
            tx.execute(
                sql("UPDATE post_details SET permalink = ?, updated_at = {now}
                      WHERE id = ? AND status = 'published' AND permalink IS NULL")
                .text(permalink)
                .id(post.uuid()),
            )
            .await?;
        })
    }

    /// Takes ended posts whose invisible objects are to be deleted at the
    /// platform. Best effort: taken once, and from then on those objects
    /// count as gone.
    ///
    /// # Errors
    /// The database is away; then nothing was taken.
    pub async fn take_leftovers(
        &self,
        worker: &WorkerId,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        transaction!(self, tx, {
            let mut taken = Vec::new();
            for row in tx.all(sql(LEFTOVERS).int(limit)).await? {
                let job = JobId::from_uuid(row.id("job_id")?);
                let post = PostId::from_uuid(row.id("post_id")?);
                let fence = Fence(row.int("fence")?);
                let claims = load_claims(tx, &[(job, post, fence)]).await?;
                forget_leftovers(tx, worker, job, post, fence).await?;
                if let Some(Claimed::Job(claim)) = claims.into_iter().next() {
                    taken.push(*claim);
                }
            }
            taken
        })
    }
}

fn move_comment(post: PostId, from: &'static str, to: &'static str) -> super::db::Sql {
    sql("UPDATE post_details SET first_comment_state = ?, updated_at = {now}
          WHERE id = ? AND first_comment_state = ?")
    .text(to)
    .id(post.uuid())
    .text(from)
}

async fn forget_leftovers(
    tx: &mut Tx,
    worker: &WorkerId,
    job: JobId,
    post: PostId,
    fence: Fence,
) -> Result<(), StoreError> {
    tx.execute_one(
        "take leftovers",
        sql("UPDATE post_details SET leftovers = 0 WHERE id = ? AND leftovers = 1").id(post.uuid()),
    )
    .await?;
    settle::restage_mark(tx, Some(worker), job, fence).await
}
