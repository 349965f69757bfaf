//! The SQL that cannot be written once: each engine's spelling of the tokens
//! that stand in our statements.
//!
//! | token | meaning |
//! |---|---|
//! | `{now}` | this instant by the database's clock, UTC, in milliseconds |
//! | `{now+ms}` | `{now}` plus a bound number of milliseconds (may be negative) |
//! | `{now+ms of x}` | the same with an expression in place of the bound number |
//! | `{lock s, d}` | lock the selected rows of these tables, waiting for those that others hold |
//! | `{skip locked s}` | the same, passing over rows that others hold |
//! | `{on conflict do nothing}` | the end of an INSERT that passes over a row whose key is there already |
//! | `{straight join}` | a join whose left side is read first, whatever the planner prefers |
//! | `{skip check constraints}` | before an UPDATE that must also change a row that got past the schema's checks |
//! | `{indexed by i}` | behind a table: the index that SQLite, which keeps no statistics, is to search |
//! | `{by index i}` | the same also for MariaDB, whose statistics know nothing of the order of a page |
//! | `{by key d.id = s.id}` | a join by which PostgreSQL looks up row after row, whatever its statistics say |
//! | `{leading s.status = 'pending'}` | a condition on the first column of an index of MariaDB, which has no partial ones; no other planner counts on it |
//! | `{force index open}` | behind `post_schedule s`: use the index of open jobs, whatever the planner prefers |
//! | `{force index account}` | the same with the index of the lines that open jobs wait in |
//! | `{as text d.media}` | this value as the engine writes it |
//!
//! and conditions that many statements share:
//!
//! | token | meaning |
//! |---|---|
//! | `{open s}`, `{open}` | this job or post has not ended; without a name in an UPDATE |
//! | `{ended d}` | this post has ended |
//! | `{due}` | job `s` of post `d` may be claimed; with a bound number of milliseconds ahead |
//! | `{account of s}` | the account that job `s` was claimed for; no index is searched for it |
//! | `{open call}` | a publish call of job `s` may have gone out, and is not settled |
//! | `{needs review}` | post `d` may be live, and no person has abandoned it |
//! | `{to be prepared}` | something is done for post `d` before its publish call |
//! | `{account paused}` | account `a` is paused or throttled, or its platform does not answer |
//! | `{paused}` | the same of the account of post `d` |
//! | `{claim columns}` | the columns of `s` and `d` that every query for claims selects |
//! | `{beyond time}` | `> ` the last time that can be read |
//! | `{readable time}` | `>= ` the first time that can be read |
//!
//! Besides these an engine differs in how a transaction begins, how values are
//! encoded (`sql.rs`), in its error codes (`error.rs`) and in its migrations.

use crate::store::sql::location::Engine;

/// How SQLite keeps an instant: fixed width, so that text order is time order,
/// and the shape of its own date functions, so that rows of other programs
/// (`2026-11-24 09:00:00`) compare rightly with ours.
pub(crate) const SQLITE_TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S%.3f";

/// Queries name the open states also beside a condition that implies them, such
/// as `s.status = 'pending'`: SQLite searches the small index of open jobs only
/// for a query that says the index's own condition, in the same words.
const OPEN: &str = "status IN ('pending', 'processing')";

/// Named beside a status so that the small index of ended posts serves the query.
const ENDED: &str = "status IN ('published', 'failed', 'cancelled')";

