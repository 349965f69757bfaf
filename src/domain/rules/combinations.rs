//! Which platform takes which post type with which media.

use crate::domain::{MediaKind, Platform, PostContent, PostType, Problem};

use super::Review;
use super::limits::Limits;

/// One set of media that a post type may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// Text or a link alone.
    Nothing,
    Images(usize, usize),
    OneVideo,
    /// Images, videos, or both.
    Mixed(usize, usize),
}

impl Set {
    fn holds(self, images: usize, videos: usize) -> bool {
        match self {
            Self::Nothing => images + videos == 0,
            Self::Images(min, max) => videos == 0 && (min..=max).contains(&images),
            Self::OneVideo => (images, videos) == (0, 1),
            Self::Mixed(min, max) => (min..=max).contains(&(images + videos)),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Nothing => "text alone".to_owned(),
            Self::Images(1, 1) => "one image".to_owned(),
            Self::Images(min, max) => format!("{min} to {max} images"),
            Self::OneVideo => "one video".to_owned(),
            Self::Mixed(min, max) => format!("{min} to {max} images or videos"),
        }
    }
}

/// Everything that a post type may have on a platform; empty: it does not exist there.
fn taken(platform: Platform, post_type: PostType) -> Vec<Set> {
    let most = Limits::of(platform).media;
    match (platform, post_type) {
        (Platform::Facebook, PostType::Post) => vec![Set::Nothing, Set::Images(1, most)],
        // The API has no carousel of photos on Pages: it is a post with several photos.
        (Platform::Facebook, PostType::Carousel) => vec![Set::Images(2, most)],
        (Platform::Facebook | Platform::Instagram, PostType::Video | PostType::Reel)
        | (Platform::LinkedIn, PostType::Video) => vec![Set::OneVideo],
        (Platform::Facebook | Platform::Instagram, PostType::Story) => {
            vec![Set::Images(1, 1), Set::OneVideo]
        }
        (Platform::Instagram, PostType::Post) => vec![Set::Images(1, 1), Set::OneVideo],
        (Platform::Instagram, PostType::Carousel) => vec![Set::Mixed(2, most)],
        (Platform::LinkedIn, PostType::Post) => {
            vec![Set::Nothing, Set::Images(1, most), Set::OneVideo]
        }
        (Platform::LinkedIn, PostType::Carousel) => vec![Set::Images(2, most)],
        (Platform::LinkedIn, PostType::Reel | PostType::Story) => vec![],
    }
}

pub(super) fn check(content: &PostContent, review: &mut Review) {
    let videos = content.media.iter().filter(|item| item.kind == MediaKind::Video).count();
    let images = content.media.len() - videos;
    if let Some(problem) = media(content.platform, content.post_type, images, videos) {
        review.refuse(problem);
    }
    link(content, review);
    story(content, review);
    for item in &content.media {
        if item.kind == MediaKind::Video && item.alt.is_some() {
            review.refuse(
                Problem::new("--alt", "only images have an alternative text, not videos")
                    .hint("give one --alt for each --image, in their order"),
            );
        }
    }
    match (content.platform, content.post_type) {
        (Platform::Instagram, PostType::Post | PostType::Video) if (images, videos) == (0, 1) => {
            review.warn(
                Problem::new("--type", "Instagram shows a single video as a reel")
                    .value(content.post_type.as_str()),
            );
        }
        (Platform::LinkedIn, PostType::Carousel) => review.warn(
            Problem::new("--type", "LinkedIn shows this as a grid of images, not as a carousel")
                .value(content.post_type.as_str()),
        ),
        _ => {}
    }
}

