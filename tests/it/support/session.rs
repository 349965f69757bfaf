//! Other sessions on the database of a test, and other users of its server.

use std::future::Future;

use sqlx::AssertSqlSafe;
use tokio::runtime::Runtime;
use url::Url;

use super::database::Any;
use super::{Database, Engine};

/// A connection that stays open between statements, as another program's.
pub struct Session {
    runtime: Runtime,
    connection: Any,
}

impl Session {
    pub(super) fn open(connect: impl Future<Output = sqlx::Result<Any>>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(connect).unwrap();
        Self { runtime, connection }
    }

    /// Runs statements; a transaction that they begin stays open.
    #[track_caller]
    pub fn execute(&mut self, sql: &str) {
        let script = sqlx::raw_sql(AssertSqlSafe(sql));
        let result = self.runtime.block_on(async {
            match &mut self.connection {
                Any::Sqlite(connection) => script.execute(connection).await.map(|_| ()),
                Any::MySql(connection) => script.execute(connection).await.map(|_| ()),
                Any::Postgres(connection) => script.execute(connection).await.map(|_| ()),
            }
        });
        if let Err(error) = result {
            panic!("{error}: {sql}");
        }
    }
}

/// What a server counted since it started: MariaDB of all its databases,
/// PostgreSQL of this one, about a second late. SQLite counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// Committed and rolled back.
    pub transactions: u64,
    pub deadlocks: u64,
}

/// A user of the server; dropped with it.
pub struct User<'a> {
    database: &'a Database,
    name: String,
}

impl Database {
    /// A user with this password and only this right on the tables.
    #[track_caller]
    pub fn user(&self, password: &str, right: &str) -> User<'_> {
        let name = format!("ss_{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        match self.engine() {
            Engine::Sqlite => panic!("SQLite knows no users"),
            Engine::MariaDb => {
                for host in ["localhost", "%"] {
                    self.execute(&format!(
                        "CREATE USER '{name}'@'{host}' IDENTIFIED BY '{password}';
                         GRANT {right} ON {}.* TO '{name}'@'{host}';",
                        self.name(),
                    ));
                }
            }
            Engine::Postgres => self.execute(&format!(
                "CREATE ROLE {name} LOGIN PASSWORD '{password}';
                 GRANT {right} ON ALL TABLES IN SCHEMA public TO {name};"
            )),
        }
        User { database: self, name }
    }

    /// Ends every other connection to this database, as a restart of the server does;
    /// returns how many there were.
    #[track_caller]
    pub fn kill_connections(&self) -> usize {
        let mut server = self.server_session();
        match self.engine() {
            Engine::Sqlite => 0,
            Engine::MariaDb => {
                let name = self.name();
                let ids = self.rows_on_the_server(&format!(
                    "SELECT id FROM information_schema.processlist WHERE db = '{name}'"
                ));
                for id in &ids {
                    // It may be gone by now.
                    server.execute(&format!(
                        "BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; KILL {}; END",
                        id[0]
                    ));
                }
                ids.len()
            }
            Engine::Postgres => {
                let name = self.name();
                let killed = self.rows_on_the_server(&format!(
                    "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                      WHERE datname = '{name}'"
                ));
                killed.len()
            }
        }
    }

    /// What the server counts.
    pub fn counters(&self) -> Counters {
        let sql = match self.engine() {
            Engine::Sqlite => return Counters::default(),
            Engine::MariaDb => {
                "SELECT CAST(SUM(IF(variable_name IN ('COM_COMMIT', 'COM_ROLLBACK'),
                                    variable_value, 0)) AS INTEGER),
                        CAST(SUM(IF(variable_name = 'INNODB_DEADLOCKS', variable_value, 0))
                             AS INTEGER)
                   FROM information_schema.global_status"
            }
            Engine::Postgres => {
                "SELECT xact_commit + xact_rollback, deadlocks FROM pg_stat_database
                  WHERE datname = current_database()"
            }
        };
        let row = self.rows(sql).remove(0);
        Counters { transactions: row[0].parse().unwrap(), deadlocks: row[1].parse().unwrap() }
    }

    /// Statements on this database that wait for a lock of another session. MariaDB's own
    /// list of them is not renewed while it is read often: there they are those that take
    /// longer than any of our statements.
    pub fn waiting(&self) -> usize {
        let name = self.name();
        let sql = match self.engine() {
            Engine::Sqlite => panic!("SQLite does not report it"),
            Engine::MariaDb => format!(
                "SELECT id FROM information_schema.processlist
                  WHERE db = '{name}' AND command <> 'Sleep' AND time_ms > 300"
            ),
            Engine::Postgres => format!(
                "SELECT pid::text FROM pg_stat_activity
                  WHERE datname = '{name}' AND wait_event_type = 'Lock'"
            ),
        };
        self.rows_on_the_server(&sql).len()
    }
}

impl User<'_> {
    /// A session of this user, with this password.
    pub fn session(&self, password: &str) -> Session {
        Session::open(self.database.connect(&self.url(password)))
    }

    /// The database's URL for this user, with this password.
    pub fn url(&self, password: &str) -> String {
        let mut url = Url::parse(&self.database.url()).unwrap();
        url.set_username(&self.name).unwrap();
        url.set_password(Some(password)).unwrap();
        url.into()
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        let _ = match self.database.engine() {
            Engine::Sqlite => Ok(()),
            Engine::MariaDb => {
                self.database.try_execute(&format!("DROP USER '{name}'@'localhost', '{name}'@'%'"))
            }
            Engine::Postgres => {
                self.database.try_execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"))
            }
        };
    }
}
