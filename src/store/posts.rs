//! Posts as people handle them: store, find, list, cancel, reschedule, retry.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::{
    CompanyId, JobStatus, LogEntry, NewPost, Page, Post, PostFilter, PostId, PostStatus,
    ShownStatus, Sort,
};

use super::db::{Sql, Tx, sql};
use super::load::{self, FOREIGN_LOCK, OPEN_INTENT, STUCK_AFTER, find_post};
use super::{Store, StoreError, log, transaction};

/// The same content on the same account within this time of another post is a duplicate.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// What came of storing a post.
#[derive(Debug, Clone, PartialEq)]
pub enum Inserted {
    /// Stored now; or could be, in a dry run.
    New { run_at: DateTime<Utc>, now: DateTime<Utc> },
    /// The idempotency key is known with the same content: this is that post.
    Known(Box<Post>),
    /// The idempotency key is known with other content.
    KeyUsed { existing: PostId },
    /// Another pending or published post says the same at about the same time.
    Duplicate { existing: PostId, status: PostStatus, run_at: DateTime<Utc> },
    /// The account is not one of the company's, or was removed.
    NoAccount,
    /// The time is not after the database's clock.
    Past { now: DateTime<Utc> },
}

/// What an id or its prefix names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    One(T),
    None,
    /// Too short to be clear; the first few matches.
    Many(Vec<T>),
}

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

/// What came of asking for a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    Cancelled,
    Already,
    /// A worker is at it: honoured unless the publish call has gone out.
    Asked,
    /// Ended otherwise; with the id at the platform when it is live.
    Ended(PostStatus, Option<String>),
    NotFound,
}

/// What came of asking for another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rescheduled {
    Done { was: DateTime<Utc>, run_at: DateTime<Utc>, now: DateTime<Utc> },
    NotPending(PostStatus),
    Past { now: DateTime<Utc> },
    NotFound,
}

/// What came of asking for a failed post to be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retried {
    Done,
    /// Its account was removed.
    NoAccount,
    /// Nobody knows whether it went out: that is `recover`'s business.
    UnknownOutcome,
    NotFailed(PostStatus),
    NotFound,
}

