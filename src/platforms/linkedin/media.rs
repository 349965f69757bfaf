//! Uploading a post's media, one step at a time.
//!
//! Images: initialize → bytes → ready. Videos: initialize → parts → finalize →
//! ready. All of it is invisible and may be repeated; a repeated initialize
//! only leaves an orphan at LinkedIn.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::content::{Shape, image_name};
use super::urn::{self, Author};
use super::{LinkedIn, author, classify};
use crate::domain::{Artifact, Draft, Failure, MediaItem, Preparation, Remedy, StepKind};
use crate::platforms::http::{AuthScheme, Call, CallKind, HttpAnswer};
use crate::platforms::media_source::{Video, hash};

/// Where an upload URL may lead: the image's bytes go there with the token.
const UPLOAD_HOSTS: &[&str] = &["*.linkedin.com", "*.licdn.com"];

/// LinkedIn cuts videos into parts of 4 MiB; a part is held in memory.
const MAX_PART_BYTES: u64 = 16 * 1024 * 1024;

/// Rest before media counts as ready whose state may not be read.
const IMAGE_GRACE: Duration = Duration::from_secs(20);

/// State reads of one medium before it is uploaded anew: about half an hour.
/// Each of them costs one of the account's few daily calls.
const MAX_POLLS: u64 = 30;

/// What later steps need of a video: its file and the parts LinkedIn wants.
#[derive(Serialize, Deserialize)]
struct VideoPlan {
    length: u64,
    version: Option<String>,
    upload_token: String,
    parts: Vec<PartPlan>,
}

/// One part: the bytes `first..=last`.
#[derive(Serialize, Deserialize)]
struct PartPlan {
    upload_url: String,
    first: u64,
    last: u64,
}

impl LinkedIn {
    /// Does the next step that the staging does not show yet.
    pub(super) async fn stage(&self, draft: &Draft) -> Result<Preparation, Failure> {
        let author = author(draft)?;
        match Shape::of(&draft.content)? {
            Shape::Text | Shape::Article(_) => Ok(Preparation::Ready),
            Shape::Images(images) => self.stage_images(draft, author, images).await,
            Shape::Video(video) => self.stage_video(draft, author, video).await,
        }
    }

    async fn stage_images(
        &self,
        draft: &Draft,
        author: Author<'_>,
        images: &[MediaItem],
    ) -> Result<Preparation, Failure> {
        for (index, image) in images.iter().enumerate() {
            let name = image_name(index);
            let Some(started) = draft.staging.get(&name) else {
                return self.start_image(draft, author, &name).await;
            };
            if !draft.staging.has(&format!("{name}/uploaded")) {
                return self.upload_image(draft, started, image).await;
            }
        }
        // A member's token may not read the state; one rest serves all images.
        if let Author::Person(_) = author {
            let rested = draft.staging.has("image/0/grace");
            return Ok(if rested {
                Preparation::Ready
            } else {
                grace(draft, "image/0", IMAGE_GRACE)
            });
        }
        for index in 0..images.len() {
            let name = image_name(index);
            if !is_ready(draft, &name) {
                return self.check_ready(draft, &name, "images", IMAGE_GRACE).await;
            }
        }
        Ok(Preparation::Ready)
    }

    async fn start_image(
        &self,
        draft: &Draft,
        author: Author<'_>,
        name: &str,
    ) -> Result<Preparation, Failure> {
        let request = json!({ "initializeUploadRequest": { "owner": author.urn() } });
        let value = self.initialize(draft, "images", &request).await?;
        let image = text(&value, "image")?;
        let detail = json!({
            "upload_url": self.upload_url(&value)?,
            "expires_at": value["uploadUrlExpiresAt"],
        });
        Ok(staged(Artifact::new(StepKind::Create, name, image).detail(detail)))
    }

    async fn upload_image(
        &self,
        draft: &Draft,
        started: &Artifact,
        image: &MediaItem,
    ) -> Result<Preparation, Failure> {
        let upload_url = self.upload_url_of(started)?;
        let file = self.media.image(&image.url).await?;
        let detail = json!({ "sha256": file.sha256, "length": file.bytes.len() });
        // Unlike a video's parts, an image's bytes need the token.
        let call = Call::put(upload_url)
            .auth(AuthScheme::Bearer, &draft.token)
            .header("Content-Type", file.media_type)
            .bytes(file.bytes);
        self.hand_over(call, draft).await?;
        let name = format!("{}/uploaded", started.name);
        let artifact = Artifact::new(StepKind::Upload, name, &started.remote_id).detail(detail);
        Ok(staged(artifact))
    }

