//! A panic is a bug: one line that shows no values, and exit 1.

use std::io::Write;
use std::panic::{AssertUnwindSafe, Location, PanicHookInfo, catch_unwind, set_hook};

use super::Exit;

/// Replaces the panic message by one line that names only the place: the
/// message of a panic may hold a caption or a secret, and a backtrace does
/// not help a person who runs this from cron. Never panics itself, also not on a closed
/// standard error.
pub fn install_panic_hook() {
    set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let _ = writeln!(std::io::stderr(), "{}", line(info.location()));
    }));
}

/// Runs the program; a panic that was not caught on the way ends in exit 1.
pub fn guard(run: impl FnOnce() -> Exit) -> Exit {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Exit::Internal)
}

fn line(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(
        || "an unknown place".to_owned(),
        |at| format!("{}:{}", in_crate(at.file()), at.line()),
    );
    format!(
        "error: bug in socialsched at {place}: please report this line (SOCIALSCHED {})",
        env!("CARGO_PKG_VERSION")
    )
}

/// The path without the directories of the machine that built the program.
fn in_crate(file: &str) -> &str {
    let root = file.rfind("/src/").map_or(0, |src| file[..src].rfind('/').map_or(0, |at| at + 1));
    &file[root..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncaught_panic_is_exit_1() {
        assert_eq!(guard(|| Exit::Conflict), Exit::Conflict);
        assert_eq!(guard(|| std::panic::resume_unwind(Box::new("secret"))), Exit::Internal);
    }

    /// **E7**: the panic line names a place in the source and no path of the
    /// machine.
    #[test]
    fn panic_line_names_no_machine_path() {
        let text = line(Some(Location::caller()));
        assert!(text.contains("src/exit/panic.rs:"), "{text}");
        assert_eq!(
            in_crate("/home/me/.cargo/registry/src/x/csv-1.4.0/src/writer.rs"),
            "csv-1.4.0/src/writer.rs"
        );
        assert_eq!(in_crate("src/main.rs"), "src/main.rs");
    }

    #[test]
    #[ignore = "started by the test below"]
    fn child_panics() {
        install_panic_hook();
        assert_eq!(guard(|| panic!("canary-secret")), Exit::Internal);
    }

    /// **E7**: a panic shows neither its message nor a backtrace.
    #[test]
    fn panic_shows_no_message_or_backtrace() {
        let child = "exit::panic::tests::child_panics";
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        test.args([child, "--exact", "--ignored", "--nocapture"]).env("RUST_BACKTRACE", "1");
        let output = test.output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !out.contains("canary"), "{out}");
        assert!(err.starts_with("error: bug in socialsched at src/exit/panic.rs:"), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
}
