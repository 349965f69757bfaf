//! Facebook Pages (Graph API v25.0, read in November 2026).

use url::Url;

use super::profile::{AccountIds, Limits, PostIds, Profile, is_number, path_on};
use super::{Form, MediaSet, PostType, Shape};

pub(super) static PROFILE: Profile = Profile {
    name: "Facebook",
    one_app: super::META,
    forms,
    // Meta publishes no limit of the text: it is the one that other clients use.
    limits: Limits { text: 63_206, hashtags: None, mentions: None, alt: None },
    links: true,
    wants_text: false,
    reserved: &[],
    story_alt: true,
    fetches: true,
    image_files: &["jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff"],
    video_files: &[],
    account_ids: AccountIds { fits: is_number, looks: "the Page id, a number" },
    post_ids: PostIds {
        fits: is_post_id,
        looks: "PAGE_POST or a number alone: in the post's address after /posts/, /videos/ or /reel/\n\
                an address with pfbid… does not hold it; the Graph API lists it: \
                GET /PAGE/published_posts?fields=id,permalink_url",
        in_address,
        address,
    },
    has_publish_modes: true,
    is_instagram_business: false,
};

/// Ten photos are proven, more are not.
const PHOTOS: usize = 10;

fn forms(post_type: PostType) -> &'static [Form] {
    match post_type {
        PostType::Post => {
            const {
                &[
                    Form::new(MediaSet::Nothing, Shape::Text),
                    Form::new(MediaSet::Images(1, PHOTOS), Shape::Images),
                ]
            }
        }
        // The API has no carousel of photos on Pages: it is a post with several photos.
        PostType::Carousel => const { &[Form::new(MediaSet::Images(2, PHOTOS), Shape::Images)] },
        PostType::Video => const { &[Form::new(MediaSet::OneVideo, Shape::Video)] },
        PostType::Reel => const { &[Form::new(MediaSet::OneVideo, Shape::Reel)] },
        PostType::Story => {
            const {
                &[
                    Form::new(MediaSet::Images(1, 1), Shape::PhotoStory),
                    Form::new(MediaSet::OneVideo, Shape::VideoStory),
                ]
            }
        }
    }
}

fn is_post_id(id: &str) -> bool {
    match id.split_once('_') {
        Some((page, post)) => is_number(page) && is_number(post),
        None => is_number(id),
    }
}

fn in_address(url: &Url) -> Option<String> {
    let query = |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    match path_on(url, "facebook.com")?.as_slice() {
        ["permalink.php" | "story.php"] => {
            Some(format!("{}_{}", query("id")?, query("story_fbid")?))
        }
        [page, "posts", .., post] if is_number(page) => Some(format!("{page}_{post}")),
        [_, "posts" | "videos", .., id] | ["reel", id] => Some((*id).to_owned()),
        [id] if id.contains('_') => Some((*id).to_owned()),
        _ => None,
    }
}

/// Facebook redirects both addresses to the post's own. A story's address is only
/// in the list of stories.
fn address(id: &str, shape: Shape) -> Option<String> {
    match shape {
        Shape::Reel => Some(format!("https://www.facebook.com/reel/{id}")),
        Shape::PhotoStory | Shape::VideoStory => None,
        Shape::Text | Shape::Images | Shape::Video | Shape::Carousel => {
            Some(format!("https://www.facebook.com/{id}"))
        }
    }
}