    async fn stage_video(
        &self,
        draft: &Draft,
        author: Author<'_>,
        video: &MediaItem,
    ) -> Result<Preparation, Failure> {
        let staging = &draft.staging;
        let Some(started) = staging.get("video") else {
            return self.start_video(draft, author, video).await;
        };
        let plan: VideoPlan = serde_json::from_value(started.detail.clone())
            .map_err(|_| unexpected("the stored upload of the video cannot be read"))?;
        for (index, part) in plan.parts.iter().enumerate() {
            let name = format!("video/part/{index}");
            if !staging.has(&name) {
                return self.upload_part(draft, video, &plan, part, &name).await;
            }
        }
        if !staging.has("video/finalized") {
            return self.finalize_video(draft, &started.remote_id, &plan).await;
        }
        if is_ready(draft, "video") {
            return Ok(Preparation::Ready);
        }
        let grace = Duration::from_secs(10 + plan.length / 1_000_000);
        self.check_ready(draft, "video", "videos", grace).await
    }

    async fn start_video(
        &self,
        draft: &Draft,
        author: Author<'_>,
        video: &MediaItem,
    ) -> Result<Preparation, Failure> {
        let file = self.media.video(&video.url).await?;
        let request = json!({ "initializeUploadRequest": {
            "owner": author.urn(),
            "fileSizeBytes": file.length,
            "uploadCaptions": false,
            "uploadThumbnail": false,
        }});
        let value = self.initialize(draft, "videos", &request).await?;
        let remote_id = text(&value, "video")?;
        let mut parts = Vec::new();
        for instruction in value["uploadInstructions"].as_array().into_iter().flatten() {
            parts.push(PartPlan {
                upload_url: self.upload_url(instruction)?,
                first: number(instruction, "firstByte")?,
                last: number(instruction, "lastByte")?,
            });
        }
        check_parts(&parts, file.length)?;
        let plan = VideoPlan {
            length: file.length,
            version: file.version,
            // Often empty, and then wanted back empty.
            upload_token: value["uploadToken"].as_str().unwrap_or_default().to_owned(),
            parts,
        };
        let mut detail = json!(plan);
        detail["expires_at"] = value["uploadUrlsExpireAt"].clone();
        Ok(staged(Artifact::new(StepKind::Create, "video", remote_id).detail(detail)))
    }

    async fn upload_part(
        &self,
        draft: &Draft,
        video: &MediaItem,
        plan: &VideoPlan,
        part: &PartPlan,
        name: &str,
    ) -> Result<Preparation, Failure> {
        self.check_upload_url(&part.upload_url)?;
        let file = Video { length: plan.length, version: plan.version.clone() };
        let bytes = self.media.part(&video.url, &file, part.first, part.last).await?;
        let detail = json!({ "sha256": hash(&bytes), "length": bytes.len() });
        // The URL itself is the permission: LinkedIn wants no token here.
        let call = Call::put(&part.upload_url)
            .header("Content-Type", "application/octet-stream")
            .bytes(bytes);
        let answer = self.hand_over(call, draft).await?;
        let etag = answer.header("etag").map(|etag| etag.trim().trim_matches('"'));
        let etag = etag.filter(|etag| !etag.is_empty());
        let etag = etag.ok_or_else(|| unexpected("LinkedIn did not name the uploaded part"))?;
        Ok(staged(Artifact::new(StepKind::Upload, name, etag).detail(detail)))
    }

    async fn finalize_video(
        &self,
        draft: &Draft,
        video: &str,
        plan: &VideoPlan,
    ) -> Result<Preparation, Failure> {
        let parts = 0..plan.parts.len();
        let etags: Vec<&str> =
            parts.filter_map(|index| draft.staging.id(&format!("video/part/{index}"))).collect();
        let request = json!({ "finalizeUploadRequest": {
            "video": video,
            "uploadToken": plan.upload_token,
            "uploadedPartIds": etags,
        }});
        let call = self
            .post(CallKind::Staging, "/videos?action=finalizeUpload", &draft.token)
            .header("X-RestLi-Method", "ACTION")
            .json(&request);
        self.expect_success(call, &draft.token).await?;
        Ok(staged(Artifact::new(StepKind::Create, "video/finalized", video)))
    }

    /// Reads the state of an uploaded medium once.
    async fn check_ready(
        &self,
        draft: &Draft,
        name: &str,
        resource: &str,
        grace_time: Duration,
    ) -> Result<Preparation, Failure> {
        let id = draft.staging.id(name).unwrap_or_default();
        let call = self.get(&format!("/{resource}/{}", urn::encode(id)), &draft.token);
        let answer = self.http.send(call).await.map_err(|error| classify::no_answer(&error))?;
        let status = answer.json["status"].as_str();
        match (answer.status.as_u16(), status) {
            (200..300, Some("AVAILABLE")) => Ok(staged(waited(draft, name, "ready"))),
            (200..300, Some("PROCESSING_FAILED")) => Err(processing_failed(&answer.json)),
            (200..300, _) | (404, _) => poll_again(draft, name),
            (403, _) => Ok(grace(draft, name, grace_time)),
            _ => Err(classify::failure(&answer, &draft.token)),
        }
    }

