//! How the engine runs the queries of the hot path, with many finished rows.

use std::time::Duration;

use crate::domain::{
    AccountId, ClientId, CompanyId, Only, Page, Platform, PostFilter, ShownStatus, Sort, WorkerId,
};
use crate::store::queue::claim::{missed_query, next_due_query};
use crate::store::queue::follow_ups;
use crate::store::queue::gate::under_way_query;
use crate::store::queue::invalid_rows::never_due_query;
use crate::store::queue::lines::moved_query;
use crate::store::queue::posts::between_query;
use crate::store::queue::repair::halves_query;
use crate::store::queue::take_over::{TakeOver, abandoned_query};
use crate::store::sql::db::{Engine, Location, Sql};
use crate::store::views::listing::{Entry, Way, candidates_query, count_query, list_query};
use crate::store::views::odd_rows;
use crate::store::{Store, reading, transaction};

const COMPANY: &str = "11111111-1111-4111-8111-111111111111";

/// 20,000 finished posts and 50 open ones, unseen by the engine's statistics,
/// as in a database that was never analysed.
const ROWS: &str = "
    INSERT INTO meta_social_accounts (id, company_id, platform, account_name)
    VALUES ('22222222-2222-4222-8222-222222222222', '11111111-1111-4111-8111-111111111111', 'facebook', 'Acme');
    CREATE TABLE numbers AS WITH RECURSIVE n(i) AS
      (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20050) SELECT i FROM n;
    INSERT INTO post_details (id, company_id, social_account_id, platform, post_type, status)
    SELECT printf('00000000-0000-4000-8000-%012d', i), '11111111-1111-4111-8111-111111111111',
           '22222222-2222-4222-8222-222222222222', 'facebook', 'post',
           CASE WHEN i > 20000 THEN 'pending' ELSE 'published' END FROM numbers;
    INSERT INTO post_schedule (id, post_detail_id, run_at, status)
    SELECT printf('00000000-0000-4000-9000-%012d', i), printf('00000000-0000-4000-8000-%012d', i),
           datetime('now', '-' || i || ' seconds'),
           CASE WHEN i > 20000 THEN 'pending' ELSE 'done' END FROM numbers;
    DROP TABLE numbers;";

struct Full {
    store: Store,
    _dir: tempfile::TempDir,
}

impl Full {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(dir.path().join("full.db"));
        let store = Store::open_for_migration(&location, Duration::from_secs(20)).await.unwrap();
        store.migrate(|_| {}).await.unwrap();
        transaction!(store, tx, { tx.script(ROWS).await? }).unwrap();
        Self { store, _dir: dir }
    }

    /// The steps of the plan.
    async fn plan(&self, query: Sql) -> Vec<String> {
        let mut tx = reading!(self.store).await.unwrap();
        let rows = tx.all(query.explained(tx.engine())).await.unwrap();
        rows.iter().map(crate::store::sql::db::Row::dump).collect()
    }
}

/// A small index of open jobs gives the jobs, and nothing is read whole or sorted.
#[track_caller]
fn assert_small(name: &str, index: &str, plan: &[String]) {
    let used = format!("s USING INDEX {index}");
    assert!(plan.iter().any(|step| step.contains(&used)), "{name}: {plan:#?}");
    for step in plan {
        let whole = step.contains("SCAN") && !step.contains(index);
        assert!(!whole && !step.contains("TEMP B-TREE"), "{name}: {step} in {plan:#?}");
    }
}

/// The queue is read through the small index of open jobs.
#[tokio::test]
async fn queue_reads_use_the_open_job_index() {
    let full = Full::new().await;
    let take_over = TakeOver::new(WorkerId::named("w"), Duration::from_secs(60), 10);
    let queries = [
        ("missed", missed_query(Duration::from_secs(3600), &Only::default(), "")),
        ("next due", next_due_query()),
        ("never due", never_due_query(&Only::default())),
        ("halves", halves_query(Some(Duration::from_secs(300)), "")),
        ("moved", moved_query(Some(Duration::from_secs(300)), "")),
    ];
    for (name, query) in queries {
        assert_small(name, "post_schedule_open", &full.plan(query).await);
    }
    for (name, query) in [
        ("take over", abandoned_query(&take_over, "")),
        ("account is busy", under_way_query(&[AccountId::generate()])),
    ] {
        assert_small(name, "post_schedule_claimed", &full.plan(query).await);
    }
}

/// Only these may walk no further than the time they ask for.
#[tokio::test]
async fn claims_and_missed_posts_are_found_by_time() {
    let full = Full::new().await;
    let plan = full.plan(missed_query(Duration::from_secs(3600), &Only::default(), "")).await;
    let between = "post_schedule_open (run_at>? AND run_at<?)";
    assert!(plan.iter().any(|step| step.contains(between)), "{plan:#?}");
    let plan = full.plan(halves_query(Some(Duration::ZERO), "")).await;
    assert!(plan.iter().any(|step| step.contains("post_schedule_open (run_at<?)")), "{plan:#?}");
    let plan = full.plan(never_due_query(&Only::default())).await;
    assert!(plan.iter().any(|step| step.contains("post_schedule_open (run_at>?)")), "{plan:#?}");
    let plan = full.plan(next_due_query()).await;
    assert!(plan.iter().any(|step| step.contains("post_schedule_open (run_at>?)")), "{plan:#?}");
}

