//! Facebook Pages: posts, photos, photo stories, comments, lists.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clock::iso;
use super::fetch::Asset;
use super::graph::{error, list, no_such_object, node, time, within};
use super::reply::Reply;
use super::request::Call;
use super::state::{Item, Platform, World};

/// Unused unpublished photos and stories live this long.
const DAY_MS: i64 = 86_400_000;
/// Photo limit of Page photos.
const MAX_PHOTO_BYTES: u64 = 10_000_000;
/// Fields of a post that exist but that the sandbox leaves empty.
const POST_ABSENT: [&str; 12] = [
    "story",
    "is_hidden",
    "full_picture",
    "scheduled_publish_time",
    "properties",
    "shares",
    "comments",
    "reactions",
    "place",
    "targeting",
    "promotable_id",
    "permalink",
];

/// The Page objects.
#[derive(Debug, Default)]
pub(super) struct Facebook {
    pub(super) posts: BTreeMap<String, Post>,
    pub(super) photos: BTreeMap<String, Photo>,
    pub(super) videos: BTreeMap<String, super::facebook_video::Video>,
    pub(super) stories: Vec<Story>,
    pub(super) comments: Vec<Comment>,
}

/// A Page post; published from `live_ms` on.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) page: String,
    pub(super) message: String,
    pub(super) link: Option<String>,
    pub(super) photos: Vec<String>,
    pub(super) video: Option<String>,
    /// The video of the post is a reel.
    pub(super) reel: bool,
    pub(super) created_ms: i64,
    pub(super) live_ms: Option<i64>,
}

/// An uploaded photo.
#[derive(Debug)]
pub(super) struct Photo {
    page: String,
    url: String,
    alt: Option<String>,
    created_ms: i64,
    /// The post or story that took it.
    used_by: Option<String>,
}

/// A story, visible for a day.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) page: String,
    pub(super) post_id: String,
    pub(super) media_id: String,
    pub(super) media_type: &'static str,
    pub(super) url: String,
    pub(super) live_ms: i64,
}

/// A comment of the Page itself below a post or video.
#[derive(Debug)]
pub(super) struct Comment {
    parent: String,
    id: String,
    message: String,
    created_ms: i64,
}

impl Post {
    fn is_live(&self, now: i64) -> bool {
        self.live_ms.is_some_and(|live| live <= now)
    }
}

/// Answers everything of a Page that has no video in it.
pub(super) fn handle(world: &mut World, call: &Call, segments: &[&str]) -> Reply {
    match (call.method.as_str(), segments) {
        ("POST", [page, "photos"]) => create_photo(world, call, page),
        ("POST", [page, "feed"]) => create_post(world, call, page),
        ("POST", [page, "photo_stories"]) => create_story(world, call, page),
        ("GET", [page, "feed"]) => posts(world, call, page, |_| true),
        ("GET", [page, "published_posts" | "posts"]) => {
            let shown = world.now() - delay(world.options.list_delay_ms);
            posts(world, call, page, move |post| post.is_live(shown))
        }
        ("GET", [page, "scheduled_posts"]) => {
            let now = world.now();
            posts(world, call, page, move |post| post.live_ms.is_some_and(|live| live > now))
        }
        ("GET", [page, "stories"]) => stories(world, call, page),
        ("POST", [id, "comments"]) => create_comment(world, call, id),
        ("GET", [id, "comments"]) => comments(world, call, id),
        ("GET", [id]) => read(world, call, id),
        ("POST", [id]) => update(world, call, id),
        ("DELETE", [id]) => delete(world, call, id),
        _ => error(
            100,
            0,
            &format!(
                "Unsupported {} request at this edge",
                call.method.as_str().to_ascii_lowercase()
            ),
        ),
    }
}

/// A delay of the options as a difference of times.
pub(super) fn delay(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 4)
}

fn create_photo(world: &mut World, call: &Call, page: &str) -> Reply {
    let Some(url) = call.text("url") else {
        return error(324, 0, "(#324) Requires upload file");
    };
    let invalid = || error(324, 2_069_019, "(#324) Missing or invalid image file");
    match call.asset(&url) {
        Ok(asset) if !asset.is_image() => return invalid(),
        Ok(Asset { bytes, .. }) if bytes > MAX_PHOTO_BYTES => {
            return error(324, 1_366_046, "(#324) Photos should be smaller than 10 MB");
        }
        Ok(_) => {}
        Err(_) => return invalid(),
    }
    let published = call.flag("published").unwrap_or(true);
    let id = world.mint("12210");
    let created_ms = world.now();
    let alt = call.text("alt_text_custom");
    let photo = Photo { page: page.to_owned(), url, alt, created_ms, used_by: None };
    world.facebook.photos.insert(id.clone(), photo);
    if !published {
        return Reply::ok(json!({ "id": id }));
    }
    let message = call.text("caption").or_else(|| call.text("message")).unwrap_or_default();
    let post = add_post(world, page, message, vec![id.clone()]);
    set_live(world, &post, Some(created_ms));
    Reply::ok(json!({"id": id, "post_id": post}))
}

