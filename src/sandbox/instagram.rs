//! Instagram: containers, publishing, media, stories, comments.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clock::iso;
use super::facebook::delay;
use super::fetch::{Asset, Format};
use super::graph::{error, list, no_such_object, node, time, upload_failed, within};
use super::options::SecondPublish;
use super::reply::Reply;
use super::request::Call;
use super::state::{Item, Platform, World};

/// Containers expire, and quotas roll, after this.
const DAY_MS: i64 = 86_400_000;
const MAX_IMAGE_BYTES: u64 = 8_000_000;
const MAX_REEL_BYTES: u64 = 300_000_000;
const MAX_STORY_BYTES: u64 = 100_000_000;

/// The Instagram objects.
#[derive(Debug, Default)]
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

#[derive(Debug)]
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
    /// Subcode that processing ends with instead.
    broken: Option<u64>,
    /// The media it became.
    published: Option<String>,
}

#[derive(Debug)]
struct Media {
    account: String,
    container: String,
    live_ms: i64,
}

#[derive(Debug)]
struct Comment {
    media: String,
    id: String,
    text: String,
    created_ms: i64,
}

impl Container {
    /// `status_code` at this time.
    fn status(&self, now: i64) -> &'static str {
        if self.published.is_some() {
            "PUBLISHED"
        } else if now - self.created_ms > DAY_MS {
            "EXPIRED"
        } else if self.ready_ms > now {
            "IN_PROGRESS"
        } else if self.broken.is_some() {
            "ERROR"
        } else {
            "FINISHED"
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

fn create(world: &mut World, call: &Call, account: &str) -> Reply {
    let is_child = call.flag("is_carousel_item").unwrap_or(false);
    let (image, video) = (call.text("image_url"), call.text("video_url"));
    let resumable = call.text("upload_type").as_deref() == Some("resumable");
    let kind = match (call.text("media_type").as_deref(), is_child) {
        (None | Some("IMAGE"), _) => Kind::Image,
        (Some("VIDEO"), true) => Kind::Video,
        (Some("VIDEO"), false) => {
            return error(
                100,
                2_207_067,
                "The VIDEO value for media_type is no longer supported. Use the REELS media type to publish a video",
            );
        }
        (Some("REELS"), false) => Kind::Reel,
        (Some("STORIES"), false) => Kind::Story,
        (Some("CAROUSEL"), false) => Kind::Carousel,
        _ => return error(100, 2_207_023, "The media type is unknown"),
    };
    let caption = call.text("caption").unwrap_or_default();
    if let Some(reply) = text_problem(&caption, call.text("alt_text").as_deref()) {
        return reply;
    }
    let now = world.now();
    let recent = |c: &&Container| c.account == account && now - c.created_ms < DAY_MS;
    if world.instagram.containers.values().filter(recent).count()
        >= world.options.instagram_daily_containers as usize
    {
        return error(
            9,
            2_207_042,
            "You reached the maximum number of posts that is allowed to be published by Content Publishing API",
        );
    }
    let mut container = Container {
        account: account.to_owned(),
        kind,
        is_child,
        // A child's and a story's caption is not used.
        caption: if is_child || kind == Kind::Story { String::new() } else { caption },
        alt: call.text("alt_text"),
        source: None,
        is_video: false,
        children: Vec::new(),
        created_ms: now,
        ready_ms: i64::MAX,
        broken: None,
        published: None,
    };
    match (kind, image, video) {
        (Kind::Carousel, ..) => {
            container.children = match children(world, call, account) {
                Ok(children) => children,
                Err(reply) => return *reply,
            };
            container.ready_ms = now + delay(world.options.image_processing_ms);
        }
        (Kind::Image | Kind::Story, Some(url), None) => {
            if let Some(reply) = image_problem(&call.asset(&url).ok(), kind) {
                return reply;
            }
            container.source = Some(url);
            container.ready_ms = now + delay(world.options.image_processing_ms);
        }
        (Kind::Video | Kind::Reel | Kind::Story, None, Some(url)) => {
            container.broken = match call.asset(&url) {
                Ok(asset) => video_problem(&asset, kind),
                Err(_) => Some(2_207_077),
            };
            if call
                .text("cover_url")
                .is_some_and(|cover| !call.asset(&cover).is_ok_and(|a| a.format == Format::Jpeg))
            {
                return error(9004, 2_207_052, "The cover could not be fetched from this URI");
            }
            container.source = Some(url);
            container.is_video = true;
            container.ready_ms = now + delay(world.options.video_processing_ms);
        }
        (Kind::Video | Kind::Reel | Kind::Story, None, None) if resumable => {
            container.is_video = true
        }
        (Kind::Image, ..) => return error(100, 0, "(#100) The parameter image_url is required"),
        (Kind::Story, ..) => {
            return error(100, 0, "(#100) Exactly one of image_url and video_url is required");
        }
        _ => return error(100, 0, "(#100) The parameter video_url is required"),
    }
    let id = world.mint("1800");
    world.instagram.containers.insert(id.clone(), container);
    if resumable {
        let uri = format!(
            "{}/rupload.facebook.com/ig-api-upload/{}/{id}",
            call.base_url, call.segments[0]
        );
        return Reply::ok(json!({"id": id, "uri": uri}));
    }
    Reply::ok(json!({ "id": id }))
}

fn text_problem(caption: &str, alt: Option<&str>) -> Option<Reply> {
    let words = |mark: char| {
        caption.split_whitespace().filter(|w| w.starts_with(mark) && w.len() > 1).count()
    };
    if caption.chars().count() > 2200 {
        Some(error(36004, 2_207_010, "The caption is too long. The maximum is 2,200 characters"))
    } else if words('#') > 30 {
        Some(error(100, 2_207_040, "The caption has too many hashtags. The maximum is 30"))
    } else if words('@') > 20 {
        Some(error(100, 2_207_040, "The caption has too many mentions. The maximum is 20"))
    } else if alt.is_some_and(|alt| alt.chars().count() > 1000) {
        Some(error(100, 0, "(#100) The alt text is longer than 1,000 characters"))
    } else {
        None
    }
}

fn children(world: &World, call: &Call, account: &str) -> Result<Vec<String>, Box<Reply>> {
    let ids: Vec<String> = call
        .list("children")
        .unwrap_or_default()
        .iter()
        .filter_map(|id| {
            id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|n| n.to_string()))
        })
        .collect();
    if !(2..=10).contains(&ids.len()) {
        return Err(Box::new(error(100, 2_207_028, "A carousel needs 2 to 10 items")));
    }
    let now = world.now();
    for id in &ids {
        let child =
            world.instagram.containers.get(id).filter(|c| c.account == account && c.is_child);
        match child.map(|child| child.status(now)) {
            Some("FINISHED" | "PUBLISHED") => {}
            Some("IN_PROGRESS") => {
                return Err(Box::new(error(
                    9007,
                    2_207_027,
                    "The media is not ready for publishing, please wait for a moment",
                )));
            }
            _ => {
                return Err(Box::new(error(
                    100,
                    2_207_006,
                    &format!("The carousel item {id} cannot be found"),
                )));
            }
        }
    }
    Ok(ids)
}

