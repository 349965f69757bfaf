//! What the hot path reads on a database server that holds very many finished
//! rows: counted by the server itself, so whatever plan it chose. SQLite tells
//! its plans (`plans.rs`); these tests have nothing to do there.
//!
//! For figures with as many rows as you like, of each query:
//! `TEST_FINISHED=1000000 TEST_DUE=100000 TEST_ENGINE=… cargo test --lib f18 -- --nocapture`.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use crate::domain::{
    AccountId, ClientId, CompanyId, Only, Page, Platform, PostFilter, ShownStatus, Sort, WorkerId,
};
use crate::store::queue::claim::{missed_query, needs_review_query, next_due_query};
use crate::store::queue::evidence::known_query;
use crate::store::queue::follow_ups;
use crate::store::queue::gate::under_way_query;
use crate::store::queue::invalid_rows::never_due_query;
use crate::store::queue::lines::{
    ClaimRequest, any_head_query, heads_query, longest_query, moved_query, unlined_query,
};
use crate::store::queue::looks::{Look, look_query};
use crate::store::queue::repair::halves_query;
use crate::store::queue::take_over::{TakeOver, abandoned_query};
use crate::store::sql::db::{Engine, Location, Sql, Tx, sql};
use crate::store::views::listing::{self, list_query};
use crate::store::views::odd_rows;
use crate::store::views::stats;
use crate::store::{Scratch, Store, function_name, transaction};

use super::fair::request;

const COMPANY: &str = "11111111-1111-4111-8111-111111111111";
const ACCOUNT: &str = "22222222-2222-4222-8222-222222222222";
/// Has one of a thousand posts.
const SMALL: &str = "33333333-3333-4333-8333-333333333333";
/// Jobs whose time is a year ahead.
const LATER: u32 = 20_000;
pub(super) const TIMEOUT: Duration = Duration::from_secs(600);

/// Most rows that a query may read: some for each job that it answers.
const READS_MAX: i64 = 2_000;

/// The same where every open job is read, in each table.
fn counts_max() -> i64 {
    5 * i64::from(due() + LATER)
}

/// Far more than either.
fn finished() -> u32 {
    number("TEST_FINISHED", 250_000)
}

/// Jobs that are due, beside the finished ones.
fn due() -> u32 {
    number("TEST_DUE", 20_000)
}

#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// The server of this run of the tests, as in `tests/it/support/database.rs`.
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
pub(super) fn server() -> Option<Location> {
    let variable = match std::env::var("TEST_ENGINE").as_deref() {
        Ok("mariadb") => "TEST_MARIADB_URL",
        Ok("postgres") => "TEST_POSTGRES_URL",
        _ => return None,
    };
    Some(std::env::var(variable).unwrap().parse().unwrap())
}

