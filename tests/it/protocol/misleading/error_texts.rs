//! P19: a refusal says which platform refused what, what that means, and what
//! to do.

use std::slice;

use serde_json::{Value, json};

use super::{INSTAGRAM, MINUTE, Way, assert_waits, pauses, post, post_on};
use crate::support::World;

/// The message that an operator sees of a post.
#[track_caller]
fn assert_says(shown: &Value, parts: &[&str]) {
    let message = shown["errorMessage"].as_str().unwrap_or_else(|| panic!("no message: {shown}"));
    for part in parts {
        assert!(message.contains(part), "it lacks {part:?}: {message}");
    }
}

/// **P19**: a refusal names the platform, what it means and the next step.
#[test]
fn refusal_names_platform_meaning_and_next_step() {
    let world = World::new();
    let text: Way = ("Page text", "facebook", &[]);
    let page: Way = ("LinkedIn page", "linkedin", &[]);
    let refuse = |code: i64, subcode: u64| json!({"match": {"method": "POST"}, "fault": "refuse", "code": code, "subcode": subcode});
    #[rustfmt::skip]
    let cases: [(Way, Value, &[&str]); 6] = [
        (text, refuse(100, 0), &["Facebook", "a value is not valid", "Change the content and schedule it again."]),
        (text, refuse(197, 0), &["Facebook", "the post is empty", "schedule it again"]),
        (text, refuse(1500, 0), &["Facebook", "the link is not a valid URL", "schedule it again"]),
        (INSTAGRAM[1], refuse(352, 2_207_026), &["Instagram", "the video format is not supported", "Encode it as MP4"]),
        (INSTAGRAM[0], refuse(36_003, 2_207_009), &["Instagram", "the image is not between 4:5 and 1.91:1", "Crop it"]),
        (page, json!({"match": {"call": "publish"}, "fault": "refuse", "status": 422, "code": "INVALID_CONTENT"}),
            &["LinkedIn", "again"]),
    ];
    let posts: Vec<_> =
        cases.iter().map(|(way, rule, _)| post(&world, *way, slice::from_ref(rule))).collect();
    world.work_for(10 * MINUTE, 30);
    for (post, (_, rule, parts)) in posts.iter().zip(&cases) {
        let shown = world.post(&post.id);
        assert_eq!(shown["outcome"], "not_published", "{rule}: {shown}");
        assert_says(&shown, parts);
    }
    world.assert_healthy();
}

/// **P19**: a refusal says which medium of how many failed.
#[test]
fn refusal_names_the_failed_medium() {
    let world = World::new();
    let three: Way = (
        "carousel",
        "instagram",
        &["--type", "carousel", "--image", "a.jpg", "--image", "b.jpg", "--image", "c.jpg"],
    );
    let photos: Way =
        ("photos", "facebook", &["--image", "a.jpg", "--image", "b.jpg", "--image", "c.jpg"]);
    let images: Way =
        ("images", "linkedin", &["--image", "a.jpg", "--image", "missing.jpg", "--image", "c.jpg"]);
    let of_the_second = |edge: &str, code: i64, subcode: u64| {
        json!({"match": {"method": "POST", "path_contains": edge, "body_contains": "b.jpg"},
            "fault": "refuse", "code": code, "subcode": subcode})
    };
    let posts = [
        (
            post(&world, three, &[of_the_second("/media?", 36_001, 2_207_005)]),
            "format other than JPEG",
        ),
        (post(&world, photos, &[of_the_second("/photos", 100, 1_366_046)]), "larger than 4 MB"),
        (post(&world, images, &[]), "404 Not Found"),
    ];
    world.work_for(10 * MINUTE, 30);
    for (post, why) in &posts {
        let shown = world.post(&post.id);
        assert_eq!(shown["outcome"], "not_published", "{}: {shown}", post.way);
        assert_says(&shown, &["item 2 of 3: ", why]);
    }
    world.assert_healthy();
}

/// **P19**: a failed container says what its number means. The container gives
/// its subcode in a text.
#[test]
fn failed_container_explains_its_number() {
    let world = World::new();
    world.options(&json!({"container_ends": "ERROR/2207026"}));
    let reel = post(&world, INSTAGRAM[1], &[]);
    world.work_for(10 * MINUTE, 30);
    let shown = world.post(&reel.id);
    assert_says(&shown, &["Instagram", "the video format is not supported", "Encode it as MP4"]);
    assert_eq!(shown["errorCode"], "2207026", "{shown}");
    world.assert_healthy();
}

/// **P19**: a fault of the account pauses it with advice and fails no post. A
/// wrong Instagram id, a person's token in place of a Page's, a Page that lacks
/// its authorisation.
#[test]
fn account_fault_pauses_and_fails_no_post() {
    let world = World::new();
    #[rustfmt::skip]
    let cases: [(Way, i64, u64, &str); 4] = [
        (INSTAGRAM[0], 12, 0, "Add the account again with its Instagram user id"),
        (("text", "facebook", &[]), 210, 0, "the token is a person's and not the Page's"),
        (("text", "facebook", &[]), 200, 0, "a permission is missing"),
        (("text", "facebook", &[]), 100, 1_404_078, "The person does it in the Page's settings"),
    ];
    let mut posts = Vec::new();
    for (way, code, subcode, advice) in cases {
        let rule = json!({"match": {"method": "POST"}, "fault": "refuse", "code": code, "subcode": subcode});
        let first = post(&world, way, &[rule]);
        let second = post_on(&world, &first.account, way.2, "The second");
        posts.push((first, second, advice));
    }
    for _ in 0..3 {
        world.work(&[]);
        world.advance(10 * MINUTE);
    }
    let paused = pauses(&world);
    for (first, second, advice) in &posts {
        assert_waits(&world, first, 0);
        assert_eq!(world.status(second), "pending", "{}", world.post(second));
        let (_, why, left) = paused
            .iter()
            .find(|(id, ..)| *id == first.account.id)
            .unwrap_or_else(|| panic!("{advice}"));
        assert!(why.contains(advice) && *left == -1, "{why}");
    }
    world.heal();
    for (first, ..) in &posts {
        world.run(&["accounts", "resume", &first.account.id]).ok();
    }
    world.work_for(MINUTE, 20);
    assert_eq!(world.live().len(), 2 * posts.len());
    world.assert_healthy();
}
