//! Answers that the database could not take, in a file of this machine: they
//! must outlive the process that received them.
//!
//! A line of JSON each, in `answers-<instance>.jsonl` of the state directory:
//! which publish call, and what became of it. Never a token. Workers of
//! one machine share the file; each holds its lock while it writes, and feeds
//! the answers of those that died to the database. A line says which database
//! it is for, and goes away only after that one has it.
//!
//! Only files that no other user can have written are read (`strict.rs`), and one
//! that is not, or that cannot be read, is its own fault alone.
//!
//! All but [`Spool::look`] may take their time: not for a thread of the runtime.

mod strict;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::domain::{Fence, InstanceId, Intent, JobId, Lease, PostId, WorkerId};

use super::evidence::{Evidence, Proof};

/// The shape of a line.
const VERSION: u32 = 2;

/// Others hold the lock for one write. One that stands still with it must not
/// make everybody stand still: what waits for it is tried again later.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// Far longer than any answer: a platform's words are cut to 1,000 characters.
const LINE_MAX: usize = 64 * 1024;

/// So many names are tried for a file to write to: what lies under the first ones may
/// be a foreign file.
const NAMES_MAX: u32 = 8;

/// The file where answers for one database wait.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
    instance: InstanceId,
    /// How each file looked when it was last warned of.
    warned: Arc<Mutex<HashMap<PathBuf, Option<FileLook>>>>,
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
pub(super) type Look = Result<Vec<(PathBuf, FileLook)>, ErrorKind>;

/// Inode, size, and when either contents or permissions were last changed.
pub(super) type FileLook = (u64, u64, i64, i64);

/// What the files say now.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) waiting: Vec<Waiting>,
    /// Another process keeps a file locked: there may be more.
    pub(super) is_busy: bool,
}

/// An answer as it was read, with the text that stands for it in its file.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) evidence: Evidence,
    file: PathBuf,
    text: String,
}

impl Spool {
    /// The answers for this database in a state directory, which need not
    /// exist yet.
    #[must_use]
    pub fn new(folder: PathBuf, instance: InstanceId) -> Self {
        Self { folder, instance, warned: Arc::default() }
    }

