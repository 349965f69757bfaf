//! The database that is measured, past the program: rows put in by SQL, since the queue
//! is measured and not `schedule`, and the engine's own counters.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::dialect::{ACCOUNT, Dialect, JOB, POST};
use crate::process;
use crate::server::{Engine, Server};
use crate::stand_in::TEXT;

/// Company of all posts.
pub const COMPANY: &str = "11111111-1111-4111-8111-111111111111";

/// A database of its own, dropped in the end, and a home directory for the program.
pub struct Database<'a> {
    server: &'a Server,
    dir: TempDir,
    name: String,
    runtime: Runtime,
}

/// What a post is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A text on LinkedIn.
    Text,
    /// An image on LinkedIn, at this address.
    Image(String),
    /// A reel on Instagram, which fetches its video itself.
    Reel,
}

impl Kind {
    fn platform(&self) -> &'static str {
        match self {
            Self::Text | Self::Image(_) => "linkedin",
            Self::Reel => "instagram",
        }
    }

    /// The columns `platform`, `post_type` and `media`, as SQL.
    fn columns(&self) -> String {
        let media = |url: &str, kind: &str| format!(r#"'[{{"url": "{url}", "type": "{kind}"}}]'"#);
        let (post_type, media) = match self {
            Self::Text => ("post", "NULL".to_owned()),
            Self::Image(url) => ("post", media(url, "image")),
            Self::Reel => ("reel", media("https://cdn.example/reel.mp4", "video")),
        };
        format!("'{}', '{post_type}', {media}", self.platform())
    }
}

/// Posts to put into the queue, or into its history. Numbers begin with 1.
#[derive(Debug, Clone, Copy)]
pub struct Posts {
    /// The first post's number.
    pub first: u64,
    pub count: u64,
    /// The first account's number; the posts take turns on them.
    pub first_account: u64,
    pub accounts: u64,
    /// Unix time of the first post in milliseconds.
    pub from_ms: i64,
    /// The posts are spread evenly over this time.
    pub spread_ms: u64,
}

impl Posts {
    /// When the post of that number is due, in milliseconds.
    pub fn run_at(&self, post: u64) -> i64 {
        self.from_ms + i64::try_from((post - self.first) * self.spread_ms / self.count).unwrap_or(0)
    }
}

/// What the engine has counted; what an engine does not count is not in it.
pub type Counters = BTreeMap<&'static str, u64>;

impl<'a> Database<'a> {
    /// A new database with the program's schema.
    pub fn new(server: &'a Server) -> Result<Self> {
        let database = Self::empty(server)?;
        let migrated = database.program().args(["migrate", "--quiet"]).status()?;
        ensure!(migrated.success(), "migrate failed: {}", database.last_error());
        Ok(database)
    }

    /// A new database with nothing in it; of SQLite, none yet.
    pub fn empty(server: &'a Server) -> Result<Self> {
        // Beside what is built: where /tmp is in memory, nothing would reach a disk there.
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let name = format!("ss_bench_{}", uuid::Uuid::new_v4().simple());
        let database = Self { server, dir, name, runtime };
        database.on_the_server("CREATE")?;
        Ok(database)
    }

    pub fn engine(&self) -> Engine {
        self.server.engine
    }

    /// A directory for files of this measurement.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The value of `SOCIALSCHED_DATABASE_URL`.
    pub fn url(&self) -> String {
        match self.engine() {
            Engine::Sqlite => format!("sqlite://{}", self.dir.path().join("bench.db").display()),
            Engine::MariaDb | Engine::Postgres => self.server.url_of(&self.name),
        }
    }

    /// The program with an environment of its own, not yet started.
    pub fn program(&self) -> Command {
        self.with_environment(Command::new(env!("CARGO_BIN_EXE_socialsched")))
    }

