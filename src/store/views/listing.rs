//! Posts that meet a filter, page by page.

use crate::domain::{AccountId, Page, Post, PostFilter, ShownStatus, Sort};

use crate::store::rows::{self, FOREIGN_LOCK, STUCK_AFTER};
use crate::store::sql::db::{Sql, Tx, sql};
use crate::store::{Store, StoreError, reading};

/// So many posts are read and sorted for a page; of more, a page is filled in the order
/// of an index. By the time that either takes, on each engine.
pub(crate) const FEW: i64 = 3_000;

/// A page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub posts: Vec<Post>,
    /// How many posts meet the filter, all pages together. `None`: they were not counted,
    /// since there may be very many.
    pub total: Option<i64>,
    /// Cursor for the next page; `None` at the end.
    pub next: Option<String>,
    /// Ids of rows that cannot be read as posts, with the reason.
    pub unreadable: Vec<String>,
}

impl Store {
    /// Posts that meet a filter.
    ///
    /// # Errors
    /// The database is away, or the cursor is not one of this program's
    /// ([`StoreError::BadInput`]).
    pub async fn list_posts(
        &self,
        filter: &PostFilter,
        page: &Page,
    ) -> Result<Listing, StoreError> {
        let mut tx = reading!(self).await?;
        let way = way(&mut tx, filter, page.sort).await?;
        let mut rows = tx.all(list_query(filter, page, way)?).await?;
        let more = page.limit.is_some_and(|limit| rows.len() > limit as usize);
        if more {
            rows.pop();
        }
        let total = match page.after {
            None if !more => Some(rows.len() as i64),
            _ if page.exact_total || way != Way::InOrder => {
                Some(tx.count(count_query(filter, way)).await?)
            }
            _ => None,
        };
        let next = match rows.last() {
            // What has no readable id is shown on the next page once more.
            Some(_) if more => {
                let key = if page.sort == Sort::Created { "id" } else { "job_id" };
                rows.iter().rev().find_map(|row| row.id(key).ok()).map(|id| id.to_string())
            }
            _ => None,
        };
        let (mut posts, mut unreadable) = (Vec::new(), Vec::new());
        for row in &rows {
            match rows::post(row) {
                Ok(post) => posts.push(post),
                Err(error) => unreadable.push(error.to_string()),
            }
        }
        Ok(Listing { posts, total, next, unreadable })
    }
}

/// How a listing comes to its posts. No engine's statistics know which posts lie where in
/// the order of a page, and some have none: so it is decided here, and every query leaves
/// the engine no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the open jobs, which lie by time.
    Open,
    /// From all posts that an index finds to their jobs; then they are sorted.
    Few(Entry),
    /// Post by post in the order of the page, until it is full.
    InOrder,
}

/// What posts can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Account,
    Client,
    NeedsReview,
    /// Ended, but not as published.
    NotPublished,
    Platform,
    Company,
}

impl Entry {
    /// Those that a filter offers.
    fn of(filter: &PostFilter) -> Vec<Self> {
        let statuses = filter.statuses.as_slice();
        let all_are_rare = !statuses.is_empty() && statuses.iter().all(|status| is_rare(*status));
        let offered = [
            (Self::Account, filter.account_id.is_some()),
            (Self::Client, filter.client_id.is_some()),
            (Self::NeedsReview, statuses == [ShownStatus::Unknown]),
            (Self::NotPublished, all_are_rare),
            (Self::Platform, filter.platform.is_some()),
            (Self::Company, true),
        ];
        offered.into_iter().filter(|(_, is_offered)| *is_offered).map(|(entry, _)| entry).collect()
    }

