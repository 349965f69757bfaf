//! Progress bars on standard error.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The process's progress bars; without a terminal none is ever drawn.
/// Clones share the same bars.
#[derive(Clone, Debug)]
pub struct Bars(MultiProgress);

impl Bars {
    /// `drawn` is whether standard error is a terminal and not to be quiet.
    #[must_use]
    pub fn new(drawn: bool) -> Self {
        let target =
            if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self(MultiProgress::with_draw_target(target))
    }

    /// A bar that counts to `total`; it disappears with `finish_and_clear`.
    #[must_use]
    pub fn bar(&self, total: u64, what: &'static str) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
        let bar = self.0.add(ProgressBar::new(total).with_message(what));
        style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
    }

    /// A spinner for work of unknown length.
    #[must_use]
    pub fn spinner(&self, what: &'static str) -> ProgressBar {
        let spinner = self.0.add(ProgressBar::new_spinner().with_message(what));
        if !spinner.is_hidden() {
            spinner.enable_steady_tick(std::time::Duration::from_millis(120));
        }
        spinner
    }

    /// Takes the bars off the screen while `write` writes to it.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_without_a_terminal() {
        let bars = Bars::new(false);
        assert!(bars.bar(10, "importing").is_hidden());
        assert!(bars.spinner("migrating").is_hidden());
        assert_eq!(bars.suspend(|| 7), 7);
    }
}
