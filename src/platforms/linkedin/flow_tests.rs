//! Whole publications against the sandbox.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::stand_in::*;
use super::*;
use crate::domain::proof::{self, Proven, of_answer};
use crate::domain::{EXISTS, MediaItem, PostType, Scope};
use crate::platforms::rehearsal::{Rehearsal, gated, settle};
use crate::sandbox::SandboxOptions;

/// A sandbox and our client for it.
struct Flow {
    sim: Rehearsal,
    linkedin: LinkedIn,
}

impl Flow {
    async fn new(options: SandboxOptions) -> Self {
        let sim = Rehearsal::new(options).await;
        let linkedin = client(Arc::clone(&sim.http));
        Self { sim, linkedin }
    }

    async fn prepare(&self, draft: &mut Draft) {
        self.sim.prepare(&self.linkedin, draft).await.expect("preparing");
    }

    /// Clears the publish call, as the worker's gate does, and sends it.
    async fn publish(&self, draft: &mut Draft) -> Answer {
        self.sim.publish(&self.linkedin, draft).await
    }

    async fn look_up(&self, draft: &mut Draft) -> Sighting {
        self.sim.look_up(&self.linkedin, draft).await
    }

    /// Injects a fault into the next create call.
    async fn fault(&self, fault: &str) {
        self.sim.fault(fault, json!({ "method": "POST", "path_contains": "rest/posts" })).await;
    }
}

/// A sandbox whose media is ready only after a while and whose videos have several parts.
fn slow_media() -> SandboxOptions {
    SandboxOptions {
        image_processing_ms: 15_000,
        video_processing_ms: 40_000,
        linkedin_part_bytes: 1_000_000,
        ..SandboxOptions::default()
    }
}

fn receipt(answer: Answer) -> Receipt {
    match answer {
        Answer::Published(receipt) | Answer::Matched(receipt) => receipt,
        other => panic!("not published: {other:?}"),
    }
}

/// Publishes for a page and for a member, each on a sandbox of its own, and
/// checks that exactly one post went live. Answers the live items.
async fn publish_as_both(
    post_type: PostType,
    media: fn(&Rehearsal) -> Vec<MediaItem>,
    link: Option<&str>,
) -> Vec<Value> {
    let mut items = Vec::new();
    for author in [ORGANIZATION, MEMBER] {
        let flow = Flow::new(slow_media()).await;
        let mut draft = draft(author, "Hello (world) #first_tag", &[]);
        draft.content.post_type = post_type;
        draft.content.link = link.map(str::to_owned);
        draft.content.media = media(&flow.sim);
        flow.prepare(&mut draft).await;
        let receipt = receipt(flow.publish(&mut draft).await);
        let live = flow.sim.live().await;
        assert_eq!(live.len(), 1, "{author}: {live:?}");
        assert_eq!(live[0]["id"].as_str(), receipt.external_id.as_deref());
        assert_eq!(live[0]["account"], author);
        assert_eq!(live[0]["text"], "Hello (world) #first_tag");
        assert_eq!(live[0]["media"].as_array().unwrap().len(), draft.content.media.len());
        items.extend(live);
    }
    items
}

fn assert_kind(items: &[Value], kind: &str) {
    for item in items {
        assert_eq!(item["kind"], kind);
    }
}

#[tokio::test]
async fn a_text_goes_live_once() {
    assert_kind(&publish_as_both(PostType::Post, |_| Vec::new(), None).await, "post");
}

#[tokio::test]
async fn no_character_cuts_a_text_short() {
    let flow = Flow::new(SandboxOptions::default()).await;
    for caption in [
        r"all of \ | { } @ [ ] ( ) < > # * _ ~ and on",
        r"C:\new_folder\(old)",
        "C# and #tag_with_underscore, (#inner) #1 end",
        "{hashtag|\\#|literal} stays",
        "mail@a.example <b>*bold*</b> ~~x~~ ](x)",
        "https://a.example/a_(b)?c=[d]#e and on",
        "line one\r\nline two\n\n#last",
        "emoji 👩‍👩‍👧 #été (ünï) ｆｕｌｌ",
    ] {
        let receipt = receipt(flow.publish(&mut draft(ORGANIZATION, caption, &[])).await);
        let live = flow.sim.live().await;
        let post = live.iter().find(|item| item["id"].as_str() == receipt.external_id.as_deref());
        assert_eq!(post.unwrap()["text"], text::comparable(caption));
    }
}

