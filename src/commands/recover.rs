//! `recover`: after crashes, and for posts whose outcome is unknown.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::after_restore;
use super::events::{event_json, event_line};
use super::view;
use crate::context::Context;
use crate::domain::duration::parse_duration;
use crate::domain::{Page, Post, PostFilter, PostId, Problems, ShownStatus, rules};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::{Report, counted};
use crate::store::{Decided, Decision, Store, TakeOver};
use crate::worker::{End, Recovery, Worker};

/// Jobs handled in one run.
const LIMIT: u32 = 1000;
const FOREIGN_LOCK: &str = "10m";

/// Recover after crashes, and settle unknown outcomes
///
/// Without an ID: records answers that a worker had to keep in a file while the
/// database was away, takes over jobs whose worker died, asks the platforms
/// about posts whose outcome is unknown, and repairs what other programs left
/// half done. Publishes nothing. With an ID: records your decision about a post
/// that may be live.
#[derive(Args)]
pub struct RecoverArgs {
    /// Post whose outcome you know
    #[arg(requires = "decision")]
    id: Option<String>,
    /// It is live, under this id at the platform
    #[arg(long, value_name = "EXTERNAL_ID", group = "decision", requires = "id")]
    published: Option<String>,
    /// It is not there: send it again
    #[arg(long, group = "decision", requires = "id")]
    not_published: bool,
    /// Give it up: neither look it up nor send it again
    #[arg(long, group = "decision", requires = "id")]
    abandon: bool,
    /// The database was restored from a backup: mark what may have gone out since for review
    ///
    /// A backup knows nothing of what happened after it. Run this before any
    /// worker and before anything else is scheduled. Every open post whose time
    /// has come by now becomes unknown: it may have gone out after the backup
    /// was taken, so it waits for your decision, or for a plain recover that
    /// finds it at the platform. First comments that are still due are not sent,
    /// and nothing is deleted at the platforms. The database does not know what
    /// was scheduled, moved, retried or cancelled after the backup: look through
    /// list.
    #[arg(long, conflicts_with_all = ["id", "decision", "older_than", "settle"])]
    after_restore: bool,
    /// Locks of other programs, which have no lease, count as abandoned after this long
    #[arg(long, value_name = "DUR", default_value = FOREIGN_LOCK, value_parser = parse_duration)]
    older_than: Duration,
    /// Pace of the look-ups after a lost answer; "not there" counts after four of them, and 15 minutes at least [default: 105s]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    settle: Option<Duration>,
}

impl RecoverArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let store = context.store().await?;
        let decision = match (self.published, self.not_published, self.abandon) {
            (Some(id), ..) => Some(Decision::Published(id)),
            (None, true, _) => Some(Decision::NotPublished),
            (None, false, true) => Some(Decision::Abandon),
            (None, false, false) => None,
        };
        if let (Some(id), Some(decision)) = (&self.id, decision) {
            return decide(context, &store, id, decision).await;
        }
        let mut options = context.worker_options(None);
        options.settle = self.settle.unwrap_or(options.settle);
        options.spool = context.spool(&store).await?;
        if self.after_restore {
            return after_restore::run(context, &store, options).await;
        }
        if context.dry_run {
            let mut request = TakeOver::new(options.id, options.lease, LIMIT);
            request.foreign_lock = self.older_than;
            return preview(context, &store, &request).await;
        }
        let worker = Worker::new(
            store.clone(),
            context.publishers(),
            context.tokens(),
            Arc::new(|_| {}),
            options,
        );
        let recovery = worker.recover(self.older_than, LIMIT).await?;
        let review = needs_review(context, &store).await?;
        store.close().await;
        Ok(context.printer.report(&report(context, &recovery, &review))?)
    }
}

/// Posts that wait for a person's decision.
async fn needs_review(context: &Context, store: &Store) -> Result<Vec<Post>, CommandError> {
    let Some(company_id) = context.settings.company else { return Ok(Vec::new()) };
    let filter = PostFilter::of_status(company_id, ShownStatus::Unknown);
    let listing = store.list_posts(&filter, &Page::default()).await?;
    for row in &listing.unreadable {
        view::warn_of_bad_row(context, row);
    }
    Ok(listing.posts)
}

