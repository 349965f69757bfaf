//! Facebook Pages: posts, photos, photo stories, comments, lists.

mod chunks;
mod comments;
mod items;
mod others;
mod photos;
mod posts;
mod video_status;
mod videos;

use std::collections::BTreeMap;

use self::comments::{comments, create_comment};
use self::photos::{create_photo, create_story, stories};
use self::posts::{create_post, delete, posts, read, update};
use self::videos::Video;
use crate::sandbox::clock::delay;
use crate::sandbox::graph::error;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

pub(super) use self::chunks::uploaded;
pub(super) use self::items::{drafts, shown};
pub(super) use self::video_status::object as video;
pub(super) use self::videos::{edge as video_edge, file_of, knows as is_video, upload};

/// The Page objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Facebook {
    pub(super) posts: BTreeMap<String, Post>,
    pub(super) photos: BTreeMap<String, Photo>,
    pub(super) videos: BTreeMap<String, Video>,
    pub(super) stories: Vec<Story>,
    pub(super) comments: Vec<Comment>,
}

/// A Page post; published from `live_ms` on.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) page: String,
    pub(super) message: String,
    pub(super) link: Option<String>,
    pub(super) photos: Vec<String>,
    pub(super) video: Option<String>,
    /// The video of the post is a reel.
    pub(super) reel: bool,
    pub(super) created_ms: i64,
    pub(super) live_ms: Option<i64>,
    /// No client's call made it.
    pub(super) by_others: bool,
}

/// An uploaded photo.
#[derive(Debug, Clone)]
pub(super) struct Photo {
    page: String,
    url: String,
    alt: Option<String>,
    created_ms: i64,
    /// The post or story that took it.
    used_by: Option<String>,
}

/// A story, visible for a day.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) page: String,
    pub(super) post_id: String,
    pub(super) media_id: String,
    pub(super) media_type: &'static str,
    pub(super) url: String,
    pub(super) live_ms: i64,
    pub(super) by_others: bool,
}

/// A comment of the Page itself below a post or video.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    parent: String,
    id: String,
    message: String,
    created_ms: i64,
}

impl Post {
    fn is_live(&self, now: i64) -> bool {
        self.live_ms.is_some_and(|live| live <= now)
    }
}

/// Answers everything of a Page that has no video in it.
pub(super) fn handle(world: &mut World, call: &Call, segments: &[&str]) -> Reply {
    match (call.method.as_str(), segments) {
        ("POST", [page, "photos"]) => create_photo(world, call, page),
        ("POST", [page, "feed"]) => create_post(world, call, page),
        ("POST", [page, "photo_stories"]) => create_story(world, call, page),
        ("GET", [page, "feed"]) => {
            let shown = world.now() - delay(world.options.list_delay_ms);
            posts(world, call, page, move |post| post.created_ms <= shown)
        }
        ("GET", [page, "published_posts" | "posts"]) => {
            let shown = world.now() - delay(world.options.list_delay_ms);
            posts(world, call, page, move |post| post.is_live(shown))
        }
        ("GET", [page, "scheduled_posts"]) => {
            let now = world.now();
            posts(world, call, page, move |post| post.live_ms.is_some_and(|live| live > now))
        }
        ("GET", [page, "stories"]) => stories(world, call, page),
        ("POST", [id, "comments"]) => create_comment(world, call, id),
        ("GET", [id, "comments"]) => comments(world, call, id),
        ("GET", [id]) => read(world, call, id),
        ("POST", [id]) => update(world, call, id),
        ("DELETE", [id]) => delete(world, call, id),
        _ => error(
            100,
            0,
            &format!(
                "Unsupported {} request at this edge",
                call.method.as_str().to_ascii_lowercase()
            ),
        ),
    }
}
