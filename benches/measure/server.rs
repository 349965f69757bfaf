//! The database servers that are measured: private ones, so that no other work is
//! counted, or one that the command line names.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Result, bail};
use clap::ValueEnum;

/// A database engine that the program serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    Sqlite,
    #[value(name = "mariadb")]
    MariaDb,
    Postgres,
}

impl Engine {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::MariaDb => "mariadb",
            Self::Postgres => "postgres",
        }
    }
}

/// Starts a server as the tests do, but with the settings that it has as it is
/// installed: the tests leave out a write that only a crash of the machine needs.
const SCRIPT: &str = r#"
set -euo pipefail
source tests/servers
eval "$(declare -f run_mariadb | sed 's/--skip-innodb-doublewrite//')"
"provide_$1"
if [[ $1 == mariadb ]]; then echo "$TEST_MARIADB_URL"; else echo "$TEST_POSTGRES_URL"; fi
read -r _ || true
"#;

/// A server, or for SQLite nothing. A private one is stopped when dropped.
pub struct Server {
    pub engine: Engine,
    /// Up to the database's name; empty for SQLite.
    pub url: String,
    script: Option<(Child, Option<ChildStdin>)>,
}

impl Server {
    /// The server of that URL, or a private one.
    pub fn provide(engine: Engine, url: Option<&str>) -> Result<Self> {
        let known = if engine == Engine::Sqlite { Some("") } else { url };
        if let Some(url) = known {
            return Ok(Self { engine, url: url.to_owned(), script: None });
        }
        let mut script = Command::new("bash")
            .args(["-c", SCRIPT, "bash", engine.name()])
            .env("FORCE_PRIVATE_SERVERS", "1")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        if let Some(output) = script.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        let url = url.trim().to_owned();
        if url.is_empty() {
            bail!("no private {}: see above", engine.name());
        }
        let input = script.stdin.take();
        Ok(Self { engine, url, script: Some((script, input)) })
    }

    /// The URL of one of its databases.
    pub fn url_of(&self, database: &str) -> String {
        match self.url.split_once('?') {
            Some((server, options)) => {
                format!("{}/{database}?{options}", server.trim_end_matches('/'))
            }
            None => format!("{}/{database}", self.url.trim_end_matches('/')),
        }
    }

    /// Whether it is used for nothing else.
    pub fn is_private(&self) -> bool {
        self.script.is_some() || self.engine == Engine::Sqlite
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((script, input)) = &mut self.script {
            // The script stops its server at the end of its input.
            drop(input.take());
            let _ = script.wait();
        }
    }
}
