//! One kill at every point of a flow, while the platform has a fault at the call that
//! makes the post visible, or in what it shows afterwards. The first successor meets the
//! same fault, those after it none.

use serde_json::{Value, json};
use socialsched::sandbox::SandboxOptions;

use super::flows::{
    FACEBOOK_PHOTO, FACEBOOK_STORY, FACEBOOK_TEXT, Flow, INSTAGRAM_IMAGE, LINKEDIN_IMAGE,
    LINKEDIN_MEMBER,
};
use super::harness::{Harness, LEASE_OVER, Planted};
use super::kill_points::is_timed;
use super::random_kills::PUBLISH_CALLS;
use super::settings::{Dice, number};

/// Longer than a successor's first look comes after the call.
const LIST_LAG_MS: u64 = 160_000;

/// What the platform does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlatformFault {
    LostReply,
    ErrorThoughLive,
    RefusalThoughLive,
    DeliveredTwice,
    StaleStatus,
    ListLag,
}

use PlatformFault::{
    DeliveredTwice, ErrorThoughLive, ListLag, LostReply, RefusalThoughLive, StaleStatus,
};

const PLATFORM_FAULTS: [PlatformFault; 6] =
    [LostReply, ErrorThoughLive, RefusalThoughLive, DeliveredTwice, StaleStatus, ListLag];

impl PlatformFault {
    fn options(self) -> SandboxOptions {
        let usual = SandboxOptions { duplicate_window_ms: 0, ..SandboxOptions::default() };
        match self {
            // Nothing but LinkedIn's own filter can catch what reaches it twice.
            DeliveredTwice => SandboxOptions::default(),
            ListLag => SandboxOptions { list_delay_ms: LIST_LAG_MS, ..usual },
            _ => usual,
        }
    }

    fn begin(self, harness: &Harness) {
        let publish = |fault: &str| {
            for call in PUBLISH_CALLS {
                let call: Value = serde_json::from_str(call).unwrap();
                harness.world.fault(&json!({"match": call, "fault": fault}));
            }
        };
        match self {
            LostReply => publish("after_commit_drop"),
            ErrorThoughLive => publish("after_commit_5xx"),
            RefusalThoughLive => publish("after_commit_4xx"),
            DeliveredTwice => publish("duplicate_delivery"),
            StaleStatus => {
                harness.world.fault(&json!({"match": {"method": "GET"}, "fault": "stale_status"}));
            }
            ListLag => {}
        }
    }
}

/// How far a dead worker had come with its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    NotAllowed,
    /// Allowed, not sent.
    Unsent,
    /// In transit: it may or may not have arrived.
    Sending,
    /// It took effect; its answer is not stored, or was none.
    Open,
    /// Its answer is stored.
    Answered,
}

/// The points that a worker passes, with how far its call is at each.
fn with_call(points: Vec<String>) -> Vec<(String, Call)> {
    let mut call = Call::NotAllowed;
    let mut stages = Vec::new();
    for point in points {
        call = match (call, point.as_str()) {
            (Call::NotAllowed, p) if p.starts_with("open_gates.committed") => Call::Unsent,
            (Call::Unsent, p) if p.starts_with("publish/") && p.contains(".sent") => Call::Sending,
            (Call::Sending, _) => Call::Open,
            (call, _) => call,
        };
        if ["record_live.committed", "record_failure.committed"]
            .iter()
            .any(|p| point.starts_with(p))
        {
            call = Call::Answered;
        }
        stages.push((point, call));
    }
    stages
}

/// How a post may end whose first worker died so far with its call.
fn ends(flow: &Flow, platform_fault: PlatformFault, call: Call) -> &'static [&'static str] {
    const PUBLISHED: &[&str] = &["published, 1 live"];
    // The refusal of a member's post is believed where LinkedIn has signed it, since it
    // cannot be looked up. A false one is the documented limit.
    const FALSE_REFUSAL: &[&str] = &["not_published, 1 live"];
    let answer_is_lost = matches!(platform_fault, LostReply | ErrorThoughLive);
    match (call, platform_fault) {
        _ if !flow.is_members => PUBLISHED,
        (Call::NotAllowed | Call::Answered, RefusalThoughLive) => FALSE_REFUSAL,
        (Call::Answered, _) => PUBLISHED,
        (Call::NotAllowed, _) if !answer_is_lost => PUBLISHED,
        (Call::Unsent, _) => &["unknown, 0 live"],
        (Call::Sending, _) => &["unknown, 0 live", "unknown, 1 live"],
        (Call::NotAllowed | Call::Open, _) => &["unknown, 1 live"],
    }
}

fn kill_under_fault(
    flow: &'static Flow,
    platform_fault: PlatformFault,
    dice: &mut Dice,
    share: u64,
) {
    let harness = Harness::with(platform_fault.options());
    if platform_fault == RefusalThoughLive && flow.is_members {
        harness.expect_lies();
    }
    platform_fault.begin(&harness);
    let mut points = with_call(harness.trace(harness.worker(&harness.plant(flow))));
    harness.world.heal();
    let mut faults = harness.check_posts();
    points.retain(|(point, _)| !is_timed(point) && dice.one_in(share));
    let plans: Vec<(Planted, &(String, Call))> =
        points.iter().map(|point| (harness.plant(flow), point)).collect();
    platform_fault.begin(&harness);
    for (post, (point, _)) in &plans {
        // Otherwise the platform as a whole would be paused after a few of them.
        harness.world.database.execute("UPDATE platform_health SET faults = 0");
        let killed = harness.killed_at(harness.worker(post), point);
        assert!(killed || !point.ends_with(":1"), "did not come to {point}");
    }
    harness.world.advance(LEASE_OVER);
    assert!(harness.any_worker().status().unwrap().success());
    harness.world.heal();
    faults.extend(harness.check_posts());
    for (post, (point, call)) in &plans {
        let (end, may) = (harness.end_of(post), ends(flow, platform_fault, *call));
        if !may.contains(&end.as_str()) {
            let fault = format!("{platform_fault:?}, killed at {point}: {end} instead of {may:?}");
            faults.push((post.clone(), fault));
        }
    }
    harness
        .assert_sound(&format!("{platform_fault:?} during {}, one in {share}", flow.name), &faults);
}

fn kill_under_every_fault(flow: &'static Flow) {
    let share = number("KILL_SHARE", 6);
    let mut dice = Dice::new(number("KILL_SEED", 1));
    PLATFORM_FAULTS
        .into_iter()
        .for_each(|platform_fault| kill_under_fault(flow, platform_fault, &mut dice, share));
}

#[test]
fn facebook_text() {
    kill_under_every_fault(&FACEBOOK_TEXT);
}

#[test]
fn facebook_photo() {
    kill_under_every_fault(&FACEBOOK_PHOTO);
}

#[test]
fn facebook_story() {
    kill_under_every_fault(&FACEBOOK_STORY);
}

#[test]
fn instagram_image() {
    kill_under_every_fault(&INSTAGRAM_IMAGE);
}

#[test]
fn linkedin_image() {
    kill_under_every_fault(&LINKEDIN_IMAGE);
}

#[test]
fn linkedin_member() {
    kill_under_every_fault(&LINKEDIN_MEMBER);
}
