//! A scripted LinkedIn for tests, and posts for it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{LinkedIn, LinkedInSettings};
use crate::domain::{
    AccessToken, Artifact, Draft, Fence, Intent, MediaItem, MediaKind, Platform, PostType,
    Preparation, StepKind,
};
use crate::platforms::http::Http;
use crate::platforms::media_source::MediaSource;
pub use crate::platforms::stand_in::{Reply, Seen, StandIn};
use crate::platforms::{Publisher, rehearsal};

pub const TOKEN: &str = "canary-token";
pub const ORGANIZATION: &str = "urn:li:organization:1234567";
pub const MEMBER: &str = "urn:li:person:abc_-123";

impl StandIn {
    pub fn client(&self) -> LinkedIn {
        client(self.http())
    }
}

/// A client with comment waits too short to notice.
pub fn client(http: Arc<Http>) -> LinkedIn {
    let settings = LinkedInSettings {
        comment_delay: std::time::Duration::from_millis(1),
        ..LinkedInSettings::default()
    };
    LinkedIn::new(http, MediaSource::new(true), settings)
}

/// A refusal with LinkedIn's own marks.
pub fn signed(status: u16, mut body: Value) -> Reply {
    body["status"] = json!(status);
    Reply::json(status, &body).header("x-li-uuid", "AAY1")
}

/// A success of the create call.
pub fn created(urn: &str) -> Reply {
    Reply::status(201).header("x-restli-id", urn).header("x-li-uuid", "AAY1")
}

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Calls without an answer that were cleared at these times.
pub fn calls(sent_at: &[&str]) -> Vec<Intent> {
    (1..).zip(sent_at).map(|(step_no, at)| Intent::cleared(Fence(1), step_no, time(at))).collect()
}

/// A text post of `author`, sent at the given times; now is the last of them.
pub fn draft(author: &str, caption: &str, sent_at: &[&str]) -> Draft {
    let text = rehearsal::draft(Platform::LinkedIn, author, PostType::Post, caption, Vec::new());
    let calls = calls(sent_at);
    let now = calls.last().map_or(text.now, |call| call.at);
    Draft { token: AccessToken::new(TOKEN.to_owned()), calls, now, ..text }
}

pub fn image(url: impl Into<String>) -> MediaItem {
    MediaItem { url: url.into(), kind: MediaKind::Image, alt: None }
}

pub fn video(url: impl Into<String>) -> MediaItem {
    MediaItem { url: url.into(), kind: MediaKind::Video, alt: None }
}

/// Prepares to the end as the worker does, without taking the waits.
pub async fn prepare_all(client: &LinkedIn, draft: &mut Draft) {
    for _ in 0..200 {
        match client.prepare(draft).await.expect("preparing") {
            Preparation::Ready => return,
            Preparation::Staged(artifacts) => {
                assert_eq!(artifacts.len(), 1, "one fact per step");
                draft.staging.0.extend(artifacts);
            }
            Preparation::Wait(_, artifacts) => draft.staging.0.extend(artifacts),
        }
    }
    panic!("preparing never ends: {:?}", draft.staging);
}

pub fn artifact(name: &str, remote_id: &str) -> Artifact {
    Artifact::new(StepKind::Create, name, remote_id)
}
