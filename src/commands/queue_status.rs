//! `queue-status`: how the queue stands.

use clap::Args;
use serde_json::{Value, json};

use super::view;
use crate::context::Context;
use crate::domain::when::{Zone, relative, rfc3339, short};
use crate::domain::{InstanceId, Pause, PlatformStats, QueueStats, visible};
use crate::exit::{CommandError, Exit};
use crate::output::{Align, Format, Report, Table, counted};
use crate::store::OddRow;

/// Show the state of the queue
///
/// Depth, lag, what is stuck or unknown, each account, and the workers. With
/// --company, only the posts of that company.
#[derive(Args)]
pub struct QueueStatusArgs {}

impl QueueStatusArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let store = context.store().await?;
        let instance = store.instance().await?;
        let stats = store.queue_stats(context.settings.company).await?;
        let (odd_posts, odd_rows) = store.odd_posts(context.settings.company).await?;
        let now = store.now().await?;
        store.close().await;
        let zone = &context.settings.tz;
        let next = stats.next.as_ref().map(|(id, at)| {
            format!("next      {} at {} ({})", id.short(), short(*at, zone), relative(*at, now))
        });
        let mut notes: Vec<String> = next.into_iter().collect();
        if context.printer.format() == Format::Table {
            notes.push(format!("database  {instance}"));
            notes.extend(stats.platforms.iter().filter_map(|p| paused_line(p, zone)));
            notes.extend(stats.accounts.iter().map(account_line));
            notes.extend(stats.workers.iter().map(|worker| {
                format!(
                    "worker    {} last seen {} s ago",
                    visible(worker.id.as_str()),
                    worker.age_seconds
                )
            }));
            if stats.workers.is_empty() && stats.due > 0 {
                notes.push(format!(
                    "posts are due and no worker is running: start {} run-worker",
                    context.socialsched()
                ));
            }
        }
        let unknown = usize::try_from(stats.unknown).unwrap_or(0);
        notes.extend(view::decisions(context, &stats.unknown_posts, unknown));
        notes.extend(odd_lines(context, odd_posts, &odd_rows));
        let mut data = data(instance, &stats);
        data["oddRows"] = odd_rows.iter().map(odd_json).collect();
        let report = Report { data, table: Some(table(&stats)), notes, ..Report::default() };
        Ok(context.printer.report(&report)?)
    }
}

/// What is known of values that other programs wrote and that cannot be read.
fn odd_lines(context: &Context, posts: i64, rows: &[OddRow]) -> Option<String> {
    if posts == 0 {
        return None;
    }
    let posts = counted(posts, "post");
    let socialsched = context.socialsched();
    let mut lines = vec![format!(
        "{posts} with values that cannot be read; {socialsched} migrate --check names them all:"
    )];
    lines.extend(
        rows.iter().map(|row| {
            format!("{}.{} of {}: {}", row.table, row.column, visible(&row.row), row.why)
        }),
    );
    Some(lines.join("\n"))
}

fn odd_json(row: &OddRow) -> Value {
    json!({ "table": row.table, "column": row.column, "row": row.id, "why": row.why })
}

/// One row per number: easy to read, easy to cut.
fn table(stats: &QueueStats) -> Table {
    let mut table = Table::new([("what", Align::Left), ("count", Align::Right)]);
    for (what, count) in [
        ("pending", stats.pending),
        ("due", stats.due),
        ("lag seconds", stats.lag_seconds),
        ("processing", stats.processing),
        ("stuck", stats.stuck),
        ("unknown", stats.unknown),
        ("published in 24 h", stats.published_24h),
        ("failed in 24 h", stats.failed_24h),
    ] {
        table.push([what.into(), count.into()]);
    }
    table
}

/// Of a platform that does not answer.
fn paused_line(platform: &PlatformStats, zone: &Zone) -> Option<String> {
    let rest = platform.rest.as_ref()?;
    let until = rest.until.map(|at| format!(" until {}", short(at, zone))).unwrap_or_default();
    Some(format!("platform  {} is paused{until}: {}", platform.platform, visible(&rest.reason)))
}

fn pause_json(pause: &Pause) -> Value {
    json!({ "reason": pause.reason, "until": pause.until.map(rfc3339) })
}

fn account_line(account: &crate::domain::AccountStats) -> String {
    let state = match &account.pause {
        Some(pause) => format!("paused: {}", visible(&pause.reason)),
        None => "active".to_owned(),
    };
    format!(
        "account   {} ({}): {} pending, {} due, {} processing; {state}",
        visible(&account.name),
        account.platform,
        account.pending,
        account.due,
        account.processing,
    )
}

fn data(instance: InstanceId, stats: &QueueStats) -> Value {
    json!({
        "instanceId": instance,
        "pending": stats.pending,
        "due": stats.due,
        "lagSeconds": stats.lag_seconds,
        "processing": stats.processing,
        "stuck": stats.stuck,
        "unknown": stats.unknown,
        "unknownPosts": stats.unknown_posts.iter().map(|(id, _)| json!({ "id": id }))
            .collect::<Vec<_>>(),
        "published24h": stats.published_24h,
        "failed24h": stats.failed_24h,
        "next": stats.next.as_ref().map(|(id, at)| json!({ "id": id, "runAt": rfc3339(*at) })),
        "platforms": stats.platforms.iter().map(|platform| json!({
            "platform": platform.platform,
            "pending": platform.pending,
            "due": platform.due,
            "processing": platform.processing,
            "paused": platform.rest.as_ref().map(pause_json),
        })).collect::<Vec<_>>(),
        "accounts": stats.accounts.iter().map(|account| json!({
            "id": account.id,
            "accountName": account.name,
            "platform": account.platform,
            "pending": account.pending,
            "due": account.due,
            "processing": account.processing,
            "paused": account.pause.as_ref().map(pause_json),
        })).collect::<Vec<_>>(),
        "workers": stats.workers.iter().map(|worker| json!({
            "id": worker.id,
            "version": worker.version,
            "startedAt": rfc3339(worker.started_at),
            "beatAt": rfc3339(worker.beat_at),
            "ageSeconds": worker.age_seconds,
        })).collect::<Vec<_>>(),
    })
}