impl Store {
    /// The database's clock.
    ///
    /// # Errors
    /// The database is away.
    pub async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        now(&mut tx).await
    }

    /// Stores a post with its job, or says why not. With `dry_run`
    /// everything is checked and nothing stored.
    ///
    /// # Errors
    /// The database is away. A lost answer to COMMIT is settled by reading again, or told.
    pub async fn insert_post(
        &self,
        post: &NewPost,
        allow_duplicate: bool,
        dry_run: bool,
    ) -> Result<Inserted, StoreError> {
        let result = transaction!(self, tx, {
            let checked = check_new(tx, post, allow_duplicate).await?;
            if let (Inserted::New { run_at, .. }, false) = (&checked, dry_run) {
                insert(tx, post, *run_at).await?;
            }
            checked
        });
        let result = match result {
            // Another process stored the same key or id at the same instant: look again.
            Err(StoreError::Constraint(_)) => {
                transaction!(self, tx, { check_new(tx, post, allow_duplicate).await? })
            }
            other => other,
        };
        let Err(StoreError::CommitLost(_)) = &result else { return result };
        match self.post(post.company_id, post.post_id).await {
            Ok(Some(stored)) => Ok(Inserted::New { run_at: stored.run_at, now: stored.created_at }),
            Ok(None) | Err(_) => result,
        }
    }

    /// One post of a company.
    ///
    /// # Errors
    /// The database is away, or the row holds what no row may hold.
    pub async fn post(&self, company: CompanyId, id: PostId) -> Result<Option<Post>, StoreError> {
        let post = self.post_of_any_company(id).await?;
        Ok(post.filter(|post| post.company_id == company))
    }

    /// One post, for a worker, which serves all companies.
    ///
    /// # Errors
    /// The database is away, or the row holds what no row may hold.
    pub async fn post_of_any_company(&self, id: PostId) -> Result<Option<Post>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let query = load::select_posts().and(" WHERE d.id = ?").id(id.uuid());
        tx.first(query).await?.as_ref().map(load::post).transpose()
    }

    /// Everything done at the platform for a post, oldest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn history(&self, post: &Post) -> Result<Vec<LogEntry>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        log::history(&mut tx, post.job_id).await
    }

    /// The post that an id or its beginning names. `prefix` holds only
    /// hexadecimal digits and hyphens.
    ///
    /// # Errors
    /// The database is away.
    pub async fn find_post(
        &self,
        company: CompanyId,
        prefix: &str,
    ) -> Result<Found<PostId>, StoreError> {
        let mut tx = self.pool.begin_read().await?;
        let Some((first, last)) = id_range(prefix) else { return Ok(Found::None) };
        let rows = tx
            .all(
                sql("SELECT id FROM post_details WHERE company_id = ? AND id >= ? AND id <= ?
                      ORDER BY id LIMIT 6")
                .id(company.uuid())
                .id(first)
                .id(last),
            )
            .await?;
        let mut ids =
            rows.iter().map(|row| row.post("id")).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(match ids.len() {
            0 => Found::None,
            1 => Found::One(ids.remove(0)),
            _ => Found::Many(ids),
        })
    }

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

    /// Cancels posts that nobody has begun, and asks for those that are being
    /// worked on. One transaction; each post has its own answer.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn cancel_posts(
        &self,
        company: CompanyId,
        ids: &[PostId],
        reason: Option<&str>,
    ) -> Result<Vec<CancelAnswer>, StoreError> {
        transaction!(self, tx, {
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                answers.push(cancel(tx, company, *id, reason).await?);
            }
            answers
        })
    }

    /// Moves a pending post to another time; `None` means now.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn reschedule_post(
        &self,
        company: CompanyId,
        id: PostId,
        run_at: Option<DateTime<Utc>>,
        dry_run: bool,
    ) -> Result<Rescheduled, StoreError> {
        transaction!(self, tx, {
            let now = now(tx).await?;
            let at = run_at.unwrap_or(now);
            match find_post(tx, company, id).await? {
                None => Rescheduled::NotFound,
                Some(_) if run_at.is_some_and(|at| at <= now) => Rescheduled::Past { now },
                Some(post) if post.status != PostStatus::Pending => {
                    Rescheduled::NotPending(post.status)
                }
                // Another program's worker is at it; it marks only the job.
                Some(post) if post.job_status != JobStatus::Pending => {
                    Rescheduled::NotPending(PostStatus::Processing)
                }
                Some(post) => {
                    if !dry_run {
                        tx.execute_one(
                            "reschedule",
                            sql("UPDATE post_schedule SET run_at = ?, next_attempt_at = NULL,
                                        updated_at = {now}
                                  WHERE id = ? AND status = 'pending'")
                            .time(at)
                            .id(post.job_id.uuid()),
                        )
                        .await?;
                    }
                    Rescheduled::Done { was: post.run_at, run_at: at, now }
                }
            }
        })
    }

    /// Gives failed posts that provably are not live three more attempts, due now.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn retry_posts(
        &self,
        company: CompanyId,
        ids: &[PostId],
        dry_run: bool,
    ) -> Result<Vec<Retried>, StoreError> {
        transaction!(self, tx, {
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                answers.push(retry(tx, company, *id, dry_run).await?);
            }
            answers
        })
    }
}

/// The first and the last id that begin like `prefix`.
fn id_range(prefix: &str) -> Option<(uuid::Uuid, uuid::Uuid)> {
    let digits: String = prefix.chars().filter(|c| *c != '-').collect();
    let fill = |digit: &str| {
        let rest = 32_usize.checked_sub(digits.len())?;
        uuid::Uuid::try_parse(&(digits.clone() + &digit.repeat(rest))).ok()
    };
    Some((fill("0")?, fill("f")?))
}

pub(super) async fn now(tx: &mut Tx) -> Result<DateTime<Utc>, StoreError> {
    match tx.first(sql("SELECT {now} AS now")).await? {
        Some(row) => row.time("now"),
        None => Err(StoreError::Statement("the database told no time".to_owned())),
    }
}

