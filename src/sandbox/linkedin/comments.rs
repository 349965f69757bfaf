//! Comments below posts.

use serde_json::{Value, json};

use super::reads::{not_found, page, unreadable, visible};
use super::{Comment, Post, error, is_author};
use crate::sandbox::clock::delay;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::{Call, as_stored};
use crate::sandbox::state::World;

pub(super) fn comment(world: &mut World, call: &Call, urn: &str) -> Reply {
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
    let id = ((now << 22) | (world.random.draw() & 0x3F_FFFF) as i64).to_string();
    let body = comment_json(urn, &id, &actor, &text, now);
    world.linkedin.comments.push(Comment {
        post: urn.to_owned(),
        id: id.clone(),
        text: as_stored(&text),
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

pub(super) fn comments(world: &World, call: &Call, urn: &str) -> Reply {
    let author = world.linkedin.posts.get(urn).map(|post| &post.author);
    if let Some(reply) = author.and_then(|author| unreadable(call, author)) {
        return reply;
    }
    if visible(world, urn).is_none() {
        return not_found(urn);
    }
    let shown = world.now() - delay(world.options.list_delay_ms);
    let elements: Vec<Value> = world
        .linkedin
        .comments
        .iter()
        .filter(|comment| comment.post == urn && comment.created_ms <= shown)
        .map(|c| comment_json(urn, &c.id, &c.actor, &c.text, c.created_ms))
        .collect();
    page(call, &elements)
}
