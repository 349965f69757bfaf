//! The one place where a command meets the screen.
//!
//! A command hands a [`Report`] to the [`Printer`]; the report's data goes to
//! standard output in the format that was asked for, everything else to
//! standard error. Nothing here reads the environment: what the surroundings
//! are like comes in as a [`Screen`].

mod count;
mod delimited;
mod json;
mod printer;
mod progress;
mod prompt;
mod report;
mod table;

pub(crate) use count::{agreeing, counted};
pub use json::harmless;
pub use printer::Printer;
pub use progress::Bars;
pub use prompt::Prompts;
pub use report::Report;
pub use table::{Align, Cell, Table};

use crate::domain::words;

/// How data is written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for people.
    Table,
    /// One row per line, cells separated by tabs, no header.
    Tsv,
    /// One document: the envelope.
    Json,
    /// One object per line.
    Jsonl,
    /// RFC 4180 with a header; cells that a spreadsheet would run are defused.
    Csv,
    /// Bare ids, one per line.
    Id,
}

words!(Format {
    Table = "table",
    Tsv = "tsv",
    Json = "json",
    Jsonl = "jsonl",
    Csv = "csv",
    Id = "id",
});

impl Format {
    /// Whether failures, too, are written as JSON.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// What the three standard streams are, and whether they get colour.
///
/// Made once by `config`; it is passed to every library that colours, and none decides by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Screen {
    pub stdin_terminal: bool,
    pub stdout_terminal: bool,
    pub stderr_terminal: bool,
    /// Columns of the terminal on standard output.
    pub width: Option<u16>,
    pub stdout_color: bool,
    pub stderr_color: bool,
}

impl Screen {
    /// Pushes the colour decision into the libraries that keep their own
    /// process-wide one (console, under dialoguer and indicatif). The others
    /// (comfy-table, tracing-subscriber, clap) are given it where they are used.
    pub fn apply(self) {
        dialoguer::console::set_colors_enabled(self.stdout_color);
        dialoguer::console::set_colors_enabled_stderr(self.stderr_color);
    }
}
