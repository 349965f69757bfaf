//! How posts and accounts look, the same in every command.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::context::Context;
use crate::domain::when::{Zone, rfc3339, short};
use crate::domain::{CompanyId, Post, PostId, ShownStatus, SocialAccount};
use crate::output::{Align, Cell, Format, Table, agreeing, counted};

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
    let instagram =
        account.platform.profile().is_instagram_business.then_some(&account.external_id);
    json!({
        "id": account.id,
        "platform": account.platform,
        "accountName": account.name,
        "instagramBusinessId": instagram,
        "isAdded": account.is_added,
        "externalId": account.external_id,
        "assignedClientId": account.client_id,
        "token": account.token_ref.as_ref().map(ToString::to_string),
        "publishMode": account.publish_mode.map(|mode| mode.as_str()),
        "paused": account.pause.as_ref().map(|pause| json!({
            "reason": pause.reason,
            "until": pause.until.map(rfc3339),
        })),
    })
}

/// Maximum number of posts whose decisions are shown at once.
const DECIDED_MAX: usize = 10;

/// Said once above the command lines of [`decision_lines`].
pub(super) const WHAT_VERDICTS_MEAN: &str = "\
Look at the account, then run one of these: it is live, under this id (--published); it
is not live, send it again (--not-published); or give it up, look no more (--abandon):";

/// What to type about a post that may be live: a line for each decision, which
/// does what it says if it is pasted as it is. The one that wants an id is
/// refused until the id is filled in, also by a shell if its quotes get lost.
pub(super) fn decision_lines(socialsched: &str, id: PostId) -> String {
    ["--published '<ID OF THE POST>'", "--not-published", "--abandon"]
        .map(|decision| format!("{socialsched} recover {} {decision}", id.short()))
        .join("\n")
}

/// What to type about each of the posts whose outcome is unknown.
pub(super) fn unknown_hint(context: &Context, posts: &[Post]) -> Option<String> {
    let unknown: Vec<(PostId, CompanyId)> = posts
        .iter()
        .filter(|post| ShownStatus::of(post) == ShownStatus::Unknown)
        .map(|post| (post.id, post.company_id))
        .collect();
    decisions(context, &unknown, unknown.len())
}

/// The same for `count` posts, of which some are given.
pub(super) fn decisions(
    context: &Context,
    posts: &[(PostId, CompanyId)],
    count: usize,
) -> Option<String> {
    let (_, first) = posts.first()?;
    let mut lines = vec![
        format!(
            "{} may be live and {} your decision.",
            counted(count, "post"),
            agreeing(count, "needs", "need"),
        ),
        WHAT_VERDICTS_MEAN.to_owned(),
    ];
    let named = &posts[..posts.len().min(DECIDED_MAX)];
    lines.extend(
        named.iter().map(|(id, company)| decision_lines(&context.socialsched_for(*company), *id)),
    );
    if named.len() < count {
        let socialsched = context.socialsched_for(*first);
        lines.push(format!("and more: {socialsched} list --status unknown --all"));
    }
    Some(lines.join("\n"))
}

/// Warns about a row that cannot be read.
pub(super) fn warn_of_bad_row(context: &Context, why: impl std::fmt::Display) {
    context.printer.warn(&format!("another program wrote a bad row: {why}"));
}
