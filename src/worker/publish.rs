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

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::proof::{self, CALL_IS_OVER, LISTS_LAG, Proven, Witness};
use crate::domain::rules;
use crate::domain::{
    Answer, Artifact, Claim, Clearance, Draft, Failure, FailureCode, Intent, Job, PUBLISH_LIMIT,
    Preparation, Remedy, Scope, Sighting,
};
use crate::store::{Gate, Heard, Phase, StoreError};

use super::End;
use super::context::Context;
use super::evidence::{Evidence, Proof};
use super::on_time::OnTime;
use super::reconcile::{Reconciler, may_be_anothers};
use super::recorder::{Kept, Recorder};
use super::settle::{end_of, published};
use super::uptime::Uptime;
use super::writer::AtGate;

/// A call leaves this soon after its gate began, reads before it included, or never.
pub(super) const LEAVES_WITHIN: Duration = Duration::from_secs(45);
// Leases are shorter: a worker that takes the job over earlier may find the post live,
// but must not believe that it will never be.
const _: () = assert!(
    CALL_IS_OVER.as_secs() == LEAVES_WITHIN.as_secs() + PUBLISH_LIMIT.as_secs(),
    "a call is over when it can neither leave nor be under way"
);
/// A job whose account was paused when its call was to go out comes back this soon.
const ACCOUNT_PAUSED: Duration = Duration::from_secs(45);
/// A job whose account another worker publishes to comes back this soon.
const ACCOUNT_BUSY: Duration = Duration::from_secs(1);
/// Why the platform does not take a post as a duplicate.
const SAME_TEXT: &str = "another post of this account with the same text is live already";

/// A job whose earlier call cannot be asked about now comes back this soon.
const ASK_AGAIN: Duration = Duration::from_secs(5 * 60);

/// Publishes claimed jobs, one at a time each.
pub(super) struct Publishing {
    context: Arc<Context>,
    recorder: Arc<Recorder>,
    reconciler: Arc<Reconciler>,
}

impl Publishing {
    pub(super) fn new(
        context: Arc<Context>,
        recorder: Arc<Recorder>,
        reconciler: Arc<Reconciler>,
    ) -> Self {
        Self { context, recorder, reconciler }
    }

