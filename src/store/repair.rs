//! Posts that another program ended without their job (T1c): the old scheduler
//! writes the two in two steps and may die in between, and its users know only
//! the post.

use std::time::Duration;

use crate::domain::{JobId, PostId, PostStatus};

use super::db::{Engine, Row, Sql, Tx, sql};
use super::load::{BEYOND_TIME, FOREIGN_LOCK, OPEN_INTENT};
use super::nameless::COLUMNS;
use super::{Store, StoreError, nameless, transaction};

impl Store {
    /// Ends jobs as their posts were ended. What a worker may still be at is
    /// left alone. A post that was ended while its publish call is
    /// open goes back to processing with the wish to cancel it: that call is
    /// looked up, and never sent again. `due_within` leaves out jobs of a later
    /// time, of which there may be very many.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn repair_halves(
        &self,
        due_within: Option<Duration>,
        dry_run: bool,
    ) -> Result<Vec<PostId>, StoreError> {
        let found = self.pool.begin_read().await?.all(halves_query(due_within, "")).await?;
        if found.is_empty() || dry_run {
            return Ok(found.iter().filter_map(nameless::ids).map(|(_, post)| post).collect());
        }
        transaction!(self, tx, {
            let mut repaired = Vec::new();
            let query = halves_query(due_within, "{skip locked s, d}");
            for row in nameless::without(tx, query).await? {
                let (job, post) = (row.job("job_id")?, row.post("post_id")?);
                repair(tx, &row, job, post).await?;
                repaired.push(post);
            }
            repaired
        })
    }
}

impl Store {
    /// Makes media that is no JSON a JSON string, in rows of open jobs, and
    /// tells of which posts. MariaDB refuses every change of a row whose media
    /// got past its check, so that one such row would keep all jobs beside it
    /// from being claimed; afterwards it ends like any unreadable row. Nowhere
    /// else can such a row be, or does it stand in the way.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn quote_broken_media(&self) -> Result<Vec<PostId>, StoreError> {
        if self.location.engine() != Engine::MySql {
            return Ok(Vec::new());
        }
        transaction!(self, tx, {
            let broken = tx
                .all(sql("SELECT d.id AS post_id
                            FROM post_schedule s {open index} {then} post_details d
                           WHERE d.id = s.post_detail_id AND {open s}
                             AND JSON_VALID(d.media) = 0 ORDER BY s.run_at, s.id LIMIT 500"))
                .await?;
            let mut quoted = Vec::new();
            for row in &broken {
                let post = row.post("post_id")?;
                // No row: another worker was first, and it is mended all the same.
                tx.execute(
                    sql("UPDATE post_details SET media = JSON_QUOTE(media)
                          WHERE id = ? AND JSON_VALID(media) = 0")
                    .id(post.uuid()),
                )
                .await?;
                quoted.push(post);
            }
            quoted
        })
    }
}

pub(super) fn halves_query(due_within: Option<Duration>, tail: &str) -> Sql {
    let query = sql(format!(
        "SELECT {COLUMNS}, d.status AS status,
                CASE WHEN {OPEN_INTENT} THEN 1 ELSE 0 END AS is_open
           FROM post_schedule s {{open index}} {{then}} post_details d
          WHERE d.id = s.post_detail_id AND {{open s}}
            AND d.status IN ('published', 'failed', 'cancelled')
            AND (s.status = 'pending' OR s.lease_until < {{now}} OR s.lease_until {BEYOND_TIME}
                 OR (s.lease_until IS NULL
                     AND (s.locked_at < {{now+ms}} OR s.locked_at {BEYOND_TIME})))"
    ))
    .before(FOREIGN_LOCK);
    let query = match due_within {
        Some(ahead) => query.and(" AND s.run_at <= {now+ms}").after(ahead),
        None => query,
    };
    query.and(" ORDER BY s.run_at, s.id LIMIT 500 ").and(tail)
}

async fn repair(tx: &mut Tx, row: &Row, job: JobId, post: PostId) -> Result<(), StoreError> {
    let open = row.flag("is_open")?;
    match row.word("status")? {
        // Not ended: such rows are not selected.
        PostStatus::Pending | PostStatus::Processing => Ok(()),
        PostStatus::Published => end(tx, job, "done").await,
        PostStatus::Cancelled if !open => end(tx, job, "done").await,
        PostStatus::Failed if !open => {
            tx.execute(
                sql("UPDATE post_details SET outcome = COALESCE(outcome, 'not_published')
                      WHERE id = ?")
                .id(post.uuid()),
            )
            .await?;
            end(tx, job, "failed").await
        }
        PostStatus::Cancelled | PostStatus::Failed => {
            tx.execute_one(
                "reopen post for its look-up",
                sql("UPDATE post_details
                        SET status = 'processing', outcome = NULL, updated_at = {now},
                            cancel_requested_at = COALESCE(cancel_requested_at, {now})
                      WHERE id = ? AND status IN ('cancelled', 'failed')")
                .id(post.uuid()),
            )
            .await?;
            abandon(tx, job).await
        }
    }
}

async fn end(tx: &mut Tx, job: JobId, status: &'static str) -> Result<(), StoreError> {
    tx.execute_one(
        "end job with its post",
        sql("UPDATE post_schedule
                SET status = ?, next_attempt_at = NULL, locked_at = NULL, lease_until = NULL,
                    worker_id = NULL, updated_at = {now}
              WHERE id = ? AND {open}")
        .text(status)
        .id(job.uuid()),
    )
    .await
}

/// Makes a job look as if its worker had died: its lease is over.
async fn abandon(tx: &mut Tx, job: JobId) -> Result<(), StoreError> {
    tx.execute_one(
        "abandon job",
        sql("UPDATE post_schedule
                SET status = 'processing', next_attempt_at = NULL,
                    worker_id = COALESCE(worker_id, 'another program'),
                    locked_at = COALESCE(locked_at, {now}),
                    lease_until = COALESCE(locked_at, {now}),
                    attempts = CASE WHEN attempts < 1 THEN 1 ELSE attempts END,
                    updated_at = {now}
              WHERE id = ? AND {open}")
        .id(job.uuid()),
    )
    .await
}
