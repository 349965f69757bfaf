//! The Node.js scheduler's own tables on MariaDB and MySQL: what `migrate` must
//! know about their rows before it adds anything, and their change to utf8mb4.
//!
//! Names, columns, values and rows stay as they are. Ids and enums keep their
//! character set, since keys of other tables may refer to them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::{JobStatus, Platform, PostStatus, PostType};
use crate::store::sql::db::{Engine, Tx, sql};
use crate::store::{Location, Store, StoreError, reading};

/// A row, column or table of the Node.js scheduler that an operator should
/// look at before `migrate` adopts its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirtyRow {
    pub table: &'static str,
    /// Of the row; or the name of a column, when it is about no row.
    pub id: String,
    /// What is wrong, and what will come of it.
    pub reason: String,
    /// An index or constraint cannot be built while it is there.
    pub blocks: bool,
}

/// The maximum number of rows that are named for one reason.
const NAMED_MAX: i64 = 1000;

/// Its tables, with the columns that must be there.
const TABLES: &[(&str, &[&str])] = &[
    (
        "meta_social_accounts",
        &["id", "company_id", "platform", "account_name", "instagram_business_id", "is_added"],
    ),
    (
        "post_details",
        &[
            "id",
            "company_id",
            "assigned_client_id",
            "social_account_id",
            "platform",
            "post_type",
            "caption",
            "media",
            "status",
            "external_post_id",
            "error_message",
            "attempts",
            "created_at",
            "updated_at",
        ],
    ),
    (
        "post_schedule",
        &[
            "id",
            "post_detail_id",
            "run_at",
            "status",
            "locked_at",
            "worker_id",
            "attempts",
            "created_at",
            "updated_at",
        ],
    ),
];

/// The columns of a table whose values are a closed list, with its words.
fn words(table: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let platforms = || ("platform", Platform::ALL.iter().map(|one| one.as_str()).collect());
    match table {
        "meta_social_accounts" => vec![platforms()],
        "post_details" => vec![
            platforms(),
            ("post_type", PostType::ALL.iter().map(|one| one.as_str()).collect()),
            ("status", PostStatus::ALL.iter().map(|one| one.as_str()).collect()),
        ],
        "post_schedule" => {
            vec![("status", JobStatus::ALL.iter().map(|one| one.as_str()).collect())]
        }
        _ => Vec::new(),
    }
}

/// What the CHECK constraints of the migration want of an id.
const UUID: &str = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

