//! What a process has used, as the kernel tells it in /proc.

use std::fs;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// Ticks of the processor times in /proc: 100 a second wherever Linux runs.
const TICK_MS: u64 = 10;
/// How often the peak of the memory is read: it is gone with the process.
const SAMPLE: Duration = Duration::from_millis(20);

/// How a process ran to its end.
#[derive(Debug, Clone, Copy)]
pub struct Ran {
    pub wall: Duration,
    pub cpu_ms: u64,
    /// VmHWM, in kB.
    pub peak_kb: Option<u64>,
    /// Of success.
    pub ok: bool,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Result<Ran> {
    let began = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    finish(child, began)
}

/// Waits for the end of a process that began at that time.
pub fn finish(mut child: Child, began: Instant) -> Result<Ran> {
    let pid = child.id();
    let ended = AtomicBool::new(false);
    let (wall, peak_kb) = thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut peak = None;
            while !ended.load(Ordering::Relaxed) {
                peak = status_kb(pid, "VmHWM").or(peak);
                thread::sleep(SAMPLE);
            }
            peak
        });
        // It stays in /proc with its times until it is waited for without NOWAIT.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let waited = waitid(WaitId::Pid(Pid::from_child(&child)), options);
        let wall = began.elapsed();
        ended.store(true, Ordering::Relaxed);
        waited.map(|_| (wall, sampler.join().unwrap_or_default()))
    })?;
    let cpu_ms = times(pid).context("the process is not in /proc")?.own_ms;
    let ok = child.wait()?.success();
    Ok(Ran { wall, cpu_ms, peak_kb, ok })
}

/// Ends a process as an operator does, and waits for it.
pub fn terminate(child: &mut Child) -> Result<()> {
    kill_process(Pid::from_child(child), Signal::TERM)?;
    let status = child.wait()?;
    if !status.success() {
        bail!("a worker that was asked to stop ended with {status}");
    }
    Ok(())
}

/// A process that is killed when its holder goes away.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Processor times of a process.
struct Times {
    parent: u32,
    own_ms: u64,
    /// Of its children that have ended.
    children_ms: u64,
}

fn times(pid: u32) -> Option<Times> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Times {
        parent: fields.get(1)?.parse().ok()?,
        own_ms: (ticks(11)? + ticks(12)?) * TICK_MS,
        children_ms: (ticks(13)? + ticks(14)?) * TICK_MS,
    })
}

/// The parent of a process.
pub fn parent(pid: u32) -> Option<u32> {
    times(pid).map(|times| times.parent)
}

/// The processor time of a process with all its children, living and dead.
pub fn cpu_ms_of_all(pid: u32) -> Option<u64> {
    let own = times(pid)?;
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let children = children.split_whitespace().filter_map(|child| times(child.parse().ok()?));
    let living: u64 = children.map(|child| child.own_ms + child.children_ms).sum();
    Some(own.own_ms + own.children_ms + living)
}

/// The processor time of a running process, finer than in ticks.
pub fn cpu_ns(pid: u32) -> Option<u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let times = tasks.filter_map(|task| {
        let stat = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(times.sum())
}

/// A figure of /proc/PID/status, in kB.
pub fn status_kb(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}
