//! How well the platforms answer. One that does not answer is paused as a whole:
//! an outage is no post's fault, and calls into it are of no use.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::{AccountId, Pause, Platform};

use crate::store::sql::db::{Row, Tx, sql};
use crate::store::{Store, StoreError, reading, transaction};

/// Failed calls in a row after which a platform is paused …
const FAULTS_MAX: i64 = 3;
/// … or fewer, if they were made for several accounts.
const FAULTS_MAX_OF_SEVERAL: i64 = 2;

/// How long the first pause is, and the longest one.
const FIRST_REST: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);

impl Store {
    /// Counts a call that the platform did not answer, or answered with a server
    /// fault. Returns for how long the platform is paused now, if this paused it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn count_fault(
        &self,
        platform: Platform,
        account: AccountId,
        reason: &str,
    ) -> Result<Option<Duration>, StoreError> {
        transaction!(self, tx, {
            let seen = tx
                .first(
                    sql("SELECT h.faults AS faults, h.account_id AS account_id, h.rests AS rests,
                                CASE WHEN h.rests_until > {now} THEN 1 ELSE 0 END AS rests_now
                           FROM platform_health h WHERE h.platform = ? {lock h}")
                    .text(platform.as_str()),
                )
                .await?;
            match seen {
                None => None,
                Some(seen) => count(tx, &seen, platform, account, reason).await?,
            }
        })
    }

    /// Notes that the platform answers: its faults count no more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn forget_faults(&self, platform: Platform) -> Result<(), StoreError> {
        let counted = sql("SELECT faults FROM platform_health WHERE platform = ? AND faults > 0");
        let counted = counted.text(platform.as_str());
        if reading!(self).await?.first(counted).await?.is_none() {
            return Ok(());
        }
        transaction!(self, tx, {
            tx.execute(
                sql("UPDATE platform_health
                        SET faults = 0, account_id = NULL, rests = 0, rests_until = NULL,
                            reason = NULL, updated_at = {now}
                      WHERE platform = ? AND faults > 0")
                .text(platform.as_str()),
            )
            .await?;
        })
    }
}

/// The platforms that are paused, and why.
pub(crate) async fn rests(tx: &mut Tx) -> Result<HashMap<Platform, Pause>, StoreError> {
    let rows = tx
        .all(sql("SELECT platform, rests_until, reason FROM platform_health
                   WHERE rests_until > {now}"))
        .await?;
    let rest = |row: &Row| {
        let reason = row.opt_lossy("reason").ok().flatten().unwrap_or_default();
        let until = row.opt_time("rests_until").ok().flatten();
        Some((row.word("platform").ok()?, Pause { reason, until }))
    };
    Ok(rows.iter().filter_map(rest).collect())
}

async fn count(
    tx: &mut Tx,
    seen: &Row,
    platform: Platform,
    account: AccountId,
    reason: &str,
) -> Result<Option<Duration>, StoreError> {
    let faults = seen.int("faults")? + 1;
    let of_several = seen.opt_id("account_id")?.is_some_and(|first| first != account.uuid());
    let most = if of_several { FAULTS_MAX_OF_SEVERAL } else { FAULTS_MAX };
    let rests = seen.int("rests")?;
    // Calls that were under way when the pause began make it no longer.
    let rest = (faults >= most && !seen.flag("rests_now")?).then(|| rest_after(rests));
    let query = sql("UPDATE platform_health
                        SET faults = ?, account_id = COALESCE(account_id, ?), updated_at = {now}")
    .int(faults)
    .id(account.uuid());
    let query = match rest {
        Some(rest) => query
            .and(", rests = rests + 1, rests_until = {now+ms}, reason = ?")
            .after(rest)
            .text(format!("{platform} does not answer: {reason}")),
        None => query,
    };
    let query = query.and(" WHERE platform = ?").text(platform.as_str());
    tx.execute_one("count fault of platform", query).await?;
    Ok(rest)
}

/// 1, 2, 4, 8 and then 15 minutes.
fn rest_after(rests: i64) -> Duration {
    let doubled = u32::try_from(rests.clamp(0, 10)).unwrap_or_default();
    (FIRST_REST * 2u32.pow(doubled)).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttles_grow_from_one_to_fifteen_minutes() {
        let minutes: Vec<u64> = (0..6).map(|rests| rest_after(rests).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15]);
    }
}
