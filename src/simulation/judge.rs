//! What the database tells of each post, against what readers can see.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Outcome, Platform, Post, PostId, PostStatus};
use crate::sandbox::Live;

/// What the database tells about a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Published,
    /// Ended, and told to people, as not published.
    NotPublished,
    /// Held for a person, who is told that it may be live.
    Unknown,
    /// Not at its end.
    Open,
}

impl Fate {
    #[must_use]
    pub fn of(post: &Post) -> Self {
        match (post.status, post.outcome) {
            (PostStatus::Published, _) => Self::Published,
            (PostStatus::Failed, Some(Outcome::Unknown)) => Self::Unknown,
            (PostStatus::Failed | PostStatus::Cancelled, _) => Self::NotPublished,
            (PostStatus::Pending | PostStatus::Processing, _) => Self::Open,
        }
    }
}

/// A post as the database tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub platform: Platform,
    /// Nobody can look the account's posts up.
    pub is_members: bool,
    pub fate: Fate,
    pub external_id: Option<String>,
}

/// Where each post ended. Every post is counted once in the first eight of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Told as published, and live once.
    pub once: u32,
    /// Live more than once, whatever is told.
    pub twice: u32,
    /// Told as published but not live, or no longer in the database.
    pub lost: u32,
    /// Told as not published, and not live: no post of a simulation deserves it.
    pub failed: u32,
    /// Held for a person, on platforms that can be asked for every post, and
    /// that tell the truth in the end.
    pub unknown_two_step: u32,
    /// Held for a person, where nobody can ask the platform.
    pub unknown_one_step: u32,
    /// Told as not published, but live.
    pub denied: u32,
    /// Deleted by a worker although readers had seen it: also counted above.
    pub deleted: u32,
    /// Not at its end.
    pub open: u32,
    /// Live posts that the database tells as another one, or that are nobody's.
    pub strays: u32,
    /// Everything above that must not be, a line each.
    pub findings: Vec<String>,
}

impl Verdict {
    /// Rows that contradict what readers see.
    #[must_use]
    pub fn disagreements(&self) -> u32 {
        self.denied + self.strays
    }
}

/// The number of the post that a live one is, by its text or its media.
#[must_use]
pub fn number_of(live: &Live) -> Option<usize> {
    let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    match live.text.strip_prefix(TEXT) {
        Some(rest) => digits(rest),
        None => live.media.iter().find_map(|url| digits(url.split_once(FILE)?.1)),
    }
}

/// How the text of a post begins; its number follows.
pub const TEXT: &str = "Simulated post ";
/// How the names of its media begin; its number follows.
pub const FILE: &str = "/media/simulated-";

