//! `recover` while workers run.

use std::sync::Arc;
use std::time::Duration;

use socialsched::domain::proof::Witness;
use socialsched::domain::{
    AccessToken, Answer, Draft, Failure, Intent, Platform, Preparation, Receipt, Sighting,
};
use socialsched::platforms::{BoxFuture, Publisher, Publishers, Settings};
use socialsched::worker::{Options, Worker};
use tokio::sync::Semaphore;

use crate::store::queue::{on_every_engine, worker};
use crate::support::eventually;

/// A platform whose look-ups wait for the test.
struct Slow {
    begun: Arc<Semaphore>,
    go_on: Arc<Semaphore>,
}

impl Publisher for Slow {
    fn prepare<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        unreachable!()
    }

    fn publish<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Answer> {
        unreachable!()
    }

    fn look_up<'a>(&'a self, _: &'a Draft, _: &'a Intent) -> BoxFuture<'a, Sighting> {
        Box::pin(async {
            self.begun.add_permits(1);
            let _turn = self.go_on.acquire().await;
            Sighting::Live(Receipt::default())
        })
    }

    fn permalink<'a>(&'a self, _: &'a Draft, _: &'a Receipt) -> BoxFuture<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> BoxFuture<'a, Answer> {
        unreachable!()
    }

    fn object(&self, _: &Draft) -> Option<String> {
        None
    }

    fn witness(&self, _: &Draft) -> Witness {
        Witness::Object
    }

    fn find_comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> BoxFuture<'a, Sighting> {
        unreachable!()
    }

    fn discard<'a>(&'a self, _: &'a Draft, _: &'a str) -> BoxFuture<'a, ()> {
        unreachable!()
    }
}

/// A job that waits behind a slow look-up keeps its lease. Another worker would
/// take it over, and count its one death once more.
#[test]
fn job_behind_slow_look_up_keeps_lease() {
    on_every_engine(|queue| {
        let dead = worker("dead");
        queue.sent(&dead);
        let waiting = queue.claimed(&dead).post_id;
        queue.leases_end();

        let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let slow = Slow { begun: Arc::clone(&begun), go_on: Arc::clone(&go_on) };
        let publishers =
            Publishers::new(Settings::default()).with(Platform::Facebook, Arc::new(slow));
        let options = Options {
            lease: Duration::from_secs(2),
            ..Options::new(worker("w"), "host".to_owned(), 1)
        };
        let tokens = Arc::new(|_: &_| Ok(AccessToken::new("a token".to_owned())));
        let recovering =
            Worker::new(queue.another_store(), publishers, tokens, Arc::new(|_| {}), options);
        let recovery = queue.spawn(async move { recovering.recover(Duration::ZERO, 9).await });
        let _ = queue.wait(begun.acquire()).unwrap();
        let taken = queue.job(waiting, "lease_until");
        eventually("its lease is renewed", || queue.job(waiting, "lease_until") != taken);
        go_on.add_permits(1);
        queue.wait(recovery).unwrap().unwrap();
        assert_eq!(queue.states(waiting), "pending/pending");
        assert_eq!(queue.post(waiting).attempts, 1);
    });
}
