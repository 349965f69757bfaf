//! The SQLite file on disk: what may be opened, who may read it, and who has
//! it locked.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::store::StoreError;
use crate::store::sql::location::unreadable_url;

fn bad(path: &Path, why: impl ToString) -> StoreError {
    StoreError::BadFile { path: path.to_owned(), why: why.to_string() }
}

/// Refuses what cannot be this program's database before SQLite sees it: its own
/// answers are vaguer, and an empty file counts as a valid empty database.
///
/// Looks, but never opens: closing any descriptor of the file would drop all
/// locks that SQLite holds on it in this process
/// (sqlite.org/howtocorrupt.html 2.2), and the next process would take away
/// the log from under our connections.
pub(crate) fn check(path: &Path) -> Result<(), StoreError> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(StoreError::NoSchema(path.display().to_string()));
        }
        Err(error) => return Err(bad(path, error)),
    };
    if metadata.is_dir() {
        return Err(bad(path, "is a directory, not a database file"));
    }
    if !metadata.is_file() {
        return Err(bad(path, "is not a regular file"));
    }
    if metadata.len() == 0 {
        return Err(StoreError::NoSchema(path.display().to_string()));
    }
    rustix::fs::access(path, rustix::fs::Access::READ_OK)
        .map_err(|error| bad(path, std::io::Error::from(error)))
}

/// Makes an empty file that only its owner can read, unless there is a file
/// already. SQLite gives its side files the same mode.
pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    match create_new(path) {
        Err(StoreError::FileExists(_)) => Ok(()),
        other => other,
    }
}

/// The same, but refuses a path where something is.
pub(crate) fn create_new(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| bad(folder, error))?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(StoreError::FileExists(path.to_owned()))
        }
        Err(error) => Err(bad(path, error)),
    }
}

/// A zero-length file: valid to `migrate`, nothing to every other command.
pub(crate) fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0)
}

/// Complains about a file that others can read.
pub(crate) fn warnings(path: &Path) -> Vec<String> {
    let Ok(metadata) = std::fs::metadata(path) else { return Vec::new() };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Vec::new();
    }
    let path = path.display();
    vec![format!("{path} can be read by others (mode {mode:04o}): run chmod 600 {path}")]
}

/// The byte of the `-shm` file that a writer has locked
/// (sqlite.org/walformat.html 2.3.1).
const WRITE_LOCK: u64 = 120;

/// The process that holds the write lock, where the system shows it: on Linux.
/// Like [`check`], it looks and never opens.
pub(crate) fn writer(path: &Path) -> Option<String> {
    let mut shm = path.canonicalize().ok()?.into_os_string();
    shm.push("-shm");
    let file = std::fs::metadata(shm).ok()?;
    let (major, minor) = (rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
    let inode = format!("{major:02x}:{minor:02x}:{}", file.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = locks.lines().find_map(|line| writer_in(line, &inode))?;
    // The program's name alone: arguments of others may hold secrets.
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(format!("process {pid} ({})", name.trim_end()))
}

/// Reads `1: POSIX  ADVISORY  WRITE 4711 fe:00:10059832 120 120`.
fn writer_in(line: &str, file: &str) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, "WRITE", pid, inode, first, last] = words[..] else { return None };
    let first: u64 = first.parse().ok()?;
    let last = last.parse().unwrap_or(u64::MAX);
    let is_it = inode == file && (first..=last).contains(&WRITE_LOCK);
    // A process outside of our container has no number here.
    pid.parse().ok().filter(|pid| is_it && *pid > 0)
}

/// Refuses a URL whose certificates or key cannot be read: the driver's own
/// error would name none of them.
pub(crate) fn check_tls_files(url: &str) -> Result<(), StoreError> {
    const FILES: [&str; 6] = ["ssl-ca", "ssl-cert", "ssl-key", "sslrootcert", "sslcert", "sslkey"];
    let url = url::Url::parse(url).map_err(|_| unreadable_url())?;
    for (key, file) in url.query_pairs().filter(|(key, _)| FILES.contains(&&**key)) {
        if let Err(error) = std::fs::File::open(&*file) {
            return Err(StoreError::Tls(format!("{key} {file}: {error}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writer_is_distinguished_from_other_locks() {
        let file = "fe:00:77";
        let of = |line: &str| writer_in(line, file);
        assert_eq!(of("1: POSIX  ADVISORY  WRITE 4711 fe:00:77 120 120"), Some(4711));
        // With the lock of a checkpoint beside it, and of a whole file.
        assert_eq!(of("12: POSIX  ADVISORY  WRITE 4711 fe:00:77 120 121"), Some(4711));
        assert_eq!(of("12: POSIX  ADVISORY  WRITE 4711 fe:00:77 0 EOF"), Some(4711));
        for other in [
            "1: POSIX  ADVISORY  READ 4711 fe:00:77 120 120",
            "1: POSIX  ADVISORY  WRITE 4711 fe:00:77 121 128",
            "1: POSIX  ADVISORY  WRITE 4711 fe:00:78 120 120",
            "1: POSIX  ADVISORY  WRITE 0 fe:00:77 120 120",
            "1: OFDLCK ADVISORY  WRITE -1 fe:00:77 120 120",
            "1: FLOCK  ADVISORY  WRITE 4711 fe:00:77 0 EOF",
            "1: -> POSIX  ADVISORY  WRITE 4711 fe:00:77 120 120",
            "",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
