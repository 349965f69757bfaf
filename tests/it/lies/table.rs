//! The lies: what the sandbox does to the calls of one account.

use serde_json::{Value, json};
use socialsched::domain::Platform::{Facebook, Instagram, LinkedIn};

use crate::kills::flows::Flow;

/// One false, late or refusing behaviour of a platform.
#[derive(Debug, Clone)]
pub struct Lie {
    pub name: String,
    /// Of the whole sandbox.
    pub options: Value,
    /// Rules, each for one account.
    pub rules: Vec<Value>,
    /// The ways to publish that it concerns.
    pub suits: fn(&Flow) -> bool,
    /// It is a true refusal: the post may fail, if it never was live.
    pub may_fail: bool,
    /// It takes away what a page's posts could be found by.
    pub blinds_pages: bool,
    /// The refusal passes: unless a worker dies as well, the post is published.
    pub passes: bool,
    /// Attempts that true refusals may cost.
    pub burns: u32,
}

fn lie(name: impl Into<String>) -> Lie {
    Lie {
        name: name.into(),
        options: json!({}),
        rules: Vec::new(),
        suits: |_| true,
        may_fail: false,
        blinds_pages: false,
        passes: false,
        burns: 0,
    }
}

impl Lie {
    fn rule(mut self, rule: Value) -> Self {
        self.rules.push(rule);
        self
    }

    fn with(mut self, options: Value) -> Self {
        self.options = options;
        self
    }

    fn on(self, suits: fn(&Flow) -> bool) -> Self {
        Self { suits, ..self }
    }

    /// It may cost up to `burns` attempts, and the post is published nevertheless.
    fn burns(self, burns: u32) -> Self {
        Self { burns, ..self }
    }

    /// Whether it strikes the answer to a publish call.
    pub fn hides_answers(&self) -> bool {
        self.rules.iter().any(|rule| rule["match"]["call"] == "publish")
    }

    /// The post may be refused for good, after at most `burns` attempts.
    fn refuses(self, burns: u32) -> Self {
        Self { may_fail: true, burns, ..self }
    }
}

fn on_meta(flow: &Flow) -> bool {
    flow.platform != LinkedIn
}

fn names_an_object(flow: &Flow) -> bool {
    on_meta(flow) && flow.mode.is_none()
}

fn on_pages_of_linkedin(flow: &Flow) -> bool {
    flow.platform == LinkedIn && !flow.is_members
}

/// A call of no return loses its answer, once.
fn lost() -> Value {
    json!({"match": {"call": "publish"}, "when": {"nth": 1}, "fault": "after_commit_drop"})
}

/// A call of no return never arrives, once.
fn dropped() -> Value {
    json!({"match": {"call": "publish"}, "when": {"nth": 1}, "fault": "before_commit_drop"})
}

/// What Meta's publish calls are refused with: codes and subcodes of every class.
const META: &[(i64, u64, u16)] = &[
    (1, 0, 500),
    (2, 0, 400),
    (4, 0, 400),
    (4, 2_207_051, 403),
    (9, 2_207_042, 400),
    (10, 0, 403),
    (12, 0, 400),
    (17, 0, 400),
    (20, 1_772_107, 400),
    (24, 2_207_006, 400),
    (24, 2_207_008, 400),
    (25, 2_207_050, 400),
    (32, 0, 400),
    (100, 0, 400),
    (100, 33, 400),
    (100, 1_366_046, 400),
    (100, 1_366_051, 400),
    (190, 463, 400),
    (190, 492, 401),
    (194, 0, 400),
    (197, 0, 400),
    (200, 0, 403),
    (324, 0, 400),
    (352, 0, 400),
    (368, 0, 400),
    (368, 1_390_008, 400),
    (382, 0, 400),
    (389, 0, 400),
    (506, 0, 400),
    (613, 0, 400),
    (1500, 0, 400),
    (2635, 0, 400),
    (6000, 1_363_047, 400),
    (9004, 2_207_052, 400),
    (9007, 2_207_027, 400),
    (36_000, 0, 400),
    (36_003, 0, 400),
    (80_001, 0, 400),
    (80_002, 0, 400),
    (-1, 2_207_001, 400),
    (-1, 2_207_032, 400),
    (-1, 2_207_053, 400),
    (-2, 2_207_003, 400),
    (-2, 2_207_020, 400),
    (352, 2_207_026, 400),
    (999_999, 0, 400),
];

