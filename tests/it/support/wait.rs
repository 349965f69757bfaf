//! Waiting for what other processes do.

use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for anything. Far above what is needed, so that a slow machine
/// changes no result.
const LIMIT: Duration = Duration::from_secs(45);

/// Waits until the condition holds.
///
/// # Panics
/// It did not within the limit; `what` names it.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
