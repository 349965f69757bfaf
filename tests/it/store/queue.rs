//! A database of a test's own, and short names for what workers do with it.

use std::cell::Cell;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use socialsched::domain::{
    AccountId, Artifact, Claim, CompanyId, Failure, FailureCode, Intent, Job, JobId, Lease,
    LogEntry, NewAccount, NewPost, Only, Outcome, Platform, Post, PostContent, PostId, PostType,
    Receipt, Remedy, WorkerId,
};
use socialsched::store::{
    ClaimRequest, Claimed, Evidence, Failed, Gate, Heard, Inserted, Location, LookedUp, Next,
    Phase, Recorded, Reviewed, Settled, Staged, Store, StoreError, TakeOver, TakenOver, ToPublish,
    Undecided, Unsettled,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Database, Engine};

pub const LEASE: Duration = Duration::from_secs(60);

/// A migrated database with one account, and the store on it.
pub struct Queue {
    pub database: Database,
    pub store: Store,
    pub company: CompanyId,
    pub account: AccountId,
    runtime: Runtime,
    broken: Cell<bool>,
    _dir: TempDir,
}

/// Runs a test on the database engine of this run.
pub fn on_every_engine(test: impl Fn(&Queue)) {
    test(&Queue::new(Engine::of_this_run()));
}