fn create_post(world: &mut World, call: &Call, page: &str) -> Reply {
    let message = call.text("message").unwrap_or_default();
    let link = call.text("link");
    let mut photos = Vec::new();
    for entry in call.list("attached_media").unwrap_or_default() {
        let id = match &entry["media_fbid"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return error(100, 0, "(#100) Invalid parameter: attached_media needs media_fbid"),
        };
        if let Some(reply) = unusable(world, &id, page) {
            return reply;
        }
        photos.push(id);
    }
    if message.trim().is_empty() && link.is_none() && photos.is_empty() {
        return error(197, 0, "(#197) The post is empty. Please enter a message to share.");
    }
    if link.as_ref().is_some_and(
        |link| !matches!(url::Url::parse(link), Ok(u) if u.scheme().starts_with("http")),
    ) {
        return error(1500, 0, "(#1500) The url you supplied is invalid");
    }
    let published = call.flag("published").unwrap_or(true);
    let now = world.now();
    let mut live = published.then_some(now);
    if let Some(wish) = call.text("scheduled_publish_time") {
        let at = wish
            .parse::<i64>()
            .ok()
            .or_else(|| chrono::DateTime::parse_from_rfc3339(&wish).ok().map(|t| t.timestamp()));
        let ahead = at.map(|at| at * 1000 - now);
        if published || !ahead.is_some_and(|ms| (600_000..=30 * DAY_MS).contains(&ms)) {
            return error(100, 0, "(#100) The specified scheduled publish time is invalid");
        }
        live = at.map(|at| at * 1000);
    }
    let id = add_post(world, page, message, photos);
    if let Some(post) = world.facebook.posts.get_mut(&id) {
        post.link = link;
        post.live_ms = live;
    }
    Reply::ok(json!({"id": id, "post_supports_client_mutation_id": true}))
}

/// Adds an unpublished post and lets it take its photos.
pub(super) fn add_post(
    world: &mut World,
    page: &str,
    message: String,
    photos: Vec<String>,
) -> String {
    let number = world.mint("1220");
    let id = format!("{page}_{number}");
    for photo in &photos {
        if let Some(photo) = world.facebook.photos.get_mut(photo) {
            photo.used_by = Some(id.clone());
        }
    }
    let post = Post {
        page: page.to_owned(),
        message,
        link: None,
        photos,
        video: None,
        reel: false,
        created_ms: world.now(),
        live_ms: None,
    };
    world.facebook.posts.insert(id.clone(), post);
    id
}

fn set_live(world: &mut World, post: &str, live_ms: Option<i64>) {
    if let Some(post) = world.facebook.posts.get_mut(post) {
        post.live_ms = live_ms;
    }
}

/// Why a photo cannot go into a new post or story of this Page.
fn unusable(world: &World, id: &str, page: &str) -> Option<Reply> {
    let now = world.now();
    match world.facebook.photos.get(id) {
        Some(photo)
            if photo.page != page
                || (photo.used_by.is_none() && now - photo.created_ms > DAY_MS) =>
        {
            Some(error(100, 33, &format!("(#100) Photo {id} does not exist")))
        }
        Some(photo) if photo.used_by.is_some() && !world.options.allow_photo_reuse => {
            Some(error(100, 1_366_051, "(#100) These photos were already posted."))
        }
        Some(_) => None,
        None => Some(error(100, 33, &format!("(#100) {id} is not a photo of this Page"))),
    }
}

fn create_story(world: &mut World, call: &Call, page: &str) -> Reply {
    let Some(photo) = call.text("photo_id") else {
        return error(100, 0, "(#100) The parameter photo_id is required");
    };
    if let Some(reply) = unusable(world, &photo, page) {
        return reply;
    }
    let post_id = world.mint("1220");
    let live_ms = world.now();
    let url = format!("https://facebook.com/stories/{post_id}");
    if let Some(photo) = world.facebook.photos.get_mut(&photo) {
        photo.used_by = Some(post_id.clone());
    }
    world.facebook.stories.push(Story {
        page: page.to_owned(),
        post_id: post_id.clone(),
        media_id: photo,
        media_type: "photo",
        url,
        live_ms,
    });
    Reply::ok(json!({"success": true, "post_id": post_id}))
}

