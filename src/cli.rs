//! The clap tree: global flags, the list of commands, and the dispatch.

use std::ffi::OsString;
use std::fs::File;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands;
use crate::commands::args::word;
use crate::config::{
    ColorWhen, Early, Env, Flags, Settings, Terminals, typed_flags, with_environment,
};
use crate::context::Context;
use crate::domain::when::{Zone, parse_zone};
use crate::domain::{CompanyId, InstanceId, duration};
use crate::exit::{self, CommandError, Exit, Explained, Fault};
use crate::logging::{LogFormat, Logging};
use crate::output::{Format, Printer};

/// Schedule social-media posts and publish them at most once.
///
/// Posts wait in a database queue; workers publish them to Facebook Pages,
/// Instagram and LinkedIn. Every long flag --foo-bar can also be given as the
/// variable SOCIALSCHED_FOO_BAR; a flag wins over its variable, and both win
/// over the configuration file.
#[derive(Parser)]
#[command(
    name = "socialsched",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_long_help = EXIT_CODES
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// Printed at the end of the program's own help and manual page.
const EXIT_CODES: &str = "Exit codes:
    0  done, or nothing to do
    1  internal error
    2  bad input
    3  not found, or an ambiguous beginning of an id
    4  wrong state, or a conflict
    5  set-up: configuration, schema, credentials
    6  database not available: nothing was changed, try again
    7  a platform refused
    8  a check found a problem
  130  interrupted by SIGINT
  143  ended by SIGTERM";

