//! Every transition takes a set of jobs, in a number of statements that does not grow
//! with the set; and what is wrong with one member leaves the others alone.

use std::time::Duration;

use socialsched::domain::{
    AccountId, Artifact, Claim, Failure, FailureCode, Intent, Lease, Only, Outcome, Platform,
    PostId, Receipt, Remedy, StepKind, WorkerId,
};
use socialsched::store::{
    CancelAnswer, Failed, Gate, Heard, LookedUp, Next, Phase, Recorded, Reviewed, Settled, Staged,
    TakeOver, ToPublish, Undecided, Unsettled,
};

use super::queue::{evidence, jobs, to_publish};
use super::{LEASE, Queue, failure, on_every_engine, receipt, worker};
use crate::support::Engine;

const MINUTE: Duration = Duration::from_secs(60);

/// Due posts, each of an account of its own: one call per account at a time.
fn schedule(queue: &Queue, count: usize) -> Vec<PostId> {
    let post = |_| {
        let account = AccountId::generate();
        queue.add_account(account, Platform::Facebook);
        let mut draft = queue.draft();
        draft.account_id = account;
        queue.insert(&draft)
    };
    (0..count).map(post).collect()
}

fn claim(queue: &Queue, worker: &WorkerId, count: usize) -> Vec<Claim> {
    let request = queue.claim_request(worker, 200);
    let claims = jobs(queue.wait(queue.store.claim_due(&request)).unwrap());
    assert_eq!(claims.len(), count);
    claims
}

fn claimed(queue: &Queue, worker: &WorkerId, count: usize) -> Vec<Claim> {
    schedule(queue, count);
    claim(queue, worker, count)
}

fn open(queue: &Queue, claims: &[Claim]) -> Vec<Intent> {
    let jobs: Vec<ToPublish<'_>> = claims.iter().map(to_publish).collect();
    let gates = queue.wait(queue.store.open_gates(&jobs, LEASE)).unwrap();
    let intent = |gate| match gate {
        Gate::Open(intent) => *intent,
        other => panic!("{other:?}"),
    };
    gates.into_iter().map(intent).collect()
}

fn sent(queue: &Queue, worker: &WorkerId, count: usize) -> (Vec<Claim>, Vec<Intent>) {
    let claims = claimed(queue, worker, count);
    let intents = open(queue, &claims);
    (claims, intents)
}

fn leases(claims: &[Claim]) -> Vec<Lease> {
    claims.iter().map(|claim| claim.lease.clone()).collect()
}

fn take_over(queue: &Queue, count: usize) {
    queue.leases_end();
    let request = TakeOver::new(worker("b"), LEASE, 200);
    let taken = queue.wait(queue.store.take_over(&request)).unwrap();
    let ended = taken.exhausted.len() + taken.cancelled.len();
    assert_eq!(taken.claimed.len() + ended, count);
}

#[track_caller]
fn assert_states(queue: &Queue, claims: &[Claim], states: &str, outcome: Option<Outcome>) {
    for claim in claims {
        assert_eq!(queue.states(claim.post_id), states);
        assert_eq!(queue.post(claim.post_id).outcome, outcome);
    }
}

fn fail(queue: &Queue, claims: &[Claim], next: &Next) -> Vec<Settled> {
    let why = failure("no");
    let failed: Vec<Failed<'_>> = claims
        .iter()
        .map(|claim| Failed {
            lease: &claim.lease,
            phase: &Phase::Prepare,
            failure: &why,
            staged: Staged::Keep,
            next,
        })
        .collect();
    queue.wait(queue.store.record_failure(&failed)).unwrap()
}

/// What is read after a transition, outside of what is counted.
type Check = Box<dyn FnOnce(&Queue)>;

