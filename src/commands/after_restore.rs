//! `recover --after-restore`: a database that does not know what was done
//! since its backup was taken.

use std::sync::Arc;

use serde_json::json;

use super::view;
use crate::context::Context;
use crate::domain::when::{relative, rfc3339, short};
use crate::domain::{Post, PostId, visible};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::{Report, agreeing, counted};
use crate::store::{Restored, Store, StoreError};
use crate::worker::{Options, Worker};

/// A worker that was seen this lately may be running.
const ALIVE_SECONDS: i64 = 60;

/// Maximum number of posts shown before the question.
const SHOWN: usize = 50;

pub(super) async fn run(
    context: &Context,
    store: &Store,
    options: Options,
) -> Result<Exit, CommandError> {
    refuse_running_workers(store).await?;
    if !context.dry_run {
        // What an answer proves is certain, whatever else was lost.
        Worker::new(
            store.clone(),
            context.publishers(),
            context.tokens(),
            Arc::new(|_| {}),
            options,
        )
        .record_spooled()
        .await?;
    }
    let newest = store.newest_trace().await?;
    let now = store.now().await?;
    let posts = store.may_have_gone_out().await?;
    let known = match newest {
        Some(at) => {
            format!("{} ({})", short(at, &context.settings.tz), relative(at, now))
        }
        None => "never".to_owned(),
    };
    let known = format!("This database was last written to: {known}");
    if context.dry_run {
        let restored = Restored { held: posts, ..Restored::default() };
        let text =
            format!("{known}\nWould mark {} for review", counted(restored.held.len(), "post"));
        return report(context, store, newest.map(rfc3339), &restored, text).await;
    }
    if !context.settings.yes && context.prompts.interactive() {
        for id in posts.iter().take(SHOWN) {
            context.printer.note(&line(store, *id).await?);
        }
    }
    let question = format!(
        "{known}. Mark {} that may have gone out since for review, and skip comments and \
         clean-up that may have been done already?",
        counted(posts.len(), "post"),
    );
    if !context.prompts.confirm_typed(&question, "restored").await? {
        return Err(Fault::new(Exit::Input, "declined", "nothing was changed").into());
    }
    let restored = store.hold_after_restore().await?;
    let mut text = format!("{known}\nMarked {} for review", counted(restored.held.len(), "post"));
    if restored.comments > 0 {
        text.push_str(&format!(
            "\n{} will not be sent, because {} may be there already",
            counted(restored.comments, "first comment"),
            agreeing(restored.comments, "it", "they")
        ));
    }
    if restored.leftovers > 0 {
        text.push_str(&format!(
            "\nLeft at the platforms: what was staged for {} that {} ended",
            counted(restored.leftovers, "post"),
            agreeing(restored.leftovers, "has", "have")
        ));
    }
    if !restored.held.is_empty() {
        let socialsched = context.socialsched();
        text.push_str(&format!("\nNext: {socialsched} recover asks the platforms about them"));
    }
    report(context, store, newest.map(rfc3339), &restored, text).await
}

/// A running worker would go on sending posts that are being marked for review.
async fn refuse_running_workers(store: &Store) -> Result<(), CommandError> {
    let workers = store.queue_stats(None).await?.workers;
    let Some(alive) = workers.iter().find(|worker| worker.age_seconds < ALIVE_SECONDS) else {
        return Ok(());
    };
    Err(Fault::conflict(format!(
        "worker {} was seen {} s ago",
        visible(alive.id.as_str()),
        alive.age_seconds
    ))
    .code("worker_running")
    .hint("stop every worker first; one that is only a row of the backup is ignored after a minute")
    .into())
}

async fn line(store: &Store, id: PostId) -> Result<String, CommandError> {
    Ok(match post(store, id).await? {
        Some(post) => format!(
            "{}  {}  {}  {}",
            id.short(),
            post.content.platform,
            post.account_name,
            post.content.caption.lines().next().unwrap_or_default()
        ),
        None => format!("{}  a row that cannot be read", id.short()),
    })
}

/// `None`: its row holds what no row may hold.
async fn post(store: &Store, id: PostId) -> Result<Option<Post>, StoreError> {
    match store.post_of_any_company(id).await {
        Err(StoreError::Inconsistent { .. }) => Ok(None),
        other => other,
    }
}

async fn report(
    context: &Context,
    store: &Store,
    newest: Option<String>,
    restored: &Restored,
    text: String,
) -> Result<Exit, CommandError> {
    let mut review = Vec::new();
    for id in &restored.held {
        review.extend(post(store, *id).await?);
    }
    store.close().await;
    let report = Report {
        message: Some(match context.dry_run {
            true => "Nothing changed".to_owned(),
            false => format!("{} marked for review", counted(restored.held.len(), "post")),
        }),
        data: json!({
            "recovered": [],
            "reconciled": [],
            "needsReview": review.iter().map(view::post_json).collect::<Vec<_>>(),
            "newestTrace": newest,
            "commentsStopped": restored.comments,
            "leftoversKept": restored.leftovers,
        }),
        ids: restored.held.iter().map(ToString::to_string).collect(),
        text: Some(text),
        notes: view::unknown_hint(context, &review).into_iter().collect(),
        ..Report::default()
    };
    Ok(context.printer.report(&report)?)
}
