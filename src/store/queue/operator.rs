//! What people do to stored posts: cancel, reschedule, retry.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::domain::{
    AccountId, CommentState, CompanyId, JobId, JobStatus, Outcome, Post, PostId, PostStatus,
    Transition,
};

use crate::store::queue::owned::Pair;
use crate::store::queue::transitions;
use crate::store::rows::{find_post, find_posts};
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
    /// Cancels posts that no worker has begun, and asks for those that are being
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
            let posts = find_posts(tx, company, ids).await?;
            let pending = posts.values().filter(|post| post.status == PostStatus::Pending);
            let in_call = in_call(tx, &pending.map(|post| post.job_id).collect::<Vec<_>>()).await?;
            let (mut cancelled, mut requested) = (BTreeSet::new(), BTreeSet::new());
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                let Some(post) = posts.get(id) else {
                    answers.push(CancelAnswer::NotFound);
                    continue;
                };
                let answer = match answer_cancel(post, in_call.contains(&post.job_id)) {
                    // Named twice.
                    CancelAnswer::Cancelled if !cancelled.insert(*id) => CancelAnswer::Already,
                    CancelAnswer::Asked => {
                        requested.insert(*id);
                        CancelAnswer::Asked
                    }
                    other => other,
                };
                answers.push(answer);
            }
            let pairs = |ids: &BTreeSet<PostId>| -> Vec<Pair> {
                ids.iter().filter_map(|id| posts.get(id)).map(pair_of).collect()
            };
            transitions::cancel_pending(tx, &pairs(&cancelled), reason).await?;
            transitions::request_cancel(tx, &pairs(&requested), reason).await?;
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
                        tx.change(
                            Transition::Reschedule,
                            1,
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
            let posts = find_posts(tx, company, ids).await?;
            let accounts = added_accounts(tx, &posts).await?;
            let mut reopened = BTreeSet::new();
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                answers.push(match posts.get(id) {
                    None => Retried::NotFound,
                    // Named twice.
                    Some(_) if reopened.contains(id) => Retried::NotFailed(PostStatus::Pending),
                    Some(post) => answer_retry(post, accounts.contains(&post.account_id)),
                });
                if !dry_run && answers.last() == Some(&Retried::Done) {
                    reopened.insert(*id);
                }
            }
            let pairs: Vec<Pair> =
                reopened.iter().filter_map(|id| posts.get(id)).map(pair_of).collect();
            transitions::reopen(tx, Transition::Retry, &pairs).await?;
            answers
        })
    }
}

impl Store {
    /// Lets first comments be sent again that failed, or of which it is unknown
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
            let posts = find_posts(tx, company, ids).await?;
            let mut sent_again = BTreeSet::new();
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                answers.push(match posts.get(id) {
                    None => Retried::NotFound,
                    // Named twice.
                    Some(_) if sent_again.contains(id) => Retried::CommentIs(CommentState::Pending),
                    Some(post) => answer_retry_comment(post),
                });
                if !dry_run && answers.last() == Some(&Retried::Done) {
                    sent_again.insert(*id);
                }
            }
            if !sent_again.is_empty() {
                tx.execute_exactly(
                    "send first comments again",
                    sent_again.len(),
                    sql("UPDATE post_details
                            SET first_comment_state = 'pending', follow_up_at = {now},
                                updated_at = {now}
                          WHERE status = 'published'
                            AND first_comment_state IN ('failed', 'unknown') AND id IN ")
                    .ids(sent_again.iter().map(|id| id.uuid())),
                )
                .await?;
            }
            answers
        })
    }
}

fn answer_retry_comment(post: &Post) -> Retried {
    match post.comment_state {
        _ if post.status != PostStatus::Published => Retried::NoComment,
        None => Retried::NoComment,
        Some(state @ (CommentState::Pending | CommentState::Sending | CommentState::Sent)) => {
            Retried::CommentIs(state)
        }
        Some(CommentState::Failed | CommentState::Unknown) => Retried::Done,
    }
}

/// What a request to cancel a post comes to.
fn answer_cancel(post: &Post, is_in_call: bool) -> CancelAnswer {
    match post.status {
        // A lock of the old scheduler, which marks only the job.
        PostStatus::Pending if post.job_status == JobStatus::Processing => CancelAnswer::Asked,
        // Another program reset a job whose call may have gone out.
        PostStatus::Pending if is_in_call => CancelAnswer::Ended(PostStatus::Processing, None),
        PostStatus::Pending => CancelAnswer::Cancelled,
        PostStatus::Processing => CancelAnswer::Asked,
        PostStatus::Cancelled => CancelAnswer::Already,
        PostStatus::Published | PostStatus::Failed => {
            CancelAnswer::Ended(post.status, post.external_post_id.clone())
        }
    }
}

/// Those of these jobs of which a call is open.
async fn in_call(tx: &mut Tx, jobs: &[JobId]) -> Result<HashSet<JobId>, StoreError> {
    if jobs.is_empty() {
        return Ok(HashSet::new());
    }
    let query = sql("SELECT s.id AS job_id FROM post_schedule s WHERE {open call} AND s.id IN ")
        .ids(jobs.iter().map(|job| job.uuid()));
    tx.all(query).await?.iter().map(|row| row.job("job_id")).collect()
}

/// The accounts of these posts that have not been removed.
async fn added_accounts(
    tx: &mut Tx,
    posts: &HashMap<PostId, Post>,
) -> Result<HashSet<AccountId>, StoreError> {
    if posts.is_empty() {
        return Ok(HashSet::new());
    }
    let query = sql("SELECT id FROM meta_social_accounts WHERE is_added = 1 AND id IN ")
        .ids(posts.values().map(|post| post.account_id.uuid()));
    let rows = tx.all(query).await?;
    rows.iter().map(|row| Ok(AccountId::from_uuid(row.id("id")?))).collect()
}

fn answer_retry(post: &Post, has_account: bool) -> Retried {
    match (post.status, post.outcome) {
        (PostStatus::Failed, Some(Outcome::Unknown)) => Retried::UnknownOutcome,
        (PostStatus::Failed, _) if !has_account => Retried::NoAccount,
        (PostStatus::Failed, _) => Retried::Done,
        (status, _) => Retried::NotFailed(status),
    }
}

pub(crate) fn pair_of(post: &Post) -> Pair {
    Pair { job: post.job_id, post: post.id }
}
