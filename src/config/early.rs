//! What has to be known before the command line is parsed, and how the
//! colour is decided.

use std::ffi::OsString;
use std::io::IsTerminal;

use rustix::termios::tcgetwinsize;

use super::{ColorWhen, Env};
use crate::output::{Format, Screen};

/// What the process's streams are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terminals {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    /// Columns of the terminal on standard output.
    pub width: Option<u16>,
}

impl Terminals {
    /// Looks at the process's own streams.
    #[must_use]
    pub fn detect() -> Self {
        Self {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
            width: tcgetwinsize(std::io::stdout())
                .ok()
                .map(|size| size.ws_col)
                .filter(|columns| *columns > 0),
        }
    }

    /// The streams with their colour decided.
    #[must_use]
    pub fn screen(self, color: ColorWhen) -> Screen {
        Screen {
            stdin_terminal: self.stdin,
            stdout_terminal: self.stdout,
            stderr_terminal: self.stderr,
            width: self.width,
            stdout_color: color.on(self.stdout),
            stderr_color: color.on(self.stderr),
        }
    }
}

/// How an error of the command line itself is shown, and help is coloured:
/// read from the raw arguments and the environment, before clap parses them.
/// Configuration files do not count yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Early {
    pub output: Option<Format>,
    pub color: ColorWhen,
}

impl Early {
    /// Peeks at the arguments; nonsense is left for clap to refuse.
    #[must_use]
    pub fn peek(args: &[OsString], env: &Env) -> Self {
        let json = args_before_dashes(args).any(|arg| arg == "--json");
        let variable = |name| env.get(name).and_then(|value| value.into_string().ok());
        let output =
            value_of(args, "--output", Some("-o")).or_else(|| variable("SOCIALSCHED_OUTPUT"));
        let color = value_of(args, "--color", None).or_else(|| variable("SOCIALSCHED_COLOR"));
        let color = color.and_then(|word| word.parse().ok());
        Self {
            output: if json {
                Some(Format::Json)
            } else {
                output.and_then(|word| word.parse().ok())
            },
            color: decide_color(color, None, env),
        }
    }

    /// The decision in clap's words.
    #[must_use]
    pub fn clap_color(self) -> clap::ColorChoice {
        match self.color {
            ColorWhen::Auto => clap::ColorChoice::Auto,
            ColorWhen::Always => clap::ColorChoice::Always,
            ColorWhen::Never => clap::ColorChoice::Never,
        }
    }
}

fn args_before_dashes(args: &[OsString]) -> impl Iterator<Item = &str> {
    args.iter().map_while(|arg| (arg != "--").then(|| arg.to_str().unwrap_or_default()))
}

/// The last value of a flag: `--name X`, `--name=X`, `-nX`, `-n X`.
fn value_of(args: &[OsString], long: &str, short: Option<&str>) -> Option<String> {
    let mut found = None;
    let mut args = args_before_dashes(args);
    while let Some(arg) = args.next() {
        if arg == long || Some(arg) == short {
            found = args.next();
        } else if let Some(value) = arg.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')) {
            found = Some(value);
        } else if let Some(value) = short.and_then(|short| arg.strip_prefix(short)) {
            found = Some(value.trim_start_matches('='));
        }
    }
    found.map(str::to_owned)
}

/// The one colour decision: the flag (or `SOCIALSCHED_COLOR`); then `NO_COLOR`,
/// `CLICOLOR_FORCE` and `CLICOLOR`; then the file; then a dumb terminal.
/// `Auto` leaves it to each stream being a terminal.
pub(super) fn decide_color(
    flag: Option<ColorWhen>,
    file: Option<ColorWhen>,
    env: &Env,
) -> ColorWhen {
    if let Some(ColorWhen::Always | ColorWhen::Never) = flag {
        return flag.unwrap_or(ColorWhen::Auto);
    }
    if env.get("NO_COLOR").is_some() {
        return ColorWhen::Never;
    }
    if env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return ColorWhen::Always;
    }
    if env.get("CLICOLOR").is_some_and(|value| value == "0") {
        return ColorWhen::Never;
    }
    match file.filter(|_| flag.is_none()) {
        Some(when @ (ColorWhen::Always | ColorWhen::Never)) => when,
        _ if env.get("TERM").is_some_and(|term| term == "dumb") => ColorWhen::Never,
        _ => ColorWhen::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColorWhen::{Always, Auto, Never};

    /// Colour is decided by the flag, then the variables, then the file, then
    /// the terminal.
    #[test]
    fn colour_sources_have_a_fixed_order() {
        for (flag, file, variables, expected) in [
            (None, None, &[][..], Auto),
            (None, None, &[("NO_COLOR", "1")], Never),
            (None, None, &[("NO_COLOR", "")], Auto),
            (None, None, &[("CLICOLOR", "0")], Never),
            (None, None, &[("CLICOLOR", "1")], Auto),
            (None, None, &[("CLICOLOR_FORCE", "1")], Always),
            (None, None, &[("CLICOLOR_FORCE", "0")], Auto),
            (None, None, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], Never),
            (None, None, &[("TERM", "dumb")], Never),
            (Some(Always), None, &[("NO_COLOR", "1"), ("TERM", "dumb")], Always),
            (Some(Never), Some(Always), &[("CLICOLOR_FORCE", "1")], Never),
            (None, Some(Always), &[("NO_COLOR", "1")], Never),
            (None, Some(Always), &[("TERM", "dumb")], Always),
            (Some(Auto), Some(Always), &[], Auto),
        ] {
            let env = Env::of(variables.iter().copied());
            assert_eq!(decide_color(flag, file, &env), expected, "{flag:?} {file:?} {variables:?}");
        }
    }

    #[test]
    fn auto_colours_only_the_streams_that_are_terminals() {
        let terminals = Terminals { stdout: false, stderr: true, ..Terminals::default() };
        let screen = terminals.screen(Auto);
        assert!(!screen.stdout_color && screen.stderr_color);
        assert!(terminals.screen(Always).stdout_color);
    }

    /// JSON output is recognised before the command line is parsed.
    #[test]
    fn json_is_recognised_before_parsing() {
        for (args, variable, expected) in [
            (&["list", "--json"][..], "", Some(Format::Json)),
            (&["list", "-o", "json"], "", Some(Format::Json)),
            (&["list", "-ojson"], "", Some(Format::Json)),
            (&["list", "--output=jsonl"], "csv", Some(Format::Jsonl)),
            (&["list", "--bogus"], "json", Some(Format::Json)),
            (&["list", "--", "--json"], "", None),
            (&["list", "-o", "yaml"], "", None),
            (&["list"], "", None),
        ] {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let env = Env::of([("SOCIALSCHED_OUTPUT", variable)]);
            assert_eq!(Early::peek(&args, &env).output, expected, "{args:?} {variable}");
        }
    }
}
