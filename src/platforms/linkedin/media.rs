//! Uploading a post's media, one step at a time.
//!
//! Images: initialize → bytes → ready. Videos: initialize → parts → finalize →
//! ready (see [`super::video`]). All of it is invisible and may be repeated; a
//! repeated initialize only leaves an orphan at LinkedIn.

use std::time::Duration;

use serde_json::{Value, json};

use super::content::{Content, image_name};
use super::{LinkedIn, author, classify, urn};
use crate::domain::linkedin::Author;
use crate::domain::{
    Artifact, Away, Draft, Failure, FailureCode, MediaItem, Preparation, Remedy, StepKind,
};
use crate::platforms::http::{AuthScheme, Call, CallKind, HttpAnswer, scrub};

/// Where an upload URL may lead: the image's bytes go there with the token.
const UPLOAD_HOSTS: &[&str] = &["*.linkedin.com", "*.licdn.com"];

/// Pause before media counts as ready whose state may not be read.
const IMAGE_GRACE: Duration = Duration::from_secs(20);

/// State reads of one medium before it is uploaded again: about half an hour. Each of
/// them costs one of the account's few daily calls.
const MAX_POLLS: u64 = 30;

/// The same for one that LinkedIn still waits for although it took the upload.
const MAX_POLLS_UNTAKEN: u64 = 3;

impl LinkedIn {
    /// Does the next step that the staging does not show yet.
    pub(super) async fn stage(&self, draft: &Draft) -> Result<Preparation, Failure> {
        let author = author(draft)?;
        match Content::of(&draft.content)? {
            Content::Text | Content::Article(_) => Ok(Preparation::Ready),
            Content::Images(images) => self.stage_images(draft, author, images).await,
            Content::Video(video) => self.stage_video(draft, author, video).await,
        }
    }

