//! The create call.

use std::time::Duration;

use serde_json::json;

use super::super::stand_in::*;
use super::*;
use crate::domain::{Away, Clearance, NOT_SENT, PostType, Scope};
use crate::platforms::Publisher;

const URN: &str = "urn:li:share:7487189920416108544";
/// Just before that post was minted.
const SENT: &str = "2026-07-26T16:59:41Z";

async fn publish(author: &str, reply: Reply) -> Answer {
    let stand_in = StandIn::start(move |_| reply.clone()).await;
    let draft = draft(author, "Hello", &[SENT]);
    let answer = stand_in.client().publish(&draft).await;
    let sent = stand_in.seen().iter().filter(|seen| seen.line.starts_with("POST")).count();
    assert!(sent <= 1, "sent more than once");
    answer
}

fn published(answer: Answer) -> Receipt {
    match answer {
        Answer::Published(receipt) | Answer::Matched(receipt) => receipt,
        other => panic!("not published: {other:?}"),
    }
}

#[tokio::test]
async fn the_create_call_is_what_linkedin_documents() {
    let stand_in = StandIn::start(|_| created(URN)).await;
    let draft = draft(ORGANIZATION, "Sale (today)\r\n#rust", &[SENT]);
    let receipt = published(stand_in.client().publish(&draft).await);
    assert_eq!(receipt.external_id.as_deref(), Some(URN));
    assert_eq!(
        receipt.permalink.as_deref(),
        Some("https://www.linkedin.com/feed/update/urn:li:share:7487189920416108544/")
    );
    assert_eq!(receipt.evidence, None);
    assert_eq!(receipt.trace_id.as_deref(), Some("AAY1"));
    let seen = stand_in.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "POST /api.linkedin.com/rest/posts");
    assert_eq!(seen[0].header("authorization"), Some("Bearer canary-token"));
    assert_eq!(seen[0].header("linkedin-version"), Some("202609"));
    assert_eq!(seen[0].header("x-restli-protocol-version"), Some("2.0.0"));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(
        seen[0].json(),
        json!({
            "author": ORGANIZATION,
            "commentary": "Sale \\(today\\)\n#rust",
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": []
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": false
        })
    );
}

#[tokio::test]
async fn without_an_id_it_is_live_too() {
    for author in [ORGANIZATION, MEMBER] {
        let reply = Reply::status(201).header("x-restli-protocol-version", "2.0.0");
        let receipt = published(publish(author, reply).await);
        assert_eq!((receipt.external_id, receipt.permalink), (None, None));
    }
}

/// **P4**: a captive portal, a maintenance page, a proxy.
#[tokio::test]
async fn unsigned_success_is_unknown() {
    for author in [ORGANIZATION, MEMBER] {
        for reply in [
            Reply::web_page(200),
            Reply::web_page(201),
            Reply::status(200),
            Reply::status(201),
            Reply::json(201, &Value::Null),
            Reply::json(201, &json!({"id": URN})),
            Reply::status(202).header("x-li-uuid", "AAY1"),
            Reply::status(204).header("x-li-uuid", "AAY1"),
            Reply::status(206).header("x-restli-id", URN),
        ] {
            let status = reply.status;
            let answer = publish(author, reply).await;
            let Answer::Unknown(failure) = answer else { panic!("{author} {status}: {answer:?}") };
            assert_eq!(failure.remedy, Remedy::Outage(Away::Platform), "{author} {status}");
        }
    }
}

/// **P5**: an HTML 401, 403 or 404 paused the account, or failed the post for
/// good.
#[tokio::test]
async fn unsigned_refusal_is_unknown() {
    for author in [ORGANIZATION, MEMBER] {
        for status in [302, 400, 401, 403, 404, 409, 413, 422, 426, 429, 500, 502, 503] {
            for reply in [Reply::web_page(status), Reply::status(status)] {
                let answer = publish(author, reply).await;
                let Answer::Unknown(failure) = answer else { panic!("{status}: {answer:?}") };
                assert_eq!(failure.remedy, Remedy::Outage(Away::Platform), "{status}");
            }
        }
        let contradiction = signed(400, json!({"code": "X"})).header("x-restli-id", URN);
        let answer = publish(author, contradiction).await;
        assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    }
}

#[tokio::test]
async fn signed_refusal_is_from_linkedin() {
    let code = |code: &str| json!({ "code": code });
    for (status, body, remedy) in [
        (426, code("NONEXISTENT_VERSION"), Remedy::Operator(Scope::App)),
        (401, code("EXPIRED_ACCESS_TOKEN"), Remedy::Operator(Scope::Account)),
        (400, code("MISSING_FIELD"), Remedy::GiveUp),
    ] {
        for author in [ORGANIZATION, MEMBER] {
            let answer = publish(author, signed(status, body.clone())).await;
            let Answer::Refused(failure) = answer else { panic!("{status}: {answer:?}") };
            assert_eq!(failure.remedy, remedy, "{status}");
        }
    }
    let answer = publish(ORGANIZATION, signed(409, code("CONFLICT"))).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let answer = publish("urn:li:organization:", created(URN)).await;
    let Answer::NotSent(failure) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.code, "invalid_external_id");
    let stand_in = StandIn::start(|_| created(URN)).await;
    let mut draft = draft(ORGANIZATION, "Hello", &[SENT]);
    draft.clearance = Clearance::new(|| false);
    let Answer::NotSent(failure) = stand_in.client().publish(&draft).await else { panic!() };
    assert_eq!(failure.code, NOT_SENT);
    draft.clearance = Clearance::unlimited();
    draft.content.media = vec![image("https://a.example/1.png")];
    let Answer::NotSent(failure) = stand_in.client().publish(&draft).await else { panic!() };
    assert_eq!(failure.remedy, Remedy::Restage, "its media is not uploaded");
    assert!(stand_in.seen().is_empty());
}

