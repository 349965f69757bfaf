//! Faults on demand: rules that say which call gets which fault.

mod answers;
mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::class::{Class, is_account};
use super::request::Call;
use super::state::{Platform, World};

pub(super) use self::answers::Answer;
pub(super) use self::check::rules;

/// One rule. It fires on matching calls; the first rule that fires decides.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    #[serde(rename = "match", default)]
    pub(super) matching: Match,
    #[serde(default)]
    pub(super) when: When,
    pub(super) fault: Fault,
    /// How often the call takes effect, instead of as often as the fault says.
    effect: Option<Effect>,
    /// Whose answer is returned when the call takes effect twice.
    which: Option<Which>,
    /// Status of the answer, for the faults that make up an answer.
    status: Option<u16>,
    /// Body of the answer instead of the platform's usual one.
    body: Option<Value>,
    /// Media type of a `body` that is text.
    content_type: Option<String>,
    /// Headers of an `answer`.
    headers: Option<BTreeMap<String, String>>,
    /// The platform's code for a `refuse`, a text or a number.
    code: Option<Code>,
    subcode: Option<u64>,
    message: Option<String>,
    /// `is_transient` of a `refuse`.
    transient: Option<bool>,
    /// A `refuse` looks like LinkedIn's own; if not, like a proxy's.
    signed: Option<bool>,
    /// `Retry-After` of a `429`: seconds, or any text.
    retry_after: Option<Value>,
    /// `Location`, for the faults that answer with an error of any status.
    location: Option<String>,
    /// The answer comes this many milliseconds of real time late.
    pub(super) delay_ms: Option<u64>,
    /// Matching calls seen so far.
    #[serde(default, skip_deserializing)]
    seen: u32,
    /// Times it fired so far.
    #[serde(default, skip_deserializing)]
    fired: u32,
}

/// Which calls a rule is about; what is left out matches everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Match {
    method: Option<String>,
    /// Part of `host/path` as sent.
    path_contains: Option<String>,
    /// Part of the body, to distinguish e.g. `start` from `finish`.
    body_contains: Option<String>,
    platform: Option<Platform>,
    /// The account that the call belongs to.
    account: Option<String>,
    /// What the call is for.
    call: Option<Class>,
}

/// Which of the matching calls: from the `nth` (1 is the first) on, `count` of
/// them. With neither, every one; with `nth` alone, just that one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    nth: Option<u32>,
    count: Option<u32>,
    probability: Option<f64>,
}

/// A platform's code for an error, a text or a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Code {
    Number(i64),
    Word(String),
}

/// What goes wrong. "After commit" means that the call took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    #[serde(rename = "before_commit_5xx")]
    BeforeCommit5xx,
    #[serde(rename = "after_commit_5xx")]
    AfterCommit5xx,
    BeforeCommitDrop,
    AfterCommitDrop,
    BeforeCommitHang,
    AfterCommitHang,
    #[serde(rename = "before_commit_4xx")]
    BeforeCommit4xx,
    #[serde(rename = "after_commit_4xx")]
    AfterCommit4xx,
    /// The call took effect; the body breaks off in the middle.
    TruncateBody,
    /// The call took effect; its answer has no body.
    EmptyBody,
    /// The call took effect; behind its answer comes a second one.
    TwoAnswers,
    /// A gateway's page; nothing happened.
    #[serde(rename = "html_502")]
    Html502,
    /// The call took effect; a gateway's page answers.
    #[serde(rename = "after_commit_html_502")]
    AfterCommitHtml502,
    /// Throttled; nothing happened.
    #[serde(rename = "429")]
    TooMany,
    /// Any `status` and `body`; nothing happened.
    Status,
    /// Any `status` and `body`, although the call took effect.
    AfterCommitStatus,
    /// The platform's own error, with its headers; nothing happened.
    Refuse,
    /// Any `status`, `headers` and `body`, as a proxy might answer;
    /// nothing happened.
    Answer,
    /// The usual success; nothing happened.
    NotTaken,
    /// The service handles the call twice.
    DuplicateDelivery,
    /// A success without the id of the new object.
    NoId,
    /// A read shows the state before publication.
    StaleStatus,
    /// The answer is delayed by `delay_ms`; nothing else is wrong.
    SlowFirstByte,
}

