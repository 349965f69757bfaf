//! What kind of call one is, and which account it belongs to: the one place
//! that decides this for rules, the log and the count of calls.

use serde::{Deserialize, Serialize};

use super::request::{Call, decode};
use super::state::World;

/// What a call is for. Calls about tokens and identities, and edits of a text, are of no
/// class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    /// Makes something that readers cannot see, or uploads.
    Stage,
    /// Makes a post visible.
    Publish,
    /// Reads an object by its id.
    Read,
    /// Reads an edge or a finder.
    List,
    /// Writes a comment.
    Comment,
    /// Lists the comments of a post.
    Comments,
    Delete,
}

impl Class {
    /// The class of a call, by its address and parameters alone.
    pub(super) fn of(call: &Call) -> Option<Self> {
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        match (call.host.as_str(), &segments[..]) {
            ("rupload.facebook.com", _) if call.method == "GET" => Some(Self::Read),
            ("rupload.facebook.com", _) | ("www.linkedin.com", ["dms-uploads", ..]) => {
                Some(Self::Stage)
            }
            ("api.linkedin.com", ["rest", path @ ..]) => linkedin(call, path),
            ("api.linkedin.com" | "www.linkedin.com", _) => None,
            (_, [version, path @ ..]) if version.starts_with('v') => graph(call, path),
            _ => None,
        }
    }
}

fn graph(call: &Call, path: &[&str]) -> Option<Class> {
    Some(match (call.method.as_str(), path) {
        ("GET", ["me" | "debug_token"] | ["oauth", _]) => return None,
        ("GET", [_]) => Class::Read,
        ("GET", [_, "comments"]) => Class::Comments,
        ("GET", [_, _]) => Class::List,
        ("POST", [_]) => {
            let flips = ["is_published", "published"].map(|name| call.flag(name) == Some(true));
            return flips.contains(&true).then_some(Class::Publish);
        }
        ("POST", [_, "comments"]) => Class::Comment,
        ("POST", [_, "media_publish" | "photo_stories"]) => Class::Publish,
        ("POST", [_, "media"]) => Class::Stage,
        ("POST", [_, edge @ ("feed" | "photos" | "videos" | "video_reels" | "video_stories")]) => {
            let visible = match call.text("upload_phase").as_deref() {
                Some("finish") if *edge == "video_reels" => {
                    call.text("video_state").is_none_or(|state| state == "PUBLISHED")
                }
                Some("finish") | None => call.flag("published").unwrap_or(true),
                Some(_) => false,
            };
            if visible { Class::Publish } else { Class::Stage }
        }
        ("DELETE", [_]) => Class::Delete,
        _ => return None,
    })
}

fn linkedin(call: &Call, path: &[&str]) -> Option<Class> {
    Some(match (call.method.as_str(), path) {
        ("POST", ["images" | "videos" | "documents"]) => Class::Stage,
        ("POST", ["posts"]) => Class::Publish,
        ("GET", ["images" | "videos" | "documents" | "posts", _]) => Class::Read,
        ("GET", ["posts"]) if call.params.contains_key("ids") => Class::Read,
        ("GET", ["posts" | "organizationAcls"]) => Class::List,
        ("POST", ["socialActions", _, "comments"]) => Class::Comment,
        ("GET", ["socialActions", _, "comments"]) => Class::Comments,
        ("DELETE", ["posts", _]) => Class::Delete,
        _ => return None,
    })
}

/// The account that a call belongs to: whose edge, object, upload or author it names.
pub(super) fn account_of(world: &World, call: &Call) -> Option<String> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (call.host.as_str(), &segments[..]) {
        ("www.linkedin.com", ["dms-uploads", id, ..]) => world.owner(id).map(str::to_owned),
        ("www.linkedin.com", _) => None,
        ("api.linkedin.com", _) => author_of(world, call),
        ("rupload.facebook.com", [_, _, id]) => owner_of_node(world, id),
        (_, [_, "me" | "debug_token" | "oauth", ..]) => None,
        (_, [_, id, ..]) => owner_of_node(world, id),
        _ => None,
    }
}

/// An id on the Graph API is one of an object or account, or begins with one: a
/// post's with its Page, a comment's with its post.
fn owner_of_node(world: &World, id: &str) -> Option<String> {
    let first = id.split('_').next().unwrap_or(id);
    let is_account = || first.bytes().all(|byte| byte.is_ascii_digit()).then_some(first);
    world.owner(first).or_else(is_account).filter(|account| !account.is_empty()).map(str::to_owned)
}

fn author_of(world: &World, call: &Call) -> Option<String> {
    let in_body = |object: &str, field: &str| {
        call.params.get(object).and_then(|object| object[field].as_str()).map(str::to_owned)
    };
    let first_of_batch = || {
        let ids = call.raw_query.split('&').find_map(|pair| pair.strip_prefix("ids=List("))?;
        Some(decode(ids.split([',', ')']).next()?))
    };
    let object = call
        .segments
        .get(2)
        .cloned()
        .or_else(|| in_body("finalizeUploadRequest", "video"))
        .or_else(first_of_batch);
    object
        .and_then(|urn| world.owner(&urn).map(str::to_owned))
        .or_else(|| call.text("author"))
        .or_else(|| call.text("actor"))
        .or_else(|| in_body("initializeUploadRequest", "owner"))
}

/// An account of the platforms is the wanted one; a LinkedIn author may be named
/// without `urn:li:…:`.
pub(super) fn is_account(account: &str, wanted: &str) -> bool {
    account == wanted
        || account
            .strip_suffix(wanted)
            .is_some_and(|rest| rest.starts_with("urn:li:") && rest.ends_with(':'))
}
