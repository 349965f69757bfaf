//! Text from a file or standard input, within limits of size and time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use crate::domain::Problem;

/// Far more than any platform takes, far less than memory.
const BYTES_MAX: u64 = 1024 * 1024;

/// Reads a whole text; `-` means standard input.
///
/// # Errors
/// The file is missing, unreadable, no text, too large, or does not end in
/// time: the problem names `field`.
pub(super) fn read_text(field: &str, path: &Path, timeout: Duration) -> Result<String, Problem> {
    let problem = |why: String| Problem::new(field, why).value(path.display().to_string());
    let is_stdin = path == Path::new("-");
    if !is_stdin {
        let metadata = std::fs::metadata(path).map_err(|error| problem(reason(&error)))?;
        if metadata.is_dir() {
            return Err(problem("is a directory".to_owned()));
        }
        if metadata.len() > BYTES_MAX {
            return Err(problem(too_large()));
        }
    }
    // On a thread of its own: opening or reading a pipe cannot be interrupted.
    let (send, received) = mpsc::channel();
    let file = path.to_owned();
    std::thread::spawn(move || {
        let read =
            if is_stdin { read_all(io::stdin()) } else { File::open(file).and_then(read_all) };
        // After the time limit there is no receiver any longer.
        let _ = send.send(read);
    });
    let bytes = match received.recv_timeout(timeout) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(problem(reason(&error))),
        Err(_) => {
            return Err(problem("did not end in time".to_owned())
                .hint("close the input, or give more --timeout"));
        }
    };
    if bytes.len() as u64 > BYTES_MAX {
        return Err(problem(too_large()));
    }
    String::from_utf8(bytes).map_err(|_| problem("is not UTF-8 text".to_owned()))
}

fn too_large() -> String {
    format!("is larger than {} KiB", BYTES_MAX / 1024)
}

/// The system's words without Rust's "(os error 2)".
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn read_all(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is too much.
    source.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
