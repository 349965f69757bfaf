//! How posts and accounts look, the same in every command.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::when::{Zone, rfc3339, short};
use crate::domain::{CompanyId, Post, PostId, ShownStatus, SocialAccount};
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

/// At most so many commands are shown at once.
const COMMANDS_MAX: usize = 10;

/// What to type about each of the posts whose outcome nobody could tell.
pub(super) fn unknown_hint(posts: &[Post], own: Option<CompanyId>) -> Option<String> {
    let unknown: Vec<(PostId, CompanyId)> = posts
        .iter()
        .filter(|post| ShownStatus::of(post) == ShownStatus::Unknown)
        .map(|post| (post.id, post.company_id))
        .collect();
    verdicts(&unknown, unknown.len(), own)
}

/// The same for `count` posts, of which some are given. Posts of another
/// company than this run's own need it on their command lines.
pub(super) fn verdicts(
    posts: &[(PostId, CompanyId)],
    count: usize,
    own: Option<CompanyId>,
) -> Option<String> {
    let of = |company: CompanyId| match own == Some(company) {
        true => String::new(),
        false => format!(" --company {company}"),
    };
    let (_, first) = posts.first()?;
    let mut lines = vec![format!(
        "{} may be live and {} your word. Look at the account, then:",
        counted(count, "post"),
        if count == 1 { "needs" } else { "need" },
    )];
    let named = &posts[..posts.len().min(COMMANDS_MAX)];
    lines.extend(named.iter().map(|(id, company)| {
        format!(
            "socialsched recover {}{} --published EXTERNAL_ID | --not-published | --abandon",
            id.short(),
            of(*company),
        )
    }));
    if named.len() < count {
        lines.push(format!("and more: socialsched list{} --status unknown --all", of(*first)));
    }
    Some(lines.join("\n"))
}

/// `1 post`, `3 posts`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
