//! The variables of a run of the tests, its dice, and its figures.

use std::fs::OpenOptions;
use std::io::Write;

/// A number that a variable names.
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
pub fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => text.parse().unwrap(),
        _ => default,
    }
}

/// The one cell that is to be played.
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
pub fn only() -> Option<String> {
    std::env::var("LIES_ONLY").ok()
}

/// Prints a line, and appends it to the report if there is one.
#[expect(clippy::print_stdout, reason = "the runner shows it with the test's failure")]
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
pub fn report(line: &str) {
    println!("{line}");
    let Ok(path) = std::env::var("KILL_REPORT") else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
}

/// Random numbers that are the same for the same seed (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % limit
    }

    /// True once in `times` calls on average.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}
