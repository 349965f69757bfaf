//! The ways a post goes out, each with calls of its own.

use socialsched::domain::Platform::{self, Facebook, Instagram, LinkedIn};
use socialsched::domain::PostType::{self, Carousel, Post, Reel, Video};
use socialsched::domain::{MediaItem, MediaKind, PostContent, PublishMode};

/// One flow of publishing.
#[derive(Debug, Clone, Copy)]
pub struct Flow {
    pub name: &'static str,
    pub platform: Platform,
    pub first_comment: Option<&'static str>,
    /// Of a member and not of an organization: such posts cannot be looked up.
    pub is_members: bool,
    /// Of the account; `None`: the usual one.
    pub mode: Option<PublishMode>,
    post_type: PostType,
    media: &'static [&'static str],
    has_text: bool,
    has_link: bool,
}

const fn flow(
    name: &'static str,
    platform: Platform,
    post_type: PostType,
    media: &'static [&'static str],
) -> Flow {
    Flow {
        name,
        platform,
        first_comment: None,
        is_members: false,
        mode: None,
        post_type,
        media,
        has_text: true,
        has_link: false,
    }
}

const fn story(name: &'static str, platform: Platform, media: &'static [&'static str]) -> Flow {
    Flow { has_text: false, ..flow(name, platform, PostType::Story, media) }
}

const fn direct(name: &'static str, flow: Flow) -> Flow {
    Flow { name, mode: Some(PublishMode::Direct), ..flow }
}

const fn commented(name: &'static str, flow: Flow) -> Flow {
    Flow { name, first_comment: Some("First!"), ..flow }
}

pub const FACEBOOK_TEXT: Flow = flow("Facebook text", Facebook, Post, &[]);
pub const INSTAGRAM_IMAGE: Flow = flow("Instagram image", Instagram, Post, &["a.jpg"]);
pub const LINKEDIN_IMAGE: Flow = flow("LinkedIn image", LinkedIn, Post, &["a.jpg"]);

pub const FACEBOOK_PHOTO: Flow = flow("Facebook photo", Facebook, Post, &["a.jpg"]);
pub const FACEBOOK_STORY: Flow = story("Facebook photo story", Facebook, &["a.jpg"]);
pub const INSTAGRAM_REEL: Flow = flow("Instagram reel", Instagram, Reel, &["a.mp4"]);
pub const LINKEDIN_TEXT: Flow = flow("LinkedIn text", LinkedIn, Post, &[]);
pub const LINKEDIN_MEMBER: Flow =
    Flow { name: "LinkedIn member", is_members: true, ..LINKEDIN_TEXT };
pub const FACEBOOK_COMMENT: Flow = commented("Facebook comment", FACEBOOK_TEXT);
pub const INSTAGRAM_COMMENT: Flow = commented("Instagram comment", INSTAGRAM_IMAGE);

pub const FLOWS: &[Flow] = &[
    FACEBOOK_TEXT,
    FACEBOOK_PHOTO,
    FACEBOOK_PHOTOS,
    flow("Facebook video", Facebook, Video, &["a.mp4"]),
    flow("Facebook reel", Facebook, Reel, &["a.mp4"]),
    FACEBOOK_STORY,
    story("Facebook video story", Facebook, &["a.mp4"]),
    INSTAGRAM_IMAGE,
    flow("Instagram carousel", Instagram, Carousel, &["a.jpg", "b.jpg"]),
    INSTAGRAM_REEL,
    story("Instagram story", Instagram, &["a.jpg"]),
    LINKEDIN_TEXT,
    LINKEDIN_MEMBER,
    LINKEDIN_IMAGE,
    flow("LinkedIn video", LinkedIn, Video, &["a.mp4"]),
    FACEBOOK_COMMENT,
    INSTAGRAM_COMMENT,
    commented("LinkedIn comment", LINKEDIN_IMAGE),
];

const FACEBOOK_LINK: Flow = Flow { name: "Facebook link", has_link: true, ..FACEBOOK_TEXT };
const FACEBOOK_PHOTOS: Flow = flow("Facebook photos", Facebook, Post, &["a.jpg", "b.jpg"]);

/// More ways, whose calls are those of the ways above in other combinations.
pub const MORE_FLOWS: &[Flow] = &[
    FACEBOOK_LINK,
    direct("Facebook direct text", FACEBOOK_TEXT),
    direct("Facebook direct link", FACEBOOK_LINK),
    direct("Facebook direct photo", FACEBOOK_PHOTO),
    direct("Facebook direct photos", FACEBOOK_PHOTOS),
    flow("Facebook photo carousel", Facebook, Carousel, &["a.jpg", "b.jpg"]),
    story("Instagram video story", Instagram, &["a.mp4"]),
    flow("Instagram mixed carousel", Instagram, Carousel, &["a.jpg", "a.mp4"]),
    Flow { name: "LinkedIn link", has_link: true, ..LINKEDIN_TEXT },
    flow("LinkedIn images", LinkedIn, Post, &["a.jpg", "b.jpg"]),
    Flow { name: "LinkedIn member's image", is_members: true, ..LINKEDIN_IMAGE },
];

/// Videos that Facebook fetches by their address, where the settings say so.
pub const HOSTED_FLOWS: &[Flow] = &[
    flow("Facebook hosted video", Facebook, Video, &["a.mp4"]),
    direct("Facebook direct video", flow("Facebook hosted video", Facebook, Video, &["a.mp4"])),
];

/// A test of every flow, each a call of this function.
macro_rules! test_every_flow {
    ($check:ident) => {
        test_every_flow! { $check:
            facebook_text: "Facebook text",
            facebook_photo: "Facebook photo",
            facebook_photos: "Facebook photos",
            facebook_video: "Facebook video",
            facebook_reel: "Facebook reel",
            facebook_photo_story: "Facebook photo story",
            facebook_video_story: "Facebook video story",
            instagram_image: "Instagram image",
            instagram_carousel: "Instagram carousel",
            instagram_reel: "Instagram reel",
            instagram_story: "Instagram story",
            linkedin_text: "LinkedIn text",
            linkedin_member: "LinkedIn member",
            linkedin_image: "LinkedIn image",
            linkedin_video: "LinkedIn video",
            facebook_comment: "Facebook comment",
            instagram_comment: "Instagram comment",
            linkedin_comment: "LinkedIn comment",
        }
    };
    ($check:ident: $($test:ident: $flow:literal),+ $(,)?) => {
        const _: () = assert!([$($flow),+].len() == crate::kills::flows::FLOWS.len());
        $(#[test] fn $test() { $check(crate::kills::flows::named($flow)); })+
    };
}
pub(super) use test_every_flow;

/// The flow of this name.
pub fn named(name: &str) -> &'static Flow {
    FLOWS.iter().find(|flow| flow.name == name).unwrap()
}

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
            link: self.has_link.then(|| "https://acme.example/menu".to_owned()),
            first_comment: self.first_comment.map(str::to_owned),
        }
    }
}
