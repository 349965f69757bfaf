//! What is known about a publish call, on its way into the database or the spool.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Failure, Intent, Job, Lease, Receipt, Sighting, WorkerId};
use crate::store::{Heard, Next, Staged};

/// What is known about a publish call, with the lease under which its gate cleared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evidence {
    pub(super) lease: Lease,
    pub(super) intent: Intent,
    pub(super) proof: Proof,
}

/// What became of a publish call, as far as its answer or a look-up shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Proof {
    /// The post is live.
    Live(Receipt),
    /// A post was matched by its text: it counts only when it is none of our others.
    Matched(Receipt),
    /// The call made nothing live; and what becomes of the job.
    Refused { failure: Failure, staged: Staged, next: Next },
    /// It may have gone through: to be looked up after this long.
    Unknown { answer: Heard, look_again: Duration },
}

/// How a post was recognised: [`Proof::Live`] or [`Proof::Matched`].
pub(super) type Recognised = fn(Receipt) -> Proof;

impl Proof {
    /// The post that a reading saw live, and how it was recognised; or what else it saw.
    pub(super) fn of(sighting: Sighting) -> Result<(Receipt, Recognised), Sighting> {
        match sighting {
            Sighting::Live(receipt) => Ok((receipt, Self::Live)),
            Sighting::Matched(receipt) => Ok((receipt, Self::Matched)),
            other => Err(other),
        }
    }
}

impl Evidence {
    /// Of a call that was cleared under the intent's fence, as this worker knows it.
    pub(super) fn new(worker: &WorkerId, job: &Job, intent: &Intent, proof: Proof) -> Self {
        let lease = Lease::granted(job.job_id, job.post_id, intent.fence, worker.clone());
        Self { lease, intent: intent.clone(), proof }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live(receipt) | Self::Matched(receipt) => {
                let id = receipt.external_id.as_deref().unwrap_or("an unknown id");
                write!(f, "published as {id}")
            }
            Self::Refused { failure, .. } => write!(f, "refused with {}", failure.code),
            Self::Unknown { answer, .. } => {
                write!(f, "may be live after {}", answer.failure().code)
            }
        }
    }
}
