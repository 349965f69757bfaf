//! What people and commands read, and the accounts and clients that they keep.

pub(super) mod accounts;
pub(super) mod clients;
pub(super) mod listing;
pub(super) mod odd_columns;
pub(super) mod odd_rows;
pub(super) mod stats;
pub(super) mod stored;
