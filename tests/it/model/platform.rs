//! What the platform does, shows and answers.

use super::rules::Fault::*;
use super::rules::Mutation::SecondCallMakesSecondPost;
use super::rules::{Rules, Steps};
use super::state::{At, Call, Kind, OBJECTS, Object, State, Worker, slot};

/// What one reading shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Live,
    NotLive,
    Dead,
}

impl Rules {
    pub fn platform(&self, steps: &mut Steps) {
        let state = steps.from;
        for i in 0..OBJECTS {
            if state.strays[i] > 0 {
                steps.add(0, "a late call takes effect", |s| {
                    s.strays[i] -= 1;
                    self.take_effect(s, i);
                });
                steps.add(0, "a late call is lost", |s| s.strays[i] -= 1);
            }
            if state.objects[i] == Object::Hidden && !self.has(ReadsNeverCatchUp) {
                steps.add(3, "readings show it", |s| s.objects[i] = Object::Live);
            }
        }
        if self.kind == Kind::TwoStep && state.objects[0] == Object::Invisible {
            steps.add(0, "the object expires", |s| s.objects[0] = Object::Dead);
        }
    }

    pub fn take_effect(&self, s: &mut State, i: usize) {
        let appears = match (self.kind, s.objects[i]) {
            (Kind::OneStep | Kind::Listed, _) | (Kind::TwoStep, Object::Invisible) => true,
            (Kind::TwoStep, Object::Live | Object::Hidden) => {
                self.without(SecondCallMakesSecondPost)
            }
            (Kind::TwoStep, Object::Dead | Object::None) => false,
        };
        if appears {
            s.live = (s.live + 1).min(3);
            if s.objects[i] != Object::Live {
                s.objects[i] = if self.lags() { Object::Hidden } else { Object::Live };
            }
        }
    }

    /// A worker's call outlives it.
    pub fn die(&self, state: &mut State, worker: Worker) {
        if worker.at == At::Sent {
            let stray = &mut state.strays[slot(worker.object)];
            *stray = (*stray + 1).min(3);
        }
    }

    /// All calls without a worker take effect, or none does.
    pub fn end_strays(&self, state: &mut State, land: bool) {
        for i in 0..OBJECTS {
            for _ in 0..std::mem::take(&mut state.strays[i]) {
                if land {
                    self.take_effect(state, i);
                }
            }
        }
    }

    /// The call takes effect or not; the answer says so, or something else.
    pub fn sent(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let object = slot(state.workers[i].object);
        let is_live = matches!(state.objects[object], Object::Live | Object::Hidden);
        let can_land = self.kind != Kind::TwoStep || state.objects[object] != Object::Dead;
        if can_land {
            steps.add(6, "is answered: published", |s| {
                self.take_effect(s, object);
                s.workers[i].at = At::KnowsLive;
            });
            steps.add(0, "published, but the answer is lost", |s| {
                self.take_effect(s, object);
                s.workers[i].at = At::KnowsNothing;
            });
            steps.add(0, "waits in vain, the call is still on its way", |s| {
                self.die(s, s.workers[i]);
                s.workers[i].at = At::KnowsNothing;
            });
            if self.has(RefusalsLie) {
                steps.add(0, "published, but answered as refused", |s| {
                    self.take_effect(s, object);
                    s.workers[i].at = At::KnowsRefused;
                });
            }
            if self.has(RefusalsComeFirst) {
                steps.add(0, "is refused, and the call is still on its way", |s| {
                    self.die(s, s.workers[i]);
                    s.workers[i].at = At::KnowsRefused;
                });
            }
            if self.has(CallsArriveTwice) && !state.came_twice {
                steps.add(0, "the call arrives twice", |s| {
                    self.die(s, s.workers[i]);
                    s.came_twice = true;
                });
            }
        }
        steps.add(0, "the call is lost", |s| s.workers[i].at = At::KnowsNothing);
        if !(is_live && self.lags_for_long()) {
            let good = if can_land { 0 } else { 6 };
            steps.add(good, "is refused", |s| s.workers[i].at = At::KnowsRefused);
        }
        // Before that it is a refusal like any other.
        if self.kind == Kind::TwoStep && state.calls.contains(&Call::NotLive) {
            steps.add(0, "is refused as published before", |s| s.workers[i].at = At::KnowsSpent);
        }
    }

    /// What a reading shows of an object; of the list's first line, for the others.
    pub fn read(&self, state: &State, i: usize) -> Seen {
        match (self.kind, state.objects[i]) {
            (_, Object::Live) => Seen::Live,
            (_, Object::Invisible | Object::Hidden) => Seen::NotLive,
            (Kind::TwoStep, Object::Dead | Object::None) => Seen::Dead,
            (Kind::OneStep | Kind::Listed, Object::Dead | Object::None) => Seen::NotLive,
        }
    }

    /// Whether a reading shows any object live that a call has named, where look-ups are
    /// possible.
    pub fn reads_any_live(&self, state: &State) -> bool {
        let is_live = |i: usize| state.named & 1 << i != 0 && self.read(state, i) == Seen::Live;
        self.kind != Kind::OneStep && (0..OBJECTS).any(is_live)
    }
}
