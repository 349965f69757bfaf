//! Everything the sandbox remembers, behind one lock.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;
use serde_json::{Map, Value};

use super::class::Class;
use super::clock::Clock;
use super::facebook::Facebook;
use super::faults::Rule;
use super::instagram::Instagram;
use super::linkedin::LinkedIn;
use super::options::SandboxOptions;
use super::readers::Gone;

/// The state of the three services and of the sandbox around them.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) options: SandboxOptions,
    pub(super) clock: Clock,
    pub(super) facebook: Facebook,
    pub(super) instagram: Instagram,
    pub(super) linkedin: LinkedIn,
    pub(super) log: Vec<LogEntry>,
    pub(super) faults: Vec<Rule>,
    /// Times of the calls per quota: of an account, a token, the app.
    calls: HashMap<String, VecDeque<i64>>,
    pub(super) random: Random,
    /// Posts that readers saw until a call deleted them.
    pub(super) gone: Vec<Gone>,
    last_id: u64,
    /// The account of every id that was given out, also when its object is gone.
    owners: HashMap<String, String>,
}

/// One call that arrived, without anything secret.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LogEntry {
    pub(super) n: usize,
    pub(super) at: String,
    pub(super) platform: Platform,
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
    /// The account that the call belongs to, when it is one's.
    pub(super) account: Option<String>,
    pub(super) call: Option<Class>,
    pub(super) params: Map<String, Value>,
    /// None while the call runs and when the connection was cut.
    pub(super) status: Option<u16>,
    pub(super) auth: &'static str,
    pub(super) encoding: &'static str,
    pub(super) fault: Option<String>,
}

/// Which service a call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Platform {
    Facebook,
    Instagram,
    Linkedin,
}

/// Something readers can or could see: one item of `GET /__sim/live`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Item {
    pub(super) platform: Platform,
    pub(super) account: String,
    pub(super) kind: &'static str,
    pub(super) id: String,
    pub(super) text: String,
    pub(super) media: Vec<Value>,
    /// When it became visible (or, in a draft, when it was staged).
    pub(super) created_at: String,
    pub(super) comments: Vec<String>,
    /// No client's call made it: see [`SandboxOptions::newer_posts`].
    pub(super) by_others: bool,
    /// A story whose day is over.
    #[serde(skip)]
    pub(super) expired: bool,
}

impl World {
    pub(super) fn new(options: SandboxOptions) -> Self {
        let random = Random::new(options.seed);
        let mut clock = Clock::default();
        clock.advance(options.clock_offset_ms);
        Self { options, clock, random, ..Self::default() }
    }

    /// Changes some options; a new clock offset moves the clock by the difference.
    pub(super) fn change_options(&mut self, changes: Value) -> serde_json::Result<()> {
        let before = self.options.clock_offset_ms;
        self.options.change(changes)?;
        self.clock.advance(self.options.clock_offset_ms - before);
        Ok(())
    }

    /// Answers as if the call had taken effect, but leaves all objects as they
    /// were. Ids stay given out: no other object may get them.
    pub(super) fn undone<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let objects = (self.facebook.clone(), self.instagram.clone(), self.linkedin.clone());
        let answer = act(self);
        (self.facebook, self.instagram, self.linkedin) = objects;
        answer
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A new id of an object of `account`: `prefix` and ten more digits that
    /// never repeat.
    pub(super) fn mint(&mut self, prefix: &str, account: &str) -> String {
        self.last_id += 1;
        let id = format!("{prefix}{:010}", 4_100_000_000 + self.last_id * 7919);
        self.own(&id, account);
        id
    }

    /// Remembers whose object has this id.
    pub(super) fn own(&mut self, id: &str, account: &str) {
        self.owners.insert(id.to_owned(), account.to_owned());
    }

    /// The account whose object has this id; none if the sandbox did not give it out.
    pub(super) fn owner(&self, id: &str) -> Option<&str> {
        self.owners.get(id).map(String::as_str)
    }

    /// The times of the calls of `key` within `window_ms`, oldest first.
    pub(super) fn counted(&self, key: &str, window_ms: i64) -> Vec<i64> {
        let now = self.now();
        let times = self.calls.get(key).into_iter().flatten().copied();
        times.filter(|at| now - at < window_ms).collect()
    }

    /// Counts a call of `key` and returns how many there were within `window_ms`.
    pub(super) fn count_call(&mut self, key: &str, window_ms: i64) -> u32 {
        let now = self.now();
        let times = self.calls.entry(key.to_owned()).or_default();
        while times.front().is_some_and(|at| now - at >= window_ms) {
            times.pop_front();
        }
        times.push_back(now);
        times.len().try_into().unwrap_or(u32::MAX)
    }
}

/// A small repeatable random source (SplitMix64).
#[derive(Debug, Default)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        ((self.draw() >> 11) as f64) / ((1u64 << 53) as f64) < probability
    }
}
