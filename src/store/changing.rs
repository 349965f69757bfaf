//! What people do to stored posts: cancel, reschedule, retry.

use chrono::{DateTime, Utc};

use crate::domain::{CommentState, CompanyId, JobStatus, Outcome, Post, PostId, PostStatus};

use super::db::{Tx, sql};
use super::load::{OPEN_INTENT, find_post};
use super::posts::now;
use super::settle::CleanUp;
use super::{Store, StoreError, transaction};

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
    /// It has no first comment, or is not published.
    NoComment,
    /// Its first comment is there, or will be sent anyway.
    CommentIs(CommentState),
    NotFound,
}

impl Store {
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

impl Store {
    /// Lets first comments be sent again that failed, or of which nobody can tell
    /// whether they are there: that is a person's decision. Where the platform
    /// can be asked, it is asked before anything is sent.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn retry_comments(
        &self,
        company: CompanyId,
        ids: &[PostId],
        dry_run: bool,
    ) -> Result<Vec<Retried>, StoreError> {
        transaction!(self, tx, {
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                answers.push(retry_comment(tx, company, *id, dry_run).await?);
            }
            answers
        })
    }
}

async fn retry_comment(
    tx: &mut Tx,
    company: CompanyId,
    id: PostId,
    dry_run: bool,
) -> Result<Retried, StoreError> {
    let Some(post) = find_post(tx, company, id).await? else { return Ok(Retried::NotFound) };
    match post.comment_state {
        _ if post.status != PostStatus::Published => Ok(Retried::NoComment),
        None => Ok(Retried::NoComment),
        Some(state @ (CommentState::Pending | CommentState::Sending | CommentState::Sent)) => {
            Ok(Retried::CommentIs(state))
        }
        Some(CommentState::Failed | CommentState::Unknown) => {
            if !dry_run {
                tx.execute_one(
                    "send first comment again",
                    sql("UPDATE post_details
                            SET first_comment_state = 'pending', follow_up_at = {now},
                                updated_at = {now}
                          WHERE id = ? AND status = 'published'
                            AND first_comment_state IN ('failed', 'unknown')")
                    .id(id.uuid()),
                )
                .await?;
            }
            Ok(Retried::Done)
        }
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
            let clean_up = CleanUp::of(tx, post.job_id).await?;
            tx.execute_one(
                "cancel post",
                sql("UPDATE post_details
                        SET status = 'cancelled', cancel_reason = ?, updated_at = {now}, ")
                .opt_text(reason.map(str::to_owned))
                .and_clean_up(clean_up)
                .and(" WHERE id = ? AND status = 'pending'")
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
              WHERE id = ? AND {open} AND cancel_requested_at IS NULL")
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
    if post.outcome == Some(Outcome::Unknown) {
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
                    cancel_requested_at = NULL, first_comment_state = NULL,
                    leftovers = 0, follow_up_at = NULL,
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
    let clean_up = CleanUp::of(tx, post.job_id).await?;
    tx.execute_one(
        "cancel failed post",
        sql("UPDATE post_details
                SET status = 'cancelled', outcome = NULL, updated_at = {now}, ")
        .and_clean_up(clean_up)
        .and(" WHERE id = ? AND status = 'failed'")
        .id(post.id.uuid()),
    )
    .await
}
