//! What readers of the Pages see, and what is staged.

use serde_json::{Value, json};

use super::Post;
use super::videos::is_live;
use crate::sandbox::clock::{DAY_MS, iso};
use crate::sandbox::state::{Item, Platform, World};

/// What readers of the Pages see.
pub(in crate::sandbox) fn live(world: &World) -> Vec<Item> {
    let now = world.now();
    let posts = world.facebook.posts.iter().filter(|(_, post)| post.is_live(now));
    let stories =
        world.facebook.stories.iter().filter(|s| s.live_ms <= now && now - s.live_ms < DAY_MS);
    posts
        .map(|(id, post)| post_item(world, id, post))
        .chain(stories.map(|story| Item {
            platform: Platform::Facebook,
            account: story.page.clone(),
            kind: "story",
            id: story.post_id.clone(),
            text: String::new(),
            media: media_of(world, std::slice::from_ref(&story.media_id)),
            created_at: iso(story.live_ms),
            comments: Vec::new(),
        }))
        .collect()
}

/// Unpublished posts, unused photos and unfinished videos.
pub(in crate::sandbox) fn drafts(world: &World) -> Vec<Item> {
    let now = world.now();
    let facebook = &world.facebook;
    let staged = |kind, account: &String, id: &String, text: &String, created_ms: i64| Item {
        platform: Platform::Facebook,
        account: account.clone(),
        kind,
        id: id.clone(),
        text: text.clone(),
        media: media_of(world, std::slice::from_ref(id)),
        created_at: iso(created_ms),
        comments: Vec::new(),
    };
    let posts = facebook
        .posts
        .iter()
        .filter(|(_, post)| !post.is_live(now))
        .map(|(id, post)| post_item(world, id, post));
    let photos = facebook
        .photos
        .iter()
        .filter(|(_, photo)| photo.used_by.is_none() && now - photo.created_ms <= DAY_MS)
        .map(|(id, photo)| staged("photo", &photo.page, id, &String::new(), photo.created_ms));
    let videos =
        facebook.videos.iter().filter(|(id, _)| !is_live(world, id)).map(|(id, video)| {
            staged("video", &video.page, id, &video.description, video.created_ms)
        });
    posts.chain(photos).chain(videos).collect()
}

fn post_item(world: &World, id: &str, post: &Post) -> Item {
    let kind = match (&post.video, post.photos.len()) {
        (Some(_), _) if post.reel => "reel",
        (Some(_), _) => "video",
        (None, 0) => "post",
        (None, 1) => "photo",
        (None, _) => "photos",
    };
    let media: Vec<String> = post.photos.iter().chain(&post.video).cloned().collect();
    let parents = [Some(id), post.video.as_deref()];
    Item {
        platform: Platform::Facebook,
        account: post.page.clone(),
        kind,
        id: id.to_owned(),
        text: post.message.clone(),
        media: media_of(world, &media),
        created_at: iso(post.live_ms.unwrap_or(post.created_ms)),
        comments: world
            .facebook
            .comments
            .iter()
            .filter(|comment| parents.contains(&Some(comment.parent.as_str())))
            .map(|comment| comment.message.clone())
            .collect(),
    }
}

fn media_of(world: &World, ids: &[String]) -> Vec<Value> {
    ids.iter()
        .filter_map(|id| {
            let photo = world
                .facebook
                .photos
                .get(id)
                .map(|photo| json!({"id": id, "url": photo.url, "alt_text": photo.alt}));
            photo.or_else(|| {
                world.facebook.videos.get(id).map(|video| json!({"id": id, "url": video.source}))
            })
        })
        .collect()
}
