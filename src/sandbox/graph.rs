//! What Facebook and Instagram share: the Graph API's routing, errors, tokens,
//! field selection, paging and usage headers.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::clock::graph_time;
use super::reply::{Content, Reply};
use super::request::Call;
use super::state::{Platform, World};
use super::tokens::{self, TokenProblem};
use super::{facebook, facebook_video, instagram};

/// One hour, the window of the call quotas.
const HOUR_MS: i64 = 3_600_000;
/// The Page and Instagram account that `me` calls name.
const DEMO_PAGE: &str = "1000001";
const DEMO_INSTAGRAM: &str = "17841400000000001";

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
        ["me"] => account_node(call, DEMO_INSTAGRAM),
        [id] if call.method == Method::GET && is_account(world, call, id) => account_node(call, id),
        _ if platform == Platform::Instagram => instagram::handle(world, call, &segments),
        [_, "videos" | "video_reels" | "video_stories"] => {
            facebook_video::edge(world, call, &segments)
        }
        [id] if facebook_video::knows(world, id) => facebook_video::object(world, call, id),
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
        ["video-upload", _, id] => facebook_video::upload(world, call, id),
        ["ig-api-upload", _, id] => instagram::upload(world, call, id),
        _ => upload_failed("ParameterValidationError", "Unknown upload address"),
    }
}

/// The error body of `rupload.facebook.com`, which has no `error` object.
pub(super) fn upload_failed(kind: &str, message: &str) -> Reply {
    Reply::json(400, json!({"debug_info": {"retriable": false, "type": kind, "message": message}}))
}

/// The error of a bad token.
fn token_error(problem: TokenProblem) -> Reply {
    let reply = match problem {
        TokenProblem::Missing => {
            return error(
                2500,
                0,
                "An active access token must be used to query information about the current user.",
            );
        }
        TokenProblem::NoScope => {
            return error(
                200,
                0,
                "(#200) Requires pages_manage_posts or instagram_content_publish permission",
            );
        }
        TokenProblem::Invalid => {
            error(190, 0, "Invalid OAuth access token - Cannot parse access token")
        }
        TokenProblem::Expired => {
            error(190, 463, "Error validating access token: Session has expired")
        }
        TokenProblem::Revoked => error(
            190,
            458,
            "Error validating access token: The user has not authorized application",
        ),
        TokenProblem::Password => error(
            190,
            460,
            "Error validating access token: The session has been invalidated because the user changed their password",
        ),
        TokenProblem::WrongPage => {
            error(190, 492, "Error validating access token: The user must have a role on the Page")
        }
    };
    reply.with("www-authenticate", "OAuth \"Facebook Platform\" \"invalid_token\" \"bad token\"")
}

fn debug_token(world: &World, call: &Call) -> Reply {
    if call.token.is_none() {
        return error(
            100,
            0,
            "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app",
        );
    }
    let Some(input) = call.text("input_token") else {
        return error(100, 0, "(#100) The parameter input_token is required");
    };
    let now = world.now() / 1000;
    let subcode = match tokens::problem(Some(&input)) {
        Some(TokenProblem::Expired) => 463,
        Some(TokenProblem::Revoked) => 458,
        Some(TokenProblem::Password) => 460,
        Some(TokenProblem::WrongPage) => 492,
        Some(TokenProblem::Invalid | TokenProblem::Missing) => {
            return Reply::ok(json!({"data": {"is_valid": false, "scopes": [],
                "error": {"code": 190, "message": "Invalid OAuth access token"}}}));
        }
        Some(TokenProblem::NoScope) | None => 0,
    };
    if subcode != 0 {
        return Reply::ok(
            json!({"data": {"app_id": "111", "type": "PAGE", "application": "sandbox",
            "is_valid": false, "scopes": [], "profile_id": DEMO_PAGE, "user_id": "222",
            "error": {"code": 190, "subcode": subcode, "message": "Error validating access token"}}}),
        );
    }
    let mut scopes = vec!["pages_show_list", "pages_read_engagement", "public_profile"];
    if tokens::problem(Some(&input)).is_none() {
        scopes.extend([
            "pages_manage_posts",
            "pages_manage_engagement",
            "pages_read_user_content",
            "instagram_basic",
            "instagram_content_publish",
            "instagram_manage_comments",
        ]);
    }
    let granular: Vec<Value> = scopes.iter().map(|scope| json!({"scope": scope})).collect();
    Reply::ok(json!({"data": {"app_id": "111", "type": "PAGE", "application": "sandbox",
        "profile_id": DEMO_PAGE, "user_id": "222", "is_valid": true, "issued_at": now - 86_400,
        "expires_at": 0, "data_access_expires_at": now + 90 * 86_400,
        "scopes": scopes, "granular_scopes": granular}}))
}

fn refreshed(call: &Call) -> Reply {
    if call.text("grant_type").is_none() {
        return error(100, 0, "(#100) The parameter grant_type is required");
    }
    let old = call.text("fb_exchange_token").or_else(|| call.token.clone());
    match tokens::problem(old.as_deref()) {
        Some(problem) => token_error(problem),
        None => Reply::ok(
            json!({"access_token": "sandbox-refreshed", "token_type": "bearer", "expires_in": 5_183_944}),
        ),
    }
}

fn me_accounts(call: &Call) -> Reply {
    let page = page_fields(DEMO_PAGE);
    let page = select(call, &page, &["category_list", "username", "link"]);
    match page {
        Ok(page) => Reply::ok(
            json!({"data": [page], "paging": {"cursors": {"before": "MA", "after": "MA"}}}),
        ),
        Err(reply) => *reply,
    }
}

