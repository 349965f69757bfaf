//! The durable steps of all jobs in flight, on their way into the database in sets: what
//! arrives while one set is being committed goes together in the next. A step waits for
//! the commit of its own set only, and a job with none beside it is a set of one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::{AccountId, Artifact, Failure, Intent, Lease};
use crate::store::{
    Evidence, Failed, Gate, Heard, Next, Phase, Recorded, Settled, Staged, Store, StoreError,
    ToPublish, Unsettled,
};

use super::caught::caught;
use super::{Options, only};

/// Steps of one set. What waits beyond them makes the next one.
const SET_MAX: usize = 64;

/// A job whose publish call is to go out.
#[derive(Clone)]
pub(super) struct AtGate {
    pub(super) lease: Lease,
    pub(super) account: AccountId,
    pub(super) object: Option<String>,
}

/// A failure that made nothing live, and what becomes of its job.
#[derive(Clone)]
pub(super) struct Failing {
    pub(super) lease: Lease,
    pub(super) phase: Phase,
    pub(super) failure: Failure,
    pub(super) staged: Staged,
    pub(super) next: Next,
}

/// A call that may have gone through.
#[derive(Clone)]
pub(super) struct Doubtful {
    pub(super) lease: Lease,
    pub(super) intent: Intent,
    pub(super) answer: Heard,
    pub(super) look_again: Duration,
}

/// A line for each kind of step.
pub(super) struct Writer {
    gates: Line<AtGate, Gate>,
    live: Line<Evidence, Recorded>,
    matched: Line<Evidence, Recorded>,
    failures: Line<Failing, Settled>,
    doubts: Line<Doubtful, Settled>,
    staged: Line<(Lease, Vec<Artifact>), bool>,
    released: Line<(Lease, Duration), Settled>,
    prepared: Line<Lease, Settled>,
}

impl Writer {
    pub(super) fn new(store: &Store, options: &Options) -> Self {
        let length = options.lease;
        let (of_live, of_matched) = (options.id.clone(), options.id.clone());
        Self {
            gates: Line::new(store, move |store, jobs: &[AtGate]| {
                Box::pin(async move {
                    let jobs: Vec<_> = jobs.iter().map(AtGate::to_publish).collect();
                    store.open_gates(&jobs, length).await
                })
            }),
            live: Line::new(store, move |store, evidence| {
                let worker = of_live.clone();
                Box::pin(async move { store.record_live(&worker, evidence).await })
            }),
            matched: Line::new(store, move |store, evidence| {
                let worker = of_matched.clone();
                Box::pin(async move { store.record_matched(&worker, evidence).await })
            }),
            failures: Line::new(store, |store, failing| {
                Box::pin(async move {
                    let failed: Vec<_> = failing.iter().map(Failing::failed).collect();
                    store.record_failure(&failed).await
                })
            }),
            doubts: Line::new(store, |store, doubtful| {
                Box::pin(async move {
                    let calls: Vec<_> = doubtful.iter().map(Doubtful::unsettled).collect();
                    store.record_unknown(&calls).await
                })
            }),
            staged: Line::new(store, |store, staged: &[(Lease, Vec<Artifact>)]| {
                Box::pin(async move {
                    let made: Vec<_> =
                        staged.iter().map(|(lease, made)| (lease, made.as_slice())).collect();
                    store.record_staged(&made).await
                })
            }),
            released: Line::new(store, |store, jobs: &[(Lease, Duration)]| {
                Box::pin(async move {
                    let jobs: Vec<_> = jobs.iter().map(|(lease, after)| (lease, *after)).collect();
                    store.release(&jobs).await
                })
            }),
            prepared: Line::new(store, |store, leases: &[Lease]| {
                Box::pin(async move {
                    store.release_until_due(&leases.iter().collect::<Vec<_>>()).await
                })
            }),
        }
    }

    /// T4.
    pub(super) async fn open_gate(&self, job: AtGate) -> Result<Gate, StoreError> {
        self.gates.join(job).await
    }

    /// T5, of an answer to a call of this worker.
    pub(super) async fn record_live(&self, evidence: Evidence) -> Result<Recorded, StoreError> {
        self.live.join(evidence).await
    }

    /// The same for a post that was matched by its text.
    pub(super) async fn record_matched(&self, evidence: Evidence) -> Result<Recorded, StoreError> {
        self.matched.join(evidence).await
    }

    /// T6, T7.
    pub(super) async fn record_failure(&self, failing: Failing) -> Result<Settled, StoreError> {
        self.failures.join(failing).await
    }

    /// A call that may have gone through: to be looked up.
    pub(super) async fn record_unknown(&self, doubtful: Doubtful) -> Result<Settled, StoreError> {
        self.doubts.join(doubtful).await
    }

