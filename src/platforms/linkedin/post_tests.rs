use std::time::Duration;

use serde_json::json;

use super::super::stand_in::*;
use super::*;
use crate::domain::{Fence, PostType, Scope};
use crate::platforms::Publisher;

const URN: &str = "urn:li:share:7487189920416108544";
/// Just before that post was minted.
const SENT: &str = "2026-07-26T16:59:41Z";

async fn publish(author: &str, answer: fn() -> Reply) -> Answer {
    let stand_in = StandIn::start(move |_| answer()).await;
    let draft = draft(author, "Hello", &[time(SENT)]);
    let answer = stand_in.client().publish(&draft).await;
    let sent = stand_in.seen().iter().filter(|seen| seen.line.starts_with("POST")).count();
    assert!(sent <= 1, "sent more than once");
    answer
}

fn published(answer: Answer) -> Receipt {
    match answer {
        Answer::Published(receipt) | Answer::Found(receipt) => receipt,
        other => panic!("not published: {other:?}"),
    }
}

#[tokio::test]
async fn the_create_call_is_what_linkedin_documents() {
    let stand_in = StandIn::start(|_| Reply::status(201).header("x-restli-id", URN)).await;
    let draft = draft(PAGE, "Sale (today)\r\n#rust", &[time(SENT)]);
    let receipt = published(stand_in.client().publish(&draft).await);
    assert_eq!(receipt.external_id.as_deref(), Some(URN));
    assert_eq!(
        receipt.permalink.as_deref(),
        Some("https://www.linkedin.com/feed/update/urn:li:share:7487189920416108544/")
    );
    assert_eq!(receipt.evidence, None);
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
            "author": PAGE,
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
async fn the_id_is_found_in_every_known_form() {
    let encoded = publish(PAGE, || {
        Reply::status(201).header("X-RestLi-Id", "urn%3Ali%3Ashare%3A7487189920416108544")
    });
    assert_eq!(published(encoded.await).external_id.as_deref(), Some(URN));
    let other = publish(PAGE, || Reply::status(200).header("x-linkedin-id", URN));
    assert_eq!(published(other.await).external_id.as_deref(), Some(URN));
    let receipt = published(publish(PAGE, || Reply::status(201)).await);
    assert_eq!((receipt.external_id, receipt.permalink), (None, None), "live, id unknown");
}

#[tokio::test]
async fn refusals_and_unknown_outcomes_are_told_apart() {
    let Answer::Refused(failure) = publish(PAGE, || Reply::status(426)).await else { panic!() };
    assert_eq!(failure.remedy, Remedy::Operator(Scope::Platform));
    assert!(matches!(publish(PAGE, || Reply::status(500)).await, Answer::Unknown(_)));
    assert!(matches!(publish(PAGE, || Reply::status(409)).await, Answer::Unknown(_)));
    let Answer::Refused(failure) = publish("urn:li:organization:", || Reply::status(201)).await
    else {
        panic!()
    };
    assert_eq!(failure.code, "author");
}

fn duplicate() -> Reply {
    let message = format!("Content is a duplicate of {URN}");
    let input = json!([{ "description": "Duplicate post is detected", "code": "DUPLICATE_POST" }]);
    Reply::json(422, &json!({ "message": message, "errorDetails": { "inputErrors": input } }))
        .header("date", "Sun, 26 Jul 2026 16:59:42 GMT")
}

#[tokio::test]
async fn a_duplicate_of_our_own_post_is_our_post() {
    let receipt = published(publish(MEMBER, duplicate).await);
    assert_eq!(receipt.external_id.as_deref(), Some(URN));
    assert_eq!(receipt.evidence.as_deref(), Some("duplicate"));
}

fn intent() -> Intent {
    Intent {
        fence: Fence(1),
        step_no: 1,
        at: time(SENT),
        age: Duration::from_secs(90),
        not_live_for: None,
        lookups: 0,
        blind: false,
    }
}

/// What a look-up of `draft` makes of a list with these posts.
async fn look_up(draft: &Draft, posts: Value) -> Sighting {
    let list = json!({ "elements": posts, "paging": { "start": 0, "count": 20, "links": [] } });
    let stand_in = StandIn::start(move |_| {
        Reply::json(200, &list).header("date", "Sun, 26 Jul 2026 17:01:11 GMT")
    })
    .await;
    let sighting = stand_in.client().look_up(draft, &intent()).await;
    let seen = stand_in.seen();
    assert_eq!(
        seen[0].line,
        "GET /api.linkedin.com/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A1234567\
         &count=20&start=0&sortBy=CREATED&viewContext=AUTHOR"
    );
    assert_eq!(seen[0].header("x-restli-method"), Some("FINDER"));
    sighting
}

fn is_live(sighting: &Sighting) -> bool {
    matches!(sighting, Sighting::Live(receipt) | Sighting::Found(receipt) if receipt.external_id.as_deref() == Some(URN)
        && receipt.evidence.as_deref() == Some("read-back"))
}

fn listed(created_at: &str, more: Value) -> Value {
    let mut post = json!({
        "id": URN, "author": PAGE, "lifecycleState": "PUBLISHED",
        "createdAt": time(created_at).timestamp_millis(),
        "commentary": "Sale \\(today\\)\n{hashtag|\\#|rust}",
    });
    post.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post
}

#[tokio::test]
async fn a_text_post_is_found_by_text_and_time() {
    let draft = draft(PAGE, "Sale (today)\r\n#rust ", &[time(SENT)]);
    for at in [SENT, "2026-07-26T16:59:36Z", "2026-07-26T17:02:41Z"] {
        assert!(is_live(&look_up(&draft, json!([listed(at, json!({}))])).await), "{at}");
        let empty = json!([listed(at, json!({ "content": {} }))]);
        assert!(is_live(&look_up(&draft, empty).await), "{at}");
    }
    for at in ["2026-07-26T16:59:35Z", "2026-07-26T17:02:42Z"] {
        let sighting = look_up(&draft, json!([listed(at, json!({}))])).await;
        assert!(matches!(sighting, Sighting::CannotTell(_)), "{at}");
    }
    let other = listed(SENT, json!({ "commentary": "Sale" }));
    assert!(matches!(look_up(&draft, json!([other])).await, Sighting::CannotTell(_)));
    let pictured = listed(SENT, json!({ "content": { "media": { "id": "urn:li:image:X" } } }));
    assert!(matches!(look_up(&draft, json!([pictured])).await, Sighting::CannotTell(_)));
}

#[tokio::test]
async fn two_posts_with_the_text_decide_nothing() {
    let draft = draft(PAGE, "Sale (today)\n#rust", &[time(SENT)]);
    let twice = json!([listed(SENT, json!({})), listed(SENT, json!({ "id": "urn:li:share:1" }))]);
    assert!(matches!(look_up(&draft, twice).await, Sighting::CannotTell(_)));
}

#[tokio::test]
async fn a_post_with_our_media_is_ours_whatever_else_it_says() {
    let mut draft = draft(PAGE, "edited since", &[time(SENT)]);
    draft.content.media = vec![image("https://a.example/1.png"), image("https://a.example/2.png")];
    draft.staging.0 =
        vec![artifact("image/0", "urn:li:image:A"), artifact("image/1", "urn:li:image:B")];
    let many = json!({ "multiImage": { "images": [{ "id": "urn:li:image:B" }] } });
    let found = listed("2026-07-28T00:00:00Z", json!({ "content": many }));
    assert!(is_live(&look_up(&draft, json!([found])).await));
    let foreign = json!({ "content": { "media": { "id": "urn:li:image:C" } } });
    let sighting = look_up(&draft, json!([listed(SENT, foreign)])).await;
    assert!(matches!(sighting, Sighting::CannotTell(_)));
}

#[tokio::test]
async fn a_link_without_text_is_found_by_its_address() {
    let mut draft = draft(PAGE, "", &[time(SENT)]);
    draft.content.link = Some("https://a.example/news".to_owned());
    let article =
        |source| json!({ "commentary": "", "content": { "article": { "source": source } } });
    let ours = listed(SENT, article("https://a.example/news"));
    assert!(is_live(&look_up(&draft, json!([ours])).await));
    let other = listed(SENT, article("https://a.example/other"));
    assert!(matches!(look_up(&draft, json!([other])).await, Sighting::CannotTell(_)));
}

#[tokio::test]
async fn what_readers_do_not_see_is_not_live() {
    let draft = draft(PAGE, "Sale (today)\n#rust", &[time(SENT)]);
    let failed = json!([listed(SENT, json!({ "lifecycleState": "PUBLISH_FAILED" }))]);
    assert!(matches!(look_up(&draft, failed).await, Sighting::CannotTell(_)));
    let asked = json!([listed(SENT, json!({ "lifecycleState": "PUBLISH_REQUESTED" }))]);
    assert!(is_live(&look_up(&draft, asked).await));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_proves_nothing() {
    for status in [400, 401, 404, 429, 500] {
        let stand_in = StandIn::start(move |_| Reply::status(status)).await;
        let sighting = stand_in.client().look_up(&draft(PAGE, "x", &[time(SENT)]), &intent()).await;
        assert!(matches!(sighting, Sighting::CannotTell(_)), "{status}");
    }
    let draft = draft(PAGE, "x", &[time(SENT)]);
    assert!(matches!(look_up(&draft, json!([])).await, Sighting::CannotTell(_)), "never NotLive");
    assert!(matches!(look_up(&draft, Value::Null).await, Sighting::CannotTell(_)));
}

/// Without the right to read them a page's posts are like a member's. The account
/// may post all the same: it is not to be paused.
#[tokio::test]
async fn a_page_whose_posts_may_not_be_read_never_tells_and_does_not_rest() {
    let stand_in = StandIn::start(|_| Reply::status(403)).await;
    let sighting = stand_in.client().look_up(&draft(PAGE, "x", &[time(SENT)]), &intent()).await;
    let Sighting::NeverTells(failure) = sighting else { panic!("{sighting:?}") };
    assert!(!failure.asks_to_rest(), "{failure:?}");
}

#[tokio::test]
async fn a_members_post_is_never_looked_for() {
    let stand_in = StandIn::start(|_| Reply::status(200)).await;
    let sighting = stand_in.client().look_up(&draft(MEMBER, "x", &[time(SENT)]), &intent()).await;
    assert!(matches!(sighting, Sighting::NeverTells(_)));
    assert!(stand_in.seen().is_empty());
}

#[tokio::test]
async fn a_comment_is_plain_text_and_waits_for_the_post_to_spread() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let stand_in = StandIn::start(move |_| {
        if tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            let message = format!("Unable to obtain activity for urn {URN}");
            return Reply::json(404, &json!({ "message": message }));
        }
        Reply::json(201, &json!({ "commentUrn": "urn:li:comment:(urn:li:activity:1,2)" }))
    })
    .await;
    let draft = draft(PAGE, "x", &[]);
    let receipt = published(stand_in.client().comment(&draft, URN, "See (here) #1").await);
    assert_eq!(receipt.external_id.as_deref(), Some("urn:li:comment:(urn:li:activity:1,2)"));
    let seen = stand_in.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(
        seen[2].line,
        "POST /api.linkedin.com/rest/socialActions/urn%3Ali%3Ashare%3A7487189920416108544/comments"
    );
    assert_eq!(
        seen[2].json(),
        json!({ "actor": PAGE, "object": URN, "message": { "text": "See (here) #1" } })
    );
}

