//! The state machine: every transition of docs/protocol.md, in this process against a
//! database of its own. Each test ends with the store's own invariants, checked
//! when its [`Queue`] is dropped.

mod claiming;
mod deadlocks;
mod deciding;
mod evidence;
mod foreign;
mod gating;
mod invariants;
pub mod queue;
mod restoring;
mod rivals;
mod scheduling;
mod settling;
mod simulated;
mod stale;
mod unread_log;

use queue::{LEASE, Queue, failure, on_every_engine, receipt, worker};
