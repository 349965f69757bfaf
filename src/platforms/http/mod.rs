//! The one HTTP client of all platforms: no redirects, no retries, limits, and answers
//! classified by what they prove about the call.

mod answer;
mod call;
mod cleared;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderValue};
use reqwest::{Body, Method, Url, redirect};

pub use answer::{HttpAnswer, NoAnswer, Reach, scrub};
pub use call::{AuthScheme, Call, CallKind};

use answer::whole_message;
use cleared::ClearedBody;

use crate::domain::{FailureCode, Gateway, PUBLISH_LIMIT};
use crate::kill_point::kill_point;

/// Names this program to the platforms; stable, so that their logs can be asked for it.
pub const USER_AGENT: &str = concat!("socialsched/", env!("CARGO_PKG_VERSION"));

/// A host that does not take the connection within this is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Kept short: a call on a connection that the server closed meanwhile fails
/// after it may have been sent, which makes its outcome unknown for no reason.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// How long each kind of call may take from its start to the last byte of its answer.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub staging: Duration,
    pub publish: Duration,
    pub read: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Meta downloads the media inside the call, which takes tens of seconds.
            staging: Duration::from_secs(120),
            publish: PUBLISH_LIMIT,
            // Reads are cheap to repeat.
            read: Duration::from_secs(30),
        }
    }
}

