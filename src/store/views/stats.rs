//! The numbers of `queue-status`, read from the open jobs and from what ended lately.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::{
    AccountId, AccountStats, CompanyId, Platform, PlatformStats, QueueStats, WorkerBeat, WorkerId,
};

use crate::store::queue::health;
use crate::store::rows::{self, FOREIGN_LOCK, SELECT_ACCOUNTS, STUCK_AFTER};
use crate::store::sql::db::{Row, Sql, Tx, sql};
use crate::store::{Store, StoreError, reading};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A worker that was silent this long is no longer shown.
const WORKER_SHOWN_FOR: Duration = Duration::from_secs(10 * 60);

impl Store {
    /// How the queue stands: of one company, or of all.
    ///
    /// # Errors
    /// The database is away.
    pub async fn queue_stats(&self, company: Option<CompanyId>) -> Result<QueueStats, StoreError> {
        stats(&mut reading!(self).await?, company).await
    }
}

pub(crate) async fn stats(
    tx: &mut Tx,
    company: Option<CompanyId>,
) -> Result<QueueStats, StoreError> {
    let accounts = open_per_account(tx, company).await?;
    let mut rests = health::rests(tx).await?;
    let mut platforms: Vec<PlatformStats> = Vec::new();
    for platform in Platform::ALL.iter().copied() {
        let of = accounts.iter().filter(|account| account.platform == platform);
        platforms.push(PlatformStats {
            platform,
            pending: of.clone().map(|account| account.pending).sum(),
            processing: of.clone().map(|account| account.processing).sum(),
            due: of.map(|account| account.due).sum(),
            rest: rests.remove(&platform),
        });
    }
    let numbers = tx.first(numbers_query(company)).await?;
    let number = |column: &'static str| match &numbers {
        Some(row) => Ok(row.opt_int(column)?.unwrap_or(0)),
        None => Ok::<_, StoreError>(0),
    };
    // The worker fails what is no time before anything else.
    let oldest = numbers.as_ref().and_then(|row| row.opt_time("run_at").ok().flatten());
    let lag_seconds = match (oldest, &numbers) {
        (Some(run_at), Some(row)) => (row.time("now")? - run_at).num_seconds().max(0),
        _ => 0,
    };
    let next = tx
        .first(next_query(company))
        .await?
        .and_then(|row| Some((row.post("id").ok()?, row.time("run_at").ok()?)));
    let unknown = number("unknown")?;
    let unknown_rows = match unknown {
        0 => Vec::new(),
        _ => tx.all(unknown_query(company)).await?,
    };
    let unknown_posts = unknown_rows
        .iter()
        // What has no readable id is counted, and reported by listings.
        .filter_map(|row| {
            Some((row.post("id").ok()?, CompanyId::from_uuid(row.id("company_id").ok()?)))
        })
        .collect();
    Ok(QueueStats {
        pending: platforms.iter().map(|platform| platform.pending).sum(),
        processing: platforms.iter().map(|platform| platform.processing).sum(),
        due: platforms.iter().map(|platform| platform.due).sum(),
        lag_seconds,
        stuck: number("stuck")?,
        unknown,
        unknown_posts,
        published_24h: number("published")?,
        failed_24h: number("failed")?,
        next,
        platforms,
        accounts,
        workers: workers(tx).await?,
    })
}

/// All that is one number, in one statement.
fn numbers_query(company: Option<CompanyId>) -> Sql {
    let numbers = [
        ("run_at", oldest_query(company)),
        ("stuck", stuck_query(company)),
        ("unknown", unknown_count_query(company)),
        ("published", ended_query("published", company)),
        ("failed", ended_query("failed", company)),
    ];
    numbers.into_iter().fold(sql("SELECT {now} AS now"), |query, (name, number)| {
        query.and(", ").query(number).and(&format!(" AS {name}"))
    })
}

fn oldest_query(company: Option<CompanyId>) -> Sql {
    of_company(
        sql("SELECT s.run_at AS run_at
               FROM post_schedule s {force index open} {straight join} post_details d
              WHERE {by key d.id = s.post_detail_id}
                AND {open s} AND s.status = 'pending' AND d.status = 'pending'
                AND s.run_at <= {now} AND s.run_at {readable time}
                AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= {now})"),
        company,
        " ORDER BY s.run_at, s.id LIMIT 1",
    )
}

