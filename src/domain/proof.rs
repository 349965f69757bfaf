//! What an answer, or a reading, proves about a call of no return. Everything
//! that the program believes about a publish call is decided here.
//!
//! Two sentences: a "yes" is believed as soon as the platform itself says it;
//! a "no" is believed only from a reading of what the call would have made, or
//! where nothing of the call can exist. A refusal is an answer like any other:
//! calls were refused that had taken effect, and their posts were live.
//!
//! What is believed here is asked once more before it can do harm: before any
//! second call for the post, before anything is deleted at the platform, and
//! 20 minutes and a day after it was reported as failed (`worker`).

use std::time::Duration;

use super::{
    Answer, EXISTS, Failure, FailureCode, Intent, NOT_SENT, Receipt, Remedy, SPENT, Sighting,
};

/// What shows, next to its answer, whether a publish call made its post live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// The object that it named can be read by its id.
    Object,
    /// A list shows the account's posts.
    List,
    /// Nothing: the posts of LinkedIn members cannot be read back.
    Nobody,
}

/// What is proven about a call of no return.
#[derive(Debug, Clone, PartialEq)]
pub enum Proven {
    /// Live, under the receipt's id; without one, under an id that is not known.
    Live(Receipt),
    /// Live, unless the match is another post that this program made.
    Matched(Receipt),
    /// This call made nothing live, and never will. The failure says what the
    /// platform refused it with, or what was read.
    NotLive(Failure),
    /// Nothing: it may be live. Another reading may show it.
    Nothing(Failure),
    /// Nothing, and no reading ever will.
    Never(Failure),
}

/// A call that was cleared is over by this age, whatever became of its worker:
/// it left within 45 seconds, and its time limit is 60.
pub const CALL_IS_OVER: Duration = Duration::from_secs(105);

/// Lists and states may lag behind by this: "not live" counts no sooner.
pub const LISTS_LAG: Duration = Duration::from_secs(15 * 60);

/// So old must a call be whose refusal contradicts what was read before …
pub const CONTRADICTED: Duration = Duration::from_secs(30 * 60);
/// … and this old where another call would follow: by then it needs review, and "not
/// live" makes it a failed post. Stories are still listed.
const CONTRADICTED_AND_GOES_ON: Duration = Duration::from_secs(12 * 60 * 60);

/// The codes of two readings, as the publish log keeps them.
pub const NOT_LIVE: &str = FailureCode::NotLive.as_str();
pub const IN_PROGRESS: &str = FailureCode::InProgress.as_str();

/// What the answer to a publish call proves on its own.
#[must_use]
pub fn of_answer(answer: Answer, witness: Witness) -> Proven {
    match answer {
        Answer::Published(receipt) => Proven::Live(receipt),
        Answer::Matched(receipt) => Proven::Matched(receipt),
        Answer::NotSent(failure) => Proven::NotLive(failure.mark(NOT_SENT)),
        // Nothing can be looked up, so the platform's answer has to do.
        Answer::Refused(failure) if witness == Witness::Nobody => Proven::NotLive(failure),
        Answer::Refused(failure) | Answer::Unknown(failure) => Proven::Nothing(failure),
    }
}

