//! From nothing to a live post, of every kind.

use super::*;

#[tokio::test]
async fn every_post_is_invisible_until_it_is_published() {
    for kind in 0..KINDS {
        let (name, rehearsal, instagram, mut draft) = prepared(kind).await;
        assert_eq!(rehearsal.live().await.len(), 0, "{name}");
        let answer = rehearsal.publish(&instagram, &mut draft).await;
        let Answer::Published(receipt) = answer else { panic!("{name}: {answer:?}") };
        let live = rehearsal.live().await;
        assert_eq!(live.len(), 1, "{name}: {live:?}");
        assert_eq!(live[0]["media"].as_array().unwrap().len(), draft.content.media.len(), "{name}");
        assert_eq!(live[0]["id"], *receipt.external_id.as_ref().unwrap(), "{name}");
        assert_ne!(receipt.external_id.as_deref(), draft.staging.id(CONTAINER), "{name}");
        rehearsal.advance(LISTED).await;
        let seen = rehearsal.look_up(&instagram, &mut draft).await;
        let Sighting::Live(seen) = seen else { panic!("{name}: {seen:?}") };
        assert_eq!(seen.external_id, receipt.external_id, "{name}");
        assert!(seen.permalink.is_some(), "{name}");
        if draft.content.post_type != PostType::Story {
            assert_eq!(live[0]["text"], "Hello 👋", "{name}");
        }
    }
}

#[tokio::test]
async fn the_container_is_what_the_call_names() {
    for kind in 0..KINDS {
        let (name, rehearsal, instagram, mut draft) = prepared(kind).await;
        let container = draft.staging.id(CONTAINER).map(str::to_owned);
        assert!(container.is_some() && instagram.object(&draft) == container, "{name}");
        assert_eq!(instagram.witness(&draft), Witness::Object, "{name}");
        let before = rehearsal.calls().await.len();
        rehearsal.publish(&instagram, &mut draft).await;
        let log = rehearsal.ask("log").await;
        let calls = &log.as_array().unwrap()[before..];
        assert_eq!(calls.len(), 1, "{name}");
        assert_eq!(calls[0]["params"], json!({"creation_id": container}), "{name}");
    }
}

#[tokio::test]
async fn an_address_is_read_once_it_is_there() {
    let (rehearsal, instagram, mut draft) = picture(PostType::Post, "text").await;
    let Answer::Published(receipt) = rehearsal.publish(&instagram, &mut draft).await else {
        panic!()
    };
    let link = instagram.permalink(&draft, &receipt).await.unwrap();
    assert!(link.starts_with("https://www.instagram.com/p/"), "{link}");
    // A constructed address would need the short code, which the id does not contain.
    rehearsal.fault("before_commit_5xx", json!({"method": "GET"})).await;
    assert_eq!(instagram.permalink(&draft, &receipt).await, None);
    let without_id = Receipt::default();
    assert_eq!(instagram.permalink(&draft, &without_id).await, None);
    let known = Receipt { permalink: Some("https://known".to_owned()), ..Receipt::default() };
    assert_eq!(instagram.permalink(&draft, &known).await.as_deref(), Some("https://known"));
}

#[tokio::test]
async fn a_comment_below_the_post_is_found() {
    for kind in [0, 3, 7] {
        let (name, rehearsal, instagram, mut draft) = prepared(kind).await;
        let answer = rehearsal.publish(&instagram, &mut draft).await;
        let Answer::Published(receipt) = answer else { panic!("{name}: {answer:?}") };
        let id = receipt.external_id.unwrap();
        let absent = instagram.find_comment(&draft, &id, "First!").await;
        assert_eq!(absent, Sighting::NotLive { after: QUARTER }, "{name}");
        let Answer::Published(comment) = instagram.comment(&draft, &id, "First!").await else {
            panic!("{name}")
        };
        assert!(comment.external_id.is_some(), "{name}");
        assert_eq!(rehearsal.live().await[0]["comments"], json!(["First!"]), "{name}");
        let found = instagram.find_comment(&draft, &id, "First!").await;
        let Sighting::Live(found) = found else { panic!("{name}: {found:?}") };
        assert_eq!(found.external_id, comment.external_id, "{name}");
        rehearsal.fault("before_commit_5xx", json!({"method": "GET"})).await;
        let unread = instagram.find_comment(&draft, &id, "First!").await;
        assert!(matches!(unread, Sighting::CannotTell(_)), "{name}: {unread:?}");
    }
}

/// A comment was made although its call was refused (20/1772107).
#[tokio::test]
async fn a_comments_answer_is_classified_like_a_posts() {
    for (fault, is_unknown) in
        [("after_commit_4xx", true), ("after_commit_drop", true), ("no_id", true), ("429", false)]
    {
        let (rehearsal, instagram, mut draft) = picture(PostType::Post, "text").await;
        let answer = rehearsal.publish(&instagram, &mut draft).await;
        let Answer::Published(receipt) = answer else { panic!("{answer:?}") };
        rehearsal.fault(fault, json!({"method": "POST"})).await;
        let id = receipt.external_id.unwrap();
        let answer = instagram.comment(&draft, &id, "First!").await;
        assert_eq!(matches!(answer, Answer::Unknown(_)), is_unknown, "{fault}: {answer:?}");
        assert_eq!(matches!(answer, Answer::Refused(_)), !is_unknown, "{fault}: {answer:?}");
    }
}

#[tokio::test]
async fn tokens_of_instagram_login_have_their_host() {
    for (token, host) in [("IGAA-token", "graph.instagram.com"), ("EAAB", "graph.facebook.com")] {
        let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
        let instagram = instagram(&rehearsal);
        let mut draft = post(PostType::Post, vec![rehearsal.image("a")]);
        draft.token = AccessToken::new(token.to_owned());
        rehearsal.prepare(&instagram, &mut draft).await.unwrap();
        let log = rehearsal.ask("log").await;
        let hosts: Vec<&Value> = log.as_array().unwrap().iter().map(|call| &call["host"]).collect();
        assert!(!hosts.is_empty() && hosts.iter().all(|h| **h == host), "{hosts:?}");
    }
}

#[test]
fn what_instagram_never_takes_is_given_up() {
    let item = |kind| MediaItem { url: String::new(), kind, alt: None };
    let (image, video) = (item(MediaKind::Image), item(MediaKind::Video));
    for (post_type, media) in [
        (PostType::Post, vec![]),
        (PostType::Reel, vec![image.clone()]),
        (PostType::Story, vec![image.clone(), image.clone()]),
        (PostType::Carousel, vec![video.clone()]),
        (PostType::Video, vec![image.clone()]),
    ] {
        let content = post(post_type, media).content;
        assert_eq!(Flow::of(&content).unwrap_err().remedy, Remedy::GiveUp, "{content:?}");
    }
}
