//! Captions.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Account, Ran, World};

/// Schedules the caption from a file, without storing it.
fn try_caption(world: &World, account: &Account, caption: &str) -> Ran {
    fs::write(world.path("caption.txt"), caption).unwrap();
    let image = world.media("one.jpg");
    let media: &[&str] = if account.platform == "instagram" { &["--image", &image] } else { &[] };
    #[rustfmt::skip]
    let args = [
        "schedule", "--account", &account.id, "--caption-file", "caption.txt", "--at", "+1h", "-n",
    ];
    world.run(&[&args, media].concat())
}

/// **C1**: the limit of each platform counts code points.
#[test]
fn platform_limits_count_code_points() {
    let world = World::new();
    for (platform, limit, limit_shown, over_shown) in [
        ("instagram", 2_200, "2,200", "2,201"),
        ("linkedin", 3_000, "3,000", "3,001"),
        ("facebook", 63_206, "63,206", "63,207"),
    ] {
        let account = world.account(platform);
        for letter in ["x", "é", "日"] {
            let ran = try_caption(&world, &account, &letter.repeat(limit)).ok();
            assert_eq!(ran.stderr, "", "{platform}");
            let ran = try_caption(&world, &account, &letter.repeat(limit + 1)).exits(2);
            ran.complains(limit_shown).complains(over_shown);
        }
    }
    // 7 code points, 11 UTF-16 units each.
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    let account = world.account("instagram");
    let ran = try_caption(&world, &account, &family.repeat(250)).ok();
    ran.complains("1,750").complains("2,750 UTF-16 units");
    try_caption(&world, &account, &family.repeat(315)).exits(2);
}

/// **C2**: too many hashtags or mentions are counted.
#[test]
fn too_many_hashtags_or_mentions_are_counted() {
    let world = World::new();
    let account = world.account("instagram");
    let tags =
        |sign: &str, count| (0..count).map(|n| format!("{sign}word{n} ")).collect::<String>();
    try_caption(&world, &account, &tags("#", 30)).ok();
    try_caption(&world, &account, &tags("#", 31)).exits(2).complains("31 hashtags");
    try_caption(&world, &account, &tags("@", 20)).ok();
    try_caption(&world, &account, &tags("@", 21)).exits(2).complains("21 mentions");
}

/// **C3**: a text without a visible character counts as none.
#[test]
fn invisible_text_counts_as_none() {
    let world = World::new();
    for platform in ["facebook", "linkedin"] {
        let account = world.account(platform);
        for blank in ["", " \n\t ", "\u{200b}\u{200d}\u{feff}", "\u{3164}"] {
            let ran = try_caption(&world, &account, blank).exits(2);
            ran.complains("--caption").complains("neither text nor media");
        }
    }
}

/// Everything that moves a cursor, forges a line or rings.
const EVIL: &str = "\u{1b}[31mred\u{1b}]0;title\u{7} a\rb\tc\u{9b}2J \u{8}\u{7f}";

/// **C4**: control characters are stored as given and shown escaped.
#[test]
fn control_characters_are_stored_shown_escaped() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", EVIL, "--at", "+1h"]);
    for args in [
        ["list", "-o", "table"].as_slice(),
        &["list", "-o", "tsv"],
        &["list", "-o", "csv"],
        &["show", &id, "-o", "table"],
        &["show", &id],
        &["list", "-o", "table", "--color", "always"],
    ] {
        let ran = world.run(args).ok().says(r"\u{1b}]0;title\u{7}").says(r"\u{9b}2J");
        let plain = ran.stdout.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        let mut odd = plain.chars().filter(|c| c.is_control() && *c != '\n' && *c != '\t');
        assert_eq!(odd.next(), None, "{ran}");
    }
    for args in [["list", "--json"], ["list", "-ojsonl"], ["show", "--json"]] {
        let args = if args[0] == "show" { vec!["show", &id, "--json"] } else { args.to_vec() };
        let ran = world.run(&args).ok();
        let odd = ran.stdout.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(odd, None, "{ran}");
    }
    assert_eq!(world.post(&id)["caption"], EVIL);
    // Errors and logs, too.
    let ran = world.run(&["show", EVIL]).exits(2);
    assert!(!ran.stderr.contains(['\u{1b}', '\u{7}', '\r']), "{ran:?}");
    let ran = world.run(&["list", EVIL]).exits(2);
    assert!(!ran.stderr.contains(['\u{1b}', '\u{7}', '\r']), "{ran:?}");
    let ran = world.run(&["accounts", "pause", EVIL]).exits(3);
    assert!(!ran.stderr.contains(['\u{1b}', '\u{7}', '\r']), "{ran:?}");
}

/// **C5**: marks that change the direction of text are shown as escapes.
#[test]
fn directional_marks_are_shown_as_escapes() {
    let world = World::new();
    let page = world.account("facebook");
    let text = "pay \u{202e}evil\u{202c} \u{2066}x\u{2069}";
    let id = world.schedule(&page, &["--caption", text, "--at", "+1h"]);
    for args in [["list", "-o", "table"], ["list", "-o", "tsv"], ["list", "-o", "csv"]] {
        let ran = world.run(&args).ok().says(r"\u{202e}evil\u{202c} \u{2066}x\u{2069}");
        assert!(!ran.stdout.contains(['\u{202e}', '\u{2066}']), "{ran}");
    }
    let ran = world.run(&["show", &id, "-o", "table"]).ok().says(r"\u{202e}");
    assert!(!ran.stdout.contains('\u{202e}'), "{ran}");
    assert_eq!(world.post(&id)["caption"], text);
}

/// **C6**: NUL is refused.
#[test]
fn nul_is_refused() {
    let world = World::new();
    let page = world.account("facebook");
    try_caption(&world, &page, "a\0b").exits(2).complains("NUL");
    let body = body(&world, &page, r#""a\u0000b""#);
    world.run_with_input(&["schedule", "--body", "-"], &body).exits(2).complains("NUL");
    assert_eq!(world.posts(), [Value::Null; 0]);
}

/// The old scheduler's request with a caption in JSON's own words.
fn body(world: &World, account: &Account, caption: &str) -> String {
    let body = json!({
        "companyId": world.company(), "assignedClientId": null, "socialAccountId": account.id,
        "platform": account.platform, "postType": "post", "caption": "CAPTION", "mediaUrls": [],
        "scheduleAt": "2028-02-01T08:00:00Z",
    });
    body.to_string().replace("\"CAPTION\"", caption)
}

/// **C7**: half a surrogate pair is refused.
#[test]
fn half_a_surrogate_pair_is_refused() {
    let world = World::new();
    let page = world.account("facebook");
    for bad in [r#""\ud800""#, r#""a\udc00b""#, r#""\ud83dx""#] {
        let ran = world.run_with_input(&["schedule", "--body", "-"], &body(&world, &page, bad));
        ran.exits(2).complains("--body");
    }
    let good = body(&world, &page, r#""\ud83d\ude00""#);
    world.run_with_input(&["schedule", "--body", "-"], &good).ok();
    assert_eq!(world.posts()[0]["caption"], "😀");
}
