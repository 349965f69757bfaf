//! `sandbox`: a local stand-in for the three platforms.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::input::read_text;
use super::signals::Signals;
use crate::config::variable_of_platform;
use crate::context::Context;
use crate::domain::{Platform, Problem, Problems};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::{Format, Report};
use crate::sandbox::{Sandbox, SandboxOptions};

/// Run a local stand-in for the platforms' publishing APIs
///
/// For tests and CI: prints the variables to export and serves until stopped.
/// Posts live in memory; GET /__sim/live lists them.
#[derive(Args)]
pub struct SandboxArgs {
    /// Address of this machine to listen on; port 0 lets the system choose
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Change an option of the platforms, such as newer_posts=60; repeatable
    ///
    /// A wrong name prints all options. VALUE is a number, true, false, null, a word,
    /// or a list with commas.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Start with the fault rules of this JSON file; - is standard input
    ///
    /// A list of rules as for POST /__sim/faults.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

impl SandboxArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let options = self.options()?;
        let rules = self.rules(context)?;
        let sandbox = Sandbox::bind(self.listen, options).await.map_err(|why| {
            Fault::setup(format!("cannot listen on {}: {why}", self.listen))
                .field("--listen")
                .hint("choose a free port of this machine, such as 127.0.0.1:0")
        })?;
        let sandbox = sandbox
            .with_faults(&rules)
            .map_err(|why| Problems::from(Problem::new("--faults", why.to_string())))?;
        let base = sandbox.base_url();
        let mut variables = vec![
            ("SOCIALSCHED_PLATFORM_GATEWAY".to_owned(), base.as_str()),
            ("SOCIALSCHED_ALLOW_PRIVATE_MEDIA".to_owned(), "1"),
        ];
        let tokens = Platform::ALL.iter().map(|of| (variable_of_platform(*of), "sandbox"));
        variables.extend(tokens);
        if context.printer.format().is_json() {
            let report = Report {
                message: Some("Sandbox is ready".to_owned()),
                data: json!({
                    "url": base,
                    "media": [format!("{base}/media/photo.jpg"), format!("{base}/media/clip.mp4")],
                    "environment": variables.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
                }),
                ..Report::default()
            };
            context.printer.report(&report)?;
        } else {
            let exports: String =
                variables.iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
            context.printer.raw(&exports)?;
            if context.printer.format() == Format::Table {
                context.printer.note(&format!(
                    "Sample media: {base}/media/photo.jpg, {base}/media/clip.mp4\n\
                     What is live:  {base}/__sim/live\nStop with Ctrl-C."
                ));
            }
        }
        let mut signals = Signals::watch()?;
        let stop = async move {
            signals.next().await;
        };
        sandbox.serve(stop).await?;
        Ok(Exit::Success)
    }

    fn options(&self) -> Result<SandboxOptions, Problems> {
        let names = || format!("the options are {}", SandboxOptions::names().join(", "));
        let mut options = SandboxOptions::default();
        let mut problems = Problems::default();
        for setting in &self.settings {
            let what = match setting.split_once('=') {
                None => "has no value".to_owned(),
                Some((name, _)) if !SandboxOptions::names().iter().any(|known| known == name) => {
                    "there is no such option".to_owned()
                }
                Some((name, value)) => match options.set(name, value) {
                    Ok(()) => continue,
                    Err(why) => why.to_string(),
                },
            };
            problems.push(Problem::new("--set", what).value(setting.as_str()).hint(names()));
        }
        problems.into_result().map(|()| options)
    }

    fn rules(&self, context: &Context) -> Result<Value, Problems> {
        let Some(path) = &self.faults else { return Ok(json!([])) };
        let text = read_text("--faults", path, context.settings.timeout)?;
        serde_json::from_str(&text).map_err(|why| {
            let what = format!("is not JSON: {why}");
            Problem::new("--faults", what).value(path.display().to_string()).into()
        })
    }
}
