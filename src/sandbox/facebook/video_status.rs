//! The progress of a video, as its node reports it.

use axum::http::Method;
use serde_json::{Value, json};

use super::videos::{Kind, Video, already_published, publish};
use crate::sandbox::clock::delay;
use crate::sandbox::graph::{error, list, no_such_object, node, time, within};
use crate::sandbox::options::{Flip, SecondCall};
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

/// Fields of a video that exist but that the sandbox leaves empty.
const VIDEO_ABSENT: [&str; 8] = [
    "length",
    "source",
    "picture",
    "thumbnails",
    "format",
    "privacy",
    "content_category",
    "embeddable",
];

/// Answers `/{video-id}`.
pub(in crate::sandbox) fn object(world: &mut World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let Some(video) = world.facebook.videos.get(id) else {
        return no_such_object(&call.method, id);
    };
    match call.method {
        Method::GET if now - video.created_ms < delay(world.options.read_lag_ms) => {
            no_such_object(&call.method, id)
        }
        Method::GET => {
            let seen = now - delay(world.options.stale_state_ms);
            node(call, &fields(id, video, now, seen), &VIDEO_ABSENT)
        }
        Method::DELETE => {
            world.facebook.videos.remove(id);
            world.facebook.posts.retain(|_, post| post.video.as_deref() != Some(id));
            world.facebook.stories.retain(|story| story.media_id != id);
            Reply::success()
        }
        _ => {
            let (ready, published) = (video.is_ready(now), video.live_ms.is_some());
            match (call.flag("published"), published, world.options.second_video_flip) {
                (Some(true), false, _) if world.options.video_flip == Flip::Refused => {
                    return error(100, 0, "(#100) This video cannot be published");
                }
                (Some(true), false, _) if !ready => {
                    return error(100, 0, "(#100) The video is not ready to be published");
                }
                (Some(true), true, SecondCall::Refused) => return already_published(),
                (Some(true), false, _) | (Some(true), true, SecondCall::SecondPost) => {
                    publish(world, id);
                }
                _ => {}
            }
            if let (Some(text), Some(video)) =
                (call.text("description"), world.facebook.videos.get_mut(id))
            {
                video.description = text;
            }
            Reply::success()
        }
    }
}

/// A video as it is now; whether it is published as it was at `seen`.
fn fields(id: &str, video: &Video, now: i64, seen: i64) -> Value {
    let live = video.live_ms.is_some_and(|live| live <= seen);
    let processed = video.ready_ms <= now;
    let phase = |status: &str| json!({ "status": status });
    let (state, upload, process) = match (video.uploaded, video.broken) {
        (None, _) => {
            let (all, bytes) = video
                .session
                .as_ref()
                .map_or((false, 0), |session| (session.is_complete(), session.received()));
            let status = if all { "complete" } else { "in_progress" };
            (
                if all { "upload_complete" } else { "uploading" },
                json!({"status": status, "bytes_transferred": bytes}),
                phase("not_started"),
            )
        }
        (Some((_, bytes)), Some(why)) if processed => (
            "error",
            json!({"status": "complete", "bytes_transferred": bytes}),
            json!({"status": "error", "errors": [{"code": 1_363_019, "message": why}]}),
        ),
        (Some((_, bytes)), _) => (
            if processed { "ready" } else { "processing" },
            json!({"status": "complete", "bytes_transferred": bytes}),
            phase(if processed { "complete" } else { "in_progress" }),
        ),
    };
    let publishing = match video.live_ms {
        None => phase("not_started"),
        Some(at) if at > now => phase("in_progress"),
        Some(_) if !live => phase("not_started"),
        Some(at) => {
            json!({"status": "complete", "publish_status": "published", "publish_time": at / 1000})
        }
    };
    let permalink = match video.kind {
        Kind::Reel => format!("https://www.facebook.com/reel/{id}"),
        _ => format!("https://www.facebook.com/{}/videos/{id}", video.page),
    };
    json!({
        "id": id,
        "status": {
            "video_status": state, "processing_progress": if processed { 100 } else { 40 },
            "uploading_phase": upload, "processing_phase": process, "publishing_phase": publishing,
            "copyright_check_status": {"status": if processed { "complete" } else { "in_progress" }},
        },
        "published": live,
        "post_id": if live { json!(video.post_id) } else { Value::Null },
        "permalink_url": if live { json!(permalink) } else { Value::Null },
        "description": if video.description.is_empty() { Value::Null } else { json!(video.description) },
        "title": video.title,
        "created_time": time(Some(video.created_ms)),
        "updated_time": time(Some(video.live_ms.unwrap_or(video.created_ms).min(now))),
        "from": {"id": video.page},
    })
}

pub(super) fn videos(world: &World, call: &Call, page: &str, kind: Kind) -> Reply {
    let shown = world.now() - delay(world.options.list_delay_ms);
    let nodes: Vec<Value> = world
        .facebook
        .videos
        .iter()
        .rev()
        .filter(|(_, v)| v.page == page && v.kind == kind && within(call, v.created_ms))
        .filter(|(_, v)| v.live_ms.is_some_and(|live| live <= shown))
        .map(|(id, video)| fields(id, video, world.now(), shown))
        .collect();
    list(call, &nodes, &VIDEO_ABSENT)
}
