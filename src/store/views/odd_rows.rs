//! Rows whose values cannot be read, named for people: all of them for
//! `migrate --check`, and those of posts that are open, held or lately ended for
//! `queue-status`. A few queries each, whatever the number of rows.

use std::time::Duration;

use crate::domain::CompanyId;

use crate::store::sql::db::{Engine, Sql, Tx, sql};
use crate::store::sql::raw::shown;
use crate::store::views::odd_columns::{ALL, Column, JOBS, LOGS, POSTS, Table};
use crate::store::{Location, Store, StoreError, reading};

/// So many rows are named for one reason.
const NAMED_MAX: i64 = 20;
/// Posts that ended longer ago are history.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddRow {
    pub table: &'static str,
    pub column: &'static str,
    /// Its id, or its post's; of the log the job's.
    pub id: String,
    /// What people call it: `job … of post …`.
    pub row: String,
    /// The value, cut and safe to show, and what is wrong with it.
    pub why: String,
}

/// The rows of a column that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddColumn {
    pub table: &'static str,
    pub column: &'static str,
    /// What becomes of such a row.
    pub then: &'static str,
    pub count: i64,
    /// The first of them.
    pub rows: Vec<OddRow>,
}

impl Store {
    /// Every value that cannot be read: per column how many, and the first
    /// few. For a database whose schema is complete.
    ///
    /// # Errors
    /// The database is away.
    pub async fn odd_columns(
        location: &Location,
        timeout: Duration,
    ) -> Result<Vec<OddColumn>, StoreError> {
        let store = Self::open_any_schema(location, timeout)?;
        let mut odd = Vec::new();
        for table in ALL {
            let mut tx = reading!(store).await?;
            odd.extend(odd_of_table(&mut tx, table).await?);
        }
        store.close().await;
        Ok(odd)
    }

    /// How many posts that are open, held or lately ended have a value that
    /// cannot be read, and the values of the first ones. Rows are called by
    /// their post's id.
    ///
    /// # Errors
    /// The database is away.
    pub async fn odd_posts(
        &self,
        company: Option<CompanyId>,
    ) -> Result<(i64, Vec<OddRow>), StoreError> {
        odd_posts(&mut reading!(self).await?, company).await
    }
}

pub(crate) async fn odd_posts(
    tx: &mut Tx,
    company: Option<CompanyId>,
) -> Result<(i64, Vec<OddRow>), StoreError> {
    let (mut count, mut rows) = (0, Vec::new());
    // The places of the rows, and then those of the log: of one shape each.
    for parts in parts(tx.engine(), company).chunks(places().len()) {
        let found = tx.all(first_of_each(parts)).await?;
        let mut counted = None;
        for row in &found {
            let place = row.int_at(0)?.and_then(|place| usize::try_from(place).ok());
            let Some((place, part)) = place.and_then(|at| Some((at, parts.get(at)?))) else {
                continue;
            };
            if counted != Some(place) {
                count += tx.count(part.count()).await?;
                counted = Some(place);
            }
            for (n, (table, column, _)) in part.columns.iter().enumerate() {
                if row.int_at(2 + 2 * n)? == Some(1) {
                    let id = row.text_at(1)?.unwrap_or_default();
                    let name = format!("post {id}");
                    rows.push(odd_row(table, column, (id, name), row.text_at(3 + 2 * n)?));
                }
            }
        }
    }
    Ok((count, rows))
}

fn odd_row(
    table: &Table,
    column: &Column,
    (id, row): (String, String),
    value: Option<String>,
) -> OddRow {
    let value = value.map_or("NULL".to_owned(), |value| shown(&value));
    let why = format!("{value} {}", column.why());
    OddRow { table: table.name, column: column.name, id, row, why }
}

/// The beginning of a value as text: captions may have megabytes.
fn value_of(alias: &str, column: &Column) -> String {
    format!("SUBSTR({{as text {alias}.{}}}, 1, 240)", column.name)
}

async fn odd_of_table(tx: &mut Tx, table: &Table) -> Result<Vec<OddColumn>, StoreError> {
    let engine = tx.engine();
    let checked: Vec<(&Column, String)> = table
        .columns
        .iter()
        .filter_map(|column| Some((column, column.condition(engine, "t")?)))
        .collect();
    let counts: Vec<String> = checked
        .iter()
        .map(|(_, condition)| format!("COUNT(CASE WHEN {condition} THEN 1 END)"))
        .collect();
    let query = format!("SELECT {} FROM {} t", counts.join(", "), table.name);
    let Some(counted) = tx.first(sql(query)).await? else { return Ok(Vec::new()) };
    let mut odd = Vec::new();
    for (n, (column, condition)) in checked.iter().enumerate() {
        let count = counted.int_at(n)?.unwrap_or(0);
        if count > 0 {
            let rows = first_rows(tx, table, column, condition).await?;
            odd.push(OddColumn {
                table: table.name,
                column: column.name,
                then: column.then,
                count,
                rows,
            });
        }
    }
    Ok(odd)
}

