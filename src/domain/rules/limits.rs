//! The numbers of the platforms' rules, in one place.

use crate::domain::Platform;

/// When these numbers were last read (Graph API v25.0, LinkedIn 202609).
pub const LIMITS_READ: &str = "2026-11";

/// What one platform takes. `None`: no limit is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Characters of the text, counted as Unicode code points.
    pub text: usize,
    pub hashtags: Option<usize>,
    pub mentions: Option<usize>,
    /// Characters of the alternative text of one image.
    pub alt: Option<usize>,
    /// Media of one post.
    pub media: usize,
}

impl Limits {
    #[must_use]
    pub const fn of(platform: Platform) -> Self {
        match platform {
            // The text limit is the one that other clients use; Meta publishes none. Ten
            // photos are proven, more are not.
            Platform::Facebook => {
                Self { text: 63_206, hashtags: None, mentions: None, alt: None, media: 10 }
            }
            // developers.facebook.com, IG User Media: caption and alt_text; carousel guide.
            Platform::Instagram => Self {
                text: 2_200,
                hashtags: Some(30),
                mentions: Some(20),
                alt: Some(1_000),
                media: 10,
            },
            // learn.microsoft.com, Posts API and MultiImage API.
            Platform::LinkedIn => {
                Self { text: 3_000, hashtags: None, mentions: None, alt: Some(4_086), media: 20 }
            }
        }
    }
}
