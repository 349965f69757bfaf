//! LinkedIn: header checks, posts, comments, identity.

mod checks;
mod comments;
mod content;
mod identity;
mod little_text;
mod posts;
mod reads;
mod uploads;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use self::checks::{header_error, over_quota, token_error};
use self::comments::{comment, comments};
use self::identity::{access_token, introspect, organization_acls};
use self::posts::{create, delete, update};
use self::reads::{batch_get, finder, read};
use self::uploads::Upload;
use crate::sandbox::clock::iso;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::{Item, Platform, World};

/// The LinkedIn objects.
#[derive(Debug, Clone, Default)]
pub(super) struct LinkedIn {
    posts: BTreeMap<String, Post>,
    uploads: HashMap<String, Upload>,
    comments: Vec<Comment>,
}

#[derive(Debug, Clone)]
struct Post {
    author: String,
    /// Commentary as stored (see [`little_text`]).
    stored: String,
    visible: String,
    visibility: String,
    content: Option<Value>,
    created_ms: i64,
    edited: bool,
    /// Deleted posts still count for the duplicate filter.
    deleted: bool,
    /// No client's call made it.
    by_others: bool,
}

#[derive(Debug, Clone)]
struct Comment {
    post: String,
    id: String,
    text: String,
    created_ms: i64,
    actor: String,
}

/// A LinkedIn error of the newer shape.
pub(super) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, json!({"status": status, "code": code, "message": message}))
}

fn forbidden(what: &str) -> Reply {
    Reply::json(
        403,
        json!({"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED",
        "message": format!("Not enough permissions to access: {what}")}),
    )
}

/// Answers every call to `api.linkedin.com` and `www.linkedin.com`.
pub(super) fn handle(world: &mut World, call: &Call) -> Reply {
    let reply = match call.host.as_str() {
        "www.linkedin.com" => website(world, call),
        _ => api(world, call),
    };
    signed(world, reply)
}

/// Adds what every answer of LinkedIn has, and no proxy has.
pub(super) fn signed(world: &mut World, reply: Reply) -> Reply {
    let trace = world.random.draw();
    let reply = reply
        .with("x-li-uuid", format!("AAY{trace:016x}"))
        .with("x-li-fabric", "sandbox")
        .with("x-restli-protocol-version", "2.0.0");
    if reply.status >= 400 { reply.with("x-restli-error-response", "true") } else { reply }
}

fn website(world: &mut World, call: &Call) -> Reply {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match segments[..] {
        ["dms-uploads", ..] => uploads::put(world, call, &segments),
        ["oauth", "v2", "introspectToken"] => introspect(world, call),
        ["oauth", "v2", "accessToken"] => access_token(call),
        ["oauth", "v2", "revoke"] => Reply::empty(200),
        _ => Reply::html(404, "Page not found"),
    }
}

/// The checks in the order in which LinkedIn makes them: token, quota, version, then the call.
fn api(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = token_error(call) {
        return reply;
    }
    if let Some(reply) = over_quota(world, call) {
        return reply;
    }
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    if let ["v2", "userinfo"] = segments[..] {
        return Reply::ok(
            json!({"sub": "sandbox-member", "name": "Sandbox Member", "given_name": "Sandbox",
            "family_name": "Member", "locale": {"country": "US", "language": "en"}}),
        );
    }
    if segments.first() != Some(&"rest") {
        return error(404, "RESOURCE_NOT_FOUND", "No virtual resource found");
    }
    if let Some(reply) = header_error(world, call) {
        return reply;
    }
    let method = call.header("x-restli-method").unwrap_or("").to_ascii_uppercase();
    match (call.method.as_str(), &segments[1..]) {
        ("GET", ["organizationAcls"]) => organization_acls(),
        (_, ["images" | "videos" | "documents", ..]) => {
            uploads::handle(world, call, &segments[1..])
        }
        ("POST", ["posts"]) => create(world, call),
        ("GET", ["posts"]) if call.params.contains_key("ids") => batch_get(world, call),
        ("GET", ["posts"]) => finder(world, call),
        ("GET", ["posts", urn]) => read(world, call, urn),
        ("POST", ["posts", urn]) if method == "PARTIAL_UPDATE" => update(world, call, urn),
        ("POST", ["posts", _]) => error(
            400,
            "ILLEGAL_ARGUMENT",
            "A POST on an entity needs X-RestLi-Method: PARTIAL_UPDATE",
        ),
        ("DELETE", ["posts", urn]) => delete(world, urn),
        ("POST", ["socialActions", urn, "comments"]) => comment(world, call, urn),
        ("GET", ["socialActions", urn, "comments"]) => comments(world, call, urn),
        _ => error(404, "RESOURCE_NOT_FOUND", "No virtual resource found"),
    }
}

fn is_author(urn: &str) -> bool {
    let person = urn.strip_prefix("urn:li:person:").is_some_and(|id| !id.is_empty());
    let page = urn.strip_prefix("urn:li:organization:");
    person || page.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

/// What readers see.
pub(super) fn shown(world: &World) -> Vec<Item> {
    let posts = world.linkedin.posts.iter().filter(|(_, post)| !post.deleted);
    posts
        .map(|(urn, post)| {
            let (kind, ids) = content::parts(post.content.as_ref());
            let comments = world.linkedin.comments.iter().filter(|comment| comment.post == *urn);
            Item {
                platform: Platform::Linkedin,
                account: post.author.clone(),
                kind,
                id: urn.clone(),
                text: post.visible.clone(),
                media: ids.iter().map(|media| uploads::describe(world, media)).collect(),
                created_at: iso(post.created_ms),
                comments: comments.map(|comment| comment.text.clone()).collect(),
                by_others: post.by_others,
                expired: false,
            }
        })
        .collect()
}

/// Uploads that no post uses.
pub(super) fn drafts(world: &World) -> Vec<Item> {
    let used: Vec<String> = world
        .linkedin
        .posts
        .values()
        .flat_map(|post| content::ids(post.content.as_ref()))
        .collect();
    uploads::drafts(world, &used)
}

/// The bytes that arrived for a media URN.
pub(super) fn uploaded(world: &World, urn: &str) -> Option<Vec<u8>> {
    world.linkedin.uploads.get(urn).map(Upload::bytes)
}
