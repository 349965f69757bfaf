//! What can happen next: the transitions of the store and the worker, and of
//! the world. T1, T9 and so on are the transitions in docs/protocol.md.

use socialsched::domain::{JobStatus, Outcome, PostStatus};

use super::explore::{AGAINST_CANCEL_REQUEST, NOT_RECORDED};
use super::look_up::answer_of;
use super::rules::Mutation::*;
use super::rules::{Fault, Rules, Steps, Taken};
use super::state::{Age, At, Call, IDLE, Kind, Object, State, WORKERS, Worker, slot};

/// A worker's note that it knows from a look, and not from an answer of its own.
pub const BY_A_LOOK: u8 = 1;

/// What becomes of a job that is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Retry,
    GiveBack,
    Fail,
}

impl Rules {
    /// Every step from a state, with the state it leads to.
    pub fn steps(&self, state: &State, out: &mut Vec<(Taken, State)>) {
        self.all_steps(state, self.fences, out);
    }

    /// The same without an end of fences: for a rescue.
    pub fn healthy_steps(&self, state: &State, out: &mut Vec<(Taken, State)>) {
        self.all_steps(state, u8::MAX, out);
    }

    fn all_steps(&self, state: &State, fences: u8, out: &mut Vec<(Taken, State)>) {
        let mut steps = Steps { from: state, fence: 0, out };
        self.world(&mut steps);
        self.platform(&mut steps);
        for i in 0..WORKERS {
            let worker = state.workers[i];
            if state.workers[..i].contains(&worker) {
                continue;
            }
            steps.fence = worker.fence;
            match worker.at {
                At::Idle => self.idle(&mut steps, i, fences),
                At::Claimed => self.claimed(&mut steps, i),
                At::ClaimedOpen => self.claimed_open(&mut steps, i),
                At::Ready => self.ready(&mut steps, i),
                At::Created => self.created(&mut steps, i),
                At::Discards => self.delete(&mut steps, i, At::Ready),
                At::Cleared => self.cleared(&mut steps, i),
                At::Sent => self.sent(&mut steps, i),
                At::GivesUp => self.gives_up(&mut steps, i),
                At::Cleans => self.cleans(&mut steps, i),
                At::Deletes => self.delete(&mut steps, i, At::Cleans),
                At::KnowsLive
                | At::KnowsUnsent
                | At::KnowsRefused
                | At::KnowsSpent
                | At::KnowsNothing
                | At::SawNotLive
                | At::SawDead => self.settle(&mut steps, i),
            }
            if worker.at != At::Idle && state.crashes < self.crashes {
                steps.add(0, "dies", |s| {
                    self.die(s, worker);
                    s.workers[i] = IDLE;
                    s.crashes += 1;
                });
            }
        }
    }

    /// Time, and people.
    fn world(&self, steps: &mut Steps) {
        let state = steps.from;
        if state.job == JobStatus::Processing && state.lease_runs {
            steps.add(1, "the lease ends", |s| s.lease_runs = false);
        }
        self.time(steps);
        if needs_review(state) && state.decisions < self.decisions {
            self.decide(steps);
        }
        if state.post == PostStatus::Pending && !state.is_open() {
            // T17
            steps.add(0, "it is missed", |s| self.end(s, Outcome::NotPublished));
        }
        if !state.cancel_asked && state.post == PostStatus::Pending && !state.is_open() {
            // T12
            steps.add(0, "a person cancels it", |s| {
                s.cancel_asked = true;
                self.cancel(s);
            });
        }
        if !state.cancel_asked && state.post == PostStatus::Processing {
            // T13
            steps.add(0, "a person requests a cancellation", |s| {
                s.cancel_asked = true;
                if self.without(CancelIgnoresTheWorker) {
                    self.cancel(s);
                } else {
                    s.cancel_requested = true;
                }
            });
        }
        let failed = state.post == PostStatus::Failed && !needs_review(state);
        if failed && state.retries < self.retries {
            steps.add(0, "a person retries it", |s| {
                s.retries += 1;
                reopen(s);
                if self.without(ForgetsAnchorsOnRetry) {
                    (s.object, s.named) = (0, 0);
                }
            });
        }
    }

