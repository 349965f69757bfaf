//! `sandbox`: a local stand-in for the three platforms.

use std::net::SocketAddr;

use clap::Args;
use serde_json::json;

use super::signals::Signals;
use crate::context::Context;
use crate::exit::{Exit, Fault};
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
}

impl SandboxArgs {
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let sandbox =
            Sandbox::bind(self.listen, SandboxOptions::default()).await.map_err(|why| {
                Fault::setup(format!("cannot listen on {}: {why}", self.listen))
                    .field("--listen")
                    .hint("choose a free port of this machine, such as 127.0.0.1:0")
            })?;
        let base = sandbox.base_url();
        let variables = [
            ("SOCIALSCHED_PLATFORM_GATEWAY", base.as_str()),
            ("SOCIALSCHED_ALLOW_PRIVATE_MEDIA", "1"),
            ("SOCIALSCHED_TOKEN_FACEBOOK", "sandbox"),
            ("SOCIALSCHED_TOKEN_INSTAGRAM", "sandbox"),
            ("SOCIALSCHED_TOKEN_LINKEDIN", "sandbox"),
        ];
        if context.printer.format().is_json() {
            let report = Report {
                message: Some("Sandbox is ready".to_owned()),
                data: json!({
                    "url": base,
                    "media": [format!("{base}/media/photo.jpg"), format!("{base}/media/clip.mp4")],
                    "environment": variables.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
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
}
