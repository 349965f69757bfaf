//! The map of this code.
pub mod domain;
pub mod platforms;
pub mod store;
