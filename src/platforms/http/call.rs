//! A request, before it is sent.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::domain::{AccessToken, Clearance};

/// What a call is for; decides how long it may take.
#[derive(Debug, Clone)]
pub enum CallKind {
    /// Makes something invisible or hands over bytes.
    Staging,
    /// Makes something visible, as long as it is cleared.
    Publish(Clearance),
    /// Changes nothing.
    Read,
}

impl CallKind {
    #[cfg(feature = "kill-points")]
    fn as_str(&self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Publish(_) => "publish",
            Self::Read => "read",
        }
    }
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

    /// Sets a form with one file as the body (RFC 7578).
    pub fn form(self, fields: &[(&str, String)], (name, file): (&str, Vec<u8>)) -> Self {
        // Stands in no field, and in no file but by intent: then the part is refused.
        const BOUNDARY: &str = "----socialsched-6f1d0c52b7a94e3d";
        let mut body = Vec::with_capacity(file.len() + 1024);
        for (name, value) in fields {
            let head = format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(head.as_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"part\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&file);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.header(CONTENT_TYPE.as_str(), kind).bytes(body)
    }

    /// Sets the body; its length goes into `Content-Length`.
    pub fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// The name of its kill points: kind, method, host, and the parts of the path that
    /// are no ids.
    #[cfg(feature = "kill-points")]
    pub(super) fn name(&self) -> String {
        let url = reqwest::Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
        let words = url.as_ref().and_then(reqwest::Url::path_segments).into_iter().flatten();
        let is_word = |part: &&str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let path: Vec<&str> = words.filter(is_word).filter(|part| !part.is_empty()).collect();
        [vec![self.kind.as_str(), self.method.as_str(), host], path].concat().join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facebook reads it by its bytes; a part of a video may hold anything.
    #[test]
    fn a_form_is_exactly_what_rfc_7578_says() {
        let file = b"\0\xff\r\n--not the end\r\n".to_vec();
        let fields =
            [("upload_phase", "transfer".to_owned()), ("start_offset", "4194304".to_owned())];
        let call = Call::post(CallKind::Staging, "https://graph.facebook.com/v25.0/1/videos")
            .form(&fields, ("video_file_chunk", file.clone()));
        let kind = "multipart/form-data; boundary=----socialsched-6f1d0c52b7a94e3d";
        assert_eq!(call.headers, [("content-type", kind.to_owned())]);
        let head = "------socialsched-6f1d0c52b7a94e3d\r\n\
             content-disposition: form-data; name=\"upload_phase\"\r\n\r\n\
             transfer\r\n\
             ------socialsched-6f1d0c52b7a94e3d\r\n\
             content-disposition: form-data; name=\"start_offset\"\r\n\r\n\
             4194304\r\n\
             ------socialsched-6f1d0c52b7a94e3d\r\n\
             content-disposition: form-data; name=\"video_file_chunk\"; filename=\"part\"\r\n\
             content-type: application/octet-stream\r\n\r\n";
        let end = "\r\n------socialsched-6f1d0c52b7a94e3d--\r\n";
        assert_eq!(call.body, [head.as_bytes(), &file, end.as_bytes()].concat());
    }

    #[test]
    fn an_empty_form_has_only_its_file() {
        let call = Call::post(CallKind::Staging, "https://a.example").form(&[], ("f", Vec::new()));
        let text = String::from_utf8(call.body).unwrap();
        assert_eq!(text.matches("socialsched-").count(), 2, "{text}");
        assert!(text.starts_with("------") && text.ends_with("--\r\n"), "{text}");
    }
}
