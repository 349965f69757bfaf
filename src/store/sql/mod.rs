//! How statements are written, spelled for each engine, and run: connections,
//! transactions, rows, errors. Knows nothing of posts.

mod connections;
pub(super) mod db;
pub(super) mod dialect;
pub(super) mod error;
pub(super) mod files;
pub(super) mod location;
pub(super) mod raw;
pub(super) mod row;
pub(super) mod server;
pub(super) mod statement;
