//! What a post consists of, and what a platform makes of it.

/// What a post becomes at a platform: each shape is published with calls of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A text or a link alone.
    Text,
    /// One image, or several shown together.
    Images,
    Video,
    Reel,
    PhotoStory,
    VideoStory,
    /// Images, videos, or both, one behind the other.
    Carousel,
}

/// One set of media that a post type may have on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub media: MediaSet,
    pub shape: Shape,
    /// What its author may not expect of it, to follow the platform's name.
    pub remark: Option<&'static str>,
}

impl Form {
    pub(super) const fn new(media: MediaSet, shape: Shape) -> Self {
        Self { media, shape, remark: None }
    }

    pub(super) const fn remark(self, remark: &'static str) -> Self {
        Self { remark: Some(remark), ..self }
    }
}

/// How many images and videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaSet {
    /// Text or a link alone.
    Nothing,
    /// The smallest and the largest number.
    Images(usize, usize),
    OneVideo,
    /// Images, videos, or both.
    Mixed(usize, usize),
}

impl MediaSet {
    #[must_use]
    pub fn holds(self, images: usize, videos: usize) -> bool {
        match self {
            Self::Nothing => images + videos == 0,
            Self::Images(min, max) => videos == 0 && (min..=max).contains(&images),
            Self::OneVideo => (images, videos) == (0, 1),
            Self::Mixed(min, max) => (min..=max).contains(&(images + videos)),
        }
    }
}

impl std::fmt::Display for MediaSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("text alone"),
            Self::Images(1, 1) => f.write_str("one image"),
            Self::Images(min, max) => write!(f, "{min} to {max} images"),
            Self::OneVideo => f.write_str("one video"),
            Self::Mixed(min, max) => write!(f, "{min} to {max} images or videos"),
        }
    }
}
