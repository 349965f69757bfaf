//! Files that hold secrets, or may.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Env;
use crate::domain::visible;

/// A configuration file is read no further than this.
const MAX_BYTES: u64 = 1024 * 1024;

/// The whole file as text, and what its inode says. Why not, otherwise: starts
/// with the path, and shows no content.
pub(super) fn read(path: &Path) -> Result<(String, Metadata), ReadError> {
    let shown = path.display().to_string();
    let shown = visible(&shown);
    let unreadable = |error: std::io::Error| ReadError {
        missing: error.kind() == ErrorKind::NotFound,
        why: format!("{shown}: {error}"),
    };
    let refuse = |why: &str| ReadError { missing: false, why: format!("{shown}: {why}") };
    // Before opening: opening a fifo would wait for its writer.
    let kind = std::fs::metadata(path).map_err(unreadable)?.file_type();
    if !kind.is_file() && path != Path::new("/dev/null") {
        return Err(refuse("not a regular file"));
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refuse("larger than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| refuse("not UTF-8"))?;
    Ok((text, metadata))
}

/// Why a file could not be read.
pub(super) struct ReadError {
    pub missing: bool,
    pub why: String,
}

/// The `chmod` line for a file that others than its owner may use.
///
/// What systemd puts into `$CREDENTIALS_DIRECTORY` is exempt: it is readable
/// through an ACL, whose mask shows up as the group's bits, in a directory
/// that is closed to others.
pub(super) fn too_open(path: &Path, metadata: &Metadata, env: &Env) -> Option<String> {
    let credentials = env.get("CREDENTIALS_DIRECTORY");
    let open = metadata.is_file()
        && metadata.permissions().mode() & 0o077 != 0
        && !credentials.is_some_and(|directory| path.starts_with(directory));
    open.then(|| format!("chmod 600 {}", visible(&path.display().to_string())))
}

/// The first line of a file that only its owner can read, trimmed.
pub(super) fn first_line(path: &Path, env: &Env, insecure: bool) -> Result<String, String> {
    let (text, metadata) = read(path).map_err(|error| error.why)?;
    let shown = path.display().to_string();
    if let Some(chmod) = too_open(path, &metadata, env).filter(|_| !insecure) {
        return Err(format!("{}: others can read this secret: {chmod}", visible(&shown)));
    }
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(format!("{}: the first line is empty", visible(&shown))),
    }
}
