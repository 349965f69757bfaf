//! The flows in which a Page post is published.

use super::names::{self, DIRECT, HOSTED};
use crate::domain::{Draft, Failure, PostContent, PublishMode, Shape, VideoUpload, proof::Witness};
use crate::platforms::graph::MetaSettings;
use crate::platforms::{shape_of, unfit};

/// One flow, with its own calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Text, link, photos: an unpublished post that is flipped.
    Feed,
    /// The same in one call.
    DirectFeed,
    /// A video that Facebook fetches, unpublished, and that is flipped.
    HostedVideo,
    /// The same, published by the call that hands it over.
    DirectVideo,
    /// A video that is uploaded in parts; the call that ends the upload publishes it.
    ChunkedVideo,
    Reel,
    PhotoStory,
    VideoStory,
}

impl Flow {
    /// # Errors
    /// The content is none that a Page takes.
    pub(super) fn of(draft: &Draft, settings: &MetaSettings) -> Result<Self, Failure> {
        let kind = Kind::of(&draft.content)?;
        let (staging, account) = (&draft.staging, &draft.account);
        // What is staged already goes on as it began, also when settings change.
        let video = staging.get("video");
        let is_staged = video.is_some() || staging.has("post");
        let mode = account.publish_mode.unwrap_or(settings.publish_mode);
        let direct = staging.has(DIRECT) || !is_staged && mode == PublishMode::Direct;
        let hosted = match video {
            Some(video) => !names::is_upload(video),
            None => staging.has(HOSTED) || settings.video_upload == VideoUpload::Hosted,
        };
        Ok(match kind {
            Kind::Feed if direct => Self::DirectFeed,
            Kind::Feed => Self::Feed,
            Kind::Video if !hosted => Self::ChunkedVideo,
            Kind::Video if direct => Self::DirectVideo,
            Kind::Video => Self::HostedVideo,
            Kind::Reel => Self::Reel,
            Kind::PhotoStory => Self::PhotoStory,
            Kind::VideoStory => Self::VideoStory,
        })
    }

    /// The edge of the Page that its calls go to.
    pub(super) fn edge(self) -> &'static str {
        match self {
            Self::Feed | Self::DirectFeed => "feed",
            Self::HostedVideo | Self::DirectVideo | Self::ChunkedVideo => "videos",
            Self::Reel => "video_reels",
            Self::PhotoStory => "photo_stories",
            Self::VideoStory => "video_stories",
        }
    }

    /// The artifact whose id the publish call names.
    pub(super) fn object(self) -> Option<&'static str> {
        match self {
            Self::Feed => Some("post"),
            Self::PhotoStory => Some("photo/0"),
            Self::HostedVideo | Self::ChunkedVideo | Self::Reel | Self::VideoStory => Some("video"),
            Self::DirectFeed | Self::DirectVideo => None,
        }
    }

    pub(super) fn witness(self) -> Witness {
        match self.object() {
            Some(_) => Witness::Object,
            None => Witness::List,
        }
    }

    /// Whether the call only shows what is there already, so that Facebook may
    /// refuse just that.
    pub(super) fn is_flip(self) -> bool {
        matches!(self, Self::Feed | Self::HostedVideo)
    }
}

/// What is posted, however.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Feed,
    Video,
    Reel,
    PhotoStory,
    VideoStory,
}

impl Kind {
    pub(super) fn of(content: &PostContent) -> Result<Self, Failure> {
        match shape_of(content)? {
            Shape::Text | Shape::Images => Ok(Self::Feed),
            Shape::Video => Ok(Self::Video),
            Shape::Reel => Ok(Self::Reel),
            Shape::PhotoStory => Ok(Self::PhotoStory),
            Shape::VideoStory => Ok(Self::VideoStory),
            Shape::Carousel => Err(unfit("Facebook has no posts of images and videos")),
        }
    }
}
