//! The database, past the program: planting rows, ageing them, checking invariants.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use socialsched::store::{INSTANTS, Location, Store};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row};

use super::{PrivateServer, Session};

/// A database engine that the program serves. What differs between engines
/// is in this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    MariaDb,
    Postgres,
}

impl Engine {
    /// The engine of this run of the tests: `TEST_ENGINE`, else SQLite.
    /// `tests/run` runs them once for each.
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    pub fn of_this_run() -> Self {
        match std::env::var("TEST_ENGINE").as_deref() {
            Err(_) | Ok("" | "sqlite") => Self::Sqlite,
            Ok("mariadb") => Self::MariaDb,
            Ok("postgres") => Self::Postgres,
            Ok(other) => panic!("TEST_ENGINE={other} is none of sqlite, mariadb, postgres"),
        }
    }

    /// A server's URL up to the database's name, where databases may be made.
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    fn server(self) -> String {
        let variable = match self {
            Self::Sqlite => return String::new(),
            Self::MariaDb => "TEST_MARIADB_URL",
            Self::Postgres => "TEST_POSTGRES_URL",
        };
        std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} names no server: run tests/run, which starts one")
        })
    }
}

/// The database of a world, seen past the program.
pub struct Database {
    engine: Engine,
    /// Of SQLite.
    path: PathBuf,
    /// Of a server, up to the database's name.
    server: String,
    name: String,
}

impl Database {
    /// Names a database of its own: a file in this directory, which is not
    /// created, or an empty database of the server.
    pub fn new(engine: Engine, dir: &Path) -> Self {
        let database = Self {
            engine,
            path: dir.join("socialsched.db"),
            server: engine.server(),
            name: new_name(),
        };
        if engine != Engine::Sqlite {
            database.server_session().execute(&format!("CREATE DATABASE {}", database.name));
        }
        database
    }

    /// An empty database of its own on this server.
    pub fn on(server: &PrivateServer) -> Self {
        let (engine, server) = (server.engine(), server.url().to_owned());
        let database = Self { engine, path: PathBuf::new(), server, name: new_name() };
        database.server_session().execute(&format!("CREATE DATABASE {}", database.name));
        database
    }

    /// The engine of this database.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The value of `SOCIALSCHED_DATABASE_URL`.
    pub fn url(&self) -> String {
        match self.engine {
            Engine::Sqlite => format!("sqlite://{}", self.path.display()),
            Engine::MariaDb | Engine::Postgres => with_name(&self.server, &self.name),
        }
    }

