//! LinkedIn: header checks, posts, comments, identity.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::clock::iso;
use super::facebook::delay;
use super::linkedin_media::{self, Upload};
use super::little_text;
use super::reply::Reply;
use super::request::{Call, decode};
use super::state::{Item, Platform, World};
use super::tokens::{self, TokenProblem};

const DAY_MS: i64 = 86_400_000;
const MAX_TEXT: usize = 3000;

/// The LinkedIn objects.
#[derive(Debug, Default)]
pub(super) struct LinkedIn {
    posts: BTreeMap<String, Post>,
    pub(super) uploads: HashMap<String, Upload>,
    comments: Vec<Comment>,
    /// Calls per token on a UTC day.
    used: HashMap<(String, i64), u32>,
}

#[derive(Debug)]
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
}

#[derive(Debug)]
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
    let trace = world.random.next();
    let reply = reply.with("x-li-uuid", format!("AAY{trace:016x}")).with("x-li-fabric", "sandbox");
    if reply.status >= 400 { reply.with("x-restli-error-response", "true") } else { reply }
}

fn website(world: &mut World, call: &Call) -> Reply {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match segments[..] {
        ["dms-uploads", ..] => linkedin_media::put(world, call, &segments),
        ["oauth", "v2", "introspectToken"] => introspect(world, call),
        ["oauth", "v2", "accessToken"] => access_token(call),
        ["oauth", "v2", "revoke"] => Reply::empty(200),
        _ => Reply::html(404, "Page not found"),
    }
}

fn introspect(world: &World, call: &Call) -> Reply {
    if call.text("client_id").is_none() || call.text("client_secret").is_none() {
        return Reply::json(
            401,
            json!({"error": "invalid_client", "error_description": "Client authentication failed"}),
        );
    }
    let now = world.now() / 1000;
    let status = match tokens::problem(call.text("token").as_deref()) {
        Some(TokenProblem::Expired) => "expired",
        Some(TokenProblem::Revoked | TokenProblem::Password) => "revoked",
        Some(TokenProblem::Invalid | TokenProblem::Missing) => {
            return Reply::ok(json!({"active": false}));
        }
        _ => "active",
    };
    let scope = if tokens::problem(call.text("token").as_deref()) == Some(TokenProblem::NoScope) {
        "openid,profile"
    } else {
        "openid,profile,w_member_social,w_organization_social,r_organization_social,rw_organization_admin"
    };
    Reply::ok(
        json!({"active": status == "active", "status": status, "scope": scope, "client_id": call.text("client_id"),
        "auth_type": "3L", "created_at": now - 86_400, "authorized_at": now - 86_400, "expires_at": now + 59 * 86_400}),
    )
}

fn access_token(call: &Call) -> Reply {
    match call.text("grant_type").as_deref() {
        Some("refresh_token")
            if tokens::problem(call.text("refresh_token").as_deref()).is_none() =>
        {
            Reply::ok(json!({"access_token": "sandbox-refreshed", "expires_in": 5_184_000,
                "refresh_token": call.text("refresh_token"), "refresh_token_expires_in": 20_000_000,
                "scope": "openid,profile,w_member_social"}))
        }
        Some("refresh_token") => Reply::json(
            400,
            json!({"error": "invalid_request",
            "error_description": "The provided refresh token is invalid, expired or revoked"}),
        ),
        _ => Reply::json(
            400,
            json!({"error": "unsupported_grant_type", "error_description": "The sandbox only refreshes"}),
        ),
    }
}

/// The checks of section 11 in their order: token, quota, version, then the call.
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
            linkedin_media::handle(world, call, &segments[1..])
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

