//! The only reader of the environment and of configuration files.
//!
//! Precedence: flag, environment, user's file, system's file, default.
//! Flags get their `SOCIALSCHED_` variables through `with_environment`, so
//! that clap has merged the first two before `Settings::resolve` runs.

mod color;
mod database_url;
mod early;
mod env;
mod file;
mod flags;
mod program;
mod secret_file;
mod tokens;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use color::ColorWhen;
pub(crate) use database_url::DatabaseUrl;
pub(crate) use early::{Early, Terminals};
pub use env::Env;
pub(crate) use file::RunWorker;
pub(crate) use flags::{typed_flags, with_environment};
pub(crate) use program::Program;
pub(crate) use tokens::{Tokens, variable_of_platform};

use crate::domain::when::Zone;
use crate::domain::{CompanyId, Gateway, InstanceId, Problem, Problems};
use crate::exit::{CommandError, Fault};
use crate::logging::LogFormat;
use crate::output::{Format, Screen};
use file::FileConfig;

/// How long a one-shot command waits for the database, unless configured otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The global flags as clap read them, variables included.
///
/// Not `Debug`: the database URL may hold a password.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    pub database_url: Option<String>,
    /// What of it the command line itself has, not only a variable: see [`typed_flags`].
    pub typed: Vec<(&'static str, Option<String>)>,
    /// The only database that may be opened.
    pub expect_instance: Option<InstanceId>,
    pub config: Option<PathBuf>,
    /// Accept files with secrets that others can read.
    pub insecure_config: bool,
    pub company: Option<CompanyId>,
    pub output: Option<Format>,
    pub json: bool,
    pub tz: Option<Zone>,
    pub color: Option<ColorWhen>,
    pub quiet: bool,
    pub verbose: u8,
    pub log_format: Option<LogFormat>,
    pub yes: bool,
    pub no_input: bool,
    pub timeout: Option<Duration>,
}

impl Flags {
    fn is_typed(&self, flag: &str) -> bool {
        self.typed.iter().any(|(typed, _)| *typed == flag)
    }
}

/// Everything that a run is given from outside, decided once.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub database_url: DatabaseUrl,
    /// The command line itself names it: no variable, file or default does.
    pub database_is_typed: bool,
    /// What names it instead, a variable or the file; `None` for the default.
    pub database_named_by: Option<&'static str>,
    /// How commands begin that are printed.
    pub program: Program,
    /// The only database that may be opened.
    pub expect_instance: Option<InstanceId>,
    /// Unset never means "all companies".
    pub company: Option<CompanyId>,
    /// How civil times are read and shown.
    pub tz: Zone,
    pub output: Format,
    pub screen: Screen,
    pub quiet: bool,
    /// How many `-v`.
    pub verbose: u8,
    pub log_format: LogFormat,
    /// A filter in the syntax of tracing's `EnvFilter`, instead of `-q`/`-v`.
    pub log: Option<String>,
    pub yes: bool,
    pub no_input: bool,
    /// Limit of one-shot commands for connecting and for each statement.
    pub timeout: Duration,
    pub insecure_config: bool,
    /// Where every platform call goes instead: a sandbox on this machine.
    pub gateway: Option<Gateway>,
    /// Media URLs may point at private addresses.
    pub allow_private_media: bool,
    /// The `[run-worker]` table: what its flags fall back to.
    pub run_worker: RunWorker,
    /// The `[facebook]` table.
    pub facebook: file::Facebook,
    /// `[linkedin] version`, such as `202601`.
    pub linkedin_version: Option<String>,
}

