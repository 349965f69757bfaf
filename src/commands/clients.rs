//! `clients`: for whom posts are scheduled.

use clap::{Args, Subcommand};
use serde_json::json;

use super::view::account_json;
use crate::context::Context;
use crate::domain::{ClientId, NewClient, Problem, Problems};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::{Align, Report, Table};

/// List, add and remove the agency's clients
///
/// Without a subcommand, lists the clients of the company.
#[derive(Args)]
pub struct ClientsArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List clients with their accounts
    List,
    /// Add a client
    Add {
        /// First name
        #[arg(long, value_name = "NAME")]
        first_name: String,
        /// Last name
        #[arg(long, value_name = "NAME")]
        last_name: String,
        /// Address of the client's logo
        #[arg(long, value_name = "URL")]
        logo: Option<String>,
    },
    /// Remove a client that has neither accounts nor posts
    Remove {
        /// The client's number
        #[arg(value_name = "N")]
        id: i64,
    },
}

impl ClientsArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        match self.action {
            None | Some(Action::List) => list(context).await,
            Some(Action::Add { first_name, last_name, logo }) => {
                add(context, first_name, last_name, logo).await
            }
            Some(Action::Remove { id }) => remove(context, ClientId(id)).await,
        }
    }
}

async fn list(context: &Context) -> Result<Exit, CommandError> {
    let company = context.company()?;
    let store = context.store().await?;
    let clients = store.clients(company).await?;
    store.close().await;
    let mut table = Table::new([
        ("id", Align::Right),
        ("first name", Align::Left),
        ("last name", Align::Left),
        ("accounts", Align::Cut),
        ("logo", Align::Cut),
    ]);
    for client in &clients {
        let accounts: Vec<&str> =
            client.accounts.iter().map(|account| account.name.as_str()).collect();
        table.push([
            client.id.0.into(),
            client.first_name.clone().into(),
            client.last_name.clone().into(),
            accounts.join(", ").into(),
            client.logo.clone().into(),
        ]);
    }
    // The key spelling is the old scheduler's.
    let rows: Vec<_> = clients
        .iter()
        .map(|client| {
            json!({
                "id": client.id,
                "clientfirstName": client.first_name,
                "clientLastName": client.last_name,
                "logo": client.logo,
                "metaSocialAccounts": client.accounts.iter().map(account_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    let report = Report {
        data: json!({ "count": rows.len(), "rows": rows }),
        ids: clients.iter().map(|client| client.id.to_string()).collect(),
        table: Some(table),
        hint_if_empty: Some(format!("no clients; {} clients add adds one", context.socialsched())),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

async fn add(
    context: &Context,
    first_name: String,
    last_name: String,
    logo: Option<String>,
) -> Result<Exit, CommandError> {
    let company_id = context.company()?;
    let mut problems = Problems::default();
    for (flag, name) in [("--first-name", &first_name), ("--last-name", &last_name)] {
        if name.trim().is_empty() {
            problems.push(Problem::new(flag, "is blank"));
        }
    }
    problems.into_result()?;
    let store = context.store().await?;
    let client = NewClient { company_id, first_name, last_name, logo };
    let id = if context.dry_run { None } else { Some(store.add_client(&client).await?) };
    store.close().await;
    let name =
        crate::domain::visible(&format!("{} {}", client.first_name, client.last_name)).into_owned();
    let text = match id {
        Some(id) => format!("Added client {id}: {name}"),
        None => format!("Would add client {name}"),
    };
    let report = Report {
        message: Some(text.clone()),
        data: json!({
            "id": id,
            "clientfirstName": client.first_name,
            "clientLastName": client.last_name,
            "logo": client.logo,
        }),
        ids: id.iter().map(ToString::to_string).collect(),
        text: Some(text),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

async fn remove(context: &Context, id: ClientId) -> Result<Exit, CommandError> {
    let company = context.company()?;
    let store = context.store().await?;
    let removed = store.remove_client(company, id, context.dry_run).await?;
    store.close().await;
    match removed {
        None => Err(Fault::not_found(format!("no client {id} in this company"))
            .hint(format!("{} clients shows them", context.socialsched()))
            .into()),
        Some(false) => Err(Fault::conflict(format!("client {id} has accounts or posts"))
            .hint("only a client without accounts and posts can be removed")
            .into()),
        Some(true) => {
            let done = if context.dry_run { "Would remove" } else { "Removed" };
            let text = format!("{done} client {id}");
            let report = Report {
                message: Some(text.clone()),
                data: json!({ "id": id }),
                ids: vec![id.to_string()],
                text: Some(text),
                ..Report::default()
            };
            Ok(context.printer.report(&report)?)
        }
    }
}
