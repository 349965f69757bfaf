//! What can happen next: the transitions of the store and the worker, the
//! platform, and the world. Names in capitals (T1, T9 …) are those that the
//! documentation of the store uses.

use std::fmt;

use socialsched::domain::{JobStatus, LogEvent, Outcome, PostStatus};

use super::explore::{AGAINST_A_WISH, NOT_RECORDED};
use super::state::{At, FENCES, IDLE, Kind, OBJECTS, Object, State, WORKERS, Worker};

/// A rule of the protocol that is left out, or a promise of the platform that
/// is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Writes are let in without the fence.
    NoFence,
    /// Evidence needs the fence, like any other write.
    EvidenceIsFenced,
    /// The intent is committed after the call, together with its answer.
    GateAfterTheCall,
    /// The gate does not look for a wish to cancel.
    GateIgnoresWishes,
    /// Gates and settling calls do not look for open intents.
    NobodyChecksOpenIntents,
    /// Taking over does not look for open intents.
    TakeOverIgnoresOpenIntents,
    /// Only the end of used-up attempts does not look for open intents.
    ExhaustionIgnoresOpenIntents,
    /// A job whose lease is over goes back to the queue as it is.
    RecoversByAge,
    /// The clearance to send has no end.
    ClearanceNeverEnds,
    /// "Not live" is believed at once.
    BelievesNotLiveAtOnce,
    /// A person is asked while the call may still be under way.
    AsksAtOnce,
    /// Of a one-step platform: what is not listed is sent again.
    ResendsWhatIsNotListed,
    /// After "not live" a new object is staged.
    StagesAnewAfterNotLive,
    /// No answer is taken for a refusal.
    SilenceIsARefusal,
    /// What cannot be found out is called not published.
    HoldSaysNotPublished,
    /// A cancellation takes effect although a worker has the job.
    CancelIgnoresTheWorker,
    /// What a claim is put back with does not honour a wish to cancel.
    PutBackIgnoresWishes,
    /// The platform refuses calls that took effect, in words that are believed.
    RefusalsLie,
    /// Publishing one object twice makes two posts.
    SecondCallMakesSecondPost,
}

use Mutation::*;

/// What is explored.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub kind: Kind,
    /// At most so many workers die.
    pub crashes: u8,
    /// `max_attempts` of the post.
    pub attempts: u8,
    /// A person decides at most so often about a held post.
    pub verdicts: u8,
    pub mutations: &'static [Mutation],
}

/// A step, for a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Fence of the worker that took it; 0: nobody's.
    pub fence: u8,
    pub what: &'static str,
    /// What is wrong with the step itself.
    pub wrong: Option<&'static str>,
    /// How far it helps a healthy worker on; 0: it does not.
    pub good: u8,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fence {
            0 => f.write_str(self.what),
            fence => write!(f, "fence {fence}: {}", self.what),
        }
    }
}

/// What becomes of a job that is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Retry,
    GiveBack,
    Fail,
}

/// Collects the steps from one state.
struct Steps<'a> {
    from: &'a State,
    fence: u8,
    out: &'a mut Vec<(Taken, State)>,
}

impl Steps<'_> {
    fn add(&mut self, good: u8, what: &'static str, change: impl FnOnce(&mut State)) {
        let mut state = *self.from;
        change(&mut state);
        self.out.push((Taken { fence: self.fence, what, wrong: None, good }, state));
    }

    /// Says what is wrong with the step that was added last.
    fn wrong(&mut self, is_wrong: bool, property: &'static str) {
        if let (true, Some((taken, _))) = (is_wrong, self.out.last_mut()) {
            taken.wrong = Some(property);
        }
    }
}

