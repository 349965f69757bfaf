use chrono::DateTime;

use super::*;
use crate::domain::{Away, Fence, Scope};

const SETTLE: Duration = Duration::from_secs(105);
const LATER: Duration = Duration::from_secs(900);

fn failure(remedy: Remedy, code: &str) -> Failure {
    Failure::new(remedy, code.into(), "…")
}

fn bad() -> Failure {
    failure(Remedy::GiveUp, "100")
}

fn unanswered(age: u64, not_live_for: Option<u64>) -> Intent {
    Intent {
        age: Duration::from_secs(age),
        not_live_for: not_live_for.map(Duration::from_secs),
        lookups: not_live_for.map_or(0, |_| READINGS),
        ..Intent::cleared(Fence(1), 1, DateTime::UNIX_EPOCH)
    }
}

fn refused(failure: &Failure) -> Intent {
    Intent { refusal: Some(failure.clone()), ..unanswered(1, None) }
}

fn not_live_after(seconds: u64) -> Sighting {
    Sighting::NotLive { after: Duration::from_secs(seconds) }
}

/// Only where nothing can be read does the platform's answer alone prove a
/// refusal.
#[test]
fn signed_refusal_without_readings_is_proof() {
    let proven = |answer: Answer, witness| of_answer(answer, witness);
    for witness in [Witness::Object, Witness::List] {
        assert_eq!(proven(Answer::Refused(bad()), witness), Proven::Nothing(bad()));
    }
    assert_eq!(proven(Answer::Refused(bad()), Witness::Nobody), Proven::NotLive(bad()));
    for witness in [Witness::Object, Witness::List, Witness::Nobody] {
        let receipt = Receipt::default();
        assert_eq!(proven(Answer::Unknown(bad()), witness), Proven::Nothing(bad()));
        let unsent = Proven::NotLive(bad().mark(NOT_SENT));
        assert_eq!(proven(Answer::NotSent(bad()), witness), unsent);
        assert_eq!(
            proven(Answer::Published(receipt.clone()), witness),
            Proven::Live(receipt.clone())
        );
        assert_eq!(proven(Answer::Matched(receipt.clone()), witness), Proven::Matched(receipt));
    }
}

/// A refused call needs one reading, and keeps its error class.
#[test]
fn refused_call_needs_one_reading_keeps_class() {
    let limit = failure(Remedy::Wait { rest: LATER, scope: Scope::Account }, "4");
    for refusal in [bad(), limit] {
        let read = of_reading(not_live_after(900), &[refused(&refusal)], SETTLE);
        assert_eq!(read, Proven::NotLive(refusal));
    }
    let live = Receipt { external_id: Some("1".to_owned()), ..Receipt::default() };
    let read = of_reading(Sighting::Live(live.clone()), &[refused(&bad())], SETTLE);
    assert_eq!(read, Proven::Live(live));
    let unreadable = failure(Remedy::Outage(Away::Platform), "http_500");
    let read = of_reading(Sighting::CannotTell(unreadable.clone()), &[refused(&bad())], SETTLE);
    assert_eq!(read, Proven::Nothing(unreadable));
}

/// An unanswered call needs two readings, late enough and far enough apart.
#[test]
fn unanswered_call_needs_two_late_readings() {
    let believed = |age, since, after| {
        let read = of_reading(not_live_after(after), &[unanswered(age, since)], SETTLE);
        matches!(read, Proven::NotLive(_))
    };
    assert!(!believed(10, None, 0));
    assert!(!believed(500, None, 0), "one reading never settles it");
    assert!(!believed(104, Some(90), 0), "too soon");
    assert!(!believed(130, Some(69), 0), "readings too close together");
    assert!(believed(105, Some(70), 0));
    assert!(!believed(899, Some(800), 900), "what lags for long is asked for longer");
    assert!(believed(900, Some(800), 900));
    // An older call without an answer is still open, next to a refused one.
    let both = [unanswered(500, None), refused(&bad())];
    assert!(matches!(of_reading(not_live_after(0), &both, SETTLE), Proven::Nothing(_)));
}

/// The platform says that there is such a post: lists may only not have it yet.
#[test]
fn duplicate_refusal_is_doubted_like_no_answer() {
    let duplicate = bad().mark(EXISTS);
    let call = |age, since| Intent { refusal: Some(duplicate.clone()), ..unanswered(age, since) };
    for (age, since) in [(1, None), (500, None), (104, Some(90)), (899, Some(800))] {
        let read = of_reading(not_live_after(900), &[call(age, since)], SETTLE);
        assert_eq!(read, Proven::Nothing(not_live()), "{age} s, {since:?}");
    }
    let read = of_reading(not_live_after(900), &[call(900, Some(800))], SETTLE);
    assert_eq!(read, Proven::NotLive(duplicate.clone()), "its class is kept");
}

/// A dead object settles every call that named it.
#[test]
fn dead_object_settles_calls_that_named_it() {
    let expired = failure(Remedy::Restage, "staging_expired");
    let dead = || Sighting::Dead(expired.clone());
    let read = of_reading(dead(), &[unanswered(1, None)], SETTLE);
    assert_eq!(read, Proven::NotLive(expired.clone()));
    let read = of_reading(dead(), &[refused(&bad())], SETTLE);
    assert_eq!(read, Proven::NotLive(expired.clone()), "made anew, whatever was wrong with it");
    let limit = failure(Remedy::Operator(Scope::Account), "190");
    let read = of_reading(dead(), &[refused(&limit)], SETTLE);
    assert_eq!(read, Proven::NotLive(limit), "its account is paused nevertheless");
}

