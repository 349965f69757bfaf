//! Posts of one call are looked for in the Page's list.

use super::*;
use crate::platforms::rehearsal;

const OLD: Duration = Duration::from_secs(600);

/// A direct post whose call was lost before it took effect.
async fn lost(kind: usize) -> (Rehearsal, Facebook, Draft) {
    let (name, rehearsal, facebook, mut draft) = prepared(PublishMode::Direct, kind, harsh()).await;
    rehearsal.fault("before_commit_drop", json!({"method": "POST"})).await;
    let answer = rehearsal.publish(&facebook, &mut draft).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{name}: {answer:?}");
    (rehearsal, facebook, draft)
}

async fn feed(rehearsal: &Rehearsal, body: Value) {
    by_hand(rehearsal, &format!("{PAGE}/feed"), body).await;
}

#[tokio::test]
async fn an_older_post_with_its_text_is_another() {
    let (rehearsal, facebook, mut draft) =
        prepared_post(PublishMode::Direct, PostType::Post, |_| vec![]).await;
    feed(&rehearsal, json!({"message": "Hello 👋"})).await;
    rehearsal.advance(OLD).await;
    rehearsal.fault("before_commit_drop", json!({"method": "POST"})).await;
    let answer = rehearsal.publish(&facebook, &mut draft).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert_eq!(sighting, Sighting::NotLive { after: LISTS_LAG });
}

#[tokio::test]
async fn another_text_at_the_time_is_not_matched() {
    let (rehearsal, facebook, mut draft) = lost(0).await;
    feed(&rehearsal, json!({"message": "Hello"})).await;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert_eq!(sighting, Sighting::NotLive { after: LISTS_LAG });
}

/// Platforms normalise and trim what they store.
#[tokio::test]
async fn a_text_is_compared_as_readers_see_it() {
    let (rehearsal, facebook, mut draft) = lost(0).await;
    draft.content.caption = "cafe\u{301} \n".to_owned();
    feed(&rehearsal, json!({"message": "caf\u{e9}"})).await;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert!(matches!(sighting, Sighting::Matched(_)), "{sighting:?}");
}

#[tokio::test]
async fn two_posts_with_the_text_decide_nothing() {
    let (rehearsal, facebook, mut draft) = lost(0).await;
    feed(&rehearsal, json!({"message": "Hello 👋"})).await;
    feed(&rehearsal, json!({"message": "Hello 👋"})).await;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    let Sighting::CannotTell(failure) = sighting else { panic!("{sighting:?}") };
    assert_eq!(failure.code, "ambiguous");
}

/// Our photos were uploaded for this post alone.
#[tokio::test]
async fn a_photo_proves_whose_post_it_is() {
    let (rehearsal, facebook, mut draft) = lost(3).await;
    feed(&rehearsal, json!({"message": "Hello 👋"})).await;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert!(matches!(sighting, Sighting::CannotTell(_)), "alike, without ours: {sighting:?}");
    rehearsal.advance(OLD).await;
    let photo = draft.staging.id("photo/1").unwrap().to_owned();
    let media = json!([{"media_fbid": photo}]);
    feed(&rehearsal, json!({"message": "edited since", "attached_media": media})).await;
    let Sighting::Live(found) = rehearsal.look_up(&facebook, &mut draft).await else { panic!() };
    assert_eq!(Some(found.external_id.unwrap()), live_id(&rehearsal, "edited since").await);
}

async fn live_id(rehearsal: &Rehearsal, text: &str) -> Option<String> {
    let live = rehearsal.live().await;
    let item = live.iter().find(|item| item["text"] == text)?;
    item["id"].as_str().map(str::to_owned)
}

