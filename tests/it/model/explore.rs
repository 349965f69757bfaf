//! Breadth first through every state, so that a trace is a shortest one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use socialsched::domain::{Outcome, PostStatus, State as LawState, Transition};

use super::rules::{Rules, Taken};
use super::state::{Call, IDLE, State, WORKERS};

/// What must hold in every state, and at every step.
pub const DOUBLE: &str = "two posts are live";
pub const NOT_LIVE: &str = "published, but not live";
pub const LIVE: &str = "not published, but live";
pub const CANCELLED: &str = "cancelled, but live";
pub const AGAINST_CANCEL_REQUEST: &str = "cleared to send against a cancel request";
pub const CANCEL_REQUEST_LOST: &str = "a cancel request is lost";
pub const NOT_RECORDED: &str = "what is known to be live is not recorded";
pub const LOST: &str = "lost: no worker can bring it to an end";
pub const OPEN: &str = "in the queue with an open intent";
pub const UNKNOWN: &str = "unknown without an open intent";
pub const HARM: &str = "a live post is deleted";
pub const AGAINST_THE_LAW: &str = "no transition of the law leads there";

/// What an exploration came to.
pub struct Explored {
    pub states: usize,
    pub violation: Option<Violation>,
    /// Which ends were reached: published, not published, unknown, cancelled.
    pub ends: [bool; 4],
    /// Steps from the first state to the farthest one.
    pub depth: u32,
}

/// A property that does not hold, and the shortest path to its violation.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    pub property: &'static str,
    pub trace: Vec<Taken>,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states, up to {} steps", self.states, self.depth)?;
        let Some(violation) = &self.violation else { return Ok(()) };
        write!(f, ", then in {} steps: {}", violation.trace.len(), violation.property)?;
        for (number, taken) in violation.trace.iter().enumerate() {
            write!(f, "\n  {:2}. {taken}", number + 1)?;
        }
        Ok(())
    }
}

/// Packed states are well mixed by one multiplication; the usual hasher takes
/// most of the time in a build without optimisation.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, _: &[u8]) {}

    fn write_u128(&mut self, key: u128) {
        let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(29);
        self.0 = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

type Map<V> = HashMap<u128, V, BuildHasherDefault<Mix>>;

/// A state that was reached, by which step from which other one.
struct Reached {
    state: State,
    from: usize,
    by: Taken,
    depth: u32,
}

/// Walks through every state that the rules allow, up to the first violation:
/// of any property, or of the one that is wanted.
pub fn explore(rules: &Rules, wanted: Option<&str>) -> Explored {
    let mut seen: Map<()> = Map::default();
    let mut rescued: Map<bool> = Map::default();
    let first = State::first();
    seen.insert(first.pack(), ());
    let mut reached = vec![Reached { state: first, from: 0, by: Taken::default(), depth: 0 }];
    let mut ends = [false; 4];
    let mut next = Vec::new();
    let mut at = 0;
    while at < reached.len() {
        let Reached { state, depth, .. } = reached[at];
        if let Some(end) = end_of(&state) {
            ends[end] = true;
        }
        next.clear();
        rules.steps(&state, &mut next);
        for (by, state) in next.drain(..) {
            let before = reached[at].state;
            let unlawful = rules.mutations.is_empty() && !is_lawful(by.what, &before, &state);
            let found = match seen.entry(state.pack()) {
                Entry::Occupied(_) => None,
                Entry::Vacant(vacant) => {
                    vacant.insert(());
                    reached.push(Reached { state, from: at, by, depth: depth + 1 });
                    broken(rules, &state)
                        .or_else(|| (!can_be_rescued(rules, &state, &mut rescued)).then_some(LOST))
                }
            };
            // What a step did wrong is wrong even where it leads to a good state.
            let found = by.wrong.or(found).or(unlawful.then_some(AGAINST_THE_LAW));
            if let Some(property) = found.filter(|found| wanted.is_none_or(|it| it == *found)) {
                let mut trace = vec![by];
                let mut back = at;
                while back > 0 {
                    trace.push(reached[back].by);
                    back = reached[back].from;
                }
                trace.reverse();
                let violation = Some(Violation { property, trace });
                return Explored { states: reached.len(), violation, ends, depth: depth + 1 };
            }
        }
        at += 1;
    }
    let depth = reached.last().map_or(0, |last| last.depth);
    Explored { states: reached.len(), violation: None, ends, depth }
}

/// Whether one of the transitions that a step stands for allows where it led.
fn is_lawful(what: &str, before: &State, after: &State) -> bool {
    let of = |state: &State| LawState::of(state.post, state.job, state.outcome);
    let (Some(before), Some(after)) = (of(before), of(after)) else { return false };
    before == after || laws(what).iter().any(|law| law.allows(before, after))
}

/// The transitions that a step stands for; of all others, none changes a state.
fn laws(what: &str) -> &'static [Transition] {
    use Transition::*;
    match what {
        "claims the job" => &[Claim],
        "takes the job over" => &[TakeOver, FailExhausted, CancelClaimed],
        "it is missed" => &[Miss],
        "a person cancels it" => &[Cancel],
        "a person retries it" => &[Retry],
        "a person says that it is live" | "a person says that it is not live" => &[Decide],
        "puts the job back" => &[GiveBack, CancelClaimed],
        "fails to ask for good" | "fails to prepare it for good" => &[Fail, CancelClaimed],
        "fails to prepare it" => &[Requeue, Fail, CancelClaimed],
        "records that nothing was sent"
        | "believes the refusal"
        | "records that it is not live" => &[Requeue, GiveBack, Fail, CancelClaimed],
        "records that it is live" => &[RecordLive, RecordLate],
        "gives up looking" => &[AskForReview],
        "a post that needs review is found live" | "takes a last look: it is live" => &[RecordLate],
        "a post that needs review is found not live" => &[Fail],
        _ => &[],
    }
}