/// Table, condition on its row `r` (joined with `p`), what is wrong and what
/// will come of it, and whether it blocks.
#[rustfmt::skip]
const RULES: &[(&str, &str, &str, bool)] = &[
    ("post_details", "r WHERE NOT (r.id RLIKE '{UUID}' AND CAST(r.id AS BINARY) = CAST(LOWER(r.id) AS BINARY))",
     "its id is not a lower-case UUID", true),
    ("post_schedule", "r WHERE NOT (r.id RLIKE '{UUID}' AND CAST(r.id AS BINARY) = CAST(LOWER(r.id) AS BINARY))",
     "its id is not a lower-case UUID", true),
    ("post_schedule", "r JOIN post_schedule p ON p.post_detail_id = r.post_detail_id AND p.id <> r.id",
     "another job has the same post_detail_id", true),
    ("post_details", "r JOIN post_details p ON p.platform = r.platform
                        AND p.external_post_id = r.external_post_id AND p.id <> r.id",
     "another post has the same external_post_id", true),
    ("post_schedule", "r WHERE r.status = 'processing' AND (r.locked_at IS NULL OR r.worker_id IS NULL)",
     "it is processing without locked_at or worker_id: no worker could ever take it over", true),
    ("meta_social_accounts", "r WHERE NOT (r.id RLIKE '{UUID}') OR NOT (r.company_id RLIKE '{UUID}')",
     "its id or company_id is not a UUID: its posts will fail", false),
    ("post_details", "r WHERE r.status IS NULL OR r.status = ''",
     "it has no status: it will not be published", false),
    ("post_schedule", "r WHERE r.status IS NULL OR r.status = ''",
     "it has no status: it will not be published", false),
    ("post_details", "r LEFT JOIN post_schedule p ON p.post_detail_id = r.id WHERE p.id IS NULL",
     "it has no job: it will not be published", false),
    ("post_schedule", "r LEFT JOIN post_details p ON p.id = r.post_detail_id WHERE p.id IS NULL",
     "it has no post: nothing will be published", false),
    ("post_details", "r LEFT JOIN meta_social_accounts p ON p.id = r.social_account_id
                       WHERE p.id IS NULL AND {open r}",
     "its account is missing: it will fail", false),
    ("post_details", "r JOIN meta_social_accounts p ON p.id = r.social_account_id
                       WHERE (p.company_id <> r.company_id OR p.platform <> r.platform)
                         AND {open r}",
     "its account is of another company or platform: it will fail", false),
    ("post_details", "r WHERE r.media IS NOT NULL AND NOT JSON_VALID(r.media)",
     "its media is not JSON: it will fail", false),
    ("post_details", "r WHERE r.external_post_id IS NOT NULL AND r.status <> 'published'",
     "it has an external_post_id and is not published", false),
    ("post_schedule", "r WHERE r.run_at IS NULL OR YEAR(r.run_at) = 0",
     "its run_at is not a time: it will fail", false),
    ("post_schedule", "r JOIN post_details p ON p.id = r.post_detail_id
                       WHERE {open r} AND p.status IN ('published', 'failed', 'cancelled')",
     "its post has ended: it will end too", false),
    ("post_schedule", "r WHERE r.status = 'processing'
                         AND r.locked_at < UTC_TIMESTAMP() - INTERVAL 10 MINUTE",
     "its worker left it processing: it will be looked up, and not sent again", false),
    ("post_schedule", "r WHERE r.status = 'processing'
                         AND r.locked_at >= UTC_TIMESTAMP() - INTERVAL 10 MINUTE",
     "a worker of the Node.js scheduler is processing it: stop that worker first", false),
];

impl Store {
    /// What is wrong with the Node.js scheduler's rows, as long as they have
    /// not been adopted. Reads only.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dirty_rows(
        location: &Location,
        timeout: Duration,
    ) -> Result<Vec<DirtyRow>, StoreError> {
        if location.engine() != Engine::MySql {
            return Ok(Vec::new());
        }
        let store = Self::open_any_schema(location, timeout)?;
        let mut tx = reading!(store).await?;
        let found = find(&mut tx).await?;
        drop(tx);
        store.close().await;
        Ok(found)
    }
}

async fn find(tx: &mut Tx) -> Result<Vec<DirtyRow>, StoreError> {
    let mut found = Vec::new();
    let mut usable = BTreeSet::new();
    for (table, needed) in TABLES {
        let columns = columns(tx, table).await?;
        if !columns.is_empty() {
            let wrong = wrong_shape(tx, table, needed, &columns).await?;
            if !wrong.iter().any(|row| row.blocks) {
                usable.insert(*table);
            }
            found.extend(wrong);
        }
    }
    for (table, condition, reason, blocks) in RULES {
        let tables = TABLES.iter().map(|(name, _)| *name);
        if !tables
            .filter(|name| condition.contains(name) || name == table)
            .all(|name| usable.contains(name))
        {
            continue;
        }
        let condition = condition.replace("{UUID}", UUID);
        let query =
            format!("SELECT DISTINCT r.id AS id FROM {table} {condition} LIMIT {NAMED_MAX}");
        for row in tx.all(sql(query)).await? {
            let id = row.opt_text("id")?.unwrap_or_default();
            found.push(DirtyRow { table, id, reason: (*reason).to_owned(), blocks: *blocks });
        }
    }
    Ok(found)
}

