//! What went wrong at a platform, and what the worker should do about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call that did not do what it should.
///
/// The same words serve staging calls, refused publish calls and publish calls
/// whose outcome is unknown; which of them it was says the type around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub remedy: Remedy,
    /// The platform's own code (`190/463`, `DUPLICATE_POST`) or ours (`timeout`).
    pub code: String,
    /// For people. Comes from outside: may hold anything but never a secret.
    pub message: String,
    pub http_status: Option<u16>,
    /// What the platform's support asks for (`fbtrace_id`, `x-li-uuid`).
    pub trace_id: Option<String>,
    /// Facts worth keeping with the attempt; `Null` when there are none.
    pub detail: Value,
}

/// In [`Failure::detail`]: a publish call that repeats one whose object was read
/// as not live was refused as the platform refuses a spent object. One of the
/// two is wrong, and such readings prove nothing any more.
pub const SPENT: &str = "spent";

impl Failure {
    /// A failure that did not come with an HTTP answer.
    #[must_use]
    pub fn new(remedy: Remedy, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            remedy,
            code: code.into(),
            message: message.into(),
            http_status: None,
            trace_id: None,
            detail: Value::Null,
        }
    }

    /// Whether it says nothing of the call itself, only that the account, or
    /// all of the platform, must rest.
    #[must_use]
    pub fn asks_to_rest(&self) -> bool {
        matches!(self.remedy, Remedy::Wait(_) | Remedy::Operator(_))
    }
}

/// What the worker does after a failure that provably published nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Remedy {
    /// A passing fault: try again later; costs an attempt.
    Retry,
    /// The staged objects are dead: drop all of them and stage anew; costs an attempt.
    Restage,
    /// The platform is not ready yet: ask again after this long; costs no attempt.
    PollAgain(Duration),
    /// Rate or quota: the account rests this long; costs no attempt.
    Wait(Duration),
    /// Credentials, permission or configuration: rests until an operator acts; costs no attempt.
    Operator(Scope),
    /// The content will never pass: fail now.
    GiveUp,
}

/// How much an operator's attention is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// One account's token, role or permission.
    Account,
    /// Every account of the platform (retired API version, wrong app).
    Platform,
}
