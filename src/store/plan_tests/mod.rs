//! How the engines run the statements.

pub(super) mod fair;
pub(super) mod plans;
pub(super) mod reads;
