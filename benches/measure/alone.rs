//! The queue alone: a worker whose publish call is answered inside the process, as the
//! no-op job of another queue is. Everything else is the program's own.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use socialsched::domain::proof::Witness;
use socialsched::domain::{
    AccessToken, Answer, Draft, Failure, Intent, Platform, Preparation, Receipt, Sighting, WorkerId,
};
use socialsched::platforms::{BoxFuture, Publisher, Publishers, Settings};
use socialsched::store::{Location, Store};
use socialsched::worker::{Options, Spool, Worker};
use tokio_util::sync::CancellationToken;

/// How `run-worker --once` works.
pub struct Wanted {
    pub database_url: String,
    /// Where answers wait that the database could not take.
    pub spool: PathBuf,
    pub batch_size: Option<u32>,
    pub concurrency: Option<u32>,
}

/// Publishes what is due, as `run-worker --once` does.
pub fn run(wanted: Wanted) -> Result<()> {
    // As the program's own runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let location: Location = wanted.database_url.parse()?;
        let store = Store::open(&location, Duration::from_secs(10)).await?;
        let (host, pid) = ("bench".to_owned(), std::process::id());
        let mut options = Options::new(WorkerId::new(&host, pid), host, pid);
        options.batch_size = wanted.batch_size.unwrap_or(options.batch_size);
        options.concurrency = wanted.concurrency.unwrap_or(options.concurrency);
        fs::create_dir_all(&wanted.spool)?;
        options.spool = Some(Spool::new(wanted.spool, store.instance().await?));
        let publishers = Publishers::new(Settings::default())
            .with(Platform::LinkedIn, Arc::new(AtOnce::default()));
        let tokens = Arc::new(|_: &_| Ok(AccessToken::new("bench".to_owned())));
        let worker = Worker::new(store.clone(), publishers, tokens, Arc::new(|_| {}), options);
        let summary = worker.run_once(CancellationToken::new()).await;
        let summary = summary.map_err(|broken_off| broken_off.error)?;
        store.close().await;
        ensure!(summary.failed + summary.unknown + summary.missed == 0, "posts failed");
        Ok(())
    })
}

/// A platform that publishes at once.
#[derive(Default)]
struct AtOnce {
    published: AtomicU64,
}

impl Publisher for AtOnce {
    fn prepare<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Result<Preparation, Failure>> {
        Box::pin(async { Ok(Preparation::Ready) })
    }

    fn object(&self, _: &Draft) -> Option<String> {
        None
    }

    fn witness(&self, _: &Draft) -> Witness {
        Witness::List
    }

    fn publish<'a>(&'a self, _: &'a Draft) -> BoxFuture<'a, Answer> {
        let number = self.published.fetch_add(1, Ordering::Relaxed);
        // Several workers of one measurement must not name the same post.
        let id = 7_000_000_000_000_000_000 + u64::from(std::process::id()) * 1_000_000_000 + number;
        let external_id = Some(format!("urn:li:share:{id}"));
        let http_status = Some(201);
        Box::pin(async move {
            Answer::Published(Receipt { external_id, http_status, ..Receipt::default() })
        })
    }

    fn look_up<'a>(&'a self, _: &'a Draft, _: &'a Intent) -> BoxFuture<'a, Sighting> {
        Box::pin(async { Sighting::InProgress })
    }

    fn permalink<'a>(&'a self, _: &'a Draft, _: &'a Receipt) -> BoxFuture<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::Published(Receipt::default()) })
    }

    fn find_comment<'a>(&'a self, _: &'a Draft, _: &'a str, _: &'a str) -> BoxFuture<'a, Sighting> {
        Box::pin(async { Sighting::InProgress })
    }

    fn discard<'a>(&'a self, _: &'a Draft, _: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}
