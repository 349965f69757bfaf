//! Page posts against the sandbox, and chunked videos against a scripted Facebook.

mod chunked;
mod direct;
mod flows;
mod lists;
mod refusals;
mod sightings;
mod staged;

use std::time::Duration;

use super::*;
use crate::domain::proof::LISTS_LAG;
use crate::domain::{
    AccessToken, Artifact, MediaItem, MediaKind, Platform, PostType, PublishMode, Staging,
    StepKind, VideoUpload,
};
use crate::platforms::rehearsal::{Rehearsal, discard_staged, draft};
use crate::sandbox::{SandboxOptions, SecondFinish};

const PAGE: &str = "1000001";
const MODES: [PublishMode; 2] = [PublishMode::TwoStep, PublishMode::Direct];

/// The unproven behaviours of the platform at their worst.
fn harsh() -> SandboxOptions {
    SandboxOptions {
        second_finish: SecondFinish::SecondPost,
        allow_photo_reuse: true,
        ..SandboxOptions::default()
    }
}

/// A sandbox takes videos by their address alone.
fn hosted(publish_mode: PublishMode) -> MetaSettings {
    MetaSettings { publish_mode, video_upload: VideoUpload::Hosted, ..MetaSettings::default() }
}

fn facebook(rehearsal: &Rehearsal) -> Facebook {
    facebook_in(PublishMode::TwoStep, rehearsal)
}

fn facebook_in(mode: PublishMode, rehearsal: &Rehearsal) -> Facebook {
    Facebook::new(rehearsal.http.clone(), MediaSource::new(true), hosted(mode))
}

fn post(post_type: PostType, media: Vec<MediaItem>) -> Draft {
    draft(Platform::Facebook, PAGE, post_type, "Hello 👋", media)
}

/// One post for every flow of a Page post.
fn posts(rehearsal: &Rehearsal) -> Vec<(&'static str, Draft)> {
    let image = |name| rehearsal.image(name);
    let video = || rehearsal.video("clip");
    let mut link = post(PostType::Post, vec![]);
    link.content.link = Some("https://example.com/news".to_owned());
    vec![
        ("text", post(PostType::Post, vec![])),
        ("link", link),
        ("photo", post(PostType::Post, vec![image("a")])),
        ("photos", post(PostType::Post, vec![image("a"), image("b"), image("c")])),
        ("carousel", post(PostType::Carousel, vec![image("a"), image("b")])),
        ("video", post(PostType::Video, vec![video()])),
        ("reel", post(PostType::Reel, vec![video()])),
        ("photo story", post(PostType::Story, vec![image("a")])),
        ("video story", post(PostType::Story, vec![video()])),
    ]
}

const KINDS: usize = 9;

/// One post of one kind, prepared to be published in a sandbox of its own.
async fn prepared(
    mode: PublishMode,
    kind: usize,
    options: SandboxOptions,
) -> (&'static str, Rehearsal, Facebook, Draft) {
    let rehearsal = Rehearsal::new(options).await;
    let facebook = facebook_in(mode, &rehearsal);
    let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    (name, rehearsal, facebook, draft)
}

/// A post of this type and media, prepared to be published.
async fn prepared_post(
    mode: PublishMode,
    post_type: PostType,
    media: fn(&Rehearsal) -> Vec<MediaItem>,
) -> (Rehearsal, Facebook, Draft) {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let facebook = facebook_in(mode, &rehearsal);
    let mut draft = post(post_type, media(&rehearsal));
    rehearsal.prepare(&facebook, &mut draft).await.unwrap();
    (rehearsal, facebook, draft)
}

/// A sandbox publishes a video when it is processed.
const PROCESSED: Duration = Duration::from_secs(1);

fn seen_live(sighting: Sighting) -> Receipt {
    match sighting {
        Sighting::Live(receipt) | Sighting::Matched(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

fn graph_error(code: i64, subcode: Option<i64>) -> Value {
    json!({"error": {"message": "no", "code": code, "error_subcode": subcode}})
}

/// What a person does by hand at the platform, without this program.
async fn by_hand(rehearsal: &Rehearsal, path: &str, body: Value) {
    let url = format!("https://graph.facebook.com/v25.0/{path}");
    let call = super::super::http::Call::post(
        super::super::http::CallKind::Publish(crate::domain::Clearance::unlimited()),
        url,
    )
    .auth(super::super::http::AuthScheme::Bearer, &AccessToken::new("hand".to_owned()))
    .json(&body);
    let answer = rehearsal.http.send(call).await.unwrap();
    assert!(answer.status.is_success(), "{path}: {}", answer.json);
}

/// Without the mark, the post would be prepared in two steps again.
fn mark(draft: &mut Draft, name: &str) {
    draft.staging.0 = vec![Artifact::new(StepKind::Wait, name, name)];
}
