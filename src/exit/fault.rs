//! What a command itself refuses or finds wrong: an error that knows its exit code.

use std::fmt;

use super::Exit;

/// What is wrong, and how the run ends because of it. Never put a secret into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub exit: Exit,
    /// The stable word in JSON, such as `not_pending`.
    pub code: &'static str,
    /// What is wrong: a lower-case sentence without a full stop.
    pub message: String,
    /// The flag or field at fault.
    pub field: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Lines that belong to the message, such as the matches of a prefix.
    pub details: Vec<String>,
}

impl Fault {
    #[must_use]
    pub fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, code, message: message.into(), field: None, hint: None, details: Vec::new() }
    }

    /// A bug, or I/O that is not expected to fail: exit 1.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Internal, "internal", message)
    }

    /// What cannot happen, and did: exit 1.
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        Self::internal(message)
            .hint("this is a bug in socialsched: please report it with the command that you ran")
    }

    /// An answer is needed and there is no person to ask: exit 2.
    #[must_use]
    pub fn no_terminal(message: impl Into<String>) -> Self {
        Self::new(Exit::Input, "no_terminal", message)
    }

    /// No such thing, or not this company's: exit 3.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, "not_found", message)
    }

    /// A prefix or name that fits more than one thing: exit 3, with the matches.
    #[must_use]
    pub fn ambiguous(message: impl Into<String>, matches: Vec<String>) -> Self {
        Self { details: matches, ..Self::new(Exit::NotFound, "ambiguous", message) }
    }

    /// The thing is in a state that forbids the action: exit 4.
    #[must_use]
    pub fn wrong_state(message: impl Into<String>) -> Self {
        Self::new(Exit::Conflict, "wrong_state", message)
    }

    /// Something else is already there: exit 4.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Exit::Conflict, "conflict", message)
    }

    /// Configuration, schema, credentials or file modes: exit 5.
    #[must_use]
    pub fn setup(message: impl Into<String>) -> Self {
        Self::new(Exit::Setup, "setup", message)
    }

    /// The database is away, locked, full or too slow: exit 6.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, "unavailable", message)
    }

    /// A platform refused: exit 7.
    #[must_use]
    pub fn platform(message: impl Into<String>) -> Self {
        Self::new(Exit::Platform, "platform", message)
    }

    /// A health check found a breach: exit 8.
    #[must_use]
    pub fn unhealthy(message: impl Into<String>) -> Self {
        Self::new(Exit::Unhealthy, "unhealthy", message)
    }

    /// SIGINT cut the command short: exit 130.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted", "interrupted")
    }

    /// Gives it a more exact stable word than its kind has.
    #[must_use]
    pub fn code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