fn page_fields(id: &str) -> Value {
    json!({
        "id": id, "name": format!("Sandbox Page {id}"), "category": "Software",
        "access_token": "sandbox-page-token", "user_id": id,
        "tasks": ["MANAGE", "CREATE_CONTENT", "MODERATE", "MESSAGING", "ADVERTISE", "ANALYZE"],
        "instagram_business_account": {"id": DEMO_INSTAGRAM, "username": "sandbox"},
        "username": "sandbox", "account_type": "BUSINESS",
    })
}

/// A bare id that no call has created names a Page or an Instagram account,
/// if the call asks for fields that only those have.
fn is_account(world: &World, call: &Call, id: &str) -> bool {
    let fields = call.text("fields").unwrap_or_default();
    let asks = fields.is_empty()
        || fields.split(',').any(|f| {
            let name = f.split('{').next().unwrap_or("").trim();
            matches!(
                name,
                "name" | "access_token" | "tasks" | "username" | "category" | "user_id" | "link"
            ) || name == "instagram_business_account"
        });
    id.bytes().all(|b| b.is_ascii_digit())
        && !world.was_minted(id)
        && (asks || fields.trim() == "id")
}

fn account_node(call: &Call, id: &str) -> Reply {
    node(
        call,
        &page_fields(id),
        &["link", "followers_count", "media_count", "profile_picture_url", "category_list"],
    )
}

/// Answers a node with the fields the call asks for.
pub(super) fn node(call: &Call, node: &Value, absent: &[&str]) -> Reply {
    match select(call, node, absent) {
        Ok(value) => Reply::ok(value),
        Err(reply) => *reply,
    }
}

/// Answers a list of nodes, newest first, in pages of `limit`.
pub(super) fn list(call: &Call, nodes: &[Value], absent: &[&str]) -> Reply {
    let limit = call.text("limit").and_then(|n| n.parse::<usize>().ok()).unwrap_or(25);
    if !(1..=100).contains(&limit) {
        return error(100, 0, "(#100) The limit must be between 1 and 100");
    }
    let start = call
        .text("after")
        .and_then(|cursor| cursor.strip_prefix("c")?.parse::<usize>().ok())
        .unwrap_or(0);
    let mut data = Vec::new();
    for node in nodes.iter().skip(start).take(limit) {
        match select(call, node, absent) {
            Ok(value) => data.push(value),
            Err(reply) => return *reply,
        }
    }
    let end = start + data.len();
    let mut answer = json!({ "data": data });
    if end > start {
        answer["paging"] =
            json!({"cursors": {"before": format!("c{start}"), "after": format!("c{end}")}});
        if end < nodes.len() {
            answer["paging"]["next"] = json!(format!(
                "{}/{}{}?limit={limit}&after=c{end}",
                call.base_url, call.host, call.path
            ));
        }
    }
    Reply::ok(answer)
}

/// Keeps the items whose time (Unix ms) lies between `since` and `until` (Unix seconds).
pub(super) fn within(call: &Call, ms: i64) -> bool {
    let bound = |name: &str| {
        let text = call.text(name)?;
        text.parse::<i64>()
            .ok()
            .or_else(|| chrono::DateTime::parse_from_rfc3339(&text).ok().map(|t| t.timestamp()))
    };
    bound("since").is_none_or(|since| ms / 1000 >= since)
        && bound("until").is_none_or(|until| ms / 1000 <= until)
}

fn select(call: &Call, node: &Value, absent: &[&str]) -> Result<Value, Box<Reply>> {
    let Some(fields) = call.text("fields") else {
        return Ok(pick(
            node,
            &[("id", None), ("created_time", None), ("message", None), ("name", None)],
        ));
    };
    let wanted = parse_fields(&fields);
    if let Some((name, _)) =
        wanted.iter().find(|(name, _)| node.get(*name).is_none() && !absent.contains(name))
    {
        return Err(Box::new(error(
            100,
            0,
            &format!("(#100) Tried accessing nonexisting field ({name})"),
        )));
    }
    Ok(pick(node, &wanted))
}

/// Splits `a,b{c,d{e}}` at the commas of the top level.
fn parse_fields(text: &str) -> Vec<(&str, Option<&str>)> {
    let (mut depth, mut start, mut parts) = (0usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('{') {
            Some((name, inner)) => (bare(name), Some(inner.strip_suffix('}').unwrap_or(inner))),
            None => (bare(part), None),
        })
        .collect()
}

/// The name without modifiers such as `.limit(5)`.
fn bare(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The wanted parts of a node; `id` always, nulls never.
fn pick(node: &Value, wanted: &[(&str, Option<&str>)]) -> Value {
    let mut kept = Map::new();
    for (name, inner) in wanted.iter().copied().chain([("id", None)]) {
        if let Some(value) = node.get(name).filter(|value| !value.is_null()) {
            let value = inner.map_or_else(|| value.clone(), |inner| pick_inner(value, inner));
            kept.insert(name.to_owned(), value);
        }
    }
    Value::Object(kept)
}

fn pick_inner(value: &Value, inner: &str) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| pick_inner(item, inner)).collect(),
        Value::Object(map) if map.contains_key("data") => {
            json!({"data": pick_inner(&map["data"], inner)})
        }
        other => pick(other, &parse_fields(inner)),
    }
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

/// A time for a node, or null.
pub(super) fn time(ms: Option<i64>) -> Value {
    ms.map_or(Value::Null, |ms| json!(graph_time(ms)))
}