    fn index(self) -> &'static str {
        match self {
            Self::Account => "post_details_account",
            Self::Client => "post_details_client",
            Self::NeedsReview => "post_details_unknown",
            Self::NotPublished => "post_details_ended",
            Self::Platform => "post_details_external",
            Self::Company => "post_details_company",
        }
    }

    /// The condition that the index begins with. Its value is written out, since plans
    /// are made for any value (`db.rs`): of a company that has all posts, or none of them.
    fn condition(self, filter: &PostFilter) -> String {
        match self {
            Self::Account => {
                let account = filter.account_id.map(AccountId::uuid).unwrap_or_default();
                format!("d.social_account_id = '{account}'")
            }
            Self::Client => {
                let client = filter.client_id.map(|client| client.0).unwrap_or_default();
                format!("d.assigned_client_id = {client}")
            }
            Self::NeedsReview => "{needs review}".to_owned(),
            Self::NotPublished => {
                let ended = match filter.statuses.as_slice() {
                    [ShownStatus::Cancelled] => "= 'cancelled'",
                    some if some.contains(&ShownStatus::Cancelled) => "IN ('failed', 'cancelled')",
                    _ => "= 'failed'",
                };
                format!("{{ended d}} AND d.status {ended}")
            }
            Self::Platform => {
                let platform = filter.platform.map_or("", |platform| platform.as_str());
                format!("d.platform = '{platform}'")
            }
            Self::Company => format!("d.company_id = '{}'", filter.company_id.uuid()),
        }
    }
}

pub(crate) async fn way(tx: &mut Tx, filter: &PostFilter, sort: Sort) -> Result<Way, StoreError> {
    if !filter.statuses.is_empty() && !filter.statuses.iter().any(|status| is_ended(*status)) {
        return Ok(Way::Open);
    }
    let entries = Entry::of(filter);
    match filter.statuses.as_slice() {
        [ShownStatus::Unknown] => return Ok(Way::Few(Entry::NeedsReview)),
        // Where they begin in the order of a page is not known.
        [ShownStatus::Missed] => return Ok(Way::Few(Entry::NotPublished)),
        _ => (),
    }
    if sort == Sort::Created && entries == [Entry::Company] {
        return Ok(Way::InOrder);
    }
    let mut way = (Way::InOrder, FEW + 1);
    if let Some(counts) = tx.first(candidates_query(filter)).await? {
        for (n, entry) in entries.into_iter().enumerate() {
            let count = counts.int_at(n)?.unwrap_or(0);
            if count < way.1 {
                way = (Way::Few(entry), count);
            }
        }
    }
    Ok(way.0)
}

/// How many posts each entry leads to; no more than tells whether they are few.
pub(crate) fn candidates_query(filter: &PostFilter) -> Sql {
    let mut query = sql("SELECT ");
    for (n, entry) in Entry::of(filter).into_iter().enumerate() {
        let separator = if n == 0 { "" } else { ", " };
        query = query.and(separator).and(&format!(
            "(SELECT COUNT(*) FROM (SELECT 1 AS one FROM post_details d {{by index {}}}
                                     WHERE {} LIMIT {}) few)",
            entry.index(),
            entry.condition(filter),
            FEW + 1
        ));
    }
    query
}

/// A status that few posts have.
fn is_rare(status: ShownStatus) -> bool {
    use ShownStatus::{Cancelled, Failed, Missed, Unknown};
    matches!(status, Failed | Missed | Cancelled | Unknown)
}

/// A status that a post has ended with.
fn is_ended(status: ShownStatus) -> bool {
    is_rare(status) || status == ShownStatus::Published
}

/// Posts and jobs, joined in the order in which they are read.
fn tables(way: Way, sort: Sort) -> String {
    match way {
        Way::Open => "post_schedule s {force index open} {straight join} post_details d".to_owned(),
        Way::Few(entry) => {
            format!(
                "post_details d {{by index {}}} {{straight join}} post_schedule s",
                entry.index()
            )
        }
        Way::InOrder if sort == Sort::Created => tables(Way::Few(Entry::Company), sort),
        Way::InOrder => {
            "post_schedule s {by index post_schedule_run_at} {straight join} post_details d"
                .to_owned()
        }
    }
}

