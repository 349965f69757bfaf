//! A video in parts: `start` gives it its id, `transfer` takes part after part,
//! and `finish` publishes it. One call per step.

use serde_json::{Value, json};

use super::names::{HOSTED, first};
use super::{Flow, set};
use crate::domain::{Artifact, Away, Draft, Failure, FailureCode, Preparation, Remedy, StepKind};
use crate::platforms::graph::{Reply, Session};
use crate::platforms::media_source::{MediaSource, Video};

/// A part is kept in memory; Facebook takes less than it asks for.
const MAX_PART_BYTES: u64 = 4 * 1024 * 1024;

/// Does the next step that the draft does not show yet.
pub(super) async fn next(
    media: &MediaSource,
    session: &Session<'_>,
    draft: &Draft,
) -> Result<Preparation, Failure> {
    let Some(video) = draft.staging.get("video") else {
        return match start(media, session, draft).await {
            // Facebook itself needs no parts.
            Err(failure) if failure.code == FailureCode::MediaNoRanges => {
                let mark = Artifact::new(StepKind::Wait, HOSTED, HOSTED);
                Ok(Preparation::Staged(vec![mark]))
            }
            started => Ok(Preparation::Staged(vec![started?])),
        };
    };
    let newest = draft.staging.0.iter().rfind(|made| made.name.starts_with(PART));
    let at = &newest.unwrap_or(video).detail;
    let (from, to) = offsets(at)?;
    if from == to {
        return Ok(Preparation::Ready);
    }
    let made = transfer(media, session, draft, &video.detail, (from, to)).await?;
    Ok(Preparation::Staged(vec![made]))
}

/// What names the parts that were taken, followed by where each began.
const PART: &str = "video/part/";

/// The body of the call that ends the upload and publishes the video.
pub(super) fn finish_body(draft: &Draft) -> Result<Value, Failure> {
    let video = draft.staging.get("video");
    let session = video.and_then(|video| video.detail["session"].as_str());
    let session = session.ok_or_else(|| unreadable("the stored upload cannot be read"))?;
    let mut body =
        json!({"upload_phase": "finish", "upload_session_id": session, "published": true});
    set(&mut body, "description", &draft.content.caption);
    Ok(body)
}

async fn start(
    media: &MediaSource,
    session: &Session<'_>,
    draft: &Draft,
) -> Result<Artifact, Failure> {
    let file = media.video(&first(draft)?.url).await?;
    let body = json!({"upload_phase": "start", "file_size": file.length});
    let path = [draft.account.external_id.as_str(), Flow::ChunkedVideo.edge()];
    let (id, reply) = session.make(&path, &body, "video_id").await?;
    let upload = reply.id("upload_session_id").ok_or_else(|| no_offsets(&reply))?;
    let mut detail = next_part(&reply)?;
    if !matches!(offsets(&detail)?, (0, 1..)) {
        return Err(no_offsets(&reply));
    }
    detail["session"] = json!(upload);
    detail["length"] = json!(file.length);
    detail["version"] = json!(file.version);
    Ok(Artifact::new(StepKind::Create, "video", id).detail(detail))
}

async fn transfer(
    media: &MediaSource,
    session: &Session<'_>,
    draft: &Draft,
    upload: &Value,
    (from, to): (u64, u64),
) -> Result<Artifact, Failure> {
    let file = Video {
        length: upload["length"].as_u64().unwrap_or_default(),
        version: upload["version"].as_str().map(str::to_owned),
    };
    let last = to.min(from + MAX_PART_BYTES).min(file.length).saturating_sub(1);
    let bytes = media.part(&first(draft)?.url, &file, from, last).await?;
    let fields = [
        ("upload_phase", "transfer".to_owned()),
        ("upload_session_id", upload["session"].as_str().unwrap_or_default().to_owned()),
        ("start_offset", from.to_string()),
    ];
    let path = [draft.account.external_id.as_str(), Flow::ChunkedVideo.edge()];
    let reply = session.transfer(&path, &fields, ("video_file_chunk", bytes)).await?;
    let detail = next_part(&reply)?;
    let (next, end) = offsets(&detail)?;
    // An offset at the start of this part would send it again without end.
    if next <= from {
        return Err(unreadable("Facebook took nothing of a part of the video"));
    }
    // A video cut otherwise is broken without any error.
    if next > last + 1 || (next == end) != (next == file.length) {
        return Err(unreadable("Facebook does not ask for the whole video in order"));
    }
    let name = format!("{PART}{from}");
    Ok(Artifact::new(StepKind::Upload, name, from.to_string()).detail(detail))
}

/// Which part Facebook wants next, as numbers or as text; none when both are equal.
fn next_part(reply: &Reply) -> Result<Value, Failure> {
    let number = |name| reply.text(name)?.parse::<u64>().ok();
    match (number("start_offset"), number("end_offset")) {
        (Some(from), Some(to)) if from <= to => Ok(json!({"from": from, "to": to})),
        _ => Err(no_offsets(reply)),
    }
}

fn offsets(detail: &Value) -> Result<(u64, u64), Failure> {
    let offsets = detail["from"].as_u64().zip(detail["to"].as_u64());
    offsets.ok_or_else(|| unreadable("the stored upload cannot be read"))
}

fn no_offsets(reply: &Reply) -> Failure {
    let message = "Facebook: the answer does not say which part of the video comes next";
    let mut failure =
        Failure::new(Remedy::Outage(Away::Platform), FailureCode::UnreadableAnswer, message);
    failure.http_status = Some(reply.status);
    failure
}

fn unreadable(message: &str) -> Failure {
    Failure::new(Remedy::Restage, FailureCode::UploadParts, message)
}
