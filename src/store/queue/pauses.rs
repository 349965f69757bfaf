//! Pauses of accounts that a platform's answer asks for.

use std::time::Duration;

use crate::domain::{Failure, Platform, PostId, Remedy, Scope};
use crate::store::sql::db::{Tx, sql};
use crate::store::{Store, StoreError, transaction};

impl Store {
    /// Pauses those accounts that a failure of this post concerns: for a time, or until
    /// an operator acts. Never shortens a pause without end.
    ///
    /// # Errors
    /// The database is away.
    pub async fn pause_accounts(&self, post: PostId, failure: &Failure) -> Result<(), StoreError> {
        transaction!(self, tx, { pause_as_asked(tx, post, failure).await? })
    }
}

/// No pause is shorter, whatever a platform says: it would be a hot loop.
const PAUSE_MIN: Duration = Duration::from_secs(5);

/// Pauses the accounts that a failure of this post is about: its own, those that are
/// used with the same token, or all of the platform.
pub(crate) async fn pause_as_asked(
    tx: &mut Tx,
    post: PostId,
    failure: &Failure,
) -> Result<(), StoreError> {
    let (pause, scope) = match failure.remedy {
        Remedy::Wait { rest, scope } => (Some(rest.max(PAUSE_MIN)), scope),
        Remedy::Operator(scope) => (None, scope),
        _ => return Ok(()),
    };
    // Accounts before jobs, as at the gate.
    let account = tx
        .first(
            sql("SELECT a.id AS id, a.platform AS platform, a.token_ref AS token_ref
                   FROM meta_social_accounts a
                  WHERE a.id = (SELECT d.social_account_id FROM post_details d WHERE d.id = ?)
                  {lock a}")
            .id(post.uuid()),
        )
        .await?;
    let Some(account) = account else { return Ok(()) };
    let query = sql("UPDATE meta_social_accounts SET paused_at = {now}, updated_at = {now}, ");
    let reason = format!("{}: {}", failure.code, failure.message);
    // No pause is made shorter, and none without an end is ended.
    let query = match pause {
        Some(pause) => query
            .and("paused_until = {now+ms}, pause_reason = ?")
            .after(pause)
            .text(reason)
            .and(" WHERE (paused_at IS NULL OR paused_until < {now+ms})")
            .after(pause),
        None => query
            .and("paused_until = NULL, pause_reason = ?")
            .text(reason)
            .and(" WHERE (paused_at IS NULL OR paused_until IS NOT NULL)"),
    };
    let query = match (scope, account.opt_text("token_ref")?) {
        (Scope::App, _) => {
            let served: Vec<&str> = account
                .word::<Platform>("platform")?
                .of_one_app()
                .iter()
                .map(|platform| platform.as_str())
                .collect();
            // Words of our own.
            query.and(&format!(" AND platform IN ('{}')", served.join("', '")))
        }
        (Scope::Person, Some(token)) => query
            .and(" AND platform = ? AND token_ref = ?")
            .text(account.text("platform")?)
            .text(token),
        // Which accounts share a default variable's token is known to no row.
        (Scope::Person, None) | (Scope::Account, _) => {
            query.and(" AND id = ?").id(account.id("id")?)
        }
    };
    tx.execute(query).await?;
    Ok(())
}
