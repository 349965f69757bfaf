//! The databases that can hold the queue.

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    /// MariaDB from 10.6, MySQL from 8.0.
    MySql,
    /// From 13.
    Postgres,
}

impl Engine {
    /// The engine that a URL with this scheme names.
    #[must_use]
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "sqlite" => Some(Self::Sqlite),
            "mysql" | "mariadb" => Some(Self::MySql),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }
}
