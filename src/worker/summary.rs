//! What came of a run, in figures.

use super::End;

/// What a run did, for its last line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Jobs taken: due ones, and those of dead workers.
    pub claimed: u64,
    /// Jobs taken early, to be prepared.
    pub prepared: u64,
    pub published: u64,
    /// Attempts that failed and will be repeated.
    pub retried: u64,
    pub failed: u64,
    /// Posts that need review: it is unknown whether they are live.
    pub unknown: u64,
    pub missed: u64,
    /// Longest time between a post's due time and its publish call.
    pub max_lag_seconds: u64,
}

impl Summary {
    /// A job that was taken, and put back before anything was done for it.
    pub(super) fn put_back(&mut self, was_due: bool) {
        let taken = if was_due { &mut self.claimed } else { &mut self.prepared };
        *taken = taken.saturating_sub(1);
    }

    pub(super) fn add(&mut self, end: &End) {
        match end {
            End::Published { late, .. } => {
                self.published += 1;
                self.max_lag_seconds = self.max_lag_seconds.max(late.as_secs());
            }
            End::Retrying(_) => self.retried += 1,
            End::Failed(_) => self.failed += 1,
            End::Unknown(_) => self.unknown += 1,
            End::Missed => self.missed += 1,
            End::Prepared
            | End::Waiting(_)
            | End::Paused(_)
            | End::LookingUp(..)
            | End::Cancelled
            | End::Released
            | End::Lost => {}
        }
    }
}
