//! The one HTTP client of all platforms: no redirects, no retries, limits, and
//! answers told apart by what they prove about the call.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url, redirect};
use serde_json::Value;

use crate::domain::AccessToken;
use crate::kill_point::kill_point;

/// Names this program to the platforms; stable, so that their logs can be asked for it.
pub const USER_AGENT: &str = concat!("socialsched/", env!("CARGO_PKG_VERSION"));

/// A host that does not take the connection within this is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Kept short: a call on a connection that the server closed meanwhile fails
/// after it may have been sent, which makes its outcome unknown for no reason.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// No answer that matters is larger; the rest of a longer one is not read.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Longest rest that a `Retry-After` may ask for: after a day it is worth asking again.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest text of a platform that is kept in a failure, in characters.
const MAX_MESSAGE_CHARS: usize = 1000;

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
            // Must stay below the lease that the gate renews before the call.
            publish: Duration::from_secs(60),
            // Reads are cheap to repeat.
            read: Duration::from_secs(30),
        }
    }
}

/// A stand-in for all platforms on this machine: `https://host/path` becomes `{base}/host/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway(String);

impl Gateway {
    /// Reads `http://127.0.0.1:PORT`. Tokens are sent there in clear text,
    /// therefore only a loopback address is taken.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        if url.scheme() != "http" {
            return Err("must start with http://".to_owned());
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if !host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
            return Err("must be a loopback address such as http://127.0.0.1:8080".to_owned());
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err("must be only a scheme, an address and a port".to_owned());
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address itself, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn holds(&self, url: &str) -> bool {
        url.strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('/'))
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
    fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::OAuth => "OAuth",
        }
    }
}

/// A request to be sent once. Shows nothing of itself in debug output.
#[must_use]
pub struct Call {
    kind: CallKind,
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    auth: Option<(AuthScheme, AccessToken)>,
    body: Vec<u8>,
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
    fn name(&self) -> String {
        let url = Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let words = url.as_ref().and_then(Url::path_segments).into_iter().flatten();
        let is_word = |part: &&str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let path: Vec<&str> = words.filter(is_word).filter(|part| !part.is_empty()).collect();
        let kind = format!("{:?}", self.kind).to_lowercase();
        [vec![kind.as_str(), self.method.as_str(), host], path].concat().join("/")
    }
}

/// What came back: at least a status line.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As much of it as arrived, at most 1 MiB.
    pub body: Vec<u8>,
    /// The body when it is whole and JSON; else `Null`.
    pub json: Value,
    /// The body ended early or was cut off: what it would have said is not known.
    pub broken: bool,
}

impl HttpAnswer {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long `Retry-After` asks to rest: seconds, or a date measured against
    /// the answer's own `Date`. At most 24 hours; nonsense counts as absent.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header(RETRY_AFTER.as_str())?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = DateTime::parse_from_rfc2822(text).ok()?;
                let now = DateTime::parse_from_rfc2822(self.header(DATE.as_str())?).ok()?;
                (until - now).to_std().ok()?
            }
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }
}

/// A call without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoAnswer {
    pub reach: Reach,
    /// `connect`, `timeout`, `interrupted` or `request`.
    pub code: &'static str,
    /// For people; holds neither the URL nor a token.
    pub message: String,
}

/// How far a call without an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Provably nothing was sent: no connection came about.
    NotSent,
    /// It may have arrived and been done.
    Interrupted,
}

impl NoAnswer {
    fn not_sent(code: &'static str, message: impl Into<String>) -> Self {
        Self { reach: Reach::NotSent, code, message: message.into() }
    }

    fn from_reqwest(error: reqwest::Error) -> Self {
        let (reach, code) = if error.is_connect() {
            (Reach::NotSent, "connect")
        } else if error.is_builder() {
            (Reach::NotSent, "request")
        } else if error.is_timeout() {
            (Reach::Interrupted, "timeout")
        } else {
            (Reach::Interrupted, "interrupted")
        };
        Self { reach, code, message: whole_message(&error.without_url()) }
    }
}

/// An error with its causes: reqwest's own text says only "error sending request".
fn whole_message(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
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
        let request = self.request(call)?;
        kill_point!("{name}.before");
        let sending = request.send();
        #[cfg(feature = "kill-points")]
        let sending = crate::kill_point::until_sent(&name, sending);
        let response = sending.await.map_err(NoAnswer::from_reqwest)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let (body, broken) = read_capped(response).await;
        kill_point!("{name}.read");
        let json = match broken {
            true => Value::Null,
            false => serde_json::from_slice(&body).unwrap_or(Value::Null),
        };
        Ok(HttpAnswer { status, headers, body, json, broken })
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
                let mut url = format!("{}/{host}{}", gateway.0, parsed.path());
                if let Some(query) = parsed.query() {
                    url = format!("{url}?{query}");
                }
                Url::parse(&url).map_err(|error| format!("not a URL: {error}"))
            }
        }
    }

    /// Checks a URL that a platform's answer tells us to upload to: a forged
    /// one would get the token or the media. A host `*.example.com` stands for
    /// all below `example.com`.
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
        let client = client.map_err(|error| NoAnswer::not_sent("request", error))?;
        let url = self.target(&call.url).map_err(|error| NoAnswer::not_sent("request", error))?;
        let limit = match call.kind {
            CallKind::Staging => self.limits.staging,
            CallKind::Publish => self.limits.publish,
            CallKind::Read => self.limits.read,
        };
        let with_body = matches!(call.method, Method::POST | Method::PUT);
        let mut request = client.request(call.method, url).timeout(limit);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some((scheme, token)) = call.auth {
            let mut value = HeaderValue::from_str(&format!(
                "{} {}",
                scheme.as_str(),
                token.expose()
            ))
            .map_err(|_| {
                NoAnswer::not_sent("request", "the token holds characters no header can carry")
            })?;
            value.set_sensitive(true);
            request = request.header(reqwest::header::AUTHORIZATION, value);
        }
        if with_body {
            request = request.header(CONTENT_LENGTH, call.body.len()).body(call.body);
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
        // Proxy variables of the environment are not followed: tokens take the direct way.
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT))
}