    async fn stage_images(
        &self,
        draft: &Draft,
        author: Author<'_>,
        images: &[MediaItem],
    ) -> Result<Preparation, Failure> {
        let count = images.len();
        for (index, image) in images.iter().enumerate() {
            let name = image_name(index);
            let made = match draft.staging.get(&name) {
                None => self.start_image(draft, author, &name).await,
                Some(started) if !draft.staging.has(&format!("{name}/uploaded")) => {
                    self.upload_image(draft, started, image).await
                }
                Some(_) => continue,
            };
            return made.map_err(|failure| failure.of_medium(index, count));
        }
        // A member's token may not read the state; one pause serves all images.
        if let Author::Person(_) = author {
            let first = image_name(0);
            return Ok(match is_ready(draft, &first) {
                true => Preparation::Ready,
                false => grace(draft, &first, IMAGE_GRACE),
            });
        }
        for index in 0..images.len() {
            let name = image_name(index);
            if !is_ready(draft, &name) {
                let ready = self.check_ready(draft, &name, "images", IMAGE_GRACE).await;
                return ready.map_err(|failure| failure.of_medium(index, count));
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

    /// Reads the state of an uploaded medium once.
    pub(super) async fn check_ready(
        &self,
        draft: &Draft,
        name: &str,
        resource: &str,
        grace_time: Duration,
    ) -> Result<Preparation, Failure> {
        let id = draft.staging.id(name).unwrap_or_default();
        let call = self.get(&format!("/{resource}/{}", urn::encode(id)), &draft.token);
        let answer = self.http.send(call).await.map_err(classify::no_answer)?;
        let status = answer.json["status"].as_str();
        match (answer.status.as_u16(), status) {
            (200..300, Some("AVAILABLE")) => Ok(staged(waited(draft, name, "ready"))),
            (200..300, Some("PROCESSING_FAILED")) => Err(processing_failed(&answer.json, draft)),
            (200..300, Some("WAITING_UPLOAD")) => poll_again(draft, name, MAX_POLLS_UNTAKEN),
            (200..300, _) | (404, _) => {
                poll_again(draft, name, MAX_POLLS * u64::from(self.settings.poll_divisor.max(1)))
            }
            (403, _) if classify::is_signed(&answer) => Ok(grace(draft, name, grace_time)),
            _ => Err(classify::failure(&answer, &draft.token)),
        }
    }

    pub(super) async fn initialize(
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
    /// upload from its start; what a web page answers was not taken.
    pub(super) async fn hand_over(&self, call: Call, draft: &Draft) -> Result<HttpAnswer, Failure> {
        let answer = self.http.send(call).await.map_err(classify::no_answer)?;
        let status = answer.status.as_u16();
        if answer.status.is_success() && !answer.is_web_page() {
            return Ok(answer);
        }
        if answer.status.is_success() {
            return Err(unexpected("LinkedIn: a web page answered the upload"));
        }
        let mut failure = classify::failure(&answer, &draft.token);
        if matches!(status, 400 | 403 | 404 | 410) && !answer.is_web_page() {
            failure.remedy = Remedy::Restage;
            failure.message = "LinkedIn does not accept the upload URL any more".to_owned();
        }
        Err(failure)
    }

    pub(super) fn upload_url(&self, value: &Value) -> Result<String, Failure> {
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

    pub(super) fn check_upload_url(&self, url: &str) -> Result<(), Failure> {
        self.http.check_upload_url(url, UPLOAD_HOSTS).map_err(|why| {
            Failure::new(Remedy::Restage, FailureCode::UploadUrl, format!("LinkedIn: {why}"))
        })
    }
}

pub(super) fn staged(artifact: Artifact) -> Preparation {
    Preparation::Staged(vec![artifact])
}

/// Read as ready, or waited for where the state may not be read.
pub(super) fn is_ready(draft: &Draft, name: &str) -> bool {
    ["ready", "grace"].iter().any(|step| draft.staging.has(&format!("{name}/{step}")))
}

/// The one pause before a medium counts as ready whose state may not be read.
fn grace(draft: &Draft, name: &str, rest: Duration) -> Preparation {
    Preparation::Wait(rest, vec![waited(draft, name, "grace")])
}

fn waited(draft: &Draft, name: &str, step: &str) -> Artifact {
    let id = draft.staging.id(name).unwrap_or_default();
    Artifact::new(StepKind::Wait, format!("{name}/{step}"), id)
}

/// Asks again after 10, 15, 22, 33, 50 and then 60 seconds.
fn poll_again(draft: &Draft, name: &str, most: u64) -> Result<Preparation, Failure> {
    let polled = draft.staging.get(&format!("{name}/polled"));
    let polls = polled.and_then(|polled| polled.detail["times"].as_u64());
    let polls = polls.unwrap_or(0);
    if polls >= most {
        return Err(Failure::new(
            Remedy::Restage,
            FailureCode::ProcessingStuck,
            "LinkedIn did not finish processing the media",
        ));
    }
    let rest =
        Duration::from_millis((10_000.0 * 1.5_f64.powf(polls.min(10) as f64)).min(60_000.0) as u64);
    let artifact = waited(draft, name, "polled").detail(json!({ "times": polls + 1 }));
    Ok(Preparation::Wait(rest, vec![artifact]))
}

fn processing_failed(state: &Value, draft: &Draft) -> Failure {
    let reason = state["processingFailureReason"].as_str().unwrap_or("it gives no reason");
    Failure::new(
        Remedy::GiveUp,
        FailureCode::ProcessingFailed,
        format!("LinkedIn could not process the media: {}", scrub(reason, &draft.token)),
    )
}

pub(super) fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, Failure> {
    let text = value[field].as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| unexpected(format!("LinkedIn's answer lacks {field}")))
}

pub(super) fn number(value: &Value, field: &str) -> Result<u64, Failure> {
    value[field].as_u64().ok_or_else(|| unexpected(format!("LinkedIn's answer lacks {field}")))
}

/// An answer that LinkedIn does not give; maybe it was only cut off.
pub(super) fn unexpected(message: impl Into<String>) -> Failure {
    Failure::new(Remedy::Outage(Away::Platform), FailureCode::UnreadableAnswer, message)
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