#[tokio::test]
async fn a_comment_gives_up_in_the_end_and_is_never_repeated_blindly() {
    let stand_in = StandIn::start(|_| {
        Reply::json(404, &json!({ "message": "Unable to obtain activity for urn" }))
    })
    .await;
    let draft = draft(PAGE, "x", &[]);
    let answer = stand_in.client().comment(&draft, URN, "text").await;
    assert!(matches!(answer, Answer::Refused(_)));
    assert_eq!(stand_in.seen().len(), 5);
    let stand_in = StandIn::start(|_| Reply::status(503)).await;
    assert!(matches!(stand_in.client().comment(&draft, URN, "text").await, Answer::Unknown(_)));
    assert_eq!(stand_in.seen().len(), 1);
}

#[tokio::test]
async fn post_types_that_linkedin_lacks_are_refused_without_a_call() {
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
        let mut draft = draft(PAGE, "x", &[time(SENT)]);
        draft.content.post_type = post_type;
        draft.content.media = media;
        let failure = stand_in.client().prepare(&draft).await.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.remedy), ("content", Remedy::GiveUp));
    }
    let empty = draft(PAGE, " ", &[time(SENT)]);
    assert!(stand_in.client().prepare(&empty).await.is_err());
    assert!(stand_in.seen().is_empty());
}

#[test]
fn an_article_is_titled_by_the_first_line_or_the_host() {
    let article = |caption: &str| {
        let mut draft = draft(PAGE, caption, &[]);
        draft.content.link = Some("https://news.example/a?b=1".to_owned());
        post_body(&draft, Author::Organization(PAGE)).unwrap()["content"]["article"].clone()
    };
    assert_eq!(
        article("\n Big (news)!\nmore"),
        json!({ "source": "https://news.example/a?b=1", "title": "Big (news)!" })
    );
    assert_eq!(article("")["title"], "news.example");
    assert_eq!(article(&"é".repeat(500))["title"], "é".repeat(400));
}
