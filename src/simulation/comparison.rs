//! Compares what the database reports about each post with what readers can see.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Outcome, Platform, Post, PostId, PostStatus};
use crate::sandbox::Live;

/// What the database reports about a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedState {
    Published,
    /// Ended, and reported to people, as not published.
    NotPublished,
    /// Needs review; the report says that it may be live.
    Unknown,
    /// Not at its end.
    Open,
}

impl ReportedState {
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

/// A post as the database reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedPost {
    pub platform: Platform,
    /// The account's posts cannot be looked up.
    pub is_members: bool,
    pub state: ReportedState,
    pub external_id: Option<String>,
}

/// Where each post ended. Every post is counted once in the first eight of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Reported as published, and live once.
    pub once: u32,
    /// Live more than once, whatever is reported.
    pub twice: u32,
    /// Reported as published but not live, or no longer in the database.
    pub lost: u32,
    /// Reported as not published, and not live: no fault of a simulation justifies it.
    pub failed: u32,
    /// Needs review, on platforms where every post can be looked up in the end.
    pub unknown_two_step: u32,
    /// Needs review, where the platform allows no look-up.
    pub unknown_one_step: u32,
    /// Reported as not published, but live.
    pub denied: u32,
    /// Deleted by a worker although readers had seen it: also counted above.
    pub deleted: u32,
    /// Not at its end.
    pub open: u32,
    /// Live posts that the database reports as another one, or does not know.
    pub strays: u32,
    /// Every violation counted above, a line each.
    pub findings: Vec<String>,
}

