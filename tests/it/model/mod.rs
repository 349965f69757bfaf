//! The publish protocol as a model, explored exhaustively: one post, three
//! workers, a platform, and everything that can happen between any two of
//! their steps.
//!
//! What the model knows. Every database transaction is one step, as are every
//! call that leaves a worker, every call that takes effect at the platform,
//! every reading, every deletion and every answer that arrives. Workers die
//! anywhere (an answer to COMMIT that is lost is a death right after it: the
//! worker drops the job), calls and answers are lost or late, a lease ends at
//! any moment, regardless of its worker, and a person may request the cancellation
//! of the post, or the retry of a failed one, at any time. The platform
//! may lie (`lies`): see [`Fault`](rules::Fault).
//!
//! What it assumes, since the code measures it in time: there is an
//! age at which the call of an intent has taken effect, visibly, or never will
//! (`Age::Over`), and another one at which also readings that lag for long show
//! it (`Age::Late`). Everything else in here is checked in every state.
//!
//! Each rule of the protocol is also left out once, as a
//! [`Mutation`](rules::Mutation): the model must then find what that rule is for.

mod cleanup;
mod explore;
mod lies;
mod look_up;
mod platform;
mod rules;
mod state;
mod steps;

use explore::{
    AGAINST_CANCEL_REQUEST, CANCEL_REQUEST_LOST, CANCELLED, DOUBLE, LIVE, NOT_RECORDED, OPEN,
    UNKNOWN, explore,
};
use rules::Mutation::*;
use rules::Rules;
use state::{FENCES, Kind};

fn right(kind: Kind) -> Rules {
    let fences = if kind == Kind::OneStep { FENCES } else { 4 };
    Rules {
        kind,
        crashes: 2,
        attempts: 2,
        fences,
        decisions: 1,
        retries: 0,
        faults: &[],
        mutations: &[],
    }
}

/// Explores the protocol as it is; it must hold in at least `floor` states.
#[track_caller]
#[expect(clippy::print_stdout, reason = "figures, to be seen with --no-capture")]
fn holds(rules: Rules, floor: usize) {
    let explored = explore(&rules, None);
    println!("{rules:?}: {explored}");
    assert_eq!(explored.violation, None, "{explored}");
    assert!(explored.states >= floor, "the model shrank to {explored}");
    assert!(explored.ends.iter().all(|end| *end), "some end is never reached: {explored}");
}

/// Explores a protocol without some of its rules: the model must find how they break
/// this property.
#[track_caller]
#[expect(clippy::print_stdout, reason = "figures, to be seen with --no-capture")]
fn breaks(rules: Rules, property: &str) {
    let explored = explore(&rules, Some(property));
    println!("{rules:?}: {explored}");
    let found = explored.violation.as_ref().map(|violation| violation.property);
    assert_eq!(found, Some(property), "{rules:?}: {explored}");
}

#[test]
fn two_step_publishing_holds() {
    let rules = right(Kind::TwoStep);
    holds(Rules { crashes: 3, attempts: 3, fences: 5, decisions: 0, ..rules }, 3_400_000);
}

#[test]
fn one_step_publishing_with_hold_holds() {
    holds(Rules { crashes: 3, attempts: 3, ..right(Kind::OneStep) }, 1_100_000);
}

/// Two-step publishing needs no platform that tolerates a second call. The settle time,
/// not the platform, keeps a call from being repeated while the first one is in transit.
#[test]
fn two_step_needs_no_idempotent_platform() {
    holds(Rules { mutations: &[SecondCallMakesSecondPost], ..right(Kind::TwoStep) }, 400_000);
}

#[test]
fn every_rule_is_there_for_something() {
    use Kind::{OneStep, TwoStep};
    for (kind, mutations, property) in [
        (OneStep, &[GateAfterTheCall][..], DOUBLE),
        (TwoStep, &[GateAfterTheCall], LIVE),
        (TwoStep, &[NoFence], LIVE),
        (OneStep, &[NoFence], UNKNOWN),
        (OneStep, &[EvidenceIsFenced], NOT_RECORDED),
        (TwoStep, &[EvidenceIsFenced], NOT_RECORDED),
        (OneStep, &[GateIgnoresCancelRequest], AGAINST_CANCEL_REQUEST),
        (OneStep, &[PutBackIgnoresCancelRequest], CANCEL_REQUEST_LOST),
        (OneStep, &[CancelIgnoresTheWorker], CANCELLED),
        (OneStep, &[TakeOverIgnoresOpenIntents], LIVE),
        (OneStep, &[ExhaustionIgnoresOpenIntents], LIVE),
        (OneStep, &[RecoversByAge], OPEN),
        (TwoStep, &[ClearanceNeverEnds], LIVE),
        (TwoStep, &[BelievesNotLiveAtOnce], LIVE),
        (OneStep, &[ResendsWhatIsNotListed], DOUBLE),
        (OneStep, &[AsksAtOnce], DOUBLE),
        (OneStep, &[SilenceIsARefusal], DOUBLE),
        (TwoStep, &[SilenceIsARefusal], LIVE),
        (OneStep, &[HoldSaysNotPublished], LIVE),
    ] {
        breaks(Rules { mutations, ..right(kind) }, property);
    }
}

/// Where two rules guard the same thing, both must go before it doubles.
#[test]
fn where_one_guard_fails_another_one_holds() {
    use Kind::{OneStep, TwoStep};
    holds(Rules { mutations: &[OpenIntentsAreUnchecked], ..right(OneStep) }, 650_000);
    for (kind, mutations) in [
        (OneStep, &[NoFence, OpenIntentsAreUnchecked][..]),
        (OneStep, &[TakeOverIgnoresOpenIntents, OpenIntentsAreUnchecked]),
        // The seed's recovery.
        (OneStep, &[RecoversByAge, TakeOverIgnoresOpenIntents, OpenIntentsAreUnchecked]),
        (TwoStep, &[ClearanceNeverEnds, SecondCallMakesSecondPost]),
        (TwoStep, &[BelievesNotLiveAtOnce, SecondCallMakesSecondPost, RepeatsOnAnEarlyReading]),
        (TwoStep, &[BelievesNotLiveAtOnce, StagesAnewAfterNotLive, RepeatsOnAnEarlyReading]),
    ] {
        breaks(Rules { mutations, ..right(kind) }, DOUBLE);
    }
}
