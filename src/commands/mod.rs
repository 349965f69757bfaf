//! One file per command: its arguments, and what it does with them.

pub mod accounts;
mod after_restore;
pub mod args;
pub mod cancel;
pub mod clients;
pub mod completions;
pub mod demo;
mod events;
mod input;
pub mod list;
pub mod man;
mod media_args;
pub mod migrate;
pub mod queue_status;
pub mod recover;
pub mod reschedule;
pub mod retry;
pub mod run_worker;
pub mod sandbox;
pub mod schedule;
pub mod show;
mod signals;
pub mod simulate;
mod systemd;
mod throwaway;
mod view;