#[tokio::test]
async fn a_link_goes_live_once() {
    let link = Some("https://news.example/a");
    assert_kind(&publish_as_both(PostType::Post, |_| Vec::new(), link).await, "article");
}

#[tokio::test]
async fn an_image_goes_live_once() {
    assert_kind(&publish_as_both(PostType::Post, |sim| vec![sim.image("a")], None).await, "photo");
}

#[tokio::test]
async fn several_images_go_live_once() {
    let images = |sim: &Rehearsal| ["a", "b", "c"].map(|name| sim.image(name)).to_vec();
    assert_kind(&publish_as_both(PostType::Post, images, None).await, "photos");
    assert_kind(&publish_as_both(PostType::Carousel, images, None).await, "photos");
}

/// A video of three parts.
fn long_clip(sim: &Rehearsal) -> Vec<MediaItem> {
    let clip = sim.video("clip");
    vec![MediaItem { url: format!("{}?bytes=2500000", clip.url), ..clip }]
}

#[tokio::test]
async fn a_video_goes_live_with_every_byte() {
    let items = publish_as_both(PostType::Video, long_clip, None).await;
    assert_kind(&items, "video");
    for item in items {
        assert_eq!(item["media"][0]["bytes"], 2_500_000);
    }
    assert_kind(
        &publish_as_both(PostType::Post, |sim| vec![sim.video("clip")], None).await,
        "video",
    );
}

#[tokio::test]
async fn a_page_finds_its_post_without_answer() {
    for fault in ["after_commit_5xx", "after_commit_drop", "after_commit_html_502"] {
        for with_image in [false, true] {
            let flow = Flow::new(SandboxOptions::default()).await;
            let mut draft = draft(ORGANIZATION, "Sale (today) #one_two", &[]);
            draft.content.media = with_image.then(|| flow.sim.image("a")).into_iter().collect();
            flow.prepare(&mut draft).await;
            flow.fault(fault).await;
            let answer = flow.publish(&mut draft).await;
            assert!(matches!(answer, Answer::Unknown(_)), "{fault}: {answer:?}");
            let live = flow.sim.live().await;
            assert_eq!(live.len(), 1);
            let receipt = match (flow.look_up(&mut draft).await, with_image) {
                // Its media proves it; its text may be another post's.
                (Sighting::Live(receipt), true) | (Sighting::Matched(receipt), false) => receipt,
                (other, _) => panic!("{fault}, image {with_image}: {other:?}"),
            };
            assert_eq!(receipt.external_id.as_deref(), live[0]["id"].as_str());
            assert_eq!(receipt.evidence.as_deref(), Some("read-back"));
        }
    }
}

/// Two such readings, the later one when lists have caught up, settle it.
#[tokio::test]
async fn a_post_that_never_was_is_not_listed() {
    let flow = Flow::new(SandboxOptions::default()).await;
    let mut draft = draft(ORGANIZATION, "text", &[]);
    flow.fault("before_commit_5xx").await;
    let answer = flow.publish(&mut draft).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    assert_eq!(flow.look_up(&mut draft).await, Sighting::NotLive { after: proof::LISTS_LAG });
    settle(&mut draft);
    receipt(flow.publish(&mut draft).await);
    assert_eq!(flow.sim.live().await.len(), 1);
}

/// **P5**: a page's refusal is asked about before it is believed.
#[tokio::test]
async fn a_refusal_that_lied_is_found_out() {
    for status in [400, 401, 403, 404, 422, 426, 429] {
        let flow = Flow::new(SandboxOptions::default()).await;
        let mut draft = draft(ORGANIZATION, "text", &[]);
        let matching = json!({ "method": "POST", "path_contains": "rest/posts" });
        let body = json!({ "status": status, "serviceErrorCode": 100, "code": "X" });
        flow.sim.answer_with("after_commit_status", matching, status, body).await;
        let answer = flow.publish(&mut draft).await;
        assert!(matches!(answer, Answer::Refused(_)), "{status}: {answer:?}");
        let proven = of_answer(answer, flow.linkedin.witness(&draft));
        assert!(matches!(proven, Proven::Nothing(_)), "{status}: {proven:?}");
        let found = flow.look_up(&mut draft).await;
        assert!(matches!(found, Sighting::Matched(_)), "{status}: {found:?}");
    }
}

