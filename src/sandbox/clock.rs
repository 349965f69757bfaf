//! The sandbox's own time, which tests move instead of sleeping.

use chrono::{DateTime, SecondsFormat, Utc};

/// One hour in milliseconds.
pub(super) const HOUR_MS: i64 = 3_600_000;
/// One day in milliseconds: the life of stories, containers and unused photos, and of quotas.
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;

/// A delay of the options as a difference of times.
pub(super) fn delay(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 4)
}

/// Real time plus an offset, or a frozen time.
#[derive(Debug, Default)]
pub(super) struct Clock {
    offset_ms: i64,
    stopped_at_ms: Option<i64>,
}

impl Clock {
    /// The time now, Unix milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        self.stopped_at_ms.unwrap_or_else(real_ms) + self.offset_ms
    }

    /// Moves the time forward (or back) by `by_ms` milliseconds.
    pub(super) fn advance(&mut self, by_ms: i64) {
        self.offset_ms += by_ms;
    }

    /// Makes it exactly this time now, Unix milliseconds.
    pub(super) fn set(&mut self, now_ms: i64) {
        self.offset_ms += now_ms - self.now_ms();
    }

    /// Stops the clock, or starts it again from where it stands.
    pub(super) fn freeze(&mut self, frozen: bool) {
        let now = self.now_ms();
        self.stopped_at_ms = frozen.then(real_ms);
        self.set(now);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stand-in plays a foreign service, which has its own clock"
)]
fn real_ms() -> i64 {
    Utc::now().timestamp_millis()
}

/// `2026-08-07T12:34:56+0000`, the form of Graph API answers.
pub(super) fn graph_time(ms: i64) -> String {
    at(ms).format("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// `Fri, 07 Aug 2026 12:34:56 GMT`, the form of the `Date` header.
pub(super) fn http_date(ms: i64) -> String {
    at(ms).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// RFC 3339 with milliseconds, the form of the `/__sim` answers.
pub(super) fn iso(ms: i64) -> String {
    at(ms).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
