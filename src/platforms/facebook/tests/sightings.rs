//! What a reading of the object, and a second witness, show.

use super::*;

const NOT_STARTED: &str = "not_started";

fn status(publishing: Value) -> Value {
    json!({"status": {"video_status": "ready", "publishing_phase": publishing}})
}

fn clip(rehearsal: &Rehearsal) -> Vec<MediaItem> {
    vec![rehearsal.video("clip")]
}

/// A published video of this type.
async fn published(post_type: PostType) -> (Rehearsal, Facebook, Draft) {
    let (rehearsal, facebook, mut draft) =
        prepared_post(PublishMode::TwoStep, post_type, clip).await;
    let answer = rehearsal.publish(&facebook, &mut draft).await;
    assert!(matches!(answer, Answer::Published(_)), "{answer:?}");
    rehearsal.advance(PROCESSED).await;
    (rehearsal, facebook, draft)
}

/// **P16**: the state of an object lags, and so does a list, but not both
/// alike.
#[tokio::test]
async fn a_stale_state_is_caught_by_the_list() {
    for post_type in [PostType::Video, PostType::Reel, PostType::Story] {
        let (rehearsal, facebook, mut draft) = published(post_type).await;
        for field in ["fields=status", "fields=published"] {
            rehearsal.fault("stale_status", json!({"path_contains": field})).await;
        }
        let video = draft.staging.id("video").unwrap().to_owned();
        let seen = rehearsal.look_up(&facebook, &mut draft).await;
        let Sighting::Live(seen) = seen else { panic!("{post_type}: {seen:?}") };
        if post_type != PostType::Story {
            assert_eq!(seen.external_id, Some(video), "{post_type}");
        }
    }
}

#[tokio::test]
async fn a_stale_list_is_caught_by_the_state() {
    for post_type in [PostType::Video, PostType::Reel, PostType::Story] {
        let (rehearsal, facebook, mut draft) = published(post_type).await;
        rehearsal.fault("stale_status", json!({"path_contains": "/stories"})).await;
        let seen = rehearsal.look_up(&facebook, &mut draft).await;
        let Sighting::Live(seen) = seen else { panic!("{post_type}: {seen:?}") };
        // Only the list contains the id of a story.
        assert_eq!(seen.external_id.is_none(), post_type == PostType::Story);
    }
}

#[tokio::test]
async fn two_stale_witnesses_need_a_quarter_hour() {
    for post_type in [PostType::Video, PostType::Reel, PostType::Story] {
        let (rehearsal, facebook, mut draft) = published(post_type).await;
        let stale = json!([{"match": {"method": "GET"}, "fault": "stale_status"}]);
        rehearsal.tell("faults", stale).await;
        let seen = rehearsal.look_up(&facebook, &mut draft).await;
        assert_eq!(seen, Sighting::NotLive { after: LISTS_LAG }, "{post_type}");
    }
}

#[tokio::test]
async fn a_witness_that_cannot_be_asked_decides_nothing() {
    for (post_type, edge) in [
        (PostType::Video, "/published_posts"),
        (PostType::Reel, "/video_reels"),
        (PostType::Story, "/stories"),
    ] {
        let (rehearsal, facebook, mut draft) =
            prepared_post(PublishMode::TwoStep, post_type, clip).await;
        rehearsal.gate(&facebook, &mut draft).await;
        rehearsal.fault("before_commit_5xx", json!({"path_contains": edge})).await;
        let seen = rehearsal.look_up(&facebook, &mut draft).await;
        assert!(matches!(seen, Sighting::CannotTell(_)), "{post_type}: {seen:?}");
    }
}

/// One field that a version does not know is code 100 for the whole read.
#[tokio::test]
async fn an_unknown_field_hides_no_live_video() {
    let unknown = graph_error(100, None);
    for (refused, is_live) in [("fields=status", true), ("fields=published", true)] {
        let (rehearsal, facebook, mut draft) = published(PostType::Video).await;
        let matching = json!({"path_contains": refused});
        rehearsal.answer_with("status", matching, 400, unknown.clone()).await;
        let seen = rehearsal.look_up(&facebook, &mut draft).await;
        assert_eq!(matches!(seen, Sighting::Live(_)), is_live, "{refused}: {seen:?}");
    }
    let (rehearsal, facebook, mut draft) =
        prepared_post(PublishMode::TwoStep, PostType::Video, clip).await;
    rehearsal.gate(&facebook, &mut draft).await;
    let matching = json!({"path_contains": "fields=status"});
    rehearsal.answer_with("status", matching, 400, unknown.clone()).await;
    let seen = rehearsal.look_up(&facebook, &mut draft).await;
    assert_eq!(seen, Sighting::NotLive { after: LISTS_LAG }, "by its other field");
    let rule = json!([{"match": {"method": "GET"}, "fault": "status", "status": 400,
        "body": unknown}]);
    rehearsal.tell("faults", rule).await;
    let seen = rehearsal.look_up(&facebook, &mut draft).await;
    assert!(matches!(seen, Sighting::CannotTell(_)), "{seen:?}");
}