/// Name and type of a table's columns; none when there is no such table.
async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<(String, String)>, StoreError> {
    let query = sql("SELECT column_name AS name, column_type AS kind
                       FROM information_schema.columns
                      WHERE table_schema = DATABASE() AND table_name = ?
                      ORDER BY ordinal_position")
    .text(table);
    let rows = tx.all(query).await?;
    rows.iter().map(|row| Ok((row.text("name")?, row.text("kind")?))).collect()
}

/// What is wrong with a table whatever its rows.
async fn wrong_shape(
    tx: &mut Tx,
    table: &'static str,
    needed: &[&str],
    columns: &[(String, String)],
) -> Result<Vec<DirtyRow>, StoreError> {
    let wrong =
        |id: &str, reason: String, blocks| DirtyRow { table, id: id.to_owned(), reason, blocks };
    let mut found = Vec::new();
    for column in needed {
        if !columns.iter().any(|(name, _)| name == column) {
            found.push(wrong(column, "the column is missing".to_owned(), true));
        }
    }
    for (column, words) in words(table) {
        let kind = columns.iter().find(|(name, _)| name == column).map_or("", |(_, kind)| kind);
        for word in words
            .iter()
            .filter(|word| kind.starts_with("enum") && !kind.contains(&format!("'{word}'")))
        {
            found.push(wrong(column, format!("the column cannot hold '{word}'"), true));
        }
    }
    let engine = sql("SELECT engine AS engine FROM information_schema.tables
                       WHERE table_schema = DATABASE() AND table_name = ?")
    .text(table);
    if let Some(row) = tx.first(engine).await? {
        let engine = row.opt_text("engine")?.unwrap_or_default();
        if engine != "InnoDB" {
            found.push(wrong(
                "ENGINE",
                format!("{engine} has no transactions: make it InnoDB"),
                true,
            ));
        }
    }
    // This program's columns have defaults, or are named in each of its INSERTs.
    let required = sql("SELECT column_name AS name FROM information_schema.columns
                         WHERE table_schema = DATABASE() AND table_name = ? AND is_nullable = 'NO'
                           AND column_default IS NULL AND extra NOT LIKE '%auto_increment%'
                           AND extra NOT LIKE '%GENERATED%'")
    .text(table);
    for row in tx.all(required).await? {
        let name = row.text("name")?;
        if !needed.contains(&name.as_str())
            && !["created_at", "updated_at"].contains(&name.as_str())
        {
            let reason = "the column has no default: socialsched cannot add rows".to_owned();
            found.push(wrong(&name, reason, false));
        }
    }
    Ok(found)
}

/// The statements that bring the adopted tables' texts to utf8mb4, without
/// which captions with emoji are refused. Each may be run again; none are left
/// when it is done.
pub(crate) async fn conversions(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let mut statements = Vec::new();
    for (table, _) in TABLES {
        let query = sql("SELECT table_collation AS collation, row_format AS row_format
                           FROM information_schema.tables
                          WHERE table_schema = DATABASE() AND table_name = ?")
        .text(*table);
        let Some(row) = tx.first(query).await? else { continue };
        let mut changes = Vec::new();
        let columns = texts_to_convert(tx, table).await?;
        if !columns.is_empty() {
            let create = tx.first(sql(format!("SHOW CREATE TABLE {table}"))).await?;
            let create = create.map_or(Ok(String::new()), |row| row.text("Create Table"))?;
            for (column, collation) in columns {
                if let Some(rest) = definition(&create, &column) {
                    changes.push(converted(&column, rest, &utf8mb4(&collation)));
                }
            }
        }
        let collation = row.opt_text("collation")?.unwrap_or_default();
        if !collation.starts_with("utf8mb4") {
            let collation = utf8mb4(&collation);
            changes.push(format!("DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}"));
        }
        let format = row.opt_text("row_format")?.unwrap_or_default();
        if ["compact", "redundant"].contains(&format.to_lowercase().as_str()) {
            // Their keys are too short for four bytes a character.
            changes.push("ROW_FORMAT = DYNAMIC".to_owned());
        }
        if !changes.is_empty() {
            statements.push(format!("ALTER TABLE {table}\n  {}", changes.join(",\n  ")));
        }
    }
    Ok(statements)
}

/// Text columns of another character set, with their collations. Those in
/// foreign keys stay: both sides would have to change at once.
///
/// Two plain queries: one of them as a subquery needs a temporary table on disk,
/// and a MariaDB whose file was deleted under it was seen to crash there.
async fn texts_to_convert(tx: &mut Tx, table: &str) -> Result<Vec<(String, String)>, StoreError> {
    let keys = sql("SELECT column_name AS name FROM information_schema.key_column_usage
                     WHERE table_schema = DATABASE() AND table_name = ?
                       AND referenced_table_name IS NOT NULL
                    UNION
                    SELECT referenced_column_name FROM information_schema.key_column_usage
                     WHERE referenced_table_schema = DATABASE() AND referenced_table_name = ?")
    .text(table)
    .text(table);
    let mut in_keys = BTreeSet::new();
    for row in tx.all(keys).await? {
        in_keys.insert(row.text("name")?.to_lowercase());
    }
    let columns = sql("SELECT column_name AS name, collation_name AS collation
                         FROM information_schema.columns
                        WHERE table_schema = DATABASE() AND table_name = ?
                          AND character_set_name <> 'utf8mb4'
                          AND data_type IN ('varchar', 'tinytext', 'text', 'mediumtext', 'longtext')
                        ORDER BY ordinal_position")
    .text(table);
    let mut texts = Vec::new();
    for row in tx.all(columns).await? {
        let name = row.text("name")?;
        if !in_keys.contains(&name.to_lowercase()) {
            texts.push((name, row.text("collation")?));
        }
    }
    Ok(texts)
}

/// The collation of utf8mb4 that sorts as this one does.
fn utf8mb4(collation: &str) -> String {
    let rest = collation.strip_prefix("utf8mb3_").or_else(|| collation.strip_prefix("utf8_"));
    match rest {
        Some(rest) => format!("utf8mb4_{rest}"),
        None if collation.ends_with("_bin") => "utf8mb4_bin".to_owned(),
        None => "utf8mb4_general_ci".to_owned(),
    }
}

/// What SHOW CREATE TABLE says about a column, behind its name.
fn definition<'a>(create: &'a str, column: &str) -> Option<&'a str> {
    let start = format!("`{column}` ");
    let line = create.lines().find_map(|line| line.trim_start().strip_prefix(&start))?;
    Some(line.trim_end_matches(','))
}

/// The change of one column: its definition, with another character set.
fn converted(column: &str, definition: &str, collation: &str) -> String {
    let (kind, mut rest) = definition.split_once(' ').unwrap_or((definition, ""));
    for word in ["CHARACTER SET ", "COLLATE "] {
        if let Some(tail) = rest.strip_prefix(word) {
            rest = tail.split_once(' ').map_or("", |(_, rest)| rest);
        }
    }
    let changed =
        format!("MODIFY `{column}` {kind} CHARACTER SET utf8mb4 COLLATE {collation} {rest}");
    changed.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column is converted and keeps the rest of its definition.
    #[test]
    fn converted_column_keeps_its_definition() {
        let create = "CREATE TABLE `t` (\n  `id` char(36) NOT NULL,\n  \
             `a` varchar(255) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin NOT NULL DEFAULT 'x, y' COMMENT 'COLLATE z',\n  \
             `b` text,\n  `c` longtext DEFAULT NULL\n) ENGINE=InnoDB";
        let change = |column, collation| {
            converted(column, definition(create, column).unwrap(), &utf8mb4(collation))
        };
        assert_eq!(
            change("a", "utf8mb3_bin"),
            "MODIFY `a` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'x, y' COMMENT 'COLLATE z'"
        );
        assert_eq!(
            change("b", "utf8_unicode_ci"),
            "MODIFY `b` text CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
        );
        assert_eq!(
            change("c", "latin1_swedish_ci"),
            "MODIFY `c` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL"
        );
        assert_eq!(definition(create, "d"), None);
    }
}
