//! The sources of settings: which wins, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;
use crate::domain::{AccountId, Platform, PublishMode, SocialAccount, TokenRef, VideoUpload};
use crate::exit::{Exit, Explained};

/// A home directory with a user's and a system's configuration file.
struct Home {
    root: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn user(&self, text: &str) -> PathBuf {
        self.write(".config/socialsched/config.toml", text, 0o600)
    }

    fn system(&self, text: &str) -> PathBuf {
        self.write("etc/config.toml", text, 0o600)
    }

    fn env(&self, variables: &[(&str, &str)]) -> Env {
        let home = self.root.path().to_str().unwrap();
        Env::of(variables.iter().copied().chain([("HOME", home)]))
            .with_system_config(self.path("etc/config.toml"))
    }

    fn resolve(
        &self,
        flags: Flags,
        variables: &[(&str, &str)],
    ) -> Result<Settings, Box<Explained>> {
        Settings::resolve(flags, &self.env(variables), Terminals::default())
            .map_err(|error| Box::new(Explained::from(&error)))
    }
}

fn url(text: &str) -> Flags {
    Flags { database_url: Some(text.to_owned()), ..Flags::default() }
}

#[test]
fn without_any_source_the_documented_defaults_hold() {
    let home = Home::new();
    let settings = home.resolve(Flags::default(), &[]).unwrap();
    let file = home.path(".local/share/socialsched/socialsched.db");
    assert_eq!(settings.database_url.expose(), format!("sqlite://{}", file.display()));
    assert_eq!(settings.output, Format::Tsv);
    assert_eq!(settings.log_format, LogFormat::Json);
    assert_eq!(settings.timeout, Duration::from_secs(10));
    assert_eq!(settings.tz, Zone::utc());
    assert!(settings.company.is_none() && settings.gateway.is_none());
    assert!(!settings.allow_private_media && !settings.yes);
    assert_eq!(settings.require_company().unwrap_err().0[0].field, "--company");
}

#[test]
fn terminal_gets_tables_and_text_logs() {
    let terminals = Terminals { stdout: true, stderr: true, ..Terminals::default() };
    let home = Home::new();
    let settings = Settings::resolve(Flags::default(), &home.env(&[]), terminals).unwrap();
    assert_eq!((settings.output, settings.log_format), (Format::Table, LogFormat::Text));
    let flags = Flags { json: true, output: Some(Format::Csv), ..Flags::default() };
    let settings = Settings::resolve(flags, &home.env(&[]), terminals).unwrap();
    assert_eq!(settings.output, Format::Json);
}

#[test]
fn the_xdg_directories_are_honoured() {
    let home = Home::new();
    home.write("xdg/socialsched/config.toml", "output = 'csv'", 0o600);
    let (config, data) = (home.path("xdg"), home.path("data"));
    let variables =
        [("XDG_CONFIG_HOME", config.to_str().unwrap()), ("XDG_DATA_HOME", data.to_str().unwrap())];
    let settings = home.resolve(Flags::default(), &variables).unwrap();
    assert_eq!(settings.output, Format::Csv);
    assert!(settings.database_url.expose().contains("/data/socialsched/socialsched.db"));
}

#[test]
fn flag_beats_user_file_beats_system_file() {
    let home = Home::new();
    home.system("output = 'csv'\ntimeout = '1s'\ntz = 'Asia/Tokyo'\n[run-worker]\nbatch_size = 1\nlease = '2m'");
    home.user("timeout = '2s'\ntz = 'Europe/Paris'\n[run-worker]\nbatch_size = 2");
    let flags = Flags { tz: Some(Zone::utc()), ..Flags::default() };
    let settings = home.resolve(flags, &[]).unwrap();
    assert_eq!(settings.tz, Zone::utc());
    assert_eq!(settings.timeout, Duration::from_secs(2));
    assert_eq!(settings.output, Format::Csv);
    assert_eq!(settings.run_worker.batch_size, Some(2));
    assert_eq!(settings.run_worker.lease, Some(Duration::from_secs(120)));
}

#[test]
fn requested_file_is_the_only_one_read() {
    let home = Home::new();
    home.user("output = 'csv'");
    let asked = home.write("other.toml", "quiet = true", 0o644);
    let flags = Flags { config: Some(asked), ..Flags::default() };
    let settings = home.resolve(flags, &[]).unwrap();
    assert_eq!((settings.output, settings.quiet), (Format::Tsv, true));
}

