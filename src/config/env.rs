//! The environment of the process, or a map that stands in for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::domain::{Problem, Problems};

/// Where variables and standard directories come from.
///
/// An empty variable is the same as an unset one everywhere in this program.
/// Not `Debug`: the environment holds tokens.
#[derive(Clone)]
pub struct Env {
    /// `None`: the real environment.
    map: Option<BTreeMap<String, OsString>>,
    system_config: PathBuf,
}

impl Env {
    /// The process's own environment.
    #[must_use]
    pub fn real() -> Self {
        Self { map: None, system_config: PathBuf::from("/etc/socialsched/config.toml") }
    }

    /// Only these variables, and no system-wide configuration file.
    #[must_use]
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let map = variables.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        Self { map: Some(map.collect()), system_config: PathBuf::from("/nonexistent/config.toml") }
    }

    /// The same with another system-wide configuration file.
    #[cfg(test)]
    #[must_use]
    pub fn with_system_config(self, system_config: PathBuf) -> Self {
        Self { system_config, ..self }
    }

    /// The variable, unless unset or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<OsString> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// `TMPDIR`, else `/tmp`.
    #[must_use]
    pub fn temp_dir(&self) -> PathBuf {
        self.get("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
    }

    /// Those of these variables that are set.
    #[must_use]
    pub fn some(&self, names: &[&str]) -> Vec<(String, OsString)> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), self.get(name)?))).collect()
    }

    /// The file of the program that runs.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn program() -> std::io::Result<PathBuf> {
        std::env::current_exe()
    }

    /// Whether the variable is set to nothing.
    #[must_use]
    pub fn is_empty(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|value| value.is_empty())
    }

    /// The variable as text.
    ///
    /// # Errors
    /// It is not UTF-8 (the value is not shown).
    pub fn text(&self, name: &str) -> Result<Option<String>, Problems> {
        let text = self.get(name).map(OsString::into_string).transpose();
        text.map_err(|_| Problem::new(name, "not UTF-8").into())
    }

    /// The variable as a yes or no; unset is a no.
    ///
    /// # Errors
    /// It is none of 1, 0, true, false, yes, no.
    pub fn boolean(&self, name: &str) -> Result<bool, Problems> {
        match self.text(name)?.map(|text| text.to_ascii_lowercase()).as_deref() {
            None | Some("0" | "false" | "no") => Ok(false),
            Some("1" | "true" | "yes") => Ok(true),
            Some(_) => Err(Problem::new(name, "neither yes nor no").hint("1 or 0").into()),
        }
    }

    /// `$XDG_CONFIG_HOME/socialsched/config.toml`, when there is a home.
    #[must_use]
    pub fn user_config(&self) -> Option<PathBuf> {
        let base = self.base("XDG_CONFIG_HOME", ".config", |dirs| dirs.config_dir())?;
        Some(base.join("socialsched").join("config.toml"))
    }

    /// The system-wide configuration file.
    #[must_use]
    pub fn system_config(&self) -> PathBuf {
        self.system_config.clone()
    }

    /// `$XDG_DATA_HOME`, when there is a home.
    #[must_use]
    pub fn data_dir(&self) -> Option<PathBuf> {
        self.base("XDG_DATA_HOME", ".local/share", |dirs| dirs.data_dir())
    }

    /// Where files stay that must outlive the process: `SOCIALSCHED_STATE_DIR`,
    /// else `beside` (the folder of an embedded database), else systemd's
    /// `STATE_DIRECTORY`, else `$XDG_STATE_HOME/socialsched`, when there is a home.
    #[must_use]
    pub fn state_dir(&self, beside: Option<PathBuf>) -> Option<PathBuf> {
        let first = |paths: OsString| std::env::split_paths(&paths).next();
        self.get("SOCIALSCHED_STATE_DIR")
            .map(PathBuf::from)
            .or(beside)
            .or_else(|| self.get("STATE_DIRECTORY").and_then(first))
            .or_else(|| {
                let state = |dirs: &etcetera::base_strategy::Xdg| {
                    dirs.state_dir().unwrap_or_else(|| dirs.data_dir())
                };
                Some(self.base("XDG_STATE_HOME", ".local/state", state)?.join("socialsched"))
            })
    }

    fn base(
        &self,
        variable: &str,
        below_home: &str,
        real: impl FnOnce(&etcetera::base_strategy::Xdg) -> PathBuf,
    ) -> Option<PathBuf> {
        if self.map.is_none() {
            return etcetera::base_strategy::Xdg::new().ok().as_ref().map(real);
        }
        let absolute = |name| self.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        absolute(variable).or_else(|| Some(absolute("HOME")?.join(below_home)))
    }

    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    fn raw(&self, name: &str) -> Option<OsString> {
        match &self.map {
            Some(map) => map.get(name).cloned(),
            None => std::env::var_os(name),
        }
    }
}
