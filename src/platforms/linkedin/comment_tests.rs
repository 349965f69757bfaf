//! First comments: sent once, and found again.

use std::sync::atomic::{AtomicU32, Ordering};

use super::super::stand_in::*;
use super::*;
use crate::domain::{Away, Scope};
use crate::platforms::Publisher;

const POST: &str = "urn:li:share:7487189920416108544";
const COMMENT: &str = "urn:li:comment:(urn:li:activity:1,2)";

/// What becomes of a comment that is answered like this, and how often it was sent.
async fn comment(author: &str, reply: Reply) -> (Answer, usize) {
    let stand_in = StandIn::start(move |_| reply.clone()).await;
    let draft = draft(author, "x", &[]);
    let answer = stand_in.client().comment(&draft, POST, "text").await;
    (answer, stand_in.seen().len())
}

fn too_early() -> Reply {
    signed(404, json!({ "message": format!("Unable to obtain activity for urn {POST}") }))
}

#[tokio::test]
async fn a_comment_is_plain_text_and_waits() {
    let tries = AtomicU32::new(0);
    let stand_in = StandIn::start(move |_| match tries.fetch_add(1, Ordering::SeqCst) {
        ..2 => too_early(),
        _ => Reply::json(201, &json!({ "commentUrn": COMMENT })),
    })
    .await;
    let draft = draft(ORGANIZATION, "x", &[]);
    let answer = stand_in.client().comment(&draft, POST, "See (here) #1").await;
    let Answer::Published(receipt) = answer else { panic!("{answer:?}") };
    assert_eq!(receipt.external_id.as_deref(), Some(COMMENT));
    let seen = stand_in.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(
        seen[2].line,
        "POST /api.linkedin.com/rest/socialActions/urn%3Ali%3Ashare%3A7487189920416108544/comments"
    );
    assert_eq!(
        seen[2].json(),
        json!({ "actor": ORGANIZATION, "object": POST, "message": { "text": "See (here) #1" } })
    );
}

/// It may be there the next time: no reason to give the comment up.
#[tokio::test]
async fn a_comment_too_early_is_sent_again_later() {
    let (answer, sent) = comment(ORGANIZATION, too_early()).await;
    let Answer::Refused(failure) = answer else { panic!("{answer:?}") };
    assert_eq!((failure.remedy, sent), (Remedy::Retry, 5));
}

#[tokio::test]
async fn a_comment_is_made_only_with_an_id() {
    let id = |reply: Reply| reply.header("x-restli-id", "7487189920416108544");
    for (name, reply, is_made) in [
        ("in the body", Reply::json(201, &json!({ "commentUrn": COMMENT })), true),
        ("in a header", id(Reply::status(201)), true),
        ("200", id(Reply::status(200)), true),
        ("nowhere", Reply::status(201), false),
        ("nowhere, signed", Reply::status(201).header("x-li-uuid", "AAY1"), false),
        ("a web page", Reply::web_page(201), false),
        ("another status", id(Reply::status(202)), false),
        ("a refusal", id(signed(400, json!({}))), false),
        ("odd", Reply::json(201, &json!({ "commentUrn": "urn:li:share:1" })), false),
        ("odd number", Reply::status(201).header("x-restli-id", "12x"), false),
        (
            "long",
            Reply::json(
                201,
                &json!({ "commentUrn": format!("urn:li:comment:({})", "1".repeat(300)) }),
            ),
            false,
        ),
    ] {
        let (answer, sent) = comment(MEMBER, reply).await;
        assert_eq!(matches!(answer, Answer::Published(_)), is_made, "{name}: {answer:?}");
        assert_eq!(matches!(answer, Answer::Unknown(_)), !is_made, "{name}: {answer:?}");
        assert_eq!(sent, 1, "{name}: never repeated blindly");
    }
}

#[tokio::test]
async fn a_comments_refusal_must_be_linkedins() {
    for (reply, remedy) in [
        // Comments need a scope of their own.
        (signed(403, json!({})), Some(Remedy::Retry)),
        (signed(401, json!({})), Some(Remedy::Operator(Scope::Account))),
        (signed(400, json!({})), Some(Remedy::GiveUp)),
        (Reply::web_page(403), None),
        (Reply::web_page(404), None),
        (Reply::status(429), None),
        (Reply::status(503), None),
        (signed(500, json!({})), None),
    ] {
        let status = reply.status;
        let (answer, sent) = comment(ORGANIZATION, reply).await;
        match (answer, remedy) {
            (Answer::Refused(failure), Some(remedy)) => assert_eq!(failure.remedy, remedy),
            (Answer::Unknown(failure), None) => {
                assert_eq!(failure.remedy, Remedy::Outage(Away::Platform), "{status}");
            }
            (other, _) => panic!("{status}: {other:?}"),
        }
        assert_eq!(sent, 1, "{status}");
    }
    let (answer, sent) = comment("urn:li:person:", Reply::status(201)).await;
    assert!(matches!(answer, Answer::NotSent(_)) && sent == 0, "{answer:?}");
}

async fn find(author: &str, reply: Reply) -> (Sighting, Vec<Seen>) {
    let stand_in = StandIn::start(move |_| reply.clone()).await;
    let draft = draft(author, "x", &[]);
    let sighting = stand_in.client().find_comment(&draft, POST, "First!").await;
    (sighting, stand_in.seen())
}

fn comments(actor: &str, text: &str) -> Reply {
    let one = json!({ "commentUrn": COMMENT, "actor": actor, "message": { "text": text } });
    Reply::json(200, &json!({ "elements": [one] }))
}

#[tokio::test]
async fn a_pages_comment_is_found_again() {
    let (sighting, seen) = find(ORGANIZATION, comments(ORGANIZATION, "First!")).await;
    let Sighting::Live(receipt) = sighting else { panic!("{sighting:?}") };
    assert_eq!(receipt.external_id.as_deref(), Some(COMMENT));
    let path = "GET /api.linkedin.com/rest/socialActions/\
                urn%3Ali%3Ashare%3A7487189920416108544/comments?count=100&start=0";
    assert_eq!(seen[0].line, path);
    for other in [comments(MEMBER, "First!"), comments(ORGANIZATION, "First")] {
        let (sighting, _) = find(ORGANIZATION, other).await;
        assert_eq!(sighting, Sighting::NotLive { after: LISTS_LAG }, "lists lag");
    }
}

#[tokio::test]
async fn a_members_comment_is_never_looked_for() {
    let (sighting, seen) = find(MEMBER, comments(MEMBER, "First!")).await;
    assert!(matches!(sighting, Sighting::NeverTells(_)), "{sighting:?}");
    assert!(seen.is_empty());
}

/// Commenting takes a permission, and reading another one.
#[tokio::test]
async fn unreadable_comments_do_not_pause_the_account() {
    for status in [400, 403, 404] {
        let (sighting, _) = find(ORGANIZATION, signed(status, json!({}))).await;
        let Sighting::NeverTells(failure) = sighting else { panic!("{status}: {sighting:?}") };
        assert!(!failure.asks_to_rest(), "{failure:?}");
    }
    for reply in [
        Reply::web_page(200),
        Reply::web_page(403),
        Reply::status(500),
        signed(401, json!({})),
        signed(429, json!({})),
    ] {
        let status = reply.status;
        let (sighting, _) = find(ORGANIZATION, reply).await;
        assert!(matches!(sighting, Sighting::CannotTell(_)), "{status}: {sighting:?}");
    }
}
