//! What a call's answer and readings prove: the look-up of open intents.

use socialsched::domain::Outcome;

use super::platform::Seen;
use super::rules::Fault::ReadsNeverCatchUp;
use super::rules::Mutation::*;
use super::rules::{Rules, Steps};
use super::state::{Age, At, Call, IDLE, Kind, Object, State, Worker, slot};
use super::steps::{BY_A_LOOK, Next, needs_review, newest_open, record_live, refuse_all};

/// After this many calls another one costs an attempt.
const CALLS_PER_OBJECT: usize = 3;

/// How an open call was answered.
const NOT_ANSWERED: u8 = 0;
const REFUSED: u8 = 1;
const DOUBTED: u8 = 2;

impl Rules {
    /// A refusal is written down, and then looked up.
    pub fn hear(&self, steps: &mut Steps, i: usize) {
        let worker = steps.from.workers[i];
        steps.add(7, "records what it was answered", |s| {
            let fence = usize::from(worker.fence);
            let repeats = s.calls[..fence].contains(&Call::NotLive);
            let contradicts = worker.at == At::KnowsSpent && repeats;
            let open = s.calls[fence] == Call::Open || self.without(GateAfterTheCall);
            let ours = self.is_ours(s, worker);
            if open {
                s.contradicted |= contradicts && self.has(ReadsNeverCatchUp);
                let doubts = contradicts && !self.without(ForgetsContradictions);
                s.calls[fence] = if doubts { Call::Doubted } else { Call::Heard };
                s.named |= 1 << slot(worker.object);
            }
            if open && ours {
                s.lease_runs = true;
                let notes = answer_of(s);
                s.workers[i] = Worker { at: At::ClaimedOpen, notes, ..worker };
            } else {
                s.workers[i] = IDLE;
            }
        });
    }

    /// Whether a reading that shows nothing live settles a call that was answered so.
    fn believes_not_live(&self, state: &State, answer: u8) -> bool {
        let at_least = |age| state.age >= age || self.without(BelievesNotLiveAtOnce);
        match answer {
            NOT_ANSWERED => at_least(Age::Over),
            DOUBTED => at_least(self.late()),
            _ => true,
        }
    }

    pub fn claimed_open(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let mut sees = |what, at| {
            steps.add(6, what, |s| {
                s.workers[i].at = at;
                if at == At::KnowsLive {
                    s.workers[i].notes = BY_A_LOOK;
                }
            });
        };
        match (self.kind, self.read(state, slot(worker.object))) {
            (Kind::OneStep, _) if state.live > 0 => sees("looks: it is listed", At::KnowsLive),
            (Kind::OneStep, _) => {}
            (_, Seen::Live) => sees("looks: it is live", At::KnowsLive),
            (_, Seen::NotLive) if self.believes_not_live(state, worker.notes) => {
                sees("looks: it is not live", At::SawNotLive);
            }
            (_, Seen::NotLive) => {}
            (_, Seen::Dead) => sees("looks: it is dead", At::SawDead),
        }
        // Lists lag behind.
        if self.without(ResendsWhatIsNotListed) && state.age >= Age::Over {
            sees("looks: it is not listed", At::SawNotLive);
        }
        steps.add(0, "looks in vain", |s| {
            s.workers[i] = IDLE;
            s.lease_runs |= self.is_ours(s, worker);
        });
        if state.age < Age::Over && !self.without(AsksAtOnce) {
            return;
        }
        // T8
        let good = if self.kind == Kind::OneStep { 2 } else { 0 };
        steps.add(good, "gives up looking", |s| {
            s.workers[i] = IDLE;
            if self.is_ours(s, worker) {
                let not_published = self.without(HoldSaysNotPublished);
                let outcome = if not_published { Outcome::NotPublished } else { Outcome::Unknown };
                self.end(s, outcome);
            }
        });
    }

    /// Looks up a post that needs review, from any process.
    pub fn look_up_in_review(&self, steps: &mut Steps) {
        let state = steps.from;
        debug_assert!(needs_review(state), "only those");
        let sighted = match self.kind {
            Kind::OneStep if state.live > 0 => Seen::Live,
            Kind::OneStep => return,
            Kind::TwoStep | Kind::Listed => self.read(state, slot(state.object)),
        };
        match sighted {
            Seen::Live => steps.add(0, "a post that needs review is found live", |s| {
                let fence = newest_open(s);
                record_live(s, fence);
            }),
            Seen::NotLive if !self.believes_not_live(state, answer_of(state)) => {}
            Seen::NotLive | Seen::Dead => {
                steps.add(0, "a post that needs review is found not live", |s| {
                    refuse_all(s, as_read(state, sighted));
                    s.outcome = Some(Outcome::NotPublished);
                    self.owe_look(s);
                })
            }
        }
    }

    /// Whether one more object can be made.
    fn has_room(&self, state: &State) -> bool {
        self.kind == Kind::TwoStep && state.objects.contains(&Object::None)
    }

    /// What may become of a job whose call was refused, and whether its staged objects
    /// are made again.
    pub fn after_refusal(&self, state: &State) -> &'static [(Next, bool)] {
        const ENDS: &[(Next, bool)] = &[
            (Next::Retry, true),
            (Next::Fail, false),
            (Next::GiveBack, false),
            (Next::Retry, false),
        ];
        if self.has_room(state) { ENDS } else { &ENDS[1..] }
    }

    /// A reading has settled what was open: a call without an answer may be
    /// made again at once; after a refusal it is as that asks for.
    pub fn settle_by_reading(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let is_dead = worker.at == At::SawDead;
        let is_refused = worker.notes != NOT_ANSWERED;
        let has_room = self.has_room(state);
        let calls = state.calls.iter().filter(|call| **call != Call::None).count();
        let too_often = calls >= CALLS_PER_OBJECT && has_room;
        let gives_up = too_often && self.without(GivesUpWithoutAnswer);
        let anew = gives_up || self.without(StagesAnewAfterNotLive);
        let ends: &[(Next, bool)] = match (is_dead, is_refused) {
            (true, _) => &[(Next::Retry, true)],
            (false, false) if anew => &[(Next::Retry, true)],
            (false, false) if too_often => &[(Next::Retry, false)],
            (false, false) => &[(Next::GiveBack, false)],
            (false, true) => self.after_refusal(state),
        };
        for (next, anew) in ends {
            steps.add(7, "records that it is not live", |s| {
                s.workers[i] = IDLE;
                if self.is_ours(s, worker) {
                    refuse_all(
                        s,
                        if is_dead || is_refused { Call::Refused } else { Call::NotLive },
                    );
                    if *anew {
                        s.object = 0;
                    }
                    self.leave(s, *next);
                }
            });
        }
    }
}

/// How the open call was answered, as far as the log knows.
pub fn answer_of(s: &State) -> u8 {
    match s.calls.iter().rev().find(|call| call.is_open()) {
        Some(Call::Heard) => REFUSED,
        Some(Call::Doubted) => DOUBTED,
        _ => NOT_ANSWERED,
    }
}

/// The log's entry after a reading of a post that needs review.
fn as_read(state: &State, seen: Seen) -> Call {
    if answer_of(state) != NOT_ANSWERED || seen == Seen::Dead {
        Call::Refused
    } else {
        Call::NotLive
    }
}
