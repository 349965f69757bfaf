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
//! | `GET /__sim/live[?account=…][&all=1]` | everything readers can see, oldest first |
//! | `GET /__sim/ever[?account=…][&all=1]` | everything they ever saw, with `deleted_at` |
//! | `GET /__sim/drafts[?account=…]` | everything staged and invisible |
//! | `GET /__sim/log` | all calls in order, without secrets |
//! | `GET /__sim/calls[?account=…]` | `{"calls":N}`: how many there were |
//! | `GET /__sim/uploads/{id}` | the bytes of a LinkedIn media URN or of a video in chunks |
//! | `POST /__sim/faults` | adds a JSON list of rules; `DELETE` clears them |
//! | `POST /__sim/clock` | `{"advance_ms":…}`, `{"set_ms":…}`, `{"freeze":true}` |
//! | `POST /__sim/options` | changes some [`SandboxOptions`] |
//! | `POST /__sim/reset` | forgets everything but the options, also faults and clock |
//!
//! `all` adds the posts by other hands of [`SandboxOptions::newer_posts`].
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
//! | `user-` | good, of a person: a Page's limit is 32, not 80001 | good |
//!
//! # Faults
//!
//! A rule is `{"match":{…},"when":{…},"fault":…}` with the fields below; all but
//! `fault` may be left out. The first rule that fires decides. `match` names
//! `method`, `path_contains`, `body_contains`, `platform`, `account` (every call
//! that belongs to it: on its edges, objects and uploads, or with it as author)
//! and `call`, one of `stage`, `publish`, `read`, `list`, `comment`, `comments`,
//! `delete`. `when` names `nth`, `count` and `probability`.
//!
//! Every rule may have `effect` (`none`, `once`, `twice`: how often the call takes
//! effect, instead of as often as below), `which` (`first`, `second`: whose
//! answer is returned when it takes effect twice) and `delay_ms` (the answer
//! comes late).
//!
//! | fault | takes effect | the answer | fields |
//! | --- | --- | --- | --- |
//! | `before_commit_5xx`, `after_commit_5xx` | none, once | the platform's error, 500 | `status`, `body`, `location` |
//! | `before_commit_4xx`, `after_commit_4xx` | none, once | the platform's error, 400 | the same |
//! | `status`, `after_commit_status` | none, once | any | the same |
//! | `429` | none | the platform's error, 429 | the same, `retry_after` |
//! | `refuse` | none | the platform's own error, 400 | `code`, `subcode`, `message`, `status`, `transient`, `signed` |
//! | `answer` | none | any, of a proxy | `status`, `headers`, `body`, `content_type` |
//! | `html_502`, `after_commit_html_502` | none, once | a gateway's page | |
//! | `not_taken` | none | the usual success | |
//! | `duplicate_delivery` | twice | the true one | |
//! | `no_id` | once | without the new object's id | |
//! | `stale_status` | once | as before publication | |
//! | `empty_body` | once | without its body | |
//! | `truncate_body` | once | breaks off in the body | |
//! | `two_answers` | once | and then a second one | `status`, `headers`, `body`, `content_type` of the second |
//! | `before_commit_drop`, `after_commit_drop` | none, once | the connection ends | |
//! | `before_commit_hang`, `after_commit_hang` | none, once | never | |
//! | `slow_first_byte` | once | the true one, after `delay_ms` | |
//!
//! A LinkedIn error with JSON in it is signed with LinkedIn's headers, except
//! that of `answer` and of a `refuse` with `"signed":false`.

mod class;
mod clock;
mod control;
mod facebook;
mod faults;
mod fetch;
mod graph;
mod instagram;
mod linkedin;
mod media;
mod multipart;
mod options;
mod readers;
mod reply;
mod request;
mod server;
mod serving;
mod state;
mod tokens;
mod wire;

#[cfg(test)]
mod tests;

pub use options::{
    ChildrenForm, ContainerEnd, Flip, SandboxOptions, SecondCall, SecondFinish, SecondPublish,
};
pub use server::{Live, Running, Sandbox};
pub use state::Random;
