//! The map of this code.
//!
//! Data flows one way: command line → command → domain → store / worker →
//! platform → output.

pub mod config;
pub mod domain;
pub mod exit;
pub mod logging;
pub mod output;
pub mod platforms;
pub mod sandbox;
pub mod store;
pub mod worker;
