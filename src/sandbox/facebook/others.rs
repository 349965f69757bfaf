//! Posts by others, newer than one that a client made visible.

use super::{Post, Story};
use crate::sandbox::state::World;

/// Adds posts by others to the Page of a post that goes live.
pub(super) fn follow_post(world: &mut World, id: &str) {
    let Some(post) = world.facebook.posts.get(id).cloned() else { return };
    let Some(live_ms) = post.live_ms else { return };
    for n in 1..=world.options.newer_posts {
        let message = format!("Posted by another hand: {n}");
        let video = post.video.as_ref().and_then(|video| world.facebook.videos.get(video)).cloned();
        let number = world.mint("1220", &post.page);
        let id = format!("{}_{number}", post.page);
        world.own(&id, &post.page);
        let video = video.map(|mut video| {
            let video_id = world.mint("1230", &post.page);
            video.description.clone_from(&message);
            (video.post_id, video.live_ms) = (Some(id.clone()), Some(live_ms));
            (video.created_ms, video.session, video.by_others) = (live_ms, None, true);
            world.facebook.videos.insert(video_id.clone(), video);
            video_id
        });
        let other = Post {
            message,
            link: None,
            photos: Vec::new(),
            video,
            created_ms: live_ms,
            by_others: true,
            ..post.clone()
        };
        world.facebook.posts.insert(id, other);
    }
}

/// Adds stories by others to the Page of a story that goes live.
pub(super) fn follow_story(world: &mut World, story: &Story) {
    for _ in 0..world.options.newer_posts {
        let post_id = world.mint("1220", &story.page);
        let media_id = world.mint("12210", &story.page);
        let url = format!("https://facebook.com/stories/{post_id}");
        let other = Story { post_id, media_id, url, by_others: true, ..story.clone() };
        world.facebook.stories.push(other);
    }
}
