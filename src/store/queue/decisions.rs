//! What a person decides about a post that needs review (T14).

use crate::domain::{
    ABANDONED, CompanyId, Failure, FailureCode, Intent, LogEvent, Outcome, PostId, PostStatus,
    Receipt, Remedy, StepKind, Transition,
};

use crate::store::queue::evidence::{self, Evidence};
use crate::store::queue::log::{self, Entry};
use crate::store::queue::logs;
use crate::store::queue::operator::pair_of;
use crate::store::queue::transitions;
use crate::store::rows;
use crate::store::sql::db::{Tx, sql};
use crate::store::{Store, StoreError, transaction};

/// A person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is live, under this id at the platform.
    Published(String),
    /// It is not there: send it again.
    NotPublished,
    /// Neither look nor send again.
    Abandon,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    Done,
    /// It is not there, and its cancellation was requested.
    Cancelled,
    /// The outcome is not unknown: there is nothing to decide.
    NotUnknown(PostStatus),
    /// That id belongs to another post of this database.
    IdTaken,
    NotFound,
}

impl Store {
    /// Applies a person's decision. `actor` is recorded with it.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn decide(
        &self,
        company: CompanyId,
        id: PostId,
        decision: &Decision,
        actor: &str,
        dry_run: bool,
    ) -> Result<Decided, StoreError> {
        transaction!(self, tx, { decide(tx, company, id, decision, actor, dry_run).await? })
    }
}

async fn decide(
    tx: &mut Tx,
    company: CompanyId,
    id: PostId,
    decision: &Decision,
    actor: &str,
    dry_run: bool,
) -> Result<Decided, StoreError> {
    let Some(post) = rows::find_post(tx, company, id).await? else {
        return Ok(Decided::NotFound);
    };
    let unknown = post.status == PostStatus::Failed && post.outcome == Some(Outcome::Unknown);
    if !unknown {
        return Ok(Decided::NotUnknown(post.status));
    }
    if let Decision::Published(external_id) = decision {
        let taken = tx
            .count(
                sql("SELECT COUNT(*) FROM post_details
                      WHERE platform = ? AND external_post_id = ? AND id <> ?")
                .text(post.content.platform.as_str())
                .text(external_id.clone())
                .id(id.uuid()),
            )
            .await?;
        if taken > 0 {
            return Ok(Decided::IdTaken);
        }
    }
    if dry_run {
        return Ok(Decided::Done);
    }
    let now = tx.now().await?;
    let logged = logs::read(tx, &[post.job_id], now).await?.remove(&post.job_id).transpose();
    let mut open = match (logged, decision) {
        (Ok(logged), _) => logged.unwrap_or_default().open_intents,
        // Sent again, it would only need review again.
        (Err(unreadable), Decision::NotPublished) => return Err(unreadable.into()),
        (Err(_), _) => logs::open_calls(tx, post.job_id).await?,
    };
    let refused =
        Failure::new(Remedy::GiveUp, FailureCode::Operator, format!("{actor}: it is not there"));
    match decision {
        Decision::Published(external_id) => {
            let Some(newest) = open.pop() else {
                return Ok(Decided::NotUnknown(post.status));
            };
            let receipt = Receipt {
                external_id: Some(external_id.clone()),
                evidence: Some(format!("operator {actor}")),
                ..Receipt::default()
            };
            let evidence = Evidence { job: post.job_id, post: id, intent: newest, receipt };
            evidence::record_decided(tx, evidence).await?;
        }
        Decision::NotPublished | Decision::Abandon => {}
    }
    if *decision == Decision::Abandon {
        tx.execute_one(
            "abandon post",
            sql("UPDATE post_details
                    SET error_code = ?, error_message = ?, follow_up_at = NULL, updated_at = {now}
                  WHERE id = ? AND status = 'failed' AND outcome = 'unknown'")
            .text(ABANDONED)
            .text(format!("given up by {actor}; may be live"))
            .id(id.uuid()),
        )
        .await?;
        return Ok(Decided::Done);
    }
    let refusal = |intent: &Intent| {
        let key = (intent.fence, intent.step_no);
        Entry::new(post.job_id, key, StepKind::Publish, LogEvent::Refused).failure(&refused)
    };
    log::append(tx, open.iter().map(refusal).collect()).await?;
    if *decision == Decision::NotPublished {
        if post.cancel_requested_at.is_some() {
            transitions::cancel_reviewed(tx, &[pair_of(&post)]).await?;
            return Ok(Decided::Cancelled);
        }
        transitions::reopen(tx, Transition::Decide, &[pair_of(&post)]).await?;
    }
    Ok(Decided::Done)
}