/// How often the call takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Effect {
    None,
    Once,
    Twice,
}

/// One of the two answers of a call that took effect twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Which {
    First,
    Second,
}

/// How the answer leaves the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Normal,
    Drop,
    Hang,
    Truncate,
}

/// Picks the rule for this call, if one fires.
pub(super) fn pick(world: &mut World, call: &Call, platform: Platform) -> Option<Rule> {
    let World { faults, random, .. } = world;
    for rule in faults {
        if !rule.matching.covers(call, platform) {
            continue;
        }
        rule.seen += 1;
        let nth = rule.when.nth.unwrap_or(1).max(1);
        let count = rule.when.count.unwrap_or(if rule.when.nth.is_some() { 1 } else { u32::MAX });
        let due = rule.seen >= nth && rule.fired < count;
        if due && rule.when.probability.is_none_or(|p| random.chance(p)) {
            rule.fired += 1;
            return Some(rule.clone());
        }
    }
    None
}

impl Match {
    fn covers(&self, call: &Call, platform: Platform) -> bool {
        let path = || format!("{}{}?{}", call.host, call.path, call.raw_query);
        let belongs = |wanted: &String| {
            call.account.as_ref().is_some_and(|account| is_account(account, wanted))
        };
        self.method.as_ref().is_none_or(|m| call.method.as_str().eq_ignore_ascii_case(m))
            && self.platform.is_none_or(|p| p == platform)
            && self.call.is_none_or(|class| call.class == Some(class))
            && self.account.as_ref().is_none_or(belongs)
            && self.path_contains.as_ref().is_none_or(|part| path().contains(part.as_str()))
            && self
                .body_contains
                .as_ref()
                .is_none_or(|part| String::from_utf8_lossy(&call.body).contains(part.as_str()))
    }
}

impl Fault {
    /// Its name in rules and in the log.
    pub(super) fn word(self) -> Option<String> {
        serde_json::to_value(self).ok()?.as_str().map(str::to_owned)
    }

    fn usual_effect(self) -> Effect {
        match self {
            Self::BeforeCommit5xx
            | Self::BeforeCommitDrop
            | Self::BeforeCommitHang
            | Self::BeforeCommit4xx
            | Self::Html502
            | Self::TooMany
            | Self::Status
            | Self::Refuse
            | Self::Answer
            | Self::NotTaken => Effect::None,
            Self::DuplicateDelivery => Effect::Twice,
            _ => Effect::Once,
        }
    }
}

impl Rule {
    /// How often the call takes effect.
    pub(super) fn effect(&self) -> Effect {
        self.effect.unwrap_or(self.fault.usual_effect())
    }

    /// The second of two answers is returned.
    pub(super) fn answers_second(&self) -> bool {
        self.which == Some(Which::Second)
    }

    /// The answer is made from the true one, also when nothing happens.
    pub(super) fn needs_truth(&self) -> bool {
        matches!(
            self.fault,
            Fault::TruncateBody
                | Fault::EmptyBody
                | Fault::TwoAnswers
                | Fault::NotTaken
                | Fault::DuplicateDelivery
                | Fault::NoId
                | Fault::StaleStatus
                | Fault::SlowFirstByte
        )
    }

    /// How the answer leaves.
    pub(super) fn delivery(&self) -> Delivery {
        match self.fault {
            Fault::BeforeCommitDrop | Fault::AfterCommitDrop => Delivery::Drop,
            Fault::BeforeCommitHang | Fault::AfterCommitHang => Delivery::Hang,
            Fault::TruncateBody => Delivery::Truncate,
            _ => Delivery::Normal,
        }
    }
}
