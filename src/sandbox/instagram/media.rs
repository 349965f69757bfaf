//! Reading containers and media, and comments below media.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::{Comment, Kind, Media};
use crate::sandbox::clock::{DAY_MS, delay};
use crate::sandbox::graph::{error, list, no_such_object, node, time, within};
use crate::sandbox::options::ContainerEnd;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::{Call, as_stored};
use crate::sandbox::state::World;

pub(super) fn read(world: &World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let young = |ms: i64| now - ms < delay(world.options.read_lag_ms);
    let stale = |media: &Media| now - media.live_ms < delay(world.options.stale_state_ms);
    if let Some(container) = world.instagram.containers.get(id).filter(|c| !young(c.created_ms)) {
        let went_live = container.published.as_ref().and_then(|id| world.instagram.media.get(id));
        let code = match went_live {
            Some(media) if stale(media) => container.unpublished_status(now),
            _ => container.status(now),
        };
        let words = match (code, container.ends) {
            ("IN_PROGRESS", _) => "In Progress: Media is still being processed.".to_owned(),
            ("PUBLISHED", _) => "Published: Media has been successfully published.".to_owned(),
            ("EXPIRED", _) => {
                "Expired: The container was not published within 24 hours.".to_owned()
            }
            ("ERROR", Some(ContainerEnd::Error(subcode))) => {
                format!("Error: Media upload has failed with error code {subcode}")
            }
            _ => "Finished: Media has been uploaded and it is ready to be published.".to_owned(),
        };
        let fields = json!({"id": id, "status_code": code, "status": words,
            "copyright_check_status": {"status": "completed", "matches_found": false}});
        return node(call, &fields, &["video_status"]);
    }
    match world.instagram.media.get(id).filter(|media| !young(media.live_ms) && !stale(media)) {
        Some(media) => node(call, &media_node(world, id, media), &MEDIA_ABSENT),
        None => no_such_object(&call.method, id),
    }
}

/// Fields of a media object that exist but that the sandbox leaves empty.
const MEDIA_ABSENT: [&str; 7] =
    ["thumbnail_url", "like_count", "ig_id", "is_comment_enabled", "owner", "children", "alt_text"];

fn media_node(world: &World, id: &str, media: &Media) -> Value {
    let container = world.instagram.containers.get(&media.container);
    let (kind, product) = match container {
        Some(c) if c.kind == Kind::Carousel => ("CAROUSEL_ALBUM", "FEED"),
        Some(c) if c.kind == Kind::Story => (if c.is_video { "VIDEO" } else { "IMAGE" }, "STORY"),
        Some(c) if c.is_video => ("VIDEO", "REELS"),
        _ => ("IMAGE", "FEED"),
    };
    let path = if product == "REELS" { "reel" } else { "p" };
    let shortcode = format!("SB{}", &id[id.len().saturating_sub(9)..]);
    let caption = container.map(|c| c.caption.as_str()).filter(|caption| !caption.is_empty());
    let comments = world.instagram.comments.iter().filter(|c| c.media == id).count();
    json!({
        "id": id, "caption": caption, "timestamp": time(Some(media.live_ms)),
        "permalink": format!("https://www.instagram.com/{path}/{shortcode}/"), "shortcode": shortcode,
        "media_type": kind, "media_product_type": product, "username": "sandbox",
        "media_url": container.and_then(|c| c.source.as_deref()), "comments_count": comments,
    })
}

pub(super) fn media_list(world: &World, call: &Call, account: &str, stories: bool) -> Reply {
    let now = world.now();
    let shown = now - delay(world.options.list_delay_ms);
    let mut found: Vec<(&String, &Media)> = world
        .instagram
        .media
        .iter()
        .filter(|(_, m)| m.account == account && m.live_ms <= shown && within(call, m.live_ms))
        .filter(|(_, m)| is_story(world, m) == stories && (!stories || now - m.live_ms < DAY_MS))
        .collect();
    // Ids rise: they give the order within a millisecond.
    found.sort_by_key(|(id, media)| Reverse((media.live_ms, *id)));
    let nodes: Vec<Value> =
        found.into_iter().map(|(id, media)| media_node(world, id, media)).collect();
    list(call, &nodes, &MEDIA_ABSENT)
}

pub(super) fn is_story(world: &World, media: &Media) -> bool {
    world.instagram.containers.get(&media.container).is_some_and(|c| c.kind == Kind::Story)
}

pub(super) fn create_comment(world: &mut World, call: &Call, media: &str) -> Reply {
    match world.instagram.media.get(media) {
        Some(found) if !is_story(world, found) => {}
        _ => return no_such_object(&call.method, media),
    }
    let Some(text) = call.text("message") else {
        return error(100, 0, "(#100) The parameter message is required");
    };
    let account = world.owner(media).unwrap_or_default().to_owned();
    let id = world.mint("1785", &account);
    let created_ms = world.now();
    world.instagram.comments.push(Comment {
        media: media.to_owned(),
        id: id.clone(),
        text: as_stored(&text),
        created_ms,
    });
    if call.params.contains_key("fields") {
        return error(20, 1_772_107, "(#20) The requested response format is not supported");
    }
    Reply::ok(json!({ "id": id }))
}

pub(super) fn comments(world: &World, call: &Call, media: &str) -> Reply {
    if !world.instagram.media.contains_key(media) {
        return no_such_object(&call.method, media);
    }
    let shown = world.now() - delay(world.options.list_delay_ms);
    let nodes: Vec<Value> = world
        .instagram
        .comments
        .iter()
        .filter(|comment| comment.media == media && comment.created_ms <= shown)
        .map(|c| json!({"id": c.id, "text": c.text, "timestamp": time(Some(c.created_ms)), "username": "sandbox"}))
        .collect();
    list(call, &nodes, &["from", "like_count", "hidden", "parent_id"])
}