impl Rules {
    /// Every step from a state, with the state it leads to.
    pub fn steps(&self, state: &State, out: &mut Vec<(Taken, State)>) {
        self.all_steps(state, FENCES, out);
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
                At::Created => self.created(&mut steps, i),
                At::Cleared => self.cleared(&mut steps, i),
                At::Sent => self.sent(&mut steps, i),
                At::KnowsLive
                | At::KnowsRefused
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

    fn without(&self, mutation: Mutation) -> bool {
        self.mutations.contains(&mutation)
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

    /// Time, and people.
    fn world(&self, steps: &mut Steps) {
        let state = steps.from;
        if state.job == JobStatus::Processing && state.lease_runs {
            steps.add(1, "the lease ends", |s| s.lease_runs = false);
        }
        if state.is_open() && !state.aged && !state.in_flight() {
            steps.add(3, "the call must be over", |s| s.aged = true);
        }
        if is_held(state) && state.verdicts < self.verdicts {
            self.judge(steps);
        }
        if state.post == PostStatus::Pending && !state.is_open() {
            // T17
            steps.add(0, "it is missed", |s| end(s, JobStatus::Failed, Outcome::NotPublished));
        }
        if !state.cancel_asked && state.post == PostStatus::Pending && !state.is_open() {
            // T12
            steps.add(0, "somebody cancels it", |s| {
                s.cancel_asked = true;
                cancel(s);
            });
        }
        if !state.cancel_asked && state.post == PostStatus::Processing {
            // T13
            steps.add(0, "somebody asks to cancel it", |s| {
                s.cancel_asked = true;
                if self.without(CancelIgnoresTheWorker) {
                    cancel(s);
                } else {
                    s.cancel_wished = true;
                }
            });
        }
    }

    fn platform(&self, steps: &mut Steps) {
        let state = steps.from;
        for i in 0..OBJECTS {
            if state.strays[i] > 0 {
                steps.add(0, "a late call takes effect", |s| {
                    s.strays[i] -= 1;
                    self.take_effect(s, i);
                });
                steps.add(0, "a late call is lost", |s| s.strays[i] -= 1);
            }
        }
        if state.objects[0] == Object::Invisible {
            steps.add(0, "the object expires", |s| s.objects[0] = Object::Dead);
        }
    }

    fn take_effect(&self, s: &mut State, i: usize) {
        match (self.kind, s.objects[i]) {
            (Kind::OneStep, _) => s.live = (s.live + 1).min(3),
            (Kind::TwoStep, Object::Invisible) => {
                s.objects[i] = Object::Live;
                s.live = (s.live + 1).min(3);
            }
            (Kind::TwoStep, Object::Live) if self.without(SecondCallMakesSecondPost) => {
                s.live = (s.live + 1).min(3);
            }
            (Kind::TwoStep, Object::Live | Object::Dead | Object::None) => {}
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
        if is_held(state) {
            self.look_at_held(steps);
        }
    }

    /// T14: by a person who has looked, and tells what is to be seen.
    fn judge(&self, steps: &mut Steps) {
        if steps.from.live > 0 {
            steps.add(0, "a person says that it is live", |s| {
                s.verdicts += 1;
                let fence = newest_open(s);
                record_live(s, fence);
            });
        } else {
            steps.add(0, "a person says that it is not live", |s| {
                s.verdicts += 1;
                refuse_all(s);
                s.outcome = None;
                if s.cancel_wished {
                    cancel(s);
                } else {
                    s.attempts = 0;
                    s.post = PostStatus::Pending;
                    s.job = JobStatus::Pending;
                }
            });
        }
    }

    /// T9, T10, T4c.
    fn take_over(&self, s: &mut State, i: usize) {
        if self.without(RecoversByAge) && !s.cancel_wished {
            s.post = PostStatus::Pending;
            s.job = JobStatus::Pending;
            return;
        }
        let open = s.is_open() && !self.without(TakeOverIgnoresOpenIntents);
        let spent = s.attempts >= self.attempts;
        if !open && s.cancel_wished {
            cancel(s);
        } else if spent && (!open || self.without(ExhaustionIgnoresOpenIntents)) {
            end(s, JobStatus::Failed, Outcome::NotPublished);
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
        let at = if open { At::ClaimedOpen } else { At::Claimed };
        s.workers[i] = Worker { at, fence: s.fence, object: s.object };
    }

    fn look_at_held(&self, steps: &mut Steps) {
        let state = steps.from;
        let sighted = match self.kind {
            Kind::TwoStep => state.objects[slot(state.object)],
            Kind::OneStep if state.live > 0 => Object::Live,
            Kind::OneStep => return,
        };
        match sighted {
            Object::Live => steps.add(0, "a held post is found live", |s| {
                let fence = newest_open(s);
                record_live(s, fence);
            }),
            Object::Invisible if !state.aged => {}
            Object::Invisible | Object::Dead | Object::None => {
                steps.add(0, "a held post is found not live", |s| {
                    refuse_all(s);
                    s.outcome = Some(Outcome::NotPublished);
                });
            }
        }
    }

    fn is_ours(&self, s: &State, worker: Worker) -> bool {
        let fits = s.fence == worker.fence || self.without(NoFence);
        fits && s.job == JobStatus::Processing && s.post == PostStatus::Processing
    }

    fn claimed(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let good = if state.cancel_wished { 7 } else { 0 };
        for (good, what, next) in [
            (good, "puts the job back", Next::GiveBack),     // T11
            (0, "fails to prepare it", Next::Retry),         // T6
            (0, "fails to prepare it for good", Next::Fail), // T7
        ] {
            steps.add(good, what, |s| {
                s.workers[i] = IDLE;
                if self.is_ours(s, worker) {
                    self.leave(s, next);
                }
            });
        }
        if self.kind == Kind::TwoStep && worker.object == 0 {
            if state.objects.contains(&Object::None) {
                steps.add(5, "makes an object", |s| s.workers[i].at = At::Created);
            }
        } else {
            self.gate(steps, i);
        }
    }

    /// T4.
    fn gate(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let open = state.is_open() && !self.without(NobodyChecksOpenIntents);
        if !self.is_ours(state, worker) || !state.lease_runs || open {
            steps.add(0, "finds the gate shut", |s| s.workers[i] = IDLE);
        } else if !state.cancel_wished || self.without(GateIgnoresWishes) {
            steps.add(6, "commits its intent", |s| {
                s.workers[i].at = At::Cleared;
                if !self.without(GateAfterTheCall) {
                    s.calls[usize::from(worker.fence)] = Some(LogEvent::Intent);
                    s.aged = false;
                }
            });
            steps.wrong(state.cancel_wished, AGAINST_A_WISH);
        }
    }

    /// T3.
    fn created(&self, steps: &mut Steps, i: usize) {
        steps.add(5, "records the object", |s| {
            let free = s.objects.iter().position(|object| *object == Object::None);
            match free {
                Some(free) if self.is_ours(s, s.workers[i]) => {
                    s.objects[free] = Object::Invisible;
                    s.object = free as u8 + 1;
                    s.workers[i] = Worker { at: At::Claimed, object: s.object, ..s.workers[i] };
                }
                // Nobody will ever show it.
                _ => s.workers[i] = IDLE,
            }
        });
    }

    fn cleared(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let fence = usize::from(state.workers[i].fence);
        let is_newest = state.calls[fence + 1..].iter().all(Option::is_none);
        if (is_newest && !state.aged) || self.without(ClearanceNeverEnds) {
            steps.add(5, "sends the call", |s| s.workers[i].at = At::Sent);
        } else {
            steps.add(5, "is too late to send", |s| s.workers[i].at = At::KnowsRefused);
        }
    }

    /// The call takes effect or not; the answer says so, or something else.
    fn sent(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let object = slot(state.workers[i].object);
        let can_land = self.kind == Kind::OneStep || state.objects[object] != Object::Dead;
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
            if self.without(RefusalsLie) {
                steps.add(0, "published, but is told that it was refused", |s| {
                    self.take_effect(s, object);
                    s.workers[i].at = At::KnowsRefused;
                });
            }
        }
        steps.add(0, "the call is lost", |s| s.workers[i].at = At::KnowsNothing);
        steps.add(0, "is refused", |s| s.workers[i].at = At::KnowsRefused);
    }

    fn claimed_open(&self, steps: &mut Steps, i: usize) {
        let state = steps.from;
        let worker = state.workers[i];
        let mut sees = |what, at| {
            steps.add(6, what, |s| {
                s.workers[i].at = at;
                if at == At::KnowsLive {
                    s.workers[i].fence = newest_open(s);
                }
            });
        };
        match self.kind {
            Kind::TwoStep => match state.objects[slot(worker.object)] {
                Object::Live => sees("looks: it is live", At::KnowsLive),
                Object::Invisible if state.aged || self.without(BelievesNotLiveAtOnce) => {
                    sees("looks: it is not live", At::SawNotLive);
                }
                Object::Invisible => {}
                Object::Dead | Object::None => sees("looks: it is dead", At::SawDead),
            },
            Kind::OneStep => {
                if state.live > 0 {
                    sees("looks: it is listed", At::KnowsLive);
                }
                // Lists lag behind.
                if self.without(ResendsWhatIsNotListed) && state.aged {
                    sees("looks: it is not listed", At::SawNotLive);
                }
            }
        }
        steps.add(0, "looks in vain", |s| {
            s.workers[i] = IDLE;
            s.lease_runs |= self.is_ours(s, worker);
        });
        if !state.aged && !self.without(AsksAtOnce) {
            return;
        }
        // T8
        let good = if self.kind == Kind::OneStep { 2 } else { 0 };
        steps.add(good, "gives up looking", |s| {
            s.workers[i] = IDLE;
            if self.is_ours(s, worker) {
                let not_published = self.without(HoldSaysNotPublished);
                let outcome = if not_published { Outcome::NotPublished } else { Outcome::Unknown };
                end(s, JobStatus::Failed, outcome);
            }
        });
    }

    /// What a worker learnt goes into the database.
    fn settle(&self, steps: &mut Steps, i: usize) {
        let worker = steps.from.workers[i];
        match worker.at {
            At::KnowsLive => {
                // T5, T5L
                steps.add(7, "records that it is live", |s| {
                    s.workers[i] = IDLE;
                    if !self.without(EvidenceIsFenced) || self.is_ours(s, worker) {
                        record_live(s, worker.fence);
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
                        s.calls[usize::from(worker.fence)] = Some(LogEvent::Intent);
                    }
                    s.lease_runs |= self.is_ours(s, worker);
                });
            }
            At::KnowsNothing | At::KnowsRefused => {
                for next in [Next::Retry, Next::GiveBack, Next::Fail] {
                    steps.add(7, "records the refusal", |s| {
                        s.workers[i] = IDLE;
                        if self.is_ours(s, worker) {
                            s.calls[usize::from(worker.fence)] = Some(LogEvent::Refused);
                            self.leave(s, next);
                        }
                    });
                }
            }
            _ => steps.add(7, "records that it is not live", |s| {
                s.workers[i] = IDLE;
                if self.is_ours(s, worker) {
                    refuse_all(s);
                    if worker.at == At::SawDead || self.without(StagesAnewAfterNotLive) {
                        s.object = 0;
                    }
                    self.leave(s, Next::Retry);
                }
            }),
        }
    }

    /// T6, T7, T4c, T11.
    fn leave(&self, s: &mut State, next: Next) {
        if s.is_open() && !self.without(NobodyChecksOpenIntents) {
            // An error of the store: the job stays as it is.
        } else if s.cancel_wished && !self.without(PutBackIgnoresWishes) {
            cancel(s);
        } else if next == Next::Fail || (next == Next::Retry && s.attempts >= self.attempts) {
            end(s, JobStatus::Failed, Outcome::NotPublished);
        } else {
            s.attempts -= u8::from(next == Next::GiveBack);
            s.post = PostStatus::Pending;
            s.job = JobStatus::Pending;
            s.lease_runs = false;
        }
    }
}

/// Whatever the state and whoever knows it.
fn record_live(s: &mut State, fence: u8) {
    s.calls[usize::from(fence)] = Some(LogEvent::Ok);
    if s.post != PostStatus::Published {
        s.fence += u8::from(s.fence != fence);
        s.post = PostStatus::Published;
        s.job = JobStatus::Done;
        s.outcome = Some(Outcome::Published);
        s.lease_runs = false;
    }
}

fn refuse_all(s: &mut State) {
    for call in s.calls.iter_mut().filter(|call| **call == Some(LogEvent::Intent)) {
        *call = Some(LogEvent::Refused);
    }
}

/// Whether it waits for a person's word.
fn is_held(s: &State) -> bool {
    s.post == PostStatus::Failed && s.outcome == Some(Outcome::Unknown)
}

/// The fence of the newest open intent.
fn newest_open(s: &State) -> u8 {
    let open = s.calls.iter().rposition(|call| *call == Some(LogEvent::Intent));
    open.map_or(s.fence, |fence| fence as u8)
}

fn cancel(s: &mut State) {
    s.post = PostStatus::Cancelled;
    s.job = JobStatus::Done;
    s.lease_runs = false;
}

fn end(s: &mut State, job: JobStatus, outcome: Outcome) {
    s.post = PostStatus::Failed;
    s.job = job;
    s.outcome = Some(outcome);
    s.lease_runs = false;
}

/// Where the platform keeps an object; a one-step platform's calls share one place.
fn slot(object: u8) -> usize {
    usize::from(object.max(1)) - 1
}
