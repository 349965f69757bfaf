//! README.md and the chapters under docs/ tell the truth: their console sessions
//! are run, their commands are parsed, their tables are those of the program, their
//! links lead somewhere, and the tests that they name exist.

mod links;
mod sessions;
pub mod text;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use socialsched::cli;

use crate::source;
use crate::support::World;
use text::{command_lines, in_next_year, page, pages, table_rows};

/// The command tree as help and manual pages show it.
fn tree() -> clap::Command {
    let mut tree = cli::tree().disable_help_subcommand(true);
    tree.build();
    tree
}

/// Name and first help line of every command; one with its own commands is
/// told by these.
fn commands(tree: &clap::Command, prefix: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for command in tree.get_subcommands() {
        let name = format!("{prefix}{}", command.get_name());
        if command.has_subcommands() {
            all.extend(commands(command, &format!("{name} ")));
        } else {
            all.push((name, command.get_about().unwrap().to_string()));
        }
    }
    all
}

#[test]
fn table_of_commands_matches_the_program() {
    let shown: Vec<(String, String)> = table_rows(page("README.md").section("Commands"))
        .into_iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone()))
        .collect();
    assert_eq!(shown, commands(&tree(), ""));
}

#[test]
fn every_command_line_is_accepted() {
    let lines: Vec<_> = pages().iter().flat_map(command_lines).collect();
    assert!(lines.len() > 100, "the commands were not found: {lines:?}");
    let is_help = |line: &[String]| line[1] == "help";
    for line in lines.into_iter().filter(|line| !is_help(line)) {
        if let Err(error) = tree().try_get_matches_from(&line) {
            panic!("{line:?}: {error}");
        }
    }
}

#[test]
fn every_form_of_time_is_taken() {
    let world = World::new();
    let account = world.account("facebook");
    let mut examples = Vec::new();
    for row in table_rows(page("README.md").section("Times")) {
        examples.extend(row[1].split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert!(examples.len() > 10, "{examples:?}");
    for example in examples {
        let when = in_next_year(&example);
        let post = ["schedule", "--account", &account.id, "--caption", "Hello", "--dry-run"];
        world.run(&[&post[..], &["--at", &when]].concat()).ok();
    }
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let help = tree().get_after_long_help().unwrap().to_string();
    let told: BTreeSet<&str> =
        help.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    let output = page("docs/output.md");
    let rows = table_rows(output.section("Exit codes"));
    let shown: BTreeSet<&str> = rows
        .iter()
        .map(|row| row[0].as_str())
        .filter(|code| code.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    assert_eq!(shown, told);
}

#[test]
fn configuration_file_shows_the_worker_defaults() {
    let blocks = page("docs/configuration.md").code_blocks("toml");
    let [config] = &blocks[..] else { panic!("not one configuration file") };
    let world = World::new();
    world.unset("SOCIALSCHED_DATABASE_URL");
    let config = config.replace("/home/ann", world.path("home").to_str().unwrap());
    let path = world.path("config.toml");
    fs::write(&path, &config).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    world.run(&["--config", path.to_str().unwrap(), "migrate"]).ok();
    let (_, worker) = config.split_once("[run-worker]").unwrap();
    let tree = tree();
    let command = tree.find_subcommand("run-worker").unwrap();
    for arg in command.get_arguments().filter(|arg| !arg.is_global_set()) {
        let Some(long) = arg.get_long().filter(|long| !matches!(*long, "once" | "help")) else {
            continue;
        };
        let key = long.replace('-', "_");
        let value = worker.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
        let value = value.unwrap_or_else(|| panic!("no key for --{long}")).trim_matches('"');
        let help = arg.get_help().unwrap().to_string();
        let default = help.split_once("[default: ").map(|(_, rest)| rest.trim_end_matches(']'));
        if let Some(default) = default.filter(|default| !default.contains([' ', '/'])) {
            assert_eq!(value, default, "default of --{long}");
        }
    }
}

#[test]
fn the_tests_that_it_names_as_proof_exist() {
    let rows = table_rows(page("docs/guarantees.md").section("What it promises"));
    assert!(rows.len() >= 5, "{rows:?}");
    let tests = source::tests();
    for row in rows {
        for name in row[1].split(", ").map(|name| name.trim_matches('`')) {
            assert!(tests.contains(name), "no test is named {name}");
        }
    }
}

#[test]
fn the_two_commands_to_begin_with_are_there() {
    for command in ["cargo run --release -- demo", "tests/run"] {
        assert!(page("README.md").text.contains(command), "{command}");
    }
}

/// The keys between backticks.
fn keys(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[track_caller]
fn assert_keys(data: &serde_json::Value, shown: &BTreeSet<String>) {
    let found: BTreeSet<String> = data.as_object().unwrap().keys().cloned().collect();
    assert_eq!(found, *shown);
}

#[test]
fn the_json_keys_are_those_of_the_program() {
    let world = World::new();
    let account = world.account("facebook");
    let post = world.schedule(&account, &["--caption", "Hello"]);
    let rows = table_rows(page("docs/output.md").section("JSON"));
    let row = |object: &str| rows.iter().find(|row| row[0] == object).unwrap()[2].clone();
    let posts = row("post");
    let (listed, added) = posts.split_once("`show` adds").unwrap();
    assert_keys(&world.json(&["list"])["data"][0], &keys(listed));
    let shown = keys(listed).union(&keys(added)).cloned().collect();
    assert_keys(&world.json(&["show", &post])["data"], &shown);
    assert_keys(&world.json(&["accounts"])["data"][0], &keys(&row("account")));
    assert_keys(&world.json(&["queue-status"])["data"], &keys(&row("queue")));
}
