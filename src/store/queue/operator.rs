//! What people do to stored posts: cancel, reschedule, retry.

use chrono::{DateTime, Utc};

use crate::domain::{
    CommentState, CompanyId, JobStatus, Outcome, Post, PostId, PostStatus, Transition,
};

use crate::store::queue::owned::Pair;
use crate::store::queue::transitions;
use crate::store::rows::find_post;
use crate::store::sql::db::{Tx, sql};
use crate::store::{Store, StoreError, transaction};

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
            let now = tx.now().await?;
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
    let pair = pair_of(&post);
    match post.status {
        // A lock of the old scheduler, which marks only the job.
        PostStatus::Pending if post.job_status == JobStatus::Processing => {
            request_cancel(tx, pair, reason).await
        }
        PostStatus::Cancelled => Ok(CancelAnswer::Already),
        PostStatus::Published | PostStatus::Failed => {
            Ok(CancelAnswer::Ended(post.status, post.external_post_id))
        }
        PostStatus::Processing => request_cancel(tx, pair, reason).await,
        PostStatus::Pending => {
            let open = tx
                .count(
                    sql("SELECT COUNT(*) FROM post_schedule s WHERE s.id = ? AND {open call}")
                        .id(post.job_id.uuid()),
                )
                .await?;
            if open > 0 {
                // Another program reset a job whose call may have gone out.
                return Ok(CancelAnswer::Ended(PostStatus::Processing, None));
            }
            transitions::cancel_pending(tx, &[pair], reason).await?;
            Ok(CancelAnswer::Cancelled)
        }
    }
}

async fn request_cancel(
    tx: &mut Tx,
    pair: Pair,
    reason: Option<&str>,
) -> Result<CancelAnswer, StoreError> {
    transitions::request_cancel(tx, &[pair], reason).await?;
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
        transitions::reopen(tx, Transition::Retry, &[pair_of(&post)]).await?;
    }
    Ok(Retried::Done)
}

pub(crate) fn pair_of(post: &Post) -> Pair {
    Pair { job: post.job_id, post: post.id }
}