fn token_error(call: &Call) -> Option<Reply> {
    let bearer = call.token.as_deref().filter(|_| call.auth == "bearer");
    let (number, code, message) = match tokens::problem(bearer)? {
        TokenProblem::Missing => (401, "EMPTY_ACCESS_TOKEN", "Empty oauth2_access_token"),
        TokenProblem::Revoked | TokenProblem::Password => (
            65601,
            "REVOKED_ACCESS_TOKEN",
            "The token used in the request has been revoked by the user",
        ),
        TokenProblem::Expired => {
            (65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
        }
        TokenProblem::Invalid => (65600, "INVALID_ACCESS_TOKEN", "Invalid access token"),
        // Judged after the version, as missing permission.
        TokenProblem::WrongPage | TokenProblem::NoScope => return None,
    };
    Some(Reply::json(
        401,
        json!({"status": 401, "serviceErrorCode": number, "code": code, "message": message}),
    ))
}

fn over_quota(world: &mut World, call: &Call) -> Option<Reply> {
    let limit = world.options.linkedin_daily_calls?;
    let today = world.now().div_euclid(DAY_MS);
    let used = world.linkedin.used.entry((call.token.clone()?, today)).or_default();
    *used += 1;
    (*used > limit).then(|| {
        Reply::json(429, json!({"status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS",
            "message": "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."}))
    })
}

/// Version, protocol, encoding, length, scope.
fn header_error(world: &World, call: &Call) -> Option<Reply> {
    let Some(version) = call.header("linkedin-version") else {
        return Some(error(
            400,
            "VERSION_MISSING",
            "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
        ));
    };
    let month = version.split('.').next().unwrap_or(version);
    if month.len() != 6 || !month.bytes().all(|b| b.is_ascii_digit()) {
        return Some(error(
            400,
            "VERSION_FORMAT_INVALID",
            "The LinkedIn-Version header must look like YYYYMM",
        ));
    }
    if !world.options.linkedin_versions.iter().any(|active| active == month) {
        return Some(error(
            426,
            "NONEXISTENT_VERSION",
            &format!("Requested version {month}01 is not active"),
        ));
    }
    if call.header("x-restli-protocol-version") != Some("2.0.0") {
        return Some(error(
            400,
            "ILLEGAL_ARGUMENT",
            "X-Restli-Protocol-Version: 2.0.0 is required",
        ));
    }
    if call.lacks_length() {
        return Some(Reply::html(411, "Length Required"));
    }
    if call.path.contains(':') || call.raw_query.contains(':') {
        return Some(error(
            400,
            "ILLEGAL_ARGUMENT",
            "Invalid query parameters or keys passed to request: a URN must be percent-encoded",
        ));
    }
    if !call.body.is_empty() && (call.encoding != "json" || call.malformed) {
        let status = if call.malformed { 400 } else { 415 };
        return Some(error(
            status,
            "INVALID_BODY",
            "The body must be a JSON object with Content-Type: application/json",
        ));
    }
    match tokens::problem(call.token.as_deref()) {
        Some(TokenProblem::NoScope) => Some(forbidden(&format!(
            "{}.{}",
            call.segments.get(1).map_or("", String::as_str),
            call.method
        ))),
        Some(TokenProblem::WrongPage) => {
            Some(error(403, "ACCESS_DENIED", "The member has no posting role in this organization"))
        }
        _ => None,
    }
}

fn organization_acls() -> Reply {
    let page = "urn:li:organization:1234567";
    Reply::ok(
        json!({"elements": [{"role": "ADMINISTRATOR", "state": "APPROVED", "roleAssignee": "urn:li:person:sandbox-member",
        "organization": page, "organizationTarget": page}], "paging": {"start": 0, "count": 100, "links": []}}),
    )
}

fn is_author(urn: &str) -> bool {
    let person = urn.strip_prefix("urn:li:person:").is_some_and(|id| !id.is_empty());
    let page = urn.strip_prefix("urn:li:organization:");
    person || page.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

fn create(world: &mut World, call: &Call) -> Reply {
    let missing = |field: &str| {
        error(
            400,
            "MISSING_FIELD",
            &format!(
                "ERROR :: /{field} :: field is required but not found and has no default value"
            ),
        )
    };
    let Some(author) = call.text("author") else { return missing("author") };
    if !is_author(&author) {
        return Reply::json(403, json!({"message": "", "status": 403}));
    }
    let Some(commentary) = call.params.get("commentary").and_then(Value::as_str) else {
        return missing("commentary");
    };
    let Some(visibility) = call.text("visibility") else { return missing("visibility") };
    if !["PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER"].contains(&visibility.as_str()) {
        return error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            "ERROR :: /visibility :: is not an enum symbol",
        );
    }
    let feed = call.params.get("distribution").map(|d| &d["feedDistribution"]);
    if !feed.is_some_and(|feed| feed == "MAIN_FEED" || feed == "NONE") {
        return missing("distribution/feedDistribution");
    }
    match call.text("lifecycleState").as_deref() {
        Some("PUBLISHED") => {}
        Some(_) => {
            return error(
                400,
                "INVALID_VALUE_FOR_FIELD",
                "ERROR :: /lifecycleState :: only PUBLISHED can be created",
            );
        }
        None => return missing("lifecycleState"),
    }
    let content = call.params.get("content").filter(|content| !content.is_null()).cloned();
    if commentary.trim().is_empty()
        && content.is_none()
        && !call.params.contains_key("reshareContext")
    {
        return error(
            400,
            "INVALID_VALUE_BLANK_FIELD",
            "ERROR :: /commentary :: must not be blank",
        );
    }
    let text = little_text::parse(commentary);
    let counted =
        if world.options.linkedin_counts_escapes { commentary } else { text.visible.as_str() };
    if counted.chars().count() > MAX_TEXT {
        return error(
            400,
            "FIELD_LENGTH_TOO_LONG",
            "ERROR :: /commentary :: length exceeds the maximum of 3000",
        );
    }
    if let Some(reply) =
        content.as_ref().and_then(|content| linkedin_media::content_error(world, content, &author))
    {
        return reply;
    }
    if let Some(urn) = duplicate_of(world, &author, &text.stored, content.as_ref()) {
        return duplicate(&urn);
    }
    let is_video = content.as_ref().is_some_and(|c| {
        c["media"]["id"].as_str().is_some_and(|id| id.starts_with("urn:li:video:"))
    });
    let urn = post_urn(world, if is_video { "ugcPost" } else { "share" });
    let post = Post {
        author,
        stored: text.stored,
        visible: text.visible,
        visibility,
        content,
        created_ms: world.now(),
        edited: false,
        deleted: false,
    };
    world.linkedin.posts.insert(urn.clone(), post);
    Reply::empty(201).with("x-restli-id", urn.clone()).with("x-linkedin-id", urn)
}

/// An id whose upper bits are the time, as the real ones have it.
fn post_urn(world: &mut World, kind: &str) -> String {
    let random = world.random.next() & 0x3F_FFFF;
    format!("urn:li:{kind}:{}", (world.now() << 22) | random as i64)
}

fn duplicate_of(
    world: &mut World,
    author: &str,
    stored: &str,
    content: Option<&Value>,
) -> Option<String> {
    let (now, window) = (world.now(), delay(world.options.duplicate_window_ms));
    let same = |post: &Post| {
        post.author == author
            && post.stored == stored
            && now - post.created_ms < window
            && (world.options.duplicate_ignores_media || post.content.as_ref() == content)
    };
    let urn = world.linkedin.posts.iter().rev().find(|(_, post)| same(post))?.0.clone();
    if world.random.chance(world.options.duplicate_miss_probability) {
        return None;
    }
    Some(if world.options.duplicate_names_ghost { post_urn(world, "share") } else { urn })
}

fn duplicate(urn: &str) -> Reply {
    Reply::json(
        422,
        json!({
            "errorDetailType": "com.linkedin.common.error.BadRequest",
            "message": format!("com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"),
            "errorDetails": {"inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]},
            "status": 422,
        }),
    )
}

/// Why this author's posts cannot be read: members' never, pages' without scope.
fn unreadable(call: &Call, author: &str) -> Option<Reply> {
    let lacks = call.token.as_deref().is_some_and(|token| token.starts_with("noread-"));
    (lacks || author.starts_with("urn:li:person:")).then(|| forbidden("partnerApiPosts.GET"))
}

fn visible<'a>(world: &'a World, urn: &str) -> Option<&'a Post> {
    let lag = delay(world.options.read_lag_ms);
    world
        .linkedin
        .posts
        .get(urn)
        .filter(|post| !post.deleted && world.now() - post.created_ms >= lag)
}

