//! What follows the end of a post: its first comment, an id that is not known
//! yet, the clean-up at the platform, one more look. None of it can change what
//! is known but by evidence.
//!
//! `post_details.follow_up_at` says when. A worker that takes a follow-up moves
//! it ahead, so that it comes back if that worker dies.

use std::collections::HashSet;
use std::time::Duration;

use crate::domain::{
    CommentState, Failure, Fence, Intent, Job, JobId, LogEvent, Only, Outcome, PostId, PostStatus,
    Receipt, StepKind, WorkerId,
};

use crate::store::queue::claim::load_jobs;
use crate::store::queue::log::{self, Entry, Steps};
use crate::store::queue::owned::Pair;
use crate::store::queue::settle::restage_mark;
use crate::store::rows;
use crate::store::sql::db::{Row, Sql, Tx, sql};
use crate::store::sql::raw::Key;
use crate::store::{Store, StoreError, reading, transaction};

/// A post that cannot be read is met again after this long.
const UNREADABLE_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// A worker that takes a follow-up has this long for it.
const TAKEN_FOR: Duration = Duration::from_secs(10 * 60);

/// Follow-ups that are due; those of an account that is paused wait.
pub(crate) fn due_query(which: &Only) -> Sql {
    let query = sql("SELECT s.id AS job_id, d.id AS post_id, s.fence AS fence, d.status AS status,
                d.outcome AS outcome, d.external_post_id AS external_post_id,
                d.permalink AS permalink,
                d.first_comment AS first_comment, d.first_comment_state AS first_comment_state,
                d.published_at AS published_at, {now} AS now
           FROM post_details d {indexed by post_details_follow_up}
           JOIN post_schedule s ON s.post_detail_id = d.id
          WHERE d.follow_up_at <= {now} AND NOT {paused}");
    rows::only(query, which)
}

/// A post that has ended, and what is still to be done for it.
#[derive(Debug, Clone)]
pub struct FollowUp {
    /// The post and its job, which has ended: no lease covers it.
    pub post: Job,
    pub status: PostStatus,
    pub outcome: Option<Outcome>,
    /// The post's id at the platform; `None` when it is not known.
    pub external_id: Option<String>,
    pub permalink: Option<String>,
    /// How long ago it was published.
    pub published_for: Duration,
    pub comment: Option<OwedComment>,
}

/// A first comment that is not known to be there.
#[derive(Debug, Clone)]
pub struct OwedComment {
    pub text: String,
    pub state: CommentState,
}

/// The right to send one comment, once.
#[derive(Debug, Clone)]
pub struct CommentTurn {
    pub intent: Intent,
}

/// What became of a comment's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentEnd {
    Sent(Receipt),
    /// Not there: to be sent after this long.
    Again(Failure, Duration),
    /// Not there, and never will be.
    Failed(Failure),
    /// It may be there: looked for after this long; `None`: only a person can decide.
    Unknown(Failure, Option<Duration>),
}

