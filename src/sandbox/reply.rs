//! An answer before it becomes HTTP, so that faults can still change it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// Status, headers and body of one answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Content,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Empty,
    Json(Value),
    /// Media type and bytes.
    Raw(String, Bytes),
}

impl Reply {
    pub(super) fn ok(value: Value) -> Self {
        Self::json(200, value)
    }

    pub(super) fn json(status: u16, value: Value) -> Self {
        Self { status, headers: Vec::new(), body: Content::Json(value) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Content::Empty }
    }

    pub(super) fn html(status: u16, title: &str) -> Self {
        let page = format!("<html><head><title>{title}</title></head><body>{title}</body></html>");
        Self {
            status,
            headers: Vec::new(),
            body: Content::Raw("text/html".to_owned(), page.into()),
        }
    }

    /// The Graph API's usual success without an object.
    pub(super) fn success() -> Self {
        Self::ok(json!({"success": true}))
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The body as bytes with its content type.
    pub(super) fn bytes(&self) -> (Option<&str>, Bytes) {
        match &self.body {
            Content::Empty => (None, Bytes::new()),
            Content::Json(value) => {
                (Some("application/json; charset=UTF-8"), value.to_string().into())
            }
            Content::Raw(kind, bytes) => (Some(kind), bytes.clone()),
        }
    }

    /// The HTTP head of this answer with a body of the caller's choice.
    pub(super) fn into_http_with(self, body: Body, length: usize) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(kind) = self.bytes().0.and_then(|kind| HeaderValue::from_str(kind).ok()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.insert(name, value);
            }
        }
        if self.status != 204 && !headers.contains_key(header::CONTENT_LENGTH) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }

    /// The same, unless it has such a header.
    pub(super) fn or_with(self, name: &str, value: impl Into<String>) -> Self {
        if self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return self;
        }
        self.with(name, value)
    }

    /// The whole answer as HTTP/1.1 sends it.
    pub(super) fn into_bytes(self) -> Bytes {
        use std::fmt::Write;

        let (kind, body) = self.bytes();
        let mut head = format!("HTTP/1.1 {} Answer\r\n", self.status);
        let kind = kind.map(|kind| ("content-type".to_owned(), kind.to_owned()));
        let length = ("content-length".to_owned(), body.len().to_string());
        for (name, value) in kind.iter().chain(&self.headers).chain([&length]) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        [head.as_bytes(), b"\r\n", &body].concat().into()
    }

    pub(super) fn into_http(self) -> Response<Body> {
        let bytes = self.bytes().1;
        let length = bytes.len();
        self.into_http_with(Body::from(bytes), length)
    }
}
