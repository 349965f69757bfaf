//! Configuration and secrets.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{Ran, World};

const PASSWORD_URL: &str = "postgres://me:canary-password@db.example/app";

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Writes a configuration file that only its owner can read.
fn config(world: &World, text: &str) -> PathBuf {
    let path = world.path("config.toml");
    fs::write(&path, text).unwrap();
    chmod(&path, 0o600);
    path
}

fn list_with(world: &World, config: &Path) -> Ran {
    world.run(&["list", "--config", config.to_str().unwrap()])
}

/// **E1**: a bad configuration file is named with its line.
#[test]
fn bad_configuration_file_names_its_line() {
    let world = World::new();
    world.run(&["list", "--config", "missing.toml"]).exits(5).complains("missing.toml");
    world.run(&["list", "--config", "."]).exits(5).complains("not a regular file");
    for (text, line, what) in [
        ("company = \n", ":1:", ""),
        ("# comment\n[run-worker\n", ":2:", ""),
        ("\n\ntimeuot = \"5s\"\n", ":3:", "did you mean timeout ?"),
        ("[run-worker]\nbatch_size = \"many\"\n", ":2:", "string"),
        ("tz = \"UTC\"\ntz = \"UTC\"\n", ":2:", "duplicate"),
        ("timeout = \"soon\"\n", ":1:", ""),
        ("company = \"not-a-uuid\"\n", ":1:", ""),
        ("output = \"yaml\"\n", ":1:", "table"),
    ] {
        let path = config(&world, text);
        let ran = list_with(&world, &path).exits(5);
        ran.complains("config.toml").complains(line).complains(what);
    }
    let path = config(&world, "timeuot = \"5s\"\n");
    let ran = world.run(&["list", "--config", path.to_str().unwrap(), "--json"]).exits(5);
    assert_eq!(ran.error_code(), "config", "{ran}");
    list_with(&world, &config(&world, "timeout = \"5s\"\n")).ok();
    // Where nobody asked for one, none is needed; the current directory is not searched.
    fs::write(world.path("socialsched.toml"), "bad").unwrap();
    world.run(&["list"]).ok();
}

/// **E2**: files with secrets that others can read are refused with the `chmod`
/// line.
#[test]
fn shared_secret_files_are_refused() {
    let world = World::new();
    let page = world.account("facebook");
    let path = config(&world, &format!("database_url = \"{PASSWORD_URL}\"\n"));
    for mode in [0o644, 0o640, 0o604] {
        chmod(&path, mode);
        let ran = list_with(&world, &path).exits(5);
        ran.complains("chmod 600").complains("config.toml").complains("--insecure-config");
    }
    world.run(&["list", "--config", path.to_str().unwrap(), "--insecure-config"]).ok();
    chmod(&path, 0o600);
    list_with(&world, &path).ok();
    // A file without a secret may be read by everybody.
    let path = config(&world, "timeout = \"5s\"\n");
    chmod(&path, 0o644);
    list_with(&world, &path).ok();
    // The database URL's own file, and a token's.
    let secret = world.path("secret");
    fs::write(&secret, world.database.url()).unwrap();
    chmod(&secret, 0o644);
    world.unset("SOCIALSCHED_DATABASE_URL");
    world.set("SOCIALSCHED_DATABASE_URL_FILE", &secret);
    world.run(&["list"]).exits(5).complains("chmod 600");
    chmod(&secret, 0o600);
    world.run(&["list"]).ok();
    fs::write(world.path("token"), "canary-token").unwrap();
    chmod(&world.path("token"), 0o644);
    #[rustfmt::skip]
    let added = world.json(&[
        "accounts", "add", "--platform", "facebook", "--name", "Other", "--external-id", "77",
        "--token-file", world.path("token").to_str().unwrap(),
    ]);
    let id = added["data"]["id"].as_str().unwrap().to_owned();
    let other = crate::support::Account { id, name: "Other".into(), ..page };
    let post = world.schedule(&other, &["--caption", "Hello"]);
    world.work(&[]);
    assert_eq!(world.status(&post), "pending", "it rests until an operator acts");
    world.run(&["accounts", "-o", "table"]).ok().says("chmod 600");
    chmod(&world.path("token"), 0o600);
    world.run(&["accounts", "resume", "Other"]).ok();
    world.work(&[]);
    assert_eq!(world.status(&post), "published");
    world.assert_healthy();
}

