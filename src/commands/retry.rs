//! `retry`: failed posts back into the queue.

use clap::Args;
use serde_json::{Value, json};

use super::args::ids;
use super::view;
use crate::context::Context;
use crate::domain::when::{Dst, parse_moment};
use crate::domain::{Page, PostFilter, PostId, Problems, ShownStatus};
use crate::exit::{CommandError, Exit, Explained, Fault};
use crate::output::{Report, counted};
use crate::store::{Retried, Store};

/// Try failed posts again, now
///
/// Only posts that are provably not live. A post whose outcome is unknown is
/// settled with recover. With --comment, sends the first comments of published
/// posts again.
#[derive(Args)]
pub struct RetryArgs {
    /// Post ids, or their beginnings; - reads them from standard input
    #[arg(value_name = "ID", required_unless_present = "failed")]
    ids: Vec<String>,
    /// All failed posts
    #[arg(long, conflicts_with = "ids")]
    failed: bool,
    /// With --failed: only posts due at or after this time
    #[arg(long, value_name = "WHEN", requires = "failed")]
    since: Option<String>,
    /// Send the posts' first comments again, where they failed or are unknown
    #[arg(long, conflicts_with = "failed")]
    comment: bool,
}

impl RetryArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let company = context.company()?;
        let store = context.store().await?;
        let mut posts = Vec::new();
        let mut failures = Vec::new();
        if self.failed {
            posts = self.all_failed(context, &store).await?;
        } else {
            for id in ids(context, &self.ids)? {
                match context.find_post(&store, company, &id).await {
                    Ok(post) => posts.push(post),
                    Err(CommandError::Fault(fault)) => failures.push(fault),
                    Err(other) => return Err(other),
                }
            }
        }
        let what = if self.comment { "first comment" } else { "post" };
        if posts.len() > 1 && !context.dry_run {
            let question = format!("Send {} again?", counted(posts.len(), what));
            if !context.prompts.confirm(&question).await? {
                return Err(Fault::new(Exit::Input, "declined", "nothing was changed").into());
            }
        }
        let answers = match self.comment {
            true => store.retry_comments(company, &posts, context.dry_run).await?,
            false => store.retry_posts(company, &posts, context.dry_run).await?,
        };
        store.close().await;
        let mut items: Vec<Value> = Vec::new();
        let mut ids = Vec::new();
        for (id, answer) in posts.iter().zip(answers) {
            let fault = refusal(context, *id, &answer);
            items.push(json!({
                "id": id,
                "retried": fault.is_none(),
                "error": fault.as_ref().map(|fault| fault.message.clone()),
            }));
            match fault {
                None => ids.push(id.to_string()),
                Some(fault) => failures.push(fault),
            }
        }
        let will = if context.dry_run { "Would try" } else { "Trying" };
        let message = match ids.len() {
            0 => "Nothing to try again".to_owned(),
            many => format!("{will} {} again", counted(many, what)),
        };
        let failure = match failures.len() {
            0 => None,
            1 => failures.pop(),
            many => {
                let mut fault =
                    Fault::wrong_state(format!("{} cannot be tried again", counted(many, "post")));
                fault.details = failures.into_iter().map(|fault| fault.message).collect();
                Some(fault)
            }
        };
        // Beside the reasons why it would be noise.
        let message = (!ids.is_empty() || failure.is_none()).then_some(message);
        let report = Report {
            text: message.clone(),
            message,
            data: Value::Array(items),
            ids,
            failure: failure.map(Explained::from),
            ..Report::default()
        };
        Ok(context.printer.report(&report)?)
    }

    async fn all_failed(
        &self,
        context: &Context,
        store: &Store,
    ) -> Result<Vec<PostId>, CommandError> {
        let since = match &self.since {
            None => None,
            Some(text) => {
                let now = store.now().await?;
                let at = parse_moment(text, &context.settings.tz, now, Dst::Reject);
                Some(at.map_err(|error| Problems::from(error.problem("--since", text)))?)
            }
        };
        let filter =
            PostFilter { since, ..PostFilter::of_status(context.company()?, ShownStatus::Failed) };
        let listing = store.list_posts(&filter, &Page::default()).await?;
        // Unknown outcomes are failed posts too, but never tried again from here.
        let is_not_live = |post: &&crate::domain::Post| {
            matches!(ShownStatus::of(post), ShownStatus::Failed | ShownStatus::Missed)
                && post.outcome != Some(crate::domain::Outcome::Unknown)
        };
        Ok(listing.posts.iter().filter(is_not_live).map(|post| post.id).collect())
    }
}

fn refusal(context: &Context, id: PostId, answer: &Retried) -> Option<Fault> {
    let short = id.short();
    match answer {
        Retried::Done => None,
        Retried::NoAccount => {
            Some(Fault::conflict(format!("the account of {short} was removed")).code("no_account"))
        }
        Retried::UnknownOutcome => Some(
            Fault::wrong_state(format!(
                "{short} may be live: sending it again might publish it twice"
            ))
            .code("unknown_outcome")
            .hint(format!(
                "{}\n{}",
                view::WHAT_VERDICTS_MEAN,
                view::decision_lines(&context.socialsched(), id)
            )),
        ),
        Retried::NoComment => Some(
            Fault::wrong_state(format!("{short} has no first comment to send")).code("no_comment"),
        ),
        Retried::CommentIs(state) => Some(
            Fault::wrong_state(format!("the first comment of {short} is {state}, not failed"))
                .code("not_failed"),
        ),
        Retried::NotFailed(status) => {
            Some(Fault::wrong_state(format!("{short} is {status}, not failed")).code("not_failed"))
        }
        Retried::NotFound => Some(Fault::not_found(format!("no post {short} in this company"))),
    }
}
