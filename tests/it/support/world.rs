//! A machine of its own for each test.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use socialsched::sandbox::SandboxOptions;
use tempfile::TempDir;

use super::{Daemon, Database, Engine, PrivateServer, Ran, Simulator, eventually};

/// Part of every token: it must never be seen outside of a request's head.
const CANARY: &str = "canary-";
/// Longest run of one command.
const LIMIT: Duration = Duration::from_secs(60);
/// Company of every world.
const COMPANY: &str = "11111111-1111-4111-8111-111111111111";

/// A machine of its own for a test: home directory, environment, database,
/// and the three platforms. Worlds do not know of each other.
///
/// Also a [`Simulator`]: `world.live()`, `world.fault(…)`, `world.media(…)`.
pub struct World {
    dir: TempDir,
    simulator: Simulator,
    pub database: Database,
    variables: RefCell<Vec<(String, OsString)>>,
    /// Numbers for accounts and files.
    counter: Cell<u32>,
}

/// A social account of a world.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub name: String,
    /// `facebook`, `instagram` or `linkedin`.
    pub platform: &'static str,
    /// Page id, Instagram user id or LinkedIn URN.
    pub external_id: String,
}

impl World {
    /// A world with an empty, migrated database.
    pub fn new() -> Self {
        Self::with(SandboxOptions::default())
    }

    /// The same with platforms that behave otherwise.
    pub fn with(options: SandboxOptions) -> Self {
        let world = Self::bare(Engine::of_this_run(), options);
        world.run(&["migrate"]).ok();
        world
    }

    /// A world without a database.
    pub fn bare(engine: Engine, options: SandboxOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::new(engine, dir.path());
        Self::around(database, dir, options)
    }

    /// A world with an empty, migrated database on this server.
    pub fn on(server: &PrivateServer) -> Self {
        Self::on_with(server, SandboxOptions::default())
    }

    /// The same with platforms that behave otherwise.
    pub fn on_with(server: &PrivateServer, options: SandboxOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = Self::around(Database::on(server), dir, options);
        world.run(&["migrate"]).ok();
        world
    }

    fn around(database: Database, dir: TempDir, options: SandboxOptions) -> Self {
        let simulator = Simulator::start(options);
        fs::create_dir_all(dir.path().join("home")).unwrap();
        fs::create_dir(dir.path().join("output")).unwrap();
        let world =
            Self { dir, simulator, database, variables: RefCell::default(), counter: Cell::new(0) };
        let home = world.path("home");
        world.set("HOME", &home);
        world.set("XDG_CONFIG_HOME", home.join("config"));
        world.set("XDG_DATA_HOME", home.join("data"));
        world.set("XDG_STATE_HOME", home.join("state"));
        world.set("PATH", "/usr/bin:/bin");
        world.set("LANG", "C.UTF-8");
        world.set("TZ", "UTC");
        world.set("COLUMNS", "100");
        world.set("SOCIALSCHED_DATABASE_URL", world.database.url());
        world.set("SOCIALSCHED_COMPANY", COMPANY);
        world.set("SOCIALSCHED_PLATFORM_GATEWAY", world.base_url());
        world.set("SOCIALSCHED_ALLOW_PRIVATE_MEDIA", "1");
        for platform in ["FACEBOOK", "INSTAGRAM", "LINKEDIN"] {
            let token = format!("{CANARY}{}-token", platform.to_lowercase());
            world.set(&format!("SOCIALSCHED_TOKEN_{platform}"), token);
        }
        world
    }

