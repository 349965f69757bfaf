//! What is made before the publish call, and what is left of it.

use super::*;

#[tokio::test]
async fn a_lost_staging_answer_is_repeated_without_harm() {
    for mode in MODES {
        for kind in 0..KINDS {
            // Whatever call of the staging it hits, up to the fourth.
            for nth in 1..=4 {
                lose_a_staging_answer(mode, kind, nth).await;
            }
        }
    }
}

async fn lose_a_staging_answer(mode: PublishMode, kind: usize, nth: u32) {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook_in(mode, &rehearsal);
    let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
    let name = format!("{mode} {name}, call {nth}");
    let rule = json!([{"match": {"method": "POST"}, "when": {"nth": nth},
        "fault": "after_commit_drop"}]);
    rehearsal.tell("faults", rule).await;
    let mut lost = 0;
    while let Err(failure) = rehearsal.prepare(&facebook, &mut draft).await {
        lost += 1;
        assert!(lost < 3, "{name}: only one answer is lost");
        match failure.remedy {
            Remedy::Outage(crate::domain::Away::Platform) => {}
            Remedy::Restage => draft.staging = Staging::default(),
            _ => panic!("{name}: {failure:?}"),
        }
    }
    let fired = rehearsal.ask("faults").await[0]["fired"] == json!(1);
    match rehearsal.publish(&facebook, &mut draft).await {
        Answer::Published(_) => {}
        Answer::Unknown(_) => {
            assert!(!fired, "{name}: only one answer is lost");
            rehearsal.advance(PROCESSED).await;
            seen_live(rehearsal.look_up(&facebook, &mut draft).await);
        }
        other => panic!("{name}: {other:?}"),
    }
    rehearsal.advance(PROCESSED).await;
    assert_eq!(rehearsal.live().await.len(), 1, "{name}");
}

fn clip(rehearsal: &Rehearsal) -> Vec<MediaItem> {
    vec![rehearsal.video("clip")]
}

/// **P10**: a second hand-over costs an attempt.
#[tokio::test]
async fn a_file_is_not_handed_over_twice() {
    for post_type in [PostType::Reel, PostType::Story] {
        for (fault, hand_overs) in [("after_commit_drop", 1), ("before_commit_drop", 2)] {
            let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
            let facebook = facebook(&rehearsal);
            let mut draft = post(post_type, clip(&rehearsal));
            rehearsal.fault(fault, json!({"path_contains": "rupload"})).await;
            let failure = rehearsal.prepare(&facebook, &mut draft).await.unwrap_err();
            assert_eq!(failure.remedy, Remedy::Outage(crate::domain::Away::Platform));
            rehearsal.prepare(&facebook, &mut draft).await.unwrap();
            let calls = rehearsal.calls().await;
            let sent = calls.iter().filter(|call| call.contains("/video-upload/")).count();
            assert_eq!(sent, hand_overs, "{post_type}, {fault}");
        }
    }
}

/// What it is asked first may fail: then the file is handed over.
#[tokio::test]
async fn an_unreadable_state_stops_no_hand_over() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Reel, clip(&rehearsal));
    rehearsal.fault("before_commit_5xx", json!({"path_contains": "fields=status"})).await;
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    assert!(draft.staging.has("video/uploaded"));
}

#[tokio::test]
async fn a_web_page_is_no_hand_over() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Reel, clip(&rehearsal));
    let page = json!("<html>Sign in</html>");
    rehearsal.answer(json!({"path_contains": "rupload"}), page).await;
    let failure = rehearsal.prepare(&facebook, &mut draft).await.unwrap_err();
    assert_eq!(failure.code, "unreadable_answer");
    assert!(!draft.staging.has("video/uploaded"));
}

#[tokio::test]
async fn a_file_never_fetched_is_staged_anew() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Reel, clip(&rehearsal));
    let uploading = json!({"status": {"video_status": "uploading"}});
    let rule = json!([{"match": {"path_contains": "fields=status"}, "fault": "status",
        "status": 200, "body": uploading}]);
    rehearsal.tell("faults", rule).await;
    let failure = rehearsal.prepare(&facebook, &mut draft).await.unwrap_err();
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "upload_not_taken"));
}

#[tokio::test]
async fn an_unreadable_young_video_is_waited_for() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    rehearsal.tell("options", json!({"read_lag_ms": 5000, "video_processing_ms": 20000})).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Reel, clip(&rehearsal));
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    let videos = draft.staging.0.iter().filter(|artifact| artifact.name == "video").count();
    assert_eq!(videos, 1, "a lagging read must not make a second video");
}

#[tokio::test]
async fn a_file_that_is_no_video_is_refused() {
    for post_type in [PostType::Reel, PostType::Video] {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let mut item = rehearsal.image("picture");
        item.kind = MediaKind::Video;
        let mut draft = post(post_type, vec![item]);
        let failure = rehearsal.prepare(&facebook(&rehearsal), &mut draft).await.unwrap_err();
        assert!(matches!(failure.remedy, Remedy::Restage | Remedy::GiveUp), "{failure:?}");
        assert!(failure.message.starts_with("Facebook"), "{failure:?}");
        assert_eq!(rehearsal.live().await.len(), 0);
    }
}