    /// Why no answer could be kept here, if so.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let existing = self.folder.ancestors().find(|folder| folder.exists())?;
        if !existing.is_dir() {
            return Some(format!("{} is not a directory", existing.display()));
        }
        let error = match existing == self.folder {
            true => strict::check_folder(&self.folder).err(),
            false => None,
        };
        let access = || rustix::fs::access(existing, rustix::fs::Access::WRITE_OK);
        let error = error.or_else(|| access().err().map(io::Error::from))?;
        Some(format!("{}: {error}", self.folder.display()))
    }

    /// The file to write to; other numbers than 0 stand for the names to fall back on.
    fn file(&self, number: u32) -> PathBuf {
        let suffix = if number == 0 { String::new() } else { format!("-{number}") };
        self.folder.join(format!("answers-{}{suffix}.jsonl", self.instance))
    }

    /// Opens the first file that can be written to.
    fn open(&self, room: u64) -> io::Result<(PathBuf, File)> {
        let mut refused = None;
        for path in (0..NAMES_MAX).map(|number| self.file(number)) {
            match locked(&path, true) {
                Ok(file) if file.metadata()?.len() + room <= strict::FILE_MAX => {
                    return Ok((path, file));
                }
                Ok(_) => {}
                // Whoever has it now lets it go soon.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
                Err(error) => _ = refused.get_or_insert(error),
            }
        }
        Err(refused.unwrap_or_else(|| io::Error::new(ErrorKind::StorageFull, "its files are full")))
    }

    /// Appends an answer durably.
    pub(super) fn keep(&self, evidence: &Evidence) -> io::Result<Waiting> {
        let text = serde_json::to_string(&self.line(evidence))?;
        if text.len() > LINE_MAX {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the answer is too long"));
        }
        strict::make_folder(&self.folder)?;
        strict::check_folder(&self.folder)?;
        let (path, mut file) = self.open(text.len() as u64 + 2)?;
        let is_new = file.metadata()?.len() == 0;
        // Behind a line that a dying process left unfinished.
        let separator = if ends_in_a_line(&mut file)? { "" } else { "\n" };
        file.write_all(format!("{separator}{text}\n").as_bytes())?;
        file.sync_all()?;
        if is_new {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(Waiting { evidence: evidence.clone(), file: path, text })
    }

    /// Shows whether anybody has written since an earlier look.
    pub(super) fn look(&self) -> Look {
        let seen = |path: PathBuf| look_at(&path).map(|look| (path, look));
        Ok(self.files().map_err(|error| error.kind())?.into_iter().filter_map(seen).collect())
    }

    /// The answers that wait for this database, also in files that were brought
    /// from other machines (`answers-<instance>-anything.jsonl`). Of a file that
    /// cannot be believed or read there is one warning, until it changes.
    pub(super) fn waiting(&self) -> io::Result<Reading> {
        let mut reading = Reading::default();
        for path in self.files()? {
            match self.read_file(&path) {
                Ok(waiting) => reading.waiting.extend(waiting),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    tracing::warn!(file = %path.display(), "a file of the spool cannot be read yet: {error}");
                    reading.is_busy = true;
                }
                Err(error) => self.warn_once(&path, &format!("the file is ignored: {error}")),
            }
        }
        Ok(reading)
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<Waiting>> {
        let text = contents(&locked(path, false)?)?;
        let mut waiting = Vec::new();
        let mut unused: BTreeMap<&str, usize> = BTreeMap::new();
        for line in lines(&text) {
            match self.read(line) {
                Ok((line, text)) => waiting.push(line.into_waiting(path.to_owned(), text)),
                Err(why) => *unused.entry(why).or_default() += 1,
            }
        }
        if !unused.is_empty() {
            let parts: Vec<String> =
                unused.iter().map(|(why, lines)| format!("{why} ({lines})")).collect();
            self.warn_once(path, &format!("lines are ignored: {}", parts.join(", ")));
        }
        Ok(waiting)
    }

    fn warn_once(&self, path: &Path, why: &str) {
        let look = look_at(path);
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.insert(path.to_owned(), look) != Some(look) {
            tracing::warn!(file = %path.display(), "spool: {why}");
        }
    }

    /// Takes answers out that the database has now, and unfinished lines with
    /// them; everything else stays. A file where that fails keeps no other from
    /// being cleared; the first error is returned.
    pub(super) fn remove(&self, recorded: &[Waiting]) -> io::Result<()> {
        let files: HashSet<&Path> = recorded.iter().map(|waiting| waiting.file.as_path()).collect();
        let mut result = Ok(());
        for path in files {
            let removed = self.remove_from(path, recorded);
            // Not there: another worker was first.
            if removed.as_ref().is_err_and(|error| error.kind() != ErrorKind::NotFound) {
                result = result.and(removed);
            }
        }
        result
    }

    fn remove_from(&self, path: &Path, recorded: &[Waiting]) -> io::Result<()> {
        let file = locked(path, false)?;
        let text = contents(&file)?;
        let is_recorded = |line: &[u8]| recorded.iter().any(|known| known.text.as_bytes() == line);
        let rest: Vec<&[u8]> =
            lines(&text).filter(|line| !is_recorded(line) && is_json(line)).collect();
        if rest.is_empty() {
            fs::remove_file(path)?;
        } else {
            let new = path.with_extension("new");
            // Of a process that died here: the lock keeps living ones away.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut replacement = strict::create(&new)?;
            replacement.write_all(&[rest.join(&b'\n'), b"\n".to_vec()].concat())?;
            replacement.sync_all()?;
            fs::rename(&new, path)?;
        }
        File::open(&self.folder)?.sync_all()
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match strict::check_folder(&self.folder) {
            Ok(()) => fs::read_dir(&self.folder)?,
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

    fn line(&self, evidence: &Evidence) -> Line {
        Line {
            version: VERSION,
            database: self.instance,
            job: evidence.lease.job(),
            post: evidence.lease.post(),
            fence: evidence.intent.fence,
            step: evidence.intent.step_no,
            at: evidence.intent.at,
            proof: evidence.proof.clone(),
            worker: evidence.lease.worker().clone(),
        }
    }

    /// What a line says, and its text; why not, otherwise.
    fn read(&self, bytes: &[u8]) -> Result<(Line, String), &'static str> {
        let foreign = "not written by this program";
        if bytes.len() > LINE_MAX {
            return Err("too long");
        }
        if !is_json(bytes) {
            return Err("unfinished");
        }
        let text = std::str::from_utf8(bytes).map_err(|_| foreign)?;
        let line: Line = serde_json::from_str(text).map_err(|_| foreign)?;
        match line.version {
            VERSION if line.database == self.instance => Ok((line, text.to_owned())),
            VERSION => Err("for another database"),
            _ => Err("of another version of this program"),
        }
    }
}

impl Line {
    fn into_waiting(self, file: PathBuf, text: String) -> Waiting {
        let intent = Intent::cleared(self.fence, self.step, self.at);
        let lease = Lease::granted(self.job, self.post, self.fence, self.worker);
        let evidence = Evidence { lease, intent, proof: self.proof };
        Waiting { evidence, file, text }
    }
}

fn is_json(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

/// The lines that say something.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// All of a file that [`strict::open`] let through, though it may grow meanwhile.
fn contents(file: &File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(strict::FILE_MAX).read_to_end(&mut text)?;
    Ok(text)
}

/// `None`: it is gone.
fn look_at(path: &Path) -> Option<FileLook> {
    let file = fs::symlink_metadata(path).ok()?;
    Some((file.ino(), file.len(), file.ctime(), file.ctime_nsec()))
}

/// Opens the file and waits for its lock, which goes with the handle. Another
/// process may have replaced the file meanwhile: then the new one is opened.
fn locked(path: &Path, create: bool) -> io::Result<File> {
    loop {
        let file = match strict::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound && create => {
                match strict::create(path) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                    created => created?,
                }
            }
            opened => opened?,
        };
        lock(&file)?;
        match fs::symlink_metadata(path) {
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