impl Comparison {
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

/// Compares the posts of a run: `ids[n]` is post number `n`.
#[must_use]
pub fn compare(
    ids: &[PostId],
    reported: &BTreeMap<PostId, ReportedPost>,
    live: &[Live],
) -> Comparison {
    let mut comparison = Comparison::default();
    let mut copies: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for item in live {
        match number_of(item).filter(|number| *number < ids.len()) {
            Some(number) => {
                copies.entry(number).or_default().insert(&item.id);
            }
            None => {
                comparison.strays += 1;
                comparison.findings.push(format!("{} is live and belongs to no post", item.id));
            }
        }
    }
    for (number, id) in ids.iter().enumerate() {
        let copies = copies.get(&number);
        let count = copies.map_or(0, BTreeSet::len);
        let Some(post) = reported.get(id) else {
            comparison.lost += 1;
            comparison.findings.push(format!("{id} lost: no longer in the database"));
            continue;
        };
        let (counter, finding) = match (post.state, count) {
            (_, 2..) => (&mut comparison.twice, Some("published more than once")),
            (ReportedState::Published, 1) => (&mut comparison.once, None),
            (ReportedState::Published, _) => {
                (&mut comparison.lost, Some("lost: reported as published, not live"))
            }
            // No fault of the simulation concerns the content.
            (ReportedState::NotPublished, 0) => {
                (&mut comparison.failed, Some("failed although nothing justifies it"))
            }
            (ReportedState::NotPublished, _) => {
                (&mut comparison.denied, Some("reported as not published, live"))
            }
            (ReportedState::Unknown, _) if post.is_members => {
                (&mut comparison.unknown_one_step, None)
            }
            (ReportedState::Unknown, _) => (
                &mut comparison.unknown_two_step,
                Some("unknown, although its platform can be asked"),
            ),
            (ReportedState::Open, _) => (&mut comparison.open, Some("did not end")),
        };
        *counter += 1;
        if let Some(finding) = finding {
            let live: Vec<&str> = copies.into_iter().flatten().copied().collect();
            let live = if live.is_empty() { "nowhere".to_owned() } else { live.join(", ") };
            comparison
                .findings
                .push(format!("{id} on {}: {finding} (live: {live})", post.platform));
        }
        let is_deleted = |item: &&Live| item.deleted && number_of(item) == Some(number);
        if let Some(item) = live.iter().find(is_deleted) {
            comparison.deleted += 1;
            comparison.findings.push(format!("{id} was live and deleted: {}", item.id));
        }
        // An id that names another post's live item. Some platforms know one
        // post by two ids, so one that is not in the list proves nothing.
        let other = post.external_id.as_deref().and_then(|named| {
            live.iter().find(|item| item.id == named && number_of(item) != Some(number))
        });
        if let Some(other) = other {
            comparison.strays += 1;
            comparison.findings.push(format!("{id} has the id of another post: {}", other.id));
        }
    }
    comparison
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

    /// Compares one post.
    fn one(platform: Platform, state: ReportedState, live: &[Live]) -> Comparison {
        let id = PostId::generate();
        let reported = ReportedPost {
            platform,
            is_members: platform == Platform::LinkedIn,
            state,
            external_id: None,
        };
        compare(&[id], &BTreeMap::from([(id, reported)]), live)
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
        let comparison = one(Platform::Facebook, ReportedState::Published, &[live(0, "a")]);
        assert_eq!((comparison.once, comparison.findings.len()), (1, 0));
        for copies in [vec![], vec![live(0, "a")]] {
            let comparison = one(Platform::LinkedIn, ReportedState::Unknown, &copies);
            assert_eq!((comparison.unknown_one_step, comparison.findings.len()), (1, 0));
        }
    }

    /// A post that failed or is unknown for no reason is found.
    #[test]
    fn groundless_failed_or_unknown_post_is_found() {
        for platform in [Platform::Facebook, Platform::Instagram, Platform::LinkedIn] {
            let comparison = one(platform, ReportedState::NotPublished, &[]);
            assert_eq!((comparison.failed, comparison.findings.len()), (1, 1));
        }
        for copies in [vec![], vec![live(0, "a")]] {
            for platform in [Platform::Facebook, Platform::Instagram] {
                let comparison = one(platform, ReportedState::Unknown, &copies);
                assert_eq!((comparison.unknown_two_step, comparison.findings.len()), (1, 1));
            }
        }
    }

    /// A double or deleted post is found, whatever is reported.
    #[test]
    fn double_or_deleted_post_is_always_found() {
        for state in [
            ReportedState::Published,
            ReportedState::NotPublished,
            ReportedState::Unknown,
            ReportedState::Open,
        ] {
            let comparison = one(Platform::Facebook, state, &[live(0, "a"), live(0, "b")]);
            assert_eq!((comparison.twice, comparison.findings.len()), (1, 1), "{state:?}");
        }
        let deleted = Live { deleted: true, ..live(0, "a") };
        let comparison = one(Platform::Facebook, ReportedState::NotPublished, &[deleted]);
        assert_eq!((comparison.denied, comparison.deleted, comparison.findings.len()), (1, 1, 2));
        // The same one, seen twice.
        let seen = [live(0, "a"), live(0, "a")];
        assert_eq!(one(Platform::Facebook, ReportedState::Published, &seen).once, 1);
    }

    #[test]
    fn lost_denied_and_unfinished_posts_are_found() {
        let comparison = one(Platform::Facebook, ReportedState::Published, &[]);
        assert_eq!((comparison.lost, comparison.findings.len()), (1, 1));
        let comparison = one(Platform::Facebook, ReportedState::NotPublished, &[live(0, "a")]);
        assert_eq!((comparison.disagreements(), comparison.findings.len()), (1, 1));
        let comparison = one(Platform::Facebook, ReportedState::Open, &[]);
        assert_eq!((comparison.open, comparison.findings.len()), (1, 1));
        let comparison = compare(&[PostId::generate()], &BTreeMap::new(), &[]);
        assert_eq!((comparison.lost, comparison.findings.len()), (1, 1));
    }

    /// A live post that belongs to no post, or to another one, is found.
    #[test]
    fn stray_live_post_is_found() {
        let comparison = compare(&[], &BTreeMap::new(), &[live(0, "a")]);
        assert_eq!((comparison.strays, comparison.findings.len()), (1, 1));
        let ids = [PostId::generate(), PostId::generate()];
        let reported = |external_id: &str| ReportedPost {
            platform: Platform::Facebook,
            is_members: false,
            state: ReportedState::Published,
            external_id: Some(external_id.to_owned()),
        };
        let exchanged = BTreeMap::from([(ids[0], reported("b")), (ids[1], reported("a"))]);
        let comparison = compare(&ids, &exchanged, &[live(0, "a"), live(1, "b")]);
        assert_eq!((comparison.once, comparison.strays), (2, 2));
    }
}
