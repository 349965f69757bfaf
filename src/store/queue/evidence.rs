//! Evidence that posts are live (T5, T5L). It needs no lease: it is a fact, whichever worker
//! brings it and however late.

use std::collections::{BTreeSet, HashMap};

use crate::domain::{Intent, JobId, LogEvent, PostId, PostStatus, Receipt, StepKind, WorkerId};

use crate::store::queue::log::{self, CallKey, ClearedBy, Entry};
use crate::store::queue::owned::Pair;
use crate::store::queue::restore;
use crate::store::queue::transitions::{self, Live};
use crate::store::sql::db::{Row, Sql, Tx, sql};
use crate::store::sql::raw::Key;
use crate::store::{Store, StoreError, transaction};

/// Evidence about one publish call.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub job: JobId,
    pub post: PostId,
    pub intent: Intent,
    pub receipt: Receipt,
}

impl Evidence {
    fn pair(&self) -> Pair {
        Pair { job: self.job, post: self.post }
    }

    fn key(&self) -> CallKey {
        (self.job, self.intent.fence, self.intent.step_no)
    }
}

/// What became of evidence that a post is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    Live,
    /// Another job's post has its id; nothing was recorded.
    Anothers,
    /// Another call for the same text on the same account has no answer yet;
    /// nothing was recorded.
    Unclear,
    /// No such call is known: its post needs review.
    Stray,
}

impl Store {
    /// Records that posts are live (T5, T5L): the evidence always, and the
    /// state whatever it was before.
    ///
    /// An answer to a call that no gate of this database has cleared for this
    /// worker settles nothing: the database was restored from a backup meanwhile,
    /// or the answer was made up. Its post needs review, and is looked up.
    ///
    /// # Errors
    /// The database is away: then call again, until it is written.
    pub async fn record_live(
        &self,
        worker: &WorkerId,
        evidence: &[Evidence],
    ) -> Result<Vec<Recorded>, StoreError> {
        transaction!(self, tx, {
            let rows = lock(tx, evidence).await?;
            record(tx, worker, evidence, &rows).await?
        })
    }

    /// The same for posts that were matched by their text, where they are certainly not
    /// another job's; of others nothing is recorded.
    ///
    /// # Errors
    /// The database is away.
    pub async fn record_matched(
        &self,
        worker: &WorkerId,
        evidence: &[Evidence],
    ) -> Result<Vec<Recorded>, StoreError> {
        transaction!(self, tx, {
            let rows = lock(tx, evidence).await?;
            let known = Known::of(tx, evidence, &rows).await?;
            let mut recorded = Vec::with_capacity(evidence.len());
            let mut ours = Vec::new();
            for one in evidence {
                let row = row_of(&rows, one)?;
                if known.is_anothers(row, one)? {
                    recorded.push(Some(Recorded::Anothers));
                } else if may_be_anothers(tx, row, one.post).await? {
                    recorded.push(Some(Recorded::Unclear));
                } else {
                    ours.push(one.clone());
                    recorded.push(None);
                }
            }
            let mut rest = record(tx, worker, &ours, &rows).await?.into_iter();
            let mut each = |early: Option<Recorded>| early.or_else(|| rest.next());
            recorded.into_iter().map(|early| each(early).unwrap_or(Recorded::Stray)).collect()
        })
    }
}

/// Locks the two rows of each job.
async fn lock(tx: &mut Tx, evidence: &[Evidence]) -> Result<HashMap<JobId, Row>, StoreError> {
    if evidence.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .all(
            sql("SELECT s.id AS job_id, s.status AS job_status, s.worker_id AS worker_id,
                        d.status AS status, d.platform AS platform, s.fence AS fence,
                        d.external_post_id AS external_post_id, d.caption AS caption,
                        d.social_account_id AS account_id
                   FROM post_schedule s JOIN post_details d ON d.id = s.post_detail_id
                  WHERE s.id IN ")
            .ids(evidence.iter().map(|one| one.job.uuid()))
            .and(" ORDER BY s.id {lock s, d}"),
        )
        .await?;
    rows.into_iter().map(|row| Ok((row.job("job_id")?, row))).collect()
}

fn row_of<'a>(rows: &'a HashMap<JobId, Row>, one: &Evidence) -> Result<&'a Row, StoreError> {
    rows.get(&one.job).ok_or(StoreError::RowsChanged { what: "T5", expected: 1, actual: 0 })
}

