//! The sandbox from outside, over real connections.

mod chunks;
mod classes;
mod direct;
mod documentation;
mod ever;
mod facebook;
mod faults;
mod instagram;
mod limits;
mod linkedin;
mod media_ends;
mod others;
mod rules;
mod second_calls;
mod server;
mod stale;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Sandbox, SandboxOptions};

/// A running sandbox and a client for it.
struct Bench {
    base: String,
    http: reqwest::Client,
}

impl Bench {
    async fn new() -> Self {
        Self::with(SandboxOptions::default()).await
    }

    /// Starts with a stopped clock, so that only the test moves the time.
    async fn with(options: SandboxOptions) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = Sandbox::spawn(options).await.unwrap();
        let http = reqwest::Client::builder().retry(reqwest::retry::never()).build().unwrap();
        let bench = Self { base, http };
        bench.sim("POST", "clock", json!({"freeze": true})).await;
        bench
    }

    fn media(&self, file: &str) -> String {
        format!("{}/media/{file}", self.base)
    }

    async fn sim(&self, method: &str, path: &str, body: Value) -> Value {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}/__sim/{path}", self.base);
        let answer = self.http.request(method, url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
        answer.json().await.unwrap()
    }

    async fn advance(&self, ms: u64) {
        self.sim("POST", "clock", json!({ "advance_ms": ms })).await;
    }

    async fn faults(&self, rules: Value) {
        self.sim("POST", "faults", rules).await;
    }

    async fn options(&self, changes: Value) {
        self.sim("POST", "options", changes).await;
    }

    /// What a control call lists.
    async fn list(&self, path: &str) -> Vec<Value> {
        serde_json::from_value(self.sim("GET", path, json!({})).await).unwrap()
    }

    async fn live(&self) -> Vec<Value> {
        self.list("live").await
    }

    /// The only live item.
    async fn one(&self) -> Value {
        let live = self.live().await;
        assert_eq!(live.len(), 1, "{live:#?}");
        live.into_iter().next().unwrap()
    }

    /// A Graph call; answers status and body.
    async fn graph(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        read(self.try_graph(method, path, body).await.unwrap()).await
    }

    async fn try_graph(
        &self,
        method: &str,
        path: &str,
        body: Value,
    ) -> Result<Response, reqwest::Error> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}/graph.facebook.com/v25.0/{path}", self.base);
        let request = self.http.request(method.clone(), url).bearer_auth("good");
        let request = if method == Method::POST { request.json(&body) } else { request };
        request.send().await
    }

    /// A Graph call that must succeed.
    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.graph(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// A Graph call that must fail; answers code and subcode.
    async fn refused(&self, method: &str, path: &str, body: Value) -> (i64, u64) {
        let (status, answer) = self.graph(method, path, body).await;
        assert_eq!(status, 400, "{method} {path}: {answer}");
        assert!(answer["error"]["fbtrace_id"].is_string());
        let subcode = answer["error"]["error_subcode"].as_u64().unwrap_or(0);
        (answer["error"]["code"].as_i64().unwrap(), subcode)
    }

    /// Creates something and answers its id.
    async fn create(&self, path: &str, body: Value) -> String {
        let answer = self.ok("POST", path, body).await;
        answer["id"].as_str().unwrap().to_owned()
    }
}

async fn read(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
