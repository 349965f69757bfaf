//! Videos that arrive in chunks: `start`, `transfer`, `finish`.

use axum::body::Bytes;
use serde_json::json;

use super::videos::{Kind, Video, again, no_upload, publish};
use crate::sandbox::fetch::Asset;
use crate::sandbox::graph::error;
use crate::sandbox::reply::{Content, Reply};
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

/// What `start` opened, and what arrived since.
#[derive(Debug, Clone)]
pub(super) struct Session {
    id: String,
    size: u64,
    chunks: Vec<Bytes>,
}

impl Session {
    pub(super) fn received(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.received() == self.size
    }

    /// First byte of the next chunk, and the byte behind it; equal at the end.
    fn next(&self, chunk_bytes: u64) -> (u64, u64) {
        let start = self.received();
        (start, self.size.min(start + chunk_bytes.max(1)))
    }
}

pub(super) fn start(world: &mut World, call: &Call, page: &str) -> Reply {
    let Some(size) = call.text("file_size").and_then(|size| size.parse::<u64>().ok()) else {
        return error(100, 0, "(#100) The parameter file_size is required");
    };
    if size < super::videos::MIN_BYTES {
        return error(382, 0, "(#382) The video file you tried to upload is too small.");
    }
    let session = Session { id: world.mint("1240", page), size, chunks: Vec::new() };
    let (start, end) = session.next(world.options.facebook_chunk_bytes);
    let video_id = world.mint("1230", page);
    let answer = json!({"upload_session_id": session.id, "video_id": video_id,
        "start_offset": start.to_string(), "end_offset": end.to_string()});
    let video = Video { session: Some(session), ..Video::new(world.now(), page, Kind::Video) };
    world.facebook.videos.insert(video_id, video);
    Reply::ok(answer)
}

pub(super) fn transfer(world: &mut World, call: &Call, page: &str) -> Reply {
    let chunk_bytes = world.options.facebook_chunk_bytes;
    let Some((_, video)) = find(world, call, page) else { return no_session() };
    let is_finished = video.uploaded.is_some();
    let Some(session) = video.session.as_mut().filter(|_| !is_finished) else {
        return no_session();
    };
    let Some(chunk) = call.files.get("video_file_chunk") else {
        return error(100, 0, "(#100) The multipart file video_file_chunk is required");
    };
    let (start, end) = session.next(chunk_bytes);
    let offset = call.text("start_offset").and_then(|offset| offset.parse::<u64>().ok());
    if offset != Some(start) || chunk.len() as u64 != end - start || chunk.is_empty() {
        return wrong_chunk(start, end);
    }
    session.chunks.push(chunk.clone());
    let (start, end) = session.next(chunk_bytes);
    Reply::ok(json!({"start_offset": start.to_string(), "end_offset": end.to_string()}))
}

pub(super) fn finish(world: &mut World, call: &Call, page: &str) -> Reply {
    let now = world.now();
    let ready_ms = world.options.ready_at(now, world.options.video_processing_ms);
    let Some((id, video)) = find(world, call, page) else { return no_session() };
    if video.live_ms.is_some() {
        if let Some(reply) = again(world, &id) {
            return reply;
        }
    } else {
        let Some(session) = video.session.as_ref().filter(|session| session.is_complete()) else {
            return no_upload();
        };
        let head = session.chunks.first().cloned().unwrap_or_default();
        let asset = Asset { bytes: session.size, ..Asset::of(&head) };
        video.take("bytes".to_owned(), &asset, now, ready_ms);
        video.description = call.text("description").unwrap_or_default();
        video.title = call.text("title");
    }
    if call.flag("published").unwrap_or(true) {
        publish(world, &id);
    }
    Reply::success()
}

/// The bytes that arrived for a video, in order.
pub(in crate::sandbox) fn uploaded(world: &World, id: &str) -> Option<Vec<u8>> {
    let session = world.facebook.videos.get(id)?.session.as_ref()?;
    Some(session.chunks.concat())
}

fn find<'a>(world: &'a mut World, call: &Call, page: &str) -> Option<(String, &'a mut Video)> {
    let wanted = call.text("upload_session_id")?;
    let is_wanted = |video: &Video| {
        video.page == page && video.session.as_ref().is_some_and(|session| session.id == wanted)
    };
    let mut videos = world.facebook.videos.iter_mut();
    videos.find(|(_, video)| is_wanted(video)).map(|(id, video)| (id.clone(), video))
}

fn no_session() -> Reply {
    error(6001, 0, "(#6001) The upload session does not exist or is finished")
}

/// The answer contains the offset to continue from.
fn wrong_chunk(start: u64, end: u64) -> Reply {
    let message =
        format!("(#6001) The next chunk must have the bytes from {start} to before {end}");
    let mut reply = error(6001, 1_363_037, &message);
    if let Content::Json(body) = &mut reply.body {
        body["error"]["error_data"] =
            json!({"start_offset": start.to_string(), "end_offset": end.to_string()});
    }
    reply
}
