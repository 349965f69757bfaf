//! Faults on demand: rules that say which call goes wrong, and how.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reply::{Content, Reply};
use super::request::Call;
use super::state::{Platform, World};

/// One rule. It fires on matching calls; the first rule that fires decides.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    #[serde(rename = "match", default)]
    pub(super) matching: Match,
    #[serde(default)]
    pub(super) when: When,
    pub(super) fault: Fault,
    /// Status of the answer, for the faults that answer with an error.
    pub(super) status: Option<u16>,
    /// Body of the answer instead of the platform's usual one.
    pub(super) body: Option<Value>,
    /// `Retry-After` of a `429`: seconds, or any text.
    pub(super) retry_after: Option<Value>,
    /// `Location`, for the faults that answer with an error of any status.
    pub(super) location: Option<String>,
    /// The answer comes this many milliseconds of real time late.
    pub(super) delay_ms: Option<u64>,
    /// Matching calls seen so far.
    #[serde(default, skip_deserializing)]
    pub(super) seen: u32,
    /// Times it fired so far.
    #[serde(default, skip_deserializing)]
    pub(super) fired: u32,
}

/// Which calls a rule is about; what is left out matches everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Match {
    method: Option<String>,
    /// Part of `host/path` as sent.
    path_contains: Option<String>,
    /// Part of the body, to tell e.g. `start` from `finish`.
    body_contains: Option<String>,
    platform: Option<Platform>,
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
    /// The service handles the call twice and answers the first time's answer.
    DuplicateDelivery,
    /// A success without the id of the new object.
    NoId,
    /// A read shows the state before publication.
    StaleStatus,
    /// Nothing goes wrong but that the answer comes late, after `delay_ms`.
    SlowFirstByte,
}

/// When a fault strikes, relative to the effect of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Once,
    Twice,
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
        self.method.as_ref().is_none_or(|m| call.method.as_str().eq_ignore_ascii_case(m))
            && self.platform.is_none_or(|p| p == platform)
            && self.path_contains.as_ref().is_none_or(|part| path().contains(part.as_str()))
            && self
                .body_contains
                .as_ref()
                .is_none_or(|part| String::from_utf8_lossy(&call.body).contains(part.as_str()))
    }
}

impl Rule {
    /// How often the call takes effect.
    pub(super) fn effect(&self) -> Effect {
        match self.fault {
            Fault::BeforeCommit5xx
            | Fault::BeforeCommitDrop
            | Fault::BeforeCommitHang
            | Fault::BeforeCommit4xx
            | Fault::Html502
            | Fault::TooMany
            | Fault::Status => Effect::None,
            Fault::DuplicateDelivery => Effect::Twice,
            _ => Effect::Once,
        }
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

    /// The answer the client gets, given the true one (if the call took effect).
    pub(super) fn answer(&self, truth: Option<Reply>, platform: Platform) -> Reply {
        let truth = truth.unwrap_or_else(|| Reply::empty(500));
        match self.fault {
            Fault::BeforeCommit5xx | Fault::AfterCommit5xx => self.error(500, platform),
            Fault::BeforeCommit4xx | Fault::AfterCommit4xx => self.error(400, platform),
            Fault::Status | Fault::AfterCommitStatus => {
                self.error(self.status.unwrap_or(500), platform)
            }
            Fault::Html502 | Fault::AfterCommitHtml502 => Reply::html(502, "Bad Gateway"),
            Fault::TooMany => {
                let reply = self.error(429, platform);
                match &self.retry_after {
                    Some(Value::String(text)) => reply.with("retry-after", text.clone()),
                    Some(seconds) => reply.with("retry-after", seconds.to_string()),
                    None => reply,
                }
            }
            Fault::NoId => without_id(truth),
            Fault::StaleStatus => stale(truth),
            _ => truth,
        }
    }

    fn error(&self, usual: u16, platform: Platform) -> Reply {
        let status = self.status.unwrap_or(usual);
        let reply = match &self.body {
            Some(Value::String(text)) => {
                let mut reply = Reply::empty(status);
                reply.body = Content::Raw("text/plain", text.clone().into());
                reply
            }
            Some(body) => Reply::json(status, body.clone()),
            None => Reply::json(status, usual_body(status, platform)),
        };
        match &self.location {
            Some(location) => reply.with("location", location.clone()),
            None => reply,
        }
    }
}

fn usual_body(status: u16, platform: Platform) -> Value {
    if platform == Platform::Linkedin {
        let (code, message) = match status {
            409 => ("CONFLICT", "Write conflict, retry"),
            429 => ("TOO_MANY_REQUESTS", "Too many requests"),
            503 => ("SERVICE_UNAVAILABLE", "Service unavailable"),
            504 => ("GATEWAY_TIMEOUT", "Gateway timeout"),
            400..500 => ("BAD_REQUEST", "Injected failure"),
            _ => ("INTERNAL_SERVER_ERROR", "Internal Server Error"),
        };
        return json!({"status": status, "code": code, "message": message});
    }
    let reason =
        StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Error");
    let (code, subcode) = match status {
        429 => (4, None),
        400..500 => (20, Some(1_772_107)),
        _ => (2, None),
    };
    let mut error = json!({"message": reason, "type": "OAuthException", "code": code, "is_transient": status >= 500, "fbtrace_id": "Asandboxfault"});
    if let Some(subcode) = subcode {
        error["error_subcode"] = json!(subcode);
    }
    json!({ "error": error })
}

fn without_id(mut reply: Reply) -> Reply {
    reply.headers.retain(|(name, _)| name != "x-restli-id" && name != "x-linkedin-id");
    if let Content::Json(Value::Object(map)) = &mut reply.body {
        map.remove("id");
        map.remove("post_id");
    }
    reply
}

/// The same answer as it was before publication.
fn stale(mut reply: Reply) -> Reply {
    if let Content::Json(value) = &mut reply.body {
        unpublish(value);
    }
    reply
}

fn unpublish(value: &mut Value) {
    let Value::Object(map) = value else { return };
    for (name, value) in map.iter_mut() {
        match name.as_str() {
            "is_published" | "published" if value.is_boolean() => *value = json!(false),
            "status_code" if value == "PUBLISHED" => *value = json!("FINISHED"),
            "status" if value.as_str().is_some_and(|text| text.starts_with("Published:")) => {
                *value =
                    json!("Finished: Media has been uploaded and it is ready to be published.");
            }
            "publishing_phase" => *value = json!({"status": "not_started"}),
            "data" | "elements" if value.is_array() => *value = json!([]),
            _ => unpublish(value),
        }
    }
}