/// What many statements ask.
const CONDITIONS: &[(&str, &str)] = &[
    // COUNT and the outer join have the log asked job by job. Of EXISTS some planners make
    // a join with all of the log.
    (
        "{open call}",
        "((SELECT COUNT(*)
   FROM publish_log i
   LEFT JOIN publish_log r ON r.post_schedule_id = i.post_schedule_id AND r.fence = i.fence
                          AND r.step_no = i.step_no AND r.event IN ('ok', 'refused')
  WHERE i.post_schedule_id = s.id AND i.kind = 'publish' AND i.event = 'intent'
    AND r.post_schedule_id IS NULL) > 0)",
    ),
    (
        "{needs review}",
        "(d.outcome = 'unknown' AND (d.error_code IS NULL OR d.error_code <> 'abandoned'))",
    ),
    (
        "{paused}",
        "EXISTS (
  SELECT 1 FROM meta_social_accounts a WHERE a.id = d.social_account_id AND {account paused})",
    ),
    (
        "{account paused}",
        "((a.paused_at IS NOT NULL AND (a.paused_until IS NULL OR a.paused_until > {now}))
  OR EXISTS (
  SELECT 1 FROM platform_health h WHERE h.platform = a.platform AND h.rests_until > {now}))",
    ),
    (
        "{due}",
        // What no index serves seems to hold for nearly every row: else PostgreSQL without
        // statistics expects so few that it reads all that is due and sorts it.
        "(d.id = s.post_detail_id AND {open s} AND {leading s.status = 'pending'}
    AND s.run_at <= {now+ms} AND CASE WHEN (s.next_attempt_at IS NULL OR s.next_attempt_at <= {now}
                   OR s.next_attempt_at {beyond time}
                   OR (s.next_attempt_at = s.run_at AND s.run_at <= {now+ms of 500}))
              AND (s.run_at <= {now+ms of 500} OR {to be prepared}) AND {open d}
             THEN 1 END IS NOT NULL)",
    ),
    ("{to be prepared}", "(d.platform <> 'linkedin' OR {as text d.media} <> '[]')"),
    // A worker of an earlier release puts no job in line.
    (
        "{account of s}",
        "COALESCE(s.account_id,
    (SELECT p.social_account_id FROM post_details p WHERE p.id = s.post_detail_id))",
    ),
    (
        "{claim columns}",
        "s.id AS job_id, d.id AS post_id, s.fence AS fence,
    s.attempts AS attempts, s.max_attempts AS max_attempts, s.run_at AS run_at,
    s.next_attempt_at AS next_attempt_at",
    ),
    // PostgreSQL's `infinity`, and what is no time on SQLite, whose texts and BLOBs
    // come after all digits.
    ("{beyond time}", "> '9999-12-31 23:59:59.999'"),
    ("{readable time}", ">= '0001-01-01 00:00:00'"),
];

struct Words {
    straight_join: &'static str,
    now: &'static str,
    now_plus_ms: &'static str,
    on_conflict_do_nothing: &'static str,
    skip_check_constraints: &'static str,
    force_index_open: &'static str,
    force_index_account: &'static str,
}

const SQLITE: Words = Words {
    straight_join: "CROSS JOIN",
    now: "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    now_plus_ms: "strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', ? / 1000.0))",
    on_conflict_do_nothing: "ON CONFLICT DO NOTHING",
    skip_check_constraints: "",
    force_index_open: "",
    force_index_account: "",
};

/// MariaDB and MySQL. `NOW()` would be the session zone's time.
const MYSQL: Words = Words {
    straight_join: "STRAIGHT_JOIN",
    now: "UTC_TIMESTAMP(3)",
    now_plus_ms: "(UTC_TIMESTAMP(3) + INTERVAL (? * 1000) MICROSECOND)",
    // INSERT IGNORE would also swallow truncated values and missing parents.
    on_conflict_do_nothing: "ON DUPLICATE KEY UPDATE post_schedule_id = post_schedule_id",
    // MariaDB alone reads this comment, and alone lets such rows in.
    skip_check_constraints: "/*M! SET STATEMENT check_constraint_checks = 0 FOR */",
    // Without the order of this index a locking read locks all that it scans.
    force_index_open: "FORCE INDEX (post_schedule_open)",
    force_index_account: "FORCE INDEX (post_schedule_account)",
};

/// The statement's time, as on MariaDB. `now()` would be the transaction's, and
/// `clock_timestamp()` may change within a statement, so that no index can be
/// searched for it.
const POSTGRES: Words = Words {
    // The planner may ignore it.
    straight_join: "CROSS JOIN",
    now: "date_trunc('milliseconds', statement_timestamp())",
    now_plus_ms: "(date_trunc('milliseconds', statement_timestamp()) + ? * INTERVAL '1 millisecond')",
    on_conflict_do_nothing: "ON CONFLICT DO NOTHING",
    skip_check_constraints: "",
    force_index_open: "",
    force_index_account: "",
};

