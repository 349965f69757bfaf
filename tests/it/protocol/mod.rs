//! The publish protocol, with the real program against the sandbox: lost
//! answers, refusals, people who change their mind, and processes that die.

mod answers;
mod changing;
mod comments;
mod full_disk;
mod kinds;
mod limits;
mod lost;
mod objects;
mod panics;
mod recovering;
mod refusals;
mod restored;
mod signals;
mod spool;
mod verdicts;
