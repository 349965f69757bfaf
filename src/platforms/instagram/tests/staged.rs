//! Containers: made, waited for, and made again.

use super::*;
use crate::domain::Away;
use crate::platforms::rehearsal::discard_staged;

#[tokio::test]
async fn a_lost_staging_answer_is_repeated_without_harm() {
    for kind in 0..KINDS {
        for nth in 1..=4 {
            let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
            let instagram = instagram(&rehearsal);
            let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
            let rule = json!([{"match": {"path_contains": "/media?"}, "when": {"nth": nth},
                "fault": "after_commit_drop"}]);
            rehearsal.tell("faults", rule).await;
            let mut lost = 0;
            while let Err(failure) = rehearsal.prepare(&instagram, &mut draft).await {
                let outage = Remedy::Outage(Away::Platform);
                assert_eq!(failure.remedy, outage, "{name}, call {nth}: {failure:?}");
                lost += 1;
                assert!(lost < 3, "{name}, call {nth}: only one answer is lost");
            }
            let makes = draft.staging.0.iter().filter(|made| made.kind == StepKind::Create).count();
            assert_eq!(lost, usize::from(nth <= makes), "{name}, call {nth}");
            let answer = rehearsal.publish(&instagram, &mut draft).await;
            assert!(matches!(answer, Answer::Published(_)), "{name}, call {nth}: {answer:?}");
            assert_eq!(rehearsal.live().await.len(), 1, "{name}, call {nth}");
        }
    }
}

#[tokio::test]
async fn a_carousel_is_waited_for_part_by_part() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let options =
        json!({"image_processing_ms": 4000, "video_processing_ms": 30_000, "read_lag_ms": 2000});
    rehearsal.tell("options", options).await;
    let instagram = instagram(&rehearsal);
    let media = vec![rehearsal.image("a"), rehearsal.video("clip")];
    let mut draft = post(PostType::Carousel, media);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let names: Vec<&str> = draft.staging.0.iter().map(|artifact| artifact.name.as_str()).collect();
    let expected =
        ["child/0", "child/1", "child/0/ready", "child/1/ready", "container", "container/ready"];
    assert_eq!(names, expected);
    let answer = rehearsal.publish(&instagram, &mut draft).await;
    assert!(matches!(answer, Answer::Published(_)), "{answer:?}");
}

/// One client sends the children as a list, four as one text.
#[tokio::test]
async fn refused_children_are_sent_as_one_text() {
    for (code, subcode, is_repeated) in
        [(100, None, true), (100, Some(2_207_028), false), (190, None, false)]
    {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let instagram = instagram(&rehearsal);
        let mut draft = post(PostType::Carousel, vec![rehearsal.image("a"), rehearsal.image("b")]);
        let list = json!({"body_contains": "\"children\":["});
        rehearsal.answer_with("status", list, 400, graph_error(code, subcode)).await;
        let prepared = rehearsal.prepare(&instagram, &mut draft).await;
        assert_eq!(prepared.is_ok(), is_repeated, "{code}/{subcode:?}: {prepared:?}");
        let log = rehearsal.ask("log").await;
        let children: Vec<&Value> =
            log.as_array().unwrap().iter().map(|call| &call["params"]["children"]).collect();
        let children: Vec<&&Value> = children.iter().filter(|sent| !sent.is_null()).collect();
        assert_eq!(children.len(), if is_repeated { 2 } else { 1 }, "{code}/{subcode:?}");
        assert!(children[0].is_array());
        let ids = ["child/0", "child/1"].map(|name| draft.staging.id(name).unwrap()).join(",");
        assert!(!is_repeated || **children[1] == json!(ids), "{children:?}");
    }
}

#[tokio::test]
async fn unusable_media_is_reported_before_publishing() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut item = rehearsal.image("a");
    item.url = item.url.replace(".jpg", ".png");
    let failure = instagram.prepare(&post(PostType::Post, vec![item])).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::GiveUp, "36001/2207005"));
    assert!(failure.message.contains("a format other than JPEG"), "{}", failure.message);

    let mut item = rehearsal.image("a");
    item.kind = MediaKind::Video;
    let mut draft = post(PostType::Reel, vec![item]);
    let failure = rehearsal.prepare(&instagram, &mut draft).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::GiveUp, "2207026"));

    let item = rehearsal.image("missing");
    let failure = instagram.prepare(&post(PostType::Post, vec![item])).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "9004/2207052"));
}

/// **P19**: an error of one medium of several says which.
#[tokio::test]
async fn a_failed_item_is_named_by_its_number() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let media = vec![rehearsal.image("a"), rehearsal.image("missing")];
    let mut draft = post(PostType::Carousel, media);
    let failure = rehearsal.prepare(&instagram, &mut draft).await.unwrap_err();
    assert!(failure.message.starts_with("item 2 of 2: Instagram: "), "{}", failure.message);
    // Seen only once it was processed.
    let mut broken = rehearsal.image("b");
    broken.kind = MediaKind::Video;
    let mut draft = post(PostType::Carousel, vec![rehearsal.image("a"), broken]);
    let failure = rehearsal.prepare(&instagram, &mut draft).await.unwrap_err();
    assert!(failure.message.starts_with("item 2 of 2: Instagram: "), "{}", failure.message);
    let mut draft = post(PostType::Post, vec![rehearsal.image("missing")]);
    let failure = rehearsal.prepare(&instagram, &mut draft).await.unwrap_err();
    assert!(failure.message.starts_with("Instagram: "), "{}", failure.message);
}

#[tokio::test]
async fn a_container_never_seen_is_made_anew() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    rehearsal.tell("options", json!({"read_lag_ms": 3_600_000})).await;
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    let failure = rehearsal.prepare(&instagram(&rehearsal), &mut draft).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "100/33"));
}

/// It was published meanwhile, by hand or by a call of this program: that is looked up
/// before anything is sent, and no second container is made.
#[tokio::test]
async fn a_published_container_counts_as_ready() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    state(&rehearsal, "PUBLISHED").await;
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    assert_eq!(rehearsal.drafts().await.len(), 1);
}

#[tokio::test]
async fn polls_of_a_slow_video_become_rarer() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    rehearsal.tell("options", json!({"video_processing_ms": 600_000})).await;
    let mut draft = post(PostType::Reel, vec![rehearsal.video("clip")]);
    rehearsal.prepare(&instagram(&rehearsal), &mut draft).await.unwrap();
    let calls = rehearsal.calls().await;
    let polls = calls.iter().filter(|call| call.starts_with("GET")).count();
    assert!((12..=20).contains(&polls), "never rarer than once a minute: {polls}");
}

/// Containers cannot be deleted.
#[tokio::test]
async fn nothing_is_sent_to_discard() {
    let (_, rehearsal, instagram, draft) = prepared(0).await;
    let before = rehearsal.calls().await;
    discard_staged(&instagram, &draft).await;
    assert_eq!(rehearsal.calls().await, before);
}
