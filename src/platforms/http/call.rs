//! A request, before it is sent.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::domain::AccessToken;

/// What a call is for; decides how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// Makes something invisible or hands over bytes.
    Staging,
    /// Makes something visible.
    Publish,
    /// Changes nothing.
    Read,
}

/// How an `Authorization` header names its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthScheme {
    Bearer,
    /// Meta's upload host.
    OAuth,
}

impl AuthScheme {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::OAuth => "OAuth",
        }
    }
}

/// A request to be sent once. Shows nothing of itself in debug output.
#[must_use]
pub struct Call {
    pub(super) kind: CallKind,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) auth: Option<(AuthScheme, AccessToken)>,
    pub(super) body: Vec<u8>,
}

impl Call {
    fn new(kind: CallKind, method: Method, url: impl Into<String>) -> Self {
        Self { kind, method, url: url.into(), headers: Vec::new(), auth: None, body: Vec::new() }
    }

    /// A read.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(CallKind::Read, Method::GET, url)
    }

    /// A POST; without a body it says `Content-Length: 0`, which rupload and LinkedIn insist on.
    pub fn post(kind: CallKind, url: impl Into<String>) -> Self {
        Self::new(kind, Method::POST, url)
    }

    /// An upload.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new(CallKind::Staging, Method::PUT, url)
    }

    /// A removal.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new(CallKind::Staging, Method::DELETE, url)
    }

    /// Sends the token in the `Authorization` header: never in the URL, which ends up in logs.
    pub fn auth(mut self, scheme: AuthScheme, token: &AccessToken) -> Self {
        self.auth = Some((scheme, token.clone()));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets a JSON body and its type.
    pub fn json(self, body: &Value) -> Self {
        self.header(CONTENT_TYPE.as_str(), "application/json").bytes(body.to_string().into_bytes())
    }

    /// Sets the body; its length goes into `Content-Length`.
    pub fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// What its kill points are called: kind, method, host, and the words of
    /// the path without its ids.
    #[cfg(feature = "kill-points")]
    pub(super) fn name(&self) -> String {
        let url = reqwest::Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
        let words = url.as_ref().and_then(reqwest::Url::path_segments).into_iter().flatten();
        let is_word = |part: &&str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let path: Vec<&str> = words.filter(is_word).filter(|part| !part.is_empty()).collect();
        let kind = format!("{:?}", self.kind).to_lowercase();
        [vec![kind.as_str(), self.method.as_str(), host], path].concat().join("/")
    }
}
