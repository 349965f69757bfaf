//! What a simulation will do, by its seed alone: which posts come when, and
//! which worker is killed after how long.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::domain::{Platform, PostType};
use crate::sandbox::Random;

/// Workers that run at the same time.
pub const WORKERS: usize = 3;

/// Single kills before an outage, in which all workers are killed.
const KILLS_PER_ROUND: u32 = 8;
/// Milliseconds between two kills: from "has hardly started" to "has worked
/// off what it claimed".
const BETWEEN_KILLS_MS: RangeInclusive<u64> = 30..=600;
/// Seconds of an outage: longer than the lease of a publish call, shorter
/// than some of the waits before an attempt or a look-up.
const OUTAGE_S: RangeInclusive<u64> = 110..=400;

/// The accounts, by platform and id there.
pub const ACCOUNTS: [(Platform, &str); 9] = [
    (Platform::Facebook, "1000001"),
    (Platform::Facebook, "1000002"),
    (Platform::Facebook, "1000003"),
    (Platform::Instagram, "17841400000001"),
    (Platform::Instagram, "17841400000002"),
    (Platform::Instagram, "17841400000003"),
    (Platform::LinkedIn, "urn:li:organization:1000001"),
    (Platform::LinkedIn, "urn:li:organization:1000002"),
    (Platform::LinkedIn, "urn:li:person:Simulated1"),
];

/// How many pictures or clips a post has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    None,
    Images(u8),
    Video,
}

/// What may be published where.
const KINDS: [(Platform, &[(PostType, Media)]); 3] = [
    (
        Platform::Facebook,
        &[
            (PostType::Post, Media::None),
            (PostType::Post, Media::Images(1)),
            (PostType::Carousel, Media::Images(3)),
            (PostType::Reel, Media::Video),
            (PostType::Story, Media::Images(1)),
        ],
    ),
    (
        Platform::Instagram,
        &[
            (PostType::Post, Media::Images(1)),
            (PostType::Carousel, Media::Images(2)),
            (PostType::Reel, Media::Video),
            (PostType::Story, Media::Images(1)),
        ],
    ),
    (
        Platform::LinkedIn,
        &[
            (PostType::Post, Media::None),
            (PostType::Post, Media::Images(1)),
            (PostType::Carousel, Media::Images(2)),
            (PostType::Video, Media::Video),
        ],
    ),
];

/// The plan of a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub seed: u64,
    pub posts: Vec<PlannedPost>,
    pub rounds: Vec<Round>,
    /// How long the platforms take for an answer, in milliseconds: the fewer
    /// posts there are for each kill, the longer each must take.
    pub answer_ms: u64,
}

/// A post of a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedPost {
    /// Index into [`ACCOUNTS`].
    pub account: usize,
    #[serde(rename = "type")]
    pub post_type: PostType,
    pub media: Media,
}

impl PlannedPost {
    #[must_use]
    pub fn platform(&self) -> Platform {
        ACCOUNTS[self.account].0
    }
}

/// Workers run, and one after the other is killed and replaced; then nobody
/// works for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// So many more posts are due when it begins.
    pub posts: usize,
    pub kills: Vec<Kill>,
    /// All workers are killed at its end, else they are stopped.
    pub outage: bool,
    /// How long nobody works after it.
    pub pause_s: u64,
}

/// A worker is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kill {
    /// So long after the kill before, or the start.
    pub after_ms: u64,
    /// Which of the [`WORKERS`].
    pub worker: usize,
}

impl Plan {
    /// The same arguments give the same plan.
    #[must_use]
    pub fn new(seed: u64, posts: u32, kills: u32) -> Self {
        let mut random = Random::new(seed);
        let mut rounds = Vec::new();
        let mut left = kills;
        while left > 0 {
            let whole = WORKERS as u32;
            let outage = left > whole;
            let single = if outage { (left - whole).min(KILLS_PER_ROUND) } else { left };
            left -= single + if outage { whole } else { 0 };
            let kills = (0..single)
                .map(|_| Kill {
                    after_ms: within(&mut random, BETWEEN_KILLS_MS),
                    worker: below(&mut random, WORKERS),
                })
                .collect();
            rounds.push(Round { posts: 0, kills, outage, pause_s: within(&mut random, OUTAGE_S) });
        }
        let posts: Vec<PlannedPost> = (0..posts).map(|_| post(&mut random)).collect();
        let count = rounds.len();
        for (n, round) in rounds.iter_mut().enumerate() {
            round.posts = posts.len() * (n + 1) / count - posts.len() * n / count;
        }
        let answer_ms = (150 * u64::from(kills) / (posts.len() as u64).max(1)).clamp(20, 400);
        Self { seed, posts, rounds, answer_ms }
    }

    /// Kills of the whole plan.
    #[must_use]
    pub fn kills(&self) -> usize {
        let of = |round: &Round| round.kills.len() + if round.outage { WORKERS } else { 0 };
        self.rounds.iter().map(of).sum()
    }
}

fn post(random: &mut Random) -> PlannedPost {
    let account = below(random, ACCOUNTS.len());
    let platform = ACCOUNTS[account].0;
    let kinds = KINDS.iter().find(|(of, _)| *of == platform).map_or(&[][..], |(_, kinds)| kinds);
    let (post_type, media) = kinds[below(random, kinds.len())];
    PlannedPost { account, post_type, media }
}

/// From 0 to below `end`.
fn below(random: &mut Random, end: usize) -> usize {
    (random.draw() % end as u64) as usize
}

fn within(random: &mut Random, range: RangeInclusive<u64>) -> u64 {
    range.start() + random.draw() % (range.end() - range.start() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_plan() {
        assert_eq!(Plan::new(7, 60, 50), Plan::new(7, 60, 50));
        assert_ne!(Plan::new(7, 60, 50), Plan::new(8, 60, 50));
    }

    #[test]
    fn every_kill_and_every_post_is_in_the_plan() {
        for (posts, kills) in [(1, 1), (3, 2), (60, 50), (7, 3), (200, 500), (5, 4)] {
            let plan = Plan::new(1, posts, kills);
            assert_eq!(plan.kills(), kills as usize);
            assert_eq!(plan.posts.len(), posts as usize);
            let coming: usize = plan.rounds.iter().map(|round| round.posts).sum();
            assert_eq!(coming, posts as usize, "{posts} posts, {kills} kills");
            assert!(plan.rounds.iter().flat_map(|round| &round.kills).all(|k| k.worker < WORKERS));
        }
    }

    #[test]
    fn posts_of_all_kinds_come() {
        let plan = Plan::new(1, 200, 10);
        for (platform, kinds) in KINDS {
            for (post_type, media) in kinds {
                let is_it = |post: &&PlannedPost| {
                    post.platform() == platform
                        && post.post_type == *post_type
                        && post.media == *media
                };
                assert!(plan.posts.iter().any(|post| is_it(&post)), "{platform} {post_type}");
            }
        }
    }
}
