//! `show`: one post with everything that was done for it.

use clap::Args;
use serde_json::{Value, json};

use super::view;
use crate::context::Context;
use crate::domain::when::{describe, rfc3339, short};
use crate::domain::{LogEntry, LogEvent, Post, PostId, ShownStatus, visible};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::{Align, Report, Table};
use crate::store::{History, StoreError, StoredPost};

/// Show a post with every attempt
#[derive(Args)]
pub struct ShowArgs {
    /// Post id, or the beginning of it
    id: String,
}

impl ShowArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let company = context.company()?;
        let store = context.store().await?;
        let id = context.find_post(&store, company, &self.id).await?;
        let missing = || Fault::not_found(format!("no post {id} in this company"));
        let post = match store.post(company, id).await {
            Ok(post) => post.ok_or_else(missing)?,
            Err(error @ StoreError::Inconsistent { .. }) => {
                let stored = store.stored_post(company, id).await?.ok_or_else(missing)?;
                let history = match stored.job {
                    Some(job) => store.history(job).await?,
                    None => History::default(),
                };
                store.close().await;
                view::warn_of_bad_row(context, &error);
                return Ok(context.printer.report(&as_stored(context, id, &stored, history))?);
            }
            Err(error) => return Err(error.into()),
        };
        let history = entries(context, store.history(post.job_id).await?);
        let now = store.now().await?;
        store.close().await;
        let mut data = view::post_json(&post);
        data["media"] = json!(post.content.media);
        data["link"] = json!(post.content.link);
        data["firstComment"] = json!({
            "text": post.content.first_comment,
            "state": post.comment_state.map(|state| state.as_str()),
        });
        data["workerId"] = json!(post.worker_id);
        data["maxAttempts"] = json!(post.max_attempts);
        data["cancelRequestedAt"] = json!(post.cancel_requested_at.map(rfc3339));
        data["idempotencyKey"] = json!(post.idempotency_key);
        data["log"] = history.iter().map(entry_json).collect();
        let report = Report {
            data,
            ids: vec![post.id.to_string()],
            text: Some(text(context, &post, &history, now)),
            table: Some(view::post_table(
                std::slice::from_ref(&post),
                &context.settings.tz,
                context.printer.format(),
            )),
            notes: view::unknown_hint(context, std::slice::from_ref(&post)).into_iter().collect(),
            ..Report::default()
        };
        Ok(context.printer.report(&report)?)
    }
}

/// The rows of the log that can be read, and a warning for each other one.
fn entries(context: &Context, history: History) -> Vec<LogEntry> {
    for row in &history.unreadable {
        view::warn_of_bad_row(context, row);
    }
    history.entries
}

/// What there is of a post that cannot be read: every value as it is stored.
fn as_stored(context: &Context, id: PostId, post: &StoredPost, history: History) -> Report {
    let history = entries(context, history);
    let mut data = json!({ "id": id, "stored": {} });
    let mut table =
        Table::new([("table", Align::Left), ("column", Align::Left), ("value", Align::Cut)]);
    let mut lines = Vec::new();
    for (of, column, value) in &post.values {
        data["stored"][of][column] = json!(value);
        table.push([(*of).into(), (*column).into(), value.clone().into()]);
        if let Some(value) = value {
            lines.push(format!("{:<33} {}", format!("{of}.{column}"), visible(value)));
        }
    }
    data["log"] = history.iter().map(entry_json).collect();
    lines.extend(history.iter().map(|entry| entry_line(entry, &context.settings.tz)));
    Report {
        data,
        ids: vec![id.to_string()],
        text: Some(lines.join("\n")),
        table: Some(table),
        ..Report::default()
    }
}

fn entry_json(entry: &LogEntry) -> Value {
    json!({
        "at": rfc3339(entry.at),
        "fence": entry.fence,
        "step": entry.step_no,
        "kind": entry.kind.as_str(),
        "event": entry.event.as_str(),
        "name": entry.step,
        "worker": entry.worker_id,
        "remoteId": entry.remote_id,
        "httpStatus": entry.http_status,
        "code": entry.error_code,
        "message": entry.message,
        "traceId": entry.trace_id,
    })
}

fn text(
    context: &Context,
    post: &Post,
    history: &[LogEntry],
    now: chrono::DateTime<chrono::Utc>,
) -> String {
    let zone = &context.settings.tz;
    let mut lines = vec![
        format!("{}  {}", post.id, ShownStatus::of(post)),
        format!(
            "{} {} as \"{}\"",
            post.content.platform,
            post.content.post_type,
            visible(&post.account_name)
        ),
        format!("when      {}", describe(post.run_at, zone, now)),
        format!("attempts  {} of {}", post.attempts, post.max_attempts),
    ];
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            lines.push(format!("{name:<9} {}", visible(value)));
        }
    };
    add("caption", Some(&post.content.caption));
    for item in &post.content.media {
        add(item.kind.as_str(), Some(&item.url));
        add("alt", item.alt.as_deref());
    }
    add("link", post.content.link.as_deref());
    add("comment", post.content.first_comment.as_deref());
    add("", post.comment_state.map(|state| state.as_str()));
    add("live as", post.external_post_id.as_deref());
    add("at", post.permalink.as_deref());
    add("error", post.error_message.as_deref());
    add("code", post.error_code.as_deref());
    if post.cancel_requested_at.is_some() {
        add("cancel", Some("requested"));
    }
    if !history.is_empty() {
        lines.push(String::new());
    }
    // An intent whose answer follows says nothing more.
    for entry in history.iter().filter(|entry| {
        entry.event != LogEvent::Intent
            || !history.iter().any(|other| {
                (other.fence, other.step_no) == (entry.fence, entry.step_no)
                    && other.event != LogEvent::Intent
            })
    }) {
        lines.push(entry_line(entry, zone));
    }
    lines.join("\n")
}

fn entry_line(entry: &LogEntry, zone: &crate::domain::when::Zone) -> String {
    let mut parts = vec![
        short(entry.at, zone),
        format!("#{}", entry.fence),
        format!("{:<8}", entry.kind.as_str()),
        format!("{:<7}", entry.event.as_str()),
    ];
    let optional = [
        entry.step.clone(),
        entry.remote_id.clone(),
        entry.http_status.map(|status| format!("HTTP {status}")),
        entry.error_code.clone(),
        entry.message.clone(),
        entry.trace_id.as_ref().map(|id| format!("trace {id}")),
        entry.worker_id.as_ref().map(|id| format!("by {id}")),
    ];
    parts.extend(optional.into_iter().flatten().map(|part| visible(&part).into_owned()));
    parts.join("  ")
}
