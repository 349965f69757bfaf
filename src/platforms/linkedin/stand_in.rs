//! A scripted LinkedIn for tests: answers by a function and keeps what it was sent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, Uri};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{LinkedIn, LinkedInSettings};
use crate::domain::{
    AccessToken, Artifact, Draft, MediaItem, MediaKind, Platform, PostType, Preparation, StepKind,
};
use crate::platforms::http::{Gateway, Http};
use crate::platforms::media_source::MediaSource;
use crate::platforms::{Publisher, rehearsal};

pub const TOKEN: &str = "canary-token";
pub const PAGE: &str = "urn:li:organization:1234567";
pub const MEMBER: &str = "urn:li:person:abc_-123";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `POST /api.linkedin.com/rest/posts?…`
    pub line: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What to answer.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..Self::status(status) }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }
}

/// The running stand-in; its address is also the media's server.
pub struct StandIn {
    pub base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl StandIn {
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (Arc::new(answer), Arc::clone(&seen));
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let request = Seen { line: format!("{method} {uri}"), headers, body: body.to_vec() };
            let reply = answer(&request);
            kept.lock().unwrap().push(request);
            async move {
                let mut response = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(reply.body)).unwrap()
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self { base, seen }
    }

    /// What arrived so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn client(&self) -> LinkedIn {
        client(Arc::new(Http::new(Some(Gateway::parse(&self.base).unwrap()))))
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

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A text post of `author`, sent at the given times.
pub fn draft(author: &str, caption: &str, sent_at: &[DateTime<Utc>]) -> Draft {
    let text = rehearsal::draft(Platform::LinkedIn, author, PostType::Post, caption, Vec::new());
    Draft { token: AccessToken::new(TOKEN.to_owned()), sent_at: sent_at.to_vec(), ..text }
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