/// Nothing is requested but what must be known.
#[tokio::test]
async fn every_state_is_asked_for_alone() {
    for kind in 0..7 {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::TwoStep, kind, harsh()).await;
        rehearsal.publish(&facebook, &mut draft).await;
        rehearsal.look_up(&facebook, &mut draft).await;
        let object = facebook.object(&draft).unwrap();
        let log = rehearsal.ask("log").await;
        let path = format!("/v25.0/{object}");
        let is_state = |call: &&Value| call["method"] == "GET" && call["path"] == path.as_str();
        let reads: Vec<_> = log.as_array().unwrap().iter().filter(is_state).collect();
        // The story of a photo is known by the list of stories alone.
        assert_eq!(reads.is_empty(), name == "photo story", "{name}");
        for read in reads {
            let fields = read["params"]["fields"].as_str().unwrap();
            assert!(["status", "published", "is_published"].contains(&fields), "{name}: {fields}");
        }
    }
}

#[tokio::test]
async fn the_object_of_the_call_is_asked_about() {
    let (rehearsal, facebook, mut draft) =
        prepared_post(PublishMode::TwoStep, PostType::Post, |_| vec![]).await;
    let first = rehearsal.gate(&facebook, &mut draft).await;
    assert!(matches!(facebook.publish(&draft).await, Answer::Published(_)));
    // Staged again since: the first post is another one.
    draft.staging = Staging::default();
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    let second = rehearsal.gate(&facebook, &mut draft).await;
    assert_ne!(first.object, second.object);
    let live = facebook.look_up(&draft, &first).await;
    assert_eq!(seen_live(live).external_id, first.object);
    let not_live = facebook.look_up(&draft, &second).await;
    assert_eq!(not_live, Sighting::NotLive { after: LISTS_LAG });
}

#[tokio::test]
async fn every_phase_of_a_video_is_reported() {
    let phase = |status: &str| json!({ "status": status });
    for (publishing, expected) in [
        (phase("in_progress"), Some(Sighting::InProgress)),
        (phase(NOT_STARTED), Some(Sighting::NotLive { after: LISTS_LAG })),
        (phase("error"), None),
        (json!({"status": "complete", "publish_status": "draft"}), None),
    ] {
        let (rehearsal, facebook, mut draft) =
            prepared_post(PublishMode::TwoStep, PostType::Reel, clip).await;
        rehearsal.gate(&facebook, &mut draft).await;
        rehearsal
            .answer(json!({"path_contains": "fields=status"}), status(publishing.clone()))
            .await;
        let seen = rehearsal.look_up(&facebook, &mut draft).await;
        match expected {
            Some(expected) => assert_eq!(seen, expected, "{publishing}"),
            None if publishing["status"] == "error" => {
                assert!(matches!(seen, Sighting::Dead(_)), "{seen:?}");
            }
            None => assert!(matches!(seen, Sighting::CannotTell(_)), "{seen:?}"),
        }
    }
}

/// A post that was deleted, or that the token may not see.
#[tokio::test]
async fn an_object_that_cannot_be_read_decides_nothing() {
    for kind in 0..KINDS {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::TwoStep, kind, harsh()).await;
        rehearsal.gate(&facebook, &mut draft).await;
        for error in [graph_error(100, Some(33)), graph_error(190, Some(463))] {
            let rule = json!([{"match": {"method": "GET"}, "fault": "status", "status": 400,
                "when": {"nth": 1, "count": 3}, "body": error}]);
            rehearsal.tell("faults", rule).await;
            let seen = rehearsal.look_up(&facebook, &mut draft).await;
            assert!(matches!(seen, Sighting::CannotTell(_)), "{name}: {seen:?}");
            rehearsal.no_more_faults().await;
        }
    }
}

#[tokio::test]
async fn a_story_is_found_with_a_wrong_clock() {
    for hours in [-2, 25] {
        let (rehearsal, facebook, mut draft) =
            prepared_post(PublishMode::TwoStep, PostType::Story, |r| vec![r.image("a")]).await;
        let mut call = rehearsal.gate(&facebook, &mut draft).await;
        call.at += chrono::TimeDelta::hours(hours);
        draft.calls = vec![call.clone()];
        assert!(matches!(facebook.publish(&draft).await, Answer::Published(_)));
        assert!(matches!(facebook.look_up(&draft, &call).await, Sighting::Live(_)), "{hours}");
    }
}

#[tokio::test]
async fn a_storys_absence_says_nothing_after_a_day() {
    for media in [(|r: &Rehearsal| vec![r.image("a")]) as fn(&Rehearsal) -> Vec<MediaItem>, |r| {
        vec![r.video("b")]
    }] {
        let (rehearsal, facebook, mut draft) =
            prepared_post(PublishMode::TwoStep, PostType::Story, media).await;
        let mut call = rehearsal.gate(&facebook, &mut draft).await;
        let seen = facebook.look_up(&draft, &call).await;
        assert_eq!(seen, Sighting::NotLive { after: LISTS_LAG });
        call.age = Duration::from_secs(25 * 3600);
        let seen = facebook.look_up(&draft, &call).await;
        assert!(matches!(seen, Sighting::NeverTells(_)), "{seen:?}");
    }
}
