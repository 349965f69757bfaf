//! What a command is given: settings, the screen, and the ways to the
//! database and the platforms.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Env, Settings};
use crate::domain::{
    AccountId, CompanyId, ID_PREFIX_MIN, InstanceId, PostId, Problem, Problems, SocialAccount,
    WorkerId,
};
use crate::exit::{CommandError, Explained, Fault};
use crate::output::{Printer, Prompts};
use crate::platforms::{self, Publishers};
use crate::store::{Found, Location, Store, StoreError};
use crate::worker::{Options, Spool, TokenSource};

/// One run of the program.
pub struct Context {
    pub settings: Settings,
    pub printer: Arc<Printer>,
    pub prompts: Prompts,
    /// Show what would happen, change nothing.
    pub dry_run: bool,
    env: Env,
}

impl Context {
    #[must_use]
    pub fn new(settings: Settings, env: Env, dry_run: bool) -> Self {
        let printer = Arc::new(Printer::new(settings.output, settings.quiet, settings.screen));
        let prompts = Prompts::new(settings.yes, settings.no_input, settings.screen);
        Self { settings, printer, prompts, dry_run, env }
    }

    /// An error as people and scripts see it.
    #[must_use]
    pub fn explain(&self, error: &CommandError) -> Explained {
        let mut explained = Explained::new(error, &self.socialsched());
        if matches!(error, CommandError::Store { .. }) {
            // Which one: with several databases about, the most useful word.
            explained.details.push(format!("database: {}", self.settings.database_url));
        }
        explained
    }

    /// How every command begins that is printed: `socialsched`, with the global
    /// flags of this command line.
    #[must_use]
    pub fn socialsched(&self) -> String {
        self.settings.program.line()
    }

    /// The same for a command about this company, which may be another one than
    /// this run's own.
    #[must_use]
    pub fn socialsched_for(&self, company: CompanyId) -> String {
        if self.settings.company == Some(company) {
            self.socialsched()
        } else {
            self.settings.program.line_for(company)
        }
    }

    /// Where the database is.
    ///
    /// # Errors
    /// An engine that this program does not serve.
    pub fn location(&self) -> Result<Location, StoreError> {
        self.settings.database_url.expose().parse()
    }

    /// Opens the database.
    ///
    /// # Errors
    /// It is missing, has another schema, is away, or is not the expected one.
    pub async fn store(&self) -> Result<Store, StoreError> {
        let store = Store::open(&self.location()?, self.settings.timeout).await?;
        if self.settings.expect_instance.is_some() {
            self.expect(store.instance().await?)?;
        }
        for warning in store.warnings() {
            self.printer.warn(&warning);
        }
        Ok(store)
    }

    /// Refuses another database than the one that `--expect-instance` names.
    ///
    /// # Errors
    /// It is another one.
    pub fn expect(&self, found: InstanceId) -> Result<(), StoreError> {
        match self.settings.expect_instance {
            Some(expected) if expected != found => {
                Err(StoreError::WrongInstance { found, expected })
            }
            _ => Ok(()),
        }
    }

    /// The company of this run.
    ///
    /// # Errors
    /// None was named.
    pub fn company(&self) -> Result<CompanyId, Problems> {
        self.settings.require_company()
    }

    /// The platform clients.
    #[must_use]
    pub fn publishers(&self) -> Publishers {
        let mut settings = platforms::Settings {
            gateway: self.settings.gateway.clone(),
            allow_private_media: self.settings.allow_private_media,
            ..platforms::Settings::default()
        };
        let (facebook, meta) = (&self.settings.facebook, &mut settings.meta);
        if let Some(version) = &facebook.graph_version {
            meta.version.clone_from(version);
        }
        meta.publish_mode = facebook.publish_mode.unwrap_or(meta.publish_mode);
        meta.direct_fallback = facebook.direct_fallback.unwrap_or(meta.direct_fallback);
        meta.video_upload = facebook.video_upload.unwrap_or(meta.video_upload);
        if let Some(version) = &self.settings.linkedin_version {
            settings.linkedin.version.clone_from(version);
        }
        Publishers::new(settings)
    }

    /// The reader of access tokens.
    #[must_use]
    pub fn tokens(&self) -> TokenSource {
        let tokens = self.settings.tokens(&self.env);
        Arc::new(move |account: &SocialAccount| tokens.resolve(account))
    }

