//! One look at everything that may wait for a worker: a worker that has nothing to do asks
//! no more than this.

use std::time::Duration;

use crate::store::queue::claim::{self, ClaimRequest};
use crate::store::queue::follow_ups;
use crate::store::queue::invalid_rows;
use crate::store::queue::lines;
use crate::store::queue::take_over::{self, TakeOver};
use crate::store::sql::db::{Row, Sql, sql};
use crate::store::{Store, StoreError, reading};

/// What a worker looks for.
#[derive(Debug, Clone)]
pub struct Look {
    pub claims: ClaimRequest,
    pub take_over: TakeOver,
    pub max_late: Duration,
}

/// What waits for a worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits {
    /// Posts to be claimed, or to be ended since no claim can be written into their rows.
    pub due: bool,
    /// Posts that are too late to be sent.
    pub missed: bool,
    /// Jobs whose lease has ended.
    pub abandoned: bool,
    /// Ended posts for which something is still to be done.
    pub follow_ups: bool,
    /// How long until the next pending job's time comes; `None` when there is none.
    pub next_due: Option<Duration>,
}

impl Waits {
    /// What is looked for one by one where one look at everything fails: a row that it
    /// cannot read is no reason to leave the others waiting.
    pub const UNKNOWN: Self =
        Self { due: true, missed: true, abandoned: true, follow_ups: true, next_due: None };
}

impl Store {
    /// Looks what waits, without taking any of it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn look(&self, look: &Look) -> Result<Waits, StoreError> {
        let mut tx = reading!(self).await?;
        let Some(row) = tx.first(look_query(look)).await? else { return Ok(Waits::default()) };
        Ok(Waits {
            due: row.flag("is_due")? || row.flag("is_never_due")?,
            missed: row.flag("is_missed")?,
            abandoned: row.flag("is_abandoned")?,
            follow_ups: row.flag("is_owed")?,
            next_due: next_due(&row),
        })
    }
}

/// What is no time comes never; it is looked for with every claim.
fn next_due(row: &Row) -> Option<Duration> {
    let (at, now) = (row.opt_time("next_run_at").ok()??, row.time("now").ok()?);
    Some((at - now).to_std().unwrap_or_default())
}

pub(crate) fn look_query(look: &Look) -> Sql {
    let Look { claims, take_over, max_late } = look;
    let only = &claims.only;
    let query = sql("SELECT {now} AS now, ").query(claim::next_due_query()).and(" AS next_run_at");
    // Lines are asked only if anything is due: each of them costs a little.
    let query = query.and(", CASE WHEN ").any(any_due_query(claims.ahead)).and(" THEN CASE WHEN ");
    let query = query.any(lines::any_head_query(claims)).and(" OR ");
    let query = query.any(lines::unlined_query(claims, ""));
    let query = query.and(" THEN 1 ELSE 0 END ELSE 0 END AS is_due");
    let owed = follow_ups::due_query(only).and(" ORDER BY d.follow_up_at LIMIT 1");
    let parts = [
        ("is_never_due", invalid_rows::never_due_query(only)),
        ("is_missed", claim::missed_query(*max_late, only, "")),
        ("is_abandoned", take_over::abandoned_query(take_over, "")),
        ("is_owed", owed),
    ];
    parts.into_iter().fold(query, |query, (name, part)| {
        query.and(", CASE WHEN ").any(part).and(&format!(" THEN 1 ELSE 0 END AS {name}"))
    })
}

impl Sql {
    /// Whether a query finds anything. It stands in another one, so that its order and its
    /// limit count: PostgreSQL drops those of EXISTS itself, and then begins anywhere.
    fn any(self, query: Self) -> Self {
        self.and("EXISTS (SELECT 1 FROM ").query(query).and(" found)")
    }
}

/// Whether anything is due, of whatever account.
fn any_due_query(ahead: Duration) -> Sql {
    sql("SELECT s.id FROM post_schedule s {force index open} {straight join} post_details d
          WHERE {due} ORDER BY s.run_at, s.id LIMIT 1")
    .after(ahead)
}
