//! What Meta's error answers mean for a post: by `code` and `error_subcode`,
//! never by HTTP status alone, since limits and dead tokens come as 400 too.

use std::time::Duration;

use serde_json::Value;

use crate::domain::{Remedy, Scope};

/// Whether the failed call could have made something visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Makes nothing visible, or only reads.
    Staging,
    /// The call of no return: most errors do not prove that nothing went live.
    Publish,
}

/// What an answer that is not a success proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// This call did nothing.
    Refused(Remedy),
    /// It may have done it.
    Unknown,
    /// Unknown: the repetition of a call was refused as if the first had done it.
    Spent,
}

/// What decides besides the error itself.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    pub phase: Phase,
    pub status: u16,
    /// Rest that the usage headers or `Retry-After` ask for.
    pub rest: Option<Duration>,
    /// Publish calls of this post so far; a repeated block rests longer.
    pub sends: usize,
    /// An earlier one was never answered, only read to have made nothing live.
    pub is_repeat: bool,
    /// Rest before a state is read again.
    pub poll: Duration,
}

/// The `error` object of a Graph answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    pub code: i64,
    pub subcode: Option<i64>,
    /// `error_user_msg` when there is one: it names the fault better than `message`.
    pub message: String,
    /// Says that it passes; its absence proves nothing.
    pub transient: bool,
    pub trace_id: Option<String>,
}

impl GraphError {
    /// Reads an answer; `None` when it holds no `error` object.
    #[must_use]
    pub fn read(json: &Value) -> Option<Self> {
        let error = json.get("error")?.as_object()?;
        let text = |name: &str| error.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
        Some(Self {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            subcode: error.get("error_subcode").and_then(Value::as_i64),
            message: text("error_user_msg").or(text("message")).unwrap_or("no reason given").into(),
            transient: error.get("is_transient").and_then(Value::as_bool).unwrap_or(false),
            trace_id: text("fbtrace_id").map(str::to_owned),
        })
    }

    /// `code/subcode`, or the code alone.
    #[must_use]
    pub fn label(&self) -> String {
        match self.subcode {
            Some(subcode) => format!("{}/{subcode}", self.code),
            None => self.code.to_string(),
        }
    }

    /// The object is missing, not visible yet, or closed to this token: Meta tells them apart nowhere.
    #[must_use]
    pub fn is_missing_object(&self) -> bool {
        matches!((self.code, self.subcode), (100, Some(33)) | (24, Some(2_207_006)))
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match (self.code, self.subcode) {
            (190, Some(458)) => Some("the app was removed by the person: reconnect the account"),
            (190, Some(459 | 464)) => {
                Some("the person must log in at facebook.com and confirm; then resume the account")
            }
            (190, Some(460)) => Some("password changed or session ended: reconnect the account"),
            (190, Some(463)) => Some("the token expired: reconnect the account"),
            (190, Some(466)) => Some("the session was ended: reconnect the account"),
            (190, Some(492)) => {
                Some("the person lost the role on the Page: give it back, then reconnect")
            }
            (102 | 190 | 450 | 452 | 2500, _) => {
                Some("the token is not valid: reconnect the account")
            }
            (104, _) => Some("the app secret does not fit: check the app's settings"),
            (2635, _) => Some("set a newer graph_version, or update this program"),
            (3 | 10 | 200..=299, _) => {
                Some("a permission is missing: reconnect the account and grant all of them")
            }
            _ => None,
        }
    }
}

/// What an error means, before phase and circumstances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A passing fault.
    Retry,
    /// What was staged is dead.
    Restage,
    /// Not ready yet.
    Poll,
    /// A limit, with the rest in minutes when the answer names none.
    Limit(u64),
    /// Blocked as abusive: rests longer every time.
    Blocked,
    /// Token, role or permission of this account.
    Account,
    /// Set-up of the app, the same for every account.
    App,
    /// Will never pass.
    Bad,
    /// Says that this content was posted already.
    Duplicate,
    /// Not found, or spent by a publish call that went through.
    Gone,
    /// Proves nothing.
    Unknown,
}

