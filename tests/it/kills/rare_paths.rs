//! Places that an undisturbed worker never reaches. For each there is a path to it: a
//! process dies at both points of its transaction, and the same is started again, at once
//! and when its lease is over.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::commands::silent;
use super::concurrent::{dead, decision, recover};
use super::flows::{
    FACEBOOK_COMMENT, FACEBOOK_TEXT, Flow, INSTAGRAM_COMMENT, INSTAGRAM_IMAGE, INSTAGRAM_REEL,
    LINKEDIN_MEMBER, LINKEDIN_TEXT,
};
use super::harness::{Harness, LEASE_OVER, Planted};
use crate::support::Engine;

/// One path to such a place.
pub struct RarePath {
    flow: &'static Flow,
    /// Brings a post there.
    stage: fn(&Harness, &'static Flow) -> Planted,
    /// A rule of what is wrong with the platforms while a process dies.
    platform_fault: Option<&'static str>,
    /// Who dies, and is then started again.
    victim: fn(&Harness, &Planted) -> Command,
    /// Where: at both points of each transaction, and at the three of each call.
    pub transactions: &'static [&'static str],
    calls: &'static [&'static str],
    /// What a person sees and does afterwards.
    afterwards: fn(&Harness, &Planted),
    /// How the post ends (see [`Harness::end_of`]).
    ends: &'static str,
}

/// A due page post and its worker.
const RARE_PATH: RarePath = RarePath {
    flow: &FACEBOOK_TEXT,
    stage: |harness, flow| harness.plant(flow),
    platform_fault: None,
    victim: |harness, post| harness.worker(post),
    transactions: &[],
    calls: &[],
    afterwards: |_, _| (),
    ends: "published, 1 live",
};