fn report(context: &Context, recovery: &Recovery, review: &[Post]) -> Report {
    let mut lines: Vec<String> = recovery
        .recovered
        .iter()
        .chain(&recovery.reconciled)
        .map(event_line)
        .chain(recovery.repaired.iter().map(|id| format!("{} repaired", id.short())))
        .collect();
    if lines.is_empty() {
        lines.push("nothing to recover".to_owned());
    }
    let settled = |event: &&crate::worker::Event| !matches!(event.end, End::Unknown(_));
    Report {
        message: Some(format!(
            "{} recovered, {} settled, {} needing review",
            recovery.recovered.len() + recovery.repaired.len(),
            recovery.reconciled.iter().filter(settled).count(),
            review.len()
        )),
        data: json!({
            "recovered": recovery.recovered.iter().map(event_json)
                .chain(recovery.repaired.iter().map(|id| json!({ "id": id, "result": "repaired" })))
                .collect::<Vec<_>>(),
            "reconciled": recovery.reconciled.iter().map(event_json).collect::<Vec<_>>(),
            "needsReview": review.iter().map(view::post_json).collect::<Vec<_>>(),
        }),
        ids: recovery
            .recovered
            .iter()
            .chain(&recovery.reconciled)
            .map(|event| event.post_id.to_string())
            .collect(),
        text: Some(lines.join("\n")),
        notes: view::unknown_hint(context, review).into_iter().collect(),
        ..Report::default()
    }
}

async fn preview(
    context: &Context,
    store: &Store,
    request: &TakeOver,
) -> Result<Exit, CommandError> {
    let abandoned = store.abandoned(request).await?;
    let repaired = store.repair_halves(None, true).await?;
    let review = needs_review(context, store).await?;
    store.close().await;
    let ids = |ids: &[PostId]| ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>();
    let report = Report {
        message: Some("Nothing changed".to_owned()),
        text: Some(format!(
            "Would take over {}, repair {}, look up {}",
            counted(abandoned.len(), "job"),
            counted(repaired.len(), "post"),
            counted(review.len(), "post"),
        )),
        data: json!({
            "recovered": ids(&[abandoned.as_slice(), repaired.as_slice()].concat()),
            "reconciled": [],
            "needsReview": review.iter().map(view::post_json).collect::<Vec<_>>(),
        }),
        ids: abandoned.iter().map(ToString::to_string).collect(),
        notes: view::unknown_hint(context, &review).into_iter().collect(),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}

/// Records a person's decision.
async fn decide(
    context: &Context,
    store: &Store,
    id: &str,
    decision: Decision,
) -> Result<Exit, CommandError> {
    let company = context.company()?;
    let id = context.find_post(store, company, id).await?;
    let short = id.short();
    if let Decision::Published(external_id) = &decision {
        let post = store.post(company, id).await?;
        let post = post.ok_or_else(|| Fault::not_found(format!("no post {id} in this company")))?;
        rules::check_post_id(post.content.platform, external_id).map_err(Problems::from)?;
    }
    if decision == Decision::NotPublished && !context.dry_run {
        let question =
            format!("{short} will be sent again. If it is live after all, it goes out twice.");
        if !context.prompts.confirm_typed(&question, "not published").await? {
            return Err(Fault::new(Exit::Input, "declined", "nothing was changed").into());
        }
    }
    let judged = store.decide(company, id, &decision, &context.actor(), context.dry_run).await?;
    store.close().await;
    match judged {
        Decided::Done => {}
        Decided::Cancelled => {
            context.printer.note("its cancellation had been requested: it will not be sent again");
        }
        Decided::NotUnknown(status) => {
            return Err(Fault::wrong_state(format!(
                "{short} is {status}: its outcome is known, there is nothing to decide"
            ))
            .code("not_unknown")
            .hint(format!("{} show {short} has the details", context.socialsched()))
            .into());
        }
        Decided::IdTaken => {
            return Err(Fault::conflict("that id belongs to another post")
                .field("--published")
                .hint(format!("{} list shows the ids at the platforms", context.socialsched()))
                .into());
        }
        Decided::NotFound => {
            return Err(Fault::not_found(format!("no post {id} in this company")).into());
        }
    }
    let (result, text) = match &decision {
        Decision::Published(external) => {
            ("published", format!("{short} is published as {}", crate::domain::visible(external)))
        }
        Decision::NotPublished => ("pending", format!("{short} is back in the queue, due now")),
        Decision::Abandon => ("abandoned", format!("{short} is given up; it may be live")),
    };
    let text = if context.dry_run { format!("Would record: {text}") } else { text };
    let report = Report {
        message: Some(text.clone()),
        data: json!({
            "recovered": [], "needsReview": [],
            "reconciled": [{ "id": id, "result": result }],
        }),
        ids: vec![id.to_string()],
        text: Some(text),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}