    /// A command with the environment of the program.
    pub fn with_environment(&self, mut command: Command) -> Command {
        let dir = self.dir.path();
        let errors = fs::OpenOptions::new().create(true).append(true).open(self.errors());
        command
            .env_clear()
            // For a tracer around it.
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", dir)
            .env("SOCIALSCHED_STATE_DIR", dir)
            .env("SOCIALSCHED_DATABASE_URL", self.url())
            .env("SOCIALSCHED_COMPANY", COMPANY)
            .env("SOCIALSCHED_ALLOW_PRIVATE_MEDIA", "1")
            .env("SOCIALSCHED_TOKEN_LINKEDIN", "bench")
            .env("SOCIALSCHED_TOKEN_INSTAGRAM", "bench")
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors.map_or_else(|_| Stdio::null(), Stdio::from));
        command
    }

    /// The same with the variables of another command, too.
    pub fn with_variables_of(&self, command: Command, other: &Command) -> Command {
        let mut command = self.with_environment(command);
        command.envs(other.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    /// Where the program's notes and errors go.
    pub fn errors(&self) -> std::path::PathBuf {
        self.dir.path().join("stderr")
    }

    /// The last of the program's notes and errors.
    pub fn last_error(&self) -> String {
        let text = fs::read_to_string(self.errors()).unwrap_or_default();
        text.lines().last().unwrap_or_default().to_owned()
    }

    /// Whether its server is used for nothing else.
    pub fn is_private(&self) -> bool {
        self.server.is_private()
    }

    /// Accounts for posts of that kind, one per number.
    pub fn add_accounts(&self, kind: &Kind, first: u64, count: u64) -> Result<()> {
        let id = match kind {
            Kind::Text | Kind::Image(_) => "'urn:li:organization:'",
            Kind::Reel => "'1784140000'",
        };
        let sql = self.dialect();
        self.execute(&format!(
            "INSERT INTO meta_social_accounts (id, company_id, platform, account_name, external_id)
             {} SELECT {}, '{COMPANY}', '{}', {}, {} FROM {}",
            sql.with(first, count),
            sql.id(ACCOUNT, "n"),
            kind.platform(),
            sql.concat(&["'Account '", "n"]),
            sql.concat(&[id, "2000000 + n"]),
            sql.numbers(first, count),
        ))
    }

    /// Posts that wait for their time, as the tables' first owner would put them in.
    pub fn add_posts(&self, kind: &Kind, posts: &Posts) -> Result<()> {
        let sql = self.dialect();
        let Posts { first, count, .. } = *posts;
        let (with, numbers) = (sql.with(first, count), sql.numbers(first, count));
        let post = sql.id(POST, "n");
        self.execute(&format!(
            "INSERT INTO post_details
               (id, company_id, social_account_id, platform, post_type, media, caption)
             {with} SELECT {post}, '{COMPANY}', {}, {}, {} FROM {numbers}",
            sql.id(ACCOUNT, &posts.account()),
            kind.columns(),
            sql.concat(&[&format!("'{TEXT}'"), "n", "': our new menu is here, come and taste it'"]),
        ))?;
        self.execute(&format!(
            "INSERT INTO post_schedule (id, post_detail_id, account_id, run_at)
             {with} SELECT {}, {post}, {}, {} FROM {numbers}",
            sql.id(JOB, "n"),
            sql.id(ACCOUNT, &posts.account()),
            sql.time(&sql.run_at(posts)),
        ))
    }

    /// Copies of a post that was published, with the rows that the program itself left of
    /// it: whatever columns the schema has, a finished post looks like that.
    pub fn add_history(&self, template: u64, posts: &Posts) -> Result<()> {
        let sql = self.dialect();
        let (post, job) = (sql.id(POST, &template.to_string()), sql.id(JOB, &template.to_string()));
        let account = sql.id(ACCOUNT, &posts.account());
        let time = sql.time(&sql.run_at(posts));
        let changed = |table: &str, column: &str| match (table, column) {
            ("post_details", "id") | (_, "post_detail_id") => Some(sql.id(POST, "n")),
            ("post_schedule", "id") | (_, "post_schedule_id") => Some(sql.id(JOB, "n")),
            (_, "social_account_id" | "account_id") => Some(account.clone()),
            (_, "external_post_id") => {
                Some(sql.concat(&["'urn:li:share:'", "6000000000000000000 + n"]))
            }
            (_, "run_at" | "created_at" | "updated_at" | "published_at" | "at") => {
                Some(time.clone())
            }
            _ => None,
        };
        for (table, key, id) in [
            ("post_details", "id", &post),
            ("post_schedule", "id", &job),
            ("publish_log", "post_schedule_id", &job),
        ] {
            let columns = self.columns(table)?;
            let values: Vec<String> = columns
                .iter()
                .map(|column| changed(table, column).unwrap_or_else(|| format!("t.{column}")))
                .collect();
            self.execute(&format!(
                "INSERT INTO {table} ({}) {} SELECT {} FROM {} CROSS JOIN {table} t
                  WHERE t.{key} = {id}",
                columns.join(", "),
                sql.with(posts.first, posts.count),
                values.join(", "),
                sql.numbers(posts.first, posts.count),
            ))?;
        }
        Ok(())
    }

    /// The id of a post, as its number gives it.
    pub fn post_id(&self, number: u64) -> String {
        format!("{number:08x}-{POST}-7000-8000-{number:012x}")
    }

    /// Fresh statistics for the engine's planner, as a database in use has them.
    pub fn analyze(&self) -> Result<()> {
        self.execute(match self.engine() {
            Engine::Sqlite | Engine::Postgres => "ANALYZE",
            Engine::MariaDb => {
                "ANALYZE TABLE meta_social_accounts, post_details, post_schedule, publish_log"
            }
        })
    }

    /// How many posts have been published.
    pub fn published(&self) -> Result<u64> {
        let rows = self.rows("SELECT COUNT(*) FROM post_details WHERE status = 'published'")?;
        let count = rows.first().and_then(|row| row.first()).context("no count")?;
        Ok(count.parse()?)
    }

    /// The engine's counters. Of a server that others use, their work is in them, too.
    pub fn counters(&self) -> Result<Counters> {
        let mut counters = Counters::new();
        let mut count = |name, text: &str| {
            // A counter that this version does not have comes as an empty text.
            if let Ok(value) = text.parse() {
                counters.insert(name, value);
            }
        };
        match self.engine() {
            Engine::Sqlite => {}
            Engine::MariaDb => {
                let rows = self.rows("SHOW GLOBAL STATUS")?;
                let status: BTreeMap<&str, &str> =
                    rows.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
                let sum = |names: &[&str]| -> Option<u64> {
                    names.iter().map(|name| status.get(name)?.parse::<u64>().ok()).sum()
                };
                for (name, value) in [
                    ("commits", sum(&["Com_commit"])),
                    ("syncs", sum(&["Innodb_log_writes"])),
                    ("rows_written", sum(&["Handler_write", "Handler_update", "Handler_delete"])),
                    ("statements", sum(&["Questions"])),
                ] {
                    count(name, &value.map(|value| value.to_string()).unwrap_or_default());
                }
            }
            Engine::Postgres => {
                // A session reports what it did as it ends, a little after its client.
                thread::sleep(Duration::from_millis(300));
                let commits = "SELECT xact_commit FROM pg_stat_database
                                WHERE datname = current_database()";
                let rows = "SELECT COALESCE(SUM(n_tup_ins + n_tup_upd + n_tup_del), 0)
                              FROM pg_stat_user_tables";
                count("commits", &self.value(commits)?);
                count("rows_written", &self.value(rows)?);
                // Not in every version.
                let syncs = self.value("SELECT wal_sync FROM pg_stat_wal");
                count("syncs", &syncs.unwrap_or_default());
            }
        }
        if let Some(cpu_ms) = self.server_cpu_ms()? {
            counters.insert("cpu_ms", cpu_ms);
        }
        Ok(counters)
    }

    /// The processor time of the server's processes, if they are on this machine.
    fn server_cpu_ms(&self) -> Result<Option<u64>> {
        let pid = match self.engine() {
            Engine::Sqlite => None,
            Engine::MariaDb => {
                let file = self.value("SELECT @@pid_file")?;
                fs::read_to_string(file).ok().and_then(|pid| pid.trim().parse().ok())
            }
            Engine::Postgres => {
                // The parent of every session; it must be asked for while the session lives.
                self.value("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")?
                    .parse()
                    .ok()
                    .and_then(process::parent)
            }
        };
        Ok(pid.and_then(process::cpu_ms_of_all))
    }

    /// Runs a statement in a session of its own.
    pub fn execute(&self, sql: &str) -> Result<()> {
        self.rows(sql).map(drop)
    }

    /// The only column of the only row, as text.
    pub fn value(&self, sql: &str) -> Result<String> {
        let mut rows = self.rows(sql)?;
        match (rows.pop().map(|mut row| (row.pop(), row)), rows.is_empty()) {
            (Some((Some(value), _)), true) => Ok(value),
            _ => bail!("not one value: {sql}"),
        }
    }

    /// The rows of a query, every column as text, NULL as an empty text.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        self.rows_at(&self.url(), sql).with_context(|| sql.to_owned())
    }

    fn rows_at(&self, url: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        let text = AssertSqlSafe(sql);
        self.runtime.block_on(async {
            // The text protocol of each engine: everything comes as its text.
            match self.engine() {
                Engine::Sqlite => {
                    let options = SqliteConnectOptions::new()
                        .filename(self.dir.path().join("bench.db"))
                        .busy_timeout(Duration::from_secs(60));
                    let mut connection = SqliteConnection::connect_with(&options).await?;
                    let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await?;
                    connection.close().await?;
                    let text = |row: &SqliteRow, n| row.try_get_unchecked::<Option<String>, _>(n);
                    texts(&rows, |row, n| Ok(text(row, n)?.unwrap_or_default()))
                }
                Engine::MariaDb => {
                    let mut connection = MySqlConnection::connect(url).await?;
                    let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await?;
                    connection.close().await?;
                    let bytes = |row: &MySqlRow, n| row.try_get_unchecked::<Option<Vec<u8>>, _>(n);
                    texts(&rows, |row, n| {
                        Ok(String::from_utf8(bytes(row, n)?.unwrap_or_default())?)
                    })
                }
                Engine::Postgres => {
                    let mut connection = PgConnection::connect(url).await?;
                    let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await?;
                    connection.close().await?;
                    let text = |row: &PgRow, n| row.try_get_unchecked::<Option<String>, _>(n);
                    texts(&rows, |row, n| Ok(text(row, n)?.unwrap_or_default()))
                }
            }
        })
    }

    /// The columns that an INSERT may name.
    fn columns(&self, table: &str) -> Result<Vec<String>> {
        let sql = match self.engine() {
            // Generated columns are not in it.
            Engine::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            Engine::MariaDb | Engine::Postgres => {
                let schema =
                    if self.engine() == Engine::MariaDb { "DATABASE()" } else { "'public'" };
                format!(
                    "SELECT column_name FROM information_schema.columns
                      WHERE table_schema = {schema} AND table_name = '{table}'
                        AND is_generated = 'NEVER' ORDER BY ordinal_position"
                )
            }
        };
        Ok(self.rows(&sql)?.into_iter().flatten().collect())
    }

    fn on_the_server(&self, what: &str) -> Result<()> {
        let own = match self.engine() {
            Engine::Sqlite => return Ok(()),
            Engine::MariaDb => "mysql",
            Engine::Postgres => "postgres",
        };
        let sql = format!("{what} DATABASE {}", self.name);
        self.rows_at(&self.server.url_of(own), &sql).map(drop)
    }

    fn dialect(&self) -> Dialect {
        Dialect(self.engine())
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // A private server goes away as a whole, but only after the last measurement.
        let _ = self.on_the_server("DROP");
    }
}

impl Posts {
    /// The number of the account of post `n`.
    fn account(&self) -> String {
        format!("{} + (n - {}) % {}", self.first_account, self.first, self.accounts)
    }
}

/// All values of all rows.
fn texts<R: Row>(
    rows: &[R],
    text: impl Fn(&R, usize) -> Result<String>,
) -> Result<Vec<Vec<String>>> {
    rows.iter().map(|row| (0..row.len()).map(|n| text(row, n)).collect()).collect()
}
