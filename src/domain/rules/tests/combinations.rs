//! Every combination of type and media, links, stories.

use super::*;

#[test]
fn every_type_and_media_combination_is_judged() {
    use Platform::{Facebook, Instagram, LinkedIn};
    use PostType::{Carousel, Post, Reel, Story, Video};
    // Which (images, videos) are taken; everything else up to 21 of each is refused.
    type Taken = fn(usize, usize) -> bool;
    let combinations: [(Platform, PostType, Taken); 15] = [
        (Facebook, Post, |i, v| i <= 10 && v == 0),
        (Facebook, Carousel, |i, v| (2..=10).contains(&i) && v == 0),
        (Facebook, Video, |i, v| (i, v) == (0, 1)),
        (Facebook, Reel, |i, v| (i, v) == (0, 1)),
        (Facebook, Story, |i, v| i + v == 1),
        (Instagram, Post, |i, v| i + v == 1),
        (Instagram, Carousel, |i, v| (2..=10).contains(&(i + v))),
        (Instagram, Video, |i, v| (i, v) == (0, 1)),
        (Instagram, Reel, |i, v| (i, v) == (0, 1)),
        (Instagram, Story, |i, v| i + v == 1),
        (LinkedIn, Post, |i, v| (i <= 20 && v == 0) || (i, v) == (0, 1)),
        (LinkedIn, Carousel, |i, v| (2..=20).contains(&i) && v == 0),
        (LinkedIn, Video, |i, v| (i, v) == (0, 1)),
        (LinkedIn, Reel, |_, _| false),
        (LinkedIn, Story, |_, _| false),
    ];
    for (platform, post_type, taken) in combinations {
        for i in 0..=21 {
            for v in 0..=11 {
                let content = post(platform, post_type, [images(i), videos(v)].concat());
                let problems = problems(&content);
                let case = format!("{platform} {post_type} {i} images {v} videos: {problems:?}");
                assert_eq!(problems.is_empty(), taken(i, v), "{case}");
                assert!(problems.len() <= 1, "{case}");
                assert!(
                    problems.iter().all(|problem| problem.hint.is_some() || i + v > 1),
                    "{case}"
                );
            }
        }
    }
}

#[test]
fn refused_type_names_reason_and_fitting_type() {
    use Platform::{Facebook, Instagram, LinkedIn};
    use PostType::{Carousel, Post, Reel, Story};
    for (platform, post_type, media, what, hint) in [
        (
            LinkedIn,
            Reel,
            videos(1),
            "LinkedIn has no reels in its publishing API",
            "use --type video",
        ),
        (
            LinkedIn,
            Story,
            images(1),
            "LinkedIn has no stories in its publishing API",
            "use --type post",
        ),
        (
            Facebook,
            Post,
            videos(1),
            "Facebook posts take text alone or 1 to 10 images, not 1 video",
            "use --type video",
        ),
        (
            Instagram,
            Post,
            images(3),
            "Instagram posts take one image or one video, not 3 images",
            "use --type carousel",
        ),
        (
            Instagram,
            Carousel,
            images(1),
            "Instagram carousels take 2 to 10 images or videos, not 1 image",
            "use --type post",
        ),
        (
            Instagram,
            Story,
            [images(1), videos(1)].concat(),
            "Instagram stories take one image or one video, not 1 image and 1 video",
            "use --type carousel",
        ),
    ] {
        let problem = only_problem(&post(platform, post_type, media));
        assert_eq!(problem.field, "--type");
        assert_eq!(problem.value.as_deref(), Some(post_type.as_str()));
        assert_eq!((problem.what.as_str(), problem.hint.as_deref()), (what, Some(hint)));
    }
}

#[test]
fn missing_and_surplus_media_name_their_flag() {
    use Platform::{Facebook, Instagram};
    let none = only_problem(&post(Instagram, PostType::Post, vec![]));
    assert_eq!(
        (none.field.as_str(), none.what.as_str()),
        ("--image", "Instagram has no text-only posts")
    );
    assert_eq!(none.hint.as_deref(), Some("add --image URL or --video URL"));
    let none = only_problem(&post(Facebook, PostType::Reel, vec![]));
    assert_eq!((none.field.as_str(), none.hint.as_deref()), ("--video", Some("add --video URL")));
    let eleven = only_problem(&post(Facebook, PostType::Post, images(11)));
    assert_eq!(
        (eleven.field.as_str(), eleven.hint.as_deref()),
        ("--image", Some("split the media over several posts"))
    );
    let mixed = only_problem(&post(Facebook, PostType::Carousel, [images(2), videos(1)].concat()));
    assert_eq!(mixed.field, "--video");
}

#[test]
fn links_go_with_text_alone() {
    for platform in [Platform::Facebook, Platform::LinkedIn] {
        let mut content = text_post(platform, CAPTION);
        content.link = Some("https://example.com/menu".to_owned());
        assert!(problems(&content).is_empty());
        content.media = images(1);
        assert_eq!(
            only_problem(&content).what,
            "a post shows either its media or a link preview, not both"
        );
    }
    let mut content = text_post(Platform::Instagram, CAPTION);
    content.link = Some("https://example.com/menu".to_owned());
    assert_eq!(only_problem(&content).what, "Instagram posts cannot carry a link");
    let mut story = post(Platform::Facebook, PostType::Story, images(1));
    story.link = content.link;
    assert_eq!(only_problem(&story).what, "stories cannot carry a link");
}

#[test]
fn stories_take_no_comment_and_show_no_caption() {
    for platform in [Platform::Facebook, Platform::Instagram] {
        let mut story = post(platform, PostType::Story, images(1));
        assert!(warnings(&story)[0].contains("does not show a caption on stories"));
        story.caption.clear();
        assert!(warnings(&story).is_empty());
        story.first_comment = Some("First!".to_owned());
        assert_eq!(only_problem(&story).field, "--first-comment");
    }
}

#[test]
fn what_a_platform_shows_otherwise_is_a_warning() {
    assert_eq!(
        warnings(&post(Platform::Instagram, PostType::Post, videos(1))),
        ["Instagram shows a single video as a reel"]
    );
    assert_eq!(
        warnings(&post(Platform::LinkedIn, PostType::Carousel, images(2))),
        ["LinkedIn shows this as a grid of images, not as a carousel"]
    );
    assert!(warnings(&post(Platform::Instagram, PostType::Reel, videos(1))).is_empty());
}
