//! Media URLs.

use serde_json::{Value, json};

use crate::support::{Account, Engine, Ran, World};

fn image(world: &World, account: &Account, url: &str) -> Ran {
    world.run(&["schedule", "--account", &account.id, "--image", url, "--at", "+1h"])
}

/// **D1**: only HTTP URLs are accepted.
#[test]
fn only_http_urls_are_accepted() {
    let world = World::new();
    let page = world.account("facebook");
    for url in [
        "file:///etc/passwd",
        "ftp://cdn.example/a.jpg",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "//cdn.example/a.jpg",
        "/tmp/a.jpg",
        "a.jpg",
        "",
    ] {
        image(&world, &page, url).exits(2).complains("--image");
        let args = ["schedule", "--account", &page.id, "--caption", "x", "--at", "+1h", "--link"];
        if !url.is_empty() {
            world.run(&[&args, &[url][..]].concat()).exits(2).complains("--link");
        }
    }
    let near = image(&world, &page, "cdn.example/a.jpg").exits(2);
    near.complains("https://cdn.example/a.jpg");
    assert_eq!(world.posts(), [Value::Null; 0]);
}

/// **D2**: private addresses in any spelling are refused.
#[test]
fn private_addresses_are_refused() {
    let world = World::new();
    let page = world.account("facebook");
    world.unset("SOCIALSCHED_ALLOW_PRIVATE_MEDIA");
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::ffff:169.254.169.254]",
        "localhost",
        "printer.local",
    ] {
        let ran = image(&world, &page, &format!("https://{host}/a.jpg")).exits(2);
        ran.complains("private address");
    }
    image(&world, &page, "https://cdn.example/a.jpg").ok();
}

/// **D5**: a password in a URL is refused and not repeated.
#[test]
fn url_password_is_refused_unrepeated() {
    let world = World::new();
    let page = world.account("facebook");
    for url in [
        "https://user:canary-password@cdn.example/a.jpg",
        "https://canary-user@cdn.example/a.jpg",
        "cdn.example/a.jpg@canary-",
        "https://u:canary-p@ cdn.example/a.jpg",
    ] {
        for format in ["table", "json"] {
            let args =
                ["schedule", "--account", &page.id, "--image", url, "--at", "+1h", "-o", format];
            let ran = world.run(&args).exits(2);
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"), "{ran}");
        }
    }
    world.assert_healthy();
}

/// **D6**: a URL that would be repaired is refused.
#[test]
fn url_needing_repair_is_refused() {
    let world = World::new();
    let page = world.account("facebook");
    for (url, what) in [
        ("https://cdn.example/a b.jpg", "blank"),
        (" https://cdn.example/a.jpg", "blank"),
        ("https://cdn.example/a\nb.jpg", "line break"),
        ("https://cdn.example/a\tb.jpg", "tab"),
        ("https:\\\\cdn.example\\a.jpg", "backslash"),
        ("https://cdn.example/\u{202e}gpj.a", "U+202E"),
    ] {
        let ran = image(&world, &page, url).exits(2).complains(what);
        assert!(!ran.stderr.contains(['\t', '\u{202e}']), "{ran:?}");
    }
    let body = json!({
        "companyId": world.company(), "socialAccountId": page.id, "platform": "facebook",
        "postType": "post", "caption": "x", "scheduleAt": "2028-02-01T08:00:00Z",
        "mediaUrls": [{"url": "https://cdn.example/a\u{0}.jpg", "type": "image"}],
    });
    let ran = world.run_with_input(&["schedule", "--body", "-"], &body.to_string()).exits(2);
    ran.complains("NUL").complains("mediaUrls");
}

/// **D7**: look-alike hosts are shown in punycode.
#[test]
fn look_alike_hosts_are_shown_as_punycode() {
    let world = World::new();
    world.unset("SOCIALSCHED_ALLOW_PRIVATE_MEDIA");
    // A Cyrillic а.
    let url = "https://cdn.ex\u{430}mple/a.jpg";
    for platform in ["facebook", "instagram"] {
        let account = world.account(platform);
        image(&world, &account, url).exits(2).complains("xn--");
    }
    let organization = world.account("linkedin");
    image(&world, &organization, url).ok().complains("xn--");
}

