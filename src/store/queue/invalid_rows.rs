//! Open jobs that no claim can be written into: their own id, or their post's,
//! is no UUID, so that no statement can name the row; or a number or time
//! that a claim counts on, or would write over, cannot be read. Another program
//! wrote them so. They are ended where they are met, so that they keep no other
//! job from being claimed.

use crate::domain::{Fence, Only, Outcome, PostId};

use crate::store::StoreError;
use crate::store::queue::log;
use crate::store::queue::owned::Pair;
use crate::store::queue::transitions;
use crate::store::rows;
use crate::store::sql::db::{Row, Sql, Tx, sql};
use crate::store::sql::raw::Key;

const NO_UUID: &str = "another program gave it an id that is not a lower-case UUID";

/// Attempts and fences are counted up, and must not leave their columns' range.
const COUNT_MAX: i64 = 1_000_000_000;

/// A job's and its post's id, unless one of them cannot be named.
pub(crate) fn ids(row: &Row) -> Option<Pair> {
    Some(Pair { job: row.job("job_id").ok()?, post: row.post("post_id").ok()? })
}

/// The same with the fence.
pub(crate) fn claim_of(row: &Row) -> Option<(Pair, Fence)> {
    Some((ids(row)?, Fence(row.int("fence").ok()?)))
}

/// Pending jobs whose time will never come: what stands there is none, and lies
/// behind all times.
pub(crate) fn never_due_query(only: &Only) -> Sql {
    let query = sql("SELECT {claim columns} FROM post_schedule s {force index open} {straight join} post_details d
          WHERE d.id = s.post_detail_id
            AND {open s} AND s.status = 'pending' AND s.run_at {beyond time}");
    rows::only(query, only).and(" ORDER BY s.run_at, s.id LIMIT 500")
}

/// A post that was ended because no claim can be written into its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `None`: its id is no UUID.
    pub post: Option<PostId>,
    pub outcome: Outcome,
    pub why: String,
}

/// Whether ids, counts and times of a job can be read.
pub(crate) fn is_good(row: &Row) -> bool {
    fault(row).is_none()
}

/// The open jobs of a query, after those that cannot be claimed were ended: ids,
/// counts and times of all rows can be read.
pub(crate) async fn without(tx: &mut Tx, query: Sql) -> Result<Vec<Row>, StoreError> {
    without_into(tx, query, &mut Vec::new()).await
}

/// The same, and returns what was ended.
pub(crate) async fn without_into(
    tx: &mut Tx,
    query: Sql,
    ended: &mut Vec<Ended>,
) -> Result<Vec<Row>, StoreError> {
    loop {
        let rows = tx.all(query.clone()).await?;
        let before = ended.len();
        for row in &rows {
            if let Some(fault) = fault(row) {
                ended.push(end(tx, row, &fault).await?);
            }
        }
        if ended.len() == before {
            return Ok(rows);
        }
    }
}

/// Why a job cannot be claimed.
struct Fault {
    why: String,
    /// No worker of this program ever claimed it.
    is_unnamed: bool,
    /// Its counts can be counted up.
    counts: bool,
}

fn fault(row: &Row) -> Option<Fault> {
    let counts = check_counts(row);
    let why = match &counts {
        _ if ids(row).is_none() => NO_UUID.to_owned(),
        Err(error) => error.to_string(),
        Ok(()) => row.time("run_at").and(row.opt_time("next_attempt_at")).err()?.to_string(),
    };
    Some(Fault { why, is_unnamed: ids(row).is_none(), counts: counts.is_ok() })
}

fn check_counts(row: &Row) -> Result<(), StoreError> {
    // Posts count attempts too.
    let of_job = |error: StoreError| error.in_row("post_schedule", row.post_name());
    for (column, range) in [
        ("fence", 0..=i64::MAX / 2),
        ("attempts", 0..=COUNT_MAX),
        ("max_attempts", -COUNT_MAX..=COUNT_MAX),
    ] {
        let count = row.int(column).map_err(of_job)?;
        if !range.contains(&count) {
            return Err(of_job(row.wrong(column, format!("{count} is out of range"))));
        }
    }
    Ok(())
}

/// Ends a job with its post. A call of this program, or another program that has begun
/// with it, may have published it.
async fn end(tx: &mut Tx, row: &Row, fault: &Fault) -> Result<Ended, StoreError> {
    let (job, post) = (row.any_key("job_id")?, row.any_key("post_id")?);
    let is_open = counted(tx, &job, "{open call}").await?;
    // What this program claims has a lease; a job that it cannot name, it never claimed.
    let foreign = if fault.is_unnamed { "" } else { " AND s.lease_until IS NULL" };
    let begun = format!("s.status = 'processing'{foreign}");
    let begun = !is_open && counted(tx, &job, &begun).await?;
    let why = match begun {
        true => format!("{}, and locked it", fault.why),
        false => fault.why.clone(),
    };
    let (outcome, message) = match begun || is_open {
        true => (Outcome::Unknown, format!("may be live: {why}")),
        false => (Outcome::NotPublished, format!("not sent: {why}")),
    };
    transitions::end_unclaimable(tx, (&job, &post), fault.counts, outcome, &message).await?;
    if begun {
        let fence = fence_of(tx, &job).await?;
        tx.execute_one(
            "note the call of another program",
            sql("INSERT INTO publish_log
                   (post_schedule_id, fence, step_no, kind, event, irreversible, error_code, at)
                 SELECT id, ?, 1, 'publish', 'intent', 1, ?, {now}
                   FROM post_schedule WHERE id = ?")
            .int(fence)
            .text(log::FOREIGN)
            .key(job.clone()),
        )
        .await?;
    }
    let id = row.post("post_id").ok();
    if id.is_none() {
        // No event can name it.
        tracing::warn!(%job, %post, "the post ended as failed: {message}");
    }
    Ok(Ended { post: id, outcome, why: message })
}

async fn counted(tx: &mut Tx, job: &Key, condition: &str) -> Result<bool, StoreError> {
    let query = format!("SELECT COUNT(*) FROM post_schedule s WHERE s.id = ? AND {condition}");
    Ok(tx.count(sql(query).key(job.clone())).await? > 0)
}

/// The fence of the last call; 1 for one that cannot be counted.
async fn fence_of(tx: &mut Tx, job: &Key) -> Result<i64, StoreError> {
    let row = tx.first(sql("SELECT fence FROM post_schedule WHERE id = ?").key(job.clone()));
    Ok(row.await?.and_then(|row| row.int("fence").ok()).unwrap_or(1).max(1))
}
