//! Which platform takes which post type with which media.

use crate::domain::{Form, MediaKind, MediaSet, Platform, PostContent, PostType, Problem, Shape};

use super::Review;

/// What the platform makes of a post.
///
/// # Errors
/// The platform takes no such post: its type, media and link do not go together,
/// or there is nothing in it.
pub fn shape(content: &PostContent) -> Result<Shape, Problem> {
    let form = form(content)?;
    let problem = link(content).or_else(|| super::text::emptiness(content));
    problem.map_or(Ok(form.shape), Err)
}

pub(super) fn check(content: &PostContent, review: &mut Review) {
    let remark = match form(content) {
        Ok(form) => form.remark,
        Err(problem) => {
            review.refuse(problem);
            None
        }
    };
    if let Some(problem) = link(content) {
        review.refuse(problem);
    }
    story(content, review);
    for item in &content.media {
        if item.kind == MediaKind::Video && item.alt.is_some() {
            review.refuse(
                Problem::new("--alt", "only images have an alternative text, not videos")
                    .hint("give one --alt for each --image, in their order"),
            );
        }
    }
    if let Some(remark) = remark {
        let what = format!("{} {remark}", content.platform.profile().name);
        review.warn(Problem::new("--type", what).value(content.post_type.as_str()));
    }
}

/// The one form of the post's type that holds its media.
fn form(content: &PostContent) -> Result<&'static Form, Problem> {
    let PostContent { platform, post_type, media, .. } = content;
    let videos = media.iter().filter(|item| item.kind == MediaKind::Video).count();
    let images = media.len() - videos;
    let (name, forms) = (platform.profile().name, (platform.profile().forms)(*post_type));
    if let Some(form) = forms.iter().find(|form| form.media.holds(images, videos)) {
        return Ok(form);
    }
    let takes = |set| forms.iter().any(|form| form.media == set);
    let what = if forms.is_empty() {
        format!("{name} has no {} in its publishing API", plural(*post_type))
    } else {
        let sets: Vec<String> = forms.iter().map(|form| form.media.to_string()).collect();
        let given = given(images, videos);
        format!("{name} {} take {}, not {given}", plural(*post_type), sets.join(" or "))
    };
    let on_type = |what| Problem::new("--type", what).value(post_type.as_str());
    Err(match fitting_type(*platform, images, videos) {
        _ if images + videos == 0 && !forms.is_empty() => {
            let (flag, hint) = if takes(MediaSet::OneVideo) && forms.len() == 1 {
                ("--video", "add --video URL")
            } else if takes(MediaSet::OneVideo) {
                ("--image", "add --image URL or --video URL")
            } else {
                ("--image", "add --image URL for each")
            };
            let what = if takes(MediaSet::Images(1, 1)) && *post_type == PostType::Post {
                format!("{name} has no text-only posts")
            } else {
                what
            };
            Problem::new(flag, what).hint(hint)
        }
        Some(other) => on_type(what).hint(format!("use --type {other}")),
        None if forms.is_empty() => on_type(what),
        None if images > 0 && videos > 0 => Problem::new("--video", what)
            .hint("publish the images and each video as posts of their own"),
        None => Problem::new(if videos > 0 { "--video" } else { "--image" }, what)
            .hint("split the media over several posts"),
    })
}

/// The type to suggest for these media: the plainest one that takes them.
fn fitting_type(platform: Platform, images: usize, videos: usize) -> Option<PostType> {
    // Video first: a lone video should not hide among the posts.
    let plainest =
        [PostType::Video, PostType::Post, PostType::Carousel, PostType::Reel, PostType::Story];
    let forms = platform.profile().forms;
    plainest
        .into_iter()
        .find(|post_type| forms(*post_type).iter().any(|form| form.media.holds(images, videos)))
}

fn link(content: &PostContent) -> Option<Problem> {
    let link = content.link.as_ref()?;
    let profile = content.platform.profile();
    let what = if !profile.links {
        format!("{} posts cannot carry a link", profile.name)
    } else if content.post_type == PostType::Story {
        "stories cannot carry a link".to_owned()
    } else if !content.media.is_empty() {
        "a post shows either its media or a link preview, not both".to_owned()
    } else {
        return None;
    };
    let problem = match super::urls::shown(link) {
        Some(shown) => Problem::new("--link", what).value(shown),
        None => Problem::new("--link", what),
    };
    Some(problem.hint(match content.post_type {
        PostType::Story => "leave --link out",
        _ => "write the address into the caption",
    }))
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
    let profile = content.platform.profile();
    // A platform without stories is reported as such.
    if !(profile.forms)(PostType::Story).is_empty() && !content.caption.is_empty() {
        let what = format!("{} does not show a caption on stories", profile.name);
        review.warn(Problem::new("--caption", what).hint("put the text into the picture"));
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
