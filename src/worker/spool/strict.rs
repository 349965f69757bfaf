//! Files and folders that only this user can have written. What stands in
//! a file of answers is believed: a line that another user put there could make
//! a post published that was never sent, or send it a second time.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// More than 10,000 answers. Workers take no new posts while the database is away, so
/// that a file of ours holds some hundreds; one beyond this is none of ours, and is not
/// read into memory.
pub(super) const FILE_MAX: u64 = 16 * 1024 * 1024;

/// Write permission of the group and of everybody else. An access list shows in the
/// first of them.
const OTHERS_WRITE: u32 = 0o022;

/// Refuses a folder in which others could put, replace or delete files.
///
/// Its owner must be the very user of this process, also for root: the owner of a
/// folder decides what lies in it, and root would believe them.
pub(super) fn check_folder(path: &Path) -> io::Result<()> {
    let folder = fs::metadata(path)?;
    if !folder.is_dir() {
        return Err(refuse("it is not a directory"));
    }
    check_owner(&folder)
}

/// Makes a folder that only this user can enter, and what is missing above it.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let made = DirBuilder::new().mode(0o700).create(path);
    match (made, path.parent()) {
        // The umask takes bits away, the owner's too.
        (Ok(()), _) => fs::set_permissions(path, Permissions::from_mode(0o700)),
        (Err(error), _) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        (Err(error), Some(parent)) if error.kind() == ErrorKind::NotFound => {
            make_folder(parent)?;
            make_folder(path)
        }
        (Err(error), _) => Err(error),
    }
}

/// Opens a file to read and to append, if it can be believed. Never waits for another
/// process, as opening a named pipe would.
pub(super) fn open(path: &Path) -> io::Result<File> {
    // Before it is opened: merely opening some devices has effects.
    check_kind(&fs::symlink_metadata(path)?)?;
    let file = options().open(path)?;
    let opened = file.metadata()?;
    check_kind(&opened)?;
    check_owner(&opened)?;
    if opened.len() > FILE_MAX {
        let limit = FILE_MAX / 1024 / 1024;
        return Err(refuse(format!("it is larger than {limit} MiB")));
    }
    Ok(file)
}

/// Makes a new file with mode 0600, whatever the umask.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let file = options().create_new(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

fn options() -> OpenOptions {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    // The standard library adds O_CLOEXEC.
    options.read(true).append(true).custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    options
}

fn check_kind(file: &Metadata) -> io::Result<()> {
    let kind = file.file_type();
    let is = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_symlink() => "it is a symbolic link",
        () if kind.is_dir() => "it is a directory",
        () if kind.is_fifo() => "it is a named pipe",
        () => "it is no regular file",
    };
    Err(refuse(is))
}

fn check_owner(file: &Metadata) -> io::Result<()> {
    let us = rustix::process::geteuid().as_raw();
    if file.uid() != us {
        let owner = file.uid();
        return Err(refuse(format!("it belongs to user {owner}, and this process runs as {us}")));
    }
    if file.mode() & OTHERS_WRITE != 0 {
        let mode = file.mode() & 0o7777;
        return Err(refuse(format!("others may write to it (mode {mode:04o}): chmod go-w")));
    }
    Ok(())
}

fn refuse(why: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, why.into())
}
