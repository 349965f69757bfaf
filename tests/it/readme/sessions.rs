//! The console sessions, run by trycmd in worlds that fit them.
//!
//! What differs from run to run (ids, times, numbers of the platforms) is
//! shown in the documents as examples; here it may be anything.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use socialsched::sandbox::SandboxOptions;
use trycmd::TestCases;

use super::text::{Page, in_next_year, page, pages};
use crate::support::{Account, Engine, World, eventually};

/// Home directory and sandbox in the documents.
const HOME: &str = "/home/ann";
const SANDBOX: &str = "127.0.0.1:8090";
/// Posts that the sessions of [`TROUBLE`] are about.
const UNKNOWN: &str = "8d5b4be8-8e58-4522-b1c1-2c881a23641e";
const FAILED: &str = "3beff4b1-d7ff-4d6f-b81b-e0943b09499b";
const STUCK: &str = "f7ba8dbe-5d46-4b4b-9606-bda991ae485e";

const COMPANY: &str = "550e8400-e29b-41d4-a716-446655440000";

/// Chapter about the day of [`prepare_trouble`].
const TROUBLE: &str = "docs/troubleshooting.md";

#[test]
fn the_first_session_works_as_shown() {
    // The media need not exist: the sandbox takes them as they are named.
    let world = machine(SandboxOptions { assume_remote_media: true, ..Default::default() });
    world.run(&["migrate"]).ok();
    account(&world, "facebook", "Acme Page", "1000001");
    account(&world, "instagram", "Acme IG", "17841400000000001");
    run(&world, &readme_parts()[0]);
}

#[test]
fn empty_machine_sessions_work_as_shown() {
    let world = machine(SandboxOptions::default());
    world.unset("SOCIALSCHED_DATABASE_URL");
    run(&world, &readme_parts()[1]);
}

#[test]
fn what_helps_in_trouble_works_as_shown() {
    let world = machine(SandboxOptions::default());
    world.run(&["migrate"]).ok();
    prepare_trouble(&world);
    run(&world, &page(TROUBLE));
    world.assert_no_secret();
}

/// Each on a machine of its own, with an empty database.
#[test]
fn what_the_other_chapters_show_works() {
    let elsewhere = |page: &Page| ["README.md", TROUBLE].contains(&page.path.as_str());
    for page in pages().into_iter().filter(|page| !elsewhere(page)) {
        if page.code_blocks("console").is_empty() {
            continue;
        }
        let world = machine(SandboxOptions::default());
        world.unset("SOCIALSCHED_DATABASE_URL");
        world.run(&["migrate"]).ok();
        run(&world, &page);
    }
}

/// A block of another kind would not be run.
#[test]
fn every_session_runs_or_says_otherwise() {
    for page in pages() {
        for language in page.languages() {
            let known = ["console", "text", "sh", "sql", "toml", "json", "ini", "crontab"];
            assert!(known.contains(&language), "{}: a block of {language:?}", page.path);
            let shows_a_session = |block: &String| block.lines().any(|l| l.starts_with("$ "));
            if !["console", "text"].contains(&language) {
                let sessions = page.code_blocks(language).into_iter().find(shows_a_session);
                assert_eq!(sessions, None, "{}: a session in {language}", page.path);
            }
        }
        let indented = page.text.lines().find(|line| line.ends_with(" ```console"));
        assert_eq!(indented, None, "{}: only blocks at the margin are run", page.path);
    }
}

/// The opening of README.md, and the rest: each is about another machine.
fn readme_parts() -> [Page; 2] {
    let readme = page("README.md");
    let (opening, rest) = readme.text.split_at(readme.text.find("\n## ").unwrap());
    [opening, rest].map(|text| Page { path: readme.path.clone(), text: text.to_owned() })
}

/// A machine on which nothing was done yet, but that knows the sandbox.
fn machine(options: SandboxOptions) -> World {
    let world = World::bare(Engine::Sqlite, options);
    world.unset("XDG_DATA_HOME");
    world.unset("XDG_CONFIG_HOME");
    world.set("SOCIALSCHED_COMPANY", COMPANY);
    world.set("SOCIALSCHED_WORKER_ID", "worker-1");
    // As on a terminal.
    world.set("SOCIALSCHED_OUTPUT", "table");
    world
}

fn account(
    world: &World,
    platform: &'static str,
    name: &'static str,
    external_id: &'static str,
) -> Account {
    #[rustfmt::skip]
    let added = world.json(&[
        "accounts", "add", "--platform", platform, "--name", name, "--external-id", external_id,
    ]);
    let id = added["data"]["id"].as_str().unwrap().to_owned();
    Account { id, name: name.to_owned(), platform, external_id: external_id.to_owned() }
}

