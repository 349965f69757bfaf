//! Videos, reels and video stories: one object with phases.

use axum::http::Method;
use serde_json::json;

use super::Story;
use super::chunks::{self, Session};
use super::others::follow_story;
use super::posts::{add_post, set_live};
use super::video_status::videos;
use crate::sandbox::clock::DAY_MS;
use crate::sandbox::fetch::Asset;
use crate::sandbox::graph::{error, no_such_object, upload_failed};
use crate::sandbox::options::SecondFinish;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

/// Smallest video that is taken.
pub(super) const MIN_BYTES: u64 = 100;

/// Which edge a video came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Kind {
    Video,
    Reel,
    Story,
}

/// A video of a Page in any of its states.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Video {
    pub(super) page: String,
    pub(super) kind: Kind,
    pub(super) description: String,
    pub(super) title: Option<String>,
    /// Where the file came from.
    pub(super) source: String,
    pub(super) created_ms: i64,
    /// When and how many bytes were handed over.
    pub(super) uploaded: Option<(i64, u64)>,
    /// When processing ends.
    pub(super) ready_ms: i64,
    /// Why processing fails.
    pub(super) broken: Option<&'static str>,
    /// When it goes live, once publishing was asked for.
    pub(super) live_ms: Option<i64>,
    /// The post or story that shows it.
    pub(super) post_id: Option<String>,
    /// How it arrives, when it comes in chunks.
    pub(super) session: Option<Session>,
    /// No client's call made it.
    pub(super) by_others: bool,
}

impl Video {
    pub(super) fn new(created_ms: i64, page: &str, kind: Kind) -> Self {
        Self {
            page: page.to_owned(),
            kind,
            description: String::new(),
            title: None,
            source: String::new(),
            created_ms,
            uploaded: None,
            ready_ms: i64::MAX,
            broken: None,
            live_ms: None,
            post_id: None,
            session: None,
            by_others: false,
        }
    }

    pub(super) fn take(&mut self, source: String, asset: &Asset, now: i64, ready_ms: i64) {
        self.source = source;
        self.uploaded = Some((now, asset.bytes));
        self.ready_ms = ready_ms;
        self.broken = (!asset.is_video())
            .then_some("The video file you tried to upload has an unsupported format");
    }

    pub(super) fn is_ready(&self, now: i64) -> bool {
        self.uploaded.is_some() && self.broken.is_none() && self.ready_ms <= now
    }
}

/// The id is one of a video.
pub(in crate::sandbox) fn knows(world: &World, id: &str) -> bool {
    world.facebook.videos.contains_key(id)
}

/// Readers can see the video.
pub(in crate::sandbox) fn is_live(world: &World, id: &str) -> bool {
    let now = world.now();
    world.facebook.videos.get(id).and_then(|video| video.live_ms).is_some_and(|live| live <= now)
}

/// Answers `/{page}/videos`, `/{page}/video_reels` and `/{page}/video_stories`.
pub(in crate::sandbox) fn edge(world: &mut World, call: &Call, segments: &[&str]) -> Reply {
    let [page, edge] = segments else { return no_such_object(&call.method, "") };
    let kind = match *edge {
        "videos" => Kind::Video,
        "video_reels" => Kind::Reel,
        _ => Kind::Story,
    };
    if call.method == Method::GET {
        return videos(world, call, page, kind);
    }
    match (kind, call.text("upload_phase").as_deref()) {
        (Kind::Video, None) => hosted(world, call, page),
        (Kind::Video, Some("start")) => chunks::start(world, call, page),
        (Kind::Video, Some("transfer")) => chunks::transfer(world, call, page),
        (Kind::Video, Some("finish")) => chunks::finish(world, call, page),
        (_, Some("start")) => start(world, call, page, kind),
        (_, Some("finish")) => finish(world, call, page, kind),
        _ => error(100, 0, "(#100) The parameter upload_phase must be start, transfer or finish"),
    }
}

fn hosted(world: &mut World, call: &Call, page: &str) -> Reply {
    let (url, asset) = match (call.text("file_url"), call.files.get("source")) {
        (Some(url), _) => (url.clone(), call.asset(&url)),
        (None, Some(bytes)) => ("bytes".to_owned(), Ok(Asset::of(bytes))),
        (None, None) => {
            return error(100, 0, "(#100) No video file was given: file_url is required");
        }
    };
    let Some(asset) = asset.ok().filter(|asset| !asset.is_text) else {
        return error(389, 0, "(#389) Unable to fetch video file from URL.");
    };
    if asset.bytes < MIN_BYTES {
        return error(382, 0, "(#382) The video file you tried to upload is too small.");
    }
    if !asset.is_video() {
        return error(6000, 1_363_019, "(#6000) There was a problem uploading your video file.");
    }
    let now = world.now();
    let id = world.mint("1230", page);
    let mut video = Video::new(now, page, Kind::Video);
    video.take(url, &asset, now, world.options.ready_at(now, world.options.video_processing_ms));
    video.description = call.text("description").unwrap_or_default();
    video.title = call.text("title");
    world.facebook.videos.insert(id.clone(), video);
    if call.flag("published").unwrap_or(true) {
        publish(world, &id);
    }
    Reply::ok(json!({ "id": id }))
}

fn start(world: &mut World, call: &Call, page: &str, kind: Kind) -> Reply {
    let id = world.mint("1230", page);
    let video = Video::new(world.now(), page, kind);
    world.facebook.videos.insert(id.clone(), video);
    let version = &call.segments[0];
    Reply::ok(json!({
        "video_id": id,
        "upload_url": format!("{}/rupload.facebook.com/video-upload/{version}/{id}", call.base_url),
    }))
}

