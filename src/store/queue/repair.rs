//! Posts that another program ended without their job (T1c): the old scheduler
//! writes the two in two steps and may die in between, and its users know only
//! the post.

use std::time::Duration;

use crate::domain::{JobStatus, PostId, PostStatus};

use crate::store::queue::invalid_rows;
use crate::store::queue::lines;
use crate::store::queue::owned::Pair;
use crate::store::queue::transitions;
use crate::store::rows::FOREIGN_LOCK;
use crate::store::sql::db::{Engine, Row, Sql, Tx, sql};
use crate::store::{Store, StoreError, reading, transaction};

impl Store {
    /// Ends jobs as their posts were ended. What a worker may still be at is
    /// left alone. A post that was ended while its publish call is
    /// open goes back to processing, cancellation requested: that call is
    /// looked up, and never sent again. Pending jobs of posts whose account another
    /// program has changed are put in its line. `due_within` leaves out jobs of a later
    /// time, of which there may be very many.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn repair_halves(
        &self,
        due_within: Option<Duration>,
        dry_run: bool,
    ) -> Result<Vec<PostId>, StoreError> {
        let mut tx = reading!(self).await?;
        let found = tx.all(halves_query(due_within, "")).await?;
        let nothing =
            found.is_empty() && tx.first(lines::moved_query(due_within, "")).await?.is_none();
        drop(tx);
        if nothing || dry_run {
            return Ok(found.iter().filter_map(invalid_rows::ids).map(|pair| pair.post).collect());
        }
        transaction!(self, tx, {
            let query = halves_query(due_within, "{skip locked s, d}");
            let rows = invalid_rows::without(tx, query).await?;
            let repaired = repair(tx, &rows).await?;
            lines::put_moved_in_line(tx, due_within).await?;
            repaired
        })
    }
}

impl Store {
    /// Makes media that is no JSON a JSON string, in rows of open jobs, and
    /// returns of which posts. MariaDB refuses every change of a row whose media
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
                            FROM post_schedule s {force index open} {straight join} post_details d
                           WHERE d.id = s.post_detail_id AND {open s}
                             AND JSON_VALID(d.media) = 0 ORDER BY s.run_at, s.id LIMIT 500"))
                .await?;
            let mut quoted = Vec::new();
            for row in &broken {
                let post = row.post("post_id")?;
                // No row: another worker was first, and the row is repaired.
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

pub(crate) fn halves_query(due_within: Option<Duration>, tail: &str) -> Sql {
    let query = sql("SELECT {claim columns}, d.status AS status,
                CASE WHEN {open call} THEN 1 ELSE 0 END AS is_open
           FROM post_schedule s {force index open} {straight join} post_details d
          WHERE d.id = s.post_detail_id AND {open s}
            AND d.status IN ('published', 'failed', 'cancelled')
            AND (s.status = 'pending' OR s.lease_until < {now} OR s.lease_until {beyond time}
                 OR (s.lease_until IS NULL
                     AND (s.locked_at < {now+ms} OR s.locked_at {beyond time})))")
    .before(FOREIGN_LOCK);
    let query = match due_within {
        Some(ahead) => query.and(" AND s.run_at <= {now+ms}").after(ahead),
        None => query,
    };
    query.and(" ORDER BY s.run_at, s.id LIMIT 500 ").and(tail)
}

async fn repair(tx: &mut Tx, rows: &[Row]) -> Result<Vec<PostId>, StoreError> {
    let (mut done, mut failed, mut in_call) = (Vec::new(), Vec::new(), Vec::new());
    let mut repaired = Vec::with_capacity(rows.len());
    for row in rows {
        let pair = Pair { job: row.job("job_id")?, post: row.post("post_id")? };
        repaired.push(pair.post);
        match (row.word("status")?, row.flag("is_open")?) {
            // Not ended: such rows are not selected.
            (PostStatus::Pending | PostStatus::Processing, _) => {}
            (PostStatus::Published, _) | (PostStatus::Cancelled, false) => done.push(pair),
            (PostStatus::Failed, false) => failed.push(pair),
            (PostStatus::Cancelled | PostStatus::Failed, true) => in_call.push(pair),
        }
    }
    transitions::end_with_post(tx, &done, JobStatus::Done).await?;
    transitions::end_with_post(tx, &failed, JobStatus::Failed).await?;
    transitions::reopen_for_look_up(tx, &in_call).await?;
    Ok(repaired)
}
