//! Database servers: migrations of the schema, the Node.js scheduler's tables and
//! statements, the rights that the program needs, and how servers are reached, secured
//! and lost.

mod adoption;
mod demo;
mod full_disk;
mod grants;
mod migrate;
mod old_scheduler;
mod restarts;
mod several_hosts;
mod tls;

use std::time::Duration;

use socialsched::sandbox::SandboxOptions;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::support::{Engine, World};

/// A world whose database is the Node.js scheduler's, not yet migrated. `None`
/// when these tests do not run on MariaDB: it knew no other server.
fn seed() -> Option<World> {
    seed_of(include_str!("seed.sql"))
}

/// The same with another script of its schema.
fn seed_of(script: &str) -> Option<World> {
    if Engine::of_this_run() != Engine::MariaDb {
        return None;
    }
    let world = World::bare(Engine::MariaDb, SandboxOptions::default());
    world.database.execute(script);
    Some(world)
}

/// Runs workers until posts with these texts are live, once each.
#[track_caller]
fn publishes(world: &World, texts: &[&str]) {
    let live = |text: &str| world.live().iter().filter(|post| post["text"] == text).count();
    let states = || world.database.rows("SELECT caption, status FROM post_details");
    for _ in 0..20 {
        world.work(&["--max-runtime", "2s"]);
        let published =
            |text: &&str| states().iter().any(|row| row[0] == *text && row[1] == "published");
        if texts.iter().all(published) {
            break;
        }
        world.advance(Duration::from_secs(30));
    }
    for text in texts {
        assert_eq!(live(text), 1, "{text}: {:?}", states());
    }
}

/// Why the server refuses a statement of another program.
#[track_caller]
fn refusal(world: &World, sql: &str) -> String {
    let url = world.database.url();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        loop {
            let mut connection = MySqlConnection::connect(&url).await.unwrap();
            let result = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
            let error = result.map(|_| ()).unwrap_err().to_string();
            // Ended for a deadlock with the program's own transaction: no refusal.
            if !error.contains("1213 (40001)") {
                return error;
            }
        }
    })
}

/// The database's shape: every column, index and constraint.
fn shape(world: &World) -> Vec<Vec<String>> {
    let queries: &[&str] = match Engine::of_this_run() {
        Engine::Sqlite => &["SELECT name, sql FROM sqlite_master ORDER BY name"],
        Engine::MariaDb => &[
            "SELECT table_name, column_name, column_type, is_nullable, column_default,
                    collation_name, extra, column_comment
               FROM information_schema.columns WHERE table_schema = DATABASE()
              ORDER BY table_name, column_name",
            "SELECT table_name, index_name, seq_in_index, column_name, non_unique
               FROM information_schema.statistics WHERE table_schema = DATABASE()
              ORDER BY 1, 2, 3",
            "SELECT table_name, constraint_name, constraint_type
               FROM information_schema.table_constraints WHERE table_schema = DATABASE()
              ORDER BY 1, 2",
        ],
        Engine::Postgres => &[
            "SELECT table_name, column_name, data_type, is_nullable, column_default
               FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
            "SELECT tablename, indexname, indexdef FROM pg_indexes
              WHERE schemaname = 'public' ORDER BY 1, 2",
        ],
    };
    queries.iter().flat_map(|query| world.database.rows(query)).collect()
}
