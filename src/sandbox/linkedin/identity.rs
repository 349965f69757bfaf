//! Tokens and roles.

use serde_json::json;

use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;
use crate::sandbox::tokens;
use crate::sandbox::tokens::TokenProblem;

pub(super) fn introspect(world: &World, call: &Call) -> Reply {
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

pub(super) fn access_token(call: &Call) -> Reply {
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

pub(super) fn organization_acls() -> Reply {
    let page = "urn:li:organization:1234567";
    Reply::ok(
        json!({"elements": [{"role": "ADMINISTRATOR", "state": "APPROVED", "roleAssignee": "urn:li:person:sandbox-member",
        "organization": page, "organizationTarget": page}], "paging": {"start": 0, "count": 100, "links": []}}),
    )
}