fn end_of(state: &State) -> Option<usize> {
    match (state.post, state.outcome) {
        (PostStatus::Published, _) => Some(0),
        (PostStatus::Failed, Some(Outcome::NotPublished)) => Some(1),
        (PostStatus::Failed, _) => Some(2),
        (PostStatus::Cancelled, _) => Some(3),
        (PostStatus::Pending | PostStatus::Processing, _) => None,
    }
}

/// The property that a state breaks, if any. Where a correct reading may be wrong, what
/// is reported because of it is final only after the last look-up.
fn broken(rules: &Rules, state: &State) -> Option<&'static str> {
    let is_live = state.live > 0;
    let final_and_live = is_live && !(rules.may_err() && state.owes_look);
    let unknown = state.outcome == Some(Outcome::Unknown);
    let never_sent = !state.has_calls();
    let known = state.calls.contains(&Call::Ok);
    match state.post {
        _ if state.live > 1 => Some(DOUBLE),
        PostStatus::Published if !is_live => Some(NOT_LIVE),
        PostStatus::Failed if final_and_live && !unknown => Some(LIVE),
        PostStatus::Cancelled if final_and_live => Some(CANCELLED),
        PostStatus::Pending if state.is_open() => Some(OPEN),
        PostStatus::Pending if state.cancel_requested => Some(CANCEL_REQUEST_LOST),
        PostStatus::Failed if state.cancel_requested && never_sent => Some(CANCEL_REQUEST_LOST),
        PostStatus::Failed if unknown && !state.is_open() => Some(UNKNOWN),
        PostStatus::Pending | PostStatus::Processing | PostStatus::Failed if known => {
            Some(NOT_RECORDED)
        }
        _ => None,
    }
}

/// Whether a single healthy worker ends the post once all others are dead and
/// every call has arrived, or none has.
fn can_be_rescued(rules: &Rules, state: &State, known: &mut Map<bool>) -> bool {
    if state.has_ended() {
        return true;
    }
    let mut dead = *state;
    for worker in state.workers {
        rules.die(&mut dead, worker);
    }
    dead.workers = [IDLE; WORKERS];
    dead.crashes = 0;
    dead.lease_runs = false;
    let key = dead.pack();
    if let Some(answer) = known.get(&key) {
        return *answer;
    }
    let answer = [true, false].into_iter().all(|lands| comes_to_an_end(rules, dead, lands));
    known.insert(key, answer);
    answer
}

/// Ends the calls in transit, with or without effect, and then runs one worker.
fn comes_to_an_end(rules: &Rules, mut state: State, lands: bool) -> bool {
    rules.end_strays(&mut state, lands);
    let mut next = Vec::new();
    // Far more than any post takes.
    for _ in 0..60 {
        if state.has_ended() {
            // Whether this end is a good one is seen when it is reached.
            return true;
        }
        next.clear();
        rules.healthy_steps(&state, &mut next);
        match next.iter().max_by_key(|(by, _)| by.good) {
            Some((by, better)) if by.good > 0 => state = *better,
            _ => return false,
        }
    }
    false
}
