//! A scripted platform for tests: answers by a function and keeps what it was sent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::Value;

use super::http::Http;
use crate::domain::Gateway;

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

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Serves what it asks for of this file, as a server that knows ranges.
    pub fn part_of(&self, file: &[u8]) -> Reply {
        let range = self.header("range").unwrap().trim_start_matches("bytes=");
        let (first, last) = range.split_once('-').unwrap();
        let first: usize = first.parse().unwrap();
        let last = last.parse::<usize>().unwrap().min(file.len() - 1);
        Reply::status(206)
            .header("content-range", format!("bytes {first}-{last}/{}", file.len()))
            .bytes(&file[first..=last])
    }
}

/// What to answer.
#[derive(Debug, Clone)]
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

    /// A page of a proxy.
    pub fn web_page(status: u16) -> Self {
        Self::status(status).header("content-type", "text/html").bytes(b"<html>Sign in</html>")
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
        let router = Router::new().fallback(handler).layer(DefaultBodyLimit::disable());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, seen }
    }

    /// What arrived so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// A client that reaches nothing else.
    pub fn http(&self) -> Arc<Http> {
        Arc::new(Http::new(Some(Gateway::parse(&self.base).unwrap())))
    }
}
