//! Renews the leases of this process's jobs from a thread of its own, so that
//! neither a busy runtime nor a slow platform lets a lease run out.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::store::Store;

use super::Shared;

/// Limit of the heartbeat's own waits for the database.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);

/// A running heartbeat; stops when dropped.
pub(super) struct Heartbeat {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Starts beating: at once, then four times per lease.
    pub(super) fn start(shared: &Arc<Shared>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build()
            else {
                tracing::error!("the heartbeat could not start: leases will run out");
                return;
            };
            let interval = shared.options.lease / 4;
            let mut store = None;
            loop {
                runtime.block_on(beat(&shared, &mut store));
                match stopped.recv_timeout(interval) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            runtime.block_on(async {
                if let Some(store) = store {
                    if let Err(error) = store.goodbye(&shared.options.id).await {
                        tracing::debug!(%error, "no goodbye");
                    }
                    store.close().await;
                }
            });
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the heartbeat had panicked");
        }
    }
}

async fn beat(shared: &Shared, store: &mut Option<Store>) {
    if store.is_none() {
        match Store::open(&shared.location, STATEMENT_LIMIT).await {
            Ok(opened) => *store = Some(opened),
            Err(error) => {
                tracing::warn!(%error, "heartbeat: no database");
                return;
            }
        }
    }
    let Some(store) = store else { return };
    let options = &shared.options;
    let beat = store.beat(&options.id, &options.host, options.pid, env!("CARGO_PKG_VERSION")).await;
    if let Err(error) = beat {
        tracing::warn!(%error, "heartbeat failed");
    }
    match store.renew_leases(&options.id, &shared.held.fences(), options.lease).await {
        Ok(lost) => {
            for job in lost {
                // A job that just ended is no loss; one still held stops at its next write.
                tracing::debug!(%job, "lease not renewed");
            }
        }
        Err(error) => tracing::warn!(%error, "leases not renewed"),
    }
}
