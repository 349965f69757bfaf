//! Tests of the program as its users meet it: the real binary, in an
//! environment of its own, against the sandbox on a loopback port.

#![allow(clippy::unwrap_used, reason = "a test stops at its first surprise")]

mod cli;
mod costs;
mod dependencies;
mod engines;
mod faults;
mod generated;
mod kills;
mod layers;
mod lies;
mod load;
mod model;
mod posts_end_to_end;
mod protocol;
mod readme;
mod secrets;
mod simulation;
mod source;
mod store;
mod support;
mod systemd;
mod workers;
