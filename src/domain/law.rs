//! The law of the queue: the states of a post, and every transition between them.
//!
//! A post stands in two rows that change together: `post_details` (the post) and
//! `post_schedule` (its job). [`State`] is what both say at once. [`Transition`] is
//! the whole list of what may change it; the SQL of each stands in
//! `store/queue/transitions.rs`, and nowhere else is a status set. The exhaustive model of
//! the protocol (`tests/it/model`) checks its steps against this list, and
//! `docs/protocol.md` prints it.

use super::{JobStatus, Outcome, PostStatus};

/// What a post and its job say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits for its time, or for its next attempt. Set when it is scheduled, put back
    /// (T6, T11) or given to the queue again by an operator (T14, T15). A claim (T1), a
    /// cancellation (T12) and the limit of lateness (T17) leave it.
    Pending,
    /// A worker owns it under a lease, or owned it and is taken over when that has
    /// ended. While a publish call is open, that is cleared and without evidence, the
    /// job never returns to the queue: it is looked up until something is proven.
    Processing,
    /// Evidence says that it is live. Set by evidence alone (T5, T5L), from every other
    /// state, from any worker and at any time. Nothing leaves it.
    Published,
    /// Provably not live, and not tried again automatically. Left by an operator's retry
    /// (T15), and by evidence that proves it live after all.
    Failed,
    /// It may be live, and no reading has decided it: a person must. Left by evidence,
    /// by a reading that proves it not live, and by a person's decision (T14).
    Unknown,
    /// An operator asked for it, and no publish call was open. Left by nothing but
    /// evidence that an earlier call made it live after all.
    Cancelled,
}

impl State {
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Processing,
        Self::Published,
        Self::Failed,
        Self::Unknown,
        Self::Cancelled,
    ];

    /// The state's name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }

    /// What the two rows say; `None` where another program has changed one of them
    /// without the other (T1c puts that right).
    #[must_use]
    pub fn of(post: PostStatus, job: JobStatus, outcome: Option<Outcome>) -> Option<Self> {
        match (post, job) {
            (PostStatus::Pending, JobStatus::Pending) => Some(Self::Pending),
            (PostStatus::Processing, JobStatus::Processing) => Some(Self::Processing),
            (PostStatus::Published, JobStatus::Done) => Some(Self::Published),
            (PostStatus::Cancelled, JobStatus::Done) => Some(Self::Cancelled),
            (PostStatus::Failed, JobStatus::Failed) => Some(match outcome {
                Some(Outcome::Unknown) => Self::Unknown,
                _ => Self::Failed,
            }),
            _ => None,
        }
    }
}

/// What may happen to a post. Each names the statements that do it, so that one which
/// changes another number of rows than it should says which law it would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    Schedule,
    ScheduleByAnother,
    AdoptForeignLock,
    Claim,
    Repair,
    ClaimInCall,
    RenewLease,
    RecordStaged,
    OpenGate,
    CancelClaimed,
    RecordLive,
    RecordLate,
    Requeue,
    Fail,
    AskForReview,
    TakeOver,
    FailExhausted,
    GiveBack,
    Cancel,
    RequestCancel,
    Decide,
    Retry,
    Reschedule,
    Miss,
    EndUnclaimable,
    Distrust,
}

/// What allows a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Only the lease of the job, while it holds.
    Lease,
    /// The rows' locks, for a worker that takes a job without an owner.
    Worker,
    /// That a post was seen to be live: a fact needs no lease.
    Evidence,
    /// A person's command.
    Operator,
    /// None of this program's fences.
    AnotherProgram,
}

/// A transition's line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The short name that docs and tests cite.
    pub id: &'static str,
    pub by: By,
    pub from: &'static [State],
    pub to: &'static [State],
    /// What must hold besides, checked in the statement or under the rows' locks.
    pub guard: &'static str,
    pub who: &'static str,
    pub why_safe: &'static str,
}

impl Transition {
    pub const ALL: [Self; 26] = [
        Self::Schedule,
        Self::ScheduleByAnother,
        Self::AdoptForeignLock,
        Self::Claim,
        Self::Repair,
        Self::ClaimInCall,
        Self::RenewLease,
        Self::RecordStaged,
        Self::OpenGate,
        Self::CancelClaimed,
        Self::RecordLive,
        Self::RecordLate,
        Self::Requeue,
        Self::Fail,
        Self::AskForReview,
        Self::TakeOver,
        Self::FailExhausted,
        Self::GiveBack,
        Self::Cancel,
        Self::RequestCancel,
        Self::Decide,
        Self::Retry,
        Self::Reschedule,
        Self::Miss,
        Self::EndUnclaimable,
        Self::Distrust,
    ];

    /// Whether the law allows it to lead from one state to the other.
    #[must_use]
    pub fn allows(self, from: State, to: State) -> bool {
        let rule = self.rule();
        rule.from.contains(&from) && rule.to.contains(&to)
    }

