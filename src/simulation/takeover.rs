//! How long the jobs of killed workers wait for others.

use std::time::{Duration, Instant};

use crate::store::{AfterDeath, OwnedJob, Store, StoreError};

/// Jobs of killed workers, until another worker takes them over.
#[derive(Default)]
pub struct TakeOvers {
    waiting: Vec<(OwnedJob, Instant)>,
    waits: Vec<Duration>,
    given_up: u32,
}

impl TakeOvers {
    /// Adds the jobs that a killed worker had in flight.
    pub fn killed(&mut self, jobs: &[OwnedJob], at: Instant) {
        self.waiting.extend(jobs.iter().map(|job| (*job, at)));
    }

    /// Looks who has been taken over since.
    pub async fn look(&mut self, store: &Store) -> Result<(), StoreError> {
        let jobs: Vec<OwnedJob> = self.waiting.iter().map(|(job, _)| *job).collect();
        let found = store.after_death(&jobs).await?;
        self.record(&found, Instant::now());
        Ok(())
    }

    /// What became of those that wait, in their order.
    fn record(&mut self, found: &[AfterDeath], now: Instant) {
        for ((job, at), after) in std::mem::take(&mut self.waiting).into_iter().zip(found) {
            match after {
                AfterDeath::Waits => self.waiting.push((job, at)),
                AfterDeath::Taken => self.waits.push(now.duration_since(at)),
                // It had no owner when its worker died.
                AfterDeath::Settled => {}
            }
        }
    }

    /// Whether a killed worker's job waits for a take-over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// No worker will run for a while: the wait of those that are still open cannot be
    /// measured, and they are counted as such.
    pub fn give_up(&mut self) {
        self.given_up += u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        self.waiting.clear();
    }

    /// All waits that came to their end, shortest first; and how many did not.
    #[must_use]
    pub fn waits(mut self) -> (Vec<Duration>, u32) {
        self.give_up();
        self.waits.sort();
        (self.waits, self.given_up)
    }
}

/// The given percentile of the waits; `None` without any.
#[must_use]
pub fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fence, JobId};

    /// A wait ends when a living worker has the job, and none is left out.
    #[test]
    fn wait_ends_when_living_worker_has_job() {
        let in_flight = || OwnedJob { job_id: JobId::generate(), fence: Fence(1), in_call: false };
        let (slow, quick, settled, never) = (in_flight(), in_flight(), in_flight(), in_flight());
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut all = TakeOvers::default();
        all.killed(&[slow, quick, settled], began);
        all.record(&[AfterDeath::Waits, AfterDeath::Taken, AfterDeath::Settled], after(2));
        // Another worker dies meanwhile: the first wait goes on from its own death.
        all.killed(&[never], after(3));
        assert!(all.is_open());
        all.record(&[AfterDeath::Taken, AfterDeath::Waits], after(9));
        assert!(all.is_open());
        assert_eq!(all.waits(), ([2, 9].map(Duration::from_secs).to_vec(), 1));
    }

    #[test]
    fn percentiles_are_waits_that_were_measured() {
        let waits: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&waits, 50), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&waits, 99), Some(Duration::from_millis(198)));
        assert_eq!(percentile(&waits[..1], 99), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&[], 50), None);
    }
}
