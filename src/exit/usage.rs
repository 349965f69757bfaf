//! The errors of the command-line parser, in the same words and formats as
//! every other error.

use std::ffi::OsString;

use clap::error::{ContextKind, ErrorKind};

use super::{Exit, Explained, Fault};

/// Explains a command line that clap refused.
///
/// `None` for `--help` and `--version`, which are no errors: their text goes
/// to standard output and the run ends well. `args` are the process's
/// arguments: clap does not say which of them is not UTF-8.
#[must_use]
pub fn from_clap(error: &clap::Error, args: &[OsString]) -> Option<Explained> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return None;
    }
    if error.kind() == ErrorKind::InvalidUtf8 {
        return Some(not_utf8(args));
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let fault = Fault::new(Exit::Input, "usage", "a command is missing");
        return Some(fault.hint("see socialsched --help").into());
    }
    let rendered = error.render().to_string();
    let mut lines = rendered.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("unusable command line");
    let mut fault = Fault::new(Exit::Input, "usage", first.trim_start_matches("error: "));
    let mut hints = Vec::new();
    for line in lines {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if line.starts_with("For more information") {
            hints.push("see --help".to_owned());
        } else {
            fault.details.push(line.to_owned());
        }
    }
    fault.hint = (!hints.is_empty()).then(|| hints.join("\n"));
    fault.field = match error.get(ContextKind::InvalidArg) {
        Some(clap::error::ContextValue::String(arg)) => arg.split(' ').next().map(str::to_owned),
        _ => None,
    };
    Some(fault.into())
}

/// Names the argument byte by byte, unless it may be a database password.
fn not_utf8(args: &[OsString]) -> Explained {
    let mut before = None;
    for arg in args {
        if arg.to_str().is_none() {
            let bytes = arg.as_encoded_bytes();
            let secret = before == Some("--database-url") || bytes.starts_with(b"--database-url");
            let shown = bytes.escape_ascii().to_string();
            let message = if secret {
                "the value of --database-url is not UTF-8".to_owned()
            } else {
                format!("the argument \"{shown}\" is not UTF-8")
            };
            return Fault::new(Exit::Input, "usage", message).into();
        }
        before = arg.to_str();
    }
    // The value came from a variable.
    Fault::new(Exit::Input, "usage", "a SOCIALSCHED_ variable is not UTF-8").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, Command};

    fn explain(args: &[&str]) -> Option<Explained> {
        explain_os(args.iter().map(OsString::from).collect())
    }

    fn explain_os(args: Vec<OsString>) -> Option<Explained> {
        let command = Command::new("socialsched")
            .version("1")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .arg(Arg::new("output").long("output").value_parser(["table", "json"]))
            .arg(Arg::new("database-url").long("database-url"))
            .subcommand(Command::new("schedule"));
        from_clap(&command.try_get_matches_from(&args).unwrap_err(), &args)
    }

    #[test]
    fn misspelt_word_is_exit_2_with_suggestion() {
        let command = explain(&["socialsched", "shedule"]).unwrap();
        assert_eq!(command.exit, Exit::Input);
        assert!(command.human(false).contains("schedule"), "{}", command.human(false));
        let flag = explain(&["socialsched", "--ouput", "json"]).unwrap();
        assert!(flag.hint.as_deref().unwrap_or_default().contains("--output"), "{flag:?}");
        assert_eq!(flag.field.as_deref(), Some("--ouput"));
    }

    #[test]
    fn help_and_version_are_no_errors() {
        assert_eq!(explain(&["socialsched", "--help"]), None);
        assert_eq!(explain(&["socialsched", "--version"]), None);
        assert_eq!(explain(&["socialsched"]).unwrap().exit, Exit::Input);
    }

    /// An argument that is not UTF-8 is shown byte by byte, unless it is a
    /// database URL.
    #[cfg(unix)]
    #[test]
    fn non_utf8_argument_is_shown_bytewise() {
        use std::os::unix::ffi::OsStringExt;
        let bytes = |text: &[u8]| OsString::from_vec(text.to_vec());
        let plain = vec!["socialsched".into(), "--output".into(), bytes(b"a\xff")];
        assert_eq!(explain_os(plain).unwrap().message, "the argument \"a\\xff\" is not UTF-8");
        let secret = vec!["socialsched".into(), "--database-url".into(), bytes(b"canary\xff")];
        assert!(!explain_os(secret).unwrap().human(false).contains("canary"));
    }
}
