//! How each engine makes rows out of numbers.

use crate::database::Posts;
use crate::server::Engine;

/// Kinds of ids: their second group.
pub const ACCOUNT: &str = "acc0";
pub const POST: &str = "0000";
pub const JOB: &str = "0001";

/// How an engine makes rows out of numbers.
#[derive(Clone, Copy)]
pub struct Dialect(pub Engine);

impl Dialect {
    /// What stands before the SELECT whose source is [`Dialect::numbers`].
    pub fn with(self, first: u64, count: u64) -> String {
        let last = first + count - 1;
        match self.0 {
            Engine::Sqlite => format!(
                "WITH RECURSIVE numbers(n) AS
                   (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
            ),
            Engine::MariaDb | Engine::Postgres => String::new(),
        }
    }

    /// A table with the column `n`.
    pub fn numbers(self, first: u64, count: u64) -> String {
        let last = first + count - 1;
        match self.0 {
            Engine::Sqlite => "numbers".to_owned(),
            Engine::MariaDb => format!("(SELECT seq AS n FROM seq_{first}_to_{last}) numbers"),
            Engine::Postgres => format!("generate_series({first}, {last}) AS numbers(n)"),
        }
    }

    /// The UUID of that kind and number. They ascend, as those of the program do.
    pub fn id(self, kind: &str, n: &str) -> String {
        match self.0 {
            Engine::Sqlite => format!("printf('%08x-{kind}-7000-8000-%012x', {n}, {n})"),
            Engine::MariaDb => format!(
                "LOWER(CONCAT(LPAD(HEX({n}), 8, '0'), '-{kind}-7000-8000-',
                              LPAD(HEX({n}), 12, '0')))"
            ),
            Engine::Postgres => format!(
                "CAST(LPAD(TO_HEX({n}), 8, '0') || '-{kind}-7000-8000-' ||
                      LPAD(TO_HEX({n}), 12, '0') AS UUID)"
            ),
        }
    }

    /// The parts as one text.
    pub fn concat(self, parts: &[&str]) -> String {
        match self.0 {
            Engine::Sqlite => {
                parts.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" || ")
            }
            Engine::MariaDb | Engine::Postgres => format!("CONCAT({})", parts.join(", ")),
        }
    }

    /// When post `n` is due, in milliseconds since 1970.
    pub fn run_at(self, posts: &Posts) -> String {
        let Posts { first, count, from_ms, spread_ms, .. } = *posts;
        let divide = if self.0 == Engine::MariaDb { "DIV" } else { "/" };
        let n = if self.0 == Engine::Postgres { "CAST(n AS BIGINT)" } else { "n" };
        format!("{from_ms} + ({n} - {first}) * {spread_ms} {divide} {count}")
    }

    /// An instant, from milliseconds since 1970.
    pub fn time(self, ms: &str) -> String {
        match self.0 {
            Engine::Sqlite => {
                format!("strftime('%Y-%m-%d %H:%M:%f', ({ms}) / 1000.0, 'unixepoch')")
            }
            // Not FROM_UNIXTIME, which speaks of the session's time zone.
            Engine::MariaDb => {
                format!("TIMESTAMPADD(MICROSECOND, ({ms}) * 1000, '1970-01-01 00:00:00.000')")
            }
            Engine::Postgres => format!("to_timestamp(({ms}) / 1000.0)"),
        }
    }
}
