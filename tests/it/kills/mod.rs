//! Killed anywhere: the program dies or stands still at every place with an
//! effect outside of it, and no post is ever doubled, lost or wrongly reported.
//!
//! Needs the feature `kill-points` (`src/kill_point.rs`). What is asked after
//! each run is in [`harness::Harness::check_posts`]. Variables:
//!
//! - `KILLS`: how many random kills each test of them makes (default 200);
//! - `KILL_SEED`: the seed of random plans (default 1);
//! - `KILL_SHARE`: one in this many is tried, of ordered pairs and of kills during a fault of the
//!   platforms (1 is all; each test has its own default);
//! - `KILL_REPORT`: a file to which each test appends its figures.
//!
//! `tests/nightly` sets them for long runs on all engines.

#[cfg(feature = "kill-points")]
mod commands;
#[cfg(feature = "kill-points")]
mod concurrent;
#[cfg(feature = "kill-points")]
pub mod flows;
#[cfg(feature = "kill-points")]
pub mod harness;
#[cfg(feature = "kill-points")]
mod kill_pairs;
#[cfg(feature = "kill-points")]
mod kill_points;
#[cfg(feature = "kill-points")]
mod platform_faults;
#[cfg(feature = "kill-points")]
mod random_kills;
#[cfg(feature = "kill-points")]
mod rare_paths;
mod release_build;
#[cfg(feature = "kill-points")]
pub mod settings;
#[cfg(feature = "kill-points")]
mod sigstop;
#[cfg(feature = "kill-points")]
mod single_kills;
#[cfg(feature = "kill-points")]
mod takeover;
