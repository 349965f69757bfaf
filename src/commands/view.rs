//! How posts and accounts look, the same in every command.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::when::{Zone, rfc3339, short};
use crate::domain::{Post, ShownStatus, SocialAccount};
use crate::output::{Align, Cell, Format, Table};

/// A post as an item of JSON data, with the keys of the old scheduler.
pub(super) fn post_json(post: &Post) -> Value {
    json!({
        "id": post.id,
        "platform": post.content.platform,
        "caption": post.content.caption,
        "status": post.status.as_str(),
        "postSchedule": {
            "id": post.job_id,
            "runAt": rfc3339(post.run_at),
            "status": post.job_status.as_str(),
        },
        "postType": post.content.post_type,
        "accountName": post.account_name,
        "attempts": post.attempts,
        "errorMessage": post.error_message,
        "externalPostId": post.external_post_id,
        "outcome": post.outcome.map(|outcome| outcome.as_str()),
        "permalink": post.permalink,
        "state": ShownStatus::of(post).as_str(),
        "socialAccountId": post.account_id,
        "assignedClientId": post.client_id,
        "errorCode": post.error_code,
        "publishedAt": post.published_at.map(rfc3339),
        "nextAttemptAt": post.next_attempt_at.map(rfc3339),
        "createdAt": rfc3339(post.created_at),
    })
}

/// Posts as rows: short for people, whole for programs.
pub(super) fn post_table(posts: &[Post], zone: &Zone, format: Format) -> Table {
    let for_people = format == Format::Table;
    let mut table = Table::new([
        ("id", Align::Left),
        ("when", Align::Left),
        ("platform", Align::Left),
        ("type", Align::Left),
        ("account", Align::Left),
        ("status", Align::Left),
        ("caption", Align::Cut),
        ("external id", Align::Left),
        ("link or error", Align::Cut),
    ]);
    for post in posts {
        let id = if for_people { post.id.short() } else { post.id.to_string() };
        table.push([
            id.into(),
            time(post.run_at, zone, format),
            post.content.platform.as_str().into(),
            post.content.post_type.as_str().into(),
            post.account_name.clone().into(),
            ShownStatus::of(post).as_str().into(),
            post.content.caption.clone().into(),
            post.external_post_id.clone().into(),
            post.permalink.clone().or_else(|| post.error_message.clone()).into(),
        ]);
    }
    table
}

/// A time in a row: civil for people, UTC for programs.
pub(super) fn time(at: DateTime<Utc>, zone: &Zone, format: Format) -> Cell {
    Cell::Time(if format == Format::Table { short(at, zone) } else { rfc3339(at) })
}

/// An account as an item of JSON data.
pub(super) fn account_json(account: &SocialAccount) -> Value {
    let instagram = (account.platform == crate::domain::Platform::Instagram)
        .then(|| account.external_id.clone());
    json!({
        "id": account.id,
        "platform": account.platform,
        "accountName": account.name,
        "instagramBusinessId": instagram,
        "isAdded": account.is_added,
        "externalId": account.external_id,
        "assignedClientId": account.client_id,
        "token": account.token_ref.as_ref().map(ToString::to_string),
        "paused": account.pause.as_ref().map(|pause| json!({
            "reason": pause.reason,
            "until": pause.until.map(rfc3339),
        })),
    })
}

/// What to type about posts whose outcome nobody could tell.
pub(super) fn unknown_hint(posts: &[Post]) -> Option<String> {
    let unknown: Vec<_> =
        posts.iter().filter(|post| ShownStatus::of(post) == ShownStatus::Unknown).collect();
    let first = unknown.first()?.id.short();
    Some(format!(
        "{} may be live and {} your word. Look at the account, then:\n\
         socialsched recover {first} --published EXTERNAL_ID | --not-published | --abandon",
        counted(unknown.len(), "post"),
        if unknown.len() == 1 { "needs" } else { "need" },
    ))
}

/// `1 post`, `3 posts`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
