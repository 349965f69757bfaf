//! Finding out what became of a publish call whose answer nobody saw.
//!
//! Reads only. "It is live" is believed at once. "It is not there" is believed
//! only from a platform that shows the very object, when the call must be over,
//! and twice: the worker that sent it may have died while it was on its way,
//! and lists lag behind. What no reading can settle ends as *unknown*, for a
//! person, no sooner; it is never sent again by us.

use std::time::Duration;

use crate::domain::{Claim, Failure, Intent, Receipt, Remedy, Scope, Sighting};
use crate::store::{IN_PROGRESS, NOT_LIVE, Step, StoreError};

use super::evidence::{Evidence, Kept, Proof};
use super::job::{CALL_IS_OVER, REST_MIN, published};
use super::{End, Shared};

/// After so many readings that decide nothing, a person is asked.
const LOOKUPS_MAX: u32 = 10;
/// Media may be processed for hours: with the usual times this is about five.
const LOOKUPS_IN_PROGRESS_MAX: u32 = 32;

/// An account that rests is asked about its open calls no more often.
const LOOK_AT_REST: Duration = Duration::from_secs(10 * 60);
/// After so long a rest a person is asked all the same.
const REST_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a reading of our object decides nothing.
const BLIND: &str = "the platform shows nothing live, which proves nothing about this call";

/// When to look first: soon, since "live" is believed at once.
pub(super) fn first_look(settle: Duration) -> Duration {
    settle / 6
}

/// When to look again after `lookups` readings.
fn next_look(settle: Duration, lookups: u32) -> Duration {
    match lookups {
        0 => settle / 6,
        1 | 2 => settle / 3,
        3 | 4 => settle * 2 / 3,
        more => settle * 2u32.pow((more - 5).min(3)),
    }
}

/// Two readings "not live" must lie this far apart.
fn apart(settle: Duration) -> Duration {
    settle * 2 / 3
}

impl Shared {
    /// How long after its call "not there" begins to count: as asked for, but
    /// never while the call may be under way. Paces the looks, too.
    pub(super) fn settle(&self) -> Duration {
        self.options.settle.max(CALL_IS_OVER)
    }

    /// Looks a claimed job with open intents up, once.
    pub(super) async fn reconcile(&self, claim: &Claim) -> Result<End, StoreError> {
        let Some((intent, sighting)) = self.look(claim).await else {
            // Nothing is open any more: evidence came in meanwhile.
            return self.give_back(claim, Duration::ZERO).await;
        };
        let worker = &self.options.id;
        let settle = self.settle();
        let again = next_look(settle, intent.lookups);
        match sighting {
            Sighting::Live(receipt) => {
                Ok(self.found(claim, &intent, receipt, Proof::Live).await.unwrap_or(End::Lost))
            }
            Sighting::Found(receipt) => {
                match self.found(claim, &intent, receipt, Proof::Found).await {
                    Ok(end) => Ok(end),
                    Err(failure) => self.undecided(claim, &intent, failure).await,
                }
            }
            Sighting::NotLive if believed(&intent, settle) => {
                let failure = not_live();
                let step = Step::Lookup(claim.open_intents.clone());
                // The same object may be published again: its attempt stays counted.
                self.fail(claim, &step, Failure { remedy: Remedy::Retry, ..failure }).await
            }
            Sighting::NotLive => {
                let failure = not_live();
                let settled = self.store.record_lookup(worker, claim, &failure, again).await?;
                self.ended(settled, || End::LookingUp(failure, again))
            }
            Sighting::Dead(failure) => {
                let step = Step::Lookup(claim.open_intents.clone());
                self.fail(claim, &step, Failure { remedy: Remedy::Restage, ..failure }).await
            }
            Sighting::InProgress if intent.lookups < LOOKUPS_IN_PROGRESS_MAX => {
                let failure = in_progress();
                let settled = self.store.record_lookup(worker, claim, &failure, again).await?;
                self.ended(settled, || End::LookingUp(failure, again))
            }
            Sighting::InProgress => {
                let failure = in_progress();
                let settled = self.store.hold(worker, claim, &failure).await?;
                self.ended(settled, || End::Unknown(failure))
            }
            Sighting::CannotTell(failure) => self.undecided(claim, &intent, failure).await,
            Sighting::NeverTells(failure) if is_over(&intent) => {
                let settled = self.store.hold(worker, claim, &failure).await?;
                self.ended(settled, || End::Unknown(failure))
            }
            Sighting::NeverTells(failure) => self.undecided(claim, &intent, failure).await,
        }
    }

    /// Looks again later, or asks a person after the last look. Nobody is asked
    /// before the platform can be: a new token or the end of a limit may tell.
    pub(super) async fn undecided(
        &self,
        claim: &Claim,
        intent: &Intent,
        failure: Failure,
    ) -> Result<End, StoreError> {
        let worker = &self.options.id;
        let mut again = next_look(self.settle(), intent.lookups);
        let given_up = if failure.asks_to_rest() {
            self.rest_if_asked(claim, &failure).await?;
            again = again.max(LOOK_AT_REST);
            intent.age >= REST_MAX
        } else {
            intent.lookups >= LOOKUPS_MAX && is_over(intent)
        };
        if given_up {
            let settled = self.store.hold(worker, claim, &failure).await?;
            return self.ended(settled, || End::Unknown(failure));
        }
        let settled = self.store.record_lookup(worker, claim, &failure, again).await?;
        self.ended(settled, || End::LookingUp(failure, again))
    }

