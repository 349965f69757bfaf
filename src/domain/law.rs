//! The law of the queue: the states of a post, and every transition between them.
//!
//! A post stands in two rows that change together: `post_details` (the post) and
//! `post_schedule` (its job). [`State`] is what both say at once. [`Transition`] is
//! the whole list of what may change it; the SQL of each stands in
//! `store/transitions.rs`, and nowhere else is a status set. The exhaustive model of
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
    /// state, whoever brings it and however late. Nothing leaves it.
    Published,
    /// Provably not live, and not tried again by itself. Left by an operator's retry
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

    /// What the two rows say; `None` where another program has changed one of them
    /// without the other (R1 puts that right).
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
    AdoptForeignLock,
    Claim,
    RenewLease,
    RecordStaged,
    OpenGate,
    CancelClaimed,
    RecordLive,
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
    DistrustAfterRestore,
    Repair,
}

/// Who makes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A worker, for a job that it takes.
    Worker,
    /// The worker that holds the lease, and only while it does.
    Lease,
    /// Whoever has seen that a post is live: a fact needs no lease.
    Evidence,
    /// A person, by a command.
    Operator,
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
    pub why_safe: &'static str,
}

impl Transition {
    pub const ALL: [Self; 23] = [
        Self::Schedule,
        Self::AdoptForeignLock,
        Self::Claim,
        Self::RenewLease,
        Self::RecordStaged,
        Self::OpenGate,
        Self::CancelClaimed,
        Self::RecordLive,
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
        Self::DistrustAfterRestore,
        Self::Repair,
    ];

    /// Whether the law lets it lead from one state to the other.
    #[must_use]
    pub fn allows(self, from: State, to: State) -> bool {
        let rule = self.rule();
        rule.from.contains(&from) && rule.to.contains(&to)
    }

