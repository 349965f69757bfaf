//! Looking for a page's post afterwards.

use std::time::Duration;

use serde_json::json;

use super::super::stand_in::*;
use super::*;
use crate::platforms::Publisher;

const URN: &str = "urn:li:share:7487189920416108544";
const SENT: &str = "2026-07-26T16:59:41Z";
/// The same by the answers' clock, 90 seconds later.
const DATE: &str = "Sun, 26 Jul 2026 17:01:11 GMT";

/// A post of the page that was sent 90 seconds ago, and that got no answer.
fn sent(caption: &str) -> Draft {
    let mut draft = draft(ORGANIZATION, caption, &[SENT]);
    draft.now = time(SENT) + TimeDelta::seconds(90);
    draft.calls[0].age = Duration::from_secs(90);
    draft
}

fn newest(draft: &Draft) -> &Intent {
    draft.calls.last().unwrap()
}

fn list(posts: &Value) -> Reply {
    let page = json!({ "elements": posts, "paging": { "start": 0, "count": 100, "links": [] } });
    Reply::json(200, &page).header("date", DATE)
}

/// What a look-up of `draft` makes of a list with these posts.
async fn look_up(draft: &Draft, posts: Value) -> Sighting {
    let stand_in = StandIn::start(move |_| list(&posts)).await;
    let sighting = stand_in.client().look_up(draft, newest(draft)).await;
    let seen = stand_in.seen();
    assert_eq!(
        seen[0].line,
        "GET /api.linkedin.com/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A1234567\
         &count=100&start=0&sortBy=CREATED&viewContext=AUTHOR"
    );
    assert_eq!(seen[0].header("x-restli-method"), Some("FINDER"));
    sighting
}

fn is_found(sighting: &Sighting) -> bool {
    let (Sighting::Live(receipt) | Sighting::Matched(receipt)) = sighting else { return false };
    receipt.external_id.as_deref() == Some(URN) && receipt.evidence.as_deref() == Some("read-back")
}

fn not_live() -> Sighting {
    Sighting::NotLive { after: LISTS_LAG }
}

fn listed(created_at: &str, more: Value) -> Value {
    let mut post = json!({
        "id": URN, "author": ORGANIZATION, "lifecycleState": "PUBLISHED",
        "createdAt": time(created_at).timestamp_millis(),
        "commentary": "Sale \\(today\\)\n{hashtag|\\#|rust}",
    });
    post.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post
}

#[tokio::test]
async fn a_text_is_matched_with_its_time() {
    let draft = sent("Sale (today)\r\n#rust ");
    for at in [SENT, "2026-07-26T16:59:36Z", "2026-07-26T17:02:41Z"] {
        let found = look_up(&draft, json!([listed(at, json!({}))])).await;
        assert!(matches!(found, Sighting::Matched(_)) && is_found(&found), "{at}: {found:?}");
        let empty = json!([listed(at, json!({ "content": {} }))]);
        assert!(is_found(&look_up(&draft, empty).await), "{at}");
    }
    for at in ["2026-07-26T16:59:35Z", "2026-07-26T17:02:42Z"] {
        let sighting = look_up(&draft, json!([listed(at, json!({}))])).await;
        assert_eq!(sighting, not_live(), "{at}");
    }
    let other = listed(SENT, json!({ "commentary": "Sale" }));
    assert_eq!(look_up(&draft, json!([other])).await, not_live());
    let pictured = listed(SENT, json!({ "content": { "media": { "id": "urn:li:image:X" } } }));
    assert_eq!(look_up(&draft, json!([pictured])).await, not_live());
}

/// Its URN has the time as well.
#[tokio::test]
async fn a_post_without_time_has_its_urns() {
    let post = listed(SENT, json!({ "createdAt": Value::Null }));
    assert!(is_found(&look_up(&sent("Sale (today)\n#rust"), json!([post])).await));
}

#[tokio::test]
async fn two_posts_with_the_text_decide_nothing() {
    let draft = sent("Sale (today)\n#rust");
    let twice = json!([listed(SENT, json!({})), listed(SENT, json!({ "id": "urn:li:share:1" }))]);
    let sighting = look_up(&draft, twice).await;
    assert!(matches!(sighting, Sighting::CannotTell(_)), "{sighting:?}");
    let listed_twice = json!([listed(SENT, json!({})), listed(SENT, json!({}))]);
    assert!(is_found(&look_up(&draft, listed_twice).await), "the same post, on two pages, say");
}

