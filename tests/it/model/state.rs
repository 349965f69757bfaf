//! The complete state of the model at one instant, and its number.

use socialsched::domain::{JobStatus, Outcome, PostStatus};

pub const WORKERS: usize = 3;
/// Fences from 1 up to this one, at most; a rescue takes a few more.
pub const FENCES: u8 = 6;
const LOGGED: usize = FENCES as usize + 5;
/// Objects that may be staged one after the other.
pub const OBJECTS: usize = 2;

/// How a platform publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An invisible object first, then the call that shows it. The object can be read,
    /// regardless of which call showed it.
    TwoStep,
    /// One call. A list shows what is live, in the end.
    Listed,
    /// One call. There may be a list that shows what is live, but none that proves what
    /// is not; refusals are believed, since they cannot be looked up.
    OneStep,
}

/// An object staged at a two-step platform; of the others, the list's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    None,
    Invisible,
    /// Live, but readings do not show it yet.
    Hidden,
    Live,
    /// Expired, refused for good or deleted: can never become live.
    Dead,
}

/// What the log says of a publish call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// There was none, or it never left.
    None,
    /// Open, and not answered.
    Open,
    /// Open, and refused.
    Heard,
    /// Open, and refused as if an earlier one had made the post live.
    Doubted,
    Ok,
    /// It made nothing live: only a reading says so.
    NotLive,
    /// It made nothing live.
    Refused,
    /// The same, after it was doubted.
    WasDoubted,
}

impl Call {
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Heard | Self::Doubted)
    }

    pub fn is_doubted(self) -> bool {
        matches!(self, Self::Doubted | Self::WasDoubted)
    }
}

/// How long ago the newest call was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Age {
    Fresh,
    /// The call must be over.
    Over,
    /// Old enough that no reading lags, whatever contradicted it.
    Late,
}

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Idle,
    /// Claimed a job with earlier calls: these are asked about first.
    Claimed,
    /// Claimed the job with an open intent: it must be looked up.
    ClaimedOpen,
    /// Nothing speaks against a call.
    Ready,
    /// Made an object that is not yet recorded.
    Created,
    /// Read that an object of earlier calls is not live, and is about to delete it.
    Discards,
    /// The intent is committed; the call has not left.
    Cleared,
    /// The call is in transit, and the worker waits for the answer.
    Sent,
    /// Knows that the post is live: by the answer, or by a look.
    KnowsLive,
    /// Did not send the call.
    KnowsUnsent,
    /// Answered that the call did nothing.
    KnowsRefused,
    /// Answered so with an error that also stands for a post that is already live.
    KnowsSpent,
    /// No answer, or one that proves nothing.
    KnowsNothing,
    /// Looked, and believes that the post is not live.
    SawNotLive,
    /// Looked, and saw that the object can never become live.
    SawDead,
    /// Took the last look at an ended post, and found it not live.
    GivesUp,
    /// Clears away what is left of it.
    Cleans,
    /// Read that such a thing is not live, and is about to delete it.
    Deletes,
}

/// One worker. What it remembers may be long out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    pub at: At,
    /// Of its claim; also that of the intent it writes.
    pub fence: u8,
    /// The object that was recorded when it claimed, counted from 1; 0: none.
    pub object: u8,
    /// Objects that it may delete, one bit each; while it looks an open call up, how that
    /// was answered; when it knows that the post is live, the kind of evidence.
    pub notes: u8,
}

