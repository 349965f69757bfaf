//! Page posts: unpublished, published once, edited, deleted, listed.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::Post;
use super::others::follow_post;
use super::photos::unusable;
use crate::sandbox::clock::{DAY_MS, delay};
use crate::sandbox::graph::{error, list, no_such_object, node, time, within};
use crate::sandbox::options::{Flip, SecondCall};
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

/// Fields of a post that exist but that the sandbox leaves empty.
const POST_ABSENT: [&str; 12] = [
    "story",
    "is_hidden",
    "full_picture",
    "scheduled_publish_time",
    "properties",
    "shares",
    "comments",
    "reactions",
    "place",
    "targeting",
    "promotable_id",
    "permalink",
];

pub(super) fn create_post(world: &mut World, call: &Call, page: &str) -> Reply {
    let message = call.text("message").unwrap_or_default();
    let link = call.text("link");
    let mut photos = Vec::new();
    for entry in call.list("attached_media").unwrap_or_default() {
        let id = match &entry["media_fbid"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return error(100, 0, "(#100) Invalid parameter: attached_media needs media_fbid"),
        };
        if let Some(reply) = unusable(world, &id, page) {
            return reply;
        }
        photos.push(id);
    }
    if message.trim().is_empty() && link.is_none() && photos.is_empty() {
        return error(197, 0, "(#197) The post is empty. Please enter a message to share.");
    }
    if link.as_ref().is_some_and(
        |link| !matches!(url::Url::parse(link), Ok(u) if u.scheme().starts_with("http")),
    ) {
        return error(1500, 0, "(#1500) The url you supplied is invalid");
    }
    let published = call.flag("published").unwrap_or(true);
    let now = world.now();
    let mut live = published.then_some(now);
    if let Some(request) = call.text("scheduled_publish_time") {
        let at = request
            .parse::<i64>()
            .ok()
            .or_else(|| chrono::DateTime::parse_from_rfc3339(&request).ok().map(|t| t.timestamp()));
        let ahead = at.map(|at| at * 1000 - now);
        if published || !ahead.is_some_and(|ms| (600_000..=30 * DAY_MS).contains(&ms)) {
            return error(100, 0, "(#100) The specified scheduled publish time is invalid");
        }
        live = at.map(|at| at * 1000);
    }
    let id = add_post(world, page, message, photos);
    if let Some(post) = world.facebook.posts.get_mut(&id) {
        post.link = link;
    }
    set_live(world, &id, live);
    Reply::ok(json!({"id": id, "post_supports_client_mutation_id": true}))
}

/// Adds an unpublished post and attaches its photos.
pub(in crate::sandbox) fn add_post(
    world: &mut World,
    page: &str,
    message: String,
    photos: Vec<String>,
) -> String {
    let number = world.mint("1220", page);
    let id = format!("{page}_{number}");
    world.own(&id, page);
    for photo in &photos {
        if let Some(photo) = world.facebook.photos.get_mut(photo) {
            photo.used_by = Some(id.clone());
        }
    }
    let post = Post {
        page: page.to_owned(),
        message,
        link: None,
        photos,
        video: None,
        reel: false,
        created_ms: world.now(),
        live_ms: None,
        by_others: false,
    };
    world.facebook.posts.insert(id.clone(), post);
    id
}

/// Makes the post live at this time, and posts by others after it.
pub(super) fn set_live(world: &mut World, id: &str, live_ms: Option<i64>) {
    if let Some(post) = world.facebook.posts.get_mut(id) {
        post.live_ms = live_ms;
    }
    follow_post(world, id);
}

pub(super) fn posts(
    world: &World,
    call: &Call,
    page: &str,
    shown: impl Fn(&Post) -> bool,
) -> Reply {
    let mut found: Vec<(&String, &Post)> = world
        .facebook
        .posts
        .iter()
        .filter(|(_, post)| post.page == page && shown(post) && within(call, post.created_ms))
        .collect();
    // Ids rise: they give the order within a millisecond.
    found.sort_by_key(|(id, post)| Reverse((post.created_ms, *id)));
    let seen = world.now() - delay(world.options.list_delay_ms);
    let nodes: Vec<Value> = found.into_iter().map(|(id, post)| post_node(id, post, seen)).collect();
    list(call, &nodes, &POST_ABSENT)
}

