//! The platforms, as tests see and steer them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use socialsched::sandbox::{Sandbox, SandboxOptions};
use tokio::sync::oneshot;

use super::Account;

/// All platforms, as they are called everywhere.
pub const PLATFORMS: [&str; 3] = ["facebook", "instagram", "linkedin"];

/// The `match` of a fault rule for the one call that makes a post of one image
/// or of text visible; everything before it is staging.
pub fn publish_call(platform: &str) -> Value {
    match platform {
        "facebook" => json!({"method": "POST", "body_contains": "\"is_published\":true"}),
        "instagram" => json!({"method": "POST", "path_contains": "/media_publish"}),
        _ => json!({"method": "POST", "path_contains": "/rest/posts"}),
    }
}

/// The same for posts of one account.
pub fn publish_call_of(account: &Account) -> Value {
    let mut call = publish_call(account.platform);
    let id = &account.external_id;
    match account.platform {
        "facebook" => call["path_contains"] = json!(format!("/{id}_")),
        "instagram" => call["path_contains"] = json!(format!("/{id}/media_publish")),
        _ => call["body_contains"] = json!(id),
    }
    call
}

/// The `match` of a fault rule for the call that stages an image of one account.
pub fn staging_call_of(account: &Account) -> Value {
    let id = &account.external_id;
    match account.platform {
        "facebook" => json!({"method": "POST", "path_contains": format!("/{id}/photos")}),
        "instagram" => json!({"method": "POST", "path_contains": format!("/{id}/media?")}),
        _ => json!({"method": "POST", "path_contains": "/rest/images", "body_contains": id}),
    }
}

/// The sandbox of the three platforms on a thread of this process.
pub struct Simulator {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Serves on a free port until dropped.
    pub fn start(options: SandboxOptions) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
                let sandbox = Sandbox::bind(any_port, options).await.unwrap();
                sender.send(sandbox.address()).unwrap();
                let shutdown = async {
                    let _ = stopped.await;
                };
                sandbox.serve(shutdown).await.unwrap();
            });
        });
        let address = receiver.recv().unwrap();
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT`, the value of `SOCIALSCHED_PLATFORM_GATEWAY`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of a sample file; `name` may have a query, as in `photo.jpg?bytes=9000000`.
    pub fn media(&self, name: &str) -> String {
        format!("{}/media/{name}", self.base_url())
    }

    /// Everything readers of the platforms can see now, oldest first: items of
    /// `platform, account, kind, id, text, media, created_at, comments`.
    pub fn live(&self) -> Vec<Value> {
        self.list("/__sim/live")
    }

    /// Everything readers ever saw: the same, with `deleted_at`.
    pub fn ever(&self) -> Vec<Value> {
        self.list("/__sim/ever")
    }

    /// Everything staged that readers cannot see.
    pub fn drafts(&self) -> Vec<Value> {
        self.list("/__sim/drafts")
    }

    /// Every call that arrived, in order: `platform, method, host, path, params, status, …`.
    pub fn calls(&self) -> Vec<Value> {
        self.list("/__sim/log")
    }

    /// Whether a fault was injected into any call.
    pub fn fault_injected(&self) -> bool {
        self.calls().iter().any(|call| call["fault"].is_string())
    }

    /// Adds one fault rule (see `socialsched::sandbox`).
    pub fn fault(&self, rule: &Value) {
        self.post("/__sim/faults", &json!([rule]));
    }

    /// Removes all fault rules.
    pub fn heal(&self) {
        self.ask("DELETE", "/__sim/faults", "");
    }

    /// Changes some options, as in `{"video_processing_ms": 60000}`.
    pub fn options(&self, changes: &Value) {
        self.post("/__sim/options", changes);
    }

    /// Advances the clock of the platforms.
    pub fn advance(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap();
        self.post("/__sim/clock", &json!({"advance_ms": ms}));
    }

    /// A control call with a body; returns the answer.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, &body.to_string())
    }

    fn list(&self, path: &str) -> Vec<Value> {
        self.ask("GET", path, "").as_array().unwrap().clone()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        ask(&self.address.to_string(), method, path, body)
    }
}

/// Asks a sandbox at `127.0.0.1:PORT`, with as much of HTTP/1.1 as the control
/// calls need.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "chunked: {head}");
    let status = head.split(' ').nth(1).unwrap_or_default();
    assert_eq!(status, "200", "{method} {path} {body}");
    serde_json::from_str(body).unwrap()
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