    /// Calls and readings end.
    fn time(&self, steps: &mut Steps) {
        let state = steps.from;
        let hidden = state.objects.contains(&Object::Hidden);
        match state.age {
            Age::Fresh if state.has_calls() && !state.in_flight() => {
                if !hidden || self.lags_for_long() {
                    steps.add(3, "the call must be over", |s| s.age = Age::Over);
                }
            }
            Age::Over if self.late() == Age::Late => {
                if !hidden || self.has(Fault::ReadsNeverCatchUp) {
                    steps.add(2, "no reading lags now", |s| s.age = Age::Late);
                }
            }
            Age::Fresh | Age::Over | Age::Late => {}
        }
    }

    fn idle(&self, steps: &mut Steps, i: usize, fences: u8) {
        let state = steps.from;
        let may_claim = state.fence < fences;
        if may_claim && state.post == PostStatus::Pending && state.job == JobStatus::Pending {
            // T1
            steps.add(4, "claims the job", |s| {
                s.attempts += 1;
                s.post = PostStatus::Processing;
                s.job = JobStatus::Processing;
                self.own(s, i);
            });
        }
        if may_claim && state.job == JobStatus::Processing && !state.lease_runs {
            steps.add(4, "takes the job over", |s| self.take_over(s, i));
        }
        if needs_review(state) {
            self.look_up_in_review(steps);
        }
        self.look_for_the_last_time(steps, i);
    }

    /// T14: by a person who has looked, and reports what is visible.
    fn decide(&self, steps: &mut Steps) {
        if steps.from.live > 0 {
            steps.add(0, "a person says that it is live", |s| {
                s.decisions += 1;
                let fence = newest_open(s);
                record_live(s, fence);
            });
        } else {
            steps.add(0, "a person says that it is not live", |s| {
                s.decisions += 1;
                refuse_all(s, Call::Refused);
                if s.cancel_requested {
                    s.outcome = None;
                    self.cancel(s);
                } else {
                    reopen(s);
                }
            });
        }
    }

    /// T9, T10, T4c.
    fn take_over(&self, s: &mut State, i: usize) {
        if self.without(RecoversByAge) && !s.cancel_requested {
            s.post = PostStatus::Pending;
            s.job = JobStatus::Pending;
            return;
        }
        let open = s.is_open() && !self.without(TakeOverIgnoresOpenIntents);
        let spent = s.attempts >= self.attempts;
        if !open && s.cancel_requested {
            self.cancel(s);
        } else if spent && (!open || self.without(ExhaustionIgnoresOpenIntents)) {
            self.end(s, Outcome::NotPublished);
        } else {
            s.attempts += u8::from(!open);
            self.own(s, i);
        }
    }

    /// Makes the job that worker's, who then reads what was done so far.
    fn own(&self, s: &mut State, i: usize) {
        s.fence += 1;
        s.lease_runs = true;
        let open = s.is_open() && !self.without(TakeOverIgnoresOpenIntents);
        let asks = s.has_calls() && s.named != 0 && !self.without(RepeatsWithoutAReading);
        let at = match (open, asks) {
            (true, _) => At::ClaimedOpen,
            (false, true) => At::Claimed,
            (false, false) => At::Ready,
        };
        let notes = if open { answer_of(s) } else { self.unused(s) };
        s.workers[i] = Worker { at, fence: s.fence, object: s.object, notes };
    }

    pub fn is_ours(&self, s: &State, worker: Worker) -> bool {
        let fits = s.fence == worker.fence || self.without(NoFence);
        fits && s.job == JobStatus::Processing && s.post == PostStatus::Processing
    }

    /// Before another call, all earlier ones are asked about.
    fn claimed(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let good = if state.cancel_requested { 7 } else { 0 };
        self.put_back(steps, i, good, "puts the job back", Next::GiveBack); // T11
        self.put_back(steps, i, 0, "fails to ask for good", Next::Fail); // T7
        if state.age < Age::Over && !self.without(RepeatsOnAnEarlyReading) {
            return;
        }
        if self.reads_any_live(state) {
            steps.add(6, "asks about earlier calls: live", |s| {
                s.workers[i] = Worker { at: At::KnowsLive, notes: BY_A_LOOK, ..worker };
            });
        } else {
            steps.add(6, "asks about earlier calls: not live", |s| s.workers[i].at = At::Ready);
        }
    }

