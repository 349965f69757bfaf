//! What a post that ended without being published leaves at its platform.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::JobId;

use crate::store::StoreError;
use crate::store::queue::logged;
use crate::store::queue::logs;
use crate::store::sql::db::Tx;

/// How long a post is left alone after a publish call that made nothing live.
const LAST_LOOK: Duration = Duration::from_secs(20 * 60);

/// When what each of some jobs leaves behind is to be cleaned up; nothing is said of one
/// that leaves nothing.
#[derive(Debug, Default)]
pub(crate) struct CleanUps(HashMap<JobId, Duration>);

impl CleanUps {
    /// What the logs of these jobs say: objects that never were called to be published
    /// go at once. Where a publish call went out, what it named is looked at once more
    /// before anything is deleted, when states and lists must have caught up.
    pub(crate) async fn of(tx: &mut Tx, jobs: &[JobId]) -> Result<Self, StoreError> {
        if jobs.is_empty() {
            return Ok(Self::default());
        }
        let now = tx.now().await?;
        let logs = logs::read(tx, jobs, now).await?;
        let when = |(job, log): (JobId, Result<logged::Logged, _>)| match log {
            Ok(log) if log.calls.is_empty() && !log.has_artifacts => None,
            Ok(log) if log.calls.is_empty() => Some((job, Duration::ZERO)),
            // It may have been called.
            Ok(_) | Err(_) => Some((job, LAST_LOOK)),
        };
        Ok(Self(logs.into_iter().filter_map(when).collect()))
    }

    /// After how long a job's objects are cleaned up; `None`: it leaves none.
    pub(crate) fn get(&self, job: JobId) -> Option<Duration> {
        self.0.get(&job).copied()
    }
}
