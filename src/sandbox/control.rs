//! `/__sim/…`: what tests see and steer beside the services.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::Method;
use serde_json::{Value, json};

use super::clock::iso;
use super::faults::Rule;
use super::options::SandboxOptions;
use super::reply::{Content, Reply};
use super::state::{Item, World};
use super::{facebook, instagram, linkedin};

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
        ("GET", "live") => Reply::ok(json!(wanted(live(world), &query))),
        ("GET", "drafts") => Reply::ok(json!(wanted(drafts(world), &query))),
        ("GET", "log") => Reply::ok(json!(world.log)),
        ("GET", "faults") => Reply::ok(json!(world.faults)),
        ("POST", "faults") => match serde_json::from_slice::<Vec<Rule>>(body) {
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
            Ok(wish) => {
                if let Some(frozen) = wish["freeze"].as_bool() {
                    world.clock.freeze(frozen);
                }
                if let Some(ms) = wish["set_ms"].as_i64() {
                    world.clock.set(ms);
                }
                world.clock.advance(wish["advance_ms"].as_i64().unwrap_or(0));
                now(world)
            }
            Err(error) => refused(&error),
        },
        ("GET", "options") => Reply::ok(json!(world.options)),
        ("POST", "options") => change_options(world, body),
        ("POST", "reset") => {
            *world = World::new(world.options.clone());
            Reply::success()
        }
        ("GET", path) if path.starts_with("uploads/") => {
            let urn = super::request::decode(&path["uploads/".len()..]);
            match linkedin::uploaded(world, &urn) {
                Some(bytes) => {
                    let mut reply = Reply::empty(200);
                    reply.body = Content::Raw("application/octet-stream", bytes.into());
                    reply
                }
                None => Reply::json(404, json!({"error": "no such upload"})),
            }
        }
        _ => Reply::json(
            404,
            json!({"error": "no such control call; see GET live, drafts, log, faults, clock, options, uploads/URN and POST faults, clock, options, reset"}),
        ),
    }
}

fn now(world: &World) -> Reply {
    Reply::ok(json!({"now_ms": world.now(), "now": iso(world.now())}))
}

fn refused(error: &serde_json::Error) -> Reply {
    Reply::json(400, json!({"error": error.to_string()}))
}

fn change_options(world: &mut World, body: &Bytes) -> Reply {
    let merged = serde_json::from_slice::<Value>(body).and_then(|wish| {
        let mut all = serde_json::to_value(&world.options)?;
        if let (Value::Object(all), Value::Object(wish)) = (&mut all, wish) {
            all.extend(wish);
        }
        serde_json::from_value::<SandboxOptions>(all)
    });
    match merged {
        Ok(options) => {
            world.options = options;
            Reply::ok(json!(world.options))
        }
        Err(error) => refused(&error),
    }
}

/// Everything readers of the three platforms can see now, oldest first.
pub(super) fn live(world: &World) -> Vec<Item> {
    let mut items = facebook::live(world);
    items.extend(instagram::live(world));
    items.extend(linkedin::live(world));
    items.sort_by(|a, b| a.created_at.cmp(&b.created_at));
    items
}

/// Everything staged that readers cannot see.
fn drafts(world: &World) -> Vec<Item> {
    let mut items = facebook::drafts(world);
    items.extend(instagram::drafts(world));
    items.extend(linkedin::drafts(world));
    items
}

fn wanted(mut items: Vec<Item>, query: &HashMap<String, String>) -> Vec<Item> {
    if let Some(account) = query.get("account") {
        items.retain(|item| {
            item.account == *account || item.account.ends_with(&format!(":{account}"))
        });
    }
    items
}
