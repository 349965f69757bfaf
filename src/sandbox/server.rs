//! The HTTP server: from a connection to the right service and back.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::request::Parts;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::clock::{http_date, iso};
use super::faults::{self, Delivery, Effect, Rule};
use super::options::SandboxOptions;
use super::reply::Reply;
use super::request::Call;
use super::state::{LogEntry, Platform, World};
use super::{control, fetch, graph, linkedin, media};

/// Largest body that is taken: the limit of a LinkedIn video.
const MAX_BODY: usize = 512 << 20;

/// A stand-in for the three platforms, bound to an address and not yet serving.
#[derive(Debug)]
pub struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    options: SandboxOptions,
}

impl Sandbox {
    /// Binds to a loopback address; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when the address is not a loopback address, else what
    /// the system says when it cannot be bound.
    pub async fn bind(address: SocketAddr, options: SandboxOptions) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let message =
                format!("the sandbox only listens on loopback addresses, not on {}", address.ip());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, options })
    }

    /// The address it is bound to, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, to which `/{real host}/{real path}` is added.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `shutdown` is ready, then ends the open connections.
    ///
    /// # Errors
    ///
    /// What the system says when the listener breaks.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let world = Arc::new(Mutex::new(World::new(self.options.clone())));
        self.serve_world(world, shutdown).await
    }

    async fn serve_world(
        self,
        world: Arc<Mutex<World>>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (close, closing) = watch::channel(false);
        let shared = Arc::new(Shared { base_url: self.base_url(), world, closing });
        let router = Router::new().fallback(answer).with_state(shared);
        let listener = self.listener.tap_io(|stream| {
            // Only a delay is lost when the system refuses.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router)
            .with_graceful_shutdown(async move {
                shutdown.await;
                // Also frees the calls that hang on purpose.
                let _ = close.send(true);
            })
            .await
    }

    /// Binds to a free port of 127.0.0.1 and serves in a task until the runtime
    /// ends. Answers the base URL.
    ///
    /// # Errors
    ///
    /// As [`Sandbox::bind`].
    pub async fn spawn(options: SandboxOptions) -> io::Result<String> {
        let sandbox = Self::bind(SocketAddr::from(([127, 0, 0, 1], 0)), options).await?;
        let base_url = sandbox.base_url();
        tokio::spawn(sandbox.serve(std::future::pending()));
        Ok(base_url)
    }

    /// Serves in a task until the runtime ends; the answer looks at it and
    /// steers it from this process, past HTTP.
    #[must_use]
    pub fn start(self) -> Running {
        let world = Arc::new(Mutex::new(World::new(self.options.clone())));
        let running = Running { base_url: self.base_url(), world: Arc::clone(&world) };
        tokio::spawn(self.serve_world(world, std::future::pending()));
        running
    }
}

/// A sandbox that serves in a task of this process.
pub struct Running {
    base_url: String,
    world: Arc<Mutex<World>>,
}

/// One post that readers of a platform can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Page id, Instagram user id or LinkedIn URN.
    pub account: String,
    /// The platform's id of the post.
    pub id: String,
    /// Empty when the post has no text.
    pub text: String,
    /// Where its media were fetched from, as far as the platform keeps that.
    pub media: Vec<String>,
}

impl Running {
    /// As [`Sandbox::base_url`].
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Everything readers of the three platforms can see now, oldest first.
    #[must_use]
    pub fn live(&self) -> Vec<Live> {
        let url = |file: &serde_json::Value| file["url"].as_str().map(str::to_owned);
        let items = control::live(&lock(&self.world)).into_iter();
        items
            .map(|item| Live {
                account: item.account,
                id: item.id,
                text: item.text,
                media: item.media.iter().filter_map(url).collect(),
            })
            .collect()
    }

    /// How many calls a fault struck so far; being slow is none.
    #[must_use]
    pub fn struck(&self) -> u32 {
        let world = lock(&self.world);
        let struck = world.log.iter().filter_map(|call| call.fault.as_deref());
        struck.filter(|fault| *fault != "slow_first_byte").count().try_into().unwrap_or(u32::MAX)
    }

    /// Lets time pass at the platforms.
    pub fn advance(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4);
        lock(&self.world).clock.advance(ms);
    }

    /// Replaces the fault rules: a list as for `POST /__sim/faults`.
    ///
    /// # Errors
    ///
    /// What is wrong with the rules; then the old ones stay.
    pub fn misbehave(&self, rules: &serde_json::Value) -> serde_json::Result<()> {
        lock(&self.world).faults = serde::Deserialize::deserialize(rules)?;
        Ok(())
    }
}

