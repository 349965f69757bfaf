//! The SQL that cannot be written once: each engine's spelling of the tokens
//! that stand in our statements.
//!
//! | token | meaning |
//! |---|---|
//! | `{now}` | this instant by the database's clock, UTC, in milliseconds |
//! | `{now+ms}` | `{now}` plus a bound number of milliseconds (may be negative) |
//! | `{lock s, d}` | lock the selected rows of these tables, waiting for those that others hold |
//! | `{skip locked s}` | the same, passing over rows that others hold |
//! | `{or skip}` | the end of an INSERT that passes over a row whose key is there already |
//! | `{then}` | a join whose left side is read first, whatever the planner thinks |
//! | `{unchecked}` | before an UPDATE that must also change a row that got past the schema's checks |
//! | `{by i}` | behind a table: the index that SQLite, which keeps no statistics, is to search |
//! | `{as text d.media}` | this value as the engine writes it |
//! | `{open s}` | this job or post has not ended; `{open}` in an UPDATE, which gives its table no short name |
//! | `{open index}` | behind `post_schedule s`: use the index of open jobs, whatever the planner thinks |
//!
//! Besides these an engine differs in how a transaction begins, how values are
//! encoded (`sql.rs`), in its error codes (`error.rs`) and in its migrations.

use super::location::Engine;

/// How SQLite keeps an instant: fixed width, so that text order is time order,
/// and the shape of its own date functions, so that rows of other programs
/// (`2026-11-24 09:00:00`) compare rightly with ours.
pub(super) const SQLITE_TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S%.3f";

/// Queries name the open states also beside a condition that implies them, such
/// as `s.status = 'pending'`: SQLite searches the small index of open jobs only
/// for a query that says the index's own condition, in the same words.
const OPEN: &str = "status IN ('pending', 'processing')";

struct Words {
    then: &'static str,
    now: &'static str,
    now_plus_ms: &'static str,
    or_skip: &'static str,
    unchecked: &'static str,
    open_index: &'static str,
}

const SQLITE: Words = Words {
    then: "CROSS JOIN",
    now: "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    now_plus_ms: "strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', ? / 1000.0))",
    or_skip: "ON CONFLICT DO NOTHING",
    unchecked: "",
    open_index: "",
};

/// MariaDB and MySQL. `NOW()` would be the session zone's time.
const MYSQL: Words = Words {
    then: "STRAIGHT_JOIN",
    now: "UTC_TIMESTAMP(3)",
    now_plus_ms: "(UTC_TIMESTAMP(3) + INTERVAL (? * 1000) MICROSECOND)",
    // INSERT IGNORE would also swallow truncated values and missing parents.
    or_skip: "ON DUPLICATE KEY UPDATE post_schedule_id = post_schedule_id",
    // MariaDB alone reads this comment, and alone lets such rows in.
    unchecked: "/*M! SET STATEMENT check_constraint_checks = 0 FOR */",
    // Without the order of this index a locking read locks all that it scans.
    open_index: "FORCE INDEX (post_schedule_open)",
};

/// The statement's time, as on MariaDB. `now()` would be the transaction's, and
/// `clock_timestamp()` may change within a statement, so that no index can be
/// searched for it.
const POSTGRES: Words = Words {
    // Only a wish here.
    then: "CROSS JOIN",
    now: "date_trunc('milliseconds', statement_timestamp())",
    now_plus_ms: "(date_trunc('milliseconds', statement_timestamp()) + ? * INTERVAL '1 millisecond')",
    or_skip: "ON CONFLICT DO NOTHING",
    unchecked: "",
    open_index: "",
};

