//! `accounts`: who posts are published as.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::args::word;
use super::view::account_json;
use crate::context::Context;
use crate::domain::when::short;
use crate::domain::{
    AccountId, ClientId, NewAccount, Platform, Problem, Problems, PublishMode, SocialAccount,
    TokenRef, rules,
};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::{Align, Report, Table, agreeing, counted};
use crate::store::{Added, Removal, Resumed, StoreError};

/// List, add, change, pause, resume and remove social accounts
///
/// Without a subcommand, lists the accounts of the company.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AccountsArgs {
    #[command(flatten)]
    list: ListArgs,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Args)]
struct ListArgs {
    /// Only accounts of this platform
    #[arg(long, value_parser = word::<Platform>(Platform::ALL.iter().map(|p| p.as_str())))]
    platform: Option<Platform>,
}

#[derive(Subcommand)]
enum Action {
    /// List accounts
    List(ListArgs),
    Add(AddArgs),
    Set(SetArgs),
    /// Stop publishing to an account until it is resumed
    Pause {
        /// Name, id, or the beginning of an id
        account: String,
        /// Reason, shown to those who look at the queue
        #[arg(long, value_name = "TEXT", default_value = "paused by an operator")]
        reason: String,
    },
    /// Publish to an account again
    Resume {
        /// Name, id, or the beginning of an id
        account: String,
    },
    /// Remove an account that has no open posts
    Remove {
        /// Name, id, or the beginning of an id
        account: String,
    },
}

/// Add an account
///
/// The database keeps a reference to the token, never the token. Without a
/// reference the worker looks at SOCIALSCHED_TOKEN_<ACCOUNT-ID> and then at
/// SOCIALSCHED_TOKEN_<PLATFORM>.
#[derive(Args)]
struct AddArgs {
    /// Platform
    #[arg(long, value_parser = word::<Platform>(Platform::ALL.iter().map(|p| p.as_str())))]
    platform: Platform,
    /// Name, as people know it
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Page id, Instagram user id, or LinkedIn URN
    #[arg(long, value_name = "ID")]
    external_id: String,
    /// Client the account belongs to
    #[arg(long, value_name = "N")]
    client: Option<i64>,
    /// Id of the account in this database [default: a new one]
    ///
    /// The id of an account that has no external id yet, as in a database of the
    /// old scheduler, completes that account.
    #[arg(long, value_name = "UUID")]
    id: Option<AccountId>,
    /// Environment variable of the worker that holds the token
    #[arg(long, value_name = "VAR", conflicts_with = "token_file")]
    token_env: Option<String>,
    /// File that holds the token, readable by its owner only
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// How posts of a Facebook Page are published [default: as configured]
    #[arg(long, value_name = "MODE", value_parser = word::<PublishMode>(PublishMode::ALL.iter().map(|m| m.as_str())))]
    publish_mode: Option<PublishMode>,
}

/// Change an account; its posts stay as they are
#[derive(Args)]
struct SetArgs {
    /// Name, id, or the beginning of an id
    account: String,
    /// How posts of a Facebook Page are published; "default": as configured
    #[arg(long, value_name = "MODE", value_parser = ["two-step", "direct", "default"])]
    publish_mode: String,
}

impl AccountsArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        match self.action {
            None => list(context, self.list).await,
            Some(Action::List(args)) => list(context, args).await,
            Some(Action::Add(args)) => args.run(context).await,
            Some(Action::Set(args)) => args.run(context).await,
            Some(Action::Pause { account, reason }) => pause(context, &account, &reason).await,
            Some(Action::Resume { account }) => resume(context, &account).await,
            Some(Action::Remove { account }) => remove(context, &account).await,
        }
    }
}

