//! What a caption and a file must be like.

use serde_json::Value;

use super::Kind;
use crate::sandbox::fetch::{Asset, Format};
use crate::sandbox::graph::error;
use crate::sandbox::options::ChildrenForm;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::World;

const MAX_IMAGE_BYTES: u64 = 8_000_000;

const MAX_REEL_BYTES: u64 = 300_000_000;

const MAX_STORY_BYTES: u64 = 100_000_000;

pub(super) fn text_problem(caption: &str, alt: Option<&str>) -> Option<Reply> {
    let words = |mark: char| {
        caption.split_whitespace().filter(|w| w.starts_with(mark) && w.len() > 1).count()
    };
    if caption.chars().count() > 2200 {
        Some(error(36004, 2_207_010, "The caption is too long. The maximum is 2,200 characters"))
    } else if words('#') > 30 {
        Some(error(100, 2_207_040, "The caption has too many hashtags. The maximum is 30"))
    } else if words('@') > 20 {
        Some(error(100, 2_207_040, "The caption has too many mentions. The maximum is 20"))
    } else if alt.is_some_and(|alt| alt.chars().count() > 1000) {
        Some(error(100, 0, "(#100) The alt text is longer than 1,000 characters"))
    } else {
        None
    }
}

pub(super) fn children(
    world: &World,
    call: &Call,
    account: &str,
) -> Result<Vec<String>, Box<Reply>> {
    let is_text =
        matches!(call.params.get("children"), Some(Value::String(t)) if !t.starts_with('['));
    let wrong = match world.options.children_form {
        ChildrenForm::List if is_text => Some("a list of ids"),
        ChildrenForm::Text if !is_text => Some("a text of ids with commas between them"),
        _ => None,
    };
    if let Some(form) = wrong {
        let message = format!("(#100) Param children must be {form}");
        return Err(Box::new(error(100, 0, &message)));
    }
    let ids: Vec<String> = call
        .list("children")
        .unwrap_or_default()
        .iter()
        .filter_map(|id| {
            id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|n| n.to_string()))
        })
        .collect();
    if !(2..=10).contains(&ids.len()) {
        return Err(Box::new(error(100, 2_207_028, "A carousel needs 2 to 10 items")));
    }
    let now = world.now();
    for id in &ids {
        let child =
            world.instagram.containers.get(id).filter(|c| c.account == account && c.is_child);
        match child.map(|child| child.status(now)) {
            Some("FINISHED" | "PUBLISHED") => {}
            Some("IN_PROGRESS") => {
                return Err(Box::new(error(
                    9007,
                    2_207_027,
                    "The media is not ready for publishing, please wait for a moment",
                )));
            }
            _ => {
                return Err(Box::new(error(
                    100,
                    2_207_006,
                    &format!("The carousel item {id} cannot be found"),
                )));
            }
        }
    }
    Ok(ids)
}

pub(super) fn image_problem(asset: &Option<Asset>, kind: Kind) -> Option<Reply> {
    let Some(asset) = asset.as_ref().filter(|asset| asset.is_image()) else {
        return Some(error(
            9004,
            2_207_052,
            "Only photo or video can be accepted as media type. The media could not be fetched from this URI",
        ));
    };
    if asset.format != Format::Jpeg {
        return Some(error(36001, 2_207_005, "The image format is not supported. Please use JPEG"));
    }
    if asset.bytes > MAX_IMAGE_BYTES {
        return Some(error(36000, 2_207_004, "The image is too large. The maximum is 8 MB"));
    }
    if let (Some((width, height)), Kind::Image) = (asset.dimensions, kind) {
        let ratio = f64::from(width) / f64::from(height.max(1));
        // A pixel of rounding on either side.
        if !(0.795..=1.915).contains(&ratio) {
            return Some(error(
                36003,
                2_207_009,
                "The aspect ratio is not supported. It must be between 4:5 and 1.91:1",
            ));
        }
    }
    None
}

pub(super) fn video_problem(asset: &Asset, kind: Kind) -> Option<u64> {
    let most = if kind == Kind::Story { MAX_STORY_BYTES } else { MAX_REEL_BYTES };
    if !asset.is_video() {
        Some(2_207_026)
    } else if !asset.ranges {
        Some(2_207_077)
    } else if asset.bytes > most {
        Some(2_207_082)
    } else {
        None
    }
}
