//! One file per command: its arguments, and what it does with them.

pub(crate) mod accounts;
mod after_restore;
pub(crate) mod args;
pub(crate) mod cancel;
pub(crate) mod clients;
pub mod completions;
pub(crate) mod demo;
mod events;
mod input;
pub(crate) mod list;
pub mod man;
mod media_args;
pub(crate) mod migrate;
pub(crate) mod queue_status;
pub(crate) mod recover;
pub(crate) mod reschedule;
pub(crate) mod retry;
pub(crate) mod run_worker;
pub(crate) mod sandbox;
pub(crate) mod schedule;
pub(crate) mod show;
mod signals;
pub(crate) mod simulate;
mod systemd;
mod throwaway;
mod view;
