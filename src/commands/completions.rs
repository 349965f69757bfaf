//! `completions`: scripts for shells.

use clap::Args;
use clap_complete::Shell;

use crate::cli;
use crate::config::Env;
use crate::context::Context;
use crate::exit::{CommandError, Exit};

/// Print the completion script of a shell
///
/// Such as: socialsched completions bash >
/// ~/.local/share/bash-completion/completions/socialsched
#[derive(Args)]
pub struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, CommandError> {
        context.printer.raw(&script(self.shell))?;
        Ok(Exit::Success)
    }
}

/// The completion script of a shell.
#[must_use]
pub fn script(shell: Shell) -> String {
    // The same on every machine: an empty environment.
    let mut command = cli::command(&Env::of([]));
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "socialsched", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
