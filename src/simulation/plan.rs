//! What a simulation will do, by its seed alone: which posts come when, and
//! which worker is killed after how long.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::domain::linkedin::Author;
use crate::domain::{Platform, PostType};
use crate::sandbox::Random;

/// Workers that run at the same time.
pub const WORKERS: usize = 3;

/// Single kills of a round, before all workers are killed.
const SINGLE_KILLS: usize = 8;
/// Milliseconds between two kills: from "has hardly started" to "has worked
/// off what it claimed".
const BETWEEN_MS: RangeInclusive<u64> = 30..=600;
/// Seconds without workers: longer than a publish call may be under way, shorter than
/// some of the waits before an attempt or a look-up.
const PAUSE_S: RangeInclusive<u64> = 110..=400;

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

/// What is published where.
fn kinds(platform: Platform) -> &'static [(PostType, Media)] {
    match platform {
        Platform::Facebook => &[
            (PostType::Post, Media::None),
            (PostType::Post, Media::Images(1)),
            (PostType::Carousel, Media::Images(3)),
            (PostType::Reel, Media::Video),
            (PostType::Story, Media::Images(1)),
        ],
        Platform::Instagram => &[
            (PostType::Post, Media::Images(1)),
            (PostType::Carousel, Media::Images(2)),
            (PostType::Reel, Media::Video),
            (PostType::Story, Media::Images(1)),
        ],
        Platform::LinkedIn => &[
            (PostType::Post, Media::None),
            (PostType::Post, Media::Images(1)),
            (PostType::Carousel, Media::Images(2)),
            (PostType::Video, Media::Video),
        ],
    }
}

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

    /// A LinkedIn member's post, which cannot be looked up.
    #[must_use]
    pub fn is_members(&self) -> bool {
        matches!(Author::parse(ACCOUNTS[self.account].1), Some(Author::Person(_)))
    }
}

/// Workers run, and one after the other is killed and replaced; then there are none for a
/// while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    pub kills: Vec<Kill>,
    /// Pause without workers after it. Workers that still run are stopped.
    pub pause_s: u64,
}

/// Posts come due, and workers are killed a little later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kill {
    /// Number of posts that become due at this point.
    pub posts: usize,
    /// Delay of the kill after that.
    pub after_ms: u64,
    pub who: Victim,
}

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Victim {
    /// This one of the [`WORKERS`]; another one takes its place.
    Worker(usize),
    All,
}

impl Victim {
    fn count(self) -> usize {
        match self {
            Self::Worker(_) => 1,
            Self::All => WORKERS,
        }
    }
}

impl Plan {
    /// The same arguments give the same plan.
    #[must_use]
    pub fn new(seed: u64, posts: u32, kills: u32) -> Self {
        let mut random = Random::new(seed);
        let mut rounds = Vec::new();
        let mut left = kills as usize;
        while left > 0 {
            let ends_with_all = left > WORKERS;
            let single = if ends_with_all { SINGLE_KILLS.min(left - WORKERS) } else { left };
            let single = (0..single).map(|_| Victim::Worker(below(&mut random, WORKERS)));
            let victims: Vec<Victim> = single.chain(ends_with_all.then_some(Victim::All)).collect();
            left -= victims.iter().map(|who| who.count()).sum::<usize>();
            let kill = |who| Kill { posts: 0, after_ms: within(&mut random, BETWEEN_MS), who };
            let kills = victims.into_iter().map(kill).collect();
            rounds.push(Round { kills, pause_s: within(&mut random, PAUSE_S) });
        }
        let posts: Vec<PlannedPost> = (0..posts).map(|_| post(&mut random)).collect();
        let steps = rounds.iter().map(|round| round.kills.len()).sum::<usize>();
        let kills_in_order = rounds.iter_mut().flat_map(|round| &mut round.kills);
        for (n, kill) in kills_in_order.enumerate() {
            kill.posts = posts.len() * (n + 1) / steps - posts.len() * n / steps;
        }
        let answer_ms = (300 * u64::from(kills) / (posts.len() as u64).max(1)).clamp(20, 500);
        Self { seed, posts, rounds, answer_ms }
    }

    /// Kills of the whole plan.
    #[must_use]
    pub fn kills(&self) -> usize {
        self.rounds.iter().flat_map(|round| &round.kills).map(|kill| kill.who.count()).sum()
    }
}

fn post(random: &mut Random) -> PlannedPost {
    let account = below(random, ACCOUNTS.len());
    let kinds = kinds(ACCOUNTS[account].0);
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
    fn every_kill_and_post_is_planned() {
        for (posts, kills) in [(1, 1), (3, 2), (60, 50), (7, 3), (200, 500), (5, 4)] {
            let plan = Plan::new(1, posts, kills);
            assert_eq!(plan.kills(), kills as usize);
            assert_eq!(plan.posts.len(), posts as usize);
            let steps: Vec<Kill> = plan.rounds.into_iter().flat_map(|round| round.kills).collect();
            let coming: usize = steps.iter().map(|kill| kill.posts).sum();
            assert_eq!(coming, posts as usize, "{posts} posts, {kills} kills");
        }
    }

    #[test]
    fn posts_of_all_kinds_come() {
        let plan = Plan::new(1, 200, 10);
        for platform in Platform::ALL {
            for (post_type, media) in kinds(*platform) {
                let is_it = |post: &&PlannedPost| {
                    post.platform() == *platform
                        && post.post_type == *post_type
                        && post.media == *media
                };
                assert!(plan.posts.iter().any(|post| is_it(&post)), "{platform} {post_type}");
            }
        }
    }
}
