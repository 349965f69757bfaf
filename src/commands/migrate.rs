//! `migrate`: bring the database's schema up to this program.

use clap::Args;
use serde_json::{Value, json};

use super::view::counted;
use crate::context::Context;
use crate::domain::when::{rfc3339, short};
use crate::exit::{Exit, Explained, Fault};
use crate::output::{Align, Cell, Format, Report, Table};
use crate::store::{MigrationState, Store};

/// Create or update the database schema
///
/// The only command that creates a database file. Every other command refuses
/// a schema that is older or newer than it was made for.
#[derive(Args)]
pub struct MigrateArgs {
    /// Show which changes were applied
    #[arg(long, conflicts_with_all = ["check", "sql"])]
    status: bool,
    /// Exit 8 when changes are missing
    #[arg(long, conflicts_with = "sql")]
    check: bool,
    /// Print the SQL of missing changes only
    #[arg(long)]
    sql: bool,
}

impl MigrateArgs {
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let location = context.location()?;
        let timeout = context.settings.timeout;
        let states = Store::migration_states(&location, timeout).await?;
        let missing: Vec<_> =
            states.iter().filter(|state| state.applied_at.is_none()).cloned().collect();
        if self.sql {
            for state in &missing {
                let migration = &state.migration;
                context.printer.raw(&format!(
                    "-- {:04} {}\n{}\n",
                    migration.version, migration.name, migration.sql
                ))?;
            }
            return Ok(Exit::Success);
        }
        if self.status || self.check || context.dry_run {
            let mut report = report(context, &states);
            if self.check && !missing.is_empty() {
                let fault = Fault::unhealthy(format!(
                    "{} missing in {location}",
                    counted(missing.len(), "schema change")
                ));
                report.failure = Some(Explained::from(fault.hint("run socialsched migrate")));
            }
            return Ok(context.printer.report(&report)?);
        }
        let store = Store::open_for_migration(&location, timeout).await?;
        let bar = context.printer.bars().bar(u64::try_from(states.len()).unwrap_or(0), "migrating");
        let applied = store.migrate(|_| bar.inc(1)).await;
        bar.finish_and_clear();
        let applied = applied?;
        store.close().await;
        let states = Store::migration_states(&location, timeout).await?;
        let text = match applied.len() {
            0 => format!("{location} is up to date"),
            count => format!("Applied {} to {location}", counted(count, "schema change")),
        };
        let report =
            Report { message: Some(text.clone()), text: Some(text), ..report(context, &states) };
        Ok(context.printer.report(&report)?)
    }
}

fn report(context: &Context, states: &[MigrationState]) -> Report {
    let mut table =
        Table::new([("version", Align::Right), ("name", Align::Left), ("applied", Align::Left)]);
    for state in states {
        let applied = state.applied_at.map(|at| {
            Cell::Time(match context.printer.format() {
                Format::Table => short(at, &context.settings.tz),
                _ => rfc3339(at),
            })
        });
        table.push([
            state.migration.version.into(),
            state.migration.name.into(),
            applied.unwrap_or_else(|| "missing".into()),
        ]);
    }
    let data: Vec<Value> = states
        .iter()
        .map(|state| {
            json!({
                "version": state.migration.version,
                "name": state.migration.name,
                "appliedAt": state.applied_at.map(rfc3339),
            })
        })
        .collect();
    Report { data: Value::Array(data), table: Some(table), ..Report::default() }
}