/// Records evidence of which the rows are locked.
async fn record(
    tx: &mut Tx,
    worker: &WorkerId,
    evidence: &[Evidence],
    rows: &HashMap<JobId, Row>,
) -> Result<Vec<Recorded>, StoreError> {
    if evidence.is_empty() {
        return Ok(Vec::new());
    }
    let cleared = log::cleared(tx, &evidence.iter().map(|one| one.job).collect::<Vec<_>>()).await?;
    let mut recorded = Vec::with_capacity(evidence.len());
    let (mut live, mut strays) = (Vec::new(), Vec::new());
    for one in evidence {
        let row = row_of(rows, one)?;
        if was_cleared(row, worker, one, cleared.get(&one.key()))? {
            live.push(one.clone());
            recorded.push(Recorded::Live);
        } else {
            if row.word::<PostStatus>("status")? != PostStatus::Published {
                strays.push((one.pair(), one.intent.fence, one.receipt.external_id.as_deref()));
            }
            recorded.push(Recorded::Stray);
        }
    }
    make_live(tx, Some(worker), &live, rows).await?;
    let message = "may be live: an answer to a publish call came that this database does not know";
    restore::distrust(tx, &strays, None, message).await?;
    Ok(recorded)
}

/// Whether a gate of this database has cleared the call: for this worker, or for another
/// one for which it looks it up. Another history may have a call of the same key.
fn was_cleared(
    row: &Row,
    worker: &WorkerId,
    one: &Evidence,
    cleared: Option<&ClearedBy>,
) -> Result<bool, StoreError> {
    let Some(cleared) = cleared else { return Ok(false) };
    if cleared.worker == worker.as_str() || cleared.at == one.intent.at {
        return Ok(true);
    }
    // The worker that looks it up owns the job now, or the post needs review.
    Ok(row.text("job_status")? != "processing"
        || row.opt_lossy("worker_id")?.as_deref() == Some(worker.as_str()))
}

/// Records a person's decision that a post is live, its row not locked yet.
pub(crate) async fn record_decided(tx: &mut Tx, decided: Evidence) -> Result<(), StoreError> {
    let evidence = [decided];
    let rows = lock(tx, &evidence).await?;
    make_live(tx, None, &evidence, &rows).await
}

/// Writes evidence and makes the states agree with it, from whatever state.
async fn make_live(
    tx: &mut Tx,
    worker: Option<&WorkerId>,
    evidence: &[Evidence],
    rows: &HashMap<JobId, Row>,
) -> Result<(), StoreError> {
    if evidence.is_empty() {
        return Ok(());
    }
    let mut known = Known::of(tx, evidence, rows).await?;
    let mut receipts = Vec::with_capacity(evidence.len());
    for one in evidence {
        let (row, mut receipt) = (row_of(rows, one)?, one.receipt.clone());
        if known.is_anothers(row, one)? {
            // Live, but under an id that is not known.
            let id = receipt.external_id.take().unwrap_or_default();
            receipt.evidence = Some(format!("the platform named {id}, which is another post"));
        } else {
            known.add(row, one)?;
        }
        receipts.push(receipt);
    }
    let entry = |(one, receipt): (&Evidence, _)| {
        let key = (one.intent.fence, one.intent.step_no);
        let mut entry = Entry::new(one.job, key, StepKind::Publish, LogEvent::Ok).receipt(receipt);
        entry.worker = worker;
        entry
    };
    log::append(tx, evidence.iter().zip(&receipts).map(entry).collect()).await?;
    let mut live: Vec<Live> = Vec::new();
    for (one, receipt) in evidence.iter().zip(receipts) {
        let row = row_of(rows, one)?;
        let is_recorded = live.iter().any(|live| live.pair == one.pair());
        if is_recorded || row.word::<PostStatus>("status")? == PostStatus::Published {
            add_what_was_missing(tx, one, &receipt).await?;
            continue;
        }
        // A successor that claimed it meanwhile loses it by the higher fence.
        let fence = match row.int("fence")? {
            same if same == one.intent.fence.0 => same,
            other => other.max(one.intent.fence.0) + 1,
        };
        let Receipt { external_id, permalink, .. } = receipt;
        live.push(Live { pair: one.pair(), fence, external_id, permalink });
    }
    transitions::record_live(tx, &live).await
}

