//! Social accounts: who we publish as.

use crate::domain::{
    AccountId, CompanyId, ID_PREFIX_MIN, NewAccount, Platform, PublishMode, SocialAccount,
};

use crate::store::rows::{self, SELECT_ACCOUNTS};
use crate::store::sql::db::{Row, sql};
use crate::store::{Found, Store, StoreError, reading, transaction};

/// What came of adding an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    New,
    /// It was there, but without its id at the platform, as the accounts of an
    /// adopted database are.
    Completed,
}

/// What came of removing an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    Removed,
    /// Posts of the past refer to it: it is kept but shown no more.
    Hidden,
    /// Posts still wait for it.
    HasOpenPosts(i64),
    NotFound,
}

/// What came of resuming an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    Done,
    /// It was not paused.
    Already,
    NotFound,
}

/// An account of this id, company and platform whose id at the platform is not
/// known. Instagram's stands in the seed's own column.
const INCOMPLETE: &str = "id = ? AND company_id = ? AND platform = ? AND is_added = 1
    AND external_id IS NULL AND instagram_business_id IS NULL";

impl Store {
    /// The accounts of a company, by platform and name.
    ///
    /// # Errors
    /// The database is away.
    pub async fn accounts(
        &self,
        company: CompanyId,
        platform: Option<Platform>,
    ) -> Result<Vec<SocialAccount>, StoreError> {
        let mut query = sql(SELECT_ACCOUNTS)
            .and(" WHERE a.company_id = ? AND a.is_added = 1")
            .id(company.uuid());
        if let Some(platform) = platform {
            query = query.and(" AND a.platform = ?").text(platform.as_str());
        }
        let query = query.and(" ORDER BY a.platform, a.account_name, a.id");
        let rows = reading!(self).await?.all(query).await?;
        Ok(rows::accounts(&rows))
    }

    /// The account that a name, an id or the beginning of an id names.
    ///
    /// # Errors
    /// The database is away.
    pub async fn find_account(
        &self,
        company: CompanyId,
        name_or_id: &str,
    ) -> Result<Found<SocialAccount>, StoreError> {
        // Of thousands of accounts, only those that it may be.
        let prefix = name_or_id.to_lowercase();
        let may_be_id = prefix.len() >= ID_PREFIX_MIN
            && prefix.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let query = sql(SELECT_ACCOUNTS)
            .and(" WHERE a.company_id = ? AND a.is_added = 1 AND ({as text a.account_name} = ?")
            .id(company.uuid())
            .text(name_or_id);
        let query = match may_be_id {
            true => query.and(" OR LOWER({as text a.id}) LIKE ?").text(format!("{prefix}%")),
            false => query,
        };
        let query = query.and(") ORDER BY a.platform, a.account_name, a.id");
        let rows = reading!(self).await?.all(query).await?;
        let accounts = rows::accounts(&rows);
        let named: Vec<_> = accounts.iter().filter(|a| a.name == name_or_id).cloned().collect();
        let mut matches = if named.is_empty() {
            let is_meant = |a: &SocialAccount| a.id.to_string().starts_with(&prefix);
            accounts.into_iter().filter(|account| may_be_id && is_meant(account)).collect()
        } else {
            named
        };
        Ok(match matches.len() {
            0 => Found::None,
            1 => Found::One(matches.remove(0)),
            _ => Found::Many(matches),
        })
    }

    /// Stores an account, or completes the one of that id that has no external id yet.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when the company has that id or external id
    /// already, or the client does not exist; else the database is away.
    pub async fn add_account(&self, account: &NewAccount) -> Result<Added, StoreError> {
        let instagram =
            account.platform.profile().is_instagram_business.then_some(&account.external_id);
        transaction!(self, tx, {
            let completed = tx
                .execute(
                    sql(format!(
                        "UPDATE meta_social_accounts
                            SET external_id = ?, account_name = ?,
                                token_ref = COALESCE(?, token_ref),
                                publish_mode = COALESCE(?, publish_mode),
                                assigned_client_id = COALESCE(?, assigned_client_id),
                                paused_at = NULL, paused_until = NULL, pause_reason = NULL,
                                updated_at = {{now}}
                          WHERE {INCOMPLETE}"
                    ))
                    .text(account.external_id.clone())
                    .text(account.name.clone())
                    .opt_text(account.token_ref.as_ref().map(ToString::to_string))
                    .opt_text(account.publish_mode.map(|mode| mode.to_string()))
                    .opt_int(account.client_id.map(|id| id.0))
                    .id(account.id.uuid())
                    .id(account.company_id.uuid())
                    .text(account.platform.as_str()),
                )
                .await?;
            if completed == 1 {
                Added::Completed
            } else {
                tx.execute_one(
                    "add account",
                    sql("INSERT INTO meta_social_accounts
                       (id, company_id, assigned_client_id, platform, account_name,
                        instagram_business_id, is_added, external_id, token_ref, publish_mode,
                        created_at, updated_at)
                     VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, {now}, {now})")
                    .id(account.id.uuid())
                    .id(account.company_id.uuid())
                    .opt_int(account.client_id.map(|id| id.0))
                    .text(account.platform.as_str())
                    .text(account.name.clone())
                    .opt_text(instagram.cloned())
                    .text(account.external_id.clone())
                    .opt_text(account.token_ref.as_ref().map(ToString::to_string))
                    .opt_text(account.publish_mode.map(|mode| mode.to_string())),
                )
                .await?;
                Added::New
            }
        })
    }

