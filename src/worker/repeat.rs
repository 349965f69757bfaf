//! Before another call for a post goes out: what was believed of earlier ones may
//! have been too early, and what they named may be used no more.

use std::time::Duration;

use super::evidence::Proof;
use super::{End, Shared};
use crate::domain::proof::{CALL_IS_OVER, LISTS_LAG};
use crate::domain::{Claim, Draft, FailureCode, Sighting};
use crate::store::{Step, StoreError};

/// A job whose earlier call cannot be asked about now comes back this soon.
const ASK_AGAIN: Duration = Duration::from_secs(5 * 60);

impl Shared {
    /// Asks once more about every earlier call of a post before another one is
    /// made: what was believed of it may have been too early. `None`: another
    /// call is safe.
    pub(super) async fn ask_about_earlier_calls(
        &self,
        claim: &Claim,
        draft: &Draft,
    ) -> Result<Option<End>, StoreError> {
        let Some(youngest) = claim.calls.iter().map(|call| call.age).min() else {
            return Ok(None);
        };
        if let Some(rest) = CALL_IS_OVER.checked_sub(youngest).filter(|rest| !rest.is_zero()) {
            let settled = self.store.release(&self.options.id, claim, rest).await?;
            return self.ended(settled, || End::Waiting(rest)).map(Some);
        }
        let publisher = self.publishers.get(claim.content.platform);
        for call in claim.newest_calls() {
            let (receipt, proof) = match Proof::of(publisher.look_up(draft, call).await) {
                Ok(seen) => seen,
                Err(Sighting::NotLive { after }) if call.age < after => {
                    let rest = after - call.age;
                    let settled = self.store.release(&self.options.id, claim, rest).await?;
                    return self.ended(settled, || End::Waiting(rest)).map(Some);
                }
                Err(Sighting::NotLive { .. } | Sighting::Dead(_) | Sighting::NeverTells(_)) => {
                    continue;
                }
                Err(Sighting::CannotTell(failure)) if failure.passes() => {
                    return self.fail(claim, &Step::Prepare, failure).await.map(Some);
                }
                Err(_) => return self.ask_again_later(claim).await.map(Some),
            };
            match self.found(claim, call, receipt, proof).await {
                Ok(end) => return Ok(Some(end)),
                // Another post of ours: this one is not listed.
                Err(failure) if failure.code == FailureCode::Anothers && call.age >= LISTS_LAG => {}
                Err(_) => return self.ask_again_later(claim).await.map(Some),
            }
        }
        Ok(None)
    }

    /// Deletes what earlier calls named and this one will not: each was seen not to
    /// be live.
    pub(super) async fn discard_unused(&self, claim: &Claim, draft: &Draft) {
        let publisher = self.publishers.get(claim.content.platform);
        let object = publisher.object(draft);
        if claim.calls.iter().any(|call| call.doubted || call.blind) {
            return;
        }
        let named = claim.newest_calls().into_iter().filter_map(|call| call.object.as_deref());
        for unused in named.filter(|name| object.as_deref() != Some(name)) {
            publisher.discard(draft, unused).await;
        }
    }

    async fn ask_again_later(&self, claim: &Claim) -> Result<End, StoreError> {
        let settled = self.store.release(&self.options.id, claim, ASK_AGAIN).await?;
        self.ended(settled, || End::Waiting(ASK_AGAIN))
    }
}