/// Flags of every command. `-h` leaves out the rarer ones.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Database: sqlite:///path/to/file, mysql://… or postgres://user@host/name
    ///
    /// Also read from SOCIALSCHED_DATABASE_URL_FILE and DATABASE_URL. Default: a
    /// file in the user's data directory.
    #[arg(long, value_name = "URL", global = true, hide_env_values = true)]
    database_url: Option<String>,
    /// Refuse any database but the one with this id
    ///
    /// Keeps a worker away from a database that was configured by mistake.
    /// queue-status shows the id, which a copy shares until it is given its own.
    #[arg(long, value_name = "UUID", global = true, hide_short_help = true)]
    expect_instance: Option<InstanceId>,
    /// Configuration file instead of the user's and the system's
    ///
    /// Default: $XDG_CONFIG_HOME/socialsched/config.toml over
    /// /etc/socialsched/config.toml, where they exist.
    #[arg(short, long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Accept files with secrets that others can read
    #[arg(long, global = true, hide_short_help = true)]
    insecure_config: bool,
    /// Company whose accounts, clients and posts the command works on
    ///
    /// Needed by every command that reads or writes them: unset never means all
    /// companies.
    #[arg(short = 'C', long, value_name = "UUID", global = true)]
    company: Option<CompanyId>,
    /// Output format [default: table on a terminal, else tsv]
    ///
    /// jsonl prints a JSON document per line, id the bare ids for xargs.
    #[arg(short, long, value_name = "FMT", global = true, value_parser = word::<Format>(Format::ALL.iter().map(|f| f.as_str())))]
    output: Option<Format>,
    /// Same as -o json
    #[arg(long, global = true)]
    json: bool,
    /// Time zone in which civil times are read and shown [default: UTC]
    ///
    /// A name such as Europe/Paris. Times in JSON are always in UTC.
    #[arg(long, value_name = "ZONE", global = true, value_parser = zone)]
    tz: Option<Zone>,
    /// When to use colour [default: auto]
    #[arg(long, value_name = "WHEN", global = true, hide_short_help = true, value_parser = word::<ColorWhen>(ColorWhen::ALL.iter().map(|w| w.as_str())))]
    color: Option<ColorWhen>,
    /// Print less
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Print more; twice for everything
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// Log format on standard error [default: text on a terminal, else json]
    ///
    /// SOCIALSCHED_LOG holds a filter instead of -q and -v, such as
    /// socialsched=debug.
    #[arg(long, value_name = "FMT", global = true, hide_short_help = true, value_parser = word::<LogFormat>(LogFormat::ALL.iter().map(|f| f.as_str())))]
    log_format: Option<LogFormat>,
    /// Answer every confirmation with yes
    #[arg(short, long, global = true)]
    yes: bool,
    /// Never ask; fail where an answer is needed
    #[arg(long, global = true, hide_short_help = true)]
    no_input: bool,
    /// Check and show what would happen, change nothing
    #[arg(short = 'n', long, global = true)]
    dry_run: bool,
    /// How long to wait for the database [default: 10s]
    #[arg(long, value_name = "DUR", global = true, hide_short_help = true, value_parser = duration::parse_duration)]
    timeout: Option<Duration>,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Schedule(Box<commands::schedule::ScheduleArgs>),
    List(commands::list::ListArgs),
    Show(commands::show::ShowArgs),
    Cancel(commands::cancel::CancelArgs),
    Reschedule(commands::reschedule::RescheduleArgs),
    Retry(commands::retry::RetryArgs),
    Accounts(commands::accounts::AccountsArgs),
    Clients(commands::clients::ClientsArgs),
    QueueStatus(commands::queue_status::QueueStatusArgs),
    Recover(commands::recover::RecoverArgs),
    RunWorker(Box<commands::run_worker::RunWorkerArgs>),
    Migrate(commands::migrate::MigrateArgs),
    Sandbox(commands::sandbox::SandboxArgs),
    Demo(commands::demo::DemoArgs),
    Simulate(commands::simulate::SimulateArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

impl Command {
    async fn run(self, context: &Context) -> Result<Exit, CommandError> {
        match self {
            Self::Schedule(args) => args.run(context).await,
            Self::List(args) => args.run(context).await,
            Self::Show(args) => args.run(context).await,
            Self::Cancel(args) => args.run(context).await,
            Self::Reschedule(args) => args.run(context).await,
            Self::Retry(args) => args.run(context).await,
            Self::Accounts(args) => args.run(context).await,
            Self::Clients(args) => args.run(context).await,
            Self::QueueStatus(args) => args.run(context).await,
            Self::Recover(args) => args.run(context).await,
            Self::RunWorker(args) => args.run(context).await,
            Self::Migrate(args) => args.run(context).await,
            Self::Sandbox(args) => args.run(context).await,
            Self::Demo(args) => args.run(context).await,
            Self::Simulate(args) => args.run(context).await,
            Self::Completions(args) => args.run(context, tree()),
            Self::Man(args) => args.run(context, tree()),
        }
    }
}

/// The whole command tree, with the variables of this environment.
fn command(env: &Env) -> clap::Command {
    with_environment(Cli::command(), env)
}

/// The command tree as completions and manual pages show it: the same on every machine,
/// with an empty environment.
#[must_use]
pub fn tree() -> clap::Command {
    command(&Env::of([]))
}

/// Runs the program.
#[must_use]
pub fn main() -> Exit {
    exit::install_panic_hook();
    exit::guard(|| run(std::env::args_os().collect()))
}

fn run(args: Vec<OsString>) -> Exit {
    let env = Env::real();
    let terminals = Terminals::detect();
    let early = Early::peek(&args, &env);
    // Errors before the settings are known are shown as far as the arguments tell.
    let refuse = |explained: &Explained| {
        let format = early.output.unwrap_or(Format::Table);
        Printer::new(format, false, terminals.screen(early.color)).failure(explained)
    };
    let command = command(&env).color(early.clap_color());
    let command = if is_short_help(&args) { without_variables(command) } else { command };
    let cli = command
        .try_get_matches_from(&args)
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, typed_flags(&matches))));
    let (cli, typed) = match cli {
        Ok(read) => read,
        Err(error) => {
            return match exit::from_clap(&error, &args) {
                Some(explained) => refuse(&explained),
                // Help and version; a closed pipe is no error.
                None => error.print().map_or(Exit::Success, |()| Exit::Success),
            };
        }
    };
    let dry_run = cli.global.dry_run;
    let flags = cli.global.flags(typed);
    let settings = match Settings::resolve(flags, &env, terminals) {
        Ok(settings) => settings,
        Err(error) => return refuse(&Explained::from(&error)),
    };
    let context = Context::new(settings, env, dry_run);
    finish(&context, start(&context, cli.command))
}

