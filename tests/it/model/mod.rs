//! The publish protocol as a model, explored exhaustively: one post, three
//! workers, a platform, and everything that can happen between any two of
//! their steps.
//!
//! What the model knows. Every database transaction is one step, as are every
//! call that leaves a worker, every call that takes effect at the platform,
//! and every answer that arrives. Workers die anywhere (an answer to COMMIT
//! that is lost is a death right after it: the worker drops the job), calls
//! and answers are lost or late, a lease ends at any moment whatever its
//! worker does, and somebody may ask for the post to be cancelled at any time.
//!
//! What it takes for granted, since the code measures it in time: there is an
//! age at which the call of an intent has taken effect, visibly, or never will
//! (`aged`). Everything else in here is checked in every state.
//!
//! Each rule of the protocol is also left out once, as a [`Mutation`]: the
//! model must then find what that rule is for.

mod explore;
mod state;
mod steps;

use explore::{
    AGAINST_A_WISH, CANCELLED, DOUBLE, LIVE, NOT_RECORDED, OPEN, UNKNOWN, WISH_LOST, explore,
};
use state::Kind;
use steps::Mutation::*;
use steps::{Mutation, Rules};

fn right(kind: Kind) -> Rules {
    Rules { kind, crashes: 2, attempts: 2, verdicts: 1, mutations: &[] }
}

/// Explores the protocol as it is; it must hold in at least so many states.
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
fn breaks(kind: Kind, mutations: &'static [Mutation], property: &str) {
    let explored = explore(&Rules { mutations, ..right(kind) }, Some(property));
    println!("{kind:?} with {mutations:?}: {explored}");
    let found = explored.violation.as_ref().map(|violation| violation.property);
    assert_eq!(found, Some(property), "{kind:?} with {mutations:?}: {explored}");
}

#[test]
fn two_step_publishing_holds() {
    holds(Rules { crashes: 3, attempts: 3, verdicts: 0, ..right(Kind::TwoStep) }, 2_500_000);
}

#[test]
fn one_step_publishing_with_hold_holds() {
    holds(Rules { crashes: 3, attempts: 3, ..right(Kind::OneStep) }, 700_000);
}

/// The settle time, not the platform, keeps a call from being repeated while
/// the first one is on its way.
#[test]
fn two_step_publishing_needs_no_platform_that_forgives_a_second_call() {
    holds(Rules { mutations: &[SecondCallMakesSecondPost], ..right(Kind::TwoStep) }, 2_000_000);
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
        (OneStep, &[GateIgnoresWishes], AGAINST_A_WISH),
        (OneStep, &[PutBackIgnoresWishes], WISH_LOST),
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
        // Why refusals of two-step platforms are looked up, and only a short
        // list of one-step platforms' refusals is believed.
        (OneStep, &[RefusalsLie], DOUBLE),
        (TwoStep, &[RefusalsLie], LIVE),
    ] {
        breaks(kind, mutations, property);
    }
}

/// Where two rules guard the same thing, both must go before it doubles.
#[test]
fn where_one_guard_fails_another_one_holds() {
    use Kind::{OneStep, TwoStep};
    holds(Rules { mutations: &[NobodyChecksOpenIntents], ..right(OneStep) }, 450_000);
    for (kind, mutations) in [
        (OneStep, &[NoFence, NobodyChecksOpenIntents][..]),
        (OneStep, &[TakeOverIgnoresOpenIntents, NobodyChecksOpenIntents]),
        // The seed's recovery.
        (OneStep, &[RecoversByAge, TakeOverIgnoresOpenIntents, NobodyChecksOpenIntents]),
        (TwoStep, &[ClearanceNeverEnds, SecondCallMakesSecondPost]),
        (TwoStep, &[BelievesNotLiveAtOnce, SecondCallMakesSecondPost]),
        (TwoStep, &[BelievesNotLiveAtOnce, StagesAnewAfterNotLive]),
    ] {
        breaks(kind, mutations, DOUBLE);
    }
}
