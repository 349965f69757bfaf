//! `completions`: scripts for shells.

use clap::Args;
use clap_complete::Shell;

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
    pub(crate) fn run(self, context: &Context, tree: clap::Command) -> Result<Exit, CommandError> {
        context.printer.raw(&script(self.shell, tree))?;
        Ok(Exit::Success)
    }
}

/// The completion script of a shell for this command tree.
#[must_use]
pub fn script(shell: Shell, mut tree: clap::Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut tree, "socialsched", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
