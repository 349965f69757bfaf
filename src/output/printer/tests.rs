//! One report in every format, and streams that fail.

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

/// One report serves every format, and remarks stay off stdout.
#[test]
fn one_report_serves_every_format() {
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

/// An empty result is exit 0, with a hint on stderr.
#[test]
fn empty_result_is_exit_0_with_hint() {
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

/// A closed pipe is a quiet success, and nothing more is written.
#[test]
fn closed_pipe_is_a_quiet_success() {
    let out = Stream::failing(io::ErrorKind::BrokenPipe);
    let err = Stream::default();
    let printer =
        Printer::to(Format::Tsv, false, Screen::default(), Box::new(out), Box::new(err.clone()));
    let report = Report { notes: Vec::new(), ..posts() };
    assert_eq!(printer.report(&report).unwrap(), Exit::Success);
    assert_eq!(printer.report(&report).unwrap(), Exit::Success);
    assert_eq!(err.text(), "");
}

/// A full disk under stdout is an error; a failing stderr is not.
#[test]
fn full_disk_under_stdout_is_an_error() {
    let full = || Box::new(Stream::failing(io::ErrorKind::StorageFull));
    let printer = Printer::to(Format::Tsv, false, Screen::default(), full(), full());
    printer.note("lost");
    assert_eq!(printer.report(&posts()).unwrap_err().kind(), io::ErrorKind::StorageFull);
}

/// A failure in JSON is a document on stdout and a text on stderr.
#[test]
fn json_failure_is_document_and_text() {
    let (printer, out, err) = printer(Format::Json, false);
    let exit = printer.failure(&Fault::not_found("no post 0198").into());
    assert_eq!(exit, Exit::NotFound);
    let value: Value = serde_json::from_str(&out.text()).unwrap();
    assert_eq!(value["error"]["code"], "not_found");
    assert_eq!(err.text(), "error: no post 0198\n");
}

/// Data that comes with a failure is shown, and the exit code is the failure's.
#[test]
fn data_with_failure_keeps_its_exit_code() {
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
