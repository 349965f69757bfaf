//! What becomes of a job that was not published this time: what a failure asks for,
//! and how the job leaves this worker.

use std::time::Duration;

use crate::domain::{
    Away, Claim, Draft, Failure, FailureCode, Intent, Job, Lease, NearLimit, Outcome, Receipt,
    Remedy, retry_delay,
};
use crate::store::{Heard, Next, Phase, Settled, Staged, StoreError};

use super::evidence::{Evidence, Proof};
use super::recorder::Recorder;
use super::writer::Failing;
use super::{End, Event, only};

/// A call is first looked up this long after its answer, or the lack of one. A refusal
/// is looked up at once: no other worker need look while that goes on.
const FIRST_LOOK: Duration = Duration::from_secs(40);
/// Calls that may name one object which is "not ready": after that it is made anew.
const CALLS_PER_OBJECT: usize = 3;
/// Passing faults in a row after which a post is given up: of its media's server,
/// for some two hours, or of a platform that does not answer, for most of a day.
const MEDIA_FAULTS_MAX: u32 = 12;
const PLATFORM_FAULTS_MAX: u32 = 60;

impl Recorder {
    /// Records that a call may have gone through.
    pub(super) async fn unknown(
        &self,
        claim: &Claim,
        intent: &Intent,
        answer: Heard,
    ) -> Result<End, StoreError> {
        let failure = answer.failure().clone();
        let proof = Proof::Unknown { answer, look_again: FIRST_LOOK };
        let kept = self.keep(Evidence::new(claim.lease.worker(), claim, intent, proof)).await;
        if failure.asks_to_rest() {
            // Recorded with the refusal.
            self.context.in_flight.paused();
        }
        Ok(end_of(kept.settled(), || End::LookingUp(failure, FIRST_LOOK)))
    }

    /// Records a failure that made nothing live, and does what it asks for.
    pub(super) async fn fail(
        &self,
        claim: &Claim,
        phase: &Phase,
        failure: Failure,
    ) -> Result<End, StoreError> {
        let per_round = self.context.options.max_attempts.unwrap_or_default();
        let attempts = claim.attempts_of_this_round(per_round);
        let retry = || match retry_delay(attempts, jitter()) {
            delay if claim.due => Next::Retry(delay),
            // Preparing began early; the post keeps all its attempts for its time.
            delay => Next::GiveBack(delay),
        };
        let (next, staged) = match failure.remedy {
            Remedy::Retry => (retry(), Staged::Keep),
            Remedy::Outage(side) => (outage(claim, side), Staged::Keep),
            Remedy::Restage => (retry(), Staged::Anew),
            Remedy::Direct => (Next::GiveBack(Duration::ZERO), Staged::Direct),
            Remedy::PollAgain(_) if is_asked_too_often(claim, phase) => match phase {
                // A call without an answer may show its effect late: it stays the anchor.
                Phase::Lookup(calls) if calls.iter().any(|call| call.refusal.is_none()) => {
                    (retry(), Staged::Keep)
                }
                _ => (retry(), Staged::Anew),
            },
            Remedy::PollAgain(delay) => (Next::GiveBack(delay), Staged::Keep),
            Remedy::Wait { .. } | Remedy::Operator(_) => {
                (Next::GiveBack(Duration::ZERO), Staged::Keep)
            }
            Remedy::GiveUp => (Next::Fail, Staged::Keep),
        };
        let settled = match phase {
            Phase::Publish(intent) => {
                let next = next.clone();
                let proof = Proof::Refused { failure: failure.clone(), staged, next };
                let kept =
                    self.keep(Evidence::new(claim.lease.worker(), claim, intent, proof)).await;
                // Not before what the refusal proves: the next attempt would meet the
                // pause again, but not this call.
                self.pause_or_go_on(claim, &failure).await;
                kept.settled()
            }
            // Found out anew when the database is away.
            Phase::Prepare | Phase::Lookup(_) => {
                self.pause_or_go_on(claim, &failure).await;
                let failing = Failing {
                    lease: claim.lease.clone(),
                    phase: phase.clone(),
                    failure: failure.clone(),
                    staged,
                    next: next.clone(),
                };
                self.context.writer.record_failure(failing).await?
            }
        };
        match phase {
            Phase::Lookup(_) => {}
            Phase::Prepare | Phase::Publish(_) if is_outage(&failure) => {
                self.health.count_if_outage(claim, &failure).await;
            }
            Phase::Prepare | Phase::Publish(_) if failure.http_status.is_some() => {
                self.health.platform_answered(claim.content.platform).await;
            }
            Phase::Prepare | Phase::Publish(_) => {}
        }
        Ok(end_of(settled, || match (next, failure.remedy) {
            (Next::GiveBack(delay), Remedy::PollAgain(_)) => End::Waiting(delay),
            (
                Next::GiveBack(_),
                Remedy::Retry | Remedy::Outage(_) | Remedy::Restage | Remedy::Direct,
            ) => End::Retrying(failure),
            (Next::GiveBack(_), _) => End::Paused(failure),
            (Next::Retry(_), _) if claim.attempts < claim.max_attempts => End::Retrying(failure),
            (Next::Retry(_) | Next::Fail, _) => End::Failed(failure),
        }))
    }

