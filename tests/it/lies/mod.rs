//! Platforms that lie. Every way to publish meets every lie, with no fault of
//! ours, with a worker that dies before its call, and with one that dies when it
//! has the answer. Whatever happens: a post was ever live at most once, it is
//! reported as published exactly if it is live, it is reported as failed only where the
//! platform truly refused it, nothing that readers ever saw is deleted by us,
//! and the platforms are not called for ever. There is no list of exceptions.
//!
//! Needs the feature `kill-points`. Variables:
//!
//! - `LIES_SHARE`: of all cells, one of so many is tried (1 is all, the default
//!   is 31);
//! - `KILL_SEED`: which of them;
//! - `LIES_ONLY`: the one cell of this name, as a failure tells it;
//! - `KILL_REPORT`: a file to which each test appends its figures.

#[cfg(feature = "kill-points")]
mod cells;
#[cfg(feature = "kill-points")]
mod table;
