//! Several workers and people on one database at the same time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socialsched::domain::{Only, PostId, WorkerId};
use socialsched::store::{CancelAnswer, Claimed, Gate, Next, Phase, Staged, Store};
use tokio::task::JoinSet;

use super::queue::{evidence, to_publish};
use super::{Queue, failure, on_every_engine, receipt, worker};

const WORKERS: usize = 4;
const JOBS: usize = 200;

fn schedule(queue: &Queue, count: usize) -> Vec<PostId> {
    (0..count).map(|_| queue.schedule()).collect()
}

/// Claims in small batches until nothing is left; every claim is sent and goes live.
async fn drain(
    store: Store,
    worker: WorkerId,
    request: socialsched::store::ClaimRequest,
) -> Vec<PostId> {
    let mut claimed = Vec::new();
    loop {
        let batch = store.claim_due(&request).await.unwrap();
        if batch.is_empty() {
            return claimed;
        }
        for job in batch {
            let Claimed::Job(claim) = job else { panic!("{job:?}") };
            assert_eq!(claim.fence.0, 1, "claimed once");
            claimed.push(claim.post_id);
            let gate = loop {
                let lease = Duration::from_secs(60);
                match store.open_gates(&[to_publish(&claim)], lease).await.unwrap().remove(0) {
                    // Another worker publishes to the account; it soon has its answer.
                    Gate::AccountBusy => tokio::task::yield_now().await,
                    gate => break gate,
                }
            };
            match &gate {
                Gate::Open(intent) => {
                    let id = receipt(&claim.post_id.to_string());
                    let live = [evidence(&claim, intent, &id)];
                    store.record_live(&worker, &live).await.unwrap();
                }
                Gate::CancelRequested => {
                    store.release(&[(&claim.lease, Duration::ZERO)]).await.unwrap();
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn simultaneous_claims_take_each_job_once() {
    on_every_engine(|queue| {
        let posts = schedule(queue, JOBS);
        let stores: Vec<Store> = (0..2).map(|_| queue.another_store()).collect();
        let taken = queue.wait(async {
            let mut tasks = JoinSet::new();
            for number in 0..WORKERS {
                let worker = worker(&format!("w{number}"));
                let request = queue.claim_request(&worker, 7);
                tasks.spawn(drain(stores[number % 2].clone(), worker, request));
            }
            tasks.join_all().await
        });
        let busy = taken.iter().filter(|claimed| !claimed.is_empty()).count();
        assert!(busy > 1, "they were rivals");
        let all: Vec<PostId> = taken.into_iter().flatten().collect();
        let different: HashSet<PostId> = all.iter().copied().collect();
        assert_eq!((all.len(), different), (JOBS, posts.into_iter().collect()));
    });
}

/// A post cancelled while workers claim is never sent.
#[test]
fn post_cancelled_during_claims_is_unsent() {
    on_every_engine(|queue| {
        let posts = schedule(queue, JOBS);
        let stores: Vec<Store> = (0..3).map(|_| queue.another_store()).collect();
        let cancelled = Arc::new(Mutex::new(Vec::new()));
        let taken = queue.wait(async {
            let mut cancellers = JoinSet::new();
            for half in 0..2 {
                // From the end, so that they meet the workers in the middle; a
                // quarter of the posts is the workers' alone, however slow they are.
                let ids = posts.iter().rev().take(JOBS * 3 / 4).skip(half).step_by(2);
                let ids: Vec<PostId> = ids.copied().collect();
                let (store, company) = (stores[2].clone(), queue.company);
                let cancelled = Arc::clone(&cancelled);
                cancellers.spawn(async move {
                    for id in ids {
                        let answers = store.cancel_posts(company, &[id], None).await.unwrap();
                        if answers[0] == CancelAnswer::Cancelled {
                            cancelled.lock().unwrap().push(id);
                        }
                    }
                });
            }
            let mut workers = JoinSet::new();
            for number in 0..WORKERS {
                let worker = worker(&format!("w{number}"));
                let request = queue.claim_request(&worker, 3);
                workers.spawn(drain(stores[number % 2].clone(), worker, request));
            }
            cancellers.join_all().await;
            workers.join_all().await
        });
        let taken: HashSet<PostId> = taken.into_iter().flatten().collect();
        let cancelled: HashSet<PostId> = cancelled.lock().unwrap().iter().copied().collect();
        assert!(!cancelled.is_empty() && !taken.is_empty(), "they met");
        assert_eq!(taken.intersection(&cancelled).count(), 0, "cancelled and claimed");
        assert_eq!(taken.len() + cancelled.len(), JOBS, "none was lost");
        for id in &cancelled {
            assert_eq!(queue.states(*id), "cancelled/done");
        }
    });
}

/// An abandoned job goes to one of two competing workers.
#[test]
fn abandoned_job_goes_to_one_worker() {
    on_every_engine(|queue| {
        for _ in 0..20 {
            queue.claimed(&worker("dead"));
        }
        queue.leases_end();
        let stores = [queue.another_store(), queue.another_store()];
        let taken = queue.wait(async {
            let mut tasks = JoinSet::new();
            for (number, store) in stores.iter().cloned().enumerate() {
                let request = socialsched::store::TakeOver::new(
                    worker(&format!("w{number}")),
                    Duration::from_secs(60),
                    3,
                );
                tasks.spawn(async move {
                    let mut count = 0;
                    loop {
                        let taken = store.take_over(&request).await.unwrap().claimed.len();
                        if taken == 0 {
                            return count;
                        }
                        count += taken;
                    }
                });
            }
            tasks.join_all().await
        });
        assert_eq!(taken.iter().sum::<usize>(), 20);
        assert_eq!(
            queue.database.value("SELECT COUNT(*) FROM post_schedule WHERE fence = 2"),
            "20"
        );
    });
}

/// A first comment is given to one of two competing workers.
#[test]
fn first_comment_goes_to_one_worker() {
    on_every_engine(|queue| {
        let a = worker("a");
        for number in 0..10 {
            let mut draft = queue.draft();
            draft.content.first_comment = Some("First!".to_owned());
            queue.insert(&draft);
            let claim = queue.claim(&a);
            let intent = queue.intent(&claim);
            queue.live(&a, &claim, &intent, &receipt(&format!("fb_{number}"))).unwrap();
        }
        let stores = [queue.another_store(), queue.another_store()];
        let taken = queue.wait(async {
            let mut tasks = JoinSet::new();
            for store in stores {
                tasks.spawn(async move {
                    let mut ids = Vec::new();
                    loop {
                        let owed = store.take_follow_ups(&Only::default(), 2).await.unwrap();
                        // More than there are: given twice.
                        if owed.is_empty() || ids.len() > 10 {
                            return ids;
                        }
                        for owed in owed {
                            let turn = store.begin_comment(&worker("w"), &owed.post).await;
                            if turn.unwrap().is_some() {
                                ids.push(owed.post.post_id);
                            }
                        }
                    }
                });
            }
            tasks.join_all().await.concat()
        });
        let different: HashSet<PostId> = taken.iter().copied().collect();
        assert_eq!((taken.len(), different.len()), (10, 10));
    });
}

/// Takes leftovers of ended posts once, and what is staged later is not theirs.
#[test]
fn leftovers_are_handed_out_once() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claim = queue.claimed(&a);
        let artifact = socialsched::domain::Artifact::new(
            socialsched::domain::StepKind::Create,
            "container",
            "17",
        );
        queue.record_staged(&claim, &[artifact]).unwrap();
        let (step, next) = (Phase::Prepare, Next::Fail);
        queue.record_failure(&claim, &step, &failure("no"), Staged::Keep, &next).unwrap();
        let take = || queue.wait(queue.store.take_follow_ups(&Only::default(), 10)).unwrap();
        let taken = take();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].status, socialsched::domain::PostStatus::Failed);
        assert_eq!(taken[0].post.staging.id("container"), Some("17"));
        assert_eq!(take().len(), 0);
        // Its worker has died.
        queue.database.age(Duration::from_secs(11 * 60));
        let again = take().remove(0);
        queue.wait(queue.store.record_cleaned_up(&a, &again.post)).unwrap();
        queue.database.age(Duration::from_secs(11 * 60));
        assert_eq!(take().len(), 0);
        let ids = [claim.post_id];
        queue.wait(queue.store.retry_posts(queue.company, &ids, false)).unwrap();
        assert!(!queue.claim(&a).staging.has("container"), "it was deleted");
    });
}
