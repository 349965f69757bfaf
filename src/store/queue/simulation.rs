//! What a simulation of crashes needs of the database that it made for
//! itself: whom a killed worker's jobs belong to, and time that passes.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::{Fence, JobId, WorkerId};

use crate::store::sql::db::{Engine, Sql, sql};
use crate::store::{Scratch, Store, StoreError, reading, transaction};

/// Columns that hold an instant: what lets time pass moves them all.
pub const INSTANTS: &[(&str, &[&str])] = &[
    ("meta_social_accounts", &["paused_at", "paused_until", "created_at", "updated_at"]),
    (
        "post_details",
        &["created_at", "updated_at", "cancel_requested_at", "published_at", "follow_up_at"],
    ),
    (
        "post_schedule",
        &["run_at", "locked_at", "lease_until", "next_attempt_at", "created_at", "updated_at"],
    ),
    ("publish_log", &["at"]),
    ("workers", &["started_at", "beat_at"]),
    ("platform_health", &["rests_until", "updated_at"]),
];

/// A job in the hands of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedJob {
    pub job_id: JobId,
    pub fence: Fence,
    /// Its publish call was cleared to go out, and has no answer yet.
    pub in_call: bool,
}

/// What became of a job that a dead worker had in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDeath {
    /// Nobody has it yet.
    Waits,
    /// Another worker has claimed it since.
    Taken,
    /// The dead worker's last commit came through: it had let go of the job.
    Settled,
}

impl Store {
    /// The jobs that a worker is at: claimed under a lease that still runs,
    /// and not put aside until a look-up.
    ///
    /// # Errors
    /// The database is away.
    pub async fn owned_by(&self, worker: &WorkerId) -> Result<Vec<OwnedJob>, StoreError> {
        let mut tx = reading!(self).await?;
        let rows = tx
            .all(
                sql("SELECT s.id AS job_id, s.fence AS fence,
                       CASE WHEN EXISTS (
                         SELECT 1 FROM publish_log i WHERE i.post_schedule_id = s.id
                            AND i.fence = s.fence AND i.kind = 'publish' AND i.event = 'intent')
                       THEN 1 ELSE 0 END AS in_call
                       FROM post_schedule s
                      WHERE s.status = 'processing'
                        AND s.worker_id = ? AND s.lease_until > {now}
                        AND NOT EXISTS (
                          SELECT 1 FROM publish_log u WHERE u.post_schedule_id = s.id
                             AND u.fence = s.fence AND u.event = 'unknown')")
                .text(worker.as_str()),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(OwnedJob {
                    job_id: row.job("job_id")?,
                    fence: Fence(row.int("fence")?),
                    in_call: row.flag("in_call")?,
                })
            })
            .collect()
    }

    /// What has become of a dead worker's jobs, in their order.
    ///
    /// # Errors
    /// The database is away.
    pub async fn after_death(&self, jobs: &[OwnedJob]) -> Result<Vec<AfterDeath>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = reading!(self).await?;
        let rows = tx
            .all(
                sql("SELECT s.id AS job_id, s.fence AS fence,
                       CASE WHEN s.status = 'processing' AND NOT EXISTS (
                         SELECT 1 FROM publish_log u WHERE u.post_schedule_id = s.id
                            AND u.fence = s.fence AND u.event = 'unknown')
                       THEN 1 ELSE 0 END AS in_hand
                       FROM post_schedule s WHERE s.id IN ")
                .ids(jobs.iter().map(|job| job.job_id.uuid())),
            )
            .await?;
        let mut now = HashMap::new();
        for row in &rows {
            now.insert(row.job("job_id")?, (Fence(row.int("fence")?), row.flag("in_hand")?));
        }
        Ok(jobs
            .iter()
            .map(|job| match now.get(&job.job_id) {
                Some((fence, _)) if *fence != job.fence => AfterDeath::Taken,
                Some((_, true)) => AfterDeath::Waits,
                Some((_, false)) | None => AfterDeath::Settled,
            })
            .collect())
    }
}

impl Scratch {
    /// Lets time pass: moves every stored instant into the past. Only while no
    /// worker runs on this database, and only on one that was made for it.
    ///
    /// # Errors
    /// The database is away; then no time has passed.
    pub async fn let_time_pass(&self, time: Duration, timeout: Duration) -> Result<(), StoreError> {
        let store = Store::open(self.location(), timeout).await?;
        let passed = transaction!(store, tx, {
            for (table, columns) in INSTANTS {
                tx.execute(moved_back(tx.engine(), table, columns, time)).await?;
            }
        });
        store.close().await;
        passed
    }
}

fn moved_back(engine: Engine, table: &str, columns: &[&str], time: Duration) -> Sql {
    let moved = |column: &&str| match engine {
        Engine::Sqlite => format!(
            "{column} = strftime('%Y-%m-%d %H:%M:%f', {column}, printf('%+.3f seconds', ? / 1000.0))"
        ),
        Engine::MySql => format!("{column} = {column} + INTERVAL (? * 1000) MICROSECOND"),
        Engine::Postgres => format!("{column} = {column} + ? * INTERVAL '1 millisecond'"),
    };
    let changes: Vec<String> = columns.iter().map(moved).collect();
    columns
        .iter()
        .fold(sql(format!("UPDATE {table} SET {}", changes.join(", "))), |sql, _| sql.before(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instant that stood still while all others moved would be a lie.
    #[test]
    fn every_instant_of_the_schema_moves() {
        let schema = include_str!("../../../migrations/postgres/0001_posts_and_queue.sql");
        let mut table = "";
        let mut left = Vec::new();
        for line in schema.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["CREATE", "TABLE", name, ..] => table = name,
                // Clients have no part in publishing.
                [column, kind, ..]
                    if kind.starts_with("TIMESTAMPTZ") && table != "agency_clients" =>
                {
                    let moves =
                        INSTANTS.iter().any(|(t, all)| *t == table && all.contains(&column));
                    left.push((table, column, moves));
                }
                _ => {}
            }
        }
        assert!(left.len() > 15, "{left:?}");
        left.retain(|(.., moves)| !moves);
        assert!(left.is_empty(), "these stand still: {left:?}");
    }
}
