//! What is deleted at the platform, and the last look at what was reported as not
//! published.

use socialsched::domain::PostStatus;

use super::explore::HARM;
use super::platform::Seen;
use super::rules::Fault::ReadsNeverCatchUp;
use super::rules::Mutation::*;
use super::rules::{Rules, Steps};
use super::state::{At, IDLE, Kind, OBJECTS, Object, State, Worker, slot};
use super::steps::BY_A_LOOK;

impl Rules {
    /// What a claim may delete of what earlier calls named.
    pub fn unused(&self, s: &State) -> u8 {
        let spares = s.is_doubted() && !self.without(DeletesWhatIsDoubted);
        if self.kind != Kind::TwoStep || spares { 0 } else { s.named }
    }

    /// Before its own call, a worker deletes what earlier ones named and it will
    /// not. `true`: there is nothing more to delete.
    pub fn discard_unused(&self, steps: &mut Steps, i: usize) -> bool {
        let state = steps.from;
        let worker = state.workers[i];
        let unused = worker.notes & !(1 << slot(worker.object));
        if worker.object == 0 || unused == 0 {
            return true;
        }
        let bit = lowest(unused);
        let is_clear = self.read(state, usize::from(bit)) == Seen::NotLive;
        if is_clear || self.without(DeletesUnread) {
            steps.add(5, "reads what is no longer used: not live", |s| {
                s.workers[i] = Worker { at: At::Discards, notes: unused, ..worker };
            });
        }
        steps.add(4, "leaves what is no longer used", |s| {
            s.workers[i].notes = unused & !(1 << bit);
        });
        false
    }

    /// What may be deleted of an ended post.
    fn left(&self, s: &State) -> u8 {
        let spares = s.is_doubted() && !self.without(DeletesWhatIsDoubted);
        if self.kind != Kind::TwoStep || spares || s.object == 0 {
            return self.unused(s);
        }
        self.unused(s) | 1 << slot(s.object)
    }

    fn clean_at_once(&self, steps: &mut Steps) {
        let state = steps.from;
        let mut harms = false;
        steps.add(0, "takes a last look: it is not live, and clears it away", |s| {
            for object in 0..OBJECTS {
                let is_left = self.left(state) & 1 << object != 0;
                let is_clear = self.read(state, object) == Seen::NotLive;
                if is_left && (is_clear || self.without(DeletesUnread)) {
                    harms |= self.is_deleted(s, object);
                }
            }
            s.owes_look = false;
            s.object = 0;
        });
        steps.wrong(harms, HARM);
    }

    /// Takes up an ended post that was not published.
    pub fn look_for_the_last_time(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let is_time = !state.has_calls() || state.age >= self.late();
        if !state.owes_look || !(is_time || self.without(LooksAgainTooSoon)) {
            return;
        }
        if self.reads_any_live(state) && !self.without(DeletesUnread) {
            steps.add(0, "takes a last look: it is live", |s| {
                let fence = s.fence;
                s.workers[i] = Worker { at: At::KnowsLive, fence, notes: BY_A_LOOK, ..IDLE };
            });
        } else if self.retries == 0 {
            // Nothing can come in between: one step instead of several.
            self.clean_at_once(steps);
        } else {
            steps.add(0, "takes a last look: it is not live", |s| {
                let unused = self.left(s);
                let unmarked = self.without(DeletesBeforeItIsGivenUp);
                let at = if unmarked { At::Cleans } else { At::GivesUp };
                s.workers[i] = Worker { at, notes: unused, fence: s.fence, ..IDLE };
            });
        }
    }

    /// Whether an ended post is still as it was when its last look was taken.
    fn is_as_it_was(&self, s: &State, worker: Worker) -> bool {
        let fits = s.fence == worker.fence || self.without(OldLooksSettleNewOnes);
        fits && s.owes_look && matches!(s.post, PostStatus::Failed | PostStatus::Cancelled)
    }

    /// From here on no worker uses the leftover.
    pub fn gives_up(&self, steps: &mut Steps, i: usize) {
        steps.add(0, "gives up what is left", |s| {
            let worker = s.workers[i];
            if self.is_as_it_was(s, worker) {
                s.object = 0;
                s.workers[i].at = At::Cleans;
            } else {
                s.workers[i] = IDLE;
            }
        });
    }

    pub fn cleans(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        if worker.notes == 0 {
            steps.add(0, "records that nothing is left", |s| {
                s.workers[i] = IDLE;
                if self.is_as_it_was(s, worker) {
                    s.owes_look = false;
                    s.object = 0;
                }
            });
            return;
        }
        let bit = lowest(worker.notes);
        let is_clear = self.read(state, usize::from(bit)) == Seen::NotLive;
        if is_clear || self.without(DeletesUnread) {
            steps.add(0, "reads what is left: not live", |s| s.workers[i].at = At::Deletes);
        } else {
            steps.add(0, "reads what is left: not to be deleted", |s| {
                s.workers[i].notes &= !(1 << bit);
            });
        }
    }

    /// A worker deletes the first of its objects.
    pub fn delete(&self, steps: &mut Steps, i: usize, then: At) {
        let bit = lowest(steps.from.workers[i].notes);
        let mut harms = false;
        steps.add(5, "deletes it", |s| {
            s.workers[i].at = then;
            s.workers[i].notes &= !(1 << bit);
            harms = self.is_deleted(s, usize::from(bit));
        });
        steps.wrong(harms, HARM);
    }

    /// The platform deletes an object. `true`: it should not have been asked to.
    fn is_deleted(&self, s: &mut State, object: usize) -> bool {
        let is_live = matches!(s.objects[object], Object::Live | Object::Hidden);
        s.live -= u8::from(is_live).min(s.live);
        s.objects[object] = Object::Dead;
        // What readings never show cannot be spared, unless something else has shown it.
        is_live && (!self.has(ReadsNeverCatchUp) || s.contradicted)
    }
}

/// The first of some objects.
pub fn lowest(objects: u8) -> u8 {
    objects.trailing_zeros() as u8
}
