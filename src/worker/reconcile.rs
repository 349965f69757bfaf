//! Finding out what became of a publish call whose answer proves nothing: it was lost,
//! or it was a refusal.
//!
//! Reads only. What a reading proves is decided in [`proof`](crate::domain::proof).
//! What no reading can settle ends as *unknown*, for a person, no sooner; it is
//! never sent again by us.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::proof::{self, CALL_IS_OVER, LISTS_LAG, Proven, Witness};
use crate::domain::{Claim, Draft, Failure, FailureCode, Intent, Job, Receipt, Remedy, Sighting};
use crate::store::{LookedUp, Phase, Reviewed, StoreError, Undecided};

use super::context::Context;
use super::evidence::{Evidence, Proof, Recognised};
use super::recorder::{Kept, Recorder};
use super::settle::{end_of, published};
use super::{End, only};

/// After this many readings that decide nothing, a person is asked.
const LOOKUPS_MAX: u32 = 10;
/// Of a refusal that contradicts what is read, where only hours will show the truth.
const LOOKUPS_CONTRADICTED_MAX: u32 = 4;
/// Media may be processed for hours: with the usual times this is about eight.
const LOOKUPS_IN_PROGRESS_MAX: u32 = 32;
/// "Not live" is read for so long before a person is asked: it counts in the end.
const NOT_LIVE_MAX: Duration = Duration::from_secs(2 * 60 * 60);

/// A paused account is asked about its open calls no more often.
const LOOK_AT_REST: Duration = Duration::from_secs(10 * 60);
/// A platform that does not answer is asked as rarely in the end.
const LOOK_IN_OUTAGE: Duration = Duration::from_secs(15 * 60);
/// After this long without an answer a person is asked even so.
const REST_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What one look at a post's open calls came to.
enum Look {
    NothingOpen,
    /// It is live, and written down as such.
    Live(End),
    NotLive(Failure),
    /// Another look may decide it.
    Undecided(Intent, Failure),
    /// No look will ever decide it.
    Undecidable(Intent, Failure),
}

/// When to look again after `lookups` readings: often while what was made may
/// show itself any moment, and rarely where only time will show it.
fn next_look(settle: Duration, lookups: u32) -> Duration {
    match lookups {
        0 => settle / 2,
        1 => settle * 5 / 2,
        2 => settle * 6,
        _ => settle * 9,
    }
}

/// When to look again at a post that needs review, by the age of its call: for a day
/// every hour, for a week every day, and never again.
fn next_review(age: Duration) -> Option<Duration> {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    match age {
        age if age < HOUR * 24 => Some(HOUR),
        age if age < HOUR * 24 * 7 => Some(HOUR * 24),
        _ => None,
    }
}

/// Finds out what became of open calls.
pub(super) struct Reconciler {
    context: Arc<Context>,
    recorder: Arc<Recorder>,
}

impl Reconciler {
    pub(super) fn new(context: Arc<Context>, recorder: Arc<Recorder>) -> Self {
        Self { context, recorder }
    }

    /// How long after its call "not there" begins to count: as asked for, but
    /// never while the call may be under way. Paces the looks, too.
    pub(super) fn settle(&self) -> Duration {
        self.context.options.settle.max(CALL_IS_OVER)
    }

    /// Looks a claimed job with open intents up, once.
    pub(super) async fn reconcile(&self, claim: &Claim) -> Result<End, StoreError> {
        match self.look(claim).await {
            // Evidence came in meanwhile.
            Look::NothingOpen => {
                self.recorder.requeue(&claim.lease, Duration::ZERO, End::Released).await
            }
            Look::Live(end) => Ok(end),
            Look::NotLive(failure) => {
                let phase = Phase::Lookup(claim.open_intents.clone());
                self.recorder.fail(claim, &phase, failure).await
            }
            Look::Undecided(intent, failure) => self.undecided(claim, &intent, failure).await,
            Look::Undecidable(intent, failure) => {
                self.ask_for_review(claim, &intent, failure).await
            }
        }
    }

