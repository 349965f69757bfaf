//! Evidence that a post is live (T5, T5L). It needs no fence: it is a fact,
//! whoever brings it and however late.

use std::time::Duration;

use crate::domain::{
    Intent, JobId, LogEvent, Outcome, PostId, PostStatus, Receipt, StepKind, WorkerId,
};

use super::db::{Row, Sql, Tx, sql};
use super::load::{HELD, OPEN_INTENT};
use super::log::{self, Entry};
use super::{Store, StoreError, restore, transaction};

/// Evidence about one publish call.
pub type Evidence = (JobId, PostId, Intent, Receipt);

impl Store {
    /// Records that posts are live (T5, T5L): the evidence always, and the
    /// state whatever it was before. For several posts in one commit.
    ///
    /// An answer to a call that no gate of this database has cleared for this
    /// worker settles nothing: the database was restored from a backup meanwhile,
    /// or somebody made the answer up. Its post is held, and looked up.
    ///
    /// # Errors
    /// The database is away: then call again, until it is written.
    pub async fn record_live(
        &self,
        worker: &WorkerId,
        evidence: &[Evidence],
    ) -> Result<Vec<Recorded>, StoreError> {
        transaction!(self, tx, {
            let mut recorded = Vec::with_capacity(evidence.len());
            for (job, post, intent, receipt) in evidence {
                recorded.push(match was_cleared(tx, worker, *job, intent).await? {
                    true => {
                        record_live(tx, Some(worker), *job, *post, intent, receipt).await?;
                        Recorded::Live
                    }
                    false => hold_stray(tx, *job, *post, intent, receipt).await?,
                });
            }
            recorded
        })
    }

    /// The same for a post that was matched by its text, if it is certainly not
    /// another one of ours; else nothing is recorded.
    ///
    /// # Errors
    /// The database is away.
    pub async fn record_matched(
        &self,
        worker: &WorkerId,
        (job, post, intent, receipt): &Evidence,
    ) -> Result<Recorded, StoreError> {
        transaction!(self, tx, {
            let state = lock(tx, *job).await?;
            if is_anothers(tx, &state, *post, receipt).await? {
                Recorded::Anothers
            } else if may_be_anothers(tx, &state, *post).await? {
                Recorded::Unclear
            } else if was_cleared(tx, worker, *job, intent).await? {
                record_live(tx, Some(worker), *job, *post, intent, receipt).await?;
                Recorded::Live
            } else {
                hold_stray(tx, *job, *post, intent, receipt).await?
            }
        })
    }
}

/// What became of evidence that a post is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    Live,
    /// Another post of ours has its id; nothing was recorded.
    Anothers,
    /// Another call for the same text on the same account has no answer yet;
    /// nothing was recorded.
    Unclear,
    /// No such call is known: its post is held as unknown.
    Stray,
}

