//! From nothing to a live post, in every flow.

use super::*;

#[tokio::test]
async fn every_post_is_invisible_until_it_is_published() {
    for mode in MODES {
        for kind in 0..KINDS {
            let (name, rehearsal, facebook, mut draft) = prepared(mode, kind, harsh()).await;
            let name = format!("{mode} {name}");
            assert_eq!(rehearsal.live().await.len(), 0, "{name}");
            let answer = rehearsal.publish(&facebook, &mut draft).await;
            let Answer::Published(receipt) = answer else { panic!("{name}: {answer:?}") };
            rehearsal.advance(PROCESSED).await;
            let live = rehearsal.live().await;
            assert_eq!(live.len(), 1, "{name}: {live:?}");
            let media = live[0]["media"].as_array().unwrap().len();
            assert_eq!(media, draft.content.media.len(), "{name}");
            assert!(receipt.external_id.is_some(), "{name}");
            let seen = seen_live(rehearsal.look_up(&facebook, &mut draft).await);
            assert_eq!(seen.external_id, receipt.external_id, "{name}");
            assert_eq!(seen.evidence.as_deref(), Some("read-back"), "{name}");
            if draft.content.post_type != PostType::Story {
                assert_eq!(live[0]["text"], "Hello 👋", "{name}");
            }
        }
    }
}

