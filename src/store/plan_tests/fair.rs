//! What a claim reads beside an account with very many due posts: a row of it, or a few.
//! Servers count the rows that they read; SQLite shows its plan.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use crate::domain::{AccountId, Only, Platform, WorkerId};
use crate::store::queue::lines::{ClaimRequest, any_head_query, heads_query, unlined_query};
use crate::store::sql::db::{Engine, Location, Row, Sql};
use crate::store::{Scratch, Store, function_name, transaction};

use super::reads::{TIMEOUT, reads, server};

const BIG: &str = "a0000000-0000-4000-8000-000000000000";
/// Due posts of the big account.
const MANY: u32 = 20_000;
/// Accounts with one due post each.
const SMALL: i64 = 50;
/// A few rows for each account, and for each head.
const READS_MAX: i64 = 20 * (SMALL + 1);

/// The accounts with their due posts; the big one's are the oldest.
fn rows(engine: Engine) -> String {
    let id = |letter: &str, number: &str| match engine {
        Engine::Postgres => format!(
            "CAST('{letter}0000000-0000-4000-8000-' || LPAD(CAST({number} AS TEXT), 12, '0') AS UUID)"
        ),
        Engine::Sqlite => format!("printf('{letter}0000000-0000-4000-8000-%012d', {number})"),
        Engine::MySql => {
            format!("CONCAT('{letter}0000000-0000-4000-8000-', LPAD({number}, 12, '0'))")
        }
    };
    let (account, company) = (id("a", "account"), id("c", "0"));
    let (post, job) = (id("d", "i"), id("e", "i"));
    let ago = match engine {
        Engine::Postgres => "clock_timestamp() - i * INTERVAL '1 second'",
        Engine::Sqlite => "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || i || ' seconds')",
        Engine::MySql => "UTC_TIMESTAMP(3) - INTERVAL i SECOND",
    };
    let digits = (1..10).map(|n| format!(" UNION ALL SELECT {n}")).collect::<String>();
    format!(
        "CREATE TABLE numbers (i BIGINT NOT NULL PRIMARY KEY, account BIGINT NOT NULL);
         INSERT INTO numbers
         WITH n AS (SELECT 0 AS n{digits}), m AS (
           SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
             FROM n a, n b, n c, n d, n e)
         SELECT i, CASE WHEN i <= {SMALL} THEN i ELSE 0 END FROM m WHERE i <= {MANY} + {SMALL};
         INSERT INTO meta_social_accounts (id, company_id, platform, account_name)
         SELECT DISTINCT {account}, {company}, 'facebook', 'Acme' FROM numbers;
         INSERT INTO post_details (id, company_id, social_account_id, platform, post_type)
         SELECT {post}, {company}, {account}, 'facebook', 'post' FROM numbers;
         INSERT INTO post_schedule (id, post_detail_id, account_id, run_at)
         SELECT {job}, {post}, {account}, {ago} FROM numbers;
         DROP TABLE numbers;"
    )
}

pub(super) fn request() -> ClaimRequest {
    ClaimRequest {
        worker: WorkerId::named("w"),
        lease: Duration::from_secs(60),
        limit: 100,
        ahead: Duration::from_secs(300),
        in_flight: HashMap::new(),
        per_account: 2,
        in_turns: true,
        max_attempts: None,
        only: Only::default(),
    }
}

/// Claims of all kinds, with how many heads they find while the big account is active.
fn claims() -> Vec<(&'static str, Sql, i64)> {
    let big: AccountId = BIG.parse().unwrap();
    let at_big = |jobs| ClaimRequest { in_flight: HashMap::from([(big, jobs)]), ..request() };
    let of = |platform, account| ClaimRequest { only: Only { platform, account }, ..request() };
    vec![
        ("any head", any_head_query(&request()), 1),
        ("any head beside the big account", any_head_query(&at_big(2)), 1),
        ("first heads", heads_query(&request(), 0), SMALL + 1),
        ("second heads", heads_query(&request(), 1), 1),
        ("one of the big account in flight", heads_query(&at_big(1), 0), SMALL + 1),
        ("the big account is full", heads_query(&at_big(2), 0), SMALL),
        ("a platform", heads_query(&of(Some(Platform::Facebook), None), 0), SMALL + 1),
        ("another platform", heads_query(&of(Some(Platform::LinkedIn), None), 0), 0),
        ("the big account alone", heads_query(&of(None, Some(big)), 0), 1),
        ("not in line", unlined_query(&request(), ""), 0),
    ]
}

