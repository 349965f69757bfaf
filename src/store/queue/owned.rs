//! Jobs that a lease still covers: the only door to writes that need one.

use std::collections::HashMap;

use crate::domain::{JobId, Lease, PostId};

use crate::store::StoreError;
use crate::store::sql::db::{Tx, sql};

/// A job and its post: the two rows that change together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) job: JobId,
    pub(crate) post: PostId,
}

impl From<&Lease> for Pair {
    fn from(lease: &Lease) -> Self {
        Self { job: lease.job(), post: lease.post() }
    }
}

/// The jobs of a set.
pub(crate) fn jobs_of(pairs: &[Pair]) -> Vec<JobId> {
    pairs.iter().map(|pair| pair.job).collect()
}

/// A job whose lease holds, its row locked until the transaction ends. Only [`lock`]
/// makes one.
#[derive(Debug)]
pub(crate) struct Owned<'a> {
    lease: &'a Lease,
}

impl Owned<'_> {
    pub(crate) fn pair(&self) -> Pair {
        Pair::from(self.lease)
    }

    pub(crate) fn lease(&self) -> &Lease {
        self.lease
    }
}

/// Locks the jobs of these leases, and gives those that are still their worker's, in the
/// order of the leases: fence and worker are the row's, and the job is being processed.
pub(crate) async fn lock<'a>(
    tx: &mut Tx,
    leases: Vec<&'a Lease>,
) -> Result<Vec<Option<Owned<'a>>>, StoreError> {
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx
        .all(
            sql("SELECT s.id AS job_id, s.fence AS fence, s.worker_id AS worker_id
                   FROM post_schedule s
                  WHERE s.status = 'processing' AND s.id IN ")
            .ids(leases.iter().map(|lease| lease.job().uuid()))
            .and(" ORDER BY s.id {lock s}"),
        )
        .await?;
    let mut owners: HashMap<JobId, (i64, String)> = HashMap::new();
    for row in &rows {
        // What another program wrote into a row is no lease.
        if let (Ok(fence), Ok(Some(worker))) = (row.int("fence"), row.opt_lossy("worker_id")) {
            owners.insert(row.job("job_id")?, (fence, worker));
        }
    }
    let owns = |lease: &Lease| {
        owners.get(&lease.job()).is_some_and(|(fence, worker)| {
            *fence == lease.fence().0 && worker == lease.worker().as_str()
        })
    };
    Ok(leases.into_iter().map(|lease| owns(lease).then_some(Owned { lease })).collect())
}
