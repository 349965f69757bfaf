//! One kill at every point of every flow.

use super::flows::{Flow, test_every_flow};
use super::harness::{Harness, LEASE_OVER, Planted};
use super::kill_points::{assert_known, is_timed};
use super::settings::report;

/// Kills a worker at every point of this flow, each with a post of its own.
fn at_every_point(flow: &'static Flow) {
    let name = flow.name;
    let harness = Harness::new();
    let post = harness.plant(flow);
    let points = harness.trace(harness.worker(&post));
    assert_known(flow, &points);
    let mut faults = harness.check_posts();
    let plans: Vec<(Planted, &String)> = points.iter().map(|p| (harness.plant(flow), p)).collect();
    for (post, point) in &plans {
        let killed = harness.killed_at(harness.worker(post), point);
        // How often media that is being processed is looked at depends on time.
        let surely = point.ends_with(":1") && !is_timed(point);
        assert!(killed || !surely, "{name} did not come to {point}");
    }
    harness.world.advance(LEASE_OVER);
    faults.extend(harness.check_posts());
    for (post, fault) in &faults {
        let point = plans.iter().find(|(planned, _)| planned.id == post.id).map(|(_, p)| *p);
        report(&format!("{name} killed at {point:?}: {fault}"));
    }
    harness.assert_sound(&format!("every point of {name}"), &faults);
}

test_every_flow!(at_every_point);
