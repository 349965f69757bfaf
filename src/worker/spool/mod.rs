//! Answers that the database could not take, in a file of this machine: they
//! must outlive the process that heard them.
//!
//! A line of JSON each, in `answers-<instance>.jsonl` of the state directory:
//! which publish call, and what became of it. Never a token. Workers of
//! one machine share the file; each holds its lock while it writes, and feeds
//! the answers of those that died to the database. A line says which database
//! it is for, and goes away only after that one has it.
//!
//! All but [`Spool::look`] may take their time: not for a thread of the runtime.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::domain::{Fence, InstanceId, Intent, JobId, PostId, WorkerId};

use super::evidence::{Evidence, Proof};

/// The shape of a line.
const VERSION: u32 = 1;

/// Others hold the lock for one write. One that stands still with it must not
/// make everybody stand still: what waits for it is tried again later.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// The file where answers for one database wait.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
    instance: InstanceId,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    version: u32,
    database: InstanceId,
    job: JobId,
    post: PostId,
    fence: Fence,
    step: i32,
    at: DateTime<Utc>,
    proof: Proof,
    worker: WorkerId,
}

/// How the files look from outside, which changes with every answer; or why
/// they cannot be looked at.
pub(super) type Look = Result<Vec<(PathBuf, u64, SystemTime)>, ErrorKind>;

/// An answer as it was read, with the text that stands for it in its file.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) worker: WorkerId,
    pub(super) evidence: Evidence,
    file: PathBuf,
    text: String,
}

impl Spool {
    /// The answers for this database in a state directory, which need not
    /// exist yet.
    #[must_use]
    pub fn new(folder: PathBuf, instance: InstanceId) -> Self {
        Self { folder, instance }
    }

    /// Why no answer could be kept here, if so.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let existing = self.folder.ancestors().find(|folder| folder.exists())?;
        if !existing.is_dir() {
            return Some(format!("{} is not a directory", existing.display()));
        }
        let access = rustix::fs::access(existing, rustix::fs::Access::WRITE_OK);
        let error = io::Error::from(access.err()?);
        Some(format!("{}: {error}", self.folder.display()))
    }

    fn file(&self) -> PathBuf {
        self.folder.join(format!("answers-{}.jsonl", self.instance))
    }

    /// Appends an answer durably.
    pub(super) fn keep(&self, worker: &WorkerId, evidence: &Evidence) -> io::Result<Waiting> {
        let text = serde_json::to_string(&self.line(worker, evidence))?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.file();
        let mut file = locked(&path, true)?;
        let is_new = file.metadata()?.len() == 0;
        // Behind a line that a dying process left unfinished.
        let separator = if ends_in_a_line(&mut file)? { "" } else { "\n" };
        file.write_all(format!("{separator}{text}\n").as_bytes())?;
        file.sync_all()?;
        if is_new {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(Waiting { worker: worker.clone(), evidence: evidence.clone(), file: path, text })
    }

    /// Shows whether anybody has written since an earlier look.
    pub(super) fn look(&self) -> Look {
        let seen = |path: PathBuf| {
            let file = fs::metadata(&path)?;
            Ok((path, file.len(), file.modified()?))
        };
        let all = || self.files()?.into_iter().map(seen).collect::<io::Result<Vec<_>>>();
        all().map_err(|error| error.kind())
    }

    /// The answers that wait for this database, also in files that were brought
    /// from other machines (`answers-<instance>-anything.jsonl`).
    pub(super) fn waiting(&self) -> io::Result<Vec<Waiting>> {
        let mut waiting = Vec::new();
        for path in self.files()? {
            let text = match locked(&path, false) {
                Ok(mut file) => {
                    let mut text = Vec::new();
                    file.read_to_end(&mut text)?;
                    String::from_utf8_lossy(&text).into_owned()
                }
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for text in text.lines() {
                match self.read(text) {
                    Ok(line) => waiting.push(line.into_waiting(path.clone(), text.to_owned())),
                    Err(why) => {
                        tracing::warn!(file = %path.display(), "an answer is not used: {why}");
                    }
                }
            }
        }
        Ok(waiting)
    }

    /// Takes answers out that the database has now, and unfinished lines with
    /// them; everything else stays.
    pub(super) fn remove(&self, recorded: &[Waiting]) -> io::Result<()> {
        let files: HashSet<&Path> = recorded.iter().map(|waiting| waiting.file.as_path()).collect();
        for path in files {
            let mut file = match locked(path, false) {
                Ok(file) => file,
                // Another worker was first.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            let text = String::from_utf8_lossy(&text);
            let is_recorded = |line: &str| recorded.iter().any(|waiting| waiting.text == line);
            let rest: String = text
                .lines()
                .filter(|line| !is_recorded(line) && is_json(line))
                .map(|line| format!("{line}\n"))
                .collect();
            if rest.is_empty() {
                fs::remove_file(path)?;
            } else {
                let new = path.with_extension("new");
                let mut replacement = create(&new)?;
                replacement.write_all(rest.as_bytes())?;
                replacement.sync_all()?;
                fs::rename(&new, path)?;
            }
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let ours = format!("answers-{}", self.instance);
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(&ours) && name.ends_with(".jsonl") {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    }

    fn line(&self, worker: &WorkerId, evidence: &Evidence) -> Line {
        Line {
            version: VERSION,
            database: self.instance,
            job: evidence.job,
            post: evidence.post,
            fence: evidence.intent.fence,
            step: evidence.intent.step_no,
            at: evidence.intent.at,
            proof: evidence.proof.clone(),
            worker: worker.clone(),
        }
    }

    fn read(&self, text: &str) -> Result<Line, &'static str> {
        if !is_json(text) {
            return Err("its line is unfinished");
        }
        let line: Line =
            serde_json::from_str(text).map_err(|_| "its line is none of this program's")?;
        match line.version {
            VERSION if line.database == self.instance => Ok(line),
            VERSION => Err("it is for another database"),
            _ => Err("a newer version of this program wrote it"),
        }
    }
}

impl Line {
    fn into_waiting(self, file: PathBuf, text: String) -> Waiting {
        let intent = Intent::cleared(self.fence, self.step, self.at);
        let evidence = Evidence { job: self.job, post: self.post, intent, proof: self.proof };
        Waiting { worker: self.worker, evidence, file, text }
    }
}

fn is_json(line: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

/// Opens the file and waits for its lock, which goes with the handle. Another
/// process may have replaced the file meanwhile: then the new one is opened.
fn locked(path: &Path, create: bool) -> io::Result<File> {
    loop {
        let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(create)
            .mode(0o600)
            .custom_flags(nofollow)
            .open(path)?;
        lock(&file)?;
        match fs::metadata(path) {
            Ok(now) if now.ino() == file.metadata()?.ino() => return Ok(file),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

/// Fails with [`ErrorKind::WouldBlock`] when another process keeps it.
fn lock(file: &File) -> io::Result<()> {
    let began = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if began.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(LOCK_RETRY);
            }
            Err(Errno::WOULDBLOCK) => {
                let why = "another process keeps the spool locked";
                return Err(io::Error::new(ErrorKind::WouldBlock, why));
            }
            other => return Ok(other?),
        }
    }
}

fn ends_in_a_line(file: &mut File) -> io::Result<bool> {
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text.last().is_none_or(|byte| *byte == b'\n'))
}

#[cfg(test)]
mod tests;
