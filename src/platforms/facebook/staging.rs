//! Making a Page post without showing it: one call per step.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::flow::Flow;
use super::names::{first, photo_ids, photo_name};
use super::sighting::{STATUS, dead_video};
use super::{chunks, set};
use crate::domain::{Artifact, Away, Draft, Failure, FailureCode, Preparation, Remedy, StepKind};
use crate::platforms::graph::{Graph, Session, is_missing};
use crate::platforms::media_source::MediaSource;

/// The wait that says the file was handed over.
const UPLOADED: &str = "video/uploaded";
/// The wait that says the video may be published.
const READY: &str = "video/ready";
/// A new photo can be used by then.
const SHOWN_BY: TimeDelta = TimeDelta::seconds(30);

/// Does the next step that the draft does not show yet.
pub(super) async fn next(
    graph: &Graph,
    media: &MediaSource,
    session: &Session<'_>,
    draft: &Draft,
    flow: Flow,
) -> Result<Preparation, Failure> {
    let page = draft.account.external_id.as_str();
    let made = match flow {
        Flow::Feed | Flow::DirectFeed | Flow::PhotoStory => {
            match next_photo(session, page, draft).await? {
                Some(photo) => Some(photo),
                None if flow == Flow::Feed && !draft.staging.has("post") => {
                    let body = feed_body(draft, false);
                    let made = session.make(&[page, flow.edge()], &body, "id").await;
                    let (id, _) = made.map_err(|failure| lost_photos(draft, failure))?;
                    Some(Artifact::new(StepKind::Create, "post", id))
                }
                None => None,
            }
        }
        Flow::DirectVideo => None,
        Flow::ChunkedVideo => return chunks::next(media, session, draft).await,
        Flow::HostedVideo | Flow::Reel | Flow::VideoStory => {
            let Some(video) = draft.staging.get("video") else {
                let made = match flow {
                    Flow::HostedVideo => {
                        let body = hosted_body(draft, false)?;
                        let (id, _) = session.make(&[page, flow.edge()], &body, "id").await?;
                        Artifact::new(StepKind::Upload, "video", id)
                    }
                    _ => upload_session(session, page, flow).await?,
                };
                return Ok(Preparation::Staged(vec![made]));
            };
            if flow != Flow::HostedVideo && !draft.staging.has(UPLOADED) {
                Some(hand_over(session, draft, video).await?)
            } else if !draft.staging.has(READY) {
                return poll(graph, session, draft, video, flow).await;
            } else {
                None
            }
        }
    };
    Ok(made.map_or(Preparation::Ready, |artifact| Preparation::Staged(vec![artifact])))
}

/// Uploads the first photo that is not uploaded yet.
async fn next_photo(
    session: &Session<'_>,
    page: &str,
    draft: &Draft,
) -> Result<Option<Artifact>, Failure> {
    let media = &draft.content.media;
    for (number, item) in media.iter().enumerate() {
        let name = photo_name(number);
        if !draft.staging.has(&name) {
            let mut body = json!({"url": item.url, "published": false});
            set(&mut body, "alt_text_custom", item.alt.as_deref().unwrap_or_default());
            let made = session.make(&[page, "photos"], &body, "id").await;
            let (id, _) = made.map_err(|failure| failure.of_medium(number, media.len()))?;
            return Ok(Some(Artifact::new(StepKind::Upload, name, id)));
        }
    }
    Ok(None)
}

/// A photo that the Page still does not have after a while was never taken, whatever the
/// answer to its upload.
fn lost_photos(draft: &Draft, failure: Failure) -> Failure {
    let uploaded = draft.staging.0.iter().filter(|made| made.kind == StepKind::Upload);
    let first = uploaded.filter_map(|photo| photo.stored_at).min();
    match first.is_some_and(|at| draft.now - at > SHOWN_BY) && is_missing(failure.code.as_str()) {
        true => Failure { remedy: Remedy::Restage, ..failure },
        false => failure,
    }
}