fn image_problem(asset: &Option<Asset>, kind: Kind) -> Option<Reply> {
    let Some(asset) = asset.as_ref().filter(|asset| asset.is_image()) else {
        return Some(error(
            9004,
            2_207_052,
            "Only photo or video can be accepted as media type. The media could not be fetched from this URI",
        ));
    };
    if asset.format != Format::Jpeg {
        return Some(error(36001, 2_207_005, "The image format is not supported. Please use JPEG"));
    }
    if asset.bytes > MAX_IMAGE_BYTES {
        return Some(error(36000, 2_207_004, "The image is too large. The maximum is 8 MB"));
    }
    if let (Some((width, height)), Kind::Image) = (asset.dimensions, kind) {
        let ratio = f64::from(width) / f64::from(height.max(1));
        // A pixel of rounding on either side.
        if !(0.795..=1.915).contains(&ratio) {
            return Some(error(
                36003,
                2_207_009,
                "The aspect ratio is not supported. It must be between 4:5 and 1.91:1",
            ));
        }
    }
    None
}

fn video_problem(asset: &Asset, kind: Kind) -> Option<u64> {
    let most = if kind == Kind::Story { MAX_STORY_BYTES } else { MAX_REEL_BYTES };
    if !asset.is_video() {
        Some(2_207_026)
    } else if !asset.ranges {
        Some(2_207_077)
    } else if asset.bytes > most {
        Some(2_207_082)
    } else {
        None
    }
}

/// Takes the file of a resumable upload.
pub(super) fn upload(world: &mut World, call: &Call, id: &str) -> Reply {
    let (now, processing_ms) = (world.now(), world.options.video_processing_ms);
    let Some(container) = world.instagram.containers.get_mut(id).filter(|c| c.source.is_none())
    else {
        return upload_failed(
            "ParameterValidationError",
            "The container does not exist or has its file",
        );
    };
    match super::facebook_video::file_of(call) {
        Ok((source, asset)) => {
            container.source = Some(source);
            container.broken = video_problem(&asset, container.kind);
            container.ready_ms = now + delay(processing_ms);
            Reply::ok(json!({"success": true, "message": "Upload successful."}))
        }
        Err(reply) => *reply,
    }
}