async fn first_rows(
    tx: &mut Tx,
    table: &Table,
    column: &Column,
    condition: &str,
) -> Result<Vec<OddRow>, StoreError> {
    let key: Vec<String> = table.key.iter().map(|(_, part)| format!("t.{part}")).collect();
    let shown_key: Vec<String> = key.iter().map(|part| format!("{{as text {part}}}")).collect();
    let query = format!(
        "SELECT {}, {} FROM {} t WHERE {condition} ORDER BY {} LIMIT {NAMED_MAX}",
        shown_key.join(", "),
        value_of("t", column),
        table.name,
        key.join(", "),
    );
    let mut rows = Vec::new();
    for row in tx.all(sql(query)).await? {
        let mut name = String::new();
        for (n, (word, _)) in table.key.iter().enumerate() {
            name.push_str(word);
            name.push_str(&row.text_at(n)?.unwrap_or_default());
        }
        let id = row.text_at(0)?.unwrap_or_default();
        rows.push(odd_row(table, column, (id, name), row.text_at(table.key.len())?));
    }
    Ok(rows)
}

/// Some of the posts that are looked at, with what is checked of them.
pub(crate) struct Part {
    columns: Vec<(&'static Table, &'static Column, &'static str)>,
    /// The conditions of the columns.
    conditions: Vec<String>,
    /// The tables and which of their rows.
    from: Sql,
    /// How they lie in the index that leads to them.
    order: &'static str,
}

impl Part {
    /// The first rows: the place, the post's id, and for each column whether it is odd, and
    /// its value.
    fn first(&self, place: usize) -> Sql {
        let selected: Vec<String> = self
            .columns
            .iter()
            .zip(&self.conditions)
            .enumerate()
            .map(|(n, ((_, column, alias), condition))| {
                let value = value_of(alias, column);
                format!("CASE WHEN {condition} THEN 1 ELSE 0 END AS odd{n}, {value} AS value{n}")
            })
            .collect();
        let selected = selected.join(", ");
        let start = format!("SELECT {place} AS place, {{as text d.id}} AS post, {selected} ");
        let end = format!(" ORDER BY {} LIMIT {NAMED_MAX}", self.order);
        self.from.clone().after_start(&start).and(&end)
    }

    fn count(&self) -> Sql {
        self.from.clone().after_start("SELECT COUNT(DISTINCT d.id) ")
    }
}

/// The first rows of several places, in one statement.
pub(crate) fn first_of_each(parts: &[Part]) -> Sql {
    let mut query = sql("");
    for (place, part) in parts.iter().enumerate() {
        let union = if place == 0 { "" } else { " UNION ALL " };
        query = query.and(union).and("SELECT * FROM ").query(part.first(place));
        query = query.and(&format!(" place{place}"));
    }
    query.and(" ORDER BY place")
}

/// Where to look: tables, which of their rows, and their order. Open posts,
/// those that ended lately, and those that wait for a person.
fn places() -> [(&'static str, Sql, &'static str); 3] {
    let lately =
        "{ended d} AND d.updated_at > {now+ms} AND (d.outcome IS NULL OR d.outcome <> 'unknown')";
    [
        (
            "post_schedule s {force index open} {straight join} post_details d",
            sql("d.id = s.post_detail_id AND {open s}"),
            "s.run_at, s.id",
        ),
        (
            "post_details d {indexed by post_details_ended} JOIN post_schedule s ON s.post_detail_id = d.id",
            sql(lately).before(DAY),
            "d.updated_at, d.id",
        ),
        (
            "post_details d {indexed by post_details_unknown} JOIN post_schedule s ON s.post_detail_id = d.id",
            sql("{needs review}"),
            "d.updated_at, d.id",
        ),
    ]
}

/// The rows of posts and jobs in all places, and then their log. What the log did
/// to a post that ended, it failed by.
pub(crate) fn parts(engine: Engine, company: Option<CompanyId>) -> Vec<Part> {
    let rows: &[(&'static Table, &'static str)] = &[(&JOBS, "s"), (&POSTS, "d")];
    let log: &[(&'static Table, &'static str)] = &[(&LOGS, "l")];
    let with_rows = places().map(|(from, which, order)| {
        let start = format!("FROM {from} WHERE ");
        part(engine, rows, which.after_start(&start), order, company)
    });
    let with_log = places().map(|(from, which, order)| {
        let start = format!("FROM {from} JOIN publish_log l ON l.post_schedule_id = s.id WHERE ");
        let which =
            which.after_start(&start).and(" AND d.status NOT IN ('published', 'cancelled')");
        part(engine, log, which, order, company)
    });
    with_rows.into_iter().chain(with_log).collect()
}

fn part(
    engine: Engine,
    tables: &[(&'static Table, &'static str)],
    from: Sql,
    order: &'static str,
    company: Option<CompanyId>,
) -> Part {
    let (mut columns, mut conditions) = (Vec::new(), Vec::new());
    for (table, alias) in tables {
        for column in table.columns.iter().filter(|column| column.matters()) {
            if let Some(condition) = column.condition(engine, alias) {
                columns.push((*table, column, *alias));
                conditions.push(condition);
            }
        }
    }
    let from = match company {
        Some(company) => from.and(" AND d.company_id = ?").id(company.uuid()),
        None => from,
    };
    let from = from.and(&format!(" AND ({})", conditions.join(" OR ")));
    Part { columns, conditions, from, order }
}