    /// A pause that is not recorded is asked for again by the next attempt.
    pub(super) async fn pause_or_go_on(&self, job: &Job, failure: &Failure) {
        if !failure.asks_to_rest() {
            return;
        }
        match self.context.store.pause_accounts(job.post_id, failure).await {
            Ok(()) => self.context.in_flight.paused(),
            Err(error) => {
                tracing::warn!(account = %job.account.id, %error, "the account could not be paused");
            }
        }
    }

    /// Pauses those accounts for a moment whose limit is nearly used up: the refusal
    /// that would follow makes the block longer.
    pub(super) async fn pause_near_limit(&self, job: &Job, draft: &Draft) {
        let Some(NearLimit { percent, scope }) = draft.usage.take() else { return };
        let rest = match percent {
            ..95 => Duration::from_secs(60),
            95..100 => Duration::from_secs(5 * 60),
            _ => Duration::from_secs(15 * 60),
        };
        let message = format!("{percent} % of a limit of the platform is used up");
        let failure = Failure::new(Remedy::Wait { rest, scope }, FailureCode::NearLimit, message);
        self.pause_or_go_on(job, &failure).await;
    }

    /// Returns a job to the queue for this long, its attempt not counted (T11).
    pub(super) async fn requeue(
        &self,
        lease: &Lease,
        after: Duration,
        as_asked: End,
    ) -> Result<End, StoreError> {
        let settled = self.context.writer.release(lease, after).await?;
        Ok(end_of(settled, || as_asked))
    }

    /// Ends a job whose rows cannot be read as a post.
    pub(super) async fn fail_unreadable(
        &self,
        lease: &Lease,
        why: String,
    ) -> Result<Event, StoreError> {
        let outcome = only(self.context.store.fail_unreadable(&[(lease, &why)]).await?)?;
        let failure = Failure::new(Remedy::GiveUp, FailureCode::InvalidRow, why);
        let end = match outcome {
            None => End::Lost,
            Some(Outcome::Unknown) => End::Unknown(failure),
            Some(Outcome::NotPublished | Outcome::Published) => End::Failed(failure),
        };
        Ok(Event::without_claim(lease.post(), end))
    }
}

/// The end that a settling call really came to.
pub(super) fn end_of(settled: Settled, as_asked: impl FnOnce() -> End) -> End {
    match settled {
        Settled::Done => as_asked(),
        Settled::Cancelled => End::Cancelled,
        Settled::Lost => End::Lost,
    }
}

pub(super) fn published(job: &Job, intent: &Intent, receipt: &Receipt) -> End {
    End::Published {
        external_id: receipt.external_id.clone(),
        late: (intent.at - job.run_at).to_std().unwrap_or(Duration::ZERO),
    }
}

/// What becomes of a job after a passing fault: it comes back after 1, 2, 4,
/// 8 and then 15 minutes, with no attempt counted; but not for ever.
fn outage(job: &Job, side: Away) -> Next {
    let most = match side {
        Away::MediaHost => MEDIA_FAULTS_MAX,
        Away::Platform => PLATFORM_FAULTS_MAX,
    };
    if job.faults >= most {
        return Next::Fail;
    }
    let minutes = 2u64.pow(job.faults.min(4)).min(15);
    let delay = Duration::from_secs(minutes * 60);
    Next::GiveBack(delay.mul_f64(0.5 + jitter() / 2.0))
}

fn is_outage(failure: &Failure) -> bool {
    matches!(failure.remedy, Remedy::Outage(_))
}

/// A number from 0 to 1 that differs between workers and posts.
fn jitter() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0
}

/// Whether an object has been "not ready", or got no answer to the calls that
/// named it, so often that another one must do.
fn is_asked_too_often(job: &Job, phase: &Phase) -> bool {
    let object = match phase {
        Phase::Prepare => return false,
        Phase::Publish(call) => call.object.as_deref(),
        Phase::Lookup(calls) => calls.last().and_then(|call| call.object.as_deref()),
    };
    let earlier = job.calls.iter().filter(|call| call.object.as_deref() == object).count();
    // The call at hand is not among the earlier ones of its own claim.
    earlier + usize::from(matches!(phase, Phase::Publish(_))) >= CALLS_PER_OBJECT
}
