//! How a run ends: the exit codes, and the one place where an error becomes
//! an exit code and a text.

mod error;
mod explained;
mod fault;
mod panic;
mod store;
mod usage;

pub use error::CommandError;
pub(crate) use explained::ErrorObject;
pub use explained::Explained;
pub use fault::Fault;
pub use panic::{guard, install_panic_hook};
pub use usage::from_clap;

/// The exit codes. Scripts rely on them: codes may be added, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; or there was nothing to do; or an idempotent repeat.
    Success = 0,
    /// A bug of this program, or I/O that is not expected to fail.
    Internal = 1,
    /// Bad input: a flag, a value, content that the platform's published rules
    /// refuse, or a needed answer without a terminal to ask on.
    Input = 2,
    /// Not found, or an ambiguous prefix. Also another company's row: its
    /// existence is not revealed.
    NotFound = 3,
    /// Wrong state or a conflict: not pending, an idempotency key used with
    /// other content, duplicate content.
    Conflict = 4,
    /// Set-up: configuration, database schema, credentials, file modes.
    Setup = 5,
    /// The database is away, locked, full or too slow. Nothing was changed.
    Unavailable = 6,
    /// A platform refused.
    Platform = 7,
    /// A health check found a breach.
    Unhealthy = 8,
    /// SIGINT cut the command short.
    Interrupted = 130,
    /// SIGTERM cut the command short.
    Terminated = 143,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