/// **P17**: what a person posted by hand after a refusal, and before our next
/// call.
#[tokio::test]
async fn a_post_between_two_calls_is_another() {
    for author in [ORGANIZATION, MEMBER] {
        let flow = Flow::new(SandboxOptions::default()).await;
        let mut ours = draft(author, "Sale", &[]);
        let matching = json!({ "method": "POST", "path_contains": "rest/posts" });
        let body = json!({ "serviceErrorCode": 101, "status": 429 });
        flow.sim.answer_with("status", matching, 429, body).await;
        let answer = flow.publish(&mut ours).await;
        assert!(matches!(answer, Answer::Refused(_)), "{author}: {answer:?}");
        flow.sim.advance(Duration::from_secs(30)).await;
        receipt(flow.publish(&mut draft(author, "Sale", &[])).await);
        flow.sim.advance(Duration::from_secs(30)).await;
        let answer = flow.publish(&mut ours).await;
        let Answer::Refused(failure) = answer else { panic!("{author}: {answer:?}") };
        assert_eq!(failure.remedy, Remedy::GiveUp, "{author}");
        assert_eq!(flow.sim.live().await.len(), 1, "{author}");
    }
}

#[tokio::test]
async fn page_without_reading_rights_proves_nothing() {
    let flow = Flow::new(SandboxOptions::default()).await;
    let mut draft = draft(ORGANIZATION, "text", &[]);
    draft.token = AccessToken::new("noread-token".to_owned());
    flow.fault("after_commit_5xx").await;
    let answer = flow.publish(&mut draft).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    let sighting = flow.look_up(&mut draft).await;
    assert!(matches!(sighting, Sighting::NeverTells(_)), "{sighting:?}");
}

#[tokio::test]
async fn a_call_that_hangs_ends_as_unknown() {
    let flow = Flow::new(SandboxOptions::default()).await;
    flow.fault("after_commit_hang").await;
    let mut draft = draft(ORGANIZATION, "text", &[]);
    let answer = flow.publish(&mut draft).await;
    let Answer::Unknown(failure) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.code, "timeout");
    let sighting = flow.look_up(&mut draft).await;
    assert!(matches!(sighting, Sighting::Matched(_)), "{sighting:?}");
}

#[tokio::test]
async fn a_member_adopts_what_the_filter_names() {
    let flow = Flow::new(SandboxOptions::default()).await;
    let mut draft = draft(MEMBER, "text", &[]);
    flow.fault("after_commit_5xx").await;
    let answer = flow.publish(&mut draft).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    let sighting = flow.look_up(&mut draft).await;
    assert!(matches!(sighting, Sighting::NeverTells(_)), "{sighting:?}");
    let answer = flow.publish(&mut draft).await;
    assert!(matches!(answer, Answer::Matched(_)), "{answer:?}");
    let receipt = receipt(answer);
    let live = flow.sim.live().await;
    assert_eq!(live.len(), 1);
    assert_eq!(receipt.external_id.as_deref(), live[0]["id"].as_str());
    assert_eq!(receipt.evidence.as_deref(), Some("duplicate"));
}

#[tokio::test]
async fn named_but_missing_post_is_not_matched() {
    for author in [ORGANIZATION, MEMBER] {
        let options = SandboxOptions { duplicate_names_ghost: true, ..SandboxOptions::default() };
        let flow = Flow::new(options).await;
        let mut draft = draft(author, "text", &[]);
        flow.fault("after_commit_5xx").await;
        let answer = flow.publish(&mut draft).await;
        assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
        let answer = flow.publish(&mut draft).await;
        let failure = match (answer, author) {
            (Answer::Refused(failure), ORGANIZATION) => {
                assert!(failure.is_marked(EXISTS), "it may be live nevertheless");
                failure
            }
            (Answer::Unknown(failure), MEMBER) => failure,
            (answer, _) => panic!("{author}: {answer:?}"),
        };
        assert!(failure.message.contains("is not there"), "{failure:?}");
    }
}

#[tokio::test]
async fn an_older_post_is_not_matched() {
    let options = SandboxOptions { duplicate_window_ms: 86_400_000, ..SandboxOptions::default() };
    let flow = Flow::new(options).await;
    let now = flow.sim.now().await.timestamp_millis();
    flow.sim.tell("clock", json!({ "set_ms": now - 3_600_000 })).await;
    receipt(flow.publish(&mut draft(MEMBER, "text", &[])).await);
    flow.sim.tell("clock", json!({ "advance_ms": 3_600_000 })).await;
    let answer = flow.publish(&mut draft(MEMBER, "text", &[])).await;
    let Answer::Refused(failure) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.remedy, Remedy::GiveUp);
    assert!(failure.message.contains("the same text was already posted at "), "{failure:?}");
    assert_eq!(flow.sim.live().await.len(), 1);
}