/// How the second table is joined: row by row.
fn joined(way: Way, sort: Sort) -> &'static str {
    match (way, sort) {
        (Way::Few(_), _) | (Way::InOrder, Sort::Created) => "{by key s.post_detail_id = d.id}",
        _ => "{by key d.id = s.post_detail_id}",
    }
}

/// How many posts meet a filter. What concerns only posts needs no jobs.
pub(crate) fn count_query(filter: &PostFilter, way: Way) -> Sql {
    let of_posts = filter.statuses.iter().all(|status| is_ended(*status))
        && filter.since.is_none()
        && filter.until.is_none();
    let entry = match way {
        Way::Few(entry) => Some(entry),
        Way::Open | Way::InOrder => None,
    };
    let from = match (entry, of_posts) {
        (Some(entry), true) => format!("post_details d {{by index {}}} WHERE ", entry.index()),
        (None, true) => "post_details d WHERE ".to_owned(),
        // All are counted: where to begin is the engine's choice.
        (None, false) if way == Way::InOrder => {
            "post_schedule s JOIN post_details d ON d.id = s.post_detail_id WHERE ".to_owned()
        }
        _ => format!("{} WHERE {} AND ", tables(way, Sort::RunAt), joined(way, Sort::RunAt)),
    };
    let query = sql(format!("SELECT COUNT(*) FROM {from}"));
    let query = match way {
        Way::Open => query.and(open(filter)).and(" AND "),
        Way::Few(entry) => query.and(&entry.condition(filter)).and(" AND "),
        Way::InOrder => query,
    };
    of_time(conditions(query, filter), filter)
}

/// The rows of a page, and one more.
pub(crate) fn list_query(filter: &PostFilter, page: &Page, way: Way) -> Result<Sql, StoreError> {
    let query = rows::select_posts_from(&tables(way, page.sort));
    let query = query.and(&format!(" WHERE {} AND ", joined(way, page.sort)));
    let query = match way {
        Way::Open => query.and(open(filter)),
        Way::Few(entry) => query.and(&entry.condition(filter)),
        Way::InOrder if page.sort == Sort::Created => query.and(&Entry::Company.condition(filter)),
        // What follows begins with a condition.
        Way::InOrder => query.and("s.run_at IS NOT NULL"),
    };
    // Conditions that no index can serve, and that seem to hold for nearly every row:
    // else PostgreSQL, which takes each of them for rare, begins with them and sorts.
    let query = conditions(query.and(" AND CASE WHEN "), filter);
    let is_few = matches!(way, Way::Few(_));
    let end = " THEN 1 END IS NOT NULL";
    let query = if is_few { query } else { query.and(end) };
    let query = beyond(of_time(query, filter), page)?;
    let query = if is_few { query.and(end) } else { query };
    let (key, id, direction) = order(page.sort);
    // As it stands, an index on the key would seem to give the order for nothing.
    let is_sorted = is_few || (way == Way::Open && page.sort == Sort::Created);
    let key = if is_sorted { format!("COALESCE({key}, {key})") } else { key.to_owned() };
    let query = query.and(&format!(" ORDER BY {key}{direction}, {id}{direction}"));
    Ok(match page.limit {
        // One more than asked for shows whether there is a next page. Written out: of a
        // limit that it does not know PostgreSQL takes that it is a tenth of all rows.
        Some(limit) => query.and(&format!(" LIMIT {}", i64::from(limit) + 1)),
        None => query,
    })
}

/// Where the open jobs of a filter lie, as far as an index knows.
fn open(filter: &PostFilter) -> &'static str {
    match filter.statuses.as_slice() {
        [ShownStatus::Due] => "{open s} AND s.run_at <= {now}",
        [ShownStatus::Stuck] => "{open s} AND s.status = 'processing'",
        _ => "{open s}",
    }
}

