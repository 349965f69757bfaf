//! One kill at every point of every flow.

use super::flows::{Flow, test_every_flow};
use super::ground::{Ground, LEASE_OVER, Planted};
use super::points::{assert_known, is_timed};
use super::settings::report;

/// Kills a worker at every point of this flow, each with a post of its own.
fn at_every_point(flow: &'static Flow) {
    let name = flow.name;
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

test_every_flow!(at_every_point);