    /// Sets how posts of a Facebook Page come about; `None`: as the configuration
    /// says. `false` when the company has no such account.
    ///
    /// # Errors
    /// The database is away.
    pub async fn set_publish_mode(
        &self,
        company: CompanyId,
        id: AccountId,
        mode: Option<PublishMode>,
    ) -> Result<bool, StoreError> {
        transaction!(self, tx, {
            let rows = tx
                .execute(
                    sql("UPDATE meta_social_accounts SET publish_mode = ?, updated_at = {now}
                          WHERE id = ? AND company_id = ? AND is_added = 1")
                    .opt_text(mode.map(|mode| mode.to_string()))
                    .id(id.uuid())
                    .id(company.uuid()),
                )
                .await?;
            rows == 1
        })
    }

    /// Stops publishing to an account until it is resumed; `false` when the
    /// company has no such account.
    ///
    /// # Errors
    /// The database is away.
    pub async fn pause_account(
        &self,
        company: CompanyId,
        id: AccountId,
        reason: &str,
    ) -> Result<bool, StoreError> {
        transaction!(self, tx, {
            let rows = tx
                .execute(
                    sql("UPDATE meta_social_accounts
                            SET paused_at = {now}, paused_until = NULL, pause_reason = ?,
                                updated_at = {now}
                          WHERE id = ? AND company_id = ? AND is_added = 1")
                    .text(reason)
                    .id(id.uuid())
                    .id(company.uuid()),
                )
                .await?;
            rows == 1
        })
    }

    /// Publishes to an account again.
    ///
    /// # Errors
    /// The database is away.
    pub async fn resume_account(
        &self,
        company: CompanyId,
        id: AccountId,
    ) -> Result<Resumed, StoreError> {
        transaction!(self, tx, {
            let account = find(tx, company, id).await?;
            match account {
                None => Resumed::NotFound,
                Some(row) if !row.is_set("paused_at")? => Resumed::Already,
                Some(_) => {
                    tx.execute_one(
                        "resume account",
                        sql("UPDATE meta_social_accounts
                                SET paused_at = NULL, paused_until = NULL, pause_reason = NULL,
                                    updated_at = {now}
                              WHERE id = ? AND paused_at IS NOT NULL")
                        .id(id.uuid()),
                    )
                    .await?;
                    Resumed::Done
                }
            }
        })
    }

    /// Removes an account that no post waits for.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn remove_account(
        &self,
        company: CompanyId,
        id: AccountId,
        dry_run: bool,
    ) -> Result<Removal, StoreError> {
        transaction!(self, tx, {
            if find(tx, company, id).await?.is_none() {
                Removal::NotFound
            } else {
                let posts = |which: &str| {
                    sql(format!(
                        "SELECT COUNT(*) FROM post_details WHERE social_account_id = ? {which}"
                    ))
                    .id(id.uuid())
                };
                let open = tx.count(posts("AND {open}")).await?;
                let all = tx.count(posts("")).await?;
                let (answer, statement) = match (open, all) {
                    (0, 0) => (Removal::Removed, "DELETE FROM meta_social_accounts WHERE id = ?"),
                    (0, _) => (
                        Removal::Hidden,
                        "UPDATE meta_social_accounts
                            SET is_added = 0, external_id = NULL, updated_at = {now} WHERE id = ?",
                    ),
                    (open, _) => (Removal::HasOpenPosts(open), ""),
                };
                if !statement.is_empty() && !dry_run {
                    tx.execute_one("remove account", sql(statement).id(id.uuid())).await?;
                }
                answer
            }
        })
    }
}

async fn find(
    tx: &mut crate::store::sql::db::Tx,
    company: CompanyId,
    id: AccountId,
) -> Result<Option<Row>, StoreError> {
    tx.first(
        sql(SELECT_ACCOUNTS)
            .and(" WHERE a.id = ? AND a.company_id = ? AND a.is_added = 1 {lock a}")
            .id(id.uuid())
            .id(company.uuid()),
    )
    .await
}