/// A test of every path, and the list of them.
macro_rules! rare_paths {
    ($($(#[$why:meta])* $test:ident: $path:expr;)+) => {
        pub const RARE_PATHS: &[RarePath] = &[$($path),+];
        $($(#[$why])* #[test] fn $test() { play(stringify!($test), &$path) })+
    };
}

fn play(name: &str, path: &RarePath) {
    let harness = Harness::new();
    if path.ends.starts_with("not_published") {
        harness.expect_refusals();
    }
    let mut faults = Vec::new();
    for point in points(path, harness.world.database.engine()) {
        let post = (path.stage)(&harness, path.flow);
        if let Some(rule) = path.platform_fault {
            harness.world.fault(&serde_json::from_str(rule).unwrap());
        }
        let victim = || silent((path.victim)(&harness, &post));
        assert!(harness.killed_at(victim(), &point), "did not come to {point}");
        harness.world.heal();
        let mut is_done = point.contains(".committed");
        for lease_is_over in [false, true] {
            if lease_is_over {
                harness.world.advance(LEASE_OVER);
            }
            let again = victim().status().unwrap().code();
            // Not found, or in another state: it was done before.
            assert!(again == Some(0) || is_done && matches!(again, Some(3 | 4)), "{again:?}");
            is_done = true;
        }
        (path.afterwards)(&harness, &post);
        faults.extend(harness.check_posts());
        let end = harness.end_of(&post);
        if end != path.ends {
            faults.push((post, format!("killed at {point}: {end}")));
        }
    }
    harness.assert_sound(&format!("path {name}"), &faults);
}

/// The points at which a process dies, each with a post of its own.
fn points(path: &RarePath, engine: Engine) -> Vec<String> {
    // Only MariaDB can keep media that is no JSON and then refuse to change its row.
    let is_possible = |name: &&&str| **name != "quote_broken_media" || engine == Engine::MariaDb;
    let in_transactions =
        path.transactions.iter().filter(is_possible).flat_map(|name| {
            ["before_commit", "committed"].map(|moment| format!("{name}.{moment}:1"))
        });
    let in_calls = path
        .calls
        .iter()
        .flat_map(|name| ["before", "sent", "read"].map(|moment| format!("{name}.{moment}:1")));
    in_transactions.chain(in_calls).collect()
}

/// A worker died when its call was allowed, before it went out.
fn dead_before_its_call(harness: &Harness, flow: &'static Flow) -> Planted {
    dead(harness, flow, "open_gates.committed:1")
}

/// A worker died after it received LinkedIn's answer.
fn dead_with_its_answer(harness: &Harness, flow: &'static Flow) -> Planted {
    dead(harness, flow, "publish/POST/api.linkedin.com/rest/posts.read:1")
}

/// Another program changes a post.
fn rewrite(harness: &Harness, post: &Planted, change: &str) {
    harness.world.database.execute(&rewriting(post, change));
}

fn rewriting(post: &Planted, change: &str) -> String {
    format!("UPDATE post_details SET {change} WHERE id = '{}'", post.id)
}

/// A worker that finds the post's outcome to be for a person to decide.
fn needing_review(harness: &Harness, post: Planted) -> Planted {
    assert!(harness.worker(&post).status().unwrap().success());
    assert!(harness.end_of(&post).starts_with("unknown"), "{}", harness.end_of(&post));
    post
}

/// A page post that needs review, since nothing could be read for a long time.
fn needing_review_unread(harness: &Harness, flow: &'static Flow) -> Planted {
    let post = dead_before_its_call(harness, flow);
    harness.world.fault(&json!({
        "match": {"method": "GET"}, "fault": "before_commit_5xx",
    }));
    harness.world.advance(Duration::from_secs(25 * 60 * 60));
    let post = needing_review(harness, post);
    harness.world.heal();
    post
}

/// Pauses between look-ups, after which "not there" is believed.
fn recover_often(harness: &Harness, times: usize) {
    for _ in 0..times {
        harness.world.run(&["recover"]).ok();
        harness.world.advance(LEASE_OVER);
    }
}

fn send_again(harness: &Harness, post: &Planted) {
    assert!(decision(harness, post, "--not-published").status().unwrap().success());
}

/// Gives the account's own id to a command.
fn accounts(harness: &Harness, post: &Planted, word: &str) -> Command {
    harness.world.command(&["accounts", word, &post.account.to_string()])
}

fn resume(harness: &Harness, post: &Planted) {
    assert!(accounts(harness, post, "resume").output().unwrap().status.success());
}

/// The numbers of the clients with the post's id as their name.
fn clients(harness: &Harness, post: &Planted) -> Vec<String> {
    let json = harness.world.json(&["clients"]);
    let is_its = |client: &&Value| client.to_string().contains(&post.id);
    let found = json["data"]["rows"].as_array().unwrap().iter().filter(is_its);
    found.map(|client| client["id"].to_string()).collect()
}

/// A post that is live under an id that no list contains yet; its comment is due.
fn live_without_an_id(harness: &Harness, flow: &'static Flow) -> Planted {
    let post = harness.plant(flow);
    harness.world.fault(&serde_json::from_str(NO_LISTS).unwrap());
    harness.world.fault(&json!({"match": {"call": "publish"}, "fault": "after_commit_drop"}));
    for _ in 0..2 {
        assert!(harness.worker(&post).status().unwrap().success());
        harness.world.advance(LEASE_OVER * 2);
    }
    harness.world.heal();
    assert_eq!(harness.end_of(&post), "published, 1 live");
    post
}

const NO_LISTS: &str = r#"{"match": {"call": "list"}, "fault": "before_commit_5xx"}"#;
const COMMENT_REFUSED: &str = r#"{"match": {"call": "comment"}, "fault": "refuse", "code": 100}"#;
const NEVER_ANSWERED: &str = r#"{"match": {"method": "POST"}, "fault": "before_commit_hang"}"#;
const LOST_ANSWER: &str = r#"{
    "match": {"method": "POST", "body_contains": "\"is_published\":true"},
    "fault": "after_commit_drop"
}"#;
const FAILING: &str = r#"{"match": {"method": "POST"}, "fault": "before_commit_5xx"}"#;
const THROTTLED: &str = r#"{"match": {"method": "POST"}, "fault": "429"}"#;
const RETIRED: &str = r#"{"match": {"method": "POST"}, "fault": "status", "status": 426}"#;

rare_paths! {
    heartbeat_stops_during_a_call: RarePath {
        platform_fault: Some(NEVER_ANSWERED),
        transactions: &["renew_leases", "beat"],
        ..RARE_PATH
    };
    media_is_being_processed: RarePath {
        flow: &INSTAGRAM_REEL,
        stage: |harness, flow| {
            harness.world.options(&json!({"video_processing_ms": 100_000}));
            harness.plant(flow)
        },
        transactions: &["release"],
        ..RARE_PATH
    };
    a_post_is_prepared_before_its_time: RarePath {
        stage: |harness, flow| {
            let soon = harness.world.database.now() + chrono::Duration::minutes(4);
            harness.plant_at(flow, Some(soon))
        },
        transactions: &["release_until_due"],
        ..RARE_PATH
    };
    a_call_before_the_gate_fails: RarePath {
        platform_fault: Some(FAILING),
        transactions: &["record_failure"],
        ..RARE_PATH
    };
    the_answer_is_lost: RarePath {
        platform_fault: Some(LOST_ANSWER),
        transactions: &["record_unknown"],
        ..RARE_PATH
    };
    account_is_throttled: RarePath {
        platform_fault: Some(THROTTLED),
        transactions: &["pause_accounts"],
        ..RARE_PATH
    };
    platform_is_throttled: RarePath {
        flow: &LINKEDIN_TEXT,
        platform_fault: Some(RETIRED),
        transactions: &["pause_accounts"],
        afterwards: |harness, post| resume(harness, post),
        ..RARE_PATH
    };
    a_dead_workers_post_is_looked_up: RarePath {
        stage: dead_before_its_call,
        transactions: &["take_over", "record_lookup"],
        ..RARE_PATH
    };
    dead_workers_post_is_found_by_search: RarePath {
        flow: &LINKEDIN_TEXT,
        stage: dead_with_its_answer,
        transactions: &["record_matched"],
        calls: &["read/GET/api.linkedin.com/rest/posts"],
        ..RARE_PATH
    };
    dead_workers_post_is_found_in_list: RarePath {
        flow: &INSTAGRAM_IMAGE,
        stage: |harness, flow| {
            dead(harness, flow, "publish/POST/graph.facebook.com/media_publish.read:1")
        },
        calls: &["read/GET/graph.facebook.com/media"],
        ..RARE_PATH
    };
    a_platform_does_not_answer: RarePath {
        platform_fault: Some(FAILING),
        transactions: &["count_fault"],
        ..RARE_PATH
    };
    a_platform_answers_again: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            harness.world.fault(&serde_json::from_str(FAILING).unwrap());
            assert!(harness.worker(&post).status().unwrap().success());
            harness.world.heal();
            harness.world.advance(LEASE_OVER);
            post
        },
        transactions: &["forget_faults"],
        ..RARE_PATH
    };
    a_cancelled_post_leaves_something_behind: RarePath {
        stage: |harness, flow| {
            let post = dead(harness, flow, "record_staged.committed:1");
            harness.world.run(&["cancel", &post.id]).ok();
            post
        },
        transactions: &["take_follow_ups", "record_cleaned_up"],
        calls: &["staging/DELETE/graph.facebook.com"],
        ends: "cancelled, 0 live",
        ..RARE_PATH
    };
    dead_workers_post_needs_review: RarePath {
        flow: &LINKEDIN_MEMBER,
        stage: dead_before_its_call,
        transactions: &["ask_for_review"],
        ends: "unknown, 0 live",
        ..RARE_PATH
    };
    a_dead_workers_comment_is_looked_for: RarePath {
        flow: &FACEBOOK_COMMENT,
        stage: |harness, flow| {
            let post = dead(harness, flow, "publish/POST/graph.facebook.com/comments.before:1");
            // Its sender could be at it for longer than a lease.
            harness.world.advance(LEASE_OVER * 5);
            post
        },
        transactions: &["record_comment"],
        calls: &["read/GET/graph.facebook.com/comments"],
        ..RARE_PATH
    };
    a_posts_id_is_looked_for: RarePath {
        flow: &INSTAGRAM_COMMENT,
        stage: live_without_an_id,
        platform_fault: Some(NO_LISTS),
        transactions: &["schedule_follow_up"],
        ..RARE_PATH
    };
    a_posts_id_is_never_found: RarePath {
        flow: &INSTAGRAM_COMMENT,
        stage: |harness, flow| {
            harness.expect_refusals();
            let post = live_without_an_id(harness, flow);
            harness.world.advance(Duration::from_secs(25 * 60 * 60));
            post
        },
        platform_fault: Some(NO_LISTS),
        transactions: &["fail_comment"],
        ..RARE_PATH
    };
    a_comment_is_to_be_sent_again: RarePath {
        flow: &FACEBOOK_COMMENT,
        stage: |harness, flow| {
            let post = harness.plant(flow);
            harness.world.fault(&serde_json::from_str(COMMENT_REFUSED).unwrap());
            assert!(harness.worker(&post).status().unwrap().success());
            harness.world.heal();
            post
        },
        victim: |harness, post| harness.world.command(&["retry", "--comment", &post.id]),
        transactions: &["retry_comments"],
        ..RARE_PATH
    };
    post_of_owed_comment_cannot_be_read: RarePath {
        flow: &FACEBOOK_COMMENT,
        stage: |harness, flow| {
            harness.expect_refusals();
            let post = dead(harness, flow, "record_live.committed:1");
            rewrite(harness, &post, "media = '{}'");
            post
        },
        transactions: &["take_follow_ups"],
        ..RARE_PATH
    };
    a_post_is_too_late: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            harness.world.advance(Duration::from_secs(25 * 60 * 60));
            post
        },
        victim: |harness, post| {
            let account = post.account.to_string();
            harness.world.command(&["run-worker", "--once", "--account", &account])
        },
        transactions: &["fail_missed"],
        ends: "not_published, 0 live",
        ..RARE_PATH
    };
    a_row_cannot_be_read: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            rewrite(harness, &post, "media = '{}'");
            post
        },
        transactions: &["fail_unreadable"],
        ends: "not_published, 0 live",
        ..RARE_PATH
    };
    row_of_live_post_cannot_be_read: RarePath {
        flow: &LINKEDIN_MEMBER,
        stage: |harness, flow| {
            let post = dead_with_its_answer(harness, flow);
            rewrite(harness, &post, "media = '{}'");
            post
        },
        transactions: &["fail_unreadable"],
        ends: "unknown, 1 live",
        ..RARE_PATH
    };
    a_row_cannot_be_changed: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            harness.world.database.execute_unchecked(&rewriting(&post, "media = '[{oops'"));
            post
        },
        transactions: &["quote_broken_media"],
        ends: "not_published, 0 live",
        ..RARE_PATH
    };
    another_program_half_cancels_post: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            rewrite(harness, &post, "status = 'cancelled'");
            post
        },
        transactions: &["repair_halves"],
        ends: "cancelled, 0 live",
        ..RARE_PATH
    };
    another_program_half_cancels_possibly_live_post: RarePath {
        stage: |harness, flow| {
            let post = dead_before_its_call(harness, flow);
            rewrite(harness, &post, "status = 'cancelled'");
            post
        },
        transactions: &["repair_halves"],
        ends: "cancelled, 0 live",
        ..RARE_PATH
    };
    unknown_post_cannot_be_seen: RarePath {
        stage: needing_review_unread,
        victim: |harness, _| recover(harness),
        transactions: &["record_review"],
        afterwards: |harness, _| recover_often(harness, 3),
        ends: "not_published, 0 live",
        ..RARE_PATH
    };
    unknown_post_is_known_unpublished: RarePath {
        stage: |harness, flow| {
            let post = needing_review_unread(harness, flow);
            recover_often(harness, 2);
            post
        },
        victim: |harness, _| recover(harness),
        transactions: &["fail_reviewed"],
        ends: "not_published, 0 live",
        ..RARE_PATH
    };
    a_backup_was_restored: RarePath {
        victim: |harness, _| harness.world.command(&["recover", "--after-restore", "--yes"]),
        transactions: &["hold_after_restore"],
        afterwards: send_again,
        ..RARE_PATH
    };
    person_decides_it_is_live: RarePath {
        flow: &LINKEDIN_MEMBER,
        stage: |harness, flow| needing_review(harness, dead_with_its_answer(harness, flow)),
        victim: |harness, post| decision(harness, post, "--published"),
        transactions: &["decide"],
        ..RARE_PATH
    };
    person_decides_it_is_not_live: RarePath {
        flow: &LINKEDIN_MEMBER,
        stage: |harness, flow| needing_review(harness, dead_before_its_call(harness, flow)),
        victim: |harness, post| decision(harness, post, "--not-published"),
        transactions: &["decide"],
        ..RARE_PATH
    };
    person_gives_it_up: RarePath {
        flow: &LINKEDIN_MEMBER,
        stage: |harness, flow| needing_review(harness, dead_with_its_answer(harness, flow)),
        victim: |harness, post| decision(harness, post, "--abandon"),
        transactions: &["decide"],
        afterwards: |harness, post| {
            let code = format!("SELECT error_code FROM post_details WHERE id = '{}'", post.id);
            assert_eq!(harness.world.database.value(&code), "abandoned");
        },
        ends: "unknown, 1 live",
        ..RARE_PATH
    };
    an_account_is_paused: RarePath {
        victim: |harness, post| accounts(harness, post, "pause"),
        transactions: &["pause_account"],
        afterwards: |harness, post| {
            assert!(harness.worker(post).status().unwrap().success());
            assert_eq!(harness.end_of(post), "pending, 0 live");
            resume(harness, post);
        },
        ..RARE_PATH
    };
    an_account_publishes_with_one_call: RarePath {
        victim: |harness, post| {
            let account = post.account.to_string();
            harness.world.command(&["accounts", "set", &account, "--publish-mode", "direct"])
        },
        transactions: &["set_publish_mode"],
        ..RARE_PATH
    };
    an_account_is_resumed: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            assert!(accounts(harness, &post, "pause").output().unwrap().status.success());
            post
        },
        victim: |harness, post| accounts(harness, post, "resume"),
        transactions: &["resume_account"],
        ..RARE_PATH
    };
    an_account_is_removed: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            harness.finish();
            post
        },
        victim: |harness, post| accounts(harness, post, "remove"),
        transactions: &["remove_account"],
        afterwards: |harness, post| {
            let listed = harness.world.json(&["accounts"]).to_string();
            assert!(!listed.contains(&post.account.to_string()), "{listed}");
        },
        ..RARE_PATH
    };
    an_account_is_added: RarePath {
        victim: |harness, post| {
            harness.world.command(&[
                "accounts", "add", "--platform", "facebook", "--name", &post.id,
                "--external-id", &format!("3{}", post.external_account),
            ])
        },
        transactions: &["add_account"],
        afterwards: |harness, post| {
            let named = format!("meta_social_accounts WHERE account_name = '{}'", post.id);
            let found = harness.world.database.value(&format!("SELECT COUNT(*) FROM {named}"));
            assert_eq!(found, "1");
        },
        ..RARE_PATH
    };
    /// Given again it adds another one, which `clients` shows.
    a_client_is_added: RarePath {
        victim: |harness, post| {
            harness.world.command(&["clients", "add", "--first-name", "A", "--last-name", &post.id])
        },
        transactions: &["add_client"],
        afterwards: |harness, post| assert_ne!(clients(harness, post), [""; 0]),
        ..RARE_PATH
    };
    a_client_is_removed: RarePath {
        stage: |harness, flow| {
            let post = harness.plant(flow);
            let add = ["clients", "add", "--first-name", "A", "--last-name", &post.id];
            harness.world.run(&add).ok();
            post
        },
        victim: |harness, post| {
            let client = clients(harness, post).pop().unwrap_or_else(|| "0".to_owned());
            harness.world.command(&["clients", "remove", &client])
        },
        transactions: &["remove_client"],
        afterwards: |harness, post| assert_eq!(clients(harness, post), [""; 0]),
        ..RARE_PATH
    };
}