#[test]
fn verbose_flag_beats_quiet_in_file() {
    let home = Home::new();
    home.user("quiet = true");
    let settings = home.resolve(Flags { verbose: 1, ..Flags::default() }, &[]).unwrap();
    assert_eq!((settings.quiet, settings.verbose), (false, 1));
}

/// The database URL has five sources in a fixed order.
#[test]
fn database_url_sources_have_a_fixed_order() {
    let home = Home::new();
    home.user("database_url = 'sqlite://file.db'");
    let secret = home.write("secret", "sqlite://secret.db\nignored\n", 0o600);
    let from_file = ("SOCIALSCHED_DATABASE_URL_FILE", secret.to_str().unwrap());
    let plain = ("DATABASE_URL", "sqlite://plain.db");
    for (flags, variables, expected) in [
        (url("sqlite://flag.db"), &[from_file, plain][..], "sqlite://flag.db"),
        (Flags::default(), &[from_file, plain], "sqlite://secret.db"),
        (Flags::default(), &[plain], "sqlite://plain.db"),
        (Flags::default(), &[("DATABASE_URL", "")], "sqlite://file.db"),
    ] {
        let settings = home.resolve(flags, variables).unwrap();
        assert_eq!(settings.database_url.expose(), expected);
    }
}

/// A wrong configuration file is exit 5, with the file, the line and advice.
#[test]
fn wrong_configuration_file_exits_5_with_line() {
    for (text, line, expected, hint) in [
        ("\ndatabse_url = 'x'", 2, "unknown field `databse_url`", Some("database_url")),
        ("[run-worker]\nbatchsize = 1", 2, "unknown field `batchsize`", Some("batch_size")),
        ("[run_worker]", 1, "unknown field `run_worker`", Some("run-worker")),
        ("gateway = 'http://127.0.0.1'", 1, "unknown field `gateway`", None),
        ("quiet = 'canary'", 1, "a value of type string where a boolean is expected", None),
        ("\n\noutput = 3", 3, "a value of type integer where a string is expected", None),
        ("output = 'yaml'", 1, "table, tsv, json, jsonl, csv, id", None),
        ("timeout = '10'", 1, "not a length of time", None),
        ("tz = 'Europe/Atlantis'", 1, "is not a time zone", None),
        ("company = 'acme'", 1, "UUID", None),
        ("[facebook]\npublish_mode = 'two_step'", 2, "is not one of two-step, direct", None),
        ("[facebook]\npublish_mode = true", 2, "a value of type boolean", None),
        ("[facebook]\nvideo_upload = 'parts'", 2, "is not one of chunked, hosted", None),
        ("[facebook]\ndirect_fallback = 'yes'", 2, "where a boolean is expected", None),
        (
            "[facebook]\npublish-mode = 'direct'",
            2,
            "unknown field `publish-mode`",
            Some("publish_mode"),
        ),
        ("quiet = true\nquiet = false", 2, "duplicate key", None),
        ("quiet = true\nthis is not TOML", 2, "", None),
        ("database_url = 'postgres://me:canary#1@db/app'", 1, "not a usable database URL", None),
        ("database_url = 'canary", 1, "", None),
    ] {
        let home = Home::new();
        let path = home.user(text);
        let error = home.resolve(Flags::default(), &[]).unwrap_err();
        assert_eq!((error.exit, error.code), (Exit::Setup, "config"), "{text}");
        let place = format!("{}:{line}: ", path.display());
        assert!(error.message.starts_with(&place), "{text}: {}", error.message);
        assert!(error.message.contains(expected), "{text}: {}", error.message);
        let found = error.hint.clone().unwrap_or_default();
        assert_eq!(error.hint.is_some(), hint.is_some(), "{text}: {found}");
        assert!(found.contains(hint.unwrap_or_default()), "{text}: {found}");
        assert!(!error.human(false).contains("canary"), "{}", error.human(false));
    }
}

#[test]
fn the_facebook_table_is_read() {
    let home = Home::new();
    assert_eq!(home.resolve(Flags::default(), &[]).unwrap().facebook, file::Facebook::default());
    home.system(
        "[facebook]\npublish_mode = 'direct'\ndirect_fallback = false\ngraph_version = 'v26.0'",
    );
    home.user("[facebook]\npublish_mode = 'two-step'\nvideo_upload = 'hosted'");
    let expected = file::Facebook {
        graph_version: Some("v26.0".to_owned()),
        publish_mode: Some(PublishMode::TwoStep),
        direct_fallback: Some(false),
        video_upload: Some(VideoUpload::Hosted),
    };
    assert_eq!(home.resolve(Flags::default(), &[]).unwrap().facebook, expected);
}