/// The same of LinkedIn.
const LINKEDIN: &[(u16, &str)] = &[
    (400, "INVALID_VALUE_FOR_FIELD"),
    (400, "FIELD_LENGTH_TOO_LONG"),
    (401, "EXPIRED_ACCESS_TOKEN"),
    (401, "REVOKED_ACCESS_TOKEN"),
    (403, "ACCESS_DENIED"),
    (404, "NOT_FOUND"),
    (409, "CONFLICT"),
    (413, "TOO_LARGE"),
    (422, "INVALID_VALUE_BLANK_FIELD"),
    (426, "NONEXISTENT_VERSION"),
    (429, "TOO_MANY_REQUESTS"),
    (500, "INTERNAL_SERVER_ERROR"),
    (503, "SERVICE_UNAVAILABLE"),
];

/// A refusal's name, its rule, and the ways to publish that it concerns.
type Refusal = (String, Value, fn(&Flow) -> bool);

/// Refusals, each of a call that took effect nevertheless (`once`) or not.
fn refusals(effect: &str) -> Vec<Refusal> {
    let meta = META.iter().map(|&(code, subcode, status)| {
        let mut rule = json!({
            "match": {"call": "publish"}, "fault": "refuse", "effect": effect, "code": code,
            "status": status,
        });
        if subcode != 0 {
            rule["subcode"] = json!(subcode);
        }
        (format!("{code}/{subcode}"), rule, on_meta as fn(&Flow) -> bool)
    });
    let linkedin = LINKEDIN.iter().map(|&(status, code)| {
        let rule = json!({
            "match": {"call": "publish"}, "fault": "refuse", "effect": effect, "code": code,
            "status": status,
        });
        (format!("{status} {code}"), rule, on_pages_of_linkedin as fn(&Flow) -> bool)
    });
    meta.chain(linkedin).collect()
}

/// P1 to P3, P5, P7: every call is refused, and every one took effect. For a member's
/// post LinkedIn's answer is the only evidence, so it has no such row.
pub fn refused_and_live() -> Vec<Lie> {
    let lies = refusals("once");
    lies.into_iter()
        .map(|(name, rule, suits)| lie(format!("refused with {name}, live")).rule(rule).on(suits))
        .collect()
}

/// Refusals that pass on their own, or when an operator has resumed the account.
const PASSING: &[&str] = &[
    "1/0",
    "2/0",
    "4/0",
    "4/2207051",
    "9/2207042",
    "17/0",
    "32/0",
    "190/463",
    "190/492",
    "368/0",
    "613/0",
    "80001/0",
    "80002/0",
    "-1/2207001",
    "-2/2207003",
    "401 EXPIRED_ACCESS_TOKEN",
    "429 TOO_MANY_REQUESTS",
    "500 INTERNAL_SERVER_ERROR",
    "503 SERVICE_UNAVAILABLE",
];

/// The first call is refused, and that is true.
pub fn refused_truly() -> Vec<Lie> {
    let lies = refusals("none");
    lies.into_iter()
        .map(|(name, mut rule, suits)| {
            rule["when"] = json!({"nth": 1});
            let passes = PASSING.contains(&name.as_str());
            Lie { passes, ..lie(format!("refused with {name}")).rule(rule).on(suits).refuses(1) }
        })
        .collect()
}