/// A transition: what is made ready for it, and the transition itself.
type Case = (&'static str, fn(&Queue, usize) -> Box<dyn FnOnce(&Queue) -> Check>);

fn nothing() -> Check {
    Box::new(|_| ())
}

fn states(claims: Vec<Claim>, states: &'static str, outcome: Option<Outcome>) -> Check {
    Box::new(move |queue| assert_states(queue, &claims, states, outcome))
}

/// Every transition that workers make, for a set of this many jobs.
const CASES: &[Case] = &[
    ("T1 claim", |queue, count| {
        schedule(queue, count);
        Box::new(move |queue| {
            claim(queue, &worker("a"), count);
            nothing()
        })
    }),
    ("T2 renew leases", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        Box::new(move |queue| {
            let lost = queue.wait(queue.store.renew_leases(&leases(&claims), LEASE)).unwrap();
            assert_eq!(lost, []);
            nothing()
        })
    }),
    ("T3 record staged", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        Box::new(move |queue| {
            let made = [Artifact::new(StepKind::Create, "container", "17")];
            let staged: Vec<_> =
                claims.iter().map(|claim| (&claim.lease, made.as_slice())).collect();
            let ours = queue.wait(queue.store.record_staged(&staged)).unwrap();
            assert!(ours.iter().all(|ours| *ours));
            nothing()
        })
    }),
    ("T4 open gates", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        Box::new(move |queue| {
            open(queue, &claims);
            nothing()
        })
    }),
    ("T4c cancel", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        let ids: Vec<PostId> = claims.iter().map(|claim| claim.post_id).collect();
        queue.wait(queue.store.cancel_posts(queue.company, &ids, None)).unwrap();
        Box::new(move |queue| {
            let released: Vec<_> =
                claims.iter().map(|claim| (&claim.lease, Duration::ZERO)).collect();
            let settled = queue.wait(queue.store.release(&released)).unwrap();
            assert_eq!(settled, vec![Settled::Cancelled; claims.len()]);
            states(claims, "cancelled/done", None)
        })
    }),
    ("T5 record live", |queue, count| {
        let (claims, intents) = sent(queue, &worker("a"), count);
        Box::new(move |queue| {
            let live: Vec<_> = claims
                .iter()
                .zip(&intents)
                .map(|(claim, intent)| {
                    evidence(claim, intent, &receipt(&format!("fb_{}", claim.post_id)))
                })
                .collect();
            let recorded = queue.wait(queue.store.record_live(&worker("a"), &live)).unwrap();
            assert_eq!(recorded, vec![Recorded::Live; claims.len()]);
            states(claims, "published/done", Some(Outcome::Published))
        })
    }),
    ("T6 requeue", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        Box::new(move |queue| {
            let settled = fail(queue, &claims, &Next::Retry(MINUTE));
            assert_eq!(settled, vec![Settled::Done; claims.len()]);
            states(claims, "pending/pending", None)
        })
    }),
    ("T7 fail", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        Box::new(move |queue| {
            let settled = fail(queue, &claims, &Next::Fail);
            assert_eq!(settled, vec![Settled::Done; claims.len()]);
            states(claims, "failed/failed", Some(Outcome::NotPublished))
        })
    }),
    ("T8 unanswered call", |queue, count| {
        let (claims, intents) = sent(queue, &worker("a"), count);
        Box::new(move |queue| {
            let answer = &Heard::Nothing(failure("no answer"));
            let calls: Vec<Unsettled<'_>> = claims
                .iter()
                .zip(&intents)
                .map(|(claim, intent)| Unsettled {
                    lease: &claim.lease,
                    intent,
                    answer,
                    look_again: MINUTE,
                })
                .collect();
            let settled = queue.wait(queue.store.record_unknown(&calls)).unwrap();
            assert_eq!(settled, vec![Settled::Done; claims.len()]);
            nothing()
        })
    }),
    ("T8 look-up", |queue, count| {
        let (claims, _) = sent(queue, &worker("a"), count);
        Box::new(move |queue| {
            let seen = &failure("not yet");
            let looked_up: Vec<LookedUp<'_>> = claims
                .iter()
                .map(|claim| LookedUp { lease: &claim.lease, seen, look_again: MINUTE })
                .collect();
            let settled = queue.wait(queue.store.record_lookup(&looked_up)).unwrap();
            assert_eq!(settled, vec![Settled::Done; claims.len()]);
            nothing()
        })
    }),
    ("T8 ask for review", |queue, count| {
        let (claims, _) = sent(queue, &worker("a"), count);
        Box::new(move |queue| {
            let seen = &failure("who knows");
            let undecided: Vec<Undecided<'_>> = claims
                .iter()
                .map(|claim| Undecided { lease: &claim.lease, seen, look_again: Some(MINUTE) })
                .collect();
            let settled = queue.wait(queue.store.ask_for_review(&undecided)).unwrap();
            assert_eq!(settled, vec![Settled::Done; claims.len()]);
            states(claims, "failed/failed", Some(Outcome::Unknown))
        })
    }),
    ("T7 after review", |queue, count| {
        let (claims, _) = sent(queue, &worker("a"), count);
        for claim in &claims {
            queue.ask_for_review(claim, &failure("who knows"), None).unwrap();
        }
        let read = queue.wait(queue.store.needs_review(200)).unwrap();
        let read: Vec<_> = read.into_iter().map(|read| read.job.unwrap()).collect();
        assert_eq!(read.len(), count);
        Box::new(move |queue| {
            let seen = &Failure::new(Remedy::Retry, FailureCode::NotLive, "not there");
            let reviewed: Vec<_> = read.iter().map(|job| Reviewed { job, seen }).collect();
            let settled = queue.wait(queue.store.fail_reviewed(&worker("a"), &reviewed)).unwrap();
            assert_eq!(settled, vec![Settled::Done; read.len()]);
            nothing()
        })
    }),
    ("T9 take over in an attempt", |queue, count| {
        claimed(queue, &worker("a"), count);
        Box::new(move |queue| {
            take_over(queue, count);
            nothing()
        })
    }),
    ("T9 take over in a call", |queue, count| {
        sent(queue, &worker("a"), count);
        Box::new(move |queue| {
            take_over(queue, count);
            nothing()
        })
    }),
    ("T10 exhausted", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        queue.database.execute("UPDATE post_schedule SET max_attempts = 1");
        Box::new(move |queue| {
            take_over(queue, claims.len());
            states(claims, "failed/failed", Some(Outcome::NotPublished))
        })
    }),
    ("T11 give back", |queue, count| {
        let claims = claimed(queue, &worker("a"), count);
        Box::new(move |queue| {
            let released: Vec<_> =
                claims.iter().map(|claim| (&claim.lease, Duration::ZERO)).collect();
            let settled = queue.wait(queue.store.release(&released)).unwrap();
            assert_eq!(settled, vec![Settled::Done; claims.len()]);
            states(claims, "pending/pending", None)
        })
    }),
    ("T12 cancel pending", |queue, count| {
        let ids = schedule(queue, count);
        Box::new(move |queue| {
            let cancel = queue.store.cancel_posts(queue.company, &ids, Some("a holiday"));
            let answers = queue.wait(cancel).unwrap();
            assert_eq!(answers, vec![CancelAnswer::Cancelled; ids.len()]);
            nothing()
        })
    }),
    ("T17 miss", |queue, count| {
        let ids = schedule(queue, count);
        queue.database.age(Duration::from_secs(3600));
        Box::new(move |queue| {
            let missed = queue.wait(queue.store.fail_missed(MINUTE, &Only::default())).unwrap();
            assert_eq!(missed.len(), ids.len());
            nothing()
        })
    }),
];

