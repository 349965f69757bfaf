//! From rows to the words of the domain.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::{
    AccountId, ClientId, CompanyId, MediaItem, Only, Pause, Post, PostContent, PostId,
    SocialAccount,
};

use crate::store::StoreError;
use crate::store::sql::db::{Row, Sql, Tx, sql};

/// A claimed job counts as stuck this long after its lease ended: far more
/// than another worker needs to take it over.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(5 * 60);

/// Rows that another program locked have no lease: they are given up after
/// the old scheduler's ten minutes.
pub(crate) const FOREIGN_LOCK: Duration = Duration::from_secs(10 * 60);

/// The start of every query for [`post`]: posts `d` with job `s` and account `a`.
pub(crate) fn select_posts() -> Sql {
    select_posts_from("post_schedule s JOIN post_details d ON d.id = s.post_detail_id")
}

/// The same with the two tables joined so, for queries that know where to begin.
pub(crate) fn select_posts_from(tables: &str) -> Sql {
    sql(format!(
        "SELECT d.id AS id, s.id AS job_id, d.company_id AS company_id,
                d.social_account_id AS social_account_id, a.account_name AS account_name,
                d.assigned_client_id AS assigned_client_id, d.platform AS platform,
                d.post_type AS post_type, d.caption AS caption, d.media AS media, d.link AS link,
                d.first_comment AS first_comment, d.status AS status, s.status AS job_status,
                s.run_at AS run_at, s.next_attempt_at AS next_attempt_at, d.attempts AS attempts,
                s.max_attempts AS max_attempts, d.outcome AS outcome, d.error_code AS error_code,
                d.error_message AS error_message, d.external_post_id AS external_post_id,
                d.permalink AS permalink, d.published_at AS published_at,
                d.cancel_requested_at AS cancel_requested_at,
                d.first_comment_state AS first_comment_state,
                d.idempotency_key AS idempotency_key, s.worker_id AS worker_id,
                d.created_at AS created_at, d.content_hash AS content_hash, s.fence AS fence,
                CASE WHEN s.status = 'pending' AND s.run_at <= {{now}} THEN 1 ELSE 0 END AS due,
                CASE WHEN s.status = 'processing'
                      AND (s.lease_until < {{now+ms}}
                           OR (s.lease_until IS NULL AND s.locked_at < {{now+ms}}))
                     THEN 1 ELSE 0 END AS stuck
           FROM {tables}
           LEFT JOIN meta_social_accounts a ON a.id = d.social_account_id"
    ))
    .before(STUCK_AFTER)
    .before(FOREIGN_LOCK)
}

/// A post of a company, its rows locked for a change.
pub(crate) async fn find_post(
    tx: &mut Tx,
    company: CompanyId,
    id: PostId,
) -> Result<Option<Post>, StoreError> {
    Ok(find_posts(tx, company, &[id]).await?.remove(&id))
}

/// Those of these posts that are a company's, their rows locked for a change.
pub(crate) async fn find_posts(
    tx: &mut Tx,
    company: CompanyId,
    ids: &[PostId],
) -> Result<HashMap<PostId, Post>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = || ids.iter().map(|id| id.uuid());
    // The job before the post, as everywhere. The account not at all: MariaDB
    // would lock it with the others' join, and gates begin with the account.
    let jobs = sql("SELECT s.id AS id FROM post_schedule s WHERE s.post_detail_id IN ")
        .ids(ids())
        .and(" ORDER BY s.id {lock s}");
    tx.all(jobs).await?;
    let posts = sql("SELECT d.id AS id FROM post_details d WHERE d.company_id = ? AND d.id IN ")
        .id(company.uuid())
        .ids(ids())
        .and(" ORDER BY d.id {lock d}");
    tx.all(posts).await?;
    let query =
        select_posts().and(" WHERE d.company_id = ? AND d.id IN ").id(company.uuid()).ids(ids());
    let posts = tx.all(query).await?;
    posts.iter().map(|row| post(row).map(|post| (post.id, post))).collect()
}

/// Restricts a query over posts `d` to those a worker serves.
pub(crate) fn only(mut query: Sql, only: &Only) -> Sql {
    if let Some(platform) = only.platform {
        query = query.and(" AND d.platform = ?").text(platform.as_str());
    }
    if let Some(account) = only.account {
        query = query.and(" AND d.social_account_id = ?").id(account.uuid());
    }
    query
}

