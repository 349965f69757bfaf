//! The signals that end a command, and those that must not.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// From here on none of these signals ends the process by itself: a worker that
/// died of one in its publish call would leave a post that may or may not be
/// live.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    /// Kept and never read: they are ignored.
    _ignored: [Signal; 3],
}

impl Signals {
    pub(super) fn watch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            _ignored: [
                signal(SignalKind::user_defined1())?,
                signal(SignalKind::user_defined2())?,
                signal(SignalKind::alarm())?,
            ],
        })
    }

    /// Waits for the next one, and returns how a run ends that it cuts short.
    pub(super) async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.hang_up.recv() => Exit::Terminated,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.interrupt.recv() => Exit::Interrupted,
        }
    }

    /// The same, leaving out SIGHUP: a terminal that closes or a log that is
    /// rotated asks for an orderly end, and never for a hasty one.
    pub(super) async fn next_but_hang_up(&mut self) -> Exit {
        tokio::select! {
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.interrupt.recv() => Exit::Interrupted,
        }
    }
}