/// Replaces the tokens of a statement, and `?` by `$1`, `$2` … for PostgreSQL.
pub(crate) fn spell(engine: Engine, text: &str) -> String {
    let words = match engine {
        Engine::Sqlite => SQLITE,
        Engine::MySql => MYSQL,
        Engine::Postgres => POSTGRES,
    };
    let mut text = text.to_owned();
    for (token, condition) in CONDITIONS {
        text = text.replace(token, condition);
    }
    let text = text
        .replace("{now}", words.now)
        .replace("{now+ms}", words.now_plus_ms)
        .replace("{straight join}", words.straight_join)
        .replace("{on conflict do nothing}", words.on_conflict_do_nothing)
        .replace("{skip check constraints}", words.skip_check_constraints)
        .replace("{force index open}", words.force_index_open)
        .replace("{force index account}", words.force_index_account)
        .replace("{open}", OPEN);
    let text = named(&text, "{now+ms of ", |ms| words.now_plus_ms.replace('?', ms));
    let text = named(&text, "{open ", |row| format!("{row}.{OPEN}"));
    let text = named(&text, "{ended ", |row| format!("{row}.{ENDED}"));
    let text = named(&text, "{as text ", |value| match engine {
        Engine::MySql => format!("CAST({value} AS CHAR)"),
        Engine::Sqlite | Engine::Postgres => format!("CAST({value} AS TEXT)"),
    });
    let text = named(&text, "{indexed by ", |index| match engine {
        Engine::Sqlite => format!("INDEXED BY {index}"),
        Engine::MySql | Engine::Postgres => String::new(),
    });
    let text = named(&text, "{leading ", |condition| match engine {
        Engine::MySql => condition.to_owned(),
        Engine::Sqlite | Engine::Postgres => {
            format!("CASE WHEN {condition} THEN 1 END IS NOT NULL")
        }
    });
    let text = named(&text, "{by index ", |index| match engine {
        Engine::Sqlite => format!("INDEXED BY {index}"),
        Engine::MySql => format!("FORCE INDEX ({index})"),
        Engine::Postgres => String::new(),
    });
    // Of a list, even of one, it can make neither a hash nor a sorted set.
    let text = named(&text, "{by key ", |keys| match (engine, keys.split_once(" = ")) {
        (Engine::Postgres, Some((key, value))) => format!("{key} = ANY (ARRAY[{value}])"),
        _ => keys.to_owned(),
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

/// The first token of a spelled text that is unknown.
pub(crate) fn unknown_token(spelt: &str) -> Option<&str> {
    let starts = spelt.match_indices('{').map(|(at, _)| &spelt[at..]);
    let token = |rest: &str| rest[1..].starts_with(|c: char| c.is_ascii_alphabetic());
    starts.into_iter().find(|rest| token(rest)).map(|rest| rest.split('}').next().unwrap_or(rest))
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
        let text = "SELECT s.id FROM post_schedule s {force index open} WHERE s.run_at <= {now+ms} \
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
    fn unknown_token_is_found() {
        let spelt = spell(Engine::Sqlite, "SELECT {nwo}, 1 FROM x WHERE a LIKE '{8}' {lock a}");
        assert_eq!(unknown_token(&spelt), Some("{nwo"));
        assert_eq!(unknown_token(&spell(Engine::MySql, "SELECT {now} WHERE a = '{8}'")), None);
    }

    /// What is claimed before its time is what a worker holds until then.
    #[test]
    fn jobs_are_due_when_they_may_be_held() {
        let due = CONDITIONS.iter().find(|(token, _)| *token == "{due}").unwrap().1;
        let held = format!("{{now+ms of {}}}", crate::domain::HELD_FOR.as_millis());
        assert_eq!(due.matches(&held).count(), 2, "{due}");
    }

    #[test]
    fn open_condition_matches_the_index() {
        let query = spell(Engine::Sqlite, "post_schedule s {force index open} WHERE {open s}");
        assert_eq!(query, format!("post_schedule s  WHERE s.{OPEN}"));
        let update = spell(Engine::Sqlite, "WHERE id = ? AND {open}");
        assert_eq!(update, format!("WHERE id = ? AND {OPEN}"));
        for schema in [
            include_str!("../../../migrations/sqlite/0001_posts_and_queue.sql"),
            include_str!("../../../migrations/postgres/0001_posts_and_queue.sql"),
        ] {
            let index = format!("post_schedule_open ON post_schedule (run_at, id) WHERE {OPEN};");
            assert!(schema.contains(&index), "{index}");
        }
        for schema in [
            include_str!("../../../migrations/sqlite/0003_lines_of_accounts.sql"),
            include_str!("../../../migrations/postgres/0003_lines_of_accounts.sql"),
        ] {
            for index in [
                "account ON post_schedule (account_id, run_at, id)",
                "unlined ON post_schedule (run_at, id)",
            ] {
                let index = format!("INDEX post_schedule_{index} WHERE {OPEN} AND account_id IS");
                assert!(schema.contains(&index), "{index}");
            }
        }
    }
}
