//! The `content` of a post: its kind, its media, and why it is refused.

use serde_json::Value;

use super::error;
use crate::sandbox::reply::Reply;
use crate::sandbox::state::World;

/// The kind of a post and the media URNs in it, from its `content`.
pub(super) fn parts(content: Option<&Value>) -> (&'static str, Vec<String>) {
    let Some(content) = content else { return ("post", Vec::new()) };
    let urns = ids(Some(content));
    let kind = match urns.first() {
        _ if content.get("article").is_some() => "article",
        _ if content.get("poll").is_some() => "poll",
        _ if content.get("multiImage").is_some() => "photos",
        Some(urn) if urn.starts_with("urn:li:video:") => "video",
        Some(urn) if urn.starts_with("urn:li:document:") => "document",
        Some(_) => "photo",
        None => "post",
    };
    (kind, urns)
}

/// The media URNs in a post's `content`, in order.
pub(super) fn ids(content: Option<&Value>) -> Vec<String> {
    let Some(content) = content else { return Vec::new() };
    let images =
        content["multiImage"]["images"].as_array().into_iter().flatten().map(|image| &image["id"]);
    [&content["media"]["id"], &content["article"]["thumbnail"]]
        .into_iter()
        .chain(images)
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect()
}

/// Why a post with this content is refused.
pub(super) fn content_error(world: &World, content: &Value, author: &str) -> Option<Reply> {
    let invalid = |message: &str| Some(error(400, "INVALID_VALUE_FOR_FIELD", message));
    let known = ["media", "multiImage", "article", "poll", "celebration", "reference"];
    match content.as_object() {
        Some(map) if map.len() == 1 && map.keys().all(|key| known.contains(&key.as_str())) => {}
        _ => return invalid("ERROR :: /content :: must be one of the kinds for organic posts"),
    }
    let urns = ids(Some(content));
    if let Some(multi) = content.get("multiImage") {
        let count = multi["images"].as_array().map_or(0, Vec::len);
        if !(2..=20).contains(&count) || urns.iter().any(|urn| !urn.starts_with("urn:li:image:")) {
            return invalid("ERROR :: /content/multiImage/images :: must have 2 to 20 images");
        }
    }
    if content.get("media").is_some() && urns.is_empty() {
        return Some(error(
            400,
            "MISSING_FIELD",
            "ERROR :: /content/media/id :: field is required",
        ));
    }
    if let Some(article) = content.get("article") {
        let title = article["title"].as_str().unwrap_or("");
        if article["source"].as_str().is_none_or(str::is_empty) || title.is_empty() {
            return Some(error(
                400,
                "MISSING_FIELD",
                "ERROR :: /content/article :: source and title are required",
            ));
        }
        if title.chars().count() > 400 {
            return Some(error(
                400,
                "FIELD_LENGTH_TOO_LONG",
                "ERROR :: /content/article/title :: is too long",
            ));
        }
    }
    if let Some(poll) = content.get("poll")
        && !(2..=4).contains(&poll["options"].as_array().map_or(0, Vec::len))
    {
        return invalid("ERROR :: /content/poll/options :: must be 2 to 4");
    }
    urns.iter().find_map(|urn| asset_error(world, urn, author))
}

fn asset_error(world: &World, urn: &str, author: &str) -> Option<Reply> {
    let Some(upload) = world.linkedin.uploads.get(urn) else {
        let code =
            if urn.starts_with("urn:li:video:") { "INVALID_VIDEO_ID" } else { "INVALID_IMAGE_ID" };
        return Some(error(400, code, &format!("{urn} does not exist")));
    };
    if upload.owner != author {
        return Some(error(
            400,
            "INVALID_VALUE_FOR_FIELD",
            "One or more of the assets is not owned by the author",
        ));
    }
    match upload.status(world.now()) {
        "AVAILABLE" => None,
        "PROCESSING_FAILED" => Some(error(
            400,
            "MEDIA_ASSET_PROCESSING_FAILED",
            &format!("Processing of {urn} failed"),
        )),
        "PROCESSING" => {
            Some(error(400, "MEDIA_ASSET_WAITING_UPLOAD", &format!("{urn} is still processing")))
        }
        _ => Some(error(
            400,
            "MEDIA_ASSET_WAITING_UPLOAD",
            &format!("{urn} is waiting for its upload"),
        )),
    }
}