use Class::{Account, App, Bad, Blocked, Duplicate, Gone, Limit, Poll, Restage, Retry, Unknown};

/// A rolling hour, over which Meta counts most limits.
const HOUR: u64 = 60;

/// Minutes that a blocked account rests, by the number of publish calls so far.
const BLOCKED_MINUTES: [u64; 4] = [15, 60, 4 * 60, 24 * 60];

/// Rest after a bare HTTP 429.
const THROTTLED: Duration = Duration::from_secs(60);

/// Longest rest: after a day asking again costs nothing.
const MAX_REST: Duration = Duration::from_secs(24 * 60 * 60);

/// Decides about an answer that is not a success.
///
/// `error` is its `error` object; without one the status decides.
#[must_use]
pub fn classify(error: Option<&GraphError>, around: &Circumstances) -> Verdict {
    let Some(error) = error else {
        return match around.status {
            429 => Verdict::Refused(Remedy::Wait(around.rest.unwrap_or(THROTTLED))),
            _ => verdict(Unknown, around),
        };
    };
    let (staging, publish) = classes(error);
    let class = match around.phase {
        Phase::Staging => staging,
        Phase::Publish => publish,
    };
    // A server fault, or one that says it passes, is no judgement of the content.
    match class {
        Bad if error.transient || around.status >= 500 => verdict(Unknown, around),
        class => verdict(class, around),
    }
}

/// What becomes of a post whose container Instagram declared dead: its
/// `status` text ends with a subcode.
#[must_use]
pub fn dead_container(status: &str) -> (Option<i64>, Remedy) {
    let digits: Vec<&str> = status.split(|c: char| !c.is_ascii_digit()).collect();
    let subcode = digits.iter().rev().find(|run| run.len() == 7).and_then(|run| run.parse().ok());
    (subcode, dead_object(subcode))
}

/// What becomes of a post whose staged object failed in processing with this
/// code or subcode.
#[must_use]
pub fn dead_object(number: Option<i64>) -> Remedy {
    let classes = number.and_then(|number| by_subcode(number).or_else(|| by_code(number)));
    match classes {
        Some((Bad, _)) => Remedy::GiveUp,
        // Waiting or asking again would find the same dead object.
        _ => Remedy::Restage,
    }
}

fn verdict(class: Class, around: &Circumstances) -> Verdict {
    let rest =
        |minutes: u64| around.rest.unwrap_or(Duration::from_secs(minutes * 60)).min(MAX_REST);
    Verdict::Refused(match (class, around.phase) {
        (Gone | Poll | Duplicate | Bad, Phase::Publish) if around.is_repeat => {
            return Verdict::Spent;
        }
        (Unknown | Duplicate | Gone, Phase::Publish) => return Verdict::Unknown,
        // Only the first send is sure to have done nothing: "not ready" may also
        // be what a spent container says.
        (Poll, Phase::Publish) if around.sends > 1 => return Verdict::Unknown,
        (Unknown | Retry | Gone, _) => Remedy::Retry,
        (Restage, _) => Remedy::Restage,
        (Poll, _) => Remedy::PollAgain(around.poll),
        (Limit(minutes), _) => Remedy::Wait(rest(minutes)),
        (Blocked, _) => {
            let step = around.sends.saturating_sub(1).min(BLOCKED_MINUTES.len() - 1);
            Remedy::Wait(rest(BLOCKED_MINUTES[step]))
        }
        (Account, _) => Remedy::Operator(Scope::Account),
        (App, _) => Remedy::Operator(Scope::Platform),
        (Bad | Duplicate, _) => Remedy::GiveUp,
    })
}

