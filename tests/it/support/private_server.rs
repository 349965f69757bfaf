//! A database server for one test, whose clock may be turned.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use tempfile::TempDir;

use super::Engine;

/// Starts a server as `tests/run` does, tells its URL, and stops it when
/// nobody listens any more.
const SCRIPT: &str = r#"
set -euo pipefail
source tests/servers
"provide_$1"
if [[ $1 == mariadb ]]; then echo "$TEST_MARIADB_URL"; else echo "$TEST_POSTGRES_URL"; fi
read -r _ || true
"#;

/// A server of its own, stopped when dropped.
pub struct PrivateServer {
    engine: Engine,
    url: String,
    clock: PathBuf,
    _dir: TempDir,
    script: Child,
    input: Option<ChildStdin>,
}

impl PrivateServer {
    /// Starts one, with the right time.
    pub fn start(engine: Engine) -> Self {
        let name = if engine == Engine::MariaDb { "mariadb" } else { "postgres" };
        let dir = tempfile::tempdir().unwrap();
        // The server is another user's process.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let clock = dir.path().join("clock");
        fs::write(&clock, "+0").unwrap();
        let mut script = Command::new("bash")
            .args(["-c", SCRIPT, "bash", name])
            .env("FORCE_PRIVATE_SERVERS", "1")
            .env("SERVER_CLOCK", &clock)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        assert!(!url.is_empty(), "no private {name}: see above");
        let input = script.stdin.take();
        Self { engine, url, clock, _dir: dir, script, input }
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Up to the database's name.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Turns its clock from now on, against the right time: `+2h`, `-2h`, `+5y`.
    pub fn turn_clock(&self, by: &str) {
        fs::write(&self.clock, by).unwrap();
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.script.wait();
    }
}
