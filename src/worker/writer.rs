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
type Write<S, T, R> = dyn for<'a> Fn(&'a S, &'a [T]) -> Written<'a, R> + Send + Sync;

/// Steps of one kind: one set on its way at a time, and those that wait for the next.
struct Line<T, R, S = Store> {
    shared: Arc<Shared<T, R, S>>,
}

struct Shared<T, R, S> {
    store: S,
    write: Box<Write<S, T, R>>,
    waiting: Mutex<Waiting<T, R>>,
}

struct Waiting<T, R> {
    steps: Vec<(T, oneshot::Sender<Result<R, StoreError>>)>,
    /// Somebody brings one set after the other, until none waits.
    is_served: bool,
}

impl<T, R, S> Line<T, R, S>
where
    T: Clone + Send + Sync + 'static,
    R: Send + 'static,
    S: Clone + Send + Sync + 'static,
{
    fn new(
        store: &S,
        write: impl for<'a> Fn(&'a S, &'a [T]) -> Written<'a, R> + Send + Sync + 'static,
    ) -> Self {
        let waiting = Mutex::new(Waiting { steps: Vec::new(), is_served: false });
        let shared = Shared { store: store.clone(), write: Box::new(write), waiting };
        Self { shared: Arc::new(shared) }
    }

    /// Takes a step into the next set, and waits until that is committed. It is done
    /// even if the job that waits for it is broken off.
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

impl<T: Clone, R, S> Shared<T, R, S> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down which sets came, and answers each number with its double.
    #[derive(Clone, Default)]
    struct Book {
        sets: Arc<Mutex<Vec<Vec<u32>>>>,
    }

    /// No set with this one can be written, and no set with that one without a panic.
    const REFUSED: u32 = 13;
    const BUG: u32 = 17;
    /// The database is away.
    const AWAY: u32 = 19;

    fn line(book: &Book) -> Line<u32, u32, Book> {
        Line::new(book, |book: &Book, steps: &[u32]| {
            Box::pin(async move {
                // As long as a commit takes, others arrive.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                book.sets.lock().unwrap().push(steps.to_vec());
                assert!(!steps.contains(&BUG), "a bug");
                if steps.contains(&AWAY) {
                    return Err(StoreError::Unavailable("gone".to_owned()));
                }
                match steps.contains(&REFUSED) {
                    true => Err(StoreError::Constraint("13".to_owned())),
                    false => Ok(steps.iter().map(|step| step * 2).collect()),
                }
            })
        })
    }

    async fn all(line: &Line<u32, u32, Book>, steps: &[u32]) -> Vec<Result<u32, StoreError>> {
        let line = Arc::new(Line { shared: Arc::clone(&line.shared) });
        let mut tasks = Vec::new();
        for step in steps.iter().copied() {
            let line = Arc::clone(&line);
            tasks.push(tokio::spawn(async move { line.join(step).await }));
        }
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        results
    }

    fn sets(book: &Book) -> Vec<Vec<u32>> {
        std::mem::take(&mut book.sets.lock().unwrap())
    }

    /// What arrives during a commit goes together in the next one, and each step gets its
    /// own answer.
    #[tokio::test]
    async fn arrivals_share_the_next_commit() {
        let book = Book::default();
        let line = line(&book);
        let results = all(&line, &[1, 2, 3, 4]).await;
        let answers: Vec<u32> = results.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [2, 4, 6, 8]);
        assert_eq!(sets(&book).concat(), [1, 2, 3, 4], "each once, in their order");
        // One is on its way when the others come.
        let first = tokio::spawn({
            let line = Line { shared: Arc::clone(&line.shared) };
            async move { line.join(5).await }
        });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        all(&line, &[6, 7, 8]).await;
        first.await.unwrap().unwrap();
        assert_eq!(sets(&book), [vec![5], vec![6, 7, 8]]);
    }

    /// A member that cannot be written, and one that meets a bug, fail alone.
    #[tokio::test]
    async fn failing_member_fails_alone() {
        for bad in [REFUSED, BUG] {
            let book = Book::default();
            let line = line(&book);
            let results = all(&line, &[1, bad, 3]).await;
            let good: Vec<bool> = results.iter().map(Result::is_ok).collect();
            assert_eq!(good, [true, false, true], "{results:?}");
            // The line goes on.
            assert_eq!(all(&line, &[4]).await.pop().unwrap().unwrap(), 8);
        }
    }

    /// An outage is everybody's: nothing is asked for once more.
    #[tokio::test]
    async fn outage_fails_the_whole_set() {
        let book = Book::default();
        let line = line(&book);
        let results = all(&line, &[1, AWAY, 3]).await;
        assert!(sets(&book).iter().filter(|set| set.contains(&AWAY)).count() == 1);
        let together = results.iter().filter(|result| result.is_err()).count();
        assert!(together >= 1 && results[1].is_err(), "{results:?}");
    }

    /// A set has a limit; what waits beyond it makes the next one.
    #[tokio::test]
    async fn sets_are_bounded() {
        let book = Book::default();
        let line = line(&book);
        let many: Vec<u32> = (100..100 + 3 * 64).collect();
        let results = all(&line, &many).await;
        assert!(results.iter().all(Result::is_ok));
        let sets = sets(&book);
        assert!(sets.iter().all(|set| set.len() <= SET_MAX), "{sets:?}");
        assert!(sets.len() <= 4, "{} sets", sets.len());
    }
}
