//! Worker processes: the program itself, started, killed and stopped.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::domain::WorkerId;

use super::SimulationError;

/// Signs of life four times per lease; a job is taken over when it is over.
pub const LEASE: Duration = Duration::from_secs(2);
/// How long a worker may take to stop, or to work off what is due.
const STOP_LIMIT: Duration = Duration::from_secs(90);
/// Number of workers in a row that may find the database away, as when the server has no
/// connection left for them; and the pause before the next one.
const FAILURES_MAX: u32 = 60;
const FAILURE_PAUSE: Duration = Duration::from_millis(500);
/// A worker's exit code when the database is away.
const AWAY: i32 = 6;

/// How worker processes are started.
pub struct Program {
    /// This program.
    pub path: PathBuf,
    /// All variables that they get.
    pub variables: Vec<(String, OsString)>,
    /// For their configuration and their logs alone.
    pub folder: PathBuf,
}

impl Program {
    fn start(&self, worker: &WorkerId, more: &[&str]) -> io::Result<Child> {
        let lease = format!("{}ms", LEASE.as_millis());
        Command::new(&self.path)
            .args(["run-worker", "--quiet", "--log-format", "text", "--poll-interval", "50ms"])
            // Posts of a long simulation grow old; the number of kills a post
            // outlives is not what is looked for.
            .args(["--max-late", "8760h", "--max-attempts", "100", "--lease", &lease])
            .arg("--worker-id")
            .arg(worker.as_str())
            // An empty one, instead of the user's and the system's.
            .arg("--config")
            .arg(self.config())
            .args(more)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.log(worker))?)
            .spawn()
    }

    fn config(&self) -> PathBuf {
        self.folder.join("workers.toml")
    }

    fn log(&self, worker: &WorkerId) -> PathBuf {
        self.folder.join(format!("{worker}.log"))
    }
}

/// A worker process; it dies with the value.
struct Process {
    worker: WorkerId,
    child: Child,
}

impl Process {
    /// `None` as long as it runs.
    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL, and it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All worker processes of a simulation.
pub struct Fleet<'a> {
    program: &'a Program,
    running: Vec<Option<Process>>,
    started: u32,
    /// Workers in a row that found the database away.
    failures: u32,
}

impl<'a> Fleet<'a> {
    /// Places for `places` workers, none of which runs yet.
    pub fn new(program: &'a Program, places: usize) -> io::Result<Self> {
        std::fs::create_dir_all(&program.folder)?;
        File::create(program.config())?;
        let running = (0..places).map(|_| None).collect();
        Ok(Self { program, running, started: 0, failures: 0 })
    }

    /// Starts a worker at each free place, also where one exited on its own.
    pub async fn fill(&mut self) -> Result<(), SimulationError> {
        for place in 0..self.running.len() {
            let before = self.failures;
            self.reap(place)?;
            if self.failures > before {
                tokio::time::sleep(FAILURE_PAUSE).await;
            }
            if self.running[place].is_none() {
                // So that one that is left alone ends.
                self.running[place] = Some(self.start(&["--max-runtime", "5min"])?);
            }
        }
        Ok(())
    }

    /// Kills the worker at a place, if it still runs.
    pub fn kill(&mut self, place: usize) -> Option<WorkerId> {
        let process = self.running.get_mut(place)?.take()?;
        let worker = process.worker.clone();
        drop(process);
        self.failures = 0;
        // Only of use for one that failed on its own.
        let _ = std::fs::remove_file(self.program.log(&worker));
        Some(worker)
    }

    /// Kills all; returns their names.
    pub fn kill_all(&mut self) -> Vec<WorkerId> {
        (0..self.running.len()).filter_map(|place| self.kill(place)).collect()
    }

    /// Stops all after the work that they have begun.
    pub async fn stop_all(&mut self) -> Result<(), SimulationError> {
        for process in self.running.iter().flatten() {
            // It may have ended already.
            let _ = kill_process(Pid::from_child(&process.child), Signal::TERM);
        }
        self.wait_for_all().await
    }

    /// Runs a worker at each place until nothing is due.
    pub async fn run_once(&mut self) -> Result<(), SimulationError> {
        for place in 0..self.running.len() {
            self.running[place] = Some(self.start(&["--once", "--max-runtime", "5s"])?);
        }
        self.wait_for_all().await
    }

    async fn wait_for_all(&mut self) -> Result<(), SimulationError> {
        let began = Instant::now();
        while self.running.iter().any(Option::is_some) {
            if began.elapsed() > STOP_LIMIT {
                return Err(SimulationError::Hangs(STOP_LIMIT));
            }
            for place in 0..self.running.len() {
                self.reap(place)?;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    fn start(&mut self, more: &[&str]) -> Result<Process, SimulationError> {
        self.started += 1;
        let worker = WorkerId::named(format!("simulated-{}", self.started));
        let child = self.program.start(&worker, more)?;
        Ok(Process { worker, child })
    }

    /// Frees the place of a worker that has ended.
    fn reap(&mut self, place: usize) -> Result<(), SimulationError> {
        let Some(process) = self.running[place].as_mut() else { return Ok(()) };
        let Some(status) = process.ended()? else { return Ok(()) };
        let log = self.program.log(&process.worker);
        self.running[place] = None;
        // Stopped before it listened to signals: it had not begun.
        let stopped = status.signal() == Some(Signal::TERM.as_raw());
        if !status.success() && !stopped {
            self.failures += 1;
            let said = last_line(&log);
            if status.code() != Some(AWAY) || self.failures > FAILURES_MAX {
                return Err(SimulationError::Worker { status, said });
            }
            tracing::warn!(said, "a worker could not reach the database; another one is started");
        }
        let _ = std::fs::remove_file(log);
        Ok(())
    }
}

/// Of what a worker wrote to standard error.
fn last_line(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().rev().filter(|line| !line.trim().is_empty());
    lines.take(3).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(" / ")
}