fn media(platform: Platform, post_type: PostType, images: usize, videos: usize) -> Option<Problem> {
    let sets = taken(platform, post_type);
    if sets.iter().any(|set| set.holds(images, videos)) {
        return None;
    }
    let name = platform_name(platform);
    let what = if sets.is_empty() {
        format!("{name} has no {} in its publishing API", plural(post_type))
    } else {
        let sets: Vec<String> = sets.iter().map(|set| set.name()).collect();
        let given = given(images, videos);
        format!("{name} {} take {}, not {given}", plural(post_type), sets.join(" or "))
    };
    let on_type = |what| Problem::new("--type", what).value(post_type.as_str());
    let problem = match fitting_type(platform, images, videos) {
        _ if images + videos == 0 && !sets.is_empty() => {
            let (flag, hint) = if sets == [Set::OneVideo] {
                ("--video", "add --video URL")
            } else if sets.contains(&Set::OneVideo) {
                ("--image", "add --image URL or --video URL")
            } else {
                ("--image", "add --image URL for each")
            };
            let what = if sets.contains(&Set::Images(1, 1)) && post_type == PostType::Post {
                format!("{name} has no text-only posts")
            } else {
                what
            };
            Problem::new(flag, what).hint(hint)
        }
        Some(other) => on_type(what).hint(format!("use --type {other}")),
        None if sets.is_empty() => on_type(what),
        None if images > 0 && videos > 0 => Problem::new("--video", what)
            .hint("publish the images and each video as posts of their own"),
        None => Problem::new(if videos > 0 { "--video" } else { "--image" }, what)
            .hint("split the media over several posts"),
    };
    Some(problem)
}

/// The type to suggest for these media: the plainest one that takes them.
fn fitting_type(platform: Platform, images: usize, videos: usize) -> Option<PostType> {
    // Video first: a lone video should not hide among the posts.
    let plainest =
        [PostType::Video, PostType::Post, PostType::Carousel, PostType::Reel, PostType::Story];
    plainest
        .into_iter()
        .find(|post_type| taken(platform, *post_type).iter().any(|set| set.holds(images, videos)))
}

fn link(content: &PostContent, review: &mut Review) {
    let Some(link) = &content.link else { return };
    let what = if content.platform == Platform::Instagram {
        "Instagram posts cannot carry a link"
    } else if content.post_type == PostType::Story {
        "stories cannot carry a link"
    } else if !content.media.is_empty() {
        "a post shows either its media or a link preview, not both"
    } else {
        return;
    };
    let problem = match super::urls::shown(link) {
        Some(shown) => Problem::new("--link", what).value(shown),
        None => Problem::new("--link", what),
    };
    let hint = match (content.platform, content.post_type) {
        (_, PostType::Story) => "leave --link out",
        _ => "write the address into the caption",
    };
    review.refuse(problem.hint(hint));
}

fn story(content: &PostContent, review: &mut Review) {
    if content.post_type != PostType::Story {
        return;
    }
    if content.first_comment.is_some() {
        review.refuse(
            Problem::new("--first-comment", "stories take no comments")
                .hint("leave --first-comment out"),
        );
    }
    // LinkedIn has no stories at all, which is said already.
    if content.platform != Platform::LinkedIn && !content.caption.is_empty() {
        let what =
            format!("{} does not show a caption on stories", platform_name(content.platform));
        review.warn(Problem::new("--caption", what).hint("put the text into the picture"));
    }
}

/// The platform's name as its owner writes it.
pub(super) fn platform_name(platform: Platform) -> &'static str {
    match platform {
        Platform::Facebook => "Facebook",
        Platform::Instagram => "Instagram",
        Platform::LinkedIn => "LinkedIn",
    }
}

fn plural(post_type: PostType) -> &'static str {
    match post_type {
        PostType::Post => "posts",
        PostType::Reel => "reels",
        PostType::Story => "stories",
        PostType::Video => "videos",
        PostType::Carousel => "carousels",
    }
}

/// `2 images and 1 video`.
fn given(images: usize, videos: usize) -> String {
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (images, videos) {
        (0, 0) => "no media".to_owned(),
        (n, 0) => count(n, "image"),
        (0, n) => count(n, "video"),
        (n, m) => format!("{} and {}", count(n, "image"), count(m, "video")),
    }
}
