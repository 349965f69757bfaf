//! The faults that the program must stand, one test or more for each. The doc
//! comment of a test begins with the codes of its faults: `**F3, F4**: …`.

mod captions;
mod clock_jumps;
mod command_line;
mod configuration;
mod connections;
mod database_files;
mod database_servers;
mod foreign_rows;
mod long_queues;
mod media;
mod odd_value_reports;
mod odd_values;
mod output_text;
mod script_contract;
mod syscalls;
mod times;
mod unconfirmed_commits;
mod wrong_database;

use std::collections::BTreeSet;
use std::fs;

use crate::source::{is_code, root, test_functions};

/// The codes that the tests name.
fn tested() -> BTreeSet<String> {
    let tests = test_functions();
    let malformed: Vec<_> = tests
        .iter()
        .filter(|test| test.codes().is_none())
        .map(|test| format!("{}: {}", test.place, test.summary))
        .collect();
    assert_eq!(malformed, [""; 0], "a doc comment begins with its codes as in `**F3, F4**: …`");
    tests.iter().filter_map(|test| test.codes()).flatten().map(str::to_owned).collect()
}

/// The codes that a document defines: the first cells of its tables, and what
/// it prints in bold.
fn defined(path: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let bold = text.split("**").skip(1).step_by(2);
    cells.chain(bold).filter(|word| is_code(word)).map(str::to_owned).collect()
}

/// The faults are those of `docs/faults.md`, the transitions (T0 to T17) those
/// of `docs/protocol.md`.
#[test]
fn tests_and_listed_faults_agree() {
    let is_transition = |code: &String| code.starts_with('T');
    let mut listed = defined("docs/faults.md");
    listed.extend(defined("docs/protocol.md").into_iter().filter(is_transition));
    assert!(listed.len() > 150, "{listed:?}");
    let tested = tested();
    let without_test: Vec<_> = listed.difference(&tested).collect();
    let unlisted: Vec<_> = tested.difference(&listed).collect();
    assert_eq!((without_test, unlisted), (vec![], vec![]), "left: no test, right: in no list");
}
