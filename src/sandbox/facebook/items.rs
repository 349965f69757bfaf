//! What readers of the Pages see, and what is staged.

use serde_json::{Value, json};

use super::Post;
use super::videos::is_live;
use crate::sandbox::clock::{DAY_MS, iso};
use crate::sandbox::state::{Item, Platform, World};

/// What readers of the Pages see, and stories that they saw.
pub(in crate::sandbox) fn shown(world: &World) -> Vec<Item> {
    let now = world.now();
    let posts = world.facebook.posts.iter().filter(|(_, post)| post.is_live(now));
    let stories = world.facebook.stories.iter().filter(|story| story.live_ms <= now);
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
            by_others: story.by_others,
            expired: now - story.live_ms >= DAY_MS,
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
        by_others: false,
        expired: false,
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
        facebook.videos.iter().filter(|(id, _)| !is_live(world, id)).map(|(id, video)| Item {
            by_others: video.by_others,
            ..staged("video", &video.page, id, &video.description, video.created_ms)
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
        created_at: iso(post
            .live_ms
            .filter(|_| post.is_live(world.now()))
            .unwrap_or(post.created_ms)),
        comments: world
            .facebook
            .comments
            .iter()
            .filter(|comment| parents.contains(&Some(comment.parent.as_str())))
            .map(|comment| comment.message.clone())
            .collect(),
        by_others: post.by_others,
        expired: false,
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