pub const IDLE: Worker = Worker { at: At::Idle, fence: 0, object: 0, notes: 0 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    // The database.
    pub post: PostStatus,
    pub job: JobStatus,
    pub outcome: Option<Outcome>,
    pub attempts: u8,
    pub fence: u8,
    pub lease_runs: bool,
    pub cancel_requested: bool,
    /// The recorded object, counted from 1; 0: none.
    pub object: u8,
    /// What the log says of the publish call of each fence.
    pub calls: [Call; LOGGED],
    /// Objects that publish calls named, one bit each.
    pub named: u8,
    pub age: Age,
    /// A last look is still to be taken, and what is left to be cleared away.
    pub owes_look: bool,
    // The platform.
    pub objects: [Object; OBJECTS],
    /// Posts that readers see.
    pub live: u8,
    /// Calls in transit whose worker no longer waits, by object.
    pub strays: [u8; OBJECTS],
    // The state of workers and people.
    pub workers: [Worker; WORKERS],
    pub crashes: u8,
    /// How often a person has said what became of the post.
    pub decisions: u8,
    /// How often a person has requested a retry.
    pub retries: u8,
    /// Whether a person has requested a cancellation.
    pub cancel_asked: bool,
    /// Whether a call has arrived twice.
    pub came_twice: bool,
    /// Whether a worker had a reading that was later contradicted.
    pub contradicted: bool,
}

impl State {
    /// A scheduled post whose time has come.
    pub fn first() -> Self {
        Self {
            post: PostStatus::Pending,
            job: JobStatus::Pending,
            outcome: None,
            attempts: 0,
            fence: 0,
            lease_runs: false,
            cancel_requested: false,
            object: 0,
            calls: [Call::None; LOGGED],
            named: 0,
            age: Age::Fresh,
            owes_look: false,
            objects: [Object::None; OBJECTS],
            live: 0,
            strays: [0; OBJECTS],
            workers: [IDLE; WORKERS],
            crashes: 0,
            decisions: 0,
            retries: 0,
            cancel_asked: false,
            came_twice: false,
            contradicted: false,
        }
    }

    pub fn is_open(&self) -> bool {
        self.calls.iter().any(|call| call.is_open())
    }

    pub fn has_calls(&self) -> bool {
        self.calls.iter().any(|call| *call != Call::None)
    }

    pub fn is_doubted(&self) -> bool {
        self.calls.iter().any(|call| call.is_doubted())
    }

    pub fn has_ended(&self) -> bool {
        !matches!(self.post, PostStatus::Pending | PostStatus::Processing)
    }

    /// Whether any publish call is in transit.
    pub fn in_flight(&self) -> bool {
        self.strays != [0; OBJECTS] || self.workers.iter().any(|worker| worker.at == At::Sent)
    }

    /// A number of its own for each state, workers being interchangeable.
    pub fn pack(&self) -> u128 {
        let mut workers = self.workers.map(|worker| {
            (worker.at as u128)
                | (worker.fence as u128) << 5
                | (worker.object as u128) << 9
                | (worker.notes as u128) << 11
        });
        workers.sort_unstable();
        let mut bits = 0;
        let mut push = |width: u32, value: u128| {
            debug_assert!(value < 1 << width, "{value} in {width} bits");
            bits = bits << width | value;
        };
        for worker in workers {
            push(13, worker);
        }
        for call in self.calls {
            push(3, call as u128);
        }
        for stray in self.strays {
            push(2, stray.into());
        }
        for object in self.objects {
            push(3, object as u128);
        }
        push(3, self.post as u128);
        push(2, self.job as u128);
        push(2, self.outcome.map_or(0, |outcome| outcome as u128 + 1));
        push(4, self.attempts.into());
        push(4, self.fence as u128);
        push(2, self.object as u128);
        push(2, self.named.into());
        push(2, self.live.into());
        push(2, self.crashes.into());
        push(1, self.decisions.into());
        push(1, self.retries.into());
        push(2, self.age as u128);
        for flag in [
            self.lease_runs,
            self.cancel_requested,
            self.owes_look,
            self.cancel_asked,
            self.came_twice,
            self.contradicted,
        ] {
            push(1, flag.into());
        }
        bits
    }
}

/// Where the platform keeps an object; a one-step platform's calls share one place.
pub fn slot(object: u8) -> usize {
    usize::from(object.max(1)) - 1
}
