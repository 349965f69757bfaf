//! Work owed after a post has ended: first comments to send, and invisible
//! leftovers to delete. Neither can change the post's state.

use std::time::Duration;

use crate::domain::{
    Claim, CommentState, Failure, Fence, JobId, LogEvent, Only, PostId, Receipt, StepKind, WorkerId,
};

use super::claim::{Claimed, load_claims};
use super::db::{Sql, Tx, sql};
use super::load::{self, RESTS};
use super::log::{self, Entry};
use super::{Store, StoreError, nameless, settle, transaction};

/// Owed comments; those of an account that rests wait. Both open states are
/// named for the small index of them.
fn comments_query(which: &Only) -> Sql {
    let query = format!(
        "SELECT s.id AS job_id, d.id AS post_id, s.fence AS fence,
                d.external_post_id AS external_post_id, d.first_comment AS first_comment
           FROM post_details d {{by post_details_comments}}
           JOIN post_schedule s ON s.post_detail_id = d.id
          WHERE d.first_comment_state IN ('pending', 'sending')
            AND d.first_comment_state = 'pending'
            AND d.status = 'published' AND NOT {RESTS}"
    );
    load::only(sql(query), which)
}

fn leftovers_query(which: &Only) -> Sql {
    let query = sql("SELECT s.id AS job_id, d.id AS post_id, s.fence AS fence
           FROM post_details d {by post_details_leftovers}
           JOIN post_schedule s ON s.post_detail_id = d.id
          WHERE d.leftovers = 1 AND d.status IN ('cancelled', 'failed')");
    load::only(query, which)
}

/// A comment that has been on its way this long will get no answer any more.
const SENDING_MAX: Duration = Duration::from_secs(10 * 60);

/// Comments on their way for too long.
const LOST: &str = "first_comment_state IN ('pending', 'sending')
       AND first_comment_state = 'sending' AND updated_at < {now+ms}";

fn lost_query() -> Sql {
    sql(format!("SELECT id FROM post_details WHERE {LOST} LIMIT 1")).before(SENDING_MAX)
}

/// What is looked for whenever a worker looks around.
#[cfg(test)]
pub(super) fn queries(which: &Only) -> [Sql; 3] {
    let first = |query: Sql| query.and(" LIMIT 1");
    [first(comments_query(which)), first(leftovers_query(which)), lost_query()]
}

/// A first comment below a published post.
#[derive(Debug, Clone)]
pub struct OwedComment {
    /// The post's rows; it is not a claim on its job, which is done.
    pub post: Claim,
    /// The post's id at the platform; `None` when we were not told.
    pub post_external_id: Option<String>,
    pub text: String,
}

/// The right to send one comment, once.
#[derive(Debug, Clone, Copy)]
pub struct CommentTurn {
    step_no: i32,
}

impl Store {
    /// Whether comments or clean-ups are owed.
    ///
    /// # Errors
    /// The database is away.
    pub async fn owes_clean_up(&self, which: &Only) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let comments = tx.first(comments_query(which).and(" LIMIT 1")).await?;
        let leftovers = tx.first(leftovers_query(which).and(" LIMIT 1")).await?;
        Ok(comments.is_some() || leftovers.is_some())
    }

    /// The comments owed below published posts, oldest post first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn owed_comments(
        &self,
        which: &Only,
        limit: u32,
    ) -> Result<Vec<OwedComment>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let query = comments_query(which).and(" ORDER BY d.published_at, d.id LIMIT ?").int(limit);
        let (mut owed, mut unreadable) = (Vec::new(), Vec::new());
        for row in tx.all(query).await? {
            let Some((job, post)) = nameless::ids(&row) else { continue };
            let key = (job, post, Fence(row.int("fence")?));
            match load_claims(&mut tx, &[key]).await?.pop() {
                Some(Claimed::Job(claim)) => owed.push(OwedComment {
                    post: *claim,
                    post_external_id: row.opt_text("external_post_id")?,
                    text: row.text("first_comment")?,
                }),
                Some(Claimed::Unreadable { why, .. }) => unreadable.push((post, why)),
                None => {}
            }
        }
        drop(tx);
        for (post, why) in unreadable {
            if self.fail_comment(post).await? {
                tracing::warn!(%post, "its first comment is not sent: {why}");
            }
        }
        Ok(owed)
    }

    /// Gives up on a comment whose post cannot be read any more: it would be
    /// met for ever. `false`: somebody else did so.
    async fn fail_comment(&self, post: PostId) -> Result<bool, StoreError> {
        transaction!(self, tx, { leave_pending(tx, post, "failed").await? })
    }

    /// Marks a comment as being sent before anybody sends it, so that no two
    /// processes do. `None`: another one has it. One whose process dies in
    /// between stays marked and is not sent again.
    ///
    /// # Errors
    /// The database is away; then it is not to be sent.
    pub async fn begin_comment(
        &self,
        worker: &WorkerId,
        comment: &OwedComment,
    ) -> Result<Option<CommentTurn>, StoreError> {
        let Claim { job_id, post_id, fence, .. } = comment.post;
        transaction!(self, tx, {
            if leave_pending(tx, post_id, "sending").await? {
                let step_no = log::next_step(tx, job_id, fence).await?;
                Entry::new(job_id, (fence, step_no), StepKind::After, LogEvent::Intent)
                    .worker(worker)
                    .step("first-comment")
                    .append(tx)
                    .await?;
                Some(CommentTurn { step_no })
            } else {
                None
            }
        })
    }

    /// Gives up on comments whose process died while it sent them: nobody
    /// knows whether they are there.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_lost_comments(&self) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let found = tx.first(lost_query()).await?;
        drop(tx);
        if found.is_none() {
            return Ok(());
        }
        transaction!(self, tx, {
            tx.execute(
                sql(format!(
                    "UPDATE post_details SET first_comment_state = 'unknown' WHERE {LOST}"
                ))
                .before(SENDING_MAX),
            )
            .await?;
        })
    }

    /// Records what became of a comment, also of one that had been given up.
    ///
    /// # Errors
    /// The database is away; the comment then stays marked as being sent.
    pub async fn record_comment(
        &self,
        worker: &WorkerId,
        comment: &OwedComment,
        turn: CommentTurn,
        result: &Result<Receipt, (CommentState, Failure)>,
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            let key = (comment.post.fence, turn.step_no);
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
                      WHERE id = ? AND first_comment_state IN ('sending', 'unknown')")
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
        which: &Only,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        transaction!(self, tx, {
            let mut taken = Vec::new();
            let query = leftovers_query(which)
                // Another worker's are left to it.
                .and(" ORDER BY d.updated_at, d.id LIMIT ? {skip locked s, d}")
                .int(limit);
            for row in tx.all(query).await? {
                let Some((job, post)) = nameless::ids(&row) else { continue };
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

/// Moves a comment that nobody has sent yet to another state. `false`: it is in
/// another one already.
async fn leave_pending(tx: &mut Tx, post: PostId, state: &str) -> Result<bool, StoreError> {
    let rows = tx
        .execute(
            sql("UPDATE post_details SET first_comment_state = ?, updated_at = {now}
                  WHERE id = ? AND first_comment_state = 'pending'")
            .text(state)
            .id(post.uuid()),
        )
        .await?;
    Ok(rows == 1)
}
