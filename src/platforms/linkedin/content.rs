//! What a post looks like on LinkedIn, and the request that creates it.

use serde_json::{Value, json};
use url::Url;

use super::text;
use crate::domain::linkedin::Author;
use crate::domain::{Draft, Failure, FailureCode, MediaItem, PostContent, Remedy, Shape};
use crate::platforms::{shape_of, unfit};

/// Clients cut an article's title here.
const MAX_TITLE_CHARS: usize = 400;

/// A post with what its shape consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'a> {
    Text,
    /// A link with a title; LinkedIn does not look at the page itself.
    Article(&'a str),
    /// One image, or a grid of several.
    Images(&'a [MediaItem]),
    Video(&'a MediaItem),
}

impl<'a> Content<'a> {
    /// # Errors
    /// [`Remedy::GiveUp`] for what LinkedIn cannot show.
    pub fn of(content: &'a PostContent) -> Result<Self, Failure> {
        match (shape_of(content)?, content.media.as_slice()) {
            (Shape::Text, _) => Ok(content.link.as_deref().map_or(Self::Text, Self::Article)),
            (Shape::Images, images) => Ok(Self::Images(images)),
            (Shape::Video, [video, ..]) => Ok(Self::Video(video)),
            (Shape::Video, []) => Err(unfit("the post has no video")),
            (Shape::Reel | Shape::PhotoStory | Shape::VideoStory | Shape::Carousel, _) => {
                Err(unfit("LinkedIn has neither reels, nor stories, nor carousels"))
            }
        }
    }
}

/// The staging name of image number `index`.
#[must_use]
pub fn image_name(index: usize) -> String {
    format!("image/{index}")
}

/// The media URNs that a post contains: a fingerprint that no other post has.
#[must_use]
pub fn media_urns<'a>(draft: &'a Draft, content: &Content<'_>) -> Option<Vec<&'a str>> {
    match content {
        Content::Text | Content::Article(_) => Some(Vec::new()),
        Content::Images(images) => {
            (0..images.len()).map(|index| draft.staging.id(&image_name(index))).collect()
        }
        Content::Video(_) => draft.staging.id("video").map(|urn| vec![urn]),
    }
}

/// The body of the create call: the same bytes for the same draft.
///
/// # Errors
/// [`Remedy::GiveUp`] as [`Content::of`]; [`Remedy::Restage`] when media is missing.
pub fn post_body(draft: &Draft, author: Author<'_>) -> Result<Value, Failure> {
    let content = &draft.content;
    let shape = Content::of(content)?;
    let urns = media_urns(draft, &shape).ok_or_else(|| {
        Failure::new(Remedy::Restage, FailureCode::NotStaged, "the post's media is not uploaded")
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
        (Content::Article(link), _) => {
            body["content"] =
                json!({ "article": { "source": link, "title": title(content, link) } });
        }
        (Content::Images([image]), [urn]) => {
            body["content"] = json!({ "media": image_json(image, urn) });
        }
        (Content::Images(images), urns) => {
            let images: Vec<Value> =
                images.iter().zip(urns).map(|(image, urn)| image_json(image, urn)).collect();
            body["content"] = json!({ "multiImage": { "images": images } });
        }
        (Content::Video(_), [urn]) => body["content"] = json!({ "media": { "id": urn } }),
        (Content::Text | Content::Video(_), _) => {}
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
