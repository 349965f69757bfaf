//! What a draft shows of its staging: the names of what is staged, and what they hold.

use crate::domain::{Artifact, Draft, Failure, MediaItem, MediaKind};
use crate::platforms::unfit;

/// The mark, made by the worker, that this post is published with one call.
pub(super) const DIRECT: &str = "direct";
/// The mark that its video cannot be read in parts, so that Facebook fetches it.
pub(super) const HOSTED: &str = "video/hosted";

pub(super) fn photo_name(number: usize) -> String {
    format!("photo/{number}")
}

/// The ids of the uploaded photos, in order.
pub(super) fn photo_ids(draft: &Draft) -> Vec<&str> {
    let images = draft.content.media.iter().filter(|item| item.kind == MediaKind::Image);
    (0..images.count()).filter_map(|number| draft.staging.id(&photo_name(number))).collect()
}

/// Whether this video is uploaded in parts.
pub(super) fn is_upload(video: &Artifact) -> bool {
    !video.detail["session"].is_null()
}

/// The video of a post that has one.
pub(super) fn first(draft: &Draft) -> Result<&MediaItem, Failure> {
    draft.content.media.first().ok_or_else(|| unfit("the post has no video"))
}
