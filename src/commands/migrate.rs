//! `migrate`: bring the database's schema up to this program.

use clap::Args;
use serde_json::{Value, json};

use crate::context::Context;
use crate::domain::when::{rfc3339, short};
use crate::exit::{CommandError, Exit, Explained, Fault};
use crate::output::{Align, Cell, Format, Report, Table, agreeing, counted};
use crate::store::{DirtyRow, MigrationState, OddColumn, Store};

/// Create or update the database schema
///
/// The only command that creates a database file. Every other command refuses
/// a schema that is older or newer than it was made for.
#[derive(Args)]
pub struct MigrateArgs {
    /// Show which changes were applied
    #[arg(long, conflicts_with_all = ["check", "sql"])]
    status: bool,
    /// Exit 8 when changes are missing, or rows hold values that cannot be read
    #[arg(long, conflicts_with = "sql")]
    check: bool,
    /// Print the SQL of missing changes only
    #[arg(long)]
    sql: bool,
}

impl MigrateArgs {
    pub(crate) async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        let location = context.location()?;
        let timeout = context.settings.timeout;
        let states = Store::migration_states(&location, timeout).await?;
        let missing: Vec<_> = states.iter().filter(|state| !state.is_applied).cloned().collect();
        if self.sql {
            context.printer.raw(&Store::missing_sql(&location, timeout).await?)?;
            return Ok(Exit::Success);
        }
        // What has a schema has an identity.
        let instance = match missing.len() < states.len() {
            true => {
                let store = Store::open_for_migration(&location, timeout).await?;
                let instance = store.instance().await?;
                store.close().await;
                Some(instance)
            }
            false => None,
        };
        if let Some(instance) = instance {
            context.expect(instance)?;
        }
        let dirty = match missing.is_empty() {
            true => Vec::new(),
            false => Store::dirty_rows(&location, timeout).await?,
        };
        let odd = match self.check && missing.is_empty() {
            true => Store::odd_columns(&location, timeout).await?,
            false => Vec::new(),
        };
        if self.status || self.check || context.dry_run {
            let mut report = report(context, &states);
            report.meta = instance.map(|id| json!({"instanceId": id}));
            if context.printer.format() == Format::Table {
                report.notes.extend(instance.map(|id| format!("database  {id}")));
            }
            if self.check && !missing.is_empty() {
                let changes = counted(missing.len(), "schema change");
                let mut fault = Fault::unhealthy(format!(
                    "{changes} {} missing in {location}",
                    agreeing(missing.len(), "is", "are")
                ));
                fault.details = dirty.iter().map(line).collect();
                report.failure = Some(Explained::from(
                    fault.hint(format!("run {} migrate", context.socialsched())),
                ));
                report.meta = Some(json!({"dirtyRows": rows(&dirty)}));
            } else if !odd.is_empty() {
                let values: i64 = odd.iter().map(|column| column.count).sum();
                let values = counted(values, "value");
                let mut fault = Fault::unhealthy(format!("{values} cannot be read in {location}"));
                fault.details = odd.iter().flat_map(odd_lines).collect();
                report.failure = Some(Explained::from(
                    fault
                        .code("odd_rows")
                        .hint("correct these values where anything depends on them"),
                ));
                report.meta = Some(json!({
                    "instanceId": instance, "oddRows": odd.iter().map(odd_json).collect::<Vec<_>>(),
                }));
            }
            return Ok(context.printer.report(&report)?);
        }
        if dirty.iter().any(|row| row.blocks) {
            return refuse(context, &dirty);
        }
        for row in dirty.iter().take(WARNINGS_MAX) {
            context.printer.warn(&line(row));
        }
        if let Some(more) = dirty.len().checked_sub(WARNINGS_MAX).filter(|more| *more > 0) {
            context.printer.warn(&format!("and {}", counted(more, "other such row")));
        }
        let store = Store::open_for_migration(&location, timeout).await?;
        let bar = context.printer.bars().bar(u64::try_from(states.len()).unwrap_or(0), "migrating");
        let applied = store.migrate(|_| bar.inc(1)).await;
        bar.finish_and_clear();
        let applied = applied?;
        for warning in store.durability_warnings().await? {
            context.printer.warn(&warning);
        }
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

/// Maximum number of harmless dirty rows that are reported one by one.
const WARNINGS_MAX: usize = 20;

/// Nothing is changed while rows are there that an index or a constraint
/// would refuse: half a schema would be left.
fn refuse(context: &Context, dirty: &[DirtyRow]) -> Result<Exit, CommandError> {
    let blocking = dirty.iter().filter(|row| row.blocks);
    let mut fault = Fault::unhealthy(
        "rows of the Node.js scheduler do not fit the schema; nothing was changed",
    )
    .code("dirty_rows")
    .hint(format!(
        "correct or delete them; {} migrate --check lists them all",
        context.socialsched()
    ));
    fault.details = blocking.map(line).collect();
    Err(fault.into())
}

/// The first rows of a column, and what becomes of such.
fn odd_lines(column: &OddColumn) -> Vec<String> {
    let mut lines: Vec<String> = column
        .rows
        .iter()
        .map(|row| format!("{}.{} of {}: {}", row.table, row.column, row.row, row.why))
        .collect();
    let more = usize::try_from(column.count).unwrap_or(usize::MAX).saturating_sub(lines.len());
    let OddColumn { table, column, then, .. } = column;
    if more > 0 {
        lines.push(format!("and {} of {table}.{column}", counted(more, "other value")));
    }
    lines.push(format!("  {table}.{column}: {then}"));
    lines
}

fn odd_json(column: &OddColumn) -> Value {
    json!({
        "table": column.table,
        "column": column.column,
        "count": column.count,
        "becomes": column.then,
        "rows": column.rows.iter().map(|row| json!({ "id": row.id, "row": row.row, "why": row.why }))
            .collect::<Vec<_>>(),
    })
}

fn line(row: &DirtyRow) -> String {
    format!("{} {}: {}", row.table, row.id, row.reason)
}

fn rows(dirty: &[DirtyRow]) -> Vec<Value> {
    let row = |row: &DirtyRow| json!({"table": row.table, "id": row.id, "reason": row.reason, "blocks": row.blocks});
    dirty.iter().map(row).collect()
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
            match state.is_applied {
                true => applied.unwrap_or_else(|| "at an unknown time".into()),
                false => "missing".into(),
            },
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