    /// The name of a server's database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file of an embedded database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs statements as another program would, without any of our rules.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        if let Err(error) = self.try_execute(sql) {
            panic!("{error}: {sql}");
        }
    }

    /// The same; the error is the engine's refusal. Repeated if the engine chose it to
    /// end a deadlock with the program's own transactions, as it asks for.
    pub fn try_execute(&self, sql: &str) -> sqlx::Result<()> {
        let deadlock = |error: &sqlx::Error| {
            error.as_database_error().and_then(|error| error.code()).is_some_and(|code| {
                // SQLSTATE of MariaDB and of PostgreSQL.
                matches!(code.as_ref(), "40001" | "40P01")
            })
        };
        let mut tries = 0;
        loop {
            match self.execute_once(sql) {
                Err(error) if deadlock(&error) && tries < 20 => tries += 1,
                result => return result,
            }
        }
    }

    fn execute_once(&self, sql: &str) -> sqlx::Result<()> {
        wait(async {
            match self.connect(&self.url()).await? {
                Any::Sqlite(mut connection) => {
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                    connection.close().await
                }
                Any::MySql(mut connection) => {
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                    // No goodbye: newer MySQL hangs up while it is being said.
                    Ok(())
                }
                Any::Postgres(mut connection) => {
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                    connection.close().await
                }
            }
        })
    }

    /// The same without any rules of the schema either, as an older schema or a lax
    /// session would allow it. A value that a column's type refuses is still refused.
    #[track_caller]
    pub fn execute_unchecked(&self, sql: &str) {
        if let Err(refusal) = self.try_unchecked(sql) {
            panic!("{refusal}: {sql}");
        }
    }

    /// The same; the error is the engine's refusal.
    pub fn try_unchecked(&self, sql: &str) -> Result<(), String> {
        let lax = match self.engine {
            Engine::Sqlite => "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;",
            Engine::MariaDb => {
                "SET foreign_key_checks = 0, check_constraint_checks = 0, sql_mode = 'NO_BACKSLASH_ESCAPES';"
            }
            Engine::Postgres => {
                // Checks cannot be switched off, only dropped.
                "SET session_replication_role = replica;
                 DO $$ DECLARE c record; BEGIN
                   FOR c IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
                             WHERE contype = 'c' AND connamespace = 'public'::regnamespace
                   LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.name, c.conname);
                   END LOOP; END $$;"
            }
        };
        self.try_execute(&format!("{lax} {sql}")).map_err(|refusal| refusal.to_string())
    }

    /// The expression for an instant this many seconds from now; negative: ago.
    pub fn in_seconds(&self, seconds: i64) -> String {
        match self.engine {
            Engine::Sqlite => {
                format!("strftime('%Y-%m-%d %H:%M:%f', 'now', '{seconds:+} seconds')")
            }
            Engine::MariaDb => format!("(UTC_TIMESTAMP(3) + INTERVAL {seconds} SECOND)"),
            Engine::Postgres => format!("(clock_timestamp() + INTERVAL '{seconds} seconds')"),
        }
    }

    /// The expression for the whole seconds until the instant in a column.
    pub fn seconds_until(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite => {
                format!("CAST(ROUND((julianday({column}) - julianday('now')) * 86400) AS INTEGER)")
            }
            Engine::MariaDb => format!(
                "CAST(ROUND(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), {column}) / 1000000)
                      AS INTEGER)"
            ),
            Engine::Postgres => {
                format!("CAST(ROUND(EXTRACT(EPOCH FROM {column} - clock_timestamp())) AS BIGINT)")
            }
        }
    }

    /// This instant by the database's clock, in whole seconds.
    pub fn now(&self) -> DateTime<Utc> {
        let seconds = self.value(match self.engine {
            Engine::Sqlite => "SELECT strftime('%s', 'now')",
            Engine::MariaDb => "SELECT UNIX_TIMESTAMP()",
            Engine::Postgres => {
                "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp())) AS BIGINT)"
            }
        });
        DateTime::from_timestamp(seconds.parse().unwrap(), 0).unwrap()
    }

    /// The rows of a query, every column as text, NULL as an empty text.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.rows_at(&self.url(), sql)
    }

    /// The same from the server's own tables.
    #[track_caller]
    pub(super) fn rows_on_the_server(&self, sql: &str) -> Vec<Vec<String>> {
        self.rows_at(&self.server_url(), sql)
    }

    #[track_caller]
    fn rows_at(&self, url: &str, sql: &str) -> Vec<Vec<String>> {
        let result: sqlx::Result<Vec<Vec<String>>> = wait(async {
            let all = |rows: usize, columns: usize, text: &dyn Fn(usize, usize) -> String| {
                (0..rows).map(|row| (0..columns).map(|n| text(row, n)).collect()).collect()
            };
            // The text protocol of each engine: everything comes as its text.
            match self.connect(url).await? {
                Any::Sqlite(mut connection) => {
                    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await?;
                    connection.close().await?;
                    let columns = rows.first().map_or(0, SqliteRow::len);
                    Ok(all(rows.len(), columns, &|row, n| {
                        rows[row]
                            .try_get_unchecked::<Option<String>, _>(n)
                            .unwrap()
                            .unwrap_or_default()
                    }))
                }
                Any::MySql(mut connection) => {
                    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await?;
                    let columns = rows.first().map_or(0, MySqlRow::len);
                    Ok(all(rows.len(), columns, &|row, n| {
                        let bytes: Option<Vec<u8>> = rows[row].try_get_unchecked(n).unwrap();
                        String::from_utf8(bytes.unwrap_or_default()).unwrap()
                    }))
                }
                Any::Postgres(mut connection) => {
                    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await?;
                    connection.close().await?;
                    let columns = rows.first().map_or(0, PgRow::len);
                    Ok(all(rows.len(), columns, &|row, n| {
                        rows[row]
                            .try_get_unchecked::<Option<String>, _>(n)
                            .unwrap()
                            .unwrap_or_default()
                    }))
                }
            }
        });
        match result {
            Ok(rows) => rows,
            Err(error) => panic!("{error}: {sql}"),
        }
    }

    /// The only column of the only row.
    #[track_caller]
    pub fn value(&self, sql: &str) -> String {
        let rows = self.rows(sql);
        assert!(rows.len() == 1 && rows[0].len() == 1, "not one value: {rows:?} from {sql}");
        rows[0][0].clone()
    }

    /// Everything that is stored: each table's name and its rows.
    #[track_caller]
    pub fn dump(&self) -> Vec<(String, Vec<Vec<String>>)> {
        let tables = self.rows(match self.engine {
            Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Engine::MariaDb => {
                "SELECT table_name FROM information_schema.tables
                  WHERE table_schema = DATABASE() ORDER BY table_name"
            }
            Engine::Postgres => {
                "SELECT table_name FROM information_schema.tables
                  WHERE table_schema = 'public' ORDER BY table_name"
            }
        });
        let dump = |table: Vec<String>| {
            let mut rows = self.rows(&format!("SELECT * FROM {}", table[0]));
            rows.sort();
            (table[0].clone(), rows)
        };
        tables.into_iter().map(dump).collect()
    }

    /// Moves every stored instant into the past, as if that much time had passed.
    #[track_caller]
    pub fn age(&self, time: Duration) {
        let ms = time.as_millis();
        let back = |column: &&str| match self.engine {
            Engine::Sqlite => {
                let (seconds, rest) = (ms / 1000, ms % 1000);
                format!(
                    "{column} = strftime('%Y-%m-%d %H:%M:%f', {column}, '-{seconds}.{rest:03} seconds')"
                )
            }
            Engine::MariaDb => {
                format!("{column} = {column} - INTERVAL {} MICROSECOND", ms * 1000)
            }
            Engine::Postgres => format!("{column} = {column} - INTERVAL '{ms} milliseconds'"),
        };
        let statements = INSTANTS.iter().map(|(table, columns)| {
            let changes: Vec<String> = columns.iter().map(back).collect();
            format!("UPDATE {table} SET {};", changes.join(", "))
        });
        let script: String = statements.collect();
        let begin = if self.engine == Engine::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.execute(&format!("{begin}; {script} COMMIT;"));
    }

    /// Rows that break an invariant of the store, as text.
    pub fn breaches(&self) -> Vec<String> {
        wait(async {
            let location: Location = self.url().parse().unwrap();
            let store = Store::open(&location, Duration::from_secs(10)).await.unwrap();
            let breaches = store.breaches().await.unwrap();
            store.close().await;
            let text =
                |b: &socialsched::store::Breach| format!("{} {}: {}", b.invariant, b.says, b.row);
            breaches.iter().map(text).collect()
        })
    }

    /// A session of another program.
    pub fn session(&self) -> Session {
        Session::open(self.connect(&self.url()))
    }

    /// A session outside all databases of tests.
    pub fn server_session(&self) -> Session {
        Session::open(self.connect(&self.server_url()))
    }

    fn server_url(&self) -> String {
        let own = if self.engine == Engine::MariaDb { "mysql" } else { "postgres" };
        with_name(&self.server, own)
    }

    pub(super) async fn connect(&self, url: &str) -> sqlx::Result<Any> {
        Ok(match self.engine {
            Engine::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(&self.path)
                    .busy_timeout(Duration::from_secs(20));
                Any::Sqlite(SqliteConnection::connect_with(&options).await?)
            }
            Engine::MariaDb => Any::MySql(MySqlConnection::connect(url).await?),
            Engine::Postgres => Any::Postgres(PgConnection::connect(url).await?),
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let force = if self.engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
        let answers = || wait(async { self.connect(&self.server_url()).await.is_ok() });
        // A private server may have been killed.
        if self.engine != Engine::Sqlite && answers() {
            self.server_session().execute(&format!("DROP DATABASE {}{force}", self.name));
        }
    }
}

pub(super) enum Any {
    Sqlite(SqliteConnection),
    MySql(MySqlConnection),
    Postgres(PgConnection),
}

fn new_name() -> String {
    format!("ss_{}", uuid::Uuid::new_v4().simple())
}

/// Puts a database's name into a server's URL, before its options.
fn with_name(server: &str, name: &str) -> String {
    match server.split_once('?') {
        Some((server, options)) => format!("{}/{name}?{options}", server.trim_end_matches('/')),
        None => format!("{}/{name}", server.trim_end_matches('/')),
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}
