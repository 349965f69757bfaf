//! The call of no return, and its quota.

use serde_json::json;

use super::{Container, Kind, Media};
use crate::sandbox::clock::DAY_MS;
use crate::sandbox::graph::error;
use crate::sandbox::options::SecondPublish;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

pub(super) fn publish(world: &mut World, call: &Call, account: &str) -> Reply {
    let Some(id) = call.text("creation_id") else {
        return error(100, 0, "(#100) The parameter creation_id is required");
    };
    let now = world.now();
    let not_ready = || {
        error(
            9007,
            2_207_027,
            "Media ID is not available. The media is not ready for publishing, please wait for a moment",
        )
    };
    let not_found = || {
        error(
            24,
            2_207_006,
            "The requested resource does not exist. The media with this id cannot be found",
        )
    };
    let Some(container) = world.instagram.containers.get(&id) else {
        return error(
            24,
            2_207_008,
            "The media builder with this creation id does not exist or has expired",
        );
    };
    if container.account != account || container.is_child {
        return not_found();
    }
    match (container.status(now), &container.published) {
        ("IN_PROGRESS", _) => return not_ready(),
        ("ERROR", _) => return not_found(),
        ("EXPIRED", _) => {
            return error(
                24,
                2_207_008,
                "The media builder with this creation id does not exist or has expired",
            );
        }
        (_, Some(media)) => match world.options.second_publish {
            SecondPublish::NotFound => return not_found(),
            SecondPublish::NotReady => return not_ready(),
            SecondPublish::SameMedia => return Reply::ok(json!({ "id": media })),
            SecondPublish::SecondPost => {}
        },
        _ => {}
    }
    if used_today(world, account, now - DAY_MS) >= world.options.instagram_daily_posts as usize {
        return error(
            9,
            2_207_042,
            "You reached the maximum number of posts that is allowed to be published by Content Publishing API",
        );
    }
    let media = world.mint("1790", account);
    let entry = Media { account: account.to_owned(), container: id.clone(), live_ms: now };
    world.instagram.media.insert(media.clone(), entry);
    if let Some(container) = world.instagram.containers.get_mut(&id) {
        container.published = Some(media.clone());
    }
    others_follow(world, &id, now);
    Reply::ok(json!({ "id": media }))
}

/// Adds posts by others to the account, newer than what this container became.
fn others_follow(world: &mut World, container: &str, live_ms: i64) {
    let Some(model) = world.instagram.containers.get(container).cloned() else { return };
    for n in 1..=world.options.newer_posts {
        let container = world.mint("1800", &model.account);
        let media = world.mint("1790", &model.account);
        let kind = if model.kind == Kind::Carousel { Kind::Image } else { model.kind };
        let caption = format!("Posted by another hand: {n}");
        let other = Container {
            kind,
            caption: if kind == Kind::Story { String::new() } else { caption },
            alt: None,
            children: Vec::new(),
            published: Some(media.clone()),
            by_others: true,
            ..model.clone()
        };
        let entry = Media { account: model.account.clone(), container: container.clone(), live_ms };
        world.instagram.containers.insert(container, other);
        world.instagram.media.insert(media, entry);
    }
}

fn used_today(world: &World, account: &str, since_ms: i64) -> usize {
    let containers = &world.instagram.containers;
    let by_client = |media: &&Media| {
        containers.get(&media.container).is_some_and(|container| !container.by_others)
    };
    let media = world.instagram.media.values().filter(by_client);
    media.filter(|m| m.account == account && m.live_ms > since_ms).count()
}

pub(super) fn publishing_limit(world: &World, call: &Call, account: &str) -> Reply {
    let since = call
        .text("since")
        .and_then(|s| s.parse::<i64>().ok())
        .map_or(world.now() - DAY_MS, |s| s * 1000);
    let usage = used_today(world, account, since - 1);
    let node = json!({"quota_usage": usage, "config": {"quota_total": world.options.instagram_daily_posts, "quota_duration": 86_400}});
    Reply::ok(json!({ "data": [node] }))
}
