//! From a connection to the right service and back.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::request::Parts;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::class::{self, Class};
use super::clock::{http_date, iso};
use super::faults::{self, Answer, Delivery, Effect, Rule};
use super::reply::Reply;
use super::request::Call;
use super::state::{LogEntry, Platform, World};
use super::wire::{Broken, Port, Postscript};
use super::{control, fetch, graph, linkedin, media, readers};

/// Largest body that is taken: the limit of a LinkedIn video.
const MAX_BODY: usize = 512 << 20;

/// Serves a world until `shutdown` is ready, then ends the open connections.
pub(super) async fn serve(
    listener: TcpListener,
    base_url: String,
    world: Arc<Mutex<World>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (close, closing) = watch::channel(false);
    let shared = Arc::new(Shared { base_url, world, closing });
    let router = Router::new().fallback(answer).with_state(shared);
    axum::serve(Port(listener), router.into_make_service_with_connect_info::<Postscript>())
        .with_graceful_shutdown(async move {
            shutdown.await;
            // Also frees the calls that hang on purpose.
            let _ = close.send(true);
        })
        .await
}

/// A panic in one call must not take the others down.
pub(super) fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
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

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(postscript): ConnectInfo<Postscript>,
    request: Request,
) -> Response<Body> {
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
    let work = tokio::spawn(serve_call(shared, postscript, parts, body));
    work.await.unwrap_or_else(|_| Reply::html(500, "The sandbox failed").into_http())
}

async fn serve_call(
    shared: Arc<Shared>,
    postscript: Postscript,
    parts: Parts,
    body: Bytes,
) -> Response<Body> {
    let mut call = Call::parse(&parts, body, &shared.base_url);
    let assume_remote = shared.world().options.assume_remote_media;
    for url in call.media_urls() {
        let asset = fetch::fetch(&url, &shared.base_url, assume_remote).await;
        call.fetched.insert(url, asset);
    }
    let Some((n, rule, reply)) = handle(&mut shared.world(), &mut call) else {
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
    if let Some(second) = rule.as_ref().and_then(Rule::second_answer) {
        postscript.set(second.into_bytes());
    }
    reply.into_http()
}

/// Handles the call, as often as its rule says, and logs it.
fn handle(world: &mut World, call: &mut Call) -> Option<(usize, Option<Rule>, Reply)> {
    let platform = match call.host.as_str() {
        "graph.facebook.com"
        | "graph-video.facebook.com"
        | "graph.instagram.com"
        | "rupload.facebook.com" => graph::platform(world, call),
        "api.linkedin.com" | "www.linkedin.com" => Platform::Linkedin,
        _ => return None,
    };
    call.account = class::account_of(world, call);
    call.class = Class::of(call);
    let rule = faults::pick(world, call, platform);
    let n = world.log.len();
    world.log.push(LogEntry {
        n: n + 1,
        at: iso(world.now()),
        platform,
        method: call.method.to_string(),
        host: call.host.clone(),
        path: call.path.clone(),
        account: call.account.clone(),
        call: call.class,
        params: call.loggable(),
        status: None,
        auth: call.auth,
        encoding: call.encoding,
        fault: rule.as_ref().and_then(|rule| rule.fault.word()),
    });
    let truth = take_effect(world, call, platform, rule.as_ref());
    let reply = match (&rule, truth) {
        (Some(rule), truth) => match rule.answer(truth, call, platform) {
            Answer::AsIs(reply) => reply,
            Answer::Own(reply) if platform == Platform::Linkedin => linkedin::signed(world, reply),
            Answer::Own(reply) => graph::dressed(world, call, platform, reply),
        },
        (None, Some(reply)) => reply,
        (None, None) => Reply::empty(500),
    };
    // Clients learn the clock of the service from this header.
    let reply = reply.or_with("date", http_date(world.now()));
    Some((n, rule, reply))
}

/// The platform's answer; none if nothing happened and the rule makes up its own.
fn take_effect(
    world: &mut World,
    call: &Call,
    platform: Platform,
    rule: Option<&Rule>,
) -> Option<Reply> {
    let act = |world: &mut World| {
        let act = |world: &mut World| match platform {
            Platform::Linkedin => linkedin::handle(world, call),
            _ => graph::handle(world, call, platform),
        };
        if call.class == Some(Class::Delete) {
            readers::remembering(world, act)
        } else {
            act(world)
        }
    };
    match rule.map_or(Effect::Once, Rule::effect) {
        Effect::None if rule.is_some_and(Rule::needs_truth) => Some(world.undone(act)),
        Effect::None => None,
        Effect::Once => Some(act(world)),
        Effect::Twice => {
            let answers = [act(world), act(world)];
            answers.into_iter().nth(rule.is_some_and(Rule::answers_second).into())
        }
    }
}
