//! What a reading of the container, and a second witness, show.

use super::*;

#[tokio::test]
async fn the_container_of_the_call_is_asked_about() {
    let (rehearsal, instagram, mut draft) = picture(PostType::Post, "one").await;
    let first = rehearsal.gate(&instagram, &mut draft).await;
    assert!(matches!(instagram.publish(&draft).await, Answer::Published(_)));
    // Staged again since: the first container is another one.
    draft.staging = Staging::default();
    draft.content.caption = "two".to_owned();
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let second = rehearsal.gate(&instagram, &mut draft).await;
    assert_ne!(first.object, second.object);
    assert!(matches!(instagram.look_up(&draft, &first).await, Sighting::Live(_)));
    let seen = instagram.look_up(&draft, &second).await;
    assert!(matches!(seen, Sighting::NotLive { .. }), "{seen:?}");
}

#[tokio::test]
async fn call_without_container_proves_nothing() {
    let (rehearsal, instagram, mut draft) = picture(PostType::Post, "text").await;
    rehearsal.gate(&instagram, &mut draft).await;
    draft.calls[0].object = None;
    let before = rehearsal.calls().await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    assert!(matches!(seen, Sighting::NeverTells(_)), "{seen:?}");
    assert_eq!(rehearsal.calls().await, before);
}

/// **P16**: the state of a container lags, and so does the list, but not both
/// alike.
#[tokio::test]
async fn a_stale_state_is_caught_by_the_list() {
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", TOOK_EFFECT).await;
    state(&rehearsal, "FINISHED").await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    let Sighting::Matched(seen) = seen else { panic!("{seen:?}") };
    assert_eq!(seen.external_id.as_deref(), rehearsal.live().await[0]["id"].as_str());
}

/// Something was published, and the list may lag: it may be ours.
#[tokio::test]
async fn a_stale_list_is_caught_by_the_count() {
    let list = |post_type| if post_type == PostType::Story { "/stories" } else { "/media?" };
    for (post_type, caption) in [(PostType::Post, "text"), (PostType::Story, "")] {
        for (fault, expected) in [(TOOK_EFFECT, HOUR), (NO_EFFECT, QUARTER)] {
            let (rehearsal, instagram, mut draft) = lost(post_type, caption, fault).await;
            // Earlier, the count is not asked for.
            rehearsal.advance(QUARTER).await;
            state(&rehearsal, "FINISHED").await;
            rehearsal.fault("stale_status", json!({"path_contains": list(post_type)})).await;
            let seen = rehearsal.look_up(&instagram, &mut draft).await;
            assert_eq!(seen, Sighting::NotLive { after: expected }, "{post_type}, {fault}");
        }
    }
}

#[tokio::test]
async fn an_unreadable_count_counts_as_published() {
    for (status, body) in
        [(500, graph_error(2, None)), (200, json!({"data": []})), (400, graph_error(100, None))]
    {
        let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", NO_EFFECT).await;
        let limit = json!({"path_contains": "content_publishing_limit"});
        rehearsal.answer_with("status", limit, status, body).await;
        rehearsal.advance(QUARTER).await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert_eq!(seen, Sighting::NotLive { after: HOUR }, "{status}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_decides_nothing() {
    for code in ["FINISHED", "EXPIRED"] {
        let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", TOOK_EFFECT).await;
        state(&rehearsal, code).await;
        rehearsal.fault("before_commit_5xx", json!({"path_contains": "/media?"})).await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert!(matches!(seen, Sighting::CannotTell(_)), "{code}: {seen:?}");
    }
    // That it is live is known even so; only its id is not.
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", TOOK_EFFECT).await;
    rehearsal.fault("before_commit_5xx", json!({"path_contains": "/media?"})).await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    let Sighting::Live(seen) = seen else { panic!("{seen:?}") };
    assert_eq!((seen.external_id, seen.evidence.as_deref()), (None, Some("read-back")));
}

/// **P17**: what a person posted by hand after a refusal, and before our next
/// call.
#[tokio::test]
async fn post_between_two_calls_is_not_matched() {
    let (rehearsal, instagram, mut draft) = picture(PostType::Post, "Sale").await;
    let post = json!({"method": "POST"});
    rehearsal.answer_with("status", post, 400, graph_error(4, None)).await;
    let answer = rehearsal.publish(&instagram, &mut draft).await;
    assert!(matches!(answer, Answer::Refused(_)), "{answer:?}");
    rehearsal.advance(Duration::from_secs(60)).await;
    by_hand(&rehearsal, by_hand_picture(&rehearsal, "Sale")).await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    assert!(matches!(seen, Sighting::NotLive { .. }), "{seen:?}");
    rehearsal.advance(QUARTER).await;
    rehearsal.fault(NO_EFFECT, json!({"method": "POST"})).await;
    rehearsal.publish(&instagram, &mut draft).await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    assert!(matches!(seen, Sighting::NotLive { .. }), "{seen:?}");
    // Without the refusal, the end of the first call is unknown.
    draft.calls[0].refusal = None;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    assert!(matches!(seen, Sighting::Matched(_)), "{seen:?}");
}

#[tokio::test]
async fn two_posts_with_one_text_have_no_id() {
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "Sale", TOOK_EFFECT).await;
    by_hand(&rehearsal, by_hand_picture(&rehearsal, "Sale")).await;
    rehearsal.advance(LISTED).await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    let Sighting::Live(seen) = seen else { panic!("{seen:?}") };
    assert_eq!(seen.external_id, None, "the two cannot be distinguished");
}

/// Only its place in a list distinguishes it from another one: while ours may not
/// be listed yet, another's id is not taken for its.
#[tokio::test]
async fn what_has_no_text_takes_no_early_id() {
    for post_type in [PostType::Story, PostType::Post] {
        let (rehearsal, instagram, mut draft) = picture(post_type, "").await;
        let mut by_other = by_hand_picture(&rehearsal, "");
        if post_type == PostType::Story {
            by_other["media_type"] = json!("STORIES");
        }
        by_hand(&rehearsal, by_other).await;
        rehearsal.advance(Duration::from_secs(4)).await;
        rehearsal.fault(TOOK_EFFECT, json!({"method": "POST"})).await;
        rehearsal.publish(&instagram, &mut draft).await;
        rehearsal.tell("options", json!({"list_delay_ms": 22_000})).await;
        // Now the other one is listed, and ours is not.
        rehearsal.advance(Duration::from_secs(20)).await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        let Sighting::Live(seen) = seen else { panic!("{post_type}: {seen:?}") };
        assert_eq!(seen.external_id, None, "{post_type}");
    }
}

/// A user's next story, or their next picture without a caption.
#[tokio::test]
async fn what_has_no_text_is_never_matched() {
    for post_type in [PostType::Story, PostType::Post] {
        let (rehearsal, instagram, mut draft) = lost(post_type, "", NO_EFFECT).await;
        let mut other = by_hand_picture(&rehearsal, "");
        if post_type == PostType::Story {
            other["media_type"] = json!("STORIES");
        }
        by_hand(&rehearsal, other).await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert_eq!(seen, Sighting::NotLive { after: HOUR }, "{post_type}");
        state(&rehearsal, "EXPIRED").await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert!(matches!(seen, Sighting::CannotTell(_)), "{post_type}: {seen:?}");
        rehearsal.advance(Duration::from_secs(25 * 3600)).await;
        let missing = graph_error(100, Some(33));
        let status = json!({"path_contains": "status_code"});
        rehearsal.answer_with("status", status, 400, missing).await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert!(matches!(seen, Sighting::NeverTells(_)), "{post_type}: {seen:?}");
    }
}

#[tokio::test]
async fn a_container_that_expired_unpublished_is_dead() {
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", NO_EFFECT).await;
    rehearsal.advance(Duration::from_secs(25 * 3600)).await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    let Sighting::Dead(failure) = seen else { panic!("{seen:?}") };
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::Restage, "staging_expired"));
    draft.staging = Staging::default();
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    let answer = rehearsal.publish(&instagram, &mut draft).await;
    assert!(matches!(answer, Answer::Published(_)), "{answer:?}");
    assert_eq!(rehearsal.live().await.len(), 1);
}

