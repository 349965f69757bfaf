//! Conditions that hold at every commit. Each query finds the rows that break
//! one; a healthy database answers none. Constraints alone refuse only a few.

use crate::store::sql::db::sql;
use crate::store::{Store, StoreError, reading};

/// A post known to be live.
const LIVE: &str = "EXISTS (SELECT 1 FROM publish_log l WHERE l.post_schedule_id = s.id
                     AND l.kind = 'publish' AND l.event = 'ok')";
const BOTH: &str = "post_schedule s JOIN post_details d ON d.id = s.post_detail_id";

/// Name, what it says, and the query that finds breaches. `{J}`, `{open call}` and
/// `{LIVE}` stand for the joined tables, an open intent, and known liveness.
/// Jobs with fence 0 were never touched by this program and are exempt from some.
const INVARIANTS: &[(&str, &str, &str)] = &[
    ("I01", "post and job agree", "SELECT s.id AS id FROM {J} WHERE s.fence > 0 AND NOT (
        (d.status = 'pending' AND s.status = 'pending') OR (d.status = 'processing' AND s.status = 'processing')
        OR (d.status = 'published' AND s.status = 'done') OR (d.status = 'failed' AND s.status = 'failed')
        OR (d.status = 'cancelled' AND s.status = 'done'))"),
    ("I02", "every post has a job", "SELECT d.id AS id FROM post_details d
        LEFT JOIN post_schedule s ON s.post_detail_id = d.id WHERE s.id IS NULL"),
    ("I03", "every job has a post", "SELECT s.id AS id FROM post_schedule s
        LEFT JOIN post_details d ON d.id = s.post_detail_id WHERE d.id IS NULL"),
    ("I04", "a claimed job has an owner", "SELECT id FROM post_schedule WHERE status = 'processing'
        AND fence > 0 AND (worker_id IS NULL OR locked_at IS NULL OR lease_until IS NULL OR attempts < 1)"),
    ("I05", "an unclaimed job has none", "SELECT id FROM post_schedule WHERE status <> 'processing'
        AND fence > 0 AND (lease_until IS NOT NULL OR (status = 'pending' AND (worker_id IS NOT NULL OR locked_at IS NOT NULL)))"),
    ("I06", "a published post says so", "SELECT s.id AS id FROM {J} WHERE s.fence > 0 AND d.status = 'published'
        AND (d.external_post_id = '' OR d.outcome IS NULL OR d.outcome <> 'published')"),
    ("I07", "only published posts have an id", "SELECT id FROM post_details
        WHERE external_post_id IS NOT NULL AND status <> 'published'"),
    ("I08", "a failed post has a reason", "SELECT s.id AS id FROM {J} WHERE s.fence > 0 AND d.status = 'failed'
        AND (d.error_message IS NULL OR d.error_message = '' OR d.outcome IS NULL OR d.outcome = 'published')"),
    ("I09", "attempts are counted", "SELECT s.id AS id FROM {J} WHERE s.fence > 0
        AND (s.attempts < 0 OR s.attempts > s.max_attempts OR d.attempts <> s.attempts OR s.fence < s.attempts)"),
    ("I10", "an id belongs to one post", "SELECT MIN(CAST(id AS CHAR(36))) AS id FROM post_details WHERE external_post_id IS NOT NULL
        GROUP BY platform, external_post_id HAVING COUNT(*) > 1"),
    ("I11", "no known double post", "SELECT post_schedule_id AS id FROM publish_log
        WHERE kind = 'publish' AND event = 'ok' GROUP BY post_schedule_id HAVING COUNT(DISTINCT remote_id) > 1"),
    ("I12", "nothing open waits to be sent", "SELECT s.id AS id FROM post_schedule s WHERE s.status = 'pending' AND {open call}"),
    ("I13", "what is live is published", "SELECT s.id AS id FROM {J} WHERE {LIVE} AND d.status <> 'published'"),
    ("I14", "what is published is live", "SELECT s.id AS id FROM {J} WHERE s.fence > 0 AND d.status = 'published' AND NOT {LIVE}"),
    ("I15", "what is cancelled was not sent", "SELECT s.id AS id FROM {J} WHERE d.status = 'cancelled' AND ({open call} OR {LIVE})"),
    ("I16", "not published means not sent", "SELECT s.id AS id FROM {J} WHERE d.outcome = 'not_published' AND ({open call} OR {LIVE})"),
    ("I17", "unknown means open", "SELECT s.id AS id FROM {J} WHERE (d.outcome = 'unknown' AND NOT (d.status = 'failed' AND {open call}))
        OR (d.status = 'failed' AND {open call} AND (d.outcome IS NULL OR d.outcome <> 'unknown'))"),
    ("I18", "one send per claim", "SELECT post_schedule_id AS id FROM publish_log
        WHERE kind = 'publish' AND event = 'intent' GROUP BY post_schedule_id, fence HAVING COUNT(*) > 1"),
    ("I19", "the log knows no future fence", "SELECT l.post_schedule_id AS id FROM publish_log l
        JOIN post_schedule s ON s.id = l.post_schedule_id WHERE l.fence > s.fence OR l.fence < 1"),
    ("I20", "an answer has a question", "SELECT r.post_schedule_id AS id FROM publish_log r
        WHERE r.event IN ('ok', 'refused', 'unknown') AND NOT EXISTS (SELECT 1 FROM publish_log i
          WHERE i.post_schedule_id = r.post_schedule_id AND i.fence = r.fence AND i.step_no = r.step_no AND i.event = 'intent')"),
    ("I21", "a post goes to its company's account", "SELECT d.id AS id FROM post_details d
        LEFT JOIN meta_social_accounts a ON a.id = d.social_account_id
        WHERE a.id IS NULL OR a.company_id <> d.company_id OR a.platform <> d.platform"),
    ("I22", "statuses are known words", "SELECT id FROM post_details WHERE status IS NULL
        OR status NOT IN ('pending', 'processing', 'published', 'failed', 'cancelled')
        UNION ALL SELECT id FROM post_schedule WHERE status IS NULL OR status NOT IN ('pending', 'processing', 'done', 'failed')"),
    ("I23", "a lease ends after it began", "SELECT id FROM post_schedule WHERE lease_until IS NOT NULL AND lease_until < locked_at"),
    ("I24", "a cancelled post is never put back", "SELECT id FROM post_details WHERE cancel_requested_at IS NOT NULL AND status = 'pending'"),
    ("I25", "a known id is shown", "SELECT s.id AS id FROM {J} WHERE s.fence > 0 AND d.status = 'published'
        AND d.external_post_id IS NULL AND EXISTS (SELECT 1 FROM publish_log l WHERE l.post_schedule_id = s.id
          AND l.kind = 'publish' AND l.event = 'ok' AND l.remote_id IS NOT NULL)"),
    ("I26", "a shown id has evidence", "SELECT s.id AS id FROM {J} WHERE s.fence > 0 AND d.external_post_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM publish_log l WHERE l.post_schedule_id = s.id
          AND l.kind = 'publish' AND l.event = 'ok' AND l.remote_id = d.external_post_id)"),
];

/// A row that breaks an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// `I01` … `I26`.
    pub invariant: &'static str,
    /// What the invariant says.
    pub says: &'static str,
    /// The row that breaks it.
    pub row: String,
}

impl Store {
    /// Rows that break an invariant; none in a healthy database.
    ///
    /// # Errors
    /// The database is away.
    pub async fn breaches(&self) -> Result<Vec<Breach>, StoreError> {
        let mut tx = reading!(self).await?;
        let mut breaches = Vec::new();
        for (invariant, says, query) in INVARIANTS {
            let query = query.replace("{J}", BOTH).replace("{LIVE}", LIVE);
            for row in tx.all(sql(query)).await? {
                breaches.push(Breach { invariant, says, row: row.text("id")? });
            }
        }
        Ok(breaches)
    }
}