/// A post as listings show it.
pub(crate) fn post(row: &Row) -> Result<Post, StoreError> {
    Ok(Post {
        id: row.post("id")?,
        job_id: row.job("job_id")?,
        company_id: CompanyId::from_uuid(row.id("company_id")?),
        account_id: AccountId::from_uuid(row.id("social_account_id")?),
        account_name: row.opt_lossy("account_name")?.unwrap_or_default(),
        client_id: row.opt_int("assigned_client_id")?.map(ClientId),
        content: content(row)?,
        status: row.word("status")?,
        job_status: row.word("job_status")?,
        run_at: row.time("run_at")?,
        next_attempt_at: row.opt_time("next_attempt_at")?,
        attempts: count(row, "attempts")?,
        max_attempts: count(row, "max_attempts")?,
        outcome: row.opt_word("outcome")?,
        error_code: row.opt_text("error_code")?,
        error_message: row.opt_lossy("error_message")?,
        external_post_id: row.opt_text("external_post_id")?,
        permalink: row.opt_lossy("permalink")?,
        published_at: row.opt_time("published_at")?,
        cancel_requested_at: row.opt_time("cancel_requested_at")?,
        comment_state: row.opt_word("first_comment_state")?,
        idempotency_key: row.opt_text("idempotency_key")?,
        worker_id: row.opt_lossy("worker_id")?,
        created_at: row.time("created_at")?,
        due: row.flag("due")?,
        stuck: row.flag("stuck")?,
    })
}

/// What is to be published. Strict: content that cannot be read whole is not
/// published in part.
pub(crate) fn content(row: &Row) -> Result<PostContent, StoreError> {
    let media = match row.opt_json("media")? {
        None => Vec::new(),
        Some(json) => serde_json::from_value::<Vec<MediaItem>>(json).map_err(|error| {
            row.wrong("media", format!("is not a list of {{\"url\", \"type\"}}: {error}"))
        })?,
    };
    Ok(PostContent {
        platform: row.word("platform")?,
        post_type: row.word("post_type")?,
        caption: row.opt_text("caption")?.unwrap_or_default(),
        media,
        link: row.opt_text("link")?,
        first_comment: row.opt_text("first_comment")?,
    })
}

/// The start of every query for [`account`].
pub(crate) const SELECT_ACCOUNTS: &str =
    "SELECT a.id AS id, a.company_id AS company_id, a.platform AS platform,
            a.account_name AS account_name, a.external_id AS external_id,
            a.instagram_business_id AS instagram_business_id,
            a.assigned_client_id AS assigned_client_id, a.token_ref AS token_ref,
            a.publish_mode AS publish_mode,
            a.is_added AS is_added, a.paused_at AS paused_at, a.paused_until AS paused_until,
            a.pause_reason AS pause_reason,
            CASE WHEN a.paused_until <= {now} THEN 1 ELSE 0 END AS pause_is_over
       FROM meta_social_accounts a";

/// Those of these accounts that can be read: one row of another program must
/// not hide the others.
pub(crate) fn accounts(rows: &[Row]) -> Vec<SocialAccount> {
    let mut accounts = Vec::with_capacity(rows.len());
    for row in rows {
        match account(row) {
            Ok(account) => accounts.push(account),
            Err(error) => {
                tracing::warn!(%error, "an account is skipped");
                continue;
            }
        }
        for error in ["paused_at", "paused_until"].iter().filter_map(|at| row.opt_time(at).err()) {
            let error = error.in_row(ACCOUNTS, name_of(row));
            tracing::warn!(%error, "the pause of an account cannot be read");
        }
    }
    accounts
}

const ACCOUNTS: &str = "meta_social_accounts";

fn name_of(row: &Row) -> String {
    format!("account {}", row.opt_lossy("id").ok().flatten().unwrap_or_default())
}

/// A pause whose times cannot be read is no fault of the account's posts: whether
/// it lasts is the database's word, as in every query.
pub(crate) fn account(row: &Row) -> Result<SocialAccount, StoreError> {
    read_account(row).map_err(|error| error.in_row(ACCOUNTS, name_of(row)))
}

fn read_account(row: &Row) -> Result<SocialAccount, StoreError> {
    let external_id = match row.opt_text("external_id")? {
        Some(id) => id,
        // A row of the seed's application.
        None => row.opt_text("instagram_business_id")?.unwrap_or_default(),
    };
    // Never its value: it may be a token by mistake.
    let bad = |error: crate::domain::BadTokenRef| row.wrong("token_ref", error);
    let token_ref =
        row.opt_lossy("token_ref")?.map(|text| text.parse()).transpose().map_err(bad)?;
    let pause = (row.is_set("paused_at")? && !row.flag("pause_is_over")?).then(|| Pause {
        reason: row.opt_lossy("pause_reason").ok().flatten().unwrap_or_default(),
        until: row.opt_time("paused_until").ok().flatten(),
    });
    Ok(SocialAccount {
        id: AccountId::from_uuid(row.id("id")?),
        company_id: CompanyId::from_uuid(row.id("company_id")?),
        platform: row.word("platform")?,
        name: row.opt_lossy("account_name")?.unwrap_or_default(),
        external_id,
        client_id: row.opt_int("assigned_client_id")?.map(ClientId),
        token_ref,
        is_added: row.flag("is_added")?,
        pause,
        publish_mode: row.opt_word("publish_mode")?,
    })
}

pub(crate) fn count(row: &Row, column: &'static str) -> Result<u32, StoreError> {
    let count = row.opt_int(column)?.unwrap_or(0);
    u32::try_from(count).map_err(|_| row.wrong(column, format!("{count} is out of range")))
}
