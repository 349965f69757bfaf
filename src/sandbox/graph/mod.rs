//! What Facebook and Instagram share: the Graph API's routing, errors, tokens,
//! field selection, paging and usage headers.

mod fields;
mod identity;
mod limits;

use axum::http::Method;
use serde_json::{Value, json};

use self::fields::bare;
use self::identity::{
    DEMO_INSTAGRAM, DEMO_PAGE, account_node, debug_token, is_account, me_accounts, refreshed,
    token_error,
};
use crate::sandbox::reply::{Content, Reply};
use crate::sandbox::request::Call;
use crate::sandbox::state::{Platform, World};
use crate::sandbox::{facebook, instagram, tokens};

use self::limits::{throttled, with_usage};

pub(super) use self::fields::{list, node, page, time, within};

/// A Graph error. Codes 1 and 2 come as HTTP 500, all others as 400.
pub(super) fn error(code: i64, subcode: u64, message: &str) -> Reply {
    let status = if matches!(code, 1 | 2) { 500 } else { 400 };
    let mut error = json!({
        "message": message, "type": "OAuthException", "code": code, "is_transient": false,
    });
    if subcode != 0 {
        error["error_subcode"] = json!(subcode);
        error["error_user_msg"] = json!(message);
    }
    Reply::json(status, json!({ "error": error }))
}

/// 100/33: the object is missing, or not visible (yet).
pub(super) fn no_such_object(method: &Method, id: &str) -> Reply {
    error(
        100,
        33,
        &format!(
            "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to \
             missing permissions, or does not support this operation",
            method.as_str().to_ascii_lowercase()
        ),
    )
}

/// Which of the two services a Graph call is for.
pub(super) fn platform(world: &World, call: &Call) -> Platform {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let instagram = match (call.host.as_str(), &segments[..]) {
        ("graph.instagram.com", _) | ("rupload.facebook.com", ["ig-api-upload", ..]) => true,
        (_, [_, _, "media" | "media_publish" | "content_publishing_limit"]) => true,
        (_, [_, id, ..]) => instagram::knows(world, id) || id.starts_with("17841"),
        _ => false,
    };
    if instagram { Platform::Instagram } else { Platform::Facebook }
}

/// Answers a call to `graph.facebook.com`, `graph.instagram.com` or `rupload.facebook.com`.
pub(super) fn handle(world: &mut World, call: &Call, platform: Platform) -> Reply {
    if call.host == "rupload.facebook.com" {
        return upload(world, call);
    }
    if call
        .segments
        .first()
        .is_some_and(|s| matches!(s.as_str(), "refresh_access_token" | "access_token"))
    {
        return refreshed(call);
    }
    let Some(version) = call.segments.first().filter(|v| v.starts_with('v')) else {
        return error(100, 0, "The sandbox wants a version as first path segment, e.g. v25.0");
    };
    if !world.options.graph_versions.contains(version) {
        return error(100, 0, &format!("Version {version} is not available"));
    }
    let reply = answer(world, call, platform);
    dressed(world, call, platform, reply)
}

/// Adds what every answer of the Graph API has.
pub(super) fn dressed(world: &World, call: &Call, platform: Platform, mut reply: Reply) -> Reply {
    if let Content::Json(Value::Object(map)) = &mut reply.body
        && let Some(Value::Object(error)) = map.get_mut("error")
    {
        let trace = || json!(format!("Asandbox{:x}", world.log.len()));
        error.entry("fbtrace_id").or_insert_with(trace);
    }
    let version = call.segments.first().cloned().unwrap_or_default();
    with_usage(world, call, platform, reply).with("facebook-api-version", version)
}

fn answer(world: &mut World, call: &Call, platform: Platform) -> Reply {
    if call.malformed {
        return error(100, 0, "The request body is neither a JSON object nor proper multipart");
    }
    let segments: Vec<&str> = call.segments[1..].iter().map(String::as_str).collect();
    if let ["debug_token"] = segments[..] {
        return debug_token(world, call);
    }
    if let ["oauth", "access_token"] = segments[..] {
        return refreshed(call);
    }
    if let Some(problem) = tokens::problem(call.token.as_deref()) {
        return token_error(problem);
    }
    if call.params.get("message").is_some_and(Value::is_null) {
        return error(197, 0, "(#197) The post is empty. Please enter a message to share.");
    }
    if let Some(reply) = throttled(world, call, platform) {
        return reply;
    }
    if let Some(reply) = unknown_field(world, call, &segments) {
        return reply;
    }
    match segments[..] {
        ["me", "accounts"] => me_accounts(call),
        ["me"] if call.host == "graph.instagram.com" => account_node(call, DEMO_INSTAGRAM),
        ["me"] => account_node(call, DEMO_PAGE),
        [id] if call.method == Method::GET && is_account(world, call, id) => account_node(call, id),
        _ if platform == Platform::Instagram => instagram::handle(world, call, &segments),
        [_, "videos" | "video_reels" | "video_stories"] => {
            facebook::video_edge(world, call, &segments)
        }
        [id] if facebook::is_video(world, id) => facebook::video(world, call, id),
        _ => facebook::handle(world, call, &segments),
    }
}

/// A read asks for a field that this version does not have.
fn unknown_field(world: &World, call: &Call, segments: &[&str]) -> Option<Reply> {
    let fields = call.text("fields").filter(|_| call.method == Method::GET)?;
    let mut names = fields.split([',', '{', '}']).map(|name| bare(name.trim()));
    let name = names.find(|name| world.options.unknown_fields.iter().any(|known| known == name))?;
    let kind = node_type(world, segments);
    let message =
        format!("(#100) Tried accessing nonexisting field ({name}) on node type ({kind})");
    Some(error(100, 0, &message))
}

fn node_type(world: &World, segments: &[&str]) -> &'static str {
    match segments {
        [_, "media" | "stories"] => "InstagramMedia",
        [_, "videos" | "video_reels"] => "Video",
        [_, "feed" | "published_posts" | "posts" | "scheduled_posts"] => "PagePost",
        [_, "comments"] => "Comment",
        [id] if facebook::is_video(world, id) => "Video",
        [id] if instagram::knows(world, id) => "ShadowIGMedia",
        [id] if id.contains('_') => "PagePost",
        _ => "Page",
    }
}

fn upload(world: &mut World, call: &Call) -> Reply {
    if call.lacks_length() {
        return Reply::html(411, "Length Required");
    }
    if let Some(problem) = tokens::problem(call.token.as_deref()) {
        return token_error(problem);
    }
    match call.segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["video-upload", _, id] => facebook::upload(world, call, id),
        ["ig-api-upload", _, id] => instagram::upload(world, call, id),
        _ => upload_failed("ParameterValidationError", "Unknown upload address"),
    }
}

/// The error body of `rupload.facebook.com`, which has no `error` object.
pub(super) fn upload_failed(kind: &str, message: &str) -> Reply {
    Reply::json(400, json!({"debug_info": {"retriable": false, "type": kind, "message": message}}))
}
