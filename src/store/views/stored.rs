//! A post as it lies in the database, for people who look into one that cannot
//! be read: every value as the database's own text.

use crate::domain::{CompanyId, JobId, PostId};

use crate::store::sql::db::sql;
use crate::store::{Store, StoreError, reading};

/// Table, its name in the query, and its columns in the order shown.
const COLUMNS: &[(&str, &str, &[&str])] = &[
    (
        "post_details",
        "d",
        &[
            "id",
            "company_id",
            "assigned_client_id",
            "social_account_id",
            "platform",
            "post_type",
            "caption",
            "media",
            "link",
            "first_comment",
            "first_comment_state",
            "status",
            "outcome",
            "error_code",
            "error_message",
            "external_post_id",
            "permalink",
            "attempts",
            "cancel_requested_at",
            "cancel_reason",
            "idempotency_key",
            "content_hash",
            "leftovers",
            "follow_up_at",
            "published_at",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "post_schedule",
        "s",
        &[
            "id",
            "account_id",
            "run_at",
            "status",
            "attempts",
            "max_attempts",
            "next_attempt_at",
            "fence",
            "worker_id",
            "locked_at",
            "lease_until",
            "error_message",
        ],
    ),
];

/// The two rows of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPost {
    /// `None`: the job's id is no UUID.
    pub job: Option<JobId>,
    /// Table, column and value; NULL is `None`.
    pub values: Vec<(&'static str, &'static str, Option<String>)>,
}

impl Store {
    /// A post of a company, whatever its rows hold.
    ///
    /// # Errors
    /// The database is away.
    pub async fn stored_post(
        &self,
        company: CompanyId,
        id: PostId,
    ) -> Result<Option<StoredPost>, StoreError> {
        let columns = || {
            COLUMNS.iter().flat_map(|(table, alias, columns)| {
                columns.iter().map(move |column| (*table, *alias, *column))
            })
        };
        let selected: Vec<String> = columns()
            .map(|(_, alias, column)| format!("{{as text {alias}.{column}}} AS {alias}_{column}"))
            .collect();
        let query = format!(
            "SELECT s.id AS job_id, {} FROM post_details d
               JOIN post_schedule s ON s.post_detail_id = d.id
              WHERE d.id = ? AND d.company_id = ?",
            selected.join(", ")
        );
        let mut tx = reading!(self).await?;
        let row = tx.first(sql(query).id(id.uuid()).id(company.uuid())).await?;
        let Some(row) = row else { return Ok(None) };
        // Behind the job's id, in the order of the columns.
        let values = columns()
            .enumerate()
            .map(|(n, (table, _, column))| Ok((table, column, row.text_at(n + 1)?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(StoredPost { job: row.job("job_id").ok(), values }))
    }
}