/// SQLite has no statistics here, and would begin with the company's posts.
#[tokio::test]
async fn queue_status_reads_no_finished_rows() {
    let full = Full::new().await;
    for company in [None, Some(COMPANY.parse::<CompanyId>().unwrap())] {
        for (index, query) in crate::store::views::stats::queries(company) {
            let plan = full.plan(query.clone()).await;
            let first = plan.first().unwrap();
            assert!(first.contains(index), "{index}: {plan:#?}");
        }
        // Rows of posts that are open, ended lately or need review, and then their log.
        let parts = odd_rows::parts(Engine::Sqlite, company);
        for parts in parts.chunks(3) {
            let plan = full.plan(odd_rows::first_of_each(parts)).await;
            let mut searched = plan.iter().filter(|step| step.contains("USING INDEX post_"));
            for index in ["_open", "_ended", "_unknown"] {
                assert!(searched.next().unwrap().contains(index), "{index}: {plan:#?}");
            }
            let whole = |step: &String| {
                step.contains("SCAN") && !step.contains("USING INDEX") && !step.contains("place")
            };
            assert!(!plan.iter().any(whole), "{plan:#?}");
        }
        assert_eq!(parts.len(), 6);
    }
}

/// The beginning of an id leads to the posts that begin so.
#[tokio::test]
async fn post_is_found_by_its_id() {
    let full = Full::new().await;
    let ids = [1, 2].map(uuid::Uuid::from_u128);
    let plan = full.plan(between_query(COMPANY.parse().unwrap(), ids[0], ids[1])).await;
    assert!(plan.first().unwrap().contains("(id>? AND id<?)"), "{plan:#?}");
}

/// The statements of a worker for one account start with what is open.
#[tokio::test]
async fn worker_of_one_account_starts_with_open_jobs() {
    let full = Full::new().await;
    let only = Only { platform: None, account: Some(AccountId::generate()) };
    let plan = full.plan(missed_query(Duration::from_secs(3600), &only, "")).await;
    assert!(plan.first().unwrap().contains("post_schedule_open"), "{plan:#?}");
    let mut take_over = TakeOver::new(WorkerId::named("w"), Duration::from_secs(60), 10);
    let plan = full.plan(follow_ups::due_query(&only)).await;
    assert!(plan.first().unwrap().contains("post_details_follow_up"), "{plan:#?}");
    take_over.only = only;
    let plan = full.plan(abandoned_query(&take_over, "")).await;
    assert!(plan.first().unwrap().contains("post_schedule_claimed"), "{plan:#?}");
}

/// A page of a listing comes in the order of an index, or from few posts.
#[tokio::test]
async fn listing_page_follows_index_order() {
    let full = Full::new().await;
    let everything = PostFilter::all(COMPANY.parse::<CompanyId>().unwrap());
    let published = PostFilter { statuses: vec![ShownStatus::Published], ..everything.clone() };
    for (sort, index) in [
        (Sort::RunAt, "post_schedule_run_at"),
        (Sort::RunAtDescending, "post_schedule_run_at"),
        (Sort::Created, "post_details_company"),
    ] {
        for filter in [&everything, &published] {
            let page = Page { sort, limit: Some(50), ..Page::default() };
            let plan = full.plan(list_query(filter, &page, Way::InOrder).unwrap()).await;
            assert!(plan.first().unwrap().contains(index), "{sort}: {plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sort}: {plan:#?}");
        }
    }
    let page = Page { sort: Sort::RunAt, limit: Some(50), ..Page::default() };
    for (statuses, index) in [
        (vec![ShownStatus::Pending], "post_schedule_open"),
        (vec![ShownStatus::Due, ShownStatus::Stuck], "post_schedule_open"),
        (vec![ShownStatus::Due], "post_schedule_open (run_at<?)"),
        (vec![ShownStatus::Stuck], "post_schedule_claimed"),
    ] {
        let open =
            PostFilter { statuses, account_id: Some(AccountId::generate()), ..everything.clone() };
        let plan = full.plan(list_query(&open, &page, Way::Open).unwrap()).await;
        assert_small("open", index, &plan);
        let plan = full.plan(count_query(&open, Way::Open)).await;
        assert!(plan.first().unwrap().contains(index), "{plan:#?}");
    }
    let narrow = PostFilter {
        statuses: vec![ShownStatus::Unknown],
        platform: Some(Platform::Facebook),
        account_id: Some(AccountId::generate()),
        client_id: Some(ClientId(1)),
        ..everything
    };
    for (entry, index) in [
        (Entry::Account, "post_details_account (social_account_id=?)"),
        (Entry::Client, "post_details_client (assigned_client_id=?)"),
        (Entry::NeedsReview, "post_details_unknown"),
        (Entry::NotPublished, "post_details_ended (status=?)"),
        (Entry::Platform, "post_details_external (platform=?)"),
        (Entry::Company, "post_details_company (company_id=?)"),
    ] {
        let few = Way::Few(entry);
        for query in [list_query(&narrow, &page, few).unwrap(), count_query(&narrow, few)] {
            let plan = full.plan(query).await;
            assert!(plan.first().unwrap().contains(index), "{entry:?}: {plan:#?}");
        }
        let plan = full.plan(candidates_query(&narrow)).await;
        // Few posts need review, whatever else is asked of them.
        let covering = if entry == Entry::NeedsReview { "" } else { "COVERING INDEX " };
        let counted = |step: &String| step.contains(&format!("{covering}{index}"));
        assert!(plan.iter().any(counted), "{entry:?}: {plan:#?}");
    }
}
