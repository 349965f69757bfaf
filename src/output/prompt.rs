//! Questions to a person, never to a script.

use std::io;

use dialoguer::console::Term;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, Select};
use tokio::signal::unix::{SignalKind, signal};

use super::Screen;
use crate::domain::visible;
use crate::exit::Fault;

/// Asks on standard error. Off a terminal, or with `--no-input`, a needed
/// answer is an error (exit 2) and never a hang.
#[derive(Debug, Clone, Copy)]
pub struct Prompts {
    yes: bool,
    interactive: bool,
    color: bool,
}

impl Prompts {
    /// `yes`: answer every confirmation with yes; `no_input`: never ask.
    #[must_use]
    pub fn new(yes: bool, no_input: bool, screen: Screen) -> Self {
        let interactive = !no_input && screen.stdin_terminal && screen.stderr_terminal;
        Self { yes, interactive, color: screen.stderr_color }
    }

    /// Whether a person can be asked.
    #[must_use]
    pub fn interactive(&self) -> bool {
        self.interactive
    }

    /// Asks for a yes or no; the default is no.
    ///
    /// # Errors
    /// Nobody can be asked (exit 2), or the person pressed Ctrl-C (exit 130).
    pub fn confirm(&self, question: &str) -> Result<bool, Fault> {
        if self.yes {
            return Ok(true);
        }
        self.need_terminal(question, "pass --yes to confirm")?;
        let prompt = visible(question);
        self.ask(|theme, term| {
            Confirm::with_theme(theme).with_prompt(prompt).default(false).interact_on(term)
        })
    }

    /// Asks to type `expected`: for what cannot be undone. Anything else is a no.
    ///
    /// # Errors
    /// As [`Prompts::confirm`].
    pub fn confirm_typed(&self, question: &str, expected: &str) -> Result<bool, Fault> {
        if self.yes {
            return Ok(true);
        }
        self.need_terminal(question, "pass --yes to confirm")?;
        let prompt = format!("{} (type {} to confirm)", visible(question), visible(expected));
        let typed: String = self.ask(|theme, term| {
            Input::with_theme(theme).with_prompt(prompt).allow_empty(true).interact_text_on(term)
        })?;
        Ok(typed.trim() == expected)
    }

    /// Lets the person pick one of `items` and returns its index. `flag` is
    /// what a script passes instead, such as `--account`.
    ///
    /// # Errors
    /// As [`Prompts::confirm`]; `--yes` does not choose.
    pub fn pick(&self, question: &str, items: &[String], flag: &str) -> Result<usize, Fault> {
        self.need_terminal(question, &format!("pass {flag}"))?;
        let items: Vec<_> = items.iter().map(|item| visible(item)).collect();
        let prompt = visible(question);
        self.ask(|theme, term| {
            Select::with_theme(theme)
                .with_prompt(prompt)
                .items(&items)
                .default(0)
                .max_length(12)
                .interact_on(term)
        })
    }

    fn need_terminal(&self, question: &str, hint: &str) -> Result<(), Fault> {
        if self.interactive {
            return Ok(());
        }
        let question = question.trim_end_matches('?');
        Err(Fault::no_terminal(format!("cannot ask \"{question}?\" without a terminal")).hint(hint))
    }

    fn ask<T>(
        &self,
        prompt: impl FnOnce(&dyn Theme, &Term) -> dialoguer::Result<T>,
    ) -> Result<T, Fault> {
        let unusable = |error: io::Error| Fault::internal(format!("cannot ask: {error}"));
        outlive_interrupts().map_err(unusable)?;
        let term = Term::stderr();
        let theme: &dyn Theme = if self.color { &ColorfulTheme::default() } else { &SimpleTheme };
        let answer = prompt(theme, &term);
        // Ctrl-C ends a prompt early, with the cursor still hidden.
        let _ = term.show_cursor();
        answer.map_err(|dialoguer::Error::IO(error)| match error.kind() {
            io::ErrorKind::Interrupted => Fault::interrupted(),
            _ => unusable(error),
        })
    }
}

/// Makes SIGINT end the prompt instead of the process, which would leave the
/// cursor hidden. Tokio keeps its handler for the life of the process, so that
/// from the first prompt on it is `main` that has to act upon the signal.
fn outlive_interrupts() -> io::Result<()> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return signal(SignalKind::interrupt()).map(drop);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _entered = runtime.enter();
    signal(SignalKind::interrupt()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn terminal() -> Screen {
        Screen { stdin_terminal: true, stderr_terminal: true, ..Screen::default() }
    }

    #[test]
    fn without_a_terminal_a_needed_answer_is_exit_2_naming_the_flag() {
        let half = Screen { stdin_terminal: false, ..terminal() };
        for prompts in [
            Prompts::new(false, false, Screen::default()),
            Prompts::new(false, false, half),
            Prompts::new(false, true, terminal()),
        ] {
            assert!(!prompts.interactive());
            for fault in [
                prompts.confirm("Cancel 3 posts?").unwrap_err(),
                prompts.confirm_typed("Not published?", "0198").unwrap_err(),
            ] {
                assert_eq!(fault.exit, Exit::Input);
                assert!(fault.hint.unwrap().contains("--yes"));
            }
            let fault = prompts.pick("Which account?", &["a".into()], "--account").unwrap_err();
            assert_eq!((fault.exit, fault.hint.as_deref()), (Exit::Input, Some("pass --account")));
        }
    }

    #[test]
    fn yes_answers_confirmations_but_picks_nothing() {
        let prompts = Prompts::new(true, false, Screen::default());
        assert_eq!(prompts.confirm("Sure?"), Ok(true));
        assert_eq!(prompts.confirm_typed("Sure?", "0198"), Ok(true));
        assert!(prompts.pick("Which?", &["only".into()], "--account").is_err());
    }
}
