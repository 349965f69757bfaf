use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::domain::{AccessToken, MediaItem, Platform, Scope, Staging, StepKind};
use crate::platforms::rehearsal::{Rehearsal, draft};
use crate::sandbox::{SandboxOptions, SecondPublish};

const ACCOUNT: &str = "17841400000000001";

/// The unproven behaviour of the platform at its worst.
fn harsh() -> SandboxOptions {
    SandboxOptions { second_publish: SecondPublish::SecondPost, ..SandboxOptions::default() }
}

fn instagram(rehearsal: &Rehearsal) -> Instagram {
    Instagram::new(rehearsal.http.clone(), MetaSettings::default())
}

fn post(post_type: PostType, media: Vec<MediaItem>) -> Draft {
    draft(Platform::Instagram, ACCOUNT, post_type, "Hello 👋", media)
}

/// Of a call so old that lists have caught up with it.
fn late(intent: Intent) -> Intent {
    Intent { age: sighting::LISTS_LAG, ..intent }
}

/// One post of every kind.
fn posts(rehearsal: &Rehearsal) -> Vec<(&'static str, Draft)> {
    let image = |name| rehearsal.image(name);
    let video = || rehearsal.video("clip");
    vec![
        ("image", post(PostType::Post, vec![image("a")])),
        ("video post", post(PostType::Post, vec![video()])),
        ("video", post(PostType::Video, vec![video()])),
        ("reel", post(PostType::Reel, vec![video()])),
        ("image story", post(PostType::Story, vec![image("a")])),
        ("video story", post(PostType::Story, vec![video()])),
        ("images", post(PostType::Post, vec![image("a"), image("b")])),
        ("carousel", post(PostType::Carousel, vec![image("a"), video(), image("b")])),
    ]
}

#[tokio::test]
async fn every_kind_of_post_stays_invisible_until_it_is_published_and_is_then_seen_once() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        let rehearsal = Rehearsal::new(harsh()).await;
        let instagram = instagram(&rehearsal);
        let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
        rehearsal.prepare(&instagram, &mut draft).await.unwrap();
        assert_eq!(rehearsal.live().await.len(), 0, "{name}");
        let intent = late(rehearsal.gate(&mut draft).await);
        let Answer::Published(receipt) = instagram.publish(&draft).await else { panic!("{name}") };
        let live = rehearsal.live().await;
        assert_eq!(live.len(), 1, "{name}: {live:?}");
        assert_eq!(live[0]["media"].as_array().unwrap().len(), draft.content.media.len(), "{name}");
        assert_eq!(live[0]["id"], *receipt.external_id.as_ref().unwrap(), "{name}");
        assert_ne!(receipt.external_id.as_deref(), draft.staging.id(CONTAINER), "{name}");
        let Sighting::Live(seen) = instagram.look_up(&draft, &intent).await else {
            panic!("{name}")
        };
        assert_eq!(seen.external_id, receipt.external_id, "{name}");
        let link = instagram.permalink(&draft, &receipt).await.unwrap();
        assert!(link.starts_with("https://www.instagram.com/"), "{name}: {link}");
        if draft.content.post_type == PostType::Story {
            continue;
        }
        assert_eq!(live[0]["text"], "Hello 👋", "{name}");
        let id = receipt.external_id.unwrap();
        let Answer::Published(comment) = instagram.comment(&draft, &id, "First!").await else {
            panic!("{name}")
        };
        assert!(comment.external_id.is_some());
        assert_eq!(rehearsal.live().await[0]["comments"], json!(["First!"]), "{name}");
    }
}

#[tokio::test]
async fn a_publish_call_whose_answer_is_lost_is_found_out_by_the_containers_state() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        for (fault, went_live) in [
            ("after_commit_drop", true),
            ("after_commit_5xx", true),
            ("after_commit_4xx", true),
            ("after_commit_html_502", true),
            ("truncate_body", true),
            ("no_id", true),
            ("before_commit_drop", false),
            ("before_commit_5xx", false),
            ("html_502", false),
        ] {
            let rehearsal = Rehearsal::new(harsh()).await;
            let instagram = instagram(&rehearsal);
            let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
            rehearsal.prepare(&instagram, &mut draft).await.unwrap();
            let intent = late(rehearsal.gate(&mut draft).await);
            rehearsal.fault(fault, json!({"method": "POST"})).await;
            let answer = instagram.publish(&draft).await;
            assert!(matches!(answer, Answer::Unknown(_)), "{name}, {fault}: {answer:?}");
            match (instagram.look_up(&draft, &intent).await, went_live) {
                (Sighting::Live(receipt), true) => {
                    let live = rehearsal.live().await;
                    assert_eq!(live[0]["id"], *receipt.external_id.as_ref().unwrap(), "{name}");
                    assert!(receipt.permalink.is_some(), "{name}");
                }
                (Sighting::NotLive, false) => {
                    rehearsal.gate(&mut draft).await;
                    let answer = instagram.publish(&draft).await;
                    assert!(matches!(answer, Answer::Published(_)), "{name}, {fault}: {answer:?}");
                }
                (other, _) => panic!("{name}, {fault}: {other:?}"),
            }
            assert_eq!(rehearsal.live().await.len(), 1, "{name}, {fault}");
        }
    }
}