/// Adds to a live post what was not known when it was first recorded as live.
async fn add_what_was_missing(
    tx: &mut Tx,
    one: &Evidence,
    receipt: &Receipt,
) -> Result<(), StoreError> {
    if let Some(id) = &receipt.external_id {
        log::fill_in_id(tx, one.job, (one.intent.fence, one.intent.step_no), id).await?;
    }
    tx.execute(
        sql("UPDATE post_details
                SET external_post_id = COALESCE(external_post_id, ?),
                    permalink = COALESCE(permalink, ?), updated_at = {now}
              WHERE id = ? AND status = 'published'")
        .opt_text(receipt.external_id.clone())
        .opt_text(receipt.permalink.clone())
        .id(one.post.uuid()),
    )
    .await?;
    Ok(())
}

/// Which posts of this database have the ids that evidence names, by platform and id at
/// the platform. A row that another program wrote may have any key.
struct Known(HashMap<(String, String), Key>);

impl Known {
    async fn of(
        tx: &mut Tx,
        evidence: &[Evidence],
        rows: &HashMap<JobId, Row>,
    ) -> Result<Self, StoreError> {
        let named: Vec<&str> =
            evidence.iter().filter_map(|one| one.receipt.external_id.as_deref()).collect();
        let mut known = HashMap::new();
        if named.is_empty() {
            return Ok(Self(known));
        }
        let platforms: Result<BTreeSet<String>, StoreError> =
            evidence.iter().map(|one| row_of(rows, one)?.text("platform")).collect();
        for row in &tx.all(known_query(&platforms?, &named)).await? {
            let key = (row.text("platform")?, row.text("external_post_id")?);
            known.insert(key, row.any_key("id")?);
        }
        Ok(Self(known))
    }

    /// Whether the id at the platform is that of another post.
    fn is_anothers(&self, row: &Row, one: &Evidence) -> Result<bool, StoreError> {
        let Some(key) = Self::key(row, one)? else { return Ok(false) };
        let is_its = |owner: &Key| matches!(owner, Key::Id(id) if *id == one.post.uuid());
        Ok(self.0.get(&key).is_some_and(|owner| !is_its(owner)))
    }

    /// From now on, the id is this post's.
    fn add(&mut self, row: &Row, one: &Evidence) -> Result<(), StoreError> {
        if let Some(key) = Self::key(row, one)? {
            self.0.insert(key, Key::Id(one.post.uuid()));
        }
        Ok(())
    }

    fn key(row: &Row, one: &Evidence) -> Result<Option<(String, String)>, StoreError> {
        let Some(id) = &one.receipt.external_id else { return Ok(None) };
        Ok(Some((row.text("platform")?, id.clone())))
    }
}

/// Posts that have these ids at these platforms. The platforms are named, since the index
/// begins with them.
pub(crate) fn known_query(platforms: &BTreeSet<String>, ids: &[&str]) -> Sql {
    sql("SELECT id, platform, external_post_id FROM post_details WHERE platform IN ")
        .texts(platforms.iter().map(String::as_str))
        .and(" AND external_post_id IN ")
        .texts(ids.iter().copied())
}

/// Whether another post with the same text may be what was found: its publish
/// call has no answer yet, or never will.
async fn may_be_anothers(tx: &mut Tx, row: &Row, post: PostId) -> Result<bool, StoreError> {
    let account = row.id("account_id")?;
    let caption = row.opt_text("caption")?.unwrap_or_default();
    for posts in [
        "post_schedule s {force index open} {straight join} post_details d
          WHERE d.id = s.post_detail_id AND {open s} AND {open call}",
        "post_details d WHERE {needs review}",
    ] {
        let same = sql("SELECT COUNT(*) FROM ")
            .and(posts)
            .and(" AND d.social_account_id = ? AND d.caption = ? AND d.id <> ?")
            .id(account)
            .text(caption.clone())
            .id(post.uuid());
        if tx.count(same).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
