//! The same protocol with a platform that lies: it refuses calls that took
//! effect, shows old states, and takes effect twice; and with a clean-up that
//! deletes live posts where it is not careful.

use super::explore::{CANCELLED, DOUBLE, HARM, LIVE, LOST, NOT_RECORDED, explore};
use super::rules::Fault::{self, *};
use super::rules::Mutation::*;
use super::rules::Rules;
use super::state::Kind::{self, Listed, OneStep, TwoStep};
use super::{breaks, holds, right};

/// All that a two-step platform may do wrong as long as its readings catch up in time.
const LIES: &[Fault] = &[RefusalsLie, RefusalsComeFirst, ReadsLag, CallsArriveTwice];
/// A second call of a one-step platform is a second post, from any worker.
const LIES_OF_ONE_STEP: &[Fault] = &[RefusalsLie, RefusalsComeFirst, ReadsLag];

fn lying(kind: Kind, faults: &'static [Fault]) -> Rules {
    Rules { faults, crashes: 1, ..right(kind) }
}

#[test]
fn two_step_publishing_holds_against_lies() {
    holds(Rules { crashes: 2, attempts: 3, ..lying(TwoStep, LIES) }, 2_600_000);
}

/// One-step publishing with a list is correct despite false answers.
#[test]
fn one_step_with_list_withstands_lies() {
    holds(Rules { fences: 5, ..lying(Listed, LIES_OF_ONE_STEP) }, 1_500_000);
}

/// A post that is tried again, also during the last look at it.
#[test]
fn what_is_tried_again_holds_against_lies() {
    let rules = lying(TwoStep, LIES_OF_ONE_STEP);
    holds(Rules { fences: 3, retries: 1, ..rules }, 2_500_000);
    let rules = lying(Listed, LIES_OF_ONE_STEP);
    holds(Rules { retries: 1, ..rules }, 1_700_000);
}

/// Contradictions make up for readings that lag for longer than a call may
/// take: if a repeated call answers that the post is live, that counts for half
/// an hour.
#[test]
fn contradictions_compensate_for_long_lags() {
    holds(lying(TwoStep, &[ReadsLagForLong]), 650_000);
}

/// But only as long as the same object is called: a third call that has no
/// answer must not give it up, or what lags would be deleted.
#[test]
fn unanswered_call_keeps_its_anchor() {
    let rules = lying(TwoStep, &[ReadsLagForLong]);
    let rules = Rules { crashes: 0, decisions: 0, fences: 5, ..rules };
    holds(rules, 1_800_000);
    breaks(Rules { mutations: &[GivesUpWithoutAnswer], ..rules }, HARM);
}

/// Where readings never show what is live, no more can be asked for than that
/// nothing is deleted once the platform has contradicted them.
#[test]
#[expect(clippy::print_stdout, reason = "figures, to be seen with --no-capture")]
fn what_was_contradicted_is_not_deleted() {
    let rules = lying(TwoStep, &[ReadsNeverCatchUp]);
    let explored = explore(&rules, Some(HARM));
    println!("{rules:?}: {explored}");
    assert_eq!(explored.violation, None, "{explored}");
    assert!(explored.states >= 500_000, "the model shrank to {explored}");
}

#[test]
fn every_rule_against_lies_is_there_for_something() {
    for (kind, faults, mutations, property) in [
        // Why refusals are looked up, and why the refusals of a platform without look-ups
        // are believed only with its signature.
        (TwoStep, &[RefusalsLie][..], &[BelievesRefusals][..], LIVE),
        (Listed, &[RefusalsLie], &[BelievesRefusals], LIVE),
        (TwoStep, &[CallsArriveTwice], &[BelievesRefusals], LIVE),
        (OneStep, &[RefusalsLie], &[], DOUBLE),
        (TwoStep, &[ReadsLag], &[BelievesNotLiveAtOnce, NeverLooksAgain], LIVE),
        (TwoStep, &[RefusalsLie, ReadsLag], &[RepeatsWithoutAReading], DOUBLE),
        (Listed, &[RefusalsLie, ReadsLag], &[RepeatsWithoutAReading], DOUBLE),
        (TwoStep, &[RefusalsLie, ReadsLag], &[RepeatsOnAnEarlyReading], DOUBLE),
        (Listed, &[RefusalsLie, ReadsLag], &[RepeatsOnAnEarlyReading], DOUBLE),
        (Listed, &[RefusalsComeFirst], &[RepeatsOnAnEarlyReading], DOUBLE),
        (TwoStep, &[RefusalsLie, ReadsLag], &[NeverLooksAgain], LIVE),
        (Listed, &[RefusalsComeFirst], &[NeverLooksAgain], LIVE),
        (TwoStep, &[RefusalsLie, ReadsLag], &[LooksAgainTooSoon], HARM),
        (TwoStep, &[RefusalsLie, ReadsLag], &[DeletesUnread], HARM),
        (TwoStep, &[ReadsLagForLong], &[ForgetsContradictions], DOUBLE),
        (TwoStep, &[ReadsNeverCatchUp], &[ForgetsContradictions], HARM),
        (TwoStep, &[ReadsNeverCatchUp], &[DeletesWhatIsDoubted], HARM),
    ] {
        breaks(Rules { mutations, ..lying(kind, faults) }, property);
    }
}

/// A refusal is looked up twice before anything is staged again. Both a refusal and the
/// reading after it must be believed too early before it doubles where readings do not
/// lag.
#[test]
fn refusal_is_read_twice_before_restaging() {
    let rules = lying(TwoStep, &[RefusalsLie]);
    breaks(Rules { mutations: &[BelievesRefusals, RepeatsWithoutAReading], ..rules }, DOUBLE);
    let rules = lying(Listed, &[RefusalsLie]);
    breaks(Rules { mutations: &[BelievesRefusals, RepeatsWithoutAReading], ..rules }, DOUBLE);
}

/// What was reported as not published keeps what its calls named.
#[test]
fn a_retry_keeps_its_anchors_for_something() {
    for kind in [TwoStep, Listed] {
        let rules = Rules { retries: 1, ..lying(kind, &[RefusalsLie, ReadsLag]) };
        breaks(Rules { mutations: &[ForgetsAnchorsOnRetry], ..rules }, DOUBLE);
    }
}

/// The last look records that what it deletes is no longer used before it does
/// so, and settles nothing of a post that was tried again meanwhile. And a slow
/// look-up that sees a post live is believed nevertheless.
#[test]
fn what_comes_late_is_fenced_for_something() {
    let rules = Rules { retries: 1, ..lying(TwoStep, &[RefusalsLie, ReadsLag]) };
    breaks(Rules { mutations: &[DeletesBeforeItIsGivenUp], faults: &[], ..rules }, HARM);
    breaks(Rules { mutations: &[OldLooksSettleNewOnes], ..rules }, LIVE);
    breaks(Rules { mutations: &[OldLooksSettleNewOnes], kind: Listed, ..rules }, LIVE);
    let rules = Rules { mutations: &[LookUpNeedsTheJob], ..lying(TwoStep, &[]) };
    breaks(rules, NOT_RECORDED);
    // It would be found in the end, and nothing worse would come of it.
    for property in [DOUBLE, LIVE, CANCELLED, LOST, HARM] {
        assert_eq!(explore(&rules, Some(property)).violation, None, "{property}");
    }
}
