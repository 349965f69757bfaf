//! One call as the services see it: which host, which parameters, which token.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use super::class::Class;
use super::fetch::{Asset, FetchProblem};
use super::multipart;

/// Parameters that hold secrets and never reach the log.
const SECRET: [&str; 8] = [
    "access_token",
    "input_token",
    "client_secret",
    "token",
    "refresh_token",
    "appsecret_proof",
    "fb_exchange_token",
    "code",
];

/// A parsed call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The real host, e.g. `graph.facebook.com`.
    pub(super) host: String,
    /// Path below the host, still percent-encoded, starting with `/`.
    pub(super) path: String,
    /// Query, still percent-encoded.
    pub(super) raw_query: String,
    /// Decoded path segments.
    pub(super) segments: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Query and body parameters together; those of the body win.
    pub(super) params: Map<String, Value>,
    /// `json`, `form`, `multipart`, `bytes` or `none`: how the body came.
    pub(super) encoding: &'static str,
    /// The body claimed to be JSON or multipart and was not.
    pub(super) malformed: bool,
    /// Files of a multipart body, by name.
    pub(super) files: HashMap<String, Bytes>,
    pub(super) token: Option<String>,
    /// `bearer`, `oauth`, `query`, `body` or `none`: where the token was.
    pub(super) auth: &'static str,
    /// The account it belongs to; known once the call meets the world.
    pub(super) account: Option<String>,
    /// What kind of call it is, once that is known.
    pub(super) class: Option<Class>,
    /// Base of the sandbox, for addresses in answers.
    pub(super) base_url: String,
    /// What became of each media URL named in the call.
    pub(super) fetched: HashMap<String, Result<Asset, FetchProblem>>,
}

impl Call {
    /// Reads a request whose first path segment is the real host.
    pub(super) fn parse(parts: &Parts, body: Bytes, base_url: &str) -> Self {
        let full = parts.uri.path().trim_start_matches('/');
        let (host, rest) = full.split_once('/').unwrap_or((full, ""));
        let raw_query = parts.uri.query().unwrap_or("").to_owned();
        let mut params = Map::new();
        for (name, value) in url::form_urlencoded::parse(raw_query.as_bytes()) {
            params.insert(name.into_owned(), Value::String(value.into_owned()));
        }
        let in_query = params.contains_key("access_token");
        let kind =
            parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let mut malformed = false;
        let mut files = HashMap::new();
        let encoding = if body.is_empty() {
            "none"
        } else if kind.starts_with("application/json") {
            match serde_json::from_slice(&body) {
                Ok(Value::Object(map)) => params.extend(map),
                _ => malformed = true,
            }
            "json"
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            for (name, value) in url::form_urlencoded::parse(&body) {
                params.insert(name.into_owned(), Value::String(value.into_owned()));
            }
            "form"
        } else if kind.starts_with("multipart/") {
            let parts = multipart::parse(kind, &body);
            malformed = parts.is_none();
            for part in parts.unwrap_or_default() {
                if part.is_file {
                    files.insert(part.name, part.bytes);
                    continue;
                }
                match std::str::from_utf8(&part.bytes) {
                    Ok(text) => drop(params.insert(part.name, Value::from(text))),
                    Err(_) => malformed = true,
                }
            }
            "multipart"
        } else {
            "bytes"
        };
        let (token, auth) = token_of(&parts.headers, &params, in_query);
        Self {
            method: parts.method.clone(),
            host: host.to_owned(),
            path: format!("/{rest}"),
            raw_query,
            segments: rest.split('/').filter(|s| !s.is_empty()).map(decode).collect(),
            headers: parts.headers.clone(),
            body,
            params,
            encoding,
            malformed,
            files,
            token,
            auth,
            account: None,
            class: None,
            base_url: base_url.to_owned(),
            fetched: HashMap::new(),
        }
    }

    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A parameter as text; numbers and booleans are spelled out, empty text is none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.params.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// A boolean parameter, in JSON or spelled out.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name)?.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// A list parameter: JSON, JSON text, comma-separated text, or `name[0]`, `name[1]`, …
    pub(super) fn list(&self, name: &str) -> Option<Vec<Value>> {
        let indexed: Vec<Value> =
            (0..).map_while(|i| self.params.get(&format!("{name}[{i}]"))).map(from_text).collect();
        if !indexed.is_empty() {
            return Some(indexed);
        }
        match self.params.get(name)? {
            Value::Array(items) => Some(items.iter().map(from_text).collect()),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Array(items)) => Some(items.iter().map(from_text).collect()),
                _ => Some(
                    text.split(',').map(|part| Value::String(part.trim().to_owned())).collect(),
                ),
            },
            _ => None,
        }
    }

    /// The call has a body-less POST or PUT without `Content-Length`.
    pub(super) fn lacks_length(&self) -> bool {
        matches!(self.method, Method::POST | Method::PUT)
            && !self.headers.contains_key(header::CONTENT_LENGTH)
            && !self.headers.contains_key(header::TRANSFER_ENCODING)
    }

    /// Every media URL that the service would fetch for this call.
    pub(super) fn media_urls(&self) -> Vec<String> {
        let mut urls: Vec<String> = ["url", "file_url", "image_url", "video_url", "cover_url"]
            .iter()
            .filter_map(|name| self.text(name))
            .collect();
        if self.host == "rupload.facebook.com" {
            urls.extend(self.header("file_url").map(str::to_owned));
        }
        if self.method == Method::POST && self.host != "api.linkedin.com" {
            urls
        } else {
            Vec::new()
        }
    }

    /// What the fetch of this URL gave.
    pub(super) fn asset(&self, url: &str) -> Result<Asset, FetchProblem> {
        self.fetched.get(url).cloned().unwrap_or(Err(FetchProblem::Unreachable))
    }

    /// The parameters without anything secret, for the log.
    pub(super) fn loggable(&self) -> Map<String, Value> {
        self.params
            .iter()
            .filter(|(k, _)| !SECRET.contains(&k.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }
}

/// JSON text inside a string (form encoding nests it that way).
fn from_text(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('{') => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

fn token_of(
    headers: &HeaderMap,
    params: &Map<String, Value>,
    in_query: bool,
) -> (Option<String>, &'static str) {
    let authorization =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("");
    for (scheme, name) in [("Bearer ", "bearer"), ("OAuth ", "oauth")] {
        if let Some(token) = authorization.strip_prefix(scheme) {
            return (Some(token.trim().to_owned()).filter(|t| !t.is_empty()), name);
        }
    }
    match params.get("access_token").and_then(Value::as_str) {
        Some(token) if !token.is_empty() => {
            (Some(token.to_owned()), if in_query { "query" } else { "body" })
        }
        _ => (None, "none"),
    }
}

/// Undoes percent-encoding in one path segment.
pub(super) fn decode(segment: &str) -> String {
    // Form decoding also turns `+` into a space, which a path does not mean.
    url::form_urlencoded::parse(
        format!("k={}", segment.replace('+', "%2B").replace('&', "%26")).as_bytes(),
    )
    .next()
    .map(|(_, value)| value.into_owned())
    .unwrap_or_default()
}

/// A comment's text as platforms keep it: trimmed, and in composed letters.
pub(super) fn as_stored(text: &str) -> String {
    text.trim().nfc().collect()
}