#[tokio::test]
async fn post_with_our_media_is_matched() {
    let mut draft = sent("edited since");
    draft.content.media = vec![image("https://a.example/1.png"), image("https://a.example/2.png")];
    draft.staging.0 =
        vec![artifact("image/0", "urn:li:image:A"), artifact("image/1", "urn:li:image:B")];
    let many = json!({ "multiImage": { "images": [{ "id": "urn:li:image:B" }] } });
    let found = listed("2026-07-28T00:00:00Z", json!({ "content": many }));
    let found = look_up(&draft, json!([found])).await;
    assert!(matches!(found, Sighting::Live(_)) && is_found(&found), "{found:?}");
    let foreign = json!({ "content": { "media": { "id": "urn:li:image:C" } } });
    assert_eq!(look_up(&draft, json!([listed(SENT, foreign)])).await, not_live());
}

/// It was uploaded again since: an earlier call named other media.
#[tokio::test]
async fn media_of_an_earlier_call_matches() {
    let mut draft = sent("text");
    draft.content.media = vec![image("https://a.example/1.png")];
    draft.staging.0 = vec![artifact("image/0", "urn:li:image:NEW")];
    draft.calls[0].object = Some("urn:li:image:OLD".to_owned());
    for media in ["urn:li:image:OLD", "urn:li:image:NEW"] {
        let post = listed(SENT, json!({ "content": { "media": { "id": media } } }));
        let found = look_up(&draft, json!([post])).await;
        assert!(matches!(found, Sighting::Live(_)), "{media}: {found:?}");
    }
}

#[tokio::test]
async fn a_link_without_text_is_found() {
    let mut draft = sent("");
    draft.content.link = Some("https://a.example/news".to_owned());
    let article =
        |source| json!({ "commentary": "", "content": { "article": { "source": source } } });
    let ours = listed(SENT, article("https://a.example/news"));
    assert!(is_found(&look_up(&draft, json!([ours])).await));
    let other = listed(SENT, article("https://a.example/other"));
    assert_eq!(look_up(&draft, json!([other])).await, not_live());
}

#[tokio::test]
async fn what_readers_do_not_see_is_not_live() {
    let draft = sent("Sale (today)\n#rust");
    for state in ["PUBLISH_FAILED", "DRAFT"] {
        let post = json!([listed(SENT, json!({ "lifecycleState": state }))]);
        let sighting = look_up(&draft, post).await;
        assert!(matches!(sighting, Sighting::CannotTell(_)), "{state}: {sighting:?}");
    }
    let asked = json!([listed(SENT, json!({ "lifecycleState": "PUBLISH_REQUESTED" }))]);
    assert!(is_found(&look_up(&draft, asked).await));
}

/// **P17**: what a person posted by hand after a refusal, and before our next
/// call.
#[tokio::test]
async fn a_post_between_two_calls_is_another() {
    let mut draft = draft(ORGANIZATION, "Sale (today)\n#rust", &[SENT, "2026-07-26T17:10:00Z"]);
    draft.now = time("2026-07-26T17:01:11Z");
    let by_hand = || json!([listed("2026-07-26T17:01:00Z", json!({}))]);
    assert!(is_found(&look_up(&draft, by_hand()).await), "the first call got no answer");
    draft.calls[0].refusal = Some(Failure::new(Remedy::GiveUp, "http_429".into(), "…"));
    draft.calls[0].answered_at = Some(time("2026-07-26T16:59:42Z"));
    assert_eq!(look_up(&draft, by_hand()).await, not_live());
    let by_us = json!([listed("2026-07-26T16:59:43Z", json!({}))]);
    assert!(is_found(&look_up(&draft, by_us).await), "the refusal lied");
}

/// **P9**: LinkedIn's clock is hours from the database's.
#[tokio::test]
async fn a_wrong_database_clock_hides_nothing() {
    for hours in [-2, 25] {
        let skew = TimeDelta::hours(hours);
        let mut draft = sent("Sale (today)\n#rust");
        draft.now += skew;
        draft.calls[0].at += skew;
        let ours = look_up(&draft, json!([listed(SENT, json!({}))])).await;
        assert!(is_found(&ours), "{hours}: {ours:?}");
        let older = json!([listed("2026-07-26T16:40:00Z", json!({}))]);
        assert_eq!(look_up(&draft, older).await, not_live(), "{hours}");
    }
}