/// **P19**: an error of one medium of several says which.
#[tokio::test]
async fn a_failed_photo_is_named_by_its_number() {
    for (media, words) in
        [(vec!["a", "missing", "b"], "item 2 of 3: Facebook: "), (vec!["missing"], "Facebook: ")]
    {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let media = media.into_iter().map(|name| rehearsal.image(name)).collect();
        let mut draft = post(PostType::Post, media);
        let failure = rehearsal.prepare(&facebook(&rehearsal), &mut draft).await.unwrap_err();
        assert!(failure.message.starts_with(words), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_cancelled_post_leaves_nothing_behind() {
    for kind in 0..KINDS {
        let (name, rehearsal, facebook, draft) =
            prepared(PublishMode::TwoStep, kind, SandboxOptions::default()).await;
        discard_staged(&facebook, &draft).await;
        let left = rehearsal.drafts().await;
        let photos_only = left.iter().all(|item| item["kind"] == "photo");
        // Photos expire after a day.
        let expected = usize::from(name == "photo story");
        assert!(photos_only && left.len() == expected, "{name}: {left:?}");
    }
}

/// **P1**: the client's live post was deleted by our own clean-up.
#[tokio::test]
async fn what_was_published_by_hand_stays() {
    for kind in 0..KINDS {
        let (name, rehearsal, facebook, draft) =
            prepared(PublishMode::TwoStep, kind, SandboxOptions::default()).await;
        let object = facebook.object(&draft).unwrap();
        match name {
            "reel" => {
                let body = json!({"upload_phase": "finish", "video_id": object,
                    "video_state": "PUBLISHED"});
                by_hand(&rehearsal, &format!("{PAGE}/video_reels"), body).await;
            }
            "video story" => {
                let body = json!({"upload_phase": "finish", "video_id": object});
                by_hand(&rehearsal, &format!("{PAGE}/video_stories"), body).await;
            }
            "photo story" => {
                let body = json!({"photo_id": object});
                by_hand(&rehearsal, &format!("{PAGE}/photo_stories"), body).await;
            }
            "video" => {
                by_hand(&rehearsal, &object, json!({"published": true})).await;
            }
            _ => by_hand(&rehearsal, &object, json!({"is_published": true})).await,
        }
        rehearsal.advance(PROCESSED).await;
        assert_eq!(rehearsal.live().await.len(), 1, "{name}");
        discard_staged(&facebook, &draft).await;
        assert_eq!(rehearsal.live().await.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn nothing_is_deleted_that_cannot_be_read() {
    for kind in 0..KINDS {
        for (status, body) in [
            (400, graph_error(190, Some(463))),
            (500, graph_error(2, None)),
            (400, graph_error(100, Some(33))),
            (200, json!({"id": "1"})),
            (200, json!("<html>Sign in</html>")),
        ] {
            let (name, rehearsal, facebook, draft) =
                prepared(PublishMode::TwoStep, kind, SandboxOptions::default()).await;
            let before = rehearsal.drafts().await;
            let rule = json!([{"match": {"method": "GET"}, "fault": "status", "status": status,
                "body": body}]);
            rehearsal.tell("faults", rule).await;
            discard_staged(&facebook, &draft).await;
            let calls = rehearsal.calls().await;
            assert!(!calls.iter().any(|call| call.starts_with("DELETE")), "{name}, {status}");
            assert_eq!(rehearsal.drafts().await, before, "{name}, {status}");
        }
    }
}

/// One of a video's two fields is not enough.
#[tokio::test]
async fn video_with_an_unreadable_field_is_kept() {
    let (rehearsal, facebook, draft) =
        prepared_post(PublishMode::TwoStep, PostType::Reel, clip).await;
    let node = json!({"status": {"video_status": "ready",
        "publishing_phase": {"status": "not_started"}}});
    rehearsal.answer(json!({"path_contains": "fields=status"}), node).await;
    let rule = json!([{"match": {"path_contains": "fields=published"}, "fault": "html_502"}]);
    rehearsal.tell("faults", rule).await;
    discard_staged(&facebook, &draft).await;
    assert_eq!(rehearsal.drafts().await.len(), 1);
}

/// A user's video may be processed for hours after it was published.
#[tokio::test]
async fn a_video_that_is_being_published_stays() {
    for (phase, published, stays) in [
        ("in_progress", json!(false), true),
        ("complete", json!(false), true),
        ("odd", json!(false), true),
        // Its two fields contradict each other.
        ("not_started", json!(true), true),
        ("not_started", json!(false), false),
        ("not_started", Value::Null, false),
    ] {
        let (rehearsal, facebook, draft) =
            prepared_post(PublishMode::TwoStep, PostType::Reel, clip).await;
        let node = json!({"status": {"video_status": "ready",
            "publishing_phase": {"status": phase}}});
        rehearsal.answer(json!({"path_contains": "fields=status"}), node).await;
        let node = json!({ "published": published });
        rehearsal.answer(json!({"path_contains": "fields=published"}), node).await;
        discard_staged(&facebook, &draft).await;
        let left = rehearsal.drafts().await.len();
        assert_eq!(left, usize::from(stays), "{phase}, {published}");
    }
}
