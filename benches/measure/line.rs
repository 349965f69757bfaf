//! The lines that are printed: one JSON object each.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Result;
use serde_json::Value;

use crate::database::Counters;
use crate::process::Ran;

/// One line. Its keys stay in the order in which they were set.
pub struct Line(String);

impl Line {
    /// A line about this figure on this engine, or on none.
    pub fn new(figure: &str, engine: &str) -> Self {
        Self(String::new()).set("figure", figure).set("engine", engine)
    }

    /// Adds a value; `None` is null.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        let comma = if self.0.is_empty() { "" } else { ", " };
        // Writing to a String never fails.
        let _ = write!(self.0, "{comma}{}: {}", Value::from(key), value.into());
        self
    }

    /// Adds a number with three digits after the point.
    pub fn number(self, key: &str, value: Option<f64>) -> Self {
        self.set(key, value.map(|value| (value * 1000.0).round() / 1000.0))
    }

    /// Adds the median, the 99th percentile and the maximum of times in milliseconds.
    pub fn times(self, name: &str, times: &mut [f64]) -> Self {
        times.sort_by(f64::total_cmp);
        self.number(&format!("{name}_p50_ms"), percentile(times, 0.5))
            .number(&format!("{name}_p99_ms"), percentile(times, 0.99))
            .number(&format!("{name}_max_ms"), times.last().copied())
    }

    /// Adds what processes of the program used for that many posts, the peak of the
    /// largest of them.
    pub fn used(self, ran: &[Ran], posts: u64) -> Self {
        let cpu: u64 = ran.iter().map(|ran| ran.cpu_ms).sum();
        self.number("worker_cpu_ms_per_1000", per(cpu, posts).map(|cpu| cpu * 1000.0))
            .set("worker_peak_kb", ran.iter().filter_map(|ran| ran.peak_kb).max())
    }

    /// Adds what the engine counted meanwhile, per post.
    pub fn counted(mut self, before: &Counters, after: &Counters, posts: u64) -> Self {
        let gone = |name| Some(after.get(name)?.saturating_sub(*before.get(name)?));
        let cpu = gone("cpu_ms").and_then(|cpu| per(cpu * 1000, posts));
        self = self.number("database_cpu_ms_per_1000", cpu);
        for name in ["commits", "syncs", "statements", "rows_written"] {
            let value = gone(name).and_then(|value| per(value, posts));
            self = self.number(&format!("{name}_per_post"), value);
        }
        self
    }

    /// Prints it.
    pub fn print(self) -> Result<()> {
        Ok(writeln!(io::stdout(), "{{{}}}", self.0)?)
    }
}

fn per(value: u64, posts: u64) -> Option<f64> {
    (posts > 0).then(|| value as f64 / posts as f64)
}

/// The smallest of the sorted values that at least this share of them does not exceed.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}