    /// The transition's line of the table.
    #[must_use]
    pub fn rule(self) -> Rule {
        use By::{AnotherProgram, Evidence, Lease, Operator, Worker};
        use State::{Cancelled, Failed, Pending, Processing, Published, Unknown};
        match self {
            Self::Schedule => Rule {
                id: "T0",
                by: Operator,
                from: &[],
                to: &[Pending],
                guard: "the account exists and is of the same company and platform; the time is to come; the key is unused",
                who: "`schedule`",
                why_safe: "both rows are stored or none; the ids come from the client, so that a lost answer to COMMIT is read again",
            },
            Self::ScheduleByAnother => Rule {
                id: "T0f",
                by: AnotherProgram,
                from: &[],
                to: &[Pending],
                guard: "none",
                who: "another program",
                why_safe: "a plain INSERT with the old columns is a post like any other",
            },
            Self::AdoptForeignLock => Rule {
                id: "T0m",
                by: Worker,
                from: &[Processing],
                to: &[Processing],
                guard: "another program locked it without a lease, more than 10 minutes ago",
                who: "worker, `recover`",
                why_safe: "its call may have gone out: it gets an intent of its own and is looked up, never sent blindly",
            },
            Self::Claim => Rule {
                id: "T1",
                by: Worker,
                from: &[Pending],
                to: &[Processing],
                guard: "its time has come; it is at the head of its account's line; its account and platform are not paused; no other claim has locked the row (`SKIP LOCKED`)",
                who: "worker",
                why_safe: "selecting, marking, counting the attempt and raising the fence are one transaction",
            },
            Self::Repair => Rule {
                id: "T1c",
                by: Worker,
                from: &[],
                to: &[Published, Failed, Cancelled, Processing],
                guard: "another program has ended the post but not its job; no lease runs",
                who: "worker, `recover`",
                why_safe: "the job ends as its post did; with an open call, the post goes back to processing, cancellation requested, and is looked up",
            },
            Self::ClaimInCall => Rule {
                id: "T1r",
                by: Worker,
                from: &[Pending],
                to: &[Processing],
                guard: "as T1, and a call is open",
                who: "worker",
                why_safe: "another program has put it back: the claim sees the open call, and looks it up instead of sending",
            },
            Self::RenewLease => Rule {
                id: "T2",
                by: Lease,
                from: &[Processing],
                to: &[Processing],
                guard: "with the lease, which has not ended",
                who: "heartbeat",
                why_safe: "renews the lease and `locked_at`, so that no statement that resets old locks finds it; never revives a lease that has ended",
            },
            Self::RecordStaged => Rule {
                id: "T3",
                by: Lease,
                from: &[Processing],
                to: &[Processing],
                guard: "with the lease",
                who: "worker",
                why_safe: "what was staged is invisible; its id is stored before the next step",
            },
            Self::OpenGate => Rule {
                id: "T4",
                by: Lease,
                from: &[Processing],
                to: &[Processing],
                guard: "with the lease, which has not ended; no open call of the post; no cancellation requested; account and platform not paused; account not removed, changed or in a call for another post",
                who: "worker",
                why_safe: "the gate: the intent is committed before the first byte is sent, and the lease lasts for the whole call",
            },
            Self::CancelClaimed => Rule {
                id: "T4c",
                by: Lease,
                from: &[Processing],
                to: &[Cancelled],
                guard: "with the lease, or after its end; cancellation requested; no open call",
                who: "worker, `recover`",
                why_safe: "nothing can be live",
            },
            Self::RecordLive => Rule {
                id: "T5",
                by: Evidence,
                from: &[Processing],
                to: &[Published],
                guard: "a gate of this database has cleared the call; its id is no other post's",
                who: "worker",
                why_safe: "evidence is a fact: it is stored whichever worker brings it",
            },
            Self::RecordLate => Rule {
                id: "T5L",
                by: Evidence,
                from: &[Pending, Processing, Failed, Unknown, Cancelled],
                to: &[Published],
                guard: "as T5",
                who: "worker, `recover`",
                why_safe: "late evidence, from a frozen worker, a file or a reading, wins over every other state; the fence is raised, so that a successor stops",
            },
            Self::Requeue => Rule {
                id: "T6",
                by: Lease,
                from: &[Processing],
                to: &[Pending],
                guard: "with the lease; no open call; attempts left",
                who: "worker",
                why_safe: "a post whose call has no answer never goes back to the queue",
            },
            Self::Fail => Rule {
                id: "T7",
                by: Lease,
                from: &[Processing, Unknown],
                to: &[Failed],
                guard: "with the lease, or unknown and as it was read; no open call; refused for good, not live by a reading, or no attempt left",
                who: "worker",
                why_safe: "as T6",
            },
            Self::AskForReview => Rule {
                id: "T8",
                by: Lease,
                from: &[Processing],
                to: &[Unknown],
                guard: "with the lease; an open call that no reading can settle",
                who: "worker, `recover`",
                why_safe: "it is not sent again without a person's decision; until then each reading without a result leaves the job processing until the next one",
            },
            Self::TakeOver => Rule {
                id: "T9",
                by: Worker,
                from: &[Processing],
                to: &[Processing],
                guard: "the lease has ended",
                who: "worker, `recover`",
                why_safe: "the fence is raised, so that the old owner writes nothing more but evidence; the attempt is counted if no call is open",
            },
            Self::FailExhausted => Rule {
                id: "T10",
                by: Worker,
                from: &[Processing],
                to: &[Failed],
                guard: "the lease has ended; no attempt left; no open call",
                who: "worker, `recover`",
                why_safe: "a post that kills its workers does not do so for ever",
            },
            Self::GiveBack => Rule {
                id: "T11",
                by: Lease,
                from: &[Processing],
                to: &[Pending],
                guard: "with the lease; no open call",
                who: "worker",
                why_safe: "the attempt is given back: the worker stops, or the post has to wait",
            },
            Self::Cancel => Rule {
                id: "T12",
                by: Operator,
                from: &[Pending],
                to: &[Cancelled],
                guard: "both rows pending; no open call",
                who: "`cancel`",
                why_safe: "the job's row is locked, so that no claim comes between",
            },
            Self::RequestCancel => Rule {
                id: "T13",
                by: Operator,
                from: &[Processing],
                to: &[Processing],
                guard: "no cancellation requested yet",
                who: "`cancel`",
                why_safe: "stores the request; T4, T6, T9 and T11 honour it",
            },
            Self::Decide => Rule {
                id: "T14",
                by: Operator,
                from: &[Unknown],
                to: &[Published, Pending, Cancelled, Unknown],
                guard: "outcome `unknown`",
                who: "a person with `recover ID`",
                why_safe: "only a person may say \"send it again\"; the decision is stored as evidence with the person's name",
            },
            Self::Retry => Rule {
                id: "T15",
                by: Operator,
                from: &[Failed],
                to: &[Pending],
                guard: "outcome `not_published`; the account is there",
                who: "`retry`",
                why_safe: "three more attempts; earlier calls stay in the log and are asked about first",
            },
            Self::Reschedule => Rule {
                id: "T16",
                by: Operator,
                from: &[Pending],
                to: &[Pending],
                guard: "both rows pending",
                who: "`reschedule`",
                why_safe: "as T12",
            },
            Self::Miss => Rule {
                id: "T17",
                by: Worker,
                from: &[Pending],
                to: &[Failed],
                guard: "its time was more than `--max-late` ago; no open call",
                who: "worker",
                why_safe: "after a long outage old posts do not all go out at once",
            },
            Self::EndUnclaimable => Rule {
                id: "T19",
                by: Worker,
                from: &[Pending, Processing],
                to: &[Failed, Unknown],
                guard: "its ids, counts or times cannot be read, so that no claim can be written into its row",
                who: "worker, `recover`",
                why_safe: "failed only where no call is open and no other program has locked it; else unknown",
            },
            Self::Distrust => Rule {
                id: "T20",
                by: Operator,
                from: &[Pending, Processing, Failed, Unknown, Cancelled],
                to: &[Unknown],
                guard: "it was due when a backup was restored; or an answer came to a call that this database does not know",
                who: "`recover`, worker",
                why_safe: "it gets an open call that no object of ours can refute",
            },
        }
    }
}