/// The claims that find something else, or read more than they may.
async fn faults(store: &Store, is_paused: bool) -> Vec<String> {
    let mut tx = store.pool.begin(function_name!()).await.unwrap();
    let mut faults = Vec::new();
    for (name, query, active) in claims() {
        let expected = match (is_paused, name) {
            (true, "second heads" | "the big account alone") => 0,
            (true, _) => active.min(SMALL),
            (false, _) => active,
        };
        let began = std::time::Instant::now();
        let found = tx.all(query.clone()).await.unwrap().len();
        let took = began.elapsed();
        let read = match tx.engine() {
            Engine::Sqlite => 0,
            Engine::MySql | Engine::Postgres => reads(&mut tx, query.clone()).await,
        };
        let plan = tx.all(query.explained(tx.engine())).await.unwrap();
        let plan: Vec<String> = plan.iter().map(Row::dump).collect();
        let walks = tx.engine() == Engine::Sqlite && plan.iter().any(|step| walks(step));
        writeln!(std::io::stderr(), "{name}: {read} rows in {took:?}").unwrap();
        if i64::try_from(found).unwrap() != expected || read > READS_MAX || walks {
            let plan = plan.join("\n");
            faults.push(format!("{name}: {found} of {expected}, {read} rows read:\n{plan}"));
        }
    }
    faults
}

/// Reads jobs or posts otherwise than by their ids, or by account.
fn walks(step: &str) -> bool {
    let tables = [" s ", " d ", " l ", " a "];
    let by_key = [
        "sqlite_autoindex_",
        "post_schedule_account (account_id",
        "post_schedule_claimed",
        "post_schedule_unlined",
    ];
    tables.iter().any(|table| step.contains(table)) && !by_key.iter().any(|key| step.contains(key))
}

async fn assert_fair(store: &Store, engine: Engine) {
    let mut found = Vec::new();
    transaction!(store, tx, { tx.script(&rows(engine)).await? }).unwrap();
    let now = match engine {
        Engine::Sqlite => "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        Engine::MySql => "UTC_TIMESTAMP(3)",
        Engine::Postgres => "clock_timestamp()",
    };
    for is_analysed in [false, true] {
        if is_analysed {
            // SQLite's databases of workers are never analysed.
            let table = if engine == Engine::MySql { "TABLE" } else { "" };
            let tables = if engine == Engine::Sqlite {
                [].as_slice()
            } else {
                &["post_details", "post_schedule", "meta_social_accounts"]
            };
            for name in tables {
                store.pool.alone(&format!("ANALYZE {table} {name}")).await.unwrap();
            }
        }
        for paused_at in ["NULL", now] {
            let pause = format!(
                "UPDATE meta_social_accounts SET paused_at = {paused_at} WHERE id = '{BIG}'"
            );
            transaction!(store, tx, { tx.script(&pause).await? }).unwrap();
            found.extend(faults(store, paused_at != "NULL").await);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// **F18**: an account with very many due posts costs a claim no more than the others,
/// also while it is paused or full, and before the server has counted its rows.
#[tokio::test]
async fn big_account_costs_a_claim_few_rows() {
    match server() {
        None => {
            let dir = tempfile::tempdir().unwrap();
            let location = Location::Sqlite(dir.path().join("fair.db"));
            let store = Store::open_for_migration(&location, TIMEOUT).await.unwrap();
            store.migrate(|_| {}).await.unwrap();
            assert_fair(&store, Engine::Sqlite).await;
        }
        Some(server) => {
            let scratch = Scratch::make(&server, TIMEOUT).await.unwrap();
            let store = Store::open_scratch(&scratch, TIMEOUT).await.unwrap();
            assert_fair(&store, server.engine()).await;
            store.close().await;
            scratch.remove(TIMEOUT).await.unwrap();
        }
    }
}