/// Statements of a transition for a set of this size; a case checks itself through
/// another store.
fn statements(case: &Case, count: usize) -> u64 {
    let queue = Queue::new(Engine::of_this_run());
    let transition = case.1(&queue, count);
    let before = queue.store.asked().statements;
    let check = transition(&queue);
    let statements = queue.store.asked().statements - before;
    check(&queue);
    statements
}

#[test]
#[expect(clippy::print_stdout, reason = "figures, to be seen with --no-capture")]
fn statements_do_not_grow_with_the_set() {
    for case in CASES {
        let [one, many] = [1, 50].map(|count| statements(case, count));
        println!("{:?} {}: {one} {many}", Engine::of_this_run(), case.0);
        assert_eq!(one, many, "{}: for 1 and for 50", case.0);
    }
}

/// A member whose lease is lost leaves the others alone, in every transition.
#[test]
fn lost_lease_leaves_the_set_alone() {
    on_every_engine(|queue| {
        let claims = claimed(queue, &worker("a"), 3);
        let lost = claims[1].post_id;
        let of_lost = format!("WHERE post_detail_id = '{lost}'");
        queue.database.execute(&format!("UPDATE post_schedule SET worker_id = 'b' {of_lost}"));
        let jobs: Vec<ToPublish<'_>> = claims.iter().map(to_publish).collect();
        let gates = queue.wait(queue.store.open_gates(&jobs, LEASE)).unwrap();
        let [Gate::Open(_), Gate::Lost, Gate::Open(_)] = gates.as_slice() else {
            panic!("{gates:?}")
        };
        let answer = &Heard::Nothing(failure("no answer"));
        let calls: Vec<Unsettled<'_>> = claims
            .iter()
            .zip(&gates)
            .filter_map(|(claim, gate)| match gate {
                Gate::Open(intent) => {
                    Some(Unsettled { lease: &claim.lease, intent, answer, look_again: MINUTE })
                }
                _ => None,
            })
            .collect();
        let settled = queue.wait(queue.store.record_unknown(&calls)).unwrap();
        assert_eq!(settled, [Settled::Done; 2]);
        let seen = &failure("not yet");
        let looked_up: Vec<LookedUp<'_>> = claims
            .iter()
            .map(|claim| LookedUp { lease: &claim.lease, seen, look_again: MINUTE })
            .collect();
        let settled = queue.wait(queue.store.record_lookup(&looked_up)).unwrap();
        assert_eq!(settled, [Settled::Done, Settled::Lost, Settled::Done]);
    });
}

