//! Texts and their hash: C1 to C8 in docs/faults.md.

use super::*;

/// **C1**: the limit is counted in code points, and the count is shown.
#[test]
fn text_limit_counts_code_points() {
    for (platform, limit) in
        [(Platform::Instagram, 2_200), (Platform::LinkedIn, 3_000), (Platform::Facebook, 63_206)]
    {
        assert!(problems(&text_post(platform, "é".repeat(limit))).is_empty(), "{platform}");
        assert!(!problems(&text_post(platform, "é".repeat(limit + 1))).is_empty(), "{platform}");
    }
    let problem = only_problem(&text_post(Platform::Instagram, "x".repeat(2_201)));
    assert_eq!(problem.what, "2,201 characters; Instagram takes 2,200");
    assert_eq!(problem.hint.as_deref(), Some("shorten it by 1"));
    let problem = only_problem(&text_post(Platform::Facebook, "x".repeat(1_063_206)));
    assert_eq!(problem.what, "1,063,206 characters; Facebook takes 63,206");
}

/// **C1**: a text that only UTF-16 units count as too long gets a warning.
#[test]
fn text_too_long_in_utf16_is_a_warning() {
    // 7 code points, 11 UTF-16 units.
    let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
    let content = text_post(Platform::Instagram, family.repeat(300));
    assert!(problems(&content).is_empty());
    assert!(warnings(&content)[0].contains("3,300 UTF-16 units"));
    assert!(warnings(&text_post(Platform::Instagram, family.repeat(200))).is_empty());
}

/// **C1**: a LinkedIn text that grows past the limit by escaping gets a
/// warning.
#[test]
fn linkedin_text_outgrown_by_escaping_is_a_warning() {
    let content =
        text_post(Platform::LinkedIn, format!("{}{}", "x".repeat(2_970), "()".repeat(15)));
    assert!(problems(&content).is_empty());
    assert!(warnings(&content)[0].contains("3,030 as LinkedIn's format writes them"));
    assert!(warnings(&text_post(Platform::LinkedIn, "x".repeat(3_000))).is_empty());
}

/// **C2**: Instagram takes no 31 hashtags and no 21 mentions.
#[test]
fn instagram_refuses_too_many_hashtags_and_mentions() {
    let tags = |sign: &str, count: usize| -> String { format!("{sign}tag ").repeat(count) };
    assert!(problems(&text_post(Platform::Instagram, tags("#", 30) + &tags("@", 20))).is_empty());
    let problem = only_problem(&text_post(Platform::Instagram, tags("#", 31)));
    assert_eq!(problem.what, "31 hashtags; Instagram takes 30");
    let problem = only_problem(&text_post(Platform::Instagram, tags("@", 21)));
    assert_eq!(problem.what, "21 mentions; Instagram takes 20");
    assert!(problems(&text_post(Platform::Facebook, tags("#", 31))).is_empty());
    // Neither a sharp nor a mail address is a tag.
    assert!(
        problems(&text_post(Platform::Instagram, "C# # me@acme.example ".repeat(40))).is_empty()
    );
    assert_eq!(problems(&text_post(Platform::Instagram, "#été#日本 ".repeat(31))).len(), 1);
}

/// **C3**: a text without a visible character counts as empty.
#[test]
fn invisible_text_counts_as_empty() {
    for blank in
        ["", "  \n\t", "\u{200b}\u{feff}\u{2060}", "\u{3000}\u{2800}\u{3164}", "\u{200d}\u{fe0f}"]
    {
        for platform in [Platform::Facebook, Platform::LinkedIn] {
            let problem = only_problem(&text_post(platform, blank));
            assert_eq!(problem.what, "the post has neither text nor media", "{blank:?}");
        }
        let mut with_image = text_post(Platform::Facebook, blank);
        with_image.media = images(1);
        assert!(problems(&with_image).is_empty());
        with_image.first_comment = Some(blank.to_owned());
        assert_eq!(only_problem(&with_image).field, "--first-comment");
    }
    assert!(problems(&text_post(Platform::Instagram, "")).is_empty());
    assert!(problems(&text_post(Platform::Facebook, "👍")).is_empty());
}

/// **C4**: control characters in a caption are taken as given.
#[test]
fn control_characters_in_a_caption_are_kept() {
    assert!(problems(&text_post(Platform::Facebook, "a\u{1b}[31mb\u{7}\r\n\tc")).is_empty());
}

/// **C6**: no text may hold NUL.
#[test]
fn nul_is_refused_in_every_text() {
    let mut content = text_post(Platform::Instagram, "a\0b");
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

/// **C8**: composed and decomposed forms of one text have one hash.
#[test]
fn composed_and_decomposed_text_hash_alike() {
    let account: AccountId = "0198c2f4-6b1e-7c53-9d0a-1f2e3d4c5b6a".parse().unwrap();
    let hash = |content: &PostContent| content_hash(account, content);
    let content = text_post(Platform::Instagram, "Caf\u{e9}\n");
    assert_eq!(hash(&content), hash(&text_post(Platform::Instagram, "Cafe\u{301}\r\n")));
    // Stored in databases: a change here must be a new version of the form.
    assert_eq!(hash(&content), "eaa439fd451439126a9db2bbce438d1cb65f7234d5cea7b8c3197b5c5726b3d6");
}

/// **C8**: every difference that a reader can see changes the hash.
#[test]
fn visible_differences_change_the_hash() {
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