/// Nothing but its place in a list tells a story from another one.
#[tokio::test]
async fn a_story_takes_no_id_from_a_list_that_may_lag_behind() {
    let options = SandboxOptions { list_delay_ms: 60_000, ..harsh() };
    let rehearsal = Rehearsal::new(options).await;
    let instagram = instagram(&rehearsal);
    let mut other = post(PostType::Story, vec![rehearsal.image("a")]);
    rehearsal.prepare(&instagram, &mut other).await.unwrap();
    rehearsal.gate(&mut other).await;
    let Answer::Published(other) = instagram.publish(&other).await else { panic!() };
    rehearsal.advance(Duration::from_secs(50)).await;
    let mut draft = post(PostType::Story, vec![rehearsal.image("b")]);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let intent = rehearsal.gate(&mut draft).await;
    rehearsal.fault("after_commit_drop", json!({"method": "POST"})).await;
    assert!(matches!(instagram.publish(&draft).await, Answer::Unknown(_)));
    // Now the other one is listed, and ours is not.
    rehearsal.advance(Duration::from_secs(20)).await;
    let young = Intent { age: Duration::from_secs(20), ..intent };
    let Sighting::Live(seen) = instagram.look_up(&draft, &young).await else { panic!() };
    assert_eq!(seen.external_id, None, "the other one is {:?}", other.external_id);
}

#[tokio::test]
async fn h13_a_second_publish_call_after_a_stale_reading_makes_no_second_post() {
    for second_publish in [
        SecondPublish::NotFound,
        SecondPublish::NotReady,
        SecondPublish::SameMedia,
        SecondPublish::SecondPost,
    ] {
        let options = SandboxOptions { second_publish, ..SandboxOptions::default() };
        let rehearsal = Rehearsal::new(options).await;
        let instagram = instagram(&rehearsal);
        let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
        rehearsal.prepare(&instagram, &mut draft).await.unwrap();
        rehearsal.gate(&mut draft).await;
        rehearsal.fault("after_commit_drop", json!({"method": "POST"})).await;
        assert!(matches!(instagram.publish(&draft).await, Answer::Unknown(_)));
        // The worker was told "not live" and clears the call once more.
        rehearsal.gate(&mut draft).await;
        let answer = instagram.publish(&draft).await;
        assert!(matches!(answer, Answer::Published(_)), "{second_publish:?}: {answer:?}");
        assert_eq!(rehearsal.live().await.len(), 1, "{second_publish:?}");
    }
}

#[tokio::test]
async fn a_staging_call_whose_answer_is_lost_is_repeated_without_harm() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        for nth in 1..=4 {
            let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
            let instagram = instagram(&rehearsal);
            let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
            let rule = json!([{"match": {"path_contains": "/media?"}, "when": {"nth": nth},
                "fault": "after_commit_drop"}]);
            rehearsal.tell("faults", rule).await;
            let mut lost = 0;
            while let Err(failure) = rehearsal.prepare(&instagram, &mut draft).await {
                assert_eq!(failure.remedy, Remedy::Retry, "{name}, call {nth}: {failure:?}");
                lost += 1;
                assert!(lost < 3, "{name}, call {nth}: only one answer is lost");
            }
            let makes = draft.staging.0.iter().filter(|made| made.kind == StepKind::Create).count();
            assert_eq!(lost, usize::from(nth <= makes), "{name}, call {nth}");
            rehearsal.gate(&mut draft).await;
            let answer = instagram.publish(&draft).await;
            assert!(matches!(answer, Answer::Published(_)), "{name}, call {nth}: {answer:?}");
            assert_eq!(rehearsal.live().await.len(), 1, "{name}, call {nth}");
        }
    }
}

#[tokio::test]
async fn a_live_container_is_reported_without_an_id_when_no_single_media_fits() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut intents = Vec::new();
    let mut drafts = Vec::new();
    for name in ["a", "b"] {
        let mut draft = post(PostType::Post, vec![rehearsal.image(name)]);
        rehearsal.prepare(&instagram, &mut draft).await.unwrap();
        intents.push(rehearsal.gate(&mut draft).await);
        assert!(matches!(instagram.publish(&draft).await, Answer::Published(_)));
        drafts.push(draft);
    }
    let Sighting::Live(receipt) = instagram.look_up(&drafts[0], &intents[0]).await else {
        panic!()
    };
    assert_eq!(receipt.external_id, None, "two posts with one caption cannot be told apart");
}