    /// Looks again later, or asks a person after the last look. Nobody is asked
    /// before the platform can be: a new token or the end of a limit may decide it.
    pub(super) async fn undecided(
        &self,
        claim: &Claim,
        intent: &Intent,
        failure: Failure,
    ) -> Result<End, StoreError> {
        let mut again = next_look(self.settle(), intent.lookups);
        let given_up = if failure.asks_to_rest() {
            self.recorder.pause_or_go_on(claim, &failure).await;
            again = again.max(LOOK_AT_REST);
            intent.age >= REST_MAX
        } else if matches!(failure.remedy, Remedy::Outage(_)) {
            self.recorder.health.count_if_outage(claim, &failure).await;
            again = again.max((intent.age / 3).min(LOOK_IN_OUTAGE));
            intent.age >= REST_MAX
        } else {
            let for_hours = proof::counts_from(&claim.open_intents, self.settle()) > NOT_LIVE_MAX;
            let most = match failure.code {
                FailureCode::InProgress => LOOKUPS_IN_PROGRESS_MAX,
                FailureCode::NotLive if for_hours => LOOKUPS_CONTRADICTED_MAX,
                _ => LOOKUPS_MAX,
            };
            let early =
                failure.code == FailureCode::NotLive && intent.age < NOT_LIVE_MAX && !for_hours;
            intent.lookups + 1 >= most && intent.age >= CALL_IS_OVER && !early
        };
        if given_up {
            return self.ask_for_review(claim, intent, failure).await;
        }
        let looked_up = LookedUp { lease: &claim.lease, seen: &failure, look_again: again };
        let settled = only(self.context.store.record_lookup(&[looked_up]).await?)?;
        Ok(end_of(settled, || End::LookingUp(failure, again)))
    }

    /// Leaves it to a person, and goes on looking where that can decide.
    async fn ask_for_review(
        &self,
        claim: &Claim,
        intent: &Intent,
        failure: Failure,
    ) -> Result<End, StoreError> {
        let look_again = self.looks_again(claim, intent);
        let undecided = Undecided { lease: &claim.lease, seen: &failure, look_again };
        let settled = only(self.context.store.ask_for_review(&[undecided]).await?)?;
        Ok(end_of(settled, || End::Unknown(failure)))
    }

    /// When a post that needs review is looked at again.
    fn looks_again(&self, job: &Job, intent: &Intent) -> Option<Duration> {
        let publisher = self.context.publishers.get(job.content.platform);
        let is_readable = match self.context.draft(job) {
            Ok(draft) => publisher.witness(&draft) != Witness::Nobody,
            Err(_) => true,
        };
        next_review(intent.age).filter(|_| is_readable)
    }

    /// Looks once more at a post that needs review.
    pub(super) async fn review(&self, job: &Job) -> Result<End, StoreError> {
        let (store, worker) = (&self.context.store, &self.context.options.id);
        match self.look(job).await {
            Look::NothingOpen => {
                store.schedule_follow_up(job, None).await?;
                Ok(End::Lost)
            }
            Look::Live(end) => Ok(end),
            Look::NotLive(failure) => {
                let reviewed = Reviewed { job, seen: &failure };
                let settled = only(store.fail_reviewed(worker, &[reviewed]).await?)?;
                Ok(end_of(settled, || End::Failed(failure)))
            }
            Look::Undecided(intent, failure) | Look::Undecidable(intent, failure) => {
                let reviewed = (Reviewed { job, seen: &failure }, self.looks_again(job, &intent));
                store.record_review(worker, &[reviewed]).await?;
                Ok(End::Unknown(failure))
            }
        }
    }

