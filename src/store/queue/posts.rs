//! Posts as people hand them in, and single ones looked up.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{CompanyId, JobId, NewPost, Post, PostId, PostStatus};

use crate::store::queue::history;
use crate::store::rows;
use crate::store::sql::db::{Sql, Tx, sql};
use crate::store::{History, Store, StoreError, reading, transaction};

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

impl Store {
    /// Stores a post with its job, or says why not. With `dry_run`
    /// everything is checked and nothing stored.
    ///
    /// # Errors
    /// The database is away. A lost answer to COMMIT is settled by reading again, or reported.
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
        let mut tx = reading!(self).await?;
        let query = rows::select_posts().and(" WHERE d.id = ?").id(id.uuid());
        tx.first(query).await?.as_ref().map(rows::post).transpose()
    }

    /// Everything done at the platform for a post.
    ///
    /// # Errors
    /// The database is away.
    pub async fn history(&self, job: JobId) -> Result<History, StoreError> {
        let mut tx = reading!(self).await?;
        history::history(&mut tx, job).await
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
        let mut tx = reading!(self).await?;
        let Some((first, last)) = id_range(prefix) else { return Ok(Found::None) };
        let rows = tx.all(between_query(company, first, last)).await?;
        // What is no UUID is not named by the beginning of one.
        let mut ids: Vec<PostId> = rows.iter().filter_map(|row| row.post("id").ok()).collect();
        Ok(match ids.len() {
            0 => Found::None,
            1 => Found::One(ids.remove(0)),
            _ => Found::Many(ids),
        })
    }
}

/// The first posts of a company from an id to another: by the ids, and not by the company,
/// all of whose posts SQLite would read.
pub(crate) fn between_query(company: CompanyId, first: Uuid, last: Uuid) -> Sql {
    sql("SELECT id FROM post_details
          WHERE id >= ? AND id <= ? AND CASE WHEN company_id = ? THEN 1 END IS NOT NULL
          ORDER BY id LIMIT 6")
    .id(first)
    .id(last)
    .id(company.uuid())
}

/// The first and the last id that begin like `prefix`.
fn id_range(prefix: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = prefix.chars().filter(|c| *c != '-').collect();
    let fill = |digit: &str| {
        let rest = 32_usize.checked_sub(digits.len())?;
        Uuid::try_parse(&(digits.clone() + &digit.repeat(rest))).ok()
    };
    Some((fill("0")?, fill("f")?))
}

async fn check_new(
    tx: &mut Tx,
    post: &NewPost,
    allow_duplicate: bool,
) -> Result<Inserted, StoreError> {
    // One by one on an account: two could else both find no other post like them.
    let account = tx
        .first(
            sql("SELECT {now} AS now FROM meta_social_accounts a
                  WHERE a.id = ? AND a.company_id = ? AND a.platform = ? AND a.is_added = 1 {lock a}")
            .id(post.account_id.uuid())
            .id(post.company_id.uuid())
            .text(post.content.platform.as_str()),
        )
        .await?;
    if let Some(key) = &post.idempotency_key {
        let known = rows::select_posts()
            .and(" WHERE d.company_id = ? AND d.idempotency_key = ?")
            .id(post.company_id.uuid())
            .text(key.clone());
        if let Some(row) = tx.first(known).await? {
            let same = row.opt_text("content_hash")?.as_deref() == Some(&post.content_hash);
            let known = rows::post(&row)?;
            return Ok(if same {
                Inserted::Known(Box::new(known))
            } else {
                Inserted::KeyUsed { existing: known.id }
            });
        }
    }
    let Some(account) = account else { return Ok(Inserted::NoAccount) };
    let now = account.time("now")?;
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
               (id, post_detail_id, account_id, run_at, status, attempts, max_attempts,
                created_at, updated_at)
             VALUES (?, ?, ?, ?, 'pending', 0, ?, {now}, {now})")
        .id(post.job_id.uuid())
        .id(post.post_id.uuid())
        .id(post.account_id.uuid())
        .time(run_at)
        .int(i64::from(post.max_attempts)),
    )
    .await
}
