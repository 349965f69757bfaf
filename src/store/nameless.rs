//! Open jobs whose own id, or their post's, is no UUID: another program wrote
//! it past the schema's checks. No statement of ours can name such a row, so
//! nobody can claim it, and none of ours ever was at it. It is ended where it
//! is met, so that it keeps no other job from being claimed.

use crate::domain::{JobId, PostId};

use super::StoreError;
use super::db::{Row, Sql, Tx, sql};
use super::log;
use super::settle::INVALID_ROW;

const WHY: &str = "another program gave it an id that is no UUID in lower case";

/// A job's and its post's id, unless one of them cannot be named.
pub(super) fn ids(row: &Row) -> Option<(JobId, PostId)> {
    Some((row.job("job_id").ok()?, row.post("post_id").ok()?))
}

/// The open jobs of a query, after those that cannot be named were ended: all
/// rows have readable ids.
pub(super) async fn without(tx: &mut Tx, query: Sql) -> Result<Vec<Row>, StoreError> {
    loop {
        let rows = tx.all(query.clone()).await?;
        let nameless: Vec<&Row> = rows.iter().filter(|row| ids(row).is_none()).collect();
        if nameless.is_empty() {
            return Ok(rows);
        }
        for row in nameless {
            end(tx, &row.text("job_id")?, &row.text("post_id")?).await?;
        }
    }
}

/// Ends a job with its post. Only a program that has begun with it may have
/// published it.
async fn end(tx: &mut Tx, job: &str, post: &str) -> Result<(), StoreError> {
    let begun = sql("SELECT COUNT(*) FROM post_schedule WHERE id = ? AND status = 'processing'");
    let begun = tx.count(begun.text(job)).await? > 0;
    let (outcome, message) = match begun {
        true => ("unknown", format!("may be live: {WHY}, and locked it")),
        false => ("not_published", format!("not sent: {WHY}")),
    };
    tx.execute_one(
        "end job without a name",
        sql("{unchecked} UPDATE post_schedule
                SET status = CASE WHEN EXISTS (
                               SELECT 1 FROM post_details d
                                WHERE d.id = post_schedule.post_detail_id
                                  AND d.status IN ('published', 'cancelled'))
                             THEN 'done' ELSE 'failed' END,
                    fence = CASE WHEN fence > attempts THEN fence ELSE attempts END + 1,
                    lease_until = NULL, locked_at = NULL, next_attempt_at = NULL,
                    error_message = ?, updated_at = {now}
              WHERE id = ? AND {open}")
        .text(message.clone())
        .text(job),
    )
    .await?;
    if begun {
        tx.execute_one(
            "note the call of another program",
            sql("INSERT INTO publish_log
                   (post_schedule_id, fence, step_no, kind, event, irreversible, error_code, at)
                 SELECT id, fence, 1, 'publish', 'intent', 1, ?, {now}
                   FROM post_schedule WHERE id = ?")
            .text(log::FOREIGN)
            .text(job),
        )
        .await?;
    }
    // No row: another program has ended the post already.
    tx.execute(
        sql("{unchecked} UPDATE post_details
                SET status = 'failed', outcome = ?, error_code = ?, error_message = ?,
                    updated_at = {now},
                    attempts = (SELECT attempts FROM post_schedule
                                 WHERE post_detail_id = post_details.id)
              WHERE id = ? AND {open}")
        .text(outcome)
        .text(INVALID_ROW)
        .text(message)
        .text(post),
    )
    .await?;
    tracing::warn!(job, post, "ended as failed: {WHY}");
    Ok(())
}
