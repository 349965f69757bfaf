//! Tells the store how well the platforms answer: one that does not answer
//! rests as a whole, and one that comes near a limit is called less often.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::{Away, Claim, Draft, Failure, FailureCode, NearLimit, Platform, Remedy};

use super::Shared;

/// That a platform answers is told no more often.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// When each platform was last told to answer, by this process.
#[derive(Debug, Default)]
pub(super) struct Checks(Mutex<HashMap<Platform, Instant>>);

impl Checks {
    /// Whether it is time to tell again.
    fn is_due(&self, platform: Platform) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.get(&platform).is_none_or(|at| at.elapsed() >= TELL_EVERY);
        if is_due {
            told.insert(platform, Instant::now());
        }
        is_due
    }

    fn forget(&self, platform: Platform) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&platform);
    }
}

impl Shared {
    /// Notes that the platform answered a call, with whatever.
    pub(super) async fn platform_answered(&self, claim: &Claim) {
        let platform = claim.content.platform;
        if self.health.is_due(platform)
            && let Err(error) = self.store.forget_faults(platform).await
        {
            tracing::debug!(%platform, %error, "its faults are not forgotten");
        }
    }

    /// Counts a call that the platform did not answer, or answered with a fault.
    pub(super) async fn count_if_outage(&self, claim: &Claim, failure: &Failure) {
        if failure.remedy != Remedy::Outage(Away::Platform) {
            return;
        }
        let platform = claim.content.platform;
        self.health.forget(platform);
        let reason = format!("{} ({})", failure.message, failure.code);
        match self.store.count_fault(platform, claim.account.id, &reason).await {
            Ok(Some(rest)) => tracing::warn!(%platform, code = %failure.code,
                "it does not answer: nothing is sent to it for {} s", rest.as_secs()),
            Ok(None) => {}
            Err(error) => tracing::debug!(%platform, %error, "its fault is not counted"),
        }
    }

    /// Lets those accounts rest for a moment whose limit is nearly used up: the
    /// refusal that would follow makes the block longer.
    pub(super) async fn heed_usage(&self, claim: &Claim, draft: &Draft) {
        let Some(NearLimit { percent, scope }) = draft.usage.take() else { return };
        let rest = match percent {
            ..95 => Duration::from_secs(60),
            95..100 => Duration::from_secs(5 * 60),
            _ => Duration::from_secs(15 * 60),
        };
        let message = format!("{percent} % of a limit of the platform are used up");
        let failure = Failure::new(Remedy::Wait { rest, scope }, FailureCode::NearLimit, message);
        self.rest_or_go_on(claim, &failure).await;
    }
}