/// Replaces the tokens of a statement, and `?` by `$1`, `$2` … for PostgreSQL.
pub(super) fn spell(engine: Engine, text: &str) -> String {
    let words = match engine {
        Engine::Sqlite => SQLITE,
        Engine::MySql => MYSQL,
        Engine::Postgres => POSTGRES,
    };
    let text = text
        .replace("{now}", words.now)
        .replace("{now+ms}", words.now_plus_ms)
        .replace("{then}", words.then)
        .replace("{or skip}", words.or_skip)
        .replace("{unchecked}", words.unchecked)
        .replace("{open index}", words.open_index)
        .replace("{open}", OPEN);
    let text = named(&text, "{open ", |row| format!("{row}.{OPEN}"));
    let text = named(&text, "{as text ", |value| match engine {
        Engine::MySql => format!("CAST({value} AS CHAR)"),
        Engine::Sqlite | Engine::Postgres => format!("CAST({value} AS TEXT)"),
    });
    let text = named(&text, "{by ", |index| match engine {
        Engine::Sqlite => format!("INDEXED BY {index}"),
        Engine::MySql | Engine::Postgres => String::new(),
    });
    let text = named(&text, "{lock ", |tables| lock(engine, tables, ""));
    let text = named(&text, "{skip locked ", |tables| lock(engine, tables, " SKIP LOCKED"));
    if engine == Engine::Postgres { numbered(&text) } else { text }
}

/// SQLite needs no lock clause: a write transaction is the only one. MariaDB
/// knows no OF.
fn lock(engine: Engine, tables: &str, tail: &str) -> String {
    match engine {
        Engine::Sqlite => String::new(),
        Engine::MySql => format!("FOR UPDATE{tail}"),
        Engine::Postgres => format!("FOR UPDATE OF {tables}{tail}"),
    }
}

/// Spells the tokens that begin so and go on with names.
fn named(text: &str, token: &str, spelling: impl Fn(&str) -> String) -> String {
    let mut spelt = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(token) {
        let (names, after) = after.split_once('}').unwrap_or((after, ""));
        spelt.push_str(before);
        spelt.push_str(&spelling(names));
        rest = after;
    }
    spelt + rest
}

fn numbered(text: &str) -> String {
    let mut count = 0;
    let mut numbered = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '?' {
            count += 1;
            numbered.push_str(&format!("${count}"));
        } else {
            numbered.push(c);
        }
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_gets_its_own_words() {
        let text = "SELECT s.id FROM post_schedule s {open index} WHERE s.run_at <= {now+ms} \
                    AND s.id = ? LIMIT ? {skip locked s}";
        let postgres = spell(Engine::Postgres, text);
        assert!(postgres.contains("+ $1 * INTERVAL"), "{postgres}");
        assert!(postgres.ends_with("s.id = $2 LIMIT $3 FOR UPDATE OF s SKIP LOCKED"), "{postgres}");
        let mysql = spell(Engine::MySql, text);
        assert!(mysql.contains("FORCE INDEX"), "{mysql}");
        assert!(mysql.ends_with("LIMIT ? FOR UPDATE SKIP LOCKED"), "{mysql}");
        let sqlite = spell(Engine::Sqlite, text);
        assert!(!sqlite.contains(['{', '}']) && sqlite.ends_with("LIMIT ? "), "{sqlite}");
    }

    /// The condition for open jobs is spelt like that of their index.
    #[test]
    fn open_condition_matches_the_index() {
        let query = spell(Engine::Sqlite, "post_schedule s {open index} WHERE {open s}");
        assert_eq!(query, format!("post_schedule s  WHERE s.{OPEN}"));
        let update = spell(Engine::Sqlite, "WHERE id = ? AND {open}");
        assert_eq!(update, format!("WHERE id = ? AND {OPEN}"));
        for schema in [
            include_str!("../../migrations/sqlite/0001_posts_and_queue.sql"),
            include_str!("../../migrations/postgres/0001_posts_and_queue.sql"),
        ] {
            let index = format!("post_schedule_open ON post_schedule (run_at, id) WHERE {OPEN};");
            assert!(schema.contains(&index), "{index}");
        }
    }
}
