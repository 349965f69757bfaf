//! How long the jobs of killed workers wait for others.

use std::time::{Duration, Instant};

use crate::store::{HeldJob, Store, StoreError};

/// Jobs of killed workers, until somebody takes them.
#[derive(Default)]
pub struct TakeOvers {
    waiting: Vec<(HeldJob, Instant)>,
    waits: Vec<Duration>,
}

impl TakeOvers {
    /// These were in the hands of a worker that was killed then.
    pub fn killed(&mut self, jobs: &[HeldJob], at: Instant) {
        self.waiting.extend(jobs.iter().map(|job| (*job, at)));
    }

    /// Looks who has been taken over since.
    pub async fn look(&mut self, store: &Store) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let jobs: Vec<HeldJob> = self.waiting.iter().map(|(job, _)| *job).collect();
        let held = store.still_held(&jobs).await?;
        let waits = &mut self.waits;
        self.waiting.retain(|(job, at)| {
            let waits_on = held.contains(&job.job_id);
            if !waits_on {
                waits.push(at.elapsed());
            }
            waits_on
        });
        Ok(())
    }

    /// Nobody works for a while: those that still wait would tell nothing.
    pub fn forget(&mut self) {
        self.waiting.clear();
    }

    /// All waits that came to their end, shortest first.
    pub fn waits(mut self) -> Vec<Duration> {
        self.waits.sort();
        self.waits
    }
}

/// The wait that so many percent did not exceed; `None` without any.
#[must_use]
pub fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_waits_that_were_measured() {
        let waits: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&waits, 50), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&waits, 99), Some(Duration::from_millis(198)));
        assert_eq!(percentile(&waits[..1], 99), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&[], 50), None);
    }
}
