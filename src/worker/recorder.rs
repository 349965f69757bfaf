//! What the answer to a publish call proves, on its way into the database:
//! through the spool when the database is away.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, oneshot};

use crate::domain::Receipt;
use crate::store::{self, Next, Phase, Recorded, Settled, StoreError};

use super::context::Context;
use super::evidence::{Evidence, Proof};
use super::health::Health;
use super::spool::{self, Waiting};
use super::writer::{Doubtful, Failing};
use super::{End, Event, only};

/// An answer that the database does not take this soon is written into the
/// spool: the process may not live until it does.
const OFFER_PATIENCE: Duration = Duration::from_secs(1);
/// Without a spool, the database is asked again this often.
const EVIDENCE_RETRY: Duration = Duration::from_secs(1);

/// What became of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The database has it, and did this to the job.
    Recorded(Settled),
    /// It waits in the spool.
    Spooled,
    /// It is about another job's post; nothing was recorded.
    Anothers,
    /// It may be about another job's post; nothing was recorded.
    Unclear,
    /// The database will never take it; the open intent remains, and the post is looked up.
    Untaken,
}

impl Kept {
    /// What became of the job, or will when the database takes what is spooled.
    pub(super) fn settled(self) -> Settled {
        match self {
            Self::Recorded(settled) => settled,
            Self::Spooled => Settled::Done,
            Self::Anothers | Self::Unclear | Self::Untaken => Settled::Lost,
        }
    }
}

/// Brings what was learned into the database, or into the spool while that is away.
pub(super) struct Recorder {
    pub(super) context: Arc<Context>,
    pub(super) health: Health,
    /// The spool when it was last fed to the database.
    spool_seen: Mutex<spool::Look>,
}

impl Recorder {
    pub(super) fn new(context: Arc<Context>) -> Self {
        let health = Health::new(Arc::clone(&context));
        Self { context, health, spool_seen: Mutex::new(Ok(Vec::new())) }
    }

    /// Writes evidence down: in the database, or in the spool when that is
    /// away. Without a spool it does not give up while the database is away.
    pub(super) async fn keep(&self, evidence: Evidence) -> Kept {
        let mut spooled: Option<Waiting> = None;
        loop {
            let offer = self.offer(&evidence);
            tokio::pin!(offer);
            let early = tokio::time::timeout(OFFER_PATIENCE, &mut offer).await.ok();
            if spooled.is_none() && !matches!(early, Some(Ok(_))) {
                spooled = self.spool(&evidence).await;
            }
            let answer = match early {
                Some(answer) => answer,
                None => offer.await,
            };
            let error = match answer {
                Ok(kept) => {
                    if let Some(waiting) = spooled {
                        self.unspool(vec![waiting]).await;
                    }
                    return kept;
                }
                Err(error) => error,
            };
            tracing::error!(post = %evidence.lease.post(), fence = %evidence.intent.fence,
                spooled = spooled.is_some(), %error,
                "{}, but the database does not accept it", evidence.proof);
            match (spooled.is_some(), error.is_outage()) {
                (true, _) => return Kept::Spooled,
                (false, false) => return Kept::Untaken,
                (false, true) => tokio::time::sleep(EVIDENCE_RETRY).await,
            }
        }
    }

    /// Offers what waits in the spool to the database, and returns what became of
    /// the posts: whenever any process of this machine has written to it since the
    /// last time. What the database does not take stays there.
    pub(super) async fn feed_spool(&self) -> Result<Vec<Event>, StoreError> {
        let Some(spool) = self.context.options.spool.clone() else { return Ok(Vec::new()) };
        let mut seen = self.spool_seen.lock().await;
        let look = spool.look();
        if look == *seen {
            return Ok(Vec::new());
        }
        let reading = match on_a_thread(move || spool.waiting()).await {
            Ok(reading) => reading,
            Err(error) => {
                tracing::warn!(%error, "the spool cannot be read");
                *seen = look;
                return Ok(Vec::new());
            }
        };
        let (mut events, mut settled) = (Vec::new(), Vec::new());
        let mut away = None;
        for waiting in reading.waiting {
            match self.offer(&waiting.evidence).await {
                Ok(kept) => {
                    events.extend(news(&waiting.evidence, kept));
                    settled.push(waiting);
                }
                Err(error) if error.is_outage() => {
                    away = Some(error);
                    break;
                }
                Err(error) => tracing::error!(post = %waiting.evidence.lease.post(), %error,
                    "an answer stays in the spool: the database does not accept it"),
            }
        }
        self.unspool(settled).await;
        match away {
            Some(error) => Err(error),
            None => {
                // The process that holds a file's lock will release it.
                if !reading.is_busy {
                    *seen = look;
                }
                Ok(events)
            }
        }
    }

