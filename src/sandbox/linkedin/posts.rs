//! Posts: created once, refused as duplicates, edited, deleted.

use serde_json::{Value, json};

use super::reads::not_found;
use super::{Post, error, is_author};
use super::{content, little_text};
use crate::sandbox::clock::delay;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

const MAX_TEXT: usize = 3000;

pub(super) fn create(world: &mut World, call: &Call) -> Reply {
    let missing = |field: &str| {
        error(
            400,
            "MISSING_FIELD",
            &format!(
                "ERROR :: /{field} :: field is required but not found and has no default value"
            ),
        )
    };
    let Some(author) = call.text("author") else { return missing("author") };
    if !is_author(&author) {
        return Reply::json(403, json!({"message": "", "status": 403}));
    }
    let Some(commentary) = call.params.get("commentary").and_then(Value::as_str) else {
        return missing("commentary");
    };
    let Some(visibility) = call.text("visibility") else { return missing("visibility") };
    if !["PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER"].contains(&visibility.as_str()) {
        return error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            "ERROR :: /visibility :: is not an enum symbol",
        );
    }
    let feed = call.params.get("distribution").map(|d| &d["feedDistribution"]);
    if !feed.is_some_and(|feed| feed == "MAIN_FEED" || feed == "NONE") {
        return missing("distribution/feedDistribution");
    }
    match call.text("lifecycleState").as_deref() {
        Some("PUBLISHED") => {}
        Some(_) => {
            return error(
                400,
                "INVALID_VALUE_FOR_FIELD",
                "ERROR :: /lifecycleState :: only PUBLISHED can be created",
            );
        }
        None => return missing("lifecycleState"),
    }
    let content = call.params.get("content").filter(|content| !content.is_null()).cloned();
    if commentary.trim().is_empty()
        && content.is_none()
        && !call.params.contains_key("reshareContext")
    {
        return error(
            400,
            "INVALID_VALUE_BLANK_FIELD",
            "ERROR :: /commentary :: must not be blank",
        );
    }
    let text = little_text::parse(commentary);
    let counted =
        if world.options.linkedin_counts_escapes { commentary } else { text.visible.as_str() };
    if counted.chars().count() > MAX_TEXT {
        return error(
            400,
            "FIELD_LENGTH_TOO_LONG",
            "ERROR :: /commentary :: length exceeds the maximum of 3000",
        );
    }
    if let Some(reply) =
        content.as_ref().and_then(|content| content::content_error(world, content, &author))
    {
        return reply;
    }
    if let Some(urn) = duplicate_of(world, &author, &text.stored, content.as_ref()) {
        return duplicate(&urn);
    }
    let is_video = content.as_ref().is_some_and(|c| {
        c["media"]["id"].as_str().is_some_and(|id| id.starts_with("urn:li:video:"))
    });
    let urn = post_urn(world, if is_video { "ugcPost" } else { "share" }, &author);
    let post = Post {
        author,
        stored: text.stored,
        visible: text.visible,
        visibility,
        content,
        created_ms: world.now(),
        edited: false,
        deleted: false,
        by_others: false,
    };
    world.linkedin.posts.insert(urn.clone(), post);
    others_follow(world, &urn);
    Reply::empty(201).with("x-restli-id", urn.clone()).with("x-linkedin-id", urn)
}

/// Adds posts by others for the author, newer than this post: ids rise with time.
fn others_follow(world: &mut World, urn: &str) {
    let Some(post) = world.linkedin.posts.get(urn).cloned() else { return };
    for n in 1..=i64::from(world.options.newer_posts) {
        let urn = format!("urn:li:share:{}", number_of(urn) + n);
        let text = format!("Posted by another hand: {n}");
        world.own(&urn, &post.author);
        let other = Post {
            stored: text.clone(),
            visible: text,
            content: None,
            by_others: true,
            ..post.clone()
        };
        world.linkedin.posts.insert(urn, other);
    }
}

/// The number at the end of a post's URN.
pub(super) fn number_of(urn: &str) -> i64 {
    urn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// An id whose upper bits are the time, as the real ones have it.
fn post_urn(world: &mut World, kind: &str, author: &str) -> String {
    // Leaves room for the ids of others' posts within the same millisecond.
    let room = 0x40_0000 - u64::from(world.options.newer_posts);
    let mut number = (world.now() << 22) | (world.random.draw() % room) as i64;
    while world.owner(&format!("urn:li:{kind}:{number}")).is_some() {
        number += 1;
    }
    let urn = format!("urn:li:{kind}:{number}");
    world.own(&urn, author);
    urn
}

fn duplicate_of(
    world: &mut World,
    author: &str,
    stored: &str,
    content: Option<&Value>,
) -> Option<String> {
    let (now, window) = (world.now(), delay(world.options.duplicate_window_ms));
    let same = |post: &Post| {
        post.author == author
            && post.stored == stored
            && now - post.created_ms < window
            && (world.options.duplicate_ignores_media || post.content.as_ref() == content)
    };
    let urn = world.linkedin.posts.iter().rev().find(|(_, post)| same(post))?.0.clone();
    if world.random.chance(world.options.duplicate_miss_probability) {
        return None;
    }
    Some(if world.options.duplicate_names_ghost { post_urn(world, "share", author) } else { urn })
}

pub(super) fn duplicate(urn: &str) -> Reply {
    Reply::json(
        422,
        json!({
            "errorDetailType": "com.linkedin.common.error.BadRequest",
            "message": format!("com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"),
            "errorDetails": {"inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]},
            "status": 422,
        }),
    )
}

pub(super) fn update(world: &mut World, call: &Call, urn: &str) -> Reply {
    let patch = call.params.get("patch").map(|patch| patch["$set"].clone()).unwrap_or_default();
    let Some(post) = world.linkedin.posts.get_mut(urn).filter(|post| !post.deleted) else {
        return not_found(urn);
    };
    let Some(fields) = patch.as_object() else {
        return error(400, "MISSING_FIELD", "ERROR :: /patch/$set :: field is required");
    };
    let editable = [
        "commentary",
        "contentCallToActionLabel",
        "contentLandingPage",
        "lifecycleState",
        "adContext",
    ];
    if let Some(name) = fields.keys().find(|name| !editable.contains(&name.as_str())) {
        return error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            &format!("ERROR :: /{name} :: cannot be edited"),
        );
    }
    if let Some(commentary) = patch["commentary"].as_str() {
        let text = little_text::parse(commentary);
        post.stored = text.stored;
        post.visible = text.visible;
        post.edited = true;
    }
    Reply::empty(204)
}

pub(super) fn delete(world: &mut World, urn: &str) -> Reply {
    if let Some(post) = world.linkedin.posts.get_mut(urn) {
        post.deleted = true;
    }
    Reply::empty(204)
}
