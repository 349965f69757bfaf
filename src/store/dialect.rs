//! The SQL that cannot be written once: each engine's spelling of the tokens
//! that stand in our statements.
//!
//! | token | meaning |
//! |---|---|
//! | `{now}` | this instant by the database's clock, UTC |
//! | `{now+ms}` | `{now}` plus a bound number of milliseconds (may be negative) |
//! | `{lock}` | lock the selected rows, waiting for those that others hold |
//! | `{skip locked}` | lock the selected queue rows, passing over those that others hold |
//! | `{insert new}` … `{or skip}` | INSERT that passes over a row whose key is there already |
//!
//! Besides these an engine differs in how a write transaction begins, how
//! values are encoded (`db.rs`) and in its migrations.

/// How SQLite keeps an instant: fixed width, so that text order is time order,
/// and the shape of its own date functions, so that rows of other programs
/// (`2026-11-24 09:00:00`) compare rightly with ours.
pub(super) const SQLITE_TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S%.3f";

/// Replaces the tokens of a statement for SQLite.
pub(super) fn sqlite(text: &str) -> String {
    // One write transaction exists at a time (BEGIN IMMEDIATE): no row locks.
    text.replace("{now}", "strftime('%Y-%m-%d %H:%M:%f', 'now')")
        .replace(
            "{now+ms}",
            "strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', ? / 1000.0))",
        )
        .replace("{lock}", "")
        .replace("{skip locked}", "")
        .replace("{insert new}", "INSERT INTO")
        .replace("{or skip}", "ON CONFLICT DO NOTHING")
}