fn next_query(company: Option<CompanyId>) -> Sql {
    of_company(
        sql("SELECT d.id AS id, s.run_at AS run_at
               FROM post_schedule s {force index open} {straight join} post_details d
              WHERE {by key d.id = s.post_detail_id}
                AND {open s} AND s.status = 'pending' AND d.status = 'pending'
                AND s.run_at > {now}"),
        company,
        " ORDER BY s.run_at, s.id LIMIT 1",
    )
}

fn stuck_query(company: Option<CompanyId>) -> Sql {
    of_company(
        sql(
            "SELECT COUNT(*) FROM post_schedule s {force index open} {straight join} post_details d
              WHERE {by key d.id = s.post_detail_id} AND s.status = 'processing'
                AND (s.lease_until < {now+ms}
                     OR (s.lease_until IS NULL AND s.locked_at < {now+ms}))",
        )
        .before(STUCK_AFTER)
        .before(FOREIGN_LOCK),
        company,
        "",
    )
}

fn unknown_count_query(company: Option<CompanyId>) -> Sql {
    let count = "SELECT COUNT(*) FROM post_details d {indexed by post_details_unknown} WHERE {needs review}";
    of_company(sql(count), company, "")
}

fn unknown_query(company: Option<CompanyId>) -> Sql {
    of_company(
        sql("SELECT d.id AS id, d.company_id AS company_id
               FROM post_details d {indexed by post_details_unknown} WHERE {needs review}"),
        company,
        " ORDER BY d.updated_at, d.id LIMIT 5",
    )
}

fn ended_query(status: &'static str, company: Option<CompanyId>) -> Sql {
    of_company(
        sql("SELECT COUNT(*) FROM post_details d {indexed by post_details_ended}
              WHERE {ended d} AND d.status = ? AND d.updated_at > {now+ms}
                AND (d.outcome IS NULL OR d.outcome <> 'unknown')")
        .text(status)
        .before(DAY),
        company,
        "",
    )
}

fn open_query(company: Option<CompanyId>) -> Sql {
    of_company(
        sql("SELECT d.social_account_id AS account_id,
                    COUNT(CASE WHEN s.status = 'pending' THEN 1 END) AS pending,
                    COUNT(CASE WHEN s.status = 'processing' THEN 1 END) AS processing,
                    COUNT(CASE WHEN s.status = 'pending' AND s.run_at <= {now}
                             THEN 1 END) AS due
               FROM post_schedule s {force index open} {straight join} post_details d
              WHERE {by key d.id = s.post_detail_id} AND {open s}"),
        company,
        " GROUP BY d.social_account_id",
    )
}

/// What SQLite is asked, each with the index that must serve it.
#[cfg(test)]
pub(crate) fn queries(company: Option<CompanyId>) -> [(&'static str, Sql); 7] {
    [
        ("post_schedule_open", oldest_query(company)),
        ("post_schedule_open", next_query(company)),
        ("post_schedule_open", open_query(company)),
        ("post_schedule_claimed", stuck_query(company)),
        ("post_details_unknown", unknown_count_query(company)),
        ("post_details_unknown", unknown_query(company)),
        ("post_details_ended (status=? AND updated_at>?)", ended_query("failed", company)),
    ]
}

fn of_company(query: Sql, company: Option<CompanyId>, tail: &str) -> Sql {
    match company {
        Some(company) => query.and(" AND d.company_id = ?").id(company.uuid()).and(tail),
        None => query.and(tail),
    }
}

/// Every account of a company with its open posts; without a company, every
/// account that has open posts or is paused.
async fn open_per_account(
    tx: &mut Tx,
    company: Option<CompanyId>,
) -> Result<Vec<AccountStats>, StoreError> {
    let open = tx.all(open_query(company)).await?;
    let query = match company {
        Some(company) => sql(SELECT_ACCOUNTS)
            .and(" WHERE a.company_id = ? AND a.is_added = 1")
            .id(company.uuid()),
        None => sql(SELECT_ACCOUNTS).and(" WHERE a.is_added = 1"),
    };
    let rows = tx.all(query.and(" ORDER BY a.platform, a.account_name, a.id")).await?;
    let open: HashMap<Uuid, &Row> =
        open.iter().filter_map(|counts| Some((counts.id("account_id").ok()?, counts))).collect();
    let mut stats = Vec::new();
    for account in rows::accounts(&rows) {
        let counts = open.get(&account.id.uuid());
        let count = |column: &'static str| {
            counts.and_then(|row| row.opt_int(column).ok().flatten()).unwrap_or(0)
        };
        if company.is_none() && counts.is_none() && account.pause.is_none() {
            continue;
        }
        stats.push(AccountStats {
            id: AccountId::from_uuid(account.id.uuid()),
            name: account.name,
            platform: account.platform,
            pending: count("pending"),
            processing: count("processing"),
            due: count("due"),
            pause: account.pause,
        });
    }
    Ok(stats)
}

async fn workers(tx: &mut Tx) -> Result<Vec<WorkerBeat>, StoreError> {
    let rows = tx
        .all(
            sql("SELECT id, version, started_at, beat_at, {now} AS now FROM workers
                  WHERE beat_at > {now+ms} ORDER BY started_at, id")
            .before(WORKER_SHOWN_FOR),
        )
        .await?;
    let mut beats = Vec::with_capacity(rows.len());
    for row in &rows {
        match beat(row) {
            Ok(beat) => beats.push(beat),
            Err(error) => {
                let worker = row.opt_lossy("id")?.unwrap_or_default();
                let error = error.in_row("workers", format!("worker {worker}"));
                tracing::warn!(%error, "a worker is skipped");
            }
        }
    }
    Ok(beats)
}

fn beat(row: &Row) -> Result<WorkerBeat, StoreError> {
    let beat_at = row.time("beat_at")?;
    Ok(WorkerBeat {
        id: WorkerId::named(row.text("id")?),
        version: row.text("version")?,
        started_at: row.time("started_at")?,
        beat_at,
        age_seconds: (row.time("now")? - beat_at).num_seconds().max(0),
    })
}
