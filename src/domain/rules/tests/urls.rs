//! URLs: D1 to D14 in docs/faults.md.

use super::*;

/// **D1**: only absolute `http` and `https` URLs are accepted.
#[test]
fn only_absolute_http_urls_are_accepted() {
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

/// **D1**: a missing scheme is suggested, and a local file is explained.
#[test]
fn missing_scheme_and_local_file_are_explained() {
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

/// **D2**: no spelling of a private address is accepted.
#[test]
fn private_addresses_are_refused_in_every_spelling() {
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
        "intranet",
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

/// **D5**: a URL with a password is refused, and the message does not repeat
/// it.
#[test]
fn url_with_a_password_is_refused_unrepeated() {
    for url in [
        "https://me:hunter2@cdn.example/a.jpg",
        "https://hunter2@cdn.example/a.jpg",
        "me:hunter2@cdn.example/a.jpg",
        "https://me:hunter2?x@cdn.example/",
        "https://me:hunter2#x@cdn.example/",
        "https://me:hunter2%40cdn.example/",
        "https://me:hunter2/x@cdn.example/",
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

/// **D5**: a message does not repeat the signature in a URL's query.
#[test]
fn signature_in_the_query_is_not_repeated() {
    let review = check(&with_url(Platform::Facebook, "ftp://cdn.example/a.jpg?sig=hunter2"), false);
    assert_eq!(review.problems.0[0].value.as_deref(), Some("ftp://cdn.example/a.jpg?…"));
    let review = check(&with_url(Platform::Facebook, "cdn.example/é.jpg?sig=hunter2"), false);
    assert!(!format!("{review:?}").contains("hunter2"));
}

/// **D6**: a URL that parsing would change is refused.
#[test]
fn url_that_parsing_would_change_is_refused() {
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

/// **D7**: an international host name is shown as punycode.
#[test]
fn international_host_names_are_shown_as_punycode() {
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

/// **D14**: a post may not have the same URL twice.
#[test]
fn same_url_twice_is_refused() {
    let mut content = post(Platform::Facebook, PostType::Post, images(3));
    content.media[2].url = "https://CDN.example/0.jpg#again".to_owned();
    let problem = only_problem(&content);
    assert_eq!(
        (problem.field.as_str(), problem.what.as_str()),
        ("--image", "the same URL is given twice")
    );
}

#[test]
fn file_kind_unsupported_by_platform_is_a_warning() {
    let warned = |platform, url| warnings(&with_url(platform, url));
    assert_eq!(
        warned(Platform::Instagram, "https://cdn.example/a.png"),
        ["Instagram takes jpg, jpeg files as image, not .png"]
    );
    assert!(warned(Platform::Facebook, "https://cdn.example/a.png").is_empty());
    assert!(warned(Platform::Instagram, "https://cdn.example/image?id=7").is_empty());
    assert_eq!(
        warned(Platform::LinkedIn, "https://cdn.example/a.mp4"),
        ["the extension .mp4 is not that of an image"]
    );
    assert_eq!(
        warned(Platform::Facebook, "http://cdn.example/a.jpg"),
        ["Facebook fetches media over https"]
    );
}

#[test]
fn media_kind_is_derived_from_the_extension() {
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