/// The shared client. Nothing is built before the first call.
pub struct Http {
    gateway: Option<Gateway>,
    limits: Limits,
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl Http {
    /// A client for the real hosts, or for the gateway that stands in for them.
    #[must_use]
    pub fn new(gateway: Option<Gateway>) -> Self {
        Self::with_limits(gateway, Limits::default())
    }

    /// The same with other time limits.
    #[must_use]
    pub fn with_limits(gateway: Option<Gateway>, limits: Limits) -> Self {
        Self { gateway, limits, client: OnceLock::new() }
    }

    /// Sends a call exactly once.
    ///
    /// # Errors
    /// Only when not even a status line came back. An answer whose body broke
    /// off is still an answer: its status may prove success.
    pub async fn send(&self, call: Call) -> Result<HttpAnswer, NoAnswer> {
        #[cfg(feature = "kill-points")]
        let name = call.name();
        let kind = call.kind.clone();
        let request = self.request(call)?;
        kill_point!("{name}.before");
        // Too late already: nothing of it leaves.
        if let CallKind::Publish(clearance) = kind
            && !clearance.is_good()
        {
            let message = "too much time had passed since it was cleared";
            return Err(NoAnswer::not_sent(FailureCode::NotSent, message));
        }
        let sending = request.send();
        #[cfg(feature = "kill-points")]
        let sending = crate::kill_point::until_sent(&name, sending);
        let response = sending.await.map_err(NoAnswer::from_reqwest)?;
        let answer = HttpAnswer::read(response).await;
        kill_point!("{name}.read");
        Ok(answer)
    }

    /// Where a platform's URL is really sent to.
    ///
    /// # Errors
    /// When it is neither https nor below the gateway.
    pub fn target(&self, url: &str) -> Result<Url, String> {
        let parsed = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
        match &self.gateway {
            Some(gateway) if gateway.holds(parsed.as_str()) => Ok(parsed),
            _ if parsed.scheme() != "https" => Err("not an https URL".to_owned()),
            None => Ok(parsed),
            Some(gateway) => {
                let host = parsed.host_str().unwrap_or_default();
                let mut url = format!("{}/{host}{}", gateway.as_str(), parsed.path());
                if let Some(query) = parsed.query() {
                    url = format!("{url}?{query}");
                }
                Url::parse(&url).map_err(|error| format!("not a URL: {error}"))
            }
        }
    }

    /// Checks an upload URL from a platform's answer: a forged one would get the token or
    /// the media. A host `*.example.com` stands for all below `example.com`.
    ///
    /// # Errors
    /// When it is neither https on one of `hosts` nor below the gateway.
    pub fn check_upload_url(&self, url: &str, hosts: &[&str]) -> Result<(), String> {
        let parsed = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
        if self.gateway.as_ref().is_some_and(|gateway| gateway.holds(parsed.as_str())) {
            return Ok(());
        }
        let plain = parsed.scheme() == "https"
            && parsed.port().is_none()
            && parsed.username().is_empty()
            && parsed.password().is_none();
        let host = parsed.host_str().unwrap_or_default();
        let allowed = hosts.iter().any(|allowed| match allowed.strip_prefix('*') {
            Some(below) => host.ends_with(below),
            None => host == *allowed,
        });
        if plain && allowed {
            Ok(())
        } else {
            Err(format!("upload URL on an unexpected host ({host:?})"))
        }
    }

    fn request(&self, call: Call) -> Result<reqwest::RequestBuilder, NoAnswer> {
        let client = self.client.get_or_init(build_client).as_ref();
        let client = client.map_err(|error| NoAnswer::not_sent(FailureCode::Request, error))?;
        let url = self
            .target(&call.url)
            .map_err(|error| NoAnswer::not_sent(FailureCode::Request, error))?;
        let limit = match &call.kind {
            CallKind::Staging => self.limits.staging,
            CallKind::Publish(_) => self.limits.publish,
            CallKind::Read => self.limits.read,
        };
        let with_body = matches!(call.method, Method::POST | Method::PUT);
        let mut request = client.request(call.method, url).timeout(limit);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some((scheme, token)) = call.auth {
            let mut value =
                HeaderValue::from_str(&format!("{} {}", scheme.as_str(), token.expose())).map_err(
                    |_| {
                        NoAnswer::not_sent(
                            FailureCode::InvalidToken,
                            "the token holds characters no header can carry",
                        )
                    },
                )?;
            value.set_sensitive(true);
            request = request.header(reqwest::header::AUTHORIZATION, value);
        }
        if with_body {
            request = request.header(CONTENT_LENGTH, call.body.len());
            request = match call.kind {
                CallKind::Publish(clearance) => {
                    request.body(Body::wrap(ClearedBody::new(call.body, clearance)))
                }
                CallKind::Staging | CallKind::Read => request.body(call.body),
            };
        }
        Ok(request)
    }
}

fn build_client() -> Result<reqwest::Client, String> {
    let client = client_builder()?.build();
    client.map_err(|error| format!("cannot set up the HTTP client: {}", whole_message(&error)))
}

/// What every client of this program has in common.
///
/// # Errors
/// When TLS cannot be set up.
pub(super) fn client_builder() -> Result<reqwest::ClientBuilder, String> {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot set up TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // Proxy variables of the environment are ignored: tokens go directly to the
        // platform.
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use reqwest::StatusCode;
    use serde_json::Value;

    use super::answer::MAX_BODY_BYTES;
    use super::*;
    use crate::domain::{AccessToken, Clearance};

    fn publish(url: &str) -> Call {
        Call::post(CallKind::Publish(Clearance::unlimited()), url)
    }

    #[test]
    fn gateway_gets_host_as_first_path_segment() {
        let http = Http::new(Some(Gateway::parse("http://127.0.0.1:9").unwrap()));
        let target = http.target("https://graph.facebook.com/v25.0/1?fields=id").unwrap();
        assert_eq!(target.as_str(), "http://127.0.0.1:9/graph.facebook.com/v25.0/1?fields=id");
        assert_eq!(http.target("http://127.0.0.1:9/a/b").unwrap().path(), "/a/b");
        assert!(http.target("http://127.0.0.1:99/a").is_err());
    }

    #[test]
    fn without_a_gateway_everything_is_https() {
        let http = Http::new(None);
        assert!(http.target("http://graph.facebook.com/").is_err());
        assert!(http.target("http://127.0.0.1:9/a").is_err());
        assert!(http.target("https://graph.facebook.com/").is_ok());
    }

    #[test]
    fn upload_url_must_be_on_expected_host() {
        let http = Http::new(None);
        let check = |url| http.check_upload_url(url, &["rupload.facebook.com"]);
        assert_eq!(check("https://rupload.facebook.com/video-upload/v25.0/1"), Ok(()));
        for url in [
            "http://rupload.facebook.com/x",
            "https://rupload.facebook.com.evil.example/x",
            "https://rupload.facebook.com@evil.example/x",
            "https://user@rupload.facebook.com/x",
            "https://rupload.facebook.com:8443/x",
            "http://127.0.0.1:9/x",
            "nonsense",
        ] {
            assert!(check(url).is_err(), "{url}");
        }
    }

    /// **H1**: a connection that was never made proves that nothing was sent.
    #[tokio::test]
    async fn failed_connection_proves_nothing_was_sent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = listener.local_addr().unwrap().port();
        drop(listener);
        // Hangs up in the middle of the handshake.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let no_tls = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            use std::io::Read;
            let _ = listener.accept().unwrap().0.read(&mut [0; 64]);
        });
        let gateway = Gateway::parse(&format!("http://127.0.0.1:{closed}")).unwrap();
        for (what, gateway, url) in [
            ("refused", Some(gateway), "https://graph.facebook.com/feed".to_owned()),
            ("TLS", None, format!("https://127.0.0.1:{no_tls}/feed")),
            ("DNS", None, "https://graph.facebook.invalid/feed".to_owned()),
        ] {
            let call =
                publish(&url).auth(AuthScheme::Bearer, &AccessToken::new("canary".to_owned()));
            let error = Http::new(gateway).send(call).await.unwrap_err();
            assert_eq!((error.reach, error.code), (Reach::NotSent, FailureCode::Connect), "{what}");
            let shown = &error.message;
            assert!(!shown.contains("canary") && !shown.contains("feed"), "{what}: {shown}");
        }
    }

    /// A connection that is closed without an answer leaves the outcome open.
    #[tokio::test]
    async fn connection_closed_without_answer_is_unknown() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            use std::io::Read;
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = vec![0; 4096];
            let count = stream.read(&mut seen).unwrap();
            String::from_utf8_lossy(&seen[..count]).to_lowercase()
        });
        let http = Http::new(Some(Gateway::parse(&format!("http://127.0.0.1:{port}")).unwrap()));
        let call = publish("https://graph.facebook.com/v25.0/1/feed");
        let error = http.send(call).await.unwrap_err();
        assert_eq!(error.reach, Reach::Interrupted);
        let request = server.join().unwrap();
        assert!(request.contains("content-length: 0"), "{request}");
        assert!(request.contains("user-agent: socialsched/"), "{request}");
    }

    /// **B12**: a call whose clearance ended before it was connected is not
    /// sent whole. The connection took its time: what is late by then does not
    /// leave.
    #[tokio::test]
    async fn call_no_longer_cleared_is_not_sent_whole() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            use std::io::Read;
            let mut seen = Vec::new();
            listener.accept().unwrap().0.read_to_end(&mut seen).unwrap();
            String::from_utf8_lossy(&seen).into_owned()
        });
        let http = Http::new(Some(Gateway::parse(&format!("http://127.0.0.1:{port}")).unwrap()));
        let asked = AtomicBool::new(false);
        let clearance = Clearance::new(move || !asked.swap(true, Ordering::SeqCst));
        let url = "https://graph.facebook.com/v25.0/1/feed";
        let call = Call::post(CallKind::Publish(clearance), url).bytes(b"message=Hello".to_vec());
        let error = http.send(call).await.unwrap_err();
        assert_eq!(error.reach, Reach::Interrupted, "{error}");
        drop(http);
        let seen = server.join().unwrap();
        assert!(!seen.contains("Hello"), "{seen}");
    }

    #[tokio::test]
    async fn answer_with_broken_body_keeps_its_status() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{").unwrap();
        });
        let http = Http::new(Some(Gateway::parse(&format!("http://127.0.0.1:{port}")).unwrap()));
        let answer = http.send(Call::get("https://api.linkedin.com/rest/posts")).await.unwrap();
        assert_eq!(answer.status, StatusCode::CREATED);
        assert!(answer.broken);
        assert_eq!(answer.json, Value::Null);
    }

    /// **H16**: a body that is huge, deeply nested or not text keeps its status
    /// and is read to a limit.
    #[tokio::test]
    async fn bad_body_keeps_its_status_and_ends() {
        let huge = vec![b' '; 3 * MAX_BODY_BYTES];
        let deep = "[".repeat(100_000).into_bytes();
        for body in [huge, deep, b"{\"id\": \"\xff\xfe\"}".to_vec(), b"{\"id\": 1,".to_vec()] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let length = body.len();
            std::thread::spawn(move || {
                use std::io::{Read, Write};
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 4096]).unwrap();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                // The client may hang up before the end.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            });
            let gateway = Gateway::parse(&format!("http://127.0.0.1:{port}")).unwrap();
            let call = publish("https://graph.facebook.com/v25.0/1/feed");
            let answer = Http::new(Some(gateway)).send(call).await.unwrap();
            assert_eq!((answer.status, &answer.json["id"]), (StatusCode::OK, &Value::Null));
            assert!(answer.body.len() <= MAX_BODY_BYTES);
            assert_eq!(answer.broken, length > MAX_BODY_BYTES);
        }
    }
}