/// Without arguments clap shows the short help too.
fn is_short_help(args: &[OsString]) -> bool {
    args.len() <= 1 || args.iter().any(|arg| arg == "-h")
}

/// Variables are named after their flags: a summary need not repeat them.
fn without_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| arg.hide_env(true)).mut_subcommands(without_variables)
}

/// Starts logging and the runtime, and runs the command on it.
fn start(context: &Context, command: Command) -> Result<Exit, CommandError> {
    let settings = &context.settings;
    Logging {
        format: settings.log_format,
        filter: settings.log.as_deref(),
        quiet: settings.quiet,
        verbose: settings.verbose,
        color: settings.screen.stderr_color,
    }
    .start(context.printer.bars())?;
    find_handles().map_err(|error| {
        Fault::unavailable(format!("out of file handles: {error}"))
            .code("out_of_resources")
            .hint("nothing was changed; try again, or raise the limit (ulimit -n)")
    })?;
    // Of one thread: jobs wait for platforms and databases far more than they
    // compute, and with more of them the runtime stands still for ever where the
    // system gives it some of its threads and not the others.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Boxed, so that the largest command does not live on the stack.
    let work: std::pin::Pin<Box<dyn Future<Output = _>>> = Box::pin(command.run(context));
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// Fails where the runtime would panic instead: when it does not get its handles
/// for signals, timers and waits.
fn find_handles() -> std::io::Result<()> {
    const HANDLES: usize = 8;
    let handles: std::io::Result<Vec<File>> =
        (0..HANDLES).map(|_| File::open("/dev/null")).collect();
    handles.map(drop)
}

fn finish(context: &Context, result: Result<Exit, CommandError>) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(error) => context.printer.failure(&context.explain(&error)),
    }
}

impl GlobalArgs {
    fn flags(self, typed: Vec<(&'static str, Option<String>)>) -> Flags {
        Flags {
            database_url: self.database_url,
            typed,
            expect_instance: self.expect_instance,
            config: self.config,
            insecure_config: self.insecure_config,
            company: self.company,
            output: self.output,
            json: self.json,
            tz: self.tz,
            color: self.color,
            quiet: self.quiet,
            verbose: self.verbose,
            log_format: self.log_format,
            yes: self.yes,
            no_input: self.no_input,
            timeout: self.timeout,
        }
    }
}

fn zone(text: &str) -> Result<Zone, String> {
    parse_zone(text).map_err(|error| format!("{error}; {}", error.hint()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each command line says anew: how much it shows, and what it may do
    /// without asking.
    const OWN: [&str; 9] =
        ["output", "json", "color", "quiet", "verbose", "log-format", "yes", "no-input", "dry-run"];

    #[test]
    fn other_global_flags_repeat_in_printed_commands() {
        let command = Cli::command();
        let mut args = vec!["socialsched".to_owned(), "list".to_owned()];
        let mut wanted = Vec::new();
        for arg in command.get_arguments().filter(|arg| arg.is_global_set()) {
            let long = arg.get_long().unwrap();
            if OWN.contains(&long) {
                continue;
            }
            let value = match long {
                "company" | "expect-instance" => "11111111-1111-4111-8111-111111111111",
                "tz" => "UTC",
                "timeout" => "9s",
                _ => "x",
            };
            let value = arg.get_action().takes_values().then(|| value.to_owned());
            args.push(format!("--{long}"));
            args.extend(value.clone());
            wanted.push((format!("--{long}"), value));
        }
        let matches = command.try_get_matches_from(args).unwrap();
        let typed = typed_flags(&matches).into_iter().map(|(flag, value)| (flag.to_owned(), value));
        assert_eq!(typed.collect::<Vec<_>>(), wanted);
    }
}
