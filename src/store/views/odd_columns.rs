//! What the columns hold, as SQL: the condition under which a value of another
//! program cannot be read. The readers (`raw.rs`) decide; this finds the rows
//! without reading them all, and says what becomes of them.

use crate::domain::{
    CommentState, JobStatus, LogEvent, Outcome, Platform, PostStatus, PostType, PublishMode,
    StepKind,
};

use crate::store::sql::location::Engine;

/// A column with what its values must be.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    holds: Holds,
    /// What becomes of a row where it is something else.
    pub(crate) then: &'static str,
}

enum Holds {
    Time,
    Id,
    Word(fn() -> Vec<&'static str>),
    /// A whole number from, to.
    Count(i64, i64),
    Json,
    JsonList,
}

/// A table with its key: what a row is called by, each part after a word.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [(&'static str, &'static str)],
    pub(crate) columns: &'static [Column],
}

const FAILS: &str = "an open post with it fails, or needs review if it may have been sent";
const LOG: &str = "its post needs review if it may have been sent, and fails otherwise";
const NOT_SHOWN: &str = "list cannot show the post; it is still published";
const NOTHING: &str = "nothing depends on it";
const NO_STATE: &str = "the post is not published, nor shown by list";
const OVER: &str = "a job with it is taken over by the next worker";
const ACCOUNT: &str = "the account is not shown, and its posts fail";
const PAUSE: &str = "its end is not shown, and the account may stay paused";
const WORKER: &str = "queue-status does not show the worker";

macro_rules! words {
    ($($kind:ident),+) => {{ || [$($kind::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),+].concat() }};
}

const fn time(name: &'static str, then: &'static str) -> Column {
    Column { name, holds: Holds::Time, then }
}

const fn id(name: &'static str, then: &'static str) -> Column {
    Column { name, holds: Holds::Id, then }
}

const fn word(name: &'static str, words: fn() -> Vec<&'static str>, then: &'static str) -> Column {
    Column { name, holds: Holds::Word(words), then }
}

const fn count(name: &'static str, from: i64, to: i64, then: &'static str) -> Column {
    Column { name, holds: Holds::Count(from, to), then }
}

/// What no claim counts up, but reads.
const INT: (i64, i64) = (i64::MIN, i64::MAX);
/// As `invalid_rows.rs` and `logs.rs` want it.
const ATTEMPTS: (i64, i64) = (0, 1_000_000_000);
const FENCE: (i64, i64) = (0, i64::MAX / 2);
const STEP: (i64, i64) = (0, crate::store::queue::log::STEP_MAX as i64);

pub(crate) const ACCOUNTS: Table = Table {
    name: "meta_social_accounts",
    key: &[("account ", "id")],
    columns: &[
        id("id", ACCOUNT),
        id("company_id", ACCOUNT),
        word("platform", words!(Platform), ACCOUNT),
        count("is_added", INT.0, INT.1, ACCOUNT),
        time("paused_at", PAUSE),
        time("paused_until", PAUSE),
        word("publish_mode", words!(PublishMode), ACCOUNT),
        time("created_at", NOTHING),
        time("updated_at", NOTHING),
    ],
};

pub(crate) const CLIENTS: Table = Table {
    name: "agency_clients",
    key: &[("client ", "id")],
    columns: &[time("created_at", NOTHING), time("updated_at", NOTHING)],
};

pub(crate) const POSTS: Table = Table {
    name: "post_details",
    key: &[("post ", "id")],
    columns: &[
        id("id", FAILS),
        id("company_id", FAILS),
        id("social_account_id", FAILS),
        word("platform", words!(Platform), FAILS),
        word("post_type", words!(PostType), FAILS),
        Column { name: "media", holds: Holds::JsonList, then: FAILS },
        word("status", words!(PostStatus), NO_STATE),
        word("outcome", words!(Outcome), NOT_SHOWN),
        word("first_comment_state", words!(CommentState), "the first comment is not sent"),
        count("attempts", ATTEMPTS.0, ATTEMPTS.1, FAILS),
        count("assigned_client_id", INT.0, INT.1, NOT_SHOWN),
        time("follow_up_at", "the post may not be looked at again"),
        time("cancel_requested_at", "a waiting post with it fails, or is cancelled"),
        time("published_at", NOT_SHOWN),
        time("created_at", NOT_SHOWN),
        time("updated_at", NOTHING),
    ],
};

pub(crate) const JOBS: Table = Table {
    name: "post_schedule",
    key: &[("job ", "id"), (" of post ", "post_detail_id")],
    columns: &[
        id("id", FAILS),
        id("post_detail_id", FAILS),
        time("run_at", FAILS),
        time("next_attempt_at", FAILS),
        time("lease_until", OVER),
        time("locked_at", OVER),
        word("status", words!(JobStatus), NO_STATE),
        count("attempts", ATTEMPTS.0, ATTEMPTS.1, FAILS),
        count("max_attempts", -ATTEMPTS.1, ATTEMPTS.1, FAILS),
        count("fence", FENCE.0, FENCE.1, FAILS),
        time("created_at", NOTHING),
        time("updated_at", NOTHING),
    ],
};