/// What a reading proves about the open calls of a post, oldest first; nothing
/// without any. `settle` is how old an unanswered call must be at least before
/// "not live" counts.
#[must_use]
pub fn of_reading(sighting: Sighting, open: &[Intent], settle: Duration) -> Proven {
    let Some(newest) = open.last() else {
        return Proven::Nothing(not_live());
    };
    let blind = open.iter().any(|call| call.blind);
    let refusal = refusal_of(open);
    let doubted = open.iter().any(|call| call.doubted);
    let is_unclear = doubted || refusal.is_none_or(|no| no.is_marked(EXISTS) || makes_anew(no));
    let at_least = counts_from(open, settle);
    match (sighting, refusal) {
        (Sighting::Live(receipt), _) => Proven::Live(receipt),
        (Sighting::Matched(receipt), _) => Proven::Matched(receipt),
        (Sighting::NotLive { .. } | Sighting::Dead(_) | Sighting::InProgress, _) if blind => {
            let message = "the platform shows nothing live, which proves nothing about this call";
            Proven::Nothing(Failure::new(Remedy::GiveUp, FailureCode::Blind, message))
        }
        (Sighting::NotLive { after }, _)
            if is_unclear && !is_believed(newest, at_least.max(after), settle) =>
        {
            Proven::Nothing(not_live())
        }
        (Sighting::NotLive { .. }, Some(refusal)) => Proven::NotLive(refusal.clone()),
        (Sighting::NotLive { .. }, None) => {
            // The same object may be published again, at once.
            Proven::NotLive(Failure { remedy: Remedy::PollAgain(Duration::ZERO), ..not_live() })
        }
        (Sighting::Dead(_), Some(refusal)) if refusal.asks_to_rest() => {
            Proven::NotLive(refusal.clone())
        }
        // An object that expired says so itself; one that cannot be found may only be
        // closed to this token, or not shown yet.
        (Sighting::Dead(failure), _)
            if failure.code == FailureCode::MissingObject
                && !is_believed(newest, at_least, settle) =>
        {
            Proven::Nothing(not_live())
        }
        (Sighting::Dead(failure), _) => Proven::NotLive(failure),
        (Sighting::InProgress, _) => Proven::Nothing(in_progress()),
        // Call and reading were refused for one reason: the refusal is true, and such a
        // call does nothing.
        (Sighting::CannotTell(failure), Some(refusal)) if agree(&failure, refusal) => {
            Proven::NotLive(refusal.clone())
        }
        (Sighting::CannotTell(failure), _) => Proven::Nothing(failure),
        (Sighting::NeverTells(_), Some(refusal)) if !blind && !is_unclear => {
            Proven::NotLive(refusal.clone())
        }
        (Sighting::NeverTells(failure), _) if newest.age >= CALL_IS_OVER => Proven::Never(failure),
        (Sighting::NeverTells(failure), _) => Proven::Nothing(failure),
    }
}

/// How old the newest of these calls must be before "not live" counts at all.
#[must_use]
pub fn counts_from(open: &[Intent], settle: Duration) -> Duration {
    match (open.iter().any(|call| call.doubted), refusal_of(open)) {
        (false, _) => settle,
        // A Page that does not allow a post to be flipped refuses the second call as it
        // did the first.
        (true, Some(refusal)) if matches!(refusal.remedy, Remedy::GiveUp | Remedy::Direct) => {
            settle.max(CONTRADICTED)
        }
        (true, _) => CONTRADICTED_AND_GOES_ON,
    }
}

/// What the newest call was refused with. One call without an answer is enough to
/// wait for all of them.
fn refusal_of(open: &[Intent]) -> Option<&Failure> {
    open.last()?.refusal.as_ref().filter(|_| open.iter().all(|call| call.refusal.is_some()))
}

/// Whether a refusal contradicts what was read of an earlier call: that made
/// nothing live, and yet this one is refused as if it had. Then readings are
/// doubted for longer, and nothing is deleted.
#[must_use]
pub fn contradicts(refusal: &Failure, is_repeat: bool) -> bool {
    is_repeat && refusal.is_marked(SPENT)
}

/// Whether what follows a refusal is a call that names another object: two of them
/// may be live, where two calls that name one object make one post.
fn makes_anew(refusal: &Failure) -> bool {
    matches!(refusal.remedy, Remedy::Direct | Remedy::Restage)
}

/// Least time between two readings of "not live".
#[must_use]
pub fn apart(settle: Duration) -> Duration {
    settle * 2 / 3
}

/// Number of readings before the one that settles a call without an answer: any of them
/// may be stale.
const READINGS: u32 = 3;

/// Whether one more reading "not live" settles a call without an answer.
fn is_believed(call: &Intent, after: Duration, settle: Duration) -> bool {
    call.age >= after
        && call.lookups >= READINGS
        && call.not_live_for.is_some_and(|since| since >= apart(settle))
}

/// Whether two refusals ask for the same pause: for a dead token, say, or a limit.
fn agree(one: &Failure, other: &Failure) -> bool {
    matches!(
        (one.remedy, other.remedy),
        (Remedy::Operator(_), Remedy::Operator(_)) | (Remedy::Wait { .. }, Remedy::Wait { .. })
    )
}

fn in_progress() -> Failure {
    Failure::new(Remedy::Retry, FailureCode::InProgress, "the platform is still working on it")
}

fn not_live() -> Failure {
    Failure::new(Remedy::Retry, FailureCode::NotLive, "the platform shows it as not published")
}

#[cfg(test)]
mod tests;
