//! Instagram professional accounts (Graph API v25.0, read in November 2026).

use super::profile::{AccountIds, Limits, PostIds, Profile, is_number};
use super::{Form, MediaSet, PostType, Shape};

pub(super) static PROFILE: Profile = Profile {
    name: "Instagram",
    one_app: super::META,
    forms,
    // developers.facebook.com, IG User Media: caption and alt_text.
    limits: Limits { text: 2_200, hashtags: Some(30), mentions: Some(20), alt: Some(1_000) },
    links: false,
    wants_text: false,
    reserved: &[],
    story_alt: false,
    fetches: true,
    image_files: &["jpg", "jpeg"],
    video_files: &["mp4", "mov"],
    account_ids: AccountIds { fits: is_number, looks: "the Instagram user id, a number" },
    post_ids: PostIds {
        fits: is_number,
        looks: "the number of the media, which its address does not hold; the Graph API lists it:\n\
                GET /USER/media?fields=id,permalink (stories: GET /USER/stories)",
        in_address: |_| None,
        // It would need the short code.
        address: |_, _| None,
    },
    has_publish_modes: false,
    is_instagram_business: true,
};

/// The guide of carousels.
const ITEMS: usize = 10;

const IMAGE: Form = Form::new(MediaSet::Images(1, 1), Shape::Images);
const REEL: Form = Form::new(MediaSet::OneVideo, Shape::Reel);
/// Since July 2023.
const VIDEO_AS_REEL: Form = REEL.remark("shows a single video as a reel");

fn forms(post_type: PostType) -> &'static [Form] {
    match post_type {
        PostType::Post => &[IMAGE, VIDEO_AS_REEL],
        PostType::Carousel => const { &[Form::new(MediaSet::Mixed(2, ITEMS), Shape::Carousel)] },
        PostType::Video => &[VIDEO_AS_REEL],
        PostType::Reel => &[REEL],
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
