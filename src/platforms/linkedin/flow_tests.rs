//! Whole publications against the sandbox.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::stand_in::*;
use super::*;
use crate::domain::{Fence, MediaItem, PostType, Scope};
use crate::platforms::http::{self, Gateway, Limits};
use crate::sandbox::{Sandbox, SandboxOptions};

/// A running sandbox and our client for it.
struct Sim {
    base: String,
    control: reqwest::Client,
    client: LinkedIn,
}

impl Sim {
    async fn start(options: SandboxOptions) -> Self {
        let base = Sandbox::spawn(options).await.unwrap();
        let control = http::client_builder().unwrap().build().unwrap();
        Self { control, client: client(&base), base }
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.control.get(format!("{}/__sim/{path}", self.base));
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn set(&self, path: &str, body: &Value) {
        let request = self.control.post(format!("{}/__sim/{path}", self.base)).json(body);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    async fn fault(&self, path_contains: &str, fault: &str) {
        let matching = json!({ "method": "POST", "path_contains": path_contains });
        self.set("faults", &json!([{ "match": matching, "when": { "nth": 1 }, "fault": fault }]))
            .await;
    }

    async fn now(&self) -> DateTime<Utc> {
        let millis = self.get("clock").await["now_ms"].as_i64().unwrap();
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    async fn live(&self) -> Vec<Value> {
        self.get("live").await.as_array().unwrap().clone()
    }

    fn media(&self, name: &str) -> String {
        format!("{}/media/{name}", self.base)
    }

    /// Prepares to the end, moving the sandbox's clock through the waits.
    async fn prepare(&self, draft: &mut Draft) {
        for _ in 0..200 {
            match self.client.prepare(draft).await.expect("preparing") {
                Preparation::Ready => return,
                Preparation::Staged(artifacts) => draft.staging.0.extend(artifacts),
                Preparation::Wait(rest, artifacts) => {
                    draft.staging.0.extend(artifacts);
                    self.set("clock", &json!({ "advance_ms": rest.as_millis() as u64 })).await;
                }
            }
        }
        panic!("preparing never ends: {:?}", draft.staging);
    }

    /// Clears the publish call, as the worker's gate does, and sends it.
    async fn publish(&self, draft: &mut Draft) -> Answer {
        draft.sent_at.push(self.now().await);
        self.client.publish(draft).await
    }

    async fn look_up(&self, draft: &Draft) -> Sighting {
        let at = *draft.sent_at.last().unwrap();
        let age = (self.now().await - at).to_std().unwrap_or_default();
        let (fence, step_no) = (Fence(1), 1);
        let intent = Intent { fence, step_no, at, age, not_live_for: None, lookups: 0 };
        self.client.look_up(draft, &intent).await
    }
}

/// A sandbox whose media is ready only after a while.
fn slow_media() -> SandboxOptions {
    SandboxOptions {
        image_processing_ms: 15_000,
        video_processing_ms: 40_000,
        ..SandboxOptions::default()
    }
}

fn receipt(answer: Answer) -> Receipt {
    match answer {
        Answer::Published(receipt) => receipt,
        other => panic!("not published: {other:?}"),
    }
}

/// Publishes for a page and for a member, each on a sandbox of its own, and
/// checks that exactly one post went live. Answers the live items.
async fn publish_as_both(post_type: PostType, media: &[&str], link: Option<&str>) -> Vec<Value> {
    let mut items = Vec::new();
    for author in [PAGE, MEMBER] {
        let sim = Sim::start(slow_media()).await;
        let mut draft = draft(author, "Hello (world) #first_tag", &[]);
        draft.content.post_type = post_type;
        draft.content.link = link.map(str::to_owned);
        let item = |name: &&str| -> MediaItem {
            match name.contains(".mp4") {
                true => video(sim.media(name)),
                false => image(sim.media(name)),
            }
        };
        draft.content.media = media.iter().map(item).collect();
        sim.prepare(&mut draft).await;
        let receipt = receipt(sim.publish(&mut draft).await);
        let live = sim.live().await;
        assert_eq!(live.len(), 1, "{author}: {live:?}");
        assert_eq!(live[0]["id"].as_str(), receipt.external_id.as_deref());
        assert_eq!(live[0]["account"], author);
        assert_eq!(live[0]["text"], "Hello (world) #first_tag");
        assert_eq!(live[0]["media"].as_array().unwrap().len(), media.len());
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
    assert_kind(&publish_as_both(PostType::Post, &[], None).await, "post");
}

#[tokio::test]
async fn no_character_cuts_a_text_short() {
    let sim = Sim::start(SandboxOptions::default()).await;
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
        let receipt = receipt(sim.publish(&mut draft(PAGE, caption, &[])).await);
        let live = sim.live().await;
        let post = live.iter().find(|item| item["id"].as_str() == receipt.external_id.as_deref());
        assert_eq!(post.unwrap()["text"], text::comparable(caption));
    }
}

#[tokio::test]
async fn a_link_goes_live_once() {
    let link = Some("https://news.example/a");
    assert_kind(&publish_as_both(PostType::Post, &[], link).await, "article");
}

#[tokio::test]
async fn an_image_goes_live_once() {
    assert_kind(&publish_as_both(PostType::Post, &["a.jpg"], None).await, "photo");
}

#[tokio::test]
async fn several_images_go_live_once_as_post_and_as_carousel() {
    let images = ["a.jpg", "b.jpg", "c.png"];
    assert_kind(&publish_as_both(PostType::Post, &images, None).await, "photos");
    assert_kind(&publish_as_both(PostType::Carousel, &images, None).await, "photos");
}

#[tokio::test]
async fn a_video_goes_live_once_with_every_byte() {
    let items = publish_as_both(PostType::Video, &["clip.mp4?bytes=9000000"], None).await;
    assert_kind(&items, "video");
    for item in items {
        assert_eq!(item["media"][0]["bytes"], 9_000_000);
    }
    assert_kind(&publish_as_both(PostType::Post, &["clip.mp4"], None).await, "video");
}

#[tokio::test]
async fn a_page_finds_its_post_after_every_lost_answer() {
    for fault in ["after_commit_5xx", "after_commit_drop", "after_commit_html_502"] {
        for media in [None, Some("a.jpg")] {
            let sim = Sim::start(SandboxOptions::default()).await;
            let mut draft = draft(PAGE, "Sale (today) #one_two", &[]);
            draft.content.media = media.map(|name| image(sim.media(name))).into_iter().collect();
            sim.prepare(&mut draft).await;
            sim.fault("rest/posts", fault).await;
            let answer = sim.publish(&mut draft).await;
            assert!(matches!(answer, Answer::Unknown(_)), "{fault}: {answer:?}");
            let live = sim.live().await;
            assert_eq!(live.len(), 1);
            let Sighting::Live(receipt) = sim.look_up(&draft).await else { panic!("{fault}") };
            assert_eq!(receipt.external_id.as_deref(), live[0]["id"].as_str());
            assert_eq!(receipt.evidence.as_deref(), Some("read-back"));
        }
    }
}

#[tokio::test]
async fn a_post_that_never_was_is_not_called_absent() {
    let sim = Sim::start(SandboxOptions::default()).await;
    let mut draft = draft(PAGE, "text", &[]);
    sim.fault("rest/posts", "before_commit_5xx").await;
    assert!(matches!(sim.publish(&mut draft).await, Answer::Unknown(_)));
    assert!(matches!(sim.look_up(&draft).await, Sighting::CannotTell(_)));
    assert!(sim.live().await.is_empty());
}

#[tokio::test]
async fn a_page_without_the_right_to_read_cannot_tell() {
    let sim = Sim::start(SandboxOptions::default()).await;
    let mut draft = draft(PAGE, "text", &[]);
    draft.token = AccessToken::new("noread-token".to_owned());
    sim.fault("rest/posts", "after_commit_5xx").await;
    assert!(matches!(sim.publish(&mut draft).await, Answer::Unknown(_)));
    assert!(matches!(sim.look_up(&draft).await, Sighting::CannotTell(_)));
}

#[tokio::test]
async fn a_call_that_hangs_ends_as_unknown() {
    let sim = Sim::start(SandboxOptions::default()).await;
    let limits = Limits { publish: Duration::from_millis(300), ..Limits::default() };
    let http = Http::with_limits(Some(Gateway::parse(&sim.base).unwrap()), limits);
    let media = MediaSource::new(true);
    let hasty = LinkedIn::new(Arc::new(http), media, LinkedInSettings::default());
    sim.fault("rest/posts", "after_commit_hang").await;
    let draft = draft(PAGE, "text", &[sim.now().await]);
    let Answer::Unknown(failure) = hasty.publish(&draft).await else { panic!() };
    assert_eq!(failure.code, "timeout");
    assert!(matches!(sim.look_up(&draft).await, Sighting::Live(_)));
}

#[tokio::test]
async fn a_member_adopts_the_post_that_the_duplicate_filter_names() {
    let sim = Sim::start(SandboxOptions::default()).await;
    let mut draft = draft(MEMBER, "text", &[]);
    sim.fault("rest/posts", "after_commit_5xx").await;
    assert!(matches!(sim.publish(&mut draft).await, Answer::Unknown(_)));
    assert!(matches!(sim.look_up(&draft).await, Sighting::NeverTells(_)));
    let receipt = receipt(sim.publish(&mut draft).await);
    let live = sim.live().await;
    assert_eq!(live.len(), 1);
    assert_eq!(receipt.external_id.as_deref(), live[0]["id"].as_str());
    assert_eq!(receipt.evidence.as_deref(), Some("duplicate"));
}

#[tokio::test]
async fn an_older_post_with_the_same_text_is_not_adopted() {
    let options = SandboxOptions { duplicate_window_ms: 86_400_000, ..SandboxOptions::default() };
    let sim = Sim::start(options).await;
    let now = sim.now().await.timestamp_millis();
    sim.set("clock", &json!({ "set_ms": now - 3_600_000 })).await;
    receipt(sim.publish(&mut draft(MEMBER, "text", &[])).await);
    sim.set("clock", &json!({ "advance_ms": 3_600_000 })).await;
    let answer = sim.publish(&mut draft(MEMBER, "text", &[])).await;
    let Answer::Refused(failure) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.remedy, Remedy::GiveUp);
    assert!(failure.message.starts_with("the same text was already posted at "));
    assert_eq!(sim.live().await.len(), 1);
}

#[tokio::test]
async fn a_published_post_without_an_id_is_still_published() {
    let sim = Sim::start(SandboxOptions::default()).await;
    sim.fault("rest/posts", "no_id").await;
    assert_eq!(receipt(sim.publish(&mut draft(PAGE, "text", &[])).await).external_id, None);
    assert_eq!(sim.live().await.len(), 1);
}

#[tokio::test]
async fn tokens_versions_and_quotas_ask_for_the_right_help() {
    let sim = Sim::start(SandboxOptions::default()).await;
    let refusal = |token: &'static str| {
        let (sim, mut draft) = (&sim, draft(PAGE, "text", &[]));
        async move {
            draft.token = AccessToken::new(token.to_owned());
            match sim.publish(&mut draft).await {
                Answer::Refused(failure) => failure,
                other => panic!("{token}: {other:?}"),
            }
        }
    };
    for token in ["revoked-1", "expired-1", "invalid-1", "noscope-1", "wrongpage-1"] {
        assert_eq!(refusal(token).await.remedy, Remedy::Operator(Scope::Account), "{token}");
    }
    sim.set("options", &json!({ "linkedin_versions": ["202610"] })).await;
    let retired = refusal("good").await;
    assert_eq!(retired.remedy, Remedy::Operator(Scope::Platform));
    assert_eq!(retired.code, "NONEXISTENT_VERSION");
    sim.set("options", &json!({ "linkedin_daily_calls": 0 })).await;
    let Remedy::Wait(rest) = refusal("good").await.remedy else { panic!() };
    assert!(rest <= Duration::from_secs(86_400), "{rest:?}");
    assert!(sim.live().await.is_empty());
}

#[tokio::test]
async fn a_comment_stands_below_the_post_as_plain_text() {
    let sim = Sim::start(SandboxOptions::default()).await;
    let mut draft = draft(PAGE, "text", &[]);
    let post = receipt(sim.publish(&mut draft).await).external_id.unwrap();
    let answer = sim.client.comment(&draft, &post, "See (here) #1").await;
    assert!(receipt(answer).external_id.is_some());
    assert_eq!(sim.live().await[0]["comments"], json!(["See (here) #1"]));
}

#[tokio::test]
async fn unready_media_is_asked_for_again() {
    let sim =
        Sim::start(SandboxOptions { video_processing_ms: 600_000, ..SandboxOptions::default() })
            .await;
    let mut draft = draft(PAGE, "text", &[]);
    draft.content.media = vec![video(sim.media("clip.mp4"))];
    while !draft.staging.has("video/finalized") {
        let Ok(Preparation::Staged(artifacts)) = sim.client.prepare(&draft).await else { panic!() };
        draft.staging.0.extend(artifacts);
    }
    let Answer::Refused(failure) = sim.publish(&mut draft).await else { panic!() };
    assert_eq!(failure.remedy, Remedy::PollAgain(Duration::from_secs(120)));
}
