//! G6, G7: a bug in one job costs that job its attempts and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use socialsched::domain::proof::Witness;
use socialsched::domain::{
    AccessToken, Answer, Draft, Failure, Intent, Outcome, Platform, Preparation, Receipt, Sighting,
};
use socialsched::platforms::{BoxFuture, Publisher, Publishers, Settings};
use socialsched::worker::{End, Event, EventSink, Options, Worker};
use tokio_util::sync::CancellationToken;

use crate::store::queue::{Queue, on_every_engine, worker};

/// A platform whose client has a bug: posts that say so make it panic, in
/// that step and the first time only, or always.
#[derive(Default)]
struct Buggy {
    panics: AtomicU32,
    published: AtomicU32,
}

impl Buggy {
    fn meet(&self, draft: &Draft, step: &str) {
        let always = draft.content.caption == format!("always {step}");
        let once = draft.content.caption == step && self.panics.load(Ordering::SeqCst) == 0;
        if always || once {
            self.panics.fetch_add(1, Ordering::SeqCst);
            panic!("a bug in {step}");
        }
    }

    fn answer(&self) -> Receipt {
        let number = self.published.fetch_add(1, Ordering::SeqCst);
        Receipt { external_id: Some(format!("fb_{number}")), ..Receipt::default() }
    }
}

impl Publisher for Buggy {
    fn prepare<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        Box::pin(async {
            self.meet(draft, "prepare");
            Ok(Preparation::Ready)
        })
    }

    fn publish<'a>(&'a self, draft: &'a Draft) -> BoxFuture<'a, Answer> {
        Box::pin(async {
            self.meet(draft, "publish");
            Answer::Published(self.answer())
        })
    }

    fn look_up<'a>(&'a self, draft: &'a Draft, _: &'a Intent) -> BoxFuture<'a, Sighting> {
        Box::pin(async {
            self.meet(draft, "look-up");
            Sighting::Live(self.answer())
        })
    }

    fn permalink<'a>(&'a self, _: &'a Draft, _: &'a Receipt) -> BoxFuture<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::Published(Receipt::default()) })
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
        Box::pin(async {})
    }
}

fn run(queue: &Queue, publisher: &Arc<Buggy>) -> socialsched::worker::Summary {
    let worker = worker_of(queue, publisher, Arc::new(|_| {}));
    queue.wait(worker.run_once(CancellationToken::new())).unwrap()
}

fn worker_of(queue: &Queue, publisher: &Arc<Buggy>, events: EventSink) -> Worker {
    let publishers = Publishers::new(Settings::default())
        .with(Platform::Facebook, Arc::clone(publisher) as Arc<dyn Publisher>);
    let options = Options {
        max_runtime: Some(Duration::from_secs(30)),
        poll_interval: Duration::from_millis(20),
        prepare_ahead: Duration::ZERO,
        ..Options::new(worker("w"), "host".to_owned(), 1)
    };
    let tokens = Arc::new(|_: &_| Ok(AccessToken::new("a token".to_owned())));
    Worker::new(queue.store.clone(), publishers, tokens, events, options)
}

fn schedule(queue: &Queue, caption: &str) -> socialsched::domain::PostId {
    let mut draft = queue.draft();
    caption.clone_into(&mut draft.content.caption);
    queue.insert(&draft)
}

/// **G6**: a panic before the publish call costs one attempt of that post.
#[test]
fn panic_before_publish_call_costs_one_attempt() {
    on_every_engine(|queue| {
        let publisher = Arc::new(Buggy::default());
        let poison = schedule(queue, "prepare");
        let others = ["One", "Two", "Three"].map(|caption| schedule(queue, caption));
        let summary = run(queue, &publisher);
        assert_eq!((summary.published, summary.retried), (3, 1));
        for id in others {
            assert_eq!((queue.states(id).as_str(), queue.post(id).attempts), ("published/done", 1));
        }
        let post = queue.post(poison);
        assert_eq!((queue.states(poison).as_str(), post.attempts), ("pending/pending", 1));
        assert_eq!(post.error_code.as_deref(), Some("panic"));
        queue.database.age(Duration::from_secs(120));
        assert_eq!(run(queue, &publisher).published, 1);
        assert_eq!(queue.post(poison).attempts, 2);
    });
}