    /// Reads once what the open calls made, and writes down what is live.
    async fn look(&self, job: &Job) -> Look {
        let Some(intent) = job.open_intents.last() else { return Look::NothingOpen };
        let sighting = self.sight(job, intent.clone()).await;
        if !matches!(sighting, Sighting::CannotTell(_) | Sighting::NeverTells(_)) {
            self.recorder.health.platform_answered(job.content.platform).await;
        }
        let open = &job.open_intents;
        let mut proven = proof::of_reading(sighting, open, self.settle());
        if let Proven::Matched(receipt) = &proven {
            proven = match self.found(job, intent, receipt.clone(), Proof::Matched).await {
                Ok(end) => return Look::Live(end),
                // The list does not have ours.
                Err(failure) if failure.code == FailureCode::Anothers => {
                    let not_listed = Sighting::NotLive { after: LISTS_LAG };
                    proof::of_reading(not_listed, open, self.settle())
                }
                Err(failure) => Proven::Nothing(failure),
            };
        }
        match proven {
            Proven::Live(receipt) | Proven::Matched(receipt) => {
                Look::Live(self.found(job, intent, receipt, Proof::Live).await.unwrap_or(End::Lost))
            }
            Proven::NotLive(failure) => Look::NotLive(failure),
            Proven::Nothing(failure) => Look::Undecided(intent.clone(), failure),
            Proven::Never(failure) => Look::Undecidable(intent.clone(), failure),
        }
    }

    async fn sight(&self, job: &Job, mut call: Intent) -> Sighting {
        let publisher = self.context.publishers.get(job.content.platform);
        match self.context.draft(job) {
            Ok(draft) => {
                // It is most likely what a call of other hands has named.
                if call.blind && call.object.is_none() {
                    call.object = publisher.object(&draft);
                }
                publisher.look_up(&draft, &call).await
            }
            Err(no_token) => Sighting::CannotTell(no_token),
        }
    }

    /// Writes down that it was seen live, unless what was seen is another post.
    pub(super) async fn found(
        &self,
        job: &Job,
        intent: &Intent,
        receipt: Receipt,
        proof: Recognised,
    ) -> Result<End, Failure> {
        let worker = &self.context.options.id;
        let evidence = Evidence::new(worker, job, intent, proof(receipt.clone()));
        match self.recorder.keep(evidence).await {
            Kept::Anothers => return Err(anothers()),
            Kept::Unclear => return Err(may_be_anothers()),
            Kept::Recorded(_) | Kept::Spooled | Kept::Untaken => {}
        }
        if let Ok(draft) = self.context.draft(job) {
            self.describe(job, &draft, &receipt).await;
        }
        Ok(published(job, intent, &receipt))
    }

    /// Reads and stores the address of a live post. Best effort.
    pub(super) async fn describe(&self, job: &Job, draft: &Draft, receipt: &Receipt) {
        if receipt.permalink.is_some() {
            return;
        }
        let publisher = self.context.publishers.get(job.content.platform);
        if let Some(permalink) = publisher.permalink(draft, receipt).await
            && let Err(error) = self.context.store.record_permalink(job.post_id, &permalink).await
        {
            tracing::warn!(post = %job.post_id, %error, "the permalink could not be stored");
        }
    }
}

fn anothers() -> Failure {
    let message = "the only live post like it is another post of this database";
    Failure::new(Remedy::Retry, FailureCode::Anothers, message)
}

pub(super) fn may_be_anothers() -> Failure {
    let message =
        "a post like it is live, and may be another post of this database whose call has no answer";
    Failure::new(Remedy::Retry, FailureCode::MayBeAnothers, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn looks_come_soon_at_first_and_then_rarely() {
        let settle = Duration::from_secs(120);
        let looks: Vec<u64> = (0..6).map(|n| next_look(settle, n).as_secs()).collect();
        assert_eq!(looks, [60, 300, 720, 1080, 1080, 1080]);
    }

    #[test]
    fn unknown_posts_are_looked_up_for_a_week() {
        let hours = |age: u64| {
            next_review(Duration::from_secs(age * 3600)).map(|next| next.as_secs() / 3600)
        };
        assert_eq!([0, 23, 24, 167, 168].map(hours), [Some(1), Some(1), Some(24), Some(24), None]);
    }
}
