//! The ways a post goes out, each with calls of its own.

use socialsched::domain::Platform::{self, Facebook, Instagram, LinkedIn};
use socialsched::domain::PostType::{self, Carousel, Post, Reel, Video};
use socialsched::domain::{MediaItem, MediaKind, PostContent};

/// One way to publish.
#[derive(Debug)]
pub struct Flow {
    pub name: &'static str,
    pub platform: Platform,
    post_type: PostType,
    media: &'static [&'static str],
    has_text: bool,
}

const fn flow(
    name: &'static str,
    platform: Platform,
    post_type: PostType,
    media: &'static [&'static str],
) -> Flow {
    Flow { name, platform, post_type, media, has_text: true }
}

const fn story(name: &'static str, platform: Platform, media: &'static [&'static str]) -> Flow {
    Flow { name, platform, post_type: PostType::Story, media, has_text: false }
}

pub const FACEBOOK_TEXT: Flow = flow("Facebook text", Facebook, Post, &[]);
pub const INSTAGRAM_IMAGE: Flow = flow("Instagram image", Instagram, Post, &["a.jpg"]);
pub const LINKEDIN_IMAGE: Flow = flow("LinkedIn image", LinkedIn, Post, &["a.jpg"]);

pub const FLOWS: &[Flow] = &[
    FACEBOOK_TEXT,
    flow("Facebook photo", Facebook, Post, &["a.jpg"]),
    flow("Facebook photos", Facebook, Post, &["a.jpg", "b.jpg"]),
    flow("Facebook video", Facebook, Video, &["a.mp4"]),
    flow("Facebook reel", Facebook, Reel, &["a.mp4"]),
    story("Facebook photo story", Facebook, &["a.jpg"]),
    story("Facebook video story", Facebook, &["a.mp4"]),
    INSTAGRAM_IMAGE,
    flow("Instagram carousel", Instagram, Carousel, &["a.jpg", "b.jpg"]),
    flow("Instagram reel", Instagram, Reel, &["a.mp4"]),
    story("Instagram story", Instagram, &["a.jpg"]),
    flow("LinkedIn text", LinkedIn, Post, &[]),
    LINKEDIN_IMAGE,
    flow("LinkedIn video", LinkedIn, Video, &["a.mp4"]),
];

impl Flow {
    /// What it makes visible can be asked for by its id, so that nothing
    /// need stay unknown.
    pub fn is_two_step(&self) -> bool {
        self.platform != LinkedIn
    }

    /// A post of this kind; `media` gives a sample file's URL.
    pub fn content(&self, text: &str, media: impl Fn(&str) -> String) -> PostContent {
        let item = |name: &&str| MediaItem {
            url: media(name),
            kind: if name.ends_with("mp4") { MediaKind::Video } else { MediaKind::Image },
            alt: None,
        };
        PostContent {
            platform: self.platform,
            post_type: self.post_type,
            caption: if self.has_text { text.to_owned() } else { String::new() },
            media: self.media.iter().map(item).collect(),
            link: None,
            first_comment: None,
        }
    }
}
