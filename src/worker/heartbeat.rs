//! Renews the leases of this process's jobs from a thread of its own, so that
//! neither a busy runtime nor a slow platform lets a lease run out.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::store::Store;

use super::context::Context;

/// Limit of the heartbeat's own waits for the database.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);

/// How long a stop waits for the goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(2);

/// A running heartbeat; ends by itself soon after it is dropped.
pub(super) struct Heartbeat {
    stop: Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Heartbeat {
    /// Starts beating: at once, then four times per lease.
    pub(super) fn start(context: &Arc<Context>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        let context = Arc::clone(context);
        std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(run(&context, &stopped)),
                Err(error) => {
                    tracing::error!(%error, "no heartbeat: the leases will expire");
                }
            }
            // Nobody waits when the process ends in a hurry.
            let _ = end.send(());
        })?;
        Ok(Self { stop, ended })
    }

    /// Stops, after having taken this worker off the list.
    pub(super) async fn stop(self) {
        drop(self.stop);
        if tokio::time::timeout(GOODBYE_LIMIT, self.ended).await.is_err() {
            tracing::debug!("the heartbeat did not end in time");
        }
    }
}

async fn run(context: &Context, stopped: &Receiver<()>) {
    let interval = context.options.lease / 4;
    let store = match context.store.again(STATEMENT_LIMIT) {
        Ok(store) => store,
        Err(error) => {
            tracing::error!(%error, "no heartbeat: the leases will expire");
            return;
        }
    };
    loop {
        beat(context, &store).await;
        // Blocking is right: this thread has nothing else to do.
        match stopped.recv_timeout(interval) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if let Err(error) = store.goodbye(&context.options.id).await {
        tracing::debug!(%error, "no goodbye");
    }
    store.close().await;
}

async fn beat(context: &Context, store: &Store) {
    let options = &context.options;
    match store.renew_leases(&context.in_flight.leases(), options.lease).await {
        Ok(lost) => {
            for job in lost {
                // A job that just ended is no loss; one in flight stops at its next write.
                tracing::debug!(%job, "lease not renewed");
            }
        }
        Err(error) => tracing::warn!(%error, "the leases could not be renewed"),
    }
    let beat = store.beat(&options.id, &options.host, options.pid, env!("CARGO_PKG_VERSION")).await;
    if let Err(error) = beat {
        tracing::warn!(%error, "the heartbeat failed");
    }
}
