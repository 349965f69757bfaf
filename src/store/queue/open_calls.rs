//! Calls that may have gone through: to be looked up again, or for a person to review.
//! Every change of state needs the lease.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Failure, Intent, JobId, Lease, LogEvent, Remedy, StepKind};

use crate::store::queue::log::{self, Entry, Steps};
use crate::store::queue::logs;
use crate::store::queue::owned::{self, Owned};
use crate::store::queue::pauses;
use crate::store::queue::settle::{Settled, jobs, key, settled};
use crate::store::queue::transitions::{self, Reason};
use crate::store::sql::db::Tx;
use crate::store::{Store, StoreError, transaction};

/// What a publish call was answered that may be live even so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Heard {
    /// The platform's own refusal: what it asks for outlives the look-up.
    Refusal(Failure),
    /// Nothing, or nothing that proves anything.
    Nothing(Failure),
}

impl Heard {
    #[must_use]
    pub fn failure(&self) -> &Failure {
        match self {
            Self::Refusal(failure) | Self::Nothing(failure) => failure,
        }
    }
}

/// A publish call that may or may not have gone through.
#[derive(Debug, Clone, Copy)]
pub struct Unsettled<'a> {
    pub lease: &'a Lease,
    pub intent: &'a Intent,
    pub answer: &'a Heard,
    pub look_again: Duration,
}

/// A reading of a job's open calls that settled nothing.
#[derive(Debug, Clone, Copy)]
pub struct LookedUp<'a> {
    pub lease: &'a Lease,
    pub seen: &'a Failure,
    pub look_again: Duration,
}

/// A job whose open calls no reading decides.
#[derive(Debug, Clone, Copy)]
pub struct Undecided<'a> {
    pub lease: &'a Lease,
    pub seen: &'a Failure,
    /// When its post is looked at again; `None`: no reading can prove anything.
    pub look_again: Option<Duration>,
}

impl Store {
    /// Records that publish calls may or may not have gone through, each as long as
    /// nothing has settled it, and leaves the jobs to be looked up after `look_again`:
    /// until then no worker owns them, and the one that finds the lease over looks them up.
    ///
    /// # Errors
    /// The database is away; then the open intents alone say the same.
    pub async fn record_unknown(
        &self,
        calls: &[Unsettled<'_>],
    ) -> Result<Vec<Settled>, StoreError> {
        transaction!(self, tx, {
            for call in calls {
                let failure = call.answer.failure();
                if failure.asks_to_rest() {
                    pauses::pause_as_asked(tx, call.lease.post(), failure).await?;
                }
            }
            let mut owned = owned::lock(tx, calls.iter().map(|call| call.lease).collect()).await?;
            let all: Vec<JobId> = calls.iter().map(|call| call.lease.job()).collect();
            let open = logs::open_intents(tx, &all).await?;
            let mut entries = Vec::new();
            for (owned, call) in owned.iter_mut().zip(calls) {
                let job = call.lease.job();
                let is_open = |open: &Intent| key(open) == key(call.intent);
                if !open.get(&job).into_iter().flatten().any(is_open) {
                    *owned = None;
                    continue;
                }
                let entry = Entry::new(job, key(call.intent), StepKind::Publish, LogEvent::Unknown)
                    .worker(call.lease.worker());
                entries.push(match call.answer {
                    Heard::Refusal(failure) => entry.refusal(failure),
                    Heard::Nothing(failure) => entry.failure(failure),
                });
            }
            log::append(tx, entries).await?;
            let later = calls.iter().map(|call| (call.answer.failure(), call.look_again));
            look_up_later(tx, &owned, later.collect()).await?
        })
    }

    /// Records look-ups that settled nothing, and when to look again. One that
    /// the platform refused, for a dead token or a limit, counts as none.
    ///
    /// # Errors
    /// The database is away; then nothing was recorded.
    pub async fn record_lookup(
        &self,
        looked_up: &[LookedUp<'_>],
    ) -> Result<Vec<Settled>, StoreError> {
        transaction!(self, tx, {
            let owned = owned::lock(tx, looked_up.iter().map(|one| one.lease).collect()).await?;
            let mut steps = Steps::of(tx, &jobs(&owned)).await?;
            let mut entries = Vec::new();
            for (_, one) in owned.iter().zip(looked_up).filter(|(owned, _)| owned.is_some()) {
                let event =
                    if says_nothing(one.seen) { LogEvent::Refused } else { LogEvent::Unknown };
                let key = steps.next(one.lease.job(), one.lease.fence());
                entries.extend(log::reading(
                    one.lease.worker(),
                    one.lease.job(),
                    key,
                    event,
                    one.seen,
                ));
            }
            log::append(tx, entries).await?;
            let later = looked_up.iter().map(|one| (one.seen, one.look_again));
            look_up_later(tx, &owned, later.collect()).await?
        })
    }

    /// Gives up finding out (T8): failed, outcome unknown, for a person to decide.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn ask_for_review(
        &self,
        undecided: &[Undecided<'_>],
    ) -> Result<Vec<Settled>, StoreError> {
        transaction!(self, tx, {
            let owned = owned::lock(tx, undecided.iter().map(|one| one.lease).collect()).await?;
            let mut steps = Steps::of(tx, &jobs(&owned)).await?;
            let mut entries = Vec::new();
            let mut ended = Vec::new();
            for (owned, one) in owned.iter().zip(undecided) {
                let Some(owned) = owned else { continue };
                let (lease, event) = (one.lease, LogEvent::Unknown);
                let key = steps.next(lease.job(), lease.fence());
                entries.extend(log::reading(lease.worker(), lease.job(), key, event, one.seen));
                let why = Reason::new(
                    one.seen.code.as_str(),
                    format!("may be live: {}", one.seen.message),
                );
                ended.push((owned, why, one.look_again));
            }
            log::append(tx, entries).await?;
            transitions::ask_for_review(tx, &ended).await?;
            settled(&owned)
        })
    }
}

/// Whether a look-up was no look at all: refused for a dead token or a limit, or
/// met by silence. Such ones do not count.
pub(crate) fn says_nothing(seen: &Failure) -> bool {
    seen.asks_to_rest() || matches!(seen.remedy, Remedy::Outage(_))
}

/// Leaves owned jobs to be looked up.
async fn look_up_later(
    tx: &mut Tx,
    owned: &[Option<Owned<'_>>],
    later: Vec<(&Failure, Duration)>,
) -> Result<Vec<Settled>, StoreError> {
    let later: Vec<_> = owned
        .iter()
        .zip(later)
        .filter_map(|(owned, (seen, again))| {
            let message = format!("may be live, being looked up: {}", seen.message);
            Some((owned.as_ref()?, Reason::new(seen.code.as_str(), message), again))
        })
        .collect();
    transitions::look_up_later(tx, &later).await?;
    Ok(settled(owned))
}
