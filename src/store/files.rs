//! The SQLite file on disk: what may be opened, and who may read it.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::StoreError;

fn bad(path: &Path, why: impl ToString) -> StoreError {
    StoreError::BadFile { path: path.to_owned(), why: why.to_string() }
}

/// Refuses what cannot be a database of ours before SQLite sees it: its own
/// answers are vaguer, and an empty file counts as a valid empty database.
///
/// Looks, but never opens: closing any descriptor of the file would drop all
/// locks that SQLite holds on it in this process
/// (sqlite.org/howtocorrupt.html 2.2), and the next process would take away
/// the log from under our connections.
pub(super) fn check(path: &Path) -> Result<(), StoreError> {
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
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
    match create_new(path) {
        Err(StoreError::FileExists(_)) => Ok(()),
        other => other,
    }
}

/// The same, but refuses a path where something is.
pub(super) fn create_new(path: &Path) -> Result<(), StoreError> {
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
pub(super) fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0)
}

/// Complains about a file that others can read.
pub(super) fn warnings(path: &Path) -> Vec<String> {
    let Ok(metadata) = std::fs::metadata(path) else { return Vec::new() };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Vec::new();
    }
    let path = path.display();
    vec![format!("{path} can be read by others (mode {mode:04o}): run chmod 600 {path}")]
}
