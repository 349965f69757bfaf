//! What went wrong at a platform, and what the worker should do about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::FailureCode;

/// A call that did not do what it should.
///
/// The same type serves staging calls, refused publish calls and publish calls whose
/// outcome is unknown; the type around it says which of them it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub remedy: Remedy,
    pub code: FailureCode,
    /// For people. Comes from outside: may hold anything but never a secret.
    pub message: String,
    pub http_status: Option<u16>,
    /// What the platform's support asks for (`fbtrace_id`, `x-li-uuid`).
    pub trace_id: Option<String>,
    /// Facts worth keeping with the attempt; `Null` when there are none.
    pub detail: Value,
}

/// Key in [`Failure::detail`]: the platform refuses the call as it refuses an
/// object that is published already.
pub const SPENT: &str = "spent";

/// Key in [`Failure::detail`]: the platform says that such a post is there
/// already. It may be what this very call has made.
pub const EXISTS: &str = "exists";

/// Key in [`Failure::detail`]: the call never left this machine.
pub const NOT_SENT: &str = "not_sent";

impl Failure {
    /// A failure that did not come with an HTTP answer.
    #[must_use]
    pub fn new(remedy: Remedy, code: FailureCode, message: impl Into<String>) -> Self {
        Self {
            remedy,
            code,
            message: message.into(),
            http_status: None,
            trace_id: None,
            detail: Value::Null,
        }
    }

    /// The same with a mark in its detail.
    #[must_use]
    pub fn mark(mut self, key: &str) -> Self {
        if !self.detail.is_object() {
            self.detail = json!({});
        }
        self.detail[key] = json!(true);
        self
    }

    /// Whether it has this mark.
    #[must_use]
    pub fn is_marked(&self, key: &str) -> bool {
        self.detail[key] == json!(true)
    }

    /// The same, said of one medium of several: counted from 0.
    #[must_use]
    pub fn of_medium(mut self, number: usize, count: usize) -> Self {
        if count > 1 {
            self.message = format!("item {} of {count}: {}", number + 1, self.message);
        }
        self
    }

    /// The same for a comment that lacks a permission of its own: posts need other
    /// permissions, so the account need not be paused.
    #[must_use]
    pub fn of_comment_permission(mut self) -> Self {
        self.remedy = Remedy::Retry;
        self.message.push_str(" Posts need other permissions than comments, and go on.");
        self
    }

    /// Whether the same call may be answered otherwise later: an outage, or a limit of
    /// the account.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.asks_to_rest() || matches!(self.remedy, Remedy::Outage(_))
    }

    /// Whether the failure concerns not the post but its account, or more than that,
    /// which must be paused for a while.
    #[must_use]
    pub fn asks_to_rest(&self) -> bool {
        matches!(self.remedy, Remedy::Wait { .. } | Remedy::Operator(_))
    }
}

/// What the worker does after a failure that provably published nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Remedy {
    /// The platform refused, and may not the next time: costs an attempt.
    Retry,
    /// No answer came, or a server fault: the post is not to blame, and it
    /// costs no attempt.
    Outage(Away),
    /// The staged objects are dead: drop all of them and stage again; costs an attempt.
    Restage,
    /// Two-step publishing is refused for this post: stage again, and publish with one
    /// call. Costs no attempt.
    Direct,
    /// The platform is not ready yet: ask again after this long; costs no attempt.
    PollAgain(Duration),
    /// A rate or quota is used up: all in the scope wait this long; costs no attempt.
    Wait { rest: Duration, scope: Scope },
    /// Credentials, permission or configuration: all in the scope wait until an
    /// operator acts; costs no attempt.
    Operator(Scope),
    /// The content will never pass: fail now.
    GiveUp,
}

/// Whose service fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Away {
    /// The platform's.
    Platform,
    /// That of the server which has the post's media.
    MediaHost,
}

/// What a limit or a lost permission applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// One account's quota, token, role or permission.
    Account,
    /// Every account that is used with the same token.
    Person,
    /// Every account that the app serves: its limit, a retired version of the API.
    App,
}
