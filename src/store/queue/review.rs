//! Posts that need review: their outcome is unknown, and no lease covers them. Readings
//! go on, guarded by the rows being as they were when they were read.

use std::collections::HashSet;
use std::time::Duration;

use crate::domain::{Failure, Job, JobId, LogEvent, WorkerId};

use crate::store::queue::clean_up::CleanUps;
use crate::store::queue::follow_ups;
use crate::store::queue::log::{self, Steps};
use crate::store::queue::open_calls::says_nothing;
use crate::store::queue::owned::Pair;
use crate::store::queue::settle::{Settled, refusal_of};
use crate::store::queue::transitions::{self, Reason};
use crate::store::sql::db::{Tx, sql};
use crate::store::{Store, StoreError, transaction};

/// A reading of a post that needs review.
#[derive(Debug, Clone, Copy)]
pub struct Reviewed<'a> {
    pub job: &'a Job,
    pub seen: &'a Failure,
}

impl Store {
    /// Records readings of posts that need review and that settled nothing; they stay
    /// as they are, and are looked at again after this long.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_review(
        &self,
        worker: &WorkerId,
        reviewed: &[(Reviewed<'_>, Option<Duration>)],
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            let jobs: Vec<&Job> = reviewed.iter().map(|(one, _)| one.job).collect();
            let same = unchanged(tx, &jobs).await?;
            let ids: Vec<JobId> = same.iter().copied().collect();
            let mut steps = Steps::of(tx, &ids).await?;
            let mut entries = Vec::new();
            for (Reviewed { job, seen }, _) in
                reviewed.iter().filter(|(one, _)| same.contains(&one.job.job_id))
            {
                let event = if says_nothing(seen) { LogEvent::Refused } else { LogEvent::Unknown };
                let key = steps.next(job.job_id, job.fence);
                entries.extend(log::reading(worker, job.job_id, key, event, seen));
            }
            log::append(tx, entries).await?;
            let again = reviewed.iter().filter(|(one, _)| same.contains(&one.job.job_id));
            let again: Vec<_> = again.map(|(one, after)| (one.job.post_id, *after)).collect();
            follow_ups::schedule_all(tx, &again).await?;
        })
    }

    /// Records that readings of posts that need review found them provably not live:
    /// they have failed, and can be retried (T7).
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn fail_reviewed(
        &self,
        worker: &WorkerId,
        reviewed: &[Reviewed<'_>],
    ) -> Result<Vec<Settled>, StoreError> {
        transaction!(self, tx, {
            let jobs: Vec<&Job> = reviewed.iter().map(|one| one.job).collect();
            let same = unchanged(tx, &jobs).await?;
            let ids: Vec<JobId> = same.iter().copied().collect();
            let mut steps = Steps::of(tx, &ids).await?;
            let (mut entries, mut failed) = (Vec::new(), Vec::new());
            for Reviewed { job, seen } in
                reviewed.iter().filter(|one| same.contains(&one.job.job_id))
            {
                let key = steps.next(job.job_id, job.fence);
                entries.extend(log::reading(worker, job.job_id, key, LogEvent::Ok, seen));
                for intent in &job.open_intents {
                    entries.push(refusal_of(worker, job.job_id, intent, seen));
                }
                let pair = Pair { job: job.job_id, post: job.post_id };
                failed.push((pair, Reason::new(seen.code.as_str(), &seen.message)));
            }
            log::append(tx, entries).await?;
            let clean_ups = CleanUps::of(tx, &ids).await?;
            transitions::fail_reviewed(tx, &failed, &clean_ups).await?;
            let settled = |one: &Reviewed<'_>| match same.contains(&one.job.job_id) {
                true => Settled::Done,
                false => Settled::Lost,
            };
            reviewed.iter().map(settled).collect()
        })
    }
}

/// Those of these jobs whose posts still need review, as when they were read; locks
/// them.
async fn unchanged(tx: &mut Tx, jobs: &[&Job]) -> Result<HashSet<JobId>, StoreError> {
    let same = follow_ups::lock_same(tx, jobs).await?;
    if same.is_empty() {
        return Ok(HashSet::new());
    }
    let query = sql("SELECT s.id AS job_id FROM post_schedule s
                       JOIN post_details d ON d.id = s.post_detail_id
                      WHERE {needs review} AND s.id IN ")
    .ids(same.iter().map(|job| job.uuid()));
    tx.all(query).await?.iter().map(|row| row.job("job_id")).collect()
}
