//! What is checked before a call is looked at: token, quota, headers, scope.

use serde_json::json;

use super::{error, forbidden};
use crate::sandbox::clock::DAY_MS;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;
use crate::sandbox::tokens;
use crate::sandbox::tokens::TokenProblem;

pub(super) fn token_error(call: &Call) -> Option<Reply> {
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
        // Checked after the version, as a missing permission.
        TokenProblem::WrongPage | TokenProblem::NoScope => return None,
    };
    Some(Reply::json(
        401,
        json!({"status": 401, "serviceErrorCode": number, "code": code, "message": message}),
    ))
}

pub(super) fn over_quota(world: &mut World, call: &Call) -> Option<Reply> {
    let member = format!("LinkedIn member {}", call.token.as_deref()?);
    let quotas = [
        ("APPLICATION", "LinkedIn app".to_owned(), world.options.linkedin_app_daily_calls),
        ("APPLICATION_AND_MEMBER", member, world.options.linkedin_daily_calls),
    ];
    let since_midnight = world.now().rem_euclid(DAY_MS) + 1;
    let mut over = None;
    for (scope, key, limit) in quotas {
        let Some(limit) = limit else { continue };
        if world.count_call(&key, since_midnight) > limit {
            over = over.or(Some(scope));
        }
    }
    let scope = over?;
    Some(Reply::json(
        429,
        json!({"status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS",
            "message": format!("Resource level throttle {scope} DAY limit for calls to this resource is reached.")}),
    ))
}

/// Version, protocol, scope, length, encoding.
pub(super) fn header_error(world: &World, call: &Call) -> Option<Reply> {
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
    let refused = match tokens::problem(call.token.as_deref()) {
        Some(TokenProblem::NoScope) => Some(forbidden(&format!(
            "{}.{}",
            call.segments.get(1).map_or("", String::as_str),
            call.method
        ))),
        Some(TokenProblem::WrongPage) => {
            Some(error(403, "ACCESS_DENIED", "The member has no posting role in this organization"))
        }
        _ => None,
    };
    if refused.is_some() {
        return refused;
    }
    if call.lacks_length() {
        return Some(error(411, "LENGTH_REQUIRED", "A body needs a Content-Length header"));
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
    None
}
