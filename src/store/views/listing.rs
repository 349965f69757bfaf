//! Posts that meet a filter, page by page.

use chrono::{DateTime, Utc};

use crate::domain::{Page, Post, PostFilter, ShownStatus, Sort};

use crate::store::rows::{self, FOREIGN_LOCK, STUCK_AFTER};
use crate::store::sql::db::{Sql, sql};
use crate::store::{Store, StoreError, reading};

/// A page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub posts: Vec<Post>,
    /// How many posts meet the filter, all pages together.
    pub total: i64,
    /// Cursor for the next page; `None` at the end.
    pub next: Option<String>,
    /// Ids of rows that cannot be read as posts, with the reason.
    pub unreadable: Vec<String>,
    /// The database's clock.
    pub now: DateTime<Utc>,
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
        let now = tx.now().await?;
        let mut rows = tx.all(list_query(filter, page)?).await?;
        let more = page.limit.is_some_and(|limit| rows.len() > limit as usize);
        if more {
            rows.pop();
        }
        let total = match page.after {
            None if !more => rows.len() as i64,
            _ => tx.count(count_query(filter)).await?,
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
        Ok(Listing { posts, total, next, unreadable, now })
    }
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

/// The index of posts that ended.
const ENDED_INDEX: &str = "post_details_ended";

/// The index that finds the posts of these statuses, if few have them.
fn rare_index(filter: &PostFilter) -> Option<&'static str> {
    match filter.statuses.as_slice() {
        [] => None,
        [ShownStatus::Unknown] => Some("post_details_unknown"),
        some => some.iter().all(|status| is_rare(*status)).then_some(ENDED_INDEX),
    }
}

/// Where a listing begins. SQLite keeps to the order of a CROSS JOIN; the
/// others choose by their statistics.
fn tables(filter: &PostFilter, sort: Sort) -> String {
    if let Some(index) = rare_index(filter) {
        return format!("post_details d {{indexed by {index}}} CROSS JOIN post_schedule s");
    }
    let is_open = !filter.statuses.is_empty() && !filter.statuses.iter().any(|s| is_ended(*s));
    let few = filter.account_id.is_some() || filter.client_id.is_some();
    let join = match sort {
        _ if is_open => "CROSS JOIN",
        Sort::Created => "JOIN",
        _ if few => "JOIN",
        _ if filter.statuses.is_empty() => "{straight join}",
        _ => "CROSS JOIN",
    };
    let on = if join == "JOIN" { " ON d.id = s.post_detail_id" } else { "" };
    format!("post_schedule s {join} post_details d{on}")
}

/// How many posts meet a filter. What concerns only posts needs no jobs.
pub(crate) fn count_query(filter: &PostFilter) -> Sql {
    let of_posts = filter.statuses.iter().all(|status| is_ended(*status))
        && filter.since.is_none()
        && filter.until.is_none();
    if !of_posts {
        let tables = tables(filter, Sort::RunAt);
        let query = conditions(sql(format!("SELECT COUNT(*) FROM {tables}")), filter);
        return query.and(" AND d.id = s.post_detail_id");
    }
    let by = rare_index(filter).map(|index| format!("{{indexed by {index}}}")).unwrap_or_default();
    conditions(sql(format!("SELECT COUNT(*) FROM post_details d {by}")), filter)
}

/// The rows of a page, and one more.
pub(crate) fn list_query(filter: &PostFilter, page: &Page) -> Result<Sql, StoreError> {
    let start = rows::select_posts_from(&tables(filter, page.sort));
    let mut query = conditions(start, filter).and(" AND d.id = s.post_detail_id");
    let (key, direction) = match page.sort {
        Sort::RunAt => ("s.run_at", ""),
        Sort::RunAtDescending => ("s.run_at", " DESC"),
        Sort::Created => ("d.created_at", " DESC"),
    };
    let id = if page.sort == Sort::Created { "d.id" } else { "s.id" };
    if let Some(cursor) = &page.after {
        let last = uuid::Uuid::try_parse(cursor)
            .map_err(|_| StoreError::BadInput("this is not a cursor of a listing".to_owned()))?;
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
        query = query
            .and(&format!(
                " AND {key} {beyond}= {of_last} AND ({key} {beyond} {of_last} OR {id} {beyond} ?)"
            ))
            .id(last)
            .id(last)
            .id(last);
    }
    query = query.and(&format!(" ORDER BY {key}{direction}, {id}{direction}"));
    if let Some(limit) = page.limit {
        // One more than asked for shows whether there is a next page.
        query = query.and(" LIMIT ?").int(i64::from(limit) + 1);
    }
    Ok(query)
}

/// Turns a filter into the WHERE clause of a query over posts `d`, and jobs `s`
/// if their statuses or times are asked for.
fn conditions(query: Sql, filter: &PostFilter) -> Sql {
    let mut query = query.and(" WHERE d.company_id = ?").id(filter.company_id.uuid());
    if rare_index(filter) == Some(ENDED_INDEX) {
        // What each of the statuses implies, said so that the index is found.
        query = query.and(" AND {ended d} AND d.status IN ('failed', 'cancelled')");
    }
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
    if let Some(since) = filter.since {
        query = query.and(" AND s.run_at >= ?").time(since);
    }
    if let Some(until) = filter.until {
        query = query.and(" AND s.run_at < ?").time(until);
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
