//! `reschedule`: another time for a pending post.

use clap::Args;
use serde_json::json;

use super::args::word;
use crate::context::Context;
use crate::domain::when::{Dst, describe, parse_when, rfc3339, short};
use crate::domain::{PostStatus, Problem, Problems};
use crate::exit::{CommandError, Exit, Fault};
use crate::output::Report;
use crate::store::Rescheduled;

/// Move a pending post to another time
#[derive(Args)]
pub struct RescheduleArgs {
    /// Post id, or the beginning of it
    id: String,
    /// When to publish: "2025-03-10 14:00", "tomorrow 9am", "+2h", RFC 3339
    #[arg(long, value_name = "WHEN", required_unless_present = "now", conflicts_with = "now")]
    at: Option<String>,
    /// Publish as soon as a worker claims it
    #[arg(long)]
    now: bool,
    /// How to read a time that the clocks show twice or skip
    #[arg(long, default_value = "reject", value_parser = word::<Dst>(Dst::ALL.iter().map(|d| d.as_str())))]
    dst: Dst,
}

impl RescheduleArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let company = context.company()?;
        let zone = &context.settings.tz;
        let store = context.store().await?;
        let id = context.find_post(&store, company, &self.id).await?;
        let run_at = match &self.at {
            None => None,
            Some(text) => {
                let now = store.now().await?;
                let at = parse_when(text, zone, now, self.dst)
                    .map_err(|error| Problems::from(error.problem("--at", text)))?;
                Some(at)
            }
        };
        let answer = store.reschedule_post(company, id, run_at, context.dry_run).await?;
        store.close().await;
        let short_id = id.short();
        let (was, run_at, now) = match answer {
            Rescheduled::Done { was, run_at, now } => (was, run_at, now),
            Rescheduled::NotPending(status) => {
                let state = match status {
                    PostStatus::Processing => "being published",
                    ended => ended.as_str(),
                };
                return Err(Fault::wrong_state(format!("{short_id} is {state}, not pending"))
                    .code("not_pending")
                    .hint(format!("{} show {short_id} has the details", context.socialsched()))
                    .into());
            }
            Rescheduled::Past { now } => {
                return Err(Problems::from(Problem::new(
                    "--at",
                    format!("is in the past: the database's clock says {}", rfc3339(now)),
                ))
                .into());
            }
            Rescheduled::NotFound => {
                return Err(Fault::not_found(format!("no post {id} in this company")).into());
            }
        };
        let done = if context.dry_run { "Would move" } else { "Moved" };
        let report = Report {
            message: Some(format!("{done} post {short_id}")),
            data: json!({
                "id": id,
                "scheduledFor": rfc3339(run_at),
                "was": rfc3339(was),
                "status": "pending",
            }),
            ids: vec![id.to_string()],
            text: Some(format!(
                "{done} {short_id} from {}\n  {}",
                short(was, zone),
                describe(run_at, zone, now)
            )),
            ..Report::default()
        };
        Ok(context.printer.report(&report)?)
    }
}