/// The call took effect or did not, and no complete answer of the platform shows which.
pub fn without_answer() -> Vec<Lie> {
    let faults = [
        "after_commit_drop",
        "after_commit_5xx",
        "after_commit_html_502",
        "truncate_body",
        "empty_body",
        "no_id",
        "before_commit_drop",
        "before_commit_5xx",
        "html_502",
    ];
    let once = faults.iter().map(|fault| {
        let call = json!({"call": "publish"});
        lie(*fault).rule(json!({"match": call, "when": {"nth": 1}, "fault": fault}))
    });
    let always = faults[..6].iter().map(|fault| {
        let call = json!({"call": "publish"});
        lie(format!("always {fault}")).rule(json!({"match": call, "fault": fault}))
    });
    let later = ["after_commit_drop", "before_commit_drop"].map(|fault| {
        let call = json!({"call": "publish"});
        // Nothing can be read at first, either.
        lie(format!("{fault}, and no reads"))
            .rule(json!({"match": call, "when": {"nth": 1}, "fault": fault}))
            .rule(json!({"match": {"call": "read"}, "when": {"count": 5}, "fault": "html_502"}))
            .rule(json!({"match": {"call": "list"}, "when": {"count": 5}, "fault": "html_502"}))
    });
    once.chain(always).chain(later).collect()
}

/// P4: proxies between this program and the platforms answer with any status and body.
pub fn odd_answers() -> Vec<Lie> {
    let mut lies = Vec::new();
    let bodies = [json!(""), json!("null"), json!({}), json!("<html>Sign in</html>")];
    for status in [200, 201, 202, 204, 206, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
        for (n, body) in bodies.iter().enumerate() {
            for effect in ["none", "once"] {
                lies.push(lie(format!("{status} with body {n}, effect {effect}")).rule(json!({
                    "match": {"call": "publish"}, "when": {"nth": 1}, "fault": "answer",
                    "status": status, "body": body, "effect": effect,
                })));
            }
        }
    }
    lies
}

/// States and lists that lag, and clocks that differ.
pub fn lags() -> Vec<Lie> {
    let mut lies = Vec::new();
    for (name, options) in [
        ("a stale state", json!({"stale_state_ms": 160_000})),
        ("a state stale for ten minutes", json!({"stale_state_ms": 600_000})),
        ("lists that lag", json!({"list_delay_ms": 160_000})),
        ("lists that lag for ten minutes", json!({"list_delay_ms": 600_000})),
        ("both", json!({"stale_state_ms": 160_000, "list_delay_ms": 160_000})),
        ("a clock 2 h behind", json!({"clock_offset_ms": -7_200_000})),
        ("a clock 10 min behind", json!({"clock_offset_ms": -600_000})),
        ("a clock 10 min ahead", json!({"clock_offset_ms": 600_000})),
        ("a clock 25 h ahead", json!({"clock_offset_ms": 90_000_000})),
        ("new objects that cannot be read", json!({"read_lag_ms": 5_000})),
    ] {
        lies.push(lie(name).with(options.clone()));
        lies.push(lie(format!("{name}, lost")).with(options.clone()).rule(lost()));
        lies.push(lie(format!("{name}, not arrived")).with(options.clone()).rule(dropped()));
        // To be tried again, staged again, or never, or with another token, or later.
        for (code, subcode) in [(2, 0), (100, 0), (-2, 2_207_020), (194, 0), (190, 463), (4, 0)] {
            let mut refusal = json!({
                "match": {"call": "publish"}, "when": {"nth": 1}, "fault": "refuse",
                "effect": "once", "code": code,
            });
            if subcode != 0 {
                refusal["subcode"] = json!(subcode);
            }
            let name = format!("{name}, refused with {code} and live");
            lies.push(lie(name).with(options.clone()).rule(refusal).on(on_meta));
        }
    }
    lies
}

