//! Signs to systemd: ready, alive, stopping. Without systemd they do nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// Tells systemd that the worker runs, and that it is alive as long as the
/// returned guard lives.
pub(super) fn ready() -> Option<AliveUntilDropped> {
    notify(&[NotifyState::Ready, NotifyState::Status("publishing due posts")]);
    let every = sd_notify::watchdog_enabled()? / 3;
    Some(AliveUntilDropped(tokio::spawn(async move {
        loop {
            notify(&[NotifyState::Watchdog]);
            tokio::time::sleep(every.max(Duration::from_millis(100))).await;
        }
    })))
}

/// Tells systemd that the worker finishes what runs.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping, NotifyState::Status("finishing posts in flight")]);
}

/// Beats for the watchdog.
pub(super) struct AliveUntilDropped(tokio::task::JoinHandle<()>);

impl Drop for AliveUntilDropped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd could not be notified");
    }
}
