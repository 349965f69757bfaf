//! What a Page's lists show: posts of one call, stories, and videos as a second
//! witness.

use serde_json::Value;

use super::flow::Kind;
use super::names::photo_ids;
use crate::domain::proof::LISTS_LAG;
use crate::domain::{Draft, Failure, FailureCode, Intent, Receipt, Remedy, Sighting};
use crate::platforms::graph::{SLACK, Session, is_recent, same_text, text_of};

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
        Err(error) => return Sighting::CannotTell(error.failure),
    };
    let photos = photo_ids(draft);
    let has_photo = |post: &Value| attached(post).iter().any(|id| photos.contains(&id.as_str()));
    if let Some(post) = posts.0.iter().find(|post| has_photo(post)) {
        return Sighting::Live(receipt(post));
    }
    let offset = session.clock_offset(posts.1);
    let fits = |post: &&Value| {
        is_alike(post, draft, kind) && is_recent(post, "created_time", draft, offset)
    };
    match posts.0.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [] => Sighting::NotLive { after: LISTS_LAG },
        [post] if photos.is_empty() && has_our_mark(post, draft) => {
            Sighting::Matched(receipt(post))
        }
        // Photos distinguish our post from any other; a list without them proves nothing.
        [_] | [_, _, ..] => {
            let message = "the Page has posts like it, and none is certainly this one";
            Sighting::CannotTell(Failure::new(Remedy::GiveUp, FailureCode::Ambiguous, message))
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
        permalink: text_of(story, "url"),
        ..Receipt::read_back(text_of(story, "post_id"))
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
    Ok(listed.iter().any(is_it).then(|| Receipt::read_back(Some(object.to_owned()))))
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
    same_text(&said, &draft.content.caption)
}

/// Whether a post has a text, or a link, by which it can be matched: without one, it may
/// be an unrelated post.
fn has_our_mark(post: &Value, draft: &Draft) -> bool {
    let shown = post["attachments"]["data"].as_array().into_iter().flatten();
    let shown: Vec<&str> = shown.filter_map(|one| one["url"].as_str()).collect();
    let content = &draft.content;
    !content.caption.trim().is_empty()
        || content.link.as_deref().is_some_and(|link| shown.contains(&link))
}

fn receipt(post: &Value) -> Receipt {
    Receipt { permalink: super::address(post), ..Receipt::read_back(text_of(post, "id")) }
}