async fn list(context: &Context, args: ListArgs) -> Result<Exit, CommandError> {
    let company = context.company()?;
    let store = context.store().await?;
    let accounts = store.accounts(company, args.platform).await?;
    store.close().await;
    let mut table = Table::new([
        ("id", Align::Left),
        ("platform", Align::Left),
        ("name", Align::Left),
        ("external id", Align::Left),
        ("token", Align::Left),
        ("state", Align::Cut),
    ]);
    for account in &accounts {
        table.push([
            account.id.to_string().into(),
            account.platform.as_str().into(),
            account.name.clone().into(),
            account.external_id.clone().into(),
            account
                .token_ref
                .as_ref()
                .map_or("default variables".to_owned(), ToString::to_string)
                .into(),
            state(context, account).into(),
        ]);
    }
    let report = Report {
        data: accounts.iter().map(account_json).collect(),
        ids: accounts.iter().map(|account| account.id.to_string()).collect(),
        table: Some(table),
        hint_if_empty: Some(format!(
            "no accounts; {} accounts add adds one",
            context.socialsched()
        )),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

fn state(context: &Context, account: &SocialAccount) -> String {
    match &account.pause {
        None => "active".to_owned(),
        Some(pause) => {
            let until = pause
                .until
                .map(|until| format!(" until {}", short(until, &context.settings.tz)))
                .unwrap_or_default();
            format!("paused{until}: {}", pause.reason)
        }
    }
}

impl AddArgs {
    async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let company = context.company()?;
        let mut problems = Problems::default();
        if let Err(problem) = rules::check_account_id(self.platform, &self.external_id) {
            problems.push(problem);
        }
        if self.name.trim().is_empty() {
            problems.push(Problem::new("--name", "is blank"));
        }
        let token_ref = self.token_ref(&mut problems);
        if self.publish_mode.is_some() && !self.platform.profile().has_publish_modes {
            problems.push(only_for_facebook(self.platform));
        }
        problems.into_result()?;
        let account = NewAccount {
            id: self.id.unwrap_or_else(AccountId::generate),
            company_id: company,
            platform: self.platform,
            name: self.name,
            external_id: self.external_id,
            client_id: self.client.map(ClientId),
            token_ref,
            publish_mode: self.publish_mode,
        };
        let store = context.store().await?;
        if let Some(client) = account.client_id
            && !store.has_client(company, client).await?
        {
            return Err(Fault::not_found(format!("no client {client} in this company"))
                .field("--client")
                .hint(format!("{} clients shows them", context.socialsched()))
                .into());
        }
        let mut done = "Would add";
        if !context.dry_run {
            let added = store.add_account(&account).await.map_err(|error| match error {
                StoreError::Constraint(_) => CommandError::from(
                    Fault::conflict(format!(
                        "this company already has the {} account {}, or that id is taken",
                        account.platform, account.external_id
                    ))
                    .hint(format!("{} accounts shows them", context.socialsched())),
                ),
                other => other.into(),
            })?;
            done = match added {
                Added::New => "Added",
                Added::Completed => "Completed",
            };
        }
        store.close().await;
        let report = Report {
            message: Some(format!("{done} account")),
            data: json!({
                "id": account.id,
                "platform": account.platform,
                "accountName": account.name,
                "externalId": account.external_id,
                "isAdded": true,
            }),
            ids: vec![account.id.to_string()],
            text: Some(format!(
                "{done} {} on {} as {}",
                crate::domain::visible(&account.name),
                account.platform,
                account.id
            )),
            ..Report::default()
        };
        Ok(context.printer.report(&report)?)
    }

    fn token_ref(&self, problems: &mut Problems) -> Option<TokenRef> {
        if let Some(name) = &self.token_env {
            let is_name = !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name {
                // A token pasted here by mistake must not be shown.
                problems.push(
                    Problem::new("--token-env", "is not the name of a variable (not shown)")
                        .hint("give the variable's name, not the token: --token-env ACME_TOKEN"),
                );
                return None;
            }
            return Some(TokenRef::Env(name.clone()));
        }
        let path = self.token_file.as_ref()?;
        if !path.is_absolute() {
            problems.push(
                Problem::new("--token-file", "is not an absolute path")
                    .value(path.display().to_string())
                    .hint("the worker may run in another directory"),
            );
            return None;
        }
        Some(TokenRef::File(path.clone()))
    }
}

impl SetArgs {
    async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let company = context.company()?;
        let store = context.store().await?;
        let account = context.find_account(&store, company, &self.account).await?;
        if !account.platform.profile().has_publish_modes {
            return Err(Problems::from(only_for_facebook(account.platform)).into());
        }
        let mode = self.publish_mode.parse().ok();
        if !context.dry_run && !store.set_publish_mode(company, account.id, mode).await? {
            return Err(Fault::not_found("the account was removed meanwhile").into());
        }
        store.close().await;
        let done = if context.dry_run { "Would change" } else { "Changed" };
        changed(context, &SocialAccount { publish_mode: mode, ..account }, done, "")
    }
}

fn only_for_facebook(platform: Platform) -> Problem {
    Problem::new("--publish-mode", format!("an account of {platform} has no publish mode"))
        .hint("only Facebook Pages have one")
}

async fn pause(context: &Context, name: &str, reason: &str) -> Result<Exit, CommandError> {
    let company = context.company()?;
    let store = context.store().await?;
    let account = context.find_account(&store, company, name).await?;
    if !context.dry_run && !store.pause_account(company, account.id, reason).await? {
        return Err(Fault::not_found("the account was removed meanwhile").into());
    }
    store.close().await;
    let done = if context.dry_run { "Would pause" } else { "Paused" };
    let note = format!("{} accounts resume publishes to it again", context.socialsched());
    changed(context, &account, done, &note)
}

async fn resume(context: &Context, name: &str) -> Result<Exit, CommandError> {
    let company = context.company()?;
    let store = context.store().await?;
    let account = context.find_account(&store, company, name).await?;
    let resumed = if context.dry_run {
        Resumed::Done
    } else {
        store.resume_account(company, account.id).await?
    };
    store.close().await;
    let done = match resumed {
        Resumed::Done if context.dry_run => "Would resume",
        Resumed::Done => "Resumed",
        Resumed::Already => "Already active:",
        Resumed::NotFound => {
            return Err(Fault::not_found("the account was removed meanwhile").into());
        }
    };
    changed(context, &account, done, "")
}

async fn remove(context: &Context, name: &str) -> Result<Exit, CommandError> {
    let company = context.company()?;
    let store = context.store().await?;
    let account = context.find_account(&store, company, name).await?;
    let removal = store.remove_account(company, account.id, context.dry_run).await?;
    store.close().await;
    let socialsched = context.socialsched();
    match removal {
        Removal::Removed | Removal::Hidden => {
            let done = if context.dry_run { "Would remove" } else { "Removed" };
            changed(context, &account, done, "")
        }
        Removal::HasOpenPosts(open) => Err(Fault::conflict(format!(
            "{} of {} {} still open",
            counted(open, "post"),
            account.name,
            agreeing(open, "is", "are")
        ))
        .hint(format!(
            "cancel them first: {socialsched} list --account {} --status pending -o id | {socialsched} cancel -",
            account.id
        ))
        .into()),
        Removal::NotFound => Err(Fault::not_found("the account was removed meanwhile").into()),
    }
}

fn changed(
    context: &Context,
    account: &SocialAccount,
    done: &str,
    note: &str,
) -> Result<Exit, CommandError> {
    let text = format!("{done} {} ({})", crate::domain::visible(&account.name), account.platform);
    let report = Report {
        message: Some(text.clone()),
        data: account_json(account),
        ids: vec![account.id.to_string()],
        text: Some(text),
        notes: if note.is_empty() { Vec::new() } else { vec![note.to_owned()] },
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}
