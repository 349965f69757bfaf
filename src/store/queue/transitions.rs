//! Every statement that sets a status: one function for each way to do what the law
//! ([`Transition`]) allows. A test sees to it that no other file sets one.
//!
//! All take a set of jobs and run a fixed number of statements for it; one job is a
//! set of one. What needs a lease takes [`Owned`] jobs, which only [`owned::lock`]
//! gives. What needs none stands behind them, and says what it is guarded by.
//!
//! Each statement repeats its guard and must change as many rows as the set has, or
//! the transaction is rolled back. The job changes before its post, as everywhere.

use std::time::Duration;

use crate::domain::{FailureCode, JobStatus, Outcome, Transition, WorkerId};

use crate::store::StoreError;
use crate::store::queue::clean_up::CleanUps;
use crate::store::queue::log;
use crate::store::queue::owned::{Owned, Pair, jobs_of};
use crate::store::sql::db::{Sql, Tx, sql};
use crate::store::sql::raw::Key;

/// Why a post ends.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Reason {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// How a job returns to the queue.
#[derive(Debug, Clone)]
pub(crate) struct Requeue<'a> {
    pub(crate) when: When,
    /// The attempt counts as not made.
    pub(crate) gives_back: bool,
    pub(crate) why: Option<&'a Reason>,
}

/// When a job that returns to the queue may be claimed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// After this long; but a post whose time comes before that, at its time.
    After(Duration),
    /// At the post's own time.
    AtItsTime,
}

/// Why a job was taken over.
#[derive(Debug, Clone)]
pub(crate) enum Abandoned {
    /// With an open call: it costs no attempt, since it is only looked up.
    InCall,
    /// In the middle of an attempt, which this message describes.
    InAttempt(String),
}

// What a lease allows.

