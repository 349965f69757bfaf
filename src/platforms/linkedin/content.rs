//! What a post looks like on LinkedIn, and the request that creates it.

use serde_json::{Value, json};
use url::Url;

use super::text;
use super::urn::Author;
use crate::domain::{Draft, Failure, MediaItem, MediaKind, PostContent, PostType, Remedy};

/// LinkedIn's limit for several images in one post.
const MAX_IMAGES: usize = 20;

/// Clients cut an article's title here.
const MAX_TITLE_CHARS: usize = 400;

/// The kinds of post that LinkedIn offers for our post types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape<'a> {
    Text,
    /// A link with a title; LinkedIn does not look at the page itself.
    Article(&'a str),
    /// One image, or a grid of 2 to 20.
    Images(&'a [MediaItem]),
    Video(&'a MediaItem),
}

impl<'a> Shape<'a> {
    /// Finds the shape of a post.
    ///
    /// # Errors
    /// [`Remedy::GiveUp`] for what LinkedIn cannot show.
    pub fn of(content: &'a PostContent) -> Result<Self, Failure> {
        let media = content.media.as_slice();
        let images = media.iter().filter(|item| item.kind == MediaKind::Image).count();
        match (content.post_type, media, images) {
            (PostType::Post, [], _) => match &content.link {
                Some(link) => Ok(Self::Article(link)),
                None if content.caption.trim().is_empty() => Err(unfit("the post is empty")),
                None => Ok(Self::Text),
            },
            _ if content.link.is_some() => {
                Err(unfit("LinkedIn shows a link or media, not both in one post"))
            }
            (PostType::Post | PostType::Video, [video], 0) => Ok(Self::Video(video)),
            (PostType::Post, _, 1..=MAX_IMAGES) if images == media.len() => Ok(Self::Images(media)),
            (PostType::Carousel, _, 2..=MAX_IMAGES) if images == media.len() => {
                Ok(Self::Images(media))
            }
            (PostType::Reel | PostType::Story, ..) => {
                Err(unfit("LinkedIn has neither reels nor stories"))
            }
            (PostType::Video, ..) => Err(unfit("a video post needs exactly one video")),
            (PostType::Carousel, ..) => Err(unfit("a carousel on LinkedIn needs 2 to 20 images")),
            (PostType::Post, ..) => {
                Err(unfit("a post on LinkedIn takes up to 20 images or one video"))
            }
        }
    }
}

fn unfit(message: &str) -> Failure {
    Failure::new(Remedy::GiveUp, "content", message)
}

/// The staging name of image number `index`.
#[must_use]
pub fn image_name(index: usize) -> String {
    format!("image/{index}")
}

/// The media URNs that a post contains: a fingerprint that no other post has.
#[must_use]
pub fn media_urns<'a>(draft: &'a Draft, shape: &Shape<'_>) -> Option<Vec<&'a str>> {
    match shape {
        Shape::Text | Shape::Article(_) => Some(Vec::new()),
        Shape::Images(images) => {
            (0..images.len()).map(|index| draft.staging.id(&image_name(index))).collect()
        }
        Shape::Video(_) => draft.staging.id("video").map(|urn| vec![urn]),
    }
}

/// The body of the create call: the same bytes for the same draft.
///
/// # Errors
/// [`Remedy::GiveUp`] as [`Shape::of`]; [`Remedy::Restage`] when media is missing.
pub fn post_body(draft: &Draft, author: Author<'_>) -> Result<Value, Failure> {
    let content = &draft.content;
    let shape = Shape::of(content)?;
    let urns = media_urns(draft, &shape).ok_or_else(|| {
        Failure::new(Remedy::Restage, "staging", "the post's media is not uploaded")
    })?;
    let mut body = json!({
        "author": author.urn(),
        "commentary": text::escape(&content.caption),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": false,
    });
    match (&shape, urns.as_slice()) {
        (Shape::Article(link), _) => {
            body["content"] =
                json!({ "article": { "source": link, "title": title(content, link) } });
        }
        (Shape::Images([image]), [urn]) => {
            body["content"] = json!({ "media": image_json(image, urn) });
        }
        (Shape::Images(images), urns) => {
            let images: Vec<Value> =
                images.iter().zip(urns).map(|(image, urn)| image_json(image, urn)).collect();
            body["content"] = json!({ "multiImage": { "images": images } });
        }
        (Shape::Video(_), [urn]) => body["content"] = json!({ "media": { "id": urn } }),
        (Shape::Text | Shape::Video(_), _) => {}
    }
    Ok(body)
}

/// Titles and alt texts are plain strings, not little text.
fn image_json(image: &MediaItem, urn: &str) -> Value {
    match &image.alt {
        Some(alt) => json!({ "id": urn, "altText": alt }),
        None => json!({ "id": urn }),
    }
}

/// LinkedIn requires a title: the caption's first line, else the link's host.
fn title(content: &PostContent, link: &str) -> String {
    let first_line = content.caption.lines().map(str::trim).find(|line| !line.is_empty());
    match first_line {
        Some(line) => line.chars().take(MAX_TITLE_CHARS).collect(),
        None => Url::parse(link)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_else(|| link.chars().take(MAX_TITLE_CHARS).collect()),
    }
}
