//! One job from its claim to its end.
//!
//! The crash-safety argument. Everything before the gate is invisible at the
//! platform and may be repeated; what it made is committed as soon as it is
//! known. The gate commits "the call goes out" before it goes out. After that
//! commit the job never returns to the queue without evidence that the call
//! made nothing live: it is looked up (`reconcile.rs`), by this process or,
//! when its lease is over, by any other. A worker that lost its lease changes
//! no row but one: evidence that the post is live is always kept. What a call
//! answered outlives its worker also when the database is away (`spool`).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::rules;
use crate::domain::{
    Answer, Claim, ClaimId, Clearance, Draft, Failure, Intent, Outcome, PUBLISH_LIMIT, Preparation,
    Receipt, Remedy, Scope, retry_delay,
};
use crate::store::{Gate, Next, Settled, Step, StoreError};

use super::evidence::{Evidence, Kept, Proof};
use super::reconcile::{first_look, may_be_anothers};
use super::uptime::Uptime;
use super::{End, Event, Shared};

/// A call leaves this soon after its gate began, reads before it included, or never.
const LEAVES_WITHIN: Duration = Duration::from_secs(45);
/// So long after its intent no call is under way any more, whatever became of
/// its worker. Leases are shorter: whoever takes the job over earlier may find
/// the post live, but must not believe that it will never be.
pub(super) const CALL_IS_OVER: Duration = LEAVES_WITHIN.saturating_add(PUBLISH_LIMIT);
/// A job whose account was paused when its call was to go out comes back this soon.
const ACCOUNT_RESTS: Duration = Duration::from_secs(45);
/// A job whose account another worker publishes to comes back this soon.
const ACCOUNT_BUSY_REST: Duration = Duration::from_secs(1);
/// Why the platform does not take a post as a duplicate.
const SAME_TEXT: &str = "another post of this account with the same text is live already";
/// No rest is shorter, whatever the platform says: it would be a hot loop.
pub(super) const REST_MIN: Duration = Duration::from_secs(5);

impl Shared {
    /// Works on a job until it is published, ended, or put back.
    pub(super) async fn work(
        &self,
        mut claim: Claim,
        stop: &CancellationToken,
    ) -> Result<End, StoreError> {
        if !claim.open_intents.is_empty() {
            return self.reconcile(&claim).await;
        }
        if claim.cancel_wished {
            return self.ended(self.store.cancel_claimed(&self.options.id, &claim).await?, || {
                End::Cancelled
            });
        }
        if !claim.account.is_added {
            let failure =
                Failure::new(Remedy::GiveUp, "account_removed", "its account was removed");
            return self.fail(&claim, &Step::Prepare, failure).await;
        }
        // Rows of other programs were never checked; ours may have been changed.
        let review = rules::check(&claim.content, self.options.allow_private_media);
        if let Some(problem) = review.problems.0.first() {
            let text = format!("{}: {}", problem.field.trim_start_matches('-'), problem.what);
            let failure = Failure::new(Remedy::GiveUp, "invalid_post", text);
            return self.fail(&claim, &Step::Prepare, failure).await;
        }
        let mut draft = match self.draft(&claim) {
            Ok(draft) => draft,
            Err(failure) => return self.fail(&claim, &Step::Prepare, failure).await,
        };
        let publisher = self.publishers.get(claim.content.platform);
        loop {
            if stop.is_cancelled() {
                return self.give_back(&claim, Duration::ZERO).await;
            }
            match publisher.prepare(&draft).await {
                Ok(Preparation::Ready) => break,
                Ok(Preparation::Staged(artifacts)) => {
                    if !self.record(&mut claim, &mut draft, artifacts).await? {
                        return Ok(End::Lost);
                    }
                }
                Ok(Preparation::Wait(delay, artifacts)) => {
                    if !self.record(&mut claim, &mut draft, artifacts).await? {
                        return Ok(End::Lost);
                    }
                    let settled = self.store.release(&self.options.id, &claim, delay).await?;
                    return self.ended(settled, || End::Waiting(delay));
                }
                Err(failure) => return self.fail(&claim, &Step::Prepare, failure).await,
            }
        }
        if !claim.due {
            let settled = self.store.release_until_due(&self.options.id, &claim).await?;
            return self.ended(settled, || End::Prepared);
        }
        self.publish(&claim, draft, stop).await
    }