fn posts(world: &World, call: &Call, page: &str, shown: impl Fn(&Post) -> bool) -> Reply {
    let mut found: Vec<(&String, &Post)> = world
        .facebook
        .posts
        .iter()
        .filter(|(_, post)| post.page == page && shown(post) && within(call, post.created_ms))
        .collect();
    found.sort_by_key(|(_, post)| -post.created_ms);
    let nodes: Vec<Value> =
        found.into_iter().map(|(id, post)| post_node(world, id, post)).collect();
    list(call, &nodes, &POST_ABSENT)
}

fn post_node(world: &World, id: &str, post: &Post) -> Value {
    let now = world.now();
    let live = post.is_live(now);
    let target = |id: &String| json!({"media_type": "photo", "type": "photo", "target": {"id": id, "url": format!("https://www.facebook.com/photo/?fbid={id}")}});
    let attachments = match (&post.photos[..], &post.video, &post.link) {
        ([], Some(video), _) => {
            json!([{"media_type": "video", "type": "video_inline", "target": {"id": video}}])
        }
        ([], None, Some(link)) => json!([{"media_type": "link", "type": "share", "url": link}]),
        ([], None, None) => Value::Null,
        ([photo], ..) => json!([target(photo)]),
        (photos, ..) => json!([{"media_type": "album", "type": "album", "target": {"id": id},
            "subattachments": {"data": photos.iter().map(target).collect::<Vec<_>>()}}]),
    };
    let attachments =
        if attachments.is_null() { attachments } else { json!({ "data": attachments }) };
    json!({
        "id": id,
        "message": if post.message.is_empty() { Value::Null } else { json!(post.message) },
        "is_published": live,
        "created_time": time(Some(post.created_ms)),
        "updated_time": time(Some(post.live_ms.unwrap_or(post.created_ms))),
        "permalink_url": if live { json!(format!("https://www.facebook.com/{id}")) } else { Value::Null },
        "status_type": if post.photos.is_empty() { "mobile_status_update" } else { "added_photos" },
        "from": {"id": post.page, "name": format!("Sandbox Page {}", post.page)},
        "attachments": attachments,
    })
}

fn read(world: &World, call: &Call, id: &str) -> Reply {
    let young = |created_ms: i64| world.now() - created_ms < delay(world.options.read_lag_ms);
    if let Some(post) = world.facebook.posts.get(id).filter(|post| !young(post.created_ms)) {
        return node(call, &post_node(world, id, post), &POST_ABSENT);
    }
    if let Some(photo) = world.facebook.photos.get(id).filter(|photo| !young(photo.created_ms)) {
        // The story id of a photo is set even when no post has it (a known trap).
        let story = photo.used_by.clone().unwrap_or_else(|| format!("{}_{id}", photo.page));
        let fields = json!({"id": id, "page_story_id": story, "created_time": time(Some(photo.created_ms)),
            "alt_text_custom": photo.alt, "from": {"id": photo.page}, "link": format!("https://www.facebook.com/photo/?fbid={id}")});
        return node(call, &fields, &["name", "images", "picture", "album"]);
    }
    no_such_object(&call.method, id)
}

fn update(world: &mut World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let Some(post) = world.facebook.posts.get_mut(id) else {
        return no_such_object(&call.method, id);
    };
    if let Some(message) = call.text("message") {
        post.message = message;
    }
    match call.flag("is_published") {
        Some(true) if !post.is_live(now) => post.live_ms = Some(now),
        Some(false) if post.is_live(now) => {
            return error(100, 0, "(#100) A published post cannot be unpublished");
        }
        _ => {}
    }
    Reply::success()
}

fn delete(world: &mut World, call: &Call, id: &str) -> Reply {
    let facebook = &mut world.facebook;
    if let Some(post) = facebook.posts.remove(id) {
        for photo in &post.photos {
            facebook.photos.remove(photo);
        }
        return Reply::success();
    }
    if facebook.photos.get(id).is_some_and(|photo| photo.used_by.is_none()) {
        facebook.photos.remove(id);
        return Reply::success();
    }
    let before = facebook.comments.len();
    facebook.comments.retain(|comment| comment.id != id);
    if facebook.comments.len() < before || facebook.videos.remove(id).is_some() {
        return Reply::success();
    }
    no_such_object(&call.method, id)
}

fn create_comment(world: &mut World, call: &Call, id: &str) -> Reply {
    let now = world.now();
    let known = world.facebook.posts.get(id).is_some_and(|post| post.is_live(now))
        || super::facebook_video::is_live(world, id);
    if !known {
        return no_such_object(&call.method, id);
    }
    let Some(message) = call.text("message") else {
        return error(100, 0, "(#100) The parameter message is required");
    };
    let number = world.mint("1225");
    let comment_id = format!("{}_{number}", id.rsplit('_').next().unwrap_or(id));
    world.facebook.comments.push(Comment {
        parent: id.to_owned(),
        id: comment_id.clone(),
        message,
        created_ms: now,
    });
    if call.params.contains_key("fields") {
        // The comment exists although the answer is an error; seen in the field.
        return error(20, 1_772_107, "(#20) The requested response format is not supported");
    }
    Reply::ok(json!({ "id": comment_id }))
}