impl Rule {
    /// From which states to which, as text.
    #[must_use]
    pub fn moves(&self) -> String {
        let names = |states: &[State]| match states {
            [] => "none".to_owned(),
            _ if states.len() == State::ALL.len() - 1 => "any state".to_owned(),
            [one] => one.as_str().to_owned(),
            [some @ .., last] => {
                let some: Vec<&str> = some.iter().map(|state| state.as_str()).collect();
                format!("{} or {}", some.join(", "), last.as_str())
            }
        };
        match (self.from, self.to) {
            ([from], [to]) if from == to => format!("{}, stays", from.as_str()),
            (from, to) => format!("{} → {}", names(from), names(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transition_has_an_id_of_its_own() {
        let mut ids: Vec<&str> = Transition::ALL.iter().map(|one| one.rule().id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    /// At most once: a live post stays published.
    #[test]
    fn nothing_leaves_published() {
        for transition in Transition::ALL {
            let rule = transition.rule();
            assert!(!rule.from.contains(&State::Published), "{}", rule.id);
        }
    }

    #[test]
    fn every_other_state_can_be_reached_and_left() {
        for state in State::ALL {
            let rules = || Transition::ALL.iter().map(|one| one.rule());
            assert!(rules().any(|rule| rule.to.contains(&state)), "{state:?}");
            let leaves = rules()
                .any(|rule| rule.from.contains(&state) && rule.to.iter().any(|to| *to != state));
            assert_eq!(leaves, state != State::Published, "{state:?}");
        }
    }

    /// Without a lease, only a worker that takes a job, evidence and a person may
    /// change a state.
    #[test]
    fn what_needs_a_lease_begins_in_processing() {
        for rule in Transition::ALL.iter().map(|one| one.rule()).filter(|one| one.by == By::Lease) {
            assert!(rule.from.contains(&State::Processing), "{}", rule.id);
        }
    }
}
