//! The state machine: every transition of docs/protocol.md, in this process against a
//! database of its own. Each test ends with the store's own invariants, checked
//! when its [`Queue`] is dropped.

mod claiming;
mod concurrent;
mod deadlocks;
mod decisions;
mod evidence;
mod fair_claims;
mod foreign_rows;
mod gate;
mod invariants;
pub mod queue;
mod restoring;
mod scheduling;
mod sets;
mod settling;
mod simulation;
mod stale_workers;
mod unreadable_log;

use queue::{LEASE, Queue, failure, on_every_engine, receipt, worker};
