//! The publish protocol, with the real program against the sandbox: lost
//! answers, refusals, people who change their mind, and processes that die.

mod cancel_and_reschedule;
mod decisions;
mod exhausted_resources;
mod first_comments;
mod full_disk;
mod lost_answers;
mod misleading;
mod panics;
mod platform_answers;
mod recover;
mod refusals;
mod restored_backup;
mod signals;
mod spool;
mod staged_objects;
