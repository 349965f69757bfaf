//! All there is to know at one instant, and its number.

use socialsched::domain::{JobStatus, LogEvent, Outcome, PostStatus};

pub const WORKERS: usize = 3;
/// Fences from 1 up to this one; a post at the last one is only rescued.
pub const FENCES: u8 = 6;
/// A rescue takes a few more.
const LOGGED: usize = FENCES as usize + 5;
/// Objects that may be staged one after the other.
pub const OBJECTS: usize = 2;

/// How a platform publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An invisible object first, then the call that shows it. The object can
    /// be read, whoever showed it.
    TwoStep,
    /// One call. A list tells what is live, not what is not.
    OneStep,
}

/// An object staged at a two-step platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    None,
    Invisible,
    Live,
    /// Expired, or refused for good: can never become live.
    Dead,
}

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Idle,
    /// Claimed the job, and read that no intent is open.
    Claimed,
    /// Claimed the job with an open intent: it must be looked up.
    ClaimedOpen,
    /// Made an object that is not yet recorded.
    Created,
    /// The intent is committed; the call has not left.
    Cleared,
    /// The call is on its way, the worker waits for the answer.
    Sent,
    /// Knows that the post is live: by the answer, or by a look.
    KnowsLive,
    /// Told that the call did nothing.
    KnowsRefused,
    /// No answer, or one that proves nothing.
    KnowsNothing,
    /// Looked, and believes that the post is not live.
    SawNotLive,
    /// Looked, and saw that the object can never become live.
    SawDead,
}

/// One worker. What it remembers may be long out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    pub at: At,
    /// Of its claim; also that of the intent it writes.
    pub fence: u8,
    /// The object that was recorded when it claimed, counted from 1; 0: none.
    pub object: u8,
}

pub const IDLE: Worker = Worker { at: At::Idle, fence: 0, object: 0 };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    // The database.
    pub post: PostStatus,
    pub job: JobStatus,
    pub outcome: Option<Outcome>,
    pub attempts: u8,
    pub fence: u8,
    pub lease_runs: bool,
    pub cancel_wished: bool,
    /// The recorded object, counted from 1; 0: none.
    pub object: u8,
    /// What the log says of the publish call of each fence. `Intent` is open.
    pub calls: [Option<LogEvent>; LOGGED],
    /// The newest intent is so old that its call must be over.
    pub aged: bool,
    // The platform.
    pub objects: [Object; OBJECTS],
    /// Posts that readers see.
    pub live: u8,
    /// Calls on their way whose worker does not wait any more, by object.
    pub strays: [u8; OBJECTS],
    // The rest of the world.
    pub workers: [Worker; WORKERS],
    pub crashes: u8,
    /// How often a person has said what became of the post.
    pub verdicts: u8,
    /// Whether somebody has asked for a cancellation.
    pub cancel_asked: bool,
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
            cancel_wished: false,
            object: 0,
            calls: [None; LOGGED],
            aged: false,
            objects: [Object::None; OBJECTS],
            live: 0,
            strays: [0; OBJECTS],
            workers: [IDLE; WORKERS],
            crashes: 0,
            verdicts: 0,
            cancel_asked: false,
        }
    }

    pub fn is_open(&self) -> bool {
        self.calls.contains(&Some(LogEvent::Intent))
    }

    pub fn has_ended(&self) -> bool {
        !matches!(self.post, PostStatus::Pending | PostStatus::Processing)
    }

    /// Whether any publish call is on its way.
    pub fn in_flight(&self) -> bool {
        self.strays != [0; OBJECTS] || self.workers.iter().any(|worker| worker.at == At::Sent)
    }

    /// A number of its own for each state, workers being interchangeable.
    pub fn pack(&self) -> u128 {
        let mut workers = self.workers.map(|worker| {
            (worker.at as u128) | (worker.fence as u128) << 4 | (worker.object as u128) << 8
        });
        workers.sort_unstable();
        let mut bits = 0;
        let mut push = |width: u32, value: u128| {
            debug_assert!(value < 1 << width, "{value} in {width} bits");
            bits = bits << width | value;
        };
        for worker in workers {
            push(10, worker);
        }
        for call in self.calls {
            push(3, call.map_or(0, |event| event as u128 + 1));
        }
        for stray in self.strays {
            push(2, stray.into());
        }
        for object in self.objects {
            push(2, object as u128);
        }
        push(3, self.post as u128);
        push(2, self.job as u128);
        push(2, self.outcome.map_or(0, |outcome| outcome as u128 + 1));
        push(4, self.attempts.into());
        push(4, self.fence as u128);
        push(2, self.object as u128);
        push(2, self.live.into());
        push(2, self.crashes.into());
        push(1, self.verdicts.into());
        for flag in [self.lease_runs, self.cancel_wished, self.aged, self.cancel_asked] {
            push(1, flag.into());
        }
        bits
    }
}