    /// Commits what a step made at the platform. `false`: the job is no longer ours.
    async fn record(
        &self,
        claim: &mut Claim,
        draft: &mut Draft,
        artifacts: Vec<crate::domain::Artifact>,
    ) -> Result<bool, StoreError> {
        if artifacts.is_empty() {
            return Ok(true);
        }
        let ours = self.store.record_staged(&self.options.id, claim, &artifacts).await?;
        claim.staging.0.extend(artifacts.iter().cloned());
        draft.staging.0.extend(artifacts);
        Ok(ours)
    }

    /// Gate, call, evidence. One at a time per account.
    async fn publish(
        &self,
        claim: &Claim,
        mut draft: Draft,
        stop: &CancellationToken,
    ) -> Result<End, StoreError> {
        let account = self.held.account(claim.account.id);
        let turn = tokio::select! {
            turn = account.lock() => turn,
            () = stop.cancelled() => return self.give_back(claim, Duration::ZERO).await,
        };
        let gate_began = Uptime::now();
        let gates = self.store.open_gates(&self.options.id, &[claim], self.options.lease).await?;
        let intent = match gates.into_iter().next() {
            Some(Gate::Open(intent)) => intent,
            Some(Gate::CancelWished) => {
                let settled = self.store.cancel_claimed(&self.options.id, claim).await?;
                return self.ended(settled, || End::Cancelled);
            }
            Some(Gate::AccountRests(why)) => {
                let settled = self.store.release(&self.options.id, claim, ACCOUNT_RESTS).await?;
                let failure = Failure::new(Remedy::Operator(Scope::Account), "account_paused", why);
                return self.ended(settled, || End::Resting(failure));
            }
            Some(Gate::AccountBusy) => {
                let settled =
                    self.store.release(&self.options.id, claim, ACCOUNT_BUSY_REST).await?;
                return self.ended(settled, || End::Waiting(ACCOUNT_BUSY_REST));
            }
            Some(Gate::Lost) | None => return Ok(End::Lost),
        };
        self.held.cleared(claim, &intent);
        draft.sent_at.push(intent.at);
        // Asked by the client right before the first byte: this machine may
        // sleep or stall in between, and another worker take the job over.
        draft.clearance = Clearance::new(move || gate_began.elapsed() < LEAVES_WITHIN);
        match self.publishers.get(claim.content.platform).publish(&draft).await {
            Answer::Published(receipt) => {
                let proof = Proof::Live(receipt.clone());
                self.keep_evidence(Evidence::new(claim, &intent, proof)).await;
                drop(turn);
                self.describe(claim, draft, &receipt).await;
                Ok(published(claim, &intent, &receipt))
            }
            Answer::Found(receipt) => {
                let proof = Proof::Found(receipt.clone());
                match self.keep_evidence(Evidence::new(claim, &intent, proof)).await {
                    Kept::Anothers => {
                        let failure = Failure::new(Remedy::GiveUp, "DUPLICATE_POST", SAME_TEXT);
                        self.fail(claim, &Step::Publish(intent), failure).await
                    }
                    Kept::Unclear => self.unknown(claim, &intent, may_be_anothers()).await,
                    Kept::Recorded(_) | Kept::Spooled | Kept::Untaken => {
                        Ok(published(claim, &intent, &receipt))
                    }
                }
            }
            Answer::Refused(failure) => self.fail(claim, &Step::Publish(intent), failure).await,
            Answer::Unknown(failure) => self.unknown(claim, &intent, failure).await,
        }
    }

    /// Writes down that a call may have gone through.
    pub(super) async fn unknown(
        &self,
        claim: &Claim,
        intent: &Intent,
        failure: Failure,
    ) -> Result<End, StoreError> {
        let look_again = first_look(self.settle());
        let proof = Proof::Unknown { failure: failure.clone(), look_again };
        let kept = self.keep_evidence(Evidence::new(claim, intent, proof)).await;
        self.ended(kept.settled(), || End::LookingUp(failure, look_again))
    }