/// T4c: cancels claimed jobs of which no call is open.
pub(crate) async fn cancel_owned(tx: &mut Tx, owned: &[&Owned<'_>]) -> Result<(), StoreError> {
    let pairs: Vec<Pair> = owned.iter().map(|owned| owned.pair()).collect();
    cancel_processing(tx, &pairs).await
}

/// T6, T11: puts claimed jobs back into the queue.
pub(crate) async fn requeue(
    tx: &mut Tx,
    jobs: &[(&Owned<'_>, Requeue<'_>)],
) -> Result<(), StoreError> {
    let law = match jobs.iter().all(|(_, how)| how.gives_back) {
        true => Transition::GiveBack,
        false => Transition::Requeue,
    };
    let job = |owned: &Owned| owned.pair().job.uuid();
    let post = |owned: &Owned| owned.pair().post.uuid();
    let delays = || {
        jobs.iter().map(|(owned, how)| match how.when {
            When::After(delay) => (job(owned), delay),
            When::AtItsTime => (job(owned), Duration::ZERO),
        })
    };
    let message = |how: &Requeue<'_>| how.why.map(|why| why.message.clone());
    tx.change(
        law,
        jobs.len(),
        sql("UPDATE post_schedule
                SET status = 'pending', lease_until = NULL, locked_at = NULL, worker_id = NULL,
                    attempts = attempts - ")
        .by_id(jobs.iter().map(|(owned, how)| (job(owned), i64::from(how.gives_back))))
        .and(", next_attempt_at = CASE ")
        .by_id(jobs.iter().map(|(owned, how)| (job(owned), i64::from(how.when == When::AtItsTime))))
        .and(" WHEN 1 THEN run_at ELSE CASE WHEN run_at > {now} AND run_at < ")
        .after_by_id(delays())
        .and(" THEN run_at ELSE ")
        .after_by_id(delays())
        .and(" END END, error_message = COALESCE(")
        .by_id(jobs.iter().map(|(owned, how)| (job(owned), message(how))))
        .and(", error_message), updated_at = {now} WHERE status = 'processing' AND id IN ")
        .ids(jobs.iter().map(|(owned, _)| job(owned))),
    )
    .await?;
    let code = |how: &Requeue<'_>| how.why.map(|why| why.code.clone());
    tx.change(
        law,
        jobs.len(),
        sql("UPDATE post_details SET status = 'pending', updated_at = {now}, error_code = COALESCE(")
            .by_id(jobs.iter().map(|(owned, how)| (post(owned), code(how))))
            .and(", error_code), error_message = COALESCE(")
            .by_id(jobs.iter().map(|(owned, how)| (post(owned), message(how))))
            .and(", error_message), ")
            .and(ATTEMPTS_OF_JOB)
            .and(" WHERE status = 'processing' AND id IN ")
            .ids(jobs.iter().map(|(owned, _)| post(owned))),
    )
    .await
}

/// T7: ends claimed jobs as failed: nothing is live.
pub(crate) async fn fail_owned(
    tx: &mut Tx,
    jobs: &[(&Owned<'_>, Reason)],
    clean_ups: &CleanUps,
) -> Result<(), StoreError> {
    let jobs: Vec<(Pair, Reason)> =
        jobs.iter().map(|(owned, why)| (owned.pair(), why.clone())).collect();
    fail(tx, Transition::Fail, JobStatus::Processing, &jobs, clean_ups).await
}

/// T8: ends claimed jobs whose posts may be live, for a person to decide. They are
/// looked at again after the time that is given, if any.
pub(crate) async fn ask_for_review(
    tx: &mut Tx,
    jobs: &[(&Owned<'_>, Reason, Option<Duration>)],
) -> Result<(), StoreError> {
    let law = Transition::AskForReview;
    let ended: Vec<_> =
        jobs.iter().map(|(owned, why, _)| (owned.pair(), Some(why.message.clone()))).collect();
    end_jobs(tx, law, JobStatus::Failed, "status = 'processing'", &ended).await?;
    let post = |owned: &Owned| owned.pair().post.uuid();
    tx.change(
        law,
        jobs.len(),
        sql("UPDATE post_details
                SET status = 'failed', outcome = 'unknown', updated_at = {now}, error_code = ")
        .by_id(jobs.iter().map(|(owned, why, _)| (post(owned), why.code.clone())))
        .and(", error_message = ")
        .by_id(jobs.iter().map(|(owned, why, _)| (post(owned), why.message.clone())))
        .and(", follow_up_at = CASE ")
        .by_id(jobs.iter().map(|(owned, _, again)| (post(owned), i64::from(again.is_some()))))
        .and(" WHEN 1 THEN ")
        .after_by_id(jobs.iter().map(|(owned, _, again)| (post(owned), again.unwrap_or_default())))
        .and(" END WHERE status = 'processing' AND id IN ")
        .ids(jobs.iter().map(|(owned, ..)| post(owned))),
    )
    .await
}

/// T8, before a person is asked: leaves claimed jobs to be looked up after the time
/// that is given. Until then no worker owns them.
pub(crate) async fn look_up_later(
    tx: &mut Tx,
    jobs: &[(&Owned<'_>, Reason, Duration)],
) -> Result<(), StoreError> {
    let job = |owned: &Owned| owned.pair().job.uuid();
    let post = |owned: &Owned| owned.pair().post.uuid();
    tx.change(
        Transition::AskForReview,
        jobs.len(),
        sql("UPDATE post_schedule SET locked_at = {now}, updated_at = {now}, lease_until = ")
            .after_by_id(jobs.iter().map(|(owned, _, again)| (job(owned), *again)))
            .and(", error_message = ")
            .by_id(jobs.iter().map(|(owned, why, _)| (job(owned), why.message.clone())))
            .and(" WHERE status = 'processing' AND id IN ")
            .ids(jobs.iter().map(|(owned, ..)| job(owned))),
    )
    .await?;
    tx.change(
        Transition::AskForReview,
        jobs.len(),
        sql("UPDATE post_details SET updated_at = {now}, error_code = ")
            .by_id(jobs.iter().map(|(owned, why, _)| (post(owned), why.code.clone())))
            .and(", error_message = ")
            .by_id(jobs.iter().map(|(owned, why, _)| (post(owned), why.message.clone())))
            .and(" WHERE status = 'processing' AND id IN ")
            .ids(jobs.iter().map(|(owned, ..)| post(owned))),
    )
    .await
}

// What a worker does with jobs that no lease covers. Guarded by the rows' locks, under
// which they were selected.

/// T1: claims due jobs. A row that another program had tried before still gets an
/// attempt, and a fence at or above its attempts.
pub(crate) async fn claim(
    tx: &mut Tx,
    pairs: &[Pair],
    worker: &WorkerId,
    lease: Duration,
    max_attempts: Option<u32>,
) -> Result<(), StoreError> {
    tx.change(
        Transition::Claim,
        pairs.len(),
        // MariaDB sets from left to right: what reads `attempts` comes first.
        sql("UPDATE post_schedule
                SET status = 'processing',
                    max_attempts = CASE WHEN attempts = 0 THEN COALESCE(?, max_attempts)
                                        WHEN attempts >= max_attempts THEN attempts + 1
                                        ELSE max_attempts END,
                    fence = CASE WHEN fence > attempts THEN fence ELSE attempts END + 1,
                    attempts = attempts + 1, worker_id = ?, locked_at = {now},
                    lease_until = {now+ms}, next_attempt_at = NULL, updated_at = {now}
              WHERE status = 'pending' AND id IN ")
        .opt_int(max_attempts.map(i64::from))
        .text(worker.as_str())
        .after(lease)
        .ids(pairs.iter().map(|pair| pair.job.uuid())),
    )
    .await?;
    mirror_processing(tx, Transition::Claim, pairs).await
}

/// The post's half of a claim or take-over: same status, same attempts. Another
/// program may have put the post back without its job.
pub(crate) async fn mirror_processing(
    tx: &mut Tx,
    law: Transition,
    pairs: &[Pair],
) -> Result<(), StoreError> {
    tx.change(
        law,
        pairs.len(),
        sql("UPDATE post_details SET status = 'processing', updated_at = {now}, ")
            .and(ATTEMPTS_OF_JOB)
            .and(" WHERE {open} AND id IN ")
            .ids(pairs.iter().map(|pair| pair.post.uuid())),
    )
    .await
}

/// T0m: gives jobs that another program locked and left a fence and a lease that has
/// ended.
pub(crate) async fn adopt_foreign_locks(tx: &mut Tx, pairs: &[Pair]) -> Result<(), StoreError> {
    tx.change(
        Transition::AdoptForeignLock,
        pairs.len(),
        sql("UPDATE post_schedule
                SET fence = CASE WHEN fence > attempts THEN fence ELSE attempts END + 1,
                    lease_until = locked_at,
                    attempts = CASE WHEN attempts < 1 THEN 1 ELSE attempts END,
                    max_attempts = CASE WHEN attempts > max_attempts THEN attempts
                                        ELSE max_attempts END
              WHERE status = 'processing' AND lease_until IS NULL AND id IN ")
        .ids(pairs.iter().map(|pair| pair.job.uuid())),
    )
    .await
}

/// T9: takes abandoned jobs over.
pub(crate) async fn take_over(
    tx: &mut Tx,
    taken: &[(Pair, Abandoned)],
    worker: &WorkerId,
    lease: Duration,
) -> Result<(), StoreError> {
    let costs = |how: &Abandoned| i64::from(matches!(how, Abandoned::InAttempt(_)));
    tx.change(
        Transition::TakeOver,
        taken.len(),
        sql("UPDATE post_schedule
                SET fence = fence + 1, worker_id = ?, locked_at = {now}, lease_until = {now+ms},
                    updated_at = {now}, attempts = attempts + ")
        .text(worker.as_str())
        .after(lease)
        .by_id(taken.iter().map(|(pair, how)| (pair.job.uuid(), costs(how))))
        .and(" WHERE status = 'processing' AND id IN ")
        .ids(taken.iter().map(|(pair, _)| pair.job.uuid())),
    )
    .await?;
    let pairs: Vec<Pair> = taken.iter().map(|(pair, _)| *pair).collect();
    mirror_processing(tx, Transition::TakeOver, &pairs).await?;
    let died: Vec<(Pair, &str)> = taken
        .iter()
        .filter_map(|(pair, how)| match how {
            Abandoned::InCall => None,
            Abandoned::InAttempt(message) => Some((*pair, message.as_str())),
        })
        .collect();
    tx.change(
        Transition::TakeOver,
        died.len(),
        sql("UPDATE post_details SET error_code = 'worker_died', error_message = ")
            .by_id(died.iter().map(|(pair, message)| (pair.post.uuid(), *message)))
            .and(" WHERE id IN ")
            .ids(died.iter().map(|(pair, _)| pair.post.uuid())),
    )
    .await
}

/// T4c of abandoned jobs: no call is open, and cancellation was requested.
pub(crate) async fn cancel_abandoned(tx: &mut Tx, pairs: &[Pair]) -> Result<(), StoreError> {
    cancel_processing(tx, pairs).await
}

/// T10: ends abandoned jobs that have no attempt left and no open call.
pub(crate) async fn fail_exhausted(tx: &mut Tx, jobs: &[(Pair, Reason)]) -> Result<(), StoreError> {
    let clean_ups =
        CleanUps::of(tx, &jobs.iter().map(|(pair, _)| pair.job).collect::<Vec<_>>()).await?;
    fail(tx, Transition::FailExhausted, JobStatus::Processing, jobs, &clean_ups).await
}

/// T17: ends pending jobs whose time passed too long ago.
pub(crate) async fn miss(tx: &mut Tx, jobs: &[(Pair, Reason)]) -> Result<(), StoreError> {
    let clean_ups =
        CleanUps::of(tx, &jobs.iter().map(|(pair, _)| pair.job).collect::<Vec<_>>()).await?;
    fail(tx, Transition::Miss, JobStatus::Pending, jobs, &clean_ups).await
}

/// T1c: ends jobs whose posts another program has ended.
pub(crate) async fn end_with_post(
    tx: &mut Tx,
    pairs: &[Pair],
    status: JobStatus,
) -> Result<(), StoreError> {
    if status == JobStatus::Failed && !pairs.is_empty() {
        tx.execute(
            sql("UPDATE post_details SET outcome = COALESCE(outcome, 'not_published')
                  WHERE id IN ")
            .ids(pairs.iter().map(|pair| pair.post.uuid())),
        )
        .await?;
    }
    tx.change(
        Transition::Repair,
        pairs.len(),
        sql("UPDATE post_schedule
                SET status = ?, next_attempt_at = NULL, locked_at = NULL, lease_until = NULL,
                    worker_id = NULL, updated_at = {now}
              WHERE {open} AND id IN ")
        .text(status.as_str())
        .ids(pairs.iter().map(|pair| pair.job.uuid())),
    )
    .await
}

/// T1c: a post that another program ended while its call is open goes back to
/// processing, cancel requested, and looks as if its worker had died: it is looked up.
pub(crate) async fn reopen_for_look_up(tx: &mut Tx, pairs: &[Pair]) -> Result<(), StoreError> {
    tx.change(
        Transition::Repair,
        pairs.len(),
        sql("UPDATE post_schedule
                SET status = 'processing', next_attempt_at = NULL,
                    worker_id = COALESCE(worker_id, 'another program'),
                    locked_at = COALESCE(locked_at, {now}),
                    lease_until = COALESCE(locked_at, {now}),
                    attempts = CASE WHEN attempts < 1 THEN 1 ELSE attempts END,
                    updated_at = {now}
              WHERE {open} AND id IN ")
        .ids(pairs.iter().map(|pair| pair.job.uuid())),
    )
    .await?;
    tx.change(
        Transition::Repair,
        pairs.len(),
        sql("UPDATE post_details
                SET status = 'processing', outcome = NULL, updated_at = {now},
                    cancel_requested_at = COALESCE(cancel_requested_at, {now})
              WHERE status IN ('cancelled', 'failed') AND id IN ")
        .ids(pairs.iter().map(|pair| pair.post.uuid())),
    )
    .await
}

/// T19: ends a job that no claim can be written into, whatever its keys are; one at a
/// time, since they may be anything. What cannot be counted up stays as it is, for
/// a person to look into.
pub(crate) async fn end_unclaimable(
    tx: &mut Tx,
    (job, post): (&Key, &Key),
    counts: bool,
    outcome: Outcome,
    message: &str,
) -> Result<(), StoreError> {
    let (fence, attempts) = match counts {
        true => (
            "fence = CASE WHEN fence > attempts THEN fence ELSE attempts END + 1,",
            format!("{ATTEMPTS_OF_JOB},"),
        ),
        false => ("", String::new()),
    };
    tx.change(
        Transition::EndUnclaimable,
        1,
        sql("{skip check constraints} UPDATE post_schedule
                SET status = CASE WHEN EXISTS (
                               SELECT 1 FROM post_details d
                                WHERE d.id = post_schedule.post_detail_id
                                  AND d.status IN ('published', 'cancelled'))
                             THEN 'done' ELSE 'failed' END, ")
        .and(fence)
        .and(
            " lease_until = NULL, locked_at = NULL, next_attempt_at = NULL,
                    error_message = ?, updated_at = {now}
              WHERE id = ? AND {open}",
        )
        .text(message)
        .key(job.clone()),
    )
    .await?;
    // No row: another program has ended the post already.
    tx.execute(
        sql("{skip check constraints} UPDATE post_details
                SET status = 'failed', outcome = ?, error_code = ?, error_message = ?, ")
        .and(&attempts)
        .and(" updated_at = {now} WHERE id = ? AND {open}")
        .text(outcome.as_str())
        .text(FailureCode::InvalidRow.as_str())
        .text(message)
        .key(post.clone()),
    )
    .await?;
    Ok(())
}

// Evidence: a fact needs no lease. Guarded by the rows' locks, and by the intent that a
// gate of this database has committed.

/// A post that evidence proves live.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) pair: Pair,
    /// The fence that its job has from now on: a successor that claimed it meanwhile
    /// loses it by a higher one.
    pub(crate) fence: i64,
    pub(crate) external_id: Option<String>,
    pub(crate) permalink: Option<String>,
}

/// When the id of a post is looked for that is live under an unknown one.
const FIRST_LOOK_FOR_ID: Duration = Duration::from_secs(2 * 60);

/// T5, T5L: makes the state agree with the evidence, from whatever state but published.
pub(crate) async fn record_live(tx: &mut Tx, posts: &[Live]) -> Result<(), StoreError> {
    let post = |live: &Live| live.pair.post.uuid();
    tx.change(
        Transition::RecordLive,
        posts.len(),
        sql("UPDATE post_schedule
                SET status = 'done', lease_until = NULL, locked_at = NULL,
                    next_attempt_at = NULL, error_message = NULL, updated_at = {now}, fence = ")
        .by_id(posts.iter().map(|live| (live.pair.job.uuid(), live.fence)))
        .and(" WHERE id IN ")
        .ids(posts.iter().map(|live| live.pair.job.uuid())),
    )
    .await?;
    tx.change(
        Transition::RecordLive,
        posts.len(),
        // A comment whose state is known already may be there since before a restoration.
        // An id that is not known may be listed soon.
        sql("UPDATE post_details
                SET status = 'published', outcome = ?, published_at = {now},
                    error_code = NULL, error_message = NULL, leftovers = 0,
                    first_comment_state = CASE WHEN first_comment IS NULL OR first_comment = ''
                                               THEN NULL
                                               ELSE COALESCE(first_comment_state, 'pending') END,
                    follow_up_at = CASE WHEN first_comment IS NULL OR first_comment = ''
                                        THEN CASE ")
        .text(Outcome::Published.as_str())
        .by_id(posts.iter().map(|live| (post(live), i64::from(live.external_id.is_none()))))
        .and(" WHEN 1 THEN {now+ms} END ELSE {now} END, external_post_id = ")
        .after(FIRST_LOOK_FOR_ID)
        .by_id(posts.iter().map(|live| (post(live), live.external_id.clone())))
        .and(", permalink = ")
        .by_id(posts.iter().map(|live| (post(live), live.permalink.clone())))
        .and(", updated_at = {now}, ")
        .and(ATTEMPTS_OF_JOB)
        .and(" WHERE status <> 'published' AND id IN ")
        .ids(posts.iter().map(post)),
    )
    .await
}

/// T20: distrusts what this database says of posts that may be live without its knowing,
/// whatever their state but published. Each new fence is higher than the one given.
pub(crate) async fn distrust(
    tx: &mut Tx,
    posts: &[(Pair, i64)],
    message: &str,
) -> Result<(), StoreError> {
    let above = || posts.iter().map(|(pair, above)| (pair.job.uuid(), *above));
    tx.change(
        Transition::Distrust,
        posts.len(),
        // MariaDB sets from left to right: what reads `fence` comes first.
        sql("UPDATE post_schedule SET fence = CASE WHEN fence > ")
            .by_id(above())
            .and(" THEN fence ELSE ")
            .by_id(above())
            .and(
                " END + 1, status = 'failed', lease_until = NULL, locked_at = NULL,
                    worker_id = NULL, next_attempt_at = NULL, error_message = ?,
                    max_attempts = CASE WHEN attempts > max_attempts THEN attempts
                                        ELSE max_attempts END,
                    updated_at = {now}
              WHERE id IN ",
            )
            .text(message)
            .ids(posts.iter().map(|(pair, _)| pair.job.uuid())),
    )
    .await?;
    tx.change(
        Transition::Distrust,
        posts.len(),
        sql("UPDATE post_details
                SET status = 'failed', outcome = 'unknown', error_code = ?, error_message = ?,
                    first_comment_state = CASE WHEN first_comment IS NULL OR first_comment = ''
                                               THEN NULL ELSE 'unknown' END,
                    leftovers = 0, follow_up_at = {now}, updated_at = {now}, ")
        .text(log::RESTORED)
        .text(message)
        .and(ATTEMPTS_OF_JOB)
        .and(" WHERE status <> 'published' AND id IN ")
        .ids(posts.iter().map(|(pair, _)| pair.post.uuid())),
    )
    .await
}

/// T7 of posts that need review, and that a reading has found not to be live. Guarded by
/// rows that are as they were when they were read.
pub(crate) async fn fail_reviewed(
    tx: &mut Tx,
    posts: &[(Pair, Reason)],
    clean_ups: &CleanUps,
) -> Result<(), StoreError> {
    fail_posts(tx, Transition::Fail, "status = 'failed' AND outcome = 'unknown'", posts, clean_ups)
        .await
}

// What a person decides. Guarded by the rows' locks and the state that was read under
// them.

/// T12: cancels pending posts.
pub(crate) async fn cancel_pending(
    tx: &mut Tx,
    pairs: &[Pair],
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let ended: Vec<_> = pairs.iter().map(|pair| (*pair, None)).collect();
    end_jobs(tx, Transition::Cancel, JobStatus::Done, "status <> 'processing'", &ended).await?;
    cancel_posts(tx, Transition::Cancel, "status = 'pending'", pairs, reason).await
}

/// T13: asks the workers that process posts to cancel them. The first request stays.
pub(crate) async fn request_cancel(
    tx: &mut Tx,
    pairs: &[Pair],
    reason: Option<&str>,
) -> Result<(), StoreError> {
    if pairs.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("UPDATE post_details
                SET status = 'processing', cancel_requested_at = {now}, cancel_reason = ?
              WHERE {open} AND cancel_requested_at IS NULL AND id IN ")
        .opt_text(reason.map(str::to_owned))
        .ids(pairs.iter().map(|pair| pair.post.uuid())),
    )
    .await?;
    Ok(())
}

/// T14, T15: puts failed posts that are not live back into the queue, due now, with
/// three attempts more.
pub(crate) async fn reopen(tx: &mut Tx, law: Transition, pairs: &[Pair]) -> Result<(), StoreError> {
    tx.change(
        law,
        pairs.len(),
        sql("UPDATE post_schedule
                SET status = 'pending', run_at = {now}, next_attempt_at = NULL, locked_at = NULL,
                    worker_id = NULL, max_attempts = attempts + 3, error_message = NULL,
                    updated_at = {now}
              WHERE status = 'failed' AND id IN ")
        .ids(pairs.iter().map(|pair| pair.job.uuid())),
    )
    .await?;
    tx.change(
        law,
        pairs.len(),
        sql("UPDATE post_details
                SET status = 'pending', outcome = NULL, error_code = NULL, error_message = NULL,
                    cancel_requested_at = NULL, first_comment_state = NULL,
                    leftovers = 0, follow_up_at = NULL, updated_at = {now}, ")
        .and(ATTEMPTS_OF_JOB)
        .and(" WHERE status = 'failed' AND id IN ")
        .ids(pairs.iter().map(|pair| pair.post.uuid())),
    )
    .await
}

/// T14: cancels posts that a person has found not to be live, and whose cancellation
/// was requested.
pub(crate) async fn cancel_reviewed(tx: &mut Tx, pairs: &[Pair]) -> Result<(), StoreError> {
    let ended: Vec<_> = pairs.iter().map(|pair| (*pair, None)).collect();
    end_jobs(tx, Transition::Decide, JobStatus::Done, "status = 'failed'", &ended).await?;
    cancel_posts(tx, Transition::Decide, "status = 'failed'", pairs, None).await
}

// What several of them do.

/// Counts the post's attempts as its job's.
const ATTEMPTS_OF_JOB: &str =
    "attempts = (SELECT attempts FROM post_schedule WHERE post_detail_id = post_details.id)";

async fn cancel_processing(tx: &mut Tx, pairs: &[Pair]) -> Result<(), StoreError> {
    let law = Transition::CancelClaimed;
    let ended: Vec<_> = pairs.iter().map(|pair| (*pair, None)).collect();
    end_jobs(tx, law, JobStatus::Done, "status = 'processing'", &ended).await?;
    cancel_posts(tx, law, "status = 'processing'", pairs, None).await
}

async fn fail(
    tx: &mut Tx,
    law: Transition,
    from: JobStatus,
    jobs: &[(Pair, Reason)],
    clean_ups: &CleanUps,
) -> Result<(), StoreError> {
    let guard = match from {
        JobStatus::Pending => "status = 'pending'",
        JobStatus::Processing | JobStatus::Done | JobStatus::Failed => "status = 'processing'",
    };
    let ended: Vec<_> = jobs.iter().map(|(pair, why)| (*pair, Some(why.message.clone()))).collect();
    end_jobs(tx, law, JobStatus::Failed, guard, &ended).await?;
    fail_posts(tx, law, guard, jobs, clean_ups).await
}

async fn end_jobs(
    tx: &mut Tx,
    law: Transition,
    status: JobStatus,
    guard: &str,
    jobs: &[(Pair, Option<String>)],
) -> Result<(), StoreError> {
    tx.change(
        law,
        jobs.len(),
        sql("UPDATE post_schedule
                SET status = ?, lease_until = NULL, locked_at = NULL, next_attempt_at = NULL,
                    updated_at = {now}, error_message = ")
        .text(status.as_str())
        .by_id(jobs.iter().map(|(pair, message)| (pair.job.uuid(), message.clone())))
        .and(&format!(" WHERE {guard} AND id IN "))
        .ids(jobs.iter().map(|(pair, _)| pair.job.uuid())),
    )
    .await
}

async fn fail_posts(
    tx: &mut Tx,
    law: Transition,
    guard: &str,
    posts: &[(Pair, Reason)],
    clean_ups: &CleanUps,
) -> Result<(), StoreError> {
    let message = |why: &Reason| match why.message.as_str() {
        "" => "the platform gave no reason".to_owned(),
        some => some.to_owned(),
    };
    tx.change(
        law,
        posts.len(),
        sql("UPDATE post_details
                SET status = 'failed', outcome = 'not_published', updated_at = {now},
                    error_code = ")
        .by_id(posts.iter().map(|(pair, why)| (pair.post.uuid(), why.code.clone())))
        .and(", error_message = ")
        .by_id(posts.iter().map(|(pair, why)| (pair.post.uuid(), message(why))))
        .and(", ")
        .and(ATTEMPTS_OF_JOB)
        .and(", ")
        .and_clean_ups(clean_ups, posts.iter().map(|(pair, _)| *pair))
        .and(&format!(" WHERE {guard} AND id IN "))
        .ids(posts.iter().map(|(pair, _)| pair.post.uuid())),
    )
    .await
}

async fn cancel_posts(
    tx: &mut Tx,
    law: Transition,
    guard: &str,
    pairs: &[Pair],
    reason: Option<&str>,
) -> Result<(), StoreError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let clean_ups = CleanUps::of(tx, &jobs_of(pairs)).await?;
    tx.change(
        law,
        pairs.len(),
        sql("UPDATE post_details
                SET status = 'cancelled', outcome = NULL, updated_at = {now},
                    cancel_reason = COALESCE(?, cancel_reason), ")
        .opt_text(reason.map(str::to_owned))
        .and_clean_ups(&clean_ups, pairs.iter().copied())
        .and(&format!(" WHERE {guard} AND id IN "))
        .ids(pairs.iter().map(|pair| pair.post.uuid())),
    )
    .await
}

impl Sql {
    /// Appends the columns that say what each post leaves at its platform.
    fn and_clean_ups(self, clean_ups: &CleanUps, pairs: impl Iterator<Item = Pair>) -> Self {
        let pairs: Vec<Pair> = pairs.collect();
        let each = |pair: &Pair| (pair.post.uuid(), clean_ups.get(pair.job));
        let owes = pairs.iter().map(each).map(|(id, at)| (id, i64::from(at.is_some())));
        let owed: Vec<_> = owes.collect();
        self.and("leftovers = ")
            .by_id(owed.iter().copied())
            .and(", follow_up_at = CASE ")
            .by_id(owed.iter().copied())
            .and(" WHEN 1 THEN ")
            .after_by_id(pairs.iter().map(each).map(|(id, at)| (id, at.unwrap_or_default())))
            .and(" END")
    }
}
