//! Clients of an agency.

use crate::domain::{AgencyClient, ClientId, CompanyId, NewClient, SocialAccount};

use crate::store::sql::db::{Row, sql};
use crate::store::{Store, StoreError, reading, transaction};

impl Store {
    /// The clients of a company with the accounts assigned to each.
    ///
    /// # Errors
    /// The database is away.
    pub async fn clients(&self, company: CompanyId) -> Result<Vec<AgencyClient>, StoreError> {
        let accounts = self.accounts(company, None).await?;
        let rows = reading!(self)
            .await?
            .all(
                sql("SELECT id, client_first_name, client_last_name, logo FROM agency_clients
                      WHERE company_id = ? ORDER BY id")
                .id(company.uuid()),
            )
            .await?;
        let client = |row: &Row| {
            let id = ClientId(row.int("id")?);
            let of_client = |account: &&SocialAccount| account.client_id == Some(id);
            Ok(AgencyClient {
                id,
                first_name: row.text("client_first_name")?,
                last_name: row.text("client_last_name")?,
                logo: row.opt_text("logo")?,
                accounts: accounts.iter().filter(of_client).cloned().collect(),
            })
        };
        let warn = |row: &Row, error: StoreError| {
            let id = row.int("id").map_or("?".to_owned(), |id| id.to_string());
            let error = error.in_row("agency_clients", format!("client {id}"));
            tracing::warn!(%error, "a client is skipped");
        };
        let read = |row| client(row).map_err(|error| warn(row, error)).ok();
        Ok(rows.iter().filter_map(read).collect())
    }

    /// True when the company has that client.
    ///
    /// # Errors
    /// The database is away.
    pub async fn has_client(&self, company: CompanyId, id: ClientId) -> Result<bool, StoreError> {
        let mut tx = reading!(self).await?;
        let count = tx
            .count(
                sql("SELECT COUNT(*) FROM agency_clients WHERE id = ? AND company_id = ?")
                    .int(id.0)
                    .id(company.uuid()),
            )
            .await?;
        Ok(count == 1)
    }

    /// Stores a client, and returns its number.
    ///
    /// # Errors
    /// The database is away; then nothing was stored.
    pub async fn add_client(&self, client: &NewClient) -> Result<ClientId, StoreError> {
        transaction!(self, tx, {
            ClientId(
                tx.insert_numbered(
                    sql("INSERT INTO agency_clients
                           (company_id, client_first_name, client_last_name, logo)
                         VALUES (?, ?, ?, ?)")
                    .id(client.company_id.uuid())
                    .text(client.first_name.clone())
                    .text(client.last_name.clone())
                    .opt_text(client.logo.clone()),
                )
                .await?,
            )
        })
    }

    /// Removes a client. `Some(false)`: accounts or posts are assigned to it,
    /// so it stays; `None`: the company has no such client.
    ///
    /// # Errors
    /// The database is away; then nothing was changed.
    pub async fn remove_client(
        &self,
        company: CompanyId,
        id: ClientId,
        dry_run: bool,
    ) -> Result<Option<bool>, StoreError> {
        if !self.has_client(company, id).await? {
            return Ok(None);
        }
        transaction!(self, tx, {
            let used = tx
                .count(
                    sql("SELECT (SELECT COUNT(*) FROM post_details WHERE assigned_client_id = ?)
                              + (SELECT COUNT(*) FROM meta_social_accounts
                                  WHERE assigned_client_id = ?)")
                    .int(id.0)
                    .int(id.0),
                )
                .await?;
            if used > 0 {
                Some(false)
            } else {
                if !dry_run {
                    tx.execute_one(
                        "remove client",
                        sql("DELETE FROM agency_clients WHERE id = ? AND company_id = ?")
                            .int(id.0)
                            .id(company.uuid()),
                    )
                    .await?;
                }
                Some(true)
            }
        })
    }
}
