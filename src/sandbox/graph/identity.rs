//! Who a Graph token belongs to, and what a bad one looks like.

use serde_json::{Value, json};

use super::error;
use super::fields::{node, select};
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;
use crate::sandbox::tokens;
use crate::sandbox::tokens::TokenProblem;

/// The Page and Instagram account that `me` calls name.
pub(super) const DEMO_PAGE: &str = "1000001";

pub(super) const DEMO_INSTAGRAM: &str = "17841400000000001";

/// The error of a bad token.
pub(super) fn token_error(problem: TokenProblem) -> Reply {
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

pub(super) fn debug_token(world: &World, call: &Call) -> Reply {
    if call.token.is_none() {
        return error(
            100,
            0,
            "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app",
        );
    }
    if let Some(problem) = tokens::problem(call.token.as_deref()) {
        return token_error(problem);
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

pub(super) fn refreshed(call: &Call) -> Reply {
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

pub(super) fn me_accounts(call: &Call) -> Reply {
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
pub(super) fn is_account(world: &World, call: &Call, id: &str) -> bool {
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
        && world.owner(id).is_none()
        && (asks || fields.trim() == "id")
}

pub(super) fn account_node(call: &Call, id: &str) -> Reply {
    node(
        call,
        &page_fields(id),
        &["link", "followers_count", "media_count", "profile_picture_url", "category_list"],
    )
}