/// Each member of a set gets its own values: times, reasons, ids and fences.
#[test]
fn members_of_a_set_keep_their_own_values() {
    on_every_engine(|queue| {
        let a = worker("a");
        let claims = claimed(queue, &a, 4);
        let whys = ["zero", "one", "two", "three"].map(failure);
        let nexts =
            [Next::Retry(MINUTE), Next::Fail, Next::GiveBack(MINUTE * 5), Next::Retry(MINUTE * 30)];
        let failed: Vec<Failed<'_>> = claims
            .iter()
            .zip(whys.iter().zip(&nexts))
            .map(|(claim, (failure, next))| Failed {
                lease: &claim.lease,
                phase: &Phase::Prepare,
                failure,
                staged: Staged::Keep,
                next,
            })
            .collect();
        queue.wait(queue.store.record_failure(&failed)).unwrap();
        let left = queue.database.seconds_until("next_attempt_at");
        let states = ["pending/pending", "failed/failed", "pending/pending", "pending/pending"];
        let waits = [Some(60), None, Some(300), Some(1800)];
        for (number, claim) in claims.iter().enumerate() {
            let post = queue.post(claim.post_id);
            assert_eq!(queue.states(claim.post_id), states[number]);
            let message = post.error_message.unwrap_or_default();
            assert_eq!(message, ["zero", "one", "two", "three"][number]);
            assert_eq!(post.attempts, [1, 1, 0, 1][number], "{number}");
            if let Some(wait) = waits[number] {
                let left: i64 = queue.job(claim.post_id, &left).parse().unwrap();
                assert!((wait - 5..=wait).contains(&left), "{number}: {left}");
            }
        }
    });
}

/// **T5**: two posts of one set cannot both have the same id.
#[test]
fn one_id_is_recorded_for_one_post() {
    on_every_engine(|queue| {
        let (claims, intents) = sent(queue, &worker("a"), 2);
        let live: Vec<_> = claims
            .iter()
            .zip(&intents)
            .map(|(claim, intent)| evidence(claim, intent, &receipt("fb_1")))
            .collect();
        let recorded = queue.wait(queue.store.record_live(&worker("a"), &live)).unwrap();
        assert_eq!(recorded, [Recorded::Live; 2]);
        let ids = claims.iter().map(|claim| queue.post(claim.post_id).external_post_id);
        let ids: Vec<Option<String>> = ids.collect();
        assert_eq!(ids, [Some("fb_1".to_owned()), None]);
    });
}

/// **T4**: of one account, one gate of a set is opened.
#[test]
fn one_gate_per_account_is_opened() {
    on_every_engine(|queue| {
        let a = worker("a");
        let posts = [queue.schedule(), queue.schedule()];
        let claims = claim(queue, &a, posts.len());
        let jobs: Vec<ToPublish<'_>> = claims.iter().map(to_publish).collect();
        let gates = queue.wait(queue.store.open_gates(&jobs, LEASE)).unwrap();
        assert!(matches!(gates.as_slice(), [Gate::Open(_), Gate::AccountBusy]), "{gates:?}");
        let Gate::Open(intent) = &gates[0] else { panic!() };
        queue.live(&a, &claims[0], intent, &Receipt::default()).unwrap();
        assert_eq!(queue.states(claims[0].post_id), "published/done");
    });
}

/// **T4**: a call that is under way keeps the account's other jobs waiting, also in one
/// set with it.
#[test]
fn call_under_way_shuts_gates_of_its_set() {
    on_every_engine(|queue| {
        let a = worker("a");
        let posts = [queue.schedule(), queue.schedule()];
        let claims = claim(queue, &a, posts.len());
        queue.intent(&claims[0]);
        let jobs: Vec<ToPublish<'_>> = claims.iter().map(to_publish).collect();
        let gates = queue.wait(queue.store.open_gates(&jobs, LEASE)).unwrap();
        assert_eq!(gates, [Gate::Lost, Gate::AccountBusy]);
    });
}

/// Posts that are named twice are answered twice, and changed once.
#[test]
fn post_named_twice_is_cancelled_once() {
    on_every_engine(|queue| {
        let id = queue.schedule();
        let other = PostId::generate();
        let ids = [id, other, id];
        let cancel = queue.store.cancel_posts(queue.company, &ids, None);
        let answers = queue.wait(cancel).unwrap();
        use CancelAnswer::{Already, Cancelled, NotFound};
        assert_eq!(answers, [Cancelled, NotFound, Already]);
    });
}
