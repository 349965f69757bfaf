//! P9: ages and windows come from the database's clock, whatever Instagram's says.

use chrono::TimeDelta;

use super::*;
use crate::platforms::rehearsal::gated;

const SKEWS: [i64; 7] = [-2 * 3600, -600, -30, 0, 30, 600, 25 * 3600];

/// So far is the database ahead of the platform.
async fn now(rehearsal: &Rehearsal, skew: i64) -> chrono::DateTime<chrono::Utc> {
    rehearsal.now().await + TimeDelta::seconds(skew)
}

/// Publishes a picture with the text "Sale", loses the answer, and looks it up
/// `later`.
async fn seen(skew: i64, fault: &str, by_other: bool, later: Duration) -> (Sighting, usize) {
    let (rehearsal, instagram, mut draft) = picture(PostType::Post, "Sale").await;
    for made in &mut draft.staging.0 {
        made.stored_at = made.stored_at.map(|at| at + TimeDelta::seconds(skew));
    }
    if by_other {
        by_hand(&rehearsal, by_hand_picture(&rehearsal, "Sale")).await;
        rehearsal.advance(Duration::from_secs(600)).await;
    }
    let at = now(&rehearsal, skew).await;
    gated(&instagram, &mut draft, at);
    draft.now = at;
    rehearsal.fault(fault, json!({"method": "POST"})).await;
    assert!(matches!(instagram.publish(&draft).await, Answer::Unknown(_)));
    rehearsal.advance(later).await;
    draft.now = now(&rehearsal, skew).await;
    draft.calls[0].age = later;
    let sighting = instagram.look_up(&draft, &draft.calls[0]).await;
    (sighting, rehearsal.live().await.len())
}

#[tokio::test]
async fn an_id_is_found_by_any_clock() {
    for skew in SKEWS {
        let (sighting, live) = seen(skew, TOOK_EFFECT, false, LISTED).await;
        let Sighting::Live(receipt) = sighting else { panic!("{skew}: {sighting:?}") };
        assert!(receipt.external_id.is_some(), "{skew}");
        assert_eq!(live, 1);
    }
}

#[tokio::test]
async fn an_older_post_is_never_matched() {
    for skew in SKEWS {
        let (sighting, _) = seen(skew, NO_EFFECT, true, LISTED).await;
        // The count knows only our own window, too.
        assert_eq!(sighting, Sighting::NotLive { after: QUARTER }, "{skew}");
        let (sighting, _) = seen(skew, TOOK_EFFECT, true, LISTED).await;
        let Sighting::Live(receipt) = sighting else { panic!("{skew}: {sighting:?}") };
        assert!(receipt.external_id.is_some(), "one of two is ours: {skew}");
    }
}

/// A passing "no such object" became three failed attempts.
#[tokio::test]
async fn a_young_container_is_young_by_any_clock() {
    for skew in SKEWS {
        let (rehearsal, instagram, mut draft) = picture(PostType::Post, "Sale").await;
        draft.staging.0.retain(|made| made.name == CONTAINER);
        let status = json!({"path_contains": "status_code"});
        let container = &mut draft.staging.0[0];
        container.stored_at = Some(now(&rehearsal, skew).await);
        for (age, is_waited_for) in [(0, true), (299, true), (301, false)] {
            draft.now = now(&rehearsal, skew).await + TimeDelta::seconds(age);
            rehearsal.answer_with("status", status.clone(), 400, graph_error(100, Some(33))).await;
            match instagram.prepare(&draft).await {
                Ok(Preparation::Wait(..)) => assert!(is_waited_for, "{skew}, {age}"),
                Err(failure) => {
                    assert!(!is_waited_for, "{skew}, {age}");
                    assert_eq!(failure.remedy, Remedy::Restage);
                }
                other => panic!("{skew}, {age}: {other:?}"),
            }
        }
    }
}
