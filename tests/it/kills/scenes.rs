//! Places that an undisturbed worker never comes to. For each there is a scene
//! that leads there: somebody dies at both points of its transaction, and the
//! same is started again, at once and when its lease is over.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::commands::silent;
use super::flows::{
    FACEBOOK_COMMENT, FACEBOOK_TEXT, Flow, INSTAGRAM_COMMENT, INSTAGRAM_IMAGE, INSTAGRAM_REEL,
    LINKEDIN_MEMBER, LINKEDIN_TEXT,
};
use super::ground::{Ground, LEASE_OVER, Planted};
use super::rivals::{dead, recover, verdict};
use crate::support::Engine;

/// One way to such a place.
pub struct Scene {
    flow: &'static Flow,
    /// Brings a post there.
    stage: fn(&Ground, &'static Flow) -> Planted,
    /// A rule of what is wrong with the platforms while somebody dies.
    trouble: Option<&'static str>,
    /// Who dies, and is then started again.
    victim: fn(&Ground, &Planted) -> Command,
    /// Where: at both points of each transaction, and at the three of each call.
    pub transactions: &'static [&'static str],
    calls: &'static [&'static str],
    /// What a person sees and does afterwards.
    mend: fn(&Ground, &Planted),
    /// How the post ends (see [`Ground::end_of`]).
    ends: &'static str,
}

/// A due page post and its worker.
const SCENE: Scene = Scene {
    flow: &FACEBOOK_TEXT,
    stage: |ground, flow| ground.plant(flow),
    trouble: None,
    victim: |ground, post| ground.worker(post),
    transactions: &[],
    calls: &[],
    mend: |_, _| (),
    ends: "published, 1 live",
};

