//! Signs of life of workers, and the leases they renew.

use std::time::Duration;

use crate::domain::{Fence, JobId, WorkerId};

use super::db::sql;
use super::{Store, StoreError, transaction};

impl Store {
    /// Announces a worker, or tells that it is still there.
    ///
    /// # Errors
    /// The database is away.
    pub async fn beat(
        &self,
        worker: &WorkerId,
        host: &str,
        pid: u32,
        version: &str,
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            let known = tx
                .execute(
                    sql("UPDATE workers SET beat_at = {now} WHERE id = ?").text(worker.as_str()),
                )
                .await?;
            if known == 0 {
                tx.execute_one(
                    "announce worker",
                    sql("INSERT INTO workers (id, host, pid, version, started_at, beat_at)
                         VALUES (?, ?, ?, ?, {now}, {now})")
                    .text(worker.as_str())
                    .text(host)
                    .int(pid)
                    .text(version),
                )
                .await?;
                // Workers that never said goodbye. Looked for first: MariaDB's
                // DELETE would lock every worker's row on its way, and deadlock
                // with another worker that announces itself.
                let gone = tx
                    .all(
                        sql("SELECT id FROM workers WHERE beat_at < {now+ms} ORDER BY id")
                            .before(Duration::from_secs(24 * 60 * 60)),
                    )
                    .await?;
                for row in &gone {
                    let id = row.text("id")?;
                    tx.execute(sql("DELETE FROM workers WHERE id = ?").text(id)).await?;
                }
            }
        })
    }

    /// Takes a worker that stopped cleanly off the list.
    ///
    /// # Errors
    /// The database is away.
    pub async fn goodbye(&self, worker: &WorkerId) -> Result<(), StoreError> {
        transaction!(self, tx, {
            tx.execute(sql("DELETE FROM workers WHERE id = ?").text(worker.as_str())).await?;
        })
    }

    /// Renews the leases of jobs that a worker holds (T2), and tells which of
    /// them are no longer its own. Also renews `locked_at`, so that a worker
    /// of the old scheduler never finds the lock old.
    ///
    /// # Errors
    /// The database is away; then nothing was renewed.
    pub async fn renew_leases(
        &self,
        worker: &WorkerId,
        held: &[(JobId, Fence)],
        lease: Duration,
    ) -> Result<Vec<JobId>, StoreError> {
        if held.is_empty() {
            return Ok(Vec::new());
        }
        transaction!(self, tx, {
            let mut lost = Vec::new();
            for (job, fence) in held {
                // Never revives one that has ended: it may be taken over any moment.
                let renewed = tx
                    .execute(
                        sql("UPDATE post_schedule
                                SET lease_until = {now+ms}, locked_at = {now}
                              WHERE id = ? AND fence = ? AND worker_id = ?
                                AND status = 'processing' AND lease_until > {now}")
                        .after(lease)
                        .id(job.uuid())
                        .int(fence.0)
                        .text(worker.as_str()),
                    )
                    .await?;
                if renewed == 0 {
                    lost.push(*job);
                }
            }
            lost
        })
    }
}
