//! Platforms that lie. Every flow meets every fault of a platform, with no fault
//! of a worker, with a worker that dies before its call, and with one that dies when it
//! has the answer. Whatever happens: a post was ever live at most once, it is
//! reported as published exactly if it is live, it is reported as failed only where the
//! platform truly refused it, no worker deletes what readers ever saw,
//! and the calls to the platforms end. There is no list of exceptions.
//!
//! Needs the feature `kill-points`. Variables:
//!
//! - `LIES_SHARE`: one in this many cells is tried (1 is all, the default is 31);
//! - `KILL_SEED`: which of them;
//! - `LIES_ONLY`: the one cell of this name, as a failure names it;
//! - `KILL_REPORT`: a file to which each test appends its figures.

#[cfg(feature = "kill-points")]
mod cells;
#[cfg(feature = "kill-points")]
mod table;
