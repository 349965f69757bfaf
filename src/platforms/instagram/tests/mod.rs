//! Instagram posts against the sandbox.

mod clocks;
mod flows;
mod refusals;
mod sightings;
mod staged;

use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::domain::{
    AccessToken, MediaItem, MediaKind, Platform, PostType, Scope, Staging, StepKind,
};
use crate::platforms::http::{AuthScheme, Call, CallKind};
use crate::platforms::rehearsal::{Rehearsal, draft};
use crate::sandbox::{SandboxOptions, SecondPublish};

const ACCOUNT: &str = "17841400000000001";

const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// By then lists have caught up with a call.
const LISTED: Duration = crate::domain::proof::LISTS_LAG;

/// The unproven behaviour of the platform at its worst.
fn harsh() -> SandboxOptions {
    SandboxOptions { second_publish: SecondPublish::SecondPost, ..SandboxOptions::default() }
}

fn instagram(rehearsal: &Rehearsal) -> Instagram {
    Instagram::new(rehearsal.http.clone(), MetaSettings::default())
}

fn post(post_type: PostType, media: Vec<MediaItem>) -> Draft {
    draft(Platform::Instagram, ACCOUNT, post_type, "Hello 👋", media)
}

/// One post of every kind.
fn posts(rehearsal: &Rehearsal) -> Vec<(&'static str, Draft)> {
    let image = |name| rehearsal.image(name);
    let video = || rehearsal.video("clip");
    vec![
        ("image", post(PostType::Post, vec![image("a")])),
        ("video post", post(PostType::Post, vec![video()])),
        ("video", post(PostType::Video, vec![video()])),
        ("reel", post(PostType::Reel, vec![video()])),
        ("image story", post(PostType::Story, vec![image("a")])),
        ("video story", post(PostType::Story, vec![video()])),
        ("images", post(PostType::Carousel, vec![image("a"), image("b")])),
        ("carousel", post(PostType::Carousel, vec![image("a"), video(), image("b")])),
    ]
}

const KINDS: usize = 8;

/// One post of one kind, prepared to be published in a sandbox of its own.
async fn prepared(kind: usize) -> (&'static str, Rehearsal, Instagram, Draft) {
    let rehearsal = Rehearsal::new(harsh()).await;
    let instagram = instagram(&rehearsal);
    let (name, mut draft) = posts(&rehearsal).swap_remove(kind);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    (name, rehearsal, instagram, draft)
}

/// A picture with this text, or a story without one, prepared to be published.
async fn picture(post_type: PostType, caption: &str) -> (Rehearsal, Instagram, Draft) {
    let rehearsal = Rehearsal::new(harsh()).await;
    let instagram = instagram(&rehearsal);
    let media = vec![rehearsal.image("a")];
    let mut draft = draft(Platform::Instagram, ACCOUNT, post_type, caption, media);
    rehearsal.prepare(&instagram, &mut draft).await.unwrap();
    (rehearsal, instagram, draft)
}

/// The same, sent by a call whose answer was lost.
async fn lost(post_type: PostType, caption: &str, fault: &str) -> (Rehearsal, Instagram, Draft) {
    let (rehearsal, instagram, mut draft) = picture(post_type, caption).await;
    rehearsal.fault(fault, json!({"method": "POST"})).await;
    let answer = rehearsal.publish(&instagram, &mut draft).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    (rehearsal, instagram, draft)
}

const TOOK_EFFECT: &str = "after_commit_drop";
const NO_EFFECT: &str = "before_commit_drop";

fn graph_error(code: i64, subcode: Option<i64>) -> Value {
    json!({"error": {"message": "no", "code": code, "error_subcode": subcode}})
}

/// What a person publishes by hand at the platform, without this program.
async fn by_hand(rehearsal: &Rehearsal, container: Value) {
    let mut body = container;
    for edge in ["media", "media_publish"] {
        let url = format!("https://graph.facebook.com/v25.0/{ACCOUNT}/{edge}");
        let token = AccessToken::new("hand".to_owned());
        let call = Call::post(CallKind::Publish(crate::domain::Clearance::unlimited()), url)
            .auth(AuthScheme::Bearer, &token)
            .json(&body);
        let answer = rehearsal.http.send(call).await.unwrap();
        assert!(answer.status.is_success(), "{edge}: {}", answer.json);
        body = json!({"creation_id": answer.json["id"]});
    }
}

fn by_hand_picture(rehearsal: &Rehearsal, caption: &str) -> Value {
    json!({"image_url": rehearsal.image("hand").url, "caption": caption})
}

/// The next reading of a container says this.
async fn state(rehearsal: &Rehearsal, code: &str) {
    let node = json!({"status_code": code, "status": "…", "id": "1"});
    rehearsal.answer(json!({"path_contains": "status_code"}), node).await;
}
