//! What readers of the three platforms see, and what they ever saw.

use std::collections::HashSet;

use serde::Serialize;

use super::clock::iso;
use super::state::{Item, World};
use super::{facebook, instagram, linkedin};

/// A post that readers saw until a call deleted it.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    item: Item,
    deleted_at: String,
}

/// One item of `GET /__sim/ever`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Ever {
    #[serde(flatten)]
    pub(super) item: Item,
    /// When a call deleted it.
    pub(super) deleted_at: Option<String>,
}

/// Everything readers can see now, oldest first.
pub(super) fn live(world: &World) -> Vec<Item> {
    let mut items = not_deleted(world);
    items.retain(|item| !item.expired);
    items.sort_by(|a, b| a.created_at.cmp(&b.created_at));
    items
}

/// Everything readers could see at any time, oldest first: also what was deleted,
/// and stories whose day is over.
pub(super) fn ever(world: &World) -> Vec<Ever> {
    let present = not_deleted(world).into_iter().map(|item| Ever { item, deleted_at: None });
    let gone = world.gone.iter().cloned();
    let gone = gone.map(|gone| Ever { item: gone.item, deleted_at: Some(gone.deleted_at) });
    let mut items: Vec<Ever> = present.chain(gone).collect();
    items.sort_by(|a, b| a.item.created_at.cmp(&b.item.created_at));
    items
}

/// Everything staged that readers cannot see.
pub(super) fn drafts(world: &World) -> Vec<Item> {
    let mut items = facebook::drafts(world);
    items.extend(instagram::drafts(world));
    items.extend(linkedin::drafts(world));
    items
}

/// Runs a call that deletes, and records what readers lost by it.
pub(super) fn remembering<T>(world: &mut World, delete: impl FnOnce(&mut World) -> T) -> T {
    let before = not_deleted(world);
    let answer = delete(world);
    let left: HashSet<String> = not_deleted(world).into_iter().map(|item| item.id).collect();
    let deleted_at = iso(world.now());
    let lost = before.into_iter().filter(|item| !left.contains(&item.id));
    world.gone.extend(lost.map(|item| Gone { item, deleted_at: deleted_at.clone() }));
    answer
}

fn not_deleted(world: &World) -> Vec<Item> {
    let mut items = facebook::shown(world);
    items.extend(instagram::shown(world));
    items.extend(linkedin::shown(world));
    items
}
