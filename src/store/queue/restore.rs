//! After a backup was restored: everything that was done since it was taken is
//! unknown here, and may be live.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::domain::{Fence, JobId, LogEvent, PostId, StepKind};

use crate::store::queue::claim;
use crate::store::queue::invalid_rows;
use crate::store::queue::log::{self, Entry};
use crate::store::queue::owned::Pair;
use crate::store::queue::transitions;
use crate::store::sql::db::{Row, Sql, Tx, sql};
use crate::store::{Store, StoreError, reading, transaction};

/// What is known to have been written last.
const TRACES: &[&str] = &[
    "SELECT MAX(at) AS at FROM publish_log",
    "SELECT MAX(updated_at) AS at FROM post_details",
    "SELECT MAX(updated_at) AS at FROM post_schedule",
    "SELECT MAX(updated_at) AS at FROM meta_social_accounts",
    "SELECT MAX(beat_at) AS at FROM workers",
];

/// Posts per step of the transaction.
const BATCH: i64 = 500;

/// What was done after a backup was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Posts whose outcome is unknown now.
    pub held: Vec<PostId>,
    /// First comments that will no longer be sent.
    pub comments: u64,
    /// Ended posts whose invisible leftovers will no longer be deleted.
    pub leftovers: u64,
}

impl Store {
    /// When this database was last written to, as far as it shows: the
    /// backup that it was restored from is not older. `None`: it holds nothing.
    ///
    /// # Errors
    /// The database is away.
    pub async fn newest_trace(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut tx = reading!(self).await?;
        newest_trace(&mut tx).await
    }

    /// The posts that may have gone out after the backup was taken: all open
    /// ones whose time has come.
    ///
    /// # Errors
    /// The database is away.
    pub async fn may_have_gone_out(&self) -> Result<Vec<PostId>, StoreError> {
        let mut tx = reading!(self).await?;
        let rows = tx.all(may_have_gone_out("")).await?;
        Ok(rows.iter().filter_map(invalid_rows::ids).map(|pair| pair.post).collect())
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
                let rows = invalid_rows::without(tx, batch).await?;
                if rows.is_empty() {
                    break;
                }
                restored.held.extend(distrust_due(tx, &rows, newest).await?);
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
    sql("SELECT {claim columns}
           FROM post_schedule s {force index open} {straight join} post_details d
          WHERE d.id = s.post_detail_id AND {open s} AND {open d}
            AND s.run_at <= {now} ORDER BY s.run_at, s.id")
    .and(tail)
}

/// Distrusts open posts whose time has come.
async fn distrust_due(
    tx: &mut Tx,
    rows: &[Row],
    newest: Option<DateTime<Utc>>,
) -> Result<Vec<PostId>, StoreError> {
    let message =
        "may be live: a backup was restored, and it may have gone out after that was taken";
    let now = tx.now().await?;
    let (mut due, mut called_at) = (Vec::with_capacity(rows.len()), HashMap::new());
    for row in rows {
        let pair = Pair { job: row.job("job_id")?, post: row.post("post_id")? };
        due.push((pair, Fence(row.int("attempts")?), None));
        // Look-ups search around the time of a call: most likely its own.
        if let Some(at) = row.time("run_at").ok().max(newest).filter(|at| *at < now) {
            called_at.insert(pair.job, at);
        }
    }
    distrust(tx, &due, Some(&called_at), message).await?;
    Ok(due.into_iter().map(|(pair, ..)| pair.post).collect())
}

/// Marks posts as unknown that may be live without this database's knowing (T20), each
/// with an open intent that no object of ours can refute: of this fence or a higher one,
/// about this object if any, and of this time or now.
pub(crate) async fn distrust(
    tx: &mut Tx,
    posts: &[(Pair, Fence, Option<&str>)],
    called_at: Option<&HashMap<JobId, DateTime<Utc>>>,
    message: &str,
) -> Result<(), StoreError> {
    if posts.is_empty() {
        return Ok(());
    }
    let above: Vec<(Pair, i64)> = posts.iter().map(|(pair, above, _)| (*pair, above.0)).collect();
    transitions::distrust(tx, &above, message).await?;
    let jobs: Vec<JobId> = posts.iter().map(|(pair, ..)| pair.job).collect();
    let fences = claim::fences(tx, &jobs).await?;
    let mut entries = Vec::with_capacity(posts.len());
    for (pair, _, object) in posts {
        // Without its intent, the outcome would be unknown and yet settled.
        let gone = StoreError::RowsChanged { what: "T20", expected: 1, actual: 0 };
        let key = (*fences.get(&pair.job).ok_or(gone)?, 1);
        let entry = Entry::new(pair.job, key, StepKind::Publish, LogEvent::Intent)
            .note(log::RESTORED, message)
            .object(*object);
        entries.push(entry.at(called_at.and_then(|all| all.get(&pair.job).copied())));
    }
    log::append(tx, entries).await
}
