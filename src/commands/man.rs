//! `man`: manual pages.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::exit::{CommandError, Exit};
use crate::output::{Report, counted};

/// Write the manual pages
///
/// One page of the program and one of each command, such as
/// socialsched-run-worker.1.
#[derive(Args)]
pub struct ManArgs {
    /// Directory to write to; it is created if it is missing
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl ManArgs {
    pub(crate) fn run(self, context: &Context, tree: clap::Command) -> Result<Exit, CommandError> {
        let pages = pages(tree)?;
        if !context.dry_run {
            std::fs::create_dir_all(&self.dir)
                .with_context(|| format!("cannot create {}", self.dir.display()))
                .map_err(CommandError::Io)?;
            for (name, page) in &pages {
                let path = self.dir.join(name);
                std::fs::write(&path, page)
                    .with_context(|| format!("cannot write {}", path.display()))
                    .map_err(CommandError::Io)?;
            }
        }
        let done = if context.dry_run { "Would write" } else { "Wrote" };
        let text = format!("{done} {} to {}", counted(pages.len(), "page"), self.dir.display());
        let report = Report {
            message: Some(text.clone()),
            data: json!({ "pages": pages.iter().map(|(name, _)| name).collect::<Vec<_>>() }),
            text: Some(text),
            ..Report::default()
        };
        Ok(context.printer.report(&report)?)
    }
}

/// Name and text of every page: one of the program, one of each command.
///
/// # Errors
/// A page cannot be rendered (never in practice: it is written to memory).
pub fn pages(tree: clap::Command) -> std::io::Result<Vec<(String, String)>> {
    let mut command = tree.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    render(&command, "socialsched", &mut pages)?;
    Ok(pages)
}

fn render(
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, String)>,
) -> std::io::Result<()> {
    // The page would leave out the text of what the short help leaves out.
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned());
    let mut named = named.mut_args(|arg| arg.hide_short_help(false));
    let usage = named.render_usage().to_string();
    let man = clap_mangen::Man::new(named.clone())
        .source(concat!("socialsched ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    // clap_mangen's synopsis would list the global options of every command.
    let usage: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
    writeln!(page, ".SH SYNOPSIS\n{}", escape(&usage.join("\n")))?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let after = named.get_after_long_help().map(ToString::to_string);
    if let Some((title, text)) = after.as_deref().and_then(|after| after.split_once(":\n")) {
        writeln!(page, ".SH \"{}\"\n{}", title.to_uppercase(), escape(text))?;
    }
    if let Some((parent, _)) = name.rsplit_once(&format!("-{}", command.get_name())) {
        writeln!(page, ".SH \"SEE ALSO\"\n{}(1)", escape(parent))?;
    }
    pages.push((format!("{name}.1"), String::from_utf8_lossy(&page).into_owned()));
    for sub in command.get_subcommands() {
        render(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}

/// Text in the language of manual pages, line by line.
fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\n', "\n.br\n")
}
