//! Questions to a person, never to a script.

use std::io;

use dialoguer::console::Term;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, Select};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

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
    /// Nobody can be asked (exit 2), or SIGINT ended the prompt (exit 130).
    pub async fn confirm(&self, question: &str) -> Result<bool, Fault> {
        if self.yes {
            return Ok(true);
        }
        self.need_terminal(question, "pass --yes to confirm")?;
        let prompt = visible(question).into_owned();
        self.ask(|theme, term| {
            Confirm::with_theme(theme).with_prompt(prompt).default(false).interact_on(term)
        })
        .await
    }

    /// Asks to type `expected`: for what cannot be undone. Anything else is a no.
    ///
    /// # Errors
    /// As [`Prompts::confirm`].
    pub async fn confirm_typed(&self, question: &str, expected: &str) -> Result<bool, Fault> {
        if self.yes {
            return Ok(true);
        }
        self.need_terminal(question, "pass --yes to confirm")?;
        let prompt = format!("{} (type {} to confirm)", visible(question), visible(expected));
        let ask = self.ask(|theme, term| {
            Input::with_theme(theme).with_prompt(prompt).allow_empty(true).interact_text_on(term)
        });
        let typed: String = ask.await?;
        Ok(typed.trim() == expected)
    }

    /// Lets the person pick one of `items` and returns its index. `flag` is
    /// what a script passes instead, such as `--account`.
    ///
    /// # Errors
    /// As [`Prompts::confirm`]; `--yes` does not choose.
    pub async fn pick(&self, question: &str, items: &[String], flag: &str) -> Result<usize, Fault> {
        self.need_terminal(question, &format!("pass {flag}"))?;
        let items: Vec<String> = items.iter().map(|item| visible(item).into_owned()).collect();
        let prompt = visible(question).into_owned();
        self.ask(move |theme, term| {
            Select::with_theme(theme)
                .with_prompt(prompt)
                .items(&items)
                .default(0)
                .max_length(12)
                .interact_on(term)
        })
        .await
    }

    fn need_terminal(&self, question: &str, hint: &str) -> Result<(), Fault> {
        if self.interactive {
            return Ok(());
        }
        Err(Fault::no_terminal(format!("cannot ask \"{question}\" without a terminal")).hint(hint))
    }

    /// Runs the prompt on a thread of its own, because SIGINT must be able to
    /// end the wait: dialoguer reads on, and by itself would leave the cursor
    /// hidden and the terminal raw.
    async fn ask<T: Send + 'static>(
        &self,
        prompt: impl FnOnce(&dyn Theme, &Term) -> dialoguer::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let unusable = |error: io::Error| Fault::internal(format!("cannot ask: {error}"));
        let mode = tcgetattr(io::stdin()).map_err(|error| unusable(error.into()))?;
        let mut interrupts = signal(SignalKind::interrupt()).map_err(unusable)?;
        let (send, received) = oneshot::channel();
        let color = self.color;
        std::thread::spawn(move || {
            let theme: &dyn Theme = if color { &ColorfulTheme::default() } else { &SimpleTheme };
            // After an interrupt there is no receiver any longer.
            let _ = send.send(prompt(theme, &Term::stderr()));
        });
        let answer = tokio::select! {
            answer = received => answer.map_err(|_| Fault::internal("the prompt ended without an answer"))?,
            _ = interrupts.recv() => Err(io::Error::from(io::ErrorKind::Interrupted).into()),
        };
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &mode);
        let _ = Term::stderr().show_cursor();
        answer.map_err(|dialoguer::Error::IO(error)| match error.kind() {
            io::ErrorKind::Interrupted => Fault::interrupted(),
            _ => unusable(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Env;
    use crate::exit::Exit;
    use expectrl::Expect;

    fn terminal() -> Screen {
        Screen { stdin_terminal: true, stderr_terminal: true, ..Screen::default() }
    }

    /// Without a terminal a needed answer is exit 2, naming the flag.
    #[tokio::test]
    async fn missing_terminal_is_exit_2_naming_flag() {
        let half = Screen { stdin_terminal: false, ..terminal() };
        for prompts in [
            Prompts::new(false, false, Screen::default()),
            Prompts::new(false, false, half),
            Prompts::new(false, true, terminal()),
        ] {
            assert!(!prompts.interactive());
            for fault in [
                prompts.confirm("Cancel 3 posts?").await.unwrap_err(),
                prompts.confirm_typed("Not published?", "0198").await.unwrap_err(),
            ] {
                assert_eq!(fault.exit, Exit::Input);
                assert!(fault.hint.unwrap().contains("--yes"));
            }
            let fault =
                prompts.pick("Which account?", &["a".into()], "--account").await.unwrap_err();
            assert_eq!((fault.exit, fault.hint.as_deref()), (Exit::Input, Some("pass --account")));
        }
    }

    #[tokio::test]
    async fn yes_answers_confirmations_but_picks_nothing() {
        let prompts = Prompts::new(true, false, Screen::default());
        assert_eq!(prompts.confirm("Sure?").await, Ok(true));
        assert_eq!(prompts.confirm_typed("Sure?", "0198").await, Ok(true));
        assert!(prompts.pick("Which?", &["only".into()], "--account").await.is_err());
    }

    /// A terminal in which `child_asks` asks for `what`.
    fn asked(what: &str) -> expectrl::session::OsSession {
        let child = "output::prompt::tests::child_asks";
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        test.args([child, "--exact", "--ignored", "--nocapture"]);
        test.envs([("TERM", "xterm"), ("ASK", what)]);
        let mut session = expectrl::Session::spawn(test).unwrap();
        session.set_expect_timeout(Some(std::time::Duration::from_secs(20)));
        session
    }

    #[tokio::test]
    #[ignore = "started by the tests below"]
    async fn child_asks() {
        use std::io::Write;
        let prompts = Prompts::new(false, false, terminal());
        let answer = match Env::real().text("ASK").unwrap().as_deref() {
            Some("confirm") => prompts.confirm("Cancel 3 posts?").await.map(|yes| format!("{yes}")),
            Some("typed") => {
                prompts.confirm_typed("Sure?", "0198").await.map(|yes| format!("{yes}"))
            }
            _ => {
                let names = ["Acme\x1b[2J".to_owned(), "Other".to_owned()];
                prompts.pick("Which account?", &names, "--account").await.map(|at| format!("{at}"))
            }
        };
        let answer = answer.unwrap_or_else(|fault| format!("exit {}", fault.exit.code()));
        writeln!(io::stdout(), "answer: {answer}.").unwrap();
    }

    /// On a terminal the default is no, and the typed word must match.
    #[test]
    fn terminal_default_is_no_word_must_match() {
        for (what, question, keys, answer) in [
            ("confirm", "Cancel 3 posts?", "\r", "answer: false."),
            ("confirm", "Cancel 3 posts?", "y", "answer: true."),
            ("typed", "0198 to confirm", "0198\r", "answer: true."),
            ("typed", "0198 to confirm", "yes\r", "answer: false."),
            ("pick", "Which account?", "\x1b[B\r", "answer: 1."),
        ] {
            let mut session = asked(what);
            session.expect(question).unwrap();
            session.send(keys).unwrap();
            let shown = session.expect(answer);
            let shown = shown.unwrap_or_else(|error| panic!("{what} {keys:?}: {error}"));
            let shown = String::from_utf8_lossy(shown.as_bytes()).into_owned();
            assert!(!shown.contains("\x1b[2J"), "names are escaped: {shown:?}");
        }
    }

    /// An interrupt ends the prompt as exit 130, with the cursor shown.
    #[test]
    fn interrupt_ends_prompt_with_exit_130() {
        use rustix::process::{Pid, Signal, kill_process};
        for (what, question, by_key) in [
            ("confirm", "Cancel 3 posts?", true),
            ("confirm", "Cancel 3 posts?", false),
            ("typed", "to confirm", false),
            ("pick", "Other", true),
            ("pick", "Other", false),
        ] {
            let mut session = asked(what);
            session.expect(question).unwrap();
            if by_key {
                session.send(expectrl::ControlCode::EndOfText).unwrap();
            } else {
                let pid = Pid::from_raw(session.get_process().pid().as_raw()).unwrap();
                kill_process(pid, Signal::INT).unwrap();
            }
            let shown = session.expect("answer: exit 130.").unwrap();
            let shown = String::from_utf8_lossy(shown.as_bytes()).into_owned();
            let (hidden, visible) = (shown.rfind("\x1b[?25l"), shown.rfind("\x1b[?25h"));
            assert!(visible.is_some() && visible > hidden, "{shown:?}");
        }
    }
}
