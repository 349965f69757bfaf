//! Reading posts back.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::posts::number_of;
use super::{Post, error, forbidden, is_author};
use crate::sandbox::clock::delay;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::{Call, decode};
use crate::sandbox::state::World;

/// Why this author's posts cannot be read: members' never, pages' without scope.
pub(super) fn unreadable(call: &Call, author: &str) -> Option<Reply> {
    let lacks = call.token.as_deref().is_some_and(|token| token.starts_with("noread-"));
    (lacks || author.starts_with("urn:li:person:")).then(|| forbidden("partnerApiPosts.GET"))
}

pub(super) fn visible<'a>(world: &'a World, urn: &str) -> Option<&'a Post> {
    let lag = delay(world.options.read_lag_ms);
    world
        .linkedin
        .posts
        .get(urn)
        .filter(|post| !post.deleted && world.now() - post.created_ms >= lag)
}

/// The post, unless reads by id still show the time before it.
fn by_id<'a>(world: &'a World, urn: &str) -> Option<&'a Post> {
    let stale = delay(world.options.stale_state_ms);
    visible(world, urn).filter(|post| world.now() - post.created_ms >= stale)
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

pub(super) fn not_found(urn: &str) -> Reply {
    error(404, "NOT_FOUND", &format!("Entity with key {urn} not found"))
}

pub(super) fn read(world: &World, call: &Call, urn: &str) -> Reply {
    if let Some(reply) =
        world.linkedin.posts.get(urn).and_then(|post| unreadable(call, &post.author))
    {
        return reply;
    }
    by_id(world, urn).map_or_else(|| not_found(urn), |post| Reply::ok(post_json(urn, post)))
}

pub(super) fn batch_get(world: &World, call: &Call) -> Reply {
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
        match by_id(world, &urn) {
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

pub(super) fn finder(world: &World, call: &Call) -> Reply {
    if call.text("q").as_deref() != Some("author") {
        return error(400, "ILLEGAL_ARGUMENT", "The finder needs q=author");
    }
    let Some(author) = call.text("author").filter(|author| is_author(author)) else {
        return error(400, "ILLEGAL_ARGUMENT", "The finder needs an author URN");
    };
    if let Some(reply) = unreadable(call, &author) {
        return reply;
    }
    let lag = delay(world.options.list_delay_ms.max(world.options.read_lag_ms));
    let mut posts: Vec<(&String, &Post)> = world
        .linkedin
        .posts
        .iter()
        .filter(|(_, post)| {
            post.author == author && !post.deleted && world.now() - post.created_ms >= lag
        })
        .collect();
    posts.sort_by_key(|(urn, post)| Reverse((post.created_ms, number_of(urn))));
    let elements: Vec<Value> = posts.into_iter().map(|(urn, post)| post_json(urn, post)).collect();
    page(call, &elements)
}

/// Answers `count` elements from `start` on, as every list of LinkedIn does.
pub(super) fn page(call: &Call, elements: &[Value]) -> Reply {
    let number = |name: &str, usual: usize| {
        call.text(name).map_or(Some(usual), |text| text.parse::<usize>().ok())
    };
    let (Some(count @ 0..=100), Some(start)) = (number("count", 10), number("start", 0)) else {
        return error(400, "ILLEGAL_ARGUMENT", "count must be at most 100");
    };
    let shown: Vec<&Value> = elements.iter().skip(start).take(count).collect();
    Reply::ok(json!({"elements": shown, "paging": {"start": start, "count": count, "links": []}}))
}
