//! A release holds nothing of the kill points.

use std::fs;

use crate::source::root;

const TRACE: &str = "SOCIALSCHED_KILL_";

/// The default features.
#[test]
fn no_default_feature_brings_kill_points() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let features = manifest.split("[features]").nth(1).unwrap().split("\n[").next().unwrap();
    assert!(features.contains("kill-points = []"), "{features}");
    assert!(!features.contains("default"), "{features}");
}

/// A program has kill points only if it was built with them. The other half of
/// this test is the program with the feature: there the same search finds it.
#[test]
fn kill_points_exist_only_with_the_feature() {
    let program = fs::read(env!("CARGO_BIN_EXE_socialsched")).unwrap();
    let found = program.windows(TRACE.len()).any(|part| part == TRACE.as_bytes());
    assert_eq!(found, cfg!(feature = "kill-points"));
}
