//! One kill at every point of every flow.

use std::collections::BTreeSet;

use super::flows::{FLOWS, Flow};
use super::ground::{Ground, LEASE_OVER, Planted};
use super::points::{assert_known, is_timed};
use super::settings::report;

/// Kills a worker at every point of this flow, each with a post of its own.
fn at_every_point(name: &str) {
    let flow: &'static Flow = FLOWS.iter().find(|flow| flow.name == name).unwrap();
    let ground = Ground::new();
    let post = ground.plant(flow);
    let points = ground.trace(ground.worker(&post));
    assert_known(flow, &points);
    let mut faults = ground.judge();
    let plans: Vec<(Planted, &String)> = points.iter().map(|p| (ground.plant(flow), p)).collect();
    for (post, point) in &plans {
        let killed = ground.killed_at(ground.worker(post), point);
        // How often media that is being processed is looked at depends on time.
        let surely = point.ends_with(":1") && !is_timed(point);
        assert!(killed || !surely, "{name} did not come to {point}");
    }
    ground.world.advance(LEASE_OVER);
    faults.extend(ground.judge());
    for (post, fault) in &faults {
        let point = plans.iter().find(|(planned, _)| planned.id == post.id).map(|(_, p)| *p);
        report(&format!("{name} killed at {point:?}: {fault}"));
    }
    ground.assert_sound(&format!("every point of {name}"), &faults);
}

macro_rules! every_point {
    ($($test:ident: $flow:literal),+ $(,)?) => {
        $(#[test] fn $test() { at_every_point($flow); })+
        #[test]
        fn g01_every_flow_is_killed_at_every_point() {
            let tested = BTreeSet::from([$($flow),+]);
            assert_eq!(tested, FLOWS.iter().map(|flow| flow.name).collect());
        }
    };
}

every_point! {
    facebook_text: "Facebook text",
    facebook_photo: "Facebook photo",
    facebook_photos: "Facebook photos",
    facebook_video: "Facebook video",
    facebook_reel: "Facebook reel",
    facebook_photo_story: "Facebook photo story",
    facebook_video_story: "Facebook video story",
    instagram_image: "Instagram image",
    instagram_carousel: "Instagram carousel",
    instagram_reel: "Instagram reel",
    instagram_story: "Instagram story",
    linkedin_text: "LinkedIn text",
    linkedin_image: "LinkedIn image",
    linkedin_video: "LinkedIn video",
}
