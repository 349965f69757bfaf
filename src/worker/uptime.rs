//! Elapsed time that also counts while the machine sleeps.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// An instant of the boot clock. `std::time::Instant` stands still during a
/// suspend on Linux, and a worker must notice that its lease ran out meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uptime(Duration);

impl Uptime {
    pub(super) fn now() -> Self {
        let time = clock_gettime(ClockId::Boottime);
        let now = Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        );
        #[cfg(feature = "kill-points")]
        let now = now + crate::kill_point::clock_ahead();
        Self(now)
    }

    pub(super) fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}