fn post_json(urn: &str, post: &Post) -> Value {
    let mut json = json!({
        "id": urn, "author": post.author, "commentary": post.stored, "createdAt": post.created_ms,
        "publishedAt": post.created_ms, "lastModifiedAt": post.created_ms, "visibility": post.visibility,
        "lifecycleState": "PUBLISHED", "lifecycleStateInfo": {"isEditedByAuthor": post.edited},
        "isReshareDisabledByAuthor": false,
        "distribution": {"feedDistribution": "MAIN_FEED", "thirdPartyDistributionChannels": []},
    });
    if let Some(content) = &post.content {
        json["content"] = content.clone();
    }
    json
}

fn not_found(urn: &str) -> Reply {
    error(404, "NOT_FOUND", &format!("Entity with key {urn} not found"))
}

fn read(world: &World, call: &Call, urn: &str) -> Reply {
    if let Some(reply) =
        world.linkedin.posts.get(urn).and_then(|post| unreadable(call, &post.author))
    {
        return reply;
    }
    visible(world, urn).map_or_else(|| not_found(urn), |post| Reply::ok(post_json(urn, post)))
}

fn batch_get(world: &World, call: &Call) -> Reply {
    let raw = call.raw_query.split('&').find_map(|pair| pair.strip_prefix("ids=")).unwrap_or("");
    let Some(ids) = raw.strip_prefix("List(").and_then(|rest| rest.strip_suffix(')')) else {
        return error(
            400,
            "ILLEGAL_ARGUMENT",
            "Invalid query parameters passed to request: ids must be List(…) with raw parentheses",
        );
    };
    let (mut results, mut statuses, mut errors) = (json!({}), json!({}), json!({}));
    for urn in ids.split(',').filter(|id| !id.is_empty()).map(decode) {
        let refused =
            world.linkedin.posts.get(&urn).and_then(|post| unreadable(call, &post.author));
        match visible(world, &urn) {
            _ if refused.is_some() => {
                errors[&urn] = json!({"status": 403, "code": "ACCESS_DENIED"})
            }
            Some(post) => {
                results[&urn] = post_json(&urn, post);
                statuses[&urn] = json!(200);
            }
            None => errors[&urn] = json!({"status": 404, "code": "NOT_FOUND"}),
        }
    }
    Reply::ok(json!({"results": results, "statuses": statuses, "errors": errors}))
}