/// Judges the posts of a run: `ids[n]` is post number `n`.
#[must_use]
pub fn judge(ids: &[PostId], told: &BTreeMap<PostId, Told>, live: &[Live]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut copies: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for item in live {
        match number_of(item).filter(|number| *number < ids.len()) {
            Some(number) => {
                copies.entry(number).or_default().insert(&item.id);
            }
            None => {
                verdict.strays += 1;
                verdict.findings.push(format!("{} is live and belongs to no post", item.id));
            }
        }
    }
    for (number, id) in ids.iter().enumerate() {
        let copies = copies.get(&number);
        let count = copies.map_or(0, BTreeSet::len);
        let Some(post) = told.get(id) else {
            verdict.lost += 1;
            verdict.findings.push(format!("{id} lost: no longer in the database"));
            continue;
        };
        let (counter, finding) = match (post.fate, count) {
            (_, 2..) => (&mut verdict.twice, Some("published more than once")),
            (Fate::Published, 1) => (&mut verdict.once, None),
            (Fate::Published, _) => {
                (&mut verdict.lost, Some("lost: reported as published, not live"))
            }
            // No fault of the simulation says anything against the content.
            (Fate::NotPublished, 0) => {
                (&mut verdict.failed, Some("failed although nothing justifies it"))
            }
            (Fate::NotPublished, _) => {
                (&mut verdict.denied, Some("reported as not published, live"))
            }
            (Fate::Unknown, _) if post.is_members => (&mut verdict.unknown_one_step, None),
            (Fate::Unknown, _) => {
                (&mut verdict.unknown_two_step, Some("unknown, although its platform can be asked"))
            }
            (Fate::Open, _) => (&mut verdict.open, Some("did not end")),
        };
        *counter += 1;
        if let Some(finding) = finding {
            let live: Vec<&str> = copies.into_iter().flatten().copied().collect();
            let live = if live.is_empty() { "nowhere".to_owned() } else { live.join(", ") };
            verdict.findings.push(format!("{id} on {}: {finding} (live: {live})", post.platform));
        }
        let is_deleted = |item: &&Live| item.deleted && number_of(item) == Some(number);
        if let Some(item) = live.iter().find(is_deleted) {
            verdict.deleted += 1;
            verdict.findings.push(format!("{id} was live and deleted: {}", item.id));
        }
        // An id that names another post's live item. Some platforms know one
        // post by two ids, so one that is not in the list proves nothing.
        let other = post.external_id.as_deref().and_then(|named| {
            live.iter().find(|item| item.id == named && number_of(item) != Some(number))
        });
        if let Some(other) = other {
            verdict.strays += 1;
            verdict.findings.push(format!("{id} has the id of another post: {}", other.id));
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(number: usize, id: &str) -> Live {
        Live {
            account: "1".to_owned(),
            id: id.to_owned(),
            text: format!("{TEXT}{number}"),
            media: Vec::new(),
            deleted: false,
        }
    }

    /// Judges one post.
    fn one(platform: Platform, fate: Fate, live: &[Live]) -> Verdict {
        let id = PostId::generate();
        let told =
            Told { platform, is_members: platform == Platform::LinkedIn, fate, external_id: None };
        judge(&[id], &BTreeMap::from([(id, told)]), live)
    }

    #[test]
    fn post_is_known_by_text_or_files() {
        assert_eq!(number_of(&live(12, "a")), Some(12));
        let story = |file: &str| Live {
            text: String::new(),
            media: vec![format!("http://127.0.0.1:1{FILE}{file}")],
            ..live(1, "a")
        };
        assert_eq!(number_of(&story("7-0.jpg")), Some(7));
        assert_eq!(number_of(&story("x.jpg")), None);
    }

    #[test]
    fn what_is_well_makes_no_finding() {
        let verdict = one(Platform::Facebook, Fate::Published, &[live(0, "a")]);
        assert_eq!((verdict.once, verdict.findings.len()), (1, 0));
        for copies in [vec![], vec![live(0, "a")]] {
            let verdict = one(Platform::LinkedIn, Fate::Unknown, &copies);
            assert_eq!((verdict.unknown_one_step, verdict.findings.len()), (1, 0));
        }
    }

    /// A post that failed or is unknown for no reason is found.
    #[test]
    fn groundless_failed_or_unknown_post_is_found() {
        for platform in [Platform::Facebook, Platform::Instagram, Platform::LinkedIn] {
            let verdict = one(platform, Fate::NotPublished, &[]);
            assert_eq!((verdict.failed, verdict.findings.len()), (1, 1));
        }
        for copies in [vec![], vec![live(0, "a")]] {
            for platform in [Platform::Facebook, Platform::Instagram] {
                let verdict = one(platform, Fate::Unknown, &copies);
                assert_eq!((verdict.unknown_two_step, verdict.findings.len()), (1, 1));
            }
        }
    }

    /// A double or deleted post is found, whatever is reported.
    #[test]
    fn double_or_deleted_post_is_always_found() {
        for fate in [Fate::Published, Fate::NotPublished, Fate::Unknown, Fate::Open] {
            let verdict = one(Platform::Facebook, fate, &[live(0, "a"), live(0, "b")]);
            assert_eq!((verdict.twice, verdict.findings.len()), (1, 1), "{fate:?}");
        }
        let deleted = Live { deleted: true, ..live(0, "a") };
        let verdict = one(Platform::Facebook, Fate::NotPublished, &[deleted]);
        assert_eq!((verdict.denied, verdict.deleted, verdict.findings.len()), (1, 1, 2));
        // The same one, seen twice.
        let seen = [live(0, "a"), live(0, "a")];
        assert_eq!(one(Platform::Facebook, Fate::Published, &seen).once, 1);
    }

    #[test]
    fn lost_denied_and_unfinished_posts_are_found() {
        let verdict = one(Platform::Facebook, Fate::Published, &[]);
        assert_eq!((verdict.lost, verdict.findings.len()), (1, 1));
        let verdict = one(Platform::Facebook, Fate::NotPublished, &[live(0, "a")]);
        assert_eq!((verdict.disagreements(), verdict.findings.len()), (1, 1));
        let verdict = one(Platform::Facebook, Fate::Open, &[]);
        assert_eq!((verdict.open, verdict.findings.len()), (1, 1));
        let verdict = judge(&[PostId::generate()], &BTreeMap::new(), &[]);
        assert_eq!((verdict.lost, verdict.findings.len()), (1, 1));
    }

    /// A live post that belongs to no post, or to another one, is found.
    #[test]
    fn stray_live_post_is_found() {
        let verdict = judge(&[], &BTreeMap::new(), &[live(0, "a")]);
        assert_eq!((verdict.strays, verdict.findings.len()), (1, 1));
        let ids = [PostId::generate(), PostId::generate()];
        let told = |external_id: &str| Told {
            platform: Platform::Facebook,
            is_members: false,
            fate: Fate::Published,
            external_id: Some(external_id.to_owned()),
        };
        let exchanged = BTreeMap::from([(ids[0], told("b")), (ids[1], told("a"))]);
        let verdict = judge(&ids, &exchanged, &[live(0, "a"), live(1, "b")]);
        assert_eq!((verdict.once, verdict.strays), (2, 2));
    }
}
