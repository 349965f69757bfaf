//! Values that a column takes past all checks, and that cannot be read.

use super::{Database, Engine};

/// What a column for times takes, and is none.
pub fn bad_times() -> &'static [&'static str] {
    match Engine::of_this_run() {
        Engine::Sqlite => &[
            "'garbage'",
            "''",
            "'0000-00-00 00:00:00'",
            "'2026-02-31 10:00:00'",
            "'infinity'",
            "12345",
            "x'ff00'",
            // A time, but no text.
            "x'323032352d31312d32342030393a30303a3030'",
        ],
        Engine::MariaDb => &["'0000-00-00'", "'2025-00-10'", "'2025-02-31 10:00:00'"],
        Engine::Postgres => {
            &["'infinity'", "'-infinity'", "'20000-01-01'", "'0044-03-15 BC'", "'294276-12-31'"]
        }
    }
}

impl Database {
    /// Runs statements of a program that accepts any value, as
    /// [`Database::try_unchecked`] does; also days that no calendar has.
    pub fn try_lax(&self, sql: &str) -> Result<(), String> {
        let mode = match self.engine() {
            Engine::MariaDb => "SET sql_mode = 'ALLOW_INVALID_DATES';",
            Engine::Sqlite | Engine::Postgres => "",
        };
        self.try_unchecked(&format!("{mode} {sql}"))
    }

    /// The same; they must pass.
    #[track_caller]
    pub fn lax(&self, sql: &str) {
        if let Err(refusal) = self.try_lax(sql) {
            panic!("{refusal}: {sql}");
        }
    }
}