fn finder(world: &World, call: &Call) -> Reply {
    if call.text("q").as_deref() != Some("author") {
        return error(400, "ILLEGAL_ARGUMENT", "The finder needs q=author");
    }
    let Some(author) = call.text("author").filter(|author| is_author(author)) else {
        return error(400, "ILLEGAL_ARGUMENT", "The finder needs an author URN");
    };
    if let Some(reply) = unreadable(call, &author) {
        return reply;
    }
    let number = |name: &str, usual: usize| {
        call.text(name).map_or(Some(usual), |text| text.parse::<usize>().ok())
    };
    let (Some(count @ 0..=100), Some(start)) = (number("count", 10), number("start", 0)) else {
        return error(400, "ILLEGAL_ARGUMENT", "count must be at most 100");
    };
    let lag = delay(world.options.list_delay_ms.max(world.options.read_lag_ms));
    let mut posts: Vec<(&String, &Post)> = world
        .linkedin
        .posts
        .iter()
        .filter(|(_, post)| {
            post.author == author && !post.deleted && world.now() - post.created_ms >= lag
        })
        .collect();
    posts.sort_by_key(|(_, post)| -post.created_ms);
    let elements: Vec<Value> =
        posts.into_iter().skip(start).take(count).map(|(urn, post)| post_json(urn, post)).collect();
    Reply::ok(
        json!({"elements": elements, "paging": {"start": start, "count": count, "links": []}}),
    )
}

fn update(world: &mut World, call: &Call, urn: &str) -> Reply {
    let patch = call.params.get("patch").map(|patch| patch["$set"].clone()).unwrap_or_default();
    let Some(post) = world.linkedin.posts.get_mut(urn).filter(|post| !post.deleted) else {
        return not_found(urn);
    };
    let Some(fields) = patch.as_object() else {
        return error(400, "MISSING_FIELD", "ERROR :: /patch/$set :: field is required");
    };
    let editable = [
        "commentary",
        "contentCallToActionLabel",
        "contentLandingPage",
        "lifecycleState",
        "adContext",
    ];
    if let Some(name) = fields.keys().find(|name| !editable.contains(&name.as_str())) {
        return error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            &format!("ERROR :: /{name} :: cannot be edited"),
        );
    }
    if let Some(commentary) = patch["commentary"].as_str() {
        let text = little_text::parse(commentary);
        post.stored = text.stored;
        post.visible = text.visible;
        post.edited = true;
    }
    Reply::empty(204)
}