/// A post of text, link or photos.
pub(super) fn feed_body(draft: &Draft, published: bool) -> Value {
    let content = &draft.content;
    let mut body = json!({"published": published});
    set(&mut body, "message", &content.caption);
    if content.media.is_empty() {
        set(&mut body, "link", content.link.as_deref().unwrap_or_default());
    } else {
        let photos = photo_ids(draft).into_iter().map(|id| json!({"media_fbid": id}));
        body["attached_media"] = Value::Array(photos.collect());
    }
    body
}

/// A video that Facebook fetches.
pub(super) fn hosted_body(draft: &Draft, published: bool) -> Result<Value, Failure> {
    let mut body = json!({"file_url": first(draft)?.url, "published": published});
    set(&mut body, "description", &draft.content.caption);
    Ok(body)
}

async fn upload_session(
    session: &Session<'_>,
    page: &str,
    flow: Flow,
) -> Result<Artifact, Failure> {
    let body = json!({"upload_phase": "start"});
    let (id, reply) = session.make(&[page, flow.edge()], &body, "video_id").await?;
    let upload_url = reply.text("upload_url").ok_or_else(|| {
        let message = "Facebook: the answer names no upload address";
        Failure::new(Remedy::Outage(Away::Platform), FailureCode::UnreadableAnswer, message)
    })?;
    Ok(Artifact::new(StepKind::Create, "video", id).detail(json!({"upload_url": upload_url})))
}

/// Hands the file over once: an earlier worker may have done so without receiving the
/// answer.
async fn hand_over(
    session: &Session<'_>,
    draft: &Draft,
    video: &Artifact,
) -> Result<Artifact, Failure> {
    let uploaded = || Artifact::new(StepKind::Upload, UPLOADED, video.remote_id.as_str());
    if video.stored_at.is_some()
        && let Ok(reply) = session.read(&[&video.remote_id], &[("fields", STATUS)]).await
    {
        let status = &reply.json["status"];
        let phase = status["uploading_phase"]["status"].as_str();
        if matches!(phase, Some("complete" | "completed"))
            || matches!(
                status["video_status"].as_str(),
                Some("upload_complete" | "processing" | "ready")
            )
        {
            return Ok(uploaded());
        }
    }
    let upload_url = video.detail["upload_url"].as_str().unwrap_or_default();
    session.hand_over(upload_url, &first(draft)?.url).await?;
    Ok(uploaded())
}

async fn poll(
    graph: &Graph,
    session: &Session<'_>,
    draft: &Draft,
    video: &Artifact,
    flow: Flow,
) -> Result<Preparation, Failure> {
    let newest = draft.staging.get(UPLOADED).unwrap_or(video);
    let age = draft.age_of(newest);
    let reply = match session.read(&[&video.remote_id], &[("fields", STATUS)]).await {
        Ok(reply) => reply,
        Err(error) => {
            let delay = graph.failed_poll(error, draft.age_of(video))?;
            return Ok(Preparation::Wait(delay, Vec::new()));
        }
    };
    let ready = || Artifact::new(StepKind::Wait, READY, video.remote_id.as_str());
    match reply.json["status"]["video_status"].as_str() {
        Some("ready") => Ok(Preparation::Staged(vec![ready()])),
        // The three-phase edges process only what was finished.
        Some("upload_complete") if flow != Flow::HostedVideo => {
            Ok(Preparation::Staged(vec![ready()]))
        }
        Some("error" | "expired" | "upload_failed") => Err(dead_video(&reply.json)),
        Some("uploading") if flow != Flow::HostedVideo && age > TAKEN_WITHIN => {
            let message = "Facebook took the hand-over of the video, and did not fetch it";
            Err(Failure::new(Remedy::Restage, FailureCode::UploadNotTaken, message))
        }
        _ => Ok(Preparation::Wait(graph.poll_delay(age)?, Vec::new())),
    }
}

/// A file that was handed over and is not even being fetched by then never will be.
const TAKEN_WITHIN: std::time::Duration = std::time::Duration::from_secs(10 * 60);