/// Whether a gate of this database has cleared the call: for this worker, or for one
/// in whose stead it looks it up. Another history may have a call of the same key.
async fn was_cleared(
    tx: &mut Tx,
    worker: &WorkerId,
    job: JobId,
    intent: &Intent,
) -> Result<bool, StoreError> {
    let key = (intent.fence, intent.step_no);
    let Some((by, at)) = log::cleared_by(tx, job, key).await? else { return Ok(false) };
    if by == worker.as_str() || at == intent.at {
        return Ok(true);
    }
    // Who looks it up owns the job now, or it is held and nobody owns it.
    let owned = sql("SELECT COUNT(*) FROM post_schedule
                      WHERE id = ? AND (status <> 'processing' OR worker_id = ?)");
    Ok(tx.count(owned.id(job.uuid()).text(worker.as_str())).await? > 0)
}

/// Holds a post of which an answer came to a call that is not known.
async fn hold_stray(
    tx: &mut Tx,
    job: JobId,
    post: PostId,
    intent: &Intent,
    receipt: &Receipt,
) -> Result<Recorded, StoreError> {
    let state = lock(tx, job).await?;
    if state.word::<PostStatus>("status")? == PostStatus::Published {
        return Ok(Recorded::Stray);
    }
    let message = "may be live: an answer to a publish call came that this database does not know";
    let object = receipt.external_id.as_deref();
    restore::hold(tx, (job, post), intent.fence, object, message).await?;
    Ok(Recorded::Stray)
}

/// Locks the two rows of a job.
async fn lock(tx: &mut Tx, job: JobId) -> Result<Row, StoreError> {
    tx.first(
        sql("SELECT d.status AS status, d.platform AS platform, s.fence AS fence,
                    d.external_post_id AS external_post_id, d.caption AS caption,
                    d.social_account_id AS account_id
               FROM post_schedule s JOIN post_details d ON d.id = s.post_detail_id
              WHERE s.id = ? {lock s, d}")
        .id(job.uuid()),
    )
    .await?
    .ok_or(StoreError::RowsChanged { what: "record evidence", expected: 1, actual: 0 })
}

/// Whether the id at the platform is that of another post of ours.
async fn is_anothers(
    tx: &mut Tx,
    state: &Row,
    post: PostId,
    receipt: &Receipt,
) -> Result<bool, StoreError> {
    let Some(id) = &receipt.external_id else { return Ok(false) };
    let others = tx
        .count(
            sql("SELECT COUNT(*) FROM post_details
                  WHERE platform = ? AND external_post_id = ? AND id <> ?")
            .text(state.text("platform")?)
            .text(id.clone())
            .id(post.uuid()),
        )
        .await?;
    Ok(others > 0)
}

/// Whether another post with the same text may be what was found: its publish
/// call has no answer yet, or never will.
async fn may_be_anothers(tx: &mut Tx, state: &Row, post: PostId) -> Result<bool, StoreError> {
    let account = state.id("account_id")?;
    let caption = state.opt_text("caption")?.unwrap_or_default();
    let open = format!(
        "post_schedule s {{open index}} {{then}} post_details d
          WHERE d.id = s.post_detail_id AND {{open s}} AND {OPEN_INTENT}"
    );
    for posts in [open, format!("post_details d WHERE {HELD}")] {
        let same = sql(format!("SELECT COUNT(*) FROM {posts}"))
            .and(" AND d.social_account_id = ? AND d.caption = ? AND d.id <> ?")
            .id(account)
            .text(caption.clone())
            .id(post.uuid());
        if tx.count(same).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// When the id of a post is looked for that is live under an unknown one.
const FIRST_LOOK_FOR_ID: Duration = Duration::from_secs(2 * 60);

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
    let state = lock(tx, job).await?;
    let mut receipt = receipt.clone();
    if is_anothers(tx, &state, post, &receipt).await? {
        // Live, but under an id we do not know.
        let id = receipt.external_id.take().unwrap_or_default();
        receipt.evidence = Some(format!("the platform named {id}, which is another post"));
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
    // A successor that claimed it meanwhile loses it by the higher fence. A comment
    // whose state is known already may be there since before a restoration.
    let fence = match state.int("fence")? {
        same if same == intent.fence.0 => same,
        other => other.max(intent.fence.0) + 1,
    };
    tx.execute_one("end published job", done_job(job, fence)).await?;
    tx.execute_one(
        "publish post",
        sql("UPDATE post_details
                SET status = 'published', outcome = ?, external_post_id = ?, permalink = ?,
                    published_at = {now}, error_code = NULL, error_message = NULL, leftovers = 0,
                    first_comment_state = CASE WHEN first_comment IS NULL OR first_comment = ''
                                               THEN NULL
                                               ELSE COALESCE(first_comment_state, 'pending') END,
                    follow_up_at = CASE WHEN first_comment IS NULL OR first_comment = ''
                                        THEN CASE WHEN ? = 1 THEN {now+ms} END
                                        ELSE {now} END,
                    updated_at = {now},
                    attempts = (SELECT attempts FROM post_schedule
                                 WHERE post_detail_id = post_details.id)
              WHERE id = ? AND status <> 'published'")
        .text(Outcome::Published.as_str())
        .opt_text(receipt.external_id.clone())
        .opt_text(receipt.permalink.clone())
        // Its id may be listed soon.
        .int(receipt.external_id.is_none())
        .after(FIRST_LOOK_FOR_ID)
        .id(post.uuid()),
    )
    .await
}

fn done_job(job: JobId, fence: i64) -> Sql {
    sql("UPDATE post_schedule
            SET status = 'done', lease_until = NULL, locked_at = NULL, next_attempt_at = NULL,
                error_message = NULL, fence = ?, updated_at = {now}
          WHERE id = ?")
    .int(fence)
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
