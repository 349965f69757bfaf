//! What changes the queue: claims, gates, evidence, what workers learned, what operators
//! decide. Every status is set in [`transitions`], as `domain::law` allows it.

pub(super) mod claim;
pub(super) mod clean_up;
pub(super) mod decisions;
pub(super) mod evidence;
pub(super) mod follow_ups;
pub(super) mod gate;
pub(super) mod health;
pub(super) mod history;
pub(super) mod invalid_rows;
pub(super) mod lines;
pub(super) mod log;
pub(super) mod logged;
pub(super) mod logs;
pub(super) mod looks;
pub(super) mod open_calls;
pub(super) mod operator;
pub(super) mod owned;
pub(super) mod pauses;
pub(super) mod posts;
pub(super) mod repair;
pub(super) mod restore;
pub(super) mod review;
pub(super) mod settle;
pub(super) mod simulation;
pub(super) mod take_over;
pub(super) mod transitions;
pub(super) mod workers;
