//! The database server itself: whether it is new enough, and whether what it
//! calls committed survives a crash.

use crate::store::sql::db::{Engine, Tx, sql};
use crate::store::{Store, StoreError, reading};

/// The oldest servers with SKIP LOCKED, or that we test.
const MARIADB_FLOOR: (u32, u32) = (10, 6);
const MYSQL_FLOOR: (u32, u32) = (8, 0);
const POSTGRES_FLOOR: (u32, u32) = (13, 0);

impl Store {
    /// Refuses a server that is too old.
    pub(crate) async fn check_server(&self) -> Result<(), StoreError> {
        if self.location.engine() == Engine::Sqlite {
            return Ok(());
        }
        too_old(self.location.engine(), &self.version().await?)
    }

    async fn version(&self) -> Result<String, StoreError> {
        let mut tx = reading!(self).await?;
        let query = format!("SELECT {} AS version", version_of(tx.engine()));
        tx.first(sql(query)).await?.map_or_else(|| Ok(String::new()), |row| row.text("version"))
    }

    /// Which program keeps this database, such as `MariaDB 10.11.6`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn engine_version(&self) -> Result<String, StoreError> {
        Ok(named(self.location.engine(), &self.version().await?))
    }

    /// Settings of the server that may lose a commit in a crash, and with it
    /// the record that a publish call went out; each as a sentence that names
    /// the setting.
    ///
    /// # Errors
    /// The database is away.
    pub async fn durability_warnings(&self) -> Result<Vec<String>, StoreError> {
        if self.location.engine() == Engine::Sqlite {
            return Ok(Vec::new());
        }
        let mut tx = reading!(self).await?;
        let settings = settings(&mut tx).await?;
        Ok(settings
            .into_iter()
            .filter(|(name, value)| is_unsafe(name, value))
            .map(|(name, value)| {
                format!(
                    "the database server has {name} = {value}: a crash may lose the record that \
                     a post was sent, which may then be sent twice; set it to {}",
                    if name.starts_with("innodb") || name == "sync_binlog" { "1" } else { "on" }
                )
            })
            .collect())
    }
}

/// The engine's word for its version, in a query.
pub(crate) fn version_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite_version()",
        Engine::MySql => "VERSION()",
        Engine::Postgres => "current_setting('server_version')",
    }
}

/// As they are in force for our sessions: ours ask PostgreSQL for
/// `synchronous_commit`, which a connection pooler may swallow.
async fn settings(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    let query = match tx.engine() {
        Engine::Sqlite => return Ok(Vec::new()),
        Engine::MySql => {
            "SELECT 'innodb_flush_log_at_trx_commit' AS name,
                    CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS CHAR) AS value
             UNION ALL
             SELECT 'sync_binlog', CAST(@@GLOBAL.sync_binlog AS CHAR) FROM DUAL
              WHERE @@GLOBAL.log_bin = 1"
        }
        Engine::Postgres => {
            "SELECT name, current_setting(name) AS value FROM unnest(
               ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) AS name"
        }
    };
    let rows = tx.all(sql(query)).await?;
    rows.iter().map(|row| Ok((row.text("name")?, row.text("value")?))).collect()
}

fn is_unsafe(name: &str, value: &str) -> bool {
    match name {
        "innodb_flush_log_at_trx_commit" | "sync_binlog" => value != "1",
        _ => value == "off",
    }
}

/// A server's own word for its version, without what its packagers add.
fn named(engine: Engine, version: &str) -> String {
    let name = match engine {
        Engine::Sqlite => "SQLite",
        Engine::MySql if version.contains("MariaDB") => "MariaDB",
        Engine::MySql => "MySQL",
        Engine::Postgres => "PostgreSQL",
    };
    let numbers = version.split(|c: char| c != '.' && !c.is_ascii_digit()).next();
    format!("{name} {}", numbers.unwrap_or_default())
}

pub(crate) fn too_old(engine: Engine, version: &str) -> Result<(), StoreError> {
    let mut numbers =
        version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let (name, floor, needed) = match engine {
        Engine::Sqlite => return Ok(()),
        Engine::Postgres => ("PostgreSQL", POSTGRES_FLOOR, "PostgreSQL 13"),
        Engine::MySql if version.contains("MariaDB") => ("MariaDB", MARIADB_FLOOR, "MariaDB 10.6"),
        Engine::MySql => ("MySQL", MYSQL_FLOOR, "MySQL 8.0"),
    };
    if found < floor {
        return Err(StoreError::ServerTooOld { found: format!("{name} {version}"), needed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_its_package() {
        for (engine, version, shown) in [
            (Engine::Sqlite, "3.46.0", "SQLite 3.46.0"),
            (Engine::MySql, "10.11.19-MariaDB-0+deb12u1", "MariaDB 10.11.19"),
            (Engine::MySql, "8.0.46-log", "MySQL 8.0.46"),
            (Engine::Postgres, "15.14 (Debian 15.14-0+deb12u1)", "PostgreSQL 15.14"),
        ] {
            assert_eq!(named(engine, version), shown);
        }
    }

    #[test]
    fn servers_without_skip_locked_are_too_old() {
        for (engine, version, fits) in [
            (Engine::MySql, "10.11.19-MariaDB-0+deb12u1", true),
            (Engine::MySql, "10.5.23-MariaDB", false),
            (Engine::MySql, "8.0.46", true),
            (Engine::MySql, "5.7.44-log", false),
            (Engine::Postgres, "15.18 (Debian 15.18-0+deb12u1)", true),
            (Engine::Postgres, "12.20", false),
        ] {
            assert_eq!(too_old(engine, version).is_ok(), fits, "{version}");
        }
    }

    #[test]
    fn only_settings_that_lose_commits_are_warned_of() {
        for (name, value, warned) in [
            ("innodb_flush_log_at_trx_commit", "1", false),
            ("innodb_flush_log_at_trx_commit", "0", true),
            ("innodb_flush_log_at_trx_commit", "2", true),
            ("sync_binlog", "0", true),
            ("sync_binlog", "1", false),
            ("fsync", "off", true),
            ("fsync", "on", false),
            ("full_page_writes", "off", true),
            ("synchronous_commit", "off", true),
            ("synchronous_commit", "on", false),
            ("synchronous_commit", "remote_apply", false),
            // Flushed on this server; only its replicas may be behind.
            ("synchronous_commit", "local", false),
        ] {
            assert_eq!(is_unsafe(name, value), warned, "{name} = {value}");
        }
    }
}
