//! Whether something that a platform made may come from one of our calls.

use super::*;
use crate::domain::Remedy;

/// This many seconds after the gate of the call.
fn after(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn call() -> Intent {
    Intent::cleared(Fence(1), 1, after(0))
}

fn refused(answered: i64) -> Intent {
    let refusal = Some(Failure::new(Remedy::GiveUp, "100".into(), "…"));
    Intent { refusal, answered_at: Some(after(answered)), ..call() }
}

/// The window in seconds from the gate, with a platform whose clock is ahead by `offset`.
fn window(call: &Intent, offset: i64) -> (i64, i64) {
    let window = call.window(TimeDelta::seconds(offset));
    let seconds = |at: DateTime<Utc>| (at - after(0)).num_seconds();
    (seconds(*window.start()), seconds(*window.end()))
}

/// The longest call, and two minutes for the platform to finish what it began.
#[test]
fn an_unanswered_call_may_make_something_for_minutes() {
    assert_eq!(window(&call(), 0), (-5, 180));
    let answered = Intent { answered_at: Some(after(1)), ..call() };
    assert_eq!(window(&answered, 0), (-5, 180), "an answer that is no refusal ends nothing");
    let unanswered = Intent { refusal: refused(1).refusal, ..call() };
    assert_eq!(window(&unanswered, 0), (-5, 180), "the time of its refusal is unknown");
}

/// What was made later is another's: a hand-written post, for example.
#[test]
fn a_refused_call_ends_at_its_answer() {
    assert_eq!(window(&refused(1), 0), (-5, 6));
    assert_eq!(window(&refused(60), 0), (-5, 65));
    assert_eq!(window(&refused(100_000), 0), (-5, 180), "answered long after the call was over");
}

/// A slow answer looks like another clock: both readings of it count.
#[test]
fn a_small_offset_widens_the_window() {
    assert_eq!(window(&call(), 30), (-5, 210));
    assert_eq!(window(&call(), -30), (-35, 180));
    assert_eq!(window(&call(), 60), (-5, 240));
    assert_eq!(window(&call(), -60), (-65, 180));
    assert_eq!(window(&refused(1), 60), (-5, 66));
    assert_eq!(window(&refused(1), -60), (-65, 6));
}

/// Another clock altogether: only its own time counts.
#[test]
fn a_large_offset_moves_the_window() {
    assert_eq!(window(&call(), 61), (56, 241));
    assert_eq!(window(&call(), -61), (-66, 119));
    assert_eq!(window(&call(), 25 * 3600), (25 * 3600 - 5, 25 * 3600 + 180));
    assert_eq!(window(&refused(1), -7200), (-7205, -7194));
}

#[test]
fn both_ends_of_the_window_count() {
    let is_ours = |made| made_by_one_of(&[call()], made, TimeDelta::zero());
    let nearly = TimeDelta::milliseconds(1);
    assert!(is_ours(after(-5)) && !is_ours(after(-5) - nearly));
    assert!(is_ours(after(180)) && !is_ours(after(180) + nearly));
}

/// A post that a person wrote by hand between a refused call and the next one.
#[test]
fn post_between_two_calls_is_not_matched() {
    let second = Intent { at: after(600), ..call() };
    let is_ours =
        |made| made_by_one_of(&[refused(2), second.clone()], after(made), TimeDelta::zero());
    assert!(is_ours(0) && is_ours(7));
    assert!(!is_ours(8) && !is_ours(300) && !is_ours(594));
    assert!(is_ours(595) && is_ours(780) && !is_ours(781));
    let unanswered = [call(), second];
    assert!(made_by_one_of(&unanswered, after(180), TimeDelta::zero()));
    assert!(!made_by_one_of(&unanswered, after(300), TimeDelta::zero()));
}

#[test]
fn nothing_comes_from_no_call() {
    assert!(!made_by_one_of(&[], after(0), TimeDelta::zero()));
}
