//! Publish calls that were refused, or that got no answer.

use super::*;
use crate::domain::SPENT;
use crate::domain::proof::{Proven, contradicts, of_answer};
use crate::platforms::rehearsal::settle;

#[tokio::test]
async fn a_lost_answer_is_found_out_by_reading() {
    for kind in 0..KINDS {
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
            let (name, rehearsal, instagram, mut draft) = prepared(kind).await;
            rehearsal.fault(fault, json!({"method": "POST"})).await;
            let answer = rehearsal.publish(&instagram, &mut draft).await;
            assert!(matches!(answer, Answer::Unknown(_)), "{name}, {fault}: {answer:?}");
            rehearsal.advance(LISTED).await;
            match (rehearsal.look_up(&instagram, &mut draft).await, went_live) {
                (Sighting::Live(receipt), true) => {
                    let live = rehearsal.live().await;
                    assert_eq!(live[0]["id"], *receipt.external_id.as_ref().unwrap(), "{name}");
                    assert!(receipt.permalink.is_some(), "{name}");
                }
                (Sighting::NotLive { after }, false) => {
                    assert_eq!(after, QUARTER, "{name}: what a second call does is not proven");
                    settle(&mut draft);
                    let answer = rehearsal.publish(&instagram, &mut draft).await;
                    assert!(matches!(answer, Answer::Published(_)), "{name}, {fault}: {answer:?}");
                }
                (other, _) => panic!("{name}, {fault}: {other:?}"),
            }
            assert_eq!(rehearsal.live().await.len(), 1, "{name}, {fault}");
        }
    }
}

/// **P1, P3**: calls were refused that had taken effect, and their posts were
/// live.
#[tokio::test]
async fn a_refusal_that_lied_is_found_out() {
    for kind in 0..KINDS {
        for (code, subcode) in [
            (100, None),
            (-2, Some(2_207_020)),
            (24, Some(2_207_006)),
            (9007, Some(2_207_027)),
            (190, Some(463)),
            (36_000, Some(2_207_004)),
            (9, Some(2_207_042)),
        ] {
            let (name, rehearsal, instagram, mut draft) = prepared(kind).await;
            let name = format!("{name}, {code}");
            let (error, post) = (graph_error(code, subcode), json!({"method": "POST"}));
            rehearsal.answer_with("after_commit_status", post, 400, error).await;
            let answer = rehearsal.publish(&instagram, &mut draft).await;
            assert!(matches!(answer, Answer::Refused(_)), "{name}: {answer:?}");
            let proven = of_answer(answer, instagram.witness(&draft));
            assert!(matches!(proven, Proven::Nothing(_)), "{name}: {proven:?}");
            let seen = rehearsal.look_up(&instagram, &mut draft).await;
            assert!(matches!(seen, Sighting::Live(_)), "{name}: {seen:?}");
        }
    }
}

#[tokio::test]
async fn a_true_refusal_shows_nothing_live() {
    for kind in 0..KINDS {
        let (name, rehearsal, instagram, mut draft) = prepared(kind).await;
        let post = json!({"method": "POST"});
        rehearsal.answer_with("status", post, 400, graph_error(17, None)).await;
        let answer = rehearsal.publish(&instagram, &mut draft).await;
        let Answer::Refused(failure) = answer else { panic!("{name}: {answer:?}") };
        let persons = Remedy::Wait { rest: HOUR, scope: Scope::Person };
        assert_eq!(failure.remedy, persons, "{name}");
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert!(matches!(seen, Sighting::NotLive { .. }), "{name}: {seen:?}");
    }
}

/// What a container that is published already says is no proof of the opposite.
#[tokio::test]
async fn a_second_call_is_refused_as_spent() {
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
        rehearsal.fault(TOOK_EFFECT, json!({"method": "POST"})).await;
        rehearsal.publish(&instagram, &mut draft).await;
        // What is asked before any second call shows it.
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert!(matches!(seen, Sighting::Live(_)), "{second_publish:?}: {seen:?}");
        // Had all readings been stale, the call would be repeated.
        settle(&mut draft);
        match (rehearsal.publish(&instagram, &mut draft).await, second_publish) {
            (Answer::Published(_), SecondPublish::SameMedia | SecondPublish::SecondPost) => {}
            (Answer::Refused(failure), SecondPublish::NotFound | SecondPublish::NotReady) => {
                assert!(failure.is_marked(SPENT), "{failure:?}");
                assert!(contradicts(&failure, draft.is_repeat()), "its readings prove nothing");
            }
            (other, _) => panic!("{second_publish:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_used_up_quota_publishes_nothing() {
    let options = SandboxOptions { instagram_daily_posts: 0, ..SandboxOptions::default() };
    let rehearsal = Rehearsal::new(options).await;
    let instagram = instagram(&rehearsal);
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let answer = rehearsal.publish(&instagram, &mut draft).await;
    let Answer::Refused(failure) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.remedy, Remedy::Wait { rest: HOUR, scope: Scope::Account });
    assert!(failure.message.starts_with("Instagram: today's quota"), "{}", failure.message);
    assert!(rehearsal.live().await.is_empty());
}

#[tokio::test]
async fn a_call_without_a_container_is_not_sent() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let instagram = instagram(&rehearsal);
    let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
    let answer = rehearsal.publish(&instagram, &mut draft).await;
    let Answer::NotSent(failure) = answer else { panic!("{answer:?}") };
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "not_staged"));
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let before = rehearsal.calls().await;
    draft.clearance = crate::domain::Clearance::new(|| false);
    let answer = rehearsal.publish(&instagram, &mut draft).await;
    assert!(matches!(answer, Answer::NotSent(_)), "{answer:?}");
    assert_eq!(rehearsal.calls().await, before);
}
