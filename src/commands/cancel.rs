//! `cancel`: keep posts from going out.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::args::ids;
use crate::context::Context;
use crate::domain::{CompanyId, PostId, PostStatus};
use crate::exit::{CommandError, Exit, Explained, Fault};
use crate::output::{Report, counted};
use crate::store::{CancelAnswer, Store};

/// With `--wait`, the time between two looks at a post that is being published.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A publish call and the look-ups after it are over by then.
const WAIT_MAX: Duration = Duration::from_secs(10 * 60);

/// Cancel pending posts
///
/// For a post that a worker is publishing, the cancellation is requested: the
/// post is cancelled unless its publish call has gone out. Cancelling a post
/// twice is not an error.
#[derive(Args)]
pub struct CancelArgs {
    /// Post ids, or their beginnings; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// Reason, kept with the post
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Wait for the outcome of posts that are being published
    #[arg(long)]
    wait: bool,
}

/// One id with what came of it.
struct Cancelled {
    id: String,
    answer: Result<CancelAnswer, Fault>,
}

impl CancelArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let company = context.company()?;
        let ids = ids(context, &self.ids)?;
        let store = context.store().await?;
        let mut found = Vec::new();
        for id in &ids {
            found.push(match context.find_post(&store, company, id).await {
                Ok(id) => Ok(id),
                Err(CommandError::Fault(fault)) => Err(fault),
                Err(other) => return Err(other),
            });
        }
        let posts: Vec<PostId> = found.iter().filter_map(|id| id.as_ref().ok().copied()).collect();
        if posts.len() > 1
            && !context.dry_run
            && !confirmed(context, &store, company, &posts).await?
        {
            return Err(Fault::new(Exit::Input, "declined", "nothing was cancelled").into());
        }
        let mut answers = if context.dry_run {
            preview(&store, company, &posts).await?
        } else {
            store.cancel_posts(company, &posts, self.reason.as_deref()).await?
        };
        if self.wait && !context.dry_run {
            for (id, answer) in posts.iter().zip(&mut answers) {
                if *answer == CancelAnswer::Asked {
                    *answer = decision(&store, company, *id).await?;
                }
            }
        }
        store.close().await;
        let mut answers = answers.into_iter();
        let mut results = Vec::new();
        for (id, found) in ids.into_iter().zip(found) {
            results.push(match found {
                Err(fault) => Cancelled { id, answer: Err(fault) },
                Ok(post) => Cancelled {
                    id: post.to_string(),
                    answer: answers
                        .next()
                        .map_or_else(|| Err(Fault::internal("a post has no answer")), Ok),
                },
            });
        }
        Ok(context.printer.report(&report(context, results))?)
    }
}

async fn confirmed(
    context: &Context,
    store: &Store,
    company: CompanyId,
    posts: &[PostId],
) -> Result<bool, CommandError> {
    if context.settings.yes {
        return Ok(true);
    }
    if context.prompts.interactive() {
        for id in posts {
            if let Some(post) = store.post(company, *id).await? {
                context.printer.note(&format!(
                    "{}  {}  {}",
                    post.id.short(),
                    post.account_name,
                    post.content.caption.lines().next().unwrap_or_default()
                ));
            }
        }
    }
    Ok(context.prompts.confirm(&format!("Cancel {}?", counted(posts.len(), "post"))).await?)
}

/// What would come of it.
async fn preview(
    store: &Store,
    company: CompanyId,
    posts: &[PostId],
) -> Result<Vec<CancelAnswer>, CommandError> {
    let mut answers = Vec::new();
    for id in posts {
        answers.push(match store.post(company, *id).await? {
            None => CancelAnswer::NotFound,
            Some(post) => match post.status {
                PostStatus::Pending => CancelAnswer::Cancelled,
                PostStatus::Processing => CancelAnswer::Asked,
                PostStatus::Cancelled => CancelAnswer::Already,
                PostStatus::Published | PostStatus::Failed => {
                    CancelAnswer::Ended(post.status, post.external_post_id)
                }
            },
        });
    }
    Ok(answers)
}