impl Settings {
    /// Merges all sources.
    ///
    /// # Errors
    /// [`Problems`] for a bad flag or variable (exit 2); [`Fault`] for a file
    /// that is missing, unreadable, wrong or open to others (exit 5).
    pub fn resolve(flags: Flags, env: &Env, terminals: Terminals) -> Result<Self, CommandError> {
        let file = FileConfig::load(flags.config.as_deref(), env, flags.insecure_config)?;
        let (database_url, database_named_by) = database_url(&flags, env, file.database_url)?;
        let color = early::decide_color(flags.color, file.color, env);
        let output = if flags.json { Some(Format::Json) } else { flags.output };
        let by_terminal = if terminals.stdout { Format::Table } else { Format::Tsv };
        // One decision, so that -v on the command line beats quiet in a file.
        let (quiet, verbose) = if flags.quiet || flags.verbose > 0 {
            (flags.quiet, flags.verbose)
        } else {
            (file.quiet.unwrap_or_default(), file.verbose.unwrap_or_default())
        };
        let log_format = flags.log_format.or(file.log_format);
        let program = Program::new(flags.typed.clone(), &database_url);
        Ok(Self {
            database_url,
            database_named_by,
            program,
            database_is_typed: flags.is_typed(program::DATABASE_URL),
            expect_instance: flags.expect_instance.or(file.expect_instance),
            company: flags.company.or(file.company),
            tz: flags.tz.or(file.tz).unwrap_or_else(Zone::utc),
            output: output.or(file.output).unwrap_or(by_terminal),
            screen: terminals.screen(color),
            quiet,
            verbose,
            log_format: log_format.unwrap_or_else(|| LogFormat::default_for(terminals.stderr)),
            log: env.text("SOCIALSCHED_LOG")?.or(file.log),
            yes: flags.yes,
            no_input: flags.no_input,
            timeout: flags.timeout.or(file.timeout).unwrap_or(TIMEOUT),
            insecure_config: flags.insecure_config,
            gateway: gateway(env)?,
            allow_private_media: env.boolean("SOCIALSCHED_ALLOW_PRIVATE_MEDIA")?,
            run_worker: file.run_worker,
            facebook: file.facebook,
            linkedin_version: file.linkedin.version,
        })
    }

    /// The company, for a command that cannot do without.
    ///
    /// # Errors
    /// Exit 2 when none was named anywhere.
    pub fn require_company(&self) -> Result<CompanyId, Problems> {
        self.company.ok_or_else(|| {
            Problem::new("--company", "which company? none is named")
                .hint("pass --company UUID, or set SOCIALSCHED_COMPANY, or company in the config file")
                .into()
        })
    }

    /// The reader of access tokens.
    #[must_use]
    pub fn tokens(&self, env: &Env) -> Tokens {
        Tokens::new(env.clone(), self.insecure_config)
    }
}

/// Flag or `SOCIALSCHED_DATABASE_URL`, `SOCIALSCHED_DATABASE_URL_FILE`,
/// `DATABASE_URL`, file, default; and which of them it was, when no flag or default.
fn database_url(
    flags: &Flags,
    env: &Env,
    from_file: Option<DatabaseUrl>,
) -> Result<(DatabaseUrl, Option<&'static str>), CommandError> {
    const VARIABLE: &str = "SOCIALSCHED_DATABASE_URL";
    const FILE: &str = "SOCIALSCHED_DATABASE_URL_FILE";
    let read = |name: &str, text: &str| {
        text.parse::<DatabaseUrl>()
            .map_err(|why| Problems::from(Problem::new(name, why.to_string()).hint(why.hint())))
    };
    if let Some(text) = &flags.database_url {
        let named_by = (!flags.is_typed(program::DATABASE_URL)).then_some(VARIABLE);
        return Ok((read("--database-url", text)?, named_by));
    }
    if let Some(path) = env.text(FILE)? {
        let text = secret_file::first_line(path.as_ref(), env, flags.insecure_config)
            .map_err(|why| Fault::setup(format!("{FILE}: {why}")).code("credentials"))?;
        return Ok((read(FILE, &text)?, Some(FILE)));
    }
    if let Some(text) = env.text("DATABASE_URL")? {
        return Ok((read("DATABASE_URL", &text)?, Some("DATABASE_URL")));
    }
    if let Some(url) = from_file {
        return Ok((url, Some("database_url of the configuration file")));
    }
    let data = env.data_dir().ok_or_else(|| {
        Fault::setup("no home directory to keep the database in").hint("pass --database-url")
    })?;
    Ok((DatabaseUrl::sqlite(&data.join("socialsched").join("socialsched.db")), None))
}

/// The sandbox's address.
fn gateway(env: &Env) -> Result<Option<Gateway>, Problems> {
    const NAME: &str = "SOCIALSCHED_PLATFORM_GATEWAY";
    let Some(text) = env.text(NAME)? else { return Ok(None) };
    let gateway = Gateway::parse(&text)
        .map_err(|what| Problem::new(NAME, what).hint("http://127.0.0.1:PORT"))?;
    Ok(Some(gateway))
}

#[cfg(test)]
mod tests;
