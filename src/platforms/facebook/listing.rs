//! What a Page's lists show: posts of one call, stories, and videos as a second
//! witness.

use chrono::{DateTime, TimeDelta};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::UNPROVEN;
use super::flow::Kind;
use super::sighting::read_back;
use super::staging::{photo_ids, text};
use crate::domain::{Draft, Failure, Intent, Receipt, Remedy, Sighting, made_by_one_of};
use crate::platforms::graph::{Session, text_of};

/// Lists are asked for what was made since so long before the first call: the
/// clocks may differ, and our own check is sharper.
const SLACK: TimeDelta = TimeDelta::hours(26);

/// Looks for a post that one call made, among what is listed: by the photos
/// that were uploaded for it alone, else by text, link and time.
pub(super) async fn look(session: &Session<'_>, draft: &Draft, kind: Kind) -> Sighting {
    let (edge, fields) = match kind {
        Kind::Video => ("videos", "id,description,created_time"),
        _ => (
            "published_posts",
            "id,message,created_time,attachments{url,target{id},subattachments{target{id}}}",
        ),
    };
    let first = draft.calls.first().map_or(draft.now, |call| call.at);
    let path = [draft.account.external_id.as_str(), edge];
    let posts = session.read_all_since(&path, first - SLACK, fields, "permalink_url").await;
    let posts = match posts {
        Ok(posts) => posts,
        Err(trouble) => return Sighting::CannotTell(trouble.failure),
    };
    let photos = photo_ids(draft);
    let has_photo = |post: &Value| attached(post).iter().any(|id| photos.contains(&id.as_str()));
    if let Some(post) = posts.0.iter().find(|post| has_photo(post)) {
        return Sighting::Live(receipt(post));
    }
    let offset = session.clock_offset(posts.1);
    let fits = |post: &&Value| is_alike(post, draft, kind) && is_recent(post, draft, offset);
    match posts.0.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [] => Sighting::NotLive { after: UNPROVEN },
        [post] if photos.is_empty() && has_our_mark(post, draft) => {
            Sighting::Matched(receipt(post))
        }
        // Photos tell our post from any other; without them in the list they tell nothing.
        [_] | [_, _, ..] => {
            let message = "the Page has posts like it, and none can be told to be this one";
            Sighting::CannotTell(Failure::new(Remedy::GiveUp, "ambiguous", message))
        }
    }
}

/// The story made of this photo or video, when it is listed.
pub(super) async fn story_of(
    session: &Session<'_>,
    draft: &Draft,
    media_id: &str,
    call: &Intent,
) -> Result<Option<Receipt>, Failure> {
    let since = (call.at - SLACK).timestamp().to_string();
    let query = [("since", since.as_str()), ("limit", "100")];
    let page = draft.account.external_id.as_str();
    let stories = session.read_all(&[page, "stories"], &query).await?;
    let story =
        stories.iter().find(|story| text_of(story, "media_id").as_deref() == Some(media_id));
    Ok(story.map(|story| Receipt {
        external_id: text_of(story, "post_id"),
        permalink: text_of(story, "url"),
        evidence: Some("read-back".to_owned()),
        ..Receipt::default()
    }))
}

/// What the Page's lists show of an object, whatever its own node says.
pub(super) async fn listed(
    session: &Session<'_>,
    draft: &Draft,
    kind: Kind,
    object: &str,
    call: &Intent,
) -> Result<Option<Receipt>, Failure> {
    let (edge, fields) = match kind {
        Kind::PhotoStory | Kind::VideoStory => {
            return story_of(session, draft, object, call).await;
        }
        Kind::Reel => ("video_reels", "id"),
        Kind::Feed => ("published_posts", "id"),
        Kind::Video => ("published_posts", "id,attachments{target{id}}"),
    };
    let since = (call.at - SLACK).timestamp().to_string();
    let page = draft.account.external_id.as_str();
    let query = [("fields", fields), ("since", since.as_str()), ("limit", "100")];
    let listed = session.read_all(&[page, edge], &query).await?;
    let is_it = |item: &Value| match kind {
        Kind::Video => attached(item).iter().any(|id| id == object),
        _ => text_of(item, "id").as_deref() == Some(object),
    };
    Ok(listed.iter().any(is_it).then(|| read_back(Some(object))))
}

/// The ids of everything attached to a post.
fn attached(post: &Value) -> Vec<String> {
    let own = post["attachments"]["data"].as_array().into_iter().flatten();
    own.flat_map(|one| {
        let below = one["subattachments"]["data"].as_array().into_iter().flatten();
        [one].into_iter().chain(below).filter_map(|one| text_of(&one["target"], "id"))
    })
    .collect()
}

/// Whether a reader could take it for this post.
fn is_alike(post: &Value, draft: &Draft, kind: Kind) -> bool {
    let field = if kind == Kind::Video { "description" } else { "message" };
    let said = text_of(post, field).unwrap_or_default();
    same_text(&said, &text(&draft.content))
}

/// Whether a post has a text, or a link, to be known by: without, it may be
/// anybody's next post.
fn has_our_mark(post: &Value, draft: &Draft) -> bool {
    let shown = post["attachments"]["data"].as_array().into_iter().flatten();
    let shown: Vec<&str> = shown.filter_map(|one| one["url"].as_str()).collect();
    let content = &draft.content;
    !text(content).trim().is_empty()
        || content.link.as_deref().is_some_and(|link| shown.contains(&link))
}

fn is_recent(post: &Value, draft: &Draft, offset: TimeDelta) -> bool {
    let made = text_of(post, "created_time")
        // Graph times have no colon in their offset.
        .and_then(|text| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%z").ok());
    // Times of posts are cut to the second.
    made.is_some_and(|made| {
        let made = made.to_utc();
        made_by_one_of(&draft.calls, made, offset)
            || made_by_one_of(&draft.calls, made + TimeDelta::seconds(1), offset)
    })
}

/// Equal for readers: platforms normalise and trim what they store.
fn same_text(one: &str, other: &str) -> bool {
    one.trim().nfc().eq(other.trim().nfc())
}

fn receipt(post: &Value) -> Receipt {
    Receipt {
        external_id: text_of(post, "id"),
        permalink: super::address(post),
        evidence: Some("read-back".to_owned()),
        ..Receipt::default()
    }
}
