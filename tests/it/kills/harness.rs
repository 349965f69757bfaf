//! The world in which workers are killed, and the questions asked afterwards.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;
use socialsched::domain::{AccountId, CompanyId, JobId, NewAccount, NewPost, Platform, PostId};
use socialsched::sandbox::SandboxOptions;
use socialsched::store::{Inserted, Location, Store};
use tokio::runtime::Runtime;

use super::flows::Flow;
use super::settings::report;
use crate::support::{PrivateServer, World};

/// Enough time for any lease to end, also that of a gate.
pub const LEASE_OVER: Duration = Duration::from_secs(150);
/// Between runs of clean workers: long enough for few runs to settle everything.
const PAUSE: Duration = Duration::from_secs(900);
/// Number of runs that settle everything, also what is looked up ten times.
const RUNS_MAX: u32 = 40;
/// Enough time for any video to be processed.
const PROCESSED: Duration = Duration::from_secs(1);
/// SIGKILL.
const KILLED: Option<i32> = Some(9);

/// A post on an account of its own.
#[derive(Debug, Clone)]
pub struct Planted {
    pub flow: &'static Flow,
    pub id: String,
    pub account: AccountId,
    /// What the platform calls the account.
    pub external_account: String,
}

/// What readers see of an account.
#[derive(Debug, Clone, Copy, Default)]
struct Live {
    posts: usize,
    comments: usize,
}

/// A world with many posts, on which processes die.
pub struct Harness {
    pub world: World,
    store: Store,
    runtime: Runtime,
    company: CompanyId,
    posts: RefCell<Vec<Planted>>,
    kills: Cell<u32>,
    frozen: Cell<usize>,
    checked: Cell<u32>,
    unknown: RefCell<BTreeMap<&'static str, u32>>,
    /// The platforms may refuse posts: then a post may fail, if it is not live.
    refusals: Cell<bool>,
    /// They may refuse posts that are live: then such a post may be reported as failed.
    lies: Cell<bool>,
    began: Instant,
}

/// Media is not ready at once, so that some is waited for.
fn waited_for(options: SandboxOptions) -> SandboxOptions {
    SandboxOptions { video_processing_ms: 50, ..options }
}

impl Harness {
    /// On platforms without a filter of equal posts: LinkedIn's would hide some doubles.
    pub fn new() -> Self {
        Self::with(SandboxOptions { duplicate_window_ms: 0, ..SandboxOptions::default() })
    }

    pub fn with(options: SandboxOptions) -> Self {
        Self::around(World::with(waited_for(options)))
    }

    /// As [`Harness::new`], on a server that may die, too.
    pub fn on(server: &PrivateServer) -> Self {
        let options = SandboxOptions { duplicate_window_ms: 0, ..SandboxOptions::default() };
        Self::around(World::on_with(server, waited_for(options)))
    }

