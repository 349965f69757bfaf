//! What a command has to say.

use serde_json::Value;

use super::Table;
use crate::exit::{Exit, Explained};

/// The whole result of a command, for every output format at once.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The envelope's `message`; in the formats for people it is shown when
    /// there is neither `text` nor `table`.
    pub message: Option<String>,
    /// The envelope's `data`. With `jsonl`, each item of an array is a line.
    pub data: Value,
    /// The envelope's `meta`.
    pub meta: Option<Value>,
    /// The same data as rows.
    pub table: Option<Table>,
    /// What `-o id` prints.
    pub ids: Vec<String>,
    /// A paragraph for people, shown instead of the table with `-o table`.
    /// Its line breaks are kept.
    pub text: Option<String>,
    /// What to do about an empty result; shown when the table has no rows.
    pub hint_if_empty: Option<String>,
    /// Remarks for standard error, such as how many rows were left out.
    pub notes: Vec<String>,
    /// Set when the command has data to show and failed nevertheless, such as
    /// when one of several ids could not be cancelled, or a check found a breach.
    pub failure: Option<Explained>,
}

impl Report {
    /// How the run ends once this is shown.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.failure.as_ref().map_or(Exit::Success, |failure| failure.exit)
    }
}
