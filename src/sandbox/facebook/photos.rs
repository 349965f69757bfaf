//! Photos and photo stories.

use serde_json::{Value, json};

use super::others::follow_story;
use super::posts::{add_post, set_live};
use super::{Photo, Story};
use crate::sandbox::clock::{DAY_MS, delay};
use crate::sandbox::fetch::Asset;
use crate::sandbox::graph::{error, list, page, within};
use crate::sandbox::options::SecondCall;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

/// Photo limit of Page photos.
const MAX_PHOTO_BYTES: u64 = 10_000_000;

pub(super) fn create_photo(world: &mut World, call: &Call, page: &str) -> Reply {
    let (url, asset) = match (call.text("url"), call.files.values().next()) {
        (Some(url), _) => (url.clone(), call.asset(&url)),
        (None, Some(bytes)) => ("bytes".to_owned(), Ok(Asset::of(bytes))),
        (None, None) => return error(324, 0, "(#324) Requires upload file"),
    };
    let invalid = || error(324, 2_069_019, "(#324) Missing or invalid image file");
    match asset {
        Ok(asset) if !asset.is_image() => return invalid(),
        Ok(Asset { bytes, .. }) if bytes > MAX_PHOTO_BYTES => {
            return error(324, 1_366_046, "(#324) Photos should be smaller than 10 MB");
        }
        Ok(_) => {}
        Err(_) => return invalid(),
    }
    let published = call.flag("published").unwrap_or(true);
    let id = world.mint("12210", page);
    let created_ms = world.now();
    let alt = call.text("alt_text_custom");
    let photo = Photo { page: page.to_owned(), url, alt, created_ms, used_by: None };
    world.facebook.photos.insert(id.clone(), photo);
    if !published {
        return Reply::ok(json!({ "id": id }));
    }
    let message = call.text("caption").or_else(|| call.text("message")).unwrap_or_default();
    let post = add_post(world, page, message, vec![id.clone()]);
    set_live(world, &post, Some(created_ms));
    Reply::ok(json!({"id": id, "post_id": post}))
}

/// Why a photo cannot go into a new post or story of this Page.
pub(super) fn unusable(world: &World, id: &str, page: &str) -> Option<Reply> {
    let now = world.now();
    match world.facebook.photos.get(id) {
        Some(photo)
            if photo.page != page
                || (photo.used_by.is_none() && now - photo.created_ms > DAY_MS) =>
        {
            Some(error(100, 33, &format!("(#100) Photo {id} does not exist")))
        }
        Some(photo) if photo.used_by.is_some() && !world.options.allow_photo_reuse => {
            Some(error(100, 1_366_051, "(#100) These photos were already posted."))
        }
        Some(_) => None,
        None => Some(error(100, 33, &format!("(#100) {id} is not a photo of this Page"))),
    }
}

pub(super) fn create_story(world: &mut World, call: &Call, page: &str) -> Reply {
    let Some(photo) = call.text("photo_id") else {
        return error(100, 0, "(#100) The parameter photo_id is required");
    };
    let used = world.facebook.stories.iter().find(|story| story.media_id == photo);
    match (used.map(|story| story.post_id.clone()), world.options.second_story) {
        (Some(_), SecondCall::SecondPost) => {}
        (Some(post_id), SecondCall::Same) => {
            return Reply::ok(json!({"success": true, "post_id": post_id}));
        }
        _ => {
            if let Some(reply) = unusable(world, &photo, page) {
                return reply;
            }
        }
    }
    let post_id = world.mint("1220", page);
    let live_ms = world.now();
    let url = format!("https://facebook.com/stories/{post_id}");
    if let Some(photo) = world.facebook.photos.get_mut(&photo) {
        photo.used_by = Some(post_id.clone());
    }
    let story = Story {
        page: page.to_owned(),
        post_id: post_id.clone(),
        media_id: photo,
        media_type: "photo",
        url,
        live_ms,
        by_others: false,
    };
    world.facebook.stories.push(story.clone());
    follow_story(world, &story);
    Reply::ok(json!({"success": true, "post_id": post_id}))
}

pub(super) fn stories(world: &World, call: &Call, owner: &str) -> Reply {
    let now = world.now();
    let shown = now - delay(world.options.list_delay_ms);
    let nodes: Vec<Value> = world
        .facebook
        .stories
        .iter()
        .rev()
        .filter(|s| s.page == owner && s.live_ms <= shown && now - s.live_ms < DAY_MS && within(call, s.live_ms))
        .map(|s| {
            json!({"post_id": s.post_id, "status": "PUBLISHED", "creation_time": (s.live_ms / 1000).to_string(),
                "media_type": s.media_type, "media_id": s.media_id, "url": s.url})
        })
        .collect();
    // This edge answers its few fields always.
    if call.text("fields").is_some() {
        return list(call, &nodes, &["id"]);
    }
    page(call, &nodes)
}