#[tokio::test]
async fn a_carousel_is_waited_for_part_by_part_and_as_a_whole() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let wish =
        json!({"image_processing_ms": 4000, "video_processing_ms": 30_000, "read_lag_ms": 2000});
    rehearsal.tell("options", wish).await;
    let instagram = instagram(&rehearsal);
    let media = vec![rehearsal.image("a"), rehearsal.video("clip")];
    let mut draft = post(PostType::Carousel, media);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let names: Vec<&str> = draft.staging.0.iter().map(|artifact| artifact.name.as_str()).collect();
    let expected =
        ["child/0", "child/1", "child/0/ready", "child/1/ready", "container", "container/ready"];
    assert_eq!(names, expected);
    rehearsal.gate(&mut draft).await;
    assert!(matches!(instagram.publish(&draft).await, Answer::Published(_)));
}

#[tokio::test]
async fn media_that_instagram_cannot_use_says_so_before_anything_is_published() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut item = rehearsal.image("a");
    item.url = item.url.replace(".jpg", ".png");
    let failure = instagram.prepare(&post(PostType::Post, vec![item])).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::GiveUp, "36001/2207005"));

    let mut item = rehearsal.image("a");
    item.kind = MediaKind::Video;
    let mut draft = post(PostType::Reel, vec![item]);
    let failure = rehearsal.prepare(&instagram, &mut draft).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::GiveUp, "2207026"));

    let item = rehearsal.image("missing");
    let failure = instagram.prepare(&post(PostType::Post, vec![item])).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "9004/2207052"));
}

#[tokio::test]
async fn a_container_that_expired_unpublished_is_made_anew() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let intent = rehearsal.gate(&mut draft).await;
    rehearsal.fault("before_commit_drop", json!({"method": "POST"})).await;
    assert!(matches!(instagram.publish(&draft).await, Answer::Unknown(_)));
    rehearsal.advance(std::time::Duration::from_secs(25 * 3600)).await;
    let sighting = instagram.look_up(&draft, &intent).await;
    let Sighting::Dead(failure) = sighting else { panic!("{sighting:?}") };
    assert_eq!(failure.remedy, Remedy::Restage);
    draft.staging = Staging::default();
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    rehearsal.gate(&mut draft).await;
    assert!(matches!(instagram.publish(&draft).await, Answer::Published(_)));
    assert_eq!(rehearsal.live().await.len(), 1);
}

/// A story that was published is not listed any more by then either.
#[tokio::test]
async fn an_expired_container_of_a_story_proves_nothing_after_a_day() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    for (published, hours, is_dead) in [(true, 25, false), (false, 25, false), (false, 19, true)] {
        let mut draft = post(PostType::Story, vec![rehearsal.image("a")]);
        rehearsal.prepare(&instagram, &mut draft).await.unwrap();
        let mut intent = rehearsal.gate(&mut draft).await;
        let fault = if published { "after_commit_drop" } else { "before_commit_drop" };
        rehearsal.fault(fault, json!({"method": "POST"})).await;
        assert!(matches!(instagram.publish(&draft).await, Answer::Unknown(_)));
        let age = std::time::Duration::from_secs(hours * 3600);
        rehearsal.advance(age).await;
        intent.age = age;
        let expired = json!({"status_code": "EXPIRED", "id": "1"});
        rehearsal.answer(json!({"path_contains": "status_code"}), expired).await;
        let sighting = instagram.look_up(&draft, &intent).await;
        assert_eq!(matches!(sighting, Sighting::Dead(_)), is_dead, "{sighting:?}");
        assert_eq!(matches!(sighting, Sighting::NeverTells(_)), !is_dead, "{sighting:?}");
    }
}

/// Whether a published container still says so after a day is not known.
#[tokio::test]
async fn h24_an_expired_container_is_not_made_anew_when_its_media_is_listed_by_another_clock() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let mut intent = rehearsal.gate(&mut draft).await;
    assert!(matches!(instagram.publish(&draft).await, Answer::Published(_)));
    intent.at += chrono::Duration::minutes(10);
    draft.sent_at = vec![intent.at];
    let expired = json!({"status_code": "EXPIRED", "id": "1"});
    rehearsal.answer(json!({"path_contains": "status_code"}), expired).await;
    let sighting = instagram.look_up(&draft, &intent).await;
    assert!(matches!(sighting, Sighting::Found(_)), "{sighting:?}");
}

