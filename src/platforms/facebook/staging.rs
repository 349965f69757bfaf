//! Making a Page post without showing it: one call per step.

use serde_json::{Value, json};

use super::sighting::{STATUS_FIELDS, dead_video};
use super::{Flow, set, text};
use crate::domain::{Artifact, Draft, Failure, MediaItem, Preparation, Remedy, StepKind};
use crate::platforms::graph::{Graph, Session};

/// The wait that says the file was handed over.
pub(super) const UPLOADED: &str = "video/uploaded";
/// The wait that says the video may be published.
const READY: &str = "video/ready";

/// Does the next step that the draft does not show yet.
pub(super) async fn next(
    graph: &Graph,
    session: &Session<'_>,
    draft: &Draft,
    flow: Flow,
) -> Result<Preparation, Failure> {
    let page = draft.account.external_id.as_str();
    let made = match flow {
        Flow::Feed | Flow::PhotoStory => match next_photo(session, page, draft).await? {
            Some(photo) => Some(photo),
            None if flow == Flow::Feed && !draft.staging.has("post") => {
                Some(unpublished_post(session, page, draft).await?)
            }
            None => None,
        },
        Flow::Video | Flow::Reel | Flow::VideoStory => {
            let Some(video) = draft.staging.get("video") else {
                let made = match flow {
                    Flow::Video => hosted_video(session, page, draft).await?,
                    _ => upload_session(session, page, flow).await?,
                };
                return Ok(Preparation::Staged(vec![made]));
            };
            if flow != Flow::Video && !draft.staging.has(UPLOADED) {
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
    for (number, item) in draft.content.media.iter().enumerate() {
        let name = photo_name(number);
        if !draft.staging.has(&name) {
            let mut body = json!({"url": item.url, "published": false});
            set(&mut body, "alt_text_custom", item.alt.as_deref().unwrap_or_default());
            let (id, _) = session.make(&[page, "photos"], &body, "id").await?;
            return Ok(Some(Artifact::new(StepKind::Upload, name, id)));
        }
    }
    Ok(None)
}

fn photo_name(number: usize) -> String {
    format!("photo/{number}")
}

async fn unpublished_post(
    session: &Session<'_>,
    page: &str,
    draft: &Draft,
) -> Result<Artifact, Failure> {
    let content = &draft.content;
    let mut body = json!({"published": false});
    set(&mut body, "message", &text(content));
    if content.media.is_empty() {
        set(&mut body, "link", content.link.as_deref().unwrap_or_default());
    } else {
        let photos = (0..content.media.len())
            .filter_map(|number| draft.staging.id(&photo_name(number)))
            .map(|id| json!({"media_fbid": id}));
        body["attached_media"] = Value::Array(photos.collect());
    }
    let (id, _) = session.make(&[page, Flow::Feed.edge()], &body, "id").await?;
    Ok(Artifact::new(StepKind::Create, "post", id))
}

async fn hosted_video(
    session: &Session<'_>,
    page: &str,
    draft: &Draft,
) -> Result<Artifact, Failure> {
    let mut body = json!({"file_url": first(draft)?.url, "published": false});
    set(&mut body, "description", &text(&draft.content));
    let (id, _) = session.make(&[page, Flow::Video.edge()], &body, "id").await?;
    Ok(Artifact::new(StepKind::Upload, "video", id))
}

async fn upload_session(
    session: &Session<'_>,
    page: &str,
    flow: Flow,
) -> Result<Artifact, Failure> {
    let body = json!({"upload_phase": "start"});
    let (id, reply) = session.make(&[page, flow.edge()], &body, "video_id").await?;
    let upload_url = reply.text("upload_url").ok_or_else(|| {
        Failure::new(Remedy::Retry, "unreadable_answer", "the answer names no upload address")
    })?;
    Ok(Artifact::new(StepKind::Create, "video", id).detail(json!({"upload_url": upload_url})))
}

async fn hand_over(
    session: &Session<'_>,
    draft: &Draft,
    video: &Artifact,
) -> Result<Artifact, Failure> {
    let upload_url = video.detail["upload_url"].as_str().unwrap_or_default();
    session.hand_over(upload_url, &first(draft)?.url).await?;
    Ok(Artifact::new(StepKind::Upload, UPLOADED, video.remote_id.as_str()))
}

async fn poll(
    graph: &Graph,
    session: &Session<'_>,
    draft: &Draft,
    video: &Artifact,
    flow: Flow,
) -> Result<Preparation, Failure> {
    let query = [("fields", STATUS_FIELDS)];
    let reply = match session.read(&[&video.remote_id], &query).await {
        Ok(reply) => reply,
        Err(trouble) => {
            let delay = graph.failed_poll(trouble, video)?;
            return Ok(Preparation::Wait(delay, Vec::new()));
        }
    };
    let ready = || Artifact::new(StepKind::Wait, READY, video.remote_id.as_str());
    match reply.json["status"]["video_status"].as_str() {
        Some("ready") => Ok(Preparation::Staged(vec![ready()])),
        // The three-phase edges process only what was finished.
        Some("upload_complete") if flow != Flow::Video => Ok(Preparation::Staged(vec![ready()])),
        Some("error" | "expired" | "upload_failed") => Err(dead_video(&reply.json)),
        _ => {
            let newest = draft.staging.get(UPLOADED).unwrap_or(video);
            let delay = graph.poll_delay(reply.age_of(newest))?;
            Ok(Preparation::Wait(delay, Vec::new()))
        }
    }
}

fn first(draft: &Draft) -> Result<&MediaItem, Failure> {
    draft.content.media.first().ok_or_else(|| super::unfit("the post has no video"))
}
