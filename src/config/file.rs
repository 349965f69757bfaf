//! The configuration files.

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::{Table, Value};

use super::{ColorWhen, DatabaseUrl, Env, secret_file};
use crate::domain::duration::parse_duration;
use crate::domain::when::{Zone, parse_zone};
use crate::domain::{CompanyId, InstanceId, Platform, PublishMode, VideoUpload, visible};
use crate::exit::Fault;
use crate::logging::LogFormat;
use crate::output::Format;

/// The keys of a configuration file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileConfig {
    pub database_url: Option<DatabaseUrl>,
    pub expect_instance: Option<InstanceId>,
    pub company: Option<CompanyId>,
    #[serde(deserialize_with = "zone")]
    pub tz: Option<Zone>,
    #[serde(deserialize_with = "word")]
    pub output: Option<Format>,
    #[serde(deserialize_with = "word")]
    pub color: Option<ColorWhen>,
    #[serde(deserialize_with = "word")]
    pub log_format: Option<LogFormat>,
    pub log: Option<String>,
    pub quiet: Option<bool>,
    pub verbose: Option<u8>,
    #[serde(deserialize_with = "time_span")]
    pub timeout: Option<Duration>,
    #[serde(rename = "run-worker")]
    pub run_worker: RunWorker,
    pub facebook: Facebook,
    pub linkedin: LinkedIn,
}

/// The `[run-worker]` table; each key is the flag of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunWorker {
    pub batch_size: Option<u32>,
    pub concurrency: Option<u32>,
    #[serde(deserialize_with = "time_span")]
    pub max_runtime: Option<Duration>,
    pub max_jobs: Option<u64>,
    #[serde(deserialize_with = "time_span")]
    pub lease: Option<Duration>,
    pub max_attempts: Option<u32>,
    #[serde(deserialize_with = "time_span")]
    pub max_late: Option<Duration>,
    #[serde(deserialize_with = "time_span")]
    pub poll_interval: Option<Duration>,
    #[serde(deserialize_with = "time_span")]
    pub prepare_ahead: Option<Duration>,
    #[serde(deserialize_with = "time_span")]
    pub settle: Option<Duration>,
    pub worker_id: Option<String>,
    pub platform: Option<Platform>,
    pub account: Option<String>,
    #[serde(deserialize_with = "time_span")]
    pub grace: Option<Duration>,
    pub fail_on_error: Option<bool>,
}

/// The `[facebook]` table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facebook {
    /// Graph API version, such as `v25.0`; Instagram uses it too.
    pub graph_version: Option<String>,
    #[serde(deserialize_with = "word")]
    pub publish_mode: Option<PublishMode>,
    /// Whether a post whose two-step publishing is refused is published directly.
    pub direct_fallback: Option<bool>,
    #[serde(deserialize_with = "word")]
    pub video_upload: Option<VideoUpload>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LinkedIn {
    pub version: Option<String>,
}

impl FileConfig {
    /// Reads the file that was asked for, or else the user's over the
    /// system's where they exist. Never looks into the current directory.
    pub fn load(asked: Option<&Path>, env: &Env, insecure: bool) -> Result<Self, Fault> {
        let required = asked.is_some();
        let paths = match asked {
            Some(path) => vec![path.to_owned()],
            None => env.user_config().into_iter().chain([env.system_config()]).collect(),
        };
        let mut merged = Table::new();
        for path in paths {
            match secret_file::read(&path) {
                Err(error) if error.missing && !required => {}
                Err(error) => return Err(config_fault(error.why)),
                Ok((text, metadata)) => {
                    let config: Self = parse(&path, &text)?;
                    let holds_secret = config.database_url.is_some_and(|url| url.has_password());
                    let chmod = secret_file::too_open(&path, &metadata, env);
                    if let Some(chmod) = chmod.filter(|_| holds_secret && !insecure) {
                        let why = "others can read this file and it holds a database password";
                        return Err(config_fault(format!("{}: {why}", path.display()))
                            .hint(format!("{chmod}\nor pass --insecure-config")));
                    }
                    fill(&mut merged, parse(&path, &text)?);
                }
            }
        }
        // Each file passed on its own; merging only takes keys of theirs.
        merged.try_into().map_err(|_| config_fault("the configuration files cannot be combined"))
    }
}

/// Takes over from `lower` what `upper` does not say.
fn fill(upper: &mut Table, lower: Table) {
    for (key, value) in lower {
        match (upper.get_mut(&key), value) {
            (Some(Value::Table(upper)), Value::Table(lower)) => fill(upper, lower),
            (Some(_), _) => {}
            (None, value) => {
                upper.insert(key, value);
            }
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Fault> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let fault =
            config_fault(format!("{}:{line}: {}", path.display(), without_value(error.message())));
        match suggestion(error.message()) {
            Some(key) => fault.hint(format!("did you mean {key} ?")),
            None => fault,
        }
    })
}

fn config_fault(message: impl Into<String>) -> Fault {
    Fault::setup(visible(&message.into())).code("config")
}

/// serde's type errors show the value, which may be a secret on the wrong line.
fn without_value(message: &str) -> String {
    for label in ["invalid type: ", "invalid value: "] {
        let Some(rest) = message.strip_prefix(label) else { continue };
        let found = rest.split(' ').next().unwrap_or_default();
        let expected = rest.rsplit_once("expected ").map_or("another type", |(_, after)| after);
        return format!("a value of type {found} where {expected} is expected");
    }
    message.lines().collect::<Vec<_>>().join(", ")
}

/// The key that was probably meant, from serde's list of known ones.
fn suggestion(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let (distance, key) = quoted.map(|key| (strsim::levenshtein(unknown, key), key)).min()?;
    (distance <= 2.max(unknown.len() / 3)).then_some(key)
}

fn word<'de, D: Deserializer<'de>, T>(from: D) -> Result<Option<T>, D::Error>
where
    T: FromStr,
    T::Err: Display,
{
    String::deserialize(from)?.parse().map(Some).map_err(D::Error::custom)
}

fn time_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    parse_duration(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

fn zone<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Zone>, D::Error> {
    parse_zone(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}
