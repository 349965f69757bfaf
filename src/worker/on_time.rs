//! Jobs that are claimed shortly before their time: held in memory, their gate opened just
//! before it, and the call sent at it.
//!
//! A gate may be opened a few milliseconds early: what a crash leaves behind then is an
//! intent whose call never went out, the same as a crash right after any gate. Whoever
//! finds it asks the platform, and sends the post if nothing is live.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::domain::Job;

/// A gate is opened no earlier than this, however slow the last ones were.
const EARLIEST_GATE: Duration = Duration::from_millis(20);

/// Timers of the runtime may be late by this much; the rest of a wait is polled.
const TIMER_STEP: Duration = Duration::from_micros(1_500);

/// When jobs go on that were claimed before their time.
#[derive(Debug, Default)]
pub(super) struct OnTime {
    /// How long the last gates took, in microseconds: each counts for a quarter.
    gate: AtomicU64,
}

impl OnTime {
    /// Waits until it is time to open the gate of a job.
    pub(super) async fn until_gate(&self, job: &Job) {
        let lead = Duration::from_micros(self.gate.load(Ordering::Relaxed)).min(EARLIEST_GATE);
        wait(time_left(job).saturating_sub(lead)).await;
    }

    /// Waits until a job's own time, after its gate was opened.
    pub(super) async fn until_call(job: &Job) {
        wait(time_left(job)).await;
    }

    /// Notes how long a gate took.
    pub(super) fn gate_took(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let before = self.gate.load(Ordering::Relaxed);
        let after =
            if before == 0 { took } else { before.saturating_mul(3).saturating_add(took) / 4 };
        self.gate.store(after, Ordering::Relaxed);
    }
}

/// How long until a job's time comes, by the database's clock.
pub(super) fn time_left(job: &Job) -> Duration {
    (job.run_at - job.now()).to_std().unwrap_or_default()
}

/// Waits more exactly than a timer.
async fn wait(time: Duration) {
    let until = Instant::now() + time;
    if time > TIMER_STEP {
        tokio::time::sleep_until((until - TIMER_STEP).into()).await;
    }
    while Instant::now() < until {
        tokio::task::yield_now().await;
    }
}
