//! All HTTP: one client per platform behind one small interface.
//!
//! A platform never decides what happens to a job. It does one step, says
//! what the answer means, and the worker commits that before the next step.

pub mod facebook;
pub mod graph;
pub mod http;
pub mod instagram;
pub mod linkedin;
pub mod media_source;
mod public_address;
#[cfg(test)]
mod rehearsal;

use std::future::Future;
use std::pin::Pin;

use crate::domain::{Answer, Draft, Failure, Intent, Preparation, Receipt, Sighting};

/// A boxed future, since each platform is used through `dyn`.
pub type Step<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a platform must offer to the publish protocol.
pub trait Publisher: Send + Sync {
    /// Does the next preparing step that `draft.staging` does not show yet.
    ///
    /// Every step is invisible to readers and may be repeated: a lost answer
    /// costs an orphan at the platform, never a second post. At most one call
    /// that makes something at the platform happens per step, so that its id
    /// is committed before the next. A step never waits for processing: it
    /// reads the state once and answers [`Preparation::Wait`].
    fn prepare<'a>(&'a self, draft: &'a Draft) -> Step<'a, Result<Preparation, Failure>>;

    /// Sends the one call of no return, exactly once. Called only after
    /// [`Preparation::Ready`] and a committed intent.
    fn publish<'a>(&'a self, draft: &'a Draft) -> Step<'a, Answer>;

    /// Finds out whether the call cleared by `intent` went through, by reading only.
    fn look_up<'a>(&'a self, draft: &'a Draft, intent: &'a Intent) -> Step<'a, Sighting>;

    /// Reads the address of a live post, for people. Best effort.
    fn permalink<'a>(&'a self, draft: &'a Draft, receipt: &'a Receipt) -> Step<'a, Option<String>>;

    /// Sends the first comment below a live post, exactly once.
    /// The receipt's `external_id` is the comment's id.
    fn comment<'a>(&'a self, draft: &'a Draft, post_id: &'a str, text: &'a str)
    -> Step<'a, Answer>;

    /// Deletes what was staged for a post that was cancelled. Best effort.
    fn discard<'a>(&'a self, draft: &'a Draft) -> Step<'a, ()>;
}
