//! The database, past the program: planting rows, ageing them, checking invariants.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socialsched::store::{Location, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Row};

/// A database engine that the program serves. What differs between engines
/// is in this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
}

impl Engine {
    /// Every engine that tests run on.
    pub const ALL: &[Self] = &[Self::Sqlite];
}

/// The database of a world, seen past the program.
pub struct Database {
    engine: Engine,
    path: PathBuf,
}

/// Columns that hold an instant. Everything that ages a database moves them.
const INSTANTS: &[(&str, &[&str])] = &[
    ("meta_social_accounts", &["paused_at", "paused_until", "created_at", "updated_at"]),
    ("post_details", &["created_at", "updated_at", "cancel_requested_at", "published_at"]),
    (
        "post_schedule",
        &["run_at", "locked_at", "lease_until", "next_attempt_at", "created_at", "updated_at"],
    ),
    ("publish_log", &["at"]),
    ("workers", &["started_at", "beat_at"]),
];

impl Database {
    /// Names a database in this directory; nothing is created.
    pub fn new(engine: Engine, dir: &Path) -> Self {
        Self { engine, path: dir.join("socialsched.db") }
    }

    /// The value of `SOCIALSCHED_DATABASE_URL`.
    pub fn url(&self) -> String {
        match self.engine {
            Engine::Sqlite => format!("sqlite://{}", self.path.display()),
        }
    }

    /// The file of an embedded database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs statements as another program would, past all rules of ours.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        let result = wait(async {
            let mut connection = self.connect().await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
            connection.close().await
        });
        if let Err(error) = result {
            panic!("{error}: {sql}");
        }
    }

    /// The rows of a query, every column as text, NULL as an empty text.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let result = wait(async {
            let mut connection = self.connect().await?;
            let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await?;
            connection.close().await?;
            let text = |row: &sqlx::sqlite::SqliteRow, column| {
                row.try_get_unchecked::<Option<String>, _>(column).map(Option::unwrap_or_default)
            };
            rows.iter().map(|row| (0..row.len()).map(|n| text(row, n)).collect()).collect()
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
        let tables = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
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
        let (seconds, rest) = (ms / 1000, ms % 1000);
        let back = |column: &&str| {
            format!(
                "{column} = strftime('%Y-%m-%d %H:%M:%f', {column}, '-{seconds}.{rest:03} seconds')"
            )
        };
        let statements = INSTANTS.iter().map(|(table, columns)| {
            let changes: Vec<String> = columns.iter().map(back).collect();
            format!("UPDATE {table} SET {};", changes.join(", "))
        });
        let script: String = statements.collect();
        self.execute(&format!("BEGIN IMMEDIATE; {script} COMMIT;"));
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

    async fn connect(&self) -> sqlx::Result<SqliteConnection> {
        match self.engine {
            Engine::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(&self.path)
                    .busy_timeout(Duration::from_secs(20));
                SqliteConnection::connect_with(&options).await
            }
        }
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}
