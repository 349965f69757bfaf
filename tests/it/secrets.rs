//! Only the platforms see tokens. Every `assert_healthy` looks
//! for them too; here is where they come closest to being shown.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::support::{PLATFORMS, World};

/// No token is in logs, errors or the database, even when it is refused.
#[test]
fn refused_token_is_logged_and_stored_nowhere() {
    for state in ["", "invalid-", "expired-", "noscope-"] {
        let world = World::new();
        world.set("SOCIALSCHED_LOG", "trace");
        let image = world.media("one.jpg");
        for platform in PLATFORMS {
            let variable = format!("SOCIALSCHED_TOKEN_{}", platform.to_uppercase());
            world.set(&variable, format!("{state}canary-{platform}"));
            let account = world.account(platform);
            world.schedule(&account, &["--caption", "Hello", "--image", &image]);
        }
        let ran = world.work(&["-vv"]);
        assert!(!ran.stderr.is_empty(), "there are logs to look at");
        world.run(&["list", "--json"]).ok();
        for post in world.posts() {
            world.run(&["show", post["id"].as_str().unwrap(), "--json"]).ok();
        }
        world.run(&["accounts"]).ok();
        world.assert_no_secret();
    }
}

#[test]
fn a_token_in_a_file_stays_there() {
    let world = World::new();
    world.unset("SOCIALSCHED_TOKEN_FACEBOOK");
    let file = world.path("token");
    fs::write(&file, "canary-from-a-file\n").unwrap();
    let path = file.to_str().unwrap();
    #[rustfmt::skip]
    world.run(&[
        "accounts", "add", "--platform", "facebook", "--name", "Acme", "--external-id", "1000001",
        "--token-file", path,
    ]).ok();
    world.run(&["schedule", "--account", "Acme", "--caption", "Hello", "--now"]).ok();
    // Others could read it: it is not used.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    world.work(&[]);
    assert_eq!(world.live().len(), 0);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    world.run(&["accounts", "resume", "Acme"]).ok();
    world.work_until_done();
    assert_eq!(world.live().len(), 1);
    assert_eq!(
        world.database.value("SELECT token_ref FROM meta_social_accounts"),
        format!("file:{path}")
    );
    world.assert_healthy();
}

/// A token given in place of its variable's name is not repeated.
#[test]
fn token_as_variable_name_is_not_repeated() {
    let world = World::new();
    #[rustfmt::skip]
    world.run(&[
        "accounts", "add", "--platform", "facebook", "--name", "Acme", "--external-id", "1000001",
        "--token-env", "canary-pasted!",
    ]).exits(2);
    world.assert_no_secret();
}

#[test]
fn the_search_for_tokens_finds_one() {
    let world = World::new();
    let page = world.account("facebook");
    world.schedule(&page, &["--caption", "a canary-bird", "--at", "+1h"]);
    world.run(&["list"]).ok().says("canary-bird");
    let found = catch_unwind(AssertUnwindSafe(|| world.assert_no_secret()));
    assert!(found.is_err());
    let calls = world.calls();
    assert_eq!(json!(calls), json!([]));
}