    /// Looks once more at a post that is held as unknown.
    pub(super) async fn look_at_held(&self, claim: &Claim) -> Result<End, StoreError> {
        let worker = &self.options.id;
        let Some((intent, sighting)) = self.look(claim).await else { return Ok(End::Lost) };
        let settle = self.settle();
        let failure = match sighting {
            Sighting::Live(receipt) => {
                let live = self.found(claim, &intent, receipt, Proof::Live).await;
                return Ok(live.unwrap_or(End::Lost));
            }
            Sighting::Found(receipt) => {
                match self.found(claim, &intent, receipt, Proof::Found).await {
                    Ok(end) => return Ok(end),
                    Err(failure) => failure,
                }
            }
            Sighting::Dead(failure) => {
                let settled = self.store.unhold(worker, claim, &failure).await?;
                return self.ended(settled, || End::Failed(failure));
            }
            Sighting::NotLive if believed(&intent, settle) => {
                let failure = not_live();
                let settled = self.store.unhold(worker, claim, &failure).await?;
                return self.ended(settled, || End::Failed(failure));
            }
            Sighting::NotLive => not_live(),
            Sighting::InProgress => in_progress(),
            Sighting::CannotTell(failure) | Sighting::NeverTells(failure) => failure,
        };
        self.store.record_held_lookup(worker, claim, &failure).await?;
        Ok(End::Unknown(failure))
    }

    /// The newest open intent and what the platform shows of it.
    async fn look(&self, claim: &Claim) -> Option<(Intent, Sighting)> {
        let intent = claim.open_intents.last()?.clone();
        let sighting = match self.draft(claim) {
            Ok(draft) => self.publishers.get(claim.content.platform).look_up(&draft, &intent).await,
            Err(no_token) => Sighting::CannotTell(no_token),
        };
        let blind = claim.open_intents.iter().any(|intent| intent.blind);
        let sighting = match sighting {
            Sighting::NotLive | Sighting::Dead(_) | Sighting::InProgress if blind => {
                Sighting::CannotTell(Failure::new(Remedy::GiveUp, "blind", BLIND))
            }
            other => other,
        };
        Some((intent, sighting))
    }

    /// Writes down that it was seen live, unless what was seen is another post.
    async fn found(
        &self,
        claim: &Claim,
        intent: &Intent,
        mut receipt: Receipt,
        proof: fn(Receipt) -> Proof,
    ) -> Result<End, Failure> {
        receipt.evidence.get_or_insert_with(|| "read-back".to_owned());
        let evidence = Evidence::new(claim, intent, proof(receipt.clone()));
        match self.keep_evidence(evidence).await {
            Kept::Anothers => return Err(anothers()),
            Kept::Unclear => return Err(may_be_anothers()),
            Kept::Recorded(_) | Kept::Spooled | Kept::Untaken => {}
        }
        if let Ok(draft) = self.draft(claim) {
            self.describe(claim, draft, &receipt).await;
        }
        Ok(published(claim, intent, &receipt))
    }

    /// Lets the account, or every account of its platform, rest as a failure asks.
    pub(super) async fn rest_if_asked(
        &self,
        claim: &Claim,
        failure: &Failure,
    ) -> Result<(), StoreError> {
        let reason = format!("{}: {}", failure.code, failure.message);
        match failure.remedy {
            Remedy::Operator(Scope::Account) => {
                self.store.rest_account(claim.account.id, &reason, None).await
            }
            Remedy::Operator(Scope::Platform) => {
                self.store.rest_platform(claim.content.platform, &reason).await
            }
            Remedy::Wait(rest) => {
                self.store.rest_account(claim.account.id, &reason, Some(rest.max(REST_MIN))).await
            }
            Remedy::Retry | Remedy::Restage | Remedy::PollAgain(_) | Remedy::GiveUp => Ok(()),
        }
    }
}

/// Whether its call cannot be on its way any more.
fn is_over(intent: &Intent) -> bool {
    intent.age >= CALL_IS_OVER
}

/// Whether one more reading "not live" settles it.
fn believed(intent: &Intent, settle: Duration) -> bool {
    intent.age >= settle && intent.not_live_for.is_some_and(|since| since >= apart(settle))
}

fn in_progress() -> Failure {
    Failure::new(Remedy::Retry, IN_PROGRESS, "the platform is still working on it")
}

fn anothers() -> Failure {
    let message = "the only post like it that is live is another one of ours";
    Failure::new(Remedy::Retry, "anothers", message)
}

pub(super) fn may_be_anothers() -> Failure {
    let message = "a post like it is live, and may be another one of ours whose call has no answer";
    Failure::new(Remedy::Retry, "anothers", message)
}

fn not_live() -> Failure {
    Failure::new(Remedy::Retry, NOT_LIVE, "the platform shows it as not published")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fence;

    fn intent(age: u64, not_live_for: Option<u64>) -> Intent {
        Intent {
            fence: Fence(1),
            step_no: 1,
            at: chrono::DateTime::UNIX_EPOCH,
            age: Duration::from_secs(age),
            not_live_for: not_live_for.map(Duration::from_secs),
            lookups: 0,
            blind: false,
        }
    }

    #[test]
    fn not_there_is_believed_only_late_and_twice() {
        let settle = Duration::from_secs(120);
        assert!(!believed(&intent(10, None), settle));
        assert!(!believed(&intent(500, None), settle), "one reading never settles it");
        assert!(!believed(&intent(119, Some(90)), settle), "too soon");
        assert!(!believed(&intent(130, Some(79)), settle), "readings too close together");
        assert!(believed(&intent(120, Some(80)), settle));
    }

    #[test]
    fn looks_come_soon_at_first_and_then_rarely() {
        let settle = Duration::from_secs(120);
        let looks: Vec<u64> = (0..8).map(|n| next_look(settle, n).as_secs()).collect();
        assert_eq!(looks, [20, 40, 40, 80, 80, 120, 240, 480]);
    }
}