/// What a second call on one object does, when the first one's answer was lost.
pub fn second_calls() -> Vec<Lie> {
    let mut lies = Vec::new();
    for word in ["same", "refused", "second_post"] {
        let options = json!({
            "second_flip": word, "second_video_flip": word, "second_finish": word,
            "second_story": word, "second_publish": word,
            "allow_photo_reuse": word == "second_post",
        });
        let stale = |ms: u32| {
            let mut options = options.clone();
            options["stale_state_ms"] = json!(ms);
            options["list_delay_ms"] = json!(ms);
            options
        };
        let second = |name: &str| lie(format!("second call {word}, {name}")).on(on_meta);
        lies.push(second("lost").with(options.clone()).rule(lost()));
        lies.push(second("not arrived").with(options.clone()).rule(dropped()));
        lies.push(second("lost and stale").with(stale(300_000)).rule(lost()));
        let refused = json!({
            "match": {"call": "publish"}, "when": {"nth": 1}, "fault": "refuse",
            "effect": "once", "code": 2,
        });
        lies.push(second("refused, live and stale").with(stale(300_000)).rule(refused));
        for which in ["first", "second"] {
            let twice = json!({
                "match": {"call": "publish"}, "when": {"nth": 1}, "fault": "duplicate_delivery",
                "which": which,
            });
            // A platform that makes two posts of one call cannot be prevented from it.
            if word != "second_post" {
                let name = format!("delivered twice, {which} answer");
                let lie = second(&name).with(options.clone()).rule(twice.clone());
                lies.push(lie.on(names_an_object));
                let lie = second(&format!("{name}, stale")).with(stale(300_000)).rule(twice);
                lies.push(lie.on(names_an_object));
            }
        }
    }
    for which in ["first", "second"] {
        let twice = json!({
            "match": {"call": "publish"}, "when": {"nth": 1}, "fault": "duplicate_delivery",
            "which": which,
        });
        for (name, options) in [
            ("", json!({"duplicate_window_ms": 600_000})),
            (
                ", lists that lag",
                json!({
                    "duplicate_window_ms": 600_000, "list_delay_ms": 160_000,
                }),
            ),
            (
                ", a ghost named",
                json!({
                    "duplicate_window_ms": 600_000, "duplicate_names_ghost": true,
                }),
            ),
        ] {
            let name = format!("delivered twice, {which} answer{name}");
            lies.push(lie(name).with(options).rule(twice.clone()).on(|f| f.platform == LinkedIn));
        }
    }
    lies
}

/// What is staged is not taken, fails, or never becomes ready.
pub fn staging() -> Vec<Lie> {
    let stage =
        |fault: &str| json!({"match": {"call": "stage"}, "when": {"nth": 1}, "fault": fault});
    let mut lies = vec![
        lie("uploads not taken").rule(json!({
            "match": {"call": "stage", "method": "PUT"}, "when": {"nth": 1}, "fault": "not_taken",
        })).burns(2),
        lie("uploads answered by a page").rule(json!({
            "match": {"call": "stage"}, "when": {"nth": 1}, "fault": "answer", "status": 200,
            "body": "<html>Welcome</html>",
        })).burns(2),
        lie("staging not taken").rule(stage("not_taken")).burns(2),
        lie("staging lost").rule(stage("after_commit_drop")).burns(2),
        lie("staging twice").rule(stage("duplicate_delivery")).burns(2),
        lie("staging refused").rule(stage("before_commit_4xx")).refuses(2),
        lie("staging fails").rule(stage("before_commit_5xx")),
        lie("children as a list").with(json!({"children_form": "list"})),
        lie("children as text").with(json!({"children_form": "text"})),
        lie("small chunks").with(json!({"facebook_chunk_bytes": 20_000})),
        lie("no flip").with(json!({"feed_flip": "refused", "video_flip": "refused"})).on(on_meta),
        lie("no flip, lost").with(json!({"feed_flip": "refused", "video_flip": "refused"}))
            .rule(json!({
                "match": {"call": "publish"}, "when": {"nth": 2}, "fault": "after_commit_drop",
            })).on(on_meta),
        lie("unknown fields").with(json!({"unknown_fields": [
            "permalink_url", "permalink", "published", "quota_usage",
        ]})).rule(lost()).on(on_meta),
        lie("no state to be read").with(json!({"unknown_fields": ["is_published"]})).rule(lost())
            .on(|flow| flow.platform == Facebook),
    ];
    for end in ["EXPIRED", "ERROR/2207026", "ERROR/2207052", "ERROR/1234567"] {
        let ends = lie(format!("containers end as {end}")).with(json!({"container_ends": end}));
        lies.push(ends.on(|flow| flow.platform == Instagram).refuses(2));
    }
    lies
}