#[test]
fn unreadable_configuration_file_is_exit_5() {
    let home = Home::new();
    let missing = home.path("missing.toml");
    let directory = home.root.path().to_owned();
    let not_text = home.path("latin1.toml");
    fs::write(&not_text, b"tz = '\xff'").unwrap();
    for path in [missing, directory, not_text] {
        let flags = Flags { config: Some(path.clone()), ..Flags::default() };
        let error = home.resolve(flags, &[]).unwrap_err();
        assert_eq!(error.exit, Exit::Setup);
        assert!(error.message.contains(path.to_str().unwrap()), "{}", error.message);
    }
    let null = Flags { config: Some("/dev/null".into()), ..Flags::default() };
    assert!(home.resolve(null, &[]).is_ok());
}

/// A password in a file that others can read is refused with the `chmod` line.
#[test]
fn password_in_shared_file_is_refused() {
    const SECRET: &str = "database_url = 'postgres://me:canary@db/app'";
    for (text, mode, accepted) in [
        (SECRET, 0o600, true),
        (SECRET, 0o400, true),
        (SECRET, 0o640, false),
        (SECRET, 0o604, false),
        (SECRET, 0o644, false),
        ("database_url = 'postgres://me@db/app'", 0o644, true),
        ("database_url = 'sqlite://a.db'", 0o644, true),
    ] {
        let home = Home::new();
        let path = home.write("c.toml", text, mode);
        let flags = Flags { config: Some(path.clone()), ..Flags::default() };
        let result = home.resolve(flags.clone(), &[]);
        assert_eq!(result.is_ok(), accepted, "{text} {mode:o}");
        if let Err(error) = result {
            assert_eq!(error.exit, Exit::Setup);
            let text = error.human(false);
            assert!(text.contains(&format!("chmod 600 {}", path.display())), "{text}");
            assert!(text.contains("--insecure-config") && !text.contains("canary"), "{text}");
            assert!(home.resolve(Flags { insecure_config: true, ..flags }, &[]).is_ok());
        }
    }
}

/// The file with the database URL must be private, too.
#[test]
fn database_url_file_must_be_private() {
    let home = Home::new();
    let path = home.write("secret", "postgres://me:canary@db/app\n", 0o644);
    let variable = [("SOCIALSCHED_DATABASE_URL_FILE", path.to_str().unwrap())];
    let error = home.resolve(Flags::default(), &variable).unwrap_err();
    assert_eq!(error.exit, Exit::Setup);
    assert!(error.message.contains("chmod 600") && !error.message.contains("canary"));
    let flags = Flags { insecure_config: true, ..Flags::default() };
    assert!(home.resolve(flags, &variable).is_ok());
    let systemd = [variable[0], ("CREDENTIALS_DIRECTORY", home.root.path().to_str().unwrap())];
    assert!(home.resolve(Flags::default(), &systemd).is_ok());
}

#[test]
fn password_is_in_no_error_or_debug() {
    let home = Home::new();
    let bad = "postgres://me:canary/1@db/app";
    for (flags, variables) in [(url(bad), &[][..]), (Flags::default(), &[("DATABASE_URL", bad)])] {
        let error = home.resolve(flags, variables).unwrap_err();
        assert_eq!(error.exit, Exit::Input);
        assert!(!format!("{error:?}{}", error.human(false)).contains("canary"));
    }
    let settings = home.resolve(url("mysql://me:canary@db/app"), &[]).unwrap();
    assert!(!format!("{settings:?}").contains("canary"));
}

/// **E13**: only a plain loopback URL can be the gateway.
#[test]
fn gateway_must_be_plain_loopback_url() {
    let home = Home::new();
    for good in ["http://127.0.0.1:8080", "http://127.0.0.1:1/", "http://[::1]:8080"] {
        let variables = [("SOCIALSCHED_PLATFORM_GATEWAY", good)];
        assert!(home.resolve(Flags::default(), &variables).unwrap().gateway.is_some(), "{good}");
    }
    for bad in [
        "127.0.0.1:8080",
        "https://127.0.0.1",
        "http://localhost:1",
        "http://127.0.0.1:8080/path",
        "http://evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://canary:x@127.0.0.1",
        "http://0.0.0.0:80",
    ] {
        let variables = [("SOCIALSCHED_PLATFORM_GATEWAY", bad)];
        let error = home.resolve(Flags::default(), &variables).unwrap_err();
        assert_eq!(error.exit, Exit::Input, "{bad}");
        assert!(!error.human(false).contains("canary"));
    }
}

