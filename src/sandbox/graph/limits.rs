//! Limits of calls per hour, and the headers that report how much of them is used.

use serde_json::json;

use super::error;
use crate::sandbox::clock::HOUR_MS;
use crate::sandbox::reply::Reply;
use crate::sandbox::request::Call;
use crate::sandbox::state::{Platform, World};

const MINUTE_MS: i64 = 60_000;

/// Whose calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    App,
    User,
    Account,
}

impl Scope {
    /// The name of the counter for this call, and the limit; none without a limit.
    fn of(self, world: &World, call: &Call) -> Option<(String, u32)> {
        let options = &world.options;
        Some(match self {
            Self::App => ("app".to_owned(), options.app_hourly_calls?),
            Self::User => (format!("user {}", call.token.as_ref()?), options.user_hourly_calls?),
            Self::Account => {
                (format!("account {}", call.account.as_ref()?), options.graph_hourly_calls?)
            }
        })
    }

    fn refusal(self, call: &Call, platform: Platform) -> Reply {
        // The sandbox's sign of a person's token: see `tokens`.
        let by_person = call.token.as_deref().is_some_and(|token| token.starts_with("user-"));
        match (self, platform) {
            (Self::App, _) => error(4, 0, "(#4) Application request limit reached"),
            (Self::User, _) => error(17, 0, "(#17) User request limit reached"),
            (Self::Account, Platform::Instagram) => error(
                80002,
                0,
                "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
            ),
            (Self::Account, _) if by_person => error(32, 0, "(#32) Page request limit reached"),
            (Self::Account, _) => error(
                80001,
                0,
                "(#80001) There have been too many calls to this Page account. Wait a bit and try again.",
            ),
        }
    }
}

/// Counts the call everywhere it counts, refused or not; the widest limit that
/// it is over refuses it.
pub(super) fn throttled(world: &mut World, call: &Call, platform: Platform) -> Option<Reply> {
    let mut refusal = None;
    for scope in [Scope::App, Scope::User, Scope::Account] {
        let Some((key, limit)) = scope.of(world, call) else { continue };
        if world.count_call(&key, HOUR_MS) > limit && refusal.is_none() {
            refusal = Some(scope.refusal(call, platform));
        }
    }
    refusal
}

/// Adds the usage headers: percents, beyond 100 too. What has no limit is at 0.
pub(super) fn with_usage(world: &World, call: &Call, platform: Platform, reply: Reply) -> Reply {
    let percent = |scope: Scope| {
        scope.of(world, call).map_or(0, |(key, limit)| {
            world.counted(&key, HOUR_MS).len() as u64 * 100 / u64::from(limit.max(1))
        })
    };
    let app = json!({"call_count": percent(Scope::App), "total_time": 1, "total_cputime": 1});
    let reply = reply.with("x-app-usage", app.to_string());
    let Some(account) = &call.account else { return reply };
    let kind = if platform == Platform::Instagram { "instagram" } else { "pages" };
    let usage = json!({"type": kind, "call_count": percent(Scope::Account), "total_cputime": 1,
        "total_time": 1, "estimated_time_to_regain_access": minutes_to_regain(world, call)});
    reply.with("x-business-use-case-usage", json!({ account: [usage] }).to_string())
}

/// How long until the account may be called again; 0 when it may.
fn minutes_to_regain(world: &World, call: &Call) -> i64 {
    let Some((key, limit)) = Scope::Account.of(world, call) else { return 0 };
    let times = world.counted(&key, HOUR_MS);
    let Some(excess) = times.len().checked_sub(limit as usize).filter(|excess| *excess > 0) else {
        return 0;
    };
    // The next call counts too: this many calls have to be an hour old by then.
    let last = times.get(excess).or(times.last()).copied().unwrap_or_default();
    // Not `div_ceil`, which signed numbers do not have yet.
    (last + HOUR_MS - world.now() + MINUTE_MS - 1).div_euclid(MINUTE_MS)
}