/// A panic in one call must not take the others down.
fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What every connection shares.
struct Shared {
    base_url: String,
    world: Arc<Mutex<World>>,
    closing: watch::Receiver<bool>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if let Some(file) = path.strip_prefix("/media/") {
        let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        return media::serve(&parts.method, &format!("{file}{query}"), &parts.headers);
    }
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return Reply::html(413, "Content Too Large").into_http();
    };
    if let Some(path) = path.strip_prefix("/__sim/") {
        let query = parts.uri.query().unwrap_or("");
        return control::answer(&mut shared.world(), &parts.method, path, query, &body).into_http();
    }
    // A request that arrived whole is handled even when the client goes away.
    let work = tokio::spawn(serve_call(shared, parts, body));
    work.await.unwrap_or_else(|_| Reply::html(500, "The sandbox failed").into_http())
}

async fn serve_call(shared: Arc<Shared>, parts: Parts, body: Bytes) -> Response<Body> {
    let mut call = Call::parse(&parts, body, &shared.base_url);
    let assume_remote = shared.world().options.assume_remote_media;
    for url in call.media_urls() {
        let asset = fetch::fetch(&url, &shared.base_url, assume_remote).await;
        call.fetched.insert(url, asset);
    }
    let Some((n, rule, reply)) = handle(&mut shared.world(), &call) else {
        return Reply::html(404, "The sandbox does not know this host").into_http();
    };
    let delivery = rule.as_ref().map_or(Delivery::Normal, Rule::delivery);
    if let Some(ms) = rule.as_ref().and_then(|rule| rule.delay_ms) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    if delivery == Delivery::Hang {
        let mut closing = shared.closing.clone();
        let _ = closing.wait_for(|closed| *closed).await;
    }
    if matches!(delivery, Delivery::Drop | Delivery::Hang) {
        // Not the true status: hyper would send a 204 without looking at its body.
        return Reply::empty(200).into_http_with(Body::new(Broken::at_once()), 1);
    }
    if let Some(entry) = shared.world().log.get_mut(n) {
        entry.status = Some(reply.status);
    }
    if delivery == Delivery::Truncate {
        let bytes = reply.bytes().1;
        // An empty body can only break off if it seems to be longer.
        let (half, length) = (bytes.slice(..bytes.len() / 2), bytes.len().max(2));
        return reply.into_http_with(Body::new(Broken::after(half)), length);
    }
    reply.into_http()
}

/// Lets the call take effect, as often as its fault says, and logs it.
fn handle(world: &mut World, call: &Call) -> Option<(usize, Option<Rule>, Reply)> {
    let platform = match call.host.as_str() {
        "graph.facebook.com"
        | "graph-video.facebook.com"
        | "graph.instagram.com"
        | "rupload.facebook.com" => graph::platform(world, call),
        "api.linkedin.com" | "www.linkedin.com" => Platform::Linkedin,
        _ => return None,
    };
    let rule = faults::pick(world, call, platform);
    let n = world.log.len();
    world.log.push(LogEntry {
        n: n + 1,
        at: iso(world.now()),
        platform,
        method: call.method.to_string(),
        host: call.host.clone(),
        path: call.path.clone(),
        params: call.loggable(),
        status: None,
        auth: call.auth,
        encoding: call.encoding,
        fault: rule
            .as_ref()
            .and_then(|rule| serde_json::to_value(rule.fault).ok()?.as_str().map(str::to_owned)),
    });
    let mut act = || match platform {
        Platform::Linkedin => linkedin::handle(world, call),
        _ => graph::handle(world, call, platform),
    };
    let truth = match rule.as_ref().map_or(Effect::Once, Rule::effect) {
        Effect::None => None,
        Effect::Once => Some(act()),
        Effect::Twice => {
            let first = act();
            act();
            Some(first)
        }
    };
    let reply = match (&rule, truth) {
        (Some(rule), truth) => rule.answer(truth, platform),
        (None, Some(reply)) => reply,
        (None, None) => Reply::empty(500),
    };
    // Clients learn the clock of the service from this header.
    let reply = reply.with("date", http_date(world.now()));
    Some((n, rule, reply))
}

/// A body that ends with an error, which makes the server cut the connection:
/// at once, before the head is sent, or after some bytes.
struct Broken {
    bytes: Option<Bytes>,
    /// Lets the server write out what it has before the error comes.
    pauses: u8,
}

impl Broken {
    fn at_once() -> Self {
        Self { bytes: None, pauses: 0 }
    }

    fn after(bytes: Bytes) -> Self {
        Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), pauses: 2 }
    }
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(http_body::Frame::data(bytes))));
        }
        if self.pauses > 0 {
            self.pauses -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("cut on purpose"))))
    }
}
