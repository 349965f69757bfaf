//! Everything the sandbox remembers, behind one lock.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::clock::Clock;
use super::facebook::Facebook;
use super::faults::Rule;
use super::instagram::Instagram;
use super::linkedin::LinkedIn;
use super::options::SandboxOptions;

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
    /// Times of the calls per account or token, for quotas.
    pub(super) calls: HashMap<String, Vec<i64>>,
    pub(super) random: Random,
    last_id: u64,
    minted: HashSet<String>,
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

/// Something readers can see: one item of `GET /__sim/live`.
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
}

impl World {
    pub(super) fn new(options: SandboxOptions) -> Self {
        let random = Random::new(options.seed);
        Self { options, random, ..Self::default() }
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A new id: `prefix` and ten more digits that never repeat.
    pub(super) fn mint(&mut self, prefix: &str) -> String {
        self.last_id += 1;
        let id = format!("{prefix}{:010}", 4_100_000_000 + self.last_id * 7919);
        self.minted.insert(id.clone());
        id
    }

    /// The id was given out by [`World::mint`], so it names no account.
    pub(super) fn was_minted(&self, id: &str) -> bool {
        self.minted.contains(id)
    }

    /// Counts a call of `key` and tells how many there were within `window_ms`.
    pub(super) fn count_call(&mut self, key: &str, window_ms: i64) -> u32 {
        let now = self.now();
        let times = self.calls.entry(key.to_owned()).or_default();
        times.retain(|at| now - at < window_ms);
        times.push(now);
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
