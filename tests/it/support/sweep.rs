//! How thoroughly a test goes through everything that may break.

/// Some of the faults, evenly spread; all of them with `TEST_SWEEP=full`.
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
#[expect(clippy::print_stdout, reason = "a figure, to be seen with --no-capture")]
pub fn some_of<T>(faults: &[T], count: usize) -> impl Iterator<Item = &T> {
    let all = std::env::var("TEST_SWEEP").is_ok_and(|value| value == "full");
    let count = if all { faults.len() } else { count.min(faults.len()) };
    println!("{count} of {} faults", faults.len());
    (0..count).map(move |i| &faults[i * faults.len() / count])
}
