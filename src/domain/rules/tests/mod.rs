//! The rules, by row of the fault list.

mod combinations;
mod text;
mod urls;

use proptest::prelude::*;

use super::*;
use crate::domain::{AccountId, MediaItem, MediaKind, Platform, PostType};

const CAPTION: &str = "New menu";

fn item(kind: MediaKind, url: &str) -> MediaItem {
    MediaItem { url: url.to_owned(), kind, alt: None }
}

fn images(count: usize) -> Vec<MediaItem> {
    (0..count).map(|i| item(MediaKind::Image, &format!("https://cdn.example/{i}.jpg"))).collect()
}

fn videos(count: usize) -> Vec<MediaItem> {
    (0..count).map(|i| item(MediaKind::Video, &format!("https://cdn.example/{i}.mp4"))).collect()
}

fn post(platform: Platform, post_type: PostType, media: Vec<MediaItem>) -> PostContent {
    let caption = CAPTION.to_owned();
    PostContent { platform, post_type, caption, media, link: None, first_comment: None }
}

fn text_post(platform: Platform, caption: impl Into<String>) -> PostContent {
    let media = if platform == Platform::Instagram { images(1) } else { vec![] };
    PostContent { caption: caption.into(), ..post(platform, PostType::Post, media) }
}

fn with_url(platform: Platform, url: &str) -> PostContent {
    post(platform, PostType::Post, vec![item(MediaKind::Image, url)])
}

fn problems(content: &PostContent) -> Vec<Problem> {
    check(content, false).problems.0
}

fn warnings(content: &PostContent) -> Vec<String> {
    check(content, false).warnings.into_iter().map(|warning| warning.what).collect()
}

#[track_caller]
fn only_problem(content: &PostContent) -> Problem {
    let mut problems = problems(content);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn all_problems_are_reported_at_once() {
    let mut content = with_url(Platform::Instagram, "cdn.example/a.jpg");
    content.post_type = PostType::Reel;
    content.caption = "x".repeat(2_201);
    content.link = Some("ftp://example.com/".to_owned());
    let fields: Vec<String> = problems(&content).into_iter().map(|problem| problem.field).collect();
    assert_eq!(fields, ["--type", "--link", "--caption", "--image", "--link"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_content_makes_it_panic(
        caption in any::<String>(),
        url in "\\PC{0,30}|(https?|ftp)?:?/{0,3}[a-z0-9.:@%\\[\\]\\\\ é①]{0,20}/?[a-z.?#]{0,8}",
        link in proptest::option::of("\\PC{0,20}"),
        kind in proptest::sample::select(MediaKind::ALL),
        platform in proptest::sample::select(Platform::ALL),
        post_type in proptest::sample::select(PostType::ALL),
    ) {
        let media = vec![item(kind, &url)];
        let content = PostContent { caption, link, ..post(platform, post_type, media) };
        let review = check(&content, false);
        let _ = content_hash(AccountId::generate(), &content);
        for problem in review.problems.0.iter().chain(&review.warnings) {
            let shown = format!("{}{}", problem.what, problem.hint.as_deref().unwrap_or_default());
            prop_assert_eq!(crate::domain::escape::visible(&shown).into_owned(), shown);
        }
    }

    #[test]
    fn private_v4_address_is_found_from_its_number(low in any::<[u8; 3]>()) {
        let address = u32::from_be_bytes([10, low[0], low[1], low[2]]);
        for host in [format!("{address}"), format!("{address:#x}"), format!("0{address:o}")] {
            let content = with_url(Platform::LinkedIn, &format!("https://{host}/"));
            prop_assert!(!problems(&content).is_empty());
        }
    }
}
