//! Gives every flag its environment variable.

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::Env;

/// Walks the command tree and gives every long flag `--foo-bar` the variable
/// `SOCIALSCHED_FOO_BAR`, except `--help` and `--version`.
///
/// Values of variables never appear in help texts: one of them is the
/// database URL. Switches accept 1/0, true/false, yes/no and on/off. A
/// variable that is set to nothing counts as unset, which clap alone would
/// refuse. The values themselves are read by clap from the process.
#[must_use]
pub fn with_environment(command: Command, env: &Env) -> Command {
    command
        .mut_args(|arg| match variable_of(&arg) {
            Some(variable) => with_variable(arg, variable, env),
            None => arg,
        })
        .mut_subcommands(|command| with_environment(command, env))
}

/// The variable of a flag, when it has one.
#[must_use]
pub fn variable_of(arg: &Arg) -> Option<String> {
    let long = arg.get_long()?;
    let informs = matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    ) || matches!(long, "help" | "version");
    (!informs).then(|| format!("SOCIALSCHED_{}", long.to_uppercase().replace('-', "_")))
}

/// The global flags that decide what a command does, and where. The others say
/// how much it shows, and what it may do without asking: that is for each
/// command to say anew.
const DECIDING: [(&str, &str); 7] = [
    ("database_url", super::program::DATABASE_URL),
    ("expect_instance", "--expect-instance"),
    ("config", "--config"),
    ("insecure_config", "--insecure-config"),
    ("company", "--company"),
    ("tz", "--tz"),
    ("timeout", "--timeout"),
];

/// Those of them that the command line itself has, as they were typed; what
/// variables and files say holds for the next command, too.
#[must_use]
pub fn typed_flags(matches: &ArgMatches) -> Vec<(&'static str, Option<String>)> {
    let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let typed = DECIDING.into_iter().filter(|(id, _)| is_typed(id));
    typed
        .map(|(id, flag)| {
            let is_switch = matches.try_get_one::<bool>(id).is_ok();
            let value = matches.get_raw(id).and_then(Iterator::last).filter(|_| !is_switch);
            (flag, value.map(|value| value.to_string_lossy().into_owned()))
        })
        .collect()
}

fn with_variable(arg: Arg, variable: String, env: &Env) -> Arg {
    let arg = match arg.get_action() {
        ArgAction::SetTrue | ArgAction::SetFalse => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    let arg = arg.hide_env_values(true);
    if env.is_empty(&variable) { arg } else { arg.env(variable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Command {
        let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
        Command::new("socialsched")
            .version("1")
            .arg(Arg::new("database-url").long("database-url").global(true))
            .arg(switch("yes"))
            .arg(Arg::new("verbose").short('v').long("verbose").action(ArgAction::Count))
            .subcommand(
                Command::new("accounts").subcommand(
                    Command::new("add")
                        .arg(switch("dry-run"))
                        .arg(Arg::new("token-env").long("token-env"))
                        .arg(Arg::new("id")),
                ),
            )
    }

    fn walk(command: &Command, visit: &mut impl FnMut(&Arg)) {
        command.get_arguments().for_each(&mut *visit);
        command.get_subcommands().for_each(|command| walk(command, visit));
    }

    /// Every long flag has its variable, and the help hides the variable's
    /// value.
    #[test]
    fn every_long_flag_has_variable_with_hidden_value() {
        let mut command = with_environment(sample(), &Env::of([]));
        command.build();
        let mut seen = Vec::new();
        walk(&command, &mut |arg| {
            let env = arg.get_env().map(|name| name.to_string_lossy().into_owned());
            assert_eq!(env, variable_of(arg), "{}", arg.get_id());
            assert!(env.is_none() || arg.is_hide_env_values_set());
            seen.extend(env);
        });
        for name in ["DATABASE_URL", "YES", "VERBOSE", "DRY_RUN", "TOKEN_ENV"] {
            assert!(seen.contains(&format!("SOCIALSCHED_{name}")), "{name}: {seen:?}");
        }
        assert!(!seen.iter().any(|name| name.contains("HELP") || name.contains("VERSION")));
    }

    #[test]
    fn an_empty_variable_is_not_attached() {
        let env = Env::of([("SOCIALSCHED_YES", "")]);
        let command = with_environment(sample(), &env);
        let yes = command.get_arguments().find(|arg| arg.get_id() == "yes").unwrap();
        assert_eq!(yes.get_env(), None);
    }

    /// Runs `child_parses` in a process with these variables.
    fn parse_with(variables: &[(&str, &str)]) -> String {
        let child = "config::flags::tests::child_parses";
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        test.args([child, "--exact", "--ignored", "--nocapture"]).envs(variables.iter().copied());
        String::from_utf8(test.output().unwrap().stdout).unwrap()
    }

    #[test]
    #[ignore = "started by the tests below"]
    fn child_parses() {
        use std::io::Write;
        let command = with_environment(sample(), &Env::real());
        let result = match command.clone().try_get_matches_from(["socialsched"]) {
            Ok(matches) => {
                let url = matches.get_one::<String>("database-url");
                format!(
                    "yes={} v={} url={url:?}",
                    matches.get_flag("yes"),
                    matches.get_count("verbose")
                )
            }
            Err(error) => format!("refused: {}", error.render()),
        };
        let help = command.clone().render_long_help();
        writeln!(std::io::stdout(), "{result}\n{help}").unwrap();
    }

    /// Switches accept the usual words; an empty value counts as unset.
    #[test]
    fn switches_accept_usual_words_and_empty() {
        for (word, yes) in [("1", true), ("0", false), ("true", true), ("no", false), ("", false)] {
            let shown = parse_with(&[("SOCIALSCHED_YES", word)]);
            assert!(shown.contains(&format!("yes={yes} v=0 url=None")), "{word:?}: {shown}");
        }
        assert!(parse_with(&[("SOCIALSCHED_YES", "maybe")]).contains("refused:"));
        assert!(parse_with(&[("SOCIALSCHED_VERBOSE", "2")]).contains("v=2"));
    }

    #[test]
    fn help_never_shows_the_database_url() {
        let shown = parse_with(&[("SOCIALSCHED_DATABASE_URL", "postgres://me:canary@db/app")]);
        let (result, help) = shown.split_once("Usage:").unwrap();
        assert!(result.contains("canary"), "the variable was read: {result}");
        assert!(help.contains("SOCIALSCHED_DATABASE_URL") && !help.contains("canary"), "{help}");
    }
}