    fn ready(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let good = if state.cancel_requested { 7 } else { 0 };
        self.put_back(steps, i, good, "puts the job back", Next::GiveBack); // T11
        self.put_back(steps, i, 0, "fails to prepare it", Next::Retry); // T6
        self.put_back(steps, i, 1, "fails to prepare it for good", Next::Fail); // T7
        if self.kind == Kind::TwoStep && worker.object == 0 {
            if state.objects.contains(&Object::None) {
                steps.add(5, "makes an object", |s| s.workers[i].at = At::Created);
            }
        } else if self.discard_unused(steps, i) {
            self.gate(steps, i);
        }
    }

    fn put_back(&self, steps: &mut Steps, i: usize, good: u8, what: &'static str, next: Next) {
        let worker = steps.from.workers[i];
        steps.add(good, what, |s| {
            s.workers[i] = IDLE;
            if self.is_ours(s, worker) {
                self.leave(s, next);
            }
        });
    }

    /// T4.
    fn gate(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let open = state.is_open() && !self.without(OpenIntentsAreUnchecked);
        if !self.is_ours(state, worker) || !state.lease_runs || open {
            steps.add(0, "finds the gate shut", |s| s.workers[i] = IDLE);
        } else if !state.cancel_requested || self.without(GateIgnoresCancelRequest) {
            steps.add(6, "commits its intent", |s| {
                s.workers[i].at = At::Cleared;
                s.workers[i].notes = 0;
                s.age = Age::Fresh;
                if !self.without(GateAfterTheCall) {
                    self.note_call(s, worker, Call::Open);
                }
            });
            steps.wrong(state.cancel_requested, AGAINST_CANCEL_REQUEST);
        }
    }

    /// The log learns of a call.
    fn note_call(&self, s: &mut State, worker: Worker, call: Call) {
        s.calls[usize::from(worker.fence)] = call;
        s.named |= 1 << slot(worker.object);
        s.age = Age::Fresh;
    }

    /// T3.
    fn created(&self, steps: &mut Steps, i: usize) {
        steps.add(5, "records the object", |s| {
            let free = s.objects.iter().position(|object| *object == Object::None);
            match free {
                Some(free) if self.is_ours(s, s.workers[i]) => {
                    s.objects[free] = Object::Invisible;
                    s.object = free as u8 + 1;
                    s.workers[i] = Worker { at: At::Ready, object: s.object, ..s.workers[i] };
                }
                // It will never be shown.
                _ => s.workers[i] = IDLE,
            }
        });
    }

    fn cleared(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let fence = usize::from(state.workers[i].fence);
        let is_newest = state.calls[fence + 1..].iter().all(|call| *call == Call::None);
        if (is_newest && state.age == Age::Fresh) || self.without(ClearanceNeverEnds) {
            steps.add(5, "sends the call", |s| s.workers[i].at = At::Sent);
        } else {
            steps.add(5, "is too late to send", |s| s.workers[i].at = At::KnowsUnsent);
        }
    }

    /// The worker's evidence is recorded in the database.
    fn settle(&self, steps: &mut Steps, i: usize) {
        let worker = steps.from.workers[i];
        let is_refused = matches!(worker.at, At::KnowsRefused | At::KnowsSpent);
        let believes = self.kind == Kind::OneStep || self.without(BelievesRefusals);
        match worker.at {
            At::KnowsLive => {
                // T5, T5L
                steps.add(7, "records that it is live", |s| {
                    s.workers[i] = IDLE;
                    let looked = worker.notes == BY_A_LOOK;
                    let anothers = s.job == JobStatus::Processing && !self.is_ours(s, worker);
                    if looked && anothers && self.without(LookUpNeedsTheJob) {
                        s.fence += 1;
                        self.note_call(s, Worker { fence: s.fence, ..worker }, Call::Open);
                        self.end(s, Outcome::Unknown);
                    } else if !self.without(EvidenceIsFenced) || self.is_ours(s, worker) {
                        record_live(s, if looked { newest_call(s) } else { worker.fence });
                    }
                });
                let recorded = |(_, s): &(Taken, State)| s.post == PostStatus::Published;
                let lost = !steps.out.last().is_some_and(recorded);
                steps.wrong(lost, NOT_RECORDED);
            }
            At::KnowsNothing if !self.without(SilenceIsARefusal) => {
                steps.add(7, "records that it is unknown", |s| {
                    s.workers[i] = IDLE;
                    if self.without(GateAfterTheCall) {
                        self.note_call(s, worker, Call::Open);
                    }
                    s.lease_runs |= self.is_ours(s, worker);
                });
            }
            At::KnowsUnsent => {
                for next in [Next::Retry, Next::GiveBack] {
                    steps.add(7, "records that nothing was sent", |s| {
                        s.workers[i] = IDLE;
                        if self.is_ours(s, worker) {
                            s.calls[usize::from(worker.fence)] = Call::None;
                            self.leave(s, next);
                        }
                    });
                }
            }
            _ if is_refused && !believes => self.hear(steps, i),
            At::KnowsNothing | At::KnowsRefused | At::KnowsSpent => {
                for (next, anew) in self.after_refusal(steps.from) {
                    steps.add(7, "believes the refusal", |s| {
                        s.workers[i] = IDLE;
                        if self.is_ours(s, worker) {
                            s.calls[usize::from(worker.fence)] = Call::Refused;
                            if *anew {
                                s.object = 0;
                            }
                            self.leave(s, *next);
                        }
                    });
                }
            }
            _ => self.settle_by_reading(steps, i),
        }
    }