    /// T3. `false`: the job is no longer this worker's.
    pub(super) async fn record_staged(
        &self,
        lease: &Lease,
        made: Vec<Artifact>,
    ) -> Result<bool, StoreError> {
        self.staged.join((lease.clone(), made)).await
    }

    /// T11.
    pub(super) async fn release(
        &self,
        lease: &Lease,
        after: Duration,
    ) -> Result<Settled, StoreError> {
        self.released.join((lease.clone(), after)).await
    }

    /// T11, until the post's own time.
    pub(super) async fn release_until_due(&self, lease: &Lease) -> Result<Settled, StoreError> {
        self.prepared.join(lease.clone()).await
    }
}

impl AtGate {
    fn to_publish(&self) -> ToPublish<'_> {
        let Self { lease, account, object } = self;
        ToPublish { lease, account: *account, object: object.as_deref() }
    }
}

impl Failing {
    fn failed(&self) -> Failed<'_> {
        let Self { lease, phase, failure, staged, next } = self;
        Failed { lease, phase, failure, staged: *staged, next }
    }
}

impl Doubtful {
    fn unsettled(&self) -> Unsettled<'_> {
        let Self { lease, intent, answer, look_again } = self;
        Unsettled { lease, intent, answer, look_again: *look_again }
    }
}

type Written<'a, R> = Pin<Box<dyn Future<Output = Result<Vec<R>, StoreError>> + Send + 'a>>;
type Write<T, R> = dyn for<'a> Fn(&'a Store, &'a [T]) -> Written<'a, R> + Send + Sync;

/// Steps of one kind: one set on its way at a time, and those that wait for the next.
struct Line<T, R> {
    shared: Arc<Shared<T, R>>,
}

struct Shared<T, R> {
    store: Store,
    write: Box<Write<T, R>>,
    waiting: Mutex<Waiting<T, R>>,
}

struct Waiting<T, R> {
    steps: Vec<(T, oneshot::Sender<Result<R, StoreError>>)>,
    /// Somebody brings one set after the other, until none waits.
    is_served: bool,
}

impl<T, R> Line<T, R>
where
    T: Clone + Send + Sync + 'static,
    R: Send + 'static,
{
    fn new(
        store: &Store,
        write: impl for<'a> Fn(&'a Store, &'a [T]) -> Written<'a, R> + Send + Sync + 'static,
    ) -> Self {
        let waiting = Mutex::new(Waiting { steps: Vec::new(), is_served: false });
        let shared = Shared { store: store.clone(), write: Box::new(write), waiting };
        Self { shared: Arc::new(shared) }
    }

    /// Takes a step into the next set, and waits until that is committed. One that nobody
    /// waits for any more is done even so.
    async fn join(&self, step: T) -> Result<R, StoreError> {
        let (answer, answered) = oneshot::channel();
        let is_first = {
            let mut waiting = self.shared.lock();
            waiting.steps.push((step, answer));
            !std::mem::replace(&mut waiting.is_served, true)
        };
        if is_first {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move { shared.serve().await });
        }
        answered.await.unwrap_or(Err(StoreError::BrokeOff(WRITING)))
    }
}

const WRITING: &str = "writing a set of steps";

impl<T: Clone, R> Shared<T, R> {
    fn lock(&self) -> MutexGuard<'_, Waiting<T, R>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings one set after the other, until none waits.
    async fn serve(&self) {
        loop {
            let set: Vec<_> = {
                let mut waiting = self.lock();
                let size = waiting.steps.len().min(SET_MAX);
                waiting.is_served = size > 0;
                waiting.steps.drain(..size).collect()
            };
            if set.is_empty() {
                return;
            }
            let (steps, answers): (Vec<T>, Vec<_>) = set.into_iter().unzip();
            for (answer, result) in answers.into_iter().zip(self.bring(&steps).await) {
                // Its job was broken off meanwhile.
                let _ = answer.send(result);
            }
        }
    }

    /// Writes a set. If it fails for what may be one member's fault, each member is
    /// written by itself, so that the others go through.
    async fn bring(&self, steps: &[T]) -> Vec<Result<R, StoreError>> {
        let error = match self.write(steps).await {
            Ok(answers) => return answers.into_iter().map(Ok).collect(),
            Err(error) => error,
        };
        if steps.len() == 1 || !error.may_be_of_one() {
            return steps.iter().map(|_| Err(error.clone())).collect();
        }
        tracing::debug!(%error, steps = steps.len(), "a set of steps failed; trying each alone");
        let mut results = Vec::with_capacity(steps.len());
        for step in steps.chunks(1) {
            results.push(self.write(step).await.and_then(only));
        }
        results
    }

    async fn write(&self, steps: &[T]) -> Result<Vec<R>, StoreError> {
        caught(WRITING, (self.write)(&self.store, steps)).await
    }
}