    /// The default options of a worker in this process; `name` instead of
    /// host, process id and a random part.
    #[must_use]
    pub fn worker_options(&self, name: Option<&str>) -> Options {
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let pid = std::process::id();
        let id = name.map_or_else(|| WorkerId::new(&host, pid), WorkerId::named);
        let allow_private_media = self.settings.allow_private_media;
        Options { allow_private_media, ..Options::new(id, host, pid) }
    }

    /// Where answers wait that this database could not take: beside a SQLite
    /// file, which its workers can write to anyway. `None`: there is no place.
    ///
    /// # Errors
    /// The database is away.
    pub async fn spool(&self, store: &Store) -> Result<Option<Spool>, StoreError> {
        let beside = match self.location()? {
            Location::Sqlite(path) => {
                let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                Some(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder })
            }
            Location::MySql(_) | Location::Postgres(_) => None,
        };
        let Some(folder) = self.env.state_dir(beside) else { return Ok(None) };
        Ok(Some(Spool::new(folder, store.instance().await?)))
    }

    /// Where throw-away files go.
    #[must_use]
    pub fn temp_dir(&self) -> PathBuf {
        self.env.temp_dir()
    }

    /// The file of this program, to run it again.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn program(&self) -> std::io::Result<PathBuf> {
        Env::program()
    }

    /// Those of these variables that are set, for another process.
    #[must_use]
    pub fn variables(&self, names: &[&str]) -> Vec<(String, OsString)> {
        self.env.some(names)
    }

    /// Who is at the keyboard, for records of decisions.
    #[must_use]
    pub fn actor(&self) -> String {
        let user = ["SUDO_USER", "USER", "LOGNAME"]
            .iter()
            .find_map(|name| self.env.text(name).ok().flatten());
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        format!("{}@{host}", user.unwrap_or_else(|| "unknown".to_owned()))
    }

    /// The post that an id or its beginning names.
    ///
    /// # Errors
    /// Not an id; no such post of the company; more than one.
    pub async fn find_post(
        &self,
        store: &Store,
        company: CompanyId,
        id: &str,
    ) -> Result<PostId, CommandError> {
        let is_prefix = id.len() >= ID_PREFIX_MIN
            && id.len() <= 36
            && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if !is_prefix {
            return Err(Problems::from(
                Problem::new(
                    "ID",
                    format!(
                        "not a post id, nor {ID_PREFIX_MIN} or more characters of its beginning"
                    ),
                )
                .value(id)
                .hint(format!("{} list shows the ids", self.socialsched())),
            )
            .into());
        }
        match store.find_post(company, id).await? {
            Found::One(id) => Ok(id),
            Found::None => Err(Fault::not_found(format!("no post {id} in this company"))
                .hint(format!("{} list shows the ids", self.socialsched()))
                .into()),
            Found::Many(ids) => {
                let ids = ids.iter().map(ToString::to_string).collect();
                Err(Fault::ambiguous(format!("{id} is the beginning of several ids"), ids)
                    .hint("type more characters")
                    .into())
            }
        }
    }

    /// The account that a name, an id or its beginning names.
    ///
    /// # Errors
    /// No such account of the company; more than one.
    pub async fn find_account(
        &self,
        store: &Store,
        company: CompanyId,
        name: &str,
    ) -> Result<SocialAccount, CommandError> {
        match store.find_account(company, name).await? {
            Found::One(account) => Ok(account),
            Found::None => Err(Fault::not_found(format!("no account {name} in this company"))
                .field("--account")
                .hint(format!("{} accounts shows them", self.socialsched()))
                .into()),
            Found::Many(accounts) => {
                let matches = accounts
                    .iter()
                    .map(|account| {
                        format!("{} {} \"{}\"", account.id, account.platform, account.name)
                    })
                    .collect();
                Err(Fault::ambiguous(format!("{name} names several accounts"), matches)
                    .field("--account")
                    .hint("use an id")
                    .into())
            }
        }
    }

    /// The id of the account that a name, an id or its beginning names.
    ///
    /// # Errors
    /// As [`Context::find_account`].
    pub async fn find_account_id(
        &self,
        store: &Store,
        company: CompanyId,
        name: &str,
    ) -> Result<AccountId, CommandError> {
        Ok(self.find_account(store, company, name).await?.id)
    }
}
