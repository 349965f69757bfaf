//! What holds for the clients of all platforms.

use super::*;
use crate::domain::{Form, MediaItem, MediaKind, MediaSet, PostType};
use crate::sandbox::SandboxOptions;
use rehearsal::Rehearsal;

/// The smallest media of a form.
fn media(form: &Form, rehearsal: &Rehearsal) -> Vec<MediaItem> {
    let images = |count: usize| (0..count).map(|number| rehearsal.image(&number.to_string()));
    let taken = match form.media {
        MediaSet::Nothing => vec![],
        MediaSet::Images(min, _) => images(min).collect(),
        MediaSet::OneVideo => vec![rehearsal.video("clip")],
        MediaSet::Mixed(min, _) => {
            images(min - 1).chain([rehearsal.video("clip")]).collect::<Vec<_>>()
        }
    };
    let videos = taken.iter().filter(|item| item.kind == MediaKind::Video).count();
    assert!(form.media.holds(taken.len() - videos, videos));
    taken
}

/// What a platform's profile offers, its client publishes.
#[tokio::test]
async fn every_form_has_a_first_step() {
    let rehearsal = Rehearsal::new(SandboxOptions::default()).await;
    let publishers = Publishers::new(Settings {
        gateway: Some(Gateway::parse(rehearsal.base_url()).unwrap()),
        allow_private_media: true,
        ..Settings::default()
    });
    for platform in Platform::ALL.iter().copied() {
        let account = match platform {
            Platform::Facebook => "1000001",
            Platform::Instagram => "17841400000000001",
            Platform::LinkedIn => "urn:li:organization:1234567",
        };
        for post_type in PostType::ALL.iter().copied() {
            for form in (platform.profile().forms)(post_type) {
                let media = media(form, &rehearsal);
                let draft = rehearsal::draft(platform, account, post_type, "Hello", media);
                assert_eq!(shape_of(&draft.content), Ok(form.shape), "{platform} {post_type}");
                let step = publishers.get(platform).prepare(&draft).await;
                assert!(step.is_ok(), "{platform} {post_type} {:?}: {step:?}", form.shape);
            }
        }
    }
}
