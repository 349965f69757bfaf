//! The map of this code.
//!
//! Data flows one way: command line → command → domain → store / worker →
//! platform → output.
//!
//! - [`cli`]: the clap tree and the dispatch.
//! - [`commands`]: one file per command: arguments, a few calls, a report.
//! - `config`, `context`, `exit`, `logging`, `output`: what a run is
//!   told from outside, what a command is given, how it ends, what it says.
//! - [`domain`]: the words: pure types and rules, no I/O. `domain/law.rs` says what may
//!   happen to a post.
//! - [`store`]: all SQL. Every change of a state is a guarded UPDATE of a set.
//! - [`worker`]: the publish protocol, and what happens after a crash.
//! - [`platforms`]: all HTTP: a client per platform behind one small trait.
//! - `kill_point`: where tests kill this program; nothing in a release.
//! - [`sandbox`]: a local stand-in for the platforms. It shares no code with
//!   [`platforms`]: both would hide the same misreading.
//! - [`simulation`]: kills worker processes on the sandbox, and compares what
//!   became of every post with what it reported.
//!
//! Public is what the program's main function and the integration tests use, so
//! that the compiler reports all else that nothing uses.
//!
//! Who may know whom is a test: `tests/it/layers.rs`.

pub mod cli;
pub mod commands;
mod config;
mod context;
pub mod domain;
mod exit;
mod kill_point;
mod logging;
mod output;
pub mod platforms;
pub mod sandbox;
pub mod simulation;
pub mod store;
pub mod worker;
