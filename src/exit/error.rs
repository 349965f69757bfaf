//! The error type of commands.

use std::io;

use super::Fault;
use crate::domain::Problems;
use crate::store::StoreError;

/// Why a command failed. What the run says then, and its exit code, is decided in one
/// place: [`Explained::new`](super::Explained::new).
#[derive(Debug)]
pub enum CommandError {
    /// Bad input.
    Input {
        problems: Problems,
        /// What they are about, a noun phrase such as "this post".
        subject: &'static str,
    },
    /// What the command itself refuses, or finds wrong.
    Fault(Fault),
    /// The database.
    Store {
        error: StoreError,
        /// What to do, from a command that may have changed something before.
        advice: Option<&'static str>,
    },
    /// I/O that is not expected to fail, with what was being done.
    Io(anyhow::Error),
}

impl From<Problems> for CommandError {
    fn from(problems: Problems) -> Self {
        Self::Input { problems, subject: "this command" }
    }
}

impl From<Fault> for CommandError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Store { error, advice: None }
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.into())
    }
}