/// A reading refused for a dead token agrees with another such reading, and
/// with nothing else.
#[test]
fn dead_token_agrees_only_with_itself() {
    let token = failure(Remedy::Operator(Scope::Account), "190");
    let other = failure(Remedy::Operator(Scope::Account), "190/463");
    let limit = failure(Remedy::Wait { rest: LATER, scope: Scope::App }, "4");
    let outage = failure(Remedy::Outage(Away::Platform), "timeout");
    let read = |seen: &Failure, refusal: &Failure| {
        of_reading(Sighting::CannotTell(seen.clone()), &[refused(refusal)], SETTLE)
    };
    assert_eq!(read(&other, &token), Proven::NotLive(token.clone()));
    assert_eq!(read(&limit, &limit), Proven::NotLive(limit.clone()));
    for (seen, refusal) in [(&limit, &token), (&token, &limit), (&outage, &token)] {
        assert_eq!(read(seen, refusal), Proven::Nothing(seen.clone()));
    }
}

/// What cannot be read is settled by the refusal, or needs a person's review.
#[test]
fn unreadable_refusal_is_final_or_needs_review() {
    let closed = failure(Remedy::GiveUp, "member_post");
    let never = |call: Intent| of_reading(Sighting::NeverTells(closed.clone()), &[call], SETTLE);
    assert_eq!(never(refused(&bad())), Proven::NotLive(bad()));
    assert_eq!(never(unanswered(104, None)), Proven::Nothing(closed.clone()), "under way");
    assert_eq!(never(unanswered(105, None)), Proven::Never(closed.clone()));
}

#[test]
fn readings_that_contradict_an_answer_decide_nothing() {
    let blind = Intent { blind: true, ..unanswered(9_000, Some(8_000)) };
    let dead = Sighting::Dead(failure(Remedy::Restage, "staging_expired"));
    for seen in [not_live_after(0), dead, Sighting::InProgress] {
        assert!(matches!(
            of_reading(seen, std::slice::from_ref(&blind), SETTLE),
            Proven::Nothing(_)
        ));
    }
    let never = Sighting::NeverTells(failure(Remedy::GiveUp, "blind"));
    let refused_blindly = Intent { blind: true, ..refused(&bad()) };
    assert!(matches!(of_reading(never, &[refused_blindly], SETTLE), Proven::Nothing(_)));
}

/// An object that cannot be found is read as often as one that is not live. It
/// may be closed to the token, or not shown yet.
#[test]
fn missing_object_is_reread_like_unpublished_one() {
    let gone = || Sighting::Dead(failure(Remedy::Restage, "missing_object"));
    let read = |age, since| of_reading(gone(), &[unanswered(age, since)], SETTLE);
    assert_eq!(read(9000, None), Proven::Nothing(not_live()));
    assert!(matches!(read(9000, Some(8000)), Proven::NotLive(_)));
}

#[test]
fn a_few_stale_readings_settle_nothing() {
    let read = |lookups| {
        let call = Intent { lookups, ..unanswered(9000, Some(8000)) };
        of_reading(not_live_after(900), &[call], SETTLE)
    };
    assert_eq!(read(READINGS - 1), Proven::Nothing(not_live()));
    assert!(matches!(read(READINGS), Proven::NotLive(_)));
}

/// A refusal that contradicts a reading is doubted for long.
#[test]
fn contradicted_refusal_is_doubted_for_long() {
    let spent = bad().mark(SPENT);
    let call = |age, since| Intent {
        doubted: true,
        refusal: Some(spent.clone()),
        ..unanswered(age, since)
    };
    for (age, since) in [(1, None), (900, Some(800)), (1799, Some(1700)), (9000, None)] {
        let read = of_reading(not_live_after(0), &[call(age, since)], SETTLE);
        assert_eq!(read, Proven::Nothing(not_live()), "{age} s, {since:?}");
    }
    let read = of_reading(not_live_after(0), &[call(1800, Some(1700))], SETTLE);
    assert_eq!(read, Proven::NotLive(spent.clone()));
    // Another call would follow.
    for remedy in [Remedy::Restage, Remedy::Retry] {
        let spent = failure(remedy, "100").mark(SPENT);
        let call = |age| Intent { refusal: Some(spent.clone()), ..call(age, Some(1700)) };
        let read = |age| of_reading(not_live_after(0), &[call(age)], SETTLE);
        assert_eq!(read(12 * 3600 - 1), Proven::Nothing(not_live()));
        assert_eq!(read(12 * 3600), Proven::NotLive(spent.clone()));
    }
    let never = Sighting::NeverTells(failure(Remedy::GiveUp, "no_finder"));
    assert!(matches!(of_reading(never, &[call(9000, Some(8000))], SETTLE), Proven::Never(_)));
    assert!(contradicts(&spent, true));
    assert!(!contradicts(&spent, false), "the first call cannot have been refused for itself");
    assert!(!contradicts(&bad(), true));
}