    /// Writes down a failure that made nothing live, and does what it asks for.
    pub(super) async fn fail(
        &self,
        claim: &Claim,
        step: &Step,
        failure: Failure,
    ) -> Result<End, StoreError> {
        let per_round = self.options.max_attempts.unwrap_or_default();
        let attempts = claim.attempts_of_this_round(per_round);
        let retry = || match retry_delay(attempts, jitter()) {
            delay if claim.due => Next::Retry(delay),
            // Preparing began early; the post keeps all its attempts for its time.
            delay => Next::GiveBack(delay),
        };
        let (next, restage) = match failure.remedy {
            Remedy::Retry => (retry(), false),
            Remedy::Restage => (retry(), true),
            Remedy::PollAgain(delay) => (Next::GiveBack(delay), false),
            Remedy::Wait(_) | Remedy::Operator(_) => (Next::GiveBack(Duration::ZERO), false),
            Remedy::GiveUp => (Next::Fail, false),
        };
        let settled = match step {
            Step::Publish(intent) => {
                let next = next.clone();
                let proof = Proof::Refused { failure: failure.clone(), restage, next };
                let kept = self.keep_evidence(Evidence::new(claim, intent, proof)).await;
                // Not before what the refusal proves: the next attempt would be told
                // of the rest again, but not of this call.
                self.rest_or_go_on(claim, &failure).await;
                kept.settled()
            }
            // Found out anew when the database is away.
            Step::Prepare | Step::Lookup(_) => {
                self.rest_or_go_on(claim, &failure).await;
                let worker = &self.options.id;
                self.store.record_failure(worker, claim, step, &failure, restage, &next).await?
            }
        };
        self.ended(settled, || match (&next, failure.remedy) {
            (Next::GiveBack(delay), Remedy::PollAgain(_)) => End::Waiting(*delay),
            (Next::GiveBack(_), Remedy::Retry | Remedy::Restage) => End::Retrying(failure),
            (Next::GiveBack(_), _) => End::Resting(failure),
            (Next::Retry(_), _) if claim.attempts < claim.max_attempts => End::Retrying(failure),
            (Next::Retry(_) | Next::Fail, _) => End::Failed(failure),
        })
    }

    /// A rest that is not recorded is asked for again by the next attempt.
    async fn rest_or_go_on(&self, claim: &Claim, failure: &Failure) {
        if let Err(error) = self.rest_if_asked(claim, failure).await {
            tracing::warn!(account = %claim.account.id, %error, "does not rest");
        }
    }

    /// Puts a job back as it was, its attempt not counted (T11), for this long.
    pub(super) async fn give_back(&self, claim: &Claim, rest: Duration) -> Result<End, StoreError> {
        let settled = self.store.release(&self.options.id, claim, rest).await?;
        self.ended(settled, || End::Released)
    }

    pub(super) async fn fail_unreadable(
        &self,
        claim: ClaimId,
        why: String,
    ) -> Result<Event, StoreError> {
        let outcome = self.store.fail_unreadable(&self.options.id, claim, &why).await?;
        let failure = Failure::new(Remedy::GiveUp, "invalid_row", why);
        let end = match outcome {
            None => End::Lost,
            Some(Outcome::Unknown) => End::Unknown(failure),
            Some(Outcome::NotPublished | Outcome::Published) => End::Failed(failure),
        };
        Ok(Event::without_claim(claim.post, end))
    }

    /// The end that a settling call really came to.
    pub(super) fn ended(
        &self,
        settled: Settled,
        as_asked: impl FnOnce() -> End,
    ) -> Result<End, StoreError> {
        Ok(match settled {
            Settled::Done => as_asked(),
            Settled::Cancelled => End::Cancelled,
            Settled::Lost => End::Lost,
        })
    }
}

pub(super) fn published(claim: &Claim, intent: &Intent, receipt: &Receipt) -> End {
    End::Published {
        external_id: receipt.external_id.clone(),
        late: (intent.at - claim.run_at).to_std().unwrap_or(Duration::ZERO),
    }
}

/// A number from 0 to 1 that differs between workers and posts.
fn jitter() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0
}
