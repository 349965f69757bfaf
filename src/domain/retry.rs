//! When a failed attempt is tried again.

use std::time::Duration;

/// How many attempts a post has before it counts as failed, unless configured otherwise.
pub const ATTEMPTS_MAX: u32 = 3;

/// 1, 5, then 30 minutes: long enough that three attempts outlive a short outage.
const DELAYS: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(5 * 60), Duration::from_secs(30 * 60)];

/// Delay before the attempt that follows number `attempts` (from 1).
///
/// `jitter` in 0.0 … 1.0 spreads the delay over half to the whole of its
/// length, so that posts that failed together do not return together.
#[must_use]
pub fn retry_delay(attempts: u32, jitter: f64) -> Duration {
    let step = (attempts.max(1) as usize - 1).min(DELAYS.len() - 1);
    DELAYS[step].mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_stay_within_their_step() {
        assert_eq!(retry_delay(1, 1.0), Duration::from_secs(60));
        assert_eq!(retry_delay(1, 0.0), Duration::from_secs(30));
        assert_eq!(retry_delay(2, 1.0), Duration::from_secs(300));
        assert_eq!(retry_delay(3, 1.0), Duration::from_secs(1800));
        assert_eq!(retry_delay(99, 1.0), Duration::from_secs(1800));
        assert_eq!(retry_delay(0, 1.0), Duration::from_secs(60));
    }
}
