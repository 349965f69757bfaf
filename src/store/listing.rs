//! Posts that meet a filter, page by page.

use chrono::{DateTime, Utc};

use crate::domain::{Page, Post, PostFilter, ShownStatus, Sort};

use super::db::{Sql, sql};
use super::load::{self, FOREIGN_LOCK, STUCK_AFTER};
use super::posts::now;
use super::{Store, StoreError};

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
    /// The database is away, or the cursor is not one of ours
    /// ([`StoreError::BadInput`]).
    pub async fn list_posts(
        &self,
        filter: &PostFilter,
        page: &Page,
    ) -> Result<Listing, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let now = now(&mut tx).await?;
        let count = sql("SELECT COUNT(*) FROM post_schedule s
                           JOIN post_details d ON d.id = s.post_detail_id");
        let total = tx.count(conditions(count, filter)).await?;
        let mut rows = tx.all(list_query(filter, page)?).await?;
        let more = page.limit.is_some_and(|limit| rows.len() > limit as usize);
        if more {
            rows.pop();
        }
        let next = match rows.last() {
            // What has no readable id is told on the next page once more.
            Some(_) if more => {
                let key = if page.sort == Sort::Created { "id" } else { "job_id" };
                rows.iter().rev().find_map(|row| row.id(key).ok()).map(|id| id.to_string())
            }
            _ => None,
        };
        let (mut posts, mut unreadable) = (Vec::new(), Vec::new());
        for row in &rows {
            match load::post(row) {
                Ok(post) => posts.push(post),
                Err(error) => unreadable.push(error.to_string()),
            }
        }
        Ok(Listing { posts, total, next, unreadable, now })
    }
}

/// The rows of a page, and one more.
pub(super) fn list_query(filter: &PostFilter, page: &Page) -> Result<Sql, StoreError> {
    let few = filter.account_id.is_some() || filter.client_id.is_some();
    let start = if page.sort == Sort::Created || few {
        load::select_posts()
    } else {
        // Of few statuses there are few posts, which MariaDB finds by them.
        load::select_posts_by_job(if filter.statuses.is_empty() { "{then}" } else { "CROSS JOIN" })
    };
    let mut query = conditions(start, filter);
    let (key, direction) = match page.sort {
        Sort::RunAt => ("s.run_at", ""),
        Sort::RunAtDescending => ("s.run_at", " DESC"),
        Sort::Created => ("d.created_at", " DESC"),
    };
    let id = if page.sort == Sort::Created { "d.id" } else { "s.id" };
    if let Some(cursor) = &page.after {
        let last = uuid::Uuid::try_parse(cursor)
            .map_err(|_| StoreError::BadInput("this is no cursor of a listing".to_owned()))?;
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
        // One more than asked tells whether there is a next page.
        query = query.and(" LIMIT ?").int(i64::from(limit) + 1);
    }
    Ok(query)
}

/// Turns a filter into the WHERE clause of a query over `s`, `d` and `a`.
fn conditions(query: Sql, filter: &PostFilter) -> Sql {
    let mut query = query
        .and(" WHERE d.id = s.post_detail_id AND d.company_id = ?")
        .id(filter.company_id.uuid());
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

/// The SQL of [`ShownStatus::of`]. Naming the open job states lets the small
/// index of open jobs serve the query.
fn status_condition(query: Sql, status: ShownStatus) -> Sql {
    match status {
        ShownStatus::Pending => {
            query.and("(s.status IN ('pending', 'processing') AND d.status = 'pending')")
        }
        ShownStatus::Processing => {
            query.and("(s.status IN ('pending', 'processing') AND d.status = 'processing')")
        }
        ShownStatus::Due => query.and(
            "(s.status IN ('pending', 'processing') AND s.status = 'pending'
              AND d.status = 'pending' AND s.run_at <= {now})",
        ),
        ShownStatus::Stuck => query
            .and(
                "(s.status IN ('pending', 'processing') AND s.status = 'processing'
                  AND (s.lease_until < {now+ms}
                       OR (s.lease_until IS NULL AND s.locked_at < {now+ms})))",
            )
            .before(STUCK_AFTER)
            .before(FOREIGN_LOCK),
        ShownStatus::Published => query.and("d.status = 'published'"),
        ShownStatus::Failed => query.and("d.status = 'failed'"),
        ShownStatus::Cancelled => query.and("d.status = 'cancelled'"),
        ShownStatus::Unknown => query.and(load::HELD),
        ShownStatus::Missed => query.and("(d.status = 'failed' AND d.error_code = 'missed')"),
    }
}
