//! Reports to the store how well the platforms answer: one that does not answer is
//! paused as a whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::{Away, Failure, Job, Platform, Remedy};

use super::context::Context;

/// That a platform answers is reported no more often.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// What this process knows of the platforms' health.
pub(super) struct Health {
    context: Arc<Context>,
    /// When each platform was last reported to answer, by this process.
    reported: Mutex<HashMap<Platform, Instant>>,
}

impl Health {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, reported: Mutex::default() }
    }

    /// Whether it is time to report again that a platform answers.
    fn is_due(&self, platform: Platform) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = reported.get(&platform).is_none_or(|at| at.elapsed() >= REPORT_EVERY);
        if is_due {
            reported.insert(platform, Instant::now());
        }
        is_due
    }

    fn forget(&self, platform: Platform) {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).remove(&platform);
    }

    /// Notes that the platform answered a call, with whatever.
    pub(super) async fn platform_answered(&self, platform: Platform) {
        if self.is_due(platform)
            && let Err(error) = self.context.store.forget_faults(platform).await
        {
            tracing::debug!(%platform, %error, "its faults are not forgotten");
        }
    }

    /// Counts a call that the platform did not answer, or answered with a fault.
    pub(super) async fn count_if_outage(&self, job: &Job, failure: &Failure) {
        if failure.remedy != Remedy::Outage(Away::Platform) {
            return;
        }
        let platform = job.content.platform;
        self.forget(platform);
        let reason = format!("{} ({})", failure.message, failure.code);
        match self.context.store.count_fault(platform, job.account.id, &reason).await {
            Ok(Some(rest)) => {
                self.context.in_flight.paused();
                tracing::warn!(%platform, code = %failure.code,
                    "the platform does not answer: nothing is sent to it for {} s", rest.as_secs());
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%platform, %error, "its fault is not counted"),
        }
    }
}
