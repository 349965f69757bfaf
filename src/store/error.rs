//! What can go wrong with the database, by what a caller could do about it.

use std::path::PathBuf;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A database URL or a listing's cursor that cannot be used.
    #[error("{0}")]
    BadInput(String),
    /// No schema of ours: a missing, empty or foreign database.
    #[error("there is no socialsched schema in {0}")]
    NoSchema(String),
    /// The schema is older than this program.
    #[error("database schema is at {found}, this program needs {needed}")]
    SchemaOlder { found: i64, needed: i64 },
    /// The schema is newer than this program.
    #[error("database schema is at {found}, this program knows only {known}")]
    SchemaNewer { found: i64, known: i64 },
    /// The file is no database, or a damaged one.
    #[error("{0} is not a database, or a damaged one")]
    Damaged(String),
    /// The path cannot be a database file of ours.
    #[error("{path}: {why}")]
    BadFile { path: PathBuf, why: String },
    /// The database may be read but not written.
    #[error("the database is read-only")]
    ReadOnly,
    /// Another process holds the database for too long.
    #[error("the database is locked by another process")]
    Busy,
    /// The database cannot be reached, or went away; nothing was changed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk that holds the database is full; nothing was changed.
    #[error("the disk of the database is full")]
    Full,
    /// The answer to COMMIT did not arrive: it may or may not have happened.
    #[error("the database did not confirm a commit: {0}")]
    CommitLost(String),
    /// A unique or foreign key refused a row.
    #[error("the database refused the row: {0}")]
    Constraint(String),
    /// A row holds what no row may hold.
    #[error("{table}.{column} of row {row}: {why}")]
    Inconsistent { table: &'static str, column: &'static str, row: String, why: String },
    /// A guarded write changed another number of rows than it must.
    #[error("{what} changed {actual} rows instead of {expected}")]
    RowsChanged { what: &'static str, expected: u64, actual: u64 },
    /// A statement failed for a reason of its own: a bug.
    #[error("the database refused a statement: {0}")]
    Statement(String),
}

impl StoreError {
    /// The whole transaction may be tried again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        // Not `Busy`: the database has waited for the lock already.
        matches!(self, Self::RowsChanged { .. })
    }

    /// Trying again will not help: the database is not ours, or not any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::NoSchema(_)
                | Self::SchemaOlder { .. }
                | Self::SchemaNewer { .. }
                | Self::Damaged(_)
                | Self::BadFile { .. }
        )
    }

    /// The database is away for now; nothing is known to be wrong with it.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Unavailable(_) | Self::Full | Self::CommitLost(_) | Self::ReadOnly
        )
    }
}

/// SQLite's primary result codes, sqlite.org/rescode.html.
mod sqlite {
    pub const BUSY: i32 = 5;
    pub const LOCKED: i32 = 6;
    pub const READONLY: i32 = 8;
    pub const IOERR: i32 = 10;
    pub const CORRUPT: i32 = 11;
    pub const FULL: i32 = 13;
    pub const CANTOPEN: i32 = 14;
    pub const NOTADB: i32 = 26;
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable("the connection pool is closed".to_owned())
            }
            sqlx::Error::Io(io) => Self::Unavailable(io.to_string()),
            sqlx::Error::Database(db) => {
                let text = db.message().to_owned();
                if db.is_unique_violation()
                    || db.is_foreign_key_violation()
                    || db.is_check_violation()
                {
                    return Self::Constraint(text);
                }
                // The extended code's low byte is the primary one.
                let code = db.code().and_then(|code| code.parse::<i32>().ok()).map(|c| c & 0xff);
                match code {
                    Some(sqlite::BUSY | sqlite::LOCKED) => Self::Busy,
                    Some(sqlite::READONLY) => Self::ReadOnly,
                    Some(sqlite::FULL) => Self::Full,
                    Some(sqlite::IOERR | sqlite::CANTOPEN) => Self::Unavailable(text),
                    Some(sqlite::CORRUPT | sqlite::NOTADB) => {
                        Self::Damaged("the database file".to_owned())
                    }
                    _ => Self::Statement(text),
                }
            }
            other => Self::Statement(other.to_string()),
        }
    }
}