    fn around(world: World) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let location: Location = world.database.url().parse().unwrap();
        let opening = Store::open(&location, Duration::from_secs(20));
        let store = runtime.block_on(opening).unwrap();
        Self {
            company: world.company().parse().unwrap(),
            world,
            store,
            runtime,
            posts: RefCell::default(),
            kills: Cell::new(0),
            frozen: Cell::new(0),
            checked: Cell::new(0),
            unknown: RefCell::default(),
            refusals: Cell::default(),
            lies: Cell::default(),
            began: Instant::now(),
        }
    }

    /// A new account and its id at the platform.
    fn account(&self, flow: &Flow) -> (AccountId, String) {
        let id = AccountId::generate();
        // The last digits of the id: unique, as long as the platforms' own, and
        // never with the first digits of Instagram's accounts.
        let number = id.uuid().as_u128() % 1_000_000_000_000 + 2_000_000_000_000;
        let external_id = match flow.platform {
            Platform::LinkedIn if flow.is_members => format!("urn:li:person:Member{number}"),
            Platform::LinkedIn => format!("urn:li:organization:{number}"),
            Platform::Facebook | Platform::Instagram => number.to_string(),
        };
        let account = NewAccount {
            id,
            company_id: self.company,
            platform: flow.platform,
            name: format!("Acme {id}"),
            external_id: external_id.clone(),
            client_id: None,
            token_ref: None,
            publish_mode: flow.mode,
        };
        self.runtime.block_on(self.store.add_account(&account)).unwrap();
        (id, external_id)
    }

    /// A due post on a new account. Its attempts never run out, so that only
    /// a loss can end it unpublished.
    pub fn plant(&self, flow: &'static Flow) -> Planted {
        self.plant_at(flow, None)
    }

    /// The same with a time of its own; `None`: due at once.
    pub fn plant_at(&self, flow: &'static Flow, run_at: Option<DateTime<Utc>>) -> Planted {
        self.plant_with(flow, run_at, 1000)
    }

    /// The same with attempts that run out.
    pub fn plant_with(
        &self,
        flow: &'static Flow,
        run_at: Option<DateTime<Utc>>,
        max_attempts: u32,
    ) -> Planted {
        let planted = self.unstored(flow);
        let account = planted.account;
        let post_id: PostId = planted.id.parse().unwrap();
        let text = format!("{} {post_id}", flow.name);
        let post = NewPost {
            post_id,
            job_id: JobId::generate(),
            company_id: self.company,
            account_id: account,
            client_id: None,
            content: flow.content(&text, |name| self.world.media(name)),
            run_at,
            idempotency_key: None,
            content_hash: post_id.to_string(),
            max_attempts,
        };
        let inserted = self.runtime.block_on(self.store.insert_post(&post, false, false)).unwrap();
        assert!(matches!(inserted, Inserted::New { .. }), "{inserted:?}");
        self.watch(planted.clone());
        planted
    }

    /// A new account and an id, for a post that is not stored yet.
    pub fn unstored(&self, flow: &'static Flow) -> Planted {
        let (account, external_account) = self.account(flow);
        Planted { flow, id: PostId::generate().to_string(), account, external_account }
    }

    /// Checks this post, too.
    pub fn watch(&self, post: Planted) {
        self.posts.borrow_mut().push(post);
    }

    /// A worker that serves only this post's account, not yet started.
    pub fn worker(&self, post: &Planted) -> Command {
        let mut worker = self.any_worker();
        worker.args(["--account", &post.account.to_string()]);
        worker
    }

    /// A worker for all accounts, not yet started.
    pub fn any_worker(&self) -> Command {
        self.worker_for("5s")
    }

    /// The same with this runtime, media that is being processed included.
    pub fn worker_for(&self, runtime: &str) -> Command {
        let mut worker = self.world.command(&[
            "run-worker",
            "--once",
            "--max-late",
            "300d",
            "--max-runtime",
            runtime,
        ]);
        worker.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        worker
    }

    /// Runs a command that is to die at a point (`name:n`); returns whether it did.
    pub fn killed_at(&self, mut command: Command, point: &str) -> bool {
        let status = command.env("SOCIALSCHED_KILL_AT", point).status().unwrap();
        let killed = status.signal() == KILLED;
        assert!(killed || status.code().is_some(), "{status} at {point}");
        self.kills.set(self.kills.get() + u32::from(killed));
        killed
    }

    /// Counts a kill that was made elsewhere.
    pub fn count_kill(&self) {
        self.kills.set(self.kills.get() + 1);
    }

    /// Counts workers that were frozen.
    pub fn note(&self, frozen: usize) {
        self.frozen.set(self.frozen.get() + frozen);
    }

    /// The platforms may refuse posts from now on.
    pub fn expect_refusals(&self) {
        self.refusals.set(true);
    }

    /// The platforms may refuse posts from now on although they are live, where
    /// a refusal is believed.
    pub fn expect_lies(&self) {
        self.lies.set(true);
    }

    /// From now on the platforms refuse every call that would change something.
    pub fn refuse_everything(&self) {
        for (platform, code) in [
            ("facebook", json!(100)),
            ("instagram", json!(100)),
            ("linkedin", json!("INVALID_VALUE_FOR_FIELD")),
        ] {
            self.world.fault(&json!({
                "match": {"method": "POST", "platform": platform}, "fault": "refuse",
                "effect": "none", "status": 400, "code": code,
            }));
        }
    }

    pub fn kills(&self) -> u32 {
        self.kills.get()
    }

    /// Runs a command to its end; the points that it passed, as `name:n`.
    pub fn trace(&self, mut command: Command) -> Vec<String> {
        let file = self.world.path("trace");
        let _ = fs::remove_file(&file);
        let status = command.env("SOCIALSCHED_KILL_TRACE", &file).status().unwrap();
        assert!(status.success(), "{status}");
        let mut passages: BTreeMap<String, u32> = BTreeMap::new();
        let mut points = Vec::new();
        for name in fs::read_to_string(&file).unwrap_or_default().lines() {
            let nth = passages.entry(name.to_owned()).or_default();
            *nth += 1;
            points.push(format!("{name}:{nth}"));
        }
        points
    }

    /// Whether every post has ended, and its comment too.
    pub fn is_settled(&self) -> bool {
        let owed = "SELECT COUNT(*) FROM post_details
                     WHERE first_comment_state IN ('pending', 'sending')";
        self.world.open_posts() == 0 && self.world.database.value(owed) == "0"
    }

    /// Runs clean workers until everything has ended.
    #[track_caller]
    pub fn finish(&self) {
        for _ in 0..RUNS_MAX {
            let status = self.any_worker().args(["--concurrency", "16"]).status().unwrap();
            assert!(status.success(), "{status}");
            if self.is_settled() {
                return;
            }
            self.world.advance(PAUSE);
        }
        let sql = "SELECT * FROM post_details
                    WHERE status IN ('pending', 'processing')
                       OR first_comment_state IN ('pending', 'sending')";
        let paused = "SELECT * FROM meta_social_accounts WHERE paused_at IS NOT NULL";
        let [open, paused] = [sql, paused].map(|sql| self.world.database.rows(sql));
        panic!("posts never end: {open:?}, paused: {paused:?}");
    }

    /// Finishes, and checks every post planted since the last time: is it live at most
    /// once, is it live exactly if it is reported as live, and does its row exist? A post
    /// with an unknown outcome may be either, but on two-step flows there is none. The
    /// same holds for its first comment, which cannot be looked up. Returns each post
    /// with its fault.
    #[track_caller]
    pub fn check_posts(&self) -> Vec<(Planted, String)> {
        self.finish();
        // Videos are shown when they are processed.
        self.world.advance(PROCESSED);
        let mut faults = Vec::new();
        let live = self.live();
        let rows = self.world.database.rows(
            "SELECT id, status, outcome, first_comment_state, error_code, error_message
               FROM post_details",
        );
        let rows: BTreeMap<&str, &[String]> =
            rows.iter().map(|row| (row[0].as_str(), &row[1..])).collect();
        for post in self.posts.take() {
            self.checked.set(self.checked.get() + 1);
            let live = live.get(&post.external_account).copied().unwrap_or_default();
            let fault = match rows.get(post.id.as_str()) {
                None => Some("lost".to_owned()),
                Some(row) => self.fault(&post, row, live),
            };
            faults.extend(fault.map(|fault| (post, fault)));
        }
        faults
    }

    /// What readers see, per account.
    fn live(&self) -> BTreeMap<String, Live> {
        let mut live: BTreeMap<String, Live> = BTreeMap::new();
        for item in self.world.live() {
            let live = live.entry(item["account"].as_str().unwrap().to_owned()).or_default();
            live.posts += 1;
            live.comments += item["comments"].as_array().map_or(0, Vec::len);
        }
        live
    }

    /// How this post ended: its reported state, and how often it is live, as in
    /// `published, 1 live`.
    pub fn end_of(&self, post: &Planted) -> String {
        let live = self.live().get(&post.external_account).map_or(0, |live| live.posts);
        let sql =
            format!("SELECT COALESCE(outcome, status) FROM post_details WHERE id = '{}'", post.id);
        format!("{}, {live} live", self.world.database.value(&sql))
    }

    fn fault(&self, post: &Planted, row: &[String], live: Live) -> Option<String> {
        let (status, outcome, comment) = (row[0].as_str(), row[1].as_str(), row[2].as_str());
        let fault = match (status, outcome) {
            _ if live.posts > 1 => Some("doubled"),
            ("published", _) if live.posts == 1 => self.comment_fault(post, comment, live),
            _ if live.comments > 0 || !comment.is_empty() => Some("a comment without a post"),
            ("cancelled", _) if live.posts == 0 => None,
            ("failed", "not_published") if live.posts == 0 && self.refusals.get() => None,
            ("failed", "not_published") if live.posts == 1 && self.lies.get() => None,
            ("failed", "unknown") => {
                *self.unknown.borrow_mut().entry(post.flow.name).or_default() += 1;
                post.flow.is_two_step().then_some("unknown on a two-step flow")
            }
            _ => Some("ended wrongly"),
        };
        Some(format!("{}: {live:?}, {row:?}", fault?))
    }

    /// What is wrong with the comment below a published post.
    fn comment_fault(&self, post: &Planted, state: &str, live: Live) -> Option<&'static str> {
        match (state, live.comments, post.flow.first_comment) {
            (_, 2.., _) => Some("a comment doubled"),
            ("", 0, None) | ("sent", 1, Some(_)) => None,
            ("unknown", _, Some(_)) => {
                *self.unknown.borrow_mut().entry("comments").or_default() += 1;
                None
            }
            ("failed", 0, Some(_)) if self.refusals.get() => None,
            _ => Some("a comment ended wrongly"),
        }
    }

    /// The last assertion of a test: no post has a fault, and no invariant is broken.
    /// Reports its figures.
    #[track_caller]
    pub fn assert_sound(&self, name: &str, faults: &[(Planted, String)]) {
        let unknown: Vec<String> =
            self.unknown.borrow().iter().map(|(flow, n)| format!("{flow}={n}")).collect();
        report(&format!(
            "KILLS\t{:?}\t{name}\tkills={}\tfrozen={}\tposts={}\tfaults={}\tseconds={}\tunknown: {}",
            self.world.database.engine(),
            self.kills(),
            self.frozen.get(),
            self.checked.get(),
            faults.len(),
            self.began.elapsed().as_secs(),
            unknown.join(", "),
        ));
        let text: Vec<String> = faults
            .iter()
            .map(|(post, fault)| format!("{} {}: {fault}", post.flow.name, post.id))
            .collect();
        assert!(faults.is_empty(), "{name}:\n{}", text.join("\n"));
        self.world.assert_healthy();
    }
}