/// What a listing is sorted by, and in which direction.
fn order(sort: Sort) -> (&'static str, &'static str, &'static str) {
    match sort {
        Sort::RunAt => ("s.run_at", "s.id", ""),
        Sort::RunAtDescending => ("s.run_at", "s.id", " DESC"),
        Sort::Created => ("d.created_at", "d.id", " DESC"),
    }
}

/// Only what follows the last row of the page before.
fn beyond(query: Sql, page: &Page) -> Result<Sql, StoreError> {
    let Some(cursor) = &page.after else { return Ok(query) };
    let last = uuid::Uuid::try_parse(cursor)
        .map_err(|_| StoreError::BadInput("this is not a cursor of a listing".to_owned()))?;
    let (key, id, direction) = order(page.sort);
    // Compared where the times lie: other programs write them in other
    // precisions than we would bind.
    let beyond = if direction.is_empty() { ">" } else { "<" };
    let of_last = match page.sort {
        Sort::Created => "(SELECT c.created_at FROM post_details c WHERE c.id = ?)",
        Sort::RunAt | Sort::RunAtDescending => {
            "(SELECT c.run_at FROM post_schedule c WHERE c.id = ?)"
        }
    };
    // The first condition is one that an index can begin with.
    Ok(query
        .and(&format!(
            " AND {key} {beyond}= {of_last} AND ({key} {beyond} {of_last} OR {id} {beyond} ?)"
        ))
        .id(last)
        .id(last)
        .id(last))
}

/// The times of a filter, as conditions on jobs `s`.
fn of_time(mut query: Sql, filter: &PostFilter) -> Sql {
    if let Some(since) = filter.since {
        query = query.and(" AND s.run_at >= ?").time(since);
    }
    if let Some(until) = filter.until {
        query = query.and(" AND s.run_at < ?").time(until);
    }
    query
}

/// What else a filter asks of posts `d`, and of jobs `s` if it asks for open ones.
fn conditions(query: Sql, filter: &PostFilter) -> Sql {
    let mut query = query.and("d.company_id = ?").id(filter.company_id.uuid());
    if !filter.statuses.is_empty() {
        let mut separator = " AND (";
        for status in &filter.statuses {
            query = status_condition(query.and(separator), *status);
            separator = " OR ";
        }
        query = query.and(")");
    }
    if let Some(platform) = filter.platform {
        query = query.and(" AND d.platform = ?").text(platform.as_str());
    }
    if let Some(account) = filter.account_id {
        query = query.and(" AND d.social_account_id = ?").id(account.uuid());
    }
    if let Some(client) = filter.client_id {
        query = query.and(" AND d.assigned_client_id = ?").int(client.0);
    }
    query
}

/// The SQL of [`ShownStatus::of`].
fn status_condition(query: Sql, status: ShownStatus) -> Sql {
    match status {
        ShownStatus::Pending => query.and("({open s} AND d.status = 'pending')"),
        ShownStatus::Processing => query.and("({open s} AND d.status = 'processing')"),
        ShownStatus::Due => query.and(
            "({open s} AND s.status = 'pending' AND d.status = 'pending'
              AND s.run_at <= {now})",
        ),
        ShownStatus::Stuck => query
            .and(
                "({open s} AND s.status = 'processing'
                  AND (s.lease_until < {now+ms}
                       OR (s.lease_until IS NULL AND s.locked_at < {now+ms})))",
            )
            .before(STUCK_AFTER)
            .before(FOREIGN_LOCK),
        ShownStatus::Published => query.and("d.status = 'published'"),
        ShownStatus::Failed => query.and("d.status = 'failed'"),
        ShownStatus::Cancelled => query.and("d.status = 'cancelled'"),
        ShownStatus::Unknown => query.and("{needs review}"),
        ShownStatus::Missed => query.and("(d.status = 'failed' AND d.error_code = 'missed')"),
    }
}
