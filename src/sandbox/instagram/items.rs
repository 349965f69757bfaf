//! What readers of the accounts see, and what is staged.

use serde_json::json;

use super::media::is_story;
use super::{Container, Kind};
use crate::sandbox::clock::{DAY_MS, iso};
use crate::sandbox::state::{Item, Platform, World};

/// What readers of the accounts see, and stories that they saw.
pub(in crate::sandbox) fn shown(world: &World) -> Vec<Item> {
    let now = world.now();
    world
        .instagram
        .media
        .iter()
        .filter(|(_, media)| media.live_ms <= now)
        .filter_map(|(id, media)| {
            let container = world.instagram.containers.get(&media.container)?;
            let comments = world.instagram.comments.iter().filter(|c| c.media == *id);
            Some(Item {
                comments: comments.map(|c| c.text.clone()).collect(),
                expired: is_story(world, media) && now - media.live_ms >= DAY_MS,
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
        by_others: container.by_others,
        expired: false,
    }
}