/// Finished posts that ended days ago, then those that are due, then later ones.
fn rows(engine: Engine, finished: u32) -> String {
    let (post, job) = match engine {
        Engine::Postgres => (
            "CAST('00000000-0000-4000-8000-' || LPAD(CAST(i AS TEXT), 12, '0') AS UUID)",
            "CAST('00000000-0000-4000-9000-' || LPAD(CAST(i AS TEXT), 12, '0') AS UUID)",
        ),
        Engine::Sqlite | Engine::MySql => (
            "CONCAT('00000000-0000-4000-8000-', LPAD(i, 12, '0'))",
            "CONCAT('00000000-0000-4000-9000-', LPAD(i, 12, '0'))",
        ),
    };
    let ago = |seconds: &str| match engine {
        Engine::Postgres => format!("clock_timestamp() - ({seconds}) * INTERVAL '1 second'"),
        Engine::Sqlite | Engine::MySql => {
            format!("UTC_TIMESTAMP(3) - INTERVAL ({seconds}) SECOND")
        }
    };
    let small = match engine {
        Engine::Postgres => format!("CAST('{SMALL}' AS UUID)"),
        Engine::Sqlite | Engine::MySql => format!("'{SMALL}'"),
    };
    let then = ago("200000 + i");
    let due = finished + due();
    let all = due + LATER;
    let run_at = ago(&format!("CASE WHEN i < {due} THEN 7200 + i ELSE 0 - 31000000 - i END"));
    let digits = (1..10).map(|n| format!(" UNION ALL SELECT {n}")).collect::<String>();
    format!(
        "INSERT INTO meta_social_accounts (id, company_id, platform, account_name)
         VALUES ('{ACCOUNT}', '{COMPANY}', 'facebook', 'Acme'),
                ('{SMALL}', '{COMPANY}', 'facebook', 'Small');
         CREATE TABLE numbers (i BIGINT NOT NULL PRIMARY KEY);
         INSERT INTO numbers
         WITH n AS (SELECT 0 AS n{digits})
         SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 100000 * f.n + 1000000 * g.n
           FROM n a, n b, n c, n d, n e, n f, n g
          WHERE a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 100000 * f.n
                + 1000000 * g.n < {all};
         INSERT INTO agency_clients (id, company_id, client_first_name, client_last_name)
         VALUES (1, '{COMPANY}', 'Ann', 'Lee');
         INSERT INTO post_details (id, company_id, social_account_id, assigned_client_id, platform,
                                   post_type, status, outcome, error_message,
                                   created_at, updated_at, published_at)
         SELECT {post}, '{COMPANY}', '{ACCOUNT}', CASE WHEN MOD(i, 1000) = 0 THEN 1 END, 'facebook',
                'post',
                CASE WHEN i >= {finished} THEN 'pending' WHEN MOD(i, 100) = 1 THEN 'failed'
                     WHEN MOD(i, 100) = 2 THEN 'cancelled' ELSE 'published' END,
                CASE WHEN i >= {finished} THEN NULL WHEN MOD(i, 10000) = 1 THEN 'unknown'
                     WHEN MOD(i, 100) IN (1, 2) THEN 'not_published' ELSE 'published' END,
                'Some', {then}, {then}, {then} FROM numbers;
         UPDATE post_details SET social_account_id = {small} WHERE assigned_client_id = 1;
         INSERT INTO post_schedule (id, post_detail_id, account_id, run_at, status)
         SELECT {job}, {post}, '{ACCOUNT}', {run_at},
                CASE WHEN i >= {finished} THEN 'pending' ELSE 'done' END FROM numbers;
         DROP TABLE numbers;"
    )
}

/// Rows read by this session so far, in any way. Asking reads some as well.
async fn read_so_far(tx: &mut Tx) -> i64 {
    let query = match tx.engine() {
        Engine::Postgres => {
            "SELECT CAST(SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) AS BIGINT)
               FROM pg_stat_xact_user_tables"
        }
        Engine::Sqlite | Engine::MySql => {
            "SELECT CAST(SUM(variable_value) AS INTEGER) FROM information_schema.session_status
              WHERE variable_name LIKE 'HANDLER\\_READ\\_%'
                AND variable_name <> 'HANDLER_READ_RETRY'"
        }
    };
    tx.count(sql(query)).await.unwrap()
}

/// Rows that a query reads.
pub(super) async fn reads(tx: &mut Tx, query: Sql) -> i64 {
    let first = read_so_far(tx).await;
    let second = read_so_far(tx).await;
    tx.all(query).await.unwrap();
    read_so_far(tx).await - second - (second - first)
}

