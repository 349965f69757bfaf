//! One job from its claim to its end.
//!
//! The crash-safety argument. Everything before the gate is invisible at the
//! platform and may be repeated; what it made is committed as soon as it is
//! known. The gate commits "the call goes out" before it goes out. After that
//! commit the job never returns to the queue without proof that the call made
//! nothing live: it is looked up (`reconcile.rs`), by this process or, when its
//! lease is over, by any other. What counts as proof is decided in
//! [`proof`](crate::domain::proof). Before another call for the same post goes
//! out, all earlier ones are asked about once more. A worker that lost its lease
//! changes no row but one: evidence that the post is live is always kept. What a
//! call answered outlives its worker also when the database is away (`spool`).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::proof::{self, CALL_IS_OVER, Proven, Witness};
use crate::domain::rules;
use crate::domain::{
    Answer, Away, Claim, ClaimId, Clearance, Draft, Failure, FailureCode, Intent, Outcome,
    PUBLISH_LIMIT, Preparation, Receipt, Remedy, Scope, retry_delay,
};
use crate::store::{Gate, Heard, Next, Settled, Staged, Step, StoreError, ToPublish};

use super::evidence::{Evidence, Kept, Proof};
use super::reconcile::may_be_anothers;
use super::uptime::Uptime;
use super::{End, Event, Shared};

