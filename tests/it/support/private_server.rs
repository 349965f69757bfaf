//! A database server for one test, which may be killed, whose clock may be
//! turned, which may speak TLS, and whose disk may be full.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::Engine;

/// Starts a server as `tests/run` does, prints its URL, runs the functions of that script
/// whose names it reads, and stops the server at the end of its input.
const SCRIPT: &str = r#"
set -euo pipefail
source tests/servers
"provide_$1"
if [[ $1 == mariadb ]]; then echo "$TEST_MARIADB_URL"; else echo "$TEST_POSTGRES_URL"; fi
while read -r order; do "$order"; echo done; done
"#;

/// Room for an empty server, what it keeps of its log, and some databases.
const SMALL: &str = "256m";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Tls,
    SmallDisk,
}

/// A server of its own, stopped when dropped.
pub struct PrivateServer {
    engine: Engine,
    url: String,
    port: u16,
    dir: TempDir,
    script: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl PrivateServer {
    /// Starts one, with the right time, that listens on a socket only.
    pub fn start(engine: Engine) -> Self {
        Self::with(engine, Kind::Plain)
    }

    /// Starts one that also speaks TLS on [`PrivateServer::port`]. PostgreSQL
    /// asks there for passwords, and for the certificate of `ss_client`.
    pub fn with_tls(engine: Engine) -> Self {
        Self::with(engine, Kind::Tls)
    }

    /// Starts a PostgreSQL whose data lie on a small disk of its own. `None`,
    /// and said so, where none may be mounted.
    #[expect(clippy::print_stderr, reason = "why it was skipped")]
    pub fn with_small_disk() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut probe = Command::new("unshare");
        probe.args(["-m", "mount", "-t", "tmpfs", "small"]).arg(dir.path());
        let probe = probe.output();
        if !probe.as_ref().is_ok_and(|probe| probe.status.success()) {
            assert!(!may_mount(), "a disk may be mounted here, and is not: {probe:?}");
            eprintln!("SKIPPED: no disk may be mounted here: {probe:?}");
            return None;
        }
        Some(Self::with(Engine::Postgres, Kind::SmallDisk))
    }

    fn with(engine: Engine, kind: Kind) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // The server is another user's process.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let clock = dir.path().join("clock");
        fs::write(&clock, "+0").unwrap();
        let mut script = match kind {
            // The disk is mounted for this server alone, and gone with it.
            Kind::SmallDisk => {
                let mut script = Command::new("unshare");
                script.args(["-m", "bash"]).env("SERVER_DISK", SMALL);
                script
            }
            Kind::Plain | Kind::Tls => Command::new("bash"),
        };
        script
            .args(["-c", SCRIPT, "bash", name(engine)])
            .env("FORCE_PRIVATE_SERVERS", "1")
            .env("SERVER_CLOCK", &clock)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut port = 0;
        if kind == Kind::Tls {
            port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            script.env("SERVER_TLS", dir.path()).env("SERVER_PORT", port.to_string());
        }
        let mut script = script.spawn().unwrap();
        let mut output = BufReader::new(script.stdout.take().unwrap());
        let mut url = String::new();
        output.read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        assert!(!url.is_empty(), "no private {}: see above", name(engine));
        let input = script.stdin.take();
        Self { engine, url, port, dir, script, input, output }
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Up to the database's name.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Of 127.0.0.1, where it speaks TLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file that `make_certificates` of `tests/servers` left.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Turns its clock from now on, against the right time: `+2h`, `-2h`, `+5y`.
    pub fn turn_clock(&self, by: &str) {
        fs::write(self.dir.path().join("clock"), by).unwrap();
    }

    /// SIGKILL, as if its machine died. It is not restarted.
    #[track_caller]
    pub fn kill(&mut self) {
        self.order("kill_server");
    }

    /// Starts it again after [`PrivateServer::kill`], on the same data, and
    /// waits until it serves.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.order(&format!("run_{}", name(self.engine)));
    }

    /// Takes all room on its small disk, but for what it has prepared.
    #[track_caller]
    pub fn fill_disk(&mut self) {
        self.order("fill_disk");
    }

    /// Gives the room back.
    #[track_caller]
    pub fn empty_disk(&mut self) {
        self.order("empty_disk");
    }

    #[track_caller]
    fn order(&mut self, function: &str) {
        writeln!(self.input.as_mut().unwrap(), "{function}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n", "{function}: see above");
    }
}

/// Whether this process has the right to mount (CAP_SYS_ADMIN).
pub fn may_mount() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    u64::from_str_radix(rights.trim(), 16).unwrap() & (1 << 21) != 0
}

/// As `tests/servers` calls it.
fn name(engine: Engine) -> &'static str {
    if engine == Engine::MariaDb { "mariadb" } else { "postgres" }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.script.wait();
    }
}
