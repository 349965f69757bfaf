//! `schedule`: store a post and its job.

mod request;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;

use super::args::word;
use super::media_args::MediaArgs;
use crate::context::Context;
use crate::domain::rules::{self, content_hash};
use crate::domain::when::{Dst, describe, parse_when, rfc3339};
use crate::domain::{
    ATTEMPTS_MAX, AccountId, ClientId, JobId, NewPost, Platform, PostContent, PostId, PostType,
    Problem, Problems, SocialAccount,
};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::Report;
use crate::store::{Inserted, Store};
use request::{Request, rename_fields};

/// Schedule a post
///
/// Checks the post against the platform's published rules, stores it, and
/// prints how to change it. A worker publishes it at its time.
#[derive(Args)]
pub struct ScheduleArgs {
    /// Account to publish to: its name, id, or the beginning of its id
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Platform; must be that of the account
    #[arg(long, value_parser = word::<Platform>(Platform::ALL.iter().map(|p| p.as_str())))]
    platform: Option<Platform>,
    /// Kind of post [default: post]
    #[arg(long = "type", value_name = "TYPE", value_parser = word::<PostType>(PostType::ALL.iter().map(|t| t.as_str())))]
    post_type: Option<PostType>,
    /// Text of the post
    #[arg(long, value_name = "TEXT")]
    caption: Option<String>,
    /// File with the text of the post; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "caption")]
    caption_file: Option<PathBuf>,
    #[command(flatten)]
    media: MediaArgs,
    /// Link to preview
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// Comment to add below the post once it is live
    #[arg(long, value_name = "TEXT")]
    first_comment: Option<String>,
    /// When to publish: "2025-03-10 14:00", "tomorrow 9am", "+2h", RFC 3339
    #[arg(long, value_name = "WHEN", conflicts_with = "now")]
    at: Option<String>,
    /// Publish as soon as a worker claims it
    #[arg(long)]
    now: bool,
    /// How to read a time that the clocks show twice or skip
    #[arg(long, default_value = "reject", value_parser = word::<Dst>(Dst::ALL.iter().map(|d| d.as_str())))]
    dst: Dst,
    /// Client that the post is for
    #[arg(long, value_name = "N")]
    client: Option<i64>,
    /// Idempotency key: repeating the command with it stores the post only once
    #[arg(long)]
    key: Option<String>,
    /// Accept a post with the same content as another within 24 hours
    #[arg(long)]
    allow_duplicate: bool,
    /// Check the media URLs now
    // Nothing is fetched yet, so there is nothing to choose: scripts may say so.
    #[arg(id = "probe", long = "probe", value_name = "PROBE", default_value = "off", value_parser = ["off"])]
    _probe: String,
    /// The old scheduler's JSON request; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "account", "platform", "post_type", "caption", "caption_file", "image", "video", "media",
        "alt", "link", "first_comment", "at", "now", "client"])]
    body: Option<PathBuf>,
}

impl ScheduleArgs {
    pub(crate) async fn run(mut self, context: &Context) -> Result<Exit, CommandError> {
        let mut problems = Problems::default();
        let (key, allow_duplicate, dst) = (self.key.take(), self.allow_duplicate, self.dst);
        let request = self.request(context, &mut problems)?;
        let store = context.store().await?;
        let account = account(context, &store, &request).await?;
        let now = store.now().await?;
        let run_at = run_at(context, &request, now, dst, &mut problems);
        let content = content(&request, &account, &mut problems);
        let review = rules::check(&content, context.settings.allow_private_media);
        let mut found = review.problems;
        check_key(key.as_deref(), &mut problems);
        if let Some(client) = request.client
            && !store.has_client(request.company, ClientId(client)).await?
        {
            problems.push(
                Problem::new("--client", "no such client in this company")
                    .value(client.to_string())
                    .hint(format!("{} clients shows them", context.socialsched())),
            );
        }
        if request.from_body {
            rename_fields(&mut found);
            rename_fields(&mut problems);
        }
        problems.extend(found);
        problems
            .into_result()
            .map_err(|problems| CommandError::Input { problems, subject: "this post" })?;
        for warning in review.warnings {
            let hint = warning.hint.map(|hint| format!("\n  {hint}")).unwrap_or_default();
            context.printer.warn(&format!("{}: {}{hint}", warning.field, warning.what));
        }
        let post = NewPost {
            post_id: PostId::generate(),
            job_id: JobId::generate(),
            company_id: request.company,
            account_id: account.id,
            client_id: request.client.map(ClientId),
            content_hash: content_hash(account.id, &content),
            content,
            run_at: run_at.unwrap_or_default(),
            idempotency_key: key,
            max_attempts: ATTEMPTS_MAX,
        };
        let inserted = store.insert_post(&post, allow_duplicate, context.dry_run).await?;
        store.close().await;
        Ok(context.printer.report(&answer(context, &post, &account, inserted)?)?)
    }
}

