//! What is explored: the rules, those left out, what the world does wrong.

use std::fmt;

use super::state::{Age, Kind, State};

/// A rule of the protocol that is left out, or a promise of the platform that
/// is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Writes are accepted without the fence.
    NoFence,
    /// Evidence needs the fence, like any other write.
    EvidenceIsFenced,
    /// The intent is committed after the call, together with its answer.
    GateAfterTheCall,
    /// The gate does not check for a cancel request.
    GateIgnoresCancelRequest,
    /// Gates and settling calls do not look for open intents.
    OpenIntentsAreUnchecked,
    /// Taking over does not look for open intents.
    TakeOverIgnoresOpenIntents,
    /// Only the end of used-up attempts does not look for open intents.
    ExhaustionIgnoresOpenIntents,
    /// A job whose lease is over is requeued without a look-up.
    RecoversByAge,
    /// The clearance to send has no end.
    ClearanceNeverEnds,
    /// "Not live" is believed at once, also of a call without an answer.
    BelievesNotLiveAtOnce,
    /// A person decides while the call may still be under way.
    AsksAtOnce,
    /// Of a one-step platform: what is not listed is sent again.
    ResendsWhatIsNotListed,
    /// After "not live" a new object is staged.
    StagesAnewAfterNotLive,
    /// No answer is taken for a refusal.
    SilenceIsARefusal,
    /// A refusal is taken for the truth, without a reading.
    BelievesRefusals,
    /// What cannot be found out is called not published.
    HoldSaysNotPublished,
    /// A cancellation takes effect although a worker has the job.
    CancelIgnoresTheWorker,
    /// Requeueing a claim ignores a cancel request.
    PutBackIgnoresCancelRequest,
    /// Nothing is asked about earlier calls before another one is made.
    RepeatsWithoutAReading,
    /// Earlier calls are asked about while they may still show themselves.
    RepeatsOnAnEarlyReading,
    /// A post that is tried again forgets what its calls named.
    ForgetsAnchorsOnRetry,
    /// That a refusal contradicts a reading is forgotten.
    ForgetsContradictions,
    /// What was reported as not published is not looked at once more.
    NeverLooksAgain,
    /// The last look is taken while the call may still show itself.
    LooksAgainTooSoon,
    /// What is left at the platform is deleted unread.
    DeletesUnread,
    /// Deletes an object before it is recorded that it is no longer used.
    DeletesBeforeItIsGivenUp,
    /// A last look settles whatever became of the post since.
    OldLooksSettleNewOnes,
    /// A worker that saw a post live, but has lost its job to another one, leaves the
    /// post as unknown.
    LookUpNeedsTheJob,
    /// An object is given up after three calls although the last one had no answer.
    GivesUpWithoutAnswer,
    /// What was contradicted is deleted like anything else.
    DeletesWhatIsDoubted,
    /// Publishing one object twice makes two posts.
    SecondCallMakesSecondPost,
}

/// What the platform, its readings and the network do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Calls are refused that took effect.
    RefusalsLie,
    /// Calls are refused that take effect later.
    RefusalsComeFirst,
    /// Readings show a call's effect late, but when the call must be over.
    ReadsLag,
    /// Readings show it later still, but before a contradiction is settled.
    /// A call for what is live says so.
    ReadsLagForLong,
    /// Readings never show it.
    ReadsNeverCatchUp,
    /// One call arrives twice, and either answer may come back.
    CallsArriveTwice,
}

/// What is explored.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub kind: Kind,
    /// Maximum number of workers that die.
    pub crashes: u8,
    /// `max_attempts` of the post.
    pub attempts: u8,
    /// Maximum number of times that the job changes its owner; after that it is only
    /// rescued.
    pub fences: u8,
    /// Maximum number of decisions about a post that needs review.
    pub decisions: u8,
    /// Maximum number of retries of a post that is reported as not published.
    pub retries: u8,
    pub faults: &'static [Fault],
    pub mutations: &'static [Mutation],
}

impl Rules {
    pub fn without(&self, mutation: Mutation) -> bool {
        self.mutations.contains(&mutation)
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Whether readings lag behind, however long.
    pub fn lags(&self) -> bool {
        self.has(Fault::ReadsLag) || self.lags_for_long()
    }

    pub fn lags_for_long(&self) -> bool {
        self.has(Fault::ReadsLagForLong) || self.has(Fault::ReadsNeverCatchUp)
    }

    /// Whether a single correct reading may be wrong: what is reported because of it is
    /// not final before the last look-up.
    pub fn may_err(&self) -> bool {
        self.lags() || self.has(Fault::RefusalsComeFirst)
    }

    /// The age at which whatever was contradicted is settled, and at which the
    /// last look is taken. Where nothing lags for long, no time passes that matters.
    pub fn late(&self) -> Age {
        if self.lags_for_long() { Age::Late } else { Age::Over }
    }
}

/// A step, for a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Fence of the worker that took it; 0: no owner.
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

/// Collects the steps from one state.
pub struct Steps<'a> {
    pub from: &'a State,
    pub fence: u8,
    pub out: &'a mut Vec<(Taken, State)>,
}

impl Steps<'_> {
    pub fn add(&mut self, good: u8, what: &'static str, change: impl FnOnce(&mut State)) {
        let mut state = *self.from;
        change(&mut state);
        self.out.push((Taken { fence: self.fence, what, wrong: None, good }, state));
    }

    /// Says what is wrong with the step that was added last.
    pub fn wrong(&mut self, is_wrong: bool, property: &'static str) {
        if let (true, Some((taken, _))) = (is_wrong, self.out.last_mut()) {
            taken.wrong = Some(property);
        }
    }
}