impl Store {
    /// Takes follow-ups that are due, the oldest first.
    ///
    /// # Errors
    /// The database is away; then none was taken.
    pub async fn take_follow_ups(
        &self,
        which: &Only,
        limit: u32,
    ) -> Result<Vec<FollowUp>, StoreError> {
        transaction!(self, tx, {
            let mut taken = Vec::new();
            let query = due_query(which)
                .and(" ORDER BY d.follow_up_at, d.id LIMIT ? {skip locked s, d}")
                .int(limit);
            for row in tx.all(query).await? {
                let post = row.any_key("post_id")?;
                match follow_up(tx, &row).await {
                    Ok(follow_up) => {
                        schedule(tx, &post, Some(TAKEN_FOR)).await?;
                        taken.push(follow_up);
                    }
                    // It would be met for ever.
                    Err(why @ StoreError::Inconsistent { .. }) => {
                        give_up(tx, &post, &why.to_string()).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
            taken
        })
    }

    /// Says when an ended post is followed up next; `None`: never. One that was
    /// opened again since, and may have ended anew, stays as it is.
    ///
    /// # Errors
    /// The database is away.
    pub async fn schedule_follow_up(
        &self,
        post: &Job,
        after: Option<Duration>,
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            if !lock_same(tx, &[post]).await?.is_empty() {
                schedule(tx, &Key::Id(post.post_id.uuid()), after).await?;
            }
        })
    }

    /// Records that what was staged for an ended post is no longer used, before any
    /// of it is deleted. `false`: the post was opened again, and may use it.
    ///
    /// # Errors
    /// The database is away; then nothing is to be deleted.
    pub async fn record_cleaned_up(
        &self,
        worker: &WorkerId,
        post: &Job,
    ) -> Result<bool, StoreError> {
        transaction!(self, tx, {
            let cleaned = !lock_same(tx, &[post]).await?.is_empty()
                && tx
                    .execute(
                        sql(
                            "UPDATE post_details SET leftovers = 0, follow_up_at = NULL
                              WHERE id = ? AND leftovers = 1 AND status IN ('failed', 'cancelled')",
                        )
                        .id(post.post_id.uuid()),
                    )
                    .await?
                    == 1;
            if cleaned {
                let mut steps = Steps::of(tx, &[post.job_id]).await?;
                let (job, fence) = (post.job_id, post.fence);
                let mark = restage_mark(worker, job, fence, &mut steps, log::RESTAGE);
                log::append(tx, mark.into()).await?;
            }
            cleaned
        })
    }

    /// Marks a comment as being sent before anybody sends it, so that no two
    /// processes do. `None`: another one has it. One whose process dies in
    /// between is looked for.
    ///
    /// # Errors
    /// The database is away; then it is not to be sent.
    pub async fn begin_comment(
        &self,
        worker: &WorkerId,
        post: &Job,
    ) -> Result<Option<CommentTurn>, StoreError> {
        transaction!(self, tx, {
            let rows = tx
                .execute(
                    sql("UPDATE post_details
                            SET first_comment_state = 'sending', follow_up_at = {now+ms},
                                updated_at = {now}
                          WHERE id = ? AND first_comment_state = 'pending'")
                    .after(TAKEN_FOR)
                    .id(post.post_id.uuid()),
                )
                .await?;
            if rows == 1 {
                let key = Steps::of(tx, &[post.job_id]).await?.next(post.job_id, post.fence);
                let entry = comment_entry(worker, post, key, LogEvent::Intent);
                log::append(tx, vec![entry]).await?;
                let at = log::written_at(tx, post.job_id, key).await?;
                Some(CommentTurn { intent: Intent::cleared(key.0, key.1, at) })
            } else {
                None
            }
        })
    }

    /// Records what became of a comment's call, by its answer or by a look.
    ///
    /// # Errors
    /// The database is away; the comment is then looked for.
    pub async fn record_comment(
        &self,
        worker: &WorkerId,
        post: &Job,
        turn: &CommentTurn,
        end: &CommentEnd,
    ) -> Result<(), StoreError> {
        transaction!(self, tx, {
            let (state, event, next) = match end {
                CommentEnd::Sent(_) => (CommentState::Sent, LogEvent::Ok, None),
                CommentEnd::Again(_, after) => {
                    (CommentState::Pending, LogEvent::Refused, Some(*after))
                }
                CommentEnd::Failed(_) => (CommentState::Failed, LogEvent::Refused, None),
                CommentEnd::Unknown(_, after) => (CommentState::Unknown, LogEvent::Unknown, *after),
            };
            let key = (turn.intent.fence, turn.intent.step_no);
            let entry = comment_entry(worker, post, key, event);
            let (entry, id) = match end {
                CommentEnd::Sent(receipt) => (entry.receipt(receipt), receipt.external_id.clone()),
                CommentEnd::Again(failure, _)
                | CommentEnd::Failed(failure)
                | CommentEnd::Unknown(failure, _) => (entry.failure(failure), None),
            };
            log::append(tx, vec![entry]).await?;
            let rows = tx
                .execute(
                    sql("UPDATE post_details
                            SET first_comment_state = ?, first_comment_id = ?, updated_at = {now}
                          WHERE id = ? AND first_comment_state IN ('pending', 'sending', 'unknown')")
                    .text(state.as_str())
                    .opt_text(id)
                    .id(post.post_id.uuid()),
                )
                .await?;
            if rows == 1 {
                schedule(tx, &Key::Id(post.post_id.uuid()), next).await?;
            }
        })
    }

    /// Gives up on a comment that cannot be sent.
    ///
    /// # Errors
    /// The database is away.
    pub async fn fail_comment(&self, post: &Job, why: &str) -> Result<(), StoreError> {
        transaction!(self, tx, { give_up(tx, &Key::Id(post.post_id.uuid()), why).await? })
    }

    /// Whether the id of a live post is known.
    ///
    /// # Errors
    /// The database is away.
    pub async fn knows_id(&self, post: PostId) -> Result<bool, StoreError> {
        let known = sql("SELECT COUNT(*) FROM post_details
                          WHERE id = ? AND external_post_id IS NOT NULL");
        Ok(reading!(self).await?.count(known.id(post.uuid())).await? > 0)
    }

    /// Adds the address of a live post, when it was not known before.
    ///
    /// # Errors
    /// The database is away.
    pub async fn record_permalink(&self, post: PostId, permalink: &str) -> Result<(), StoreError> {
        transaction!(self, tx, {
            tx.execute(
                sql("UPDATE post_details SET permalink = ?, updated_at = {now}
                      WHERE id = ? AND status = 'published' AND permalink IS NULL")
                .text(permalink)
                .id(post.uuid()),
            )
            .await?;
        })
    }
}

fn comment_entry<'a>(
    worker: &'a WorkerId,
    post: &Job,
    key: (Fence, i32),
    event: LogEvent,
) -> Entry<'a> {
    Entry::new(post.job_id, key, StepKind::After, event).worker(worker).step("first-comment")
}

/// Those of these jobs whose posts have ended and were not opened again since they were
/// read; locks them.
pub(crate) async fn lock_same(tx: &mut Tx, jobs: &[&Job]) -> Result<HashSet<JobId>, StoreError> {
    if jobs.is_empty() {
        return Ok(HashSet::new());
    }
    let query = sql("SELECT s.id AS job_id, s.fence AS fence FROM post_schedule s
                       JOIN post_details d ON d.id = s.post_detail_id
                      WHERE d.status NOT IN ('pending', 'processing') AND s.id IN ")
    .ids(jobs.iter().map(|job| job.job_id.uuid()))
    .and(" ORDER BY s.id {lock s, d}");
    let mut same = HashSet::new();
    for row in &tx.all(query).await? {
        let (job, fence) = (row.job("job_id")?, row.int("fence").ok());
        if jobs.iter().any(|read| read.job_id == job && Some(read.fence.0) == fence) {
            same.insert(job);
        }
    }
    Ok(same)
}

/// What is to be done for an ended post, of which all that needs can be read.
async fn follow_up(tx: &mut Tx, row: &Row) -> Result<FollowUp, StoreError> {
    let pair = Pair { job: row.job("job_id")?, post: row.post("post_id")? };
    let post = match load_jobs(tx, &[(pair, Fence(row.int("fence")?))]).await?.pop() {
        Some(read) => read.job.map_err(|why| row.wrong("post_id", why))?,
        None => return Err(row.wrong("post_id", "is gone")),
    };
    let state: Option<CommentState> = row.opt_word("first_comment_state")?;
    let owed = state.filter(|state| !matches!(state, CommentState::Sent | CommentState::Failed));
    let text = row.opt_text("first_comment")?.unwrap_or_default();
    let published_for = match row.opt_time("published_at")? {
        Some(at) => (row.time("now")? - at).to_std().unwrap_or_default(),
        None => Duration::ZERO,
    };
    Ok(FollowUp {
        post,
        status: row.word("status")?,
        outcome: row.opt_word("outcome")?,
        external_id: row.opt_text("external_post_id")?,
        permalink: row.opt_text("permalink")?,
        published_for,
        comment: owed.map(|state| OwedComment { text, state }),
    })
}

/// Says when an ended post is followed up next.
pub(crate) async fn schedule(
    tx: &mut Tx,
    post: &Key,
    after: Option<Duration>,
) -> Result<(), StoreError> {
    let query = match after {
        Some(after) => {
            sql("UPDATE post_details SET follow_up_at = {now+ms} WHERE id = ?").after(after)
        }
        None => sql("UPDATE post_details SET follow_up_at = NULL WHERE id = ?"),
    };
    tx.execute(query.key(post.clone())).await?;
    Ok(())
}

/// Says when each of these ended posts is followed up next.
pub(crate) async fn schedule_all(
    tx: &mut Tx,
    posts: &[(PostId, Option<Duration>)],
) -> Result<(), StoreError> {
    if posts.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("UPDATE post_details SET follow_up_at = CASE ")
            .by_id(posts.iter().map(|(post, after)| (post.uuid(), i64::from(after.is_some()))))
            .and(" WHEN 1 THEN ")
            .after_by_id(posts.iter().map(|(post, after)| (post.uuid(), after.unwrap_or_default())))
            .and(" END WHERE id IN ")
            .ids(posts.iter().map(|(post, _)| post.uuid())),
    )
    .await?;
    Ok(())
}

/// Nothing more is done for a live post: a comment that is still owed has failed, one
/// that was being sent may be there. Any other post may be readable again in a day.
async fn give_up(tx: &mut Tx, post: &Key, why: &str) -> Result<(), StoreError> {
    tracing::warn!(%post, "the post is not followed up: {why}");
    tx.execute(
        sql("UPDATE post_details
                SET updated_at = {now},
                    follow_up_at = CASE WHEN status <> 'published' THEN {now+ms} END,
                    first_comment_state = CASE first_comment_state
                        WHEN 'pending' THEN 'failed' WHEN 'sending' THEN 'unknown'
                        ELSE first_comment_state END
              WHERE id = ?")
        .after(UNREADABLE_FOR)
        .key(post.clone()),
    )
    .await?;
    Ok(())
}