/// A day on which much went wrong: a refused post, one that may be live, and
/// one whose worker was killed.
fn prepare_trouble(world: &World) {
    let page = account(world, "facebook", "Acme Page", "1000001");
    let member = account(world, "linkedin", "Ann", "urn:li:person:Ann1");
    let failed = world.schedule(&page, &["--caption", "Half price today"]);
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/feed"}, "fault": "status", "status": 400,
        "body": {"error": {
            "message": "Invalid parameter", "type": "OAuthException", "code": 100,
            "fbtrace_id": "AbCdEf",
        }},
    }));
    world.work(&[]);
    world.heal();
    let unknown = world.schedule(&member, &["--caption", "I am hiring"]);
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/rest/posts"}, "fault": "after_commit_drop",
    }));
    world.work_until_done();
    world.heal();
    let stuck = world.schedule(&page, &["--caption", "New opening hours"]);
    world.fault(&json!({
        "match": {"method": "POST", "path_contains": "/feed"}, "fault": "before_commit_hang",
    }));
    let before = world.calls().len();
    let mut worker = world.start_worker(&[]);
    eventually("the worker is in a call", || world.calls().len() > before);
    worker.kill();
    world.heal();
    world.advance(Duration::from_secs(7 * 60));
    for (old, new) in [(failed, FAILED), (unknown, UNKNOWN), (stuck, STUCK)] {
        world.database.execute(&format!(
            "PRAGMA foreign_keys = OFF;
             UPDATE post_schedule SET post_detail_id = '{new}' WHERE post_detail_id = '{old}';
             UPDATE post_details SET id = '{new}' WHERE id = '{old}';"
        ));
    }
}

/// Runs the console blocks of a page in a world.
fn run(world: &World, page: &Page) {
    let files = world.path("page.in");
    fs::create_dir(&files).unwrap();
    for request in page.code_blocks("json") {
        fs::write(files.join("request.json"), fit(world, &request)).unwrap();
    }
    let sessions = files.with_extension("md");
    fs::write(&sessions, as_cases(&fit(world, &page.text))).unwrap();
    let cases = TestCases::new();
    for (variable, value) in world.command(&[]).get_envs() {
        let value = value.unwrap().to_str().unwrap();
        cases.env(variable.to_str().unwrap(), value);
    }
    cases
        .register_bin("socialsched", Path::new(env!("CARGO_BIN_EXE_socialsched")))
        .case(sessions)
        .run();
}

/// Puts this world's home directory, sandbox and next year in place of those
/// in the documents.
fn fit(world: &World, text: &str) -> String {
    let address = world.base_url().replace("http://", "");
    in_next_year(text)
        .replace(HOME, world.path("home").to_str().unwrap())
        .replace(SANDBOX, &address)
}

/// The text as trycmd wants it: an empty line after each output, which stands
/// for its last line break, and output that may differ where it must.
fn as_cases(text: &str) -> String {
    let mut cases = String::new();
    let mut in_session = false;
    let mut after_output = false;
    for line in text.lines() {
        let is_input = ["$ ", "> ", "? "].iter().any(|start| line.starts_with(start));
        let is_fence = line.starts_with("```");
        if in_session && after_output && (is_fence || line.starts_with("$ ")) {
            cases.push('\n');
        }
        if is_fence {
            in_session = line == "```console";
        }
        after_output = in_session && !is_fence && !is_input;
        if after_output {
            cases.push_str(&loosen(line))
        } else {
            cases.push_str(line)
        }
        cases.push('\n');
    }
    cases
}

/// Lets a line of output be anything where it differs from run to run. One
/// wildcard stands for a whole time, however many words it has.
fn loosen(line: &str) -> String {
    const ANY: &str = "[..]";
    let mut loose = String::new();
    // The machine may be busy with other tests.
    let line = line.replace("longest lag 0 s", "longest lag [..] s");
    let mut rest = line.as_str();
    let mut previous = String::new();
    while !rest.is_empty() {
        let word_start = rest.find(|c| c != ' ').unwrap_or(rest.len());
        let (blanks, words) = rest.split_at(word_start);
        let (word, after) = words.split_at(words.find(' ').unwrap_or(words.len()));
        let word = loosen_word(word);
        if !(previous.ends_with(ANY) && word.starts_with(ANY)) {
            loose.push_str(blanks);
            loose.push_str(&word);
        } else {
            loose.push_str(&word[ANY.len()..]);
        }
        previous = word;
        rest = after;
    }
    loose
}

fn loosen_word(word: &str) -> String {
    let core = word.trim_matches(|c: char| "()\",:;.".contains(c));
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    let has_digit = core.contains(|c: char| c.is_ascii_digit());
    let is_id = has_digit
        && ((core.len() == 8 && is_hex(core))
            || (core.len() == 36 && core.split('-').count() == 5 && core.split('-').all(is_hex)));
    let shape: String = core.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let is_time_or_number = shape.contains("0000-00-00")
        || matches!(shape.as_str(), "00:00" | "00:00:00")
        || ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "now"].contains(&core)
        || (core.len() >= 3 && core.chars().all(|c| c.is_ascii_digit()))
        || ["0d", "0h", "00h", "0m", "00m", "0s", "00s"].contains(&shape.as_str());
    if is_id || is_time_or_number {
        return word.replacen(core, "[..]", 1);
    }
    match shape.find("00000") {
        Some(_) => format!("{}[..]", &word[..word.find(|c: char| c.is_ascii_digit()).unwrap()]),
        None => word.to_owned(),
    }
}