    /// The transition's line of the table.
    #[must_use]
    pub fn rule(self) -> Rule {
        use By::{Evidence, Lease, Operator, Worker};
        use State::{Cancelled, Failed, Pending, Processing, Published, Unknown};
        let rule = |id, by, from, to, guard, why_safe| Rule { id, by, from, to, guard, why_safe };
        match self {
            Self::Schedule => rule(
                "T0",
                Operator,
                &[],
                &[Pending],
                "the account is there; no open post has the same key or content",
                "both rows in one transaction, under ids made before it",
            ),
            Self::AdoptForeignLock => rule(
                "T0m",
                Worker,
                &[Processing],
                &[Processing],
                "locked by another program without a lease, ten minutes ago or longer",
                "it gets an open intent: it may be live, so it is looked up and never sent blindly",
            ),
            Self::Claim => rule(
                "T1",
                Worker,
                &[Pending],
                &[Processing],
                "due; the account is not paused; the job's row locked",
                "marked and counted in the transaction that selects: no two workers see it free, \
                 and a death right after it has used up an attempt",
            ),
            Self::RenewLease => rule(
                "T2",
                Lease,
                &[Processing],
                &[Processing],
                "fence and worker are the row's; the lease has not ended",
                "never revives a lease that has ended: it may be taken over any moment",
            ),
            Self::RecordStaged => rule(
                "T3",
                Lease,
                &[Processing],
                &[Processing],
                "fence and worker are the row's",
                "what is staged is invisible; without the row it is an orphan, never a post",
            ),
            Self::OpenGate => rule(
                "T4",
                Lease,
                &[Processing],
                &[Processing],
                "fence and worker are the row's; the lease runs; no call of the post is open; no \
                 other call of the account is under way; not cancelled; account and platform \
                 are not paused",
                "the intent is durable before the call leaves: whoever finds it without evidence \
                 knows that the post may be live",
            ),
            Self::CancelClaimed => rule(
                "T4c",
                Lease,
                &[Processing],
                &[Cancelled],
                "fence and worker are the row's, or the lease has ended; cancel requested; no \
                 call is open",
                "nothing that could become visible was sent",
            ),
            Self::RecordLive => rule(
                "T5, T5L",
                Evidence,
                &[Pending, Processing, Failed, Unknown, Cancelled],
                &[Published],
                "a gate of this database has cleared the call; the id is no other post's",
                "a fact; a worker that has claimed the post meanwhile loses it by a higher fence",
            ),
            Self::Requeue => rule(
                "T6",
                Lease,
                &[Processing],
                &[Pending],
                "fence and worker are the row's; no call is open; attempts are left, or this one \
                 does not count",
                "every call that went out was proven to have made nothing live",
            ),
            Self::Fail => rule(
                "T7",
                Lease,
                &[Processing, Unknown],
                &[Failed],
                "fence and worker are the row's, or it needs review and its rows are as they \
                 were read; no call is open",
                "every call that went out was proven to have made nothing live",
            ),
            Self::AskForReview => rule(
                "T8",
                Lease,
                &[Processing],
                &[Unknown],
                "fence and worker are the row's; a call is open that no reading decides",
                "nothing is sent again; readings go on, and a person may decide",
            ),
            Self::TakeOver => rule(
                "T9",
                Worker,
                &[Processing],
                &[Processing],
                "the lease has ended; the rows locked",
                "the higher fence makes the former owner's writes change nothing",
            ),
            Self::FailExhausted => rule(
                "T10",
                Worker,
                &[Processing],
                &[Failed],
                "the lease has ended; no call is open; all attempts are used up",
                "no call is open, so nothing is live",
            ),
            Self::GiveBack => rule(
                "T11",
                Lease,
                &[Processing],
                &[Pending],
                "fence and worker are the row's; no call is open",
                "as T6, with the attempt not counted",
            ),
            Self::Cancel => rule(
                "T12",
                Operator,
                &[Pending],
                &[Cancelled],
                "both rows are pending and locked; no call is open",
                "nobody is working on it",
            ),
            Self::RequestCancel => rule(
                "T13",
                Operator,
                &[Processing],
                &[Processing],
                "not requested before",
                "only a wish: the gate, and whatever puts the job back, honour it",
            ),
            Self::Decide => rule(
                "T14",
                Operator,
                &[Unknown],
                &[Published, Pending, Cancelled, Unknown],
                "the outcome is unknown; the rows locked",
                "a person has looked at the platform, and is recorded with the decision",
            ),
            Self::Retry => rule(
                "T15",
                Operator,
                &[Failed],
                &[Pending],
                "failed as provably not live; the account is there",
                "the calls of earlier rounds stay in the log, and are asked about first",
            ),
            Self::Reschedule => rule(
                "T16",
                Operator,
                &[Pending],
                &[Pending],
                "both rows are pending and locked",
                "nobody is working on it",
            ),
            Self::Miss => rule(
                "T17",
                Worker,
                &[Pending],
                &[Failed],
                "its time passed longer ago than --max-late; no call is open; the rows locked",
                "no call is open, so nothing is live",
            ),
            Self::EndUnclaimable => rule(
                "T19",
                Worker,
                &[Pending, Processing],
                &[Failed, Unknown],
                "its ids, counts or times cannot be read, so that no claim can be written",
                "failed only where no call is open and no other program has locked it; else unknown",
            ),
            Self::DistrustAfterRestore => rule(
                "T20",
                Operator,
                &[Pending, Processing, Failed, Unknown, Cancelled],
                &[Unknown],
                "due when a backup was restored; or an answer came to a call that this database \
                 does not know",
                "it gets an open intent that no object of ours can refute",
            ),
            Self::Repair => rule(
                "R1",
                Worker,
                &[],
                &[Published, Failed, Cancelled, Processing],
                "another program has ended the post without its job; no lease runs",
                "with an open call it goes back to processing, cancel requested, and is looked up",
            ),
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

    /// At most once: what is live stays so.
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
        for rule in Transition::ALL.iter().map(|one| one.rule()).filter(|r| r.by == By::Lease) {
            assert!(rule.from.contains(&State::Processing), "{}", rule.id);
        }
    }
}
