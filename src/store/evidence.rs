//! Evidence that a post is live (T5, T5L). It needs no fence: it is a fact,
//! whoever brings it and however late.

use crate::domain::{
    Intent, JobId, LogEvent, Outcome, PostId, PostStatus, Receipt, StepKind, WorkerId,
};

use super::db::{Sql, Tx, sql};
use super::log::{self, Entry};
use super::{Store, StoreError, transaction};

impl Store {
    /// Records that posts are live (T5, T5L): the evidence always, and the
    /// state whatever it was before. For several posts in one commit.
    ///
    /// # Errors
    /// The database is away: then call again, until it is written.
    pub async fn record_live(
        &self,
        worker: &WorkerId,
        evidence: &[(JobId, PostId, Intent, Receipt)],
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            for (job, post, intent, receipt) in evidence {
                record_live(tx, Some(worker), *job, *post, intent, receipt).await?;
            }
        })
    }
}

/// Writes evidence and makes the state agree with it, from whatever state.
pub(super) async fn record_live(
    tx: &mut Tx,
    worker: Option<&WorkerId>,
    job: JobId,
    post: PostId,
    intent: &Intent,
    receipt: &Receipt,
) -> Result<(), StoreError> {
    let key = (intent.fence, intent.step_no);
    let state = tx
        .first(
            sql("SELECT d.status AS status, d.platform AS platform, s.fence AS fence,
                        d.external_post_id AS external_post_id
                   FROM post_schedule s JOIN post_details d ON d.id = s.post_detail_id
                  WHERE s.id = ? {lock s, d}")
            .id(job.uuid()),
        )
        .await?
        .ok_or(StoreError::RowsChanged { what: "record evidence", expected: 1, actual: 0 })?;
    let mut receipt = receipt.clone();
    if let Some(id) = &receipt.external_id {
        let taken = tx
            .count(
                sql("SELECT COUNT(*) FROM post_details
                      WHERE platform = ? AND external_post_id = ? AND id <> ?")
                .text(state.text("platform")?)
                .text(id.clone())
                .id(post.uuid()),
            )
            .await?;
        if taken > 0 {
            // Another post of ours carries that id: live, but under an id we do not know.
            receipt.evidence = Some(format!("the platform named {id}, which is another post"));
            receipt.external_id = None;
        }
    }
    let mut entry = Entry::new(job, key, StepKind::Publish, LogEvent::Ok).receipt(&receipt);
    entry.worker = worker;
    entry.append(tx).await?;
    let status: PostStatus = state.word("status")?;
    if status == PostStatus::Published {
        if let Some(id) = &receipt.external_id {
            log::fill_in_id(tx, job, key, id).await?;
        }
        return fill_in(tx, post, &receipt).await;
    }
    // A successor that claimed it meanwhile loses it by the higher fence.
    let stale = i64::from(state.int("fence")? != intent.fence.0);
    tx.execute_one("end published job", done_job(job, stale)).await?;
    tx.execute_one(
        "publish post",
        sql("UPDATE post_details
                SET status = 'published', outcome = ?, external_post_id = ?, permalink = ?,
                    published_at = {now}, error_code = NULL, error_message = NULL, leftovers = 0,
                    first_comment_state = CASE WHEN first_comment IS NULL OR first_comment = ''
                                               THEN NULL ELSE 'pending' END,
                    updated_at = {now},
                    attempts = (SELECT attempts FROM post_schedule
                                 WHERE post_detail_id = post_details.id)
              WHERE id = ? AND status <> 'published'")
        .text(Outcome::Published.as_str())
        .opt_text(receipt.external_id.clone())
        .opt_text(receipt.permalink.clone())
        .id(post.uuid()),
    )
    .await
}

fn done_job(job: JobId, fence_step: i64) -> Sql {
    sql("UPDATE post_schedule
            SET status = 'done', lease_until = NULL, locked_at = NULL, next_attempt_at = NULL,
                error_message = NULL, fence = fence + ?, updated_at = {now}
          WHERE id = ?")
    .int(fence_step)
    .id(job.uuid())
}

/// Adds what was not known when the post was first recorded as live.
async fn fill_in(tx: &mut Tx, post: PostId, receipt: &Receipt) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE post_details
                SET external_post_id = COALESCE(external_post_id, ?),
                    permalink = COALESCE(permalink, ?), updated_at = {now}
              WHERE id = ? AND status = 'published'")
        .opt_text(receipt.external_id.clone())
        .opt_text(receipt.permalink.clone())
        .id(post.uuid()),
    )
    .await?;
    Ok(())
}