/// The account: named, or picked on a terminal.
async fn account(
    context: &Context,
    store: &Store,
    request: &Request,
) -> Result<SocialAccount, CommandError> {
    if let Some(name) = &request.account {
        if request.from_body {
            // A body names an account by its whole id only.
            name.parse::<AccountId>().map_err(|error| {
                Problems::from(
                    Problem::new("socialAccountId", error.to_string()).value(name.clone()),
                )
            })?;
        }
        return context.find_account(store, request.company, name).await;
    }
    let mut accounts = store.accounts(request.company, request.platform).await?;
    if accounts.is_empty() {
        return Err(Fault::not_found("this company has no account to publish to")
            .field("--account")
            .hint(format!("{} accounts add --help shows how to add one", context.socialsched()))
            .into());
    }
    if !context.prompts.interactive() {
        return Err(Problems::from(
            Problem::new("--account", "which account?")
                .hint(format!("{} accounts shows them", context.socialsched())),
        )
        .into());
    }
    let names: Vec<String> =
        accounts.iter().map(|account| format!("{} ({})", account.name, account.platform)).collect();
    let picked = context.prompts.pick("Publish to which account?", &names, "--account").await?;
    Ok(accounts.swap_remove(picked))
}

/// The time: `Some(None)` means now, `None` a problem.
fn run_at(
    context: &Context,
    request: &Request,
    now: DateTime<Utc>,
    dst: Dst,
    problems: &mut Problems,
) -> Option<Option<DateTime<Utc>>> {
    let Some(text) = &request.at else { return Some(None) };
    match parse_when(text, &context.settings.tz, now, dst) {
        Ok(at) => Some(Some(at)),
        Err(error) => {
            problems.push(error.problem("--at", text));
            None
        }
    }
}

fn content(request: &Request, account: &SocialAccount, problems: &mut Problems) -> PostContent {
    if let Some(platform) = request.platform
        && platform != account.platform
    {
        problems.push(
            Problem::new("--platform", format!("\"{}\" is on {}", account.name, account.platform))
                .value(platform.as_str())
                .hint("leave --platform out, or choose another account"),
        );
    }
    PostContent {
        platform: account.platform,
        post_type: request.post_type,
        caption: request.caption.clone(),
        media: request.media.clone(),
        link: request.link.clone().filter(|link| !link.is_empty()),
        first_comment: request.first_comment.clone().filter(|text| !text.is_empty()),
    }
}

fn check_key(key: Option<&str>, problems: &mut Problems) {
    if let Some(key) = key
        && (key.is_empty() || key.len() > 191 || key.chars().any(char::is_control))
    {
        problems.push(Problem::new("--key", "must be 1 to 191 bytes of printable text").value(key));
    }
}

fn answer(
    context: &Context,
    post: &NewPost,
    account: &SocialAccount,
    inserted: Inserted,
) -> Result<Report, CommandError> {
    // A body may name another company.
    let socialsched = context.socialsched_for(post.company_id);
    let short_key = post.idempotency_key.as_deref().unwrap_or_default();
    let (post_id, job_id, run_at, status, now) = match inserted {
        Inserted::New { run_at, now } => (post.post_id, post.job_id, run_at, "pending", now),
        Inserted::Known(known) => {
            (known.id, known.job_id, known.run_at, known.status.as_str(), known.created_at)
        }
        Inserted::KeyUsed { existing } => {
            return Err(Fault::conflict(format!(
                "--key \"{short_key}\" was already used by post {existing}, with other content"
            ))
            .field("--key")
            .hint(format!("{socialsched} show {} shows it; use another key", existing.short()))
            .into());
        }
        Inserted::Duplicate { existing, status, run_at } => {
            return Err(Fault::conflict(format!(
                "the {status} post {} has the same content on this account, at {}",
                existing.short(),
                rfc3339(run_at)
            ))
            .code("duplicate_content")
            .hint("change the content, or pass --allow-duplicate")
            .into());
        }
        Inserted::NoAccount => {
            return Err(Fault::not_found("the account was removed meanwhile").into());
        }
        Inserted::Past { now } => {
            return Err(Problems::from(
                Problem::new(
                    "--at",
                    format!("is in the past: the database's clock says {}", rfc3339(now)),
                )
                .hint("schedule --now publishes at once"),
            )
            .into());
        }
    };
    let done = if context.dry_run { "Would schedule" } else { "Scheduled" };
    let id = post_id.short();
    let mut text = format!(
        "{done} {id} on {} as \"{}\"\n  {}",
        post.content.platform,
        crate::domain::visible(&account.name),
        describe(run_at, &context.settings.tz, now),
    );
    if !context.dry_run {
        text.push_str(&format!(
            "\nChange it: {socialsched} reschedule {id} --at ...   Undo: {socialsched} cancel {id}"
        ));
    }
    let mut data = json!({
        "postDetailId": post_id,
        "postScheduleId": job_id,
        "scheduledFor": rfc3339(run_at),
        "status": status,
        "message": "Post will be published automatically at the scheduled time",
    });
    if context.dry_run {
        data["dryRun"] = true.into();
    }
    let message = if context.dry_run { "Nothing stored" } else { "Post scheduled successfully" };
    Ok(Report {
        message: Some(message.to_owned()),
        data,
        ids: vec![post_id.to_string()],
        text: Some(text),
        ..Report::default()
    })
}
