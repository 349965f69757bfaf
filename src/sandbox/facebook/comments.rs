//! Comments of the Page below its own posts.

use serde_json::{Value, json};

use super::Comment;
use super::videos::is_live;
use crate::sandbox::clock::delay;
use crate::sandbox::graph::{error, list, no_such_object, time};
use crate::sandbox::reply::Reply;
use crate::sandbox::request::{Call, as_stored};
use crate::sandbox::state::World;

pub(super) fn create_comment(world: &mut World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let known =
        world.facebook.posts.get(id).is_some_and(|post| post.is_live(now)) || is_live(world, id);
    if !known {
        return no_such_object(&call.method, id);
    }
    let Some(message) = call.text("message") else {
        return error(100, 0, "(#100) The parameter message is required");
    };
    let page = world.owner(id).unwrap_or_default().to_owned();
    let number = world.mint("1225", &page);
    let comment_id = format!("{}_{number}", id.rsplit('_').next().unwrap_or(id));
    world.own(&comment_id, &page);
    world.facebook.comments.push(Comment {
        parent: id.to_owned(),
        id: comment_id.clone(),
        message: as_stored(&message),
        created_ms: now,
    });
    if call.params.contains_key("fields") {
        // The comment exists although the answer is an error; seen in the field.
        return error(20, 1_772_107, "(#20) The requested response format is not supported");
    }
    Reply::ok(json!({ "id": comment_id }))
}

pub(super) fn comments(world: &World, call: &Call, id: &str) -> Reply {
    if !world.facebook.posts.contains_key(id) && !world.facebook.videos.contains_key(id) {
        return no_such_object(&call.method, id);
    }
    let page = id.split('_').next().unwrap_or(id);
    let page = world.facebook.videos.get(id).map_or(page, |video| &video.page);
    let shown = world.now() - delay(world.options.list_delay_ms);
    let nodes: Vec<Value> = world
        .facebook
        .comments
        .iter()
        .filter(|comment| comment.parent == id && comment.created_ms <= shown)
        .map(|comment| {
            json!({"id": comment.id, "message": comment.message, "created_time": time(Some(comment.created_ms)),
                "from": {"id": page, "name": format!("Sandbox Page {page}")}})
        })
        .collect();
    list(call, &nodes, &["attachment", "parent", "like_count"])
}
