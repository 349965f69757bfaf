//! `/__sim/…`: what tests see and control besides the services.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::class::is_account;
use super::clock::iso;
use super::reply::{Content, Reply};
use super::state::{Item, LogEntry, World};
use super::{facebook, faults, linkedin, readers};

/// Answers a control call. `path` stands below `/__sim/`.
pub(super) fn answer(
    world: &mut World,
    method: &Method,
    path: &str,
    query: &str,
    body: &Bytes,
) -> Reply {
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let json_body = || serde_json::from_slice::<Value>(body);
    match (method.as_str(), path) {
        ("GET", "live") => wanted(readers::live(world), |item| item, &query),
        ("GET", "ever") => wanted(readers::ever(world), |ever| &ever.item, &query),
        ("GET", "drafts") => wanted(readers::drafts(world), |item| item, &query),
        ("GET", "calls") => calls(world, &query),
        ("GET", "log") => Reply::ok(json!(world.log)),
        ("GET", "faults") => Reply::ok(json!(world.faults)),
        ("POST", "faults") => match json_body().and_then(|list| faults::rules(&list)) {
            Ok(rules) => {
                world.faults.extend(rules);
                Reply::ok(json!(world.faults))
            }
            Err(error) => refused(&error),
        },
        ("DELETE", "faults") => {
            world.faults.clear();
            Reply::ok(json!([]))
        }
        ("GET", "clock") => now(world),
        ("POST", "clock") => match json_body() {
            Ok(request) => {
                if let Some(frozen) = request["freeze"].as_bool() {
                    world.clock.freeze(frozen);
                }
                if let Some(ms) = request["set_ms"].as_i64() {
                    world.clock.set(ms);
                }
                world.clock.advance(request["advance_ms"].as_i64().unwrap_or(0));
                now(world)
            }
            Err(error) => refused(&error),
        },
        ("GET", "options") => Reply::ok(json!(world.options)),
        ("POST", "options") => {
            match json_body().and_then(|request| world.change_options(request)) {
                Ok(()) => Reply::ok(json!(world.options)),
                Err(error) => refused(&error),
            }
        }
        ("POST", "reset") => {
            *world = World::new(world.options.clone());
            Reply::success()
        }
        ("GET", path) if path.starts_with("uploads/") => {
            let urn = super::request::decode(&path["uploads/".len()..]);
            match linkedin::uploaded(world, &urn).or_else(|| facebook::uploaded(world, &urn)) {
                Some(bytes) => {
                    let mut reply = Reply::empty(200);
                    reply.body = Content::Raw("application/octet-stream".to_owned(), bytes.into());
                    reply
                }
                None => Reply::json(404, json!({"error": "no such upload"})),
            }
        }
        _ => Reply::json(
            404,
            json!({"error": "no such control call; see GET live, ever, drafts, log, calls, faults, clock, options, uploads/ID and POST faults, clock, options, reset"}),
        ),
    }
}

fn now(world: &World) -> Reply {
    Reply::ok(json!({"now_ms": world.now(), "now": iso(world.now())}))
}

fn refused(error: &serde_json::Error) -> Reply {
    Reply::json(400, json!({"error": error.to_string()}))
}

/// What the query asks for: of one account, and with `all` also what others made.
fn wanted<T: Serialize>(
    items: Vec<T>,
    item: impl Fn(&T) -> &Item,
    query: &HashMap<String, String>,
) -> Reply {
    let is_wanted = |item: &Item| {
        (!item.by_others || query.contains_key("all"))
            && query.get("account").is_none_or(|wanted| is_account(&item.account, wanted))
    };
    let items: Vec<T> = items.into_iter().filter(|entry| is_wanted(item(entry))).collect();
    Reply::ok(json!(items))
}

/// The number of calls, of one account or of all.
fn calls(world: &World, query: &HashMap<String, String>) -> Reply {
    let belongs = |call: &&LogEntry| {
        query.get("account").is_none_or(|wanted| {
            call.account.as_ref().is_some_and(|account| is_account(account, wanted))
        })
    };
    Reply::ok(json!({"calls": world.log.iter().filter(belongs).count()}))
}