async fn check_new(
    tx: &mut Tx,
    post: &NewPost,
    allow_duplicate: bool,
) -> Result<Inserted, StoreError> {
    // One by one on an account: two could else both find no other post like them.
    let account = tx
        .first(
            sql("SELECT a.id AS id FROM meta_social_accounts a
                  WHERE a.id = ? AND a.company_id = ? AND a.platform = ? AND a.is_added = 1 {lock a}")
            .id(post.account_id.uuid())
            .id(post.company_id.uuid())
            .text(post.content.platform.as_str()),
        )
        .await?;
    if let Some(key) = &post.idempotency_key {
        let known = load::select_posts()
            .and(" WHERE d.company_id = ? AND d.idempotency_key = ?")
            .id(post.company_id.uuid())
            .text(key.clone());
        if let Some(row) = tx.first(known).await? {
            let same = row.opt_text("content_hash")?.as_deref() == Some(&post.content_hash);
            let known = load::post(&row)?;
            return Ok(if same {
                Inserted::Known(Box::new(known))
            } else {
                Inserted::KeyUsed { existing: known.id }
            });
        }
    }
    if account.is_none() {
        return Ok(Inserted::NoAccount);
    }
    let now = now(tx).await?;
    let run_at = post.run_at.unwrap_or(now);
    if post.run_at.is_some() && run_at <= now {
        return Ok(Inserted::Past { now });
    }
    if !allow_duplicate {
        let window = chrono::Duration::from_std(DUPLICATE_WINDOW).unwrap_or_default();
        let twin = tx
            .first(
                sql("SELECT d.id AS id, d.status AS status, s.run_at AS run_at
                       FROM post_details d JOIN post_schedule s ON s.post_detail_id = d.id
                      WHERE d.content_hash = ? AND d.social_account_id = ?
                        AND (d.status IN ('pending', 'processing', 'published')
                             OR d.outcome = 'unknown')
                        AND s.run_at > ? AND s.run_at < ?
                      ORDER BY s.run_at LIMIT 1")
                .text(post.content_hash.clone())
                .id(post.account_id.uuid())
                .time(run_at - window)
                .time(run_at + window),
            )
            .await?;
        if let Some(row) = twin {
            return Ok(Inserted::Duplicate {
                existing: row.post("id")?,
                status: row.word("status")?,
                run_at: row.time("run_at")?,
            });
        }
    }
    Ok(Inserted::New { run_at, now })
}

async fn insert(tx: &mut Tx, post: &NewPost, run_at: DateTime<Utc>) -> Result<(), StoreError> {
    let content = &post.content;
    let media = serde_json::to_value(&content.media)
        .map_err(|error| StoreError::Statement(error.to_string()))?;
    tx.execute_one(
        "insert post",
        sql("INSERT INTO post_details
               (id, company_id, assigned_client_id, social_account_id, platform, post_type,
                caption, media, link, first_comment, idempotency_key, content_hash,
                status, attempts, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, {now}, {now})")
        .id(post.post_id.uuid())
        .id(post.company_id.uuid())
        .opt_int(post.client_id.map(|id| id.0))
        .id(post.account_id.uuid())
        .text(content.platform.as_str())
        .text(content.post_type.as_str())
        .text(content.caption.clone())
        .opt_json(Some(media))
        .opt_text(content.link.clone())
        .opt_text(content.first_comment.clone())
        .opt_text(post.idempotency_key.clone())
        .text(post.content_hash.clone()),
    )
    .await?;
    tx.execute_one(
        "insert job",
        sql("INSERT INTO post_schedule
               (id, post_detail_id, run_at, status, attempts, max_attempts, created_at, updated_at)
             VALUES (?, ?, ?, 'pending', 0, ?, {now}, {now})")
        .id(post.job_id.uuid())
        .id(post.post_id.uuid())
        .time(run_at)
        .int(i64::from(post.max_attempts)),
    )
    .await
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

async fn cancel(
    tx: &mut Tx,
    company: CompanyId,
    id: PostId,
    reason: Option<&str>,
) -> Result<CancelAnswer, StoreError> {
    let Some(post) = find_post(tx, company, id).await? else {
        return Ok(CancelAnswer::NotFound);
    };
    match post.status {
        // A lock of the old scheduler, which marks only the job.
        PostStatus::Pending if post.job_status == JobStatus::Processing => {
            wish_cancelled(tx, post.id, reason).await
        }
        PostStatus::Cancelled => Ok(CancelAnswer::Already),
        PostStatus::Published | PostStatus::Failed => {
            Ok(CancelAnswer::Ended(post.status, post.external_post_id))
        }
        PostStatus::Processing => wish_cancelled(tx, post.id, reason).await,
        PostStatus::Pending => {
            let open = tx
                .count(
                    sql(format!(
                        "SELECT COUNT(*) FROM post_schedule s WHERE s.id = ? AND {OPEN_INTENT}"
                    ))
                    .id(post.job_id.uuid()),
                )
                .await?;
            if open > 0 {
                // Another program reset a job whose call may have gone out.
                return Ok(CancelAnswer::Ended(PostStatus::Processing, None));
            }
            tx.execute_one(
                "cancel job",
                sql("UPDATE post_schedule
                        SET status = 'done', next_attempt_at = NULL, locked_at = NULL,
                            worker_id = NULL, updated_at = {now}
                      WHERE id = ? AND status <> 'processing'")
                .id(post.job_id.uuid()),
            )
            .await?;
            let leftovers = log::has_artifacts(tx, post.job_id).await?;
            tx.execute_one(
                "cancel post",
                sql("UPDATE post_details
                        SET status = 'cancelled', cancel_reason = ?, leftovers = ?,
                            updated_at = {now}
                      WHERE id = ? AND status = 'pending'")
                .opt_text(reason.map(str::to_owned))
                .int(leftovers)
                .id(post.id.uuid()),
            )
            .await?;
            Ok(CancelAnswer::Cancelled)
        }
    }
}

/// Asks whoever works on a post to cancel it (T13). The first wish stays.
async fn wish_cancelled(
    tx: &mut Tx,
    id: PostId,
    reason: Option<&str>,
) -> Result<CancelAnswer, StoreError> {
    tx.execute(
        sql("UPDATE post_details
                SET status = 'processing', cancel_requested_at = {now}, cancel_reason = ?
              WHERE id = ? AND status IN ('pending', 'processing')
                AND cancel_requested_at IS NULL")
        .opt_text(reason.map(str::to_owned))
        .id(id.uuid()),
    )
    .await?;
    Ok(CancelAnswer::Asked)
}

async fn retry(
    tx: &mut Tx,
    company: CompanyId,
    id: PostId,
    dry_run: bool,
) -> Result<Retried, StoreError> {
    let Some(post) = find_post(tx, company, id).await? else { return Ok(Retried::NotFound) };
    if post.status != PostStatus::Failed {
        return Ok(Retried::NotFailed(post.status));
    }
    if post.outcome == Some(crate::domain::Outcome::Unknown) {
        return Ok(Retried::UnknownOutcome);
    }
    let account = tx
        .count(
            sql("SELECT COUNT(*) FROM meta_social_accounts WHERE id = ? AND is_added = 1")
                .id(post.account_id.uuid()),
        )
        .await?;
    if account == 0 {
        return Ok(Retried::NoAccount);
    }
    if !dry_run {
        reopen(tx, &post).await?;
    }
    Ok(Retried::Done)
}

/// Puts a failed post that is not live back into the queue, due now.
pub(super) async fn reopen(tx: &mut Tx, post: &Post) -> Result<(), StoreError> {
    tx.execute_one(
        "reopen job",
        sql("UPDATE post_schedule
                SET status = 'pending', run_at = {now}, next_attempt_at = NULL, locked_at = NULL,
                    worker_id = NULL, max_attempts = attempts + 3, error_message = NULL,
                    updated_at = {now}
              WHERE id = ? AND status = 'failed'")
        .id(post.job_id.uuid()),
    )
    .await?;
    tx.execute_one(
        "reopen post",
        sql("UPDATE post_details
                SET status = 'pending', outcome = NULL, error_code = NULL, error_message = NULL,
                    cancel_requested_at = NULL,
                    attempts = (SELECT attempts FROM post_schedule WHERE post_detail_id = post_details.id),
                    updated_at = {now}
              WHERE id = ? AND status = 'failed'")
        .id(post.id.uuid()),
    )
    .await
}

/// Cancels a failed post that is not live and that somebody had asked to be cancelled.
pub(super) async fn cancel_failed(tx: &mut Tx, post: &Post) -> Result<(), StoreError> {
    tx.execute_one(
        "end job of cancelled post",
        sql("UPDATE post_schedule SET status = 'done', updated_at = {now}
              WHERE id = ? AND status = 'failed'")
        .id(post.job_id.uuid()),
    )
    .await?;
    let leftovers = log::has_artifacts(tx, post.job_id).await?;
    tx.execute_one(
        "cancel failed post",
        sql("UPDATE post_details
                SET status = 'cancelled', outcome = NULL, leftovers = ?, updated_at = {now}
              WHERE id = ? AND status = 'failed'")
        .int(leftovers)
        .id(post.id.uuid()),
    )
    .await
}