/// What a worker asks again and again.
fn asked_by_workers() -> Vec<(&'static str, Sql)> {
    let request = ClaimRequest { limit: 10, ..request() };
    let of_facebook = ClaimRequest {
        only: Only { platform: Some(Platform::Facebook), account: None },
        ..request.clone()
    };
    let account: AccountId = ACCOUNT.parse().unwrap();
    let of_account =
        ClaimRequest { only: Only { platform: None, account: Some(account) }, ..request.clone() };
    let beside_others =
        ClaimRequest { in_flight: HashMap::from([(account, 1)]), ..request.clone() };
    let take_over = TakeOver::new(WorkerId::named("w"), Duration::from_secs(60), 10);
    let late = Duration::from_secs(3600);
    let look = Look { claims: request.clone(), take_over: take_over.clone(), max_late: late };
    let soon = Some(Duration::from_secs(300));
    let locked = "{skip locked s, d}";
    vec![
        ("is anything due", any_head_query(&request)),
        ("claim", heads_query(&request, 0)),
        ("second claim", heads_query(&request, 1)),
        ("claim beside others", heads_query(&beside_others, 0)),
        ("claim of a platform", heads_query(&of_facebook, 0)),
        ("claim of an account", heads_query(&of_account, 0)),
        ("not in line", unlined_query(&request, "")),
        ("take over", abandoned_query(&take_over, "")),
        ("take over, locking", abandoned_query(&take_over, locked)),
        ("missed", missed_query(late, &Only::default(), "")),
        ("missed, locking", missed_query(late, &Only::default(), locked)),
        ("longest waiting", longest_query(&request)),
        ("look", look_query(&look)),
        ("next due", next_due_query()),
        ("never due", never_due_query(&Only::default())),
        ("halves", halves_query(soon, "")),
        ("halves, locking", halves_query(soon, locked)),
        ("moved", moved_query(soon, "")),
        ("account is busy", under_way_query(&[account])),
        ("needs review", needs_review_query(10)),
        ("has the id", known_query(&["facebook".to_owned()].into(), &["fb_1"])),
        ("follow-ups", follow_ups::due_query(&Only::default())),
    ]
}

/// What people look at: each filter, its first page and one in the middle.
fn asked_by_people() -> Vec<(String, PostFilter, Page)> {
    let everything = PostFilter::all(COMPANY.parse::<CompanyId>().unwrap());
    let mut filters = vec![("all".to_owned(), everything.clone())];
    for status in ShownStatus::ALL.iter().copied() {
        let of_status = PostFilter { statuses: vec![status], ..everything.clone() };
        filters.push((status.to_string(), of_status));
    }
    let facebook = PostFilter { platform: Some(Platform::Facebook), ..everything.clone() };
    let linkedin = PostFilter { platform: Some(Platform::LinkedIn), ..everything.clone() };
    let account = PostFilter { account_id: Some(ACCOUNT.parse().unwrap()), ..everything.clone() };
    let small = PostFilter { account_id: Some(SMALL.parse().unwrap()), ..everything.clone() };
    let client = PostFilter { client_id: Some(ClientId(1)), ..everything.clone() };
    let other = PostFilter::all(CompanyId::generate());
    for (name, filter) in [
        ("--platform facebook", facebook),
        ("--platform linkedin", linkedin),
        ("--account, of all posts", account),
        ("--account, of few posts", small),
        ("--client", client),
        ("other company", other),
    ] {
        filters.push((name.to_owned(), filter));
    }
    let mut asked = Vec::new();
    for (name, filter) in filters {
        for sort in Sort::ALL.iter().copied() {
            let page = Page { sort, limit: Some(50), ..Page::default() };
            // Far from both ends.
            let of = if sort == Sort::Created { "8000" } else { "9000" };
            let middle = format!("00000000-0000-4000-{of}-{:012}", finished() / 2);
            let second = Page { after: Some(middle), ..page.clone() };
            asked.push((format!("{name} by {sort}"), filter.clone(), page));
            asked.push((format!("{name} by {sort}, in the middle"), filter.clone(), second));
        }
    }
    asked
}

/// Those of them that read more than they may, with the question which way to take.
async fn faults_of_people(tx: &mut Tx) -> Vec<String> {
    let mut found = Vec::new();
    for (name, filter, page) in asked_by_people() {
        let way = listing::way(tx, &filter, page.sort).await.unwrap();
        let candidates = reads(tx, listing::candidates_query(&filter)).await;
        // Each index is read up to the same number of entries, and the engine's own copies.
        let entries = 4 * listing::FEW;
        if candidates > entries + READS_MAX {
            found.push(format!("{name}: {candidates} rows read to choose"));
        }
        let query = list_query(&filter, &page, way).unwrap();
        found.extend(faults(tx, vec![(&format!("{name}, {way:?}"), query)]).await);
    }
    found
}