#[tokio::test]
async fn wrong_database_clock_changes_no_result() {
    for hours in [-2, -1, 1, 25] {
        let skew = chrono::TimeDelta::hours(hours);
        let flow = Flow::new(SandboxOptions::default()).await;
        let send = async |draft: &mut Draft| {
            draft.now = flow.sim.now().await + skew;
            gated(&flow.linkedin, draft, draft.now);
            flow.linkedin.publish(draft).await
        };
        receipt(send(&mut draft(MEMBER, "older", &[])).await);
        flow.sim.advance(Duration::from_secs(60)).await;
        let answer = send(&mut draft(MEMBER, "older", &[])).await;
        assert!(matches!(answer, Answer::Refused(_)), "{hours}: {answer:?}");
        let mut draft = draft(MEMBER, "ours", &[]);
        flow.fault("after_commit_5xx").await;
        assert!(matches!(send(&mut draft).await, Answer::Unknown(_)));
        flow.sim.advance(Duration::from_secs(60)).await;
        let adopted = receipt(send(&mut draft).await);
        assert_eq!(adopted.evidence.as_deref(), Some("duplicate"));
        assert_eq!(flow.sim.live().await.len(), 2);
    }
}

#[tokio::test]
async fn a_post_without_an_id_is_published() {
    let flow = Flow::new(SandboxOptions::default()).await;
    flow.fault("no_id").await;
    assert_eq!(
        receipt(flow.publish(&mut draft(ORGANIZATION, "text", &[])).await).external_id,
        None
    );
    assert_eq!(flow.sim.live().await.len(), 1);
}

#[tokio::test]
async fn tokens_versions_and_quotas_ask_for_help() {
    let flow = Flow::new(SandboxOptions::default()).await;
    let refusal = |token: &'static str| {
        let (flow, mut draft) = (&flow, draft(ORGANIZATION, "text", &[]));
        async move {
            draft.token = AccessToken::new(token.to_owned());
            match flow.publish(&mut draft).await {
                Answer::Refused(failure) => failure,
                other => panic!("{token}: {other:?}"),
            }
        }
    };
    for token in ["revoked-1", "expired-1", "invalid-1", "noscope-1", "wrongpage-1"] {
        assert_eq!(refusal(token).await.remedy, Remedy::Operator(Scope::Account), "{token}");
    }
    flow.sim.tell("options", json!({ "linkedin_versions": ["202610"] })).await;
    let retired = refusal("good").await;
    assert_eq!(retired.remedy, Remedy::Operator(Scope::App));
    assert_eq!(retired.code, "NONEXISTENT_VERSION");
    flow.sim.tell("options", json!({ "linkedin_daily_calls": 0 })).await;
    let Remedy::Wait { rest, scope } = refusal("good").await.remedy else { panic!() };
    assert!(rest <= Duration::from_secs(86_400), "{rest:?}");
    assert_eq!(scope, Scope::Account, "the member's day, not the app's");
    assert!(flow.sim.live().await.is_empty());
}

#[tokio::test]
async fn a_comment_is_plain_text_and_found() {
    let flow = Flow::new(SandboxOptions::default()).await;
    let mut draft = draft(ORGANIZATION, "text", &[]);
    let post = receipt(flow.publish(&mut draft).await).external_id.unwrap();
    let answer = flow.linkedin.comment(&draft, &post, "See (here) #1").await;
    assert!(receipt(answer).external_id.is_some());
    assert_eq!(flow.sim.live().await[0]["comments"], json!(["See (here) #1"]));
    let found = flow.linkedin.find_comment(&draft, &post, "See (here) #1").await;
    assert!(matches!(found, Sighting::Live(_)), "{found:?}");
}

#[tokio::test]
async fn unready_media_is_asked_for_again() {
    let flow =
        Flow::new(SandboxOptions { video_processing_ms: 600_000, ..SandboxOptions::default() })
            .await;
    let mut draft = draft(ORGANIZATION, "text", &[]);
    draft.content.media = vec![flow.sim.video("clip")];
    while !draft.staging.has("video/finalized") {
        let Ok(Preparation::Staged(artifacts)) = flow.linkedin.prepare(&draft).await else {
            panic!()
        };
        draft.staging.0.extend(artifacts);
    }
    let Answer::Refused(failure) = flow.publish(&mut draft).await else { panic!() };
    assert_eq!(failure.remedy, Remedy::PollAgain(Duration::from_secs(120)));
}