    /// Works on a job until it is published, ended, or put back.
    pub(super) async fn work(
        &self,
        mut claim: Claim,
        stop: &CancellationToken,
    ) -> Result<End, StoreError> {
        if !claim.open_intents.is_empty() {
            return self.reconciler.reconcile(&claim).await;
        }
        if claim.cancel_requested {
            // A request is honoured wherever a job returns to the queue.
            return self.recorder.requeue(&claim.lease, Duration::ZERO, End::Cancelled).await;
        }
        if !claim.account.is_added {
            let failure = Failure::new(
                Remedy::GiveUp,
                FailureCode::AccountRemoved,
                "its account was removed",
            );
            return self.recorder.fail(&claim, &Phase::Prepare, failure).await;
        }
        // Rows of other programs were never checked; ours may have been changed.
        let review = rules::check(&claim.content, self.context.options.allow_private_media);
        if let Some(problem) = review.problems.0.first() {
            let text = format!("{}: {}", problem.field.trim_start_matches('-'), problem.what);
            let failure = Failure::new(Remedy::GiveUp, FailureCode::InvalidPost, text);
            return self.recorder.fail(&claim, &Phase::Prepare, failure).await;
        }
        let mut draft = match self.context.draft(&claim) {
            Ok(draft) => draft,
            Err(failure) => return self.recorder.fail(&claim, &Phase::Prepare, failure).await,
        };
        if claim.due
            && let Some(end) = self.ask_about_earlier_calls(&claim, &draft).await?
        {
            return Ok(end);
        }
        let publisher = self.context.publishers.get(claim.content.platform);
        loop {
            if stop.is_cancelled() {
                return self.recorder.requeue(&claim.lease, Duration::ZERO, End::Released).await;
            }
            draft.now = claim.now();
            let step = publisher.prepare(&draft).await;
            self.recorder.pause_near_limit(&claim, &draft).await;
            match step {
                Ok(Preparation::Ready) => break,
                Ok(Preparation::Staged(artifacts)) => {
                    if !self.record(&mut claim, &mut draft, artifacts).await? {
                        return Ok(End::Lost);
                    }
                    self.recorder.health.platform_answered(claim.content.platform).await;
                }
                Ok(Preparation::Wait(delay, artifacts)) => {
                    if !self.record(&mut claim, &mut draft, artifacts).await? {
                        return Ok(End::Lost);
                    }
                    let lease = &claim.lease;
                    let end = self.recorder.requeue(lease, delay, End::Waiting(delay)).await?;
                    self.recorder.health.platform_answered(claim.content.platform).await;
                    return Ok(end);
                }
                Err(failure) => return self.recorder.fail(&claim, &Phase::Prepare, failure).await,
            }
        }
        if !claim.due {
            let settled = self.context.writer.release_until_due(&claim.lease).await?;
            return Ok(end_of(settled, || End::Prepared));
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
        artifacts: Vec<Artifact>,
    ) -> Result<bool, StoreError> {
        if artifacts.is_empty() {
            return Ok(true);
        }
        let ours = self.context.writer.record_staged(&claim.lease, artifacts.clone()).await?;
        claim.job.staging.0.extend(artifacts.iter().cloned());
        claim.job.faults = 0;
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
        let publisher = self.context.publishers.get(claim.content.platform);
        let account = self.context.in_flight.account(claim.account.id);
        let turn = tokio::select! {
            turn = account.lock() => turn,
            () = stop.cancelled() => {
                return self.recorder.requeue(&claim.lease, Duration::ZERO, End::Released).await;
            }
        };
        let gate_began = Uptime::now();
        let lease = &claim.lease;
        let (account, object) = (claim.account.id, publisher.object(&draft));
        let at_gate = AtGate { lease: lease.clone(), account, object };
        let intent = match self.context.writer.open_gate(at_gate).await? {
            Gate::Open(intent) => *intent,
            Gate::CancelRequested => {
                return self.recorder.requeue(lease, Duration::ZERO, End::Cancelled).await;
            }
            Gate::AccountPaused(why) => {
                let failure =
                    Failure::new(Remedy::Operator(Scope::Account), FailureCode::AccountPaused, why);
                return self.recorder.requeue(lease, ACCOUNT_PAUSED, End::Paused(failure)).await;
            }
            Gate::AccountBusy => {
                let end = End::Waiting(ACCOUNT_BUSY);
                return self.recorder.requeue(lease, ACCOUNT_BUSY, end).await;
            }
            Gate::Lost => return Ok(End::Lost),
        };
        self.context.in_flight.cleared(lease, &intent);
        self.context.on_time.gate_took(gate_began.elapsed());
        OnTime::until_call(claim).await;
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
                self.keep(claim, &intent, proof).await;
                drop(turn);
                self.recorder.health.platform_answered(claim.content.platform).await;
                self.recorder.pause_near_limit(claim, &draft).await;
                self.reconciler.describe(claim, &draft, &receipt).await;
                Ok(published(claim, &intent, &receipt))
            }
            Proven::Matched(receipt) => {
                let proof = Proof::Matched(receipt.clone());
                match self.keep(claim, &intent, proof).await {
                    Kept::Anothers => {
                        let failure =
                            Failure::new(Remedy::GiveUp, FailureCode::DuplicatePost, SAME_TEXT);
                        drop(turn);
                        match publisher.witness(&draft) {
                            Witness::Nobody => {
                                self.recorder
                                    .fail(claim, &Phase::Publish(Box::new(intent)), failure)
                                    .await
                            }
                            Witness::Object | Witness::List => {
                                self.refused(claim, &draft, intent, failure).await
                            }
                        }
                    }
                    Kept::Unclear => {
                        self.recorder
                            .unknown(claim, &intent, Heard::Nothing(may_be_anothers()))
                            .await
                    }
                    Kept::Recorded(_) | Kept::Spooled | Kept::Untaken => {
                        Ok(published(claim, &intent, &receipt))
                    }
                }
            }
            Proven::NotLive(failure) => {
                self.recorder.fail(claim, &Phase::Publish(Box::new(intent)), failure).await
            }
            Proven::Nothing(failure) | Proven::Never(failure) if is_refused => {
                drop(turn);
                self.refused(claim, &draft, intent, failure).await
            }
            Proven::Nothing(failure) | Proven::Never(failure) => {
                let end =
                    self.recorder.unknown(claim, &intent, Heard::Nothing(failure.clone())).await;
                self.recorder.health.count_if_outage(claim, &failure).await;
                self.recorder.pause_or_go_on(claim, &failure).await;
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
        let end = self.recorder.unknown(claim, &intent, Heard::Refusal(failure.clone())).await?;
        self.recorder.health.platform_answered(claim.content.platform).await;
        if !matches!(end, End::LookingUp(..)) {
            return Ok(end);
        }
        let call = Intent {
            answered_at: Some(claim.now()),
            doubted: proof::contradicts(&failure, draft.is_repeat()),
            refusal: Some(failure),
            ..intent
        };
        let job = Job {
            open_intents: vec![call.clone()],
            calls: claim.calls.iter().cloned().chain([call]).collect(),
            ..claim.job.clone()
        };
        self.reconciler.reconcile(&Claim { lease: claim.lease.clone(), job }).await
    }

    /// Asks once more about every earlier call of a post before another one is
    /// made: what was believed of it may have been too early. `None`: another
    /// call is safe.
    async fn ask_about_earlier_calls(
        &self,
        claim: &Claim,
        draft: &Draft,
    ) -> Result<Option<End>, StoreError> {
        let Some(youngest) = claim.calls.iter().map(|call| call.age).min() else {
            return Ok(None);
        };
        if let Some(rest) = CALL_IS_OVER.checked_sub(youngest).filter(|rest| !rest.is_zero()) {
            return self.wait(claim, rest).await.map(Some);
        }
        let publisher = self.context.publishers.get(claim.content.platform);
        for call in claim.newest_calls() {
            let (receipt, proof) = match Proof::of(publisher.look_up(draft, call).await) {
                Ok(seen) => seen,
                Err(Sighting::NotLive { after }) if call.age < after => {
                    let rest = after - call.age;
                    return self.wait(claim, rest).await.map(Some);
                }
                Err(Sighting::NotLive { .. } | Sighting::Dead(_) | Sighting::NeverTells(_)) => {
                    continue;
                }
                Err(Sighting::CannotTell(failure)) if failure.passes() => {
                    return self.recorder.fail(claim, &Phase::Prepare, failure).await.map(Some);
                }
                Err(_) => return self.wait(claim, ASK_AGAIN).await.map(Some),
            };
            match self.reconciler.found(claim, call, receipt, proof).await {
                Ok(end) => return Ok(Some(end)),
                // Another job's post: this one is not listed.
                Err(failure) if failure.code == FailureCode::Anothers && call.age >= LISTS_LAG => {}
                Err(_) => return self.wait(claim, ASK_AGAIN).await.map(Some),
            }
        }
        Ok(None)
    }

    /// Deletes what earlier calls named and this one will not: each was seen not to
    /// be live.
    async fn discard_unused(&self, claim: &Claim, draft: &Draft) {
        let publisher = self.context.publishers.get(claim.content.platform);
        let object = publisher.object(draft);
        if claim.calls.iter().any(|call| call.doubted || call.blind) {
            return;
        }
        let named = claim.newest_calls().into_iter().filter_map(|call| call.object.as_deref());
        for unused in named.filter(|name| object.as_deref() != Some(name)) {
            publisher.discard(draft, unused).await;
        }
    }

    async fn wait(&self, claim: &Claim, delay: Duration) -> Result<End, StoreError> {
        self.recorder.requeue(&claim.lease, delay, End::Waiting(delay)).await
    }

    async fn keep(&self, claim: &Claim, intent: &Intent, proof: Proof) -> Kept {
        let worker = claim.lease.worker();
        self.recorder.keep(Evidence::new(worker, claim, intent, proof)).await
    }
}