/// Only a page's posts can be read back; a member's refusals must be believed.
#[tokio::test]
async fn only_a_page_has_a_witness() {
    use crate::domain::proof::Witness;
    let stand_in = StandIn::start(|_| Reply::status(500)).await;
    let client = stand_in.client();
    let witness = |author| client.witness(&draft(author, "Hello", &[]));
    assert_eq!(witness(ORGANIZATION), Witness::List);
    assert_eq!(witness(MEMBER), Witness::Nobody);
    let mut pictured = draft(MEMBER, "Hello", &[]);
    assert_eq!(client.object(&pictured), None);
    pictured.content.media = vec![image("https://a.example/1.png")];
    assert_eq!(client.object(&pictured), None, "not uploaded yet");
    pictured.staging.0 = vec![artifact("image/0", "urn:li:image:C1")];
    assert_eq!(client.object(&pictured).as_deref(), Some("urn:li:image:C1"));
}

fn duplicate() -> Reply {
    duplicate_at("16:59:42")
}

fn duplicate_at(time: &str) -> Reply {
    let message = format!("Content is a duplicate of {URN}");
    let input = json!([{ "description": "Duplicate post is detected", "code": "DUPLICATE_POST" }]);
    signed(422, json!({ "message": message, "errorDetails": { "inputErrors": input } }))
        .header("date", format!("Sun, 26 Jul 2026 {time} GMT"))
}

#[tokio::test]
async fn duplicate_of_our_own_post_is_matched() {
    let receipt = published(publish(MEMBER, duplicate()).await);
    assert_eq!(receipt.external_id.as_deref(), Some(URN));
    assert_eq!(receipt.evidence.as_deref(), Some("duplicate"));
}

/// Without the right to read it the answer is another one, which proves nothing.
#[tokio::test]
async fn a_named_post_must_not_be_missing() {
    for (status, is_matched) in [(404, false), (403, true), (500, true), (200, true)] {
        let stand_in = StandIn::start(move |request| match request.line.starts_with("POST") {
            true => duplicate(),
            false => signed(status, json!({"code": "NOT_FOUND"})),
        })
        .await;
        let answer = stand_in.client().publish(&draft(MEMBER, "Hello", &[SENT])).await;
        assert_eq!(matches!(answer, Answer::Matched(_)), is_matched, "{status}: {answer:?}");
        assert_eq!(matches!(answer, Answer::Unknown(_)), !is_matched, "{status}: {answer:?}");
    }
}

/// A post that a person wrote by hand between a refused call and this one.
#[tokio::test]
async fn a_duplicate_between_two_calls_is_another() {
    let stand_in = StandIn::start(|_| duplicate_at("17:00:30")).await;
    let mut draft = draft(MEMBER, "Hello", &["2026-07-26T16:58:00Z", "2026-07-26T17:00:30Z"]);
    let limit = Remedy::Wait { rest: Duration::from_secs(480), scope: Scope::Account };
    draft.calls[0].refusal = Some(Failure::new(limit, "http_429".into(), "…"));
    draft.calls[0].answered_at = Some(time("2026-07-26T16:58:01Z"));
    let answer = stand_in.client().publish(&draft).await;
    let Answer::Refused(failure) = answer else { panic!("{answer:?}") };
    assert!(failure.message.contains("already posted at 2026-07-26 16:59:42"), "{failure:?}");
}

#[tokio::test]
async fn post_types_that_linkedin_lacks_are_refused() {
    let stand_in = StandIn::start(|_| Reply::status(201)).await;
    let (one, clip) = (|| image("https://a.example/1.png"), || video("https://a.example/1.mp4"));
    for (post_type, media) in [
        (PostType::Reel, vec![clip()]),
        (PostType::Story, vec![one()]),
        (PostType::Video, vec![one()]),
        (PostType::Video, vec![clip(), clip()]),
        (PostType::Carousel, vec![one()]),
        (PostType::Carousel, vec![one(); 21]),
        (PostType::Carousel, vec![one(), clip()]),
        (PostType::Post, vec![one(); 21]),
        (PostType::Post, vec![one(), clip()]),
        (PostType::Post, vec![clip(), clip()]),
    ] {
        let mut draft = draft(ORGANIZATION, "x", &[SENT]);
        draft.content.post_type = post_type;
        draft.content.media = media;
        let failure = stand_in.client().prepare(&draft).await.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.remedy), ("invalid_post", Remedy::GiveUp));
    }
    let empty = draft(ORGANIZATION, " ", &[SENT]);
    assert!(stand_in.client().prepare(&empty).await.is_err());
    assert!(stand_in.seen().is_empty());
}

#[test]
fn an_article_has_a_title() {
    let article = |caption: &str| {
        let mut draft = draft(ORGANIZATION, caption, &[]);
        draft.content.link = Some("https://news.example/a?b=1".to_owned());
        let body = post_body(&draft, Author::Organization(ORGANIZATION)).unwrap();
        body["content"]["article"].clone()
    };
    assert_eq!(
        article("\n Big (news)!\nmore"),
        json!({ "source": "https://news.example/a?b=1", "title": "Big (news)!" })
    );
    assert_eq!(article("")["title"], "news.example");
    assert_eq!(article(&"é".repeat(500))["title"], "é".repeat(400));
}
