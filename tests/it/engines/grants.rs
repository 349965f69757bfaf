//! The least rights that docs/databases.md gives to the program's users are enough.

use socialsched::sandbox::SandboxOptions;

use crate::readme::text::page;
use crate::support::{Engine, World};

/// Two users of a server, as docs/databases.md makes them.
struct Users {
    name: String,
    world: World,
}

impl Users {
    fn new() -> Option<Self> {
        let name = format!("ss{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let world = World::bare(Engine::of_this_run(), SandboxOptions::default());
        if Engine::of_this_run() == Engine::Sqlite {
            return None;
        }
        let database = world.database.name().to_owned();
        world.database.execute(&readme_statements(Engine::of_this_run(), &name, &database));
        Some(Self { name, world })
    }

    /// From here on the program is this user: `o` or `w`.
    fn become_user(&self, letter: char) {
        let url = self.world.database.url();
        let (start, rest) = url.split_once("://").unwrap();
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        let name = &self.name;
        let url = format!("{start}://{name}_{letter}:canary-{letter}@{rest}");
        self.world.set("SOCIALSCHED_DATABASE_URL", url);
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        let name = &self.name;
        self.world.database.execute(&match Engine::of_this_run() {
            Engine::Postgres => format!(
                "DROP OWNED BY {name}_o CASCADE; DROP OWNED BY {name}_w CASCADE;
                 DROP ROLE {name}_o; DROP ROLE {name}_w"
            ),
            _ => format!("DROP USER {name}_o@localhost; DROP USER {name}_w@localhost"),
        });
    }
}

/// The statements of docs/databases.md, for users of this name on this database.
fn readme_statements(engine: Engine, name: &str, database: &str) -> String {
    let first = if engine == Engine::MariaDb { "CREATE DATABASE" } else { "CREATE ROLE" };
    let blocks = page("docs/databases.md").code_blocks("sql");
    let block = blocks.iter().find(|block| block.starts_with(first)).unwrap();
    // The database is there already.
    let lines = block.lines().filter(|line| !line.starts_with("CREATE DATABASE"));
    let of_this_test = |line: &str| {
        let letter = if line.contains("socialsched_owner") { 'o' } else { 'w' };
        line.replace("socialsched_owner", &format!("{name}_o"))
            .replace("socialsched_worker", &format!("{name}_w"))
            .replace(" social", &format!(" {database}"))
            .replace("'10.0.0.%'", "localhost")
            .replace('…', &format!("canary-{letter}"))
    };
    lines.map(of_this_test).collect::<Vec<_>>().join("\n")
}

/// The least rights in the README are enough for the whole job.
#[test]
fn documented_rights_suffice_for_the_whole_job() {
    let Some(users) = Users::new() else { return };
    let world = &users.world;
    users.become_user('w');
    world.run(&["migrate"]).exits(5).complains("grants");
    users.become_user('o');
    world.run(&["migrate"]).ok();
    users.become_user('w');
    for (platform, media) in [("facebook", false), ("instagram", true), ("linkedin", false)] {
        let account = world.account(platform);
        let photo = world.media("photo.jpg");
        let args: &[&str] = if media { &["--image", &photo] } else { &[] };
        world.schedule(&account, &[&["--caption", "Hello"], args].concat());
        let later =
            world.schedule(&account, &[&["--caption", "Later", "--at", "+1h"], args].concat());
        world.run(&["reschedule", &later, "--at", "+2h"]).ok();
        world.run(&["cancel", &later, "--yes"]).ok();
    }
    let client = world.run(&["clients", "add", "--first-name", "A", "--last-name", "B"]);
    assert!(matches!(client.code, Some(0)), "{client}");
    world.work_until_done();
    assert_eq!(world.live().len(), 3);
    for args in [&["list"][..], &["queue-status"], &["recover"], &["accounts"], &["clients"]] {
        world.run(args).ok();
    }
    world.run(&["migrate", "--check"]).ok();
    // Not one right more.
    let unused = world.account("facebook");
    world.run(&["accounts", "remove", &unused.id, "--yes"]).ok();
}

/// The least rights in the README are enough to adopt the tables of the old
/// scheduler.
#[test]
fn documented_rights_suffice_to_adopt_old_tables() {
    if Engine::of_this_run() != Engine::MariaDb {
        return;
    }
    let users = Users::new().unwrap();
    users.world.database.execute(include_str!("seed.sql"));
    users.become_user('w');
    users.world.run(&["migrate"]).exits(5);
    users.become_user('o');
    users.world.run(&["migrate", "--check"]).exits(8);
    users.world.run(&["migrate"]).ok();
    users.become_user('w');
    assert_eq!(users.world.posts().len(), 4);
    users.world.work(&[]);
}