/// A call leaves this soon after its gate began, reads before it included, or never.
pub(super) const LEAVES_WITHIN: Duration = Duration::from_secs(45);
// Leases are shorter: whoever takes the job over earlier may find the post live,
// but must not believe that it will never be.
const _: () = assert!(
    CALL_IS_OVER.as_secs() == LEAVES_WITHIN.as_secs() + PUBLISH_LIMIT.as_secs(),
    "a call is over when it can neither leave nor be under way"
);
/// A job whose account was paused when its call was to go out comes back this soon.
const ACCOUNT_RESTS: Duration = Duration::from_secs(45);
/// A job whose account another worker publishes to comes back this soon.
const ACCOUNT_BUSY_REST: Duration = Duration::from_secs(1);
/// A call is first looked up so long after its answer, or the lack of one. A refusal
/// is looked up at once: no other worker need look while that goes on.
const FIRST_LOOK: Duration = Duration::from_secs(40);
/// Why the platform does not take a post as a duplicate.
const SAME_TEXT: &str = "another post of this account with the same text is live already";
/// Calls that may name one object which is "not ready": after that it is made anew.
const CALLS_PER_OBJECT: usize = 3;
/// Passing faults in a row after which a post is given up: of its media's server,
/// for some two hours, or of a platform that answers nobody, for most of a day.
const MEDIA_FAULTS_MAX: u32 = 12;
const PLATFORM_FAULTS_MAX: u32 = 60;

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
            let failure = Failure::new(
                Remedy::GiveUp,
                FailureCode::AccountRemoved,
                "its account was removed",
            );
            return self.fail(&claim, &Step::Prepare, failure).await;
        }
        // Rows of other programs were never checked; ours may have been changed.
        let review = rules::check(&claim.content, self.options.allow_private_media);
        if let Some(problem) = review.problems.0.first() {
            let text = format!("{}: {}", problem.field.trim_start_matches('-'), problem.what);
            let failure = Failure::new(Remedy::GiveUp, FailureCode::InvalidPost, text);
            return self.fail(&claim, &Step::Prepare, failure).await;
        }
        let mut draft = match self.draft(&claim) {
            Ok(draft) => draft,
            Err(failure) => return self.fail(&claim, &Step::Prepare, failure).await,
        };
        if claim.due
            && let Some(end) = self.ask_about_earlier_calls(&claim, &draft).await?
        {
            return Ok(end);
        }
        let publisher = self.publishers.get(claim.content.platform);
        loop {
            if stop.is_cancelled() {
                return self.give_back(&claim, Duration::ZERO).await;
            }
            draft.now = claim.now();
            let step = publisher.prepare(&draft).await;
            self.heed_usage(&claim, &draft).await;
            match step {
                Ok(Preparation::Ready) => break,
                Ok(Preparation::Staged(artifacts)) => {
                    if !self.record(&mut claim, &mut draft, artifacts).await? {
                        return Ok(End::Lost);
                    }
                    self.platform_answered(&claim).await;
                }
                Ok(Preparation::Wait(delay, artifacts)) => {
                    if !self.record(&mut claim, &mut draft, artifacts).await? {
                        return Ok(End::Lost);
                    }
                    let settled = self.store.release(&self.options.id, &claim, delay).await?;
                    self.platform_answered(&claim).await;
                    return self.ended(settled, || End::Waiting(delay));
                }
                Err(failure) => return self.fail(&claim, &Step::Prepare, failure).await,
            }
        }
        if !claim.due {
            let settled = self.store.release_until_due(&self.options.id, &claim).await?;
            return self.ended(settled, || End::Prepared);
        }
        self.discard_unused(&claim, &draft).await;
        draft.now = claim.now();
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
        claim.faults = 0;
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
        let publisher = self.publishers.get(claim.content.platform);
        let account = self.held.account(claim.account.id);
        let turn = tokio::select! {
            turn = account.lock() => turn,
            () = stop.cancelled() => return self.give_back(claim, Duration::ZERO).await,
        };
        let gate_began = Uptime::now();
        let object = publisher.object(&draft);
        let job = ToPublish { claim, object: object.as_deref() };
        let gates = self.store.open_gates(&self.options.id, &[job], self.options.lease).await?;
        let intent = match gates.into_iter().next() {
            Some(Gate::Open(intent)) => *intent,
            Some(Gate::CancelWished) => {
                let settled = self.store.cancel_claimed(&self.options.id, claim).await?;
                return self.ended(settled, || End::Cancelled);
            }
            Some(Gate::AccountRests(why)) => {
                let settled = self.store.release(&self.options.id, claim, ACCOUNT_RESTS).await?;
                let failure =
                    Failure::new(Remedy::Operator(Scope::Account), FailureCode::AccountPaused, why);
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
        draft.now = intent.at;
        draft.calls.push(intent.clone());
        // Asked by the client right before the first byte: this machine may
        // sleep or stall in between, and another worker take the job over.
        draft.clearance = Clearance::new(move || gate_began.elapsed() < LEAVES_WITHIN);
        let answer = publisher.publish(&draft).await;
        let is_refused = matches!(answer, Answer::Refused(_));
        match proof::of_answer(answer, publisher.witness(&draft)) {
            Proven::Live(receipt) => {
                let proof = Proof::Live(receipt.clone());
                self.keep_evidence(Evidence::new(claim, &intent, proof)).await;
                drop(turn);
                self.platform_answered(claim).await;
                self.heed_usage(claim, &draft).await;
                self.describe(claim, &draft, &receipt).await;
                Ok(published(claim, &intent, &receipt))
            }
            Proven::Matched(receipt) => {
                let proof = Proof::Matched(receipt.clone());
                match self.keep_evidence(Evidence::new(claim, &intent, proof)).await {
                    Kept::Anothers => {
                        let failure =
                            Failure::new(Remedy::GiveUp, FailureCode::DuplicatePost, SAME_TEXT);
                        drop(turn);
                        match publisher.witness(&draft) {
                            Witness::Nobody => {
                                self.fail(claim, &Step::Publish(Box::new(intent)), failure).await
                            }
                            Witness::Object | Witness::List => {
                                self.refused(claim, &draft, intent, failure).await
                            }
                        }
                    }
                    Kept::Unclear => {
                        self.unknown(claim, &intent, Heard::Nothing(may_be_anothers())).await
                    }
                    Kept::Recorded(_) | Kept::Spooled | Kept::Untaken => {
                        Ok(published(claim, &intent, &receipt))
                    }
                }
            }
            Proven::NotLive(failure) => {
                self.fail(claim, &Step::Publish(Box::new(intent)), failure).await
            }
            Proven::Nothing(failure) | Proven::Never(failure) if is_refused => {
                drop(turn);
                self.refused(claim, &draft, intent, failure).await
            }
            Proven::Nothing(failure) | Proven::Never(failure) => {
                let end = self.unknown(claim, &intent, Heard::Nothing(failure.clone())).await;
                self.count_if_outage(claim, &failure).await;
                self.rest_or_go_on(claim, &failure).await;
                end
            }
        }
    }

    /// Writes a refusal down and looks at once whether it is true.
    async fn refused(
        &self,
        claim: &Claim,
        draft: &Draft,
        intent: Intent,
        failure: Failure,
    ) -> Result<End, StoreError> {
        let end = self.unknown(claim, &intent, Heard::Refusal(failure.clone())).await?;
        self.platform_answered(claim).await;
        if !matches!(end, End::LookingUp(..)) {
            return Ok(end);
        }
        let call = Intent {
            answered_at: Some(claim.now()),
            doubted: proof::contradicts(&failure, draft.is_repeat()),
            refusal: Some(failure),
            ..intent
        };
        let claim = Claim {
            open_intents: vec![call.clone()],
            calls: claim.calls.iter().cloned().chain([call]).collect(),
            ..claim.clone()
        };
        self.reconcile(&claim).await
    }

    /// Writes down that a call may have gone through.
    pub(super) async fn unknown(
        &self,
        claim: &Claim,
        intent: &Intent,
        answer: Heard,
    ) -> Result<End, StoreError> {
        let failure = answer.failure().clone();
        let proof = Proof::Unknown { answer, look_again: FIRST_LOOK };
        let kept = self.keep_evidence(Evidence::new(claim, intent, proof)).await;
        self.ended(kept.settled(), || End::LookingUp(failure, FIRST_LOOK))
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
        let (next, staged) = match failure.remedy {
            Remedy::Retry => (retry(), Staged::Keep),
            Remedy::Outage(side) => (self.outage(claim, side), Staged::Keep),
            Remedy::Restage => (retry(), Staged::Anew),
            Remedy::Direct => (Next::GiveBack(Duration::ZERO), Staged::Direct),
            Remedy::PollAgain(_) if is_asked_too_often(claim, step) => match step {
                // A call without an answer may show its effect late: it stays the anchor.
                Step::Lookup(calls) if calls.iter().any(|call| call.refusal.is_none()) => {
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
        let settled = match step {
            Step::Publish(intent) => {
                let next = next.clone();
                let proof = Proof::Refused { failure: failure.clone(), staged, next };
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
                self.store.record_failure(worker, claim, step, &failure, staged, &next).await?
            }
        };
        match step {
            Step::Lookup(_) => {}
            Step::Prepare | Step::Publish(_) if is_outage(&failure) => {
                self.count_if_outage(claim, &failure).await;
            }
            Step::Prepare | Step::Publish(_) if failure.http_status.is_some() => {
                self.platform_answered(claim).await;
            }
            Step::Prepare | Step::Publish(_) => {}
        }
        self.ended(settled, || match (next, failure.remedy) {
            (Next::GiveBack(delay), Remedy::PollAgain(_)) => End::Waiting(delay),
            (
                Next::GiveBack(_),
                Remedy::Retry | Remedy::Outage(_) | Remedy::Restage | Remedy::Direct,
            ) => End::Retrying(failure),
            (Next::GiveBack(_), _) => End::Resting(failure),
            (Next::Retry(_), _) if claim.attempts < claim.max_attempts => End::Retrying(failure),
            (Next::Retry(_) | Next::Fail, _) => End::Failed(failure),
        })
    }

    /// What becomes of a job after a passing fault: it comes back after 1, 2, 4,
    /// 8 and then 15 minutes, with no attempt counted; but not for ever.
    fn outage(&self, claim: &Claim, side: Away) -> Next {
        let most = match side {
            Away::MediaHost => MEDIA_FAULTS_MAX,
            Away::Platform => PLATFORM_FAULTS_MAX,
        };
        if claim.faults >= most {
            return Next::Fail;
        }
        let minutes = 2u64.pow(claim.faults.min(4)).min(15);
        let delay = Duration::from_secs(minutes * 60);
        Next::GiveBack(delay.mul_f64(0.5 + jitter() / 2.0))
    }

    /// A rest that is not recorded is asked for again by the next attempt.
    pub(super) async fn rest_or_go_on(&self, claim: &Claim, failure: &Failure) {
        if let Err(error) = self.store.rest_accounts(claim.post_id, failure).await {
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
        let failure = Failure::new(Remedy::GiveUp, FailureCode::InvalidRow, why);
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

fn is_outage(failure: &Failure) -> bool {
    matches!(failure.remedy, Remedy::Outage(_))
}

/// A number from 0 to 1 that differs between workers and posts.
fn jitter() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0
}

/// Whether an object has been "not ready", or got no answer to the calls that
/// named it, so often that another one must do.
fn is_asked_too_often(claim: &Claim, step: &Step) -> bool {
    let object = match step {
        Step::Prepare => return false,
        Step::Publish(call) => call.object.as_deref(),
        Step::Lookup(calls) => calls.last().and_then(|call| call.object.as_deref()),
    };
    let earlier = claim.calls.iter().filter(|call| call.object.as_deref() == object).count();
    // The call at hand is not among the earlier ones of its own claim.
    earlier + usize::from(matches!(step, Step::Publish(_))) >= CALLS_PER_OBJECT
}
