//! The faults of a simulation's platforms, by its seed: lost answers, false refusals and
//! pages of proxies, states and lists that lag, clocks that differ. None of them excuses
//! a wrong report: in the end the platforms show the true state.

use std::time::Duration;

use serde_json::{Value, json};

use super::plan::{ACCOUNTS, Plan};
use crate::domain::Platform;
use crate::domain::linkedin::Author;
use crate::sandbox::{Random, SandboxOptions};

/// How long the platforms' lists lag behind: shorter than the time after which a
/// worker believes "not there", as it may expect.
const LIST_DELAY: Duration = Duration::from_secs(60);
/// How long a state is shown as it was, in milliseconds.
const STALE_MS: [u64; 3] = [0, 20_000, 160_000];
/// How far the platforms' clocks are ahead of this machine's, in milliseconds.
const CLOCKS_MS: [i64; 4] = [0, -7_200_000, 600_000, 90_000_000];
/// Refusals of every class: code and subcode.
const REFUSALS: [(i64, u32); 8] =
    [(2, 0), (4, 0), (100, 0), (100, 33), (190, 463), (194, 0), (368, 0), (-2, 2_207_020)];

/// The options of the platforms.
pub(super) fn options(plan: &Plan) -> SandboxOptions {
    let mut random = Random::new(plan.seed);
    SandboxOptions {
        seed: plan.seed,
        list_delay_ms: LIST_DELAY.as_millis() as u64,
        stale_state_ms: one_of(&mut random, &STALE_MS),
        clock_offset_ms: one_of(&mut random, &CLOCKS_MS),
        // Hours pass between two kills, and some accounts get many posts.
        instagram_daily_posts: u32::MAX,
        instagram_daily_containers: u32::MAX,
        facebook_daily_reels: u32::MAX,
        ..SandboxOptions::default()
    }
}

/// Lost and false answers, some before and some after a call took effect, and stale
/// reads; and the time that every other answer takes.
///
/// A refusal of a member's post that LinkedIn has signed is true: such posts cannot be
/// looked up, and a program that did not believe it could end no refused post.
pub(super) fn rules(plan: &Plan) -> Value {
    let mut random = Random::new(plan.seed);
    let mut rules = Vec::new();
    let mut rule = |mut rule: Value, share: f64| {
        rule["when"] = json!({ "probability": share });
        rules.push(rule);
    };
    let on = |call: Value, fault: &str| json!({ "match": call, "fault": fault });
    for (fault, share) in [
        ("after_commit_drop", 0.03),
        ("after_commit_5xx", 0.02),
        ("after_commit_html_502", 0.01),
        ("truncate_body", 0.01),
        ("before_commit_5xx", 0.02),
        ("before_commit_drop", 0.02),
    ] {
        rule(on(json!({ "method": "POST" }), fault), share);
    }
    for platform in Platform::ALL.iter().copied() {
        match platform {
            Platform::Facebook | Platform::Instagram => {
                let call = json!({ "call": "publish", "platform": platform });
                let (code, subcode) = one_of(&mut random, &REFUSALS);
                let mut refusal = on(call.clone(), "refuse");
                refusal["effect"] = json!("once");
                refusal["code"] = json!(code);
                if subcode != 0 {
                    refusal["subcode"] = json!(subcode);
                }
                rule(refusal, 0.03);
                let mut twice = on(call, "duplicate_delivery");
                twice["which"] = json!(one_of(&mut random, &["first", "second"]));
                rule(twice, 0.02);
            }
            // A member's posts cannot be looked up: such a lie would stay undetected.
            Platform::LinkedIn => {
                for (of, account) in ACCOUNTS {
                    if of == platform
                        && matches!(Author::parse(account), Some(Author::Organization(_)))
                    {
                        let call = json!({ "call": "publish", "account": account });
                        let mut refusal = on(call, "refuse");
                        refusal["effect"] = json!("once");
                        refusal["status"] = json!(one_of(&mut random, &[400, 401, 403, 429]));
                        rule(refusal, 0.05);
                    }
                }
            }
        }
    }
    for (status, effect) in [(200, "none"), (200, "once"), (403, "once")] {
        let mut page = on(json!({ "call": "publish" }), "answer");
        page["status"] = json!(status);
        page["effect"] = json!(effect);
        page["body"] = json!("<html>Sign in</html>");
        rule(page, 0.01);
    }
    rule(on(json!({ "method": "GET" }), "stale_status"), 0.1);
    rules.push(json!({ "fault": "slow_first_byte", "delay_ms": plan.answer_ms }));
    Value::Array(rules)
}

fn one_of<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[random.draw() as usize % choices.len()]
}