impl Queue {
    pub fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::new(engine, dir.path());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let location: Location = database.url().parse().unwrap();
        let timeout = Duration::from_secs(20);
        let store = runtime.block_on(async {
            let store = Store::open_for_migration(&location, timeout).await.unwrap();
            store.migrate(|_| {}).await.unwrap();
            store
        });
        let company = CompanyId::generate();
        let account = AccountId::generate();
        let queue = Self {
            database,
            store,
            company,
            account,
            runtime,
            broken: Cell::new(false),
            _dir: dir,
        };
        queue.add_account(account, Platform::Facebook);
        queue
    }

    /// Another store on the same database, as another process has one.
    pub fn another_store(&self) -> Store {
        let location: Location = self.database.url().parse().unwrap();
        self.wait(Store::open(&location, Duration::from_secs(20))).unwrap()
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Runs it while the test does something else.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn(work)
    }

    /// The test breaks an invariant on purpose.
    pub fn will_be_broken(&self) {
        self.broken.set(true);
    }

    pub fn add_account(&self, id: AccountId, platform: Platform) {
        let account = NewAccount {
            id,
            company_id: self.company,
            platform,
            name: format!("Acme {}", id.short()),
            external_id: id.to_string(),
            client_id: None,
            token_ref: None,
            publish_mode: None,
        };
        self.wait(self.store.add_account(&account)).unwrap();
    }

    /// A post that is due at once.
    pub fn draft(&self) -> NewPost {
        let post_id = PostId::generate();
        NewPost {
            post_id,
            job_id: JobId::generate(),
            company_id: self.company,
            account_id: self.account,
            client_id: None,
            content: PostContent {
                platform: Platform::Facebook,
                post_type: PostType::Post,
                caption: "Hello".to_owned(),
                media: Vec::new(),
                link: None,
                first_comment: None,
            },
            run_at: None,
            idempotency_key: None,
            content_hash: post_id.to_string(),
            max_attempts: 3,
        }
    }

    #[track_caller]
    pub fn insert(&self, post: &NewPost) -> PostId {
        let inserted = self.wait(self.store.insert_post(post, false, false)).unwrap();
        assert!(matches!(inserted, Inserted::New { .. }), "{inserted:?}");
        post.post_id
    }

    /// Stores a due post.
    #[track_caller]
    pub fn schedule(&self) -> PostId {
        self.insert(&self.draft())
    }

    pub fn claim_request(&self, worker: &WorkerId, limit: u32) -> ClaimRequest {
        ClaimRequest {
            worker: worker.clone(),
            lease: LEASE,
            limit,
            ahead: Duration::ZERO,
            in_flight: HashMap::new(),
            per_account: u32::MAX,
            in_turns: true,
            max_attempts: None,
            only: Only::default(),
        }
    }

    /// Claims what is due.
    #[track_caller]
    pub fn claims(&self, worker: &WorkerId) -> Vec<Claim> {
        let request = self.claim_request(worker, 100);
        jobs(self.wait(self.store.claim_due(&request)).unwrap())
    }

    /// Claims the only due post.
    #[track_caller]
    pub fn claim(&self, worker: &WorkerId) -> Claim {
        let mut claims = self.claims(worker);
        assert_eq!(claims.len(), 1, "one post is due");
        claims.remove(0)
    }

    /// Schedules a post and claims it.
    #[track_caller]
    pub fn claimed(&self, worker: &WorkerId) -> Claim {
        self.schedule();
        self.claim(worker)
    }

    #[track_caller]
    pub fn gate(&self, claim: &Claim) -> Gate {
        self.wait(self.store.open_gates(&[to_publish(claim)], LEASE)).unwrap().remove(0)
    }

    /// Opens the gate, which must let the call go out.
    #[track_caller]
    pub fn intent(&self, claim: &Claim) -> Intent {
        match self.gate(claim) {
            Gate::Open(intent) => *intent,
            other => panic!("the gate says {other:?}"),
        }
    }

    /// Schedules a post, claims it and opens its gate.
    #[track_caller]
    pub fn sent(&self, worker: &WorkerId) -> (Claim, Intent) {
        let claim = self.claimed(worker);
        let intent = self.intent(&claim);
        (claim, intent)
    }

    /// The posts that need review, as they are read for another look.
    #[track_caller]
    pub fn needs_review(&self) -> Vec<Job> {
        let read = self.wait(self.store.needs_review(10)).unwrap();
        read.into_iter().map(|read| read.job.unwrap()).collect()
    }

    #[track_caller]
    pub fn take_over(&self, worker: &WorkerId) -> TakenOver {
        let request = TakeOver::new(worker.clone(), LEASE, 100);
        self.wait(self.store.take_over(&request)).unwrap()
    }

    /// Expires every lease, and takes the only abandoned job over.
    #[track_caller]
    pub fn successor(&self, worker: &WorkerId) -> Claim {
        self.leases_end();
        let mut claims = jobs(self.take_over(worker).claimed);
        assert_eq!(claims.len(), 1, "one job is abandoned");
        claims.remove(0)
    }

    /// As if longer than any lease had passed.
    pub fn leases_end(&self) {
        self.database.age(Duration::from_secs(10 * 60));
    }

    pub fn live(
        &self,
        worker: &WorkerId,
        claim: &Claim,
        intent: &Intent,
        receipt: &Receipt,
    ) -> Result<Recorded, StoreError> {
        let evidence = [evidence(claim, intent, receipt)];
        Ok(self.wait(self.store.record_live(worker, &evidence))?.remove(0))
    }

    pub fn record_matched(
        &self,
        worker: &WorkerId,
        evidence: &Evidence,
    ) -> Result<Recorded, StoreError> {
        let evidence = [evidence.clone()];
        Ok(self.wait(self.store.record_matched(worker, &evidence))?.remove(0))
    }

    pub fn record_staged(&self, claim: &Claim, made: &[Artifact]) -> Result<bool, StoreError> {
        Ok(self.wait(self.store.record_staged(&[(&claim.lease, made)]))?.remove(0))
    }

    pub fn record_failure(
        &self,
        claim: &Claim,
        phase: &Phase,
        failure: &Failure,
        staged: Staged,
        next: &Next,
    ) -> Result<Settled, StoreError> {
        let failed = Failed { lease: &claim.lease, phase, failure, staged, next };
        Ok(self.wait(self.store.record_failure(&[failed]))?.remove(0))
    }

    pub fn release(&self, claim: &Claim, after: Duration) -> Result<Settled, StoreError> {
        Ok(self.wait(self.store.release(&[(&claim.lease, after)]))?.remove(0))
    }

    pub fn release_until_due(&self, claim: &Claim) -> Result<Settled, StoreError> {
        Ok(self.wait(self.store.release_until_due(&[&claim.lease]))?.remove(0))
    }

    pub fn fail_unreadable(&self, lease: &Lease, why: &str) -> Result<Option<Outcome>, StoreError> {
        Ok(self.wait(self.store.fail_unreadable(&[(lease, why)]))?.remove(0))
    }

    pub fn record_unknown(
        &self,
        claim: &Claim,
        intent: &Intent,
        answer: &Heard,
        look_again: Duration,
    ) -> Result<Settled, StoreError> {
        let call = Unsettled { lease: &claim.lease, intent, answer, look_again };
        Ok(self.wait(self.store.record_unknown(&[call]))?.remove(0))
    }

    pub fn record_lookup(
        &self,
        claim: &Claim,
        seen: &Failure,
        look_again: Duration,
    ) -> Result<Settled, StoreError> {
        let looked_up = LookedUp { lease: &claim.lease, seen, look_again };
        Ok(self.wait(self.store.record_lookup(&[looked_up]))?.remove(0))
    }

    pub fn ask_for_review(
        &self,
        claim: &Claim,
        seen: &Failure,
        look_again: Option<Duration>,
    ) -> Result<Settled, StoreError> {
        let undecided = Undecided { lease: &claim.lease, seen, look_again };
        Ok(self.wait(self.store.ask_for_review(&[undecided]))?.remove(0))
    }

    pub fn record_review(
        &self,
        job: &Job,
        seen: &Failure,
        look_again: Option<Duration>,
    ) -> Result<(), StoreError> {
        let reviewed = [(Reviewed { job, seen }, look_again)];
        self.wait(self.store.record_review(&worker("a"), &reviewed))
    }

    pub fn fail_reviewed(&self, job: &Job, seen: &Failure) -> Result<Settled, StoreError> {
        let reviewed = [Reviewed { job, seen }];
        Ok(self.wait(self.store.fail_reviewed(&worker("a"), &reviewed))?.remove(0))
    }

    #[track_caller]
    pub fn post(&self, id: PostId) -> Post {
        self.wait(self.store.post(self.company, id)).unwrap().unwrap()
    }

    #[track_caller]
    pub fn history(&self, id: PostId) -> Vec<LogEntry> {
        let history = self.wait(self.store.history(self.post(id).job_id)).unwrap();
        assert_eq!(history.unreadable, [""; 0]);
        history.entries
    }

    /// `post/job`, as the database spells their statuses.
    #[track_caller]
    pub fn states(&self, id: PostId) -> String {
        let post = self.post(id);
        format!("{}/{}", post.status, post.job_status)
    }

    /// One column of a post's job.
    #[track_caller]
    pub fn job(&self, id: PostId, column: &str) -> String {
        let sql = format!("SELECT {column} FROM post_schedule WHERE post_detail_id = '{id}'");
        let value = self.database.value(&sql);
        // PostgreSQL's values for the result of a comparison.
        match value.as_str() {
            "t" => "1".to_owned(),
            "f" => "0".to_owned(),
            _ => value,
        }
    }

    /// Everything stored about posts, to see that nothing changed.
    pub fn tables(&self) -> Vec<Vec<String>> {
        let tables = ["post_schedule", "post_details", "publish_log", "meta_social_accounts"];
        tables
            .iter()
            .flat_map(|table| {
                self.database.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3, 4"))
            })
            .collect()
    }

    /// Rows that break an invariant: `I07`, …
    pub fn breaches(&self) -> Vec<&'static str> {
        let breaches = self.wait(self.store.breaches()).unwrap();
        breaches.iter().map(|breach| breach.invariant).collect()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.broken.get() {
            let breaches = self.wait(self.store.breaches()).unwrap();
            assert!(breaches.is_empty(), "broken invariants: {breaches:?}");
        }
    }
}

#[track_caller]
pub fn jobs(claimed: Vec<Claimed>) -> Vec<Claim> {
    claimed
        .into_iter()
        .map(|claimed| match claimed {
            Claimed::Job(claim) => *claim,
            other @ (Claimed::Unreadable { .. } | Claimed::Ended(_)) => panic!("{other:?}"),
        })
        .collect()
}

pub fn to_publish(claim: &Claim) -> ToPublish<'_> {
    ToPublish { lease: &claim.lease, account: claim.account.id, object: None }
}

pub fn evidence(claim: &Claim, intent: &Intent, receipt: &Receipt) -> Evidence {
    Evidence {
        job: claim.job_id,
        post: claim.post_id,
        intent: intent.clone(),
        receipt: receipt.clone(),
    }
}

pub fn worker(name: &str) -> WorkerId {
    WorkerId::named(name.to_owned())
}

pub fn failure(message: &str) -> Failure {
    Failure::new(Remedy::Retry, FailureCode::from("some_code".to_owned()), message)
}

pub fn receipt(id: &str) -> Receipt {
    Receipt { external_id: Some(id.to_owned()), ..Receipt::default() }
}
