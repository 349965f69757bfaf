//! Evidence that a post is live, on its way into the database: through the
//! spool when the database is away.

use std::io;
use std::time::Duration;

use crate::domain::{Claim, Intent, JobId, PostId, Receipt, WorkerId};
use crate::store::StoreError;

use super::Shared;
use super::spool::Waiting;

/// An answer that the database does not take this soon is written into the
/// spool: the process may not live until it does.
const OFFER_PATIENCE: Duration = Duration::from_secs(1);
/// Without a spool, the database is asked again this often.
pub(super) const EVIDENCE_RETRY: Duration = Duration::from_secs(1);

/// What proves that a publish call made its post live.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    pub(super) job: JobId,
    pub(super) post: PostId,
    pub(super) intent: Intent,
    pub(super) receipt: Receipt,
    /// The post was found by its text: it counts only when it is none of our others.
    pub(super) by_search: bool,
}

/// What became of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// The database has it.
    Recorded,
    /// It waits in the spool.
    Spooled,
    /// It is about another post of ours; nothing was recorded.
    Anothers,
    /// The database will never take it; the open intent remains, and the post is looked up.
    Refused,
}

impl Evidence {
    pub(super) fn certain(claim: &Claim, intent: &Intent, receipt: Receipt) -> Self {
        let (job, post) = (claim.job_id, claim.post_id);
        Self { job, post, intent: intent.clone(), receipt, by_search: false }
    }

    pub(super) fn by_search(claim: &Claim, intent: &Intent, receipt: Receipt) -> Self {
        Self { by_search: true, ..Self::certain(claim, intent, receipt) }
    }
}

impl Shared {
    /// Writes evidence down: in the database, or in the spool when that is
    /// away. Without a spool it does not give up while the database is away.
    pub(super) async fn keep_evidence(&self, evidence: Evidence) -> Kept {
        let mut spooled: Option<Waiting> = None;
        loop {
            let offer = self.offer(&self.options.id, &evidence);
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
            let external_id = evidence.receipt.external_id.as_deref().unwrap_or("unknown");
            tracing::error!(post = %evidence.post, external_id, fence = %evidence.intent.fence,
                spooled = spooled.is_some(), %error, "published, but the database does not take it");
            match (spooled.is_some(), error.is_outage()) {
                (true, _) => return Kept::Spooled,
                (false, false) => return Kept::Refused,
                (false, true) => tokio::time::sleep(EVIDENCE_RETRY).await,
            }
        }
    }

    /// Offers what waits in the spool to the database, and tells which posts it
    /// took: whenever anybody on this machine has written to it since the last
    /// time. What the database does not take stays there.
    pub(super) async fn feed_spool(&self) -> Result<Vec<PostId>, StoreError> {
        let Some(spool) = self.options.spool.clone() else { return Ok(Vec::new()) };
        let mut seen = self.spool_seen.lock().await;
        let look = spool.look();
        if look == *seen {
            return Ok(Vec::new());
        }
        let waiting = match on_a_thread(move || spool.waiting()).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::warn!(%error, "the spool cannot be read");
                // Told once; but whoever holds its lock will let it go.
                if error.kind() != io::ErrorKind::WouldBlock {
                    *seen = look;
                }
                return Ok(Vec::new());
            }
        };
        let (mut published, mut settled) = (Vec::new(), Vec::new());
        let mut away = None;
        for waiting in waiting {
            match self.offer(&waiting.worker, &waiting.evidence).await {
                Ok(kept) => {
                    if kept == Kept::Recorded {
                        published.push(waiting.evidence.post);
                    }
                    settled.push(waiting);
                }
                Err(error) if error.is_outage() => {
                    away = Some(error);
                    break;
                }
                Err(error) => tracing::error!(post = %waiting.evidence.post, %error,
                    "an answer stays in the spool: the database does not take it"),
            }
        }
        self.unspool(settled).await;
        match away {
            Some(error) => Err(error),
            None => {
                *seen = look;
                Ok(published)
            }
        }
    }

    async fn offer(&self, worker: &WorkerId, evidence: &Evidence) -> Result<Kept, StoreError> {
        let Evidence { job, post, intent, receipt, by_search } = evidence.clone();
        let row = (job, post, intent, receipt);
        if by_search {
            return Ok(match self.store.record_found(worker, &row).await? {
                true => Kept::Recorded,
                false => Kept::Anothers,
            });
        }
        self.store.record_live(worker, &[row]).await.map(|()| Kept::Recorded)
    }

    async fn spool(&self, evidence: &Evidence) -> Option<Waiting> {
        let (spool, worker) = (self.options.spool.clone()?, self.options.id.clone());
        let kept = evidence.clone();
        match on_a_thread(move || spool.keep(&worker, &kept)).await {
            Ok(waiting) => Some(waiting),
            Err(error) => {
                tracing::error!(post = %evidence.post, %error, "the answer cannot be spooled");
                None
            }
        }
    }

    /// What stays there by an error is only offered once more.
    async fn unspool(&self, settled: Vec<Waiting>) {
        let Some(spool) = self.options.spool.clone().filter(|_| !settled.is_empty()) else {
            return;
        };
        for waiting in &settled {
            tracing::info!(post = %waiting.evidence.post, "a spooled answer is settled");
        }
        if let Err(error) = on_a_thread(move || spool.remove(&settled)).await {
            tracing::warn!(%error, "settled answers stay in the spool");
        }
    }
}

/// The disk, and others that hold the lock, may take their time.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await?
}
