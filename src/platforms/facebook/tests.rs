use crate::domain::{Answer, Draft, Platform, PostType, Remedy, Scope, Sighting, Staging};
use crate::platforms::rehearsal::{Rehearsal, draft};
use crate::sandbox::{SandboxOptions, SecondFinish};

use super::*;

const PAGE: &str = "1000001";

/// The unproven behaviours of the platform at their worst.
fn harsh() -> SandboxOptions {
    SandboxOptions {
        second_finish: SecondFinish::SecondPost,
        allow_photo_reuse: true,
        ..SandboxOptions::default()
    }
}

fn facebook(rehearsal: &Rehearsal) -> Facebook {
    Facebook::new(rehearsal.http.clone(), MetaSettings::default())
}

fn post(post_type: PostType, media: Vec<crate::domain::MediaItem>) -> Draft {
    draft(Platform::Facebook, PAGE, post_type, "Hello 👋", media)
}

/// One post of every way in which a Page post comes about.
fn posts(rehearsal: &Rehearsal) -> Vec<(&'static str, Draft)> {
    let image = |name| rehearsal.image(name);
    let video = || rehearsal.video("clip");
    let mut link = post(PostType::Post, vec![]);
    link.content.link = Some("https://example.com/news".to_owned());
    vec![
        ("text", post(PostType::Post, vec![])),
        ("link", link),
        ("photo", post(PostType::Post, vec![image("a")])),
        ("photos", post(PostType::Post, vec![image("a"), image("b"), image("c")])),
        ("carousel", post(PostType::Carousel, vec![image("a"), image("b")])),
        ("video post", post(PostType::Post, vec![video()])),
        ("video", post(PostType::Video, vec![video()])),
        ("reel", post(PostType::Reel, vec![video()])),
        ("photo story", post(PostType::Story, vec![image("a")])),
        ("video story", post(PostType::Story, vec![video()])),
    ]
}

#[tokio::test]
async fn every_kind_of_post_stays_invisible_until_it_is_published_and_is_then_seen_once() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        let rehearsal = Rehearsal::new(harsh()).await;
        let facebook = facebook(&rehearsal);
        let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
        rehearsal.prepare(&facebook, &mut draft).await.unwrap();
        assert_eq!(rehearsal.live().await.len(), 0, "{name}");
        let intent = rehearsal.gate(&mut draft).await;
        let Answer::Published(receipt) = facebook.publish(&draft).await else { panic!("{name}") };
        let live = rehearsal.live().await;
        assert_eq!(live.len(), 1, "{name}: {live:?}");
        assert_eq!(live[0]["media"].as_array().unwrap().len(), draft.content.media.len(), "{name}");
        let Sighting::Live(seen) = facebook.look_up(&draft, &intent).await else {
            panic!("{name}")
        };
        assert_eq!(seen.external_id, receipt.external_id, "{name}");
        assert!(receipt.external_id.is_some(), "{name}");
        if draft.content.post_type == PostType::Story {
            continue;
        }
        assert_eq!(live[0]["text"], "Hello 👋", "{name}");
        let link = facebook.permalink(&draft, &receipt).await.unwrap();
        assert!(link.starts_with("https://www.facebook.com/"), "{name}: {link}");
        let id = receipt.external_id.unwrap();
        let Answer::Published(comment) = facebook.comment(&draft, &id, "First!").await else {
            panic!("{name}")
        };
        assert!(comment.external_id.is_some());
        assert_eq!(rehearsal.live().await[0]["comments"], json!(["First!"]), "{name}");
    }
}