    async fn initialize(
        &self,
        draft: &Draft,
        resource: &str,
        request: &Value,
    ) -> Result<Value, Failure> {
        let path = format!("/{resource}?action=initializeUpload");
        let call = self
            .post(CallKind::Staging, &path, &draft.token)
            .header("X-RestLi-Method", "ACTION")
            .json(request);
        let answer = self.expect_success(call, &draft.token).await?;
        Ok(answer.json["value"].clone())
    }

    /// Sends bytes to an upload URL. A URL that is gone or expired takes a new
    /// upload from its start.
    async fn hand_over(&self, call: Call, draft: &Draft) -> Result<HttpAnswer, Failure> {
        self.expect_success(call, &draft.token).await.map_err(|mut failure| {
            if matches!(failure.http_status, Some(403 | 404 | 410)) {
                failure.remedy = Remedy::Restage;
                failure.message = "LinkedIn does not accept the upload URL any more".to_owned();
            }
            failure
        })
    }

    fn upload_url(&self, value: &Value) -> Result<String, Failure> {
        let url = text(value, "uploadUrl")?;
        self.check_upload_url(url)?;
        Ok(url.to_owned())
    }

    /// The stored URL is checked again: the token would go to wherever it leads.
    fn upload_url_of<'a>(&self, started: &'a Artifact) -> Result<&'a str, Failure> {
        let url = started.detail["upload_url"].as_str().unwrap_or_default();
        self.check_upload_url(url)?;
        Ok(url)
    }

    fn check_upload_url(&self, url: &str) -> Result<(), Failure> {
        self.http.check_upload_url(url, UPLOAD_HOSTS).map_err(unexpected)
    }
}

/// The parts must be the whole file, in order and without gaps: a video cut
/// otherwise is broken without any error.
fn check_parts(parts: &[PartPlan], length: u64) -> Result<(), Failure> {
    let mut next = 0;
    for part in parts {
        let fits = part.first == next && part.last >= part.first && part.last < length;
        if !fits || part.last - part.first >= MAX_PART_BYTES {
            return Err(unexpected("LinkedIn asks for parts that are not the video in order"));
        }
        next = part.last + 1;
    }
    if next == length {
        Ok(())
    } else {
        Err(unexpected("LinkedIn asks for only some of the video"))
    }
}

fn staged(artifact: Artifact) -> Preparation {
    Preparation::Staged(vec![artifact])
}

/// Seen to be ready, or rested for where that may not be seen.
fn is_ready(draft: &Draft, name: &str) -> bool {
    ["ready", "grace"].iter().any(|step| draft.staging.has(&format!("{name}/{step}")))
}

/// The one rest before a medium counts as ready whose state may not be read.
fn grace(draft: &Draft, name: &str, rest: Duration) -> Preparation {
    Preparation::Wait(rest, vec![waited(draft, name, "grace")])
}

fn waited(draft: &Draft, name: &str, step: &str) -> Artifact {
    let id = draft.staging.id(name).unwrap_or_default();
    Artifact::new(StepKind::Wait, format!("{name}/{step}"), id)
}

/// Asks again after 10, 15, 22, 33, 50 and then 60 seconds.
fn poll_again(draft: &Draft, name: &str) -> Result<Preparation, Failure> {
    let polled = draft.staging.get(&format!("{name}/polled"));
    let polls = polled.and_then(|polled| polled.detail["times"].as_u64());
    let polls = polls.unwrap_or(0);
    if polls >= MAX_POLLS {
        return Err(Failure::new(
            Remedy::Restage,
            "processing",
            "LinkedIn did not finish processing the media",
        ));
    }
    let rest = Duration::from_millis((10_000.0 * 1.5_f64.powf(polls as f64)).min(60_000.0) as u64);
    let artifact = waited(draft, name, "polled").detail(json!({ "times": polls + 1 }));
    Ok(Preparation::Wait(rest, vec![artifact]))
}

fn processing_failed(state: &Value) -> Failure {
    let reason = state["processingFailureReason"].as_str().unwrap_or("it gives no reason");
    Failure::new(
        Remedy::GiveUp,
        "PROCESSING_FAILED",
        format!("LinkedIn could not process the media: {reason}"),
    )
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, Failure> {
    let text = value[field].as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| unexpected(format!("LinkedIn's answer lacks {field}")))
}

fn number(value: &Value, field: &str) -> Result<u64, Failure> {
    value[field].as_u64().ok_or_else(|| unexpected(format!("LinkedIn's answer lacks {field}")))
}

/// An answer that LinkedIn does not give; maybe it was only cut off.
fn unexpected(message: impl Into<String>) -> Failure {
    Failure::new(Remedy::Retry, "unexpected-answer", message)
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
