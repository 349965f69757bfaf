//! Publish calls that were refused, or that got no answer.

use super::*;
use crate::domain::Scope;
use crate::domain::proof::{Proven, of_answer};
use crate::platforms::rehearsal::{discard_staged, settle};

#[tokio::test]
async fn a_lost_answer_is_found_out_by_reading() {
    for mode in MODES {
        for kind in 0..KINDS {
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
                let (name, rehearsal, facebook, mut draft) = prepared(mode, kind, harsh()).await;
                let name = format!("{mode} {name}, {fault}");
                rehearsal.fault(fault, json!({"method": "POST"})).await;
                let answer = rehearsal.publish(&facebook, &mut draft).await;
                assert!(matches!(answer, Answer::Unknown(_)), "{name}: {answer:?}");
                rehearsal.advance(PROCESSED).await;
                match (rehearsal.look_up(&facebook, &mut draft).await, went_live) {
                    (Sighting::Live(_) | Sighting::Matched(_), true) => {}
                    (Sighting::NotLive { after }, false) => {
                        assert_eq!(after, LISTS_LAG, "{name}");
                        settle(&mut draft);
                        let answer = rehearsal.publish(&facebook, &mut draft).await;
                        assert!(matches!(answer, Answer::Published(_)), "{name}: {answer:?}");
                        rehearsal.advance(PROCESSED).await;
                    }
                    (other, _) => panic!("{name}: {other:?}"),
                }
                assert_eq!(rehearsal.live().await.len(), 1, "{name}");
            }
        }
    }
}

/// **P1**: calls were refused that had taken effect, and their posts were live.
#[tokio::test]
async fn a_refusal_that_lied_is_found_out() {
    for mode in MODES {
        for kind in 0..KINDS {
            for (code, subcode) in
                [(100, None), (100, Some(1_366_051)), (190, Some(463)), (506, None), (36_000, None)]
            {
                let (name, rehearsal, facebook, mut draft) = prepared(mode, kind, harsh()).await;
                let name = format!("{mode} {name}, {code}");
                let error = graph_error(code, subcode);
                let post = json!({"method": "POST"});
                rehearsal.answer_with("after_commit_status", post, 400, error).await;
                let answer = rehearsal.publish(&facebook, &mut draft).await;
                assert!(matches!(answer, Answer::Refused(_)), "{name}: {answer:?}");
                let proven = of_answer(answer, facebook.witness(&draft));
                assert!(matches!(proven, Proven::Nothing(_)), "{name}: {proven:?}");
                rehearsal.advance(PROCESSED).await;
                seen_live(rehearsal.look_up(&facebook, &mut draft).await);
                // What is live is never cleaned up.
                discard_staged(&facebook, &draft).await;
                assert_eq!(rehearsal.live().await.len(), 1, "{name}");
            }
        }
    }
}

/// Whether a refusal is true is read at once, whatever its class.
#[tokio::test]
async fn a_true_refusal_shows_nothing_live() {
    for mode in MODES {
        for kind in 0..KINDS {
            let (name, rehearsal, facebook, mut draft) = prepared(mode, kind, harsh()).await;
            let post = json!({"method": "POST"});
            rehearsal.answer_with("status", post, 400, graph_error(368, None)).await;
            let answer = rehearsal.publish(&facebook, &mut draft).await;
            let Answer::Refused(failure) = answer else { panic!("{name}: {answer:?}") };
            let quarter = Duration::from_secs(15 * 60);
            assert_eq!(failure.remedy, Remedy::Wait { rest: quarter, scope: Scope::Account });
            let sighting = rehearsal.look_up(&facebook, &mut draft).await;
            assert!(matches!(sighting, Sighting::NotLive { .. }), "{mode} {name}: {sighting:?}");
        }
    }
}

#[tokio::test]
async fn a_repeated_call_by_default_is_harmless() {
    for kind in 0..KINDS {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::TwoStep, kind, SandboxOptions::default()).await;
        rehearsal.fault("after_commit_drop", json!({"method": "POST"})).await;
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        assert!(matches!(answer, Answer::Unknown(_)), "{name}");
        // The worker read "not live" and clears the call once more.
        settle(&mut draft);
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        // A photo story's photo is used up; that is no proof that nothing is live.
        match answer {
            Answer::Published(_) => assert_ne!(name, "photo story"),
            Answer::Refused(failure) => {
                assert_eq!(name, "photo story");
                assert!(failure.is_marked(crate::domain::SPENT) && draft.is_repeat());
            }
            other => panic!("{name}: {other:?}"),
        }
        rehearsal.advance(PROCESSED).await;
        assert_eq!(rehearsal.live().await.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn throttled_call_waits_as_long_as_requested() {
    let (rehearsal, facebook, mut draft) =
        prepared_post(PublishMode::TwoStep, PostType::Post, |_| vec![]).await;
    let rule = json!([{"fault": "429", "retry_after": 90, "when": {"nth": 1}}]);
    rehearsal.tell("faults", rule).await;
    let answer = rehearsal.publish(&facebook, &mut draft).await;
    let Answer::Refused(failure) = answer else { panic!("{answer:?}") };
    let rest = Duration::from_secs(90);
    assert_eq!(failure.remedy, Remedy::Wait { rest, scope: Scope::App }, "the app's limit");
    assert_eq!(rehearsal.live().await.len(), 0);
}

#[tokio::test]
async fn a_call_too_late_is_not_sent() {
    for mode in MODES {
        for kind in 0..KINDS {
            let (name, rehearsal, facebook, mut draft) = prepared(mode, kind, harsh()).await;
            draft.clearance = crate::domain::Clearance::new(|| false);
            let before = rehearsal.calls().await;
            let answer = rehearsal.publish(&facebook, &mut draft).await;
            assert!(matches!(answer, Answer::NotSent(_)), "{name}: {answer:?}");
            assert_eq!(rehearsal.calls().await, before, "{name}");
        }
    }
}

#[tokio::test]
async fn nothing_staged_means_nothing_sent() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook(&rehearsal);
    for (name, mut draft) in posts(&rehearsal) {
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        let Answer::NotSent(failure) = answer else { panic!("{name}: {answer:?}") };
        assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "not_staged"));
    }
    assert!(rehearsal.calls().await.is_empty());
}