/// Reads the body up to its cap; true: it broke off or was longer.
async fn read_capped(mut response: reqwest::Response) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return (body, false),
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BODY_BYTES => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk[..MAX_BODY_BYTES - body.len()]);
                return (body, true);
            }
            Err(_) => return (body, true),
        }
    }
}

/// Takes every secret out of a text that came from a platform, and shortens it.
///
/// Platforms echo the token in error texts and in paging addresses.
#[must_use]
pub fn scrub(text: &str, token: &AccessToken) -> String {
    let mut clean = text.to_owned();
    if !token.expose().is_empty() {
        clean = clean.replace(token.expose(), "[token]");
    }
    for name in ["access_token=", "appsecret_proof="] {
        let mut parts = clean.split(name);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(['&', '"', '\'', ' ', '\n', '\\']).unwrap_or(part.len());
            kept.push_str(name);
            kept.push_str("[token]");
            kept.push_str(&part[end..]);
        }
        clean = kept;
    }
    match clean.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &str)]) -> HttpAnswer {
        let headers = headers.iter().map(|(name, value)| {
            (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
        });
        HttpAnswer {
            status: StatusCode::OK,
            headers: headers.collect(),
            body: Vec::new(),
            json: Value::Null,
            broken: false,
        }
    }

    #[test]
    fn only_a_bare_loopback_address_is_a_gateway() {
        assert_eq!(Gateway::parse("http://127.0.0.1:80/").unwrap().as_str(), "http://127.0.0.1");
        assert!(Gateway::parse("http://[::1]:8080").is_ok());
        for text in [
            "",
            "127.0.0.1:8080",
            "https://127.0.0.1:8080",
            "http://localhost.evil.example",
            "http://10.0.0.1:8080",
            "http://user@127.0.0.1:8080",
            "http://127.0.0.1:8080/path",
            "http://127.0.0.1:8080?x=1",
        ] {
            assert!(Gateway::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_gateway_gets_the_host_as_first_path_segment() {
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
    fn an_upload_url_must_be_on_an_expected_host() {
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

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_more_than_a_day() {
        let seconds = |text| answer(&[("retry-after", text)]).retry_after().map(|d| d.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("99999999"), Some(86_400));
        assert_eq!(seconds("-5"), None);
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("Tue, 24 Nov 2026 10:00:00 GMT"), None, "no clock to compare with");
        let dated = |until| {
            answer(&[("retry-after", until), ("date", "Tue, 24 Nov 2026 10:00:00 GMT")])
                .retry_after()
                .map(|d| d.as_secs())
        };
        assert_eq!(dated("Tue, 24 Nov 2026 10:01:30 GMT"), Some(90));
        assert_eq!(dated("Tue, 24 Nov 2026 09:00:00 GMT"), None);
        assert_eq!(dated("Thu, 24 Nov 2033 09:00:00 GMT"), Some(86_400));
    }

    #[test]
    fn an_echoed_token_is_taken_out_of_a_text() {
        let token = AccessToken::new("canary".to_owned());
        assert_eq!(scrub("Bad token: canary.", &token), "Bad token: [token].");
        assert_eq!(
            scrub("next: https://x/?access_token=other&after=1", &token),
            "next: https://x/?access_token=[token]&after=1"
        );
        assert_eq!(scrub(&"é".repeat(2000), &token).chars().count(), 1001);
        assert_eq!(scrub("text", &AccessToken::new(String::new())), "text");
    }

    #[tokio::test]
    async fn a_refused_connection_proves_that_nothing_was_sent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let http = Http::new(Some(Gateway::parse(&format!("http://127.0.0.1:{port}")).unwrap()));
        let call = Call::post(CallKind::Publish, "https://graph.facebook.com/v25.0/1/feed")
            .auth(AuthScheme::Bearer, &AccessToken::new("canary".to_owned()));
        let error = http.send(call).await.unwrap_err();
        assert_eq!((error.reach, error.code), (Reach::NotSent, "connect"));
        assert!(!error.message.contains("canary") && !error.message.contains("feed"));
    }

    #[tokio::test]
    async fn a_connection_closed_without_an_answer_leaves_the_outcome_open() {
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
        let call = Call::post(CallKind::Publish, "https://graph.facebook.com/v25.0/1/feed");
        let error = http.send(call).await.unwrap_err();
        assert_eq!(error.reach, Reach::Interrupted);
        let request = server.join().unwrap();
        assert!(request.contains("content-length: 0"), "{request}");
        assert!(request.contains("user-agent: socialsched/"), "{request}");
    }

    #[tokio::test]
    async fn an_answer_whose_body_breaks_off_keeps_its_status() {
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
    #[tokio::test]
    async fn h16_a_body_that_is_huge_deep_or_no_text_keeps_its_status_and_ends() {
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
            let call = Call::post(CallKind::Publish, "https://graph.facebook.com/v25.0/1/feed");
            let answer = Http::new(Some(gateway)).send(call).await.unwrap();
            assert_eq!((answer.status, &answer.json["id"]), (StatusCode::OK, &Value::Null));
            assert!(answer.body.len() <= MAX_BODY_BYTES);
            assert_eq!(answer.broken, length > MAX_BODY_BYTES);
        }
    }
}