fn comments(world: &World, call: &Call, id: &str) -> Reply {
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

fn stories(world: &World, call: &Call, page: &str) -> Reply {
    let now = world.now();
    let shown = now - delay(world.options.list_delay_ms);
    let nodes: Vec<Value> = world
        .facebook
        .stories
        .iter()
        .rev()
        .filter(|s| s.page == page && s.live_ms <= shown && now - s.live_ms < DAY_MS && within(call, s.live_ms))
        .map(|s| {
            json!({"post_id": s.post_id, "status": "PUBLISHED", "creation_time": (s.live_ms / 1000).to_string(),
                "media_type": s.media_type, "media_id": s.media_id, "url": s.url})
        })
        .collect();
    // This edge answers its few fields always.
    if call.text("fields").is_some() {
        return list(call, &nodes, &["id"]);
    }
    Reply::ok(json!({ "data": nodes }))
}

/// What readers of the Pages see.
pub(super) fn live(world: &World) -> Vec<Item> {
    let now = world.now();
    let posts = world.facebook.posts.iter().filter(|(_, post)| post.is_live(now));
    let stories =
        world.facebook.stories.iter().filter(|s| s.live_ms <= now && now - s.live_ms < DAY_MS);
    posts
        .map(|(id, post)| post_item(world, id, post))
        .chain(stories.map(|story| Item {
            platform: Platform::Facebook,
            account: story.page.clone(),
            kind: "story",
            id: story.post_id.clone(),
            text: String::new(),
            media: media_of(world, std::slice::from_ref(&story.media_id)),
            created_at: iso(story.live_ms),
            comments: Vec::new(),
        }))
        .collect()
}

/// Unpublished posts, unused photos and unfinished videos.
pub(super) fn drafts(world: &World) -> Vec<Item> {
    let now = world.now();
    let facebook = &world.facebook;
    let staged = |kind, account: &String, id: &String, text: &String, created_ms: i64| Item {
        platform: Platform::Facebook,
        account: account.clone(),
        kind,
        id: id.clone(),
        text: text.clone(),
        media: media_of(world, std::slice::from_ref(id)),
        created_at: iso(created_ms),
        comments: Vec::new(),
    };
    let posts = facebook
        .posts
        .iter()
        .filter(|(_, post)| !post.is_live(now))
        .map(|(id, post)| post_item(world, id, post));
    let photos = facebook
        .photos
        .iter()
        .filter(|(_, photo)| photo.used_by.is_none() && now - photo.created_ms <= DAY_MS)
        .map(|(id, photo)| staged("photo", &photo.page, id, &String::new(), photo.created_ms));
    let videos =
        facebook.videos.iter().filter(|(id, _)| !super::facebook_video::is_live(world, id)).map(
            |(id, video)| staged("video", &video.page, id, &video.description, video.created_ms),
        );
    posts.chain(photos).chain(videos).collect()
}

fn post_item(world: &World, id: &str, post: &Post) -> Item {
    let kind = match (&post.video, post.photos.len()) {
        (Some(_), _) if post.reel => "reel",
        (Some(_), _) => "video",
        (None, 0) => "post",
        (None, 1) => "photo",
        (None, _) => "photos",
    };
    let media: Vec<String> = post.photos.iter().chain(&post.video).cloned().collect();
    let parents = [Some(id), post.video.as_deref()];
    Item {
        platform: Platform::Facebook,
        account: post.page.clone(),
        kind,
        id: id.to_owned(),
        text: post.message.clone(),
        media: media_of(world, &media),
        created_at: iso(post.live_ms.unwrap_or(post.created_ms)),
        comments: world
            .facebook
            .comments
            .iter()
            .filter(|comment| parents.contains(&Some(comment.parent.as_str())))
            .map(|comment| comment.message.clone())
            .collect(),
    }
}

fn media_of(world: &World, ids: &[String]) -> Vec<Value> {
    ids.iter()
        .filter_map(|id| {
            let photo = world
                .facebook
                .photos
                .get(id)
                .map(|photo| json!({"id": id, "url": photo.url, "alt_text": photo.alt}));
            photo.or_else(|| {
                world.facebook.videos.get(id).map(|video| json!({"id": id, "url": video.source}))
            })
        })
        .collect()
}