/// A post as it was at `seen`.
fn post_node(id: &str, post: &Post, seen: i64) -> Value {
    let live = post.is_live(seen);
    let target = |id: &String| json!({"media_type": "photo", "type": "photo", "target": {"id": id, "url": format!("https://www.facebook.com/photo/?fbid={id}")}});
    let attachments = match (&post.photos[..], &post.video, &post.link) {
        ([], Some(video), _) => {
            json!([{"media_type": "video", "type": "video_inline", "target": {"id": video}}])
        }
        ([], None, Some(link)) => json!([{"media_type": "link", "type": "share", "url": link}]),
        ([], None, None) => Value::Null,
        ([photo], ..) => json!([target(photo)]),
        (photos, ..) => json!([{"media_type": "album", "type": "album", "target": {"id": id},
            "subattachments": {"data": photos.iter().map(target).collect::<Vec<_>>()}}]),
    };
    let attachments =
        if attachments.is_null() { attachments } else { json!({ "data": attachments }) };
    json!({
        "id": id,
        "message": if post.message.is_empty() { Value::Null } else { json!(post.message) },
        "is_published": live,
        "created_time": time(Some(post.created_ms)),
        "updated_time": time(Some(post.live_ms.unwrap_or(post.created_ms))),
        "permalink_url": if live { json!(format!("https://www.facebook.com/{id}")) } else { Value::Null },
        "status_type": if post.photos.is_empty() { "mobile_status_update" } else { "added_photos" },
        "from": {"id": post.page, "name": format!("Sandbox Page {}", post.page)},
        "attachments": attachments,
    })
}

pub(super) fn read(world: &World, call: &Call, id: &str) -> Reply {
    let young = |created_ms: i64| world.now() - created_ms < delay(world.options.read_lag_ms);
    if let Some(post) = world.facebook.posts.get(id).filter(|post| !young(post.created_ms)) {
        let seen = world.now() - delay(world.options.stale_state_ms);
        return node(call, &post_node(id, post, seen), &POST_ABSENT);
    }
    if let Some(photo) = world.facebook.photos.get(id).filter(|photo| !young(photo.created_ms)) {
        // The story id of a photo is set even when no post has it (a known trap).
        let story = photo.used_by.clone().unwrap_or_else(|| format!("{}_{id}", photo.page));
        let fields = json!({"id": id, "page_story_id": story, "created_time": time(Some(photo.created_ms)),
            "alt_text_custom": photo.alt, "from": {"id": photo.page}, "link": format!("https://www.facebook.com/photo/?fbid={id}")});
        return node(call, &fields, &["name", "images", "picture", "album"]);
    }
    no_such_object(&call.method, id)
}

pub(super) fn update(world: &mut World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let Some(post) = world.facebook.posts.get(id) else {
        return no_such_object(&call.method, id);
    };
    match (call.flag("is_published"), post.is_live(now)) {
        (Some(true), false) if world.options.feed_flip == Flip::Refused => {
            return error(100, 0, "(#100) This post cannot be published");
        }
        (Some(true), false) => set_live(world, id, Some(now)),
        (Some(true), true) => match world.options.second_flip {
            SecondCall::Same => {}
            SecondCall::Refused => return error(100, 0, "(#100) This post was already published"),
            SecondCall::SecondPost => publish_again(world, id),
        },
        (Some(false), true) => {
            return error(100, 0, "(#100) A published post cannot be unpublished");
        }
        _ => {}
    }
    if let (Some(message), Some(post)) = (call.text("message"), world.facebook.posts.get_mut(id)) {
        post.message = message;
    }
    Reply::success()
}

/// Makes a second visible post of a published one.
fn publish_again(world: &mut World, id: &str) {
    let Some(post) = world.facebook.posts.get(id).cloned() else { return };
    let now = world.now();
    let second = format!("{}_{}", post.page, world.mint("1220", &post.page));
    world.own(&second, &post.page);
    world.facebook.posts.insert(second.clone(), Post { created_ms: now, ..post });
    set_live(world, &second, Some(now));
}

pub(super) fn delete(world: &mut World, call: &Call, id: &str) -> Reply {
    let facebook = &mut world.facebook;
    if let Some(post) = facebook.posts.remove(id) {
        for photo in &post.photos {
            facebook.photos.remove(photo);
        }
        return Reply::success();
    }
    if facebook.photos.get(id).is_some_and(|photo| photo.used_by.is_none()) {
        facebook.photos.remove(id);
        return Reply::success();
    }
    let before = facebook.comments.len();
    facebook.comments.retain(|comment| comment.id != id);
    if facebook.comments.len() < before || facebook.videos.remove(id).is_some() {
        return Reply::success();
    }
    no_such_object(&call.method, id)
}
