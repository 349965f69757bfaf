//! Logs: to standard error, one record per line.

use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Subscriber;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::SubscriberBuilder;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use crate::domain::{Problem, Problems, visible, words};
use crate::exit::{CommandError, Fault};
use crate::output::{Bars, harmless};

/// How log records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

words!(LogFormat { Text = "text", Json = "json" });

impl LogFormat {
    /// Text on a terminal, else JSON.
    #[must_use]
    pub fn default_for(is_terminal: bool) -> Self {
        if is_terminal { Self::Text } else { Self::Json }
    }
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Logging<'a> {
    pub format: LogFormat,
    /// A filter in the syntax of tracing's `EnvFilter`; instead of `-q`/`-v`.
    pub filter: Option<&'a str>,
    pub quiet: bool,
    /// How many `-v`.
    pub verbose: u8,
    /// The colour decision for standard error.
    pub color: bool,
}

impl Logging<'_> {
    /// Starts logging for the whole process; records step around the `bars`.
    ///
    /// # Errors
    /// [`Problems`] for an unusable filter (exit 2); a [`Fault`] when logging
    /// was started before (a bug).
    pub fn start(&self, bars: &Bars) -> Result<(), CommandError> {
        let bars = bars.clone();
        let write = move |record: &[u8]| bars.suspend(|| io::stderr().write_all(record));
        let lost = Lost::default();
        let write = move |record: &[u8]| lost.count(write(record));
        tracing::subscriber::set_global_default(self.subscriber(Arc::new(write))?)
            .map_err(|_| Fault::internal("logging was started twice"))?;
        Ok(())
    }

    fn subscriber(
        &self,
        write: WriteRecord,
    ) -> Result<Box<dyn Subscriber + Send + Sync>, Problems> {
        let sink = Sink { json: self.format == LogFormat::Json, write };
        let builder = SubscriberBuilder::default()
            .with_env_filter(self.env_filter()?)
            .log_internal_errors(false)
            .with_ansi(self.color)
            .with_writer(move || sink.clone());
        Ok(match self.format {
            LogFormat::Text => {
                Box::new(builder.fmt_fields(debug_fn(write_field).delimited(" ")).finish())
            }
            LogFormat::Json => {
                Box::new(builder.with_ansi(false).json().flatten_event(true).finish())
            }
        })
    }

    fn env_filter(&self) -> Result<EnvFilter, Problems> {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (false, 0) => "warn",
            (false, 1) => "warn,socialsched=info",
            (false, 2) => "warn,socialsched=debug",
            (false, _) => "info,socialsched=trace",
        };
        EnvFilter::try_new(self.filter.unwrap_or(level)).map_err(|_| {
            Problem::new("SOCIALSCHED_LOG", "not a log filter")
                .value(self.filter.unwrap_or(level))
                .hint("a level such as debug, or socialsched=debug,sqlx=warn")
                .into()
        })
    }
}

/// A field of a text record: escaped, so that no value starts a new line.
fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    let value = format!("{value:?}");
    match field.name() {
        "message" => write!(writer, "{}", visible(&value)),
        name => write!(writer, "{name}={}", visible(&value)),
    }
}

/// Counts the records that could not be written. A log that cannot be written
/// never stops the work, and the gap is reported as soon as it can be written again.
#[derive(Default)]
struct Lost(AtomicU64);

impl Lost {
    fn count(&self, written: io::Result<()>) {
        if written.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let lost = self.0.swap(0, Ordering::Relaxed);
        if lost > 0 {
            // Comes here again. If this record is lost itself, the gap is not reported yet.
            tracing::error!(lost, "records before this one could not be written");
            if self.0.load(Ordering::Relaxed) > 0 {
                self.0.fetch_add(lost, Ordering::Relaxed);
            }
        }
    }
}

type WriteRecord = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// Takes one whole record per `write`, as tracing-subscriber makes them.
#[derive(Clone)]
struct Sink {
    json: bool,
    write: WriteRecord,
}

impl Write for Sink {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        if self.json {
            let text = String::from_utf8_lossy(record);
            (self.write)(harmless(&text).as_bytes());
        } else {
            (self.write)(record);
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    const EVIL: &str = "menu\n2025 ERROR forged\x1b[2J\u{9b}31m\u{202e}";

    fn logging(format: LogFormat) -> Logging<'static> {
        Logging { format, filter: None, quiet: false, verbose: 0, color: false }
    }

    fn captured(logging: &Logging<'_>, log: impl FnOnce()) -> String {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let to = lines.clone();
        let write = move |record: &[u8]| to.lock().unwrap().extend_from_slice(record);
        let subscriber = logging.subscriber(Arc::new(write)).unwrap();
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(lines.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn record_is_one_line_whatever_it_holds() {
        for format in LogFormat::ALL {
            let text = captured(&logging(*format), || {
                let span = tracing::warn_span!("post", caption = EVIL, name = %EVIL);
                let _entered = span.enter();
                tracing::warn!(name = %EVIL, caption = ?EVIL, "refused: {EVIL}");
            });
            assert_eq!(text.lines().count(), 1, "{format}: {text:?}");
            let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(bad), "{format}: {text:?}");
            assert!(text.contains("refused") && text.contains("post"), "{text}");
        }
    }

    #[test]
    fn json_record_reads_back_unchanged() {
        let text = captured(&logging(LogFormat::Json), || tracing::warn!(name = EVIL, "refused"));
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(record["name"], EVIL);
        assert_eq!(record["level"], "WARN");
    }

    #[test]
    fn colour_follows_one_decision_never_in_json() {
        for (format, color, colored) in [
            (LogFormat::Text, true, true),
            (LogFormat::Text, false, false),
            (LogFormat::Json, true, false),
        ] {
            let logging = Logging { color, ..logging(format) };
            let text = captured(&logging, || tracing::warn!("x"));
            assert_eq!(text.contains('\x1b'), colored, "{format} {color}: {text:?}");
        }
    }

    /// `--quiet` and `--verbose` move the level, and a filter overrides both.
    #[test]
    fn quiet_verbose_and_filter_set_the_level() {
        let levels = |logging: Logging<'_>| {
            let text = captured(&logging, || {
                tracing::error!("E");
                tracing::warn!("W");
                tracing::info!("I");
                tracing::debug!("D");
            });
            text.lines().map(|line| &line[line.len() - 1..]).collect::<String>()
        };
        let text = || logging(LogFormat::Text);
        assert_eq!(levels(text()), "EW");
        assert_eq!(levels(Logging { quiet: true, ..text() }), "E");
        assert_eq!(levels(Logging { verbose: 1, ..text() }), "EWI");
        assert_eq!(levels(Logging { verbose: 2, ..text() }), "EWID");
        assert_eq!(levels(Logging { filter: Some("info"), quiet: true, ..text() }), "EWI");
    }

    #[test]
    fn an_unusable_filter_is_the_persons_mistake() {
        let logging = Logging { filter: Some("socialsched=loud"), ..logging(LogFormat::Text) };
        let error = logging.env_filter().unwrap_err();
        assert_eq!(error.0[0].field, "SOCIALSCHED_LOG");
    }
}
