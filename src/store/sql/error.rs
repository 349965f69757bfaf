//! What can go wrong with the database, by what a caller could do about it.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::domain::InstanceId;

/// An error of the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A database URL or a listing's cursor that cannot be used.
    #[error("{0}")]
    BadInput(String),
    /// Not this program's schema: a missing, empty or foreign database.
    #[error("there is no socialsched schema in {0}")]
    NoSchema(String),
    /// The schema is older than this program.
    #[error("database schema is at {found}, this program needs {needed}")]
    SchemaOlder { found: i64, needed: i64 },
    /// The schema is newer than this program.
    #[error("database schema is at {found}, this program knows only {known}")]
    SchemaNewer { found: i64, known: i64 },
    /// Another database than the one that was expected.
    #[error("this is the database {found}, but {expected} is expected")]
    WrongInstance { found: InstanceId, expected: InstanceId },
    /// The file is no database, or a damaged one.
    #[error("{0} is not a database, or is damaged")]
    Damaged(String),
    /// The path cannot be this program's database file.
    #[error("{path}: {why}")]
    BadFile { path: PathBuf, why: String },
    /// There is a file already where a new one was to be made.
    #[error("{0} already exists")]
    FileExists(PathBuf),
    /// The server lets this user make no database; `grant` would change that.
    #[error("the database server does not let this user create a database: {why}")]
    MayNotCreate { why: String, grant: String },
    /// The server lets this user not in, or not do this.
    #[error("the database server refuses: {0}")]
    Denied(String),
    /// The server is too old for this program.
    #[error("{found} is too old: this program needs {needed}")]
    ServerTooOld { found: String, needed: &'static str },
    /// The file may be read but not written.
    #[error("the database is read-only")]
    ReadOnly,
    /// The server takes no writes: a replica, or a failover is under way.
    #[error("the database server is read-only")]
    ServerReadOnly,
    /// No connection is as safe as the URL asks for.
    #[error("no TLS connection to the database server: {0}")]
    Tls(String),
    /// Two transactions stood in each other's way; this one was undone.
    #[error("another transaction made a conflicting change")]
    Conflict,
    /// Another process holds the database for too long; which one, if known.
    #[error("the database is locked by {}", .0.as_deref().unwrap_or("another process"))]
    Busy(Option<String>),
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
    /// A row holds what no row may hold. `row` is what people call it: `post …`.
    #[error("{table}.{column} of {row}: {why}")]
    Inconsistent { table: &'static str, column: &'static str, row: String, why: String },
    /// A guarded write changed another number of rows than it must.
    #[error("{what} changed {actual} rows instead of {expected}")]
    RowsChanged { what: &'static str, expected: u64, actual: u64 },
    /// A part of a worker's round panicked: a bug.
    #[error("{0} failed unexpectedly")]
    BrokeOff(&'static str),
    /// A statement failed for a reason of its own: a bug.
    #[error("the database refused a statement: {0}")]
    Statement(String),
}

impl StoreError {
    /// The whole transaction may be tried again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        // Not `Busy`: the database has waited for the lock already.
        matches!(self, Self::Conflict | Self::RowsChanged { .. })
    }

    /// One row may be at fault for it: the others of its set may go through without it.
    #[must_use]
    pub fn may_be_of_one(&self) -> bool {
        matches!(
            self,
            Self::Conflict
                | Self::Constraint(_)
                | Self::Inconsistent { .. }
                | Self::RowsChanged { .. }
                | Self::BrokeOff(_)
                | Self::Statement(_)
        )
    }

    /// Trying again will not help: the database is not this program's, or no longer.
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

    /// The same said of a row of another table, if it is about a row.
    pub(crate) fn in_row(self, of: &'static str, row: impl Into<String>) -> Self {
        match self {
            Self::Inconsistent { column, why, .. } => {
                Self::Inconsistent { table: of, column, row: row.into(), why }
            }
            other => other,
        }
    }

    /// The database is away for now; nothing is known to be wrong with it.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Conflict
                | Self::Busy(_)
                | Self::Unavailable(_)
                | Self::Full
                | Self::CommitLost(_)
                | Self::ReadOnly
                | Self::ServerReadOnly
                | Self::Tls(_)
        )
    }
}