/// The class of an error on a staging call and on a publish call.
fn classes(error: &GraphError) -> (Class, Class) {
    by_text(error)
        .map(|class| (class, class))
        .or_else(|| {
            error.subcode.and_then(|subcode| match (error.code, subcode) {
                (100, 33) => Some((Retry, Gone)),
                _ => by_subcode(subcode),
            })
        })
        .or_else(|| by_code(error.code))
        .unwrap_or((Unknown, Unknown))
}

/// The few faults that have no number of their own (field reports).
fn by_text(error: &GraphError) -> Option<Class> {
    let text = error.message.to_lowercase();
    let says = |part: &str| text.contains(part);
    match error.code {
        368 if says("already posted") => Some(Duplicate),
        100 if says("no permission to publish the video") => Some(Account),
        _ if says("session has been invalidated") => Some(Account),
        _ if says("not an instagram business") => Some(Account),
        _ if says("collaborators is not allowed") => Some(Bad),
        _ => None,
    }
}

/// Subcodes that mean the same below whichever code they come.
fn by_subcode(subcode: i64) -> Option<(Class, Class)> {
    Some(match subcode {
        // Instagram: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
        2_207_001 | 2_207_003 | 2_207_032 | 2_207_052 | 2_207_053 => (Restage, Unknown),
        2_207_076 | 2_207_077 | 2_207_082 => (Restage, Unknown),
        2_207_020 => (Restage, Restage),
        2_207_006 | 2_207_008 => (Retry, Gone),
        2_207_027 => (Poll, Poll),
        2_207_042 => (Limit(HOUR), Limit(HOUR)),
        2_207_050 => (Account, Account),
        // Seen below posts that are live.
        2_207_051 => (Limit(HOUR), Unknown),
        2_207_004 | 2_207_005 | 2_207_009 | 2_207_010 | 2_207_023 | 2_207_026 | 2_207_028
        | 2_207_035 | 2_207_036 | 2_207_037 | 2_207_040 | 2_207_057 | 2_207_081 => (Bad, Bad),
        // Facebook, as clients met them.
        490 | 1_404_006 | 1_404_078 | 1_404_112 | 4_854_002 => (Account, Account),
        1_346_003 | 1_349_125 | 1_366_046 | 1_404_102 | 2_061_006 | 2_069_019 => (Bad, Bad),
        // Shape, size, length or frame rate of a reel.
        1_363_040 | 1_363_127 | 1_363_128 | 1_363_129 => (Bad, Bad),
        1_363_047 | 1_609_010 => (Retry, Unknown),
        // The photos are used by a post whose id was lost: while staging that one
        // is invisible, so fresh photos are safe.
        1_366_051 => (Restage, Duplicate),
        1_390_008 => (Blocked, Blocked),
        // The object was made; only its answer could not be formed.
        1_772_107 => (Unknown, Unknown),
        _ => return None,
    })
}

/// Codes without a telling subcode: https://developers.facebook.com/docs/graph-api/guides/error-handling
fn by_code(code: i64) -> Option<(Class, Class)> {
    Some(match code {
        // Posts went live below code 2.
        -2..=2 => (Retry, Unknown),
        24 => (Retry, Unknown),
        20 => (Unknown, Unknown),
        3 | 10 | 25 | 102 | 190 | 200..=299 | 450 | 452 | 2500 => (Account, Account),
        104 | 2635 => (App, App),
        4 | 9 | 17 | 32 | 341 | 613 => (Limit(HOUR), Limit(HOUR)),
        80_000..=80_006 | 80_008 | 80_009 | 80_014 => (Limit(HOUR), Limit(HOUR)),
        368 => (Blocked, Blocked),
        506 => (Duplicate, Duplicate),
        12 | 100 | 194 | 197 | 352 | 382 | 1500 => (Bad, Bad),
        36_000 | 36_001 | 36_003 | 36_004 => (Bad, Bad),
        324 | 1_609_005 | 1_609_008 => (Retry, Bad),
        389 => (Retry, Retry),
        6000 | 6001 | 9004 => (Restage, Unknown),
        9007 => (Poll, Poll),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