#[test]
fn private_media_needs_a_clear_yes() {
    let home = Home::new();
    for (word, allowed) in [("1", Some(true)), ("", Some(false)), ("no", Some(false)), ("2", None)]
    {
        let variables = [("SOCIALSCHED_ALLOW_PRIVATE_MEDIA", word)];
        let settings = home.resolve(Flags::default(), &variables).ok();
        assert_eq!(settings.map(|settings| settings.allow_private_media), allowed, "{word}");
    }
}

fn account(token_ref: Option<TokenRef>) -> SocialAccount {
    SocialAccount {
        id: "0198c2f4-6b1e-7c53-9d0a-1f2e3d4c5b6a".parse::<AccountId>().unwrap(),
        company_id: crate::domain::CompanyId::generate(),
        platform: Platform::LinkedIn,
        name: "Acme".into(),
        external_id: "urn:li:organization:1".into(),
        client_id: None,
        token_ref,
        is_added: true,
        pause: None,
        publish_mode: None,
    }
}

fn token(account: &SocialAccount, variables: &[(&str, &str)]) -> Result<String, String> {
    let tokens = Tokens::new(Env::of(variables.iter().copied()), false);
    tokens.resolve(account).map(|token| token.expose().to_owned())
}

/// A token is found where its reference points, and nowhere else.
#[test]
fn token_is_read_only_from_its_reference() {
    let referred = account(Some(TokenRef::Env("ACME".into())));
    let platform = ("SOCIALSCHED_TOKEN_LINKEDIN", "shared");
    assert_eq!(token(&referred, &[("ACME", " mine\n"), platform]), Ok("mine".into()));
    assert!(token(&referred, &[platform]).unwrap_err().contains("ACME"));
    assert!(token(&referred, &[("ACME", ""), platform]).is_err());
}

/// Without a reference, the account's variable wins over the platform's.
#[test]
fn account_variable_beats_platform_variable() {
    let own = ("SOCIALSCHED_TOKEN_0198C2F4_6B1E_7C53_9D0A_1F2E3D4C5B6A", "own");
    let shared = ("SOCIALSCHED_TOKEN_LINKEDIN", "shared");
    assert_eq!(token(&account(None), &[own, shared]), Ok("own".into()));
    assert_eq!(token(&account(None), &[shared]), Ok("shared".into()));
    let why = token(&account(None), &[]).unwrap_err();
    assert!(why.contains(own.0) && why.contains(shared.0), "{why}");
}

/// A token file must be private and hold a token.
#[test]
fn token_file_must_be_private_and_filled() {
    let home = Home::new();
    let resolve = |path: &Path| token(&account(Some(TokenRef::File(path.to_owned()))), &[]);
    assert_eq!(resolve(&home.write("good", "canary \nsecond line\n", 0o600)), Ok("canary".into()));
    for (name, text, mode, why) in [
        ("open", "canary", 0o640, "chmod 600"),
        ("empty", "", 0o600, "empty"),
        ("blank", "\ncanary", 0o600, "empty"),
        ("two", "canary canary", 0o600, "does not hold a token"),
        ("escape", "canary\x1b[2J", 0o600, "does not hold a token"),
    ] {
        let error = resolve(&home.write(name, text, mode)).unwrap_err();
        assert!(error.contains(why) && error.contains(name), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
    assert!(resolve(&home.path("missing")).unwrap_err().contains("missing"));
    assert!(resolve(home.root.path()).unwrap_err().contains("not a regular file"));
}

/// Files that must last have a place even without a home directory.
#[test]
fn lasting_files_have_a_place_without_home() {
    let place = |variables: &[(&str, &str)], beside: Option<&str>| {
        let env = Env::of(variables.iter().copied());
        env.state_dir(beside.map(PathBuf::from)).map(|path| path.display().to_string())
    };
    let home = ("HOME", "/home/ann");
    let systemd = ("STATE_DIRECTORY", "/var/lib/socialsched:/var/lib/other");
    let own = ("SOCIALSCHED_STATE_DIR", "/srv/state");
    assert_eq!(place(&[], None), None);
    assert_eq!(place(&[home], None).unwrap(), "/home/ann/.local/state/socialsched");
    let xdg = ("XDG_STATE_HOME", "/home/ann/state");
    assert_eq!(place(&[home, xdg], None).unwrap(), "/home/ann/state/socialsched");
    assert_eq!(place(&[home, systemd], None).unwrap(), "/var/lib/socialsched");
    assert_eq!(place(&[home, systemd], Some("/data")).unwrap(), "/data");
    assert_eq!(place(&[home, systemd, own], Some("/data")).unwrap(), "/srv/state");
}
