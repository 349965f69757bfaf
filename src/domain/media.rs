//! Media of a post: an ordered list of URLs, as the seed's `media` column holds it.

use serde::{Deserialize, Serialize};

use super::platform::words;

/// What a media URL points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    Image,
    Video,
}

words!(MediaKind { Image = "image", Video = "video" });

/// One image or video of a post. In JSON: `{"url", "type", "alt"?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaItem {
    pub url: String,
    #[serde(rename = "type")]
    pub kind: MediaKind,
    /// Text for people who cannot see the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}
