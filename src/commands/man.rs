//! `man`: manual pages.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::view::counted;
use crate::cli;
use crate::config::Env;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::Report;

/// Write the manual pages
///
/// One page of the program and one of each command, such as
/// socialsched-run-worker.1.
#[derive(Args)]
pub struct ManArgs {
    /// Directory to write to; is created
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl ManArgs {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let pages = pages()?;
        if !context.dry_run {
            std::fs::create_dir_all(&self.dir)
                .with_context(|| format!("cannot create {}", self.dir.display()))?;
            for (name, page) in &pages {
                let path = self.dir.join(name);
                std::fs::write(&path, page)
                    .with_context(|| format!("cannot write {}", path.display()))?;
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
pub fn pages() -> std::io::Result<Vec<(String, String)>> {
    let mut command = cli::command(&Env::of([])).disable_help_subcommand(true);
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
    // The name must outlive the page, which keeps only a 'static one.
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned());
    let mut page = Vec::new();
    clap_mangen::Man::new(named).render(&mut page)?;
    pages.push((format!("{name}.1"), String::from_utf8_lossy(&page).into_owned()));
    for sub in command.get_subcommands() {
        render(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}
