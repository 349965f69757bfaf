//! The platforms' published rules, checked before anything is stored.
//!
//! Everything that can be known without asking a platform or fetching a file is
//! said at once, when the post is scheduled: not hours later, at its due time.
//! What differs between platforms is in their profiles; nothing here names one.

mod address;
mod combinations;
mod hash;
mod ids;
#[cfg(test)]
mod tests;
mod text;
mod urls;

pub use address::is_public;
pub use combinations::shape;
pub use hash::content_hash;
pub use ids::{check_account_id, check_post_id};
pub use urls::media_kind_of;

use super::{PostContent, Problem, Problems};

/// What the rules say about a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// The platform would refuse the post, or show something else than was asked for.
    pub problems: Problems,
    /// The post can go out, but its author may want to know.
    pub warnings: Vec<Problem>,
}

impl Review {
    fn refuse(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn warn(&mut self, warning: Problem) {
        self.warnings.push(warning);
    }
}

/// Checks a post against its platform's rules; fields are the flags of `schedule`.
///
/// `allow_private` permits URLs of private addresses, for tests and sandboxes.
#[must_use]
pub fn check(content: &PostContent, allow_private: bool) -> Review {
    let mut review = Review::default();
    combinations::check(content, &mut review);
    text::check(content, &mut review);
    urls::check(content, allow_private, &mut review);
    review
}