    /// Offers evidence to the database: that of this worker's own calls in a set with what
    /// else comes at the time.
    async fn offer(&self, evidence: &Evidence) -> Result<Kept, StoreError> {
        let Context { store, writer, .. } = &*self.context;
        let Evidence { lease, intent, proof } = evidence;
        let is_own = *lease.worker() == self.context.options.id;
        let live = |receipt: &Receipt| store::Evidence {
            job: lease.job(),
            post: lease.post(),
            intent: intent.clone(),
            receipt: receipt.clone(),
        };
        Ok(match proof {
            Proof::Live(receipt) if is_own => {
                kept(writer.record_live(live(receipt)).await?, evidence)
            }
            Proof::Live(receipt) => {
                let recorded = store.record_live(lease.worker(), &[live(receipt)]).await?;
                kept(only(recorded)?, evidence)
            }
            Proof::Matched(receipt) if is_own => {
                kept(writer.record_matched(live(receipt)).await?, evidence)
            }
            Proof::Matched(receipt) => {
                let recorded = store.record_matched(lease.worker(), &[live(receipt)]).await?;
                kept(only(recorded)?, evidence)
            }
            Proof::Refused { failure, staged, next } => {
                let failing = Failing {
                    lease: lease.clone(),
                    phase: Phase::Publish(Box::new(intent.clone())),
                    failure: failure.clone(),
                    staged: *staged,
                    next: next.clone(),
                };
                Kept::Recorded(writer.record_failure(failing).await?)
            }
            Proof::Unknown { answer, look_again } => {
                let doubtful = Doubtful {
                    lease: lease.clone(),
                    intent: intent.clone(),
                    answer: answer.clone(),
                    look_again: *look_again,
                };
                Kept::Recorded(writer.record_unknown(doubtful).await?)
            }
        })
    }

    async fn spool(&self, evidence: &Evidence) -> Option<Waiting> {
        let spool = self.context.options.spool.clone()?;
        let kept = evidence.clone();
        match on_a_thread(move || spool.keep(&kept)).await {
            Ok(waiting) => Some(waiting),
            Err(error) => {
                tracing::error!(post = %evidence.lease.post(), %error, "the answer could not be written to the spool");
                None
            }
        }
    }

    /// What stays there by an error is only offered once more.
    async fn unspool(&self, settled: Vec<Waiting>) {
        let Some(spool) = self.context.options.spool.clone().filter(|_| !settled.is_empty()) else {
            return;
        };
        for waiting in &settled {
            tracing::info!(post = %waiting.evidence.lease.post(), "an answer from the spool was recorded");
        }
        if let Err(error) = on_a_thread(move || spool.remove(&settled)).await {
            tracing::warn!(%error, "recorded answers could not be removed from the spool");
        }
    }
}

fn kept(recorded: Recorded, evidence: &Evidence) -> Kept {
    match recorded {
        Recorded::Live => Kept::Recorded(Settled::Done),
        Recorded::Anothers => Kept::Anothers,
        Recorded::Unclear => Kept::Unclear,
        Recorded::Stray => {
            tracing::warn!(post = %evidence.lease.post(), fence = %evidence.intent.fence,
                "{}, in answer to a call that this database does not know: the post is looked up",
                evidence.proof);
            Kept::Recorded(Settled::Lost)
        }
    }
}

/// The news about a post from an answer that waited in the spool, if it is any.
fn news(evidence: &Evidence, kept: Kept) -> Option<Event> {
    let end = match (&evidence.proof, kept) {
        (Proof::Live(receipt) | Proof::Matched(receipt), Kept::Recorded(Settled::Done)) => {
            End::Published { external_id: receipt.external_id.clone(), late: Duration::ZERO }
        }
        (Proof::Refused { failure, next: Next::Fail, .. }, Kept::Recorded(Settled::Done)) => {
            End::Failed(failure.clone())
        }
        (Proof::Refused { failure, .. }, Kept::Recorded(Settled::Done)) => {
            End::Retrying(failure.clone())
        }
        (Proof::Unknown { answer, look_again }, Kept::Recorded(Settled::Done)) => {
            End::LookingUp(answer.failure().clone(), *look_again)
        }
        (_, Kept::Recorded(Settled::Cancelled)) => End::Cancelled,
        (_, Kept::Recorded(Settled::Lost) | Kept::Spooled) => return None,
        (_, Kept::Anothers | Kept::Unclear | Kept::Untaken) => return None,
    };
    Some(Event::without_claim(evidence.lease.post(), end))
}

/// The disk, and others that hold the lock, may take their time. Fails where no
/// thread can be had (the runtime's own would panic).
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    std::thread::Builder::new().name("spool".to_owned()).spawn(move || {
        // The receiver is gone when the process ends in a hurry.
        let _ = done.send(work());
    })?;
    result.await.map_err(io::Error::other)?
}