/// Those that read more than they may.
async fn faults(tx: &mut Tx, queries: Vec<(&str, Sql)>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, query) in queries {
        let most = match name {
            // Pages of open posts are sorted by MariaDB.
            name if name.ends_with("Open") => counts_max(),
            // Those that are due lie before them here.
            name if name.starts_with("published") => counts_max(),
            // All of few posts, each with its job and its account.
            name if name.contains("Few(") => 4 * listing::FEW,
            // Looks at every due job, and for this not often.
            "halves" | "halves, locking" | "moved" => counts_max(),
            _ => READS_MAX,
        };
        let began = std::time::Instant::now();
        let read = reads(tx, query.clone()).await;
        let took = began.elapsed();
        writeln!(std::io::stderr(), "{name}: {read} rows in {took:?}").unwrap();
        if read > most {
            let plan = tx.all(query.explained(tx.engine())).await.unwrap();
            let plan: Vec<String> = plan.iter().map(crate::store::sql::db::Row::dump).collect();
            faults.push(format!("{name} reads {read} rows in {took:?}:\n{}", plan.join("\n")));
        }
    }
    faults
}

/// The same of queue-status.
async fn faults_of_status(tx: &mut Tx) -> Vec<String> {
    let mut faults = Vec::new();
    for company in [None, Some(COMPANY.parse().unwrap())] {
        let before = read_so_far(tx).await;
        let began = std::time::Instant::now();
        stats::stats(tx, company).await.unwrap();
        let took = began.elapsed();
        let read = read_so_far(tx).await - before;
        writeln!(std::io::stderr(), "queue-status: {read} rows in {took:?}").unwrap();
        if read > counts_max() {
            faults.push(format!("queue-status reads {read} rows"));
        }
        let before = read_so_far(tx).await;
        let began = std::time::Instant::now();
        odd_rows::odd_posts(tx, company).await.unwrap();
        let took = began.elapsed();
        let read = read_so_far(tx).await - before;
        writeln!(std::io::stderr(), "odd posts: {read} rows in {took:?}").unwrap();
        if read > counts_max() {
            faults.push(format!("queue-status reads {read} rows in search of odd ones"));
        }
    }
    faults
}

/// **F18**: the worker's statements read no more rows when many posts are
/// finished.
#[tokio::test]
async fn finished_rows_cost_the_hot_path_nothing() {
    let Some(server) = server() else { return };
    let scratch = Scratch::make(&server, TIMEOUT).await.unwrap();
    let store = Store::open_scratch(&scratch, TIMEOUT).await.unwrap();
    let engine = server.engine();
    transaction!(store, tx, { tx.script(&rows(engine, finished())).await? }).unwrap();
    let mut tx = store.pool.begin(function_name!()).await.unwrap();
    let mut asked = asked_by_workers();
    if engine == Engine::Postgres {
        // Which is not asked often reads all posts until then.
        asked.retain(|(name, _)| !name.starts_with("halves"));
    }
    let mut found = faults(&mut tx, asked).await;
    found.extend(faults_of_people(&mut tx).await);
    drop(tx);
    // As the servers do it by themselves within a minute or two after a table has grown.
    let table = if engine == Engine::Postgres { "" } else { "TABLE" };
    for name in ["post_details", "post_schedule", "publish_log"] {
        store.pool.alone(&format!("ANALYZE {table} {name}")).await.unwrap();
    }
    // A transaction that has read a table before does not see its new figures.
    let mut tx = store.pool.begin(function_name!()).await.unwrap();
    found.extend(faults(&mut tx, asked_by_workers()).await);
    found.extend(faults_of_people(&mut tx).await);
    found.extend(faults_of_status(&mut tx).await);
    drop(tx);
    store.close().await;
    scratch.remove(TIMEOUT).await.unwrap();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
