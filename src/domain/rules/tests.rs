//! The rules by row of the fault list, and every combination of type and media.

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

fn text(platform: Platform, caption: impl Into<String>) -> PostContent {
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
fn every_combination_of_type_and_media_has_its_verdict() {
    use Platform::{Facebook, Instagram, LinkedIn};
    use PostType::{Carousel, Post, Reel, Story, Video};
    // Which (images, videos) are taken; everything else up to 21 of each is refused.
    type Taken = fn(usize, usize) -> bool;
    let verdicts: [(Platform, PostType, Taken); 15] = [
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
    for (platform, post_type, taken) in verdicts {
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
fn a_refused_type_names_the_reason_and_the_type_that_fits() {
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
fn missing_and_surplus_media_are_told_by_their_flag() {
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
fn all_problems_are_told_at_once() {
    let mut content = with_url(Platform::Instagram, "cdn.example/a.jpg");
    content.post_type = PostType::Reel;
    content.caption = "x".repeat(2_201);
    content.link = Some("ftp://example.com/".to_owned());
    let fields: Vec<String> = problems(&content).into_iter().map(|problem| problem.field).collect();
    assert_eq!(fields, ["--type", "--link", "--caption", "--image", "--link"]);
}

#[test]
fn links_go_with_text_alone() {
    for platform in [Platform::Facebook, Platform::LinkedIn] {
        let mut content = text(platform, CAPTION);
        content.link = Some("https://example.com/menu".to_owned());
        assert!(problems(&content).is_empty());
        content.media = images(1);
        assert_eq!(
            only_problem(&content).what,
            "a post shows either its media or a link preview, not both"
        );
    }
    let mut content = text(Platform::Instagram, CAPTION);
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

#[test]
fn c1_the_limit_is_counted_in_code_points_and_shown() {
    for (platform, limit) in
        [(Platform::Instagram, 2_200), (Platform::LinkedIn, 3_000), (Platform::Facebook, 63_206)]
    {
        assert!(problems(&text(platform, "é".repeat(limit))).is_empty(), "{platform}");
        assert!(!problems(&text(platform, "é".repeat(limit + 1))).is_empty(), "{platform}");
    }
    let problem = only_problem(&text(Platform::Instagram, "x".repeat(2_201)));
    assert_eq!(problem.what, "2,201 characters; Instagram takes 2,200");
    assert_eq!(problem.hint.as_deref(), Some("shorten it by 1"));
    let problem = only_problem(&text(Platform::Facebook, "x".repeat(1_063_206)));
    assert_eq!(problem.what, "1,063,206 characters; Facebook takes 63,206");
}

#[test]
fn c1_a_text_that_only_utf_16_counts_as_too_long_is_a_warning() {
    // 7 code points, 11 UTF-16 units.
    let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
    let content = text(Platform::Instagram, family.repeat(300));
    assert!(problems(&content).is_empty());
    assert!(warnings(&content)[0].contains("3,300 UTF-16 units"));
    assert!(warnings(&text(Platform::Instagram, family.repeat(200))).is_empty());
}

#[test]
fn c1_linkedin_text_that_grows_past_the_limit_by_escaping_is_a_warning() {
    let content = text(Platform::LinkedIn, format!("{}{}", "x".repeat(2_970), "()".repeat(15)));
    assert!(problems(&content).is_empty());
    assert!(warnings(&content)[0].contains("3,030 as LinkedIn's format writes them"));
    assert!(warnings(&text(Platform::LinkedIn, "x".repeat(3_000))).is_empty());
}

#[test]
fn c2_thirty_one_hashtags_and_twenty_one_mentions_are_refused_on_instagram() {
    let tags = |sign: &str, count: usize| -> String { format!("{sign}tag ").repeat(count) };
    assert!(problems(&text(Platform::Instagram, tags("#", 30) + &tags("@", 20))).is_empty());
    let problem = only_problem(&text(Platform::Instagram, tags("#", 31)));
    assert_eq!(problem.what, "31 hashtags; Instagram takes 30");
    let problem = only_problem(&text(Platform::Instagram, tags("@", 21)));
    assert_eq!(problem.what, "21 mentions; Instagram takes 20");
    assert!(problems(&text(Platform::Facebook, tags("#", 31))).is_empty());
    // Neither a sharp nor a mail address is a tag.
    assert!(problems(&text(Platform::Instagram, "C# # me@acme.example ".repeat(40))).is_empty());
    assert_eq!(problems(&text(Platform::Instagram, "#été#日本 ".repeat(31))).len(), 1);
}

#[test]
fn c3_a_text_nobody_can_see_counts_as_empty() {
    for blank in
        ["", "  \n\t", "\u{200b}\u{feff}\u{2060}", "\u{3000}\u{2800}\u{3164}", "\u{200d}\u{fe0f}"]
    {
        for platform in [Platform::Facebook, Platform::LinkedIn] {
            let problem = only_problem(&text(platform, blank));
            assert_eq!(problem.what, "the post has neither text nor media", "{blank:?}");
        }
        let mut with_image = text(Platform::Facebook, blank);
        with_image.media = images(1);
        assert!(problems(&with_image).is_empty());
        with_image.first_comment = Some(blank.to_owned());
        assert_eq!(only_problem(&with_image).field, "--first-comment");
    }
    assert!(problems(&text(Platform::Instagram, "")).is_empty());
    assert!(problems(&text(Platform::Facebook, "👍")).is_empty());
}

#[test]
fn c4_control_characters_in_a_caption_are_taken_as_given() {
    assert!(problems(&text(Platform::Facebook, "a\u{1b}[31mb\u{7}\r\n\tc")).is_empty());
}

#[test]
fn c6_nul_is_refused_in_every_text() {
    let mut content = text(Platform::Instagram, "a\0b");
    content.first_comment = Some("c\0".to_owned());
    content.media[0].alt = Some("d\0".to_owned());
    let fields: Vec<String> = problems(&content).into_iter().map(|problem| problem.field).collect();
    assert_eq!(fields, ["--caption", "--first-comment", "--alt"]);
}

#[test]
fn alternative_texts_have_limits_and_belong_to_images() {
    for (platform, limit) in [(Platform::Instagram, 1_000), (Platform::LinkedIn, 4_086)] {
        let mut content = post(platform, PostType::Post, images(1));
        content.media[0].alt = Some("x".repeat(limit));
        assert!(problems(&content).is_empty());
        content.media[0].alt = Some("x".repeat(limit + 1));
        assert_eq!(only_problem(&content).field, "--alt");
    }
    let mut video = post(Platform::LinkedIn, PostType::Video, videos(1));
    video.media[0].alt = Some("A cat".to_owned());
    assert_eq!(only_problem(&video).what, "only images have an alternative text, not videos");
}

#[test]
fn c8_composed_and_decomposed_text_have_one_hash() {
    let account: AccountId = "0198c2f4-6b1e-7c53-9d0a-1f2e3d4c5b6a".parse().unwrap();
    let hash = |content: &PostContent| content_hash(account, content);
    let content = text(Platform::Instagram, "Caf\u{e9}\n");
    assert_eq!(hash(&content), hash(&text(Platform::Instagram, "Cafe\u{301}\r\n")));
    // Stored in databases: a change here must be a new version of the form.
    assert_eq!(hash(&content), "eaa439fd451439126a9db2bbce438d1cb65f7234d5cea7b8c3197b5c5726b3d6");
}

#[test]
fn c8_whatever_a_reader_can_tell_apart_changes_the_hash() {
    let account = AccountId::generate();
    let base = post(Platform::Facebook, PostType::Carousel, images(2));
    let mut changed = vec![base.clone(); 8];
    changed[1].caption.push('!');
    changed[2].media.reverse();
    changed[3].media[0].kind = MediaKind::Video;
    changed[4].media[0].alt = Some("A cat".to_owned());
    changed[5].link = Some("https://example.com/".to_owned());
    changed[6].first_comment = Some("First!".to_owned());
    changed[7].post_type = PostType::Post;
    let mut hashes: Vec<String> = changed.iter().map(|c| content_hash(account, c)).collect();
    hashes.push(content_hash(AccountId::generate(), &base));
    let distinct: std::collections::HashSet<&String> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len());
}

#[test]
fn d1_only_absolute_http_urls_are_taken() {
    for url in [
        "file:///etc/passwd",
        "ftp://cdn.example/a.jpg",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "//cdn.example/a.jpg",
        "/home/me/a.jpg",
        "a.jpg",
        "https:a.jpg",
        "https:/cdn.example/a.jpg",
        "https:///cdn.example/a.jpg",
        "http//cdn.example/a.jpg",
    ] {
        assert_eq!(
            only_problem(&with_url(Platform::Facebook, url)).what,
            "not an absolute http(s) URL",
            "{url}"
        );
    }
    for url in [
        "https://cdn.example/a.jpg",
        "HTTPS://CDN.example/a.jpg",
        "https://cdn.example:8443/a.jpg?sig=1",
    ] {
        assert!(problems(&with_url(Platform::Instagram, url)).is_empty(), "{url}");
    }
    assert_eq!(only_problem(&with_url(Platform::Facebook, "")).what, "the URL is empty");
    assert!(
        only_problem(&with_url(Platform::Facebook, "https://")).what.starts_with("not a valid URL")
    );
}

#[test]
fn d1_a_missing_scheme_is_suggested_and_a_local_file_explained() {
    let hint = |url| only_problem(&with_url(Platform::Facebook, url)).hint;
    for (url, meant) in [
        ("cdn.example/a.jpg", "did you mean https://cdn.example/a.jpg ?"),
        ("cdn.example:8443/a.jpg", "did you mean https://cdn.example:8443/a.jpg ?"),
        ("//cdn.example/a.jpg", "did you mean https://cdn.example/a.jpg ?"),
        ("a.jpg", "media are fetched from the web: give the public URL of the file"),
        ("./a.jpg", "media are fetched from the web: give the public URL of the file"),
        ("/home/me/a.jpg", "media are fetched from the web: give the public URL of the file"),
    ] {
        assert_eq!(hint(url).as_deref(), Some(meant), "{url}");
    }
    assert_eq!(hint("javascript:alert(1)"), None);
}

#[test]
fn d2_private_addresses_are_refused_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "0x7f.1",
        "0",
        "0.0.0.0",
        "127%2e0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "localhost",
        "LOCALHOST.",
        "db.localhost",
        "printer.local",
        "metadata.google.internal",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:8.8.8.8]",
        "[2002:7f00:1::]",
        "[64:ff9b::10.0.0.1]",
        "[fd00:ec2::254]",
        "[2001:db8::1]",
        "①②⑦.⓪.⓪.①",
        "１２７.0.0.1",
    ] {
        let content = with_url(Platform::LinkedIn, &format!("https://{host}/a.jpg"));
        let problem = only_problem(&content);
        assert_eq!(problem.what, "a private address, which no platform can reach", "{host}");
        assert!(check(&content, true).problems.is_empty(), "{host}");
    }
    for host in [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "[2606:4700::1111]",
        "[64:ff9b::8.8.8.8]",
        "local.example",
        "notlocalhost.example",
    ] {
        assert!(
            problems(&with_url(Platform::LinkedIn, &format!("https://{host}/a.jpg"))).is_empty(),
            "{host}"
        );
    }
}

#[test]
fn d5_a_url_with_a_password_is_refused_and_never_repeated() {
    for url in [
        "https://me:hunter2@cdn.example/a.jpg",
        "https://hunter2@cdn.example/a.jpg",
        "me:hunter2@cdn.example/a.jpg",
        "ftp://me:hunter2@cdn.example/",
        "https:me:hunter2@cdn.example/",
        "https://me:hunter2@cdn.example /a.jpg",
        "https://me:hunter2@127.0.0.1/",
        "https://me:hunter2@é.example/",
        "https:\\\\me:hunter2@cdn.example/",
        "https://me:hunter2@cdn.example:99999/",
    ] {
        let mut content = with_url(Platform::Facebook, url);
        content.link = Some(url.to_owned());
        let review = check(&content, false);
        assert!(!review.problems.is_empty(), "{url}");
        assert!(!format!("{review:?}").contains("hunter2"), "{url}: {review:?}");
    }
    let problem =
        only_problem(&with_url(Platform::Facebook, "https://me:hunter2@cdn.example/a.jpg"));
    assert_eq!(problem.what, "a URL with a user name or password is not taken");
    assert!(problems(&with_url(Platform::Facebook, "https://cdn.example/12@N00/a.jpg")).is_empty());
}

#[test]
fn d5_a_signature_in_the_query_is_not_repeated() {
    let review = check(&with_url(Platform::Facebook, "ftp://cdn.example/a.jpg?sig=hunter2"), false);
    assert_eq!(review.problems.0[0].value.as_deref(), Some("ftp://cdn.example/a.jpg?…"));
    let review = check(&with_url(Platform::Facebook, "cdn.example/é.jpg?sig=hunter2"), false);
    assert!(!format!("{review:?}").contains("hunter2"));
}

#[test]
fn d6_a_text_that_parsing_would_change_is_refused() {
    for (url, what) in [
        ("https://cdn.example/a b.jpg", "a URL cannot hold a blank"),
        (" https://cdn.example/a.jpg", "a URL cannot hold a blank"),
        ("https://cdn.example/a\n.jpg", "a URL cannot hold a line break"),
        ("https://cdn.example/a\t.jpg", "a URL cannot hold a tab"),
        ("https://cdn.example/a\0.jpg", "a URL cannot hold a NUL character"),
        ("https://cdn.example\\a.jpg", "a URL cannot hold a backslash"),
        ("https://cdn.example/a\u{200b}.jpg", "a URL cannot hold the character U+200B"),
        ("https://cdn.example/a\u{202e}.jpg", "a URL cannot hold the character U+202E"),
        ("https://cdn.example/a\u{3000}.jpg", "a URL cannot hold the character U+3000"),
    ] {
        assert_eq!(only_problem(&with_url(Platform::LinkedIn, url)).what, what);
    }
}

#[test]
fn d7_an_international_name_is_shown_as_punycode() {
    let url = "https://аpple.example/a.jpg";
    let warned = check(&with_url(Platform::LinkedIn, url), false).warnings;
    assert_eq!(warned[0].what, "the host is xn--pple-43d.example");
    for platform in [Platform::Facebook, Platform::Instagram] {
        let problem = only_problem(&with_url(platform, url));
        assert!(problem.what.ends_with("takes plain ASCII URLs only"));
        assert_eq!(
            problem.hint.as_deref(),
            Some("percent-encode it: https://xn--pple-43d.example/a.jpg")
        );
    }
    let path = with_url(Platform::Facebook, "https://CDN.example/é.jpg");
    assert_eq!(
        only_problem(&path).hint.as_deref(),
        Some("percent-encode it: https://cdn.example/%C3%A9.jpg")
    );
    assert!(warnings(&with_url(Platform::LinkedIn, "https://CDN.example/é.jpg")).is_empty());
}

#[test]
fn d14_the_same_url_twice_is_refused() {
    let mut content = post(Platform::Facebook, PostType::Post, images(3));
    content.media[2].url = "https://CDN.example/0.jpg#again".to_owned();
    let problem = only_problem(&content);
    assert_eq!(
        (problem.field.as_str(), problem.what.as_str()),
        ("--image", "the same URL is given twice")
    );
}

#[test]
fn a_kind_of_file_the_platform_does_not_take_is_a_warning() {
    let warned = |platform, url| warnings(&with_url(platform, url));
    assert_eq!(
        warned(Platform::Instagram, "https://cdn.example/a.png"),
        ["Instagram takes jpg, jpeg files as image, not .png"]
    );
    assert!(warned(Platform::Facebook, "https://cdn.example/a.png").is_empty());
    assert!(warned(Platform::Instagram, "https://cdn.example/image?id=7").is_empty());
    assert_eq!(
        warned(Platform::LinkedIn, "https://cdn.example/a.mp4"),
        ["the name .mp4 looks like no image"]
    );
    assert_eq!(
        warned(Platform::Facebook, "http://cdn.example/a.jpg"),
        ["Facebook fetches media over https"]
    );
}

#[test]
fn the_kind_of_a_medium_is_told_by_its_extension() {
    for (url, kind) in [
        ("https://cdn.example/a.jpg", Some(MediaKind::Image)),
        ("https://cdn.example/a.JPEG?w=9#x", Some(MediaKind::Image)),
        ("https://cdn.example/b.c/clip.mp4", Some(MediaKind::Video)),
        ("https://cdn.example/a.jpg/", None),
        ("https://cdn.example/a?name=a.jpg", None),
        ("https://photos.jpg", None),
        ("https://cdn.example/a.pdf", None),
        ("", None),
    ] {
        assert_eq!(media_kind_of(url), kind, "{url}");
    }
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
    fn a_private_v4_address_is_found_in_its_number_too(low in any::<[u8; 3]>()) {
        let address = u32::from_be_bytes([10, low[0], low[1], low[2]]);
        for host in [format!("{address}"), format!("{address:#x}"), format!("0{address:o}")] {
            let content = with_url(Platform::LinkedIn, &format!("https://{host}/"));
            prop_assert!(!problems(&content).is_empty());
        }
    }
}