/// A test of every scene, and the list of them.
macro_rules! scenes {
    ($($(#[$why:meta])* $test:ident: $scene:expr;)+) => {
        pub const SCENES: &[Scene] = &[$($scene),+];
        $($(#[$why])* #[test] fn $test() { play(stringify!($test), &$scene) })+
    };
}

fn play(name: &str, scene: &Scene) {
    let ground = Ground::new();
    if scene.ends.starts_with("not_published") {
        ground.expect_refusals();
    }
    let mut faults = Vec::new();
    for point in points(scene, ground.world.database.engine()) {
        let post = (scene.stage)(&ground, scene.flow);
        if let Some(rule) = scene.trouble {
            ground.world.fault(&serde_json::from_str(rule).unwrap());
        }
        let victim = || silent((scene.victim)(&ground, &post));
        assert!(ground.killed_at(victim(), &point), "did not come to {point}");
        ground.world.heal();
        let mut is_done = point.contains(".committed");
        for lease_is_over in [false, true] {
            if lease_is_over {
                ground.world.advance(LEASE_OVER);
            }
            let again = victim().status().unwrap().code();
            // Not found, or in another state: it was done before.
            assert!(again == Some(0) || is_done && matches!(again, Some(3 | 4)), "{again:?}");
            is_done = true;
        }
        (scene.mend)(&ground, &post);
        faults.extend(ground.judge());
        let end = ground.end_of(&post);
        if end != scene.ends {
            faults.push((post, format!("killed at {point}: {end}")));
        }
    }
    ground.assert_sound(&format!("scene {name}"), &faults);
}

/// The points at which somebody dies, each with a post of its own.
fn points(scene: &Scene, engine: Engine) -> Vec<String> {
    // Only MariaDB can keep media that is no JSON and then refuse to change its row.
    let is_possible = |name: &&&str| **name != "quote_broken_media" || engine == Engine::MariaDb;
    let in_transactions =
        scene.transactions.iter().filter(is_possible).flat_map(|name| {
            ["before_commit", "committed"].map(|moment| format!("{name}.{moment}:1"))
        });
    let in_calls = scene
        .calls
        .iter()
        .flat_map(|name| ["before", "sent", "read"].map(|moment| format!("{name}.{moment}:1")));
    in_transactions.chain(in_calls).collect()
}

/// A worker died when its call was allowed, before it went out.
fn dead_before_its_call(ground: &Ground, flow: &'static Flow) -> Planted {
    dead(ground, flow, "open_gates.committed:1")
}

/// A worker died with LinkedIn's answer in its hand.
fn dead_with_its_answer(ground: &Ground, flow: &'static Flow) -> Planted {
    dead(ground, flow, "publish/POST/api.linkedin.com/rest/posts.read:1")
}

/// Another program changes a post.
fn rewrite(ground: &Ground, post: &Planted, change: &str) {
    ground.world.database.execute(&rewriting(post, change));
}

fn rewriting(post: &Planted, change: &str) -> String {
    format!("UPDATE post_details SET {change} WHERE id = '{}'", post.id)
}

/// A worker that finds the post's outcome to be for a person to decide.
fn held(ground: &Ground, post: Planted) -> Planted {
    assert!(ground.worker(&post).status().unwrap().success());
    assert!(ground.end_of(&post).starts_with("unknown"), "{}", ground.end_of(&post));
    post
}

/// A page post of which nothing could be read for so long that it is held.
fn held_unread(ground: &Ground, flow: &'static Flow) -> Planted {
    let post = dead_before_its_call(ground, flow);
    ground.world.fault(&json!({
        "match": {"method": "GET"}, "fault": "before_commit_5xx",
    }));
    ground.world.advance(Duration::from_secs(25 * 60 * 60));
    let post = held(ground, post);
    ground.world.heal();
    post
}

/// Looks that lie apart, after which "not there" is believed.
fn recover_often(ground: &Ground, times: usize) {
    for _ in 0..times {
        ground.world.run(&["recover"]).ok();
        ground.world.advance(LEASE_OVER);
    }
}

fn send_again(ground: &Ground, post: &Planted) {
    assert!(verdict(ground, post, "--not-published").status().unwrap().success());
}

/// Gives the account's own id to a command.
fn accounts(ground: &Ground, post: &Planted, word: &str) -> Command {
    ground.world.command(&["accounts", word, &post.account.to_string()])
}

fn resume(ground: &Ground, post: &Planted) {
    assert!(accounts(ground, post, "resume").output().unwrap().status.success());
}

/// The numbers of the clients with the post's id as their name.
fn clients(ground: &Ground, post: &Planted) -> Vec<String> {
    let json = ground.world.json(&["clients"]);
    let is_its = |client: &&Value| client.to_string().contains(&post.id);
    let found = json["data"]["rows"].as_array().unwrap().iter().filter(is_its);
    found.map(|client| client["id"].to_string()).collect()
}

/// A post that is live under an id that no list tells yet, its comment owed.
fn live_without_an_id(ground: &Ground, flow: &'static Flow) -> Planted {
    let post = ground.plant(flow);
    ground.world.fault(&serde_json::from_str(NO_LISTS).unwrap());
    ground.world.fault(&json!({"match": {"call": "publish"}, "fault": "after_commit_drop"}));
    for _ in 0..2 {
        assert!(ground.worker(&post).status().unwrap().success());
        ground.world.advance(LEASE_OVER * 2);
    }
    ground.world.heal();
    assert_eq!(ground.end_of(&post), "published, 1 live");
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

scenes! {
    heartbeat_stops_during_a_call: Scene {
        trouble: Some(NEVER_ANSWERED),
        transactions: &["renew_leases", "beat"],
        ..SCENE
    };
    media_is_being_processed: Scene {
        flow: &INSTAGRAM_REEL,
        stage: |ground, flow| {
            ground.world.options(&json!({"video_processing_ms": 100_000}));
            ground.plant(flow)
        },
        transactions: &["release"],
        ..SCENE
    };
    a_post_is_prepared_before_its_time: Scene {
        stage: |ground, flow| {
            let soon = ground.world.database.now() + chrono::Duration::minutes(4);
            ground.plant_at(flow, Some(soon))
        },
        transactions: &["release_until_due"],
        ..SCENE
    };
    a_call_before_the_gate_fails: Scene {
        trouble: Some(FAILING),
        transactions: &["record_failure"],
        ..SCENE
    };
    the_answer_is_lost: Scene {
        trouble: Some(LOST_ANSWER),
        transactions: &["record_unknown"],
        ..SCENE
    };
    account_is_throttled: Scene {
        trouble: Some(THROTTLED),
        transactions: &["rest_accounts"],
        ..SCENE
    };
    platform_is_throttled: Scene {
        flow: &LINKEDIN_TEXT,
        trouble: Some(RETIRED),
        transactions: &["rest_accounts"],
        mend: |ground, post| resume(ground, post),
        ..SCENE
    };
    a_dead_workers_post_is_looked_up: Scene {
        stage: dead_before_its_call,
        transactions: &["take_over", "record_lookup"],
        ..SCENE
    };
    dead_workers_post_is_found_by_search: Scene {
        flow: &LINKEDIN_TEXT,
        stage: dead_with_its_answer,
        transactions: &["record_matched"],
        calls: &["read/GET/api.linkedin.com/rest/posts"],
        ..SCENE
    };
    dead_workers_post_is_found_in_list: Scene {
        flow: &INSTAGRAM_IMAGE,
        stage: |ground, flow| {
            dead(ground, flow, "publish/POST/graph.facebook.com/media_publish.read:1")
        },
        calls: &["read/GET/graph.facebook.com/media"],
        ..SCENE
    };
    a_platform_does_not_answer: Scene {
        trouble: Some(FAILING),
        transactions: &["count_fault"],
        ..SCENE
    };
    a_platform_answers_again: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            ground.world.fault(&serde_json::from_str(FAILING).unwrap());
            assert!(ground.worker(&post).status().unwrap().success());
            ground.world.heal();
            ground.world.advance(LEASE_OVER);
            post
        },
        transactions: &["forget_faults"],
        ..SCENE
    };
    a_cancelled_post_leaves_something_behind: Scene {
        stage: |ground, flow| {
            let post = dead(ground, flow, "record_staged.committed:1");
            ground.world.run(&["cancel", &post.id]).ok();
            post
        },
        transactions: &["take_follow_ups", "record_cleaned_up"],
        calls: &["staging/DELETE/graph.facebook.com"],
        ends: "cancelled, 0 live",
        ..SCENE
    };
    dead_workers_post_needs_review: Scene {
        flow: &LINKEDIN_MEMBER,
        stage: dead_before_its_call,
        transactions: &["hold"],
        ends: "unknown, 0 live",
        ..SCENE
    };
    a_dead_workers_comment_is_looked_for: Scene {
        flow: &FACEBOOK_COMMENT,
        stage: |ground, flow| {
            let post = dead(ground, flow, "publish/POST/graph.facebook.com/comments.before:1");
            // Its sender could be at it for longer than a lease.
            ground.world.advance(LEASE_OVER * 5);
            post
        },
        transactions: &["record_comment"],
        calls: &["read/GET/graph.facebook.com/comments"],
        ..SCENE
    };
    a_posts_id_is_looked_for: Scene {
        flow: &INSTAGRAM_COMMENT,
        stage: live_without_an_id,
        trouble: Some(NO_LISTS),
        transactions: &["schedule_follow_up"],
        ..SCENE
    };
    a_posts_id_is_never_found: Scene {
        flow: &INSTAGRAM_COMMENT,
        stage: |ground, flow| {
            ground.expect_refusals();
            let post = live_without_an_id(ground, flow);
            ground.world.advance(Duration::from_secs(25 * 60 * 60));
            post
        },
        trouble: Some(NO_LISTS),
        transactions: &["fail_comment"],
        ..SCENE
    };
    a_comment_is_to_be_sent_again: Scene {
        flow: &FACEBOOK_COMMENT,
        stage: |ground, flow| {
            let post = ground.plant(flow);
            ground.world.fault(&serde_json::from_str(COMMENT_REFUSED).unwrap());
            assert!(ground.worker(&post).status().unwrap().success());
            ground.world.heal();
            post
        },
        victim: |ground, post| ground.world.command(&["retry", "--comment", &post.id]),
        transactions: &["retry_comments"],
        ..SCENE
    };
    post_of_owed_comment_cannot_be_read: Scene {
        flow: &FACEBOOK_COMMENT,
        stage: |ground, flow| {
            ground.expect_refusals();
            let post = dead(ground, flow, "record_live.committed:1");
            rewrite(ground, &post, "media = '{}'");
            post
        },
        transactions: &["take_follow_ups"],
        ..SCENE
    };
    a_post_is_too_late: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            ground.world.advance(Duration::from_secs(25 * 60 * 60));
            post
        },
        victim: |ground, post| {
            let account = post.account.to_string();
            ground.world.command(&["run-worker", "--once", "--account", &account])
        },
        transactions: &["fail_missed"],
        ends: "not_published, 0 live",
        ..SCENE
    };
    a_row_cannot_be_read: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            rewrite(ground, &post, "media = '{}'");
            post
        },
        transactions: &["fail_unreadable"],
        ends: "not_published, 0 live",
        ..SCENE
    };
    row_of_live_post_cannot_be_read: Scene {
        flow: &LINKEDIN_MEMBER,
        stage: |ground, flow| {
            let post = dead_with_its_answer(ground, flow);
            rewrite(ground, &post, "media = '{}'");
            post
        },
        transactions: &["fail_unreadable"],
        ends: "unknown, 1 live",
        ..SCENE
    };
    a_row_cannot_be_changed: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            ground.world.database.execute_unchecked(&rewriting(&post, "media = '[{oops'"));
            post
        },
        transactions: &["quote_broken_media"],
        ends: "not_published, 0 live",
        ..SCENE
    };
    another_program_half_cancels_post: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            rewrite(ground, &post, "status = 'cancelled'");
            post
        },
        transactions: &["repair_halves"],
        ends: "cancelled, 0 live",
        ..SCENE
    };
    another_program_half_cancels_possibly_live_post: Scene {
        stage: |ground, flow| {
            let post = dead_before_its_call(ground, flow);
            rewrite(ground, &post, "status = 'cancelled'");
            post
        },
        transactions: &["repair_halves"],
        ends: "cancelled, 0 live",
        ..SCENE
    };
    unknown_post_cannot_be_seen: Scene {
        stage: held_unread,
        victim: |ground, _| recover(ground),
        transactions: &["record_held_lookup"],
        mend: |ground, _| recover_often(ground, 3),
        ends: "not_published, 0 live",
        ..SCENE
    };
    unknown_post_is_known_unpublished: Scene {
        stage: |ground, flow| {
            let post = held_unread(ground, flow);
            recover_often(ground, 2);
            post
        },
        victim: |ground, _| recover(ground),
        transactions: &["unhold"],
        ends: "not_published, 0 live",
        ..SCENE
    };
    a_backup_was_restored: Scene {
        victim: |ground, _| ground.world.command(&["recover", "--after-restore", "--yes"]),
        transactions: &["hold_after_restore"],
        mend: send_again,
        ..SCENE
    };
    person_decides_it_is_live: Scene {
        flow: &LINKEDIN_MEMBER,
        stage: |ground, flow| held(ground, dead_with_its_answer(ground, flow)),
        victim: |ground, post| verdict(ground, post, "--published"),
        transactions: &["judge"],
        ..SCENE
    };
    person_decides_it_is_not_live: Scene {
        flow: &LINKEDIN_MEMBER,
        stage: |ground, flow| held(ground, dead_before_its_call(ground, flow)),
        victim: |ground, post| verdict(ground, post, "--not-published"),
        transactions: &["judge"],
        ..SCENE
    };
    person_gives_it_up: Scene {
        flow: &LINKEDIN_MEMBER,
        stage: |ground, flow| held(ground, dead_with_its_answer(ground, flow)),
        victim: |ground, post| verdict(ground, post, "--abandon"),
        transactions: &["judge"],
        mend: |ground, post| {
            let code = format!("SELECT error_code FROM post_details WHERE id = '{}'", post.id);
            assert_eq!(ground.world.database.value(&code), "abandoned");
        },
        ends: "unknown, 1 live",
        ..SCENE
    };
    an_account_is_paused: Scene {
        victim: |ground, post| accounts(ground, post, "pause"),
        transactions: &["pause_account"],
        mend: |ground, post| {
            assert!(ground.worker(post).status().unwrap().success());
            assert_eq!(ground.end_of(post), "pending, 0 live");
            resume(ground, post);
        },
        ..SCENE
    };
    an_account_publishes_with_one_call: Scene {
        victim: |ground, post| {
            let account = post.account.to_string();
            ground.world.command(&["accounts", "set", &account, "--publish-mode", "direct"])
        },
        transactions: &["set_publish_mode"],
        ..SCENE
    };
    an_account_is_resumed: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            assert!(accounts(ground, &post, "pause").output().unwrap().status.success());
            post
        },
        victim: |ground, post| accounts(ground, post, "resume"),
        transactions: &["resume_account"],
        ..SCENE
    };
    an_account_is_removed: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            ground.finish();
            post
        },
        victim: |ground, post| accounts(ground, post, "remove"),
        transactions: &["remove_account"],
        mend: |ground, post| {
            let listed = ground.world.json(&["accounts"]).to_string();
            assert!(!listed.contains(&post.account.to_string()), "{listed}");
        },
        ..SCENE
    };
    an_account_is_added: Scene {
        victim: |ground, post| {
            ground.world.command(&[
                "accounts", "add", "--platform", "facebook", "--name", &post.id,
                "--external-id", &format!("3{}", post.external_account),
            ])
        },
        transactions: &["add_account"],
        mend: |ground, post| {
            let named = format!("meta_social_accounts WHERE account_name = '{}'", post.id);
            let found = ground.world.database.value(&format!("SELECT COUNT(*) FROM {named}"));
            assert_eq!(found, "1");
        },
        ..SCENE
    };
    /// Given again it adds another one, which `clients` shows.
    a_client_is_added: Scene {
        victim: |ground, post| {
            ground.world.command(&["clients", "add", "--first-name", "A", "--last-name", &post.id])
        },
        transactions: &["add_client"],
        mend: |ground, post| assert_ne!(clients(ground, post), [""; 0]),
        ..SCENE
    };
    a_client_is_removed: Scene {
        stage: |ground, flow| {
            let post = ground.plant(flow);
            let add = ["clients", "add", "--first-name", "A", "--last-name", &post.id];
            ground.world.run(&add).ok();
            post
        },
        victim: |ground, post| {
            let client = clients(ground, post).pop().unwrap_or_else(|| "0".to_owned());
            ground.world.command(&["clients", "remove", &client])
        },
        transactions: &["remove_client"],
        mend: |ground, post| assert_eq!(clients(ground, post), [""; 0]),
        ..SCENE
    };
}