/// Takes the bytes, or the hosted file named in the `file_url` header.
pub(in crate::sandbox) fn upload(world: &mut World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let ready_ms = world.options.ready_at(now, world.options.video_processing_ms);
    let Some(video) = world.facebook.videos.get_mut(id) else {
        return upload_failed("ParameterValidationError", "The video does not exist");
    };
    if video.uploaded.is_some() && video.live_ms.is_some() {
        return upload_failed("ProcessingFailedError", "The upload session is finished");
    }
    match file_of(call) {
        Ok((source, asset)) => {
            video.take(source, &asset, now, ready_ms);
            Reply::success()
        }
        Err(reply) => *reply,
    }
}

/// The file handed to `rupload.facebook.com` in either form.
pub(in crate::sandbox) fn file_of(call: &Call) -> Result<(String, Asset), Box<Reply>> {
    if let Some(url) = call.header("file_url") {
        let asset = call.asset(url).ok().filter(|asset| !asset.is_text);
        let failed =
            || upload_failed("ProcessingFailedError", "Unable to fetch video file from URL");
        return asset.map(|asset| (url.to_owned(), asset)).ok_or_else(|| Box::new(failed()));
    }
    let number = |name: &str| call.header(name).and_then(|value| value.parse::<usize>().ok());
    match (number("offset"), number("file_size")) {
        (Some(0), Some(size)) if size == call.body.len() && size > 0 => {
            Ok(("bytes".to_owned(), Asset::of(&call.body)))
        }
        (Some(0), Some(_)) => Err(Box::new(upload_failed(
            "PartialRequestError",
            "The body is not as long as file_size",
        ))),
        (Some(_), _) => Err(Box::new(upload_failed(
            "OffsetInvalidError",
            "The sandbox takes whole files, at offset 0",
        ))),
        _ => Err(Box::new(upload_failed(
            "ParameterValidationError",
            "Header Offset is missing or not a number",
        ))),
    }
}

fn finish(world: &mut World, call: &Call, page: &str, kind: Kind) -> Reply {
    let Some(id) = call.text("video_id") else {
        return error(100, 0, "(#100) The parameter video_id is required");
    };
    let now = world.now();
    let Some(video) =
        world.facebook.videos.get(&id).filter(|video| video.page == page && video.kind == kind)
    else {
        return error(100, 33, &format!("(#100) Video {id} does not exist"));
    };
    if video.uploaded.is_none() || video.broken.is_some() {
        return no_upload();
    }
    if video.live_ms.is_some() {
        if let Some(reply) = again(world, &id) {
            return reply;
        }
    } else if kind == Kind::Reel {
        let recent = |v: &&Video| {
            v.kind == Kind::Reel
                && !v.by_others
                && v.page == page
                && v.live_ms.is_some_and(|live| now - live < DAY_MS)
        };
        let reels = world.facebook.videos.values().filter(recent).count();
        if reels >= world.options.facebook_daily_reels as usize {
            return error(
                613,
                0,
                "(#613) Calls to this api have exceeded the rate limit of reels per day",
            );
        }
    }
    let state = call.text("video_state").unwrap_or_else(|| "PUBLISHED".to_owned());
    if kind == Kind::Reel && !call.params.contains_key("video_state") {
        return error(100, 0, "(#100) The parameter video_state is required");
    }
    if let Some(video) = world.facebook.videos.get_mut(&id) {
        video.description = call.text("description").unwrap_or_default();
        video.title = call.text("title");
    }
    if state == "PUBLISHED" {
        publish(world, &id);
    }
    finished(world, &id)
}

/// The answer to a second `finish`; none if it makes a second post.
pub(super) fn again(world: &World, id: &str) -> Option<Reply> {
    match world.options.second_finish {
        SecondFinish::Success => Some(finished(world, id)),
        SecondFinish::Error => Some(already_published()),
        SecondFinish::SecondPost => None,
    }
}

pub(super) fn already_published() -> Reply {
    error(100, 0, "(#100) This video was already published")
}

/// There is nothing to publish: not all bytes came, or they make no video.
pub(super) fn no_upload() -> Reply {
    error(
        6000,
        1_363_130,
        "(#6000) There was a problem uploading your video. Please try again with another file.",
    )
}

fn finished(world: &World, id: &str) -> Reply {
    match world.facebook.videos.get(id) {
        Some(Video { kind: Kind::Story, post_id: Some(post), .. }) => {
            Reply::ok(json!({"success": true, "post_id": post}))
        }
        _ => Reply::success(),
    }
}

/// Makes the video live as soon as it is processed.
pub(super) fn publish(world: &mut World, id: &str) {
    let now = world.now();
    let Some(video) = world.facebook.videos.get_mut(id) else { return };
    let live_ms = video.ready_ms.max(now);
    video.live_ms = Some(live_ms);
    let (page, kind, text) = (video.page.clone(), video.kind, video.description.clone());
    let post_id = if kind == Kind::Story {
        let post_id = world.mint("1220", &page);
        let story = Story {
            page,
            post_id: post_id.clone(),
            media_id: id.to_owned(),
            media_type: "video",
            url: format!("https://facebook.com/stories/{post_id}"),
            live_ms,
            by_others: false,
        };
        world.facebook.stories.push(story.clone());
        follow_story(world, &story);
        post_id
    } else {
        let post_id = add_post(world, &page, text, Vec::new());
        if let Some(post) = world.facebook.posts.get_mut(&post_id) {
            post.video = Some(id.to_owned());
            post.reel = kind == Kind::Reel;
        }
        set_live(world, &post_id, Some(live_ms));
        post_id
    };
    if let Some(video) = world.facebook.videos.get_mut(id) {
        video.post_id = Some(post_id);
    }
}