pub(crate) const LOGS: Table = Table {
    name: "publish_log",
    key: &[("job ", "post_schedule_id"), (" fence ", "fence"), (" step ", "step_no")],
    columns: &[
        count("fence", FENCE.0, FENCE.1, LOG),
        count("step_no", STEP.0, STEP.1, LOG),
        word("kind", words!(StepKind), LOG),
        word("event", words!(LogEvent), LOG),
        time("at", LOG),
        Column { name: "detail", holds: Holds::Json, then: LOG },
    ],
};

pub(crate) const HEALTH: Table = Table {
    name: "platform_health",
    key: &[("platform ", "platform")],
    columns: &[
        word("platform", words!(Platform), NOTHING),
        count("faults", ATTEMPTS.0, ATTEMPTS.1, "an outage is not noticed"),
        count("rests", ATTEMPTS.0, ATTEMPTS.1, "an outage is not noticed"),
        time("rests_until", "the platform may stay paused forever"),
        time("updated_at", NOTHING),
    ],
};

pub(crate) const WORKERS: Table = Table {
    name: "workers",
    key: &[("worker ", "id")],
    columns: &[time("started_at", WORKER), time("beat_at", WORKER)],
};

pub(crate) const ALL: &[&Table] = &[&ACCOUNTS, &CLIENTS, &POSTS, &JOBS, &LOGS, &HEALTH, &WORKERS];

impl Column {
    /// Whether anything depends on its values.
    pub(crate) fn matters(&self) -> bool {
        self.then != NOTHING
    }

    /// What is wrong with a value of it.
    pub(crate) fn why(&self) -> String {
        match self.holds {
            Holds::Time => "is not a time of the years 1 to 9999".to_owned(),
            Holds::Id => "is not a lower-case UUID".to_owned(),
            Holds::Word(words) => format!("is not one of {}", words().join(", ")),
            Holds::Count(i64::MIN, _) => "is not a whole number".to_owned(),
            Holds::Count(from, to) => format!("is not a whole number from {from} to {to}"),
            Holds::Json => "is not JSON".to_owned(),
            Holds::JsonList => "is not a JSON list".to_owned(),
        }
    }

    /// True for a row of the table called `alias` whose value cannot be read.
    /// `None`: the engine lets nothing else into the column.
    pub(crate) fn condition(&self, engine: Engine, alias: &str) -> Option<String> {
        let c = format!("{alias}.{}", self.name);
        match &self.holds {
            Holds::Time => Some(no_time(engine, &c)),
            Holds::Id => no_id(engine, &c),
            Holds::Word(words) => Some(format!("{c} NOT IN ('{}')", words().join("', '"))),
            Holds::Count(from, to) => no_count(engine, &c, *from, *to),
            Holds::Json => no_json(engine, &c, false),
            Holds::JsonList => no_json(engine, &c, true),
        }
    }
}

fn no_time(engine: Engine, c: &str) -> String {
    match engine {
        // Of the calendar, too: SQLite makes the 31st of February the 3rd of March.
        Engine::Sqlite => format!(
            "({c} IS NOT NULL AND (typeof({c}) <> 'text' OR {c} < '0001'
               OR {c} NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][ T][0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
               OR substr({c}, 20) GLOB '*[^0-9.Z]*'
               OR COALESCE(date({c}) <> substr({c}, 1, 10), 1)))"
        ),
        // What is no day of the calendar cannot be counted with.
        Engine::MySql => {
            format!("({c} < '0001-01-01' OR ({c} IS NOT NULL AND {c} + INTERVAL 0 DAY IS NULL))")
        }
        Engine::Postgres => {
            format!("({c} < '0001-01-01' OR {c} > '9999-12-31 23:59:59.999999')")
        }
    }
}

fn no_id(engine: Engine, c: &str) -> Option<String> {
    match engine {
        Engine::Sqlite => Some(format!(
            "(typeof({c}) <> 'text' OR {c} NOT LIKE '________-____-____-____-____________'
               OR {c} GLOB '*[^0-9a-f-]*')"
        )),
        Engine::MySql => Some(format!(
            "NOT ({c} RLIKE '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
                  AND CAST({c} AS BINARY) = CAST(LOWER({c}) AS BINARY))"
        )),
        Engine::Postgres => None,
    }
}

fn no_count(engine: Engine, c: &str, from: i64, to: i64) -> Option<String> {
    let range = (from != i64::MIN).then(|| format!("{c} < {from} OR {c} > {to}"));
    let kind =
        (engine == Engine::Sqlite).then(|| format!("typeof({c}) NOT IN ('integer', 'null')"));
    let conditions: Vec<String> = kind.into_iter().chain(range).collect();
    (!conditions.is_empty()).then(|| format!("({})", conditions.join(" OR ")))
}

fn no_json(engine: Engine, c: &str, list: bool) -> Option<String> {
    match (engine, list) {
        (Engine::Sqlite, _) => {
            let other = if list { format!("json_type({c}) <> 'array'") } else { "0".to_owned() };
            Some(format!("({c} IS NOT NULL AND CASE WHEN json_valid({c}) THEN {other} ELSE 1 END)"))
        }
        (Engine::MySql, true) => {
            Some(format!("(JSON_VALID({c}) = 0 OR JSON_TYPE({c}) <> 'ARRAY')"))
        }
        (Engine::MySql, false) => Some(format!("JSON_VALID({c}) = 0")),
        (Engine::Postgres, true) => Some(format!("jsonb_typeof({c}) <> 'array'")),
        (Engine::Postgres, false) => None,
    }
}
