//! A local stand-in for the publishing APIs of Facebook Pages, Instagram and
//! LinkedIn, as strict as their documentation and field reports say they are.
//!
//! It shares no code with [`crate::platforms`]: a misreading of a service in
//! one of them must not hide the same misreading in the other.
//!
//! # Addresses
//!
//! A call to `https://{host}/{path}` goes to `http://127.0.0.1:{port}/{host}/{path}`,
//! for the hosts `graph.facebook.com`, `graph.instagram.com`,
//! `rupload.facebook.com`, `api.linkedin.com` and `www.linkedin.com`. Upload
//! addresses in answers have the same form. `/media/…` serves sample files and
//! `/__sim/…` is for tests:
//!
//! | call | what it does |
//! | --- | --- |
//! | `GET /__sim/live[?account=…]` | everything readers can see, oldest first |
//! | `GET /__sim/drafts[?account=…]` | everything staged and invisible |
//! | `GET /__sim/log` | all calls in order, without secrets |
//! | `GET /__sim/uploads/{urn}` | the bytes LinkedIn got for a media URN |
//! | `POST /__sim/faults` | adds a JSON list of rules; `DELETE` clears them |
//! | `POST /__sim/clock` | `{"advance_ms":…}`, `{"set_ms":…}`, `{"freeze":true}` |
//! | `POST /__sim/options` | changes some [`SandboxOptions`] |
//! | `POST /__sim/reset` | forgets everything but the options, also faults and clock |
//!
//! # Accounts and tokens
//!
//! Every account id exists. Facebook and Instagram ids are numbers; LinkedIn
//! authors are `urn:li:person:…` (a member: posts cannot be read back) or
//! `urn:li:organization:…`. Every non-empty token is good, except those that begin with
//!
//! | prefix | Graph | LinkedIn |
//! | --- | --- | --- |
//! | `invalid-` | 190 | 401 `INVALID_ACCESS_TOKEN` |
//! | `expired-` | 190/463 | 401 `EXPIRED_ACCESS_TOKEN` |
//! | `revoked-` | 190/458 | 401 `REVOKED_ACCESS_TOKEN` |
//! | `password-` | 190/460 | 401 `REVOKED_ACCESS_TOKEN` |
//! | `wrongpage-` | 190/492 | 403 `ACCESS_DENIED` |
//! | `noscope-` | 200 | 403 `ACCESS_DENIED`, also for reads |
//! | `noread-` | good | pages' posts cannot be read |
//!
//! # Faults
//!
//! A rule is `{"match":{"method","path_contains","body_contains","platform"},
//! "when":{"nth","count","probability"},"fault":…,"status","body","retry_after",
//! "location","delay_ms"}`; all but `fault` may be left out. Faults: `before_commit_5xx`, `after_commit_5xx`,
//! `before_commit_4xx`, `after_commit_4xx`, `before_commit_drop`,
//! `after_commit_drop`, `before_commit_hang`, `after_commit_hang`, `html_502`,
//! `after_commit_html_502`, `429`, `status`, `after_commit_status`,
//! `truncate_body`, `no_id`, `stale_status`, `duplicate_delivery`, `slow_first_byte`.

mod clock;
mod control;
mod facebook;
mod faults;
mod fetch;
mod graph;
mod instagram;
mod linkedin;
mod media;
mod options;
mod reply;
mod request;
mod server;
mod state;
mod tokens;

#[cfg(test)]
mod tests;

pub use options::{SandboxOptions, SecondFinish, SecondPublish};
pub use server::{Live, Running, Sandbox};
pub use state::Random;