/// The id that a restarted worker asks about is that of what the call names.
#[tokio::test]
async fn only_two_steps_have_an_object() {
    for mode in MODES {
        for kind in 0..KINDS {
            let (name, _rehearsal, facebook, draft) = prepared(mode, kind, harsh()).await;
            let flow = Flow::of(&draft, facebook.graph.settings()).unwrap();
            let is_direct = matches!(flow, Flow::DirectFeed | Flow::DirectVideo);
            assert_eq!(is_direct, mode == PublishMode::Direct && kind < 6, "{name}");
            let object = facebook.object(&draft);
            assert_eq!(object.is_none(), is_direct, "{mode} {name}");
            let witness = if is_direct { Witness::List } else { Witness::Object };
            assert_eq!(facebook.witness(&draft), witness, "{mode} {name}");
            if let Some(object) = object {
                assert!(draft.staging.0.iter().any(|made| made.remote_id == object), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn the_account_chooses_the_way_before_the_configuration() {
    let settings = |publish_mode| MetaSettings { publish_mode, ..MetaSettings::default() };
    for (account, configured, expected) in [
        (None, PublishMode::TwoStep, Flow::Feed),
        (None, PublishMode::Direct, Flow::DirectFeed),
        (Some(PublishMode::Direct), PublishMode::TwoStep, Flow::DirectFeed),
        (Some(PublishMode::TwoStep), PublishMode::Direct, Flow::Feed),
    ] {
        let mut draft = post(PostType::Post, vec![]);
        draft.account.publish_mode = account;
        assert_eq!(Flow::of(&draft, &settings(configured)), Ok(expected), "{account:?}");
    }
    let item = MediaItem { url: String::new(), kind: MediaKind::Video, alt: None };
    let mut draft = post(PostType::Video, vec![item]);
    let settings = MetaSettings::default();
    assert_eq!(Flow::of(&draft, &settings), Ok(Flow::ChunkedVideo));
    draft.account.publish_mode = Some(PublishMode::Direct);
    assert_eq!(Flow::of(&draft, &settings), Ok(Flow::ChunkedVideo), "one call, with an id");
    mark(&mut draft, names::HOSTED);
    assert_eq!(Flow::of(&draft, &settings), Ok(Flow::DirectVideo));
    draft.account.publish_mode = None;
    assert_eq!(Flow::of(&draft, &settings), Ok(Flow::HostedVideo));
}

#[tokio::test]
async fn a_comment_below_the_post_is_found() {
    for mode in MODES {
        for kind in 0..7 {
            let (name, rehearsal, facebook, mut draft) = prepared(mode, kind, harsh()).await;
            let answer = rehearsal.publish(&facebook, &mut draft).await;
            let Answer::Published(receipt) = answer else { panic!("{name}: {answer:?}") };
            rehearsal.advance(PROCESSED).await;
            let id = receipt.external_id.unwrap();
            let absent = facebook.find_comment(&draft, &id, "First!").await;
            let lists_lag = Duration::from_secs(15 * 60);
            assert_eq!(absent, Sighting::NotLive { after: lists_lag }, "{name}");
            let answer = facebook.comment(&draft, &id, "First!").await;
            let Answer::Published(comment) = answer else { panic!("{name}: {answer:?}") };
            assert!(comment.external_id.is_some(), "{name}");
            assert_eq!(rehearsal.live().await[0]["comments"], json!(["First!"]), "{name}");
            let Sighting::Live(found) = facebook.find_comment(&draft, &id, "First!").await else {
                panic!("{name}")
            };
            assert_eq!(found.external_id, comment.external_id, "{name}");
            let other = facebook.find_comment(&draft, &id, "First").await;
            assert!(matches!(other, Sighting::NotLive { .. }), "{name}: {other:?}");
        }
    }
}

#[tokio::test]
async fn another_persons_equal_comment_is_not_matched() {
    let (rehearsal, facebook, mut draft) =
        prepared_post(PublishMode::TwoStep, PostType::Post, |_| vec![]).await;
    let Answer::Published(receipt) = rehearsal.publish(&facebook, &mut draft).await else {
        panic!()
    };
    let id = receipt.external_id.unwrap();
    for (from, is_ours) in [(json!({"id": "77"}), false), (json!({"id": PAGE}), true)] {
        let list = json!({"data": [{"id": "1_2", "message": "First!", "from": from}]});
        rehearsal.answer(json!({"method": "GET"}), list).await;
        let sighting = facebook.find_comment(&draft, &id, "First!").await;
        assert_eq!(matches!(sighting, Sighting::Live(_)), is_ours, "{sighting:?}");
    }
    rehearsal.fault("before_commit_5xx", json!({"method": "GET"})).await;
    let sighting = facebook.find_comment(&draft, &id, "First!").await;
    assert!(matches!(sighting, Sighting::CannotTell(_)), "{sighting:?}");
}

#[tokio::test]
async fn an_address_is_read_or_made_up() {
    for kind in 0..7 {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::TwoStep, kind, harsh()).await;
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        let Answer::Published(receipt) = answer else { panic!("{name}: {answer:?}") };
        rehearsal.advance(PROCESSED).await;
        let id = receipt.external_id.clone().unwrap();
        let permalink = facebook.permalink(&draft, &receipt).await.unwrap();
        assert!(
            permalink.starts_with("https://www.facebook.com/") && permalink.contains(&id),
            "{name}"
        );
        for body in [graph_error(100, None), json!({"id": id})] {
            let status = if body["error"].is_null() { 200 } else { 400 };
            rehearsal.answer_with("status", json!({"method": "GET"}), status, body).await;
            let made = facebook.permalink(&draft, &receipt).await.unwrap();
            let path = if name == "reel" { "reel/" } else { "" };
            assert_eq!(made, format!("https://www.facebook.com/{path}{id}"), "{name}");
        }
        let relative = json!({"permalink_url": "/1000001/videos/5/"});
        rehearsal.answer(json!({"method": "GET"}), relative).await;
        let permalink = facebook.permalink(&draft, &receipt).await.unwrap();
        assert_eq!(permalink, "https://www.facebook.com/1000001/videos/5/", "{name}");
        let known = Receipt { permalink: Some("https://known".to_owned()), ..receipt };
        assert_eq!(facebook.permalink(&draft, &known).await.as_deref(), Some("https://known"));
    }
}

/// A made-up address of a story would lead nowhere.
#[tokio::test]
async fn a_storys_address_comes_from_the_list_alone() {
    for kind in [7, 8] {
        let (name, rehearsal, facebook, mut draft) =
            prepared(PublishMode::TwoStep, kind, harsh()).await;
        let answer = rehearsal.publish(&facebook, &mut draft).await;
        let Answer::Published(receipt) = answer else { panic!("{name}: {answer:?}") };
        rehearsal.advance(PROCESSED).await;
        let permalink = facebook.permalink(&draft, &receipt).await.unwrap();
        assert!(permalink.starts_with("https://facebook.com/stories/"), "{name}: {permalink}");
        rehearsal.answer(json!({"method": "GET"}), json!({"data": []})).await;
        assert_eq!(facebook.permalink(&draft, &receipt).await, None, "{name}");
    }
}

#[tokio::test]
async fn a_dead_token_asks_for_the_operator() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let mut draft = post(PostType::Post, vec![]);
    draft.token = AccessToken::new("expired-canary".to_owned());
    let failure = facebook(&rehearsal).prepare(&draft).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Operator(crate::domain::Scope::Account));
    assert_eq!((failure.code.as_str(), failure.http_status), ("190/463", Some(400)));
    assert!(failure.trace_id.is_some());
    assert!(failure.message.starts_with("Facebook: the token has expired"), "{failure:?}");
    assert!(!format!("{failure:?}").contains("canary"));
    assert!(!rehearsal.ask("log").await.to_string().contains("canary"));
}

#[test]
fn what_no_page_takes_is_given_up() {
    let item = |kind| MediaItem { url: String::new(), kind, alt: None };
    let (image, video) = (item(MediaKind::Image), item(MediaKind::Video));
    for (post_type, media) in [
        (PostType::Post, vec![image.clone(), video.clone()]),
        (PostType::Post, vec![video.clone()]),
        (PostType::Post, vec![image.clone(); 11]),
        (PostType::Reel, vec![image.clone()]),
        (PostType::Reel, vec![]),
        (PostType::Story, vec![image.clone(), image.clone()]),
        (PostType::Story, vec![]),
        (PostType::Carousel, vec![video.clone()]),
        (PostType::Video, vec![image.clone()]),
        (PostType::Video, vec![]),
    ] {
        let content = post(post_type, media).content;
        assert_eq!(Kind::of(&content).unwrap_err().remedy, Remedy::GiveUp, "{content:?}");
    }
    let mut empty = post(PostType::Post, vec![]).content;
    empty.caption.clear();
    assert!(Kind::of(&empty).is_err());
    empty.link = Some("https://example.com/".to_owned());
    assert_eq!(Kind::of(&empty), Ok(Kind::Feed), "a link alone is something");
}
