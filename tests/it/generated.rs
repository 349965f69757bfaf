//! `man/`, `completions/`, the table of transitions in `docs/protocol.md` and that of the
//! failure codes in `docs/output.md` hold what the program itself generates.
//!
//! `BLESS=1 cargo test generated` rewrites them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::ValueEnum;
use clap_complete::{Generator, Shell};
use socialsched::cli;
use socialsched::commands::{completions, man};
use socialsched::domain::{FailureCode, Rule, Transition};

use crate::source::root;

/// Compares a directory with what it should hold, or makes it so.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the variable is about this test, not the program")]
fn assert_holds(dir: &str, expected: &BTreeMap<String, String>) {
    let dir = root().join(dir);
    if std::env::var_os("BLESS").is_some() {
        // Pages of commands that are gone must go too.
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).unwrap();
        for (name, text) in expected {
            fs::write(dir.join(name), text).unwrap();
        }
    }
    let found = read(&dir);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    let advice = "BLESS=1 cargo test generated writes it anew";
    assert_eq!(names(&found), names(expected), "{} has other files: {advice}", dir.display());
    for (name, text) in expected {
        assert!(found[name] == *text, "{}/{name} is out of date: {advice}", dir.display());
    }
}

fn read(dir: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(dir) else { return BTreeMap::new() };
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    entries.map(file).collect()
}

#[test]
fn manual_pages_are_those_of_the_program() {
    assert_holds("man", &man::pages(cli::tree()).unwrap().into_iter().collect());
}

#[test]
fn completions_are_those_of_the_program() {
    let script =
        |shell: &Shell| (shell.file_name("socialsched"), completions::script(*shell, cli::tree()));
    assert_holds("completions", &Shell::value_variants().iter().map(script).collect());
}

/// Compares a table of a chapter with what it should hold, or makes it so. `head` is its
/// first two lines.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the variable is about this test, not the program")]
fn assert_table(chapter: &str, head: &str, expected: &str) {
    let path = root().join(chapter);
    let text = fs::read_to_string(&path).unwrap();
    let (before, after) = text.split_once(head).unwrap();
    let rows = after.split_inclusive('\n').take_while(|line| line.starts_with('|'));
    let (found, after) = after.split_at(rows.map(str::len).sum());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{head}{expected}{after}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "BLESS=1 cargo test generated writes it anew");
}

/// The table of the transitions in `docs/protocol.md` is that of the program.
#[test]
fn table_of_transitions_is_the_law() {
    const HEAD: &str = "| T | From → to | Guard | By | Why it is safe |\n\
                        | --- | --- | --- | --- | --- |\n";
    let row = |transition: &Transition| {
        let rule = transition.rule();
        let Rule { id, guard, who, why_safe, .. } = rule;
        format!("| {id} | {} | {guard} | {who} | {why_safe} |\n", rule.moves())
    };
    assert_table("docs/protocol.md", HEAD, &Transition::ALL.iter().map(row).collect::<String>());
}

/// The table of the failure codes in `docs/output.md` is that of the program.
#[test]
fn table_of_failure_codes_is_complete() {
    const HEAD: &str = "| Code | Meaning |\n| --- | --- |\n";
    let row = |code: &FailureCode| format!("| `{code}` | {} |\n", code.meaning());
    assert_table("docs/output.md", HEAD, &FailureCode::ALL.iter().map(row).collect::<String>());
}