fn delete(world: &mut World, urn: &str) -> Reply {
    if let Some(post) = world.linkedin.posts.get_mut(urn) {
        post.deleted = true;
    }
    Reply::empty(204)
}

fn comment(world: &mut World, call: &Call, urn: &str) -> Reply {
    let now = world.now();
    let old_enough = |post: &&Post| {
        !post.deleted && now - post.created_ms >= delay(world.options.comment_lag_ms)
    };
    if world.linkedin.posts.get(urn).filter(old_enough).is_none() {
        return error(404, "NOT_FOUND", &format!("Unable to obtain activity for urn {urn}"));
    }
    let text =
        call.params.get("message").and_then(|message| message["text"].as_str()).map(str::to_owned);
    let (Some(actor), Some(text)) =
        (call.text("actor"), text.filter(|text| !text.trim().is_empty()))
    else {
        return error(400, "MISSING_FIELD", "ERROR :: actor and message/text are required");
    };
    if call.text("object").is_some_and(|object| object != urn) {
        return error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            "ERROR :: /object :: must be the post of the path",
        );
    }
    if !is_author(&actor) {
        return Reply::json(403, json!({"message": "", "status": 403}));
    }
    let id = ((now << 22) | (world.random.next() & 0x3F_FFFF) as i64).to_string();
    let body = comment_json(urn, &id, &actor, &text, now);
    world.linkedin.comments.push(Comment {
        post: urn.to_owned(),
        id: id.clone(),
        text,
        created_ms: now,
        actor,
    });
    Reply::json(201, body).with("x-restli-id", id)
}

fn comment_json(post: &str, id: &str, actor: &str, text: &str, at: i64) -> Value {
    let activity = format!("urn:li:activity:{}", post.rsplit(':').next().unwrap_or(""));
    json!({"id": id, "commentUrn": format!("urn:li:comment:({activity},{id})"), "object": activity, "actor": actor,
        "message": {"text": text, "attributes": []}, "created": {"actor": actor, "time": at}})
}

fn comments(world: &World, call: &Call, urn: &str) -> Reply {
    let Some(post) = visible(world, urn) else { return not_found(urn) };
    if let Some(reply) = unreadable(call, &post.author) {
        return reply;
    }
    let elements: Vec<Value> = world
        .linkedin
        .comments
        .iter()
        .filter(|comment| comment.post == urn)
        .map(|c| comment_json(urn, &c.id, &c.actor, &c.text, c.created_ms))
        .collect();
    Reply::ok(json!({"elements": elements, "paging": {"start": 0, "count": 10, "links": []}}))
}

/// What readers see.
pub(super) fn live(world: &World) -> Vec<Item> {
    let posts = world.linkedin.posts.iter().filter(|(_, post)| !post.deleted);
    posts
        .map(|(urn, post)| {
            let (kind, ids) = linkedin_media::parts(post.content.as_ref());
            let comments = world.linkedin.comments.iter().filter(|comment| comment.post == *urn);
            Item {
                platform: Platform::Linkedin,
                account: post.author.clone(),
                kind,
                id: urn.clone(),
                text: post.visible.clone(),
                media: ids.iter().map(|media| linkedin_media::describe(world, media)).collect(),
                created_at: iso(post.created_ms),
                comments: comments.map(|comment| comment.text.clone()).collect(),
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
        .flat_map(|post| linkedin_media::ids(post.content.as_ref()))
        .collect();
    linkedin_media::drafts(world, &used)
}

/// The bytes that arrived for a media URN.
pub(super) fn uploaded(world: &World, urn: &str) -> Option<Vec<u8>> {
    world.linkedin.uploads.get(urn).map(Upload::bytes)
}