#[tokio::test]
async fn a_publish_call_whose_answer_is_lost_is_found_out_by_reading() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        for (fault, went_live) in [
            ("after_commit_drop", true),
            ("after_commit_5xx", true),
            ("after_commit_4xx", true),
            ("after_commit_html_502", true),
            ("truncate_body", true),
            ("before_commit_drop", false),
            ("before_commit_5xx", false),
            ("html_502", false),
        ] {
            let rehearsal = Rehearsal::new(harsh()).await;
            let facebook = facebook(&rehearsal);
            let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
            rehearsal.prepare(&facebook, &mut draft).await.unwrap();
            let intent = rehearsal.gate(&mut draft).await;
            rehearsal.fault(fault, json!({"method": "POST"})).await;
            let answer = facebook.publish(&draft).await;
            assert!(matches!(answer, Answer::Unknown(_)), "{name}, {fault}: {answer:?}");
            match (facebook.look_up(&draft, &intent).await, went_live) {
                (Sighting::Live(_), true) => {}
                (Sighting::NotLive, false) => {
                    rehearsal.gate(&mut draft).await;
                    let answer = facebook.publish(&draft).await;
                    assert!(matches!(answer, Answer::Published(_)), "{name}, {fault}: {answer:?}");
                }
                (other, _) => panic!("{name}, {fault}: {other:?}"),
            }
            assert_eq!(rehearsal.live().await.len(), 1, "{name}, {fault}");
        }
    }
}

#[tokio::test]
async fn h13_a_second_publish_call_after_a_stale_reading_makes_no_second_post() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        let rehearsal = Rehearsal::new(harsh()).await;
        let facebook = facebook(&rehearsal);
        let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
        rehearsal.prepare(&facebook, &mut draft).await.unwrap();
        rehearsal.gate(&mut draft).await;
        rehearsal.fault("after_commit_drop", json!({"method": "POST"})).await;
        assert!(matches!(facebook.publish(&draft).await, Answer::Unknown(_)), "{name}");
        // The worker was told "not live" and clears the call once more.
        rehearsal.gate(&mut draft).await;
        let answer = facebook.publish(&draft).await;
        assert!(matches!(answer, Answer::Published(_)), "{name}: {answer:?}");
        assert_eq!(rehearsal.live().await.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_staging_call_whose_answer_is_lost_is_repeated_without_harm() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        // Whatever call of the staging it hits, up to the fourth.
        for nth in 1..=4 {
            let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
            let facebook = facebook(&rehearsal);
            let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
            let rule = json!([{"match": {"method": "POST"}, "when": {"nth": nth},
                "fault": "after_commit_drop"}]);
            rehearsal.tell("faults", rule).await;
            let mut lost = 0;
            while let Err(failure) = rehearsal.prepare(&facebook, &mut draft).await {
                lost += 1;
                assert!(lost < 3, "{name}, call {nth}: only one answer is lost");
                match failure.remedy {
                    Remedy::Retry => {}
                    Remedy::Restage => draft.staging = Staging::default(),
                    _ => panic!("{name}, call {nth}: {failure:?}"),
                }
            }
            let fired = &rehearsal.ask("faults").await[0]["fired"];
            assert!(nth > 1 || *fired == json!(1), "{name}");
            let intent = rehearsal.gate(&mut draft).await;
            match facebook.publish(&draft).await {
                Answer::Published(_) | Answer::Found(_) => {}
                Answer::Unknown(_) => {
                    let sighting = facebook.look_up(&draft, &intent).await;
                    assert!(matches!(sighting, Sighting::Live(_)), "{name}, call {nth}");
                }
                Answer::Refused(failure) => panic!("{name}, call {nth}: {failure:?}"),
            }
            assert_eq!(rehearsal.live().await.len(), 1, "{name}, call {nth}");
        }
    }
}

#[tokio::test]
async fn a_dead_token_asks_for_the_operator_and_is_never_shown() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let mut draft = post(PostType::Post, vec![]);
    draft.token = crate::domain::AccessToken::new("expired-canary".to_owned());
    let failure = facebook(&rehearsal).prepare(&draft).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Operator(Scope::Account));
    assert_eq!((failure.code.as_str(), failure.http_status), ("190/463", Some(400)));
    assert!(failure.trace_id.is_some());
    assert!(!format!("{failure:?}").contains("canary"));
    assert!(!rehearsal.ask("log").await.to_string().contains("canary"));
}

#[tokio::test]
async fn a_throttled_publish_call_rests_as_long_as_the_answer_asks_for() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Post, vec![]);
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    rehearsal.gate(&mut draft).await;
    rehearsal
        .tell("faults", json!([{"fault": "429", "retry_after": 90, "when": {"nth": 1}}]))
        .await;
    let Answer::Refused(failure) = facebook.publish(&draft).await else { panic!() };
    assert_eq!(failure.remedy, Remedy::Wait(Duration::from_secs(90)));
    assert_eq!(rehearsal.live().await.len(), 0);
}