/// **D14**: lists of media that no platform takes are refused.
#[test]
fn impossible_media_lists_are_refused() {
    let world = World::new();
    let (page, instagram) = (world.account("facebook"), world.account("instagram"));
    let refused = |account: &Account, media: &[String]| {
        let args = ["schedule", "--account", &account.id, "--caption", "x", "--at", "+1h"];
        let mut args: Vec<&str> = args.to_vec();
        for url in media {
            args.extend(["--media", url]);
        }
        world.run(&args).exits(2);
    };
    let images = |count| (0..count).map(|n| world.media(&format!("{n}.jpg"))).collect::<Vec<_>>();
    refused(&instagram, &[]);
    refused(&page, &images(11));
    refused(&instagram, &images(11));
    refused(&page, &[world.media("one.jpg"), world.media("clip.mp4")]);
    refused(&page, &[world.media("one.jpg"), world.media("one.jpg")]);
    refused(&page, &[world.media("page.html")]);
    let body = |media: Value| {
        let body = json!({
            "companyId": world.company(), "socialAccountId": page.id, "platform": "facebook",
            "postType": "post", "caption": "x", "scheduleAt": "2028-02-01T08:00:00Z",
            "mediaUrls": media,
        });
        world.run_with_input(&["schedule", "--body", "-"], &body.to_string()).exits(2)
    };
    body(json!("https://cdn.example/a.jpg"));
    body(json!([null]));
    body(json!([{"url": 7, "type": "image"}]));
    body(json!([{"url": "https://cdn.example/a.jpg"}]));
    body(json!([{"url": "https://cdn.example/a.jpg", "type": "gif"}]));
    assert_eq!(world.posts(), [Value::Null; 0]);
}

/// **D14**: bad media in rows of another program fail with a reason, and the
/// rest goes out.
#[test]
fn bad_media_in_foreign_rows_fail() {
    let world = World::new();
    let instagram = world.account("instagram");
    let page = world.account("facebook");
    let good = world.schedule(&page, &["--caption", "Good"]);
    let media = [
        "",
        "null",
        "[]",
        "not json",
        "{}",
        "[null]",
        "7",
        r#"["https://cdn.example/a.jpg"]"#,
        r#"[{"url":"https://cdn.example/a.jpg","type":"gif"}]"#,
        r#"[{"url":"file:///etc/passwd","type":"image"}]"#,
        r#"[{"url":"https://cdn.example/a\u0000.jpg","type":"image"}]"#,
    ];
    plant_and_work(&world, &instagram, &media);
    let image = world.media("one.jpg");
    let null = world.schedule(&instagram, &["--caption", "Bad", "--image", &image]);
    world.database.execute(&format!("UPDATE post_details SET media = NULL WHERE id = '{null}'"));
    world.work_until_done();
    assert_eq!(world.status(&null), "failed");
    assert_eq!(world.status(&good), "published");
    assert_eq!(world.live().len(), 1, "{:#?}", world.live());
    world.run(&["list", "--all"]).ok();
    world.assert_healthy();
}

/// **D14**: media that break the rules in rows of another program are not sent.
#[test]
fn rule_breaking_foreign_media_is_not_sent() {
    let world = World::new();
    let (page, instagram) = (world.account("facebook"), world.account("instagram"));
    let image = |n: usize| json!({"url": world.media(&format!("{n}.jpg")), "type": "image"});
    let video = json!({"url": world.media("clip.mp4"), "type": "video"});
    let twice = json!([image(1), image(1)]).to_string();
    let many = json!((0..11).map(image).collect::<Vec<_>>()).to_string();
    let mixed = json!([image(1), video]).to_string();
    plant_and_work(&world, &instagram, &[&twice, &many]);
    plant_and_work(&world, &page, &[&twice, &many, &mixed]);
    assert_eq!(world.live(), [Value::Null; 0]);
    world.assert_healthy();
}

/// Posts whose media another program wrote: each fails with a reason.
fn plant_and_work(world: &World, account: &Account, media: &[&str]) {
    let image = world.media("one.jpg");
    let mut ids = Vec::new();
    for (n, media) in media.iter().enumerate() {
        let id = world.schedule(account, &["--caption", &format!("Bad {n}"), "--image", &image]);
        let mut media = media.replace('\'', "''");
        if world.database.engine() == Engine::MariaDb {
            media = media.replace('\\', "\\\\");
        }
        let sql = format!("UPDATE post_details SET media = '{media}' WHERE id = '{id}'");
        match world.database.try_execute(&sql) {
            Ok(()) => ids.push(id),
            Err(refusal) => {
                // A JSON column takes no text that is none, and JSONB no NUL.
                let refusal = refusal.to_string();
                let expected = match world.database.engine() {
                    Engine::Sqlite => "SQLite refuses nothing",
                    Engine::MariaDb => "post_details.media",
                    Engine::Postgres if media.contains("u0000") => "Unicode",
                    Engine::Postgres => "json",
                };
                assert!(refusal.contains(expected), "{refusal}: {media}");
                world.run(&["cancel", &id]).ok();
            }
        }
    }
    world.work_until_done();
    for id in ids {
        let [status, outcome, message, media] = {
            let sql = format!(
                "SELECT status, outcome, error_message, media FROM post_details WHERE id = '{id}'"
            );
            <[String; 4]>::try_from(world.database.rows(&sql).remove(0)).unwrap()
        };
        assert_eq!((status.as_str(), outcome.as_str()), ("failed", "not_published"), "{media}");
        assert!(!message.is_empty(), "{media}");
        let ran = world.run(&["show", &id]);
        // A row that cannot be read is named: exit 5.
        assert!(ran.code == Some(0) || ran.code == Some(5), "{media}: {ran}");
    }
}
