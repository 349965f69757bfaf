//! After a backup was restored: everything that was done since it was taken is
//! unknown here, and may be live.

use chrono::{DateTime, Utc};

use crate::domain::{Fence, JobId, LogEvent, PostId, StepKind};

use super::db::{Row, Sql, Tx, sql};
use super::log::{self, Entry};
use super::nameless::COLUMNS;
use super::{Store, StoreError, claim, nameless, transaction};

/// What is known to have been written last.
const TRACES: &[&str] = &[
    "SELECT MAX(at) AS at FROM publish_log",
    "SELECT MAX(updated_at) AS at FROM post_details",
    "SELECT MAX(updated_at) AS at FROM post_schedule",
    "SELECT MAX(updated_at) AS at FROM meta_social_accounts",
    "SELECT MAX(beat_at) AS at FROM workers",
];

/// Posts held per step of the transaction.
const BATCH: i64 = 500;

/// What was done after a backup was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Posts that are held as unknown now.
    pub held: Vec<PostId>,
    /// First comments that will not be sent any more.
    pub comments: u64,
    /// Ended posts whose invisible leftovers will not be deleted any more.
    pub leftovers: u64,
}

impl Store {
    /// When this database was last written to, as far as it tells itself: the
    /// backup that it was restored from is not older. `None`: it holds nothing.
    ///
    /// # Errors
    /// The database is away.
    pub async fn newest_trace(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        newest_trace(&mut tx).await
    }

    /// The posts that may have gone out after the backup was taken: all open
    /// ones whose time has come.
    ///
    /// # Errors
    /// The database is away.
    pub async fn may_have_gone_out(&self) -> Result<Vec<PostId>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let rows = tx.all(may_have_gone_out("")).await?;
        Ok(rows.iter().filter_map(nameless::ids).map(|(_, post)| post).collect())
    }

    /// Holds those posts for a person, each with an open intent that no object
    /// of ours can refute. Comments that may have been sent are not sent again,
    /// and nothing is deleted that may be live by now. All or nothing.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn hold_after_restore(&self) -> Result<Restored, StoreError> {
        transaction!(self, tx, {
            let newest = newest_trace(tx).await?;
            let mut restored = Restored::default();
            loop {
                let batch = may_have_gone_out(" LIMIT ? {lock s, d}").int(BATCH);
                let rows = nameless::without(tx, batch).await?;
                if rows.is_empty() {
                    break;
                }
                for row in &rows {
                    restored.held.push(hold_open(tx, row, newest).await?);
                }
            }
            restored.comments = tx
                .execute(sql("UPDATE post_details
                                 SET first_comment_state = 'unknown', updated_at = {now}
                               WHERE first_comment_state IN ('pending', 'sending')"))
                .await?;
            restored.leftovers = tx
                .execute(sql("UPDATE post_details
                                 SET leftovers = 0, follow_up_at = NULL, updated_at = {now}
                               WHERE leftovers = 1"))
                .await?;
            restored
        })
    }
}

async fn newest_trace(tx: &mut Tx) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut newest = None;
    for trace in TRACES {
        if let Some(row) = tx.first(sql(*trace)).await? {
            // What another program wrote may be no time.
            newest = newest.max(row.opt_time("at").ok().flatten());
        }
    }
    Ok(newest)
}

fn may_have_gone_out(tail: &str) -> Sql {
    sql(format!(
        "SELECT {COLUMNS}
           FROM post_schedule s {{open index}} {{then}} post_details d
          WHERE d.id = s.post_detail_id AND {{open s}} AND {{open d}}
            AND s.run_at <= {{now}} ORDER BY s.run_at, s.id"
    ))
    .and(tail)
}

async fn hold_open(
    tx: &mut Tx,
    row: &Row,
    newest: Option<DateTime<Utc>>,
) -> Result<PostId, StoreError> {
    let (job, post) = (row.job("job_id")?, row.post("post_id")?);
    let message =
        "may be live: a backup was restored, and it may have gone out after that was taken";
    let fence = hold(tx, (job, post), Fence(row.int("attempts")?), None, message).await?;
    // Look-ups search around the time of a call: most likely its own.
    if let Some(at) = row.time("run_at").ok().max(newest) {
        tx.execute(
            sql("UPDATE publish_log SET at = ?
                  WHERE post_schedule_id = ? AND fence = ? AND step_no = 1 AND event = 'intent'
                    AND ? < {now}")
            .time(at)
            .id(job.uuid())
            .int(fence.0)
            .time(at),
        )
        .await?;
    }
    Ok(post)
}

/// Holds a post that is not known to be live, whatever its state, with an open
/// intent that no object of ours can refute. `object` is what may be live. The
/// new fence is higher than `above`.
pub(super) async fn hold(
    tx: &mut Tx,
    (job, post): (JobId, PostId),
    above: Fence,
    object: Option<&str>,
    message: &str,
) -> Result<Fence, StoreError> {
    tx.execute_one(
        "hold job that may be live",
        // MariaDB sets from left to right: what reads `fence` comes first.
        sql("UPDATE post_schedule
                SET fence = CASE WHEN fence > ? THEN fence ELSE ? END + 1, status = 'failed',
                    lease_until = NULL, locked_at = NULL,
                    worker_id = NULL, next_attempt_at = NULL, error_message = ?,
                    max_attempts = CASE WHEN attempts > max_attempts THEN attempts
                                        ELSE max_attempts END,
                    updated_at = {now}
              WHERE id = ?")
        .int(above.0)
        .int(above.0)
        .text(message)
        .id(job.uuid()),
    )
    .await?;
    tx.execute_one(
        "hold post that may be live",
        sql("UPDATE post_details
                SET status = 'failed', outcome = 'unknown', error_code = ?, error_message = ?,
                    first_comment_state = CASE WHEN first_comment IS NULL OR first_comment = ''
                                               THEN NULL ELSE 'unknown' END,
                    leftovers = 0, follow_up_at = {now}, updated_at = {now},
                    attempts = (SELECT attempts FROM post_schedule
                                 WHERE post_detail_id = post_details.id)
              WHERE id = ? AND status <> 'published'")
        .text(log::RESTORED)
        .text(message)
        .id(post.uuid()),
    )
    .await?;
    let fence = claim::fence_of(tx, job).await?;
    Entry::new(job, (fence, 1), StepKind::Publish, LogEvent::Intent)
        .note(log::RESTORED, message)
        .object(object)
        .append(tx)
        .await?;
    Ok(fence)
}