#[tokio::test]
async fn a_young_video_that_cannot_be_read_yet_is_waited_for() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    rehearsal.tell("options", json!({"read_lag_ms": 5000, "video_processing_ms": 20000})).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Reel, vec![rehearsal.video("clip")]);
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    let videos = draft.staging.0.iter().filter(|artifact| artifact.name == "video").count();
    assert_eq!(videos, 1, "a lagging read must not make a second video");
}

#[tokio::test]
async fn a_file_that_is_no_video_ends_the_reel_or_stages_it_anew() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let mut item = rehearsal.image("picture");
    item.kind = crate::domain::MediaKind::Video;
    let mut draft = post(PostType::Reel, vec![item]);
    let failure = rehearsal.prepare(&facebook(&rehearsal), &mut draft).await.unwrap_err();
    assert!(matches!(failure.remedy, Remedy::Restage | Remedy::GiveUp), "{failure:?}");
    assert_eq!(rehearsal.live().await.len(), 0);
}

#[tokio::test]
async fn a_cancelled_post_leaves_nothing_staged_behind() {
    let kinds = posts(&Rehearsal::new(harsh()).await).len();
    for kind in 0..kinds {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let facebook = facebook(&rehearsal);
        let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
        rehearsal.prepare(&facebook, &mut draft).await.unwrap();
        facebook.discard(&draft).await;
        assert_eq!(rehearsal.drafts().await.len(), 0, "{name}");
    }
}

#[tokio::test]
async fn h24_a_story_is_found_although_the_platforms_clock_is_behind() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Story, vec![rehearsal.image("a")]);
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    let mut intent = rehearsal.gate(&mut draft).await;
    intent.at += chrono::Duration::minutes(10);
    draft.sent_at = vec![intent.at];
    assert!(matches!(facebook.publish(&draft).await, Answer::Published(_)));
    assert!(matches!(facebook.look_up(&draft, &intent).await, Sighting::Live(_)));
}

#[tokio::test]
async fn the_absence_of_a_story_says_nothing_after_a_day() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    for item in [rehearsal.image("a"), rehearsal.video("b")] {
        let mut draft = post(PostType::Story, vec![item]);
        rehearsal.prepare(&facebook, &mut draft).await.unwrap();
        let mut intent = rehearsal.gate(&mut draft).await;
        assert_eq!(facebook.look_up(&draft, &intent).await, Sighting::NotLive);
        intent.age = Duration::from_secs(25 * 3600);
        let sighting = facebook.look_up(&draft, &intent).await;
        assert!(matches!(sighting, Sighting::NeverTells(_)), "{sighting:?}");
    }
}

#[test]
fn what_a_page_does_not_take_is_given_up_before_the_first_call() {
    let item = |kind| crate::domain::MediaItem { url: String::new(), kind, alt: None };
    let (image, video) = (item(MediaKind::Image), item(MediaKind::Video));
    for (post_type, media) in [
        (PostType::Post, vec![image.clone(), video.clone()]),
        (PostType::Post, vec![video.clone(), video.clone()]),
        (PostType::Reel, vec![image.clone()]),
        (PostType::Reel, vec![]),
        (PostType::Story, vec![image.clone(), image.clone()]),
        (PostType::Carousel, vec![video.clone()]),
        (PostType::Video, vec![]),
    ] {
        let content = post(post_type, media).content;
        assert_eq!(Flow::of(&content).unwrap_err().remedy, Remedy::GiveUp, "{content:?}");
    }
    let mut empty = post(PostType::Post, vec![]).content;
    empty.caption.clear();
    assert!(Flow::of(&empty).is_err());
}

#[test]
fn a_link_under_media_goes_into_the_text_once() {
    let image = crate::domain::MediaItem { url: String::new(), kind: MediaKind::Image, alt: None };
    let mut content = post(PostType::Post, vec![image]).content;
    content.link = Some("https://example.com/".to_owned());
    assert_eq!(text(&content), "Hello 👋\n\nhttps://example.com/");
    content.caption = "See https://example.com/ now".to_owned();
    assert_eq!(text(&content), "See https://example.com/ now");
    content.caption.clear();
    assert_eq!(text(&content), "https://example.com/");
}
