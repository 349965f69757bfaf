//! What a worker does unless it is told otherwise.

use std::time::Duration;

use crate::context::Context;
use crate::worker::Options;

/// How often a post is tried before it counts as failed.
pub(super) const MAX_ATTEMPTS: u32 = 3;
pub(super) const BATCH_SIZE: u32 = 5;
pub(super) const CONCURRENCY: u32 = 5;
pub(super) const LEASE: Duration = Duration::from_secs(60);
pub(super) const MAX_LATE: Duration = Duration::from_secs(24 * 60 * 60);
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);
pub(super) const PREPARE_AHEAD: Duration = Duration::from_secs(5 * 60);
pub(super) const SETTLE: Duration = Duration::from_secs(90);
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// Options of a worker that only recovers, or works for a demonstration.
pub(super) fn worker_options(context: &Context) -> Options {
    let (id, host, pid) = context.worker_id(None);
    Options {
        id,
        host,
        pid,
        batch_size: BATCH_SIZE,
        concurrency: CONCURRENCY,
        max_runtime: None,
        max_jobs: None,
        lease: LEASE,
        max_attempts: None,
        max_late: MAX_LATE,
        poll_interval: POLL_INTERVAL,
        prepare_ahead: PREPARE_AHEAD,
        settle: SETTLE,
        grace: GRACE,
        platform: None,
        account: None,
    }
}