    /// A path in the world's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The company that every command of this world works for.
    pub fn company(&self) -> &'static str {
        COMPANY
    }

    /// Sets a variable for all later commands.
    pub fn set(&self, name: &str, value: impl Into<OsString>) {
        self.unset(name);
        self.variables.borrow_mut().push((name.to_owned(), value.into()));
    }

    /// Removes a variable for all later commands.
    pub fn unset(&self, name: &str) {
        self.variables.borrow_mut().retain(|(known, _)| known != name);
    }

    /// The program with this world's environment and nothing else, not yet started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_socialsched"));
        let variables = self.variables.borrow().clone();
        command.args(args).env_clear().envs(variables).current_dir(self.dir.path());
        command
    }

    /// Runs a line of shell in which `socialsched` is the program, without a terminal for
    /// questions.
    #[track_caller]
    pub fn shell(&self, line: &str) -> Ran {
        let started = Instant::now();
        let program = env!("CARGO_BIN_EXE_socialsched");
        let plain = self.command(&[]);
        let mut command = Command::new("/bin/sh");
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.dir.path()).env("SOCIALSCHED", program).stdin(Stdio::null());
        command.args(["-c", &format!("socialsched() {{ {program} \"$@\"; }}\n{line}")]);
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            args: vec![line.to_owned()],
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            took: started.elapsed(),
        };
        self.write_down(&ran);
        ran
    }

    /// A whole hour some days ahead, as RFC 3339.
    pub fn in_days(&self, days: u32) -> String {
        let time = self.database.now() + chrono::Days::new(days.into());
        time.format("%Y-%m-%dT%H:00:00Z").to_string()
    }

    /// Runs the program to its end, with nothing on standard input.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with_input(args, "")
    }

    /// Runs the program to its end.
    pub fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut command = assert_cmd::Command::from_std(self.command(args));
        let start = Instant::now();
        let output = command.write_stdin(input).timeout(LIMIT).output().unwrap();
        let ran = Ran {
            args: args.iter().map(ToString::to_string).collect(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            took: start.elapsed(),
        };
        self.write_down(&ran);
        ran
    }

    /// Runs a command that was made with [`World::command`] to its end, with
    /// an input that stays open and never says anything.
    #[track_caller]
    pub fn run_unanswered(&self, mut command: Command) -> Ran {
        let (input, kept_open) = std::io::pipe().unwrap();
        let files = self.path("output").join(format!("unanswered-{}", self.next()));
        let (stdout, stderr) = (files.with_extension("out"), files.with_extension("err"));
        let start = Instant::now();
        let mut child = command
            .stdin(input)
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let mut status = None;
        eventually("the program ends without an answer", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        drop(kept_open);
        Ran {
            args: command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            code: status.unwrap().code(),
            stdout: fs::read_to_string(stdout).unwrap(),
            stderr: fs::read_to_string(stderr).unwrap(),
            took: start.elapsed(),
        }
    }

    /// Runs a command with `--json` that must succeed; returns its document.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--json"]].concat()).ok();
        ran.json()
    }

    /// Starts the program in the background.
    pub fn start(&self, args: &[&str]) -> Daemon {
        self.start_command(self.command(args))
    }

    /// Starts a command that was made from [`World::command`] in the background.
    pub fn start_command(&self, command: Command) -> Daemon {
        let files = self.path("output").join(format!("daemon-{}", self.next()));
        Daemon::start(command, &files)
    }

    /// Starts a worker that runs until it is stopped.
    pub fn start_worker(&self, args: &[&str]) -> Daemon {
        self.start(&[&["run-worker"], args].concat())
    }

    /// Adds an account on `facebook` (a Page), `instagram` or `linkedin` (an organization).
    #[track_caller]
    pub fn account(&self, platform: &'static str) -> Account {
        let number = 1_000_000 + self.next();
        match platform {
            "linkedin" => self.account_of(platform, &format!("urn:li:organization:{number}")),
            _ => self.account_of(platform, &number.to_string()),
        }
    }

    /// Adds a LinkedIn member, whose posts cannot be read back.
    #[track_caller]
    pub fn member(&self) -> Account {
        let number = self.next();
        self.account_of("linkedin", &format!("urn:li:person:Member{number}"))
    }

    /// Adds an account with this id at the platform.
    #[track_caller]
    pub fn account_of(&self, platform: &'static str, external_id: &str) -> Account {
        let name = format!("Acme {platform} {}", self.next());
        #[rustfmt::skip]
        let json = self.json(&[
            "accounts", "add", "--platform", platform, "--name", &name, "--external-id", external_id,
        ]);
        let id = json["data"]["id"].as_str().unwrap_or_else(|| panic!("no data.id in {json}"));
        Account { id: id.to_owned(), name, platform, external_id: external_id.to_owned() }
    }

    /// Schedules a post that must be accepted; returns its id. Due at once
    /// unless the arguments say otherwise.
    #[track_caller]
    pub fn schedule(&self, account: &Account, args: &[&str]) -> String {
        let when: &[&str] = if args.contains(&"--at") { &[] } else { &["--now"] };
        let json = self.json(&[&["schedule", "--account", &account.id], when, args].concat());
        json["data"]["postDetailId"].as_str().unwrap().to_owned()
    }

    /// One post as `list` shows it.
    #[track_caller]
    pub fn post(&self, id: &str) -> Value {
        let posts = self.posts();
        posts.into_iter().find(|post| post["id"] == id).unwrap_or_else(|| panic!("no post {id}"))
    }

    /// The status of a post as `list` shows it.
    #[track_caller]
    pub fn status(&self, id: &str) -> String {
        self.post(id)["status"].as_str().unwrap().to_owned()
    }

    /// All posts of the company as `list` shows them.
    #[track_caller]
    pub fn posts(&self) -> Vec<Value> {
        self.json(&["list", "--all"])["data"].as_array().unwrap().clone()
    }

    /// Runs a worker until nothing is due.
    #[track_caller]
    pub fn work(&self, args: &[&str]) -> Ran {
        self.run(&[&["run-worker", "--once"], args].concat()).ok()
    }

    /// Runs workers, with half a minute between them, until every post has ended.
    #[track_caller]
    pub fn work_until_done(&self) {
        self.work_for(Duration::from_secs(30), 60);
    }

    /// The same with another pause and at most `runs` runs.
    #[track_caller]
    pub fn work_for(&self, pause: Duration, runs: u32) {
        for _ in 0..runs {
            // Not long enough to sit out a platform's processing.
            self.work(&["--max-runtime", "2s"]);
            if self.open_posts() == 0 {
                return;
            }
            self.advance(pause);
        }
        let posts = serde_json::to_string_pretty(&self.posts()).unwrap();
        panic!("posts are still open after {runs} runs: {posts}");
    }

    /// Posts that have not ended.
    pub fn open_posts(&self) -> usize {
        let sql = "SELECT COUNT(*) FROM post_schedule WHERE status IN ('pending', 'processing')";
        self.database.value(sql).parse().unwrap()
    }

    /// Advances time, in the database and at the platforms.
    #[track_caller]
    pub fn advance(&self, time: Duration) {
        self.database.age(time);
        self.simulator.advance(time);
        let passed = fs::read_to_string(self.passed()).unwrap_or_default();
        let passed: u128 = passed.parse().unwrap_or(0);
        fs::write(self.passed(), (passed + time.as_millis()).to_string()).unwrap();
    }

    /// A file with the milliseconds that have passed so, for processes that are to
    /// notice it by their own clock.
    pub fn passed(&self) -> PathBuf {
        self.path("passed")
    }

    /// Asserts what must hold at the end of every test: the store's invariants,
    /// and that no token is to be seen anywhere.
    #[track_caller]
    pub fn assert_healthy(&self) {
        assert_eq!(self.database.breaches(), [""; 0], "broken invariants");
        self.assert_no_secret();
    }

    /// The files in which answers wait that the database could not take.
    pub fn spool_files(&self) -> Vec<PathBuf> {
        let folder = match self.database.engine() {
            Engine::Sqlite => self.dir.path().to_owned(),
            Engine::MariaDb | Engine::Postgres => self.path("home/state/socialsched"),
        };
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let files = entries.map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().contains("answers-")).collect()
    }

    /// Asserts that no token is in any output of the program, in the database,
    /// or in the spool.
    #[track_caller]
    pub fn assert_no_secret(&self) {
        let holds = |path: &Path| {
            let bytes = fs::read(path).unwrap();
            bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes())
        };
        let output = fs::read_dir(self.path("output")).unwrap().map(|entry| entry.unwrap().path());
        let database = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let is_database = |path: &PathBuf| path.to_string_lossy().contains(".db");
        let stored = database.filter(is_database).chain(self.spool_files());
        for path in output.chain(stored) {
            assert!(!holds(&path), "a token is in {}", path.display());
        }
    }

    fn write_down(&self, ran: &Ran) {
        let path = self.path("output").join("commands");
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        write!(file, "{}{}", ran.stdout, ran.stderr).unwrap();
    }

    fn next(&self) -> u32 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }
}

impl Deref for World {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}
