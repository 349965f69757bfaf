//! Owns standard output and standard error.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{Bars, Format, Report, Screen, delimited, json};
use crate::domain::visible;
use crate::exit::{Exit, Explained};

/// Writes data to standard output and everything else to standard error.
///
/// A reader that closes standard output early (`| head -1`) is no error: the
/// rest is dropped. Trouble with standard error is never an error. Shared
/// between tasks by reference.
pub struct Printer {
    format: Format,
    quiet: bool,
    screen: Screen,
    bars: Bars,
    out: Mutex<Out>,
    err: Mutex<Box<dyn Write + Send>>,
}

struct Out {
    stream: Box<dyn Write + Send>,
    closed: bool,
}

impl Printer {
    /// The printer of this process. `quiet` drops notes, hints and progress;
    /// warnings, errors and data stay.
    #[must_use]
    pub fn new(format: Format, quiet: bool, screen: Screen) -> Self {
        screen.apply();
        Self::to(format, quiet, screen, Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// A printer onto other streams.
    #[must_use]
    pub fn to(
        format: Format,
        quiet: bool,
        screen: Screen,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
    ) -> Self {
        Self {
            format,
            quiet,
            screen,
            bars: Bars::new(screen.stderr_terminal && !quiet),
            out: Mutex::new(Out { stream: out, closed: false }),
            err: Mutex::new(err),
        }
    }

    /// The format that was asked for.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The progress bars, which this printer's lines do not tear apart.
    #[must_use]
    pub fn bars(&self) -> &Bars {
        &self.bars
    }

    /// Shows a command's result and says how the run ends.
    ///
    /// # Errors
    /// Standard output cannot be written, other than for a closed pipe.
    pub fn report(&self, report: &Report) -> io::Result<Exit> {
        self.raw(&self.data_of(report)?)?;
        let is_empty = report.table.as_ref().is_some_and(|table| table.rows.is_empty());
        if let Some(hint) = report.hint_if_empty.as_deref().filter(|_| is_empty) {
            self.note(hint);
        }
        for note in &report.notes {
            self.note(note);
        }
        if let Some(failure) = &report.failure {
            self.error(failure);
        }
        Ok(report.exit())
    }

    /// Shows a command's error: for people on standard error, and in the JSON
    /// formats also as a document on standard output.
    pub fn failure(&self, failure: &Explained) -> Exit {
        let document = match self.format {
            Format::Json => json::failure(failure),
            Format::Jsonl => json::failure_line(failure),
            _ => Ok(String::new()),
        };
        // The run fails anyway, with the code of its first error.
        let _ = document.and_then(|document| self.raw(&document));
        self.error(failure);
        failure.exit
    }

    /// Writes one object of a stream as a line of JSON.
    ///
    /// # Errors
    /// Standard output cannot be written, other than for a closed pipe.
    pub fn record(&self, object: &Value) -> io::Result<()> {
        self.raw(&json::line(object)?)
    }

    /// Writes text that this program made (SQL, completions, metrics) to
    /// standard output as it is. Text from anywhere else goes through
    /// [`visible`] first.
    ///
    /// # Errors
    /// Standard output cannot be written, other than for a closed pipe.
    pub fn raw(&self, text: &str) -> io::Result<()> {
        let mut out = lock(&self.out);
        if out.closed || text.is_empty() {
            return Ok(());
        }
        let written = self
            .bars
            .suspend(|| out.stream.write_all(text.as_bytes()).and_then(|()| out.stream.flush()));
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                out.closed = true;
                Ok(())
            }
            Err(error) => {
                let what = format!("cannot write to standard output: {error}");
                Err(io::Error::new(error.kind(), what))
            }
            Ok(()) => Ok(()),
        }
    }

    /// A remark or hint on standard error; dropped with `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(&lines_visible(text));
        }
    }

    /// A warning on standard error.
    pub fn warn(&self, text: &str) {
        let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
        let text = lines_visible(text);
        self.say(&if self.screen.stderr_color {
            format!("{yellow}warning:{yellow:#} {text}")
        } else {
            format!("warning: {text}")
        });
    }

    fn error(&self, failure: &Explained) {
        self.say(&failure.human(self.screen.stderr_color));
    }

    fn say(&self, text: &str) {
        let mut err = lock(&self.err);
        self.bars.suspend(|| {
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        });
    }

    fn data_of(&self, report: &Report) -> io::Result<String> {
        match (self.format, &report.table) {
            (Format::Json, _) => json::document(report),
            (Format::Jsonl, _) => match (&report.failure, &report.data) {
                (Some(failure), Value::Null) => json::failure_line(failure),
                _ => json::lines(&report.data),
            },
            (Format::Id, _) => Ok(report.ids.iter().map(|id| lines_visible(id)).collect()),
            (Format::Tsv, Some(table)) => Ok(delimited::tsv(table)),
            (Format::Csv, Some(table)) => delimited::csv(table),
            (Format::Table, Some(table)) if report.text.is_none() => {
                let width = self.screen.width.filter(|_| self.screen.stdout_terminal);
                Ok(table.for_people(width, self.screen.stdout_color))
            }
            _ => {
                let text = report.text.as_ref().or(report.message.as_ref());
                Ok(text.map(|text| lines_visible(text)).unwrap_or_default())
            }
        }
    }
}

/// Each line escaped; the line breaks are the program's own and stay.
fn lines_visible(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", visible(line))).collect()
}

/// A panic elsewhere must not silence the rest of the run.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
