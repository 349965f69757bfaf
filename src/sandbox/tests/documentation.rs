//! `docs/sandbox.md` names everything there is.

use super::super::faults::Fault;
use super::*;

const DOCS: &str = include_str!("../../../docs/sandbox.md");

/// The first cells of the rows of all tables.
fn named() -> Vec<&'static str> {
    let cells = DOCS.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.filter_map(|rest| rest.split('`').next()).collect()
}

#[test]
fn every_option_is_in_the_tables() {
    let named = named();
    for option in SandboxOptions::names() {
        assert!(named.contains(&option.as_str()), "{option}");
    }
}

#[test]
fn every_fault_is_in_the_tables() {
    // The error lists the known values.
    let error = serde_json::from_value::<Fault>(json!("?")).unwrap_err().to_string();
    let words: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    assert!(words.len() > 20, "{error}");
    for word in words {
        assert!(named().contains(&word), "{word}");
    }
}
