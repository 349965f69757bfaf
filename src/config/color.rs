//! When to colour: the words of `--color`.

use crate::domain::words;

/// When output gets colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorWhen {
    /// On a terminal, unless variables say otherwise.
    Auto,
    Always,
    Never,
}

words!(ColorWhen { Auto = "auto", Always = "always", Never = "never" });

impl ColorWhen {
    /// The decision for one stream.
    #[must_use]
    pub fn on(self, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal,
            Self::Always => true,
            Self::Never => false,
        }
    }
}