/// Somebody's next story, or their next picture without a caption.
#[tokio::test]
async fn media_without_a_text_of_its_own_is_not_taken_for_ours_by_its_time_alone() {
    for post_type in [PostType::Story, PostType::Post] {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let instagram = instagram(&rehearsal);
        let image =
            |name| draft(Platform::Instagram, ACCOUNT, post_type, "", vec![rehearsal.image(name)]);
        let (mut ours, mut other) = (image("a"), image("b"));
        rehearsal.prepare(&instagram, &mut ours).await.unwrap();
        let mut intent = rehearsal.gate(&mut ours).await;
        rehearsal.advance(std::time::Duration::from_secs(23 * 3600)).await;
        rehearsal.prepare(&instagram, &mut other).await.unwrap();
        rehearsal.gate(&mut other).await;
        assert!(matches!(instagram.publish(&other).await, Answer::Published(_)));
        for hours in [25, 26] {
            rehearsal.advance(std::time::Duration::from_secs(2 * 3600)).await;
            intent.age = std::time::Duration::from_secs(hours * 3600);
            let sighting = instagram.look_up(&ours, &intent).await;
            let undecided = matches!(sighting, Sighting::CannotTell(_) | Sighting::NeverTells(_));
            assert!(undecided, "{post_type:?} after {hours} hours: {sighting:?}");
            let missing = json!([{"match": {"path_contains": "status_code"}, "fault": "status",
                "status": 400, "body": {"error": {"code": 100, "error_subcode": 33}}}]);
            rehearsal.tell("faults", missing).await;
        }
    }
}

#[tokio::test]
async fn a_used_up_quota_rests_and_publishes_nothing() {
    let options = SandboxOptions { instagram_daily_posts: 0, ..SandboxOptions::default() };
    let rehearsal = Rehearsal::new(options).await;
    let instagram = instagram(&rehearsal);
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    rehearsal.gate(&mut draft).await;
    let Answer::Refused(failure) = instagram.publish(&draft).await else { panic!() };
    assert!(matches!(failure.remedy, Remedy::Wait(_)), "{failure:?}");
}

#[tokio::test]
async fn a_dead_token_while_looking_up_decides_nothing() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let intent = rehearsal.gate(&mut draft).await;
    draft.token = AccessToken::new("expired-canary".to_owned());
    let Sighting::CannotTell(failure) = instagram.look_up(&draft, &intent).await else { panic!() };
    assert_eq!(failure.remedy, Remedy::Operator(Scope::Account));
}

#[tokio::test]
async fn tokens_of_instagram_login_go_to_instagrams_own_host() {
    for (token, host) in [("IGAA-token", "graph.instagram.com"), ("EAAB", "graph.facebook.com")] {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let instagram = instagram(&rehearsal);
        let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
        draft.token = AccessToken::new(token.to_owned());
        rehearsal.prepare(&instagram, &mut draft).await.unwrap();
        let log = rehearsal.ask("log").await;
        let hosts: Vec<&Value> = log.as_array().unwrap().iter().map(|call| &call["host"]).collect();
        assert!(!hosts.is_empty() && hosts.iter().all(|h| **h == host), "{hosts:?}");
    }
}

#[test]
fn what_instagram_does_not_take_is_given_up_before_the_first_call() {
    let item = |kind| MediaItem { url: String::new(), kind, alt: None };
    let (image, video) = (item(MediaKind::Image), item(MediaKind::Video));
    for (post_type, media) in [
        (PostType::Post, vec![]),
        (PostType::Reel, vec![image.clone()]),
        (PostType::Story, vec![image.clone(), image.clone()]),
        (PostType::Carousel, vec![video.clone()]),
        (PostType::Video, vec![image.clone()]),
    ] {
        let content = post(post_type, media).content;
        assert_eq!(Flow::of(&content).unwrap_err().remedy, Remedy::GiveUp, "{content:?}");
    }
}

#[tokio::test]
async fn a_container_that_never_becomes_visible_is_made_anew() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    rehearsal.tell("options", json!({"read_lag_ms": 3_600_000})).await;
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    let failure = rehearsal.prepare(&instagram(&rehearsal), &mut draft).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "100/33"));
}

#[tokio::test]
async fn polls_of_a_slow_video_become_rarer_but_never_rarer_than_once_a_minute() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    rehearsal.tell("options", json!({"video_processing_ms": 600_000})).await;
    let mut draft = post(PostType::Reel, vec![rehearsal.video("clip")]);
    rehearsal.prepare(&instagram(&rehearsal), &mut draft).await.unwrap();
    let log = rehearsal.ask("log").await;
    let polls = log.as_array().unwrap().iter().filter(|call| call["method"] == "GET").count();
    assert!((12..=20).contains(&polls), "{polls} reads in ten minutes");
}