/// Lists with more newer posts than a page, and lists that are refused.
pub fn lists() -> Vec<Lie> {
    let mut lies = Vec::new();
    for newer in [1, 60, 250] {
        let options = json!({"newer_posts": newer});
        lies.push(lie(format!("{newer} newer posts, lost")).with(options.clone()).rule(lost()));
        let refusal = json!({
            "match": {"call": "publish"}, "when": {"nth": 1}, "fault": "refuse", "effect": "once",
            "code": 100,
        });
        let name = format!("{newer} newer posts, refused and live");
        lies.push(lie(name).with(options).rule(refusal).on(|flow| !flow.is_members));
    }
    let unreadable =
        json!({"match": {"call": "list"}, "fault": "refuse", "status": 403, "code": 10});
    for (name, rule) in [("lost", lost()), ("not arrived", dropped())] {
        lies.push(Lie {
            blinds_pages: true,
            ..lie(format!("lists refused, {name}"))
                .rule(unreadable.clone())
                .rule(rule)
                .on(|flow| flow.platform == LinkedIn)
        });
    }
    lies
}

/// First comments, under what their posts are under.
pub fn comments() -> Vec<Lie> {
    let mut lies = Vec::new();
    let comment = |fault: Value| {
        let mut rule = fault;
        rule["match"] = json!({"call": "comment"});
        rule
    };
    for fault in [
        json!({"fault": "after_commit_drop"}),
        json!({"fault": "after_commit_5xx"}),
        json!({"fault": "empty_body"}),
        json!({"fault": "refuse", "code": 100, "effect": "once"}),
        json!({"fault": "refuse", "code": 190, "status": 401, "effect": "once"}),
        json!({"fault": "refuse", "code": 32, "status": 429, "effect": "once"}),
        json!({"fault": "answer", "body": "<html>Sign in</html>", "effect": "once"}),
    ] {
        lies.push(lie(format!("comment: {fault}")).rule(comment(fault)).on(has_comment));
    }
    for fault in [
        json!({"fault": "before_commit_drop", "when": {"nth": 1}}),
        json!({"fault": "before_commit_5xx", "when": {"nth": 1}}),
        json!({"fault": "refuse", "code": 190, "status": 401, "when": {"nth": 1}}),
        json!({"fault": "refuse", "code": 200, "status": 403, "when": {"nth": 1}}),
        json!({"fault": "refuse", "code": 32, "status": 429, "when": {"nth": 1}}),
        json!({"fault": "refuse", "code": 100, "when": {"nth": 1}}),
        json!({"fault": "answer", "body": "<html>Sign in</html>", "when": {"nth": 1}}),
    ] {
        let name = format!("comment: {fault}");
        lies.push(lie(name).rule(comment(fault)).on(has_comment).refuses(0));
    }
    lies
}

fn has_comment(flow: &Flow) -> bool {
    flow.first_comment.is_some()
}

/// Limits of apps, persons and accounts, with the headers that report them.
pub fn limits() -> Vec<Lie> {
    let limited = |name: &str, options: Value| lie(name).with(options);
    vec![
        lie("no lie"),
        limited("the app's hour", json!({"app_hourly_calls": 40})).on(on_meta),
        limited("a person's hour", json!({"user_hourly_calls": 40})).on(on_meta),
        limited("an account's hour", json!({"graph_hourly_calls": 4})).on(on_meta),
        limited("the app's day", json!({"linkedin_app_daily_calls": 25}))
            .on(|flow| flow.platform == LinkedIn),
        limited("a member's day", json!({"linkedin_daily_calls": 25}))
            .on(|flow| flow.platform == LinkedIn),
    ]
}