/// Only its time distinguishes it from any other post without a text.
#[tokio::test]
async fn without_text_only_the_link_matches() {
    let link = "https://example.com/news";
    for (by_hand, is_ours) in [(link, true), ("https://example.com/other", false)] {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let facebook = facebook_in(PublishMode::Direct, &rehearsal);
        let mut draft = post(PostType::Post, vec![]);
        draft.content.caption.clear();
        draft.content.link = Some(link.to_owned());
        rehearsal.prepare(&facebook, &mut draft).await.unwrap();
        rehearsal.fault("before_commit_drop", json!({"method": "POST"})).await;
        rehearsal.publish(&facebook, &mut draft).await;
        feed(&rehearsal, json!({"link": by_hand})).await;
        match rehearsal.look_up(&facebook, &mut draft).await {
            Sighting::Matched(_) => assert!(is_ours, "{by_hand}"),
            Sighting::CannotTell(_) => assert!(!is_ours, "{by_hand}"),
            other => panic!("{by_hand}: {other:?}"),
        }
    }
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook_in(PublishMode::Direct, &rehearsal);
    let mut draft = post(PostType::Video, vec![rehearsal.video("clip")]);
    draft.content.caption.clear();
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    rehearsal.fault("before_commit_drop", json!({"method": "POST"})).await;
    rehearsal.publish(&facebook, &mut draft).await;
    let other = json!({"file_url": rehearsal.video("other").url});
    by_hand(&rehearsal, &format!("{PAGE}/videos"), other).await;
    rehearsal.advance(PROCESSED).await;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert!(matches!(sighting, Sighting::CannotTell(_)), "{sighting:?}");
}

/// what a person posted by hand after a refusal, and before our next call.
#[tokio::test]
async fn post_between_two_calls_is_not_matched() {
    let (rehearsal, facebook, mut draft) =
        prepared_post(PublishMode::Direct, PostType::Post, |_| vec![]).await;
    let limit = graph_error(4, None);
    rehearsal.answer_with("status", json!({"method": "POST"}), 400, limit).await;
    let answer = rehearsal.publish(&facebook, &mut draft).await;
    assert!(matches!(answer, Answer::Refused(_)), "{answer:?}");
    rehearsal.advance(Duration::from_secs(60)).await;
    feed(&rehearsal, json!({"message": "Hello 👋"})).await;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert_eq!(sighting, Sighting::NotLive { after: LISTS_LAG });
    rehearsal.advance(OLD).await;
    rehearsal.fault("before_commit_drop", json!({"method": "POST"})).await;
    rehearsal.publish(&facebook, &mut draft).await;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert_eq!(sighting, Sighting::NotLive { after: LISTS_LAG });
    // Without the refusal, the end of the first call is unknown.
    draft.calls[0].refusal = None;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    assert!(matches!(sighting, Sighting::Matched(_)), "{sighting:?}");
}

/// **P9**: ages and windows come from one clock, whatever the platform's says.
#[tokio::test]
async fn a_wrong_database_clock_changes_nothing() {
    for skew in [-2 * 3600, -600, -30, 30, 600, 25 * 3600] {
        let skew = chrono::TimeDelta::seconds(skew);
        let (rehearsal, facebook, mut draft) =
            prepared_post(PublishMode::Direct, PostType::Post, |_| vec![]).await;
        feed(&rehearsal, json!({"message": "Hello 👋"})).await;
        rehearsal.advance(OLD).await;
        rehearsal::gated(&facebook, &mut draft, rehearsal.now().await + skew);
        draft.now = rehearsal.now().await + skew;
        rehearsal.fault("before_commit_drop", json!({"method": "POST"})).await;
        facebook.publish(&draft).await;
        let sighting = facebook.look_up(&draft, &draft.calls[0]).await;
        assert!(matches!(sighting, Sighting::NotLive { .. }), "{skew}: {sighting:?}");
        let answer = facebook.publish(&draft).await;
        assert!(matches!(answer, Answer::Published(_)), "{answer:?}");
        rehearsal.advance(Duration::from_secs(60)).await;
        draft.now = rehearsal.now().await + skew;
        let sighting = facebook.look_up(&draft, &draft.calls[0]).await;
        assert!(matches!(sighting, Sighting::Matched(_)), "{skew}: {sighting:?}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_decides_nothing() {
    for body in [graph_error(2, None), graph_error(190, None), json!({"data": 1})] {
        let (rehearsal, facebook, mut draft) = lost(0).await;
        let status = if body["error"].is_null() { 200 } else { 400 };
        rehearsal.answer_with("status", json!({"method": "GET"}), status, body).await;
        let sighting = rehearsal.look_up(&facebook, &mut draft).await;
        assert!(matches!(sighting, Sighting::CannotTell(_)), "{sighting:?}");
    }
}

/// Another program's call named something that was never recorded.
#[tokio::test]
async fn blind_call_without_object_proves_nothing() {
    let (rehearsal, facebook, mut draft) = lost(0).await;
    draft.calls[0].blind = true;
    let sighting = rehearsal.look_up(&facebook, &mut draft).await;
    let Sighting::NeverTells(failure) = sighting else { panic!("{sighting:?}") };
    assert_eq!(failure.code, "blind");
}
