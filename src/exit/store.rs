//! Errors of the database, as people and scripts see them.

use super::{Exit, Fault};
use crate::store::StoreError;

/// The exit code, text and advice of every error of the store; `program` begins
/// the commands that it advises.
pub(super) fn fault(error: &StoreError, program: &str) -> Fault {
    let text = error.to_string();
    match error {
        StoreError::BadInput(_) => Fault::new(Exit::Input, "invalid_input", text),
        StoreError::NoSchema(_) => {
            Fault::setup(text).code("no_schema").hint(format!("run {program} migrate"))
        }
        StoreError::SchemaOlder { .. } => {
            Fault::setup(format!("{text}: run {program} migrate")).code("schema_older")
        }
        StoreError::SchemaNewer { .. } => {
            Fault::setup(text).code("schema_newer").hint("install the newer socialsched")
        }
        StoreError::WrongInstance { .. } => Fault::setup(text)
            .code("wrong_instance")
            .hint("nothing was changed; check --database-url, or correct --expect-instance"),
        StoreError::Damaged(_) => Fault::setup(text)
            .code("damaged_database")
            .hint("nothing was written to it; check --database-url, or restore a backup"),
        StoreError::BadFile { .. } => Fault::setup(text).code("bad_database_file"),
        StoreError::FileExists(_) => Fault::conflict(text).code("file_exists"),
        StoreError::MayNotCreate { grant, .. } => Fault::setup(text)
            .code("access_denied")
            .hint(format!("let an administrator run: {grant}")),
        StoreError::Denied(_) => Fault::setup(text).code("access_denied").hint(
            "check user, password, database name and grants; docs/databases.md lists the grants",
        ),
        StoreError::ServerTooOld { .. } => Fault::setup(text).code("server_too_old"),
        StoreError::ReadOnly => Fault::setup(text)
            .code("read_only")
            .hint("socialsched needs to write to the file and to its directory"),
        StoreError::ServerReadOnly => Fault::unavailable(text)
            .code("read_only")
            .hint("nothing was changed; a failover ends by itself, but a replica stays read-only: name the primary"),
        StoreError::Tls(_) => Fault::setup(text)
            .code("tls")
            .hint("check host name and TLS parameters of the URL, and the server's certificate"),
        StoreError::Busy(_) => Fault::unavailable(text)
            .code("locked")
            .hint("nothing was changed; try again, or give more --timeout"),
        StoreError::Unavailable(_) => {
            Fault::unavailable(text).hint("nothing was changed; try again")
        }
        StoreError::Full => Fault::unavailable(text)
            .code("disk_full")
            .hint("nothing was changed; make room and try again"),
        StoreError::CommitLost(_) => Fault::unavailable(text)
            .code("commit_lost")
            .hint(format!("it may or may not have been stored; look with {program} list")),
        StoreError::Conflict | StoreError::RowsChanged { .. } => Fault::unavailable(text)
            .code("conflicting_change")
            .hint("another program changed the row at the same time; try again"),
        StoreError::Constraint(_) => Fault::conflict(text),
        StoreError::Inconsistent { .. } => Fault::setup(text)
            .code("bad_row")
            .hint("another program wrote this row; correct or delete it"),
        StoreError::Statement(_) | StoreError::BrokeOff(_) => Fault::bug(text),
    }
}