/// A page of the list that begins at `start`, with `newer` posts before ours.
fn page(newer: usize, start: usize, ours: &Value) -> Value {
    let newer = (0..newer).map(|number| {
        let more = json!({ "id": format!("urn:li:share:{}", 9000 - number),
            "commentary": "another" });
        listed("2026-07-26T17:00:00Z", more)
    });
    newer.chain([ours.clone()]).skip(start).take(100).collect()
}

fn start_of(request: &Seen) -> usize {
    let start = request.line.split("start=").nth(1).unwrap();
    start.split('&').next().unwrap().parse().unwrap()
}

/// **P14**: a busy page.
#[tokio::test]
async fn two_hundred_fifty_newer_posts_hide_nothing() {
    let ours = listed(SENT, json!({}));
    let older = listed("2026-07-26T16:49:40Z", json!({ "commentary": "older" }));
    for (last, is_there) in [(ours, true), (older, false)] {
        let stand_in =
            StandIn::start(move |request| list(&page(250, start_of(request), &last))).await;
        let draft = sent("Sale (today)\n#rust");
        let sighting = stand_in.client().look_up(&draft, newest(&draft)).await;
        assert_eq!(is_found(&sighting), is_there, "{sighting:?}");
        assert!(is_there || sighting == not_live(), "{sighting:?}");
        let starts: Vec<usize> = stand_in.seen().iter().map(start_of).collect();
        assert_eq!(starts[..3], [0, 100, 200], "page after page");
        assert_eq!(starts.len(), if is_there { 4 } else { 3 }, "no further than needed");
    }
}

/// Each read costs one of the account's few daily calls.
#[tokio::test]
async fn nothing_is_read_behind_an_older_post() {
    let older = listed("2026-07-26T16:49:40Z", json!({ "commentary": "older" }));
    let stand_in = StandIn::start(move |_| list(&json!([older.clone()]))).await;
    let draft = sent("text");
    assert_eq!(stand_in.client().look_up(&draft, newest(&draft)).await, not_live());
    assert_eq!(stand_in.seen().len(), 1);
}

/// What the list lacks is taken for absent: it must be whole.
#[tokio::test]
async fn a_list_read_in_part_decides_nothing() {
    let draft = sent("text");
    let stand_in = StandIn::start(|request| match start_of(request) {
        0 => list(&page(100, 0, &json!({}))),
        _ => Reply::status(500),
    })
    .await;
    let sighting = stand_in.client().look_up(&draft, newest(&draft)).await;
    assert!(matches!(sighting, Sighting::CannotTell(_)), "{sighting:?}");
    let stand_in = StandIn::start(|request| list(&page(9999, start_of(request), &json!({})))).await;
    let sighting = stand_in.client().look_up(&draft, newest(&draft)).await;
    assert!(matches!(sighting, Sighting::CannotTell(_)), "endless: {sighting:?}");
    assert_eq!(stand_in.seen().len(), MAX_PAGES);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_proves_nothing() {
    let draft = sent("x");
    for reply in [
        Reply::status(400),
        Reply::web_page(401),
        Reply::web_page(403),
        Reply::status(404),
        Reply::status(500),
        Reply::web_page(200),
        signed(401, json!({})),
        signed(429, json!({})),
        list(&Value::Null),
    ] {
        let status = reply.status;
        let stand_in = StandIn::start(move |_| reply.clone()).await;
        let sighting = stand_in.client().look_up(&draft, newest(&draft)).await;
        assert!(matches!(sighting, Sighting::CannotTell(_)), "{status}: {sighting:?}");
    }
}

/// Without the permission to read them, a page's posts are like a member's. The account
/// may still post, so it is not paused.
#[tokio::test]
async fn unreadable_page_proves_and_throttles_nothing() {
    for status in [400, 403, 404] {
        let stand_in = StandIn::start(move |_| signed(status, json!({}))).await;
        let draft = sent("x");
        let sighting = stand_in.client().look_up(&draft, newest(&draft)).await;
        let Sighting::NeverTells(failure) = sighting else { panic!("{status}: {sighting:?}") };
        assert!(!failure.asks_to_rest(), "{failure:?}");
    }
}

#[tokio::test]
async fn a_members_post_is_never_looked_for() {
    let stand_in = StandIn::start(|_| Reply::status(200)).await;
    let draft = draft(MEMBER, "x", &[SENT]);
    let sighting = stand_in.client().look_up(&draft, newest(&draft)).await;
    assert!(matches!(sighting, Sighting::NeverTells(_)), "{sighting:?}");
    assert!(stand_in.seen().is_empty());
}
