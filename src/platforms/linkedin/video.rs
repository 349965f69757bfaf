//! Uploading a video: in parts, exactly as LinkedIn asks for them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::LinkedIn;
use super::media::{is_ready, number, staged, text, unexpected};
use crate::domain::linkedin::Author;
use crate::domain::{
    Artifact, Draft, Failure, FailureCode, MediaItem, Preparation, Remedy, StepKind,
};
use crate::platforms::http::{Call, CallKind};
use crate::platforms::media_source::{Video, hash};

/// LinkedIn cuts videos into parts of 4 MiB; a part is kept in memory.
const MAX_PART_BYTES: u64 = 16 * 1024 * 1024;

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
    pub(super) async fn stage_video(
        &self,
        draft: &Draft,
        author: Author<'_>,
        video: &MediaItem,
    ) -> Result<Preparation, Failure> {
        let staging = &draft.staging;
        let Some(started) = staging.get("video") else {
            return self.start_video(draft, author, video).await;
        };
        let plan: VideoPlan = serde_json::from_value(started.detail.clone()).map_err(|_| {
            let message = "the stored upload of the video cannot be read";
            Failure { remedy: Remedy::Restage, ..unexpected(message) }
        })?;
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
}

/// The parts must be the whole file, in order and without gaps: a video cut
/// otherwise is broken without any error.
fn check_parts(parts: &[PartPlan], length: u64) -> Result<(), Failure> {
    let mut next = 0;
    for part in parts {
        let fits = part.first == next && part.last >= part.first && part.last < length;
        if !fits || part.last - part.first >= MAX_PART_BYTES {
            return Err(odd_parts("LinkedIn asks for parts that are not the video in order"));
        }
        next = part.last + 1;
    }
    if next == length { Ok(()) } else { Err(odd_parts("LinkedIn asks for only some of the video")) }
}

fn odd_parts(message: &str) -> Failure {
    Failure::new(Remedy::Restage, FailureCode::UploadParts, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_must_cover_the_file_without_gaps() {
        let check = |ranges: &[(u64, u64)], length| {
            let part =
                |&(first, last): &(u64, u64)| PartPlan { upload_url: String::new(), first, last };
            check_parts(&ranges.iter().map(part).collect::<Vec<_>>(), length).is_ok()
        };
        assert!(check(&[(0, 4_194_303), (4_194_304, 5_000_000)], 5_000_001));
        assert!(!check(&[], 1));
        assert!(!check(&[(0, 8)], 10), "short");
        assert!(!check(&[(0, 10)], 10), "beyond the end");
        assert!(!check(&[(0, 4), (6, 9)], 10), "a gap");
        assert!(!check(&[(0, 4), (4, 9)], 10), "an overlap");
        assert!(!check(&[(5, 9), (0, 4)], 10), "out of order");
        assert!(!check(&[(0, 99_999_999)], 100_000_000), "too large for memory");
    }
}
