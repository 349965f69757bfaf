//! Containers: created from URLs or uploads, and processed.

use serde_json::json;

use super::checks::{children, image_problem, text_problem, video_problem};
use super::{Container, Kind};
use crate::sandbox::clock::DAY_MS;
use crate::sandbox::facebook::file_of;
use crate::sandbox::fetch::Format;
use crate::sandbox::graph::{error, upload_failed};
use crate::sandbox::options::ContainerEnd;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

pub(super) fn create(world: &mut World, call: &Call, account: &str) -> Reply {
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
    let recent =
        |c: &&Container| c.account == account && !c.by_others && now - c.created_ms < DAY_MS;
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
        ends: None,
        published: None,
        by_others: false,
    };
    match (kind, image, video) {
        (Kind::Carousel, ..) => {
            container.children = match children(world, call, account) {
                Ok(children) => children,
                Err(reply) => return *reply,
            };
            container.ready_ms = world.options.ready_at(now, world.options.image_processing_ms);
            container.ends = world.options.container_ends;
        }
        (Kind::Image | Kind::Story, Some(url), None) => {
            if let Some(reply) = image_problem(&call.asset(&url).ok(), kind) {
                return reply;
            }
            container.source = Some(url);
            container.ready_ms = world.options.ready_at(now, world.options.image_processing_ms);
            container.ends = world.options.container_ends;
        }
        (Kind::Video | Kind::Reel | Kind::Story, None, Some(url)) => {
            let problem = match call.asset(&url) {
                Ok(asset) => video_problem(&asset, kind),
                Err(_) => Some(2_207_077),
            };
            container.ends = problem.map(ContainerEnd::Error).or(world.options.container_ends);
            if call
                .text("cover_url")
                .is_some_and(|cover| !call.asset(&cover).is_ok_and(|a| a.format == Format::Jpeg))
            {
                return error(9004, 2_207_052, "The cover could not be fetched from this URI");
            }
            container.source = Some(url);
            container.is_video = true;
            container.ready_ms = world.options.ready_at(now, world.options.video_processing_ms);
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
    let id = world.mint("1800", account);
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

/// Takes the file of a resumable upload.
pub(in crate::sandbox) fn upload(world: &mut World, call: &Call, id: &str) -> Reply {
    let ready_ms = world.options.ready_at(world.now(), world.options.video_processing_ms);
    let ends = world.options.container_ends;
    let Some(container) = world.instagram.containers.get_mut(id).filter(|c| c.source.is_none())
    else {
        return upload_failed(
            "ParameterValidationError",
            "The container does not exist or has its file",
        );
    };
    match file_of(call) {
        Ok((source, asset)) => {
            container.source = Some(source);
            let problem = video_problem(&asset, container.kind);
            container.ends = problem.map(ContainerEnd::Error).or(ends);
            container.ready_ms = ready_ms;
            Reply::ok(json!({"success": true, "message": "Upload successful."}))
        }
        Err(reply) => *reply,
    }
}
