//! What Facebook and Instagram share: the Graph API's routing, errors, tokens,
//! field selection, paging and usage headers.

mod fields;
mod identity;

use axum::http::Method;
use serde_json::{Value, json};

use self::identity::{
    DEMO_INSTAGRAM, DEMO_PAGE, account_node, debug_token, is_account, me_accounts, refreshed,
    token_error,
};
use crate::sandbox::clock::HOUR_MS;
use crate::sandbox::reply::{Content, Reply};
use crate::sandbox::request::Call;
use crate::sandbox::state::{Platform, World};
use crate::sandbox::{facebook, instagram, tokens};

pub(super) use self::fields::{list, node, time, within};

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
    let Some(version) = call.segments.first().filter(|v| v.starts_with('v')).cloned() else {
        return error(100, 0, "The sandbox wants a version as first path segment, e.g. v25.0");
    };
    if !world.options.graph_versions.contains(&version) {
        return error(100, 0, &format!("Version {version} is not available"));
    }
    let reply = answer(world, call, platform);
    usage_headers(world, call, platform, reply).with("facebook-api-version", version)
}

fn answer(world: &mut World, call: &Call, platform: Platform) -> Reply {
    if call.encoding == "multipart" {
        return error(100, 0, "The sandbox accepts JSON and form bodies, not multipart");
    }
    if call.malformed {
        return error(100, 0, "The request body is not a JSON object");
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
    if let Some(reply) = throttled(world, &segments, platform) {
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

fn account_of(segments: &[&str]) -> String {
    segments.first().map(|id| id.split('_').next().unwrap_or(id).to_owned()).unwrap_or_default()
}

fn throttled(world: &mut World, segments: &[&str], platform: Platform) -> Option<Reply> {
    let limit = world.options.graph_hourly_calls?;
    let calls = world.count_call(&account_of(segments), HOUR_MS);
    (calls > limit).then(|| match platform {
        Platform::Instagram => error(80002, 0, "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again."),
        _ => error(80001, 0, "(#80001) There have been too many calls to this Page account. Wait a bit and try again."),
    })
}

fn usage_headers(world: &World, call: &Call, platform: Platform, reply: Reply) -> Reply {
    let account = account_of(&call.segments[1..].iter().map(String::as_str).collect::<Vec<_>>());
    let limit = world.options.graph_hourly_calls.unwrap_or(4800).max(1);
    let calls = world.calls.get(&account).map_or(1, Vec::len) as u64;
    let percent = calls * 100 / u64::from(limit);
    let kind = if platform == Platform::Instagram { "instagram" } else { "pages" };
    let minutes = if percent > 100 { 60 } else { 0 };
    let business = json!({ account: [{"type": kind, "call_count": percent, "total_cputime": 1, "total_time": 1, "estimated_time_to_regain_access": minutes}] });
    let mut reply = reply
        .with(
            "x-app-usage",
            json!({"call_count": percent.min(99), "total_time": 1, "total_cputime": 1}).to_string(),
        )
        .with("x-business-use-case-usage", business.to_string());
    if let Content::Json(Value::Object(map)) = &mut reply.body
        && let Some(Value::Object(error)) = map.get_mut("error")
    {
        error.insert("fbtrace_id".to_owned(), json!(format!("Asandbox{:x}", world.log.len())));
    }
    reply
}