/// Whether a published container still says so after a day is not known.
#[tokio::test]
async fn an_expired_container_may_have_been_published() {
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", TOOK_EFFECT).await;
    rehearsal.advance(Duration::from_secs(25 * 3600)).await;
    state(&rehearsal, "EXPIRED").await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    assert!(matches!(seen, Sighting::Matched(_)), "{seen:?}");
    let status = json!({"path_contains": "status_code"});
    rehearsal.answer_with("status", status, 400, graph_error(24, Some(2_207_006))).await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    assert!(matches!(seen, Sighting::Matched(_)), "its container is gone: {seen:?}");
}

/// By then, a story that was published is no longer listed either.
#[tokio::test]
async fn an_expired_story_proves_nothing_after_a_day() {
    for (fault, hours, is_dead) in
        [(TOOK_EFFECT, 25, false), (NO_EFFECT, 25, false), (NO_EFFECT, 19, true)]
    {
        let (rehearsal, instagram, mut draft) = lost(PostType::Story, "", fault).await;
        rehearsal.advance(HOUR * hours).await;
        state(&rehearsal, "EXPIRED").await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert_eq!(matches!(seen, Sighting::Dead(_)), is_dead, "{seen:?}");
        assert_eq!(matches!(seen, Sighting::NeverTells(_)), !is_dead, "{seen:?}");
    }
}

#[tokio::test]
async fn a_container_that_failed_is_dead_with_words() {
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", NO_EFFECT).await;
    let status = "Error: Media upload has failed with error code 2207026";
    let node = json!({"status_code": "ERROR", "status": status});
    rehearsal.answer(json!({"path_contains": "status_code"}), node).await;
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    let Sighting::Dead(failure) = seen else { panic!("{seen:?}") };
    assert_eq!((failure.remedy, failure.code.as_str()), (Remedy::GiveUp, "2207026"));
    assert!(failure.message.contains("Encode it as MP4"), "{}", failure.message);
}

#[tokio::test]
async fn a_working_container_is_looked_at_again() {
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", NO_EFFECT).await;
    for code in ["IN_PROGRESS", "SOMETHING_NEW"] {
        state(&rehearsal, code).await;
        assert_eq!(rehearsal.look_up(&instagram, &mut draft).await, Sighting::InProgress, "{code}");
    }
}

#[tokio::test]
async fn a_container_that_cannot_be_read_decides_nothing() {
    for (code, subcode) in [(190, Some(463)), (100, Some(33)), (24, Some(2_207_006)), (4, None)] {
        let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", TOOK_EFFECT).await;
        let status = json!({"path_contains": "status_code"});
        rehearsal.answer_with("status", status, 400, graph_error(code, subcode)).await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        assert!(matches!(seen, Sighting::CannotTell(_)), "{code}: {seen:?}");
    }
    let (rehearsal, instagram, mut draft) = lost(PostType::Post, "text", TOOK_EFFECT).await;
    draft.token = AccessToken::new("expired-canary".to_owned());
    let seen = rehearsal.look_up(&instagram, &mut draft).await;
    let Sighting::CannotTell(failure) = seen else { panic!("{seen:?}") };
    assert_eq!(failure.remedy, Remedy::Operator(Scope::Account));
}