/// **E3**: no flag takes a secret.
#[test]
fn no_flag_takes_a_secret() {
    fn walk(command: &clap::Command, visit: &mut impl FnMut(&clap::Arg)) {
        command.get_arguments().for_each(&mut *visit);
        command.get_subcommands().for_each(|command| walk(command, visit));
    }
    let mut suspects = Vec::new();
    walk(&socialsched::cli::tree(), &mut |arg| {
        let name = arg.get_long().unwrap_or(arg.get_id().as_str()).to_owned();
        if ["token", "secret", "password", "key"].iter().any(|word| name.contains(word)) {
            suspects.push(name);
        }
    });
    suspects.sort();
    // The names of a variable and of a file, and an idempotency key.
    assert_eq!(suspects, ["key", "token-env", "token-file"]);
    let world = World::new();
    let add = |flag: &str, value: &str| {
        let args = ["accounts", "add", "--platform", "facebook", "--name", "A", "--external-id"];
        world.run(&[&args, &["7", flag, value][..]].concat()).exits(2)
    };
    for token in ["canary-token", "EAAB|canary-x", "canary-a b"] {
        add("--token-env", token);
        add("--token", token);
    }
    world.assert_healthy();
}

/// **E4**: the database URL is in no help and in no error.
#[test]
fn database_url_is_in_no_help_or_error() {
    let world = World::new();
    for variable in ["SOCIALSCHED_DATABASE_URL", "DATABASE_URL"] {
        world.unset("SOCIALSCHED_DATABASE_URL");
        world.set(variable, PASSWORD_URL);
        for args in [
            ["--help"].as_slice(),
            &["-h"],
            &["help", "list"],
            &["list", "--help"],
            &["accounts", "add", "--help"],
            &["list", "--no-such-flag"],
            &["lst"],
            &["list"],
            &["list", "--json"],
            &["migrate"],
            &["migrate", "--status", "--json"],
            &["run-worker", "--once", "-vv"],
            &["completions", "zsh"],
        ] {
            world.run(args);
        }
    }
    for bad in [
        "postgres://me:canary-pass/word@db.example/app",
        "oracle://me:canary-password@db.example/app",
        "canary-password",
        "mysql://me:canary-password@127.0.0.1:1/app",
        "postgres://me:canary-password@127.0.0.1:1/app?sslmode=disable",
        "postgres://me@127.0.0.1:1/app?sslmode=disable&passwd=canary-password",
        "sqlite://",
    ] {
        for variable in ["SOCIALSCHED_DATABASE_URL", "DATABASE_URL"] {
            world.unset("SOCIALSCHED_DATABASE_URL");
            world.set(variable, bad);
            let ran = world.run(&["list"]);
            assert!(matches!(ran.code, Some(2 | 5 | 6)), "{ran}");
        }
        let ran = world.run(&["list", "--database-url", bad]);
        assert!(matches!(ran.code, Some(2 | 5 | 6)), "{ran}");
    }
    world.assert_no_secret();
}

/// **E5**: logs and errors of failing calls hold no token.
#[test]
fn failing_calls_log_no_token() {
    let world = World::new();
    let mut ids = Vec::new();
    let image = world.media("one.jpg");
    for platform in ["facebook", "instagram", "linkedin"] {
        let account = world.account(platform);
        ids.push(world.schedule(&account, &["--caption", "Hello", "--image", &image]));
    }
    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.set("SOCIALSCHED_PLATFORM_GATEWAY", format!("http://{address}"));
    for log in ["trace", "reqwest=trace,hyper=trace,h2=trace,sqlx=trace,socialsched=trace"] {
        for format in ["text", "json"] {
            world.set("SOCIALSCHED_LOG", log);
            world.advance(std::time::Duration::from_secs(3600));
            let ran = world.run(&["run-worker", "--once", "--log-format", format]).ok();
            assert!(ran.stderr.len() > 1_000, "it does log: {ran}");
        }
    }
    world.run(&["list", "--json"]).ok();
    for id in &ids {
        world.run(&["show", id, "--json"]).ok();
    }
    world.assert_healthy();
}

/// **E5, E13**: a gateway elsewhere is refused and gets no token.
#[test]
fn foreign_gateway_gets_no_token() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    for gateway in [
        "http://198.51.100.7:80",
        "https://evil.example",
        "http://user:canary-p@127.0.0.1:1",
        "http://127.0.0.1.evil.example/",
        "nonsense",
    ] {
        world.set("SOCIALSCHED_PLATFORM_GATEWAY", gateway);
        let ran = world.run(&["run-worker", "--once"]).exits(2);
        ran.complains("SOCIALSCHED_PLATFORM_GATEWAY");
    }
    world.set("SOCIALSCHED_PLATFORM_GATEWAY", world.base_url());
    assert_eq!(world.status(&id), "pending");
    let no_calls: [serde_json::Value; 0] = [];
    assert_eq!(json!(world.calls()), json!(no_calls));
}

/// **E14**: a proxy that the environment names is ignored: platforms are called
/// directly.
#[test]
fn proxy_variables_are_ignored() {
    let world = World::new();
    let page = world.account("facebook");
    let id = world.schedule(&page, &["--caption", "Hello"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        // Nothing listens there.
        world.set(name, "http://127.0.0.1:1");
    }
    world.work_until_done();
    assert_eq!(world.status(&id), "published");
    world.assert_healthy();
}