/// Waits until a post that is being worked on has ended.
async fn decision(
    store: &Store,
    company: CompanyId,
    id: PostId,
) -> Result<CancelAnswer, CommandError> {
    let began = Instant::now();
    while began.elapsed() < WAIT_MAX {
        let Some(post) = store.post(company, id).await? else { return Ok(CancelAnswer::NotFound) };
        match post.status {
            PostStatus::Processing | PostStatus::Pending => tokio::time::sleep(LOOK_EVERY).await,
            PostStatus::Cancelled => return Ok(CancelAnswer::Cancelled),
            PostStatus::Published | PostStatus::Failed => {
                return Ok(CancelAnswer::Ended(post.status, post.external_post_id));
            }
        }
    }
    Ok(CancelAnswer::Asked)
}

fn report(context: &Context, results: Vec<Cancelled>) -> Report {
    let mut items: Vec<Value> = Vec::new();
    let mut lines = Vec::new();
    let mut ids = Vec::new();
    let mut failures: Vec<Fault> = Vec::new();
    for Cancelled { id, answer } in results {
        let (cancelled, line) = outcome(context, &id, answer);
        match &line {
            Ok(line) => lines.push(line.clone()),
            Err(fault) => failures.push(fault.clone()),
        }
        if cancelled {
            ids.push(id.clone());
        }
        items.push(json!({
            "id": id,
            "cancelled": cancelled,
            "error": line.err().map(|fault| fault.message),
        }));
    }
    let single = items.len() == 1;
    let failure = match failures.len() {
        0 => None,
        _ if single => failures.pop(),
        failed => {
            let mut fault = Fault::wrong_state(format!(
                "{} of {} could not be cancelled",
                failed,
                counted(items.len(), "post")
            ));
            fault.details = failures.into_iter().map(|fault| fault.message).collect();
            Some(fault)
        }
    };
    let message = match (context.dry_run, ids.is_empty()) {
        (true, _) => "Nothing changed",
        (false, true) => "Cancellation requested",
        (false, false) => "Post cancelled successfully",
    };
    Report {
        message: failure.is_none().then(|| message.to_owned()),
        data: if single { Value::Null } else { Value::Array(items) },
        ids,
        text: (!lines.is_empty()).then(|| lines.join("\n")),
        failure: failure.map(Explained::from),
        ..Report::default()
    }
}

/// Whether it is cancelled, and what to say.
fn outcome(
    context: &Context,
    id: &str,
    answer: Result<CancelAnswer, Fault>,
) -> (bool, Result<String, Fault>) {
    let short = &id[..id.len().min(8)];
    let answer = match answer {
        Ok(answer) => answer,
        Err(fault) => return (false, Err(fault)),
    };
    match answer {
        CancelAnswer::Cancelled if context.dry_run => (true, Ok(format!("Would cancel {short}"))),
        CancelAnswer::Cancelled => (true, Ok(format!("Cancelled {short}"))),
        CancelAnswer::Already => (true, Ok(format!("{short} was already cancelled"))),
        CancelAnswer::Asked => (
            false,
            Ok(format!(
                "{short} is being published: cancellation requested; it counts unless the post was already sent\n\
                 See the outcome: {} show {short}",
                context.socialsched()
            )),
        ),
        CancelAnswer::Ended(PostStatus::Published, external) => {
            let name = external.map(|id| format!(" as {id}")).unwrap_or_default();
            (
                false,
                Err(Fault::wrong_state(format!("{short} was already published{name}"))
                    .code("not_pending")
                    .hint("delete it at the platform")),
            )
        }
        CancelAnswer::Ended(status, _) => (
            false,
            Err(Fault::wrong_state(format!("{short} is {status}, not pending"))
                .code("not_pending")
                .hint(format!("{} show {short} has the details", context.socialsched()))),
        ),
        CancelAnswer::NotFound => {
            (false, Err(Fault::not_found(format!("no post {short} in this company"))))
        }
    }
}