/// **G6**: a panic in the publish call leaves the post to be looked up. The
/// call may have been sent.
#[test]
fn panic_in_publish_call_is_looked_up() {
    on_every_engine(|queue| {
        let publisher = Arc::new(Buggy::default());
        let poison = schedule(queue, "publish");
        let other = schedule(queue, "One");
        run(queue, &publisher);
        assert_eq!(queue.states(other), "published/done");
        assert_eq!(queue.states(poison), "processing/processing");
        queue.database.age(Duration::from_secs(120));
        assert_eq!(run(queue, &publisher).published, 1);
        let post = queue.post(poison);
        assert_eq!((queue.states(poison).as_str(), post.attempts), ("published/done", 1));
        assert_eq!(publisher.panics.load(Ordering::SeqCst), 1, "the call went out once");
    });
}

/// **G7**: a post that always crashes fails after its attempts, and the queue
/// moves on.
#[test]
fn always_crashing_post_fails_after_its_attempts() {
    on_every_engine(|queue| {
        let publisher = Arc::new(Buggy::default());
        let poison = schedule(queue, "always prepare");
        for attempt in 1..=3 {
            let other = schedule(queue, &format!("Post {attempt}"));
            run(queue, &publisher);
            assert_eq!(queue.states(other), "published/done");
            assert_eq!(queue.post(poison).attempts, attempt);
            queue.database.age(Duration::from_secs(3600));
        }
        assert_eq!(queue.states(poison), "failed/failed");
        let summary = run(queue, &publisher);
        assert_eq!((summary.claimed, publisher.panics.load(Ordering::SeqCst)), (0, 3));
        assert_eq!(queue.post(poison).error_code.as_deref(), Some("panic"));
    });
}

/// **G7**: a post whose look-ups always crash needs review. Its call may have
/// gone out, so it can neither fail nor be sent again.
#[test]
fn crashing_look_ups_need_review() {
    on_every_engine(|queue| {
        let publisher = Arc::new(Buggy::default());
        let poison = schedule(queue, "always look-up");
        let w = worker("dead");
        let claim = queue.claim(&w);
        queue.intent(&claim);
        for _ in 0..20 {
            queue.database.age(Duration::from_secs(3600));
            run(queue, &publisher);
        }
        let post = queue.post(poison);
        assert_eq!(queue.states(poison), "failed/failed");
        assert_eq!(post.outcome, Some(Outcome::Unknown));
        assert_eq!(post.error_code.as_deref(), Some("panic"));
    });
}

/// **G6**: a panic in a round ends that part only. The notification of a missed
/// post panics, in the middle of a round.
#[test]
fn panic_in_a_round_ends_only_that_part() {
    on_every_engine(|queue| {
        let publisher = Arc::new(Buggy::default());
        let [missed, other] = ["Missed", "Other"].map(|caption| schedule(queue, caption));
        let days_ago = queue.database.in_seconds(-200_000);
        queue.database.execute(&format!(
            "UPDATE post_schedule SET run_at = {days_ago} WHERE post_detail_id = '{missed}'"
        ));
        let stop = CancellationToken::new();
        let published = stop.clone();
        let worker = worker_of(
            queue,
            &publisher,
            Arc::new(move |event: &Event| match event.end {
                End::Missed => panic!("a bug in who listens"),
                End::Published { .. } => published.cancel(),
                _ => {}
            }),
        );
        // A daemon, which goes on until it is stopped.
        let summary = queue.wait(worker.run_until_stopped(stop)).unwrap();
        assert_eq!((summary.missed, summary.published), (1, 1));
        assert_eq!(queue.states(missed), "failed/failed");
        assert_eq!(queue.states(other), "published/done");
    });
}
