//! Signs of life of workers, and the leases they renew.

use std::time::Duration;

use crate::domain::{JobId, Lease, Transition, WorkerId};

use crate::store::queue::owned;
use crate::store::sql::db::sql;
use crate::store::{Store, StoreError, transaction};

impl Store {
    /// Announces a worker, or that it is still there.
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

    /// Renews leases (T2), and returns which of them have ended or are no longer their
    /// worker's. Also renews `locked_at`, so that a worker of the old scheduler never
    /// finds the lock old.
    ///
    /// # Errors
    /// The database is away; then nothing was renewed.
    pub async fn renew_leases(
        &self,
        leases: &[Lease],
        length: Duration,
    ) -> Result<Vec<JobId>, StoreError> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        transaction!(self, tx, {
            let owned = owned::lock(tx, leases.iter().collect()).await?;
            // Never revives one that has ended: it may be taken over any moment.
            let query = sql("SELECT s.id AS job_id FROM post_schedule s
                              WHERE s.lease_until > {now} AND s.id IN ")
            .ids(leases.iter().map(|lease| lease.job().uuid()));
            let rows = tx.all(query).await?;
            let running: Vec<JobId> =
                rows.iter().map(|row| row.job("job_id")).collect::<Result<_, _>>()?;
            let ours: Vec<JobId> = owned.iter().flatten().map(|owned| owned.pair().job).collect();
            let renewed: Vec<JobId> =
                ours.into_iter().filter(|job| running.contains(job)).collect();
            if !renewed.is_empty() {
                tx.change(
                    Transition::RenewLease,
                    renewed.len(),
                    sql("UPDATE post_schedule SET lease_until = {now+ms}, locked_at = {now}
                          WHERE status = 'processing' AND id IN ")
                    .after(length)
                    .ids(renewed.iter().map(|job| job.uuid())),
                )
                .await?;
            }
            let lost = |lease: &&Lease| !renewed.contains(&lease.job());
            leases.iter().filter(lost).map(Lease::job).collect()
        })
    }
}
