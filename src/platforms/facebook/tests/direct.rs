//! Publishing with one call: by choice, or because Facebook refuses the flip.

use super::*;
use crate::domain::Scope;

/// Refuses the next POST, which takes no effect.
async fn refuse(rehearsal: &Rehearsal, error: Value) {
    rehearsal.answer_with("status", json!({"method": "POST"}), 400, error).await;
}

async fn refused(kind: usize, settings: MetaSettings, error: Value) -> (&'static str, Failure) {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = Facebook::new(rehearsal.http.clone(), MediaSource::new(true), settings);
    let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    refuse(&rehearsal, error).await;
    match rehearsal.publish(&facebook, &mut draft).await {
        Answer::Refused(failure) => (name, failure),
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn only_a_refused_flip_is_published_directly() {
    for mode in MODES {
        for kind in 0..KINDS {
            let (name, failure) = refused(kind, hosted(mode), graph_error(100, None)).await;
            let is_flip = mode == PublishMode::TwoStep && kind < 6;
            let expected = if is_flip { Remedy::Direct } else { Remedy::GiveUp };
            assert_eq!(failure.remedy, expected, "{mode} {name}");
            assert_eq!(failure.code, "100");
            assert!(failure.is_marked(crate::domain::SPENT), "{name}");
        }
    }
}

#[tokio::test]
async fn without_the_fall_back_a_refused_flip_fails() {
    for kind in [0, 1, 2, 3, 5] {
        let settings = MetaSettings { direct_fallback: false, ..hosted(PublishMode::TwoStep) };
        let (name, failure) = refused(kind, settings, graph_error(100, None)).await;
        assert_eq!(failure.remedy, Remedy::GiveUp, "{name}");
    }
}

/// What another call would not change, and what may mean that it is live.
#[tokio::test]
async fn a_refused_content_is_not_published_directly() {
    for (code, subcode, remedy) in [
        (100, Some(1_234_567), Remedy::Direct),
        (100, Some(1_366_051), Remedy::GiveUp),
        (100, Some(1_346_003), Remedy::GiveUp),
        (197, None, Remedy::GiveUp),
        (506, None, Remedy::GiveUp),
        (100, Some(33), Remedy::Retry),
        (190, None, Remedy::Operator(Scope::Account)),
        (10, None, Remedy::Operator(Scope::Account)),
    ] {
        let (_, failure) =
            refused(0, hosted(PublishMode::TwoStep), graph_error(code, subcode)).await;
        assert_eq!(failure.remedy, remedy, "{code}/{subcode:?}");
    }
}

#[tokio::test]
async fn a_marked_post_needs_one_call() {
    for kind in 0..6 {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::TwoStep, kind, harsh()).await;
        refuse(&rehearsal, graph_error(100, None)).await;
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        assert!(matches!(answer, Answer::Refused(_)), "{name}: {answer:?}");
        // As the worker does once a reading says that it is not live.
        mark(&mut draft, names::DIRECT);
        rehearsal.prepare(&facebook, &mut draft).await.unwrap();
        assert!(!draft.staging.has("post") && !draft.staging.has("video"), "{name}");
        assert_eq!(facebook.object(&draft), None, "{name}");
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        let Answer::Published(receipt) = answer else { panic!("{name}: {answer:?}") };
        rehearsal.advance(PROCESSED).await;
        let live = rehearsal.live().await;
        assert_eq!(live.len(), 1, "{name}");
        let seen = seen_live(rehearsal.look_up(&facebook, &mut draft).await);
        assert_eq!(seen.external_id, receipt.external_id, "{name}");
        // The earlier call is asked about by its own object.
        let sighting = facebook.look_up(&draft, &draft.calls[0]).await;
        assert!(matches!(sighting, Sighting::NotLive { .. }), "{name}: {sighting:?}");
    }
}

/// Once is enough: a refused direct call does not lead to another flow.
#[tokio::test]
async fn a_refused_direct_call_is_given_up() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    let mut draft = post(PostType::Post, vec![]);
    mark(&mut draft, names::DIRECT);
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    refuse(&rehearsal, graph_error(100, None)).await;
    let answer = rehearsal.publish(&facebook, &mut draft).await;
    let Answer::Refused(failure) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.remedy, Remedy::GiveUp);
}

#[tokio::test]
async fn a_direct_success_without_an_id_is_unknown() {
    for kind in 0..6 {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::Direct, kind, harsh()).await;
        rehearsal.answer(json!({"method": "POST"}), json!({"success": true})).await;
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        assert!(matches!(answer, Answer::Unknown(_)), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn the_one_call_carries_the_whole_post() {
    for (kind, edge, fields) in [
        (0, "feed", vec!["message", "published"]),
        (1, "feed", vec!["link", "message", "published"]),
        (3, "feed", vec!["attached_media", "message", "published"]),
        (5, "videos", vec!["description", "file_url", "published"]),
    ] {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::Direct, kind, harsh()).await;
        let before = rehearsal.calls().await.len();
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        assert!(matches!(answer, Answer::Published(_)), "{name}: {answer:?}");
        let log = rehearsal.ask("log").await;
        let calls = &log.as_array().unwrap()[before..];
        assert_eq!(calls.len(), 1, "{name}");
        assert_eq!(calls[0]["path"], format!("/v25.0/{PAGE}/{edge}"), "{name}");
        let sent: Vec<&String> = calls[0]["params"].as_object().unwrap().keys().collect();
        assert_eq!(sent, fields, "{name}");
        assert_eq!(calls[0]["params"]["published"], json!(true), "{name}");
    }
}
