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

    /// Whether the reader of standard output went away: an endless command
    /// (`--watch`) stops then.
    #[must_use]
    pub fn stdout_closed(&self) -> bool {
        lock(&self.out).closed
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
mod tests {
    use super::*;
    use crate::exit::Fault;
    use crate::output::{Align, Table};
    use serde_json::json;
    use std::sync::Arc;

    /// A stream that keeps what it gets, or fails.
    #[derive(Clone, Default)]
    struct Stream {
        written: Arc<Mutex<Vec<u8>>>,
        fails: Option<io::ErrorKind>,
    }

    impl Stream {
        fn text(&self) -> String {
            String::from_utf8(lock(&self.written).clone()).unwrap()
        }

        fn failing(kind: io::ErrorKind) -> Self {
            Self { fails: Some(kind), ..Self::default() }
        }
    }

    impl Write for Stream {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(kind) = self.fails {
                return Err(kind.into());
            }
            lock(&self.written).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printer(format: Format, quiet: bool) -> (Printer, Stream, Stream) {
        let (out, err) = (Stream::default(), Stream::default());
        let streams = (Box::new(out.clone()), Box::new(err.clone()));
        (Printer::to(format, quiet, Screen::default(), streams.0, streams.1), out, err)
    }

    fn posts() -> Report {
        let mut table = Table::new([("id", Align::Left), ("caption", Align::Left)]);
        table.push(["0198c2f4".into(), "=New".into()]);
        Report {
            message: Some("done".into()),
            data: json!([{"id": "0198c2f4"}]),
            table: Some(table),
            ids: vec!["0198c2f4".into()],
            notes: vec!["3 more, see --all".into()],
            ..Report::default()
        }
    }

    #[test]
    fn one_report_serves_every_format_and_remarks_stay_off_stdout() {
        for (format, expected) in [
            (Format::Table, "id        caption\n0198c2f4  =New\n"),
            (Format::Tsv, "0198c2f4\t=New\n"),
            (Format::Csv, "id,caption\n0198c2f4,'=New\n"),
            (Format::Jsonl, "{\"id\":\"0198c2f4\"}\n"),
            (Format::Id, "0198c2f4\n"),
        ] {
            let (printer, out, err) = printer(format, false);
            assert_eq!(printer.report(&posts()).unwrap(), Exit::Success);
            assert_eq!(out.text(), expected, "{format}");
            assert_eq!(err.text(), "3 more, see --all\n", "{format}");
        }
    }

    #[test]
    fn people_read_the_paragraph_and_scripts_the_row() {
        let report = Report { text: Some("Scheduled\n  at 09:00".into()), ..posts() };
        let (people, out, _) = printer(Format::Table, false);
        people.report(&report).unwrap();
        assert_eq!(out.text(), "Scheduled\n  at 09:00\n");
        let (script, out, _) = printer(Format::Tsv, false);
        script.report(&report).unwrap();
        assert_eq!(out.text(), "0198c2f4\t=New\n");
    }

    #[test]
    fn an_empty_result_is_exit_0_with_a_hint_on_stderr() {
        let empty = Report {
            data: json!([]),
            table: Some(Table::new([("id", Align::Left)])),
            hint_if_empty: Some("no posts yet: socialsched schedule".into()),
            ..Report::default()
        };
        let (printer, out, err) = printer(Format::Table, false);
        assert_eq!(printer.report(&empty).unwrap(), Exit::Success);
        assert_eq!((out.text().as_str(), err.text().lines().count()), ("", 1));
    }

    #[test]
    fn quiet_drops_notes_and_keeps_warnings_and_errors() {
        let (printer, _, err) = printer(Format::Table, true);
        printer.note("note");
        printer.warn("careful");
        printer.failure(&Fault::setup("no schema").into());
        assert_eq!(err.text(), "warning: careful\nerror: no schema\n");
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_success_and_nothing_more_is_written() {
        let out = Stream::failing(io::ErrorKind::BrokenPipe);
        let err = Stream::default();
        let printer = Printer::to(
            Format::Tsv,
            false,
            Screen::default(),
            Box::new(out),
            Box::new(err.clone()),
        );
        let report = Report { notes: Vec::new(), ..posts() };
        assert_eq!(printer.report(&report).unwrap(), Exit::Success);
        assert!(printer.stdout_closed());
        assert_eq!(err.text(), "");
    }

    #[test]
    fn a_full_disk_under_stdout_is_an_error_and_trouble_with_stderr_is_not() {
        let full = || Box::new(Stream::failing(io::ErrorKind::StorageFull));
        let printer = Printer::to(Format::Tsv, false, Screen::default(), full(), full());
        printer.note("lost");
        assert_eq!(printer.report(&posts()).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_failure_in_json_is_a_document_on_stdout_and_a_text_on_stderr() {
        let (printer, out, err) = printer(Format::Json, false);
        let exit = printer.failure(&Fault::not_found("no post 0198").into());
        assert_eq!(exit, Exit::NotFound);
        let value: Value = serde_json::from_str(&out.text()).unwrap();
        assert_eq!(value["error"]["code"], "not_found");
        assert_eq!(err.text(), "error: no post 0198\n");
    }

    #[test]
    fn data_that_comes_with_a_failure_is_shown_and_the_exit_code_is_the_failures() {
        let report = Report {
            failure: Some(Fault::unhealthy("2 stuck jobs").into()),
            notes: Vec::new(),
            ..posts()
        };
        let (printer, out, err) = printer(Format::Tsv, false);
        assert_eq!(printer.report(&report).unwrap(), Exit::Unhealthy);
        assert_eq!(out.text(), "0198c2f4\t=New\n");
        assert_eq!(err.text(), "error: 2 stuck jobs\n");
    }

    #[test]
    fn no_sink_lets_an_escape_sequence_through() {
        let evil = "a\x1b]0;owned\x07\u{9b}31m\u{202e}";
        for format in Format::ALL {
            let (printer, out, err) = printer(*format, false);
            let mut table = Table::new([("x", Align::Left)]);
            table.push([evil.into()]);
            let report = Report {
                message: Some(evil.into()),
                data: json!([{"x": evil}]),
                table: Some(table),
                ids: vec![evil.into()],
                notes: vec![evil.into()],
                failure: Some(Fault::conflict(evil).hint(evil).into()),
                ..Report::default()
            };
            printer.report(&report).unwrap();
            printer.warn(evil);
            let all = out.text() + &err.text();
            let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!all.contains(bad), "{format}: {all:?}");
        }
    }
}
