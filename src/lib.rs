//! The map of this code.
//!
//! Data flows one way: command line → command → domain → store / worker →
//! platform → output.

pub mod domain;
pub mod platforms;
pub mod sandbox;