fn publish(world: &mut World, call: &Call, account: &str) -> Reply {
    let Some(id) = call.text("creation_id") else {
        return error(100, 0, "(#100) The parameter creation_id is required");
    };
    let now = world.now();
    let not_ready = || {
        error(
            9007,
            2_207_027,
            "Media ID is not available. The media is not ready for publishing, please wait for a moment",
        )
    };
    let not_found = || {
        error(
            24,
            2_207_006,
            "The requested resource does not exist. The media with this id cannot be found",
        )
    };
    let Some(container) = world.instagram.containers.get(&id) else {
        return error(
            24,
            2_207_008,
            "The media builder with this creation id does not exist or has expired",
        );
    };
    if container.account != account || container.is_child {
        return not_found();
    }
    match (container.status(now), &container.published) {
        ("IN_PROGRESS", _) => return not_ready(),
        ("ERROR", _) => return not_found(),
        ("EXPIRED", _) => {
            return error(
                24,
                2_207_008,
                "The media builder with this creation id does not exist or has expired",
            );
        }
        (_, Some(media)) => match world.options.second_publish {
            SecondPublish::NotFound => return not_found(),
            SecondPublish::NotReady => return not_ready(),
            SecondPublish::SameMedia => return Reply::ok(json!({ "id": media })),
            SecondPublish::SecondPost => {}
        },
        _ => {}
    }
    if used_today(world, account, now - DAY_MS) >= world.options.instagram_daily_posts as usize {
        return error(
            9,
            2_207_042,
            "You reached the maximum number of posts that is allowed to be published by Content Publishing API",
        );
    }
    let media = world.mint("1790");
    let entry = Media { account: account.to_owned(), container: id.clone(), live_ms: now };
    world.instagram.media.insert(media.clone(), entry);
    if let Some(container) = world.instagram.containers.get_mut(&id) {
        container.published = Some(media.clone());
    }
    Reply::ok(json!({ "id": media }))
}

fn used_today(world: &World, account: &str, since_ms: i64) -> usize {
    world.instagram.media.values().filter(|m| m.account == account && m.live_ms > since_ms).count()
}

fn publishing_limit(world: &World, call: &Call, account: &str) -> Reply {
    let since = call
        .text("since")
        .and_then(|s| s.parse::<i64>().ok())
        .map_or(world.now() - DAY_MS, |s| s * 1000);
    let usage = used_today(world, account, since - 1);
    let node = json!({"quota_usage": usage, "config": {"quota_total": world.options.instagram_daily_posts, "quota_duration": 86_400}});
    Reply::ok(json!({ "data": [node] }))
}

fn read(world: &World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let young = |ms: i64| now - ms < delay(world.options.read_lag_ms);
    if let Some(container) = world.instagram.containers.get(id).filter(|c| !young(c.created_ms)) {
        let code = container.status(now);
        let words = match (code, container.broken) {
            ("IN_PROGRESS", _) => "In Progress: Media is still being processed.".to_owned(),
            ("PUBLISHED", _) => "Published: Media has been successfully published.".to_owned(),
            ("EXPIRED", _) => {
                "Expired: The container was not published within 24 hours.".to_owned()
            }
            ("ERROR", Some(subcode)) => {
                format!("Error: Media upload has failed with error code {subcode}")
            }
            _ => "Finished: Media has been uploaded and it is ready to be published.".to_owned(),
        };
        let fields = json!({"id": id, "status_code": code, "status": words,
            "copyright_check_status": {"status": "completed", "matches_found": false}});
        return node(call, &fields, &["video_status"]);
    }
    match world.instagram.media.get(id).filter(|media| !young(media.live_ms)) {
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

fn media_list(world: &World, call: &Call, account: &str, stories: bool) -> Reply {
    let now = world.now();
    let shown = now - delay(world.options.list_delay_ms);
    let mut found: Vec<(&String, &Media)> = world
        .instagram
        .media
        .iter()
        .filter(|(_, m)| m.account == account && m.live_ms <= shown && within(call, m.live_ms))
        .filter(|(_, m)| is_story(world, m) == stories && (!stories || now - m.live_ms < DAY_MS))
        .collect();
    found.sort_by_key(|(_, media)| -media.live_ms);
    let nodes: Vec<Value> =
        found.into_iter().map(|(id, media)| media_node(world, id, media)).collect();
    list(call, &nodes, &MEDIA_ABSENT)
}

fn is_story(world: &World, media: &Media) -> bool {
    world.instagram.containers.get(&media.container).is_some_and(|c| c.kind == Kind::Story)
}

fn create_comment(world: &mut World, call: &Call, media: &str) -> Reply {
    match world.instagram.media.get(media) {
        Some(found) if !is_story(world, found) => {}
        _ => return no_such_object(&call.method, media),
    }
    let Some(text) = call.text("message") else {
        return error(100, 0, "(#100) The parameter message is required");
    };
    let id = world.mint("1785");
    let created_ms = world.now();
    world.instagram.comments.push(Comment {
        media: media.to_owned(),
        id: id.clone(),
        text,
        created_ms,
    });
    if call.params.contains_key("fields") {
        return error(20, 1_772_107, "(#20) The requested response format is not supported");
    }
    Reply::ok(json!({ "id": id }))
}

fn comments(world: &World, call: &Call, media: &str) -> Reply {
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

/// What readers of the accounts see.
pub(super) fn live(world: &World) -> Vec<Item> {
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
pub(super) fn drafts(world: &World) -> Vec<Item> {
    let unpublished = world.instagram.containers.iter().filter(|(_, c)| c.published.is_none());
    unpublished.map(|(id, container)| item(world, container, id, container.created_ms)).collect()
}

fn item(world: &World, container: &Container, id: &str, ms: i64) -> Item {
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
