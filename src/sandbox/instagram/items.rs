//! What readers of the accounts see, and what is staged.

use serde_json::json;

use super::media::is_story;
use super::{Container, Kind, Media};
use crate::sandbox::clock::{DAY_MS, iso};
use crate::sandbox::state::{Item, Platform, World};

/// What readers of the accounts see.
pub(in crate::sandbox) fn live(world: &World) -> Vec<Item> {
    let now = world.now();
    let visible =
        |m: &&Media| m.live_ms <= now && (!is_story(world, m) || now - m.live_ms < DAY_MS);
    world
        .instagram
        .media
        .iter()
        .filter(|(_, media)| visible(media))
        .filter_map(|(id, media)| {
            let container = world.instagram.containers.get(&media.container)?;
            let comments = world.instagram.comments.iter().filter(|c| c.media == *id);
            Some(Item {
                comments: comments.map(|c| c.text.clone()).collect(),
                ..item(world, container, id, media.live_ms)
            })
        })
        .collect()
}

/// Containers that were not published.
pub(in crate::sandbox) fn drafts(world: &World) -> Vec<Item> {
    let unpublished = world.instagram.containers.iter().filter(|(_, c)| c.published.is_none());
    unpublished.map(|(id, container)| item(world, container, id, container.created_ms)).collect()
}

pub(super) fn item(world: &World, container: &Container, id: &str, ms: i64) -> Item {
    let kind = match container.kind {
        Kind::Carousel => "carousel",
        Kind::Story => "story",
        Kind::Reel => "reel",
        Kind::Video => "video",
        Kind::Image => "photo",
    };
    let file = |id: &str, c: &Container| json!({"id": id, "url": c.source, "alt_text": c.alt});
    let media = if container.children.is_empty() {
        vec![file(id, container)]
    } else {
        let child = |id: &String| world.instagram.containers.get(id).map(|c| file(id, c));
        container.children.iter().filter_map(child).collect()
    };
    Item {
        platform: Platform::Instagram,
        account: container.account.clone(),
        kind,
        id: id.to_owned(),
        text: container.caption.clone(),
        media,
        created_at: iso(ms),
        comments: Vec::new(),
    }
}
