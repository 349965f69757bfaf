//! Instagram: containers, publishing, media, stories, comments.

mod checks;
mod containers;
mod items;
mod media;
mod publishing;

use std::collections::BTreeMap;

use self::containers::create;
use self::media::{comments, create_comment, media_list, read};
use self::publishing::{publish, publishing_limit};
use crate::sandbox::clock::DAY_MS;
use crate::sandbox::graph::no_such_object;
use crate::sandbox::options::ContainerEnd;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

pub(super) use self::containers::upload;
pub(super) use self::items::{drafts, shown};

/// The Instagram objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Instagram {
    containers: BTreeMap<String, Container>,
    media: BTreeMap<String, Media>,
    comments: Vec<Comment>,
}

/// What a container will become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Video,
    Reel,
    Story,
    Carousel,
}

#[derive(Debug, Clone)]
struct Container {
    account: String,
    kind: Kind,
    is_child: bool,
    caption: String,
    alt: Option<String>,
    source: Option<String>,
    is_video: bool,
    children: Vec<String>,
    created_ms: i64,
    /// When processing ends; `i64::MAX` while an upload is awaited.
    ready_ms: i64,
    /// How processing ends instead of well.
    ends: Option<ContainerEnd>,
    /// The media it became.
    published: Option<String>,
    /// No client's call made it.
    by_others: bool,
}

#[derive(Debug, Clone)]
struct Media {
    account: String,
    container: String,
    live_ms: i64,
}

#[derive(Debug, Clone)]
struct Comment {
    media: String,
    id: String,
    text: String,
    created_ms: i64,
}

impl Container {
    /// `status_code` at this time.
    fn status(&self, now: i64) -> &'static str {
        if self.published.is_some() { "PUBLISHED" } else { self.unpublished_status(now) }
    }

    /// `status_code` at this time as if it had not been published.
    fn unpublished_status(&self, now: i64) -> &'static str {
        match self.ends {
            _ if now - self.created_ms > DAY_MS => "EXPIRED",
            _ if self.ready_ms > now => "IN_PROGRESS",
            Some(ContainerEnd::Expired) => "EXPIRED",
            Some(ContainerEnd::Error(_)) => "ERROR",
            None => "FINISHED",
        }
    }
}

/// The id is that of an Instagram object, or of an account with some.
pub(super) fn knows(world: &World, id: &str) -> bool {
    let instagram = &world.instagram;
    instagram.containers.contains_key(id)
        || instagram.media.contains_key(id)
        || instagram.comments.iter().any(|comment| comment.id == id)
        || instagram.containers.values().any(|container| container.account == id)
}

/// Answers every Instagram call below the version.
pub(super) fn handle(world: &mut World, call: &Call, segments: &[&str]) -> Reply {
    match (call.method.as_str(), segments) {
        ("POST", [account, "media"]) => create(world, call, account),
        ("POST", [account, "media_publish"]) => publish(world, call, account),
        ("GET", [account, "media"]) => media_list(world, call, account, false),
        ("GET", [account, "stories"]) => media_list(world, call, account, true),
        ("GET", [account, "content_publishing_limit"]) => publishing_limit(world, call, account),
        ("POST", [media, "comments"]) => create_comment(world, call, media),
        ("GET", [media, "comments"]) => comments(world, call, media),
        ("GET", [id]) => read(world, call, id),
        _ => no_such_object(&call.method, segments.first().copied().unwrap_or("")),
    }
}