/// What an engine's error code means, whatever its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Conflict,
    Busy,
    ReadOnly,
    ServerReadOnly,
    Full,
    Unavailable,
    Damaged,
    Denied,
    Other,
}

/// SQLite's primary result codes, sqlite.org/rescode.html; the extended code's
/// low byte is the primary one.
fn sqlite_kind(code: i32) -> Kind {
    match code & 0xff {
        5 | 6 => Kind::Busy,
        8 => Kind::ReadOnly,
        13 => Kind::Full,
        10 | 14 => Kind::Unavailable,
        11 | 26 => Kind::Damaged,
        _ => Kind::Other,
    }
}

/// MariaDB and MySQL error numbers.
fn mysql_kind(number: u16) -> Kind {
    match number {
        // Deadlock, record changed since last read.
        1213 | 1020 => Kind::Conflict,
        // Lock wait timeout.
        1205 => Kind::Busy,
        // Read-only server, read-only transaction.
        1290 | 1792 | 1836 => Kind::ServerReadOnly,
        1021 | 1114 => Kind::Full,
        // Too many connections, of all, of a user or of its account; shutdown, killed, statement timeout.
        1040 | 1053 | 1203 | 1226 | 1317 | 1927 | 1969 | 3024 => Kind::Unavailable,
        // Access denied, unknown database, no right.
        1044 | 1045 | 1049 | 1142 | 1143 | 1227 => Kind::Denied,
        _ => Kind::Other,
    }
}

/// PostgreSQL SQLSTATE codes.
fn postgres_kind(state: &str) -> Kind {
    match state {
        "40001" | "40P01" => Kind::Conflict,
        "55P03" => Kind::Busy,
        "25006" => Kind::ServerReadOnly,
        "53100" => Kind::Full,
        "57014" => Kind::Unavailable,
        "42501" | "28000" | "28P01" | "3D000" => Kind::Denied,
        state if state.starts_with("08") || state.starts_with("57P") || state.starts_with("53") => {
            Kind::Unavailable
        }
        _ => Kind::Other,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => {
                Self::Unavailable("no connection within the time limit".to_owned())
            }
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable("the connection pool is closed".to_owned())
            }
            // What the TLS library refuses comes as invalid data.
            sqlx::Error::Io(io) if io.kind() == ErrorKind::InvalidData => Self::Tls(io.to_string()),
            sqlx::Error::Io(io) => Self::Unavailable(io.to_string()),
            sqlx::Error::Tls(tls) => Self::Tls(tls.to_string()),
            // The rest of the configuration was looked at when the URL was read.
            sqlx::Error::Configuration(tls) => Self::Tls(tls.to_string()),
            sqlx::Error::Protocol(text) => Self::Unavailable(text),
            sqlx::Error::Database(db) => {
                let text = db.message().to_owned();
                if db.is_unique_violation()
                    || db.is_foreign_key_violation()
                    || db.is_check_violation()
                {
                    return Self::Constraint(text);
                }
                match kind_of(&*db) {
                    Kind::Conflict => Self::Conflict,
                    Kind::Busy => Self::Busy(None),
                    Kind::ReadOnly => Self::ReadOnly,
                    Kind::ServerReadOnly => Self::ServerReadOnly,
                    Kind::Full => Self::Full,
                    Kind::Unavailable => Self::Unavailable(text),
                    Kind::Damaged => Self::Damaged("the database file".to_owned()),
                    Kind::Denied => Self::Denied(text),
                    Kind::Other => Self::Statement(text),
                }
            }
            other => Self::Statement(other.to_string()),
        }
    }
}

fn kind_of(error: &dyn sqlx::error::DatabaseError) -> Kind {
    if let Some(mysql) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return mysql_kind(mysql.number());
    }
    if let Some(postgres) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return postgres_kind(postgres.code());
    }
    let code = error.code().and_then(|code| code.parse().ok());
    code.map_or(Kind::Other, sqlite_kind)
}