    /// T6, T7, T4c, T11.
    pub fn leave(&self, s: &mut State, next: Next) {
        if s.is_open() && !self.without(OpenIntentsAreUnchecked) {
            // An error of the store: the job stays as it is.
        } else if s.cancel_requested && !self.without(PutBackIgnoresCancelRequest) {
            self.cancel(s);
        } else if next == Next::Fail || (next == Next::Retry && s.attempts >= self.attempts) {
            self.end(s, Outcome::NotPublished);
        } else {
            s.attempts = s.attempts.saturating_sub(u8::from(next == Next::GiveBack));
            s.post = PostStatus::Pending;
            s.job = JobStatus::Pending;
            s.lease_runs = false;
        }
    }

    pub fn cancel(&self, s: &mut State) {
        s.post = PostStatus::Cancelled;
        s.job = JobStatus::Done;
        s.lease_runs = false;
        self.owe_look(s);
    }

    pub fn end(&self, s: &mut State, outcome: Outcome) {
        s.post = PostStatus::Failed;
        s.job = JobStatus::Failed;
        s.outcome = Some(outcome);
        s.lease_runs = false;
        if outcome == Outcome::NotPublished {
            self.owe_look(s);
        }
    }

    /// Where there is anything to be asked, or left, one more look is taken.
    pub fn owe_look(&self, s: &mut State) {
        let asks = self.kind != Kind::OneStep && (s.has_calls() || s.object != 0);
        s.owes_look = asks && !self.without(NeverLooksAgain);
    }
}

/// From every state, and from any worker.
pub fn record_live(s: &mut State, fence: u8) {
    s.calls[usize::from(fence)] = Call::Ok;
    if s.post != PostStatus::Published {
        s.fence += u8::from(s.fence != fence);
        s.post = PostStatus::Published;
        s.job = JobStatus::Done;
        s.outcome = Some(Outcome::Published);
        s.lease_runs = false;
        s.owes_look = false;
    }
}

/// What is open made nothing live.
pub fn refuse_all(s: &mut State, as_it_is: Call) {
    for call in s.calls.iter_mut().filter(|call| call.is_open()) {
        *call = if call.is_doubted() { Call::WasDoubted } else { as_it_is };
    }
}

/// Back into the queue, with all its attempts.
fn reopen(s: &mut State) {
    s.post = PostStatus::Pending;
    s.job = JobStatus::Pending;
    s.outcome = None;
    s.attempts = 0;
    s.cancel_requested = false;
    s.owes_look = false;
}

/// Whether it needs a person's decision.
pub fn needs_review(s: &State) -> bool {
    s.post == PostStatus::Failed && s.outcome == Some(Outcome::Unknown)
}

/// The fence of the newest open intent.
pub fn newest_open(s: &State) -> u8 {
    let open = s.calls.iter().rposition(|call| call.is_open());
    open.map_or(s.fence, |fence| fence as u8)
}

/// The fence of the newest call of all.
pub fn newest_call(s: &State) -> u8 {
    let call = s.calls.iter().rposition(|call| *call != Call::None);
    call.map_or(s.fence, |fence| fence as u8)
}
